// SPDX-License-Identifier: GPL-2.0-only
/*
 * The send path in packet mode: which packets may be given to the NIC, how they are counted and
 * numbered, and how the SA that xfrm has chosen travels with them.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include "fault.h"
#include "packet_out.h"
#include "tx_sa.h"

#define PACKET_TRANSPORT	.packet = true, .out = true
#define PACKET_TUNNEL		PACKET_TRANSPORT, .mode = XFRM_MODE_TUNNEL
/* The NIC does not make IVs of numbers with this one, so xfrm may use any number. */
#define PACKET_CBC		PACKET_TRANSPORT, .ealg = "cbc(aes)", .ealg_bits = 128, \
				.aalg = "hmac(sha256)", .aalg_bits = 256, .aalg_trunc = 128

static const struct fixture_sa packet_transport = { PACKET_TRANSPORT };
static const struct fixture_sa packet_tunnel = { PACKET_TUNNEL };
static const struct packet_out packet_tcp = { .len = 100 };

static int packet_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void packet_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static struct xfrm_state *packet_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

static void packet_expect_dropped(struct fixture *f, struct sk_buff *skb,
				  enum ov2_packet_counter counter)
{
	u64 dropped = fixture_packets(f, counter);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(f->test, packet_send(skb, &tx), -ENOENT);
	KUNIT_EXPECT_EQ(f->test, fixture_packets(f, counter), dropped + 1);
}

/* Expects that the packet is sent with @handle. Returns its number. */
static u64 packet_expect_sent(struct fixture *f, struct sk_buff *skb, u32 handle)
{
	u64 framed = fixture_packets(f, OV2_PKT_TX_FRAMED);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(f->test, packet_send(skb, &tx), 1);
	KUNIT_EXPECT_EQ(f->test, tx.offload_handle, handle);
	KUNIT_EXPECT_TRUE(f->test, tx.packet);
	KUNIT_EXPECT_EQ(f->test, fixture_packets(f, OV2_PKT_TX_FRAMED), framed + 1);
	return tx.seq;
}

struct packet_ok_row {
	const char *name;
	struct fixture_sa sa;
	struct packet_out out;
	bool ok;
};

static const struct packet_ok_row packet_ok_rows[] = {
	{ "transport, IPv4", { PACKET_TRANSPORT }, .ok = true },
	{ "transport, IPv6", { PACKET_TRANSPORT, .family = AF_INET6 }, .ok = true },
	{ "tunnel, IPv4", { PACKET_TUNNEL }, .ok = true },
	{ "tunnel, IPv6", { PACKET_TUNNEL, .family = AF_INET6 }, .ok = true },
	{ "UDP, IPv4", { PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, .ok = true },
	{ "UDP, IPv6", { PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6 },
	  .ok = true },
	{ "burst", { PACKET_TUNNEL }, { .len = 950, .gso = true }, true },
	{ "burst of a guest's", { PACKET_TUNNEL }, { .len = 950, .gso = true, .dodgy = true },
	  true },
	{ "another device", { PACKET_TRANSPORT }, { .other_port = true } },
	{ "another device, tunnel", { PACKET_TUNNEL }, { .other_port = true } },
	{ "a second SA", { PACKET_TRANSPORT }, { .nested = true } },
	{ "across families", { PACKET_TUNNEL, .sel_family = FIXTURE_UNSPEC },
	  { .family = AF_INET6 } },
	{ "options", { PACKET_TRANSPORT }, { .options = true } },
	{ "extension headers", { PACKET_TRANSPORT, .family = AF_INET6 }, { .options = true } },
	{ "inbound", { .packet = true } },
	{ "tunnel, neighbour to be confirmed", { PACKET_TUNNEL }, { .nud = NUD_STALE }, true },
	{ "tunnel, neighbour not resolved", { PACKET_TUNNEL }, { .nud = NUD_FAILED } },
	{ "tunnel, no neighbour", { PACKET_TUNNEL }, { .no_neigh = true } },
	{ "transport, no neighbour", { PACKET_TRANSPORT }, { .no_neigh = true }, true },
};

KUNIT_ARRAY_PARAM_DESC(packet_ok, packet_ok_rows, name);

/* S34, S45, S66: which packets may be given to the NIC. xfrm drops the others. Nothing of a packet
 * that is refused is counted.
 */
static void packet_test_ok(struct kunit *test)
{
	const struct packet_ok_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &row->sa);
	struct packet_route *route = packet_route(f, x, &row->out);
	struct sk_buff *skb = packet_plain(f, x, &row->out);

	KUNIT_EXPECT_EQ(test, packet_ask(skb, x, route), row->ok);
	KUNIT_EXPECT_EQ(test, !!x->curlft.packets, row->ok);
	KUNIT_EXPECT_EQ(test, !!x->lastused, row->ok);
	if (row->ok)
		packet_expect_sent(f, skb, fixture_entry(x)->offload_handle);
	kfree_skb(skb);
	packet_route_end(route);
}

