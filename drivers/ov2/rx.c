// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the receive path. Owns nothing. Translates what the NIC reports about a packet into the
 * sec_path and the xfrm_offload of the packet, and gives the packet to xfrm.
 *
 * A packet that the NIC has decrypted still has its ESP header. If it went through the stack,
 * software would decrypt it again, and a bridge or tc would send its plaintext on. With GRO,
 * ov2_rx() gives it to xfrm at once, as esp4_gro_receive() does. Otherwise a stand-in with the same
 * headers goes through the stack, and xfrm gets the packet when the stand-in arrives there: see
 * rx_held.c.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/esp.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "packet.h"
#include "rx.h"

/* Packets may arrive before the ADD_SA completes. Packets that the NIC decrypted before the SA was
 * removed, or before a reset, may still be in an RX ring, so accept any SA that was ever offloaded.
 */
static bool ov2_rx_valid(const struct ov2_sa *sa)
{
	return READ_ONCE(sa->ever_offloaded) || READ_ONCE(sa->state) == OV2_SA_ADDING;
}

/* Returns the SA of a cookie, with a reference on its state. Context: RCU read side. */
static struct ov2_sa *ov2_rx_sa(const struct ov2_port *port, u32 cookie, struct xfrm_state **state)
{
	struct ov2_sa *sa = ov2_sa_find(cookie);
	struct xfrm_state *x;

	if (!sa || sa->port != port || sa->dir != OV2_IN || !ov2_rx_valid(sa))
		return NULL;
	/* The port has moved, and xfrm has forgotten the state: see ov2_port_event(). */
	if (sa->pair.id.net != dev_net(port->netdev))
		return NULL;
	x = rcu_dereference(sa->x);
	if (!x || !refcount_inc_not_zero(&x->refcnt))
		return NULL;
	*state = x;
	return sa;
}

static void ov2_rx_delete_req(const struct ov2_port *port, u32 cookie)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_sa_find(cookie);
	if (sa && sa->port == port)
		ov2_delreq_raise(sa);
	rcu_read_unlock();
}

/* The NIC does not learn of packets that software decrypted, nor of an XFRM_MSG_NEWAE. Do not
 * update it here: xfrm may only lag behind because packets are held, and an old window would make a
 * replay possible. ov2_seq_advance() queues an update as soon as xfrm accepts the next packet.
 */
static void ov2_rx_mismatch(struct ov2_port *port, struct ov2_sa *sa)
{
	ov2_stats_inc(port->nic, OV2_PKT_RX_SEQ_MISMATCH);
	if (ov2_seq_mismatch(sa))
		ov2_slot_distrust(sa);
}

static int ov2_rx_set_secpath(struct sk_buff *skb, struct xfrm_state *x, u32 flags,
			      const struct ov2_rx_meta *meta)
{
	struct sec_path *sp = secpath_set(skb);
	struct xfrm_offload *xo;

	if (!sp)
		return -ENOMEM;
	sp->xvec[sp->len++] = x;
	sp->olen++;
	xo = xfrm_offload(skb);
	xo->flags = flags;
	xo->status = meta->status;
	xo->seq.low = lower_32_bits(meta->seq);
	xo->seq.hi = upper_32_bits(meta->seq);
	return 0;
}

/* Marks a packet that the NIC has processed. Returns OV2_RX_MARKED or, for an SA in packet mode,
 * OV2_RX_MARKED_PACKET; 0 if software must process it, or a negative error if it must be dropped.
 * Context: RCU read side, BH off.
 */
VISIBLE_IF_KUNIT int ov2_rx_mark(struct ov2_port *port, struct sk_buff *skb,
				 const struct ov2_rx_meta *meta)
{
	bool good = meta->status & CRYPTO_SUCCESS;
	u32 flags = CRYPTO_DONE;
	struct xfrm_state *x;
	struct ov2_sa *sa;

	sa = ov2_rx_sa(port, meta->cookie, &x);
	if (!sa || skb->pkt_type != PACKET_HOST) {
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_SA);
		if (sa)
			xfrm_state_put(x);
		return -ENOENT;
	}
	if (!ov2_rx_seq_agrees(x, meta->seq)) {
		ov2_rx_mismatch(port, sa);
		if (!good) {
			/* The packet is as it was received, so software can verify it with the
			 * right number.
			 */
			if (meta->flags & OV2_RX_SA_DELETE_REQ)
				ov2_delreq_raise(sa);
			xfrm_state_put(x);
			return 0;
		}
		good = false;
	} else if (good) {
		ov2_seq_seen(sa, meta->seq);
	}
	if (meta->flags & OV2_RX_SA_DELETE_REQ)
		flags |= SA_DELETE_REQ;
	if (ov2_rx_set_secpath(skb, x, flags, meta)) {
		xfrm_state_put(x);
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_MEM);
		return -ENOMEM;
	}
	ov2_rx_check_seq(skb);
	/* xfrm_input() sets the mark only if it looks up the state itself. */
	skb->mark = xfrm_smark_get(skb->mark, x);
	ov2_stats_inc(port->nic, good ? OV2_PKT_RX_MARKED : OV2_PKT_RX_FAILED);
	return sa->traits.packet ? OV2_RX_MARKED_PACKET : OV2_RX_MARKED;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_rx_mark);

/* Returns the offset of the ESP header of a marked packet, which may be behind a UDP header, and
 * trims the padding of the frame. Returns 0 if the headers are not in one piece.
 */
