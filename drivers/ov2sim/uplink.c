// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: uplinks: any Ethernet device may be the wire of a port. The port takes all frames that
 * the lower device receives, and what it sends leaves through the lower device. The stack sees the
 * lower device as one below the port.
 *
 * An uplink is attached and detached under rtnl. It ends with the port, with the lower device, and
 * when the lower device moves to another network namespace. Resets of the chip do not affect it.
 * After a surprise removal the chip has cut the wire; the rest of the uplink goes with the port.
 *
 * Order of locks: rtnl, then a device's own, then the chip's.
 */

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>

#include "ov2sim.h"

static LIST_HEAD(ov2sim_uplinks);	/* under rtnl */

/* Return the port above a lower device, or NULL. */
static struct ov2sim_port *ov2sim_uplink_above(const struct net_device *lower)
{
	if (rtnl_dereference(lower->rx_handler) != ov2sim_uplink_rx)
		return NULL;
	return rtnl_dereference(lower->rx_handler_data);
}

/**
 * ov2sim_uplink_iflink - implements ndo_get_iflink
 * @netdev: the netdev of a port
 *
 * An index means something in its own network namespace only, and to tell the namespace the port
 * would need rtnl_link_ops.
 *
 * Context: any.
 * Return: the index of the lower device if there is one in the namespace of @netdev, else that of
 * @netdev.
 */
int ov2sim_uplink_iflink(const struct net_device *netdev)
{
	const struct ov2sim_port *port = netdev_priv(netdev);
	const struct net_device *lower;
	int ifindex = READ_ONCE(netdev->ifindex);

	rcu_read_lock();
	lower = rcu_dereference(port->uplink.lower);
	if (lower && net_eq(dev_net(lower), dev_net(netdev)))
		ifindex = READ_ONCE(lower->ifindex);
	rcu_read_unlock();
	return ifindex;
}

/* Properties of the lower device that the port takes over */

static void ov2sim_uplink_sync_carrier(struct ov2sim_port *port, const struct net_device *lower)
{
	bool up = netif_running(lower) && netif_oper_up(lower);

	ov2sim_hw_wire_carrier(port->sim->hw, port->ov2.index, &port->uplink.wire, up);
}

/* The MTU of the port follows the lower device, unless the admin has chosen a smaller one. */
static int ov2sim_uplink_sync_mtu(struct ov2sim_port *port, const struct net_device *lower)
{
	unsigned int max = clamp_t(unsigned int, lower->mtu, ETH_MIN_MTU, OV2SIM_MTU_MAX);
	struct net_device *netdev = port->ov2.netdev;
	bool follows = netdev->mtu == netdev->max_mtu;

	netdev->max_mtu = max;
	if (netdev->mtu <= max && !follows)
		return 0;
	return dev_set_mtu(netdev, max);
}

/* The port has the address of the lower device unless the admin has given it one. */
static void ov2sim_uplink_sync_address(struct ov2sim_port *port, const struct net_device *lower)
{
	struct net_device *netdev = port->ov2.netdev;

	if (netdev->addr_assign_type != NET_ADDR_SET && is_valid_ether_addr(lower->dev_addr))
		ov2sim_port_set_address(port, lower->dev_addr, NET_ADDR_STOLEN);
}

/* Attach and detach */

static int ov2sim_uplink_check(struct net_device *lower, struct netlink_ext_ack *extack)
{
	if (lower->flags & IFF_LOOPBACK || lower->type != ARPHRD_ETHER ||
	    lower->addr_len != ETH_ALEN) {
		NL_SET_ERR_MSG_MOD(extack, "Not an Ethernet device");
		return -EINVAL;
	}
	if (netdev_master_upper_dev_get(lower)) {
		NL_SET_ERR_MSG_MOD(extack, "The device has a master");
		return -EBUSY;
	}
	if (netdev_is_rx_handler_busy(lower)) {
		NL_SET_ERR_MSG_MOD(extack, "Something else receives the frames of the device");
		return -EBUSY;
	}
	return 0;
}

static int ov2sim_uplink_link(struct ov2sim_port *port, struct net_device *lower,
			      struct netlink_ext_ack *extack)
{
	int err;

