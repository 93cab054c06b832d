// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the table of personalities: what the drivers of known NICs refuse in Linux 7.3, with
 * which errno and sentence, and what their NICs can do. Owns no data that changes.
 *
 * Each group of rules names the file and the function that it describes; paths are relative to
 * drivers/net. The rules have the order of the driver, because an SA that breaks two of them gets
 * the sentence of the first. Rules that no request can break are left out: xfrm and the crypto API
 * refuse AH without an offload type, TFC padding, compression of ESP, keys of a length that AES
 * does not have, and ICVs that an AEAD does not have, before they ask a driver.
 *
 * The table does not describe the faults of the NICs. Where a driver accepts an SA that its NIC
 * would serve wrong, such as ESP in UDP with ixgbe, ov2sim serves it, or leaves it to software.
 */

#include <linux/log2.h>
#include <linux/pfkeyv2.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "ov2sim.h"
#include "personality.h"

#define OV2SIM_AES_KEYS		(OV2_LEN(16) | OV2_LEN(24) | OV2_LEN(32))
/* A NIC that shares SAs with software, and tells the host the sequence numbers of ESN. */
#define OV2SIM_CAP_BASE		(OV2_CAP_ESP | OV2_CAP_RX_SEQ | OV2_CAP_IV_SEQ)
#define OV2SIM_CAP_UDP		(OV2_CAP_UDP_IN_IPV4 | OV2_CAP_UDP_OUT_IPV4 | \
				 OV2_CAP_UDP_IN_IPV6 | OV2_CAP_UDP_OUT_IPV6)
#define OV2SIM_CAPS_COMMON(_table)						\
	.max_sas = (_table), .max_list = 256, .max_requests = 4,		\
	.families = BIT(OV2_IPV4) | BIT(OV2_IPV6)

/* Rules that compare with the capabilities of the personality. */

static const struct ov2_caps *ov2sim_caps_of(const struct ov2sim_port *port)
{
	return port->sim->personality->caps;
}

static bool ov2sim_bad_mode(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	u32 modes = ov2sim_caps_of(port)->modes;

	switch (x->props.mode) {
	case XFRM_MODE_TRANSPORT:
		return !(modes & BIT(OV2_TRANSPORT));
	case XFRM_MODE_TUNNEL:
		return !(modes & BIT(OV2_TUNNEL));
	default:
		return true;
	}
}

static bool ov2sim_bad_type(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->xso.type == XFRM_DEV_OFFLOAD_PACKET &&
	       !(ov2sim_caps_of(port)->features & OV2_CAP_PACKET);
}

static bool ov2sim_bad_encap(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->encap && !(ov2sim_caps_of(port)->features & OV2SIM_CAP_UDP);
}

/* The drivers look at the lengths before or instead of the name of the AEAD. */
static bool ov2sim_bad_icv(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return !(ov2sim_caps_of(port)->ciphers[OV2_CIPHER_AES_GCM].icv_lens &
		 OV2_LEN(x->aead->alg_icv_len / 8));
}

static bool ov2sim_bad_key(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return !(ov2sim_caps_of(port)->ciphers[OV2_CIPHER_AES_GCM].key_lens &
		 OV2_LEN(x->aead->alg_key_len / 8 - OV2_SALT_LEN));
}

static bool ov2sim_bad_gcm(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return !x->aead || strcmp(x->aead->alg_name, "rfc4106(gcm(aes))") ||
	       ov2sim_bad_icv(port, x, arg) || ov2sim_bad_key(port, x, arg);
}

static bool ov2sim_bad_gcm_in(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->xso.dir == XFRM_DEV_OFFLOAD_IN && ov2sim_bad_gcm(port, x, arg);
}

static bool ov2sim_bad_gcm_out(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->xso.dir == XFRM_DEV_OFFLOAD_OUT && ov2sim_bad_gcm(port, x, arg);
}

/* Rules about the SA table. An SA whose add has begun meanwhile on another port waits in software.
 * A slot is free when the NIC has completed the delete.
 */

static bool ov2sim_full(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	struct ov2_nic *nic = port->sim->nic;
	struct ov2_caps caps;

	ov2_nic_hw_caps(nic, &caps);
	return ov2_nic_occupancy(nic) >= caps.max_sas;
}

