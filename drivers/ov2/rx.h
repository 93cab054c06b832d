/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the functions that the files of the receive path share. */
#ifndef __OV2_RX_H
#define __OV2_RX_H

#include <linux/types.h>

struct ov2_port;
struct sk_buff;
struct xfrm_state;

/* rx_protocol.c */
int ov2_rx_init(void);
void ov2_rx_exit(void);

/* rx_input.c */
bool ov2_rx_seq_agrees(struct xfrm_state *x, u64 seq);
void ov2_rx_check_seq(struct sk_buff *skb);
int ov2_rx_input(struct sk_buff *skb, u32 esp_off, int encap_type);

/* rx.c */
enum ov2_rx_mark {
	OV2_RX_MARKED = 1,
	OV2_RX_MARKED_PACKET,
};

#if IS_ENABLED(CONFIG_KUNIT)
struct ov2_rx_meta;
int ov2_rx_mark(struct ov2_port *port, struct sk_buff *skb, const struct ov2_rx_meta *meta);
#endif

/* rx_held.c */
#define OV2_HELD_MAX	4096	/* packets, a power of two */

void ov2_held_init(void);
void ov2_held_exit(void);
struct sk_buff *ov2_held_put(struct ov2_port *port, struct sk_buff *skb, u32 esp_off);
int ov2_held_input(struct sk_buff *standin, int encap_type);
void ov2_held_expire(void);
void ov2_held_clean(const struct net_device *dev);
#if IS_ENABLED(CONFIG_KUNIT)
u32 ov2_held_count(void);
extern struct delayed_work ov2_held_later;
#endif

#endif /* __OV2_RX_H */
