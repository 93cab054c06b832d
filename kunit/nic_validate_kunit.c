// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's validation of ADD_SA nodes (S10 to S15, S34).
 *
 * A row takes a valid node, changes one field of it or of the NIC's capabilities, and gives the
 * expected result.
 */
#include <kunit/test.h>
#include "../drivers/ov2sim/nic/validate.h"
#include "nic_fixture.h"

#define NIC_VALIDATE_PORTS	2

enum nic_validate_base {
	GCM_IN,
	GCM_OUT,
	GMAC_OUT,
	CHACHA_OUT,
	CBC_OUT,
	NULL_OUT,
	TUNNEL6,
	CROSS,
	UDP4_IN,
	UDP4_OUT,
	UDP6_IN,
	UDP6_OUT,
	ESN_IN,
	ESN_OUT,
	PACKET_IN,
	PACKET_OUT,
	PACKET_UDP6,
};

struct nic_validate_test_row {
	const char *name;
	enum nic_validate_base base;
	bool in_caps;
	u16 offset;
	u8 bits;
	u32 value;
	int expected;
};

#define ROW(what, from, field, to, err)	ROW_BITS(what, from, field, 32, to, err)
#define ROW16(what, from, field, to, err) ROW_BITS(what, from, field, 16, to, err)
#define ROW8(what, from, field, to, err) ROW_BITS(what, from, field, 8, to, err)
#define ROW_BITS(what, from, field, bits, to, err)				\
	{ what, from, false, offsetof(struct ov2_add_sa, field), bits, (__force u32)(to), err }
#define CAPS(what, from, field, to)						\
	{ what, from, true, offsetof(struct ov2_caps, field), 32, to, -EOPNOTSUPP }
#define GOOD(from)	ROW("good " #from, from, cookie, 1, 0)

#define ALL_FEATURES	GENMASK(13, 0)
#define NO_FEATURE(what, from, bit) CAPS(what, from, features, ALL_FEATURES & ~(bit))

