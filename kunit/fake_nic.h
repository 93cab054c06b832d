/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A NIC driver for tests. It records every request, answers when the test says so (the test is its
 * clock), and checks after each step that the core keeps the rules of <net/ov2.h>. It includes no
 * other header of the project, which proves that the public header suffices.
 */
#ifndef __OV2_KUNIT_FAKE_NIC_H
#define __OV2_KUNIT_FAKE_NIC_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/ov2.h>

/* How requests are answered from when fake_nic.mode is set. */
enum fake_mode {
	FAKE_PEND,	/* the op returns -EINPROGRESS and the test completes the request */
	FAKE_NOW,	/* done when the op returns 0 */
	FAKE_EARLY,	/* completed inside the op, which then returns -EINPROGRESS */
	FAKE_SOFTIRQ,	/* completed from softirq */
	FAKE_FAIL,	/* the op returns fake_nic.err: nothing was done */
	FAKE_BUSY,	/* the op returns -EBUSY: not accepted */
	FAKE_AGAIN,	/* the op returns -EAGAIN: not now */
};

/* One request, kept for the whole test. The copies show the list as it was submitted. */
struct fake_request {
	struct list_head list;
	struct ov2_request *req;	/* NULL once the core has it back */
	enum ov2_request_kind kind;
	u32 id;
	u32 count;
	unsigned long deadline;
	int status;
	const void **nodes;
	struct ov2_add_sa *add;
	struct ov2_delete_sa *del;
	struct ov2_update_sa *update;
};

/* The driver's memory for each SA. */
struct fake_sa {
	u32 cookie;
	u8 rest[60];
};

struct fake_entry {
	bool live;
	struct ov2_add_sa sa;
};

/**
 * struct fake_nic - The fake NIC.
 * @test: the test
 * @nic: the core's part
 * @mode: how the next request is answered
 * @err: error of FAKE_FAIL
 * @refuse: bit n: reject the nth node of an ADD_SA list, of the first 32
 * @lie: error that a request which the test finishes fails with, although it was executed
 * @deaf: cancel does nothing
 * @reset_completes: reset completes pending requests itself
 * @progress: for the test that sets @in_op
 * @reset_err: how the reset ends
 * @reset_later: the driver resets the NIC from a work item when the core asks for it
 * @hold_reset: reset does not return before the test completes it
 * @in_op: called inside each op before it answers, without locks
 * @in_cancel: called inside cancel before it looks for the request, without locks
 * @after_reset: called at the end of reset, without locks
 * @requests: all requests, oldest first; @lock guards this and what follows
 * @total: number of all requests
 * @open: number of pending requests
 * @open_max: maximum of @open
 * @cancels: calls of cancel
 * @resets: calls of reset
 * @live: SAs in the table
 * @violation: the first rule that the core has broken
 */
struct fake_nic {
	struct kunit *test;
	struct ov2_nic *nic;
	enum fake_mode mode;
	int err;
	u32 refuse;
	int lie;
	bool deaf;
	bool reset_completes;
	bool progress;
	int reset_err;
	bool reset_later;
	struct completion *hold_reset;
	void (*in_op)(struct fake_nic *fake, struct ov2_request *req);
	void (*in_cancel)(struct fake_nic *fake, struct ov2_request *req);
	void (*after_reset)(struct fake_nic *fake);
	struct list_head requests;
	u32 total;
	u32 open;
	u32 open_max;
	u32 cancels;
	u32 resets;
	u32 live;
	char violation[128];
	/* private: */
	/* guards the private part, the lists and the counts */
	spinlock_t lock;
	wait_queue_head_t wait;
	bool resetting;
	bool unregistered;
	int ops_running;
	u32 next_handle;
	u32 table_size;
	struct fake_entry *table;
	struct work_struct softirq;
	/* one reset at a time */
	struct mutex reset_lock;
	struct work_struct reset_work;
};

extern const struct ov2_caps fake_nic_caps;

struct fake_nic *fake_nic_create(struct kunit *test, const struct ov2_caps *caps);
void fake_nic_unregister(struct fake_nic *fake);
void fake_nic_destroy(struct fake_nic *fake);
int fake_nic_reset(struct fake_nic *fake);
void fake_nic_reset_later(struct fake_nic *fake);

struct fake_request *fake_nic_wait(struct fake_nic *fake, u32 nth);
void fake_nic_wait_resetting(struct fake_nic *fake);
void fake_nic_wait_resets(struct fake_nic *fake, u32 resets);
void fake_nic_finish(struct fake_nic *fake, struct fake_request *fr);
void fake_nic_finish_status(struct fake_nic *fake, struct fake_request *fr, int status);
void fake_nic_finish_all(struct fake_nic *fake);
void fake_nic_check(struct fake_nic *fake);
bool fake_nic_has(struct fake_nic *fake, u32 handle);
bool fake_nic_saw(struct fake_nic *fake, u32 cookie);
const struct ov2_add_sa *fake_nic_by_spi(struct fake_nic *fake, u32 spi);

#endif /* __OV2_KUNIT_FAKE_NIC_H */
