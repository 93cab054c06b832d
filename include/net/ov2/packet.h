/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: what goes with a packet between the core and a NIC driver. */
#ifndef __NET_OV2_PACKET_H
#define __NET_OV2_PACKET_H

#include <linux/bits.h>
#include <linux/in6.h>
#include <linux/types.h>

/* struct ov2_rx_meta.flags */
#define OV2_RX_CRYPTO_DONE	BIT(0)	/* the NIC has processed the packet, see status */
#define OV2_RX_SA_DELETE_REQ	BIT(1)	/* the NIC wants the SA and its counterpart deleted */

/**
 * struct ov2_rx_meta - The NIC's report on a received packet.
 * @cookie: the SA that it matched, &struct ov2_add_sa.cookie
 * @flags: OV2_RX_*
 * @status: with OV2_RX_CRYPTO_DONE: one of the CRYPTO_* bits of <net/xfrm.h> (CRYPTO_SUCCESS, ...).
 *	NDIS: CryptoStatus
 * @seq: 64-bit sequence number that the NIC has used, with its inferred upper half
 *
 * @next_header: packet mode: next header of the ESP trailer (RFC 4303 section 2.6)
 * @saddr: packet mode with OV2_ENCAP_UDP: outer source address, IPv4 in the first word
 * @sport: packet mode with OV2_ENCAP_UDP: UDP source port
 *
 * A driver sets OV2_RX_CRYPTO_DONE only for a packet to the port's own unicast MAC address that has
 * no VLAN tag, no IP options and no extension headers, and that is not a fragment. A packet whose
 * status is not CRYPTO_SUCCESS is delivered as it was received. A packet of an SA in packet mode
 * whose status is CRYPTO_SUCCESS is delivered with its MAC header, but without the ESP header, the
 * trailer and the ICV, without a UDP header before ESP, and in tunnel mode without the outer IP
 * header. Bytes that follow the inner packet in the ESP payload (TFC padding) stay. The type in the
 * MAC header, skb->protocol and the lengths and checksum of the IP header are those of the packet
 * that is left. A dummy packet (next header 59, RFC 4303 section 2.6) may be delivered as it was
 * received.
 *
 * NDIS: NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO of a receive.
 */
struct ov2_rx_meta {
	u32 cookie;
	u32 flags;
	u32 status;
	u64 seq;
	u8 next_header;
	struct in6_addr saddr;
	__be16 sport;
};

/**
 * struct ov2_tx - How to send a packet that the NIC must protect.
 * @offload_handle: the SA. NDIS: OffloadHandle of a send
 * @priv: the driver's memory for the SA; valid until the driver returns from ndo_start_xmit()
 * @seq: sequence number of the packet, or of the first segment, all 64 bits
 * @icv_len: bytes of the ICV
 * @host_iv: the SA has OV2_IV_HOST
 * @iv: IV of the packet, if @host_iv
 * @packet: the packet has no ESP header. The NIC adds it, the trailer, the ICV and, in tunnel mode,
 *	the outer header. The MAC header is that of the packet on the wire, except for its type if
 *	the outer header is of the other family. The numbers of an SA are in the order of calls.
 * @ttl: with @packet in tunnel mode: TTL or hop limit of the outer header, never 0
 * @sport: with @packet and OV2_ENCAP_UDP: UDP source port
 * @dport: with @packet and OV2_ENCAP_UDP: UDP destination port
 */
struct ov2_tx {
	u32 offload_handle;
	void *priv;
	u64 seq;
	u32 icv_len;
	bool host_iv;
	__be64 iv;
	bool packet;
	u8 ttl;
	__be16 sport;
	__be16 dport;
};

#endif /* __NET_OV2_PACKET_H */
