// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's data path: rings, wires, threads. The two ports of a NIC are linked to each
 * other, so that port 1 receives what port 0 sends.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/iopoll.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/hw.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_port.h"

/* S33: a link is up while both ports are started. */
static void nic_port_test_link(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_fixture *nic = fix->nic;

	KUNIT_EXPECT_TRUE(test, nic->up[0] && nic->up[1]);
	KUNIT_EXPECT_EQ(test, 2, nic->links);
	ov2sim_hw_port_stop(fix->hw, 1);
	KUNIT_EXPECT_FALSE(test, nic->up[0] || nic->up[1]);
	ov2sim_hw_port_start(fix->hw, 1);
	KUNIT_EXPECT_TRUE(test, nic->up[0] && nic->up[1]);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_unlink(fix->hw, 1));
	KUNIT_EXPECT_FALSE(test, nic->up[0] || nic->up[1]);
	KUNIT_EXPECT_EQ(test, -ENOLINK, ov2sim_hw_unlink(fix->hw, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_unlink(fix->hw, 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_link(fix->hw, 0, fix->hw, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_link(fix->hw, 0, fix->hw, 2));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_link(fix->hw, 1, fix->hw, 0));
	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_link(fix->hw, 1, fix->hw, 0));
	KUNIT_EXPECT_EQ(test, 10, nic->links);
}

/* S36, S43: a packet without ESP gets its checksum and is delivered. */
static void nic_port_test_plain_packet(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 1, fix->txc.frames);
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_PTR_EQ(test, fix->bufs[0], fix->rxc.buf);
	KUNIT_EXPECT_EQ(test, 14 + 20 + 32 + 100, fix->rxc.len);
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_CSUM_OK | OV2SIM_RX_HASH_L4, fix->rxc.flags);
	KUNIT_EXPECT_NE(test, 0, fix->rxc.hash);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_WIRE_RX));
}

static void nic_port_test_segments(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	u32 i;

	for (i = 0; i < 10; i++)
		nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_lso));
	KUNIT_EXPECT_EQ(test, 10, fix->txc.frames);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
		KUNIT_EXPECT_TRUE(test, fix->rxc.flags & OV2SIM_RX_CSUM_OK);
	}
}

/* S1, S18, S37, S44, S47, S50: packets before, during and after the life of an SA. */
static void nic_port_test_protected(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_packet p = nic_port_esp;
	struct ov2_add_sa out, in;
	const u8 *buf;
	u32 i;

	for (i = 0; i < 4; i++)
		nic_port_post(test, NIC_TEST_BUF);
	/* Without an SA no frame gets on the wire. */
	p.handle = 1;
	KUNIT_EXPECT_EQ(test, -ENOENT, nic_port_send(test, &p));
	KUNIT_EXPECT_EQ(test, 0, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_SA));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_DROP));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));

	nic_port_add_sas(test, &out, &in);
	p.handle = out.offload_handle;
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &p));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_ESP_DONE | OV2SIM_RX_CSUM_OK | OV2SIM_RX_HASH_L4,
			fix->rxc.flags);
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, fix->rxc.cookie);
	KUNIT_EXPECT_EQ(test, 7ULL, fix->rxc.seq);
	KUNIT_EXPECT_EQ(test, IPPROTO_TCP, fix->rxc.next_header);
	buf = fix->rxc.buf;
	KUNIT_EXPECT_EQ(test, nic_packet_byte(99), buf[14 + 20 + 16 + 32 + 99]);

	/* After the inbound delete the packet arrives encrypted, and after the outbound delete the
	 * send fails.
	 */
	p.seq++;
	KUNIT_EXPECT_EQ(test, 0, nic_fixture_delete(fix->nic, in.offload_handle));
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &p));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_HASH_L4, fix->rxc.flags);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_SA));
	buf = fix->rxc.buf;
	KUNIT_EXPECT_NE(test, nic_packet_byte(98) << 8 | nic_packet_byte(99),
			buf[14 + 20 + 16 + 32 + 98] << 8 | buf[14 + 20 + 16 + 32 + 99]);
	KUNIT_EXPECT_EQ(test, 0, nic_fixture_delete(fix->nic, out.offload_handle));
	KUNIT_EXPECT_EQ(test, -ENOENT, nic_port_send(test, &p));
}

