// SPDX-License-Identifier: GPL-2.0-only
/*
 * SAs in packet mode that cannot stay in the NIC: xfrm expires them, whatever the reason is,
 * because software cannot continue with them.
 */
#include <linux/rtnetlink.h>
#include "km_spy.h"
#include "../drivers/ov2/rx.h"
#include "xfrm_fixture.h"

static const struct fixture_sa evict_in = { .packet = true, .reqid = 7 };
static const struct fixture_sa evict_out = { .packet = true, .reqid = 7, .out = true };
static const struct fixture_sa evict_crypto = { .out = true };

static int evict_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	km_spy_start();
	return 0;
}

static void evict_exit(struct kunit *test)
{
	km_spy_stop();
	fixture_destroy(test->priv);
}

static struct xfrm_state *evict_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

static void evict_settle(struct fixture *f)
{
	do {
		flush_work(&f->nic->delreq_work);
		fixture_settle(f);
	} while (work_busy(&f->nic->delreq_work));
}

/* xfrm has deleted @x, and has told the IKE daemon so. Nothing of it is in the NIC. */
static void evict_expect(struct fixture *f, struct xfrm_state *x)
{
	evict_settle(f);
	KUNIT_EXPECT_EQ(f->test, (int)x->km.state, XFRM_STATE_DEAD);
	KUNIT_EXPECT_NULL(f->test, fake_nic_by_spi(f->fake, fixture_spi(x)));
	KUNIT_EXPECT_EQ(f->test, fixture_sa_state(x), OV2_PHASE_GONE);
}

/* Expects the counts of evicted SAs and of expires. */
static void evict_expect_counts(struct fixture *f, u32 evicted, u32 hard, u32 soft)
{
	KUNIT_EXPECT_EQ(f->test, fixture_counter(f, OV2_CNT_EVICTED), evicted);
	KUNIT_EXPECT_EQ(f->test, km_seen.hard, hard);
	KUNIT_EXPECT_EQ(f->test, km_seen.soft, soft);
}

enum evict_why { EVICT_SWITCH, EVICT_FAMILY, EVICT_ESP, EVICT_PORT };

struct evict_row {
	const char *name;
	enum evict_why why;
};

static const struct evict_row evict_rows[] = {
	{ "packet mode is switched off", EVICT_SWITCH },
	{ "the family is switched off", EVICT_FAMILY },
	{ "ESP is switched off", EVICT_ESP },
	{ "ESP is switched off on the port", EVICT_PORT },
};

KUNIT_ARRAY_PARAM_DESC(evict, evict_rows, name);

/* Excludes SAs, or permits them again. */
static void evict_configure(struct fixture *f, enum evict_why why, bool permit)
{
	struct ov2_caps caps = fake_nic_caps;

	if (why == EVICT_PORT) {
		ov2_port_set_esp(fixture_port_of(f, 0), permit);
		return;
	}
	if (permit)
		;
	else if (why == EVICT_SWITCH)
		caps.features &= ~OV2_CAP_PACKET;
	else if (why == EVICT_FAMILY)
		caps.families = BIT(OV2_IPV6);
	else
		caps.features &= ~OV2_CAP_ESP;
	KUNIT_EXPECT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
}

/* S7, S31, S69: the configuration excludes SAs. Software continues with an SA in crypto mode. */
static void evict_test_configuration(struct kunit *test)
{
	const struct evict_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *out = evict_sa(f, &evict_out), *in = evict_sa(f, &evict_in);
	struct xfrm_state *crypto = evict_sa(f, &evict_crypto);
	bool both = row->why != EVICT_SWITCH;

	evict_configure(f, row->why, false);
	evict_expect(f, in);
	evict_expect(f, out);
	evict_expect_counts(f, 2, 2, 0);
	fixture_expect_state(f, crypto, both ? OV2_PHASE_SOFTWARE : OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), !both);

	/* They do not come back. */
	evict_configure(f, row->why, true);
	fixture_expect_state(f, crypto, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	evict_expect_counts(f, 2, 2, 0);
}

