// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties that a driver may declare for its NIC, and memory and resets that it may ask for:
 * tables by direction, sets of replay windows, IVs of the NIC or of the host, memory for each SA,
 * and a reset at a time that the driver chooses.
 */
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/unaligned.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <trace/events/kmem.h>
#include "xfrm_fixture.h"
#include "xfrm_frame.h"

#define API_CBC .ealg = "cbc(aes)", .ealg_bits = 128, .aalg = "hmac(sha256)", .aalg_bits = 256, \
		.aalg_trunc = 128

static const struct fixture_sa api_in, api_out = { .out = true };

static void api_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* Creates the NIC of a test. */
static struct fixture *api_nic(struct kunit *test, const struct ov2_caps *caps)
{
	struct fixture *f = fixture_create(test, caps);

	f->fake->mode = FAKE_NOW;
	return f;
}

static void api_expect_told(struct fixture *f, const char *told)
{
	if (!told) {
		KUNIT_EXPECT_NULL(f->test, f->extack._msg);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(f->test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL_MSG(f->test, strstr(f->extack._msg, told), "%s", f->extack._msg);
}

/* Adds an SA that the core refuses, and expects the reason. */
static void api_expect_refused(struct fixture *f, const struct fixture_sa *want, const char *told)
{
	struct xfrm_state *x = fixture_state(f, want);

	KUNIT_EXPECT_EQ(f->test, fixture_offload(f, x, want), 0);
	KUNIT_EXPECT_EQ(f->test, x->xso.offload_handle, 0);
	api_expect_told(f, told);
}

/* Tables by direction */

static struct fixture *api_dir_nic(struct kunit *test, u32 all, u32 in, u32 out)
{
	struct ov2_caps caps = fake_nic_caps;

	caps.max_sas = all;
	caps.max_dir_sas[OV2_IN] = in;
	caps.max_dir_sas[OV2_OUT] = out;
	return api_nic(test, &caps);
}

/* The table of one direction is full while the other has slots. A slot that becomes free goes to an
 * SA of its direction, although an SA of the other direction has waited for longer.
 */
static void api_test_dir_full(struct kunit *test)
{
	struct fixture *f = api_dir_nic(test, 64, 2, 3);
	struct xfrm_state *in[3], *out[4];
	int i;

	for (i = 0; i < 3; i++) {
		in[i] = fixture_sa(f, &api_in);
		api_expect_told(f, i < 2 ? NULL : "table (2) is full");
	}
	for (i = 0; i < 4; i++) {
		out[i] = fixture_sa(f, &api_out);
		api_expect_told(f, i < 3 ? NULL : "table (3) is full");
	}
	fixture_expect_state(f, in[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, in[2], OV2_PHASE_WAITING);
	fixture_expect_state(f, out[2], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out[3], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 5);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_IN), 2);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_OUT), 3);

	fixture_delete(f, out[0]);
	fixture_expect_state(f, out[3], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, in[2], OV2_PHASE_WAITING);
	fixture_delete(f, in[0]);
	fixture_expect_state(f, in[2], OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_IN), 2);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_OUT), 3);
}

/* Both limits apply, and the core names the one that is reached. It does so as well when too many
 * SAs wait.
 */
static void api_test_dir_and_all(struct kunit *test)
{
	struct fixture *f = api_dir_nic(test, 4, 3, 3);
	struct xfrm_state *in[3], *out, *wait_in, *wait_out;
	int i;

	for (i = 0; i < 3; i++)
		in[i] = fixture_sa(f, &api_in);
	out = fixture_sa(f, &api_out);
	api_expect_told(f, NULL);
	wait_out = fixture_sa(f, &api_out);
	api_expect_told(f, "table (4) is full, so the SA waits");
	wait_in = fixture_sa(f, &api_in);
	api_expect_told(f, "table (3) is full, so the SA waits");
	ov2_nic_set_waiting_max(f->nic, 2);
	api_expect_refused(f, &api_out, "table (4) is full and 2 SAs wait");
	api_expect_refused(f, &api_in, "table (3) is full and 2 SAs wait");

	/* A slot of either direction suffices. The SA that has waited for longer gets the first
	 * one.
	 */
	fixture_delete(f, in[0]);
	fixture_expect_state(f, wait_out, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, wait_in, OV2_PHASE_WAITING);
	fixture_delete(f, out);
	fixture_expect_state(f, wait_in, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 4);
}

