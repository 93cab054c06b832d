/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the declarations that its files share. */
#ifndef __OV2_H
#define __OV2_H

#include <linux/netlink.h>

#include "nic.h"
#include "sa.h"

/**
 * DOC: locking
 *
 * Order: x->lock, then &ov2_nic.lock, then the lock of the XArray and of the tables of unpaired
 * SAs. xfrm and the driver call with xfrm_cfg_mutex, rtnl or x->lock held. The core itself takes
 * neither rtnl nor the devlink lock nor xfrm_cfg_mutex, except that the work item which reports
 * errors takes the devlink lock, and nothing of the NIC waits for that. Only ov2_nic_unregister(),
 * which is called when no netdev is left, waits for the NIC, for a bounded time.
 * ov2_nic_reset_begin() waits for an op that submits a list, and ov2_nic_reset_done() for other
 * CPUs that complete one; the ops do not wait for the NIC, so both may be called under rtnl.
 *
 * &ov2_nic.lock is a BH spinlock. It is never held over an op, and never for more than OV2_SA_STEP
 * SAs: see ov2_sa_for_each(). xfrm calls delete and advance_esn with x->lock held and BH off. The
 * pump reads the keys and the sequence state of an SA, so it takes x->lock first and nic->lock
 * second, for one SA at a time.
 *
 * The send path in packet mode takes x->lock, with BH off: offload_ok to count a packet, and
 * ov2_tx_sa() to number it. The driver calls ov2_tx_sa() with the lock of its TX queue held, and
 * messages of netlink's that xfrm gives away under x->lock may be sent on by nlmon and tc. So
 * ov2_tx_sa() does not wait for x->lock. It does give such messages away itself, when somebody
 * listens to the numbers of an SA; tc must not lead those to a queue of the same port. The work
 * item that evicts SAs takes x->lock and nic->lock, but one after the other. ov2_policy_to_crypto()
 * takes x->lock and then nic->lock.
 *
 * An add in packet mode sleeps until the NIC has answered, with xfrm_cfg_mutex held. The wait is
 * killable and takes a request deadline at most. The NIC, a reset and ov2_nic_unregister() do not
 * wait for that mutex. unregister_netdevice() waits for the add, which has a reference on the
 * netdev, so ov2_port_event() ends the wait.
 *
 * Two locks are leaves, taken with BH off and never together. The first is ov2_held_lock in
 * rx_held.c; nothing is freed under it, so that the last put of a state does not happen within it.
 * The second is &struct ov2_sent.lock, which ndo_start_xmit() takes. ov2_rx() runs in NAPI and
 * takes nic->lock only for a SaDeleteReq, if the NIC keeps inferring wrong numbers for an SA, or to
 * queue an UPDATE_SA.
 *
 * Lifetimes: xfrm has a reference on &struct ov2_sa from add to free. The engine has one from add
 * until the NIC has nothing of the SA and xfrm has deleted it (OV2_SA_GONE). The last put erases
 * the SA from the XArray and frees it after a grace period. sa->x is not a reference: delete sets
 * it to NULL, and xfrm frees x after a grace period at the earliest. To use x, load it under RCU
 * and take a reference unless the count is zero: see ov2_state_hold(). Each SA has a reference on
 * its NIC.
 */

/* caps.c */
int ov2_caps_validate(const struct ov2_caps *caps);
bool ov2_caps_subset(const struct ov2_caps *caps, const struct ov2_caps *of);
int ov2_caps_check(const struct ov2_caps *caps, const struct ov2_traits *add,
		   struct netlink_ext_ack *extack);
bool ov2_caps_permit(const struct ov2_sa *sa);
bool ov2_caps_by_dir(const struct ov2_caps *caps);
u32 ov2_caps_window_max(const struct ov2_caps *caps);
void ov2_caps_adapt(const struct ov2_caps *caps, struct ov2_add_sa *add);
enum ov2_iv ov2_caps_iv(const struct ov2_caps *caps, enum ov2_iv iv);

/* xlate.c */
int ov2_xlate_traits(const struct xfrm_state *x, struct ov2_traits *traits,
		     struct netlink_ext_ack *extack);
int ov2_xlate(const struct xfrm_state *x, const struct ov2_traits *traits, struct ov2_add_sa *add);
void ov2_xlate_addr(struct in6_addr *to, const xfrm_address_t *from, u16 family);
void ov2_xlate_sel(const struct xfrm_selector *from, struct ov2_sel *to);
void ov2_xlate_iv_salt(const struct xfrm_state *x, u8 *salt);
struct ov2_seq ov2_xlate_seq(const struct xfrm_state *x, enum ov2_dir dir);

/* xfrm.c */
extern const struct xfrmdev_ops ov2_xfrmdev_ops;

/* state.c */
struct xfrm_state *ov2_state_hold(const struct ov2_sa *sa);
struct ov2_sa *ov2_state_sa(const struct xfrm_state *x);
u64 ov2_state_packets(const struct ov2_sa *sa);
bool ov2_state_new(const struct ov2_sa *sa);
void ov2_state_expire(struct ov2_sa *sa, void (*expire)(struct xfrm_state *x));
void ov2_state_expire_soft(struct xfrm_state *x);
void ov2_state_expire_hard(struct xfrm_state *x);

/* port.c */
int ov2_ports_init(void);
void ov2_ports_exit(void);

/* tx.c */
bool ov2_tx_offload_ok(struct sk_buff *skb, struct xfrm_state *x);
bool ov2_tx_usable(const struct ov2_sa *sa, const struct net_device *netdev);
struct ov2_port *ov2_port_of(const struct net_device *netdev);
u64 ov2_tx_seq(u32 header, u32 xo_low, u32 xo_high);

#endif /* __OV2_H */
