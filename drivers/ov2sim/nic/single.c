// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: make one frame of a packet: copy, in packet mode add headers (encap.c) and a trailer,
 * checksum, encrypt. lso.c makes several frames of one.
 * There are no locks, because the caller keeps the SA.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/checksum.h>
#include "encap.h"
#include "frame.h"
#include "sadb.h"
#include "single.h"

/* Compute the checksum over [csum_start, @end). The checksum field holds the sum of the pseudo
 * header.
 */
static int ov2sim_single_csum(const struct ov2sim_txd *txd, u8 *data, u32 end)
{
	u32 field = txd->csum_start + txd->csum_offset;
	__sum16 sum;

	if (field + sizeof(sum) > end)
		return -EINVAL;
	sum = csum_fold(csum_partial(data + txd->csum_start, end - txd->csum_start, 0));
	put_unaligned(sum ?: CSUM_MANGLED_0, (__sum16 *)(data + field));
	return 0;
}

/* The NIC writes the ICV at the end of the frame, so the IP packet must end there, too. */
static bool ov2sim_single_ip_fits(const struct ov2sim_sa *sa, const u8 *data, u32 len, u32 l3)
{
	if (sa->id.family == OV2_IPV4)
		return len >= l3 + sizeof(struct iphdr) && data[l3] >> 4 == 4 &&
		       get_unaligned_be16(data + l3 + 2) == len - l3;
	return len >= l3 + sizeof(struct ipv6hdr) && data[l3] >> 4 == 6 &&
	       get_unaligned_be16(data + l3 + 4) == len - l3 - sizeof(struct ipv6hdr);
}

/* Checksum and encrypt a frame that has room for ESP. */
static int ov2sim_single_protect(const struct ov2sim_txd *txd, struct ov2sim_sa *sa, u8 *data,
				 u32 len)
{
	u32 text = txd->esp_off + OV2SIM_ESP_HLEN + sa->esp.iv_len;
	u32 tail = sa->esp.icv_len + 2;
	int err;

	if (len < text + tail || !ov2sim_single_ip_fits(sa, data, len, txd->l3_off))
		return -EINVAL;
	if (get_unaligned((__be32 *)(data + txd->esp_off)) != sa->id.spi ||
	    (!sa->id.esn && upper_32_bits(txd->seq)))
		return -EIO;

	if (txd->flags & OV2SIM_TX_CSUM) {
		tail += data[len - tail];
		if (txd->csum_start < text || len < text + tail)
			return -EINVAL;
		err = ov2sim_single_csum(txd, data, len - tail);
		if (err)
			return err;
	}
	err = ov2sim_esp_send(&sa->esp, data + txd->esp_off, len - txd->esp_off, txd->seq);
	if (err)
		return err;
	ov2sim_encap_put_csum(txd, sa, data, len);
	return 0;
}

/* Copy a packet into its frame, and in packet mode add what ESP needs. */
static int ov2sim_single_fill(struct ov2sim_encap *encap, struct ov2sim_txd *txd,
			      const struct ov2sim_sa *sa, struct ov2sim_frame *frame)
{
	u32 end = txd->skb->len + encap->len;
	int err;

	err = ov2sim_encap_copy(encap, txd->skb, txd->skb->len, frame->data);
	if (err || !encap->len)
		return err;
	ov2sim_encap_put(encap, txd, sa, frame->data, frame->len);
	ov2sim_esp_put_trailer(frame->data + end, frame->len - end - sa->esp.icv_len,
			       txd->esp_proto);
	return 0;
}

/**
 * ov2sim_single - make one frame of a packet
 * @txd: the packet
 * @sa: the SA to encrypt with, or NULL
 * @frames: the frame is appended to this
 *
 * Return: 0; -EINVAL if the descriptor is inconsistent; -EIO if it does not match the SA; -ENOMEM.
 * After an error @frames is unchanged.
 */
int ov2sim_single(const struct ov2sim_txd *txd, struct ov2sim_sa *sa, struct list_head *frames)
{
	struct ov2sim_txd framed = *txd;
	struct ov2sim_encap encap = {};
	struct ov2sim_frame *frame;
	u32 trailer = 0;
	int err;

	if (sa && sa->id.packet) {
		err = ov2sim_encap_plan(&encap, txd, sa);
		if (err)
			return err;
		trailer = ov2sim_esp_trailer_len(&sa->esp, txd->skb->len - encap.at);
	}
	frame = ov2sim_frame_alloc(txd->skb->len + encap.len + trailer, GFP_KERNEL);
	if (!frame)
		return -ENOMEM;
	err = ov2sim_single_fill(&encap, &framed, sa, frame);
	if (err)
		goto err_free_frame;
	if (sa)
		err = ov2sim_single_protect(&framed, sa, frame->data, frame->len);
	else if (txd->flags & OV2SIM_TX_CSUM)
		err = ov2sim_single_csum(txd, frame->data, frame->len);
	if (err)
		goto err_free_frame;
	list_add_tail(&frame->list, frames);
	return 0;

err_free_frame:
	ov2sim_frame_free(frame);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_single);
