// SPDX-License-Identifier: GPL-2.0-only
/* Policies with packet offload: which are accepted, and what xfrm may believe about them. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include "packet_out.h"

#define POLICY_SPI	0x99	/* of no state */

static int policy_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void policy_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* The SA that the template names. */
enum policy_names { NAMES_NONE, NAMES_PACKET, NAMES_CRYPTO, NAMES_UNKNOWN, NAMES_OTHER_PORT };

/**
 * struct policy_row - A policy.
 * @name: name of the row
 * @dir: XFRM_POLICY_*
 * @block: it drops packets
 * @nr: number of templates
 * @proto: of the template, 0 for ESP
 * @mode: of the template
 * @family: 0 for AF_INET
 * @outer: family of the template, 0 for that of the policy
 * @names: the SA that the template names
 * @wide: the selector has more than one destination
 * @err: expected result
 * @packet: xfrm may look for states in packet mode only
 */
struct policy_row {
	const char *name;
	u8 dir;
	bool block;
	u8 nr;
	u8 proto;
	u8 mode;
	u16 family;
	u16 outer;
	enum policy_names names;
	bool wide;
	int err;
	bool packet;
};

#define POLICY_TRANSPORT	.dir = XFRM_POLICY_OUT, .nr = 1, .mode = XFRM_MODE_TRANSPORT
#define POLICY_TUNNEL		.dir = XFRM_POLICY_OUT, .nr = 1, .mode = XFRM_MODE_TUNNEL

static const struct policy_row policy_rows[] = {
	{ "in", XFRM_POLICY_IN, .nr = 1, .mode = XFRM_MODE_TUNNEL },
	{ "in, anything", XFRM_POLICY_IN, .nr = 2, .proto = IPPROTO_AH, .outer = AF_INET6,
	  .names = NAMES_UNKNOWN },
	{ "in, block", XFRM_POLICY_IN, .block = true },
	{ "fwd", XFRM_POLICY_FWD, .nr = 1, .mode = XFRM_MODE_TUNNEL },
	{ "out, tunnel", POLICY_TUNNEL, .packet = true },
	{ "out, tunnel, IPv6", POLICY_TUNNEL, .family = AF_INET6, .packet = true },
	{ "out, transport", POLICY_TRANSPORT, .packet = true },
	{ "out, block", POLICY_TUNNEL, .block = true },
	{ "out, bypass", XFRM_POLICY_OUT },
	{ "out, two templates", XFRM_POLICY_OUT, .nr = 2, .mode = XFRM_MODE_TUNNEL,
	  .err = -EOPNOTSUPP },
	{ "out, AH", POLICY_TRANSPORT, .proto = IPPROTO_AH, .err = -EOPNOTSUPP },
	{ "out, BEET", XFRM_POLICY_OUT, .nr = 1, .mode = XFRM_MODE_BEET, .err = -EOPNOTSUPP },
	{ "out, across families", POLICY_TUNNEL, .outer = AF_INET6, .err = -EOPNOTSUPP },
	{ "out, packet SA", POLICY_TUNNEL, .names = NAMES_PACKET, .packet = true },
	{ "out, packet SA, IPv6", POLICY_TUNNEL, .names = NAMES_PACKET, .family = AF_INET6,
	  .packet = true },
	{ "out, crypto SA", POLICY_TUNNEL, .names = NAMES_CRYPTO, .err = -EOPNOTSUPP },
	{ "out, no SA", POLICY_TUNNEL, .names = NAMES_UNKNOWN, .err = -EOPNOTSUPP },
	{ "out, another port's SA", POLICY_TUNNEL, .names = NAMES_OTHER_PORT,
	  .err = -EOPNOTSUPP },
	{ "out, transport, packet SA", POLICY_TRANSPORT, .names = NAMES_PACKET, .packet = true },
	{ "out, transport, packet SA, IPv6", POLICY_TRANSPORT, .names = NAMES_PACKET,
	  .family = AF_INET6, .packet = true },
	{ "out, transport, crypto SA", POLICY_TRANSPORT, .names = NAMES_CRYPTO,
	  .err = -EOPNOTSUPP },
	{ "out, transport, no SA", POLICY_TRANSPORT, .names = NAMES_UNKNOWN, .err = -EOPNOTSUPP },
	{ "out, transport, wide", POLICY_TRANSPORT, .names = NAMES_UNKNOWN, .wide = true,
	  .packet = true },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_rows, name);

