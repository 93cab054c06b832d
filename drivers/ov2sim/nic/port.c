// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: ports and their rings.
 *
 * Each of the three indices of a ring has one writer: the driver advances posted and reaped, the
 * NIC advances done. A release store of an index publishes the slots below it, see
 * ov2sim_ring_write(). nqueues and the rings change only while the port is stopped.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include "hw.h"
#include "kick.h"
#include "link.h"
#include "port.h"

static void ov2sim_queue_init(struct ov2sim_queue *queue)
{
	spin_lock_init(&queue->fifo.lock);
	INIT_LIST_HEAD(&queue->fifo.frames);
	INIT_LIST_HEAD(&queue->built);
}

void ov2sim_ports_free(struct ov2sim_hw *hw)
{
	u32 i;

	for (i = 0; i < hw->config.ports; i++)
		kvfree(hw->ports[i].queues);
	kvfree(hw->ports);
}

int ov2sim_ports_alloc(struct ov2sim_hw *hw)
{
	struct ov2sim_hwport *port;
	u32 i, j;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_ports_alloc, hw);
	hw->ports = kvcalloc(hw->config.ports, sizeof(*hw->ports), GFP_KERNEL);
	if (!hw->ports)
		return -ENOMEM;
	for (i = 0; i < hw->config.ports; i++) {
		port = &hw->ports[i];
		port->hw = hw;
		port->index = i;
		port->queues = kvcalloc(hw->config.queues, sizeof(*port->queues), GFP_KERNEL);
		if (!port->queues)
			goto err_free_ports;
		for (j = 0; j < hw->config.queues; j++)
			ov2sim_queue_init(&port->queues[j]);
	}
	return 0;

err_free_ports:
	ov2sim_ports_free(hw);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_ports_alloc);

/* The caller has stopped the port, but ov2sim_port_reset() touches the rings of stopped ports, too.
 * It does so under the worker's lock, so take that lock here and in ov2sim_queue_alloc().
 */
static void ov2sim_queue_free(struct ov2sim_hw *hw, struct ov2sim_hwport *port, u32 i)
{
	struct ov2sim_queue *queue = &port->queues[i];

	mutex_lock(&hw->workers[i].lock);
	kvfree(queue->tx_slots);
	kvfree(queue->rx_slots);
	queue->tx_slots = NULL;
	queue->rx_slots = NULL;
	memset(&queue->tx, 0, sizeof(queue->tx));
	memset(&queue->rx, 0, sizeof(queue->rx));
	mutex_unlock(&hw->workers[i].lock);
}

static int ov2sim_queue_alloc(struct ov2sim_hw *hw, struct ov2sim_hwport *port, u32 i,
			      const struct ov2sim_port_config *config)
{
	struct ov2sim_queue *queue = &port->queues[i];
	int err;

	mutex_lock(&hw->workers[i].lock);
	queue->tx_slots = kvcalloc(config->tx_ring, sizeof(*queue->tx_slots), GFP_KERNEL);
	queue->rx_slots = kvcalloc(config->rx_ring, sizeof(*queue->rx_slots), GFP_KERNEL);
	queue->tx = (struct ov2sim_ring){ .size = config->tx_ring };
	queue->rx = (struct ov2sim_ring){ .size = config->rx_ring };
	err = queue->tx_slots && queue->rx_slots ? 0 : -ENOMEM;
	mutex_unlock(&hw->workers[i].lock);
	return err;
}

int ov2sim_hw_port_open(struct ov2sim_hw *hw, u32 port, const struct ov2sim_port_config *config)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	u32 i;

	if (!config->queues || config->queues > hw->config.queues ||
	    !is_power_of_2(config->tx_ring) || !is_power_of_2(config->rx_ring))
		return -EINVAL;
	if (p->nqueues)
		return -EBUSY;

	for (i = 0; i < config->queues; i++) {
		if (ov2sim_queue_alloc(hw, p, i, config))
			goto err_free_queues;
	}
	WRITE_ONCE(p->nqueues, config->queues);
	return 0;

err_free_queues:
	do {
		ov2sim_queue_free(hw, p, i);
	} while (i--);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_open);

