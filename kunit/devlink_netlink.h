/* SPDX-License-Identifier: GPL-2.0-only */
/* A client of devlink's netlink family, so that tests see what users see. */
#ifndef __OV2_KUNIT_DEVLINK_NETLINK_H
#define __OV2_KUNIT_DEVLINK_NETLINK_H

#include <kunit/test.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/devlink.h>

/**
 * struct devlink_client - A client of devlink.
 * @test: the test
 * @dev: the device whose devlink instance it uses
 * @sock: socket
 * @file: its file; netlink checks the capabilities of its opener
 * @family: number of devlink's family
 * @reply: messages of the last answer
 * @len: length of @reply
 */
struct devlink_client {
	struct kunit *test;
	const struct device *dev;
	struct socket *sock;
	struct file *file;
	u16 family;
	void *reply;
	size_t len;
};

void devlink_client_create(struct devlink_client *client, struct kunit *test,
			   const struct device *dev);
void devlink_client_destroy(struct devlink_client *client);
struct sk_buff *devlink_client_msg(struct devlink_client *client, u8 cmd, u16 flags);
int devlink_client_talk(struct devlink_client *client, struct sk_buff *skb);
const struct nlattr *devlink_client_find(struct devlink_client *client, const char *name, int type);
s64 devlink_client_value(struct devlink_client *client, const char *name, int type);

#endif /* __OV2_KUNIT_DEVLINK_NETLINK_H */
