// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: large send offload (S38, S41, S43).
 *
 * Each frame must be valid without the others: it parses, its checksums are right, and with ESP it
 * decrypts with its own sequence number. Together the frames carry the payload of the packet.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/frame.h"
#include "../drivers/ov2sim/nic/lso.h"
#include "../drivers/ov2sim/nic/parse.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"
#include "nic_packet.h"

struct nic_lso_row {
	const char *name;
	enum ov2_cipher cipher;
	bool esn;
	struct nic_packet p;
};

#define PLAIN(outer, len, seg) \
	{ .family = outer, .payload = len, .mss = seg }
#define ESP(outer, len, seg, first) \
	{ .family = outer, .esp = true, .payload = len, .mss = seg, .seq = first }
#define TUNNEL(outer, in, len, seg, first) \
	{ .family = outer, .tunnel = true, .inner = in, .esp = true, .payload = len, \
	  .mss = seg, .seq = first }
#define UDP(tun, len, seg, first) \
	{ .family = OV2_IPV4, .tunnel = tun, .inner = OV2_IPV4, .esp = true, \
	  .encap = OV2_ENCAP_UDP, .payload = len, .mss = seg, .seq = first }

static const struct nic_lso_row nic_lso_rows[] = {
	{ "plain IPv4", .p = PLAIN(OV2_IPV4, 5000, 1400) },
	{ "plain IPv6", .p = PLAIN(OV2_IPV6, 5000, 1400) },
	{ "plain, one segment", .p = PLAIN(OV2_IPV4, 1000, 1400) },
	{ "plain, exactly two", .p = PLAIN(OV2_IPV4, 2800, 1400) },
	{ "plain, mss of 1", .p = PLAIN(OV2_IPV6, 3, 1) },
	{ "GCM, IPv4 transport", OV2_CIPHER_AES_GCM, .p = ESP(OV2_IPV4, 5001, 1400, 7) },
	{ "GCM, IPv6 transport", OV2_CIPHER_AES_GCM, .p = ESP(OV2_IPV6, 5002, 1400, 7) },
	{ "GCM, 4 in 4", OV2_CIPHER_AES_GCM, .p = TUNNEL(OV2_IPV4, OV2_IPV4, 5003, 1399, 7) },
	{ "GCM, 6 in 4", OV2_CIPHER_AES_GCM, .p = TUNNEL(OV2_IPV4, OV2_IPV6, 5003, 1398, 7) },
	{ "GCM, 4 in 6", OV2_CIPHER_AES_GCM, .p = TUNNEL(OV2_IPV6, OV2_IPV4, 5003, 1397, 7) },
	{ "GCM, 6 in 6", OV2_CIPHER_AES_GCM, .p = TUNNEL(OV2_IPV6, OV2_IPV6, 60000, 1396, 7) },
	{ "GCM, ESN over the wrap", OV2_CIPHER_AES_GCM, true,
	  .p = ESP(OV2_IPV4, 5001, 1400, 0x1fffffffeULL) },
	{ "GMAC", OV2_CIPHER_AES_GMAC, .p = ESP(OV2_IPV4, 5001, 1400, 7) },
	{ "ChaCha20-Poly1305", OV2_CIPHER_CHACHA20_POLY1305, .p = ESP(OV2_IPV6, 5001, 1400, 7) },
	{ "CBC, ESN over the wrap", OV2_CIPHER_AES_CBC, true,
	  .p = TUNNEL(OV2_IPV4, OV2_IPV4, 5001, 1333, 0xfffffffeULL) },
	{ "null", OV2_CIPHER_NULL, .p = ESP(OV2_IPV4, 5001, 1333, 0xfffffffcULL) },
	{ "UDP, transport", OV2_CIPHER_AES_GCM, .p = UDP(false, 5001, 1333, 1) },
	{ "UDP, tunnel", OV2_CIPHER_AES_CBC, .p = UDP(true, 5001, 1333, 1) },
};

KUNIT_ARRAY_PARAM_DESC(nic_lso, nic_lso_rows, name);

