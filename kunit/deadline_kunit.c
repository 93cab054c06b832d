// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests past their deadline: the core cancels them, and cancels that race with answers. The NIC
 * takes one request at a time.
 */
#include "xfrm_fixture.h"

static int deadline_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;

	caps.max_requests = 1;
	fixture_create(test, &caps);
	return 0;
}

static void deadline_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* S26, S28: a request past its deadline is cancelled. A finished request is not touched. The SA of
 * the late request waits in software and is submitted again after a back-off.
 */
static void deadline_test_cancels(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *done = fixture_blocker(f), *late;
	struct fake_request *fr;

	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	late = fixture_sa(f, NULL);
	fr = fake_nic_wait(f->fake, 1);
	fixture_settle(f);
	ov2_request_expire(f->nic, fr->deadline - 1);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);

	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	ov2_request_expire(f->nic, fr->deadline);
	fixture_expect_state(f, late, OV2_PHASE_WAITING);
	fixture_expect_state(f, done, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
	KUNIT_EXPECT_EQ(test, fr->status, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DEADLINES), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	fixture_entry(late)->slot.backoff_until = get_jiffies_64();
	fixture_tick(f);
	fixture_expect_state(f, late, OV2_PHASE_OFFLOADED);
}

/* S28: the NIC does not answer cancel either. It is reset after another deadline, and the reset
 * takes the request back.
 */
static void deadline_test_deaf(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct fake_request *fr = fake_nic_wait(f->fake, 0);
	unsigned long deadline;

	f->fake->deaf = true;
	ov2_request_expire(f->nic, fr->deadline);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	deadline = READ_ONCE(fr->req->deadline);
	KUNIT_EXPECT_TRUE(test, time_after(deadline, fr->deadline));
	ov2_request_expire(f->nic, deadline - 1);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	ov2_request_expire(f->nic, deadline);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
	KUNIT_EXPECT_NULL(test, fr->req);
	/* The NIC works again. */
	f->fake->mode = FAKE_NOW;
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* S28: the deadline also works by the core's own timer. */
static void deadline_test_timer(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 10), 0);
	f->fake->deaf = true;
	fixture_blocker(f);
	fake_nic_wait_resets(f->fake, 1);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
}

/* S28: each request has its own deadline, counted from its submission. */
static void deadline_test_each(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fake_request *first, *second;
	struct xfrm_state *x;
	struct ov2_caps caps;

	fixture_destroy(f);
	caps = fake_nic_caps;
	f = fixture_create(test, &caps);
	fixture_blocker(f);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 60000), 0);
	x = fixture_sa(f, NULL);
	first = fake_nic_wait(f->fake, 0);
	second = fake_nic_wait(f->fake, 1);
	fixture_settle(f);
	KUNIT_EXPECT_TRUE(test, time_after(second->deadline, first->deadline));
	ov2_request_expire(f->nic, first->deadline);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
	fake_nic_finish(f->fake, second);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S26: a request that was completed just before its deadline is not cancelled, and the NIC is not
 * reset.
 */
static void deadline_test_after_answer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct fake_request *fr = fake_nic_wait(f->fake, 0);

	fake_nic_finish(f->fake, fr);
	ov2_request_expire(f->nic, fr->deadline);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DEADLINES), 0);
}

/* S25, S26: an answer after cancel has completed the request is the NIC's mistake. The core counts
 * it and ignores it.
 */
static void deadline_test_cancel_then_answer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct fake_request *fr = fake_nic_wait(f->fake, 0);
	struct ov2_request *req = fr->req;

	ov2_request_expire(f->nic, fr->deadline);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fr->status, -ECANCELED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ABORTED), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	ov2_request_complete(f->nic, req, 0);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	/* The request can be used again. */
	f->fake->mode = FAKE_NOW;
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* The NIC answers while cancel runs, and the next request is ready to be submitted. */
static void deadline_answer_meanwhile(struct fake_nic *fake, struct ov2_request *req)
{
	struct fixture *f = fake->test->priv;
	struct xfrm_state *x;

	fake_nic_finish(fake, fake_nic_wait(fake, 0));
	x = fixture_sa(f, NULL);
	flush_work(&f->nic->pump_work);
	/* The NIC still uses the request in cancel, so it is not submitted again yet. */
	KUNIT_EXPECT_EQ(fake->test, fake->total, 1);
	KUNIT_EXPECT_EQ(fake->test, fixture_sa_state(x), OV2_PHASE_QUEUED);
}

/* S26: the NIC completes a request while cancel runs. The completion counts, and the request is not
 * used again before cancel has returned. The NIC has answered, so it is not reset.
 */
static void deadline_test_cancel_meets_answer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct fake_request *fr = fake_nic_wait(f->fake, 0);

	f->fake->in_cancel = deadline_answer_meanwhile;
	ov2_request_expire(f->nic, fr->deadline);
	f->fake->in_cancel = NULL;
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fr->status, 0);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ABORTED), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

static void deadline_delete_meanwhile(struct fake_nic *fake, struct ov2_request *req)
{
	struct fixture *f = fake->test->priv;

	fixture_delete(f, list_first_entry(&f->states, struct fixture_node, list)->x);
	fixture_gc();
}

/* S19, S26: xfrm deletes the SA while its add is being cancelled: nothing is left of it. */
static void deadline_test_cancel_meets_delete(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 cookie = fixture_blocker(f)->xso.offload_handle;
	struct fake_request *fr = fake_nic_wait(f->fake, 0);

	f->fake->in_cancel = deadline_delete_meanwhile;
	ov2_request_expire(f->nic, fr->deadline);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fr->status, -ECANCELED);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();
}

static struct kunit_case deadline_cases[] = {
	KUNIT_CASE(deadline_test_cancels),
	KUNIT_CASE(deadline_test_deaf),
	KUNIT_CASE(deadline_test_timer),
	KUNIT_CASE(deadline_test_each),
	KUNIT_CASE(deadline_test_after_answer),
	KUNIT_CASE(deadline_test_cancel_then_answer),
	KUNIT_CASE(deadline_test_cancel_meets_answer),
	KUNIT_CASE(deadline_test_cancel_meets_delete),
	{ }
};

static struct kunit_suite deadline_suite = {
	.name = "ov2_deadline",
	.init = deadline_init,
	.exit = deadline_exit,
	.test_cases = deadline_cases,
};

kunit_test_suite(deadline_suite);
