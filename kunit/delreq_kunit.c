// SPDX-License-Identifier: GPL-2.0-only
/*
 * SaDeleteReq: the NIC raises it on a packet, and the core answers with one DELETE_SA for the
 * inbound SA and then one for its counterpart.
 */
#include <linux/skbuff.h>
#include "../drivers/ov2/rx.h"
#include "xfrm_fixture.h"

static const struct fixture_sa delreq_in = { .reqid = 7 };
static const struct fixture_sa delreq_out = { .reqid = 7, .out = true };

static int delreq_init(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fixture *f;

	caps.max_requests = 4;
	f = fixture_create(test, &caps);
	f->fake->mode = FAKE_NOW;
	return 0;
}

static void delreq_exit(struct kunit *test)
{
	fixture_destroy(test->priv);
}

/* Receives one packet with the flag, processed by the NIC or not. Returns the flags of its
 * xfrm_offload.
 */
static u32 delreq_packet(struct fixture *f, u32 cookie, bool done)
{
	struct ov2_rx_meta meta = {
		.cookie = cookie,
		.flags = OV2_RX_SA_DELETE_REQ | (done ? OV2_RX_CRYPTO_DONE : 0),
		.status = done ? CRYPTO_SUCCESS : 0,
	};
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL);
	const struct xfrm_offload *xo;
	u32 flags = 0;

	KUNIT_ASSERT_NOT_NULL(f->test, skb);
	skb_put_zero(skb, 64);
	local_bh_disable();
	rcu_read_lock();
	if (done)
		KUNIT_EXPECT_EQ(f->test, ov2_rx_mark(fixture_port_of(f, 0), skb, &meta), 1);
	else
		KUNIT_EXPECT_EQ(f->test, ov2_rx(fixture_port_of(f, 0), skb, &meta), 0);
	rcu_read_unlock();
	local_bh_enable();
	xo = xfrm_offload(skb);
	if (xo)
		flags = xo->flags;
	KUNIT_EXPECT_EQ(f->test, !!skb_sec_path(skb), done);
	kfree_skb(skb);
	return flags;
}

static void delreq_settle(struct fixture *f)
{
	flush_work(&f->nic->delreq_work);
	fixture_settle(f);
	flush_work(&f->nic->delreq_work);
	fixture_settle(f);
}

static struct xfrm_state *delreq_sa(struct fixture *f, const struct fixture_sa *want)
{
	struct xfrm_state *x = fixture_sa(f, want);

	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	return x;
}

/* S59: the skb carries the flag if the NIC has processed the packet. Otherwise the core consumes
 * the flag at once and leaves the packet as it is.
 */
static void delreq_test_carried(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *x = delreq_sa(f, &delreq_in);

	KUNIT_EXPECT_EQ(test, delreq_packet(f, x->xso.offload_handle, true),
			(u32)(CRYPTO_DONE | SA_DELETE_REQ));
	delreq_settle(f);
	fixture_expect_state(f, x, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, delreq_packet(f, x->xso.offload_handle, false), 0);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
}

/* S60: however many packets carry the flag, before and after the answer, the NIC gets one delete of
 * the inbound SA and, when that is complete, one of the outbound SA. S61: each SA is served until
 * its own delete completes.
 */
static void delreq_test_demote(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);
	u32 in_handle = fixture_entry(in)->offload_handle;
	u32 out_handle = fixture_entry(out)->offload_handle;
	struct fake_request *fr;
	int i;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	disable_work_sync(&f->nic->delreq_work);
	for (i = 0; i < 5; i++)
		delreq_packet(f, in->xso.offload_handle, false);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	enable_and_queue_work(f->nic->wq, &f->nic->delreq_work);
	fr = fake_nic_wait(f->fake, 2);
	delreq_settle(f);
	for (i = 0; i < 5; i++)
		delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);
	KUNIT_ASSERT_EQ(test, fr->kind, OV2_DELETE_SA);
	KUNIT_EXPECT_EQ(test, fr->count, 1);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, in_handle);
	fixture_expect_state(f, in, OV2_PHASE_DEMOTING);
	fixture_expect_state(f, out, OV2_PHASE_DEMOTING);
	KUNIT_EXPECT_EQ(test, fixture_entry(out)->offload_handle, out_handle);

	fake_nic_finish(f->fake, fr);
	fr = fake_nic_wait(f->fake, 3);
	KUNIT_ASSERT_EQ(test, fr->kind, OV2_DELETE_SA);
	KUNIT_EXPECT_EQ(test, fr->count, 1);
	KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, out_handle);
	fake_nic_finish(f->fake, fr);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 10);
	KUNIT_EXPECT_EQ(test, (int)in->km.state, XFRM_STATE_VALID);
	KUNIT_EXPECT_EQ(test, (int)out->km.state, XFRM_STATE_VALID);
	/* S60: the SAs are not promoted at once, because the NIC has just evicted them. */
	KUNIT_EXPECT_EQ(test, f->fake->total, 4);
}