/* Returns the SPI for the template. */
static __be32 policy_spi(struct fixture *f, const struct policy_row *row)
{
	struct fixture_sa want = {
		.out = true, .packet = true, .mode = row->mode, .family = row->family,
	};

	switch (row->names) {
	case NAMES_UNKNOWN:
		return cpu_to_be32(POLICY_SPI);
	case NAMES_CRYPTO:
		want.packet = false;
		break;
	case NAMES_OTHER_PORT:
		want.port = 1;
		break;
	case NAMES_PACKET:
		break;
	default:
		return 0;
	}
	return fixture_sa(f, &want)->id.spi;
}

static void policy_addr(xfrm_address_t *addr, u16 family, u8 last)
{
	if (family == AF_INET)
		addr->a4 = htonl(0xc6336400 | last);
	else
		addr->in6 = (struct in6_addr){ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } };
}

/* Returns a policy to the other end of the SAs of the fixture. In transport mode the template has
 * no addresses, as strongSwan makes it.
 */
static struct xfrm_policy *policy_alloc(struct fixture *f, const struct policy_row *row)
{
	struct xfrm_policy *xp = xfrm_policy_alloc(&init_net, GFP_KERNEL);
	u16 family = row->family ?: AF_INET;
	int i;

	KUNIT_ASSERT_NOT_NULL(f->test, xp);
	xp->family = family;
	xp->action = row->block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	xp->selector.family = family;
	policy_addr(&xp->selector.saddr, family, 1);
	policy_addr(&xp->selector.daddr, family, 2);
	xp->selector.prefixlen_s = family == AF_INET ? 32 : 128;
	xp->selector.prefixlen_d = row->wide ? 24 : xp->selector.prefixlen_s;
	xp->lft.soft_byte_limit = XFRM_INF;
	xp->lft.hard_byte_limit = XFRM_INF;
	xp->lft.soft_packet_limit = XFRM_INF;
	xp->lft.hard_packet_limit = XFRM_INF;
	xp->xfrm_nr = row->nr;
	for (i = 0; i < row->nr; i++) {
		struct xfrm_tmpl *tmpl = &xp->xfrm_vec[i];

		tmpl->id.proto = row->proto ?: IPPROTO_ESP;
		tmpl->mode = row->mode;
		tmpl->encap_family = row->outer ?: family;
		if (row->mode == XFRM_MODE_TUNNEL)
			policy_addr(&tmpl->id.daddr, tmpl->encap_family, 2);
		tmpl->id.spi = policy_spi(f, row);
	}
	return xp;
}

static int policy_dev_add(struct fixture *f, struct xfrm_policy *xp, u8 dir)
{
	struct xfrm_user_offload xuo = {
		.ifindex = f->netdev[0]->ifindex,
		.flags = XFRM_OFFLOAD_PACKET,
	};

	memset(&f->extack, 0, sizeof(f->extack));
	return xfrm_dev_policy_add(&init_net, xp, &xuo, dir, &f->extack);
}

/* As xfrm_user does when it cannot insert a policy. */
static void policy_drop(struct xfrm_policy *xp)
{
	xfrm_dev_policy_delete(xp);
	xfrm_dev_policy_free(xp);
	kfree(xp);
}

/* S34, S66: an outbound policy is offloaded if xfrm can find its SA by it. The core accepts any
 * other and takes the offload back, so that xfrm checks packets itself, also when the netdev is
 * down. A refusal has a reason.
 */
static void policy_test_add(struct kunit *test)
{
	const struct policy_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_policy *xp = policy_alloc(f, row);
	int refs;

	refs = netdev_refcnt_read(f->netdev[0]);
	KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, row->dir), row->err);
	KUNIT_EXPECT_EQ(test, !!f->extack._msg, !!row->err);
	KUNIT_EXPECT_EQ(test, (int)xp->xdo.type,
			row->packet ? XFRM_DEV_OFFLOAD_PACKET : XFRM_DEV_OFFLOAD_UNSPECIFIED);
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs + row->packet);
	KUNIT_EXPECT_PTR_EQ(test, xp->xdo.dev, row->packet ? f->netdev[0] : NULL);
	/* It was never inserted, so its memory is gone as soon as we say so. */
	policy_drop(xp);
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs);
}

static void policy_rcu(void)
{
	/* The first lets callbacks run, which may queue others. */
	rcu_barrier();
	rcu_barrier();
}

/* S67: the policy of a tunnel across families is refused, and its SA, which did not say so,
 * continues in crypto mode. Otherwise xfrm would find no state for the policy without offload that
 * follows. If the SA was to be expired it no longer is, because software can continue with it. A
 * packet that was on its way to the driver has no ESP header, so it does not go with the SA in
 * crypto mode.
 */
