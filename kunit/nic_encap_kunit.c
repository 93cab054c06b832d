// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, transmit: the headers that the NIC adds (S41, S54).
 *
 * Each packet is sent as one frame and as an aggregate. What is in front of the encrypted part is
 * compared with headers that this file writes byte by byte, and the rest is decrypted and must be
 * the packet.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/frame.h"
#include "../drivers/ov2sim/nic/lso.h"
#include "../drivers/ov2sim/nic/parse.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "../drivers/ov2sim/nic/single.h"
#include "nic_fixture.h"
#include "nic_packet.h"

#define NIC_ENCAP_PAYLOAD	250
#define NIC_ENCAP_MSS		100
#define NIC_ENCAP_SEQ		0x2fffffffeULL
#define NIC_ENCAP_TTL		37
#define NIC_ENCAP_LABEL		0xabcde
#define NIC_ENCAP_HDR_MAX	128

/**
 * struct nic_encap_row - An SA, a packet, and the outer header of it.
 * @name: name
 * @family: family of the packet and of the SA
 * @tunnel: tunnel mode
 * @udp: UDP encapsulation
 * @flags: OV2_OUTER_*
 * @tos: TOS or traffic class of the packet
 * @df: the packet has DF
 * @outer_tos: expected TOS or traffic class
 * @outer_df: expected DF
 * @cipher: cipher
 */
struct nic_encap_row {
	const char *name;
	enum ov2_family family;
	bool tunnel;
	bool udp;
	u8 flags;
	u8 tos;
	bool df;
	u8 outer_tos;
	bool outer_df;
	enum ov2_cipher cipher;
};

#define DSCP	OV2_OUTER_DSCP
#define ECN	OV2_OUTER_ECN
#define DF	OV2_OUTER_DF
#define GCM	OV2_CIPHER_AES_GCM

static const struct nic_encap_row nic_encap_rows[] = {
	{ "4 in 4", OV2_IPV4, true, false, DSCP | ECN | DF, 0, false, 0, false, GCM },
	{ "4 in 4, DSCP", OV2_IPV4, true, false, DSCP, 0xb9, false, 0xb8, false, GCM },
	{ "4 in 4, no DSCP", OV2_IPV4, true, false, ECN, 0xb9, false, 0x01, false, GCM },
	{ "4 in 4, ECT(0)", OV2_IPV4, true, false, DSCP | ECN, 0xba, false, 0xba, false, GCM },
	{ "4 in 4, CE", OV2_IPV4, true, false, DSCP | ECN, 0xbb, false, 0xba, false, GCM },
	{ "4 in 4, no ECN", OV2_IPV4, true, false, 0, 0xbb, false, 0, false, GCM },
	{ "4 in 4, DF", OV2_IPV4, true, false, DF, 0, true, 0, true, GCM },
	{ "4 in 4, no DF", OV2_IPV4, true, false, 0, 0, true, 0, false, GCM },
	{ "4 in 4, UDP", OV2_IPV4, true, true, DSCP | DF, 0x28, true, 0x28, true, GCM },
	{ "4 in 4, CBC", OV2_IPV4, true, false, 0, 0, false, 0, false, OV2_CIPHER_AES_CBC },
	{ "6 in 6", OV2_IPV6, true, false, DSCP | ECN, 0, false, 0, false, GCM },
	{ "6 in 6, DSCP", OV2_IPV6, true, false, DSCP, 0xb9, false, 0xb8, false, GCM },
	{ "6 in 6, CE", OV2_IPV6, true, false, DSCP | ECN, 0xbb, false, 0xba, false, GCM },
	{ "6 in 6, neither", OV2_IPV6, true, false, 0, 0xbb, false, 0, false, GCM },
	{ "6 in 6, UDP", OV2_IPV6, true, true, DSCP | ECN, 0x29, false, 0x29, false, GCM },
	{ "6 in 6, null", OV2_IPV6, true, false, 0, 0, false, 0, false, OV2_CIPHER_NULL },
	{ "IPv4", OV2_IPV4, false, false, 0, 0xbb, true, 0xbb, true, GCM },
	{ "IPv4, GMAC", OV2_IPV4, false, false, 0, 0, false, 0, false, OV2_CIPHER_AES_GMAC },
	{ "IPv4, UDP", OV2_IPV4, false, true, 0, 0x03, false, 0x03, false, GCM },
	{ "IPv6", OV2_IPV6, false, false, 0, 0xbb, false, 0xbb, false, GCM },
	{ "IPv6, ChaCha", OV2_IPV6, false, false, 0, 0, false, 0, false,
	  OV2_CIPHER_CHACHA20_POLY1305 },
	{ "IPv6, UDP", OV2_IPV6, false, true, 0, 0x03, false, 0x03, false, GCM },
};

