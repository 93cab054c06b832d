// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the life of a NIC as a whole: creation, reset, crash, sleep, removal, destruction.
 *
 * ov2sim_hw.state is written under ov2sim_cmdq.lock. Whatever takes long is done under
 * ov2sim_cmdq.reset_lock, so that one reset or suspend has ended before the next one begins.
 */
#include <kunit/visibility.h>
#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/slab.h>
#include "cmd.h"
#include "compat.h"
#include "hw.h"
#include "port.h"
#include "worker.h"

/**
 * ov2sim_nic_init - create the cache that all NICs share
 *
 * Return: 0 or -ENOMEM.
 */
int ov2sim_nic_init(void)
{
	return ov2sim_sa_cache_init();
}

/**
 * ov2sim_nic_exit - undo ov2sim_nic_init()
 *
 * All NICs must have been destroyed.
 */
void ov2sim_nic_exit(void)
{
	ov2sim_sa_cache_exit();
}

struct ov2sim_hw *ov2sim_hw_create(const struct ov2sim_hw_config *config,
				   const struct ov2sim_hw_ops *ops, void *drv)
{
	struct ov2sim_hw *hw;
	int err;

	if (!config->ports || !config->queues || !config->caps.max_sas ||
	    !config->caps.max_list || !config->caps.max_requests)
		return ERR_PTR(-EINVAL);

	hw = kzalloc_obj(*hw);
	if (!hw)
		return ERR_PTR(-ENOMEM);
	hw->config = *config;
	hw->ops = ops;
	hw->drv = drv;
	hw->faults.seq_limit = OV2SIM_SEQ_LIMIT;
	err = -ENOMEM;
	hw->config.name = kstrdup(config->name, GFP_KERNEL);
	if (!hw->config.name)
		goto err_free_hw;
	err = ov2sim_sadb_init(&hw->sadb, &hw->config.caps, config->ports, &hw->faults);
	if (err)
		goto err_free_name;
	err = ov2sim_ports_alloc(hw);
	if (err)
		goto err_destroy_sadb;
	err = ov2sim_workers_start(hw);
	if (err)
		goto err_free_ports;
	err = ov2sim_cmd_init(hw);
	if (err)
		goto err_stop_workers;
	return hw;

err_stop_workers:
	ov2sim_workers_stop(hw);
err_free_ports:
	ov2sim_ports_free(hw);
err_destroy_sadb:
	ov2sim_sadb_destroy(&hw->sadb);
err_free_name:
	kfree(hw->config.name);
err_free_hw:
	kfree(hw);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_create);

void ov2sim_hw_destroy(struct ov2sim_hw *hw)
{
	u32 i;

	for (i = 0; i < hw->config.ports; i++)
		ov2sim_hw_unlink(hw, i);
	/* If the peer unlinked first, its synchronize_rcu() may still be running. Wait here as well
	 * before we free the ports.
	 */
	synchronize_rcu();
	ov2sim_cmd_destroy(hw);
	ov2sim_workers_stop(hw);
	ov2sim_ports_free(hw);
	ov2sim_sadb_destroy(&hw->sadb);
	kfree(hw->config.name);
	kfree(hw);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_destroy);

/* Change the state from @from to @to. Returns false and changes nothing in any other state. */
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
	err = ov2sim_hw_surprise_removed(hw) ? -ENODEV : 0;
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

void ov2sim_hw_surprise_remove(struct ov2sim_hw *hw)
{
	u32 i;

	spin_lock_bh(&hw->cmdq.lock);
	WRITE_ONCE(hw->state, OV2SIM_HW_SURPRISE_REMOVED);
	spin_unlock_bh(&hw->cmdq.lock);
	for (i = 0; i < hw->config.ports; i++)
		ov2sim_hw_unlink(hw, i);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_surprise_remove);

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
