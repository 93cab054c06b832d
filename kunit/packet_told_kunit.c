// SPDX-License-Identifier: GPL-2.0-only
/* The send path in packet mode: what the driver and key managers are told about a packet. */
#include <linux/inetdevice.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/xfrm.h>
#include <kunit/static_stub.h>
#include "../drivers/ov2/packet.h"
#include "km_spy.h"
#include "packet_out.h"

#define TOLD_TUNNEL	.packet = true, .out = true, .mode = XFRM_MODE_TUNNEL

static int told_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	km_spy_start();
	return 0;
}

static void told_exit(struct kunit *test)
{
	km_spy_stop();
	fixture_destroy(test->priv);
}

static struct xfrm_state *told_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

/* Sends a packet of @segs segments. */
static void told_send(struct fixture *f, struct xfrm_state *x, u32 segs)
{
	struct packet_out out = { .len = segs * PACKET_GSO_SIZE, .gso = segs > 1 };
	struct sk_buff *skb = packet_given(f, x, &out);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(f->test, packet_send(skb, &tx), 1);
	kfree_skb(skb);
}

/* The UDP ports are those that the state has now. */
static void told_test_driver(struct kunit *test)
{
	static const struct fixture_sa udp = { TOLD_TUNNEL, .encap = UDP_ENCAP_ESPINUDP };
	static const struct packet_out tcp = { .len = 100 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = told_sa(f, &udp);
	struct sk_buff *skb = packet_given(f, x, &tcp);
	struct ov2_tx tx;

	x->encap->encap_dport = htons(4711);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), 1);
	KUNIT_EXPECT_EQ(test, ntohs(tx.sport), 4500);
	KUNIT_EXPECT_EQ(test, ntohs(tx.dport), 4711);
	KUNIT_EXPECT_EQ(test, tx.icv_len, 16);
	KUNIT_EXPECT_FALSE(test, tx.host_iv);
	KUNIT_EXPECT_PTR_EQ(test, tx.priv, fixture_entry(x)->priv);
	kfree_skb(skb);
}

struct told_ttl_row {
	const char *name;
	struct fixture_sa sa;
	u32 hops;
	u8 ttl;
};

static const struct told_ttl_row told_ttl_rows[] = {
	{ "IPv4", { TOLD_TUNNEL }, 0, 77 },
	{ "IPv4, of the route", { TOLD_TUNNEL }, 12, 12 },
	{ "IPv6", { TOLD_TUNNEL, .family = AF_INET6 }, 0, 55 },
	{ "IPv6, of the route", { TOLD_TUNNEL, .family = AF_INET6 }, 13, 13 },
	{ "transport", { .packet = true, .out = true }, 12, 0 },
};

KUNIT_ARRAY_PARAM_DESC(told_ttl, told_ttl_rows, name);

/* S13: the outer header has the hop limit that the route has when the packet is sent, as with
 * software.
 */
static void told_test_ttl(struct kunit *test)
{
	const struct told_ttl_row *row = test->param_value;
	struct packet_out out = { .len = 100, .hops = row->hops };
	u8 before = init_net.ipv4.sysctl_ip_default_ttl;
	struct fixture *f = test->priv;
	struct xfrm_state *x = told_sa(f, &row->sa);
	struct inet6_dev *idev;
	struct sk_buff *skb;
	struct ov2_tx tx;

	rtnl_lock();
	idev = __in6_dev_get(f->netdev[0]);
	if (idev)
		idev->cnf.hop_limit = 55;
	rtnl_unlock();
	KUNIT_ASSERT_NOT_NULL(test, idev);
	WRITE_ONCE(init_net.ipv4.sysctl_ip_default_ttl, 77);
	skb = packet_given(f, x, &out);
	WRITE_ONCE(init_net.ipv4.sysctl_ip_default_ttl, before);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), 1);
	KUNIT_EXPECT_EQ(test, tx.ttl, row->ttl);
	kfree_skb(skb);
}

