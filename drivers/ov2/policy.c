// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: policies with packet offload. The NIC knows no policies: xfrm decides for each packet
 * in both directions. An outbound policy is offloaded so that xfrm looks for states in packet mode
 * only. Others are accepted, and are not offloaded: xfrm itself checks what the NIC has decrypted,
 * and refuses plaintext. Owns nothing.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/xfrm.h>
#include "compat.h"
#include "ov2.h"
#include "packet.h"

static int ov2_policy_check_port(const struct ov2_port *port, struct netlink_ext_ack *extack)
{
	if (!port || READ_ONCE(port->closing)) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot offload xfrm policies to this device");
		return -EOPNOTSUPP;
	}
	if (!(READ_ONCE(port->nic->features) & OV2_CAP_PACKET)) {
		NL_SET_ERR_MSG_MOD(extack, "Packet offload is not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (!(port->netdev->features & NETIF_F_HW_ESP)) {
		NL_SET_ERR_MSG_MOD(extack, "Feature esp-hw-offload is disabled on the device");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Returns the destination of the SA that a template names, or NULL if it depends on the packet. In
 * transport mode xfrm ignores the addresses of the template: see xfrm_tmpl_resolve_one().
 */
static const xfrm_address_t *ov2_policy_daddr(const struct xfrm_policy *xp)
{
	const struct xfrm_tmpl *tmpl = &xp->xfrm_vec[0];
	u8 bits = xp->family == AF_INET ? 32 : 128;

	if (tmpl->mode == XFRM_MODE_TUNNEL)
		return &tmpl->id.daddr;
	return xp->selector.prefixlen_d == bits ? &xp->selector.daddr : NULL;
}

/* Returns the state that the template of a policy names, with a reference, or NULL. */
static struct xfrm_state *ov2_policy_state(const struct xfrm_policy *xp)
{
	const struct xfrm_tmpl *tmpl = &xp->xfrm_vec[0];
	const xfrm_address_t *daddr = ov2_policy_daddr(xp);

	if (!tmpl->id.spi || !daddr)
		return NULL;
	return xfrm_state_lookup(xp_net(xp), xp->mark.v & xp->mark.m, daddr, tmpl->id.spi,
				 tmpl->id.proto, tmpl->encap_family);
}

/* A template may name its SA. An IKE daemon whose SA was not accepted in packet mode falls back to
 * crypto mode, and may then offload the policy all the same. xfrm would find no state for that
 * policy, so refuse it.
 */
static int ov2_policy_check_spi(const struct xfrm_policy *xp, struct netlink_ext_ack *extack)
{
	const struct xfrm_tmpl *tmpl = &xp->xfrm_vec[0];
	struct xfrm_state *x;
	bool found;

	if (!tmpl->id.spi || !ov2_policy_daddr(xp))
		return 0;
	x = ov2_policy_state(xp);
	found = x && x->xso.type == XFRM_DEV_OFFLOAD_PACKET && x->xso.dev == xp->xdo.dev;
	if (x)
		xfrm_state_put(x);
	if (found)
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack, "The xfrm state with SPI 0x%08x is not in packet mode",
			       be32_to_cpu(tmpl->id.spi));
	return -EOPNOTSUPP;
}

/* Lets go of the netdev of a policy that is dead. */
struct ov2_policy_put {
	struct rcu_head rcu;
	struct xfrm_policy *xp;
};

static void ov2_policy_put_rcu(struct rcu_head *rcu)
{
	struct ov2_policy_put *put = container_of(rcu, struct ov2_policy_put, rcu);
	struct xfrm_policy *xp = put->xp;
	struct net_device *netdev = xp->xdo.dev;

	/* Not NULL: xfrm_get_policy() may be about to report the delete. It has tested the pointer,
	 * and reads it again outside RCU. blackhole_netdev never goes away, and has no xfrmdev_ops
	 * that xfrm would call when it frees the policy.
	 */
	WRITE_ONCE(xp->xdo.dev, blackhole_netdev);
	netdev_put(netdev, &xp->xdo.dev_tracker);
	xfrm_pol_put(xp);
	kfree(put);
}

/* A dead policy keeps its netdev until its last reference is put, and the cached route of an idle
 * socket may have one. unregister_netdevice() would wait for that, so let go of the netdev when the
 * readers of the policy are through. If there is no memory for that, the netdev stays as long as
 * the policy. A policy that xfrm has never inserted is freed at once. One that
 * ov2_policy_release() has turned lets go of its netdev already. Context: any up to softirq.
 */
void ov2_policy_delete(struct xfrm_policy *xp)
{
	struct ov2_policy_put *put;

	if (!xp->curlft.add_time || xp->xdo.type != XFRM_DEV_OFFLOAD_PACKET)
		return;
	xp->xdo.type = XFRM_DEV_OFFLOAD_UNSPECIFIED;
	put = kmalloc_obj(*put, GFP_ATOMIC);
	if (!put)
		return;
	xfrm_pol_hold(xp);
	put->xp = xp;
	call_rcu(&put->rcu, ov2_policy_put_rcu);
}

/* Returns true if xfrm may choose the state for the template of a tunnel: see xfrm_state_find(). */
static bool ov2_policy_uses(const struct xfrm_policy *xp, const struct xfrm_state *x)
{
	const struct xfrm_tmpl *tmpl = &xp->xfrm_vec[0];

	return tmpl->mode == XFRM_MODE_TUNNEL && tmpl->mode == x->props.mode &&
	       tmpl->id.proto == x->id.proto && tmpl->encap_family == x->props.family &&
	       tmpl->reqid == x->props.reqid && (!tmpl->id.spi || tmpl->id.spi == x->id.spi) &&
	       xp->if_id == x->if_id && (xp->mark.v & xp->mark.m & x->mark.m) == x->mark.v &&
	       xfrm_state_addr_check(x, &tmpl->id.daddr, &tmpl->saddr, tmpl->encap_family);
}

/* Turns a policy to one that is not offloaded, if it uses a state that leaves packet mode. xfrm
 * would find no state for it. Context: net->xfrm.xfrm_policy_lock held, BH off. xfrm unlinks a
 * policy under that lock before it asks ov2_policy_delete(), which so sees what is done here.
 */
static int ov2_policy_release(struct xfrm_policy *xp, int dir, int count, void *data)
{
	const struct xfrm_state *x = data;

	if (dir == XFRM_POLICY_OUT && xp->xdo.type == XFRM_DEV_OFFLOAD_PACKET &&
	    xp->xdo.dev == x->xso.dev && ov2_policy_uses(xp, x))
		ov2_policy_delete(xp);
	return 0;
}

/* Context: process, xfrm_policy_lock and x->lock not held. */
static void ov2_policy_release_all(struct xfrm_state *x)
{
	struct xfrm_policy_walk walk;

	xfrm_policy_walk_init(&walk, XFRM_POLICY_TYPE_MAIN);
	xfrm_policy_walk(xs_net(x), &walk, ov2_policy_release, x);
	xfrm_policy_walk_done(&walk, xs_net(x));
}

/* The policy cannot be offloaded, but the outbound SA that its template names is in packet mode,
 * because the selector of a tunnel may leave the inner family open. An IKE daemon may go on with a
 * policy that is not offloaded, and for such a policy xfrm uses no state in packet mode. So turn
 * the SA to crypto mode, and the policies of the other family, which use the same SA, with it.
 */
static void ov2_policy_to_crypto(const struct xfrm_policy *xp)
{
	bool turned = false;
	struct xfrm_state *x = ov2_policy_state(xp);
	struct ov2_sa *sa;

	if (!x)
		return;
	rcu_read_lock();
	spin_lock_bh(&x->lock);
	sa = ov2_state_sa(x);
	if (sa && sa->dir == OV2_OUT && x->xso.type == XFRM_DEV_OFFLOAD_PACKET) {
		x->xso.type = XFRM_DEV_OFFLOAD_CRYPTO;
		ov2_slot_to_crypto(sa);
		turned = true;
	}
	spin_unlock_bh(&x->lock);
	rcu_read_unlock();
	if (turned)
		ov2_policy_release_all(x);
	xfrm_state_put(x);
}

static int ov2_policy_check_tmpl(const struct xfrm_policy *xp, struct netlink_ext_ack *extack)
{
	const struct xfrm_tmpl *tmpl = &xp->xfrm_vec[0];

	if (xp->xfrm_nr != 1 || tmpl->id.proto != IPPROTO_ESP ||
	    (tmpl->mode != XFRM_MODE_TRANSPORT && tmpl->mode != XFRM_MODE_TUNNEL)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Offloaded xfrm policies need one template, ESP in transport or tunnel mode");
		return -EOPNOTSUPP;
	}
	/* xfrm looks up the outer addresses in the inner family (xfrm_bundle_create()). */
	if (xp->family != tmpl->encap_family) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Cannot offload tunnels across families in packet mode");
		ov2_policy_to_crypto(xp);
		return -EOPNOTSUPP;
	}
	return ov2_policy_check_spi(xp, extack);
}

