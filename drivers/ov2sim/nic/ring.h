/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: descriptors and rings of the NIC. Part of nic.h, which is what to include. */
#ifndef __OV2SIM_NIC_RING_H
#define __OV2SIM_NIC_RING_H

#include <linux/bits.h>
#include <linux/types.h>

struct ov2sim_hw;
struct sk_buff;

/* Transmit: tx.c */

/* struct ov2sim_txd.flags */
#define OV2SIM_TX_CSUM		BIT(0)	/* one's complement checksum from csum_start to the end of
					 * the payload, before encryption
					 */
#define OV2SIM_TX_LSO		BIT(1)	/* TCP: cut into pieces of mss bytes */
#define OV2SIM_TX_ESP		BIT(2)	/* encrypt with offload_handle */
#define OV2SIM_TX_ESP_TRAILER	BIT(3)	/* ESP and LSO: the aggregate carries a trailer and ICV
					 * room, which the NIC strips (UDP encapsulation)
					 */

/**
 * struct ov2sim_txd - A packet to send.
 * @skb: the packet, data at the Ethernet header; the NIC only reads it
 * @flags: OV2SIM_TX_*
 * @offload_handle: ESP: the SA
 * @seq: ESP: 64-bit sequence number of the packet or its first segment; the ESP header of the
 *	packet carries the lower half
 * @l3_off: offset of the outer IP header; LSO and ESP. All offsets are from skb->data.
 * @esp_off: ESP: offset of the ESP header
 * @inner_off: LSO and ESP in tunnel mode: offset of the inner IP header, else 0
 * @l4_off: LSO: offset of the TCP header
 * @csum_start: CSUM: where the checksummed part begins; not used with LSO
 * @csum_offset: CSUM: where, from there, the checksum goes; not used with LSO
 * @mss: LSO: payload bytes of a segment
 * @segs: LSO and ESP: sequence numbers that the stack has taken for the packet, at least one
 *	for each segment
 * @esp_proto: LSO and ESP: next header for the trailers
 */
struct ov2sim_txd {
	struct sk_buff *skb;
	u32 flags;
	u32 offload_handle;
	u64 seq;
	u16 l3_off;
	u16 esp_off;
	u16 inner_off;
	u16 l4_off;
	u16 csum_start;
	u16 csum_offset;
	u16 mss;
	u16 segs;
	u8 esp_proto;
};

/**
 * struct ov2sim_txc - A packet that the NIC has done with.
 * @skb: the packet, the driver's again
 * @frames: frames on the wire
 * @status: 0; -ECANCELED: not sent, port stopped or NIC reset; -ENOLINK, -ENETDOWN, -ENOSPC: the
 *	wire did not take it; another errno: the NIC refused it
 */
struct ov2sim_txc {
	struct sk_buff *skb;
	u32 frames;
	int status;
};

/**
 * ov2sim_hw_tx() - Queue a packet.
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @txd: the packet; copied; the skb is the NIC's until it is reaped
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: 0; -ENOSPC if the ring is full; -ENETDOWN if the port is not started.
 */
int ov2sim_hw_tx(struct ov2sim_hw *hw, u32 port, u32 queue, const struct ov2sim_txd *txd);

/** ov2sim_hw_tx_kick() - Make the NIC look at the ring. Context: any up to softirq. */
void ov2sim_hw_tx_kick(struct ov2sim_hw *hw, u32 port, u32 queue);

/** ov2sim_hw_tx_room() - Free descriptors of a TX ring. Context: any up to softirq. */
u32 ov2sim_hw_tx_room(struct ov2sim_hw *hw, u32 port, u32 queue);

/**
 * ov2sim_hw_tx_reap() - Take a packet back.
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @txc: result
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: false if there is none.
 */
bool ov2sim_hw_tx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_txc *txc);

/* Receive: rx.c */

/* struct ov2sim_rxc.flags */
#define OV2SIM_RX_RETURNED	BIT(0)	/* no packet, just the buffer */
#define OV2SIM_RX_CSUM_OK	BIT(1)	/* the (inner, if decrypted) TCP or UDP checksum is right */
#define OV2SIM_RX_HASH_L4	BIT(2)	/* hash covers ports or an SPI */
#define OV2SIM_RX_ESP_DONE	BIT(3)	/* processed with an SA: status says how it went */
#define OV2SIM_RX_SA_DELETE_REQ	BIT(4)	/* the NIC wants the SA deleted, and its counterpart; also
					 * on a packet that matches it and was not processed
					 */

/**
 * struct ov2sim_rxc - A received packet.
 * @buf: the driver's name for the buffer
 * @len: bytes, from the Ethernet header on
 * @flags: OV2SIM_RX_*
 * @hash: receive hash, 0 if there is none (not IP)
 * @cookie: ESP_DONE, SA_DELETE_REQ: &struct ov2_add_sa.cookie of the SA
 * @status: ESP_DONE: one of CRYPTO_* of <net/xfrm.h>
 * @seq: ESP_DONE: 64-bit sequence number as inferred
 * @next_header: ESP_DONE with CRYPTO_SUCCESS: as decrypted
 *
 * The packet is as it was on the wire: ESP header, IV, trailer and ICV stay where they are. Of
 * one that was processed with an SA only padding of the frame is missing.
 */
struct ov2sim_rxc {
	void *buf;
	u32 len;
	u32 flags;
	u32 hash;
	u32 cookie;
	u32 status;
	u64 seq;
	u8 next_header;
};

/**
 * ov2sim_hw_rx_post() - Give the NIC a receive buffer.
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @buf: the driver's name for it
 * @va: where it is
 * @size: bytes; a frame that is longer is dropped
 *
 * Context: any up to softirq, one caller per queue at a time. Wakes the NIC if it waits for one.
 * Return: 0; -ENOSPC if the ring is full.
 */
int ov2sim_hw_rx_post(struct ov2sim_hw *hw, u32 port, u32 queue, void *buf, void *va, u32 size);

/**
 * ov2sim_hw_rx_reap() - Take a packet or an unused buffer.
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @rxc: result
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: false if there is none.
 */
bool ov2sim_hw_rx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_rxc *rxc);

#endif /* __OV2SIM_NIC_RING_H */
