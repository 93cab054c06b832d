// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many SAs: lists and walks that are longer than a step of the core, and thousands of SAs that look
 * the same.
 */
#include "xfrm_fixture.h"

#define SCALE_SAS	(2 * OV2_SA_STEP + 1)	/* three steps, the last of one SA */
#define SCALE_MANY	3000			/* more than a ranking has room for */

static int scale_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.max_sas = SCALE_SAS + 1;
	caps.max_list = SCALE_SAS;
	caps.max_requests = 1;
	f = fixture_create(test, &caps);
	ov2_nic_set_waiting_max(f->nic, U32_MAX);
	return 0;
}

static void scale_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static struct xfrm_state **scale_add(struct fixture *f, u32 count, const struct fixture_sa *want)
{
	struct xfrm_state **x = kunit_kcalloc(f->test, count, sizeof(*x), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(f->test, x);
	for (i = 0; i < count; i++)
		x[i] = fixture_sa(f, want);
	return x;
}

static void scale_expect(struct fixture *f, enum ov2_sa_state state, u32 count)
{
	fixture_settle(f);
	KUNIT_EXPECT_EQ(f->test, ov2_nic_sas(f->nic, state, state), count);
}

/* Lets the NIC execute the nth request, which must have @count SAs. */
static void scale_finish_list(struct fixture *f, u32 nth, enum ov2_request_kind kind, u32 count)
{
	struct fake_request *fr = fake_nic_wait(f->fake, nth);

	KUNIT_EXPECT_EQ(f->test, fr->kind, kind);
	KUNIT_EXPECT_EQ(f->test, fr->count, count);
	fake_nic_finish(f->fake, fr);
}

/* Expects that the nth request has all SAs but the first, and lets the NIC execute it. */
static void scale_finish(struct fixture *f, u32 nth, enum ov2_request_kind kind)
{
	scale_finish_list(f, nth, kind, SCALE_SAS);
}

static void scale_advance(struct xfrm_state *x)
{
	spin_lock_bh(&x->lock);
	x->replay_esn->seq += 1000;
	x->xso.dev->xfrmdev_ops->xdo_dev_state_advance_esn(x);
	spin_unlock_bh(&x->lock);
}

static void scale_configure(struct fixture *f, bool esp)
{
	struct ov2_caps caps;

	ov2_nic_hw_caps(f->nic, &caps);
	if (!esp)
		caps.features &= ~OV2_CAP_ESP;
	KUNIT_EXPECT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
}

/* S2, S16, S21, S25, S31, S63: as many SAs as a NIC takes in a list go through all steps together.
 * They are added, updated, restored after a reset, and deleted when the configuration excludes
 * them. S6: when it permits them again and the NIC has no slots, all of them wait.
 */
static void scale_test_lists(struct kunit *test)
{
	static const struct fixture_sa esn = { .esn = true };
	struct fixture *f = test->priv;
	struct xfrm_state **x, *first;
	u32 i;

	first = fixture_sa(f, &esn);
	fake_nic_wait(f->fake, 0);
	x = scale_add(f, SCALE_SAS, &esn);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	scale_finish(f, 1, OV2_ADD_SA);
	scale_expect(f, OV2_SA_OFFLOADED, SCALE_SAS + 1);

	scale_advance(first);
	fake_nic_wait(f->fake, 2);
	for (i = 0; i < SCALE_SAS; i++)
		scale_advance(x[i]);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	scale_finish(f, 3, OV2_UPDATE_SA);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_SUCCESS), SCALE_SAS + 1);

	fixture_delete(f, first);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 4));
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	scale_finish(f, 5, OV2_ADD_SA);
	scale_expect(f, OV2_SA_OFFLOADED, SCALE_SAS);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_RESTORED), SCALE_SAS);

	disable_work_sync(&f->nic->pump_work);
	disable_work_sync(&f->nic->delete_rcu_work);
	scale_configure(f, false);
	scale_expect(f, OV2_SA_DEL_RCU, SCALE_SAS);
	enable_and_queue_work(f->nic->wq, &f->nic->delete_rcu_work);
	scale_expect(f, OV2_SA_DEL_QUEUED, SCALE_SAS);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	scale_finish(f, 6, OV2_DELETE_SA);
	scale_expect(f, OV2_SA_SOFTWARE, SCALE_SAS);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->nic->settle));
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);

	f->fake->table_size = 0;
	disable_work_sync(&f->nic->pump_work);
	scale_configure(f, true);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	scale_finish(f, 7, OV2_ADD_SA);
	scale_expect(f, OV2_SA_SOFTWARE, SCALE_SAS);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, SCALE_SAS);
}

