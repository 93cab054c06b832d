// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: TCP packets as the stack passes them to a NIC, for KUnit. */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include "nic_packet.h"

#define NIC_PACKET_TCP_LEN	32

const u8 nic_packet_addr[ETH_ALEN] __aligned(2) = { 0x02, 0, 0, 0, 0, 0x01 };

u8 nic_packet_byte(u32 i)
{
	return i * 7 + (i >> 8);
}

static u32 nic_packet_ip_len(enum ov2_family family)
{
	return family == OV2_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* Put an IP header from 192.0.2.1 to 192.0.2.2 or from 2001:db8::1 to 2001:db8::2. @len is the
 * length of its payload.
 */
static void nic_packet_put_ip(struct sk_buff *skb, enum ov2_family family, u8 proto, u32 len)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	if (family == OV2_IPV4) {
		iph = skb_put_zero(skb, sizeof(*iph));
		iph->version = 4;
		iph->ihl = 5;
		iph->ttl = 64;
		iph->id = htons(NIC_PACKET_IP_ID);
		iph->protocol = proto;
		iph->tot_len = htons(sizeof(*iph) + len);
		iph->saddr = cpu_to_be32(0xc0000201);
		iph->daddr = cpu_to_be32(0xc0000202);
		ip_send_check(iph);
		return;
	}
	ip6h = skb_put_zero(skb, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->hop_limit = 64;
	ip6h->nexthdr = proto;
	ip6h->payload_len = htons(len);
	ip6h->saddr.s6_addr32[0] = cpu_to_be32(0x20010db8);
	ip6h->saddr.s6_addr[15] = 1;
	ip6h->daddr.s6_addr32[0] = cpu_to_be32(0x20010db8);
	ip6h->daddr.s6_addr[15] = 2;
}

/* Put a TCP header, with the sum of the pseudo header as CHECKSUM_PARTIAL requires. */
static void nic_packet_put_tcp(struct sk_buff *skb, u32 ip_off, enum ov2_family family, u32 payload)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)(skb->data + ip_off);
	const struct iphdr *iph = (const struct iphdr *)ip6h;
	struct tcphdr *th = skb_put_zero(skb, NIC_PACKET_TCP_LEN);
	u32 len = NIC_PACKET_TCP_LEN + payload;

	memset(th + 1, 1, NIC_PACKET_TCP_LEN - sizeof(*th));
	th->source = htons(1000);
	th->dest = htons(2000);
	th->seq = htonl(NIC_PACKET_TCP_SEQ);
	th->doff = NIC_PACKET_TCP_LEN / 4;
	th->ack = 1;
	th->psh = 1;
	th->fin = 1;
	th->cwr = 1;
	if (family == OV2_IPV4)
		th->check = ~csum_tcpudp_magic(iph->saddr, iph->daddr, len, IPPROTO_TCP, 0);
	else
		th->check = ~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_TCP, 0);
}

static void nic_packet_put_esp(struct sk_buff *skb, const struct nic_packet *p, u32 len)
{
	struct udphdr *uh;
	u8 *esp;

	if (p->encap == OV2_ENCAP_UDP) {
		uh = skb_put_zero(skb, sizeof(*uh));
		uh->source = htons(4500);
		uh->dest = htons(4500);
		uh->len = htons(len + sizeof(*uh));
	}
	esp = skb_put_zero(skb, 8 + p->iv_len);
	put_unaligned_be32(NIC_TEST_SPI, esp);
	put_unaligned_be32(lower_32_bits(p->seq), esp + 4);
}

static void nic_packet_put_trailer(struct sk_buff *skb, u32 pad, u8 proto, u32 icv_len)
{
	u32 i;

	for (i = 0; i < pad; i++)
		skb_put_u8(skb, i + 1);
	skb_put_u8(skb, pad);
	skb_put_u8(skb, proto);
	/* The stack leaves the room for the ICV uninitialised. */
	memset(skb_put(skb, icv_len), 0xcc, icv_len);
}

static u8 nic_packet_outer_proto(const struct nic_packet *p, u8 inner)
{
	if (!p->esp)
		return inner;
	return p->encap == OV2_ENCAP_UDP ? IPPROTO_UDP : IPPROTO_ESP;
}

struct sk_buff *nic_packet_build(struct kunit *test, const struct nic_packet *p,
				 struct ov2sim_txd *txd)
{
	u8 proto = !p->tunnel ? IPPROTO_TCP : p->inner == OV2_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	u32 inner_len = p->tunnel ? nic_packet_ip_len(p->inner) : 0;
	u32 text = inner_len + NIC_PACKET_TCP_LEN + p->payload;
	bool trailer = p->esp && (!p->mss || p->encap == OV2_ENCAP_UDP);
	u32 pad = trailer ? ALIGN(text + 2, p->block) - text - 2 : 0;
	u32 esp_len = p->esp ? 8 + p->iv_len : 0;
	u32 len = esp_len + text + (trailer ? pad + 2 + p->icv_len : 0);
	struct sk_buff *skb = alloc_skb(256 + len, GFP_KERNEL);
	struct ethhdr *eth;
	u32 i, ip_off;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	*txd = (struct ov2sim_txd){ .skb = skb, .l3_off = ETH_HLEN, .mss = p->mss,
				    .segs = p->mss ? DIV_ROUND_UP(p->payload, p->mss) : 0,
				    .offload_handle = p->handle, .seq = p->seq };
	eth = skb_put_zero(skb, sizeof(*eth));
	ether_addr_copy(eth->h_dest, nic_packet_addr);
	eth->h_proto = htons(p->family == OV2_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	ip_off = skb->len;
	nic_packet_put_ip(skb, p->family, nic_packet_outer_proto(p, proto),
			  len + (p->encap == OV2_ENCAP_UDP ? sizeof(struct udphdr) : 0));
	if (p->esp) {
		nic_packet_put_esp(skb, p, len);
		txd->esp_off = skb->len - esp_len;
		txd->esp_proto = proto;
		txd->flags |= OV2SIM_TX_ESP;
	}
	if (p->tunnel) {
		ip_off = skb->len;
		txd->inner_off = ip_off;
		nic_packet_put_ip(skb, p->inner, IPPROTO_TCP, text - inner_len);
	}
	txd->l4_off = skb->len;
	txd->csum_start = skb->len;
	txd->csum_offset = offsetof(struct tcphdr, check);
	nic_packet_put_tcp(skb, ip_off, p->tunnel ? p->inner : p->family, p->payload);
	for (i = 0; i < p->payload; i++)
		skb_put_u8(skb, nic_packet_byte(i));
	if (trailer)
		nic_packet_put_trailer(skb, pad, proto, p->icv_len);
	if (p->mss)
		txd->flags |= OV2SIM_TX_LSO | (trailer ? OV2SIM_TX_ESP_TRAILER : 0);
	else
		txd->flags |= OV2SIM_TX_CSUM;
	return skb;
}
