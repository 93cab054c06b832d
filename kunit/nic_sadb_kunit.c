// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: the NIC's SA table: capacity, handles, lookup, updates. */
#include <kunit/test.h>
#include <linux/iopoll.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"

struct nic_sadb_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	unsigned int live;
};

static int nic_sadb_init(struct kunit *test)
{
	struct nic_sadb_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	test->priv = fix;
	nic_fixture_caps(&fix->caps);
	fix->live = ov2sim_sas_live();
	return ov2sim_sadb_init(&fix->db, &fix->caps, 2, &fix->faults);
}

/* S5, S16: no test leaves an SA behind. */
static void nic_sadb_exit(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;

	ov2sim_sadb_destroy(&fix->db);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
}

static u32 nic_sadb_add(struct kunit *test, u32 cookie, enum ov2_dir dir)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	nic_fixture_node(&node, dir);
	node.cookie = cookie;
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_ASSERT_NE(test, 0, node.offload_handle);
	return node.offload_handle;
}

static void nic_sadb_delete(struct kunit *test, u32 handle)
{
	struct nic_sadb_fixture *fix = test->priv;
	LIST_HEAD(dead);

	ov2sim_sadb_unlink(&fix->db, handle, &dead);
	ov2sim_sadb_free(&fix->db, &dead);
}

static struct ov2sim_sa_key nic_sadb_key(void)
{
	return (struct ov2sim_sa_key){
		.family = OV2_IPV4,
		.spi = cpu_to_be32(NIC_TEST_SPI),
		.daddr.s6_addr32[0] = cpu_to_be32(0xc0000202),
	};
}

/* Return the cookie of the SA that a received packet matches, 0 for none. */
static u32 nic_sadb_find(struct kunit *test, const struct ov2sim_sa_key *key)
{
	struct nic_sadb_fixture *fix = test->priv;
	int idx = ov2sim_sadb_read_lock(&fix->db);
	struct ov2sim_sa *sa = ov2sim_sadb_find_rx(&fix->db, key);
	u32 cookie = sa ? sa->id.cookie : 0;

	ov2sim_sadb_read_unlock(&fix->db, idx);
	return cookie;
}

static bool nic_sadb_has_tx(struct kunit *test, u32 handle, u32 port)
{
	struct nic_sadb_fixture *fix = test->priv;
	int idx = ov2sim_sadb_read_lock(&fix->db);
	bool found = ov2sim_sadb_find_tx(&fix->db, handle, port);

	ov2sim_sadb_read_unlock(&fix->db, idx);
	return found;
}

/* S6: the table can be filled and not overfilled, and a delete makes room for exactly one SA. */
static void nic_sadb_test_capacity(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;
	u32 handle = 0;
	u32 i;

	for (i = 0; i < fix->caps.max_sas; i++)
		handle = nic_sadb_add(test, i + 1, i % 2 ? OV2_IN : OV2_OUT);
	nic_fixture_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);

	nic_sadb_delete(test, handle);
	nic_sadb_add(test, 77, OV2_IN);
	nic_fixture_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, fix->caps.max_sas, fix->db.count);
}

/* S9: a stale handle finds no SA, in particular not a newer one. */
static void nic_sadb_test_stale_handle(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2_seq seq = {};
	u32 stale = nic_sadb_add(test, 1, OV2_OUT);
	LIST_HEAD(dead);
	u32 i, handle;

	KUNIT_EXPECT_TRUE(test, nic_sadb_has_tx(test, stale, 0));
	for (i = 0; i < 100; i++) {
		nic_sadb_delete(test, stale);
		handle = nic_sadb_add(test, i + 2, OV2_OUT);
		KUNIT_EXPECT_NE(test, stale, handle);
		KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, stale, 0));
		KUNIT_EXPECT_EQ(test, -ENOENT, ov2sim_sadb_update(&fix->db, stale, &seq));
		ov2sim_sadb_unlink(&fix->db, stale, &dead);
		KUNIT_EXPECT_TRUE(test, list_empty(&dead));
		KUNIT_EXPECT_TRUE(test, nic_sadb_has_tx(test, handle, 0));
		stale = handle;
	}
}

/* S9: handles wrap after 2^32, are never 0, and skip those in use. */
static void nic_sadb_test_handles_wrap(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	u32 live = nic_sadb_add(test, 1, OV2_OUT);
	struct ov2sim_sa_info info;

	fix->db.next_handle = U32_MAX;
	KUNIT_EXPECT_EQ(test, U32_MAX, nic_sadb_add(test, 2, OV2_OUT));
	KUNIT_EXPECT_EQ(test, live + 1, nic_sadb_add(test, 3, OV2_OUT));
	KUNIT_EXPECT_TRUE(test, nic_sadb_has_tx(test, U32_MAX, 0));
	KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, 0, 0));
	/* The walk ends after the largest handle. */
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, live + 1, &info));
	KUNIT_EXPECT_EQ(test, 2, info.id.cookie);
	KUNIT_EXPECT_FALSE(test, ov2sim_sadb_next(&fix->db, U32_MAX, &info));
}

