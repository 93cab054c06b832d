// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: a NIC as a whole: creates and destroys the core's object, the chip and the ports
 * together, under the devlink instance's lock.
 */

#include <linux/module.h>

#include "ov2sim.h"
#include "personality.h"

/* The private part of struct ov2_nic. */
struct ov2sim_nic {
	struct ov2sim *sim;
};

const struct ov2_caps ov2sim_caps = {
	.max_sas = OV2SIM_SAS_DEFAULT,
	.max_list = 256,
	.max_requests = 4,
	.replay_windows = OV2SIM_WINDOWS,
	.features = OV2_CAP_ESP | OV2_CAP_ESN | OV2_CAP_LSO | OV2_CAP_TX_CSUM |
		    OV2_CAP_CROSS_FAMILY | OV2_CAP_UDP_IN_IPV4 | OV2_CAP_UDP_OUT_IPV4 |
		    OV2_CAP_UDP_IN_IPV6 | OV2_CAP_UDP_OUT_IPV6 | OV2_CAP_UDP_LSO |
		    OV2_CAP_RX_SEQ | OV2_CAP_IV_SEQ | OV2_CAP_PACKET,
	.families = BIT(OV2_IPV4) | BIT(OV2_IPV6),
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	.ciphers = {
		[OV2_CIPHER_NULL] = { .key_lens = OV2_LEN(0) },
		[OV2_CIPHER_AES_CBC] = { .key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32) },
		[OV2_CIPHER_AES_GCM] = {
			.key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32),
			.icv_lens = OV2_LEN(8) | OV2_LEN(12) | OV2_LEN(16),
		},
		[OV2_CIPHER_AES_GMAC] = {
			.key_lens = OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32),
			.icv_lens = OV2_LEN(16),
		},
		[OV2_CIPHER_CHACHA20_POLY1305] = {
			.key_lens = OV2_LEN(32),
			.icv_lens = OV2_LEN(16),
		},
	},
	.auths = {
		[OV2_AUTH_HMAC_SHA1] = {
			.key_lens = OV2_LEN(20),
			.icv_lens = OV2_LEN(12) | OV2_LEN(20),
		},
		[OV2_AUTH_HMAC_SHA256] = {
			.key_lens = OV2_LEN(32),
			.icv_lens = OV2_LEN(12) | OV2_LEN(16),
		},
		[OV2_AUTH_HMAC_SHA384] = {
			.key_lens = OV2_LEN(48),
			.icv_lens = OV2_LEN(24),
		},
		[OV2_AUTH_HMAC_SHA512] = {
			.key_lens = OV2_LEN(64),
			.icv_lens = OV2_LEN(32),
		},
	},
};

struct ov2sim *ov2sim_of(struct ov2_nic *nic)
{
	struct ov2sim_nic *priv = ov2_nic_priv(nic);

	return priv->sim;
}

/* One op for all kinds of lists, because the chip looks at req->kind. */
static int ov2sim_submit(struct ov2_nic *nic, struct ov2_request *req)
{
	return ov2sim_hw_submit(ov2sim_of(nic)->hw, req);
}

static void ov2sim_cancel(struct ov2_nic *nic, struct ov2_request *req)
{
	ov2sim_hw_cancel(ov2sim_of(nic)->hw, req);
}

static void ov2sim_reset_wanted(struct ov2_nic *nic)
{
	struct ov2sim *sim = ov2sim_of(nic);

	ov2sim_reset_later(sim);
	/* A chip without power is expected not to answer. */
	if (ov2_nic_misbehaved(nic) && !ov2sim_hw_asleep(sim->hw))
		ov2_devlink_report(sim->ov2, "the NIC does not answer its requests");
}

static const struct ov2_nic_ops ov2sim_nic_ops = {
	.add_sa = ov2sim_submit,
	.delete_sa = ov2sim_submit,
	.update_sa = ov2sim_submit,
	.cancel = ov2sim_cancel,
	.reset = ov2sim_reset_wanted,
};

