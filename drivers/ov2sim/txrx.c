// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the data path between the stack and the rings of the chip.
 *
 * A port is started and stopped under rtnl. While it runs, packets are submitted under the netdev's
 * TX queue lock, and all the rest of a queue belongs to its NAPI instance.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>
#include <net/xfrm.h>

#include "compat.h"
#include "ov2sim.h"

#define OV2SIM_RX_HEADROOM	(NET_SKB_PAD + NET_IP_ALIGN)
#define OV2SIM_TX_BATCH		256	/* completions per poll */
#define OV2SIM_TX_WAKE		16	/* free descriptors at which a stopped queue is woken */

static struct kmem_cache *ov2sim_vector_cache;

/* Transmit */

/* Find the ESP header of a packet to encrypt. Packets with IP options and extension headers are not
 * offloaded. vlan_get_protocol() is needed because skb->protocol may be that of a VLAN tag.
 */
static bool ov2sim_tx_find_esp(const struct sk_buff *skb, struct ov2sim_txd *txd)
{
	__be16 protocol = vlan_get_protocol(skb);
	u32 off = skb_network_offset(skb);
	u8 proto;

	txd->l3_off = off;
	if (protocol == htons(ETH_P_IP)) {
		if (ip_hdr(skb)->ihl != sizeof(struct iphdr) / 4)
			return false;
		proto = ip_hdr(skb)->protocol;
		off += sizeof(struct iphdr);
	} else if (protocol == htons(ETH_P_IPV6)) {
		proto = ipv6_hdr(skb)->nexthdr;
		off += sizeof(struct ipv6hdr);
	} else {
		return false;
	}
	if (proto == IPPROTO_UDP) {
		off += sizeof(struct udphdr);
		/* Only with UDP encapsulation xfrm puts a trailer behind an aggregate. */
		if (skb_is_gso(skb))
			txd->flags |= OV2SIM_TX_ESP_TRAILER;
	} else if (proto != IPPROTO_ESP) {
		return false;
	}
	txd->esp_off = off;
	return off + sizeof(struct ip_esp_hdr) <= skb_headlen(skb);
}

/* Describe the segments of an aggregate. Its transport header is at the checksum start. */
static bool ov2sim_tx_describe_lso(struct sk_buff *skb, struct ov2sim_txd *txd)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return false;
	txd->flags |= OV2SIM_TX_LSO;
	txd->mss = skb_shinfo(skb)->gso_size;
	txd->segs = skb_shinfo(skb)->gso_segs;
	txd->l4_off = skb_checksum_start_offset(skb);
	return true;
}

/* Describe a TCP aggregate to encrypt. In tunnel mode xfrm has set the inner network header. */
static bool ov2sim_tx_esp_lso(struct sk_buff *skb, struct ov2sim_txd *txd)
{
	struct xfrm_offload *xo = xfrm_offload(skb);

	if (!ov2sim_tx_describe_lso(skb, txd))
		return false;
	txd->esp_proto = xo->proto;
	if (xo->proto == IPPROTO_IPIP || xo->proto == IPPROTO_IPV6) {
		txd->inner_off = skb_inner_network_offset(skb);
		if (txd->inner_off <= txd->esp_off || txd->inner_off >= txd->l4_off)
			return false;
	} else if (txd->l4_off <= txd->esp_off) {
		return false;
	}
	return true;
}

/* Describe a packet that the chip has to frame. It has no ESP header yet. */
static bool ov2sim_tx_describe_packet(struct sk_buff *skb, const struct ov2_tx *tx,
				      struct ov2sim_txd *txd)
{
	txd->flags |= OV2SIM_TX_ENCAP;
	txd->sport = tx->sport;
	txd->dport = tx->dport;
	txd->ttl = tx->ttl;
	txd->l3_off = skb_network_offset(skb);
	return !skb_is_gso(skb) || ov2sim_tx_describe_lso(skb, txd);
}

