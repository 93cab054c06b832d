// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: what xfrm calls. Finds the SA of an xfrm_state and hands over to sa.c; owns no state.
 * The contexts are those of XFRM: add may sleep, delete and advance_esn run under x->lock with BH
 * off, offload_ok on the send path under RCU.
 */
#include <compat.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* GSO bursts stop this far before the lower half of an ESN wraps: no burst may cross it. */
#define OV2_GSO_WRAP_GUARD	0x10000

ov2_xdo_protos(ov2_xdo_state_add);

/* NULL if the netdev is not one of ours, as when a bond calls through. */
struct ov2_port *ov2_port_of(const struct net_device *netdev)
{
	const struct xfrmdev_ops *ops = netdev->xfrmdev_ops;

	if (!ops || ops->xdo_dev_state_add != ov2_xdo_fn(xdo_dev_state_add, ov2_xdo_state_add))
		return NULL;
	return container_of(ops, struct ov2_port, xfrmdev_ops);
}

/* Context: RCU read side, or from xfrm between add and free. */
static struct ov2_sa *ov2_xfrm_sa(const struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_sa_find(READ_ONCE(x->xso.offload_handle));

	return sa && rcu_access_pointer(sa->x) == x ? sa : NULL;
}

static int ov2_xdo_state_add(struct net_device *netdev, struct xfrm_state *x,
			     struct netlink_ext_ack *extack)
{
	struct ov2_port *port = ov2_port_of(netdev);
	struct ov2_sa *sa;
	int err;

	/* An acquire comes in atomic context, without keys; only packet mode has them. */
	if (x->xso.flags & XFRM_DEV_OFFLOAD_FLAG_ACQ)
		return -EOPNOTSUPP;
	/* A bond does not ask its port's offload_ok(), so each packet that the NIC cannot take
	 * would be lost; and it leaves GSO to its ports that they do not do.
	 */
	if (!port || x->xso.dev != netdev) {
		NL_SET_ERR_MSG_MOD(extack, "SAs are not offloaded through another device");
		return -EOPNOTSUPP;
	}
	if (!(netdev->features & NETIF_F_HW_ESP)) {
		NL_SET_ERR_MSG_MOD(extack, "esp-hw-offload is switched off on the device");
		return -EOPNOTSUPP;
	}
	sa = ov2_sa_alloc(port->nic, port, x);
	if (!sa)
		return -ENOMEM;
	err = ov2_xlate(x, &sa->add, extack);
	if (err)
		goto err_put;
	ov2_xfrm_pair_key(x, &sa->pair_key);
	sa->dir = sa->add.dir;
	sa->esn = sa->add.esn;
	sa->encap = sa->add.encap != OV2_ENCAP_NONE;
	sa->window = sa->add.replay_window;
	sa->seq_told = ov2_seq_u64(sa->add.seq);
	sa->seq_last = sa->seq_told;
	if (sa->add.iv == OV2_IV_SEQ) {
		sa->sent = ov2_sent_alloc();
		if (!sa->sent) {
			err = -ENOMEM;
			goto err_put;
		}
	}
	/* The keys are taken anew when the node leaves for the NIC. */
	ov2_sa_wipe(&sa->add);
	/* The NIC may be faster than our return. */
	WRITE_ONCE(x->xso.offload_handle, sa->cookie);
	err = ov2_sa_admit(sa, extack);
	if (err)
		goto err_handle;
	return 0;

err_handle:
	WRITE_ONCE(x->xso.offload_handle, 0);
err_put:
	ov2_sa_put(sa);
	return err;
}

static void ov2_xdo_state_delete(struct net_device *netdev, struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_xfrm_sa(x);

	if (sa)
		ov2_sa_delete(sa);
}

/* Never waits for the NIC: the SA lives on, without x, until its DELETE_SA is complete. */
static void ov2_xdo_state_free(struct net_device *netdev, struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_sa_find(x->xso.offload_handle);

	if (!sa || sa->owner != x)
		return;
	if (rcu_access_pointer(sa->x)) {
		/* Freed without a delete: nobody may find x any more when it goes, which after a
		 * delete the GC sees to.
		 */
		ov2_sa_delete(sa);
		synchronize_rcu();
	}
	WRITE_ONCE(x->xso.offload_handle, 0);
	ov2_sa_put(sa);
}

