// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's parser (S47, S48, S52, S55) and receive processing (S49, S51, S53).
 *
 * Frames are copied into memory of exactly their length, so that KASAN finds reads behind their
 * end.
 */
#include <kunit/test.h>
#include <linux/if_ether.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/fault.h"
#include "../drivers/ov2sim/nic/esp.h"
#include "../drivers/ov2sim/nic/rx_esp.h"
#include "nic_packet.h"

#define NIC_PARSE_L3	ETH_HLEN
#define NIC_PARSE_IP4_L4	(NIC_PARSE_L3 + 20)
#define NIC_PARSE_IP6_L4	(NIC_PARSE_L3 + 40)
#define NIC_PARSE_MAX	512

/* A frame. */
struct nic_parse_frame {
	u8 data[NIC_PARSE_MAX];
	u32 len;
};

static const struct nic_packet nic_parse_plain4 = { .family = OV2_IPV4, .payload = 100 };
static const struct nic_packet nic_parse_plain6 = { .family = OV2_IPV6, .payload = 100 };
static const struct nic_packet nic_parse_esp4 = {
	.family = OV2_IPV4, .esp = true, .iv_len = 8, .icv_len = 16, .block = 4, .payload = 100,
	.seq = 7,
};

static const struct nic_packet nic_parse_esp6 = {
	.family = OV2_IPV6, .esp = true, .iv_len = 8, .icv_len = 16, .block = 4, .payload = 100,
	.seq = 7,
};

static const struct nic_packet nic_parse_udp = {
	.family = OV2_IPV4, .esp = true, .encap = OV2_ENCAP_UDP, .iv_len = 8, .icv_len = 16,
	.block = 4, .payload = 100, .seq = 7,
};

static const struct nic_packet nic_parse_udp6 = {
	.family = OV2_IPV6, .esp = true, .encap = OV2_ENCAP_UDP, .iv_len = 8, .icv_len = 16,
	.block = 4, .payload = 100, .seq = 7,
};

static const struct nic_packet nic_parse_tunnel = {
	.family = OV2_IPV6, .tunnel = true, .inner = OV2_IPV4, .esp = true, .iv_len = 8,
	.icv_len = 16, .block = 4, .payload = 100, .seq = 7,
};

static const struct nic_packet nic_parse_tunnel4 = {
	.family = OV2_IPV4, .tunnel = true, .inner = OV2_IPV6, .esp = true, .iv_len = 8,
	.icv_len = 16, .block = 4, .payload = 100, .seq = 7,
};

static void nic_parse_build(struct kunit *test, struct nic_parse_frame *f,
			    const struct nic_packet *p)
{
	struct ov2sim_txd txd;
	struct sk_buff *skb;

	skb = nic_packet_build(test, p, &txd);
	KUNIT_ASSERT_LE(test, skb->len, NIC_PARSE_MAX);
	f->len = skb->len;
	memcpy(f->data, skb->data, skb->len);
	kfree_skb(skb);
}

static void nic_parse_fix_ip4(struct nic_parse_frame *f)
{
	ip_send_check((struct iphdr *)(f->data + NIC_PARSE_L3));
}

/* Call all functions of the parser on a copy of the first @len bytes, for KASAN. */
static bool nic_parse_copy(struct kunit *test, const struct nic_parse_frame *f, u32 len,
			   struct ov2sim_pkt *pkt)
{
	u8 *copy = kmemdup(f->data, len, GFP_KERNEL);
	struct ov2sim_pkt options;
	bool parsed, l4;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	ov2sim_parse_hash(copy, len, &l4);
	ov2sim_parse_options(copy, len, &options);
	parsed = ov2sim_parse_frame(copy, len, pkt);
	if (parsed) {
		KUNIT_EXPECT_LE(test, pkt->l4, pkt->end);
		KUNIT_EXPECT_LE(test, pkt->end, len);
		if (pkt->esp)
			KUNIT_EXPECT_LE(test, pkt->esp + OV2SIM_ESP_HLEN, pkt->end);
		ov2sim_pkt_csum_ok(copy, pkt);
	}
	kfree(copy);
	return parsed;
}

