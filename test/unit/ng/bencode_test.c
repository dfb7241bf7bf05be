/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/bencode.h"
#include <stdio.h>
#include "support.h"

#define SAMPLE                                                                 \
	"d7:call-id3:abc5:codecd5:stripl3:red3:rtxee5:flagsl13:trust-"             \
	"addresse3:numi-7e4:zeroi0e5:emptydee"

static struct ep_arena arena;
static struct ep_ng_val *val;

static enum ep_err decode(struct ep_view text)
{
	plain_arena_init(&arena);
	return ep_ng_decode(&val, text, &arena);
}

static void done(void)
{
	ep_arena_fini(&arena);
}

START_TEST(bencode_reads_each_type)
{
	ck_assert_int_eq(decode(EP_LIT(SAMPLE)), EP_OK);
	ck_assert_view_eq(ep_ng_get_str(val, EP_LIT("call-id")), "abc");
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("num"), 1), -7);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("zero"), 1), 0);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("absent"), 5), 5);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("call-id"), 5), 5);
	const struct ep_ng_val *strip =
			ep_ng_get(ep_ng_get(val, EP_LIT("codec")), EP_LIT("strip"));
	ck_assert(ep_ng_list_has(strip, EP_LIT("rtx")));
	ck_assert(!ep_ng_list_has(strip, EP_LIT("opus")));
	ck_assert(!ep_ng_list_has(val, EP_LIT("call-id")));
	ck_assert_ptr_null(ep_ng_get(val, EP_LIT("nothing")));
	ck_assert_ptr_null(ep_ng_get(NULL, EP_LIT("call-id")));
	ck_assert_ptr_null(ep_ng_get(strip, EP_LIT("red")));
	ck_assert_ptr_null(ep_ng_get_str(val, EP_LIT("num")).p);
	ck_assert_ptr_null(ep_ng_first(ep_ng_get(val, EP_LIT("empty"))));
	ck_assert_ptr_null(ep_ng_first(ep_ng_get(val, EP_LIT("num"))));
	done();
}
END_TEST

/* A string of digits counts as a number: Kamailio's module writes those. */
START_TEST(bencode_takes_digits_as_a_number)
{
	ck_assert_int_eq(decode(EP_LIT("d1:a2:421:b2:4xe")), EP_OK);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("a"), 0), 42);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("b"), 9), 9);
	done();
}
END_TEST

START_TEST(bencode_refuses_what_is_none)
{
	static const char *const bad[] = {"", "x", "i", "ie", "i-e", "i-0e", "i01e",
			"i1", "1", "1:", "2:a", "01:a", "-1:a", "l", "d", "d1:ae",
			"di1e1:ae", "d1:a1:b1:a1:ce", "lei1e", "3:abcd", "i1ei2e",
			"dle1:ae", "99999999999999999999:a", "d1:a", "l1:ai1e"};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(decode(ep_view_z(bad[i])) == EP_ESYNTAX, "%s", bad[i]);
		done();
	}
	ck_assert_int_eq(decode(ep_view_none()), EP_ESYNTAX);
	done();
}
END_TEST

START_TEST(bencode_keeps_its_limits)
{
	char deep[2 * EP_NG_DEPTH_MAX + 4];

	for(unsigned n = EP_NG_DEPTH_MAX; n <= EP_NG_DEPTH_MAX + 1; n++) {
		memset(deep, 'l', n);
		memset(deep + n, 'e', n);
		ck_assert_int_eq(decode(ep_view_of(deep, 2 * n)),
				n <= EP_NG_DEPTH_MAX ? EP_OK : EP_ERANGE);
		done();
	}
	ck_assert_int_eq(decode(EP_LIT("i9223372036854775807e")), EP_OK);
	ck_assert_int_eq(val->num, INT64_MAX);
	done();
	ck_assert_int_eq(decode(EP_LIT("i9223372036854775808e")), EP_ERANGE);
	done();
}
END_TEST

static struct ep_view dict_of(char *text, size_t cap, unsigned keys)
{
	struct ep_buf b;
	char key[16];

	ep_buf_init(&b, text, cap);
	ep_ng_dict_open(&b);
	for(unsigned i = 0; i < keys; i++) {
		snprintf(key, sizeof key, "k%u", i);
		ep_ng_put_pair_int(&b, key, i);
	}
	ep_ng_close(&b);
	return ep_buf_view(&b);
}

