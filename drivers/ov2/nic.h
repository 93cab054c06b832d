/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the NIC, its requests and its counters. */
#ifndef __OV2_NIC_H
#define __OV2_NIC_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "sa.h"

struct dentry;
struct seq_file;

/**
 * enum ov2_nic_life - How far a NIC has come, forwards only.
 * @OV2_NIC_NEW: not registered
 * @OV2_NIC_IN_SERVICE: registered
 * @OV2_NIC_CLOSING: ov2_nic_unregister() has begun: no SA is added
 * @OV2_NIC_GONE: surprise removal, or unregistered: no work is queued
 */
enum ov2_nic_life {
	OV2_NIC_NEW,
	OV2_NIC_IN_SERVICE,
	OV2_NIC_CLOSING,
	OV2_NIC_GONE,
};

/* The order matters: packets are given to the NIC up to OV2_ENGINE_STALLED. */
enum ov2_engine_state {
	OV2_ENGINE_RUNNING,
	OV2_ENGINE_FULL,	/* the NIC answered -EAGAIN: nothing is submitted before it is ready */
	OV2_ENGINE_STALLED,	/* the NIC answered -EBUSY: nothing is submitted before a reset */
	OV2_ENGINE_RESETTING,	/* nothing is submitted until the reset is complete */
	OV2_ENGINE_DEAD,	/* gone, or a reset failed: nothing is submitted again */
};

/* Control path counters, one per NIC, under nic->lock. Order is that of ov2_stats_names. */
enum ov2_counter {
	OV2_CNT_ADD_REQUESTS,
	OV2_CNT_ADD_SUCCESS,
	OV2_CNT_ADD_FAIL,
	OV2_CNT_ADD_CANCELLED,
	OV2_CNT_ADD_WAITING,
	OV2_CNT_DELETE_REQUESTS,
	OV2_CNT_DELETE_SUCCESS,
	OV2_CNT_UPDATE_REQUESTS,
	OV2_CNT_UPDATE_SUCCESS,
	OV2_CNT_UPDATE_FAIL,
	OV2_CNT_NOT_ACCEPTED,
	OV2_CNT_DEFERRED,
	OV2_CNT_ABORTED,
	OV2_CNT_DEADLINES,
	OV2_CNT_RESETS,
	OV2_CNT_RESTORED,
	OV2_CNT_DEMOTED,
	OV2_CNT_DELREQ,
	OV2_CNT_ASKED,
	OV2_CNT_PROTOCOL_ERRORS,
	OV2_CNT_COUNT,
};

/* Packet path counters, per CPU. Order is that of ov2_packet_counter_names. */
enum ov2_packet_counter {
	OV2_PKT_RX_MARKED,
	OV2_PKT_RX_FAILED,
	OV2_PKT_RX_DROP_SA,
	OV2_PKT_RX_DROP_MEM,
	OV2_PKT_RX_DROP_HELD,
	OV2_PKT_RX_SEQ_MISMATCH,
	OV2_PKT_RX_DELREQ,
	OV2_PKT_TX_PROTECTED,
	OV2_PKT_TX_DROP_SA,
	OV2_PKT_TX_DROP_SEQ,
	OV2_PKT_TX_DROP_CSUM,
	OV2_PKT_COUNT,
};

struct ov2_pcpu_stats {
	u64_stats_t packets[OV2_PKT_COUNT];
	struct u64_stats_sync syncp;
};

/**
 * struct ov2_list_kind - One kind of request, for the engine, which knows no SA.
 * @counter: counts submitted requests
 * @must_succeed: a NIC that fails such a request is reset
 * @take: append up to @max nodes to the list of @req, and return their number. Context: nic->lock
 * @fill: complete the nodes, and drop those that cannot be submitted. Optional. Context: process,
 *	no locks
 * @done: take up to OV2_SA_STEP nodes off the list of @req, which has been completed, and return
 *	whether there are more. Context: nic->lock
 */