static bool ov2sim_tx_describe_esp(struct sk_buff *skb, const struct ov2_tx *tx,
				   struct ov2sim_txd *txd)
{
	txd->flags |= OV2SIM_TX_ESP;
	txd->offload_handle = tx->offload_handle;
	txd->seq = tx->seq;
	if (tx->packet)
		return ov2sim_tx_describe_packet(skb, tx, txd);
	if (!ov2sim_tx_find_esp(skb, txd))
		return false;
	return !skb_is_gso(skb) || ov2sim_tx_esp_lso(skb, txd);
}

static void ov2sim_tx_describe(struct sk_buff *skb, struct ov2sim_txd *txd)
{
	if (!skb_is_gso(skb))
		return;
	txd->flags |= OV2SIM_TX_LSO;
	txd->mss = skb_shinfo(skb)->gso_size;
	txd->l3_off = skb_network_offset(skb);
	txd->l4_off = skb_transport_offset(skb);
}

netdev_tx_t ov2sim_start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct ov2sim_port *port = netdev_priv(netdev);
	u16 queue = skb_get_queue_mapping(skb);
	struct netdev_queue *txq = netdev_get_tx_queue(netdev, queue);
	struct ov2sim_txd txd = { .skb = skb };
	struct ov2sim_hw *hw = port->sim->hw;
	u32 index = port->ov2.index;
	unsigned int len = skb->len;
	struct ov2_tx tx;
	int protect;
	bool kick;

	/* A failed reconfiguration leaves the port without rings. */
	if (unlikely(!port->running))
		goto drop;
	if (unlikely(!ov2sim_hw_tx_room(hw, index, queue))) {
		netif_txq_try_stop(txq, ov2sim_hw_tx_room(hw, index, queue), OV2SIM_TX_WAKE);
		return NETDEV_TX_BUSY;
	}

	protect = ov2_tx_sa(skb, &tx);
	if (protect == -EAGAIN) {
		ov2sim_hw_tx_kick(hw, index, queue);
		return NETDEV_TX_BUSY;
	}
	if (protect < 0)
		goto drop;
	if (!protect)
		ov2sim_tx_describe(skb, &txd);
	else if (!ov2sim_tx_describe_esp(skb, &tx, &txd))
		goto drop;
	if (skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb)) {
		txd.flags |= OV2SIM_TX_CSUM;
		txd.csum_start = skb_checksum_start_offset(skb);
		txd.csum_offset = skb->csum_offset;
	}

	skb_tx_timestamp(skb);
	/* Count the packet for BQL before the chip has it, because ov2sim_tx_poll() may complete it
	 * before ov2sim_hw_tx() returns.
	 */
	kick = __netdev_tx_sent_queue(txq, len, netdev_xmit_more());
	if (ov2sim_hw_tx(hw, index, queue, &txd))
		goto drop;
	netif_txq_maybe_stop(txq, ov2sim_hw_tx_room(hw, index, queue), 1, OV2SIM_TX_WAKE);
	/* Kick the chip if this packet stops the queue, even if xmit_more promises another one:
	 * that one will not come before the queue is woken.
	 */
	if (kick || netif_tx_queue_stopped(txq))
		ov2sim_hw_tx_kick(hw, index, queue);
	return NETDEV_TX_OK;

drop:
	/* BQL: a packet already accounted by __netdev_tx_sent_queue() is only dropped while the
	 * port stops; netdev_tx_reset_subqueue() resets the count at start.
	 */
	dev_core_stats_tx_dropped_inc(netdev);
	dev_kfree_skb_any(skb);
	if (!netdev_xmit_more() && port->running)
		ov2sim_hw_tx_kick(hw, index, queue);
	return NETDEV_TX_OK;
}

static bool ov2sim_tx_poll(struct ov2sim_vector *v, int budget)
{
	struct ov2sim_port *port = v->port;
	struct net_device *netdev = port->ov2.netdev;
	unsigned int pkts = 0, bytes = 0;
	struct ov2sim_txc txc;
	u32 index = port->ov2.index;

	while (pkts < OV2SIM_TX_BATCH &&
	       ov2sim_hw_tx_reap(port->sim->hw, index, v->index, &txc)) {
		pkts++;
		bytes += txc.skb->len;
		if (txc.status)
			dev_core_stats_tx_dropped_inc(netdev);
		else
			ov2sim_stats_tx(v, &txc);
		napi_consume_skb(txc.skb, budget);
	}
	netif_txq_completed_wake(netdev_get_tx_queue(netdev, v->index), pkts, bytes,
				 ov2sim_hw_tx_room(port->sim->hw, index, v->index),
				 OV2SIM_TX_WAKE);
	return pkts < OV2SIM_TX_BATCH;
}

