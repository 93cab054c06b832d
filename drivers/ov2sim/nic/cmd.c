// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the command queue and the thread that executes request lists, one at a time.
 *
 * A request is on ov2sim_cmdq.queued, on parked, or it is the one that the thread executes (busy).
 * Cancel, reset and the thread race to complete a request: the one that takes it off its list under
 * ov2sim_cmdq.lock completes it, so that it completes once. The lock is taken with BH disabled,
 * because requests may be submitted from softirq. cmd_done is called without the lock.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/kthread.h>
#include "cmd.h"
#include "hw.h"
#include "kick.h"
#include "port.h"

/* How often a delay checks whether its length has been changed. */
#define OV2SIM_CMD_POLL_MS	10

static void ov2sim_cmd_done(struct ov2sim_hw *hw, struct ov2_request *req, int status)
{
	local_bh_disable();
	hw->ops->cmd_done(hw->drv, req, status);
	local_bh_enable();
}

/* A worker has completed a round, for which ov2sim_cmd_flush_queue() may wait. */
void ov2sim_cmd_progress(struct ov2sim_hw *hw)
{
	/* Order the worker's stores of done and tx_wait before the load of flushing. Pairs with the
	 * barrier in wait_event_idle() of ov2sim_cmd_flush_queue(): either we see flushing and wake
	 * it, or it sees what the worker has done.
	 */
	smp_mb();
	if (READ_ONCE(hw->cmdq.flushing))
		wake_up(&hw->cmdq.wait);
}

/* Is the list as long as the request says? The NIC walks the list and must not walk beyond it. */
static bool ov2sim_cmd_count_ok(struct ov2sim_hw *hw, const struct ov2_request *req)
{
	const struct ov2_update_sa *update;
	const struct ov2_delete_sa *del;
	const struct ov2_add_sa *add;
	u32 count = 0;

	if (!req->count || req->count > hw->config.caps.max_list)
		return false;
	switch (req->kind) {
	case OV2_ADD_SA:
		for (add = req->add; add && count <= req->count; add = add->next)
			count++;
		break;
	case OV2_DELETE_SA:
		for (del = req->del; del && count <= req->count; del = del->next)
			count++;
		break;
	case OV2_UPDATE_SA:
		for (update = req->update; update && count <= req->count; update = update->next)
			count++;
		break;
	default:
		return false;
	}
	return count == req->count;
}

int ov2sim_hw_submit(struct ov2sim_hw *hw, struct ov2_request *req)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	int err = -EINPROGRESS;

	if (!ov2sim_cmd_count_ok(hw, req))
		return -EINVAL;

	spin_lock_bh(&q->lock);
	if (hw->state == OV2SIM_HW_SURPRISE_REMOVED) {
		err = -ENODEV;
	} else if (q->resetting || hw->state == OV2SIM_HW_ASLEEP) {
		err = -EBUSY;
	} else if (q->pending >= hw->config.caps.max_requests) {
		err = -EAGAIN;
	} else {
		list_add_tail(&req->driver, &q->queued);
		q->pending++;
	}
	spin_unlock_bh(&q->lock);
	if (err == -EINPROGRESS)
		wake_up(&q->wait);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_submit);

static bool ov2sim_cmd_take(struct list_head *list, struct ov2_request *req)
{
	struct ov2_request *other;

	list_for_each_entry(other, list, driver) {
		if (other == req) {
			list_del(&req->driver);
			return true;
		}
	}
	return false;
}

void ov2sim_hw_cancel(struct ov2sim_hw *hw, struct ov2_request *req)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	bool found;

	if (ov2sim_fault_take(&hw->faults.deaf))
		return;
	spin_lock_bh(&q->lock);
	found = ov2sim_cmd_take(&q->queued, req) || ov2sim_cmd_take(&q->parked, req);
	if (found) {
		q->pending--;
		q->epoch++;
		if (q->held == req)
			q->held = NULL;
	}
	spin_unlock_bh(&q->lock);
	if (!found)
		return;
	wake_up(&q->wait);
	ov2sim_cmd_done(hw, req, -ECANCELED);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_cancel);

/* Abort the waiting requests, then wait until the running one has completed. */
static void ov2sim_cmd_abort_all(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	struct ov2_request *req, *next;
	LIST_HEAD(aborted);

	spin_lock_bh(&q->lock);
	q->resetting = true;
	list_splice_init(&q->queued, &aborted);
	list_splice_init(&q->parked, &aborted);
	list_for_each_entry(req, &aborted, driver)
		q->pending--;
	q->held = NULL;
	q->epoch++;
	spin_unlock_bh(&q->lock);
	wake_up(&q->wait);

	list_for_each_entry_safe(req, next, &aborted, driver) {
		list_del(&req->driver);
		ov2sim_cmd_done(hw, req, -ECANCELED);
	}
	wait_event(q->wait, !READ_ONCE(q->busy));
}

