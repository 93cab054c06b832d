// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: receive: from a frame on the wire to a buffer of the driver's.
 *
 * The ring's indices are explained in port.c. Everything else here is done by the queue's worker,
 * under its lock.
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/udp.h>
#include <net/xfrm.h>
#include "hw.h"
#include "kick.h"
#include "link.h"
#include "parse.h"
#include "rx.h"
#include "rx_esp.h"

int ov2sim_hw_rx_post(struct ov2sim_hw *hw, u32 port, u32 queue, void *buf, void *va, u32 size)
{
	struct ov2sim_queue *q = ov2sim_queue(hw, port, queue);
	struct ov2sim_rx_slot *slot;
	u32 posted = q->rx.posted;

	if (posted - ov2sim_ring_read(&q->rx.reaped) == q->rx.size)
		return -ENOSPC;
	slot = &q->rx_slots[posted & (q->rx.size - 1)];
	*slot = (struct ov2sim_rx_slot){ .va = va, .size = size, .rxc.buf = buf };
	ov2sim_ring_write(&q->rx.posted, posted + 1);
	/* Kick only a worker that has run out of buffers; pairs with ov2sim_rx_starved() */
	smp_mb();
	if (READ_ONCE(q->rx_wait))
		ov2sim_worker_kick(&hw->workers[queue]);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_rx_post);

bool ov2sim_hw_rx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_rxc *rxc)
{
	struct ov2sim_queue *q = ov2sim_queue(hw, port, queue);
	u32 reaped = q->rx.reaped;

	if (reaped == ov2sim_ring_read(&q->rx.done))
		return false;
	*rxc = q->rx_slots[reaped & (q->rx.size - 1)].rxc;
	ov2sim_ring_write(&q->rx.reaped, reaped + 1);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_rx_reap);

static struct ov2sim_sa *ov2sim_rx_find(struct ov2sim_hwport *port, const struct ov2sim_pkt *pkt)
{
	struct ov2sim_sa_key key = {
		.port = port->index,
		.family = pkt->family,
		.encap = pkt->encap,
		.encap_dport = pkt->dport,
		.spi = pkt->spi,
		.daddr = pkt->daddr,
	};

	return ov2sim_sadb_find_rx(&port->hw->sadb, &key);
}

/* S58, S59: a packet of @sa has come, processed or not */
static void ov2sim_rx_delete_req(struct ov2sim_hwport *port, struct ov2sim_sa *sa,
				 struct ov2sim_rxc *rxc)
{
	WRITE_ONCE(sa->use.last, ktime_get());
	rxc->cookie = sa->id.cookie;
	if (!ov2sim_victim_wanted(&port->hw->sadb, sa))
		return;
	rxc->flags |= OV2SIM_RX_SA_DELETE_REQ;
	ov2sim_stat_add(port, OV2SIM_STAT_DELETE_REQ, 1);
}

/* Return: false if no SA matches */
static bool ov2sim_rx_match(struct ov2sim_hwport *port, const struct ov2sim_frame *frame, u8 *data,
			    const struct ov2sim_pkt *pkt, bool csum, struct ov2sim_rxc *rxc)
{
	struct ov2sim_sadb *db = &port->hw->sadb;
	struct ov2sim_sa *sa;
	bool good;
	int idx;

	idx = ov2sim_sadb_read_lock(db);
	sa = ov2sim_rx_find(port, pkt);
	if (sa) {
		ov2sim_rx_esp(sa, frame, data, pkt, csum, rxc);
		ov2sim_rx_delete_req(port, sa, rxc);
	}
	ov2sim_sadb_read_unlock(db, idx);
	if (!sa) {
		if (pkt->encap == OV2_ENCAP_NONE)
			ov2sim_stat_add(port, OV2SIM_STAT_RX_NO_SA, 1);
		return false;
	}

	/* What follows on the packet nobody has vouched for. */
	rxc->len = pkt->end;
	good = rxc->status == CRYPTO_SUCCESS;
	ov2sim_stat_add(port, good ? OV2SIM_STAT_RX_PKTS : OV2SIM_STAT_RX_FAIL, 1);
	if (good)
		ov2sim_stat_add(port, OV2SIM_STAT_RX_BYTES, frame->len);
	return true;
}

/*
 * SAs are those of the port, not of a VLAN on it. A checksum over what is encrypted, which the
 * stack could not verify any more, is verified before: if it is wrong the stack may say so.
 */
static bool ov2sim_rx_is_esp(const u8 *data, const struct ov2sim_pkt *pkt)
{
	const struct udphdr *uh = (const struct udphdr *)(data + pkt->l4);

	if (!pkt->esp || pkt->l3 != ETH_HLEN)
		return false;
	return pkt->encap == OV2_ENCAP_NONE || !uh->check || ov2sim_pkt_csum_ok(data, pkt);
}

/*
 * A frame for another station comes to a port that is promiscuous, and the stack may pass it on:
 * what the NIC had decrypted would leave the host in clear. All zeros is no station's address.
 */
static bool ov2sim_rx_is_for(const struct ov2sim_hwport *port, const struct ov2sim_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)frame->data;

	return frame->len >= ETH_HLEN && !is_zero_ether_addr(eth->h_dest) &&
	       ether_addr_to_u64(eth->h_dest) == atomic64_read(&port->addr);
}

