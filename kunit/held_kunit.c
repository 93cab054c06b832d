// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that are held while a stand-in goes through the stack: the content of the stand-in, the
 * exchange, and the cases in which there is none.
 */
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include "../drivers/ov2/rx.h"
#include "xfrm_packet.h"

#define HELD_ESP_OFF	(sizeof(struct iphdr) + sizeof(struct udphdr))
#define HELD_TEXT	(HELD_ESP_OFF + sizeof(struct ip_esp_hdr))
#define HELD_TICKET	16

static const struct fixture_sa held_in = {
	.encap = UDP_ENCAP_ESPINUDP, .mode = XFRM_MODE_TUNNEL, .reqid = 7,
};

static int held_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return packet_spy_start();
}

static void held_exit(struct kunit *test)
{
	packet_spy_stop();
	fixture_destroy(test->priv);
}

static struct xfrm_state *held_sa(struct fixture *f)
{
	struct xfrm_state *x = fixture_sa(f, &held_in);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

static struct sk_buff *held_standin(struct fixture *f, struct xfrm_state *x, u32 seq)
{
	struct sk_buff *standin = packet_hold(f, packet_received(f, x, seq), x,
					      OV2_RX_CRYPTO_DONE, CRYPTO_SUCCESS);

	KUNIT_ASSERT_NOT_NULL(f->test, standin);
	return standin;
}

/* A stand-in has the headers and the length of the packet, and none of its plaintext. */
static void held_test_shows(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *skb = packet_received(f, x, 5), *standin;
	u8 head[HELD_TEXT];
	u32 len = ntohs(((struct iphdr *)skb->data)->tot_len), i;

	memcpy(head, skb->data, sizeof(head));
	standin = packet_hold(f, skb, x, OV2_RX_CRYPTO_DONE, CRYPTO_SUCCESS);
	KUNIT_ASSERT_NOT_NULL(test, standin);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 1);
	KUNIT_EXPECT_NULL(test, skb_sec_path(standin));
	KUNIT_EXPECT_EQ(test, standin->len, len);
	KUNIT_EXPECT_TRUE(test, standin->ip_summed == CHECKSUM_UNNECESSARY);
	KUNIT_EXPECT_MEMEQ(test, standin->data, head, sizeof(head));
	for (i = HELD_TEXT + HELD_TICKET; i < len; i++)
		KUNIT_EXPECT_EQ(test, standin->data[i], 0);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 0);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
}

/* The packet inherits what the stack has done to its stand-in. */
static void held_test_adopts(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *standin;

	x->props.smark.v = 0x42;
	x->props.smark.m = 0xff;
	standin = held_standin(f, x, 5);
	standin->mark = 0x1200;
	standin->dev = f->netdev[1];
	((struct iphdr *)standin->data)->saddr ^= htonl(1);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, 0);
	KUNIT_EXPECT_EQ(test, packet_seen.mark, 0x1242);
	KUNIT_EXPECT_PTR_EQ(test, packet_seen.dev, f->netdev[1]);
}

static void held_spoil_spi(struct sk_buff *skb)
{
	((struct ip_esp_hdr *)(skb->data + HELD_ESP_OFF))->spi ^= htonl(1);
}

struct held_row {
	const char *name;
	void (*spoil)(struct sk_buff *skb);
};

static const struct held_row held_rows[] = {
	{ "another SPI", held_spoil_spi },
};

KUNIT_ARRAY_PARAM_DESC(held, held_rows, name);

/* A stand-in was changed: its packet is dropped and counted. */
static void held_test_spoilt(struct kunit *test)
{
	const struct held_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *standin = held_standin(f, x, 5);

	row->spoil(standin);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 0);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_HELD), 1);
}

/* NAT has changed the destination: software finds no state for the stand-in, and the packet remains
 * held.
 */
static void held_test_nat(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *standin = held_standin(f, x, 5);

	((struct iphdr *)standin->data)->daddr ^= htonl(1);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
}

/* Software processes a packet that is no stand-in, even if the packet guesses a ticket. */
static void held_test_forged(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *standin = held_standin(f, x, 5), *forged;

	forged = skb_copy(standin, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, forged);
	forged->data[HELD_TEXT + HELD_TICKET - 1] ^= 1;
	packet_input(forged);
	/* Software has tried to decrypt it. */
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, -1);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, 1);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 1);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
}

/* The stack has copied the stand-in: xfrm gets the packet once. */
static void held_test_copied(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *standin = held_standin(f, x, 5), *copy;

	copy = skb_copy(standin, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	packet_input(standin);
	packet_input(copy);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 1);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, 0);
}

/* The table is full: the oldest packets are dropped, and their stand-ins find nothing. */
static void held_test_full(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	struct sk_buff *first = held_standin(f, x, 1), *last = NULL;
	u32 i;

	for (i = 2; i <= OV2_HELD_MAX + 1; i++) {
		if (last)
			kfree_skb(last);
		last = held_standin(f, x, i);
	}
	KUNIT_EXPECT_EQ(test, ov2_held_count(), OV2_HELD_MAX);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_HELD), 1);
	packet_input(first);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
	packet_input(last);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), OV2_HELD_MAX - 1);
}

/* xfrm deletes the state: the packets that are held do not keep it. */
static void held_test_deleted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);
	unsigned long end = jiffies + 10 * HZ;
	struct sk_buff *standin = held_standin(f, x, 5);

	/* It would free them as well, but later. */
	disable_delayed_work_sync(&ov2_held_later);
	fixture_delete(f, x);
	while (ov2_held_count() && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	enable_delayed_work(&ov2_held_later);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_HELD), 1);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
}

/* S54: the window moves while the stand-in is on its way, so far that xfrm infers another upper
 * half. The packet is late and must not count as new.
 */
static void held_test_late(struct kunit *test)
{
	struct fixture_sa esn = held_in;
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct sk_buff *standin;

	esn.esn = true;
	x = fixture_sa(f, &esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	standin = held_standin(f, x, 5);
	spin_lock_bh(&x->lock);
	x->replay_esn->seq = 1000;
	spin_unlock_bh(&x->lock);
	packet_input(standin);
	KUNIT_EXPECT_EQ(test, packet_seen.err, -1);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	KUNIT_EXPECT_EQ(test, x->replay_esn->seq, 1000);
	KUNIT_EXPECT_EQ(test, x->replay_esn->seq_hi, 0);
}

/* The device is unregistered: the packets that it has received are freed. */
static void held_test_unregister(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = held_sa(f);

	kfree_skb(held_standin(f, x, 5));
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 1);
	fixture_close(f);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 0);
}

static struct kunit_case held_cases[] = {
	KUNIT_CASE(held_test_shows),
	KUNIT_CASE(held_test_adopts),
	KUNIT_CASE_PARAM(held_test_spoilt, held_gen_params),
	KUNIT_CASE(held_test_forged),
	KUNIT_CASE(held_test_copied),
	KUNIT_CASE(held_test_full),
	KUNIT_CASE(held_test_deleted),
	KUNIT_CASE(held_test_late),
	KUNIT_CASE(held_test_nat),
	KUNIT_CASE(held_test_unregister),
	{ }
};

static struct kunit_suite held_suite = {
	.name = "ov2_held",
	.init = held_init,
	.exit = held_exit,
	.test_cases = held_cases,
};

kunit_test_suite(held_suite);
