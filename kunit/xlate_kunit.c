// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translation of xfrm_states into ADD_SA nodes, row by row: the result, or the sentence of a
 * refusal. The states are the kernel's own, with its IV generators.
 */
#include <crypto/internal/geniv.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include "xfrm_fixture.h"

#define XLATE_GCM(key, icv) \
	.aead = "rfc4106(gcm(aes))", .aead_bits = (key) + 32, .aead_icv = (icv)
#define XLATE_GMAC(key) .aead = "rfc4543(gcm(aes))", .aead_bits = (key) + 32, .aead_icv = 128
#define XLATE_CHACHA .aead = "rfc7539esp(chacha20,poly1305)", .aead_bits = 288, .aead_icv = 128
#define XLATE_CBC(key) .ealg = "cbc(aes)", .ealg_bits = (key)
#define XLATE_NULL .ealg = "ecb(cipher_null)"
#define XLATE_AUTH(name, key, icv) \
	.aalg = "hmac(" name ")", .aalg_bits = (key), .aalg_trunc = (icv)

static int xlate_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void xlate_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* A state as ov2's xdo_dev_state_add sees it, before xfrm has inserted it. */
static struct xfrm_state *xlate_state(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_state(f, want);

	x->xso.type = want->packet ? XFRM_DEV_OFFLOAD_PACKET : XFRM_DEV_OFFLOAD_CRYPTO;
	x->xso.dir = want->out ? XFRM_DEV_OFFLOAD_OUT : XFRM_DEV_OFFLOAD_IN;
	return x;
}

/* The two steps of the core, when xfrm adds a state and when the NIC gets it. */
static int xlate(const struct xfrm_state *x, struct ov2_add_sa *add, struct netlink_ext_ack *extack)
{
	struct ov2_traits traits;
	int err = ov2_xlate_traits(x, &traits, extack);

	return err ?: ov2_xlate(x, &traits, add);
}

static void xlate_put(struct xfrm_state *x)
{
	x->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(x);
}

struct xlate_alg_row {
	const char *name;
	struct fixture_sa sa;
	enum ov2_cipher cipher;
	enum ov2_auth auth;
	u16 cipher_key_len;
	u16 auth_key_len;
	u16 icv_len;
	u8 salt_len;
	enum ov2_iv iv;
};

static const struct xlate_alg_row xlate_alg_rows[] = {
	{ "GCM 128, 8", { XLATE_GCM(128, 64) }, OV2_CIPHER_AES_GCM, OV2_AUTH_NONE, 16, 0, 8, 4,
	  OV2_IV_SEQ },
	{ "GCM 128, 12", { XLATE_GCM(128, 96) }, OV2_CIPHER_AES_GCM, OV2_AUTH_NONE, 16, 0, 12, 4,
	  OV2_IV_SEQ },
	{ "GCM 192", { XLATE_GCM(192, 128) }, OV2_CIPHER_AES_GCM, OV2_AUTH_NONE, 24, 0, 16, 4,
	  OV2_IV_SEQ },
	{ "GCM 256", { XLATE_GCM(256, 128) }, OV2_CIPHER_AES_GCM, OV2_AUTH_NONE, 32, 0, 16, 4,
	  OV2_IV_SEQ },
	{ "GMAC 128", { XLATE_GMAC(128) }, OV2_CIPHER_AES_GMAC, OV2_AUTH_NONE, 16, 0, 16, 4,
	  OV2_IV_SEQ },
	{ "GMAC 256", { XLATE_GMAC(256) }, OV2_CIPHER_AES_GMAC, OV2_AUTH_NONE, 32, 0, 16, 4,
	  OV2_IV_SEQ },
	{ "ChaCha20-Poly1305", { XLATE_CHACHA }, OV2_CIPHER_CHACHA20_POLY1305, OV2_AUTH_NONE, 32, 0,
	  16, 4, OV2_IV_SEQ },
	{ "CBC 128, SHA1", { XLATE_CBC(128), XLATE_AUTH("sha1", 160, 96) }, OV2_CIPHER_AES_CBC,
	  OV2_AUTH_HMAC_SHA1, 16, 20, 12, 0, OV2_IV_RANDOM },
	{ "CBC 192, SHA256", { XLATE_CBC(192), XLATE_AUTH("sha256", 256, 128) }, OV2_CIPHER_AES_CBC,
	  OV2_AUTH_HMAC_SHA256, 24, 32, 16, 0, OV2_IV_RANDOM },
	{ "CBC 256, SHA384", { XLATE_CBC(256), XLATE_AUTH("sha384", 384, 192) }, OV2_CIPHER_AES_CBC,
	  OV2_AUTH_HMAC_SHA384, 32, 48, 24, 0, OV2_IV_RANDOM },
	{ "CBC 256, SHA512", { XLATE_CBC(256), XLATE_AUTH("sha512", 512, 256) }, OV2_CIPHER_AES_CBC,
	  OV2_AUTH_HMAC_SHA512, 32, 64, 32, 0, OV2_IV_RANDOM },
	{ "null, SHA1", { XLATE_NULL, XLATE_AUTH("sha1", 160, 96) }, OV2_CIPHER_NULL,
	  OV2_AUTH_HMAC_SHA1, 0, 20, 12, 0, OV2_IV_NONE },
	{ "null, SHA256", { XLATE_NULL, XLATE_AUTH("sha256", 256, 96) }, OV2_CIPHER_NULL,
	  OV2_AUTH_HMAC_SHA256, 0, 32, 12, 0, OV2_IV_NONE },
};