/* Can tc, BPF or nftables take a packet from the port after xfrm has framed it? Context: RCU. */
static bool ov2_netdev_has_egress_hook(const struct net_device *netdev)
{
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(netdev->tcx_egress))
		return true;
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(netdev->nf_hooks_egress))
		return true;
#endif
	return false;
}

static bool ov2_xfrm_gso_ok(struct sk_buff *skb, const struct xfrm_state *x,
			    const struct ov2_sa *sa)
{
	const struct net_device *netdev = sa->port->netdev;
	u32 features = READ_ONCE(sa->nic->features);

	/* gso_segs is not trustworthy for packets from an untrusted source (SKB_GSO_DODGY); xfrm
	 * would advance the sequence number by the wrong amount.
	 */
	if (!skb_shinfo(skb)->gso_segs || skb_shinfo(skb)->gso_type & SKB_GSO_DODGY)
		return false;
	/* The decision for the NIC travels with the burst and cannot be taken back, and the stack
	 * segments these two kinds wrong: see ov2_nic_set_stack_gso().
	 */
	if ((sa->encap || x->props.family == AF_INET6) && !READ_ONCE(sa->nic->stack_gso))
		return false;
	/* An egress hook can clone the burst or send it elsewhere, and all clones of a burst share
	 * one counter of sequence numbers.
	 */
	if (ov2_netdev_has_egress_hook(netdev))
		return false;
	/* Nobody but the NIC can segment ESP in UDP: xfrm does it before. */
	if (sa->encap && (!(features & OV2_CAP_UDP_LSO) || !(netdev->features & NETIF_F_GSO_ESP) ||
			  netif_needs_gso(skb, netdev->features)))
		return false;
	return !sa->esn || !x->replay_esn || x->replay_esn->oseq < U32_MAX - OV2_GSO_WRAP_GUARD;
}

/* The selector of a tunnel need not tell what is inside. */
static bool ov2_xfrm_family_ok(const struct sk_buff *skb, const struct xfrm_state *x,
			       const struct ov2_sa *sa)
{
	return x->props.mode != XFRM_MODE_TUNNEL ||
	       skb_dst(skb)->ops->family == x->props.family ||
	       READ_ONCE(sa->nic->features) & OV2_CAP_CROSS_FAMILY;
}

/* xfrm_dev_offload_ok() has looked at the headers already on newer kernels, and at the MTU on all.
 */
static bool ov2_xfrm_headers_ok(struct sk_buff *skb, const struct xfrm_state *x)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (dst->ops->family == AF_INET)
		return ip_hdr(skb)->ihl == 5;
	return !ipv6_ext_hdr(ipv6_hdr(skb)->nexthdr);
}

/* Whoever finds an SA offloaded that got into the NIC after ESP offload was switched off finds that
 * switch, too: both are written under nic->lock, the switch first.
 */
static bool ov2_sa_usable(const struct ov2_sa *sa, const struct net_device *netdev)
{
	/* pairs with the release in ov2_sa_set_state() */
	return smp_load_acquire(&sa->state) == OV2_SA_OFFLOADED &&
	       !READ_ONCE(sa->port->esp_off) &&
	       READ_ONCE(sa->nic->state) == OV2_NIC_RUNNING && netdev->features & NETIF_F_HW_ESP;
}

/* An egress hook may send the packet to a device that xfrm did not frame it for. Software encrypts
 * it there, and that is right for a single packet if its checksum is complete, except for ESP in
 * UDP, whose headers software builds wrong.
 */
static bool ov2_xfrm_single_ok(struct sk_buff *skb, const struct ov2_sa *sa)
{
	if (!ov2_netdev_has_egress_hook(sa->port->netdev))
		return true;
	return !sa->encap && (skb->ip_summed != CHECKSUM_PARTIAL || !skb_checksum_help(skb));
}

/* False: this packet is encrypted by software. A state that is offloaded inbound may be an outbound
 * policy's as well, for one SA can serve both directions (RFC 4552). Context: send path, BH off or
 * process, RCU.
 */
