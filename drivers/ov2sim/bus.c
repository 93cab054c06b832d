// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the bus on which users create, remove and link simulated NICs.
 *
 * Owns the list of devices, under ov2sim_bus_lock. main.c owns what is in a device.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/refcount.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <net/net_namespace.h>

#include "ov2sim.h"

static DEFINE_IDA(ov2sim_bus_ids);
static LIST_HEAD(ov2sim_bus_devs);
static DEFINE_MUTEX(ov2sim_bus_lock);	/* ov2sim_bus_devs, ov2sim_bus_open */
static bool ov2sim_bus_open;
static struct kmem_cache *ov2sim_bus_cache;
/* Counts the devices and the bus. The module must stay until the last device is released. */
static refcount_t ov2sim_bus_users;
static DECLARE_COMPLETION(ov2sim_bus_unused);

static void ov2sim_bus_put(void)
{
	if (refcount_dec_and_test(&ov2sim_bus_users))
		complete(&ov2sim_bus_unused);
}

static void ov2sim_bus_dev_release(struct device *dev)
{
	kmem_cache_free(ov2sim_bus_cache, to_ov2sim_bus_dev(dev));
	ov2sim_bus_put();
}

static const struct device_type ov2sim_bus_dev_type = {
	.release = ov2sim_bus_dev_release,
};

static int ov2sim_bus_probe(struct device *dev)
{
	return ov2sim_probe(to_ov2sim_bus_dev(dev));
}

static void ov2sim_bus_remove(struct device *dev)
{
	ov2sim_remove(to_ov2sim_bus_dev(dev));
}

static const struct bus_type ov2sim_bus;

static int ov2sim_bus_dev_new(u32 id, u32 ports, u32 queues)
{
	struct ov2sim_bus_dev *bus_dev;
	int err;

	bus_dev = kmem_cache_zalloc(ov2sim_bus_cache, GFP_KERNEL);
	if (!bus_dev)
		return -ENOMEM;

	err = ida_alloc_range(&ov2sim_bus_ids, id, id, GFP_KERNEL);
	if (err < 0) {
		kmem_cache_free(ov2sim_bus_cache, bus_dev);
		return err == -ENOSPC ? -EEXIST : err;
	}

	bus_dev->dev.id = id;
	bus_dev->dev.bus = &ov2sim_bus;
	bus_dev->dev.type = &ov2sim_bus_dev_type;
	bus_dev->ports = ports;
	bus_dev->queues = queues;
	bus_dev->initial_net = current->nsproxy->net_ns;

	refcount_inc(&ov2sim_bus_users);
	err = device_register(&bus_dev->dev);
	if (err) {
		put_device(&bus_dev->dev);
		goto err_id;
	}
	/* device_register() succeeds even if the probe has failed. Remove such a device. */
	if (!dev_get_drvdata(&bus_dev->dev)) {
		err = bus_dev->probe_err ?: -ENODEV;
		device_unregister(&bus_dev->dev);
		goto err_id;
	}
	list_add_tail(&bus_dev->list, &ov2sim_bus_devs);
	return 0;

err_id:
	ida_free(&ov2sim_bus_ids, id);
	return err;
}

static void ov2sim_bus_dev_del(struct ov2sim_bus_dev *bus_dev)
{
	u32 id = bus_dev->dev.id;

	lockdep_assert_held(&ov2sim_bus_lock);

	list_del(&bus_dev->list);
	device_unregister(&bus_dev->dev);
	ida_free(&ov2sim_bus_ids, id);
}

static ssize_t new_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	u32 id, ports = 1, queues = OV2SIM_QUEUES_DEFAULT;
	int err;

	if (sscanf(buf, "%u %u %u", &id, &ports, &queues) < 1) {
		pr_err("Expected \"id [ports [queues]]\"\n");
		return -EINVAL;
	}
	if (id > OV2SIM_ID_MAX) {
		pr_err("The id must be at most %u\n", OV2SIM_ID_MAX);
		return -EINVAL;
	}
	if (!ports || ports > OV2SIM_PORTS_MAX) {
		pr_err("The number of ports must be 1 to %u\n", OV2SIM_PORTS_MAX);
		return -EINVAL;
	}
	if (!queues || queues > OV2SIM_QUEUES_MAX) {
		pr_err("The number of queues must be 1 to %u\n", OV2SIM_QUEUES_MAX);
		return -EINVAL;
	}

	mutex_lock(&ov2sim_bus_lock);
	err = ov2sim_bus_open ? ov2sim_bus_dev_new(id, ports, queues) : -EBUSY;
	mutex_unlock(&ov2sim_bus_lock);
	return err ?: count;
}
static BUS_ATTR_WO(new_device);

