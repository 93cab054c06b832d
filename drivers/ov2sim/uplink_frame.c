// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: frames between the chip and the lower device of an uplink.
 *
 * The chip knows frames as they are on a wire. Software devices exchange packets that are not
 * finished: aggregates, checksums to be computed, VLAN tags beside the packet. They are finished
 * here before the chip sees them. All functions run under RCU: the chip's worker and the stack hold
 * it, and ov2sim_uplink_detach() waits for both.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/gso.h>

#include "ov2sim.h"

/* Receive */

static void ov2sim_uplink_rx_drop(struct ov2sim_port *port, struct sk_buff *skb)
{
	dev_core_stats_rx_dropped_inc(port->ov2.netdev);
	kfree_skb(skb);
}

/* Pass one frame to the chip, which copies it, and counts it if it has no room. */
static void ov2sim_uplink_rx_frame(struct ov2sim_port *port, struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_csum_hwoffload_help(skb, 0)) {
		ov2sim_uplink_rx_drop(port, skb);
		return;
	}
	ov2sim_hw_wire_rx(port->sim->hw, port->ov2.index, skb);
	consume_skb(skb);
}

/* Cut an aggregate into the frames that it stands for. */
static void ov2sim_uplink_rx_aggregate(struct ov2sim_port *port, struct sk_buff *skb)
{
	struct sk_buff *segs, *seg, *next;

	segs = __skb_gso_segment(skb, 0, false);
	if (IS_ERR_OR_NULL(segs)) {
		ov2sim_uplink_rx_drop(port, skb);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		ov2sim_uplink_rx_frame(port, seg);
	}
}

/**
 * ov2sim_uplink_rx - the RX handler of a lower device
 * @pskb: the packet, data behind the Ethernet header
 *
 * Takes all packets but those that the stack loops back, which have no Ethernet header. Others
 * without one are dropped.
 *
 * Context: softirq.
 * Return: RX_HANDLER_CONSUMED or RX_HANDLER_PASS.
 */
rx_handler_result_t ov2sim_uplink_rx(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct ov2sim_port *port;

	if (skb->pkt_type == PACKET_LOOPBACK)
		return RX_HANDLER_PASS;
	port = rcu_dereference(skb->dev->rx_handler_data);

	/* tc can redirect packets of a tunnel to an Ethernet device. These begin with IP. */
	if (skb->data - skb_mac_header(skb) < ETH_HLEN) {
		ov2sim_uplink_rx_drop(port, skb);
		return RX_HANDLER_CONSUMED;
	}
	/* A packet socket may have the same skb. */
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		goto drop;
	__skb_push(skb, skb->data - skb_mac_header(skb));
	if (skb_vlan_tag_present(skb))
		skb = __vlan_hwaccel_push_inside(skb);
	if (!skb)
		goto drop;
	if (skb_is_gso(skb))
		ov2sim_uplink_rx_aggregate(port, skb);
	else
		ov2sim_uplink_rx_frame(port, skb);
	return RX_HANDLER_CONSUMED;

drop:
	dev_core_stats_rx_dropped_inc(port->ov2.netdev);
	return RX_HANDLER_CONSUMED;
}

/* Transmit */

/* The MTU of a device does not include one VLAN tag. */
static bool ov2sim_uplink_too_long(const struct net_device *lower, const struct ethhdr *eth,
				   u32 len)
{
	u32 max = ETH_HLEN + READ_ONCE(lower->mtu);

	return len > (eth_type_vlan(eth->h_proto) ? max + VLAN_HLEN : max);
}

/* Make an skb of a frame, padded to the length that Ethernet requires. */
static struct sk_buff *ov2sim_uplink_build(struct net_device *lower, const void *data, u32 len)
{
	u32 headroom = LL_RESERVED_SPACE(lower) + NET_IP_ALIGN;
	u32 pad = len < ETH_ZLEN ? ETH_ZLEN - len : 0;
	struct sk_buff *skb;
	int l3 = ETH_HLEN;

	skb = alloc_skb(headroom + len + pad + lower->needed_tailroom, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	skb_put_data(skb, data, len);
	skb_put_zero(skb, pad);
	skb->dev = lower;
	skb_reset_mac_header(skb);
	skb->protocol = eth_hdr(skb)->h_proto;
	/* Qdiscs look for the IP header behind the VLAN tags, and some write to it (ECN). */
	if (eth_type_vlan(skb->protocol))
		vlan_get_protocol_and_depth(skb, skb->protocol, &l3);
	skb_set_network_header(skb, l3);
	return skb;
}

/**
 * ov2sim_uplink_send - send a frame of the chip's through the lower device
 * @wire: the wire of a port
 * @data: the frame, from the Ethernet header on
 * @len: its length
 *
 * There is no flow control: the queue of the lower device takes the frame or drops it, as a switch
 * at the other end of a cable would. To keep count of what that queue holds we would need a
 * destructor on each skb, and the module could not go before the last of them.
 *
 * Context: a worker of the chip, under RCU.
 * Return: as &struct ov2sim_wire.send.
 */
int ov2sim_uplink_send(struct ov2sim_wire *wire, const void *data, u32 len)
{
	struct ov2sim_uplink *uplink = container_of(wire, struct ov2sim_uplink, wire);
	struct net_device *lower = rcu_dereference(uplink->lower);
	struct sk_buff *skb;
	int ret;

	/* After a surprise removal, whose grace period ov2sim_uplink_detach() need not wait for. */
	if (!lower)
		return -ENETDOWN;
	if (len < ETH_HLEN || ov2sim_uplink_too_long(lower, data, len))
		return -EMSGSIZE;
	skb = ov2sim_uplink_build(lower, data, len);
	if (!skb)
		return -ENOMEM;
	ret = dev_queue_xmit(skb);
	/* A queue that drops the frame returns a positive value. NET_XMIT_CN is no loss of it. */
	if (ret == NET_XMIT_CN)
		return 0;
	return ret > 0 ? -ENOBUFS : ret;
}
