// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: walks over the SAs of a NIC. Owns the list of all SAs that are not GONE, in the order
 * of their adds, and where each walk is, all under nic->lock.
 *
 * A walk may drop the lock between two SAs. It has no reference on the SA that is next, so that an
 * SA which leaves the list moves the walks on that would go on with it.
 */
#include <kunit/visibility.h>
#include "ov2.h"

static struct ov2_sa *ov2_walk_after(struct ov2_sa *sa)
{
	return list_is_last(&sa->all, &sa->nic->sas) ? NULL : list_next_entry(sa, all);
}

/* The SA is no longer GONE. */
void ov2_walk_add(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	list_add_tail(&sa->all, &sa->nic->sas);
}

/* The SA is GONE. */
void ov2_walk_del(struct ov2_sa *sa)
{
	struct ov2_walk *walk;

	lockdep_assert_held(&sa->nic->lock);
	list_for_each_entry(walk, &sa->nic->walks, list)
		if (walk->next == sa)
			walk->next = ov2_walk_after(sa);
	list_del(&sa->all);
}

/* Returns the next SA, or NULL at the end. The caller may delete it. Context: nic->lock. */
struct ov2_sa *ov2_walk_next(const struct ov2_nic *nic, struct ov2_walk *walk)
{
	struct ov2_sa *sa = walk->next;

	lockdep_assert_held(&nic->lock);
	if (sa)
		walk->next = ov2_walk_after(sa);
	return sa;
}

/* The next SA is the first. Context: nic->lock. */
void ov2_walk_restart(struct ov2_nic *nic, struct ov2_walk *walk)
{
	lockdep_assert_held(&nic->lock);
	walk->next = list_first_entry_or_null(&nic->sas, struct ov2_sa, all);
}

/* Begins a walk, which the caller must step to its end, because nic->walks has @walk until then.
 * An SA that comes meanwhile may belong to it or not.
 */
void ov2_walk_begin(struct ov2_nic *nic, struct ov2_walk *walk)
{
	spin_lock_bh(&nic->lock);
	ov2_walk_restart(nic, walk);
	list_add(&walk->list, &nic->walks);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_walk_begin);

/* Calls @fn under nic->lock for up to OV2_SA_STEP SAs. Returns false when the walk has ended,
 * and @walk is not used from then on. Context: process, no spinlock held.
 */
bool ov2_walk_step(struct ov2_nic *nic, struct ov2_walk *walk, ov2_sa_fn fn, void *arg)
{
	struct ov2_sa *sa = NULL;
	int i;

	spin_lock_bh(&nic->lock);
	for (i = 0; i < OV2_SA_STEP; i++) {
		sa = ov2_walk_next(nic, walk);
		if (!sa)
			break;
		fn(sa, arg);
	}
	if (!sa)
		list_del(&walk->list);
	spin_unlock_bh(&nic->lock);
	cond_resched();
	return sa;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_walk_step);

/* Calls @fn under nic->lock for all SAs of @nic. The lock is dropped after every OV2_SA_STEP SAs,
 * so @fn must cope with SAs that change, come and go between two of its calls.
 */
void ov2_sa_for_each(struct ov2_nic *nic, ov2_sa_fn fn, void *arg)
{
	struct ov2_walk walk;

	ov2_walk_begin(nic, &walk);
	while (ov2_walk_step(nic, &walk, fn, arg))
		;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_for_each);
