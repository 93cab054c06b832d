// SPDX-License-Identifier: GPL-2.0-only
/*
 * The send path of the core behind xfrm: what happens to a packet that waits in a qdisc, and with
 * which SA the driver sends it.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <net/esp.h>
#include "tx_sa.h"

static const struct fixture_sa tx_plain = { .out = true };

static int tx_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void tx_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* A packet as xfrm hands it down: IP, optionally UDP, ESP. */
static struct sk_buff *tx_skb(struct fixture *f, struct xfrm_state *x, u32 seq)
{
	bool ipv6 = x->props.family == AF_INET6;
	size_t ip_len = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct sk_buff *skb = alloc_skb(512, GFP_KERNEL);
	struct ip_esp_hdr *esp;
	u8 proto = x->encap ? IPPROTO_UDP : IPPROTO_ESP;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_reserve(skb, 64);
	skb_reset_network_header(skb);
	if (ipv6) {
		struct ipv6hdr *ip = skb_put_zero(skb, ip_len);

		ip->version = 6;
		ip->nexthdr = proto;
	} else {
		struct iphdr *ip = skb_put_zero(skb, ip_len);

		ip->version = 4;
		ip->ihl = 5;
		ip->protocol = proto;
	}
	skb->protocol = ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	skb_set_transport_header(skb, ip_len);
	if (x->encap)
		skb_put_zero(skb, sizeof(struct udphdr));
	esp = skb_put_zero(skb, sizeof(*esp) + 100);
	esp->spi = x->id.spi;
	esp->seq_no = htonl(seq);
	skb->dev = f->netdev[0];
	return skb;
}

/* Adds the sec_path of an offloaded send. */
static struct xfrm_offload *tx_secpath(struct kunit *test, struct sk_buff *skb,
				       struct xfrm_state *x, u64 seq)
{
	struct sec_path *sp = secpath_set(skb);
	struct xfrm_offload *xo;

	KUNIT_ASSERT_NOT_NULL(test, sp);
	xfrm_state_hold(x);
	sp->xvec[sp->len++] = x;
	sp->olen++;
	xo = xfrm_offload(skb);
	KUNIT_ASSERT_NOT_NULL(test, xo);
	xo->seq.low = lower_32_bits(seq);
	xo->seq.hi = upper_32_bits(seq);
	return xo;
}

static struct sk_buff *tx_offloaded(struct fixture *f, struct xfrm_state *x, u32 seq)
{
	struct sk_buff *skb = tx_skb(f, x, seq);

	tx_secpath(f->test, skb, x, seq)->flags |= XFRM_XMIT;
	return skb;
}

static int tx_ask(struct sk_buff *skb, struct ov2_tx *tx)
{
	int ret;

	memset(tx, 0, sizeof(*tx));
	local_bh_disable();
	ret = ov2_tx_sa(skb, tx);
	local_bh_enable();
	return ret;
}

static void tx_expect_counted(struct fixture *f, struct sk_buff *skb,
			      enum ov2_packet_counter counter)
{
	u64 dropped = fixture_packets(f, counter);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(f->test, tx_ask(skb, &tx), -ENOENT);
	KUNIT_EXPECT_EQ(f->test, fixture_packets(f, counter), dropped + 1);
}

static void tx_expect_dropped(struct fixture *f, struct sk_buff *skb)
{
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SA);
}

/* Expects that the packet is sent with @handle, and gives it the next number. */
static void tx_expect_sa(struct fixture *f, struct sk_buff *skb, u32 handle)
{
	struct ip_esp_hdr *esp = (struct ip_esp_hdr *)skb_transport_header(skb);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(f->test, tx_ask(skb, &tx), 1);
	KUNIT_EXPECT_EQ(f->test, tx.offload_handle, handle);
	be32_add_cpu(&esp->seq_no, skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1);
}

