/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: private objects and what the core's files offer each other. */
#ifndef __OV2_H
#define __OV2_H

#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

struct dentry;
struct seq_file;
struct xfrm_state;

/**
 * DOC: locking
 *
 * Order: xfrm_cfg_mutex, rtnl or x->lock, then &ov2_nic.reset_lock (process context only), then
 * &ov2_nic.lock, then the XArray's own lock. Nothing of the core takes rtnl, the devlink lock or
 * xfrm_cfg_mutex, or waits for the NIC with a lock held that xfrm needs, but for
 * ov2_nic_unregister() and reset, which run when no netdev is left or in a work item.
 *
 * &ov2_nic.lock is a BH spinlock that is held for moments only, never over an op. xfrm calls
 * delete and advance_esn with x->lock held and BH off; the submit work reads the sequence state
 * and therefore takes x->lock first, nic->lock second, one SA at a time.
 *
 * Lifetimes: &struct ov2_sa has one reference of xfrm's, from add to free, and one of the
 * engine's, from add until the NIC has nothing of it and xfrm has deleted it (OV2_SA_GONE). The
 * last put erases it from the XArray and frees it after a grace period. sa->x is no reference: it
 * is set NULL in delete, and x is freed a grace period later at the earliest; who needs x loads it
 * under RCU and takes a reference unless it is zero. Each SA has a reference on the NIC.
 */

/* What an SA and its counterpart have in common, beside what their nodes say. */
struct ov2_pair_key {
	const struct net *net;
	u32 reqid;
	u32 if_id;
	u32 mark;
};

#define OV2_PAIR_BITS	10

enum ov2_sa_state {
	OV2_SA_WAITING,		/* no room: in software, on nic->waitq */
	OV2_SA_QUEUED,		/* on nic->addq, capacity reserved */
	OV2_SA_ADDING,		/* in an ADD_SA list */
	OV2_SA_OFFLOADED,
	OV2_SA_DEMOTING,	/* leaving the NIC, xfrm keeps it; queued or in a DELETE_SA list */
	OV2_SA_SOFTWARE,	/* the NIC has nothing of it */
	OV2_SA_DELETING,	/* xfrm has deleted it: on nic->delq or in a DELETE_SA list */
	OV2_SA_GONE,		/* the NIC has nothing of it and xfrm has deleted it */
};

/**
 * struct ov2_sa - An SA that xfrm asked to be offloaded.
 * @nic: its NIC, a reference
 * @port: its port; valid while @x is set
 * @cookie: the core's name for it, index in ov2_sas
 * @dir: direction
 * @esn: 64-bit sequence numbers
 * @encap: UDP-encapsulated
 * @state: under nic->lock; read without it on the packet path
 * @offload_handle: the NIC's name for it, 0 if it has none; as @state
 * @x: the state, NULL once xfrm has deleted it; written under nic->lock
 * @ref: see DOC: locking
 * @list: on nic->sas until GONE, under nic->lock
 * @queue: on one of nic's queues, under nic->lock
 * @update_queue: on nic->updq, under nic->lock
 * @reserved: counted in nic->reserved, under nic->lock
 * @update_running: @update is in an UPDATE_SA list, under nic->lock
 * @update_wanted: the sequence state moved on since the NIC was told, under nic->lock
 * @seq_told: ov2_seq_key() of what the NIC knows or is about to be told
 * @seq: the sequence state to tell it, under nic->lock
 * @pair_key: what its counterpart is recognised by
 * @pair_node: in nic->pairs while xfrm has it, under nic->lock
 * @pair: its counterpart, under nic->lock; valid while both are in nic->pairs
 * @delreq: SaDeleteReq has been raised since it was offloaded, under nic->lock
 * @delreq_list: on nic->delreqq, under nic->lock
 * @then: the SA whose DELETE_SA follows its own, a reference, under nic->lock
 * @chained: it is the @then of another, under nic->lock
 * @unwanted: to be demoted as soon as it is in, under nic->lock
 * @outside: not within the configuration, to come back when it is, under nic->lock
 * @again: to be offered again when there is room, under nic->lock
 * @back_off: how often in a row the NIC wanted its place, under nic->lock
 * @not_before: jiffies before which it is not offered again, if @back_off, under nic->lock
 * @offloaded_at: jiffies, under nic->lock
 * @packets: as x counted them when @rate was made, under nic->lock
 * @rate: average of packets per interval, times 16, under nic->lock
 * @add: node
 * @del: node
 * @update: node
 * @rcu: for the free
 */
