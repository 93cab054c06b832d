/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: a queue pair of the NIC: its rings, and the frames between the rings and the wire. */
#ifndef __OV2SIM_NIC_QUEUE_H
#define __OV2SIM_NIC_QUEUE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "nic.h"

/**
 * struct ov2sim_tx_slot - A TX descriptor and its result.
 * @txd: the descriptor
 * @frames: frames that the NIC has made
 * @status: result
 */
struct ov2sim_tx_slot {
	struct ov2sim_txd txd;
	u32 frames;
	int status;
};

/**
 * struct ov2sim_rx_slot - A receive buffer and its result.
 * @va: address of the buffer
 * @size: size of the buffer
 * @rxc: result; its buf is set when the driver posts the buffer
 */
struct ov2sim_rx_slot {
	void *va;
	u32 size;
	struct ov2sim_rxc rxc;
};

/**
 * struct ov2sim_ring - The three free-running indices of a ring. The slot of an index is its value
 * modulo @size.
 * @size: number of slots, a power of two; 0 if the port is not open
 * @posted: written by the driver after it has filled the slot
 * @done: written by the NIC after it has written the result
 * @reaped: written by the driver after it has read the result
 */
struct ov2sim_ring {
	u32 size;
	u32 posted;
	u32 done;
	u32 reaped;
};

/**
 * struct ov2sim_fifo - Frames that have arrived and wait for a receive buffer.
 * @lock: guards the rest
 * @frames: &struct ov2sim_frame
 * @count: number of @frames
 * @open: the port is started
 * @paused: the fifo was full, and a sender waits for room
 */
struct ov2sim_fifo {
	spinlock_t lock;	/* guards the rest; taken in softirq, too */
	struct list_head frames;
	u32 count;
	bool open;
	bool paused;
};

/**
 * struct ov2sim_queue - A queue pair of a port.
 * @tx: TX ring
 * @tx_slots: its slots
 * @rx: RX ring
 * @rx_slots: its slots
 * @fifo: frames from the wire
 * @built: frames of the current TX descriptor until the wire takes them; under the worker's lock
 * @tx_wait: jiffies when @built began to wait for room at the other end, 0 if it does not wait
 * @rx_wait: @fifo waits for a buffer; the next ov2sim_hw_rx_post() must kick the worker
 */
struct ov2sim_queue {
	struct ov2sim_ring tx;
	struct ov2sim_tx_slot *tx_slots;
	struct ov2sim_ring rx;
	struct ov2sim_rx_slot *rx_slots;
	struct ov2sim_fifo fifo;
	struct list_head built;
	unsigned long tx_wait;
	bool rx_wait;
};

/* Read an index that the other side writes. The slots below it are visible after this. */
static inline u32 ov2sim_ring_read(const u32 *index)
{
	/* Pairs with the release in ov2sim_ring_write(). */
	return smp_load_acquire(index);
}

/* Publish slots to the other side. */
static inline void ov2sim_ring_write(u32 *index, u32 value)
{
	/* Pairs with the acquire in ov2sim_ring_read(). */
	smp_store_release(index, value);
}

/* Is every descriptor below @posted done? The second comparison covers a ring whose indices were
 * cleared by a close since @posted was read.
 */
static inline bool ov2sim_queue_sent(const struct ov2sim_queue *queue, u32 posted)
{
	return (s32)(ov2sim_ring_read(&queue->tx.done) - posted) >= 0 ||
	       (s32)(ov2sim_ring_read(&queue->tx.posted) - posted) < 0;
}

#endif /* __OV2SIM_NIC_QUEUE_H */