KUNIT_ARRAY_PARAM_DESC(xlate_alg, xlate_alg_rows, name);

/* The fixture's keys count up from a byte that identifies the key. */
static void xlate_expect_key(struct kunit *test, const u8 *key, unsigned int len, u8 first)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		KUNIT_EXPECT_EQ(test, key[i], (u8)(first + i));
}

/* S10, S11, S12: every algorithm, with the offsets and lengths of its keys. The salt is separate.
 */
static void xlate_test_alg(struct kunit *test)
{
	const struct xlate_alg_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct fixture_sa want = row->sa;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	want.out = true;
	x = xlate_state(f, &want);
	memset(&add, 0x55, sizeof(add));
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.cipher, row->cipher);
	KUNIT_EXPECT_EQ(test, add.auth, row->auth);
	KUNIT_EXPECT_EQ(test, add.cipher_key_len, row->cipher_key_len);
	KUNIT_EXPECT_EQ(test, add.auth_key_len, row->auth_key_len);
	KUNIT_EXPECT_EQ(test, add.icv_len, row->icv_len);
	KUNIT_EXPECT_EQ(test, add.salt_len, row->salt_len);
	KUNIT_EXPECT_EQ(test, add.iv, row->iv);
	KUNIT_EXPECT_EQ(test, add.key_area_len, row->cipher_key_len + row->auth_key_len);
	KUNIT_ASSERT_LE(test, add.cipher_key_off + add.cipher_key_len, add.key_area_len);
	KUNIT_ASSERT_LE(test, add.auth_key_off + add.auth_key_len, add.key_area_len);
	xlate_expect_key(test, add.key_area + add.cipher_key_off, add.cipher_key_len,
			 row->salt_len ? 0x10 : 0x40);
	xlate_expect_key(test, add.key_area + add.auth_key_off, add.auth_key_len, 0x80);
	xlate_expect_key(test, add.salt, add.salt_len, 0x10 + add.cipher_key_len);
	KUNIT_EXPECT_EQ(test, add.status, 0);
	KUNIT_EXPECT_EQ(test, add.offload_handle, 0);
	KUNIT_EXPECT_EQ(test, add.cookie, 0);
	if (row->iv == OV2_IV_SEQ) {
		const struct aead_geniv_ctx *geniv = crypto_aead_ctx(x->data);

		KUNIT_EXPECT_MEMEQ(test, add.iv_salt, geniv->salt, sizeof(add.iv_salt));
	}
	xlate_put(x);
}

/* The NIC makes no IVs for inbound SAs. */
static void xlate_test_alg_inbound(struct kunit *test)
{
	const struct xlate_alg_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	x = xlate_state(f, &row->sa);
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.dir, OV2_IN);
	KUNIT_EXPECT_EQ(test, add.cipher, row->cipher);
	KUNIT_EXPECT_EQ(test, add.iv, OV2_IV_NONE);
	xlate_put(x);
}

struct xlate_shape_row {
	const char *name;
	struct fixture_sa sa;
	enum ov2_family family;
	enum ov2_mode mode;
	bool cross_family;
	enum ov2_encap encap;
};

