/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: everything a NIC driver includes, and how to write one. */
#ifndef __NET_OV2_H
#define __NET_OV2_H

#include <net/ov2/types.h>
#include <net/ov2/functions.h>

/**
 * DOC: overview
 *
 * The core stands between xfrm and a NIC that takes SAs as lists (NDIS IPsec offload version 2). It
 * implements the xfrmdev_ops of the driver's netdevs, translates each xfrm_state into a &struct
 * ov2_add_sa, and gathers SAs into lists while the NIC is busy. It decides which SAs get the slots
 * of the NIC's table, leaves the others to software, answers SaDeleteReq, watches deadlines, and
 * adds all SAs again after a reset. The driver carries lists and packets between the core and the
 * NIC.
 *
 * An SA has two names. The core chooses the cookie: the NIC gets it with the ADD_SA and reports it
 * with the packets that it receives for the SA. The NIC chooses the offload_handle: it identifies
 * the SA in a send, an update and a delete. The cookie stays the same over a reset, the handle does
 * not.
 */

/**
 * DOC: order of calls
 *
 * * Probe: ov2_nic_alloc(), set up ov2_nic_priv(), ov2_nic_register(). Then for each netdev
 *   ov2_port_init(), set its features, register_netdev(). The features are NETIF_F_HW_ESP,
 *   NETIF_F_HW_ESP_TX_CSUM with OV2_CAP_TX_CSUM, and NETIF_F_GSO_ESP with OV2_CAP_LSO, in features,
 *   hw_features and hw_enc_features. NETIF_F_HW_ESP must not be in gso_partial_features.
 * * Open and stop: the core needs no call. xfrm deletes the SAs of a netdev that goes down, so
 *   lists come while no netdev is up.
 * * Features: ndo_fix_features and ndo_features_check are ov2_fix_features() and
 *   ov2_features_check(), or call them. ndo_set_features calls ov2_port_set_esp().
 * * Configuration: ov2_nic_set_caps() with a subset of the hardware's capabilities, then
 *   netdev_update_features() if OV2_CAP_LSO or OV2_CAP_TX_CSUM has changed.
 * * Reset: ov2_nic_reset_begin(), reset the NIC, make sure that nothing completes an old request
 *   any longer, ov2_nic_reset_done(). The driver does this whenever it wants to, one reset at a
 *   time, and each time that the core has called &struct ov2_nic_ops.reset. If the reset fails, its
 *   errno for ov2_nic_reset_done() puts the NIC out of service.
 * * devlink: ov2_devlink_register() once for the devlink instance, which gives it parameters, the
 *   resource ipsec_sa and the health reporter. For each NIC that comes and goes with a reload:
 *   ov2_devlink_sizes() before ov2_nic_alloc(), ov2_devlink_attach() after ov2_nic_register(),
 *   ov2_devlink_detach() before ov2_nic_unregister(). At the end ov2_devlink_quiesce() without the
 *   devlink lock, then ov2_devlink_unregister().
 * * Surprise removal: ov2_nic_gone() as soon as the driver knows, then as for remove. The core asks
 *   for a last reset, in which the driver only makes sure that the NIC touches no request.
 * * Remove: ov2_port_close() and unregister_netdev() for each netdev, ov2_nic_unregister(), end the
 *   driver's own work items, ov2_nic_free(). The mailbox must work until ov2_nic_unregister()
 *   returns, because the core submits the last DELETE_SA lists there.
 */

/**
 * DOC: contexts and locks
 *
 * The core holds no lock when it calls an op, and takes neither rtnl nor the devlink lock, except
 * where &struct ov2_devlink_ops says so.
 *
 * * add_sa, delete_sa, update_sa: process, may sleep, one at a time. They must not wait for the
 *   NIC, and must not call ov2_nic_reset_begin(), which waits for them.
 * * cancel, reset: process, may sleep, also while another op runs. reset must take neither rtnl nor
 *   the devlink lock, because ov2_nic_unregister() may wait for it with them held.
 * * ov2_request_complete(), ov2_nic_ready(), ov2_nic_gone(): any context up to softirq, not
 *   hardirq. ov2_request_complete() must not be called with a lock held that an op takes.
 * * ov2_nic_reset_begin(), ov2_nic_reset_done(), ov2_nic_set_caps(), ov2_port_set_esp(): process,
 *   may sleep. rtnl or the devlink lock may be held, unless an op takes it.
 * * ov2_nic_alloc(), ov2_nic_register(), ov2_nic_unregister(), ov2_nic_free(): process, may sleep.
 * * ov2_tx_sa(), ov2_features_check(): send path, BH off. ov2_rx(): NAPI, BH off. ov2_esp_put_iv()
 *   and its like: any up to softirq.
 */