struct evict_refused_row {
	const char *name;
	int err;
};

static const struct evict_refused_row evict_refused_rows[] = {
	{ "for ever", -EIO },
	{ "no memory", -ENOMEM },
	{ "no room", -ENOSPC },
};

KUNIT_ARRAY_PARAM_DESC(evict_refused, evict_refused_rows, name);

/* S63, S69: the NIC does not take an SA back after a reset, for whatever reason. */
static void evict_test_restore_refused(struct kunit *test)
{
	const struct evict_refused_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = evict_sa(f, &evict_out);

	WRITE_ONCE(f->fake->err, row->err);
	WRITE_ONCE(f->fake->mode, FAKE_FAIL);
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	evict_expect(f, x);
	evict_expect_counts(f, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
}

/* S69: the reset of the NIC has failed. */
static void evict_test_nic_dead(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in), *out = evict_sa(f, &evict_out);

	f->fake->reset_err = -EIO;
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	evict_expect(f, in);
	evict_expect(f, out);
	evict_expect_counts(f, 2, 2, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S65: after a surprise removal the core expires nothing. xfrm deletes the states of a netdev that
 * is unregistered.
 */
static void evict_test_nic_gone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = evict_sa(f, &evict_out);

	ov2_nic_gone(f->nic);
	evict_settle(f);
	KUNIT_EXPECT_EQ(test, (int)x->km.state, XFRM_STATE_VALID);
	fixture_close(f);
	KUNIT_EXPECT_EQ(test, (int)x->km.state, XFRM_STATE_DEAD);
	evict_expect_counts(f, 0, 0, 0);
}

/* S69: the NIC goes on inferring other numbers than xfrm. */
static void evict_test_mistrust(struct kunit *test)
{
	static const struct fixture_sa esn = { .packet = true, .esn = true, .seq = 1000 };
	struct ov2_rx_meta meta = {
		.flags = OV2_RX_CRYPTO_DONE, .status = CRYPTO_SUCCESS, .seq = 0x100000400,
	};
	struct fixture *f = test->priv;
	struct xfrm_state *x = evict_sa(f, &esn);
	u32 i;

	meta.cookie = x->xso.offload_handle;
	for (i = 0; i < 4096; i++) {
		struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, skb);
		local_bh_disable();
		rcu_read_lock();
		ov2_rx_mark(fixture_port_of(f, 0), skb, &meta);
		rcu_read_unlock();
		local_bh_enable();
		kfree_skb(skb);
	}
	evict_expect(f, x);
	evict_expect_counts(f, 1, 1, 0);
}

/* Lets xfrm insert a state that the core has admitted without waiting for the NIC. */
static void evict_insert(struct fixture *f, struct xfrm_state *x)
{
	struct fixture_node *node = kunit_kzalloc(f->test, sizeof(*node), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(f->test, node);
	node->x = x;
	list_add_tail(&node->list, &f->states);
	xfrm_state_hold(x);
	KUNIT_ASSERT_EQ(f->test, xfrm_state_add(x), 0);
	x->km.state = XFRM_STATE_VALID;
}

/* Runs the work that expires SAs as if @sa were due. */
static void evict_run(struct fixture *f, struct ov2_sa *sa)
{
	sa->evict_at = get_jiffies_64();
	enable_delayed_work(&f->nic->evict_work);
	mod_delayed_work(f->nic->wq, &f->nic->evict_work, 0);
	flush_delayed_work(&f->nic->evict_work);
	disable_delayed_work_sync(&f->nic->evict_work);
}

/* Returns a state that is not inserted yet, whose SA the NIC has refused. */
static struct xfrm_state *evict_fresh(struct fixture *f)
{
	struct xfrm_state *x = fixture_state(f, &evict_out);

	ov2_nic_set_packet_add_wait(f->nic, false);
	disable_delayed_work_sync(&f->nic->evict_work);
	f->fake->refuse = ~0U;
	x->km.state = XFRM_STATE_VOID;
	KUNIT_ASSERT_EQ(f->test, fixture_dev_add(f, x, &evict_out), 0);
	evict_settle(f);
	f->fake->refuse = 0;
	KUNIT_ASSERT_FALSE(f->test, list_empty(&fixture_entry(x)->evict_list));
	return x;
}

/* S69: xfrm does not wait for the NIC, which refuses the SA before xfrm has inserted the state.
 * Such a state cannot be expired yet.
 */
static void evict_test_not_inserted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = evict_fresh(f);
	struct ov2_sa *sa = fixture_entry(x);

	evict_run(f, sa);
	evict_settle(f);
	KUNIT_EXPECT_EQ(test, (int)x->km.state, XFRM_STATE_VOID);
	KUNIT_EXPECT_FALSE(test, list_empty(&sa->evict_list));
	KUNIT_EXPECT_TRUE(test, time_after64(sa->evict_at, get_jiffies_64()));
	evict_expect_counts(f, 0, 0, 0);
	evict_insert(f, x);
	evict_run(f, sa);
	evict_expect(f, x);
	evict_expect_counts(f, 1, 1, 0);
	enable_delayed_work(&f->nic->evict_work);
}

