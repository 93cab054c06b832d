// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities: each capability alone, the sentences of refusals, and changes of the configuration
 * that race with adds.
 */
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/rtnetlink.h>
#include <linux/tracepoint.h>
#include <linux/udp.h>
#include "../drivers/ov2/trace.h"
#include "xfrm_fixture.h"

static int caps_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void caps_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* Without one capability, an SA that needs it is refused. With all others off, it is accepted. */
struct caps_row {
	const char *name;
	void (*off)(struct ov2_caps *caps);
	struct fixture_sa sa;
	const char *msg;
};

#define CAPS_OFF(fn, change) \
	static void caps_off_ ## fn(struct ov2_caps *caps) { change; }

CAPS_OFF(esp, caps->features &= ~OV2_CAP_ESP)
CAPS_OFF(esn, caps->features &= ~OV2_CAP_ESN)
CAPS_OFF(rx_seq, caps->features &= ~OV2_CAP_RX_SEQ)
CAPS_OFF(cross, caps->features &= ~OV2_CAP_CROSS_FAMILY)
CAPS_OFF(udp_in4, caps->features &= ~OV2_CAP_UDP_IN_IPV4)
CAPS_OFF(udp_out4, caps->features &= ~OV2_CAP_UDP_OUT_IPV4)
CAPS_OFF(udp_in6, caps->features &= ~OV2_CAP_UDP_IN_IPV6)
CAPS_OFF(ipv4, caps->families = BIT(OV2_IPV6))
CAPS_OFF(ipv6, caps->families = BIT(OV2_IPV4))
CAPS_OFF(transport, caps->modes = BIT(OV2_TUNNEL))
CAPS_OFF(tunnel, caps->modes = BIT(OV2_TRANSPORT))
CAPS_OFF(window, caps->replay_windows = 32 | 64)
CAPS_OFF(gcm, caps->ciphers[OV2_CIPHER_AES_GCM].key_lens = 0)
CAPS_OFF(gcm128, caps->ciphers[OV2_CIPHER_AES_GCM].key_lens &= ~OV2_LEN(16))
CAPS_OFF(gcm192, caps->ciphers[OV2_CIPHER_AES_GCM].key_lens &= ~OV2_LEN(24))
CAPS_OFF(gcm256, caps->ciphers[OV2_CIPHER_AES_GCM].key_lens &= ~OV2_LEN(32))
CAPS_OFF(icv8, caps->ciphers[OV2_CIPHER_AES_GCM].icv_lens &= ~OV2_LEN(8))
CAPS_OFF(icv12, caps->ciphers[OV2_CIPHER_AES_GCM].icv_lens &= ~OV2_LEN(12))
CAPS_OFF(icv16, caps->ciphers[OV2_CIPHER_AES_GCM].icv_lens &= ~OV2_LEN(16))
CAPS_OFF(gmac, caps->ciphers[OV2_CIPHER_AES_GMAC].key_lens = 0)
CAPS_OFF(chacha, caps->ciphers[OV2_CIPHER_CHACHA20_POLY1305].key_lens = 0)
CAPS_OFF(cbc, caps->ciphers[OV2_CIPHER_AES_CBC].key_lens = 0)
CAPS_OFF(cbc256, caps->ciphers[OV2_CIPHER_AES_CBC].key_lens &= ~OV2_LEN(32))
CAPS_OFF(null, caps->ciphers[OV2_CIPHER_NULL].key_lens = 0)
CAPS_OFF(sha1, caps->auths[OV2_AUTH_HMAC_SHA1].key_lens = 0)
CAPS_OFF(sha256, caps->auths[OV2_AUTH_HMAC_SHA256].key_lens = 0)
CAPS_OFF(sha384, caps->auths[OV2_AUTH_HMAC_SHA384].key_lens = 0)
CAPS_OFF(sha512, caps->auths[OV2_AUTH_HMAC_SHA512].key_lens = 0)
CAPS_OFF(auth_key, caps->auths[OV2_AUTH_HMAC_SHA256].key_lens = OV2_LEN(64))
CAPS_OFF(auth_icv, caps->auths[OV2_AUTH_HMAC_SHA256].icv_lens = OV2_LEN(12))

