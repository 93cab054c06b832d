// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the request engine. Owns the lists on their way to the NIC, from the queues of SAs to
 * completion.
 *
 * Batching is group commit: as long as the NIC takes another request the queues are emptied into
 * one at once; while caps.max_requests are in flight SAs gather, and leave as one list when a
 * request completes. One work item builds and submits, so that a delete and the add before it can
 * never change places; everything else only queues and kicks.
 *
 * Requests come from a pool made at registration: submission allocates nothing and cannot fail for
 * want of memory.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/* A NIC that aborts so many requests in a row without having been asked to is reset. */
#define OV2_ABORTS_MAX	8

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

	list_for_each_entry_safe(req, next, &nic->free_requests, list)
		kmem_cache_free(ov2_request_cache, req);
	INIT_LIST_HEAD(&nic->free_requests);
}

int ov2_requests_alloc(struct ov2_nic *nic)
{
	u32 i;

	for (i = 0; i < nic->hw_caps.max_requests; i++) {
		struct ov2_request *req = kmem_cache_zalloc(ov2_request_cache, GFP_KERNEL);

		if (!req) {
			ov2_requests_free(nic);
			return -ENOMEM;
		}
		list_add(&req->list, &nic->free_requests);
	}
	return 0;
}

/* Under the lock, so that unregistration, which waits under it, cannot overtake. */
void ov2_request_kick(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (nic->registered)
		queue_work(nic->wq, &nic->submit_work);
}

/* What leaves next. While SAs wait for room deletes go first; otherwise adds and deletes take
 * turns, and updates, which are few and short, never wait.
 */
static int ov2_request_choose(struct ov2_nic *nic)
{
	bool add = !list_empty(&nic->addq) && !nic->closing;
	bool del = !list_empty(&nic->delq);

	lockdep_assert_held(&nic->lock);
	if (nic->state != OV2_NIC_RUNNING || nic->parked ||
	    nic->inflight_count >= nic->caps.max_requests)
		return -EBUSY;
	if (!list_empty(&nic->updq))
		return OV2_UPDATE_SA;
	if (del && (nic->waiting || !add || nic->last == OV2_ADD_SA))
		return OV2_DELETE_SA;
	return add ? OV2_ADD_SA : -ENOENT;
}

/* Each of the next three moves SAs from a queue to the list of a request. */
static void ov2_request_take_adds(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_add_sa **tail = &req->add;
	struct ov2_sa *sa, *next;

	list_for_each_entry_safe(sa, next, &nic->addq, queue) {
		if (req->count == nic->caps.max_list)
			break;
		list_del_init(&sa->queue);
		ov2_sa_set_state(sa, OV2_SA_ADDING);
		*tail = &sa->add;
		tail = &sa->add.next;
		req->count++;
	}
	*tail = NULL;
}

static void ov2_request_take_deletes(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_delete_sa **tail = &req->del;
	struct ov2_sa *sa, *next;

	list_for_each_entry_safe(sa, next, &nic->delq, queue) {
		if (req->count == nic->caps.max_list)
			break;
		list_del_init(&sa->queue);
		sa->del.offload_handle = sa->offload_handle;
		*tail = &sa->del;
		tail = &sa->del.next;
		req->count++;
	}
	*tail = NULL;
}

static void ov2_request_take_updates(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_update_sa **tail = &req->update;
	struct ov2_sa *sa, *next;

	list_for_each_entry_safe(sa, next, &nic->updq, update_queue) {
		if (req->count == nic->caps.max_list)
			break;
		list_del_init(&sa->update_queue);
		sa->update_running = true;
		sa->update.offload_handle = sa->offload_handle;
		sa->update.status = 0;
		sa->update.seq = sa->seq;
		*tail = &sa->update;
		tail = &sa->update.next;
		req->count++;
	}
	*tail = NULL;
}

static struct ov2_request *ov2_request_take(struct ov2_nic *nic)
{
	int kind = ov2_request_choose(nic);
	struct ov2_request *req;

	if (kind < 0)
		return NULL;
	req = list_first_entry_or_null(&nic->free_requests, struct ov2_request, list);
	if (!req)
		return NULL;
	list_del_init(&req->list);
	memset(req, 0, sizeof(*req));
	INIT_LIST_HEAD(&req->list);
	INIT_LIST_HEAD(&req->driver);
	req->kind = kind;
	req->id = nic->next_id++;
	req->status = -EINPROGRESS;
	nic->last = kind;
	nic->inflight_count++;
	switch (req->kind) {
	case OV2_ADD_SA:
		ov2_request_take_adds(nic, req);
		break;
	case OV2_DELETE_SA:
		ov2_request_take_deletes(nic, req);
		break;
	default:
		ov2_request_take_updates(nic, req);
		break;
	}
	return req;
}

