// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the xfrmdev_ops of a port with a personality. They refuse what the driver of that NIC
 * refuses, with its errno and sentence, and leave the rest to the core. Owns nothing: the
 * personality does not change while a port exists.
 */

#include <linux/netlink.h>
#include <net/xfrm.h>

#include "compat.h"
#include "ov2sim.h"
#include "personality.h"

static int ov2sim_state_check(const struct ov2sim_port *port, const struct xfrm_state *x,
			      struct netlink_ext_ack *extack)
{
	const struct ov2sim_state_rule *rule = port->sim->personality->states;

	for (; rule && rule->refuses; rule++) {
		if (!rule->refuses(port, x, rule->arg))
			continue;
		if (extack)
			extack->_msg = rule->text;
		return rule->err;
	}
	return 0;
}

/* The netdev of a bond comes here on old kernels. A state that stands for an acquire has neither
 * keys nor algorithms. Context: that of ov2_state_add().
 */
static int ov2sim_state_add(struct net_device *netdev, struct xfrm_state *x,
			    struct netlink_ext_ack *extack)
{
	struct ov2sim_port *port;
	int err;

	if (!ov2sim_netdev_is_ours(netdev) || x->xso.flags & XFRM_DEV_OFFLOAD_FLAG_ACQ)
		return ov2_state_add(netdev, x, extack);
	port = netdev_priv(netdev);
	err = ov2sim_state_check(port, x, extack);
	if (err)
		return err;
	/* Without a handle the core knows nothing of the state: software decrypts, and xfrm shows
	 * the state as offloaded.
	 */
	if (port->sim->personality->no_rx && x->xso.dir == XFRM_DEV_OFFLOAD_IN)
		return 0;
	return ov2_state_add(netdev, x, extack);
}

ov2_xdo_shim_add(ov2sim_state_add)

static int ov2sim_policy_add(struct xfrm_policy *xp, struct netlink_ext_ack *extack)
{
	const struct ov2sim_port *port = netdev_priv(xp->xdo.dev);
	const struct ov2sim_policy_rule *rule = port->sim->personality->policies;

	for (; rule && rule->refuses; rule++) {
		if (!rule->refuses(port, xp))
			continue;
		if (extack)
			extack->_msg = rule->text;
		return rule->err;
	}
	return ov2_policy_add(xp, extack);
}

/**
 * ov2sim_xdo_init - give a port the xfrmdev_ops of its personality
 * @port: the port, after ov2_port_init(); its netdev is not registered yet
 *
 * Context: process, with the devlink instance's lock.
 */
void ov2sim_xdo_init(struct ov2sim_port *port)
{
	const struct ov2sim_personality *me = port->sim->personality;
	struct xfrmdev_ops *ops = &port->ov2.xfrmdev_ops;

	ops->xdo_dev_state_add = ov2_xdo_fn(xdo_dev_state_add, ov2sim_state_add);
	ops->xdo_dev_policy_add = ov2sim_policy_add;
	if (me->no_esn)
		ops->xdo_dev_state_advance_esn = NULL;
	if (me->no_policies)
		ops->xdo_dev_policy_add = NULL;
}
