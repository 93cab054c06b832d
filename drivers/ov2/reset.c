// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: reset. The driver resets its NIC between ov2_nic_reset_begin() and
 * ov2_nic_reset_done(). The core can only ask for a reset. A reset empties the NIC's table, so the
 * SAs that the NIC had go back to SOFTWARE. Their goals stay, so SAs whose goal is the NIC are
 * queued again, under their cookies.
 */
#include "ov2.h"
#include "trace.h"

/**
 * ov2_nic_reset_begin - the driver is about to reset the NIC
 * @nic: the NIC
 *
 * When this returns, no op that submits a list is running, and none is called before
 * ov2_nic_reset_done(). Until then software encrypts packets, and ov2_tx_sa() drops those that are
 * already framed for the NIC. The NIC keeps its pending requests. It may complete them, and
 * ov2_nic_reset_done() aborts the rest. SAs may be added and deleted meanwhile. NDIS:
 * MiniportResetEx, NDIS_STATUS_RESET_START.
 *
 * The driver serialises its resets.
 *
 * Context: process, may sleep. The caller may hold any lock that the ops do not take, such as rtnl
 * or devlink's lock. No op but &struct ov2_nic_ops.reset may call this.
 */
void ov2_nic_reset_begin(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	ov2_engine_halt(nic);
	spin_unlock_bh(&nic->lock);
	/* Wait for a list that the pump has taken off the queues. It is submitted, or dropped,
	 * before we return.
	 */
	flush_work(&nic->pump_work);
}
EXPORT_SYMBOL_GPL(ov2_nic_reset_begin);

/* The NIC's table is empty, no request is in flight and none is submitted. Puts the state of an SA
 * back.
 */
static void ov2_nic_restore_sa(struct ov2_sa *sa, void *dead)
{
	if (dead)
		ov2_slot_abandon(sa);
	ov2_sa_forget(sa);
}

/**
 * ov2_nic_reset_done - the driver has reset the NIC
 * @nic: the NIC, after ov2_nic_reset_begin(); its SA table is empty, its keys are wiped, and it
 *	touches no request, node or packet from before
 * @err: 0, or why the NIC cannot be used again; the above holds even then
 *
 * Aborts the remaining requests. Then queues all SAs that xfrm still has for the NIC, or takes the
 * NIC out of service: SAs continue in software, and xfrm expires those in packet mode. When this
 * returns, the SAs are queued but not yet in the NIC's table. NDIS: NdisMResetComplete.
 *
 * Context: as ov2_nic_reset_begin().
 * Return: 0; -ENODEV if the NIC is out of service, because of @err or because it was removed;
 * -EINVAL if no reset has begun, which counts as a protocol error.
 */
int ov2_nic_reset_done(struct ov2_nic *nic, int err)
{
	bool dead;

	spin_lock_bh(&nic->lock);
	if (ov2_engine_up(nic)) {
		nic->counters[OV2_CNT_PROTOCOL_ERRORS]++;
		spin_unlock_bh(&nic->lock);
		return -EINVAL;
	}
	spin_unlock_bh(&nic->lock);
	/* Wait for in-flight ndo_start_xmit() calls that may still use a pre-reset handle. */
	synchronize_net();
	spin_lock_bh(&nic->lock);
	dead = err || nic->engine.state == OV2_ENGINE_DEAD;
	spin_unlock_bh(&nic->lock);
	ov2_engine_abort(nic, dead);
	ov2_sa_for_each(nic, ov2_nic_restore_sa, dead ? nic : NULL);

	spin_lock_bh(&nic->lock);
	nic->counters[OV2_CNT_RESETS]++;
	ov2_engine_resume(nic);
	/* ov2_nic_gone() may have been called after the check above. The core asks for another
	 * reset then.
	 */
	dead = nic->engine.state == OV2_ENGINE_DEAD;
	trace_ov2_reset(nic, dead ? -ENODEV : 1);
	spin_unlock_bh(&nic->lock);
	return dead ? -ENODEV : 0;
}
EXPORT_SYMBOL_GPL(ov2_nic_reset_done);

/**
 * ov2_nic_misbehaved - why does the core want a reset?
 * @nic: the NIC
 *
 * For a driver that reports errors. A reset that the driver begins without being asked does not
 * count.
 *
 * Context: within &struct ov2_nic_ops.reset.
 * Return: true if the NIC did not answer as it should, false if it was removed.
 */
bool ov2_nic_misbehaved(struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.misbehaved);
}
EXPORT_SYMBOL_GPL(ov2_nic_misbehaved);

/**
 * ov2_nic_in_service - can the NIC take SAs?
 * @nic: the NIC
 *
 * Context: any.
 * Return: false once a reset has failed or the NIC was removed.
 */
bool ov2_nic_in_service(struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.state) != OV2_ENGINE_DEAD;
}
EXPORT_SYMBOL_GPL(ov2_nic_in_service);

/**
 * ov2_nic_gone - the NIC was removed by surprise
 * @nic: the NIC
 *
 * Nothing is taken off the queues from here on, but an op may still be running. The core calls
 * &struct ov2_nic_ops.reset a last time. As for any reset, the driver then calls
 * ov2_nic_reset_begin(), which waits for that op, makes sure that the NIC touches no request, and
 * calls ov2_nic_reset_done(). After that it unregisters the NIC. NDIS: surprise removal.
 *
 * Context: any up to softirq.
 */
void ov2_nic_gone(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	if (nic->life != OV2_NIC_GONE) {
		nic->life = OV2_NIC_GONE;
		ov2_engine_die(nic);
		queue_work(nic->wq, &nic->reset_work);
	}
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_gone);

void ov2_nic_reset_work(struct work_struct *work)
{
	struct ov2_nic *nic = container_of(work, struct ov2_nic, reset_work);

	bool wanted;

	/* The driver may have reset the NIC on its own account since this was queued. */
	spin_lock_bh(&nic->lock);
	wanted = !ov2_engine_up(nic);
	spin_unlock_bh(&nic->lock);
	if (wanted)
		nic->ops->reset(nic);
}
