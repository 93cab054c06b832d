// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: ESP's cryptography (RFC 4303, 4106, 4543, 7634, 3602, 4868), in place on linear packets.
 *
 * A packet in this file begins with the ESP header and ends with the ICV: SPI, sequence number, IV,
 * payload, padding, pad length, next header, ICV. There are no locks, because the tfm of an SA is
 * constant and everything that changes is in a struct ov2sim_esp_op, which belongs to one packet at
 * a time.
 */
#include <crypto/aead.h>
#include <crypto/authenc.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/xfrm.h>
#include "esp.h"

/* Bit 63 marks the NIC's IVs. The kernel makes IVs of 64-bit sequence numbers, which begin at 1 and
 * never get there, so NIC and kernel never use the same IV with one key.
 */
#define OV2SIM_IV_SEQ_NIC	BIT_ULL(63)

/* Combined ciphers, by enum ov2_cipher. */
static const char *const ov2sim_esp_combined[OV2_CIPHER_COUNT] = {
	[OV2_CIPHER_AES_GCM] = "rfc4106(gcm(aes))",
	[OV2_CIPHER_AES_GMAC] = "rfc4543(gcm(aes))",
	[OV2_CIPHER_CHACHA20_POLY1305] = "rfc7539esp(chacha20,poly1305)",
};

/* Other ciphers, by enum ov2_auth, by whether they encrypt, and by ESN. */
static const char *const ov2sim_esp_separate[OV2_AUTH_COUNT][2][2] = {
	[OV2_AUTH_HMAC_SHA1] = {
		{ "authenc(hmac(sha1),ecb(cipher_null))",
		  "authencesn(hmac(sha1),ecb(cipher_null))" },
		{ "authenc(hmac(sha1),cbc(aes))", "authencesn(hmac(sha1),cbc(aes))" },
	},
	[OV2_AUTH_HMAC_SHA256] = {
		{ "authenc(hmac(sha256),ecb(cipher_null))",
		  "authencesn(hmac(sha256),ecb(cipher_null))" },
		{ "authenc(hmac(sha256),cbc(aes))", "authencesn(hmac(sha256),cbc(aes))" },
	},
	[OV2_AUTH_HMAC_SHA384] = {
		{ "authenc(hmac(sha384),ecb(cipher_null))",
		  "authencesn(hmac(sha384),ecb(cipher_null))" },
		{ "authenc(hmac(sha384),cbc(aes))", "authencesn(hmac(sha384),cbc(aes))" },
	},
	[OV2_AUTH_HMAC_SHA512] = {
		{ "authenc(hmac(sha512),ecb(cipher_null))",
		  "authencesn(hmac(sha512),ecb(cipher_null))" },
		{ "authenc(hmac(sha512),cbc(aes))", "authencesn(hmac(sha512),cbc(aes))" },
	},
};

/**
 * struct ov2sim_esp_op - An operation on a packet.
 * @aad: SPI, upper half of the sequence number with ESN, lower half
 * @iv: copy of the IV, which the algorithms overwrite
 * @sg: @aad, then the packet from its IV on
 * @wait: completion
 * @req: the request; the context of the algorithm follows it
 */
struct ov2sim_esp_op {
	__be32 aad[3];
	u8 iv[OV2SIM_ESP_IV_MAX];
	struct scatterlist sg[2];
	struct crypto_wait wait;
	struct aead_request req;
};

static const char *ov2sim_esp_name(const struct ov2_add_sa *node)
{
	if (node->cipher >= OV2_CIPHER_COUNT)
		return NULL;
	if (ov2sim_esp_combined[node->cipher])
		return ov2sim_esp_combined[node->cipher];
	if (node->auth >= OV2_AUTH_COUNT)
		return NULL;
	return ov2sim_esp_separate[node->auth][node->cipher == OV2_CIPHER_AES_CBC][node->esn];
}