static void ov2_request_release(struct ov2_nic *nic, struct ov2_request *req)
{
	lockdep_assert_held(&nic->lock);
	req->done = true;
	nic->inflight_count--;
	if (!req->cancelling)
		list_add(&req->list, &nic->free_requests);
	if (!nic->inflight_count)
		wake_up(&nic->idle);
}

/* Can the NIC, or the core, take the same SA later? */
static bool ov2_request_transient(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EAGAIN;
}

/* An SA that did not get into the NIC. */
static void ov2_request_refuse(struct ov2_sa *sa, int err)
{
	struct ov2_nic *nic = sa->nic;

	if (!rcu_access_pointer(sa->x))
		nic->counters[OV2_CNT_ADD_CANCELLED]++;
	else
		nic->counters[OV2_CNT_ADD_FAIL]++;
	if (ov2_request_transient(err) && (err != -ENOSPC || sa->reserved))
		/* Back off, otherwise the core would retry in a tight loop. */
		ov2_offer_stay_away(sa);
	else if (err == -ENOSPC)
		sa->again = true;
	else
		/* The NIC rejects this SA for what it is, so do not retry when a place becomes
		 * free.
		 */
		sa->again = false;
	if (!ov2_request_transient(err) && rcu_access_pointer(sa->x) && !ov2_sa_allowed(sa))
		sa->outside = true;
	trace_ov2_sa_refused(sa, err);
	ov2_sa_leave(sa);
}

/* Fills the nodes of an ADD_SA list with what xfrm has now: the keys are not kept between
 * admission and here, and the sequence numbers and the configuration may have moved. Nodes whose
 * SA is gone or excluded by now drop out.
 */
static void ov2_request_fill(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_add_sa **link = &req->add;

	while (*link) {
		struct ov2_sa *sa = container_of(*link, struct ov2_sa, add);
		int err = ov2_state_fill(sa);

		if (!err) {
			link = &sa->add.next;
			continue;
		}
		*link = sa->add.next;
		req->count--;
		ov2_sa_wipe(&sa->add);
		spin_lock_bh(&nic->lock);
		ov2_request_refuse(sa, err);
		spin_unlock_bh(&nic->lock);
	}
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

/* Has the deadline work run when the next request is due, or the reset that a NIC that accepts
 * nothing announced.
 */
static void ov2_request_arm_deadline(struct ov2_nic *nic)
{
	unsigned long now = jiffies, due = now + msecs_to_jiffies(nic->deadline);
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	if (!nic->parked && list_empty(&nic->inflight))
		return;
	if (nic->parked)
		due = nic->parked_since + msecs_to_jiffies(nic->deadline);
	list_for_each_entry(req, &nic->inflight, list)
		if (!req->cancelled && time_before(req->deadline, due))
			due = req->deadline;
	mod_delayed_work(nic->wq, &nic->deadline_work, time_after(due, now) ? due - now : 0);
}

static void ov2_request_submit(struct ov2_nic *nic, struct ov2_request *req)
{
	static const enum ov2_counter counter[] = {
		[OV2_ADD_SA] = OV2_CNT_ADD_REQUESTS,
		[OV2_DELETE_SA] = OV2_CNT_DELETE_REQUESTS,
		[OV2_UPDATE_SA] = OV2_CNT_UPDATE_REQUESTS,
	};
	int status;

	spin_lock_bh(&nic->lock);
	req->deadline = jiffies + msecs_to_jiffies(nic->deadline);
	list_add_tail(&req->list, &nic->inflight);
	ov2_request_arm_deadline(nic);
	nic->counters[counter[req->kind]]++;
	trace_ov2_request_submit(nic, req);
	spin_unlock_bh(&nic->lock);

	status = ov2_request_call(nic, req);
	if (status != -EINPROGRESS)
		ov2_request_complete(nic, req, status);
}

/* The only place that takes SAs off the queues and calls the ops for lists. Context: nic->wq, one
 * at a time.
 */
void ov2_request_submit_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, submit_work);
	struct ov2_request *req;

	for (;;) {
		spin_lock_bh(&nic->lock);
		req = ov2_request_take(nic);
		spin_unlock_bh(&nic->lock);
		if (!req)
			return;

		if (req->kind == OV2_ADD_SA)
			ov2_request_fill(nic, req);
		if (req->count) {
			ov2_request_submit(nic, req);
		} else {
			spin_lock_bh(&nic->lock);
			ov2_request_release(nic, req);
			spin_unlock_bh(&nic->lock);
		}
		cond_resched();
	}
}

