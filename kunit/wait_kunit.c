// SPDX-License-Identifier: GPL-2.0-only
/* Adds in packet mode: xfrm waits until the NIC has the SA, and is told why if it has not. */
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include "packet_out.h"

#define WAIT_TIMEOUT	(20 * HZ)

static const struct fixture_sa wait_out = { .packet = true, .out = true };
static const struct fixture_sa wait_in = { .packet = true };
static const struct fixture_sa wait_crypto = { .out = true };
static const struct fixture_sa wait_crypto_in = { };

static int wait_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);

	f->fake->mode = FAKE_NOW;
	return 0;
}

static void wait_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* Starts again with a NIC of other capabilities. */
static struct fixture *wait_renew(struct kunit *test, const struct ov2_caps *caps)
{
	struct fixture *f;

	fixture_destroy(test->priv);
	f = fixture_create(test, caps);
	f->fake->mode = FAKE_NOW;
	return f;
}

static struct fixture *wait_small(struct kunit *test, u32 sas)
{
	struct ov2_caps caps = fake_nic_caps;

	caps.max_sas = sas;
	return wait_renew(test, &caps);
}

/**
 * struct wait_add - An add that runs in a thread.
 * @f: the fixture
 * @want: parameters of the state
 * @x: the state
 * @cookie: of the SA, once it is there
 * @err: result
 * @task: the thread, with a reference
 * @done: the add has returned
 */
struct wait_add {
	struct fixture *f;
	const struct fixture_sa *want;
	struct xfrm_state *x;
	u32 cookie;
	int err;
	struct task_struct *task;
	struct completion done;
};

static int wait_thread(void *arg)
{
	struct wait_add *add = arg;

	allow_signal(SIGKILL);
	add->err = fixture_offload(add->f, add->x, add->want);
	kthread_complete_and_exit(&add->done, 0);
}

/* Begins an add. */
static void wait_begin(struct fixture *f, struct wait_add *add, const struct fixture_sa *want)
{
	*add = (struct wait_add){ .f = f, .want = want, .x = fixture_state(f, want) };
	init_completion(&add->done);
	add->task = kthread_create(wait_thread, add, "ov2_kunit_wait");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(f->test, add->task);
	get_task_struct(add->task);
	wake_up_process(add->task);
}

/* Waits until the core has admitted the SA, and returns it. */
static struct ov2_sa *wait_admitted(struct wait_add *add)
{
	struct ov2_sa *sa;
	long left = WAIT_TIMEOUT;

	do {
		sa = fixture_entry(add->x);
		if (sa && READ_ONCE(sa->state) != OV2_SA_GONE)
			break;
		left -= 1 + schedule_timeout_uninterruptible(1);
	} while (left > 0 && !completion_done(&add->done));
	KUNIT_ASSERT_NOT_NULL_MSG(add->f->test, sa, "not admitted: %d", READ_ONCE(add->err));
	add->cookie = sa->cookie;
	return sa;
}

/* Waits until the add has returned. Nothing is left of one that has failed but what the NIC has not
 * answered yet.
 */
static int wait_end(struct wait_add *add)
{
	struct fixture *f = add->f;

	KUNIT_ASSERT_NE(f->test, wait_for_completion_timeout(&add->done, WAIT_TIMEOUT), 0);
	put_task_struct(add->task);
	if (add->err) {
		KUNIT_EXPECT_EQ(f->test, add->x->xso.offload_handle, 0);
		KUNIT_EXPECT_NULL(f->test, add->x->xso.dev);
		add->x->km.state = XFRM_STATE_DEAD;
		xfrm_state_put(add->x);
	}
	fixture_settle(f);
	return add->err;
}

/* Runs an add to its end. */
static int wait_add(struct fixture *f, const struct fixture_sa *want)
{
	struct wait_add add;

	wait_begin(f, &add, want);
	return wait_end(&add);
}

static void wait_expect_msg(struct fixture *f, const char *part)
{
	KUNIT_EXPECT_NOT_NULL_MSG(f->test, strstr(f->extack._msg ?: "", part), "%s",
				  f->extack._msg ?: "no message");
}

/* Nothing is left of an SA. */
static void wait_expect_gone(struct fixture *f, const struct wait_add *add)
{
	rcu_barrier();
	rcu_read_lock();
	KUNIT_EXPECT_NULL(f->test, ov2_sa_find(add->cookie));
	rcu_read_unlock();
}

