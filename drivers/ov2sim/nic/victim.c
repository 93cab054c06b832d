// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: SaDeleteReq, by which the NIC asks for an SA to be deleted. The NIC raises it on each
 * received packet of the SA until the SA is deleted. The NIC never deletes an SA unasked.
 *
 * Victims are chosen under ov2sim_sadb.lock. Workers read the choice without the lock. A worker
 * that races with ov2sim_victim_choose() may still decide by the old choice for one packet. That is
 * harmless, because it decides again for the next packet of the SA.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include "hw.h"
#include "sadb.h"
#include "victim.h"

/* The time that a victim has to be deleted. A victim has received packets, so it does not look idle
 * any longer; the next scan would choose others in addition if the choice did not last.
 */
#define OV2SIM_VICTIM_TIMEOUT	(2 * HZ)

/* An SA that may be chosen, and when it was used last. */
struct ov2sim_candidate {
	ktime_t last;
	struct ov2sim_sa *sa;
};

static u32 ov2sim_victim_excess(const struct ov2sim_sadb *db)
{
	u32 watermark = READ_ONCE(db->watermark);
	u32 count = READ_ONCE(db->count);

	return watermark && count > watermark ? count - watermark : 0;
}

/* Does the reason for which @sa was chosen, if it was, still hold? */
static bool ov2sim_victim_holds(const struct ov2sim_sadb *db, const struct ov2sim_sa *sa)
{
	switch (READ_ONCE(sa->victim.reason)) {
	case OV2SIM_VICTIM_DEMAND:
		return true;
	case OV2SIM_VICTIM_NO_ROOM:
		if (time_before(jiffies, READ_ONCE(sa->victim.until)))
			return true;
		fallthrough;
	case OV2SIM_VICTIM_WATERMARK:
		return ov2sim_victim_excess(db);
	default:
		return false;
	}
}

/* Is @sa about to run out of sequence numbers? With ESN the upper half decides, because the lower
 * half wraps. Only verified numbers count, so that a forged packet cannot trigger it.
 */
static bool ov2sim_victim_exhausted(const struct ov2sim_sadb *db, struct ov2sim_sa *sa)
{
	u32 limit = READ_ONCE(db->faults->seq_limit);
	u64 top = ov2sim_replay_top(&sa->replay);

	return limit && (sa->replay.esn ? upper_32_bits(top) : lower_32_bits(top)) >= limit;
}

/**
 * ov2sim_victim_wanted - is SaDeleteReq to be raised on packets of an SA?
 * @db: the table
 * @sa: an inbound SA
 *
 * Context: the SA is kept by ov2sim_sadb_read_lock() or by ov2sim_sadb.lock.
 * Return: true if it is.
 */
bool ov2sim_victim_wanted(struct ov2sim_sadb *db, struct ov2sim_sa *sa)
{
	return READ_ONCE(db->faults->delete_req_all) || ov2sim_victim_holds(db, sa) ||
	       ov2sim_victim_exhausted(db, sa);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_victim_wanted);

/* Sorting a million SAs takes most of a second, so give the CPU to others now and then. */
static int ov2sim_candidate_cmp(const void *a, const void *b)
{
	const struct ov2sim_candidate *candidate_a = a, *candidate_b = b;

	cond_resched();
	return ktime_compare(candidate_a->last, candidate_b->last);
}

/* Collect the inbound SAs that may be chosen and return their number. SAs that were chosen for a
 * reason that still holds are counted in @chosen instead. Choices expire, because an SA that was
 * idle longest when it was chosen may be the busiest one now.
 */
static u32 ov2sim_victim_scan(struct ov2sim_sadb *db, struct ov2sim_candidate *candidates, u32 max,
			      u32 *chosen)
{
	struct ov2sim_sa *sa;
	unsigned long handle;
	u32 count = 0;

	lockdep_assert_held(&db->lock);
	*chosen = 0;
	xa_for_each(&db->handles, handle, sa) {
		cond_resched();
		if (sa->id.dir != OV2_IN)
			continue;
		if (sa->victim.reason != OV2SIM_VICTIM_DEMAND &&
		    time_after_eq(jiffies, sa->victim.until))
			WRITE_ONCE(sa->victim.reason, OV2SIM_VICTIM_NONE);
		if (ov2sim_victim_holds(db, sa))
			++*chosen;
		else if (count < max)
			candidates[count++] =
				(struct ov2sim_candidate){ READ_ONCE(sa->use.last), sa };
	}
	return count;
}

/**
 * ov2sim_victim_choose - choose SAs whose deletion would make room
 * @db: the table
 * @refused: number of nodes that were refused with -ENOSPC
 *
 * Chooses those that have been idle longest. One victim makes two slots free, because the core
 * deletes its outbound counterpart with it. If there is no memory for the scan no victim is chosen;
 * the next refusal tries again.
 *
 * Context: process, may sleep.
 */
void ov2sim_victim_choose(struct ov2sim_sadb *db, u32 refused)
{
	u32 i, count, chosen, want, max = READ_ONCE(db->count);
	struct ov2sim_candidate *candidates;
	struct ov2sim_victim *victim;

	if (!refused && !ov2sim_victim_excess(db))
		return;
	candidates = kvmalloc_array(max + 1, sizeof(*candidates), GFP_KERNEL);
	if (!candidates)
		return;

	mutex_lock(&db->lock);
	count = ov2sim_victim_scan(db, candidates, max, &chosen);
	want = DIV_ROUND_UP(ov2sim_victim_excess(db), 2);
	want = want > chosen ? want - chosen : 0;
	want = min(max(want, DIV_ROUND_UP(refused, 2)), count);
	sort(candidates, count, sizeof(*candidates), ov2sim_candidate_cmp, NULL);
	for (i = 0; i < want; i++) {
		victim = &candidates[i].sa->victim;
		WRITE_ONCE(victim->until, jiffies + OV2SIM_VICTIM_TIMEOUT);
		WRITE_ONCE(victim->reason, refused ? OV2SIM_VICTIM_NO_ROOM :
						     OV2SIM_VICTIM_WATERMARK);
		cond_resched();
	}
	mutex_unlock(&db->lock);
	kvfree(candidates);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_victim_choose);

void ov2sim_hw_set_watermark(struct ov2sim_hw *hw, u32 sas)
{
	WRITE_ONCE(hw->sadb.watermark, sas);
	ov2sim_victim_choose(&hw->sadb, 0);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_set_watermark);

int ov2sim_hw_delete_req(struct ov2sim_hw *hw, u32 handle)
{
	struct ov2sim_sadb *db = &hw->sadb;
	struct ov2sim_sa *sa;
	int err = 0;

	mutex_lock(&db->lock);
	sa = xa_load(&db->handles, handle);
	if (!sa)
		err = -ENOENT;
	else if (sa->id.dir != OV2_IN)
		err = -EINVAL;
	else
		WRITE_ONCE(sa->victim.reason, OV2SIM_VICTIM_DEMAND);
	mutex_unlock(&db->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_delete_req);