/* Receive */

static u32 ov2sim_rx_order(u32 mtu)
{
	return get_order(SKB_DATA_ALIGN(OV2SIM_RX_HEADROOM + ETH_HLEN + 2 * VLAN_HLEN + mtu) +
			 SKB_DATA_ALIGN(sizeof(struct skb_shared_info)));
}

/* The longest frame that an RX buffer takes with this MTU. */
u32 ov2sim_rx_buffer_size(u32 mtu)
{
	return SKB_WITH_OVERHEAD(PAGE_SIZE << ov2sim_rx_order(mtu)) - OV2SIM_RX_HEADROOM;
}

/* Returns false without memory for a buffer. The caller must then poll again, because a ring
 * without buffers raises no interrupt.
 */
static bool ov2sim_rx_fill(struct ov2sim_vector *v)
{
	struct ov2sim_port *port = v->port;
	u32 size = SKB_WITH_OVERHEAD(PAGE_SIZE << port->rx_order) - OV2SIM_RX_HEADROOM;
	struct page *page;

	while (v->rx_posted < v->rx_ring) {
		page = page_pool_dev_alloc_pages(v->pool);
		if (!page) {
			ov2sim_stats_rx_no_page(v);
			return false;
		}
		/* This cannot fail, because rx_posted is less than the size of the ring. */
		ov2sim_hw_rx_post(port->sim->hw, port->ov2.index, v->index, page,
				  page_address(page) + OV2SIM_RX_HEADROOM, size);
		v->rx_posted++;
	}
	return true;
}

static struct sk_buff *ov2sim_rx_build(struct ov2sim_vector *v, const struct ov2sim_rxc *rxc)
{
	struct net_device *netdev = v->port->ov2.netdev;
	struct page *page = rxc->buf;
	struct sk_buff *skb;

	skb = napi_build_skb(page_address(page), PAGE_SIZE << v->port->rx_order);
	if (!skb) {
		page_pool_recycle_direct(v->pool, page);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, OV2SIM_RX_HEADROOM + rxc->off);
	__skb_put(skb, rxc->len);
	skb->protocol = eth_type_trans(skb, netdev);
	skb_record_rx_queue(skb, v->index);
	if (rxc->hash && netdev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, rxc->hash, rxc->flags & OV2SIM_RX_HASH_L4 ? PKT_HASH_TYPE_L4 :
			     PKT_HASH_TYPE_L3);
	/* For a decrypted packet the chip has verified the inner checksum. The stack does not
	 * verify an outer one.
	 */
	if (rxc->flags & OV2SIM_RX_CSUM_OK)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return skb;
}

static void ov2sim_rx_one(struct ov2sim_vector *v, const struct ov2sim_rxc *rxc)
{
	struct ov2sim_port *port = v->port;
	struct net_device *netdev = port->ov2.netdev;
	struct ov2_rx_meta meta = {};
	struct sk_buff *skb;
	int err = 0;

	skb = ov2sim_rx_build(v, rxc);
	if (!skb)
		goto drop;
	if (rxc->flags & (OV2SIM_RX_ESP_DONE | OV2SIM_RX_SA_DELETE_REQ)) {
		meta.cookie = rxc->cookie;
		if (rxc->flags & OV2SIM_RX_ESP_DONE)
			meta.flags = OV2_RX_CRYPTO_DONE;
		if (rxc->flags & OV2SIM_RX_SA_DELETE_REQ)
			meta.flags |= OV2_RX_SA_DELETE_REQ;
		meta.status = rxc->status;
		meta.seq = rxc->seq;
		meta.next_header = rxc->next_header;
		meta.saddr = rxc->saddr;
		meta.sport = rxc->sport;
		/* On an error drop the packet. Without the mark that ov2_rx() sets, xfrm would
		 * decrypt a decrypted packet again.
		 */
		err = ov2_rx(&port->ov2, skb, &meta);
		if (err < 0) {
			napi_consume_skb(skb, 1);
			goto drop;
		}
	}
	ov2sim_stats_rx(v, rxc->len, rxc->flags & OV2SIM_RX_CSUM_OK);
	if (!err)
		napi_gro_receive(&v->napi, skb);
	return;

drop:
	dev_core_stats_rx_dropped_inc(netdev);
}

