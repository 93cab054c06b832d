// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: NICs. Owns a NIC from allocation to the last put, its settings, and the drain at its
 * end.
 */
#include <linux/slab.h>
#include "ov2.h"
#include "packet.h"
#include "trace.h"

#define OV2_DEADLINE_MS		5000
#define OV2_DEADLINE_MS_MAX	600000
#define OV2_UNREGISTER_MS_MAX	30000U	/* others wait for locks that the caller holds */
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
	list_add(&slots->hand.list, &nic->walks);
	slots->waiting_max = min_t(u64, (u64)nic->hw_caps.max_sas * OV2_WAITING_FACTOR, U32_MAX);
	INIT_LIST_HEAD(&slots->waitq[OV2_IN]);
	INIT_LIST_HEAD(&slots->waitq[OV2_OUT]);
	INIT_LIST_HEAD(&slots->packetq[OV2_IN]);
	INIT_LIST_HEAD(&slots->packetq[OV2_OUT]);
	INIT_LIST_HEAD(&slots->backoffq);
	INIT_LIST_HEAD(&slots->waiting_ports);
	INIT_DELAYED_WORK(&slots->work, ov2_slot_work);
}

/**
 * ov2_nic_alloc - allocate a NIC
 * @ops: the driver's ops, complete and constant
 * @hw_caps: capabilities of the hardware; copied. All of them are on at the start.
 * @priv_size: bytes for the driver, zeroed, see ov2_nic_priv()
 * @name: a name for debugfs and traces; copied
 *
 * Order of calls: ov2_nic_alloc(), ov2_nic_register(), then for each netdev ov2_port_init() and
 * register_netdev(). To remove the NIC: for each netdev ov2_port_close() and unregister_netdev(),
 * then ov2_nic_unregister() and ov2_nic_free().
 *
 * Context: process, may sleep.
 * Return: the NIC, which the driver frees with ov2_nic_free(), or an ERR_PTR: -EINVAL if an op is
 * missing or no NIC can have @hw_caps, or -ENOMEM.
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
	nic->packet_add_wait = true;
	refcount_set(&nic->ref, 1);
	spin_lock_init(&nic->lock);
	init_waitqueue_head(&nic->idle);
	INIT_LIST_HEAD(&nic->sas);
	INIT_LIST_HEAD(&nic->walks);
	INIT_LIST_HEAD(&nic->addq);
	INIT_LIST_HEAD(&nic->delq);
	INIT_LIST_HEAD(&nic->delq_rcu);
	INIT_LIST_HEAD(&nic->settle);
	INIT_LIST_HEAD(&nic->updq);
	INIT_LIST_HEAD(&nic->delreqq);
	INIT_LIST_HEAD(&nic->evictq);
	INIT_LIST_HEAD(&nic->evict_laterq);
	INIT_WORK(&nic->pump_work, ov2_pump_work);
	INIT_WORK(&nic->delete_rcu_work, ov2_delete_rcu_work);
	INIT_WORK(&nic->delreq_work, ov2_delreq_work);
	INIT_DELAYED_WORK(&nic->evict_work, ov2_evict_work);
	INIT_WORK(&nic->reset_work, ov2_nic_reset_work);
	ov2_nic_init_engine(nic);
	ov2_nic_init_slots(nic);

	nic->name = kstrdup(name, GFP_KERNEL);
	if (!nic->name)
		goto err_free;
	nic->guard = ov2_packet_guard_new();
	if (!nic->guard)
		goto err_name;
	nic->stats = netdev_alloc_pcpu_stats(struct ov2_pcpu_stats);
	if (!nic->stats)
		goto err_guard;
	if (ov2_pair_tables_init(nic))
		goto err_stats;
	if (ov2_requests_alloc(nic))
		goto err_pairs;
	/* Workers of high priority would preempt a sender that has just added an SA, and so make a
	 * list of each SA.
	 */
	nic->wq = alloc_workqueue("ov2-%s", WQ_UNBOUND, 0, name);
	if (!nic->wq)
		goto err_requests;
	return nic;

