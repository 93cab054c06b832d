// SPDX-License-Identifier: GPL-2.0-only
/* The receive path of the core: what ov2_rx() does with a packet and the NIC's report, in every
 * state of an SA.
 */
#include <linux/skbuff.h>
#include "fault.h"
#include "../drivers/ov2/rx.h"
#include "xfrm_fixture.h"

static int rx_init(struct kunit *test)
{
	fixture_create(test, NULL);
	return 0;
}

static void rx_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static struct sk_buff *rx_skb(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_zero(skb, 64);
	return skb;
}

static int rx_meta(struct fixture *f, struct sk_buff *skb, const struct ov2_rx_meta *meta)
{
	int ret;

	local_bh_disable();
	rcu_read_lock();
	ret = ov2_rx_mark(fixture_port_of(f, 0), skb, meta);
	rcu_read_unlock();
	local_bh_enable();
	return ret;
}

static int rx_one(struct fixture *f, struct sk_buff *skb, u32 cookie, u32 status)
{
	struct ov2_rx_meta meta = {
		.cookie = cookie,
		.flags = OV2_RX_CRYPTO_DONE,
		.status = status,
	};

	return rx_meta(f, skb, &meta);
}

/* The packet is marked as xfrm needs it. */
static void rx_expect_marked(struct fixture *f, struct xfrm_state *x, u32 status)
{
	struct sk_buff *skb = rx_skb(f->test);
	u32 refs = refcount_read(&x->refcnt);
	const struct xfrm_offload *xo;
	struct sec_path *sp;

	KUNIT_EXPECT_EQ(f->test, rx_one(f, skb, x->xso.offload_handle, status), 1);
	sp = skb_sec_path(skb);
	xo = xfrm_offload(skb);
	KUNIT_ASSERT_NOT_NULL(f->test, sp);
	KUNIT_ASSERT_NOT_NULL(f->test, xo);
	KUNIT_EXPECT_EQ(f->test, (int)sp->len, 1);
	KUNIT_EXPECT_EQ(f->test, (int)sp->olen, 1);
	KUNIT_EXPECT_PTR_EQ(f->test, sp->xvec[0], x);
	KUNIT_EXPECT_EQ(f->test, xo->flags, CRYPTO_DONE);
	KUNIT_EXPECT_EQ(f->test, xo->status, status);
	KUNIT_EXPECT_EQ(f->test, refcount_read(&x->refcnt), refs + 1);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(f->test, refcount_read(&x->refcnt), refs);
}

/* ov2_rx() tells the driver to drop the packet, counts it, and leaves no mark on it. */
static void rx_expect_dropped(struct fixture *f, u32 cookie)
{
	u64 dropped = fixture_packets(f, OV2_PKT_RX_DROP_SA);
	struct sk_buff *skb = rx_skb(f->test);

	KUNIT_EXPECT_EQ(f->test, rx_one(f, skb, cookie, CRYPTO_SUCCESS), -ENOENT);
	KUNIT_EXPECT_NULL(f->test, skb_sec_path(skb));
	KUNIT_EXPECT_EQ(f->test, fixture_packets(f, OV2_PKT_RX_DROP_SA), dropped + 1);
	kfree_skb(skb);
}

/* S46, S50: packets of an offloaded SA are marked, even if they arrive before the add completes. */
static void rx_test_marks(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, NULL);

	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	rx_expect_marked(f, x, CRYPTO_SUCCESS);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	rx_expect_marked(f, x, CRYPTO_SUCCESS);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_MARKED), 2);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_SA), 0);
}

struct rx_status_row {
	const char *name;
	u32 status;
};

static const struct rx_status_row rx_status_rows[] = {
	{ "generic error", CRYPTO_GENERIC_ERROR },
	{ "transport, authentication", CRYPTO_TRANSPORT_ESP_AUTH_FAILED },
	{ "tunnel, authentication", CRYPTO_TUNNEL_ESP_AUTH_FAILED },
	{ "syntax", CRYPTO_INVALID_PACKET_SYNTAX },
	{ "protocol", CRYPTO_INVALID_PROTOCOL },
};

