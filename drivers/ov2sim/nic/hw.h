/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ov2sim: the insides of the NIC: the types that its files share. A function is declared in the
 * header of the file that defines it.
 *
 * Order of locks, outermost first: ov2sim_cmdq.reset_lock; a worker's lock or the link mutex; the
 * mutex of the SA table; then the spinlocks of an SA, of a fifo and of the command queue. A thread
 * holds at most one lock of each kind.
 */
#ifndef __OV2SIM_NIC_HW_H
#define __OV2SIM_NIC_HW_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "fault.h"
#include "frame.h"
#include "nic.h"
#include "queue.h"
#include "sadb.h"

struct task_struct;

/* Frames in the fifo of a queue pair beyond which the sender must pause. */
#define OV2SIM_FIFO_MAX		512
/* Frames or descriptors that a worker processes for one queue before it turns to the next. */
#define OV2SIM_BUDGET		64
/* How long a descriptor waits for room at the other end before its frames are dropped. */
#define OV2SIM_TX_TIMEOUT	(HZ / 4)

/**
 * struct ov2sim_hwport - A port.
 * @hw: the NIC
 * @index: its number in the NIC
 * @peer: the other end of the wire if that is a port; written under the link mutex, read under RCU
 * @wire: the wire if it is the driver's; likewise; at most one of @peer and @wire is set
 * @started: written under the link mutex; a worker that reads true may use the rings until it
 *	releases its lock
 * @up: link state that the driver was told last; under the link mutex
 * @addr: unicast address as of ether_addr_to_u64(); written by the driver, read by the workers
 * @features: OV2SIM_PORT_*
 * @nqueues: number of open queue pairs, 0 if the port is not open
 * @queues: all queue pairs
 * @stats: by &enum ov2sim_stat
 */
struct ov2sim_hwport {
	struct ov2sim_hw *hw;
	u32 index;
	struct ov2sim_hwport __rcu *peer;
	struct ov2sim_wire __rcu *wire;
	bool started;
	bool up;
	atomic64_t addr;
	u32 features;
	u32 nqueues;
	struct ov2sim_queue *queues;
	atomic64_t stats[OV2SIM_STAT_COUNT];
};

/**
 * struct ov2sim_worker - A data thread.
 * @hw: the NIC
 * @index: number of the queue pairs that it serves, one in each port
 * @task: the thread
 * @wait: the thread sleeps here
 * @kicked: there may be work
 * @lock: held while the worker works, so that a thread that holds it has the rings to itself
 */
struct ov2sim_worker {
	struct ov2sim_hw *hw;
	u32 index;
	struct task_struct *task;
	wait_queue_head_t wait;
	atomic_t kicked;
	struct mutex lock;	/* held while the worker works */
};

/**
 * struct ov2sim_cmdq - The command queue.
 * @lock: guards the lists, the flags and &struct ov2sim_hw.state
 * @queued: requests to execute, in order
 * @parked: requests that a fault has lost or holds back
 * @held: the request of @parked that is to be executed after the next one, or NULL
 * @pending: requests submitted and not complete
 * @epoch: counts cancels and aborts, so that each ends the running delay early
 * @busy: the thread executes a list
 * @flushing: the thread waits for the workers
 * @resetting: no request is accepted
 * @wait: the thread, and a reset that waits for @busy, sleep here
 * @task: the thread that executes the lists
 * @reset_lock: held during a reset or suspend
 */
struct ov2sim_cmdq {
	spinlock_t lock;	/* guards the lists and flags; taken in softirq, too */
	struct list_head queued;
	struct list_head parked;
	struct ov2_request *held;
	u32 pending;
	u32 epoch;
	bool busy;
	bool flushing;
	bool resetting;
	wait_queue_head_t wait;
	struct task_struct *task;
	struct mutex reset_lock;	/* one reset at a time */
};

/**
 * enum ov2sim_hw_state - State of the NIC.
 * @OV2SIM_HW_RUNNING: it works
 * @OV2SIM_HW_CRASHED: until a reset it neither executes nor answers commands and drops ESP
 * @OV2SIM_HW_ASLEEP: without power it accepts no commands until ov2sim_hw_resume()
 * @OV2SIM_HW_SURPRISE_REMOVED: it is gone for good
 */
enum ov2sim_hw_state {
	OV2SIM_HW_RUNNING,
	OV2SIM_HW_CRASHED,
	OV2SIM_HW_ASLEEP,
	OV2SIM_HW_SURPRISE_REMOVED,
};

/**
 * struct ov2sim_hw - A NIC.
 * @config: its configuration; the name is a copy
 * @ops: interrupts
 * @drv: first argument of @ops
 * @state: written under &struct ov2sim_cmdq.lock
 * @cmdq: command queue
 * @sadb: SA table
 * @faults: fault injection
 * @ports: &struct ov2sim_hw_config.ports of them
 * @workers: &struct ov2sim_hw_config.queues of them
 */
struct ov2sim_hw {
	struct ov2sim_hw_config config;
	const struct ov2sim_hw_ops *ops;
	void *drv;
	enum ov2sim_hw_state state;
	struct ov2sim_cmdq cmdq;
	struct ov2sim_sadb sadb;
	struct ov2sim_faults faults;
	struct ov2sim_hwport *ports;
	struct ov2sim_worker *workers;
};

static inline struct ov2sim_queue *ov2sim_queue(struct ov2sim_hw *hw, u32 port, u32 queue)
{
	return &hw->ports[port].queues[queue];
}

static inline bool ov2sim_hw_runs(const struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->state) == OV2SIM_HW_RUNNING;
}

static inline bool ov2sim_hw_surprise_removed(const struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->state) == OV2SIM_HW_SURPRISE_REMOVED;
}

static inline void ov2sim_stat_add(struct ov2sim_hwport *port, enum ov2sim_stat stat, u64 n)
{
	atomic64_add(n, &port->stats[stat]);
}

#endif /* __OV2SIM_NIC_HW_H */