/* The numbers of SAs by direction are right after a reset. */
static void api_test_dir_reset(struct kunit *test)
{
	struct fixture *f = api_dir_nic(test, 64, 1, 1);
	struct xfrm_state *in = fixture_sa(f, &api_in), *out = fixture_sa(f, &api_out);

	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_IN), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_OUT), 1);
	fixture_delete(f, in);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy_dir(f->nic, OV2_IN), 0);
}

struct api_dir_row {
	const char *name;
	u32 hw;
	u32 now;
	int err;
};

static const struct api_dir_row api_dir_rows[] = {
	{ "no limit stays", 0, 0, 0 },
	{ "a limit where the hardware has none", 0, 5, 0 },
	{ "as the hardware", 4, 4, 0 },
	{ "smaller", 4, 3, 0 },
	{ "larger", 4, 5, -EINVAL },
	{ "none where the hardware has one", 4, 0, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(api_dir, api_dir_rows, name);

/* The configuration may not exceed the hardware in either direction. */
static void api_test_dir_subset(struct kunit *test)
{
	const struct api_dir_row *row = test->param_value;
	struct fixture *f = api_dir_nic(test, 64, row->hw, row->hw);
	enum ov2_dir dir;

	for (dir = OV2_IN; dir <= OV2_OUT; dir++) {
		struct ov2_caps caps;

		ov2_nic_hw_caps(f->nic, &caps);
		caps.max_dir_sas[dir] = row->now;
		KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), row->err);
	}
}

/* With a smaller table no more SAs of its direction are added. Those in the NIC stay. */
static void api_test_dir_configured(struct kunit *test)
{
	struct fixture *f = api_dir_nic(test, 64, 4, 4);
	struct xfrm_state *x[2], *waits;
	struct ov2_caps caps;

	x[0] = fixture_sa(f, &api_in);
	x[1] = fixture_sa(f, &api_in);
	fixture_settle(f);
	ov2_nic_caps(f->nic, &caps);
	caps.max_dir_sas[OV2_IN] = 1;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	waits = fixture_sa(f, &api_in);
	api_expect_told(f, "table (1) is full");
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
	fixture_delete(f, x[0]);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
}

/* Replay windows */

struct api_window_row {
	const char *name;
	u32 windows;
	u32 wanted;
	u32 given;
	const char *told;
};

static const struct api_window_row api_window_rows[] = {
	{ "smallest for 1", 32 | 64 | 256, 1, 32 },
	{ "exactly", 32 | 64 | 256, 32, 32 },
	{ "one more", 32 | 64 | 256, 33, 64 },
	{ "over a gap", 32 | 64 | 256, 65, 256 },
	{ "largest", 32 | 64 | 256, 256, 256 },
	{ "too large", 32 | 64 | 256, 257, 0, "replay windows of 1 to 256 packets, not 257" },
	{ "one window only", 64, 10, 64 },
	{ "too large for the only one", 64, 65, 0, "replay windows of 1 to 64 packets, not 65" },
};

KUNIT_ARRAY_PARAM_DESC(api_window, api_window_rows, name);

/* With inbound ESN the NIC gets the smallest of its windows that is large enough. Without ESN, and
 * outbound, it does not need the window and gets xfrm's.
 */
static void api_test_window(struct kunit *test)
{
	const struct api_window_row *row = test->param_value;
	struct fixture_sa esn = { .esn = true, .window = row->wanted };
	struct fixture_sa plain = { }, out = { .out = true, .esn = true, .window = row->wanted };
	struct ov2_caps caps = fake_nic_caps;
	struct xfrm_state *x;
	struct fixture *f;

	caps.replay_windows = row->windows;
	f = api_nic(test, &caps);
	if (row->told) {
		api_expect_refused(f, &esn, row->told);
	} else {
		x = fixture_sa(f, &esn);
		fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
		KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->replay_window,
				row->given);
	}
	x = fixture_sa(f, &out);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->replay_window, row->wanted);
	x = fixture_sa(f, &plain);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->replay_window, 32);
}

