// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's part of a devlink instance, as users see it by netlink: parameters, resources and the
 * health reporter of a fake NIC, whose driver implements only what is mandatory.
 */
#include <kunit/device.h>
#include "../drivers/ov2/devlink.h"
#include "devlink_netlink.h"
#include "xfrm_fixture.h"

#define WORLD_MAX_SAS	1000	/* the largest table that the admin may choose */
#define WORLD_SAS_IN	40	/* limits of a NIC that has them by direction */
#define WORLD_SAS_OUT	20

/**
 * struct world - A NIC with a devlink instance.
 * @f: the NIC and its ports
 * @client: a user of devlink
 * @devlink: the instance
 * @od: the core's part of it
 * @waits: number of times that the core has waited for a reset after a report
 * @resets: number of times that the core has asked for a reset
 */
struct world {
	struct fixture *f;
	struct devlink_client client;
	struct devlink *devlink;
	struct ov2_devlink *od;
	u32 waits;
	u32 resets;
};

static const struct devlink_ops world_devlink_ops = { };

/* The world of the running test. The ops below get nothing but the NIC. */
static struct world *world;

static int world_reset(struct ov2_nic *nic)
{
	world->resets++;
	return fake_nic_reset(world->f->fake);
}

static int world_reset_wait(struct ov2_nic *nic)
{
	world->waits++;
	return 0;
}

static void world_diagnose(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	devlink_fmsg_string_pair_put(fmsg, "state", "fake");
}

static void world_dump(struct ov2_nic *nic, struct devlink_fmsg *fmsg)
{
	devlink_fmsg_u32_pair_put(fmsg, "fake_live", world->f->fake->live);
}

static const struct ov2_devlink_ops world_ops = {
	.reset = world_reset,
	.reset_wait = world_reset_wait,
	.diagnose = world_diagnose,
	.dump = world_dump,
};

/* Registers the NIC as a driver's probe does. The admin may choose up to @max_sas, or nothing if it
 * is 0.
 */
static void world_register(struct kunit *test, u32 max_sas)
{
	struct ov2_nic *nic = world->f->nic;
	struct ov2_devlink *od;

	devl_lock(world->devlink);
	od = ov2_devlink_register(world->devlink, &world_ops, &nic->hw_caps, max_sas);
	if (!IS_ERR(od)) {
		ov2_devlink_attach(od, nic);
		world->od = od;
	}
	devl_unlock(world->devlink);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, od);
}

static void world_unregister(void)
{
	if (!world->od)
		return;
	ov2_devlink_quiesce(world->od);
	devl_lock(world->devlink);
	ov2_devlink_detach(world->od);
	ov2_devlink_unregister(world->od);
	devl_unlock(world->devlink);
	world->od = NULL;
}

static int devlink_init(struct kunit *test)
{
	struct fixture *f = fixture_create(test, NULL);
	struct device *dev;

	f->fake->mode = FAKE_NOW;
	world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, world);
	world->f = f;
	dev = kunit_device_register(test, "ov2");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	world->devlink = devlink_alloc(&world_devlink_ops, 0, dev);
	KUNIT_ASSERT_NOT_NULL(test, world->devlink);
	devlink_register(world->devlink);
	world_register(test, WORLD_MAX_SAS);
	devlink_client_create(&world->client, test, dev);
	return 0;
}

static void devlink_exit(struct kunit *test)
{
	if (world && world->devlink) {
		world_unregister();
		devlink_unregister(world->devlink);
		devlink_free(world->devlink);
		devlink_client_destroy(&world->client);
	}
	world = NULL;
	fixture_destroy(test->priv);
}

/* Gives the NIC fixed limits by direction, and registers it again. */
static void world_by_direction(struct kunit *test)
{
	struct ov2_nic *nic = world->f->nic;

	world_unregister();
	nic->hw_caps.max_dir_sas[OV2_IN] = WORLD_SAS_IN;
	nic->hw_caps.max_dir_sas[OV2_OUT] = WORLD_SAS_OUT;
	KUNIT_ASSERT_EQ(test, ov2_nic_set_caps(nic, &nic->hw_caps), 0);
	world_register(test, 0);
}

