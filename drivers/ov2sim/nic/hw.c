// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: a NIC as a whole, from power-up to power-down.
 *
 * Order of locks, outermost first: reset_lock, a lane's lock or the link mutex, the SA table's
 * mutex, then spinlocks: of an SA, of a fifo, of the command queue. None is held while another
 * of its kind is taken.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/slab.h>
#include "hw.h"

bool ov2sim_hw_sa_next(struct ov2sim_hw *hw, u32 handle, struct ov2sim_sa_info *info)
{
	return ov2sim_sadb_next(&hw->sadb, handle, info);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_sa_next);

u32 ov2sim_hw_sa_count(struct ov2sim_hw *hw)
{
	return READ_ONCE(hw->sadb.count);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_sa_count);

/**
 * ov2sim_nic_init() - Make what all NICs share.
 *
 * Return: 0 or -ENOMEM.
 */
int ov2sim_nic_init(void)
{
	int err;

	err = ov2sim_frame_init();
	if (err)
		return err;
	err = ov2sim_sa_cache_init();
	if (err)
		goto err_frame_exit;
	return 0;

err_frame_exit:
	ov2sim_frame_exit();
	return err;
}

/** ov2sim_nic_exit() - Undo ov2sim_nic_init(). There are no NICs any more. */
void ov2sim_nic_exit(void)
{
	ov2sim_sa_cache_exit();
	ov2sim_frame_exit();
}

static void ov2sim_queue_init(struct ov2sim_queue *queue)
{
	spin_lock_init(&queue->fifo.lock);
	INIT_LIST_HEAD(&queue->fifo.frames);
	INIT_LIST_HEAD(&queue->built);
}

static void ov2sim_ports_free(struct ov2sim_hw *hw)
{
	for (u32 i = 0; i < hw->config.ports; i++)
		kvfree(hw->ports[i].queues);
	kvfree(hw->ports);
}

VISIBLE_IF_KUNIT int ov2sim_ports_alloc(struct ov2sim_hw *hw)
{
	struct ov2sim_hwport *port;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_ports_alloc, hw);
	hw->ports = kvcalloc(hw->config.ports, sizeof(*hw->ports), GFP_KERNEL);
	if (!hw->ports)
		return -ENOMEM;
	for (u32 i = 0; i < hw->config.ports; i++) {
		port = &hw->ports[i];
		port->hw = hw;
		port->index = i;
		port->queues = kvcalloc(hw->config.queues, sizeof(*port->queues), GFP_KERNEL);
		if (!port->queues)
			goto err_free_ports;
		for (u32 j = 0; j < hw->config.queues; j++)
			ov2sim_queue_init(&port->queues[j]);
	}
	return 0;

err_free_ports:
	ov2sim_ports_free(hw);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_ports_alloc);

static void ov2sim_lanes_stop(struct ov2sim_hw *hw, u32 count)
{
	while (count--)
		ov2sim_lane_destroy(&hw->lanes[count]);
	kvfree(hw->lanes);
}

static int ov2sim_lanes_start(struct ov2sim_hw *hw)
{
	int err;

	hw->lanes = kvcalloc(hw->config.queues, sizeof(*hw->lanes), GFP_KERNEL);
	if (!hw->lanes)
		return -ENOMEM;
	for (u32 i = 0; i < hw->config.queues; i++) {
		err = ov2sim_lane_init(&hw->lanes[i], hw, i);
		if (err) {
			ov2sim_lanes_stop(hw, i);
			return err;
		}
	}
	return 0;
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
	err = ov2sim_lanes_start(hw);
	if (err)
		goto err_free_ports;
	err = ov2sim_cmd_init(hw);
	if (err)
		goto err_stop_lanes;
	return hw;

err_stop_lanes:
	ov2sim_lanes_stop(hw, hw->config.queues);
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
	for (u32 i = 0; i < hw->config.ports; i++)
		ov2sim_hw_unlink(hw, i);
	/* Of a wire that its other end has cut somebody else waits for the readers, not we. */
	synchronize_rcu();
	ov2sim_cmd_destroy(hw);
	ov2sim_lanes_stop(hw, hw->config.queues);
	ov2sim_ports_free(hw);
	ov2sim_sadb_destroy(&hw->sadb);
	kfree(hw->config.name);
	kfree(hw);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_hw_destroy);
