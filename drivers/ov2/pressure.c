// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the pace at which slots are filled. Owns the pressure part of &struct ov2_slots and the
 * pace of &struct ov2_port, under nic->lock.
 *
 * A NIC that raises SaDeleteReq is under pressure. For a while slots are filled at a limited pace,
 * by new SAs as well, and an evicted SA backs off for longer each time. If an IKE daemon replaces
 * the SA, soft or hard, the core cannot recognise the new SA, so the time until slots are filled
 * again doubles instead. Otherwise the IKE daemon's replacement SA would be evicted again at once
 * (livelock).
 */
#include "ov2.h"
#include "rank.h"

#define OV2_SLOT_PRESSURE	(10 * HZ)	/* how long a SaDeleteReq limits the pace */
#define OV2_SLOT_PACE		32		/* 1/n of the slots is filled per interval */

bool ov2_slot_pressure(const struct ov2_nic *nic)
{
	return time_before64(get_jiffies_64(), nic->slots.pressure_until);
}

/* Returns true if the NIC has asked for slots again and again, so that none is filled yet. */
bool ov2_slot_too_early(const struct ov2_nic *nic)
{
	return ov2_slot_pressure(nic) &&
	       time_before64(get_jiffies_64(), nic->slots.fill_after);
}

/* Returns how many slots are filled in one interval under pressure. */
u32 ov2_slot_pace(const struct ov2_nic *nic)
{
	return max(nic->caps.max_sas / OV2_SLOT_PACE, 2U);
}

/* The NIC has raised SaDeleteReq for @sa: for a while slots are filled at a limited pace. What the
 * IKE daemon of the port adds in packet mode has to wait as long, because it replaces the SA.
 */
void ov2_slot_enter_pressure(struct ov2_sa *sa)
{
	struct ov2_nic *nic = sa->nic;
	struct ov2_slots *slots = &nic->slots;
	u64 now = get_jiffies_64();

	lockdep_assert_held(&nic->lock);
	if (!ov2_slot_pressure(nic))
		slots->pressure_level = 0;
	/* Slots may have been filled since the last round, so this is a new one. The two SAs of a
	 * pair, and others that come in the same round, count once.
	 */
	if (nic->delreq_policy != OV2_DELREQ_DEMOTE && time_after64(now, slots->fill_after)) {
		slots->fill_after = now + (OV2_INTERVAL << slots->pressure_level) - OV2_INTERVAL;
		if (slots->pressure_level < OV2_SLOT_BACKOFF_MAX)
			slots->pressure_level++;
	}
	slots->pressure_until = max(now, slots->fill_after) + OV2_SLOT_PRESSURE;
	/* sa->port is valid until xfrm has deleted the SA, which sets its goal under this lock. */
	if (sa->goal != OV2_GOAL_GONE && sa->port)
		sa->port->fill_after = slots->fill_after;
}

/* A new policy answers SaDeleteReqs from now on, so forget the delays that the old one has caused.
 */
void ov2_slot_reset_pressure(struct ov2_nic *nic)
{
	lockdep_assert_held(&nic->lock);
	nic->slots.pressure_level = 0;
	nic->slots.fill_after = 0;
}

/* Returns true if the pressure allows one more SA in packet mode in this interval. The IKE daemon
 * that replaces an SA which the NIC wanted deleted finds a slot, but what it adds cannot evict all
 * others. Each port has a pace and a delay of its own, so that the owner of one does not keep the
 * others out. Each direction has a pace of its own, so that daemons which add their pairs at the
 * same time do not refuse one another the second SA.
 */
bool ov2_slot_paced(struct ov2_sa *sa)
{
	struct ov2_port *port = sa->port;
	u64 now = get_jiffies_64();

	lockdep_assert_held(&sa->nic->lock);
	if (!ov2_slot_pressure(sa->nic))
		return true;
	if (ov2_slot_too_early(sa->nic) && time_before64(now, port->fill_after))
		return false;
	if (!time_before64(now, port->paced_until)) {
		port->paced_until = now + OV2_INTERVAL;
		port->paced[OV2_IN] = 0;
		port->paced[OV2_OUT] = 0;
	}
	return port->paced[sa->dir] < ov2_slot_pace(sa->nic);
}

/* An SA in packet mode was admitted, whose port is valid therefore. */
void ov2_slot_count_paced(struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	if (ov2_slot_pressure(sa->nic))
		sa->port->paced[sa->dir]++;
}
