// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the pump, the only work that lets policy decide about SAs that have left the NIC, and
 * that submits requests. Code that changes what the pump acts on kicks it under nic->lock.
 */
#include "ov2.h"

/* Context: nic->wq, which runs one at a time. */
void ov2_pump_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, pump_work);
	struct ov2_request *req;
	bool more;

	do {
		spin_lock_bh(&nic->lock);
		more = ov2_slot_settle(nic);
		req = ov2_request_take(nic);
		/* A kick that finds this set was under the lock before the next round, which
		 * therefore sees its cause. A kick that finds it clear queues the work again.
		 */
		nic->pump_running = more || req;
		spin_unlock_bh(&nic->lock);
		if (req)
			ov2_request_submit(nic, req);
		cond_resched();
	} while (more || req);
}
