/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: IPsec algorithms and modes, and the capabilities of a NIC. */
#ifndef __NET_OV2_CAPS_H
#define __NET_OV2_CAPS_H

#include <linux/bits.h>
#include <linux/types.h>

/** enum ov2_family - Address family, a bit number in the masks of &struct ov2_caps. */
enum ov2_family {
	OV2_IPV4,
	OV2_IPV6,
} __packed;

/** enum ov2_dir - Direction of an SA. NDIS: IPSEC_OFFLOAD_V2_INBOUND. */
enum ov2_dir {
	OV2_IN,
	OV2_OUT,
} __packed;

/** enum ov2_mode - ESP mode, a bit number in &struct ov2_caps.modes. */
enum ov2_mode {
	OV2_TRANSPORT,
	OV2_TUNNEL,
} __packed;

/**
 * enum ov2_encap - Encapsulation of ESP.
 * @OV2_ENCAP_NONE: ESP directly over IP
 * @OV2_ENCAP_UDP: ESP in UDP (RFC 3948). NDIS: IPSEC_OFFLOAD_V2_UDP_ESP_ENCAPSULATION_TYPE.
 */
enum ov2_encap {
	OV2_ENCAP_NONE,
	OV2_ENCAP_UDP,
} __packed;

/**
 * enum ov2_cipher - Encryption, or encryption and authentication combined.
 * @OV2_CIPHER_NULL: no encryption (RFC 2410), needs an &enum ov2_auth
 * @OV2_CIPHER_AES_CBC: RFC 3602, needs an &enum ov2_auth
 * @OV2_CIPHER_AES_GCM: RFC 4106, combined
 * @OV2_CIPHER_AES_GMAC: RFC 4543, combined, does not encrypt
 * @OV2_CIPHER_CHACHA20_POLY1305: RFC 7634, combined
 * @OV2_CIPHER_COUNT: number of the above
 */
enum ov2_cipher {
	OV2_CIPHER_NULL,
	OV2_CIPHER_AES_CBC,
	OV2_CIPHER_AES_GCM,
	OV2_CIPHER_AES_GMAC,
	OV2_CIPHER_CHACHA20_POLY1305,
	OV2_CIPHER_COUNT,
} __packed;

/**
 * enum ov2_auth - Separate authentication.
 * @OV2_AUTH_NONE: none, for combined ciphers
 * @OV2_AUTH_HMAC_SHA1: RFC 2404
 * @OV2_AUTH_HMAC_SHA256: RFC 4868
 * @OV2_AUTH_HMAC_SHA384: RFC 4868
 * @OV2_AUTH_HMAC_SHA512: RFC 4868
 * @OV2_AUTH_COUNT: number of the above
 */
enum ov2_auth {
	OV2_AUTH_NONE,
	OV2_AUTH_HMAC_SHA1,
	OV2_AUTH_HMAC_SHA256,
	OV2_AUTH_HMAC_SHA384,
	OV2_AUTH_HMAC_SHA512,
	OV2_AUTH_COUNT,
} __packed;

/**
 * enum ov2_iv - How the NIC makes the IV of a packet that it sends.
 * @OV2_IV_NONE: the algorithm has none
 * @OV2_IV_SEQ: be64(64-bit sequence number with bit 63 set) XOR &struct ov2_add_sa.iv_salt.
 *	The kernel's seqiv does not set bit 63 before 2^63 packets, so the NIC and software cannot
 *	make the same IV.
 * @OV2_IV_RANDOM: unpredictable, 16 bytes (RFC 3602 section 3)
 * @OV2_IV_HOST: the NIC makes none. The driver puts that of OV2_IV_SEQ into the packet before it
 *	posts it: see ov2_esp_put_iv()
 */
enum ov2_iv {
	OV2_IV_NONE,
	OV2_IV_SEQ,
	OV2_IV_RANDOM,
	OV2_IV_HOST,
} __packed;