static void policy_test_to_crypto(struct kunit *test)
{
	static const struct policy_row row = { POLICY_TUNNEL, .outer = AF_INET6 };
	static const struct packet_out out = { .len = 100 };
	struct fixture_sa want = { .out = true, .packet = true, .mode = XFRM_MODE_TUNNEL,
				   .family = AF_INET6, .sel_family = FIXTURE_UNSPEC };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &want);
	struct xfrm_policy *xp = policy_alloc(f, &row);
	struct sk_buff *skb = packet_given(f, x, &out);
	const struct ov2_add_sa *add;
	struct ov2_tx tx;

	xp->xfrm_vec[0].id.spi = x->id.spi;
	KUNIT_EXPECT_TRUE(test, fixture_entry(x)->traits.packet);
	spin_lock_bh(&f->nic->lock);
	ov2_evict_later(fixture_entry(x));
	spin_unlock_bh(&f->nic->lock);
	KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, row.dir), -EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->nic->evictq));
	KUNIT_EXPECT_EQ(test, (int)x->xso.type, XFRM_DEV_OFFLOAD_CRYPTO);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_FALSE(test, fixture_entry(x)->traits.packet);
	add = fake_nic_by_spi(f->fake, fixture_spi(x));
	KUNIT_ASSERT_NOT_NULL(test, add);
	KUNIT_EXPECT_FALSE(test, add->packet);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_EVICTED), 0);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), -ENOENT);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_TX_DROP_SA), 1);
	kfree_skb(skb);
	policy_drop(xp);
}

/* Puts a policy that was offloaded for a tunnel to @peer into xfrm's tables. The test has a
 * reference of its own.
 */
static struct xfrm_policy *policy_insert(struct fixture *f, __be32 spi, u32 reqid, u32 if_id,
					 u8 peer)
{
	static const struct policy_row row = { POLICY_TUNNEL, .family = AF_INET6 };
	struct xfrm_policy *xp = policy_alloc(f, &row);

	xp->xfrm_vec[0].id.spi = spi;
	xp->xfrm_vec[0].reqid = reqid;
	xp->if_id = if_id;
	policy_addr(&xp->xfrm_vec[0].id.daddr, AF_INET6, peer);
	xp->selector.dport = htons(1 + 2 * reqid + 4 * if_id + 8 * peer);
	xp->selector.dport_mask = htons(0xffff);
	KUNIT_ASSERT_EQ(f->test, policy_dev_add(f, xp, row.dir), 0);
	KUNIT_ASSERT_EQ(f->test, xfrm_policy_insert(row.dir, xp, 1), 0);
	return xp;
}

/* S67: one SA serves a policy of each family, and that of the outer family was accepted before the
 * other is refused. Both continue without packet offload, because xfrm would find no state for the
 * first. Policies of other SAs, peers and interfaces stay as they are.
 */
static void policy_test_to_crypto_all(struct kunit *test)
{
	static const struct policy_row row = { POLICY_TUNNEL, .outer = AF_INET6 };
	struct fixture_sa want = { .out = true, .packet = true, .mode = XFRM_MODE_TUNNEL,
				   .family = AF_INET6, .sel_family = FIXTURE_UNSPEC };
	struct fixture *f = test->priv;
	int i, refs = netdev_refcnt_read(f->netdev[0]);
	struct xfrm_state *x = fixture_sa(f, &want);
	struct xfrm_policy *xp = policy_alloc(f, &row);
	struct xfrm_policy *all[] = {
		policy_insert(f, x->id.spi, x->props.reqid, 0, 2),
		policy_insert(f, 0, x->props.reqid + 1, 0, 2),
		policy_insert(f, 0, x->props.reqid, 0, 3),
		policy_insert(f, 0, x->props.reqid, 1, 2),
	};

	xp->xfrm_vec[0].id.spi = x->id.spi;
	KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, row.dir), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, (int)x->xso.type, XFRM_DEV_OFFLOAD_CRYPTO);
	KUNIT_EXPECT_EQ(test, (int)all[0]->xdo.type, XFRM_DEV_OFFLOAD_UNSPECIFIED);
	/* xfrm deletes it while it is still about to let go of its netdev. */
	KUNIT_EXPECT_EQ(test, xfrm_policy_delete(all[0], row.dir), 0);
	policy_rcu();
	KUNIT_EXPECT_PTR_EQ(test, all[0]->xdo.dev, blackhole_netdev);
	for (i = 1; i < ARRAY_SIZE(all); i++) {
		KUNIT_EXPECT_EQ(test, (int)all[i]->xdo.type, XFRM_DEV_OFFLOAD_PACKET);
		KUNIT_EXPECT_PTR_EQ(test, all[i]->xdo.dev, f->netdev[0]);
		KUNIT_EXPECT_EQ(test, xfrm_policy_delete(all[i], row.dir), 0);
	}
	policy_rcu();
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		KUNIT_EXPECT_EQ(test, refcount_read(&all[i]->refcnt), 1);
		xfrm_pol_put(all[i]);
	}
	policy_drop(xp);
	fixture_delete(f, x);
	fixture_settle(f);
	fixture_gc();
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs);
}