/**
 * struct nic_port_delete - A delete that meets a packet in the TX ring.
 * @out: the SA of the packet
 * @in: its counterpart at port 1
 * @node: the node that deletes one of them
 * @req: the request
 * @packet: the packet
 * @done: number of completed requests when @req completes
 */
struct nic_port_delete {
	struct ov2_add_sa out;
	struct ov2_add_sa in;
	struct ov2_delete_sa node;
	struct ov2_request req;
	struct nic_packet packet;
	unsigned int done;
};

/* Queue a packet and submit the delete of its SA, or of the counterpart if @dir is OV2_IN. Returns
 * with the worker's lock held, so that the packet stays in the ring.
 */
static void nic_port_delete_submit(struct kunit *test, struct nic_port_delete *del,
				   enum ov2_dir dir)
{
	struct nic_port *fix = test->priv;

	nic_port_add_sas(test, &del->out, &del->in);
	del->packet = nic_port_esp;
	del->packet.handle = del->out.offload_handle;
	del->node = (struct ov2_delete_sa){
		.offload_handle = dir == OV2_IN ? del->in.offload_handle : del->out.offload_handle,
	};
	del->req = (struct ov2_request){ .kind = OV2_DELETE_SA, .count = 1, .del = &del->node };
	del->done = READ_ONCE(fix->nic->done_count) + 1;
	mutex_lock(&fix->hw->workers[0].lock);
	nic_port_queue(test, &del->packet);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ov2sim_hw_submit(fix->hw, &del->req));
}

/* Wait until the command thread waits for the worker. */
static void nic_port_delete_wait(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	bool flushing;

	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(READ_ONCE, flushing, flushing, 100,
						   10 * USEC_PER_SEC, false,
						   fix->hw->cmdq.flushing));
}

/* S18: a packet posted before a delete is encrypted with the SA, even if the command thread is
 * faster than the worker.
 */
static void nic_port_test_delete_behind_send(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_port_delete del;

	nic_port_post(test, NIC_TEST_BUF);
	nic_port_delete_submit(test, &del, OV2_OUT);
	nic_port_delete_wait(test);
	KUNIT_EXPECT_EQ(test, del.done - 1, READ_ONCE(fix->nic->done_count));
	mutex_unlock(&fix->hw->workers[0].lock);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
	KUNIT_EXPECT_TRUE(test, nic_fixture_wait_done(fix->nic, del.done));
	KUNIT_EXPECT_EQ(test, -ENOENT, nic_port_send(test, &del.packet));
}

/* The delete of an inbound SA does not wait for workers, because no packet is sent with it. */
static void nic_port_test_delete_inbound(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_port_delete del;

	nic_port_post(test, NIC_TEST_BUF);
	nic_port_delete_submit(test, &del, OV2_IN);
	KUNIT_EXPECT_TRUE(test, nic_fixture_wait_done(fix->nic, del.done));
	mutex_unlock(&fix->hw->workers[0].lock);
	KUNIT_EXPECT_TRUE(test, nic_fixture_wait_done(fix->nic, del.done));
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_FALSE(test, fix->rxc.flags & OV2SIM_RX_ESP_DONE);
}

/* A delete does not wait for a port that stops. */
static void nic_port_test_delete_behind_stop(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_port_delete del;

	nic_port_delete_submit(test, &del, OV2_OUT);
	nic_port_delete_wait(test);
	/* The worker sees the port stopped once it gets its lock. */
	WRITE_ONCE(fix->hw->ports[0].started, false);
	mutex_unlock(&fix->hw->workers[0].lock);
	ov2sim_hw_port_stop(fix->hw, 0);
	KUNIT_EXPECT_TRUE(test, nic_fixture_wait_done(fix->nic, del.done));
	KUNIT_EXPECT_EQ(test, -ECANCELED, nic_port_tx_done(test));
	ov2sim_hw_port_start(fix->hw, 0);
}

