/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include "support.h"
#include "base/buf.h"
#include "tna/credentials.h"

#define MD5_HA1 "8ab940c522d87f6299e50d737d8c1cc7"
#define SHA_HA1                                                                \
	"8ba00805959c7353e5cb3bd8a63964ae5cdbb5e55d1968b0017ab731506e82f9"
#define POOL_MD5 "89814917784967175f62efff8a94c8c8"
#define POOL_SHA                                                               \
	"021a6cb75c8cb87993d746eb2712c601a3bfe0f581dd3b61b93f66e639924cc0"

static const char whole[] =
		"# users\n"
		"z@home1.net:home1.net:" MD5_HA1
		"\r\n"
		"  u@home1.net:home1.net:" SHA_HA1
		"  \n"
		"\n"
		"u@home1.net:home1.net:" MD5_HA1
		"\n"
		"pool*_private@home1.net:home1.net:password:shared: secret\n"
		"u@home1.net:other.net:" MD5_HA1
		"\n"
		"guest*:home1.net:password:x";

static struct ep_credentials c;
static void *block;

static const char *parse(struct ep_view text, unsigned *line)
{
	free(block);
	block = malloc(ep_credentials_size(text));
	ck_assert_ptr_nonnull(block);
	return ep_credentials_parse(&c, block, text, line);
}

static void expect_ha1(
		const struct ep_secret *s, enum ep_hash hash, const char *hex)
{
	char text[2 * EP_HASH_LEN_MAX];
	struct ep_buf b;

	ck_assert(s->has[hash]);
	ep_buf_init(&b, text, sizeof(text));
	ep_buf_put_hex(
			&b, ep_view_of((const char *)s->ha1[hash], ep_hash_len(hash)));
	ck_assert_view_eq(ep_buf_view(&b), hex);
}

static bool find(struct ep_secret *s, const char *impi, const char *realm)
{
	return ep_credentials_find(s, &c, ep_view_z(impi), ep_view_z(realm));
}

START_TEST(credentials_finds_users_and_pools)
{
	struct ep_secret s;
	unsigned line;

	ck_assert_ptr_null(parse(ep_view_of(whole, sizeof(whole) - 1), &line));
	ck_assert_uint_eq(c.users, 4);
	ck_assert_uint_eq(c.pools, 2);
	ck_assert(find(&s, "u@home1.net", "home1.net"));
	expect_ha1(&s, EP_HASH_MD5, MD5_HA1);
	expect_ha1(&s, EP_HASH_SHA256, SHA_HA1);
	ck_assert(find(&s, "z@home1.net", "home1.net"));
	ck_assert(!s.has[EP_HASH_SHA256]);
	ck_assert(find(&s, "u@home1.net", "other.net"));
	ck_assert(!s.has[EP_HASH_SHA256]);
	ck_assert(find(&s, "pool7_private@home1.net", "home1.net"));
	expect_ha1(&s, EP_HASH_MD5, POOL_MD5);
	expect_ha1(&s, EP_HASH_SHA256, POOL_SHA);
	ck_assert(!find(&s, "pool7_private@home1.net", "other.net"));
	ck_assert(!find(&s, "nobody@home1.net", "home1.net"));
	ck_assert(!find(&s, "U@home1.net", "home1.net"));
	ck_assert(!find(&s, "guest\"x", "home1.net"));
	ck_assert(!find(&s, "guest\\x", "home1.net"));
	ck_assert(!find(&s, "guest x", "home1.net"));
	ck_assert(!find(&s, "", "home1.net"));
}
END_TEST

START_TEST(credentials_a_user_counts_before_its_pool)
{
	struct ep_secret s;
	unsigned line;

	ck_assert_ptr_null(parse(EP_LIT("u*:home1.net:password:p\n"
									"u@home1.net:home1.net:" MD5_HA1 "\n"),
			&line));
	ck_assert(find(&s, "u@home1.net", "home1.net"));
	expect_ha1(&s, EP_HASH_MD5, MD5_HA1);
	ck_assert(!s.has[EP_HASH_SHA256]);
}
END_TEST

