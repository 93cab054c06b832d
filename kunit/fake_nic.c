// SPDX-License-Identifier: GPL-2.0-only
/*
 * A NIC driver for tests, see fake_nic.h. It cannot fail a test in the contexts that it is called
 * in, so it stores mistakes of the core in fake_nic.violation, which fake_nic_check() reports.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "fake_nic.h"

#define FAKE_TIMEOUT		(20 * HZ)

const struct ov2_caps fake_nic_caps = {
	.max_sas = 64,
	.max_list = 8,
	.max_requests = 2,
	.replay_windows = 32 | 64 | 128 | 256 | 512 | 1024 | 2048 | 4096,
	.features = OV2_CAP_ESN | OV2_CAP_LSO | OV2_CAP_TX_CSUM | OV2_CAP_CROSS_FAMILY |
		    OV2_CAP_UDP_IN_IPV4 | OV2_CAP_UDP_OUT_IPV4 | OV2_CAP_UDP_IN_IPV6 |
		    OV2_CAP_UDP_OUT_IPV6 | OV2_CAP_UDP_LSO | OV2_CAP_ESP |
		    OV2_CAP_RX_SEQ | OV2_CAP_IV_SEQ | OV2_CAP_PACKET,
	.families = BIT(OV2_IPV4) | BIT(OV2_IPV6),
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	.ciphers = {
		[OV2_CIPHER_NULL] = { OV2_LEN(0), 0 },
		[OV2_CIPHER_AES_CBC] = { OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32), 0 },
		[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32),
					 OV2_LEN(8) | OV2_LEN(12) | OV2_LEN(16) },
		[OV2_CIPHER_AES_GMAC] = { OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32), OV2_LEN(16) },
		[OV2_CIPHER_CHACHA20_POLY1305] = { OV2_LEN(32), OV2_LEN(16) },
	},
	.auths = {
		[OV2_AUTH_HMAC_SHA1] = { OV2_LEN(20), OV2_LEN(12) },
		[OV2_AUTH_HMAC_SHA256] = { OV2_LEN(32) | OV2_LEN(64),
					   OV2_LEN(12) | OV2_LEN(16) },
		[OV2_AUTH_HMAC_SHA384] = { OV2_LEN(48), OV2_LEN(24) },
		[OV2_AUTH_HMAC_SHA512] = { OV2_LEN(64), OV2_LEN(32) },
	},
};

static struct fake_nic *fake_nic_of(struct ov2_nic *nic)
{
	return *(struct fake_nic **)ov2_nic_priv(nic);
}

static __printf(3, 4) void fake_violation(struct fake_nic *fake, bool cond, const char *fmt, ...)
{
	va_list args;

	if (!cond || fake->violation[0])
		return;
	va_start(args, fmt);
	vscnprintf(fake->violation, sizeof(fake->violation), fmt, args);
	va_end(args);
}

static struct fake_entry *fake_find(struct fake_nic *fake, u32 handle)
{
	u32 i;

	for (i = 0; i < fake->table_size; i++)
		if (fake->table[i].live && fake->table[i].sa.offload_handle == handle)
			return &fake->table[i];
	return NULL;
}

static bool fake_cookie_known(struct fake_nic *fake, u32 cookie)
{
	u32 i;

	for (i = 0; i < fake->table_size; i++)
		if (fake->table[i].live && fake->table[i].sa.cookie == cookie)
			return true;
	return false;
}

static const void *fake_node(const struct ov2_request *req, const void *prev)
{
	switch (req->kind) {
	case OV2_ADD_SA:
		return prev ? ((const struct ov2_add_sa *)prev)->next : req->add;
	case OV2_DELETE_SA:
		return prev ? ((const struct ov2_delete_sa *)prev)->next : req->del;
	default:
		return prev ? ((const struct ov2_update_sa *)prev)->next : req->update;
	}
}

static size_t fake_node_size(enum ov2_request_kind kind)
{
	switch (kind) {
	case OV2_ADD_SA:
		return sizeof(struct ov2_add_sa);
	case OV2_DELETE_SA:
		return sizeof(struct ov2_delete_sa);
	default:
		return sizeof(struct ov2_update_sa);
	}
}

static void *fake_copies(const struct fake_request *fr)
{
	switch (fr->kind) {
	case OV2_ADD_SA:
		return fr->add;
	case OV2_DELETE_SA:
		return fr->del;
	default:
		return fr->update;
	}
}

static struct fake_request *fake_record(struct fake_nic *fake, struct ov2_request *req)
{
	size_t size = fake_node_size(req->kind);
	struct fake_request *fr;
	const void *node = NULL;
	void *copies;
	u32 i;

	fr = kunit_kzalloc(fake->test, sizeof(*fr), GFP_KERNEL);
	copies = kunit_kcalloc(fake->test, max(req->count, 1U), size, GFP_KERNEL);
	if (!fr || !copies)
		return NULL;
	fr->nodes = kunit_kcalloc(fake->test, max(req->count, 1U), sizeof(*fr->nodes), GFP_KERNEL);
	if (!fr->nodes)
		return NULL;
	for (i = 0; i < req->count; i++) {
		node = fake_node(req, node);
		if (!node)
			break;
		fr->nodes[i] = node;
		memcpy(copies + i * size, node, size);
	}
	fr->req = req;
	fr->kind = req->kind;
	fr->id = req->id;
	fr->count = req->count;
	fr->deadline = req->deadline;
	fr->status = -EINPROGRESS;
	if (fr->kind == OV2_ADD_SA)
		fr->add = copies;
	else if (fr->kind == OV2_DELETE_SA)
		fr->del = copies;
	else
		fr->update = copies;
	return fr;
}

/* The driver's memory for an SA is zero at first, and stays the SA's own: it keeps the cookie. */
static void fake_check_priv(struct fake_nic *fake, struct fake_sa *priv, u32 cookie)
{
	fake_violation(fake, !priv, "a node without the driver's memory");
	if (!priv)
		return;
	if (!priv->cookie) {
		fake_violation(fake, memchr_inv(priv, 0, sizeof(*priv)), "memory that is not zero");
		memset(priv, 0xff, sizeof(*priv));
		priv->cookie = cookie;
	}
	fake_violation(fake, priv->cookie != cookie, "the memory of another SA");
}

