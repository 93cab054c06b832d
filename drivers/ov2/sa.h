/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the SA, and the files that decide what becomes of it. */
#ifndef __OV2_SA_H
#define __OV2_SA_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

struct netlink_ext_ack;
struct ov2_sent;
struct xfrm_state;

/**
 * DOC: life of an SA
 *
 * Three files share an SA, and each field has one writer. xfrm and the configuration set its goal,
 * through slot.c. life.c moves its state towards the goal. Neither recurses into the other: an SA
 * that xfrm keeps and that has left the NIC goes to &ov2_nic.settle, and the pump lets slot.c
 * decide about it before it takes the next request.
 *
 *	SOFTWARE -> ADD_QUEUED -> ADDING -> OFFLOADED      while the goal is NIC or PROBE
 *	ADD_QUEUED -> SOFTWARE                             the goal has changed
 *	ADDING -> SOFTWARE                                 the NIC has refused it
 *	OFFLOADED -> [DEL_HELD ->] DEL_RCU -> DEL_QUEUED -> DELETING -> SOFTWARE
 *	                                                   while the goal is SOFTWARE or GONE
 *	SOFTWARE -> GONE                                   the goal is GONE
 *	any but ADDING -> SOFTWARE                         the NIC was reset
 *
 * An inbound SA that xfrm has deleted goes from OFFLOADED to DEL_QUEUED directly.
 *
 *	state       goal                      waits for
 *	SOFTWARE    SOFTWARE                  slot.next: nothing (STAY), a slot (WAIT), a time and
 *	                                      then a slot (BACKOFF), the configuration (BARRED)
 *	SOFTWARE    NIC, PROBE                slot.c, on nic->settle: the NIC has refused it
 *	ADD_QUEUED  NIC, PROBE                a request
 *	ADDING      any                       completion of the ADD_SA
 *	OFFLOADED   NIC                       a change of the goal
 *	DEL_HELD    SOFTWARE, GONE            its counterpart, whose next_del it is
 *	DEL_RCU     SOFTWARE, GONE            a grace period
 *	DEL_QUEUED  SOFTWARE, GONE            a request
 *	DELETING    SOFTWARE, GONE            completion of the DELETE_SA
 *	GONE        GONE                      the last reference
 *
 * ov2_sa_check() asserts this table.
 */
enum ov2_sa_state {
	OV2_SA_SOFTWARE,	/* the NIC has nothing of it */
	OV2_SA_ADD_QUEUED,	/* on nic->addq */
	OV2_SA_ADDING,		/* in an ADD_SA list */
	OV2_SA_OFFLOADED,
	OV2_SA_DEL_HELD,	/* its DELETE_SA waits for that of its inbound counterpart */
	OV2_SA_DEL_RCU,		/* on nic->delq_rcu, or with the work that waits for readers */
	OV2_SA_DEL_QUEUED,	/* on nic->delq */
	OV2_SA_DELETING,	/* in a DELETE_SA list */
	OV2_SA_GONE,		/* the NIC has nothing of it, and neither has xfrm */
	OV2_SA_STATES,
};

enum ov2_sa_goal {
	OV2_GOAL_SOFTWARE,
	OV2_GOAL_PROBE,		/* NIC, although there is no slot: the NIC decides */
	OV2_GOAL_NIC,
	OV2_GOAL_GONE,		/* xfrm has deleted it; never changes again */
};

/* What an SA waits for in software. */
enum ov2_slot_next {
	OV2_SLOT_STAY,		/* nothing: the NIC does not take this SA */
	OV2_SLOT_WAIT,		/* a slot */
	OV2_SLOT_BACKOFF,	/* slot.backoff_until, and then a slot */
	OV2_SLOT_BARRED,	/* a configuration that permits it */
};

/* State and goal as debugfs and the traces show them. */
enum ov2_sa_phase {
	OV2_PHASE_WAITING,
	OV2_PHASE_QUEUED,
	OV2_PHASE_ADDING,
	OV2_PHASE_OFFLOADED,
	OV2_PHASE_DEMOTING,
	OV2_PHASE_SOFTWARE,
	OV2_PHASE_DELETING,
	OV2_PHASE_GONE,
	OV2_PHASE_COUNT,
};

/**
 * struct ov2_pair_id - The properties that an SA and its counterpart share, constant.
 * @net: network namespace
 * @port: port
 * @local: outer address at this end
 * @remote: and at the other
 * @sel: selector with this end as its source, if there is no reqid
 * @reqid: reqid
 * @family: of the outer addresses
 * @mode: mode
 */
struct ov2_pair_id {
	const struct net *net;
	const struct ov2_port *port;
	struct in6_addr local;
	struct in6_addr remote;
	struct ov2_sel sel;
	u32 reqid;
	u32 family;
	u32 mode;
};