#define CAPS_GCM(key, icv) \
	.aead = "rfc4106(gcm(aes))", .aead_bits = (key) + 32, .aead_icv = (icv)
#define CAPS_CBC(key) .ealg = "cbc(aes)", .ealg_bits = (key)
#define CAPS_NULL .ealg = "ecb(cipher_null)"
#define CAPS_SHA1 .aalg = "hmac(sha1)", .aalg_bits = 160, .aalg_trunc = 96
#define CAPS_SHA256 .aalg = "hmac(sha256)", .aalg_bits = 256, .aalg_trunc = 128
#define CAPS_SHA384 .aalg = "hmac(sha384)", .aalg_bits = 384, .aalg_trunc = 192
#define CAPS_SHA512 .aalg = "hmac(sha512)", .aalg_bits = 512, .aalg_trunc = 256

static const struct caps_row caps_rows[] = {
	{ "ESP offload inbound", caps_off_esp, { }, "ESP offload is disabled" },
	{ "ESP offload outbound", caps_off_esp, { .out = true }, "ESP offload is disabled" },
	{ "IPv4", caps_off_ipv4, { }, "IPv4 is not supported" },
	{ "IPv6", caps_off_ipv6, { .family = AF_INET6 }, "IPv6 is not supported" },
	{ "transport mode", caps_off_transport, { }, "Transport mode is not supported" },
	{ "tunnel mode", caps_off_tunnel, { .mode = XFRM_MODE_TUNNEL },
	  "Tunnel mode is not supported" },
	{ "cross family", caps_off_cross,
	  { .mode = XFRM_MODE_TUNNEL, .sel_family = AF_INET6 }, "inner and outer families differ" },
	{ "ESN inbound", caps_off_esn, { .esn = true }, "ESN xfrm states" },
	{ "ESN outbound", caps_off_esn, { .esn = true, .out = true }, "ESN xfrm states" },
	{ "window with ESN", caps_off_window, { .esn = true, .window = 65 },
	  "replay windows of 1 to 64 packets, not 65" },
	{ "UDP inbound IPv4", caps_off_udp_in4, { .encap = 2 },
	  "Inbound UDP encapsulation over IPv4" },
	{ "UDP outbound IPv4", caps_off_udp_out4, { .encap = 2, .out = true },
	  "Outbound UDP encapsulation over IPv4" },
	{ "UDP inbound IPv6", caps_off_udp_in6, { .encap = 2, .family = AF_INET6 },
	  "Inbound UDP encapsulation over IPv6" },
	{ "GCM", caps_off_gcm, { }, "The encryption algorithm is not supported" },
	{ "GCM 128", caps_off_gcm128, { CAPS_GCM(128, 128) }, "Encryption keys of 128 bits" },
	{ "GCM 192", caps_off_gcm192, { CAPS_GCM(192, 128) }, "Encryption keys of 192 bits" },
	{ "GCM 256", caps_off_gcm256, { CAPS_GCM(256, 128) }, "Encryption keys of 256 bits" },
	{ "GCM ICV 8", caps_off_icv8, { CAPS_GCM(128, 64) }, "An ICV of 64 bits" },
	{ "GCM ICV 12", caps_off_icv12, { CAPS_GCM(128, 96) }, "An ICV of 96 bits" },
	{ "GCM ICV 16", caps_off_icv16, { CAPS_GCM(128, 128) }, "An ICV of 128 bits" },
	{ "GMAC", caps_off_gmac,
	  { .aead = "rfc4543(gcm(aes))", .aead_bits = 160, .aead_icv = 128 },
	  "The encryption algorithm is not supported" },
	{ "ChaCha20-Poly1305", caps_off_chacha,
	  { .aead = "rfc7539esp(chacha20,poly1305)", .aead_bits = 288, .aead_icv = 128 },
	  "The encryption algorithm is not supported" },
	{ "CBC", caps_off_cbc, { CAPS_CBC(128), CAPS_SHA1 },
	  "The encryption algorithm is not supported" },
	{ "CBC 256", caps_off_cbc256, { CAPS_CBC(256), CAPS_SHA1 }, "Encryption keys of 256 bits" },
	{ "null", caps_off_null, { CAPS_NULL, CAPS_SHA1 },
	  "The encryption algorithm is not supported" },
	{ "SHA1", caps_off_sha1, { CAPS_CBC(128), CAPS_SHA1 },
	  "The authentication algorithm is not supported" },
	{ "SHA256", caps_off_sha256, { CAPS_CBC(128), CAPS_SHA256 },
	  "The authentication algorithm is not supported" },
	{ "SHA384", caps_off_sha384, { CAPS_CBC(128), CAPS_SHA384 },
	  "The authentication algorithm is not supported" },
	{ "SHA512", caps_off_sha512, { CAPS_CBC(128), CAPS_SHA512 },
	  "The authentication algorithm is not supported" },
	{ "SHA256 key", caps_off_auth_key, { CAPS_CBC(128), CAPS_SHA256 },
	  "Authentication keys of 256 bits" },
	{ "SHA256 ICV", caps_off_auth_icv, { CAPS_CBC(128), CAPS_SHA256 },
	  "An ICV of 128 bits" },
	{ "numbers of inbound ESN", caps_off_rx_seq, { .esn = true },
	  "a NIC that reports sequence numbers" },
};

