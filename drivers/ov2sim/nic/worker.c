// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: workers, the NIC's data threads. Worker N serves queue pair N of each port of the NIC.
 *
 * A worker holds its lock while it works, and it reads ov2sim_hwport.started after it has taken the
 * lock. Clearing started and then taking the lock once guarantees that the worker no longer touches
 * the rings of the port.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include "cmd.h"
#include "hw.h"
#include "rx.h"
#include "tx.h"
#include "worker.h"

/* A queue that waits for the other end of the wire must be looked at again after a while, because
 * its frames are dropped after OV2SIM_TX_TIMEOUT.
 */
static bool ov2sim_worker_waits(struct ov2sim_worker *worker)
{
	u32 i;

	for (i = 0; i < worker->hw->config.ports; i++) {
		if (ov2sim_queue(worker->hw, i, worker->index)->tx_wait)
			return true;
	}
	return false;
}

static bool ov2sim_worker_work(struct ov2sim_worker *worker)
{
	struct ov2sim_hwport *port;
	bool more = false;
	u32 i;

	lockdep_assert_held(&worker->lock);
	for (i = 0; i < worker->hw->config.ports; i++) {
		port = &worker->hw->ports[i];
		if (!READ_ONCE(port->started) || worker->index >= port->nqueues)
			continue;
		more |= ov2sim_rx_work(port, worker->index);
		more |= ov2sim_tx_work(port, worker->index);
	}
	return more;
}

static int ov2sim_worker_thread(void *arg)
{
	struct ov2sim_worker *worker = arg;
	bool more = false, waits = false;

	while (!kthread_should_stop()) {
		if (!more)
			wait_event_idle_timeout(worker->wait,
						atomic_xchg(&worker->kicked, 0) ||
						kthread_should_stop(),
						waits ? OV2SIM_TX_TIMEOUT : MAX_SCHEDULE_TIMEOUT);
		mutex_lock(&worker->lock);
		more = ov2sim_worker_work(worker);
		waits = ov2sim_worker_waits(worker);
		mutex_unlock(&worker->lock);
		ov2sim_cmd_progress(worker->hw);
		cond_resched();
	}
	return 0;
}

int ov2sim_worker_init(struct ov2sim_worker *worker, struct ov2sim_hw *hw, u32 index)
{
	struct task_struct *task;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_worker_init, worker, hw, index);
	worker->hw = hw;
	worker->index = index;
	init_waitqueue_head(&worker->wait);
	mutex_init(&worker->lock);
	task = kthread_run(ov2sim_worker_thread, worker, "%s-q%u", hw->config.name, index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	worker->task = task;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_worker_init);

static void ov2sim_workers_free(struct ov2sim_hw *hw, u32 count)
{
	while (count--)
		kthread_stop(hw->workers[count].task);
	kvfree(hw->workers);
}

int ov2sim_workers_start(struct ov2sim_hw *hw)
{
	int err;
	u32 i;

	hw->workers = kvcalloc(hw->config.queues, sizeof(*hw->workers), GFP_KERNEL);
	if (!hw->workers)
		return -ENOMEM;
	for (i = 0; i < hw->config.queues; i++) {
		err = ov2sim_worker_init(&hw->workers[i], hw, i);
		if (err)
			goto err_free_workers;
	}
	return 0;

err_free_workers:
	ov2sim_workers_free(hw, i);
	return err;
}

void ov2sim_workers_stop(struct ov2sim_hw *hw)
{
	ov2sim_workers_free(hw, hw->config.queues);
}
