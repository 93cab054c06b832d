// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2 core: translation of an xfrm_state, into traits when xfrm adds it, and into a node whenever
 * the NIC gets it. Pure: no lock, no I/O, no allocation. caps.c checks what the NIC supports.
 */
#include <crypto/internal/geniv.h>
#include <linux/netlink.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/xfrm.h>
#include <kunit/visibility.h>
#include "ov2.h"

/* @name_size includes the end of the name. To compare so many bytes costs less than strcmp(), and
 * xfrm's names have 64.
 */
struct ov2_xlate_alg {
	const char *name;
	u8 name_size;
	u8 id;
};

#define OV2_XLATE_ALG(_name, _id) {		\
	.name = (_name),			\
	.name_size = sizeof(_name),		\
	.id = (_id),				\
}

static const struct ov2_xlate_alg ov2_xlate_aeads[] = {
	OV2_XLATE_ALG("rfc4106(gcm(aes))", OV2_CIPHER_AES_GCM),
	OV2_XLATE_ALG("rfc4543(gcm(aes))", OV2_CIPHER_AES_GMAC),
	OV2_XLATE_ALG("rfc7539esp(chacha20,poly1305)", OV2_CIPHER_CHACHA20_POLY1305),
};

static const struct ov2_xlate_alg ov2_xlate_ciphers[] = {
	OV2_XLATE_ALG("cbc(aes)", OV2_CIPHER_AES_CBC),
	OV2_XLATE_ALG("ecb(cipher_null)", OV2_CIPHER_NULL),
};

static const struct ov2_xlate_alg ov2_xlate_auths[] = {
	OV2_XLATE_ALG("hmac(sha1)", OV2_AUTH_HMAC_SHA1),
	OV2_XLATE_ALG("hmac(sha256)", OV2_AUTH_HMAC_SHA256),
	OV2_XLATE_ALG("hmac(sha384)", OV2_AUTH_HMAC_SHA384),
	OV2_XLATE_ALG("hmac(sha512)", OV2_AUTH_HMAC_SHA512),
};

static const struct ov2_xlate_alg *ov2_xlate_find(const struct ov2_xlate_alg *table, size_t count,
						  const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!memcmp(table[i].name, name, table[i].name_size))
			return &table[i];
	return NULL;
}

static unsigned int ov2_xlate_bytes(unsigned int bits)
{
	return DIV_ROUND_UP(bits, 8);
}

static int ov2_xlate_key_lens(struct ov2_traits *traits, unsigned int cipher, unsigned int auth,
			      struct netlink_ext_ack *extack)
{
	if (cipher + auth > OV2_KEY_AREA_LEN) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot offload keys of more than %u bytes",
				       OV2_KEY_AREA_LEN);
		return -EOPNOTSUPP;
	}
	traits->cipher_key_len = cipher;
	traits->auth_key_len = auth;
	return 0;
}

static int ov2_xlate_combined(const struct xfrm_state *x, struct ov2_traits *traits,
			      struct netlink_ext_ack *extack)
{
	const struct xfrm_algo_aead *aead = x->aead;
	unsigned int bytes = ov2_xlate_bytes(aead->alg_key_len);
	const struct ov2_xlate_alg *alg;

	alg = ov2_xlate_find(ov2_xlate_aeads, ARRAY_SIZE(ov2_xlate_aeads), aead->alg_name);
	if (!alg) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot offload algorithm %.40s", aead->alg_name);
		return -EOPNOTSUPP;
	}
	if (bytes < OV2_SALT_LEN) {
		NL_SET_ERR_MSG_MOD(extack, "The key is shorter than its salt");
		return -EOPNOTSUPP;
	}
	traits->cipher = alg->id;
	traits->auth = OV2_AUTH_NONE;
	traits->icv_len = aead->alg_icv_len / 8;
	return ov2_xlate_key_lens(traits, bytes - OV2_SALT_LEN, 0, extack);
}

static int ov2_xlate_separate(const struct xfrm_state *x, struct ov2_traits *traits,
			      struct netlink_ext_ack *extack)
{
	const struct ov2_xlate_alg *cipher, *auth;

