/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Ed25519: signatures and keys that are nearly right.
 */
#include "sigkeys.h"

/* L, the order of the base point, little-endian (RFC 8032 5.1) */
static const unsigned char ed_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63,
		0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};

/* RFC 8032 8.4: with S + L there would be a second signature. */
START_TEST(sigeddsa_s_not_below_the_order)
{
	struct keys k = keys_of(mint_pem_ed, "EdDSA");
	unsigned char sig[1024];
	size_t n = mint_signature(sig, k.pkey, "input");

	ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_OK);
	for(int times = 0; times < 14; times++) {
		unsigned carry = 0;

		for(int i = 0; i < 32; i++) {
			carry += sig[32 + i] + (unsigned)ed_order[i];
			sig[32 + i] = (unsigned char)carry;
			carry >>= 8;
		}
		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_SIGNATURE_WRONG);
	}
	keys_fini(&k);
}
END_TEST

START_TEST(sigeddsa_spoiled)
{
	struct keys k = keys_of(mint_pem_ed, "EdDSA");
	unsigned char sig[1024];
	size_t n = mint_signature(sig, k.pkey, "input");

	ck_assert_uint_eq(n, 64);
	for(size_t bit = 0; bit < 512; bit++) {
		sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_SIGNATURE_WRONG);
		sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for(size_t len = 0; len <= 66; len++) {
		sig[64] = sig[65] = 0;
		ck_assert_int_eq(verify(&k, "input", sig, len),
				len == 64 ? EP_TOKEN_OK : EP_TOKEN_SIGNATURE_FORM);
	}
	keys_fini(&k);
}
END_TEST

/* y of the points of small order (sig.c has the same), and one above p. */
static const char *const small_y[] = {
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5"
		"\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
		"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a"
		"\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"};

static enum ep_err ed_key(const unsigned char *x, size_t n)
{
	struct keys k = {0};
	char *jwk = mint_cat(
			"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"", mint_b64url(x, n));
	enum ep_err err = key_init(&k, mint_cat(jwk, "\"}"), "EdDSA");

	if(err == EP_OK)
		ep_sig_key_fini(k.key);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ep_arena_fini(&k.arena);
	return err;
}

/* With such a key one signature would be good for any token. */
START_TEST(sigeddsa_refuses_keys_of_small_order)
{
	for(size_t i = 0; i < sizeof(small_y) / sizeof(small_y[0]); i++) {
		for(int sign = 0; sign < 2; sign++) {
			unsigned char x[32];

			memcpy(x, small_y[i], 32);
			x[31] |= (unsigned char)(sign << 7);
			ck_assert_int_eq(ed_key(x, 32), EP_ESYNTAX);
		}
	}
}
END_TEST

/* RFC 8032 5.1.3: y is below p. */
START_TEST(sigeddsa_refuses_keys_that_are_not_canonical)
{
	for(unsigned low = 0xed; low <= 0xff; low++) {
		unsigned char x[32];

		memset(x, 0xff, 32);
		x[0] = (unsigned char)low;
		ck_assert_int_eq(ed_key(x, 32), EP_ESYNTAX);
		x[31] = 0x7f;
		ck_assert_int_eq(ed_key(x, 32), EP_ESYNTAX);
		x[0] = 0xeb;
		ck_assert_int_eq(ed_key(x, 32), EP_OK);
		x[0] = (unsigned char)low;
		x[9] = 0xfe;
		ck_assert_int_eq(ed_key(x, 32), EP_OK);
	}
	ck_assert_int_eq(ed_key((const unsigned char *)small_y[3], 31), EP_ESYNTAX);
	ck_assert_int_eq(
			ed_key((const unsigned char *)"333333333333333333333333333333333",
					33),
			EP_ESYNTAX);
}
END_TEST

/* R of small order and S = 0: equations that other keys would fulfil. */
START_TEST(sigeddsa_r_of_small_order)
{
	struct keys k = keys_of(mint_pem_ed, "EdDSA");

	for(size_t i = 0; i < sizeof(small_y) / sizeof(small_y[0]); i++) {
		unsigned char sig[64] = {0};

		memcpy(sig, small_y[i], 32);
		ck_assert_int_eq(
				verify(&k, "input", sig, 64), EP_TOKEN_SIGNATURE_WRONG);
	}
	keys_fini(&k);
}
END_TEST

UNIT_MAIN("token/sigeddsa", sigeddsa_s_not_below_the_order, sigeddsa_spoiled,
		sigeddsa_refuses_keys_of_small_order,
		sigeddsa_refuses_keys_that_are_not_canonical, sigeddsa_r_of_small_order)