static void ov2_request_protocol_error(struct ov2_nic *nic)
{
	nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
}

/* The NIC has the SA: what happened to it since it was submitted? */
static void ov2_request_added(struct ov2_sa *sa, u32 offload_handle)
{
	struct ov2_nic *nic = sa->nic;

	nic->counters[OV2_CNT_ADD_SUCCESS]++;
	WRITE_ONCE(sa->offload_handle, offload_handle);
	ov2_sa_reserve(sa);
	WRITE_ONCE(sa->known, true);
	if (!rcu_access_pointer(sa->x)) {
		ov2_sa_set_state(sa, OV2_SA_DELETING);
		ov2_sa_take_down(sa);
		return;
	}
	ov2_sa_set_state(sa, OV2_SA_OFFLOADED);
	sa->offloaded_at = get_jiffies_64();
	sa->again = false;
	if (sa->unwanted) {
		ov2_offer_back_off(sa);
		ov2_sa_demote(sa);
		return;
	}
	if (nic->closing)
		ov2_sa_demote(sa);
	else
		ov2_sa_reconsider(sa);
	if (sa->state != OV2_SA_OFFLOADED)
		return;
	/* The completion of an update that is still running sees to another. */
	if (sa->update_wanted && !sa->update_running) {
		sa->update_wanted = false;
		refcount_inc(&sa->ref);
		list_add_tail(&sa->update_queue, &nic->updq);
	}
}

/* Back to where it came from, to be asked again. */
static void ov2_request_requeue_add(struct ov2_sa *sa)
{
	if (!rcu_access_pointer(sa->x)) {
		ov2_sa_leave(sa);
		return;
	}
	ov2_sa_set_state(sa, OV2_SA_QUEUED);
	list_add_tail(&sa->queue, &sa->nic->addq);
}

static bool ov2_request_ask_again(const struct ov2_request *req)
{
	return req->status == -EBUSY || (req->status == -ECANCELED && !req->cancelled);
}

static void ov2_request_complete_adds(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_add_sa *node, *next;
	u32 offloaded = 0;

	for (node = req->add; node; node = next) {
		struct ov2_sa *sa = container_of(node, struct ov2_sa, add);
		/* A reset empties the table: what an aborted list has got into it is gone. */
		u32 handle = nic->state == OV2_NIC_RUNNING || req->status != -ECANCELED ?
			     node->offload_handle : 0;
		int err = node->status ?: req->status ?: -EIO;

		next = node->next;
		node->next = NULL;
		ov2_sa_wipe(node);
		if (handle) {
			/* A request that fails has offloaded nothing; take down what a NIC says it
			 * has all the same.
			 */
			ov2_request_added(sa, handle);
			offloaded++;
			if (req->status) {
				ov2_request_protocol_error(nic);
				ov2_sa_demote(sa);
			}
		} else if (ov2_request_ask_again(req)) {
			ov2_request_requeue_add(sa);
		} else {
			ov2_request_refuse(sa, err);
		}
	}
	if (!req->status && !offloaded)
		ov2_request_protocol_error(nic);
}

static void ov2_request_complete_deletes(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_delete_sa *node, *next;

	for (node = req->del; node; node = next) {
		struct ov2_sa *sa = container_of(node, struct ov2_sa, del);

		next = node->next;
		node->next = NULL;
		if (req->status) {
			list_add_tail(&sa->queue, &nic->delq);
			continue;
		}
		nic->counters[OV2_CNT_DELETE_SUCCESS]++;
		ov2_sa_leave(sa);
	}
	/* A delete never fails for good: a NIC that cannot do it is broken. */
	if (req->status && req->status != -EBUSY && req->status != -ECANCELED)
		__ov2_nic_reset_schedule(nic);
}

/* A NIC that infers wrong upper halves fails every packet: software does better. */
static void ov2_request_update_failed(struct ov2_sa *sa)
{
	sa->nic->counters[OV2_CNT_UPDATE_FAIL]++;
	ov2_sa_demote(sa);
}

