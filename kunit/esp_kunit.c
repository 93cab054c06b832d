// SPDX-License-Identifier: GPL-2.0-only
/*
 * The helpers for drivers that work on ESP packets, with packets that xfrm itself has framed for a
 * NIC that makes no IVs.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/esp.h>
#include "xfrm_fixture.h"
#include "xfrm_frame.h"

#define ESP_LEN_MAX	2048

static int esp_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.features &= ~OV2_CAP_IV_SEQ;
	caps.features |= OV2_CAP_IV_HOST;
	f = fixture_create(test, &caps);
	f->fake->mode = FAKE_NOW;
	return 0;
}

static void esp_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

#define ESP_GCM { .out = true }
#define ESP_GCM6 { .out = true, .family = AF_INET6 }
#define ESP_UDP { .out = true, .encap = UDP_ENCAP_ESPINUDP }
#define ESP_TUNNEL { .out = true, .mode = XFRM_MODE_TUNNEL }
#define ESP_TUNNEL6 { .out = true, .mode = XFRM_MODE_TUNNEL, .family = AF_INET6 }
#define ESP_UDP_TUNNEL { .out = true, .mode = XFRM_MODE_TUNNEL, .encap = UDP_ENCAP_ESPINUDP }
#define ESP_CBC { .out = true, .ealg = "cbc(aes)", .ealg_bits = 128, .aalg = "hmac(sha256)", \
		  .aalg_bits = 256, .aalg_trunc = 128 }

struct esp_row {
	const char *name;
	struct fixture_sa sa;
	u32 len;
	u32 align;
	u8 nexthdr;
};

static const struct esp_row esp_rows[] = {
	{ "IPv4, padding 2", ESP_GCM, 64, 4, FRAME_PROTO },
	{ "IPv4, padding 1", ESP_GCM, 65, 4, FRAME_PROTO },
	{ "IPv4, padding 0", ESP_GCM, 66, 4, FRAME_PROTO },
	{ "IPv4, padding 3", ESP_GCM, 67, 4, FRAME_PROTO },
	{ "IPv4, trailer in a fragment", ESP_GCM, 0, 4, FRAME_PROTO },
	{ "IPv4, CBC, padding 1", ESP_CBC, 61, 16, FRAME_PROTO },
	{ "IPv4, CBC, padding 15", ESP_CBC, 63, 16, FRAME_PROTO },
	{ "IPv4, UDP", ESP_UDP, 65, 4, FRAME_PROTO },
	{ "IPv4, tunnel", ESP_TUNNEL, 65, 4, IPPROTO_IPIP },
	{ "IPv4, tunnel in UDP", ESP_UDP_TUNNEL, 65, 4, IPPROTO_IPIP },
	{ "IPv6", ESP_GCM6, 65, 4, FRAME_PROTO },
	{ "IPv6, trailer in a fragment", ESP_GCM6, 0, 4, FRAME_PROTO },
	{ "IPv6, tunnel", ESP_TUNNEL6, 65, 4, IPPROTO_IPV6 },
};

KUNIT_ARRAY_PARAM_DESC(esp, esp_rows, name);

/* Adds an SA, and returns a packet for it as the driver gets it. */
static struct sk_buff *esp_packet(struct fixture *f, const struct fixture_sa *sa, u32 len,
				  struct xfrm_state **state, struct ov2_tx *tx)
{
	struct xfrm_state *x = fixture_sa(f, sa);
	struct sk_buff *skb;
	int ret;

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	skb = frame_packet(f->test, x, len);
	local_bh_disable();
	ret = ov2_tx_sa(skb, tx);
	local_bh_enable();
	KUNIT_ASSERT_EQ(f->test, ret, 1);
	*state = x;
	return skb;
}

