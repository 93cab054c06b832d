// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: policy. Decides which SAs get the slots of the NIC's table when there are more SAs than
 * slots, and what an SA waits for in software. Owns &struct ov2_slots but for the pressure, and the
 * slot part of an SA, all under nic->lock. Sets the goals of SAs.
 *
 * Once per second, while SAs wait, the rate of every SA is measured and the busiest waiting SAs
 * move to the front of their queue. The first gets the next slot that becomes free. If a waiting SA
 * is much busier than the idlest SA in the NIC, it is submitted as a probe although there is no
 * slot. The NIC rejects it with -ENOSPC, which tells it to raise SaDeleteReq for idle SAs. The core
 * never evicts an SA for another on its own, except that one in crypto mode gives way to one in
 * packet mode. The lock is held for at most OV2_SA_STEP SAs at a time.
 */
#include <kunit/visibility.h>
#include "ov2.h"
#include "rank.h"

#define OV2_SLOT_BUSIER		2		/* a probe is this much busier than the idlest */

static bool ov2_slot_in_service(const struct ov2_nic *nic)
{
	return nic->life == OV2_NIC_IN_SERVICE && nic->engine.state != OV2_ENGINE_DEAD;
}

/* Returns true if a slot is free for an SA of one direction. */
static bool ov2_slot_free(const struct ov2_nic *nic, enum ov2_dir dir)
{
	u32 max = nic->caps.max_dir_sas[dir];

	return nic->slots_used < nic->caps.max_sas &&
	       (!max || nic->slots_used_dir[dir] < max);
}

/* Returns true if an SA waits for a slot that is free. */
static bool ov2_slot_contended(const struct ov2_nic *nic)
{
	enum ov2_dir dir;

	for (dir = OV2_IN; dir <= OV2_OUT; dir++)
		if (!list_empty(&nic->slots.waitq[dir]) && ov2_slot_free(nic, dir))
			return true;
	return false;
}

/* Returns true if the port of an SA has all the slots that one port may have. The caller knows that
 * xfrm has not deleted the SA, because sa->port is valid only until then.
 */
static bool ov2_slot_share_used(const struct ov2_sa *sa)
{
	u32 max = sa->nic->slots.port_max;

	return max && sa->port && sa->port->slots_used >= max;
}

/* Returns true if a slot is free and no SA waits for it, and the NIC is not under pressure. With
 * promotion disabled no waiting SA competes for the slot, and the pressure does not count.
 */
static bool ov2_slot_room(const struct ov2_sa *sa)
{
	const struct ov2_nic *nic = sa->nic;

	if (ov2_slot_share_used(sa) || !ov2_slot_free(nic, sa->dir))
		return false;
	return !nic->slots.promote || (!ov2_slot_pressure(nic) && !ov2_slot_contended(nic));
}

/* Arms the work if SAs wait that may be promoted. */
void ov2_slot_arm(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (nic->slots.waiting && ov2_slot_in_service(nic) && nic->slots.promote)
		queue_delayed_work(nic->wq, &nic->slots.work, OV2_INTERVAL);
}

static bool ov2_slot_backing_off(const struct ov2_sa *sa)
{
	return time_before64(get_jiffies_64(), sa->slot.backoff_until);
}

static void ov2_slot_count(struct ov2_nic *nic, int change)
{
	nic->slots.waiting += change;
	nic->engine.deletes_first = nic->slots.waiting;
}

/* Takes an SA off the queue that it waits on, if any. */
static void ov2_slot_unwait(struct ov2_sa *sa)
{
	struct ov2_port *port = sa->port;

	if (list_empty(&sa->slot.queue))
		return;
	list_del_init(&sa->slot.queue);
	ov2_slot_count(sa->nic, -1);
	if (port && list_empty(&port->waitq[OV2_IN]) && list_empty(&port->waitq[OV2_OUT]))
		list_del_init(&port->waiting);
}

/* Returns the queue that an SA belongs to. If the port must free a slot first this is a queue of
 * the port, so that the search for the next SA does not meet such SAs however many there are.
 */
static struct list_head *ov2_slot_queue(const struct ov2_sa *sa)
{
	struct ov2_slots *slots = &sa->nic->slots;

