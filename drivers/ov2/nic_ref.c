// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the memory of a NIC, which outlives the NIC until the last SA and the last held packet
 * are freed.
 */
#include <linux/slab.h>
#include "ov2.h"
#include "packet.h"

void ov2_nic_get(struct ov2_nic *nic)
{
	refcount_inc(&nic->ref);
}

/* RCU callbacks put SAs, and the last SA puts the NIC, so this must not sleep. Context: any up to
 * softirq.
 */
void ov2_nic_put(struct ov2_nic *nic)
{
	if (!refcount_dec_and_test(&nic->ref))
		return;
	ov2_packet_guard_put(nic->guard);
	free_percpu(nic->stats);
	kfree(nic->name);
	kvfree(nic);
}