KUNIT_ARRAY_PARAM_DESC(rx_status, rx_status_rows, name);

/* S49: a packet that failed is delivered with its status, and the stack decides. */
static void rx_test_failed(struct kunit *test)
{
	const struct rx_status_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	rx_expect_marked(f, x, row->status);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_FAILED), 1);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_MARKED), 0);
}

/* S47, S48, S50: a packet that the NIC has not processed is not marked, whatever else the NIC
 * reports.
 */
static void rx_test_unprocessed(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct ov2_rx_meta meta = { };
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, ov2_rx(fixture_port_of(f, 0), skb, &meta), 0);
	meta.cookie = x->xso.offload_handle;
	meta.status = CRYPTO_SUCCESS;
	KUNIT_EXPECT_EQ(test, ov2_rx(fixture_port_of(f, 0), skb, &meta), 0);
	local_bh_enable();
	KUNIT_EXPECT_NULL(test, skb_sec_path(skb));
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_MARKED), 0);
	kfree_skb(skb);
}

/* S1: an SA that was never in the NIC receives no packets, and neither does a cookie without an SA.
 */
static void rx_test_never_offloaded(struct kunit *test)
{
	struct fixture_sa out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *sent, *queued, *refused;

	f->fake->mode = FAKE_NOW;
	sent = fixture_sa(f, &out);
	fixture_expect_state(f, sent, OV2_PHASE_OFFLOADED);
	rx_expect_dropped(f, sent->xso.offload_handle);
	f->fake->refuse = ~0U;
	refused = fixture_sa(f, NULL);
	fixture_expect_state(f, refused, OV2_PHASE_SOFTWARE);
	rx_expect_dropped(f, refused->xso.offload_handle);
	f->fake->refuse = 0;
	f->fake->mode = FAKE_BUSY;
	queued = fixture_sa(f, NULL);
	fixture_expect_state(f, queued, OV2_PHASE_QUEUED);
	rx_expect_dropped(f, queued->xso.offload_handle);
	rx_expect_dropped(f, 0);
	rx_expect_dropped(f, queued->xso.offload_handle + 1000);
}

/* S18, S20: from xfrm's delete on an SA receives no packets, although the NIC may still have it.
 * S9: new SAs do not get its cookie.
 */
static void rx_test_deleted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x, *newer;
	u32 cookie;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	cookie = x->xso.offload_handle;
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fake_nic_wait(f->fake, 1);
	rx_expect_dropped(f, cookie);
	fixture_gc();
	rx_expect_dropped(f, cookie);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, newer, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_NE(test, newer->xso.offload_handle, cookie);
	rx_expect_dropped(f, cookie);
	rx_expect_marked(f, newer, CRYPTO_SUCCESS);
}

/* S20, S61: an SA that leaves the NIC but stays in xfrm receives packets, even after its delete is
 * complete, because the NIC had processed them before.
 */
static void rx_test_demoting(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct ov2_caps caps;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	ov2_nic_caps(f->nic, &caps);
	caps.families = BIT(OV2_IPV6);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fake_nic_wait(f->fake, 1);
	fixture_expect_state(f, x, OV2_PHASE_DEMOTING);
	rx_expect_marked(f, x, CRYPTO_SUCCESS);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	rx_expect_marked(f, x, CRYPTO_SUCCESS);
	fixture_delete(f, x);
	rx_expect_dropped(f, x->xso.offload_handle);
}

/* Without memory for the mark the packet is dropped and counted, because software would decrypt
 * plaintext. The reference on the state is put.
 */