struct wait_mode_row {
	const char *name;
	enum fake_mode mode;
};

static const struct wait_mode_row wait_mode_rows[] = {
	{ "at once", FAKE_NOW },
	{ "before the op returns", FAKE_EARLY },
	{ "in softirq", FAKE_SOFTIRQ },
};

KUNIT_ARRAY_PARAM_DESC(wait_mode, wait_mode_rows, name);

/* S1: the add returns when the NIC has the SA, however fast it is. */
static void wait_test_answered(struct kunit *test)
{
	const struct wait_mode_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *x;

	f->fake->mode = row->mode;
	x = fixture_sa(f, &wait_out);
	KUNIT_EXPECT_EQ(test, fixture_sa_state(x), OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_NOT_NULL(test, fake_nic_by_spi(f->fake, fixture_spi(x)));
	KUNIT_EXPECT_TRUE(test, fake_nic_by_spi(f->fake, fixture_spi(x))->packet);
	f->fake->mode = FAKE_NOW;
}

/* S1: the add returns when the NIC answers and not before. The SA is of no use before that. */
static void wait_test_pending(struct kunit *test)
{
	static const struct packet_out tcp = { .len = 100 };
	struct fixture *f = test->priv;
	struct wait_add add;
	struct sk_buff *skb;
	struct ov2_tx tx;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	fixture_expect_state(f, add.x, OV2_PHASE_ADDING);
	KUNIT_EXPECT_FALSE(test, completion_done(&add.done));
	add.x->km.state = XFRM_STATE_VALID;
	skb = packet_given(f, add.x, &tcp);
	add.x->km.state = XFRM_STATE_VOID;
	KUNIT_EXPECT_EQ(test, packet_send(skb, &tx), -ENOENT);
	kfree_skb(skb);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	KUNIT_EXPECT_EQ(test, wait_end(&add), 0);
	fixture_expect_state(f, add.x, OV2_PHASE_OFFLOADED);
}

struct wait_err_row {
	const char *name;
	int nic;
	int err;
};

static const struct wait_err_row wait_err_rows[] = {
	{ "EINVAL", -EINVAL, -EINVAL },
	{ "ENOMEM", -ENOMEM, -ENOMEM },
	{ "ENOSPC", -ENOSPC, -ENOSPC },
	{ "EOPNOTSUPP", -EOPNOTSUPP, -EOPNOTSUPP },
	/* IKE daemons take these for answers about the state. */
	{ "ESRCH", -ESRCH, -EIO },
	{ "EEXIST", -EEXIST, -EIO },
	{ "ENOENT", -ENOENT, -EIO },
	/* These are the core's own words. */
	{ "EACCES", -EACCES, -EIO },
	{ "ENODEV", -ENODEV, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(wait_err, wait_err_rows, name);

/* S5: the NIC does not take the SA, and the caller learns why. */
static void wait_test_refused(struct kunit *test)
{
	const struct wait_err_row *row = test->param_value;
	struct fixture *f = test->priv;

	f->fake->mode = FAKE_FAIL;
	f->fake->err = row->nic;
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), row->err);
	wait_expect_msg(f, "has not accepted");
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_FAIL), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_EVICTED), 0);
	f->fake->mode = FAKE_NOW;
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
}

/* S5: the NIC does not take one SA of a list. */
static void wait_test_refused_node(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->refuse = BIT(0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_in), -EIO);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S3: a request that fails must not have offloaded an SA. The core deletes it, and the add fails.
 */
static void wait_test_failed_with_handle(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	f->fake->lie = -EFAULT;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	f->fake->lie = 0;
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EIO);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S28: the NIC does not answer within the deadline. Its late answer is undone. */
static void wait_test_deadline(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	/* The request has the same deadline, and could be faster. */
	disable_delayed_work_sync(&f->nic->engine.deadline_work);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 50), 0);
	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	wait_admitted(&add);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -ETIMEDOUT);
	wait_expect_msg(f, "not answered in time");
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	wait_expect_gone(f, &add);
	enable_delayed_work(&f->nic->engine.deadline_work);
}

/* S26, S28: the deadline of the request is over before that of the add. */
static void wait_test_cancelled(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fake_request *fr;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fr = fake_nic_wait(f->fake, 0);
	fixture_settle(f);
	ov2_request_expire(f->nic, fr->deadline);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -ETIMEDOUT);
	wait_expect_msg(f, "not answered in time");
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
}

