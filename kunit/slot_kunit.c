// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which SAs get the slots of the NIC when there are more SAs than slots. The test is the clock: it
 * runs the work that runs once per interval, and changes the times that the core has stored.
 */
#include <linux/rtnetlink.h>
#include "xfrm_fixture.h"

#define SLOTS	4

static int slot_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.max_sas = SLOTS;
	f = fixture_create(test, &caps);
	f->fake->mode = FAKE_NOW;
	return 0;
}

static void slot_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static void slot_fill(struct fixture *f, struct xfrm_state **x, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		x[i] = fixture_sa(f, NULL);
	fixture_settle(f);
}

/* Ends an interval. */
static void slot_tick(struct fixture *f)
{
	fixture_tick(f);
	fixture_settle(f);
}

/* The NIC raises SaDeleteReq for @x. */
static void slot_delete_req(struct fixture *f, struct xfrm_state *x)
{
	struct ov2_sa *sa = fixture_entry(x);

	KUNIT_ASSERT_NOT_NULL(f->test, sa);
	ov2_delreq_raise(sa);
	flush_work(&f->nic->delreq_work);
	fixture_settle(f);
}

static void slot_pressure_over(struct fixture *f)
{
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.pressure_until = get_jiffies_64();
	spin_unlock_bh(&f->nic->lock);
}

static void slot_back_off_over(struct xfrm_state *x)
{
	fixture_entry(x)->slot.backoff_until = get_jiffies_64();
}

/* S60: an SA that the NIC has evicted backs off, and a new SA waits as well although a slot is
 * free. Later both are promoted.
 */
static void slot_test_pressure(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *newer;

	slot_fill(f, x, SLOTS);
	slot_delete_req(f, x[1]);
	fixture_expect_state(f, x[1], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS - 1);
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "The NIC evicts SAs"));
	KUNIT_EXPECT_EQ(test, f->fake->live, SLOTS - 1);

	/* xfrm deletes another SA. Its slot is not filled at once either. */
	fixture_delete(f, x[0]);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);

	/* After an interval the new SA is promoted. The other SA still backs off. */
	fixture_entry(x[1])->slot.backoff_until = get_jiffies_64() + 1000 * HZ;
	slot_tick(f);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[1], OV2_PHASE_WAITING);
	slot_back_off_over(x[1]);
	slot_tick(f);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);

	slot_pressure_over(f);
	fixture_delete(f, x[2]);
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* S60: the same with a policy that deletes the states. The IKE daemon's replacement SA is not
 * promoted at once, because the NIC would have to evict an SA again.
 */
static void slot_test_pressure_hard(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *newer;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	slot_fill(f, x, SLOTS);
	slot_delete_req(f, x[1]);
	KUNIT_EXPECT_EQ(test, (int)x[1]->km.state, XFRM_STATE_DEAD);
	fixture_forget(f, x[1]);
	xfrm_state_put(x[1]);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS - 1);
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
	slot_tick(f);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
}

/* Slots stay empty for @time after the NIC has raised SaDeleteReq for @x. */
static void slot_stays_empty(struct fixture *f, struct xfrm_state *x, u64 time)
{
	struct kunit *test = f->test;
	struct xfrm_state *newer;
	u64 before, after, until;

	/* The time since the last SaDeleteReq is over. */
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.fill_after = get_jiffies_64() - 1;
	spin_unlock_bh(&f->nic->lock);
	before = get_jiffies_64();
	slot_delete_req(f, x);
	after = get_jiffies_64();
	until = READ_ONCE(f->nic->slots.fill_after);
	KUNIT_EXPECT_GE(test, until, before + time);
	KUNIT_EXPECT_LE(test, until, after + time);
	KUNIT_EXPECT_EQ(test, fixture_port_of(f, 0)->fill_after, until);
	newer = fixture_sa(f, NULL);
	slot_tick(f);
	if (time_before64(get_jiffies_64(), until))
		fixture_expect_state(f, newer, OV2_PHASE_WAITING);
}

