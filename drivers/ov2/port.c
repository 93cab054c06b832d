// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the ports of a NIC. Owns their settings and the limit of slots per port.
 */
#include <linux/netdevice.h>
#include "ov2.h"
#include "rx.h"

/* A port that goes down receives nothing more: free the packets that are held, so that they do not
 * outlive it or its namespace.
 *
 * A port that is removed, or that moves to another namespace, takes the states along that xfrm has
 * in its table. The state of an add that waits for the NIC is not there yet. It would stay in the
 * old namespace, with a reference on the netdev. So end the waits. An add that xfrm has begun and
 * that does not wait yet is in the same window as one that has returned and whose state is not
 * inserted yet; that window is xfrm's.
 *
 * Context: rtnl, may sleep. The add holds xfrm_cfg_mutex, which nothing here waits for.
 */
static int ov2_port_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *netdev = netdev_notifier_info_to_dev(ptr);
	struct ov2_port *port = ov2_port_of(netdev);

	if (!port || (event != NETDEV_DOWN && event != NETDEV_UNREGISTER))
		return NOTIFY_DONE;
	ov2_held_clean(netdev);
	if (event == NETDEV_UNREGISTER)
		ov2_sa_for_each(port->nic, ov2_wait_abandon, port);
	return NOTIFY_DONE;
}

static struct notifier_block ov2_port_notifier = {
	.notifier_call = ov2_port_event,
};

int ov2_ports_init(void)
{
	return register_netdevice_notifier(&ov2_port_notifier);
}

void ov2_ports_exit(void)
{
	unregister_netdevice_notifier(&ov2_port_notifier);
}

/**
 * ov2_port_init - bind a netdev to a NIC
 * @nic: the NIC
 * @port: in netdev_priv() of @netdev, zeroed
 * @netdev: not yet registered; the driver sets its features itself
 * @index: the driver's number for the port; the driver finds it in &struct ov2_add_sa.port
 *
 * Context: process.
 */
void ov2_port_init(struct ov2_nic *nic, struct ov2_port *port, struct net_device *netdev, u32 index)
{
	port->nic = nic;
	port->netdev = netdev;
	port->index = index;
	INIT_LIST_HEAD(&port->waitq[OV2_IN]);
	INIT_LIST_HEAD(&port->waitq[OV2_OUT]);
	INIT_LIST_HEAD(&port->waiting);
	/* The netdev has ops of its own, which lead back to the port: see ov2_port_of(). */
	port->xfrmdev_ops = ov2_xfrmdev_ops;
	netdev->xfrmdev_ops = &port->xfrmdev_ops;
}
EXPORT_SYMBOL_GPL(ov2_port_init);

/**
 * ov2_port_close - accept no more SAs for a port
 * @port: the port
 *
 * The driver calls this before unregister_netdev(), which makes xfrm delete the port's SAs. xfrm
 * may call the xfrmdev_ops for those SAs until unregister_netdev() has returned. A driver whose
 * register_netdev() has failed calls this to undo ov2_port_init().
 *
 * Context: process.
 */
void ov2_port_close(struct ov2_port *port)
{
	spin_lock_bh(&port->nic->lock);
	WRITE_ONCE(port->closing, true);
	spin_unlock_bh(&port->nic->lock);
	/* No SA is counted for the port from here on: see ov2_sa_take_slot(). */
	ov2_sa_for_each(port->nic, ov2_sa_forget_port, port);
}
EXPORT_SYMBOL_GPL(ov2_port_close);

static void ov2_port_recheck(struct ov2_sa *sa, void *port)
{
	if (sa->goal != OV2_GOAL_GONE && sa->port == port)
		ov2_slot_recheck(sa);
}

/**
 * ov2_port_set_esp - the admin has switched a port's ESP offload
 * @port: the port
 * @on: whether NETIF_F_HW_ESP is on
 *
 * The driver calls this from ndo_set_features. With ESP offload off, the port's SAs leave the NIC
 * and continue in software; xfrm expires those in packet mode. With ESP offload on again, the
 * others are promoted.
 *
 * Context: rtnl, may sleep.
 */
void ov2_port_set_esp(struct ov2_port *port, bool on)
{
	struct ov2_nic *nic = port->nic;

	spin_lock_bh(&nic->lock);
	/* From here on ov2_tx_usable() returns false, so no packet is framed for the NIC. */
	WRITE_ONCE(port->esp_off, !on);
	spin_unlock_bh(&nic->lock);
	ov2_sa_for_each(nic, ov2_port_recheck, port);
}
EXPORT_SYMBOL_GPL(ov2_port_set_esp);

/**
 * ov2_nic_set_port_max - limit the number of slots that one port may have
 * @nic: the NIC
 * @sas: number of slots; 0, the default, for no limit
 *
 * The limit keeps the owner of one port from filling the table for all ports. SAs above the limit
 * wait in software until an SA of the same port leaves the NIC. SAs that are in the NIC already
 * stay there even if they exceed a new limit.
 *
 * Context: any up to softirq.
 */
void ov2_nic_set_port_max(struct ov2_nic *nic, u32 sas)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->slots.port_max, sas);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_port_max);

/**
 * ov2_nic_port_max - how many slots may one port have?
 * @nic: the NIC
 *
 * Context: any.
 * Return: number of slots, 0 for no limit.
 */
u32 ov2_nic_port_max(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots.port_max);
}
EXPORT_SYMBOL_GPL(ov2_nic_port_max);
