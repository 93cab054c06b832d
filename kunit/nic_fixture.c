// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: fixture of the NIC's KUnit suites. */
#include <linux/module.h>
#include "nic_fixture.h"

/* All capabilities of the NIC, with a small SA table. */
void nic_fixture_caps(struct ov2_caps *caps)
{
	*caps = (struct ov2_caps){
		.max_sas = 4,
		.max_list = 8,
		.max_requests = 4,
		.replay_windows = 32 | 64 | 128 | 256 | 512 | 1024 | 2048 | 4096,
		.features = OV2_CAP_ESP | OV2_CAP_ESN | OV2_CAP_LSO | OV2_CAP_TX_CSUM |
			    OV2_CAP_CROSS_FAMILY | OV2_CAP_UDP_IN_IPV4 | OV2_CAP_UDP_OUT_IPV4 |
			    OV2_CAP_UDP_IN_IPV6 | OV2_CAP_UDP_OUT_IPV6 | OV2_CAP_UDP_LSO |
			    OV2_CAP_RX_SEQ | OV2_CAP_PACKET,
		.families = BIT(OV2_IPV4) | BIT(OV2_IPV6),
		.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	};
	caps->ciphers[OV2_CIPHER_NULL].key_lens = OV2_LEN(0);
	caps->ciphers[OV2_CIPHER_AES_CBC].key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32);
	caps->ciphers[OV2_CIPHER_AES_GCM].key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32);
	caps->ciphers[OV2_CIPHER_AES_GCM].icv_lens = OV2_LEN(8) | OV2_LEN(12) | OV2_LEN(16);
	caps->ciphers[OV2_CIPHER_AES_GMAC].key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32);
	caps->ciphers[OV2_CIPHER_AES_GMAC].icv_lens = OV2_LEN(16);
	caps->ciphers[OV2_CIPHER_CHACHA20_POLY1305].key_lens = OV2_LEN(32);
	caps->ciphers[OV2_CIPHER_CHACHA20_POLY1305].icv_lens = OV2_LEN(16);
	caps->auths[OV2_AUTH_HMAC_SHA1].key_lens = OV2_LEN(20);
	caps->auths[OV2_AUTH_HMAC_SHA1].icv_lens = OV2_LEN(12) | OV2_LEN(20);
	caps->auths[OV2_AUTH_HMAC_SHA256].key_lens = OV2_LEN(32);
	caps->auths[OV2_AUTH_HMAC_SHA256].icv_lens = OV2_LEN(12) | OV2_LEN(16);
	caps->auths[OV2_AUTH_HMAC_SHA384].key_lens = OV2_LEN(48);
	caps->auths[OV2_AUTH_HMAC_SHA384].icv_lens = OV2_LEN(24);
	caps->auths[OV2_AUTH_HMAC_SHA512].key_lens = OV2_LEN(64);
	caps->auths[OV2_AUTH_HMAC_SHA512].icv_lens = OV2_LEN(32);
}

/* A node for an SA from 192.0.2.1 to 192.0.2.2 with AES-GCM-128 in transport mode. */
void nic_fixture_node(struct ov2_add_sa *node, enum ov2_dir dir)
{
	*node = (struct ov2_add_sa){
		.cookie = NIC_TEST_COOKIE,
		.dir = dir,
		.family = OV2_IPV4,
		.mode = OV2_TRANSPORT,
		.cipher = OV2_CIPHER_AES_GCM,
		.iv = OV2_IV_SEQ,
		.spi = cpu_to_be32(NIC_TEST_SPI),
		.saddr.s6_addr32[0] = cpu_to_be32(0xc0000201),
		.daddr.s6_addr32[0] = cpu_to_be32(0xc0000202),
		.icv_len = 16,
		.key_area_len = 16,
		.cipher_key_len = 16,
		.salt_len = 4,
		.replay_window = 32,
	};
	memset(node->key_area, 0x5a, 16);
}

static void nic_fixture_cmd_done(void *drv, struct ov2_request *req, int status)
{
	struct nic_fixture *fix = drv;

	spin_lock(&fix->lock);
	if (fix->done_count < NIC_TEST_REQS)
		fix->done[fix->done_count] = (struct nic_fixture_done){ req, status };
	fix->done_count++;
	spin_unlock(&fix->lock);
	if (fix->resubmit)
		fix->resubmitted = ov2sim_hw_submit(fix->hw, fix->resubmit);
	fix->resubmit = NULL;
	wake_up(&fix->wait);
}

static void nic_fixture_irq(void *drv, u32 port, u32 queue)
{
	struct nic_fixture *fix = drv;

	WRITE_ONCE(fix->irqs, fix->irqs + 1);
	wake_up(&fix->wait);
}

static void nic_fixture_link_change(void *drv, u32 port, bool up)
{
	struct nic_fixture *fix = drv;

	fix->up[port] = up;
	fix->links++;
}

static void nic_fixture_fatal(void *drv)
{
	struct nic_fixture *fix = drv;

	fix->fatals++;
}

static const struct ov2sim_hw_ops nic_fixture_ops = {
	.cmd_done = nic_fixture_cmd_done,
	.rx_irq = nic_fixture_irq,
	.tx_irq = nic_fixture_irq,
	.link_change = nic_fixture_link_change,
	.fatal = nic_fixture_fatal,
};

struct nic_fixture *nic_fixture_create(struct kunit *test, const struct ov2_caps *caps)
{
	struct ov2sim_hw_config config = { .name = "nictest", .caps = *caps, .ports = 2,
					   .queues = 1 };
	struct nic_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fix);
	spin_lock_init(&fix->lock);
	init_waitqueue_head(&fix->wait);
	fix->hw = ov2sim_hw_create(&config, &nic_fixture_ops, fix);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fix->hw);
	return fix;
}

void nic_fixture_destroy(struct nic_fixture *fix)
{
	ov2sim_hw_destroy(fix->hw);
}

bool nic_fixture_wait_done(struct nic_fixture *fix, unsigned int count)
{
	return wait_event_timeout(fix->wait, READ_ONCE(fix->done_count) >= count, 10 * HZ);
}

static int nic_fixture_run(struct nic_fixture *fix, struct ov2_request *req)
{
	unsigned int count = READ_ONCE(fix->done_count);
	int err = ov2sim_hw_submit(fix->hw, req);

	if (err != -EINPROGRESS)
		return err;
	if (count >= NIC_TEST_REQS || !nic_fixture_wait_done(fix, count + 1))
		return -ETIMEDOUT;
	return fix->done[count].status;
}

int nic_fixture_add(struct nic_fixture *fix, struct ov2_add_sa *node)
{
	struct ov2_request req = { .kind = OV2_ADD_SA, .count = 1, .add = node };

	return nic_fixture_run(fix, &req);
}

int nic_fixture_delete(struct nic_fixture *fix, u32 handle)
{
	struct ov2_delete_sa node = { .offload_handle = handle };
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 1, .del = &node };

	return nic_fixture_run(fix, &req);
}

/* Find a fault injection knob by its name in debugfs. */
u32 *nic_fixture_fault(struct kunit *test, struct ov2sim_hw *hw, const char *name)
{
	const char *other;
	unsigned int i;
	u32 *knob;

	for (i = 0; (knob = ov2sim_hw_fault(hw, i, &other)); i++) {
		if (!strcmp(name, other))
			return knob;
	}
	KUNIT_FAIL_AND_ABORT(test, "no fault %s", name);
	return NULL;
}

/* The functions that the suites test are exported to this namespace only. */
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit suites of ov2sim's NIC");
MODULE_LICENSE("GPL");