/* S6: slots that became free go to waiting SAs, even if there are more of both than the core
 * handles in one step when an SA is added.
 */
static void scale_test_admit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state **x, *newer;
	struct fake_request *fr;
	struct ov2_caps caps;
	u32 i, base, slots = OV2_SA_STEP + 2;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_sas = slots;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	f->fake->mode = FAKE_NOW;
	x = scale_add(f, slots, NULL);
	scale_expect(f, OV2_SA_OFFLOADED, slots);
	scale_add(f, slots + 1, NULL);
	disable_work_sync(&f->nic->pump_work);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	for (i = 0; i < slots; i++)
		fixture_delete(f, x[i]);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	fr = fake_nic_wait(f->fake, base);
	KUNIT_EXPECT_EQ(test, fr->count, slots);
	disable_work_sync(&f->nic->pump_work);
	fake_nic_finish(f->fake, fr);
	newer = fixture_sa(f, NULL);
	KUNIT_EXPECT_EQ(test, fixture_sa_state(newer), OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_sas(f->nic, OV2_SA_ADD_QUEUED, OV2_SA_ADD_QUEUED),
			OV2_SA_STEP);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	scale_expect(f, OV2_SA_OFFLOADED, slots);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
}

/* S2, S16, S21: no list is longer than the core has nodes for, however long the NIC's lists may be,
 * and the lists of all kinds use the same nodes in turn.
 */
static void scale_test_long_list(struct kunit *test)
{
	static const struct fixture_sa esn = { .esn = true };
	struct ov2_caps caps = fake_nic_caps;
	struct xfrm_state **x, *first;
	struct fixture *f;
	u32 i;

	fixture_destroy(test->priv);
	caps.max_sas = OV2_LIST_MAX + 3;
	caps.max_list = 2 * OV2_LIST_MAX;
	caps.max_requests = 1;
	f = fixture_create(test, &caps);
	first = fixture_sa(f, &esn);
	fake_nic_wait(f->fake, 0);
	x = scale_add(f, OV2_LIST_MAX + 2, &esn);
	scale_finish_list(f, 0, OV2_ADD_SA, 1);
	scale_finish_list(f, 1, OV2_ADD_SA, OV2_LIST_MAX);
	scale_finish_list(f, 2, OV2_ADD_SA, 2);
	scale_expect(f, OV2_SA_OFFLOADED, OV2_LIST_MAX + 3);

	scale_advance(first);
	fake_nic_wait(f->fake, 3);
	for (i = 0; i < OV2_LIST_MAX + 2; i++)
		scale_advance(x[i]);
	scale_finish_list(f, 3, OV2_UPDATE_SA, 1);
	scale_finish_list(f, 4, OV2_UPDATE_SA, OV2_LIST_MAX);
	scale_finish_list(f, 5, OV2_UPDATE_SA, 2);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_SUCCESS), OV2_LIST_MAX + 3);

	fixture_delete(f, first);
	fake_nic_wait(f->fake, 6);
	for (i = 0; i < OV2_LIST_MAX + 2; i++)
		fixture_delete(f, x[i]);
	scale_finish_list(f, 6, OV2_DELETE_SA, 1);
	scale_finish_list(f, 7, OV2_DELETE_SA, OV2_LIST_MAX);
	scale_finish_list(f, 8, OV2_DELETE_SA, 2);
	scale_expect(f, OV2_SA_OFFLOADED, 0);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

