// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: ports whose wire is the driver's. Port 0 sends on such a wire, and port 1 receives from
 * one.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include "../drivers/ov2sim/nic/frame.h"
#include "../drivers/ov2sim/nic/hw.h"
#include "nic_port.h"

#define NIC_WIRE_FRAMES	16

/**
 * struct nic_wire - The wires of the test.
 * @wires: by port
 * @count: frames that the NIC has put on the wire of port 0, lost ones included
 * @lens: their lengths
 * @errs: what the wire answers
 */
struct nic_wire {
	struct ov2sim_wire wires[2];
	unsigned int count;
	u32 lens[NIC_WIRE_FRAMES];
	int errs[NIC_WIRE_FRAMES];
};

static struct nic_wire nic_wire;

static int nic_wire_send(struct ov2sim_wire *wire, const void *data, u32 len)
{
	unsigned int i = nic_wire.count++;

	if (i >= NIC_WIRE_FRAMES)
		return -ENOBUFS;
	nic_wire.lens[i] = len;
	return nic_wire.errs[i];
}

static int nic_wire_init(struct kunit *test)
{
	struct nic_port *fix;
	u32 i;

	nic_port_init(test);
	fix = test->priv;
	ov2sim_hw_unlink(fix->hw, 0);
	nic_wire = (struct nic_wire){};
	for (i = 0; i < 2; i++) {
		nic_wire.wires[i].send = nic_wire_send;
		KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_wire_attach(fix->hw, i, &nic_wire.wires[i]));
		ov2sim_hw_wire_carrier(fix->hw, i, &nic_wire.wires[i], true);
	}
	return 0;
}

/* S33: a link is up while the port is started and the wire has a carrier. */
static void nic_wire_test_link(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_fixture *nic = fix->nic;
	struct ov2sim_wire *wire = &nic_wire.wires[0];

	KUNIT_EXPECT_TRUE(test, nic->up[0]);
	ov2sim_hw_wire_carrier(fix->hw, 0, wire, false);
	KUNIT_EXPECT_FALSE(test, nic->up[0]);
	ov2sim_hw_wire_carrier(fix->hw, 0, wire, true);
	KUNIT_EXPECT_TRUE(test, nic->up[0]);
	ov2sim_hw_port_stop(fix->hw, 0);
	KUNIT_EXPECT_FALSE(test, nic->up[0]);
	ov2sim_hw_port_start(fix->hw, 0);
	KUNIT_EXPECT_TRUE(test, nic->up[0]);

	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_wire_attach(fix->hw, 0, wire));
	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_link(fix->hw, 0, fix->hw, 1));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_unlink(fix->hw, 0));
	KUNIT_EXPECT_FALSE(test, nic->up[0]);
	KUNIT_EXPECT_EQ(test, -ENOLINK, ov2sim_hw_unlink(fix->hw, 0));
	/* A wire that is not attached has no effect. */
	ov2sim_hw_wire_carrier(fix->hw, 0, wire, true);
	KUNIT_EXPECT_FALSE(test, nic->up[0]);
	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_link(fix->hw, 0, fix->hw, 1));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_unlink(fix->hw, 1));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_link(fix->hw, 0, fix->hw, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_wire_attach(fix->hw, 1, wire));
}

static void nic_wire_test_removed(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	ov2sim_hw_surprise_remove(fix->hw);
	KUNIT_EXPECT_FALSE(test, fix->nic->up[0]);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			ov2sim_hw_wire_attach(fix->hw, 0, &nic_wire.wires[0]));
	KUNIT_EXPECT_EQ(test, -ENOLINK, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 0, nic_wire.count);
}

static void nic_wire_test_send(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 1, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 1, nic_wire.count);
	KUNIT_EXPECT_EQ(test, 14 + 20 + 32 + 100, nic_wire.lens[0]);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));

	ov2sim_hw_wire_carrier(fix->hw, 0, &nic_wire.wires[0], false);
	KUNIT_EXPECT_EQ(test, -ENETDOWN, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 1, nic_wire.count);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_LINK));
}

/* Each frame that the wire does not take is counted by its reason. */
static void nic_wire_test_lost(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	nic_wire.errs[1] = -EMSGSIZE;
	nic_wire.errs[2] = -ENETDOWN;
	nic_wire.errs[3] = -ENOBUFS;
	nic_wire.errs[4] = -ENOMEM;
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_lso));
	KUNIT_EXPECT_EQ(test, 10, nic_wire.count);
	KUNIT_EXPECT_EQ(test, 6, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 6, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_TOO_LONG));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_LINK));
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_ROOM));

	nic_wire.count = 1;
	KUNIT_EXPECT_EQ(test, -ENOBUFS, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 0, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 0, OV2SIM_STAT_TX_TOO_LONG));
}

static void nic_wire_test_receive(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;
	struct sk_buff *skb;
	u32 i;

	skb = nic_packet_build(test, &nic_port_plain, &txd);
	for (i = 0; i < OV2SIM_FIFO_MAX; i++)
		KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_wire_rx(fix->hw, 1, skb));
	/* A wire of the driver's does not pause. */
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_hw_wire_rx(fix->hw, 1, skb));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_BUFFER));
	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, skb->len, fix->rxc.len);
	KUNIT_EXPECT_EQ(test, 0, memcmp(fix->rxc.buf, skb->data, ETH_HLEN));

	ov2sim_hw_port_stop(fix->hw, 1);
	KUNIT_EXPECT_EQ(test, -ENETDOWN, ov2sim_hw_wire_rx(fix->hw, 1, skb));
	ov2sim_hw_unlink(fix->hw, 1);
	KUNIT_EXPECT_EQ(test, -ENOLINK, ov2sim_hw_wire_rx(fix->hw, 1, skb));
	kfree_skb(skb);
}

static struct kunit_case nic_wire_cases[] = {
	KUNIT_CASE(nic_wire_test_link),
	KUNIT_CASE(nic_wire_test_removed),
	KUNIT_CASE(nic_wire_test_send),
	KUNIT_CASE(nic_wire_test_lost),
	KUNIT_CASE(nic_wire_test_receive),
	{}
};

static struct kunit_suite nic_wire_suite = {
	.name = "ov2_nic_wire",
	.init = nic_wire_init,
	.exit = nic_port_exit,
	.test_cases = nic_wire_cases,
};

kunit_test_suite(nic_wire_suite);