START_TEST(credentials_refuses_what_it_cannot_use)
{
	static const struct
	{
		const char *text;
		unsigned line;
	} bad[] = {{"x", 1}, {"a:b", 1}, {"# c\na:b:", 2}, {":r:" MD5_HA1, 1},
			{"u::" MD5_HA1, 1}, {"u:r:" MD5_HA1 "0", 1}, {"u:r:0" MD5_HA1, 1},
			{"u:r:g4d3b1e0f5c6a7b8c9d0e1f2a3b4c5d6", 1},
			{"u:r:" MD5_HA1 ":", 1}, {"u v:r:" MD5_HA1, 1},
			{"u\"v:r:" MD5_HA1, 1}, {"u:r\\:" MD5_HA1, 1}, {"u*:r:" MD5_HA1, 1},
			{"u:r:password:p", 1}, {"u**:r:password:p", 1},
			{"u*:r:password:", 1}, {"a*:r:password:p\nab*c:r:password:p", 2},
			{"*a:r:password:p\n\nb*:r:password:p", 3},
			{"u:r:" MD5_HA1 "\nv:r:" MD5_HA1 "\nu:r:" MD5_HA1, 0}};
	unsigned line;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(parse(ep_view_z(bad[i].text), &line) != NULL, "%s",
				bad[i].text);
		ck_assert_msg(line == bad[i].line, "%s: line %u", bad[i].text, line);
	}
	ck_assert_ptr_null(parse(EP_LIT("a*:r:password:p\nb*:r:password:p\n"
									"a*:s:password:p\n*z:t:password:p"),
			&line));
	ck_assert_ptr_null(parse(ep_view_none(), &line));
	ck_assert_ptr_null(parse(EP_LIT("\n\n#\n"), &line));
	ck_assert_uint_eq(c.users + c.pools, 0);
}
END_TEST

START_TEST(credentials_refuses_a_password_that_is_too_long)
{
	char text[EP_PASSWORD_MAX + 32];
	unsigned line;
	size_t n;

	for(n = EP_PASSWORD_MAX; n <= EP_PASSWORD_MAX + 1; n++) {
		snprintf(text, sizeof(text), "u*:r:password:%0*d", (int)n, 0);
		ck_assert((parse(ep_view_z(text), &line) == NULL)
				  == (n == EP_PASSWORD_MAX));
	}
}
END_TEST

/* Every order of many users is found again. */
START_TEST(credentials_sorts_many)
{
	enum
	{
		N = 1000
	};
	static char text[N * 64];
	char impi[32];
	struct ep_secret s;
	unsigned line, i;
	size_t at = 0;

	for(i = 0; i < N; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "user%u:r:%032x\n",
				i * 7919 % N, i * 7919 % N);
	ck_assert_ptr_null(parse(ep_view_of(text, at), &line));
	ck_assert_uint_eq(c.users, N);
	for(i = 0; i < N; i++) {
		snprintf(impi, sizeof(impi), "user%u", i);
		ck_assert(find(&s, impi, "r"));
		ck_assert_uint_eq(s.ha1[EP_HASH_MD5][15], i & 255);
		ck_assert_uint_eq(s.ha1[EP_HASH_MD5][14], i >> 8);
	}
	ck_assert(!find(&s, "user1000", "r"));
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct ep_secret s;
	unsigned line;

	(void)ctx;
	if(!parse(text, &line))
		find(&s, "pool1_private@home1.net", "home1.net");
}

START_TEST(credentials_reads_no_octet_too_many)
{
	every_cut(ep_view_of(whole, sizeof(whole) - 1), cut, NULL);
	free(block);
	block = NULL;
}
END_TEST

UNIT_MAIN("tna/credentials", credentials_finds_users_and_pools,
		credentials_a_user_counts_before_its_pool,
		credentials_refuses_what_it_cannot_use,
		credentials_refuses_a_password_that_is_too_long, credentials_sorts_many,
		credentials_reads_no_octet_too_many)
