/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the headers that the NIC takes off packets in packet mode. */
#ifndef __OV2SIM_NIC_DECAP_H
#define __OV2SIM_NIC_DECAP_H

#include "nic.h"
#include "parse.h"

struct ov2sim_sa;

u32 ov2sim_decap(const struct ov2sim_sa *sa, u8 *data, const struct ov2sim_pkt *pkt,
		 struct ov2sim_rxc *rxc);

#endif /* __OV2SIM_NIC_DECAP_H */
