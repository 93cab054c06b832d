// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, transmit: make an ESP packet in clear of a packet, by inserting headers into
 * a copy of it. What follows is as in crypto mode: trailer, checksum, encryption (single.c, lso.c).
 *
 * Outer headers are those of xfrm4_tunnel_encap_add() and xfrm6_tunnel_encap_add(). There are no
 * locks, because everything that is read of the SA is constant.
 */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "encap.h"
#include "sadb.h"

#define OV2SIM_TCP_LEN_MAX	60

/* ESP in transport mode goes behind an IPv4 header without options, and a fragment has none (RFC
 * 4303 section 3.3.4).
 */
static int ov2sim_encap_check_ipv4(const struct ov2sim_txd *txd, bool tunnel)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(txd->skb, txd->l3_off, sizeof(buf), &buf);
	if (!iph || iph->ihl < 5)
		return -EINVAL;
	if (iph->version != 4)
		return -EIO;
	if (!tunnel && (iph->ihl != 5 || ip_is_fragment(iph)))
		return -EINVAL;
	if (!(txd->flags & OV2SIM_TX_LSO) && ntohs(iph->tot_len) != txd->skb->len - txd->l3_off)
		return -EINVAL;
	return 0;
}

static int ov2sim_encap_check_ipv6(const struct ov2sim_txd *txd, bool tunnel)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;

	ip6h = skb_header_pointer(txd->skb, txd->l3_off, sizeof(buf), &buf);
	if (!ip6h)
		return -EINVAL;
	if (ip6h->version != 6)
		return -EIO;
	if (!tunnel && ipv6_ext_hdr(ip6h->nexthdr))
		return -EINVAL;
	if (!(txd->flags & OV2SIM_TX_LSO) &&
	    ntohs(ip6h->payload_len) + sizeof(*ip6h) != txd->skb->len - txd->l3_off)
		return -EINVAL;
	return 0;
}

static u32 ov2sim_encap_ip_len(const struct ov2sim_sa *sa)
{
	return sa->id.family == OV2_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* Does the longest frame fit into the length field of an IP header? */
static bool ov2sim_encap_fits(const struct ov2sim_encap *encap, const struct ov2sim_txd *txd,
			      const struct ov2sim_sa *sa)
{
	u32 len = txd->skb->len;

	if (txd->flags & OV2SIM_TX_LSO)
		len = txd->l4_off + OV2SIM_TCP_LEN_MAX + txd->mss;
	len += encap->len + ov2sim_esp_trailer_len(&sa->esp, len - encap->at);
	return len - txd->l3_off <= U16_MAX;
}

/**
 * ov2sim_encap_plan - decide which headers a packet gets
 * @encap: filled with the result
 * @txd: the packet
 * @sa: its SA, in packet mode
 *
 * The caller must look at l4_off before: it is within the packet.
 *
 * Return: 0; -EINVAL if the descriptor is inconsistent or for a packet that the NIC does not frame;
 * -EIO for a packet of the other family.
 */
int ov2sim_encap_plan(struct ov2sim_encap *encap, const struct ov2sim_txd *txd,
		      const struct ov2sim_sa *sa)
{
	bool udp = sa->id.encap == OV2_ENCAP_UDP, tunnel = sa->id.mode == OV2_TUNNEL;
	u32 ip_len = ov2sim_encap_ip_len(sa);
	int err;

	if (txd->l3_off < ETH_HLEN || txd->flags & OV2SIM_TX_ESP_TRAILER)
		return -EINVAL;
	if (udp && (!txd->sport || !txd->dport))
		return -EINVAL;
	/* RFC 1122 section 3.2.1.7: a host must not send a TTL of 0. */
	if (tunnel && !txd->ttl)
		return -EINVAL;
	err = sa->id.family == OV2_IPV4 ? ov2sim_encap_check_ipv4(txd, tunnel) :
					  ov2sim_encap_check_ipv6(txd, tunnel);
	if (err)
		return err;

	*encap = (struct ov2sim_encap){
		.at = txd->l3_off + (tunnel ? 0 : ip_len),
		.len = (tunnel ? ip_len : 0) + (udp ? sizeof(struct udphdr) : 0) +
		       OV2SIM_ESP_HLEN + sa->esp.iv_len,
	};
	if (txd->flags & OV2SIM_TX_LSO && txd->l4_off < encap->at)
		return -EINVAL;
	return ov2sim_encap_fits(encap, txd, sa) ? 0 : -EINVAL;
}

/**
 * ov2sim_encap_copy - copy the beginning of a packet and leave room for headers
 * @encap: where they are inserted, or all zeros
 * @skb: the packet
 * @len: bytes to copy
 * @data: filled with @len + @encap->len bytes
 *
 * Return: 0 or a negative errno.
 */
int ov2sim_encap_copy(const struct ov2sim_encap *encap, const struct sk_buff *skb, u32 len,
		      u8 *data)
{
	int err;

	err = skb_copy_bits(skb, 0, data, encap->at);
	if (err)
		return err;
	return skb_copy_bits(skb, encap->at, data + encap->at + encap->len, len - encap->at);
}

/* RFC 4301 section 5.1.2, RFC 6040: the TOS or traffic class of an outer header. */
static u8 ov2sim_encap_dsfield(u8 flags, u8 inner)
{
	u8 outer = flags & OV2_OUTER_DSCP ? inner & ~INET_ECN_MASK : 0;

	return flags & OV2_OUTER_ECN ? INET_ECN_encapsulate(outer, inner) : outer;
}

static bool ov2sim_encap_put_ipv4(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa,
				  u8 *data, const u8 *inner)
{
	const struct iphdr *from = (const struct iphdr *)inner;
	struct iphdr *iph = (struct iphdr *)data;
	bool df = sa->id.outer & OV2_OUTER_DF && from->frag_off & htons(IP_DF);

	/* RFC 6864: the id of a packet with DF has no meaning. */
	*iph = (struct iphdr){
		.version = 4,
		.ihl = sizeof(*iph) / 4,
		.tos = ov2sim_encap_dsfield(sa->id.outer, from->tos),
		.id = df ? 0 : htons((u16)(sa->ip_id + txd->seq)),
		.frag_off = df ? htons(IP_DF) : 0,
		.ttl = txd->ttl,
		.saddr = sa->id.saddr.s6_addr32[0],
		.daddr = sa->id.daddr.s6_addr32[0],
	};
	return df;
}

static void ov2sim_encap_put_ipv6(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa,
				  u8 *data, const u8 *inner)
{
	const struct ipv6hdr *from = (const struct ipv6hdr *)inner;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)data;

	ip6_flow_hdr(ip6h, ov2sim_encap_dsfield(sa->id.outer, ipv6_get_dsfield(from)),
		     ip6_flowlabel(from));
	ip6h->hop_limit = txd->ttl;
	ip6h->saddr = sa->id.saddr;
	ip6h->daddr = sa->id.daddr;
}

