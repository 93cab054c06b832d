// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: receive: the RX ring, and the stages from a frame on the wire to a buffer of the driver.
 *
 * The driver's side of the ring comes first. All the rest is done by the worker of the queue, under
 * the worker's lock. ov2sim_rx_work() takes each frame through these stages:
 *
 * - ov2sim_rx_next(): take it from the fifo if there is a buffer, and let a paused sender go on;
 * - ov2sim_rx_one(): drop it if the buffer is too small;
 * - ov2sim_rx_frame(): parse; drop ESP if the NIC has crashed; copy; look the SA up, decrypt and
 *   verify (rx_esp.c); raise SaDeleteReq; verify the checksum of unencrypted packets;
 * - publish the results and raise one interrupt for all frames of the round.
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
	/* Order the store of posted before the load of rx_wait. Pairs with the barrier in
	 * ov2sim_rx_starved(): either we see rx_wait and kick the worker, or the worker sees the
	 * buffer when it looks again.
	 */
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

/* S58, S59: raise SaDeleteReq on a packet of @sa, processed or not, if @sa is to be deleted. */
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

/* Process a packet with the SA that it matches. Returns false if no SA does. */
static bool ov2sim_rx_match(struct ov2sim_hwport *port, const struct ov2sim_frame *frame, u8 *data,
			    const struct ov2sim_pkt *pkt, bool csum, struct ov2sim_rxc *rxc)
{
	struct ov2sim_sadb *db = &port->hw->sadb;
	bool good, packet = false;
	struct ov2sim_sa *sa;
	int idx;

	idx = ov2sim_sadb_read_lock(db);
	sa = ov2sim_rx_find(port, pkt);
	if (sa) {
		/* Trim trailing bytes, which are not covered by the ICV. */
		rxc->len = pkt->end;
		packet = sa->id.packet;
		ov2sim_rx_esp(sa, frame, data, pkt, csum, rxc);
		ov2sim_rx_delete_req(port, sa, rxc);
	}
	ov2sim_sadb_read_unlock(db, idx);
	if (!sa) {
		if (pkt->encap == OV2_ENCAP_NONE)
			ov2sim_stat_add(port, OV2SIM_STAT_RX_NO_SA, 1);
		return false;
	}

	good = rxc->status == CRYPTO_SUCCESS;
	ov2sim_stat_add(port, good ? OV2SIM_STAT_RX_PKTS : OV2SIM_STAT_RX_FAIL, 1);
	if (good)
		ov2sim_stat_add(port, OV2SIM_STAT_RX_BYTES, frame->len);
	if (good && packet)
		ov2sim_stat_add(port, OV2SIM_STAT_RX_UNFRAMED, 1);
	return true;
}

/* Is this a packet that an SA may match? SAs belong to the port and not to a VLAN on it. A UDP
 * checksum covers the ciphertext, so the stack cannot verify it once the NIC has decrypted in
 * place. If it is wrong we leave the packet to the stack unprocessed.
 */
static bool ov2sim_rx_is_esp(const u8 *data, const struct ov2sim_pkt *pkt)
{
	const struct udphdr *uh = (const struct udphdr *)(data + pkt->l4);

	if (!pkt->esp || pkt->l3 != ETH_HLEN)
		return false;
	return pkt->encap == OV2_ENCAP_NONE || !uh->check || ov2sim_pkt_csum_ok(data, pkt);
}

/* Is @frame addressed to the port? A promiscuous port also receives frames for other stations,
 * which the stack may forward. If the NIC decrypted one of them its plaintext would leave the host.
 * An address of all zeros never matches, because it is the port's address until the driver sets
 * one.
 */
static bool ov2sim_rx_is_for(const struct ov2sim_hwport *port, const struct ov2sim_frame *frame)
{
	const struct ethhdr *eth = (const struct ethhdr *)frame->data;

	return frame->len >= ETH_HLEN && !is_zero_ether_addr(eth->h_dest) &&
	       ether_addr_to_u64(eth->h_dest) == atomic64_read(&port->addr);
}

/* An ESP packet that the NIC does not process may match an SA that the NIC wants deleted. */
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

/* Put one frame into one buffer. Returns false if the NIC has crashed and the frame is lost. */
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

/* Return the next frame of @fifo. It leaves the fifo if there is a buffer for it. Sets @resume if a
 * paused sender may go on.
 */
static struct ov2sim_frame *ov2sim_rx_next(struct ov2sim_fifo *fifo, bool buffer, bool *resume)
{
	struct ov2sim_frame *frame;

	spin_lock_bh(&fifo->lock);
	frame = list_first_entry_or_null(&fifo->frames, struct ov2sim_frame, list);
	if (frame && buffer) {
		list_del(&frame->list);
		fifo->count--;
	}
	if (fifo->paused && fifo->count <= OV2SIM_FIFO_MAX / 2) {
		fifo->paused = false;
		*resume = true;
	}
	spin_unlock_bh(&fifo->lock);
	return frame;
}

/* A frame waits and there is no buffer. Returns true if the worker must look again. */
static bool ov2sim_rx_starved(struct ov2sim_queue *q)
{
	if (q->rx_wait)
		return false;
	WRITE_ONCE(q->rx_wait, true);
	/* Order the store of rx_wait before the load of posted. Pairs with the barrier in
	 * ov2sim_hw_rx_post(), which does not kick us if it has not seen rx_wait.
	 */
	smp_mb();
	return true;
}

/* Returns whether the frame has used the buffer in slot @done. */
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
