// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the xfrm_state behind an SA. Owns nothing; holds the state, reads it and expires it.
 */
#include <net/xfrm.h>
#include "ov2.h"

/* Returns a reference on the state, or NULL if xfrm has deleted it. Context: any. */
static struct xfrm_state *ov2_state_hold(struct ov2_sa *sa)
{
	struct xfrm_state *x;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	if (x && !refcount_inc_not_zero(&x->refcnt))
		x = NULL;
	rcu_read_unlock();
	return x;
}

/* What identifies the counterpart of an SA. Context: from xfrm's add. */
void ov2_state_pair_key(struct xfrm_state *x, struct ov2_pair_key *key)
{
	key->net = xs_net(x);
	key->reqid = x->props.reqid;
	key->if_id = x->if_id;
	key->mark = x->mark.v & x->mark.m;
}

/* Packets that xfrm has counted, in the NIC and in software. Context: any. */
u64 ov2_state_packets(const struct ov2_sa *sa)
{
	const struct xfrm_state *x;
	u64 packets;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	packets = x ? READ_ONCE(x->curlft.packets) : sa->packets;
	rcu_read_unlock();
	return packets;
}

/* Fills the node of an SA that is about to leave for the NIC. Context: process, no locks;
 * sa->state is ADDING. Returns 0, -ENOENT if xfrm has deleted the SA, or why it cannot be
 * offloaded any more.
 */
int ov2_state_fill(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;
	struct ov2_add_sa add;
	struct xfrm_state *x;
	int err = -ENOENT;

	x = ov2_state_hold(sa);
	if (!x)
		return -ENOENT;

	spin_lock_bh(&x->lock);
	if (x->km.state != XFRM_STATE_DEAD)
		err = ov2_xlate(x, &add, NULL);
	if (!err) {
		add.next = sa->add.next;
		add.cookie = sa->cookie;
		add.port = sa->port->index;
		spin_lock(&nic->lock);
		sa->add = add;
		err = ov2_sa_allowed(sa) ? 0 : -EOPNOTSUPP;
		/* So that it comes back, even if it is allowed again before it is refused. */
		sa->outside = err;
		WRITE_ONCE(sa->seq_told, ov2_seq_u64(add.seq));
		sa->update_wanted = false;
		spin_unlock(&nic->lock);
		memzero_explicit(&add, sizeof(add));
	}
	spin_unlock_bh(&x->lock);
	xfrm_state_put(x);
	return err;
}

/* A soft expire asks the key manager to rekey; dying keeps the state's own timer from asking again.
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

/* As xfrm's own timer does it: a silent delete would leave an IKE daemon with a dead CHILD_SA. */
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

void ov2_state_expire(struct ov2_sa *sa, void (*expire)(struct xfrm_state *x))
{
	struct xfrm_state *x = ov2_state_hold(sa);

	if (!x)
		return;
	expire(x);
	xfrm_state_put(x);
}