/* The crypto API expects the salt of a combined cipher behind its key. */
static int ov2sim_esp_key_combined(struct crypto_aead *tfm, const struct ov2_add_sa *node)
{
	u32 len = node->cipher_key_len + node->salt_len;
	u8 *key;
	int err;

	key = kmalloc(len, GFP_KERNEL);
	if (!key)
		return -ENOMEM;
	memcpy(key, node->key_area + node->cipher_key_off, node->cipher_key_len);
	memcpy(key + node->cipher_key_len, node->salt, node->salt_len);
	err = crypto_aead_setkey(tfm, key, len);
	kfree_sensitive(key);
	return err;
}

/* authenc() expects a netlink attribute with the length of the cipher key, then both keys. */
static int ov2sim_esp_key_separate(struct crypto_aead *tfm, const struct ov2_add_sa *node)
{
	u32 head = RTA_SPACE(sizeof(struct crypto_authenc_key_param));
	u32 len = head + node->auth_key_len + node->cipher_key_len;
	struct crypto_authenc_key_param *param;
	struct rtattr *rta;
	u8 *key;
	int err;

	key = kzalloc(len, GFP_KERNEL);
	if (!key)
		return -ENOMEM;
	rta = (struct rtattr *)key;
	rta->rta_type = CRYPTO_AUTHENC_KEYA_PARAM;
	rta->rta_len = RTA_LENGTH(sizeof(*param));
	param = RTA_DATA(rta);
	param->enckeylen = cpu_to_be32(node->cipher_key_len);
	memcpy(key + head, node->key_area + node->auth_key_off, node->auth_key_len);
	memcpy(key + head + node->auth_key_len, node->key_area + node->cipher_key_off,
	       node->cipher_key_len);
	err = crypto_aead_setkey(tfm, key, len);
	kfree_sensitive(key);
	return err;
}

/* ov2sim_sa_validate() has checked the fields of @node that this uses. */
int ov2sim_esp_init(struct ov2sim_esp *esp, const struct ov2_add_sa *node)
{
	bool combined;
	int err;

	esp->name = ov2sim_esp_name(node);
	if (!esp->name)
		return -EOPNOTSUPP;
	/* Asynchronous algorithms will do, because the worker may sleep. On Linux 6.12 all that use
	 * the AES instructions of x86 are of that kind.
	 */
	esp->tfm = crypto_alloc_aead(esp->name, 0, 0);
	if (IS_ERR(esp->tfm))
		return PTR_ERR(esp->tfm) == -ENOMEM ? -ENOMEM : -EOPNOTSUPP;

	combined = ov2sim_esp_combined[node->cipher];
	err = crypto_aead_setauthsize(esp->tfm, node->icv_len);
	if (err)
		goto err_free_tfm;
	err = combined ? ov2sim_esp_key_combined(esp->tfm, node) :
			 ov2sim_esp_key_separate(esp->tfm, node);
	if (err)
		goto err_free_tfm;

	esp->spare = NULL;
	esp->iv = node->iv;
	memcpy(esp->iv_salt, node->iv_salt, sizeof(esp->iv_salt));
	esp->iv_len = crypto_aead_ivsize(esp->tfm);
	esp->icv_len = node->icv_len;
	esp->block = ALIGN(crypto_aead_blocksize(esp->tfm), 4);
	esp->esn = node->esn;
	return 0;

err_free_tfm:
	crypto_free_aead(esp->tfm);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_init);

/* No worker has an operation of the SA: a grace period has passed since it left the table. */
void ov2sim_esp_destroy(struct ov2sim_esp *esp)
{
	kfree_sensitive(esp->spare);
	crypto_free_aead(esp->tfm);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_destroy);

/**
 * ov2sim_esp_make_iv - make the IV of a packet to send
 * @esp: the SA's cryptography
 * @seq: sequence number
 * @iv: filled with @esp->iv_len bytes
 */