static u8 *esp_bytes(struct fixture *f, const struct sk_buff *skb)
{
	u8 *bytes = kunit_kzalloc(f->test, ESP_LEN_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(f->test, bytes);
	KUNIT_ASSERT_LE(f->test, skb->len, ESP_LEN_MAX);
	KUNIT_ASSERT_EQ(f->test, skb_copy_bits(skb, 0, bytes, skb->len), 0);
	return bytes;
}

/* The lengths and checksums of the outer headers are right. */
static void esp_expect_headers(struct fixture *f, const struct sk_buff *skb,
			       const struct xfrm_state *x)
{
	u32 len = skb->len - skb_network_offset(skb);

	if (x->props.family == AF_INET) {
		KUNIT_EXPECT_EQ(f->test, ntohs(ip_hdr(skb)->tot_len), len);
		KUNIT_EXPECT_FALSE(f->test, ip_fast_csum(ip_hdr(skb), ip_hdr(skb)->ihl));
	} else {
		KUNIT_EXPECT_EQ(f->test, ntohs(ipv6_hdr(skb)->payload_len),
				len - sizeof(struct ipv6hdr));
	}
	if (x->encap)
		KUNIT_EXPECT_EQ(f->test, ntohs(udp_hdr(skb)->len),
				skb->len - skb_transport_offset(skb));
}

/* The helpers find the ESP header. Without the trailer the packet ends with its payload. The
 * trailer that the helper makes is the same as xfrm's. The NIC makes the ICV, and xfrm leaves space
 * for it.
 */
static void esp_test_trailer(struct kunit *test)
{
	const struct esp_row *row = test->param_value;
	struct fixture *f = test->priv;
	const struct ip_esp_hdr *esp;
	struct xfrm_state *x;
	struct sk_buff *skb;
	struct ov2_tx tx;
	u32 whole, cut;
	u8 *bytes;

	skb = esp_packet(f, &row->sa, row->len, &x, &tx);
	if (!row->len)
		KUNIT_EXPECT_TRUE(test, skb_is_nonlinear(skb));
	esp_expect_headers(f, skb, x);
	esp = (const void *)(skb->data + ov2_esp_offset(skb));
	KUNIT_EXPECT_EQ(test, ntohl(esp->spi), fixture_spi(x));
	KUNIT_EXPECT_EQ(test, ntohl(esp->seq_no), 1);
	bytes = esp_bytes(f, skb);
	whole = skb->len;
	cut = bytes[whole - tx.icv_len - 2] + 2 + tx.icv_len;

	KUNIT_EXPECT_EQ(test, ov2_esp_strip_trailer(skb, &tx), row->nexthdr);
	KUNIT_EXPECT_EQ(test, skb->len, whole - cut);
	KUNIT_EXPECT_MEMEQ(test, esp_bytes(f, skb) + skb->len - 4, bytes + whole - cut - 4, 4);
	esp_expect_headers(f, skb, x);

	KUNIT_EXPECT_EQ(test, ov2_esp_put_trailer(skb, row->nexthdr, row->align, tx.icv_len), 0);
	KUNIT_EXPECT_EQ(test, skb->len, whole);
	memset(bytes + whole - tx.icv_len, 0, tx.icv_len);
	KUNIT_EXPECT_MEMEQ(test, esp_bytes(f, skb), bytes, whole);
	kfree_skb(skb);
}

struct esp_short_row {
	const char *name;
	u32 behind_esp;		/* bytes behind the ESP header */
	u8 pad;			/* what the trailer says */
	int nexthdr;
};

/* A trailer of 2 bytes and an ICV of 16 bytes. */
static const struct esp_short_row esp_short_rows[] = {
	{ "trailer and ICV, nothing else", 18, 0, FRAME_PROTO },
	{ "one byte too short", 17, 0, -EINVAL },
	{ "ESP header only", 0, 0, -EINVAL },
	{ "as much padding as there is", 28, 10, FRAME_PROTO },
	{ "more padding than there is", 28, 11, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(esp_short, esp_short_rows, name);

/* A packet that is too short for a trailer is refused and not changed. */
static void esp_test_too_short(struct kunit *test)
{
	const struct esp_short_row *row = test->param_value;
	static const struct fixture_sa gcm = ESP_GCM;
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct sk_buff *skb;
	struct ov2_tx tx;
	u32 len;

	skb = esp_packet(f, &gcm, 64, &x, &tx);
	KUNIT_ASSERT_EQ(test, tx.icv_len, 16);
	len = ov2_esp_offset(skb) + sizeof(struct ip_esp_hdr) + row->behind_esp;
	KUNIT_ASSERT_EQ(test, pskb_trim(skb, len), 0);
	if (row->behind_esp >= 18) {
		skb->data[len - 18] = row->pad;
		skb->data[len - 17] = FRAME_PROTO;
	}
	KUNIT_EXPECT_EQ(test, ov2_esp_strip_trailer(skb, &tx), row->nexthdr);
	if (row->nexthdr < 0)
		KUNIT_EXPECT_EQ(test, skb->len, len);
	kfree_skb(skb);
}

/* Ciphertext is padded to an alignment that a cipher can need. Other values are refused. */
static void esp_test_align(struct kunit *test)
{
	static const u32 refused[] = { 0, 3, 6, 256, 1024 };
	static const struct fixture_sa gcm = ESP_GCM;
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct sk_buff *skb;
	struct ov2_tx tx;
	u32 len, i;

	skb = esp_packet(f, &gcm, 64, &x, &tx);
	len = skb->len;
	for (i = 0; i < ARRAY_SIZE(refused); i++)
		KUNIT_EXPECT_EQ(test, ov2_esp_put_trailer(skb, FRAME_PROTO, refused[i], 16),
				-EINVAL);
	KUNIT_EXPECT_EQ(test, skb->len, len);
	kfree_skb(skb);
}

static const struct fixture_sa esp_iv_rows[] = { ESP_GCM, ESP_GCM6, ESP_UDP, ESP_TUNNEL };

static void esp_iv_desc(const struct fixture_sa *sa, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s%s", sa->family == AF_INET6 ? "IPv6" : "IPv4",
		 sa->encap ? ", UDP" : "", sa->mode == XFRM_MODE_TUNNEL ? ", tunnel" : "");
}

KUNIT_ARRAY_PARAM(esp_iv, esp_iv_rows, esp_iv_desc);

/* The IV is behind the ESP header: the number with bit 63 set, XORed with the salt of the node. No
 * other byte changes.
 */
static void esp_test_host_iv(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;
	struct sk_buff *skb;
	struct ov2_tx tx;
	u8 *bytes, *iv;
	u64 salt;
	u32 off;

	skb = esp_packet(f, test->param_value, 64, &x, &tx);
	KUNIT_ASSERT_TRUE(test, tx.host_iv);
	bytes = esp_bytes(f, skb);
	off = ov2_esp_offset(skb) + sizeof(struct ip_esp_hdr);
	iv = bytes + off;
	salt = get_unaligned_be64(fake_nic_wait(f->fake, 0)->add[0].iv_salt);
	put_unaligned_be64((1 | BIT_ULL(63)) ^ salt, iv);
	ov2_esp_put_iv(skb, &tx);
	KUNIT_EXPECT_MEMEQ(test, esp_bytes(f, skb), bytes, skb->len);

	/* The NIC makes the IV: the packet does not change. */
	tx.host_iv = false;
	tx.iv = 0;
	ov2_esp_put_iv(skb, &tx);
	KUNIT_EXPECT_MEMEQ(test, esp_bytes(f, skb), bytes, skb->len);
	kfree_skb(skb);
}

static struct kunit_case esp_cases[] = {
	KUNIT_CASE_PARAM(esp_test_trailer, esp_gen_params),
	KUNIT_CASE_PARAM(esp_test_too_short, esp_short_gen_params),
	KUNIT_CASE(esp_test_align),
	KUNIT_CASE_PARAM(esp_test_host_iv, esp_iv_gen_params),
	{ }
};

static struct kunit_suite esp_suite = {
	.name = "ov2_esp",
	.init = esp_init,
	.exit = esp_exit,
	.test_cases = esp_cases,
};

kunit_test_suite(esp_suite);