struct ov2_sa {
	struct ov2_nic *nic;
	struct ov2_port *port;
	u32 cookie;
	enum ov2_dir dir;
	bool esn;
	bool encap;
	enum ov2_sa_state state;
	u32 offload_handle;
	struct xfrm_state __rcu *x;
	refcount_t ref;
	struct list_head list;
	struct list_head queue;
	struct list_head update_queue;
	bool reserved;
	bool update_running;
	bool update_wanted;
	u64 seq_told;
	struct ov2_seq seq;
	struct ov2_pair_key pair_key;
	struct hlist_node pair_node;
	struct ov2_sa *pair;
	bool delreq;
	bool chained;
	bool unwanted;
	bool outside;
	bool again;
	u8 back_off;
	unsigned long not_before;
	unsigned long offloaded_at;
	u64 packets;
	u32 rate;
	struct list_head delreq_list;
	struct ov2_sa *then;
	struct ov2_add_sa add;
	struct ov2_delete_sa del;
	struct ov2_update_sa update;
	struct rcu_head rcu;
};

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
	OV2_PKT_TX_PROTECTED,
	OV2_PKT_TX_DROP_SA,
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
 * @ref: the driver's and one per SA
 * @lock: guards the rest, but for what says otherwise; BH
 * @state: also read without @lock on the packet path
 * @closing: ov2_nic_unregister() has begun
 * @gone: surprise removal
 * @parked: the NIC answered -EBUSY: nothing is submitted until it has been reset
 * @ports: open ports
 * @sas: SAs that are not GONE, oldest first
 * @present: SAs that the NIC has or may have: ADDING to DELETING
 * @reserved: SAs that have or will have a place in the NIC's table
 * @waiting: SAs on @waitq
 * @waiting_max: most SAs on @waitq
 * @addq: SAs to be added
 * @delq: SAs to be deleted
 * @demoteq: SAs to be demoted, for the demote work
 * @updq: SAs whose sequence state is to be updated
 * @waitq: SAs that wait for room, oldest first
 * @delreqq: SAs whose SaDeleteReq is to be answered
 * @delreq_policy: how
 * @pairs: SAs that xfrm has, by ov2_pair_hash()
 * @reoffer: waiting SAs are offered again
 * @pressure: the NIC asked for room, until @pressure_until
 * @pressure_until: jiffies
 * @last: kind of the last request, for fairness between adds and deletes
 * @inflight: requests that the NIC has
 * @inflight_count: their number, and that of requests being built
 * @free_requests: the others, of which there are caps.max_requests in all
 * @next_id: id of the next request
 * @aborts: requests that the NIC aborted in a row, unasked
 * @deadline: milliseconds until a request is cancelled and the NIC is reset
 * @parked_since: jiffies
 * @counters: by &enum ov2_counter
 * @stats: packet path counters, no lock
 * @wq: the NIC's own, so that no drain waits for another's work
 * @submit_work: builds and submits requests; the only place that does
 * @demote_work: moves SAs from @demoteq to @delq after a grace period
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
	refcount_t ref;

	/* see above */
	spinlock_t lock;
	enum ov2_nic_state state;
	bool closing;
	bool gone;
	bool parked;
	struct list_head ports;
	struct list_head sas;
	u32 present;
	u32 reserved;
	u32 waiting;
	u32 waiting_max;
	struct list_head addq;
	struct list_head delq;
	struct list_head demoteq;
	struct list_head updq;
	struct list_head waitq;
	struct list_head delreqq;
	enum ov2_delreq_policy delreq_policy;
	struct hlist_head pairs[1 << OV2_PAIR_BITS];
	bool reoffer;
	bool pressure;
	unsigned long pressure_until;
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
	struct work_struct demote_work;
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