KUNIT_ARRAY_PARAM_DESC(nic_encap, nic_encap_rows, name);

/* A table with the SA of a row, and a packet for it. */
struct nic_encap_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	struct ov2sim_sa *sa;
	struct ov2sim_txd txd;
	struct list_head frames;
	unsigned int live;
	u8 hdr[NIC_ENCAP_HDR_MAX];
};

/* 198.51.100.N or 2001:db8:1::N */
static void nic_encap_addr(struct in6_addr *addr, enum ov2_family family, u8 n)
{
	memset(addr, 0, sizeof(*addr));
	if (family == OV2_IPV4) {
		addr->s6_addr32[0] = cpu_to_be32(0xc6336400 + n);
		return;
	}
	addr->s6_addr32[0] = cpu_to_be32(0x20010db8);
	addr->s6_addr32[1] = cpu_to_be32(0x00010000);
	addr->s6_addr[15] = n;
}

static void nic_encap_node(struct ov2_add_sa *node, const struct nic_encap_row *row)
{
	nic_fixture_node(node, OV2_OUT);
	node->packet = true;
	node->esn = true;
	node->family = row->family;
	node->mode = row->tunnel ? OV2_TUNNEL : OV2_TRANSPORT;
	node->encap = row->udp ? OV2_ENCAP_UDP : OV2_ENCAP_NONE;
	node->encap_sport = htons(1);
	node->encap_dport = htons(2);
	node->outer = row->flags;
	nic_encap_addr(&node->saddr, row->family, 1);
	nic_encap_addr(&node->daddr, row->family, 2);
	node->cipher = row->cipher;
	node->key_area_len = OV2_KEY_AREA_LEN;
	if (row->cipher == OV2_CIPHER_CHACHA20_POLY1305)
		node->cipher_key_len = 32;
	if (row->cipher == OV2_CIPHER_AES_CBC || row->cipher == OV2_CIPHER_NULL) {
		node->auth = OV2_AUTH_HMAC_SHA256;
		node->auth_key_len = 32;
		node->iv = row->cipher == OV2_CIPHER_NULL ? OV2_IV_NONE : OV2_IV_RANDOM;
		node->cipher_key_len = row->cipher == OV2_CIPHER_NULL ? 0 : 16;
	}
}

static void nic_encap_build(struct kunit *test, struct nic_encap_fixture *fix,
			    const struct nic_encap_row *row, u32 mss)
{
	struct nic_packet p = { .family = row->family, .payload = NIC_ENCAP_PAYLOAD, .mss = mss,
				.seq = NIC_ENCAP_SEQ };
	struct ov2sim_txd *txd = &fix->txd;
	struct iphdr *iph;

	nic_packet_build(test, &p, txd);
	txd->flags |= OV2SIM_TX_ESP | OV2SIM_TX_ENCAP;
	txd->sport = htons(row->udp ? 4500 : 0);
	txd->dport = htons(row->udp ? 4501 : 0);
	txd->ttl = row->tunnel ? NIC_ENCAP_TTL : 0;
	if (row->family == OV2_IPV6) {
		put_unaligned_be32(0x60000000 | row->tos << 20 | NIC_ENCAP_LABEL,
				   txd->skb->data + ETH_HLEN);
		return;
	}
	iph = (struct iphdr *)(txd->skb->data + ETH_HLEN);
	iph->tos = row->tos;
	iph->frag_off = row->df ? htons(IP_DF) : 0;
	ip_send_check(iph);
}

static struct nic_encap_fixture *nic_encap_start(struct kunit *test,
						 const struct nic_encap_row *row, u32 mss)
{
	struct nic_encap_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2_add_sa node;
	int idx;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	INIT_LIST_HEAD(&fix->frames);
	fix->live = ov2sim_frames_live();
	nic_fixture_caps(&fix->caps);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_init(&fix->db, &fix->caps, 1, &fix->faults));
	nic_encap_node(&node, row);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	idx = ov2sim_sadb_read_lock(&fix->db);
	fix->sa = ov2sim_sadb_find_tx(&fix->db, node.offload_handle, 0);
	ov2sim_sadb_read_unlock(&fix->db, idx);
	KUNIT_ASSERT_NOT_NULL(test, fix->sa);
	nic_encap_build(test, fix, row, mss);
	return fix;
}