/* S62: the NIC is being reset. The add waits, and fails if that takes longer than its deadline. */
static void wait_test_reset(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(go);
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->hold_reset = &go;
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 20), 0);
	wait_begin(f, &add, &wait_out);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&add.done, WAIT_TIMEOUT), 0);
	complete(&go);
	KUNIT_EXPECT_EQ(test, add.err, -EBUSY);
	complete_all(&add.done);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EBUSY);
	wait_expect_msg(f, "being reset");
	KUNIT_EXPECT_EQ(test, f->fake->total, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);

	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 60000), 0);
	reinit_completion(&go);
	fake_nic_reset_later(f->fake);
	fake_nic_wait_resetting(f->fake);
	wait_begin(f, &add, &wait_out);
	wait_admitted(&add);
	complete(&go);
	KUNIT_EXPECT_EQ(test, wait_end(&add), 0);
	fixture_expect_state(f, add.x, OV2_PHASE_OFFLOADED);
	f->fake->hold_reset = NULL;
}

/* S62: a reset aborts the request. The add goes on after it. */
static void wait_test_aborted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	KUNIT_EXPECT_EQ(test, wait_end(&add), 0);
	fixture_expect_state(f, add.x, OV2_PHASE_OFFLOADED);
}

/* The reset fails, and the NIC goes out of service. */
static void wait_test_nic_dies(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	f->fake->reset_err = -EIO;
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EOPNOTSUPP);
	wait_expect_msg(f, "out of service");
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -EOPNOTSUPP);
	wait_expect_msg(f, "out of service");
}

/* The NIC goes out of service while an add waits for a slot. */
static void wait_test_nic_dies_full(struct kunit *test)
{
	struct fixture *f = wait_small(test, 1);
	struct xfrm_state *x = fixture_sa(f, &wait_out);
	u32 base = f->fake->total;
	struct wait_add add;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	wait_begin(f, &add, &wait_out);
	wait_admitted(&add);
	f->fake->reset_err = -EIO;
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EOPNOTSUPP);
	wait_expect_msg(f, "out of service");
	KUNIT_EXPECT_EQ(test, READ_ONCE(f->nic->slots.waiting), 0);
}

/* S65: the port is removed while an add waits for the NIC. The removal waits for the add, so the
 * add must not wait for a NIC that is slow.
 */
static void wait_test_port_removed(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 60000), 0);
	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	fixture_close(f);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EOPNOTSUPP);
	wait_expect_msg(f, "out of service");
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

/* S7: the configuration excludes the SA while it is being added. */
static void wait_test_configuration(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	caps.features &= ~OV2_CAP_PACKET;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EOPNOTSUPP);
	wait_expect_msg(f, "configuration has changed");
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -EOPNOTSUPP);
	wait_expect_msg(f, "not supported by the NIC");
}

/* A task that is killed does not wait for the NIC. Its SA leaves the NIC again. */
static void wait_test_killed(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct wait_add add;

	f->fake->mode = FAKE_PEND;
	wait_begin(f, &add, &wait_out);
	fake_nic_wait(f->fake, 0);
	wait_admitted(&add);
	send_sig(SIGKILL, add.task, 1);
	KUNIT_EXPECT_EQ(test, wait_end(&add), -EINTR);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_SUCCESS), 1);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	wait_expect_gone(f, &add);
}

/* S6: the table is full of SAs in packet mode, and one more is refused at once. A delete makes room
 * for exactly one.
 */
static void wait_test_full(struct kunit *test)
{
	struct fixture *f = wait_small(test, 2);
	struct xfrm_state *x = fixture_sa(f, &wait_out);

	fixture_sa(f, &wait_in);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "table (2) is full");
	fixture_delete(f, x);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
}

/* S6: the NIC is about to delete an SA, and one more may wait for its slot. MOBIKE deletes an SA
 * and adds it again. S68: a second one would wait without a chance.
 */
static void wait_test_leaving(struct kunit *test)
{
	struct fixture *f = wait_small(test, 2);
	struct xfrm_state *x = fixture_sa(f, &wait_out);
	struct wait_add add;
	u32 base;

	fixture_sa(f, &wait_in);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	wait_begin(f, &add, &wait_out);
	wait_admitted(&add);
	fixture_expect_state(f, add.x, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_in), -ENOSPC);
	KUNIT_EXPECT_FALSE(test, completion_done(&add.done));
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	KUNIT_EXPECT_EQ(test, wait_end(&add), 0);
	fixture_expect_state(f, add.x, OV2_PHASE_OFFLOADED);
}

