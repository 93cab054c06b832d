/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: what older kernels lack. The only place that knows of differences between kernels. */
#ifndef __OV2_COMPAT_H
#define __OV2_COMPAT_H

#include <linux/netdevice.h>
#include <net/devlink.h>

/* A devlink parameter got an extack in its get callback a bit before this macro came. */
#ifdef DEVLINK_PARAM_DRIVER_WITH_DEFAULTS
#define DEVLINK_PARAM_GET_ARGS \
	struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx, \
	struct netlink_ext_ack *extack
#else
#define DEVLINK_PARAM_GET_ARGS \
	struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx
#endif

/* So did a health reporter's grace period move from the call to its ops; ours has none. */
#ifdef DEVLINK_PARAM_DRIVER_WITH_DEFAULTS
#define ov2_health_reporter_create(devlink, ops, priv) \
	devl_health_reporter_create(devlink, ops, priv)
#else
#define ov2_health_reporter_create(devlink, ops, priv) \
	devl_health_reporter_create(devlink, ops, 0, priv)
#endif

/* xfrm came to name the netdev in add, delete and free. Before, add finds it in the state, where a
 * bond that calls through has its own, which ov2 then refuses; delete and free do not look at it.
 */
#define ov2_xdo_protos(add)								\
	static int add(struct net_device *netdev, struct xfrm_state *x,			\
		       struct netlink_ext_ack *extack);					\
	static int add ## _compat(struct xfrm_state *x, struct netlink_ext_ack *extack)
#define ov2_xdo_shims(add, delete, free)						\
	static int __maybe_unused add ## _compat(struct xfrm_state *x,			\
						 struct netlink_ext_ack *extack)	\
	{										\
		return add(x->xso.dev, x, extack);					\
	}										\
	static void __maybe_unused delete ## _compat(struct xfrm_state *x)		\
	{										\
		delete(NULL, x);							\
	}										\
	static void __maybe_unused free ## _compat(struct xfrm_state *x)		\
	{										\
		free(NULL, x);								\
	}
/* Whichever of @fn and its shim is of the type of @member. */
#define ov2_xdo_fn(member, fn)								\
	__builtin_choose_expr(__same_type(typeof_member(struct xfrmdev_ops, member),		\
					  &fn ## _compat), fn ## _compat, fn)

/* xfrm came to choose a state's offload type apart from its initialisation, some time after this
 * macro. For those who make states, and have included <net/xfrm.h> before.
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