/* S9: a flush does not make handles come back. */
static void nic_sadb_test_flush(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	u32 handle = nic_sadb_add(test, 1, OV2_OUT);

	nic_sadb_add(test, 2, OV2_IN);
	ov2sim_sadb_flush(&fix->db);
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_GT(test, nic_sadb_add(test, 3, OV2_OUT), handle + 1);
}

/* S37: the SA of another port, an inbound SA and an invalid handle are not found for sending. */
static void nic_sadb_test_find_tx(struct kunit *test)
{
	u32 out = nic_sadb_add(test, 1, OV2_OUT);
	u32 in = nic_sadb_add(test, 2, OV2_IN);

	KUNIT_EXPECT_TRUE(test, nic_sadb_has_tx(test, out, 0));
	KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, out, 1));
	KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, in, 0));
	KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, 0, 0));
	KUNIT_EXPECT_FALSE(test, nic_sadb_has_tx(test, U32_MAX, 0));
}

/* xfrm may add an SA again before it deletes one of the two. The older one is used. */
static void nic_sadb_test_duplicates(struct kunit *test)
{
	struct ov2sim_sa_key key = nic_sadb_key();
	u32 a = nic_sadb_add(test, 1, OV2_IN);
	u32 b = nic_sadb_add(test, 2, OV2_IN);
	u32 c = nic_sadb_add(test, 3, OV2_IN);

	KUNIT_EXPECT_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, 1, nic_sadb_find(test, &key));
	nic_sadb_delete(test, c);
	KUNIT_EXPECT_EQ(test, 1, nic_sadb_find(test, &key));
	nic_sadb_delete(test, a);
	KUNIT_EXPECT_EQ(test, 2, nic_sadb_find(test, &key));
	nic_sadb_delete(test, b);
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
}

/* S47: destination, SPI, family, encapsulation and port must each match. */
static void nic_sadb_test_match(struct kunit *test)
{
	struct ov2sim_sa_key key = nic_sadb_key();

	nic_sadb_add(test, 1, OV2_IN);
	KUNIT_EXPECT_EQ(test, 1, nic_sadb_find(test, &key));
	key.port = 1;
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key = nic_sadb_key();
	key.family = OV2_IPV6;
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key = nic_sadb_key();
	key.spi ^= cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key = nic_sadb_key();
	key.daddr.s6_addr32[0] ^= cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key = nic_sadb_key();
	key.encap = OV2_ENCAP_UDP;
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
}

/* S55: an SA with UDP encapsulation matches packets in UDP with its destination port only. */
static void nic_sadb_test_match_udp(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2sim_sa_key key = nic_sadb_key();
	struct ov2_add_sa node;

	nic_fixture_node(&node, OV2_IN);
	node.encap = OV2_ENCAP_UDP;
	node.encap_sport = htons(1024);
	node.encap_dport = htons(4500);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key.encap = OV2_ENCAP_UDP;
	key.encap_dport = htons(4501);
	KUNIT_EXPECT_EQ(test, 0, nic_sadb_find(test, &key));
	key.encap_dport = htons(4500);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, nic_sadb_find(test, &key));
}

/* S5: an add without memory leaves nothing behind, and the next one succeeds. */
static void nic_sadb_test_no_memory(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	fix->faults.nomem = 1;
	nic_fixture_node(&node, OV2_IN);
	KUNIT_EXPECT_EQ(test, -ENOMEM, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
	nic_sadb_add(test, 1, OV2_IN);
}

struct nic_sadb_adder {
	struct work_struct work;
	struct ov2sim_sadb *db;
	struct ov2_add_sa node;
	int err;
};

static void nic_sadb_adder_work(struct work_struct *work)
{
	struct nic_sadb_adder *adder = container_of(work, struct nic_sadb_adder, work);

	adder->err = ov2sim_sadb_add(adder->db, &adder->node);
}

/* S5, S6: the table becomes full between the first check and the insertion. */
static void nic_sadb_test_full_meanwhile(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct nic_sadb_adder *adder = kunit_kzalloc(test, sizeof(*adder), GFP_KERNEL);
	unsigned int live;

	KUNIT_ASSERT_NOT_NULL(test, adder);
	nic_fixture_node(&adder->node, OV2_IN);
	adder->db = &fix->db;
	INIT_WORK(&adder->work, nic_sadb_adder_work);
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

/* S5: the cryptography refuses a length that the capabilities allow. */
static void nic_sadb_test_bad_promise(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2_add_sa node;

	fix->caps.ciphers[OV2_CIPHER_AES_GCM].key_lens |= OV2_LEN(20);
	fix->caps.ciphers[OV2_CIPHER_AES_GCM].icv_lens |= OV2_LEN(20);
	nic_fixture_node(&node, OV2_IN);
	node.key_area_len = 20;
	node.cipher_key_len = 20;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_add(&fix->db, &node));
	nic_fixture_node(&node, OV2_IN);
	node.icv_len = 20;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_add(&fix->db, &node));
	KUNIT_EXPECT_EQ(test, 0, node.offload_handle);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
}

