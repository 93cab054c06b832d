// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: NICs and their ports. Owns a NIC from allocation to the last put, and the drain at its
 * end.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "ov2.h"
#include "trace.h"

#define OV2_DEADLINE_MS		5000
#define OV2_DEADLINE_MS_MAX	600000
#define OV2_UNREGISTER_MS_MAX	30000U	/* others wait for the locks of who unregisters */
#define OV2_WAITING_FACTOR	4	/* SAs that may wait, for each that the NIC can take */

static bool ov2_nic_ops_complete(const struct ov2_nic_ops *ops)
{
	return ops->add_sa && ops->delete_sa && ops->update_sa && ops->cancel && ops->reset;
}

static void ov2_nic_init_engine(struct ov2_nic *nic)
{
	static const struct ov2_list_kind * const kinds[OV2_REQUEST_COUNT] = {
		[OV2_ADD_SA] = &ov2_kind_add,
		[OV2_DELETE_SA] = &ov2_kind_delete,
		[OV2_UPDATE_SA] = &ov2_kind_update,
	};
	struct ov2_engine *engine = &nic->engine;

	engine->kinds = kinds;
	engine->deadline = OV2_DEADLINE_MS;
	INIT_LIST_HEAD(&engine->inflight);
	INIT_LIST_HEAD(&engine->free);
	INIT_DELAYED_WORK(&engine->deadline_work, ov2_request_deadline_work);
}

static void ov2_nic_init_slots(struct ov2_nic *nic)
{
	struct ov2_slots *slots = &nic->slots;

	slots->promote = true;
	slots->waiting_max = min_t(u64, (u64)nic->hw_caps.max_sas * OV2_WAITING_FACTOR, U32_MAX);
	INIT_LIST_HEAD(&slots->waitq[OV2_IN]);
	INIT_LIST_HEAD(&slots->waitq[OV2_OUT]);
	INIT_LIST_HEAD(&slots->backoffq);
	INIT_LIST_HEAD(&slots->waiting_ports);
	INIT_DELAYED_WORK(&slots->work, ov2_slot_work);
}

/**
 * ov2_nic_alloc - allocate a NIC
 * @ops: what the driver implements, complete, constant
 * @hw_caps: what the hardware can do; copied. All of it is on at the start.
 * @priv_size: bytes for the driver, zeroed, see ov2_nic_priv()
 * @name: a name for debugfs and traces; copied
 *
 * The order of things: ov2_nic_alloc(), ov2_nic_register(), then for each netdev ov2_port_init()
 * and register_netdev(); at the end for each netdev ov2_port_close() and unregister_netdev(), then
 * ov2_nic_unregister() and ov2_nic_free().
 *
 * Context: process, may sleep.
 * Return: the NIC, to be freed with ov2_nic_free(), or an ERR_PTR: -EINVAL for an incomplete ops
 * table or capabilities that contradict themselves, -ENOMEM.
 */
