// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: the sequence state of an SA. */
#include <kunit/test.h>
#include "../drivers/ov2sim/nic/replay.h"

struct nic_replay_row {
	const char *name;
	u64 top;
	u32 window;
	u32 low;
	u64 expected;
};

/* RFC 4303 appendix A2.1. Case A: the window is in one subspace; case B: it spans two. */
static const struct nic_replay_row nic_replay_rows[] = {
	{ "A: next", 0x500000064, 32, 0x65, 0x500000065 },
	{ "A: bottom of the window", 0x500000064, 32, 0x45, 0x500000045 },
	{ "A: below the window is the next subspace", 0x500000064, 32, 0x44, 0x600000044 },
	{ "A: far ahead", 0x500000064, 32, 0xffffffff, 0x5ffffffff },
	{ "A: at the edge to B", 0x50000001f, 32, 0, 0x500000000 },
	{ "A: the wrap", 0x5ffffffff, 32, 0, 0x600000000 },
	{ "A: before the wrap, inside", 0x5ffffffff, 32, 0xffffffe0, 0x5ffffffe0 },
	{ "A: before the wrap, outside", 0x5ffffffff, 32, 0xffffffdf, 0x6ffffffdf },
	{ "A: first packet", 0, 1, 1, 1 },
	{ "B: top itself", 0x600000005, 32, 5, 0x600000005 },
	{ "B: ahead", 0x600000005, 32, 6, 0x600000006 },
	{ "B: the last of the old subspace", 0x600000005, 32, 0xffffffff, 0x5ffffffff },
	{ "B: bottom of the window", 0x600000005, 32, 0xffffffe6, 0x5ffffffe6 },
	{ "B: below the window is ahead", 0x600000005, 32, 0xffffffe5, 0x6ffffffe5 },
	{ "B: first subspace, wraps below 0", 5, 32, 0xffffffff, 0xffffffffffffffff },
	{ "B: first subspace, ahead", 5, 32, 7, 7 },
	{ "large window", 0x700000100, 4096, 0xfffff800, 0x6fffff800 },
};

KUNIT_ARRAY_PARAM_DESC(nic_replay, nic_replay_rows, name);

static void nic_replay_test_infer(struct kunit *test)
{
	const struct nic_replay_row *row = test->param_value;
	struct ov2sim_replay replay = { .esn = true, .window = row->window, .top = row->top };

	spin_lock_init(&replay.lock);
	KUNIT_EXPECT_EQ(test, row->expected, ov2sim_replay_infer(&replay, row->low));
	replay.esn = false;
	KUNIT_EXPECT_EQ(test, (u64)row->low, ov2sim_replay_infer(&replay, row->low));
}

static void nic_replay_test_advance(struct kunit *test)
{
	struct ov2sim_replay replay = { .esn = true, .window = 32, .top = 0x1fffffff0 };

	spin_lock_init(&replay.lock);
	ov2sim_replay_advance(&replay, 0x1ffffffe8);
	KUNIT_EXPECT_EQ(test, 0x1fffffff0ULL, replay.top);
	ov2sim_replay_advance(&replay, ov2sim_replay_infer(&replay, 3));
	KUNIT_EXPECT_EQ(test, 0x200000003ULL, replay.top);
}

static struct kunit_case nic_replay_cases[] = {
	KUNIT_CASE_PARAM(nic_replay_test_infer, nic_replay_gen_params),
	KUNIT_CASE(nic_replay_test_advance),
	{}
};

static struct kunit_suite nic_replay_suite = {
	.name = "ov2_nic_replay",
	.test_cases = nic_replay_cases,
};

kunit_test_suite(nic_replay_suite);