/* An SA leaves the NIC when no configured window is large enough, and is promoted when there is one
 * again. Another SA stays. A window that the hardware lacks cannot be configured.
 */
static void api_test_window_configured(struct kunit *test)
{
	static const struct fixture_sa large = { .esn = true, .window = 100 };
	static const struct fixture_sa small = { .esn = true, .window = 32 };
	struct ov2_caps caps = fake_nic_caps;
	struct xfrm_state *x, *y;
	struct fixture *f;

	caps.replay_windows = 32 | 128;
	f = api_nic(test, &caps);
	x = fixture_sa(f, &large);
	y = fixture_sa(f, &small);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	caps.replay_windows = 32;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, y, OV2_PHASE_OFFLOADED);
	caps.replay_windows = 32 | 64;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), -EINVAL);
	caps.replay_windows = 32 | 128;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->replay_window, 128);
}

/* S14, S63: XFRM_MSG_NEWAE has set another window since the add. After a reset the NIC gets that,
 * or does not get the SA if none of its windows is large enough.
 */
static void api_test_window_renewed(struct kunit *test)
{
	static const struct fixture_sa want = { .esn = true, .window = 128 };
	static const struct {
		u32 window;
		u32 given;
	} rows[] = { { 64, 64 }, { 33, 64 }, { 128, 128 }, { 129, 0 } };
	struct ov2_caps caps = fake_nic_caps;
	struct xfrm_state *x;
	struct fixture *f;
	int i;

	caps.replay_windows = 32 | 64 | 128;
	f = api_nic(test, &caps);
	x = fixture_sa(f, &want);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
		spin_lock_bh(&x->lock);
		x->replay_esn->replay_window = rows[i].window;
		spin_unlock_bh(&x->lock);
		KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
		fixture_settle(f);
		if (!rows[i].given)
			continue;
		KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->replay_window,
				rows[i].given);
	}
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	spin_lock_bh(&x->lock);
	x->replay_esn->replay_window = 128;
	spin_unlock_bh(&x->lock);
}

/* IVs */

static struct fixture *api_iv_nic(struct kunit *test, u32 iv)
{
	struct ov2_caps caps = fake_nic_caps;

	caps.features &= ~(OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST);
	caps.features |= iv;
	return api_nic(test, &caps);
}

struct api_iv_row {
	const char *name;
	u32 features;
	struct fixture_sa sa;
	enum ov2_iv iv;
	bool refused;
};

static const struct api_iv_row api_iv_rows[] = {
	{ "NIC", OV2_CAP_IV_SEQ, { .out = true }, OV2_IV_SEQ },
	{ "host", OV2_CAP_IV_HOST, { .out = true }, OV2_IV_HOST },
	{ "either", OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST, { .out = true }, OV2_IV_SEQ },
	{ "neither", 0, { .out = true }, .refused = true },
	{ "NIC, inbound", OV2_CAP_IV_SEQ, { }, OV2_IV_NONE },
	{ "host, inbound", OV2_CAP_IV_HOST, { }, OV2_IV_NONE },
	{ "neither, inbound", 0, { }, OV2_IV_NONE },
	{ "host, CBC", OV2_CAP_IV_HOST, { .out = true, API_CBC }, OV2_IV_RANDOM },
	{ "neither, CBC", 0, { .out = true, API_CBC }, OV2_IV_RANDOM },
};

KUNIT_ARRAY_PARAM_DESC(api_iv, api_iv_rows, name);

/* The node says whether the NIC or the host makes IVs. A NIC that neither makes IVs that differ
 * from software's nor leaves them to the host gets no outbound SA with a counter-mode cipher.
 */
static void api_test_iv(struct kunit *test)
{
	const struct api_iv_row *row = test->param_value;
	struct fixture *f = api_iv_nic(test, row->features);
	struct xfrm_state *x;

	if (row->refused) {
		api_expect_refused(f, &row->sa, "The NIC and software would use the same IVs");
		return;
	}
	x = fixture_sa(f, &row->sa);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->iv, row->iv);
}

