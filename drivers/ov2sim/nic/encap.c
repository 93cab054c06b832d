// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, transmit: make the outer header, the UDP header and the ESP header of a
 * packet. single.c and lso.c then encrypt it like a packet that the stack has framed. There are no
 * locks, because the caller keeps the SA.
 *
 * Sources: RFC 4301 section 5.1.2, RFC 6040 section 4.1, RFC 3948 section 3.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "encap.h"
#include "sadb.h"

/* The IP header of the packet as the stack has given it. */
struct ov2sim_encap_ip {
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	};
	u32 len;
	u8 proto;
	u8 tos;
};

static int ov2sim_encap_read_ip(const struct ov2sim_txd *txd, enum ov2_family family,
				struct ov2sim_encap_ip *ip)
{
	ip->len = family == OV2_IPV4 ? sizeof(ip->v4) : sizeof(ip->v6);
	if (skb_copy_bits(txd->skb, txd->l3_off, ip, ip->len))
		return -EINVAL;
	if (family == OV2_IPV4) {
		if (ip->v4.version != 4 || ip->v4.ihl != sizeof(ip->v4) / 4)
			return -EINVAL;
		ip->proto = ip->v4.protocol;
		ip->tos = ip->v4.tos;
	} else {
		if (ip->v6.version != 6)
			return -EINVAL;
		ip->proto = ip->v6.nexthdr;
		ip->tos = ipv6_get_dsfield(&ip->v6);
	}
	return 0;
}

/* Returns the TOS or traffic class of the outer header. */
static u8 ov2sim_encap_tos(const struct ov2sim_sa *sa, u8 inner)
{
	u8 tos = sa->id.outer & OV2_OUTER_DSCP ? inner : 0;

	if (sa->id.outer & OV2_OUTER_ECN)
		return INET_ECN_encapsulate(tos, inner);
	return tos & ~INET_ECN_MASK;
}

static u16 ov2sim_encap_take_ids(struct ov2sim_sa *sa, u32 count)
{
	return atomic_add_return(count, &sa->ip_id) - count;
}

/* Make the outer header of a tunnel. The lengths follow when the frame is complete. */
static void ov2sim_encap_tunnel(struct ov2sim_sa *sa, const struct ov2sim_txd *txd,
				const struct ov2sim_encap_ip *inner, u8 proto, u8 *ip)
{
	u8 tos = ov2sim_encap_tos(sa, inner->tos);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)ip;
	struct iphdr *iph = (struct iphdr *)ip;

	if (sa->id.family == OV2_IPV4) {
		*iph = (struct iphdr){
			.version = 4,
			.ihl = sizeof(*iph) / 4,
			.tos = tos,
			.id = htons(ov2sim_encap_take_ids(sa, txd->segs ?: 1)),
			.ttl = sa->id.ttl,
			.protocol = proto,
			.saddr = sa->id.saddr.s6_addr32[0],
			.daddr = sa->id.daddr.s6_addr32[0],
		};
		if (sa->id.outer & OV2_OUTER_DF)
			iph->frag_off = inner->v4.frag_off & htons(IP_DF);
		return;
	}
	ip6_flow_hdr(ip6h, tos, ip6_flowlabel(&inner->v6));
	ip6h->nexthdr = proto;
	ip6h->hop_limit = sa->id.ttl;
	ip6h->saddr = sa->id.saddr;
	ip6h->daddr = sa->id.daddr;
}

/* Keep the header of a packet in transport mode, with the protocol that follows it. */
static void ov2sim_encap_transport(const struct ov2sim_sa *sa, const struct ov2sim_encap_ip *own,
				   u8 proto, u8 *ip)
{
	memcpy(ip, own, own->len);
	if (sa->id.family == OV2_IPV4)
		((struct iphdr *)ip)->protocol = proto;
	else
		((struct ipv6hdr *)ip)->nexthdr = proto;
}

/* Put UDP, SPI, sequence number and room for the IV behind the IP header, which ends at head_len. */
static void ov2sim_encap_esp(struct ov2sim_encap *encap, const struct ov2sim_sa *sa)
{
	u8 *next = encap->head + encap->head_len;

	if (sa->id.encap == OV2_ENCAP_UDP) {
		*(struct udphdr *)next = (struct udphdr){
			.source = encap->txd.sport,
			.dest = encap->txd.dport,
		};
		next += sizeof(struct udphdr);
	}
	encap->txd.esp_off = next - encap->head;
	put_unaligned(sa->id.spi, (__be32 *)next);
	put_unaligned_be32(lower_32_bits(encap->txd.seq), next + 4);
	memset(next + OV2SIM_ESP_HLEN, 0, sa->esp.iv_len);
	encap->head_len = encap->txd.esp_off + OV2SIM_ESP_HLEN + sa->esp.iv_len;
}