static const struct xlate_shape_row xlate_shape_rows[] = {
	{ "IPv4 transport", { }, OV2_IPV4, OV2_TRANSPORT },
	{ "IPv6 transport", { .family = AF_INET6 }, OV2_IPV6, OV2_TRANSPORT },
	{ "IPv4 tunnel", { .mode = XFRM_MODE_TUNNEL }, OV2_IPV4, OV2_TUNNEL },
	{ "IPv6 tunnel", { .family = AF_INET6, .mode = XFRM_MODE_TUNNEL }, OV2_IPV6, OV2_TUNNEL },
	{ "IPv6 in IPv4", { .mode = XFRM_MODE_TUNNEL, .sel_family = AF_INET6 }, OV2_IPV4,
	  OV2_TUNNEL, true },
	{ "IPv4 in IPv6", { .family = AF_INET6, .mode = XFRM_MODE_TUNNEL, .sel_family = AF_INET },
	  OV2_IPV6, OV2_TUNNEL, true },
	{ "any in IPv4", { .mode = XFRM_MODE_TUNNEL, .sel_family = FIXTURE_UNSPEC }, OV2_IPV4,
	  OV2_TUNNEL },
	{ "UDP, IPv4", { .encap = UDP_ENCAP_ESPINUDP }, OV2_IPV4, OV2_TRANSPORT, false,
	  OV2_ENCAP_UDP },
	{ "UDP, IPv6", { .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6 }, OV2_IPV6,
	  OV2_TRANSPORT, false, OV2_ENCAP_UDP },
};

KUNIT_ARRAY_PARAM_DESC(xlate_shape, xlate_shape_rows, name);

static void xlate_expect_addr(struct kunit *test, const struct in6_addr *addr,
			      const xfrm_address_t *want, bool ipv4)
{
	struct in6_addr expected = { };

	if (ipv4)
		expected.s6_addr32[0] = want->a4;
	else
		expected = want->in6;
	KUNIT_EXPECT_MEMEQ(test, addr, &expected, sizeof(expected));
}

/* S13: family, direction, mode and end points are explicit. */
static void xlate_test_shape(struct kunit *test)
{
	const struct xlate_shape_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	x = xlate_state(f, &row->sa);
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.dir, OV2_IN);
	KUNIT_EXPECT_EQ(test, add.family, row->family);
	KUNIT_EXPECT_EQ(test, add.mode, row->mode);
	KUNIT_EXPECT_EQ(test, add.cross_family, row->cross_family);
	KUNIT_EXPECT_EQ(test, add.encap, row->encap);
	if (row->encap == OV2_ENCAP_UDP) {
		KUNIT_EXPECT_EQ(test, be16_to_cpu(add.encap_sport), 4500);
		KUNIT_EXPECT_EQ(test, be16_to_cpu(add.encap_dport), 4501);
	}
	KUNIT_EXPECT_EQ(test, be32_to_cpu(add.spi), fixture_spi(x));
	xlate_expect_addr(test, &add.saddr, &x->props.saddr, row->family == OV2_IPV4);
	xlate_expect_addr(test, &add.daddr, &x->id.daddr, row->family == OV2_IPV4);
	xlate_put(x);
}

struct xlate_seq_row {
	const char *name;
	struct fixture_sa sa;
	struct ov2_seq seq;
	u32 window;
};

static const struct xlate_seq_row xlate_seq_rows[] = {
	{ "outbound", { .out = true, .oseq = 7, .seq = 9 }, { 7, 0 }, 32 },
	{ "inbound", { .oseq = 7, .seq = 9 }, { 9, 0 }, 32 },
	{ "ESN outbound", { .esn = true, .out = true, .oseq = 0x5fffffffe, .seq = 9 },
	  { 0xfffffffe, 5 }, 32 },
	{ "ESN inbound", { .esn = true, .window = 128, .oseq = 7, .seq = 0x380000001 },
	  { 0x80000001, 3 }, 128 },
	{ "the last of ESN outbound", { .esn = true, .out = true, .oseq = S64_MAX },
	  { U32_MAX, S32_MAX }, 32 },
	{ "high ESN inbound", { .esn = true, .seq = BIT_ULL(63) }, { 0, BIT(31) }, 32 },
	{ "high ESN outbound, random IVs",
	  { XLATE_CBC(128), XLATE_AUTH("sha256", 256, 128), .esn = true, .out = true,
	    .oseq = BIT_ULL(63) }, { 0, BIT(31) }, 32 },
};

