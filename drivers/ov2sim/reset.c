// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: reset of the chip, for the core, for an error interrupt, and for the admin.
 */

#include "ov2sim.h"

/**
 * ov2sim_reset - reset the chip
 * @sim: the NIC
 *
 * Context: process, may sleep; the caller knows that the NIC exists. Takes no lock but one of its
 * own, so any lock of the driver may be held.
 * Return: 0, or -ENODEV if the NIC is out of service.
 */
int ov2sim_reset(struct ov2sim *sim)
{
	int err;

	mutex_lock(&sim->reset_lock);
	ov2_nic_reset_begin(sim->nic);
	err = ov2_nic_reset_done(sim->nic, ov2sim_hw_reset(sim->hw));
	mutex_unlock(&sim->reset_lock);
	return err;
}

/**
 * ov2sim_reset_wait - wait for the reset that an error has led to
 * @sim: the NIC
 *
 * Context: process, may sleep, as ov2sim_reset().
 * Return: 0, or -ENODEV if the NIC is out of service.
 */
int ov2sim_reset_wait(struct ov2sim *sim)
{
	flush_work(&sim->reset_work);
	return ov2_nic_in_service(sim->nic) ? 0 : -ENODEV;
}

/* Ask for a reset from a work item. Context: any up to softirq. */
void ov2sim_reset_later(struct ov2sim *sim)
{
	schedule_work(&sim->reset_work);
}

static void ov2sim_reset_work(struct work_struct *work)
{
	ov2sim_reset(container_of(work, struct ov2sim, reset_work));
}

/* Before the chip exists. */
void ov2sim_reset_init(struct ov2sim *sim)
{
	mutex_init(&sim->reset_lock);
	INIT_WORK(&sim->reset_work, ov2sim_reset_work);
}

/* Once the core asks for no reset any longer. An interrupt that comes later has no effect. */
void ov2sim_reset_exit(struct ov2sim *sim)
{
	disable_work_sync(&sim->reset_work);
}
