// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: counters of the queues, from which the counters of the netdev are made.
 *
 * The NAPI instance of a queue writes the queue's counters. They are read at any time, and they
 * outlive the queue, so that those of a port never decrease.
 */

#include <linux/skbuff.h>
#include <net/netdev_queues.h>

#include "ov2sim.h"

static void ov2sim_stat_inc(struct ov2sim_queue_stats *stats, enum ov2sim_qstat stat, u64 n)
{
	u64_stats_add(&stats->count[stat], n);
}

void ov2sim_stats_init(struct ov2sim_port *port)
{
	u32 i;

	for (i = 0; i < OV2SIM_QUEUES_MAX; i++)
		u64_stats_init(&port->stats[i].sync);
}

/**
 * ov2sim_stats_rx - count a received packet
 * @v: the queue
 * @len: its bytes
 * @csum_ok: the NIC has verified its checksum
 *
 * Context: the queue's NAPI instance.
 */
void ov2sim_stats_rx(struct ov2sim_vector *v, u32 len, bool csum_ok)
{
	struct ov2sim_queue_stats *stats = &v->port->stats[v->index];

	u64_stats_update_begin(&stats->sync);
	ov2sim_stat_inc(stats, OV2SIM_QSTAT_RX_PACKETS, 1);
	ov2sim_stat_inc(stats, OV2SIM_QSTAT_RX_BYTES, len);
	ov2sim_stat_inc(stats, csum_ok ? OV2SIM_QSTAT_RX_CSUM_UNNECESSARY :
			OV2SIM_QSTAT_RX_CSUM_NONE, 1);
	u64_stats_update_end(&stats->sync);
}

/**
 * ov2sim_stats_rx_no_page - count a receive buffer for which there was no memory
 * @v: the queue
 *
 * Context: the queue's NAPI instance, or before that is enabled.
 */
void ov2sim_stats_rx_no_page(struct ov2sim_vector *v)
{
	struct ov2sim_queue_stats *stats = &v->port->stats[v->index];

	u64_stats_update_begin(&stats->sync);
	ov2sim_stat_inc(stats, OV2SIM_QSTAT_RX_ALLOC_FAIL, 1);
	u64_stats_update_end(&stats->sync);
}

/**
 * ov2sim_stats_tx - count a packet that the NIC has sent
 * @v: the queue
 * @txc: its completion
 *
 * Context: the queue's NAPI instance, or after that is disabled.
 */
void ov2sim_stats_tx(struct ov2sim_vector *v, const struct ov2sim_txc *txc)
{
	struct ov2sim_queue_stats *stats = &v->port->stats[v->index];
	const struct sk_buff *skb = txc->skb;

	u64_stats_update_begin(&stats->sync);
	ov2sim_stat_inc(stats, OV2SIM_QSTAT_TX_PACKETS, txc->frames);
	ov2sim_stat_inc(stats, OV2SIM_QSTAT_TX_BYTES, skb->len);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		ov2sim_stat_inc(stats, OV2SIM_QSTAT_TX_NEEDS_CSUM, 1);
	if (skb_is_gso(skb)) {
		ov2sim_stat_inc(stats, OV2SIM_QSTAT_TX_GSO_PACKETS, 1);
		ov2sim_stat_inc(stats, OV2SIM_QSTAT_TX_GSO_WIRE_PACKETS, txc->frames);
	}
	u64_stats_update_end(&stats->sync);
}

/* Add the counters of one queue to @sum, which has OV2SIM_QSTAT_COUNT elements. */
static void ov2sim_stats_add(const struct ov2sim_queue_stats *stats, u64 *sum)
{
	u64 count[OV2SIM_QSTAT_COUNT];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&stats->sync);
		for (i = 0; i < OV2SIM_QSTAT_COUNT; i++)
			count[i] = u64_stats_read(&stats->count[i]);
	} while (u64_stats_fetch_retry(&stats->sync, start));
	for (i = 0; i < OV2SIM_QSTAT_COUNT; i++)
		sum[i] += count[i];
}

