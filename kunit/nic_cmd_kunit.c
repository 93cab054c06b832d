// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: the NIC's command queue: lists, faults, cancel, reset. */
#include <kunit/test.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include "../drivers/ov2sim/nic/hw.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"

#define CMD_AN_HOUR	3600000

struct cmd_fixture {
	struct nic_fixture *nic;
	struct ov2_add_sa nodes[4];
	struct ov2_request reqs[NIC_TEST_REQS];
};

static int cmd_init(struct kunit *test)
{
	struct cmd_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2_caps caps;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_test_caps(&caps);
	fix->nic = nic_fixture_create(test, &caps);
	test->priv = fix;
	return 0;
}

static void cmd_exit(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;

	nic_fixture_destroy(fix->nic);
}

static u32 *cmd_fault(struct kunit *test, const char *name)
{
	struct cmd_fixture *fix = test->priv;
	const char *other;
	unsigned int i;
	u32 *knob;

	for (i = 0; (knob = ov2sim_hw_fault(fix->nic->hw, i, &other)); i++) {
		if (!strcmp(name, other))
			return knob;
	}
	KUNIT_FAIL_AND_ABORT(test, "no fault %s", name);
	return NULL;
}

/* A list of @count good nodes */
static struct ov2_request *cmd_add_list(struct kunit *test, u32 count)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *req = &fix->reqs[0];
	u32 i;

	for (i = 0; i < count; i++) {
		nic_test_node(&fix->nodes[i], i % 2 ? OV2_OUT : OV2_IN);
		fix->nodes[i].next = i + 1 < count ? &fix->nodes[i + 1] : NULL;
	}
	*req = (struct ov2_request){ .kind = OV2_ADD_SA, .count = count, .add = fix->nodes };
	return req;
}

static int cmd_submit(struct kunit *test, struct ov2_request *req)
{
	struct cmd_fixture *fix = test->priv;

	return ov2sim_hw_submit(fix->nic->hw, req);
}

/* Submit and wait: status */
static int cmd_run(struct kunit *test, struct ov2_request *req)
{
	struct cmd_fixture *fix = test->priv;
	unsigned int count = fix->nic->done_count;

	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, req));
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, count + 1));
	KUNIT_EXPECT_PTR_EQ(test, req, fix->nic->done[count].req);
	return fix->nic->done[count].status;
}

/* A request that changes nothing: a DELETE_SA of a handle that stands for nothing */
static struct ov2_request *cmd_nop(struct kunit *test, unsigned int i)
{
	static struct ov2_delete_sa node = { .offload_handle = U32_MAX };
	struct cmd_fixture *fix = test->priv;

	fix->reqs[i] = (struct ov2_request){ .kind = OV2_DELETE_SA, .count = 1, .del = &node };
	return &fix->reqs[i];
}

/* S2, S3: every node is tried, and one success is success */
static void cmd_add_partial(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *req = cmd_add_list(test, 3);

	fix->nodes[0].spi = 0;
	fix->nodes[1].icv_len = 10;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, req));
	KUNIT_EXPECT_EQ(test, -EINVAL, fix->nodes[0].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[0].offload_handle);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, fix->nodes[1].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[1].offload_handle);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[2].status);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[2].offload_handle);
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S2, S4: none is failure, with the first reason */
static void cmd_add_none(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *req = cmd_add_list(test, 2);

	fix->nodes[0].icv_len = 10;
	fix->nodes[1].spi = 0;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cmd_run(test, req));
	req = cmd_add_list(test, 1);
	fix->nodes[0].spi = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_run(test, req));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 1)));
}

/* S16: the whole list is walked, whatever stands in it */
static void cmd_delete_list(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_delete_sa dels[4] = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 4, .del = dels };
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 3)));
	for (i = 0; i < 4; i++)
		dels[i].next = i < 3 ? &dels[i + 1] : NULL;
	dels[0].offload_handle = fix->nodes[0].offload_handle;
	dels[1].offload_handle = fix->nodes[0].offload_handle;
	dels[2].offload_handle = 0;
	dels[3].offload_handle = fix->nodes[2].offload_handle;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S21, S22: one that can be updated is success */
static void cmd_update_list(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_update_sa updates[3] = {};
	struct ov2_request req = { .kind = OV2_UPDATE_SA, .count = 3, .update = updates };
	struct ov2_request *add = cmd_add_list(test, 2);

	fix->nodes[0].esn = true;
	KUNIT_ASSERT_EQ(test, 0, cmd_run(test, add));
	updates[0].next = &updates[1];
	updates[1].next = &updates[2];
	updates[0].offload_handle = U32_MAX;
	updates[1].offload_handle = fix->nodes[1].offload_handle;
	updates[2].offload_handle = fix->nodes[0].offload_handle;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, -ENOENT, updates[0].status);
	KUNIT_EXPECT_EQ(test, -EINVAL, updates[1].status);
	KUNIT_EXPECT_EQ(test, 0, updates[2].status);

	req.count = 2;
	updates[1].next = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, cmd_run(test, &req));
}

