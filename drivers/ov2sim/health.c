// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: what the core's part of the devlink instance asks of the driver: resets, and the chip's
 * share of the health reporter's messages. All of it runs under the instance's lock.
 */

#include <net/devlink.h>

#include "ov2sim.h"

/* SAs in a dump. devlink keeps it in memory until the admin clears it. */
#define OV2SIM_HEALTH_SAS	256

static int ov2sim_health_reset(struct ov2_nic *nic)
{
	return ov2sim_reset(ov2sim_of(nic));
}

static int ov2sim_health_reset_wait(struct ov2_nic *nic)
{
	return ov2sim_reset_wait(ov2sim_of(nic));
}

static void ov2sim_health_diagnose(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	struct ov2sim *sim = ov2sim_of(nic);
	char wire[OV2SIM_WIRE_LEN];
	u32 i;

	devlink_fmsg_string_pair_put(fmsg, "state",
				     ov2sim_hw_crashed(sim->hw) ? "crashed" : "running");
	devlink_fmsg_arr_pair_nest_start(fmsg, "wires");
	for (i = 0; i < sim->bus_dev->ports; i++) {
		ov2sim_port_wire(sim->ports[i], wire, sizeof(wire));
		devlink_fmsg_string_put(fmsg, wire);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
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
		devlink_fmsg_string_pair_put(fmsg, "offload", info.id.packet ? "packet" : "crypto");
		ov2_devlink_put_u64(fmsg, "packets", info.packets);
		ov2_devlink_put_u64(fmsg, "fails", info.fails);
		ov2_devlink_put_u64(fmsg, "seq", info.seq);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static void ov2sim_health_dump_ports(struct ov2sim *sim, struct devlink_fmsg *fmsg)
{
	u64 stats[OV2SIM_STAT_COUNT];
	u32 i, port;

	devlink_fmsg_arr_pair_nest_start(fmsg, "ports");
	for (port = 0; port < sim->bus_dev->ports; port++) {
		ov2sim_hw_stats(sim->hw, port, stats);
		devlink_fmsg_obj_nest_start(fmsg);
		for (i = 0; i < OV2SIM_STAT_COUNT; i++)
			ov2_devlink_put_u64(fmsg, ov2sim_stat_names[i], stats[i]);
		devlink_fmsg_obj_nest_end(fmsg);
	}
	devlink_fmsg_arr_pair_nest_end(fmsg);
}

static void ov2sim_health_dump(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	struct ov2sim *sim = ov2sim_of(nic);

	ov2sim_health_dump_sas(sim, fmsg);
	ov2sim_health_dump_ports(sim, fmsg);
}

const struct ov2_devlink_ops ov2sim_ov2_devlink_ops = {
	.reset = ov2sim_health_reset,
	.reset_wait = ov2sim_health_reset_wait,
	.diagnose = ov2sim_health_diagnose,
	.dump = ov2sim_health_dump,
};