/* S60: the time until slots are filled again doubles each time that the NIC evicts SAs which the
 * IKE daemon replaces. It starts again after the pressure has ended.
 */
static void slot_test_pressure_doubles(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS];
	int i;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	slot_fill(f, x, SLOTS);
	for (i = 0; i < SLOTS - 1; i++)
		slot_stays_empty(f, x[i], ((1 << i) - 1) * HZ);
	slot_pressure_over(f);
	slot_stays_empty(f, x[i], 0);
}

static unsigned long slot_time_backed_off(struct fixture *f, struct xfrm_state *x)
{
	slot_delete_req(f, x);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	return fixture_entry(x)->slot.backoff_until - get_jiffies_64();
}

static void slot_come_back(struct fixture *f, struct xfrm_state *x)
{
	slot_pressure_over(f);
	slot_back_off_over(x);
	slot_tick(f);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* The back-off of an SA doubles each time that the NIC evicts it. It starts again after the SA has
 * been in the NIC for long.
 */
static void slot_test_back_off(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned long time, first;
	struct xfrm_state *x;
	int i;

	slot_fill(f, &x, 1);
	first = slot_time_backed_off(f, x);
	KUNIT_EXPECT_GT(test, first, 0);
	slot_come_back(f, x);
	for (i = 1; i < 4; i++) {
		time = slot_time_backed_off(f, x);
		/* Some of the time has passed by now, but less than half of it. */
		KUNIT_EXPECT_GT(test, time, first << (i - 1));
		slot_come_back(f, x);
	}
	fixture_entry(x)->offloaded_at = get_jiffies_64() - 1000 * HZ;
	KUNIT_EXPECT_LE(test, slot_time_backed_off(f, x), 2 * first);
}

/* A free slot goes to the busiest waiting SA. */
static void slot_test_busiest(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *w[3];
	int i;

	slot_fill(f, x, SLOTS);
	/* The SAs in the NIC are busy as well, so there is no probe. */
	for (i = 0; i < SLOTS; i++)
		x[i]->curlft.packets = 100000;
	slot_fill(f, w, ARRAY_SIZE(w));
	w[0]->curlft.packets = 10;
	w[1]->curlft.packets = 1000;
	w[2]->curlft.packets = 100;
	slot_tick(f);
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
static void slot_test_busiest_pair(struct kunit *test)
{
	static const struct fixture_sa out = { .reqid = 7, .out = true }, in = { .reqid = 7 };
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *w[3];
	int i;

	slot_fill(f, x, SLOTS);
	for (i = 0; i < SLOTS; i++)
		x[i]->curlft.packets = 100000;
	w[0] = fixture_sa(f, NULL);
	w[1] = fixture_sa(f, &in);
	w[2] = fixture_sa(f, &out);
	w[0]->curlft.packets = 100;
	w[1]->curlft.packets = 10;
	w[2]->curlft.packets = 1000;
	slot_tick(f);
	fixture_delete(f, x[0]);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, w[0], OV2_PHASE_WAITING);
	fixture_expect_state(f, w[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, w[2], OV2_PHASE_OFFLOADED);
}

/* A waiting SA that is much busier than an SA in the NIC is submitted as a probe. The NIC rejects
 * it, which tells it to raise SaDeleteReq. S6: a rejected probe occupies no slot.
 */
static void slot_test_probes(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *busy, *idle;
	u32 total;

	slot_fill(f, x, SLOTS);
	busy = fixture_sa(f, NULL);
	idle = fixture_sa(f, NULL);
	busy->curlft.packets = 1000;
	total = f->fake->total;
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total + 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, busy, OV2_PHASE_WAITING);
	fixture_expect_state(f, idle, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS);
	KUNIT_EXPECT_EQ(test, f->fake->live, SLOTS);

	/* The NIC raises SaDeleteReq, and the busy SA gets the slot. */
	slot_delete_req(f, x[3]);
	slot_tick(f);
	fixture_expect_state(f, busy, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[3], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS);
}

/* A NIC with a table for each direction cannot make room for an inbound SA by evicting an outbound
 * one, so an idle outbound SA is no reason for an inbound probe.
 */
static void slot_test_probes_by_direction(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true, .reqid = 7 };
	struct fixture *f = test->priv;
	struct xfrm_state *in, *busy;
	struct ov2_caps caps;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_dir_sas[OV2_IN] = 1;
	caps.max_dir_sas[OV2_OUT] = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	in = fixture_sa(f, NULL);
	fixture_sa(f, &out);
	busy = fixture_sa(f, NULL);
	fixture_expect_state(f, busy, OV2_PHASE_WAITING);
	in->curlft.packets = 1000;
	busy->curlft.packets = 1000;
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 0);
	busy->curlft.packets += 10000;
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
}

