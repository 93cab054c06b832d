/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the SA, and the files that decide what becomes of it. */
#ifndef __OV2_SA_H
#define __OV2_SA_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

struct netlink_ext_ack;
struct ov2_sent;
struct xfrm_state;

/* What an SA and its counterpart have in common, beside what their nodes say. */
struct ov2_pair_key {
	const struct net *net;
	u32 reqid;
	u32 if_id;
	u32 mark;
};

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
 * @queue: on one of nic's queues, under nic->lock
 * @update_queue: on nic->updq, under nic->lock
 * @reserved: counted in nic->reserved, under nic->lock
 * @counted: counted in the port's share, under nic->lock; never when @port may be gone
 * @update_running: @update is in an UPDATE_SA list, under nic->lock
 * @update_wanted: the sequence state moved on since the NIC was told, under nic->lock
 * @owner: the state again, never NULL, for comparison with the state of a packet only
 * @sent: numbers that the NIC has been given to send, NULL unless the NIC makes IVs of them
 * @window: replay window in packets, of an inbound SA with ESN
 * @mismatches: packets in a row whose number NIC and xfrm did not agree on
 * @seq_told: the newest number that the NIC knows of or is about to be told, ESN only
 * @seq_last: right edge of xfrm's window when it moved last, ESN only; under x->lock
 * @seq: the sequence state to tell it, under nic->lock
 * @pair_key: what its counterpart is recognised by
 * @pair_node: in nic->unpaired while xfrm has it and it has no counterpart, under nic->lock
 * @pair: its counterpart while xfrm has both, under nic->lock
 * @known: the NIC has had it: it may have processed packets; written under nic->lock
 * @delreq_list: on nic->delreqq, under nic->lock
 * @then: the SA whose DELETE_SA follows its own, a reference, under nic->lock
 * @chained: it is the @then of another, under nic->lock
 * @unwanted: to be demoted as soon as it is in, under nic->lock
 * @outside: not within the configuration, to come back when it is, under nic->lock
 * @again: to be offered again when there is room, under nic->lock
 * @away: on nic->awayq, under nic->lock
 * @apart: on the waitq of its port, which has its share of places, under nic->lock
 * @back_off: how often in a row the NIC wanted its place, under nic->lock
 * @not_before: jiffies (64 bits) before which it is not offered again, if @back_off, under
 *	nic->lock
 * @offloaded_at: jiffies (64 bits), under nic->lock
 * @measured_at: jiffies (64 bits) when @rate was made, under nic->lock
 * @packets: as x counted them then, under nic->lock
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
	struct list_head queue;
	struct list_head update_queue;
	bool reserved;
	bool counted;
	bool update_running;
	bool update_wanted;
	const struct xfrm_state *owner;
	struct ov2_sent *sent;
	u32 window;
	u32 mismatches;
	u64 seq_told;
	u64 seq_last;
	struct ov2_seq seq;
	struct ov2_pair_key pair_key;
	struct hlist_node pair_node;
	struct ov2_sa *pair;
	bool known;
	bool chained;
	bool unwanted;
	bool outside;
	bool again;
	bool away;
	bool apart;
	u8 back_off;
	u64 not_before;
	u64 offloaded_at;
	u64 measured_at;
	u64 packets;
	u32 rate;
	struct list_head delreq_list;
	struct ov2_sa *then;
	struct ov2_add_sa add;
	struct ov2_delete_sa del;
	struct ov2_update_sa update;
	struct rcu_head rcu;
};

/* sa.c */
int ov2_sa_cache_init(void);
void ov2_sa_cache_exit(void);
struct ov2_sa *ov2_sa_find(unsigned long cookie);
struct ov2_sa *ov2_sa_of(const struct xfrm_state *x);
struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x);
int ov2_sa_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack);
void ov2_sa_delete(struct ov2_sa *sa);
void ov2_sa_put(struct ov2_sa *sa);
void ov2_sa_wipe(struct ov2_add_sa *add);
struct ov2_sa *ov2_sa_next(const struct ov2_nic *nic, unsigned long *cookie);
bool ov2_sa_step(struct ov2_nic *nic, unsigned long *cookie,
		 void (*fn)(struct ov2_sa *sa, void *arg), void *arg);
void ov2_sa_for_each(struct ov2_nic *nic, void (*fn)(struct ov2_sa *sa, void *arg), void *arg);
void ov2_sa_set_state(struct ov2_sa *sa, enum ov2_sa_state state);
void ov2_sa_leave(struct ov2_sa *sa);
void ov2_sa_drop_update(struct ov2_sa *sa);
void ov2_sa_demote(struct ov2_sa *sa);
void ov2_sa_take_down(struct ov2_sa *sa);
void ov2_sa_grace_work(struct work_struct *work);
void ov2_sa_reserve(struct ov2_sa *sa);
void ov2_sa_forget_port(struct ov2_sa *sa, void *port);
void ov2_sa_enqueue(struct ov2_sa *sa, bool reserve);
bool ov2_sa_allowed(const struct ov2_sa *sa);
void ov2_sa_reconsider(struct ov2_sa *sa);
void ov2_sa_advance(struct ov2_sa *sa, struct ov2_seq seq);
void ov2_sa_mistrust(struct ov2_sa *sa);
const char *ov2_sa_state_name(enum ov2_sa_state state);
#if IS_ENABLED(CONFIG_KUNIT)
extern u32 ov2_next_cookie;
#endif

/* SAs that are looked at without letting go of nic->lock */
#define OV2_SA_STEP	256

static inline u64 ov2_seq_u64(struct ov2_seq seq)
{
	return (u64)seq.high << 32 | seq.low;
}

/* sent.c */
struct ov2_sent *ov2_sent_alloc(void);
bool ov2_sent_add(struct ov2_sent *sent, u64 first, u32 count);

/* pair.c */
void ov2_pair_add(struct ov2_sa *sa);
void ov2_pair_del(struct ov2_sa *sa);

/* delreq.c */
void ov2_delreq_raise(struct ov2_sa *sa);
void ov2_delreq_unchain(struct ov2_sa *in);
void ov2_delreq_work(struct work_struct *work);

/* offer.c */
bool ov2_offer_room(const struct ov2_sa *sa);
bool ov2_offer_share_used(const struct ov2_sa *sa);
void ov2_offer_share_freed(struct ov2_port *port);
void ov2_offer_rejoin(struct ov2_sa *sa, void *arg);
void ov2_offer_wait(struct ov2_sa *sa);
void ov2_offer_press(struct ov2_nic *nic);
void ov2_offer_stay_away(struct ov2_sa *sa);
void ov2_offer_back_off(struct ov2_sa *sa);
void ov2_offer_refill(struct ov2_nic *nic);
void ov2_offer_work(struct work_struct *work);

#endif /* __OV2_SA_H */