/* S31, S44: the admin switches ESP offload off. Packets that xfrm has given to the SA before that
 * are sent while the NIC has the SA.
 */
static void packet_test_esp_off(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	struct sk_buff *skb = packet_plain(f, x, &packet_tcp), *given;

	given = packet_given(f, x, &packet_tcp);
	disable_delayed_work_sync(&f->nic->evict_work);
	f->netdev[0]->features &= ~NETIF_F_HW_ESP;
	KUNIT_EXPECT_FALSE(test, packet_ask(skb, x, route));
	f->netdev[0]->features |= NETIF_F_HW_ESP;
	ov2_port_set_esp(fixture_port_of(f, 0), false);
	KUNIT_EXPECT_FALSE(test, packet_ask(skb, x, route));
	packet_expect_sent(f, given, fixture_entry(x)->offload_handle);
	enable_delayed_work(&f->nic->evict_work);
	kfree_skb(given);
	kfree_skb(skb);
	packet_route_end(route);
}

/* S37, S44, S66: the life of an SA. A packet that xfrm has given to the SA is sent until xfrm
 * deletes the SA, because it has no number yet, and never leaves as plaintext.
 */
static void packet_test_life(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	struct sk_buff *skb = packet_given(f, x, &packet_tcp), *other;
	u32 base;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	packet_expect_sent(f, skb, fixture_entry(x)->offload_handle);
	other = packet_plain(f, x, &packet_tcp);
	xfrm_state_hold(x);
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	KUNIT_EXPECT_FALSE(test, packet_ask(other, x, route));
	xfrm_state_put(x);
	packet_expect_dropped(f, skb, OV2_PKT_TX_DROP_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	fixture_settle(f);
	packet_expect_dropped(f, skb, OV2_PKT_TX_DROP_SA);
	/* xfrm has flushed the states of the device. */
	fixture_gc();
	KUNIT_EXPECT_NE(test, ov2_features_check(skb, f->netdev[0], TX_FEATURES), 0);
	KUNIT_EXPECT_TRUE(test, xfrm_offload(skb)->flags & XFRM_XMIT);
	packet_expect_dropped(f, skb, OV2_PKT_TX_DROP_SA);
	kfree_skb(skb);
	kfree_skb(other);
	packet_route_end(route);
}

/* S37, S63, S68: during a reset xfrm may give packets to the SA, so that senders see a loss and no
 * error. They are dropped and counted. After the reset the numbers go on, with the new handle.
 */
static void packet_test_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct sk_buff *skb = packet_given(f, x, &packet_tcp), *late;
	u32 handle = fixture_entry(x)->offload_handle;
	u64 seq = packet_expect_sent(f, skb, handle);

	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	late = packet_given(f, x, &packet_tcp);
	packet_expect_dropped(f, late, OV2_PKT_TX_DROP_SA);
	complete(&go);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	f->fake->hold_reset = NULL;
	KUNIT_EXPECT_NE(test, fixture_entry(x)->offload_handle, handle);
	KUNIT_EXPECT_EQ(test, fake_nic_by_spi(f->fake, fixture_spi(x))->seq.low, (u32)seq);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, skb, fixture_entry(x)->offload_handle),
			seq + 1);
	kfree_skb(late);
	kfree_skb(skb);
}

