// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: packet mode, receive: what the NIC takes off a packet, and what it leaves alone (S52,
 * S54).
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/frame.h"
#include "../drivers/ov2sim/nic/rx_esp.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"
#include "nic_packet.h"

#define NIC_DECAP_MAX		512
#define NIC_DECAP_PAYLOAD	21
#define NIC_DECAP_SEQ		9
#define NIC_DECAP_PORT		1024

/**
 * struct nic_decap_row - A received packet and what becomes of it.
 * @name: name
 * @family: family of the outer header, in transport mode of the only one
 * @tunnel: tunnel mode
 * @cross: the inner header is of the other family
 * @udp: UDP encapsulation
 * @flags: OV2_OUTER_*
 * @outer_tos: TOS or traffic class of the outer header
 * @tos: that of the inner header
 * @expected_tos: that of the packet that is left
 * @tfc: bytes between the inner packet and the padding
 * @next_header: next header of the trailer, 0 for the right one
 * @version: version in the inner header, 0 for the right one
 * @grow: added to the length in the inner header
 * @damaged: the ICV is wrong
 * @status: expected status
 */
struct nic_decap_row {
	const char *name;
	enum ov2_family family;
	bool tunnel;
	bool cross;
	bool udp;
	u8 flags;
	u8 outer_tos;
	u8 tos;
	u8 expected_tos;
	u8 tfc;
	u8 next_header;
	u8 version;
	s16 grow;
	bool damaged;
	u32 status;
};

#define TUN(what, outer, ...)							\
	{ .name = what, .family = outer, .tunnel = true, .status = CRYPTO_SUCCESS, __VA_ARGS__ }
#define TRANS(what, outer, ...)							\
	{ .name = what, .family = outer, .status = CRYPTO_SUCCESS, __VA_ARGS__ }
#define TOS(what, outer, how, from, to, result)					\
	TUN(what, outer, .flags = how, .outer_tos = from, .tos = to, .expected_tos = result)