/**
 * struct ov2_pair - The part of an SA that pair.c owns, under nic->lock.
 * @id: set before admission
 * @if_id: XFRM interface, 0 for none; likewise
 * @mark: lookup mark; likewise
 * @node: in nic->unpaired, of the youngest of the unpaired SAs of one direction and id
 * @same: ring of those, the youngest first
 * @other: counterpart while xfrm has both
 */
struct ov2_pair {
	struct ov2_pair_id id;
	u32 if_id;
	u32 mark;
	struct rhash_head node;
	struct list_head same;
	struct ov2_sa *other;
};

/**
 * struct ov2_sa_seq - The part of an SA that seq.c and update.c own.
 * @window: replay window in packets, of an inbound SA with ESN
 * @mismatches: packets in a row about whose number NIC and xfrm disagreed; NAPI of the port
 * @told: the newest number that the NIC knows of or is about to be told; inbound ESN only
 * @last: right edge of xfrm's window when it moved last, inbound ESN only; x->lock
 * @now: the sequence state to tell the NIC; nic->lock
 * @queue: on nic->updq, with a reference; nic->lock
 * @running: the update node is in an UPDATE_SA list, with a reference; nic->lock
 * @node: node of that list
 */
struct ov2_sa_seq {
	u32 window;
	u32 mismatches;
	u64 told;
	u64 last;
	struct ov2_seq now;
	struct list_head queue;
	bool running;
	struct ov2_update_sa node;
};

/**
 * struct ov2_sa_slot - The part of an SA that slot.c owns, under nic->lock.
 * @next: see &enum ov2_slot_next; valid unless the goal is NIC or PROBE
 * @queue: on the wait queue of the NIC or of the port, or on the back-off queue
 * @backoff: number of times in a row that the NIC has wanted the slot
 * @backoff_until: jiffies (64 bits)
 */
struct ov2_sa_slot {
	enum ov2_slot_next next;
	struct list_head queue;
	u8 backoff;
	u64 backoff_until;
};

/**
 * struct ov2_sa_rate - The part of an SA that rank.c owns, under nic->lock.
 * @measured_at: jiffies (64 bits)
 * @packets: xfrm's count at that time
 * @rate: average of packets per interval, times 16
 */
struct ov2_sa_rate {
	u64 measured_at;
	u64 packets;
	u32 rate;
};

/**
 * struct ov2_sa - An SA that xfrm asked to be offloaded.
 * @nic: its NIC, a reference
 * @port: its port; valid while @x is set
 * @cookie: the core's name for it, index in ov2_sas and in nic->sas
 * @dir: direction
 * @esn: 64-bit sequence numbers
 * @encap: UDP-encapsulated
 * @iv: how the IVs of packets that the NIC sends are made
 * @priv: the driver's memory for it, or NULL
 * @owner: the state, never NULL, only for comparison with the state of a packet
 * @sent: numbers that the NIC has been given to send, NULL unless the NIC makes IVs of them
 * @x: the state, NULL once xfrm has deleted it; slot.c, under nic->lock
 * @ref: see DOC: locking
 * @state: life.c, under nic->lock; read without it on the packet path
 * @goal: life.c, under nic->lock
 * @offload_handle: the NIC's name for it, 0 if it has none; as @state
 * @ever_offloaded: the NIC may have processed packets with it; as @state
 * @has_slot: counted in nic->slots_used; life.c, under nic->lock
 * @slot_port: the port whose share it is counted in, or NULL; never one that is closing
 * @held: it is the @next_del of its counterpart; life.c, under nic->lock
 * @err: why the last ADD_SA did not offload it, -EACCES if the configuration excludes it
 * @offloaded_at: jiffies (64 bits); life.c, under nic->lock
 * @queue: on the list of nic that belongs to @state; life.c, under nic->lock
 * @next_del: the SA whose DELETE_SA follows its own, a reference; life.c, under nic->lock
 * @add: node
 * @del: node
 * @seq: sequence numbers
 * @slot: slot and policy
 * @rate: how busy it is
 * @pair: counterpart
 * @delreq_list: on nic->delreqq; delreq.c, under nic->lock
 * @rcu: for the free
 */
struct ov2_sa {
	struct ov2_nic *nic;
	struct ov2_port *port;
	u32 cookie;
	enum ov2_dir dir;
	bool esn;
	bool encap;
	enum ov2_iv iv;
	void *priv;
	const struct xfrm_state *owner;
	struct ov2_sent *sent;
	struct xfrm_state __rcu *x;
	refcount_t ref;

	enum ov2_sa_state state;
	enum ov2_sa_goal goal;
	u32 offload_handle;
	bool ever_offloaded;
	bool has_slot;
	bool held;
	struct ov2_port *slot_port;
	int err;
	u64 offloaded_at;
	struct list_head queue;
	struct ov2_sa *next_del;
	struct ov2_add_sa add;
	struct ov2_delete_sa del;

