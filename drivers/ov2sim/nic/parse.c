// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's parser. Pure functions on a linear frame: nothing behind its end is read,
 * whatever its headers say. What does not parse is delivered as it is (S48).
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include "esp.h"
#include "nic.h"
#include "parse.h"

static bool ov2sim_parse_ipv4(const u8 *data, u32 len, struct ov2sim_pkt *pkt)
{
	const struct iphdr *iph = (const struct iphdr *)(data + pkt->l3);
	u32 total;

	if (len - pkt->l3 < sizeof(*iph))
		return false;
	total = ntohs(iph->tot_len);
	if (iph->version != 4 || iph->ihl != 5 || total < sizeof(*iph) || total > len - pkt->l3)
		return false;
	if (iph->frag_off & htons(IP_MF | IP_OFFSET))
		return false;
	if (ip_fast_csum(iph, iph->ihl))
		return false;

	pkt->proto = iph->protocol;
	pkt->l4 = pkt->l3 + sizeof(*iph);
	pkt->end = pkt->l3 + total;
	pkt->saddr.s6_addr32[0] = iph->saddr;
	pkt->daddr.s6_addr32[0] = iph->daddr;
	return true;
}

/* Extension headers need no look: to what follows they are just a protocol that does not match. */
static bool ov2sim_parse_ipv6(const u8 *data, u32 len, struct ov2sim_pkt *pkt)
{
	const struct ipv6hdr *iph = (const struct ipv6hdr *)(data + pkt->l3);
	u32 total;

	if (len - pkt->l3 < sizeof(*iph))
		return false;
	total = sizeof(*iph) + ntohs(iph->payload_len);
	if (iph->version != 6 || total > len - pkt->l3)
		return false;

	pkt->proto = iph->nexthdr;
	pkt->l4 = pkt->l3 + sizeof(*iph);
	pkt->end = pkt->l3 + total;
	pkt->saddr = iph->saddr;
	pkt->daddr = iph->daddr;
	return true;
}

static void ov2sim_parse_esp(const u8 *data, u32 off, enum ov2_encap encap, struct ov2sim_pkt *pkt)
{
	if (pkt->end - off < OV2SIM_ESP_HLEN)
		return;
	pkt->spi = get_unaligned((const __be32 *)(data + off));
	/* In UDP, four zero bytes are the mark of IKE (RFC 3948), and no SA has this SPI (S55) */
	if (!pkt->spi)
		return;
	pkt->esp = off;
	pkt->encap = encap;
}

/**
 * ov2sim_parse_l4() - Parse what follows the IP header.
 * @data: what @pkt is in
 * @pkt: family, addresses, protocol, l4 and end are set
 *
 * Ports and ESP header are set if there are any, and cleared if not.
 */
