// SPDX-License-Identifier: GPL-2.0-only
/* SAs and their cookies, twins with one SPI, closing ports, and everything at the same time. */
#include <linux/kthread.h>
#include "xfrm_fixture.h"

static const struct fixture_sa sa_in, sa_out = { .out = true }, sa_esn = { .esn = true };

static int sa_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void sa_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static struct ov2_sa *sa_find(unsigned long cookie)
{
	struct ov2_sa *sa;

	rcu_read_lock();
	sa = ov2_sa_find(cookie);
	rcu_read_unlock();
	return sa;
}

/* S9: cookies are never 0, differ while both SAs live, and are not given again after an SA is gone.
 * A pointer of another driver's is not taken for a cookie whose lower half is the same.
 */
static void sa_test_cookies(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 cookies[20];
	int i, j;

	KUNIT_EXPECT_NULL(test, sa_find(0));
	for (i = 0; i < ARRAY_SIZE(cookies); i++) {
		struct xfrm_state *x = fixture_sa(f, &sa_in);

		cookies[i] = x->xso.offload_handle;
		KUNIT_EXPECT_NE(test, cookies[i], 0);
		KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(sa_find(cookies[i])->x), x);
		if (IS_ENABLED(CONFIG_64BIT))
			KUNIT_EXPECT_NULL(test, sa_find(~(unsigned long)U32_MAX | cookies[i]));
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, cookies[i], cookies[j]);
		fixture_settle(f);
		if (i % 2) {
			fixture_delete(f, x);
			fixture_gc();
			fixture_settle(f);
			KUNIT_EXPECT_NULL(test, sa_find(cookies[i]));
		}
	}
	KUNIT_EXPECT_EQ(test, f->fake->live, ARRAY_SIZE(cookies) / 2);
}

/* S9: after 2^32 SAs the cookies start again. They skip those of live SAs, and that of an SA that
 * xfrm has deleted but the NIC still has, because its packets must not reach a newer SA.
 */
static void sa_test_cookies_wrap(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 saved = atomic_read(&ov2_last_cookie), live, dying, last, next;
	struct xfrm_state *x;

	atomic_set(&ov2_last_cookie, 0);
	live = fixture_sa(f, &sa_in)->xso.offload_handle;
	x = fixture_sa(f, &sa_in);
	dying = x->xso.offload_handle;
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->open, 1);

	atomic_set(&ov2_last_cookie, U32_MAX - 1);
	last = fixture_sa(f, &sa_in)->xso.offload_handle;
	next = fixture_sa(f, &sa_in)->xso.offload_handle;
	atomic_set(&ov2_last_cookie, saved);
	KUNIT_EXPECT_EQ(test, live, 1);
	KUNIT_EXPECT_EQ(test, dying, 2);
	KUNIT_EXPECT_EQ(test, last, U32_MAX);
	KUNIT_EXPECT_EQ(test, next, 3);
	KUNIT_ASSERT_NOT_NULL(test, sa_find(dying));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(sa_find(dying)->x));

	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_NULL(test, sa_find(dying));
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
}

/* S9: a handle stands for one SA. Handles of live SAs are unique, and an SA that is gone has none.
 */
static void sa_test_handles(struct kunit *test)
{
	struct xfrm_state *x[3];
	struct fixture *f = test->priv;
	struct fake_request *fr;
	u32 handle;
	int i;

	for (i = 0; i < ARRAY_SIZE(x); i++) {
		x[i] = fixture_sa(f, &sa_in);
		fixture_expect_state(f, x[i], OV2_PHASE_OFFLOADED);
		KUNIT_EXPECT_TRUE(test, fake_nic_has(f->fake, fixture_entry(x[i])->offload_handle));
		KUNIT_EXPECT_TRUE(test, !i || fixture_entry(x[i])->offload_handle !=
					      fixture_entry(x[i - 1])->offload_handle);
	}
	handle = fixture_entry(x[1])->offload_handle;
	fixture_delete(f, x[1]);
	fr = fake_nic_wait(f->fake, 3);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, handle);
	KUNIT_EXPECT_FALSE(test, fake_nic_has(f->fake, handle));
	fixture_expect_state(f, x[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[2], OV2_PHASE_OFFLOADED);
}

/* S18: an outbound SA is deleted after a grace period, because a packet with its handle may be on
 * its way to the NIC. An inbound SA is deleted at once, unless xfrm keeps it.
 */
