// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the receive path. Owns nothing; turns what the NIC says of a packet into the packet's
 * sec_path and xfrm_offload.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* A receive may beat the completion of the add; and of an SA that has left the NIC, or that a reset
 * has taken from it, what it has processed may still be in a ring.
 */
static bool ov2_rx_markable(const struct ov2_sa *sa)
{
	return READ_ONCE(sa->known) || READ_ONCE(sa->state) == OV2_SA_ADDING;
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

/* What is in front of ESP in UDP and must be in one piece. */
static bool ov2_rx_pull_udp(struct sk_buff *skb, unsigned int ip_len, unsigned int len)
{
	return len >= ip_len + sizeof(struct udphdr) + sizeof(struct ip_esp_hdr) &&
	       pskb_may_pull(skb, ip_len + sizeof(struct udphdr) + sizeof(struct ip_esp_hdr)) &&
	       !pskb_trim_rcsum(skb, len);
}

static bool ov2_rx_udp4(struct sk_buff *skb)
{
	unsigned int ip_len, len;
	struct iphdr *iph;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return false;
	skb_reset_network_header(skb);
	/* xfrm moves the MAC header up to the inner packet, and GRO looks at it there. */
	skb_reset_mac_len(skb);
	iph = ip_hdr(skb);
	ip_len = iph->ihl * 4;
	len = ntohs(iph->tot_len);
	if (iph->protocol != IPPROTO_UDP || !ov2_rx_pull_udp(skb, ip_len, len))
		return false;

	ip_hdr(skb)->tot_len = htons(len - sizeof(struct udphdr));
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->dev->ifindex;
	__skb_pull(skb, ip_len + sizeof(struct udphdr));
	skb_reset_transport_header(skb);
	xfrm4_rcv_encap(skb, IPPROTO_ESP, 0, UDP_ENCAP_ESPINUDP);
	return true;
}

static bool ov2_rx_udp6(struct sk_buff *skb)
{
	struct ipv6hdr *ip6h;
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(*ip6h)))
		return false;
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	ip6h = ipv6_hdr(skb);
	len = ntohs(ip6h->payload_len);
	if (ip6h->nexthdr != IPPROTO_UDP ||
	    !ov2_rx_pull_udp(skb, sizeof(*ip6h), sizeof(*ip6h) + len))
		return false;

	ipv6_hdr(skb)->payload_len = htons(len - sizeof(struct udphdr));
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->dev->ifindex;
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	__skb_pull(skb, sizeof(*ip6h) + sizeof(struct udphdr));
	skb_reset_transport_header(skb);
	xfrm6_rcv_encap(skb, IPPROTO_ESP, 0, UDP_ENCAP_ESPINUDP);
	return true;
}

/* Hands a marked packet in UDP to xfrm itself, as GRO does for sockets that ask for it. On its
 * ordinary way it would come to the socket of an IKE daemon, whose own policy lets no packet pass
 * that has a sec_path already. Returns whether the packet is gone.
 */
static bool ov2_rx_udp(struct sk_buff *skb)
{
	bool done = false;

	if (skb->pkt_type != PACKET_HOST)
		return false;
	rcu_read_lock();
	if (skb->protocol == htons(ETH_P_IP))
		done = ov2_rx_udp4(skb);
	else if (skb->protocol == htons(ETH_P_IPV6))
		done = ov2_rx_udp6(skb);
	rcu_read_unlock();
	return done;
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
 * Return: 0 if the packet is to be delivered, 1 if the core has taken it (ESP in UDP), -ENOENT if
 * its SA is gone or -ENOMEM: the driver must drop it, it is counted already.
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
	return x->encap && ov2_rx_udp(skb);
}
EXPORT_SYMBOL_GPL(ov2_rx);
