// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which packets the stack may leave to the NIC: the answers of offload_ok(), and the features of
 * the netdev.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include "tx_sa.h"

static const struct fixture_sa offload_plain = { .out = true };

static int offload_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void offload_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

struct offload_row {
	const char *name;
	enum tx_sa_is is;
	struct fixture_sa sa;
	u32 caps_off;
	bool stack_gso;
	bool gso;
	bool options;
	u16 inner;
	bool ok;
};

static const struct offload_row offload_rows[] = {
	{ "IPv4", TX_LIVE, { .out = true }, .ok = true },
	{ "IPv6", TX_LIVE, TX_IPV6, .ok = true },
	{ "GSO", TX_LIVE, { .out = true }, .gso = true, .ok = true },
	{ "UDP", TX_LIVE, TX_UDP, .ok = true },
	{ "inbound", TX_LIVE, { .out = false } },
	{ "IPv6 GSO", TX_LIVE, TX_IPV6, .gso = true },
	{ "IPv6 GSO, kernel with a fix", TX_LIVE, TX_IPV6, .stack_gso = true, .gso = true,
	  .ok = true },
	{ "UDP GSO", TX_LIVE, TX_UDP, .gso = true },
	{ "UDP GSO, kernel with a fix", TX_LIVE, TX_UDP, .stack_gso = true, .gso = true,
	  .ok = true },
	{ "UDP GSO that the NIC cannot do", TX_LIVE, TX_UDP, OV2_CAP_UDP_LSO, .stack_gso = true,
	  .gso = true },
	{ "UDP, no UDP GSO", TX_LIVE, TX_UDP, OV2_CAP_UDP_LSO, .ok = true },
	{ "GSO, no UDP GSO", TX_LIVE, { .out = true }, OV2_CAP_UDP_LSO, .gso = true, .ok = true },
	{ "options", TX_LIVE, { .out = true }, .options = true },
	{ "extension headers", TX_LIVE, TX_IPV6, .options = true },
	{ "ESN GSO", TX_LIVE, { .out = true, .esn = true, .oseq = 0x100000000 }, .gso = true,
	  .ok = true },
	{ "ESN GSO far from a wrap", TX_LIVE, { .out = true, .esn = true, .oseq = 0xfffeff00 },
	  .gso = true, .ok = true },
	{ "ESN GSO near a wrap", TX_LIVE, { .out = true, .esn = true, .oseq = 0xffff0001 },
	  .gso = true },
	{ "ESN GSO at a later wrap", TX_LIVE, { .out = true, .esn = true, .oseq = 0x7fffffff0 },
	  .gso = true },
	{ "ESN near a wrap", TX_LIVE, { .out = true, .esn = true, .oseq = 0xffff0001 },
	  .ok = true },
	{ "GSO near the end", TX_LIVE, { .out = true, .oseq = 0xffff0001 }, .gso = true,
	  .ok = true },
	{ "other family inside", TX_LIVE,
	  { .out = true, .mode = XFRM_MODE_TUNNEL, .sel_family = FIXTURE_UNSPEC },
	  .inner = AF_INET6, .ok = true },
	{ "other family inside, which the NIC cannot do", TX_LIVE,
	  { .out = true, .mode = XFRM_MODE_TUNNEL, .sel_family = FIXTURE_UNSPEC },
	  OV2_CAP_CROSS_FAMILY, .inner = AF_INET6 },
	{ "same family inside", TX_LIVE,
	  { .out = true, .mode = XFRM_MODE_TUNNEL, .sel_family = FIXTURE_UNSPEC },
	  OV2_CAP_CROSS_FAMILY, .ok = true },
	{ "demoting", TX_DEMOTING, { .out = true } },
	{ "software", TX_SOFTWARE, { .out = true } },
	{ "deleted", TX_DELETED, { .out = true } },
	{ "resetting", TX_RESETTING, { .out = true } },
};

KUNIT_ARRAY_PARAM_DESC(offload, offload_rows, name);

static struct sk_buff *offload_skb(struct fixture *f, const struct offload_row *row)
{
	struct sk_buff *skb = alloc_skb(512, GFP_KERNEL);
	u16 family = row->inner ?: row->sa.family ?: AF_INET;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_reset_network_header(skb);
	if (family == AF_INET6) {
		struct ipv6hdr *ip = skb_put_zero(skb, sizeof(*ip) + 100);

		ip->version = 6;
		ip->nexthdr = row->options ? IPPROTO_DSTOPTS : IPPROTO_TCP;
	} else {
		struct iphdr *ip = skb_put_zero(skb, sizeof(*ip) + 100);

		ip->version = 4;
		ip->ihl = row->options ? 6 : 5;
		ip->protocol = IPPROTO_TCP;
	}
	if (row->gso) {
		skb_shinfo(skb)->gso_size = 50;
		skb_shinfo(skb)->gso_segs = 2;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
		skb->ip_summed = CHECKSUM_PARTIAL;
	}
	return skb;
}

/* S42: a GSO packet in UDP is left to the NIC only while the NIC can segment it, because the stack
 * cannot.
 */