	if (sa->traits.packet)
		return &slots->packetq[sa->dir];
	if (sa->slot.next == OV2_SLOT_BACKOFF)
		return &slots->backoffq;
	if (!ov2_slot_share_used(sa))
		return &slots->waitq[sa->dir];
	if (list_empty(&sa->port->waiting))
		list_add_tail(&sa->port->waiting, &slots->waiting_ports);
	return &sa->port->waitq[sa->dir];
}

/* Puts an SA at the end of the queue that it belongs to. */
static void ov2_slot_wait(struct ov2_sa *sa)
{
	ov2_slot_unwait(sa);
	if (sa->slot.next == OV2_SLOT_BACKOFF && !ov2_slot_backing_off(sa))
		sa->slot.next = OV2_SLOT_WAIT;
	list_add_tail(&sa->slot.queue, ov2_slot_queue(sa));
	ov2_slot_count(sa->nic, 1);
	ov2_slot_arm(sa->nic);
}

/* Gives a slot to an SA, or lets the NIC decide about it. */
static void ov2_slot_promote(struct ov2_sa *sa, enum ov2_sa_goal goal)
{
	ov2_slot_unwait(sa);
	ov2_sa_aim(sa, goal);
	/* The next demotion sets what the SA waits for after that. */
	sa->slot.next = OV2_SLOT_STAY;
}

/* The configuration permits an SA again that it had excluded. */
static void ov2_slot_readmit(struct ov2_sa *sa)
{
	enum ov2_sa_phase from = ov2_sa_phase(sa);

	if (ov2_slot_room(sa)) {
		ov2_slot_promote(sa, OV2_GOAL_NIC);
		return;
	}
	sa->slot.next = OV2_SLOT_WAIT;
	ov2_slot_wait(sa);
	ov2_sa_trace_phase(sa, from);
}

static void ov2_slot_aim_software(struct ov2_sa *sa, enum ov2_slot_next next)
{
	sa->slot.next = next;
	ov2_sa_aim(sa, OV2_GOAL_SOFTWARE);
}

/* Takes an SA that xfrm keeps off the NIC, or stops its add. @next is the event that it then waits
 * for. Software cannot continue with an SA in packet mode, so xfrm must delete that.
 */
void ov2_slot_demote(struct ov2_sa *sa, enum ov2_slot_next next)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->goal != OV2_GOAL_NIC && sa->goal != OV2_GOAL_PROBE)
		return;
	if (!sa->traits.packet)
		ov2_slot_aim_software(sa, next);
	else if (!ov2_wait_wake(sa, -EACCES))
		ov2_evict(sa);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_slot_demote);

/* Exponential back-off: @sa is not promoted before backoff_until. */
static void ov2_slot_back_off(struct ov2_sa *sa)
{
	sa->slot.backoff_until = get_jiffies_64() + (OV2_INTERVAL << sa->slot.backoff);
	if (sa->slot.backoff < OV2_SLOT_BACKOFF_MAX)
		sa->slot.backoff++;
}

/* The NIC wants @sa deleted. The longer the SA was in the NIC, the shorter it backs off. */
void ov2_slot_evict(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->goal != OV2_GOAL_NIC && sa->goal != OV2_GOAL_PROBE)
		return;
	if (time_after64(get_jiffies_64(),
			 sa->offloaded_at + (OV2_INTERVAL << (sa->slot.backoff + 1))))
		sa->slot.backoff = 0;
	ov2_slot_enter_pressure(sa);
	ov2_slot_back_off(sa);
	ov2_slot_demote(sa, OV2_SLOT_BACKOFF);
}

/* Leaves an SA to software for a while. Context: nic->lock. */
void ov2_slot_suspend(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->state != OV2_SA_OFFLOADED)
		return;
	ov2_slot_back_off(sa);
	ov2_slot_demote(sa, OV2_SLOT_BACKOFF);
}

/* The NIC goes on inferring other numbers than xfrm although it was told, so software does better
 * for a while. Context: softirq.
 */
void ov2_slot_distrust(struct ov2_sa *sa)
{
	spin_lock_bh(&sa->nic->lock);
	ov2_slot_suspend(sa);
	spin_unlock_bh(&sa->nic->lock);
}

