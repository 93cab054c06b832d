// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: SaDeleteReq: when the NIC raises it, and that it changes nothing else. */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_port.h"

#define NIC_DELREQ_DONE	(OV2SIM_RX_ESP_DONE | OV2SIM_RX_CSUM_OK | OV2SIM_RX_HASH_L4)

/* Send an encrypted packet, receive it and return its flags. */
static u32 nic_delreq_packet(struct kunit *test, const struct ov2_add_sa *out, u64 seq)
{
	struct nic_packet p = nic_port_esp;
	struct nic_port *fix = test->priv;

	p.handle = out->offload_handle;
	p.seq = seq;
	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &p));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	return fix->rxc.flags;
}

/* S58, S59, S61: SaDeleteReq on demand is raised until the delete, and both SAs work until then. */
static void nic_delreq_test_on_demand(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	u32 i;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE, nic_delreq_packet(test, &out, 1));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_delete_req(fix->hw, in.offload_handle));
	for (i = 2; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE | OV2SIM_RX_SA_DELETE_REQ,
				nic_delreq_packet(test, &out, i));
		KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
		KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, fix->rxc.cookie);
		KUNIT_EXPECT_EQ(test, i, fix->rxc.seq);
	}
	KUNIT_EXPECT_EQ(test, 3, nic_port_stat(test, 1, OV2SIM_STAT_DELETE_REQ));
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->hw));

	KUNIT_EXPECT_EQ(test, 0, nic_fixture_delete(fix->nic, in.offload_handle));
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_HASH_L4, nic_delreq_packet(test, &out, 5));
	KUNIT_EXPECT_EQ(test, -ENOENT, ov2sim_hw_delete_req(fix->hw, in.offload_handle));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_delete_req(fix->hw, out.offload_handle));
}

/* S59: SaDeleteReq is raised on a packet that fails, too, and does not change its status. */
static void nic_delreq_test_on_failure(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_delete_req(fix->hw, in.offload_handle));
	*nic_port_fault(test, "corrupt_rx") = 1;
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_ESP_DONE | OV2SIM_RX_HASH_L4 | OV2SIM_RX_SA_DELETE_REQ,
			nic_delreq_packet(test, &out, 1));
	KUNIT_EXPECT_EQ(test, CRYPTO_TRANSPORT_ESP_AUTH_FAILED, fix->rxc.status);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_CORRUPTED));
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE | OV2SIM_RX_SA_DELETE_REQ,
			nic_delreq_packet(test, &out, 2));
}

/* S48, S59: SaDeleteReq is raised on a packet that is not processed because of its options; S58:
 * and not on packets that do not match the SA.
 */
static void nic_delreq_test_unprocessed(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd;
	struct sk_buff *skb;
	struct iphdr *iph;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_delete_req(fix->hw, in.offload_handle));
	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	skb_put_zero(skb, 4);
	memmove(skb->data + 14 + 24, skb->data + 14 + 20, skb->len - 14 - 24);
	memset(skb->data + 14 + 20, IPOPT_NOOP, 4);
	iph = (struct iphdr *)(skb->data + 14);
	iph->ihl = 6;
	iph->tot_len = htons(skb->len - 14);
	ip_send_check(iph);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_TRUE(test, fix->rxc.flags & OV2SIM_RX_SA_DELETE_REQ);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, fix->rxc.cookie);

	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	skb->data[txd.esp_off] ^= 1;	/* another SPI */
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_FALSE(test, fix->rxc.flags & OV2SIM_RX_SA_DELETE_REQ);

	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_FALSE(test, fix->rxc.flags & OV2SIM_RX_SA_DELETE_REQ);
}

/* SaDeleteReq is raised on an SA that is about to run out of sequence numbers. */
static void nic_delreq_test_seq_limit(struct kunit *test)
{
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	*nic_port_fault(test, "seq_limit") = 8;
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE, nic_delreq_packet(test, &out, 7));
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE | OV2SIM_RX_SA_DELETE_REQ,
			nic_delreq_packet(test, &out, 8));
	*nic_port_fault(test, "seq_limit") = 0;
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE, nic_delreq_packet(test, &out, 9));
}

