// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: life of an SA. Owns its state and its goal, the lists that belong to the state, and the
 * count of slots; moves the state towards the goal. See DOC: life of an SA. Everything is under
 * nic->lock.
 */
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

static const char * const ov2_sa_phase_names[] = {
	[OV2_PHASE_WAITING] = "waiting",
	[OV2_PHASE_QUEUED] = "queued",
	[OV2_PHASE_ADDING] = "adding",
	[OV2_PHASE_OFFLOADED] = "offloaded",
	[OV2_PHASE_DEMOTING] = "demoting",
	[OV2_PHASE_SOFTWARE] = "software",
	[OV2_PHASE_DELETING] = "deleting",
	[OV2_PHASE_GONE] = "gone",
};

const char *ov2_sa_phase_name(enum ov2_sa_phase phase)
{
	return ov2_sa_phase_names[phase];
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_phase_name);

/* Returns the phase. Without nic->lock it is a snapshot for a human reader. Context: any. */
enum ov2_sa_phase ov2_sa_phase(const struct ov2_sa *sa)
{
	enum ov2_slot_next next = READ_ONCE(sa->slot.next);
	enum ov2_sa_goal goal = READ_ONCE(sa->goal);

	switch (READ_ONCE(sa->state)) {
	case OV2_SA_SOFTWARE:
		return goal == OV2_GOAL_SOFTWARE &&
		       (next == OV2_SLOT_WAIT || next == OV2_SLOT_BACKOFF) ?
		       OV2_PHASE_WAITING : OV2_PHASE_SOFTWARE;
	case OV2_SA_ADD_QUEUED:
		return OV2_PHASE_QUEUED;
	case OV2_SA_ADDING:
		return OV2_PHASE_ADDING;
	case OV2_SA_OFFLOADED:
		return OV2_PHASE_OFFLOADED;
	case OV2_SA_DEL_HELD:
	case OV2_SA_DEL_RCU:
	case OV2_SA_DEL_QUEUED:
	case OV2_SA_DELETING:
		return goal == OV2_GOAL_GONE ? OV2_PHASE_DELETING : OV2_PHASE_DEMOTING;
	default:
		return OV2_PHASE_GONE;
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_phase);

/* Returns the phase before a change that ov2_sa_trace_phase() traces, or OV2_PHASE_COUNT while
 * nothing is traced.
 */
static enum ov2_sa_phase ov2_sa_phase_before(const struct ov2_sa *sa)
{
	return trace_ov2_sa_state_enabled() ? ov2_sa_phase(sa) : OV2_PHASE_COUNT;
}

/* Traces that the phase was @from, if it has changed. */
void ov2_sa_trace_phase(const struct ov2_sa *sa, enum ov2_sa_phase from)
{
	enum ov2_sa_phase to;

	if (!trace_ov2_sa_state_enabled() || from == OV2_PHASE_COUNT)
		return;
	to = ov2_sa_phase(sa);
	if (from != to)
		trace_ov2_sa_state(sa, from, to);
}

static void ov2_sa_set_state(struct ov2_sa *sa, enum ov2_sa_state state)
{
	enum ov2_sa_phase from = ov2_sa_phase_before(sa);
	struct ov2_nic *nic = sa->nic;

	lockdep_assert_held(&nic->lock);
	if (sa->state != OV2_SA_GONE)
		nic->sas_in[sa->dir][sa->state]--;
	else
		ov2_walk_add(sa);
	if (state != OV2_SA_GONE)
		nic->sas_in[sa->dir][state]++;
	else
		ov2_walk_del(sa);
	/* Publish the state after offload_handle, so that ov2_tx_handle() never reads a stale
	 * handle.
	 */
	smp_store_release(&sa->state, state);
	ov2_sa_trace_phase(sa, from);
	if (nic->life != OV2_NIC_IN_SERVICE && !ov2_nic_present(nic))
		wake_up(&nic->idle);
}

/* An SA has a slot from when it is queued until the NIC has nothing of it. A probe has none before
 * the NIC takes it.
 */
static void ov2_sa_take_slot(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (sa->has_slot)
		return;
	sa->has_slot = true;
	WRITE_ONCE(nic->slots_used, nic->slots_used + 1);
	WRITE_ONCE(nic->slots_used_dir[sa->dir], nic->slots_used_dir[sa->dir] + 1);
	/* The port may be gone once xfrm has deleted the SA. A port that closes gets no more SAs,
	 * so its count does not matter.
	 */
	if (sa->goal != OV2_GOAL_GONE && sa->port && !sa->port->closing) {
		sa->slot_port = sa->port;
		sa->port->slots_used++;
	}
}

static void ov2_sa_release_slot(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (!sa->has_slot)
		return;
	sa->has_slot = false;
	WRITE_ONCE(nic->slots_used, nic->slots_used - 1);
	WRITE_ONCE(nic->slots_used_dir[sa->dir], nic->slots_used_dir[sa->dir] - 1);
	if (sa->slot_port)
		sa->slot_port->slots_used--;
	sa->slot_port = NULL;
}

/* @port closes. The NIC may keep an SA for longer than the port exists. */
void ov2_sa_forget_port(struct ov2_sa *sa, void *port)
{
	if (sa->slot_port == port)
		sa->slot_port = NULL;
}

static void ov2_sa_queue_add(struct ov2_sa *sa)
{
	if (sa->goal == OV2_GOAL_NIC)
		ov2_sa_take_slot(sa);
	list_move_tail(&sa->queue, &sa->nic->addq);
	ov2_sa_set_state(sa, OV2_SA_ADD_QUEUED);
}

/* Queues the DELETE_SA of an SA. An outbound SA first waits for a grace period, because a sender
 * that saw the SA as offloaded may still bring its packet to the NIC (S18). Demoted SAs all wait
 * for a grace period, inbound ones as well, so that their deletes keep their order.
 */
static void ov2_sa_queue_delete(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	if (sa->held) {
		ov2_sa_set_state(sa, OV2_SA_DEL_HELD);
	} else if (sa->dir == OV2_IN && sa->goal == OV2_GOAL_GONE) {
		list_add_tail(&sa->queue, &nic->delq);
		ov2_sa_set_state(sa, OV2_SA_DEL_QUEUED);
	} else {
		list_add_tail(&sa->queue, &nic->delq_rcu);
		ov2_sa_set_state(sa, OV2_SA_DEL_RCU);
		queue_work(nic->wq, &nic->delete_rcu_work);
	}
}

/* The NIC has nothing of the SA. If xfrm keeps it, software continues and slot.c decides about it;
 * otherwise it is gone.
 */
static void ov2_sa_removed(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	list_del_init(&sa->queue);
	WRITE_ONCE(sa->offload_handle, 0);
	ov2_sa_release_slot(sa);
	/* Nothing takes it off the queue of a NIC that is out of service. */
	ov2_seq_drop_update(sa);
	ov2_sa_release_delete(sa);
	ov2_nic_kick(nic);
	if (sa->goal == OV2_GOAL_GONE) {
		ov2_sa_set_state(sa, OV2_SA_GONE);
		ov2_sa_put(sa);
	} else {
		list_add_tail(&sa->queue, &nic->settle);
		ov2_sa_set_state(sa, OV2_SA_SOFTWARE);
	}
}

/* Moves the state a step towards the goal, if it does not wait for something else. */
static void ov2_sa_reconcile(struct ov2_sa *sa)
{
	switch (sa->state) {
	case OV2_SA_SOFTWARE:
		if (sa->goal == OV2_GOAL_GONE)
			ov2_sa_removed(sa);
		else if (sa->goal != OV2_GOAL_SOFTWARE)
			ov2_sa_queue_add(sa);
		break;
	case OV2_SA_ADD_QUEUED:
		if (sa->goal == OV2_GOAL_GONE)
			sa->nic->counters[OV2_CNT_ADD_CANCELLED]++;
		if (sa->goal == OV2_GOAL_GONE || sa->goal == OV2_GOAL_SOFTWARE)
			ov2_sa_removed(sa);
		break;
	case OV2_SA_OFFLOADED:
		if (sa->goal == OV2_GOAL_SOFTWARE)
			sa->nic->counters[OV2_CNT_DEMOTED]++;
		if (sa->goal != OV2_GOAL_NIC)
			ov2_sa_queue_delete(sa);
		break;
	case OV2_SA_ADDING:
	case OV2_SA_DEL_HELD:
	case OV2_SA_DEL_RCU:
	case OV2_SA_DEL_QUEUED:
	case OV2_SA_DELETING:
		/* The completion of the current step looks at the goal again. */
	case OV2_SA_GONE:
	case OV2_SA_STATES:
		break;
	}
	ov2_nic_kick_submit(sa->nic);
}

/* Admits an SA, with the goal NIC or SOFTWARE. Takes the engine's reference. */
void ov2_sa_start(struct ov2_sa *sa, enum ov2_sa_goal goal)
{
	lockdep_assert_held(&sa->nic->lock);
	ov2_sa_get(sa);
	sa->goal = goal;
	if (goal == OV2_GOAL_NIC) {
		ov2_sa_queue_add(sa);
		ov2_nic_kick_submit(sa->nic);
	} else {
		ov2_sa_set_state(sa, OV2_SA_SOFTWARE);
		ov2_nic_kick(sa->nic);
	}
}

/* Sets the goal. Cannot fail and does not allocate. With GONE this may put the engine's reference,
 * so a caller that uses @sa afterwards needs its own.
 */
void ov2_sa_aim(struct ov2_sa *sa, enum ov2_sa_goal goal)
{
	enum ov2_sa_phase from = ov2_sa_phase_before(sa);

	lockdep_assert_held(&sa->nic->lock);
	if (sa->goal == OV2_GOAL_GONE)
		return;
	WRITE_ONCE(sa->goal, goal);
	if (sa->state != OV2_SA_SOFTWARE)
		ov2_sa_trace_phase(sa, from);
	ov2_sa_reconcile(sa);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_aim);

/* Makes the DELETE_SA of @out wait for the completion of that of @in, because the NIC may execute
 * lists that are in flight in any order.
 */
void ov2_sa_hold_delete(struct ov2_sa *in, struct ov2_sa *out)
{
	lockdep_assert_held(&in->nic->lock);
	in->next_del = out;
	out->held = true;
	ov2_sa_get(out);
}

/* @in has left the NIC, or is not going to leave it. */
void ov2_sa_release_delete(struct ov2_sa *in)
{
	struct ov2_sa *out = in->next_del;

	lockdep_assert_held(&in->nic->lock);
	if (!out)
		return;
	in->next_del = NULL;
	out->held = false;
	if (out->state == OV2_SA_DEL_HELD)
		ov2_sa_queue_delete(out);
	ov2_nic_kick_submit(in->nic);
	ov2_sa_put(out);
}

/* A reset has emptied the NIC's table, and no request is in flight. The goals stay, so an SA whose
 * goal is the NIC is queued again.
 */
void ov2_sa_forget(struct ov2_sa *sa)
{
	bool wanted = sa->goal == OV2_GOAL_NIC;

	lockdep_assert_held(&sa->nic->lock);
	if (sa->state < OV2_SA_OFFLOADED || sa->state == OV2_SA_GONE)
		return;
	if (wanted)
		sa->nic->counters[OV2_CNT_RESTORED]++;
	/* This may put the last reference, unless the SA is wanted. */
	ov2_sa_removed(sa);
	if (wanted)
		ov2_sa_reconcile(sa);
}

/* Takes the next SA off nic->settle: it is in software, and its goal is
 *
 * * SOFTWARE: it was demoted,
 * * NIC or PROBE: it was refused, for &ov2_sa.err.
 */
struct ov2_sa *ov2_sa_unsettle(struct ov2_nic *nic)
{
	struct ov2_sa *sa = list_first_entry_or_null(&nic->settle, struct ov2_sa, queue);