/* xfrm's state of an SA in packet mode is in crypto mode from now on. The SA leaves the NIC,
 * software continues, and the NIC gets the SA again in crypto mode. Context: x->lock held.
 */
void ov2_slot_to_crypto(struct ov2_sa *sa)
{
	spin_lock_bh(&sa->nic->lock);
	if (sa->goal == OV2_GOAL_NIC) {
		ov2_slot_aim_software(sa, OV2_SLOT_WAIT);
		/* The goal is no longer the NIC when the mode changes, so that ov2_tx_usable()
		 * leaves no packet in crypto mode to what the NIC has of the SA. Pairs with the
		 * acquire in ov2_tx_offload_ok().
		 */
		smp_store_release(&sa->traits.packet, false);
		ov2_evict_cancel(sa);
	}
	spin_unlock_bh(&sa->nic->lock);
}

/* The NIC goes out of service. */
void ov2_slot_abandon(struct ov2_sa *sa)
{
	enum ov2_sa_phase from = ov2_sa_phase(sa);

	lockdep_assert_held(&sa->nic->lock);
	ov2_slot_unwait(sa);
	ov2_wait_wake(sa, -ENODEV);
	ov2_slot_demote(sa, OV2_SLOT_STAY);
	sa->slot.next = OV2_SLOT_STAY;
	if (sa->state == OV2_SA_SOFTWARE && from == OV2_PHASE_WAITING)
		ov2_sa_trace_phase(sa, from);
}

/* The configuration has changed. Demotes the SA if it is excluded now, or promotes it if it is
 * permitted again.
 */
