// SPDX-License-Identifier: GPL-2.0-only
/* S41: the NIC is given each number to send once. */
#include "xfrm_fixture.h"

static int sent_init(struct kunit *test)
{
	test->priv = ov2_sent_alloc();
	return test->priv ? 0 : -ENOMEM;
}

static void sent_exit(struct kunit *test)
{
	kfree(test->priv);
}

struct sent_step {
	u64 first;
	u32 count;
	bool fresh;
};

struct sent_row {
	const char *name;
	struct sent_step steps[4];
};

static const struct sent_row sent_rows[] = {
	{ "in order", { { 1, 1, true }, { 2, 1, true }, { 3, 40, true }, { 43, 1, true } } },
	{ "the same again", { { 5, 1, true }, { 5, 1, false }, { 6, 1, true }, { 5, 1, false } } },
	{ "reordered", { { 10, 1, true }, { 8, 1, true }, { 9, 1, true }, { 8, 1, false } } },
	{ "burst over a packet", { { 5, 1, true }, { 3, 4, false }, { 3, 2, true },
		{ 6, 2, true } } },
	{ "packet in a burst", { { 5, 10, true }, { 14, 1, false }, { 15, 1, true } } },
	{ "refused takes none", { { 5, 1, true }, { 4, 3, false }, { 4, 1, true },
				  { 6, 1, true } } },
	{ "late, and too late", { { 2000, 1, true }, { 977, 1, true }, { 976, 1, false } } },
	{ "late, and its bit stood for another", { { 1, 1, true }, { 1000, 1, true },
		{ 1026, 1, true }, { 1025, 1, true } } },
	{ "far ahead", { { 5, 1, true }, { 5 + 1024, 1, true }, { 6, 1, true }, { 5, 1, false } } },
	{ "long burst", { { 1, 3000, true }, { 1, 1, false }, { 2500, 1, false },
		{ 3001, 1, true } } },
	{ "over the wrap", { { 0xfffffff0, 32, true }, { 0x100000000, 1, false },
			     { 0x100000010, 1, true }, { 0xffffffef, 1, true } } },
	{ "from 2^63 on", { { BIT_ULL(63) - 2, 1, true }, { BIT_ULL(63) - 1, 2, false },
		{ BIT_ULL(63), 1, false }, { BIT_ULL(63) - 1, 1, true } } },
	{ "over the end", { { U64_MAX, 2, false } } },
	{ "nothing", { { 5, 0, false }, { 5, 1, true } } },
};

KUNIT_ARRAY_PARAM_DESC(sent, sent_rows, name);

static void sent_test_add(struct kunit *test)
{
	const struct sent_row *row = test->param_value;
	u32 i;

	local_bh_disable();
	for (i = 0; i < ARRAY_SIZE(row->steps) && row->steps[i].first; i++)
		KUNIT_EXPECT_EQ_MSG(test, ov2_sent_add(test->priv, row->steps[i].first,
						       row->steps[i].count),
				    row->steps[i].fresh, "step %u", i);
	local_bh_enable();
}

/* Compare with a model that remembers every number: no number is taken twice. */
static void sent_test_model(struct kunit *test)
{
	unsigned long *model = kunit_kcalloc(test, BITS_TO_LONGS(8192), sizeof(*model), GFP_KERNEL);
	u32 i, taken = 0, state = 1;

	KUNIT_ASSERT_NOT_NULL(test, model);
	local_bh_disable();
	for (i = 0; i < 6000; i++) {
		u32 count, n;

		state = state * 1664525 + 1013904223;
		count = 1 + (state >> 28);
		n = 1 + i + (state >> 8) % 1500;
		if (!ov2_sent_add(test->priv, n, count))
			continue;
		taken += count;
		for (; count; count--, n++)
			KUNIT_EXPECT_FALSE(test, __test_and_set_bit(n, model));
	}
	local_bh_enable();
	KUNIT_EXPECT_GT(test, taken, 1000);
}

static struct kunit_case sent_cases[] = {
	KUNIT_CASE_PARAM(sent_test_add, sent_gen_params),
	KUNIT_CASE(sent_test_model),
	{ }
};

static struct kunit_suite sent_suite = {
	.name = "ov2_sent",
	.init = sent_init,
	.exit = sent_exit,
	.test_cases = sent_cases,
};

kunit_test_suite(sent_suite);
