// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the devlink health reporter "ipsec": errors, capabilities, and a dump of SAs, requests
 * and counters, without keys. Recovery is a reset.
 *
 * Errors are reported from interrupts and resets, which must not wait for devlink's lock, so a work
 * item passes them on. Everything else runs under the instance's lock.
 */

#include <linux/ethtool.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/devlink.h>

#include "compat.h"
#include "ov2sim.h"

/* Limits of a dump. devlink keeps it in memory until the admin clears it. */
#define OV2SIM_HEALTH_REQUESTS	16
#define OV2SIM_HEALTH_SAS	256

static void ov2sim_health_work(struct work_struct *work)
{
	struct ov2sim *sim = container_of(work, struct ov2sim, report_work);

	devlink_health_report(sim->reporter, READ_ONCE(sim->report), sim);
}

/**
 * ov2sim_health_report - report an error to devlink
 * @sim: the NIC
 * @report: message, a constant
 *
 * This does not reset the NIC; the core does.
 *
 * Context: any.
 */
void ov2sim_health_report(struct ov2sim *sim, const char *report)
{
	WRITE_ONCE(sim->report, report);
	schedule_work(&sim->report_work);
}

/* The core resets the NIC whenever an error is reported, so a recovery with @priv_ctx, which
 * devlink calls for a report, only waits for that reset. A second reset would undo what the core
 * has restored. A recovery that the admin asks for resets the NIC.
 */
static int ov2sim_health_recover(struct devlink_health_reporter *reporter, void *priv_ctx,
				 struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_health_reporter_priv(reporter);

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
		return -ENODEV;
	}
	return priv_ctx ? ov2sim_reset_wait(sim) : ov2sim_reset(sim);
}

static void ov2sim_health_put_caps(struct devlink_fmsg *fmsg, const char *name,
				   struct ov2_caps *caps)
{
	const char *what;
	unsigned int i;
	bool on;

	devlink_fmsg_pair_nest_start(fmsg, name);
	devlink_fmsg_obj_nest_start(fmsg);
	devlink_fmsg_u32_pair_put(fmsg, "sas_max", caps->max_sas);
	devlink_fmsg_u32_pair_put(fmsg, "list_max", caps->max_list);
	devlink_fmsg_u32_pair_put(fmsg, "requests_max", caps->max_requests);
	devlink_fmsg_u32_pair_put(fmsg, "replay_window_max", ov2sim_params_window_max(caps));
	for (i = 0; (what = ov2sim_params_switch(caps, i, &on)); i++)
		devlink_fmsg_bool_pair_put(fmsg, what, on);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);
}

/* Show the capabilities of the hardware and those that are switched on. */
static int ov2sim_health_diagnose(struct devlink_health_reporter *reporter,
				  struct devlink_fmsg *fmsg, struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_health_reporter_priv(reporter);
	struct ov2_caps caps;

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
		return -ENODEV;
	}
	devlink_fmsg_string_pair_put(fmsg, "state",
				     ov2sim_hw_crashed(sim->hw) ? "crashed" : "running");
	ov2_nic_hw_caps(sim->nic, &caps);
	ov2sim_health_put_caps(fmsg, "hardware", &caps);
	ov2_nic_caps(sim->nic, &caps);
	ov2sim_health_put_caps(fmsg, "current", &caps);
	return 0;
}

/* On architectures that need aligned 64-bit numbers devlink pads them, and iproute2 takes the
 * padding for the end of the dump. Put the number as text there.
 */
static void ov2sim_health_put_u64(struct devlink_fmsg *fmsg, const char *name, u64 value)
{
	char text[24];

	if (IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)) {
		devlink_fmsg_u64_pair_put(fmsg, name, value);
		return;
	}
	scnprintf(text, sizeof(text), "%llu", value);
	devlink_fmsg_string_pair_put(fmsg, name, text);
}