static u32 ov2_rx_esp_off(struct sk_buff *skb)
{
	bool ipv4 = skb->protocol == htons(ETH_P_IP);
	u32 off = ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), len;
	u8 proto;

	if (!ipv4 && skb->protocol != htons(ETH_P_IPV6))
		return 0;
	if (!pskb_may_pull(skb, off))
		return 0;
	skb_reset_network_header(skb);
	/* xfrm moves the MAC header up to the inner packet, and GRO reads it there. */
	skb_reset_mac_len(skb);
	proto = ipv4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;
	len = ipv4 ? ntohs(ip_hdr(skb)->tot_len) : off + ntohs(ipv6_hdr(skb)->payload_len);
	if (proto == IPPROTO_UDP)
		off += sizeof(struct udphdr);
	else if (proto != IPPROTO_ESP)
		return 0;
	if (pskb_trim_rcsum(skb, len))
		return 0;
	return pskb_may_pull(skb, off + sizeof(struct ip_esp_hdr)) ? off : 0;
}

/* With GRO, software decrypts before any other part of the stack sees the packet, so do the same.
 */
static void ov2_rx_gro(struct sk_buff *skb, u32 esp_off)
{
	const struct xfrm_state *x = xfrm_input_state(skb);

	xfrm_offload(skb)->flags |= XFRM_GRO;
	memset(skb->cb, 0, sizeof(skb->cb));
	if (skb->protocol == htons(ETH_P_IPV6))
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	ov2_rx_input(skb, esp_off, x->encap ? x->encap->encap_type : 0);
}

/* Sends a stand-in through the stack. Returns the same values as ov2_rx(). */
static int ov2_rx_hold(struct ov2_port *port, struct sk_buff *skb, u32 esp_off)
{
	struct sk_buff *standin = ov2_held_put(port, skb, esp_off);

	if (!standin) {
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_MEM);
		return -ENOMEM;
	}
	netif_receive_skb(standin);
	return 1;
}

/* Returns true if there is another header of IPsec behind ESP, such as IPComp. xfrm_input() wants a
 * route for the second SA, which a packet has only behind IP.
 */
static bool ov2_rx_nested(u8 next_header)
{
	return next_header == IPPROTO_COMP || next_header == IPPROTO_ESP ||
	       next_header == IPPROTO_AH;
}

/* Gives a packet to xfrm at once, because the NIC has removed the headers by which a stand-in would
 * find its way. The headers that it gets back lead the stand-in to the same SA, so that it can go
 * where that is needed. Returns the same values as ov2_rx().
 */
static int ov2_rx_deliver_packet(struct ov2_port *port, struct sk_buff *skb,
				 const struct ov2_rx_meta *meta)
{
	bool unframed = meta->status & CRYPTO_SUCCESS;
	int esp_off;

	if (unframed)
		esp_off = ov2_rx_reframe(skb, xfrm_input_state(skb), meta);
	else
		esp_off = ov2_rx_esp_off(skb);
	if (esp_off <= 0) {
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_MEM);
		return -ENOMEM;
	}
	if (unframed)
		ov2_stats_inc(port->nic, OV2_PKT_RX_UNFRAMED);
	if (unframed && ov2_rx_nested(meta->next_header)) {
		if (skb->protocol == htons(ETH_P_IP))
			ip_send_check(ip_hdr(skb));
		return ov2_rx_hold(port, skb, esp_off);
	}
	ov2_rx_gro(skb, esp_off);
	return 1;
}

/* Returns the same values as ov2_rx(). */
static int ov2_rx_deliver(struct ov2_port *port, struct sk_buff *skb)
{
	u32 esp_off = ov2_rx_esp_off(skb);

	if (!esp_off) {
		ov2_stats_inc(port->nic, OV2_PKT_RX_DROP_MEM);
		return -ENOMEM;
	}
	if (xfrm_input_state(skb)->encap || netif_elide_gro(skb->dev))
		return ov2_rx_hold(port, skb, esp_off);
	ov2_rx_gro(skb, esp_off);
	return 1;
}

/**
 * ov2_rx - tell the core what the NIC did with a received packet
 * @port: the port that has received it
 * @skb: the packet, before GRO, without a sec_path
 * @meta: the NIC's report
 *
 * The core gives a packet that the NIC has processed to xfrm itself. If it cannot, the packet must
 * be dropped, because software would decrypt plaintext and the stack could send plaintext on. The
 * core does not touch a packet that the NIC has not processed. NDIS: the receive side of
 * NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO.
 *
 * Context: NAPI, or with BH off.
 * Return: 0 if the driver must deliver the packet, 1 if the core has taken it. -ENOENT if the NIC
 * no longer has the SA or the packet is not addressed to the port, or -ENOMEM: the driver must drop
 * the packet; the core has counted it.
 */
int ov2_rx(struct ov2_port *port, struct sk_buff *skb, const struct ov2_rx_meta *meta)
{
	int ret;

	if (!(meta->flags & OV2_RX_CRYPTO_DONE)) {
		/* Do not set a sec_path here: xfrm takes any sec_path as a report on cryptography.
		 */
		if (meta->flags & OV2_RX_SA_DELETE_REQ)
			ov2_rx_delete_req(port, meta->cookie);
		return 0;
	}

	rcu_read_lock();
	ret = ov2_rx_mark(port, skb, meta);
	if (ret == OV2_RX_MARKED)
		ret = ov2_rx_deliver(port, skb);
	else if (ret == OV2_RX_MARKED_PACKET)
		ret = ov2_rx_deliver_packet(port, skb, meta);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(ov2_rx);