KUNIT_ARRAY_PARAM_DESC(xlate_seq, xlate_seq_rows, name);

/* S14: both halves of the number, of the right direction, and the window. */
static void xlate_test_sequence(struct kunit *test)
{
	const struct xlate_seq_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	x = xlate_state(f, &row->sa);
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.esn, row->sa.esn);
	KUNIT_EXPECT_EQ(test, add.seq.low, row->seq.low);
	KUNIT_EXPECT_EQ(test, add.seq.high, row->seq.high);
	KUNIT_EXPECT_EQ(test, add.replay_window, row->window);
	xlate_put(x);
}

/* Lifetimes and the selector are copied. */
static void xlate_test_rest(struct kunit *test)
{
	struct fixture_sa want = { .out = true, .soft_packets = 1000, .hard_packets = 2000 };
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	x = xlate_state(f, &want);
	x->sel.saddr.a4 = htonl(0x0a000000);
	x->sel.daddr.a4 = htonl(0x0a010000);
	x->sel.prefixlen_s = 24;
	x->sel.prefixlen_d = 16;
	x->sel.proto = IPPROTO_TCP;
	x->sel.sport = htons(80);
	x->sel.sport_mask = htons(0xffff);
	x->sel.dport = htons(1024);
	x->sel.dport_mask = htons(0xff00);
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.soft_packets, 1000);
	KUNIT_EXPECT_EQ(test, add.hard_packets, 2000);
	KUNIT_EXPECT_EQ(test, add.sel.family, AF_INET);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(add.sel.saddr.s6_addr32[0]), 0x0a000000);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(add.sel.daddr.s6_addr32[0]), 0x0a010000);
	KUNIT_EXPECT_EQ(test, add.sel.prefixlen_s, 24);
	KUNIT_EXPECT_EQ(test, add.sel.prefixlen_d, 16);
	KUNIT_EXPECT_EQ(test, add.sel.proto, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(add.sel.sport), 80);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(add.sel.sport_mask), 0xffff);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(add.sel.dport), 1024);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(add.sel.dport_mask), 0xff00);
	xlate_put(x);

	want.soft_packets = 0;
	want.hard_packets = 0;
	x = xlate_state(f, &want);
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.soft_packets, 0);
	KUNIT_EXPECT_EQ(test, add.hard_packets, 0);
	xlate_put(x);
}

struct xlate_bad_row {
	const char *name;
	struct fixture_sa sa;
	const char *msg;
};

static const struct xlate_bad_row xlate_bad_rows[] = {
	{ "BEET mode", { .mode = XFRM_MODE_BEET }, "Only transport and tunnel xfrm states" },
	{ "packet mode, inbound if_id", { .packet = true, .if_id = 3 },
	  "inbound xfrm states with an if_id" },
	{ "packet mode across families",
	  { .packet = true, .mode = XFRM_MODE_TUNNEL, .sel_family = AF_INET6 },
	  "tunnels across families in packet mode" },
	{ "inbound mark", { .mark = 5 }, "inbound xfrm states with a mark" },
	{ "UDP out over IPv6",
	  { .encap = UDP_ENCAP_ESPINUDP, .family = AF_INET6, .out = true },
	  "Outbound UDP encapsulation over IPv6" },
	/* Bit 63 is set in the NIC's IVs and clear in those of software. */
	{ "high ESN outbound", { .esn = true, .out = true, .oseq = BIT_ULL(63) },
	  "sequence numbers of 2^63 and more" },
	{ "CCM", { .aead = "rfc4309(ccm(aes))", .aead_bits = 152, .aead_icv = 128 },
	  "Cannot offload algorithm rfc4309(ccm(aes))" },
	{ "encryption alone", { XLATE_CBC(128) }, "without authentication" },
	{ "3DES", { .ealg = "cbc(des3_ede)", .ealg_bits = 192, XLATE_AUTH("sha1", 160, 96) },
	  "Cannot offload encryption algorithm cbc(des3_ede)" },
	{ "CTR", { .ealg = "rfc3686(ctr(aes))", .ealg_bits = 160, XLATE_AUTH("sha1", 160, 96) },
	  "Cannot offload encryption algorithm rfc3686(ctr(aes))" },
	{ "MD5", { XLATE_CBC(128), XLATE_AUTH("md5", 128, 96) },
	  "Cannot offload authentication algorithm hmac(md5)" },
	{ "keys too long", { XLATE_CBC(256), XLATE_AUTH("sha512", 1024, 256) },
	  "keys of more than 96 bytes" },
};

