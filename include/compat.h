/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: differences between kernels. No other file tests kernel versions. */
#ifndef __OV2_COMPAT_H
#define __OV2_COMPAT_H

#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <net/devlink.h>

/* Kconfig's dependency does not apply out of tree. The core registers handlers for ESP in both
 * families.
 */
#if !IS_ENABLED(CONFIG_IPV6)
#error "ov2 needs a kernel with CONFIG_IPV6"
#endif

/* Stable kernels of 6.12 have these since some version between 6.12.95 and 6.12.117. */
#ifndef kzalloc_obj
#define kmalloc_obj(object, gfp) kmalloc(sizeof(object), gfp)
#define kzalloc_obj(object) kzalloc(sizeof(object), GFP_KERNEL)
#endif

/* The get callback of a devlink parameter got an extack shortly before this macro was added. */
#ifdef DEVLINK_PARAM_DRIVER_WITH_DEFAULTS
#define DEVLINK_PARAM_GET_ARGS \
	struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx, \
	struct netlink_ext_ack *extack
#else
#define DEVLINK_PARAM_GET_ARGS \
	struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx
#endif

/* A value of a parameter went by pointer from about then on. */
#ifdef DEVLINK_PARAM_DRIVER_WITH_DEFAULTS
#define DEVLINK_PARAM_VALIDATE_ARGS \
	struct devlink *devlink, u32 id, union devlink_param_value *val, \
	struct netlink_ext_ack *extack
#define ov2_param_value(val) (val)
#define ov2_param_init(devlink, id, val) devl_param_driverinit_value_set(devlink, id, val)
#else
#define DEVLINK_PARAM_VALIDATE_ARGS \
	struct devlink *devlink, u32 id, union devlink_param_value val, \
	struct netlink_ext_ack *extack
#define ov2_param_value(val) (&(val))
#define ov2_param_init(devlink, id, val) devl_param_driverinit_value_set(devlink, id, *(val))
#endif

/* The grace period of a health reporter moved from the call to the ops at about the same time.
 * Ours has none.
 */
#ifdef DEVLINK_PARAM_DRIVER_WITH_DEFAULTS
#define ov2_health_reporter_create(devlink, ops, priv) \
	devl_health_reporter_create(devlink, ops, priv)
#else
#define ov2_health_reporter_create(devlink, ops, priv) \
	devl_health_reporter_create(devlink, ops, 0, priv)
#endif

/* Newer kernels keep the settings of a NAPI instance, such as threaded, for the next one with the
 * same index. No macro came with this.
 */
static inline void ov2_napi_add_config(struct net_device *netdev, struct napi_struct *napi,
				       int (*poll)(struct napi_struct *, int), int index)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	netif_napi_add_config(netdev, napi, poll, index);
#else
	netif_napi_add(netdev, napi, poll);
#endif
}

/* Newer kernels pass the netdev to add, delete and free. On older ones add takes it from the state.
 * If a bond calls through, the state names the bond, and ov2 refuses that. Delete and free ignore
 * the netdev.
 */
#define ov2_xdo_shim_add(add)								\
	static int __maybe_unused add ## _compat(struct xfrm_state *x,			\
						 struct netlink_ext_ack *extack)	\
	{										\
		return add(x->xso.dev, x, extack);					\
	}
#define ov2_xdo_shims(delete, free)							\
	static void __maybe_unused delete ## _compat(struct xfrm_state *x)		\
	{										\
		delete(NULL, x);							\
	}										\
	static void __maybe_unused free ## _compat(struct xfrm_state *x)		\
	{										\
		free(NULL, x);								\
	}
/* Choose @fn or its shim, whichever has the type of @member. */
#define ov2_xdo_fn(member, fn)								\
	__builtin_choose_expr(__same_type(typeof_member(struct xfrmdev_ops, member),		\
					  &fn ## _compat), fn ## _compat, fn)

/* Newer kernels guard the ops of some devices by a lock of each device. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#include <net/netdev_lock.h>
#else
static inline void netdev_lock_ops(struct net_device *netdev)
{
}

static inline void netdev_unlock_ops(struct net_device *netdev)
{
}
#endif

/* Some time after this macro was added, xfrm began to choose a state's offload type apart from its
 * initialisation. This is for code that creates states; it includes <net/xfrm.h> first.
 */
#ifdef XFRM_PROTO_IPTFS
#define ov2_init_state(x) ov2_init_state_with(x, xfrm_init_state, xfrm_set_type_offload)
static inline int ov2_init_state_with(struct xfrm_state *x,
				      int (*init)(struct xfrm_state *x,
						  struct netlink_ext_ack *extack),
				      void (*set)(struct xfrm_state *x, bool try_load))
{
	int err = init(x, NULL);

	if (!err)
		set(x, true);
	return err;
}
#else
#define ov2_init_state(x) xfrm_init_state(x)
#endif

#endif /* __OV2_COMPAT_H */
