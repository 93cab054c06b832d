// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets through xfrm_input(): ESP in UDP, which reaches xfrm by a stand-in, and SaDeleteReq,
 * which the skb carries through xfrm to a protocol callback.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include "../drivers/ov2/rx.h"
#include "xfrm_packet.h"

static const struct fixture_sa input_in = {
	.encap = UDP_ENCAP_ESPINUDP, .mode = XFRM_MODE_TUNNEL, .reqid = 7,
};

static const struct fixture_sa input_in6 = {
	.encap = UDP_ENCAP_ESPINUDP, .mode = XFRM_MODE_TUNNEL, .reqid = 7, .family = AF_INET6,
};

static const struct fixture_sa input_no_encap = { .mode = XFRM_MODE_TUNNEL };

static const struct fixture_sa input_out = {
	.encap = UDP_ENCAP_ESPINUDP, .mode = XFRM_MODE_TUNNEL, .reqid = 7, .out = true,
};

static int input_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return packet_spy_start();
}

static void input_exit(struct kunit *test)
{
	packet_spy_stop();
	fixture_destroy(test->priv);
}

static struct xfrm_state *input_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

static void input_settle(struct fixture *f)
{
	do {
		flush_work(&f->nic->delreq_work);
		fixture_settle(f);
	} while (work_busy(&f->nic->delreq_work));
}

static struct sk_buff *input_standin;

static rx_handler_result_t input_catch(struct sk_buff **skb)
{
	input_standin = *skb;
	return RX_HANDLER_CONSUMED;
}

/* Gives @skb to the core as a driver does. Returns the stand-in that the stack gets, or NULL if
 * there is none.
 */
static struct sk_buff *input_receive(struct fixture *f, struct sk_buff *skb,
				     const struct ov2_rx_meta *meta)
{
	int err;

	input_standin = NULL;
	rtnl_lock();
	err = netdev_rx_handler_register(f->netdev[0], input_catch, NULL);
	rtnl_unlock();
	KUNIT_ASSERT_EQ(f->test, err, 0);
	local_bh_disable();
	KUNIT_EXPECT_EQ(f->test, ov2_rx(fixture_port_of(f, 0), skb, meta), 1);
	local_bh_enable();
	rtnl_lock();
	netdev_rx_handler_unregister(f->netdev[0]);
	rtnl_unlock();
	return input_standin;
}

struct input_row {
	const char *name;
	const struct fixture_sa *sa;
	u32 seq;
	u32 status;
	int err;
	u32 packets;
	u32 failed;
};

static const struct input_row input_rows[] = {
	{ "IPv4", &input_in, 5, CRYPTO_SUCCESS, 0, 1, 0 },
	{ "IPv6", &input_in6, 5, CRYPTO_SUCCESS, 0, 1, 0 },
	{ "IPv4, failed", &input_in, 5, CRYPTO_TUNNEL_ESP_AUTH_FAILED, -1, 0, 1 },
	{ "IPv6, failed", &input_in6, 5, CRYPTO_TUNNEL_ESP_AUTH_FAILED, -1, 0, 1 },
	{ "IPv4, replayed", &input_in, 0, CRYPTO_SUCCESS, -1, 0, 0 },
	{ "IPv6, replayed", &input_in6, 0, CRYPTO_SUCCESS, -1, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(input, input_rows, name);

/* S49, S55: a marked packet in UDP reaches xfrm when its stand-in does, without the padding of its
 * frame. xfrm judges it by its status and number.
 */
static void input_test_udp(struct kunit *test)
{
	const struct input_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = input_sa(f, row->sa);
	struct sk_buff *skb = packet_received(f, x, row->seq);
	u32 inner = row->sa->family == AF_INET6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct ov2_rx_meta meta = {
		.cookie = x->xso.offload_handle,
		.flags = OV2_RX_CRYPTO_DONE,
		.status = row->status,
		.seq = row->seq,
	};

	skb = input_receive(f, skb, &meta);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
	packet_input(skb);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, row->err);
	KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, row->packets);
	KUNIT_EXPECT_EQ(test, x->curlft.bytes, row->packets * inner);
	KUNIT_EXPECT_EQ(test, x->replay.seq, row->packets ? row->seq : 0);
	KUNIT_EXPECT_EQ(test, x->stats.integrity_failed, row->failed);
	input_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 0);
}

/* S59, S60: the core sees SaDeleteReq again at the end of xfrm_input(), whether xfrm accepted the
 * packet or not. It answers once, and no protocol after the core's sees the flag.
 */
static void input_test_delreq(struct kunit *test)
{
	const struct input_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = input_sa(f, row->sa);
	u32 flags = OV2_RX_CRYPTO_DONE | OV2_RX_SA_DELETE_REQ;
	struct sk_buff *skb = packet_received(f, x, row->seq);

	skb = packet_hold(f, skb, x, flags, row->status);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	packet_input(skb);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, row->err);
	KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, row->packets);
	input_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

static void input_to_others(struct sk_buff *skb)
{
	skb->pkt_type = PACKET_OTHERHOST;
}

static void input_no_udp(struct sk_buff *skb)
{
	((struct iphdr *)skb->data)->protocol = IPPROTO_TCP;
}