/* Remove all requests, SAs and packets from the NIC. */
void ov2sim_cmd_clear(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	u32 i, j;

	lockdep_assert_held(&q->reset_lock);
	ov2sim_cmd_abort_all(hw);
	ov2sim_sadb_flush(&hw->sadb);
	for (i = 0; i < hw->config.ports; i++) {
		for (j = 0; j < hw->config.queues; j++)
			ov2sim_port_reset(&hw->ports[i], j);
	}

	spin_lock_bh(&q->lock);
	q->resetting = false;
	spin_unlock_bh(&q->lock);
}

/* The reset removes the SAs that the list has added so far, so their handles are void. */
static void ov2sim_cmd_add_aborted(struct ov2_request *req)
{
	struct ov2_add_sa *node;

	for (node = req->add; node; node = node->next) {
		node->status = -ECANCELED;
		node->offload_handle = 0;
	}
}

/* S2, S4: try every node. The request succeeds if at least one SA was offloaded. */
static int ov2sim_cmd_add(struct ov2sim_hw *hw, struct ov2_request *req)
{
	u32 refuse = READ_ONCE(hw->faults.refuse);
	int first = 0, good = 0;
	struct ov2_add_sa *node;
	u32 n = 0, refused = 0;

	for (node = req->add; node; node = node->next) {
		if (READ_ONCE(hw->cmdq.resetting)) {
			ov2sim_cmd_add_aborted(req);
			return -ECANCELED;
		}
		if (++n == refuse) {
			node->status = -EIO;
			node->offload_handle = 0;
		} else {
			node->status = ov2sim_sadb_add(&hw->sadb, node);
		}
		if (!node->status)
			good++;
		else if (!first)
			first = node->status;
		refused += node->status == -ENOSPC;
		cond_resched();
	}
	ov2sim_victim_choose(&hw->sadb, refused);
	return good ? 0 : first;
}

static void ov2sim_cmd_flush_queue(struct ov2sim_hw *hw, u32 port, u32 index, unsigned long until)
{
	struct ov2sim_queue *queue = ov2sim_queue(hw, port, index);
	u32 posted = ov2sim_ring_read(&queue->tx.posted);
	struct ov2sim_cmdq *q = &hw->cmdq;

	if (ov2sim_queue_sent(queue, posted))
		return;
	ov2sim_worker_kick(&hw->workers[index]);
	wait_event_idle(q->wait, ov2sim_queue_sent(queue, posted) || READ_ONCE(q->resetting) ||
			!READ_ONCE(hw->ports[port].started) ||
			(READ_ONCE(queue->tx_wait) && time_after(jiffies, until)));
}

/* Drain TX descriptors posted before this request, so that they are still encrypted with the SAs
 * that it deletes (S18). After the timeout, skip queues that wait for room at the other end.
 */
static void ov2sim_cmd_flush_tx(struct ov2sim_hw *hw)
{
	unsigned long until = jiffies + OV2SIM_TX_TIMEOUT;
	u32 i, j;

	WRITE_ONCE(hw->cmdq.flushing, true);
	for (i = 0; i < hw->config.ports; i++) {
		for (j = 0; j < READ_ONCE(hw->ports[i].nqueues); j++)
			ov2sim_cmd_flush_queue(hw, i, j, until);
	}
	WRITE_ONCE(hw->cmdq.flushing, false);
}

static bool ov2sim_cmd_deletes_outbound(struct ov2sim_hw *hw, const struct ov2_request *req)
{
	const struct ov2_delete_sa *node = req->del;
	bool found = false;

	for (; node && !found; node = node->next)
		found = ov2sim_sadb_is_outbound(&hw->sadb, node->offload_handle);
	return found;
}

/* S16: walk the whole list. One grace period serves all of its SAs. */
static int ov2sim_cmd_delete(struct ov2sim_hw *hw, struct ov2_request *req)
{
	struct ov2_delete_sa *node;
	LIST_HEAD(dead);

	if (ov2sim_cmd_deletes_outbound(hw, req))
		ov2sim_cmd_flush_tx(hw);
	for (node = req->del; node; node = node->next)
		ov2sim_sadb_unlink(&hw->sadb, node->offload_handle, &dead);
	ov2sim_sadb_free(&hw->sadb, &dead);
	return 0;
}

static int ov2sim_cmd_update(struct ov2sim_hw *hw, struct ov2_request *req)
{
	struct ov2_update_sa *node;
	int first = 0, good = 0;

	for (node = req->update; node; node = node->next) {
		node->status = ov2sim_sadb_update(&hw->sadb, node->offload_handle, &node->seq);
		if (!node->status)
			good++;
		else if (!first)
			first = node->status;
	}
	return good ? 0 : first;
}

