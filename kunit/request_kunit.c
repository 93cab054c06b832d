// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request engine of the core: all kinds of completion, lists, and deletes that race with adds.
 * The NIC takes one request at a time unless a test says otherwise, so that SAs gather behind a
 * pending request.
 */
#include "xfrm_fixture.h"

static void request_expect(struct kunit *test, const struct fake_request *fr,
			   enum ov2_request_kind kind, u32 count)
{
	KUNIT_EXPECT_EQ(test, fr->kind, kind);
	KUNIT_EXPECT_EQ(test, fr->count, count);
}

static int request_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;

	caps.max_requests = 1;
	fixture_create(test, &caps);
	return 0;
}

static void request_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

struct request_mode_row {
	const char *name;
	enum fake_mode mode;
};

static const struct request_mode_row request_mode_rows[] = {
	{ "pending", FAKE_PEND },
	{ "at once", FAKE_NOW },
	{ "before the op returns", FAKE_EARLY },
	{ "from softirq", FAKE_SOFTIRQ },
};

KUNIT_ARRAY_PARAM_DESC(request_mode, request_mode_rows, name);

/* S3, S4, S16, S25: an add is submitted at once if no request is in flight, and gets the NIC's
 * handle. After a delete nothing is left. The rows are the ways in which the NIC completes
 * requests.
 */
static void request_test_add_delete(struct kunit *test)
{
	const struct request_mode_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct fake_request *fr;
	struct xfrm_state *x;

	f->fake->mode = row->mode;
	x = fixture_sa(f, NULL);
	fr = fake_nic_wait(f->fake, 0);
	request_expect(test, fr, OV2_ADD_SA, 1);
	KUNIT_EXPECT_EQ(test, fr->add[0].cookie, x->xso.offload_handle);
	if (row->mode == FAKE_PEND) {
		fixture_expect_state(f, x, OV2_PHASE_ADDING);
		fake_nic_finish(f->fake, fr);
	}
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_NE(test, fr->add[0].offload_handle, 0);
	KUNIT_EXPECT_EQ(test, fixture_entry(x)->offload_handle, fr->add[0].offload_handle);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);

	fixture_delete(f, x);
	fixture_gc();
	fr = fake_nic_wait(f->fake, 1);
	request_expect(test, fr, OV2_DELETE_SA, 1);
	if (row->mode == FAKE_PEND)
		fake_nic_finish(f->fake, fr);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

/* S2, S3, S5: the NIC tries each node of a list, and rejected nodes do not affect the others. */
static void request_test_partial(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[5], *first = fixture_blocker(f);
	struct fake_request *fr;
	int i;

	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = fixture_sa(f, NULL);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fr = fake_nic_wait(f->fake, 1);
	request_expect(test, fr, OV2_ADD_SA, 5);
	f->fake->refuse = BIT(0) | BIT(3);
	fake_nic_finish(f->fake, fr);
	KUNIT_EXPECT_EQ(test, fr->status, 0);
	fixture_expect_state(f, first, OV2_PHASE_OFFLOADED);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		bool refused = f->fake->refuse & BIT(i);

		fixture_expect_state(f, x[i], refused ? OV2_PHASE_SOFTWARE : OV2_PHASE_OFFLOADED);
		KUNIT_EXPECT_EQ(test, !fixture_entry(x[i])->offload_handle, refused);
	}
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 4);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_SUCCESS), 4);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

/* S2, S5: a list of which no SA was offloaded fails, and nothing is left of it. */
static void request_test_none(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[3], *first = fixture_blocker(f);
	struct fake_request *fr;
	int i;

	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = fixture_sa(f, NULL);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fr = fake_nic_wait(f->fake, 1);
	f->fake->refuse = ~0U;
	fake_nic_finish(f->fake, fr);
	KUNIT_EXPECT_EQ(test, fr->status, -EIO);
	for (i = 0; i < ARRAY_SIZE(x); i++)
		fixture_expect_state(f, x[i], OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, first, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	/* The NIC is not told about the delete of an SA in software. */
	fixture_delete(f, x[0]);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
}

/* S5: the op fails the whole request. The core has wiped the keys as well. */
static void request_test_op_fails(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_FAIL;
	f->fake->err = -EIO;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 1);
	KUNIT_EXPECT_FALSE(test, fixture_keys(f));
}

/* S2, S19: a NIC that fails a list although it has offloaded some of its SAs breaks the rules. The
 * core deletes them, even those that xfrm has deleted meanwhile.
 */