static void sa_test_delete_grace(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = fixture_sa(f, &sa_in), *out = fixture_sa(f, &sa_out);
	struct xfrm_state *kept = fixture_sa(f, &sa_out);
	u32 in_handle, out_handle;

	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, kept, OV2_PHASE_OFFLOADED);
	in_handle = fixture_entry(in)->offload_handle;
	out_handle = fixture_entry(out)->offload_handle;

	disable_work_sync(&f->nic->delete_rcu_work);
	fixture_delete(f, out);
	spin_lock_bh(&f->nic->lock);
	ov2_slot_demote(fixture_entry(kept), OV2_SLOT_STAY);
	spin_unlock_bh(&f->nic->lock);
	fixture_delete(f, in);
	fixture_settle(f);
	KUNIT_EXPECT_FALSE(test, fake_nic_has(f->fake, in_handle));
	KUNIT_EXPECT_TRUE(test, fake_nic_has(f->fake, out_handle));
	fixture_expect_state(f, kept, OV2_PHASE_DEMOTING);
	/* xfrm's delete of an SA that already waits does not shorten the wait. */
	fixture_delete(f, kept);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);

	enable_and_queue_work(f->nic->wq, &f->nic->delete_rcu_work);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

/* xfrm may add a second SA with the SPI and destination of the first, and delete either of them.
 * The core keeps them apart, whichever goes first.
 */
static void sa_test_twins(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *older, *newer;
	u32 older_handle;

	older = fixture_sa(f, &sa_in);
	f->next_spi = fixture_spi(older);
	newer = fixture_state(f, &sa_in);
	KUNIT_ASSERT_EQ(test, fixture_dev_add(f, newer, &sa_in), 0);
	fixture_expect_state(f, older, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_NE(test, older->xso.offload_handle, newer->xso.offload_handle);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	older_handle = fixture_entry(older)->offload_handle;

	/* Delete the newer SA, as xfrm_state_update() does. */
	xfrm_dev_state_delete(newer);
	newer->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(newer);
	fixture_gc();
	fixture_expect_state(f, older, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_TRUE(test, fake_nic_has(f->fake, older_handle));
}

/* S65: a port that closes accepts no SAs. Deletes work until it is gone. */
static void sa_test_closing_port(struct kunit *test)
{
	struct fixture_sa elsewhere = { .port = 1 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &sa_in), *late;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	ov2_port_close(fixture_port_of(f, 0));
	late = fixture_state(f, &sa_in);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, late, &sa_in), 0);
	KUNIT_EXPECT_EQ(test, late->xso.offload_handle, 0);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "is being removed"));
	fixture_expect_state(f, fixture_sa(f, &elsewhere), OV2_PHASE_OFFLOADED);
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
}

struct sa_softirq {
	struct work_struct work;
	struct xfrm_state *x;
	bool softirq;
};

static void sa_softirq_delete(struct work_struct *work)
{
	struct sa_softirq *bh = container_of(work, struct sa_softirq, work);

	bh->softirq = in_serving_softirq();
	xfrm_state_delete(bh->x);
}

/* S24: xfrm deletes with BH off and x->lock held, and from softirq as well, as its timers do. */
static void sa_test_delete_atomic(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &sa_in);
	struct sa_softirq bh = { .x = x };

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_forget(f, x);
	INIT_WORK_ONSTACK(&bh.work, sa_softirq_delete);
	queue_work(system_bh_wq, &bh.work);
	flush_work(&bh.work);
	destroy_work_on_stack(&bh.work);
	KUNIT_EXPECT_TRUE(test, bh.softirq);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	xfrm_state_put(x);
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* A state is freed without a delete, in each state of the SA: the NIC keeps nothing. */
struct sa_free_row {
	const char *name;
	enum fake_mode mode;
	u32 refuse;
	enum ov2_sa_phase state;
};

static const struct sa_free_row sa_free_rows[] = {
	{ "offloaded", FAKE_NOW, 0, OV2_PHASE_OFFLOADED },
	{ "software", FAKE_NOW, ~0U, OV2_PHASE_SOFTWARE },
	{ "adding", FAKE_PEND, 0, OV2_PHASE_ADDING },
	{ "queued", FAKE_BUSY, 0, OV2_PHASE_QUEUED },
};

KUNIT_ARRAY_PARAM_DESC(sa_free, sa_free_rows, name);

static void sa_test_free_without_delete(struct kunit *test)
{
	const struct sa_free_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	u32 cookie;

	f->fake->mode = row->mode;
	f->fake->refuse = row->refuse;
	x = fixture_state(f, &sa_in);
	KUNIT_ASSERT_EQ(test, fixture_dev_add(f, x, &sa_in), 0);
	fixture_expect_state(f, x, row->state);
	cookie = x->xso.offload_handle;
	x->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(x);
	fixture_gc();
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_NULL(test, sa_find(cookie));
}