KUNIT_ARRAY_PARAM_DESC(xlate_bad, xlate_bad_rows, name);

/* S15: an SA that cannot be offloaded is refused with a sentence, and its keys are not copied. */
static void xlate_test_refused(struct kunit *test)
{
	const struct xlate_bad_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	if ((row->sa.ealg && !xfrm_ealg_get_byname(row->sa.ealg, 1)) ||
	    (row->sa.aalg && !xfrm_aalg_get_byname(row->sa.aalg, 1)) ||
	    (row->sa.aead && !xfrm_aead_get_byname(row->sa.aead, row->sa.aead_icv, 1)))
		kunit_skip(test, "this kernel lacks the algorithm");
	x = xlate_state(f, &row->sa);
	memset(&add, 0x55, sizeof(add));
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(f->extack._msg, row->msg), "\"%s\"", f->extack._msg);
	KUNIT_EXPECT_NULL(test, memchr_inv(&add, 0x55, sizeof(add)));
	/* S24: acquires and bonds pass no extack. */
	KUNIT_EXPECT_EQ(test, xlate(x, &add, NULL), -EOPNOTSUPP);
	xlate_put(x);
}

struct xlate_outer_row {
	const char *name;
	struct fixture_sa sa;
	u32 flags;
	u32 extra_flags;
	u8 outer;
};

#define XLATE_TUNNEL_IN	{ .packet = true, .mode = XFRM_MODE_TUNNEL }
#define XLATE_TUNNEL	{ .packet = true, .mode = XFRM_MODE_TUNNEL, .out = true }

static const struct xlate_outer_row xlate_outer_rows[] = {
	{ "out", XLATE_TUNNEL, 0, 0, OV2_OUTER_DSCP | OV2_OUTER_ECN | OV2_OUTER_DF },
	{ "out, no DSCP", XLATE_TUNNEL, 0, XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
	  OV2_OUTER_ECN | OV2_OUTER_DF },
	{ "out, no ECN", XLATE_TUNNEL, XFRM_STATE_NOECN, 0, OV2_OUTER_DSCP | OV2_OUTER_DF },
	{ "out, no DF", XLATE_TUNNEL, XFRM_STATE_NOPMTUDISC, 0,
	  OV2_OUTER_DSCP | OV2_OUTER_ECN },
	{ "out, DECAP_DSCP", XLATE_TUNNEL, XFRM_STATE_DECAP_DSCP, XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
	  OV2_OUTER_ECN | OV2_OUTER_DF },
	{ "out, IPv6", { .packet = true, .mode = XFRM_MODE_TUNNEL, .out = true,
	  .family = AF_INET6 }, 0, 0, OV2_OUTER_DSCP | OV2_OUTER_ECN | OV2_OUTER_DF },
	{ "in", XLATE_TUNNEL_IN, 0, 0, OV2_OUTER_ECN },
	{ "in, DSCP", XLATE_TUNNEL_IN, XFRM_STATE_DECAP_DSCP, 0,
	  OV2_OUTER_DSCP | OV2_OUTER_ECN },
	{ "in, no ECN", XLATE_TUNNEL_IN, XFRM_STATE_NOECN, XFRM_SA_XFLAG_DONT_ENCAP_DSCP, 0 },
	{ "transport", { .packet = true, .out = true }, 0, 0, 0 },
	{ "crypto mode", { .mode = XFRM_MODE_TUNNEL, .out = true }, 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(xlate_outer, xlate_outer_rows, name);

/* S13: in packet mode the NIC makes the outer header as software would. */
static void xlate_test_outer(struct kunit *test)
{
	const struct xlate_outer_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x = xlate_state(f, &row->sa);
	struct ov2_add_sa add;

	x->props.flags |= row->flags;
	x->props.extra_flags |= row->extra_flags;
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, add.packet, row->sa.packet);
	KUNIT_EXPECT_EQ(test, add.outer, row->outer);
	xlate_put(x);
}

/* S15, S54: a NIC that unpacks would accept copies of a multicast packet from each of its senders.
 */
static void xlate_test_multicast(struct kunit *test)
{
	struct fixture_sa rows[] = {
		{ .packet = true }, { .packet = true, .family = AF_INET6 },
	};
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		x = xlate_state(f, &rows[i]);
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
		if (rows[i].family == AF_INET6)
			x->id.daddr.in6.s6_addr[0] = 0xff;
		else
			x->id.daddr.a4 = htonl(INADDR_ALLHOSTS_GROUP);
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
		KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "multicast"));
		x->xso.dir = XFRM_DEV_OFFLOAD_OUT;
		x->xso.dev = f->netdev[0];
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
		x->xso.dev = NULL;
		xlate_put(x);
	}
}

