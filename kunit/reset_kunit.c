// SPDX-License-Identifier: GPL-2.0-only
/* Reset, restore and removal of a NIC. */
#include "xfrm_fixture.h"

static const struct fixture_sa reset_plain;

static int reset_init(struct kunit *test)
{
	fixture_create(test, NULL);
	return 0;
}

static void reset_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static void reset_esn_advance(struct xfrm_state *x, u64 seq)
{
	spin_lock_bh(&x->lock);
	x->replay_esn->seq = lower_32_bits(seq);
	x->replay_esn->seq_hi = upper_32_bits(seq);
	x->xso.dev->xfrmdev_ops->xdo_dev_state_advance_esn(x);
	spin_unlock_bh(&x->lock);
}

/* S63: after a reset the NIC gets all SAs again, in lists, under the same cookies and with xfrm's
 * current sequence numbers. xfrm does not notice.
 */
static void reset_test_restores(struct kunit *test)
{
	struct fixture_sa out = { .out = true }, esn = { .esn = true, .seq = 100 };
	struct fixture *f = test->priv;
	u32 cookie[12], i, base;
	struct xfrm_state *x[12];

	f->fake->mode = FAKE_NOW;
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		x[i] = fixture_sa(f, i == 0 ? &esn : &out);
		cookie[i] = x[i]->xso.offload_handle;
		fixture_settle(f);
	}
	x[1]->replay.oseq = 77;
	x[0]->replay_esn->seq = 300;
	base = f->fake->total;
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	for (i = 0; i < ARRAY_SIZE(x); i++) {
		const struct ov2_add_sa *sa;

		fixture_expect_state(f, x[i], OV2_PHASE_OFFLOADED);
		KUNIT_EXPECT_EQ(test, x[i]->xso.offload_handle, cookie[i]);
		sa = fake_nic_by_spi(f->fake, fixture_spi(x[i]));
		KUNIT_ASSERT_NOT_NULL(test, sa);
		KUNIT_EXPECT_EQ(test, sa->cookie, cookie[i]);
		KUNIT_EXPECT_EQ(test, sa->offload_handle, fixture_entry(x[i])->offload_handle);
		KUNIT_EXPECT_NOT_NULL(test, memchr_inv(sa->key_area, 0, sa->key_area_len));
	}
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x[1]))->seq.low, 77);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x[0]))->seq.low, 300);
	KUNIT_EXPECT_EQ(test, f->fake->total, base + 2);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 12);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_RESTORED), 12);
}

struct reset_row {
	const char *name;
	bool completes;
};

static const struct reset_row reset_rows[] = {
	{ "the NIC lets go of requests", false },
	{ "the NIC aborts requests", true },
};

KUNIT_ARRAY_PARAM_DESC(reset, reset_rows, name);

/* S62: a pending add is aborted by the reset, and submitted again after it. */
static void reset_test_during_add(struct kunit *test)
{
	const struct reset_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x, *queued;
	struct fake_request *fr;

	f->fake->reset_completes = row->completes;
	x = fixture_sa(f, NULL);
	fr = fake_nic_wait(f->fake, 0);
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 1);
	queued = fixture_sa(f, NULL);
	fixture_expect_state(f, queued, OV2_PHASE_QUEUED);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	KUNIT_EXPECT_NULL(test, fr->req);
	KUNIT_EXPECT_EQ(test, fr->status, -ECANCELED);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, queued, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 3);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ABORTED), 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

/* S19, S62: a pending add whose SA xfrm has deleted is aborted and not submitted again. */
static void reset_test_during_deleted_add(struct kunit *test)
{
	const struct reset_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->reset_completes = row->completes;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	fixture_delete(f, x);
	fixture_settle(f);
	fake_nic_reset(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ABORTED), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_CANCELLED), 0);
}

/* S62, S17: a pending delete is aborted by the reset. After it there is nothing to delete. */
static void reset_test_during_delete(struct kunit *test)
{
	const struct reset_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x, *other;

	f->fake->reset_completes = row->completes;
	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	other = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fixture_settle(f);
	KUNIT_ASSERT_EQ(test, f->fake->open, 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, other, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 1);
}