void ov2_slot_recheck(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (sa->goal == OV2_GOAL_GONE)
		return;
	if (!ov2_caps_permit(sa)) {
		if (sa->goal == OV2_GOAL_SOFTWARE)
			return;
		/* The inbound SA of a pair leaves first, as in the answer to a SaDeleteReq. */
		if (sa->dir == OV2_OUT && sa->pair.other)
			ov2_slot_recheck(sa->pair.other);
		ov2_slot_demote(sa, OV2_SLOT_BARRED);
	} else if (sa->goal == OV2_GOAL_SOFTWARE && sa->slot.next == OV2_SLOT_BARRED) {
		if (sa->state == OV2_SA_ADDING)
			ov2_slot_promote(sa, OV2_GOAL_NIC);
		else if (sa->state == OV2_SA_SOFTWARE)
			ov2_slot_readmit(sa);
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2_slot_recheck);

/* Returns the event that an SA waits for after the NIC or the core has not accepted it. A probe
 * that met a full table keeps waiting. If a slot was free, the NIC takes fewer SAs than it has
 * advertised, so back off, otherwise the core would retry in a tight loop. Any other error means
 * that the NIC rejects this SA for a reason other than space, so do not retry.
 */
static enum ov2_slot_next ov2_slot_after_refusal(struct ov2_sa *sa)
{
	switch (sa->err) {
	case -ENOSPC:
		if (sa->goal == OV2_GOAL_PROBE)
			return OV2_SLOT_WAIT;
		fallthrough;
	case -ENOMEM:
	case -EAGAIN:
	case -ECANCELED:
		ov2_slot_back_off(sa);
		return OV2_SLOT_BACKOFF;
	case -EACCES:
		return OV2_SLOT_BARRED;
	default:
		return OV2_SLOT_STAY;
	}
}

/* An SA in packet mode was not accepted, or has left the NIC. Tells xfrm, or lets xfrm delete it.
 */
static void ov2_slot_settle_packet(struct ov2_sa *sa)
{
	int err = sa->goal == OV2_GOAL_SOFTWARE ? -EIO : sa->err;

	ov2_slot_aim_software(sa, OV2_SLOT_STAY);
	if (!ov2_wait_wake(sa, err))
		ov2_evict(sa);
}

/* Decides about an SA that xfrm keeps and that has left the NIC, or was not accepted. */
static void ov2_slot_settle_sa(struct ov2_sa *sa)
{
	enum ov2_sa_phase from = ov2_sa_phase(sa);

	if (sa->traits.packet) {
		ov2_slot_settle_packet(sa);
		return;
	}
	if (sa->goal != OV2_GOAL_SOFTWARE) {
		enum ov2_slot_next next = ov2_slot_after_refusal(sa);

		ov2_slot_demote(sa, next);
	}
	if (sa->slot.next == OV2_SLOT_WAIT || sa->slot.next == OV2_SLOT_BACKOFF)
		ov2_slot_wait(sa);
	ov2_sa_trace_phase(sa, from);
	if (sa->slot.next == OV2_SLOT_BARRED && ov2_caps_permit(sa))
		ov2_slot_readmit(sa);
}

/* Returns the first SA of a wait queue, or NULL. */
static struct ov2_sa *ov2_slot_first(struct list_head *waitq)
{
	return list_first_entry_or_null(waitq, struct ov2_sa, slot.queue);
}

/* Returns the busier of two SAs that wait, or the one that has come first. One may be NULL. */
static struct ov2_sa *ov2_slot_better(struct ov2_sa *a, struct ov2_sa *b)
{
	if (!a || !b)
		return a ?: b;
	if (ov2_rank_rate(a) != ov2_rank_rate(b))
		return ov2_rank_rate(a) > ov2_rank_rate(b) ? a : b;
	return (s32)(a->cookie - b->cookie) < 0 ? a : b;
}

/* Returns the SA that gets the next slot, of two wait queues, one for each direction. Returns NULL
 * if there is none.
 */
static struct ov2_sa *ov2_slot_next_of(const struct ov2_nic *nic, struct list_head *waitq)
{
	bool in = ov2_slot_free(nic, OV2_IN), out = ov2_slot_free(nic, OV2_OUT);

	return ov2_slot_better(in ? ov2_slot_first(&waitq[OV2_IN]) : NULL,
			       out ? ov2_slot_first(&waitq[OV2_OUT]) : NULL);
}

/* Returns the SA that gets the next slot, or NULL. */
static struct ov2_sa *ov2_slot_next_waiting(struct ov2_nic *nic)
{
	struct ov2_port *port;
	struct ov2_sa *sa;

	/* xfrm holds xfrm_cfg_mutex while it waits for an SA in packet mode. */
	sa = ov2_slot_next_of(nic, nic->slots.packetq);
	if (sa || !nic->slots.promote)
		return sa;
	sa = ov2_slot_next_of(nic, nic->slots.waitq);
	if (sa)
		return sa;
	list_for_each_entry(port, &nic->slots.waiting_ports, waiting) {
		sa = ov2_slot_next_of(nic, port->waitq);
		if (sa && !ov2_slot_share_used(sa))
			return sa;
	}
	return NULL;
}

/* Promotes up to @limit waiting SAs. An SA whose port has got its share meanwhile goes to the queue
 * of the port. Returns the number of SAs that were looked at, and adds the number of promoted SAs
 * to *@promoted.
 */
static u32 ov2_slot_fill(struct ov2_nic *nic, u32 limit, u32 *promoted)
{
	struct ov2_sa *sa;
	u32 seen;

	lockdep_assert_held(&nic->lock);
	if (!nic->slots.waiting || !ov2_slot_in_service(nic))
		return 0;
	for (seen = 0; seen < min(limit, OV2_SA_STEP); seen++) {
		sa = ov2_slot_next_waiting(nic);
		if (!sa)
			break;
		if (ov2_slot_share_used(sa) && !sa->traits.packet) {
			ov2_slot_wait(sa);
			continue;
		}
		ov2_slot_promote(sa, OV2_GOAL_NIC);
		++*promoted;
	}
	return seen;
}

/* Decides about SAs that have left the NIC, and fills free slots. Under pressure slots are filled
 * once per interval only. Returns whether there may be more to do. Context: nic->lock.
 */
bool ov2_slot_settle(struct ov2_nic *nic)
{
	u32 left = OV2_SA_STEP, promoted = 0;
	struct ov2_sa *sa;

	lockdep_assert_held(&nic->lock);
	while (left && (sa = ov2_sa_unsettle(nic))) {
		ov2_slot_settle_sa(sa);
		left--;
	}
	if (left && !ov2_slot_pressure(nic))
		left -= ov2_slot_fill(nic, left, &promoted);
	return !left;
}

/* Returns the size of the table that is full for an SA. */
static u32 ov2_slot_table_size(const struct ov2_sa *sa)
{
	const struct ov2_nic *nic = sa->nic;
	u32 max = nic->caps.max_dir_sas[sa->dir];

	return max && nic->slots_used_dir[sa->dir] >= max ? max : nic->caps.max_sas;
}

/* Tells xfrm why an SA waits. */
static void ov2_slot_tell_waiting(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	const struct ov2_nic *nic = sa->nic;

	if (ov2_slot_share_used(sa))
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The port has its share (%u) of the NIC's SA table, so the SA waits",
				       nic->slots.port_max);
	else if (ov2_slot_free(nic, sa->dir))
		NL_SET_ERR_MSG_MOD(extack, "The NIC evicts SAs, so the SA waits in software");
	else
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The NIC's SA table (%u) is full, so the SA waits in software",
				       ov2_slot_table_size(sa));
}

