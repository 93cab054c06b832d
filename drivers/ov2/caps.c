// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: capabilities. Owns the check of an SA against a set of capabilities. The current
 * configuration of a NIC, &ov2_nic.caps, is always a subset of the capabilities of its hardware.
 */
#include <linux/log2.h>
#include <linux/netlink.h>
#include <kunit/visibility.h>
#include "ov2.h"

#define OV2_CAP_ALL	(OV2_CAP_ESN | OV2_CAP_LSO | OV2_CAP_TX_CSUM | OV2_CAP_CROSS_FAMILY | \
			 OV2_CAP_UDP_IN_IPV4 | OV2_CAP_UDP_OUT_IPV4 | OV2_CAP_UDP_IN_IPV6 | \
			 OV2_CAP_UDP_OUT_IPV6 | OV2_CAP_UDP_LSO | OV2_CAP_ESP | OV2_CAP_RX_SEQ | \
			 OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST | OV2_CAP_PACKET)

/* Returns -EINVAL if no NIC can have these capabilities. */
int ov2_caps_validate(const struct ov2_caps *caps)
{
	if (!caps->max_sas || !caps->max_list || !caps->max_requests)
		return -EINVAL;
	if (caps->features & ~OV2_CAP_ALL)
		return -EINVAL;
	if (caps->families & ~(BIT(OV2_IPV4) | BIT(OV2_IPV6)))
		return -EINVAL;
	if (caps->modes & ~(BIT(OV2_TRANSPORT) | BIT(OV2_TUNNEL)))
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_caps_validate);

static bool ov2_alg_caps_subset(const struct ov2_alg_caps *alg, const struct ov2_alg_caps *of)
{
	return !(alg->key_lens & ~of->key_lens) && !(alg->icv_lens & ~of->icv_lens);
}

static bool ov2_dir_caps_subset(const struct ov2_caps *caps, const struct ov2_caps *of,
				enum ov2_dir dir)
{
	return !of->max_dir_sas[dir] ||
	       (caps->max_dir_sas[dir] && caps->max_dir_sas[dir] <= of->max_dir_sas[dir]);
}

bool ov2_caps_subset(const struct ov2_caps *caps, const struct ov2_caps *of)
{
	int i;

	for (i = 0; i < OV2_CIPHER_COUNT; i++)
		if (!ov2_alg_caps_subset(&caps->ciphers[i], &of->ciphers[i]))
			return false;
	for (i = 0; i < OV2_AUTH_COUNT; i++)
		if (!ov2_alg_caps_subset(&caps->auths[i], &of->auths[i]))
			return false;
	/* SAs that exist already depend on whether the NIC or the host makes IVs, so this cannot be
	 * configured.
	 */
	if ((caps->features ^ of->features) & (OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST))
		return false;
	return caps->max_sas <= of->max_sas && caps->max_list <= of->max_list &&
	       caps->max_requests <= of->max_requests &&
	       ov2_dir_caps_subset(caps, of, OV2_IN) && ov2_dir_caps_subset(caps, of, OV2_OUT) &&
	       !(caps->replay_windows & ~of->replay_windows) &&
	       !(caps->features & ~of->features) && !(caps->families & ~of->families) &&
	       !(caps->modes & ~of->modes);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_caps_subset);

static bool ov2_len_in(u32 lens, u32 len)
{
	return len % 4 == 0 && len < 128 && lens & OV2_LEN(len);
}

static bool ov2_cipher_combined(enum ov2_cipher cipher)
{
	return cipher == OV2_CIPHER_AES_GCM || cipher == OV2_CIPHER_AES_GMAC ||
	       cipher == OV2_CIPHER_CHACHA20_POLY1305;
}

static int ov2_caps_check_alg(const struct ov2_caps *caps, const struct ov2_traits *add,
			      struct netlink_ext_ack *extack)
{
	const struct ov2_alg_caps *cipher = &caps->ciphers[add->cipher];
	const struct ov2_alg_caps *icv = cipher;

	if (!cipher->key_lens) {
		NL_SET_ERR_MSG_MOD(extack, "The encryption algorithm is not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (!ov2_len_in(cipher->key_lens, add->cipher_key_len)) {
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "Encryption keys of %u bits are not supported by the NIC",
				       add->cipher_key_len * 8);
		return -EOPNOTSUPP;
	}
	if (!ov2_cipher_combined(add->cipher)) {
		icv = &caps->auths[add->auth];
		if (!icv->key_lens) {
			NL_SET_ERR_MSG_MOD(extack,
					   "The authentication algorithm is not supported by the NIC");
			return -EOPNOTSUPP;
		}
		if (!ov2_len_in(icv->key_lens, add->auth_key_len)) {
			NL_SET_ERR_MSG_FMT_MOD(extack,
					       "Authentication keys of %u bits are not supported by the NIC",
					       add->auth_key_len * 8);
			return -EOPNOTSUPP;
		}
	}
	if (!ov2_len_in(icv->icv_lens, add->icv_len)) {
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "An ICV of %u bits is not supported by the NIC for this algorithm",
				       add->icv_len * 8);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int ov2_caps_check_encap(const struct ov2_caps *caps, const struct ov2_traits *add,
				struct netlink_ext_ack *extack)
{
	static const u32 feature[2][2] = {
		[OV2_IN] = { [OV2_IPV4] = OV2_CAP_UDP_IN_IPV4, [OV2_IPV6] = OV2_CAP_UDP_IN_IPV6 },
		[OV2_OUT] = { [OV2_IPV4] = OV2_CAP_UDP_OUT_IPV4,
			      [OV2_IPV6] = OV2_CAP_UDP_OUT_IPV6 },
	};