/* An inbound SA without a counterpart is deleted alone. */
static void delreq_test_alone(struct kunit *test)
{
	static const struct fixture_sa other = { .reqid = 8, .out = true };
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &other);

	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 1);
}

/* S58: the flag counts only on a packet of an offloaded inbound SA. */
static void delreq_test_ignored(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *out = delreq_sa(f, &delreq_out), *in;
	u32 stale;

	delreq_packet(f, out->xso.offload_handle, false);
	delreq_packet(f, 0, false);
	f->fake->refuse = ~0U;
	in = fixture_sa(f, &delreq_in);
	fixture_expect_state(f, in, OV2_PHASE_SOFTWARE);
	stale = in->xso.offload_handle;
	delreq_packet(f, stale, false);
	fixture_delete(f, in);
	fixture_gc();
	delreq_packet(f, stale, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
}

/* The policy soft demotes both SAs and asks the key manager to rekey. */
static void delreq_test_soft(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_SOFT);
	KUNIT_EXPECT_EQ(test, ov2_nic_delreq_policy(f->nic), OV2_DELREQ_SOFT);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, (int)in->km.dying, 1);
	KUNIT_EXPECT_EQ(test, (int)in->km.state, XFRM_STATE_VALID);
	KUNIT_EXPECT_EQ(test, (int)out->km.state, XFRM_STATE_VALID);
}

/* xfrm has deleted the state, and only the test's reference is left. */
static void delreq_expect_deleted(struct fixture *f, struct xfrm_state *x)
{
	KUNIT_EXPECT_EQ(f->test, (int)x->km.state, XFRM_STATE_DEAD);
	if (x->km.state != XFRM_STATE_DEAD)
		return;
	fixture_forget(f, x);
	xfrm_state_put(x);
}

enum delreq_config { DELREQ_CONFIG_SAME, DELREQ_CONFIG_CAPS, DELREQ_CONFIG_ESP };

/* For delreq_config_change(), which xfrm calls without the test. */
static struct fixture *delreq_config_fixture;
static struct xfrm_state *delreq_config_out;
static enum delreq_config delreq_config_what;

/* Excludes the outbound SA when xfrm reports the hard expire of the inbound SA: after the core has
 * deleted the inbound SA, before it deletes the outbound one. x->lock is held.
 */
static int delreq_config_change(struct xfrm_state *x, const struct km_event *c)
{
	struct fixture *f = delreq_config_fixture;

	if (c->event != XFRM_MSG_EXPIRE || x->xso.dir != XFRM_DEV_OFFLOAD_IN)
		return 0;
	spin_lock_bh(&f->nic->lock);
	if (delreq_config_what == DELREQ_CONFIG_ESP)
		fixture_port_of(f, 0)->esp_off = true;
	else if (delreq_config_what == DELREQ_CONFIG_CAPS)
		f->nic->caps.features &= ~OV2_CAP_ESP;
	ov2_slot_recheck(fixture_entry(delreq_config_out));
	spin_unlock_bh(&f->nic->lock);
	return 0;
}

static struct xfrm_mgr delreq_config_mgr = { .notify = delreq_config_change };

struct delreq_hard_row {
	const char *name;
	enum delreq_config what;
};

static const struct delreq_hard_row delreq_hard_rows[] = {
	{ "nothing changes", DELREQ_CONFIG_SAME },
	{ "the configuration excludes the outbound SA", DELREQ_CONFIG_CAPS },
	{ "ESP offload is switched off", DELREQ_CONFIG_ESP },
};

KUNIT_ARRAY_PARAM_DESC(delreq_hard, delreq_hard_rows, name);

/* S60, S7: the policy hard deletes both states. The NIC gets one delete of each, the inbound SA's
 * first, even if the configuration excludes the outbound SA while its delete is held.
 */