static int api_tx(struct sk_buff *skb, struct ov2_tx *tx)
{
	int ret;

	memset(tx, 0, sizeof(*tx));
	local_bh_disable();
	ret = ov2_tx_sa(skb, tx);
	local_bh_enable();
	return ret;
}

/* The host makes the same IV as the NIC would. It belongs to one packet: a packet with a number
 * that was used is dropped.
 */
static void api_test_iv_host(struct kunit *test)
{
	static const struct fixture_sa late = { .out = true, .esn = true, .oseq = 0x500000006 };
	struct fixture *f = api_iv_nic(test, OV2_CAP_IV_HOST);
	struct xfrm_state *x = fixture_sa(f, &late);
	struct sk_buff *skb;
	struct ov2_tx tx;
	u64 salt;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	salt = get_unaligned_be64(fake_nic_by_spi(f->fake, fixture_spi(x))->iv_salt);
	skb = frame_packet(test, x, 64);
	KUNIT_EXPECT_EQ(test, api_tx(skb, &tx), 1);
	KUNIT_EXPECT_TRUE(test, tx.host_iv);
	KUNIT_EXPECT_EQ(test, tx.seq, 0x500000007);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(tx.iv), 0x8000000500000007 ^ salt);
	KUNIT_EXPECT_EQ(test, tx.icv_len, 16);
	KUNIT_EXPECT_EQ(test, api_tx(skb, &tx), -ENOENT);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_TX_DROP_SEQ), 1);
	kfree_skb(skb);
}

/* If the NIC makes the IV, ov2_tx_sa() returns none. */
static void api_test_iv_nic_makes(struct kunit *test)
{
	struct fixture *f = api_iv_nic(test, OV2_CAP_IV_SEQ);
	struct xfrm_state *x = fixture_sa(f, &api_out);
	struct sk_buff *skb;
	struct ov2_tx tx;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = frame_packet(test, x, 64);
	KUNIT_EXPECT_EQ(test, api_tx(skb, &tx), 1);
	KUNIT_EXPECT_FALSE(test, tx.host_iv);
	KUNIT_EXPECT_EQ(test, be64_to_cpu(tx.iv), 0);
	kfree_skb(skb);
}

static bool api_offload_ok(struct fixture *f, struct xfrm_state *x, bool gso)
{
	struct dst_ops ops = { .family = AF_INET };
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct dst_entry dst = { .ops = &ops };
	struct iphdr *iph;
	bool ok;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_reset_network_header(skb);
	iph = skb_put_zero(skb, sizeof(*iph) + 100);
	iph->version = 4;
	iph->ihl = 5;
	if (gso) {
		skb_shinfo(skb)->gso_size = 50;
		skb_shinfo(skb)->gso_segs = 2;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
		skb->ip_summed = CHECKSUM_PARTIAL;
	}
	rcu_read_lock();
	skb_dst_set_noref(skb, &dst);
	ok = f->netdev[0]->xfrmdev_ops->xdo_dev_offload_ok(skb, x);
	skb_dst_drop(skb);
	rcu_read_unlock();
	kfree_skb(skb);
	return ok;
}

/* The host cannot make the IVs for the segments of a burst. */
static void api_test_iv_no_gso(struct kunit *test)
{
	static const struct fixture_sa cbc = { .out = true, API_CBC };
	struct fixture *f = api_iv_nic(test, OV2_CAP_IV_HOST);
	struct xfrm_state *x = fixture_sa(f, &api_out), *y = fixture_sa(f, &cbc);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, y, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_TRUE(test, api_offload_ok(f, x, false));
	KUNIT_EXPECT_FALSE(test, api_offload_ok(f, x, true));
	KUNIT_EXPECT_TRUE(test, api_offload_ok(f, y, true));
}

/* The source of IVs cannot be configured, because SAs that are in the NIC were added with it. */
static void api_test_iv_fixed(struct kunit *test)
{
	static const u32 iv[] = { 0, OV2_CAP_IV_SEQ, OV2_CAP_IV_HOST,
				  OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST };
	struct ov2_caps caps = fake_nic_caps, hw;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(iv); i++) {
		for (j = 0; j < ARRAY_SIZE(iv); j++) {
			hw = caps;
			hw.features &= ~iv[3];
			hw.features |= iv[i];
			caps.features &= ~iv[3];
			caps.features |= iv[j];
			KUNIT_EXPECT_EQ(test, ov2_caps_subset(&caps, &hw), i == j);
		}
	}
}

