/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: life of an SA. */
#ifndef __OV2_LIFE_H
#define __OV2_LIFE_H

#include <linux/types.h>
#include <net/ov2/sa.h>

struct ov2_list_kind;
struct work_struct;
struct ov2_nic;
struct ov2_sa;

/**
 * DOC: life of an SA
 *
 * Several files share an SA, and each field has one owner. xfrm and the configuration set its goal
 * through slot.c; life.c and update.c set it if the NIC has answered wrongly. life.c moves its
 * state towards the goal. It does not call slot.c: an SA that xfrm keeps and that has left the NIC
 * goes to &ov2_nic.settle, and the pump lets slot.c decide about it before it takes the next
 * request.
 *
 *	SOFTWARE -> ADD_QUEUED -> ADDING -> OFFLOADED      while the goal is NIC or PROBE
 *	ADD_QUEUED -> SOFTWARE                             the goal has changed
 *	ADDING -> SOFTWARE                                 the NIC has refused it
 *	ADDING -> ADD_QUEUED, DELETING -> DEL_QUEUED       the NIC has not executed the list
 *	OFFLOADED -> [DEL_HELD ->] DEL_RCU -> DEL_QUEUED -> DELETING -> SOFTWARE
 *	                                                   while the goal is SOFTWARE or GONE
 *	SOFTWARE -> GONE                                   the goal is GONE
 *	OFFLOADED to DELETING -> SOFTWARE                  the NIC was reset
 *
 * An SA whose ADD_SA has succeeded becomes OFFLOADED whatever its goal is. GONE takes the place of
 * SOFTWARE if the goal is GONE.
 *
 * An inbound SA that xfrm has deleted goes from OFFLOADED to DEL_QUEUED directly.
 *
 * Software cannot continue with an SA in packet mode. With the goal SOFTWARE such an SA is waited
 * for by xfrm's add (wait.c), or about to be expired (evict.c).
 *
 *	state       goal                      waits for
 *	SOFTWARE    SOFTWARE                  slot.next: nothing (STAY), a slot (WAIT), a time and
 *	                                      then a slot (BACKOFF), the configuration (BARRED)
 *	SOFTWARE    NIC, PROBE                slot.c, on nic->settle: the NIC has refused it
 *	ADD_QUEUED  NIC, PROBE                a request
 *	ADDING      any                       completion of the ADD_SA
 *	OFFLOADED   NIC                       a change of the goal
 *	DEL_HELD    SOFTWARE, GONE            its counterpart, whose next_del it is
 *	DEL_RCU     SOFTWARE, GONE            a grace period
 *	DEL_QUEUED  SOFTWARE, GONE            a request
 *	DELETING    SOFTWARE, GONE            completion of the DELETE_SA
 *	GONE        GONE                      the last reference
 *
 * ov2_sa_check() asserts this table.
 */
enum ov2_sa_state {
	OV2_SA_SOFTWARE,	/* the NIC has nothing of it */
	OV2_SA_ADD_QUEUED,	/* on nic->addq */
	OV2_SA_ADDING,		/* in an ADD_SA list */
	OV2_SA_OFFLOADED,
	OV2_SA_DEL_HELD,	/* its DELETE_SA waits for that of its inbound counterpart */
	OV2_SA_DEL_RCU,		/* on nic->delq_rcu, or with the work that waits for readers */
	OV2_SA_DEL_QUEUED,	/* on nic->delq */
	OV2_SA_DELETING,	/* in a DELETE_SA list */
	OV2_SA_GONE,		/* the NIC has nothing of it, and neither has xfrm */
	OV2_SA_STATES,
} __packed;

enum ov2_sa_goal {
	OV2_GOAL_SOFTWARE,
	OV2_GOAL_PROBE,		/* NIC, although there is no slot: the NIC decides */
	OV2_GOAL_NIC,
	OV2_GOAL_GONE,		/* xfrm has deleted it; never changes again */
} __packed;

/* State and goal as debugfs and the traces show them. */
enum ov2_sa_phase {
	OV2_PHASE_WAITING,
	OV2_PHASE_QUEUED,
	OV2_PHASE_ADDING,
	OV2_PHASE_OFFLOADED,
	OV2_PHASE_DEMOTING,
	OV2_PHASE_SOFTWARE,
	OV2_PHASE_DELETING,
	OV2_PHASE_GONE,
	OV2_PHASE_COUNT,
};

/* life.c */
extern const struct ov2_list_kind ov2_kind_add;
extern const struct ov2_list_kind ov2_kind_delete;
void ov2_sa_start(struct ov2_sa *sa, enum ov2_sa_goal goal);
void ov2_sa_aim(struct ov2_sa *sa, enum ov2_sa_goal goal);
void ov2_sa_hold_delete(struct ov2_sa *in, struct ov2_sa *out);
void ov2_sa_release_delete(struct ov2_sa *in);
void ov2_sa_forget(struct ov2_sa *sa);
void ov2_sa_forget_port(struct ov2_sa *sa, void *port);
struct ov2_sa *ov2_sa_unsettle(struct ov2_nic *nic);
void ov2_sa_wipe(struct ov2_add_sa *add);
void ov2_delete_rcu_work(struct work_struct *work);
enum ov2_sa_phase ov2_sa_phase(const struct ov2_sa *sa);
void ov2_sa_trace_phase(const struct ov2_sa *sa, enum ov2_sa_phase from);
const char *ov2_sa_phase_name(enum ov2_sa_phase phase);
#if IS_ENABLED(CONFIG_KUNIT)
const char *ov2_sa_check(const struct ov2_sa *sa);
#endif

#endif /* __OV2_LIFE_H */