/* S62, S22: a pending update is aborted by the reset. The restore carries the numbers, and no
 * update uses a handle from before the reset.
 */
static void reset_test_during_update(struct kunit *test)
{
	const struct reset_row *row = test->param_value;
	struct fixture_sa esn = { .esn = true, .seq = 100 };
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->reset_completes = row->completes;
	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, &esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	reset_esn_advance(x, 0x100000005ULL);
	fixture_settle(f);
	KUNIT_ASSERT_EQ(test, f->fake->open, 1);
	reset_esn_advance(x, 0x180000005ULL);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->seq.low, 0x80000005);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->seq.high, 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_FAIL), 0);
	/* Later moves of the window are updates as usual. */
	reset_esn_advance(x, 0x200000005ULL);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->seq.high, 2);
}

/* S62: nothing is submitted while the NIC is being reset. Adds and deletes are accepted, and take
 * effect after it.
 */
static void reset_test_meanwhile(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x, *stays, *late, *both;
	u32 base;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	stays = fixture_sa(f, NULL);
	fixture_settle(f);
	base = f->fake->total;
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	late = fixture_sa(f, NULL);
	both = fixture_sa(f, NULL);
	fixture_delete(f, both);
	fixture_delete(f, x);
	fixture_gc();
	flush_work(&f->nic->pump_work);
	KUNIT_EXPECT_EQ(test, f->fake->total, base);
	complete(&go);
	fixture_expect_state(f, stays, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, late, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);
	f->fake->hold_reset = NULL;
}

/* The driver reports an error while a reset runs. That reset may have passed the error by, so
 * another one follows.
 */
static void reset_test_during_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct completion go;

	init_completion(&go);
	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	fake_nic_reset_later(f->fake);
	complete_all(&go);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_RESETS), 2);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	f->fake->hold_reset = NULL;
}

/* Answers from a work item of its own. */
struct reset_slow {
	struct work_struct work;
	struct fixture *f;
	struct ov2_list_kind kind;
	bool (*done)(struct ov2_nic *nic, struct ov2_request *req);
	const struct ov2_list_kind *kinds[OV2_REQUEST_COUNT];
	struct completion begun;
	struct completion go;
};

static struct reset_slow reset_slow;

/* The SAs of the list seem to take more than one step, between which the lock is free. */
static bool reset_slow_done(struct ov2_nic *nic, struct ov2_request *req)
	__must_hold(&nic->lock)
{
	spin_unlock_bh(&nic->lock);
	complete(&reset_slow.begun);
	wait_for_completion(&reset_slow.go);
	spin_lock_bh(&nic->lock);
	return reset_slow.done(nic, req);
}

static void reset_slow_answer(struct work_struct *work)
{
	struct fixture *f = reset_slow.f;

	fake_nic_finish(f->fake, list_first_entry(&f->fake->requests, struct fake_request, list));
}

static void reset_slow_init(struct fixture *f)
{
	struct ov2_nic *nic = f->nic;

	reset_slow.f = f;
	init_completion(&reset_slow.begun);
	init_completion(&reset_slow.go);
	INIT_WORK(&reset_slow.work, reset_slow_answer);
	memcpy(reset_slow.kinds, nic->engine.kinds, sizeof(reset_slow.kinds));
	reset_slow.kind = *reset_slow.kinds[OV2_ADD_SA];
	reset_slow.done = reset_slow.kind.done;
	reset_slow.kind.done = reset_slow_done;
	reset_slow.kinds[OV2_ADD_SA] = &reset_slow.kind;
}

/* S62: a reset waits for a request that was answered before it, until the core has completed all of
 * its SAs, so that none of them gets a handle after the reset.
 */