/* S36: a packet needs no protection if it has no sec_path, or one that is not for a send. */
static void tx_test_no_work(struct kunit *test)
{
	struct fixture_sa in = { };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &in);
	struct sk_buff *skb;
	struct ov2_tx tx;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, 1);
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 0);
	/* A packet that was received with an SA and is forwarded. */
	tx_secpath(test, skb, x, 1);
	skb_sec_path(skb)->olen = 0;
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_TX_DROP_SA), 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_TX_PROTECTED), 0);
	kfree_skb(skb);
}

/* S36, S18, S37: the three answers of ov2_tx_sa(), along the life of an SA. A framed packet is sent
 * with the SA until the NIC completes the delete, and never leaves as plaintext.
 */
static void tx_test_life(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct sk_buff *skb;
	u32 handle;

	f->fake->mode = FAKE_PEND;
	x = fixture_sa(f, &tx_plain);
	skb = tx_offloaded(f, x, 1);
	fake_nic_wait(f->fake, 0);
	/* S1 */
	fixture_expect_state(f, x, OV2_PHASE_ADDING);
	tx_expect_dropped(f, skb);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	handle = fixture_entry(x)->offload_handle;
	tx_expect_sa(f, skb, handle);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_TX_PROTECTED), 1);

	/* The sec_path keeps x until the packet is freed, but does not keep the SA in the NIC. */
	fixture_delete(f, x);
	fake_nic_wait(f->fake, 1);
	fixture_expect_state(f, x, OV2_PHASE_DELETING);
	tx_expect_sa(f, skb, handle);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_settle(f);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);
	fixture_gc();
}

/* S44: an SA leaves the NIC but stays in xfrm. Packets are sent with it until it has left, and
 * dropped after that.
 */
static void tx_test_demoting(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct ov2_caps caps;
	struct sk_buff *skb;
	u32 handle;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	handle = fixture_entry(x)->offload_handle;
	skb = tx_offloaded(f, x, 1);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	ov2_nic_caps(f->nic, &caps);
	caps.families = BIT(OV2_IPV6);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fake_nic_wait(f->fake, 1);
	fixture_expect_state(f, x, OV2_PHASE_DEMOTING);
	tx_expect_sa(f, skb, handle);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 1));
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);
}

/* S37, S44: no packet is given to a NIC that is being reset. After the reset the new handle is
 * used.
 */
static void tx_test_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb;
	u32 handle;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	handle = fixture_entry(x)->offload_handle;
	skb = tx_offloaded(f, x, 1);
	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	tx_expect_dropped(f, skb);
	complete(&go);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	f->fake->hold_reset = NULL;
	KUNIT_EXPECT_NE(test, fixture_entry(x)->offload_handle, handle);
	tx_expect_sa(f, skb, fixture_entry(x)->offload_handle);
	kfree_skb(skb);
}

/* S37: SAs that cannot belong to the packet. */
static void tx_test_not_for_sending(struct kunit *test)
{
	struct fixture_sa in = { };
	struct fixture *f = test->priv, *other;
	struct xfrm_state *x;
	struct sk_buff *skb;

	x = fixture_sa(f, &in);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_offloaded(f, x, 1);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);

	/* The NIC rejects the SA. */
	f->fake->refuse = ~0U;
	x = fixture_sa(f, &tx_plain);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	skb = tx_offloaded(f, x, 1);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);
	f->fake->refuse = 0;

	x = fixture_sa(f, &tx_plain);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	/* The SA is another NIC's. */
	other = fixture_create(test, NULL);
	test->priv = f;
	skb = tx_offloaded(f, x, 1);
	skb->dev = other->netdev[0];
	tx_expect_dropped(other, skb);
	kfree_skb(skb);
	fixture_destroy(other);
}

/* S44: a packet that was framed for an SA but does not have XFRM_XMIT is still plaintext. */
static void tx_test_in_clear(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, 1);
	tx_secpath(test, skb, x, 1);
	tx_expect_dropped(f, skb);
	/* S44: this does not depend on what has become of the offload of the state. */
	x->xso.type = XFRM_DEV_OFFLOAD_UNSPECIFIED;
	tx_expect_dropped(f, skb);
	x->xso.type = XFRM_DEV_OFFLOAD_CRYPTO;
	x->xso.dir = XFRM_DEV_OFFLOAD_IN;
	tx_expect_dropped(f, skb);
	x->xso.dir = XFRM_DEV_OFFLOAD_OUT;
	kfree_skb(skb);
}