/**
 * DOC: answers to a list
 *
 * The list belongs to the NIC until the op returns anything but -EINPROGRESS, or until the driver
 * calls ov2_request_complete(). The NIC copies keys and all else that it needs before that;
 * afterwards the driver touches neither the request nor a node, and the core wipes the keys.
 *
 * * 0: done. Each ADD_SA node has a handle, or 0 and a negative status; at least one has a handle.
 * * -EINPROGRESS, from an op only: pending. ov2_request_complete() follows, exactly once.
 * * -EAGAIN: no room for the list now. The core submits it again after the next completion or
 *   ov2_nic_ready().
 * * -EBUSY: the NIC is being reset, or wants to be. The core submits the list again after
 *   ov2_nic_reset_done().
 * * -ECANCELED: aborted, by cancel or by the NIC. The core submits a list again that the NIC has
 *   aborted, and a DELETE_SA list in any case. It tries the SAs of an ADD_SA list that it has
 *   cancelled again later.
 * * -ENOSPC, as the status of an ADD_SA node: the table has no room for this SA. The core tries it
 *   again later, as it does after -ENOMEM, -EAGAIN and -ECANCELED. After another status the SA
 *   stays in software. In packet mode xfrm's add fails instead, or xfrm expires the SA.
 *
 * The core asks for a reset if a DELETE_SA fails with another errno, if the NIC answers -EAGAIN or
 * -EBUSY for longer than a deadline, if it aborts more than eight requests in a row, and if a
 * request is still pending one deadline after the core has cancelled it. A driver that cannot take
 * a list back therefore has an empty cancel.
 */

/**
 * DOC: capabilities
 *
 * * &struct ov2_caps.max_dir_sas is for a NIC that has a table for each direction.
 * * &struct ov2_caps.replay_windows matters for inbound SAs with ESN. An SA gets the smallest
 *   window that is large enough.
 * * IVs of AES-GCM, AES-GMAC and ChaCha20-Poly1305 must not repeat although software and the NIC
 *   send on one SA by turns. A NIC with OV2_CAP_IV_SEQ makes them as OV2_IV_SEQ says. With
 *   OV2_CAP_IV_HOST alone the driver calls ov2_esp_put_iv(), and no GSO packet comes for such an
 *   SA. A NIC with neither gets no such outbound SA. IVs of AES-CBC are always made by the NIC.
 * * &struct ov2_nic_ops.sa_priv_size asks for memory for each SA, zeroed at first. The driver finds
 *   it in each node and in &struct ov2_tx. The core keeps its content over a reset.
 */

