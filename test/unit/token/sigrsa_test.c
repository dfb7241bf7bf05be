/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * RSA signatures that are nearly right: forged paddings, other parameters.
 */
#include "sigkeys.h"

/* --- RSA, PKCS #1 1.5 --- */

/* The private operation on 256 octets as they are. */
static void rsa_raw(
		EVP_PKEY *key, unsigned char sig[256], const unsigned char em[256])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = 256;

	mint_need(EVP_PKEY_sign_init(ctx) == 1
			  && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1
			  && EVP_PKEY_sign(ctx, sig, &n, em, 256) == 1 && n == 256);
	EVP_PKEY_CTX_free(ctx);
}

/* 00 01 ff ... ff 00, then `tail`, at the end of the 256 octets. */
static void em_make(unsigned char em[256], const void *tail, size_t n)
{
	memset(em, 0xff, 256);
	em[0] = 0;
	em[1] = 1;
	em[256 - n - 1] = 0;
	memcpy(em + 256 - n, tail, n);
}

#define OID_SHA256 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define OID_SHA512 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03"
/* SHA-256 of "input" */
#define HASH                                                                   \
	"\xc9\x6c\x6d\x5b\xe8\xd0\x8a\x12\xe7\xb5\xcd\xc1\xb2\x07\xfa\x6b"         \
	"\x24\x30\x97\x4c\x86\x80\x3d\x88\x91\x67\x5e\x76\xfd\x99\x2c\x20"
#define GOOD "\x30\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20" HASH

static const struct
{
	const char *tail;
	size_t n;
} forged[] = {
#define TAIL(t)                                                                \
	{                                                                          \
		t, sizeof(t) - 1                                                       \
	}
		TAIL("\x30\x2f\x30\x0b" OID_SHA256 "\x04\x20" HASH), /* no NULL */
		TAIL("\x30\x81\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20" HASH),
		TAIL("\x30\x32\x30\x81\x0d" OID_SHA256 "\x05\x00\x04\x20" HASH),
		TAIL("\x30\x80\x30\x0d" OID_SHA256 "\x05\x00\x04\x20" HASH "\0\0"),
		TAIL("\x30\x31\x30\x0d" OID_SHA512 "\x05\x00\x04\x20" HASH),
		TAIL("\x30\x33\x30\x0f" OID_SHA256 "\x05\x02\x00\x00\x04\x20" HASH),
		TAIL("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
			 "\xc9\x6c\x6d\x5b\xe8\xd0\x8a\x12\xe7\xb5\xcd\xc1\xb2\x07\xfa"
			 "\x6b\x24\x30\x97\x4c"),
		TAIL(GOOD "\x00"),
		TAIL(GOOD "garbage that is not looked at"),
		TAIL(HASH),
		TAIL("\x04\x20" HASH),
		TAIL(""),
};

START_TEST(sigrsa_rs256_forged_padding)
{
	struct keys k = keys_of(mint_pem_rsa, "RS256");
	unsigned char em[256], sig[256];

	em_make(em, GOOD, sizeof(GOOD) - 1);
	rsa_raw(k.pkey, sig, em);
	ck_assert_int_eq(verify(&k, "input", sig, 256), EP_TOKEN_OK);
	for(size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		em_make(em, forged[i].tail, forged[i].n);
		rsa_raw(k.pkey, sig, em);
		ck_assert_msg(verify(&k, "input", sig, 256) == EP_TOKEN_SIGNATURE_WRONG,
				"forged[%zu]", i);
	}
	for(size_t i = 0; i < 256; i++) { /* every octet of it counts */
		em_make(em, GOOD, sizeof(GOOD) - 1);
		em[i] ^= 1;
		rsa_raw(k.pkey, sig, em);
		ck_assert_msg(verify(&k, "input", sig, 256) == EP_TOKEN_SIGNATURE_WRONG,
				"octet %zu", i);
	}
	keys_fini(&k);
}
END_TEST

/* The hash at the front, the rest free (Bleichenbacher's forgery). */
START_TEST(sigrsa_rs256_garbage_behind_the_hash)
{
	struct keys k = keys_of(mint_pem_rsa, "RS256");
	unsigned char em[256] = {0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff, 0},
				  sig[256];

	memcpy(em + 11, GOOD, sizeof(GOOD) - 1);
	rsa_raw(k.pkey, sig, em);
	ck_assert_int_eq(verify(&k, "input", sig, 256), EP_TOKEN_SIGNATURE_WRONG);
	keys_fini(&k);
}
END_TEST