static void nic_lso_node(struct ov2_add_sa *node, const struct nic_lso_row *row)
{
	nic_fixture_node(node, OV2_OUT);
	node->family = row->p.family;
	if (row->p.family == OV2_IPV6)
		node->daddr.s6_addr32[0] = cpu_to_be32(0x20010db8);
	node->mode = row->p.tunnel ? OV2_TUNNEL : OV2_TRANSPORT;
	node->cross_family = row->p.tunnel && row->p.family != row->p.inner;
	node->encap = row->p.encap;
	node->encap_sport = htons(4500);
	node->encap_dport = htons(4500);
	node->esn = row->esn;
	node->cipher = row->cipher;
	node->key_area_len = OV2_KEY_AREA_LEN;
	memset(node->key_area, 0x33, OV2_KEY_AREA_LEN);
	if (row->cipher == OV2_CIPHER_CHACHA20_POLY1305)
		node->cipher_key_len = 32;
	if (row->cipher == OV2_CIPHER_AES_CBC || row->cipher == OV2_CIPHER_NULL) {
		node->auth = OV2_AUTH_HMAC_SHA256;
		node->auth_key_len = 32;
		node->iv = row->cipher == OV2_CIPHER_NULL ? OV2_IV_NONE : OV2_IV_RANDOM;
		node->cipher_key_len = row->cipher == OV2_CIPHER_NULL ? 0 : 16;
	}
}

/* A table with the SA of the row. */
struct nic_lso_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	struct ov2sim_sa *sa;
	unsigned int frames;
};

static void nic_lso_fixture_init(struct kunit *test, struct nic_lso_fixture *fix,
				 const struct nic_lso_row *row)
{
	struct ov2_add_sa node;
	int idx;

	memset(fix, 0, sizeof(*fix));
	fix->frames = ov2sim_frames_live();
	nic_fixture_caps(&fix->caps);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_init(&fix->db, &fix->caps, 1, &fix->faults));
	if (!row->p.esp)
		return;
	nic_lso_node(&node, row);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	/* The SA stays valid after the unlock, because only this test deletes it. */
	idx = ov2sim_sadb_read_lock(&fix->db);
	fix->sa = ov2sim_sadb_find_tx(&fix->db, node.offload_handle, 0);
	ov2sim_sadb_read_unlock(&fix->db, idx);
	KUNIT_EXPECT_NOT_NULL(test, fix->sa);
}

static void nic_lso_fixture_exit(struct kunit *test, struct nic_lso_fixture *fix)
{
	ov2sim_sadb_destroy(&fix->db);
	KUNIT_EXPECT_EQ(test, fix->frames, ov2sim_frames_live());
}

static void nic_lso_build(struct kunit *test, struct nic_lso_fixture *fix,
			  const struct nic_lso_row *row, struct ov2sim_txd *txd)
{
	struct nic_packet p = row->p;

	if (fix->sa) {
		p.iv_len = fix->sa->esp.iv_len;
		p.icv_len = fix->sa->esp.icv_len;
		p.block = fix->sa->esp.block;
	}
	nic_packet_build(test, &p, txd);
}

/* Decrypt a frame in place and set @inner to the IP packet that TCP is in. */
static void nic_lso_decrypt(struct kunit *test, const struct nic_lso_fixture *fix,
			    struct ov2sim_frame *frame, const struct ov2sim_pkt *pkt, u64 seq,
			    struct ov2sim_pkt *inner)
{
	struct ov2sim_sa *sa = fix->sa;
	u8 *data = frame->data;
	u32 i, text, tail;
	u8 next_header;

