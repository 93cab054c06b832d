// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the receive path. Owns nothing; turns what the NIC says of a packet into the packet's
 * sec_path and xfrm_offload.
 */
#include <linux/skbuff.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* A receive may beat the completion of the add; an SA that leaves the NIC but not xfrm is received
 * on until it has left.
 */
static bool ov2_rx_markable(const struct ov2_sa *sa)
{
	enum ov2_sa_state state = READ_ONCE(sa->state);

	return state == OV2_SA_ADDING || state == OV2_SA_OFFLOADED || state == OV2_SA_DEMOTING;
}

/* A reference on the state that a cookie stands for. */
static struct xfrm_state *ov2_rx_state(const struct ov2_port *port, u32 cookie)
{
	struct xfrm_state *x = NULL;
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_sa_find(cookie);
	if (sa && sa->nic == port->nic && sa->dir == OV2_IN && ov2_rx_markable(sa)) {
		x = rcu_dereference(sa->x);
		if (x && !refcount_inc_not_zero(&x->refcnt))
			x = NULL;
	}
	rcu_read_unlock();
	return x;
}

static void ov2_rx_delete_req(const struct ov2_port *port, u32 cookie)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_sa_find(cookie);
	if (sa && sa->nic == port->nic)
		ov2_delreq_raise(sa);
	rcu_read_unlock();
}

/**
 * ov2_rx - tell xfrm what the NIC did with a received packet
 * @port: where it was received
 * @skb: the packet, before GRO, without a sec_path
 * @meta: what the NIC says
 *
 * A packet that the NIC has processed gets a sec_path, or must be dropped: software would decrypt
 * plaintext. One that it has not processed is left as it is. NDIS: the receive side of
 * NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO.
 *
 * Context: NAPI, or with BH off.
 * Return: 0 if the packet is to be delivered, -ENOENT if its SA is gone or -ENOMEM: the driver
 * must drop it, it is counted already.
 */
int ov2_rx(struct ov2_port *port, struct sk_buff *skb, const struct ov2_rx_meta *meta)
{
	struct xfrm_offload *xo;
	struct xfrm_state *x;
	struct sec_path *sp;

	if (!(meta->flags & OV2_RX_CRYPTO_DONE)) {
		/* A sec_path that says nothing of cryptography would mislead xfrm. */
		if (meta->flags & OV2_RX_SA_DELETE_REQ)
			ov2_rx_delete_req(port, meta->cookie);
		return 0;
	}

	x = ov2_rx_state(port, meta->cookie);
	if (!x) {
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_SA);
		return -ENOENT;
	}
	sp = secpath_set(skb);
	if (!sp) {
		xfrm_state_put(x);
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_MEM);
		return -ENOMEM;
	}
	sp->xvec[sp->len++] = x;
	sp->olen++;
	xo = xfrm_offload(skb);
	xo->flags = CRYPTO_DONE;
	if (meta->flags & OV2_RX_SA_DELETE_REQ)
		xo->flags |= SA_DELETE_REQ;
	xo->status = meta->status;
	if (meta->status & CRYPTO_SUCCESS)
		ov2_stats_inc(port->nic, OV2_PKT_RX_MARKED);
	else
		ov2_stats_inc(port->nic, OV2_PKT_RX_FAILED);
	return 0;
}
EXPORT_SYMBOL_GPL(ov2_rx);
