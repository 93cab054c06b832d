/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the NIC's SA table. */
#ifndef __OV2SIM_NIC_SADB_H
#define __OV2SIM_NIC_SADB_H

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/xarray.h>
#include <net/ov2/types.h>
#include "esp.h"
#include "info.h"
#include "replay.h"
#include "victim.h"

struct ov2sim_faults;

/**
 * struct ov2sim_sa_use - How much an SA has been used.
 * @packets: packets processed successfully
 * @bytes: bytes of their frames
 * @fails: packets whose processing failed
 * @last: inbound: time of the last packet, or of the add
 */
struct ov2sim_sa_use {
	atomic64_t packets;
	atomic64_t bytes;
	atomic64_t fails;
	ktime_t last;
};

/**
 * struct ov2sim_sa - An SA.
 * @hash: inbound: in its bucket, under &struct ov2sim_sadb.lock
 * @list: on a list of SAs that were unlinked and wait to be freed
 * @id: its identity; constant
 * @esp: its cryptography; constant but for its spare
 * @replay: its sequence state
 * @use: its counters
 * @victim: whether the NIC wants it deleted
 * @ip_id: packet mode: what is added to a sequence number to get the id of an outer IPv4 header;
 *	random, so that the SAs between two hosts do not use the same ids at the same time
 */
struct ov2sim_sa {
	struct hlist_node hash;
	struct list_head list;
	struct ov2sim_sa_id id;
	struct ov2sim_esp esp;
	struct ov2sim_replay replay;
	struct ov2sim_sa_use use;
	struct ov2sim_victim victim;
	u16 ip_id;
};

/**
 * struct ov2sim_sadb - An SA table.
 * @caps: capabilities that nodes are checked against; constant
 * @ports: number of ports of the NIC
 * @faults: fault injection
 * @lock: guards changes of the table
 * @handles: all SAs by handle
 * @next_handle: next handle to try, so that each of the 2^32 is used before one is used again
 * @buckets: inbound SAs, within a bucket in the order of their adds
 * @bucket_bits: log2 of the number of buckets
 * @count: SAs in the table, and those that were unlinked and not freed yet
 * @watermark: with more SAs than this the NIC wants some deleted; 0 for no watermark
 * @srcu: held by readers while they use an SA, because its cryptography may sleep
 */
struct ov2sim_sadb {
	const struct ov2_caps *caps;
	u32 ports;
	struct ov2sim_faults *faults;
	struct mutex lock;	/* guards changes */
	struct xarray handles;
	u32 next_handle;
	struct hlist_head *buckets;
	unsigned int bucket_bits;
	u32 count;
	u32 watermark;
	struct srcu_struct srcu;
};

/**
 * struct ov2sim_sa_key - Key by which a received ESP packet is looked up.
 * @port: port that has received it
 * @family: family of its addresses
 * @encap: encapsulation
 * @encap_dport: UDP destination port, if it is encapsulated
 * @spi: SPI
 * @daddr: destination
 */
struct ov2sim_sa_key {
	u32 port;
	enum ov2_family family;
	enum ov2_encap encap;
	__be16 encap_dport;
	__be32 spi;
	struct in6_addr daddr;
};

int ov2sim_sa_cache_init(void);
void ov2sim_sa_cache_exit(void);
unsigned int ov2sim_sas_live(void);

int ov2sim_sadb_init(struct ov2sim_sadb *db, const struct ov2_caps *caps, u32 ports,
		     struct ov2sim_faults *faults);
void ov2sim_sadb_destroy(struct ov2sim_sadb *db);
void ov2sim_sadb_flush(struct ov2sim_sadb *db);

int ov2sim_sadb_add(struct ov2sim_sadb *db, struct ov2_add_sa *node);
void ov2sim_sadb_unlink(struct ov2sim_sadb *db, u32 handle, struct list_head *dead);
void ov2sim_sadb_free(struct ov2sim_sadb *db, struct list_head *dead);
int ov2sim_sadb_update(struct ov2sim_sadb *db, u32 handle, const struct ov2_seq *seq);
bool ov2sim_sadb_next(struct ov2sim_sadb *db, u32 handle, struct ov2sim_sa_info *info);

/* An SA that a reader has found stays valid until ov2sim_sadb_read_unlock(). */
int ov2sim_sadb_read_lock(struct ov2sim_sadb *db);
void ov2sim_sadb_read_unlock(struct ov2sim_sadb *db, int idx);
bool ov2sim_sadb_is_outbound(struct ov2sim_sadb *db, u32 handle);
struct ov2sim_sa *ov2sim_sadb_find_tx(struct ov2sim_sadb *db, u32 handle, u32 port);
struct ov2sim_sa *ov2sim_sadb_find_rx(struct ov2sim_sadb *db, const struct ov2sim_sa_key *key);

#endif /* __OV2SIM_NIC_SADB_H */