	if (!x->ealg || !x->aalg) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot offload ESP without authentication");
		return -EOPNOTSUPP;
	}
	cipher = ov2_xlate_find(ov2_xlate_ciphers, ARRAY_SIZE(ov2_xlate_ciphers),
				x->ealg->alg_name);
	if (!cipher) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot offload encryption algorithm %.40s",
				       x->ealg->alg_name);
		return -EOPNOTSUPP;
	}
	auth = ov2_xlate_find(ov2_xlate_auths, ARRAY_SIZE(ov2_xlate_auths), x->aalg->alg_name);
	if (!auth) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot offload authentication algorithm %.40s",
				       x->aalg->alg_name);
		return -EOPNOTSUPP;
	}
	traits->cipher = cipher->id;
	traits->auth = auth->id;
	traits->icv_len = x->aalg->alg_trunc_len / 8;
	return ov2_xlate_key_lens(traits, ov2_xlate_bytes(x->ealg->alg_key_len),
				  ov2_xlate_bytes(x->aalg->alg_key_len), extack);
}

/* Copies the keys, whose lengths the traits have. */
static void ov2_xlate_keys(const struct xfrm_state *x, struct ov2_add_sa *add)
{
	const char *cipher = x->aead ? x->aead->alg_key : x->ealg->alg_key;

	memcpy(add->key_area, cipher, add->cipher_key_len);
	add->key_area_len = add->cipher_key_len + add->auth_key_len;
	if (x->aead) {
		add->salt_len = OV2_SALT_LEN;
		memcpy(add->salt, cipher + add->cipher_key_len, OV2_SALT_LEN);
	} else {
		add->auth_key_off = add->cipher_key_len;
		memcpy(add->key_area + add->auth_key_off, x->aalg->alg_key, add->auth_key_len);
	}
}

/* Reads the salt of seqiv, &struct ov2_add_sa.iv_salt. The caller knows that seqiv is the
 * generator.
 */
void ov2_xlate_iv_salt(const struct xfrm_state *x, u8 *salt)
{
	const struct aead_geniv_ctx *geniv = crypto_aead_ctx((struct crypto_aead *)x->data);

	memcpy(salt, geniv->salt, sizeof_field(struct ov2_add_sa, iv_salt));
}

/* Software may send on the SA by turns with the NIC, and no nonce may repeat, so the NIC must
 * continue the IVs of the kernel's IV generator. The generator's salt can be read only if the
 * generator is the one that xfrm asked for.
 */
static int ov2_xlate_iv(const struct xfrm_state *x, struct ov2_traits *traits,
			struct netlink_ext_ack *extack)
{
	struct crypto_aead *aead = x->data;
	const char *driver;

	traits->iv = OV2_IV_NONE;
	if (traits->cipher == OV2_CIPHER_NULL || traits->dir == OV2_IN)
		return 0;
	driver = aead ? crypto_tfm_alg_driver_name(crypto_aead_tfm(aead)) : "";
	if (traits->cipher == OV2_CIPHER_AES_CBC) {
		if (!x->geniv || !strstarts(driver, "echainiv("))
			goto err_geniv;
		traits->iv = OV2_IV_RANDOM;
		return 0;
	}
	if (!x->geniv || !strstarts(driver, "seqiv(") ||
	    crypto_aead_ivsize(aead) != sizeof_field(struct ov2_add_sa, iv_salt))
		goto err_geniv;
	if (x->props.extra_flags & XFRM_SA_XFLAG_OSEQ_MAY_WRAP && !traits->esn) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Sequence numbers that wrap would repeat IVs with this algorithm");
		return -EOPNOTSUPP;
	}
	traits->iv = OV2_IV_SEQ;
	return 0;

err_geniv:
	NL_SET_ERR_MSG_FMT_MOD(extack, "Cannot continue IVs of generator %.40s",
			       driver);
	return -EOPNOTSUPP;
}

void ov2_xlate_addr(struct in6_addr *to, const xfrm_address_t *from, u16 family)
{
	if (family == AF_INET)
		to->s6_addr32[0] = from->a4;
	else
		*to = from->in6;
}

void ov2_xlate_sel(const struct xfrm_selector *from, struct ov2_sel *to)
{
	ov2_xlate_addr(&to->saddr, &from->saddr, from->family);
	ov2_xlate_addr(&to->daddr, &from->daddr, from->family);
	to->sport = from->sport;
	to->sport_mask = from->sport_mask;
	to->dport = from->dport;
	to->dport_mask = from->dport_mask;
	to->family = from->family;
	to->prefixlen_s = from->prefixlen_s;
	to->prefixlen_d = from->prefixlen_d;
	to->proto = from->proto;
}

