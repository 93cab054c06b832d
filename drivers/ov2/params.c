// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: devlink parameters: the settings of the NIC, and a switch for each of its capabilities.
 *
 * All of it runs under the devlink instance's lock. The values survive a reload.
 */
#include <linux/string.h>
#include <linux/xarray.h>
#include "compat.h"
#include "devlink.h"
#include "ov2.h"

enum {
	OV2_PARAM_REQUEST_DEADLINE = OV2_DEVLINK_ID_BASE,
	OV2_PARAM_SA_WAITING_MAX,
	OV2_PARAM_SA_MAX_PER_PORT,
	OV2_PARAM_REQUESTS_MAX,
	OV2_PARAM_REPLAY_WINDOW_MAX,
	OV2_PARAM_SA_REOFFER,
	OV2_PARAM_SA_DELETE_REQ,
	OV2_PARAM_STACK_GSO,
	OV2_PARAM_PACKET_ADD_WAIT,
	OV2_PARAM_SWITCH,	/* the first of ov2_switches; the others follow */
};

/* The core's parts of all instances, by the address of the instance, because devlink gives the
 * callbacks of a parameter nothing else. An entry exists while its instance has the parameters.
 * Both ends of that, and the callbacks, have the instance's lock, so an entry that a callback finds
 * is valid until it returns.
 */
static DEFINE_XARRAY(ov2_devlinks);

static struct ov2_devlink *ov2_devlink_find(struct devlink *devlink)
{
	devl_assert_locked(devlink);
	return xa_load(&ov2_devlinks, (unsigned long)devlink);
}

static_assert(OV2_DEVLINK_ID_BASE > DEVLINK_PARAM_GENERIC_ID_MAX);

static const char * const ov2_delreq_names[] = {
	[OV2_DELREQ_DEMOTE] = "demote",
	[OV2_DELREQ_SOFT] = "soft",
	[OV2_DELREQ_HARD] = "hard",
};

#define OV2_SWITCH(_name, _member, _mask) \
	{ .name = (_name), .offset = offsetof(struct ov2_caps, _member), .mask = (_mask) }
#define OV2_SWITCH_CIPHER(_name, _cipher) \
	OV2_SWITCH(_name, ciphers[_cipher].key_lens, U32_MAX)
#define OV2_SWITCH_AUTH(_name, _auth) \
	OV2_SWITCH(_name, auths[_auth].key_lens, U32_MAX)

/* A switch is on if any bit of @mask is set in the word of struct ov2_caps at @offset. */
static const struct {
	const char *name;
	size_t offset;
	u32 mask;
} ov2_switches[] = {
	OV2_SWITCH("esp", features, OV2_CAP_ESP),
	OV2_SWITCH("packet", features, OV2_CAP_PACKET),
	OV2_SWITCH("esn", features, OV2_CAP_ESN),
	OV2_SWITCH("cross_family", features, OV2_CAP_CROSS_FAMILY),
	OV2_SWITCH("udp_in_ipv4", features, OV2_CAP_UDP_IN_IPV4),
	OV2_SWITCH("udp_out_ipv4", features, OV2_CAP_UDP_OUT_IPV4),
	OV2_SWITCH("udp_in_ipv6", features, OV2_CAP_UDP_IN_IPV6),
	OV2_SWITCH("udp_out_ipv6", features, OV2_CAP_UDP_OUT_IPV6),
	OV2_SWITCH("udp_lso", features, OV2_CAP_UDP_LSO),
	OV2_SWITCH("ipv4", families, BIT(OV2_IPV4)),
	OV2_SWITCH("ipv6", families, BIT(OV2_IPV6)),
	OV2_SWITCH("transport", modes, BIT(OV2_TRANSPORT)),
	OV2_SWITCH("tunnel", modes, BIT(OV2_TUNNEL)),
	OV2_SWITCH_CIPHER("null", OV2_CIPHER_NULL),
	OV2_SWITCH_CIPHER("aes_cbc", OV2_CIPHER_AES_CBC),
	OV2_SWITCH_CIPHER("aes_gcm", OV2_CIPHER_AES_GCM),
	OV2_SWITCH_CIPHER("aes_gmac", OV2_CIPHER_AES_GMAC),
	OV2_SWITCH_CIPHER("chacha20_poly1305", OV2_CIPHER_CHACHA20_POLY1305),
	OV2_SWITCH_AUTH("hmac_sha1", OV2_AUTH_HMAC_SHA1),
	OV2_SWITCH_AUTH("hmac_sha256", OV2_AUTH_HMAC_SHA256),
	OV2_SWITCH_AUTH("hmac_sha384", OV2_AUTH_HMAC_SHA384),
	OV2_SWITCH_AUTH("hmac_sha512", OV2_AUTH_HMAC_SHA512),
};