/* S69: as above, but with the core's own timer, and while another SA is due much later. */
static void evict_test_timer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *later = evict_sa(f, &evict_in), *x;
	long left = 20 * HZ;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	ov2_delreq_raise(fixture_entry(later));
	evict_settle(f);
	KUNIT_EXPECT_FALSE(test, list_empty(&fixture_entry(later)->evict_list));
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.pressure_until = 0;
	spin_unlock_bh(&f->nic->lock);
	x = evict_fresh(f);
	enable_delayed_work(&f->nic->evict_work);
	mod_delayed_work(f->nic->wq, &f->nic->evict_work, 0);
	evict_insert(f, x);
	while (READ_ONCE(x->km.state) != XFRM_STATE_DEAD && left > 0)
		left -= 1 + schedule_timeout_uninterruptible(1);
	evict_expect(f, x);
	fixture_expect_state(f, later, OV2_PHASE_OFFLOADED);
	evict_expect_counts(f, 1, 1, 1);
	/* The work has armed itself for the other SA. */
	while (!delayed_work_pending(&f->nic->evict_work) && left > 0)
		left -= 1 + schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&f->nic->evict_work));
}

struct evict_delreq_row {
	const char *name;
	enum ov2_delreq_policy policy;
};

static const struct evict_delreq_row evict_delreq_rows[] = {
	{ "demote", OV2_DELREQ_DEMOTE },
	{ "hard", OV2_DELREQ_HARD },
};

KUNIT_ARRAY_PARAM_DESC(evict_delreq, evict_delreq_rows, name);

/* S60, S69: the NIC raises SaDeleteReq. Software cannot continue, so both policies mean that xfrm
 * deletes both SAs. The NIC deletes the inbound one first.
 */
static void evict_test_delreq(struct kunit *test)
{
	const struct evict_delreq_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in), *out = evict_sa(f, &evict_out);
	u32 in_handle = fixture_entry(in)->offload_handle;
	u32 out_handle = fixture_entry(out)->offload_handle;
	struct fake_request *fr;

	ov2_nic_set_delreq_policy(f->nic, row->policy);
	ov2_delreq_raise(fixture_entry(in));
	evict_expect(f, in);
	evict_expect(f, out);
	evict_expect_counts(f, 0, 2, 0);
	fr = fake_nic_wait(f->fake, 2);
	KUNIT_EXPECT_EQ(test, fr->kind, OV2_DELETE_SA);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, in_handle);
	fr = fake_nic_wait(f->fake, 3);
	KUNIT_EXPECT_EQ(test, fr->kind, OV2_DELETE_SA);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, out_handle);
}

/* S60, S61, S69: with the policy soft the IKE daemon has time to replace the SAs, and they are
 * served meanwhile. If it does not, they are expired.
 */
