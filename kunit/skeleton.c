// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver that <net/ov2.h> shows under DOC: skeleton of a driver. From the first include on they
 * are the same: scripts/gates/skeleton compares them.
 */
#include <net/ov2.h>
#include "skeleton.h"

static int skel_submit(struct ov2_nic *nic, struct ov2_request *req)
{
	return skel_hw_post(ov2_nic_priv(nic), req) ? -EINPROGRESS : -EAGAIN;
}

static void skel_cancel(struct ov2_nic *nic, struct ov2_request *req)
{
	if (skel_hw_withdraw(ov2_nic_priv(nic), req))
		ov2_request_complete(nic, req, -ECANCELED);
}

static void skel_work(struct work_struct *work)
{
	struct skel *skel = container_of(work, struct skel, work);
	struct ov2_request *req;
	int status;

	while ((req = skel_hw_answer(skel, &status)))
		ov2_request_complete(skel->nic, req, status);
	if (!skel_hw_failed(skel))
		return;
	ov2_nic_reset_begin(skel->nic);
	ov2_nic_reset_done(skel->nic, skel_hw_reset(skel));
}

static void skel_reset(struct ov2_nic *nic)
{
	skel_hw_fail(ov2_nic_priv(nic));
}

static const struct ov2_nic_ops skel_ops = {
	.add_sa = skel_submit, .delete_sa = skel_submit, .update_sa = skel_submit,
	.cancel = skel_cancel, .reset = skel_reset, .sa_priv_size = sizeof(struct skel_sa),
};

static const struct ov2_caps skel_caps = {
	.max_sas = 8, .max_dir_sas = { 4, 4 }, .max_list = 4, .max_requests = 2,
	.features = OV2_CAP_ESP | OV2_CAP_IV_HOST, .modes = BIT(OV2_TUNNEL),
	.families = BIT(OV2_IPV4) | BIT(OV2_IPV6),
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(32), OV2_LEN(16) },
};

static netdev_tx_t skel_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct ov2_tx tx = { };
	int ret = ov2_tx_sa(skb, &tx);

	if (ret > 0 && skb_cow_head(skb, 0))
		ret = -ENOMEM;
	if (ret > 0) {
		ov2_esp_put_iv(skb, &tx);
		ret = ov2_esp_strip_trailer(skb, &tx);
	}
	if (ret < 0)
		dev_kfree_skb_any(skb);
	else
		skel_hw_send(netdev, skb, &tx, ret);
	return NETDEV_TX_OK;
}

void skel_rx(struct net_device *netdev, struct sk_buff *skb, const struct ov2_rx_meta *meta)
{
	int ret = ov2_rx(netdev_priv(netdev), skb, meta);

	if (ret < 0)
		kfree_skb(skb);
	else if (!ret)
		netif_receive_skb(skb);
}

static int skel_set_features(struct net_device *netdev, netdev_features_t features)
{
	ov2_port_set_esp(netdev_priv(netdev), features & NETIF_F_HW_ESP);
	return 0;
}

static const struct net_device_ops skel_netdev_ops = {
	.ndo_start_xmit = skel_start_xmit, .ndo_features_check = ov2_features_check,
	.ndo_fix_features = ov2_fix_features, .ndo_set_features = skel_set_features,
};

void skel_remove(struct net_device *netdev)
{
	struct ov2_port *port = netdev_priv(netdev);
	struct skel *skel = ov2_nic_priv(port->nic);

	ov2_port_close(port);
	if (netdev->reg_state == NETREG_REGISTERED)
		unregister_netdev(netdev);
	ov2_nic_unregister(skel->nic);
	cancel_work_sync(&skel->work);
	ov2_nic_free(skel->nic);
}

int skel_probe(struct net_device *netdev)
{
	struct skel *skel;
	struct ov2_nic *nic = ov2_nic_alloc(&skel_ops, &skel_caps, sizeof(*skel), "skel");
	int err;

	if (IS_ERR(nic))
		return PTR_ERR(nic);
	skel = ov2_nic_priv(nic);
	skel->nic = nic;
	INIT_WORK(&skel->work, skel_work);
	skel_hw_init(skel, netdev);
	ov2_nic_register(nic);
	netdev->netdev_ops = &skel_netdev_ops;
	netdev->hw_features |= NETIF_F_HW_ESP;
	netdev->features |= NETIF_F_HW_ESP;
	netdev->hw_enc_features |= NETIF_F_HW_ESP;
	ov2_port_init(nic, netdev_priv(netdev), netdev, 0);
	err = register_netdev(netdev);
	if (err)
		skel_remove(netdev);
	return err;
}