/* Only a tunnel in packet mode has an outer header that the NIC makes. */
static void fake_check_packet(struct fake_nic *fake, const struct ov2_add_sa *sa)
{
	bool outer = sa->packet && sa->mode == OV2_TUNNEL;
	struct ov2_caps caps;

	ov2_nic_hw_caps(fake->nic, &caps);
	fake_violation(fake, sa->packet && !(caps.features & OV2_CAP_PACKET),
		       "packet mode, which the NIC does not have");
	fake_violation(fake, !outer && sa->outer, "an outer header that the NIC does not make");
}

static void fake_check_add(struct fake_nic *fake, const struct ov2_add_sa *sa)
{
	fake_check_packet(fake, sa);
	fake_check_priv(fake, sa->priv, sa->cookie);
	fake_violation(fake, !sa->cookie, "a node without a cookie");
	fake_violation(fake, sa->offload_handle, "a node that is submitted with a handle");
	fake_violation(fake, sa->status, "a node that is submitted with a status");
	fake_violation(fake, fake_cookie_known(fake, sa->cookie), "a cookie given twice");
	fake_violation(fake, sa->key_area_len > sizeof(sa->key_area) ||
		       sa->cipher_key_off + sa->cipher_key_len > sa->key_area_len ||
		       sa->auth_key_off + sa->auth_key_len > sa->key_area_len,
		       "a key outside of the key area");
}

static void fake_check_nodes(struct fake_nic *fake, const struct fake_request *fr)
{
	struct fake_request *other;
	u32 i, j;

	for (i = 0; i < fr->count; i++) {
		const struct fake_entry *entry;

		list_for_each_entry(other, &fake->requests, list)
			for (j = 0; other->req && j < other->count; j++)
				fake_violation(fake, other->nodes[j] == fr->nodes[i],
					       "a node in two requests at a time");
		switch (fr->kind) {
		case OV2_ADD_SA:
			fake_check_add(fake, &fr->add[i]);
			break;
		case OV2_DELETE_SA:
			entry = fake_find(fake, fr->del[i].offload_handle);
			fake_violation(fake, !entry, "a delete of the unknown handle %x",
				       fr->del[i].offload_handle);
			if (entry)
				fake_check_priv(fake, fr->del[i].priv, entry->sa.cookie);
			break;
		default:
			/* A delete may have overtaken the update, which is no mistake. An update
			 * without a handle is one.
			 */
			entry = fake_find(fake, fr->update[i].offload_handle);
			fake_violation(fake, !fr->update[i].offload_handle,
				       "an update without a handle");
			fake_violation(fake, entry && !entry->sa.esn, "an update without ESN");
			if (entry)
				fake_check_priv(fake, fr->update[i].priv, entry->sa.cookie);
			break;
		}
	}
}