/* S6, S28: the slot does not become free in time. */
static void wait_test_leaving_late(struct kunit *test)
{
	struct fixture *f = wait_small(test, 1);
	struct xfrm_state *x = fixture_sa(f, &wait_out);
	u32 base = f->fake->total;

	disable_delayed_work_sync(&f->nic->engine.deadline_work);
	KUNIT_ASSERT_EQ(test, ov2_nic_set_deadline(f->nic, 20), 0);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "No slot");
	KUNIT_EXPECT_EQ(test, READ_ONCE(f->nic->slots.waiting), 0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	enable_delayed_work(&f->nic->engine.deadline_work);
}

/* S6: an SA that comes between the completion of a delete and the pump does not get the slot that
 * another SA waits for.
 */
static void wait_test_in_turn(struct kunit *test)
{
	struct fixture *f = wait_small(test, 1);
	struct xfrm_state *x = fixture_sa(f, &wait_out);
	struct wait_add add;
	u32 base;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x);
	fake_nic_wait(f->fake, base);
	wait_begin(f, &add, &wait_out);
	wait_admitted(&add);
	fixture_expect_state(f, add.x, OV2_PHASE_WAITING);
	disable_work_sync(&f->nic->pump_work);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	KUNIT_EXPECT_EQ(test, wait_end(&add), 0);
}

/* S6: an SA in crypto mode gives way, the idlest one, because software continues with it. */
static void wait_test_gives_way(struct kunit *test)
{
	struct fixture *f = wait_small(test, 3);
	struct xfrm_state *busy = fixture_sa(f, &wait_crypto), *idle = fixture_sa(f, &wait_crypto);
	struct xfrm_state *packet = fixture_sa(f, &wait_in);

	fixture_settle(f);
	fixture_entry(busy)->rate.rate = 100;
	fixture_entry(idle)->rate.rate = 10;
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	fixture_expect_state(f, idle, OV2_PHASE_WAITING);
	fixture_expect_state(f, busy, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	fixture_expect_state(f, busy, OV2_PHASE_WAITING);
	fixture_expect_state(f, packet, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
}

/* S6: each direction has a table of its own. SAs of the other one neither give way nor leave in
 * favour of the SA.
 */
static void wait_test_directions(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;
	struct xfrm_state *in, *out, *leaving;
	u32 base;

	caps.max_dir_sas[OV2_IN] = 2;
	caps.max_dir_sas[OV2_OUT] = 1;
	f = wait_renew(test, &caps);
	in = fixture_sa(f, &wait_crypto_in);
	leaving = fixture_sa(f, &wait_in);
	fixture_sa(f, &wait_out);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "table (1) is full");
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, leaving);
	fake_nic_wait(f->fake, base);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "table (1) is full");
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_in), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_in), 0);
	fixture_expect_state(f, in, OV2_PHASE_WAITING);
	out = fixture_sa(f, &wait_crypto);
	fixture_expect_state(f, out, OV2_PHASE_WAITING);
}

/* S6: a port has all the slots that one port may have. */
static void wait_test_share(struct kunit *test)
{
	struct fixture *f = test->priv;
	static const struct fixture_sa other = { .packet = true, .port = 1 };

	ov2_nic_set_port_max(f->nic, 1);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "share (1)");
	KUNIT_EXPECT_EQ(test, wait_add(f, &other), 0);
}

static void wait_set_pressure(struct fixture *f, u64 until, u64 fill_after)
{
	spin_lock_bh(&f->nic->lock);
	f->nic->slots.pressure_until = until;
	f->nic->slots.fill_after = fill_after;
	fixture_port_of(f, 0)->fill_after = fill_after;
	fixture_port_of(f, 0)->paced_until = 0;
	spin_unlock_bh(&f->nic->lock);
}

/* S60: a NIC that has asked for room takes two SAs of each port and direction in an interval, so
 * that an SA which an IKE daemon replaces finds room. While slots are not filled it is as good as
 * full.
 */
