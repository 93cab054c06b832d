/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: packet mode, XFRM_DEV_OFFLOAD_PACKET. */
#ifndef __OV2_PACKET_H
#define __OV2_PACKET_H

#include <linux/types.h>

struct net_device;
struct netlink_ext_ack;
struct ov2_port;
struct ov2_rx_meta;
struct ov2_sa;
struct ov2_tx;
struct sk_buff;
struct xfrm_offload;
struct xfrm_policy;
struct xfrm_state;

/* packet.c */
struct xfrm_state *ov2_packet_guard_new(void);
void ov2_packet_guard_put(struct xfrm_state *guard);
bool ov2_packet_offload_ok(struct sk_buff *skb, struct xfrm_state *x, struct ov2_sa *sa);
bool ov2_packet_tagged(const struct xfrm_offload *xo);
bool ov2_packet_in_udp(const struct xfrm_offload *xo);
u32 ov2_packet_cookie(const struct xfrm_offload *xo);
void ov2_packet_pass(struct sk_buff *skb);
bool ov2_packet_passed(const struct xfrm_offload *xo);
int ov2_packet_number(struct sk_buff *skb, struct xfrm_state *x, struct ov2_tx *tx);
#if IS_ENABLED(CONFIG_KUNIT)
bool ov2_packet_trylock(struct xfrm_state *x);
#endif

/* rx_packet.c */
int ov2_rx_reframe(struct sk_buff *skb, const struct xfrm_state *x, const struct ov2_rx_meta *meta);

/* policy.c */
void ov2_policy_delete(struct xfrm_policy *xp);

#endif /* __OV2_PACKET_H */
