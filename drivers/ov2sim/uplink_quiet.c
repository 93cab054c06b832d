// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: devices below an uplink must not aggregate frames.
 *
 * GRO runs before RX handlers, and it looks for the SAs of ESP packets in the namespace of the
 * device. It would decrypt in software what is meant for the chip. So GRO, and what devices do
 * instead of it, is off on the lower device and on all devices below that, as long as the uplink
 * exists. All of it runs under rtnl.
 */

#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "compat.h"
#include "ov2sim.h"

#define OV2SIM_QUIET_OFF	(NETIF_F_GRO | NETIF_F_GRO_HW | NETIF_F_LRO)

/* The device @netdev wanted @features before the uplink. @used is for ov2sim_uplink_quiet_update().
 */
struct ov2sim_quiet {
	struct list_head list;
	struct net_device *netdev;
	netdevice_tracker tracker;
	netdev_features_t features;
	bool used;
};

static struct kmem_cache *ov2sim_quiet_cache;

static void ov2sim_quiet_want(struct net_device *netdev, netdev_features_t features)
{
	netdev_lock_ops(netdev);
	netdev->wanted_features &= ~OV2SIM_QUIET_OFF;
	netdev->wanted_features |= features;
	netdev_update_features(netdev);
	netdev_unlock_ops(netdev);
}

static struct ov2sim_quiet *ov2sim_quiet_find(struct ov2sim_uplink *uplink,
					      const struct net_device *netdev)
{
	struct ov2sim_quiet *quiet;

	list_for_each_entry(quiet, &uplink->quiet, list) {
		if (quiet->netdev == netdev)
			return quiet;
	}
	return NULL;
}

/* Without memory to remember what @netdev wanted it gets nothing back later. */
static struct ov2sim_quiet *ov2sim_quiet_new(struct ov2sim_uplink *uplink,
					     struct net_device *netdev)
{
	struct ov2sim_quiet *quiet;

	quiet = kmem_cache_zalloc(ov2sim_quiet_cache, GFP_KERNEL);
	if (!quiet)
		return NULL;
	quiet->netdev = netdev;
	netdev_hold(netdev, &quiet->tracker, GFP_KERNEL);
	list_add_tail(&quiet->list, &uplink->quiet);
	return quiet;
}

static void ov2sim_quiet_free(struct ov2sim_quiet *quiet)
{
	list_del(&quiet->list);
	netdev_put(quiet->netdev, &quiet->tracker);
	kmem_cache_free(ov2sim_quiet_cache, quiet);
}

/* Does a device above @netdev want LRO and cannot have it, for example because of a VLAN on a bond?
 * If @netdev got LRO now, the stack would take it away again from above, and deadlock on the lock
 * of @netdev, which ov2sim_quiet_want() holds. Context: rtnl, so that what is above stays.
 */
static bool ov2sim_quiet_lro_barred(struct net_device *netdev)
{
	struct net_device *upper;
	struct list_head *iter;

	netdev_for_each_upper_dev_rcu(netdev, upper, iter) {
		if (upper->wanted_features & ~upper->features & NETIF_F_LRO)
			return true;
	}
	return false;
}

static void ov2sim_quiet_restore(struct ov2sim_quiet *quiet)
{
	struct net_device *netdev = quiet->netdev;

	if (ov2sim_quiet_lro_barred(netdev))
		quiet->features &= ~NETIF_F_LRO;
	if (netdev->reg_state == NETREG_REGISTERED)
		ov2sim_quiet_want(netdev, quiet->features);
	ov2sim_quiet_free(quiet);
}

/* Remember what @netdev wants, also what the admin has asked for since the last time. */
static int ov2sim_quiet_note(struct net_device *netdev, struct netdev_nested_priv *priv)
{
	netdev_features_t wanted = netdev->wanted_features & OV2SIM_QUIET_OFF;
	struct ov2sim_uplink *uplink = priv->data;
	struct ov2sim_quiet *quiet = ov2sim_quiet_find(uplink, netdev);

	if (!quiet && wanted)
		quiet = ov2sim_quiet_new(uplink, netdev);
	if (quiet) {
		quiet->features |= wanted;
		quiet->used = true;
	}
	return 0;
}

static int ov2sim_quiet_hush(struct net_device *netdev, struct netdev_nested_priv *priv)
{
	if ((netdev->features | netdev->wanted_features) & OV2SIM_QUIET_OFF)
		ov2sim_quiet_want(netdev, 0);
	return 0;
}

/**
 * ov2sim_uplink_quiet_update - switch GRO and LRO off below an uplink
 * @uplink: the uplink
 *
 * Devices that are no longer below the uplink get back what they had.
 *
 * Context: process, with rtnl and without the lock of a device.
 */
void ov2sim_uplink_quiet_update(struct ov2sim_uplink *uplink)
{
	struct net_device *lower = rtnl_dereference(uplink->lower);
	struct netdev_nested_priv priv = { .data = uplink };
	struct ov2sim_quiet *quiet, *next;

	list_for_each_entry(quiet, &uplink->quiet, list)
		quiet->used = false;
	/* First note them all, because a device may switch off LRO of those below it. */
	ov2sim_quiet_note(lower, &priv);
	netdev_walk_all_lower_dev(lower, ov2sim_quiet_note, &priv);
	ov2sim_quiet_hush(lower, &priv);
	netdev_walk_all_lower_dev(lower, ov2sim_quiet_hush, &priv);
	list_for_each_entry_safe(quiet, next, &uplink->quiet, list) {
		if (!quiet->used)
			ov2sim_quiet_restore(quiet);
	}
}

/**
 * ov2sim_uplink_quiet_end - give all devices below an uplink back what they had
 * @uplink: the uplink
 *
 * Context: process, with rtnl and without the lock of a device.
 */
void ov2sim_uplink_quiet_end(struct ov2sim_uplink *uplink)
{
	struct ov2sim_quiet *quiet, *next;

	list_for_each_entry_safe(quiet, next, &uplink->quiet, list)
		ov2sim_quiet_restore(quiet);
}

/**
 * ov2sim_uplink_quiet_forget - a device is removed
 * @uplink: an uplink
 * @netdev: the device, which may be below @uplink
 *
 * A device that only moves to another namespace may still have its master. The next
 * ov2sim_uplink_quiet_update() gives it back what it had.
 *
 * Context: process, with rtnl and without the lock of a device.
 */
void ov2sim_uplink_quiet_forget(struct ov2sim_uplink *uplink, const struct net_device *netdev)
{
	struct ov2sim_quiet *quiet = ov2sim_quiet_find(uplink, netdev);

	if (quiet && netdev->reg_state != NETREG_REGISTERED)
		ov2sim_quiet_free(quiet);
}

int ov2sim_uplink_quiet_init(void)
{
	ov2sim_quiet_cache = KMEM_CACHE(ov2sim_quiet, 0);
	return ov2sim_quiet_cache ? 0 : -ENOMEM;
}

void ov2sim_uplink_quiet_exit(void)
{
	kmem_cache_destroy(ov2sim_quiet_cache);
}
