// SPDX-License-Identifier: GPL-2.0-only
/*
 * UPDATE_SA: when the core tells the NIC the sequence numbers of an ESN SA. The NIC knows the
 * packets that it has verified itself.
 */
#include <linux/skbuff.h>
#include "../drivers/ov2/rx.h"
#include "xfrm_fixture.h"

static const struct fixture_sa update_esn = { .esn = true, .seq = 100 };

static int update_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void update_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* Moves the window as xfrm's replay code does after it has accepted or sent a packet. */
static void update_advance(struct xfrm_state *x, u64 seq, u64 oseq)
{
	spin_lock_bh(&x->lock);
	if (x->replay_esn) {
		x->replay_esn->seq = lower_32_bits(seq);
		x->replay_esn->seq_hi = upper_32_bits(seq);
		x->replay_esn->oseq = lower_32_bits(oseq);
		x->replay_esn->oseq_hi = upper_32_bits(oseq);
	} else {
		x->replay.seq = seq;
	}
	x->xso.dev->xfrmdev_ops->xdo_dev_state_advance_esn(x);
	spin_unlock_bh(&x->lock);
}

static void update_expect(struct fixture *f, struct xfrm_state *x, u64 seq)
{
	const struct ov2_add_sa *sa = fake_nic_by_spi(f->fake, fixture_spi(x));

	fixture_settle(f);
	KUNIT_ASSERT_NOT_NULL(f->test, sa);
	KUNIT_EXPECT_EQ(f->test, sa->seq.low, lower_32_bits(seq));
	KUNIT_EXPECT_EQ(f->test, sa->seq.high, upper_32_bits(seq));
}

struct update_row {
	const char *name;
	u64 from;
	u64 to;
	bool told;
};

static const struct update_row update_rows[] = {
	{ "next packet", 100, 101, false },
	{ "a window ahead", 100, 132, false },
	{ "more than a window ahead", 100, 133, true },
	{ "far ahead", 100, 0x90000000, true },
	{ "wrap", 0xffffffff, 0x100000000, false },
	{ "wrap, some lost", 0xfffffff0, 0x100000011, true },
	{ "last wrap but one", 0xfffffffeffffffff, 0xffffffff00000000, false },
	{ "back", 101, 100, true },
	{ "a round back", 0x100000100, 0x100, true },
};

KUNIT_ARRAY_PARAM_DESC(update, update_rows, name);

/* S21: the NIC is told once when software has moved the window by more than its size since the last
 * time, or when XFRM_MSG_NEWAE has moved it back. Nothing else of the SA changes.
 */
static void update_test_when(struct kunit *test)
{
	const struct update_row *row = test->param_value;
	struct fixture_sa want = update_esn;
	struct fixture *f = test->priv;
	struct ov2_add_sa before;
	struct xfrm_state *x;

	want.seq = row->from;
	x = fixture_sa(f, &want);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	before = *fake_nic_by_spi(f->fake, fixture_spi(x));
	update_advance(x, row->to, 0);
	update_expect(f, x, row->told ? row->to : row->from);
	KUNIT_EXPECT_EQ(test, f->fake->total, row->told ? 2 : 1);
	if (row->told) {
		update_advance(x, row->to + 1, 0);
		update_expect(f, x, row->to);
	}
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_SUCCESS), row->told);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	before.seq = fake_nic_by_spi(f->fake, fixture_spi(x))->seq;
	KUNIT_EXPECT_MEMEQ(test, fake_nic_by_spi(f->fake, fixture_spi(x)), &before, sizeof(before));
}

/* S22: the NIC is never told about an SA without ESN, nor about an outbound SA, because each packet
 * carries the upper half to send.
 */
static void update_test_never(struct kunit *test)
{
	struct fixture_sa out = { .esn = true, .out = true }, plain = { };
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &out);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	update_advance(x, 0x280000000, 0x280000000);
	x = fixture_sa(f, &plain);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	update_advance(x, 0x80000000, 0);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
}

/* S21: the window moves while the add runs. One update follows the add, with the last state only.
 */
