// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: counters and their names. Counters of the control path are under nic->lock, those of
 * the packet path per CPU.
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
	[OV2_CNT_DEFERRED] = "ipsec_requests_deferred",
	[OV2_CNT_ABORTED] = "ipsec_requests_aborted",
	[OV2_CNT_DEADLINES] = "ipsec_requests_timed_out",
	[OV2_CNT_RESETS] = "ipsec_resets",
	[OV2_CNT_RESTORED] = "ipsec_sa_restored",
	[OV2_CNT_DEMOTED] = "ipsec_sa_demoted",
	[OV2_CNT_EVICTED] = "ipsec_sa_evicted",
	[OV2_CNT_DELREQ] = "ipsec_sa_delete_req",
	[OV2_CNT_ASKED] = "ipsec_sa_asked_for_room",
	[OV2_CNT_PROTOCOL_ERRORS] = "ipsec_protocol_errors",
};

static const char * const ov2_packet_counter_names[OV2_PKT_COUNT] = {
	[OV2_PKT_RX_MARKED] = "ipsec_sa_rx_marked",
	[OV2_PKT_RX_UNFRAMED] = "ipsec_sa_rx_unframed",
	[OV2_PKT_RX_FAILED] = "ipsec_sa_rx_failed",
	[OV2_PKT_RX_DROP_SA] = "ipsec_sa_rx_drop_no_sa",
	[OV2_PKT_RX_DROP_MEM] = "ipsec_sa_rx_drop_no_mem",
	[OV2_PKT_RX_DROP_HELD] = "ipsec_sa_rx_drop_held",
	[OV2_PKT_RX_SEQ_MISMATCH] = "ipsec_sa_rx_seq_mismatch",
	[OV2_PKT_RX_DELREQ] = "ipsec_sa_delete_req_packets",
	[OV2_PKT_TX_PROTECTED] = "ipsec_sa_tx_protected",
	[OV2_PKT_TX_FRAMED] = "ipsec_sa_tx_framed",
	[OV2_PKT_TX_DROP_SA] = "ipsec_sa_tx_drop_no_sa",
	[OV2_PKT_TX_DROP_SEQ] = "ipsec_sa_tx_drop_seq_used",
	[OV2_PKT_TX_DROP_CSUM] = "ipsec_sa_tx_drop_csum",
};

/* Context: BH off. */
void ov2_stats_inc(struct ov2_nic *nic, enum ov2_packet_counter counter)
{
	struct ov2_pcpu_stats *stats = this_cpu_ptr(nic->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->packets[counter]);
	u64_stats_update_end(&stats->syncp);
}

/* Name of counter @i of those that ov2_stats_fill() fills. */
const char *ov2_stats_name(int i)
{
	if (i < OV2_CNT_COUNT)
		return ov2_counter_names[i];
	return ov2_packet_counter_names[i - OV2_CNT_COUNT];
}

static u64 ov2_stats_packets(struct ov2_nic *nic, enum ov2_packet_counter counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ov2_pcpu_stats *stats = per_cpu_ptr(nic->stats, cpu);
		unsigned int start;
		u64 value;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			value = u64_stats_read(&stats->packets[counter]);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		sum += value;
	}
	return sum;
}

/**
 * ov2_stats_count - number of the core's counters
 *
 * Context: any.
 * Return: the number, for ethtool's get_sset_count.
 */
int ov2_stats_count(void)
{
	return OV2_STATS_COUNT;
}
EXPORT_SYMBOL_GPL(ov2_stats_count);

/**
 * ov2_stats_strings - names of the core's counters
 * @data: buffer of ethtool's get_strings; advanced behind the last name
 *
 * Context: any.
 */
void ov2_stats_strings(u8 **data)
{
	int i;

	for (i = 0; i < OV2_STATS_COUNT; i++)
		ethtool_puts(data, ov2_stats_name(i));
}
EXPORT_SYMBOL_GPL(ov2_stats_strings);

/**
 * ov2_stats_fill - values of the core's counters
 * @nic: the NIC
 * @data: ov2_stats_count() values of ethtool's get_ethtool_stats
 *
 * Context: process.
 */
void ov2_stats_fill(struct ov2_nic *nic, u64 *data)
{
	int i;

	spin_lock_bh(&nic->lock);
	memcpy(data, nic->counters, sizeof(nic->counters));
	spin_unlock_bh(&nic->lock);
	for (i = 0; i < OV2_PKT_COUNT; i++)
		data[OV2_CNT_COUNT + i] = ov2_stats_packets(nic, i);
}
EXPORT_SYMBOL_GPL(ov2_stats_fill);

void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq)
{
	u64 data[OV2_STATS_COUNT];
	int i;

	ov2_stats_fill(nic, data);
	for (i = 0; i < OV2_STATS_COUNT; i++)
		seq_printf(seq, "%s %llu\n", ov2_stats_name(i), data[i]);
}
