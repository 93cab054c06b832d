/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's command queue. */
#ifndef __OV2SIM_NIC_CMD_H
#define __OV2SIM_NIC_CMD_H

#include <linux/types.h>

struct ov2sim_hw;

int ov2sim_cmd_init(struct ov2sim_hw *hw);
void ov2sim_cmd_destroy(struct ov2sim_hw *hw);
void ov2sim_cmd_clear(struct ov2sim_hw *hw);
void ov2sim_cmd_progress(struct ov2sim_hw *hw);

#endif /* __OV2SIM_NIC_CMD_H */