struct tx_done_row {
	const char *name;
	bool tagged;
	bool encap;
	u32 flags;
	u8 proto;
	bool dropped;
};

static const struct tx_done_row tx_done_rows[] = {
	{ "ESP", false, false, CRYPTO_DONE, IPPROTO_ESP, true },
	{ "ESP, tagged", true, false, CRYPTO_DONE, IPPROTO_ESP, true },
	{ "ESP in UDP", false, true, CRYPTO_DONE, IPPROTO_UDP, true },
	{ "UDP of another SA", false, false, CRYPTO_DONE, IPPROTO_UDP, false },
	{ "packet mode", false, false, CRYPTO_DONE, IPPROTO_TCP, false },
	{ "software's", false, false, XFRM_GRO, IPPROTO_ESP, false },
};

KUNIT_ARRAY_PARAM_DESC(tx_done, tx_done_rows, name);

/* S44: ESP that a NIC has decrypted and that is sent before xfrm has seen it. */
static void tx_test_decrypted(struct kunit *test)
{
	const struct tx_done_row *row = test->param_value;
	struct fixture_sa want = { .encap = row->encap ? UDP_ENCAP_ESPINUDP : 0 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &want);
	struct sk_buff *skb;
	struct ov2_tx tx;

	skb = tx_skb(f, x, 1);
	ip_hdr(skb)->protocol = row->proto;
	tx_secpath(test, skb, x, 1)->flags = row->flags;
	if (row->tagged) {
		struct vlan_ethhdr *veth = skb_push(skb, sizeof(*veth));

		veth->h_vlan_proto = htons(ETH_P_8021Q);
		veth->h_vlan_encapsulated_proto = htons(ETH_P_IP);
		skb->protocol = htons(ETH_P_8021Q);
	}
	if (row->dropped)
		tx_expect_dropped(f, skb);
	else
		KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 0);
	kfree_skb(skb);
}

/* S43: software has encrypted a packet whose checksum was left to the NIC. */
static void tx_test_csum_in_cipher(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb = tx_skb(f, x, 1);
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_CSUM);
	ip_hdr(skb)->protocol = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 0);
	kfree_skb(skb);
}

/* S41: a number is given to the NIC once, whichever part of the stack repeats the packet. This does
 * not apply if the NIC does not derive the IV from the number.
 */
static void tx_test_number_twice(struct kunit *test)
{
	const struct fixture_sa cbc = {
		.out = true, .ealg = "cbc(aes)", .ealg_bits = 128, .aalg = "hmac(sha256)",
		.aalg_bits = 256, .aalg_trunc = 128,
	};
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb;
	struct ov2_tx tx;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_offloaded(f, x, 7);
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 1);
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SEQ);
	/* A reset does not make a number available again. */
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SEQ);
	kfree_skb(skb);

	x = fixture_sa(f, &cbc);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_offloaded(f, x, 7);
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 1);
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 1);
	kfree_skb(skb);
}

/* The packet's handle is another driver's pointer, or the packet reaches another port of the same
 * NIC.
 */
static void tx_test_foreign(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	unsigned long cookie = x->xso.offload_handle;
	struct sk_buff *skb;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_offloaded(f, x, 1);
	skb->dev = f->netdev[1];
	tx_expect_dropped(f, skb);
	skb->dev = f->netdev[0];
	x->xso.offload_handle = cookie | BIT(40);
	tx_expect_dropped(f, skb);
	x->xso.offload_handle = cookie;
	tx_expect_sa(f, skb, fixture_entry(x)->offload_handle);
	kfree_skb(skb);
}

struct tx_seq_row {
	const char *name;
	u32 header;
	u64 counted;
	u64 seq;
};