	if (add->encap == OV2_ENCAP_NONE || caps->features & feature[add->dir][add->family])
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack, "%s UDP encapsulation over %s is not supported by the NIC",
			       add->dir == OV2_IN ? "Inbound" : "Outbound",
			       add->family == OV2_IPV4 ? "IPv4" : "IPv6");
	return -EOPNOTSUPP;
}

/* Returns the largest replay window, or 0. */
u32 ov2_caps_window_max(const struct ov2_caps *caps)
{
	return caps->replay_windows ? BIT(fls(caps->replay_windows) - 1) : 0;
}

/* Returns the smallest window that the NIC supports for an SA with a window of @packets, or 0. */
static u32 ov2_caps_window(const struct ov2_caps *caps, u32 packets)
{
	u32 windows;

	if (!packets || packets > ov2_caps_window_max(caps))
		return 0;
	windows = caps->replay_windows & ~(roundup_pow_of_two(packets) - 1);
	return windows & -windows;
}

/* Adapts a node that ov2_caps_check() has accepted to the capabilities of the NIC. */
void ov2_caps_adapt(const struct ov2_caps *caps, struct ov2_add_sa *add)
{
	if (add->esn && add->dir == OV2_IN)
		add->replay_window = ov2_caps_window(caps, add->replay_window);
	add->iv = ov2_caps_iv(caps, add->iv);
}

/* Returns the kind of IV for a NIC with @caps: OV2_IV_HOST if the NIC does not make OV2_IV_SEQ. */
enum ov2_iv ov2_caps_iv(const struct ov2_caps *caps, enum ov2_iv iv)
{
	return iv == OV2_IV_SEQ && !(caps->features & OV2_CAP_IV_SEQ) ? OV2_IV_HOST : iv;
}

/* Checks whether an SA can be offloaded under @caps. A pure function. Returns 0, or -EOPNOTSUPP
 * with the limit in @extack, which may be NULL.
 */
int ov2_caps_check(const struct ov2_caps *caps, const struct ov2_traits *add,
		   struct netlink_ext_ack *extack)
{
	if (!(caps->features & OV2_CAP_ESP)) {
		NL_SET_ERR_MSG_MOD(extack, "ESP offload is disabled on the NIC");
		return -EOPNOTSUPP;
	}
	if (add->packet && !(caps->features & OV2_CAP_PACKET)) {
		NL_SET_ERR_MSG_MOD(extack, "Packet offload is not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (!(caps->families & BIT(add->family))) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is not supported by the NIC",
				       add->family == OV2_IPV4 ? "IPv4" : "IPv6");
		return -EOPNOTSUPP;
	}
	if (!(caps->modes & BIT(add->mode))) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s mode is not supported by the NIC",
				       add->mode == OV2_TUNNEL ? "Tunnel" : "Transport");
		return -EOPNOTSUPP;
	}
	if (add->cross_family && !(caps->features & OV2_CAP_CROSS_FAMILY)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Tunnels whose inner and outer families differ are not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (add->esn && !(caps->features & OV2_CAP_ESN)) {
		NL_SET_ERR_MSG_MOD(extack, "ESN xfrm states are not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (add->esn && add->dir == OV2_IN && !(caps->features & OV2_CAP_RX_SEQ)) {
		NL_SET_ERR_MSG_MOD(extack, "Inbound ESN needs a NIC that reports sequence numbers");
		return -EOPNOTSUPP;
	}
	if (add->esn && add->dir == OV2_IN && !caps->replay_windows) {
		NL_SET_ERR_MSG_MOD(extack, "Inbound ESN is not supported by the NIC");
		return -EOPNOTSUPP;
	}
	if (add->esn && add->dir == OV2_IN && !ov2_caps_window(caps, add->replay_window)) {
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "With ESN the NIC supports replay windows of 1 to %u packets, not %u",
				       ov2_caps_window_max(caps), add->replay_window);
		return -EOPNOTSUPP;
	}
	if (add->iv == OV2_IV_SEQ && !(caps->features & (OV2_CAP_IV_SEQ | OV2_CAP_IV_HOST))) {
		NL_SET_ERR_MSG_MOD(extack, "The NIC and software would use the same IVs");
		return -EOPNOTSUPP;
	}
	if (add->iv == OV2_IV_SEQ && add->packet && !(caps->features & OV2_CAP_IV_SEQ)) {
		NL_SET_ERR_MSG_MOD(extack, "Packet offload needs a NIC that makes IVs");
		return -EOPNOTSUPP;
	}
	return ov2_caps_check_encap(caps, add, extack) ?: ov2_caps_check_alg(caps, add, extack);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_caps_check);

/* Returns true if the current configuration permits the SA. Context: nic->lock. The caller knows
 * that xfrm has not deleted the SA, because sa->port is valid only until then.
 */
bool ov2_caps_permit(const struct ov2_sa *sa)
{
	lockdep_assert_held(&sa->nic->lock);
	return !(sa->port && sa->port->esp_off) &&
	       !ov2_caps_check(&sa->nic->caps, &sa->traits, NULL);
}

/* Does each direction have a table of its own? */
bool ov2_caps_by_dir(const struct ov2_caps *caps)
{
	return caps->max_dir_sas[OV2_IN] || caps->max_dir_sas[OV2_OUT];
}
