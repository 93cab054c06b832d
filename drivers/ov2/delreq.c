// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SaDeleteReq, from the packet that carries it to the answer: one DELETE_SA for the
 * inbound SA and then one for the outbound SA that corresponds to it. NDIS: SaDeleteReq in
 * NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO.
 *
 * ov2_rx() receives the flag. If the NIC has decrypted the packet, SA_DELETE_REQ in
 * xfrm_offload.flags carries the flag through xfrm_input() to the protocol callback in
 * rx_protocol.c. Each SA is answered once. The list of SAs to be answered is under nic->lock. A
 * work item gives the answers, because they need x->lock.
 */
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/* The NIC wants @sa deleted. Context: softirq or BH off. */
void ov2_delreq_raise(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	ov2_stats_inc(nic, OV2_PKT_RX_DELREQ);
	/* Do not take the lock for an SA that is on the list already; it stays there until it is
	 * answered, even over a reset. This races with ov2_delreq_work(), which may take the SA off
	 * the list at the same time. The answer has been given then, and a NIC that still wants the
	 * SA deleted sets the flag again.
	 */
	if (!list_empty_careful(&sa->delreq_list))
		return;
	spin_lock_bh(&nic->lock);
	if (sa->dir == OV2_IN && sa->state == OV2_SA_OFFLOADED &&
	    list_empty(&sa->delreq_list) && nic->life == OV2_NIC_IN_SERVICE) {
		ov2_sa_get(sa);
		list_add_tail(&sa->delreq_list, &nic->delreqq);
		nic->counters[OV2_CNT_DELREQ]++;
		trace_ov2_sa_delete_req(sa);
		queue_work(nic->wq, &nic->delreq_work);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_delreq_raise);

/* Makes the outbound SA's delete wait for the completion of the inbound SA's, if the outbound SA is
 * in the NIC or is being added. Skip this if another inbound SA, to which it corresponded before,
 * holds it already.
 */
static void ov2_delreq_hold(struct ov2_sa *in)
{
	struct ov2_sa *out = in->pair.other;

	lockdep_assert_held(&in->nic->lock);
	if (out && !out->held && (out->state == OV2_SA_ADDING || out->state == OV2_SA_OFFLOADED))
		ov2_sa_hold_delete(in, out);
}

/* Takes both SAs off the NIC. xfrm keeps them and continues in software. */
static void ov2_delreq_demote(struct ov2_sa *in)
{
	spin_lock_bh(&in->nic->lock);
	if (in->state == OV2_SA_OFFLOADED) {
		ov2_delreq_hold(in);
		ov2_slot_evict(in);
		if (in->pair.other)
			ov2_slot_evict(in->pair.other);
	}
	spin_unlock_bh(&in->nic->lock);
}

/* Deletes both states, the inbound one first. */
static void ov2_delreq_hard(struct ov2_sa *in)
{
	struct ov2_nic *nic = in->nic;
	bool wanted, deleted = true;
	struct ov2_sa *out = NULL;

	spin_lock_bh(&nic->lock);
	wanted = in->state == OV2_SA_OFFLOADED;
	/* Enter pressure before the expire tells the IKE daemon, so that the NIC does not get the
	 * replacement SA at once only to evict it again.
	 */
	if (wanted)
		ov2_slot_enter_pressure(in);
	if (wanted && in->pair.other) {
		out = in->pair.other;
		ov2_sa_get(out);
		ov2_delreq_hold(in);
	}
	spin_unlock_bh(&nic->lock);
	/* Raced with a reset or a configuration change; the SA has already left the NIC. */
	if (!wanted)
		return;

	ov2_state_expire(in, ov2_state_expire_hard);

	/* ov2_state_expire_hard() does nothing while xfrm_state_construct() has not made the state
	 * VALID; undo the hold.
	 */
	spin_lock_bh(&nic->lock);
	if (in->goal != OV2_GOAL_GONE) {
		deleted = false;
		ov2_sa_release_delete(in);
	}
	spin_unlock_bh(&nic->lock);

	if (out && deleted)
		ov2_state_expire(out, ov2_state_expire_hard);
	if (out)
		ov2_sa_put(out);
}

/* Asks the IKE daemon to replace an SA in packet mode, and gives it time for that. */
static void ov2_delreq_soft_packet(struct ov2_sa *in)
{
	struct ov2_nic *nic = in->nic;

	spin_lock_bh(&nic->lock);
	if (in->state == OV2_SA_OFFLOADED) {
		ov2_slot_enter_pressure(in);
		ov2_evict_later(in);
		if (in->pair.other)
			ov2_evict_later(in->pair.other);
	}
	spin_unlock_bh(&nic->lock);
	ov2_state_expire(in, ov2_state_expire_soft);
}

/* Software cannot continue with an SA in packet mode, so xfrm must delete it. */
static void ov2_delreq_answer_packet(struct ov2_sa *in, enum ov2_delreq_policy policy)
{
	if (policy == OV2_DELREQ_SOFT)
		ov2_delreq_soft_packet(in);
	else
		ov2_delreq_hard(in);
}

static void ov2_delreq_answer(struct ov2_sa *in, enum ov2_delreq_policy policy)
{
	if (in->traits.packet) {
		ov2_delreq_answer_packet(in, policy);
		return;
	}
	switch (policy) {
	case OV2_DELREQ_DEMOTE:
		ov2_delreq_demote(in);
		break;
	case OV2_DELREQ_SOFT:
		ov2_delreq_demote(in);
		ov2_state_expire(in, ov2_state_expire_soft);
		break;
	case OV2_DELREQ_HARD:
		ov2_delreq_hard(in);
		break;
	}
}

void ov2_delreq_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, delreq_work);
	enum ov2_delreq_policy policy;
	struct ov2_sa *sa;

	for (;;) {
		spin_lock_bh(&nic->lock);
		sa = list_first_entry_or_null(&nic->delreqq, struct ov2_sa, delreq_list);
		policy = nic->delreq_policy;
		spin_unlock_bh(&nic->lock);
		if (!sa)
			return;
		ov2_delreq_answer(sa, policy);
		/* Only this work takes SAs off the list. From here on ov2_delreq_raise() may add
		 * the SA again, if it is still in the NIC.
		 */
		spin_lock_bh(&nic->lock);
		list_del_init(&sa->delreq_list);
		spin_unlock_bh(&nic->lock);
		ov2_sa_put(sa);
		cond_resched();
	}
}

/**
 * ov2_nic_set_delreq_policy - set how the core answers SaDeleteReq
 * @nic: the NIC
 * @policy: for SaDeleteReqs that are answered from now on
 *
 * This also ends the waiting time of slots that stay empty because the NIC has raised SaDeleteReq
 * too often under the old policy.
 *
 * Context: any up to softirq.
 */
void ov2_nic_set_delreq_policy(struct ov2_nic *nic, enum ov2_delreq_policy policy)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->delreq_policy, policy);
	ov2_slot_reset_pressure(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_delreq_policy);

/**
 * ov2_nic_delreq_policy - how does the core answer SaDeleteReq?
 * @nic: the NIC
 *
 * Context: any.
 * Return: the policy.
 */
enum ov2_delreq_policy ov2_nic_delreq_policy(struct ov2_nic *nic)
{
	return READ_ONCE(nic->delreq_policy);
}
EXPORT_SYMBOL_GPL(ov2_nic_delreq_policy);
