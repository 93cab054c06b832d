/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the NIC, its requests and its counters. */
#ifndef __OV2_NIC_H
#define __OV2_NIC_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

struct dentry;
struct seq_file;

#define OV2_PAIR_BITS	10

enum ov2_nic_state {
	OV2_NIC_RUNNING,
	OV2_NIC_RESETTING,	/* nothing is submitted until ov2_nic_reset() is through */
	OV2_NIC_DEAD,		/* gone, or a reset failed: nothing is submitted any more */
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
	OV2_CNT_ABORTED,
	OV2_CNT_DEADLINES,
	OV2_CNT_RESETS,
	OV2_CNT_RESTORED,
	OV2_CNT_DEMOTED,
	OV2_CNT_DELREQ_PACKETS,
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
 * struct ov2_nic - A NIC.
 * @ops: the driver's
 * @name: for debugfs and traces
 * @hw_caps: what the hardware can do, constant
 * @caps: current configuration; under @lock
 * @features: its features, also read without @lock on the packet path
 * @ref: the driver's and one per SA
 * @lock: guards the rest, but for what says otherwise; BH
 * @state: also read without @lock on the packet path
 * @closing: ov2_nic_unregister() has begun
 * @gone: surprise removal
 * @parked: the NIC answered -EBUSY: nothing is submitted until it has been reset
 * @misbehaved: the core has decided on the reset that is under way
 * @present: SAs that the NIC has or may have: ADDING to DELETING
 * @reserved: SAs that have or will have a place in the NIC's table
 * @waiting: SAs on @waitq, @awayq and the ports' own queues
 * @waiting_max: most SAs on all of them
 * @port_max: most SAs that one port may have in the NIC's table, 0 for no limit
 * @addq: SAs to be added
 * @delq: SAs to be deleted
 * @graceq: outbound SAs to be deleted, after a grace period
 * @updq: SAs whose sequence state is to be updated
 * @waitq: SAs that wait for room, the busiest first
 * @awayq: SAs that wait for room and are to stay away for a while, see offer.c
 * @delreqq: SAs whose SaDeleteReq is to be answered
 * @delreq_policy: how
 * @unpaired: SAs that xfrm has and that have no counterpart, by direction and ov2_pair_hash()
 * @reoffer: waiting SAs are offered again
 * @stack_gso: see ov2_nic_set_stack_gso(); no lock
 * @pressure_until: jiffies (64 bits) until which the NIC counts as one that asked for room
 * @fill_after: jiffies (64 bits) before which no place is filled under pressure
 * @pressed: how often in a row the NIC has asked for the places of SAs that are replaced
 * @last: kind of the last request, for fairness between adds and deletes
 * @inflight: requests that the NIC has
 * @inflight_count: their number, and that of requests being built
 * @free_requests: the others, of which there are hw_caps.max_requests in all
 * @next_id: id of the next request
 * @aborts: requests that the NIC aborted in a row, unasked
 * @deadline: milliseconds until a request is cancelled and the NIC is reset
 * @parked_since: jiffies
 * @counters: by &enum ov2_counter
 * @stats: packet path counters, no lock
 * @wq: the NIC's own, so that no drain waits for another's work
 * @submit_work: builds and submits requests; the only place that does
 * @grace_work: moves SAs from @graceq to @delq after a grace period
 * @delreq_work: answers SaDeleteReqs
 * @offer_work: once per interval while SAs wait, see offer.c
 * @reset_work: resets the NIC
 * @deadline_work: looks for requests past their deadline
 * @reset_lock: one reset at a time
 * @idle: woken when @present or @inflight_count drops to 0
 * @registered: in service, under @lock
 * @debugfs: directory
 * @priv: the driver's
 */
struct ov2_nic {
	const struct ov2_nic_ops *ops;
	char *name;
	struct ov2_caps hw_caps;
	struct ov2_caps caps;
	u32 features;
	refcount_t ref;

	/* see above */
	spinlock_t lock;
	enum ov2_nic_state state;
	bool closing;
	bool gone;
	bool parked;
	bool misbehaved;
	u32 present;
	u32 reserved;
	u32 waiting;
	u32 waiting_max;
	u32 port_max;
	struct list_head addq;
	struct list_head delq;
	struct list_head graceq;
	struct list_head updq;
	struct list_head waitq;
	struct list_head awayq;
	struct list_head delreqq;
	enum ov2_delreq_policy delreq_policy;
	struct hlist_head unpaired[2][1 << OV2_PAIR_BITS];
	bool reoffer;
	bool stack_gso;
	u64 pressure_until;
	u64 fill_after;
	u8 pressed;
	enum ov2_request_kind last;
	struct list_head inflight;
	u32 inflight_count;
	struct list_head free_requests;
	u32 next_id;
	u32 aborts;
	u32 deadline;
	unsigned long parked_since;
	u64 counters[OV2_CNT_COUNT];

	struct ov2_pcpu_stats __percpu *stats;
	struct workqueue_struct *wq;
	struct work_struct submit_work;
	struct work_struct grace_work;
	struct work_struct delreq_work;
	struct delayed_work offer_work;
	struct work_struct reset_work;
	struct delayed_work deadline_work;
	/* serialises resets, taken in process context outside of @lock */
	struct mutex reset_lock;
	wait_queue_head_t idle;
	bool registered;
	struct dentry *debugfs;
	u8 priv[] __aligned(NETDEV_ALIGN);
};

/* nic.c */
void ov2_nic_get(struct ov2_nic *nic);
void ov2_nic_put(struct ov2_nic *nic);

/* request.c */
int ov2_requests_alloc(struct ov2_nic *nic);
void ov2_requests_free(struct ov2_nic *nic);
int ov2_request_cache_init(void);
void ov2_request_cache_exit(void);
void ov2_request_kick(struct ov2_nic *nic);
void ov2_request_abort_all(struct ov2_nic *nic);
void ov2_request_submit_work(struct work_struct *work);
void ov2_request_deadline_work(struct work_struct *work);
void ov2_request_expire(struct ov2_nic *nic, unsigned long now);

/* reset.c */
void ov2_nic_reset_work(struct work_struct *work);
void __ov2_nic_reset_schedule(struct ov2_nic *nic);

/* stats.c */
void ov2_stats_inc(struct ov2_nic *nic, enum ov2_packet_counter counter);
void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq);

/* debugfs.c */
void ov2_debugfs_init(void);
void ov2_debugfs_exit(void);
void ov2_debugfs_add(struct ov2_nic *nic);
void ov2_debugfs_del(struct ov2_nic *nic);

#endif /* __OV2_NIC_H */
