// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, receive: remove the outer headers, ESP and the trailer of a packet that has
 * been decrypted. Pure functions without locks.
 *
 * Sources: RFC 4301 section 5.2.1, RFC 6040 section 4.2 as far as xfrm does it.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/unaligned.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include "decap.h"
#include "sadb.h"

static u8 ov2sim_decap_tos(const u8 *ip)
{
	return *ip >> 4 == 4 ? ipv4_get_dsfield((const struct iphdr *)ip) :
			       ipv6_get_dsfield((const struct ipv6hdr *)ip);
}

/* Take DSCP and congestion over from the outer header. */
static void ov2sim_decap_take_tos(const struct ov2sim_sa *sa, u8 outer, u8 *ip)
{
	u8 inner = ov2sim_decap_tos(ip), tos = inner;

	if (sa->id.outer & OV2_OUTER_DSCP)
		tos = (outer & ~INET_ECN_MASK) | (inner & INET_ECN_MASK);
	if (sa->id.outer & OV2_OUTER_ECN && INET_ECN_is_ce(outer) && !INET_ECN_is_not_ect(inner))
		tos |= INET_ECN_CE;
	if (tos == inner)
		return;
	if (*ip >> 4 == 4)
		ipv4_change_dsfield((struct iphdr *)ip, 0, tos);
	else
		ipv6_change_dsfield((struct ipv6hdr *)ip, 0, tos);
}

/* Returns true if @text begins with an IP header of the version that @next_header says. */
static bool ov2sim_decap_is_ip(const u8 *text, u32 len, u8 next_header)
{
	if (next_header == IPPROTO_IPIP)
		return len >= sizeof(struct iphdr) && *text >> 4 == 4;
	return len >= sizeof(struct ipv6hdr) && *text >> 4 == 6;
}

/* Correct the header of a packet in transport mode, which ends at @end now. */
static void ov2sim_decap_fix_ip(u8 *ip, enum ov2_family family, u8 next_header, u32 len)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)ip;
	struct iphdr *iph = (struct iphdr *)ip;

	if (family == OV2_IPV4) {
		iph->protocol = next_header;
		iph->tot_len = htons(len);
		ip_send_check(iph);
	} else {
		ip6h->nexthdr = next_header;
		ip6h->payload_len = htons(len - sizeof(*ip6h));
	}
}

/**
 * ov2sim_decap - remove the headers of a decrypted packet
 * @sa: its SA, in packet mode
 * @data: the frame, decrypted; changed in place
 * @pkt: the packet in the frame, as it was received
 * @rxc: its result; the length is changed
 *
 * Bytes behind the inner packet (TFC padding, RFC 4303 section 2.7) stay.
 *
 * Return: false if a tunnel has no IP packet inside; @data is unchanged then.
 */
bool ov2sim_decap(const struct ov2sim_sa *sa, u8 *data, const struct ov2sim_pkt *pkt,
		  struct ov2sim_rxc *rxc)
{
	u32 text = pkt->esp + OV2SIM_ESP_HLEN + sa->esp.iv_len;
	u32 tail = pkt->end - sa->esp.icv_len - 2;
	u32 len = tail - data[tail] - text, to = pkt->l4;
	u8 outer = ov2sim_decap_tos(data + pkt->l3);
	bool tunnel = sa->id.mode == OV2_TUNNEL;

	if (tunnel && !ov2sim_decap_is_ip(data + text, len, rxc->next_header))
		return false;
	if (tunnel)
		to = pkt->l3;
	memmove(data + to, data + text, len);
	if (tunnel) {
		put_unaligned_be16(rxc->next_header == IPPROTO_IPIP ? ETH_P_IP : ETH_P_IPV6,
				   data + pkt->l3 - 2);
		ov2sim_decap_take_tos(sa, outer, data + pkt->l3);
	} else {
		ov2sim_decap_fix_ip(data + pkt->l3, sa->id.family, rxc->next_header,
				    to - pkt->l3 + len);
	}
	rxc->len = to + len;
	rxc->saddr = pkt->saddr;
	rxc->sport = pkt->sport;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_decap);
