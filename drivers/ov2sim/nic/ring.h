/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: descriptors and rings of the NIC. Part of nic.h, which is the header to include. */
#ifndef __OV2SIM_NIC_RING_H
#define __OV2SIM_NIC_RING_H

#include <linux/bits.h>
#include <linux/in6.h>
#include <linux/types.h>

struct ov2sim_hw;
struct sk_buff;

/* Transmit: tx.c */

/* struct ov2sim_txd.flags */
#define OV2SIM_TX_CSUM		BIT(0)	/* checksum from csum_start to the end of the payload,
					 * before encryption
					 */
#define OV2SIM_TX_LSO		BIT(1)	/* TCP: cut into segments of mss bytes */
#define OV2SIM_TX_ESP		BIT(2)	/* encrypt with offload_handle */
#define OV2SIM_TX_ESP_TRAILER	BIT(3)	/* ESP and LSO: the aggregate carries a trailer and room
					 * for an ICV, which the NIC strips (UDP encapsulation)
					 */
#define OV2SIM_TX_ENCAP		BIT(4)	/* ESP: the packet is in clear, and the NIC adds UDP and ESP
					 * headers, IV, trailer, ICV and in tunnel mode the outer IP
					 * header
					 */

/**
 * struct ov2sim_txd - A packet to send.
 * @skb: the packet, data at the Ethernet header; the NIC only reads it
 * @flags: OV2SIM_TX_*
 * @offload_handle: ESP: the SA
 * @seq: ESP: 64-bit sequence number of the packet or its first segment; the ESP header of the
 *	packet carries the lower half
 * @l3_off: LSO and ESP: offset of the outer IP header, with ENCAP of the only one. All offsets are
 *	from skb->data.
 * @esp_off: ESP without ENCAP: offset of the ESP header
 * @inner_off: LSO and ESP in tunnel mode, without ENCAP: offset of the inner IP header, else 0
 * @l4_off: LSO: offset of the TCP header
 * @csum_start: CSUM: start of the checksummed part; not used with LSO
 * @csum_offset: CSUM: offset of the checksum field from @csum_start; not used with LSO
 * @mss: LSO: payload bytes of a segment
 * @segs: LSO and ESP: sequence numbers that the stack has taken for the packet, at least one
 *	for each segment
 * @sport: ENCAP with UDP: source port
 * @dport: ENCAP with UDP: destination port
 * @ttl: ENCAP in tunnel mode: TTL or hop limit of the outer header
 * @esp_proto: LSO and ESP without ENCAP: next header for the trailers
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
	__be16 sport;
	__be16 dport;
	u8 ttl;
	u8 esp_proto;
};

/**
 * struct ov2sim_txc - TX completion: a packet that the NIC has processed.
 * @skb: the packet, which belongs to the driver again
 * @frames: frames on the wire
 * @status: 0; -ECANCELED if the port was stopped or the NIC reset before the packet was sent;
 *	-ENOLINK, -ENETDOWN or -ENOSPC if the other end did not take it; -ENOBUFS if none of its
 *	frames got onto a wire of the driver's; another errno if the NIC refused it
 */
struct ov2sim_txc {
	struct sk_buff *skb;
	u32 frames;
	int status;
};

/**
 * ov2sim_hw_tx - queue a packet
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @txd: the packet; copied; the skb belongs to the NIC until it is reaped
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: 0; -ENOSPC if the ring is full; -ENETDOWN if the port is not started.
 */
int ov2sim_hw_tx(struct ov2sim_hw *hw, u32 port, u32 queue, const struct ov2sim_txd *txd);

/**
 * ov2sim_hw_tx_kick - tell the NIC to look at a TX ring
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 *
 * Context: any up to softirq.
 */
void ov2sim_hw_tx_kick(struct ov2sim_hw *hw, u32 port, u32 queue);

/**
 * ov2sim_hw_tx_room - count the free descriptors of a TX ring
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 *
 * Context: any up to softirq.
 * Return: free descriptors.
 */
u32 ov2sim_hw_tx_room(struct ov2sim_hw *hw, u32 port, u32 queue);

/**
 * ov2sim_hw_tx_reap - take a processed packet back
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @txc: filled with the result
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: false if there is none.
 */
bool ov2sim_hw_tx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_txc *txc);

/* Receive: rx.c */

/* struct ov2sim_rxc.flags */
#define OV2SIM_RX_RETURNED	BIT(0)	/* an unused buffer, no packet */
#define OV2SIM_RX_CSUM_OK	BIT(1)	/* the TCP or UDP checksum is right; the inner one if the
					 * packet was decrypted
					 */
#define OV2SIM_RX_HASH_L4	BIT(2)	/* hash covers ports or an SPI */
#define OV2SIM_RX_ESP_DONE	BIT(3)	/* processed with an SA; status says with which result */
#define OV2SIM_RX_SA_DELETE_REQ	BIT(4)	/* the NIC wants the SA and its counterpart deleted; also
					 * set on a packet that matches the SA and was not processed
					 */

/**
 * struct ov2sim_rxc - RX completion: a received packet.
 * @buf: the driver's name for the buffer
 * @off: offset of the Ethernet header in the buffer
 * @len: bytes, from the Ethernet header on
 * @flags: OV2SIM_RX_*
 * @hash: receive hash, 0 if there is none because the frame is not IP
 * @cookie: ESP_DONE, SA_DELETE_REQ: &struct ov2_add_sa.cookie of the SA
 * @status: ESP_DONE: one of CRYPTO_* of <net/xfrm.h>
 * @seq: ESP_DONE: 64-bit sequence number, its upper half inferred
 * @next_header: ESP_DONE with CRYPTO_SUCCESS: as decrypted
 * @saddr: ESP_DONE, SA in packet mode: source address of the frame, IPv4 in the first word
 * @sport: ESP_DONE, SA in packet mode with UDP: source port
 *
 * The NIC decrypts in place: ESP header, IV, trailer and ICV stay in the packet. If it has
 * processed the packet with an SA it trims bytes that follow the IP packet.
 *
 * In packet mode with CRYPTO_SUCCESS nothing of these stays, neither the UDP header nor in tunnel
 * mode the outer IP header, and the type in the Ethernet header is that of the packet that is left.
 * The headers in front of them have moved up by @off.
 * A dummy packet (next header 59, RFC 4303 section 2.6) stays as it was received.
 */
struct ov2sim_rxc {
	void *buf;
	u32 off;
	u32 len;
	u32 flags;
	u32 hash;
	u32 cookie;
	u32 status;
	u64 seq;
	struct in6_addr saddr;
	__be16 sport;
	u8 next_header;
};

/**
 * ov2sim_hw_rx_post - pass a receive buffer to the NIC
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @buf: the driver's name for the buffer
 * @va: its address
 * @size: its size in bytes; the NIC drops a longer frame
 *
 * Wakes the worker if it waits for a buffer.
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: 0; -ENOSPC if the ring is full.
 */
int ov2sim_hw_rx_post(struct ov2sim_hw *hw, u32 port, u32 queue, void *buf, void *va, u32 size);

/**
 * ov2sim_hw_rx_reap - take a packet or an unused buffer
 * @hw: the NIC
 * @port: index of an open port
 * @queue: index of its queue
 * @rxc: filled with the result
 *
 * Context: any up to softirq, one caller per queue at a time.
 * Return: false if there is none.
 */
bool ov2sim_hw_rx_reap(struct ov2sim_hw *hw, u32 port, u32 queue, struct ov2sim_rxc *rxc);

#endif /* __OV2SIM_NIC_RING_H */