static const struct nic_validate_test_row nic_validate_rows[] = {
	GOOD(GCM_IN), GOOD(GCM_OUT), GOOD(GMAC_OUT), GOOD(CHACHA_OUT), GOOD(CBC_OUT),
	GOOD(NULL_OUT), GOOD(TUNNEL6), GOOD(CROSS), GOOD(UDP4_IN), GOOD(UDP4_OUT), GOOD(UDP6_IN),
	GOOD(ESN_IN), GOOD(ESN_OUT), GOOD(PACKET_IN), GOOD(PACKET_OUT), GOOD(PACKET_UDP6),

	/* S15: fields that do not depend on capabilities. */
	ROW("no cookie", GCM_IN, cookie, 0, -EINVAL),
	ROW("a handle already", GCM_IN, offload_handle, 1, -EINVAL),
	ROW("last port", GCM_IN, port, NIC_VALIDATE_PORTS - 1, 0),
	ROW("no such port", GCM_IN, port, NIC_VALIDATE_PORTS, -EINVAL),
	ROW("no SPI", GCM_IN, spi, 0, -EINVAL),
	ROW("direction unknown", GCM_IN, dir, 2, -EINVAL),
	ROW("direction negative", GCM_IN, dir, -1, -EINVAL),
	ROW("mode unknown", GCM_IN, mode, 2, -EINVAL),
	ROW("encapsulation unknown", GCM_IN, encap, 2, -EINVAL),
	ROW("cipher unknown", GCM_IN, cipher, OV2_CIPHER_COUNT, -EINVAL),
	ROW("cipher negative", GCM_IN, cipher, -1, -EINVAL),
	ROW("authentication unknown", CBC_OUT, auth, OV2_AUTH_COUNT, -EINVAL),
	ROW("IV unknown", GCM_OUT, iv, 3, -EINVAL),

	/* S13: families. */
	ROW("family unknown", GCM_IN, family, 2, -EINVAL),
	ROW("no IPv4 destination", GCM_IN, daddr.s6_addr32[0], 0, -EINVAL),
	ROW("IPv4 looks at the first word only", GCM_IN, daddr.s6_addr32[3], 7, 0),
	ROW8("cross family in transport mode", GCM_IN, cross_family, 1, -EINVAL),

	/* S14: sequence numbers and windows. */
	ROW("upper half without ESN", GCM_IN, seq.high, 1, -EINVAL),
	ROW("upper half with ESN", ESN_IN, seq.high, 1, 0),
	ROW("inbound ESN without a window", ESN_IN, replay_window, 0, -EINVAL),
	ROW("largest window", ESN_IN, replay_window, 4096, 0),
	ROW("window too large", ESN_IN, replay_window, 4097, -EOPNOTSUPP),
	ROW("window does not matter outbound", ESN_OUT, replay_window, 4097, 0),
	ROW("window does not matter without ESN", GCM_IN, replay_window, 4097, 0),
	NO_FEATURE("no ESN", ESN_IN, OV2_CAP_ESN),

	/* S10: the bounds of the key area. */
	ROW16("key at the end", GCM_IN, cipher_key_off, OV2_KEY_AREA_LEN - 16, 0),
	ROW16("key ends behind the area", GCM_IN, cipher_key_off, OV2_KEY_AREA_LEN - 15, -EINVAL),
	ROW16("key begins behind the area", GCM_IN, cipher_key_off, 0xffff, -EINVAL),
	ROW16("area longer than it is", GCM_IN, key_area_len, OV2_KEY_AREA_LEN + 1, -EINVAL),
	ROW16("area shorter than the key", GCM_IN, key_area_len, 15, -EINVAL),
	ROW16("area as long as the key", GCM_IN, key_area_len, 16, 0),
	ROW16("key longer than the area", GCM_IN, cipher_key_len, 0xffff, -EINVAL),
	ROW16("auth key at the end", CBC_OUT, auth_key_off, OV2_KEY_AREA_LEN - 32, 0),
	ROW16("auth key ends behind", CBC_OUT, auth_key_off, OV2_KEY_AREA_LEN - 31, -EINVAL),
	ROW16("auth key begins behind", CBC_OUT, auth_key_off, 0xffff, -EINVAL),
	ROW16("GCM key of 24", GCM_IN, cipher_key_len, 24, 0),
	ROW16("GCM key of 20", GCM_IN, cipher_key_len, 20, -EOPNOTSUPP),
	ROW16("GCM key of 17", GCM_IN, cipher_key_len, 17, -EOPNOTSUPP),
	ROW16("GCM key of 0", GCM_IN, cipher_key_len, 0, -EOPNOTSUPP),
	ROW16("ChaCha key of 16", CHACHA_OUT, cipher_key_len, 16, -EOPNOTSUPP),
	ROW16("key for null encryption", NULL_OUT, cipher_key_len, 16, -EOPNOTSUPP),
	ROW16("auth key of 20 for SHA-256", CBC_OUT, auth_key_len, 20, -EOPNOTSUPP),

	/* S11: combined ciphers. */
	ROW("authentication is not looked at", GCM_IN, auth, OV2_AUTH_HMAC_SHA1, 0),
	ROW("authentication unknown, combined", GCM_IN, auth, OV2_AUTH_COUNT, 0),
	ROW16("its key is not looked at", GCM_IN, auth_key_off, 0xffff, 0),
	ROW8("no salt", GCM_IN, salt_len, 0, -EINVAL),
	ROW8("a salt too long", GCM_IN, salt_len, 5, -EINVAL),
	ROW16("GCM ICV of 8", GCM_IN, icv_len, 8, 0),
	ROW16("GCM ICV of 10", GCM_IN, icv_len, 10, -EOPNOTSUPP),
	ROW16("GCM ICV of 0", GCM_IN, icv_len, 0, -EOPNOTSUPP),
	ROW16("GMAC ICV of 12", GMAC_OUT, icv_len, 12, -EOPNOTSUPP),
	ROW16("ChaCha ICV of 12", CHACHA_OUT, icv_len, 12, -EOPNOTSUPP),
	ROW16("an ICV out of every range", GCM_IN, icv_len, 0xfffc, -EOPNOTSUPP),
	ROW("GCM with a random IV", GCM_OUT, iv, OV2_IV_RANDOM, -EINVAL),
	ROW("GCM without an IV", GCM_OUT, iv, OV2_IV_NONE, -EINVAL),
	ROW("inbound, the IV is the sender's", GCM_IN, iv, OV2_IV_NONE, 0),

	/* S12: separate encryption and authentication. */
	ROW("CBC without authentication", CBC_OUT, auth, OV2_AUTH_NONE, -EINVAL),
	ROW("null without authentication", NULL_OUT, auth, OV2_AUTH_NONE, -EINVAL),
	ROW16("SHA-256 ICV of 12", CBC_OUT, icv_len, 12, 0),
	ROW16("SHA-256 ICV of 32", CBC_OUT, icv_len, 32, -EOPNOTSUPP),
	ROW("CBC with a counted IV", CBC_OUT, iv, OV2_IV_SEQ, -EINVAL),
	ROW("null with an IV", NULL_OUT, iv, OV2_IV_RANDOM, -EINVAL),

	/* UDP encapsulation, by direction and family. */
	ROW16("UDP inbound from any port", UDP4_IN, encap_sport, 0, 0),
	ROW16("UDP inbound over IPv6 from any port", UDP6_IN, encap_sport, 0, 0),
	ROW16("UDP inbound without destination port", UDP4_IN, encap_dport, 0, -EINVAL),
	ROW16("UDP outbound without source port", UDP4_OUT, encap_sport, 0, -EINVAL),
	ROW16("UDP outbound without destination port", UDP4_OUT, encap_dport, 0, -EINVAL),
	NO_FEATURE("no UDP in IPv4 inbound", UDP4_IN, OV2_CAP_UDP_IN_IPV4),
	NO_FEATURE("no UDP in IPv4 outbound", UDP4_OUT, OV2_CAP_UDP_OUT_IPV4),
	NO_FEATURE("no UDP in IPv6 inbound", UDP6_IN, OV2_CAP_UDP_IN_IPV6),
	ROW("no UDP in IPv6 outbound in crypto mode", UDP6_OUT, cookie, 1, -EOPNOTSUPP),
	NO_FEATURE("no UDP in IPv6 outbound", PACKET_UDP6, OV2_CAP_UDP_OUT_IPV6),

	/* Packet mode. */
	NO_FEATURE("no packet mode in", PACKET_IN, OV2_CAP_PACKET),
	NO_FEATURE("no packet mode out", PACKET_OUT, OV2_CAP_PACKET),
	ROW8("packet mode across families", PACKET_OUT, cross_family, 1, -EOPNOTSUPP),
	ROW8("all outer flags", PACKET_OUT, outer,
	     OV2_OUTER_DSCP | OV2_OUTER_ECN | OV2_OUTER_DF, 0),
	ROW8("outer flag unknown", PACKET_OUT, outer, BIT(3), -EINVAL),
	ROW8("outer flag unknown, inbound", PACKET_IN, outer, BIT(7), -EINVAL),

	/* S34: each other capability. */
	NO_FEATURE("no ESP", GCM_IN, OV2_CAP_ESP),
	NO_FEATURE("no cross family", CROSS, OV2_CAP_CROSS_FAMILY),
	CAPS("no IPv4", GCM_IN, families, BIT(OV2_IPV6)),
	CAPS("no IPv6", TUNNEL6, families, BIT(OV2_IPV4)),
	CAPS("no transport mode", GCM_IN, modes, BIT(OV2_TUNNEL)),
	CAPS("no tunnel mode", TUNNEL6, modes, BIT(OV2_TRANSPORT)),
	CAPS("no GCM", GCM_IN, ciphers[OV2_CIPHER_AES_GCM].key_lens, 0),
	CAPS("no GMAC", GMAC_OUT, ciphers[OV2_CIPHER_AES_GMAC].key_lens, 0),
	CAPS("no ChaCha", CHACHA_OUT, ciphers[OV2_CIPHER_CHACHA20_POLY1305].key_lens, 0),
	CAPS("no CBC", CBC_OUT, ciphers[OV2_CIPHER_AES_CBC].key_lens, 0),
	CAPS("no null", NULL_OUT, ciphers[OV2_CIPHER_NULL].key_lens, 0),
	CAPS("no SHA-256", CBC_OUT, auths[OV2_AUTH_HMAC_SHA256].key_lens, 0),
	CAPS("no GCM ICV of 16", GCM_IN, ciphers[OV2_CIPHER_AES_GCM].icv_lens, OV2_LEN(8)),
};