#define SA_WORKERS	4
#define SA_ROUNDS	12
#define SA_EACH		6

struct sa_worker {
	struct work_struct work;
	struct fixture *f;
	struct xfrm_state *x[SA_ROUNDS * SA_EACH];
	int id;
	int errors;
};

/* Moves the receive window of an SA with ESN into the next upper half. */
static void sa_advance(struct fixture *f, struct xfrm_state *x)
{
	const struct xfrmdev_ops *ops = f->netdev[0]->xfrmdev_ops;

	spin_lock_bh(&x->lock);
	x->replay_esn->seq_hi++;
	ops->xdo_dev_state_advance_esn(x);
	spin_unlock_bh(&x->lock);
}

/* Adds, waits for some adds, updates and deletes, over and over. It makes no assertions because it
 * does not run in the test's thread.
 */
static void sa_work(struct work_struct *work)
{
	struct sa_worker *worker = container_of(work, struct sa_worker, work);
	struct xfrm_user_offload xuo = {
		.ifindex = worker->f->netdev[worker->id % FIXTURE_PORTS]->ifindex,
		.flags = worker->id & 2 ? XFRM_OFFLOAD_INBOUND : 0,
	};
	int round, i;

	for (round = 0; round < SA_ROUNDS; round++) {
		struct xfrm_state **x = &worker->x[round * SA_EACH];

		for (i = 0; i < SA_EACH; i++)
			worker->errors += !!xfrm_dev_state_add(&init_net, x[i], &xuo, NULL);
		if (round % 3 == worker->id % 3)
			flush_work(&worker->f->nic->pump_work);
		cond_resched();
		for (i = 0; i < SA_EACH; i++)
			if (x[i]->replay_esn)
				sa_advance(worker->f, x[i]);
		for (i = 0; i < SA_EACH; i++) {
			spin_lock_bh(&x[i]->lock);
			x[i]->km.state = XFRM_STATE_DEAD;
			xfrm_dev_state_delete(x[i]);
			spin_unlock_bh(&x[i]->lock);
			xfrm_state_put(x[i]);
		}
	}
}

/* S23: adds, updates, deletes, resets and configuration changes at the same time, with a NIC that
 * answers from softirq. In the end both sides are empty, and every request was completed once.
 */
static void sa_test_concurrent(struct kunit *test)
{
	struct sa_worker *workers = kunit_kcalloc(test, SA_WORKERS, sizeof(*workers), GFP_KERNEL);
	struct fixture *f = test->priv;
	struct ov2_caps all, less;
	int i, j;

	KUNIT_ASSERT_NOT_NULL(test, workers);
	ov2_nic_hw_caps(f->nic, &all);
	less = all;
	less.ciphers[OV2_CIPHER_AES_GCM].key_lens = 0;
	f->fake->mode = FAKE_SOFTIRQ;
	for (i = 0; i < SA_WORKERS; i++) {
		for (j = 0; j < ARRAY_SIZE(workers[i].x); j++)
			workers[i].x[j] = fixture_state(f, i & 2 ? &sa_esn : &sa_out);
		workers[i].f = f;
		workers[i].id = i;
		INIT_WORK(&workers[i].work, sa_work);
	}
	for (i = 0; i < SA_WORKERS; i++)
		queue_work(system_unbound_wq, &workers[i].work);
	for (i = 0; i < 30; i++) {
		KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, i % 2 ? &all : &less), 0);
		if (i % 10 == 5)
			KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &all), 0);
	for (i = 0; i < SA_WORKERS; i++) {
		flush_work(&workers[i].work);
		KUNIT_EXPECT_EQ(test, workers[i].errors, 0);
	}
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->open, 0);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 3);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	/* The NIC works as before. */
	fixture_expect_state(f, fixture_sa(f, &sa_in), OV2_PHASE_OFFLOADED);
}

static struct kunit_case sa_cases[] = {
	KUNIT_CASE(sa_test_cookies),
	KUNIT_CASE(sa_test_cookies_wrap),
	KUNIT_CASE(sa_test_handles),
	KUNIT_CASE(sa_test_delete_grace),
	KUNIT_CASE(sa_test_twins),
	KUNIT_CASE(sa_test_closing_port),
	KUNIT_CASE(sa_test_delete_atomic),
	KUNIT_CASE_PARAM(sa_test_free_without_delete, sa_free_gen_params),
	KUNIT_CASE(sa_test_concurrent),
	{ }
};

static struct kunit_suite sa_suite = {
	.name = "ov2_sa",
	.init = sa_init,
	.exit = sa_exit,
	.test_cases = sa_cases,
};

kunit_test_suite(sa_suite);
