/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: a queue pair of the NIC: its rings, and the frames between them and the wire. */
#ifndef __OV2SIM_NIC_QUEUE_H
#define __OV2SIM_NIC_QUEUE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "nic.h"

/**
 * struct ov2sim_tx_slot - One descriptor and what became of it.
 * @txd: the driver's
 * @frames: frames made
 * @status: result
 */
struct ov2sim_tx_slot {
	struct ov2sim_txd txd;
	u32 frames;
	int status;
};

/**
 * struct ov2sim_rx_slot - One buffer and what was put into it.
 * @va: where
 * @size: how long
 * @rxc: result; its buf is set when the buffer is posted
 */
struct ov2sim_rx_slot {
	void *va;
	u32 size;
	struct ov2sim_rxc rxc;
};

/**
 * struct ov2sim_ring - The three free-running indices of a ring; slot numbers modulo its size.
 * @size: slots, a power of two; 0 if the port is not open
 * @posted: written by the driver, after the slot
 * @done: written by the NIC, after the result
 * @reaped: written by the driver, after it has read the result
 */
struct ov2sim_ring {
	u32 size;
	u32 posted;
	u32 done;
	u32 reaped;
};

/**
 * struct ov2sim_fifo - Frames that have come from the wire.
 * @lock: guards the rest; taken with BH enabled, in process context only
 * @frames: &struct ov2sim_frame
 * @count: of them
 * @open: the port is started
 * @paused: a sender waits for room
 */
struct ov2sim_fifo {
	spinlock_t lock;	/* guards the rest; process context only */
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
 * @built: frames of the descriptor in work, until the wire takes them; its worker's
 * @tx_wait: jiffies when @built began to wait, 0 if it does not
 * @rx_wait: @fifo waits for a buffer: the next that is posted is to wake the worker
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

/* An index that the other side writes, and what it has put into the slots before */
static inline u32 ov2sim_ring_read(const u32 *index)
{
	/* Pairs with ov2sim_ring_write() */
	return smp_load_acquire(index);
}

/* Pass slots on to the other side */
static inline void ov2sim_ring_write(u32 *index, u32 value)
{
	/* Pairs with ov2sim_ring_read() */
	smp_store_release(index, value);
}

/* Is everything done that had been posted when the index was @posted? Also if the ring has started
 * anew since.
 */
static inline bool ov2sim_queue_sent(const struct ov2sim_queue *queue, u32 posted)
{
	return (s32)(ov2sim_ring_read(&queue->tx.done) - posted) >= 0 ||
	       (s32)(ov2sim_ring_read(&queue->tx.posted) - posted) < 0;
}

#endif /* __OV2SIM_NIC_QUEUE_H */
