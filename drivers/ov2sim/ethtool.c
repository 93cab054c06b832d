// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: ethtool: counters, link, rings, channels and reset. All of it runs under rtnl.
 */

#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/log2.h>
#include <net/net_namespace.h>

#include "ov2sim.h"

static void ov2sim_get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	strscpy(info->driver, OV2SIM_NAME, sizeof(info->driver));
	strscpy(info->bus_info, dev_name(&port->sim->bus_dev->dev), sizeof(info->bus_info));
}

/* First the counters of the port, then the core's counters of the whole NIC. */
static int ov2sim_get_sset_count(struct net_device *netdev, int sset)
{
	return sset == ETH_SS_STATS ? OV2SIM_STAT_COUNT + ov2_stats_count() : -EOPNOTSUPP;
}

static void ov2sim_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	u32 i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < OV2SIM_STAT_COUNT; i++)
		ethtool_puts(&data, ov2sim_stat_names[i]);
	ov2_stats_strings(&data);
}

static void ov2sim_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats,
				     u64 *data)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	ov2sim_hw_stats(port->sim->hw, port->ov2.index, data);
	ov2_stats_fill(port->sim->nic, data + OV2SIM_STAT_COUNT);
}

static int ov2sim_get_link_ksettings(struct net_device *netdev, struct ethtool_link_ksettings *cmd)
{
	ethtool_link_ksettings_zero_link_mode(cmd, supported);
	cmd->base.speed = netif_carrier_ok(netdev) ? SPEED_10000 : SPEED_UNKNOWN;
	cmd->base.duplex = netif_carrier_ok(netdev) ? DUPLEX_FULL : DUPLEX_UNKNOWN;
	cmd->base.port = PORT_OTHER;
	return 0;
}

static void ov2sim_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	ring->rx_max_pending = OV2SIM_RING_MAX;
	ring->tx_max_pending = OV2SIM_RING_MAX;
	ring->rx_pending = port->config.rx_ring;
	ring->tx_pending = port->config.tx_ring;
}

/* The ethtool core has checked the maximum. Round up, because the sizes of the chip's rings are
 * powers of two.
 */
static int ov2sim_set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	struct ov2sim_port_config config = port->config;

	if (ring->rx_pending < OV2SIM_RING_MIN || ring->tx_pending < OV2SIM_RING_MIN) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Rings must have at least %u descriptors",
				       OV2SIM_RING_MIN);
		return -EINVAL;
	}
	config.rx_ring = roundup_pow_of_two(ring->rx_pending);
	config.tx_ring = roundup_pow_of_two(ring->tx_pending);
	return ov2sim_port_reconfigure(port, &config, netdev->mtu);
}

static void ov2sim_get_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct ov2sim_port *port = netdev_priv(netdev);

	channels->max_combined = port->sim->bus_dev->queues;
	channels->combined_count = port->config.queues;
}

static int ov2sim_set_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	struct ov2sim_port_config config = port->config;

	config.queues = channels->combined_count;
	return ov2sim_port_reconfigure(port, &config, netdev->mtu);
}

/* A reset affects all ports, so it requires CAP_NET_ADMIN over the devlink instance. The ethtool
 * core has checked it over the port only, which may be in another network namespace. rtnl keeps the
 * port, and the devlink instance does not change its network namespace while its ports exist.
 */
static bool ov2sim_reset_permitted(const struct ov2sim_port *port)
{
	struct net *net = devlink_net(priv_to_devlink(port->sim));

	return ns_capable(net->user_ns, CAP_NET_ADMIN);
}

/* The chip can only be reset as a whole, so refuse a request that does not include all of its parts
 * and, with several ports, the shared ones. PHYs are not reset.
 */
static int ov2sim_ethtool_reset(struct net_device *netdev, u32 *flags)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u32 parts = ETH_RESET_DMA | ETH_RESET_FILTER | ETH_RESET_OFFLOAD | ETH_RESET_RAM;
	int err;

	if (port->sim->bus_dev->ports > 1)
		parts |= parts << ETH_RESET_SHARED_SHIFT;
	if ((*flags & parts) != parts)
		return -EOPNOTSUPP;
	if (!ov2sim_reset_permitted(port))
		return -EPERM;
	err = ov2sim_reset(port->sim);
	if (err)
		return err;
	*flags &= ~parts;
	return 0;
}

const struct ethtool_ops ov2sim_ethtool_ops = {
	.get_drvinfo = ov2sim_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = ov2sim_get_sset_count,
	.get_strings = ov2sim_get_strings,
	.get_ethtool_stats = ov2sim_get_ethtool_stats,
	.get_link_ksettings = ov2sim_get_link_ksettings,
	.get_ringparam = ov2sim_get_ringparam,
	.set_ringparam = ov2sim_set_ringparam,
	.get_channels = ov2sim_get_channels,
	.set_channels = ov2sim_set_channels,
	.reset = ov2sim_ethtool_reset,
	.get_ts_info = ethtool_op_get_ts_info,
};
