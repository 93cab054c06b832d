// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: SaDeleteReq, from the packet that carries it to the answer: one DELETE_SA for the
 * inbound SA and then one for the outbound SA that corresponds to it. NDIS: SaDeleteReq in
 * NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO.
 *
 * The flag comes by ov2_rx() and, on a packet that the NIC has processed, rides on the skb through
 * xfrm_input(), as SA_DELETE_REQ in xfrm_offload.flags, to the protocol callback in rx.c. Each SA
 * is answered once; the list of those to be answered is under nic->lock, the answer is given in a
 * work item, for it takes x->lock.
 */
#include <linux/module.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/* The NIC wants @sa deleted. Context: softirq or BH off. */
void ov2_delreq_raise(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	ov2_stats_inc(nic, OV2_PKT_RX_DELREQ);
	/* An SA stays on the list until it is answered, also over a reset. If ov2_delreq_work()
	 * takes it off meanwhile the answer has been given; a NIC that wants more sets the flag
	 * again.
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

/* Makes the outbound SA's delete wait for the completion of the inbound one's, if the NIC has it or
 * is about to. Another inbound SA, its counterpart before, may hold it back already.
 */
static void ov2_delreq_hold(struct ov2_sa *in)
{
	struct ov2_sa *out = in->pair.other;

	lockdep_assert_held(&in->nic->lock);
	if (out && !out->held && (out->state == OV2_SA_ADDING || out->state == OV2_SA_OFFLOADED))
		ov2_sa_hold_delete(in, out);
}

/* Takes both off the NIC; xfrm keeps them and goes on in software. */
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

/* Deletes both states, the inbound first. */
static void ov2_delreq_hard(struct ov2_sa *in)
{
	struct ov2_nic *nic = in->nic;
	bool wanted, deleted = true;
	struct ov2_sa *out = NULL;

	spin_lock_bh(&nic->lock);
	wanted = in->state == OV2_SA_OFFLOADED;
	/* Before the IKE daemon hears of it, so that its replacement SA is not evicted at once. */
	if (wanted)
		ov2_slot_enter_pressure(nic);
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

static void ov2_delreq_answer(struct ov2_sa *in, enum ov2_delreq_policy policy)
{
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
		/* Only this work takes SAs off the list. From here on it may be raised again, if it
		 * is still in the NIC.
		 */
		spin_lock_bh(&nic->lock);
		list_del_init(&sa->delreq_list);
		spin_unlock_bh(&nic->lock);
		ov2_sa_put(sa);
		cond_resched();
	}
}

/**
 * ov2_nic_set_delreq_policy - set what becomes of the states of SAs that the NIC wants deleted
 * @nic: the NIC
 * @policy: for SaDeleteReqs answered from now on
 *
 * Places that stay empty because the NIC has asked for them too often are filled again.
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
 * ov2_nic_delreq_policy - what becomes of the states of SAs that the NIC wants deleted
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