static void world_detach(void)
{
	devl_lock(world->devlink);
	ov2_devlink_detach(world->od);
	devl_unlock(world->devlink);
}

static void world_attach(struct ov2_nic *nic)
{
	devl_lock(world->devlink);
	ov2_devlink_attach(world->od, nic);
	devl_unlock(world->devlink);
}

static int world_ask(u8 cmd)
{
	return devlink_client_talk(&world->client, devlink_client_msg(&world->client, cmd, 0));
}

static s64 world_resource(const char *name, int type)
{
	return devlink_client_value(&world->client, name, type);
}

static int world_param_get(const char *name)
{
	struct sk_buff *skb = devlink_client_msg(&world->client, DEVLINK_CMD_PARAM_GET, 0);

	nla_put_string(skb, DEVLINK_ATTR_PARAM_NAME, name);
	return devlink_client_talk(&world->client, skb);
}

/* Returns a number, or whether a flag is set. */
static s64 world_param(const char *name)
{
	if (world_param_get(name))
		return -2;
	return devlink_client_value(&world->client, name, DEVLINK_ATTR_PARAM_VALUE_DATA);
}

static struct sk_buff *world_param_msg(const char *name, u8 type)
{
	struct sk_buff *skb = devlink_client_msg(&world->client, DEVLINK_CMD_PARAM_SET, 0);

	nla_put_string(skb, DEVLINK_ATTR_PARAM_NAME, name);
	nla_put_u8(skb, DEVLINK_ATTR_PARAM_TYPE, type);
	nla_put_u8(skb, DEVLINK_ATTR_PARAM_VALUE_CMODE, DEVLINK_PARAM_CMODE_RUNTIME);
	return skb;
}

static int world_set_u32(const char *name, u32 value)
{
	struct sk_buff *skb = world_param_msg(name, NLA_U32);

	nla_put_u32(skb, DEVLINK_ATTR_PARAM_VALUE_DATA, value);
	return devlink_client_talk(&world->client, skb);
}

static int world_set_flag(const char *name, bool on)
{
	struct sk_buff *skb = world_param_msg(name, NLA_FLAG);

	if (on)
		nla_put_flag(skb, DEVLINK_ATTR_PARAM_VALUE_DATA);
	return devlink_client_talk(&world->client, skb);
}

static int world_set_string(const char *name, const char *value)
{
	struct sk_buff *skb = world_param_msg(name, NLA_STRING);

	nla_put_string(skb, DEVLINK_ATTR_PARAM_VALUE_DATA, value);
	return devlink_client_talk(&world->client, skb);
}

