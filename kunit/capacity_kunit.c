// SPDX-License-Identifier: GPL-2.0-only
/* The NIC's SA table: the last slot, SAs that wait for a slot, and the order in which they get one.
 */
#include "xfrm_fixture.h"

#define CAPACITY	4

static int capacity_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.max_sas = CAPACITY;
	f = fixture_create(test, &caps);
	f->fake->mode = FAKE_NOW;
	return 0;
}

static void capacity_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

static void capacity_fill(struct fixture *f, struct xfrm_state **x)
{
	int i;

	for (i = 0; i < CAPACITY; i++) {
		x[i] = fixture_sa(f, NULL);
		KUNIT_EXPECT_NULL(f->test, f->extack._msg);
	}
	fixture_settle(f);
	KUNIT_ASSERT_EQ(f->test, f->fake->live, CAPACITY);
}

/* S6: the advertised number of SAs is offloaded. One more waits in software, and xfrm is told why.
 * A delete frees exactly one slot, for the SA that has waited longest.
 */
static void capacity_test_one_more(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *first, *second;

	capacity_fill(f, x);
	first = fixture_sa(f, &out);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "table (4) is full"));
	second = fixture_sa(f, NULL);
	fixture_expect_state(f, first, OV2_PHASE_WAITING);
	fixture_expect_state(f, second, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), CAPACITY);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_WAITING), 2);

	fixture_delete(f, x[2]);
	fixture_expect_state(f, first, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, second, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->live, CAPACITY);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), CAPACITY);
}

/* S6, S18: a slot becomes free when the NIC completes the delete, not before. */
static void capacity_test_not_before_completion(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *waits;
	u32 base;

	capacity_fill(f, x);
	waits = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), CAPACITY);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
}

/* S5, S6: an add that the NIC rejects occupies no slot. */
static void capacity_test_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *refused;

	f->fake->refuse = ~0U;
	refused = fixture_sa(f, NULL);
	fixture_expect_state(f, refused, OV2_PHASE_SOFTWARE);
	f->fake->refuse = 0;
	capacity_fill(f, x);
}

/* S6: an SA gets its slot at admission, so pending adds count. */
static void capacity_test_pending(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *waits;
	int i;

	f->fake->mode = FAKE_PEND;
	for (i = 0; i < CAPACITY; i++)
		x[i] = fixture_sa(f, NULL);
	waits = fixture_sa(f, NULL);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	/* The NIC rejects one SA, and its slot is free again. */
	f->fake->refuse = BIT(0);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 0));
	f->fake->refuse = 0;
	fake_nic_finish_all(f->fake);
	fixture_expect_state(f, x[0], OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, waits, OV2_PHASE_OFFLOADED);
}

/* S6: when too many SAs wait, the core refuses another one and names the limit. xfrm continues in
 * software.
 */
static void capacity_test_second_limit(struct kunit *test)
{
	static const struct fixture_sa plain;
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *over, *waits;

	KUNIT_EXPECT_GT(test, ov2_nic_waiting_max(f->nic), 0);
	ov2_nic_set_waiting_max(f->nic, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_waiting_max(f->nic), 1);
	capacity_fill(f, x);
	waits = fixture_sa(f, NULL);
	over = fixture_state(f, &plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, over, &plain), 0);
	KUNIT_EXPECT_EQ(test, over->xso.offload_handle, 0);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "1 SAs wait already"));
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);

	/* Delete a waiting SA: the NIC is not told, and another SA may wait. */
	fixture_delete(f, waits);
	fixture_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);
	fixture_expect_state(f, fixture_sa(f, NULL), OV2_PHASE_WAITING);
}

/* Deletes are submitted before adds while SAs wait for slots. */
static void capacity_test_deletes_first(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY];
	struct ov2_caps caps;
	u32 base;

	ov2_nic_caps(f->nic, &caps);
	caps.max_requests = 1;
	caps.max_list = 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	capacity_fill(f, x);
	fixture_sa(f, NULL);
	fixture_sa(f, NULL);
	fixture_sa(f, NULL);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x[0]);
	fake_nic_wait(f->fake, base);
	fixture_delete(f, x[1]);
	fixture_delete(f, x[2]);
	/* The first delete queues the first waiting SA. Two SAs still wait. */
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, base + 1)->kind, OV2_DELETE_SA);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base + 1));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, base + 2)->kind, OV2_DELETE_SA);
}

/* S6: the current configuration limits the number of SAs. Raising the limit frees slots at once.
 * Lowering it evicts no SA, but a slot becomes free only below the new limit.
 */
