// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: reset. A reset empties the NIC's table, so the states of all SAs go back; their goals
 * stay, so that those that are wanted in the NIC are queued again, under their cookies.
 */
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/**
 * ov2_nic_reset_schedule - have the NIC reset
 * @nic: the NIC
 *
 * For a fatal error that the driver noticed. The core calls &struct ov2_nic_ops.reset from a work
 * item and then restores all SAs. An error that is noticed while a reset runs, which may have
 * passed it by, has another follow. NDIS: NdisMResetMiniport.
 *
 * Context: any up to softirq.
 */
void ov2_nic_reset_schedule(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	ov2_engine_halt(nic);
	if (nic->engine.state == OV2_ENGINE_RESETTING)
		queue_work(nic->wq, &nic->reset_work);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_reset_schedule);

/**
 * ov2_nic_reset_wait - wait for the resets that are under way
 * @nic: the NIC
 *
 * Asks for none: what was asked for before is through when this returns, as after ov2_nic_reset().
 *
 * Context: process, may sleep; any lock that the reset op does not take.
 * Return: 0, or -ENODEV if the NIC is not usable any more.
 */
int ov2_nic_reset_wait(struct ov2_nic *nic)
{
	flush_work(&nic->reset_work);
	return READ_ONCE(nic->engine.state) == OV2_ENGINE_DEAD ? -ENODEV : 0;
}
EXPORT_SYMBOL_GPL(ov2_nic_reset_wait);

/**
 * ov2_nic_reset - reset the NIC and wait for it
 * @nic: the NIC
 *
 * The SAs are queued for the NIC when this returns, not yet back in its table.
 *
 * Context: process, may sleep; any lock that the reset op does not take.
 * Return: 0, or -ENODEV if the NIC is not usable any more.
 */
int ov2_nic_reset(struct ov2_nic *nic)
{
	ov2_nic_reset_schedule(nic);
	return ov2_nic_reset_wait(nic);
}
EXPORT_SYMBOL_GPL(ov2_nic_reset);

/**
 * ov2_nic_misbehaved - why is the NIC reset?
 * @nic: the NIC
 *
 * For a driver that reports errors: it knows by itself of those for which it asks for a reset.
 *
 * Context: within &struct ov2_nic_ops.reset.
 * Return: true if the core decided on it, because the NIC did not answer as it should.
 */
bool ov2_nic_misbehaved(struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.misbehaved);
}
EXPORT_SYMBOL_GPL(ov2_nic_misbehaved);

/**
 * ov2_nic_gone - the NIC was removed by surprise
 * @nic: the NIC
 *
 * Nothing is submitted any more and nothing waited for; pending requests are aborted once the
 * reset op, which is called a last time, has made sure that nobody touches them. The driver goes
 * on to unregister. NDIS: surprise removal.
 *
 * Context: any up to softirq.
 */
void ov2_nic_gone(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	if (nic->life != OV2_NIC_GONE) {
		nic->life = OV2_NIC_GONE;
		WRITE_ONCE(nic->engine.state, OV2_ENGINE_DEAD);
		queue_work(nic->wq, &nic->reset_work);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_gone);

/* The NIC's table is empty, no request is in flight and none is submitted. */
static void ov2_nic_restore_sa(struct ov2_sa *sa, void *dead)
{
	if (dead)
		ov2_slot_abandon(sa);
	ov2_sa_forget(sa);
}

/* Does the reset have to be done? The second of two in a row finds a NIC that runs again, or one
 * that the first could not bring back.
 */
static bool ov2_nic_reset_wanted(struct ov2_nic *nic)
{
	bool wanted;

	spin_lock_bh(&nic->lock);
	wanted = ov2_engine_halt(nic) || nic->engine.state != OV2_ENGINE_DEAD ||
		 nic->life == OV2_NIC_GONE;
	spin_unlock_bh(&nic->lock);
	return wanted;
}

void ov2_nic_reset_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, reset_work);
	bool dead;

	mutex_lock(&nic->reset_lock);
	if (!ov2_nic_reset_wanted(nic))
		goto out;
	/* What has been taken off the queues is submitted, or not accepted, before the reset. */
	flush_work(&nic->pump_work);
	dead = nic->ops->reset(nic);
	/* Wait for in-flight ndo_start_xmit() calls that may still use a pre-reset handle. */
	synchronize_net();

	spin_lock_bh(&nic->lock);
	dead = dead || nic->life == OV2_NIC_GONE;
	spin_unlock_bh(&nic->lock);
	ov2_engine_abort(nic, dead);
	ov2_sa_for_each(nic, ov2_nic_restore_sa, dead ? nic : NULL);

	spin_lock_bh(&nic->lock);
	nic->counters[OV2_CNT_RESETS]++;
	ov2_engine_resume(nic);
	trace_ov2_reset(nic, nic->engine.state == OV2_ENGINE_DEAD ? -ENODEV : 1);
	spin_unlock_bh(&nic->lock);
out:
	mutex_unlock(&nic->reset_lock);
}