	lockdep_assert_held(&nic->lock);
	if (sa)
		list_del_init(&sa->queue);
	return sa;
}

void ov2_delete_rcu_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, delete_rcu_work);
	LIST_HEAD(ready);
	struct ov2_sa *sa;
	u32 i;

	spin_lock_bh(&nic->lock);
	list_splice_init(&nic->delq_rcu, &ready);
	spin_unlock_bh(&nic->lock);

	synchronize_net();

	/* ov2_sa_forget() may take SAs off @ready meanwhile, under the same lock. */
	do {
		spin_lock_bh(&nic->lock);
		for (i = 0; i < OV2_SA_STEP; i++) {
			sa = list_first_entry_or_null(&ready, struct ov2_sa, queue);
			if (!sa)
				break;
			list_move_tail(&sa->queue, &nic->delq);
			ov2_sa_set_state(sa, OV2_SA_DEL_QUEUED);
		}
		ov2_nic_kick_submit(nic);
		spin_unlock_bh(&nic->lock);
		cond_resched();
	} while (sa);
}

/* ADD_SA */

/* Wipes the keys and salts of a node. */
void ov2_sa_wipe(struct ov2_add_sa *add)
{
	memzero_explicit(add->key_area, sizeof(add->key_area));
	memzero_explicit(add->salt, sizeof(add->salt));
	memzero_explicit(add->iv_salt, sizeof(add->iv_salt));
}