/* The driver's memory. */

static struct fake_sa *api_priv(struct fixture *f, struct xfrm_state *x)
{
	return fake_nic_by_spi(f->fake, fixture_spi(x))->priv;
}

/* The memory of an SA is the same in all of its nodes and with its packets, over a demotion and a
 * reset. fake_check_priv() checks it for every node of every test.
 */
static void api_test_priv_same(struct kunit *test)
{
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x = fixture_sa(f, &api_out), *y = fixture_sa(f, &api_out);
	struct ov2_caps caps = fake_nic_caps;
	struct fake_sa *priv;
	struct sk_buff *skb;
	struct ov2_tx tx;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, y, OV2_PHASE_OFFLOADED);
	priv = api_priv(f, x);
	KUNIT_ASSERT_NOT_NULL(test, priv);
	KUNIT_EXPECT_PTR_NE(test, priv, api_priv(f, y));
	KUNIT_EXPECT_EQ(test, priv->cookie, (u32)x->xso.offload_handle);

	caps.families = BIT(OV2_IPV6);
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &fake_nic_caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_PTR_EQ(test, priv, api_priv(f, x));
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_PTR_EQ(test, priv, api_priv(f, x));

	skb = frame_packet(test, x, 64);
	KUNIT_EXPECT_EQ(test, api_tx(skb, &tx), 1);
	KUNIT_EXPECT_PTR_EQ(test, tx.priv, (void *)priv);
	kfree_skb(skb);
}

struct api_freed {
	const void *priv;
	u32 times;
};

static void api_hear_kfree(void *data, unsigned long site, const void *ptr)
{
	struct api_freed *freed = data;

	if (ptr == freed->priv)
		freed->times++;
}

/* The memory is freed once, a grace period after the NIC has deleted the SA, because a packet that
 * ov2_tx_sa() has accepted may still be with the driver.
 */
static void api_test_priv_freed(struct kunit *test)
{
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x = fixture_sa(f, &api_out);
	struct api_freed freed = { };

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	freed.priv = api_priv(f, x);
	KUNIT_ASSERT_EQ(test, register_trace_kfree(api_hear_kfree, &freed), 0);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fixture_gc();
	fixture_settle(f);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, freed.times, 0);

	rcu_read_lock();
	fake_nic_finish_all(f->fake);
	KUNIT_EXPECT_EQ(test, freed.times, 0);
	rcu_read_unlock();
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, freed.times, 1);
	unregister_trace_kfree(api_hear_kfree, &freed);
	tracepoint_synchronize_unregister();
}

/* Resets of the driver's own */

static void api_fill(struct fixture *f, struct xfrm_state **x, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		x[i] = fixture_sa(f, i % 2 ? &api_out : &api_in);
	fixture_settle(f);
}

/* The core asks for a reset, and the driver resets the NIC later from a work item. Until then
 * nothing is submitted and no packet goes to the NIC. After it the SAs that xfrm has are restored.
 */
static void api_test_reset_later(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x[2], *late;
	u32 total;

	f->fake->reset_later = true;
	f->fake->hold_reset = &go;
	api_fill(f, x, 2);
	/* A NIC that fails a delete needs a reset. */
	WRITE_ONCE(f->fake->err, -EIO);
	WRITE_ONCE(f->fake->mode, FAKE_FAIL);
	fixture_delete(f, x[0]);
	fake_nic_wait_resetting(f->fake);
	flush_work(&f->nic->reset_work);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	total = f->fake->total;

	KUNIT_EXPECT_FALSE(test, api_offload_ok(f, x[1], false));
	late = fixture_sa(f, &api_in);
	flush_work(&f->nic->pump_work);
	KUNIT_EXPECT_STREQ(test, ov2_sa_phase_name(fixture_sa_state(late)), "queued");
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_TRUE(test, ov2_nic_misbehaved(f->nic));

	complete_all(&go);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, late, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_TRUE(test, api_offload_ok(f, x[1], false));
	KUNIT_EXPECT_FALSE(test, ov2_nic_misbehaved(f->nic));
	KUNIT_EXPECT_EQ(test, f->fake->resets, 1);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	f->fake->hold_reset = NULL;
}

