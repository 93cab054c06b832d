// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: the NIC's command queue: lists, faults, cancel, reset. */
#include <kunit/test.h>
#include <linux/iopoll.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include "../drivers/ov2sim/nic/hw.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "nic_fixture.h"

#define NIC_CMD_AN_HOUR	3600000

struct nic_cmd_fixture {
	struct nic_fixture *nic;
	struct ov2_add_sa nodes[4];
	struct ov2_request reqs[NIC_TEST_REQS];
};

static int nic_cmd_init(struct kunit *test)
{
	struct nic_cmd_fixture *fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	struct ov2_caps caps;

	KUNIT_ASSERT_NOT_NULL(test, fix);
	nic_fixture_caps(&caps);
	fix->nic = nic_fixture_create(test, &caps);
	test->priv = fix;
	return 0;
}

static void nic_cmd_exit(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;

	nic_fixture_destroy(fix->nic);
}

static u32 *nic_cmd_fault(struct kunit *test, const char *name)
{
	struct nic_cmd_fixture *fix = test->priv;

	return nic_fixture_fault(test, fix->nic->hw, name);
}

/* Make an ADD_SA list of @count valid nodes. */
static struct ov2_request *nic_cmd_add_list(struct kunit *test, u32 count)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *req = &fix->reqs[0];
	u32 i;

	for (i = 0; i < count; i++) {
		nic_fixture_node(&fix->nodes[i], i % 2 ? OV2_OUT : OV2_IN);
		fix->nodes[i].next = i + 1 < count ? &fix->nodes[i + 1] : NULL;
	}
	*req = (struct ov2_request){ .kind = OV2_ADD_SA, .count = count, .add = fix->nodes };
	return req;
}

static int nic_cmd_submit(struct kunit *test, struct ov2_request *req)
{
	struct nic_cmd_fixture *fix = test->priv;

	return ov2sim_hw_submit(fix->nic->hw, req);
}

/* Submit a request, wait for its completion and return its status. */
static int nic_cmd_run(struct kunit *test, struct ov2_request *req)
{
	struct nic_cmd_fixture *fix = test->priv;
	unsigned int count = fix->nic->done_count;

	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, req));
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, count + 1));
	KUNIT_EXPECT_PTR_EQ(test, req, fix->nic->done[count].req);
	return fix->nic->done[count].status;
}

/* Make a request that changes nothing: a DELETE_SA of a handle that no SA has. */
static struct ov2_request *nic_cmd_nop(struct kunit *test, unsigned int i)
{
	static struct ov2_delete_sa node = { .offload_handle = U32_MAX };
	struct nic_cmd_fixture *fix = test->priv;

	fix->reqs[i] = (struct ov2_request){ .kind = OV2_DELETE_SA, .count = 1, .del = &node };
	return &fix->reqs[i];
}

/* S2, S3: every node is tried, and the request succeeds if one of them does. */
static void nic_cmd_test_add_partial(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *req = nic_cmd_add_list(test, 3);

	fix->nodes[0].spi = 0;
	fix->nodes[1].icv_len = 10;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, req));
	KUNIT_EXPECT_EQ(test, -EINVAL, fix->nodes[0].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[0].offload_handle);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, fix->nodes[1].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[1].offload_handle);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[2].status);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[2].offload_handle);
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S2, S4: if no node succeeds the request fails with the error of the first one. */
static void nic_cmd_test_add_none(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *req = nic_cmd_add_list(test, 2);

	fix->nodes[0].icv_len = 10;
	fix->nodes[1].spi = 0;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, nic_cmd_run(test, req));
	req = nic_cmd_add_list(test, 1);
	fix->nodes[0].spi = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_run(test, req));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 1)));
}

/* S16: the whole list is walked, even if it has handles that no SA has. */
static void nic_cmd_test_delete_list(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_delete_sa dels[4] = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 4, .del = dels };
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 3)));
	for (i = 0; i < 4; i++)
		dels[i].next = i < 3 ? &dels[i + 1] : NULL;
	dels[0].offload_handle = fix->nodes[0].offload_handle;
	dels[1].offload_handle = fix->nodes[0].offload_handle;
	dels[2].offload_handle = 0;
	dels[3].offload_handle = fix->nodes[2].offload_handle;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S21, S22: the request succeeds if one SA can be updated. */
