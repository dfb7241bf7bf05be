/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"
#include "token/resultpack.h"

static struct ep_view impus[2];

static struct ep_token_result sample(void)
{
	impus[0] = EP_LIT("sip:alice@home1.net");
	impus[1] = EP_LIT("tel:+441632960083");
	return (struct ep_token_result){
			.issuer = EP_LIT("home"),
			.issuer_index = 3,
			.kid = EP_LIT("k-2026-11"),
			.sub = EP_LIT("248289761001"),
			.impi = EP_LIT("alice@home1.net"),
			.impus = impus,
			.impus_n = 2,
			.waf = EP_LIT("waf@home1.net"),
			.wwsf = EP_LIT("shop"),
			.scope = EP_LIT("openid webrtc-ims-client-access-to-ims"),
			.jti = EP_LIT("5f0c2b1e-3b1c-4a7e-9a51-0b8b6d9d1b0a"),
			.sid = EP_LIT(""),
			.exp_s = 1800003600,
			.iat_s = 1799999990,
			.pool = true,
			.name_waf = true,
			.entity = EP_ENTITY_NEVER,
	};
}

static struct ep_view packed(char out[1024], const struct ep_token_result *r)
{
	struct ep_buf buf;

	ep_buf_init(&buf, out, 1024);
	ck_assert_int_eq(ep_token_result_pack(&buf, r), EP_OK);
	ck_assert(!buf.overflow);
	return ep_buf_view(&buf);
}

static void same(
		const struct ep_token_result *a, const struct ep_token_result *b)
{
	ck_assert(ep_view_eq(a->issuer, b->issuer));
	ck_assert_uint_eq(a->issuer_index, b->issuer_index);
	ck_assert(ep_view_eq(a->kid, b->kid));
	ck_assert(ep_view_eq(a->sub, b->sub));
	ck_assert(ep_view_eq(a->impi, b->impi));
	ck_assert_uint_eq(a->impus_n, b->impus_n);
	for(size_t i = 0; i < a->impus_n; i++)
		ck_assert(ep_view_eq(a->impus[i], b->impus[i]));
	ck_assert(ep_view_eq(a->waf, b->waf));
	ck_assert(ep_view_eq(a->wwsf, b->wwsf));
	ck_assert(ep_view_eq(a->scope, b->scope));
	ck_assert(ep_view_eq(a->jti, b->jti));
	ck_assert(ep_view_eq(a->sid, b->sid));
	ck_assert(ep_view_eq(a->client_id, b->client_id));
	ck_assert_int_eq(a->exp_s, b->exp_s);
	ck_assert_int_eq(a->iat_s, b->iat_s);
	ck_assert_int_eq(a->anonymous, b->anonymous);
	ck_assert_int_eq(a->pool, b->pool);
	ck_assert_int_eq(a->third_party, b->third_party);
	ck_assert_int_eq(a->name_waf, b->name_waf);
	ck_assert_int_eq(a->entity, b->entity);
}

static void comes_back(const struct ep_token_result *r)
{
	char text[1024], again[1024];
	struct ep_token_result got;
	struct ep_arena arena;
	struct ep_view v = packed(text, r);

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_token_result_unpack(&got, v, &arena), EP_OK);
	same(r, &got);
	ck_assert(ep_view_eq(packed(again, &got), v));
	ep_arena_fini(&arena);
}

START_TEST(resultpack_comes_back)
{
	struct ep_token_result r = sample();

	comes_back(&r);
	r.client_id = EP_LIT("shop");
	r.sid = ep_view_none();
	r.anonymous = r.third_party = true;
	r.pool = r.name_waf = false;
	r.entity = EP_ENTITY_ALWAYS;
	comes_back(&r);
	r.impus = NULL;
	r.impus_n = 0;
	r.issuer_index = SIZE_MAX;
	r.exp_s = INT64_MAX;
	r.iat_s = -1;
	comes_back(&r);
	r = (struct ep_token_result){.issuer_index = 0};
	comes_back(&r);
}
END_TEST

START_TEST(resultpack_is_small)
{
	struct ep_token_result r = sample();
	char text[1024];

	ck_assert_uint_le(packed(text, &r).len, 256);
}
END_TEST