static void reset_test_meets_answer(struct kunit *test)
{
	const struct ov2_list_kind *const *kinds;
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	reset_slow_init(f);
	kinds = f->nic->engine.kinds;
	f->nic->engine.kinds = reset_slow.kinds;
	schedule_work(&reset_slow.work);
	wait_for_completion(&reset_slow.begun);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_reset_later(f->fake);
	/* Only a hint is needed: the reset keeps waiting until the answer continues. */
	while (!waitqueue_active(&f->nic->idle) && !fixture_counter(f, OV2_CNT_RESETS))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_RESETS), 0);
	f->nic->engine.kinds = kinds;
	complete(&reset_slow.go);
	flush_work(&reset_slow.work);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
}

enum reset_moment { RESET_IN_OP, RESET_BEFORE_RESTORE, RESET_IN_RESTORE };

struct reset_delete_row {
	const char *name;
	enum reset_moment moment;
	u32 deletes;
};

static const struct reset_delete_row reset_delete_rows[] = {
	{ "while the NIC is being reset", RESET_IN_OP, 0 },
	{ "between reset and restore", RESET_BEFORE_RESTORE, 0 },
	{ "while the restoring add is in flight", RESET_IN_RESTORE, 1 },
};

KUNIT_ARRAY_PARAM_DESC(reset_delete, reset_delete_rows, name);

/* Deletes the first SA. */
static void reset_delete_first(struct fake_nic *fake)
{
	struct fixture *f = fake->test->priv;

	fixture_delete(f, list_first_entry(&f->states, struct fixture_node, list)->x);
	fixture_gc();
}

/* S19, S63: xfrm deletes an SA that is about to be restored. In the end the NIC does not have it,
 * and it was asked to delete only SAs that it had.
 */
static void reset_test_meets_delete(struct kunit *test)
{
	const struct reset_delete_row *row = test->param_value;
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct fake_request *fr;
	struct xfrm_state *stays;
	u32 cookie;

	f->fake->mode = FAKE_NOW;
	cookie = fixture_sa(f, NULL)->xso.offload_handle;
	stays = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	f->fake->hold_reset = &go;
	if (row->moment == RESET_BEFORE_RESTORE)
		f->fake->after_reset = reset_delete_first;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	if (row->moment == RESET_IN_OP)
		reset_delete_first(f->fake);
	complete(&go);
	fixture_settle(f);
	f->fake->hold_reset = NULL;
	f->fake->after_reset = NULL;
	if (row->moment == RESET_IN_RESTORE)
		reset_delete_first(f->fake);
	fr = fake_nic_wait(f->fake, f->fake->total - 1);
	KUNIT_EXPECT_EQ(test, fr->kind, OV2_ADD_SA);
	KUNIT_EXPECT_EQ(test, fr->count, 1 + row->deletes);
	/* The handle from before the reset is void, and there is no new one yet. */
	KUNIT_EXPECT_EQ(test, fixture_entry(stays)->offload_handle, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, stays, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), row->deletes);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();
}

/* S17, S62: a request that the NIC does not accept waits until the NIC has been reset. */
static void reset_test_not_accepted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x, *gone;

	f->fake->mode = FAKE_NOW;
	gone = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_BUSY);
	fixture_delete(f, gone);
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_QUEUED);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_NOT_ACCEPTED), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 2);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
}

/* S62: the NIC does not accept an add. The SA keeps its slot, and is submitted after the reset. */
static void reset_test_add_not_accepted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_BUSY;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_QUEUED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 0);
}

/* S28: the NIC accepts nothing and does not reset itself either. The core resets it at the
 * deadline.
 */
static void reset_test_not_accepted_forever(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_BUSY;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	ov2_request_expire(f->nic, f->nic->engine.stalled_since);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	ov2_request_expire(f->nic, f->nic->engine.stalled_since +
			   msecs_to_jiffies(ov2_nic_deadline(f->nic)));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
}

static const struct fixture_sa reset_plain;

/* A NIC that cannot be reset is dead. All SAs continue in software, and new SAs are refused with
 * the reason.
 */
static void reset_test_fails(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x, *adding, *late;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	adding = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->reset_err = -EIO;
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, adding, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_entry(x)->offload_handle, 0);

	late = fixture_state(f, &reset_plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, late, &reset_plain), 0);
	KUNIT_EXPECT_EQ(test, late->xso.offload_handle, 0);
	KUNIT_EXPECT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	/* Another reset does not bring it back. */
	f->fake->reset_err = 0;
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	KUNIT_EXPECT_FALSE(test, ov2_nic_in_service(f->nic));
}