static void fake_check_request(struct fake_nic *fake, const struct ov2_request *req)
{
	const void *node = NULL;
	struct ov2_caps caps;
	u32 length = 0;

	ov2_nic_caps(fake->nic, &caps);
	while ((node = fake_node(req, node)) && length <= req->count)
		length++;
	fake_violation(fake, length != req->count, "a list of %u with a count of %u", length,
		       req->count);
	fake_violation(fake, !req->count || req->count > caps.max_list, "a list of %u", req->count);
	fake_violation(fake, fake->open > caps.max_requests, "%u requests in flight", fake->open);
	fake_violation(fake, fake->resetting, "an op during a reset");
	fake_violation(fake, fake->unregistered, "an op after unregistration");
	fake_violation(fake, req->status != -EINPROGRESS, "submitted with status %d", req->status);
}

/* The core must not change a list while the NIC has it. */
static void fake_check_untouched(struct fake_nic *fake, const struct fake_request *fr)
{
	size_t size = fake_node_size(fr->kind);
	u32 i;

	for (i = 0; i < fr->count; i++)
		fake_violation(fake, memcmp(fr->nodes[i], fake_copies(fr) + i * size, size),
			       "a node changed in flight");
}

static int fake_add_one(struct fake_nic *fake, struct ov2_add_sa *sa, bool refuse)
{
	u32 i;

	if (refuse)
		return -EIO;
	for (i = 0; i < fake->table_size; i++) {
		struct fake_entry *entry = &fake->table[i];

		if (entry->live)
			continue;
		sa->offload_handle = fake->next_handle++;
		entry->live = true;
		entry->sa = *sa;
		fake->live++;
		return 0;
	}
	return -ENOSPC;
}

static int fake_update_one(struct fake_nic *fake, const struct ov2_update_sa *update)
{
	struct fake_entry *entry = fake_find(fake, update->offload_handle);

	if (!entry)
		return -ENOENT;
	if (!entry->sa.esn)
		return -EINVAL;
	entry->sa.seq = update->seq;
	return 0;
}

static void fake_remove(struct fake_nic *fake, struct fake_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	fake->live--;
}

/* Executes a request and returns its status. */
static int fake_execute(struct fake_nic *fake, struct fake_request *fr)
{
	struct ov2_request *req = fr->req;
	struct ov2_update_sa *update;
	struct ov2_delete_sa *del;
	struct ov2_add_sa *sa;
	int err = 0, done = 0;
	u32 i = 0;

	fake_check_untouched(fake, fr);
	switch (fr->kind) {
	case OV2_ADD_SA:
		for (sa = req->add; sa; sa = sa->next) {
			sa->status = fake_add_one(fake, sa, i < 32 && fake->refuse & BIT(i));
			fr->add[i++].offload_handle = sa->offload_handle;
			err = err ?: sa->status;
			done += !sa->status;
		}
		return done ? 0 : err;
	case OV2_DELETE_SA:
		for (del = req->del; del; del = del->next) {
			struct fake_entry *entry = fake_find(fake, del->offload_handle);

			if (entry)
				fake_remove(fake, entry);
		}
		return 0;
	default:
		for (update = req->update; update; update = update->next) {
			update->status = fake_update_one(fake, update);
			err = err ?: update->status;
			done += !update->status;
		}
		return done ? 0 : err;
	}
}

/* Gives the request back to the core. Returns the request to call ov2_request_complete() with, or
 * NULL if the core has it already.
 */
static struct ov2_request *fake_close(struct fake_nic *fake, struct fake_request *fr, int status)
{
	struct ov2_request *req = fr->req;

