// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: transmit: the TX ring, and the stages from a descriptor to frames on the wire.
 *
 * The driver's side of the ring comes first. All the rest is done by the worker of the queue, under
 * the worker's lock. ov2sim_tx_work() takes each descriptor through these stages:
 *
 * - ov2sim_tx_build(): look the SA up; make the frames and encrypt them (single.c, lso.c); count;
 * - ov2sim_tx_send(): put the frames on the wire, wait for room at the other end, or drop them;
 * - publish the results and raise one interrupt for all descriptors of the round.
 *
 * A descriptor that the NIC refuses puts no frame on the wire (S37, S44).
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/skbuff.h>
#include "hw.h"
#include "kick.h"
#include "link.h"
#include "lso.h"
#include "single.h"
#include "tx.h"

int ov2sim_hw_tx(struct ov2sim_hw *hw, u32 port, u32 queue, const struct ov2sim_txd *txd)
{
	struct ov2sim_queue *q = ov2sim_queue(hw, port, queue);
	u32 posted = q->tx.posted;

	if (!READ_ONCE(hw->ports[port].started))
		return -ENETDOWN;
	if (posted - ov2sim_ring_read(&q->tx.reaped) == q->tx.size)
		return -ENOSPC;
	q->tx_slots[posted & (q->tx.size - 1)].txd = *txd;
	ov2sim_ring_write(&q->tx.posted, posted + 1);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_tx);

void ov2sim_hw_tx_kick(struct ov2sim_hw *hw, u32 port, u32 queue)
{
	ov2sim_worker_kick(&hw->workers[queue]);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_tx_kick);

u32 ov2sim_hw_tx_room(struct ov2sim_hw *hw, u32 port, u32 queue)
{
	struct ov2sim_queue *q = ov2sim_queue(hw, port, queue);

	return q->tx.size - (READ_ONCE(q->tx.posted) - ov2sim_ring_read(&q->tx.reaped));
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_tx_room);

bool ov2sim_hw_tx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_txc *txc)
{
	struct ov2sim_queue *q = ov2sim_queue(hw, port, queue);
	u32 reaped = q->tx.reaped;
	struct ov2sim_tx_slot *slot;

	if (reaped == ov2sim_ring_read(&q->tx.done))
		return false;
	slot = &q->tx_slots[reaped & (q->tx.size - 1)];
	*txc = (struct ov2sim_txc){
		.skb = slot->txd.skb,
		.frames = slot->frames,
		.status = slot->status,
	};
	ov2sim_ring_write(&q->tx.reaped, reaped + 1);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_tx_reap);

static int ov2sim_tx_frames(const struct ov2sim_txd *txd, struct ov2sim_sa *sa,
			    struct list_head *frames)
{
	return txd->flags & OV2SIM_TX_LSO ? ov2sim_lso(txd, sa, frames) :
					    ov2sim_single(txd, sa, frames);
}

static void ov2sim_tx_count_sa(struct ov2sim_hwport *port, const struct ov2sim_txd *txd,
			       struct ov2sim_sa *sa, const struct list_head *frames)
{
	struct ov2sim_frame *frame;
	u64 bytes = 0, count = 0;

	list_for_each_entry(frame, frames, list) {
		bytes += frame->len;
		count++;
	}
	atomic64_add(count, &sa->use.packets);
	atomic64_add(bytes, &sa->use.bytes);
	ov2sim_replay_advance(&sa->replay, txd->seq + count - 1);
	ov2sim_stat_add(port, OV2SIM_STAT_TX_PKTS, count);
	ov2sim_stat_add(port, OV2SIM_STAT_TX_BYTES, bytes);
	if (sa->id.packet)
		ov2sim_stat_add(port, OV2SIM_STAT_TX_FRAMED, count);
}

/* Flip a bit of the ICV, so that the receiver finds the frame damaged. */
static void ov2sim_tx_corrupt(struct ov2sim_hwport *port, const struct list_head *frames)
{
	struct ov2sim_frame *frame;

	list_for_each_entry(frame, frames, list) {
		if (!ov2sim_fault_take(&port->hw->faults.corrupt_tx))
			return;
		frame->data[frame->len - 1] ^= 1;
		ov2sim_stat_add(port, OV2SIM_STAT_CORRUPTED, 1);
	}
}

static int ov2sim_tx_build_esp(struct ov2sim_hwport *port, const struct ov2sim_txd *txd,
			       struct list_head *frames)
{
	struct ov2sim_sadb *db = &port->hw->sadb;
	enum ov2sim_stat stat = OV2SIM_STAT_TX_NO_SA;
	struct ov2sim_sa *sa;
	int idx, err = -ENOENT;