static struct nic_parse_frame *nic_parse_frame(struct kunit *test, const struct nic_packet *p)
{
	struct nic_parse_frame *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	nic_parse_build(test, f, p);
	return f;
}

static void nic_parse_test_good(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_plain6);
	struct ov2sim_pkt pkt;

	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, 186, &pkt));
	KUNIT_EXPECT_EQ(test, OV2_IPV6, pkt.family);
	KUNIT_EXPECT_EQ(test, NIC_PARSE_IP6_L4, pkt.l4);
	KUNIT_EXPECT_EQ(test, 2000, ntohs(pkt.dport));
	KUNIT_EXPECT_EQ(test, 0, pkt.esp);
	KUNIT_EXPECT_EQ(test, 2, pkt.daddr.s6_addr[15]);
}

/* S47: the parser finds the fields by which an SA is matched. */
static void nic_parse_test_good_esp(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct ov2sim_pkt pkt;

	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, NIC_PARSE_IP4_L4, pkt.esp);
	KUNIT_EXPECT_EQ(test, NIC_TEST_SPI, be32_to_cpu(pkt.spi));
	KUNIT_EXPECT_EQ(test, OV2_ENCAP_NONE, pkt.encap);
	KUNIT_EXPECT_EQ(test, 0xc0000202, be32_to_cpu(pkt.daddr.s6_addr32[0]));
	KUNIT_EXPECT_EQ(test, f->len, pkt.end);
}

/* The padding of a short frame is not part of the packet. */
static void nic_parse_test_padded(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct ov2sim_pkt pkt;

	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len + 17, &pkt));
	KUNIT_EXPECT_EQ(test, f->len, pkt.end);
}

static void nic_parse_test_vlan(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct ov2sim_pkt pkt;

	memmove(f->data + 16, f->data + 12, f->len - 12);
	f->len += 4;
	put_unaligned_be32(0x81000005, f->data + 12);
	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, NIC_PARSE_IP4_L4 + 4, pkt.esp);
	/* A second VLAN tag is not supported. */
	memmove(f->data + 16, f->data + 12, f->len - 12);
	put_unaligned_be32(0x81000005, f->data + 12);
	KUNIT_EXPECT_FALSE(test, nic_parse_copy(test, f, f->len + 4, &pkt));
}

/* S52: a frame that is shorter than its IP header says does not parse. */
static void nic_parse_test_truncated(struct kunit *test)
{
	static const struct nic_packet *const packets[] = {
		&nic_parse_plain4, &nic_parse_plain6, &nic_parse_esp4,
		&nic_parse_esp6, &nic_parse_udp, &nic_parse_tunnel,
	};
	struct nic_parse_frame *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ov2sim_pkt pkt;
	size_t i;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, f);
	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		nic_parse_build(test, f, packets[i]);
		KUNIT_EXPECT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
		for (len = 0; len < f->len; len++)
			KUNIT_EXPECT_FALSE(test, nic_parse_copy(test, f, len, &pkt));
	}
}

/* If the IP header has the shorter length, too, the frame parses. ESP needs at least 8 bytes. */
static void nic_parse_test_shortened(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct nic_parse_frame *u = nic_parse_frame(test, &nic_parse_udp);
	struct ov2sim_pkt pkt;
	u32 len;

	for (len = NIC_PARSE_IP4_L4; len < f->len; len++) {
		put_unaligned_be16(len - NIC_PARSE_L3, f->data + NIC_PARSE_L3 + 2);
		nic_parse_fix_ip4(f);
		KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, len, &pkt));
		KUNIT_EXPECT_EQ(test, len >= NIC_PARSE_IP4_L4 + 8, !!pkt.esp);
	}
	for (len = NIC_PARSE_IP4_L4; len < u->len; len++) {
		put_unaligned_be16(len - NIC_PARSE_L3, u->data + NIC_PARSE_L3 + 2);
		put_unaligned_be16(len - NIC_PARSE_IP4_L4, u->data + NIC_PARSE_IP4_L4 + 4);
		nic_parse_fix_ip4(u);
		KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, u, len, &pkt));
		KUNIT_EXPECT_EQ(test, len >= NIC_PARSE_IP4_L4 + 16, !!pkt.esp);
	}
}

