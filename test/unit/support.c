/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"

struct ep_view block_of(struct ep_view v)
{
	char *p = malloc(v.len);

	ck_assert_msg(p != NULL || v.len == 0, "no memory for a test block");
	if(v.len > 0)
		memcpy(p, v.p, v.len);
	return ep_view_of(p, v.len);
}

void block_free(struct ep_view block)
{
	free((void *)(uintptr_t)block.p);
}

void every_cut(
		struct ep_view v, void (*fn)(struct ep_view cut, void *ctx), void *ctx)
{
	for(size_t n = 0; n <= v.len; n++) {
		struct ep_view cut = block_of(ep_view_head(v, n));

		fn(cut, ctx);
		block_free(cut);
	}
}

static void *fail_get(void *ctx, size_t n)
{
	struct fail_alloc *f = ctx;
	void *p;

	if(f->gets++ >= f->fail_at)
		return NULL;
	p = malloc(n);
	if(p != NULL)
		f->live++;
	return p;
}

static void fail_put(void *ctx, void *p)
{
	struct fail_alloc *f = ctx;

	f->live--;
	free(p);
}

void fail_alloc_init(struct fail_alloc *f, size_t fail_at)
{
	*f = (struct fail_alloc){
			.alloc = {fail_get, fail_put, f}, .fail_at = fail_at};
}

/* Far more than any tested call needs: reaching it means it never succeeds. */
#define RUNS_MAX 100000

static size_t fail_every_get(
		enum ep_err (*fn)(struct ep_arena *arena, void *ctx), void *ctx)
{
	for(size_t n = 0; n < RUNS_MAX; n++) {
		struct fail_alloc f;
		struct ep_arena arena;
		enum ep_err err;

		fail_alloc_init(&f, n);
		ep_arena_init(&arena, NULL, 0, &f.alloc, SIZE_MAX / 2);
		err = fn(&arena, ctx);
		ep_arena_fini(&arena);
		ck_assert_msg(f.live == 0, "%zu blocks left over", f.live);
		if(err == EP_OK)
			return n + 1;
		ck_assert_msg(err == EP_ENOMEM, "get %zu refused: %s, not ENOMEM", n,
				ep_err_text(err));
	}
	ck_abort_msg("never succeeds");
	return 0;
}

static size_t fail_every_size(
		enum ep_err (*fn)(struct ep_arena *arena, void *ctx), void *ctx)
{
	for(size_t n = 0; n < RUNS_MAX; n++) {
		struct ep_arena arena;
		char *first = malloc(n * 16);
		enum ep_err err;

		ep_arena_init(&arena, first, n * 16, NULL, 0);
		err = fn(&arena, ctx);
		ep_arena_fini(&arena);
		free(first);
		if(err == EP_OK)
			return n + 1;
		ck_assert_msg(err == EP_ENOMEM, "%zu octets there: %s, not ENOMEM",
				n * 16, ep_err_text(err));
	}
	ck_abort_msg("never succeeds");
	return 0;
}

size_t every_alloc_failure(
		enum ep_err (*fn)(struct ep_arena *arena, void *ctx), void *ctx)
{
	return fail_every_get(fn, ctx) + fail_every_size(fn, ctx);
}

static void *plain_get(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void plain_put(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

void plain_arena_init(struct ep_arena *arena)
{
	static const struct ep_alloc alloc = {plain_get, plain_put, NULL};

	ep_arena_init(arena, NULL, 0, &alloc, SIZE_MAX / 2);
}

int unit_run(const char *suite, const TTest *const *tests, size_t n)
{
	Suite *s = suite_create(suite);
	TCase *tc = tcase_create(suite);
	SRunner *runner = srunner_create(s);
	const char *tap = getenv("EP_TAP");
	int failed;

	tcase_set_timeout(tc, 120);
	for(size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	if(tap != NULL && *tap != '\0')
		srunner_set_tap(runner, tap);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