/* S37: xfrm has deleted the state, or its lifetime is over, but it is still in the NIC. */
static void packet_test_dead(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	unsigned long invalid = packet_mib(LINUX_MIB_XFRMOUTSTATEINVALID);
	struct sk_buff *skb = packet_plain(f, x, &packet_tcp);

	x->km.state = XFRM_STATE_EXPIRED;
	KUNIT_EXPECT_FALSE(test, packet_ask(skb, x, route));
	x->km.state = XFRM_STATE_VALID;
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMOUTSTATEINVALID), invalid + 1);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	kfree_skb(skb);
	packet_route_end(route);
}

/* The packets of these rows have PACKET_TCP_LEN + 100 bytes behind the IP header. */
struct packet_expiry_row {
	const char *name;
	u64 hard_packets;
	u64 hard_bytes;
	u64 soft_packets;
	u64 soft_bytes;
	u32 sent;	/* packets that are accepted, of five */
	u32 soft;	/* the packet after which the IKE daemon was asked to rekey, from 1 */
};

static const struct packet_expiry_row packet_expiry_rows[] = {
	{ "2 packets", .hard_packets = 2, .sent = 2 },
	{ "3 packets", .hard_packets = 3, .sent = 3 },
	{ "4 packets", .hard_packets = 4, .sent = 4 },
	{ "a byte less than 3 packets", .hard_bytes = 3 * 132 - 1, .sent = 3 },
	{ "the bytes of 3 packets", .hard_bytes = 3 * 132, .sent = 3 },
	{ "a byte more than 3 packets", .hard_bytes = 3 * 132 + 1, .sent = 4 },
	{ "soft, 2 packets", .soft_packets = 2, .sent = 5, .soft = 3 },
	{ "soft, a byte less than 2 packets", .soft_bytes = 2 * 132 - 1, .sent = 5, .soft = 3 },
	{ "soft, a byte more than 2 packets", .soft_bytes = 2 * 132 + 1, .sent = 5, .soft = 4 },
};

KUNIT_ARRAY_PARAM_DESC(packet_expiry, packet_expiry_rows, name);

/* S68: lifetimes in packets and bytes end at the same packet as in software. The limits are read
 * when a packet comes, so that a change of them counts at once.
 */
static void packet_test_expiry(struct kunit *test)
{
	const struct packet_expiry_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	unsigned long expired = packet_mib(LINUX_MIB_XFRMOUTSTATEEXPIRED);
	u32 i;

	x->lft.hard_packet_limit = row->hard_packets ?: XFRM_INF;
	x->lft.hard_byte_limit = row->hard_bytes ?: XFRM_INF;
	x->lft.soft_packet_limit = row->soft_packets ?: XFRM_INF;
	x->lft.soft_byte_limit = row->soft_bytes ?: XFRM_INF;
	for (i = 1; i <= 5; i++) {
		struct sk_buff *skb = packet_plain(f, x, &packet_tcp);

		KUNIT_EXPECT_EQ_MSG(test, packet_ask(skb, x, route), i <= row->sent, "packet %u",
				    i);
		KUNIT_EXPECT_EQ_MSG(test, x->km.dying, row->soft && i >= row->soft, "packet %u", i);
		kfree_skb(skb);
		if (i > row->sent)
			break;
	}
	KUNIT_EXPECT_EQ(test, x->curlft.packets, row->sent);
	KUNIT_EXPECT_EQ(test, x->curlft.bytes, row->sent * 132);
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMOUTSTATEEXPIRED) - expired, row->sent < 5);
	KUNIT_EXPECT_EQ(test, (int)x->km.state == XFRM_STATE_VALID, row->sent == 5);
	packet_route_end(route);
}

struct packet_gso_row {
	const char *name;
	struct fixture_sa sa;
	struct packet_out out;
	u32 packets;
};