void ov2sim_esp_make_iv(const struct ov2sim_esp *esp, u64 seq, u8 *iv)
{
	size_t i;

	if (esp->iv == OV2_IV_SEQ) {
		put_unaligned_be64(seq | OV2SIM_IV_SEQ_NIC, iv);
		for (i = 0; i < sizeof(esp->iv_salt); i++)
			iv[i] ^= esp->iv_salt[i];
	} else {
		get_random_bytes(iv, esp->iv_len);
	}
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_make_iv);

/* @text is the number of bytes after the IV that the algorithm reads, including an ICV that it is
 *	to verify; @icv_room is the number of bytes that it writes after these.
 */
static struct ov2sim_esp_op *ov2sim_esp_op_get(struct ov2sim_esp *esp, u8 *packet, u32 text,
					       u32 icv_room, u64 seq)
{
	u8 *iv = packet + OV2SIM_ESP_HLEN;
	struct ov2sim_esp_op *op;
	u32 aad_len = 0;

	op = xchg(&esp->spare, NULL);
	if (!op)
		op = kmalloc(sizeof(*op) + crypto_aead_reqsize(esp->tfm), GFP_KERNEL);
	if (!op)
		return NULL;

	op->aad[aad_len++] = get_unaligned((__be32 *)packet);
	if (esp->esn)
		op->aad[aad_len++] = cpu_to_be32(upper_32_bits(seq));
	op->aad[aad_len++] = cpu_to_be32(lower_32_bits(seq));
	aad_len *= sizeof(__be32);
	memcpy(op->iv, iv, esp->iv_len);

	sg_init_table(op->sg, ARRAY_SIZE(op->sg));
	sg_set_buf(&op->sg[0], op->aad, aad_len);
	sg_set_buf(&op->sg[1], iv, esp->iv_len + text + icv_room);

	crypto_init_wait(&op->wait);
	aead_request_set_tfm(&op->req, esp->tfm);
	aead_request_set_callback(&op->req, CRYPTO_TFM_REQ_MAY_BACKLOG | CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, &op->wait);
	/* All algorithms expect the IV behind the associated data and count it as part of them. */
	aead_request_set_ad(&op->req, aad_len + esp->iv_len);
	aead_request_set_crypt(&op->req, op->sg, op->sg, text, op->iv);
	return op;
}

/* Keep @op for the next packet of the SA. Only if two workers process packets of it at the same
 * time there is another one, which is wiped and freed.
 */
static void ov2sim_esp_op_put(struct ov2sim_esp *esp, struct ov2sim_esp_op *op)
{
	kfree_sensitive(xchg(&esp->spare, op));
}

/**
 * ov2sim_esp_encrypt - encrypt and authenticate a packet
 * @esp: the SA's cryptography
 * @packet: the packet from the ESP header on, complete but for IV and ICV
 * @len: bytes, ICV included
 * @seq: sequence number; the ESP header has its lower half
 * @iv: IV
 *
 * Return: 0; -EINVAL if @len is impossible; -EIO if the ESP header has another number; -ENOMEM; or
 * what the crypto API returns.
 */
int ov2sim_esp_encrypt(struct ov2sim_esp *esp, u8 *packet, u32 len, u64 seq, const u8 *iv)
{
	u32 over = OV2SIM_ESP_HLEN + esp->iv_len + esp->icv_len;
	struct ov2sim_esp_op *op;
	int err;

	if (len < over + 2 || (len - over) % esp->block)
		return -EINVAL;
	if (get_unaligned_be32(packet + 4) != lower_32_bits(seq))
		return -EIO;

	memcpy(packet + OV2SIM_ESP_HLEN, iv, esp->iv_len);
	op = ov2sim_esp_op_get(esp, packet, len - over, esp->icv_len, seq);
	if (!op)
		return -ENOMEM;
	err = crypto_wait_req(crypto_aead_encrypt(&op->req), &op->wait);
	ov2sim_esp_op_put(esp, op);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_encrypt);

