/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: policy: the slots of the NIC. */
#ifndef __OV2_SLOT_H
#define __OV2_SLOT_H

#include <linux/list.h>
#include <linux/workqueue.h>
#include "walk.h"

struct netlink_ext_ack;
struct ov2_nic;
struct ov2_sa;

/* The event that an SA in software waits for. */
enum ov2_slot_next {
	OV2_SLOT_STAY,		/* nothing: the NIC does not take this SA */
	OV2_SLOT_WAIT,		/* a slot */
	OV2_SLOT_BACKOFF,	/* slot.backoff_until, and then a slot */
	OV2_SLOT_BARRED,	/* a configuration that permits it */
};

/**
 * struct ov2_sa_slot - The part of an SA that slot.c owns, under nic->lock.
 * @next: see &enum ov2_slot_next; valid unless the goal is NIC or PROBE
 * @backoff: number of times in a row that the NIC has wanted the slot
 * @queue: on the wait queue of the NIC or of the port, or on the back-off queue
 * @backoff_until: jiffies (64 bits)
 */
struct ov2_sa_slot {
	enum ov2_slot_next next;
	u8 backoff;
	struct list_head queue;
	u64 backoff_until;
};

#define OV2_SLOT_BACKOFF_MAX	6	/* number of doublings of a delay */

/**
 * struct ov2_slots - The part of a NIC that slot.c and, for the pressure, pressure.c own, under
 *	nic->lock.
 * @waitq: SAs that wait for a slot, by direction, the busiest first
 * @packetq: SAs in packet mode that wait for a slot, by direction, in the order of their adds; xfrm
 *	waits for each of them
 * @hand: an endless walk for SAs that give way
 * @backoffq: SAs that are not promoted for a while
 * @waiting_ports: ports that have SAs on their own wait queue
 * @waiting: SAs on all of these queues
 * @waiting_max: the limit of @waiting
 * @port_max: slots that one port may have, 0 for no limit
 * @promote: waiting SAs are promoted when slots become free
 * @pressure_until: jiffies (64 bits) until which the NIC counts as under pressure
 * @fill_after: jiffies (64 bits) before which no slot is filled under pressure
 * @pressure_level: number of times in a row that the NIC has asked for the slots of SAs that an IKE
 *	daemon replaces
 * @work: once per interval while SAs wait
 */
struct ov2_slots {
	struct list_head waitq[2];
	struct list_head packetq[2];
	struct ov2_walk hand;
	struct list_head backoffq;
	struct list_head waiting_ports;
	u32 waiting;
	u32 waiting_max;
	u32 port_max;
	bool promote;
	u64 pressure_until;
	u64 fill_after;
	u8 pressure_level;
	struct delayed_work work;
};

/* slot.c */
int ov2_slot_admit(struct ov2_sa *sa, struct netlink_ext_ack *extack);
void ov2_slot_delete(struct ov2_sa *sa);
void ov2_slot_demote(struct ov2_sa *sa, enum ov2_slot_next next);
void ov2_slot_evict(struct ov2_sa *sa);
void ov2_slot_suspend(struct ov2_sa *sa);
void ov2_slot_distrust(struct ov2_sa *sa);
void ov2_slot_to_crypto(struct ov2_sa *sa);
void ov2_slot_abandon(struct ov2_sa *sa);
void ov2_slot_recheck(struct ov2_sa *sa);
void ov2_slot_arm(struct ov2_nic *nic);
bool ov2_slot_settle(struct ov2_nic *nic);
void ov2_slot_work(struct work_struct *work);

/* pressure.c */
bool ov2_slot_pressure(const struct ov2_nic *nic);
bool ov2_slot_too_early(const struct ov2_nic *nic);
u32 ov2_slot_pace(const struct ov2_nic *nic);
bool ov2_slot_paced(struct ov2_sa *sa);
void ov2_slot_count_paced(struct ov2_sa *sa);
void ov2_slot_enter_pressure(struct ov2_sa *sa);
void ov2_slot_reset_pressure(struct ov2_nic *nic);

#endif /* __OV2_SLOT_H */
