// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, receive: take the headers and the trailer off a decrypted packet, in place.
 * The headers in front of them move up, because the payload is longer.
 * Pure functions without locks.
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/unaligned.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include "decap.h"
#include "sadb.h"

/* Is there an IP packet of version @proto in @room bytes? Bytes may follow it, because a sender may
 * hide its length (RFC 4303 section 2.7). The stack checks the rest.
 */
static bool ov2sim_decap_is_ip(const u8 *inner, u32 room, u8 proto)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)inner;
	const struct iphdr *iph = (const struct iphdr *)inner;
	u32 len;

	if (proto == IPPROTO_IPV6) {
		if (room < sizeof(*ip6h) || ip6h->version != 6)
			return false;
		len = sizeof(*ip6h) + ntohs(ip6h->payload_len);
	} else {
		if (room < sizeof(*iph) || iph->version != 4 || iph->ihl < 5)
			return false;
		len = ntohs(iph->tot_len);
		if (len < iph->ihl * 4)
			return false;
	}
	return len <= room;
}

/* Take over what @flags ask for from @outer. RFC 6040: if the inner header is not ECT, congestion
 * is not marked in it. Linux does not drop the packet then, and so do we.
 */
static void ov2sim_decap_dsfield(u8 flags, u8 outer, u8 *inner, u8 proto)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)inner;
	struct iphdr *iph = (struct iphdr *)inner;
	bool ce = flags & OV2_OUTER_ECN && INET_ECN_is_ce(outer);

	if (proto == IPPROTO_IPV6) {
		if (flags & OV2_OUTER_DSCP)
			ipv6_copy_dscp(outer, ip6h);
		if (ce && !INET_ECN_is_not_ect(ipv6_get_dsfield(ip6h)))
			ipv6_change_dsfield(ip6h, 0xff, INET_ECN_CE);
		return;
	}
	if (flags & OV2_OUTER_DSCP)
		ipv4_copy_dscp(outer, iph);
	if (ce)
		IP_ECN_set_ce(iph);
}

static u32 ov2sim_decap_tunnel(const struct ov2sim_sa *sa, u8 *data, const struct ov2sim_pkt *pkt,
			       u32 text, u32 end, struct ov2sim_rxc *rxc)
{
	u8 proto = rxc->next_header;
	__be16 type = htons(proto == IPPROTO_IPIP ? ETH_P_IP : ETH_P_IPV6);
	u8 outer;

	if (!ov2sim_decap_is_ip(data + text, end - text, proto))
		return CRYPTO_INVALID_PACKET_SYNTAX;
	outer = pkt->family == OV2_IPV4 ? data[pkt->l3 + 1] :
		ipv6_get_dsfield((const struct ipv6hdr *)(data + pkt->l3));
	ov2sim_decap_dsfield(sa->id.outer, outer, data + text, proto);
	/* Bytes behind the inner packet stay, because xfrm counts them. */
	rxc->off = text - pkt->l3;
	rxc->len = end - rxc->off;
	memmove(data + rxc->off, data, pkt->l3);
	put_unaligned(type, (__be16 *)(data + text - sizeof(type)));
	return CRYPTO_SUCCESS;
}

static void ov2sim_decap_transport(u8 *data, const struct ov2sim_pkt *pkt, u32 text, u32 end,
				   struct ov2sim_rxc *rxc)
{
	u32 off = text - pkt->l4;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)(data + off + pkt->l3);
	struct iphdr *iph = (struct iphdr *)(data + off + pkt->l3);

	rxc->off = off;
	rxc->len = end - off;
	memmove(data + off, data, pkt->l4);
	if (pkt->family == OV2_IPV6) {
		ip6h->nexthdr = rxc->next_header;
		ip6h->payload_len = htons(end - text);
		return;
	}
	iph->protocol = rxc->next_header;
	iph->tot_len = htons(rxc->len - pkt->l3);
	ip_send_check(iph);
}

/**
 * ov2sim_decap - take the headers and the trailer off a packet
 * @sa: its SA, in packet mode
 * @data: the frame, untagged and decrypted in place, with a valid trailer; unchanged on failure
 * @pkt: the packet in the frame
 * @rxc: its next_header is what the trailer says; off and len are set
 *
 * Return: one of CRYPTO_* of <net/xfrm.h>.
 */
u32 ov2sim_decap(const struct ov2sim_sa *sa, u8 *data, const struct ov2sim_pkt *pkt,
		 struct ov2sim_rxc *rxc)
{
	u32 text = pkt->esp + OV2SIM_ESP_HLEN + sa->esp.iv_len;
	u32 pad = pkt->end - sa->esp.icv_len - 2;
	u32 end = pad - data[pad];

	if (sa->id.mode == OV2_TUNNEL)
		return ov2sim_decap_tunnel(sa, data, pkt, text, end, rxc);
	ov2sim_decap_transport(data, pkt, text, end, rxc);
	return CRYPTO_SUCCESS;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_decap);
