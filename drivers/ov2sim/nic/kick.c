// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: doorbells: the wake-up of a worker, and the interrupts to the driver.
 *
 * Every file of the NIC may call these functions. They call no other file of the NIC.
 */
#include <linux/bottom_half.h>
#include "hw.h"
#include "kick.h"

void ov2sim_worker_kick(struct ov2sim_worker *worker)
{
	/* Publish the work before the kick. Pairs with the atomic_xchg() in
	 * ov2sim_worker_thread().
	 */
	atomic_set_release(&worker->kicked, 1);
	wake_up(&worker->wait);
}

/* The caller holds the worker's lock, because ov2sim_hw_port_stop() takes that lock before the
 * driver frees what the interrupt would touch.
 */
void ov2sim_tx_irq(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_hw *hw = port->hw;

	lockdep_assert_held(&hw->workers[queue].lock);
	if (!READ_ONCE(port->started) || queue >= READ_ONCE(port->nqueues))
		return;
	local_bh_disable();
	hw->ops->tx_irq(hw->drv, port->index, queue);
	local_bh_enable();
}

/* As ov2sim_tx_irq(), but only the worker calls it, for a port that it has found started. */
void ov2sim_rx_irq(struct ov2sim_hwport *port, u32 queue)
{
	struct ov2sim_hw *hw = port->hw;

	lockdep_assert_held(&hw->workers[queue].lock);
	local_bh_disable();
	hw->ops->rx_irq(hw->drv, port->index, queue);
	local_bh_enable();
}
