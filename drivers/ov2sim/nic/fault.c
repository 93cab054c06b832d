// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: fault injection. debugfs writes the knobs; the NIC counts them down by cmpxchg, so that a
 * value that debugfs writes meanwhile is not overwritten.
 */
#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include "hw.h"

static const struct {
	const char *name;
	size_t offset;
} ov2sim_fault_knobs[] = {
	{ "delay_ms", offsetof(struct ov2sim_faults, delay) },
	{ "delay_us", offsetof(struct ov2sim_faults, delay_us) },
	{ "lose", offsetof(struct ov2sim_faults, lose) },
	{ "deaf", offsetof(struct ov2sim_faults, deaf) },
	{ "refuse_nth", offsetof(struct ov2sim_faults, refuse) },
	{ "reorder", offsetof(struct ov2sim_faults, reorder) },
	{ "nomem", offsetof(struct ov2sim_faults, nomem) },
	{ "delete_req_all", offsetof(struct ov2sim_faults, delete_req_all) },
	{ "seq_limit", offsetof(struct ov2sim_faults, seq_limit) },
	{ "corrupt_tx", offsetof(struct ov2sim_faults, corrupt_tx) },
	{ "corrupt_rx", offsetof(struct ov2sim_faults, corrupt_rx) },
};

u32 *ov2sim_hw_fault(struct ov2sim_hw *hw, unsigned int i, const char **name)
{
	if (i >= ARRAY_SIZE(ov2sim_fault_knobs))
		return NULL;
	*name = ov2sim_fault_knobs[i].name;
	return (void *)&hw->faults + ov2sim_fault_knobs[i].offset;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_fault);

/* Count @knob down by one. Returns false if it is 0 already. */
bool ov2sim_fault_take(u32 *knob)
{
	u32 old = READ_ONCE(*knob);

	do {
		if (!old)
			return false;
	} while (!try_cmpxchg(knob, &old, old - 1));
	return true;
}