	lockdep_assert_held(&fake->lock);
	if (!req)
		return NULL;
	fr->req = NULL;
	fr->status = status;
	fake->open--;
	return req;
}

static void fake_complete(struct fake_nic *fake, struct fake_request *fr, bool execute, int status)
{
	struct ov2_request *req;

	spin_lock_bh(&fake->lock);
	if (fr->req && execute)
		status = fake_execute(fake, fr);
	if (execute && fake->lie)
		status = fake->lie;
	req = fake_close(fake, fr, status);
	spin_unlock_bh(&fake->lock);
	if (req)
		ov2_request_complete(fake->nic, req, status);
}

/* Answers at once, or leaves the request pending. */
static int fake_answer(struct fake_nic *fake, struct fake_request *fr, enum fake_mode mode)
{
	int status;

	lockdep_assert_held(&fake->lock);
	switch (mode) {
	case FAKE_NOW:
		status = fake_execute(fake, fr);
		break;
	case FAKE_FAIL:
		status = fake->err;
		break;
	case FAKE_BUSY:
		status = -EBUSY;
		break;
	case FAKE_AGAIN:
		status = -EAGAIN;
		break;
	default:
		return -EINPROGRESS;
	}
	fake_close(fake, fr, status);
	return status;
}

static int fake_op(struct ov2_nic *nic, struct ov2_request *req, enum ov2_request_kind kind)
{
	struct fake_nic *fake = fake_nic_of(nic);
	struct fake_request *fr;
	enum fake_mode mode;
	int status;

	might_sleep();
	fr = fake_record(fake, req);
	if (!fr)
		return -ENOMEM;
	spin_lock_bh(&fake->lock);
	/* Read the mode under the lock: a test that changes the mode and then answers all requests
	 * misses none.
	 */
	mode = READ_ONCE(fake->mode);
	fake->ops_running++;
	fake->open++;
	fake->open_max = max(fake->open_max, fake->open);
	fake_violation(fake, req->kind != kind, "the op of another kind of request");
	fake_check_request(fake, req);
	fake_check_nodes(fake, fr);
	list_add_tail(&fr->list, &fake->requests);
	fake->total++;
	status = fake_answer(fake, fr, mode);
	spin_unlock_bh(&fake->lock);

	if (mode == FAKE_EARLY)
		fake_complete(fake, fr, true, 0);
	else if (mode == FAKE_SOFTIRQ)
		queue_work(system_bh_wq, &fake->softirq);
	wake_up(&fake->wait);
	if (fake->in_op)
		fake->in_op(fake, req);
	spin_lock_bh(&fake->lock);
	fake->ops_running--;
	spin_unlock_bh(&fake->lock);
	return status;
}

static int fake_add_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	return fake_op(nic, req, OV2_ADD_SA);
}

static int fake_delete_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	return fake_op(nic, req, OV2_DELETE_SA);
}

static int fake_update_sa(struct ov2_nic *nic, struct ov2_request *req)
{
	return fake_op(nic, req, OV2_UPDATE_SA);
}

static void fake_cancel(struct ov2_nic *nic, struct ov2_request *req)
{
	struct fake_nic *fake = fake_nic_of(nic);
	struct fake_request *fr, *found = NULL;

	might_sleep();
	spin_lock_bh(&fake->lock);
	fake->cancels++;
	spin_unlock_bh(&fake->lock);
	if (fake->in_cancel)
		fake->in_cancel(fake, req);
	spin_lock_bh(&fake->lock);
	list_for_each_entry(fr, &fake->requests, list)
		if (fr->req == req)
			found = fr;
	spin_unlock_bh(&fake->lock);
	if (found && !fake->deaf)
		fake_complete(fake, found, false, -ECANCELED);
	wake_up(&fake->wait);
}

