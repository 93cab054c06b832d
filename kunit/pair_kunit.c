// SPDX-License-Identifier: GPL-2.0-only
/* Which outbound SA corresponds to which inbound SA, and so leaves the NIC with it after a
 * SaDeleteReq.
 */
#include "xfrm_fixture.h"

static const struct fixture_sa pair_in = { .reqid = 7 };
static const struct fixture_sa pair_out = { .reqid = 7, .out = true };

static int pair_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void pair_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static struct xfrm_state *pair_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

static bool pair_is(struct xfrm_state *x, struct xfrm_state *y)
{
	return fixture_entry(x)->pair.other == fixture_entry(y) &&
	       fixture_entry(y)->pair.other == fixture_entry(x);
}

struct pair_row {
	const char *name;
	struct fixture_sa in;
	struct fixture_sa out;
	bool paired;
};

static const struct pair_row pair_rows[] = {
	{ "same reqid", { .reqid = 7 }, { .reqid = 7, .out = true }, true },
	{ "reqid 0, mirrored selectors", { }, { .out = true }, true },
	{ "other reqid", { .reqid = 7 }, { .reqid = 8, .out = true }, false },
	{ "other mode", { .reqid = 7 }, { .reqid = 7, .out = true, .mode = XFRM_MODE_TUNNEL },
	  false },
	{ "other family", { .reqid = 7 }, { .reqid = 7, .out = true, .family = AF_INET6 }, false },
	{ "other port", { .reqid = 7 }, { .reqid = 7, .out = true, .port = 1 }, false },
	{ "same direction", { .reqid = 7 }, { .reqid = 7 }, false },
	{ "IPv6", { .reqid = 7, .family = AF_INET6 },
	  { .reqid = 7, .out = true, .family = AF_INET6 }, true },
	{ "outbound mark", { .reqid = 7 }, { .reqid = 7, .out = true, .mark = 3 }, true },
	{ "outbound xfrm interface", { .reqid = 7 }, { .reqid = 7, .out = true, .if_id = 5 },
	  true },
};

KUNIT_ARRAY_PARAM_DESC(pair, pair_rows, name);

/* S60: which SAs form a pair, whichever was added first. */
static void pair_test_pairs(struct kunit *test)
{
	const struct pair_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x, *y;

	x = pair_sa(f, &row->in);
	y = pair_sa(f, &row->out);
	KUNIT_EXPECT_EQ(test, pair_is(x, y), row->paired);
	fixture_delete(f, x);
	KUNIT_EXPECT_NULL(test, fixture_entry(y)->pair.other);
	x = pair_sa(f, &row->in);
	KUNIT_EXPECT_EQ(test, pair_is(x, y), row->paired);
}

/* With reqid 0 the selectors must mirror each other. */
static void pair_test_selectors(struct kunit *test)
{
	static const struct fixture_sa in, out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x, *y, *z;

	x = fixture_state(f, &in);
	x->sel.sport = htons(80);
	x->sel.sport_mask = htons(0xffff);
	KUNIT_ASSERT_EQ(test, fixture_offload(f, x, &in), 0);
	y = fixture_state(f, &out);
	KUNIT_ASSERT_EQ(test, fixture_offload(f, y, &out), 0);
	KUNIT_EXPECT_FALSE(test, pair_is(x, y));
	z = fixture_state(f, &out);
	z->sel.dport = htons(80);
	z->sel.dport_mask = htons(0xffff);
	KUNIT_ASSERT_EQ(test, fixture_offload(f, z, &out), 0);
	KUNIT_EXPECT_TRUE(test, pair_is(x, z));
}

/* Two generations of a rekey look the same: each inbound SA keeps the outbound SA of its own
 * generation.
 */
