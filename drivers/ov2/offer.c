// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: which SAs have the places in the NIC when there are more SAs than places. Owns
 * nic->waitq, the ports' own queues and the pace at which SAs change places; everything is under
 * nic->lock.
 *
 * Once per second, while SAs wait, the rate of every SA is brought up to date and the busiest of
 * those that wait are put in front: whatever place becomes free goes to the first. If a waiting SA
 * is much busier than the idlest in the NIC it is submitted although there is no place: the NIC
 * refuses it, and has then a reason to raise SaDeleteReq for SAs that have been idle, which makes
 * the place. The core never takes an SA off the NIC for another by itself. With however many SAs
 * the lock is held for moments only.
 *
 * A NIC that asks for room is under pressure. For a while after that places are filled at a
 * limited pace only, also by new SAs, and an SA that had to leave stays away, each time for
 * longer. Where an IKE daemon replaces it, soft or hard, nobody knows the new SA, and the time
 * until places are filled again is what doubles: else daemon and full NIC would chase each other.
 */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

#define OV2_OFFER_INTERVAL	HZ
#define OV2_OFFER_PRESSURE	(10 * HZ)	/* a request for room keeps the pace down */
#define OV2_OFFER_PACE		32		/* one in so many places per interval */
#define OV2_OFFER_BACK_OFF_MAX	6		/* doublings of the back-off */
#define OV2_OFFER_BUSIER	2		/* times busier than the idlest in the NIC */
#define OV2_OFFER_SORTED	1024		/* at least so many of each kind are put in order */

/* An SA by its key, the smaller the better. */
struct ov2_offer_entry {
	u32 key;
	u32 cookie;
};

/* The best of all that are offered to it. */
struct ov2_offer_best {
	struct ov2_offer_entry *entries;
	u32 count;
	u32 keep;
	u32 room;
};

/* Who has a place, the idlest first, and who wants one, the busiest first. */
struct ov2_offer_tables {
	struct ov2_offer_best idle;
	struct ov2_offer_best busy;
};

static bool ov2_offer_pressure(const struct ov2_nic *nic)
{
	return time_before64(get_jiffies_64(), nic->pressure_until);
}

/* Has the port of an SA all the places that one port may have? xfrm has the SA. */
bool ov2_offer_share_used(const struct ov2_sa *sa)
{
	const struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	return nic->port_max && sa->port && sa->port->reserved >= nic->port_max;
}

/* May an SA be queued now, without a thought? */
bool ov2_offer_room(const struct ov2_sa *sa)
{
	const struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	if (ov2_offer_share_used(sa))
		return false;
	/* Where nothing that waits is offered again, places are there for new SAs. */
	return nic->reserved < nic->caps.max_sas && !(nic->reoffer && ov2_offer_pressure(nic));
}

static void ov2_offer_arm(struct ov2_nic *nic)
{
	if (!nic->closing && nic->reoffer)
		queue_delayed_work(nic->wq, &nic->offer_work, OV2_OFFER_INTERVAL);
}

static bool ov2_offer_early(const struct ov2_sa *sa)
{
	return sa->back_off && time_before64(get_jiffies_64(), sa->not_before);
}

/* Where an SA waits: with those that are to stay away for a while; with those whose port must free
 * a place first, so that however many these are the search for the next one does not see them; or
 * with those that any place will do for.
 */
static struct list_head *ov2_offer_queue(struct ov2_sa *sa)
{
	sa->apart = !sa->away && ov2_offer_share_used(sa);
	if (sa->away)
		return &sa->nic->awayq;
	return sa->apart ? &sa->port->waitq : &sa->nic->waitq;
}

/* Puts an SA with those that wait. */
void ov2_offer_wait(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	ov2_sa_set_state(sa, OV2_SA_WAITING);
	sa->away = ov2_offer_early(sa);
	list_move_tail(&sa->queue, ov2_offer_queue(sa));
	ov2_offer_arm(nic);
}

/* A port has a place less: the first of those that wait for that is in the running again. */
void ov2_offer_share_freed(struct ov2_port *port)
{
	struct ov2_sa *sa = list_first_entry_or_null(&port->waitq, struct ov2_sa, queue);

	if (sa)
		ov2_offer_rejoin(sa, NULL);
}

/* For any SA: if it waits for a place of its port and that has one, any place will do now. */
void ov2_offer_rejoin(struct ov2_sa *sa, void *arg)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->state == OV2_SA_WAITING && sa->apart && !ov2_offer_share_used(sa))
		list_move_tail(&sa->queue, ov2_offer_queue(sa));
}