/* Every length that fits into a frame of these tests, then some up to 65535. */
static u32 nic_parse_next_length(u32 len)
{
	return len + (len < 2 * NIC_PARSE_MAX ? 1 : 2081);
}

/* A length field: its offset, and the offset from which it counts. */
struct nic_parse_field {
	const char *name;
	const struct nic_packet *packet;
	u32 off;
	u32 from;
};

static const struct nic_parse_field nic_parse_fields[] = {
	{ "IPv4", &nic_parse_esp4, NIC_PARSE_L3 + 2, NIC_PARSE_L3 },
	{ "IPv4, UDP", &nic_parse_udp, NIC_PARSE_L3 + 2, NIC_PARSE_L3 },
	{ "IPv4, tunnel", &nic_parse_tunnel4, NIC_PARSE_L3 + 2, NIC_PARSE_L3 },
	{ "IPv4, TCP", &nic_parse_plain4, NIC_PARSE_L3 + 2, NIC_PARSE_L3 },
	{ "IPv6", &nic_parse_esp6, NIC_PARSE_L3 + 4, NIC_PARSE_IP6_L4 },
	{ "IPv6, UDP", &nic_parse_udp6, NIC_PARSE_L3 + 4, NIC_PARSE_IP6_L4 },
	{ "IPv6, tunnel", &nic_parse_tunnel, NIC_PARSE_L3 + 4, NIC_PARSE_IP6_L4 },
	{ "IPv6, TCP", &nic_parse_plain6, NIC_PARSE_L3 + 4, NIC_PARSE_IP6_L4 },
	{ "UDP in IPv4", &nic_parse_udp, NIC_PARSE_IP4_L4 + 4, NIC_PARSE_IP4_L4 },
	{ "UDP in IPv6", &nic_parse_udp6, NIC_PARSE_IP6_L4 + 4, NIC_PARSE_IP6_L4 },
};

KUNIT_ARRAY_PARAM_DESC(nic_parse_field, nic_parse_fields, name);

/* S52: a frame parses if and only if it is as long as its length field says. */
static void nic_parse_test_length(struct kunit *test)
{
	const struct nic_parse_field *field = test->param_value;
	const struct nic_packet *p = field->packet;
	struct nic_parse_frame *f = nic_parse_frame(test, p);
	bool ip4 = field->from == NIC_PARSE_L3, udp = field->off == field->from + 4;
	struct ov2sim_pkt pkt;
	bool fits, esp;
	u32 len, end;

	for (len = 0; len <= U16_MAX; len = nic_parse_next_length(len)) {
		put_unaligned_be16(len, f->data + field->off);
		if (ip4)
			nic_parse_fix_ip4(f);
		end = field->from + len;
		fits = udp || (end <= f->len && (!ip4 || len >= 20));
		KUNIT_EXPECT_EQ_MSG(test, fits, nic_parse_copy(test, f, f->len, &pkt), "%u", len);
		if (!fits)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, udp ? f->len : end, pkt.end, "%u", len);
		/* There is ESP in UDP only if the lengths of IP and UDP agree. */
		esp = p->esp && (p->encap == OV2_ENCAP_UDP ? end == f->len : end >= pkt.l4 + 8);
		KUNIT_EXPECT_EQ_MSG(test, esp, !!pkt.esp, "%u", len);
	}
}