	err = netdev_upper_dev_link(lower, port->ov2.netdev, extack);
	if (err == -EBUSY)
		NL_SET_ERR_MSG_WEAK_MOD(extack, "The device is above the port");
	else if (err == -EMLINK)
		NL_SET_ERR_MSG_WEAK_MOD(extack, "Too many devices on top of each other");
	else if (err)
		NL_SET_ERR_MSG_WEAK_MOD(extack, "Cannot put the port above the device");
	return err;
}

/* Take the frames of the lower device. A wire brings a NIC all frames, so the lower device must not
 * filter them by their address.
 */
static int ov2sim_uplink_take(struct ov2sim_port *port, struct net_device *lower,
			      struct netlink_ext_ack *extack)
{
	int err;

	err = dev_set_promiscuity(lower, 1);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "The device cannot receive all frames");
		return err;
	}
	err = netdev_rx_handler_register(lower, ov2sim_uplink_rx, port);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "The device does not give its frames away");
		dev_set_promiscuity(lower, -1);
	}
	return err;
}

static void ov2sim_uplink_release(struct net_device *lower)
{
	netdev_rx_handler_unregister(lower);
	dev_set_promiscuity(lower, -1);
}

/* Connect the chip. It may send from here on. */
static int ov2sim_uplink_connect(struct ov2sim_port *port, struct net_device *lower,
				 struct netlink_ext_ack *extack)
{
	struct ov2sim_uplink *uplink = &port->uplink;
	int err;

	uplink->wire = (struct ov2sim_wire){ .send = ov2sim_uplink_send };
	rcu_assign_pointer(uplink->lower, lower);
	err = ov2sim_hw_wire_attach(port->sim->hw, port->ov2.index, &uplink->wire);
	if (!err)
		return 0;
	RCU_INIT_POINTER(uplink->lower, NULL);
	if (err == -EBUSY)
		NL_SET_ERR_MSG_MOD(extack, "The port is linked already");
	else
		NL_SET_ERR_MSG_MOD(extack, "The NIC has been removed");
	return err;
}

static void ov2sim_uplink_disconnect(struct ov2sim_port *port)
{
	/* After a surprise removal the chip has cut the wire itself. */
	ov2sim_hw_unlink(port->sim->hw, port->ov2.index);
	RCU_INIT_POINTER(port->uplink.lower, NULL);
}

/**
 * ov2sim_uplink_attach - make a network device the wire of a port
 * @port: the port
 * @lower: the network device, not an ov2sim port
 * @extack: for error messages
 *
 * Context: process, with rtnl.
 * Return: 0, or a negative errno, and then nothing has changed.
 */
int ov2sim_uplink_attach(struct ov2sim_port *port, struct net_device *lower,
			 struct netlink_ext_ack *extack)
{
	struct ov2sim_uplink *uplink = &port->uplink;
	int err;

	ASSERT_RTNL();

	/* The port may have an uplink that a surprise removal has cut. */
	if (rtnl_dereference(uplink->lower)) {
		NL_SET_ERR_MSG_MOD(extack, "The port is linked already");
		return -EBUSY;
	}
	err = ov2sim_uplink_check(lower, extack);
	if (err)
		return err;
	err = ov2sim_uplink_connect(port, lower, extack);
	if (err)
		return err;
	err = ov2sim_uplink_link(port, lower, extack);
	if (err)
		goto err_disconnect;
	err = ov2sim_uplink_take(port, lower, extack);
	if (err)
		goto err_unlink;
	err = ov2sim_uplink_sync_mtu(port, lower);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "The port cannot have the MTU of the device");
		goto err_release;
	}

	netdev_hold(lower, &uplink->tracker, GFP_KERNEL);
	list_add_tail(&uplink->list, &ov2sim_uplinks);
	ov2sim_uplink_quiet_update(uplink);
	ov2sim_uplink_sync_address(port, lower);
	ov2sim_uplink_sync_carrier(port, lower);
	return 0;

err_release:
	ov2sim_uplink_release(lower);
	port->ov2.netdev->max_mtu = OV2SIM_MTU_MAX;
err_unlink:
	netdev_upper_dev_unlink(lower, port->ov2.netdev);
err_disconnect:
	ov2sim_uplink_disconnect(port);
	return err;
}

/**
 * ov2sim_uplink_detach - end the uplink of a port
 * @port: the port
 *
 * When this returns no frame is on its way from the lower device to the port, and none back.
 *
 * Context: process, with rtnl and without the lock of a device.
 * Return: 0, or -ENOLINK if the port has no uplink.
 */