static void request_test_fails_with_handle(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *first = fixture_blocker(f), *kept, *gone;
	struct fake_request *fr;
	u32 cookie;

	kept = fixture_sa(f, NULL);
	gone = fixture_sa(f, NULL);
	cookie = gone->xso.offload_handle;
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fr = fake_nic_wait(f->fake, 1);
	request_expect(test, fr, OV2_ADD_SA, 2);
	fixture_delete(f, gone);
	fixture_gc();
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	f->fake->lie = -EIO;
	fake_nic_finish(f->fake, fr);
	f->fake->lie = 0;
	fixture_expect_state(f, first, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, kept, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 2);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();
}

/* A NIC that lacks memory has not rejected the SA for what it is. The SA is submitted again, after
 * a back-off.
 */
static void request_test_lacks_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_FAIL;
	f->fake->err = -ENOMEM;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	fixture_tick(f);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	spin_lock_bh(&f->nic->lock);
	fixture_entry(x)->slot.backoff_until = get_jiffies_64();
	spin_unlock_bh(&f->nic->lock);
	fixture_tick(f);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S27: the core wipes the keys after completion, because the NIC no longer needs them. */
static void request_test_keys_wiped(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);

	KUNIT_EXPECT_TRUE(test, fixture_keys(f));
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_FALSE(test, fixture_keys(f));
}

/* Group commit: SAs that are added while a request is in flight are submitted in lists as long as
 * the NIC takes them, in the order of their adds.
 */
static void request_test_group_commit(struct kunit *test)
{
	static const u32 counts[] = { 1, 8, 8, 3 };
	struct fixture *f = test->priv;
	u32 cookie = 0, i, j;

	fixture_blocker(f);
	for (i = 1; i < 20; i++)
		fixture_sa(f, NULL);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct fake_request *fr = fake_nic_wait(f->fake, i);

		request_expect(test, fr, OV2_ADD_SA, counts[i]);
		for (j = 0; j < fr->count; j++) {
			KUNIT_EXPECT_GT(test, fr->add[j].cookie, cookie);
			cookie = fr->add[j].cookie;
		}
		fake_nic_finish(f->fake, fr);
	}
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 20);
	KUNIT_EXPECT_EQ(test, f->fake->open_max, 1);
}

/* S16: a flush becomes full DELETE_SA lists, and the NIC walks each to its end. */
static void request_test_delete_lists(struct kunit *test)
{
	static const u32 counts[] = { 1, 8, 8, 3 };
	struct fixture *f = test->priv;
	struct xfrm_state *x[20];
	u32 i, base;

	f->fake->mode = FAKE_NOW;
	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->mode = FAKE_PEND;
	base = f->fake->total;
	fixture_delete(f, x[0]);
	fake_nic_wait(f->fake, base);
	for (i = 1; i < ARRAY_SIZE(x); i++)
		fixture_delete(f, x[i]);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct fake_request *fr = fake_nic_wait(f->fake, base + i);

		request_expect(test, fr, OV2_DELETE_SA, counts[i]);
		fake_nic_finish(f->fake, fr);
	}
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 20);
}

/* S23: as many requests in flight as the NIC takes, answered out of order. */
static void request_test_several(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[4];
	struct ov2_caps caps;
	u32 i;

	/* The number of requests is that of the hardware capabilities, so this needs a NIC of its
	 * own.
	 */
	fixture_destroy(f);
	caps = fake_nic_caps;
	caps.max_requests = 3;
	f = fixture_create(test, &caps);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		x[i] = fixture_sa(f, NULL);
		fixture_settle(f);
	}
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_EXPECT_EQ(test, f->fake->open, 3);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	fixture_expect_state(f, x[2], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[0], OV2_PHASE_ADDING);
	fixture_expect_state(f, x[3], OV2_PHASE_ADDING);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 3));
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	for (i = 0; i < ARRAY_SIZE(x); i++)
		fixture_expect_state(f, x[i], OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->open_max, 3);
}

/* S19: a delete before the add is submitted cancels both; the NIC sees neither. */
static void request_test_cancel_pair(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *first = fixture_blocker(f), *x = fixture_sa(f, NULL);

	fixture_expect_state(f, x, OV2_PHASE_QUEUED);
	fixture_delete(f, x);
	fixture_gc();
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, first, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_CANCELLED), 1);
}