static void delreq_test_hard(struct kunit *test)
{
	const struct delreq_hard_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);
	u32 in_handle = fixture_entry(in)->offload_handle;
	u32 out_handle = fixture_entry(out)->offload_handle;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	delreq_config_fixture = f;
	delreq_config_out = out;
	delreq_config_what = row->what;
	xfrm_register_km(&delreq_config_mgr);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	xfrm_unregister_km(&delreq_config_mgr);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DEMOTED),
			row->what != DELREQ_CONFIG_SAME);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 2)->del[0].offload_handle, in_handle);
	KUNIT_EXPECT_EQ(test, f->fake->total, 3);

	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 3)->del[0].offload_handle, out_handle);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 3));
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 4);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 2);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	delreq_expect_deleted(f, in);
	delreq_expect_deleted(f, out);
}

static void delreq_set_km_state(struct xfrm_state *x, u8 state)
{
	spin_lock_bh(&x->lock);
	x->km.state = state;
	spin_unlock_bh(&x->lock);
}

struct delreq_not_valid_row {
	const char *name;
	bool adding;
};

static const struct delreq_not_valid_row delreq_not_valid_rows[] = {
	{ "the outbound SA is in the NIC", false },
	{ "the outbound SA is on its way in", true },
};

KUNIT_ARRAY_PARAM_DESC(delreq_not_valid, delreq_not_valid_rows, name);

/* S60: the flag may come before xfrm has made the inbound state VALID, and xfrm cannot expire such
 * a state. Then both SAs stay in the NIC, and the outbound SA's delete is not held. The next packet
 * with the flag, after the state has become VALID, gets both deleted.
 */
static void delreq_test_hard_not_valid(struct kunit *test)
{
	const struct delreq_not_valid_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out;

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	if (row->adding)
		WRITE_ONCE(f->fake->mode, FAKE_PEND);
	out = fixture_sa(f, &delreq_out);
	fixture_expect_state(f, out, row->adding ? OV2_PHASE_ADDING : OV2_PHASE_OFFLOADED);
	delreq_set_km_state(in, XFRM_STATE_VOID);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, (int)out->km.state, XFRM_STATE_VALID);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_REQUESTS), 0);

	delreq_set_km_state(in, XFRM_STATE_VALID);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 2);
	delreq_expect_deleted(f, in);
	delreq_expect_deleted(f, out);
}

/* S17, S60: the delete of the outbound SA is not held either: when xfrm deletes it alone, it leaves
 * the NIC.
 */
static void delreq_test_hard_kept(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	delreq_set_km_state(in, XFRM_STATE_VOID);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_settle(f);
	delreq_set_km_state(in, XFRM_STATE_VALID);
	fixture_delete(f, out);
	fixture_gc();
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, f->fake->live, 1);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 1);
}

enum delreq_meets { DELREQ_NOTHING, DELREQ_DELETE_IN, DELREQ_DELETE_OUT, DELREQ_DELETE_BOTH,
		    DELREQ_RESET, DELREQ_EXCLUDE };

struct delreq_race_row {
	const char *name;
	enum delreq_meets meets;
	u32 deletes;
};

static const struct delreq_race_row delreq_race_rows[] = {
	{ "nothing", DELREQ_NOTHING, 2 },
	{ "xfrm deletes the inbound SA", DELREQ_DELETE_IN, 2 },
	{ "xfrm deletes the outbound SA", DELREQ_DELETE_OUT, 2 },
	{ "xfrm deletes both", DELREQ_DELETE_BOTH, 2 },
	/* The reset aborts the first delete and removes both SAs. */
	{ "the NIC is reset", DELREQ_RESET, 0 },
	{ "the configuration excludes them", DELREQ_EXCLUDE, 2 },
};

KUNIT_ARRAY_PARAM_DESC(delreq_race, delreq_race_rows, name);

static void delreq_meet(struct fixture *f, enum delreq_meets meets, struct xfrm_state *in,
			struct xfrm_state *out)
{
	struct ov2_caps caps = fake_nic_caps;

	switch (meets) {
	case DELREQ_NOTHING:
		break;
	case DELREQ_DELETE_IN:
		fixture_delete(f, in);
		break;
	case DELREQ_DELETE_OUT:
		fixture_delete(f, out);
		break;
	case DELREQ_DELETE_BOTH:
		fixture_delete(f, out);
		fixture_delete(f, in);
		break;
	case DELREQ_RESET:
		WRITE_ONCE(f->fake->mode, FAKE_NOW);
		KUNIT_EXPECT_EQ(f->test, fake_nic_reset(f->fake), 0);
		break;
	case DELREQ_EXCLUDE:
		caps.features &= ~OV2_CAP_ESP;
		KUNIT_EXPECT_EQ(f->test, ov2_nic_set_caps(f->nic, &caps), 0);
		break;
	}
	fixture_gc();
}