static void rx_test_no_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct xfrm_state *x;
	u32 refs;
	int err;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	refs = refcount_read(&x->refcnt);
	fault_nth(test, 1);
	err = rx_one(f, skb, x->xso.offload_handle, CRYPTO_SUCCESS);
	KUNIT_EXPECT_TRUE(test, fault_done());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_NULL(test, skb_sec_path(skb));
	KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DROP_MEM), 1);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_MARKED), 0);
	kfree_skb(skb);
	rx_expect_marked(f, x, CRYPTO_SUCCESS);
}

/* The cookie is that of an SA of another NIC. */
static void rx_test_other_nic(struct kunit *test)
{
	struct fixture *f = test->priv, *other;
	struct xfrm_state *x;

	other = fixture_create(test, NULL);
	test->priv = f;
	other->next_spi += 100;
	other->fake->mode = FAKE_NOW;
	x = fixture_sa(other, NULL);
	fixture_expect_state(other, x, OV2_PHASE_OFFLOADED);
	rx_expect_dropped(f, x->xso.offload_handle);
	fixture_destroy(other);
}

/* The last reference on a state is put without a delete: no packet may get a reference again, and
 * the SA leaves the NIC.
 */
static void rx_test_free_without_delete(struct kunit *test)
{
	static const struct fixture_sa plain;
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct xfrm_state *x;
	u32 cookie;

	f->fake->mode = FAKE_NOW;
	x = fixture_state(f, &plain);
	KUNIT_ASSERT_EQ(test, fixture_dev_add(f, x, &plain), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	cookie = x->xso.offload_handle;
	x->km.state = XFRM_STATE_DEAD;
	rcu_read_lock();
	xfrm_state_put(x);
	KUNIT_EXPECT_EQ(test, rx_one(f, skb, cookie, CRYPTO_SUCCESS), -ENOENT);
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, skb_sec_path(skb));
	kfree_skb(skb);
	fixture_gc();
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	rx_expect_dropped(f, cookie);
}

/* The NIC should not have processed three kinds of packets: those with the cookie of another port's
 * SA, those to another MAC address, and those that a port has received in another namespace than
 * its SA is in.
 */
static void rx_test_not_for_the_port(struct kunit *test)
{
	const struct fixture_sa other = { .port = 1 };
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, &other);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	rx_expect_dropped(f, x->xso.offload_handle);
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb->pkt_type = PACKET_OTHERHOST;
	KUNIT_EXPECT_EQ(test, rx_one(f, skb, x->xso.offload_handle, CRYPTO_SUCCESS), -ENOENT);
	KUNIT_EXPECT_NULL(test, skb_sec_path(skb));
	kfree_skb(skb);
	fixture_entry(x)->pair.id.net = NULL;
	rx_expect_dropped(f, x->xso.offload_handle);
	fixture_entry(x)->pair.id.net = &init_net;
}

/* The core sets the output mark of the SA on the packet, as xfrm does after software has decrypted.
 */
