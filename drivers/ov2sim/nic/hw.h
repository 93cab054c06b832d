/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ov2sim: the insides of the NIC: the types that its files share. Functions are declared in the
 * header of the file that they are in.
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

/* Frames that wait in a port's queue before the sender is told to pause */
#define OV2SIM_FIFO_MAX		512
/* Frames or descriptors that a worker does for one queue before it looks at the next */
#define OV2SIM_BUDGET		64
/* How long a descriptor waits for room at the other end before its frames are dropped */
#define OV2SIM_TX_TIMEOUT		(HZ / 4)

/**
 * struct ov2sim_hwport - A port.
 * @hw: the NIC
 * @index: its number there
 * @peer: the other end of the wire; written under the link mutex, read under RCU
 * @started: written under the link mutex; a worker that reads it as true may use the rings until it
 *	gives its lock back
 * @up: link state as last told; link mutex
 * @addr: unicast address, as ether_addr_to_u64() has it; written by the driver, read by the workers
 * @features: OV2SIM_PORT_*
 * @nqueues: queue pairs that are open, 0 if the port is not
 * @queues: all of them
 * @stats: by &enum ov2sim_stat
 */
struct ov2sim_hwport {
	struct ov2sim_hw *hw;
	u32 index;
	struct ov2sim_hwport __rcu *peer;
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
 * @index: number of the queues that it serves
 * @task: the thread
 * @wait: where it waits
 * @kicked: there may be something to do
 * @lock: held while it works: who holds it knows that it does not
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
 * @lock: guards the rest
 * @queued: requests that wait, in order, the first perhaps for its delay to be over
 * @parked: requests that faults have lost or hold back
 * @held: the one of @parked that is to be answered after the next, or NULL
 * @pending: requests submitted and not complete
 * @epoch: counts aborts, so that a delay ends early
 * @busy: a list is being executed
 * @flushing: and waits for the workers
 * @resetting: nothing is accepted
 * @wait: for @queued, @busy, @epoch, the workers
 * @task: the thread that executes
 * @reset_lock: one reset at a time
 */
struct ov2sim_cmdq {
	spinlock_t lock;	/* guards the rest; softirq takes it, too */
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
 * enum ov2sim_hw_state - How the NIC is.
 * @OV2SIM_HW_RUNNING: well
 * @OV2SIM_HW_CRASHED: commands are neither executed nor answered, ESP is dropped; until a reset
 * @OV2SIM_HW_ASLEEP: without power, commands are not accepted; until ov2sim_hw_resume()
 * @OV2SIM_HW_SURPRISE_REMOVED: not there any more
 */
enum ov2sim_hw_state {
	OV2SIM_HW_RUNNING,
	OV2SIM_HW_CRASHED,
	OV2SIM_HW_ASLEEP,
	OV2SIM_HW_SURPRISE_REMOVED,
};

/**
 * struct ov2sim_hw - A NIC.
 * @config: what it is made of; the name is its own copy
 * @ops: interrupts
 * @drv: their argument
 * @state: how it is; written under &struct ov2sim_cmdq.lock
 * @cmdq: commands
 * @sadb: SA table
 * @faults: knobs
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