/* Set @sum to the counters of all queues from number @first on. */
static void ov2sim_stats_sum(const struct ov2sim_port *port, u32 first, u64 *sum)
{
	u32 i;

	memset(sum, 0, OV2SIM_QSTAT_COUNT * sizeof(*sum));
	for (i = first; i < OV2SIM_QUEUES_MAX; i++)
		ov2sim_stats_add(&port->stats[i], sum);
}

void ov2sim_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u64 sum[OV2SIM_QSTAT_COUNT], hw[OV2SIM_STAT_COUNT];

	ov2sim_stats_sum(port, 0, sum);
	stats->rx_packets = sum[OV2SIM_QSTAT_RX_PACKETS];
	stats->rx_bytes = sum[OV2SIM_QSTAT_RX_BYTES];
	stats->tx_packets = sum[OV2SIM_QSTAT_TX_PACKETS];
	stats->tx_bytes = sum[OV2SIM_QSTAT_TX_BYTES];
	ov2sim_hw_stats(port->sim->hw, port->ov2.index, hw);
	stats->rx_missed_errors = hw[OV2SIM_STAT_RX_NO_BUFFER];
	stats->rx_length_errors = hw[OV2SIM_STAT_RX_TOO_LONG];
	stats->rx_errors = stats->rx_length_errors;
	stats->tx_carrier_errors = hw[OV2SIM_STAT_TX_NO_LINK];
	stats->tx_fifo_errors = hw[OV2SIM_STAT_TX_NO_ROOM];
	stats->tx_errors = stats->tx_carrier_errors + stats->tx_fifo_errors +
			   hw[OV2SIM_STAT_TX_TOO_LONG];
}

static void ov2sim_rx_qstats(const u64 *count, struct netdev_queue_stats_rx *stats)
{
	stats->packets = count[OV2SIM_QSTAT_RX_PACKETS];
	stats->bytes = count[OV2SIM_QSTAT_RX_BYTES];
	stats->alloc_fail = count[OV2SIM_QSTAT_RX_ALLOC_FAIL];
	stats->csum_unnecessary = count[OV2SIM_QSTAT_RX_CSUM_UNNECESSARY];
	stats->csum_none = count[OV2SIM_QSTAT_RX_CSUM_NONE];
}

static void ov2sim_tx_qstats(const u64 *count, struct netdev_queue_stats_tx *stats)
{
	stats->packets = count[OV2SIM_QSTAT_TX_PACKETS];
	stats->bytes = count[OV2SIM_QSTAT_TX_BYTES];
	stats->needs_csum = count[OV2SIM_QSTAT_TX_NEEDS_CSUM];
	stats->hw_gso_packets = count[OV2SIM_QSTAT_TX_GSO_PACKETS];
	stats->hw_gso_wire_packets = count[OV2SIM_QSTAT_TX_GSO_WIRE_PACKETS];
}

static void ov2sim_get_queue_stats_rx(struct net_device *netdev, int queue,
				      struct netdev_queue_stats_rx *stats)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u64 count[OV2SIM_QSTAT_COUNT] = {};

	ov2sim_stats_add(&port->stats[queue], count);
	ov2sim_rx_qstats(count, stats);
}

static void ov2sim_get_queue_stats_tx(struct net_device *netdev, int queue,
				      struct netdev_queue_stats_tx *stats)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u64 count[OV2SIM_QSTAT_COUNT] = {};

	ov2sim_stats_add(&port->stats[queue], count);
	ov2sim_tx_qstats(count, stats);
}

/* The core adds the queues that the port has now, so this has the counters of all others. */
static void ov2sim_get_base_stats(struct net_device *netdev, struct netdev_queue_stats_rx *rx,
				  struct netdev_queue_stats_tx *tx)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u64 sum[OV2SIM_QSTAT_COUNT];

	ov2sim_stats_sum(port, netdev->real_num_rx_queues, sum);
	ov2sim_rx_qstats(sum, rx);
	ov2sim_stats_sum(port, netdev->real_num_tx_queues, sum);
	ov2sim_tx_qstats(sum, tx);
}

const struct netdev_stat_ops ov2sim_stat_ops = {
	.get_queue_stats_rx = ov2sim_get_queue_stats_rx,
	.get_queue_stats_tx = ov2sim_get_queue_stats_tx,
	.get_base_stats = ov2sim_get_base_stats,
};
