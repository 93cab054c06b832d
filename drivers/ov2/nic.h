/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: the NIC. */
#ifndef __OV2_NIC_H
#define __OV2_NIC_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "engine.h"
#include "sa.h"
#include "stats.h"

struct dentry;
struct seq_file;

/**
 * enum ov2_nic_life - Stages in the life of a NIC, which never goes back.
 * @OV2_NIC_NEW: not registered
 * @OV2_NIC_IN_SERVICE: registered
 * @OV2_NIC_CLOSING: ov2_nic_unregister() has begun: no SA is added
 * @OV2_NIC_GONE: surprise removal, or unregistered: no work is queued
 */
enum ov2_nic_life {
	OV2_NIC_NEW,
	OV2_NIC_IN_SERVICE,
	OV2_NIC_CLOSING,
	OV2_NIC_GONE,
};

/**
 * struct ov2_nic - A NIC.
 * @ops: the driver's
 * @name: for debugfs and traces
 * @hw_caps: what the hardware can do, constant
 * @caps: current configuration; under @lock
 * @features: its features, also read without @lock on the packet path
 * @stack_gso: see ov2_nic_set_stack_gso(); no lock
 * @guard: in the sec_path of packets in packet mode, see packet.c; constant
 * @ref: the driver's, one per SA and one per held packet
 * @lock: guards the rest, unless something else is said; BH
 * @life: how far the NIC has come
 * @sas: its SAs that are not GONE; walk.c
 * @walks: walks over @sas; walk.c
 * @sas_in: number of SAs by direction and state, but those that are GONE; life.c
 * @slots_used: SAs that have a slot in the NIC's table or are about to get one; life.c, also read
 *	without @lock
 * @slots_used_dir: the same by direction
 * @addq: SAs to be added; life.c
 * @delq: SAs to be deleted; life.c
 * @delq_rcu: SAs to be deleted after a grace period; life.c
 * @settle: SAs that xfrm keeps and that have left the NIC, for slot.c to decide about; life.c
 * @updq: SAs whose sequence state is to be updated; seq.c and update.c
 * @updates: their number
 * @unpaired: SAs that have no counterpart, by direction and &struct ov2_pair.id; pair.c
 * @engine: requests
 * @slots: slots and policy
 * @delreqq: SAs whose SaDeleteReq is to be answered; delreq.c
 * @delreq_policy: how; delreq.c
 * @delreq_work: answers SaDeleteReqs
 * @evictq: SAs in packet mode that are to be expired now; evict.c
 * @evict_laterq: those that are to be expired at a time of their own, the next one first; evict.c
 * @evict_work: expires them
 * @packet_add_wait: see ov2_nic_set_packet_add_wait(); no lock
 * @counters: by &enum ov2_counter
 * @stats: packet path counters, no lock
 * @wq: the NIC's own, so that no drain waits for another NIC's work
 * @pump_work: lets slot.c settle, builds requests and submits them; nothing else submits
 * @pump_running: it is going to look at everything once more; pump.c
 * @delete_rcu_work: moves SAs from @delq_rcu to @delq after a grace period
 * @reset_work: asks the driver for a reset
 * @idle: woken when there is no request, and for ov2_nic_unregister() when the NIC has no SA
 * @debugfs: directory; NULL again after unregistration
 * @priv: the driver's
 */
struct ov2_nic {
	const struct ov2_nic_ops *ops;
	char *name;
	struct ov2_caps hw_caps;
	struct ov2_caps caps;
	u32 features;
	bool stack_gso;
	struct xfrm_state *guard;
	refcount_t ref;

