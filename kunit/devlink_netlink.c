// SPDX-License-Identifier: GPL-2.0-only
/* A client of devlink's netlink family, see devlink_netlink.h. */
#include <linux/file.h>
#include <linux/net.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include "devlink_netlink.h"

#define CLIENT_REPLY_MAX	(256 * 1024)

static struct sk_buff *client_msg(struct devlink_client *client, u16 family, u8 cmd, u16 flags)
{
	struct sk_buff *skb = nlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	KUNIT_ASSERT_NOT_NULL(client->test, skb);
	nlh = nlmsg_put(skb, 0, 1, family, GENL_HDRLEN, NLM_F_REQUEST | flags);
	genl = nlmsg_data(nlh);
	*genl = (struct genlmsghdr){ .cmd = cmd, .version = 1 };
	return skb;
}

/* Starts a request, to which the caller adds attributes. A dump has a last message, so every other
 * request asks for an acknowledgment.
 */
struct sk_buff *devlink_client_msg(struct devlink_client *client, u8 cmd, u16 flags)
{
	struct sk_buff *skb = client_msg(client, client->family, cmd, flags ?: NLM_F_ACK);

	nla_put_string(skb, DEVLINK_ATTR_BUS_NAME, client->dev->bus->name);
	nla_put_string(skb, DEVLINK_ATTR_DEV_NAME, dev_name(client->dev));
	return skb;
}

static int client_send(struct devlink_client *client, struct sk_buff *skb)
{
	struct kvec vec = { .iov_base = skb->data, .iov_len = skb->len };
	struct msghdr msg = { };
	int err;

	((struct nlmsghdr *)skb->data)->nlmsg_len = skb->len;
	err = kernel_sendmsg(client->sock, &msg, &vec, 1, skb->len);
	kfree_skb(skb);
	return err < 0 ? err : 0;
}

/* Returns the error that a message reports, or 0. A dump reports it at its end. */
static int client_error(struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)nlmsg_data(nlh))->error;
	if (nlh->nlmsg_type == NLMSG_DONE && nlmsg_len(nlh) >= (int)sizeof(int))
		return *(int *)nlmsg_data(nlh);
	return 0;
}

/* Sends a request and collects the answer, which the kernel gives at once. Returns its error, or 0.
 */
int devlink_client_talk(struct devlink_client *client, struct sk_buff *skb)
{
	int got, rem, result = 0;
	struct nlmsghdr *nlh;

	client->len = 0;
	KUNIT_ASSERT_EQ(client->test, client_send(client, skb), 0);
	for (;;) {
		struct kvec vec = {
			.iov_base = client->reply + client->len,
			.iov_len = CLIENT_REPLY_MAX - client->len,
		};
		struct msghdr msg = { };

		got = kernel_recvmsg(client->sock, &msg, &vec, 1, vec.iov_len, MSG_DONTWAIT);
		if (got <= 0)
			break;
		rem = got;
		for (nlh = vec.iov_base; nlmsg_ok(nlh, rem); nlh = nlmsg_next(nlh, &rem))
			result = client_error(nlh) ?: result;
		client->len += NLMSG_ALIGN(got);
	}
	KUNIT_ASSERT_EQ(client->test, got, -EAGAIN);
	return result;
}

static bool client_is_nest(const struct nlattr *attr)
{
	switch (nla_type(attr)) {
	case DEVLINK_ATTR_PARAM:
	case DEVLINK_ATTR_PARAM_VALUES_LIST:
	case DEVLINK_ATTR_PARAM_VALUE:
	case DEVLINK_ATTR_RESOURCE_LIST:
	case DEVLINK_ATTR_RESOURCE:
	case DEVLINK_ATTR_HEALTH_REPORTER:
	case DEVLINK_ATTR_FMSG:
		return true;
	default:
		return false;
	}
}

static const struct nlattr *client_find(const struct nlattr *head, int len, const char *name,
					int type, bool *named)
{
	const struct nlattr *attr, *found;
	int rem;

	nla_for_each_attr(attr, head, len, rem) {
		if (*named && nla_type(attr) == type)
			return attr;
		if (client_is_nest(attr)) {
			found = client_find(nla_data(attr), nla_len(attr), name, type, named);
			if (found)
				return found;
		} else if (!nla_strcmp(attr, name)) {
			*named = true;
		}
	}
	return NULL;
}

/* Returns the first attribute of @type behind one that has the value @name, in the last answer, or
 * NULL.
 */
const struct nlattr *devlink_client_find(struct devlink_client *client, const char *name, int type)
{
	struct nlmsghdr *nlh = client->reply;
	const struct nlattr *found = NULL;
	bool named = false;
	int rem = client->len;

	for (; !found && nlmsg_ok(nlh, rem); nlh = nlmsg_next(nlh, &rem))
		if (nlh->nlmsg_type == client->family)
			found = client_find(nlmsg_attrdata(nlh, GENL_HDRLEN),
					    nlmsg_attrlen(nlh, GENL_HDRLEN), name, type, &named);
	return found;
}

/* Returns the number in that attribute, 1 for a flag, or -1 if there is none. */
s64 devlink_client_value(struct devlink_client *client, const char *name, int type)
{
	const struct nlattr *attr = devlink_client_find(client, name, type);

	if (!attr)
		return -1;
	switch (nla_len(attr)) {
	case sizeof(u8):
		return nla_get_u8(attr);
	case sizeof(u32):
		return nla_get_u32(attr);
	case sizeof(u64):
		return nla_get_u64(attr);
	default:
		return 1;
	}
}

static u16 client_family(struct devlink_client *client)
{
	struct sk_buff *skb = client_msg(client, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	const struct nlattr *id;

	nla_put_string(skb, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
	KUNIT_ASSERT_EQ(client->test, devlink_client_talk(client, skb), 0);
	id = nlmsg_find_attr(client->reply, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	KUNIT_ASSERT_NOT_NULL(client->test, id);
	return nla_get_u16(id);
}

/* The caller destroys it, also after a failed assertion. */
void devlink_client_create(struct devlink_client *client, struct kunit *test,
			   const struct device *dev)
{
	client->test = test;
	client->dev = dev;
	client->reply = kvzalloc(CLIENT_REPLY_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, client->reply);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC,
					       &client->sock), 0);
	client->file = sock_alloc_file(client->sock, 0, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, client->file);
	client->family = client_family(client);
}

void devlink_client_destroy(struct devlink_client *client)
{
	if (!IS_ERR_OR_NULL(client->file))
		__fput_sync(client->file);
	kvfree(client->reply);
}