/* Tells xfrm why an SA may not wait. */
static void ov2_slot_tell_refused(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	const struct ov2_nic *nic = sa->nic;

	if (ov2_slot_share_used(sa))
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The port has its share (%u) of the SA table and %u SAs wait already",
				       nic->slots.port_max, nic->slots.waiting);
	else
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "The NIC's SA table (%u) is full and %u SAs wait already",
				       ov2_slot_table_size(sa), nic->slots.waiting);
}

static int ov2_slot_check(const struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	const struct ov2_nic *nic = sa->nic;

	if (nic->life != OV2_NIC_IN_SERVICE || (sa->port && sa->port->closing)) {
		NL_SET_ERR_MSG_MOD(extack, "The NIC is being removed");
		return -EOPNOTSUPP;
	}
	if (nic->engine.state == OV2_ENGINE_DEAD) {
		NL_SET_ERR_MSG_MOD(extack, "The NIC is out of service because its reset failed");
		return -EOPNOTSUPP;
	}
	return ov2_caps_check(&nic->caps, &sa->traits, extack);
}

/* Admits an SA in crypto mode. */
static int ov2_slot_admit_crypto(struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = sa->nic;
	bool room;

	/* A slot that has become free since the pump ran goes to a waiting SA (S6). If more SAs
	 * must be settled than one hold of the lock allows, the pump settles the rest.
	 */
	room = !ov2_slot_settle(nic) && ov2_slot_room(sa);
	if (!room && nic->slots.waiting >= nic->slots.waiting_max) {
		ov2_slot_tell_refused(sa, extack);
		return -EOPNOTSUPP;
	}
	ov2_pair_add(sa);
	if (room) {
		ov2_sa_start(sa, OV2_GOAL_NIC);
	} else {
		ov2_slot_tell_waiting(sa, extack);
		nic->counters[OV2_CNT_ADD_WAITING]++;
		sa->slot.next = OV2_SLOT_WAIT;
		ov2_sa_start(sa, OV2_GOAL_SOFTWARE);
		ov2_slot_wait(sa);
	}
	return 0;
}

/* Returns the number of SAs whose DELETE_SA is on its way, less those that wait for their slots. */
static int ov2_slot_leaving(struct ov2_nic *nic, enum ov2_dir dir)
{
	return (int)ov2_nic_sas_dir(nic, dir, OV2_SA_DEL_HELD, OV2_SA_DELETING) -
	       (int)list_count_nodes(&nic->slots.packetq[dir]);
}

/* Returns true if a slot for @sa is about to become free that no SA waits for. */
static bool ov2_slot_due(const struct ov2_sa *sa)
{
	int due = ov2_slot_leaving(sa->nic, sa->dir);

	if (!ov2_caps_by_dir(&sa->nic->caps))
		due += ov2_slot_leaving(sa->nic, !sa->dir);
	return due > 0;
}

/* Demotes an SA in crypto mode in favour of one in packet mode: software continues with the former,
 * and could not take the latter. Takes the idlest of the next OV2_SA_STEP SAs, so that the hold of
 * the lock is bounded. Returns false if there is none.
 */