#define BAD(what, outer, error, ...)						\
	{ .name = what, .family = outer, .tunnel = true, .status = CRYPTO_ ## error, __VA_ARGS__ }

#define DSCP	OV2_OUTER_DSCP
#define ECN	OV2_OUTER_ECN

static const struct nic_decap_row nic_decap_rows[] = {
	TUN("4 in 4", OV2_IPV4, .cross = false),
	TUN("6 in 6", OV2_IPV6, .cross = false),
	TUN("6 in 4", OV2_IPV4, .cross = true),
	TUN("4 in 6", OV2_IPV6, .cross = true),
	TUN("4 in 4, UDP", OV2_IPV4, .udp = true),
	TUN("6 in 6, UDP", OV2_IPV6, .udp = true),
	TRANS("IPv4", OV2_IPV4, .outer_tos = 0xbb, .expected_tos = 0xbb),
	TRANS("IPv6", OV2_IPV6, .outer_tos = 0xbb, .expected_tos = 0xbb),
	TRANS("IPv4, UDP", OV2_IPV4, .udp = true),
	TRANS("IPv6, UDP", OV2_IPV6, .udp = true),
	TRANS("any next header", OV2_IPV4, .next_header = 200),

	/* RFC 6040, RFC 4301 section 5.1.2: from the outer, to the inner header. */
	TOS("not taken over, IPv4", OV2_IPV4, 0, 0xbb, 0x2a, 0x2a),
	TOS("not taken over, IPv6", OV2_IPV6, 0, 0xbb, 0x2a, 0x2a),
	TOS("DSCP, IPv4", OV2_IPV4, DSCP, 0xbb, 0x2a, 0xba),
	TOS("DSCP, IPv6", OV2_IPV6, DSCP, 0xbb, 0x2a, 0xba),
	TOS("CE to ECT(0), IPv4", OV2_IPV4, ECN, 0xbb, 0x2a, 0x2b),
	TOS("CE to ECT(0), IPv6", OV2_IPV6, ECN, 0xbb, 0x2a, 0x2b),
	TOS("CE to ECT(1), IPv4", OV2_IPV4, ECN, 0x03, 0x01, 0x03),
	TOS("CE to ECT(1), IPv6", OV2_IPV6, ECN, 0x03, 0x01, 0x03),
	TOS("CE to not ECT, IPv4", OV2_IPV4, ECN, 0xbb, 0x28, 0x28),
	TOS("CE to not ECT, IPv6", OV2_IPV6, ECN, 0xbb, 0x28, 0x28),
	TOS("CE to CE, IPv4", OV2_IPV4, ECN, 0x03, 0x03, 0x03),
	TOS("ECT(0) to ECT(1), IPv4", OV2_IPV4, ECN, 0x02, 0x01, 0x01),
	TOS("ECT(0) to ECT(1), IPv6", OV2_IPV6, ECN, 0x02, 0x01, 0x01),
	TOS("both, IPv4", OV2_IPV4, DSCP | ECN, 0xbb, 0x2a, 0xbb),
	TOS("both, IPv6", OV2_IPV6, DSCP | ECN, 0xbb, 0x2a, 0xbb),

	/* RFC 4303 section 2.7, 2.6: bytes that hide the length, and dummies. */
	TUN("hidden length, IPv4", OV2_IPV4, .tfc = 100),
	TUN("hidden length, IPv6", OV2_IPV6, .tfc = 99),
	TUN("dummy, tunnel", OV2_IPV4, .next_header = IPPROTO_NONE),
	TRANS("dummy, transport", OV2_IPV6, .next_header = IPPROTO_NONE),

	BAD("length too long, IPv4", OV2_IPV4, INVALID_PACKET_SYNTAX, .grow = 1),
	BAD("length too long, IPv6", OV2_IPV6, INVALID_PACKET_SYNTAX, .grow = 1),
	BAD("length too short", OV2_IPV4, INVALID_PACKET_SYNTAX,
	    .grow = -8 - NIC_DECAP_PAYLOAD - 1),
	BAD("header too short", OV2_IPV4, INVALID_PACKET_SYNTAX, .version = 0x44),
	BAD("no IPv4", OV2_IPV4, INVALID_PACKET_SYNTAX, .version = 0x65),
	BAD("no IPv6", OV2_IPV6, INVALID_PACKET_SYNTAX, .version = 0x40),
	BAD("IPv6 in a place for IPv4", OV2_IPV6, INVALID_PACKET_SYNTAX,
	    .next_header = IPPROTO_IPIP),
	BAD("next header", OV2_IPV4, INVALID_PROTOCOL, .next_header = IPPROTO_TCP),
	BAD("ICV", OV2_IPV6, TUNNEL_ESP_AUTH_FAILED, .damaged = true),
};

KUNIT_ARRAY_PARAM_DESC(nic_decap, nic_decap_rows, name);

static enum ov2_family nic_decap_inner(const struct nic_decap_row *row)
{
	enum ov2_family other = row->family == OV2_IPV4 ? OV2_IPV6 : OV2_IPV4;

	return row->cross ? other : row->family;
}

/* A table with the SA of a row, and a frame for it. */
struct nic_decap_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	struct ov2sim_sa *sa;
	struct ov2sim_frame *frame;
	struct ov2sim_pkt pkt;
	struct ov2sim_rxc rxc;
	u32 text_len;
	u8 text[NIC_DECAP_MAX];
	u8 data[NIC_DECAP_MAX];
};

static void nic_decap_node(struct ov2_add_sa *node, const struct nic_decap_row *row)
{
	nic_fixture_node(node, OV2_IN);
	node->packet = true;
	node->family = row->family;
	node->daddr.s6_addr32[0] = cpu_to_be32(row->family == OV2_IPV4 ? 0xc0000202 : 0x20010db8);
	node->daddr.s6_addr[15] = row->family == OV2_IPV4 ? 0 : 2;
	node->mode = row->tunnel ? OV2_TUNNEL : OV2_TRANSPORT;
	node->encap = row->udp ? OV2_ENCAP_UDP : OV2_ENCAP_NONE;
	node->encap_dport = htons(4500);
	node->outer = row->flags;
}

/* Write an IP header and return its length. @len is the length of its payload. */
static u32 nic_decap_put_ip(u8 *to, enum ov2_family family, u8 tos, u8 proto, u32 len)
{
	struct iphdr *iph = (struct iphdr *)to;

	if (family == OV2_IPV6) {
		memset(to, 0, 40);
		put_unaligned_be32(0x60000000 | tos << 20, to);
		put_unaligned_be16(len, to + 4);
		to[6] = proto;
		to[7] = 64;
		put_unaligned_be32(0x20010db8, to + 8);
		to[23] = 1;
		put_unaligned_be32(0x20010db8, to + 24);
		to[39] = 2;
		return 40;
	}
	*iph = (struct iphdr){
		.version = 4, .ihl = 5, .tos = tos, .tot_len = htons(20 + len), .ttl = 64,
		.protocol = proto, .saddr = cpu_to_be32(0xc0000201),
		.daddr = cpu_to_be32(0xc0000202),
	};
	ip_send_check(iph);
	return 20;
}

