// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: the sequence numbers that the NIC was given to send on one SA. Pure but for a lock of
 * its own.
 *
 * The NIC derives the IV of AES-GCM, AES-GMAC and ChaCha20-Poly1305 from the sequence number, so a
 * number that is sent twice with different plaintext reveals the key stream (RFC 4106 section 3.1).
 * xfrm takes each number once, but the stack behind xfrm can repeat it: clones of a GSO packet
 * (mirred, netem) share one counter, and each clone that is segmented advances it. The core cannot
 * know all of these paths, so it remembers the numbers and refuses a second use.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* The core remembers this many numbers one by one. All older numbers count as used. If a qdisc
 * delays a packet by more than this many packets of the same SA, the packet is dropped.
 */
#define OV2_SENT_WINDOW		1024

/**
 * struct ov2_sent - The sequence numbers that were used on an SA.
 * @lock: guards the rest; a leaf, BH off
 * @top: the newest number used, 0 if none
 * @used: bit n % OV2_SENT_WINDOW stands for number n, for the newest OV2_SENT_WINDOW numbers
 */
struct ov2_sent {
	/* see above */
	spinlock_t lock;
	u64 top;
	DECLARE_BITMAP(used, OV2_SENT_WINDOW);
};

static struct kmem_cache *ov2_sent_cache;

int ov2_sent_cache_init(void)
{
	ov2_sent_cache = KMEM_CACHE(ov2_sent, SLAB_ACCOUNT);
	return ov2_sent_cache ? 0 : -ENOMEM;
}

/* The last SA has been freed, also by RCU. */
void ov2_sent_cache_exit(void)
{
	kmem_cache_destroy(ov2_sent_cache);
}

/* The caller frees it with kfree(). Context: process. */
struct ov2_sent *ov2_sent_alloc(void)
{
	struct ov2_sent *sent = kmem_cache_zalloc(ov2_sent_cache, GFP_KERNEL);

	if (sent)
		spin_lock_init(&sent->lock);
	return sent;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sent_alloc);

/* Moves the window up, so that @last is its newest number. */
static void ov2_sent_move(struct ov2_sent *sent, u64 last)
{
	u64 n;

	if (last - sent->top >= OV2_SENT_WINDOW)
		bitmap_zero(sent->used, OV2_SENT_WINDOW);
	else
		for (n = sent->top + 1; n <= last; n++)
			__clear_bit(n % OV2_SENT_WINDOW, sent->used);
	sent->top = last;
}

/* Takes @count numbers from @first on. Returns false, and takes none, if one of them was taken
 * before, is too old to tell, or is 2^63 or more, where the IV would be that of a smaller number: a
 * later XFRM_MSG_NEWAE can set such a number. Context: BH off.
 */
bool ov2_sent_add(struct ov2_sent *sent, u64 first, u32 count)
{
	u64 last = first + count - 1, n;
	bool fresh = false;

	spin_lock(&sent->lock);
	if (!count || first > S64_MAX || last > S64_MAX ||
	    (sent->top >= OV2_SENT_WINDOW && first <= sent->top - OV2_SENT_WINDOW))
		goto out;
	for (n = first; n <= min(last, sent->top); n++)
		if (test_bit(n % OV2_SENT_WINDOW, sent->used))
			goto out;
	if (last > sent->top)
		ov2_sent_move(sent, last);
	/* A burst may be longer than the window. Numbers that it has pushed out of the window count
	 * as used already.
	 */
	if (last - first >= OV2_SENT_WINDOW)
		first = last - OV2_SENT_WINDOW + 1;
	for (n = first; n <= last; n++)
		__set_bit(n % OV2_SENT_WINDOW, sent->used);
	fresh = true;
out:
	spin_unlock(&sent->lock);
	return fresh;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_sent_add);