static ssize_t ov2sim_bus_del(const char *buf, size_t count, bool surprise_removed)
{
	struct ov2sim_bus_dev *bus_dev;
	int err = -ENOENT;
	u32 id;

	if (kstrtou32(buf, 0, &id)) {
		pr_err("Expected \"id\"\n");
		return -EINVAL;
	}

	mutex_lock(&ov2sim_bus_lock);
	list_for_each_entry(bus_dev, &ov2sim_bus_devs, list) {
		if (bus_dev->dev.id != id)
			continue;
		bus_dev->surprise_removed = surprise_removed;
		ov2sim_bus_dev_del(bus_dev);
		err = 0;
		break;
	}
	mutex_unlock(&ov2sim_bus_lock);
	return err ?: count;
}

static ssize_t del_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	return ov2sim_bus_del(buf, count, false);
}
static BUS_ATTR_WO(del_device);

/* Surprise removal: the driver learns of it after the device has gone. */
static ssize_t pull_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	return ov2sim_bus_del(buf, count, true);
}
static BUS_ATTR_WO(pull_device);

/* Find the interface @ifindex in the network namespace that @fd, a file descriptor of the calling
 * process, refers to. rtnl keeps the interface.
 */
static struct net_device *ov2sim_bus_find_netdev(int fd, u32 ifindex)
{
	struct net_device *netdev;
	struct net *net;

	ASSERT_RTNL();

	net = get_net_ns_by_fd(fd);
	if (IS_ERR(net)) {
		pr_err("File descriptor %d is no network namespace\n", fd);
		return ERR_PTR(-EINVAL);
	}
	netdev = __dev_get_by_index(net, ifindex);
	put_net(net);
	if (!netdev) {
		pr_err("No interface %u in the network namespace %d\n", ifindex, fd);
		return ERR_PTR(-EINVAL);
	}
	return netdev;
}

static int ov2sim_bus_link_ports(struct ov2sim_port *a, struct ov2sim_port *b)
{
	int err;

	if (a == b) {
		pr_err("Cannot link a port to itself\n");
		return -EINVAL;
	}
	err = ov2sim_hw_link(a->sim->hw, a->ov2.index, b->sim->hw, b->ov2.index);
	if (err == -EBUSY)
		pr_err("%s or %s is linked already\n", netdev_name(a->ov2.netdev),
		       netdev_name(b->ov2.netdev));
	return err;
}

static int ov2sim_bus_link_device(struct ov2sim_port *port, struct net_device *lower)
{
	struct netlink_ext_ack extack = {};
	int err;

	err = ov2sim_uplink_attach(port, lower, &extack);
	if (err)
		pr_err("Cannot link %s to %s: %s\n", netdev_name(port->ov2.netdev),
		       netdev_name(lower), extack._msg ?: "no reason given");
	return err;
}

/* Link two interfaces, of which one at least is a port. */
static int ov2sim_bus_link(struct net_device *a, struct net_device *b)
{
	if (ov2sim_netdev_is_ours(a) && ov2sim_netdev_is_ours(b))
		return ov2sim_bus_link_ports(netdev_priv(a), netdev_priv(b));
	if (ov2sim_netdev_is_ours(a))
		return ov2sim_bus_link_device(netdev_priv(a), b);
	if (ov2sim_netdev_is_ours(b))
		return ov2sim_bus_link_device(netdev_priv(b), a);
	pr_err("Neither %s nor %s is an ov2sim port\n", netdev_name(a), netdev_name(b));
	return -EINVAL;
}