/* Resets the hardware. */
static int fake_reset_hw(struct fake_nic *fake)
{
	struct fake_request *fr;
	u32 i;

	spin_lock_bh(&fake->lock);
	fake_violation(fake, fake->ops_running, "a reset during an op");
	fake_violation(fake, fake->unregistered, "a reset after unregistration");
	fake_violation(fake, fake->resetting, "two resets at a time");
	fake->resetting = true;
	for (i = 0; i < fake->table_size; i++)
		if (fake->table[i].live)
			fake_remove(fake, &fake->table[i]);
	spin_unlock_bh(&fake->lock);

	wake_up(&fake->wait);
	if (fake->hold_reset)
		wait_for_completion(fake->hold_reset);
	list_for_each_entry(fr, &fake->requests, list) {
		if (fake->reset_completes) {
			fake_complete(fake, fr, false, -ECANCELED);
			continue;
		}
		spin_lock_bh(&fake->lock);
		if (fr->req)
			fake_check_untouched(fake, fr);
		fake_close(fake, fr, -ECANCELED);
		spin_unlock_bh(&fake->lock);
	}

	spin_lock_bh(&fake->lock);
	fake->resetting = false;
	fake->resets++;
	spin_unlock_bh(&fake->lock);
	wake_up(&fake->wait);
	return fake->reset_err;
}

/* Resets the NIC as a driver does. Returns the result of ov2_nic_reset_done(). */
int fake_nic_reset(struct fake_nic *fake)
{
	int err;

	might_sleep();
	mutex_lock(&fake->reset_lock);
	ov2_nic_reset_begin(fake->nic);
	err = fake_reset_hw(fake);
	if (fake->after_reset)
		fake->after_reset(fake);
	err = ov2_nic_reset_done(fake->nic, err);
	mutex_unlock(&fake->reset_lock);
	wake_up(&fake->wait);
	return err;
}

static void fake_reset_work(struct work_struct *work)
{
	fake_nic_reset(container_of(work, struct fake_nic, reset_work));
}

/* The driver has noticed an error. */
void fake_nic_reset_later(struct fake_nic *fake)
{
	schedule_work(&fake->reset_work);
}

/* The core asks for a reset. */
static void fake_reset(struct ov2_nic *nic)
{
	struct fake_nic *fake = fake_nic_of(nic);

	might_sleep();
	if (fake->reset_later)
		fake_nic_reset_later(fake);
	else
		fake_nic_reset(fake);
}

static const struct ov2_nic_ops fake_nic_ops = {
	.sa_priv_size = sizeof(struct fake_sa),
	.add_sa = fake_add_sa,
	.delete_sa = fake_delete_sa,
	.update_sa = fake_update_sa,
	.cancel = fake_cancel,
	.reset = fake_reset,
};

static void fake_softirq(struct work_struct *work)
{
	struct fake_nic *fake = container_of(work, struct fake_nic, softirq);

	fake_violation(fake, !in_serving_softirq(), "the softirq mode is not in softirq");
	fake_nic_finish_all(fake);
}

/* The caller destroys it after all netdevs are gone. */
struct fake_nic *fake_nic_create(struct kunit *test, const struct ov2_caps *caps)
{
	static u32 count;
	struct fake_nic *fake;
	char name[16];

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->next_handle = 0x1000;
	fake->table_size = caps->max_sas;
	fake->table = kunit_kcalloc(test, fake->table_size, sizeof(*fake->table), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->table);
	spin_lock_init(&fake->lock);
	init_waitqueue_head(&fake->wait);
	INIT_LIST_HEAD(&fake->requests);
	INIT_WORK(&fake->softirq, fake_softirq);
	mutex_init(&fake->reset_lock);
	INIT_WORK(&fake->reset_work, fake_reset_work);

	snprintf(name, sizeof(name), "fake%u", count++);
	fake->nic = ov2_nic_alloc(&fake_nic_ops, caps, sizeof(fake), name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->nic);
	*(struct fake_nic **)ov2_nic_priv(fake->nic) = fake;
	ov2_nic_register(fake->nic);
	return fake;
}

void fake_nic_unregister(struct fake_nic *fake)
{
	if (fake->unregistered)
		return;
	ov2_nic_unregister(fake->nic);
	/* A driver may do it on each of its ways out. */
	ov2_nic_unregister(fake->nic);
	spin_lock_bh(&fake->lock);
	fake_violation(fake, fake->ops_running, "an op runs on after unregistration");
	fake_violation(fake, fake->open, "%u requests open after unregistration", fake->open);
	fake->unregistered = true;
	spin_unlock_bh(&fake->lock);
}

