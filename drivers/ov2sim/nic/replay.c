// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the sequence state of an SA: infers the upper half of received numbers, and follows the
 * numbers that the NIC has verified or sent and the updates of the stack.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include "replay.h"

static u64 ov2sim_seq64(const struct ov2_seq *seq)
{
	return (u64)seq->high << 32 | seq->low;
}

void ov2sim_replay_init(struct ov2sim_replay *replay, const struct ov2_add_sa *node)
{
	spin_lock_init(&replay->lock);
	replay->top = ov2sim_seq64(&node->seq);
	replay->window = node->replay_window;
	replay->esn = node->esn;
}

u64 ov2sim_replay_top(struct ov2sim_replay *replay)
{
	u64 top;

	spin_lock(&replay->lock);
	top = replay->top;
	spin_unlock(&replay->lock);
	return top;
}

/**
 * ov2sim_replay_infer - find the sequence number of a received packet
 * @replay: the SA's sequence state
 * @low: the number in the packet
 *
 * RFC 4303 appendix A2.2. If the upper half would fall below 0 it becomes 2^32 - 1 and the ICV does
 * not verify, as in xfrm.
 *
 * Return: all 64 bits.
 */
u64 ov2sim_replay_infer(struct ov2sim_replay *replay, u32 low)
{
	u32 top_low, top_high, bottom;
	u64 top;

	if (!replay->esn)
		return low;

	top = ov2sim_replay_top(replay);
	top_low = lower_32_bits(top);
	top_high = upper_32_bits(top);
	bottom = top_low - replay->window + 1;
	if (top_low >= replay->window - 1)
		top_high += low < bottom;	/* case A: the window is in one subspace */
	else
		top_high -= low >= bottom;	/* case B: it spans two */
	return (u64)top_high << 32 | low;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_replay_infer);

/* The NIC has verified or sent a packet with number @seq. */
void ov2sim_replay_advance(struct ov2sim_replay *replay, u64 seq)
{
	spin_lock(&replay->lock);
	if (seq > replay->top)
		replay->top = seq;
	spin_unlock(&replay->lock);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_replay_advance);

/**
 * ov2sim_replay_update - take over the sequence state that the stack has sent
 * @replay: the SA's sequence state
 * @seq: the stack's
 *
 * The NIC may have verified later packets since the stack sent @seq, so an older @seq is ignored
 * (S21). If @seq is older by more than a window the stack has moved its own window back, and the
 * NIC follows.
 *
 * Return: 0, or -EINVAL for an SA without ESN.
 */
int ov2sim_replay_update(struct ov2sim_replay *replay, const struct ov2_seq *seq)
{
	u64 top = ov2sim_seq64(seq);

	if (!replay->esn)
		return -EINVAL;
	spin_lock(&replay->lock);
	if (top > replay->top || replay->top - top > replay->window)
		replay->top = top;
	spin_unlock(&replay->lock);
	return 0;
}