static bool ov2_switch_on(const struct ov2_caps *caps, unsigned int i)
{
	const u32 *word = (const void *)caps + ov2_switches[i].offset;

	return *word & ov2_switches[i].mask;
}

/* Returns the name of switch @i and its state in @on; NULL after the last switch. */
const char *ov2_params_switch(const struct ov2_caps *caps, unsigned int i, bool *on)
{
	if (i >= ARRAY_SIZE(ov2_switches))
		return NULL;
	*on = ov2_switch_on(caps, i);
	return ov2_switches[i].name;
}

static int ov2_param_set_switch(struct ov2_nic *nic, unsigned int i, bool on,
				struct netlink_ext_ack *extack)
{
	u32 mask = ov2_switches[i].mask;
	struct ov2_caps caps, hw;
	u32 *word = (void *)&caps + ov2_switches[i].offset;
	u32 *hw_word = (void *)&hw + ov2_switches[i].offset;

	ov2_nic_hw_caps(nic, &hw);
	ov2_nic_caps(nic, &caps);
	if (on && !ov2_switch_on(&hw, i)) {
		NL_SET_ERR_MSG_MOD(extack, "The hardware cannot do that");
		return -EINVAL;
	}
	*word &= ~mask;
	if (on)
		*word |= *hw_word & mask;
	return ov2_nic_set_caps(nic, &caps);
}

static int ov2_param_get(DEVLINK_PARAM_GET_ARGS)
{
	struct ov2_devlink *od = ov2_devlink_find(devlink);
	struct ov2_settings settings = od->settings;

	if (od->nic)
		ov2_settings_read(od->nic, &settings);
	switch (id) {
	case OV2_PARAM_REQUEST_DEADLINE:
		ctx->val.vu32 = settings.deadline;
		return 0;
	case OV2_PARAM_SA_WAITING_MAX:
		ctx->val.vu32 = settings.waiting_max;
		return 0;
	case OV2_PARAM_SA_MAX_PER_PORT:
		ctx->val.vu32 = settings.port_max;
		return 0;
	case OV2_PARAM_REQUESTS_MAX:
		ctx->val.vu32 = settings.caps.max_requests;
		return 0;
	case OV2_PARAM_REPLAY_WINDOW_MAX:
		ctx->val.vu32 = ov2_caps_window_max(&settings.caps);
		return 0;
	case OV2_PARAM_SA_REOFFER:
		ctx->val.vbool = settings.reoffer;
		return 0;
	case OV2_PARAM_STACK_GSO:
		ctx->val.vbool = settings.stack_gso;
		return 0;
	case OV2_PARAM_PACKET_ADD_WAIT:
		ctx->val.vbool = settings.packet_add_wait;
		return 0;
	case OV2_PARAM_SA_DELETE_REQ:
		strscpy(ctx->val.vstr, ov2_delreq_names[settings.policy], sizeof(ctx->val.vstr));
		return 0;
	default:
		ctx->val.vbool = ov2_switch_on(&settings.caps, id - OV2_PARAM_SWITCH);
		return 0;
	}
}

static int ov2_param_set_delreq(struct ov2_nic *nic, const char *name,
				struct netlink_ext_ack *extack)
{
	int policy = match_string(ov2_delreq_names, ARRAY_SIZE(ov2_delreq_names), name);

