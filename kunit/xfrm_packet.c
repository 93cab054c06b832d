// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets as a NIC has received and decrypted them, for xfrm_input(): ESP in UDP, tunnel mode. And
 * a protocol whose priority is between the core's and xfrm's.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <net/esp.h>
#include "../drivers/ov2/rx.h"
#include "xfrm_packet.h"

#define PACKET_IV_LEN		8
#define PACKET_ICV_LEN		16
#define PACKET_PAD_LEN		2
#define PACKET_PRIORITY		150	/* between the core's and vti's */

struct packet_seen packet_seen;

/* Avoids a route lookup, because there is no route. */
static struct dst_ops packet_dst_ops = { .family = AF_INET };
static struct dst_entry packet_dst = { .ops = &packet_dst_ops };

static void packet_put_ip4(struct sk_buff *skb, const struct xfrm_state *x, u8 proto, u32 len)
{
	struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->tot_len = htons(sizeof(*iph) + len);
	iph->protocol = proto;
	iph->saddr = x->props.saddr.a4;
	iph->daddr = x->id.daddr.a4;
}

static void packet_put_ip6(struct sk_buff *skb, const struct xfrm_state *x, u8 proto, u32 len)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

	ip6h->version = 6;
	ip6h->hop_limit = 64;
	ip6h->payload_len = htons(len);
	ip6h->nexthdr = proto;
	ip6h->saddr = x->props.saddr.in6;
	ip6h->daddr = x->id.daddr.in6;
}

static void packet_put_ip(struct sk_buff *skb, const struct xfrm_state *x, u8 proto, u32 len)
{
	if (x->props.family == AF_INET)
		packet_put_ip4(skb, x, proto, len);
	else
		packet_put_ip6(skb, x, proto, len);
}

/* Appends the decrypted part behind the UDP header. */
static void packet_put_esp(struct sk_buff *skb, const struct xfrm_state *x, u32 seq)
{
	struct ip_esp_hdr *esp = skb_put_zero(skb, sizeof(*esp) + PACKET_IV_LEN);
	u8 *trailer;

	esp->spi = x->id.spi;
	esp->seq_no = htonl(seq);
	packet_put_ip(skb, x, IPPROTO_NONE, 0);
	trailer = skb_put_zero(skb, PACKET_PAD_LEN + 2 + PACKET_ICV_LEN);
	trailer[PACKET_PAD_LEN] = PACKET_PAD_LEN;
	trailer[PACKET_PAD_LEN + 1] = x->props.family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* Removes the padding of the frame. */
static void packet_trim(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		pskb_trim(skb, ntohs(ip_hdr(skb)->tot_len));
	else
		pskb_trim(skb, sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len));
}

static void packet_put_udp(struct sk_buff *skb, const struct xfrm_state *x, u32 len)
{
	struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

	uh->source = x->encap->encap_sport;
	uh->dest = x->encap->encap_dport;
	uh->len = htons(len);
}

/* Returns a packet as eth_type_trans() leaves it, from the IP header to the padding of the frame,
 * for an SA with AES-GCM and tunnel mode.
 */
struct sk_buff *packet_received(struct fixture *f, struct xfrm_state *x, u32 seq)
{
	bool ipv4 = x->props.family == AF_INET;
	u32 ip_len = ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct sk_buff *skb = alloc_skb(512, GFP_KERNEL);
	u32 len = sizeof(struct ip_esp_hdr) + PACKET_IV_LEN + ip_len + PACKET_PAD_LEN + 2 +
		  PACKET_ICV_LEN;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_reserve(skb, NET_SKB_PAD);
	skb_reset_mac_header(skb);
	skb_put_zero(skb, ETH_HLEN);
	__skb_pull(skb, ETH_HLEN);
	if (x->encap) {
		packet_put_ip(skb, x, IPPROTO_UDP, sizeof(struct udphdr) + len);
		packet_put_udp(skb, x, sizeof(struct udphdr) + len);
	} else {
		packet_put_ip(skb, x, IPPROTO_ESP, len);
	}
	packet_put_esp(skb, x, seq);
	skb_put_zero(skb, 6);
	skb->protocol = ipv4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb->pkt_type = PACKET_HOST;
	skb->dev = f->netdev[0];
	return skb;
}

/* The NIC gives the packet to the core, which marks and holds it. Returns the stand-in. Returns
 * NULL if there is none; the skb belongs to the caller then.
 */
