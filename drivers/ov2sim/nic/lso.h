/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: large send offload. */
#ifndef __OV2SIM_NIC_LSO_H
#define __OV2SIM_NIC_LSO_H

#include <linux/list.h>
#include "nic.h"

struct ov2sim_sa;

int ov2sim_lso(const struct ov2sim_txd *txd, struct ov2sim_sa *sa, struct list_head *frames);

#endif /* __OV2SIM_NIC_LSO_H */
