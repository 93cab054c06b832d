// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the request engine. Owns requests from the pool to completion, and the state of the NIC
 * as far as requests are concerned. It knows no SA: &struct ov2_list_kind builds and completes the
 * lists.
 *
 * Batching is group commit. As long as the NIC takes another request, all queued SAs are submitted
 * in one at once. While caps.max_requests are in flight, SAs gather, and leave as one list when a
 * request completes. Only the pump takes and submits requests, so that a delete is never submitted
 * before the add of its SA. All other contexts queue SAs and kick the pump.
 *
 * The requests are allocated with the NIC, so that submission never fails for lack of memory.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/* The core resets a NIC that aborts more requests in a row than this without being asked. */
#define OV2_ABORTS_MAX	8

const char * const ov2_request_kind_names[OV2_REQUEST_COUNT] = {
	[OV2_ADD_SA] = "ADD_SA",
	[OV2_DELETE_SA] = "DELETE_SA",
	[OV2_UPDATE_SA] = "UPDATE_SA",
};

static struct kmem_cache *ov2_request_cache;

int ov2_request_cache_init(void)
{
	ov2_request_cache = KMEM_CACHE(ov2_request, 0);
	return ov2_request_cache ? 0 : -ENOMEM;
}

void ov2_request_cache_exit(void)
{
	kmem_cache_destroy(ov2_request_cache);
}

void ov2_requests_free(struct ov2_nic *nic)
{
	struct ov2_request *req, *next;

	list_for_each_entry_safe(req, next, &nic->engine.free, list) {
		kvfree(req->nodes);
		kmem_cache_free(ov2_request_cache, req);
	}
	INIT_LIST_HEAD(&nic->engine.free);
}

int ov2_requests_alloc(struct ov2_nic *nic)
{
	u32 nodes = min(nic->hw_caps.max_list, OV2_LIST_MAX), i;

	for (i = 0; i < nic->hw_caps.max_requests; i++) {
		struct ov2_request *req = kmem_cache_zalloc(ov2_request_cache, GFP_KERNEL);

		if (!req)
			goto err_free;
		list_add(&req->list, &nic->engine.free);
		req->nodes = kvcalloc(nodes, sizeof(*req->nodes), GFP_KERNEL);
		if (!req->nodes)
			goto err_free;
	}
	return 0;

err_free:
	ov2_requests_free(nic);
	return -ENOMEM;
}

/* Stops submission, and makes the send path give no packet to the NIC, until ov2_engine_resume().
 * Returns false if it is stopped already.
 */
bool ov2_engine_halt(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (!ov2_engine_up(nic))
		return false;
	WRITE_ONCE(nic->engine.state, OV2_ENGINE_RESETTING);
	trace_ov2_reset(nic, 0);
	return true;
}

/* Submits nothing again. */
void ov2_engine_die(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	WRITE_ONCE(nic->engine.state, OV2_ENGINE_DEAD);
}

/* The NIC has not answered, or has answered wrongly, so ask for a reset. */
static void ov2_engine_misbehaved(struct ov2_nic *nic)
{
	if (!ov2_engine_halt(nic))
		return;
	WRITE_ONCE(nic->engine.misbehaved, true);
	queue_work(nic->wq, &nic->reset_work);
}

/* Submits nothing for now: until a reset if @state is STALLED, because the NIC resets itself or
 * wants to be reset; until the NIC makes progress if it is FULL.
 */
static void ov2_engine_stall(struct ov2_nic *nic, enum ov2_engine_state state)
{
	struct ov2_engine *engine = &nic->engine;

	lockdep_assert_held(&nic->lock);
	if (engine->state >= state)
		return;
	if (engine->state == OV2_ENGINE_RUNNING)
		engine->stalled_since = jiffies;
	WRITE_ONCE(engine->state, state);
}

/* The NIC may have room for another request. */
static void ov2_engine_progress(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	nic->engine.progress++;
	if (nic->engine.state == OV2_ENGINE_FULL)
		WRITE_ONCE(nic->engine.state, OV2_ENGINE_RUNNING);
}

static bool ov2_engine_stalled(const struct ov2_engine *engine)
{
	return engine->state == OV2_ENGINE_FULL || engine->state == OV2_ENGINE_STALLED;
}

