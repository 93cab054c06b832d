/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: the functions that a NIC driver calls. */
#ifndef __NET_OV2_FUNCTIONS_H
#define __NET_OV2_FUNCTIONS_H

#include <linux/netdev_features.h>
#include <net/ov2/types.h>

struct netlink_ext_ack;
struct xfrm_policy;
struct xfrm_state;

/* NIC: nic.c */
struct ov2_nic *ov2_nic_alloc(const struct ov2_nic_ops *ops, const struct ov2_caps *hw_caps,
			      size_t priv_size, const char *name);
void *ov2_nic_priv(struct ov2_nic *nic);
void ov2_nic_register(struct ov2_nic *nic);
void ov2_nic_unregister(struct ov2_nic *nic);
void ov2_nic_free(struct ov2_nic *nic);

/* NIC-wide settings and state: nic.c */
void ov2_nic_hw_caps(struct ov2_nic *nic, struct ov2_caps *caps);
void ov2_nic_caps(struct ov2_nic *nic, struct ov2_caps *caps);
int ov2_nic_set_caps(struct ov2_nic *nic, const struct ov2_caps *caps);
int ov2_nic_set_deadline(struct ov2_nic *nic, u32 msecs);
u32 ov2_nic_deadline(struct ov2_nic *nic);
void ov2_nic_set_waiting_max(struct ov2_nic *nic, u32 sas);
u32 ov2_nic_waiting_max(struct ov2_nic *nic);
void ov2_nic_set_reoffer(struct ov2_nic *nic, bool on);
bool ov2_nic_reoffer(struct ov2_nic *nic);
u32 ov2_nic_occupancy(struct ov2_nic *nic);
u32 ov2_nic_occupancy_dir(struct ov2_nic *nic, enum ov2_dir dir);
void ov2_nic_set_stack_gso(struct ov2_nic *nic, bool on);
bool ov2_nic_stack_gso(struct ov2_nic *nic);
void ov2_nic_set_packet_add_wait(struct ov2_nic *nic, bool on);
bool ov2_nic_packet_add_wait(struct ov2_nic *nic);

/* SaDeleteReq: delreq.c */
void ov2_nic_set_delreq_policy(struct ov2_nic *nic, enum ov2_delreq_policy policy);
enum ov2_delreq_policy ov2_nic_delreq_policy(struct ov2_nic *nic);

/* Reset: reset.c */
void ov2_nic_reset_begin(struct ov2_nic *nic);
int ov2_nic_reset_done(struct ov2_nic *nic, int err);
bool ov2_nic_misbehaved(struct ov2_nic *nic);
bool ov2_nic_in_service(struct ov2_nic *nic);
void ov2_nic_gone(struct ov2_nic *nic);

/* devlink: devlink.c, health.c */
struct ov2_devlink *ov2_devlink_register(struct devlink *devlink,
					 const struct ov2_devlink_ops *ops,
					 const struct ov2_caps *caps, u32 max_sas);
void ov2_devlink_quiesce(struct ov2_devlink *od);
void ov2_devlink_unregister(struct ov2_devlink *od);
void ov2_devlink_sizes(struct ov2_devlink *od, struct ov2_caps *caps);
void ov2_devlink_attach(struct ov2_devlink *od, struct ov2_nic *nic);
void ov2_devlink_detach(struct ov2_devlink *od);
void ov2_devlink_report(struct ov2_devlink *od, const char *report);
void ov2_devlink_put_u64(struct devlink_fmsg *fmsg, const char *name, u64 value);

/* Ports: port.c */
void ov2_port_init(struct ov2_nic *nic, struct ov2_port *port, struct net_device *netdev,
		   u32 index);
void ov2_port_close(struct ov2_port *port);
void ov2_port_set_esp(struct ov2_port *port, bool on);
void ov2_nic_set_port_max(struct ov2_nic *nic, u32 sas);
u32 ov2_nic_port_max(struct ov2_nic *nic);

/* xfrm, for the driver's own xfrmdev_ops: xfrm.c, policy.c */
int ov2_state_add(struct net_device *netdev, struct xfrm_state *x, struct netlink_ext_ack *extack);
int ov2_policy_add(struct xfrm_policy *xp, struct netlink_ext_ack *extack);

/* Requests: request.c */
void ov2_request_complete(struct ov2_nic *nic, struct ov2_request *req, int status);
void ov2_nic_ready(struct ov2_nic *nic);

/* Packets: tx.c, features.c, rx.c */
u32 ov2_tx_flow(struct sk_buff *skb);
int ov2_tx_sa(struct sk_buff *skb, struct ov2_tx *tx);
netdev_features_t ov2_features_check(struct sk_buff *skb, struct net_device *netdev,
				     netdev_features_t features);
netdev_features_t ov2_fix_features(struct net_device *netdev, netdev_features_t features);
int ov2_rx(struct ov2_port *port, struct sk_buff *skb, const struct ov2_rx_meta *meta);

/* Helpers for drivers: esp.c */
int ov2_esp_offset(const struct sk_buff *skb);
void ov2_esp_put_iv(struct sk_buff *skb, const struct ov2_tx *tx);
int ov2_esp_strip_trailer(struct sk_buff *skb, const struct ov2_tx *tx);
int ov2_esp_put_trailer(struct sk_buff *skb, u8 nexthdr, u32 align, u32 icv_len);

/* Counters: stats.c */
int ov2_stats_count(void);
void ov2_stats_strings(u8 **data);
void ov2_stats_fill(struct ov2_nic *nic, u64 *data);

#endif /* __NET_OV2_FUNCTIONS_H */