	KUNIT_ASSERT_NE(test, 0, pkt->esp);
	KUNIT_EXPECT_EQ(test, sa->id.encap, pkt->encap);
	KUNIT_EXPECT_EQ(test, lower_32_bits(seq), get_unaligned_be32(data + pkt->esp + 4));
	KUNIT_ASSERT_EQ(test, CRYPTO_SUCCESS,
			ov2sim_esp_decrypt(&sa->esp, sa->id.mode, data + pkt->esp,
					   pkt->end - pkt->esp, seq, &next_header));
	text = pkt->esp + OV2SIM_ESP_HLEN + sa->esp.iv_len;
	tail = pkt->end - sa->esp.icv_len - 2;
	/* RFC 4303: the padding is 1, 2, 3 and so on, and no longer than needed. */
	KUNIT_EXPECT_LT(test, data[tail], sa->esp.block);
	for (i = 0; i < data[tail]; i++)
		KUNIT_EXPECT_EQ(test, i + 1, data[tail - data[tail] + i]);
	if (sa->id.mode == OV2_TUNNEL) {
		KUNIT_ASSERT_TRUE(test, ov2sim_parse_ip(data, text, tail - data[tail],
							next_header == IPPROTO_IPIP ? OV2_IPV4 :
							OV2_IPV6, inner));
		KUNIT_EXPECT_EQ(test, tail - data[tail], inner->end);
		return;
	}
	KUNIT_EXPECT_EQ(test, IPPROTO_TCP, next_header);
	*inner = *pkt;
	inner->l4 = text;
	inner->end = tail - data[tail];
	inner->proto = next_header;
	ov2sim_parse_l4(data, inner);
}

static void nic_lso_check_tcp(struct kunit *test, const u8 *data, const struct ov2sim_pkt *pkt,
			      u32 off, bool last)
{
	const struct tcphdr *th = (const struct tcphdr *)(data + pkt->l4);
	u32 payload = pkt->l4 + th->doff * 4;
	u32 i;

	KUNIT_EXPECT_EQ(test, IPPROTO_TCP, pkt->proto);
	KUNIT_EXPECT_TRUE(test, ov2sim_pkt_csum_ok(data, pkt));
	KUNIT_EXPECT_EQ(test, (u32)(NIC_PACKET_TCP_SEQ + off), ntohl(th->seq));
	KUNIT_EXPECT_EQ(test, last, (bool)th->psh);
	KUNIT_EXPECT_EQ(test, last, (bool)th->fin);
	KUNIT_EXPECT_EQ(test, !off, (bool)th->cwr);
	KUNIT_EXPECT_TRUE(test, (bool)th->ack);
	for (i = payload; i < pkt->end; i++) {
		if (data[i] != nic_packet_byte(off + i - payload)) {
			KUNIT_FAIL(test, "payload differs at %u", off + i - payload);
			break;
		}
	}
}

static void nic_lso_check_ids(struct kunit *test, const u8 *data, const struct ov2sim_pkt *pkt,
			      u32 i)
{
	const struct iphdr *iph = (const struct iphdr *)(data + pkt->l3);

	if (pkt->family == OV2_IPV4)
		KUNIT_EXPECT_EQ(test, (u16)(NIC_PACKET_IP_ID + i), ntohs(iph->id));
}

static void nic_lso_check_frame(struct kunit *test, const struct nic_lso_fixture *fix,
				const struct nic_lso_row *row, struct ov2sim_frame *frame, u32 i)
{
	u32 off = i * row->p.mss, len = min(row->p.payload - off, row->p.mss);
	struct ov2sim_pkt pkt, inner;

	KUNIT_ASSERT_TRUE(test, ov2sim_parse_frame(frame->data, frame->len, &pkt));
	KUNIT_EXPECT_EQ(test, frame->len, pkt.end);
	nic_lso_check_ids(test, frame->data, &pkt, i);
	inner = pkt;
	if (fix->sa)
		nic_lso_decrypt(test, fix, frame, &pkt, row->p.seq + i, &inner);
	if (row->p.tunnel)
		nic_lso_check_ids(test, frame->data, &inner, i);
	KUNIT_EXPECT_EQ(test, len, inner.end - inner.l4 - 32);
	nic_lso_check_tcp(test, frame->data, &inner, off, off + len == row->p.payload);
}