/* S46, S47: the padding of a frame is trimmed; SAs do not match packets with a VLAN tag. */
static void nic_port_test_foreign_frames(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd;
	struct sk_buff *skb;
	u32 len;

	nic_port_add_sas(test, &out, &in);
	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	len = skb->len;
	skb_put_zero(skb, 10);
	KUNIT_EXPECT_TRUE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
	KUNIT_EXPECT_EQ(test, len, fix->rxc.len);

	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	skb_put_zero(skb, 4);
	memmove(skb->data + 16, skb->data + 12, len - 12);
	put_unaligned_be32(0x81000005, skb->data + 12);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_EQ(test, len + 4, fix->rxc.len);
}

/* S54: the NIC processes a replayed packet, because xfrm checks for replays. */
static void nic_port_test_replay(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd;
	const u8 *buf;
	u32 i;

	nic_port_add_sas(test, &out, &in);
	for (i = 0; i < 2; i++) {
		nic_port_foreign(test, &nic_port_esp, &txd);
		KUNIT_EXPECT_TRUE(test, nic_port_foreign_processed(test, &txd));
		KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
		buf = fix->rxc.buf;
		KUNIT_EXPECT_EQ(test, nic_packet_byte(99), buf[14 + 20 + 16 + 32 + 99]);
	}
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 1, OV2SIM_STAT_RX_PKTS));
}

/* S55: ESP in UDP is processed if its UDP checksum is 0 or right. */
static void nic_port_test_foreign_udp(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_packet p = nic_port_esp;
	struct ov2sim_txd txd;
	struct ov2_add_sa in;
	struct sk_buff *skb;

	nic_fixture_node(&in, OV2_IN);
	in.port = 1;
	in.encap = OV2_ENCAP_UDP;
	in.encap_sport = htons(4500);
	in.encap_dport = htons(4500);
	p.encap = OV2_ENCAP_UDP;
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, &in));
	nic_port_foreign(test, &p, &txd);
	KUNIT_EXPECT_TRUE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);

	skb = nic_port_foreign(test, &p, &txd);
	put_unaligned_be16(0x1234, skb->data + txd.esp_off - 2);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));

	/* The SA does not match ESP without UDP. */
	nic_port_foreign(test, &nic_port_esp, &txd);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
}

/* S47: a frame to another station, to a group, to all or to address 0 is delivered unchanged and
 * without SaDeleteReq. A frame to the new address of the port is processed.
 */
static void nic_port_test_foreign_address(struct kunit *test)
{
	static const u8 addrs[][ETH_ALEN] __aligned(2) = {
		{ 0x02, 0, 0, 0, 0, 0x02 }, { 0x03, 0, 0, 0, 0, 0x01 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, {},
	};
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd;
	struct sk_buff *skb;
	u8 sent[256];
	u32 i, len;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_delete_req(fix->hw, in.offload_handle));
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		skb = nic_port_foreign(test, &nic_port_esp, &txd);
		memcpy(skb->data, addrs[i], ETH_ALEN);
		len = skb->len;
		KUNIT_ASSERT_LE(test, len, sizeof(sent));
		memcpy(sent, skb->data, len);
		KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
		KUNIT_EXPECT_EQ(test, OV2SIM_RX_HASH_L4, fix->rxc.flags);
		KUNIT_EXPECT_EQ(test, len, fix->rxc.len);
		KUNIT_EXPECT_MEMEQ(test, sent, fix->rxc.buf, len);
	}
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 1, OV2SIM_STAT_RX_PKTS));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_SA));

	ov2sim_hw_port_address(fix->hw, 1, addrs[0]);
	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	memcpy(skb->data, addrs[0], ETH_ALEN);
	KUNIT_EXPECT_TRUE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, fix->rxc.status);
	nic_port_foreign(test, &nic_port_esp, &txd);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
}

/* A port without an address processes no frame, not even one to address 0. */
static void nic_port_test_no_address(struct kunit *test)
{
	static const u8 none[ETH_ALEN] __aligned(2);
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct ov2sim_txd txd;
	struct sk_buff *skb;

	nic_port_add_sas(test, &out, &in);
	ov2sim_hw_port_address(fix->hw, 1, none);
	skb = nic_port_foreign(test, &nic_port_esp, &txd);
	eth_zero_addr(skb->data);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
}