struct xlate_packet_row {
	const char *name;
	struct fixture_sa sa;
	u32 off;
	u32 on;
	const char *msg;
};

static const struct xlate_packet_row xlate_packet_rows[] = {
	{ "in", { .packet = true } },
	{ "out", { .packet = true, .out = true } },
	{ "UDP out over IPv6",
	  { .packet = true, .out = true, .family = AF_INET6, .encap = UDP_ENCAP_ESPINUDP } },
	{ "UDP out over IPv6, off",
	  { .packet = true, .out = true, .family = AF_INET6, .encap = UDP_ENCAP_ESPINUDP },
	  OV2_CAP_UDP_OUT_IPV6, 0, "Outbound UDP encapsulation over IPv6" },
	{ "no packet mode", { .packet = true }, OV2_CAP_PACKET, 0, "Packet offload" },
	{ "crypto mode, no packet mode", { }, OV2_CAP_PACKET, 0 },
	{ "the host makes IVs, out", { .packet = true, .out = true }, OV2_CAP_IV_SEQ,
	  OV2_CAP_IV_HOST, "makes IVs" },
	{ "the host makes IVs, in", { .packet = true }, OV2_CAP_IV_SEQ, OV2_CAP_IV_HOST },
	{ "the host makes IVs, crypto mode", { .out = true }, OV2_CAP_IV_SEQ, OV2_CAP_IV_HOST },
	{ "the host makes IVs, CBC",
	  { .packet = true, .out = true, XLATE_CBC(128), XLATE_AUTH("sha256", 256, 128) },
	  OV2_CAP_IV_SEQ, OV2_CAP_IV_HOST },
};

KUNIT_ARRAY_PARAM_DESC(xlate_packet, xlate_packet_rows, name);

/* S34: what packet mode needs of a NIC. */
static void xlate_test_packet_caps(struct kunit *test)
{
	const struct xlate_packet_row *row = test->param_value;
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f = test->priv;
	struct xfrm_state *x = xlate_state(f, &row->sa);
	struct ov2_traits traits;

	caps.features = (caps.features & ~row->off) | row->on;
	KUNIT_ASSERT_EQ(test, ov2_xlate_traits(x, &traits, &f->extack), 0);
	KUNIT_EXPECT_EQ(test, ov2_caps_check(&caps, &traits, &f->extack),
			row->msg ? -EOPNOTSUPP : 0);
	if (row->msg)
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(f->extack._msg ?: "", row->msg), "%s",
					  f->extack._msg ?: "");
	xlate_put(x);
}

/* The mark of an outbound SA does not concern the NIC. */
static void xlate_test_mark_out(struct kunit *test)
{
	struct fixture_sa want = { .out = true, .mark = 5 };
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);

	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
	xlate_put(x);
}

/* A mask without a value matches packets without a mark. The NIC cannot check that either. */
static void xlate_test_mark_mask(struct kunit *test)
{
	static const struct fixture_sa want;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);

	x->mark.m = 0xffffffff;
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
	xlate_put(x);
}

static void xlate_test_encap_unknown(struct kunit *test)
{
	struct fixture_sa want = { .encap = UDP_ENCAP_ESPINUDP };
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);

	x->encap->encap_type = TCP_ENCAP_ESPINTCP;
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "other than UDP"));
	xlate_put(x);
}

/* S13: only transport and tunnel mode are accepted, whatever modes a kernel has. */
static void xlate_test_modes(struct kunit *test)
{
	static const struct fixture_sa want;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);
	u8 mode;

	for (mode = 0; mode < XFRM_MODE_MAX; mode++) {
		bool good = mode == XFRM_MODE_TRANSPORT || mode == XFRM_MODE_TUNNEL;

		x->props.mode = mode;
		KUNIT_EXPECT_EQ_MSG(test, xlate(x, &add, NULL), good ? 0 : -EOPNOTSUPP,
				    "mode %u", mode);
	}
	x->props.mode = XFRM_MODE_TRANSPORT;
	xlate_put(x);
}