/* S48, S52: the SPI of a packet with options is found if and only if the frame includes it. */
static void nic_parse_test_options(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct ov2sim_pkt pkt;
	u32 ihl, len, esp;
	bool found;
	u8 *copy;

	for (ihl = 0; ihl < 16; ihl++) {
		f->data[NIC_PARSE_L3] = 0x40 | ihl;
		esp = NIC_PARSE_L3 + 4 * ihl;
		for (len = 0; len <= f->len; len++) {
			copy = kmemdup(f->data, len, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, copy);
			found = ov2sim_parse_options(copy, len, &pkt);
			kfree(copy);
			KUNIT_EXPECT_EQ_MSG(test, ihl > 5 && len >= esp + 8, found, "%u of %u",
					    len, ihl);
			if (found)
				KUNIT_EXPECT_EQ(test, get_unaligned_be32(f->data + esp),
						be32_to_cpu(pkt.spi));
		}
	}
}

/* S48: an IPv4 header outside of the capabilities does not parse, though its checksum is right. */
static void nic_parse_test_outside(struct kunit *test)
{
	static const struct { u8 off, value; } rows[] = {
		{ 0, 0x46 },	/* options */
		{ 0, 0x44 },	/* a header too short */
		{ 0, 0x65 },	/* another version */
		{ 6, 0x20 },	/* more fragments */
		{ 7, 1 },	/* a later fragment */
		{ 2, 0xff },	/* longer than the frame */
	};
	struct nic_parse_frame *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ov2sim_pkt pkt;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		nic_parse_build(test, f, &nic_parse_esp4);
		f->data[NIC_PARSE_L3 + rows[i].off] = rows[i].value;
		nic_parse_fix_ip4(f);
		KUNIT_EXPECT_FALSE_MSG(test, nic_parse_copy(test, f, f->len, &pkt), "row %zu", i);
	}
	nic_parse_build(test, f, &nic_parse_esp4);
	f->data[NIC_PARSE_L3 + 6] = 0x40;	/* don't fragment */
	KUNIT_EXPECT_FALSE(test, nic_parse_copy(test, f, f->len, &pkt));
	nic_parse_fix_ip4(f);
	KUNIT_EXPECT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	put_unaligned_be16(ETH_P_ARP, f->data + 12);
	KUNIT_EXPECT_FALSE(test, nic_parse_copy(test, f, f->len, &pkt));
}

/* S48: ESP behind an IPv6 extension header or fragment header is not found. */
static void nic_parse_test_ext_headers(struct kunit *test)
{
	static const u8 protos[] = { 0, 43, 44, 60, 51, 58 };
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp6);
	struct ov2sim_pkt pkt;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protos); i++) {
		f->data[NIC_PARSE_L3 + 6] = protos[i];
		KUNIT_EXPECT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
		KUNIT_EXPECT_EQ(test, 0, pkt.esp);
		KUNIT_EXPECT_EQ(test, 0, ntohs(pkt.dport));
	}
}

/* S55: four zero bytes mark IKE, and one byte 0xff is a keepalive. */
static void nic_parse_test_nat_t(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_udp);
	struct ov2sim_pkt pkt;

	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, NIC_PARSE_IP4_L4 + 8, pkt.esp);
	KUNIT_EXPECT_EQ(test, OV2_ENCAP_UDP, pkt.encap);
	KUNIT_EXPECT_EQ(test, 4500, ntohs(pkt.dport));

	/* The UDP length does not match the packet. */
	f->data[NIC_PARSE_IP4_L4 + 5]--;
	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, 0, pkt.esp);
	f->data[NIC_PARSE_IP4_L4 + 5]++;

	put_unaligned_be32(0, f->data + NIC_PARSE_IP4_L4 + 8);
	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, 0, pkt.esp);

	f->len = NIC_PARSE_IP4_L4 + 9;
	f->data[f->len - 1] = 0xff;
	put_unaligned_be16(9, f->data + NIC_PARSE_IP4_L4 + 4);
	put_unaligned_be16(29, f->data + NIC_PARSE_L3 + 2);
	nic_parse_fix_ip4(f);
	KUNIT_ASSERT_TRUE(test, nic_parse_copy(test, f, f->len, &pkt));
	KUNIT_EXPECT_EQ(test, 0, pkt.esp);
}

