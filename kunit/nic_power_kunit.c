// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: crash, corruption, removal and sleep of the NIC. */
#include <kunit/test.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_port.h"

static struct ov2_request *nic_power_nop(struct kunit *test)
{
	static struct ov2_delete_sa node = { .offload_handle = U32_MAX };
	struct ov2_request *req = kunit_kzalloc(test, sizeof(*req), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, req);
	*req = (struct ov2_request){ .kind = OV2_DELETE_SA, .id = 42, .count = 1, .del = &node };
	return req;
}

static int nic_power_send_esp(struct kunit *test, const struct ov2_add_sa *out, u64 seq)
{
	struct nic_packet p = nic_port_esp;

	p.handle = out->offload_handle;
	p.seq = seq;
	return nic_port_send(test, &p);
}

/* S44, S63: a NIC that has crashed does not send ESP packets, neither encrypted nor in clear. */
static void nic_power_test_crash(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_request *req = nic_power_nop(test);
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	ov2sim_hw_crash(fix->hw);
	KUNIT_EXPECT_TRUE(test, ov2sim_hw_crashed(fix->hw));
	KUNIT_EXPECT_EQ(test, 1, fix->nic->fatals);
	ov2sim_hw_crash(fix->hw);
	KUNIT_EXPECT_EQ(test, 1, fix->nic->fatals);

	KUNIT_EXPECT_EQ(test, -ENODEV, nic_power_send_esp(test, &out, 1));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_CRASH_DROP));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));

	/* Commands are accepted and not executed, and the driver can cancel them. */
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, ov2sim_hw_submit(fix->hw, req));
	KUNIT_EXPECT_EQ(test, 2, fix->nic->done_count);
	ov2sim_hw_cancel(fix->hw, req);
	KUNIT_ASSERT_EQ(test, 3, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[2].status);

	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->hw));
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_crashed(fix->hw));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->hw));
	nic_port_add_sas(test, &out, &in);
	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, nic_power_send_esp(test, &out, 2));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
}

/* The receiver finds a frame that was damaged on the wire. */
static void nic_power_test_corrupt_tx(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	unsigned int i;

	*nic_port_fault(test, "corrupt_tx") = 1;
	nic_port_add_sas(test, &out, &in);
	for (i = 1; i < 3; i++) {
		nic_port_post(test, NIC_TEST_BUF);
		KUNIT_EXPECT_EQ(test, 0, nic_power_send_esp(test, &out, i));
		KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
		KUNIT_EXPECT_EQ(test, i == 1 ? CRYPTO_TRANSPORT_ESP_AUTH_FAILED : CRYPTO_SUCCESS,
				fix->rxc.status);
	}
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_CORRUPTED));
}

/* S65: after a surprise removal the NIC accepts no requests; a reset aborts pending ones. */
static void nic_power_test_surprise_removal(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	ov2sim_hw_crash(fix->hw);
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, ov2sim_hw_submit(fix->hw, nic_power_nop(test)));
	ov2sim_hw_surprise_remove(fix->hw);
	KUNIT_EXPECT_FALSE(test, fix->nic->up[0] || fix->nic->up[1]);
	KUNIT_EXPECT_EQ(test, -ENODEV, ov2sim_hw_submit(fix->hw, nic_power_nop(test)));
	KUNIT_EXPECT_EQ(test, -ENODEV, ov2sim_hw_link(fix->hw, 0, fix->hw, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, ov2sim_hw_reset(fix->hw));
	KUNIT_ASSERT_EQ(test, 3, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[2].status);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->hw));
	KUNIT_EXPECT_EQ(test, -ENODEV, ov2sim_hw_submit(fix->hw, nic_power_nop(test)));
}

static void nic_power_test_sleep(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_asleep(fix->hw));
	ov2sim_hw_suspend(fix->hw);
	KUNIT_EXPECT_TRUE(test, ov2sim_hw_asleep(fix->hw));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->hw));
	KUNIT_EXPECT_EQ(test, fix->sas, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_submit(fix->hw, nic_power_nop(test)));
	/* A reset does not resume it. */
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->hw));
	KUNIT_EXPECT_TRUE(test, ov2sim_hw_asleep(fix->hw));
	ov2sim_hw_resume(fix->hw);
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_asleep(fix->hw));
	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->hw));
}

static struct kunit_case nic_power_cases[] = {
	KUNIT_CASE(nic_power_test_crash),
	KUNIT_CASE(nic_power_test_corrupt_tx),
	KUNIT_CASE(nic_power_test_surprise_removal),
	KUNIT_CASE(nic_power_test_sleep),
	{}
};

static struct kunit_suite nic_power_suite = {
	.name = "ov2_nic_power",
	.init = nic_port_init,
	.exit = nic_port_exit,
	.test_cases = nic_power_cases,
};

kunit_test_suite(nic_power_suite);
