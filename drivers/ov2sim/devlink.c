// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the devlink instance: info, the ipsec_sa resource, parameters and reload.
 *
 * Everything here runs under the instance's lock.
 */

#include <net/devlink.h>

#include "compat.h"
#include "ov2sim.h"

enum {
	OV2SIM_RESOURCE_IPSEC_SA = 1,
};

enum {
	OV2SIM_PARAM_BASE = DEVLINK_PARAM_GENERIC_ID_MAX,
	OV2SIM_PARAM_REQUEST_DEADLINE,
	OV2SIM_PARAM_SA_WAITING_MAX,
	OV2SIM_PARAM_REQUESTS_MAX,
};

static int ov2sim_info_get(struct devlink *devlink, struct devlink_info_req *req,
			   struct netlink_ext_ack *extack)
{
	int err;

	err = devlink_info_version_fixed_put(req, DEVLINK_INFO_VERSION_GENERIC_BOARD_ID,
					     OV2SIM_NAME);
	if (err)
		return err;
	return devlink_info_version_running_put(req, DEVLINK_INFO_VERSION_GENERIC_FW, "1.0");
}

static int ov2sim_reload_down(struct devlink *devlink, bool netns_change,
			      enum devlink_reload_action action, enum devlink_reload_limit limit,
			      struct netlink_ext_ack *extack)
{
	ov2sim_down(devlink_priv(devlink));
	return 0;
}

static int ov2sim_reload_up(struct devlink *devlink, enum devlink_reload_action action,
			    enum devlink_reload_limit limit, u32 *actions_performed,
			    struct netlink_ext_ack *extack)
{
	int err;

	err = ov2sim_up(devlink_priv(devlink), extack);
	if (err)
		return err;
	*actions_performed = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	return 0;
}

const struct devlink_ops ov2sim_devlink_ops = {
	.reload_actions = BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT),
	.reload_down = ov2sim_reload_down,
	.reload_up = ov2sim_reload_up,
	.info_get = ov2sim_info_get,
};

/*
 * Without a NIC, after a reload that failed, the parameters are those that the next one will
 * start with.
 */
static int ov2sim_param_get(DEVLINK_PARAM_GET_ARGS)
{
	struct ov2sim *sim = devlink_priv(devlink);
	struct ov2_caps caps;

	switch (id) {
	case OV2SIM_PARAM_REQUEST_DEADLINE:
		ctx->val.vu32 = sim->nic ? ov2_nic_deadline(sim->nic) : sim->deadline;
		return 0;
	case OV2SIM_PARAM_SA_WAITING_MAX:
		ctx->val.vu32 = sim->nic ? ov2_nic_waiting_max(sim->nic) : sim->waiting_max;
		return 0;
	case OV2SIM_PARAM_REQUESTS_MAX:
		if (!sim->nic)
			return -ENODEV;
		ov2_nic_caps(sim->nic, &caps);
		ctx->val.vu32 = caps.max_requests;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int ov2sim_param_set(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx,
			    struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_priv(devlink);
	struct ov2_caps caps;
	int err;

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "There is no NIC, the last reload failed");
		return -ENODEV;
	}
	switch (id) {
	case OV2SIM_PARAM_REQUEST_DEADLINE:
		err = ov2_nic_set_deadline(sim->nic, ctx->val.vu32);
		if (err)
			NL_SET_ERR_MSG_MOD(extack, "The deadline in milliseconds is out of range");
		return err;
	case OV2SIM_PARAM_SA_WAITING_MAX:
		ov2_nic_set_waiting_max(sim->nic, ctx->val.vu32);
		return 0;
	case OV2SIM_PARAM_REQUESTS_MAX:
		ov2_nic_caps(sim->nic, &caps);
		caps.max_requests = ctx->val.vu32;
		err = ov2_nic_set_caps(sim->nic, &caps);
		if (err)
			NL_SET_ERR_MSG_MOD(extack, "The number of requests is out of range");
		return err;
	default:
		return -EOPNOTSUPP;
	}
}

static const struct devlink_param ov2sim_params[] = {
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_REQUEST_DEADLINE, "request_deadline",
			     DEVLINK_PARAM_TYPE_U32, BIT(DEVLINK_PARAM_CMODE_RUNTIME),
			     ov2sim_param_get, ov2sim_param_set, NULL),
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_SA_WAITING_MAX, "sa_waiting_max",
			     DEVLINK_PARAM_TYPE_U32, BIT(DEVLINK_PARAM_CMODE_RUNTIME),
			     ov2sim_param_get, ov2sim_param_set, NULL),
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_REQUESTS_MAX, "requests_max",
			     DEVLINK_PARAM_TYPE_U32, BIT(DEVLINK_PARAM_CMODE_RUNTIME),
			     ov2sim_param_get, ov2sim_param_set, NULL),
};

static u64 ov2sim_sa_occupancy(void *priv)
{
	struct ov2sim *sim = priv;

	return sim->nic ? ov2_nic_occupancy(sim->nic) : 0;
}

/* The capacity that the admin wants: it counts from the next ov2sim_up() on. */
u32 ov2sim_devlink_max_sas(struct devlink *devlink)
{
	u64 size;

	if (devl_resource_size_get(devlink, OV2SIM_RESOURCE_IPSEC_SA, &size))
		return OV2SIM_SAS_DEFAULT;
	return size;
}

int ov2sim_devlink_init(struct devlink *devlink)
{
	struct devlink_resource_size_params params;
	int err;

	devlink_resource_size_params_init(&params, 1, OV2SIM_SAS_MAX, 1,
					  DEVLINK_RESOURCE_UNIT_ENTRY);
	err = devl_resource_register(devlink, "ipsec_sa", OV2SIM_SAS_DEFAULT,
				     OV2SIM_RESOURCE_IPSEC_SA, DEVLINK_RESOURCE_ID_PARENT_TOP,
				     &params);
	if (err)
		return err;
	err = devl_params_register(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
	if (err)
		goto err_resource;
	err = devl_register(devlink);
	if (err)
		goto err_params;
	devl_resource_occ_get_register(devlink, OV2SIM_RESOURCE_IPSEC_SA, ov2sim_sa_occupancy,
				       devlink_priv(devlink));
	return 0;

err_params:
	devl_params_unregister(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
err_resource:
	devl_resources_unregister(devlink);
	return err;
}

void ov2sim_devlink_exit(struct devlink *devlink)
{
	devl_resource_occ_get_unregister(devlink, OV2SIM_RESOURCE_IPSEC_SA);
	devl_unregister(devlink);
	devl_params_unregister(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
	devl_resources_unregister(devlink);
}
