/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the headers that the NIC adds to packets in packet mode. */
#ifndef __OV2SIM_NIC_ENCAP_H
#define __OV2SIM_NIC_ENCAP_H

#include "nic.h"

struct ov2sim_sa;

/**
 * struct ov2sim_encap - Where headers are added to a packet.
 * @at: offset in the packet at which they are inserted
 * @len: their length in bytes, 0 if none are added
 * @df: they begin with an IPv4 header that has DF
 */
struct ov2sim_encap {
	u32 at;
	u32 len;
	bool df;
};

int ov2sim_encap_plan(struct ov2sim_encap *encap, const struct ov2sim_txd *txd,
		      const struct ov2sim_sa *sa);
int ov2sim_encap_copy(const struct ov2sim_encap *encap, const struct sk_buff *skb, u32 len,
		      u8 *data);
void ov2sim_encap_put(struct ov2sim_encap *encap, struct ov2sim_txd *txd,
		      const struct ov2sim_sa *sa, u8 *data, u32 len);
void ov2sim_encap_put_csum(const struct ov2sim_txd *txd, const struct ov2sim_sa *sa, u8 *data,
			   u32 len);

#endif /* __OV2SIM_NIC_ENCAP_H */