static void nic_cmd_test_update_list(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_update_sa updates[3] = {};
	struct ov2_request req = { .kind = OV2_UPDATE_SA, .count = 3, .update = updates };
	struct ov2_request *add = nic_cmd_add_list(test, 2);

	fix->nodes[0].esn = true;
	KUNIT_ASSERT_EQ(test, 0, nic_cmd_run(test, add));
	updates[0].next = &updates[1];
	updates[1].next = &updates[2];
	updates[0].offload_handle = U32_MAX;
	updates[1].offload_handle = fix->nodes[1].offload_handle;
	updates[2].offload_handle = fix->nodes[0].offload_handle;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, -ENOENT, updates[0].status);
	KUNIT_EXPECT_EQ(test, -EINVAL, updates[1].status);
	KUNIT_EXPECT_EQ(test, 0, updates[2].status);

	req.count = 2;
	updates[1].next = NULL;
	KUNIT_EXPECT_EQ(test, -ENOENT, nic_cmd_run(test, &req));
}

/* S15: a list must have as many nodes as the request says, and not more than the NIC supports. */
static void nic_cmd_test_bad_lists(struct kunit *test)
{
	struct ov2_request *req = nic_cmd_add_list(test, 2);

	req->count = 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_submit(test, req));
	req->count = 3;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_submit(test, req));
	req->count = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_submit(test, req));
	req->count = 9;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_submit(test, req));
	req->count = 2;
	req->kind = OV2_REQUEST_COUNT;
	KUNIT_EXPECT_EQ(test, -EINVAL, nic_cmd_submit(test, req));
}

/* S26: a request that has not begun is aborted at once, which makes room for another one. */
static void nic_cmd_test_cancel(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	u32 i, max = 4;

	*nic_cmd_fault(test, "delay_ms") = NIC_CMD_AN_HOUR;
	for (i = 0; i < max; i++)
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, i)));
	KUNIT_EXPECT_EQ(test, -EAGAIN, nic_cmd_submit(test, nic_cmd_nop(test, max)));
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done_count);

	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[1]);
	KUNIT_ASSERT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[1], fix->nic->done[0].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[0].status);
	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[1]);
	KUNIT_EXPECT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, max)));

	/* The request that is being delayed can be cancelled, too. The change of the knob ends the
	 * delay of the next one.
	 */
	ov2sim_hw_cancel(fix->nic->hw, &fix->reqs[0]);
	KUNIT_EXPECT_EQ(test, 2, fix->nic->done_count);
	*nic_cmd_fault(test, "delay_ms") = 0;
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, 5));
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[0], fix->nic->done[1].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[1].status);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[2], fix->nic->done[2].req);
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done[2].status);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[3], fix->nic->done[3].req);
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[4], fix->nic->done[4].req);
}

static void nic_cmd_test_delay(struct kunit *test)
{
	ktime_t start = ktime_get();

	*nic_cmd_fault(test, "delay_ms") = 20;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_nop(test, 0)));
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), start), 20 - 1000 / HZ);
}

/* A NIC that loses a request executes later ones, and the lost one can be cancelled (S28). */
static void nic_cmd_test_lose(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *lost = nic_cmd_add_list(test, 1);

	*nic_cmd_fault(test, "lose") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, lost));
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_nop(test, 2)));
	KUNIT_EXPECT_EQ(test, 0, *nic_cmd_fault(test, "lose"));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));

	ov2sim_hw_cancel(fix->nic->hw, lost);
	KUNIT_ASSERT_EQ(test, 3, fix->nic->done_count);
	KUNIT_EXPECT_PTR_EQ(test, lost, fix->nic->done[2].req);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[2].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[0].offload_handle);
}

static void nic_cmd_test_reorder(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *held = nic_cmd_add_list(test, 1);

	*nic_cmd_fault(test, "reorder") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, held));
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, 1)));
	KUNIT_ASSERT_TRUE(test, nic_fixture_wait_done(fix->nic, 2));
	KUNIT_EXPECT_PTR_EQ(test, &fix->reqs[1], fix->nic->done[0].req);
	KUNIT_EXPECT_PTR_EQ(test, held, fix->nic->done[1].req);
	KUNIT_EXPECT_EQ(test, 0, fix->nic->done[1].status);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[0].offload_handle);
}

