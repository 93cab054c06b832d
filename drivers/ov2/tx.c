// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the send path. Owns nothing; names the SA and the sequence number of a packet that the
 * NIC must protect.
 */
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
 * back.
 */
static bool ov2_tx_served(const struct ov2_sa *sa)
{
	enum ov2_sa_state state = READ_ONCE(sa->state);

	return (state == OV2_SA_OFFLOADED || state == OV2_SA_DEMOTING ||
		state == OV2_SA_DELETING) && READ_ONCE(sa->nic->state) == OV2_NIC_RUNNING;
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
 * be but no SA stands behind it any more: the driver must drop it, it is in clear, and it is
 * counted already.
 */
int ov2_tx_sa(struct sk_buff *skb, struct ov2_tx *tx)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);
	const struct ov2_port *port = ov2_port_of(skb->dev);
	const struct xfrm_state *x;
	struct ov2_sa *sa;
	u32 low, handle;

	if (!xo || !(xo->flags & XFRM_XMIT))
		return 0;

	rcu_read_lock();
	x = xfrm_input_state(skb);
	/* Not by sa->x, which is NULL as soon as xfrm has deleted the SA. */
	sa = skb_sec_path(skb)->len == 1 ? ov2_sa_find(READ_ONCE(x->xso.offload_handle)) : NULL;
	handle = sa ? READ_ONCE(sa->offload_handle) : 0;
	if (!handle || !port || sa->nic != port->nic || sa->dir != OV2_OUT || !ov2_tx_served(sa)) {
		rcu_read_unlock();
		if (port)
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