/* The default limit is close to the last number. */
static void nic_delreq_test_seq_end(struct kunit *test)
{
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE, nic_delreq_packet(test, &out, OV2SIM_SEQ_LIMIT - 1));
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE | OV2SIM_RX_SA_DELETE_REQ,
			nic_delreq_packet(test, &out, OV2SIM_SEQ_LIMIT));
}

static void nic_delreq_test_all(struct kunit *test)
{
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	*nic_port_fault(test, "delete_req_all") = 1;
	KUNIT_EXPECT_EQ(test, NIC_DELREQ_DONE | OV2SIM_RX_SA_DELETE_REQ,
			nic_delreq_packet(test, &out, 1));
}

/* With ESN the upper half is compared with the limit. */
static void nic_delreq_test_seq_esn(struct kunit *test)
{
	struct ov2sim_faults faults = { .seq_limit = 8 };
	struct ov2sim_sadb db = { .faults = &faults };
	struct ov2sim_sa sa = { .id.dir = OV2_IN, .replay = { .esn = true,
								.top = 0x7ffffffffULL } };

	spin_lock_init(&sa.replay.lock);
	KUNIT_EXPECT_FALSE(test, ov2sim_victim_wanted(&db, &sa));
	sa.replay.top++;
	KUNIT_EXPECT_TRUE(test, ov2sim_victim_wanted(&db, &sa));
	sa.replay.esn = false;
	KUNIT_EXPECT_FALSE(test, ov2sim_victim_wanted(&db, &sa));
	sa.replay.top = 8;
	KUNIT_EXPECT_TRUE(test, ov2sim_victim_wanted(&db, &sa));
}

/* A table without a NIC, with @count inbound SAs. The last one has been idle longest; the
 * differences are less than a tick.
 */
struct nic_delreq_table {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	struct ov2sim_sa *sas[4];
};

static struct nic_delreq_table *nic_delreq_table(struct kunit *test, u32 count)
{
	struct nic_delreq_table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	ktime_t now = ktime_get();
	struct ov2_add_sa node;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, table);
	nic_fixture_caps(&table->caps);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_init(&table->db, &table->caps, 1, &table->faults));
	for (i = 0; i < count; i++) {
		nic_fixture_node(&node, OV2_IN);
		KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&table->db, &node));
		table->sas[i] = xa_load(&table->db.handles, node.offload_handle);
		KUNIT_ASSERT_NOT_NULL(test, table->sas[i]);
		table->sas[i]->use.last = ktime_sub_us(now, i);
	}
	return table;
}

/* Return a bit for each SA that the NIC wants deleted. */
static unsigned int nic_delreq_wanted(struct nic_delreq_table *table)
{
	unsigned int wanted = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table->sas); i++) {
		if (table->sas[i] && ov2sim_victim_wanted(&table->db, table->sas[i]))
			wanted |= BIT(i);
	}
	return wanted;
}

/* Above the watermark the SAs that have been idle longest are chosen, one for each two SAs too
 * many, and no more if the NIC chooses again.
 */
static void nic_delreq_test_watermark(struct kunit *test)
{
	struct nic_delreq_table *table = nic_delreq_table(test, 4);
	LIST_HEAD(dead);

	table->db.watermark = 4;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, 0, nic_delreq_wanted(table));
	table->db.watermark = 2;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(3), nic_delreq_wanted(table));
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(3), nic_delreq_wanted(table));
	table->db.watermark = 1;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(3) | BIT(2), nic_delreq_wanted(table));

	/* Once there is room no SA is wanted, even if not the chosen SA was deleted. */
	table->db.watermark = 3;
	ov2sim_sadb_unlink(&table->db, table->sas[0]->id.handle, &dead);
	table->sas[0] = NULL;
	ov2sim_sadb_free(&table->db, &dead);
	KUNIT_EXPECT_EQ(test, 0, nic_delreq_wanted(table));
	ov2sim_sadb_destroy(&table->db);
}