/* S6: an XFRM_MSG_NEWAE sets the packets of a waiting SA back. That does not make it the busiest.
 */
static void slot_test_count_set_back(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *waits;
	u32 i;

	slot_fill(f, x, SLOTS);
	waits = fixture_sa(f, NULL);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	for (i = 0; i < SLOTS; i++)
		x[i]->curlft.packets = 1000;
	waits->curlft.packets = 1000;
	slot_tick(f);
	waits->curlft.packets = 0;
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 0);
}

/* S6: the NIC accepts a probe. The SA is in the NIC like any other. */
static void slot_test_taken(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *busy;
	struct ov2_caps caps;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_sas = ARRAY_SIZE(x);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	slot_fill(f, x, ARRAY_SIZE(x));
	busy = fixture_sa(f, NULL);
	busy->curlft.packets = 1000;
	slot_tick(f);
	fixture_expect_state(f, busy, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), ARRAY_SIZE(x) + 1);
}

/* The NIC takes fewer SAs than it has advertised. A rejected SA backs off for longer each time,
 * although it has never been in the NIC, and occupies no slot. The core does not retry in a loop.
 */
static void slot_test_fewer(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned long time, first = 0;
	struct xfrm_state *x[2], *over;
	u32 total, i;

	f->fake->table_size = 2;
	slot_fill(f, x, 2);
	total = f->fake->total;
	over = fixture_sa(f, NULL);
	for (i = 0; i < 4; i++) {
		fixture_expect_state(f, over, OV2_PHASE_WAITING);
		KUNIT_EXPECT_EQ(test, f->fake->total, total + i + 1);
		KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, total + i)->status, -ENOSPC);
		KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 2);
		KUNIT_EXPECT_EQ(test, fixture_entry(over)->slot.backoff, i + 1);
		time = fixture_entry(over)->slot.backoff_until - get_jiffies_64();
		if (i)
			/* Some of the time has passed by now, but less than half of it. */
			KUNIT_EXPECT_GT(test, time, first << (i - 1));
		else
			first = time;
		slot_back_off_over(over);
		slot_tick(f);
	}
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);

	/* The NIC takes another SA, and time has passed. */
	fixture_delete(f, x[0]);
	fixture_settle(f);
	slot_back_off_over(over);
	slot_tick(f);
	fixture_expect_state(f, over, OV2_PHASE_OFFLOADED);
}

/* S6, S2: each node of a list that fails as a whole has its own status. An SA that is rejected for
 * lack of space waits, one that is rejected for another reason does not.
 */
static void slot_test_reasons(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x, *bad, *over;

	f->fake->table_size = 1;
	slot_fill(f, &x, 1);
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

/* -EACCES is the core's own word for an SA that the configuration excludes. If the NIC answers
 * that, the configuration still permits the SA, and the core must not submit it again at once.
 */
static void slot_test_permitted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->err = -EACCES;
	f->fake->mode = FAKE_FAIL;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
}