static bool ov2sim_full_dir(const struct ov2sim_port *port, const struct xfrm_state *x,
			    enum ov2_dir dir)
{
	struct ov2_nic *nic = port->sim->nic;
	struct ov2_caps caps;

	if (x->xso.dir != (dir == OV2_IN ? XFRM_DEV_OFFLOAD_IN : XFRM_DEV_OFFLOAD_OUT))
		return false;
	ov2_nic_hw_caps(nic, &caps);
	return ov2_nic_occupancy_dir(nic, dir) >= caps.max_dir_sas[dir];
}

static bool ov2sim_full_in(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return ov2sim_full_dir(port, x, OV2_IN);
}

static bool ov2sim_full_out(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return ov2sim_full_dir(port, x, OV2_OUT);
}

/* Are @max addresses received for already, and @x has none of them? An SA that is still on its way
 * into the NIC does not count.
 */
static bool ov2sim_full_rx_ips(const struct ov2sim_port *port, const struct xfrm_state *x, u32 max)
{
	struct ov2sim_sa_info info = { };
	struct in6_addr own = { }, *ips;
	u32 i, count = 0;

	if (x->xso.dir != XFRM_DEV_OFFLOAD_IN)
		return false;
	/* As the NIC has addresses: those of IPv4 in the first word. */
	if (x->props.family == AF_INET)
		own.s6_addr32[0] = x->id.daddr.a4;
	else
		own = x->id.daddr.in6;
	ips = kcalloc(max, sizeof(*ips), GFP_KERNEL);
	if (!ips)
		return false;
	while (ov2sim_hw_sa_next(port->sim->hw, info.id.handle, &info)) {
		if (info.id.dir != OV2_IN)
			continue;
		if (ipv6_addr_equal(&info.id.daddr, &own)) {
			count = 0;
			break;
		}
		for (i = 0; i < count; i++)
			if (ipv6_addr_equal(&ips[i], &info.id.daddr))
				break;
		if (i == count && count < max)
			ips[count++] = info.id.daddr;
	}
	kfree(ips);
	return count == max;
}

/* Rules for which there is no capability. */

static bool ov2sim_has_auth(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->props.aalgo != SADB_AALG_NONE;
}

static bool ov2sim_has_esn(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return x->props.flags & XFRM_STATE_ESN;
}

static bool ov2sim_not_aead(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	return !x->aead;
}

static bool ov2sim_not_gcm_icv16(const struct ov2sim_port *port, const struct xfrm_state *x,
				 u32 arg)
{
	return x->props.ealgo != SADB_X_EALG_AES_GCM_ICV16;
}

static bool ov2sim_encap_not_udp(const struct ov2sim_port *port, const struct xfrm_state *x,
				 u32 arg)
{
	return x->encap && x->encap->encap_type != UDP_ENCAP_ESPINUDP;
}

static bool ov2sim_encap_not_packet(const struct ov2sim_port *port, const struct xfrm_state *x,
				    u32 arg)
{
	return x->encap && x->xso.type != XFRM_DEV_OFFLOAD_PACKET;
}

static bool ov2sim_encap_not_transport(const struct ov2sim_port *port, const struct xfrm_state *x,
				       u32 arg)
{
	return x->encap && x->props.mode != XFRM_MODE_TRANSPORT;
}

static bool ov2sim_upper_bad(u8 proto)
{
	return proto != IPPROTO_IP && proto != IPPROTO_UDP && proto != IPPROTO_TCP;
}

static bool ov2sim_upper_not_udp_tcp(const struct ov2sim_port *port, const struct xfrm_state *x,
				     u32 arg)
{
	return ov2sim_upper_bad(x->sel.proto);
}

static bool ov2sim_auth_key_longer(const struct ov2sim_port *port, const struct xfrm_state *x,
				   u32 max)
{
	return x->aalg && DIV_ROUND_UP(x->aalg->alg_key_len, 8) > max;
}

/* SADB_X_AALG_NULL is accepted, and ov2 leaves it to software. */
static bool ov2sim_nfp_auth(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	switch (x->props.aalgo) {
	case SADB_AALG_NONE:
		return !x->aead;
	case SADB_X_AALG_NULL:
	case SADB_AALG_SHA1HMAC:
	case SADB_X_AALG_SHA2_256HMAC:
	case SADB_X_AALG_SHA2_384HMAC:
	case SADB_X_AALG_SHA2_512HMAC:
		return false;
	default:
		return true;
	}
}