static void wait_test_pressure(struct kunit *test)
{
	static const struct fixture_sa other = { .packet = true, .out = true, .port = 1 };
	struct fixture *f = test->priv;
	u64 later = get_jiffies_64() + 100 * HZ;

	f->nic->caps.max_sas = 8;
	wait_set_pressure(f, later, later);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "evicts SAs");
	KUNIT_EXPECT_EQ(test, wait_add(f, &other), 0);
	wait_set_pressure(f, later, 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	fixture_port_of(f, 0)->paced_until = later;
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	wait_expect_msg(f, "evicts SAs");
	KUNIT_EXPECT_EQ(test, wait_add(f, &other), 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_in), 0);
	wait_set_pressure(f, later, 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	wait_set_pressure(f, 0, 0);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), 0);
	KUNIT_EXPECT_EQ(test, fixture_port_of(f, 0)->paced[OV2_OUT], 1);
}

/* S5, S15: what cannot be offloaded is an error, and nothing of it is left. */
static void wait_test_excluded(struct kunit *test)
{
	static const struct fixture_sa marked = { .packet = true, .mark = 1 };
	static const struct fixture_sa rows[] = {
		{ .packet = true, .out = true, .mode = XFRM_MODE_TUNNEL, .sel_family = AF_INET6 },
	};
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, wait_add(f, &marked), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_EQ(test, wait_add(f, &rows[0]), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, f->extack._msg);
	f->netdev[0]->features &= ~NETIF_F_HW_ESP;
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -EOPNOTSUPP);
	f->netdev[0]->features |= NETIF_F_HW_ESP;
	KUNIT_EXPECT_EQ(test, f->fake->total, 0);
}

/* The admin does not want xfrm to wait: the add returns at once, SAs of one sender travel in one
 * list, and there is no waiting for a slot.
 */
static void wait_test_off(struct kunit *test)
{
	struct fixture *f = wait_small(test, 4);
	struct fake_request *fr;
	struct xfrm_state *x[4];
	int i;

	KUNIT_EXPECT_TRUE(test, ov2_nic_packet_add_wait(f->nic));
	ov2_nic_set_packet_add_wait(f->nic, false);
	KUNIT_EXPECT_FALSE(test, ov2_nic_packet_add_wait(f->nic));
	f->fake->mode = FAKE_BUSY;
	x[0] = fixture_sa(f, &wait_out);
	fake_nic_wait(f->fake, 0);
	for (i = 1; i < 4; i++)
		x[i] = fixture_sa(f, &wait_out);
	fixture_expect_state(f, x[3], OV2_PHASE_QUEUED);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	KUNIT_ASSERT_EQ(test, fake_nic_reset(f->fake), 0);
	fr = fake_nic_wait(f->fake, 1);
	KUNIT_EXPECT_EQ(test, fr->count, 4);
	for (i = 0; i < 4; i++)
		fixture_expect_state(f, x[i], OV2_PHASE_OFFLOADED);

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, x[0]);
	fake_nic_wait(f->fake, 2);
	KUNIT_EXPECT_EQ(test, wait_add(f, &wait_out), -ENOSPC);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	fixture_settle(f);
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE_PARAM(wait_test_answered, wait_mode_gen_params),
	KUNIT_CASE(wait_test_pending),
	KUNIT_CASE_PARAM(wait_test_refused, wait_err_gen_params),
	KUNIT_CASE(wait_test_refused_node),
	KUNIT_CASE(wait_test_failed_with_handle),
	KUNIT_CASE(wait_test_deadline),
	KUNIT_CASE(wait_test_cancelled),
	KUNIT_CASE(wait_test_reset),
	KUNIT_CASE(wait_test_aborted),
	KUNIT_CASE(wait_test_nic_dies),
	KUNIT_CASE(wait_test_nic_dies_full),
	KUNIT_CASE(wait_test_port_removed),
	KUNIT_CASE(wait_test_configuration),
	KUNIT_CASE(wait_test_killed),
	KUNIT_CASE(wait_test_full),
	KUNIT_CASE(wait_test_leaving),
	KUNIT_CASE(wait_test_leaving_late),
	KUNIT_CASE(wait_test_in_turn),
	KUNIT_CASE(wait_test_gives_way),
	KUNIT_CASE(wait_test_directions),
	KUNIT_CASE(wait_test_share),
	KUNIT_CASE(wait_test_pressure),
	KUNIT_CASE(wait_test_excluded),
	KUNIT_CASE(wait_test_off),
	{ }
};

static struct kunit_suite wait_suite = {
	.name = "ov2_wait",
	.init = wait_init,
	.exit = wait_exit,
	.test_cases = wait_cases,
};

kunit_test_suite(wait_suite);