	if (policy < 0) {
		NL_SET_ERR_MSG_MOD(extack, "sa_delete_req must be demote, soft or hard");
		return -EINVAL;
	}
	ov2_nic_set_delreq_policy(nic, policy);
	return 0;
}

static int ov2_param_set_deadline(struct ov2_nic *nic, u32 msecs, struct netlink_ext_ack *extack)
{
	int err = ov2_nic_set_deadline(nic, msecs);

	if (err)
		NL_SET_ERR_MSG_MOD(extack, "request_deadline is out of range");
	return err;
}

static int ov2_param_set_requests(struct ov2_nic *nic, u32 requests,
				  struct netlink_ext_ack *extack)
{
	struct ov2_caps caps;
	int err;

	ov2_nic_caps(nic, &caps);
	caps.max_requests = requests;
	err = ov2_nic_set_caps(nic, &caps);
	if (err)
		NL_SET_ERR_MSG_MOD(extack, "requests_max is out of range");
	return err;
}

/* Enables all windows up to @max packets. */
static int ov2_param_set_window(struct ov2_nic *nic, u32 max, struct netlink_ext_ack *extack)
{
	u32 top = max ? BIT(fls(max) - 1) : 0;
	struct ov2_caps caps, hw;

	ov2_nic_hw_caps(nic, &hw);
	if (max > ov2_caps_window_max(&hw)) {
		NL_SET_ERR_MSG_MOD(extack, "The hardware does not support this replay window");
		return -EINVAL;
	}
	ov2_nic_caps(nic, &caps);
	caps.replay_windows = max ? hw.replay_windows & (top | (top - 1)) : 0;
	return ov2_nic_set_caps(nic, &caps);
}

static int ov2_param_set(struct devlink *devlink, u32 id, struct devlink_param_gset_ctx *ctx,
			 struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = ov2_devlink_find(devlink)->nic;

	if (!nic)
		return ov2_devlink_no_nic(extack);
	switch (id) {
	case OV2_PARAM_REQUEST_DEADLINE:
		return ov2_param_set_deadline(nic, ctx->val.vu32, extack);
	case OV2_PARAM_SA_WAITING_MAX:
		ov2_nic_set_waiting_max(nic, ctx->val.vu32);
		return 0;
	case OV2_PARAM_SA_MAX_PER_PORT:
		ov2_nic_set_port_max(nic, ctx->val.vu32);
		return 0;
	case OV2_PARAM_REQUESTS_MAX:
		return ov2_param_set_requests(nic, ctx->val.vu32, extack);
	case OV2_PARAM_REPLAY_WINDOW_MAX:
		return ov2_param_set_window(nic, ctx->val.vu32, extack);
	case OV2_PARAM_SA_REOFFER:
		ov2_nic_set_reoffer(nic, ctx->val.vbool);
		return 0;
	case OV2_PARAM_STACK_GSO:
		ov2_nic_set_stack_gso(nic, ctx->val.vbool);
		return 0;
	case OV2_PARAM_PACKET_ADD_WAIT:
		ov2_nic_set_packet_add_wait(nic, ctx->val.vbool);
		return 0;
	case OV2_PARAM_SA_DELETE_REQ:
		return ov2_param_set_delreq(nic, ctx->val.vstr, extack);
	default:
		return ov2_param_set_switch(nic, id - OV2_PARAM_SWITCH, ctx->val.vbool, extack);
	}
}

#define OV2_PARAM(_id, _name, _type)							\
	DEVLINK_PARAM_DRIVER(OV2_PARAM_ ## _id, _name, DEVLINK_PARAM_TYPE_ ## _type,	\
			     BIT(DEVLINK_PARAM_CMODE_RUNTIME), ov2_param_get,		\
			     ov2_param_set, NULL)

