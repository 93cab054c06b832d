/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: everything that its files offer each other. */
#ifndef __OV2_H
#define __OV2_H

#include <linux/netlink.h>

#include "nic.h"
#include "sa.h"

/**
 * DOC: locking
 *
 * Order: &ov2_nic.reset_lock, a mutex that only the reset work takes, then x->lock, then
 * &ov2_nic.lock, then the XArray's own lock; xfrm and the netdev's driver call with xfrm_cfg_mutex,
 * rtnl or x->lock held. Nothing of the core takes rtnl, the devlink lock or xfrm_cfg_mutex. Two
 * calls wait for the NIC, for a bounded time: ov2_nic_unregister(), when no netdev is left, and
 * ov2_nic_reset() or ov2_nic_reset_wait(), which may be called with rtnl held (ethtool) for that
 * reason.
 *
 * &ov2_nic.lock is a BH spinlock that is held for moments only, never over an op, and never while
 * all SAs are looked at: see ov2_sa_for_each(). xfrm calls
 * delete and advance_esn with x->lock held and BH off; the submit work reads the sequence state
 * and therefore takes x->lock first, nic->lock second, one SA at a time.
 *
 * Two locks are leaves, taken with BH off and never together: ov2_held_lock in rx_held.c, under
 * which nothing is freed, so that the last put of a state does not happen within it, and
 * &struct ov2_sent.lock, which ndo_start_xmit() takes. ov2_rx() runs in NAPI and takes nic->lock
 * only for a SaDeleteReq or an SA that the NIC mistakes.
 *
 * Lifetimes: &struct ov2_sa has one reference of xfrm's, from add to free, and one of the
 * engine's, from add until the NIC has nothing of it and xfrm has deleted it (OV2_SA_GONE). The
 * last put erases it from the XArray and frees it after a grace period. sa->x is no reference: it
 * is set NULL in delete, and x is freed a grace period later at the earliest; who needs x loads it
 * under RCU and takes a reference unless it is zero. Each SA has a reference on the NIC.
 */

/* caps.c */
int ov2_caps_validate(const struct ov2_caps *caps);
bool ov2_caps_subset(const struct ov2_caps *caps, const struct ov2_caps *of);
int ov2_caps_check(const struct ov2_caps *caps, const struct ov2_add_sa *add,
		   struct netlink_ext_ack *extack);
bool ov2_caps_permit(const struct ov2_sa *sa);

/* xlate.c */
int ov2_xlate(const struct xfrm_state *x, struct ov2_add_sa *add, struct netlink_ext_ack *extack);
struct ov2_seq ov2_xlate_seq(const struct xfrm_state *x, enum ov2_dir dir);

/* xfrm.c */
extern const struct xfrmdev_ops ov2_xfrmdev_ops;

/* state.c */
struct xfrm_state *ov2_state_hold(const struct ov2_sa *sa);
u64 ov2_state_packets(const struct ov2_sa *sa);
void ov2_state_expire(struct ov2_sa *sa, void (*expire)(struct xfrm_state *x));
void ov2_state_expire_soft(struct xfrm_state *x);
void ov2_state_expire_hard(struct xfrm_state *x);

/* tx.c */
bool ov2_tx_offload_ok(struct sk_buff *skb, struct xfrm_state *x);
bool ov2_tx_usable(const struct ov2_sa *sa, const struct net_device *netdev);
struct ov2_port *ov2_port_of(const struct net_device *netdev);
#if IS_ENABLED(CONFIG_KUNIT)
u64 ov2_tx_seq(u32 header, u32 xo_low, u32 xo_high);
#endif

#endif /* __OV2_H */