static bool ov2sim_nfp_trunc(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	u32 bits = x->aalg ? x->aalg->alg_trunc_len : 0;

	switch (x->props.aalgo) {
	case SADB_AALG_SHA1HMAC:
		return bits != 96 && bits != 80;
	case SADB_X_AALG_SHA2_256HMAC:
		return bits != 96 && bits != 128;
	case SADB_X_AALG_SHA2_384HMAC:
		return bits != 96 && bits != 192;
	case SADB_X_AALG_SHA2_512HMAC:
		return bits != 96 && bits != 256;
	default:
		return false;
	}
}

/* ChaCha20-Poly1305 has no number in PF_KEY. The driver takes another algorithm without a number
 * for none, and ov2 leaves it to software.
 */
static bool ov2sim_nfp_cipher(const struct ov2sim_port *port, const struct xfrm_state *x, u32 arg)
{
	switch (x->props.ealgo) {
	case SADB_EALG_NONE:
	case SADB_EALG_NULL:
	case SADB_X_EALG_AES_GCM_ICV16:
	case SADB_X_EALG_NULL_AES_GMAC:
	case SADB_X_EALG_AESCBC:
		return false;
	default:
		return true;
	}
}

/* Rules for packet mode. */

static bool ov2sim_is_packet(const struct xfrm_state *x)
{
	return x->xso.type == XFRM_DEV_OFFLOAD_PACKET;
}

static bool ov2sim_packet_window(const struct ov2sim_port *port, const struct xfrm_state *x,
				 u32 windows)
{
	return ov2sim_is_packet(x) && x->xso.dir == XFRM_DEV_OFFLOAD_IN && x->replay_esn &&
	       !(is_power_of_2(x->replay_esn->replay_window) &&
		 x->replay_esn->replay_window & windows);
}

static bool ov2sim_packet_no_reqid(const struct ov2sim_port *port, const struct xfrm_state *x,
				   u32 arg)
{
	return ov2sim_is_packet(x) && !x->props.reqid;
}

static bool ov2sim_packet_soft_bytes(const struct ov2sim_port *port, const struct xfrm_state *x,
				     u32 arg)
{
	return ov2sim_is_packet(x) && x->lft.hard_byte_limit != XFRM_INF &&
	       x->lft.soft_byte_limit >= x->lft.hard_byte_limit;
}

static bool ov2sim_packet_no_bytes(const struct ov2sim_port *port, const struct xfrm_state *x,
				   u32 arg)
{
	return ov2sim_is_packet(x) && (!x->lft.soft_byte_limit || !x->lft.hard_byte_limit);
}

static bool ov2sim_packet_soft_packets(const struct ov2sim_port *port, const struct xfrm_state *x,
				       u32 arg)
{
	return ov2sim_is_packet(x) && x->lft.hard_packet_limit != XFRM_INF &&
	       x->lft.soft_packet_limit >= x->lft.hard_packet_limit;
}

static bool ov2sim_packet_no_packets(const struct ov2sim_port *port, const struct xfrm_state *x,
				     u32 arg)
{
	return ov2sim_is_packet(x) && (!x->lft.soft_packet_limit || !x->lft.hard_packet_limit);
}

/* Rules for policies. */

static bool ov2sim_policy_not_main(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return xp->type != XFRM_POLICY_TYPE_MAIN;
}

static bool ov2sim_policy_templates(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return xp->xfrm_nr > 1;
}

static bool ov2sim_policy_forward(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return xp->xdo.dir == XFRM_DEV_OFFLOAD_FWD;
}

static bool ov2sim_policy_for_all(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	const struct xfrm_selector *sel = &xp->selector;

	return !xp->xfrm_vec[0].reqid && sel->proto == IPPROTO_IP &&
	       ipv6_addr_any(&sel->saddr.in6) && ipv6_addr_any(&sel->daddr.in6);
}

static bool ov2sim_policy_upper(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return ov2sim_upper_bad(xp->selector.proto);
}

