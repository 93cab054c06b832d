/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: what older kernels lack. The only place that knows of differences between kernels. */
#ifndef __OV2_COMPAT_H
#define __OV2_COMPAT_H

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

#endif /* __OV2_COMPAT_H */