START_TEST(resultpack_refuses_what_would_not_come_back)
{
	struct ep_view many[EP_RESULTPACK_IMPUS_MAX + 1];
	struct ep_token_result r = sample();
	char text[8];
	struct ep_buf buf;

	ep_buf_init(&buf, text, sizeof(text));
	ck_assert_int_eq(ep_token_result_pack(&buf, &r), EP_OK);
	ck_assert(buf.overflow);

	r.exp_s = -2;
	ck_assert_int_eq(ep_token_result_pack(&buf, &r), EP_ERANGE);
	r.exp_s = 0;
	r.iat_s = INT64_MIN;
	ck_assert_int_eq(ep_token_result_pack(&buf, &r), EP_ERANGE);
	r.iat_s = 0;
	r.entity = (enum ep_entity_rule)3;
	ck_assert_int_eq(ep_token_result_pack(&buf, &r), EP_ERANGE);
	r = sample();
	for(size_t i = 0; i < EP_RESULTPACK_IMPUS_MAX + 1; i++)
		many[i] = EP_LIT("sip:a@b");
	r.impus = many;
	r.impus_n = EP_RESULTPACK_IMPUS_MAX + 1;
	ck_assert_int_eq(ep_token_result_pack(&buf, &r), EP_ERANGE);
	r.impus_n--;
	comes_back(&r);
}
END_TEST

static void cut_refused(struct ep_view cut, void *ctx)
{
	size_t *whole = ctx;
	struct ep_token_result got;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_token_result_unpack(&got, cut, &arena),
			cut.len == *whole ? EP_OK : EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(resultpack_refuses_every_cut)
{
	struct ep_token_result r = sample();
	char text[1024];
	struct ep_view v = packed(text, &r);

	every_cut(v, cut_refused, &v.len);
	text[v.len] = '\0';
	cut_refused(ep_view_of(text, v.len + 1), &v.len);
}
END_TEST

static void refused(const char *octets, size_t n)
{
	size_t never = SIZE_MAX;

	cut_refused(ep_view_of(octets, n), &never);
}

/* form, flags, three numbers, ten texts, number of IMPUs */
#define EMPTY_AFTER_HEAD "\0\0\0\0\0\0\0\0\0\0\0"

START_TEST(resultpack_refuses_other_forms)
{
	static const char good[] = "\1\0\1\1\1" EMPTY_AFTER_HEAD;
	size_t n = sizeof(good) - 1;
	char bad[sizeof(good)];
	struct ep_token_result got;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_token_result_unpack(&got, ep_view_of(good, n), &arena), EP_OK);
	ep_arena_fini(&arena);
	memcpy(bad, good, n);
	bad[0] = 2; /* another form */
	refused(bad, n);
	bad[0] = 1;
	bad[1] = 0x30; /* an entity rule there is not */
	refused(bad, n);
	bad[1] = 0x40; /* a flag there is not */
	refused(bad, n);
	/* a number that is longer than it needs to be */
	refused("\1\0\x81\0\1\1" EMPTY_AFTER_HEAD, n + 1);
	/* numbers over their limit: 2^63 + 1, 2^64, without end */
	refused("\1\0\1\x82\x80\x80\x80\x80\x80\x80\x80\x80\1\1" EMPTY_AFTER_HEAD,
			n + 9);
	refused("\1\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\2\1\1" EMPTY_AFTER_HEAD,
			n + 9);
	refused("\1\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 14);
	/* 65 IMPUs, and IMPUs that are not there */
	memcpy(bad, good, n);
	bad[n - 1] = 65;
	refused(bad, n);
	bad[n - 1] = 1;
	refused(bad, n);
	/* a text longer than what is left */
	memcpy(bad, good, n);
	bad[5] = 0x7f;
	refused(bad, n);
}
END_TEST

static enum ep_err unpack_with(struct ep_arena *arena, void *ctx)
{
	struct ep_token_result got;

	return ep_token_result_unpack(&got, *(struct ep_view *)ctx, arena);
}

START_TEST(resultpack_without_memory)
{
	struct ep_token_result r = sample();
	char text[1024];
	struct ep_view v = packed(text, &r);

	ck_assert_uint_gt(every_alloc_failure(unpack_with, &v), 1);
}
END_TEST

UNIT_MAIN("token/resultpack", resultpack_comes_back, resultpack_is_small,
		resultpack_refuses_what_would_not_come_back,
		resultpack_refuses_every_cut, resultpack_refuses_other_forms,
		resultpack_without_memory)
