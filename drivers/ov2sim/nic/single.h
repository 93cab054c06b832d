/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: a packet that becomes one frame. */
#ifndef __OV2SIM_NIC_SINGLE_H
#define __OV2SIM_NIC_SINGLE_H

#include <linux/list.h>
#include "nic.h"

struct ov2sim_sa;

int ov2sim_single(const struct ov2sim_txd *txd, struct ov2sim_sa *sa, struct list_head *frames);

#endif /* __OV2SIM_NIC_SINGLE_H */
