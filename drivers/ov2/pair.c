// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: which outbound SA corresponds to which inbound SA. xfrm does not know. Pairs are
 * recorded when SAs are added, so that two generations of a rekey, which look the same, are kept
 * apart. Owns the pair part of an SA and the tables of unpaired SAs, all under nic->lock.
 *
 * A table has one entry for all unpaired SAs of one direction that look the same. The entry is the
 * youngest SA, with the others in a ring, so that each step takes constant time however many there
 * are.
 */
#include <linux/net.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <net/xfrm.h>
#include "ov2.h"

/* At most this many SAs that look the same are searched for one with the same mark and if_id. */
#define OV2_PAIR_LOOK	16

static siphash_key_t ov2_pair_secret __read_mostly;

/* An id is looked up several times, so it is hashed once, when it is made, with a secret. The seed
 * of the table would add nothing to that.
 */
static u32 ov2_pair_hash(const void *data, u32 len, u32 seed)
{
	const struct ov2_pair_id *id = data;

	return id->hash;
}

static const struct rhashtable_params ov2_pair_params = {
	.hashfn = ov2_pair_hash,
	.key_len = sizeof(struct ov2_pair_id),
	.key_offset = offsetof(struct ov2_sa, pair.id),
	.head_offset = offsetof(struct ov2_sa, pair.node),
	.automatic_shrinking = true,
};

int ov2_pair_tables_init(struct ov2_nic *nic)
{
	int err;

	err = rhashtable_init(&nic->unpaired[OV2_IN], &ov2_pair_params);
	if (err)
		return err;
	err = rhashtable_init(&nic->unpaired[OV2_OUT], &ov2_pair_params);
	if (err)
		rhashtable_destroy(&nic->unpaired[OV2_IN]);
	return err;
}

/* Context: process, may sleep. */
void ov2_pair_tables_free(struct ov2_nic *nic)
{
	rhashtable_destroy(&nic->unpaired[OV2_OUT]);
	rhashtable_destroy(&nic->unpaired[OV2_IN]);
}

/* Hashes the selector, turned so that this end is its source. */
static u64 ov2_pair_hash_sel(const struct xfrm_selector *sel, enum ov2_dir dir)
{
	struct ov2_sel from, to;

	/* The hash is of the bytes, those between the members included. */
	memset(&to, 0, sizeof(to));
	ov2_xlate_sel(sel, &to);
	if (dir == OV2_IN) {
		from = to;
		to.saddr = from.daddr;
		to.daddr = from.saddr;
		to.sport = from.dport;
		to.dport = from.sport;
		to.sport_mask = from.dport_mask;
		to.dport_mask = from.sport_mask;
		to.prefixlen_s = from.prefixlen_d;
		to.prefixlen_d = from.prefixlen_s;
	}
	return siphash(&to, sizeof(to), &ov2_pair_secret);
}

static u32 ov2_pair_hash_addr(const struct in6_addr *addr, u32 family, u32 seed)
{
	if (family == OV2_IPV4)
		return (__force u32)addr->s6_addr32[0];
	return jhash2((__force const u32 *)addr->s6_addr32, ARRAY_SIZE(addr->s6_addr32), seed);
}

/* The port stands for the namespace. Family and mode would hardly tell ids apart. */
static u32 ov2_pair_hash_id(const struct ov2_pair_id *id)
{
	u32 seed = ov2_pair_secret.key[0] ^ (unsigned long)id->port;

	return jhash_3words(ov2_pair_hash_addr(&id->local, id->family, seed),
			    ov2_pair_hash_addr(&id->remote, id->family, seed),
			    id->reqid ?: id->sel, seed);
}

/* xfrm's add calls this before @sa is admitted. The tables compare the id as bytes, so rely on
 * ov2_sa_alloc() to have zeroed what is not set here.
 */
void ov2_pair_init(struct ov2_sa *sa, const struct xfrm_state *x)
{
	bool out = sa->dir == OV2_OUT;
	struct ov2_pair_id *id = &sa->pair.id;

	id->net = read_pnet(&x->xs_net);
	id->port = sa->port;
	ov2_xlate_addr(out ? &id->local : &id->remote, &x->props.saddr, x->props.family);
	ov2_xlate_addr(out ? &id->remote : &id->local, &x->id.daddr, x->props.family);
	id->reqid = x->props.reqid;
	id->family = sa->traits.family;
	id->mode = sa->traits.mode;
	net_get_random_once(&ov2_pair_secret, sizeof(ov2_pair_secret));
	if (!id->reqid)
		id->sel = ov2_pair_hash_sel(&x->sel, sa->dir);
	id->hash = ov2_pair_hash_id(id);
	sa->pair.if_id = x->if_id;
	sa->pair.mark = x->mark.v & x->mark.m;
}