struct told_notify_row {
	const char *name;
	struct fixture_sa sa;
};

static const struct told_notify_row told_notify_rows[] = {
	{ "32 bits", { TOLD_TUNNEL } },
	{ "bitmap", { TOLD_TUNNEL, .bmp = true } },
	{ "ESN", { TOLD_TUNNEL, .esn = true, .oseq = 0xfffffffe } },
};

KUNIT_ARRAY_PARAM_DESC(told_notify, told_notify_rows, name);

/* Without a listener xfrm reports no numbers. */
static struct socket *told_listen(struct kunit *test)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = BIT(XFRMNLGRP_AEVENTS - 1),
	};
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, PF_NETLINK, SOCK_RAW, NETLINK_XFRM,
						  &sock));
	KUNIT_EXPECT_EQ(test, 0, kernel_bind(sock, (void *)&addr, sizeof(addr)));
	return sock;
}

static void told_expect_reports(struct kunit *test, u32 replays, u32 timeouts)
{
	KUNIT_EXPECT_EQ(test, km_seen.replays, replays);
	KUNIT_EXPECT_EQ(test, km_seen.timeouts, timeouts);
}

/* S68: whoever keeps a copy of the state is told its numbers, each time that so many packets were
 * sent, and once more if time has passed without any.
 */
static void told_test_notify(struct kunit *test)
{
	const struct told_notify_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = told_sa(f, &row->sa);
	struct socket *sock;

	x->replay_maxdiff = 3;
	told_send(f, x, 3);
	told_expect_reports(test, 0, 0);
	sock = told_listen(test);
	told_send(f, x, 1);
	told_expect_reports(test, 1, 0);
	told_send(f, x, 2);
	told_expect_reports(test, 1, 0);
	told_send(f, x, 1);
	told_expect_reports(test, 2, 0);

	x->xflags |= XFRM_TIME_DEFER;
	x->replay_maxage = 3600 * HZ;
	told_send(f, x, 1);
	told_expect_reports(test, 3, 1);
	KUNIT_EXPECT_TRUE(test, timer_pending(&x->rtimer));
	KUNIT_EXPECT_FALSE(test, x->xflags & XFRM_TIME_DEFER);
	x->replay_maxdiff = 0;
	told_send(f, x, 9);
	told_expect_reports(test, 3, 1);
	timer_delete_sync(&x->rtimer);
	sock_release(sock);
}

static bool told_trylock(struct xfrm_state *x)
{
	return false;
}

/* Another CPU has the state locked, and may be about to send by the queue whose lock the driver
 * has. The packet gets its number when it comes again.
 */
static void told_test_locked(struct kunit *test)
{
	static const struct fixture_sa tunnel = { TOLD_TUNNEL };
	static const struct packet_out tcp = { .len = 100 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = told_sa(f, &tunnel);
	struct sk_buff *skb = packet_given(f, x, &tcp);
	struct ov2_tx tx;

	kunit_activate_static_stub(test, ov2_packet_trylock, told_trylock);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), -EAGAIN);
	kunit_deactivate_static_stub(test, ov2_packet_trylock);
	KUNIT_EXPECT_EQ(test, x->replay.oseq, 0);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), 1);
	KUNIT_EXPECT_EQ(test, tx.seq, 1);
	kfree_skb(skb);
}

static struct kunit_case told_cases[] = {
	KUNIT_CASE(told_test_locked),
	KUNIT_CASE(told_test_driver),
	KUNIT_CASE_PARAM(told_test_ttl, told_ttl_gen_params),
	KUNIT_CASE_PARAM(told_test_notify, told_notify_gen_params),
	{ }
};

static struct kunit_suite told_suite = {
	.name = "ov2_packet_told",
	.init = told_init,
	.exit = told_exit,
	.test_cases = told_cases,
};

kunit_test_suite(told_suite);
