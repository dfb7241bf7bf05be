/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "base/siphash.h"

static uint64_t hash(size_t n)
{
	unsigned char key[EP_SIPHASH_KEY_LEN], in[64];
	size_t i;

	for(i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for(i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	return ep_siphash(key, ep_view_of((const char *)in, n));
}

/* The paper's appendix A, and the first of its authors' list. */
START_TEST(siphash_vectors)
{
	ck_assert_uint_eq(hash(15), UINT64_C(0xa129ca6149be45e5));
	ck_assert_uint_eq(hash(0), UINT64_C(0x726fdb47dd0e0e31));
}
END_TEST

START_TEST(siphash_every_octet_and_the_key_count)
{
	unsigned char key[EP_SIPHASH_KEY_LEN] = {0}, other[EP_SIPHASH_KEY_LEN];
	char in[17] = {0}, out[17];
	uint64_t was = ep_siphash(key, ep_view_of(in, sizeof(in)));
	size_t i;

	for(i = 0; i < sizeof(in); i++) {
		memcpy(out, in, sizeof(in));
		out[i] = 1;
		ck_assert(ep_siphash(key, ep_view_of(out, sizeof(out))) != was);
		ck_assert(ep_siphash(key, ep_view_of(in, i)) != was);
	}
	for(i = 0; i < sizeof(key); i++) {
		memcpy(other, key, sizeof(key));
		other[i] = 1;
		ck_assert(ep_siphash(other, ep_view_of(in, sizeof(in))) != was);
	}
}
END_TEST

UNIT_MAIN(
		"base/siphash", siphash_vectors, siphash_every_octet_and_the_key_count)
