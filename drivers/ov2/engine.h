/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: requests. */
#ifndef __OV2_ENGINE_H
#define __OV2_ENGINE_H

#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/ov2.h>
#include "stats.h"

struct ov2_sa;

/* The order matters: packets are given to the NIC up to OV2_ENGINE_STALLED. */
enum ov2_engine_state {
	OV2_ENGINE_RUNNING,
	OV2_ENGINE_FULL,	/* -EAGAIN: nothing is submitted until the NIC is ready */
	OV2_ENGINE_STALLED,	/* the NIC answered -EBUSY: nothing is submitted before a reset */
	OV2_ENGINE_RESETTING,	/* nothing is submitted until the reset is complete */
	OV2_ENGINE_DEAD,	/* gone, or a reset failed: nothing is submitted again */
};

/* The longest list, also for a NIC that takes longer ones: see &struct ov2_node. */
#define OV2_LIST_MAX	1024U

/**
 * struct ov2_node - A node of the list of a request.
 * @sa: the SA; the kind of the request knows what keeps it
 * @add: what the NIC gets with OV2_ADD_SA; wiped when the request completes
 * @del: with OV2_DELETE_SA
 * @update: with OV2_UPDATE_SA
 *
 * Each request has the nodes of its longest list, because an SA needs one only while a request has
 * the SA.
 */
struct ov2_node {
	struct ov2_sa *sa;
	union {
		struct ov2_add_sa add;
		struct ov2_delete_sa del;
		struct ov2_update_sa update;
	};
};

/**
 * struct ov2_list_kind - One kind of request, for the engine, which knows no SA.
 * @counter: counts submitted requests
 * @must_succeed: a NIC that fails such a request is reset
 * @take: append up to @max nodes to the list of @req, by ov2_request_node(). Context: nic->lock
 * @fill: complete the nodes, and drop those that cannot be submitted. Optional. Context: process,
 *	no locks
 * @done: take up to OV2_SA_STEP nodes off the list of @req, which has been completed, and return
 *	whether there are more. Context: nic->lock
 */
struct ov2_list_kind {
	enum ov2_counter counter;
	bool must_succeed;
	void (*take)(struct ov2_nic *nic, struct ov2_request *req, u32 max);
	void (*fill)(struct ov2_nic *nic, struct ov2_request *req);
	bool (*done)(struct ov2_nic *nic, struct ov2_request *req);
};

/**
 * struct ov2_engine - The part of a NIC that request.c owns, under nic->lock.
 * @kinds: by &enum ov2_request_kind, constant
 * @state: also read without the lock on the packet path
 * @misbehaved: the core has decided on the reset that is under way
 * @deletes_first: adds wait for slots, so deletes go first; slot.c sets it
 * @last: kind of the last request, for fairness between adds and deletes
 * @inflight: requests that the NIC has
 * @inflight_count: their number, and that of requests that are built or completed
 * @free: the others, of which there are hw_caps.max_requests in all
 * @next_id: id of the next request
 * @aborts: requests in a row that the NIC aborted without being asked
 * @deadline: milliseconds until a request is cancelled
 * @progress: counts completed requests and calls of ov2_nic_ready()
 * @stalled_since: jiffies when @state became FULL or STALLED
 * @deadline_work: looks for requests past their deadline
 */
struct ov2_engine {
	const struct ov2_list_kind *const *kinds;
	enum ov2_engine_state state;
	bool misbehaved;
	bool deletes_first;
	enum ov2_request_kind last;
	struct list_head inflight;
	u32 inflight_count;
	struct list_head free;
	u32 next_id;
	u32 aborts;
	u32 deadline;
	u32 progress;
	unsigned long stalled_since;
	struct delayed_work deadline_work;
};

/* request.c */
extern const char * const ov2_request_kind_names[OV2_REQUEST_COUNT];
int ov2_requests_alloc(struct ov2_nic *nic);
void ov2_requests_free(struct ov2_nic *nic);
int ov2_request_cache_init(void);
void ov2_request_cache_exit(void);
struct ov2_request *ov2_request_take(struct ov2_nic *nic);
struct ov2_node *ov2_request_node(struct ov2_request *req, struct ov2_sa *sa);
void ov2_request_submit(struct ov2_nic *nic, struct ov2_request *req);
bool ov2_request_retry(const struct ov2_request *req);
void ov2_request_deadline_work(struct work_struct *work);
#if IS_ENABLED(CONFIG_KUNIT)
void ov2_request_expire(struct ov2_nic *nic, unsigned long now);
#endif
bool ov2_engine_halt(struct ov2_nic *nic);
void ov2_engine_abort(struct ov2_nic *nic, bool dead);
void ov2_engine_resume(struct ov2_nic *nic);
void ov2_engine_die(struct ov2_nic *nic);

#endif /* __OV2_ENGINE_H */
