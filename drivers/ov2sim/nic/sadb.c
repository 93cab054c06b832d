// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's SA table.
 *
 * The table is changed under ov2sim_sadb.lock. Readers hold ov2sim_sadb.srcu and not RCU, because
 * the cryptography of an SA may sleep. An SA is unlinked first and freed after a grace period, so
 * that no worker uses it once ov2sim_sadb_free() has returned (S18). Freeing its tfm wipes its key.
 *
 * Handles come from one counter, which starts again only after 2^32 handles and not at a reset, so
 * that a stale handle does not find a newer SA (S9).
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include "fault.h"
#include "nic.h"
#include "sadb.h"
#include "validate.h"
#include "victim.h"

#define OV2SIM_SADB_BUCKET_BITS_MAX	16

static struct kmem_cache *ov2sim_sa_cache;
static atomic_t ov2sim_sa_live;

int ov2sim_sa_cache_init(void)
{
	ov2sim_sa_cache = KMEM_CACHE(ov2sim_sa, 0);
	return ov2sim_sa_cache ? 0 : -ENOMEM;
}

void ov2sim_sa_cache_exit(void)
{
	kmem_cache_destroy(ov2sim_sa_cache);
}

unsigned int ov2sim_sas_live(void)
{
	return atomic_read(&ov2sim_sa_live);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sas_live);

int ov2sim_sadb_init(struct ov2sim_sadb *db, const struct ov2_caps *caps, u32 ports,
		     struct ov2sim_faults *faults)
{
	int err;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_sadb_init, db, caps, ports, faults);
	memset(db, 0, sizeof(*db));
	db->caps = caps;
	db->ports = ports;
	db->faults = faults;
	mutex_init(&db->lock);
	xa_init_flags(&db->handles, XA_FLAGS_ALLOC1);
	db->bucket_bits = min(order_base_2(caps->max_sas), OV2SIM_SADB_BUCKET_BITS_MAX);
	db->buckets = kvcalloc(1U << db->bucket_bits, sizeof(*db->buckets), GFP_KERNEL);
	if (!db->buckets)
		return -ENOMEM;
	err = init_srcu_struct(&db->srcu);
	if (err)
		goto err_free_buckets;
	return 0;

err_free_buckets:
	kvfree(db->buckets);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_init);

void ov2sim_sadb_destroy(struct ov2sim_sadb *db)
{
	ov2sim_sadb_flush(db);
	cleanup_srcu_struct(&db->srcu);
	kvfree(db->buckets);
	xa_destroy(&db->handles);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_destroy);

static struct hlist_head *ov2sim_sadb_bucket(struct ov2sim_sadb *db, const struct in6_addr *daddr,
					     __be32 spi)
{
	u32 hash = jhash2((const u32 *)daddr->s6_addr32, 4, (__force u32)spi);

	return &db->buckets[hash & ((1U << db->bucket_bits) - 1)];
}

/* An IPv4 address is in the first word. Clear the others, because nodes may hold anything there. */
static void ov2sim_sa_copy_addr(struct in6_addr *to, const struct in6_addr *from,
				enum ov2_family family)
{
	memset(to, 0, sizeof(*to));
	if (family == OV2_IPV4)
		to->s6_addr32[0] = from->s6_addr32[0];
	else
		*to = *from;
}

static struct ov2sim_sa *ov2sim_sa_create(const struct ov2_add_sa *node)
{
	struct ov2sim_sa *sa;
	int err;

	sa = kmem_cache_zalloc(ov2sim_sa_cache, GFP_KERNEL);
	if (!sa)
		return ERR_PTR(-ENOMEM);
	err = ov2sim_esp_init(&sa->esp, node);
	if (err)
		goto err_free_sa;

	sa->id = (struct ov2sim_sa_id){
		.cookie = node->cookie,
		.port = node->port,
		.dir = node->dir,
		.family = node->family,
		.mode = node->mode,
		.encap = node->encap,
		.encap_dport = node->encap_dport,
		.esn = node->esn,
		.packet = node->packet,
		.outer = node->outer,
		.spi = node->spi,
	};
	ov2sim_sa_copy_addr(&sa->id.saddr, &node->saddr, node->family);
	ov2sim_sa_copy_addr(&sa->id.daddr, &node->daddr, node->family);
	ov2sim_replay_init(&sa->replay, node);
	sa->use.last = ktime_get();
	sa->ip_id = get_random_u16();
	atomic_inc(&ov2sim_sa_live);
	return sa;

err_free_sa:
	kmem_cache_free(ov2sim_sa_cache, sa);
	return ERR_PTR(err);
}

