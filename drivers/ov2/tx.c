// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the send path. Owns nothing; names the SA and the sequence number of a packet that the
 * NIC must protect.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/esp.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* xfrm counts xo->seq on, and the segments of a packet in a qdisc share one: the lower half is
 * what the ESP header says, the upper half that of the number nearest to xo->seq.
 */
VISIBLE_IF_KUNIT u64 ov2_tx_seq(u32 header, u32 xo_low, u32 xo_high)
{
	u64 seq = (u64)xo_high << 32 | xo_low;

	return seq + (s32)(header - xo_low);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_tx_seq);

static __be32 ov2_tx_esp_seq(const struct sk_buff *skb, bool encap)
{
	const u8 *esp = skb_transport_header(skb) + (encap ? sizeof(struct udphdr) : 0);

	return ((const struct ip_esp_hdr *)esp)->seq_no;
}

/* Served until the delete has completed: what the stack has handed over as XFRM_XMIT cannot go
 * back. The handle of an SA changes over a reset, which waits for us before the NIC is told anew.
 */
static u32 ov2_tx_handle(const struct ov2_sa *sa)
{
	/* The handle was written before; pairs with ov2_sa_set_state(). */
	enum ov2_sa_state state = smp_load_acquire(&sa->state);

	if (state != OV2_SA_OFFLOADED && state != OV2_SA_DEMOTING && state != OV2_SA_DELETING)
		return 0;
	if (READ_ONCE(sa->nic->state) != OV2_NIC_RUNNING)
		return 0;
	return READ_ONCE(sa->offload_handle);
}

static bool ov2_tx_is_esp(const struct sk_buff *skb, const struct xfrm_state *x)
{
	u8 proto;

	if (skb->protocol == htons(ETH_P_IP))
		proto = ip_hdr(skb)->protocol;
	else if (skb->protocol == htons(ETH_P_IPV6))
		proto = ipv6_hdr(skb)->nexthdr;
	else
		return false;
	return proto == IPPROTO_ESP || (x->encap && proto == IPPROTO_UDP);
}

/* A packet that was to be encrypted and was not: one that the stack lets through when its backlog
 * of asynchronous cryptography is not empty and the device has no queue; or one that a NIC has
 * decrypted and somebody redirects below IP.
 */
static bool ov2_tx_in_clear(const struct sk_buff *skb, const struct xfrm_state *x,
			    const struct xfrm_offload *xo)
{
	if (x->xso.dir == XFRM_DEV_OFFLOAD_OUT && x->xso.type == XFRM_DEV_OFFLOAD_CRYPTO)
		return true;
	return xo->flags & CRYPTO_DONE && ov2_tx_is_esp(skb, x);
}

/**
 * ov2_tx_sa - which SA is a packet to be sent with?
 * @skb: in ndo_start_xmit
 * @tx: filled if the return is 1
 *
 * The NIC does the cryptography for the packet and, if it is a GSO packet, everything of each
 * segment: ESP header, sequence number counted on from @tx, IV, padding, trailer and ICV. NDIS:
 * the OffloadHandle of a send.
 *
 * Context: send path, BH off.
 * Return: 0 if there is nothing to do, 1 if the packet is to be protected, or -ENOENT if it was to
 * be but no SA stands behind it any more, or the stack has cut up what was framed for the NIC: the
 * driver must drop it, it is in clear, and it is counted already.
 */
int ov2_tx_sa(struct sk_buff *skb, struct ov2_tx *tx)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);
	const struct ov2_port *port = ov2_port_of(skb->dev);
	const struct xfrm_state *x;
	struct ov2_sa *sa;
	u32 low, handle = 0;

	if (!xo || !port)
		return 0;
	x = xfrm_input_state(skb);
	if (!(xo->flags & XFRM_XMIT)) {
		if (!ov2_tx_in_clear(skb, x, xo))
			return 0;
		ov2_stats_inc(port->nic, OV2_PKT_TX_DROP_SA);
		return -ENOENT;
	}

	/* Segments of a packet that had its number already: see ov2_features_check(). */
	if (xo->status) {
		ov2_stats_inc(port->nic, OV2_PKT_TX_DROP_SA);
		return -ENOENT;
	}

	rcu_read_lock();
	/* Not by sa->x, which is NULL as soon as xfrm has deleted the SA. */
	sa = skb_sec_path(skb)->len == 1 ? ov2_sa_find(READ_ONCE(x->xso.offload_handle)) : NULL;
	if (sa && sa->nic == port->nic && sa->dir == OV2_OUT)
		handle = ov2_tx_handle(sa);
	if (!handle) {
		rcu_read_unlock();
		ov2_stats_inc(port->nic, OV2_PKT_TX_DROP_SA);
		return -ENOENT;
	}
	low = be32_to_cpu(ov2_tx_esp_seq(skb, x->encap));
	tx->offload_handle = handle;
	tx->seq = sa->esn ? ov2_tx_seq(low, xo->seq.low, xo->seq.hi) : low;
	rcu_read_unlock();
	ov2_stats_inc(port->nic, OV2_PKT_TX_PROTECTED);
	return 1;
}
EXPORT_SYMBOL_GPL(ov2_tx_sa);
