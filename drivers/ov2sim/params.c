// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: devlink parameters: the settings of the NIC, and a switch for each of its capabilities.
 *
 * All of it runs under the devlink instance's lock. The values survive a reload.
 */

#include <linux/string.h>
#include <net/devlink.h>

#include "compat.h"
#include "ov2sim.h"

enum {
	OV2SIM_PARAM_BASE = DEVLINK_PARAM_GENERIC_ID_MAX,
	OV2SIM_PARAM_REQUEST_DEADLINE,
	OV2SIM_PARAM_SA_WAITING_MAX,
	OV2SIM_PARAM_SA_MAX_PER_PORT,
	OV2SIM_PARAM_REQUESTS_MAX,
	OV2SIM_PARAM_REPLAY_WINDOW_MAX,
	OV2SIM_PARAM_SA_WATERMARK,
	OV2SIM_PARAM_SA_REOFFER,
	OV2SIM_PARAM_SA_DELETE_REQ,
	OV2SIM_PARAM_STACK_GSO,
	OV2SIM_PARAM_SWITCH,	/* the first of ov2sim_switches; the others follow */
};

static const char * const ov2sim_delreq_names[] = {
	[OV2_DELREQ_DEMOTE] = "demote",
	[OV2_DELREQ_SOFT] = "soft",
	[OV2_DELREQ_HARD] = "hard",
};

#define OV2SIM_SWITCH(_name, _member, _mask) \
	{ .name = (_name), .offset = offsetof(struct ov2_caps, _member), .mask = (_mask) }
#define OV2SIM_SWITCH_CIPHER(_name, _cipher) \
	OV2SIM_SWITCH(_name, ciphers[_cipher].key_lens, U32_MAX)
#define OV2SIM_SWITCH_AUTH(_name, _auth) \
	OV2SIM_SWITCH(_name, auths[_auth].key_lens, U32_MAX)

/* A switch is on if any bit of @mask is set in the word of struct ov2_caps at @offset. */
static const struct {
	const char *name;
	size_t offset;
	u32 mask;
} ov2sim_switches[] = {
	OV2SIM_SWITCH("esp", features, OV2_CAP_ESP),
	OV2SIM_SWITCH("esn", features, OV2_CAP_ESN),
	OV2SIM_SWITCH("cross_family", features, OV2_CAP_CROSS_FAMILY),
	OV2SIM_SWITCH("udp_in_ipv4", features, OV2_CAP_UDP_IN_IPV4),
	OV2SIM_SWITCH("udp_out_ipv4", features, OV2_CAP_UDP_OUT_IPV4),
	OV2SIM_SWITCH("udp_in_ipv6", features, OV2_CAP_UDP_IN_IPV6),
	OV2SIM_SWITCH("udp_out_ipv6", features, OV2_CAP_UDP_OUT_IPV6),
	OV2SIM_SWITCH("udp_lso", features, OV2_CAP_UDP_LSO),
	OV2SIM_SWITCH("ipv4", families, BIT(OV2_IPV4)),
	OV2SIM_SWITCH("ipv6", families, BIT(OV2_IPV6)),
	OV2SIM_SWITCH("transport", modes, BIT(OV2_TRANSPORT)),
	OV2SIM_SWITCH("tunnel", modes, BIT(OV2_TUNNEL)),
	OV2SIM_SWITCH_CIPHER("null", OV2_CIPHER_NULL),
	OV2SIM_SWITCH_CIPHER("aes_cbc", OV2_CIPHER_AES_CBC),
	OV2SIM_SWITCH_CIPHER("aes_gcm", OV2_CIPHER_AES_GCM),
	OV2SIM_SWITCH_CIPHER("aes_gmac", OV2_CIPHER_AES_GMAC),
	OV2SIM_SWITCH_CIPHER("chacha20_poly1305", OV2_CIPHER_CHACHA20_POLY1305),
	OV2SIM_SWITCH_AUTH("hmac_sha1", OV2_AUTH_HMAC_SHA1),
	OV2SIM_SWITCH_AUTH("hmac_sha256", OV2_AUTH_HMAC_SHA256),
	OV2SIM_SWITCH_AUTH("hmac_sha384", OV2_AUTH_HMAC_SHA384),
	OV2SIM_SWITCH_AUTH("hmac_sha512", OV2_AUTH_HMAC_SHA512),
};

static u32 *ov2sim_switch_word(struct ov2_caps *caps, unsigned int i)
{
	return (void *)caps + ov2sim_switches[i].offset;
}

static bool ov2sim_switch_on(struct ov2_caps *caps, unsigned int i)
{
	return *ov2sim_switch_word(caps, i) & ov2sim_switches[i].mask;
}

/* Return the name of switch @i and its state in @on; NULL after the last switch. */
const char *ov2sim_params_switch(struct ov2_caps *caps, unsigned int i, bool *on)
{
	if (i >= ARRAY_SIZE(ov2sim_switches))
		return NULL;
	*on = ov2sim_switch_on(caps, i);
	return ov2sim_switches[i].name;
}

