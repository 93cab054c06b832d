/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: frames inside the NIC and on the wire. */
#ifndef __OV2SIM_NIC_FRAME_H
#define __OV2SIM_NIC_FRAME_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct ov2sim_frame - A linear Ethernet frame, which follows this structure.
 * @list: in a fifo, or with the other frames of its descriptor
 * @hash: receive hash; the receiving port computes it on arrival
 * @hash_l4: @hash covers ports or an SPI
 * @len: length in bytes
 * @data: the frame; its IP header is aligned
 */
struct ov2sim_frame {
	struct list_head list;
	u32 hash;
	bool hash_l4;
	u32 len;
	u8 *data;
};

struct ov2sim_frame *ov2sim_frame_alloc(u32 len, gfp_t gfp);
void ov2sim_frame_free(struct ov2sim_frame *frame);
u32 ov2sim_frames_free(struct list_head *frames);
unsigned int ov2sim_frames_live(void);

#endif /* __OV2SIM_NIC_FRAME_H */
