/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/crypto.h"
#include <openssl/err.h>
#include "base/buf.h"
#include "support.h"

#define ck_assert_hex_eq(octets, hex)                                          \
	do {                                                                       \
		char text_[2 * EP_SHA256_LEN];                                         \
		struct ep_buf b_;                                                      \
		ep_buf_init(&b_, text_, sizeof(text_));                                \
		ep_buf_put_hex(&b_, ep_view_of((char *)(octets), EP_SHA256_LEN));      \
		ck_assert_view_eq(ep_buf_view(&b_), hex);                              \
	} while(0)

/* FIPS 180-4 example values */
START_TEST(crypto_sha256_vectors)
{
	unsigned char out[EP_SHA256_LEN];

	ck_assert_int_eq(ep_sha256(out, EP_LIT("abc")), EP_OK);
	ck_assert_hex_eq(out,
			"ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad");
	ck_assert_int_eq(ep_sha256(out, EP_LIT("")), EP_OK);
	ck_assert_hex_eq(out,
			"e3b0c44298fc1c149afbf4c8996fb924"
			"27ae41e4649b934ca495991b7852b855");
	ck_assert_int_eq(
			ep_sha256(out,
					EP_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
						   "mnopnopq")),
			EP_OK);
	ck_assert_hex_eq(out,
			"248d6a61d20638b8e5c026930c3e6039"
			"a33ce45964ff2167f6ecedd419db06c1");
	ck_assert_int_eq(ep_sha256(out, ep_view_none()), EP_OK);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* RFC 4231 4.3 */
START_TEST(crypto_hmac_vector_in_parts)
{
	struct ep_view whole = EP_LIT("what do ya want for nothing?");
	unsigned char out[EP_SHA256_LEN];

	for(size_t cut = 0; cut <= whole.len; cut++) {
		struct ep_view parts[] = {ep_view_head(whole, cut), ep_view_none(),
				ep_view_from(whole, cut)};

		ck_assert_int_eq(ep_hmac_sha256(out, EP_LIT("Jefe"), parts, 3), EP_OK);
		ck_assert_hex_eq(out,
				"5bdcc146bf60754e6a042426089575c7"
				"5a003f089d2739839dec58b964ec3843");
	}
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* RFC 4231 4.7: longer than a block of SHA-256. */
START_TEST(crypto_hmac_of_a_long_key)
{
	struct ep_view part =
			EP_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
	unsigned char out[EP_SHA256_LEN];
	char key[131];

	memset(key, 0xaa, sizeof(key));
	ck_assert_int_eq(
			ep_hmac_sha256(out, ep_view_of(key, sizeof(key)), &part, 1), EP_OK);
	ck_assert_hex_eq(out,
			"60e431591ee0b67f0d8a26aacbf5b77f"
			"8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(crypto_hmac_refuses_no_key)
{
	unsigned char out[EP_SHA256_LEN];
	struct ep_view part = EP_LIT("x");

	ck_assert_int_eq(ep_hmac_sha256(out, EP_LIT(""), &part, 1), EP_ERANGE);
	ck_assert_int_eq(ep_hmac_sha256(out, ep_view_none(), &part, 1), EP_ERANGE);
}
END_TEST

START_TEST(crypto_memeq_const)
{
	ck_assert(ep_memeq_const(EP_LIT("abc"), EP_LIT("abc")));
	ck_assert(!ep_memeq_const(EP_LIT("abc"), EP_LIT("abd")));
	ck_assert(!ep_memeq_const(EP_LIT("abc"), EP_LIT("ab")));
	ck_assert(!ep_memeq_const(ep_view_none(), ep_view_none()));
}
END_TEST

/* RFC 1321 A.5, FIPS 180-4 */
START_TEST(crypto_hash_in_parts)
{
	struct ep_view whole = EP_LIT("abc");
	unsigned char out[EP_HASH_LEN_MAX];
	size_t cut, i;

	ck_assert_uint_eq(ep_hash_len(EP_HASH_MD5), 16);
	ck_assert_uint_eq(ep_hash_len(EP_HASH_SHA256), 32);
	for(cut = 0; cut <= whole.len; cut++) {
		struct ep_view parts[] = {ep_view_head(whole, cut), ep_view_none(),
				ep_view_from(whole, cut)};
		char text[32];
		struct ep_buf b;

		ck_assert_int_eq(ep_hash_parts(out, EP_HASH_MD5, parts, 3), EP_OK);
		ep_buf_init(&b, text, sizeof(text));
		ep_buf_put_hex(&b, ep_view_of((char *)out, EP_MD5_LEN));
		ck_assert_view_eq(ep_buf_view(&b), "900150983cd24fb0d6963f7d28e17f72");
		ck_assert_int_eq(ep_hash_parts(out, EP_HASH_SHA256, parts, 3), EP_OK);
		ck_assert_hex_eq(out,
				"ba7816bf8f01cfea414140de5dae2223"
				"b00361a396177a9cb410ff61f20015ad");
	}
	ep_cleanse(out, sizeof(out));
	for(i = 0; i < sizeof(out); i++)
		ck_assert_uint_eq(out[i], 0);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

UNIT_MAIN("base/crypto", crypto_sha256_vectors, crypto_hmac_vector_in_parts,
		crypto_hmac_of_a_long_key, crypto_hmac_refuses_no_key,
		crypto_memeq_const, crypto_hash_in_parts)