static const struct tx_seq_row tx_seq_rows[] = {
	{ "same", 5, 5, 5 },
	{ "counted on by one burst", 5, 49, 5 },
	{ "behind the header", 49, 5, 49 },
	{ "upper half", 7, 0x300000007, 0x300000007 },
	{ "counted over the wrap", 0xfffffffe, 0x100000003, 0xfffffffe },
	{ "header over the wrap", 3, 0xfffffffe, 0x100000003 },
	{ "header over a later wrap", 0, 0x2ffffffff, 0x300000000 },
	{ "just before the wrap", 0xffffffff, 0x300000000, 0x2ffffffff },
	{ "as far behind as can be", 0x80000001, 0x500000000, 0x480000001 },
	{ "as far ahead as can be", 0x7fffffff, 0x500000000, 0x57fffffff },
};

KUNIT_ARRAY_PARAM_DESC(tx_seq, tx_seq_rows, name);

/* S40, S14: the lower half of the number is that of the ESP header. The number is the one nearest
 * to the number that xfrm has counted.
 */
static void tx_test_upper_half(struct kunit *test)
{
	const struct tx_seq_row *row = test->param_value;
	struct fixture_sa want = { .out = true, .esn = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &want);
	struct sk_buff *skb;
	struct ov2_tx tx;

	KUNIT_EXPECT_EQ(test, ov2_tx_seq(row->header, lower_32_bits(row->counted),
					 upper_32_bits(row->counted)), row->seq);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, row->header);
	tx_secpath(test, skb, x, row->counted)->flags |= XFRM_XMIT;
	KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 1);
	KUNIT_EXPECT_EQ(test, tx.seq, row->seq);
	kfree_skb(skb);
}

/* Without ESN there is no upper half. With UDP the ESP header is behind the UDP header. */
static void tx_test_seq_plain(struct kunit *test)
{
	struct fixture_sa udp = { .out = true, .encap = UDP_ENCAP_ESPINUDP };
	struct fixture_sa ipv6 = { .out = true, .family = AF_INET6 };
	const struct fixture_sa *wants[] = { &tx_plain, &udp, &ipv6 };
	struct fixture *f = test->priv;
	struct sk_buff *skb;
	struct ov2_tx tx;
	int i;

	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		struct xfrm_state *x = fixture_sa(f, wants[i]);

		fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
		skb = tx_skb(f, x, 0x12345678);
		tx_secpath(test, skb, x, 0x512345600)->flags |= XFRM_XMIT;
		KUNIT_EXPECT_EQ(test, tx_ask(skb, &tx), 1);
		KUNIT_EXPECT_EQ(test, tx.seq, 0x12345678);
		kfree_skb(skb);
	}
}

struct tx_check_row {
	const char *name;
	enum tx_sa_is is;
	struct fixture_sa sa;
	bool gso;
	bool xmit;
	bool kept;
};

static const struct tx_check_row tx_check_rows[] = {
	{ "live", TX_LIVE, { .out = true }, false, false, true },
	{ "live, GSO", TX_LIVE, { .out = true }, true, false, true },
	{ "demoting", TX_DEMOTING, { .out = true }, false, false, false },
	{ "demoting, handed over", TX_DEMOTING, { .out = true }, false, true, true },
	{ "software", TX_SOFTWARE, { .out = true }, false, false, false },
	{ "software, GSO", TX_SOFTWARE, { .out = true }, true, false, false },
	{ "software, IPv6", TX_SOFTWARE, TX_IPV6, false, false, false },
	{ "software, IPv6 GSO", TX_SOFTWARE, TX_IPV6, true, false, false },
	{ "software, UDP", TX_SOFTWARE, TX_UDP, false, false, false },
	{ "software, UDP GSO", TX_SOFTWARE, TX_UDP, true, false, false },
	{ "inbound", TX_LIVE, { .out = false }, false, false, false },
	{ "deleted", TX_DELETED, { .out = true }, false, false, false },
	{ "deleted, IPv6 GSO", TX_DELETED, TX_IPV6, true, false, false },
	{ "deleted, handed over", TX_DELETED, { .out = true }, false, true, true },
	{ "resetting", TX_RESETTING, { .out = true }, false, false, false },
};