void fake_nic_destroy(struct fake_nic *fake)
{
	fake_nic_unregister(fake);
	flush_work(&fake->softirq);
	flush_work(&fake->reset_work);
	mutex_destroy(&fake->reset_lock);
	fake_nic_check(fake);
	KUNIT_EXPECT_EQ(fake->test, ov2_nic_occupancy(fake->nic), 0);
	KUNIT_EXPECT_EQ(fake->test, fake->live, 0);
	ov2_nic_free(fake->nic);
}

static struct fake_request *fake_nth(struct fake_nic *fake, u32 nth)
{
	struct fake_request *fr, *found = NULL;

	spin_lock_bh(&fake->lock);
	list_for_each_entry(fr, &fake->requests, list) {
		if (!nth--) {
			found = fr;
			break;
		}
	}
	spin_unlock_bh(&fake->lock);
	return found;
}

/* Waits for the nth request since the beginning, counted from 0, and returns it. */
struct fake_request *fake_nic_wait(struct fake_nic *fake, u32 nth)
{
	struct fake_request *fr;

	wait_event_timeout(fake->wait, fake_nth(fake, nth), FAKE_TIMEOUT);
	fr = fake_nth(fake, nth);
	KUNIT_ASSERT_NOT_NULL_MSG(fake->test, fr, "request %u never came", nth);
	fake_nic_check(fake);
	return fr;
}

void fake_nic_wait_resetting(struct fake_nic *fake)
{
	wait_event_timeout(fake->wait, READ_ONCE(fake->resetting), FAKE_TIMEOUT);
	KUNIT_ASSERT_TRUE(fake->test, READ_ONCE(fake->resetting));
}

void fake_nic_wait_resets(struct fake_nic *fake, u32 resets)
{
	wait_event_timeout(fake->wait, READ_ONCE(fake->resets) >= resets, FAKE_TIMEOUT);
	KUNIT_ASSERT_GE(fake->test, READ_ONCE(fake->resets), resets);
	fake_nic_check(fake);
}

void fake_nic_finish(struct fake_nic *fake, struct fake_request *fr)
{
	fake_complete(fake, fr, true, 0);
}

/* Completes a request without executing it, for failures and aborts. */
void fake_nic_finish_status(struct fake_nic *fake, struct fake_request *fr, int status)
{
	fake_complete(fake, fr, false, status);
}

void fake_nic_finish_all(struct fake_nic *fake)
{
	struct fake_request *fr;

	do {
		spin_lock_bh(&fake->lock);
		list_for_each_entry(fr, &fake->requests, list)
			if (fr->req)
				break;
		if (list_entry_is_head(fr, &fake->requests, list))
			fr = NULL;
		spin_unlock_bh(&fake->lock);
		if (fr)
			fake_nic_finish(fake, fr);
	} while (fr);
}

void fake_nic_check(struct fake_nic *fake)
{
	KUNIT_EXPECT_STREQ(fake->test, fake->violation, "");
}

bool fake_nic_has(struct fake_nic *fake, u32 handle)
{
	bool found;

	spin_lock_bh(&fake->lock);
	found = fake_find(fake, handle);
	spin_unlock_bh(&fake->lock);
	return found;
}

/* Returns whether an SA was ever in an ADD_SA list. */
bool fake_nic_saw(struct fake_nic *fake, u32 cookie)
{
	struct fake_request *fr;
	bool found = false;
	u32 i;

	spin_lock_bh(&fake->lock);
	list_for_each_entry(fr, &fake->requests, list)
		for (i = 0; fr->kind == OV2_ADD_SA && i < fr->count; i++)
			found |= fr->add[i].cookie == cookie;
	spin_unlock_bh(&fake->lock);
	return found;
}

/* Returns the NIC's SA with this SPI, or NULL. */
const struct ov2_add_sa *fake_nic_by_spi(struct fake_nic *fake, u32 spi)
{
	const struct ov2_add_sa *found = NULL;
	u32 i;

	spin_lock_bh(&fake->lock);
	for (i = 0; i < fake->table_size; i++)
		if (fake->table[i].live && fake->table[i].sa.spi == cpu_to_be32(spi))
			found = &fake->table[i].sa;
	spin_unlock_bh(&fake->lock);
	return found;
}
