/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: fixture of the NIC's KUnit suites. */
#ifndef __OV2_NIC_FIXTURE_H
#define __OV2_NIC_FIXTURE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/wait.h>
#include "../drivers/ov2sim/nic/nic.h"

#define NIC_TEST_COOKIE		0x1234
#define NIC_TEST_SPI		0x1001
#define NIC_TEST_REQS		8
#define NIC_TEST_RING		16
#define NIC_TEST_BUF		2048

/**
 * struct nic_fixture_done - A completed request.
 * @req: the request
 * @status: its status
 */
struct nic_fixture_done {
	struct ov2_request *req;
	int status;
};

/**
 * struct nic_fixture - A NIC and the interrupts that it has raised.
 * @hw: the NIC
 * @lock: guards @done and @done_count
 * @wait: woken by cmd_done, rx_irq and tx_irq
 * @done: completed requests in the order of their completion
 * @done_count: number of completed requests
 * @up: link state by port
 * @links: number of link_change calls
 * @irqs: number of tx_irq and rx_irq calls
 * @fatals: number of fatal calls
 * @resubmit: cmd_done submits this at the next completion, if it is set
 * @resubmitted: result of that submission
 */
struct nic_fixture {
	struct ov2sim_hw *hw;
	spinlock_t lock;	/* guards done and done_count */
	wait_queue_head_t wait;
	struct nic_fixture_done done[NIC_TEST_REQS];
	unsigned int done_count;
	bool up[2];
	unsigned int links;
	unsigned int irqs;
	unsigned int fatals;
	struct ov2_request *resubmit;
	int resubmitted;
};

void nic_fixture_caps(struct ov2_caps *caps);
void nic_fixture_node(struct ov2_add_sa *node, enum ov2_dir dir);
struct nic_fixture *nic_fixture_create(struct kunit *test, const struct ov2_caps *caps);
void nic_fixture_destroy(struct nic_fixture *fix);
bool nic_fixture_wait_done(struct nic_fixture *fix, unsigned int count);
int nic_fixture_add(struct nic_fixture *fix, struct ov2_add_sa *node);
int nic_fixture_delete(struct nic_fixture *fix, u32 handle);
u32 *nic_fixture_fault(struct kunit *test, struct ov2sim_hw *hw, const char *name);

#endif /* __OV2_NIC_FIXTURE_H */