/* No inbound SA with a mark is offloaded, and newer kernels offload none with an if_id, so an
 * outbound SA with either pairs with an inbound SA that has none.
 */
static bool ov2_pair_match(const struct ov2_pair *in, const struct ov2_pair *out)
{
	return in->if_id == out->if_id || !in->if_id;
}

static bool ov2_pair_exact(const struct ov2_sa *a, const struct ov2_sa *b)
{
	return a->pair.if_id == b->pair.if_id && a->pair.mark == b->pair.mark;
}

/* Returns the youngest of the unpaired SAs of a direction that look like @sa, or NULL. */
static struct ov2_sa *ov2_pair_first(const struct ov2_sa *sa, enum ov2_dir dir)
{
	return rhashtable_lookup_fast(&sa->nic->unpaired[dir], &sa->pair.id, ov2_pair_params);
}

/* Finds the best of the unpaired SAs of the other direction, from @first on: one with the same mark
 * and if_id if there is one, otherwise the youngest.
 */
static struct ov2_sa *ov2_pair_find(const struct ov2_sa *sa, struct ov2_sa *first)
{
	struct ov2_sa *other = first, *best = NULL;
	u32 seen = 0;

	do {
		const struct ov2_sa *in = sa->dir == OV2_IN ? sa : other;
		const struct ov2_sa *out = sa->dir == OV2_IN ? other : sa;

		if (ov2_pair_exact(sa, other))
			return other;
		if (!best && ov2_pair_match(&in->pair, &out->pair))
			best = other;
		other = list_next_entry(other, pair.same);
	} while (other != first && ++seen < OV2_PAIR_LOOK);
	return best;
}

/* Adds an SA to the unpaired SAs, in front of those that look the same if it is new. If there is no
 * memory for a new entry, the SA stays without a counterpart.
 */
static void ov2_pair_insert(struct ov2_sa *sa, bool new)
{
	struct rhashtable *table = &sa->nic->unpaired[sa->dir];
	struct ov2_sa *first;

	first = rhashtable_lookup_get_insert_fast(table, &sa->pair.node, ov2_pair_params);
	if (IS_ERR_OR_NULL(first))
		return;
	/* The entry of the table is the front of the ring, and the SA before it is the end. */
	list_add_tail(&sa->pair.same, &first->pair.same);
	if (new)
		rhashtable_replace_fast(table, &first->pair.node, &sa->pair.node, ov2_pair_params);
}

/* Removes an SA from the unpaired ones, if it is among them; @first is their entry of the table. */
static void ov2_pair_remove(struct ov2_sa *sa, const struct ov2_sa *first)
{
	struct rhashtable *table = &sa->nic->unpaired[sa->dir];

	if (first == sa) {
		if (list_empty(&sa->pair.same))
			rhashtable_remove_fast(table, &sa->pair.node, ov2_pair_params);
		else
			rhashtable_replace_fast(table, &sa->pair.node,
						&list_next_entry(sa, pair.same)->pair.node,
						ov2_pair_params);
	}
	list_del_init(&sa->pair.same);
}

/* Pairs a new SA with the best of those that have no counterpart yet. */
void ov2_pair_add(struct ov2_sa *sa)
{
	struct ov2_sa *first, *other;

	lockdep_assert_held(&sa->nic->lock);
	first = ov2_pair_first(sa, !sa->dir);
	other = first ? ov2_pair_find(sa, first) : NULL;
	if (!other) {
		ov2_pair_insert(sa, true);
		return;
	}
	ov2_pair_remove(other, first);
	sa->pair.other = other;
	other->pair.other = sa;
}

/* xfrm has deleted the SA: its counterpart may find another. */
void ov2_pair_del(struct ov2_sa *sa)
{
	struct ov2_sa *other = sa->pair.other;

	lockdep_assert_held(&sa->nic->lock);
	if (!other) {
		ov2_pair_remove(sa, ov2_pair_first(sa, sa->dir));
		return;
	}
	sa->pair.other = NULL;
	other->pair.other = NULL;
	ov2_pair_insert(other, false);
}