/* RFC 8017 8.2.2 step 1, 5.2.2 step 1: as long as the modulus, and below it. */
START_TEST(sigrsa_lengths_and_range)
{
	static const int salts[] = {-1, 32};

	for(size_t i = 0; i < 2; i++) {
		struct keys k = keys_of(mint_pem_rsa, i ? "PS256" : "RS256");
		BIGNUM *n = NULL;
		unsigned char sig[1024], bad[257];
		char input[16];
		BIGNUM *s;
		unsigned count = 0;

		mint_need(EVP_PKEY_get_bn_param(k.pkey, OSSL_PKEY_PARAM_RSA_N, &n));
		do { /* a signature to which the modulus can be added */
			snprintf(input, sizeof(input), "i%u", count++);
			mint_signature_salt(sig, k.pkey, input, salts[i]);
		} while(sig[0] >= 0x3f);
		ck_assert_int_eq(verify(&k, input, sig, 256), EP_TOKEN_OK);
		s = BN_bin2bn(sig, 256, NULL);
		mint_need(BN_add(s, s, n) && BN_bn2binpad(s, bad, 256) == 256);
		ck_assert_int_eq(verify(&k, input, bad, 256), EP_TOKEN_SIGNATURE_WRONG);
		BN_free(s);
		BN_free(n);
		bad[0] = 0; /* a zero more */
		memcpy(bad + 1, sig, 256);
		ck_assert_int_eq(verify(&k, input, bad, 257), EP_TOKEN_SIGNATURE_FORM);
		do { /* a zero less */
			snprintf(input, sizeof(input), "i%u", count++);
			mint_signature_salt(sig, k.pkey, input, salts[i]);
		} while(sig[0] != 0);
		ck_assert_int_eq(verify(&k, input, sig, 256), EP_TOKEN_OK);
		ck_assert_int_eq(
				verify(&k, input, sig + 1, 255), EP_TOKEN_SIGNATURE_FORM);
		keys_fini(&k);
	}
}
END_TEST

/* --- RSA, PSS --- */

START_TEST(sigrsa_ps256_other_salt_lengths)
{
	static const int lens[] = {0, 1, 20, 31, 33, 48, 64, 222};
	struct keys k = keys_of(mint_pem_rsa, "PS256");
	unsigned char sig[1024];

	for(size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t n = mint_signature_salt(sig, k.pkey, "input", lens[i]);

		ck_assert_msg(verify(&k, "input", sig, n) == EP_TOKEN_SIGNATURE_WRONG,
				"%d octets", lens[i]);
	}
	ck_assert_int_eq(verify(&k, "input", sig,
							 mint_signature_salt(sig, k.pkey, "input", 32)),
			EP_TOKEN_OK);
	keys_fini(&k);
}
END_TEST

static enum ep_token_cause pss_with(
		struct keys *k, const EVP_MD *md, const EVP_MD *mgf1)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx;
	unsigned char sig[256];
	size_t n = sizeof(sig);

	mint_need(EVP_DigestSignInit(ctx, &pkey_ctx, md, NULL, k->pkey) == 1
			  && EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING)
						 == 1
			  && EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, 32) == 1
			  && EVP_PKEY_CTX_set_rsa_mgf1_md(pkey_ctx, mgf1) == 1
			  && EVP_DigestSign(ctx, sig, &n, (const unsigned char *)"input", 5)
						 == 1);
	EVP_MD_CTX_free(ctx);
	return verify(k, "input", sig, n);
}

START_TEST(sigrsa_ps256_other_digests)
{
	struct keys k = keys_of(mint_pem_rsa, "PS256");

	ck_assert_int_eq(pss_with(&k, EVP_sha256(), EVP_sha256()), EP_TOKEN_OK);
	ck_assert_int_eq(
			pss_with(&k, EVP_sha256(), EVP_sha1()), EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_int_eq(
			pss_with(&k, EVP_sha256(), EVP_sha384()), EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_int_eq(
			pss_with(&k, EVP_sha384(), EVP_sha256()), EP_TOKEN_SIGNATURE_WRONG);
	ck_assert_int_eq(
			pss_with(&k, EVP_sha1(), EVP_sha256()), EP_TOKEN_SIGNATURE_WRONG);
	keys_fini(&k);
}
END_TEST

/* One kind of padding never passes for the other. */
START_TEST(sigrsa_paddings_are_apart)
{
	struct keys pss = keys_of(mint_pem_rsa, "PS256");
	struct keys pkcs1 = keys_of(mint_pem_rsa, "RS256");
	unsigned char sig[1024];
	size_t n = mint_signature(sig, pss.pkey, "input");

	ck_assert_int_eq(verify(&pkcs1, "input", sig, n), EP_TOKEN_OK);
	ck_assert_int_eq(verify(&pss, "input", sig, n), EP_TOKEN_SIGNATURE_WRONG);
	n = mint_signature_salt(sig, pss.pkey, "input", 32);
	ck_assert_int_eq(verify(&pss, "input", sig, n), EP_TOKEN_OK);
	ck_assert_int_eq(verify(&pkcs1, "input", sig, n), EP_TOKEN_SIGNATURE_WRONG);
	keys_fini(&pss);
	keys_fini(&pkcs1);
}
END_TEST

START_TEST(sigrsa_ps256_odd_numbers)
{
	struct keys k = keys_of(mint_pem_rsa, "PS256");

	for(int i = 0; i < 3; i++) { /* 0, 1, all ones */
		unsigned char sig[256];

		memset(sig, i == 2 ? 0xff : 0, sizeof(sig));
		sig[255] |= i == 1;
		ck_assert_int_eq(
				verify(&k, "input", sig, 256), EP_TOKEN_SIGNATURE_WRONG);
	}
	keys_fini(&k);
}
END_TEST

UNIT_MAIN("token/sigrsa", sigrsa_rs256_forged_padding,
		sigrsa_rs256_garbage_behind_the_hash, sigrsa_lengths_and_range,
		sigrsa_ps256_other_salt_lengths, sigrsa_ps256_other_digests,
		sigrsa_paddings_are_apart, sigrsa_ps256_odd_numbers)
