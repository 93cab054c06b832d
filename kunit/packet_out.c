// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the suites of packet mode, see packet_out.h. The tests ask offload_ok() themselves, because
 * xfrm of newer kernels refuses some packets before it asks the NIC.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/arp.h>
#include "packet_out.h"

#define PACKET_VXLAN_LEN	8

const u8 packet_next_hop[ETH_ALEN] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };

static struct neighbour *packet_neigh_lookup(const struct dst_entry *dst, struct sk_buff *skb,
					     const void *daddr)
{
	struct packet_route *route = container_of(dst, struct packet_route, child);

	memcpy(&route->asked, daddr, dst->ops->family == AF_INET ? 4 : 16);
	return route->neigh ? neigh_clone(route->neigh) : ERR_PTR(-ENOBUFS);
}

static struct neighbour *packet_neigh(struct fixture *f, struct net_device *netdev, u8 nud)
{
	__be32 addr = htonl(0xc6336463);
	struct neighbour *n = neigh_create(&arp_tbl, &addr, netdev);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(f->test, n);
	KUNIT_ASSERT_EQ(f->test, neigh_update(n, packet_next_hop, nud ?: NUD_PERMANENT,
					      NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN, 0),
			0);
	return n;
}

/* The caller ends it with packet_route_end(). */
struct packet_route *packet_route(struct fixture *f, struct xfrm_state *x,
				  const struct packet_out *want)
{
	struct packet_route *route = kunit_kzalloc(f->test, sizeof(*route), GFP_KERNEL);
	struct net_device *netdev = f->netdev[want->other_port];

	KUNIT_ASSERT_NOT_NULL(f->test, route);
	route->ops.family = want->family ?: x->props.family;
	route->ops.neigh_lookup = packet_neigh_lookup;
	/* Without a hold on the device: the route ends before the device does. */
	dst_init(&route->child, &route->ops, NULL, 0, DST_NOCOUNT);
	dst_init(&route->xdst.u.dst, &route->ops, NULL, 0, DST_NOCOUNT);
	route->metrics.metrics[RTAX_HOPLIMIT - 1] = want->hops;
	dst_init_metrics(&route->child, route->metrics.metrics, true);
	route->child.dev = netdev;
	route->child.xfrm = want->nested ? x : NULL;
	route->xdst.u.dst.dev = netdev;
	route->xdst.u.dst.xfrm = x;
	route->xdst.route = &route->child;
	route->xdst.child = &route->child;
	route->xdst.path = &route->child;
	if (!want->no_neigh)
		route->neigh = packet_neigh(f, netdev, want->nud);
	return route;
}

void packet_route_end(struct packet_route *route)
{
	if (route->neigh)
		neigh_release(route->neigh);
}

static void packet_put_ip(struct sk_buff *skb, u16 family, u8 proto, bool options)
{
	if (family == AF_INET) {
		struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

		iph->version = 4;
		iph->ihl = options ? 6 : 5;
		iph->protocol = proto;
		skb->protocol = htons(ETH_P_IP);
	} else {
		struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

		ip6h->version = 6;
		ip6h->nexthdr = options ? IPPROTO_DSTOPTS : proto;
		skb->protocol = htons(ETH_P_IPV6);
	}
}

static void packet_put_l4(struct sk_buff *skb, bool udp, bool bad_doff)
{
	struct tcphdr *th;

	if (udp) {
		skb_put_zero(skb, sizeof(struct udphdr));
		return;
	}
	th = skb_put_zero(skb, PACKET_TCP_LEN);
	th->doff = bad_doff ? 15 : PACKET_TCP_LEN / 4;
}