static bool ov2_slot_give_way(const struct ov2_sa *to)
{
	struct ov2_nic *nic = to->nic;
	bool by_dir = ov2_caps_by_dir(&nic->caps);
	struct ov2_sa *sa, *idlest = NULL;
	u32 i;

	for (i = 0; i < OV2_SA_STEP; i++) {
		sa = ov2_walk_next(nic, &nic->slots.hand);
		if (!sa) {
			ov2_walk_restart(nic, &nic->slots.hand);
			continue;
		}
		if (sa->traits.packet || sa->state != OV2_SA_OFFLOADED ||
		    (by_dir && sa->dir != to->dir))
			continue;
		if (!idlest || ov2_rank_rate(sa) < ov2_rank_rate(idlest))
			idlest = sa;
	}
	if (idlest)
		ov2_slot_demote(idlest, OV2_SLOT_WAIT);
	return idlest;
}

/* Gives slots that have become free since the pump ran to SAs in packet mode that wait for them. */
static void ov2_slot_fill_packets(struct ov2_nic *nic)
{
	struct ov2_sa *sa;

	while ((sa = ov2_slot_next_of(nic, nic->slots.packetq)))
		ov2_slot_promote(sa, OV2_GOAL_NIC);
}

/* Admits an SA in packet mode. It waits for a slot only while xfrm waits for it, and only if a slot
 * is about to become free.
 */
static int ov2_slot_admit_packet(struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = sa->nic;

	if (ov2_slot_share_used(sa)) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "The port has its share (%u) of the NIC's SA table",
				       nic->slots.port_max);
		return -ENOSPC;
	}
	if (!ov2_slot_paced(sa)) {
		NL_SET_ERR_MSG_MOD(extack, "The NIC evicts SAs");
		return -ENOSPC;
	}
	ov2_slot_fill_packets(nic);
	if (ov2_slot_free(nic, sa->dir)) {
		ov2_slot_count_paced(sa);
		ov2_pair_add(sa);
		ov2_sa_start(sa, OV2_GOAL_NIC);
		return 0;
	}
	if (!sa->wait || (!ov2_slot_due(sa) && !ov2_slot_give_way(sa))) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "The NIC's SA table (%u) is full",
				       ov2_slot_table_size(sa));
		return -ENOSPC;
	}
	ov2_slot_count_paced(sa);
	ov2_pair_add(sa);
	sa->slot.next = OV2_SLOT_WAIT;
	ov2_sa_start(sa, OV2_GOAL_SOFTWARE);
	ov2_slot_wait(sa);
	return 0;
}

