/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: walks over the SAs of a NIC. */
#ifndef __OV2_WALK_H
#define __OV2_WALK_H

#include <linux/list.h>

struct ov2_nic;
struct ov2_sa;

/* Maximum number of SAs that are handled in one hold of nic->lock. */
#define OV2_SA_STEP	256

typedef void (*ov2_sa_fn)(struct ov2_sa *sa, void *arg);

/**
 * struct ov2_walk - A walk, which walk.c owns, under nic->lock.
 * @list: on nic->walks
 * @next: the SA that is next, NULL at the end
 */
struct ov2_walk {
	struct list_head list;
	struct ov2_sa *next;
};

/* walk.c */
void ov2_walk_add(struct ov2_sa *sa);
void ov2_walk_del(struct ov2_sa *sa);
struct ov2_sa *ov2_walk_next(const struct ov2_nic *nic, struct ov2_walk *walk);
void ov2_walk_restart(struct ov2_nic *nic, struct ov2_walk *walk);
void ov2_walk_begin(struct ov2_nic *nic, struct ov2_walk *walk);
bool ov2_walk_step(struct ov2_nic *nic, struct ov2_walk *walk, ov2_sa_fn fn, void *arg);
void ov2_sa_for_each(struct ov2_nic *nic, ov2_sa_fn fn, void *arg);

#endif /* __OV2_WALK_H */