/* The packets of an SA have the same hash, and different SPIs spread. */
static void nic_parse_test_hash(struct kunit *test)
{
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	unsigned int queues = 0;
	u32 i, hash;
	bool l4;

	hash = ov2sim_parse_hash(f->data, f->len, &l4);
	KUNIT_EXPECT_TRUE(test, l4);
	put_unaligned_be32(8, f->data + NIC_PARSE_IP4_L4 + 4);
	KUNIT_EXPECT_EQ(test, hash, ov2sim_parse_hash(f->data, f->len, &l4));
	for (i = 0; i < 64; i++) {
		put_unaligned_be32(NIC_TEST_SPI + i, f->data + NIC_PARSE_IP4_L4);
		queues |= BIT(ov2sim_parse_hash(f->data, f->len, &l4) % 4);
	}
	KUNIT_EXPECT_EQ(test, 0xf, queues);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_parse_hash(f->data, 13, &l4));
	KUNIT_EXPECT_FALSE(test, l4);
}

/* An inbound SA, and an outbound SA with the same key to encrypt with. */
struct nic_parse_rx_fixture {
	struct ov2_caps caps;
	struct ov2sim_faults faults;
	struct ov2sim_sadb db;
	struct ov2sim_sa *in;
	struct ov2sim_sa *out;
};

static struct ov2sim_sa *nic_parse_rx_add(struct kunit *test, struct nic_parse_rx_fixture *fix,
					  enum ov2_dir dir, const struct nic_packet *p)
{
	struct ov2sim_sa *sa;
	struct ov2_add_sa node;

	nic_fixture_node(&node, dir);
	node.family = p->family;
	node.mode = p->tunnel ? OV2_TUNNEL : OV2_TRANSPORT;
	node.cross_family = p->tunnel;
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_add(&fix->db, &node));
	sa = xa_load(&fix->db.handles, node.offload_handle);
	KUNIT_ASSERT_NOT_NULL(test, sa);
	return sa;
}

static struct nic_parse_rx_fixture *nic_parse_rx_fixture(struct kunit *test,
							 const struct nic_packet *p)
{
	struct nic_parse_rx_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_fixture_caps(&fix->caps);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_sadb_init(&fix->db, &fix->caps, 1, &fix->faults));
	fix->in = nic_parse_rx_add(test, fix, OV2_IN, p);
	fix->out = nic_parse_rx_add(test, fix, OV2_OUT, p);
	return fix;
}

/* Encrypt the ESP packet in @f, which ends at the end of the frame. */
static void nic_parse_rx_encrypt(struct kunit *test, struct nic_parse_rx_fixture *fix,
				 struct nic_parse_frame *f, u64 seq)
{
	u32 esp = fix->in->id.family == OV2_IPV4 ? NIC_PARSE_IP4_L4 : NIC_PARSE_IP6_L4;

	put_unaligned_be32(lower_32_bits(seq), f->data + esp + 4);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_esp_send(&fix->out->esp, f->data + esp, f->len - esp, seq));
}