static void ov2sim_sa_destroy(struct ov2sim_sa *sa)
{
	ov2sim_esp_destroy(&sa->esp);
	memzero_explicit(&sa->esp, sizeof(sa->esp));
	kmem_cache_free(ov2sim_sa_cache, sa);
	atomic_dec(&ov2sim_sa_live);
}

static int ov2sim_sadb_insert(struct ov2sim_sadb *db, struct ov2sim_sa *sa)
{
	int err;

	lockdep_assert_held(&db->lock);
	if (db->count >= db->caps->max_sas)
		return -ENOSPC;
	err = xa_alloc_cyclic(&db->handles, &sa->id.handle, NULL, xa_limit_32b, &db->next_handle,
			      GFP_KERNEL);
	if (err < 0)
		return err;
	/* xa_alloc_cyclic() has reserved the entry, so this store needs no memory and cannot fail.
	 * Readers that find the SA see its handle, which is set by now.
	 */
	xa_store(&db->handles, sa->id.handle, sa, GFP_KERNEL);
	if (sa->id.dir == OV2_IN)
		hlist_add_tail_rcu(&sa->hash, ov2sim_sadb_bucket(db, &sa->id.daddr, sa->id.spi));
	db->count++;
	return 0;
}

/**
 * ov2sim_sadb_add - add the SA of an ADD_SA node
 * @db: the table
 * @node: the node; its offload_handle is set on success and cleared on failure
 *
 * Return: 0 or a negative errno.
 */
int ov2sim_sadb_add(struct ov2sim_sadb *db, struct ov2_add_sa *node)
{
	struct ov2sim_sa *sa;
	int err;

	err = ov2sim_sa_validate(node, db->caps, db->ports);
	if (err)
		goto err_no_handle;
	/* Do not set up cryptography that a full table would discard. ov2sim_sadb_insert() checks
	 * again under the lock.
	 */
	err = -ENOSPC;
	if (READ_ONCE(db->count) >= db->caps->max_sas)
		goto err_no_handle;
	err = -ENOMEM;
	if (ov2sim_fault_take(&db->faults->nomem))
		goto err_no_handle;

	sa = ov2sim_sa_create(node);
	if (IS_ERR(sa)) {
		err = PTR_ERR(sa);
		goto err_no_handle;
	}
	mutex_lock(&db->lock);
	err = ov2sim_sadb_insert(db, sa);
	mutex_unlock(&db->lock);
	if (err)
		goto err_destroy_sa;
	node->offload_handle = sa->id.handle;
	return 0;

err_destroy_sa:
	ov2sim_sa_destroy(sa);
err_no_handle:
	node->offload_handle = 0;
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_add);

static void ov2sim_sadb_unlink_sa(struct ov2sim_sadb *db, struct ov2sim_sa *sa,
				  struct list_head *dead)
{
	lockdep_assert_held(&db->lock);
	xa_erase(&db->handles, sa->id.handle);
	if (sa->id.dir == OV2_IN)
		hlist_del_rcu(&sa->hash);
	list_add_tail(&sa->list, dead);
}

/**
 * ov2sim_sadb_unlink - remove an SA from the table
 * @db: the table
 * @handle: its handle; a handle that no SA has is ignored
 * @dead: the SA is appended to this, for ov2sim_sadb_free()
 */
