// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: devlink parameters that only this NIC has, under the devlink instance's lock. The core
 * has those of any NIC.
 */

#include <net/devlink.h>

#include "compat.h"
#include "ov2sim.h"
#include "personality.h"

enum {
	OV2SIM_PARAM_BASE = DEVLINK_PARAM_GENERIC_ID_MAX,
	OV2SIM_PARAM_SA_WATERMARK,
	OV2SIM_PARAM_PERSONALITY,
};

/* After a failed reload there is no NIC; then this is what the next one will get. */
static int ov2sim_watermark_get(DEVLINK_PARAM_GET_ARGS)
{
	struct ov2sim *sim = devlink_priv(devlink);

	ctx->val.vu32 = sim->watermark;
	return 0;
}

static int ov2sim_watermark_set(struct devlink *devlink, u32 id,
				struct devlink_param_gset_ctx *ctx, struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_priv(devlink);

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
		return -ENODEV;
	}
	sim->watermark = ctx->val.vu32;
	ov2sim_hw_set_watermark(sim->hw, sim->watermark);
	return 0;
}

static int ov2sim_personality_validate(DEVLINK_PARAM_VALIDATE_ARGS)
{
	if (ov2sim_personality_find(ov2_param_value(val)->vstr))
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "There is no such personality");
	return -EINVAL;
}

static const struct devlink_param ov2sim_params[] = {
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_SA_WATERMARK, "sa_watermark", DEVLINK_PARAM_TYPE_U32,
			     BIT(DEVLINK_PARAM_CMODE_RUNTIME), ov2sim_watermark_get,
			     ov2sim_watermark_set, NULL),
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_PERSONALITY, "personality", DEVLINK_PARAM_TYPE_STRING,
			     BIT(DEVLINK_PARAM_CMODE_DRIVERINIT), NULL, NULL,
			     ov2sim_personality_validate),
};

int ov2sim_params_register(struct devlink *devlink)
{
	union devlink_param_value personality = { .vstr = "none" };
	int err;

	err = devl_params_register(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
	if (err)
		return err;
	ov2_param_init(devlink, OV2SIM_PARAM_PERSONALITY, &personality);
	return 0;
}

/* Read the parameters of mode driverinit, for a NIC that is about to be created. */
void ov2sim_params_read(struct devlink *devlink)
{
	struct ov2sim *sim = devlink_priv(devlink);
	union devlink_param_value value;

	if (!devl_param_driverinit_value_get(devlink, OV2SIM_PARAM_PERSONALITY, &value))
		sim->personality = ov2sim_personality_find(value.vstr);
}

void ov2sim_params_unregister(struct devlink *devlink)
{
	devl_params_unregister(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
}
