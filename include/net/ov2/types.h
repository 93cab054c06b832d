/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2: the objects that the core and a NIC driver share. */
#ifndef __NET_OV2_TYPES_H
#define __NET_OV2_TYPES_H

#include <linux/bits.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/types.h>

struct ov2_nic;
struct ov2_port;
struct ov2_request;
struct sk_buff;

/** enum ov2_family - Address family, a bit number in the masks of &struct ov2_caps. */
enum ov2_family {
	OV2_IPV4,
	OV2_IPV6,
};

/** enum ov2_dir - Direction of an SA. NDIS: IPSEC_OFFLOAD_V2_INBOUND. */
enum ov2_dir {
	OV2_IN,
	OV2_OUT,
};

/** enum ov2_mode - ESP mode, a bit number in &struct ov2_caps.modes. */
enum ov2_mode {
	OV2_TRANSPORT,
	OV2_TUNNEL,
};

/**
 * enum ov2_encap - Encapsulation of ESP.
 * @OV2_ENCAP_NONE: ESP directly over IP
 * @OV2_ENCAP_UDP: ESP in UDP (RFC 3948). NDIS: IPSEC_OFFLOAD_V2_UDP_ESP_ENCAPSULATION_TYPE.
 */
enum ov2_encap {
	OV2_ENCAP_NONE,
	OV2_ENCAP_UDP,
};

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
};

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
};

/**
 * enum ov2_iv - How the NIC makes the IV of a packet that it sends.
 * @OV2_IV_NONE: the algorithm has none
 * @OV2_IV_SEQ: be64(64-bit sequence number with bit 63 set) XOR &struct ov2_add_sa.iv_salt.
 *	The kernel's seqiv never sets bit 63, so the NIC and software cannot make the same IV.
 * @OV2_IV_RANDOM: unpredictable, 16 bytes (RFC 3602 section 3)
 */
enum ov2_iv {
	OV2_IV_NONE,
	OV2_IV_SEQ,
	OV2_IV_RANDOM,
};

/* A set of lengths in bytes: bit n stands for 4 * n bytes, up to 124. */
#define OV2_LEN(bytes)		BIT((bytes) / 4)

/**
 * struct ov2_alg_caps - What the NIC can do of one algorithm.
 * @key_lens: key lengths, an OR of OV2_LEN(); 0: algorithm not supported. Without the salt.
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
#define OV2_CAP_UDP_OUT_IPV6	BIT(7)
#define OV2_CAP_UDP_LSO		BIT(8)	/* LSO also with UDP encapsulation */
#define OV2_CAP_ESP		BIT(9)	/* ESP offload at all: the admin's main switch */

/**
 * struct ov2_caps - What a NIC can do.
 * @max_sas: SAs in its table, both directions together, all ports
 * @max_list: longest list of one request, at least 1
 * @max_requests: requests it takes before it completes one, at least 1
 * @replay_window_max: largest replay window, in packets, of an SA whose window the NIC must know
 * @features: OV2_CAP_*
 * @families: outer address families, BIT(enum ov2_family)
 * @modes: BIT(enum ov2_mode)
 * @ciphers: by &enum ov2_cipher
 * @auths: by &enum ov2_auth
 *
 * Two copies belong to a NIC: what the hardware can do, constant, and the current configuration, a
 * subset of it that admission uses. NDIS: NDIS_IPSEC_OFFLOAD_V2 in NDIS_OFFLOAD, hardware and
 * current.
 */
struct ov2_caps {
	u32 max_sas;
	u32 max_list;
	u32 max_requests;
	u32 replay_window_max;
	u32 features;
	u32 families;
	u32 modes;
	struct ov2_alg_caps ciphers[OV2_CIPHER_COUNT];
	struct ov2_alg_caps auths[OV2_AUTH_COUNT];
};

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

#define OV2_KEY_AREA_LEN	96	/* AES-256 and HMAC-SHA512 */
#define OV2_SALT_LEN_MAX	4

/**
 * struct ov2_add_sa - One SA of an ADD_SA list.
 * @next: next node or NULL. NDIS: Next
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
 * @spi: SPI
 * @saddr: source address, IPv4 in the first word
 * @daddr: destination address
 * @encap_sport: UDP source port
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
 * @replay_window: size in packets; matters to the NIC only with @esn and for inbound
 * @seq: sequence numbers at the start
 * @sel: selector
 * @soft_packets: soft lifetime limit, 0 for none; xfrm enforces it in crypto mode
 * @hard_packets: hard lifetime limit, 0 for none
 * @key_area: the keys
 *
 * The node belongs to the NIC from submission to completion, and to the core before and after. The
 * receiver validates every field. NDIS: IPSEC_OFFLOAD_V2_ADD_SA.
 */
