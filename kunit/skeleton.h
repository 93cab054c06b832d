/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the driver of skeleton.c that are not about ov2: its structures, the functions that
 * reach its NIC, and those that the bus and the receive ring call. skeleton_kunit.c is the NIC.
 */
#ifndef __OV2_KUNIT_SKELETON_H
#define __OV2_KUNIT_SKELETON_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

/**
 * struct skel - the driver's part of the NIC
 * @nic: the core's part
 * @work: what the interrupt of the NIC schedules
 */
struct skel {
	struct ov2_nic *nic;
	struct work_struct work;
};

/**
 * struct skel_sa - the driver's part of an SA
 * @index: in the NIC's table
 */
struct skel_sa {
	u32 index;
};

/* The mailbox keeps requests on a list, by &struct ov2_request.driver. The NIC walks the list of a
 * request, fills offload_handle and status of each ADD_SA node, and interrupts.
 */
bool skel_hw_post(struct skel *skel, struct ov2_request *req);
struct ov2_request *skel_hw_answer(struct skel *skel, int *status);
bool skel_hw_withdraw(struct skel *skel, struct ov2_request *req);

/* Makes the NIC interrupt because it needs a reset; skel_hw_failed() is true once after that. */
void skel_hw_fail(struct skel *skel);
bool skel_hw_failed(struct skel *skel);
/* Empties the mailbox, the table and the rings. */
int skel_hw_reset(struct skel *skel);
void skel_hw_init(struct skel *skel, struct net_device *netdev);

/* The send ring. @tx has a handle of 0 if the packet needs no protection. */
void skel_hw_send(struct net_device *netdev, struct sk_buff *skb, const struct ov2_tx *tx,
		  u8 nexthdr);

void skel_rx(struct net_device *netdev, struct sk_buff *skb, const struct ov2_rx_meta *meta);
int skel_probe(struct net_device *netdev);
void skel_remove(struct net_device *netdev);

#endif /* __OV2_KUNIT_SKELETON_H */
