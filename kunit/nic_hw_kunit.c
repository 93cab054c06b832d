// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: failures of ov2sim_hw_create(): each step that may fail undoes the steps before it. */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/iopoll.h>
#include <linux/sched/signal.h>
#include "../drivers/ov2sim/nic/cmd.h"
#include "../drivers/ov2sim/nic/hw.h"
#include "../drivers/ov2sim/nic/port.h"
#include "../drivers/ov2sim/nic/sadb.h"
#include "../drivers/ov2sim/nic/worker.h"
#include "nic_fixture.h"

#define NIC_HW_NAME		"nicfail"
#define NIC_HW_WORKERS	3

static const struct ov2sim_hw_ops nic_hw_ops;

static int nic_hw_no_sadb(struct ov2sim_sadb *db, const struct ov2_caps *caps, u32 ports,
			  struct ov2sim_faults *faults)
{
	return -ENOMEM;
}

static int nic_hw_no_ports(struct ov2sim_hw *hw)
{
	return -ENOMEM;
}

static int nic_hw_no_worker(struct ov2sim_worker *worker, struct ov2sim_hw *hw, u32 index)
{
	return -EINTR;
}

/* Fail for the last worker only. */
static int nic_hw_no_last_worker(struct ov2sim_worker *worker, struct ov2sim_hw *hw, u32 index)
{
	struct kunit *test = kunit_get_current_test();
	int err;

	if (index == NIC_HW_WORKERS - 1)
		return -EINTR;
	kunit_deactivate_static_stub(test, ov2sim_worker_init);
	err = ov2sim_worker_init(worker, hw, index);
	kunit_activate_static_stub(test, ov2sim_worker_init, nic_hw_no_last_worker);
	return err;
}

static int nic_hw_no_cmd(struct ov2sim_hw *hw)
{
	return -EINTR;
}

struct nic_hw_row {
	const char *name;
	void (*fail)(struct kunit *test);
	void *failing;
	int err;
};

static void nic_hw_fail_sadb(struct kunit *test)
{
	kunit_activate_static_stub(test, ov2sim_sadb_init, nic_hw_no_sadb);
}

static void nic_hw_fail_ports(struct kunit *test)
{
	kunit_activate_static_stub(test, ov2sim_ports_alloc, nic_hw_no_ports);
}

static void nic_hw_fail_worker(struct kunit *test)
{
	kunit_activate_static_stub(test, ov2sim_worker_init, nic_hw_no_worker);
}

static void nic_hw_fail_last_worker(struct kunit *test)
{
	kunit_activate_static_stub(test, ov2sim_worker_init, nic_hw_no_last_worker);
}

static void nic_hw_fail_cmd(struct kunit *test)
{
	kunit_activate_static_stub(test, ov2sim_cmd_init, nic_hw_no_cmd);
}

static const struct nic_hw_row nic_hw_rows[] = {
	{ "SA table", nic_hw_fail_sadb, ov2sim_sadb_init, -ENOMEM },
	{ "ports", nic_hw_fail_ports, ov2sim_ports_alloc, -ENOMEM },
	{ "first worker", nic_hw_fail_worker, ov2sim_worker_init, -EINTR },
	{ "last worker", nic_hw_fail_last_worker, ov2sim_worker_init, -EINTR },
	{ "command thread", nic_hw_fail_cmd, ov2sim_cmd_init, -EINTR },
};

KUNIT_ARRAY_PARAM_DESC(nic_hw, nic_hw_rows, name);

static unsigned int nic_hw_threads(void)
{
	struct task_struct *task;
	unsigned int count = 0;

	rcu_read_lock();
	for_each_process(task)
		count += str_has_prefix(task->comm, NIC_HW_NAME) && !task->exit_state;
	rcu_read_unlock();
	return count;
}

/* After a failed creation no thread is left, and the same NIC can be created. */
static void nic_hw_test_create_fails(struct kunit *test)
{
	const struct nic_hw_row *row = test->param_value;
	struct ov2sim_hw_config config = {
		.name = NIC_HW_NAME, .ports = 2, .queues = NIC_HW_WORKERS,
	};
	struct ov2sim_hw *hw;
	unsigned int threads;

	nic_fixture_caps(&config.caps);
	row->fail(test);
	hw = ov2sim_hw_create(&config, &nic_hw_ops, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(hw), row->err);
	KUNIT_EXPECT_EQ(test, 0, read_poll_timeout(nic_hw_threads, threads, !threads, 100,
						   10 * USEC_PER_SEC, false));
	kunit_deactivate_static_stub(test, row->failing);
	if (!IS_ERR(hw))
		ov2sim_hw_destroy(hw);
	hw = ov2sim_hw_create(&config, &nic_hw_ops, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hw);
	KUNIT_EXPECT_EQ(test, nic_hw_threads(), NIC_HW_WORKERS + 1);
	ov2sim_hw_destroy(hw);
}

/* A NIC without ports, queues, SAs, list nodes or requests is refused. */
static void nic_hw_test_create_refuses(struct kunit *test)
{
	struct ov2sim_hw_config good = { .name = NIC_HW_NAME, .ports = 1, .queues = 1 }, config;
	u32 i;

	nic_fixture_caps(&good.caps);
	for (i = 0; i < 5; i++) {
		config = good;
		if (i == 0)
			config.ports = 0;
		else if (i == 1)
			config.queues = 0;
		else if (i == 2)
			config.caps.max_sas = 0;
		else if (i == 3)
			config.caps.max_list = 0;
		else
			config.caps.max_requests = 0;
		KUNIT_EXPECT_EQ(test, -EINVAL,
				PTR_ERR_OR_ZERO(ov2sim_hw_create(&config, &nic_hw_ops, NULL)));
	}
}

static struct kunit_case nic_hw_cases[] = {
	KUNIT_CASE_PARAM(nic_hw_test_create_fails, nic_hw_gen_params),
	KUNIT_CASE(nic_hw_test_create_refuses),
	{}
};

static struct kunit_suite nic_hw_suite = {
	.name = "ov2_nic_hw",
	.test_cases = nic_hw_cases,
};

kunit_test_suite(nic_hw_suite);