/* S19, S24: a delete while the add runs takes effect after the add. Neither the delete nor the free
 * of the state waits for the NIC.
 */
static void request_test_delete_behind_add(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	u32 cookie = x->xso.offload_handle;
	struct fake_request *fr;

	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	rcu_read_lock();
	KUNIT_EXPECT_NOT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();

	fr = fake_nic_wait(f->fake, 0);
	fake_nic_finish(f->fake, fr);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 1)->del[0].offload_handle,
			fr->add[0].offload_handle);
	fr = fake_nic_wait(f->fake, 1);
	request_expect(test, fr, OV2_DELETE_SA, 1);
	fake_nic_finish(f->fake, fr);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();
}

/* S19: the NIC rejects, or aborts, the add that a delete waits for. There is nothing to delete, and
 * the add is not submitted again.
 */
static void request_test_delete_behind_failed(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_delete(f, fixture_blocker(f));
	f->fake->refuse = BIT(0);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);

	fixture_delete(f, fixture_blocker(f));
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 1), -ECANCELED);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S26: an add that the NIC aborts without being asked is submitted again. */
static void request_test_add_aborted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);

	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 0), -ECANCELED);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ABORTED), 1);
}

/* Aborts eight adds in a row, beginning with the nth request. */
static void request_abort_eight(struct fixture *f, u32 nth)
{
	u32 i;

	for (i = nth; i < nth + 8; i++)
		fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, i), -ECANCELED);
}

/* S26, S28: a NIC that aborts more than eight requests in a row is reset. */
static void request_test_always_aborted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f), *y;

	request_abort_eight(f, 0);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 8));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	y = fixture_sa(f, NULL);
	request_abort_eight(f, 9);
	fake_nic_wait(f->fake, 17);
	fixture_expect_state(f, y, OV2_PHASE_ADDING);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 17), -ECANCELED);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, y, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
}

/* S17: a delete that was aborted is submitted again until it is done. */
static void request_test_delete_aborted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct fake_request *fr;
	u32 handle, i;

	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	handle = fixture_entry(x)->offload_handle;
	fixture_delete(f, x);
	for (i = 1; i <= 3; i++) {
		fr = fake_nic_wait(f->fake, i);
		request_expect(test, fr, OV2_DELETE_SA, 1);
		KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, handle);
		KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
		if (i < 3)
			fake_nic_finish_status(f->fake, fr, -ECANCELED);
	}
	fake_nic_finish(f->fake, fr);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
}

/* S17: a NIC that fails a delete is broken, so the core resets it. */
static void request_test_delete_fails(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);

	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_delete(f, x);
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 1), -EIO);
	fake_nic_wait_resets(f->fake, 1);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
}

/* Adds and deletes take turns, so that neither starves the other. */
static void request_test_turns(struct kunit *test)
{
	static const enum ov2_request_kind kinds[] = {
		OV2_DELETE_SA, OV2_ADD_SA, OV2_DELETE_SA, OV2_ADD_SA,
	};
	struct fixture *f = test->priv;
	struct xfrm_state *x[16];
	u32 i, base;

	f->fake->mode = FAKE_NOW;
	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->mode = FAKE_PEND;
	base = f->fake->total;
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, base);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		fixture_delete(f, x[i]);
		fixture_sa(f, NULL);
	}
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		request_expect(test, fake_nic_wait(f->fake, base + 1 + i), kinds[i], 8);
		fake_nic_finish(f->fake, fake_nic_wait(f->fake, base + 1 + i));
	}
}

/* S25: a NIC that completes a request wrongly is counted and does no harm. */
static void request_test_completed_as_pending(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);

	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 0), -EINPROGRESS);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 1);
}

static void request_test_completed_twice(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_blocker(f);
	struct ov2_request *req = fake_nic_wait(f->fake, 0)->req;

	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	ov2_request_complete(f->nic, req, -EIO);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
}

/* The NIC completes another request, or the driver calls ov2_nic_ready(), before the core has seen
 * the -EAGAIN of this op.
 */
static void request_progress_meanwhile(struct fake_nic *fake, struct ov2_request *req)
{
	fake->in_op = NULL;
	if (fake->progress)
		fake_nic_finish(fake, fake_nic_wait(fake, 0));
	else
		ov2_nic_ready(fake->nic);
	fake->mode = FAKE_NOW;
}

