/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: the objects that the core and a NIC driver share. */
#ifndef __NET_OV2_TYPES_H
#define __NET_OV2_TYPES_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <net/ov2/caps.h>
#include <net/ov2/packet.h>
#include <net/ov2/sa.h>

struct devlink;
struct devlink_fmsg;
struct ov2_devlink;
struct ov2_nic;
struct ov2_node;
struct sk_buff;

/**
 * enum ov2_request_kind - What a request asks for.
 * @OV2_ADD_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_ADD_SA
 * @OV2_DELETE_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA
 * @OV2_UPDATE_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_UPDATE_SA
 * @OV2_REQUEST_COUNT: number of the above
 */
enum ov2_request_kind {
	OV2_ADD_SA,
	OV2_DELETE_SA,
	OV2_UPDATE_SA,
	OV2_REQUEST_COUNT,
};

/**
 * struct ov2_request - One list on its way to the NIC.
 * @kind: which of the lists is valid
 * @id: number of the request, for traces
 * @count: nodes in the list, 1 to &struct ov2_caps.max_list
 * @add: OV2_ADD_SA: head of the list
 * @del: OV2_DELETE_SA: head of the list
 * @update: OV2_UPDATE_SA: head of the list
 * @driver: for the driver's use from submission to completion
 * @deadline: jiffies at which the core cancels the request
 * @status: final status, once completed. Never -EINPROGRESS
 *
 * Allocated and freed by the core. NDIS: NDIS_OID_REQUEST, as a direct OID request.
 */
struct ov2_request {
	enum ov2_request_kind kind;
	u32 id;
	u32 count;
	union {
		struct ov2_add_sa *add;
		struct ov2_delete_sa *del;
		struct ov2_update_sa *update;
	};
	struct list_head driver;
	unsigned long deadline;
	int status;
	/* private: */
	struct list_head list;
	struct ov2_node *nodes;
	void *last;
	u32 offloaded;
	u32 seen;
	bool cancelled;
	bool cancelling;
	bool done;
};

/**
 * struct ov2_nic_ops - What a NIC driver implements. All ops are mandatory.
 *
 * add_sa, delete_sa and update_sa return
 *
 * * 0: done, the nodes carry the results (NDIS_STATUS_SUCCESS),
 * * -EINPROGRESS: pending, ov2_request_complete() will follow, exactly once (NDIS_STATUS_PENDING);
 *   it may have been called already when the op returns,
 * * -EBUSY: not accepted, a reset is under way (NDIS_STATUS_RESET_IN_PROGRESS,
 *   NDIS_STATUS_NOT_ACCEPTED). The list is submitted again after the reset,
 * * -EAGAIN: not now. The list is submitted again when another request completes or the driver
 *   calls ov2_nic_ready(); a driver whose command queue has no room returns this,
 * * another errno: the whole request failed, nothing was changed (NDIS_STATUS_FAILURE,
 *   NDIS_STATUS_RESOURCES).
 *
 * The list belongs to the NIC from the call until completion: until the op returns anything but
 * -EINPROGRESS, or until ov2_request_complete(). Context of these three: process, no locks held,
 * one call at a time; up to &struct ov2_caps.max_requests requests may be pending; they must not
 * wait for the NIC.
 */