static const struct packet_gso_row packet_gso_rows[] = {
	{ "no burst", { PACKET_TRANSPORT }, { .len = 950 }, 1 },
	{ "no burst, tunnel", { PACKET_TUNNEL }, { .len = 950 }, 1 },
	{ "no burst, IPv6", { PACKET_TRANSPORT, .family = AF_INET6 }, { .len = 950 }, 1 },
	{ "TCP", { PACKET_TRANSPORT }, { .len = 950, .gso = true }, 10 },
	{ "TCP, full segments", { PACKET_TRANSPORT }, { .len = 1000, .gso = true }, 10 },
	{ "TCP, one byte more", { PACKET_TRANSPORT }, { .len = 1001, .gso = true }, 11 },
	{ "TCP, one segment", { PACKET_TRANSPORT }, { .len = 60, .gso = true }, 1 },
	{ "TCP of a guest's", { PACKET_TUNNEL }, { .len = 950, .gso = true, .dodgy = true }, 10 },
	{ "TCP of a guest's, shorter than its header", { PACKET_TUNNEL },
	  { .len = 10, .gso = true, .dodgy = true, .bad_doff = true }, 1 },
	{ "TCP, tunnel", { PACKET_TUNNEL }, { .len = 950, .gso = true }, 10 },
	{ "TCP, IPv6", { PACKET_TRANSPORT, .family = AF_INET6 }, { .len = 950, .gso = true }, 10 },
	{ "TCP, IPv6 tunnel", { PACKET_TUNNEL, .family = AF_INET6 }, { .len = 950, .gso = true },
	  10 },
	{ "UDP", { PACKET_TUNNEL }, { .len = 950, .gso = true, .udp = true }, 10 },
	{ "VXLAN", { PACKET_TRANSPORT }, { .len = 950, .gso = true, .vxlan = true }, 10 },
};

KUNIT_ARRAY_PARAM_DESC(packet_gso, packet_gso_rows, name);

/* S38, S68: a burst is counted as software counts the packets that it becomes, each with its own
 * headers, and takes as many numbers.
 */
static void packet_test_gso(struct kunit *test)
{
	const struct packet_gso_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &row->sa);
	u32 handle = fixture_entry(x)->offload_handle;
	struct sk_buff *skb = packet_given(f, x, &row->out);

	KUNIT_EXPECT_EQ(test, x->curlft.packets, row->packets);
	KUNIT_EXPECT_EQ(test, x->curlft.bytes,
			row->out.len + row->packets * packet_headers(x, &row->out));
	/* By now there is a MAC header in front of it. */
	KUNIT_ASSERT_EQ(test, skb_cow_head(skb, ETH_HLEN), 0);
	skb_push(skb, ETH_HLEN);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, skb, handle), 1);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, skb, handle), row->packets + 1);
	KUNIT_EXPECT_EQ(test, x->replay.oseq, 2 * row->packets);
	kfree_skb(skb);
}

static void packet_freed(struct sk_buff *skb)
{
	*(bool *)skb->sk = true;
	skb->sk = NULL;
}

/* S67: the guard travels in the sec_path, in place of the state of the packet's receipt, and lives
 * as long as the packet. The packet does not hold its own state, but a driver can tell the packets
 * of one SA from those of another. The output mark is set. In tunnel mode the packet has the MAC
 * header of the next hop, and no socket, so that it needs no neighbour of its inner destination.
 */
static void packet_test_prepared(struct kunit *test)
{
	static const struct fixture_sa in = { .packet = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_tunnel), *y = packet_sa(f, &in);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	struct sk_buff *skb = packet_plain(f, x, &packet_tcp);
	struct xfrm_state *guard = f->nic->guard;
	u32 refs = refcount_read(&x->refcnt), other = refcount_read(&y->refcnt);
	const struct ethhdr *eth;
	struct sec_path *sp;
	bool freed = false;

	x->props.smark.v = 0x42;
	x->props.smark.m = 0xff;
	skb->mark = 0x1234;
	skb->sk = (struct sock *)&freed;
	skb->destructor = packet_freed;
	sp = secpath_set(skb);
	KUNIT_ASSERT_NOT_NULL(test, sp);
	xfrm_state_hold(y);
	sp->xvec[sp->len++] = y;

	KUNIT_ASSERT_TRUE(test, packet_ask(skb, x, route));
	KUNIT_EXPECT_EQ(test, refcount_read(&y->refcnt), other);
	KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);
	KUNIT_EXPECT_EQ(test, refcount_read(&guard->refcnt), 2);
	sp = skb_sec_path(skb);
	KUNIT_ASSERT_NOT_NULL(test, sp);
	KUNIT_EXPECT_EQ(test, (int)sp->len, 1);
	KUNIT_EXPECT_EQ(test, (int)sp->olen, 1);
	KUNIT_EXPECT_PTR_EQ(test, sp->xvec[0], guard);
	KUNIT_EXPECT_EQ(test, ov2_tx_flow(skb), (u32)x->xso.offload_handle);
	KUNIT_EXPECT_FALSE(test, xfrm_offload(skb)->flags & XFRM_XMIT);
	KUNIT_EXPECT_EQ(test, skb->mark, 0x1242);
	KUNIT_EXPECT_TRUE(test, freed);
	KUNIT_ASSERT_GE(test, skb_headroom(skb), LL_RESERVED_SPACE(f->netdev[0]));
	eth = (const struct ethhdr *)(skb->data - ETH_HLEN);
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_dest, packet_next_hop));
	KUNIT_EXPECT_TRUE(test, ether_addr_equal(eth->h_source, f->netdev[0]->dev_addr));
	KUNIT_EXPECT_EQ(test, ntohs(eth->h_proto), ETH_P_IP);
	KUNIT_EXPECT_EQ(test, ntohl(route->asked.a4), ntohl(x->id.daddr.a4));
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, refcount_read(&guard->refcnt), 1);
	packet_route_end(route);
}

