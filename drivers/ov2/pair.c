// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: which outbound SA corresponds to which inbound one. xfrm does not know; pairs are
 * recorded when SAs are added, so that two generations of a rekey, which look the same, stay
 * apart. Everything here is under nic->lock.
 */
#include <linux/jhash.h>
#include <net/ipv6.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* What both SAs of a pair hash to: nothing of it has a direction. */
static u32 ov2_pair_hash(const struct ov2_sa *sa)
{
	const struct ov2_add_sa *add = &sa->add;
	u32 saddr = jhash(&add->saddr, sizeof(add->saddr), 0);
	u32 daddr = jhash(&add->daddr, sizeof(add->daddr), 0);

	return jhash_3words(saddr ^ daddr, sa->pair_key.reqid, add->mode, add->family);
}

/* Where the SAs of @dir are that may be the counterpart of @sa, or @sa itself. */
static struct hlist_head *ov2_pair_bucket(const struct ov2_sa *sa, enum ov2_dir dir)
{
	return &sa->nic->unpaired[dir][hash_32(ov2_pair_hash(sa), OV2_PAIR_BITS)];
}

static bool ov2_pair_sel_mirrored(const struct ov2_sel *a, const struct ov2_sel *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       a->prefixlen_s == b->prefixlen_d && a->prefixlen_d == b->prefixlen_s &&
	       a->sport == b->dport && a->dport == b->sport &&
	       a->sport_mask == b->dport_mask && a->dport_mask == b->sport_mask &&
	       ipv6_addr_equal(&a->saddr, &b->daddr) && ipv6_addr_equal(&a->daddr, &b->saddr);
}

/* An inbound SA with a mark or, on newer kernels, with an if_id is never offloaded: the inbound SA
 * that goes with an outbound one of that kind has none.
 */
static bool ov2_pair_match(const struct ov2_sa *a, const struct ov2_sa *b)
{
	const struct ov2_sa *in = a->dir == OV2_IN ? a : b;
	const struct ov2_sa *out = a->dir == OV2_IN ? b : a;

	return a->port == b->port && a->pair_key.net == b->pair_key.net &&
	       a->pair_key.reqid == b->pair_key.reqid &&
	       (in->pair_key.if_id == out->pair_key.if_id || !in->pair_key.if_id) &&
	       (in->pair_key.mark == out->pair_key.mark || !in->pair_key.mark) &&
	       a->add.family == b->add.family && a->add.mode == b->add.mode &&
	       ipv6_addr_equal(&a->add.saddr, &b->add.daddr) &&
	       ipv6_addr_equal(&a->add.daddr, &b->add.saddr) &&
	       (a->pair_key.reqid || ov2_pair_sel_mirrored(&a->add.sel, &b->add.sel));
}

static bool ov2_pair_exact(const struct ov2_sa *a, const struct ov2_sa *b)
{
	return a->pair_key.if_id == b->pair_key.if_id && a->pair_key.mark == b->pair_key.mark;
}

/* Is @other the better counterpart: by what it belongs to, then the younger one? */
static bool ov2_pair_better(const struct ov2_sa *sa, const struct ov2_sa *other,
			    const struct ov2_sa *best)
{
	bool exact = ov2_pair_exact(sa, other);

	if (!best)
		return true;
	if (exact != ov2_pair_exact(sa, best))
		return exact;
	return (s32)(other->cookie - best->cookie) > 0;
}

/* Pairs a new SA with the best of those that have no counterpart yet. Neither those that have one
 * nor those of its own direction are looked at, however many there are between the same ends.
 */
void ov2_pair_add(struct ov2_sa *sa)
{
	struct ov2_sa *other, *best = NULL;

	lockdep_assert_held(&sa->nic->lock);
	hlist_for_each_entry(other, ov2_pair_bucket(sa, !sa->dir), pair_node)
		if (ov2_pair_match(sa, other) && ov2_pair_better(sa, other, best))
			best = other;
	if (!best) {
		hlist_add_head(&sa->pair_node, ov2_pair_bucket(sa, sa->dir));
		return;
	}
	hlist_del_init(&best->pair_node);
	sa->pair = best;
	best->pair = sa;
}

/* xfrm has deleted the SA: its counterpart may find another. */
void ov2_pair_del(struct ov2_sa *sa)
{
	struct ov2_sa *other = sa->pair;

	lockdep_assert_held(&sa->nic->lock);
	hlist_del_init(&sa->pair_node);
	if (!other)
		return;
	sa->pair = NULL;
	other->pair = NULL;
	hlist_add_head(&other->pair_node, ov2_pair_bucket(other, other->dir));
}