static void offload_test_ok_udp(struct kunit *test)
{
	static const struct offload_row row = { .sa = TX_UDP, .gso = true };
	static const netdev_features_t needed[] = { NETIF_F_TSO, NETIF_F_GSO_ESP };
	struct dst_ops ops = { .family = AF_INET };
	struct dst_entry dst = { .ops = &ops };
	struct fixture *f = test->priv;
	struct net_device *netdev = f->netdev[0];
	struct xfrm_state *x = fixture_sa(f, &row.sa);
	struct sk_buff *skb = offload_skb(f, &row);
	int i;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	ov2_nic_set_stack_gso(f->nic, true);
	rcu_read_lock();
	skb_dst_set_noref(skb, &dst);
	KUNIT_EXPECT_TRUE(test, netdev->xfrmdev_ops->xdo_dev_offload_ok(skb, x));
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		netdev->features &= ~needed[i];
		KUNIT_EXPECT_FALSE(test, netdev->xfrmdev_ops->xdo_dev_offload_ok(skb, x));
		netdev->features |= needed[i];
	}
	skb_dst_drop(skb);
	rcu_read_unlock();
	kfree_skb(skb);
}

/* S34, S42, S45: which packets the stack may leave to the NIC. Software encrypts the others. */
static void offload_test_ok(struct kunit *test)
{
	const struct offload_row *row = test->param_value;
	struct dst_ops ops = { .family = row->inner ?: row->sa.family ?: AF_INET };
	struct dst_entry dst = { .ops = &ops };
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct ov2_caps caps;
	struct xfrm_state *x;
	struct sk_buff *skb;

	f->fake->hold_reset = &go;
	ov2_nic_caps(f->nic, &caps);
	caps.features &= ~row->caps_off;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	ov2_nic_set_stack_gso(f->nic, row->stack_gso);
	x = fixture_sa(f, &row->sa);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = offload_skb(f, row);
	xfrm_state_hold(x);
	tx_bring(f, x, row->is);

	rcu_read_lock();
	skb_dst_set_noref(skb, &dst);
	KUNIT_EXPECT_EQ(test,
			f->netdev[0]->xfrmdev_ops->xdo_dev_offload_ok(skb, x), row->ok);
	skb_dst_drop(skb);
	rcu_read_unlock();
	complete_all(&go);
	kfree_skb(skb);
	xfrm_state_put(x);
	fixture_settle(f);
	f->fake->hold_reset = NULL;
	fixture_gc();
}

/* S1: software encrypts until the NIC has the SA, because xfrm does not wait for an add in crypto
 * mode.
 */
static void offload_test_ok_life(struct kunit *test)
{
	static const struct offload_row row = { .sa = { .out = true } };
	struct dst_ops ops = { .family = AF_INET };
	struct dst_entry dst = { .ops = &ops };
	struct fixture *f = test->priv;
	const struct xfrmdev_ops *xdo = f->netdev[0]->xfrmdev_ops;
	struct sk_buff *skb;
	struct xfrm_state *x;

	f->fake->mode = FAKE_PEND;
	x = fixture_sa(f, &offload_plain);
	skb = offload_skb(f, &row);
	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	rcu_read_lock();
	skb_dst_set_noref(skb, &dst);
	KUNIT_EXPECT_FALSE(test, xdo->xdo_dev_offload_ok(skb, x));
	rcu_read_unlock();
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, xdo->xdo_dev_offload_ok(skb, x));
	/* S31: ESP offload is off on the netdev. */
	f->netdev[0]->features &= ~NETIF_F_HW_ESP;
	KUNIT_EXPECT_FALSE(test, xdo->xdo_dev_offload_ok(skb, x));
	f->netdev[0]->features |= NETIF_F_HW_ESP;
	skb_dst_drop(skb);
	rcu_read_unlock();
	kfree_skb(skb);
}

struct offload_fix_row {
	const char *name;
	netdev_features_t wanted;
	netdev_features_t possible;
};

static const struct offload_fix_row offload_fix_rows[] = {
	{ "all", TX_FEATURES, TX_FEATURES },
	{ "without ESP", TX_FEATURES & ~NETIF_F_HW_ESP, TX_FEATURES & ~TX_ESP_FEATURES },
	{ "without checksums", TX_FEATURES & ~NETIF_F_HW_ESP_TX_CSUM,
	  TX_FEATURES & ~(NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP) },
	{ "without segmentation", TX_FEATURES & ~NETIF_F_GSO_ESP, TX_FEATURES & ~NETIF_F_GSO_ESP },
};

KUNIT_ARRAY_PARAM_DESC(offload_fix, offload_fix_rows, name);

/* S42: a feature is off if one that it depends on is off. */
static void offload_test_fix_features(struct kunit *test)
{
	const struct offload_fix_row *row = test->param_value;
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, ov2_fix_features(f->netdev[0], row->wanted), row->possible);
}

/* S42: a feature is off if the configuration lacks its capability. */
static void offload_test_fix_caps(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct ov2_caps caps = fake_nic_caps;

	caps.features &= ~OV2_CAP_LSO;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	KUNIT_EXPECT_EQ(test, ov2_fix_features(f->netdev[0], TX_FEATURES),
			TX_FEATURES & ~NETIF_F_GSO_ESP);
	caps = fake_nic_caps;
	caps.features &= ~OV2_CAP_TX_CSUM;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	KUNIT_EXPECT_EQ(test, ov2_fix_features(f->netdev[0], TX_FEATURES),
			TX_FEATURES & ~(NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP));
}

static struct kunit_case offload_cases[] = {
	KUNIT_CASE_PARAM(offload_test_ok, offload_gen_params),
	KUNIT_CASE(offload_test_ok_udp),
	KUNIT_CASE(offload_test_ok_life),
	KUNIT_CASE_PARAM(offload_test_fix_features, offload_fix_gen_params),
	KUNIT_CASE(offload_test_fix_caps),
	{ }
};

static struct kunit_suite offload_suite = {
	.name = "ov2_offload",
	.init = offload_init,
	.exit = offload_exit,
	.test_cases = offload_cases,
};

kunit_test_suite(offload_suite);