struct ov2_add_sa {
	struct ov2_add_sa *next;
	u32 cookie;
	u32 offload_handle;
	int status;
	u32 port;
	enum ov2_dir dir;
	enum ov2_family family;
	enum ov2_mode mode;
	bool cross_family;
	enum ov2_encap encap;
	enum ov2_cipher cipher;
	enum ov2_auth auth;
	enum ov2_iv iv;
	bool esn;
	__be32 spi;
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 encap_sport;
	__be16 encap_dport;
	u16 icv_len;
	u16 key_area_len;
	u16 cipher_key_off;
	u16 cipher_key_len;
	u16 auth_key_off;
	u16 auth_key_len;
	u8 salt[OV2_SALT_LEN_MAX];
	u8 salt_len;
	u8 iv_salt[8];
	u32 replay_window;
	struct ov2_seq seq;
	struct ov2_sel sel;
	u64 soft_packets;
	u64 hard_packets;
	u8 key_area[OV2_KEY_AREA_LEN];
};

/**
 * struct ov2_delete_sa - One SA of a DELETE_SA list.
 * @next: next node or NULL
 * @offload_handle: the NIC's name for the SA
 *
 * NDIS: IPSEC_OFFLOAD_V2_DELETE_SA.
 */
struct ov2_delete_sa {
	struct ov2_delete_sa *next;
	u32 offload_handle;
};

/**
 * struct ov2_update_sa - One SA of an UPDATE_SA list.
 * @next: next node or NULL
 * @offload_handle: the NIC's name for the SA, which has ESN
 * @status: 0, -ENOENT for an unknown handle, -EINVAL for an SA without ESN. Out.
 * @seq: the new sequence state
 *
 * NDIS: IPSEC_OFFLOAD_V2_UPDATE_SA.
 */
struct ov2_update_sa {
	struct ov2_update_sa *next;
	u32 offload_handle;
	int status;
	struct ov2_seq seq;
};

/**
 * enum ov2_request_kind - What a request asks for.
 * @OV2_ADD_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_ADD_SA
 * @OV2_DELETE_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA
 * @OV2_UPDATE_SA: OID_TCP_TASK_IPSEC_OFFLOAD_V2_UPDATE_SA
 * @OV2_REQUEST_COUNT: number of the above
 */
enum ov2_request_kind {
	OV2_ADD_SA,
	OV2_DELETE_SA,
	OV2_UPDATE_SA,
	OV2_REQUEST_COUNT,
};

/**
 * struct ov2_request - One list on its way to the NIC.
 * @kind: which of the lists is valid
 * @id: number of the request, for traces
 * @count: nodes in the list, 1 to &struct ov2_caps.max_list
 * @add: OV2_ADD_SA: head of the list
 * @del: OV2_DELETE_SA: head of the list
 * @update: OV2_UPDATE_SA: head of the list
 * @driver: for the driver's use from submission to completion
 * @deadline: jiffies at which the core cancels the request
 * @status: final status, once completed. Never -EINPROGRESS
 *
 * Allocated and freed by the core. NDIS: NDIS_OID_REQUEST, as a direct OID request.
 */
struct ov2_request {
	enum ov2_request_kind kind;
	u32 id;
	u32 count;
	union {
		struct ov2_add_sa *add;
		struct ov2_delete_sa *del;
		struct ov2_update_sa *update;
	};
	struct list_head driver;
	unsigned long deadline;
	int status;
	/* private: */
	struct list_head list;
	bool cancelled;
	bool cancelling;
	bool done;
};

/**
 * struct ov2_nic_ops - What a NIC driver implements. All members are mandatory.
 *
 * add_sa, delete_sa and update_sa return
 *
 * * 0: done, the nodes carry the results (NDIS_STATUS_SUCCESS),
 * * -EINPROGRESS: pending, ov2_request_complete() will follow, exactly once (NDIS_STATUS_PENDING);
 *   it may have been called already when the op returns,
 * * -EBUSY: not accepted, a reset is under way (NDIS_STATUS_RESET_IN_PROGRESS,
 *   NDIS_STATUS_NOT_ACCEPTED),
 * * another errno: the whole request failed, nothing was changed (NDIS_STATUS_FAILURE,
 *   NDIS_STATUS_RESOURCES).
 *
 * The list belongs to the NIC from the call until completion: until the op returns anything but
 * -EINPROGRESS, or until ov2_request_complete(). Context of these three: process, no locks held;
 * they may be called for several requests at once up to &struct ov2_caps.max_requests; they must
 * not wait for the NIC.
 */