/* Each number parameter is the NIC's value. A value that the NIC does not support is refused. */
static void devlink_test_numbers(struct kunit *test)
{
	static const struct {
		const char *name;
		u32 start, value, bad;
	} rows[] = {
		{ "request_deadline", 5000, 1234, 600001 },
		{ "sa_waiting_max", 256, 7, 0 },
		{ "sa_max_per_port", 0, 9, 0 },
		{ "requests_max", 2, 1, 3 },
		{ "replay_window_max", 4096, 128, 8192 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ(test, world_param(rows[i].name), rows[i].start);
		KUNIT_EXPECT_EQ(test, world_set_u32(rows[i].name, rows[i].value), 0);
		if (rows[i].bad)
			KUNIT_EXPECT_EQ(test, world_set_u32(rows[i].name, rows[i].bad), -EINVAL);
		KUNIT_EXPECT_EQ(test, world_param(rows[i].name), rows[i].value);
	}
	KUNIT_EXPECT_EQ(test, ov2_nic_deadline(world->f->nic), 1234);
	KUNIT_EXPECT_EQ(test, ov2_nic_waiting_max(world->f->nic), 7);
	KUNIT_EXPECT_EQ(test, ov2_nic_port_max(world->f->nic), 9);
	KUNIT_EXPECT_EQ(test, world->f->nic->caps.max_requests, 1);
	KUNIT_EXPECT_EQ(test, world->f->nic->caps.replay_windows, 32 | 64 | 128);
}

/* S29, S31: a switch turns one capability off and on again, unless the hardware lacks it. */
static void devlink_test_switches(struct kunit *test)
{
	struct ov2_nic *nic = world->f->nic;

	KUNIT_EXPECT_EQ(test, world_param("esn"), 1);
	KUNIT_EXPECT_EQ(test, world_set_flag("esn", false), 0);
	KUNIT_EXPECT_EQ(test, world_param("esn"), -1);
	KUNIT_EXPECT_EQ(test, nic->caps.features, fake_nic_caps.features & ~OV2_CAP_ESN);
	KUNIT_EXPECT_EQ(test, world_set_flag("hmac_sha512", false), 0);
	KUNIT_EXPECT_EQ(test, nic->caps.auths[OV2_AUTH_HMAC_SHA512].key_lens, 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("esn", true), 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("hmac_sha512", true), 0);
	KUNIT_EXPECT_MEMEQ(test, &nic->caps, &nic->hw_caps, sizeof(nic->caps));

	nic->hw_caps.modes = BIT(OV2_TRANSPORT);
	KUNIT_EXPECT_EQ(test, world_set_flag("tunnel", false), 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("tunnel", true), -EINVAL);
}

/* The policy is set and shown by its name. */
static void devlink_test_policy(struct kunit *test)
{
	const struct nlattr *attr;

	KUNIT_EXPECT_EQ(test, world_set_string("sa_delete_req", "soft"), 0);
	KUNIT_EXPECT_EQ(test, world_set_string("sa_delete_req", "weak"), -EINVAL);
	KUNIT_EXPECT_EQ(test, ov2_nic_delreq_policy(world->f->nic), OV2_DELREQ_SOFT);
	KUNIT_EXPECT_EQ(test, world_param_get("sa_delete_req"), 0);
	attr = devlink_client_find(&world->client, "sa_delete_req", DEVLINK_ATTR_PARAM_VALUE_DATA);
	KUNIT_ASSERT_NOT_NULL(test, attr);
	KUNIT_EXPECT_STREQ(test, nla_data(attr), "soft");
}

/* S6: the parameters survive a reload, which replaces the NIC. They can be read while there is no
 * NIC.
 */
static void devlink_test_survives(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct fake_nic *next;

	KUNIT_EXPECT_EQ(test, world_set_u32("request_deadline", 1234), 0);
	KUNIT_EXPECT_EQ(test, world_set_u32("sa_waiting_max", 7), 0);
	KUNIT_EXPECT_EQ(test, world_set_u32("sa_max_per_port", 9), 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("sa_reoffer", false), 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("stack_gso", true), 0);
	KUNIT_EXPECT_EQ(test, world_set_string("sa_delete_req", "hard"), 0);
	KUNIT_EXPECT_EQ(test, world_set_flag("esn", false), 0);
	world_detach();
	KUNIT_EXPECT_EQ(test, world_param("sa_waiting_max"), 7);
	KUNIT_EXPECT_EQ(test, world_set_u32("sa_waiting_max", 8), -ENODEV);
	KUNIT_EXPECT_EQ(test, world_ask(DEVLINK_CMD_RESOURCE_DUMP), 0);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa", DEVLINK_ATTR_RESOURCE_OCC), 0);

	caps.max_sas = 10;
	next = fake_nic_create(test, &caps);
	world_attach(next->nic);
	KUNIT_EXPECT_EQ(test, ov2_nic_deadline(next->nic), 1234);
	KUNIT_EXPECT_EQ(test, ov2_nic_waiting_max(next->nic), 7);
	KUNIT_EXPECT_EQ(test, ov2_nic_port_max(next->nic), 9);
	KUNIT_EXPECT_FALSE(test, ov2_nic_reoffer(next->nic));
	KUNIT_EXPECT_TRUE(test, ov2_nic_stack_gso(next->nic));
	KUNIT_EXPECT_EQ(test, ov2_nic_delreq_policy(next->nic), OV2_DELREQ_HARD);
	KUNIT_EXPECT_EQ(test, next->nic->caps.features, caps.features & ~OV2_CAP_ESN);
	KUNIT_EXPECT_EQ(test, next->nic->caps.max_sas, 10);
	world_detach();
	fake_nic_destroy(next);

	/* On other hardware all capabilities are on, whether it can do less or more. */
	caps.modes = BIT(OV2_TUNNEL);
	next = fake_nic_create(test, &caps);
	world_attach(next->nic);
	KUNIT_EXPECT_EQ(test, next->nic->caps.features, caps.features);
	world_detach();
	fake_nic_destroy(next);
	next = fake_nic_create(test, &fake_nic_caps);
	world_attach(next->nic);
	KUNIT_EXPECT_EQ(test, ov2_nic_deadline(next->nic), 1234);
	KUNIT_EXPECT_EQ(test, next->nic->caps.modes, fake_nic_caps.modes);
	world_detach();
	fake_nic_destroy(next);
	world_attach(world->f->nic);
}

static void world_expect_resource(struct kunit *test, const char *name, s64 size, s64 occ)
{
	KUNIT_EXPECT_EQ_MSG(test, size, world_resource(name, DEVLINK_ATTR_RESOURCE_SIZE),
			    "size of %s", name);
	KUNIT_EXPECT_EQ_MSG(test, occ, world_resource(name, DEVLINK_ATTR_RESOURCE_OCC),
			    "occupancy of %s", name);
}

static void world_add_sas(u32 in, u32 out)
{
	static const struct fixture_sa outbound = { .out = true };

	while (in--)
		fixture_sa(world->f, NULL);
	while (out--)
		fixture_sa(world->f, &outbound);
	fixture_settle(world->f);
}

/* S6: a table for both directions is one resource. The admin chooses the size of the next table. */
static void devlink_test_resource(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;
	struct sk_buff *skb;

	world_add_sas(3, 2);
	KUNIT_EXPECT_EQ(test, world_ask(DEVLINK_CMD_RESOURCE_DUMP), 0);
	world_expect_resource(test, "ipsec_sa", fake_nic_caps.max_sas, 5);
	world_expect_resource(test, "ipsec_sa_in", -1, -1);
	world_expect_resource(test, "ipsec_sa_out", -1, -1);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa", DEVLINK_ATTR_RESOURCE_SIZE_MIN), 1);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa", DEVLINK_ATTR_RESOURCE_SIZE_MAX),
			WORLD_MAX_SAS);

	skb = devlink_client_msg(&world->client, DEVLINK_CMD_RESOURCE_SET, 0);
	nla_put_u64_64bit(skb, DEVLINK_ATTR_RESOURCE_ID, OV2_DEVLINK_ID_BASE, DEVLINK_ATTR_PAD);
	nla_put_u64_64bit(skb, DEVLINK_ATTR_RESOURCE_SIZE, 300, DEVLINK_ATTR_PAD);
	KUNIT_EXPECT_EQ(test, devlink_client_talk(&world->client, skb), 0);
	devl_lock(world->devlink);
	ov2_devlink_sizes(world->od, &caps);
	devl_unlock(world->devlink);
	KUNIT_EXPECT_EQ(test, caps.max_sas, 300);
	KUNIT_EXPECT_EQ(test, caps.max_dir_sas[OV2_IN], 0);
}