struct ov2_nic *ov2_nic_alloc(const struct ov2_nic_ops *ops, const struct ov2_caps *hw_caps,
			      size_t priv_size, const char *name)
{
	struct ov2_nic *nic;

	if (!ov2_nic_ops_complete(ops) || ov2_caps_validate(hw_caps))
		return ERR_PTR(-EINVAL);
	nic = kvzalloc(struct_size(nic, priv, priv_size), GFP_KERNEL);
	if (!nic)
		return ERR_PTR(-ENOMEM);
	nic->ops = ops;
	nic->hw_caps = *hw_caps;
	nic->caps = *hw_caps;
	nic->features = hw_caps->features;
	refcount_set(&nic->ref, 1);
	spin_lock_init(&nic->lock);
	init_waitqueue_head(&nic->idle);
	xa_init_flags(&nic->sas, XA_FLAGS_LOCK_BH);
	INIT_LIST_HEAD(&nic->addq);
	INIT_LIST_HEAD(&nic->delq);
	INIT_LIST_HEAD(&nic->delq_rcu);
	INIT_LIST_HEAD(&nic->settle);
	INIT_LIST_HEAD(&nic->updq);
	INIT_LIST_HEAD(&nic->delreqq);
	INIT_WORK(&nic->pump_work, ov2_pump_work);
	INIT_WORK(&nic->delete_rcu_work, ov2_delete_rcu_work);
	INIT_WORK(&nic->delreq_work, ov2_delreq_work);
	INIT_WORK(&nic->reset_work, ov2_nic_reset_work);
	ov2_nic_init_engine(nic);
	ov2_nic_init_slots(nic);

	nic->name = kstrdup(name, GFP_KERNEL);
	if (!nic->name)
		goto err_free;
	nic->stats = netdev_alloc_pcpu_stats(struct ov2_pcpu_stats);
	if (!nic->stats)
		goto err_name;
	if (ov2_pair_tables_init(nic))
		goto err_stats;
	if (ov2_requests_alloc(nic))
		goto err_pairs;
	nic->wq = alloc_workqueue("ov2-%s", WQ_UNBOUND | WQ_HIGHPRI, 0, name);
	if (!nic->wq)
		goto err_requests;
	return nic;

err_requests:
	ov2_requests_free(nic);
err_pairs:
	ov2_pair_tables_free(nic);
err_stats:
	free_percpu(nic->stats);
err_name:
	kfree(nic->name);
err_free:
	kvfree(nic);
	return ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_GPL(ov2_nic_alloc);

/**
 * ov2_nic_priv - the driver's part of a NIC
 * @nic: the NIC
 *
 * Context: any.
 * Return: the memory asked for in ov2_nic_alloc().
 */
void *ov2_nic_priv(struct ov2_nic *nic)
{
	return nic->priv;
}
EXPORT_SYMBOL_GPL(ov2_nic_priv);

/**
 * ov2_nic_register - put a NIC into service
 * @nic: the NIC; its ops may be called from now on
 *
 * Context: process, may sleep.
 */
void ov2_nic_register(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	if (nic->life == OV2_NIC_NEW)
		nic->life = OV2_NIC_IN_SERVICE;
	spin_unlock_bh(&nic->lock);
	ov2_debugfs_add(nic);
}
EXPORT_SYMBOL_GPL(ov2_nic_register);

static bool ov2_nic_is_idle(struct ov2_nic *nic)
{
	bool idle;

	spin_lock_bh(&nic->lock);
	idle = !ov2_nic_present(nic) && !nic->engine.inflight_count;
	spin_unlock_bh(&nic->lock);
	return idle;
}

static void ov2_nic_close_sa(struct ov2_sa *sa, void *arg)
{
	ov2_slot_abandon(sa);
}

/* unregister_netdev() has deleted all SAs of the ports; xfrm may still hold those of a port that is
 * not unregistered.
 */
static void ov2_nic_close(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	if (nic->life == OV2_NIC_IN_SERVICE)
		nic->life = OV2_NIC_CLOSING;
	spin_unlock_bh(&nic->lock);
	/* From here on no SA is let in, and one whose ADD_SA is in flight leaves when that is
	 * complete.
	 */
	ov2_sa_for_each(nic, ov2_nic_close_sa, NULL);
}

/**
 * ov2_nic_unregister - take a NIC out of service
 * @nic: the NIC; its netdevs have been unregistered
 *
 * Deletes all SAs and waits until the NIC has answered everything, or until the deadline has
 * passed; then the driver is asked for a last reset, which aborts what the NIC did not answer. No op
 * is called after the return, and no request is in flight. A reset of the driver's own must be over
 * before ov2_nic_free().
 *
 * Context: process, may sleep; no lock that the ops or completions take.
 */
void ov2_nic_unregister(struct ov2_nic *nic)
{
	long timeout;

	if (nic->life == OV2_NIC_NEW)
		return;
	ov2_debugfs_del(nic);
	ov2_nic_close(nic);
	cancel_delayed_work_sync(&nic->slots.work);
	flush_work(&nic->delreq_work);
	timeout = msecs_to_jiffies(min(nic->engine.deadline, OV2_UNREGISTER_MS_MAX));
	if (!wait_event_idle_timeout(nic->idle, ov2_nic_is_idle(nic), timeout)) {
		ov2_nic_gone(nic);
		wait_event_idle(nic->idle, ov2_nic_is_idle(nic));
	}
	/* From here on nothing is submitted, and no reset is asked for. Works may still be in an op
	 * whose request is complete already.
	 */
	spin_lock_bh(&nic->lock);
	nic->life = OV2_NIC_GONE;
	ov2_engine_die(nic);
	spin_unlock_bh(&nic->lock);
	flush_work(&nic->reset_work);
	flush_work(&nic->pump_work);
	/* The pump may have armed it a last time. */
	cancel_delayed_work_sync(&nic->engine.deadline_work);
	cancel_work_sync(&nic->delete_rcu_work);
}
EXPORT_SYMBOL_GPL(ov2_nic_unregister);

/**
 * ov2_nic_free - free a NIC
 * @nic: the NIC, never registered or unregistered
 *
 * The driver's part may be gone afterwards.
 *
 * Context: process, may sleep.
 */
void ov2_nic_free(struct ov2_nic *nic)
{
	destroy_workqueue(nic->wq);
	ov2_pair_tables_free(nic);
	ov2_requests_free(nic);
	ov2_nic_put(nic);
}
EXPORT_SYMBOL_GPL(ov2_nic_free);

/**
 * ov2_nic_hw_caps - what the hardware can do
 * @nic: the NIC
 * @caps: to be filled
 *
 * NDIS: OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES. Context: any up to softirq.
 */
void ov2_nic_hw_caps(struct ov2_nic *nic, struct ov2_caps *caps)
{
	*caps = nic->hw_caps;
}
EXPORT_SYMBOL_GPL(ov2_nic_hw_caps);

/**
 * ov2_nic_caps - the current configuration
 * @nic: the NIC
 * @caps: to be filled
 *
 * NDIS: OID_TCP_OFFLOAD_CURRENT_CONFIG. Context: any up to softirq.
 */
void ov2_nic_caps(struct ov2_nic *nic, struct ov2_caps *caps)
{
	spin_lock_bh(&nic->lock);
	*caps = nic->caps;
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_caps);

static void ov2_nic_recheck_sa(struct ov2_sa *sa, void *arg)
{
	ov2_slot_recheck(sa);
}

/**
 * ov2_nic_set_caps - change the current configuration
 * @nic: the NIC
 * @caps: the new configuration, whole
 *
 * To be followed by netdev_update_features() of the ports if LSO or checksums have changed. More
 * SAs than a smaller max_sas stay until they are deleted. SAs that fall outside of it are taken
 * off the NIC and go on in software; one whose add is running is when it is through. The change is
 * traced with the whole configuration. NDIS: OID_TCP_OFFLOAD_PARAMETERS and
 * NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG.
 *
 * Context: process, may sleep.
 * Return: 0, or -EINVAL if @caps is more than the hardware can do or makes no sense.
 */
int ov2_nic_set_caps(struct ov2_nic *nic, const struct ov2_caps *caps)
{
	if (ov2_caps_validate(caps) || !ov2_caps_subset(caps, &nic->hw_caps))
		return -EINVAL;
	spin_lock_bh(&nic->lock);
	nic->caps = *caps;
	WRITE_ONCE(nic->features, caps->features);
	trace_ov2_config(nic, caps);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
	ov2_sa_for_each(nic, ov2_nic_recheck_sa, NULL);
	return 0;
}
EXPORT_SYMBOL_GPL(ov2_nic_set_caps);

/**
 * ov2_nic_set_deadline - set how long the NIC may take to answer a request
 * @nic: the NIC
 * @msecs: milliseconds, 1 to 600,000; for requests submitted from now on
 *
 * Context: any up to softirq.
 * Return: 0, or -EINVAL out of range.
 */
int ov2_nic_set_deadline(struct ov2_nic *nic, u32 msecs)
{
	if (!msecs || msecs > OV2_DEADLINE_MS_MAX)
		return -EINVAL;
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->engine.deadline, msecs);
	spin_unlock_bh(&nic->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(ov2_nic_set_deadline);

/**
 * ov2_nic_deadline - how long the NIC may take to answer a request
 * @nic: the NIC
 *
 * Context: any.
 * Return: milliseconds.
 */
u32 ov2_nic_deadline(struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.deadline);
}
EXPORT_SYMBOL_GPL(ov2_nic_deadline);

/**
 * ov2_nic_set_stack_gso - say whether the kernel segments all ESP packets right
 * @nic: the NIC
 * @on: it does; false at the start
 *
 * xfrm may hand over a burst that it has framed for the NIC and numbered, and that the stack then
 * segments before the NIC sees it. Kernels without a fix make two mistakes there: segments of IPv6
 * get the number after their own for the IV, and segments of ESP in UDP are one more than the
 * numbers taken. Both use an IV twice, which breaks AES-GCM, so by default xfrm has to segment such
 * bursts before it numbers them, and software encrypts them.
 *
 * Context: any.
 */
void ov2_nic_set_stack_gso(struct ov2_nic *nic, bool on)
{
	WRITE_ONCE(nic->stack_gso, on);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_stack_gso);

/**
 * ov2_nic_stack_gso - does the kernel segment all ESP packets right?
 * @nic: the NIC
 *
 * Context: any.
 * Return: what ov2_nic_set_stack_gso() was told.
 */
bool ov2_nic_stack_gso(struct ov2_nic *nic)
{
	return READ_ONCE(nic->stack_gso);
}
EXPORT_SYMBOL_GPL(ov2_nic_stack_gso);

/**
 * ov2_nic_set_waiting_max - set how many SAs may wait in software for room in the NIC
 * @nic: the NIC
 * @sas: number of SAs
 *
 * Context: any up to softirq.
 */
void ov2_nic_set_waiting_max(struct ov2_nic *nic, u32 sas)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->slots.waiting_max, sas);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_waiting_max);

/**
 * ov2_nic_waiting_max - how many SAs may wait in software for room in the NIC
 * @nic: the NIC
 *
 * Context: any.
 * Return: number of SAs.
 */
u32 ov2_nic_waiting_max(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots.waiting_max);
}
EXPORT_SYMBOL_GPL(ov2_nic_waiting_max);

/**
 * ov2_nic_occupancy - places taken in the NIC's SA table
 * @nic: the NIC
 *
 * Context: any.
 * Return: SAs that the NIC has, or that are on their way into it or out of it.
 */
u32 ov2_nic_occupancy(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots_used);
}
EXPORT_SYMBOL_GPL(ov2_nic_occupancy);

/**
 * ov2_nic_occupancy_dir - slots of one direction that are taken in the NIC's SA table
 * @nic: the NIC
 * @dir: the direction
 *
 * Context: any.
 * Return: SAs as for ov2_nic_occupancy().
 */
u32 ov2_nic_occupancy_dir(struct ov2_nic *nic, enum ov2_dir dir)
{
	return READ_ONCE(nic->slots_used_dir[dir]);
}
EXPORT_SYMBOL_GPL(ov2_nic_occupancy_dir);
