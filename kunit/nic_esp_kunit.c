// SPDX-License-Identifier: GPL-2.0-only
/*
 * ov2sim: the NIC's ESP against published vectors.
 *
 * draft-mcgrew-gcm-test-01 (GCM, GMAC) and RFC 7634 publish whole packets. RFC 3602 and NIST
 * SP 800-38A publish AES-CBC ciphertexts; their ICVs, and those of null encryption, were computed
 * with Python's hmac module. RFC 2202 and RFC 4231 publish HMACs.
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/slab.h>
#include <net/xfrm.h>
#include "../drivers/ov2sim/nic/esp.h"

#define NIC_ESP_TEXT_MAX	256

/* Parts that several vectors share: keys, texts, and packets without their ICV. */
#define NIC_ESP_RFC3602_KEY	"90d382b410eeba7ad938c46cec1a82bf"
#define NIC_ESP_RFC3602_TEXT \
	"08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f1011121314151617" \
	"18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637" \
	"0102030405060708090a0b0c0d0e0e01"
#define NIC_ESP_RFC3602_PACKET \
	"0000432100000001e96e8c08ab465763fd098d45dd3ff893f663c25d325c18c6" \
	"a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08" \
	"0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d59" \
	"13ac19b7cfbad4a6"
#define NIC_ESP_SP800_38A_TEXT \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define NIC_ESP_NULL_TEXT \
	"08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f1011121314151617" \
	"18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637" \
	"01020201"
#define NIC_ESP_HMAC_CASE2_TEXT	"79612077616e7420666f72206e6f7468696e673f"
#define NIC_ESP_HMAC_CASE2_PACKET \
	"7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define NIC_ESP_HMAC_CASE5_TEXT	"68205472756e636174696f6e"
#define NIC_ESP_HMAC_CASE5_PACKET	"546573742057697468205472756e636174696f6e"

/* The strings are hexadecimal; line breaks in them are ignored. */
struct nic_esp_row {
	const char *name;
	enum ov2_cipher cipher;
	enum ov2_auth auth;
	const char *key;
	const char *auth_key;
	const char *salt;
	bool esn;
	u64 seq;
	u16 icv_len;
	u8 iv_len;
	const char *text;
	const char *packet;
};