	/* see above */
	spinlock_t lock;
	enum ov2_nic_life life;
	struct list_head sas;
	struct list_head walks;
	u32 sas_in[2][OV2_SA_STATES];
	u32 slots_used;
	u32 slots_used_dir[2];
	struct list_head addq;
	struct list_head delq;
	struct list_head delq_rcu;
	struct list_head settle;
	struct list_head updq;
	u32 updates;
	struct rhashtable unpaired[2];
	struct ov2_engine engine;
	struct ov2_slots slots;
	struct list_head delreqq;
	enum ov2_delreq_policy delreq_policy;
	struct work_struct delreq_work;
	struct list_head evictq;
	struct list_head evict_laterq;
	struct delayed_work evict_work;
	bool packet_add_wait;
	u64 counters[OV2_CNT_COUNT];

	struct ov2_pcpu_stats __percpu *stats;
	struct workqueue_struct *wq;
	struct work_struct pump_work;
	bool pump_running;
	struct work_struct delete_rcu_work;
	struct work_struct reset_work;
	wait_queue_head_t idle;
	struct dentry *debugfs;
	u8 priv[] __aligned(NETDEV_ALIGN);
};

/* Returns true if another request can be submitted. */
static inline bool ov2_engine_ready(const struct ov2_nic *nic)
{
	const struct ov2_engine *engine = &nic->engine;

	lockdep_assert_held(&nic->lock);
	return engine->state == OV2_ENGINE_RUNNING &&
	       engine->inflight_count < nic->caps.max_requests && !list_empty(&engine->free);
}

/* Makes the pump run. A pump that runs already costs nothing here: to queue its work would wake
 * another worker, which could only wait for the first. The lock orders kicks against
 * ov2_nic_unregister(), which sets OV2_NIC_GONE under it and knows that no work is queued after
 * that.
 */
static inline void ov2_nic_kick(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	if (!nic->pump_running &&
	    (nic->life == OV2_NIC_IN_SERVICE || nic->life == OV2_NIC_CLOSING))
		queue_work(nic->wq, &nic->pump_work);
}

/* Makes the pump run for an SA that was queued for a request, unless no request can be submitted
 * now. The SA then leaves with others when that changes: all code that makes a request possible
 * kicks the pump.
 */
static inline void ov2_nic_kick_submit(struct ov2_nic *nic)
{
	if (ov2_engine_ready(nic))
		ov2_nic_kick(nic);
}

/* Returns true if packets may be given to the NIC. Callable without the lock. */
static inline bool ov2_engine_up(const struct ov2_nic *nic)
{
	return READ_ONCE(nic->engine.state) <= OV2_ENGINE_STALLED;
}

/* Returns the number of SAs in the states from @first to @last, of one direction. */
static inline u32 ov2_nic_sas_dir(const struct ov2_nic *nic, enum ov2_dir dir,
				  enum ov2_sa_state first, enum ov2_sa_state last)
{
	u32 count = 0;
	int state;

	for (state = first; state <= last; state++)
		count += nic->sas_in[dir][state];
	return count;
}

/* Returns the number of SAs in the states from @first to @last. */
static inline u32 ov2_nic_sas(const struct ov2_nic *nic, enum ov2_sa_state first,
			      enum ov2_sa_state last)
{
	return ov2_nic_sas_dir(nic, OV2_IN, first, last) +
	       ov2_nic_sas_dir(nic, OV2_OUT, first, last);
}

/* Returns the number of SAs that the NIC has or may have. */
static inline u32 ov2_nic_present(const struct ov2_nic *nic)
{
	return ov2_nic_sas(nic, OV2_SA_ADDING, OV2_SA_DELETING);
}

/* nic_ref.c */
void ov2_nic_get(struct ov2_nic *nic);
void ov2_nic_put(struct ov2_nic *nic);

/* pump.c */
void ov2_pump_work(struct work_struct *work);

/* reset.c */
void ov2_nic_reset_work(struct work_struct *work);

/* debugfs.c */
void ov2_debugfs_init(void);
void ov2_debugfs_exit(void);
void ov2_debugfs_add(struct ov2_nic *nic);
void ov2_debugfs_del(struct ov2_nic *nic);

#endif /* __OV2_NIC_H */
