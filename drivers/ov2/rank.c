// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: how busy SAs are. Owns the rate of an SA, under nic->lock, and finds the idlest SAs
 * that have a slot and the busiest SAs that wait for one.
 */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include "ov2.h"
#include "rank.h"

#define OV2_RANK_KEEP	1024	/* minimum number of SAs of each kind that are sorted */

/* Updates the rate of an SA, in 1/16 packets: a moving average that weighs the last interval as
 * much as all earlier ones. Nothing is measured while no SA waits.
 */
void ov2_rank_measure(struct ov2_sa *sa)
{
	u64 now = get_jiffies_64(), packets = ov2_state_packets(sa), count;
	u64 intervals = div_u64(now - sa->rate.measured_at + OV2_INTERVAL / 2, OV2_INTERVAL);

	lockdep_assert_held(&sa->nic->lock);
	/* An XFRM_MSG_NEWAE may have set the count back. */
	count = packets > sa->rate.packets ? packets - sa->rate.packets : 0;
	count = min_t(u64, count, U32_MAX / 32) * 16;
	sa->rate.rate = intervals > 1 ? div64_u64(count, intervals) : (sa->rate.rate + count) / 2;
	sa->rate.packets = packets;
	sa->rate.measured_at = now;
}

/* Returns the rate that an SA is judged by. SAs move in pairs, so each counts for both. */
u32 ov2_rank_rate(const struct ov2_sa *sa)
{
	return sa->rate.rate + (sa->pair.other ? sa->pair.other->rate.rate : 0);
}

static bool ov2_rank_list_init(struct ov2_rank_list *list, u32 keep)
{
	list->keep = max(keep, OV2_RANK_KEEP);
	list->room = 2 * list->keep;
	list->count = 0;
	list->entries = kvmalloc_array(list->room, sizeof(*list->entries), GFP_KERNEL);
	return list->entries;
}

static int ov2_rank_cmp(const void *a, const void *b)
{
	const struct ov2_rank_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	/* First come, first served. */
	return (s32)(x->cookie - y->cookie) < 0 ? -1 : 1;
}

static void ov2_rank_list_sort(struct ov2_rank_list *list)
{
	sort(list->entries, list->count, sizeof(*list->entries), ov2_rank_cmp, NULL);
	list->count = min(list->count, list->keep);
}

/* Makes room for the SAs of another step. */
static void ov2_rank_list_trim(struct ov2_rank_list *list)
{
	if (list->count > list->room - OV2_SA_STEP)
		ov2_rank_list_sort(list);
}

static void ov2_rank_list_add(struct ov2_rank_list *list, u32 key, u32 cookie)
{
	list->entries[list->count++] = (struct ov2_rank_entry){ key, cookie };
}

static void ov2_rank_collect(struct ov2_sa *sa, void *arg)
{
	int table = ov2_caps_by_dir(&sa->nic->caps) ? sa->dir : 0;
	struct ov2_rank *rank = arg;

	/* An SA in crypto mode never takes the slot of one in packet mode. */
	if (sa->traits.packet)
		return;
	if (sa->state == OV2_SA_OFFLOADED)
		ov2_rank_list_add(&rank->idle[table], ov2_rank_rate(sa), sa->cookie);
	else if (sa->slot.next == OV2_SLOT_WAIT && !list_empty(&sa->slot.queue))
		ov2_rank_list_add(&rank->busy, ~ov2_rank_rate(sa), sa->cookie);
}

/* Ranks all SAs of a NIC. Returns false for lack of memory. Context: process, no locks. */
bool ov2_rank_build(struct ov2_nic *nic, struct ov2_rank *rank, u32 keep)
{
	struct ov2_walk walk;

	/* Use & and not &&: all lists must be initialised because all are freed. */
	if (!(ov2_rank_list_init(&rank->idle[0], keep) & ov2_rank_list_init(&rank->idle[1], keep) &
	      ov2_rank_list_init(&rank->busy, keep)))
		return false;
	ov2_walk_begin(nic, &walk);
	while (ov2_walk_step(nic, &walk, ov2_rank_collect, rank)) {
		ov2_rank_list_trim(&rank->idle[0]);
		ov2_rank_list_trim(&rank->idle[1]);
		ov2_rank_list_trim(&rank->busy);
	}
	ov2_rank_list_sort(&rank->idle[0]);
	ov2_rank_list_sort(&rank->idle[1]);
	ov2_rank_list_sort(&rank->busy);
	return true;
}

void ov2_rank_free(struct ov2_rank *rank)
{
	kvfree(rank->idle[0].entries);
	kvfree(rank->idle[1].entries);
	kvfree(rank->busy.entries);
}
