/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the driver side of the simulated NIC. */
#ifndef __OV2SIM_H
#define __OV2SIM_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/workqueue.h>
#include <net/devlink.h>
#include <net/ov2.h>

#include "nic/nic.h"
#include "stats.h"
#include "uplink.h"

/**
 * DOC: Objects, locks and lifetimes of the driver
 *
 * Each device on the bus is a &struct ov2sim_bus_dev. Its probe makes a devlink instance, whose
 * private part is a &struct ov2sim. That has one &struct ov2_nic (the core's object), one &struct
 * ov2sim_hw (the simulated chip) and the ports. `devlink dev reload` destroys and creates NIC, chip
 * and ports; the bus device and the devlink instance stay.
 *
 * Locks, outermost first:
 *
 * * ov2sim_bus_lock: the list of devices; held while a device is created or removed.
 * * the devlink instance's lock: ov2sim.nic, .hw and .ports, and therefore their creation and
 *   destruction.
 * * rtnl: what belongs to a netdev: the queues of a port and their sizes, links between ports,
 *   uplinks, open and stop.
 *
 * The locks of the core and of the chip are inside all of these. Neither core nor chip takes one of
 * these locks, so a reset or a removal may hold them while it waits for the NIC.
 *
 * Contexts: the chip raises interrupts for completed requests and for RX and TX completions from
 * its threads, and interrupts for link changes from the calls that link, start and stop ports, all
 * with bottom halves disabled. Its workers also send through uplinks. The handlers need no lock of
 * the driver: those of a port run only between its start and its stop, and the port exists longer
 * than that. RX and TX completions are processed by NAPI, one instance per queue. The producer
 * side of a TX ring is guarded by the netdev's TX queue lock; its consumer side and the RX ring
 * belong to NAPI.
 *
 * A work item of the core's reports errors to devlink, which takes the instance's lock. A removal
 * has the core disable it before it takes that lock.
 *
 * Removal goes in this order: the files in debugfs; the netdevs, on which xfrm deletes its SAs, and
 * the chip still executes the deletes; the core's NIC, which waits for the last DELETE_SA; the
 * chip.
 */

#define OV2SIM_NAME		"ov2sim"
#define OV2SIM_ID_MAX		9999	/* "ov2sim9999p15" fits into IFNAMSIZ */
#define OV2SIM_PORTS_MAX	16
#define OV2SIM_QUEUES_MAX	16
#define OV2SIM_QUEUES_DEFAULT	2
#define OV2SIM_RING_MIN		64
#define OV2SIM_RING_MAX		4096
#define OV2SIM_RING_DEFAULT	512
#define OV2SIM_MTU_MAX		9000
#define OV2SIM_WIRE_LEN		32	/* of a description by ov2sim_port_wire() */
#define OV2SIM_SAS_DEFAULT	16384
#define OV2SIM_SAS_MAX		(1024 * 1024)
/* Up to the largest window that xfrm has. */
#define OV2SIM_WINDOWS		(32 | 64 | 128 | 256 | 512 | 1024 | 2048 | 4096)

struct ov2sim_personality;
struct page_pool;

/**
 * struct ov2sim_bus_dev - A device on the bus.
 * @dev: the device
 * @list: in the list of devices
 * @ports: number of ports
 * @queues: queue pairs of each port
 * @surprise_removed: it is removed without warning; valid during removal
 * @initial_net: network namespace of the process that writes new_device; valid during probe
 * @probe_err: error of the probe, which device_register() does not return
 */
struct ov2sim_bus_dev {
	struct device dev;
	struct list_head list;
	u32 ports;
	u32 queues;
	bool surprise_removed;
	struct net *initial_net;
	int probe_err;
};

static inline struct ov2sim_bus_dev *to_ov2sim_bus_dev(struct device *dev)
{
	return container_of(dev, struct ov2sim_bus_dev, dev);
}

/**
 * struct ov2sim - A NIC: the private part of its devlink instance.
 * @bus_dev: its device
 * @nic: the core's object; NULL after a failed reload
 * @hw: the chip
 * @ports: its ports, NULL where there is none
 * @debugfs: its directory
 * @ov2: the core's part of the devlink instance
 * @watermark: sa_watermark, which survives a reload
 * @personality: its personality, which a reload may change
 * @reset_lock: one reset at a time
 * @reset_work: resets the chip after an error
 */
struct ov2sim {
	struct ov2sim_bus_dev *bus_dev;
	struct ov2_nic *nic;
	struct ov2sim_hw *hw;
	struct ov2sim_port *ports[OV2SIM_PORTS_MAX];
	struct dentry *debugfs;
	struct ov2_devlink *ov2;
	u32 watermark;
	const struct ov2sim_personality *personality;
	/* serialises resets; outermost of the locks that a reset takes */
	struct mutex reset_lock;
	struct work_struct reset_work;
};

