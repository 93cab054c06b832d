// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: debugfs: the SAs and counters of the chip, and fault injection.
 *
 * The files are ov2sim/<NIC>/sas, counters, wires, crash, sa_delete_req and faults/<knob>. Only
 * wires needs a lock of the driver, rtnl: ov2sim_debugfs_del() waits for the readers, and ports and
 * chip are destroyed after that.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "ov2sim.h"

static struct dentry *ov2sim_debugfs_root;

/* The SA at position @pos of the table is @info; both are 0 before the first SA. */
struct ov2sim_sas_iter {
	struct ov2sim_hw *hw;
	loff_t pos;
	struct ov2sim_sa_info info;
};

static void *ov2sim_sas_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct ov2sim_sas_iter *iter = seq->private;

	++*pos;
	if (!ov2sim_hw_sa_next(iter->hw, iter->info.id.handle, &iter->info))
		return NULL;
	iter->pos = *pos;
	return iter;
}

/* A reader continues behind the last handle that it has shown. SAs may have been added and deleted
 * since, but the order of handles does not change.
 */
static void *ov2sim_sas_start(struct seq_file *seq, loff_t *pos)
{
	struct ov2sim_sas_iter *iter = seq->private;

	if (!*pos) {
		iter->info.id.handle = 0;
		iter->pos = 0;
		return SEQ_START_TOKEN;
	}
	if (*pos == iter->pos)
		return iter;
	if (!ov2sim_hw_sa_next(iter->hw, iter->info.id.handle, &iter->info))
		return NULL;
	iter->pos = *pos;
	return iter;
}

static void ov2sim_sas_stop(struct seq_file *seq, void *v)
{
}

static int ov2sim_sas_show(struct seq_file *seq, void *v)
{
	struct ov2sim_sas_iter *iter = seq->private;
	const struct ov2sim_sa_info *info = &iter->info;

	if (v == SEQ_START_TOKEN) {
		seq_printf(seq, "sas %u\n", ov2sim_hw_sa_count(iter->hw));
		return 0;
	}
	seq_printf(seq, "handle 0x%08x cookie 0x%08x port %u dir %s spi 0x%08x", info->id.handle,
		   info->id.cookie, info->id.port, info->id.dir == OV2_IN ? "in" : "out",
		   be32_to_cpu(info->id.spi));
	if (info->id.family == OV2_IPV4)
		seq_printf(seq, " src %pI4 dst %pI4", &info->id.saddr, &info->id.daddr);
	else
		seq_printf(seq, " src %pI6c dst %pI6c", &info->id.saddr, &info->id.daddr);
	seq_printf(seq, " mode %s encap %s esn %u alg %s icv %u",
		   info->id.mode == OV2_TUNNEL ? "tunnel" : "transport",
		   info->id.encap == OV2_ENCAP_UDP ? "udp" : "none", info->id.esn, info->alg,
		   info->icv_len);
	seq_printf(seq, " packets %llu bytes %llu fails %llu seq %llu delete_req %u",
		   info->packets, info->bytes, info->fails, info->seq, info->delete_req);
	seq_printf(seq, " offload %s\n", info->id.packet ? "packet" : "crypto");
	return 0;
}

static const struct seq_operations ov2sim_sas_seq_ops = {
	.start = ov2sim_sas_start,
	.next = ov2sim_sas_next,
	.stop = ov2sim_sas_stop,
	.show = ov2sim_sas_show,
};

static int ov2sim_sas_open(struct inode *inode, struct file *file)
{
	struct ov2sim_sas_iter *iter;
	struct ov2sim *sim = inode->i_private;

	iter = __seq_open_private(file, &ov2sim_sas_seq_ops, sizeof(*iter));
	if (!iter)
		return -ENOMEM;
	iter->hw = sim->hw;
	return 0;
}

static const struct file_operations ov2sim_sas_fops = {
	.owner = THIS_MODULE,
	.open = ov2sim_sas_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static int ov2sim_counters_show(struct seq_file *seq, void *v)
{
	struct ov2sim *sim = seq->private;
	u64 stats[OV2SIM_STAT_COUNT];
	u32 port, i;

	for (port = 0; port < sim->bus_dev->ports; port++) {
		ov2sim_hw_stats(sim->hw, port, stats);
		for (i = 0; i < OV2SIM_STAT_COUNT; i++)
			seq_printf(seq, "port %u %s %llu\n", port, ov2sim_stat_names[i], stats[i]);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ov2sim_counters);

static int ov2sim_wires_show(struct seq_file *seq, void *v)
{
	struct ov2sim *sim = seq->private;
	struct ov2sim_port *port;
	char wire[OV2SIM_WIRE_LEN];
	u32 i;

	for (i = 0; i < sim->bus_dev->ports; i++) {
		port = sim->ports[i];
		ov2sim_port_wire(port, wire, sizeof(wire));
		seq_printf(seq, "port %u link %s wire %s\n", i,
			   netif_carrier_ok(port->ov2.netdev) ? "up" : "down", wire);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ov2sim_wires);

static int ov2sim_crash_set(void *data, u64 value)
{
	struct ov2sim *sim = data;

	ov2sim_hw_crash(sim->hw);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(ov2sim_crash_fops, NULL, ov2sim_crash_set, "%llu\n");

/* @value is a handle from the file sas. */
static int ov2sim_delete_req_set(void *data, u64 value)
{
	struct ov2sim *sim = data;

	return value > U32_MAX ? -ERANGE : ov2sim_hw_delete_req(sim->hw, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(ov2sim_delete_req_fops, NULL, ov2sim_delete_req_set, "%llu\n");

void ov2sim_debugfs_add(struct ov2sim *sim)
{
	struct dentry *faults;
	const char *name;
	unsigned int i;
	u32 *knob;

	sim->debugfs = debugfs_create_dir(dev_name(&sim->bus_dev->dev), ov2sim_debugfs_root);
	debugfs_create_file("sas", 0400, sim->debugfs, sim, &ov2sim_sas_fops);
	debugfs_create_file("counters", 0400, sim->debugfs, sim, &ov2sim_counters_fops);
	debugfs_create_file("wires", 0400, sim->debugfs, sim, &ov2sim_wires_fops);

	debugfs_create_file("crash", 0200, sim->debugfs, sim, &ov2sim_crash_fops);
	debugfs_create_file("sa_delete_req", 0200, sim->debugfs, sim, &ov2sim_delete_req_fops);

	faults = debugfs_create_dir("faults", sim->debugfs);
	for (i = 0; (knob = ov2sim_hw_fault(sim->hw, i, &name)); i++)
		debugfs_create_u32(name, 0600, faults, knob);
}

void ov2sim_debugfs_del(struct ov2sim *sim)
{
	debugfs_remove(sim->debugfs);
	sim->debugfs = NULL;
}

void ov2sim_debugfs_init(void)
{
	ov2sim_debugfs_root = debugfs_create_dir(OV2SIM_NAME, NULL);
}

void ov2sim_debugfs_exit(void)
{
	debugfs_remove(ov2sim_debugfs_root);
}