struct delreq_late_row {
	const char *name;
	bool reset;
};

static const struct delreq_late_row delreq_late_rows[] = {
	{ "the configuration has excluded them", false },
	{ "a reset has taken them", true },
};

KUNIT_ARRAY_PARAM_DESC(delreq_late, delreq_late_rows, name);

/* S60: both SAs leave the NIC before the core answers, because of a reset or the configuration.
 * There is nothing to answer, and xfrm keeps both states.
 */
static void delreq_test_hard_late(struct kunit *test)
{
	const struct delreq_late_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	ov2_nic_set_delreq_policy(f->nic, OV2_DELREQ_HARD);
	disable_work_sync(&f->nic->delreq_work);
	delreq_packet(f, in->xso.offload_handle, false);
	if (row->reset) {
		WRITE_ONCE(f->fake->mode, FAKE_PEND);
		KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
		fixture_expect_state(f, in, OV2_PHASE_ADDING);
	} else {
		delreq_meet(f, DELREQ_EXCLUDE, in, out);
		fixture_expect_state(f, in, OV2_PHASE_SOFTWARE);
	}
	enable_and_queue_work(f->nic->wq, &f->nic->delreq_work);
	delreq_settle(f);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, (int)in->km.state, XFRM_STATE_VALID);
	KUNIT_EXPECT_EQ(test, (int)out->km.state, XFRM_STATE_VALID);
	fixture_expect_state(f, in, row->reset ? OV2_PHASE_OFFLOADED : OV2_PHASE_SOFTWARE);
	fixture_expect_state(f, out, row->reset ? OV2_PHASE_OFFLOADED : OV2_PHASE_SOFTWARE);
}

/* S60: the flag is raised before a reset and again after it, and the core answers after both: it
 * answers once.
 */
static void delreq_test_over_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	disable_work_sync(&f->nic->delreq_work);
	delreq_packet(f, in->xso.offload_handle, false);
	KUNIT_EXPECT_EQ(test, fake_nic_reset(f->fake), 0);
	fixture_expect_state(f, in, OV2_PHASE_OFFLOADED);
	delreq_packet(f, in->xso.offload_handle, false);
	enable_and_queue_work(f->nic->wq, &f->nic->delreq_work);
	delreq_settle(f);
	fixture_expect_state(f, in, OV2_PHASE_WAITING);
	fixture_expect_state(f, out, OV2_PHASE_WAITING);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&fixture_entry(in)->ref), 2);
}

struct delreq_held_row {
	const char *name;
	bool first;
};

static const struct delreq_held_row delreq_held_rows[] = {
	{ "its first inbound SA leaves first", true },
	{ "its second inbound SA leaves first", false },
};

KUNIT_ARRAY_PARAM_DESC(delreq_held, delreq_held_rows, name);

/* S60, S17: the delete of an outbound SA is held while its inbound SA is deleted. xfrm deletes that
 * inbound SA, and a new one pairs with the outbound SA and is evicted as well. The delete is held
 * for the first one only, because each SA is in one DELETE_SA list at a time.
 */
static void delreq_test_held_once(struct kunit *test)
{
	const struct delreq_held_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in1 = delreq_sa(f, &delreq_in), *in2, *out;
	struct fake_request *add, *del1, *add2, *del2, *del;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	out = fixture_sa(f, &delreq_out);
	add = fake_nic_wait(f->fake, 1);
	delreq_packet(f, in1->xso.offload_handle, false);
	del1 = fake_nic_wait(f->fake, 2);
	fixture_delete(f, in1);
	fixture_gc();
	in2 = fixture_sa(f, &delreq_in);
	/* The new SA waits for an interval, because the NIC is under pressure. */
	fixture_tick(f);
	add2 = fake_nic_wait(f->fake, 3);
	fake_nic_finish(f->fake, add2);
	fixture_expect_state(f, in2, OV2_PHASE_OFFLOADED);
	delreq_packet(f, in2->xso.offload_handle, false);
	del2 = fake_nic_wait(f->fake, 4);
	KUNIT_EXPECT_EQ(test, del2->del[0].offload_handle, add2->add[0].offload_handle);
	fake_nic_finish(f->fake, row->first ? del1 : del2);
	fake_nic_finish(f->fake, add);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, row->first ? 6 : 5);
	fake_nic_finish(f->fake, row->first ? del2 : del1);
	del = fake_nic_wait(f->fake, 5);
	KUNIT_EXPECT_EQ(test, del->del[0].offload_handle, add->add[0].offload_handle);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 6);
	fake_nic_finish(f->fake, del);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->total, 6);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	fixture_expect_state(f, out, OV2_PHASE_WAITING);
}