static bool ov2_xdo_offload_ok(struct sk_buff *skb, struct xfrm_state *x)
{
	struct ov2_sa *sa;
	bool ok = false;

	rcu_read_lock();
	sa = ov2_xfrm_sa(x);
	if (sa && sa->dir == OV2_OUT && ov2_sa_usable(sa, sa->port->netdev) &&
	    ov2_xfrm_headers_ok(skb, x) && ov2_xfrm_family_ok(skb, x, sa))
		ok = skb_is_gso(skb) ? ov2_xfrm_gso_ok(skb, x, sa) : ov2_xfrm_single_ok(skb, sa);
	rcu_read_unlock();
	return ok;
}

/* Context: x->lock held; per packet. */
static void ov2_xdo_state_advance_esn(struct xfrm_state *x)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_xfrm_sa(x);
	if (sa)
		ov2_sa_advance(sa, ov2_xlate_seq(x, sa->dir));
	rcu_read_unlock();
}

ov2_xdo_shims(ov2_xdo_state_add, ov2_xdo_state_delete, ov2_xdo_state_free)

const struct xfrmdev_ops ov2_xfrmdev_ops = {
	.xdo_dev_state_add = ov2_xdo_fn(xdo_dev_state_add, ov2_xdo_state_add),
	.xdo_dev_state_delete = ov2_xdo_fn(xdo_dev_state_delete, ov2_xdo_state_delete),
	.xdo_dev_state_free = ov2_xdo_fn(xdo_dev_state_free, ov2_xdo_state_free),
	.xdo_dev_offload_ok = ov2_xdo_offload_ok,
	.xdo_dev_state_advance_esn = ov2_xdo_state_advance_esn,
};

/* What identifies the counterpart of an SA. Context: from xfrm's add. */
void ov2_xfrm_pair_key(struct xfrm_state *x, struct ov2_pair_key *key)
{
	key->net = xs_net(x);
	key->reqid = x->props.reqid;
	key->if_id = x->if_id;
	key->mark = x->mark.v & x->mark.m;
}

/* Packets that xfrm has counted, in the NIC and in software. Context: any. */
u64 ov2_xfrm_packets(const struct ov2_sa *sa)
{
	const struct xfrm_state *x;
	u64 packets;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	packets = x ? READ_ONCE(x->curlft.packets) : sa->packets;
	rcu_read_unlock();
	return packets;
}

/* Fills the node of an SA that is about to leave for the NIC. Context: process, no locks;
 * sa->state is ADDING. Returns 0, -ENOENT if xfrm has deleted the SA, or why it cannot be
 * offloaded any more.
 */
int ov2_xfrm_fill(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;
	struct ov2_add_sa add;
	struct xfrm_state *x;
	int err = -ENOENT;

	rcu_read_lock();
	x = rcu_dereference(sa->x);
	if (x && !refcount_inc_not_zero(&x->refcnt))
		x = NULL;
	rcu_read_unlock();
	if (!x)
		return -ENOENT;

	spin_lock_bh(&x->lock);
	if (x->km.state != XFRM_STATE_DEAD)
		err = ov2_xlate(x, &add, NULL);
	if (!err) {
		add.next = sa->add.next;
		add.cookie = sa->cookie;
		add.port = sa->port->index;
		spin_lock(&nic->lock);
		sa->add = add;
		err = ov2_sa_allowed(sa) ? 0 : -EOPNOTSUPP;
		/* So that it comes back, even if it is allowed again before it is refused. */
		sa->outside = err;
		WRITE_ONCE(sa->seq_told, ov2_seq_u64(add.seq));
		sa->update_wanted = false;
		spin_unlock(&nic->lock);
		memzero_explicit(&add, sizeof(add));
	}
	spin_unlock_bh(&x->lock);
	xfrm_state_put(x);
	return err;
}

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
	sa = ov2_xfrm_sa(x);
	live = sa && features & NETIF_F_HW_ESP && sa->port->netdev == netdev &&
	       x->xso.dev == netdev && sa->dir == OV2_OUT && ov2_sa_usable(sa, netdev);
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
