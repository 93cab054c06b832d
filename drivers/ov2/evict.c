// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SAs in packet mode that cannot stay in the NIC. Software cannot continue with them, so
 * xfrm expires them, and the IKE daemon negotiates new ones. An SA that dropped its packets
 * silently would leave the connection dead until its lifetime ends.
 *
 * Owns &ov2_nic.evictq, &ov2_nic.evict_laterq and the evict part of an SA, under nic->lock. A
 * delayed work item expires the SAs, because that needs x->lock.
 */
#include <kunit/visibility.h>
#include "ov2.h"

/* xfrm inserts a state at once after its add has returned. */
#define OV2_EVICT_RETRY		(HZ / 50)
/* How long an IKE daemon that was asked to replace an SA has for it. */
#define OV2_EVICT_GRACE		(30 * HZ)

/* Returns false if xfrm has deleted @sa, or deletes all SAs of the NIC, which is gone. */
static bool ov2_evict_wanted(const struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	return sa->goal != OV2_GOAL_GONE &&
	       (sa->nic->life == OV2_NIC_IN_SERVICE || sa->nic->life == OV2_NIC_CLOSING);
}

/* Expires an SA that xfrm keeps as soon as possible. The SA may go on until then. */
void ov2_evict(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (!ov2_evict_wanted(sa))
		return;
	if (list_empty(&sa->evict_list))
		ov2_sa_get(sa);
	list_move_tail(&sa->evict_list, &nic->evictq);
	mod_delayed_work(nic->wq, &nic->evict_work, 0);
}

/* Expires an SA that an IKE daemon was asked to replace, if it has not done so in time. All have
 * the same time, so the first of the queue is due first.
 */
void ov2_evict_later(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (!ov2_evict_wanted(sa) || !list_empty(&sa->evict_list))
		return;
	ov2_sa_get(sa);
	sa->evict_at = get_jiffies_64() + OV2_EVICT_GRACE;
	list_add_tail(&sa->evict_list, &nic->evict_laterq);
	/* The work may be armed for an SA before it. It arms itself for the rest. */
	queue_delayed_work(nic->wq, &nic->evict_work, OV2_EVICT_GRACE);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_evict_later);

/* Takes an SA off the queue. */
static void ov2_evict_drop(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	list_del_init(&sa->evict_list);
	ov2_sa_put(sa);
}

/* xfrm has deleted @sa, or @sa has turned to crypto mode, so software continues with it. An expiry
 * that ov2_evict_work() has begun goes on, because it runs without nic->lock.
 */
void ov2_evict_cancel(struct ov2_sa *sa)
{
	if (!list_empty(&sa->evict_list))
		ov2_evict_drop(sa);
}

/* Returns the SA that is to be expired next, or NULL. */
static struct ov2_sa *ov2_evict_first(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	return list_first_entry_or_null(&nic->evictq, struct ov2_sa, evict_list) ?:
	       list_first_entry_or_null(&nic->evict_laterq, struct ov2_sa, evict_list);
}

/* Returns an SA that is due, with a reference. It stays on its queue until it is expired. Arms the
 * work for the next one if none is due.
 */
static struct ov2_sa *ov2_evict_due(struct ov2_nic *nic)
{
	u64 now = get_jiffies_64();
	struct ov2_sa *sa;

	spin_lock_bh(&nic->lock);
	sa = ov2_evict_first(nic);
	if (sa && list_empty(&nic->evictq) && time_after64(sa->evict_at, now)) {
		mod_delayed_work(nic->wq, &nic->evict_work, sa->evict_at - now);
		sa = NULL;
	}
	if (sa)
		ov2_sa_get(sa);
	spin_unlock_bh(&nic->lock);
	return sa;
}

/* xfrm has not inserted the state of @sa yet. Those behind it that are due wait as well, because
 * that is soon.
 */
static void ov2_evict_retry(struct ov2_sa *sa)
{
	if (list_empty(&sa->evict_list))
		return;
	sa->evict_at = get_jiffies_64() + OV2_EVICT_RETRY;
	list_move(&sa->evict_list, &sa->nic->evict_laterq);
}

void ov2_evict_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic, evict_work);
	struct ov2_sa *sa;

	while ((sa = ov2_evict_due(nic))) {
		bool fresh = ov2_state_new(sa);

		if (!fresh)
			ov2_state_expire(sa, ov2_state_expire_hard);
		spin_lock_bh(&nic->lock);
		if (fresh) {
			ov2_evict_retry(sa);
		} else {
			nic->counters[OV2_CNT_EVICTED]++;
			/* The delete has taken it off the queue, if the state could be expired. */
			ov2_evict_cancel(sa);
		}
		spin_unlock_bh(&nic->lock);
		ov2_sa_put(sa);
		cond_resched();
	}
}

/* @nic is gone, so nothing is queued from here on. Context: process, may sleep. */
void ov2_evict_stop(struct ov2_nic *nic)
{
	struct ov2_sa *sa;

	cancel_delayed_work_sync(&nic->evict_work);
	do {
		spin_lock_bh(&nic->lock);
		sa = ov2_evict_first(nic);
		if (sa)
			ov2_evict_drop(sa);
		spin_unlock_bh(&nic->lock);
		cond_resched();
	} while (sa);
}