static void capacity_test_configured(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *waits[2];
	struct ov2_caps caps;

	ov2_nic_caps(f->nic, &caps);
	caps.max_sas = 2;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	x[0] = fixture_sa(f, NULL);
	x[1] = fixture_sa(f, NULL);
	waits[0] = fixture_sa(f, NULL);
	waits[1] = fixture_sa(f, NULL);
	fixture_expect_state(f, waits[0], OV2_PHASE_WAITING);
	caps.max_sas = 3;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_expect_state(f, waits[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, waits[1], OV2_PHASE_WAITING);
	caps.max_sas = 2;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_delete(f, x[0]);
	fixture_expect_state(f, waits[1], OV2_PHASE_WAITING);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, waits[1], OV2_PHASE_OFFLOADED);
}

/* S63: after a reset the same SAs have slots and the same SAs wait. */
static void capacity_test_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *waits;
	int i;

	capacity_fill(f, x);
	waits = fixture_sa(f, NULL);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	for (i = 0; i < CAPACITY; i++)
		fixture_expect_state(f, x[i], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, waits, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), CAPACITY);
}

/* S65: waiting SAs stop waiting when the NIC is removed, and no SA is added to it. */
static void capacity_test_removal(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY];

	capacity_fill(f, x);
	fixture_sa(f, NULL);
	fixture_sa(f, NULL);
	fixture_settle(f);
	fixture_close(f);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, 0);
}

static const struct fixture_sa capacity_other_port = { .port = 1 };

/* Fills the share of a port that may have two slots. */
static void capacity_share_fill(struct fixture *f, struct xfrm_state *x[2])
{
	KUNIT_EXPECT_EQ(f->test, ov2_nic_port_max(f->nic), 0);
	ov2_nic_set_port_max(f->nic, 2);
	KUNIT_EXPECT_EQ(f->test, ov2_nic_port_max(f->nic), 2);
	x[0] = fixture_sa(f, NULL);
	x[1] = fixture_sa(f, NULL);
	KUNIT_EXPECT_NULL(f->test, f->extack._msg);
	fixture_expect_state(f, x[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
}

/* S6: a port gets its share and no more, even if slots are free, and xfrm is told why. Another port
 * gets the other slots. Only an SA of the same port that leaves the NIC lets a waiting SA of the
 * port in.
 */
static void capacity_test_share(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over[2], *other[2];

	capacity_share_fill(f, x);
	over[0] = fixture_sa(f, NULL);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "its share (2) of the NIC's SA table"));
	over[1] = fixture_sa(f, NULL);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ADD_WAITING), 2);
	other[0] = fixture_sa(f, &capacity_other_port);
	other[1] = fixture_sa(f, &capacity_other_port);
	fixture_expect_state(f, other[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, other[1], OV2_PHASE_OFFLOADED);

	fixture_delete(f, other[0]);
	fixture_gc();
	fixture_settle(f);
	fixture_tick(f);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
	fixture_delete(f, x[0]);
	fixture_expect_state(f, over[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
}

/* A slot counts for its port until the NIC completes the delete. */
static void capacity_test_share_not_before_completion(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over;
	u32 base;

	capacity_share_fill(f, x);
	over = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_expect_state(f, over, OV2_PHASE_WAITING);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	fixture_expect_state(f, over, OV2_PHASE_OFFLOADED);
}

/* A larger share, or none, frees slots at once. A smaller one evicts no SA. */
static void capacity_test_share_changed(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over[2];

	capacity_share_fill(f, x);
	over[0] = fixture_sa(f, NULL);
	over[1] = fixture_sa(f, NULL);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	ov2_nic_set_port_max(f->nic, 3);
	fixture_expect_state(f, over[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	ov2_nic_set_port_max(f->nic, 1);
	fixture_settle(f);
	fixture_tick(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	ov2_nic_set_port_max(f->nic, 0);
	fixture_expect_state(f, over[1], OV2_PHASE_OFFLOADED);
}

/* Two SAs wait because the table is full. One of them gets the port's share, so the other one does
 * not get the next free slot.
 */
static void capacity_test_share_reached(struct kunit *test)
{
	struct xfrm_state *other[CAPACITY], *over[2];
	struct fixture *f = test->priv;
	int i;

	for (i = 0; i < CAPACITY; i++)
		other[i] = fixture_sa(f, &capacity_other_port);
	over[0] = fixture_sa(f, NULL);
	over[1] = fixture_sa(f, NULL);
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	ov2_nic_set_port_max(f->nic, 1);
	fixture_delete(f, other[0]);
	fixture_delete(f, other[1]);
	fixture_gc();
	fixture_expect_state(f, over[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);
}

/* The first waiting SA could get a slot of its port's share, but the table is full. It is deleted,
 * and the next SA gets the slot.
 */
static void capacity_test_share_waiter_deleted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over[2], *other;
	struct ov2_caps caps;

	capacity_share_fill(f, x);
	over[0] = fixture_sa(f, NULL);
	over[1] = fixture_sa(f, NULL);
	other = fixture_sa(f, &capacity_other_port);
	fixture_sa(f, &capacity_other_port);
	fixture_settle(f);
	ov2_nic_caps(f->nic, &caps);
	caps.max_sas = CAPACITY - 1;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(f->nic, &caps), 0);
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_settle(f);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	fixture_delete(f, over[0]);
	fixture_delete(f, other);
	fixture_gc();
	fixture_settle(f);
	fixture_tick(f);
	fixture_expect_state(f, over[1], OV2_PHASE_OFFLOADED);
}

/* An SA of a port that has its share does not probe for slots of other ports, however busy it is.
 */
static void capacity_test_share_not_asked(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over;

	capacity_share_fill(f, x);
	over = fixture_sa(f, NULL);
	fixture_sa(f, &capacity_other_port);
	fixture_sa(f, &capacity_other_port);
	fixture_settle(f);
	over->curlft.packets = 1000;
	fixture_tick(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 0);
	fixture_expect_state(f, over, OV2_PHASE_WAITING);
	/* With a larger share it probes. */
	ov2_nic_set_port_max(f->nic, 3);
	over->curlft.packets = 2000;
	fixture_tick(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_ASKED), 1);
}

/* S65: a port goes while the NIC still executes the port's deletes. Their slots no longer count for
 * the port.
 */
static void capacity_test_share_port_gone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2];
	u32 base;

	capacity_share_fill(f, x);
	fixture_sa(f, NULL);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_close(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, base));
	fake_nic_finish_all(f->fake);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->nic->slots.waiting_ports));
}

