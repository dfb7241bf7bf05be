/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdalign.h>
#include <stdlib.h>
#include "support.h"

START_TEST(arena_first_block_only)
{
	char first[64];
	struct ep_arena a;
	char *p;

	memset(first, 0x55, sizeof(first));
	ep_arena_init(&a, first, sizeof(first), NULL, 1000);
	p = ep_arena_get(&a, 16);
	ck_assert_ptr_nonnull(p);
	ck_assert(p >= first && p + 16 <= first + 64);
	for(int i = 0; i < 16; i++)
		ck_assert_int_eq(p[i], 0);
	ck_assert_ptr_null(ep_arena_get(&a, 64));
	ck_assert_ptr_nonnull(ep_arena_get(&a, 1));
	ep_arena_fini(&a);
	ck_assert_ptr_null(ep_arena_get(&a, 1));
	ep_arena_fini(&a);
}
END_TEST

START_TEST(arena_aligns)
{
	struct ep_arena a;

	plain_arena_init(&a);
	for(size_t n = 1; n < 300; n++) {
		void *p;

		ck_assert_ptr_nonnull(ep_arena_copy(&a, ep_view_of("x", 1)).p);
		p = ep_arena_get(&a, n);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
	}
	ep_arena_fini(&a);
}
END_TEST

START_TEST(arena_grows_and_gives_back)
{
	struct fail_alloc f;
	struct ep_arena a;
	char *big;

	fail_alloc_init(&f, SIZE_MAX);
	ep_arena_init(&a, NULL, 0, &f.alloc, 1 << 20);
	for(int i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(ep_arena_get(&a, 100));
	ck_assert_uint_gt(f.live, 1);
	big = ep_arena_get(&a, 100000);
	ck_assert_ptr_nonnull(big);
	memset(big, 1, 100000);
	ep_arena_fini(&a);
	ck_assert_uint_eq(f.live, 0);
}
END_TEST

START_TEST(arena_keeps_to_its_maximum)
{
	struct fail_alloc f;
	struct ep_arena a;
	size_t got = 0;

	fail_alloc_init(&f, SIZE_MAX);
	ep_arena_init(&a, NULL, 0, &f.alloc, 10000);
	while(ep_arena_get(&a, 16) != NULL)
		got += 16;
	ck_assert_uint_le(got, 10000);
	ck_assert_uint_ge(got, 9000);
	ck_assert_ptr_null(ep_arena_get(&a, SIZE_MAX));
	ck_assert_ptr_null(ep_arena_get(&a, SIZE_MAX - 8));
	ep_arena_fini(&a);
	ck_assert_uint_eq(f.live, 0);
}
END_TEST

START_TEST(arena_array_refuses_overflow)
{
	struct ep_arena a;

	plain_arena_init(&a);
	ck_assert_ptr_null(ep_arena_array(&a, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(ep_arena_array(&a, 3, SIZE_MAX / 2));
	ck_assert_ptr_nonnull(ep_arena_array(&a, 0, SIZE_MAX));
	ck_assert_ptr_nonnull(ep_arena_array(&a, 3, 5));
	ep_arena_fini(&a);
}
END_TEST

START_TEST(arena_copy_keeps_absent_and_empty_apart)
{
	struct ep_arena a;
	struct ep_view v = EP_LIT("a\0b");
	struct ep_view copy;

	plain_arena_init(&a);
	ck_assert_ptr_null(ep_arena_copy(&a, ep_view_none()).p);
	copy = ep_arena_copy(&a, EP_LIT(""));
	ck_assert_ptr_nonnull(copy.p);
	ck_assert_uint_eq(copy.len, 0);
	copy = ep_arena_copy(&a, v);
	ck_assert(copy.p != v.p && ep_view_eq(copy, v));
	ep_arena_fini(&a);
	ep_arena_init(&a, NULL, 0, NULL, 0);
	ck_assert_ptr_null(ep_arena_copy(&a, v).p);
}
END_TEST

static enum ep_err join(struct ep_arena *a, void *ctx)
{
	struct ep_view parts[] = {EP_LIT("sip:"), ep_view_none(), EP_LIT("alice"),
			EP_LIT(""), EP_LIT("@home1.net")};
	struct ep_view v = ep_arena_join(a, parts, 5);

	(void)ctx;
	if(v.p == NULL)
		return EP_ENOMEM;
	ck_assert_view_eq(v, "sip:alice@home1.net");
	return EP_OK;
}

START_TEST(arena_join_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(join, NULL), 2);
}
END_TEST

UNIT_MAIN("base/arena", arena_first_block_only, arena_aligns,
		arena_grows_and_gives_back, arena_keeps_to_its_maximum,
		arena_array_refuses_overflow, arena_copy_keeps_absent_and_empty_apart,
		arena_join_every_alloc_failure)
