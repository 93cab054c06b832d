/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: TCP packets as the stack passes them to a NIC, for KUnit. */
#ifndef __OV2_NIC_PACKET_H
#define __OV2_NIC_PACKET_H

#include <linux/if_ether.h>
#include "nic_fixture.h"

#define NIC_PACKET_TCP_SEQ	0xfffffff0
#define NIC_PACKET_IP_ID	0xfffe

struct sk_buff;

/**
 * struct nic_packet - A packet to build.
 * @family: family of the outer IP header, or of the only one
 * @tunnel: there is an inner IP header
 * @inner: family of the inner IP header
 * @esp: make room for ESP
 * @encap: ESP: encapsulation
 * @iv_len: ESP: bytes of IV
 * @icv_len: ESP: bytes of ICV
 * @block: ESP: text, padding, pad length and next header together are a multiple of this
 * @payload: bytes of TCP payload
 * @mss: payload bytes of a segment, 0 without LSO
 * @seq: ESP: sequence number
 * @handle: ESP: offload_handle
 */
struct nic_packet {
	enum ov2_family family;
	bool tunnel;
	enum ov2_family inner;
	bool esp;
	enum ov2_encap encap;
	u8 iv_len;
	u8 icv_len;
	u8 block;
	u32 payload;
	u32 mss;
	u64 seq;
	u32 handle;
};

/* Destination of all frames, and address of both ports that receive them. */
extern const u8 nic_packet_addr[ETH_ALEN];

u8 nic_packet_byte(u32 i);
struct sk_buff *nic_packet_build(struct kunit *test, const struct nic_packet *p,
				 struct ov2sim_txd *txd);

#endif /* __OV2_NIC_PACKET_H */