/* S63: after a reset a port still has its share of slots. */
static void capacity_test_share_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over;

	capacity_share_fill(f, x);
	over = fixture_sa(f, NULL);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, x[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, x[1], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, over, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fixture_port_of(f, 0)->slots_used, 2);
}

/* S6: when too many SAs wait, the core refuses another SA of a port that has its share, and names
 * both limits.
 */
static void capacity_test_share_second_limit(struct kunit *test)
{
	static const struct fixture_sa plain;
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over;

	ov2_nic_set_waiting_max(f->nic, 1);
	capacity_share_fill(f, x);
	fixture_sa(f, NULL);
	over = fixture_state(f, &plain);
	KUNIT_EXPECT_EQ(test, fixture_offload(f, over, &plain), 0);
	KUNIT_EXPECT_EQ(test, over->xso.offload_handle, 0);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "its share (2)"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "1 SAs wait already"));
}

/* S6: a slot of a port's share that becomes free goes to the waiting SA of the port, even if
 * another SA is added before the pump has run.
 */
static void capacity_test_share_newer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over, *newer;
	struct fake_request *fr;
	u32 base;

	capacity_share_fill(f, x);
	over = fixture_sa(f, NULL);
	fixture_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	base = f->fake->total;
	fixture_delete(f, x[0]);
	fr = fake_nic_wait(f->fake, base);
	disable_work_sync(&f->nic->pump_work);
	fake_nic_finish(f->fake, fr);
	newer = fixture_sa(f, NULL);
	fixture_expect_state(f, over, OV2_PHASE_QUEUED);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	enable_and_queue_work(f->nic->wq, &f->nic->pump_work);
	fixture_expect_state(f, over, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, newer, OV2_PHASE_WAITING);
}

/* S6: SAs of two ports wait because the shares are used. A slot of a port's share goes to an SA of
 * that port.
 */
static void capacity_test_share_each(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over[2];

	ov2_nic_set_port_max(f->nic, 1);
	x[0] = fixture_sa(f, NULL);
	x[1] = fixture_sa(f, &capacity_other_port);
	over[0] = fixture_sa(f, NULL);
	over[1] = fixture_sa(f, &capacity_other_port);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	fixture_expect_state(f, over[1], OV2_PHASE_WAITING);
	fixture_delete(f, x[1]);
	fixture_expect_state(f, over[0], OV2_PHASE_WAITING);
	fixture_expect_state(f, over[1], OV2_PHASE_OFFLOADED);
	fixture_delete(f, x[0]);
	fixture_expect_state(f, over[0], OV2_PHASE_OFFLOADED);
}

static void capacity_limit_dir(struct fixture *f, enum ov2_dir dir, u32 sas)
{
	struct ov2_caps caps;

	ov2_nic_caps(f->nic, &caps);
	caps.max_dir_sas[dir] = sas;
	KUNIT_ASSERT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
}