/* S60, S17: something happens while the NIC executes the inbound SA's delete and the outbound SA's
 * delete is held. Each SA leaves the NIC exactly once, the inbound one first.
 */
static void delreq_test_race_inbound(struct kunit *test)
{
	const struct delreq_race_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);
	u32 in_handle = fixture_entry(in)->offload_handle;
	u32 out_handle = fixture_entry(out)->offload_handle;
	u32 i;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	delreq_packet(f, in->xso.offload_handle, false);
	fake_nic_wait(f->fake, 2);
	delreq_settle(f);
	delreq_meet(f, row->meets, in, out);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), row->deletes);
	KUNIT_ASSERT_EQ(test, f->fake->total, 2 + max(row->deletes, 1));
	for (i = 0; i < f->fake->total - 2; i++) {
		const struct fake_request *fr = fake_nic_wait(f->fake, 2 + i);

		KUNIT_ASSERT_EQ(test, fr->kind, OV2_DELETE_SA);
		KUNIT_EXPECT_EQ(test, fr->count, 1);
		KUNIT_EXPECT_EQ(test, fr->del[0].offload_handle, i ? out_handle : in_handle);
	}
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

struct delreq_before_row {
	const char *name;
	enum ov2_delreq_policy policy;
	enum delreq_meets meets;
	u32 left;
};

static const struct delreq_before_row delreq_before_rows[] = {
	{ "demote, inbound", OV2_DELREQ_DEMOTE, DELREQ_DELETE_IN, 1 },
	{ "demote, outbound", OV2_DELREQ_DEMOTE, DELREQ_DELETE_OUT, 0 },
	{ "demote, both", OV2_DELREQ_DEMOTE, DELREQ_DELETE_BOTH, 0 },
	{ "soft, inbound", OV2_DELREQ_SOFT, DELREQ_DELETE_IN, 1 },
	{ "soft, outbound", OV2_DELREQ_SOFT, DELREQ_DELETE_OUT, 0 },
	{ "soft, both", OV2_DELREQ_SOFT, DELREQ_DELETE_BOTH, 0 },
	{ "hard, inbound", OV2_DELREQ_HARD, DELREQ_DELETE_IN, 1 },
	{ "hard, outbound", OV2_DELREQ_HARD, DELREQ_DELETE_OUT, 0 },
	{ "hard, both", OV2_DELREQ_HARD, DELREQ_DELETE_BOTH, 0 },
};

KUNIT_ARRAY_PARAM_DESC(delreq_before, delreq_before_rows, name);

/* S60, S17: xfrm deletes SAs after the flag was raised and before the core answers. Each SA is
 * deleted once. If xfrm has deleted the inbound SA, the core leaves the outbound SA in the NIC.
 */
static void delreq_test_before_answer(struct kunit *test)
{
	const struct delreq_before_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	ov2_nic_set_delreq_policy(f->nic, row->policy);
	disable_work_sync(&f->nic->delreq_work);
	delreq_packet(f, in->xso.offload_handle, false);
	delreq_meet(f, row->meets, in, out);
	enable_and_queue_work(f->nic->wq, &f->nic->delreq_work);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, row->left);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), row->left);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 1);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 2 - row->left);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
	if (row->left)
		fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	if (row->policy == OV2_DELREQ_HARD && row->meets == DELREQ_DELETE_OUT) {
		KUNIT_EXPECT_EQ(test, (int)in->km.state, XFRM_STATE_DEAD);
		fixture_forget(f, in);
		xfrm_state_put(in);
	}
}

/* S58, S60: the flag comes on a packet of an SA that xfrm has deleted but the NIC still has. There
 * is no answer.
 */
static void delreq_test_after_delete(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);
	u32 cookie = in->xso.offload_handle;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	fixture_delete(f, in);
	fixture_gc();
	fake_nic_wait(f->fake, 2);
	delreq_packet(f, cookie, false);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELREQ), 0);
	KUNIT_EXPECT_EQ(test, fixture_packets(f, OV2_PKT_RX_DELREQ), 1);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	fixture_expect_state(f, out, OV2_PHASE_OFFLOADED);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_DELETE_SUCCESS), 1);
}