/* The port of an SA that waits for any place has got its share meanwhile: is it out of the running?
 */
static bool ov2_offer_set_apart(struct ov2_sa *sa)
{
	if (!ov2_offer_share_used(sa))
		return false;
	list_move_tail(&sa->queue, ov2_offer_queue(sa));
	return true;
}

/* @sa waits, and not for the next place; each time for longer. */
void ov2_offer_stay_away(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	sa->again = true;
	sa->not_before = get_jiffies_64() + (OV2_OFFER_INTERVAL << sa->back_off);
	if (sa->back_off < OV2_OFFER_BACK_OFF_MAX)
		sa->back_off++;
}

/* The NIC has asked for room: for a while places are filled at a limited pace. */
void ov2_offer_press(struct ov2_nic *nic)
{
	u64 now = get_jiffies_64();

	lockdep_assert_held(&nic->lock);
	if (!ov2_offer_pressure(nic))
		nic->pressed = 0;
	/* A new round: places may have been filled since the last one. The two SAs of a pair, and
	 * what else comes in the same round, count once.
	 */
	if (nic->delreq_policy != OV2_DELREQ_DEMOTE && time_after64(now, nic->fill_after)) {
		nic->fill_after = now + (OV2_OFFER_INTERVAL << nic->pressed) - OV2_OFFER_INTERVAL;
		if (nic->pressed < OV2_OFFER_BACK_OFF_MAX)
			nic->pressed++;
	}
	nic->pressure_until = max(now, nic->fill_after) + OV2_OFFER_PRESSURE;
}

/* How many places may be filled now, if @limit is what is done in an interval under pressure. */
static u32 ov2_offer_pace(const struct ov2_nic *nic, u32 limit)
{
	if (!ov2_offer_pressure(nic))
		return U32_MAX;
	return time_before64(get_jiffies_64(), nic->fill_after) ? 0 : limit;
}

