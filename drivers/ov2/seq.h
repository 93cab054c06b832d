/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2 core: sequence numbers of an SA. */
#ifndef __OV2_SEQ_H
#define __OV2_SEQ_H

#include <linux/list.h>
#include <net/ov2/sa.h>

struct ov2_list_kind;
struct ov2_nic;
struct ov2_sa;

/**
 * struct ov2_sa_seq - The part of an SA that seq.c and update.c own.
 * @mismatches: packets in a row about whose number NIC and xfrm disagreed; NAPI of the port
 * @running: an UPDATE_SA list has the SA, with a reference; nic->lock
 * @told: the newest number that the NIC knows of or is about to be told; inbound ESN only
 * @last: right edge of xfrm's window when it moved last, inbound ESN only; x->lock
 * @now: the sequence state to tell the NIC; nic->lock
 * @queue: on nic->updq, with a reference; nic->lock
 */
struct ov2_sa_seq {
	u16 mismatches;
	bool running;
	u64 told;
	u64 last;
	struct ov2_seq now;
	struct list_head queue;
};

/* seq.c */
static inline u64 ov2_seq_u64(struct ov2_seq seq)
{
	return (u64)seq.high << 32 | seq.low;
}

void ov2_seq_init(struct ov2_sa *sa, struct ov2_seq seq);
void ov2_seq_drop_update(struct ov2_sa *sa);
void ov2_seq_filled(struct ov2_sa *sa, const struct ov2_add_sa *add);
void ov2_seq_advance(struct ov2_sa *sa, struct ov2_seq seq);
void ov2_seq_seen(struct ov2_sa *sa, u64 seq);
bool ov2_seq_mismatch(struct ov2_sa *sa);

/* update.c */
extern const struct ov2_list_kind ov2_kind_update;

#endif /* __OV2_SEQ_H */
