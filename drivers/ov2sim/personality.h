/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: personalities: the simulated NIC offloads what the NIC of another driver offloads. */
#ifndef __OV2SIM_PERSONALITY_H
#define __OV2SIM_PERSONALITY_H

#include <linux/types.h>

struct ov2_caps;
struct ov2sim_port;
struct xfrm_policy;
struct xfrm_state;

/**
 * struct ov2sim_state_rule - A reason for which a driver refuses a state.
 * @refuses: whether it refuses this state
 * @err: errno, negative
 * @text: sentence, with the name of the driver's module in front, as NL_SET_ERR_MSG_MOD() has it
 * @arg: what @refuses compares with, if that is not in the capabilities
 */
struct ov2sim_state_rule {
	bool (*refuses)(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg);
	int err;
	const char *text;
	u32 arg;
};

/**
 * struct ov2sim_policy_rule - A reason for which a driver refuses a policy.
 * @refuses: whether it refuses this policy
 * @err: errno, negative
 * @text: sentence, as in &struct ov2sim_state_rule
 */
struct ov2sim_policy_rule {
	bool (*refuses)(const struct ov2sim_port *port, const struct xfrm_policy *xp);
	int err;
	const char *text;
};

/**
 * struct ov2sim_personality - A NIC as its driver presents it to xfrm.
 * @name: value of the devlink parameter
 * @caps: what it can do
 * @table: SAs in its table; 0 if the admin chooses, with the resource ipsec_sa
 * @states: why its driver refuses states, in the driver's order; NULL if @caps say it all
 * @policies: why its driver refuses policies; NULL if it does not
 * @no_esn: its driver has no xdo_dev_state_advance_esn, so that xfrm refuses ESN in crypto mode
 * @no_policies: its driver has no xdo_dev_policy_add, so that xfrm refuses policies
 * @no_rx: its driver accepts inbound states, and its NIC decrypts nothing
 */
struct ov2sim_personality {
	const char *name;
	const struct ov2_caps *caps;
	u32 table;
	const struct ov2sim_state_rule *states;
	const struct ov2sim_policy_rule *policies;
	bool no_esn;
	bool no_policies;
	bool no_rx;
};

/* personality.c */
const struct ov2sim_personality *ov2sim_personality_find(const char *name);

/* xdo.c */
void ov2sim_xdo_init(struct ov2sim_port *port);

#endif /* __OV2SIM_PERSONALITY_H */