/* The driver resets the NIC with rtnl held, as ethtool does, while requests are pending. If the
 * core took rtnl, lockdep would report it, or the test would hang.
 */
static void api_test_reset_rtnl(struct kunit *test)
{
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x[2], *adding;

	api_fill(f, x, 2);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	adding = fixture_sa(f, &api_in);
	fixture_delete(f, x[0]);
	fixture_settle(f);
	KUNIT_ASSERT_GT(test, f->fake->open, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	KUNIT_EXPECT_EQ(test, f->fake->open, 0);
	rtnl_unlock();
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, adding, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
}

/* The NIC is removed while the driver resets it. ov2_nic_reset_done() of that reset tells the
 * driver that the NIC is out of service. The last reset, which the core asks for, finds nothing to
 * do.
 */
static void api_test_gone_in_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x[2], *adding;
	u32 total;

	api_fill(f, x, 2);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	adding = fixture_sa(f, &api_in);
	fixture_settle(f);
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	total = f->fake->total;
	ov2_nic_gone(f->nic);
	KUNIT_EXPECT_FALSE(test, ov2_nic_in_service(f->nic));
	fixture_delete(f, x[0]);
	complete_all(&go);
	fake_nic_wait_resets(f->fake, 2);
	fixture_expect_state(f, x[1], OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, adding, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	f->fake->hold_reset = NULL;
}

/* A driver ends a reset that has not begun: the NIC has its SAs, and gets none a second time. */
static void api_test_reset_done_alone(struct kunit *test)
{
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x[2];

	api_fill(f, x, 2);
	KUNIT_EXPECT_EQ(test, ov2_nic_reset_done(f->nic, 0), -EINVAL);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_RESETS), 0);
	fixture_expect_state(f, x[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 2);
	fake_nic_check(f->fake);
}

/* Removal does not wait for a reset of the driver that nothing depends on. The end of that reset
 * comes too late to restore an SA.
 */
static void api_test_removed_in_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = api_nic(test, NULL);
	struct xfrm_state *x[2];
	u32 total;

	api_fill(f, x, 2);
	fixture_delete(f, x[0]);
	fixture_delete(f, x[1]);
	fixture_gc();
	fixture_settle(f);
	total = f->fake->total;
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	fixture_close(f);
	fake_nic_unregister(f->fake);
	complete_all(&go);
	flush_work(&f->fake->reset_work);
	KUNIT_EXPECT_FALSE(test, ov2_nic_in_service(f->nic));
	KUNIT_EXPECT_EQ(test, f->fake->total, total);
	f->fake->hold_reset = NULL;
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE(api_test_dir_full),
	KUNIT_CASE(api_test_dir_and_all),
	KUNIT_CASE(api_test_dir_reset),
	KUNIT_CASE_PARAM(api_test_dir_subset, api_dir_gen_params),
	KUNIT_CASE(api_test_dir_configured),
	KUNIT_CASE_PARAM(api_test_window, api_window_gen_params),
	KUNIT_CASE(api_test_window_configured),
	KUNIT_CASE(api_test_window_renewed),
	KUNIT_CASE_PARAM(api_test_iv, api_iv_gen_params),
	KUNIT_CASE(api_test_iv_host),
	KUNIT_CASE(api_test_iv_nic_makes),
	KUNIT_CASE(api_test_iv_no_gso),
	KUNIT_CASE(api_test_iv_fixed),
	KUNIT_CASE(api_test_priv_same),
	KUNIT_CASE(api_test_priv_freed),
	KUNIT_CASE(api_test_reset_later),
	KUNIT_CASE(api_test_reset_rtnl),
	KUNIT_CASE(api_test_gone_in_reset),
	KUNIT_CASE(api_test_reset_done_alone),
	KUNIT_CASE(api_test_removed_in_reset),
	{ }
};

static struct kunit_suite api_suite = {
	.name = "ov2_api",
	.exit = api_exit,
	.test_cases = api_cases,
};

kunit_test_suite(api_suite);