KUNIT_ARRAY_PARAM_DESC(nic_validate, nic_validate_rows, name);

static void nic_validate_encap(struct ov2_add_sa *node, enum ov2_family family)
{
	node->encap = OV2_ENCAP_UDP;
	node->encap_sport = htons(4500);
	node->encap_dport = htons(4500);
	node->family = family;
}

static void nic_validate_separate(struct ov2_add_sa *node, enum ov2_cipher cipher, u16 key_len)
{
	node->cipher = cipher;
	node->cipher_key_len = key_len;
	node->iv = key_len ? OV2_IV_RANDOM : OV2_IV_NONE;
	node->auth = OV2_AUTH_HMAC_SHA256;
	node->auth_key_len = 32;
	node->salt_len = 0;
}

static void nic_validate_make(struct ov2_add_sa *node, enum nic_validate_base base)
{
	bool in = base == GCM_IN || base == UDP4_IN || base == UDP6_IN || base == ESN_IN ||
		  base == PACKET_IN;

	nic_fixture_node(node, in ? OV2_IN : OV2_OUT);
	node->key_area_len = OV2_KEY_AREA_LEN;
	switch (base) {
	case GMAC_OUT:
		node->cipher = OV2_CIPHER_AES_GMAC;
		break;
	case CHACHA_OUT:
		node->cipher = OV2_CIPHER_CHACHA20_POLY1305;
		node->cipher_key_len = 32;
		break;
	case CBC_OUT:
		nic_validate_separate(node, OV2_CIPHER_AES_CBC, 16);
		break;
	case NULL_OUT:
		nic_validate_separate(node, OV2_CIPHER_NULL, 0);
		break;
	case CROSS:
		node->cross_family = true;
		fallthrough;
	case TUNNEL6:
		node->mode = OV2_TUNNEL;
		node->family = OV2_IPV6;
		break;
	case UDP4_IN:
	case UDP4_OUT:
		nic_validate_encap(node, OV2_IPV4);
		break;
	case UDP6_IN:
	case UDP6_OUT:
		nic_validate_encap(node, OV2_IPV6);
		break;
	case ESN_IN:
	case ESN_OUT:
		node->esn = true;
		break;
	case PACKET_OUT:
	case PACKET_IN:
		node->packet = true;
		node->mode = OV2_TUNNEL;
		break;
	case PACKET_UDP6:
		node->packet = true;
		nic_validate_encap(node, OV2_IPV6);
		break;
	default:
		break;
	}
}

