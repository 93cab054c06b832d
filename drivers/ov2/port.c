// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the ports of a NIC. Owns the settings of a port.
 */
#include "ov2.h"

/**
 * ov2_port_init - bind a netdev to a NIC
 * @nic: the NIC
 * @port: in netdev_priv() of @netdev, zeroed
 * @netdev: not yet registered; the driver sets its features itself
 * @index: the driver's number for the port, given in &struct ov2_add_sa.port
 *
 * Context: process.
 */
void ov2_port_init(struct ov2_nic *nic, struct ov2_port *port, struct net_device *netdev, u32 index)
{
	port->nic = nic;
	port->netdev = netdev;
	port->index = index;
	INIT_LIST_HEAD(&port->waitq);
	INIT_LIST_HEAD(&port->waiting);
	port->xfrmdev_ops = ov2_xfrmdev_ops;
	netdev->xfrmdev_ops = &port->xfrmdev_ops;
}
EXPORT_SYMBOL_GPL(ov2_port_init);

/**
 * ov2_port_close - accept no more SAs for a port
 * @port: the port
 *
 * To be called before unregister_netdev(), which has xfrm delete the port's SAs; xfrm may go on to
 * call for those until it has returned. Also undoes ov2_port_init() if the netdev could not be
 * registered.
 *
 * Context: process.
 */
void ov2_port_close(struct ov2_port *port)
{
	spin_lock_bh(&port->nic->lock);
	port->closing = true;
	spin_unlock_bh(&port->nic->lock);
	/* From here on none is counted. */
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
 * To be called from ndo_set_features. The port's SAs leave the NIC and go on in software, or come
 * back.
 *
 * Context: rtnl, may sleep.
 */
void ov2_port_set_esp(struct ov2_port *port, bool on)
{
	struct ov2_nic *nic = port->nic;

	spin_lock_bh(&nic->lock);
	/* From here on no packet is meant for the NIC: see ov2_tx_usable(). */
	WRITE_ONCE(port->esp_off, !on);
	spin_unlock_bh(&nic->lock);
	ov2_sa_for_each(nic, ov2_port_recheck, port);
}
EXPORT_SYMBOL_GPL(ov2_port_set_esp);

/**
 * ov2_nic_set_port_max - limit how many SAs a port may have in the NIC
 * @nic: the NIC
 * @sas: number of SAs, 0 for no limit, which is what holds at the start
 *
 * So that the owner of one port cannot fill the table for all. SAs above the limit wait in software
 * and move in when the same port frees a place. A port that has more than a new limit keeps them.
 *
 * Context: process, may sleep.
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
 * ov2_nic_port_max - how many SAs a port may have in the NIC
 * @nic: the NIC
 *
 * Context: any.
 * Return: number of SAs, 0 for no limit.
 */
u32 ov2_nic_port_max(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots.port_max);
}
EXPORT_SYMBOL_GPL(ov2_nic_port_max);