static void rx_test_output_mark(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	x->props.smark.v = 0x42;
	x->props.smark.m = 0xff;
	skb->mark = 0x1234;
	KUNIT_EXPECT_EQ(test, rx_one(f, skb, x->xso.offload_handle, CRYPTO_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, skb->mark, 0x1242);
	kfree_skb(skb);
}

struct rx_esn_row {
	const char *name;
	u64 window;	/* right edge of xfrm's window */
	u64 seq;	/* number that the NIC has used */
	u32 status;
	int ret;
	u32 marked;
	bool counted;
};

/* The window has 32 packets. */
static const struct rx_esn_row rx_esn_rows[] = {
	{ "agrees", 1000, 1001, CRYPTO_SUCCESS, 1, CRYPTO_SUCCESS, false },
	{ "agrees, failed", 1000, 1001, CRYPTO_TUNNEL_ESP_AUTH_FAILED, 1,
	  CRYPTO_TUNNEL_ESP_AUTH_FAILED, false },
	{ "agrees, over the wrap", 0xffffffff, 0x100000005, CRYPTO_SUCCESS, 1, CRYPTO_SUCCESS,
	  false },
	{ "replay that xfrm would take for the next round", 1000, 100, CRYPTO_SUCCESS, 1,
	  CRYPTO_TRANSPORT_ESP_AUTH_FAILED, true },
	{ "NIC behind after NEWAE", 0x100001388, 5001, CRYPTO_TRANSPORT_ESP_AUTH_FAILED, 0, 0,
	  true },
	{ "NIC ahead after NEWAE", 1000, 0x100000400, CRYPTO_TRANSPORT_ESP_AUTH_FAILED, 0, 0,
	  true },
};

KUNIT_ARRAY_PARAM_DESC(rx_esn, rx_esn_rows, name);

/* S54: xfrm infers the upper half of a number as well. If the NIC has used a different one, the
 * core ignores a good verdict, and software decrypts a packet that failed. The NIC is not updated
 * until xfrm's window moves.
 */
static void rx_test_esn_numbers(struct kunit *test)
{
	const struct rx_esn_row *row = test->param_value;
	const struct fixture_sa esn = { .esn = true, .seq = row->window };
	struct ov2_rx_meta meta = {
		.flags = OV2_RX_CRYPTO_DONE, .status = row->status, .seq = row->seq,
	};
	struct fixture *f = test->priv;
	struct sk_buff *skb = rx_skb(test);
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, &esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	meta.cookie = x->xso.offload_handle;
	KUNIT_EXPECT_EQ(test, rx_meta(f, skb, &meta), row->ret);
	if (row->ret)
		KUNIT_EXPECT_EQ(test, xfrm_offload(skb)->status, row->marked);
	else
		KUNIT_EXPECT_NULL(test, skb_sec_path(skb));
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_UPDATE_SUCCESS), 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_SEQ_MISMATCH), row->counted);
	kfree_skb(skb);
}

/* The NIC has verified @count packets with the number @seq. */
static void rx_repeat(struct fixture *f, struct xfrm_state *x, u64 seq, u32 count)
{
	struct ov2_rx_meta meta = {
		.flags = OV2_RX_CRYPTO_DONE,
		.status = CRYPTO_SUCCESS,
		.cookie = x->xso.offload_handle,
		.seq = seq,
	};

	while (count--) {
		struct sk_buff *skb = rx_skb(f->test);

		rx_meta(f, skb, &meta);
		kfree_skb(skb);
	}
}

/* An SA leaves a NIC that infers wrong numbers 4,096 times in a row, and waits in software. */
static void rx_test_esn_mistrust(struct kunit *test)
{
	const struct fixture_sa esn = { .esn = true, .seq = 1000 };
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	x = fixture_sa(f, &esn);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	rx_repeat(f, x, 0x100000400, 4095);
	rx_repeat(f, x, 1024, 1);
	rx_repeat(f, x, 0x100000400, 4095);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	rx_repeat(f, x, 0x100000400, 1);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
}

static struct kunit_case rx_cases[] = {
	KUNIT_CASE(rx_test_marks),
	KUNIT_CASE_PARAM(rx_test_failed, rx_status_gen_params),
	KUNIT_CASE(rx_test_unprocessed),
	KUNIT_CASE(rx_test_never_offloaded),
	KUNIT_CASE(rx_test_deleted),
	KUNIT_CASE(rx_test_demoting),
	KUNIT_CASE(rx_test_no_memory),
	KUNIT_CASE(rx_test_other_nic),
	KUNIT_CASE(rx_test_free_without_delete),
	KUNIT_CASE(rx_test_not_for_the_port),
	KUNIT_CASE(rx_test_output_mark),
	KUNIT_CASE_PARAM(rx_test_esn_numbers, rx_esn_gen_params),
	KUNIT_CASE(rx_test_esn_mistrust),
	{ }
};

static struct kunit_suite rx_suite = {
	.name = "ov2_rx",
	.init = rx_init,
	.exit = rx_exit,
	.test_cases = rx_cases,
};

kunit_test_suite(rx_suite);
