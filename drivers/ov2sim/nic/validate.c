// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's validation of ADD_SA nodes. Pure functions without locks.
 *
 * The NIC does not trust the core. It checks every field again, against its own capabilities.
 * -EINVAL is for a node that makes no sense, -EOPNOTSUPP for a feature that the NIC does not have.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <net/ipv6.h>
#include "validate.h"

#define OV2SIM_OUTER_ALL	(OV2_OUTER_DSCP | OV2_OUTER_ECN | OV2_OUTER_DF)

static bool ov2sim_cipher_is_combined(enum ov2_cipher cipher)
{
	return cipher == OV2_CIPHER_AES_GCM || cipher == OV2_CIPHER_AES_GMAC ||
	       cipher == OV2_CIPHER_CHACHA20_POLY1305;
}

static bool ov2sim_len_in(u32 lens, u32 len)
{
	return len % 4 == 0 && len / 4 < BITS_PER_TYPE(lens) && lens & OV2_LEN(len);
}

static bool ov2sim_key_in_area(const struct ov2_add_sa *node, u32 off, u32 len)
{
	return node->key_area_len <= OV2_KEY_AREA_LEN && off + len <= node->key_area_len;
}

/* Check what does not depend on capabilities. */
static int ov2sim_validate_form(const struct ov2_add_sa *node, u32 ports)
{
	if (!node->cookie || node->offload_handle || node->port >= ports || !node->spi)
		return -EINVAL;
	if ((u32)node->dir > OV2_OUT || (u32)node->family > OV2_IPV6 ||
	    (u32)node->mode > OV2_TUNNEL || (u32)node->encap > OV2_ENCAP_UDP ||
	    (u32)node->cipher >= OV2_CIPHER_COUNT || (u32)node->iv > OV2_IV_RANDOM)
		return -EINVAL;
	if (node->cross_family && node->mode != OV2_TUNNEL)
		return -EINVAL;
	if (node->family == OV2_IPV4 ? !node->daddr.s6_addr32[0] : ipv6_addr_any(&node->daddr))
		return -EINVAL;
	/* On receive only the destination port is matched, because a NAT may choose any source
	 * port. Some IKE daemons leave the source port 0 for that reason.
	 */
	if (node->encap == OV2_ENCAP_UDP &&
	    (!node->encap_dport || (node->dir == OV2_OUT && !node->encap_sport)))
		return -EINVAL;
	if (!node->esn && node->seq.high)
		return -EINVAL;
	if (node->esn && node->dir == OV2_IN && !node->replay_window)
		return -EINVAL;
	return node->outer & ~OV2SIM_OUTER_ALL ? -EINVAL : 0;
}

static int ov2sim_validate_encap(const struct ov2_add_sa *node, const struct ov2_caps *caps)
{
	static const u32 feature[2][2] = {
		[OV2_IPV4] = { OV2_CAP_UDP_IN_IPV4, OV2_CAP_UDP_OUT_IPV4 },
		[OV2_IPV6] = { OV2_CAP_UDP_IN_IPV6, OV2_CAP_UDP_OUT_IPV6 },
	};

	if (node->encap == OV2_ENCAP_NONE)
		return 0;
	/* xfrm cannot frame such packets. */
	if (node->family == OV2_IPV6 && node->dir == OV2_OUT && !node->packet)
		return -EOPNOTSUPP;
	return caps->features & feature[node->family][node->dir] ? 0 : -EOPNOTSUPP;
}

static int ov2sim_validate_caps(const struct ov2_add_sa *node, const struct ov2_caps *caps)
{
	if (!(caps->features & OV2_CAP_ESP) || !(caps->families & BIT(node->family)) ||
	    !(caps->modes & BIT(node->mode)))
		return -EOPNOTSUPP;
	if (node->packet && !(caps->features & OV2_CAP_PACKET))
		return -EOPNOTSUPP;
	/* The NIC gives an outer header of the same family to what it frames. */
	if (node->cross_family && (node->packet || !(caps->features & OV2_CAP_CROSS_FAMILY)))
		return -EOPNOTSUPP;
	if (node->esn && !(caps->features & OV2_CAP_ESN))
		return -EOPNOTSUPP;
	if (node->esn && node->dir == OV2_IN &&
	    (!is_power_of_2(node->replay_window) || !(caps->replay_windows & node->replay_window)))
		return -EOPNOTSUPP;
	return ov2sim_validate_encap(node, caps);
}

/* S11: the fields of separate authentication are ignored. */
static int ov2sim_validate_combined(const struct ov2_add_sa *node, const struct ov2_caps *caps)
{
	const struct ov2_alg_caps *cipher = &caps->ciphers[node->cipher];

	if (node->salt_len != OV2_SALT_LEN)
		return -EINVAL;
	if (!ov2sim_len_in(cipher->icv_lens, node->icv_len))
		return -EOPNOTSUPP;
	if (node->dir == OV2_OUT && node->iv != OV2_IV_SEQ)
		return -EINVAL;
	return 0;
}

static int ov2sim_validate_separate(const struct ov2_add_sa *node, const struct ov2_caps *caps)
{
	bool null = node->cipher == OV2_CIPHER_NULL;
	const struct ov2_alg_caps *auth;

	if (node->auth == OV2_AUTH_NONE || (u32)node->auth >= OV2_AUTH_COUNT)
		return -EINVAL;
	auth = &caps->auths[node->auth];
	if (!ov2sim_key_in_area(node, node->auth_key_off, node->auth_key_len))
		return -EINVAL;
	if (!ov2sim_len_in(auth->key_lens, node->auth_key_len) ||
	    !ov2sim_len_in(auth->icv_lens, node->icv_len))
		return -EOPNOTSUPP;
	if (node->dir == OV2_OUT && node->iv != (null ? OV2_IV_NONE : OV2_IV_RANDOM))
		return -EINVAL;
	return 0;
}

int ov2sim_sa_validate(const struct ov2_add_sa *node, const struct ov2_caps *caps, u32 ports)
{
	int err;

	err = ov2sim_validate_form(node, ports);
	if (err)
		return err;
	err = ov2sim_validate_caps(node, caps);
	if (err)
		return err;

	if (!ov2sim_key_in_area(node, node->cipher_key_off, node->cipher_key_len))
		return -EINVAL;
	if (!ov2sim_len_in(caps->ciphers[node->cipher].key_lens, node->cipher_key_len))
		return -EOPNOTSUPP;
	if (ov2sim_cipher_is_combined(node->cipher))
		return ov2sim_validate_combined(node, caps);
	return ov2sim_validate_separate(node, caps);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_sa_validate);
