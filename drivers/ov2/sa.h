/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the SA. */
#ifndef __OV2_SA_H
#define __OV2_SA_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <net/ov2.h>
#include "life.h"
#include "pair.h"
#include "seq.h"
#include "slot.h"
#include "walk.h"

struct netlink_ext_ack;
struct ov2_sent;
struct xfrm_state;

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
 * struct ov2_wait - xfrm's add of an SA in packet mode, which waits for the NIC.
 * @done: completed when the NIC has the SA, or has not accepted it
 * @err: result
 */
struct ov2_wait {
	struct completion done;
	int err;
};

/**
 * struct ov2_sa - An SA that xfrm asked to be offloaded. There may be a million, so its members are
 *	in an order that leaves few holes.
 * @nic: its NIC, a reference
 * @port: its port; valid while @x is set
 * @cookie: the core's name for it, index in ov2_sas
 * @err: why the last ADD_SA did not offload it, -EACCES if the configuration excludes it; life.c,
 *	under nic->lock
 * @offload_handle: the NIC's name for it, 0 if it has none; as @state
 * @ref: see DOC: locking
 * @priv: the driver's memory for it, or NULL
 * @owner: the state, never NULL, only for comparison with the state of a packet
 * @sent: numbers that the NIC has been given to send, NULL unless the NIC makes IVs of them
 * @x: the state, NULL once xfrm has deleted it; slot.c, under nic->lock
 * @dir: direction
 * @iv: how the IVs of packets that the NIC sends are made
 * @state: life.c, under nic->lock; read without it on the packet path
 * @goal: life.c, under nic->lock
 * @ever_offloaded: the NIC may have processed packets with it; as @state
 * @has_slot: counted in nic->slots_used; life.c, under nic->lock
 * @held: it is the @next_del of its counterpart; life.c, under nic->lock
 * @traits: what it needs of a NIC; constant but for packet, which ov2_slot_to_crypto() may clear,
 *	and replay_window, which ov2_seq_filled() sets again; both under x->lock and nic->lock
 * @slot_port: the port whose share it is counted in, or NULL; never one that is closing
 * @offloaded_at: jiffies (64 bits); life.c, under nic->lock
 * @all: on nic->sas unless @state is GONE; walk.c
 * @queue: on the list of nic that belongs to @state; life.c, under nic->lock
 * @rcu: for the free; nothing has the SA on a list then
 * @next_del: the SA whose DELETE_SA follows its own, a reference; life.c, under nic->lock
 * @seq: sequence numbers
 * @slot: slot and policy
 * @rate: how busy it is
 * @pair: counterpart
 * @delreq_list: on nic->delreqq; delreq.c, under nic->lock
 * @wait: xfrm waits for its ADD_SA; wait.c, under nic->lock
 * @evict_list: on nic->evictq or nic->evict_laterq; evict.c, under nic->lock
 * @evict_at: when it is due on the latter, jiffies (64 bits); as @evict_list
 */
struct ov2_sa {
	struct ov2_nic *nic;
	struct ov2_port *port;
	u32 cookie;
	int err;
	u32 offload_handle;
	refcount_t ref;
	void *priv;
	const struct xfrm_state *owner;
	struct ov2_sent *sent;
	struct xfrm_state __rcu *x;

	enum ov2_dir dir;
	enum ov2_iv iv;
	enum ov2_sa_state state;
	enum ov2_sa_goal goal;
	bool ever_offloaded;
	bool has_slot;
	bool held;
	struct ov2_traits traits;
	struct ov2_port *slot_port;
	u64 offloaded_at;
	struct list_head all;
	union {
		struct list_head queue;
		struct rcu_head rcu;
	};
	struct ov2_sa *next_del;

	struct ov2_sa_seq seq;
	struct ov2_sa_slot slot;
	struct ov2_sa_rate rate;
	struct ov2_pair pair;
	struct list_head delreq_list;
	struct ov2_wait *wait;
	struct list_head evict_list;
	u64 evict_at;
};

/* sa.c */
int ov2_sa_cache_init(void);
void ov2_sa_cache_exit(void);
struct ov2_sa *ov2_sa_find(unsigned long cookie);
struct ov2_sa *ov2_sa_alloc(struct ov2_nic *nic, struct ov2_port *port, struct xfrm_state *x);
void ov2_sa_get(struct ov2_sa *sa);
void ov2_sa_put(struct ov2_sa *sa);
struct ov2_sa *ov2_sa_after(const struct ov2_nic *nic, unsigned long *cookie);
#if IS_ENABLED(CONFIG_KUNIT)
extern atomic_t ov2_last_cookie;
#endif

/* wait.c */
void ov2_wait_begin(struct ov2_sa *sa, struct ov2_wait *wait);
int ov2_wait_end(struct ov2_sa *sa, struct ov2_wait *wait, struct netlink_ext_ack *extack);
bool ov2_wait_wake(struct ov2_sa *sa, int err);
void ov2_wait_abandon(struct ov2_sa *sa, void *port);

/* evict.c */
void ov2_evict(struct ov2_sa *sa);
void ov2_evict_later(struct ov2_sa *sa);
void ov2_evict_cancel(struct ov2_sa *sa);
void ov2_evict_work(struct work_struct *work);
void ov2_evict_stop(struct ov2_nic *nic);

/* sent.c */
int ov2_sent_cache_init(void);
void ov2_sent_cache_exit(void);
struct ov2_sent *ov2_sent_alloc(void);
bool ov2_sent_add(struct ov2_sent *sent, u64 first, u32 count);

/* delreq.c */
void ov2_delreq_raise(struct ov2_sa *sa);
void ov2_delreq_work(struct work_struct *work);

#endif /* __OV2_SA_H */