/* S41: numbers that start again would make the NIC repeat IVs. With ESN they do not start again,
 * and IVs that are not derived from numbers do not repeat.
 */
static void xlate_test_may_wrap(struct kunit *test)
{
	static const struct {
		struct fixture_sa sa;
		int err;
	} rows[] = {
		{ { XLATE_GCM(128, 128), .out = true }, -EOPNOTSUPP },
		{ { XLATE_GMAC(128), .out = true }, -EOPNOTSUPP },
		{ { XLATE_CHACHA, .out = true }, -EOPNOTSUPP },
		{ { XLATE_GCM(128, 128), .out = true, .esn = true }, 0 },
		{ { XLATE_GCM(128, 128) }, 0 },
		{ { XLATE_CBC(128), XLATE_AUTH("sha256", 256, 128), .out = true }, 0 },
	};
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		x = xlate_state(f, &rows[i].sa);
		x->props.extra_flags |= XFRM_SA_XFLAG_OSEQ_MAY_WRAP;
		KUNIT_EXPECT_EQ_MSG(test, xlate(x, &add, &f->extack), rows[i].err, "row %d", i);
		if (rows[i].err)
			KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "would repeat IVs"));
		xlate_put(x);
	}
}

/* S10, S11: a key that is too short for its salt. */
static void xlate_test_no_salt(struct kunit *test)
{
	static const struct fixture_sa want;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);
	unsigned int bits = x->aead->alg_key_len;

	x->aead->alg_key_len = 24;
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "shorter than its salt"));
	x->aead->alg_key_len = bits;
	xlate_put(x);
}

static void xlate_test_proto(struct kunit *test)
{
	static const struct fixture_sa want;
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x = xlate_state(f, &want);

	x->id.proto = IPPROTO_AH;
	KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "Only ESP xfrm state"));
	x->id.proto = IPPROTO_ESP;
	xlate_put(x);
}

static const struct xlate_alg_row *const xlate_geniv_rows[] = {
	&xlate_alg_rows[0], &xlate_alg_rows[4], &xlate_alg_rows[6], &xlate_alg_rows[7],
};

/* The NIC cannot continue the IVs of a generator that xfrm did not ask for. An outbound SA is
 * refused, and the salt is not read. For an inbound SA the generator does not matter.
 */
static void xlate_test_geniv(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct ov2_add_sa add;
	struct xfrm_state *x;
	int i;

	for (i = 0; i < ARRAY_SIZE(xlate_geniv_rows); i++) {
		struct fixture_sa want = xlate_geniv_rows[i]->sa;

		want.out = true;
		x = xlate_state(f, &want);
		x->geniv = NULL;
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
		xlate_put(x);

		want.out = false;
		x = xlate_state(f, &want);
		x->geniv = NULL;
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), 0);
		xlate_put(x);
	}
	/* The NIC cannot continue the IVs of these transforms. */
	for (i = 0; i < 3; i++) {
		struct fixture_sa want = xlate_geniv_rows[i]->sa;

		want.out = true;
		want.geniv = "echainiv";
		x = xlate_state(f, &want);
		KUNIT_EXPECT_EQ(test, xlate(x, &add, &f->extack), -EOPNOTSUPP);
		KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
		KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "echainiv(rfc"));
		xlate_put(x);
	}
}

/* S15, S41: an XFRM_MSG_NEWAE or XFRM_MSG_UPDSA since the add excludes a state that the NIC is to
 * get once more after a reset.
 */
