// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the suites, see xfrm_frame.h. A packet goes from xfrm_output() to the driver as an offloaded
 * one does, along routes of the test, so that neither policies nor routes are looked up.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include "xfrm_frame.h"

#define FRAME_MTU	1400

/**
 * struct frame_path - the routes of a packet
 * @ops: of both
 * @xdst: to xfrm
 * @child: behind it, to the device
 */
struct frame_path {
	struct dst_ops ops;
	struct xfrm_dst xdst;
	struct dst_entry child;
};

static struct sk_buff *frame_caught;

static unsigned int frame_mtu(const struct dst_entry *dst)
{
	return FRAME_MTU;
}

static int frame_local_out(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return 1;
}

static int frame_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	frame_caught = skb;
	return 0;
}

static struct frame_path *frame_path(struct kunit *test, struct xfrm_state *x)
{
	struct frame_path *path = kunit_kzalloc(test, sizeof(*path), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, path);
	path->ops.family = x->props.family;
	path->ops.mtu = frame_mtu;
	path->ops.local_out = frame_local_out;
	/* Without a hold on the device: the path ends before the device does. */
	dst_init(&path->child, &path->ops, NULL, 0, DST_NOCOUNT);
	dst_init(&path->xdst.u.dst, &path->ops, NULL, 0, DST_NOCOUNT);
	path->child.dev = x->xso.dev;
	path->child.output = frame_output;
	path->xdst.u.dst.dev = x->xso.dev;
	path->xdst.u.dst.xfrm = x;
	path->xdst.u.dst.header_len = x->props.header_len;
	path->xdst.route = &path->child;
	path->xdst.child = &path->child;
	path->xdst.path = &path->child;
	path->xdst.child_mtu_cached = FRAME_MTU;
	return path;
}

static void frame_put_ip(struct sk_buff *skb, const struct xfrm_state *x, u32 len)
{
	if (x->props.family == AF_INET) {
		struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

		iph->version = 4;
		iph->ihl = 5;
		iph->ttl = 64;
		iph->protocol = FRAME_PROTO;
		iph->tot_len = htons(sizeof(*iph) + len);
		iph->saddr = x->props.saddr.a4;
		iph->daddr = x->id.daddr.a4;
		skb->protocol = htons(ETH_P_IP);
	} else {
		struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

		ip6h->version = 6;
		ip6h->hop_limit = 64;
		ip6h->nexthdr = FRAME_PROTO;
		ip6h->payload_len = htons(len);
		ip6h->saddr = x->props.saddr.in6;
		ip6h->daddr = x->id.daddr.in6;
		skb->protocol = htons(ETH_P_IPV6);
	}
}

/* Returns a packet of @len bytes behind the IP header. With 0 it fills its buffer, so that xfrm
 * puts the trailer into a fragment.
 */
static struct sk_buff *frame_plain(struct kunit *test, const struct xfrm_state *x, u32 len)
{
	u32 ip_len = x->props.family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct sk_buff *skb = alloc_skb(512, GFP_KERNEL);
	u8 *data;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 256);
	len = len ?: skb_tailroom(skb) - ip_len;
	skb_reset_network_header(skb);
	frame_put_ip(skb, x, len);
	skb_set_transport_header(skb, ip_len);
	data = skb_put(skb, len);
	for (i = 0; i < len; i++)
		data[i] = i;
	return skb;
}

/* Does what the stack does between the route and the driver. */
static struct sk_buff *frame_validate(struct sk_buff *skb, struct net_device *netdev)
{
	bool again = false;

	skb_dst_drop(skb);
	skb->dev = netdev;
	dev_hard_header(skb, netdev, ntohs(skb->protocol), netdev->dev_addr, netdev->dev_addr,
			skb->len);
	skb_reset_mac_header(skb);
	return validate_xmit_xfrm(skb, netif_skb_features(skb), &again);
}

/* Returns a packet of @len bytes, see frame_plain(), as the driver of the port of @x gets it. */
struct sk_buff *frame_packet(struct kunit *test, struct xfrm_state *x, u32 len)
{
	struct frame_path *path = frame_path(test, x);
	struct sk_buff *skb = frame_plain(test, x, len);

	frame_caught = NULL;
	dst_hold(&path->xdst.u.dst);
	skb_dst_set(skb, &path->xdst.u.dst);
	local_bh_disable();
	xfrm_output(NULL, skb);
	skb = frame_caught;
	if (skb)
		skb = frame_validate(skb, x->xso.dev);
	local_bh_enable();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL_MSG(test, xfrm_offload(skb), "software has encrypted the packet");
	return skb;
}