err_requests:
	ov2_requests_free(nic);
err_pairs:
	ov2_pair_tables_free(nic);
err_stats:
	free_percpu(nic->stats);
err_guard:
	ov2_packet_guard_put(nic->guard);
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
 * Return: the memory that ov2_nic_alloc() has allocated for the driver.
 */
void *ov2_nic_priv(struct ov2_nic *nic)
{
	return nic->priv;
}
EXPORT_SYMBOL_GPL(ov2_nic_priv);

/**
 * ov2_nic_register - put a NIC into service
 * @nic: the NIC; the core may call its ops from now on
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

/* Stops the promotion of SAs. unregister_netdev() has made xfrm delete the SAs of the ports, but
 * xfrm may still have those of a port that is not unregistered.
 */
static void ov2_nic_close(struct ov2_nic *nic)
{
	spin_lock_bh(&nic->lock);
	if (nic->life == OV2_NIC_IN_SERVICE)
		nic->life = OV2_NIC_CLOSING;
	spin_unlock_bh(&nic->lock);
	/* From here on no SA is admitted. An SA whose ADD_SA is in flight leaves the NIC when that
	 * completes.
	 */
	ov2_sa_for_each(nic, ov2_nic_close_sa, NULL);
}

/**
 * ov2_nic_unregister - take a NIC out of service
 * @nic: the NIC; its netdevs have been unregistered
 *
 * Deletes all SAs and waits until the NIC has answered everything, or until the deadline has
 * passed. In the latter case asks the driver for a last reset, which aborts the remaining requests.
 * After the return no op is called and no request is in flight. If the driver is resetting the NIC
 * itself, that reset must be over before ov2_nic_free(). A second call changes nothing.
 *
 * Context: process, may sleep. The caller must hold no lock that the ops or completions take.
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
	flush_delayed_work(&nic->evict_work);
	timeout = msecs_to_jiffies(min(nic->engine.deadline, OV2_UNREGISTER_MS_MAX));
	if (!wait_event_idle_timeout(nic->idle, ov2_nic_is_idle(nic), timeout)) {
		ov2_nic_gone(nic);
		wait_event_idle(nic->idle, ov2_nic_is_idle(nic));
	}
	/* From here on nothing is submitted and no reset is requested. Works may still be in an op
	 * whose request is complete already, so wait for them.
	 */
	spin_lock_bh(&nic->lock);
	nic->life = OV2_NIC_GONE;
	ov2_engine_die(nic);
	spin_unlock_bh(&nic->lock);
	ov2_evict_stop(nic);
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
 * The driver's part may be freed with it.
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
 * ov2_nic_hw_caps - get the capabilities of the hardware
 * @nic: the NIC
 * @caps: filled
 *
 * NDIS: OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES.
 *
 * Context: any up to softirq.
 */
void ov2_nic_hw_caps(struct ov2_nic *nic, struct ov2_caps *caps)
{
	*caps = nic->hw_caps;
}
EXPORT_SYMBOL_GPL(ov2_nic_hw_caps);

