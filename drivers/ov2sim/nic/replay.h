/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: the sequence state of an SA. */
#ifndef __OV2SIM_NIC_REPLAY_H
#define __OV2SIM_NIC_REPLAY_H

#include <linux/spinlock.h>
#include <net/ov2/types.h>

/**
 * struct ov2sim_replay - Sequence state of an SA (RFC 4303 appendix A2).
 * @lock: guards @top
 * @top: highest sequence number verified or sent, T of appendix A2
 * @window: size of the window in packets, W of appendix A2
 * @esn: 64-bit sequence numbers
 *
 * The NIC only infers the upper half of received numbers. It does not check for replays, because
 * xfrm does.
 */
struct ov2sim_replay {
	spinlock_t lock;	/* guards top; process context only */
	u64 top;
	u32 window;
	bool esn;
};

void ov2sim_replay_init(struct ov2sim_replay *replay, const struct ov2_add_sa *node);
u64 ov2sim_replay_top(struct ov2sim_replay *replay);
u64 ov2sim_replay_infer(struct ov2sim_replay *replay, u32 low);
void ov2sim_replay_advance(struct ov2sim_replay *replay, u64 seq);
int ov2sim_replay_update(struct ov2sim_replay *replay, const struct ov2_seq *seq);

#endif /* __OV2SIM_NIC_REPLAY_H */