int ov2sim_uplink_detach(struct ov2sim_port *port)
{
	struct ov2sim_uplink *uplink = &port->uplink;
	struct net_device *netdev = port->ov2.netdev;
	struct net_device *lower;

	ASSERT_RTNL();

	lower = rtnl_dereference(uplink->lower);
	if (!lower)
		return -ENOLINK;
	ov2sim_uplink_disconnect(port);
	ov2sim_uplink_release(lower);
	netdev_upper_dev_unlink(lower, netdev);
	list_del(&uplink->list);
	ov2sim_uplink_quiet_end(uplink);
	netdev_put(lower, &uplink->tracker);

	if (netdev->reg_state != NETREG_REGISTERED)
		return 0;
	netdev->max_mtu = OV2SIM_MTU_MAX;
	if (netdev->addr_assign_type == NET_ADDR_STOLEN)
		ov2sim_port_set_address(port, netdev->perm_addr, NET_ADDR_PERM);
	return 0;
}

/* Events of network devices */

static void ov2sim_uplink_work_fn(struct work_struct *work)
{
	struct ov2sim_uplink *uplink;

	rtnl_lock();
	list_for_each_entry(uplink, &ov2sim_uplinks, list)
		ov2sim_uplink_quiet_update(uplink);
	rtnl_unlock();
}

static DECLARE_WORK(ov2sim_uplink_work, ov2sim_uplink_work_fn);

/* @netdev may be any device below an uplink. A work item answers changes, because some of these
 * events come with the lock of a device, and we may need those of others.
 */
static void ov2sim_uplink_any_event(unsigned long event, const struct net_device *netdev)
{
	struct ov2sim_uplink *uplink;

	if (list_empty(&ov2sim_uplinks))
		return;
	if (event == NETDEV_FEAT_CHANGE || event == NETDEV_CHANGEUPPER) {
		schedule_work(&ov2sim_uplink_work);
	} else if (event == NETDEV_UNREGISTER) {
		list_for_each_entry(uplink, &ov2sim_uplinks, list)
			ov2sim_uplink_quiet_forget(uplink, netdev);
		schedule_work(&ov2sim_uplink_work);
	}
}

static int ov2sim_uplink_lower_event(unsigned long event, struct ov2sim_port *port,
				     struct net_device *lower)
{
	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		ov2sim_uplink_sync_carrier(port, lower);
		break;
	case NETDEV_CHANGEMTU:
		if (ov2sim_uplink_sync_mtu(port, lower))
			netdev_warn(port->ov2.netdev, "Cannot follow the MTU of %s\n",
				    netdev_name(lower));
		break;
	case NETDEV_CHANGEADDR:
		ov2sim_uplink_sync_address(port, lower);
		break;
	case NETDEV_PRE_TYPE_CHANGE:
		/* A bond must stay one of Ethernet devices. */
		return NOTIFY_BAD;
	case NETDEV_UNREGISTER:
		netdev_info(port->ov2.netdev, "%s is removed or moved, the port is not linked any longer\n",
			    netdev_name(lower));
		ov2sim_uplink_detach(port);
		break;
	}
	return NOTIFY_DONE;
}

static int ov2sim_uplink_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *netdev = netdev_notifier_info_to_dev(ptr);
	struct ov2sim_port *port = ov2sim_uplink_above(netdev);
	int ret = NOTIFY_DONE;

	if (port)
		ret = ov2sim_uplink_lower_event(event, port, netdev);
	ov2sim_uplink_any_event(event, netdev);
	return ret;
}

static struct notifier_block ov2sim_uplink_notifier = {
	.notifier_call = ov2sim_uplink_event,
};

int ov2sim_uplink_init(void)
{
	int err;

	err = ov2sim_uplink_quiet_init();
	if (err)
		return err;
	err = register_netdevice_notifier(&ov2sim_uplink_notifier);
	if (err)
		ov2sim_uplink_quiet_exit();
	return err;
}

/* After the last port has gone. */
void ov2sim_uplink_exit(void)
{
	unregister_netdevice_notifier(&ov2sim_uplink_notifier);
	cancel_work_sync(&ov2sim_uplink_work);
	ov2sim_uplink_quiet_exit();
}