KUNIT_ARRAY_PARAM_DESC(tx_check, tx_check_rows, name);

/* S41, S44: a burst that was framed for the NIC as a whole is not sent in segments, because they
 * would share one sequence number and one IV.
 */
static void tx_test_segmented_late(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &out);
	struct sk_buff *skb;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_offloaded(f, x, 1);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_ESP;
	/* The driver had no room, so the stack checks the features again. */
	KUNIT_EXPECT_EQ(test, ov2_features_check(skb, f->netdev[0], TX_FEATURES), TX_FEATURES);
	tx_expect_sa(f, skb, fixture_entry(x)->offload_handle);
	/* Segmentation is switched off, and the stack checks the features once more. */
	ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~NETIF_F_GSO_ESP);
	skb_gso_reset(skb);
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SEQ);
	kfree_skb(skb);
}

/* S41: a clone was segmented. The packet and its clone share one counter of numbers. */
static void tx_test_clone_segmented(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb = tx_offloaded(f, x, 1), *clone;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_ESP;
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	xfrm_offload(clone)->flags |= XFRM_GSO_SEGMENT;
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SEQ);
	kfree_skb(clone);
	kfree_skb(skb);
}

/* Making ov2_tx_sa() drop a packet does not affect its clone. */
static void tx_test_spoils_one(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb = tx_offloaded(f, x, 1), *clone;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_ESP;
	ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~NETIF_F_GSO_ESP);
	KUNIT_EXPECT_NE(test, xfrm_offload(skb)->status, 0);
	KUNIT_EXPECT_EQ(test, xfrm_offload(clone)->status, 0);
	kfree_skb(clone);
	kfree_skb(skb);
}

/* Packets of a burst that xfrm has segmented share an xfrm_offload, which has the number of the
 * last. Each that is left to software gets its own number back, of which software makes the IV.
 */
static void tx_test_software_number(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &tx_plain);
	struct sk_buff *skb = tx_skb(f, x, 1), *last;
	struct xfrm_offload *xo = tx_secpath(test, skb, x, 1);

	last = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, last);
	xo->seq.low = 3;
	ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~TX_ESP_FEATURES);
	KUNIT_EXPECT_EQ(test, xfrm_offload(skb)->seq.low, 1);
	KUNIT_EXPECT_EQ(test, xfrm_offload(skb)->seq.hi, 0);
	KUNIT_EXPECT_EQ(test, xfrm_offload(last)->seq.low, 3);
	kfree_skb(last);
	kfree_skb(skb);
}

/* S41, S44: the stack must not segment a packet in UDP either, because it makes one segment more
 * than xfrm has taken numbers for.
 */
static void tx_test_udp_segmented_late(struct kunit *test)
{
	static const struct fixture_sa udp = TX_UDP;
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &udp);
	struct xfrm_offload *xo;
	struct sk_buff *skb;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, 1);
	xo = tx_secpath(test, skb, x, 1);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb_shinfo(skb)->gso_size = 50;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_ESP;
	ov2_features_check(skb, f->netdev[0], TX_FEATURES);
	KUNIT_EXPECT_EQ(test, xo->status, 0);
	ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~NETIF_F_TSO);
	skb_gso_reset(skb);
	xo->flags |= XFRM_XMIT;
	tx_expect_counted(f, skb, OV2_PKT_TX_DROP_SEQ);
	kfree_skb(skb);
}

/* S43, S44: a packet waits in a qdisc, and its SA leaves the NIC. Software encrypts the packet,
 * after the stack has completed its checksum. A packet in UDP stays with the NIC and is dropped
 * there, because software would build wrong headers.
 */
