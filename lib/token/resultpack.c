/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/resultpack.h"

/* Changes with the form: processes of one node always agree, a dump might
 * not. */
#define FORM 1

#define FLAG_ANONYMOUS 1u
#define FLAG_POOL 2u
#define FLAG_THIRD_PARTY 4u
#define FLAG_NAME_WAF 8u
#define ENTITY_SHIFT 4 /* two bits: enum ep_entity_rule */
#define FLAGS_MAX ((EP_ENTITY_NEVER << ENTITY_SHIFT) | 15u)

/* Where the texts are in a struct ep_token_result. */
static const size_t texts[] = {
		offsetof(struct ep_token_result, issuer),
		offsetof(struct ep_token_result, kid),
		offsetof(struct ep_token_result, sub),
		offsetof(struct ep_token_result, impi),
		offsetof(struct ep_token_result, waf),
		offsetof(struct ep_token_result, wwsf),
		offsetof(struct ep_token_result, scope),
		offsetof(struct ep_token_result, jti),
		offsetof(struct ep_token_result, sid),
		offsetof(struct ep_token_result, client_id),
};
#define TEXTS_N (sizeof(texts) / sizeof(texts[0]))

/* A member that is added there has to be packed here: its loss would be a
 * silent one. */
_Static_assert(sizeof(void *) != 8
					   || sizeof(struct ep_token_result)
								  == (TEXTS_N * 2 + 1 + 2 + 2) * 8 + 8,
		"struct ep_token_result and its packed form differ");

static void number_put(struct ep_buf *out, uint64_t n)
{
	while(n > 0x7f) {
		ep_buf_put_chr(out, (char)(n & 0x7f) | (char)0x80);
		n >>= 7;
	}
	ep_buf_put_chr(out, (char)n);
}

static void text_put(struct ep_buf *out, struct ep_view v)
{
	number_put(out, v.p ? (uint64_t)v.len + 1 : 0);
	if(v.p)
		ep_buf_put(out, v);
}

enum ep_err ep_token_result_pack(
		struct ep_buf *out, const struct ep_token_result *result)
{
	unsigned flags = (result->anonymous ? FLAG_ANONYMOUS : 0)
					 | (result->pool ? FLAG_POOL : 0)
					 | (result->third_party ? FLAG_THIRD_PARTY : 0)
					 | (result->name_waf ? FLAG_NAME_WAF : 0)
					 | (unsigned)result->entity << ENTITY_SHIFT;
	struct ep_view v;

	if(result->impus_n > EP_RESULTPACK_IMPUS_MAX || flags > FLAGS_MAX
			|| result->exp_s < -1 || result->iat_s < -1)
		return EP_ERANGE;
	ep_buf_put_chr(out, FORM);
	ep_buf_put_chr(out, (char)flags);
	/* SIZE_MAX and -1 ("not known") become 0. */
	number_put(out, result->issuer_index + 1);
	number_put(out, (uint64_t)result->exp_s + 1);
	number_put(out, (uint64_t)result->iat_s + 1);
	for(size_t i = 0; i < TEXTS_N; i++) {
		memcpy(&v, (const char *)result + texts[i], sizeof(v));
		text_put(out, v);
	}
	number_put(out, result->impus_n);
	for(size_t i = 0; i < result->impus_n; i++)
		text_put(out, result->impus[i]);
	return EP_OK;
}

static bool octet_get(unsigned *out, struct ep_view *rest)
{
	if(rest->len == 0)
		return false;
	*out = (unsigned char)rest->p[0];
	*rest = ep_view_from(*rest, 1);
	return true;
}

/* 0..max, in its shortest form. */
static bool number_get(uint64_t *out, struct ep_view *rest, uint64_t max)
{
	uint64_t n = 0;
	unsigned octet;

	for(unsigned shift = 0; shift < 64; shift += 7) {
		if(!octet_get(&octet, rest))
			return false;
		if((uint64_t)(octet & 0x7f) > UINT64_MAX >> shift)
			return false;
		n |= (uint64_t)(octet & 0x7f) << shift;
		if(octet & 0x80)
			continue;
		*out = n;
		return n <= max && (octet != 0 || shift == 0);
	}
	return false;
}

static bool text_get(struct ep_view *out, struct ep_view *rest)
{
	uint64_t n;

	if(!number_get(&n, rest, (uint64_t)rest->len))
		return false;
	*out = ep_view_none();
	if(n == 0)
		return true;
	if(n - 1 > rest->len)
		return false;
	*out = ep_view_head(*rest, (size_t)(n - 1));
	*rest = ep_view_from(*rest, (size_t)(n - 1));
	return true;
}

static bool head_get(struct ep_token_result *out, struct ep_view *rest)
{
	uint64_t index, exp_s, iat_s;
	unsigned form, flags;

	if(!octet_get(&form, rest) || form != FORM || !octet_get(&flags, rest)
			|| flags > FLAGS_MAX || !number_get(&index, rest, SIZE_MAX)
			|| !number_get(&exp_s, rest, (uint64_t)INT64_MAX + 1)
			|| !number_get(&iat_s, rest, (uint64_t)INT64_MAX + 1))
		return false;
	out->anonymous = (flags & FLAG_ANONYMOUS) != 0;
	out->pool = (flags & FLAG_POOL) != 0;
	out->third_party = (flags & FLAG_THIRD_PARTY) != 0;
	out->name_waf = (flags & FLAG_NAME_WAF) != 0;
	out->entity = (enum ep_entity_rule)(flags >> ENTITY_SHIFT);
	out->issuer_index = (size_t)(index - 1);
	out->exp_s = exp_s == 0 ? -1 : (int64_t)(exp_s - 1);
	out->iat_s = iat_s == 0 ? -1 : (int64_t)(iat_s - 1);
	return true;
}

static enum ep_err impus_get(struct ep_token_result *out, struct ep_view *rest,
		struct ep_arena *arena)
{
	uint64_t n;

	if(!number_get(&n, rest, EP_RESULTPACK_IMPUS_MAX))
		return EP_ESYNTAX;
	if(n > rest->len)
		return EP_ESYNTAX;
	out->impus_n = (size_t)n;
	if(n == 0)
		return EP_OK;
	out->impus = ep_arena_array(arena, (size_t)n, sizeof(*out->impus));
	if(out->impus == NULL)
		return EP_ENOMEM;
	for(size_t i = 0; i < n; i++)
		if(!text_get(&out->impus[i], rest))
			return EP_ESYNTAX;
	return EP_OK;
}

enum ep_err ep_token_result_unpack(struct ep_token_result *out,
		struct ep_view packed, struct ep_arena *arena)
{
	struct ep_view rest = packed, v;
	enum ep_err err;

	*out = (struct ep_token_result){.issuer_index = SIZE_MAX};
	if(!head_get(out, &rest))
		return EP_ESYNTAX;
	for(size_t i = 0; i < TEXTS_N; i++) {
		if(!text_get(&v, &rest))
			return EP_ESYNTAX;
		memcpy((char *)out + texts[i], &v, sizeof(v));
	}
	err = impus_get(out, &rest, arena);
	if(err == EP_OK && rest.len != 0)
		err = EP_ESYNTAX;
	return err;
}
