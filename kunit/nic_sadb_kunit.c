// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: the NIC's SA table: capacity, handles, lookup, sequence numbers. */
#include <kunit/test.h>
#include <linux/iopoll.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"

struct sadb_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	unsigned int live;
};

static int sadb_init(struct kunit *test)
{
	struct sadb_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	test->priv = fix;
	nic_test_caps(&fix->caps);
	fix->live = ov2sim_sas_live();
	return ov2sim_sadb_init(&fix->db, &fix->caps, 2, &fix->faults);
}

/* S5, S16: whatever a test has done, nothing is left */
static void sadb_exit(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;

	ov2sim_sadb_destroy(&fix->db);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
}

static u32 sadb_add(struct kunit *test, u32 cookie, enum ov2_dir dir)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	nic_test_node(&node, dir);
	node.cookie = cookie;
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_ASSERT_NE(test, 0, node.offload_handle);
	return node.offload_handle;
}

static void sadb_delete(struct kunit *test, u32 handle)
{
	struct sadb_fixture *fix = test->priv;
	LIST_HEAD(dead);

	ov2sim_sadb_unlink(&fix->db, handle, &dead);
	ov2sim_sadb_free(&fix->db, &dead);
}

static struct ov2sim_sa_key sadb_key(void)
{
	return (struct ov2sim_sa_key){
		.family = OV2_IPV4,
		.spi = cpu_to_be32(NIC_TEST_SPI),
		.daddr.s6_addr32[0] = cpu_to_be32(0xc0000202),
	};
}

/* Cookie of the SA that a received packet matches, 0 for none */
static u32 sadb_find(struct kunit *test, const struct ov2sim_sa_key *key)
{
	struct sadb_fixture *fix = test->priv;
	int idx = ov2sim_sadb_read_lock(&fix->db);
	struct ov2sim_sa *sa = ov2sim_sadb_find_rx(&fix->db, key);
	u32 cookie = sa ? sa->id.cookie : 0;

	ov2sim_sadb_read_unlock(&fix->db, idx);
	return cookie;
}

static bool sadb_has_tx(struct kunit *test, u32 handle, u32 port)
{
	struct sadb_fixture *fix = test->priv;
	int idx = ov2sim_sadb_read_lock(&fix->db);
	bool found = ov2sim_sadb_find_tx(&fix->db, handle, port);

	ov2sim_sadb_read_unlock(&fix->db, idx);
	return found;
}

/* S6: to the last place and one more; a delete makes room for exactly one */
static void sadb_capacity(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;
	u32 handle = 0;
	u32 i;

	for (i = 0; i < fix->caps.max_sas; i++)
		handle = sadb_add(test, i + 1, i % 2 ? OV2_IN : OV2_OUT);
	nic_test_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);

	sadb_delete(test, handle);
	sadb_add(test, 77, OV2_IN);
	nic_test_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, fix->caps.max_sas, fix->db.count);
}

/* S9: a stale handle finds nothing, and above all not what came after it */
static void sadb_stale_handle(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2_seq seq = {};
	u32 stale = sadb_add(test, 1, OV2_OUT);
	LIST_HEAD(dead);
	u32 i, handle;

	KUNIT_EXPECT_TRUE(test, sadb_has_tx(test, stale, 0));
	for (i = 0; i < 100; i++) {
		sadb_delete(test, stale);
		handle = sadb_add(test, i + 2, OV2_OUT);
		KUNIT_EXPECT_NE(test, stale, handle);
		KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, stale, 0));
		KUNIT_EXPECT_EQ(test, -ENOENT, ov2sim_sadb_update(&fix->db, stale, &seq));
		ov2sim_sadb_unlink(&fix->db, stale, &dead);
		KUNIT_EXPECT_TRUE(test, list_empty(&dead));
		KUNIT_EXPECT_TRUE(test, sadb_has_tx(test, handle, 0));
		stale = handle;
	}
}

