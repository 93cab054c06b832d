// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: debugfs tables, /sys/kernel/debug/ov2/NIC/{sas,requests,counters}. They show the state
 * of each SA, which `ip xfrm state` cannot show, and never a key.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include "ov2.h"

static struct dentry *ov2_debugfs_root;

/* The position is a cookie, so that a reader holds no lock that xfrm needs. Position 0 is the
 * heading.
 */
static void *ov2_debugfs_sas_at(struct seq_file *seq, loff_t *pos)
{
	unsigned long cookie = *pos - 1;
	struct ov2_sa *sa;

	if (*pos > U32_MAX)
		return NULL;
	sa = ov2_sa_after(seq->private, &cookie);
	if (sa)
		*pos = cookie;
	return sa;
}

static void *ov2_debugfs_sas_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return *pos ? ov2_debugfs_sas_at(seq, pos) : SEQ_START_TOKEN;
}

static void *ov2_debugfs_sas_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return ov2_debugfs_sas_at(seq, pos);
}

static void ov2_debugfs_sas_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static int ov2_debugfs_sas_show(struct seq_file *seq, void *v)
{
	const struct in6_addr *saddr, *daddr;
	const struct ov2_sa *sa = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "cookie handle state dir port spi saddr daddr mode encap esn offload\n");
		return 0;
	}
	saddr = sa->dir == OV2_OUT ? &sa->pair.id.local : &sa->pair.id.remote;
	daddr = sa->dir == OV2_OUT ? &sa->pair.id.remote : &sa->pair.id.local;
	seq_printf(seq, "%08x %08x %s %s %s 0x%08x ", sa->cookie, READ_ONCE(sa->offload_handle),
		   ov2_sa_phase_name(ov2_sa_phase(sa)), sa->dir == OV2_IN ? "in" : "out",
		   rcu_access_pointer(sa->x) ? sa->port->netdev->name : "-",
		   be32_to_cpu(sa->traits.spi));
	if (sa->traits.family == OV2_IPV4)
		seq_printf(seq, "%pI4 %pI4", saddr, daddr);
	else
		seq_printf(seq, "%pI6c %pI6c", saddr, daddr);
	seq_printf(seq, " %s %s %s %s\n", sa->traits.mode == OV2_TUNNEL ? "tunnel" : "transport",
		   sa->traits.encap ? "udp" : "none", sa->traits.esn ? "esn" : "-",
		   sa->traits.packet ? "packet" : "crypto");
	return 0;
}

static const struct seq_operations ov2_debugfs_sas_sops = {
	.start = ov2_debugfs_sas_start,
	.next = ov2_debugfs_sas_next,
	.stop = ov2_debugfs_sas_stop,
	.show = ov2_debugfs_sas_show,
};
DEFINE_SEQ_ATTRIBUTE(ov2_debugfs_sas);

static int ov2_debugfs_requests_show(struct seq_file *seq, void *v)
{
	struct ov2_nic *nic = seq->private;
	struct ov2_request *req;

	spin_lock_bh(&nic->lock);
	seq_printf(seq, "to add: %u\n", ov2_nic_sas(nic, OV2_SA_ADD_QUEUED, OV2_SA_ADD_QUEUED));
	seq_printf(seq, "to delete: %u\n",
		   ov2_nic_sas(nic, OV2_SA_DEL_RCU, OV2_SA_DEL_QUEUED));
	seq_printf(seq, "to update: %u\n", nic->updates);
	seq_printf(seq, "waiting: %u of %u\n", nic->slots.waiting, nic->slots.waiting_max);
	seq_printf(seq, "slots used: %u of %u\n", nic->slots_used, nic->caps.max_sas);
	list_for_each_entry(req, &nic->engine.inflight, list)
		seq_printf(seq, "in flight: %u %s %u SAs%s\n", req->id,
			   ov2_request_kind_names[req->kind], req->count,
			   req->cancelled ? ", cancelled" : "");
	spin_unlock_bh(&nic->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ov2_debugfs_requests);

static int ov2_debugfs_counters_show(struct seq_file *seq, void *v)
{
	ov2_stats_show(seq->private, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ov2_debugfs_counters);

void ov2_debugfs_add(struct ov2_nic *nic)
{
	nic->debugfs = debugfs_create_dir(nic->name, ov2_debugfs_root);
	debugfs_create_file("sas", 0400, nic->debugfs, nic, &ov2_debugfs_sas_fops);
	debugfs_create_file("requests", 0400, nic->debugfs, nic, &ov2_debugfs_requests_fops);
	debugfs_create_file("counters", 0400, nic->debugfs, nic, &ov2_debugfs_counters_fops);
}

void ov2_debugfs_del(struct ov2_nic *nic)
{
	debugfs_remove_recursive(nic->debugfs);
	nic->debugfs = NULL;
}

void ov2_debugfs_init(void)
{
	ov2_debugfs_root = debugfs_create_dir("ov2", NULL);
}

void ov2_debugfs_exit(void)
{
	debugfs_remove_recursive(ov2_debugfs_root);
}