static const struct nic_esp_row nic_esp_rows[] = {
	{
		.name = "draft-mcgrew-gcm-test 1",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "4c80cdefbb5d10da906ac73c3613a634",
		.salt = "2e443b68",
		.esn = true,
		.seq = 0x8765432100000000ULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000\n"
			"00000000045f736970045f756470037369700963796265726369747902646b00\n"
			"0021000101020201",
		.packet = "00004321000000004956ed7e3b244cfefecf537e729d5b07dc30df528dd22b76\n"
			  "8d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d\n"
			  "15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe72\n"
			  "2fd04796562dfdb4",
	},
	{
		.name = "draft-mcgrew-gcm-test 2",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "feffe9928665731c6d6a8f9467308308",
		.salt = "cafebabe",
		.seq = 0x0000000aULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d00100\n"
			"0001000000000000037369700963796265726369747902646b00000100010001",
		.packet = "0000a5f80000000afacedbaddecaf888deb22cd9b07c72c16e3a65beeb8df304\n"
			  "a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec416642\n"
			  "cfbb85a5b47e48a4ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a",
	},
	{
		.name = "draft-mcgrew-gcm-test 3",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "abbccddef00112233445566778899aababbccddef00112233445566778899aab",
		.salt = "11223344",
		.seq = 0x00000002ULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000\n"
			"7002400020bf0000020405b40101040201020201",
		.packet = "4a2cbfe3000000020102030405060708ff425c9b724599df7a3bcd510194e00d\n"
			  "6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99d\n"
			  "ef842d8eb335f4eecfdbf831824b4c4915956c96",
	},
	{
		.name = "draft-mcgrew-gcm-test 5",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "3de09874b388e6491988d0c3607eae1f",
		.salt = "57690e43",
		.esn = true,
		.seq = 0x1010101010101010ULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "4500003c99c300008001cb7c40679318010101010800085c0200430061626364\n"
			"65666768696a6b6c6d6e6f707172737475767761626364656667686901020201",
		.packet = "42f67e3f101010104e280000a2fca1a3fba2caa4853cf9f0f22cb10d86dd83b0\n"
			  "fec75691cf1a04b00d1138ec9c35791765acbd8701ad79845bf9fe3fba487bc9\n"
			  "1755e6662b4c8d0d1f5e22739530320ae0d731cc978ecafaeae88f00e80d6e48",
	},
	{
		.name = "draft-mcgrew-gcm-test 7",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c",
		.salt = "cafebabe",
		.seq = 0x0000000aULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e\n"
			"501016d075680001",
		.packet = "0000a5f80000000afacedbaddecaf888a5b1f8066029aea40e598b8122de0242\n"
			  "0938b3ab33f828e687b8858b5bfbdbd0315b27452144cc7795457b9652037f53\n"
			  "18027b5b4cd7a636",
	},
	{
		.name = "draft-mcgrew-gcm-test 9",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "abbccddef00112233445566778899aababbccddef00112233445566778899aab",
		.salt = "73616c74",
		.esn = true,
		.seq = 0x156f3126dd0db99bULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb712602\n"
			"50101f646d540001",
		.packet = "17405e67dd0db99b616e640169766563f2d69ecdbd5a0d5b8d5ef38bad4da58d\n"
			  "1f278fde98ef67549d524a3018d9a57ff4d3a31ce673119e451626c2415771e3\n"
			  "b7eebca614c89b35",
	},
	{
		.name = "draft-mcgrew-gcm-test 12",
		.cipher = OV2_CIPHER_AES_GCM,
		.key = "7d773d00c144c525ac619d18c84a3f47",
		.salt = "d9664267",
		.seq = 0xffffffffULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "01020201",
		.packet = "335467aeffffffff43457e9182443bc6437f866bcb3f699fe9b0822bac961c45\n"
			  "04bef270",
	},
	{
		.name = "draft-mcgrew-gcm-test GMAC",
		.cipher = OV2_CIPHER_AES_GMAC,
		.key = "4c80cdefbb5d10da906ac73c3613a634",
		.salt = "22433c64",
		.seq = 0x00000007ULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364\n"
			"65666768696a6b6c6d6e6f707172737401020201",
		.packet = "0000432100000007000000000000000045000030da3a00008001df3bc0a80005\n"
			  "c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f7071727374\n"
			  "01020201f2a9a836e155106aa8dcd618e4099aaa",
	},
	{
		.name = "RFC 7634 appendix A",
		.cipher = OV2_CIPHER_CHACHA20_POLY1305,
		.key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
		.salt = "a0a1a2a3",
		.seq = 0x00000005ULL,
		.icv_len = 16,
		.iv_len = 8,
		.text = "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10\n"
			"0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223\n"
			"2425262728292a2b2c2d2e2f303132333435363701020204",
		.packet = "0102030400000005101112131415161724039428b97f417e3c13753a4f05087b\n"
			  "67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f7\n"
			  "2aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da\n"
			  "9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA1-96",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA1,
		.auth_key = "0b121920272e353c434a51585f666d747b828990",
		.key = NIC_ESP_RFC3602_KEY,
		.seq = 0x00000001ULL,
		.icv_len = 12,
		.iv_len = 16,
		.text = NIC_ESP_RFC3602_TEXT,
		.packet = NIC_ESP_RFC3602_PACKET "4aa01e443de9327f479fcd5d",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA1-160",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA1,
		.auth_key = "0b121920272e353c434a51585f666d747b828990",
		.key = NIC_ESP_RFC3602_KEY,
		.seq = 0x00000001ULL,
		.icv_len = 20,
		.iv_len = 16,
		.text = NIC_ESP_RFC3602_TEXT,
		.packet = NIC_ESP_RFC3602_PACKET
			  "4aa01e443de9327f479fcd5dc17d17c3dc1c47a3",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA256-128, ESN",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA256,
		.auth_key = "0b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4",
		.key = NIC_ESP_RFC3602_KEY,
		.esn = true,
		.seq = 0x0000000700000001ULL,
		.icv_len = 16,
		.iv_len = 16,
		.text = NIC_ESP_RFC3602_TEXT,
		.packet = NIC_ESP_RFC3602_PACKET
			  "acdc7267aa9aa506a2eae3b649655c2b",
	},
	{
		.name = "RFC 3602 case 5, HMAC-SHA256-96",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA256,
		.auth_key = "0b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4",
		.key = NIC_ESP_RFC3602_KEY,
		.seq = 0x00000001ULL,
		.icv_len = 12,
		.iv_len = 16,
		.text = NIC_ESP_RFC3602_TEXT,
		.packet = NIC_ESP_RFC3602_PACKET "ed1eb430b1fd1d3c6360f38c",
	},
	{
		.name = "SP 800-38A F.2.3, HMAC-SHA384-192",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA384,
		.auth_key = "0b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4\n"
			    "ebf2f900070e151c232a31383f464d54",
		.key = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		.seq = 0x00000001ULL,
		.icv_len = 24,
		.iv_len = 16,
		.text = NIC_ESP_SP800_38A_TEXT,
		.packet = "0000432100000001000102030405060708090a0b0c0d0e0f4f021db243bc633d\n"
			  "7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae0\n"
			  "7fa9baac3df102e008b0e27988598881d920a9e64f5615cd0783743ba9eb7c45\n"
			  "098b1245d6efb6254c0cd6a69a203837",
	},
	{
		.name = "SP 800-38A F.2.5, HMAC-SHA512-256",
		.cipher = OV2_CIPHER_AES_CBC,
		.auth = OV2_AUTH_HMAC_SHA512,
		.auth_key = "0b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4\n"
			    "ebf2f900070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4",
		.key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		.seq = 0x00000001ULL,
		.icv_len = 32,
		.iv_len = 16,
		.text = NIC_ESP_SP800_38A_TEXT,
		.packet = "0000432100000001000102030405060708090a0b0c0d0e0ff58c4c04d6e5f1ba\n"
			  "779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacf\n"
			  "a530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b891383b9d5f95fd4\n"
			  "fa24b3b4e69956c2ed59a97ac2da48fddca6ccb9b04518ad",
	},
	{
		.name = "NULL, HMAC-SHA256-128",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA256,
		.auth_key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		.key = "",
		.seq = 0x00000001ULL,
		.icv_len = 16,
		.iv_len = 0,
		.text = NIC_ESP_NULL_TEXT,
		.packet = "000043210000000108000ebda70a00008e9c083db95b070008090a0b0c0d0e0f\n"
			  "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\n"
			  "30313233343536370102020156b012aa896c4b34a21e7ed03446bdc4",
	},
	{
		.name = "NULL, HMAC-SHA1-96, ESN",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA1,
		.auth_key = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		.key = "",
		.esn = true,
		.seq = 0x00000001ffffffffULL,
		.icv_len = 12,
		.iv_len = 0,
		.text = NIC_ESP_NULL_TEXT,
		.packet = "00004321ffffffff08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f\n"
			  "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\n"
			  "3031323334353637010202018ee023d0062ab9e47cea95aa",
	},
};