/* Write a UDP datagram with a right checksum for the addresses above. */
static u32 nic_decap_put_udp(u8 *to, enum ov2_family family)
{
	const struct in6_addr saddr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	const struct in6_addr daddr = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };
	u32 len = 8 + NIC_DECAP_PAYLOAD, i;
	__sum16 sum;

	put_unaligned_be16(1000, to);
	put_unaligned_be16(2000, to + 2);
	put_unaligned_be16(len, to + 4);
	put_unaligned_be16(0, to + 6);
	for (i = 0; i < NIC_DECAP_PAYLOAD; i++)
		to[8 + i] = nic_packet_byte(i);
	if (family == OV2_IPV4)
		sum = csum_tcpudp_magic(cpu_to_be32(0xc0000201), cpu_to_be32(0xc0000202), len,
					IPPROTO_UDP, csum_partial(to, len, 0));
	else
		sum = csum_ipv6_magic(&saddr, &daddr, len, IPPROTO_UDP,
				      csum_partial(to, len, 0));
	put_unaligned(sum, (__sum16 *)(to + 6));
	return len;
}

/* Write what is encrypted, up to the padding. Returns the next header. */
static u8 nic_decap_put_text(struct nic_decap_fixture *fix, const struct nic_decap_row *row)
{
	u32 field = nic_decap_inner(row) == OV2_IPV4 ? 2 : 4;
	u8 *text = fix->text;
	u32 len = 0;

	if (row->tunnel)
		len = nic_decap_put_ip(text, nic_decap_inner(row), row->tos, IPPROTO_UDP,
				       8 + NIC_DECAP_PAYLOAD);
	len += nic_decap_put_udp(text + len, nic_decap_inner(row));
	if (row->tunnel && row->version)
		text[0] = row->version;
	if (row->grow)
		put_unaligned_be16(get_unaligned_be16(text + field) + row->grow, text + field);
	fix->text_len = len;
	if (row->next_header)
		return row->next_header;
	if (!row->tunnel)
		return IPPROTO_UDP;
	return nic_decap_inner(row) == OV2_IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* Make the frame as another host would: encrypted by the NIC's ESP with a foreign IV. */
static void nic_decap_build(struct kunit *test, struct nic_decap_fixture *fix,
			    const struct nic_decap_row *row)
{
	u8 iv[OV2SIM_ESP_IV_MAX] = { 1, 2, 3 }, proto = nic_decap_put_text(fix, row);
	u32 text = fix->text_len + row->tfc, pad = ALIGN(text + 2, 4) - text - 2, i;
	u32 esp_len = 16 + text + pad + 2 + 16, udp_len = row->udp ? 8 : 0, off = ETH_HLEN;
	u8 *data;

	fix->frame = ov2sim_frame_alloc(ETH_HLEN + (row->family == OV2_IPV4 ? 20 : 40) + udp_len +
					esp_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fix->frame);
	data = fix->frame->data;
	memset(data, 0, fix->frame->len);
	memcpy(data, nic_packet_addr, ETH_ALEN);
	memset(data + ETH_ALEN, 0x22, ETH_ALEN);
	put_unaligned_be16(row->family == OV2_IPV4 ? ETH_P_IP : ETH_P_IPV6, data + 12);
	off += nic_decap_put_ip(data + off, row->family, row->outer_tos,
				row->udp ? IPPROTO_UDP : IPPROTO_ESP, udp_len + esp_len);
	if (row->udp) {
		put_unaligned_be16(NIC_DECAP_PORT, data + off);
		put_unaligned_be16(4500, data + off + 2);
		put_unaligned_be16(8 + esp_len, data + off + 4);
		off += 8;
	}
	put_unaligned_be32(NIC_TEST_SPI, data + off);
	put_unaligned_be32(NIC_DECAP_SEQ, data + off + 4);
	memcpy(data + off + 16, fix->text, fix->text_len);
	for (i = 0; i < pad; i++)
		data[off + 16 + text + i] = i + 1;
	data[off + 16 + text + pad] = pad;
	data[off + 16 + text + pad + 1] = proto;
	KUNIT_ASSERT_EQ(test, 0, ov2sim_esp_encrypt(&fix->sa->esp, data + off, esp_len,
						    NIC_DECAP_SEQ, iv));
	data[fix->frame->len - 1] ^= row->damaged;
	KUNIT_ASSERT_TRUE(test, ov2sim_parse_frame(data, fix->frame->len, &fix->pkt));
	KUNIT_ASSERT_EQ(test, off, fix->pkt.esp);
}

static struct nic_decap_fixture *nic_decap_start(struct kunit *test,
						 const struct nic_decap_row *row)
{
	struct nic_decap_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2sim_sa_key key = { .spi = cpu_to_be32(NIC_TEST_SPI) };
	struct ov2_add_sa node;
	int idx;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_fixture_caps(&fix->caps);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_init(&fix->db, &fix->caps, 1, &fix->faults));
	nic_decap_node(&node, row);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	key.family = node.family;
	key.encap = node.encap;
	key.encap_dport = node.encap_dport;
	key.daddr = node.daddr;
	idx = ov2sim_sadb_read_lock(&fix->db);
	fix->sa = ov2sim_sadb_find_rx(&fix->db, &key);
	ov2sim_sadb_read_unlock(&fix->db, idx);
	KUNIT_ASSERT_NOT_NULL(test, fix->sa);
	nic_decap_build(test, fix, row);
	memcpy(fix->data, fix->frame->data, fix->frame->len);
	fix->rxc.len = fix->frame->len;
	ov2sim_rx_esp(fix->sa, fix->frame, fix->data, &fix->pkt, true, &fix->rxc);
	return fix;
}

