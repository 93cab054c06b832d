// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the module.
 */
#include <linux/module.h>
#include "devlink.h"
#include "ov2.h"
#include "rx.h"

static int __init ov2_init(void)
{
	int err;

	err = ov2_sa_cache_init();
	if (err)
		return err;
	err = ov2_sent_cache_init();
	if (err)
		goto err_sa_cache;
	err = ov2_request_cache_init();
	if (err)
		goto err_sent_cache;
	err = ov2_rx_init();
	if (err)
		goto err_request_cache;
	err = ov2_ports_init();
	if (err)
		goto err_rx;
	ov2_params_init();
	ov2_debugfs_init();
	return 0;

err_rx:
	ov2_rx_exit();
err_request_cache:
	ov2_request_cache_exit();
err_sent_cache:
	ov2_sent_cache_exit();
err_sa_cache:
	ov2_sa_cache_exit();
	return err;
}

static void __exit ov2_exit(void)
{
	ov2_debugfs_exit();
	ov2_ports_exit();
	ov2_rx_exit();
	ov2_sa_cache_exit();
	ov2_sent_cache_exit();
	ov2_request_cache_exit();
}

module_init(ov2_init);
module_exit(ov2_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IPsec offload by batches of SAs (NDIS IPsecOV2) on top of xfrm");
MODULE_SOFTDEP("pre: esp4_offload esp6_offload");