/* The NIC wants the place of @sa, which stays away the shorter the longer it was in the NIC. */
void ov2_offer_back_off(struct ov2_sa *sa)
{
	if (time_after64(get_jiffies_64(),
			 sa->offloaded_at + (OV2_OFFER_INTERVAL << (sa->back_off + 1))))
		sa->back_off = 0;
	ov2_offer_press(sa->nic);
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
		if (ov2_offer_set_apart(sa))
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

/* Brings the rate of an SA up to date: an average that halves its memory in each interval, in 1/16
 * packets. While nobody waits nothing is measured.
 */
static void ov2_offer_measure(struct ov2_sa *sa, void *arg)
{
	u64 now = get_jiffies_64(), packets = ov2_state_packets(sa), count;
	u64 intervals = div_u64(now - sa->measured_at + OV2_OFFER_INTERVAL / 2, OV2_OFFER_INTERVAL);

	count = min_t(u64, packets - sa->packets, U32_MAX / 32) * 16;
	sa->rate = intervals > 1 ? div64_u64(count, intervals) : (sa->rate + count) / 2;
	sa->packets = packets;
	sa->measured_at = now;
	if (sa->state == OV2_SA_WAITING && sa->away && !ov2_offer_early(sa)) {
		sa->away = false;
		list_move_tail(&sa->queue, &sa->nic->waitq);
	}
}

/* SAs move in pairs: each counts for both. */
static u32 ov2_offer_rate(const struct ov2_sa *sa)
{
	return sa->rate + (sa->pair ? sa->pair->rate : 0);
}

static bool ov2_offer_best_init(struct ov2_offer_best *best, u32 keep)
{
	best->keep = max(keep, OV2_OFFER_SORTED);
	best->room = 2 * best->keep;
	best->count = 0;
	best->entries = kvmalloc_array(best->room, sizeof(*best->entries), GFP_KERNEL);
	return best->entries;
}

static int ov2_offer_cmp(const void *a, const void *b)
{
	const struct ov2_offer_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	/* First come, first served. */
	return (s32)(x->cookie - y->cookie) < 0 ? -1 : 1;
}

static void ov2_offer_best_sort(struct ov2_offer_best *best)
{
	sort(best->entries, best->count, sizeof(*best->entries), ov2_offer_cmp, NULL);
	best->count = min(best->count, best->keep);
}

static void ov2_offer_best_add(struct ov2_offer_best *best, u32 key, u32 cookie)
{
	best->entries[best->count++] = (struct ov2_offer_entry){ key, cookie };
}

static void ov2_offer_collect(struct ov2_sa *sa, void *arg)
{
	struct ov2_offer_tables *tables = arg;

	if (sa->state == OV2_SA_OFFLOADED)
		ov2_offer_best_add(&tables->idle, ov2_offer_rate(sa), sa->cookie);
	else if (sa->state == OV2_SA_WAITING && !sa->away)
		ov2_offer_best_add(&tables->busy, ~ov2_offer_rate(sa), sa->cookie);
}

/* There must be room for another step's. */
static void ov2_offer_best_trim(struct ov2_offer_best *best)
{
	if (best->count > best->room - OV2_SA_STEP)
		ov2_offer_best_sort(best);
}

static void ov2_offer_fill_tables(struct ov2_nic *nic, struct ov2_offer_tables *tables)
{
	unsigned long cookie = 0;

	while (ov2_sa_step(nic, &cookie, ov2_offer_collect, tables)) {
		ov2_offer_best_trim(&tables->idle);
		ov2_offer_best_trim(&tables->busy);
	}
	ov2_offer_best_sort(&tables->idle);
	ov2_offer_best_sort(&tables->busy);
}

/* Puts the busiest of those that wait in front of their queues. Some have gone since they were
 * looked at. Where the queue is another one by now they change to that: the SA that had a place of
 * its port to come may have been deleted since, and then it is the next one's.
 */
static void ov2_offer_order(struct ov2_nic *nic, const struct ov2_offer_best *busy)
{
	struct ov2_sa *sa;
	u32 i;

	lockdep_assert_held(&nic->lock);
	rcu_read_lock();
	for (i = busy->count; i--;) {
		sa = ov2_sa_find(busy->entries[i].cookie);
		if (sa && sa->nic == nic && sa->state == OV2_SA_WAITING && !sa->away)
			list_move(&sa->queue, ov2_offer_queue(sa));
	}
	rcu_read_unlock();
}

/* Has the NIC asked to refuse the SAs that deserve a place most, as long as each is much busier
 * than one in the NIC.
 */
static void ov2_offer_ask(struct ov2_nic *nic, const struct ov2_offer_best *idle, u32 limit)
{
	struct ov2_sa *sa, *next;
	u32 asked = 0;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry_safe(sa, next, &nic->waitq, queue) {
		if (asked == min(limit, idle->count))
			break;
		if (ov2_offer_set_apart(sa))
			continue;
		if (ov2_offer_rate(sa) / OV2_OFFER_BUSIER <= idle->entries[asked].key)
			break;
		nic->counters[OV2_CNT_ASKED]++;
		ov2_sa_enqueue(sa, false);
		asked++;
	}
}

/* Without memory for the tables places are given in whatever order there is. */
void ov2_offer_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic, offer_work);
	struct ov2_offer_tables tables;
	u32 limit, pace, filled;
	bool ordered;

	spin_lock_bh(&nic->lock);
	limit = max(nic->caps.max_sas / OV2_OFFER_PACE, 2U);
	spin_unlock_bh(&nic->lock);

	ov2_sa_for_each(nic, ov2_offer_measure, NULL);
	/* Both in any case, as both are freed. */
	ordered = ov2_offer_best_init(&tables.idle, limit) &
		  ov2_offer_best_init(&tables.busy, limit);
	if (ordered)
		ov2_offer_fill_tables(nic, &tables);

	spin_lock_bh(&nic->lock);
	if (ordered)
		ov2_offer_order(nic, &tables.busy);
	pace = ov2_offer_pace(nic, limit);
	filled = ov2_offer_fill(nic, pace);
	if (ordered && pace && nic->state == OV2_NIC_RUNNING && !nic->closing && nic->reoffer &&
	    nic->reserved >= nic->caps.max_sas && filled < limit)
		ov2_offer_ask(nic, &tables.idle, limit - filled);
	if (nic->waiting)
		ov2_offer_arm(nic);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
	kvfree(tables.idle.entries);
	kvfree(tables.busy.entries);
}

/**
 * ov2_nic_set_reoffer - offer waiting SAs to the NIC again, or leave them in software
 * @nic: the NIC
 * @on: offer them; so at the start
 *
 * Context: any up to softirq.
 */
void ov2_nic_set_reoffer(struct ov2_nic *nic, bool on)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->reoffer, on);
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
 * Context: any.
 * Return: whether they are.
 */
bool ov2_nic_reoffer(struct ov2_nic *nic)
{
	return READ_ONCE(nic->reoffer);
}
EXPORT_SYMBOL_GPL(ov2_nic_reoffer);