/* Admits an SA: queues it if there is a slot for it, otherwise it waits. Context: process. */
int ov2_slot_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack)
{
	struct ov2_nic *nic = sa->nic;
	int err;

	spin_lock_bh(&nic->lock);
	err = ov2_slot_check(sa, extack);
	if (!err)
		err = sa->traits.packet ? ov2_slot_admit_packet(sa, extack) :
					  ov2_slot_admit_crypto(sa, extack);
	spin_unlock_bh(&nic->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_slot_admit);

/* xfrm has deleted the SA, or frees it without a delete. Cannot fail and does not sleep: pair.c may
 * grow a table atomically, and if there is no memory for that the counterpart stays unpaired.
 * Context: any up to softirq; usually x->lock is held. The caller has a reference.
 */
void ov2_slot_delete(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	if (sa->goal != OV2_GOAL_GONE) {
		ov2_slot_unwait(sa);
		ov2_evict_cancel(sa);
		ov2_pair_del(sa);
		RCU_INIT_POINTER(sa->x, NULL);
		ov2_sa_aim(sa, OV2_GOAL_GONE);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_slot_delete);

static void ov2_slot_measure(struct ov2_sa *sa, void *arg)
{
	ov2_rank_measure(sa);
	if (!list_empty(&sa->slot.queue) && sa->slot.next == OV2_SLOT_BACKOFF &&
	    !ov2_slot_backing_off(sa))
		ov2_slot_wait(sa);
}

/* Moves the busiest waiting SAs to the front of their queues. Entries may be stale, because the
 * lock was dropped since they were collected.
 */
static void ov2_slot_order(struct ov2_nic *nic, const struct ov2_rank_list *busy)
{
	struct ov2_sa *sa;
	u32 i = busy->count, step;

	while (i) {
		rcu_read_lock();
		spin_lock_bh(&nic->lock);
		for (step = OV2_SA_STEP; step && i; step--) {
			sa = ov2_sa_find(busy->entries[--i].cookie);
			if (sa && sa->nic == nic && !list_empty(&sa->slot.queue) &&
			    sa->slot.next == OV2_SLOT_WAIT) {
				ov2_slot_wait(sa);
				list_move(&sa->slot.queue, ov2_slot_queue(sa));
			}
		}
		spin_unlock_bh(&nic->lock);
		rcu_read_unlock();
		cond_resched();
	}
}

/* Returns the number of SAs that were looked at, and adds the number of probes to *@probes.
 * Context: nic->lock.
 */
static u32 ov2_slot_probe_step(struct ov2_nic *nic, const struct ov2_rank *rank, int table,
			       u32 limit, u32 *probes)
{
	const struct ov2_rank_list *idle = &rank->idle[table];
	bool by_dir = ov2_caps_by_dir(&nic->caps);
	struct list_head *in = &nic->slots.waitq[OV2_IN], *out = &nic->slots.waitq[OV2_OUT];
	struct ov2_sa *sa;
	u32 seen;

	if (nic->engine.state != OV2_ENGINE_RUNNING || !ov2_slot_in_service(nic) ||
	    !nic->slots.promote || ov2_slot_contended(nic))
		return 0;
	for (seen = 0; seen < OV2_SA_STEP && *probes < min(limit, idle->count); seen++) {
		if (by_dir)
			sa = ov2_slot_first(table == OV2_IN ? in : out);
		else
			sa = ov2_slot_better(ov2_slot_first(in), ov2_slot_first(out));
		if (!sa)
			break;
		if (ov2_slot_share_used(sa)) {
			ov2_slot_wait(sa);
			continue;
		}
		if (ov2_rank_rate(sa) / OV2_SLOT_BUSIER <= idle->entries[*probes].key)
			break;
		nic->counters[OV2_CNT_ASKED]++;
		ov2_slot_promote(sa, OV2_GOAL_PROBE);
		++*probes;
	}
	return seen;
}

/* Submits the busiest waiting SAs although the table is full, as long as each is much busier than
 * one that has a slot. The NIC rejects them with -ENOSPC, which tells it to raise SaDeleteReq for
 * idle SAs.
 */
static void ov2_slot_probe(struct ov2_nic *nic, const struct ov2_rank *rank, u32 limit)
{
	u32 probes, seen;
	int table;

	for (table = 0; table < ARRAY_SIZE(rank->idle); table++) {
		probes = 0;
		do {
			spin_lock_bh(&nic->lock);
			seen = ov2_slot_probe_step(nic, rank, table, limit, &probes);
			spin_unlock_bh(&nic->lock);
			cond_resched();
		} while (seen == OV2_SA_STEP);
	}
}

/* Fills slots at the pace that the pressure allows. Returns how many more SAs may enter the NIC in
 * this interval.
 */
static u32 ov2_slot_fill_interval(struct ov2_nic *nic, u32 limit)
{
	u32 seen, promoted = 0;
	bool early;

	do {
		spin_lock_bh(&nic->lock);
		early = ov2_slot_too_early(nic);
		seen = early ? 0 : ov2_slot_fill(nic, limit - promoted, &promoted);
		spin_unlock_bh(&nic->lock);
		cond_resched();
	} while (seen && promoted < limit);
	return early ? 0 : limit - promoted;
}

/* Runs once per interval while SAs wait. Without memory for the ranking, slots are given in the
 * order in which SAs have come.
 */
void ov2_slot_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(to_delayed_work(work), struct ov2_nic, slots.work);
	struct ov2_rank rank;
	u32 limit, keep, left;
	bool ranked;

	spin_lock_bh(&nic->lock);
	limit = ov2_slot_pace(nic);
	/* The table may be much larger than what is in it. */
	keep = min(limit, ov2_nic_sas(nic, OV2_SA_SOFTWARE, OV2_SA_DELETING));
	spin_unlock_bh(&nic->lock);

	ov2_sa_for_each(nic, ov2_slot_measure, NULL);
	ranked = ov2_rank_build(nic, &rank, keep);
	if (ranked)
		ov2_slot_order(nic, &rank.busy);
	left = ov2_slot_fill_interval(nic, limit);
	if (ranked && left)
		ov2_slot_probe(nic, &rank, left);
	ov2_rank_free(&rank);

	spin_lock_bh(&nic->lock);
	ov2_slot_arm(nic);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
}