/**
 * DOC: skeleton of a driver
 *
 * The driver must drop a packet that ov2_tx_sa() refuses, because it is plaintext, and one that
 * ov2_rx() refuses, because it is decrypted. It calls ov2_tx_sa() once for a packet, when the ring
 * has room for it. A packet may be posted during a reset, so the NIC checks the handle of a send,
 * which has a generation in it.
 *
 * skeleton.h has what is not about ov2: struct skel, struct skel_sa, and the functions that reach
 * the NIC, skel_hw_*(). skel_hw_post() puts a request into a mailbox, a list by &struct
 * ov2_request.driver. The NIC walks the nodes of the request, fills them and interrupts, which
 * schedules skel_work(); so does skel_hw_fail(). One work item serves answers and resets, so that
 * no answer meets ov2_nic_reset_done(). The bus calls skel_probe() with a netdev whose private part
 * is a port. The kernel-doc of each function and structure has the NDIS names. ::
 *
 *	#include <net/ov2.h>
 *	#include "skeleton.h"
 *
 *	static int skel_submit(struct ov2_nic *nic, struct ov2_request *req)
 *	{
 *		return skel_hw_post(ov2_nic_priv(nic), req) ? -EINPROGRESS : -EAGAIN;
 *	}
 *
 *	static void skel_cancel(struct ov2_nic *nic, struct ov2_request *req)
 *	{
 *		if (skel_hw_withdraw(ov2_nic_priv(nic), req))
 *			ov2_request_complete(nic, req, -ECANCELED);
 *	}
 *
 *	static void skel_work(struct work_struct *work)
 *	{
 *		struct skel *skel = container_of(work, struct skel, work);
 *		struct ov2_request *req;
 *		int status;
 *
 *		while ((req = skel_hw_answer(skel, &status)))
 *			ov2_request_complete(skel->nic, req, status);
 *		if (!skel_hw_failed(skel))
 *			return;
 *		ov2_nic_reset_begin(skel->nic);
 *		ov2_nic_reset_done(skel->nic, skel_hw_reset(skel));
 *	}
 *
 *	static void skel_reset(struct ov2_nic *nic)
 *	{
 *		skel_hw_fail(ov2_nic_priv(nic));
 *	}
 *
 *	static const struct ov2_nic_ops skel_ops = {
 *		.add_sa = skel_submit, .delete_sa = skel_submit, .update_sa = skel_submit,
 *		.cancel = skel_cancel, .reset = skel_reset, .sa_priv_size = sizeof(struct skel_sa),
 *	};
 *
 *	static const struct ov2_caps skel_caps = {
 *		.max_sas = 8, .max_dir_sas = { 4, 4 }, .max_list = 4, .max_requests = 2,
 *		.features = OV2_CAP_ESP | OV2_CAP_IV_HOST, .modes = BIT(OV2_TUNNEL),
 *		.families = BIT(OV2_IPV4) | BIT(OV2_IPV6),
 *		.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(32), OV2_LEN(16) },
 *	};
 *
 *	static netdev_tx_t skel_start_xmit(struct sk_buff *skb, struct net_device *netdev)
 *	{
 *		struct ov2_tx tx = { };
 *		int ret = ov2_tx_sa(skb, &tx);
 *
 *		if (ret > 0 && skb_cow_head(skb, 0))
 *			ret = -ENOMEM;
 *		if (ret > 0) {
 *			ov2_esp_put_iv(skb, &tx);
 *			ret = ov2_esp_strip_trailer(skb, &tx);
 *		}
 *		if (ret < 0)
 *			dev_kfree_skb_any(skb);
 *		else
 *			skel_hw_send(netdev, skb, &tx, ret);
 *		return NETDEV_TX_OK;
 *	}
 *
 *	void skel_rx(struct net_device *netdev, struct sk_buff *skb, const struct ov2_rx_meta *meta)
 *	{
 *		int ret = ov2_rx(netdev_priv(netdev), skb, meta);
 *
 *		if (ret < 0)
 *			kfree_skb(skb);
 *		else if (!ret)
 *			netif_receive_skb(skb);
 *	}
 *
 *	static int skel_set_features(struct net_device *netdev, netdev_features_t features)
 *	{
 *		ov2_port_set_esp(netdev_priv(netdev), features & NETIF_F_HW_ESP);
 *		return 0;
 *	}
 *
 *	static const struct net_device_ops skel_netdev_ops = {
 *		.ndo_start_xmit = skel_start_xmit, .ndo_features_check = ov2_features_check,
 *		.ndo_fix_features = ov2_fix_features, .ndo_set_features = skel_set_features,
 *	};
 *
 *	void skel_remove(struct net_device *netdev)
 *	{
 *		struct ov2_port *port = netdev_priv(netdev);
 *		struct skel *skel = ov2_nic_priv(port->nic);
 *
 *		ov2_port_close(port);
 *		if (netdev->reg_state == NETREG_REGISTERED)
 *			unregister_netdev(netdev);
 *		ov2_nic_unregister(skel->nic);
 *		cancel_work_sync(&skel->work);
 *		ov2_nic_free(skel->nic);
 *	}
 *
 *	int skel_probe(struct net_device *netdev)
 *	{
 *		struct skel *skel;
 *		struct ov2_nic *nic = ov2_nic_alloc(&skel_ops, &skel_caps, sizeof(*skel), "skel");
 *		int err;
 *
 *		if (IS_ERR(nic))
 *			return PTR_ERR(nic);
 *		skel = ov2_nic_priv(nic);
 *		skel->nic = nic;
 *		INIT_WORK(&skel->work, skel_work);
 *		skel_hw_init(skel, netdev);
 *		ov2_nic_register(nic);
 *		netdev->netdev_ops = &skel_netdev_ops;
 *		netdev->hw_features |= NETIF_F_HW_ESP;
 *		netdev->features |= NETIF_F_HW_ESP;
 *		netdev->hw_enc_features |= NETIF_F_HW_ESP;
 *		ov2_port_init(nic, netdev_priv(netdev), netdev, 0);
 *		err = register_netdev(netdev);
 *		if (err)
 *			skel_remove(netdev);
 *		return err;
 *	}
 */

#endif /* __NET_OV2_H */