/* sa.c */
int ov2_sa_cache_init(void);
void ov2_sa_cache_exit(void);
struct ov2_sa *ov2_sa_find(u32 cookie);
struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x);
int ov2_sa_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack);
void ov2_sa_delete(struct ov2_sa *sa);
void ov2_sa_put(struct ov2_sa *sa);
void ov2_sa_wipe(struct ov2_add_sa *add);
struct ov2_sa *ov2_sa_next(const struct ov2_nic *nic, unsigned long *cookie);
void ov2_sa_set_state(struct ov2_sa *sa, enum ov2_sa_state state);
void ov2_sa_leave(struct ov2_sa *sa);
void ov2_sa_drop_update(struct ov2_sa *sa);
void ov2_sa_demote(struct ov2_sa *sa);
void ov2_sa_demote_work(struct work_struct *work);
void ov2_sa_reserve(struct ov2_sa *sa);
void ov2_sa_enqueue(struct ov2_sa *sa, bool reserve);
bool ov2_sa_allowed(const struct ov2_sa *sa);
void ov2_sa_reconsider(struct ov2_sa *sa);
void ov2_sa_advance(struct ov2_sa *sa, struct ov2_seq seq);
const char *ov2_sa_state_name(enum ov2_sa_state state);

static inline u64 ov2_seq_key(struct ov2_seq seq)
{
	return (u64)seq.high << 1 | seq.low >> 31;
}

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

/* pair.c */
void ov2_pair_key(struct xfrm_state *x, struct ov2_pair_key *key);
void ov2_pair_add(struct ov2_sa *sa);
void ov2_pair_del(struct ov2_sa *sa);

/* delreq.c */
int ov2_delreq_init(void);
void ov2_delreq_exit(void);
void ov2_delreq_raise(struct ov2_sa *sa);
void ov2_delreq_unchain(struct ov2_sa *in);
void ov2_delreq_work(struct work_struct *work);

/* offer.c */
bool ov2_offer_room(const struct ov2_nic *nic);
void ov2_offer_wait(struct ov2_sa *sa);
void ov2_offer_back_off(struct ov2_sa *sa);
void ov2_offer_refill(struct ov2_nic *nic);
void ov2_offer_work(struct work_struct *work);

/* reset.c */
void ov2_nic_reset_work(struct work_struct *work);
void __ov2_nic_reset_schedule(struct ov2_nic *nic);

/* caps.c */
int ov2_caps_validate(const struct ov2_caps *caps);
bool ov2_caps_subset(const struct ov2_caps *caps, const struct ov2_caps *of);
int ov2_caps_check(const struct ov2_caps *caps, const struct ov2_add_sa *add,
		   struct netlink_ext_ack *extack);

/* xlate.c */
int ov2_xlate(const struct xfrm_state *x, struct ov2_add_sa *add, struct netlink_ext_ack *extack);
struct ov2_seq ov2_xlate_seq(const struct xfrm_state *x, enum ov2_dir dir);

/* xfrm.c */
extern const struct xfrmdev_ops ov2_xfrmdev_ops;
int ov2_xfrm_fill(struct ov2_sa *sa);
struct ov2_port *ov2_port_of(const struct net_device *netdev);

/* tx.c */
#if IS_ENABLED(CONFIG_KUNIT)
u64 ov2_tx_seq(u32 header, u32 xo_low, u32 xo_high);
#endif

/* stats.c */
void ov2_stats_inc(struct ov2_nic *nic, enum ov2_packet_counter counter);
void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq);

/* debugfs.c */
void ov2_debugfs_init(void);
void ov2_debugfs_exit(void);
void ov2_debugfs_add(struct ov2_nic *nic);
void ov2_debugfs_del(struct ov2_nic *nic);

#endif /* __OV2_H */
