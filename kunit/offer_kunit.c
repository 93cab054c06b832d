// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which SAs have the places in the NIC when there are more SAs than places. The clock is the
 * test's: it runs the work that comes once per interval, and moves what was remembered of the time.
 */
#include <linux/rtnetlink.h>
#include "xfrm_fixture.h"

#define PLACES	4

static int offer_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.max_sas = PLACES;
	f = fixture_create(test, &caps);
	f->fake->mode = FAKE_NOW;
	return 0;
}

static void offer_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static void offer_fill(struct fixture *f, struct xfrm_state **x, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		x[i] = fixture_sa(f, NULL);
	fixture_settle(f);
}

/* One interval. */
static void offer_tick(struct fixture *f)
{
	fixture_tick(f);
	fixture_settle(f);
}

/* The NIC wants @x away. */
static void offer_delete_req(struct fixture *f, struct xfrm_state *x)
{
	struct ov2_sa *sa = fixture_entry(x);

	KUNIT_ASSERT_NOT_NULL(f->test, sa);
	ov2_delreq_raise(sa);
	flush_work(&f->nic->delreq_work);
	fixture_settle(f);
}

static void offer_pressure_over(struct fixture *f)
{
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.pressure_until = get_jiffies_64();
	spin_unlock_bh(&f->nic->lock);
}

static void offer_back_off_over(struct xfrm_state *x)
{
	fixture_entry(x)->slot.backoff_until = get_jiffies_64();
}

/* S60: an SA that the NIC wanted away waits, and is not back at once; nor is a new one let in as
 * if there were room. In time both are.
 */
static void offer_pressure(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *newer;

	offer_fill(f, x, PLACES);
	offer_delete_req(f, x[1]);
	fixture_expect_state(f, x[1], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES - 1);
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "has asked for room"));
	KUNIT_EXPECT_EQ(test, f->fake->live, PLACES - 1);

	/* Another one goes, the usual way: its place is not given away at once either. */
	fixture_delete(f, x[0]);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);

	/* An interval later the newer one is in; the other one is to stay away for a while. */
	fixture_entry(x[1])->slot.backoff_until = get_jiffies_64() + 1000 * HZ;
	offer_tick(f);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[1], OV2_PHASE_WAITING);
	offer_back_off_over(x[1]);
	offer_tick(f);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);

	offer_pressure_over(f);
	fixture_delete(f, x[2]);
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* S60: the same where the states are deleted: what an IKE daemon sets up anew in their place is not
 * in the NIC at once, which would have to ask for room again.
 */
static void offer_pressure_hard(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *newer;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	offer_fill(f, x, PLACES);
	offer_delete_req(f, x[1]);
	KUNIT_EXPECT_EQ(test, (int)x[1]->km.state, XFRM_STATE_DEAD);
	fixture_forget(f, x[1]);
	xfrm_state_put(x[1]);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES - 1);
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
	offer_tick(f);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
}

/* Places stay empty for @time from when the NIC has asked for that of @x. */
static void offer_stays_empty(struct fixture *f, struct xfrm_state *x, u64 time)
{
	struct kunit *test = f->test;
	struct xfrm_state *newer;
	u64 before, after, until;

	/* As if what was to be waited for last time were over. */
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.fill_after = get_jiffies_64() - 1;
	spin_unlock_bh(&f->nic->lock);
	before = get_jiffies_64();
	offer_delete_req(f, x);
	after = get_jiffies_64();
	until = READ_ONCE(f->nic->slots.fill_after);
	KUNIT_EXPECT_GE(test, until, before + time);
	KUNIT_EXPECT_LE(test, until, after + time);
	newer = fixture_sa(f, NULL);
	offer_tick(f);
	if (time_before64(get_jiffies_64(), until))
		fixture_expect_state(f, newer, OV2_PHASE_WAITING);
}

/* S60: what the IKE daemon sets up in place of SAs that the NIC wanted away finds a place the
 * later, the more often that has cost other SAs theirs. When the NIC has not asked for long all is
 * forgotten.
 */
static void offer_pressure_doubles(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES];
	int i;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	offer_fill(f, x, PLACES);
	for (i = 0; i < PLACES - 1; i++)
		offer_stays_empty(f, x[i], ((1 << i) - 1) * HZ);
	offer_pressure_over(f);
	offer_stays_empty(f, x[i], 0);
}

static unsigned long offer_time_away(struct fixture *f, struct xfrm_state *x)
{
	offer_delete_req(f, x);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	return fixture_entry(x)->slot.backoff_until - get_jiffies_64();
}

