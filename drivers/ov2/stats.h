/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: counters. */
#ifndef __OV2_STATS_H
#define __OV2_STATS_H

#include <linux/u64_stats_sync.h>

struct ov2_nic;
struct seq_file;

/* Control path counters, one per NIC, under nic->lock. Names: ov2_counter_names. */
enum ov2_counter {
	OV2_CNT_ADD_REQUESTS,
	OV2_CNT_ADD_SUCCESS,
	OV2_CNT_ADD_FAIL,
	OV2_CNT_ADD_CANCELLED,
	OV2_CNT_ADD_WAITING,
	OV2_CNT_DELETE_REQUESTS,
	OV2_CNT_DELETE_SUCCESS,
	OV2_CNT_UPDATE_REQUESTS,
	OV2_CNT_UPDATE_SUCCESS,
	OV2_CNT_UPDATE_FAIL,
	OV2_CNT_NOT_ACCEPTED,
	OV2_CNT_DEFERRED,
	OV2_CNT_ABORTED,
	OV2_CNT_DEADLINES,
	OV2_CNT_RESETS,
	OV2_CNT_RESTORED,
	OV2_CNT_DEMOTED,
	OV2_CNT_EVICTED,
	OV2_CNT_DELREQ,
	OV2_CNT_ASKED,
	OV2_CNT_PROTOCOL_ERRORS,
	OV2_CNT_COUNT,
};

/* Packet path counters, per CPU. Names: ov2_packet_counter_names. */
enum ov2_packet_counter {
	OV2_PKT_RX_MARKED,
	OV2_PKT_RX_UNFRAMED,
	OV2_PKT_RX_FAILED,
	OV2_PKT_RX_DROP_SA,
	OV2_PKT_RX_DROP_MEM,
	OV2_PKT_RX_DROP_HELD,
	OV2_PKT_RX_SEQ_MISMATCH,
	OV2_PKT_RX_DELREQ,
	OV2_PKT_TX_PROTECTED,
	OV2_PKT_TX_FRAMED,
	OV2_PKT_TX_DROP_SA,
	OV2_PKT_TX_DROP_SEQ,
	OV2_PKT_TX_DROP_CSUM,
	OV2_PKT_COUNT,
};

#define OV2_STATS_COUNT	(OV2_CNT_COUNT + OV2_PKT_COUNT)

struct ov2_pcpu_stats {
	u64_stats_t packets[OV2_PKT_COUNT];
	struct u64_stats_sync syncp;
};

/* stats.c */
const char *ov2_stats_name(int i);
void ov2_stats_inc(struct ov2_nic *nic, enum ov2_packet_counter counter);
void ov2_stats_show(struct ov2_nic *nic, struct seq_file *seq);

#endif /* __OV2_STATS_H */
