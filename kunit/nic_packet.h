/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: TCP packets as the stack hands them to a NIC, for KUnit. */
#ifndef __OV2_NIC_PACKET_H
#define __OV2_NIC_PACKET_H

#include <linux/if_ether.h>
#include "nic_fixture.h"

#define NIC_PACKET_TCP_SEQ	0xfffffff0
#define NIC_PACKET_IP_ID	0xfffe

struct sk_buff;

/**
 * struct nic_packet - What to build.
 * @family: outer IP, or the only one
 * @tunnel: there is an inner IP header
 * @inner: its family
 * @esp: frame it for ESP
 * @encap: and put that into UDP
 * @iv_len: ESP: bytes of IV
 * @icv_len: ESP: bytes of ICV
 * @block: ESP: what text, padding and trailer add up to a multiple of
 * @payload: bytes of TCP payload
 * @mss: cut into these, or 0
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

/* Destination of all frames, and the address of both ports that get them */
extern const u8 nic_packet_addr[ETH_ALEN];

u8 nic_packet_byte(u32 i);
struct sk_buff *nic_packet_build(struct kunit *test, const struct nic_packet *p,
				 struct ov2sim_txd *txd);

#endif /* __OV2_NIC_PACKET_H */