static void ov2sim_cmd_done(void *drv, struct ov2_request *req, int status)
{
	struct ov2sim *sim = drv;

	ov2_request_complete(sim->nic, req, status);
}

static void ov2sim_queue_irq(void *drv, u32 port, u32 queue)
{
	struct ov2sim *sim = drv;

	napi_schedule(&sim->ports[port]->vectors[queue]->napi);
}

static void ov2sim_link_change(void *drv, u32 port, bool up)
{
	struct ov2sim *sim = drv;
	struct net_device *netdev = sim->ports[port]->ov2.netdev;

	if (up)
		netif_carrier_on(netdev);
	else
		netif_carrier_off(netdev);
}

static void ov2sim_fatal(void *drv)
{
	struct ov2sim *sim = drv;

	ov2sim_reset_later(sim);
	ov2_devlink_report(sim->ov2, "the NIC has crashed");
}

static const struct ov2sim_hw_ops ov2sim_hw_ops = {
	.cmd_done = ov2sim_cmd_done,
	.rx_irq = ov2sim_queue_irq,
	.tx_irq = ov2sim_queue_irq,
	.link_change = ov2sim_link_change,
	.fatal = ov2sim_fatal,
};

static int ov2sim_nic_create(struct ov2sim *sim)
{
	const struct ov2sim_personality *me = sim->personality;
	struct ov2sim_hw_config config = {
		.name = dev_name(&sim->bus_dev->dev),
		.caps = *me->caps,
		.ports = sim->bus_dev->ports,
		.queues = sim->bus_dev->queues,
	};
	struct ov2sim_nic *priv;
	int err;

	ov2_devlink_sizes(sim->ov2, &config.caps);
	if (me->table)
		config.caps.max_sas = min(config.caps.max_sas, me->table);
	sim->nic = ov2_nic_alloc(&ov2sim_nic_ops, &config.caps, sizeof(*priv), config.name);
	if (IS_ERR(sim->nic)) {
		err = PTR_ERR(sim->nic);
		goto err_clear;
	}
	priv = ov2_nic_priv(sim->nic);
	priv->sim = sim;
	ov2sim_reset_init(sim);

	sim->hw = ov2sim_hw_create(&config, &ov2sim_hw_ops, sim);
	if (IS_ERR(sim->hw)) {
		err = PTR_ERR(sim->hw);
		goto err_nic;
	}
	ov2_nic_register(sim->nic);
	ov2_devlink_attach(sim->ov2, sim->nic);
	ov2sim_hw_set_watermark(sim->hw, sim->watermark);
	return 0;

err_nic:
	ov2_nic_free(sim->nic);
err_clear:
	sim->hw = NULL;
	sim->nic = NULL;
	return err;
}

static void ov2sim_nic_destroy(struct ov2sim *sim)
{
	ov2_devlink_detach(sim->ov2);
	/* The chip must execute requests until ov2_nic_unregister() has had the last SA deleted. */
	ov2_nic_unregister(sim->nic);
	ov2sim_reset_exit(sim);
	ov2sim_hw_destroy(sim->hw);
	ov2_nic_free(sim->nic);
	sim->hw = NULL;
	sim->nic = NULL;
}

/**
 * ov2sim_up - create NIC, chip and ports
 * @sim: the private part of the devlink instance
 * @extack: for error messages
 *
 * Context: process, with the devlink instance's lock.
 * Return: 0 or a negative errno, and then none of them exists.
 */
int ov2sim_up(struct ov2sim *sim, struct netlink_ext_ack *extack)
{
	struct ov2sim_port *port;
	u32 i;
	int err;

	devl_assert_locked(priv_to_devlink(sim));

	ov2sim_params_read(priv_to_devlink(sim));
	err = ov2sim_nic_create(sim);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot create the NIC");
		return err;
	}
	for (i = 0; i < sim->bus_dev->ports; i++) {
		port = ov2sim_port_create(sim, i);
		if (IS_ERR(port)) {
			NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot create port %u", i);
			err = PTR_ERR(port);
			goto err_ports;
		}
	}
	ov2sim_debugfs_add(sim);
	return 0;