KUNIT_ARRAY_PARAM_DESC(caps, caps_rows, name);

/* S7, S34: with all capabilities the SA is offloaded. Without the capability it leaves the NIC and
 * continues in software. A new SA is refused with a sentence that names the limit, and xfrm
 * continues in software. With the capability again, the first SA is promoted.
 */
static void caps_test_each(struct kunit *test)
{
	const struct caps_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x, *y, *other;
	struct ov2_caps all, less;
	u32 handle;

	/* This SA is not excluded by any of the rows. */
	x = fixture_sa(f, &row->sa);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	handle = fixture_entry(x)->offload_handle;

	ov2_nic_hw_caps(f->nic, &all);
	less = all;
	row->off(&less);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &less), 0);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_FALSE(test, fake_nic_has(f->fake, handle));
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);

	y = fixture_state(f, &row->sa);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, y, &row->sa), 0);
	KUNIT_EXPECT_EQ(test, y->xso.offload_handle, 0);
	KUNIT_EXPECT_TRUE(test, y->xso.type == XFRM_DEV_OFFLOAD_UNSPECIFIED);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(f->extack._msg, row->msg), "\"%s\"", f->extack._msg);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);

	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &all), 0);
	other = fixture_sa(f, &row->sa);
	fixture_expect_state(f, other, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S34: a missing capability does not affect SAs that do not need it. */
static void caps_test_only_that(struct kunit *test)
{
	static const struct { unsigned int row, sa; } pairs[] = {
		{ 2, 3 }, { 3, 2 }, { 4, 5 }, { 5, 4 }, { 6, 5 }, { 7, 0 }, { 8, 4 },
		{ 9, 7 }, { 10, 11 }, { 11, 10 }, { 12, 10 }, { 14, 15 }, { 15, 16 }, { 16, 14 },
		{ 17, 18 }, { 18, 19 }, { 19, 17 }, { 20, 13 }, { 21, 20 }, { 22, 13 }, { 23, 22 },
		{ 25, 26 }, { 26, 27 }, { 27, 28 }, { 28, 25 }, { 13, 20 },
		{ 31, 8 }, { 31, 0 },
	};
	struct fixture *f = test->priv;
	struct ov2_caps caps;
	int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct caps_row *off = &caps_rows[pairs[i].row];
		const struct caps_row *sa = &caps_rows[pairs[i].sa];
		struct xfrm_state *x;

		ov2_nic_hw_caps(f->nic, &caps);
		off->off(&caps);
		KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
		x = fixture_state(f, &sa->sa);
		KUNIT_EXPECT_EQ(test, fixture_offload(f, x, &sa->sa), 0);
		KUNIT_EXPECT_TRUE_MSG(test, x->xso.offload_handle, "without %s: %s: %s", off->name,
				      sa->name, f->extack._msg ?: "");
		fixture_settle(f);
		fixture_delete(f, x);
	}
}

/* S29, S30: hardware capabilities and configuration are readable. All capabilities are on at the
 * start, and the configuration stays a subset.
 */
