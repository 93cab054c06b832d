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

/* The NIC wants @sa deleted. Context: any up to softirq. */
void ov2_delreq_raise(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	nic->counters[OV2_CNT_DELREQ_PACKETS]++;
	/* On the list until it is answered, over a reset as well. */
	if (sa->dir == OV2_IN && sa->state == OV2_SA_OFFLOADED &&
	    list_empty(&sa->delreq_list) && !nic->closing) {
		refcount_inc(&sa->ref);
		list_add_tail(&sa->delreq_list, &nic->delreqq);
		nic->counters[OV2_CNT_DELREQ]++;
		trace_ov2_sa_delete_req(sa);
		queue_work(nic->wq, &nic->delreq_work);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_delreq_raise);

/* Makes the outbound SA's delete wait for the completion of the inbound one's: lists in flight may
 * be executed in any order. Returns the counterpart, if it is to be taken off the NIC.
 */
static struct ov2_sa *ov2_delreq_chain(struct ov2_sa *in)
{
	struct ov2_sa *out = in->pair;

	lockdep_assert_held(&in->nic->lock);
	/* Another inbound SA, its counterpart before, may hold it back already. */
	if (!out || out->chained)
		return NULL;
	switch (out->state) {
	case OV2_SA_ADDING:
		/* Demoted as soon as it is in. */
		out->unwanted = true;
		fallthrough;
	case OV2_SA_OFFLOADED:
		in->then = out;
		out->chained = true;
		refcount_inc(&out->ref);
		return out;
	case OV2_SA_QUEUED:
		ov2_offer_back_off(out);
		ov2_sa_leave(out);
		return NULL;
	default:
		return NULL;
	}
}

/* Called when the NIC has nothing of @in any more. */
void ov2_delreq_unchain(struct ov2_sa *in)
{
	struct ov2_sa *out = in->then;

	lockdep_assert_held(&in->nic->lock);
	if (!out)
		return;
	in->then = NULL;
	out->chained = false;
	if ((out->state == OV2_SA_DEMOTING || out->state == OV2_SA_DELETING) &&
	    list_empty(&out->queue))
		ov2_sa_take_down(out);
	ov2_sa_put(out);
}

/* Takes both off the NIC; xfrm keeps them and goes on in software. */
static void ov2_delreq_demote(struct ov2_sa *in)
{
	struct ov2_nic *nic = in->nic;
	struct ov2_sa *out;

	spin_lock_bh(&nic->lock);
	if (in->state == OV2_SA_OFFLOADED) {
		out = ov2_delreq_chain(in);
		ov2_offer_back_off(in);
		ov2_sa_demote(in);
		if (out && out->state == OV2_SA_OFFLOADED) {
			ov2_offer_back_off(out);
			nic->counters[OV2_CNT_DEMOTED]++;
			ov2_sa_set_state(out, OV2_SA_DEMOTING);
		}
	}
	spin_unlock_bh(&nic->lock);
}

/* Deletes both states, the inbound first. */
static void ov2_delreq_hard(struct ov2_sa *in)
{
	struct ov2_nic *nic = in->nic;
	bool wanted, deleted = true;
	struct ov2_sa *out = NULL;

	spin_lock_bh(&nic->lock);
	wanted = in->state == OV2_SA_OFFLOADED;
	/* Before the IKE daemon hears of it: what it sets up anew is not to chase the NIC. */
	if (wanted)
		ov2_offer_press(nic);
	if (wanted && in->pair) {
		out = in->pair;
		refcount_inc(&out->ref);
		ov2_delreq_chain(in);
	}
	spin_unlock_bh(&nic->lock);
	/* A reset or the configuration was faster: the NIC has no place of it to give back. */
	if (!wanted)
		return;

	ov2_state_expire(in, ov2_state_expire_hard);

	/* If xfrm is not through with setting it up there was nothing to delete. */
	spin_lock_bh(&nic->lock);
	if (rcu_access_pointer(in->x)) {
		deleted = false;
		if (in->then)
			in->then->unwanted = false;
		ov2_delreq_unchain(in);
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
	nic->pressed = 0;
	nic->fill_after = 0;
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