static void nic_lso_test_segments(struct kunit *test)
{
	const struct nic_lso_row *row = test->param_value;
	struct nic_lso_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2sim_frame *frame;
	struct ov2sim_txd txd;
	LIST_HEAD(frames);
	u32 i = 0;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_lso_fixture_init(test, fix, row);
	nic_lso_build(test, fix, row, &txd);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_lso(&txd, fix->sa, &frames));
	list_for_each_entry(frame, &frames, list)
		nic_lso_check_frame(test, fix, row, frame, i++);
	KUNIT_EXPECT_EQ(test, DIV_ROUND_UP(row->p.payload, row->p.mss), i);
	kfree_skb(txd.skb);
	ov2sim_frames_free(&frames);
	nic_lso_fixture_exit(test, fix);
}

/* A descriptor that is inconsistent or does not match the SA makes no frame. */
static void nic_lso_refuses(struct kunit *test, const struct nic_lso_row *row,
			    void (*spoil)(struct ov2sim_txd *), int expected)
{
	struct nic_lso_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2sim_txd txd;
	LIST_HEAD(frames);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_lso_fixture_init(test, fix, row);
	nic_lso_build(test, fix, row, &txd);
	spoil(&txd);
	KUNIT_EXPECT_EQ(test, expected, ov2sim_lso(&txd, fix->sa, &frames));
	KUNIT_EXPECT_TRUE(test, list_empty(&frames));
	kfree_skb(txd.skb);
	nic_lso_fixture_exit(test, fix);
}

static void nic_lso_spoil_mss(struct ov2sim_txd *txd)
{
	txd->mss = 0;
}

static void nic_lso_spoil_l3(struct ov2sim_txd *txd)
{
	txd->l3_off += 2;
}

static void nic_lso_spoil_l4(struct ov2sim_txd *txd)
{
	txd->l4_off = 0xffff;
}

static void nic_lso_spoil_inner(struct ov2sim_txd *txd)
{
	txd->inner_off = txd->inner_off ? 0 : txd->l4_off;
}

/* Offsets that agree with each other and not with the headers. */
static void nic_lso_spoil_far(struct ov2sim_txd *txd)
{
	txd->l3_off = 0x7000;
	txd->esp_off = txd->l3_off;
	txd->inner_off = txd->esp_off + 8 + 8;
}

static void nic_lso_spoil_esp(struct ov2sim_txd *txd)
{
	txd->esp_off += 4;
}

static void nic_lso_spoil_seq(struct ov2sim_txd *txd)
{
	txd->seq++;
}

static void nic_lso_spoil_spi(struct ov2sim_txd *txd)
{
	txd->skb->data[txd->esp_off] ^= 1;
}

static void nic_lso_spoil_proto(struct ov2sim_txd *txd)
{
	txd->esp_proto = IPPROTO_UDP;
}

static void nic_lso_spoil_segs(struct ov2sim_txd *txd)
{
	txd->segs--;
}

static void nic_lso_spoil_wrap(struct ov2sim_txd *txd)
{
	/* Without ESN there are fewer numbers left than segments. */
	put_unaligned_be32(0xfffffffe, txd->skb->data + txd->esp_off + 4);
	txd->seq = 0xfffffffe;
}

static void nic_lso_spoil_pad(struct ov2sim_txd *txd)
{
	txd->skb->data[txd->skb->len - 18] = 255;
}

