/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: wires between ports. */
#ifndef __OV2SIM_NIC_LINK_H
#define __OV2SIM_NIC_LINK_H

#include <linux/types.h>

struct list_head;
struct ov2sim_hwport;

int ov2sim_link_send(struct ov2sim_hwport *port, struct list_head *frames);
void ov2sim_link_missed(struct ov2sim_hwport *port, u32 count);
void ov2sim_link_resume(struct ov2sim_hwport *port);
void ov2sim_link_set_started(struct ov2sim_hwport *port, bool started);

#endif /* __OV2SIM_NIC_LINK_H */