static int nic_encap_send(struct nic_encap_fixture *fix)
{
	return fix->txd.flags & OV2SIM_TX_LSO ? ov2sim_lso(&fix->txd, fix->sa, &fix->frames) :
						ov2sim_single(&fix->txd, fix->sa, &fix->frames);
}

static void nic_encap_stop(struct kunit *test, struct nic_encap_fixture *fix)
{
	kfree_skb(fix->txd.skb);
	ov2sim_frames_free(&fix->frames);
	ov2sim_sadb_destroy(&fix->db);
	KUNIT_EXPECT_EQ(test, fix->live, ov2sim_frames_live());
}

/* The ones' complement sum of @len bytes, an even number but for the last part. */
static u32 nic_encap_sum(const u8 *data, u32 len, u32 sum)
{
	u32 i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void nic_encap_expect_ipv4(const struct nic_encap_fixture *fix,
				  const struct nic_encap_row *row, u8 *ip, u32 len, u32 i)
{
	u16 id = row->tunnel ? fix->sa->ip_id + NIC_ENCAP_SEQ + i : NIC_PACKET_IP_ID + i;

	if (row->tunnel && row->outer_df)
		id = 0;
	ip[0] = 0x45;
	ip[1] = row->outer_tos;
	put_unaligned_be16(len, ip + 2);
	put_unaligned_be16(id, ip + 4);
	ip[6] = row->outer_df ? 0x40 : 0;
	ip[8] = row->tunnel ? NIC_ENCAP_TTL : 64;
	ip[9] = row->udp ? 17 : 50;
	put_unaligned_be32(row->tunnel ? 0xc6336401 : 0xc0000201, ip + 12);
	put_unaligned_be32(row->tunnel ? 0xc6336402 : 0xc0000202, ip + 16);
	put_unaligned_be16(~nic_encap_sum(ip, 20, 0), ip + 10);
}

static void nic_encap_expect_ipv6(const struct nic_encap_row *row, u8 *ip, u32 len)
{
	put_unaligned_be32(0x60000000 | row->outer_tos << 20 | NIC_ENCAP_LABEL, ip);
	put_unaligned_be16(len - 40, ip + 4);
	ip[6] = row->udp ? 17 : 50;
	ip[7] = row->tunnel ? NIC_ENCAP_TTL : 64;
	put_unaligned_be64(row->tunnel ? 0x20010db800010000 : 0x20010db800000000, ip + 8);
	ip[23] = 1;
	put_unaligned_be64(row->tunnel ? 0x20010db800010000 : 0x20010db800000000, ip + 24);
	ip[39] = 2;
}

/* RFC 3948, RFC 8200: no checksum over IPv4, a right one over IPv6. */
static void nic_encap_check_udp(struct kunit *test, const struct nic_encap_row *row, const u8 *ip,
				const u8 *udp, u32 len)
{
	u32 sum;

	if (row->family == OV2_IPV4) {
		KUNIT_EXPECT_EQ(test, 0, get_unaligned_be16(udp + 6));
		return;
	}
	KUNIT_EXPECT_NE(test, 0, get_unaligned_be16(udp + 6));
	sum = nic_encap_sum(ip + 8, 32, len + 17);
	KUNIT_EXPECT_EQ(test, 0xffff, nic_encap_sum(udp, len, sum));
}

/* Compare the headers of frame @i. Returns the offset of the ESP header. */
static u32 nic_encap_check_headers(struct kunit *test, struct nic_encap_fixture *fix,
				   const struct nic_encap_row *row,
				   const struct ov2sim_frame *frame, u32 i)
{
	u32 ip_len = row->family == OV2_IPV4 ? 20 : 40, off = ETH_HLEN + ip_len;
	u8 *hdr = fix->hdr, *ip = hdr + ETH_HLEN;

	memset(hdr, 0, sizeof(fix->hdr));
	memcpy(hdr, nic_packet_addr, ETH_ALEN);
	put_unaligned_be16(row->family == OV2_IPV4 ? 0x0800 : 0x86dd, hdr + 12);
	if (row->family == OV2_IPV4)
		nic_encap_expect_ipv4(fix, row, ip, frame->len - ETH_HLEN, i);
	else
		nic_encap_expect_ipv6(row, ip, frame->len - ETH_HLEN);
	if (row->udp) {
		put_unaligned_be16(4500, hdr + off);
		put_unaligned_be16(4501, hdr + off + 2);
		put_unaligned_be16(frame->len - off, hdr + off + 4);
		memcpy(hdr + off + 6, frame->data + off + 6, 2);
		nic_encap_check_udp(test, row, ip, frame->data + off, frame->len - off);
		off += 8;
	}
	put_unaligned_be32(NIC_TEST_SPI, hdr + off);
	put_unaligned_be32(NIC_ENCAP_SEQ + i, hdr + off + 4);
	KUNIT_EXPECT_MEMEQ(test, hdr, frame->data, off + 8);
	return off;
}

/* Decrypt frame @i and compare it with the packet. */
static void nic_encap_check_text(struct kunit *test, struct nic_encap_fixture *fix,
				 const struct nic_encap_row *row, struct ov2sim_frame *frame,
				 u32 esp, u32 i)
{
	u32 text = esp + 8 + fix->sa->esp.iv_len, pad = frame->len - fix->sa->esp.icv_len - 2;
	u32 mss = fix->txd.mss ?: NIC_ENCAP_PAYLOAD, off = i * mss, j;
	struct ov2sim_pkt pkt;
	u8 *data = frame->data, proto;

	KUNIT_ASSERT_TRUE(test, ov2sim_parse_frame(data, frame->len, &pkt));
	KUNIT_ASSERT_EQ(test, CRYPTO_SUCCESS,
			ov2sim_esp_decrypt(&fix->sa->esp, fix->sa->id.mode, data + esp,
					   frame->len - esp, NIC_ENCAP_SEQ + i, &proto));
	for (j = 0; j < data[pad]; j++)
		KUNIT_EXPECT_EQ(test, j + 1, data[pad - data[pad] + j]);
	KUNIT_EXPECT_EQ(test, !row->tunnel ? 6 : row->family == OV2_IPV4 ? 4 : 41, proto);
	if (row->tunnel) {
		KUNIT_ASSERT_TRUE(test, ov2sim_parse_ip(data, text, pad - data[pad], row->family,
							&pkt));
		KUNIT_EXPECT_EQ(test, row->tos, row->family == OV2_IPV4 ? data[text + 1] :
				get_unaligned_be16(data + text) >> 4 & 0xff);
	} else {
		pkt.l4 = text;
		pkt.end = pad - data[pad];
		pkt.proto = proto;
		ov2sim_parse_l4(data, &pkt);
	}
	KUNIT_EXPECT_TRUE(test, ov2sim_pkt_csum_ok(data, &pkt));
	KUNIT_EXPECT_EQ(test, pad - data[pad], pkt.end);
	KUNIT_EXPECT_EQ(test, min(NIC_ENCAP_PAYLOAD - off, mss), pkt.end - pkt.l4 - 32);
	KUNIT_EXPECT_EQ(test, nic_packet_byte(off), data[pkt.l4 + 32]);
	KUNIT_EXPECT_EQ(test, nic_packet_byte(off + pkt.end - pkt.l4 - 33), data[pkt.end - 1]);
}

static void nic_encap_run(struct kunit *test, const struct nic_encap_row *row, u32 mss)
{
	struct nic_encap_fixture *fix = nic_encap_start(test, row, mss);
	struct ov2sim_frame *frame;
	u32 i = 0, esp;

	KUNIT_EXPECT_EQ(test, 0, nic_encap_send(fix));
	list_for_each_entry(frame, &fix->frames, list) {
		esp = nic_encap_check_headers(test, fix, row, frame, i);
		nic_encap_check_text(test, fix, row, frame, esp, i++);
	}
	KUNIT_EXPECT_EQ(test, mss ? DIV_ROUND_UP(NIC_ENCAP_PAYLOAD, mss) : 1, i);
	nic_encap_stop(test, fix);
}

static void nic_encap_test_row(struct kunit *test)
{
	nic_encap_run(test, test->param_value, 0);
	nic_encap_run(test, test->param_value, NIC_ENCAP_MSS);
}

static void nic_encap_spoil_l3(struct ov2sim_txd *txd)
{
	txd->l3_off = 12;
}

static void nic_encap_spoil_far(struct ov2sim_txd *txd)
{
	txd->l3_off = 0xffff;
}

static void nic_encap_spoil_l4(struct ov2sim_txd *txd)
{
	txd->l4_off = txd->l3_off - 1;
}

static void nic_encap_spoil_family(struct ov2sim_txd *txd)
{
	txd->skb->data[ETH_HLEN] ^= 0x20;
}

static void nic_encap_spoil_len(struct ov2sim_txd *txd)
{
	skb_trim(txd->skb, txd->skb->len - 1);
}

static void nic_encap_spoil_ports(struct ov2sim_txd *txd)
{
	txd->dport = 0;
}

static void nic_encap_spoil_ttl(struct ov2sim_txd *txd)
{
	txd->ttl = 0;
}

static void nic_encap_spoil_fragment(struct ov2sim_txd *txd)
{
	txd->skb->data[ETH_HLEN + 6] = 0x20;
}

static void nic_encap_spoil_options(struct ov2sim_txd *txd)
{
	txd->skb->data[ETH_HLEN] = 0x46;
}

static void nic_encap_spoil_extension(struct ov2sim_txd *txd)
{
	txd->skb->data[ETH_HLEN + 6] = IPPROTO_DSTOPTS;
}

static void nic_encap_spoil_trailer(struct ov2sim_txd *txd)
{
	txd->flags |= OV2SIM_TX_ESP_TRAILER;
}

static void nic_encap_spoil_csum(struct ov2sim_txd *txd)
{
	txd->csum_start = 0xffff;
}

static void nic_encap_spoil_mss(struct ov2sim_txd *txd)
{
	txd->mss = 0xffff;
}

static void nic_encap_spoil_segs(struct ov2sim_txd *txd)
{
	txd->segs--;
}

static void nic_encap_refuses(struct kunit *test, const struct nic_encap_row *row, u32 mss,
			      void (*spoil)(struct ov2sim_txd *), int expected)
{
	struct nic_encap_fixture *fix = nic_encap_start(test, row, mss);

	spoil(&fix->txd);
	KUNIT_EXPECT_EQ(test, expected, nic_encap_send(fix));
	KUNIT_EXPECT_TRUE(test, list_empty(&fix->frames));
	nic_encap_stop(test, fix);
}

/* A packet that the NIC cannot frame makes no frame. */
static void nic_encap_test_refused(struct kunit *test)
{
	static const struct nic_encap_row tun4 = { .family = OV2_IPV4, .tunnel = true,
						   .cipher = GCM };
	static const struct nic_encap_row tun6 = { .family = OV2_IPV6, .tunnel = true,
						   .cipher = GCM };
	static const struct nic_encap_row udp4 = { .family = OV2_IPV4, .udp = true,
						   .cipher = GCM };
	static const struct nic_encap_row trans6 = { .family = OV2_IPV6, .cipher = GCM };
	static const u32 sizes[] = { 0, NIC_ENCAP_MSS };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nic_encap_refuses(test, &tun4, sizes[i], nic_encap_spoil_l3, -EINVAL);
		nic_encap_refuses(test, &tun4, sizes[i], nic_encap_spoil_far, -EINVAL);
		nic_encap_refuses(test, &tun4, sizes[i], nic_encap_spoil_family, -EIO);
		nic_encap_refuses(test, &tun6, sizes[i], nic_encap_spoil_family, -EIO);
		nic_encap_refuses(test, &tun6, sizes[i], nic_encap_spoil_trailer, -EINVAL);
		nic_encap_refuses(test, &tun6, sizes[i], nic_encap_spoil_ttl, -EINVAL);
		nic_encap_refuses(test, &udp4, sizes[i], nic_encap_spoil_ports, -EINVAL);
		nic_encap_refuses(test, &udp4, sizes[i], nic_encap_spoil_fragment, -EINVAL);
		nic_encap_refuses(test, &udp4, sizes[i], nic_encap_spoil_options, -EINVAL);
		nic_encap_refuses(test, &trans6, sizes[i], nic_encap_spoil_extension, -EINVAL);
	}
	nic_encap_refuses(test, &tun4, 0, nic_encap_spoil_len, -EINVAL);
	nic_encap_refuses(test, &trans6, 0, nic_encap_spoil_len, -EINVAL);
	nic_encap_refuses(test, &trans6, 0, nic_encap_spoil_csum, -EINVAL);
	nic_encap_refuses(test, &tun4, NIC_ENCAP_MSS, nic_encap_spoil_l4, -EINVAL);
	nic_encap_refuses(test, &tun4, NIC_ENCAP_MSS, nic_encap_spoil_mss, -EINVAL);
	nic_encap_refuses(test, &tun4, NIC_ENCAP_MSS, nic_encap_spoil_segs, -EIO);
}

static struct kunit_case nic_encap_cases[] = {
	KUNIT_CASE_PARAM(nic_encap_test_row, nic_encap_gen_params),
	KUNIT_CASE(nic_encap_test_refused),
	{}
};

static struct kunit_suite nic_encap_suite = {
	.name = "ov2_nic_encap",
	.test_cases = nic_encap_cases,
};

kunit_test_suite(nic_encap_suite);