/* Set protocol and length of the IP header at @off. Returns the former protocol. */
static u8 ov2sim_encap_set_ip(const struct ov2sim_sa *sa, u8 *data, u32 off, u32 len)
{
	u8 proto = sa->id.encap == OV2_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)(data + off);
	struct iphdr *iph = (struct iphdr *)(data + off);
	u8 old;

	if (sa->id.family == OV2_IPV6) {
		old = ip6h->nexthdr;
		ip6h->nexthdr = proto;
		ip6h->payload_len = htons(len - off - sizeof(*ip6h));
		return old;
	}
	old = iph->protocol;
	iph->protocol = proto;
	iph->tot_len = htons(len - off);
	ip_send_check(iph);
	return old;
}

static void ov2sim_encap_put_esp(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
				 u32 len)
{
	u8 *esp = data + txd->esp_off;
	struct udphdr *uh;

	if (sa->id.encap == OV2_ENCAP_UDP) {
		uh = (struct udphdr *)(esp - sizeof(*uh));
		uh->source = txd->sport;
		uh->dest = txd->dport;
		uh->len = htons(len - txd->esp_off + sizeof(*uh));
		uh->check = 0;
	}
	put_unaligned(sa->id.spi, (__be32 *)esp);
	put_unaligned_be32(lower_32_bits(txd->seq), esp + 4);
	memset(esp + OV2SIM_ESP_HLEN, 0, sa->esp.iv_len);
}

/**
 * ov2sim_encap_put - fill the room that ov2sim_encap_copy() has left
 * @encap: from ov2sim_encap_plan(); df is set
 * @txd: the packet; its offsets are changed to what crypto mode has for the new packet
 * @sa: its SA
 * @data: the copy
 * @len: length of the whole new packet, trailer and ICV included
 */
void ov2sim_encap_put(struct ov2sim_encap *encap, struct ov2sim_txd *txd,
		      const struct ov2sim_sa *sa, u8 *data, u32 len)
{
	__be16 type = htons(sa->id.family == OV2_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	bool tunnel = sa->id.mode == OV2_TUNNEL, ipv4 = sa->id.family == OV2_IPV4;
	u8 *l3 = data + txd->l3_off;
	u8 proto;

	txd->esp_off = encap->at + encap->len - OV2SIM_ESP_HLEN - sa->esp.iv_len;
	txd->inner_off = tunnel ? encap->at + encap->len : 0;
	txd->l4_off += encap->len;
	txd->csum_start += encap->len;

	if (tunnel && ipv4)
		encap->df = ov2sim_encap_put_ipv4(txd, sa, l3, data + txd->inner_off);
	else if (tunnel)
		ov2sim_encap_put_ipv6(txd, sa, l3, data + txd->inner_off);
	put_unaligned(type, (__be16 *)(l3 - sizeof(type)));
	proto = ov2sim_encap_set_ip(sa, data, txd->l3_off, len);
	if (tunnel)
		proto = ipv4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	txd->esp_proto = proto;
	ov2sim_encap_put_esp(txd, sa, data, len);
}

/**
 * ov2sim_encap_put_csum - compute the checksum of an outer UDP header
 * @txd: the packet, with its offsets
 * @sa: its SA
 * @data: the frame, encrypted
 * @len: its length
 *
 * RFC 3948 has no checksum over IPv4. Over IPv6 there must be one (RFC 8200 section 8.1).
 */
void ov2sim_encap_put_csum(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			   u32 len)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)(data + txd->l3_off);
	u32 off = txd->esp_off - sizeof(struct udphdr);
	struct udphdr *uh = (struct udphdr *)(data + off);
	__sum16 sum;

	if (!sa->id.packet || sa->id.encap != OV2_ENCAP_UDP || sa->id.family != OV2_IPV6)
		return;
	sum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len - off, IPPROTO_UDP,
			      csum_partial(uh, len - off, 0));
	uh->check = sum ?: CSUM_MANGLED_0;
}