	struct ov2_sa_seq seq;
	struct ov2_sa_slot slot;
	struct ov2_sa_rate rate;
	struct ov2_pair pair;
	struct list_head delreq_list;
	struct rcu_head rcu;
};

/* SAs that are looked at in one hold of nic->lock. */
#define OV2_SA_STEP	256

typedef void (*ov2_sa_fn)(struct ov2_sa *sa, void *arg);

/* sa.c */
int ov2_sa_cache_init(void);
void ov2_sa_cache_exit(void);
struct ov2_sa *ov2_sa_find(unsigned long cookie);
struct ov2_sa *ov2_sa_of(const struct xfrm_state *x);
struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x);
void ov2_sa_get(struct ov2_sa *sa);
void ov2_sa_put(struct ov2_sa *sa);
struct ov2_sa *ov2_sa_next(struct ov2_nic *nic, unsigned long *cookie);
bool ov2_sa_step(struct ov2_nic *nic, unsigned long *cookie, ov2_sa_fn fn, void *arg);
void ov2_sa_for_each(struct ov2_nic *nic, ov2_sa_fn fn, void *arg);
#if IS_ENABLED(CONFIG_KUNIT)
extern u32 ov2_next_cookie;
extern atomic_t ov2_sa_looks;
#endif

/* life.c */
extern const struct ov2_list_kind ov2_kind_add;
extern const struct ov2_list_kind ov2_kind_delete;
void ov2_sa_start(struct ov2_sa *sa, enum ov2_sa_goal goal);
void ov2_sa_aim(struct ov2_sa *sa, enum ov2_sa_goal goal);
void ov2_sa_hold_delete(struct ov2_sa *in, struct ov2_sa *out);
void ov2_sa_release_delete(struct ov2_sa *in);
void ov2_sa_forget(struct ov2_sa *sa);
void ov2_sa_forget_port(struct ov2_sa *sa, void *port);
struct ov2_sa *ov2_sa_unsettle(struct ov2_nic *nic);
void ov2_sa_wipe(struct ov2_add_sa *add);
void ov2_delete_rcu_work(struct work_struct *work);
enum ov2_sa_phase ov2_sa_phase(const struct ov2_sa *sa);
void ov2_sa_trace_phase(const struct ov2_sa *sa, enum ov2_sa_phase from);
const char *ov2_sa_phase_name(enum ov2_sa_phase phase);
#if IS_ENABLED(CONFIG_KUNIT)
const char *ov2_sa_check(const struct ov2_sa *sa);
#endif

/* seq.c */
static inline u64 ov2_seq_u64(struct ov2_seq seq)
{
	return (u64)seq.high << 32 | seq.low;
}

void ov2_seq_init(struct ov2_sa *sa, const struct ov2_add_sa *add);
void ov2_seq_drop_update(struct ov2_sa *sa);
void ov2_seq_filled(struct ov2_sa *sa, struct ov2_seq seq);
void ov2_seq_advance(struct ov2_sa *sa, struct ov2_seq seq);
void ov2_seq_seen(struct ov2_sa *sa, u64 seq);
bool ov2_seq_mismatch(struct ov2_sa *sa);

/* update.c */
extern const struct ov2_list_kind ov2_kind_update;

/* sent.c */
struct ov2_sent *ov2_sent_alloc(void);
bool ov2_sent_add(struct ov2_sent *sent, u64 first, u32 count);

/* pair.c */
int ov2_pair_tables_init(struct ov2_nic *nic);
void ov2_pair_tables_free(struct ov2_nic *nic);
void ov2_pair_init(struct ov2_sa *sa, struct xfrm_state *x);
void ov2_pair_add(struct ov2_sa *sa);
void ov2_pair_del(struct ov2_sa *sa);

/* delreq.c */
void ov2_delreq_raise(struct ov2_sa *sa);
void ov2_delreq_work(struct work_struct *work);

/* slot.c */
int ov2_slot_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack);
void ov2_slot_delete(struct ov2_sa *sa);
void ov2_slot_demote(struct ov2_sa *sa, enum ov2_slot_next next);
void ov2_slot_evict(struct ov2_sa *sa);
void ov2_slot_distrust(struct ov2_sa *sa);
void ov2_slot_abandon(struct ov2_sa *sa);
void ov2_slot_recheck(struct ov2_sa *sa);
void ov2_slot_enter_pressure(struct ov2_nic *nic);
void ov2_slot_reset_pressure(struct ov2_nic *nic);
bool ov2_slot_settle(struct ov2_nic *nic);
void ov2_slot_work(struct work_struct *work);

#endif /* __OV2_SA_H */