static void ov2_add_append(struct ov2_request *req, struct ov2_sa *sa)
{
	struct ov2_add_sa *add = &ov2_request_node(req, sa)->add;

	add->next = NULL;
	if (req->last)
		((struct ov2_add_sa *)req->last)->next = add;
	else
		req->add = add;
	req->last = add;
}

static void ov2_add_take(struct ov2_nic *nic, struct ov2_request *req, u32 max)
{
	struct ov2_sa *sa;

	lockdep_assert_held(&nic->lock);
	if (nic->life != OV2_NIC_IN_SERVICE)
		return;
	while (max-- && (sa = list_first_entry_or_null(&nic->addq, struct ov2_sa, queue))) {
		list_del_init(&sa->queue);
		ov2_sa_set_state(sa, OV2_SA_ADDING);
		ov2_add_append(req, sa);
	}
}

/* Returns true if a later add of the same SA may succeed. */
static bool ov2_add_transient(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EAGAIN || err == -ECANCELED;
}

/* The NIC or the core has not accepted an SA. */
static void ov2_add_refused(struct ov2_sa *sa, int err)
{
	struct ov2_nic *nic = sa->nic;
	bool gone = sa->goal == OV2_GOAL_GONE;

	nic->counters[gone ? OV2_CNT_ADD_CANCELLED : OV2_CNT_ADD_FAIL]++;
	trace_ov2_sa_refused(sa, err);
	/* Remember that the configuration, not the NIC, excluded this SA, so that it is promoted
	 * when it is permitted.
	 */
	if (err != -EACCES && !ov2_add_transient(err) && !gone && !ov2_caps_permit(sa))
		err = -EACCES;
	sa->err = err;
	ov2_sa_removed(sa);
}