/**
 * ov2sim_esp_send - encrypt and authenticate a packet with an IV that the NIC makes
 * @esp: the SA's cryptography
 * @packet: the packet from the ESP header on, complete but for IV and ICV
 * @len: bytes, ICV included
 * @seq: sequence number; the ESP header has its lower half
 *
 * Return: 0 or a negative errno, and then @packet must not be sent.
 */
int ov2sim_esp_send(struct ov2sim_esp *esp, u8 *packet, u32 len, u64 seq)
{
	u8 iv[OV2SIM_ESP_IV_MAX];

	ov2sim_esp_make_iv(esp, seq, iv);
	return ov2sim_esp_encrypt(esp, packet, len, seq, iv);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_send);

/* Check the decrypted trailer of @text and return one of CRYPTO_*. */
static u32 ov2sim_esp_check_trailer(enum ov2_mode mode, const u8 *text, u32 len, u8 *next_header)
{
	u8 pad = text[len - 2];

	*next_header = text[len - 1];
	if (pad + 2 > len)
		return CRYPTO_INVALID_PACKET_SYNTAX;
	if (mode == OV2_TUNNEL && *next_header != IPPROTO_IPIP && *next_header != IPPROTO_IPV6)
		return CRYPTO_INVALID_PROTOCOL;
	return CRYPTO_SUCCESS;
}

/**
 * ov2sim_esp_decrypt - verify and decrypt a packet
 * @esp: the SA's cryptography
 * @mode: the SA's mode
 * @packet: the packet from the ESP header on
 * @len: bytes, ICV included
 * @seq: sequence number
 * @next_header: set to the decrypted next header as soon as the packet is decrypted, also if its
 *	trailer is refused
 *
 * After a failure the contents of @packet behind the ESP header are undefined.
 *
 * Return: one of CRYPTO_* of <net/xfrm.h>.
 */
u32 ov2sim_esp_decrypt(struct ov2sim_esp *esp, enum ov2_mode mode, u8 *packet, u32 len, u64 seq,
		       u8 *next_header)
{
	u32 over = OV2SIM_ESP_HLEN + esp->iv_len + esp->icv_len;
	struct ov2sim_esp_op *op;
	u32 text;
	int err;

	if (len < over + 2 || (len - over) % esp->block)
		return CRYPTO_INVALID_PACKET_SYNTAX;

	text = len - over;
	op = ov2sim_esp_op_get(esp, packet, text + esp->icv_len, 0, seq);
	if (!op)
		return CRYPTO_GENERIC_ERROR;
	err = crypto_wait_req(crypto_aead_decrypt(&op->req), &op->wait);
	ov2sim_esp_op_put(esp, op);
	if (err == -EBADMSG)
		return mode == OV2_TUNNEL ? CRYPTO_TUNNEL_ESP_AUTH_FAILED :
					    CRYPTO_TRANSPORT_ESP_AUTH_FAILED;
	if (err)
		return CRYPTO_GENERIC_ERROR;
	return ov2sim_esp_check_trailer(mode, packet + OV2SIM_ESP_HLEN + esp->iv_len, text,
					next_header);
}
EXPORT_SYMBOL_IF_KUNIT(ov2sim_esp_decrypt);

/* Length of padding, pad length, next header and ICV behind @payload bytes. */
u32 ov2sim_esp_trailer_len(const struct ov2sim_esp *esp, u32 payload)
{
	return ALIGN(payload + 2, esp->block) - payload + esp->icv_len;
}

/* Write padding, pad length and next header, @len bytes. RFC 4303 pads with 1, 2, 3 and so on. */
void ov2sim_esp_put_trailer(u8 *trailer, u32 len, u8 next_header)
{
	u32 pad = len - 2;
	u32 i;

	for (i = 0; i < pad; i++)
		trailer[i] = i + 1;
	trailer[pad] = pad;
	trailer[pad + 1] = next_header;
}