/**
 * ov2sim_encap - make the headers of a packet
 * @encap: filled
 * @txd: the packet, with OV2SIM_TX_ENCAP
 * @sa: the SA
 *
 * Return: 0; -EINVAL if the descriptor is inconsistent; -EIO if it does not match the SA.
 */
int ov2sim_encap(struct ov2sim_encap *encap, const struct ov2sim_txd *txd, struct ov2sim_sa *sa)
{
	u8 proto = sa->id.encap == OV2_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
	bool tunnel = sa->id.mode == OV2_TUNNEL, ipv4 = sa->id.family == OV2_IPV4;
	u32 max_l3 = OV2SIM_ENCAP_MAX - 40 - 8 - 24;
	struct ov2sim_encap_ip ip;
	u32 shift;
	int err;

	if (!sa->id.packet || (!sa->id.esn && upper_32_bits(txd->seq)))
		return -EIO;
	if (txd->l3_off < ETH_HLEN || txd->l3_off > max_l3 ||
	    skb_copy_bits(txd->skb, 0, encap->head, txd->l3_off))
		return -EINVAL;
	err = ov2sim_encap_read_ip(txd, sa->id.family, &ip);
	if (err)
		return err;
	encap->txd = *txd;
	encap->skip = txd->l3_off;
	encap->head_len = txd->l3_off + ip.len;
	put_unaligned_be16(ipv4 ? ETH_P_IP : ETH_P_IPV6, encap->head + txd->l3_off - 2);
	if (tunnel) {
		ov2sim_encap_tunnel(sa, txd, &ip, proto, encap->head + txd->l3_off);
		encap->txd.esp_proto = ipv4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	} else {
		ov2sim_encap_transport(sa, &ip, proto, encap->head + txd->l3_off);
		encap->txd.esp_proto = ip.proto;
		encap->skip += ip.len;
	}
	ov2sim_encap_esp(encap, sa);
	shift = encap->head_len - encap->skip;
	encap->txd.inner_off = tunnel ? encap->head_len : 0;
	encap->txd.l4_off += shift;
	encap->txd.csum_start += shift;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_encap);

/**
 * ov2sim_encap_lengths - complete the outer headers of a frame
 * @txd: descriptor of the framed packet
 * @sa: the SA
 * @data: the frame
 * @len: its length
 */
void ov2sim_encap_lengths(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			  u32 len)
{
	struct iphdr *iph = (struct iphdr *)(data + txd->l3_off);
	struct udphdr *uh;

	if (sa->id.family == OV2_IPV4) {
		iph->tot_len = htons(len - txd->l3_off);
		ip_send_check(iph);
	} else {
		((struct ipv6hdr *)iph)->payload_len =
			htons(len - txd->l3_off - sizeof(struct ipv6hdr));
	}
	if (sa->id.encap == OV2_ENCAP_UDP) {
		uh = (struct udphdr *)(data + txd->esp_off - sizeof(*uh));
		uh->len = htons(len - txd->esp_off + sizeof(*uh));
		uh->check = 0;
	}
}

/**
 * ov2sim_encap_udp_csum - put the checksum into the UDP header of an encrypted frame
 * @txd: descriptor of the framed packet
 * @sa: the SA
 * @data: the frame
 * @len: its length
 *
 * IPv6 needs one, and over IPv4 it is zero (RFC 3948 section 2.1).
 */
void ov2sim_encap_udp_csum(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			   u32 len)
{
	u32 off = txd->esp_off - sizeof(struct udphdr);
	struct udphdr *uh = (struct udphdr *)(data + off);

	if (sa->id.encap != OV2_ENCAP_UDP || sa->id.family == OV2_IPV4)
		return;
	uh->check = csum_ipv6_magic(&((struct ipv6hdr *)(data + txd->l3_off))->saddr,
				    &((struct ipv6hdr *)(data + txd->l3_off))->daddr,
				    len - off, IPPROTO_UDP, csum_partial(uh, len - off, 0));
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}