struct ov2_nic_ops {
	/**
	 * @sa_priv_size: bytes of memory that the driver wants for each SA, may be 0. The core
	 *	allocates them with the SA, zeroed, gives the pointer with each node and with
	 *	&struct ov2_tx, and frees them a grace period after the NIC has nothing of the SA.
	 */
	size_t sa_priv_size;
	/**
	 * @add_sa: offload each SA of @req->add. Every node is tried. Succeeds if at least one SA
	 *	was offloaded, and fails with the reason if none was. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_ADD_SA.
	 */
	int (*add_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @delete_sa: remove each SA of @req->del, and skip unknown handles. The whole list is
	 *	walked. Must succeed in the end: return 0, -EINPROGRESS, -EBUSY or -EAGAIN, or
	 *	complete with -ECANCELED, and then the core submits the list again. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA.
	 */
	int (*delete_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @update_sa: change the sequence state of each SA of @req->update and nothing else.
	 *	Succeeds if at least one was changed. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_UPDATE_SA.
	 */
	int (*update_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @cancel: complete @req with -ECANCELED promptly if it is still pending. If it completes
	 *	at the same time, do nothing. If this does not help, the core asks for a reset. @req
	 *	stays valid during the call, but its list only while it is pending: compare @req
	 *	with the driver's pending requests before anything else. May run at the same time as
	 *	the op that submits @req and as @reset. Context: process, may sleep, no locks. NDIS:
	 *	MiniportCancelDirectOidRequest.
	 */
	void (*cancel)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @reset: please reset the NIC, because it does not answer as it should or is gone. The
	 *	driver resets it here, or later from a work item of its own, between
	 *	ov2_nic_reset_begin() and ov2_nic_reset_done(), in bounded time; otherwise all SAs
	 *	stay in software and ov2_nic_unregister() does not return. Context: process, may
	 *	sleep, no locks; must take neither rtnl nor devlink's lock, because
	 *	ov2_nic_unregister() waits for it. NDIS: NdisMResetMiniport.
	 */
	void (*reset)(struct ov2_nic *nic);
};

/* The core's part of a devlink instance uses ids of parameters and resources from here on. A
 * driver's own are smaller.
 */
#define OV2_DEVLINK_ID_BASE	0x10000

/**
 * struct ov2_devlink_ops - What a NIC driver implements for ov2_devlink_register().
 *
 * The ops are called with devlink's lock held, and only between ov2_devlink_attach() and
 * ov2_devlink_detach(). Context: process, may sleep.
 */
struct ov2_devlink_ops {
	/**
	 * @reset: reset the NIC now, because the admin wants it recovered. Returns what
	 *	ov2_nic_reset_done() returns. Mandatory.
	 */
	int (*reset)(struct ov2_nic *nic);
	/**
	 * @reset_wait: wait for the reset that an error has led to which ov2_devlink_report() has
	 *	reported; it may be over. Returns 0, or -ENODEV if the NIC is out of service.
	 *	Mandatory.
	 */
	int (*reset_wait)(struct ov2_nic *nic);
	/** @diagnose: put the state of the hardware, before the capabilities. Optional. */
	void (*diagnose)(struct ov2_nic *nic, struct devlink_fmsg *fmsg);
	/**
	 * @dump: put SAs, without keys, and counters of the hardware, after those of the core.
	 *	Optional.
	 */
	void (*dump)(struct ov2_nic *nic, struct devlink_fmsg *fmsg);
};

/**
 * struct ov2_port - One netdev that a NIC's SAs can be bound to.
 * @nic: the NIC
 * @netdev: the netdev
 * @index: the driver's number for it
 * @xfrmdev_ops: the netdev's, filled by ov2_port_init(). Until it registers the netdev the driver
 *	may leave out xdo_dev_policy_add, and xdo_dev_state_advance_esn if the NIC has no ESN. It
 *	may put callbacks of its own in the place of those that add states and policies: they
 *	check what the capabilities cannot say, and then call ov2_state_add() and
 *	ov2_policy_add().
 *
 * Lives in the driver's netdev_priv(). See ov2_port_init().
 */
struct ov2_port {
	struct ov2_nic *nic;
	struct net_device *netdev;
	u32 index;
	struct xfrmdev_ops xfrmdev_ops;
	/* private: under the NIC's lock */
	bool closing;
	bool esp_off;
	u32 slots_used;
	/* under pressure, by direction: SAs in packet mode that were admitted until paced_until */
	u32 paced[2];
	u64 paced_until;
	/* no SA in packet mode is admitted before this, while the NIC fills no slots either */
	u64 fill_after;
	struct list_head waitq[2];
	struct list_head waiting;
};

/**
 * enum ov2_delreq_policy - How the core answers SaDeleteReq: what happens to the xfrm states of the
 * SA that the NIC wants deleted, and of its counterpart.
 * @OV2_DELREQ_DEMOTE: both continue in software
 * @OV2_DELREQ_SOFT: both continue in software, and a soft expire of the inbound one asks the key
 *	manager to rekey
 * @OV2_DELREQ_HARD: both are deleted with a hard expire
 *
 * Software cannot continue with SAs in packet mode. OV2_DELREQ_DEMOTE expires both as
 * OV2_DELREQ_HARD does, and OV2_DELREQ_SOFT does so if they are not replaced within 30 seconds.
 */
enum ov2_delreq_policy {
	OV2_DELREQ_DEMOTE,
	OV2_DELREQ_SOFT,
	OV2_DELREQ_HARD,
};

#endif /* __NET_OV2_TYPES_H */