static void ov2sim_health_dump_sas(struct ov2sim *sim, struct devlink_fmsg *fmsg)
{
	struct ov2sim_sa_info info = {};
	u32 i;

	devlink_fmsg_u32_pair_put(fmsg, "sas_total", ov2sim_hw_sa_count(sim->hw));
	devlink_fmsg_arr_pair_nest_start(fmsg, "sas");
	for (i = 0; i < OV2SIM_HEALTH_SAS; i++) {
		if (!ov2sim_hw_sa_next(sim->hw, info.id.handle, &info))
			break;
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_u32_pair_put(fmsg, "handle", info.id.handle);
		devlink_fmsg_u32_pair_put(fmsg, "cookie", info.id.cookie);
		devlink_fmsg_u32_pair_put(fmsg, "port", info.id.port);
		devlink_fmsg_string_pair_put(fmsg, "dir", info.id.dir == OV2_IN ? "in" : "out");
		devlink_fmsg_u32_pair_put(fmsg, "spi", be32_to_cpu(info.id.spi));
		devlink_fmsg_string_pair_put(fmsg, "alg", info.alg);
		ov2sim_health_put_u64(fmsg, "packets", info.packets);
		ov2sim_health_put_u64(fmsg, "fails", info.fails);
		ov2sim_health_put_u64(fmsg, "seq", info.seq);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static void ov2sim_health_dump_requests(struct ov2sim *sim, struct devlink_fmsg *fmsg)
{
	static const char * const kinds[OV2_REQUEST_COUNT] = {
		[OV2_ADD_SA] = "ADD_SA",
		[OV2_DELETE_SA] = "DELETE_SA",
		[OV2_UPDATE_SA] = "UPDATE_SA",
	};
	struct ov2sim_request_info infos[OV2SIM_HEALTH_REQUESTS];
	u32 i, count;

	count = ov2sim_hw_requests(sim->hw, infos, ARRAY_SIZE(infos));
	devlink_fmsg_arr_pair_nest_start(fmsg, "requests");
	for (i = 0; i < count; i++) {
		devlink_fmsg_obj_nest_start(fmsg);
		devlink_fmsg_u32_pair_put(fmsg, "id", infos[i].id);
		devlink_fmsg_string_pair_put(fmsg, "kind", kinds[infos[i].kind]);
		devlink_fmsg_u32_pair_put(fmsg, "count", infos[i].count);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static int ov2sim_health_dump_counters(struct ov2sim *sim, struct devlink_fmsg *fmsg)
{
	u32 i, port, count = ov2_stats_count();
	u64 stats[OV2SIM_STAT_COUNT];
	char *names;
	u8 *end;
	u64 *data;

	names = kcalloc(count, ETH_GSTRING_LEN, GFP_KERNEL);
	data = kcalloc(count, sizeof(*data), GFP_KERNEL);
	if (!names || !data) {
		kfree(data);
		kfree(names);
		return -ENOMEM;
	}
	end = (u8 *)names;
	ov2_stats_strings(&end);
	ov2_stats_fill(sim->nic, data);

	devlink_fmsg_pair_nest_start(fmsg, "counters");
	devlink_fmsg_obj_nest_start(fmsg);
	for (i = 0; i < count; i++)
		ov2sim_health_put_u64(fmsg, names + i * ETH_GSTRING_LEN, data[i]);
	devlink_fmsg_obj_nest_end(fmsg);
	devlink_fmsg_pair_nest_end(fmsg);

	devlink_fmsg_arr_pair_nest_start(fmsg, "ports");
	for (port = 0; port < sim->bus_dev->ports; port++) {
		ov2sim_hw_stats(sim->hw, port, stats);
		devlink_fmsg_obj_nest_start(fmsg);
		for (i = 0; i < OV2SIM_STAT_COUNT; i++)
			ov2sim_health_put_u64(fmsg, ov2sim_stat_names[i], stats[i]);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
	kfree(data);
	kfree(names);
	return 0;
}

static int ov2sim_health_dump(struct devlink_health_reporter *reporter, struct devlink_fmsg *fmsg,
			      void *priv_ctx, struct netlink_ext_ack *extack)
{
	struct ov2sim *sim = devlink_health_reporter_priv(reporter);

	if (!sim->nic) {
		NL_SET_ERR_MSG_MOD(extack, "No NIC: the last reload failed");
		return -ENODEV;
	}
	ov2sim_health_dump_requests(sim, fmsg);
	ov2sim_health_dump_sas(sim, fmsg);
	return ov2sim_health_dump_counters(sim, fmsg);
}

static const struct devlink_health_reporter_ops ov2sim_health_ops = {
	.name = "ipsec",
	.recover = ov2sim_health_recover,
	.dump = ov2sim_health_dump,
	.diagnose = ov2sim_health_diagnose,
};

int ov2sim_health_init(struct ov2sim *sim)
{
	INIT_WORK(&sim->report_work, ov2sim_health_work);
	sim->reporter = ov2_health_reporter_create(priv_to_devlink(sim), &ov2sim_health_ops, sim);
	return PTR_ERR_OR_ZERO(sim->reporter);
}

/* Stop passing reports on. The caller must not hold devlink's lock, which the work item takes. */
void ov2sim_health_quiesce(struct ov2sim *sim)
{
	disable_work_sync(&sim->report_work);
}

void ov2sim_health_exit(struct ov2sim *sim)
{
	devl_health_reporter_destroy(sim->reporter);
}