/* Return the largest replay window, or 0. */
u32 ov2sim_params_window_max(const struct ov2_caps *caps)
{
	return caps->replay_windows ? BIT(fls(caps->replay_windows) - 1) : 0;
}

static int ov2sim_switch_set(struct ov2sim *sim, unsigned int i, bool on,
			     struct netlink_ext_ack *extack)
{
	u32 mask = ov2sim_switches[i].mask;
	struct ov2_caps caps, hw;

	ov2_nic_hw_caps(sim->nic, &hw);
	ov2_nic_caps(sim->nic, &caps);
	if (on && !ov2sim_switch_on(&hw, i)) {
		NL_SET_ERR_MSG_MOD(extack, "The hardware cannot do that");
		return -EINVAL;
	}
	*ov2sim_switch_word(&caps, i) &= ~mask;
	if (on)
		*ov2sim_switch_word(&caps, i) |= *ov2sim_switch_word(&hw, i) & mask;
	return ov2_nic_set_caps(sim->nic, &caps);
}

static int ov2sim_param_get(DEVLINK_PARAM_GET_ARGS)
{
	struct ov2sim *sim = devlink_priv(devlink);
	struct ov2sim_settings settings;

	ov2sim_settings_get(sim, &settings);
	switch (id) {
	case OV2SIM_PARAM_REQUEST_DEADLINE:
		ctx->val.vu32 = settings.deadline;
		return 0;
	case OV2SIM_PARAM_SA_WAITING_MAX:
		ctx->val.vu32 = settings.waiting_max;
		return 0;
	case OV2SIM_PARAM_SA_MAX_PER_PORT:
		ctx->val.vu32 = settings.port_max;
		return 0;
	case OV2SIM_PARAM_REQUESTS_MAX:
		ctx->val.vu32 = settings.caps.max_requests;
		return 0;
	case OV2SIM_PARAM_REPLAY_WINDOW_MAX:
		ctx->val.vu32 = ov2sim_params_window_max(&settings.caps);
		return 0;
	case OV2SIM_PARAM_SA_WATERMARK:
		ctx->val.vu32 = settings.watermark;
		return 0;
	case OV2SIM_PARAM_SA_REOFFER:
		ctx->val.vbool = settings.reoffer;
		return 0;
	case OV2SIM_PARAM_STACK_GSO:
		ctx->val.vbool = settings.stack_gso;
		return 0;
	case OV2SIM_PARAM_SA_DELETE_REQ:
		strscpy(ctx->val.vstr, ov2sim_delreq_names[settings.policy],
			sizeof(ctx->val.vstr));
		return 0;
	default:
		ctx->val.vbool = ov2sim_switch_on(&settings.caps, id - OV2SIM_PARAM_SWITCH);
		return 0;
	}
}

static int ov2sim_param_set_delreq(struct ov2sim *sim, const char *name,
				   struct netlink_ext_ack *extack)
{
	int policy = match_string(ov2sim_delreq_names, ARRAY_SIZE(ov2sim_delreq_names), name);

	if (policy < 0) {
		NL_SET_ERR_MSG_MOD(extack, "sa_delete_req must be demote, soft or hard");
		return -EINVAL;
	}
	ov2_nic_set_delreq_policy(sim->nic, policy);
	return 0;
}

/* All sizes of windows up to @max. */
static u32 ov2sim_windows_to(u32 max)
{
	return max ? BIT(fls(max) - 1) | (BIT(fls(max) - 1) - 1) : 0;
}

static int ov2sim_param_set_limits(struct ov2sim *sim, u32 id, u32 value,
				   struct netlink_ext_ack *extack)
{
	struct ov2_caps caps, hw;
	int err;

	ov2_nic_hw_caps(sim->nic, &hw);
	if (id == OV2SIM_PARAM_REPLAY_WINDOW_MAX && value > ov2sim_params_window_max(&hw)) {
		NL_SET_ERR_MSG_MOD(extack, "The hardware does not support this replay window");
		return -EINVAL;
	}
	ov2_nic_caps(sim->nic, &caps);
	if (id == OV2SIM_PARAM_REQUESTS_MAX)
		caps.max_requests = value;
	else
		caps.replay_windows = hw.replay_windows & ov2sim_windows_to(value);
	err = ov2_nic_set_caps(sim->nic, &caps);
	if (err)
		NL_SET_ERR_MSG_MOD(extack, "requests_max is out of range");
	return err;
}