/* PRIO is one of the capabilities that a NIC with packet mode has. */
static bool ov2sim_policy_priority(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return xp->priority && !(ov2sim_caps_of(port)->features & OV2_CAP_PACKET);
}

static bool ov2sim_policy_priority_max(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return xp->priority == U32_MAX;
}

static bool ov2sim_policy_no_packet(const struct ov2sim_port *port, const struct xfrm_policy *xp)
{
	return !(ov2sim_caps_of(port)->features & OV2_CAP_PACKET);
}

/* intel/ixgbe. 1,024 SAs for each direction. Looks neither at encapsulation nor at marks. */

/* ixgbe_ipsec.h: IXGBE_IPSEC_MAX_SA_COUNT, IXGBE_IPSEC_MAX_RX_IP_COUNT */
#define OV2SIM_IXGBE_SAS	1024
#define OV2SIM_IXGBE_RX_IPS	128
#define IXGBE(_text)		"ixgbe: " _text

static const struct ov2_caps ov2sim_ixgbe_caps = {
	OV2SIM_CAPS_COMMON(2 * OV2SIM_IXGBE_SAS),
	.max_dir_sas = { OV2SIM_IXGBE_SAS, OV2SIM_IXGBE_SAS },
	.modes = BIT(OV2_TRANSPORT),
	/* ixgbe_main.c: IXGBE_ESP_FEATURES */
	.features = OV2SIM_CAP_BASE | OV2SIM_CAP_UDP | OV2_CAP_LSO | OV2_CAP_TX_CSUM,
	/* ixgbe_ipsec_parse_proto_keys() */
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16), OV2_LEN(16) },
};

static const struct ov2sim_state_rule ov2sim_ixgbe_states[] = {
	/* ethernet/intel/ixgbe/ixgbe_ipsec.c: ixgbe_ipsec_add_sa() */
	{ ov2sim_bad_mode, -EINVAL, IXGBE("Unsupported mode for ipsec offload") },
	{ ov2sim_bad_type, -EINVAL, IXGBE("Unsupported ipsec offload type") },
	{ ov2sim_full_in, -ENOSPC, IXGBE("No space for SA in Rx table!") },
	{ ov2sim_full_out, -ENOSPC, IXGBE("No space for SA in Tx table") },
	/* ... with the answer of ixgbe_ipsec_parse_proto_keys() */
	{ ov2sim_bad_gcm_in, -EINVAL, IXGBE("Failed to get key data for Rx SA table") },
	{ ov2sim_bad_gcm_out, -EINVAL, IXGBE("Failed to get key data for Tx SA table") },
	{ ov2sim_full_rx_ips, -ENOSPC, IXGBE("No space for SA in Rx IP SA table"),
	  OV2SIM_IXGBE_RX_IPS },
	{ }
};

/* mellanox/mlx5. The number of SAs is the firmware's. In crypto mode any replay window will do,
 * because xfrm checks it. mlx5-crypto is a NIC that has of the capabilities in
 * ethernet/mellanox/mlx5/core/en_accel/ipsec_offload.c, mlx5_ipsec_device_caps(), CRYPTO and ESN;
 * mlx5-packet has PACKET_OFFLOAD, TUNNEL, ESPINUDP and PRIO as well.
 */

#define MLX5(_text)		"mlx5_core: " _text
#define MLX5_POLICY_FOR_ALL							\
	"mlx5_core: Unsupported policy with reqid 0 without at least one of upper protocol or ip addr(s) different than 0"
#define OV2SIM_MLX5_CAPS(_features)							\
	OV2SIM_CAPS_COMMON(OV2SIM_SAS_DEFAULT), .replay_windows = OV2SIM_WINDOWS,	\
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),					\
	.features = OV2SIM_CAP_BASE | OV2_CAP_LSO | OV2_CAP_TX_CSUM | OV2_CAP_ESN |	\
		    OV2_CAP_CROSS_FAMILY | (_features),					\
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(32), OV2_LEN(16) }

static const struct ov2_caps ov2sim_mlx5_crypto_caps = { OV2SIM_MLX5_CAPS(0) };
static const struct ov2_caps ov2sim_mlx5_packet_caps = {
	OV2SIM_MLX5_CAPS(OV2_CAP_PACKET | OV2SIM_CAP_UDP),
};

