// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: a NIC whose two ports are linked to each other, for KUnit. */
#include <linux/skbuff.h>
#include <linux/slab.h>
#include "../drivers/ov2sim/nic/frame.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_port.h"

const struct nic_packet nic_port_plain = { .family = OV2_IPV4, .payload = 100 };
const struct nic_packet nic_port_lso = { .family = OV2_IPV4, .payload = 1000, .mss = 100 };
const struct nic_packet nic_port_esp = {
	.family = OV2_IPV4, .esp = true, .iv_len = 8, .icv_len = 16, .block = 4, .payload = 100,
	.seq = 7,
};

int nic_port_init(struct kunit *test)
{
	static const struct ov2sim_port_config config = { 1, NIC_TEST_RING, NIC_TEST_RING };
	struct nic_port *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2_caps caps;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	fix->frames = ov2sim_frames_live();
	fix->sas = ov2sim_sas_live();
	nic_fixture_caps(&caps);
	fix->nic = nic_fixture_create(test, &caps);
	fix->hw = fix->nic->hw;
	test->priv = fix;
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_port_open(fix->hw, i, &config));
		ov2sim_hw_port_features(fix->hw, i, NIC_PORT_ALL_RX);
		ov2sim_hw_port_address(fix->hw, i, nic_packet_addr);
		ov2sim_hw_port_start(fix->hw, i);
	}
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_link(fix->hw, 0, fix->hw, 1));
	for (i = 0; i < NIC_TEST_RING; i++) {
		fix->bufs[i] = kunit_kzalloc(test, NIC_TEST_BUF, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, fix->bufs[i]);
	}
	return 0;
}

void nic_port_post(struct kunit *test, u32 size)
{
	struct nic_port *fix = test->priv;
	void *buf = fix->bufs[fix->posted++ % NIC_TEST_RING];

	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_rx_post(fix->hw, 1, 0, buf, buf, size));
}

bool nic_port_rx(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	return wait_event_timeout(fix->nic->wait,
				  ov2sim_hw_rx_reap(fix->hw, 1, 0, &fix->rxc), 10 * HZ);
}

/* Reap a sent packet and return its status. */
int nic_port_tx_done(struct kunit *test)
{
	struct nic_port *fix = test->priv;

	KUNIT_ASSERT_TRUE(test, wait_event_timeout(fix->nic->wait,
						   ov2sim_hw_tx_reap(fix->hw, 0, 0, &fix->txc),
						   10 * HZ));
	kfree_skb(fix->txc.skb);
	return fix->txc.status;
}

void nic_port_queue(struct kunit *test, const struct nic_packet *p)
{
	struct nic_port *fix = test->priv;
	struct ov2sim_txd txd;

	nic_packet_build(test, p, &txd);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_tx(fix->hw, 0, 0, &txd));
	ov2sim_hw_tx_kick(fix->hw, 0, 0);
}

int nic_port_send(struct kunit *test, const struct nic_packet *p)
{
	nic_port_queue(test, p);
	return nic_port_tx_done(test);
}

u32 *nic_port_fault(struct kunit *test, const char *name)
{
	struct nic_port *fix = test->priv;

	return nic_fixture_fault(test, fix->hw, name);
}

u64 nic_port_stat(struct kunit *test, u32 port, enum ov2sim_stat stat)
{
	struct nic_port *fix = test->priv;
	u64 stats[OV2SIM_STAT_COUNT];

	ov2sim_hw_stats(fix->hw, port, stats);
	return stats[stat];
}

void nic_port_exit(struct kunit *test)
{
	struct nic_port *fix = test->priv;
	u32 i;

	for (i = 0; i < 2; i++) {
		ov2sim_hw_port_stop(fix->hw, i);
		while (ov2sim_hw_tx_reap(fix->hw, i, 0, &fix->txc))
			kfree_skb(fix->txc.skb);
		ov2sim_hw_port_close(fix->hw, i);
	}
	nic_fixture_destroy(fix->nic);
	KUNIT_EXPECT_EQ(test, fix->frames, ov2sim_frames_live());
	KUNIT_EXPECT_EQ(test, fix->sas, ov2sim_sas_live());
}

/* Add an outbound SA to port 0 and its counterpart to port 1. */
void nic_port_add_sas(struct kunit *test, struct ov2_add_sa *out, struct ov2_add_sa *in)
{
	struct nic_port *fix = test->priv;

	nic_fixture_node(out, OV2_OUT);
	nic_fixture_node(in, OV2_IN);
	in->port = 1;
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, out));
	KUNIT_ASSERT_EQ(test, 0, nic_fixture_add(fix->nic, in));
	/* S27: the NIC has taken the keys by now. */
	memset(out->key_area, 0xee, sizeof(out->key_area));
	memset(in->key_area, 0xee, sizeof(in->key_area));
}

/* Build a frame that another host has encrypted with the key of nic_fixture_node(). */
struct sk_buff *nic_port_foreign(struct kunit *test, const struct nic_packet *p,
				 struct ov2sim_txd *txd)
{
	u8 iv[OV2SIM_ESP_IV_MAX] = {};
	struct ov2sim_esp esp;
	struct ov2_add_sa node;
	struct sk_buff *skb;

	nic_fixture_node(&node, OV2_OUT);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_esp_init(&esp, &node));
	skb = nic_packet_build(test, p, txd);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_esp_encrypt(&esp, skb->data + txd->esp_off,
						    skb->len - txd->esp_off, p->seq, iv));
	ov2sim_esp_destroy(&esp);
	txd->flags = 0;
	return skb;
}

/* Send the frame, receive it and return whether it was processed with an SA. */
bool nic_port_foreign_processed(struct kunit *test, const struct ov2sim_txd *txd)
{
	struct nic_port *fix = test->priv;

	nic_port_post(test, NIC_TEST_BUF);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_tx(fix->hw, 0, 0, txd));
	ov2sim_hw_tx_kick(fix->hw, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, nic_port_tx_done(test));
	KUNIT_ASSERT_TRUE(test, nic_port_rx(test));
	return fix->rxc.flags & OV2SIM_RX_ESP_DONE;
}