static ssize_t link_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	u32 ifindex_a, ifindex_b;
	struct net_device *a, *b;
	int fd_a, fd_b, err;

	if (sscanf(buf, "%d:%u %d:%u", &fd_a, &ifindex_a, &fd_b, &ifindex_b) != 4) {
		pr_err("Expected \"netns_fd:ifindex netns_fd:ifindex\"\n");
		return -EINVAL;
	}

	rtnl_lock();
	a = ov2sim_bus_find_netdev(fd_a, ifindex_a);
	b = IS_ERR(a) ? a : ov2sim_bus_find_netdev(fd_b, ifindex_b);
	err = IS_ERR(b) ? PTR_ERR(b) : ov2sim_bus_link(a, b);
	rtnl_unlock();
	return err ?: count;
}
static BUS_ATTR_WO(link_device);

static int ov2sim_bus_unlink(struct net_device *netdev)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	int err;

	if (!ov2sim_netdev_is_ours(netdev)) {
		pr_err("%s is not an ov2sim port\n", netdev_name(netdev));
		return -EINVAL;
	}
	err = ov2sim_uplink_detach(port);
	if (err == -ENOLINK)
		err = ov2sim_hw_unlink(port->sim->hw, port->ov2.index);
	if (err == -ENOLINK)
		pr_err("%s is not linked\n", netdev_name(netdev));
	return err;
}

static ssize_t unlink_device_store(const struct bus_type *bus, const char *buf, size_t count)
{
	struct net_device *netdev;
	u32 ifindex;
	int fd, err;

	if (sscanf(buf, "%d:%u", &fd, &ifindex) != 2) {
		pr_err("Expected \"netns_fd:ifindex\"\n");
		return -EINVAL;
	}

	rtnl_lock();
	netdev = ov2sim_bus_find_netdev(fd, ifindex);
	err = IS_ERR(netdev) ? PTR_ERR(netdev) : ov2sim_bus_unlink(netdev);
	rtnl_unlock();
	return err ?: count;
}
static BUS_ATTR_WO(unlink_device);

static struct attribute *ov2sim_bus_attrs[] = {
	&bus_attr_new_device.attr,
	&bus_attr_del_device.attr,
	&bus_attr_pull_device.attr,
	&bus_attr_link_device.attr,
	&bus_attr_unlink_device.attr,
	NULL
};
ATTRIBUTE_GROUPS(ov2sim_bus);

static const struct bus_type ov2sim_bus = {
	.name = OV2SIM_NAME,
	.dev_name = OV2SIM_NAME,
	.bus_groups = ov2sim_bus_groups,
	.probe = ov2sim_bus_probe,
	.remove = ov2sim_bus_remove,
};

static struct device_driver ov2sim_driver = {
	/* new_device returns the error of the probe. */
	.probe_type = PROBE_FORCE_SYNCHRONOUS,
	.name = OV2SIM_NAME,
	.bus = &ov2sim_bus,
	.owner = THIS_MODULE,
	.pm = pm_sleep_ptr(&ov2sim_pm_ops),
	/* initial_net is valid only while new_device is being written. */
	.suppress_bind_attrs = true,
};

int ov2sim_bus_init(void)
{
	int err;

	ov2sim_bus_cache = KMEM_CACHE(ov2sim_bus_dev, 0);
	if (!ov2sim_bus_cache)
		return -ENOMEM;
	refcount_set(&ov2sim_bus_users, 1);
	err = bus_register(&ov2sim_bus);
	if (err)
		goto err_cache;
	err = driver_register(&ov2sim_driver);
	if (err)
		goto err_bus;

	mutex_lock(&ov2sim_bus_lock);
	ov2sim_bus_open = true;
	mutex_unlock(&ov2sim_bus_lock);
	return 0;

err_bus:
	bus_unregister(&ov2sim_bus);
err_cache:
	kmem_cache_destroy(ov2sim_bus_cache);
	return err;
}

void ov2sim_bus_exit(void)
{
	struct ov2sim_bus_dev *bus_dev, *next;

	mutex_lock(&ov2sim_bus_lock);
	ov2sim_bus_open = false;
	list_for_each_entry_safe(bus_dev, next, &ov2sim_bus_devs, list)
		ov2sim_bus_dev_del(bus_dev);
	mutex_unlock(&ov2sim_bus_lock);

	ov2sim_bus_put();
	wait_for_completion(&ov2sim_bus_unused);
	driver_unregister(&ov2sim_driver);
	bus_unregister(&ov2sim_bus);
	kmem_cache_destroy(ov2sim_bus_cache);
	ida_destroy(&ov2sim_bus_ids);
}