static void update_test_while_adding(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fake_request *fr;
	struct xfrm_state *x;

	f->fake->mode = FAKE_PEND;
	x = fixture_sa(f, &update_esn);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	update_advance(x, 0x80000005, 0);
	update_advance(x, 0x100000005, 0);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fr = fake_nic_wait(f->fake, 1);
	KUNIT_EXPECT_EQ(test, fr->kind, OV2_UPDATE_SA);
	KUNIT_EXPECT_EQ(test, fr->count, 1);
	fake_nic_finish(f->fake, fr);
	update_expect(f, x, 0x100000005);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
}

/* The window moves while the SA is queued. The ADD_SA carries the new numbers, and there is no
 * update.
 */
static void update_test_while_queued(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_BUSY;
	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_QUEUED);
	update_advance(x, 0x80000005, 0);
	f->fake->mode = FAKE_NOW;
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	update_expect(f, x, 0x80000005);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_REQUESTS), 0);
}

/* An update is queued while the NIC is being reset. The restore carries the numbers, and there is
 * no update.
 */
static void update_test_over_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	update_advance(x, 0x80000005, 0);
	KUNIT_EXPECT_EQ(test, f->nic->updates, 1);
	complete(&go);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	f->fake->hold_reset = NULL;
	update_expect(f, x, 0x80000005);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_REQUESTS), 0);
	KUNIT_EXPECT_EQ(test, f->nic->updates, 0);
}

/* S65: an update that is queued when a reset fails does not keep the SA. */
static void update_test_reset_fails(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	u32 cookie;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	cookie = x->xso.offload_handle;
	f->fake->hold_reset = &go;
	f->fake->reset_err = -EIO;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	update_advance(x, 0x80000005, 0);
	KUNIT_EXPECT_EQ(test, f->nic->updates, 1);
	complete(&go);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	f->fake->hold_reset = NULL;
	KUNIT_EXPECT_EQ(test, f->nic->updates, 0);
	fixture_delete(f, x);
	fixture_gc();
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, ov2_sa_find(cookie));
	rcu_read_unlock();
}

/* S28: if the NIC does not answer an update the SA continues in software, and is tried again. */
static void update_test_late(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fake_request *fr;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000005, 0);
	fr = fake_nic_wait(f->fake, 1);
	KUNIT_ASSERT_EQ(test, fr->kind, OV2_UPDATE_SA);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	ov2_request_expire(f->nic, fr->deadline);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fr->status, -ECANCELED);
	fixture_entry(x)->slot.backoff_until = get_jiffies_64();
	fixture_tick(f);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	update_expect(f, x, 0x80000005);
}

/* S22: no update is submitted for an SA that is about to leave the NIC, and none keeps it. */
static void update_test_demoted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	/* Two pending adds keep the NIC from taking another request. */
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 1);
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 2);
	update_advance(x, 0x80000005, 0);
	spin_lock_bh(&f->nic->lock);
	ov2_slot_demote(fixture_entry(x), OV2_SLOT_STAY);
	spin_unlock_bh(&f->nic->lock);
	fixture_expect_state(f, x, OV2_PHASE_DEMOTING);
	KUNIT_EXPECT_EQ(test, f->nic->updates, 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->nic->updates, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_REQUESTS), 0);
}

/* S21: packets that the NIC has verified itself have moved its window as well, so it is not told.
 */
static void update_test_seen(struct kunit *test)
{
	struct ov2_rx_meta meta = {
		.flags = OV2_RX_CRYPTO_DONE,
		.status = CRYPTO_SUCCESS,
		.seq = 200,
	};
	struct fixture *f = test->priv;
	struct sk_buff *skb;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = alloc_skb(128, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 64);
	meta.cookie = x->xso.offload_handle;
	local_bh_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, ov2_rx_mark(fixture_port_of(f, 0), skb, &meta), 1);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	update_advance(x, 232, 0);
	update_expect(f, x, 100);
	update_advance(x, 233, 0);
	update_expect(f, x, 233);
}

/* The window moves several times while an update runs. One more update follows, with the last
 * state.
 */
static void update_test_coalesced(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 1);
	update_advance(x, 0x100000000, 0);
	update_advance(x, 0x180000000, 0);
	update_advance(x, 0x200000000, 0);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 2);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	update_expect(f, x, 0x200000000);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
}