/**
 * ov2_nic_caps - get the current configuration
 * @nic: the NIC
 * @caps: filled
 *
 * NDIS: OID_TCP_OFFLOAD_CURRENT_CONFIG.
 *
 * Context: any up to softirq.
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
 * @caps: the whole new configuration
 *
 * SAs that the configuration excludes leave the NIC and continue in software; xfrm expires those in
 * packet mode. If the add of such an SA is running, it leaves when the add completes. If max_sas
 * becomes smaller, SAs above it stay in the NIC until they are deleted. The change is traced with
 * the whole configuration. If LSO or checksums have changed, the caller must call
 * netdev_update_features() for the ports. NDIS: OID_TCP_OFFLOAD_PARAMETERS and
 * NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG.
 *
 * Context: process, may sleep.
 * Return: 0, or -EINVAL if @caps exceeds the hardware, or if no NIC can have it.
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
 * ov2_nic_deadline - how long may the NIC take to answer a request?
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
 * @on: true if it does; false, the default, if not
 *
 * xfrm may frame a burst for the NIC and number it, and the stack may then segment it before the
 * NIC sees it. Kernels without a fix make two mistakes there. Segments of IPv6 get the IV of the
 * next number, and segments of ESP in UDP are one more than xfrm has reserved numbers for. Both use
 * an IV twice, which breaks AES-GCM. By default xfrm must therefore segment such bursts before it
 * numbers them, and software encrypts them.
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
 * ov2_nic_set_packet_add_wait - set whether xfrm waits for the NIC in packet mode
 * @nic: the NIC
 * @on: true, the default, if an add returns only when the NIC has the SA or has not accepted it;
 *	false if it returns once the SA is queued
 *
 * Software cannot take over an SA in packet mode. If xfrm does not wait, packets of the SA are
 * dropped until the NIC has it, and an SA that the NIC does not accept is expired: see evict.c.
 * That makes many adds from one sender faster, because they travel in longer lists.
 *
 * Context: any.
 */
void ov2_nic_set_packet_add_wait(struct ov2_nic *nic, bool on)
{
	WRITE_ONCE(nic->packet_add_wait, on);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_packet_add_wait);

/**
 * ov2_nic_packet_add_wait - does xfrm wait for the NIC in packet mode?
 * @nic: the NIC
 *
 * Context: any.
 * Return: what ov2_nic_set_packet_add_wait() was told.
 */
bool ov2_nic_packet_add_wait(struct ov2_nic *nic)
{
	return READ_ONCE(nic->packet_add_wait);
}
EXPORT_SYMBOL_GPL(ov2_nic_packet_add_wait);

/**
 * ov2_nic_set_waiting_max - set how many SAs may wait in software for a slot
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
 * ov2_nic_waiting_max - how many SAs may wait in software for a slot?
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
 * ov2_nic_set_reoffer - switch the promotion of waiting SAs
 * @nic: the NIC
 * @on: true, the default, to promote waiting SAs when slots become free; false to leave them in
 *	software
 *
 * Context: any up to softirq.
 */
void ov2_nic_set_reoffer(struct ov2_nic *nic, bool on)
{
	spin_lock_bh(&nic->lock);
	WRITE_ONCE(nic->slots.promote, on);
	ov2_slot_arm(nic);
	ov2_nic_kick(nic);
	spin_unlock_bh(&nic->lock);
}
EXPORT_SYMBOL_GPL(ov2_nic_set_reoffer);

/**
 * ov2_nic_reoffer - are waiting SAs promoted when slots become free?
 * @nic: the NIC
 *
 * Context: any.
 * Return: whether they are.
 */
bool ov2_nic_reoffer(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots.promote);
}
EXPORT_SYMBOL_GPL(ov2_nic_reoffer);

/**
 * ov2_nic_occupancy - number of slots that are in use
 * @nic: the NIC
 *
 * Context: any.
 * Return: number of SAs that the NIC has, or that are about to enter or to leave it.
 */
u32 ov2_nic_occupancy(struct ov2_nic *nic)
{
	return READ_ONCE(nic->slots_used);
}
EXPORT_SYMBOL_GPL(ov2_nic_occupancy);

/**
 * ov2_nic_occupancy_dir - number of slots of one direction that are in use
 * @nic: the NIC
 * @dir: the direction
 *
 * Context: any.
 * Return: number of SAs as for ov2_nic_occupancy().
 */
u32 ov2_nic_occupancy_dir(struct ov2_nic *nic, enum ov2_dir dir)
{
	return READ_ONCE(nic->slots_used_dir[dir]);
}
EXPORT_SYMBOL_GPL(ov2_nic_occupancy_dir);