KUNIT_ARRAY_PARAM_DESC(nic_esp, nic_esp_rows, name);

/* The HMAC vectors are taken for packets whose first 8 bytes are SPI and sequence number. */
static const struct nic_esp_row nic_esp_hmac_rows[] = {
	{
		.name = "RFC 2202 case 2, HMAC-SHA1",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA1,
		.auth_key = "4a656665",
		.key = "",
		.seq = 0x20646f20,
		.icv_len = 20,
		.text = NIC_ESP_HMAC_CASE2_TEXT,
		.packet = NIC_ESP_HMAC_CASE2_PACKET
			  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
	},
	{
		.name = "RFC 2202 case 5, HMAC-SHA1",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA1,
		.auth_key = "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
		.key = "",
		.seq = 0x20576974,
		.icv_len = 12,
		.text = NIC_ESP_HMAC_CASE5_TEXT,
		.packet = NIC_ESP_HMAC_CASE5_PACKET "4c1a03424b55e07fe7f27be1",
	},
	{
		.name = "RFC 4231 case 2, HMAC-SHA256",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA256,
		.auth_key = "4a656665",
		.key = "",
		.seq = 0x20646f20,
		.icv_len = 16,
		.text = NIC_ESP_HMAC_CASE2_TEXT,
		.packet = NIC_ESP_HMAC_CASE2_PACKET
			  "5bdcc146bf60754e6a042426089575c7",
	},
	{
		.name = "RFC 4231 case 5, HMAC-SHA256",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA256,
		.auth_key = "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
		.key = "",
		.seq = 0x20576974,
		.icv_len = 16,
		.text = NIC_ESP_HMAC_CASE5_TEXT,
		.packet = NIC_ESP_HMAC_CASE5_PACKET
			  "a3b6167473100ee06e0c796c2955552b",
	},
	{
		.name = "RFC 4231 case 2, HMAC-SHA384",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA384,
		.auth_key = "4a656665",
		.key = "",
		.seq = 0x20646f20,
		.icv_len = 24,
		.text = NIC_ESP_HMAC_CASE2_TEXT,
		.packet = NIC_ESP_HMAC_CASE2_PACKET
			  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47",
	},
	{
		.name = "RFC 4231 case 2, HMAC-SHA512",
		.cipher = OV2_CIPHER_NULL,
		.auth = OV2_AUTH_HMAC_SHA512,
		.auth_key = "4a656665",
		.key = "",
		.seq = 0x20646f20,
		.icv_len = 32,
		.text = NIC_ESP_HMAC_CASE2_TEXT,
		.packet = NIC_ESP_HMAC_CASE2_PACKET
			  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
	},
};