static void caps_test_readable(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct ov2_caps hw, cur;

	ov2_nic_hw_caps(f->nic, &hw);
	ov2_nic_caps(f->nic, &cur);
	KUNIT_EXPECT_MEMEQ(test, &hw, &fake_nic_caps, sizeof(hw));
	KUNIT_EXPECT_MEMEQ(test, &cur, &fake_nic_caps, sizeof(cur));
	cur.features &= ~OV2_CAP_LSO;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &cur), 0);
	memset(&cur, 0, sizeof(cur));
	ov2_nic_caps(f->nic, &cur);
	KUNIT_EXPECT_EQ(test, cur.features, hw.features & ~OV2_CAP_LSO);
	ov2_nic_hw_caps(f->nic, &hw);
	KUNIT_EXPECT_MEMEQ(test, &hw, &fake_nic_caps, sizeof(hw));
}

struct caps_bad_row {
	const char *name;
	void (*change)(struct ov2_caps *caps);
};

CAPS_OFF(more_sas, caps->max_sas++)
CAPS_OFF(more_list, caps->max_list++)
CAPS_OFF(more_requests, caps->max_requests++)
CAPS_OFF(more_window, caps->replay_windows |= 8192)
CAPS_OFF(more_keys, caps->ciphers[OV2_CIPHER_NULL].key_lens |= OV2_LEN(16))
CAPS_OFF(more_icvs, caps->auths[OV2_AUTH_HMAC_SHA1].icv_lens |= OV2_LEN(16))
CAPS_OFF(no_sas, caps->max_sas = 0)
CAPS_OFF(no_list, caps->max_list = 0)
CAPS_OFF(no_requests, caps->max_requests = 0)
CAPS_OFF(bad_feature, caps->features |= BIT(31))
CAPS_OFF(bad_family, caps->families |= BIT(2))
CAPS_OFF(bad_mode, caps->modes |= BIT(2))

static const struct caps_bad_row caps_bad_rows[] = {
	{ "more SAs", caps_off_more_sas },
	{ "longer lists", caps_off_more_list },
	{ "more requests", caps_off_more_requests },
	{ "larger window", caps_off_more_window },
	{ "more key lengths", caps_off_more_keys },
	{ "more ICV lengths", caps_off_more_icvs },
	{ "no SAs", caps_off_no_sas },
	{ "no lists", caps_off_no_list },
	{ "no requests", caps_off_no_requests },
	{ "unknown feature", caps_off_bad_feature },
	{ "unknown family", caps_off_bad_family },
	{ "unknown mode", caps_off_bad_mode },
};

KUNIT_ARRAY_PARAM_DESC(caps_bad, caps_bad_rows, name);

/* S29: a configuration that exceeds the hardware, or that is invalid, changes nothing. */
static void caps_test_refused(struct kunit *test)
{
	const struct caps_bad_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct ov2_caps caps, cur;

	ov2_nic_hw_caps(f->nic, &caps);
	row->change(&caps);
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), -EINVAL);
	ov2_nic_caps(f->nic, &cur);
	KUNIT_EXPECT_MEMEQ(test, &cur, &fake_nic_caps, sizeof(cur));
}

static struct ov2_caps *caps_without_gcm(struct kunit *test)
{
	struct ov2_caps *caps = kunit_kzalloc(test, sizeof(*caps), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, caps);
	*caps = fake_nic_caps;
	caps->ciphers[OV2_CIPHER_AES_GCM].key_lens = 0;
	return caps;
}

/* S7: the configuration excludes the algorithm of an SA while the NIC adds it. The NIC does not
 * keep the SA.
 */
static void caps_test_race_adding(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_PEND;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, caps_without_gcm(test)), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S7: the configuration excludes the algorithm of a queued SA. The SA is not submitted; the rest of
 * its list is.
 */
