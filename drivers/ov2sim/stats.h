/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters by queue pair: stats.c. */
#ifndef __OV2SIM_STATS_H
#define __OV2SIM_STATS_H

#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>

struct ov2sim_port;
struct ov2sim_txc;
struct ov2sim_vector;

/* Counters of a queue pair. */
enum ov2sim_qstat {
	OV2SIM_QSTAT_RX_PACKETS,
	OV2SIM_QSTAT_RX_BYTES,
	OV2SIM_QSTAT_RX_ALLOC_FAIL,
	OV2SIM_QSTAT_RX_CSUM_UNNECESSARY,
	OV2SIM_QSTAT_RX_CSUM_NONE,
	OV2SIM_QSTAT_TX_PACKETS,
	OV2SIM_QSTAT_TX_BYTES,
	OV2SIM_QSTAT_TX_NEEDS_CSUM,
	OV2SIM_QSTAT_TX_GSO_PACKETS,
	OV2SIM_QSTAT_TX_GSO_WIRE_PACKETS,
	OV2SIM_QSTAT_COUNT,
};

/**
 * struct ov2sim_queue_stats - Counters of a queue pair since its port was created.
 * @sync: for readers on 32-bit machines
 * @count: by &enum ov2sim_qstat; written by the queue's NAPI instance only
 */
struct ov2sim_queue_stats {
	struct u64_stats_sync sync;
	u64_stats_t count[OV2SIM_QSTAT_COUNT];
} ____cacheline_aligned_in_smp;

extern const struct netdev_stat_ops ov2sim_stat_ops;
void ov2sim_stats_init(struct ov2sim_port *port);
void ov2sim_stats_rx(struct ov2sim_vector *v, u32 len, bool csum_ok);
void ov2sim_stats_rx_no_page(struct ov2sim_vector *v);
void ov2sim_stats_tx(struct ov2sim_vector *v, const struct ov2sim_txc *txc);
void ov2sim_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats);

#endif /* __OV2SIM_STATS_H */