err_ports:
	while (i--)
		ov2sim_port_destroy(sim->ports[i]);
	ov2sim_nic_destroy(sim);
	return err;
}

/**
 * ov2sim_down - destroy ports, chip and NIC
 * @sim: the private part of the devlink instance
 *
 * Does nothing if a failed reload has left none.
 *
 * Context: process, with the devlink instance's lock.
 */
void ov2sim_down(struct ov2sim *sim)
{
	u32 i;

	devl_assert_locked(priv_to_devlink(sim));

	if (!sim->nic)
		return;
	ov2sim_debugfs_del(sim);
	for (i = sim->bus_dev->ports; i--;)
		ov2sim_port_destroy(sim->ports[i]);
	ov2sim_nic_destroy(sim);
}

/* Tell chip and core that the device was removed without warning. */
static void ov2sim_gone(struct ov2sim *sim)
{
	if (!sim->nic)
		return;
	ov2sim_hw_surprise_remove(sim->hw);
	ov2_nic_gone(sim->nic);
}

int ov2sim_probe(struct ov2sim_bus_dev *bus_dev)
{
	struct devlink *devlink;
	struct ov2sim *sim;
	int err;

	devlink = devlink_alloc_ns(&ov2sim_devlink_ops, sizeof(*sim), bus_dev->initial_net,
				   &bus_dev->dev);
	if (!devlink) {
		err = -ENOMEM;
		goto err_out;
	}
	sim = devlink_priv(devlink);
	sim->bus_dev = bus_dev;

	devl_lock(devlink);
	err = ov2sim_devlink_init(devlink);
	if (err)
		goto err_free;
	err = ov2sim_up(sim, NULL);
	if (err)
		goto err_devlink;
	devl_unlock(devlink);
	dev_set_drvdata(&bus_dev->dev, sim);
	return 0;

err_devlink:
	devl_unlock(devlink);
	ov2_devlink_quiesce(sim->ov2);
	devl_lock(devlink);
	/* A user may have reloaded the instance while we did not hold its lock, and the reload may
	 * have created what our ov2sim_up() could not create.
	 */
	ov2sim_down(sim);
	ov2sim_devlink_exit(devlink);
err_free:
	devl_unlock(devlink);
	devlink_free(devlink);
err_out:
	bus_dev->probe_err = err;
	return err;
}

void ov2sim_remove(struct ov2sim_bus_dev *bus_dev)
{
	struct ov2sim *sim = dev_get_drvdata(&bus_dev->dev);
	struct devlink *devlink = priv_to_devlink(sim);

	ov2_devlink_quiesce(sim->ov2);
	devl_lock(devlink);
	if (bus_dev->surprise_removed)
		ov2sim_gone(sim);
	ov2sim_down(sim);
	ov2sim_devlink_exit(devlink);
	devl_unlock(devlink);
	devlink_free(devlink);
}

static int __init ov2sim_init(void)
{
	int err;

	err = ov2sim_nic_init();
	if (err)
		return err;
	err = ov2sim_txrx_init();
	if (err)
		goto err_nic;
	err = ov2sim_uplink_init();
	if (err)
		goto err_txrx;
	ov2sim_debugfs_init();
	err = ov2sim_bus_init();
	if (err)
		goto err_debugfs;
	return 0;

err_debugfs:
	ov2sim_debugfs_exit();
	ov2sim_uplink_exit();
err_txrx:
	ov2sim_txrx_exit();
err_nic:
	ov2sim_nic_exit();
	return err;
}
module_init(ov2sim_init);

static void __exit ov2sim_exit(void)
{
	ov2sim_bus_exit();
	ov2sim_debugfs_exit();
	ov2sim_uplink_exit();
	ov2sim_txrx_exit();
	ov2sim_nic_exit();
}
module_exit(ov2sim_exit);

MODULE_DESCRIPTION("Simulated NIC with IPsec offload through ov2");
MODULE_LICENSE("GPL");