static int ov2sim_rx_poll(struct ov2sim_vector *v, int budget)
{
	struct ov2sim_port *port = v->port;
	struct ov2sim_rxc rxc;
	int pkts = 0;

	while (pkts < budget &&
	       ov2sim_hw_rx_reap(port->sim->hw, port->ov2.index, v->index, &rxc)) {
		v->rx_posted--;
		ov2sim_rx_one(v, &rxc);
		pkts++;
	}
	return pkts;
}

static int ov2sim_poll(struct napi_struct *napi, int budget)
{
	struct ov2sim_vector *v = container_of(napi, struct ov2sim_vector, napi);
	bool done;
	int pkts;

	done = ov2sim_tx_poll(v, budget);
	if (!budget)
		return 0;
	pkts = ov2sim_rx_poll(v, budget);
	if (!ov2sim_rx_fill(v) || !done)
		return budget;
	/* An interrupt since we have read the rings has set NAPIF_STATE_MISSED, so that
	 * napi_complete_done() schedules us again.
	 */
	if (pkts < budget)
		napi_complete_done(napi, pkts);
	return pkts;
}

/* Start and stop */

static struct ov2sim_vector *ov2sim_vector_alloc(struct ov2sim_port *port, u32 index)
{
	struct net_device *netdev = port->ov2.netdev;
	struct page_pool_params params = {
		.order = port->rx_order,
		.pool_size = port->config.rx_ring,
		.nid = NUMA_NO_NODE,
		.dev = netdev->dev.parent,
		.netdev = netdev,
		.queue_idx = index,
	};
	struct ov2sim_vector *v;

	v = kmem_cache_zalloc(ov2sim_vector_cache, GFP_KERNEL);
	if (!v)
		return ERR_PTR(-ENOMEM);
	v->port = port;
	v->index = index;
	v->rx_ring = port->config.rx_ring;
	params.napi = &v->napi;
	v->pool = page_pool_create(&params);
	if (IS_ERR(v->pool)) {
		int err = PTR_ERR(v->pool);

		kmem_cache_free(ov2sim_vector_cache, v);
		return ERR_PTR(err);
	}
	ov2_napi_add_config(netdev, &v->napi, ov2sim_poll, index);
	return v;
}

/* Tell the core which NAPI instance serves the queues of a pair; NULL for none. */
static void ov2sim_vector_set_napi(const struct ov2sim_vector *v, struct napi_struct *napi)
{
	struct net_device *netdev = v->port->ov2.netdev;

	netif_queue_set_napi(netdev, v->index, NETDEV_QUEUE_TYPE_RX, napi);
	netif_queue_set_napi(netdev, v->index, NETDEV_QUEUE_TYPE_TX, napi);
}

/* Empty the rings. The chip's port is not started, so the driver owns all descriptors. */
static void ov2sim_vector_drain(struct ov2sim_vector *v)
{
	struct ov2sim_port *port = v->port;
	struct ov2sim_txc txc;
	struct ov2sim_rxc rxc;

	/* In place of NAPI, which is disabled. Bottom halves are off because on 32-bit machines one
	 * of them could wait for ever for us to finish a counter.
	 */
	local_bh_disable();
	while (ov2sim_hw_tx_reap(port->sim->hw, port->ov2.index, v->index, &txc)) {
		if (txc.status)
			dev_core_stats_tx_dropped_inc(port->ov2.netdev);
		else
			ov2sim_stats_tx(v, &txc);
		dev_consume_skb_any(txc.skb);
	}
	local_bh_enable();
	/* Packets that arrived after NAPI was disabled are lost. */
	while (ov2sim_hw_rx_reap(port->sim->hw, port->ov2.index, v->index, &rxc)) {
		if (!(rxc.flags & OV2SIM_RX_RETURNED))
			dev_core_stats_rx_dropped_inc(port->ov2.netdev);
		page_pool_put_full_page(v->pool, rxc.buf, false);
	}
}

