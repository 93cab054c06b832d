// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the devlink health reporter "ipsec": errors, capabilities, and a dump of requests and
 * counters and of what the driver adds, without keys. Recovery is a reset, which is the driver's.
 *
 * Errors are reported from interrupts and resets, which must not wait for devlink's lock, so a work
 * item passes them on. Everything else runs under the instance's lock.
 */
#include "compat.h"
#include "devlink.h"
#include "ov2.h"

/* Requests in a dump. devlink keeps it in memory until the admin clears it. */
#define OV2_HEALTH_REQUESTS	16

static void ov2_health_work(struct work_struct *work)
{
	struct ov2_devlink *od = container_of(work, struct ov2_devlink, report_work);

	devlink_health_report(od->reporter, READ_ONCE(od->report), od);
}

/**
 * ov2_devlink_report - report an error of the NIC to devlink
 * @od: the core's part of the instance
 * @report: message, a constant
 *
 * This does not reset the NIC: a driver that reports an error resets it without being asked. For
 * the report devlink has &struct ov2_devlink_ops.reset_wait called, unless the admin has turned
 * that off.
 *
 * Context: any.
 */
void ov2_devlink_report(struct ov2_devlink *od, const char *report)
{
	WRITE_ONCE(od->report, report);
	schedule_work(&od->report_work);
}
EXPORT_SYMBOL_GPL(ov2_devlink_report);

/**
 * ov2_devlink_quiesce - pass no report on any longer
 * @od: the core's part of the instance
 *
 * To be called before ov2_devlink_unregister(). A later ov2_devlink_report() has no effect.
 *
 * Context: process, without devlink's lock, for which a report may be waiting.
 */
void ov2_devlink_quiesce(struct ov2_devlink *od)
{
	disable_work_sync(&od->report_work);
}
EXPORT_SYMBOL_GPL(ov2_devlink_quiesce);

/**
 * ov2_devlink_put_u64 - put a name and a 64-bit number into a health message
 * @fmsg: the message
 * @name: the name
 * @value: the number
 *
 * On architectures that need aligned 64-bit numbers devlink pads them, and iproute2 takes the
 * padding for the end of the dump. There the number is put as text.
 *
 * Context: process.
 */
void ov2_devlink_put_u64(struct devlink_fmsg *fmsg, const char *name, u64 value)
{
	char text[24];

	if (IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)) {
		devlink_fmsg_u64_pair_put(fmsg, name, value);
		return;
	}
	scnprintf(text, sizeof(text), "%llu", value);
	devlink_fmsg_string_pair_put(fmsg, name, text);
}
EXPORT_SYMBOL_GPL(ov2_devlink_put_u64);

/* The driver resets the NIC whenever an error is reported, so a recovery with @priv_ctx, which
 * devlink calls for a report, only waits for that reset. A second reset would undo what the core
 * has restored. A recovery that the admin asks for resets the NIC.
 */
static int ov2_health_recover(struct devlink_health_reporter *reporter, void *priv_ctx,
			      struct netlink_ext_ack *extack)
{
	struct ov2_devlink *od = devlink_health_reporter_priv(reporter);

	if (!od->nic)
		return ov2_devlink_no_nic(extack);
	return priv_ctx ? od->ops->reset_wait(od->nic) : od->ops->reset(od->nic);
}

static void ov2_health_put_caps(struct devlink_fmsg *fmsg, const char *name,
				const struct ov2_caps *caps)
{
	const char *what;
	unsigned int i;
	bool on;

	devlink_fmsg_pair_nest_start(fmsg, name);
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_u32_pair_put(fmsg, "sas_max", caps->max_sas);
	if (caps->max_dir_sas[OV2_IN])
		devlink_fmsg_u32_pair_put(fmsg, "sas_in_max", caps->max_dir_sas[OV2_IN]);
	if (caps->max_dir_sas[OV2_OUT])
		devlink_fmsg_u32_pair_put(fmsg, "sas_out_max", caps->max_dir_sas[OV2_OUT]);
	devlink_fmsg_u32_pair_put(fmsg, "list_max", caps->max_list);
	devlink_fmsg_u32_pair_put(fmsg, "requests_max", caps->max_requests);
	devlink_fmsg_u32_pair_put(fmsg, "replay_window_max", ov2_caps_window_max(caps));
	for (i = 0; (what = ov2_params_switch(caps, i, &on)); i++)
		devlink_fmsg_bool_pair_put(fmsg, what, on);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
}

