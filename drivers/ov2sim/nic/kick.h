/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: doorbells of the NIC. */
#ifndef __OV2SIM_NIC_KICK_H
#define __OV2SIM_NIC_KICK_H

#include <linux/types.h>

struct ov2sim_hwport;
struct ov2sim_worker;

void ov2sim_worker_kick(struct ov2sim_worker *worker);
void ov2sim_tx_irq(struct ov2sim_hwport *port, u32 queue);
void ov2sim_rx_irq(struct ov2sim_hwport *port, u32 queue);

#endif /* __OV2SIM_NIC_KICK_H */
