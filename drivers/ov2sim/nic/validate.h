/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's validation of ADD_SA nodes. */
#ifndef __OV2SIM_NIC_VALIDATE_H
#define __OV2SIM_NIC_VALIDATE_H

#include <net/ov2/types.h>

int ov2sim_sa_validate(const struct ov2_add_sa *node, const struct ov2_caps *caps, u32 ports);

#endif /* __OV2SIM_NIC_VALIDATE_H */