/* A request that the reorder fault holds back can be cancelled. */
static void nic_cmd_test_reorder_cancel(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_request *held = nic_cmd_add_list(test, 1);

	*nic_cmd_fault(test, "reorder") = 1;
	*nic_cmd_fault(test, "lose") = 0;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, held));
	ov2sim_hw_cancel(fix->nic->hw, held);
	KUNIT_ASSERT_EQ(test, 1, fix->nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[0].status);
	*nic_cmd_fault(test, "reorder") = 0;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 2, fix->nic->done_count);
}

static void nic_cmd_test_refuse_nth(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;

	*nic_cmd_fault(test, "refuse_nth") = 2;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 3)));
	KUNIT_EXPECT_NE(test, 0, fix->nodes[0].offload_handle);
	KUNIT_EXPECT_EQ(test, -EIO, fix->nodes[1].status);
	KUNIT_EXPECT_EQ(test, 0, fix->nodes[1].offload_handle);
	KUNIT_EXPECT_NE(test, 0, fix->nodes[2].offload_handle);
	*nic_cmd_fault(test, "refuse_nth") = 1;
	KUNIT_EXPECT_EQ(test, -EIO, nic_cmd_run(test, nic_cmd_add_list(test, 1)));
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->nic->hw));
}

static void nic_cmd_test_nomem(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;

	*nic_cmd_fault(test, "nomem") = 1;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 2)));
	KUNIT_EXPECT_EQ(test, -ENOMEM, fix->nodes[0].status);
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

/* S62: a reset completes all pending requests before it returns, and empties the SA table. */
static void nic_cmd_test_reset(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_delete_sa del = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 1, .del = &del };
	u32 i, handle;

	KUNIT_ASSERT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 3)));
	handle = fix->nodes[2].offload_handle;
	*nic_cmd_fault(test, "lose") = 1;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, 1)));
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_nop(test, 2)));
	*nic_cmd_fault(test, "delay_ms") = NIC_CMD_AN_HOUR;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, 3)));
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, 4)));

	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_ASSERT_EQ(test, 5, fix->nic->done_count);
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, -ECANCELED, fix->nic->done[i].status);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));

	/* S9: the NIC works again, and no SA has an old handle. */
	*nic_cmd_fault(test, "delay_ms") = 0;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 1)));
	KUNIT_EXPECT_GT(test, fix->nodes[0].offload_handle, handle);
	del.offload_handle = handle;
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 1, ov2sim_hw_sa_count(fix->nic->hw));
}

struct nic_cmd_abort {
	struct work_struct work;
	struct ov2sim_hw *hw;
	bool suspend;
};

struct nic_cmd_abort_row {
	const char *name;
	bool suspend;
};

static const struct nic_cmd_abort_row nic_cmd_abort_rows[] = {
	{ "reset", false },
	{ "suspend", true },
};

KUNIT_ARRAY_PARAM_DESC(nic_cmd_abort, nic_cmd_abort_rows, name);

static void nic_cmd_abort_work(struct work_struct *work)
{
	struct nic_cmd_abort *abort = container_of(work, struct nic_cmd_abort, work);

	if (abort->suspend)
		ov2sim_hw_suspend(abort->hw);
	else
		ov2sim_hw_reset(abort->hw);
}

/* S62: if a list is aborted after some of its SAs were added, no node has a handle. */
static void nic_cmd_test_abort_midway(struct kunit *test)
{
	const struct nic_cmd_abort_row *row = test->param_value;
	struct nic_cmd_fixture *fix = test->priv;
	struct nic_cmd_abort abort = { .hw = fix->nic->hw, .suspend = row->suspend };
	struct ov2_request *req = nic_cmd_add_list(test, 3);
	unsigned int before = ov2sim_sas_live(), live;
	bool resetting;
	u32 i;

	INIT_WORK_ONSTACK(&abort.work, nic_cmd_abort_work);
	/* The mutex keeps the first SA, which exists by then, out of the table until the reset has
	 * begun.
	 */
	mutex_lock(&abort.hw->sadb.lock);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, req));
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
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 1)));
}