static void ov2sim_vector_free(struct ov2sim_vector *v)
{
	page_pool_destroy(v->pool);
	netif_napi_del(&v->napi);
	kmem_cache_free(ov2sim_vector_cache, v);
}

/**
 * ov2sim_port_start - create the rings of a port and start it
 * @port: the port; its config and the MTU of its netdev give the number and sizes of the rings
 *
 * Context: process, with rtnl; the netdev's TX queues are not in use.
 * Return: 0 or a negative errno.
 */
int ov2sim_port_start(struct ov2sim_port *port)
{
	struct net_device *netdev = port->ov2.netdev;
	struct ov2sim_hw *hw = port->sim->hw;
	struct ov2sim_vector *v;
	u32 i;
	int err;

	err = netif_set_real_num_queues(netdev, port->config.queues, port->config.queues);
	if (err)
		return err;
	err = ov2sim_hw_port_open(hw, port->ov2.index, &port->config);
	if (err)
		return err;

	port->rx_order = ov2sim_rx_order(netdev->mtu);
	for (i = 0; i < port->config.queues; i++) {
		v = ov2sim_vector_alloc(port, i);
		if (IS_ERR(v)) {
			err = PTR_ERR(v);
			goto err_queues;
		}
		port->vectors[i] = v;
		local_bh_disable();
		ov2sim_rx_fill(v);
		local_bh_enable();
		if (!v->rx_posted) {
			err = -ENOMEM;
			i++;
			goto err_queues;
		}
	}

	for (i = 0; i < port->config.queues; i++) {
		netdev_tx_reset_subqueue(netdev, i);
		napi_enable(&port->vectors[i]->napi);
		ov2sim_vector_set_napi(port->vectors[i], &port->vectors[i]->napi);
	}
	ov2sim_hw_port_address(hw, port->ov2.index, netdev->dev_addr);
	ov2sim_hw_port_start(hw, port->ov2.index);
	port->running = true;
	netif_tx_wake_all_queues(netdev);
	return 0;

err_queues:
	/* The chip's port is not started, but this returns its buffers, too. */
	ov2sim_hw_port_stop(hw, port->ov2.index);
	while (i--) {
		ov2sim_vector_drain(port->vectors[i]);
		ov2sim_vector_free(port->vectors[i]);
	}
	ov2sim_hw_port_close(hw, port->ov2.index);
	return err;
}

/**
 * ov2sim_port_stop - stop a port and free its rings
 * @port: the port, running
 *
 * Context: process, with rtnl.
 */
void ov2sim_port_stop(struct ov2sim_port *port)
{
	struct net_device *netdev = port->ov2.netdev;
	u32 i;

	/* Disable NAPI first, because it wakes TX queues. After netif_tx_disable() no CPU is in
	 * ndo_start_xmit() and none will enter it.
	 */
	for (i = 0; i < port->config.queues; i++) {
		ov2sim_vector_set_napi(port->vectors[i], NULL);
		napi_disable(&port->vectors[i]->napi);
	}
	netif_tx_disable(netdev);
	port->running = false;

	ov2sim_hw_port_stop(port->sim->hw, port->ov2.index);
	for (i = 0; i < port->config.queues; i++) {
		ov2sim_vector_drain(port->vectors[i]);
		ov2sim_vector_free(port->vectors[i]);
		port->vectors[i] = NULL;
	}
	ov2sim_hw_port_close(port->sim->hw, port->ov2.index);
}

int ov2sim_txrx_init(void)
{
	ov2sim_vector_cache = KMEM_CACHE(ov2sim_vector, 0);
	return ov2sim_vector_cache ? 0 : -ENOMEM;
}

void ov2sim_txrx_exit(void)
{
	kmem_cache_destroy(ov2sim_vector_cache);
}