/* S6: a NIC that has a limit for each direction shows a resource for each. */
static void devlink_test_resource_by_direction(struct kunit *test)
{
	struct ov2_caps caps = fake_nic_caps;

	world_by_direction(test);
	world_add_sas(3, 2);
	KUNIT_EXPECT_EQ(test, world_ask(DEVLINK_CMD_RESOURCE_DUMP), 0);
	world_expect_resource(test, "ipsec_sa", fake_nic_caps.max_sas, 5);
	world_expect_resource(test, "ipsec_sa_in", WORLD_SAS_IN, 3);
	world_expect_resource(test, "ipsec_sa_out", WORLD_SAS_OUT, 2);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa", DEVLINK_ATTR_RESOURCE_SIZE_MIN),
			fake_nic_caps.max_sas);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa", DEVLINK_ATTR_RESOURCE_SIZE_MAX),
			fake_nic_caps.max_sas);
	KUNIT_EXPECT_EQ(test, world_resource("ipsec_sa_in", DEVLINK_ATTR_RESOURCE_SIZE_MAX),
			WORLD_SAS_IN);
	devl_lock(world->devlink);
	ov2_devlink_sizes(world->od, &caps);
	devl_unlock(world->devlink);
	KUNIT_EXPECT_EQ(test, caps.max_dir_sas[OV2_IN], WORLD_SAS_IN);
	KUNIT_EXPECT_EQ(test, caps.max_dir_sas[OV2_OUT], WORLD_SAS_OUT);
}

