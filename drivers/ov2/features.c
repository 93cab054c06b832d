// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the netdev features of a port, and those of a single packet. Owns nothing.
 */
#include <linux/netdevice.h>
#include <net/esp.h>
#include <net/xfrm.h>
#include "ov2.h"
#include "packet.h"

/**
 * ov2_fix_features - for ndo_fix_features
 * @netdev: a netdev with a port
 * @features: requested features
 *
 * Checksum offload of ESP packets and their segmentation need ESP offload. Segmentation also needs
 * checksum offload, because the stack leaves both to the NIC together.
 *
 * Context: rtnl.
 * Return: the requested features that are possible.
 */
netdev_features_t ov2_fix_features(struct net_device *netdev, netdev_features_t features)
{
	struct ov2_port *port = ov2_port_of(netdev);
	u32 caps = port ? READ_ONCE(port->nic->features) : 0;

	if (!(caps & OV2_CAP_TX_CSUM))
		features &= ~NETIF_F_HW_ESP_TX_CSUM;
	if (!(caps & OV2_CAP_LSO))
		features &= ~NETIF_F_GSO_ESP;
	if (!(features & NETIF_F_HW_ESP))
		features &= ~(NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP);
	if (!(features & NETIF_F_HW_ESP_TX_CSUM))
		features &= ~NETIF_F_GSO_ESP;
	return features;
}
EXPORT_SYMBOL_GPL(ov2_fix_features);

/* Makes ov2_tx_sa() drop a packet. Clones share the xfrm_offload, so give this packet its own
 * first. If there is no memory for that, the clones are dropped as well.
 */
static void ov2_features_spoil(struct sk_buff *skb, u32 flags, u32 status)
{
	struct xfrm_offload *xo;

	skb_ext_add(skb, SKB_EXT_SEC_PATH);
	xo = xfrm_offload(skb);
	xo->flags |= flags;
	xo->status = status;
}

/* Gives a packet that software is to encrypt an xfrm_offload of its own, with the number that is in
 * its ESP header. Software takes the number, and the IV, from the xfrm_offload, and packets may
 * share that: those into which xfrm has segmented a burst of a tunnel device, which then all have
 * the number of the last, and clones of a burst, of which each that is segmented counts it on. A
 * segment that the stack has made has no number of its own in its header, because esp_xmit()
 * counts.
 */
static void ov2_features_own_number(struct sk_buff *skb, const struct xfrm_state *x)
{
	struct xfrm_offload *xo = xfrm_offload(skb);
	u64 seq;

	/* A packet that was decrypted is on its way elsewhere, and has no ESP header. */
	if (xo->flags & (CRYPTO_DONE | XFRM_GRO) ||
	    (xo->flags & XFRM_GSO_SEGMENT && !skb_is_gso(skb)))
		return;
	if (!skb_ext_add(skb, SKB_EXT_SEC_PATH)) {
		ov2_features_spoil(skb, XFRM_XMIT, CRYPTO_GENERIC_ERROR);
		return;
	}
	xo = xfrm_offload(skb);
	seq = ov2_tx_seq(be32_to_cpu(ip_esp_hdr(skb)->seq_no), xo->seq.low, xo->seq.hi);
	xo->seq.low = lower_32_bits(seq);
	if (x->props.flags & XFRM_STATE_ESN)
		xo->seq.hi = upper_32_bits(seq);
}

/* Removes ESP offload from the features of a packet that the NIC does not encrypt. Removes checksum
 * offload as well, so that the stack completes the checksum before software encrypts the packet.
 */