KUNIT_ARRAY_PARAM_DESC(nic_esp_hmac, nic_esp_hmac_rows, name);

/* A row in binary. */
struct nic_esp_case {
	const struct nic_esp_row *row;
	struct ov2sim_esp esp;
	u8 text[NIC_ESP_TEXT_MAX];
	u32 text_len;
	u8 packet[NIC_ESP_TEXT_MAX];
	u32 len;
};

static u32 nic_esp_hex(struct kunit *test, u8 *to, u32 max, const char *from)
{
	u32 len = 0;

	for (; from && *from; from += *from == '\n' ? 1 : 2) {
		if (*from == '\n')
			continue;
		KUNIT_ASSERT_LT(test, len, max);
		KUNIT_ASSERT_EQ(test, 0, hex2bin(to + len, from, 1));
		len++;
	}
	return len;
}

/* S10: the keys are at both ends of the key area, in reverse order and with a gap between them. */
static void nic_esp_node(struct kunit *test, const struct nic_esp_row *row, struct ov2_add_sa *node)
{
	memset(node, 0, sizeof(*node));
	memset(node->key_area, 0xee, sizeof(node->key_area));
	node->cipher = row->cipher;
	node->auth = row->auth;
	node->iv = row->iv_len == 16 ? OV2_IV_RANDOM : row->iv_len ? OV2_IV_SEQ : OV2_IV_NONE;
	node->esn = row->esn;
	node->icv_len = row->icv_len;
	node->auth_key_len = nic_esp_hex(test, node->key_area, OV2_KEY_AREA_LEN, row->auth_key);
	node->cipher_key_off = OV2_KEY_AREA_LEN - strlen(row->key) / 2;
	node->cipher_key_len = nic_esp_hex(test, node->key_area + node->cipher_key_off,
					   strlen(row->key) / 2, row->key);
	node->key_area_len = OV2_KEY_AREA_LEN;
	node->salt_len = nic_esp_hex(test, node->salt, sizeof(node->salt), row->salt);
}

static void nic_esp_case_init(struct kunit *test, struct nic_esp_case *c,
			      const struct nic_esp_row *row)
{
	struct ov2_add_sa *node = kunit_kzalloc(test, sizeof(*node), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, node);
	memset(c, 0, sizeof(*c));
	c->row = row;
	c->text_len = nic_esp_hex(test, c->text, sizeof(c->text), row->text);
	c->len = nic_esp_hex(test, c->packet, sizeof(c->packet), row->packet);
	nic_esp_node(test, row, node);
	KUNIT_ASSERT_EQ(test, 0, ov2sim_esp_init(&c->esp, node));
	KUNIT_EXPECT_EQ(test, row->iv_len, c->esp.iv_len);
}

