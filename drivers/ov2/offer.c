// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: which SAs have the places in the NIC when there are more SAs than places. Owns
 * nic->waitq and the pace at which SAs change places; everything is under nic->lock.
 *
 * Once per second, while SAs wait, the rate of every SA is brought up to date and the waiting ones
 * are put in order, busiest first: whatever place becomes free goes to the first. If a waiting SA
 * is much busier than the idlest in the NIC it is submitted although there is no place: the NIC
 * refuses it, and has then a reason to raise SaDeleteReq for SAs that have been idle, which makes
 * the place. The core never takes an SA off the NIC for another by itself.
 *
 * A NIC that asks for room is under pressure. For a while after that places are filled at a
 * limited pace only, also by new SAs, and an SA that had to leave stays away, each time for
 * longer: else an IKE daemon and a full NIC would chase each other.
 */
#include <linux/list_sort.h>
#include <linux/sort.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

#define OV2_OFFER_INTERVAL	HZ
#define OV2_OFFER_PRESSURE	(10 * HZ)	/* a request for room keeps the pace down */
#define OV2_OFFER_PACE		32		/* one in so many places per interval */
#define OV2_OFFER_BACK_OFF_MAX	6		/* doublings of the back-off */
#define OV2_OFFER_BUSIER	2		/* times busier than the idlest in the NIC */

static bool ov2_offer_pressure(const struct ov2_nic *nic)
{
	return nic->pressure && time_before(jiffies, nic->pressure_until);
}

/* May an SA be queued now, without a thought? */
bool ov2_offer_room(const struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	/* Where nothing that waits is offered again, places are there for new SAs. */
	return nic->reserved < nic->caps.max_sas && !(nic->reoffer && ov2_offer_pressure(nic));
}

static void ov2_offer_arm(struct ov2_nic *nic)
{
	if (!nic->closing && nic->reoffer)
		queue_delayed_work(nic->wq, &nic->offer_work, OV2_OFFER_INTERVAL);
}

/* Puts an SA with those that wait for a place. */
void ov2_offer_wait(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	ov2_sa_set_state(sa, OV2_SA_WAITING);
	list_move_tail(&sa->queue, &sa->nic->waitq);
	ov2_offer_arm(sa->nic);
}

/* @sa waits, and not for the next place; each time for longer. */
void ov2_offer_stay_away(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	sa->again = true;
	sa->not_before = jiffies + (OV2_OFFER_INTERVAL << sa->back_off);
	if (sa->back_off < OV2_OFFER_BACK_OFF_MAX)
		sa->back_off++;
}

/* The NIC wants the place of @sa, which stays away the shorter the longer it was in the NIC. */
void ov2_offer_back_off(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (time_after(jiffies, sa->offloaded_at + (OV2_OFFER_INTERVAL << (sa->back_off + 1))))
		sa->back_off = 0;
	nic->pressure = true;
	nic->pressure_until = jiffies + OV2_OFFER_PRESSURE;
	ov2_offer_stay_away(sa);
}

static u32 ov2_offer_fill(struct ov2_nic *nic, u32 limit)
{
	struct ov2_sa *sa, *next;
	u32 filled = 0;

	if (nic->closing || nic->state == OV2_NIC_DEAD || !nic->reoffer)
		return 0;
	list_for_each_entry_safe(sa, next, &nic->waitq, queue) {
		if (filled == limit || nic->reserved >= nic->caps.max_sas)
			break;
		if (sa->back_off && time_before(jiffies, sa->not_before))
			continue;
		ov2_sa_enqueue(sa, true);
		filled++;
	}
	return filled;
}

/* A place has become free. Under pressure places are filled once per interval only. */
void ov2_offer_refill(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (!ov2_offer_pressure(nic))
		ov2_offer_fill(nic, U32_MAX);
}

static void ov2_offer_measure(struct ov2_sa *sa)
{
	u64 packets = ov2_xfrm_packets(sa);

	/* An average that halves its memory in each interval, in 1/16 packets. */
	sa->rate = (sa->rate + min_t(u64, packets - sa->packets, U32_MAX / 32) * 16) / 2;
	sa->packets = packets;
}