/* A set of lengths in bytes: bit n stands for 4 * n bytes, up to 124. */
#define OV2_LEN(bytes)		BIT((bytes) / 4)

/**
 * struct ov2_alg_caps - Capabilities of a NIC for one algorithm.
 * @key_lens: key lengths without the salt, an OR of OV2_LEN(); 0 if the algorithm is not supported.
 *	For OV2_CIPHER_NULL the only length is OV2_LEN(0).
 * @icv_lens: ICV lengths, an OR of OV2_LEN(); unused for ciphers that are not combined
 */
struct ov2_alg_caps {
	u32 key_lens;
	u32 icv_lens;
};

/* struct ov2_caps.features */
#define OV2_CAP_ESN		BIT(0)	/* 64-bit sequence numbers, RFC 4303 section 2.2.1 */
#define OV2_CAP_LSO		BIT(1)	/* segments protected packets: NETIF_F_GSO_ESP */
#define OV2_CAP_TX_CSUM		BIT(2)	/* checksums before encryption: NETIF_F_HW_ESP_TX_CSUM */
#define OV2_CAP_CROSS_FAMILY	BIT(3)	/* IPv4 in IPv6 tunnels and the reverse */
#define OV2_CAP_UDP_IN_IPV4	BIT(4)	/* UDP encapsulation, by direction and outer family */
#define OV2_CAP_UDP_OUT_IPV4	BIT(5)
#define OV2_CAP_UDP_IN_IPV6	BIT(6)
#define OV2_CAP_UDP_OUT_IPV6	BIT(7)	/* packet mode only: xfrm cannot frame such packets */
#define OV2_CAP_UDP_LSO		BIT(8)	/* LSO also with UDP encapsulation */
#define OV2_CAP_ESP		BIT(9)	/* ESP offload: the admin's main switch */
#define OV2_CAP_RX_SEQ		BIT(10)	/* reports the number it used: needed for inbound ESN */
/* The NIC makes IVs as OV2_IV_SEQ says, or leaves them to the host. A NIC that does neither cannot
 * share an SA with software, so it gets no outbound SA whose cipher must not see an IV twice.
 */
#define OV2_CAP_IV_SEQ		BIT(11)
#define OV2_CAP_IV_HOST		BIT(12)
#define OV2_CAP_PACKET		BIT(13)	/* packet mode: adds and removes ESP and outer headers */

/**
 * struct ov2_caps - Capabilities of a NIC.
 * @max_sas: SAs in its table, both directions together, all ports
 * @max_dir_sas: SAs of one direction, by &enum ov2_dir; 0 if only @max_sas limits them
 * @max_list: longest list of one request, at least 1
 * @max_requests: requests that it takes before it completes one, at least 1
 * @replay_windows: replay windows, in packets, of SAs whose window the NIC must know: an OR of
 *	powers of two, such as 32 | 64 | 128 | 256. An SA with another window gets the next larger
 *	one, which is harmless, because xfrm checks its own window.
 * @features: OV2_CAP_*
 * @families: outer address families, BIT(enum ov2_family)
 * @modes: BIT(enum ov2_mode)
 * @ciphers: by &enum ov2_cipher
 * @auths: by &enum ov2_auth
 *
 * A NIC has two of these: the capabilities of the hardware, which are constant, and the current
 * configuration, a subset of them that admission uses. NDIS: NDIS_IPSEC_OFFLOAD_V2 in NDIS_OFFLOAD,
 * hardware and current.
 */
struct ov2_caps {
	u32 max_sas;
	u32 max_dir_sas[2];
	u32 max_list;
	u32 max_requests;
	u32 replay_windows;
	u32 features;
	u32 families;
	u32 modes;
	struct ov2_alg_caps ciphers[OV2_CIPHER_COUNT];
	struct ov2_alg_caps auths[OV2_AUTH_COUNT];
};

#endif /* __NET_OV2_CAPS_H */
