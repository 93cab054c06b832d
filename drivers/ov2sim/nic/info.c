// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: counters and SAs for debugfs, ethtool and devlink. All workers add to the counters. */
#include <kunit/visibility.h>
#include <linux/export.h>
#include "hw.h"

const char *const ov2sim_stat_names[OV2SIM_STAT_COUNT] = {
	[OV2SIM_STAT_RX_PKTS] = "ipsec_rx_pkts",
	[OV2SIM_STAT_RX_BYTES] = "ipsec_rx_bytes",
	[OV2SIM_STAT_RX_FAIL] = "ipsec_rx_fail_pkts",
	[OV2SIM_STAT_RX_NO_SA] = "ipsec_rx_sadb_miss",
	[OV2SIM_STAT_TX_PKTS] = "ipsec_tx_pkts",
	[OV2SIM_STAT_TX_BYTES] = "ipsec_tx_bytes",
	[OV2SIM_STAT_TX_DROP] = "ipsec_tx_drop_pkts",
	[OV2SIM_STAT_TX_NO_SA] = "ipsec_tx_drop_no_state",
	[OV2SIM_STAT_TX_MISMATCH] = "ipsec_tx_drop_mismatch",
	[OV2SIM_STAT_TX_LSO] = "tx_lso_pkts",
	[OV2SIM_STAT_WIRE_RX] = "rx_wire_frames",
	[OV2SIM_STAT_WIRE_TX] = "tx_wire_frames",
	[OV2SIM_STAT_RX_NO_BUFFER] = "rx_drop_no_buffer",
	[OV2SIM_STAT_RX_TOO_LONG] = "rx_drop_too_long",
	[OV2SIM_STAT_TX_NO_LINK] = "tx_drop_no_link",
	[OV2SIM_STAT_TX_NO_ROOM] = "tx_drop_no_room",
	[OV2SIM_STAT_TX_BAD] = "tx_drop_bad_descriptor",
	[OV2SIM_STAT_RESET_DROP] = "drop_stop_reset",
	[OV2SIM_STAT_NO_MEM] = "tx_drop_no_memory",
	[OV2SIM_STAT_DELETE_REQ] = "ipsec_rx_sa_delete_req",
	[OV2SIM_STAT_CRASH_DROP] = "ipsec_drop_crashed",
	[OV2SIM_STAT_CORRUPTED] = "ipsec_corrupted",
	[OV2SIM_STAT_TX_FRAMED] = "ipsec_tx_framed",
	[OV2SIM_STAT_RX_UNFRAMED] = "ipsec_rx_unframed",
	[OV2SIM_STAT_TX_TOO_LONG] = "tx_drop_too_long",
};

void ov2sim_hw_stats(struct ov2sim_hw *hw, u32 port, u64 stats[OV2SIM_STAT_COUNT])
{
	u32 i;

	for (i = 0; i < OV2SIM_STAT_COUNT; i++)
		stats[i] = atomic64_read(&hw->ports[port].stats[i]);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_stats);

bool ov2sim_hw_sa_next(struct ov2sim_hw *hw, u32 handle, struct ov2sim_sa_info *info)
{
	return ov2sim_sadb_next(&hw->sadb, handle, info);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_sa_next);

u32 ov2sim_hw_sa_count(struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->sadb.count);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_sa_count);