/* S6: with a table for each direction an SA waits until one of its own direction has left, and xfrm
 * is told how large that table is. SAs of the other direction get slots meanwhile.
 */
static void capacity_test_direction(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *waits[2], *in;

	capacity_limit_dir(f, OV2_OUT, 2);
	x[0] = fixture_sa(f, &out);
	x[1] = fixture_sa(f, &out);
	KUNIT_EXPECT_NULL(test, f->extack._msg);
	waits[0] = fixture_sa(f, &out);
	KUNIT_ASSERT_NOT_NULL(test, f->extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(f->extack._msg, "table (2) is full"));
	waits[1] = fixture_sa(f, &out);
	in = fixture_sa(f, NULL);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, waits[0], OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, f->fake->live, 3);

	fixture_delete(f, in);
	fixture_gc();
	fixture_expect_state(f, waits[0], OV2_PHASE_WAITING);
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_expect_state(f, waits[0], OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, waits[1], OV2_PHASE_WAITING);
}

/* S6: SAs of both directions wait for the share of their port. One whose table is full does not
 * hold up one of the other direction behind it.
 */
static void capacity_test_share_direction(struct kunit *test)
{
	static const struct fixture_sa out = { .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *x[2], *over_in, *over_out, *other;

	ov2_nic_set_port_max(f->nic, 2);
	capacity_limit_dir(f, OV2_IN, 1);
	other = fixture_sa(f, &capacity_other_port);
	x[0] = fixture_sa(f, &out);
	x[1] = fixture_sa(f, &out);
	over_in = fixture_sa(f, NULL);
	over_out = fixture_sa(f, &out);
	fixture_expect_state(f, over_in, OV2_PHASE_WAITING);
	fixture_expect_state(f, over_out, OV2_PHASE_WAITING);
	fixture_delete(f, x[0]);
	fixture_gc();
	fixture_expect_state(f, over_in, OV2_PHASE_WAITING);
	fixture_expect_state(f, over_out, OV2_PHASE_OFFLOADED);
	fixture_delete(f, other);
	fixture_delete(f, x[1]);
	fixture_gc();
	fixture_expect_state(f, over_in, OV2_PHASE_OFFLOADED);
}

/* Waiting SAs stop waiting when the NIC cannot be reset. */
static void capacity_test_dead(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x[CAPACITY], *waits[2];

	ov2_nic_set_port_max(f->nic, CAPACITY);
	capacity_fill(f, x);
	waits[0] = fixture_sa(f, NULL);
	waits[1] = fixture_sa(f, &capacity_other_port);
	fixture_expect_state(f, waits[0], OV2_PHASE_WAITING);
	fixture_expect_state(f, waits[1], OV2_PHASE_WAITING);
	f->fake->reset_err = -EIO;
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), -ENODEV);
	fixture_expect_state(f, waits[0], OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, waits[1], OV2_PHASE_SOFTWARE);
	KUNIT_EXPECT_EQ(test, f->nic->slots.waiting, 0);
}

static struct kunit_case capacity_cases[] = {
	KUNIT_CASE(capacity_test_one_more),
	KUNIT_CASE(capacity_test_not_before_completion),
	KUNIT_CASE(capacity_test_refused),
	KUNIT_CASE(capacity_test_pending),
	KUNIT_CASE(capacity_test_second_limit),
	KUNIT_CASE(capacity_test_deletes_first),
	KUNIT_CASE(capacity_test_configured),
	KUNIT_CASE(capacity_test_reset),
	KUNIT_CASE(capacity_test_removal),
	KUNIT_CASE(capacity_test_share),
	KUNIT_CASE(capacity_test_share_not_before_completion),
	KUNIT_CASE(capacity_test_share_changed),
	KUNIT_CASE(capacity_test_share_reached),
	KUNIT_CASE(capacity_test_share_waiter_deleted),
	KUNIT_CASE(capacity_test_share_not_asked),
	KUNIT_CASE(capacity_test_share_port_gone),
	KUNIT_CASE(capacity_test_share_reset),
	KUNIT_CASE(capacity_test_share_second_limit),
	KUNIT_CASE(capacity_test_share_newer),
	KUNIT_CASE(capacity_test_share_each),
	KUNIT_CASE(capacity_test_direction),
	KUNIT_CASE(capacity_test_share_direction),
	KUNIT_CASE(capacity_test_dead),
	{ }
};

static struct kunit_suite capacity_suite = {
	.name = "ov2_capacity",
	.init = capacity_init,
	.exit = capacity_exit,
	.test_cases = capacity_cases,
};

kunit_test_suite(capacity_suite);