static void caps_test_race_queued(struct kunit *test)
{
	struct fixture_sa sha = { CAPS_CBC(128), CAPS_SHA1 };
	struct fixture *f = test->priv;
	struct xfrm_state *x, *stays;

	f->fake->mode = FAKE_PEND;
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 1);
	x = fixture_sa(f, NULL);
	stays = fixture_sa(f, &sha);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, caps_without_gcm(test)), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, stays, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_FALSE(test, fake_nic_saw(f->fake, x->xso.offload_handle));
	KUNIT_EXPECT_TRUE(test, fake_nic_saw(f->fake, stays->xso.offload_handle));
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	/* The core has wiped the key that it had fetched for the NIC. */
	KUNIT_EXPECT_FALSE(test, fixture_keys(f));
}

/* S7: the configuration permits the SA again before the add completes. The SA stays in the NIC. */
static void caps_test_race_back(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_PEND;
	x = fixture_sa(f, NULL);
	fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, caps_without_gcm(test)), 0);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &fake_nic_caps), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->total, 1);
}

/* S7, S31: the configuration changes, and the add is submitted before the walk over all SAs has
 * reached its SA. The list is submitted without the SA, which is promoted when the configuration
 * permits it again.
 */
static void caps_test_race_walk(struct kunit *test)
{
	struct ov2_caps *caps = caps_without_gcm(test);
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = FAKE_NOW;
	disable_work_sync(&f->nic->pump_work);
	x = fixture_sa(f, NULL);
	spin_lock_bh(&f->nic->lock);
	f->nic->caps = *caps;
	spin_unlock_bh(&f->nic->lock);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_FALSE(test, fake_nic_saw(f->fake, x->xso.offload_handle));
	/* S27: its keys had been fetched for the list. */
	KUNIT_EXPECT_FALSE(test, fixture_keys(f));
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &fake_nic_caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
}

/* S6, S7: an SA that is permitted again does not get a free slot for which another SA waits. */
static void caps_test_race_room(struct kunit *test)
{
	struct fixture_sa sha = { CAPS_CBC(128), CAPS_SHA1 };
	struct fixture *f = test->priv;
	struct xfrm_state *x, *back, *waits;
	struct ov2_caps caps = fake_nic_caps;
	u32 base;

	f->fake->mode = FAKE_NOW;
	caps.max_sas = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	back = fixture_sa(f, &sha);
	fixture_settle(f);
	caps.ciphers[OV2_CIPHER_AES_CBC].key_lens = 0;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, back, OV2_PHASE_SOFTWARE);
	x = fixture_sa(f, NULL);
	waits = fixture_sa(f, NULL);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	disable_work_sync(&f->nic->pump_work);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	caps.ciphers[OV2_CIPHER_AES_CBC] = fake_nic_caps.ciphers[OV2_CIPHER_AES_CBC];
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, back, OV2_PHASE_WAITING);
}

/* S7: an SA that the configuration excludes while it waits for a slot gets none. */
static void caps_test_race_waiting(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct ov2_caps caps;
	struct xfrm_state *x;

	ov2_nic_hw_caps(f->nic, &caps);
	caps.max_sas = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_sa(f, NULL);
	x = fixture_sa(f, NULL);
	fixture_expect_state(f, x, OV2_PHASE_WAITING);
	caps.ciphers[OV2_CIPHER_AES_GCM].key_lens = 0;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

static void caps_set_esp(struct net_device *netdev, bool on)
{
	rtnl_lock();
	if (on)
		netdev->wanted_features |= NETIF_F_HW_ESP;
	else
		netdev->wanted_features &= ~NETIF_F_HW_ESP;
	netdev_update_features(netdev);
	rtnl_unlock();
}

/* S31: esp-hw-offload is switched off on a netdev. Its SAs of both directions leave the NIC, and a
 * new SA is refused with the reason. Other ports keep theirs. After esp-hw-offload is on again, the
 * SAs are promoted.
 */
static void caps_test_feature_off(struct kunit *test)
{
	static const struct fixture_sa plain, sent = { .out = true }, elsewhere = { .port = 1 };
	netdev_features_t esp = NETIF_F_HW_ESP | NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP;
	struct fixture *f = test->priv;
	struct xfrm_state *in, *out, *other, *x;

	in = fixture_sa(f, &plain);
	out = fixture_sa(f, &sent);
	other = fixture_sa(f, &elsewhere);
	fixture_settle(f);
	caps_set_esp(f->netdev[0], false);
	KUNIT_EXPECT_FALSE(test, f->netdev[0]->features & esp);
	fixture_expect_state(f, in, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, out, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, other, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);

	x = fixture_state(f, &plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, x, &plain), 0);
	KUNIT_EXPECT_EQ(test, x->xso.offload_handle, 0);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "is disabled"));

	caps_set_esp(f->netdev[0], true);
	KUNIT_EXPECT_EQ(test, f->netdev[0]->features & esp, esp);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_OFFLOADED);
}