struct ov2_list_kind {
	enum ov2_counter counter;
	bool must_succeed;
	u32 (*take)(struct ov2_nic *nic, struct ov2_request *req, u32 max);
	void (*fill)(struct ov2_nic *nic, struct ov2_request *req);
	bool (*done)(struct ov2_nic *nic, struct ov2_request *req);
};

/**
 * struct ov2_engine - The part of a NIC that request.c owns, under nic->lock.
 * @kinds: by &enum ov2_request_kind, constant
 * @state: also read without the lock on the packet path
 * @misbehaved: the core has decided on the reset that is under way
 * @deletes_first: adds wait for slots, so deletes go first; slot.c sets it
 * @last: kind of the last request, for fairness between adds and deletes
 * @inflight: requests that the NIC has
 * @inflight_count: their number, and that of requests that are built or completed
 * @free: the others, of which there are hw_caps.max_requests in all
 * @next_id: id of the next request
 * @aborts: requests in a row that the NIC aborted without being asked
 * @deadline: milliseconds until a request is cancelled
 * @progress: counts completed requests and calls of ov2_nic_ready()
 * @stalled_since: jiffies when @state became FULL or STALLED
 * @deadline_work: looks for requests past their deadline
 */
struct ov2_engine {
	const struct ov2_list_kind *const *kinds;
	enum ov2_engine_state state;
	bool misbehaved;
	bool deletes_first;
	enum ov2_request_kind last;
	struct list_head inflight;
	u32 inflight_count;
	struct list_head free;
	u32 next_id;
	u32 aborts;
	u32 deadline;
	u32 progress;
	unsigned long stalled_since;
	struct delayed_work deadline_work;
};

/**
 * struct ov2_slots - The part of a NIC that slot.c owns, under nic->lock.
 * @waitq: SAs that wait for a slot, by direction, the busiest first
 * @backoffq: SAs that are not promoted for a while
 * @waiting_ports: ports that have SAs on their own wait queue
 * @waiting: SAs on all of these queues
 * @waiting_max: the limit of @waiting
 * @port_max: slots that one port may have, 0 for no limit
 * @promote: waiting SAs are promoted when slots become free
 * @pressure_until: jiffies (64 bits) until which the NIC counts as under pressure
 * @fill_after: jiffies (64 bits) before which no slot is filled under pressure
 * @pressure_level: number of times in a row that the NIC has asked for the slots of SAs that an IKE
 *	daemon replaces
 * @work: once per interval while SAs wait
 */
struct ov2_slots {
	struct list_head waitq[2];
	struct list_head backoffq;
	struct list_head waiting_ports;
	u32 waiting;
	u32 waiting_max;
	u32 port_max;
	bool promote;
	u64 pressure_until;
	u64 fill_after;
	u8 pressure_level;
	struct delayed_work work;
};

/**
 * struct ov2_nic - A NIC.
 * @ops: the driver's
 * @name: for debugfs and traces
 * @hw_caps: what the hardware can do, constant
 * @caps: current configuration; under @lock
 * @features: its features, also read without @lock on the packet path
 * @stack_gso: see ov2_nic_set_stack_gso(); no lock
 * @ref: the driver's and one per SA
 * @lock: guards the rest, unless something else is said; BH
 * @life: how far the NIC has come
 * @sas: its SAs by cookie; the XArray's own lock
 * @sas_in: number of SAs in each state but GONE; life.c
 * @slots_used: SAs that have a slot in the NIC's table or are about to get one; life.c, also read
 *	without @lock
 * @slots_used_dir: the same by direction
 * @addq: SAs to be added; life.c
 * @delq: SAs to be deleted; life.c
 * @delq_rcu: SAs to be deleted after a grace period; life.c
 * @settle: SAs that xfrm keeps and that have left the NIC, for slot.c to decide about; life.c
 * @updq: SAs whose sequence state is to be updated; seq.c and update.c
 * @updates: their number
 * @unpaired: SAs that have no counterpart, by direction and &struct ov2_pair.id; pair.c
 * @engine: requests
 * @slots: slots and policy
 * @delreqq: SAs whose SaDeleteReq is to be answered; delreq.c
 * @delreq_policy: how; delreq.c
 * @delreq_work: answers SaDeleteReqs
 * @counters: by &enum ov2_counter
 * @stats: packet path counters, no lock
 * @wq: the NIC's own, so that no drain waits for another NIC's work
 * @pump_work: lets slot.c settle, builds requests and submits them; nothing else does
 * @delete_rcu_work: moves SAs from @delq_rcu to @delq after a grace period
 * @reset_work: asks the driver for a reset
 * @idle: woken when the NIC has no SA, or no request
 * @debugfs: directory
 * @priv: the driver's
 */
