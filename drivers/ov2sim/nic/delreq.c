// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: SaDeleteReq, the NIC's wish to be rid of an SA. It is raised on received packets of
 * inbound SAs and repeated on each of them until the SA is deleted; the NIC deletes nothing by
 * itself.
 *
 * Which SAs are picked for want of room is decided under ov2sim_sadb.lock; workers read the choice
 * without it.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include "hw.h"

/* How long a pick is good: an SA that was picked has packets, so it does not look idle any more */
#define OV2SIM_DELREQ_PATIENCE	(2 * HZ)

/* What a scan remembers of an SA */
struct ov2sim_delreq_pick {
	ktime_t last;
	struct ov2sim_sa *sa;
};

static u32 ov2sim_delreq_excess(const struct ov2sim_sadb *db)
{
	u32 watermark = READ_ONCE(db->watermark);
	u32 count = READ_ONCE(db->count);

	return watermark && count > watermark ? count - watermark : 0;
}

static bool ov2sim_delreq_room(const struct ov2sim_sadb *db, const struct ov2sim_sa *sa)
{
	return READ_ONCE(sa->picked) &&
	       (ov2sim_delreq_excess(db) ||
		(READ_ONCE(sa->refused) && time_before(jiffies, READ_ONCE(sa->picked_until))));
}

/* With ESN the upper half counts, else there is only one. What is verified, not what came. */
static bool ov2sim_delreq_seq(const struct ov2sim_sadb *db, struct ov2sim_sa *sa)
{
	u32 limit = READ_ONCE(db->faults->seq_limit);
	u64 top;

	spin_lock(&sa->lock);
	top = sa->top;
	spin_unlock(&sa->lock);
	return limit && (sa->esn ? upper_32_bits(top) : lower_32_bits(top)) >= limit;
}

/**
 * ov2sim_delreq_wanted() - Is SaDeleteReq to be raised on packets of an SA?
 * @db: the table
 * @sa: an inbound SA
 *
 * Context: the SA is good, by ov2sim_sadb_read_lock() or ov2sim_sadb.lock.
 * Return: whether it is.
 */
bool ov2sim_delreq_wanted(struct ov2sim_sadb *db, struct ov2sim_sa *sa)
{
	return READ_ONCE(sa->demanded) || READ_ONCE(db->faults->delete_req_all) ||
	       ov2sim_delreq_room(db, sa) || ov2sim_delreq_seq(db, sa);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_delreq_wanted);

/* The CPU goes to others now and then: of a million SAs a sort takes a good part of a second. */
static int ov2sim_delreq_cmp(const void *a, const void *b)
{
	const struct ov2sim_delreq_pick *pick_a = a, *pick_b = b;

	cond_resched();
	return ktime_compare(pick_a->last, pick_b->last);
}

/*
 * The inbound SAs that are not picked yet; returns their number. Those that are picked for a
 * reason that still holds are counted in @picked. Picks of longer ago are chosen anew: of those
 * idle longest then some may be the busiest now.
 */
static u32 ov2sim_delreq_scan(struct ov2sim_sadb *db, struct ov2sim_delreq_pick *picks, u32 max,
			      u32 *picked)
{
	struct ov2sim_sa *sa;
	unsigned long handle;
	u32 count = 0;

	lockdep_assert_held(&db->lock);
	*picked = 0;
	xa_for_each(&db->handles, handle, sa) {
		cond_resched();
		if (sa->dir != OV2_IN)
			continue;
		if (time_after_eq(jiffies, sa->picked_until))
			WRITE_ONCE(sa->picked, false);
		if (ov2sim_delreq_room(db, sa))
			++*picked;
		else if (count < max)
			picks[count++] = (struct ov2sim_delreq_pick){ READ_ONCE(sa->last), sa };
	}
	return count;
}

/**
 * ov2sim_delreq_pick() - Pick SAs to be got rid of, for want of room.
 * @db: the table
 * @refused: nodes that were refused
 *
 * Picks those that have been idle longest. An SA and its counterpart make two places. Without
 * memory for it nothing is picked, this time.
 *
 * Context: process, may sleep.
 */
void ov2sim_delreq_pick(struct ov2sim_sadb *db, u32 refused)
{
	u32 count, picked, want, max = READ_ONCE(db->count);
	struct ov2sim_delreq_pick *picks;

	if (!refused && !ov2sim_delreq_excess(db))
		return;
	picks = kvmalloc_array(max + 1, sizeof(*picks), GFP_KERNEL);
	if (!picks)
		return;

	mutex_lock(&db->lock);
	count = ov2sim_delreq_scan(db, picks, max, &picked);
	want = DIV_ROUND_UP(ov2sim_delreq_excess(db), 2);
	want = want > picked ? want - picked : 0;
	want = min(max(want, DIV_ROUND_UP(refused, 2)), count);
	sort(picks, count, sizeof(*picks), ov2sim_delreq_cmp, NULL);
	for (u32 i = 0; i < want; i++) {
		WRITE_ONCE(picks[i].sa->picked_until, jiffies + OV2SIM_DELREQ_PATIENCE);
		WRITE_ONCE(picks[i].sa->refused, refused);
		WRITE_ONCE(picks[i].sa->picked, true);
		cond_resched();
	}
	mutex_unlock(&db->lock);
	kvfree(picks);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_delreq_pick);

void ov2sim_hw_set_watermark(struct ov2sim_hw *hw, u32 sas)
{
	WRITE_ONCE(hw->sadb.watermark, sas);
	ov2sim_delreq_pick(&hw->sadb, 0);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_set_watermark);

u32 ov2sim_hw_watermark(struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->sadb.watermark);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_watermark);

int ov2sim_hw_delete_req(struct ov2sim_hw *hw, u32 handle)
{
	struct ov2sim_sadb *db = &hw->sadb;
	struct ov2sim_sa *sa;
	int err = 0;

	mutex_lock(&db->lock);
	sa = xa_load(&db->handles, handle);
	if (!sa)
		err = -ENOENT;
	else if (sa->dir != OV2_IN)
		err = -EINVAL;
	else
		WRITE_ONCE(sa->demanded, true);
	mutex_unlock(&db->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_delete_req);