static void input_too_short(struct sk_buff *skb)
{
	((struct iphdr *)skb->data)->tot_len = htons(sizeof(struct iphdr) + 8 + 7);
}

static void input_no_ip(struct sk_buff *skb)
{
	skb->protocol = htons(ETH_P_ARP);
}

static void input_cut(struct sk_buff *skb)
{
	skb_trim(skb, sizeof(struct iphdr) + 8 + 7);
}

static void input_cut_no_udp(struct sk_buff *skb)
{
	skb_trim(skb, sizeof(struct iphdr) + 7);
}

struct input_odd_row {
	const char *name;
	const struct fixture_sa *sa;
	void (*spoil)(struct sk_buff *skb);
};

static const struct input_odd_row input_odd_rows[] = {
	{ "for another host", &input_in, input_to_others },
	{ "not UDP", &input_in, input_no_udp },
	{ "no room for ESP", &input_in, input_too_short },
	{ "neither IPv4 nor IPv6", &input_in, input_no_ip },
	{ "cut off", &input_in, input_cut },
	{ "cut off, not in UDP", &input_no_encap, input_cut_no_udp },
};

KUNIT_ARRAY_PARAM_DESC(input_odd, input_odd_rows, name);

/* The NIC reports a packet as processed that it cannot have processed. The core drops and counts
 * it, because it may be plaintext.
 */
static void input_test_not_taken(struct kunit *test)
{
	const struct input_odd_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = input_sa(f, row->sa);
	struct sk_buff *skb = packet_received(f, x, 5);
	struct ov2_rx_meta meta = {
		.cookie = x->xso.offload_handle,
		.flags = OV2_RX_CRYPTO_DONE,
		.status = CRYPTO_SUCCESS,
	};
	int ret;

	row->spoil(skb);
	local_bh_disable();
	ret = ov2_rx(fixture_port_of(f, 0), skb, &meta);
	local_bh_enable();
	/* If the core has taken the skb, the test must not use it. */
	KUNIT_ASSERT_LT(test, ret, 0);
	KUNIT_EXPECT_EQ(test, ov2_held_count(), 0);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_MEM) +
			      fixture_packets(f, OV2_PKT_RX_DROP_SA), 1);
	kfree_skb(skb);
}

/* The core passes on a packet that no NIC has processed, and packets with the flag whose cookie
 * does not belong to their state. No SA leaves its NIC.
 */
static void input_test_not_ours(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = input_sa(f, &input_in), *y;
	u32 cookie = x->xso.offload_handle;
	struct sk_buff *skb;

	f->fake->refuse = ~0U;
	y = fixture_sa(f, &input_in);
	fixture_expect_state(f, y, OV2_PHASE_SOFTWARE);
	skb = packet_received(f, x, 1);
	((struct ip_esp_hdr *)(skb->data + 28))->spi ^= htonl(0x10000000);
	packet_input(skb);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 1);
	KUNIT_EXPECT_EQ(test, packet_seen.err, -1);
	KUNIT_EXPECT_EQ(test, packet_seen.flags, 0);

	/* The cookie is that of another state's SA. */
	skb = packet_received(f, y, 1);
	packet_mark(f, skb, y, CRYPTO_DONE | SA_DELETE_REQ);
	swap(y->xso.offload_handle, cookie);
	packet_input(skb);
	swap(y->xso.offload_handle, cookie);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 2);
	KUNIT_EXPECT_EQ(test, packet_seen.err, 0);
	KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE);

	/* The state is not offloaded. */
	skb = packet_received(f, y, 2);
	packet_mark(f, skb, y, CRYPTO_DONE | SA_DELETE_REQ);
	cookie = 0;
	swap(y->xso.offload_handle, cookie);
	packet_input(skb);
	swap(y->xso.offload_handle, cookie);
	KUNIT_EXPECT_EQ(test, packet_seen.packets, 3);
	KUNIT_EXPECT_EQ(test, packet_seen.flags, CRYPTO_DONE);
	input_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S20, S60: xfrm deletes the SA while the packet with the flag is in xfrm_input(). That delete is
 * the answer, and the core does not touch the counterpart.
 */
static void input_test_deleted_on_the_way(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = input_sa(f, &input_in), *out = input_sa(f, &input_out);
	struct sk_buff *skb = packet_received(f, x, 1);

	packet_mark(f, skb, x, CRYPTO_DONE | SA_DELETE_REQ);
	fixture_delete(f, x);
	packet_input(skb);
	/* Not every kernel calls the protocols for a packet whose state is dead. */
	KUNIT_EXPECT_FALSE(test, packet_seen.flags & SA_DELETE_REQ);
	fixture_gc();
	input_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 1);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
}

static struct kunit_case input_cases[] = {
	KUNIT_CASE_PARAM(input_test_udp, input_gen_params),
	KUNIT_CASE_PARAM(input_test_delreq, input_gen_params),
	KUNIT_CASE_PARAM(input_test_not_taken, input_odd_gen_params),
	KUNIT_CASE(input_test_not_ours),
	KUNIT_CASE(input_test_deleted_on_the_way),
	{ }
};

static struct kunit_suite input_suite = {
	.name = "ov2_input",
	.init = input_init,
	.exit = input_exit,
	.test_cases = input_cases,
};

kunit_test_suite(input_suite);