static void pair_test_generations(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in1, *out1, *in2, *out2;

	in1 = pair_sa(f, &pair_in);
	out1 = pair_sa(f, &pair_out);
	in2 = pair_sa(f, &pair_in);
	out2 = pair_sa(f, &pair_out);
	KUNIT_EXPECT_TRUE(test, pair_is(in1, out1));
	KUNIT_EXPECT_TRUE(test, pair_is(in2, out2));

	ov2_delreq_raise(fixture_entry(in2));
	flush_work(&f->nic->delreq_work);
	fixture_expect_state(f, in1, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out1, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	KUNIT_EXPECT_NULL(test, fake_nic_by_spi(f->fake, fixture_spi(in2)));
	KUNIT_EXPECT_NULL(test, fake_nic_by_spi(f->fake, fixture_spi(out2)));
}

/* The youngest of several SAs without a counterpart is chosen, unless one of them has the same
 * mark.
 */
static void pair_test_youngest(struct kunit *test)
{
	static const struct fixture_sa marked = { .reqid = 9, .out = true, .mark = 3 };
	static const struct fixture_sa plain = { .reqid = 9, .out = true }, in = { .reqid = 9 };
	struct fixture *f = test->priv;
	struct xfrm_state *in1, *in2, *out1, *out2;

	in1 = pair_sa(f, &pair_in);
	in2 = pair_sa(f, &pair_in);
	out1 = pair_sa(f, &pair_out);
	KUNIT_EXPECT_TRUE(test, pair_is(in2, out1));
	out2 = pair_sa(f, &pair_out);
	KUNIT_EXPECT_TRUE(test, pair_is(in1, out2));

	out1 = pair_sa(f, &plain);
	out2 = pair_sa(f, &marked);
	in1 = pair_sa(f, &in);
	KUNIT_EXPECT_TRUE(test, pair_is(in1, out1));
	in2 = pair_sa(f, &in);
	KUNIT_EXPECT_TRUE(test, pair_is(in2, out2));
}

/* An SA that has lost its counterpart is chosen after those that never had one. */
static void pair_test_again(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in1, *in2, *out1, *out2;

	in1 = pair_sa(f, &pair_in);
	out1 = pair_sa(f, &pair_out);
	out2 = pair_sa(f, &pair_out);
	KUNIT_EXPECT_TRUE(test, pair_is(in1, out1));
	fixture_delete(f, in1);
	in1 = pair_sa(f, &pair_in);
	KUNIT_EXPECT_TRUE(test, pair_is(in1, out2));
	in2 = pair_sa(f, &pair_in);
	KUNIT_EXPECT_TRUE(test, pair_is(in2, out1));
}

static void pair_set_if_id(struct fixture *f, struct xfrm_state *x, u32 if_id)
{
	spin_lock_bh(&f->nic->lock);
	fixture_entry(x)->pair.if_id = if_id;
	spin_unlock_bh(&f->nic->lock);
}

/* Older kernels offload inbound SAs of an xfrm interface. Such an SA pairs only with an outbound SA
 * of the same interface, which prefers it to an inbound SA without an interface.
 */
static void pair_test_interfaces(struct kunit *test)
{
	static const struct fixture_sa out5 = { .reqid = 7, .out = true, .if_id = 5 };
	static const struct fixture_sa out9 = { .reqid = 7, .out = true, .if_id = 9 };
	struct fixture *f = test->priv;
	struct xfrm_state *in, *plain, *x;

	in = pair_sa(f, &pair_in);
	pair_set_if_id(f, in, 9);
	x = pair_sa(f, &pair_out);
	KUNIT_EXPECT_FALSE(test, pair_is(in, x));
	x = pair_sa(f, &out5);
	KUNIT_EXPECT_FALSE(test, pair_is(in, x));
	x = pair_sa(f, &out9);
	KUNIT_EXPECT_TRUE(test, pair_is(in, x));

	in = pair_sa(f, &(struct fixture_sa){ .reqid = 8 });
	pair_set_if_id(f, in, 9);
	plain = pair_sa(f, &(struct fixture_sa){ .reqid = 8 });
	x = pair_sa(f, &(struct fixture_sa){ .reqid = 8, .out = true, .if_id = 9 });
	KUNIT_EXPECT_TRUE(test, pair_is(in, x));
	KUNIT_EXPECT_NULL(test, fixture_entry(plain)->pair.other);
}

static struct kunit_case pair_cases[] = {
	KUNIT_CASE_PARAM(pair_test_pairs, pair_gen_params),
	KUNIT_CASE(pair_test_selectors),
	KUNIT_CASE(pair_test_generations),
	KUNIT_CASE(pair_test_youngest),
	KUNIT_CASE(pair_test_again),
	KUNIT_CASE(pair_test_interfaces),
	{ }
};

static struct kunit_suite pair_suite = {
	.name = "ov2_pair",
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_cases,
};

kunit_test_suite(pair_suite);