/* ethernet/mellanox/mlx5/core/en_accel/ipsec.c: mlx5e_xfrm_validate_state() */
static const struct ov2sim_state_rule ov2sim_mlx5_states[] = {
	{ ov2sim_has_auth, -EINVAL, MLX5("Cannot offload authenticated xfrm states") },
	{ ov2sim_not_gcm_icv16, -EINVAL, MLX5("Only AES-GCM-ICV16 xfrm state may be offloaded") },
	{ ov2sim_bad_encap, -EINVAL, MLX5("Encapsulation is not supported") },
	{ ov2sim_encap_not_udp, -EINVAL, MLX5("Encapsulation other than UDP is not supported") },
	{ ov2sim_encap_not_packet, -EINVAL,
	  MLX5("Encapsulation is supported in packet offload mode only") },
	{ ov2sim_encap_not_transport, -EINVAL,
	  MLX5("Encapsulation is supported in transport mode only") },
	{ ov2sim_bad_key, -EINVAL,
	  MLX5("Cannot offload xfrm states with AEAD key length other than 128/256 bit") },
	{ ov2sim_upper_not_udp_tcp, -EINVAL,
	  MLX5("Device does not support upper protocol other than TCP/UDP") },
	{ ov2sim_bad_mode, -EINVAL,
	  MLX5("Only transport and tunnel xfrm states may be offloaded") },
	{ ov2sim_bad_type, -EINVAL, MLX5("Packet offload is not supported") },
	{ ov2sim_packet_window, -EINVAL, MLX5("Unsupported replay window size"),
	  32 | 64 | 128 | 256 },
	{ ov2sim_packet_no_reqid, -EINVAL, MLX5("Cannot offload without reqid") },
	{ ov2sim_packet_soft_bytes, -EINVAL,
	  MLX5("Hard byte limit must be greater than soft one") },
	{ ov2sim_packet_no_bytes, -EINVAL, MLX5("Soft/hard byte limits can't be 0") },
	{ ov2sim_packet_soft_packets, -EINVAL,
	  MLX5("Hard packet limit must be greater than soft one") },
	{ ov2sim_packet_no_packets, -EINVAL, MLX5("Soft/hard packet limits can't be 0") },
	{ }
};

/* ethernet/mellanox/mlx5/core/en_accel/ipsec.c: mlx5e_xfrm_validate_policy() */
static const struct ov2sim_policy_rule ov2sim_mlx5_policies[] = {
	{ ov2sim_policy_not_main, -EINVAL, MLX5("Cannot offload non-main policy types") },
	{ ov2sim_policy_templates, -EINVAL, MLX5("Cannot offload more than one template") },
	{ ov2sim_policy_forward, -EINVAL, MLX5("Cannot offload forward policy") },
	{ ov2sim_policy_for_all, -EINVAL, MLX5_POLICY_FOR_ALL },
	{ ov2sim_policy_upper, -EINVAL,
	  MLX5("Device does not support upper protocol other than TCP/UDP") },
	{ ov2sim_policy_priority, -EINVAL, MLX5("Device does not support policy priority") },
	{ ov2sim_policy_priority_max, -EINVAL,
	  MLX5("Device does not support requested policy priority") },
	{ ov2sim_policy_no_packet, -EINVAL, MLX5("Packet offload is not supported") },
	{ }
};

/* netronome/nfp: an NFP3800, which has ChaCha20-Poly1305 in the place of 3DES and MD5. The driver
 * returns before the firmware has answered, so that a refusal of the firmware is lost. It does not
 * look at encapsulation.
 */

#define NFP(_text)		"nfp: " _text
/* ethernet/netronome/nfp/crypto/ipsec.c: NFP_NET_IPSEC_MAX_SA_CNT */
#define OV2SIM_NFP_SAS		16384
/* struct nfp_ipsec_cfg_add_sa.auth_key */
#define OV2SIM_NFP_AUTH_KEY	64
#define OV2SIM_NFP_AUTH(_icvs)	{ GENMASK(OV2SIM_NFP_AUTH_KEY / 4, 1), (_icvs) }