/* S6: the busiest of all waiting SAs gets the next slot. */
static void scale_busiest(struct fixture *f, struct xfrm_state *in_nic, struct xfrm_state *busiest)
{
	in_nic->curlft.packets = 100000;
	busiest->curlft.packets = 1000;
	fixture_tick(f);
	fixture_expect_state(f, busiest, OV2_PHASE_WAITING);
	fixture_delete(f, in_nic);
	fixture_expect_state(f, busiest, OV2_PHASE_OFFLOADED);
}

/* S60: the youngest SA is the counterpart. The only SA without a mark would be a better one, but it
 * is too far away in the ring to be found.
 */
static void scale_pair(struct fixture *f, struct xfrm_state *youngest)
{
	static const struct fixture_sa in = { .reqid = 7 };
	struct xfrm_state *x = fixture_sa(f, &in);

	KUNIT_EXPECT_PTR_EQ(f->test, fixture_entry(x)->pair.other, fixture_entry(youngest));
}

struct scale_walked {
	struct ov2_sa *last;
	u32 count;
};

static void scale_walk(struct ov2_sa *sa, void *arg)
{
	struct scale_walked *walked = arg;

	walked->last = sa;
	walked->count++;
}

/* S31, S63: SAs leave while a walk stands still between two steps. One of them was the next. */
static void scale_test_walk(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct scale_walked walked = { };
	struct xfrm_state **x;
	struct ov2_walk walk;

	f->fake->mode = FAKE_NOW;
	x = scale_add(f, OV2_SA_STEP + 3, NULL);
	scale_expect(f, OV2_SA_OFFLOADED, OV2_SA_STEP + 3);
	ov2_walk_begin(f->nic, &walk);
	KUNIT_EXPECT_TRUE(test, ov2_walk_step(f->nic, &walk, scale_walk, &walked));
	KUNIT_EXPECT_EQ(test, walked.count, OV2_SA_STEP);
	fixture_delete(f, x[0]);
	fixture_delete(f, x[OV2_SA_STEP]);
	fixture_delete(f, x[OV2_SA_STEP + 1]);
	fixture_gc();
	scale_expect(f, OV2_SA_OFFLOADED, OV2_SA_STEP);
	KUNIT_EXPECT_FALSE(test, ov2_walk_step(f->nic, &walk, scale_walk, &walked));
	KUNIT_EXPECT_EQ(test, walked.count, OV2_SA_STEP + 1);
	KUNIT_EXPECT_PTR_EQ(test, walked.last, fixture_entry(x[OV2_SA_STEP + 2]));
}

/* S6, S60: SAs that look the same are not mixed up. */
static void scale_test_many(struct kunit *test)
{
	static const struct fixture_sa out = { .reqid = 7, .out = true };
	static const struct fixture_sa marked = { .reqid = 7, .out = true, .mark = 3 };
	struct fixture *f = test->priv;
	struct xfrm_state *first, **x;
	struct ov2_caps caps;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_sas = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	f->fake->mode = FAKE_NOW;
	first = fixture_sa(f, &out);
	x = scale_add(f, SCALE_MANY, &marked);
	scale_pair(f, x[SCALE_MANY - 1]);
	scale_busiest(f, first, x[SCALE_MANY / 2]);
}

static struct kunit_case scale_cases[] = {
	KUNIT_CASE(scale_test_lists),
	KUNIT_CASE(scale_test_admit),
	KUNIT_CASE(scale_test_long_list),
	KUNIT_CASE(scale_test_walk),
	KUNIT_CASE(scale_test_many),
	{ }
};

static struct kunit_suite scale_suite = {
	.name = "ov2_scale",
	.init = scale_init,
	.exit = scale_exit,
	.test_cases = scale_cases,
};

kunit_test_suite(scale_suite);