void ov2sim_parse_l4(const u8 *data, struct ov2sim_pkt *pkt)
{
	u32 room = pkt->end - pkt->l4;
	const struct udphdr *uh;

	pkt->sport = 0;
	pkt->dport = 0;
	pkt->esp = 0;
	pkt->spi = 0;
	switch (pkt->proto) {
	case IPPROTO_ESP:
		ov2sim_parse_esp(data, pkt->l4, OV2_ENCAP_NONE, pkt);
		break;
	case IPPROTO_TCP:
		if (room < sizeof(struct tcphdr))
			break;
		pkt->sport = get_unaligned((const __be16 *)(data + pkt->l4));
		pkt->dport = get_unaligned((const __be16 *)(data + pkt->l4 + 2));
		break;
	case IPPROTO_UDP:
		uh = (const struct udphdr *)(data + pkt->l4);
		if (room < sizeof(*uh) || ntohs(uh->len) != room)
			break;
		pkt->sport = uh->source;
		pkt->dport = uh->dest;
		ov2sim_parse_esp(data, pkt->l4 + sizeof(*uh), OV2_ENCAP_UDP, pkt);
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_parse_l4);

/**
 * ov2sim_parse_ip() - Parse an IP packet.
 * @data: what it is in
 * @l3: offset of the IP header, at most @len
 * @len: bytes of @data
 * @family: IP version that it must be of
 * @pkt: what was found
 *
 * Return: false if there is no packet that the NIC understands.
 */
bool ov2sim_parse_ip(const u8 *data, u32 l3, u32 len, enum ov2_family family,
		     struct ov2sim_pkt *pkt)
{
	memset(pkt, 0, sizeof(*pkt));
	pkt->family = family;
	pkt->l3 = l3;
	if (family == OV2_IPV4 ? !ov2sim_parse_ipv4(data, len, pkt) :
				 !ov2sim_parse_ipv6(data, len, pkt))
		return false;
	ov2sim_parse_l4(data, pkt);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_parse_ip);

/* The same for a frame, with at most one VLAN tag. */
bool ov2sim_parse_frame(const u8 *data, u32 len, struct ov2sim_pkt *pkt)
{
	u32 l3 = ETH_HLEN;
	__be16 type;

	if (len < l3)
		return false;
	type = ((const struct ethhdr *)data)->h_proto;
	if (type == htons(ETH_P_8021Q)) {
		l3 += VLAN_HLEN;
		if (len < l3)
			return false;
		type = ((const struct vlan_ethhdr *)data)->h_vlan_encapsulated_proto;
	}
	if (type == htons(ETH_P_IP))
		return ov2sim_parse_ip(data, l3, len, OV2_IPV4, pkt);
	if (type == htons(ETH_P_IPV6))
		return ov2sim_parse_ip(data, l3, len, OV2_IPV6, pkt);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_parse_frame);

/**
 * ov2sim_parse_options() - Find the SPI of a packet that is not processed, for its IPv4 options.
 * @data: the frame, untagged
 * @len: bytes
 * @pkt: what it takes to match an SA
 *
 * Return: false if it is anything else.
 */
bool ov2sim_parse_options(const u8 *data, u32 len, struct ov2sim_pkt *pkt)
{
	const struct iphdr *iph = (const struct iphdr *)(data + ETH_HLEN);
	u32 esp;

	if (len < ETH_HLEN + sizeof(*iph) ||
	    ((const struct ethhdr *)data)->h_proto != htons(ETH_P_IP))
		return false;
	esp = ETH_HLEN + iph->ihl * 4;
	if (iph->version != 4 || iph->ihl <= 5 || iph->protocol != IPPROTO_ESP ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET) || len < esp + OV2SIM_ESP_HLEN)
		return false;
	*pkt = (struct ov2sim_pkt){
		.family = OV2_IPV4,
		.spi = get_unaligned((const __be32 *)(data + esp)),
		.daddr.s6_addr32[0] = iph->daddr,
	};
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_parse_options);

/**
 * ov2sim_pkt_hash() - Compute a frame's receive hash.
 * @data: the frame
 * @len: bytes
 * @l4: the hash covers ports or an SPI
 *
 * Protected packets spread by SPI: they have no ports, or the same as all others.
 * Return: the hash, 0 for a frame that is not IP.
 */
u32 ov2sim_pkt_hash(const u8 *data, u32 len, bool *l4)
{
	static u32 seed __read_mostly;
	struct ov2sim_pkt pkt;
	u32 last[3] = {};
	u32 hash;

	net_get_random_once(&seed, sizeof(seed));
	*l4 = false;
	if (!ov2sim_parse_frame(data, len, &pkt))
		return 0;

	if (pkt.proto == IPPROTO_ESP || pkt.dport == htons(OV2SIM_NAT_T_PORT) ||
	    pkt.sport == htons(OV2SIM_NAT_T_PORT))
		last[0] = (__force u32)pkt.spi;
	last[1] = (__force u32)pkt.sport << 16 | (__force u32)pkt.dport;
	last[2] = pkt.proto;
	*l4 = last[0] || last[1];
	hash = jhash2((const u32 *)pkt.saddr.s6_addr32, 4, seed);
	hash = jhash2((const u32 *)pkt.daddr.s6_addr32, 4, hash);
	hash = jhash2(last, ARRAY_SIZE(last), hash);
	return hash ?: 1;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_pkt_hash);

/**
 * ov2sim_pkt_csum_ok() - Verify a TCP or UDP checksum.
 * @data: what @pkt was parsed from
 * @pkt: the packet
 *
 * Return: true if there is one and it is right.
 */
bool ov2sim_pkt_csum_ok(const u8 *data, const struct ov2sim_pkt *pkt)
{
	u32 len = pkt->end - pkt->l4;
	__wsum sum;

	/* With ports of 0 the L4 header has not been understood, or it is not worth a claim */
	if (!pkt->sport && !pkt->dport)
		return false;
	if (pkt->proto == IPPROTO_UDP && !((const struct udphdr *)(data + pkt->l4))->check)
		return false;

	sum = csum_partial(data + pkt->l4, len, 0);
	if (pkt->family == OV2_IPV4)
		return !csum_tcpudp_magic(pkt->saddr.s6_addr32[0], pkt->daddr.s6_addr32[0], len,
					  pkt->proto, sum);
	return !csum_ipv6_magic(&pkt->saddr, &pkt->daddr, len, pkt->proto, sum);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_pkt_csum_ok);