/* S60, S17: something happens while the NIC executes the outbound SA's delete, after the inbound
 * SA's. No SA is deleted twice.
 */
static void delreq_test_race_outbound(struct kunit *test)
{
	const struct delreq_race_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out = delreq_sa(f, &delreq_out);

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	delreq_packet(f, in->xso.offload_handle, false);
	fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
	fake_nic_wait(f->fake, 3);
	delreq_settle(f);
	delreq_meet(f, row->meets, in, out);
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, f->fake->total, 4);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

/* S60: the NIC still adds the counterpart when the core answers. The counterpart is deleted after
 * it was added, and after the inbound SA has left, whatever happens meanwhile.
 */
static void delreq_test_counterpart_adding(struct kunit *test)
{
	const struct delreq_race_row *row = test->param_value;
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in), *out;
	struct fake_request *add;

	WRITE_ONCE(f->fake->mode, FAKE_PEND);
	out = fixture_sa(f, &delreq_out);
	add = fake_nic_wait(f->fake, 1);
	fixture_expect_state(f, out, OV2_PHASE_ADDING);
	delreq_packet(f, in->xso.offload_handle, false);
	KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 2)->kind, OV2_DELETE_SA);
	delreq_settle(f);
	delreq_meet(f, row->meets, in, out);
	if (row->meets != DELREQ_RESET) {
		fake_nic_finish(f->fake, add);
		delreq_settle(f);
		KUNIT_EXPECT_EQ(test, f->fake->total, 3);
		fake_nic_finish(f->fake, fake_nic_wait(f->fake, 2));
		KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 3)->kind, OV2_DELETE_SA);
		KUNIT_EXPECT_EQ(test, fake_nic_wait(f->fake, 3)->del[0].offload_handle,
				add->add[0].offload_handle);
		fake_nic_finish(f->fake, fake_nic_wait(f->fake, 3));
		delreq_settle(f);
		KUNIT_EXPECT_EQ(test, f->fake->total, 4);
	}
	WRITE_ONCE(f->fake->mode, FAKE_NOW);
	fake_nic_finish_all(f->fake);
	delreq_settle(f);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, ov2_nic_occupancy(f->nic), 0);
	KUNIT_EXPECT_EQ(test, fixture_counter(f, OV2_CNT_PROTOCOL_ERRORS), 0);
}

/* S65: a NIC that is removed gets no answer. */
static void delreq_test_removal(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct xfrm_state *in = delreq_sa(f, &delreq_in);

	delreq_sa(f, &delreq_out);
	delreq_packet(f, in->xso.offload_handle, false);
	fixture_close(f);
	fake_nic_unregister(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->live, 0);
	KUNIT_EXPECT_EQ(test, f->fake->resets, 0);
}

static struct kunit_case delreq_cases[] = {
	KUNIT_CASE(delreq_test_carried),
	KUNIT_CASE(delreq_test_demote),
	KUNIT_CASE(delreq_test_alone),
	KUNIT_CASE(delreq_test_ignored),
	KUNIT_CASE(delreq_test_soft),
	KUNIT_CASE_PARAM(delreq_test_hard, delreq_hard_gen_params),
	KUNIT_CASE_PARAM(delreq_test_race_inbound, delreq_race_gen_params),
	KUNIT_CASE(delreq_test_over_reset),
	KUNIT_CASE_PARAM(delreq_test_held_once, delreq_held_gen_params),
	KUNIT_CASE_PARAM(delreq_test_before_answer, delreq_before_gen_params),
	KUNIT_CASE_PARAM(delreq_test_hard_late, delreq_late_gen_params),
	KUNIT_CASE_PARAM(delreq_test_hard_not_valid, delreq_not_valid_gen_params),
	KUNIT_CASE(delreq_test_hard_kept),
	KUNIT_CASE(delreq_test_after_delete),
	KUNIT_CASE_PARAM(delreq_test_race_outbound, delreq_race_gen_params),
	KUNIT_CASE_PARAM(delreq_test_counterpart_adding, delreq_race_gen_params),
	KUNIT_CASE(delreq_test_removal),
	{ }
};

static struct kunit_suite delreq_suite = {
	.name = "ov2_delreq",
	.init = delreq_init,
	.exit = delreq_exit,
	.test_cases = delreq_cases,
};

kunit_test_suite(delreq_suite);