static const struct ov2_caps ov2sim_nfp_caps = {
	OV2SIM_CAPS_COMMON(OV2SIM_NFP_SAS),
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	/* ethernet/netronome/nfp/nfp_net_common.c: nfp_net_netdev_init() */
	.features = OV2SIM_CAP_BASE | OV2SIM_CAP_UDP | OV2_CAP_TX_CSUM | OV2_CAP_CROSS_FAMILY,
	.ciphers = {
		[OV2_CIPHER_NULL] = { .key_lens = OV2_LEN(0) },
		[OV2_CIPHER_AES_CBC] = { .key_lens = OV2SIM_AES_KEYS },
		[OV2_CIPHER_AES_GCM] = { OV2SIM_AES_KEYS, OV2_LEN(16) },
		[OV2_CIPHER_AES_GMAC] = { OV2SIM_AES_KEYS, OV2_LEN(16) },
		[OV2_CIPHER_CHACHA20_POLY1305] = { OV2_LEN(32), OV2_LEN(16) },
	},
	/* set_sha1hmac(), set_sha2_256hmac(), ...; not HMAC-SHA1-80, which is no multiple of 4 */
	.auths = {
		[OV2_AUTH_HMAC_SHA1] = OV2SIM_NFP_AUTH(OV2_LEN(12)),
		[OV2_AUTH_HMAC_SHA256] = OV2SIM_NFP_AUTH(OV2_LEN(12) | OV2_LEN(16)),
		[OV2_AUTH_HMAC_SHA384] = OV2SIM_NFP_AUTH(OV2_LEN(12) | OV2_LEN(24)),
		[OV2_AUTH_HMAC_SHA512] = OV2SIM_NFP_AUTH(OV2_LEN(12) | OV2_LEN(32)),
	},
};

/* ethernet/netronome/nfp/crypto/ipsec.c: nfp_net_xfrm_add_state() */
static const struct ov2sim_state_rule ov2sim_nfp_states[] = {
	{ ov2sim_bad_mode, -EINVAL, NFP("Unsupported mode for xfrm offload") },
	{ ov2sim_has_esn, -EINVAL, NFP("Unsupported XFRM_REPLAY_MODE_ESN for xfrm offload") },
	{ ov2sim_bad_type, -EINVAL, NFP("Unsupported xfrm offload type") },
	{ ov2sim_nfp_auth, -EINVAL, NFP("Unsupported authentication algorithm") },
	{ ov2sim_nfp_trunc, -EINVAL, NFP("Unsupported authentication algorithm trunc length") },
	{ ov2sim_auth_key_longer, -EINVAL, NFP("Insufficient space for offloaded auth key"),
	  OV2SIM_NFP_AUTH_KEY },
	{ ov2sim_nfp_cipher, -EINVAL, NFP("Unsupported encryption algorithm for offload") },
	/* xa_alloc() says so of a full range */
	{ ov2sim_full, -EBUSY, NFP("Unable to get sa_data number for IPsec") },
	{ }
};

/* chelsio/inline_crypto/ch_ipsec. The key comes with each packet, so that there is no table. The
 * driver accepts inbound states, and has no code that receives for them.
 */

#define CH_IPSEC(_text)		"ch_ipsec: " _text

static const struct ov2_caps ov2sim_chelsio_caps = {
	OV2SIM_CAPS_COMMON(OV2SIM_SAS_DEFAULT), .replay_windows = OV2SIM_WINDOWS,
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	/* ethernet/chelsio/cxgb4/cxgb4_main.c: init_one() */
	.features = OV2SIM_CAP_BASE | OV2_CAP_ESN | OV2_CAP_CROSS_FAMILY,
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2_LEN(16) | OV2_LEN(32), OV2_LEN(12) | OV2_LEN(16) },
};