/* S31, S34, S65: a port that does not do packet mode takes no policy, in any direction. */
static void policy_test_off(struct kunit *test)
{
	static const struct policy_row in = { .dir = XFRM_POLICY_IN };
	static const struct policy_row out = { POLICY_TUNNEL };
	const struct policy_row *rows[] = { &in, &out };
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f = test->priv;
	struct xfrm_policy *xp;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		xp = policy_alloc(f, rows[i]);
		f->netdev[0]->features &= ~NETIF_F_HW_ESP;
		KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, rows[i]->dir), -EOPNOTSUPP);
		KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg ?: "", "esp-hw-offload"));
		f->netdev[0]->features |= NETIF_F_HW_ESP;

		caps.features &= ~OV2_CAP_PACKET;
		KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
		KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, rows[i]->dir), -EOPNOTSUPP);
		KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg ?: "", "not supported"));
		caps = fake_nic_caps;
		KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
		policy_drop(xp);
	}
	xp = policy_alloc(f, &in);
	ov2_port_close(fixture_port_of(f, 0));
	KUNIT_EXPECT_EQ(test, policy_dev_add(f, xp, in.dir), -EOPNOTSUPP);
	policy_drop(xp);
}

/* S65: a deleted policy releases its netdev, although a cached route still has the policy. The
 * same holds for one that was replaced.
 */
static void policy_test_lets_go(struct kunit *test)
{
	static const struct policy_row out = { POLICY_TUNNEL };
	struct fixture *f = test->priv;
	int refs = netdev_refcnt_read(f->netdev[0]);
	struct xfrm_policy *xp = policy_alloc(f, &out), *next = policy_alloc(f, &out);

	KUNIT_ASSERT_EQ(test, policy_dev_add(f, xp, out.dir), 0);
	KUNIT_ASSERT_EQ(test, xfrm_policy_insert(out.dir, xp, 1), 0);
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs + 1);

	/* The test keeps its own references, as a cached route does. */
	KUNIT_ASSERT_EQ(test, policy_dev_add(f, next, out.dir), 0);
	KUNIT_ASSERT_EQ(test, xfrm_policy_insert(out.dir, next, 0), 0);
	policy_rcu();
	KUNIT_EXPECT_PTR_EQ(test, xp->xdo.dev, blackhole_netdev);
	KUNIT_EXPECT_EQ(test, (int)xp->xdo.type, XFRM_DEV_OFFLOAD_UNSPECIFIED);
	KUNIT_EXPECT_EQ(test, refcount_read(&xp->refcnt), 1);
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs + 1);

	KUNIT_ASSERT_EQ(test, xfrm_policy_delete(next, out.dir), 0);
	policy_rcu();
	KUNIT_EXPECT_EQ(test, netdev_refcnt_read(f->netdev[0]), refs);
	KUNIT_EXPECT_EQ(test, refcount_read(&next->refcnt), 1);
	xfrm_pol_put(next);
	xfrm_pol_put(xp);
	policy_rcu();
}

/* S65: a netdev goes although a cached route has a policy of it, which xfrm deletes. */
static void policy_test_unregister(struct kunit *test)
{
	static const struct policy_row out = { POLICY_TUNNEL };
	struct fixture *f = test->priv;
	struct xfrm_policy *xp = policy_alloc(f, &out);

	KUNIT_ASSERT_EQ(test, policy_dev_add(f, xp, out.dir), 0);
	KUNIT_ASSERT_EQ(test, xfrm_policy_insert(out.dir, xp, 1), 0);
	fixture_close(f);
	KUNIT_EXPECT_PTR_EQ(test, xp->xdo.dev, blackhole_netdev);
	xfrm_pol_put(xp);
	policy_rcu();
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(policy_test_add, policy_gen_params),
	KUNIT_CASE(policy_test_to_crypto),
	KUNIT_CASE(policy_test_to_crypto_all),
	KUNIT_CASE(policy_test_off),
	KUNIT_CASE(policy_test_lets_go),
	KUNIT_CASE(policy_test_unregister),
	{ }
};

static struct kunit_suite policy_suite = {
	.name = "ov2_policy",
	.init = policy_init,
	.exit = policy_exit,
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