static void ov2_request_complete_updates(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_update_sa *node, *next;

	for (node = req->update; node; node = next) {
		struct ov2_sa *sa = container_of(node, struct ov2_sa, update);
		bool again = ov2_request_ask_again(req);

		next = node->next;
		node->next = NULL;
		sa->update_running = false;
		if (!req->status && !node->status)
			nic->counters[OV2_CNT_UPDATE_SUCCESS]++;
		else if (!again && sa->state == OV2_SA_OFFLOADED &&
			 sa->offload_handle == node->offload_handle)
			ov2_request_update_failed(sa);
		if ((again || sa->update_wanted) && sa->state == OV2_SA_OFFLOADED) {
			sa->update_wanted = false;
			list_add_tail(&sa->update_queue, &nic->updq);
			continue;
		}
		ov2_sa_put(sa);
	}
}

static void __ov2_request_complete(struct ov2_nic *nic, struct ov2_request *req, int status)
{
	lockdep_assert_held(&nic->lock);
	if (req->done || list_empty(&req->list)) {
		ov2_request_protocol_error(nic);
		return;
	}
	if (status > 0 || status == -EINPROGRESS) {
		ov2_request_protocol_error(nic);
		status = -EIO;
	}
	list_del_init(&req->list);
	req->status = status;
	trace_ov2_request_complete(nic, req);
	if (status == -EBUSY) {
		nic->counters[OV2_CNT_NOT_ACCEPTED]++;
		if (nic->state == OV2_NIC_RUNNING && !nic->parked) {
			nic->parked = true;
			nic->parked_since = jiffies;
			ov2_request_arm_deadline(nic);
		}
	} else if (status == -ECANCELED) {
		nic->counters[OV2_CNT_ABORTED]++;
		if (!req->cancelled && ++nic->aborts > OV2_ABORTS_MAX)
			__ov2_nic_reset_schedule(nic);
	} else {
		nic->aborts = 0;
	}
	switch (req->kind) {
	case OV2_ADD_SA:
		ov2_request_complete_adds(nic, req);
		break;
	case OV2_DELETE_SA:
		ov2_request_complete_deletes(nic, req);
		break;
	default:
		ov2_request_complete_updates(nic, req);
		break;
	}
	ov2_request_release(nic, req);
}

/**
 * ov2_request_complete - a pending request is done
 * @nic: the NIC
 * @req: a request for which an op returned, or is about to return, -EINPROGRESS
 * @status: 0, -ECANCELED if it was aborted, or why it failed; never -EINPROGRESS
 *
 * To be called exactly once for each pending request. The request and its nodes belong to the core
 * from the call on. NDIS: NdisMDirectOidRequestComplete.
 *
 * Context: any up to softirq; no lock of the driver's that is taken in its ops.
 */
void ov2_request_complete(struct ov2_nic *nic, struct ov2_request *req, int status)
{
	spin_lock_bh(&nic->lock);
	__ov2_request_complete(nic, req, status);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_request_complete);

/* After a reset: the NIC has let go of all requests, those that it has not completed are aborted
 * here.
 */
void ov2_request_abort_all(struct ov2_nic *nic)
{
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	while ((req = list_first_entry_or_null(&nic->inflight, struct ov2_request, list)))
		__ov2_request_complete(nic, req, -ECANCELED);
}

static struct ov2_request *ov2_request_overdue(struct ov2_nic *nic, unsigned long now)
{
	struct ov2_request *req;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry(req, &nic->inflight, list)
		if (!req->cancelled && time_after_eq(now, req->deadline))
			return req;
	return NULL;
}

/* Cancels what is past its deadline at @now, and has the NIC reset then, unless a reset was through
 * while the NIC was asked to cancel. Context: process.
 */
void ov2_request_expire(struct ov2_nic *nic, unsigned long now)
{
	struct ov2_request *req;
	u64 resets;

	spin_lock_bh(&nic->lock);
	while ((req = ov2_request_overdue(nic, now))) {
		req->cancelled = true;
		req->cancelling = true;
		nic->counters[OV2_CNT_DEADLINES]++;
		resets = nic->counters[OV2_CNT_RESETS];
		spin_unlock_bh(&nic->lock);

		nic->ops->cancel(nic, req);

		spin_lock_bh(&nic->lock);
		req->cancelling = false;
		if (req->done)
			list_add(&req->list, &nic->free_requests);
		if (resets == nic->counters[OV2_CNT_RESETS])
			__ov2_nic_reset_schedule(nic);
	}
	if (nic->parked && time_after_eq(now, nic->parked_since + msecs_to_jiffies(nic->deadline)))
		__ov2_nic_reset_schedule(nic);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_request_expire);

void ov2_request_deadline_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic, deadline_work);

	ov2_request_expire(nic, jiffies);

	spin_lock_bh(&nic->lock);
	if (nic->state == OV2_NIC_RUNNING)
		ov2_request_arm_deadline(nic);
	spin_unlock_bh(&nic->lock);
}