/* In transport mode the neighbour code does the MAC header, and the packet keeps its socket until
 * then.
 */
static void packet_test_socket(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	struct sk_buff *skb = packet_plain(f, x, &packet_tcp);
	bool freed = false;

	skb->sk = (struct sock *)&freed;
	skb->destructor = packet_freed;
	KUNIT_ASSERT_TRUE(test, packet_ask(skb, x, route));
	KUNIT_EXPECT_FALSE(test, freed);
	kfree_skb(skb);
	packet_route_end(route);
}

/* A packet whose neighbour is not confirmed makes the stack confirm it. */
static void packet_test_neighbour(struct kunit *test)
{
	static const struct packet_out stale = { .len = 100, .nud = NUD_STALE };
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_tunnel);
	struct packet_route *route = packet_route(f, x, &stale);
	struct sk_buff *skb = packet_plain(f, x, &stale);
	u32 refs = refcount_read(&route->neigh->refcnt);

	KUNIT_EXPECT_TRUE(test, packet_ask(skb, x, route));
	KUNIT_EXPECT_NE(test, route->neigh->nud_state, NUD_STALE);
	/* The timer that asks the neighbour has a reference. */
	KUNIT_EXPECT_LE(test, refcount_read(&route->neigh->refcnt), refs + 1);
	kfree_skb(skb);
	packet_route_end(route);
}

/* S67: during a rekey two SAs are alike but for their SPIs. Each packet is sent with the one that
 * xfrm has chosen for it.
 */
static void packet_test_rekey(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *old = packet_sa(f, &packet_tunnel), *new;
	struct sk_buff *first, *second;

	first = packet_given(f, old, &packet_tcp);
	new = packet_sa(f, &packet_tunnel);
	second = packet_given(f, new, &packet_tcp);
	packet_expect_sent(f, second, fixture_entry(new)->offload_handle);
	packet_expect_sent(f, first, fixture_entry(old)->offload_handle);
	kfree_skb(first);
	kfree_skb(second);
}

/* S66: on its way to the driver a packet is let past the stack's own ESP code once it is on the
 * netdev of ours, and its clone on the way to another netdev is not. A requeued packet passes
 * again.
 */
static void packet_test_clone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct sk_buff *skb = packet_given(f, x, &packet_tcp), *clone;
	u32 handle = fixture_entry(x)->offload_handle;
	bool again = false;
	struct ov2_tx tx;

	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	/* It has not passed ov2_features_check() yet. */
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, ov2_tx_sa(skb, &tx), -ENOENT);
	local_bh_enable();
	packet_expect_sent(f, skb, handle);
	packet_expect_sent(f, skb, handle);
	KUNIT_EXPECT_FALSE(test, xfrm_offload(clone)->flags & XFRM_XMIT);
	local_bh_disable();
	KUNIT_EXPECT_PTR_EQ(test, validate_xmit_xfrm(skb, TX_FEATURES, &again), skb);
	clone->dev = init_net.loopback_dev;
	/* It frees the clone. */
	KUNIT_EXPECT_NULL(test, validate_xmit_xfrm(clone, clone->dev->features, &again));
	local_bh_enable();
	kfree_skb(skb);
}

