// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: UPDATE_SA lists, which tell the NIC the sequence state of SAs. An SA on the queue or in
 * a list has a reference for that, and may leave the NIC meanwhile. Everything is under nic->lock.
 */
#include "ov2.h"

static void ov2_update_queue(struct ov2_sa *sa)
{
	list_add_tail(&sa->seq.queue, &sa->nic->updq);
	sa->nic->updates++;
}

static void ov2_update_append(struct ov2_request *req, struct ov2_sa *sa)
{
	struct ov2_update_sa *update = &ov2_request_node(req, sa)->update;

	sa->seq.running = true;
	update->next = NULL;
	update->priv = sa->priv;
	update->offload_handle = sa->offload_handle;
	update->status = 0;
	update->seq = sa->seq.now;
	if (req->last)
		((struct ov2_update_sa *)req->last)->next = update;
	else
		req->update = update;
	req->last = update;
}

/* SAs that are being added stay on the queue until they have a handle. SAs that are not in the NIC
 * need no update, because their next ADD_SA carries the numbers.
 */
static void ov2_update_take(struct ov2_nic *nic, struct ov2_request *req, u32 max)
{
	struct ov2_sa *sa, *next;
	u32 taken = 0, seen = 0;

	lockdep_assert_held(&nic->lock);
	list_for_each_entry_safe(sa, next, &nic->updq, seq.queue) {
		if (taken == max || seen++ == OV2_SA_STEP)
			break;
		if (sa->state == OV2_SA_ADDING) {
			list_move_tail(&sa->seq.queue, &nic->updq);
			continue;
		}
		list_del_init(&sa->seq.queue);
		nic->updates--;
		if (sa->state == OV2_SA_OFFLOADED) {
			ov2_update_append(req, sa);
			taken++;
		} else {
			ov2_sa_put(sa);
		}
	}
}

static void ov2_update_done_node(struct ov2_request *req, const struct ov2_update_sa *update)
{
	struct ov2_sa *sa = container_of(update, struct ov2_node, update)->sa;
	struct ov2_nic *nic = sa->nic;
	bool retry = ov2_request_retry(req);
	bool moved = ov2_seq_u64(sa->seq.now) != ov2_seq_u64(update->seq);

	sa->seq.running = false;
	if (!req->status && !update->status) {
		nic->counters[OV2_CNT_UPDATE_SUCCESS]++;
	} else if (!retry && sa->state == OV2_SA_OFFLOADED &&
		   sa->offload_handle == update->offload_handle) {
		/* A NIC that infers wrong upper halves fails every packet, so continue in software:
		 * for a while if the NIC was too slow to answer, otherwise for good.
		 */
		nic->counters[OV2_CNT_UPDATE_FAIL]++;
		if (req->status == -ECANCELED)
			ov2_slot_suspend(sa);
		else
			ov2_sa_aim(sa, OV2_GOAL_SOFTWARE);
	}
	if ((retry || moved) &&
	    (sa->state == OV2_SA_OFFLOADED || sa->state == OV2_SA_ADDING))
		ov2_update_queue(sa);
	else
		ov2_sa_put(sa);
}

static bool ov2_update_done(struct ov2_nic *nic, struct ov2_request *req)
{
	struct ov2_update_sa *update;
	u32 i;

	for (i = 0; i < OV2_SA_STEP && req->update; i++) {
		update = req->update;
		req->update = update->next;
		ov2_update_done_node(req, update);
	}
	return req->update;
}

const struct ov2_list_kind ov2_kind_update = {
	.counter = OV2_CNT_UPDATE_REQUESTS,
	.take = ov2_update_take,
	.done = ov2_update_done,
};