static void xlate_test_changed(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true, .esn = true };
	static const struct fixture_sa in = { .packet = true };
	static const struct fixture_sa udp = { .packet = true, .out = true, .family = AF_INET6,
					       .encap = UDP_ENCAP_ESPINUDP };
	struct fixture *f = test->priv;
	struct ov2_traits traits;
	struct ov2_add_sa add;
	struct xfrm_state *x;

	x = xlate_state(f, &out);
	KUNIT_ASSERT_EQ(test, ov2_xlate_traits(x, &traits, &f->extack), 0);
	x->replay_esn->oseq_hi = BIT(31);
	KUNIT_EXPECT_EQ(test, ov2_xlate(x, &traits, &add), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, add.key_area_len, 0);
	x->replay_esn->oseq_hi = S32_MAX;
	KUNIT_EXPECT_EQ(test, ov2_xlate(x, &traits, &add), 0);
	KUNIT_EXPECT_EQ(test, add.key_area_len, 16);
	xlate_put(x);

	x = xlate_state(f, &in);
	KUNIT_ASSERT_EQ(test, ov2_xlate_traits(x, &traits, &f->extack), 0);
	x->if_id = 5;
	KUNIT_EXPECT_EQ(test, ov2_xlate(x, &traits, &add), -EOPNOTSUPP);
	x->if_id = 0;
	KUNIT_EXPECT_EQ(test, ov2_xlate(x, &traits, &add), 0);
	xlate_put(x);

	/* as ov2_policy_to_crypto() does it */
	x = xlate_state(f, &udp);
	KUNIT_ASSERT_EQ(test, ov2_xlate_traits(x, &traits, &f->extack), 0);
	x->xso.type = XFRM_DEV_OFFLOAD_CRYPTO;
	traits.packet = false;
	KUNIT_EXPECT_EQ(test, ov2_xlate(x, &traits, &add), -EOPNOTSUPP);
	xlate_put(x);
}

/* The NIC gets what the translation returns, and the caller of xfrm_user gets the reason of a
 * refusal.
 */
static void xlate_test_end_to_end(struct kunit *test)
{
	struct fixture_sa good = { XLATE_CBC(256), XLATE_AUTH("sha512", 512, 256), .out = true };
	struct fixture_sa bad = { .mark = 1 };
	struct fixture *f = test->priv;
	struct xfrm_state *x = fixture_sa(f, &good), *y;
	const struct ov2_add_sa *sa;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	sa = fake_nic_by_spi(f->fake, fixture_spi(x));
	KUNIT_ASSERT_NOT_NULL(test, sa);
	xlate_expect_key(test, sa->key_area + sa->cipher_key_off, 32, 0x40);
	xlate_expect_key(test, sa->key_area + sa->auth_key_off, 64, 0x80);

	y = fixture_state(f, &bad);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, y, &bad), 0);
	KUNIT_EXPECT_EQ(test, y->xso.offload_handle, 0);
	KUNIT_EXPECT_NOT_NULL(test, f->extack._msg);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);

	/* Packet offload is an error, because xfrm has no software path for it. */
	bad.packet = true;
	y = fixture_state(f, &bad);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, y, &bad), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, f->extack._msg);
	xlate_put(y);
}

static struct kunit_case xlate_cases[] = {
	KUNIT_CASE_PARAM(xlate_test_alg, xlate_alg_gen_params),
	KUNIT_CASE_PARAM(xlate_test_alg_inbound, xlate_alg_gen_params),
	KUNIT_CASE_PARAM(xlate_test_shape, xlate_shape_gen_params),
	KUNIT_CASE_PARAM(xlate_test_sequence, xlate_seq_gen_params),
	KUNIT_CASE(xlate_test_rest),
	KUNIT_CASE_PARAM(xlate_test_refused, xlate_bad_gen_params),
	KUNIT_CASE_PARAM(xlate_test_outer, xlate_outer_gen_params),
	KUNIT_CASE(xlate_test_multicast),
	KUNIT_CASE_PARAM(xlate_test_packet_caps, xlate_packet_gen_params),
	KUNIT_CASE(xlate_test_mark_out),
	KUNIT_CASE(xlate_test_mark_mask),
	KUNIT_CASE(xlate_test_encap_unknown),
	KUNIT_CASE(xlate_test_modes),
	KUNIT_CASE(xlate_test_may_wrap),
	KUNIT_CASE(xlate_test_no_salt),
	KUNIT_CASE(xlate_test_proto),
	KUNIT_CASE(xlate_test_geniv),
	KUNIT_CASE(xlate_test_changed),
	KUNIT_CASE(xlate_test_end_to_end),
	{ }
};

static struct kunit_suite xlate_suite = {
	.name = "ov2_xlate",
	.init = xlate_init,
	.exit = xlate_exit,
	.test_cases = xlate_cases,
};

kunit_test_suite(xlate_suite);
