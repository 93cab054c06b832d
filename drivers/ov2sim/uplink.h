/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: uplinks: a port whose wire is a network device. */
#ifndef __OV2SIM_UPLINK_H
#define __OV2SIM_UPLINK_H

#include <linux/list.h>
#include <linux/netdevice.h>
#include "nic/nic.h"

struct netlink_ext_ack;
struct ov2sim_port;

/**
 * struct ov2sim_uplink - The uplink of a port.
 * @wire: what the chip sends through
 * @lower: the lower device, NULL without an uplink; written under rtnl, read under RCU
 * @tracker: tracker of the reference on @lower
 * @list: in the list of uplinks; under rtnl
 * @quiet: devices that must not aggregate frames: @lower and those below it; under rtnl
 */
struct ov2sim_uplink {
	struct ov2sim_wire wire;
	struct net_device __rcu *lower;
	netdevice_tracker tracker;
	struct list_head list;
	struct list_head quiet;
};

/* uplink.c */
int ov2sim_uplink_init(void);
void ov2sim_uplink_exit(void);
int ov2sim_uplink_attach(struct ov2sim_port *port, struct net_device *lower,
			 struct netlink_ext_ack *extack);
int ov2sim_uplink_detach(struct ov2sim_port *port);
int ov2sim_uplink_iflink(const struct net_device *netdev);

/* uplink_frame.c */
rx_handler_result_t ov2sim_uplink_rx(struct sk_buff **pskb);
int ov2sim_uplink_send(struct ov2sim_wire *wire, const void *data, u32 len);

/* uplink_quiet.c */
int ov2sim_uplink_quiet_init(void);
void ov2sim_uplink_quiet_exit(void);
void ov2sim_uplink_quiet_update(struct ov2sim_uplink *uplink);
void ov2sim_uplink_quiet_end(struct ov2sim_uplink *uplink);
void ov2sim_uplink_quiet_forget(struct ov2sim_uplink *uplink, const struct net_device *netdev);

#endif /* __OV2SIM_UPLINK_H */
