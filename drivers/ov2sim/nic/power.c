// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: reset, crash, sleep and removal of the NIC. ov2sim_hw.state is written under the command
 * queue's lock; what takes a while is done under its reset_lock, so that one ends before another
 * begins.
 */
#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/export.h>
#include "hw.h"

/* Return: false if it was in another state than @from, and then nothing has changed */
static bool ov2sim_power_move(struct ov2sim_hw *hw, enum ov2sim_hw_state from,
			      enum ov2sim_hw_state to)
{
	struct ov2sim_cmdq *q = &hw->cmdq;
	bool moved;

	spin_lock_bh(&q->lock);
	moved = hw->state == from;
	if (moved)
		WRITE_ONCE(hw->state, to);
	spin_unlock_bh(&q->lock);
	wake_up(&q->wait);
	return moved;
}

int ov2sim_hw_reset(struct ov2sim_hw *hw)
{
	int err;

	mutex_lock(&hw->cmdq.reset_lock);
	ov2sim_cmd_clear(hw);
	ov2sim_power_move(hw, OV2SIM_HW_CRASHED, OV2SIM_HW_RUNNING);
	err = ov2sim_hw_pulled(hw) ? -ENODEV : 0;
	mutex_unlock(&hw->cmdq.reset_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_reset);

void ov2sim_hw_crash(struct ov2sim_hw *hw)
{
	if (!ov2sim_power_move(hw, OV2SIM_HW_RUNNING, OV2SIM_HW_CRASHED))
		return;
	local_bh_disable();
	hw->ops->fatal(hw->drv);
	local_bh_enable();
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_crash);

bool ov2sim_hw_crashed(struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->state) == OV2SIM_HW_CRASHED;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_crashed);

void ov2sim_hw_pull(struct ov2sim_hw *hw)
{
	spin_lock_bh(&hw->cmdq.lock);
	WRITE_ONCE(hw->state, OV2SIM_HW_PULLED);
	spin_unlock_bh(&hw->cmdq.lock);
	for (u32 i = 0; i < hw->config.ports; i++)
		ov2sim_hw_unlink(hw, i);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_pull);

void ov2sim_hw_suspend(struct ov2sim_hw *hw)
{
	mutex_lock(&hw->cmdq.reset_lock);
	if (ov2sim_power_move(hw, OV2SIM_HW_RUNNING, OV2SIM_HW_ASLEEP) ||
	    ov2sim_power_move(hw, OV2SIM_HW_CRASHED, OV2SIM_HW_ASLEEP))
		ov2sim_cmd_clear(hw);
	mutex_unlock(&hw->cmdq.reset_lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_suspend);

void ov2sim_hw_resume(struct ov2sim_hw *hw)
{
	ov2sim_power_move(hw, OV2SIM_HW_ASLEEP, OV2SIM_HW_RUNNING);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_resume);

bool ov2sim_hw_asleep(struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->state) == OV2SIM_HW_ASLEEP;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_asleep);