/* S37: a send with the handle of another port's SA fails and is counted. */
static void nic_port_test_other_port(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_packet p = nic_port_esp;
	struct ov2_add_sa out;

	nic_fixture_node(&out, OV2_OUT);
	out.port = 1;
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, &out));
	p.handle = out.offload_handle;
	KUNIT_EXPECT_EQ(test, -ENOENT, nic_port_send(test, &p));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_SA));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 0, OV2SIM_STAT_TX_DROP));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));
}

/* S47: an inbound SA of another port does not match. */
static void nic_port_test_other_port_in(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;
	struct ov2_add_sa in;

	nic_fixture_node(&in, OV2_IN);
	in.port = 0;
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, &in));
	nic_port_foreign(test, &nic_port_esp, &txd);
	KUNIT_EXPECT_FALSE(test, nic_port_foreign_processed(test, &txd));
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_SA));
}

/* S31: if receive offload is off packets arrive unprocessed. */
static void nic_port_test_esp_rx_off(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct nic_packet p = nic_port_esp;
	struct ov2_add_sa out, in;

	nic_port_post(test, NIC_TEST_BUF);
	nic_port_add_sas(test, &out, &in);
	ov2sim_hw_port_features(fix->hw, 1, 0);
	p.handle = out.offload_handle;
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &p));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	KUNIT_EXPECT_EQ(test, OV2SIM_RX_HASH_L4, fix->rxc.flags);
}

/* S44: a packet that does not match its SA is not sent, neither encrypted nor in clear. */
static void nic_port_test_mismatch(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;
	struct nic_packet p = nic_port_esp;
	struct ov2sim_txd txd;
	u32 i;

	nic_port_add_sas(test, &out, &in);
	p.handle = out.offload_handle;
	for (i = 0; i < 4; i++) {
		nic_packet_build(test, &p, &txd);
		if (i == 0)
			txd.skb->data[txd.esp_off] ^= 1;	/* another SPI */
		else if (i == 1)
			txd.seq++;				/* another number */
		else if (i == 2)
			skb_put_zero(txd.skb, 4);		/* longer than the IP packet */
		else
			txd.csum_start = 14;			/* outside of the payload */
		KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_tx(fix->hw, 0, 0, &txd));
		ov2sim_hw_tx_kick(fix->hw, 0, 0);
		KUNIT_EXPECT_EQ(test, i < 2 ? -EIO : -EINVAL, nic_port_tx_done(test));
	}
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 0, OV2SIM_STAT_TX_MISMATCH));
	KUNIT_EXPECT_EQ(test, 2, nic_port_stat(test, 0, OV2SIM_STAT_TX_BAD));
	KUNIT_EXPECT_EQ(test, 4, nic_port_stat(test, 0, OV2SIM_STAT_TX_DROP));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_WIRE_TX));
}

/* Without a link a packet is dropped and counted, and its descriptor comes back. */
static void nic_port_test_no_link(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	ov2sim_hw_port_stop(fix->hw, 1);
	KUNIT_EXPECT_EQ(test, -ENETDOWN, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_unlink(fix->hw, 0));
	KUNIT_EXPECT_EQ(test, -ENOLINK, nic_port_send(test, &nic_port_lso));
	KUNIT_EXPECT_EQ(test, 0, fix->txc.frames);
	KUNIT_EXPECT_EQ(test, 11, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_LINK));
}

/* A frame waits for a buffer. Posting one wakes the NIC. */
static void nic_port_test_waits_for_buffer(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_rx_reap(fix->hw, 1, 0, &fix->rxc));
	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_TRUE(test, nic_port_rx(test));
}

/* Received frames wait without a time limit. When their port is full the sender drops one packet
 * after the other, and both ends count the frames. The first packet fills the fifo, the second is
 * dropped, and the third waits until there is room.
 */
static void nic_port_test_drops_without_buffer(struct kunit *test)
{
	const struct nic_packet full = { .family = OV2_IPV4, .payload = 100 * OV2SIM_FIFO_MAX,
					 .mss = 100 };
	struct nic_port *fix = test->priv;
	u32 i, frames;

	nic_port_queue(test, &full);
	nic_port_queue(test, &nic_port_lso);
	nic_port_queue(test, &nic_port_plain);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, -ENOSPC, nic_port_tx_done(test));
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_tx_reap(fix->hw, 0, 0, &fix->txc));
	for (frames = 0; frames < OV2SIM_FIFO_MAX + 1; frames++) {
		/* A ring full at once */
		for (i = 0; frames % NIC_TEST_RING == 0 && i < NIC_TEST_RING; i++)
			nic_port_post(test, NIC_TEST_BUF);
		if (!nic_port_rx(test))
			break;
	}
	KUNIT_EXPECT_EQ(test, OV2SIM_FIFO_MAX + 1, frames);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, 10, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_ROOM));
	KUNIT_EXPECT_EQ(test, 10, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_BUFFER));
}

