// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: what the NIC knows about the sequence numbers of an SA. Owns the sequence part of an
 * SA, except for what update.c does while a list is in flight. The NIC infers the upper half of a
 * received number from the window that it was told (RFC 4303 appendix A2), so this is for inbound
 * ESN only.
 */
#include "ov2.h"

/* More packets than can arrive while an update is in flight. */
#define OV2_SEQ_MISMATCHES	4096

void ov2_seq_init(struct ov2_sa *sa, struct ov2_seq seq)
{
	sa->seq.told = ov2_seq_u64(seq);
	sa->seq.last = sa->seq.told;
}

/* The NIC has nothing of the SA to update. The caller has a reference. */
void ov2_seq_drop_update(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (list_empty(&sa->seq.queue))
		return;
	list_del_init(&sa->seq.queue);
	sa->nic->updates--;
	ov2_sa_put(sa);
}

/* An ADD_SA tells the NIC the numbers of @add. An update that was queued before is stale. Context:
 * x->lock and nic->lock held.
 */
void ov2_seq_filled(struct ov2_sa *sa, const struct ov2_add_sa *add)
{
	sa->traits.replay_window = add->replay_window;
	WRITE_ONCE(sa->seq.told, ov2_seq_u64(add->seq));
	sa->seq.now = add->seq;
	ov2_seq_drop_update(sa);
}

/* Queues an update. While one is in flight do not queue another; its completion sees that the
 * numbers have changed. An SA that is being added, or about to leave the NIC, may be queued as
 * well: update.c waits for the completion of the ADD_SA, or drops the update.
 */
static void ov2_seq_update(struct ov2_sa *sa, struct ov2_seq seq)
{
	struct ov2_nic *nic = sa->nic;

	spin_lock_bh(&nic->lock);
	WRITE_ONCE(sa->seq.told, ov2_seq_u64(seq));
	sa->seq.now = seq;
	if (!sa->seq.running && list_empty(&sa->seq.queue) &&
	    (sa->state == OV2_SA_ADDING || sa->state == OV2_SA_OFFLOADED)) {
		ov2_sa_get(sa);
		list_add_tail(&sa->seq.queue, &nic->updq);
		nic->updates++;
		ov2_nic_kick_submit(nic);
	}
	spin_unlock_bh(&nic->lock);
}

/* The receive window of an SA has moved to @seq. The NIC knows the packets that it has verified
 * itself, and ov2_rx() notes them in seq.told. It does not know those that software has decrypted,
 * so tell it when they are more than a window ahead. xfrm's window moves back only after an
 * XFRM_MSG_NEWAE, so tell the NIC then as well. Context: x->lock held, softirq; once per packet.
 */
void ov2_seq_advance(struct ov2_sa *sa, struct ov2_seq seq)
{
	u64 now = ov2_seq_u64(seq), last;

	if (!sa->traits.esn || sa->dir == OV2_OUT)
		return;
	last = sa->seq.last;
	sa->seq.last = now;
	if (now < last || now > READ_ONCE(sa->seq.told) + sa->traits.replay_window)
		ov2_seq_update(sa, seq);
}

/* The NIC has verified a packet, which has moved its window as well. Context: NAPI of the port. */
void ov2_seq_seen(struct ov2_sa *sa, u64 seq)
{
	if (!sa->traits.esn)
		return;
	sa->seq.mismatches = 0;
	if (seq > READ_ONCE(sa->seq.told))
		WRITE_ONCE(sa->seq.told, seq);
}

/* The NIC has inferred a different number than xfrm. Returns true when this has happened so often
 * in a row that no update in flight can be the reason. Context: NAPI of the port.
 */
bool ov2_seq_mismatch(struct ov2_sa *sa)
{
	return ++sa->seq.mismatches == OV2_SEQ_MISMATCHES;
}
