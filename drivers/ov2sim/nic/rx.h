/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: receive. */
#ifndef __OV2SIM_NIC_RX_H
#define __OV2SIM_NIC_RX_H

#include <linux/types.h>

struct ov2sim_hwport;

bool ov2sim_rx_work(struct ov2sim_hwport *port, u32 queue);

#endif /* __OV2SIM_NIC_RX_H */