struct caps_heard {
	struct ov2_nic *nic;
	struct net_device *netdev;
	struct notifier_block nb;
	struct ov2_caps caps;
	u32 traces;
	u32 events;
	netdev_features_t features;
};

static void caps_hear_trace(void *data, const struct ov2_nic *nic, const struct ov2_caps *caps)
{
	struct caps_heard *heard = data;

	if (nic != heard->nic)
		return;
	heard->caps = *caps;
	heard->traces++;
}

static int caps_hear_event(struct notifier_block *nb, unsigned long event, void *info)
{
	struct caps_heard *heard = container_of(nb, struct caps_heard, nb);

	if (event == NETDEV_FEAT_CHANGE && netdev_notifier_info_to_dev(info) == heard->netdev) {
		heard->features = heard->netdev->features;
		heard->events++;
	}
	return NOTIFY_DONE;
}

static void caps_set_and_update(struct fixture *f, const struct ov2_caps *caps)
{
	KUNIT_EXPECT_EQ(f->test, ov2_nic_set_caps(f->nic, caps), 0);
	rtnl_lock();
	netdev_update_features(f->netdev[0]);
	rtnl_unlock();
}

/* S32: a change of the configuration is announced with the whole configuration: by the trace
 * always, by the feature event of the netdev if features change. A change that is refused is not
 * announced.
 */
static void caps_test_announced(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct caps_heard heard = { .nic = f->nic, .netdev = f->netdev[0] };
	struct ov2_caps caps = fake_nic_caps;

	heard.nb.notifier_call = caps_hear_event;
	KUNIT_ASSERT_EQ(test, register_trace_ov2_config(caps_hear_trace, &heard), 0);
	KUNIT_EXPECT_EQ(test, register_netdevice_notifier(&heard.nb), 0);
	heard.events = 0;

	caps.modes = BIT(OV2_TUNNEL);
	caps_set_and_update(f, &caps);
	KUNIT_EXPECT_EQ(test, heard.traces, 1);
	KUNIT_EXPECT_MEMEQ(test, &heard.caps, &caps, sizeof(caps));
	KUNIT_EXPECT_EQ(test, heard.events, 0);

	caps.features &= ~OV2_CAP_TX_CSUM;
	caps_set_and_update(f, &caps);
	KUNIT_EXPECT_EQ(test, heard.traces, 2);
	KUNIT_EXPECT_MEMEQ(test, &heard.caps, &caps, sizeof(caps));
	KUNIT_EXPECT_EQ(test, heard.events, 1);
	KUNIT_EXPECT_FALSE(test, heard.features & (NETIF_F_HW_ESP_TX_CSUM | NETIF_F_GSO_ESP));
	KUNIT_EXPECT_TRUE(test, heard.features & NETIF_F_HW_ESP);

	caps.max_sas = fake_nic_caps.max_sas + 1;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), -EINVAL);
	KUNIT_EXPECT_EQ(test, heard.traces, 2);

	caps = fake_nic_caps;
	caps_set_and_update(f, &caps);
	KUNIT_EXPECT_EQ(test, heard.traces, 3);
	KUNIT_EXPECT_EQ(test, heard.events, 2);
	KUNIT_EXPECT_TRUE(test, heard.features & NETIF_F_GSO_ESP);

	unregister_netdevice_notifier(&heard.nb);
	unregister_trace_ov2_config(caps_hear_trace, &heard);
	tracepoint_synchronize_unregister();
}

static int caps_no_op(struct ov2_nic *nic, struct ov2_request *req)
{
	return 0;
}

static void caps_no_cancel(struct ov2_nic *nic, struct ov2_request *req)
{
}