static void nic_port_test_too_long(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	u32 i;

	nic_port_post(test, 14 + 20 + 32 + 99);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	for (i = 0; i < 1000 && ov2sim_frames_live() != fix->frames; i++)
		wait_event_timeout(fix->nic->wait, false, 1);
	KUNIT_EXPECT_EQ(test, 1, nic_port_stat(test, 1, OV2SIM_STAT_RX_TOO_LONG));
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_rx_reap(fix->hw, 1, 0, &fix->rxc));
}

/* S33: after a stop the driver gets all buffers back, and the port accepts no packets. */
static void nic_port_test_stop_returns(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;
	u32 i;

	nic_port_post(test, NIC_TEST_BUF);
	nic_port_post(test, NIC_TEST_BUF);
	ov2sim_hw_port_stop(fix->hw, 1);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, ov2sim_hw_rx_reap(fix->hw, 1, 0, &fix->rxc));
		KUNIT_EXPECT_EQ(test, OV2SIM_RX_RETURNED, fix->rxc.flags);
		KUNIT_EXPECT_PTR_EQ(test, fix->bufs[i], fix->rxc.buf);
	}
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_rx_reap(fix->hw, 1, 0, &fix->rxc));

	/* S64 */
	ov2sim_hw_port_stop(fix->hw, 0);
	nic_packet_build(test, &nic_port_plain, &txd);
	KUNIT_EXPECT_EQ(test, -ENETDOWN, ov2sim_hw_tx(fix->hw, 0, 0, &txd));
	kfree_skb(txd.skb);
	KUNIT_EXPECT_EQ(test, NIC_TEST_RING, ov2sim_hw_tx_room(fix->hw, 0, 0));
}

/* A reset drops and counts packets inside the NIC. Descriptors come back, buffers stay posted. */
static void nic_port_test_reset(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2_add_sa out, in;

	nic_port_add_sas(test, &out, &in);
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_lso));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->hw));
	KUNIT_EXPECT_EQ(test, fix->frames, ov2sim_frames_live());
	KUNIT_EXPECT_EQ(test, fix->sas, ov2sim_sas_live());
	KUNIT_EXPECT_EQ(test, 10, nic_port_stat(test, 1, OV2SIM_STAT_RESET_DROP));

	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->hw));
	KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
	KUNIT_EXPECT_TRUE(test, nic_port_rx(test));
}

/* A reset also returns descriptors that wait for room at the other end, and raises tx_irq. */
static void nic_port_test_reset_waiting(struct kunit *test)
{
	const struct nic_packet p = { .family = OV2_IPV4, .payload = 60000, .mss = 100 };
	struct nic_port *fix = test->priv;
	unsigned int irqs;

	nic_port_queue(test, &p);
	nic_port_queue(test, &p);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	irqs = READ_ONCE(fix->nic->irqs);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->hw));
	KUNIT_EXPECT_GT(test, READ_ONCE(fix->nic->irqs), irqs);
	KUNIT_EXPECT_EQ(test, -ECANCELED, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, fix->frames, ov2sim_frames_live());
}

/* A full ring accepts no more, and the indices may wrap. */
static void nic_port_test_rings(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;
	u32 i;

	for (i = 0; i < NIC_TEST_RING; i++)
		nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_hw_rx_post(fix->hw, 1, 0, fix->bufs[0],
							 fix->bufs[0], NIC_TEST_BUF));
	for (i = 0; i < NIC_TEST_RING; i++)
		nic_port_queue(test, &nic_port_plain);
	nic_packet_build(test, &nic_port_plain, &txd);
	KUNIT_EXPECT_EQ(test, -ENOSPC, ov2sim_hw_tx(fix->hw, 0, 0, &txd));
	kfree_skb(txd.skb);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_tx_room(fix->hw, 0, 0));
	for (i = 0; i < NIC_TEST_RING; i++) {
		KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
		KUNIT_EXPECT_TRUE(test, nic_port_rx(test));
	}
	for (i = 0; i < 3 * NIC_TEST_RING; i++) {
		nic_port_post(test, NIC_TEST_BUF);
		KUNIT_EXPECT_EQ(test, 0, nic_port_send(test, &nic_port_plain));
		KUNIT_EXPECT_TRUE(test, nic_port_rx(test));
	}
}

