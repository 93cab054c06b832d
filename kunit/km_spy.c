// SPDX-License-Identifier: GPL-2.0-only
/* For the suites of the core, see km_spy.h. */
#include <linux/errno.h>
#include <linux/string.h>
#include "km_spy.h"

struct km_seen km_seen;

static int km_spy_notify(struct xfrm_state *x, const struct km_event *c)
{
	if (c->event == XFRM_MSG_EXPIRE && c->data.hard)
		km_seen.hard++;
	else if (c->event == XFRM_MSG_EXPIRE)
		km_seen.soft++;
	if (c->event == XFRM_MSG_NEWAE)
		km_seen.replays++;
	if (c->event == XFRM_MSG_NEWAE && c->data.aevent == XFRM_REPLAY_TIMEOUT)
		km_seen.timeouts++;
	return 0;
}

static int km_spy_mapping(struct xfrm_state *x, xfrm_address_t *addr, __be16 port)
{
	km_seen.mappings++;
	km_seen.addr = *addr;
	km_seen.port = port;
	return 0;
}

static int km_spy_acquire(struct xfrm_state *x, struct xfrm_tmpl *tmpl, struct xfrm_policy *xp)
{
	return -EINVAL;
}

static struct xfrm_policy *km_spy_compile(struct sock *sk, int opt, u8 *data, int len, int *dir)
{
	*dir = -EINVAL;
	return NULL;
}

static struct xfrm_mgr km_spy = {
	.notify = km_spy_notify,
	.acquire = km_spy_acquire,
	.compile_policy = km_spy_compile,
	.new_mapping = km_spy_mapping,
};

void km_spy_start(void)
{
	memset(&km_seen, 0, sizeof(km_seen));
	xfrm_register_km(&km_spy);
}

void km_spy_stop(void)
{
	xfrm_unregister_km(&km_spy);
}