static void reset_error_in_reset(struct fake_nic *fake)
{
	fake->after_reset = NULL;
	/* The driver reports another error while the first reset runs, which then fails. */
	fake_nic_reset_later(fake);
	fake->reset_err = 0;
}

/* A NIC whose reset has failed stays out of service, even if another reset was requested. */
static void reset_test_stays_dead(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->reset_err = -EIO;
	f->fake->after_reset = reset_error_in_reset;
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 2);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, fixture_state(f, &reset_plain), &reset_plain), 0);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "its reset failed"));
}

/* S65: after a surprise removal new requests are refused at once and pending ones are aborted.
 * Nothing hangs: xfrm deletes the SAs, and no op is called.
 */
static void reset_test_gone(struct kunit *test)
{
	static const struct fixture_sa plain;
	struct fixture *f = test->priv;
	struct xfrm_state *x, *adding, *deleting, *late;
	u32 total;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	deleting = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	adding = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->deaf = true;
	total = f->fake->total;
	/* A delete that is about to be submitted is not. */
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, xfrm_state_delete(deleting), 0);
	ov2_nic_gone(f->nic);
	local_bh_enable();
	fixture_forget(f, deleting);
	xfrm_state_put(deleting);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, adding, OV2_PHASE_SOFTWARE);
	late = fixture_state(f, &plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, late, &plain), 0);
	KUNIT_EXPECT_EQ(test, late->xso.offload_handle, 0);
	fixture_delete(f, x);
	fixture_delete(f, adding);
	fixture_gc();
	fixture_close(f);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
}

/* S65: this holds at once, while the last call of the reset op still runs. */
static void reset_test_gone_at_once(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x, *late;
	u32 total;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	total = f->fake->total;
	f->fake->hold_reset = &go;
	ov2_nic_gone(f->nic);
	fake_nic_wait_resetting(f->fake);
	late = fixture_state(f, &reset_plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, late, &reset_plain), 0);
	KUNIT_EXPECT_EQ(test, late->xso.offload_handle, 0);
	fixture_delete(f, x);
	flush_work(&f->nic->pump_work);
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	complete(&go);
	fixture_settle(f);
	f->fake->hold_reset = NULL;
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S65: the removal of the ports deletes all SAs, and unregistration waits for the deletes. */
static void reset_test_removal(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	f->fake->mode = FAKE_SOFTIRQ;
	for (i = 0; i < 20; i++)
		fixture_sa(f, NULL);
	fixture_close(f);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

struct reset_answer {
	struct work_struct work;
	struct fixture *f;
	struct xfrm_state *late;
	int err;
};

/* Answers every request as soon as the unregistration of the NIC has begun, after it has added an
 * SA.
 */
static void reset_answer_late(struct work_struct *work)
{
	struct reset_answer *answer = container_of(work, struct reset_answer, work);
	struct fixture *f = answer->f;

	while (READ_ONCE(f->nic->life) == OV2_NIC_IN_SERVICE)
		schedule_timeout_uninterruptible(1);
	answer->err = fixture_dev_add(f, answer->late, &reset_plain);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
}

/* S65: the NIC is unregistered while xfrm still has SAs on a port that stays. The port accepts no
 * new SAs.
 */
static void reset_test_removal_before_ports(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct reset_answer answer = { .f = f };
	struct xfrm_state *x, *adding;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	adding = fixture_sa(f, NULL);
	fixture_settle(f);
	answer.late = fixture_state(f, &reset_plain);
	INIT_WORK_ONSTACK(&answer.work, reset_answer_late);
	schedule_work(&answer.work);
	fake_nic_unregister(f->fake);
	flush_work(&answer.work);
	destroy_work_on_stack(&answer.work);
	KUNIT_EXPECT_EQ(test, answer.err, 0);
	KUNIT_EXPECT_EQ(test, answer.late->xso.offload_handle, 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg ?: "", "is being removed"));
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	KUNIT_EXPECT_EQ(test, fixture_sa_state(x), OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, fixture_sa_state(adding), OV2_PHASE_SOFTWARE);
	answer.late->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(answer.late);
}