/* Arms the deadline work for the next request that is due, or for a NIC that accepts nothing and
 * must be reset then.
 */
static void ov2_engine_arm_deadline(struct ov2_nic *nic)
{
	struct ov2_engine *engine = &nic->engine;
	unsigned long now = jiffies, timeout = msecs_to_jiffies(engine->deadline);
	bool stalled = ov2_engine_stalled(engine);
	unsigned long due = stalled ? engine->stalled_since + timeout : now + timeout;
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	if (!stalled && list_empty(&engine->inflight))
		return;
	list_for_each_entry(req, &engine->inflight, list)
		if (time_before(req->deadline, due))
			due = req->deadline;
	mod_delayed_work(nic->wq, &engine->deadline_work, time_after(due, now) ? due - now : 0);
}

/* Returns the next node of a request, for the kind to append to its list. */
struct ov2_node *ov2_request_node(struct ov2_request *req, struct ov2_sa *sa)
{
	struct ov2_node *node = &req->nodes[req->count++];

	node->sa = sa;
	return node;
}

/* Appends nodes of @kind to a request. Returns false if there are none, or if it is full. */
static bool ov2_request_append(struct ov2_nic *nic, struct ov2_request *req,
			       enum ov2_request_kind kind)
{
	u32 max = min(nic->caps.max_list, OV2_LIST_MAX), count = req->count;

	nic->engine.kinds[kind]->take(nic, req, min(max - min(count, max), OV2_SA_STEP));
	return req->count > count;
}

/* Starts a request of a kind that has SAs queued. Updates go first, because they are few and short.
 * While SAs wait for slots deletes go before adds, otherwise adds and deletes take turns.
 */
static bool ov2_request_start(struct ov2_nic *nic, struct ov2_request *req)
{
	bool adds_first = nic->engine.last == OV2_DELETE_SA && !nic->engine.deletes_first;
	const enum ov2_request_kind order[] = {
		OV2_UPDATE_SA,
		adds_first ? OV2_ADD_SA : OV2_DELETE_SA,
		adds_first ? OV2_DELETE_SA : OV2_ADD_SA,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!ov2_request_append(nic, req, order[i]))
			continue;
		req->kind = order[i];
		if (req->kind != OV2_UPDATE_SA)
			nic->engine.last = req->kind;
		return true;
	}
	return false;
}

/* Returns the next request, or NULL. Its list is not complete yet. */
struct ov2_request *ov2_request_take(struct ov2_nic *nic)
{
	struct ov2_engine *engine = &nic->engine;
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	if (!ov2_engine_ready(nic))
		return NULL;
	req = list_first_entry(&engine->free, struct ov2_request, list);
	list_del(&req->list);
	*req = (struct ov2_request){ .nodes = req->nodes };
	INIT_LIST_HEAD(&req->list);
	INIT_LIST_HEAD(&req->driver);
	req->status = -EINPROGRESS;
	if (!ov2_request_start(nic, req)) {
		/* Mark it as ov2_request_release() does, in case the NIC completes it once more. */
		req->done = true;
		list_add(&req->list, &engine->free);
		return NULL;
	}
	req->id = engine->next_id++;
	engine->inflight_count++;
	return req;
}

static void ov2_request_release(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_engine *engine = &nic->engine;

	lockdep_assert_held(&nic->lock);
	req->done = true;
	engine->inflight_count--;
	/* While cancelling is set, ov2_request_expire() still uses it. */
	if (!req->cancelling)
		list_add(&req->list, &engine->free);
	if (!engine->inflight_count)
		wake_up(&nic->idle);
	ov2_nic_kick(nic);
}

static int ov2_request_call(struct ov2_nic *nic, struct ov2_request *req)
{
	switch (req->kind) {
	case OV2_ADD_SA:
		return nic->ops->add_sa(nic, req);
	case OV2_DELETE_SA:
		return nic->ops->delete_sa(nic, req);
	default:
		return nic->ops->update_sa(nic, req);
	}
}