	if (!ov2sim_hw_runs(port->hw)) {
		ov2sim_stat_add(port, OV2SIM_STAT_CRASH_DROP, 1);
		return -ENODEV;
	}

	idx = ov2sim_sadb_read_lock(db);
	sa = ov2sim_sadb_find_tx(db, txd->offload_handle, port->index);
	if (sa) {
		stat = OV2SIM_STAT_TX_MISMATCH;
		err = -EIO;
		if (sa->id.packet == !!(txd->flags & OV2SIM_TX_ENCAP))
			err = ov2sim_tx_frames(txd, sa, frames);
		if (err)
			atomic64_inc(&sa->use.fails);
		else
			ov2sim_tx_count_sa(port, txd, sa, frames);
		ov2sim_tx_corrupt(port, frames);
	}
	ov2sim_sadb_read_unlock(db, idx);
	if (err) {
		ov2sim_stat_add(port, OV2SIM_STAT_TX_DROP, 1);
		if (err == -ENOENT || err == -EIO)
			ov2sim_stat_add(port, stat, 1);
	}
	return err;
}

static void ov2sim_tx_build(struct ov2sim_hwport *port, struct ov2sim_tx_slot *slot,
			    struct list_head *frames)
{
	const struct ov2sim_txd *txd = &slot->txd;
	int err;

	if (txd->flags & OV2SIM_TX_ESP)
		err = ov2sim_tx_build_esp(port, txd, frames);
	else if (txd->flags & OV2SIM_TX_ENCAP)
		err = -EINVAL;
	else
		err = ov2sim_tx_frames(txd, NULL, frames);

	slot->frames = list_count_nodes(frames);
	slot->status = err;
	if (err == -ENOMEM)
		ov2sim_stat_add(port, OV2SIM_STAT_NO_MEM, 1);
	else if (err == -EINVAL)
		ov2sim_stat_add(port, OV2SIM_STAT_TX_BAD, 1);
	else if (!err && txd->flags & OV2SIM_TX_LSO)
		ov2sim_stat_add(port, OV2SIM_STAT_TX_LSO, 1);
}

/* Returns false if the frames must wait for room at the other end. */
static bool ov2sim_tx_send(struct ov2sim_hwport *port, struct ov2sim_queue *q,
			   struct ov2sim_tx_slot *slot)
{
	u32 count = slot->frames;
	int sent;

	if (!count)
		return true;
	sent = ov2sim_link_send(port, &q->built);
	if (sent == -ENOSPC) {
		if (!q->tx_wait)
			WRITE_ONCE(q->tx_wait, jiffies | 1);
		if (time_before(jiffies, q->tx_wait + OV2SIM_TX_TIMEOUT))
			return false;
	}
	WRITE_ONCE(q->tx_wait, 0);
	if (sent >= 0) {
		ov2sim_stat_add(port, OV2SIM_STAT_WIRE_TX, sent);
		slot->frames = sent;
		if (!sent)
			slot->status = -ENOBUFS;
		return true;
	}
	ov2sim_frames_free(&q->built);
	slot->frames = 0;
	slot->status = sent;
	if (sent == -ENOSPC) {
		ov2sim_stat_add(port, OV2SIM_STAT_TX_NO_ROOM, count);
		ov2sim_link_missed(port, count);
	} else {
		ov2sim_stat_add(port, OV2SIM_STAT_TX_NO_LINK, count);
	}
	return true;
}

bool ov2sim_tx_work(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_queue *q = &port->queues[queue];
	u32 posted = ov2sim_ring_read(&q->tx.posted);
	u32 start = q->tx.done;
	struct ov2sim_tx_slot *slot;
	u32 done = start;
	u32 frames;

	for (frames = 0; done != posted && frames < OV2SIM_BUDGET; done++) {
		slot = &q->tx_slots[done & (q->tx.size - 1)];
		/* Frames that wait for room have been built in an earlier round. */
		if (list_empty(&q->built))
			ov2sim_tx_build(port, slot, &q->built);
		if (!ov2sim_tx_send(port, q, slot))
			break;
		frames += slot->frames ?: 1;
	}
	if (done == start)
		return false;

	ov2sim_ring_write(&q->tx.done, done);
	ov2sim_tx_irq(port, queue);
	return done != posted && !q->tx_wait;
}