struct request_again_row {
	const char *name;
	bool completion;	/* and not ov2_nic_ready() */
	bool meanwhile;		/* before the op returns */
};

static const struct request_again_row request_again_rows[] = {
	{ "completed", true, false },
	{ "ready", false, false },
	{ "completed within the op", true, true },
	{ "ready within the op", false, true },
};

KUNIT_ARRAY_PARAM_DESC(request_again, request_again_rows, name);

/* The NIC answers a list with -EAGAIN. The list is submitted again when another request completes
 * or the driver calls ov2_nic_ready(), before or after the core has seen the answer. The NIC is not
 * reset.
 */
static void request_test_again(struct kunit *test)
{
	const struct request_again_row *row = test->param_value;
	struct xfrm_state *first, *x;
	struct fixture *f;

	fixture_destroy(test->priv);
	f = fixture_create(test, &fake_nic_caps);
	first = fixture_blocker(f);
	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	f->fake->progress = row->completion;
	f->fake->in_op = row->meanwhile ? request_progress_meanwhile : NULL;
	WRITE_ONCE(f->fake->mode, FAKE_AGAIN);
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 1);
	fixture_settle(f);
	if (!row->meanwhile) {
		fixture_expect_state(f, x, OV2_PHASE_QUEUED);
		KUNIT_EXPECT_EQ(test, f->fake->total, 2);
		request_progress_meanwhile(f->fake, NULL);
	}
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, first, row->completion ? OV2_PHASE_OFFLOADED : OV2_PHASE_ADDING);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DEFERRED), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 0);
}

static bool request_queued;

static void request_kick_running(struct fake_nic *fake, struct ov2_request *req)
{
	spin_lock_bh(&fake->nic->lock);
	ov2_nic_kick(fake->nic);
	spin_unlock_bh(&fake->nic->lock);
	request_queued = work_pending(&fake->nic->pump_work);
}

/* An add queues the pump's work neither while the pump runs, because it looks again, nor while the
 * NIC takes no request, because a completion makes it run. Both SAs get into the NIC nevertheless.
 */
static void request_test_idle_kicks(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	bool pending;

	request_queued = true;
	f->fake->in_op = request_kick_running;
	fixture_blocker(f);
	f->fake->in_op = NULL;
	KUNIT_EXPECT_FALSE(test, request_queued);
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	spin_lock_bh(&f->nic->lock);
	ov2_nic_kick_submit(f->nic);
	pending = work_pending(&f->nic->pump_work);
	spin_unlock_bh(&f->nic->lock);
	KUNIT_EXPECT_FALSE(test, pending);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S28: a NIC that never becomes ready is reset. */
static void request_test_never_ready(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	WRITE_ONCE(f->fake->mode, FAKE_AGAIN);
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_QUEUED);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	ov2_request_expire(f->nic, READ_ONCE(f->nic->engine.stalled_since) +
			   msecs_to_jiffies(ov2_nic_deadline(f->nic)));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE_PARAM(request_test_add_delete, request_mode_gen_params),
	KUNIT_CASE(request_test_partial),
	KUNIT_CASE(request_test_none),
	KUNIT_CASE(request_test_op_fails),
	KUNIT_CASE(request_test_fails_with_handle),
	KUNIT_CASE(request_test_lacks_memory),
	KUNIT_CASE(request_test_keys_wiped),
	KUNIT_CASE_PARAM(request_test_again, request_again_gen_params),
	KUNIT_CASE(request_test_never_ready),
	KUNIT_CASE(request_test_idle_kicks),
	KUNIT_CASE(request_test_group_commit),
	KUNIT_CASE(request_test_delete_lists),
	KUNIT_CASE(request_test_several),
	KUNIT_CASE(request_test_cancel_pair),
	KUNIT_CASE(request_test_delete_behind_add),
	KUNIT_CASE(request_test_delete_behind_failed),
	KUNIT_CASE(request_test_add_aborted),
	KUNIT_CASE(request_test_always_aborted),
	KUNIT_CASE(request_test_delete_aborted),
	KUNIT_CASE(request_test_delete_fails),
	KUNIT_CASE(request_test_turns),
	KUNIT_CASE(request_test_completed_as_pending),
	KUNIT_CASE(request_test_completed_twice),
	{ }
};

static struct kunit_suite request_suite = {
	.name = "ov2_request",
	.init = request_init,
	.exit = request_exit,
	.test_cases = request_cases,
};

kunit_test_suite(request_suite);