static int world_reporter(u8 cmd, u16 flags)
{
	struct sk_buff *skb = devlink_client_msg(&world->client, cmd, flags);

	nla_put_string(skb, DEVLINK_ATTR_HEALTH_REPORTER_NAME, "ipsec");
	return devlink_client_talk(&world->client, skb);
}

static s64 world_fmsg(const char *name)
{
	return devlink_client_value(&world->client, name, DEVLINK_ATTR_FMSG_OBJ_VALUE_DATA);
}

/* S29: both sets of capabilities are shown, without limits that the NIC does not have. */
static void devlink_test_diagnose(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, world_set_flag("esn", false), 0);
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_DIAGNOSE, 0), 0);
	KUNIT_EXPECT_NOT_NULL(test, devlink_client_find(&world->client, "fake",
							DEVLINK_ATTR_FMSG_OBJ_NAME));
	KUNIT_EXPECT_EQ(test, world_fmsg("sas_max"), fake_nic_caps.max_sas);
	KUNIT_EXPECT_EQ(test, world_fmsg("replay_window_max"), 4096);
	KUNIT_EXPECT_EQ(test, world_fmsg("esn"), 1);
	KUNIT_EXPECT_EQ(test, world_fmsg("sas_in_max"), -1);
	KUNIT_EXPECT_EQ(test, world_fmsg("sas_out_max"), -1);
	world_detach();
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_DIAGNOSE, 0), -ENODEV);
	world_attach(world->f->nic);
}

/* S29: the limits of a NIC that has them by direction are shown. */
static void devlink_test_diagnose_by_direction(struct kunit *test)
{
	world_by_direction(test);
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_DIAGNOSE, 0), 0);
	KUNIT_EXPECT_EQ(test, world_fmsg("sas_in_max"), WORLD_SAS_IN);
	KUNIT_EXPECT_EQ(test, world_fmsg("sas_out_max"), WORLD_SAS_OUT);
}

/* A dump has the pending requests, the core's counters, and the driver's additions. */
static void devlink_test_dump(struct kunit *test)
{
	struct fake_request *fr;

	world_add_sas(2, 0);
	WRITE_ONCE(world->f->fake->mode, FAKE_PEND);
	fixture_sa(world->f, NULL);
	fixture_settle(world->f);
	fr = fake_nic_wait(world->f->fake, world->f->fake->total - 1);
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_DUMP_GET, NLM_F_DUMP), 0);
	KUNIT_EXPECT_EQ(test, world_fmsg("id"), fr->id);
	KUNIT_EXPECT_NOT_NULL(test, devlink_client_find(&world->client, "ADD_SA",
							DEVLINK_ATTR_FMSG_OBJ_NAME));
	KUNIT_EXPECT_EQ(test, world_fmsg("count"), 1);
	KUNIT_EXPECT_NOT_NULL(test, devlink_client_find(&world->client, "ipsec_add_sa_requests",
							DEVLINK_ATTR_FMSG_OBJ_VALUE_DATA));
	KUNIT_EXPECT_EQ(test, world_fmsg("fake_live"), 2);
	fake_nic_finish(world->f->fake, fr);
}

static void world_report(void)
{
	ov2_devlink_report(world->od, "a test");
	flush_work(&world->od->report_work);
}