static void packet_set_gso(struct sk_buff *skb, const struct packet_out *want)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	bool ipv4 = skb->protocol == htons(ETH_P_IP);

	shinfo->gso_size = PACKET_GSO_SIZE;
	shinfo->gso_segs = DIV_ROUND_UP(want->len, PACKET_GSO_SIZE);
	shinfo->gso_type = want->udp ? SKB_GSO_UDP_L4 : ipv4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	if (want->vxlan)
		shinfo->gso_type |= SKB_GSO_UDP_TUNNEL;
	if (want->dodgy) {
		shinfo->gso_segs = 0;
		shinfo->gso_type |= SKB_GSO_DODGY;
	}
	skb->ip_summed = CHECKSUM_PARTIAL;
}

/* Returns a packet as xfrm_output() has it. It has no headroom. */
struct sk_buff *packet_plain(struct fixture *f, const struct xfrm_state *x,
			     const struct packet_out *want)
{
	u16 family = want->family ?: x->props.family;
	struct sk_buff *skb = alloc_skb(256 + want->len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_reset_network_header(skb);
	packet_put_ip(skb, family, want->udp || want->vxlan ? IPPROTO_UDP : IPPROTO_TCP,
		      want->options);
	skb_set_transport_header(skb, skb->len);
	if (want->vxlan) {
		skb_put_zero(skb, sizeof(struct udphdr) + PACKET_VXLAN_LEN + ETH_HLEN);
		skb_set_inner_network_header(skb, skb->len);
		packet_put_ip(skb, AF_INET, IPPROTO_TCP, false);
		skb_set_inner_transport_header(skb, skb->len);
		skb->encapsulation = 1;
	}
	packet_put_l4(skb, want->udp, want->bad_doff);
	skb_put_zero(skb, want->len);
	if (want->gso)
		packet_set_gso(skb, want);
	skb->dev = f->netdev[0];
	return skb;
}

/* Returns what xfrm_output_one() counts of a packet that has no bytes behind its headers. */
u32 packet_headers(const struct xfrm_state *x, const struct packet_out *want)
{
	u16 family = want->family ?: x->props.family;
	u32 len = want->udp ? sizeof(struct udphdr) : PACKET_TCP_LEN;

	if (want->vxlan)
		len += sizeof(struct udphdr) + PACKET_VXLAN_LEN + ETH_HLEN + sizeof(struct iphdr);
	if (x->props.mode == XFRM_MODE_TUNNEL)
		len += family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	return len;
}

/* xfrm asks whether the NIC takes the packet. */
bool packet_ask(struct sk_buff *skb, struct xfrm_state *x, struct packet_route *route)
{
	bool ok;

	local_bh_disable();
	rcu_read_lock();
	skb_dst_set_noref(skb, &route->xdst.u.dst);
	ok = x->xso.dev->xfrmdev_ops->xdo_dev_offload_ok(skb, x);
	skb_dst_drop(skb);
	rcu_read_unlock();
	local_bh_enable();
	return ok;
}

/* Returns a packet that xfrm has given to @x. */
struct sk_buff *packet_given(struct fixture *f, struct xfrm_state *x,
			     const struct packet_out *want)
{
	struct packet_route *route = packet_route(f, x, want);
	struct sk_buff *skb = packet_plain(f, x, want);

	KUNIT_ASSERT_TRUE(f->test, packet_ask(skb, x, route));
	packet_route_end(route);
	return skb;
}

/* Does what the stack and the driver do with a packet behind the qdisc. Returns the answer of
 * ov2_tx_sa(). The caller may do this again with the same packet, which stands for the next one
 * then.
 */
int packet_send(struct sk_buff *skb, struct ov2_tx *tx)
{
	int ret;

	memset(tx, 0, sizeof(*tx));
	local_bh_disable();
	ov2_features_check(skb, skb->dev, skb->dev->features);
	ret = ov2_tx_sa(skb, tx);
	local_bh_enable();
	return ret;
}

/* Returns a counter of /proc/net/xfrm_stat. */
unsigned long packet_mib(int field)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(init_net.mib.xfrm_statistics, cpu)->mibs[field];
	return sum;
}
