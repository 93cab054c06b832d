/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: how busy SAs are, and which of them are the idlest and the busiest. */
#ifndef __OV2_RANK_H
#define __OV2_RANK_H

#include <linux/types.h>

struct ov2_nic;
struct ov2_sa;

#define OV2_INTERVAL	HZ	/* between two measurements while SAs wait */

/**
 * struct ov2_rank_entry - An SA and its key, the smaller the better.
 * @key: rate, or its complement
 * @cookie: the SA
 */
struct ov2_rank_entry {
	u32 key;
	u32 cookie;
};

/**
 * struct ov2_rank_list - The best of all SAs that are added to it.
 * @entries: sorted once all have been added
 * @count: number of entries
 * @keep: number of entries that are kept at the least
 * @room: size of @entries
 */
struct ov2_rank_list {
	struct ov2_rank_entry *entries;
	u32 count;
	u32 keep;
	u32 room;
};

/**
 * struct ov2_rank - A ranking of the SAs of a NIC.
 * @idle: SAs that have a slot, the idlest first, by direction if each has a table of its own,
 *	otherwise all in the first list
 * @busy: SAs that wait for a slot, the busiest first
 */
struct ov2_rank {
	struct ov2_rank_list idle[2];
	struct ov2_rank_list busy;
};

void ov2_rank_measure(struct ov2_sa *sa);
u32 ov2_rank_rate(const struct ov2_sa *sa);
bool ov2_rank_build(struct ov2_nic *nic, struct ov2_rank *rank, u32 keep);
void ov2_rank_free(struct ov2_rank *rank);

#endif /* __OV2_RANK_H */