static void caps_no_reset(struct ov2_nic *nic)
{
}

static const struct ov2_nic_ops caps_ops[] = {
	{ .delete_sa = caps_no_op, .update_sa = caps_no_op, .cancel = caps_no_cancel,
	  .reset = caps_no_reset },
	{ .add_sa = caps_no_op, .update_sa = caps_no_op, .cancel = caps_no_cancel,
	  .reset = caps_no_reset },
	{ .add_sa = caps_no_op, .delete_sa = caps_no_op, .cancel = caps_no_cancel,
	  .reset = caps_no_reset },
	{ .add_sa = caps_no_op, .delete_sa = caps_no_op, .update_sa = caps_no_op,
	  .reset = caps_no_reset },
	{ .add_sa = caps_no_op, .delete_sa = caps_no_op, .update_sa = caps_no_op,
	  .cancel = caps_no_cancel },
	{ .add_sa = caps_no_op, .delete_sa = caps_no_op, .update_sa = caps_no_op,
	  .cancel = caps_no_cancel, .reset = caps_no_reset },
};

/* The core refuses a NIC that lacks an op or whose capabilities are invalid. */
static void caps_test_alloc(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct ov2_nic *nic;
	int i;

	for (i = 0; i < ARRAY_SIZE(caps_ops); i++) {
		nic = ov2_nic_alloc(&caps_ops[i], &caps, 0, "caps");
		if (i < ARRAY_SIZE(caps_ops) - 1) {
			KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(nic), -EINVAL);
			continue;
		}
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, nic);
		ov2_nic_free(nic);
	}
	caps.max_list = 0;
	nic = ov2_nic_alloc(&caps_ops[i - 1], &caps, 0, "caps");
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(nic), -EINVAL);
}

/* S31: the configuration excludes both SAs of a pair. The inbound SA leaves the NIC first, as for
 * SaDeleteReq, whichever was added first.
 */
static void caps_test_pair_order(struct kunit *test)
{
	static const struct fixture_sa in = { .reqid = 7 }, out = { .reqid = 7, .out = true };
	struct fixture *f = test->priv;
	struct ov2_caps caps = fake_nic_caps;
	struct xfrm_state *x, *y;
	u32 in_handle, out_handle;
	struct fake_request *fr;

	y = fixture_sa(f, &out);
	fixture_expect_state(f, y, OV2_PHASE_OFFLOADED);
	x = fixture_sa(f, &in);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	in_handle = fixture_entry(x)->offload_handle;
	out_handle = fixture_entry(y)->offload_handle;
	caps.features &= ~OV2_CAP_ESP;
	KUNIT_EXPECT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fr = fake_nic_wait(f->fake, 2);
	KUNIT_ASSERT_EQ(test, fr->kind, OV2_DELETE_SA);
	KUNIT_ASSERT_EQ(test, fr->count, 2);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, in_handle);
	KUNIT_EXPECT_EQ(test, fr->del[1].offload_handle, out_handle);
	fixture_expect_state(f, x, OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, y, OV2_PHASE_SOFTWARE);
}

static struct kunit_case caps_cases[] = {
	KUNIT_CASE_PARAM(caps_test_each, caps_gen_params),
	KUNIT_CASE(caps_test_only_that),
	KUNIT_CASE(caps_test_readable),
	KUNIT_CASE_PARAM(caps_test_refused, caps_bad_gen_params),
	KUNIT_CASE(caps_test_race_adding),
	KUNIT_CASE(caps_test_race_queued),
	KUNIT_CASE(caps_test_race_back),
	KUNIT_CASE(caps_test_race_walk),
	KUNIT_CASE(caps_test_race_room),
	KUNIT_CASE(caps_test_race_waiting),
	KUNIT_CASE(caps_test_feature_off),
	KUNIT_CASE(caps_test_announced),
	KUNIT_CASE(caps_test_alloc),
	KUNIT_CASE(caps_test_pair_order),
	{ }
};

static struct kunit_suite caps_suite = {
	.name = "ov2_caps",
	.init = caps_init,
	.exit = caps_exit,
	.test_cases = caps_cases,
};

kunit_test_suite(caps_suite);