/* Returns the replay window in packets, which XFRM_MSG_NEWAE may change. */
static u32 ov2_xlate_window(const struct xfrm_state *x)
{
	return x->replay_esn ? x->replay_esn->replay_window : x->props.replay_window;
}

/* Returns the current sequence state of @x. Context: x->lock held, or no other context knows @x
 * yet.
 */
struct ov2_seq ov2_xlate_seq(const struct xfrm_state *x, enum ov2_dir dir)
{
	const struct xfrm_replay_state_esn *esn = x->replay_esn;
	bool in = dir == OV2_IN;
	struct ov2_seq seq = { };

	if (esn) {
		seq.low = in ? esn->seq : esn->oseq;
		if (x->props.flags & XFRM_STATE_ESN)
			seq.high = in ? esn->seq_hi : esn->oseq_hi;
	} else {
		seq.low = in ? x->replay.seq : x->replay.oseq;
	}
	return seq;
}

/* Checks what packet mode does not support on any NIC. */
static int ov2_xlate_check_packet(const struct xfrm_state *x, struct netlink_ext_ack *extack)
{
	bool in = x->xso.dir == XFRM_DEV_OFFLOAD_IN;

	/* xfrm looks up the outer addresses in the inner family (xfrm_bundle_create()). */
	if (x->props.mode == XFRM_MODE_TUNNEL && x->sel.family != AF_UNSPEC &&
	    x->sel.family != x->props.family) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Cannot offload tunnels across families in packet mode");
		return -EOPNOTSUPP;
	}
	if (in && x->if_id) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot offload inbound xfrm states with an if_id");
		return -EOPNOTSUPP;
	}
	if (in && (x->props.family == AF_INET ? ipv4_is_multicast(x->id.daddr.a4) :
						ipv6_addr_is_multicast(&x->id.daddr.in6))) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Cannot offload inbound multicast xfrm states in packet mode");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Checks what no NIC supports. The result may change by XFRM_MSG_UPDSA, or with the mode. */
static int ov2_xlate_check(const struct xfrm_state *x, struct netlink_ext_ack *extack)
{
	if (x->id.proto != IPPROTO_ESP) {
		NL_SET_ERR_MSG_MOD(extack, "Only ESP xfrm state may be offloaded");
		return -EOPNOTSUPP;
	}
	if (x->props.mode != XFRM_MODE_TRANSPORT && x->props.mode != XFRM_MODE_TUNNEL) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Only transport and tunnel xfrm states may be offloaded");
		return -EOPNOTSUPP;
	}
	/* xfrm does not recheck the mark of packets that were decrypted in hardware, and the NIC
	 * cannot see marks.
	 */
	if (x->xso.dir == XFRM_DEV_OFFLOAD_IN && (x->mark.v || x->mark.m)) {
		NL_SET_ERR_MSG_MOD(extack, "Cannot offload inbound xfrm states with a mark");
		return -EOPNOTSUPP;
	}
	if (x->encap && x->encap->encap_type != UDP_ENCAP_ESPINUDP) {
		NL_SET_ERR_MSG_MOD(extack, "Encapsulation other than UDP is not supported");
		return -EOPNOTSUPP;
	}
	if (x->xso.type == XFRM_DEV_OFFLOAD_PACKET)
		return ov2_xlate_check_packet(x, extack);
	if (x->encap && x->xso.dir == XFRM_DEV_OFFLOAD_OUT && x->props.family == AF_INET6) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Outbound UDP encapsulation over IPv6 is not supported");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Describes the outer headers of a tunnel in packet mode, as xfrm4_tunnel_encap_add() and
 * xfrm4_remove_tunnel_encap() and their IPv6 counterparts make and read them.
 */