static netdev_features_t ov2_features_of(struct sk_buff *skb, struct net_device *netdev,
					 const struct xfrm_state *x, netdev_features_t features)
{
	struct ov2_sa *sa;
	bool live;

	rcu_read_lock();
	sa = ov2_state_sa(x);
	live = sa && features & NETIF_F_HW_ESP && sa->port->netdev == netdev &&
	       x->xso.dev == netdev && sa->dir == OV2_OUT && ov2_tx_usable(sa, netdev);
	if (live && !(READ_ONCE(sa->nic->features) & OV2_CAP_LSO))
		features &= ~NETIF_F_GSO_ESP;
	rcu_read_unlock();
	if (!live)
		features &= ~(NETIF_F_GSO_ESP | NETIF_F_HW_ESP_TX_CSUM);
	/* Keep ESP in UDP for the NIC, because software would build wrong headers. ov2_tx_sa()
	 * decides whether the packet is sent.
	 */
	if (!live && !x->encap) {
		features &= ~NETIF_F_HW_ESP;
		ov2_features_own_number(skb, x);
	}
	if (!(features & NETIF_F_HW_ESP_TX_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	return features;
}

/* The NIC must segment and checksum a packet in packet mode before it encrypts it, so leave to it
 * only what it can do with ESP.
 */
static netdev_features_t ov2_features_of_packet(struct sk_buff *skb,
						const struct net_device *netdev,
						netdev_features_t features)
{
	const struct ov2_port *port = ov2_port_of(netdev);
	u32 caps = port ? READ_ONCE(port->nic->features) : 0;
	bool udp = ov2_packet_in_udp(xfrm_offload(skb));

	if (!(features & NETIF_F_HW_ESP_TX_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	if (!(features & NETIF_F_GSO_ESP) || !(caps & OV2_CAP_LSO) ||
	    (udp && !(caps & OV2_CAP_UDP_LSO)))
		features &= ~NETIF_F_GSO_MASK;
	return features;
}

/**
 * ov2_features_check - for ndo_features_check
 * @skb: a packet on its way to the driver; it may have waited in a qdisc
 * @netdev: a netdev with a port
 * @features: features that the stack wants to use for the packet
 *
 * xfrm may have framed the packet for an SA that the NIC no longer serves, or for another device.
 * In that case remove ESP offload, so that software encrypts the packet, and checksum offload, so
 * that the checksum is complete before that. ESP in UDP stays with the NIC, because software would
 * build wrong headers; ov2_tx_sa() drops such packets if the NIC does not serve the SA.
 *
 * If segmentation was switched off meanwhile, the stack must not segment two kinds of packets. For
 * ESP in UDP it would make one segment more than xfrm has reserved sequence numbers for. For a
 * packet that was given to the driver before, when the driver had no room, it would give all
 * segments the same number. In both cases an IV would be used twice, so make ov2_tx_sa() drop the
 * packet.
 *
 * A packet in packet mode is marked as one that may pass the stack's own ESP code. Segmentation and
 * checksums are left to the NIC only if it can do both before it encrypts the packet.
 *
 * The netdev must not have NETIF_F_HW_ESP in gso_partial_features, because this function cannot
 * remove such a feature.
 *
 * Context: send path, BH off.
 * Return: the part of @features that applies to the packet.
 */
netdev_features_t ov2_features_check(struct sk_buff *skb, struct net_device *netdev,
				     netdev_features_t features)
{
	struct xfrm_offload *xo = xfrm_offload(skb);
	const struct xfrm_state *x;
	bool framed;

	if (!xo)
		return features;
	if (ov2_packet_tagged(xo)) {
		ov2_packet_pass(skb);
		return ov2_features_of_packet(skb, netdev, features);
	}
	x = xfrm_input_state(skb);
	framed = xo->flags & XFRM_XMIT;
	if (!framed && x->encap && (!(features & NETIF_F_HW_ESP) || x->xso.dev != netdev)) {
		/* The stack would let software encrypt the packet. XFRM_XMIT makes the stack
		 * believe that this has been done.
		 */
		ov2_features_spoil(skb, XFRM_XMIT, CRYPTO_INVALID_PROTOCOL);
		return features;
	}
	if (!framed)
		features = ov2_features_of(skb, netdev, x, features);
	if ((framed || x->encap) && netif_needs_gso(skb, features))
		ov2_features_spoil(skb, 0, CRYPTO_GENERIC_ERROR);
	return features;
}
EXPORT_SYMBOL_GPL(ov2_features_check);