/* Fills a node from xfrm's state. Nothing but the node has the keys, and the sequence numbers and
 * the configuration may have changed since admission. Returns 0, -ENOENT if xfrm has deleted the
 * SA, -EACCES if the configuration excludes it, or why it cannot be offloaded.
 */
static int ov2_add_fill_node(struct ov2_node *node)
{
	struct ov2_add_sa *add = &node->add, *next = add->next;
	struct ov2_sa *sa = node->sa;
	struct ov2_nic *nic = sa->nic;
	struct xfrm_state *x;
	int err = -ENOENT;

	x = ov2_state_hold(sa);
	if (!x)
		return -ENOENT;
	spin_lock_bh(&x->lock);
	if (x->km.state != XFRM_STATE_DEAD)
		err = ov2_xlate(x, &sa->traits, add);
	add->next = next;
	if (!err) {
		add->cookie = sa->cookie;
		add->priv = sa->priv;
		add->port = sa->port->index;
		spin_lock(&nic->lock);
		ov2_seq_filled(sa, add);
		err = ov2_caps_permit(sa) ? 0 : -EACCES;
		if (!err)
			ov2_caps_adapt(&nic->caps, add);
		spin_unlock(&nic->lock);
	}
	spin_unlock_bh(&x->lock);
	xfrm_state_put(x);
	return err;
}

static struct ov2_node *ov2_add_node_of(struct ov2_add_sa *add)
{
	return container_of(add, struct ov2_node, add);
}