/* S9: after 2^32 SAs the handles begin anew, are never 0, and pass over those in use */
static void sadb_handles_wrap(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	u32 live = sadb_add(test, 1, OV2_OUT);
	struct ov2sim_sa_info info;

	fix->db.next_handle = U32_MAX;
	KUNIT_EXPECT_EQ(test, U32_MAX, sadb_add(test, 2, OV2_OUT));
	KUNIT_EXPECT_EQ(test, live + 1, sadb_add(test, 3, OV2_OUT));
	KUNIT_EXPECT_TRUE(test, sadb_has_tx(test, U32_MAX, 0));
	KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, 0, 0));
	/* The table is shown to its end, and no further */
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, live + 1, &info));
	KUNIT_EXPECT_EQ(test, 2, info.id.cookie);
	KUNIT_EXPECT_FALSE(test, ov2sim_sadb_next(&fix->db, U32_MAX, &info));
}

/* S9: not after everything was wiped, either */
static void sadb_flush(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	u32 handle = sadb_add(test, 1, OV2_OUT);

	sadb_add(test, 2, OV2_IN);
	ov2sim_sadb_flush(&fix->db);
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_GT(test, sadb_add(test, 3, OV2_OUT), handle + 1);
}

/* S37: nothing to send with: another port's SA, an inbound one, nonsense */
static void sadb_find_tx(struct kunit *test)
{
	u32 out = sadb_add(test, 1, OV2_OUT);
	u32 in = sadb_add(test, 2, OV2_IN);

	KUNIT_EXPECT_TRUE(test, sadb_has_tx(test, out, 0));
	KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, out, 1));
	KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, in, 0));
	KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, 0, 0));
	KUNIT_EXPECT_FALSE(test, sadb_has_tx(test, U32_MAX, 0));
}

/* xfrm may add an SA again before it deletes one of the two: the older one serves */
static void sadb_duplicates(struct kunit *test)
{
	struct ov2sim_sa_key key = sadb_key();
	u32 a = sadb_add(test, 1, OV2_IN);
	u32 b = sadb_add(test, 2, OV2_IN);
	u32 c = sadb_add(test, 3, OV2_IN);

	KUNIT_EXPECT_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, 1, sadb_find(test, &key));
	sadb_delete(test, c);
	KUNIT_EXPECT_EQ(test, 1, sadb_find(test, &key));
	sadb_delete(test, a);
	KUNIT_EXPECT_EQ(test, 2, sadb_find(test, &key));
	sadb_delete(test, b);
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
}

/* S47: destination, SPI, encapsulation and port of the NIC, each on its own */
static void sadb_match(struct kunit *test)
{
	struct ov2sim_sa_key key = sadb_key();

	sadb_add(test, 1, OV2_IN);
	KUNIT_EXPECT_EQ(test, 1, sadb_find(test, &key));
	key.port = 1;
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key = sadb_key();
	key.family = OV2_IPV6;
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key = sadb_key();
	key.spi ^= cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key = sadb_key();
	key.daddr.s6_addr32[0] ^= cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key = sadb_key();
	key.encap = OV2_ENCAP_UDP;
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
}

/* S55: an SA with UDP encapsulation takes its packets at its port, and in UDP only */
static void sadb_match_udp(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2sim_sa_key key = sadb_key();
	struct ov2_add_sa node;

	nic_test_node(&node, OV2_IN);
	node.encap = OV2_ENCAP_UDP;
	node.encap_sport = htons(1024);
	node.encap_dport = htons(4500);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key.encap = OV2_ENCAP_UDP;
	key.encap_dport = htons(4501);
	KUNIT_EXPECT_EQ(test, 0, sadb_find(test, &key));
	key.encap_dport = htons(4500);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, sadb_find(test, &key));
}

/* S5: no memory for one SA leaves nothing behind and is over with the next */
static void sadb_no_memory(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	fix->faults.nomem = 1;
	nic_test_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOMEM, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
	sadb_add(test, 1, OV2_IN);
}

struct sadb_adder {
	struct work_struct work;
	struct ov2sim_sadb *db;
	struct ov2_add_sa node;
	int err;
};

static void sadb_adder_work(struct work_struct *work)
{
	struct sadb_adder *adder = container_of(work, struct sadb_adder, work);

	adder->err = ov2sim_sadb_add(adder->db, &adder->node);
}

