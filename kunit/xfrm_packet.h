/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites of the core: received packets, and what xfrm's protocols see of them. */
#ifndef __OV2_KUNIT_XFRM_PACKET_H
#define __OV2_KUNIT_XFRM_PACKET_H

#include <linux/skbuff.h>
#include "xfrm_fixture.h"

#define PACKET_HEAD_LEN		256

/**
 * struct packet_seen - What a protocol behind the core's has seen at the end of xfrm_input().
 * @packets: number of packets
 * @err: of the last packet: 0 if xfrm accepted it, otherwise -1
 * @flags: its xfrm_offload.flags, 0 if it had none
 * @mark: its mark
 * @dev: the device on which xfrm believes that it was received
 * @next_header: of the ESP trailer
 * @ip_summed: its checksum
 * @mac_type: type in its MAC header
 * @len: its length from the IP header on
 * @head: its beginning, from the IP header on
 */
struct packet_seen {
	u32 packets;
	int err;
	u32 flags;
	u32 mark;
	const struct net_device *dev;
	u8 next_header;
	u8 ip_summed;
	__be16 mac_type;
	u32 len;
	u8 head[PACKET_HEAD_LEN];
};

extern struct packet_seen packet_seen;

struct sk_buff *packet_received(struct fixture *f, struct xfrm_state *x, u32 seq);
struct sk_buff *packet_hold(struct fixture *f, struct sk_buff *skb, const struct xfrm_state *x,
			    u32 flags, u32 status);
void packet_mark(struct fixture *f, struct sk_buff *skb, struct xfrm_state *x, u32 flags);
void packet_input(struct sk_buff *skb);
int packet_spy_start(void);
void packet_spy_stop(void);

#endif /* __OV2_KUNIT_XFRM_PACKET_H */