/* Receive @f and put the data that the driver gets into it. */
static void nic_parse_rx_run(struct kunit *test, struct nic_parse_rx_fixture *fix,
			     struct nic_parse_frame *f, struct ov2sim_rxc *rxc)
{
	struct ov2sim_frame frame = { .len = f->len };
	struct ov2sim_pkt pkt;
	u8 *data = kmemdup(f->data, f->len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	frame.data = kmemdup(f->data, f->len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frame.data);
	*rxc = (struct ov2sim_rxc){};
	KUNIT_ASSERT_TRUE(test, ov2sim_parse_frame(data, f->len, &pkt));
	KUNIT_ASSERT_NE(test, 0, pkt.esp);
	ov2sim_rx_esp(fix->in, &frame, data, &pkt, true, rxc);
	memcpy(f->data, data, f->len);
	kfree(frame.data);
	kfree(data);
}

/* S50, S53: a good packet is decrypted. */
static void nic_parse_test_rx_good(struct kunit *test)
{
	static const struct nic_packet *const packets[] = {
		&nic_parse_esp4, &nic_parse_esp6, &nic_parse_tunnel,
	};
	struct nic_parse_frame *f;
	struct nic_parse_rx_fixture *fix;
	struct ov2sim_rxc rxc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		fix = nic_parse_rx_fixture(test, packets[i]);
		f = nic_parse_frame(test, packets[i]);
		nic_parse_rx_encrypt(test, fix, f, 7);
		nic_parse_rx_run(test, fix, f, &rxc);
		KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, rxc.status);
		KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, rxc.cookie);
		KUNIT_EXPECT_EQ(test, 7ULL, rxc.seq);
		KUNIT_EXPECT_EQ(test, packets[i]->tunnel ? IPPROTO_IPIP : IPPROTO_TCP,
				rxc.next_header);
		KUNIT_EXPECT_TRUE(test, rxc.flags & OV2SIM_RX_ESP_DONE);
		/* The inner checksum field has the sum of the pseudo header only. */
		KUNIT_EXPECT_FALSE(test, rxc.flags & OV2SIM_RX_CSUM_OK);
		KUNIT_EXPECT_EQ(test, 7ULL, fix->in->replay.top);
		ov2sim_sadb_destroy(&fix->db);
	}
}

/* S49, S51: a bad packet has a status, is unchanged and does not move the sequence state. */
static void nic_parse_test_rx_bad(struct kunit *test)
{
	struct nic_parse_rx_fixture *fix = nic_parse_rx_fixture(test, &nic_parse_esp4);
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	struct nic_parse_frame *sent = kunit_kzalloc(test, sizeof(*sent), GFP_KERNEL);
	struct ov2sim_rxc rxc;

	KUNIT_ASSERT_NOT_NULL(test, sent);
	nic_parse_rx_encrypt(test, fix, f, 7);
	f->data[f->len - 1] ^= 1;
	*sent = *f;
	nic_parse_rx_run(test, fix, f, &rxc);
	KUNIT_EXPECT_EQ(test, CRYPTO_TRANSPORT_ESP_AUTH_FAILED, rxc.status);
	KUNIT_EXPECT_TRUE(test, rxc.flags & OV2SIM_RX_ESP_DONE);
	KUNIT_EXPECT_EQ(test, NIC_TEST_COOKIE, rxc.cookie);
	KUNIT_EXPECT_MEMEQ(test, sent->data, f->data, f->len);
	KUNIT_EXPECT_EQ(test, 0ULL, fix->in->replay.top);
	KUNIT_EXPECT_EQ(test, 1LL, atomic64_read(&fix->in->use.fails));
	KUNIT_EXPECT_EQ(test, 0LL, atomic64_read(&fix->in->use.packets));
	ov2sim_sadb_destroy(&fix->db);
}

/* S52: an ESP packet that was cut short to any length fails with the right status. */
static void nic_parse_test_rx_damaged_length(struct kunit *test)
{
	struct nic_parse_rx_fixture *fix = nic_parse_rx_fixture(test, &nic_parse_esp4);
	struct nic_parse_frame *f = nic_parse_frame(test, &nic_parse_esp4);
	u32 over = 8 + 8 + 16, expected, len, full = f->len;
	struct ov2sim_rxc rxc;

	nic_parse_rx_encrypt(test, fix, f, 7);
	for (f->len = NIC_PARSE_IP4_L4 + 8; f->len < full; f->len++) {
		len = f->len - NIC_PARSE_IP4_L4;
		put_unaligned_be16(f->len - NIC_PARSE_L3, f->data + NIC_PARSE_L3 + 2);
		nic_parse_fix_ip4(f);
		expected = len < over + 2 || (len - over) % 4 ? CRYPTO_INVALID_PACKET_SYNTAX :
								CRYPTO_TRANSPORT_ESP_AUTH_FAILED;
		nic_parse_rx_run(test, fix, f, &rxc);
		KUNIT_EXPECT_EQ_MSG(test, expected, rxc.status, "length %u", len);
	}
	ov2sim_sadb_destroy(&fix->db);
}

