// SPDX-License-Identifier: GPL-2.0-only
/* ov2sim: frames inside the NIC. A frame has one owner at a time, so there are no locks. */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include "frame.h"

#if IS_ENABLED(CONFIG_KUNIT)
static atomic_t ov2sim_frame_count;

unsigned int ov2sim_frames_live(void)
{
	return atomic_read(&ov2sim_frame_count);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_frames_live);

static void ov2sim_frame_add(int frames)
{
	atomic_add(frames, &ov2sim_frame_count);
}
#else
static void ov2sim_frame_add(int frames) {}
#endif

struct ov2sim_frame *ov2sim_frame_alloc(u32 len, gfp_t gfp)
{
	struct ov2sim_frame *frame;

	KUNIT_STATIC_STUB_REDIRECT(ov2sim_frame_alloc, len, gfp);
	frame = kmalloc(sizeof(*frame) + NET_IP_ALIGN + len, gfp);
	if (!frame)
		return NULL;
	*frame = (struct ov2sim_frame){ .len = len, .data = (u8 *)(frame + 1) + NET_IP_ALIGN };
	INIT_LIST_HEAD(&frame->list);
	ov2sim_frame_add(1);
	return frame;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_frame_alloc);

void ov2sim_frame_free(struct ov2sim_frame *frame)
{
	kfree(frame);
	ov2sim_frame_add(-1);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_frame_free);

u32 ov2sim_frames_free(struct list_head *frames)
{
	struct ov2sim_frame *frame, *next;
	u32 count = 0;

	list_for_each_entry_safe(frame, next, frames, list) {
		list_del(&frame->list);
		ov2sim_frame_free(frame);
		count++;
	}
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_frames_free);