/* S66: a packet waits on another netdev, to which tc has redirected it, while xfrm takes the
 * offload away from the state, as it does when the port goes down, or the state turns to crypto
 * mode. The packet is dropped all the same: software would frame the plaintext as if it were ESP,
 * and give all such packets one IV.
 */
static void packet_test_redirected(struct kunit *test)
{
	static const u8 types[] = {
		XFRM_DEV_OFFLOAD_PACKET, XFRM_DEV_OFFLOAD_CRYPTO, XFRM_DEV_OFFLOAD_UNSPECIFIED,
	};
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct net_device *netdev = x->xso.dev;
	bool again = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct sk_buff *skb = packet_given(f, x, &packet_tcp);

		skb->dev = f->netdev[1];
		x->xso.type = types[i];
		if (types[i] == XFRM_DEV_OFFLOAD_UNSPECIFIED)
			x->xso.dev = NULL;
		local_bh_disable();
		KUNIT_EXPECT_NULL(test, validate_xmit_xfrm(skb, skb->dev->features, &again));
		local_bh_enable();
		x->xso.type = XFRM_DEV_OFFLOAD_PACKET;
		x->xso.dev = netdev;
	}
}

/* S66: without memory for a sec_path of its own the packet is not let past, and dropped if it
 * reaches the driver all the same.
 */
static void packet_test_clone_no_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct sk_buff *skb = packet_given(f, x, &packet_tcp), *clone;
	struct ov2_tx tx;

	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	fault_nth(test, 1);
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), -ENOENT);
	KUNIT_EXPECT_TRUE(test, fault_done());
	KUNIT_EXPECT_FALSE(test, xfrm_offload(skb)->flags & XFRM_XMIT);
	/* Something else has set the flag. */
	xfrm_offload(skb)->flags |= XFRM_XMIT;
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, ov2_tx_sa(skb, &tx), -ENOENT);
	local_bh_enable();
	kfree_skb(clone);
	kfree_skb(skb);
}

/* Without memory for the sec_path the packet is refused. */
static void packet_test_no_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct packet_route *route = packet_route(f, x, &packet_tcp);
	struct sk_buff *skb = packet_plain(f, x, &packet_tcp);
	u32 refs = refcount_read(&x->refcnt);
	bool ok;

	fault_nth(test, 1);
	ok = packet_ask(skb, x, route);
	KUNIT_EXPECT_TRUE(test, fault_done());
	KUNIT_EXPECT_FALSE(test, ok);
	KUNIT_EXPECT_EQ(test, x->curlft.packets, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&x->refcnt), refs);
	kfree_skb(skb);
	packet_route_end(route);
}

/* S37, S66: the packet reaches another port of the same NIC, and port and SA of another NIC. */
static void packet_test_other_port(struct kunit *test)
{
	struct fixture *f = test->priv, *other;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	struct sk_buff *skb = packet_given(f, x, &packet_tcp);

	skb->dev = f->netdev[1];
	packet_expect_dropped(f, skb, OV2_PKT_TX_DROP_SA);
	other = fixture_create(test, NULL);
	test->priv = f;
	skb->dev = other->netdev[0];
	packet_expect_dropped(other, skb, OV2_PKT_TX_DROP_SA);
	fixture_destroy(other);
	skb->dev = f->netdev[0];
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, skb, fixture_entry(x)->offload_handle), 1);
	kfree_skb(skb);
}

struct packet_number_row {
	const char *name;
	struct fixture_sa sa;
	bool may_wrap;
	u32 segs;
	u64 first;	/* 0 if there are not enough numbers */
	u64 after;
};

