/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include <stdlib.h>
#include "support.h"

/* Writes one of everything. */
static void put_all(struct ep_buf *b)
{
	ep_buf_put(b, EP_LIT("ab"));
	ep_buf_put_z(b, "cd");
	ep_buf_put_chr(b, '-');
	ep_buf_put_u64(b, UINT64_MAX);
	ep_buf_put_hex(b, EP_LIT("\x00\xff"));
	ep_buf_put_b64url(b, EP_LIT("\xfb\xff\xfe"));
	ep_buf_put_quoted(b, EP_LIT("a\"b\\c"));
}

static const char all[] = "abcd-1844674407370955161500ff-__-\"a\\\"b\\\\c\"";

START_TEST(buf_writes)
{
	char mem[100];
	struct ep_buf b;

	ep_buf_init(&b, mem, sizeof(mem));
	put_all(&b);
	ck_assert(!b.overflow);
	ck_assert_view_eq(ep_buf_view(&b), all);
}
END_TEST

/* Every capacity from an exact-size block: whole, or an overflow. */
START_TEST(buf_overflow_writes_nothing_and_stays)
{
	for(size_t cap = 0; cap <= strlen(all); cap++) {
		char *mem = malloc(cap);
		struct ep_buf b;

		ep_buf_init(&b, mem, cap);
		put_all(&b);
		ck_assert_uint_le(b.len, cap);
		ck_assert_int_eq(b.overflow, cap < strlen(all));
		ck_assert_int_eq(ep_buf_view(&b).p == NULL, cap < strlen(all));
		if(b.overflow) {
			size_t len = b.len;

			ep_buf_put_chr(&b, 'x');
			ck_assert_uint_eq(b.len, len);
		}
		free(mem);
	}
}
END_TEST

START_TEST(buf_empty_is_not_absent)
{
	struct ep_buf b;

	ep_buf_init(&b, NULL, 0);
	ep_buf_put(&b, ep_view_none());
	ck_assert_view_eq(ep_buf_view(&b), "");
}
END_TEST

START_TEST(buf_quoted_refuses_line_ends)
{
	static const struct ep_view bad[] = {{"a\rb", 3}, {"a\nb", 3}, {"a\0b", 3}};

	for(size_t i = 0; i < 3; i++) {
		char mem[20];
		struct ep_buf b;

		ep_buf_init(&b, mem, sizeof(mem));
		ep_buf_put_quoted(&b, bad[i]);
		ck_assert(b.overflow);
	}
}
END_TEST

START_TEST(buf_b64url_round_trip)
{
	unsigned char in[256];

	for(size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 37 + (i >> 3));
	for(size_t n = 0; n <= sizeof(in); n++) {
		char text[400];
		unsigned char *out = malloc(n);
		size_t out_n = 0;
		struct ep_buf b;
		struct ep_view block;

		ep_buf_init(&b, text, sizeof(text));
		ep_buf_put_b64url(&b, ep_view_of((const char *)in, n));
		ck_assert_uint_eq(b.len, (n * 8 + 5) / 6);
		block = block_of(ep_buf_view(&b));
		if(n > 0)
			ck_assert_int_eq(
					ep_b64url_decode(out, n - 1, &out_n, block), EP_ENOSPC);
		if(block.p != NULL) {
			ck_assert_int_eq(ep_b64url_decode(out, n, &out_n, block), EP_OK);
			ck_assert_uint_eq(out_n, n);
			ck_assert_int_eq(memcmp(out, in, n), 0);
		}
		block_free(block);
		free(out);
	}
}
END_TEST

/* RFC 4648 10, without padding */
START_TEST(buf_b64url_vectors)
{
	static const char *const pairs[][2] = {{"f", "Zg"}, {"fo", "Zm8"},
			{"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"},
			{"foobar", "Zm9vYmFy"}};

	for(size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		unsigned char out[8];
		size_t n;

		ck_assert_int_eq(
				ep_b64url_decode(out, sizeof(out), &n, ep_view_z(pairs[i][1])),
				EP_OK);
		ck_assert_view_eq(ep_view_of((char *)out, n), pairs[i][0]);
	}
}
END_TEST

START_TEST(buf_b64url_decode_is_strict)
{
	static const char *const bad[] = {"Zg==", "Zg=", "Z", "Zm9vY", "Zm+v",
			"Zm/v", "Zm 9v", "Zm9v\n", " Zm9v", "Zh", "Zm9", "Zm9vYh",
			"Zm9vYmF", "\x80mmm", "Zm9v.", "Zm9\xff"};

	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned char out[16];
		size_t n = 77;
		struct ep_view block = block_of(ep_view_z(bad[i]));

		ck_assert_msg(
				ep_b64url_decode(out, sizeof(out), &n, block) == EP_ESYNTAX,
				"'%s' was taken", bad[i]);
		ck_assert_uint_eq(n, 77);
		block_free(block);
	}
}
END_TEST

START_TEST(buf_b64url_decode_refuses_nul_and_absent)
{
	unsigned char out[16];
	size_t n;

	ck_assert_int_eq(
			ep_b64url_decode(out, 16, &n, ep_view_of("Zm\0v", 4)), EP_ESYNTAX);
	ck_assert_int_eq(ep_b64url_decode(out, 16, &n, ep_view_none()), EP_ESYNTAX);
}
END_TEST

UNIT_MAIN("base/buf", buf_writes, buf_overflow_writes_nothing_and_stays,
		buf_empty_is_not_absent, buf_quoted_refuses_line_ends,
		buf_b64url_round_trip, buf_b64url_vectors, buf_b64url_decode_is_strict,
		buf_b64url_decode_refuses_nul_and_absent)