/* Show the capabilities of the hardware and those that are switched on. */
static int ov2_health_diagnose(struct devlink_health_reporter *reporter,
			       struct devlink_fmsg *fmsg, struct netlink_ext_ack *extack)
{
	struct ov2_devlink *od = devlink_health_reporter_priv(reporter);
	struct ov2_caps caps;

	if (!od->nic)
		return ov2_devlink_no_nic(extack);
	if (od->ops->diagnose)
		od->ops->diagnose(od->nic, fmsg);
	ov2_nic_hw_caps(od->nic, &caps);
	ov2_health_put_caps(fmsg, "hardware", &caps);
	ov2_nic_caps(od->nic, &caps);
	ov2_health_put_caps(fmsg, "current", &caps);
	return 0;
}

static void ov2_health_dump_requests(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	struct {
		const char *kind;
		u32 id;
		u32 count;
	} infos[OV2_HEALTH_REQUESTS];
	struct ov2_request *req;
	u32 i, count = 0;

	/* devlink allocates memory for what is put. */
	spin_lock_bh(&nic->lock);
	list_for_each_entry(req, &nic->engine.inflight, list) {
		if (count == ARRAY_SIZE(infos))
			break;
		infos[count].kind = ov2_request_kind_names[req->kind];
		infos[count].id = req->id;
		infos[count++].count = req->count;
	}
	spin_unlock_bh(&nic->lock);

	devlink_fmsg_arr_pair_nest_start(fmsg, "requests");
	for (i = 0; i < count; i++) {
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_u32_pair_put(fmsg, "id", infos[i].id);
		devlink_fmsg_string_pair_put(fmsg, "kind", infos[i].kind);
		devlink_fmsg_u32_pair_put(fmsg, "count", infos[i].count);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static void ov2_health_dump_counters(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	u64 data[OV2_STATS_COUNT];
	int i;

	ov2_stats_fill(nic, data);
	devlink_fmsg_pair_nest_start(fmsg, "counters");
	devlink_fmsg_obj_nest_start(fmsg);
	for (i = 0; i < OV2_STATS_COUNT; i++)
		ov2_devlink_put_u64(fmsg, ov2_stats_name(i), data[i]);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
}

static int ov2_health_dump(struct devlink_health_reporter *reporter, struct devlink_fmsg *fmsg,
			   void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct ov2_devlink *od = devlink_health_reporter_priv(reporter);

	if (!od->nic)
		return ov2_devlink_no_nic(extack);
	ov2_health_dump_requests(od->nic, fmsg);
	ov2_health_dump_counters(od->nic, fmsg);
	if (od->ops->dump)
		od->ops->dump(od->nic, fmsg);
	return 0;
}

static const struct devlink_health_reporter_ops ov2_health_ops = {
	.name = "ipsec",
	.recover = ov2_health_recover,
	.dump = ov2_health_dump,
	.diagnose = ov2_health_diagnose,
};

int ov2_health_init(struct ov2_devlink *od)
{
	INIT_WORK(&od->report_work, ov2_health_work);
	od->reporter = ov2_health_reporter_create(od->devlink, &ov2_health_ops, od);
	return PTR_ERR_OR_ZERO(od->reporter);
}

void ov2_health_exit(struct ov2_devlink *od)
{
	devl_health_reporter_destroy(od->reporter);
}
