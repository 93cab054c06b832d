// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the xfrm_state behind an SA. Owns nothing; holds the state, reads it and expires it.
 */
#include <net/xfrm.h>
#include "ov2.h"

/* Returns a reference on the state, or NULL if xfrm has deleted it. Context: any. */
struct xfrm_state *ov2_state_hold(const struct ov2_sa *sa)
{
	struct xfrm_state *x;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	if (x && !refcount_inc_not_zero(&x->refcnt))
		x = NULL;
	rcu_read_unlock();
	return x;
}

/* Returns the number of packets that xfrm has counted, both in the NIC and in software. Context:
 * any.
 */
u64 ov2_state_packets(const struct ov2_sa *sa)
{
	const struct xfrm_state *x;
	u64 packets;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	packets = x ? READ_ONCE(x->curlft.packets) : sa->rate.packets;
	rcu_read_unlock();
	return packets;
}

/* Soft expire: asks the key manager to rekey. km.dying keeps the state's own timer from asking
 * again.
 */
void ov2_state_expire_soft(struct xfrm_state *x)
{
	spin_lock_bh(&x->lock);
	if (x->km.state == XFRM_STATE_VALID && !x->km.dying) {
		x->km.dying = 1;
		km_state_expired(x, 0, 0);
	}
	spin_unlock_bh(&x->lock);
}

/* Hard expire, as xfrm_timer_handler() does it. A delete without the event would leave the IKE
 * daemon with a dead CHILD_SA.
 */
void ov2_state_expire_hard(struct xfrm_state *x)
{
	int err = -ESRCH;

	spin_lock_bh(&x->lock);
	if (x->km.state == XFRM_STATE_VALID) {
		err = __xfrm_state_delete(x);
		if (!err)
			km_state_expired(x, 1, 0);
	}
	spin_unlock_bh(&x->lock);
	xfrm_audit_state_delete(x, !err, true);
}

/* Returns true if xfrm_add_sa() is about to insert the state of @sa. A state that is not inserted
 * cannot be expired.
 */
bool ov2_state_new(const struct ov2_sa *sa)
{
	struct xfrm_state *x = ov2_state_hold(sa);
	bool fresh = x && READ_ONCE(x->km.state) == XFRM_STATE_VOID;

	if (x)
		xfrm_state_put(x);
	return fresh;
}

void ov2_state_expire(struct ov2_sa *sa, void (*expire)(struct xfrm_state *x))
{
	struct xfrm_state *x = ov2_state_hold(sa);

	if (!x)
		return;
	expire(x);
	xfrm_state_put(x);
}

/* Returns the SA of a state, or NULL once xfrm has deleted the state. Context: RCU read side, or a
 * call of xfrm's between add and free.
 */
struct ov2_sa *ov2_state_sa(const struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_sa_find(READ_ONCE(x->xso.offload_handle));

	return sa && rcu_access_pointer(sa->x) == x ? sa : NULL;
}
