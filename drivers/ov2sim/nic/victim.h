/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the SAs that the NIC wants to be rid of. */
#ifndef __OV2SIM_NIC_VICTIM_H
#define __OV2SIM_NIC_VICTIM_H

#include <linux/types.h>

struct ov2sim_sa;
struct ov2sim_sadb;

/**
 * enum ov2sim_victim_reason - Why the NIC wants an SA deleted.
 * @OV2SIM_VICTIM_NONE: it does not
 * @OV2SIM_VICTIM_WATERMARK: there are more SAs than the watermark; holds while that is so
 * @OV2SIM_VICTIM_NO_ROOM: the NIC has refused other SAs; holds until &struct ov2sim_victim.until,
 *	and while there are more SAs than the watermark
 * @OV2SIM_VICTIM_DEMAND: ov2sim_hw_delete_req(); holds until the SA is deleted
 */
enum ov2sim_victim_reason {
	OV2SIM_VICTIM_NONE,
	OV2SIM_VICTIM_WATERMARK,
	OV2SIM_VICTIM_NO_ROOM,
	OV2SIM_VICTIM_DEMAND,
};

/**
 * struct ov2sim_victim - Whether the NIC has chosen an SA to be deleted.
 * @reason: why
 * @until: jiffies; when the choice expires, unless @reason is %OV2SIM_VICTIM_DEMAND
 *
 * Written under &struct ov2sim_sadb.lock, read by workers without it.
 */
struct ov2sim_victim {
	enum ov2sim_victim_reason reason;
	unsigned long until;
};

bool ov2sim_victim_wanted(struct ov2sim_sadb *db, struct ov2sim_sa *sa);
void ov2sim_victim_choose(struct ov2sim_sadb *db, u32 refused);

#endif /* __OV2SIM_NIC_VICTIM_H */