/* S28, S65: a NIC that never answers delays neither the removal of its ports nor another NIC's
 * removal, and its own only until the deadline.
 */
static void reset_test_never_answers(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fake_nic *other;
	struct xfrm_state *x;

	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 600000), 0);
	f->fake->deaf = true;
	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_sa(f, NULL);
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	other = fake_nic_create(test, &fake_nic_caps);
	fake_nic_destroy(other);
	fixture_close(f);
	KUNIT_EXPECT_EQ(test, f->fake->open, 2);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 10), 0);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->open, 0);
	KUNIT_EXPECT_GE(test, f->fake->resets, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* The op completes the last request, and returns some time later. */
static void reset_linger(struct fake_nic *fake, struct ov2_request *req)
{
	unsigned long end = jiffies + HZ / 5;

	while (time_before(jiffies, end) && !READ_ONCE(fake->unregistered))
		schedule_timeout_uninterruptible(1);
}

/* No op runs after unregistration has returned. */
static void reset_test_removal_op_lingers(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_settle(f);
	f->fake->mode = FAKE_EARLY;
	f->fake->in_op = reset_linger;
	fixture_delete(f, x);
	fake_nic_wait(f->fake, 1);
	fixture_close(f);
	fake_nic_unregister(f->fake);
	fake_nic_check(f->fake);
}

static struct completion reset_op_go;

static void reset_op_waits(struct fake_nic *fake, struct ov2_request *req)
{
	wait_for_completion(&reset_op_go);
}

/* S62: a reset waits for the op that is running: the fake NIC sees none that overlaps its reset.
 * The engine is halted first, so the reset waits when it is.
 */
static void reset_test_during_op(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	init_completion(&reset_op_go);
	f->fake->in_op = reset_op_waits;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fake_nic_reset_later(f->fake);
	while (READ_ONCE(f->nic->engine.state) != OV2_ENGINE_RESETTING)
		schedule_timeout_uninterruptible(1);
	schedule_timeout_uninterruptible(2);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	f->fake->in_op = NULL;
	complete_all(&reset_op_go);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
	fake_nic_check(f->fake);
}

static struct kunit_case reset_cases[] = {
	KUNIT_CASE(reset_test_restores),
	KUNIT_CASE_PARAM(reset_test_during_add, reset_gen_params),
	KUNIT_CASE_PARAM(reset_test_during_deleted_add, reset_gen_params),
	KUNIT_CASE_PARAM(reset_test_during_delete, reset_gen_params),
	KUNIT_CASE_PARAM(reset_test_during_update, reset_gen_params),
	KUNIT_CASE(reset_test_meanwhile),
	KUNIT_CASE(reset_test_during_reset),
	KUNIT_CASE(reset_test_during_op),
	KUNIT_CASE(reset_test_meets_answer),
	KUNIT_CASE_PARAM(reset_test_meets_delete, reset_delete_gen_params),
	KUNIT_CASE(reset_test_not_accepted),
	KUNIT_CASE(reset_test_add_not_accepted),
	KUNIT_CASE(reset_test_not_accepted_forever),
	KUNIT_CASE(reset_test_fails),
	KUNIT_CASE(reset_test_stays_dead),
	KUNIT_CASE(reset_test_gone),
	KUNIT_CASE(reset_test_gone_at_once),
	KUNIT_CASE(reset_test_removal),
	KUNIT_CASE(reset_test_removal_before_ports),
	KUNIT_CASE(reset_test_never_answers),
	KUNIT_CASE(reset_test_removal_op_lingers),
	{ }
};

static struct kunit_suite reset_suite = {
	.name = "ov2_reset",
	.init = reset_init,
	.exit = reset_exit,
	.test_cases = reset_cases,
};

kunit_test_suite(reset_suite);
