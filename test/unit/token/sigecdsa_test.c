/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * ECDSA signatures that are nearly right, of the kinds that the Wycheproof
 * project collects.
 */
#include "sigkeys.h"

static const struct
{
	const char *pem, *alg;
	int len;
	int nid;
} curves[] = {{mint_pem_ec, "ES256", 32, NID_X9_62_prime256v1},
		{mint_pem_p384, "ES384", 48, NID_secp384r1}};

#define EACH_CURVE(i) for(size_t i = 0; i < 2; i++)

/* r or s of 0, 1, n-1, n, n+1, all ones, in a signature that was good. */
START_TEST(sigecdsa_numbers_out_of_range)
{
	EACH_CURVE(i)
	{
		struct keys k = keys_of(curves[i].pem, curves[i].alg);
		EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[i].nid);
		int len = curves[i].len;
		unsigned char good[1024];
		size_t n = mint_signature(good, k.pkey, "input");

		for(int half = 0; half < 3; half++) { /* r, s, both */
			for(int what = 0; what < 6; what++) {
				unsigned char bad[96];
				unsigned char number[48];
				BIGNUM *order = BN_dup(EC_GROUP_get0_order(group));

				mint_need(BN_add_word(order, what == 4)
						  && BN_sub_word(order, what == 2)
						  && BN_bn2binpad(order, number, len) == len);
				BN_free(order);
				if(what < 2 || what == 5)
					memset(number, what == 5 ? 0xff : 0, (size_t)len);
				number[len - 1] |= what == 1;
				memcpy(bad, good, n);
				if(half != 1)
					memcpy(bad, number, (size_t)len);
				if(half != 0)
					memcpy(bad + len, number, (size_t)len);
				ck_assert_int_eq(verify(&k, "input", bad, n),
						what == 0 || what > 2 ? EP_TOKEN_SIGNATURE_FORM
											  : EP_TOKEN_SIGNATURE_WRONG);
			}
		}
		EC_GROUP_free(group);
		keys_fini(&k);
	}
}
END_TEST

/* RFC 7518 3.4: raw, and each number as long as the order. */
START_TEST(sigecdsa_der)
{
	EACH_CURVE(i)
	{
		struct keys k = keys_of(curves[i].pem, curves[i].alg);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char der[128];
		size_t n = sizeof(der);

		mint_need(EVP_DigestSignInit(ctx, NULL, i ? EVP_sha384() : EVP_sha256(),
						  NULL, k.pkey)
						  == 1
				  && EVP_DigestSign(
							 ctx, der, &n, (const unsigned char *)"input", 5)
							 == 1);
		EVP_MD_CTX_free(ctx);
		ck_assert_int_eq(verify(&k, "input", der, n), EP_TOKEN_SIGNATURE_FORM);
		/* and cut or filled to the right length */
		memset(der + n, 0, sizeof(der) - n);
		ck_assert_int_ne(verify(&k, "input", der, 2 * (size_t)curves[i].len),
				EP_TOKEN_OK);
		keys_fini(&k);
	}
}
END_TEST

/* A number that begins with a zero: good as it is, not without the zero, and
 * not with one more. */
START_TEST(sigecdsa_leading_zeros)
{
	EACH_CURVE(i)
	{
		struct keys k = keys_of(curves[i].pem, curves[i].alg);
		size_t len = (size_t)curves[i].len;
		unsigned char sig[1024], bad[128];
		size_t n;

		do
			n = mint_signature(sig, k.pkey, "input");
		while(sig[0] != 0 && sig[len] != 0);
		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_OK);
		memcpy(bad, sig, n); /* without it */
		if(sig[0] == 0)
			memmove(bad, sig + 1, n - 1);
		else
			memmove(bad + len, sig + len + 1, len - 1);
		ck_assert_int_eq(
				verify(&k, "input", bad, n - 1), EP_TOKEN_SIGNATURE_FORM);
		bad[0] = 0; /* one more before each number */
		memcpy(bad + 1, sig, len);
		bad[len + 1] = 0;
		memcpy(bad + len + 2, sig + len, len);
		ck_assert_int_eq(
				verify(&k, "input", bad, n + 2), EP_TOKEN_SIGNATURE_FORM);
		keys_fini(&k);
	}
}
END_TEST

/* RFC 7518 3.4 asks for no low s: both are good. */
START_TEST(sigecdsa_both_values_of_s)
{
	EACH_CURVE(i)
	{
		struct keys k = keys_of(curves[i].pem, curves[i].alg);
		EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[i].nid);
		int len = curves[i].len;
		unsigned char sig[1024];
		size_t n = mint_signature(sig, k.pkey, "input");
		BIGNUM *s = BN_bin2bn(sig + len, len, NULL);

		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_OK);
		mint_need(BN_sub(s, EC_GROUP_get0_order(group), s)
				  && BN_bn2binpad(s, sig + len, len) == len);
		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_OK);
		BN_free(s);
		EC_GROUP_free(group);
		keys_fini(&k);
	}
}
END_TEST

/* Of the other curve, over another digest, with r and s changed over. */
START_TEST(sigecdsa_of_something_else)
{
	EACH_CURVE(i)
	{
		struct keys k = keys_of(curves[i].pem, curves[i].alg);
		struct keys other = keys_of(curves[1 - i].pem, curves[1 - i].alg);
		unsigned char sig[1024], bad[96];
		size_t n = mint_signature(sig, other.pkey, "input");
		size_t len = (size_t)curves[i].len;
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		ck_assert_int_eq(verify(&k, "input", sig, n), EP_TOKEN_SIGNATURE_FORM);
		n = mint_signature(sig, k.pkey, "input");
		memcpy(bad, sig + len, len);
		memcpy(bad + len, sig, len);
		ck_assert_int_eq(verify(&k, "input", bad, n), EP_TOKEN_SIGNATURE_WRONG);
		n = sizeof(sig);
		mint_need(EVP_DigestSignInit(ctx, NULL, i ? EVP_sha256() : EVP_sha384(),
						  NULL, k.pkey)
						  == 1
				  && EVP_DigestSign(
							 ctx, sig, &n, (const unsigned char *)"input", 5)
							 == 1);
		EVP_MD_CTX_free(ctx);
		mint_raw(bad, (int)len, sig, n);
		ck_assert_int_eq(
				verify(&k, "input", bad, 2 * len), EP_TOKEN_SIGNATURE_WRONG);
		keys_fini(&k);
		keys_fini(&other);
	}
}
END_TEST

UNIT_MAIN("token/sigecdsa", sigecdsa_numbers_out_of_range, sigecdsa_der,
		sigecdsa_leading_zeros, sigecdsa_both_values_of_s,
		sigecdsa_of_something_else)