/* An SA that has waited for a slot and is then rejected for a reason other than space stays in
 * software. The core does not retry, because the NIC would reject the SA each time.
 */
static void slot_test_rejected(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *waits;
	u32 total;

	slot_fill(f, x, SLOTS);
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
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total + 2);

	/* Even if there is a free slot and the NIC would take the SA now. */
	f->fake->refuse = 0;
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, waits, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), SLOTS - 2);
}

/* The admin disables promotion: waiting SAs stay in software. */
static void slot_test_not_promoted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[SLOTS], *waits;

	KUNIT_EXPECT_TRUE(test, ov2_nic_reoffer(f->nic));
	slot_fill(f, x, SLOTS);
	waits = fixture_sa(f, NULL);
	ov2_nic_set_reoffer(f->nic, false);
	KUNIT_EXPECT_FALSE(test, ov2_nic_reoffer(f->nic));
	fixture_delete(f, x[0]);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	slot_tick(f);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	ov2_nic_set_reoffer(f->nic, true);
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
}

struct slot_config_row {
	const char *name;
	bool esp;
	bool early;
};

static const struct slot_config_row slot_config_rows[] = {
	{ "ESP offload off and on", true, false },
	{ "ESP offload on before they have left", true, true },
	{ "the configuration", false, false },
	{ "the configuration, before they have left", false, true },
};

KUNIT_ARRAY_PARAM_DESC(slot_config, slot_config_rows, name);

static void slot_configure(struct fixture *f, bool esp, bool on)
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

/* S31, S7: SAs that left the NIC because of the configuration are promoted when it permits them,
 * even if the promotion of waiting SAs is disabled.
 */
static void slot_test_barred(struct kunit *test)
{
	static const struct fixture_sa sent = { .out = true };
	const struct slot_config_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = fixture_sa(f, NULL), *out = fixture_sa(f, &sent);

	ov2_nic_set_reoffer(f->nic, false);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	if (row->early)
		WRITE_ONCE(f->fake->mode, FAKE_PEND);
	slot_configure(f, row->esp, false);
	fixture_expect_state(f, in, row->early ? OV2_PHASE_DEMOTING : OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, out, row->early ? OV2_PHASE_DEMOTING : OV2_PHASE_SOFTWARE);
	slot_configure(f, row->esp, true);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
}

/* An SA that has been in the NIC is deleted while it waits: nothing is left of it. */
static void slot_test_delete_waiting(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	u32 total;

	slot_fill(f, &x, 1);
	slot_delete_req(f, x);
	total = f->fake->total;
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	slot_pressure_over(f);
	slot_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

static struct kunit_case slot_cases[] = {
	KUNIT_CASE(slot_test_pressure),
	KUNIT_CASE(slot_test_pressure_hard),
	KUNIT_CASE(slot_test_pressure_doubles),
	KUNIT_CASE(slot_test_back_off),
	KUNIT_CASE(slot_test_busiest),
	KUNIT_CASE(slot_test_busiest_pair),
	KUNIT_CASE(slot_test_probes),
	KUNIT_CASE(slot_test_probes_by_direction),
	KUNIT_CASE(slot_test_count_set_back),
	KUNIT_CASE(slot_test_taken),
	KUNIT_CASE(slot_test_fewer),
	KUNIT_CASE(slot_test_reasons),
	KUNIT_CASE(slot_test_permitted),
	KUNIT_CASE(slot_test_rejected),
	KUNIT_CASE(slot_test_not_promoted),
	KUNIT_CASE_PARAM(slot_test_barred, slot_config_gen_params),
	KUNIT_CASE(slot_test_delete_waiting),
	{ }
};

static struct kunit_suite slot_suite = {
	.name = "ov2_slot",
	.init = slot_init,
	.exit = slot_exit,
	.test_cases = slot_cases,
};

kunit_test_suite(slot_suite);