static void offer_back(struct fixture *f, struct xfrm_state *x)
{
	offer_pressure_over(f);
	offer_back_off_over(x);
	offer_tick(f);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* Each time that the NIC wants the same SA away it stays away for longer, until it has been in the
 * NIC for long.
 */
static void offer_back_off(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned long away, first;
	struct xfrm_state *x;
	int i;

	offer_fill(f, &x, 1);
	first = offer_time_away(f, x);
	KUNIT_EXPECT_GT(test, first, 0);
	offer_back(f, x);
	for (i = 1; i < 4; i++) {
		away = offer_time_away(f, x);
		/* Some of it has passed by now, but not half of it. */
		KUNIT_EXPECT_GT(test, away, first << (i - 1));
		offer_back(f, x);
	}
	fixture_entry(x)->offloaded_at = get_jiffies_64() - 1000 * HZ;
	KUNIT_EXPECT_LE(test, offer_time_away(f, x), 2 * first);
}

/* A free place goes to the busiest of those that wait. */
static void offer_busiest(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *w[3];
	int i;

	offer_fill(f, x, PLACES);
	/* Those in the NIC are busy too: nobody is asked to give way. */
	for (i = 0; i < PLACES; i++)
		x[i]->curlft.packets = 100000;
	offer_fill(f, w, ARRAY_SIZE(w));
	w[0]->curlft.packets = 10;
	w[1]->curlft.packets = 1000;
	w[2]->curlft.packets = 100;
	offer_tick(f);
	for (i = 0; i < ARRAY_SIZE(w); i++)
		fixture_expect_state(f, w[i], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 0);
	fixture_delete(f, x[0]);
	fixture_expect_state(f, w[1], OV2_PHASE_OFFLOADED);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, w[2], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, w[0], OV2_PHASE_WAITING);
}

/* The two SAs of a pair move together, so the packets of each count for both. */
static void offer_busiest_pair(struct kunit *test)
{
	static const struct fixture_sa out = { .reqid = 7, .out = true }, in = { .reqid = 7 };
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *w[3];
	int i;

	offer_fill(f, x, PLACES);
	for (i = 0; i < PLACES; i++)
		x[i]->curlft.packets = 100000;
	w[0] = fixture_sa(f, NULL);
	w[1] = fixture_sa(f, &in);
	w[2] = fixture_sa(f, &out);
	w[0]->curlft.packets = 100;
	w[1]->curlft.packets = 10;
	w[2]->curlft.packets = 1000;
	offer_tick(f);
	fixture_delete(f, x[0]);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, w[0], OV2_PHASE_WAITING);
	fixture_expect_state(f, w[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, w[2], OV2_PHASE_OFFLOADED);
}

/* A waiting SA that is much busier than one in the NIC is submitted to be refused: that is the
 * NIC's reason to ask for room. S6: it takes no place that it does not have.
 */
static void offer_asks(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *busy, *idle;
	u32 total;

	offer_fill(f, x, PLACES);
	busy = fixture_sa(f, NULL);
	idle = fixture_sa(f, NULL);
	busy->curlft.packets = 1000;
	total = f->fake->total;
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	offer_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total + 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, busy, OV2_PHASE_WAITING);
	fixture_expect_state(f, idle, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES);
	KUNIT_EXPECT_EQ(test, f->fake->live, PLACES);

	/* The NIC asks for room; the busy one gets it. */
	offer_delete_req(f, x[3]);
	offer_tick(f);
	fixture_expect_state(f, busy, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[3], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES);
}

/* S6: the NIC takes the SA that was submitted to be refused: it is in the NIC like any other. */
static void offer_taken(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *busy;
	struct ov2_caps caps;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_sas = ARRAY_SIZE(x);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	offer_fill(f, x, ARRAY_SIZE(x));
	busy = fixture_sa(f, NULL);
	busy->curlft.packets = 1000;
	offer_tick(f);
	fixture_expect_state(f, busy, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), ARRAY_SIZE(x) + 1);
}

/* The NIC has less room than it says: who is refused for it waits, and not in a circle. */
static void offer_less_room(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over;
	u32 total;

	f->fake->table_size = 2;
	offer_fill(f, x, 2);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	total = f->fake->total;
	over = fixture_sa(f, NULL);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, total));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, total)->status, -ENOSPC);
	fixture_expect_state(f, over, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->total, total + 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 2);
	/* There is room again, and time has passed. */
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_delete(f, x[0]);
	fixture_settle(f);
	offer_back_off_over(over);
	offer_tick(f);
	fixture_expect_state(f, over, OV2_PHASE_OFFLOADED);
}

/* Who is refused for want of room again and again stays away for longer each time, though it has
 * never been in the NIC.
 */
static void offer_no_room(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned long away, first = 0;
	struct xfrm_state *x[2], *over;
	int i;

	f->fake->table_size = 2;
	offer_fill(f, x, 2);
	over = fixture_sa(f, NULL);
	for (i = 0; i < 4; i++) {
		fixture_expect_state(f, over, OV2_PHASE_WAITING);
		KUNIT_EXPECT_EQ(test, fixture_entry(over)->slot.backoff, i + 1);
		away = fixture_entry(over)->slot.backoff_until - get_jiffies_64();
		if (i)
			/* Some of it has passed by now, but not half of it. */
			KUNIT_EXPECT_GT(test, away, first << (i - 1));
		else
			first = away;
		offer_back_off_over(over);
		offer_tick(f);
	}
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
}