struct sk_buff *packet_hold(struct fixture *f, struct sk_buff *skb, const struct xfrm_state *x,
			    u32 flags, u32 status)
{
	u32 ip_len = x->props.family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	const struct ip_esp_hdr *esp = (void *)(skb->data + ip_len + sizeof(struct udphdr));
	struct ov2_rx_meta meta = {
		.cookie = x->xso.offload_handle,
		.flags = flags,
		.status = status,
		.seq = ntohl(esp->seq_no),
	};
	struct sk_buff *standin = NULL;

	local_bh_disable();
	rcu_read_lock();
	if (ov2_rx_mark(fixture_port_of(f, 0), skb, &meta) == 1) {
		skb_reset_network_header(skb);
		packet_trim(skb);
		standin = ov2_held_put(fixture_port_of(f, 0), skb, ip_len + sizeof(struct udphdr));
	}
	rcu_read_unlock();
	local_bh_enable();
	return standin;
}

/* Marks a packet without the core. */
void packet_mark(struct fixture *f, struct sk_buff *skb, struct xfrm_state *x, u32 flags)
{
	struct sec_path *sp = secpath_set(skb);
	struct xfrm_offload *xo;

	KUNIT_ASSERT_NOT_NULL(f->test, sp);
	xfrm_state_hold(x);
	sp->xvec[sp->len++] = x;
	sp->olen++;
	xo = xfrm_offload(skb);
	xo->flags = flags;
	xo->status = CRYPTO_SUCCESS;
}

/* Gives a packet to xfrm, whether it is marked, a stand-in or neither, with the IP and UDP headers
 * pulled. Consumes the skb.
 */
void packet_input(struct sk_buff *skb)
{
	bool ipv4 = skb->protocol == htons(ETH_P_IP);

	local_bh_disable();
	rcu_read_lock();
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	skb_dst_set_noref(skb, &packet_dst);
	packet_trim(skb);
	memset(skb->cb, 0, sizeof(skb->cb));
	__skb_pull(skb, (ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) +
			sizeof(struct udphdr));
	skb_reset_transport_header(skb);
	if (ipv4)
		xfrm4_rcv_encap(skb, IPPROTO_ESP, 0, UDP_ENCAP_ESPINUDP);
	else
		xfrm6_rcv_encap(skb, IPPROTO_ESP, 0, UDP_ENCAP_ESPINUDP);
	rcu_read_unlock();
	local_bh_enable();
}

static int packet_spy_cb(struct sk_buff *skb, int err)
{
	const struct xfrm_offload *xo = xfrm_offload(skb);
	int off = skb_network_offset(skb);

	packet_seen.packets++;
	packet_seen.err = err;
	packet_seen.flags = xo ? xo->flags : 0;
	packet_seen.mark = skb->mark;
	packet_seen.dev = skb->dev;
	packet_seen.next_header = XFRM_MODE_SKB_CB(skb)->protocol;
	packet_seen.ip_summed = skb->ip_summed;
	packet_seen.mac_type = skb_mac_header_was_set(skb) ? eth_hdr(skb)->h_proto : 0;
	packet_seen.len = skb->len - off;
	skb_copy_bits(skb, off, packet_seen.head, min_t(u32, packet_seen.len, PACKET_HEAD_LEN));
	return 1;
}

static int packet_spy_rcv(struct sk_buff *skb)
{
	return -EINVAL;
}

static int packet_spy_input(struct sk_buff *skb, int nexthdr, __be32 spi, int encap_type)
{
	return -EINVAL;
}

static int packet_spy_err4(struct sk_buff *skb, u32 info)
{
	return -ENOENT;
}

static int packet_spy_err6(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code,
			   int offset, __be32 info)
{
	return -ENOENT;
}

static struct xfrm4_protocol packet_spy4 = {
	.handler = packet_spy_rcv,
	.input_handler = packet_spy_input,
	.cb_handler = packet_spy_cb,
	.err_handler = packet_spy_err4,
	.priority = PACKET_PRIORITY,
};

static struct xfrm6_protocol packet_spy6 = {
	.handler = packet_spy_rcv,
	.input_handler = packet_spy_input,
	.cb_handler = packet_spy_cb,
	.err_handler = packet_spy_err6,
	.priority = PACKET_PRIORITY,
};

int packet_spy_start(void)
{
	int err;

	memset(&packet_seen, 0, sizeof(packet_seen));
	err = xfrm4_protocol_register(&packet_spy4, IPPROTO_ESP);
	if (err)
		return err;
	err = xfrm6_protocol_register(&packet_spy6, IPPROTO_ESP);
	if (err)
		xfrm4_protocol_deregister(&packet_spy4, IPPROTO_ESP);
	return err;
}

void packet_spy_stop(void)
{
	xfrm6_protocol_deregister(&packet_spy6, IPPROTO_ESP);
	xfrm4_protocol_deregister(&packet_spy4, IPPROTO_ESP);
}