static const struct packet_number_row packet_number_rows[] = {
	{ "first", { PACKET_TRANSPORT }, false, 1, 1, 1 },
	{ "burst", { PACKET_TRANSPORT, .oseq = 7 }, false, 10, 8, 17 },
	{ "last", { PACKET_TRANSPORT, .oseq = 0xfffffffe }, false, 1, 0xffffffff, 0xffffffff },
	{ "none left", { PACKET_TRANSPORT, .oseq = 0xffffffff }, false, 1, 0, 0xffffffff },
	{ "last burst", { PACKET_TRANSPORT, .oseq = 0xfffffff5 }, false, 10, 0xfffffff6,
	  0xffffffff },
	{ "not enough", { PACKET_TRANSPORT, .oseq = 0xfffffff6 }, false, 10, 0, 0xfffffff6 },
	{ "may wrap", { PACKET_CBC, .oseq = 0xffffffff }, true, 1, 0x100000000, 0 },
	{ "burst may wrap", { PACKET_CBC, .oseq = 0xfffffffa }, true, 10, 0xfffffffb, 4 },
	{ "bitmap, first", { PACKET_TRANSPORT, .bmp = true }, false, 1, 1, 1 },
	{ "bitmap, none left", { PACKET_TRANSPORT, .bmp = true, .oseq = 0xffffffff }, false, 1, 0,
	  0xffffffff },
	{ "bitmap, may wrap", { PACKET_CBC, .bmp = true, .oseq = 0xfffffffe }, true, 10,
	  0xffffffff, 8 },
	{ "ESN, first", { PACKET_TRANSPORT, .esn = true }, false, 1, 1, 1 },
	{ "ESN, upper half", { PACKET_TRANSPORT, .esn = true, .oseq = 0x300000005 }, false, 10,
	  0x300000006, 0x30000000f },
	{ "ESN, carry", { PACKET_TRANSPORT, .esn = true, .oseq = 0x2ffffffff }, false, 1,
	  0x300000000, 0x300000000 },
	{ "ESN, carry within a burst", { PACKET_TRANSPORT, .esn = true, .oseq = 0xfffffffa },
	  false, 10, 0xfffffffb, 0x100000004 },
	{ "ESN, last", { PACKET_CBC, .esn = true, .oseq = 0xfffffffefffffffe }, false, 1,
	  0xfffffffeffffffff, 0xfffffffeffffffff },
	{ "ESN, none left", { PACKET_CBC, .esn = true, .oseq = 0xffffffff00000000 }, false, 1, 0,
	  0xffffffff00000000 },
	{ "ESN, at the end", { PACKET_CBC, .esn = true, .oseq = U64_MAX }, false, 1, 0, U64_MAX },
	{ "ESN, may not wrap", { PACKET_CBC, .esn = true, .oseq = U64_MAX }, true, 1, 0, U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(packet_number, packet_number_rows, name);

static u64 packet_oseq(const struct xfrm_state *x)
{
	const struct xfrm_replay_state_esn *esn = x->replay_esn;

	return esn ? (u64)esn->oseq_hi << 32 | esn->oseq : x->replay.oseq;
}

/* S14, S68: numbers are those of the state, with each of its replay structures. A packet for which
 * there are not enough is dropped, and xfrm counts that.
 */
static void packet_test_number(struct kunit *test)
{
	const struct packet_number_row *row = test->param_value;
	struct packet_out out = { .len = row->segs * PACKET_GSO_SIZE, .gso = row->segs > 1 };
	unsigned long overflows = packet_mib(LINUX_MIB_XFRMOUTSTATESEQERROR);
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &row->sa);
	struct sk_buff *skb = packet_given(f, x, &out);

	if (row->may_wrap)
		x->props.extra_flags |= XFRM_SA_XFLAG_OSEQ_MAY_WRAP;
	if (row->first)
		KUNIT_EXPECT_EQ(test, packet_expect_sent(f, skb, fixture_entry(x)->offload_handle),
				row->first);
	else
		packet_expect_dropped(f, skb, OV2_PKT_TX_DROP_SEQ);
	KUNIT_EXPECT_EQ(test, packet_oseq(x), row->after);
	KUNIT_EXPECT_EQ(test, packet_mib(LINUX_MIB_XFRMOUTSTATESEQERROR) - overflows,
			!row->first);
	kfree_skb(skb);
}

/* S41, S68: packets have numbers in the order in which they reach the driver. If an admin sets the
 * numbers of the state back, none is given to the NIC twice.
 */
static void packet_test_order(struct kunit *test)
{
	static const struct packet_out burst = { .len = 950, .gso = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &packet_transport);
	u32 handle = fixture_entry(x)->offload_handle;
	struct sk_buff *first = packet_given(f, x, &burst);
	struct sk_buff *second = packet_given(f, x, &packet_tcp);

	KUNIT_EXPECT_EQ(test, x->replay.oseq, 0);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, second, handle), 1);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, first, handle), 2);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, second, handle), 12);
	x->replay.oseq = 10;
	packet_expect_dropped(f, second, OV2_PKT_TX_DROP_SEQ);
	packet_expect_dropped(f, second, OV2_PKT_TX_DROP_SEQ);
	KUNIT_EXPECT_EQ(test, packet_expect_sent(f, second, handle), 13);
	kfree_skb(first);
	kfree_skb(second);
}