static struct nic_esp_case *nic_esp_case(struct kunit *test)
{
	struct nic_esp_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	nic_esp_case_init(test, c, test->param_value);
	return c;
}

/* S11, S12: each algorithm makes exactly the published packet. */
static void nic_esp_test_encrypts(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);
	u8 iv[OV2SIM_ESP_IV_MAX];
	u8 *packet = kunit_kzalloc(test, c->len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, packet);
	memcpy(packet, c->packet, OV2SIM_ESP_HLEN);
	memcpy(packet + OV2SIM_ESP_HLEN + c->row->iv_len, c->text, c->text_len);
	memcpy(iv, c->packet + OV2SIM_ESP_HLEN, c->row->iv_len);
	KUNIT_EXPECT_EQ(test, 0, ov2sim_esp_encrypt(&c->esp, packet, c->len, c->row->seq, iv));
	KUNIT_EXPECT_MEMEQ(test, packet, c->packet, c->len);
	ov2sim_esp_destroy(&c->esp);
}

/* S11, S12, S53: each algorithm decrypts the published packet. */
static void nic_esp_test_decrypts(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);
	u8 *packet = kunit_kzalloc(test, c->len, GFP_KERNEL);
	u8 next_header = 0;

	KUNIT_ASSERT_NOT_NULL(test, packet);
	memcpy(packet, c->packet, c->len);
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS,
			ov2sim_esp_decrypt(&c->esp, OV2_TRANSPORT, packet, c->len, c->row->seq,
					   &next_header));
	KUNIT_EXPECT_MEMEQ(test, packet + OV2SIM_ESP_HLEN + c->row->iv_len, c->text, c->text_len);
	KUNIT_EXPECT_MEMEQ(test, packet, c->packet, OV2SIM_ESP_HLEN + c->row->iv_len);
	KUNIT_EXPECT_EQ(test, c->text[c->text_len - 1], next_header);
	ov2sim_esp_destroy(&c->esp);
}

static u32 nic_esp_decrypt_copy(struct kunit *test, struct nic_esp_case *c, u32 len, u64 seq,
				enum ov2_mode mode)
{
	/* Exactly as long as the packet, so that KASAN finds accesses behind it. */
	u8 *packet = kmemdup(c->packet, len ?: 1, GFP_KERNEL);
	u8 next_header;
	u32 status;

	KUNIT_ASSERT_NOT_NULL(test, packet);
	status = ov2sim_esp_decrypt(&c->esp, mode, packet, len, seq, &next_header);
	kfree(packet);
	return status;
}

/* S51: if any byte is changed authentication fails, with the status bit of the mode. */
static void nic_esp_test_bad_byte(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);
	u32 i;

	for (i = 0; i < c->len; i++) {
		/* The sequence number is that of the caller, not the one in the packet. */
		if (i >= 4 && i < 8)
			continue;
		c->packet[i] ^= 1;
		KUNIT_EXPECT_EQ(test, CRYPTO_TRANSPORT_ESP_AUTH_FAILED,
				nic_esp_decrypt_copy(test, c, c->len, c->row->seq, OV2_TRANSPORT));
		KUNIT_EXPECT_EQ(test, CRYPTO_TUNNEL_ESP_AUTH_FAILED,
				nic_esp_decrypt_copy(test, c, c->len, c->row->seq, OV2_TUNNEL));
		c->packet[i] ^= 1;
	}
	KUNIT_EXPECT_EQ(test, CRYPTO_TRANSPORT_ESP_AUTH_FAILED,
			nic_esp_decrypt_copy(test, c, c->len, c->row->seq + 1, OV2_TRANSPORT));
	ov2sim_esp_destroy(&c->esp);
}

/* S14: the upper half is authenticated with ESN and ignored without. */
static void nic_esp_test_upper_half(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);
	u64 seq = c->row->seq + BIT_ULL(32);

	KUNIT_EXPECT_EQ(test, nic_esp_decrypt_copy(test, c, c->len, seq, OV2_TRANSPORT),
			c->row->esn ? CRYPTO_TRANSPORT_ESP_AUTH_FAILED : CRYPTO_SUCCESS);
	ov2sim_esp_destroy(&c->esp);
}