static void nic_validate_set(void *field, u8 bits, u32 value)
{
	switch (bits) {
	case 8:
		*(u8 *)field = value;
		break;
	case 16:
		*(u16 *)field = value;
		break;
	default:
		*(u32 *)field = value;
		break;
	}
}

static void nic_validate_test_row(struct kunit *test)
{
	const struct nic_validate_test_row *row = test->param_value;
	struct ov2_add_sa node, copy;
	struct ov2_caps caps;

	nic_fixture_caps(&caps);
	nic_validate_make(&node, row->base);
	nic_validate_set((row->in_caps ? (void *)&caps : (void *)&node) + row->offset, row->bits,
			 row->value);
	copy = node;
	KUNIT_EXPECT_EQ(test, row->expected, ov2sim_sa_validate(&node, &caps, NIC_VALIDATE_PORTS));
	KUNIT_EXPECT_MEMEQ(test, &node, &copy, sizeof(node));
}

static void nic_validate_test_no_ipv6_destination(struct kunit *test)
{
	struct ov2_add_sa node;
	struct ov2_caps caps;

	nic_fixture_caps(&caps);
	nic_validate_make(&node, TUNNEL6);
	memset(&node.daddr, 0, sizeof(node.daddr));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_sa_validate(&node, &caps, NIC_VALIDATE_PORTS));
}

static struct kunit_case nic_validate_cases[] = {
	KUNIT_CASE_PARAM(nic_validate_test_row, nic_validate_gen_params),
	KUNIT_CASE(nic_validate_test_no_ipv6_destination),
	{}
};

static struct kunit_suite nic_validate_suite = {
	.name = "ov2_nic_validate",
	.test_cases = nic_validate_cases,
};

kunit_test_suite(nic_validate_suite);