struct ov2_nic_ops {
	/**
	 * @add_sa: offload each SA of @req->add. Every node is tried. Succeeds if at least one SA
	 *	was offloaded, and fails with the reason if none was. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_ADD_SA.
	 */
	int (*add_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @delete_sa: remove each SA of @req->del; handles that stand for nothing are passed over.
	 *	The whole list is walked. Cannot fail for good: 0, -EINPROGRESS, -EBUSY, or
	 *	completion with -ECANCELED, and then the core asks again. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_DELETE_SA.
	 */
	int (*delete_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @update_sa: change the sequence state of each SA of @req->update and nothing else.
	 *	Succeeds if at least one was changed. NDIS:
	 *	OID_TCP_TASK_IPSEC_OFFLOAD_V2_UPDATE_SA.
	 */
	int (*update_sa)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @cancel: complete @req with -ECANCELED promptly if it is still pending; if it completes
	 *	by itself at the same time, do nothing. @req itself stays valid during the call, its
	 *	list only while it is pending: compare @req with what the driver knows to be pending
	 *	before anything else. May run at the same time as the op that submits @req and as
	 *	@reset. Context: process, may sleep, no locks. NDIS: MiniportCancelDirectOidRequest.
	 */
	void (*cancel)(struct ov2_nic *nic, struct ov2_request *req);
	/**
	 * @reset: reset the NIC: its SA table is empty afterwards, keys wiped, and it touches no
	 *	request or node any more. Pending requests may be completed with -ECANCELED; the
	 *	core aborts those that are not. New requests are not submitted meanwhile.
	 *	Context: process, may sleep, no locks; must take neither rtnl nor devlink's
	 *	lock; ends in bounded time. Return: 0, or an errno if the NIC is not usable any
	 *	more; even then it must have let go of all memory. NDIS: MiniportResetEx.
	 */
	int (*reset)(struct ov2_nic *nic);
};

/**
 * struct ov2_port - One netdev that a NIC's SAs can be bound to.
 * @nic: the NIC
 * @netdev: the netdev
 * @index: the driver's number for it
 *
 * Lives in the driver's netdev_priv(). See ov2_port_init().
 */
struct ov2_port {
	struct ov2_nic *nic;
	struct net_device *netdev;
	u32 index;
	/* private: xfrmdev_ops is what the netdev points to and leads back to the port; the rest is
	 * under the NIC's lock
	 */
	struct xfrmdev_ops xfrmdev_ops;
	struct list_head list;
	bool closing;
	bool esp_off;
};

/**
 * enum ov2_delreq_policy - What becomes of the xfrm states of an SA that the NIC wants deleted,
 * and of its counterpart's.
 * @OV2_DELREQ_DEMOTE: both go on in software
 * @OV2_DELREQ_SOFT: the same, and a soft expire of the inbound one has the key manager rekey
 * @OV2_DELREQ_HARD: both are deleted with a hard expire
 */
enum ov2_delreq_policy {
	OV2_DELREQ_DEMOTE,
	OV2_DELREQ_SOFT,
	OV2_DELREQ_HARD,
};

/* struct ov2_rx_meta.flags */
#define OV2_RX_CRYPTO_DONE	BIT(0)	/* the NIC checked the packet; status says how it went */
#define OV2_RX_SA_DELETE_REQ	BIT(1)	/* the NIC wants SA and counterpart deleted */

/**
 * struct ov2_rx_meta - What the NIC says of a received packet.
 * @cookie: the SA that it matched, &struct ov2_add_sa.cookie
 * @flags: OV2_RX_*
 * @status: with OV2_RX_CRYPTO_DONE: one of enum's CRYPTO_* bits of <net/xfrm.h> (CRYPTO_SUCCESS,
 *	...). NDIS: CryptoStatus
 * @seq: 64-bit sequence number as the NIC inferred it
 *
 * NDIS: NDIS_IPSEC_OFFLOAD_V2_NET_BUFFER_LIST_INFO of a receive.
 */
struct ov2_rx_meta {
	u32 cookie;
	u32 flags;
	u32 status;
	u64 seq;
};

/**
 * struct ov2_tx - How to send a packet that the NIC must protect.
 * @offload_handle: the SA. NDIS: OffloadHandle of a send
 * @seq: sequence number of the packet, or of the first segment, all 64 bits
 */
struct ov2_tx {
	u32 offload_handle;
	u64 seq;
};

#endif /* __NET_OV2_TYPES_H */
