// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: counters. One table names each; the control path's are under nic->lock, the packet path's per CPU.
 */
#include <linux/ethtool.h>
#include <linux/seq_file.h>
#include "ov2.h"

static const char * const ov2_counter_names[OV2_CNT_COUNT] = {
	[OV2_CNT_ADD_REQUESTS] = "ipsec_add_sa_requests",
	[OV2_CNT_ADD_SUCCESS] = "ipsec_add_sa_success",
	[OV2_CNT_ADD_FAIL] = "ipsec_add_sa_fail",
	[OV2_CNT_ADD_CANCELLED] = "ipsec_add_sa_cancelled",
	[OV2_CNT_ADD_WAITING] = "ipsec_add_sa_waiting",
	[OV2_CNT_DELETE_REQUESTS] = "ipsec_delete_sa_requests",
	[OV2_CNT_DELETE_SUCCESS] = "ipsec_delete_sa_success",
	[OV2_CNT_UPDATE_REQUESTS] = "ipsec_update_sa_requests",
	[OV2_CNT_UPDATE_SUCCESS] = "ipsec_update_sa_success",
	[OV2_CNT_UPDATE_FAIL] = "ipsec_update_sa_fail",
	[OV2_CNT_NOT_ACCEPTED] = "ipsec_requests_not_accepted",
	[OV2_CNT_ABORTED] = "ipsec_requests_aborted",
	[OV2_CNT_DEADLINES] = "ipsec_requests_timed_out",
	[OV2_CNT_RESETS] = "ipsec_resets",
	[OV2_CNT_RESTORED] = "ipsec_sa_restored",
	[OV2_CNT_DEMOTED] = "ipsec_sa_demoted",
	[OV2_CNT_PROTOCOL_ERRORS] = "ipsec_protocol_errors",
};

static const struct {
	const char *name;
	size_t offset;
} ov2_pcpu_names[] = {
	{ "ipsec_sa_rx_marked", offsetof(struct ov2_pcpu_stats, rx_marked) },
	{ "ipsec_sa_rx_failed", offsetof(struct ov2_pcpu_stats, rx_failed) },
	{ "ipsec_sa_rx_drop_no_sa", offsetof(struct ov2_pcpu_stats, rx_drop_sa) },
	{ "ipsec_sa_rx_drop_no_mem", offsetof(struct ov2_pcpu_stats, rx_drop_mem) },
	{ "ipsec_sa_tx_protected", offsetof(struct ov2_pcpu_stats, tx_protected) },
	{ "ipsec_sa_tx_drop_no_sa", offsetof(struct ov2_pcpu_stats, tx_drop_sa) },
};

static u64 ov2_stats_pcpu(struct ov2_nic *nic, size_t offset)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ov2_pcpu_stats *stats = per_cpu_ptr(nic->stats, cpu);
		unsigned int start;
		u64 value;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			value = u64_stats_read((const u64_stats_t *)((const u8 *)stats + offset));
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		sum += value;
	}
	return sum;
}

/**
 * ov2_stats_count - number of the core's counters
 *
 * Return: the number, for ethtool's get_sset_count.
 */
int ov2_stats_count(void)
{
	return OV2_CNT_COUNT + ARRAY_SIZE(ov2_pcpu_names);
}
EXPORT_SYMBOL_GPL(ov2_stats_count);

/**
 * ov2_stats_strings - names of the core's counters
 * @data: for ethtool's get_strings; moved on
 */
void ov2_stats_strings(u8 **data)
{
	int i;

	for (i = 0; i < OV2_CNT_COUNT; i++)
		ethtool_puts(data, ov2_counter_names[i]);
	for (i = 0; i < ARRAY_SIZE(ov2_pcpu_names); i++)
		ethtool_puts(data, ov2_pcpu_names[i].name);
}
EXPORT_SYMBOL_GPL(ov2_stats_strings);

/**
 * ov2_stats_fill - values of the core's counters
 * @nic: the NIC
 * @data: for ethtool's get_ethtool_stats, ov2_stats_count() values
 *
 * Context: process.
 */
void ov2_stats_fill(struct ov2_nic *nic, u64 *data)
{
	int i;

	spin_lock_bh(&nic->lock);
	memcpy(data, nic->counters, sizeof(nic->counters));
	spin_unlock_bh(&nic->lock);
	for (i = 0; i < ARRAY_SIZE(ov2_pcpu_names); i++)
		data[OV2_CNT_COUNT + i] = ov2_stats_pcpu(nic, ov2_pcpu_names[i].offset);
}
EXPORT_SYMBOL_GPL(ov2_stats_fill);

void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq)
{
	u64 data[OV2_CNT_COUNT + ARRAY_SIZE(ov2_pcpu_names)];
	int i;

	ov2_stats_fill(nic, data);
	for (i = 0; i < OV2_CNT_COUNT; i++)
		seq_printf(seq, "%s %llu\n", ov2_counter_names[i], data[i]);
	for (; i < ARRAY_SIZE(data); i++)
		seq_printf(seq, "%s %llu\n", ov2_pcpu_names[i - OV2_CNT_COUNT].name, data[i]);
}