static void ov2_add_fill(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_add_sa **link = &req->add;

	while (*link) {
		struct ov2_node *node = ov2_add_node_of(*link);
		int err = ov2_add_fill_node(node);

		if (!err) {
			link = &node->add.next;
			continue;
		}
		*link = node->add.next;
		req->count--;
		ov2_sa_wipe(&node->add);
		spin_lock_bh(&nic->lock);
		ov2_add_refused(node->sa, err);
		spin_unlock_bh(&nic->lock);
	}
}

/* The NIC has the SA. */
static void ov2_add_offloaded(struct ov2_sa *sa, u32 offload_handle)
{
	sa->nic->counters[OV2_CNT_ADD_SUCCESS]++;
	WRITE_ONCE(sa->offload_handle, offload_handle);
	WRITE_ONCE(sa->ever_offloaded, true);
	sa->offloaded_at = get_jiffies_64();
	ov2_sa_take_slot(sa);
	if (sa->goal == OV2_GOAL_PROBE)
		sa->goal = OV2_GOAL_NIC;
	ov2_sa_set_state(sa, OV2_SA_OFFLOADED);
	ov2_sa_reconcile(sa);
}

/* The NIC has not executed the list. Submit the SA again if it is still wanted in the NIC. */
static void ov2_add_requeue(struct ov2_sa *sa)
{
	if (sa->goal == OV2_GOAL_NIC || sa->goal == OV2_GOAL_PROBE)
		ov2_sa_queue_add(sa);
	else
		ov2_sa_removed(sa);
}

static void ov2_add_done_node(struct ov2_request *req, struct ov2_add_sa *add)
{
	struct ov2_sa *sa = ov2_add_node_of(add)->sa;
	struct ov2_nic *nic = sa->nic;
	/* A reset empties the table, so ignore the handles of an aborted list. */
	u32 handle = ov2_engine_up(nic) || req->status != -ECANCELED ? add->offload_handle : 0;
	int err = add->status ?: req->status ?: -EIO;

	/* The core itself notes -EACCES for an SA that the configuration excludes, and submits that
	 * again as soon as it is permitted, and -ENODEV for a device that is out of service. From
	 * the NIC they are errors like any other.
	 */
	if (err == -EACCES || err == -ENODEV)
		err = -EIO;
	ov2_sa_wipe(add);
	if (handle) {
		ov2_add_offloaded(sa, handle);
		req->offloaded++;
		/* A request that fails must not have offloaded an SA. Delete those that the NIC has
		 * nevertheless.
		 */
		if (req->status) {
			nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
			ov2_sa_aim(sa, OV2_GOAL_SOFTWARE);
		} else {
			ov2_wait_wake(sa, 0);
		}
	} else if (ov2_request_retry(req)) {
		ov2_add_requeue(sa);
	} else {
		ov2_add_refused(sa, err);
	}
}

static bool ov2_add_done(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_add_sa *add;
	u32 i;

	for (i = 0; i < OV2_SA_STEP && req->add; i++) {
		add = req->add;
		req->add = add->next;
		ov2_add_done_node(req, add);
	}
	if (req->add)
		return true;
	if (!req->status && !req->offloaded)
		nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
	return false;
}

const struct ov2_list_kind ov2_kind_add = {
	.counter = OV2_CNT_ADD_REQUESTS,
	.take = ov2_add_take,
	.fill = ov2_add_fill,
	.done = ov2_add_done,
};

/* DELETE_SA */

static void ov2_delete_append(struct ov2_request *req, struct ov2_sa *sa)
{
	struct ov2_delete_sa *del = &ov2_request_node(req, sa)->del;

	del->next = NULL;
	del->priv = sa->priv;
	del->offload_handle = sa->offload_handle;
	if (req->last)
		((struct ov2_delete_sa *)req->last)->next = del;
	else
		req->del = del;
	req->last = del;
}

static void ov2_delete_take(struct ov2_nic *nic, struct ov2_request *req, u32 max)
{
	struct ov2_sa *sa;

	lockdep_assert_held(&nic->lock);
	while (max-- && (sa = list_first_entry_or_null(&nic->delq, struct ov2_sa, queue))) {
		list_del_init(&sa->queue);
		ov2_sa_set_state(sa, OV2_SA_DELETING);
		ov2_delete_append(req, sa);
	}
}

