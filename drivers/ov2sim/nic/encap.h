/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: outer headers in packet mode. */
#ifndef __OV2SIM_NIC_ENCAP_H
#define __OV2SIM_NIC_ENCAP_H

#include "nic.h"

struct ov2sim_sa;

/* Ethernet with two VLAN tags, outer IPv6, UDP, ESP with IV. */
#define OV2SIM_ENCAP_MAX	(22 + 40 + 8 + 24)

/**
 * struct ov2sim_encap - The headers that a packet gets.
 * @txd: descriptor of the framed packet
 * @head: the frame from the MAC header to the IV
 * @head_len: length of @head
 * @skip: bytes at the start of the packet that @head replaces
 */
struct ov2sim_encap {
	struct ov2sim_txd txd;
	u8 head[OV2SIM_ENCAP_MAX];
	u32 head_len;
	u32 skip;
};

int ov2sim_encap(struct ov2sim_encap *encap, const struct ov2sim_txd *txd, struct ov2sim_sa *sa);
void ov2sim_encap_lengths(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			  u32 len);
void ov2sim_encap_udp_csum(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			   u32 len);

#endif /* __OV2SIM_NIC_ENCAP_H */
