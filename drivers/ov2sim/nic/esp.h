/* SPDX-License-Identifier: GPL-2.0-only */
/* ov2sim: ESP's cryptography. */
#ifndef __OV2SIM_NIC_ESP_H
#define __OV2SIM_NIC_ESP_H

#include <net/ov2/types.h>

struct crypto_aead;
struct ov2sim_esp_op;

#define OV2SIM_ESP_HLEN		8	/* SPI and sequence number */
#define OV2SIM_ESP_IV_MAX	16

/**
 * struct ov2sim_esp - The cryptography of an SA.
 * @tfm: the algorithm and the only copy of the key; freeing it wipes the key
 * @spare: the operation of the last packet, for the next one; NULL while a worker uses it
 * @name: name of the algorithm
 * @iv: how IVs are made
 * @iv_salt: for OV2_IV_SEQ
 * @iv_len: bytes of IV in a packet
 * @icv_len: bytes of ICV
 * @block: payload, padding, pad length and next header together are a multiple of this
 * @esn: the upper half of the sequence number is authenticated
 */
struct ov2sim_esp {
	struct crypto_aead *tfm;
	struct ov2sim_esp_op *spare;
	const char *name;
	enum ov2_iv iv;
	u8 iv_salt[8];
	u8 iv_len;
	u8 icv_len;
	u8 block;
	bool esn;
};

int ov2sim_esp_init(struct ov2sim_esp *esp, const struct ov2_add_sa *node);
void ov2sim_esp_destroy(struct ov2sim_esp *esp);
void ov2sim_esp_make_iv(const struct ov2sim_esp *esp, u64 seq, u8 *iv);
int ov2sim_esp_encrypt(struct ov2sim_esp *esp, u8 *packet, u32 len, u64 seq, const u8 *iv);
int ov2sim_esp_send(struct ov2sim_esp *esp, u8 *packet, u32 len, u64 seq);
u32 ov2sim_esp_decrypt(struct ov2sim_esp *esp, enum ov2_mode mode, u8 *packet, u32 len, u64 seq,
		       u8 *next_header);
u32 ov2sim_esp_trailer_len(const struct ov2sim_esp *esp, u32 payload);
void ov2sim_esp_put_trailer(u8 *trailer, u32 len, u8 next_header);

#endif /* __OV2SIM_NIC_ESP_H */
