// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: data threads. Lane N of a NIC serves the queue pair N of each of its ports.
 *
 * A lane holds its lock while it works, and reads ov2sim_hwport.started after it has taken it: who
 * clears that and then takes and gives back the lock has the rings to himself.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include "hw.h"

void ov2sim_lane_kick(struct ov2sim_lane *lane)
{
	/* After what there is to do; pairs with the thread's xchg */
	atomic_set_release(&lane->kicked, 1);
	wake_up(&lane->wait);
}

/* A queue that waits for the other end has a clock to look at. */
static bool ov2sim_lane_waits(struct ov2sim_lane *lane)
{
	for (u32 i = 0; i < lane->hw->config.ports; i++) {
		if (ov2sim_queue(lane->hw, i, lane->index)->tx_wait)
			return true;
	}
	return false;
}

static bool ov2sim_lane_work(struct ov2sim_lane *lane)
{
	struct ov2sim_hwport *port;
	bool more = false;

	lockdep_assert_held(&lane->lock);
	for (u32 i = 0; i < lane->hw->config.ports; i++) {
		port = &lane->hw->ports[i];
		if (!READ_ONCE(port->started) || lane->index >= port->nqueues)
			continue;
		more |= ov2sim_rx_work(port, lane->index);
		more |= ov2sim_tx_work(port, lane->index);
	}
	return more;
}

static int ov2sim_lane_thread(void *arg)
{
	struct ov2sim_lane *lane = arg;
	bool more = false, waits = false;

	while (!kthread_should_stop()) {
		if (!more)
			wait_event_idle_timeout(lane->wait,
						atomic_xchg(&lane->kicked, 0) ||
						kthread_should_stop(),
						waits ? OV2SIM_PATIENCE : MAX_SCHEDULE_TIMEOUT);
		mutex_lock(&lane->lock);
		more = ov2sim_lane_work(lane);
		waits = ov2sim_lane_waits(lane);
		mutex_unlock(&lane->lock);
		ov2sim_cmd_progress(lane->hw);
		cond_resched();
	}
	return 0;
}

int ov2sim_lane_init(struct ov2sim_lane *lane, struct ov2sim_hw *hw, u32 index)
{
	struct task_struct *task;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_lane_init, lane, hw, index);
	lane->hw = hw;
	lane->index = index;
	init_waitqueue_head(&lane->wait);
	mutex_init(&lane->lock);
	task = kthread_run(ov2sim_lane_thread, lane, "%s-q%u", hw->config.name, index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	lane->task = task;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_lane_init);

void ov2sim_lane_destroy(struct ov2sim_lane *lane)
{
	kthread_stop(lane->task);
}
