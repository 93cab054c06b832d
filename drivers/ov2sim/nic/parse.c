// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's parser: pure functions on a linear frame. They do not read behind the end of
 * the frame, whatever its headers say. A frame that does not parse is delivered unprocessed (S48).
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

/* An extension header is a protocol that neither ESP, TCP nor UDP matches, so it needs no check. */
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
	/* In UDP four zero bytes mark IKE (RFC 3948), and no SA has an SPI of 0 (S55). */
	if (!pkt->spi)
		return;
	pkt->esp = off;
	pkt->encap = encap;
}

/**
 * ov2sim_parse_l4 - parse the payload of an IP packet
 * @data: the frame
 * @pkt: the packet, with its family, addresses, protocol, l4 and end
 *
 * Sets the ports and the ESP header, or clears them if the packet has none.
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
 * ov2sim_parse_ip - parse an IP packet
 * @data: the frame
 * @l3: offset of the IP header, at most @len
 * @len: bytes of @data
 * @family: IP version that the packet must have
 * @pkt: filled with the result
 *
 * Return: false if the NIC does not support the packet.
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

/* Parse the IP packet in a frame with at most one VLAN tag. */
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
 * ov2sim_parse_options - find the SPI of an ESP packet with IPv4 options
 * @data: the frame, untagged
 * @len: bytes
 * @pkt: filled with the fields that an SA is matched by
 *
 * The NIC does not process such a packet, but SaDeleteReq may ride on it (S59).
 *
 * Return: false if the frame is anything else.
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
 * ov2sim_pkt_hash - compute the receive hash of a packet
 * @pkt: the packet
 * @l4: set to whether the hash covers ports or an SPI
 *
 * ESP packets are spread by SPI, because they have no ports, or in UDP all have the same ones.
 *
 * Return: the hash, never 0.
 */
u32 ov2sim_pkt_hash(const struct ov2sim_pkt *pkt, bool *l4)
{
	static u32 seed __read_mostly;
	u32 last[3] = {};
	u32 hash;

	net_get_random_once(&seed, sizeof(seed));
	if (pkt->proto == IPPROTO_ESP || pkt->dport == htons(OV2SIM_NAT_T_PORT) ||
	    pkt->sport == htons(OV2SIM_NAT_T_PORT))
		last[0] = (__force u32)pkt->spi;
	last[1] = (__force u32)pkt->sport << 16 | (__force u32)pkt->dport;
	last[2] = pkt->proto;
	*l4 = last[0] || last[1];
	hash = jhash2((const u32 *)pkt->saddr.s6_addr32, 4, seed);
	hash = jhash2((const u32 *)pkt->daddr.s6_addr32, 4, hash);
	hash = jhash2(last, ARRAY_SIZE(last), hash);
	return hash ?: 1;
}

/**
 * ov2sim_parse_hash - compute the receive hash of a frame
 * @data: the frame
 * @len: bytes
 * @l4: set to whether the hash covers ports or an SPI
 *
 * Return: the hash, 0 for a frame that is not IP.
 */
u32 ov2sim_parse_hash(const u8 *data, u32 len, bool *l4)
{
	struct ov2sim_pkt pkt;

	*l4 = false;
	return ov2sim_parse_frame(data, len, &pkt) ? ov2sim_pkt_hash(&pkt, l4) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_parse_hash);

/**
 * ov2sim_pkt_csum_ok - verify a TCP or UDP checksum
 * @data: the frame
 * @pkt: the packet in it
 *
 * Return: true if there is a checksum and it is right.
 */
bool ov2sim_pkt_csum_ok(const u8 *data, const struct ov2sim_pkt *pkt)
{
	u32 len = pkt->end - pkt->l4;
	__wsum sum;

	/* Both ports are 0 if ov2sim_parse_l4() has found no valid TCP or UDP header. A real packet
	 * with two ports of 0 is left to the stack.
	 */
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