static void nic_lso_test_refused(struct kunit *test)
{
	static const struct nic_lso_row plain = { .p = PLAIN(OV2_IPV4, 5000, 1400) };
	static const struct nic_lso_row esp = { .cipher = OV2_CIPHER_AES_GCM,
					    .p = ESP(OV2_IPV4, 5000, 1400, 7) };
	static const struct nic_lso_row tunnel = {
		.cipher = OV2_CIPHER_AES_GCM, .p = TUNNEL(OV2_IPV6, OV2_IPV4, 5000, 1400, 7),
	};
	static const struct nic_lso_row udp = { .cipher = OV2_CIPHER_AES_GCM,
					    .p = UDP(false, 100, 50, 7) };

	nic_lso_refuses(test, &plain, nic_lso_spoil_mss, -EINVAL);
	nic_lso_refuses(test, &plain, nic_lso_spoil_l3, -EINVAL);
	nic_lso_refuses(test, &plain, nic_lso_spoil_l4, -EINVAL);
	nic_lso_refuses(test, &plain, nic_lso_spoil_inner, -EINVAL);
	nic_lso_refuses(test, &esp, nic_lso_spoil_l3, -EINVAL);
	nic_lso_refuses(test, &esp, nic_lso_spoil_esp, -EINVAL);
	nic_lso_refuses(test, &esp, nic_lso_spoil_inner, -EINVAL);
	nic_lso_refuses(test, &tunnel, nic_lso_spoil_inner, -EINVAL);
	nic_lso_refuses(test, &tunnel, nic_lso_spoil_far, -EINVAL);
	nic_lso_refuses(test, &esp, nic_lso_spoil_seq, -EIO);
	nic_lso_refuses(test, &esp, nic_lso_spoil_spi, -EIO);
	nic_lso_refuses(test, &esp, nic_lso_spoil_proto, -EIO);
	nic_lso_refuses(test, &esp, nic_lso_spoil_segs, -EIO);
	nic_lso_refuses(test, &esp, nic_lso_spoil_wrap, -EOVERFLOW);
	nic_lso_refuses(test, &udp, nic_lso_spoil_pad, -EINVAL);
}

static unsigned int nic_lso_frames_left;

static struct ov2sim_frame *nic_lso_frame_or_none(u32 len, gfp_t gfp)
{
	struct kunit *test = kunit_get_current_test();
	struct ov2sim_frame *frame;

	if (!nic_lso_frames_left--)
		return NULL;
	kunit_deactivate_static_stub(test, ov2sim_frame_alloc);
	frame = ov2sim_frame_alloc(len, gfp);
	kunit_activate_static_stub(test, ov2sim_frame_alloc, nic_lso_frame_or_none);
	return frame;
}

/* If there is no memory for a frame those before it are freed. */
static void nic_lso_test_no_memory(struct kunit *test)
{
	static const struct nic_lso_row row = { .cipher = OV2_CIPHER_AES_GCM,
					    .p = ESP(OV2_IPV4, 5000, 1400, 7) };
	struct nic_lso_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	unsigned int frames_live = ov2sim_frames_live();
	struct ov2sim_txd txd;
	LIST_HEAD(frames);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_lso_fixture_init(test, fix, &row);
	nic_lso_build(test, fix, &row, &txd);
	for (i = 0; i < 4; i++) {
		nic_lso_frames_left = i;
		kunit_activate_static_stub(test, ov2sim_frame_alloc, nic_lso_frame_or_none);
		KUNIT_EXPECT_EQ(test, -ENOMEM, ov2sim_lso(&txd, fix->sa, &frames));
		kunit_deactivate_static_stub(test, ov2sim_frame_alloc);
		KUNIT_EXPECT_TRUE(test, list_empty(&frames));
		KUNIT_EXPECT_EQ(test, frames_live, ov2sim_frames_live());
	}
	KUNIT_EXPECT_EQ(test, 0, ov2sim_lso(&txd, fix->sa, &frames));
	KUNIT_EXPECT_EQ(test, 4, ov2sim_frames_free(&frames));
	kfree_skb(txd.skb);
	nic_lso_fixture_exit(test, fix);
}

static struct kunit_case nic_lso_cases[] = {
	KUNIT_CASE_PARAM(nic_lso_test_segments, nic_lso_gen_params),
	KUNIT_CASE(nic_lso_test_refused),
	KUNIT_CASE(nic_lso_test_no_memory),
	{}
};

static struct kunit_suite nic_lso_suite = {
	.name = "ov2_nic_lso",
	.test_cases = nic_lso_cases,
};

kunit_test_suite(nic_lso_suite);