/* S6, S2: each node of a list that fails as a whole has its own reason: who was refused for want of
 * room waits, and who for another does not.
 */
static void offer_reasons(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x, *bad, *over;

	f->fake->table_size = 1;
	offer_fill(f, &x, 1);
	disable_work_sync(&f->nic->pump_work);
	bad = fixture_sa(f, NULL);
	over = fixture_sa(f, NULL);
	f->fake->refuse = BIT(0);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	fixture_expect_state(f, bad, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, over, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 1)->count, 2);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 1)->status, -EIO);
}

/* Who has waited for a place and is then refused for another reason than room is not offered again:
 * it would be for ever.
 */
static void offer_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *waits;
	u32 total;

	offer_fill(f, x, PLACES);
	waits = fixture_sa(f, NULL);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	total = f->fake->total;
	f->fake->refuse = ~0U;
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x[0]);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, total));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, total + 1)->kind, OV2_ADD_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, total + 1));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, total + 1)->status, -EIO);
	fixture_expect_state(f, waits, OV2_PHASE_SOFTWARE);
	offer_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total + 2);

	/* Nor when there is room and the NIC would take it. */
	f->fake->refuse = 0;
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, waits, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), PLACES - 2);
}

/* The admin may leave waiting SAs in software. */
static void offer_off(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[PLACES], *waits;

	KUNIT_EXPECT_TRUE(test, ov2_nic_reoffer(f->nic));
	offer_fill(f, x, PLACES);
	waits = fixture_sa(f, NULL);
	ov2_nic_set_reoffer(f->nic, false);
	KUNIT_EXPECT_FALSE(test, ov2_nic_reoffer(f->nic));
	fixture_delete(f, x[0]);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	offer_tick(f);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	ov2_nic_set_reoffer(f->nic, true);
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
}

struct offer_config_row {
	const char *name;
	bool esp;
	bool early;
};

static const struct offer_config_row offer_config_rows[] = {
	{ "ESP offload off and on", true, false },
	{ "ESP offload on before they have left", true, true },
	{ "the configuration", false, false },
	{ "the configuration, before they have left", false, true },
};

KUNIT_ARRAY_PARAM_DESC(offer_config, offer_config_rows, name);

static void offer_configure(struct fixture *f, bool esp, bool on)
{
	struct ov2_caps caps;

	if (esp) {
		rtnl_lock();
		ov2_port_set_esp(fixture_port_of(f, 0), on);
		rtnl_unlock();
		return;
	}
	ov2_nic_hw_caps(f->nic, &caps);
	if (!on)
		caps.features &= ~OV2_CAP_ESP;
	KUNIT_EXPECT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
}

/* S31, S7: what left the NIC because of the configuration comes back with it, also where what waits
 * for a place is left in software.
 */
static void offer_off_config(struct kunit *test)
{
	static const struct fixture_sa sent = { .out = true };
	const struct offer_config_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = fixture_sa(f, NULL), *out = fixture_sa(f, &sent);

	ov2_nic_set_reoffer(f->nic, false);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	if (row->early)
		WRITE_ONCE(f->fake->mode, FAKE_PEND);
	offer_configure(f, row->esp, false);
	fixture_expect_state(f, in, row->early ? OV2_PHASE_DEMOTING : OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, out, row->early ? OV2_PHASE_DEMOTING : OV2_PHASE_SOFTWARE);
	offer_configure(f, row->esp, true);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
}

/* Deleting what waits after having been in the NIC leaves nothing behind. */
static void offer_delete_waiting(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	u32 total;

	offer_fill(f, &x, 1);
	offer_delete_req(f, x);
	total = f->fake->total;
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	offer_pressure_over(f);
	offer_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

static struct kunit_case offer_cases[] = {
	KUNIT_CASE(offer_pressure),
	KUNIT_CASE(offer_pressure_hard),
	KUNIT_CASE(offer_pressure_doubles),
	KUNIT_CASE(offer_back_off),
	KUNIT_CASE(offer_busiest),
	KUNIT_CASE(offer_busiest_pair),
	KUNIT_CASE(offer_asks),
	KUNIT_CASE(offer_taken),
	KUNIT_CASE(offer_less_room),
	KUNIT_CASE(offer_no_room),
	KUNIT_CASE(offer_reasons),
	KUNIT_CASE(offer_refused),
	KUNIT_CASE(offer_off),
	KUNIT_CASE_PARAM(offer_off_config, offer_config_gen_params),
	KUNIT_CASE(offer_delete_waiting),
	{ }
};

static struct kunit_suite offer_suite = {
	.name = "ov2_offer",
	.init = offer_init,
	.exit = offer_exit,
	.test_cases = offer_cases,
};

kunit_test_suite(offer_suite);
