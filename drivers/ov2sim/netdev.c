// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the netdev of a port: its creation, features, MTU, address and queue selection.
 *
 * A port is created and destroyed under the devlink instance's lock. Everything else runs under
 * rtnl.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/xfrm.h>

#include "ov2sim.h"
#include "personality.h"

#define OV2SIM_FEATURES_SW	(NETIF_F_SG | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM | NETIF_F_TSO | \
				 NETIF_F_TSO6 | NETIF_F_TSO_ECN)
#define OV2SIM_FEATURES_ESP	(NETIF_F_HW_ESP | NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP)
#define OV2SIM_FEATURES		(OV2SIM_FEATURES_SW | OV2SIM_FEATURES_ESP | NETIF_F_RXCSUM | \
				 NETIF_F_RXHASH)
static int ov2sim_open(struct net_device *netdev)
{
	return ov2sim_port_start(netdev_priv(netdev));
}

static int ov2sim_stop(struct net_device *netdev)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	/* A failed reconfiguration leaves a port that is up without running. */
	if (port->running)
		ov2sim_port_stop(port);
	return 0;
}

/**
 * ov2sim_port_reconfigure - change the rings of a port, or the MTU for which its buffers are sized
 * @port: the port
 * @config: the new rings
 * @mtu: the new MTU
 *
 * If the port is up its rings are replaced. The netdev stays up meanwhile, because xfrm would flush
 * the SAs of a netdev that goes down.
 *
 * Context: process, with rtnl.
 * Return: 0, or a negative errno, and then the old configuration is restored. If that fails, too,
 * the port has no rings and drops packets until it is set down and up.
 */
int ov2sim_port_reconfigure(struct ov2sim_port *port, const struct ov2sim_port_config *config,
			    u32 mtu)
{
	struct ov2sim_port_config old_config = port->config;
	struct net_device *netdev = port->ov2.netdev;
	bool running = port->running;
	u32 old_mtu = netdev->mtu;
	int err;

	ASSERT_RTNL();

	if (running)
		ov2sim_port_stop(port);
	port->config = *config;
	WRITE_ONCE(netdev->mtu, mtu);
	if (!running)
		return 0;

	err = ov2sim_port_start(port);
	if (!err)
		return 0;
	port->config = old_config;
	WRITE_ONCE(netdev->mtu, old_mtu);
	if (ov2sim_port_start(port))
		netdev_err(netdev, "No memory for rings, set the link down and up\n");
	return err;
}

static int ov2sim_change_mtu(struct net_device *netdev, int mtu)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	return ov2sim_port_reconfigure(port, &port->config, mtu);
}

/* SAs are bound to the port and not to its address. IFF_LIVE_ADDR_CHANGE lets the stack change the
 * address of a port that is up, so that the admin need not set it down, which would have xfrm flush
 * its SAs.
 */
static int ov2sim_set_mac_address(struct net_device *netdev, void *addr)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	int err;

	err = eth_mac_addr(netdev, addr);
	if (err)
		return err;
	ov2sim_hw_port_address(port->sim->hw, port->ov2.index, netdev->dev_addr);
	return 0;
}

/**
 * ov2sim_port_set_address - change the MAC address of a port for the driver
 * @port: the port
 * @addr: the address
 * @assign_type: where it comes from, one of NET_ADDR_*
 *
 * Context: process, with rtnl.
 */
void ov2sim_port_set_address(struct ov2sim_port *port, const u8 *addr, u8 assign_type)
{
	struct net_device *netdev = port->ov2.netdev;

	ASSERT_RTNL();

	netdev->addr_assign_type = assign_type;
	eth_hw_addr_set(netdev, addr);
	ov2sim_hw_port_address(port->sim->hw, port->ov2.index, netdev->dev_addr);
	call_netdevice_notifiers(NETDEV_CHANGEADDR, netdev);
}

/**
 * ov2sim_port_wire - describe the wire of a port
 * @port: the port
 * @buf: filled with "none", the other port's NIC and number, or the name of the lower device
 * @size: size of @buf
 *
 * Context: process, may sleep, takes rtnl.
 */
void ov2sim_port_wire(struct ov2sim_port *port, char *buf, size_t size)
{
	const struct net_device *lower;
	char name[IFNAMSIZ];
	int index;

	rtnl_lock();
	lower = rtnl_dereference(port->uplink.lower);
	index = ov2sim_hw_peer(port->sim->hw, port->ov2.index, name, sizeof(name));
	if (index >= 0)
		snprintf(buf, size, "%s port %d", name, index);
	else
		snprintf(buf, size, "%s%s", lower ? "device " : "none", lower ? lower->name : "");
	rtnl_unlock();
}

static void ov2sim_apply_features(struct ov2sim_port *port, netdev_features_t features)
{
	u32 bits = 0;

	/* S31: the switch covers send and receive. The core keeps senders from using the NIC. */
	if (features & NETIF_F_HW_ESP)
		bits |= OV2SIM_PORT_ESP_RX;
	if (features & NETIF_F_RXCSUM)
		bits |= OV2SIM_PORT_CSUM_RX;
	ov2sim_hw_port_features(port->sim->hw, port->ov2.index, bits);
}