static void evict_test_delreq_soft(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in), *out = evict_sa(f, &evict_out);
	struct ov2_sa *sa = fixture_entry(in), *other = fixture_entry(out);
	u64 at;

	disable_delayed_work_sync(&f->nic->evict_work);
	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	ov2_delreq_raise(sa);
	evict_settle(f);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	evict_expect_counts(f, 0, 0, 1);
	at = sa->evict_at;
	KUNIT_EXPECT_TRUE(test, time_after64(at, get_jiffies_64()));
	KUNIT_EXPECT_FALSE(test, list_empty(&other->evict_list));
	/* A NIC that repeats the flag gives it neither more nor less time. */
	ov2_delreq_raise(sa);
	evict_settle(f);
	KUNIT_EXPECT_EQ(test, sa->evict_at, at);
	evict_expect_counts(f, 0, 0, 1);

	evict_run(f, sa);
	evict_expect(f, in);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	evict_run(f, other);
	evict_expect(f, out);
	evict_expect_counts(f, 2, 2, 1);
	enable_delayed_work(&f->nic->evict_work);
}

/* S60: the IKE daemon has replaced the SAs in time. */
static void evict_test_delreq_replaced(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in);
	struct ov2_sa *sa = fixture_entry(in);

	disable_delayed_work_sync(&f->nic->evict_work);
	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	ov2_delreq_raise(sa);
	evict_settle(f);
	xfrm_state_hold(in);
	fixture_delete(f, in);
	evict_settle(f);
	evict_run(f, sa);
	KUNIT_EXPECT_TRUE(test, list_empty(&sa->evict_list));
	evict_expect_counts(f, 0, 0, 1);
	xfrm_state_put(in);
	enable_delayed_work(&f->nic->evict_work);
}

/* S69: an SA that was to be replaced is expired at once when the configuration excludes it. */
static void evict_test_sooner(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in);

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	ov2_delreq_raise(fixture_entry(in));
	evict_settle(f);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&f->nic->evict_work));
	evict_configure(f, EVICT_SWITCH, false);
	evict_expect(f, in);
	evict_expect_counts(f, 1, 1, 1);
}

/* S65: the NIC is unregistered while SAs are to be expired later, and one cannot be expired at all.
 */
static void evict_test_unregister(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = evict_sa(f, &evict_in), *fresh;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	ov2_delreq_raise(fixture_entry(in));
	evict_settle(f);
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.pressure_until = 0;
	spin_unlock_bh(&f->nic->lock);
	fresh = evict_fresh(f);
	enable_delayed_work(&f->nic->evict_work);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, (int)in->km.state, XFRM_STATE_DEAD);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, (int)fresh->km.state, XFRM_STATE_VOID);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->nic->evictq));
	evict_expect_counts(f, 1, 1, 1);
	fresh->km.state = XFRM_STATE_DEAD;
	xfrm_dev_state_delete(fresh);
	xfrm_state_put(fresh);
}

static struct kunit_case evict_cases[] = {
	KUNIT_CASE_PARAM(evict_test_configuration, evict_gen_params),
	KUNIT_CASE_PARAM(evict_test_restore_refused, evict_refused_gen_params),
	KUNIT_CASE(evict_test_nic_dead),
	KUNIT_CASE(evict_test_nic_gone),
	KUNIT_CASE(evict_test_mistrust),
	KUNIT_CASE(evict_test_not_inserted),
	KUNIT_CASE(evict_test_timer),
	KUNIT_CASE_PARAM(evict_test_delreq, evict_delreq_gen_params),
	KUNIT_CASE(evict_test_delreq_soft),
	KUNIT_CASE(evict_test_delreq_replaced),
	KUNIT_CASE(evict_test_sooner),
	KUNIT_CASE(evict_test_unregister),
	{ }
};

static struct kunit_suite evict_suite = {
	.name = "ov2_evict",
	.init = evict_init,
	.exit = evict_exit,
	.test_cases = evict_cases,
};

kunit_test_suite(evict_suite);