static void tx_test_features_check(struct kunit *test)
{
	const struct tx_check_row *row = test->param_value;
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	netdev_features_t features, udp = row->sa.encap ? NETIF_F_HW_ESP : 0;
	struct xfrm_offload *xo;
	struct xfrm_state *x;
	struct sk_buff *skb;

	f->fake->hold_reset = &go;
	x = fixture_sa(f, &row->sa);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, 1);
	xo = tx_secpath(test, skb, x, 1);
	if (row->xmit)
		xo->flags |= XFRM_XMIT;
	if (row->gso) {
		skb_shinfo(skb)->gso_size = 50;
		skb_shinfo(skb)->gso_segs = 2;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 | SKB_GSO_ESP;
	}
	tx_bring(f, x, row->is);

	local_bh_disable();
	features = ov2_features_check(skb, f->netdev[0], TX_FEATURES);
	KUNIT_EXPECT_EQ(test, features,
			row->kept ? TX_FEATURES : TX_SOFTWARE_FEATURES | udp);
	/* ESP offload may be off already, as with a VLAN tag, and another port has other SAs. */
	if (!row->xmit && !row->sa.encap) {
		KUNIT_EXPECT_EQ(test, ov2_features_check(skb, f->netdev[0],
							 NETIF_F_SG | NETIF_F_HW_CSUM),
				NETIF_F_SG);
		KUNIT_EXPECT_EQ(test, ov2_features_check(skb, f->netdev[1], TX_FEATURES),
				TX_SOFTWARE_FEATURES);
	}
	secpath_reset(skb);
	KUNIT_EXPECT_EQ(test, ov2_features_check(skb, f->netdev[0], TX_FEATURES), TX_FEATURES);
	local_bh_enable();
	complete_all(&go);
	kfree_skb(skb);
	fixture_settle(f);
	f->fake->hold_reset = NULL;
	fixture_gc();
}

/* S44: a packet in UDP is dropped where the stack would let software encrypt it, because ESP
 * offload is off or the packet reaches another port. Software would build wrong headers.
 */
static void tx_test_udp_not_to_software(struct kunit *test)
{
	static const struct fixture_sa udp = TX_UDP;
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &udp);
	struct sk_buff *skb;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = tx_skb(f, x, 1);
	tx_secpath(test, skb, x, 1);
	ov2_features_check(skb, f->netdev[0], TX_FEATURES & ~TX_ESP_FEATURES);
	KUNIT_EXPECT_TRUE(test, xfrm_offload(skb)->flags & XFRM_XMIT);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);

	skb = tx_skb(f, x, 2);
	tx_secpath(test, skb, x, 2);
	skb->dev = f->netdev[1];
	ov2_features_check(skb, f->netdev[1], TX_FEATURES);
	tx_expect_dropped(f, skb);
	kfree_skb(skb);
}

static struct kunit_case tx_cases[] = {
	KUNIT_CASE(tx_test_no_work),
	KUNIT_CASE(tx_test_life),
	KUNIT_CASE(tx_test_demoting),
	KUNIT_CASE(tx_test_reset),
	KUNIT_CASE(tx_test_not_for_sending),
	KUNIT_CASE(tx_test_in_clear),
	KUNIT_CASE_PARAM(tx_test_decrypted, tx_done_gen_params),
	KUNIT_CASE(tx_test_csum_in_cipher),
	KUNIT_CASE(tx_test_number_twice),
	KUNIT_CASE(tx_test_foreign),
	KUNIT_CASE(tx_test_clone_segmented),
	KUNIT_CASE(tx_test_spoils_one),
	KUNIT_CASE(tx_test_software_number),
	KUNIT_CASE_PARAM(tx_test_upper_half, tx_seq_gen_params),
	KUNIT_CASE(tx_test_seq_plain),
	KUNIT_CASE(tx_test_segmented_late),
	KUNIT_CASE(tx_test_udp_segmented_late),
	KUNIT_CASE_PARAM(tx_test_features_check, tx_check_gen_params),
	KUNIT_CASE(tx_test_udp_not_to_software),
	{ }
};

static struct kunit_suite tx_suite = {
	.name = "ov2_tx",
	.init = tx_init,
	.exit = tx_exit,
	.test_cases = tx_cases,
};

kunit_test_suite(tx_suite);