/* S5, S6: the last place goes to somebody else while the SA is being made */
static void sadb_full_meanwhile(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct sadb_adder *adder = kunit_kzalloc(test, sizeof(*adder), GFP_KERNEL);
	unsigned int live;

	KUNIT_ASSERT_NOT_NULL(test, adder);
	nic_test_node(&adder->node, OV2_IN);
	adder->db = &fix->db;
	INIT_WORK(&adder->work, sadb_adder_work);
	mutex_lock(&fix->db.lock);
	schedule_work(&adder->work);
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(ov2sim_sas_live, live, live == fix->live + 1,
						   100, 10 * USEC_PER_SEC, false));
	fix->db.count += fix->caps.max_sas;
	mutex_unlock(&fix->db.lock);
	flush_work(&adder->work);
	KUNIT_EXPECT_EQ(test, -ENOSPC, adder->err);
	KUNIT_EXPECT_EQ(test, 0, adder->node.offload_handle);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	fix->db.count -= fix->caps.max_sas;
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
}

/* S5: capabilities may promise what the cryptography then cannot do */
static void sadb_bad_promise(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	fix->caps.ciphers[OV2_CIPHER_AES_GCM].key_lens |= OV2_LEN(20);
	fix->caps.ciphers[OV2_CIPHER_AES_GCM].icv_lens |= OV2_LEN(20);
	nic_test_node(&node, OV2_IN);
	node.key_area_len = 20;
	node.cipher_key_len = 20;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_add(&fix->db, &node));
	nic_test_node(&node, OV2_IN);
	node.icv_len = 20;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
}

/* S14, S21: an update changes the sequence state of one SA and nothing else */
static void sadb_update(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct ov2sim_sa_info before, after;
	struct ov2_seq seq = { .low = 5, .high = 2 };
	struct ov2_add_sa node;
	u32 other;

	nic_test_node(&node, OV2_IN);
	node.esn = true;
	node.seq = (struct ov2_seq){ .low = 7, .high = 1 };
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	other = sadb_add(test, 2, OV2_IN);
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &before));
	KUNIT_EXPECT_EQ(test, 0x100000007ULL, before.seq);

	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_update(&fix->db, node.offload_handle, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &after));
	KUNIT_EXPECT_EQ(test, 0x200000005ULL, after.seq);
	after.seq = before.seq;
	KUNIT_EXPECT_MEMEQ(test, &before, &after, sizeof(before));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, node.offload_handle, &after));
	KUNIT_EXPECT_EQ(test, other, after.id.handle);
	KUNIT_EXPECT_EQ(test, 0, after.seq);
	KUNIT_EXPECT_FALSE(test, ov2sim_sadb_next(&fix->db, other, &after));

	/* An update that packets have overtaken does not take the number back */
	seq.low = 1;
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_update(&fix->db, node.offload_handle, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &after));
	KUNIT_EXPECT_EQ(test, 0x200000005ULL, after.seq);
	/* One by more than a window does: the stack's own window was moved back */
	seq.high = 1;
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_update(&fix->db, node.offload_handle, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &after));
	KUNIT_EXPECT_EQ(test, 0x100000001ULL, after.seq);

	/* S22 */
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_update(&fix->db, other, &seq));
	KUNIT_EXPECT_EQ(test, -ENOENT, ov2sim_sadb_update(&fix->db, other + 1, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, node.offload_handle, &after));
	KUNIT_EXPECT_EQ(test, 0, after.seq);
}

/* Who deletes while somebody uses the SA */
struct sadb_deleter {
	struct ov2sim_sadb *db;
	struct list_head dead;
	struct completion freeing;
	struct completion freed;
	bool released;
	bool too_early;
};

static int sadb_deleter_thread(void *arg)
{
	struct sadb_deleter *deleter = arg;

	complete(&deleter->freeing);
	ov2sim_sadb_free(deleter->db, &deleter->dead);
	deleter->too_early = !READ_ONCE(deleter->released);
	complete(&deleter->freed);
	return 0;
}

