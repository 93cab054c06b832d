// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the xfrmdev_ops. Finds the SA of an xfrm_state and passes it on. Owns nothing.
 *
 * xfrm sets the contexts: add may sleep, delete and advance_esn run under x->lock with BH off,
 * offload_ok runs on the send path under RCU.
 */
#include <compat.h>
#include <linux/netlink.h>
#include <net/xfrm.h>
#include "ov2.h"
#include "packet.h"
#include "rx.h"

/* Fills the constant part of an SA from its state. */
static int ov2_xdo_fill(struct ov2_sa *sa, struct xfrm_state *x, struct netlink_ext_ack *extack)
{
	int err;

	err = ov2_xlate_traits(x, &sa->traits, extack);
	if (err)
		return err;
	sa->dir = sa->traits.dir;
	sa->iv = ov2_caps_iv(&sa->nic->hw_caps, sa->traits.iv);
	ov2_pair_init(sa, x);
	ov2_seq_init(sa, ov2_xlate_seq(x, sa->dir));
	if (sa->iv == OV2_IV_SEQ || sa->iv == OV2_IV_HOST) {
		sa->sent = ov2_sent_alloc();
		if (!sa->sent)
			return -ENOMEM;
	}
	return 0;
}

/* Admits an SA. In packet mode also waits until the NIC has it. */
static int ov2_xdo_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	bool waits = sa->traits.packet && ov2_nic_packet_add_wait(sa->nic);
	struct ov2_wait wait;
	int err;

	if (waits)
		ov2_wait_begin(sa, &wait);
	err = ov2_slot_admit(sa, extack);
	if (err || !waits)
		return err;
	err = ov2_wait_end(sa, &wait, extack);
	if (err)
		ov2_slot_delete(sa);
	return err;
}

/**
 * ov2_state_add - offload an xfrm state, as xdo_dev_state_add of a port does
 * @netdev: the netdev of the port, or one that stands for it, such as a bond
 * @x: the state
 * @extack: says why it is not offloaded, may be NULL
 *
 * A driver whose port has an xdo_dev_state_add of its own calls this from there.
 *
 * Context: that of xdo_dev_state_add: process, may sleep; atomic if @x stands for an acquire.
 * Return: 0; -EOPNOTSUPP, and then xfrm goes on in software in crypto mode; another negative errno,
 * and then xfrm refuses the state.
 */
int ov2_state_add(struct net_device *netdev, struct xfrm_state *x, struct netlink_ext_ack *extack)
{
	struct ov2_port *port = ov2_port_of(netdev);
	struct ov2_sa *sa;
	int err;

	/* A packet has met a policy with packet offload and no state, so xfrm adds a state that
	 * stands for the acquire, in atomic context and without keys. An error would drop the
	 * packet without an acquire. There is nothing to offload: offload_handle stays 0.
	 */
	if (x->xso.flags & XFRM_DEV_OFFLOAD_FLAG_ACQ)
		return 0;
	/* A bond does not call the offload_ok of its port, so each packet that the NIC cannot take
	 * would be lost. It also leaves GSO to ports that cannot do it.
	 */
	if (!port || x->xso.dev != netdev) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot offload xfrm states through another device");
		return -EOPNOTSUPP;
	}
	if (!(netdev->features & NETIF_F_HW_ESP)) {
		NL_SET_ERR_MSG_MOD(extack, "Feature esp-hw-offload is disabled on the device");
		return -EOPNOTSUPP;
	}
	sa = ov2_sa_alloc(port->nic, port, x);
	if (!sa)
		return -ENOMEM;
	err = ov2_xdo_fill(sa, x, extack);
	if (err)
		goto err_put;
	/* Set the handle before the SA is admitted, because packets of the NIC may arrive before we
	 * return.
	 */
	WRITE_ONCE(x->xso.offload_handle, sa->cookie);
	err = ov2_xdo_admit(sa, extack);
	if (err)
		goto err_handle;
	return 0;

err_handle:
	WRITE_ONCE(x->xso.offload_handle, 0);
err_put:
	ov2_sa_put(sa);
	return err;
}
EXPORT_SYMBOL_GPL(ov2_state_add);

static void ov2_xdo_state_delete(struct net_device *netdev, struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_state_sa(x);

	if (!sa)
		return;
	ov2_slot_delete(sa);
	ov2_held_expire();
}

/* Does not wait for the NIC. The SA lives on without its state until the DELETE_SA completes. */
static void ov2_xdo_state_free(struct net_device *netdev, struct xfrm_state *x)
{
	struct ov2_sa *sa = ov2_sa_find(x->xso.offload_handle);

	if (!sa || sa->owner != x)
		return;
	if (rcu_access_pointer(sa->x)) {
		/* xfrm frees the state without a delete. ov2_state_hold() and others may still find
		 * it by RCU, so wait for them. After a delete xfrm's GC waits for them.
		 */
		ov2_slot_delete(sa);
		synchronize_rcu();
	}
	WRITE_ONCE(x->xso.offload_handle, 0);
	ov2_sa_put(sa);
}

/* Context: x->lock held; once per packet. */
static void ov2_xdo_state_advance_esn(struct xfrm_state *x)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_state_sa(x);
	if (sa)
		ov2_seq_advance(sa, ov2_xlate_seq(x, sa->dir));
	rcu_read_unlock();
}

ov2_xdo_shim_add(ov2_state_add)
ov2_xdo_shims(ov2_xdo_state_delete, ov2_xdo_state_free)

const struct xfrmdev_ops ov2_xfrmdev_ops = {
	.xdo_dev_state_add = ov2_xdo_fn(xdo_dev_state_add, ov2_state_add),
	.xdo_dev_state_delete = ov2_xdo_fn(xdo_dev_state_delete, ov2_xdo_state_delete),
	.xdo_dev_state_free = ov2_xdo_fn(xdo_dev_state_free, ov2_xdo_state_free),
	.xdo_dev_offload_ok = ov2_tx_offload_ok,
	.xdo_dev_state_advance_esn = ov2_xdo_state_advance_esn,
	.xdo_dev_policy_add = ov2_policy_add,
	.xdo_dev_policy_delete = ov2_policy_delete,
};