static bool ov2_delete_done(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_delete_sa *del;
	struct ov2_sa *sa;
	u32 i;

	for (i = 0; i < OV2_SA_STEP && req->del; i++) {
		del = req->del;
		req->del = del->next;
		sa = container_of(del, struct ov2_node, del)->sa;
		if (req->status) {
			list_add_tail(&sa->queue, &nic->delq);
			ov2_sa_set_state(sa, OV2_SA_DEL_QUEUED);
		} else {
			nic->counters[OV2_CNT_DELETE_SUCCESS]++;
			ov2_sa_removed(sa);
		}
	}
	return req->del;
}

const struct ov2_list_kind ov2_kind_delete = {
	.counter = OV2_CNT_DELETE_REQUESTS,
	.must_succeed = true,
	.take = ov2_delete_take,
	.done = ov2_delete_done,
};

#if IS_ENABLED(CONFIG_KUNIT)
/* Returns true if an SA in packet mode is in software, and nothing is going to change that. A NIC
 * that is gone expires no SA, because its netdevs are about to be unregistered.
 */
static bool ov2_sa_forgotten(const struct ov2_sa *sa)
{
	return sa->traits.packet && sa->state == OV2_SA_SOFTWARE && sa->goal == OV2_GOAL_SOFTWARE &&
	       list_empty(&sa->queue) && !sa->wait && list_empty(&sa->evict_list) &&
	       (sa->nic->life == OV2_NIC_IN_SERVICE || sa->nic->life == OV2_NIC_CLOSING);
}

/* Returns the line of the table in DOC: life of an SA that @sa breaks, or NULL. */
const char *ov2_sa_check(const struct ov2_sa *sa)
{
	bool listed = !list_empty(&sa->queue), waits = !list_empty(&sa->slot.queue);
	bool wanted = sa->goal == OV2_GOAL_NIC || sa->goal == OV2_GOAL_PROBE;
	bool gone = sa->goal == OV2_GOAL_GONE, slot = sa->goal == OV2_GOAL_NIC;

	lockdep_assert_held(&sa->nic->lock);
	if (gone != !rcu_access_pointer(sa->x) && sa->state != OV2_SA_GONE)
		return "the goal is GONE if and only if xfrm has deleted the SA";
	if (waits != (sa->state == OV2_SA_SOFTWARE && !listed && !wanted &&
		      (sa->slot.next == OV2_SLOT_WAIT || sa->slot.next == OV2_SLOT_BACKOFF)))
		return "on a wait queue if and only if it waits for a slot";
	if (!sa->traits.packet && (sa->wait || !list_empty(&sa->evict_list)))
		return "only an SA in packet mode is waited for, or expired by the core";
	if (sa->traits.packet && waits && !sa->wait)
		return "an SA in packet mode waits for a slot while xfrm waits for it";
	if (ov2_sa_forgotten(sa))
		return "an SA in packet mode that cannot stay in the NIC is expired";
	switch (sa->state) {
	case OV2_SA_SOFTWARE:
		if (gone || (wanted && !listed) || sa->has_slot || sa->offload_handle)
			return "SOFTWARE";
		break;
	case OV2_SA_ADD_QUEUED:
		if (!wanted || !listed || sa->has_slot != slot)
			return "ADD_QUEUED";
		break;
	case OV2_SA_ADDING:
		if (listed)
			return "ADDING";
		break;
	case OV2_SA_OFFLOADED:
		if (sa->goal != OV2_GOAL_NIC || listed || !sa->has_slot || !sa->offload_handle ||
		    !sa->ever_offloaded)
			return "OFFLOADED";
		break;
	case OV2_SA_DEL_HELD:
		if (wanted || listed || !sa->held || !sa->has_slot)
			return "DEL_HELD";
		break;
	case OV2_SA_DEL_RCU:
	case OV2_SA_DEL_QUEUED:
		if (wanted || !listed || !sa->has_slot)
			return "DEL_RCU or DEL_QUEUED";
		break;
	case OV2_SA_DELETING:
		if (wanted || listed || !sa->has_slot)
			return "DELETING";
		break;
	case OV2_SA_GONE:
		if (listed || sa->has_slot || sa->offload_handle || sa->next_del)
			return "GONE";
		break;
	case OV2_SA_STATES:
		return "no state";
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sa_check);
#endif
