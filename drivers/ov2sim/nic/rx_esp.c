// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: process a received ESP packet with the SA that it matches: infer the sequence number,
 * decrypt, in packet mode take the headers off (decap.c), verify the inner checksum. There are no
 * locks, because the caller keeps the SA.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/unaligned.h>
#include <net/xfrm.h>
#include "decap.h"
#include "rx_esp.h"

/* Verify the checksum of the decrypted IP packet between @l3 and @end. */
static void ov2sim_rx_tunnel_csum(const u8 *data, u32 l3, u32 end, u8 next_header,
				  struct ov2sim_rxc *rxc)
{
	enum ov2_family family = next_header == IPPROTO_IPIP ? OV2_IPV4 : OV2_IPV6;
	struct ov2sim_pkt inner;

	if (ov2sim_parse_ip(data, l3, end, family, &inner) && ov2sim_pkt_csum_ok(data, &inner))
		rxc->flags |= OV2SIM_RX_CSUM_OK;
}

static void ov2sim_rx_esp_csum(const struct ov2sim_sa *sa, const u8 *data,
			       const struct ov2sim_pkt *pkt, struct ov2sim_rxc *rxc)
{
	u32 tail = pkt->end - sa->esp.icv_len - 2;
	struct ov2sim_pkt inner = *pkt;

	inner.l4 = pkt->esp + OV2SIM_ESP_HLEN + sa->esp.iv_len;
	inner.end = tail - data[tail];
	inner.proto = rxc->next_header;
	if (sa->id.mode == OV2_TUNNEL) {
		ov2sim_rx_tunnel_csum(data, inner.l4, inner.end, inner.proto, rxc);
		return;
	}
	ov2sim_parse_l4(data, &inner);
	if (ov2sim_pkt_csum_ok(data, &inner))
		rxc->flags |= OV2SIM_RX_CSUM_OK;
}

/* Packet mode: make of the decrypted packet what the stack gets. A dummy packet (RFC 4303 section
 * 2.6) has nothing that the stack could get, but the stack has to advance the replay window, so it
 * gets the packet as it was received.
 */
static u32 ov2sim_rx_unframe(const struct ov2sim_sa *sa, const struct ov2sim_frame *frame, u8 *data,
			     const struct ov2sim_pkt *pkt, struct ov2sim_rxc *rxc)
{
	u32 status = rxc->status;

	rxc->saddr = pkt->saddr;
	rxc->sport = pkt->sport;
	if (rxc->next_header == IPPROTO_NONE &&
	    (status == CRYPTO_SUCCESS || status == CRYPTO_INVALID_PROTOCOL)) {
		memcpy(data + pkt->esp, frame->data + pkt->esp, pkt->end - pkt->esp);
		return CRYPTO_SUCCESS;
	}
	return status == CRYPTO_SUCCESS ? ov2sim_decap(sa, data, pkt, rxc) : status;
}

/* Packet mode: describe the packet that the stack gets. */
static void ov2sim_rx_unframed(const u8 *data, bool csum, struct ov2sim_rxc *rxc)
{
	struct ov2sim_pkt pkt;
	bool l4;

	if (rxc->next_header == IPPROTO_NONE)
		return;
	rxc->hash = 0;
	rxc->flags &= ~OV2SIM_RX_HASH_L4;
	data += rxc->off;
	if (!ov2sim_parse_frame(data, rxc->len, &pkt))
		return;
	rxc->hash = ov2sim_pkt_hash(&pkt, &l4);
	if (l4)
		rxc->flags |= OV2SIM_RX_HASH_L4;
	if (csum && ov2sim_pkt_csum_ok(data, &pkt))
		rxc->flags |= OV2SIM_RX_CSUM_OK;
}

/**
 * ov2sim_rx_esp - process a packet with the SA that it matches
 * @sa: the SA
 * @frame: the frame as received
 * @data: a copy of the frame, decrypted in place and in packet mode without what ESP has added;
 *	unchanged if the packet fails
 * @pkt: the packet in the frame
 * @csum: verify the inner checksum
 * @rxc: filled with the result; its len is set, and packet mode changes it and off
 */
void ov2sim_rx_esp(struct ov2sim_sa *sa, const struct ov2sim_frame *frame, u8 *data,
		   const struct ov2sim_pkt *pkt, bool csum, struct ov2sim_rxc *rxc)
{
	u32 len = pkt->end - pkt->esp;

	rxc->flags |= OV2SIM_RX_ESP_DONE;
	rxc->cookie = sa->id.cookie;
	rxc->seq = ov2sim_replay_infer(&sa->replay, get_unaligned_be32(data + pkt->esp + 4));
	rxc->status = ov2sim_esp_decrypt(&sa->esp, sa->id.mode, data + pkt->esp, len, rxc->seq,
					 &rxc->next_header);
	if (sa->id.packet)
		rxc->status = ov2sim_rx_unframe(sa, frame, data, pkt, rxc);
	if (rxc->status != CRYPTO_SUCCESS) {
		/* Restore the ciphertext: the output of a failed decryption must not leak. */
		memcpy(data + pkt->esp, frame->data + pkt->esp, len);
		atomic64_inc(&sa->use.fails);
		return;
	}

	ov2sim_replay_advance(&sa->replay, rxc->seq);
	atomic64_inc(&sa->use.packets);
	atomic64_add(frame->len, &sa->use.bytes);
	if (sa->id.packet)
		ov2sim_rx_unframed(data, csum, rxc);
	else if (csum)
		ov2sim_rx_esp_csum(sa, data, pkt, rxc);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_rx_esp);