static int ov2sim_cmd_execute(struct ov2sim_hw *hw, struct ov2_request *req)
{
	switch (req->kind) {
	case OV2_ADD_SA:
		return ov2sim_cmd_add(hw, req);
	case OV2_DELETE_SA:
		return ov2sim_cmd_delete(hw, req);
	case OV2_UPDATE_SA:
		return ov2sim_cmd_update(hw, req);
	default:
		return -EINVAL;
	}
}

/* Return the next request to execute, or NULL if there is none or a fault has parked it. */
static struct ov2_request *ov2sim_cmd_next(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	struct ov2_request *req;

	lockdep_assert_held(&q->lock);
	req = list_first_entry_or_null(&q->queued, struct ov2_request, driver);
	if (!req || !ov2sim_hw_runs(hw))
		return NULL;
	if (ov2sim_fault_take(&hw->faults.lose)) {
		list_move_tail(&req->driver, &q->parked);
		return NULL;
	}
	if (!q->held && ov2sim_fault_take(&hw->faults.reorder)) {
		list_move_tail(&req->driver, &q->parked);
		q->held = req;
		return NULL;
	}
	list_del(&req->driver);
	q->busy = true;
	return req;
}

static void ov2sim_cmd_run(struct ov2sim_hw *hw, struct ov2_request *req)
{
	u32 delay = min(READ_ONCE(hw->faults.delay_us), OV2SIM_DELAY_US_MAX);
	struct ov2sim_cmdq *q = &hw->cmdq;
	int status;

	if (delay)
		usleep_range(delay, delay);
	status = ov2sim_cmd_execute(hw, req);

	/* Make room first, because the driver may submit the next request from cmd_done. */
	spin_lock_bh(&q->lock);
	q->pending--;
	spin_unlock_bh(&q->lock);
	ov2sim_cmd_done(hw, req, status);
}

/* Return the request that the reorder fault holds back, now that the one after it has completed.
 * Without one the thread is no longer busy.
 */
static struct ov2_request *ov2sim_cmd_release(struct ov2sim_cmdq *q)
{
	struct ov2_request *req;

	spin_lock_bh(&q->lock);
	req = q->held;
	if (req)
		list_del(&req->driver);
	else
		q->busy = false;
	q->held = NULL;
	spin_unlock_bh(&q->lock);
	return req;
}

static void ov2sim_cmd_turn(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	struct ov2_request *req;

	spin_lock_bh(&q->lock);
	req = ov2sim_cmd_next(hw);
	spin_unlock_bh(&q->lock);
	if (!req)
		return;
	do {
		ov2sim_cmd_run(hw, req);
		req = ov2sim_cmd_release(q);
	} while (req);
	wake_up(&q->wait);
}

/* Remaining time of a delay that began at @start. debugfs may change its length meanwhile. */
static unsigned long ov2sim_cmd_delay_left(const struct ov2sim_hw *hw, unsigned long start)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(hw->faults.delay));
	unsigned long gone = jiffies - start;

	return gone < delay ? delay - gone : 0;
}

/* Delay the first request. Returns false if a cancel, a reset or the end of the thread has ended
 * the delay early.
 */
static bool ov2sim_cmd_delay(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	u32 epoch = READ_ONCE(q->epoch);
	unsigned long left, start = jiffies;

	while ((left = ov2sim_cmd_delay_left(hw, start))) {
		left = min(left, msecs_to_jiffies(OV2SIM_CMD_POLL_MS));
		if (wait_event_idle_timeout(q->wait,
					    epoch != READ_ONCE(q->epoch) || kthread_should_stop(),
					    left))
			return false;
	}
	return true;
}

static int ov2sim_cmd_thread(void *arg)
{
	struct ov2sim_hw *hw = arg;
	struct ov2sim_cmdq *q = &hw->cmdq;

	while (!kthread_should_stop()) {
		wait_event_idle(q->wait,
				(ov2sim_hw_runs(hw) && !list_empty_careful(&q->queued)) ||
				kthread_should_stop());
		if (!kthread_should_stop() && ov2sim_cmd_delay(hw))
			ov2sim_cmd_turn(hw);
	}
	return 0;
}

int ov2sim_cmd_init(struct ov2sim_hw *hw)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	struct task_struct *task;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_cmd_init, hw);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->queued);
	INIT_LIST_HEAD(&q->parked);
	init_waitqueue_head(&q->wait);
	mutex_init(&q->reset_lock);
	task = kthread_run(ov2sim_cmd_thread, hw, "%s-cmd", hw->config.name);
	if (IS_ERR(task))
		return PTR_ERR(task);
	q->task = task;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_cmd_init);

/* Stop accepting requests, abort all of them and stop the thread. */
void ov2sim_cmd_destroy(struct ov2sim_hw *hw)
{
	ov2sim_cmd_abort_all(hw);
	kthread_stop(hw->cmdq.task);
}