static const struct devlink_param ov2_params[] = {
	OV2_PARAM(REQUEST_DEADLINE, "request_deadline", U32),
	OV2_PARAM(SA_WAITING_MAX, "sa_waiting_max", U32),
	OV2_PARAM(SA_MAX_PER_PORT, "sa_max_per_port", U32),
	OV2_PARAM(REQUESTS_MAX, "requests_max", U32),
	OV2_PARAM(REPLAY_WINDOW_MAX, "replay_window_max", U32),
	OV2_PARAM(SA_REOFFER, "sa_reoffer", BOOL),
	OV2_PARAM(SA_DELETE_REQ, "sa_delete_req", STRING),
	OV2_PARAM(STACK_GSO, "stack_gso", BOOL),
	OV2_PARAM(PACKET_ADD_WAIT, "packet_add_wait", BOOL),
};

/* Filled from ov2_switches before the first instance is registered. */
static struct devlink_param ov2_switch_params[ARRAY_SIZE(ov2_switches)] __ro_after_init;

void __init ov2_params_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ov2_switches); i++)
		ov2_switch_params[i] = (struct devlink_param)
			OV2_PARAM(SWITCH + i, ov2_switches[i].name, BOOL);
}

/* Returns -EBUSY if the instance has the parameters already. */
int ov2_params_register(struct ov2_devlink *od)
{
	unsigned long index = (unsigned long)od->devlink;
	int err;

	err = xa_insert(&ov2_devlinks, index, od, GFP_KERNEL);
	if (err)
		return err;
	err = devl_params_register(od->devlink, ov2_params, ARRAY_SIZE(ov2_params));
	if (err)
		goto err_erase;
	err = devl_params_register(od->devlink, ov2_switch_params, ARRAY_SIZE(ov2_switch_params));
	if (err)
		goto err_params;
	return 0;

err_params:
	devl_params_unregister(od->devlink, ov2_params, ARRAY_SIZE(ov2_params));
err_erase:
	xa_erase(&ov2_devlinks, index);
	return err;
}

void ov2_params_unregister(struct ov2_devlink *od)
{
	devl_params_unregister(od->devlink, ov2_switch_params, ARRAY_SIZE(ov2_switch_params));
	devl_params_unregister(od->devlink, ov2_params, ARRAY_SIZE(ov2_params));
	xa_erase(&ov2_devlinks, (unsigned long)od->devlink);
}

void ov2_settings_read(struct ov2_nic *nic, struct ov2_settings *settings)
{
	settings->deadline = ov2_nic_deadline(nic);
	settings->waiting_max = ov2_nic_waiting_max(nic);
	settings->port_max = ov2_nic_port_max(nic);
	settings->policy = ov2_nic_delreq_policy(nic);
	settings->reoffer = ov2_nic_reoffer(nic);
	settings->stack_gso = ov2_nic_stack_gso(nic);
	settings->packet_add_wait = ov2_nic_packet_add_wait(nic);
	ov2_nic_caps(nic, &settings->caps);
	ov2_nic_hw_caps(nic, &settings->hw_caps);
}

static void ov2_settings_resize(struct ov2_caps *caps, const struct ov2_caps *hw)
{
	caps->max_sas = hw->max_sas;
	memcpy(caps->max_dir_sas, hw->max_dir_sas, sizeof(hw->max_dir_sas));
}

/* Gives a new NIC the settings of its predecessor, except for the size of the SA table, which a
 * reload may have changed. On other hardware all capabilities are on.
 */
void ov2_settings_restore(struct ov2_nic *nic, struct ov2_settings *settings)
{
	struct ov2_caps hw;

	ov2_nic_hw_caps(nic, &hw);
	ov2_settings_resize(&settings->caps, &hw);
	ov2_settings_resize(&settings->hw_caps, &hw);
	ov2_nic_set_deadline(nic, settings->deadline);
	ov2_nic_set_waiting_max(nic, settings->waiting_max);
	ov2_nic_set_port_max(nic, settings->port_max);
	ov2_nic_set_delreq_policy(nic, settings->policy);
	ov2_nic_set_reoffer(nic, settings->reoffer);
	ov2_nic_set_stack_gso(nic, settings->stack_gso);
	ov2_nic_set_packet_add_wait(nic, settings->packet_add_wait);
	if (ov2_caps_subset(&settings->hw_caps, &hw) && ov2_caps_subset(&hw, &settings->hw_caps))
		ov2_nic_set_caps(nic, &settings->caps);
}