static void ov2_xlate_outer(const struct xfrm_state *x, struct ov2_add_sa *add)
{
	bool dscp = add->dir == OV2_IN ? x->props.flags & XFRM_STATE_DECAP_DSCP :
					 !(x->props.extra_flags & XFRM_SA_XFLAG_DONT_ENCAP_DSCP);

	if (dscp)
		add->outer |= OV2_OUTER_DSCP;
	if (!(x->props.flags & XFRM_STATE_NOECN))
		add->outer |= OV2_OUTER_ECN;
	if (add->dir == OV2_OUT && !(x->props.flags & XFRM_STATE_NOPMTUDISC))
		add->outer |= OV2_OUTER_DF;
}

/* IVs must not repeat. XFRM_MSG_NEWAE may change the result. */
static int ov2_xlate_check_seq(const struct ov2_traits *traits, struct ov2_seq seq,
			       struct netlink_ext_ack *extack)
{
	if (traits->iv != OV2_IV_SEQ || !(seq.high & BIT(31)))
		return 0;
	NL_SET_ERR_MSG_MOD(extack,
			   "Cannot offload sequence numbers of 2^63 and more because IVs would repeat");
	return -EOPNOTSUPP;
}

/* Reads the traits of a state. Context: any; x->lock held if other contexts know @x. Returns 0, or
 * -EOPNOTSUPP with the reason in @extack, which may be NULL.
 */
int ov2_xlate_traits(const struct xfrm_state *x, struct ov2_traits *traits,
		     struct netlink_ext_ack *extack)
{
	int err;

	err = ov2_xlate_check(x, extack);
	if (err)
		return err;
	traits->dir = x->xso.dir == XFRM_DEV_OFFLOAD_IN ? OV2_IN : OV2_OUT;
	traits->family = x->props.family == AF_INET ? OV2_IPV4 : OV2_IPV6;
	traits->mode = x->props.mode == XFRM_MODE_TUNNEL ? OV2_TUNNEL : OV2_TRANSPORT;
	traits->cross_family = traits->mode == OV2_TUNNEL && x->sel.family != AF_UNSPEC &&
			       x->sel.family != x->props.family;
	traits->packet = x->xso.type == XFRM_DEV_OFFLOAD_PACKET;
	traits->esn = x->props.flags & XFRM_STATE_ESN;
	traits->replay_window = ov2_xlate_window(x);
	traits->spi = x->id.spi;
	traits->encap = x->encap ? OV2_ENCAP_UDP : OV2_ENCAP_NONE;
	err = x->aead ? ov2_xlate_combined(x, traits, extack) :
			ov2_xlate_separate(x, traits, extack);
	if (!err)
		err = ov2_xlate_iv(x, traits, extack);
	return err ?: ov2_xlate_check_seq(traits, ov2_xlate_seq(x, traits->dir), extack);
}
EXPORT_SYMBOL_IF_KUNIT(ov2_xlate_traits);

/* Fills a node. Zeroes next, priv, port and cookie, which life.c sets. Context: any;
 * x->lock held if other contexts know @x. Returns 0, or -EOPNOTSUPP if @x has changed since
 * ov2_xlate_traits() so that it cannot be offloaded now.
 */
int ov2_xlate(const struct xfrm_state *x, const struct ov2_traits *traits, struct ov2_add_sa *add)
{
	int err;

	memset(add, 0, sizeof(*add));
	add->traits = *traits;
	add->replay_window = ov2_xlate_window(x);
	add->seq = ov2_xlate_seq(x, traits->dir);
	err = ov2_xlate_check(x, NULL) ?: ov2_xlate_check_seq(traits, add->seq, NULL);
	if (err)
		return err;
	if (traits->packet && traits->mode == OV2_TUNNEL)
		ov2_xlate_outer(x, add);
	ov2_xlate_addr(&add->saddr, &x->props.saddr, x->props.family);
	ov2_xlate_addr(&add->daddr, &x->id.daddr, x->props.family);
	if (traits->encap) {
		add->encap_sport = x->encap->encap_sport;
		add->encap_dport = x->encap->encap_dport;
	}
	add->soft_packets = x->lft.soft_packet_limit == XFRM_INF ? 0 : x->lft.soft_packet_limit;
	add->hard_packets = x->lft.hard_packet_limit == XFRM_INF ? 0 : x->lft.hard_packet_limit;
	ov2_xlate_sel(&x->sel, &add->sel);
	if (traits->iv == OV2_IV_SEQ)
		ov2_xlate_iv_salt(x, add->iv_salt);
	ov2_xlate_keys(x, add);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ov2_xlate);