/* Lets xfrm treat a policy like any that is not offloaded. For an inbound policy that is offloaded,
 * xfrm would believe that the NIC has checked packets without a sec_path, and plaintext has none;
 * it would put the policy before all others, whatever their priorities are; and it would delete the
 * policy when the netdev goes down, so that plaintext is accepted from then on. An outbound policy
 * without a template has no SA.
 */
static void ov2_policy_keep(struct xfrm_policy *xp)
{
	struct net_device *netdev = xp->xdo.dev;

	xp->xdo.type = XFRM_DEV_OFFLOAD_UNSPECIFIED;
	xp->xdo.dev = NULL;
	netdev_put(netdev, &xp->xdo.dev_tracker);
}

/**
 * ov2_policy_add - offload an xfrm policy, as xdo_dev_policy_add of a port does
 * @xp: the policy, which xfrm has not inserted yet
 * @extack: says why it is refused
 *
 * A driver whose port has an xdo_dev_policy_add of its own calls this from there.
 *
 * Context: process.
 * Return: 0 or -EOPNOTSUPP.
 */
int ov2_policy_add(struct xfrm_policy *xp, struct netlink_ext_ack *extack)
{
	int err;

	err = ov2_policy_check_port(ov2_port_of(xp->xdo.dev), extack);
	if (err)
		return err;
	if (xp->xdo.dir == XFRM_DEV_OFFLOAD_OUT && xp->action == XFRM_POLICY_ALLOW && xp->xfrm_nr)
		return ov2_policy_check_tmpl(xp, extack);
	ov2_policy_keep(xp);
	return 0;
}
EXPORT_SYMBOL_GPL(ov2_policy_add);
