// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the devlink instance: info, the ipsec_sa resource and reload. All of it runs under the
 * instance's lock.
 */

#include <net/devlink.h>

#include "ov2sim.h"

enum {
	OV2SIM_RESOURCE_IPSEC_SA = 1,
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

static u64 ov2sim_sa_occupancy(void *priv)
{
	struct ov2sim *sim = priv;

	return sim->nic ? ov2_nic_occupancy(sim->nic) : 0;
}

/* The capacity that the admin has set. It takes effect at the next ov2sim_up(). */
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
	err = ov2sim_params_register(devlink);
	if (err)
		goto err_resource;
	err = ov2sim_health_init(devlink_priv(devlink));
	if (err)
		goto err_params;
	err = devl_register(devlink);
	if (err)
		goto err_health;
	devl_resource_occ_get_register(devlink, OV2SIM_RESOURCE_IPSEC_SA, ov2sim_sa_occupancy,
				       devlink_priv(devlink));
	return 0;

err_health:
	ov2sim_health_exit(devlink_priv(devlink));
err_params:
	ov2sim_params_unregister(devlink);
err_resource:
	devl_resources_unregister(devlink);
	return err;
}

void ov2sim_devlink_exit(struct devlink *devlink)
{
	devl_resource_occ_get_unregister(devlink, OV2SIM_RESOURCE_IPSEC_SA);
	devl_unregister(devlink);
	ov2sim_health_exit(devlink_priv(devlink));
	ov2sim_params_unregister(devlink);
	devl_resources_unregister(devlink);
}