/* Updates of several SAs share a list. */
static void update_test_lists(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[12];
	u32 i, base;

	for (i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = fixture_sa(f, &update_esn);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	for (i = 0; i < 2; i++) {
		update_advance(x[i], 0x80000000 + i, 0);
		fake_nic_wait(f->fake, base + i);
	}
	for (; i < ARRAY_SIZE(x); i++)
		update_advance(x[i], 0x80000000 + i, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, base + 2)->count, 8);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, base + 3)->count, 2);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base + 1));
	for (i = 0; i < ARRAY_SIZE(x); i++)
		update_expect(f, x[i], 0x80000000 + i);
}

/* S26: an update that was aborted is submitted again, with the state of that time. */
static void update_test_aborted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 1);
	update_advance(x, 0x100000000, 0);
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 1), -ECANCELED);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	update_expect(f, x, 0x100000000);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_FAIL), 0);
}

/* S22: the NIC rejects an update. It would infer wrong upper halves from then on, so the SA
 * continues in software.
 */
static void update_test_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 1), -EINVAL);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_FAIL), 1);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S22, S6: the same for an SA that has waited for its slot before. It does not wait again. */
static void update_test_refused_late(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f = test->priv;
	struct xfrm_state *first, *x;

	caps.max_sas = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	first = fixture_sa(f, NULL);
	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	fixture_delete(f, first);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 3);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_status(f->fake, fake_nic_wait(f->fake, 3), -EINVAL);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S19, S22: the delete of an SA does not wait for its update. The update finds no SA, which is
 * harmless.
 */
static void update_test_and_delete(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 1);
	update_advance(x, 0x100000000, 0);
	fixture_delete(f, x);
	fixture_gc();
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 2)->kind, OV2_DELETE_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 1)->status, -ENOENT);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S22: an SA that leaves the NIC is not updated again. */
static void update_test_behind_delete(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	fake_nic_wait(f->fake, 1);
	update_advance(x, 0x100000000, 0);
	fixture_delete(f, x);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 2)->kind, OV2_DELETE_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* An SA in software needs no update. */
static void update_test_software(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->refuse = ~0U;
	x = fixture_sa(f, &update_esn);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	update_advance(x, 0x80000000, 0);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
}

/* S21, S22: the SA leaves the NIC and comes back before the NIC answers an update. The answer does
 * not affect the SA that is there now.
 */
static void update_test_of_before(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &update_esn);
	struct ov2_caps caps = fake_nic_caps;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	update_advance(x, 0x80000000, 0);
	KUNIT_ASSERT_EQ(test, fake_nic_wait(f->fake, 1)->kind, OV2_UPDATE_SA);
	caps.features &= ~OV2_CAP_ESP;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	KUNIT_ASSERT_EQ(test, fake_nic_wait(f->fake, 2)->kind, OV2_DELETE_SA);
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &fake_nic_caps), 0);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	KUNIT_ASSERT_EQ(test, fake_nic_wait(f->fake, 3)->kind, OV2_ADD_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 3));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 1)->status, -ENOENT);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_FAIL), 0);
	KUNIT_EXPECT_EQ(test, f->fake->total, 4);
}

static struct kunit_case update_cases[] = {
	KUNIT_CASE_PARAM(update_test_when, update_gen_params),
	KUNIT_CASE(update_test_never),
	KUNIT_CASE(update_test_while_adding),
	KUNIT_CASE(update_test_while_queued),
	KUNIT_CASE(update_test_over_reset),
	KUNIT_CASE(update_test_reset_fails),
	KUNIT_CASE(update_test_demoted),
	KUNIT_CASE(update_test_late),
	KUNIT_CASE(update_test_seen),
	KUNIT_CASE(update_test_coalesced),
	KUNIT_CASE(update_test_lists),
	KUNIT_CASE(update_test_aborted),
	KUNIT_CASE(update_test_refused),
	KUNIT_CASE(update_test_refused_late),
	KUNIT_CASE(update_test_and_delete),
	KUNIT_CASE(update_test_behind_delete),
	KUNIT_CASE(update_test_software),
	KUNIT_CASE(update_test_of_before),
	{ }
};

static struct kunit_suite update_suite = {
	.name = "ov2_update",
	.init = update_init,
	.exit = update_exit,
	.test_cases = update_cases,
};

kunit_test_suite(update_suite);