/* ethernet/chelsio/inline_crypto/ch_ipsec/chcr_ipsec.c: ch_ipsec_xfrm_add_state() */
static const struct ov2sim_state_rule ov2sim_chelsio_states[] = {
	{ ov2sim_has_auth, -EINVAL, CH_IPSEC("Cannot offload authenticated xfrm states") },
	{ ov2sim_bad_mode, -EINVAL, CH_IPSEC("Only transport and tunnel xfrm offload") },
	{ ov2sim_bad_encap, -EINVAL, CH_IPSEC("Encapsulated xfrm state not offloaded") },
	{ ov2sim_not_aead, -EINVAL, CH_IPSEC("Cannot offload xfrm states without aead") },
	{ ov2sim_bad_icv, -EINVAL,
	  CH_IPSEC("Cannot offload xfrm states with AEAD ICV length other than 96b & 128b") },
	{ ov2sim_bad_key, -EINVAL,
	  CH_IPSEC("cannot offload xfrm states with AEAD key length other than 128/256 bit") },
	{ ov2sim_bad_type, -EINVAL, CH_IPSEC("Unsupported xfrm offload") },
	{ }
};

/* netdevsim. Looks neither at the mode nor at encapsulation. Its limits only: unlike netdevsim,
 * ov2sim encrypts and decrypts.
 */

#define NETDEVSIM(_text)	"netdevsim: " _text
/* netdevsim/netdevsim.h: NSIM_IPSEC_MAX_SA_COUNT */
#define OV2SIM_NETDEVSIM_SAS	33

static const struct ov2_caps ov2sim_netdevsim_caps = {
	OV2SIM_CAPS_COMMON(OV2SIM_NETDEVSIM_SAS),
	.modes = BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL),
	/* netdevsim/ipsec.c: nsim_ipsec_init() */
	.features = OV2SIM_CAP_BASE | OV2SIM_CAP_UDP | OV2_CAP_LSO | OV2_CAP_TX_CSUM |
		    OV2_CAP_CROSS_FAMILY,
	/* nsim_ipsec_parse_proto_keys() */
	.ciphers[OV2_CIPHER_AES_GCM] = { OV2SIM_AES_KEYS, OV2_LEN(16) },
};

static const struct ov2sim_state_rule ov2sim_netdevsim_states[] = {
	/* netdevsim/ipsec.c: nsim_ipsec_add_sa() */
	{ ov2sim_bad_type, -EINVAL, NETDEVSIM("Unsupported ipsec offload type") },
	{ ov2sim_full, -ENOSPC, NETDEVSIM("No space for SA in Rx table!") },
	/* ... with the answer of nsim_ipsec_parse_proto_keys() */
	{ ov2sim_bad_gcm, -EINVAL, NETDEVSIM("Failed to get key data for SA table") },
	{ }
};

static const struct ov2sim_personality ov2sim_personalities[] = {
	{ .name = "none", .caps = &ov2sim_caps },
	{
		.name = "ixgbe",
		.caps = &ov2sim_ixgbe_caps,
		.table = 2 * OV2SIM_IXGBE_SAS,
		.states = ov2sim_ixgbe_states,
		.no_esn = true,
		.no_policies = true,
	},
	{
		.name = "mlx5-crypto",
		.caps = &ov2sim_mlx5_crypto_caps,
		.states = ov2sim_mlx5_states,
		.policies = ov2sim_mlx5_policies,
	},
	{
		.name = "mlx5-packet",
		.caps = &ov2sim_mlx5_packet_caps,
		.states = ov2sim_mlx5_states,
		.policies = ov2sim_mlx5_policies,
	},
	{
		.name = "nfp",
		.caps = &ov2sim_nfp_caps,
		.table = OV2SIM_NFP_SAS,
		.states = ov2sim_nfp_states,
		.no_esn = true,
		.no_policies = true,
	},
	{
		.name = "chelsio",
		.caps = &ov2sim_chelsio_caps,
		.states = ov2sim_chelsio_states,
		.no_policies = true,
		.no_rx = true,
	},
	{
		.name = "netdevsim",
		.caps = &ov2sim_netdevsim_caps,
		.table = OV2SIM_NETDEVSIM_SAS,
		.states = ov2sim_netdevsim_states,
		.no_esn = true,
		.no_policies = true,
	},
};

/**
 * ov2sim_personality_find - find a personality
 * @name: its name
 *
 * Context: any.
 * Return: the personality, or NULL if there is none of that name.
 */
const struct ov2sim_personality *ov2sim_personality_find(const char *name)
{
	for (int i = 0; i < ARRAY_SIZE(ov2sim_personalities); i++)
		if (!strcmp(ov2sim_personalities[i].name, name))
			return &ov2sim_personalities[i];
	return NULL;
}
