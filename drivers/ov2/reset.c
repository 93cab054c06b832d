// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: reset and restore, and what a NIC that is gone leaves behind. A reset empties the
 * NIC's table; afterwards every SA that xfrm still has is queued again, under its cookie, and
 * leaves in lists as any other.
 */
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

/* From here on nothing is submitted and no packet is given to the NIC, until the reset is through.
 */
static bool ov2_nic_reset_begin(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (nic->state != OV2_NIC_RUNNING)
		return false;
	WRITE_ONCE(nic->state, OV2_NIC_RESETTING);
	trace_ov2_reset(nic, 0);
	return true;
}

/* The core's own decision: the NIC did not answer, or not as it should. */
void __ov2_nic_reset_schedule(struct ov2_nic *nic)
{
	if (!ov2_nic_reset_begin(nic))
		return;
	WRITE_ONCE(nic->misbehaved, true);
	queue_work(nic->wq, &nic->reset_work);
}

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
	if (nic->state == OV2_NIC_RESETTING)
		queue_work(nic->wq, &nic->reset_work);
	if (ov2_nic_reset_begin(nic))
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
	return READ_ONCE(nic->state) == OV2_NIC_DEAD ? -ENODEV : 0;
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
	return READ_ONCE(nic->misbehaved);
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
	if (!nic->gone) {
		nic->gone = true;
		WRITE_ONCE(nic->state, OV2_NIC_DEAD);
		queue_work(nic->wq, &nic->reset_work);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_gone);

/* The NIC's table is empty, no request is in flight and none is submitted. An SA that xfrm deletes,
 * or that is demoted, before it is its turn is DELETING or DEMOTING by then; after its turn it is
 * QUEUED. Either way the NIC is asked to delete nothing of before.
 */
static void ov2_nic_restore_sa(struct ov2_sa *sa, void *arg)
{
	struct ov2_nic *nic = sa->nic;
	bool dead = *(bool *)arg;

	switch (sa->state) {
	case OV2_SA_OFFLOADED:
		WRITE_ONCE(sa->offload_handle, 0);
		if (dead) {
			ov2_sa_leave(sa);
			break;
		}
		/* The restore tells the NIC the numbers of then. */
		ov2_sa_drop_update(sa);
		nic->counters[OV2_CNT_RESTORED]++;
		ov2_sa_set_state(sa, OV2_SA_QUEUED);
		list_add_tail(&sa->queue, &nic->addq);
		break;
	case OV2_SA_DEMOTING:
	case OV2_SA_DELETING:
		ov2_sa_leave(sa);
		break;
	case OV2_SA_QUEUED:
	case OV2_SA_WAITING:
		if (dead)
			ov2_sa_leave(sa);
		break;
	case OV2_SA_ADDING:
	case OV2_SA_SOFTWARE:
	case OV2_SA_GONE:
		break;
	}
}

void ov2_nic_reset_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, reset_work);
	bool dead;
	int err;

	mutex_lock(&nic->reset_lock);
	/* The second of two in a row finds a NIC that runs again, or one that the first could not
	 * bring back.
	 */
	spin_lock_bh(&nic->lock);
	dead = !ov2_nic_reset_begin(nic) && nic->state == OV2_NIC_DEAD && !nic->gone;
	spin_unlock_bh(&nic->lock);
	if (dead) {
		mutex_unlock(&nic->reset_lock);
		return;
	}
	/* What has been taken off the queues is submitted, or not accepted, before the reset. */
	flush_work(&nic->submit_work);
	err = nic->ops->reset(nic);
	/* Nobody is about to send with a handle of before. */
	synchronize_net();

	spin_lock_bh(&nic->lock);
	dead = err || nic->gone;
	WRITE_ONCE(nic->state, dead ? OV2_NIC_DEAD : OV2_NIC_RESETTING);
	ov2_request_abort_all(nic);
	spin_unlock_bh(&nic->lock);
	ov2_sa_for_each(nic, ov2_nic_restore_sa, &dead);

	spin_lock_bh(&nic->lock);
	/* The NIC may have been pulled out meanwhile: another reset is to come then. */
	dead = dead || nic->gone;
	nic->counters[OV2_CNT_RESETS]++;
	nic->aborts = 0;
	nic->parked = false;
	WRITE_ONCE(nic->misbehaved, false);
	if (!dead)
		WRITE_ONCE(nic->state, OV2_NIC_RUNNING);
	trace_ov2_reset(nic, dead ? -ENODEV : 1);
	ov2_request_kick(nic);
	spin_unlock_bh(&nic->lock);
	mutex_unlock(&nic->reset_lock);
}
