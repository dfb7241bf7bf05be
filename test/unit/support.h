/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What every unit test program shares.
 *
 *   START_TEST(scan_takes_bare_lf)
 *   {
 *       ...
 *   }
 *   END_TEST
 *
 *   UNIT_MAIN("sdp/scan", scan_takes_bare_lf, scan_refuses_nul)
 */
#ifndef EP_UNIT_SUPPORT_H
#define EP_UNIT_SUPPORT_H

#include <check.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/view.h"

/* A copy of `v` in a malloc block of exactly v.len octets, so that ASan sees
 * a read one octet past the end. Free it with block_free(). */
struct ep_view block_of(struct ep_view v);
void block_free(struct ep_view block);

/* Calls `fn` with the first 0, 1, ... v.len octets of `v`, each from an
 * exact-size block of its own. */
void every_cut(
		struct ep_view v, void (*fn)(struct ep_view cut, void *ctx), void *ctx);

/* An allocator for struct ep_arena over malloc that fails from the
 * `fail_at`-th get on (0: the first; SIZE_MAX: never) and counts. */
struct fail_alloc
{
	struct ep_alloc alloc;
	size_t fail_at;
	size_t gets; /* calls of get so far, refused ones included */
	size_t live; /* blocks not yet given back */
};

void fail_alloc_init(struct fail_alloc *f, size_t fail_at);

/* Runs `fn` again and again until it returns EP_OK: with the allocator
 * failing at 0, 1, 2, ...; then with a first block of 0, 16, 32, ... octets
 * and no allocator. Anything but EP_OK and EP_ENOMEM fails the test, and so
 * does a block that is not given back. `fn` must not call ep_arena_fini().
 * Returns how often `fn` was run. */
size_t every_alloc_failure(
		enum ep_err (*fn)(struct ep_arena *arena, void *ctx), void *ctx);

/* An arena over malloc without a limit that matters. */
void plain_arena_init(struct ep_arena *arena);

#define ck_assert_view_eq(v, text)                                             \
	do {                                                                       \
		struct ep_view ck_a_ = (v);                                            \
		struct ep_view ck_b_ = ep_view_z(text);                                \
		ck_assert_msg(ep_view_eq(ck_a_, ck_b_), "%s is '%.*s', not '%s'", #v,  \
				EP_FMT(ck_a_), ck_b_.p ? ck_b_.p : "(absent)");                \
	} while(0)

/* Runs the tests as one suite. Text goes to stdout; if the environment
 * variable EP_TAP names a file, TAP goes there. 0 when all passed. */
int unit_run(const char *suite, const TTest *const *tests, size_t n);

#define UNIT_MAIN(suite, ...)                                                  \
	int main(void)                                                             \
	{                                                                          \
		const TTest *tests[] = {__VA_ARGS__};                                  \
		return unit_run(suite, tests, sizeof(tests) / sizeof(*tests));         \
	}

#endif
