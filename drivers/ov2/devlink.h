/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: its part of a NIC's devlink instance. */
#ifndef __OV2_DEVLINK_H
#define __OV2_DEVLINK_H

#include <linux/workqueue.h>
#include <net/devlink.h>
#include <net/ov2.h>

/**
 * struct ov2_settings - Values of the devlink parameters.
 * @deadline: request_deadline
 * @waiting_max: sa_waiting_max
 * @port_max: sa_max_per_port
 * @policy: sa_delete_req
 * @reoffer: sa_reoffer
 * @stack_gso: stack_gso
 * @packet_add_wait: packet_add_wait
 * @caps: all other parameters
 * @hw_caps: what the hardware can do that they are for
 */
struct ov2_settings {
	u32 deadline;
	u32 waiting_max;
	u32 port_max;
	enum ov2_delreq_policy policy;
	bool reoffer;
	bool stack_gso;
	bool packet_add_wait;
	struct ov2_caps caps;
	struct ov2_caps hw_caps;
};

/**
 * struct ov2_devlink - The core's part of a devlink instance, under the instance's lock.
 * @devlink: the instance
 * @ops: the driver's
 * @nic: the NIC that exists at the moment, or NULL
 * @settings: settings of the previous @nic, which the next one gets
 * @kept: @settings are valid
 * @reporter: the health reporter
 * @report: message for @report_work; no lock
 * @report_work: passes an error on to @reporter
 */
struct ov2_devlink {
	struct devlink *devlink;
	const struct ov2_devlink_ops *ops;
	struct ov2_nic *nic;
	struct ov2_settings settings;
	bool kept;
	struct devlink_health_reporter *reporter;
	const char *report;
	struct work_struct report_work;
};

static inline int ov2_devlink_no_nic(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
	return -ENODEV;
}

/* params.c */
void ov2_params_init(void);
int ov2_params_register(struct ov2_devlink *od);
void ov2_params_unregister(struct ov2_devlink *od);
const char *ov2_params_switch(const struct ov2_caps *caps, unsigned int i, bool *on);
void ov2_settings_read(struct ov2_nic *nic, struct ov2_settings *settings);
void ov2_settings_restore(struct ov2_nic *nic, struct ov2_settings *settings);

/* health.c */
int ov2_health_init(struct ov2_devlink *od);
void ov2_health_exit(struct ov2_devlink *od);

#endif /* __OV2_DEVLINK_H */
