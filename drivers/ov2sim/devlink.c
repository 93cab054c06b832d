// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the devlink instance: info, reload, and the order of its parts. All of it runs under the
 * instance's lock.
 */

#include <net/devlink.h>

#include "ov2sim.h"

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

int ov2sim_devlink_init(struct devlink *devlink)
{
	struct ov2sim *sim = devlink_priv(devlink);
	int err;

	sim->ov2 = ov2_devlink_register(devlink, &ov2sim_ov2_devlink_ops, &ov2sim_caps,
					OV2SIM_SAS_MAX);
	if (IS_ERR(sim->ov2))
		return PTR_ERR(sim->ov2);
	err = ov2sim_params_register(devlink);
	if (err)
		goto err_ov2;
	err = devl_register(devlink);
	if (err)
		goto err_params;
	return 0;

err_params:
	ov2sim_params_unregister(devlink);
err_ov2:
	ov2_devlink_unregister(sim->ov2);
	return err;
}

void ov2sim_devlink_exit(struct devlink *devlink)
{
	struct ov2sim *sim = devlink_priv(devlink);

	devl_unregister(devlink);
	ov2sim_params_unregister(devlink);
	ov2_devlink_unregister(sim->ov2);
}