/* Completes the list of a request that was taken, and gives it to the NIC. Context: the pump. */
void ov2_request_submit(struct ov2_nic *nic, struct ov2_request *req)
{
	const struct ov2_list_kind *kind = nic->engine.kinds[req->kind];
	bool more;
	int status;

	do {
		spin_lock_bh(&nic->lock);
		more = ov2_request_append(nic, req, req->kind);
		spin_unlock_bh(&nic->lock);
	} while (more);
	if (kind->fill)
		kind->fill(nic, req);

	spin_lock_bh(&nic->lock);
	if (!req->count) {
		ov2_request_release(nic, req);
		spin_unlock_bh(&nic->lock);
		return;
	}
	req->deadline = jiffies + msecs_to_jiffies(nic->engine.deadline);
	req->seen = nic->engine.progress;
	list_add_tail(&req->list, &nic->engine.inflight);
	ov2_engine_arm_deadline(nic);
	nic->counters[kind->counter]++;
	trace_ov2_request_submit(nic, req);
	spin_unlock_bh(&nic->lock);

	status = ov2_request_call(nic, req);
	if (status != -EINPROGRESS)
		ov2_request_complete(nic, req, status);
}

/* Returns true if the SAs of a list that has come back must be submitted again. */
bool ov2_request_retry(const struct ov2_request *req)
{
	return req->status == -EBUSY || req->status == -EAGAIN ||
	       (req->status == -ECANCELED && !req->cancelled);
}

/* Takes a request back from the NIC. Returns false if the NIC does not have it. */
static bool ov2_request_end(struct ov2_nic *nic, struct ov2_request *req, int status)
{
	lockdep_assert_held(&nic->lock);
	if (req->done || list_empty(&req->list)) {
		/* While cancel runs, ov2_engine_abort() may have been faster, which is no fault of
		 * the driver.
		 */
		if (!req->cancelling)
			nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
		return false;
	}
	if (status > 0 || status == -EINPROGRESS) {
		nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
		status = -EIO;
	}
	list_del_init(&req->list);
	req->status = status;
	trace_ov2_request_complete(nic, req);
	switch (status) {
	case -EBUSY:
		nic->counters[OV2_CNT_NOT_ACCEPTED]++;
		ov2_engine_stall(nic, OV2_ENGINE_STALLED);
		ov2_engine_arm_deadline(nic);
		return true;
	case -EAGAIN:
		nic->counters[OV2_CNT_DEFERRED]++;
		/* A completion, or ov2_nic_ready(), that came between the NIC's decision and here
		 * has been counted: no other may follow, so do not wait for it.
		 */
		if (req->seen == nic->engine.progress)
			ov2_engine_stall(nic, OV2_ENGINE_FULL);
		ov2_engine_arm_deadline(nic);
		return true;
	case -ECANCELED:
		nic->counters[OV2_CNT_ABORTED]++;
		if (!req->cancelled && ++nic->engine.aborts > OV2_ABORTS_MAX)
			ov2_engine_misbehaved(nic);
		break;
	default:
		nic->engine.aborts = 0;
		if (status && nic->engine.kinds[req->kind]->must_succeed)
			ov2_engine_misbehaved(nic);
	}
	ov2_engine_progress(nic);
	return true;
}

/* Lets the kind complete the nodes of a request that has ended. Between two steps the request is on
 * no list, but still counted: see ov2_engine_abort().
 */
static void ov2_request_finish(struct ov2_nic *nic, struct ov2_request *req)
{
	bool more;

	do {
		spin_lock_bh(&nic->lock);
		more = nic->engine.kinds[req->kind]->done(nic, req);
		if (!more)
			ov2_request_release(nic, req);
		spin_unlock_bh(&nic->lock);
	} while (more);
}

/**
 * ov2_request_complete - complete a pending request
 * @nic: the NIC
 * @req: a request for which an op has returned, or is about to return, -EINPROGRESS
 * @status: 0, -ECANCELED if it was aborted, or why it failed; never -EINPROGRESS
 *
 * The driver calls this exactly once for each pending request. The request and its nodes belong to
 * the core from the call on. NDIS: NdisMDirectOidRequestComplete.
 *
 * Context: any up to softirq; the caller must hold no lock that the driver takes in its ops.
 */
