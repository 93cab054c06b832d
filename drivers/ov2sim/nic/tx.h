/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: transmit. */
#ifndef __OV2SIM_NIC_TX_H
#define __OV2SIM_NIC_TX_H

#include <linux/types.h>

struct ov2sim_hwport;

bool ov2sim_tx_work(struct ov2sim_hwport *port, u32 queue);

#endif /* __OV2SIM_NIC_TX_H */