/* S15: a list must be as long as it says, and not longer than the NIC takes */
static void cmd_bad_lists(struct kunit *test)
{
	struct ov2_request *req = cmd_add_list(test, 2);

	req->count = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_submit(test, req));
	req->count = 3;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_submit(test, req));
	req->count = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_submit(test, req));
	req->count = 9;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_submit(test, req));
	req->count = 2;
	req->kind = OV2_REQUEST_COUNT;
	KUNIT_EXPECT_EQ(test, -EINVAL, cmd_submit(test, req));
}

/* S26: what has not begun is aborted at once, and room is there for another */
static void cmd_cancel(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	u32 i, max = 4;

	*cmd_fault(test, "delay_ms") = CMD_AN_HOUR;
	for (i = 0; i < max; i++)
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, i)));
	KUNIT_EXPECT_EQ(test, -EBUSY, cmd_submit(test, cmd_nop(test, max)));
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done_count);

	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[1]);
	KUNIT_ASSERT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[1], fix->nic->done[0].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[0].status);
	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[1]);
	KUNIT_EXPECT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, max)));

	/* The one whose delay runs, too; that of the next is cut short */
	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[0]);
	KUNIT_EXPECT_EQ(test, 2, fix->nic->done_count);
	*cmd_fault(test, "delay_ms") = 0;
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, 5));
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[0], fix->nic->done[1].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[1].status);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[2], fix->nic->done[2].req);
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done[2].status);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[3], fix->nic->done[3].req);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[4], fix->nic->done[4].req);
}

static void cmd_delay(struct kunit *test)
{
	ktime_t start = ktime_get();

	*cmd_fault(test, "delay_ms") = 20;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_nop(test, 0)));
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), start), 20 - 1000 / HZ);
}

/* S28's other half: the NIC that says nothing. Others go on, and the lost one can be cancelled. */
static void cmd_lose(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *lost = cmd_add_list(test, 1);

	*cmd_fault(test, "lose") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, lost));
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_nop(test, 2)));
	KUNIT_EXPECT_EQ(test, 0, *cmd_fault(test, "lose"));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));

	ov2sim_hw_cancel(fix->nic->hw, lost);
	KUNIT_ASSERT_EQ(test, 3, fix->nic->done_count);
	KUNIT_EXPECT_PTR_EQ(test, lost, fix->nic->done[2].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[2].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[0].offload_handle);
}

static void cmd_reorder(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *held = cmd_add_list(test, 1);

	*cmd_fault(test, "reorder") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, held));
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, 1)));
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, 2));
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[1], fix->nic->done[0].req);
	KUNIT_EXPECT_PTR_EQ(test, held, fix->nic->done[1].req);
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done[1].status);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[0].offload_handle);
}

/* What is held back can be cancelled like any other */
static void cmd_reorder_cancel(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_request *held = cmd_add_list(test, 1);

	*cmd_fault(test, "reorder") = 1;
	*cmd_fault(test, "lose") = 0;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, held));
	ov2sim_hw_cancel(fix->nic->hw, held);
	KUNIT_ASSERT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[0].status);
	*cmd_fault(test, "reorder") = 0;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 2, fix->nic->done_count);
}

static void cmd_refuse_nth(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;

	*cmd_fault(test, "refuse_nth") = 2;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 3)));
	KUNIT_EXPECT_NE(test, 0, fix->nodes[0].offload_handle);
	KUNIT_EXPECT_EQ(test, -EIO, fix->nodes[1].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[1].offload_handle);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[2].offload_handle);
	*cmd_fault(test, "refuse_nth") = 1;
	KUNIT_EXPECT_EQ(test, -EIO, cmd_run(test, cmd_add_list(test, 1)));
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->nic->hw));
}

static void cmd_nomem(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;

	*cmd_fault(test, "nomem") = 1;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 2)));
	KUNIT_EXPECT_EQ(test, -ENOMEM, fix->nodes[0].status);
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S62: a reset completes all that is pending before it is over, and empties the table */
static void cmd_reset(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_delete_sa del = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 1, .del = &del };
	u32 i, handle;

	KUNIT_ASSERT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 3)));
	handle = fix->nodes[2].offload_handle;
	*cmd_fault(test, "lose") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_nop(test, 2)));
	*cmd_fault(test, "delay_ms") = CMD_AN_HOUR;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, 3)));
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, 4)));

	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_ASSERT_EQ(test, 5, fix->nic->done_count);
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[i].status);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));

	/* S9: it works again, and old handles stand for nothing */
	*cmd_fault(test, "delay_ms") = 0;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 1)));
	KUNIT_EXPECT_GT(test, fix->nodes[0].offload_handle, handle);
	del.offload_handle = handle;
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

struct cmd_abort {
	struct work_struct work;
	struct ov2sim_hw *hw;
	bool suspend;
};

struct cmd_abort_row {
	const char *name;
	bool suspend;
};

static const struct cmd_abort_row cmd_abort_rows[] = {
	{ "reset", false },
	{ "suspend", true },
};

KUNIT_ARRAY_PARAM_DESC(cmd_abort, cmd_abort_rows, name);