struct ov2_nic {
	const struct ov2_nic_ops *ops;
	char *name;
	struct ov2_caps hw_caps;
	struct ov2_caps caps;
	u32 features;
	bool stack_gso;
	refcount_t ref;

	/* see above */
	spinlock_t lock;
	enum ov2_nic_life life;
	struct xarray sas;
	u32 sas_in[OV2_SA_STATES];
	u32 slots_used;
	u32 slots_used_dir[2];
	struct list_head addq;
	struct list_head delq;
	struct list_head delq_rcu;
	struct list_head settle;
	struct list_head updq;
	u32 updates;
	struct rhashtable unpaired[2];
	struct ov2_engine engine;
	struct ov2_slots slots;
	struct list_head delreqq;
	enum ov2_delreq_policy delreq_policy;
	struct work_struct delreq_work;
	u64 counters[OV2_CNT_COUNT];

	struct ov2_pcpu_stats __percpu *stats;
	struct workqueue_struct *wq;
	struct work_struct pump_work;
	struct work_struct delete_rcu_work;
	struct work_struct reset_work;
	wait_queue_head_t idle;
	struct dentry *debugfs;
	u8 priv[] __aligned(NETDEV_ALIGN);
};

/* Has the pump run. Under the lock, so that ov2_nic_unregister(), which ends kicks under it, knows
 * that no work is queued after that.
 */
static inline void ov2_nic_kick(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (nic->life == OV2_NIC_IN_SERVICE || nic->life == OV2_NIC_CLOSING)
		queue_work(nic->wq, &nic->pump_work);
}

/* Are packets given to the NIC? Also without the lock. */
static inline bool ov2_engine_up(const struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.state) <= OV2_ENGINE_STALLED;
}

/* SAs that the NIC has or may have. */
static inline u32 ov2_nic_present(const struct ov2_nic *nic)
{
	u32 present = 0;
	int state;

	for (state = OV2_SA_ADDING; state <= OV2_SA_DELETING; state++)
		present += nic->sas_in[state];
	return present;
}

/* nic_ref.c */
void ov2_nic_get(struct ov2_nic *nic);
void ov2_nic_put(struct ov2_nic *nic);

/* request.c */
int ov2_requests_alloc(struct ov2_nic *nic);
void ov2_requests_free(struct ov2_nic *nic);
int ov2_request_cache_init(void);
void ov2_request_cache_exit(void);
struct ov2_request *ov2_request_take(struct ov2_nic *nic);
void ov2_request_submit(struct ov2_nic *nic, struct ov2_request *req);
bool ov2_request_retry(const struct ov2_request *req);
void ov2_request_deadline_work(struct work_struct *work);
void ov2_request_expire(struct ov2_nic *nic, unsigned long now);
bool ov2_engine_halt(struct ov2_nic *nic);
void ov2_engine_abort(struct ov2_nic *nic, bool dead);
void ov2_engine_resume(struct ov2_nic *nic);
void ov2_engine_die(struct ov2_nic *nic);

/* pump.c */
void ov2_pump_work(struct work_struct *work);

/* reset.c */
void ov2_nic_reset_work(struct work_struct *work);

/* stats.c */
void ov2_stats_inc(struct ov2_nic *nic, enum ov2_packet_counter counter);
void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq);

/* debugfs.c */
void ov2_debugfs_init(void);
void ov2_debugfs_exit(void);
void ov2_debugfs_add(struct ov2_nic *nic);
void ov2_debugfs_del(struct ov2_nic *nic);

#endif /* __OV2_NIC_H */