/* A choice lasts until it expires. Then the SA that has been idle longest by then is chosen. */
static void nic_delreq_test_expires(struct kunit *test)
{
	struct nic_delreq_table *table = nic_delreq_table(test, 4);

	table->db.watermark = 2;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(3), nic_delreq_wanted(table));
	table->sas[3]->use.last = ktime_get();
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(3), nic_delreq_wanted(table));
	/* The choice was made for the watermark only, so it does not hold without one. */
	table->db.watermark = 0;
	KUNIT_EXPECT_EQ(test, 0, nic_delreq_wanted(table));

	table->sas[3]->victim.until = jiffies;
	table->db.watermark = 2;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(2), nic_delreq_wanted(table));
	ov2sim_sadb_destroy(&table->db);
}

/* Without a watermark SAs are chosen only after a refusal, and only for a while. */
static void nic_delreq_test_refused(struct kunit *test)
{
	struct nic_delreq_table *table = nic_delreq_table(test, 4);

	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, 0, nic_delreq_wanted(table));
	ov2sim_victim_choose(&table->db, 1);
	KUNIT_EXPECT_EQ(test, BIT(3), nic_delreq_wanted(table));
	table->sas[3]->victim.until = jiffies - 1;
	KUNIT_EXPECT_EQ(test, 0, nic_delreq_wanted(table));
	ov2sim_sadb_destroy(&table->db);
}

/* S58: a demand lasts until the delete. The SA counts as a victim when the NIC makes room. */
static void nic_delreq_test_demand_counts(struct kunit *test)
{
	struct nic_delreq_table *table = nic_delreq_table(test, 4);

	table->sas[0]->victim.reason = OV2SIM_VICTIM_DEMAND;
	table->sas[0]->victim.until = jiffies;
	table->db.watermark = 2;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(0), nic_delreq_wanted(table));
	table->db.watermark = 1;
	ov2sim_victim_choose(&table->db, 0);
	KUNIT_EXPECT_EQ(test, BIT(0) | BIT(3), nic_delreq_wanted(table));
	ov2sim_sadb_destroy(&table->db);
}

/* S6: an ADD_SA node that is refused for lack of room makes the NIC choose an SA. */
static void nic_delreq_test_full(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in, more;
	struct ov2sim_sa_info info;
	u32 wanted = 0;
	u32 handle;

	nic_port_add_sas(test, &out, &in);
	nic_port_add_sas(test, &out, &in);
	nic_fixture_node(&more, OV2_OUT);
	KUNIT_EXPECT_EQ(test, -ENOSPC, nic_fixture_add(fix->nic, &more));
	for (handle = 0; ov2sim_hw_sa_next(fix->hw, handle, &info); handle = info.id.handle) {
		wanted += info.delete_req;
		if (info.delete_req)
			KUNIT_EXPECT_EQ(test, OV2_IN, info.id.dir);
	}
	KUNIT_EXPECT_EQ(test, 1, wanted);
	KUNIT_EXPECT_EQ(test, 4, ov2sim_hw_sa_count(fix->hw));
}

static struct kunit_case nic_delreq_cases[] = {
	KUNIT_CASE(nic_delreq_test_on_demand),
	KUNIT_CASE(nic_delreq_test_on_failure),
	KUNIT_CASE(nic_delreq_test_unprocessed),
	KUNIT_CASE(nic_delreq_test_seq_limit),
	KUNIT_CASE(nic_delreq_test_seq_end),
	KUNIT_CASE(nic_delreq_test_all),
	KUNIT_CASE(nic_delreq_test_seq_esn),
	KUNIT_CASE(nic_delreq_test_watermark),
	KUNIT_CASE(nic_delreq_test_expires),
	KUNIT_CASE(nic_delreq_test_refused),
	KUNIT_CASE(nic_delreq_test_demand_counts),
	KUNIT_CASE(nic_delreq_test_full),
	{}
};

static struct kunit_suite nic_delreq_suite = {
	.name = "ov2_nic_delreq",
	.init = nic_port_init,
	.exit = nic_port_exit,
	.test_cases = nic_delreq_cases,
};

kunit_test_suite(nic_delreq_suite);
