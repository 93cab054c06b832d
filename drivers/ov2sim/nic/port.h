/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the ports of a NIC and their rings. */
#ifndef __OV2SIM_NIC_PORT_H
#define __OV2SIM_NIC_PORT_H

#include <linux/types.h>

struct ov2sim_hw;
struct ov2sim_hwport;

int ov2sim_ports_alloc(struct ov2sim_hw *hw);
void ov2sim_ports_free(struct ov2sim_hw *hw);
void ov2sim_port_reset(struct ov2sim_hwport *port, u32 queue);

#endif /* __OV2SIM_NIC_PORT_H */