static void cmd_abort_work(struct work_struct *work)
{
	struct cmd_abort *abort = container_of(work, struct cmd_abort, work);

	if (abort->suspend)
		ov2sim_hw_suspend(abort->hw);
	else
		ov2sim_hw_reset(abort->hw);
}

/* S62: a list that is aborted after some of its SAs were offloaded has no handle in any node */
static void cmd_abort_midway(struct kunit *test)
{
	const struct cmd_abort_row *row = test->param_value;
	struct cmd_fixture *fix = test->priv;
	struct cmd_abort abort = { .hw = fix->nic->hw, .suspend = row->suspend };
	struct ov2_request *req = cmd_add_list(test, 3);
	unsigned int before = ov2sim_sas_live(), live;
	bool resetting;
	u32 i;

	INIT_WORK_ONSTACK(&abort.work, cmd_abort_work);
	/* The first is made, and does not get into the table before the reset has begun */
	mutex_lock(&abort.hw->sadb.lock);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, cmd_submit(test, req));
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(ov2sim_sas_live, live, live == before + 1, 100,
						   10 * USEC_PER_SEC, false));
	schedule_work(&abort.work);
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(READ_ONCE, resetting, resetting, 100,
						   10 * USEC_PER_SEC, false,
						   abort.hw->cmdq.resetting));
	mutex_unlock(&abort.hw->sadb.lock);
	flush_work(&abort.work);
	destroy_work_on_stack(&abort.work);

	KUNIT_ASSERT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[0].status);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, fix->nodes[i].offload_handle);
		KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nodes[i].status);
	}
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(abort.hw));
	if (row->suspend)
		ov2sim_hw_resume(abort.hw);
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 1)));
}

/* A request that is completed by a reset is followed by the next, which is not accepted */
static void cmd_submit_in_reset(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;

	*cmd_fault(test, "delay_ms") = CMD_AN_HOUR;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, cmd_submit(test, cmd_nop(test, 0)));
	fix->nic->resubmit = cmd_nop(test, 1);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, -EBUSY, fix->nic->resubmitted);
	KUNIT_EXPECT_EQ(test, 1, fix->nic->done_count);
}

/* What is pending at power-down is completed by it */
static void cmd_destroy_pending(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	unsigned int live = ov2sim_sas_live();
	struct nic_fixture *nic;
	struct ov2_caps caps;
	const char *name;

	nic_test_caps(&caps);
	nic = nic_fixture_create(test, &caps);
	cmd_add_list(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nic_fixture_add(nic, fix->nodes));
	KUNIT_EXPECT_EQ(test, live + 1, ov2sim_sas_live());
	*ov2sim_hw_fault(nic->hw, 0, &name) = CMD_AN_HOUR;
	KUNIT_EXPECT_STREQ(test, "delay_ms", name);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ov2sim_hw_submit(nic->hw, cmd_nop(test, 1)));
	nic_fixture_destroy(nic);
	KUNIT_ASSERT_EQ(test, 2, nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, nic->done[1].status);
	KUNIT_EXPECT_EQ(test, live, ov2sim_sas_live());
}

/* S27: the nodes are the core's again, whatever the NIC goes on to do with the SAs */
static void cmd_nodes_untouched(struct kunit *test)
{
	struct cmd_fixture *fix = test->priv;
	struct ov2_delete_sa del = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 1, .del = &del };

	KUNIT_ASSERT_EQ(test, 0, cmd_run(test, cmd_add_list(test, 3)));
	del.offload_handle = fix->nodes[1].offload_handle;
	memset(fix->nodes, 0x6b, sizeof(fix->nodes));
	KUNIT_EXPECT_EQ(test, 0, cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->nic->hw));
	memset(&del, 0x6b, sizeof(del));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));
	KUNIT_EXPECT_NULL(test, memchr_inv(fix->nodes, 0x6b, sizeof(fix->nodes)));
	KUNIT_EXPECT_NULL(test, memchr_inv(&del, 0x6b, sizeof(del)));
}

static struct kunit_case cmd_cases[] = {
	KUNIT_CASE(cmd_add_partial),
	KUNIT_CASE(cmd_add_none),
	KUNIT_CASE(cmd_delete_list),
	KUNIT_CASE(cmd_update_list),
	KUNIT_CASE(cmd_bad_lists),
	KUNIT_CASE(cmd_cancel),
	KUNIT_CASE(cmd_delay),
	KUNIT_CASE(cmd_lose),
	KUNIT_CASE(cmd_reorder),
	KUNIT_CASE(cmd_reorder_cancel),
	KUNIT_CASE(cmd_refuse_nth),
	KUNIT_CASE(cmd_nomem),
	KUNIT_CASE(cmd_reset),
	KUNIT_CASE_PARAM(cmd_abort_midway, cmd_abort_gen_params),
	KUNIT_CASE(cmd_submit_in_reset),
	KUNIT_CASE(cmd_destroy_pending),
	KUNIT_CASE(cmd_nodes_untouched),
	{}
};

static struct kunit_suite cmd_suite = {
	.name = "ov2_nic_cmd",
	.init = cmd_init,
	.exit = cmd_exit,
	.test_cases = cmd_cases,
};

kunit_test_suite(cmd_suite);
