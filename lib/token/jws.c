/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "token/jws.h"

/* A protected header is a handful of short members. */
static const struct ep_json_limits header_limits = {2048, 3, 16};

bool ep_kid_ok(struct ep_view kid)
{
	static const char marks[] = "-._~+/=:@#";

	if(kid.len == 0 || kid.len > EP_KID_MAX || kid.p[0] == '/')
		return false;
	return ep_view_only(kid, marks)
		   && ep_view_find(kid, EP_LIT("..")) == SIZE_MAX;
}

/* Header parameters that end it all, whatever their value. */
static const struct
{
	const char *name;
	enum ep_token_cause cause;
} refused_params[] = {
		{"jku", EP_TOKEN_HEADER_KEY},
		{"jwk", EP_TOKEN_HEADER_KEY},
		{"x5u", EP_TOKEN_HEADER_KEY},
		{"x5c", EP_TOKEN_HEADER_KEY},
		{"crit", EP_TOKEN_HEADER_CRIT},
		{"b64", EP_TOKEN_HEADER_B64},
		{"zip", EP_TOKEN_HEADER_ZIP},
		{"cty", EP_TOKEN_HEADER_NESTED},
};

static enum ep_token_cause params_refuse(const struct ep_json *header)
{
	size_t n = sizeof(refused_params) / sizeof(refused_params[0]);

	/* By row, not by member: of two refused ones the table's order decides,
	 * so `crit: ["b64"]` is HEADER_CRIT wherever b64 stands. */
	for(size_t i = 0; i < n; i++)
		if(ep_json_get(header, ep_view_z(refused_params[i].name)) != NULL)
			return refused_params[i].cause;
	return EP_TOKEN_OK;
}

/* A string, absent if there is none. */
static enum ep_token_cause param_get(
		struct ep_view *out, const struct ep_json *header, struct ep_view name)
{
	const struct ep_json *param = ep_json_get(header, name);

	*out = ep_view_none();
	if(param == NULL)
		return EP_TOKEN_OK;
	if(param->type != EP_JSON_STRING)
		return EP_TOKEN_HEADER_TYPE;
	*out = param->str;
	return EP_TOKEN_OK;
}

/* Kinds that no key of ours can ever have (RFC 8725 3.1, 3.2). */
static enum ep_token_cause alg_check(struct ep_view alg)
{
	if(alg.p == NULL || alg.len == 0)
		return EP_TOKEN_ALG_MISSING;
	if(ep_view_ieq(alg, EP_LIT("none")))
		return EP_TOKEN_ALG_NONE;
	if(ep_view_istarts(alg, EP_LIT("HS")))
		return EP_TOKEN_ALG_MAC;
	return EP_TOKEN_OK;
}

static enum ep_token_cause header_read(
		struct ep_jws *out, const struct ep_json *header)
{
	enum ep_token_cause cause;

	if(header->type != EP_JSON_OBJECT)
		return EP_TOKEN_JSON_SYNTAX;
	cause = params_refuse(header);
	if(cause == EP_TOKEN_OK)
		cause = param_get(&out->alg, header, EP_LIT("alg"));
	if(cause == EP_TOKEN_OK)
		cause = param_get(&out->kid, header, EP_LIT("kid"));
	if(cause == EP_TOKEN_OK)
		cause = param_get(&out->typ, header, EP_LIT("typ"));
	if(cause == EP_TOKEN_OK)
		cause = alg_check(out->alg);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(out->kid.p == NULL)
		return EP_TOKEN_KID_MISSING;
	return ep_kid_ok(out->kid) ? EP_TOKEN_OK : EP_TOKEN_KID_INVALID;
}

static enum ep_token_cause part_decode(
		struct ep_view *out, struct ep_view part, struct ep_arena *arena)
{
	size_t cap = part.len / 4 * 3 + 2;
	unsigned char *octets = ep_arena_get(arena, cap);
	size_t n = 0;

	if(octets == NULL)
		return EP_TOKEN_NO_MEMORY;
	if(ep_b64url_decode(octets, cap, &n, part) != EP_OK)
		return EP_TOKEN_BASE64;
	*out = ep_view_of((const char *)octets, n);
	return EP_TOKEN_OK;
}

/* Cuts `token` at its two dots. */
static enum ep_token_cause parts_split(
		struct ep_view parts[3], struct ep_view token)
{
	struct ep_view rest = token;
	size_t n = 0;

	while(rest.p != NULL) {
		struct ep_view part = ep_view_cut(&rest, '.');

		if(n < 3)
			parts[n] = part;
		n++;
	}
	if(n == 5)
		return EP_TOKEN_ENCRYPTED;
	if(n != 3 || parts[0].len == 0 || parts[1].len == 0)
		return EP_TOKEN_PARTS;
	/* An empty signature is looked at behind the header, which may say that
	 * there is none (RFC 7515 A.5). */
	return EP_TOKEN_OK;
}

enum ep_token_cause ep_jws_parse(struct ep_jws *out, struct ep_view token,
		size_t max_len, struct ep_arena *arena)
{
	struct ep_view parts[3];
	struct ep_view text;
	const struct ep_json *header;
	enum ep_token_cause cause;

	if(token.len > max_len)
		return EP_TOKEN_TOO_LONG;
	cause = parts_split(parts, token);
	if(cause == EP_TOKEN_OK)
		cause = part_decode(&text, parts[0], arena);
	if(cause == EP_TOKEN_OK)
		cause = ep_json_parse(&header, text, &header_limits, arena);
	if(cause == EP_TOKEN_OK)
		cause = header_read(out, header);
	if(cause == EP_TOKEN_OK)
		cause = part_decode(&out->payload, parts[1], arena);
	if(cause == EP_TOKEN_OK && parts[2].len == 0)
		cause = EP_TOKEN_SIGNATURE_FORM;
	if(cause == EP_TOKEN_OK)
		cause = part_decode(&out->signature, parts[2], arena);
	if(cause != EP_TOKEN_OK)
		return cause;
	out->signing_input =
			ep_view_head(token, (size_t)(parts[2].p - token.p) - 1);
	return EP_TOKEN_OK;
}