void ov2sim_sadb_unlink(struct ov2sim_sadb *db, u32 handle, struct list_head *dead)
{
	struct ov2sim_sa *sa;

	mutex_lock(&db->lock);
	sa = xa_load(&db->handles, handle);
	if (sa)
		ov2sim_sadb_unlink_sa(db, sa, dead);
	mutex_unlock(&db->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_unlink);

/**
 * ov2sim_sadb_free - wait for the readers of unlinked SAs and free the SAs
 * @db: the table
 * @dead: the SAs
 *
 * The SAs count against the capacity of the table until this returns.
 */
void ov2sim_sadb_free(struct ov2sim_sadb *db, struct list_head *dead)
{
	struct ov2sim_sa *sa, *next;
	u32 count = 0;

	if (list_empty(dead))
		return;
	synchronize_srcu_expedited(&db->srcu);
	list_for_each_entry_safe(sa, next, dead, list) {
		list_del(&sa->list);
		ov2sim_sa_destroy(sa);
		count++;
		cond_resched();
	}
	mutex_lock(&db->lock);
	db->count -= count;
	mutex_unlock(&db->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_free);

void ov2sim_sadb_flush(struct ov2sim_sadb *db)
{
	struct ov2sim_sa *sa;
	unsigned long handle;
	LIST_HEAD(dead);

	mutex_lock(&db->lock);
	xa_for_each(&db->handles, handle, sa) {
		ov2sim_sadb_unlink_sa(db, sa, &dead);
		cond_resched();
	}
	mutex_unlock(&db->lock);
	ov2sim_sadb_free(db, &dead);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_flush);

int ov2sim_sadb_update(struct ov2sim_sadb *db, u32 handle, const struct ov2_seq *seq)
{
	struct ov2sim_sa *sa;
	int err = -ENOENT;

	mutex_lock(&db->lock);
	sa = xa_load(&db->handles, handle);
	if (sa)
		err = ov2sim_replay_update(&sa->replay, seq);
	mutex_unlock(&db->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_update);

int ov2sim_sadb_read_lock(struct ov2sim_sadb *db)
{
	return srcu_read_lock(&db->srcu);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_read_lock);

void ov2sim_sadb_read_unlock(struct ov2sim_sadb *db, int idx)
{
	srcu_read_unlock(&db->srcu, idx);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_read_unlock);

/* Returns NULL for an inbound SA and for an SA of another port, too. */
struct ov2sim_sa *ov2sim_sadb_find_tx(struct ov2sim_sadb *db, u32 handle, u32 port)
{
	struct ov2sim_sa *sa = xa_load(&db->handles, handle);

	return sa && sa->id.dir == OV2_OUT && sa->id.port == port ? sa : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_find_tx);

bool ov2sim_sadb_is_outbound(struct ov2sim_sadb *db, u32 handle)
{
	struct ov2sim_sa *sa;
	bool outbound;

	mutex_lock(&db->lock);
	sa = xa_load(&db->handles, handle);
	outbound = sa && sa->id.dir == OV2_OUT;
	mutex_unlock(&db->lock);
	return outbound;
}

/* If several SAs match the oldest one is used. It is the first in the bucket. */
struct ov2sim_sa *ov2sim_sadb_find_rx(struct ov2sim_sadb *db, const struct ov2sim_sa_key *key)
{
	struct hlist_head *bucket = ov2sim_sadb_bucket(db, &key->daddr, key->spi);
	struct ov2sim_sa *sa;

	hlist_for_each_entry_srcu(sa, bucket, hash, srcu_read_lock_held(&db->srcu)) {
		if (sa->id.spi == key->spi && sa->id.port == key->port &&
		    sa->id.family == key->family && sa->id.encap == key->encap &&
		    (sa->id.encap == OV2_ENCAP_NONE || sa->id.encap_dport == key->encap_dport) &&
		    ipv6_addr_equal(&sa->id.daddr, &key->daddr))
			return sa;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_find_rx);

bool ov2sim_sadb_next(struct ov2sim_sadb *db, u32 handle, struct ov2sim_sa_info *info)
{
	unsigned long index = (unsigned long)handle + 1;
	struct ov2sim_sa *sa;

	mutex_lock(&db->lock);
	sa = handle == U32_MAX ? NULL : xa_find(&db->handles, &index, U32_MAX, XA_PRESENT);
	if (sa) {
		*info = (struct ov2sim_sa_info) {
			.id = sa->id,
			.alg = sa->esp.name,
			.icv_len = sa->esp.icv_len,
			.packets = atomic64_read(&sa->use.packets),
			.bytes = atomic64_read(&sa->use.bytes),
			.fails = atomic64_read(&sa->use.fails),
			.seq = ov2sim_replay_top(&sa->replay),
			.delete_req = sa->id.dir == OV2_IN && ov2sim_victim_wanted(db, sa),
		};
	}
	mutex_unlock(&db->lock);
	return sa;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sadb_next);