/* A full receiver makes the sender wait, and no frame is lost if it reads on before the sender's
 * timeout. The third packet finds 8 frames too many in the fifo.
 */
static void nic_port_test_pause(struct kunit *test)
{
	const struct nic_packet p = { .family = OV2_IPV4, .payload = 26000, .mss = 100 };
	struct nic_port *fix = test->priv;
	u32 frames = 0;
	u32 i;

	for (i = 0; i < 3; i++)
		nic_port_queue(test, &p);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_FALSE(test, ov2sim_hw_tx_reap(fix->hw, 0, 0, &fix->txc));
	for (frames = 0; frames < 3 * 260; frames++) {
		/* A ring full at once */
		for (i = 0; frames % NIC_TEST_RING == 0 && i < NIC_TEST_RING; i++)
			nic_port_post(test, NIC_TEST_BUF);
		if (!nic_port_rx(test))
			break;
	}
	KUNIT_EXPECT_EQ(test, 3 * 260, frames);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 0, OV2SIM_STAT_TX_NO_ROOM));
	KUNIT_EXPECT_EQ(test, 0, nic_port_stat(test, 1, OV2SIM_STAT_RX_NO_BUFFER));
}

static void nic_port_test_open_refuses(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_port_config config = { 1, NIC_TEST_RING, NIC_TEST_RING };

	KUNIT_EXPECT_EQ(test, -EBUSY, ov2sim_hw_port_open(fix->hw, 0, &config));
	config.queues = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_port_open(fix->hw, 0, &config));
	config.queues = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_port_open(fix->hw, 0, &config));
	config = (struct ov2sim_port_config){ 1, 15, 16 };
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_port_open(fix->hw, 0, &config));
	config = (struct ov2sim_port_config){ 1, 16, 0 };
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_hw_port_open(fix->hw, 0, &config));
}

static struct kunit_case nic_port_cases[] = {
	KUNIT_CASE(nic_port_test_link),
	KUNIT_CASE(nic_port_test_plain_packet),
	KUNIT_CASE(nic_port_test_segments),
	KUNIT_CASE(nic_port_test_protected),
	KUNIT_CASE(nic_port_test_delete_behind_send),
	KUNIT_CASE(nic_port_test_delete_inbound),
	KUNIT_CASE(nic_port_test_delete_behind_stop),
	KUNIT_CASE(nic_port_test_foreign_frames),
	KUNIT_CASE(nic_port_test_replay),
	KUNIT_CASE(nic_port_test_foreign_udp),
	KUNIT_CASE(nic_port_test_foreign_address),
	KUNIT_CASE(nic_port_test_no_address),
	KUNIT_CASE(nic_port_test_other_port),
	KUNIT_CASE(nic_port_test_other_port_in),
	KUNIT_CASE(nic_port_test_esp_rx_off),
	KUNIT_CASE(nic_port_test_mismatch),
	KUNIT_CASE(nic_port_test_no_link),
	KUNIT_CASE(nic_port_test_waits_for_buffer),
	KUNIT_CASE(nic_port_test_drops_without_buffer),
	KUNIT_CASE(nic_port_test_too_long),
	KUNIT_CASE(nic_port_test_stop_returns),
	KUNIT_CASE(nic_port_test_reset),
	KUNIT_CASE(nic_port_test_reset_waiting),
	KUNIT_CASE(nic_port_test_rings),
	KUNIT_CASE(nic_port_test_pause),
	KUNIT_CASE(nic_port_test_open_refuses),
	{}
};

static struct kunit_suite nic_port_suite = {
	.name = "ov2_nic_port",
	.init = nic_port_init,
	.exit = nic_port_exit,
	.test_cases = nic_port_cases,
};

kunit_test_suite(nic_port_suite);
