/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's data threads. */
#ifndef __OV2SIM_NIC_WORKER_H
#define __OV2SIM_NIC_WORKER_H

#include <linux/types.h>

struct ov2sim_hw;
struct ov2sim_worker;

int ov2sim_worker_init(struct ov2sim_worker *worker, struct ov2sim_hw *hw, u32 index);
int ov2sim_workers_start(struct ov2sim_hw *hw);
void ov2sim_workers_stop(struct ov2sim_hw *hw);

#endif /* __OV2SIM_NIC_WORKER_H */