/* The result must be the packet as it was before ESP, except for its TOS. */
static void nic_decap_check(struct kunit *test, struct nic_decap_fixture *fix,
			    const struct nic_decap_row *row)
{
	enum ov2_family family = nic_decap_inner(row);
	const u8 *data = fix->data + fix->rxc.off;
	struct ov2sim_pkt pkt;
	u32 l4 = ETH_HLEN;
	u8 hdr[ETH_HLEN + 40];

	memcpy(hdr, nic_packet_addr, ETH_ALEN);
	memset(hdr + ETH_ALEN, 0x22, ETH_ALEN);
	put_unaligned_be16(family == OV2_IPV4 ? ETH_P_IP : ETH_P_IPV6, hdr + 12);
	l4 += nic_decap_put_ip(hdr + l4, family, row->expected_tos,
			       row->next_header ?: IPPROTO_UDP, 8 + NIC_DECAP_PAYLOAD);
	KUNIT_EXPECT_EQ(test, l4 + 8 + NIC_DECAP_PAYLOAD + row->tfc, fix->rxc.len);
	KUNIT_EXPECT_MEMEQ(test, hdr, data, l4);
	KUNIT_EXPECT_MEMEQ(test, fix->text + fix->text_len - 8 - NIC_DECAP_PAYLOAD,
			   data + l4, 8 + NIC_DECAP_PAYLOAD);
	KUNIT_EXPECT_TRUE(test, ov2sim_parse_frame(data, fix->rxc.len, &pkt));
	KUNIT_EXPECT_EQ(test, !row->next_header, !!(fix->rxc.flags & OV2SIM_RX_CSUM_OK));
	KUNIT_EXPECT_NE(test, 0, fix->rxc.hash);
}

static void nic_decap_test_row(struct kunit *test)
{
	const struct nic_decap_row *row = test->param_value;
	struct nic_decap_fixture *fix = nic_decap_start(test, row);
	const struct ov2sim_rxc *rxc = &fix->rxc;

	KUNIT_EXPECT_EQ(test, row->status, rxc->status);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, rxc->cookie);
	KUNIT_EXPECT_EQ(test, NIC_DECAP_SEQ, rxc->seq);
	KUNIT_EXPECT_MEMEQ(test, &fix->pkt.saddr, &rxc->saddr, sizeof(rxc->saddr));
	KUNIT_EXPECT_EQ(test, row->udp ? NIC_DECAP_PORT : 0, ntohs(rxc->sport));
	if (rxc->status == CRYPTO_SUCCESS && row->next_header != IPPROTO_NONE) {
		nic_decap_check(test, fix, row);
	} else {
		KUNIT_EXPECT_EQ(test, 0, rxc->off);
		KUNIT_EXPECT_EQ(test, fix->frame->len, rxc->len);
		KUNIT_EXPECT_MEMEQ(test, fix->frame->data, fix->data, rxc->len);
		KUNIT_EXPECT_FALSE(test, rxc->flags & OV2SIM_RX_CSUM_OK);
	}
	if (row->next_header == IPPROTO_NONE)
		KUNIT_EXPECT_EQ(test, IPPROTO_NONE, rxc->next_header);
	ov2sim_frame_free(fix->frame);
	ov2sim_sadb_destroy(&fix->db);
}

static struct kunit_case nic_decap_cases[] = {
	KUNIT_CASE_PARAM(nic_decap_test_row, nic_decap_gen_params),
	{}
};

static struct kunit_suite nic_decap_suite = {
	.name = "ov2_nic_decap",
	.test_cases = nic_decap_cases,
};

kunit_test_suite(nic_decap_suite);
