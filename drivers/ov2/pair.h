/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: counterpart of an SA. */
#ifndef __OV2_PAIR_H
#define __OV2_PAIR_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <net/ov2/sa.h>

struct net;
struct ov2_port;
struct xfrm_state;
struct ov2_nic;
struct ov2_sa;

/**
 * struct ov2_pair_id - The properties that an SA and its counterpart share, constant.
 * @net: network namespace
 * @port: port
 * @local: outer address at this end
 * @remote: and at the other
 * @sel: hash of the selector with this end as its source, if there is no reqid; no one can find
 *	another selector with the same hash, because its key is secret
 * @reqid: reqid
 * @hash: hash of the above, see ov2_pair_hash_id()
 * @family: of the outer addresses
 * @mode: mode
 */
struct ov2_pair_id {
	const struct net *net;
	const struct ov2_port *port;
	struct in6_addr local;
	struct in6_addr remote;
	u64 sel;
	u32 reqid;
	u32 hash;
	u32 family;
	u32 mode;
};

/**
 * struct ov2_pair - The part of an SA that pair.c owns, under nic->lock.
 * @id: set before admission
 * @if_id: XFRM interface, 0 for none; likewise
 * @mark: lookup mark; likewise
 * @node: in nic->unpaired, of the youngest of the unpaired SAs of one direction and id
 * @same: ring of those, the youngest first
 * @other: counterpart while xfrm has both
 */
struct ov2_pair {
	struct ov2_pair_id id;
	u32 if_id;
	u32 mark;
	struct rhash_head node;
	struct list_head same;
	struct ov2_sa *other;
};

/* pair.c */
int ov2_pair_tables_init(struct ov2_nic *nic);
void ov2_pair_tables_free(struct ov2_nic *nic);
void ov2_pair_init(struct ov2_sa *sa, const struct xfrm_state *x);
void ov2_pair_add(struct ov2_sa *sa);
void ov2_pair_del(struct ov2_sa *sa);

#endif /* __OV2_PAIR_H */