static void world_expect_reporter(struct kunit *test, u8 state)
{
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_GET, 0), 0);
	KUNIT_EXPECT_EQ(test, devlink_client_value(&world->client, "ipsec",
						   DEVLINK_ATTR_HEALTH_REPORTER_STATE), state);
}

/* A recovery after a report only waits for the reset that the driver does unasked. */
static void devlink_test_report(struct kunit *test)
{
	world_report();
	KUNIT_EXPECT_EQ(test, world->waits, 1);
	KUNIT_EXPECT_EQ(test, world->resets, 0);
	world_expect_reporter(test, DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
}

/* S63: a recovery that the admin asks for is a reset, after which the SAs are restored. */
static void devlink_test_recover(struct kunit *test)
{
	struct sk_buff *skb;

	world_add_sas(1, 1);
	skb = devlink_client_msg(&world->client, DEVLINK_CMD_HEALTH_REPORTER_SET, 0);
	nla_put_string(skb, DEVLINK_ATTR_HEALTH_REPORTER_NAME, "ipsec");
	nla_put_u8(skb, DEVLINK_ATTR_HEALTH_REPORTER_AUTO_RECOVER, false);
	KUNIT_EXPECT_EQ(test, devlink_client_talk(&world->client, skb), 0);
	world_report();
	KUNIT_EXPECT_EQ(test, world->waits, 0);
	world_expect_reporter(test, DEVLINK_HEALTH_REPORTER_STATE_ERROR);
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_RECOVER, 0), 0);
	KUNIT_EXPECT_EQ(test, world->resets, 1);
	KUNIT_EXPECT_EQ(test, world->f->fake->resets, 1);
	world_expect_reporter(test, DEVLINK_HEALTH_REPORTER_STATE_HEALTHY);
	fixture_settle(world->f);
	KUNIT_EXPECT_EQ(test, world->f->fake->live, 2);

	world_detach();
	world_report();
	KUNIT_EXPECT_EQ(test, world_reporter(DEVLINK_CMD_HEALTH_REPORTER_RECOVER, 0), -ENODEV);
	world_attach(world->f->nic);
}

/* The core refuses a driver that lacks a mandatory op, or that registers twice. */
static void devlink_test_refused(struct kunit *test)
{
	struct ov2_devlink_ops ops = world_ops;

	devl_lock(world->devlink);
	KUNIT_EXPECT_PTR_EQ(test, ov2_devlink_register(world->devlink, &ops, &fake_nic_caps, 0),
			    ERR_PTR(-EBUSY));
	KUNIT_EXPECT_PTR_EQ(test, ov2_devlink_register(world->devlink, &ops, &fake_nic_caps, 1),
			    ERR_PTR(-EINVAL));
	ops.reset_wait = NULL;
	KUNIT_EXPECT_PTR_EQ(test, ov2_devlink_register(world->devlink, &ops, &fake_nic_caps, 0),
			    ERR_PTR(-EINVAL));
	devl_unlock(world->devlink);
	KUNIT_EXPECT_EQ(test, world_param("sa_max_per_port"), 0);
}

static struct kunit_case devlink_cases[] = {
	KUNIT_CASE(devlink_test_numbers),
	KUNIT_CASE(devlink_test_switches),
	KUNIT_CASE(devlink_test_policy),
	KUNIT_CASE(devlink_test_survives),
	KUNIT_CASE(devlink_test_resource),
	KUNIT_CASE(devlink_test_resource_by_direction),
	KUNIT_CASE(devlink_test_diagnose),
	KUNIT_CASE(devlink_test_diagnose_by_direction),
	KUNIT_CASE(devlink_test_dump),
	KUNIT_CASE(devlink_test_report),
	KUNIT_CASE(devlink_test_recover),
	KUNIT_CASE(devlink_test_refused),
	{ }
};

static struct kunit_suite devlink_suite = {
	.name = "ov2_devlink",
	.init = devlink_init,
	.exit = devlink_exit,
	.test_cases = devlink_cases,
};

kunit_test_suite(devlink_suite);