/* A request that the driver submits from cmd_done during a reset is not accepted. */
static void nic_cmd_test_submit_in_reset(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;

	*nic_cmd_fault(test, "delay_ms") = NIC_CMD_AN_HOUR;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, nic_cmd_submit(test, nic_cmd_nop(test, 0)));
	fix->nic->resubmit = nic_cmd_nop(test, 1);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, -EBUSY, fix->nic->resubmitted);
	KUNIT_EXPECT_EQ(test, 1, fix->nic->done_count);
}

/* ov2sim_hw_destroy() completes pending requests. */
static void nic_cmd_test_destroy_pending(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	unsigned int live = ov2sim_sas_live();
	struct nic_fixture *nic;
	struct ov2_caps caps;

	nic_fixture_caps(&caps);
	nic = nic_fixture_create(test, &caps);
	nic_cmd_add_list(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nic_fixture_add(nic, fix->nodes));
	KUNIT_EXPECT_EQ(test, live + 1, ov2sim_sas_live());
	*nic_fixture_fault(test, nic->hw, "delay_ms") = NIC_CMD_AN_HOUR;
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ov2sim_hw_submit(nic->hw, nic_cmd_nop(test, 1)));
	nic_fixture_destroy(nic);
	KUNIT_ASSERT_EQ(test, 2, nic->done_count);
	KUNIT_EXPECT_EQ(test, -ECANCELED, nic->done[1].status);
	KUNIT_EXPECT_EQ(test, live, ov2sim_sas_live());
}

/* S27: the NIC does not touch the nodes after the request has completed. */
static void nic_cmd_test_nodes_untouched(struct kunit *test)
{
	struct nic_cmd_fixture *fix = test->priv;
	struct ov2_delete_sa del = {};
	struct ov2_request req = { .kind = OV2_DELETE_SA, .count = 1, .del = &del };

	KUNIT_ASSERT_EQ(test, 0, nic_cmd_run(test, nic_cmd_add_list(test, 3)));
	del.offload_handle = fix->nodes[1].offload_handle;
	memset(fix->nodes, 0x6b, sizeof(fix->nodes));
	KUNIT_EXPECT_EQ(test, 0, nic_cmd_run(test, &req));
	KUNIT_EXPECT_EQ(test, 2, ov2sim_hw_sa_count(fix->nic->hw));
	memset(&del, 0x6b, sizeof(del));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_reset(fix->nic->hw));
	KUNIT_EXPECT_EQ(test, 0, ov2sim_hw_sa_count(fix->nic->hw));
	KUNIT_EXPECT_NULL(test, memchr_inv(fix->nodes, 0x6b, sizeof(fix->nodes)));
	KUNIT_EXPECT_NULL(test, memchr_inv(&del, 0x6b, sizeof(del)));
}

static struct kunit_case nic_cmd_cases[] = {
	KUNIT_CASE(nic_cmd_test_add_partial),
	KUNIT_CASE(nic_cmd_test_add_none),
	KUNIT_CASE(nic_cmd_test_delete_list),
	KUNIT_CASE(nic_cmd_test_update_list),
	KUNIT_CASE(nic_cmd_test_bad_lists),
	KUNIT_CASE(nic_cmd_test_cancel),
	KUNIT_CASE(nic_cmd_test_delay),
	KUNIT_CASE(nic_cmd_test_lose),
	KUNIT_CASE(nic_cmd_test_reorder),
	KUNIT_CASE(nic_cmd_test_reorder_cancel),
	KUNIT_CASE(nic_cmd_test_refuse_nth),
	KUNIT_CASE(nic_cmd_test_nomem),
	KUNIT_CASE(nic_cmd_test_reset),
	KUNIT_CASE_PARAM(nic_cmd_test_abort_midway, nic_cmd_abort_gen_params),
	KUNIT_CASE(nic_cmd_test_submit_in_reset),
	KUNIT_CASE(nic_cmd_test_destroy_pending),
	KUNIT_CASE(nic_cmd_test_nodes_untouched),
	{}
};

static struct kunit_suite nic_cmd_suite = {
	.name = "ov2_nic_cmd",
	.init = nic_cmd_init,
	.exit = nic_cmd_exit,
	.test_cases = nic_cmd_cases,
};

kunit_test_suite(nic_cmd_suite);
