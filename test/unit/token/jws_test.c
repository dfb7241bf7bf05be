/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/jws.h"
#include "mint.h"
#include "support.h"

static char *whole(void)
{
	return mint_cat(mint_input("{\"alg\":\"ES256\",\"kid\":\"k\\u0031\","
							   "\"typ\":\"at+jwt\"}",
							"{\"iss\":\"x\"}"),
			".AQID");
}

START_TEST(jws_gives_its_parts)
{
	struct ep_arena arena;
	struct ep_jws jws;
	char *token = whole();

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_jws_parse(&jws, ep_view_z(token), 1000, &arena), EP_TOKEN_OK);
	ck_assert_view_eq(jws.alg, "ES256");
	ck_assert_view_eq(jws.kid, "k1");
	ck_assert_view_eq(jws.typ, "at+jwt");
	ck_assert_view_eq(jws.payload, "{\"iss\":\"x\"}");
	ck_assert_view_eq(jws.signature, "\x01\x02\x03");
	ck_assert_ptr_eq(jws.signing_input.p, token);
	ck_assert_uint_eq(jws.signing_input.len, strlen(token) - 5);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(jws_cap_is_exact)
{
	struct ep_arena arena;
	struct ep_jws jws;
	struct ep_view token = ep_view_z(whole());

	plain_arena_init(&arena);
	ck_assert_int_eq(ep_jws_parse(&jws, token, token.len, &arena), EP_TOKEN_OK);
	ck_assert_int_eq(ep_jws_parse(&jws, token, token.len - 1, &arena),
			EP_TOKEN_TOO_LONG);
	ep_arena_fini(&arena);
}
END_TEST

/* A cut inside the signature is a shorter signature, if it is base64url. */
static void cut_refused(struct ep_view cut, void *ctx)
{
	struct ep_arena arena;
	struct ep_jws jws;
	size_t dot = *(size_t *)ctx;
	enum ep_token_cause cause;

	plain_arena_init(&arena);
	cause = ep_jws_parse(&jws, cut, 1000, &arena);
	if(cut.len <= dot + 1)
		ck_assert_int_ne(cause, EP_TOKEN_OK);
	ck_assert_int_ne(cause, EP_TOKEN_NO_MEMORY);
	ep_arena_fini(&arena);
}

START_TEST(jws_every_cut)
{
	char *token = whole();
	size_t dot = (size_t)(strrchr(token, '.') - token);

	every_cut(ep_view_z(token), cut_refused, &dot);
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	struct ep_jws jws;
	enum ep_token_cause cause = ep_jws_parse(&jws, ep_view_z(ctx), 1000, arena);

	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(jws_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(parse_in, whole()), 10);
}
END_TEST

START_TEST(jws_header_has_few_members)
{
	char *header = mint_cat(NULL, "{\"alg\":\"ES256\",\"kid\":\"k\"");
	struct ep_arena arena;
	struct ep_jws jws;
	char member[20];

	plain_arena_init(&arena);
	for(int i = 0; i < 15; i++) {
		snprintf(member, sizeof(member), ",\"m%d\":0", i);
		header = mint_cat(header, member);
	}
	ck_assert_int_eq(
			ep_jws_parse(&jws,
					ep_view_z(mint_cat(
							mint_input(mint_cat(header, "}"), "{}"), ".AQID")),
					1000, &arena),
			EP_TOKEN_JSON_LIMIT);
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("token/jws", jws_gives_its_parts, jws_cap_is_exact, jws_every_cut,
		jws_every_alloc_failure, jws_header_has_few_members)