void ov2sim_hw_port_close(struct ov2sim_hw *hw, u32 port)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	u32 queues = p->nqueues;
	u32 i;

	WRITE_ONCE(p->nqueues, 0);
	for (i = 0; i < queues; i++)
		ov2sim_queue_free(hw, p, i);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_close);

static void ov2sim_fifo_set_open(struct ov2sim_fifo *fifo, bool open)
{
	spin_lock_bh(&fifo->lock);
	fifo->open = open;
	spin_unlock_bh(&fifo->lock);
}

void ov2sim_hw_port_start(struct ov2sim_hw *hw, u32 port)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	u32 i;

	for (i = 0; i < p->nqueues; i++)
		ov2sim_fifo_set_open(&p->queues[i].fifo, true);
	ov2sim_link_set_started(p, true);
	for (i = 0; i < p->nqueues; i++)
		ov2sim_worker_kick(&hw->workers[i]);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_start);

/* Drop all packets of a queue pair. The caller holds the worker's lock, so that the worker does not
 * use the queue meanwhile. Receive buffers stay posted.
 */
static void ov2sim_port_drain(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_queue *q = &port->queues[queue];
	struct ov2sim_fifo *fifo = &q->fifo;
	struct ov2sim_tx_slot *slot;
	u32 dropped, posted, done;
	LIST_HEAD(frames);

	lockdep_assert_held(&port->hw->workers[queue].lock);
	spin_lock_bh(&fifo->lock);
	list_splice_init(&fifo->frames, &frames);
	fifo->count = 0;
	fifo->paused = false;
	spin_unlock_bh(&fifo->lock);
	dropped = ov2sim_frames_free(&frames);
	ov2sim_frames_free(&q->built);

	posted = ov2sim_ring_read(&q->tx.posted);
	for (done = q->tx.done; done != posted; done++) {
		slot = &q->tx_slots[done & (q->tx.size - 1)];
		slot->frames = 0;
		slot->status = -ECANCELED;
		dropped++;
	}
	ov2sim_ring_write(&q->tx.done, done);
	WRITE_ONCE(q->tx_wait, 0);
	WRITE_ONCE(q->rx_wait, false);
	ov2sim_stat_add(port, OV2SIM_STAT_RESET_DROP, dropped);
	ov2sim_link_resume(port);
}

/* Reset a queue pair, whether its port is started or not. The driver must be told of the
 * descriptors that this completes, because it may wait for them with a full ring.
 */
void ov2sim_port_reset(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_worker *worker = &port->hw->workers[queue];

	mutex_lock(&worker->lock);
	ov2sim_port_drain(port, queue);
	ov2sim_tx_irq(port, queue);
	mutex_unlock(&worker->lock);
}

static void ov2sim_port_return_buffers(struct ov2sim_queue *q)
{
	u32 posted = ov2sim_ring_read(&q->rx.posted);
	struct ov2sim_rxc *rxc;
	u32 done;

	for (done = q->rx.done; done != posted; done++) {
		rxc = &q->rx_slots[done & (q->rx.size - 1)].rxc;
		*rxc = (struct ov2sim_rxc){ .buf = rxc->buf, .flags = OV2SIM_RX_RETURNED };
	}
	ov2sim_ring_write(&q->rx.done, done);
}

void ov2sim_hw_port_stop(struct ov2sim_hw *hw, u32 port)
{
	struct ov2sim_hwport *p = &hw->ports[port];
	u32 i;

	ov2sim_link_set_started(p, false);
	for (i = 0; i < p->nqueues; i++) {
		ov2sim_fifo_set_open(&p->queues[i].fifo, false);
		mutex_lock(&hw->workers[i].lock);
		ov2sim_port_drain(p, i);
		ov2sim_port_return_buffers(&p->queues[i]);
		mutex_unlock(&hw->workers[i].lock);
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_stop);

void ov2sim_hw_port_address(struct ov2sim_hw *hw, u32 port, const u8 *addr)
{
	atomic64_set(&hw->ports[port].addr, ether_addr_to_u64(addr));
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_address);

void ov2sim_hw_port_features(struct ov2sim_hw *hw, u32 port, u32 features)
{
	WRITE_ONCE(hw->ports[port].features, features);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_port_features);
