// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the netdev features of a port, in general and for a packet. Owns nothing.
 */
#include <linux/netdevice.h>
#include <net/xfrm.h>
#include "ov2.h"

/**
 * ov2_fix_features - for ndo_fix_features
 * @netdev: one with a port
 * @features: what is wanted
 *
 * Checksums of protected packets and their segmentation need ESP offload, and segmentation needs
 * the checksums: the stack leaves both to the NIC together.
 *
 * Context: rtnl.
 * Return: what is possible.
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

/* Takes ESP offload away from a packet that the NIC does not encrypt, and with it checksum offload:
 * the stack then completes the checksum first, before software encrypts it.
 */
static netdev_features_t ov2_features_of(struct sk_buff *skb, struct net_device *netdev,
					 const struct xfrm_state *x, netdev_features_t features)
{
	struct ov2_sa *sa;
	bool live;

	rcu_read_lock();
	sa = ov2_sa_of(x);
	live = sa && features & NETIF_F_HW_ESP && sa->port->netdev == netdev &&
	       x->xso.dev == netdev && sa->dir == OV2_OUT && ov2_tx_usable(sa, netdev);
	if (live && !(READ_ONCE(sa->nic->features) & OV2_CAP_LSO))
		features &= ~NETIF_F_GSO_ESP;
	rcu_read_unlock();
	if (!live)
		features &= ~(NETIF_F_GSO_ESP | NETIF_F_HW_ESP_TX_CSUM);
	/* ESP in UDP stays the NIC's, for software would mangle it. ov2_tx_sa() decides. */
	if (!live && !x->encap)
		features &= ~NETIF_F_HW_ESP;
	if (!(features & NETIF_F_HW_ESP_TX_CSUM))
		features &= ~NETIF_F_CSUM_MASK;
	return features;
}

/* Has ov2_tx_sa() drop a packet. Clones share the xfrm_offload, so this packet gets its own first;
 * without memory for that the clones are dropped, too.
 */
static void ov2_features_spoil(struct sk_buff *skb, u32 flags, u32 status)
{
	struct xfrm_offload *xo;

	skb_ext_add(skb, SKB_EXT_SEC_PATH);
	xo = xfrm_offload(skb);
	xo->flags |= flags;
	xo->status = status;
}

/**
 * ov2_features_check - for ndo_features_check
 * @skb: a packet on its way to the driver, perhaps for long in a qdisc
 * @netdev: one with a port
 * @features: what the stack has in mind for it
 *
 * If xfrm framed the packet for an SA that the NIC does not serve any more, or for another device,
 * takes ESP offload away so that software encrypts it, and checksum offload so that the checksum is
 * complete before that. Packets in UDP stay meant for the NIC, because software would mangle them:
 * ov2_tx_sa() drops those that the NIC does not serve.
 *
 * The stack must not segment what it does not know how to, if segmentation has been switched off
 * meanwhile: a packet in UDP, whose segments would be one more than the numbers that xfrm has taken
 * for them, and one that was given to the driver before and that the driver had no room for, whose
 * segments would have one number. They would share an IV: ov2_tx_sa() drops those, too.
 *
 * The netdev must not have NETIF_F_HW_ESP among its gso_partial_features, which cannot be taken
 * away here.
 *
 * Context: send path, BH off.
 * Return: what of @features holds for the packet.
 */
netdev_features_t ov2_features_check(struct sk_buff *skb, struct net_device *netdev,
				     netdev_features_t features)
{
	struct xfrm_offload *xo = xfrm_offload(skb);
	const struct xfrm_state *x;
	bool framed;

	if (!xo)
		return features;
	x = xfrm_input_state(skb);
	framed = xo->flags & XFRM_XMIT;
	if (!framed && x->encap && (!(features & NETIF_F_HW_ESP) || x->xso.dev != netdev)) {
		/* The stack would have software encrypt it. XFRM_XMIT says that this is done. */
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