/* Try every length in the inner IP header. Only with the right one the checksum is good. */
static void nic_parse_rx_inner_length(struct kunit *test, const struct nic_packet *p)
{
	struct nic_parse_frame *good = nic_parse_frame(test, p), *f = nic_parse_frame(test, p);
	u32 l3 = (p->family == OV2_IPV4 ? NIC_PARSE_IP4_L4 : NIC_PARSE_IP6_L4) + 8 + 8;
	bool ip4 = p->inner == OV2_IPV4;
	u32 off = l3 + (ip4 ? 2 : 4), l4 = l3 + (ip4 ? 20 : 40);
	struct nic_parse_rx_fixture *fix = nic_parse_rx_fixture(test, p);
	u32 right = get_unaligned_be16(good->data + off);
	struct iphdr *iph = (struct iphdr *)(f->data + l3);
	struct ov2sim_rxc rxc;
	__sum16 sum;
	u32 len;

	/* Complete the checksum, which is the sum of the pseudo header so far. */
	sum = csum_fold(csum_partial(good->data + l4, right - (ip4 ? 20 : 0), 0));
	put_unaligned(sum, (__sum16 *)(good->data + l4 + offsetof(struct tcphdr, check)));
	for (len = 0; len <= U16_MAX; len = nic_parse_next_length(len)) {
		*f = *good;
		put_unaligned_be16(len, f->data + off);
		if (ip4)
			ip_send_check(iph);
		nic_parse_rx_encrypt(test, fix, f, 7);
		nic_parse_rx_run(test, fix, f, &rxc);
		KUNIT_EXPECT_EQ_MSG(test, CRYPTO_SUCCESS, rxc.status, "%u", len);
		KUNIT_EXPECT_EQ_MSG(test, len == right, !!(rxc.flags & OV2SIM_RX_CSUM_OK), "%u",
				    len);
	}
	ov2sim_sadb_destroy(&fix->db);
}

static void nic_parse_test_rx_inner_lengths(struct kunit *test)
{
	nic_parse_rx_inner_length(test, &nic_parse_tunnel);
	nic_parse_rx_inner_length(test, &nic_parse_tunnel4);
}

static struct kunit_case nic_parse_cases[] = {
	KUNIT_CASE(nic_parse_test_good),
	KUNIT_CASE(nic_parse_test_good_esp),
	KUNIT_CASE(nic_parse_test_padded),
	KUNIT_CASE(nic_parse_test_vlan),
	KUNIT_CASE(nic_parse_test_truncated),
	KUNIT_CASE(nic_parse_test_shortened),
	KUNIT_CASE_PARAM(nic_parse_test_length, nic_parse_field_gen_params),
	KUNIT_CASE(nic_parse_test_options),
	KUNIT_CASE(nic_parse_test_outside),
	KUNIT_CASE(nic_parse_test_ext_headers),
	KUNIT_CASE(nic_parse_test_nat_t),
	KUNIT_CASE(nic_parse_test_hash),
	KUNIT_CASE(nic_parse_test_rx_good),
	KUNIT_CASE(nic_parse_test_rx_bad),
	KUNIT_CASE(nic_parse_test_rx_damaged_length),
	KUNIT_CASE(nic_parse_test_rx_inner_lengths),
	{}
};

static struct kunit_suite nic_parse_suite = {
	.name = "ov2_nic_parse",
	.test_cases = nic_parse_cases,
};

kunit_test_suite(nic_parse_suite);