void ov2_request_complete(struct ov2_nic *nic, struct ov2_request *req, int status)
{
	bool ended;

	spin_lock_bh(&nic->lock);
	ended = ov2_request_end(nic, req, status);
	spin_unlock_bh(&nic->lock);
	if (ended)
		ov2_request_finish(nic, req);
}
EXPORT_SYMBOL_GPL(ov2_request_complete);

/**
 * ov2_nic_ready - the NIC can take a request again
 * @nic: the NIC
 *
 * For a driver that has returned -EAGAIN for a reason that does not end with the completion of a
 * request.
 *
 * Context: any up to softirq.
 */
void ov2_nic_ready(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	ov2_engine_progress(nic);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_ready);

/* Aborts the requests that the NIC has not completed; it must not touch any of them from here on.
 * Also waits for other CPUs that are in ov2_request_finish(), so that every SA has its final state.
 * Context: process.
 */
void ov2_engine_abort(struct ov2_nic *nic, bool dead)
{
	struct ov2_request *req;

	if (dead) {
		spin_lock_bh(&nic->lock);
		ov2_engine_die(nic);
		spin_unlock_bh(&nic->lock);
	}
	do {
		spin_lock_bh(&nic->lock);
		req = list_first_entry_or_null(&nic->engine.inflight, struct ov2_request, list);
		if (req)
			ov2_request_end(nic, req, -ECANCELED);
		spin_unlock_bh(&nic->lock);
		if (req)
			ov2_request_finish(nic, req);
	} while (req);
	wait_event(nic->idle, !READ_ONCE(nic->engine.inflight_count));
}

/* The reset is over. A dead NIC stays dead. */
void ov2_engine_resume(struct ov2_nic *nic)
{
	struct ov2_engine *engine = &nic->engine;

	lockdep_assert_held(&nic->lock);
	engine->aborts = 0;
	WRITE_ONCE(engine->misbehaved, false);
	if (engine->state != OV2_ENGINE_DEAD)
		WRITE_ONCE(engine->state, OV2_ENGINE_RUNNING);
	ov2_nic_kick(nic);
}

static struct ov2_request *ov2_request_overdue(struct ov2_nic *nic, unsigned long now)
{
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry(req, &nic->engine.inflight, list)
		if (time_after_eq(now, req->deadline))
			return req;
	return NULL;
}

/* Makes the driver cancel a request, which gets another deadline for that. The lock is dropped over
 * the call. @req stays valid meanwhile, because it does not go to the free list while cancelling is
 * set.
 */
static void ov2_request_cancel(struct ov2_nic *nic, struct ov2_request *req, unsigned long now)
{
	lockdep_assert_held(&nic->lock);
	req->cancelled = true;
	req->cancelling = true;
	req->deadline = now + msecs_to_jiffies(nic->engine.deadline);
	nic->counters[OV2_CNT_DEADLINES]++;
	spin_unlock_bh(&nic->lock);

	nic->ops->cancel(nic, req);

	spin_lock_bh(&nic->lock);
	req->cancelling = false;
	if (req->done)
		list_add(&req->list, &nic->engine.free);
}

/* Cancels requests that are past their deadline at @now. Asks for a reset if a cancel has not
 * helped within another deadline, or if the NIC has accepted nothing for a deadline. Context:
 * process.
 */
VISIBLE_IF_KUNIT void ov2_request_expire(struct ov2_nic *nic, unsigned long now)
{
	struct ov2_engine *engine = &nic->engine;
	struct ov2_request *req;

	spin_lock_bh(&nic->lock);
	while ((req = ov2_request_overdue(nic, now))) {
		if (req->cancelled) {
			ov2_engine_misbehaved(nic);
			break;
		}
		ov2_request_cancel(nic, req, now);
	}
	if (ov2_engine_stalled(engine) &&
	    time_after_eq(now, engine->stalled_since + msecs_to_jiffies(engine->deadline)))
		ov2_engine_misbehaved(nic);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_request_expire);

void ov2_request_deadline_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic,
					   engine.deadline_work);

	ov2_request_expire(nic, jiffies);

	spin_lock_bh(&nic->lock);
	if (ov2_engine_up(nic))
		ov2_engine_arm_deadline(nic);
	spin_unlock_bh(&nic->lock);
}