/* SAs move in pairs: each counts for both. */
static u32 ov2_offer_rate(const struct ov2_sa *sa)
{
	return sa->rate + (sa->pair ? sa->pair->rate : 0);
}

static int ov2_offer_cmp(void *priv, const struct list_head *a, const struct list_head *b)
{
	u32 rate_a = ov2_offer_rate(list_entry(a, struct ov2_sa, queue));
	u32 rate_b = ov2_offer_rate(list_entry(b, struct ov2_sa, queue));

	return rate_a == rate_b ? 0 : rate_a < rate_b ? 1 : -1;
}

static int ov2_offer_cmp_rate(const void *a, const void *b)
{
	u32 rate_a = *(const u32 *)a, rate_b = *(const u32 *)b;

	return rate_a == rate_b ? 0 : rate_a < rate_b ? -1 : 1;
}

/* The rates of the SAs in the NIC, in ascending order. Returns their number. */
static u32 ov2_offer_rates(struct ov2_nic *nic, u32 *rates, u32 max)
{
	struct ov2_sa *sa;
	u32 count = 0;

	spin_lock_bh(&nic->lock);
	list_for_each_entry(sa, &nic->sas, list) {
		ov2_offer_measure(sa);
		if (sa->state == OV2_SA_OFFLOADED && count < max)
			rates[count++] = ov2_offer_rate(sa);
	}
	list_sort(NULL, &nic->waitq, ov2_offer_cmp);
	spin_unlock_bh(&nic->lock);
	sort(rates, count, sizeof(*rates), ov2_offer_cmp_rate, NULL);
	return count;
}

/* Has the NIC asked to refuse the SAs that deserve a place most, as long as each is much busier
 * than one in the NIC.
 */
static void ov2_offer_ask(struct ov2_nic *nic, const u32 *rates, u32 count, u32 limit)
{
	struct ov2_sa *sa, *next;
	u32 asked = 0;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry_safe(sa, next, &nic->waitq, queue) {
		if (asked == min(limit, count) ||
		    ov2_offer_rate(sa) / OV2_OFFER_BUSIER <= rates[asked])
			break;
		if (sa->back_off && time_before(jiffies, sa->not_before))
			continue;
		nic->counters[OV2_CNT_ASKED]++;
		ov2_sa_enqueue(sa, false);
		asked++;
	}
}

void ov2_offer_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic, offer_work);
	u32 max = READ_ONCE(nic->reserved), count, limit, filled;
	u32 *rates;

	rates = kvmalloc_array(max + 1, sizeof(*rates), GFP_KERNEL);
	count = rates ? ov2_offer_rates(nic, rates, max) : 0;

	spin_lock_bh(&nic->lock);
	limit = max(nic->caps.max_sas / OV2_OFFER_PACE, 2U);
	filled = ov2_offer_fill(nic, ov2_offer_pressure(nic) ? limit : U32_MAX);
	if (nic->state == OV2_NIC_RUNNING && !nic->closing && nic->reoffer &&
	    nic->reserved >= nic->caps.max_sas && filled < limit)
		ov2_offer_ask(nic, rates, count, limit - filled);
	if (nic->waiting)
		ov2_offer_arm(nic);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
	kvfree(rates);
}

/**
 * ov2_nic_set_reoffer - offer waiting SAs to the NIC again, or leave them in software
 * @nic: the NIC
 * @on: offer them; so at the start
 */
void ov2_nic_set_reoffer(struct ov2_nic *nic, bool on)
{
	spin_lock_bh(&nic->lock);
	nic->reoffer = on;
	if (on) {
		ov2_offer_refill(nic);
		if (nic->waiting)
			ov2_offer_arm(nic);
	}
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_reoffer);

/**
 * ov2_nic_reoffer - are waiting SAs offered to the NIC again?
 * @nic: the NIC
 *
 * Return: whether they are.
 */
bool ov2_nic_reoffer(struct ov2_nic *nic)
{
	return READ_ONCE(nic->reoffer);
}
EXPORT_SYMBOL_GPL(ov2_nic_reoffer);