static int ov2sim_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	ov2sim_apply_features(port, features);
	if ((netdev->features ^ features) & NETIF_F_HW_ESP)
		ov2_port_set_esp(&port->ov2, features & NETIF_F_HW_ESP);
	return 0;
}

/* Is this an aggregate that ov2sim_lso() does not support, because of an IPv6 extension header? In
 * crypto mode xfrm has framed it, in packet mode not.
 */
static bool ov2sim_has_extension(const struct sk_buff *skb)
{
	u8 proto;

	if (!skb_is_gso(skb) || vlan_get_protocol(skb) != htons(ETH_P_IPV6))
		return false;
	proto = ipv6_hdr(skb)->nexthdr;
	if (xfrm_offload((struct sk_buff *)skb) && (proto == IPPROTO_ESP || proto == IPPROTO_UDP))
		return false;
	return proto != IPPROTO_TCP;
}

static netdev_features_t ov2sim_features_check(struct sk_buff *skb, struct net_device *netdev,
					       netdev_features_t features)
{
	features = vlan_features_check(skb, features);
	if (ov2sim_has_extension(skb))
		features &= ~NETIF_F_GSO_MASK;
	return ov2_features_check(skb, netdev, features);
}

/* Find the protocol of the IP payload and its offset. Returns false for an IPv4 fragment, and if
 * the packet is not IP. vlan_get_protocol() is needed because skb->protocol is that of the VLAN tag
 * once one has been pushed into the frame.
 */
static bool ov2sim_find_l4(const struct sk_buff *skb, u8 *proto, int *off)
{
	__be16 protocol = vlan_get_protocol(skb);
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	struct ipv6hdr buf6;
	struct iphdr buf;

	*off = skb_network_offset(skb);
	if (*off < 0)
		return false;
	if (protocol == htons(ETH_P_IP)) {
		iph = skb_header_pointer(skb, *off, sizeof(*iph), &buf);
		if (!iph || ip_is_fragment(iph))
			return false;
		*proto = iph->protocol;
		*off += iph->ihl * 4;
		return true;
	}
	if (protocol == htons(ETH_P_IPV6)) {
		ip6h = skb_header_pointer(skb, *off, sizeof(*ip6h), &buf6);
		if (!ip6h)
			return false;
		*proto = ip6h->nexthdr;
		*off += sizeof(*ip6h);
		return true;
	}
	return false;
}

/* Return the SPI of an ESP packet that software has encrypted, also in UDP; 0 for other packets. */
static __be32 ov2sim_find_spi(const struct sk_buff *skb)
{
	const struct udphdr *uh;
	const __be32 *spi;
	struct udphdr udp;
	__be32 buf;
	u8 proto;
	int off;

	if (!ov2sim_find_l4(skb, &proto, &off))
		return 0;
	if (proto == IPPROTO_UDP) {
		uh = skb_header_pointer(skb, off, sizeof(*uh), &udp);
		if (!uh || (uh->source != htons(OV2SIM_NAT_T_PORT) &&
			    uh->dest != htons(OV2SIM_NAT_T_PORT)))
			return 0;
		off += sizeof(*uh);
	} else if (proto != IPPROTO_ESP) {
		return 0;
	}
	spi = skb_header_pointer(skb, off, sizeof(*spi), &buf);
	return spi ? get_unaligned(spi) : 0;
}

/* Return the first TX queue of the packet's traffic class, and the number of its queues in @count.
 * Without classes that is all queues.
 */
static u32 ov2sim_class_queues(const struct net_device *netdev, const struct sk_buff *skb,
			       u32 *count)
{
	const struct netdev_tc_txq *queues;

	*count = netdev->real_num_tx_queues;
	if (!READ_ONCE(netdev->num_tc))
		return 0;
	queues = &netdev->tc_to_txq[netdev_get_prio_tc_map(netdev, skb->priority)];
	if (!READ_ONCE(queues->count))
		return 0;
	*count = READ_ONCE(queues->count);
	/* Offset and count are read without a lock, so they need not match while the admin changes
	 * the classes. The stack caps the queue that we select.
	 */
	return READ_ONCE(queues->offset);
}

/* Keep an SA on one queue within its traffic class, because of the numbers: see ov2_tx_flow().
 * On several queues they would overtake each other by more than the replay window of the far end.
 * Packets that software has encrypted take the same queue, so that the order also holds while the
 * SA moves between software and NIC.
 */
static u16 ov2sim_select_queue(struct net_device *netdev, struct sk_buff *skb,
			       struct net_device *sb_dev)
{
	u32 flow = ov2_tx_flow(skb) ?: be32_to_cpu(ov2sim_find_spi(skb));
	u32 first, count;

	if (!flow)
		return netdev_pick_tx(netdev, skb, sb_dev);
	first = ov2sim_class_queues(netdev, skb, &count);
	return first + reciprocal_scale(jhash_1word(flow, 0), count);
}

/* The stack requires that a device without a registration has nothing below it. */
static void ov2sim_uninit(struct net_device *netdev)
{
	ov2sim_uplink_detach(netdev_priv(netdev));
}