/* S52: a packet that was cut short to any length is refused. */
static void nic_esp_test_damaged_length(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);
	u32 over = OV2SIM_ESP_HLEN + c->row->iv_len + c->row->icv_len;
	u32 len, status, expected;

	for (len = 0; len < c->len; len++) {
		status = nic_esp_decrypt_copy(test, c, len, c->row->seq, OV2_TRANSPORT);
		expected = CRYPTO_TRANSPORT_ESP_AUTH_FAILED;
		if (len < over + 2 || (len - over) % c->esp.block)
			expected = CRYPTO_INVALID_PACKET_SYNTAX;
		KUNIT_EXPECT_EQ_MSG(test, expected, status, "length %u", len);
	}
	ov2sim_esp_destroy(&c->esp);
}

/* S11, S12: the published HMACs verify. The trailers of these packets are invalid. */
static void nic_esp_test_hmac(struct kunit *test)
{
	struct nic_esp_case *c = nic_esp_case(test);

	KUNIT_EXPECT_EQ(test, CRYPTO_INVALID_PACKET_SYNTAX,
			nic_esp_decrypt_copy(test, c, c->len, c->row->seq, OV2_TRANSPORT));
	ov2sim_esp_destroy(&c->esp);
	nic_esp_test_encrypts(test);
}

static const struct nic_esp_row *nic_esp_find(struct kunit *test, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nic_esp_rows); i++) {
		if (!strcmp(nic_esp_rows[i].name, name))
			return &nic_esp_rows[i];
	}
	KUNIT_FAIL_AND_ABORT(test, "no row %s", name);
	return NULL;
}

/* RFC 4106: a short ICV of GCM is the beginning of the full one. */
static void nic_esp_test_gcm_short_icv(struct kunit *test)
{
	static const u16 lens[] = { 8, 12 };
	struct nic_esp_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct nic_esp_row row = *nic_esp_find(test, "draft-mcgrew-gcm-test 2");
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		row.icv_len = lens[i];
		nic_esp_case_init(test, c, &row);
		c->len -= 16 - lens[i];
		KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS,
				nic_esp_decrypt_copy(test, c, c->len, row.seq, OV2_TRANSPORT));
		c->packet[c->len - 1] ^= 0x80;
		KUNIT_EXPECT_EQ(test, CRYPTO_TRANSPORT_ESP_AUTH_FAILED,
				nic_esp_decrypt_copy(test, c, c->len, row.seq, OV2_TRANSPORT));
		ov2sim_esp_destroy(&c->esp);
	}
}

/* Decrypt an authentic packet with the trailer that the test wants and return its status. */
static u32 nic_esp_decrypt_trailer(struct kunit *test, u8 pad, u8 next_header, enum ov2_mode mode)
{
	struct nic_esp_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u8 iv[OV2SIM_ESP_IV_MAX] = {};
	u32 status, tail;

	KUNIT_ASSERT_NOT_NULL(test, c);
	nic_esp_case_init(test, c, nic_esp_find(test, "draft-mcgrew-gcm-test 2"));
	tail = c->len - c->row->icv_len;
	c->packet[tail - 2] = pad;
	c->packet[tail - 1] = next_header;
	KUNIT_ASSERT_EQ(test, 0, ov2sim_esp_encrypt(&c->esp, c->packet, c->len, c->row->seq, iv));
	status = nic_esp_decrypt_copy(test, c, c->len, c->row->seq, mode);
	ov2sim_esp_destroy(&c->esp);
	return status;
}