/* A packet that the NIC does not process may match an SA all the same */
static void ov2sim_rx_unprocessed(struct ov2sim_hwport *port, const u8 *data, u32 len,
				  struct ov2sim_rxc *rxc)
{
	struct ov2sim_sadb *db = &port->hw->sadb;
	struct ov2sim_pkt pkt;
	struct ov2sim_sa *sa;
	int idx;

	if (!ov2sim_parse_options(data, len, &pkt))
		return;
	idx = ov2sim_sadb_read_lock(db);
	sa = ov2sim_rx_find(port, &pkt);
	if (sa)
		ov2sim_rx_delete_req(port, sa, rxc);
	ov2sim_sadb_read_unlock(db, idx);
}

static void ov2sim_rx_corrupt(struct ov2sim_hwport *port, struct ov2sim_frame *frame,
			      const struct ov2sim_pkt *pkt)
{
	if (!ov2sim_fault_take(&port->hw->faults.corrupt_rx))
		return;
	frame->data[pkt->end - 1] ^= 1;
	ov2sim_stat_add(port, OV2SIM_STAT_CORRUPTED, 1);
}

/* One frame into one buffer, in this order. Returns false if the NIC has crashed and the frame is
 * lost.
 */
static bool ov2sim_rx_frame(struct ov2sim_hwport *port, struct ov2sim_frame *frame,
			    struct ov2sim_rx_slot *slot)
{
	u32 features = READ_ONCE(port->features);
	bool decrypt = features & OV2SIM_PORT_ESP_RX && ov2sim_rx_is_for(port, frame);
	bool csum = features & OV2SIM_PORT_CSUM_RX;
	struct ov2sim_rxc *rxc = &slot->rxc;
	struct ov2sim_pkt pkt;
	u8 *data = slot->va;
	bool parsed, esp;

	*rxc = (struct ov2sim_rxc){
		.buf = rxc->buf,
		.len = frame->len,
		.hash = frame->hash,
		.flags = frame->hash_l4 ? OV2SIM_RX_HASH_L4 : 0,
	};
	parsed = ov2sim_parse_frame(frame->data, frame->len, &pkt);
	esp = parsed && decrypt && ov2sim_rx_is_esp(frame->data, &pkt);
	if (esp && !ov2sim_hw_runs(port->hw))
		return false;
	if (esp)
		ov2sim_rx_corrupt(port, frame, &pkt);
	memcpy(data, frame->data, frame->len);
	if (esp && ov2sim_rx_match(port, frame, data, &pkt, csum, rxc))
		return true;
	if (!parsed && decrypt)
		ov2sim_rx_unprocessed(port, data, frame->len, rxc);
	if (parsed && csum && ov2sim_pkt_csum_ok(data, &pkt))
		rxc->flags |= OV2SIM_RX_CSUM_OK;
	return true;
}

/* Take the next frame; with a buffer at hand it leaves the fifo, else it waits there */
static struct ov2sim_frame *ov2sim_rx_next(struct ov2sim_fifo *fifo, bool buffer, bool *resume)
{
	struct ov2sim_frame *frame;

	spin_lock(&fifo->lock);
	frame = list_first_entry_or_null(&fifo->frames, struct ov2sim_frame, list);
	if (frame && buffer) {
		list_del(&frame->list);
		fifo->count--;
	}
	if (fifo->paused && fifo->count <= OV2SIM_FIFO_MAX / 2) {
		fifo->paused = false;
		*resume = true;
	}
	spin_unlock(&fifo->lock);
	return frame;
}

/* Frames are here and no buffer is. Return: false if they wait on */
static bool ov2sim_rx_starved(struct ov2sim_queue *q)
{
	if (q->rx_wait)
		return false;
	WRITE_ONCE(q->rx_wait, true);
	/* A buffer posted until now came without a kick: look again; pairs with post */
	smp_mb();
	return true;
}

/* Return: whether a completion came of it */
static bool ov2sim_rx_one(struct ov2sim_hwport *port, struct ov2sim_queue *q,
			  struct ov2sim_frame *frame, u32 done)
{
	struct ov2sim_rx_slot *slot = &q->rx_slots[done & (q->rx.size - 1)];
	enum ov2sim_stat stat = OV2SIM_STAT_WIRE_RX;

	if (frame->len > slot->size)
		stat = OV2SIM_STAT_RX_TOO_LONG;
	else if (!ov2sim_rx_frame(port, frame, slot))
		stat = OV2SIM_STAT_CRASH_DROP;
	ov2sim_stat_add(port, stat, 1);
	ov2sim_frame_free(frame);
	return stat == OV2SIM_STAT_WIRE_RX;
}

bool ov2sim_rx_work(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_queue *q = &port->queues[queue];
	bool resume = false, more = true, buffer;
	struct ov2sim_frame *frame;
	u32 start = q->rx.done;
	u32 done = start;
	u32 i;

	for (i = 0; i < OV2SIM_BUDGET && more; i++) {
		buffer = done != ov2sim_ring_read(&q->rx.posted);
		frame = ov2sim_rx_next(&q->fifo, buffer, &resume);
		if (!frame) {
			more = false;
		} else if (!buffer) {
			more = ov2sim_rx_starved(q);
		} else {
			WRITE_ONCE(q->rx_wait, false);
			done += ov2sim_rx_one(port, q, frame, done);
		}
	}
	if (resume)
		ov2sim_link_resume(port);
	if (done == start)
		return more;

	ov2sim_ring_write(&q->rx.done, done);
	ov2sim_rx_irq(port, queue);
	return more;
}
