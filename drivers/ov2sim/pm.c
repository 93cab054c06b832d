// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: suspend and resume. The chip loses its SAs with its power, and the core restores them.
 * The netdevs stay up meanwhile, because xfrm would flush the SAs of a netdev that goes down.
 *
 * Order of locks: devlink's, then rtnl.
 */

#include <linux/pm.h>
#include <linux/rtnetlink.h>

#include "ov2sim.h"

static void ov2sim_pm_stop(struct ov2sim_port *port)
{
	netif_device_detach(port->ov2.netdev);
	if (port->running)
		ov2sim_port_stop(port);
}

static int ov2sim_pm_start(struct ov2sim_port *port)
{
	struct net_device *netdev = port->ov2.netdev;
	int err = 0;

	if (netif_running(netdev))
		err = ov2sim_port_start(port);
	if (err)
		netdev_err(netdev, "No memory for rings, set the link down and up\n");
	netif_device_attach(netdev);
	return err;
}

static int ov2sim_suspend(struct device *dev)
{
	struct ov2sim *sim = dev_get_drvdata(dev);
	struct devlink *devlink = priv_to_devlink(sim);
	u32 i;

	devl_lock(devlink);
	if (!sim->nic)
		goto out;
	rtnl_lock();
	for (i = 0; i < sim->bus_dev->ports; i++)
		ov2sim_pm_stop(sim->ports[i]);
	rtnl_unlock();
	ov2sim_hw_suspend(sim->hw);
out:
	devl_unlock(devlink);
	return 0;
}

static int ov2sim_resume(struct device *dev)
{
	struct ov2sim *sim = dev_get_drvdata(dev);
	struct devlink *devlink = priv_to_devlink(sim);
	int err = 0;
	u32 i;

	devl_lock(devlink);
	if (!sim->nic)
		goto out;
	ov2sim_hw_resume(sim->hw);
	/* The chip has lost its SAs. Reset it before the ports start, so that no packet is sent
	 * with a handle from before the suspend.
	 */
	err = ov2sim_reset(sim);
	rtnl_lock();
	for (i = 0; i < sim->bus_dev->ports; i++)
		err = ov2sim_pm_start(sim->ports[i]) ?: err;
	rtnl_unlock();
out:
	devl_unlock(devlink);
	return err;
}

DEFINE_SIMPLE_DEV_PM_OPS(ov2sim_pm_ops, ov2sim_suspend, ov2sim_resume);