/* S51, S52: invalid trailers are found after decryption. The text is 64 bytes long. */
static void nic_esp_test_trailer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, nic_esp_decrypt_trailer(test, 62, 4, OV2_TUNNEL));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, nic_esp_decrypt_trailer(test, 0, 41, OV2_TUNNEL));
	KUNIT_EXPECT_EQ(test, CRYPTO_SUCCESS, nic_esp_decrypt_trailer(test, 0, 6, OV2_TRANSPORT));
	KUNIT_EXPECT_EQ(test, CRYPTO_INVALID_PACKET_SYNTAX,
			nic_esp_decrypt_trailer(test, 63, 4, OV2_TUNNEL));
	KUNIT_EXPECT_EQ(test, CRYPTO_INVALID_PACKET_SYNTAX,
			nic_esp_decrypt_trailer(test, 255, 6, OV2_TRANSPORT));
	KUNIT_EXPECT_EQ(test, CRYPTO_INVALID_PROTOCOL,
			nic_esp_decrypt_trailer(test, 0, 6, OV2_TUNNEL));
	KUNIT_EXPECT_EQ(test, CRYPTO_INVALID_PROTOCOL,
			nic_esp_decrypt_trailer(test, 0, 59, OV2_TUNNEL));
}

/* An IV of the NIC is the sequence number with bit 63 set, XOR the salt. seqiv, whose numbers do
 * not have bit 63, never makes the same one.
 */
static void nic_esp_test_iv_seq(struct kunit *test)
{
	struct ov2sim_esp esp = { .iv = OV2_IV_SEQ, .iv_len = 8,
				  .iv_salt = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	static const u8 expected[] = { 0x81, 2, 3, 5, 5, 6, 7, 0x0d };
	u8 iv[8];

	ov2sim_esp_make_iv(&esp, BIT_ULL(32) | 5, iv);
	KUNIT_EXPECT_MEMEQ(test, iv, expected, sizeof(iv));
}

/* RFC 3602: IVs for CBC are random. */
static void nic_esp_test_iv_random(struct kunit *test)
{
	struct ov2sim_esp esp = { .iv = OV2_IV_RANDOM, .iv_len = 16 };
	u8 iv[2][16] = {};

	ov2sim_esp_make_iv(&esp, 1, iv[0]);
	ov2sim_esp_make_iv(&esp, 1, iv[1]);
	KUNIT_EXPECT_NE(test, 0, memcmp(iv[0], iv[1], 16));
}

/* A packet is not encrypted if its header has another number, so that no IV is used twice. */
static void nic_esp_test_encrypt_refuses(struct kunit *test)
{
	struct nic_esp_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u8 iv[OV2SIM_ESP_IV_MAX] = {};

	KUNIT_ASSERT_NOT_NULL(test, c);
	nic_esp_case_init(test, c, nic_esp_find(test, "draft-mcgrew-gcm-test 2"));
	KUNIT_EXPECT_EQ(test, -EIO, ov2sim_esp_encrypt(&c->esp, c->packet, c->len, 11, iv));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_esp_encrypt(&c->esp, c->packet, c->len - 1, 10, iv));
	KUNIT_EXPECT_EQ(test, -EINVAL, ov2sim_esp_encrypt(&c->esp, c->packet, 32, 10, iv));
	ov2sim_esp_destroy(&c->esp);
}

static struct kunit_case nic_esp_cases[] = {
	KUNIT_CASE_PARAM(nic_esp_test_encrypts, nic_esp_gen_params),
	KUNIT_CASE_PARAM(nic_esp_test_decrypts, nic_esp_gen_params),
	KUNIT_CASE_PARAM(nic_esp_test_bad_byte, nic_esp_gen_params),
	KUNIT_CASE_PARAM(nic_esp_test_upper_half, nic_esp_gen_params),
	KUNIT_CASE_PARAM(nic_esp_test_damaged_length, nic_esp_gen_params),
	KUNIT_CASE_PARAM(nic_esp_test_hmac, nic_esp_hmac_gen_params),
	KUNIT_CASE(nic_esp_test_gcm_short_icv),
	KUNIT_CASE(nic_esp_test_trailer),
	KUNIT_CASE(nic_esp_test_iv_seq),
	KUNIT_CASE(nic_esp_test_iv_random),
	KUNIT_CASE(nic_esp_test_encrypt_refuses),
	{}
};

static struct kunit_suite nic_esp_suite = {
	.name = "ov2_nic_esp",
	.test_cases = nic_esp_cases,
};

kunit_test_suite(nic_esp_suite);