struct packet_features_row {
	const char *name;
	struct fixture_sa sa;
	u32 caps_off;
	netdev_features_t off;
	netdev_features_t removed;
};

#define PACKET_GSO	(NETIF_F_TSO | NETIF_F_GSO_ESP)

static const struct packet_features_row packet_features_rows[] = {
	{ "all", { PACKET_TUNNEL }, 0, 0, 0 },
	{ "UDP", { PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, 0, 0, 0 },
	{ "no segmentation of ESP", { PACKET_TUNNEL }, 0, NETIF_F_GSO_ESP, PACKET_GSO },
	{ "no LSO", { PACKET_TUNNEL }, OV2_CAP_LSO, 0, PACKET_GSO },
	{ "no LSO of UDP", { PACKET_TUNNEL }, OV2_CAP_UDP_LSO, 0, 0 },
	{ "UDP, no LSO of UDP", { PACKET_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }, OV2_CAP_UDP_LSO,
	  0, PACKET_GSO },
	{ "no checksums within ESP", { PACKET_TUNNEL }, 0,
	  NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP,
	  PACKET_GSO | NETIF_F_HW_ESP_TX_CSUM | NETIF_F_HW_CSUM },
};

KUNIT_ARRAY_PARAM_DESC(packet_features, packet_features_rows, name);

/* S42, S43: segmentation and checksums are left to the NIC where it can do both before it encrypts.
 */
static void packet_test_features(struct kunit *test)
{
	const struct packet_features_row *row = test->param_value;
	struct packet_out out = { .len = 950, .gso = true };
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f = test->priv;
	struct xfrm_state *x = packet_sa(f, &row->sa);
	struct sk_buff *skb = packet_given(f, x, &out);

	caps.features &= ~row->caps_off;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	local_bh_disable();
	KUNIT_EXPECT_EQ(test, ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~row->off),
			TX_FEATURES & ~row->removed);
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, xfrm_offload(skb)->flags & XFRM_XMIT);
	kfree_skb(skb);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE_PARAM(packet_test_ok, packet_ok_gen_params),
	KUNIT_CASE(packet_test_esp_off),
	KUNIT_CASE(packet_test_life),
	KUNIT_CASE(packet_test_reset),
	KUNIT_CASE(packet_test_dead),
	KUNIT_CASE_PARAM(packet_test_expiry, packet_expiry_gen_params),
	KUNIT_CASE_PARAM(packet_test_gso, packet_gso_gen_params),
	KUNIT_CASE(packet_test_prepared),
	KUNIT_CASE(packet_test_socket),
	KUNIT_CASE(packet_test_neighbour),
	KUNIT_CASE(packet_test_rekey),
	KUNIT_CASE(packet_test_clone),
	KUNIT_CASE(packet_test_redirected),
	KUNIT_CASE(packet_test_clone_no_memory),
	KUNIT_CASE(packet_test_no_memory),
	KUNIT_CASE(packet_test_other_port),
	KUNIT_CASE_PARAM(packet_test_number, packet_number_gen_params),
	KUNIT_CASE(packet_test_order),
	KUNIT_CASE_PARAM(packet_test_features, packet_features_gen_params),
	{ }
};

static struct kunit_suite packet_suite = {
	.name = "ov2_packet",
	.init = packet_init,
	.exit = packet_exit,
	.test_cases = packet_cases,
};

kunit_test_suite(packet_suite);
