// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that the NIC does not answer in time, and answers that come just before, during and
 * after their cancellation. The NIC takes one request at a time.
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

/* S26, S28: a request that is past its deadline is cancelled, and one that is complete is not
 * touched. The SA that took too long goes on in software and is tried again later.
 */
static void deadline_cancels(struct kunit *test)
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

/* S28: the NIC does not answer cancel either, so it is reset after another deadline, and the reset
 * takes the request back.
 */
static void deadline_deaf(struct kunit *test)
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
	/* The NIC is as good as new. */
	f->fake->mode = FAKE_NOW;
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* S28: the deadline also comes by itself. */
static void deadline_timer(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 10), 0);
	f->fake->deaf = true;
	fixture_blocker(f);
	fake_nic_wait_resets(f->fake, 1);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->cancels, 1);
}

/* S28: each request has a deadline of its own, that of its submission. */
static void deadline_each(struct kunit *test)
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

/* S26: what was completed just before its deadline is not cancelled, and the NIC not reset. */
static void deadline_after_answer(struct kunit *test)
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

/* S25, S26: an answer that comes after cancel has completed the request is the NIC's fault:
 * counted, and without any effect.
 */
static void deadline_then_answer(struct kunit *test)
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
	/* The request is as good as new. */
	f->fake->mode = FAKE_NOW;
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

/* The NIC answers while it is asked to cancel, and there is more to do for it at once. */
static void deadline_answer_meanwhile(struct fake_nic *fake, struct ov2_request *req)
{
	struct fixture *f = fake->test->priv;
	struct xfrm_state *x;

	fake_nic_finish(fake, fake_nic_wait(fake, 0));
	x = fixture_sa(f, NULL);
	flush_work(&f->nic->pump_work);
	/* The NIC still looks at the request: it is not the next one yet. */
	KUNIT_EXPECT_EQ(fake->test, fake->total, 1);
	KUNIT_EXPECT_EQ(fake->test, fixture_sa_state(x), OV2_PHASE_QUEUED);
}

/* S26: completed while cancel runs: the completion counts, and the request is not given out again
 * before cancel has returned. The NIC has answered, so it is not reset.
 */
static void deadline_meets_answer(struct kunit *test)
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
static void deadline_meets_delete(struct kunit *test)
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
	KUNIT_CASE(deadline_cancels),
	KUNIT_CASE(deadline_deaf),
	KUNIT_CASE(deadline_timer),
	KUNIT_CASE(deadline_each),
	KUNIT_CASE(deadline_after_answer),
	KUNIT_CASE(deadline_then_answer),
	KUNIT_CASE(deadline_meets_answer),
	KUNIT_CASE(deadline_meets_delete),
	{ }
};

static struct kunit_suite deadline_suite = {
	.name = "ov2_deadline",
	.init = deadline_init,
	.exit = deadline_exit,
	.test_cases = deadline_cases,
};

kunit_test_suite(deadline_suite);