static const struct net_device_ops ov2sim_netdev_ops = {
	.ndo_uninit = ov2sim_uninit,
	.ndo_open = ov2sim_open,
	.ndo_stop = ov2sim_stop,
	.ndo_start_xmit = ov2sim_start_xmit,
	.ndo_select_queue = ov2sim_select_queue,
	.ndo_features_check = ov2sim_features_check,
	.ndo_fix_features = ov2_fix_features,
	.ndo_set_features = ov2sim_set_features,
	.ndo_change_mtu = ov2sim_change_mtu,
	.ndo_set_mac_address = ov2sim_set_mac_address,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_get_stats64 = ov2sim_get_stats64,
	.ndo_get_iflink = ov2sim_uplink_iflink,
};

bool ov2sim_netdev_is_ours(const struct net_device *netdev)
{
	return netdev->netdev_ops == &ov2sim_netdev_ops;
}

static void ov2sim_netdev_init(struct net_device *netdev)
{
	u8 addr[ETH_ALEN];

	ether_setup(netdev);
	/* Do not use eth_hw_addr_random(), because this is the permanent address of a NIC. */
	eth_random_addr(addr);
	eth_hw_addr_set(netdev, addr);

	netdev->netdev_ops = &ov2sim_netdev_ops;
	netdev->stat_ops = &ov2sim_stat_ops;
	netdev->sysfs_rx_queue_group = &ov2sim_rx_queue_group;
	netdev->ethtool_ops = &ov2sim_ethtool_ops;
	netdev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = OV2SIM_MTU_MAX;
	netdev->hw_features = OV2SIM_FEATURES;
	netdev->features = OV2SIM_FEATURES;
	netdev->vlan_features = OV2SIM_FEATURES_SW;
	netdev->hw_enc_features = OV2SIM_FEATURES_SW | OV2SIM_FEATURES_ESP;
}

static struct net_device *ov2sim_netdev_alloc(struct ov2sim *sim, u32 index)
{
	u32 queues = sim->bus_dev->queues;
	char name[IFNAMSIZ];

	if (sim->bus_dev->ports == 1)
		snprintf(name, sizeof(name), "%s", dev_name(&sim->bus_dev->dev));
	else
		snprintf(name, sizeof(name), "%sp%u", dev_name(&sim->bus_dev->dev), index);
	return alloc_netdev_mqs(sizeof(struct ov2sim_port), name, NET_NAME_PREDICTABLE,
				ov2sim_netdev_init, queues, queues);
}

/**
 * ov2sim_port_create - create a port and its netdev
 * @sim: the NIC
 * @index: number of the port
 *
 * Context: process, with the devlink instance's lock.
 * Return: the port, which is in @sim->ports now, or an ERR_PTR().
 */
struct ov2sim_port *ov2sim_port_create(struct ov2sim *sim, u32 index)
{
	struct devlink_port_attrs attrs = {
		.flavour = DEVLINK_PORT_FLAVOUR_PHYSICAL,
		.phys.port_number = index,
	};
	struct devlink *devlink = priv_to_devlink(sim);
	struct net_device *netdev;
	struct ov2sim_port *port;
	int err;

	netdev = ov2sim_netdev_alloc(sim, index);
	if (!netdev)
		return ERR_PTR(-ENOMEM);
	dev_net_set(netdev, devlink_net(devlink));
	SET_NETDEV_DEV(netdev, &sim->bus_dev->dev);
	netif_carrier_off(netdev);

	port = netdev_priv(netdev);
	port->sim = sim;
	port->config.queues = sim->bus_dev->queues;
	port->config.tx_ring = OV2SIM_RING_DEFAULT;
	port->config.rx_ring = OV2SIM_RING_DEFAULT;
	ov2sim_stats_init(port);
	INIT_LIST_HEAD(&port->uplink.quiet);

	devlink_port_attrs_set(&port->devlink_port, &attrs);
	err = devl_port_register(devlink, &port->devlink_port, index);
	if (err)
		goto err_netdev;
	SET_NETDEV_DEVLINK_PORT(netdev, &port->devlink_port);

	ov2_port_init(sim->nic, &port->ov2, netdev, index);
	ov2sim_xdo_init(port);
	sim->ports[index] = port;
	ov2sim_apply_features(port, netdev->features);
	err = register_netdev(netdev);
	if (err)
		goto err_port;
	return port;

err_port:
	ov2_port_close(&port->ov2);
	sim->ports[index] = NULL;
	devl_port_unregister(&port->devlink_port);
err_netdev:
	free_netdev(netdev);
	return ERR_PTR(err);
}

void ov2sim_port_destroy(struct ov2sim_port *port)
{
	struct net_device *netdev = port->ov2.netdev;
	struct ov2sim *sim = port->sim;
	u32 index = port->ov2.index;

	ov2_port_close(&port->ov2);
	unregister_netdev(netdev);
	/* The chip's port stays linked, but it is stopped, so it raises no interrupt any longer. */
	sim->ports[index] = NULL;
	devl_port_unregister(&port->devlink_port);
	free_netdev(netdev);
}