START_TEST(bencode_bounds_the_keys_of_a_dictionary)
{
	static char text[65536];

	ck_assert_int_eq(decode(dict_of(text, sizeof text, EP_NG_KEYS_MAX)), EP_OK);
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("k511"), 0), 511);
	done();
	ck_assert_int_eq(
			decode(dict_of(text, sizeof text, EP_NG_KEYS_MAX + 1)), EP_ERANGE);
	done();
}
END_TEST

START_TEST(bencode_bounds_the_values)
{
	static char text[2 * EP_NG_VALUES_MAX + 2];

	/* The list itself is one, too. */
	for(size_t n = EP_NG_VALUES_MAX - 1; n <= EP_NG_VALUES_MAX; n++) {
		text[0] = 'l';
		for(size_t i = 0; i < n; i++)
			memcpy(text + 1 + 2 * i, "0:", 2);
		text[1 + 2 * n] = 'e';
		ck_assert_int_eq(decode(ep_view_of(text, 2 * n + 2)),
				n < EP_NG_VALUES_MAX ? EP_OK : EP_ERANGE);
		done();
	}
}
END_TEST

START_TEST(bencode_reads_the_top_alone)
{
	static const char *const bad[] = {"", "d", "d1:al", "d1:ale", "d1:a9:be",
			"d1:ade1:alee", "li1e", "d1:al99:ee", "lde", "d1:adi1ee"};

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_ng_decode_top(&val, EP_LIT(SAMPLE), &arena), EP_OK);
	ck_assert_view_eq(ep_ng_get_str(val, EP_LIT("call-id")), "abc");
	ck_assert_int_eq(ep_ng_get_int(val, EP_LIT("num"), 1), -7);
	const struct ep_ng_val *codec = ep_ng_get(val, EP_LIT("codec"));
	ck_assert_int_eq(codec->type, EP_NG_DICT);
	ck_assert_view_eq(codec->raw, "d5:stripl3:red3:rtxee");
	ck_assert_ptr_null(ep_ng_first(codec));
	done();
	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		plain_arena_init(&arena);
		ck_assert_msg(
				ep_ng_decode_top(&val, ep_view_z(bad[i]), &arena) == EP_ESYNTAX,
				"%s", bad[i]);
		done();
	}
}
END_TEST

static void cut_fn(struct ep_view cut, void *ctx)
{
	size_t *whole = ctx;

	enum ep_err err = decode(cut);
	ck_assert_int_eq(err, cut.len == *whole ? EP_OK : EP_ESYNTAX);
	done();
}

START_TEST(bencode_every_cut)
{
	size_t whole = sizeof SAMPLE - 1;

	every_cut(EP_LIT(SAMPLE), cut_fn, &whole);
}
END_TEST

static enum ep_err alloc_fn(struct ep_arena *a, void *ctx)
{
	struct ep_ng_val *v;

	(void)ctx;
	return ep_ng_decode(&v, EP_LIT(SAMPLE), a);
}

START_TEST(bencode_every_alloc_failure)
{
	every_alloc_failure(alloc_fn, NULL);
}
END_TEST

START_TEST(bencode_writes_what_it_reads)
{
	char text[256];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_dict_open(&b);
	ep_ng_put_pair(&b, "call-id", EP_LIT("abc"));
	ep_ng_put_pair(&b, "absent", ep_view_none());
	ep_ng_put_key(&b, "list");
	ep_ng_list_open(&b);
	ep_ng_put_str(&b, EP_LIT(""));
	ep_ng_put_int(&b, INT64_MIN);
	ep_ng_put_int(&b, 0);
	ep_ng_close(&b);
	ep_ng_put_pair_int(&b, "n", -12);
	ep_ng_close(&b);
	ck_assert_view_eq(ep_buf_view(&b),
			"d7:call-id3:abc4:listl0:i-"
			"9223372036854775808ei0ee1:ni-12ee");
	done();
	ck_assert_int_eq(decode(EP_LIT(SAMPLE)), EP_OK);
	ep_buf_init(&b, text, sizeof text);
	ep_ng_put_val(&b, val);
	ck_assert_view_eq(ep_buf_view(&b), SAMPLE);
	done();
}
END_TEST

UNIT_MAIN("ng/bencode", bencode_reads_the_top_alone, bencode_reads_each_type,
		bencode_takes_digits_as_a_number, bencode_refuses_what_is_none,
		bencode_keeps_its_limits, bencode_bounds_the_keys_of_a_dictionary,
		bencode_bounds_the_values, bencode_every_cut,
		bencode_every_alloc_failure, bencode_writes_what_it_reads)