/* S14, S21: an update changes the sequence state of one SA and nothing else. */
static void nic_sadb_test_update(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct ov2sim_sa_info before, after;
	struct ov2_seq seq = { .low = 5, .high = 2 };
	struct ov2_add_sa node;
	u32 other;

	nic_fixture_node(&node, OV2_IN);
	node.esn = true;
	node.seq = (struct ov2_seq){ .low = 7, .high = 1 };
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	other = nic_sadb_add(test, 2, OV2_IN);
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

	/* An update that is older than the NIC's number by less than a window is ignored. */
	seq.low = 1;
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_update(&fix->db, node.offload_handle, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &after));
	KUNIT_EXPECT_EQ(test, 0x200000005ULL, after.seq);
	/* One that is older by more is not, because the stack has moved its own window back. */
	seq.high = 1;
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_update(&fix->db, node.offload_handle, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, 0, &after));
	KUNIT_EXPECT_EQ(test, 0x100000001ULL, after.seq);

	/* S22: an SA without ESN and an unknown handle are refused. */
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sadb_update(&fix->db, other, &seq));
	KUNIT_EXPECT_EQ(test, -ENOENT, ov2sim_sadb_update(&fix->db, other + 1, &seq));
	KUNIT_ASSERT_TRUE(test, ov2sim_sadb_next(&fix->db, node.offload_handle, &after));
	KUNIT_EXPECT_EQ(test, 0, after.seq);
}

/* A thread that deletes an SA which another one uses. */
struct nic_sadb_deleter {
	struct ov2sim_sadb *db;
	struct list_head dead;
	struct completion freeing;
	struct completion freed;
	bool released;
	bool too_early;
};

static int nic_sadb_deleter_thread(void *arg)
{
	struct nic_sadb_deleter *deleter = arg;

	complete(&deleter->freeing);
	ov2sim_sadb_free(deleter->db, &deleter->dead);
	deleter->too_early = !READ_ONCE(deleter->released);
	complete(&deleter->freed);
	return 0;
}

/* S18: a delete waits for packets that use the SA. */
static void nic_sadb_test_free_waits(struct kunit *test)
{
	struct nic_sadb_fixture *fix = test->priv;
	struct nic_sadb_deleter *deleter = kunit_kzalloc(test, sizeof(*deleter), GFP_KERNEL);
	struct ov2sim_sa_key key = nic_sadb_key();
	u32 handle = nic_sadb_add(test, 1, OV2_IN);
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
	task = kthread_run(nic_sadb_deleter_thread, deleter, "sadb-deleter");
	if (!IS_ERR(task)) {
		wait_for_completion(&deleter->freeing);
		/* A delete that does not wait would complete in this time. */
		KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&deleter->freed, 2));
	}
	/* The SA counts until it is freed. */
	KUNIT_EXPECT_EQ(test, 1, fix->db.count);
	WRITE_ONCE(deleter->released, true);
	ov2sim_sadb_read_unlock(&fix->db, idx);

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&deleter->freed);
	KUNIT_EXPECT_FALSE(test, deleter->too_early);
	KUNIT_EXPECT_EQ(test, 0, fix->db.count);
}

static struct kunit_case nic_sadb_cases[] = {
	KUNIT_CASE(nic_sadb_test_capacity),
	KUNIT_CASE(nic_sadb_test_stale_handle),
	KUNIT_CASE(nic_sadb_test_handles_wrap),
	KUNIT_CASE(nic_sadb_test_flush),
	KUNIT_CASE(nic_sadb_test_find_tx),
	KUNIT_CASE(nic_sadb_test_duplicates),
	KUNIT_CASE(nic_sadb_test_match),
	KUNIT_CASE(nic_sadb_test_match_udp),
	KUNIT_CASE(nic_sadb_test_no_memory),
	KUNIT_CASE(nic_sadb_test_full_meanwhile),
	KUNIT_CASE(nic_sadb_test_bad_promise),
	KUNIT_CASE(nic_sadb_test_update),
	KUNIT_CASE(nic_sadb_test_free_waits),
	{}
};

static struct kunit_suite nic_sadb_suite = {
	.name = "ov2_nic_sadb",
	.init = nic_sadb_init,
	.exit = nic_sadb_exit,
	.test_cases = nic_sadb_cases,
};

kunit_test_suite(nic_sadb_suite);
