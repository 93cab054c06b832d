/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: receive processing of one ESP packet. */
#ifndef __OV2SIM_NIC_RX_ESP_H
#define __OV2SIM_NIC_RX_ESP_H

#include "frame.h"
#include "nic.h"
#include "parse.h"
#include "sadb.h"

void ov2sim_rx_esp(struct ov2sim_sa *sa, const struct ov2sim_frame *frame, u8 *data,
		   const struct ov2sim_pkt *pkt, bool csum, struct ov2sim_rxc *rxc);

#endif /* __OV2SIM_NIC_RX_ESP_H */