/**
 * struct ov2sim_vector - A queue pair and the NAPI instance that serves it.
 * @napi: NAPI
 * @port: the port
 * @pool: pages of the RX buffers
 * @index: queue number
 * @rx_ring: RX descriptors
 * @rx_posted: RX descriptors that hold a buffer; belongs to NAPI
 */
struct ov2sim_vector {
	struct napi_struct napi;
	struct ov2sim_port *port;
	struct page_pool *pool;
	u32 index;
	u32 rx_ring;
	u32 rx_posted;
};

/**
 * struct ov2sim_port - A port: the private part of its netdev.
 * @ov2: the core's part
 * @sim: the NIC
 * @devlink_port: devlink's part
 * @config: rings that the port has while it is up; under rtnl
 * @vectors: @config.queues of them while the port is up; under rtnl
 * @stats: counters by queue; they stay while the port is down or has fewer queues
 * @uplink: the device that is the port's wire, if one is
 * @running: the chip's port is started; under rtnl
 * @rx_order: page order of an RX buffer
 */
struct ov2sim_port {
	struct ov2_port ov2;
	struct ov2sim *sim;
	struct devlink_port devlink_port;
	struct ov2sim_port_config config;
	struct ov2sim_vector *vectors[OV2SIM_QUEUES_MAX];
	struct ov2sim_queue_stats stats[OV2SIM_QUEUES_MAX];
	struct ov2sim_uplink uplink;
	bool running;
	u32 rx_order;
};

/* bus.c */
int ov2sim_bus_init(void);
void ov2sim_bus_exit(void);

/* main.c */
extern const struct ov2_caps ov2sim_caps;
struct ov2sim *ov2sim_of(struct ov2_nic *nic);
int ov2sim_probe(struct ov2sim_bus_dev *bus_dev);
void ov2sim_remove(struct ov2sim_bus_dev *bus_dev);
int ov2sim_up(struct ov2sim *sim, struct netlink_ext_ack *extack);
void ov2sim_down(struct ov2sim *sim);

/* netdev.c */
struct ov2sim_port *ov2sim_port_create(struct ov2sim *sim, u32 index);
void ov2sim_port_destroy(struct ov2sim_port *port);
void ov2sim_port_set_address(struct ov2sim_port *port, const u8 *addr, u8 assign_type);
void ov2sim_port_wire(struct ov2sim_port *port, char *buf, size_t size);
bool ov2sim_netdev_is_ours(const struct net_device *netdev);
int ov2sim_port_reconfigure(struct ov2sim_port *port, const struct ov2sim_port_config *config,
			    u32 mtu);

/* txrx.c */
int ov2sim_txrx_init(void);
void ov2sim_txrx_exit(void);
u32 ov2sim_rx_buffer_size(u32 mtu);
int ov2sim_port_start(struct ov2sim_port *port);
void ov2sim_port_stop(struct ov2sim_port *port);
netdev_tx_t ov2sim_start_xmit(struct sk_buff *skb, struct net_device *netdev);

/* sysfs.c */
extern const struct attribute_group ov2sim_rx_queue_group;

/* ethtool.c */
extern const struct ethtool_ops ov2sim_ethtool_ops;

/* devlink.c */
extern const struct devlink_ops ov2sim_devlink_ops;
int ov2sim_devlink_init(struct devlink *devlink);
void ov2sim_devlink_exit(struct devlink *devlink);

/* params.c */
int ov2sim_params_register(struct devlink *devlink);
void ov2sim_params_unregister(struct devlink *devlink);
void ov2sim_params_read(struct devlink *devlink);

/* health.c */
extern const struct ov2_devlink_ops ov2sim_ov2_devlink_ops;

/* reset.c */
void ov2sim_reset_init(struct ov2sim *sim);
void ov2sim_reset_exit(struct ov2sim *sim);
int ov2sim_reset(struct ov2sim *sim);
int ov2sim_reset_wait(struct ov2sim *sim);
void ov2sim_reset_later(struct ov2sim *sim);

/* pm.c */
extern const struct dev_pm_ops ov2sim_pm_ops;

/* debugfs.c */
void ov2sim_debugfs_init(void);
void ov2sim_debugfs_exit(void);
void ov2sim_debugfs_add(struct ov2sim *sim);
void ov2sim_debugfs_del(struct ov2sim *sim);

#endif /* __OV2SIM_H */
