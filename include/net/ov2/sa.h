/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: the nodes of the lists that the core gives to a NIC. */
#ifndef __NET_OV2_SA_H
#define __NET_OV2_SA_H

#include <linux/in6.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <net/ov2/caps.h>

/**
 * struct ov2_sel - The selector of an SA, for information: in crypto mode xfrm checks it.
 * @saddr: source, IPv4 in the first word
 * @daddr: destination
 * @sport: source port
 * @sport_mask: its mask
 * @dport: destination port
 * @dport_mask: its mask
 * @family: AF_INET, AF_INET6 or AF_UNSPEC
 * @prefixlen_s: bits of @saddr that count
 * @prefixlen_d: bits of @daddr that count
 * @proto: IP protocol or 0
 */
struct ov2_sel {
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 sport_mask;
	__be16 dport;
	__be16 dport_mask;
	u16 family;
	u8 prefixlen_s;
	u8 prefixlen_d;
	u8 proto;
};

/**
 * struct ov2_seq - Sequence state of an SA.
 * @low: lower half. Outbound: the last number sent. Inbound: the right edge (T) of the replay
 *	window.
 * @high: upper half, 0 without ESN
 *
 * With the window size W this is all that RFC 4303 appendix A2 needs to infer the upper half of a
 * received number.
 */
struct ov2_seq {
	u32 low;
	u32 high;
};

/* struct ov2_add_sa.outer: how the NIC makes the outer header of a tunnel (outbound), or what it
 * takes over from it (inbound). RFC 4301 section 5.1.2, RFC 6040.
 *
 * DSCP: out, copy it from the inner header, otherwise 0; in, copy it to the inner header.
 * ECN: out, take it from the inner header, where CE becomes ECT(0), otherwise 0; in, take CE over.
 * DF: out, copy it from the inner IPv4 header, otherwise 0.
 */
#define OV2_OUTER_DSCP		BIT(0)
#define OV2_OUTER_ECN		BIT(1)
#define OV2_OUTER_DF		BIT(2)

#define OV2_KEY_AREA_LEN	96	/* AES-256 and HMAC-SHA512 */
#define OV2_SALT_LEN		4	/* of the combined ciphers */

/**
 * struct ov2_add_sa - One SA of an ADD_SA list.
 * @next: next node or NULL. NDIS: Next
 * @priv: the driver's memory for this SA, &struct ov2_nic_ops.sa_priv_size bytes, the same in each
 *	node for the SA; zero before the first ADD_SA
 * @cookie: the core's name for the SA, never 0; comes back in &struct ov2_rx_meta. In.
 * @offload_handle: the NIC's name for the SA: 0 when submitted; the NIC sets it, non-zero and
 *	unique among its live SAs, before completion if it has offloaded this SA, and leaves 0
 *	if not. A part of it must be a generation, also over a reset: a send that was prepared
 *	with the handle of an SA that is gone must not find another. Out. NDIS: OffloadHandle
 * @status: why the SA was not offloaded, a negative errno; 0 if it was. Out.
 * @port: index of the port (&struct ov2_port.index) whose packets the SA is for
 * @dir: direction
 * @family: family of the outer addresses, @saddr and @daddr
 * @mode: mode. In tunnel mode @saddr and @daddr are the tunnel's end points.
 * @cross_family: a tunnel whose inner packets are of the other family. Where xfrm does not say (no
 *	selector) it is false, and a NIC without OV2_CAP_CROSS_FAMILY leaves such packets alone.
 * @encap: encapsulation
 * @cipher: cipher
 * @auth: authentication; not looked at if the cipher is combined
 * @iv: kind of IV that the NIC makes, OV2_IV_NONE for inbound
 * @esn: 64-bit sequence numbers
 * @packet: packet mode: the NIC adds and removes ESP and, in tunnel mode, the outer header; needs
 *	OV2_CAP_PACKET
 * @outer: with @packet in tunnel mode: OV2_OUTER_*
 * @spi: SPI
 * @saddr: source address, IPv4 in the first word
 * @daddr: destination address
 * @encap_sport: UDP source port; those of a packet in packet mode come with &struct ov2_tx
 * @encap_dport: UDP destination port
 * @icv_len: ICV length in bytes
 * @key_area_len: bytes of @key_area in use
 * @cipher_key_off: the cipher's key in @key_area: offset. NDIS: KeyOffsetBytes
 * @cipher_key_len: and length, without the salt. NDIS: KeyLength
 * @auth_key_off: the authentication key in @key_area: offset
 * @auth_key_len: and length
 * @salt: the implicit part of the nonce of a combined cipher (RFC 4106 section 4)
 * @salt_len: its length
 * @iv_salt: what OV2_IV_SEQ is XORed with
 * @replay_window: size in packets; matters to the NIC only with @esn and for inbound, and is one of
 *	&struct ov2_caps.replay_windows then
 * @seq: sequence numbers at the start
 * @sel: selector
 * @soft_packets: soft lifetime limit, 0 for none; xfrm enforces it in crypto mode
 * @hard_packets: hard lifetime limit, 0 for none
 * @key_area: the keys
 *
 * The members from @dir to @spi are also a struct ov2_traits: what the SA needs of a NIC.
 *
 * The node belongs to the NIC from submission to completion, and to the core before and after. The
 * receiver validates every field. NDIS: IPSEC_OFFLOAD_V2_ADD_SA.
 */
struct ov2_add_sa {
	struct ov2_add_sa *next;
	void *priv;
	u32 cookie;
	u32 offload_handle;
	int status;
	u32 port;

	struct_group_tagged(ov2_traits, traits,
		enum ov2_dir dir;
		enum ov2_family family;
		enum ov2_mode mode;
		enum ov2_encap encap;
		enum ov2_cipher cipher;
		enum ov2_auth auth;
		enum ov2_iv iv;
		bool cross_family;
		bool esn;
		bool packet;
		u16 icv_len;
		u16 cipher_key_len;
		u16 auth_key_len;
		u32 replay_window;
		__be32 spi;
	);
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 encap_sport;
	__be16 encap_dport;
	u8 outer;
	u8 salt_len;
	u16 key_area_len;
	u16 cipher_key_off;
	u16 auth_key_off;
	u8 salt[OV2_SALT_LEN];
	u8 iv_salt[8];
	struct ov2_seq seq;
	struct ov2_sel sel;
	u64 soft_packets;
	u64 hard_packets;
	u8 key_area[OV2_KEY_AREA_LEN];
};

/**
 * struct ov2_delete_sa - One SA of a DELETE_SA list.
 * @next: next node or NULL
 * @priv: as in &struct ov2_add_sa
 * @offload_handle: the NIC's name for the SA
 *
 * NDIS: IPSEC_OFFLOAD_V2_DELETE_SA.
 */
struct ov2_delete_sa {
	struct ov2_delete_sa *next;
	void *priv;
	u32 offload_handle;
};

/**
 * struct ov2_update_sa - One SA of an UPDATE_SA list.
 * @next: next node or NULL
 * @priv: as in &struct ov2_add_sa
 * @offload_handle: the NIC's name for the SA, which has ESN
 * @status: 0, -ENOENT for an unknown handle, -EINVAL for an SA without ESN. Out.
 * @seq: the new sequence state
 *
 * NDIS: IPSEC_OFFLOAD_V2_UPDATE_SA.
 */
struct ov2_update_sa {
	struct ov2_update_sa *next;
	void *priv;
	u32 offload_handle;
	int status;
	struct ov2_seq seq;
};

#endif /* __NET_OV2_SA_H */