static int ov2sim_param_set(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx,
			    struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_priv(devlink);
	int err;

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
		return -ENODEV;
	}
	switch (id) {
	case OV2SIM_PARAM_REQUEST_DEADLINE:
		err = ov2_nic_set_deadline(sim->nic, ctx->val.vu32);
		if (err)
			NL_SET_ERR_MSG_MOD(extack, "request_deadline is out of range");
		return err;
	case OV2SIM_PARAM_SA_WAITING_MAX:
		ov2_nic_set_waiting_max(sim->nic, ctx->val.vu32);
		return 0;
	case OV2SIM_PARAM_SA_MAX_PER_PORT:
		ov2_nic_set_port_max(sim->nic, ctx->val.vu32);
		return 0;
	case OV2SIM_PARAM_REQUESTS_MAX:
	case OV2SIM_PARAM_REPLAY_WINDOW_MAX:
		return ov2sim_param_set_limits(sim, id, ctx->val.vu32, extack);
	case OV2SIM_PARAM_SA_WATERMARK:
		ov2sim_hw_set_watermark(sim->hw, ctx->val.vu32);
		return 0;
	case OV2SIM_PARAM_SA_REOFFER:
		ov2_nic_set_reoffer(sim->nic, ctx->val.vbool);
		return 0;
	case OV2SIM_PARAM_STACK_GSO:
		ov2_nic_set_stack_gso(sim->nic, ctx->val.vbool);
		return 0;
	case OV2SIM_PARAM_SA_DELETE_REQ:
		return ov2sim_param_set_delreq(sim, ctx->val.vstr, extack);
	default:
		return ov2sim_switch_set(sim, id - OV2SIM_PARAM_SWITCH, ctx->val.vbool, extack);
	}
}

#define OV2SIM_PARAM(_id, _name, _type)							\
	DEVLINK_PARAM_DRIVER(OV2SIM_PARAM_ ## _id, _name, DEVLINK_PARAM_TYPE_ ## _type,	\
			     BIT(DEVLINK_PARAM_CMODE_RUNTIME), ov2sim_param_get,	\
			     ov2sim_param_set, NULL)

static const struct devlink_param ov2sim_params[] = {
	OV2SIM_PARAM(REQUEST_DEADLINE, "request_deadline", U32),
	OV2SIM_PARAM(SA_WAITING_MAX, "sa_waiting_max", U32),
	OV2SIM_PARAM(SA_MAX_PER_PORT, "sa_max_per_port", U32),
	OV2SIM_PARAM(REQUESTS_MAX, "requests_max", U32),
	OV2SIM_PARAM(REPLAY_WINDOW_MAX, "replay_window_max", U32),
	OV2SIM_PARAM(SA_WATERMARK, "sa_watermark", U32),
	OV2SIM_PARAM(SA_REOFFER, "sa_reoffer", BOOL),
	OV2SIM_PARAM(SA_DELETE_REQ, "sa_delete_req", STRING),
	OV2SIM_PARAM(STACK_GSO, "stack_gso", BOOL),
};

/* Filled from ov2sim_switches before the first device is created. */
static struct devlink_param ov2sim_switch_params[ARRAY_SIZE(ov2sim_switches)] __ro_after_init;

void __init ov2sim_params_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ov2sim_switches); i++)
		ov2sim_switch_params[i] = (struct devlink_param)
			OV2SIM_PARAM(SWITCH + i, ov2sim_switches[i].name, BOOL);
}

int ov2sim_params_register(struct devlink *devlink)
{
	int err;

	err = devl_params_register(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
	if (err)
		return err;
	err = devl_params_register(devlink, ov2sim_switch_params,
				   ARRAY_SIZE(ov2sim_switch_params));
	if (err)
		goto err_params;
	return 0;

err_params:
	devl_params_unregister(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
	return err;
}

void ov2sim_params_unregister(struct devlink *devlink)
{
	devl_params_unregister(devlink, ov2sim_switch_params, ARRAY_SIZE(ov2sim_switch_params));
	devl_params_unregister(devlink, ov2sim_params, ARRAY_SIZE(ov2sim_params));
}

/* Read the settings of the NIC. After a failed reload there is no NIC; then return those that the
 * next one will get.
 */
void ov2sim_settings_get(struct ov2sim *sim, struct ov2sim_settings *settings)
{
	if (!sim->nic) {
		*settings = sim->settings;
		return;
	}
	settings->deadline = ov2_nic_deadline(sim->nic);
	settings->waiting_max = ov2_nic_waiting_max(sim->nic);
	settings->port_max = ov2_nic_port_max(sim->nic);
	settings->policy = ov2_nic_delreq_policy(sim->nic);
	settings->reoffer = ov2_nic_reoffer(sim->nic);
	settings->stack_gso = ov2_nic_stack_gso(sim->nic);
	settings->watermark = ov2sim_hw_watermark(sim->hw);
	ov2_nic_caps(sim->nic, &settings->caps);
}

/* Give a new NIC the settings of its predecessor, except for the size of the SA table, which a
 * reload may have changed.
 */
void ov2sim_settings_restore(struct ov2sim *sim)
{
	struct ov2sim_settings *settings = &sim->settings;
	struct ov2_caps hw;

	ov2_nic_hw_caps(sim->nic, &hw);
	settings->caps.max_sas = hw.max_sas;
	ov2_nic_set_deadline(sim->nic, settings->deadline);
	ov2_nic_set_waiting_max(sim->nic, settings->waiting_max);
	ov2_nic_set_port_max(sim->nic, settings->port_max);
	ov2_nic_set_delreq_policy(sim->nic, settings->policy);
	ov2_nic_set_reoffer(sim->nic, settings->reoffer);
	ov2_nic_set_stack_gso(sim->nic, settings->stack_gso);
	ov2sim_hw_set_watermark(sim->hw, settings->watermark);
	ov2_nic_set_caps(sim->nic, &settings->caps);
}
