// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SAs in packet mode that cannot stay in the NIC. Software cannot continue with them, so
 * xfrm expires them, and the IKE daemon negotiates new ones. An SA that dropped its packets
 * silently would leave the connection dead until its lifetime ends.
 *
 * Owns &ov2_nic.evictq and the evict part of an SA, under nic->lock. A delayed work item expires
 * the SAs, because that needs x->lock.
 */
#include <kunit/visibility.h>
#include "ov2.h"

/* xfrm inserts a state at once after its add has returned. */
#define OV2_EVICT_RETRY		(HZ / 50)
/* How long an IKE daemon that was asked to replace an SA has for it. */
#define OV2_EVICT_GRACE		(30 * HZ)

/* @sa is to be expired at @at, in jiffies (64 bits), or when it was to be expired before. */
static void ov2_evict_at(struct ov2_sa *sa, u64 at)
{
	struct ov2_nic *nic = sa->nic;
	bool queued = !list_empty(&sa->evict_list);
	u64 now = get_jiffies_64();

	lockdep_assert_held(&nic->lock);
	if (sa->goal == OV2_GOAL_GONE || (queued && !time_before64(at, sa->evict_at)) ||
	    (nic->life != OV2_NIC_IN_SERVICE && nic->life != OV2_NIC_CLOSING))
		return;
	sa->evict_at = at;
	if (!queued) {
		ov2_sa_get(sa);
		list_add_tail(&sa->evict_list, &nic->evictq);
	}
	/* The work may be due for another SA before that. It arms itself for the rest. */
	if (!time_after64(at, now))
		mod_delayed_work(nic->wq, &nic->evict_work, 0);
	else
		queue_delayed_work(nic->wq, &nic->evict_work, at - now);
}

/* Expires an SA that xfrm keeps as soon as possible. The SA may go on until then. */
void ov2_evict(struct ov2_sa *sa)
{
	ov2_evict_at(sa, get_jiffies_64());
}

/* Expires an SA that an IKE daemon was asked to replace, if it has not done so in time. */
void ov2_evict_later(struct ov2_sa *sa)
{
	ov2_evict_at(sa, get_jiffies_64() + OV2_EVICT_GRACE);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_evict_later);

/* Takes an SA off the queue. */
static void ov2_evict_drop(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	list_del_init(&sa->evict_list);
	ov2_sa_put(sa);
}

/* @sa has turned to crypto mode, so software continues with it. An expiry that ov2_evict_work() has
 * begun goes on, because it runs without nic->lock.
 */
void ov2_evict_cancel(struct ov2_sa *sa)
{
	if (!list_empty(&sa->evict_list))
		ov2_evict_drop(sa);
}

/* Returns an SA that is due, with a reference. It stays on the queue until it is expired. Arms the
 * work for the next one if none is due. Drops SAs that xfrm has deleted meanwhile.
 */
static struct ov2_sa *ov2_evict_due(struct ov2_nic *nic)
{
	u64 now = get_jiffies_64(), next = U64_MAX;
	struct ov2_sa *sa, *after;

	spin_lock_bh(&nic->lock);
	list_for_each_entry_safe(sa, after, &nic->evictq, evict_list) {
		if (sa->goal == OV2_GOAL_GONE) {
			ov2_evict_drop(sa);
			continue;
		}
		if (!time_after64(sa->evict_at, now)) {
			ov2_sa_get(sa);
			goto out;
		}
		next = min(next, sa->evict_at);
	}
	sa = NULL;
	if (next != U64_MAX)
		mod_delayed_work(nic->wq, &nic->evict_work, next - now);
out:
	spin_unlock_bh(&nic->lock);
	return sa;
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
			sa->evict_at = get_jiffies_64() + OV2_EVICT_RETRY;
		} else {
			nic->counters[OV2_CNT_EVICTED]++;
			/* ov2_slot_to_crypto() may have taken it off the queue meanwhile. */
			ov2_evict_cancel(sa);
		}
		spin_unlock_bh(&nic->lock);
		ov2_sa_put(sa);
		cond_resched();
	}
}

/* @nic is gone, so ov2_evict() queues nothing from here on. Context: process, may sleep. */
void ov2_evict_stop(struct ov2_nic *nic)
{
	struct ov2_sa *sa, *next;

	cancel_delayed_work_sync(&nic->evict_work);
	spin_lock_bh(&nic->lock);
	list_for_each_entry_safe(sa, next, &nic->evictq, evict_list)
		ov2_evict_drop(sa);
	spin_unlock_bh(&nic->lock);
}