/* S18: a delete is not over before the last packet that uses the SA is */
static void sadb_free_waits(struct kunit *test)
{
	struct sadb_fixture *fix = test->priv;
	struct sadb_deleter *deleter = kunit_kzalloc(test, sizeof(*deleter), GFP_KERNEL);
	struct ov2sim_sa_key key = sadb_key();
	u32 handle = sadb_add(test, 1, OV2_IN);
	struct task_struct *task;
	int idx;

	KUNIT_ASSERT_NOT_NULL(test, deleter);
	deleter->db = &fix->db;
	INIT_LIST_HEAD(&deleter->dead);
	init_completion(&deleter->freeing);
	init_completion(&deleter->freed);

	idx = ov2sim_sadb_read_lock(&fix->db);
	KUNIT_EXPECT_PTR_NE(test, NULL, ov2sim_sadb_find_rx(&fix->db, &key));
	ov2sim_sadb_unlink(&fix->db, handle, &deleter->dead);
	KUNIT_EXPECT_PTR_EQ(test, NULL, ov2sim_sadb_find_rx(&fix->db, &key));
	task = kthread_run(sadb_deleter_thread, deleter, "sadb-deleter");
	if (!IS_ERR(task)) {
		wait_for_completion(&deleter->freeing);
		/* A delete that does not wait has its chance to be over by now */
		KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&deleter->freed, 2));
	}
	/* The place is not free, either, before the SA is */
	KUNIT_EXPECT_EQ(test, 1, fix->db.count);
	WRITE_ONCE(deleter->released, true);
	ov2sim_sadb_read_unlock(&fix->db, idx);

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&deleter->freed);
	KUNIT_EXPECT_FALSE(test, deleter->too_early);
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
}

struct esn_row {
	const char *name;
	u64 top;
	u32 window;
	u32 low;
	u64 expected;
};

/* RFC 4303 appendix A2.1: case A, the window in one subspace; case B, in two */
static const struct esn_row esn_rows[] = {
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

KUNIT_ARRAY_PARAM_DESC(esn, esn_rows, name);

static void sadb_esn_infer(struct kunit *test)
{
	const struct esn_row *row = test->param_value;
	struct ov2sim_replay replay = { .esn = true, .window = row->window, .top = row->top };

	spin_lock_init(&replay.lock);
	KUNIT_EXPECT_EQ(test, row->expected, ov2sim_replay_infer(&replay, row->low));
	replay.esn = false;
	KUNIT_EXPECT_EQ(test, (u64)row->low, ov2sim_replay_infer(&replay, row->low));
}

static void sadb_advance(struct kunit *test)
{
	struct ov2sim_replay replay = { .esn = true, .window = 32, .top = 0x1fffffff0 };

	spin_lock_init(&replay.lock);
	ov2sim_replay_advance(&replay, 0x1ffffffe8);
	KUNIT_EXPECT_EQ(test, 0x1fffffff0ULL, replay.top);
	ov2sim_replay_advance(&replay, ov2sim_replay_infer(&replay, 3));
	KUNIT_EXPECT_EQ(test, 0x200000003ULL, replay.top);
}

static struct kunit_case sadb_cases[] = {
	KUNIT_CASE(sadb_capacity),
	KUNIT_CASE(sadb_stale_handle),
	KUNIT_CASE(sadb_handles_wrap),
	KUNIT_CASE(sadb_flush),
	KUNIT_CASE(sadb_find_tx),
	KUNIT_CASE(sadb_duplicates),
	KUNIT_CASE(sadb_match),
	KUNIT_CASE(sadb_match_udp),
	KUNIT_CASE(sadb_no_memory),
	KUNIT_CASE(sadb_full_meanwhile),
	KUNIT_CASE(sadb_bad_promise),
	KUNIT_CASE(sadb_update),
	KUNIT_CASE(sadb_free_waits),
	KUNIT_CASE_PARAM(sadb_esn_infer, esn_gen_params),
	KUNIT_CASE(sadb_advance),
	{}
};

static struct kunit_suite sadb_suite = {
	.name = "ov2_nic_sadb",
	.init = sadb_init,
	.exit = sadb_exit,
	.test_cases = sadb_cases,
};

kunit_test_suite(sadb_suite);
