/* SPDX-License-Identifier: GPL-2.0-only */
/* For the suites of packet mode: plaintext that xfrm is about to give to an SA. */
#ifndef __OV2_KUNIT_PACKET_OUT_H
#define __OV2_KUNIT_PACKET_OUT_H

#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <net/neighbour.h>
#include "xfrm_fixture.h"

#define PACKET_TCP_LEN	32	/* with options, so that it is not the length of the struct */
#define PACKET_GSO_SIZE	100

/**
 * struct packet_out - Parameters of a packet and of its route.
 * @family: of the packet, 0 for that of the SA
 * @len: bytes behind the headers
 * @udp: UDP, otherwise TCP
 * @vxlan: TCP over IPv4 over Ethernet in VXLAN
 * @gso: a burst, whose segments have PACKET_GSO_SIZE bytes
 * @dodgy: a burst from a guest, which does not say how many segments it has
 * @bad_doff: the TCP header says that it is longer than the packet
 * @options: IPv4 options or IPv6 extension headers
 * @other_port: the route leaves by the other port
 * @nested: the route leads to another SA
 * @no_neigh: the route has no neighbour
 * @nud: state of the neighbour, 0 for a valid one
 * @hops: hop limit of the route, 0 for none
 */
struct packet_out {
	u16 family;
	u32 len;
	bool udp;
	bool vxlan;
	bool gso;
	bool dodgy;
	bool bad_doff;
	bool options;
	bool other_port;
	bool nested;
	bool no_neigh;
	u8 nud;
	u32 hops;
};

/**
 * struct packet_route - The route of a packet.
 * @ops: of all parts
 * @xdst: to xfrm
 * @child: behind it
 * @metrics: of @child
 * @neigh: the next hop of the SA
 * @asked: whose neighbour was looked up last
 */
struct packet_route {
	struct dst_ops ops;
	struct xfrm_dst xdst;
	struct dst_entry child;
	struct dst_metrics metrics;
	struct neighbour *neigh;
	xfrm_address_t asked;
};

extern const u8 packet_next_hop[ETH_ALEN];

struct packet_route *packet_route(struct fixture *f, struct xfrm_state *x,
				  const struct packet_out *want);
void packet_route_end(struct packet_route *route);
struct sk_buff *packet_plain(struct fixture *f, const struct xfrm_state *x,
			     const struct packet_out *want);
u32 packet_headers(const struct xfrm_state *x, const struct packet_out *want);
bool packet_ask(struct sk_buff *skb, struct xfrm_state *x, struct packet_route *route);
struct sk_buff *packet_given(struct fixture *f, struct xfrm_state *x,
			     const struct packet_out *want);
int packet_send(struct sk_buff *skb, struct ov2_tx *tx);
unsigned long packet_mib(int field);

#endif /* __OV2_KUNIT_PACKET_OUT_H */
