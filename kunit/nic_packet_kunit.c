// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode through a NIC whose two ports are linked to each other.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <net/xfrm.h>
#include "nic_port.h"

/* Add SAs in packet mode for both ends of a tunnel, and describe a packet in clear for it. */
static void nic_packet_link(struct kunit *test, bool tunnel, u32 mss, struct ov2sim_txd *txd)
{
	struct nic_port *fix = test->priv;
	struct nic_packet p = { .family = OV2_IPV4, .payload = 250, .mss = mss, .seq = 7 };
	struct ov2_add_sa out, in;

	nic_fixture_node(&out, OV2_OUT);
	nic_fixture_node(&in, OV2_IN);
	in.port = 1;
	out.packet = true;
	in.packet = true;
	if (tunnel) {
		out.mode = OV2_TUNNEL;
		in.mode = OV2_TUNNEL;
	}
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, &out));
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, &in));
	p.handle = out.offload_handle;
	nic_packet_build(test, &p, txd);
	txd->flags |= OV2SIM_TX_ESP | OV2SIM_TX_ENCAP;
	txd->ttl = 64;
}

static void nic_packet_send(struct kunit *test, const struct ov2sim_txd *txd)
{
	struct nic_port *fix = test->priv;

	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_tx(fix->hw, 0, 0, txd));
	ov2sim_hw_tx_kick(fix->hw, 0, 0);
}

/* S54: a packet in clear goes in, the same packet comes out, and on the wire it was ESP. */
static void nic_packet_run_port(struct kunit *test, bool tunnel, u32 mss)
{
	u32 count = mss ? 3 : 1, len = mss ?: 250, i;
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;

	for (i = 0; i < count; i++)
		nic_port_post(test, NIC_TEST_BUF);
	nic_packet_link(test, tunnel, mss, &txd);
	nic_packet_send(test, &txd);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, count, fix->txc.frames);
	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
		KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
		KUNIT_EXPECT_EQ(test, 7 + i, fix->rxc.seq);
		KUNIT_EXPECT_EQ(test, OV2SIM_RX_ESP_DONE | OV2SIM_RX_CSUM_OK | OV2SIM_RX_HASH_L4,
				fix->rxc.flags);
		KUNIT_EXPECT_EQ(test, 14 + 20 + 32 + min(len, 250 - i * len), fix->rxc.len);
		KUNIT_EXPECT_EQ(test, nic_packet_byte(i * len),
				((u8 *)fix->rxc.buf)[fix->rxc.off + 14 + 20 + 32]);
	}
	KUNIT_EXPECT_EQ(test, count, nic_port_stat(test, 0, OV2SIM_STAT_TX_FRAMED));
	KUNIT_EXPECT_EQ(test, count, nic_port_stat(test, 1, OV2SIM_STAT_RX_UNFRAMED));
}

static void nic_packet_test_port(struct kunit *test)
{
	nic_packet_run_port(test, true, 0);
}

static void nic_packet_test_port_segments(struct kunit *test)
{
	nic_packet_run_port(test, false, 100);
}

/* S54: a packet that fails arrives as it was on the wire. SaDeleteReq rides on it (S59). */
static void nic_packet_test_damaged(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;

	nic_port_post(test, NIC_TEST_BUF);
	nic_packet_link(test, true, 0, &txd);
	*nic_port_fault(test, "corrupt_rx") = 1;
	/* The inbound SA was added after the outbound one. */
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_delete_req(fix->hw, txd.offload_handle + 1));
	nic_packet_send(test, &txd);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, CRYPTO_TUNNEL_ESP_AUTH_FAILED, fix->rxc.status);
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_ESP_DONE | OV2SIM_RX_SA_DELETE_REQ | OV2SIM_RX_HASH_L4,
			fix->rxc.flags);
	KUNIT_EXPECT_EQ(test, IPPROTO_ESP, ((u8 *)fix->rxc.buf)[ETH_HLEN + 9]);
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 1, OV2SIM_STAT_RX_UNFRAMED));
}

/* S37: a descriptor that does not fit its SA puts no frame on the wire. */
static void nic_packet_test_mismatch(struct kunit *test)
{
	struct nic_packet p = nic_port_esp;
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd, crypto;

	nic_packet_link(test, true, 0, &txd);
	p.handle = txd.offload_handle;
	nic_packet_build(test, &p, &crypto);
	nic_packet_send(test, &crypto);
	KUNIT_EXPECT_EQ(test, -EIO, nic_port_tx_done(test));
	nic_port_add_sas(test, &out, &in);
	txd.offload_handle = out.offload_handle;
	skb_get(txd.skb);
	nic_packet_send(test, &txd);
	KUNIT_EXPECT_EQ(test, -EIO, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 0, OV2SIM_STAT_TX_MISMATCH));
	/* The NIC must not take it for a packet that needs no protection. */
	txd.flags &= ~OV2SIM_TX_ESP;
	nic_packet_send(test, &txd);
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, 0, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));
}

static struct kunit_case nic_packet_cases[] = {
	KUNIT_CASE(nic_packet_test_port),
	KUNIT_CASE(nic_packet_test_port_segments),
	KUNIT_CASE(nic_packet_test_damaged),
	KUNIT_CASE(nic_packet_test_mismatch),
	{}
};

static struct kunit_suite nic_packet_suite = {
	.name = "ov2_nic_packet",
	.init = nic_port_init,
	.exit = nic_port_exit,
	.test_cases = nic_packet_cases,
};

kunit_test_suite(nic_packet_suite);
