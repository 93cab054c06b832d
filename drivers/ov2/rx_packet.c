// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the receive path in packet mode. Owns nothing.
 *
 * The NIC has removed the outer headers and ESP. Put them back, with zeroes for what xfrm does not
 * read, and let xfrm_input() do the rest, as for a packet that the NIC has only decrypted. So one
 * piece of code, the kernel's, keeps the replay window, lifetimes, counters, events of a new NAT
 * mapping and the checks of policies, whether the NIC or software has decrypted a packet.
 */
#include <crypto/aead.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/inet_dscp.h>
#include <net/esp.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include "ov2.h"
#include "packet.h"

#define OV2_REFRAME_TTL		64

/**
 * struct ov2_reframe - The headers that a packet gets back.
 * @ipv4: family of the outer header
 * @tunnel: the outer header is one of them
 * @ip_len: length of the outer header
 * @udp_len: length of the UDP header, or 0
 * @len: bytes to insert
 */
struct ov2_reframe {
	bool ipv4;
	bool tunnel;
	u32 ip_len;
	u32 udp_len;
	u32 len;
};

/* Makes the outer header of a tunnel. The NIC has taken over DSCP and ECN already, so give xfrm a
 * header from which it takes over the same DSCP and no congestion.
 */
static void ov2_reframe_ip(u8 *ip, const struct ov2_reframe *frame, const struct xfrm_state *x,
			   const struct ov2_rx_meta *meta, u8 dscp, u32 len)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)ip;
	struct iphdr *iph = (struct iphdr *)ip;
	u8 proto = frame->udp_len ? IPPROTO_UDP : IPPROTO_ESP;

	memset(ip, 0, frame->ip_len);
	if (frame->ipv4) {
		iph->version = 4;
		iph->ihl = sizeof(*iph) / 4;
		iph->tos = dscp;
		iph->tot_len = htons(len);
		iph->ttl = OV2_REFRAME_TTL;
		iph->protocol = proto;
		iph->saddr = frame->udp_len ? meta->saddr.s6_addr32[0] : x->props.saddr.a4;
		iph->daddr = x->id.daddr.a4;
	} else {
		ip6_flow_hdr(ip6h, dscp, 0);
		ip6h->payload_len = htons(len - sizeof(*ip6h));
		ip6h->nexthdr = proto;
		ip6h->hop_limit = OV2_REFRAME_TTL;
		ip6h->saddr = frame->udp_len ? meta->saddr : x->props.saddr.in6;
		ip6h->daddr = x->id.daddr.in6;
	}
}

/* Corrects the IP header of a packet in transport mode, which the NIC has corrected for the packet
 * without ESP.
 */
static void ov2_reframe_fix_ip(u8 *ip, const struct ov2_reframe *frame, u32 len)
{
	u8 proto = frame->udp_len ? IPPROTO_UDP : IPPROTO_ESP;

	if (frame->ipv4) {
		((struct iphdr *)ip)->protocol = proto;
		((struct iphdr *)ip)->tot_len = htons(len);
	} else {
		((struct ipv6hdr *)ip)->nexthdr = proto;
		((struct ipv6hdr *)ip)->payload_len = htons(len - sizeof(struct ipv6hdr));
	}
}

static void ov2_reframe_udp(struct udphdr *uh, const struct xfrm_state *x,
			    const struct ov2_rx_meta *meta, u32 len)
{
	*uh = (struct udphdr){
		.source = meta->sport,
		.dest = x->encap->encap_dport,
		.len = htons(len),
	};
}

static void ov2_reframe_init(struct ov2_reframe *frame, const struct xfrm_state *x)
{
	frame->ipv4 = x->props.family == AF_INET;
	frame->tunnel = x->props.mode == XFRM_MODE_TUNNEL;
	frame->ip_len = frame->ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	frame->udp_len = x->encap ? sizeof(struct udphdr) : 0;
	frame->len = frame->udp_len + sizeof(struct ip_esp_hdr) + crypto_aead_ivsize(x->data);
	if (frame->tunnel)
		frame->len += frame->ip_len;
}

/* Returns the DSCP of the inner header, in place as in the TOS or traffic class. */
static u8 ov2_reframe_dscp(const struct sk_buff *skb)
{
	u8 tos = skb->data[0] >> 4 == 4 ? ipv4_get_dsfield((struct iphdr *)skb->data) :
					  ipv6_get_dsfield((struct ipv6hdr *)skb->data);

	return tos & INET_DSCP_MASK;
}

/* Returns the length of the part of the packet that ov2_rx_reframe() reads. In tunnel mode a dummy
 * packet (RFC 4303 section 2.6) need not have an IP header, or anything at all.
 */
static u32 ov2_reframe_head(const struct ov2_reframe *frame, const struct ov2_rx_meta *meta)
{
	if (!frame->tunnel)
		return frame->ip_len;
	return meta->next_header == IPPROTO_NONE ? 0 : sizeof(struct iphdr);
}

/* Puts the headers and the trailer back that the NIC has removed. @skb begins with an IP header,
 * and its MAC header is in front of that; see ov2_reframe_head() for an exception. Returns the
 * offset of the ESP header, or a negative errno. Context: RCU read side, BH off.
 */
int ov2_rx_reframe(struct sk_buff *skb, const struct xfrm_state *x, const struct ov2_rx_meta *meta)
{
	struct ov2_reframe frame;
	u32 keep = ETH_HLEN;
	struct ip_esp_hdr *esph;
	u32 esp_off, head;
	u8 dscp;
	int err;

	ov2_reframe_init(&frame, x);
	head = ov2_reframe_head(&frame, meta);
	if (!pskb_may_pull(skb, head) || skb_cow_head(skb, frame.len + ETH_HLEN))
		return -ENOMEM;
	dscp = head ? ov2_reframe_dscp(skb) : 0;
	if (!frame.tunnel)
		keep += frame.ip_len;
	memmove(skb->data - ETH_HLEN - frame.len, skb_mac_header(skb), keep);
	skb_push(skb, frame.len);
	skb_set_mac_header(skb, -ETH_HLEN);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, frame.ip_len);
	skb_reset_mac_len(skb);
	skb->protocol = frame.ipv4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;

	esp_off = frame.ip_len + frame.udp_len;
	if (frame.tunnel)
		ov2_reframe_ip(skb->data, &frame, x, meta, dscp, skb->len);
	else
		ov2_reframe_fix_ip(skb->data, &frame, skb->len);
	if (frame.udp_len)
		ov2_reframe_udp(udp_hdr(skb), x, meta, skb->len - frame.ip_len);
	esph = (struct ip_esp_hdr *)(skb->data + esp_off);
	memset(esph, 0, sizeof(*esph) + crypto_aead_ivsize(x->data));
	esph->spi = x->id.spi;
	esph->seq_no = htonl(lower_32_bits(meta->seq));
	err = ov2_esp_put_trailer(skb, meta->next_header, 4, crypto_aead_authsize(x->data));
	return err ?: esp_off;
}
