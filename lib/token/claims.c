/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/claims.h"
#include "token/maptable.h"

/* No control characters: they would reach headers and logs. */
static bool text_ok(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return false;
	return true;
}

static enum ep_token_cause text_take(
		struct ep_view *out, const struct ep_json *value)
{
	if(value->type != EP_JSON_STRING)
		return EP_TOKEN_CLAIM_TYPE;
	if(value->str.len == 0 || !text_ok(value->str))
		return EP_TOKEN_CLAIM_VALUE;
	*out = value->str;
	return EP_TOKEN_OK;
}

/* The string claim `name`; untouched if there is none, or no such name. */
static enum ep_token_cause text_get(
		struct ep_view *out, const struct ep_json *all, struct ep_view name)
{
	const struct ep_json *claim =
			name.p != NULL ? ep_json_get(all, name) : NULL;

	return claim != NULL ? text_take(out, claim) : EP_TOKEN_OK;
}

/* A string or an array of strings; untouched if there is none. */
static enum ep_token_cause list_get(struct ep_claim_list *out,
		const struct ep_json *claim, struct ep_arena *arena)
{
	const struct ep_json *item = claim;
	size_t n = 1;

	if(claim == NULL)
		return EP_TOKEN_OK;
	if(claim->type == EP_JSON_ARRAY) {
		item = claim->first;
		n = 0;
		for(const struct ep_json *i = item; i != NULL; i = i->next)
			n++;
	}
	if(n > EP_CLAIM_LIST_MAX)
		return EP_TOKEN_JSON_LIMIT;
	out->v = ep_arena_array(arena, n, sizeof(*out->v));
	if(out->v == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(; out->n < n; item = item->next, out->n++) {
		enum ep_token_cause cause = text_take(&out->v[out->n], item);

		if(cause != EP_TOKEN_OK)
			return cause;
	}
	return EP_TOKEN_OK;
}

/* RFC 7519 2: NumericDate; here whole seconds since 1970 only. */
static enum ep_token_cause time_get(
		int64_t *out, const struct ep_json *all, struct ep_view name)
{
	const struct ep_json *claim = ep_json_get(all, name);

	*out = -1;
	if(claim == NULL)
		return EP_TOKEN_OK;
	if(claim->type != EP_JSON_INT || claim->num < 0)
		return EP_TOKEN_TIME_TYPE;
	*out = claim->num;
	return EP_TOKEN_OK;
}

static enum ep_token_cause times_get(
		struct ep_claims *out, const struct ep_json *all)
{
	enum ep_token_cause cause = time_get(&out->exp_s, all, EP_LIT("exp"));

	if(cause == EP_TOKEN_OK)
		cause = time_get(&out->nbf_s, all, EP_LIT("nbf"));
	if(cause == EP_TOKEN_OK)
		cause = time_get(&out->iat_s, all, EP_LIT("iat"));
	return cause;
}

/* RFC 8693 4.2: scope is one string of words; `scp` is an array of words, or
 * such a string, depending on the WAF. */
static enum ep_token_cause scope_get(struct ep_claims *out,
		const struct ep_json *all, const struct ep_issuer *issuer,
		struct ep_arena *arena)
{
	const struct ep_json *claim = ep_json_get(
			all, issuer->claim_scope.p ? issuer->claim_scope : EP_LIT("scope"));
	struct ep_claim_list words = {0};
	struct ep_view *parts;
	enum ep_token_cause cause;

	if(claim == NULL && issuer->claim_scope.p == NULL)
		claim = ep_json_get(all, EP_LIT("scp"));
	if(claim != NULL && claim->type == EP_JSON_STRING && claim->str.len == 0)
		return EP_TOKEN_OK; /* no scope, said with an empty string */
	cause = list_get(&words, claim, arena);
	if(cause != EP_TOKEN_OK || words.n == 0)
		return cause;
	if(words.n == 1) {
		out->scope = words.v[0];
		return EP_TOKEN_OK;
	}
	parts = ep_arena_array(arena, words.n * 2, sizeof(*parts));
	if(parts == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(size_t i = 0; i < words.n; i++) {
		if(ep_view_find_chr(words.v[i], ' ') != SIZE_MAX)
			return EP_TOKEN_CLAIM_VALUE;
		parts[2 * i] = words.v[i];
		parts[2 * i + 1] = EP_LIT(" ");
	}
	out->scope = ep_arena_join(arena, parts, words.n * 2 - 1);
	return out->scope.p != NULL ? EP_TOKEN_OK : EP_TOKEN_NO_MEMORY;
}

static enum ep_token_cause client_get(struct ep_claims *out,
		const struct ep_json *all, const struct ep_issuer *issuer)
{
	enum ep_token_cause cause;

	if(issuer->claim_client.p != NULL)
		return text_get(&out->client_id, all, issuer->claim_client);
	cause = text_get(&out->client_id, all, EP_LIT("client_id"));
	if(cause == EP_TOKEN_OK && out->client_id.p == NULL)
		cause = text_get(&out->client_id, all, EP_LIT("azp"));
	if(cause == EP_TOKEN_OK && out->client_id.p == NULL)
		cause = text_get(&out->client_id, all, EP_LIT("appid"));
	return cause;
}

static enum ep_token_cause impus_expand(
		struct ep_claims *out, const struct ep_map *map, struct ep_arena *arena)
{
	out->impus.v = ep_arena_array(arena, map->impus_n, sizeof(*out->impus.v));
	if(out->impus.v == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(; out->impus.n < map->impus_n; out->impus.n++) {
		enum ep_token_cause cause =
				ep_template_expand(&out->impus.v[out->impus.n],
						&map->impus[out->impus.n], out->all, arena);

		if(cause != EP_TOKEN_OK)
			return cause;
	}
	return EP_TOKEN_OK;
}

/* Copies: the table may go with the next reload. */
static enum ep_token_cause row_take(struct ep_claims *out,
		const struct ep_map_row *row, struct ep_arena *arena)
{
	out->impi = ep_arena_copy(arena, row->impi);
	out->impus.v = ep_arena_array(arena, row->impus_n, sizeof(*out->impus.v));
	if(out->impi.p == NULL || out->impus.v == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(; out->impus.n < row->impus_n; out->impus.n++) {
		struct ep_view copy = ep_arena_copy(arena, row->impus[out->impus.n]);

		if(copy.p == NULL)
			return EP_TOKEN_NO_MEMORY;
		out->impus.v[out->impus.n] = copy;
	}
	return EP_TOKEN_OK;
}

static enum ep_token_cause table_find(
		struct ep_claims *out, const struct ep_map *map, struct ep_arena *arena)
{
	struct ep_view key = ep_view_none();
	struct ep_map_row row;
	enum ep_token_cause cause = text_get(&key, out->all, map->key);

	if(cause == EP_TOKEN_OK && key.p == NULL)
		cause = EP_TOKEN_MAPPING_MISSING;
	if(cause != EP_TOKEN_OK)
		return cause;
	if(map->content == NULL)
		return EP_TOKEN_NO_MEMORY; /* our fault, not the token's */
	if(ep_maptable_find(&row, map->content, key) != EP_OK)
		return EP_TOKEN_MAPPING_MISSING;
	return row_take(out, &row, arena);
}

enum ep_token_cause ep_claims_identities(struct ep_claims *out,
		const struct ep_issuer *issuer, struct ep_arena *arena)
{
	enum ep_token_cause cause;

	if(issuer->map != NULL && issuer->map->table.p != NULL)
		return table_find(out, issuer->map, arena);
	if(issuer->map != NULL) {
		cause = ep_template_expand(
				&out->impi, &issuer->map->impi, out->all, arena);
		return cause == EP_TOKEN_OK ? impus_expand(out, issuer->map, arena)
									: cause;
	}
	cause = text_get(&out->impi, out->all, issuer->claim_impi);
	if(cause == EP_TOKEN_OK)
		cause = list_get(
				&out->impus, ep_json_get(out->all, issuer->claim_impu), arena);
	return cause == EP_TOKEN_JSON_LIMIT ? EP_TOKEN_IMPU_TOO_MANY : cause;
}

enum ep_token_cause ep_claims_iss(
		struct ep_view *iss, const struct ep_json *payload)
{
	const struct ep_json *claim = ep_json_get(payload, EP_LIT("iss"));

	if(claim == NULL)
		return EP_TOKEN_ISSUER_MISSING;
	if(claim->type != EP_JSON_STRING)
		return EP_TOKEN_CLAIM_TYPE;
	*iss = claim->str;
	return EP_TOKEN_OK;
}

enum ep_token_cause ep_claims_decode(struct ep_claims *out,
		const struct ep_json *payload, const struct ep_issuer *issuer,
		struct ep_arena *arena)
{
	enum ep_token_cause cause;

	*out = (struct ep_claims){.all = payload};
	cause = ep_claims_iss(&out->iss, payload);
	if(cause == EP_TOKEN_OK)
		cause = times_get(out, payload);
	if(cause == EP_TOKEN_OK)
		cause = text_get(&out->sub, payload, EP_LIT("sub"));
	if(cause == EP_TOKEN_OK)
		cause = text_get(&out->jti, payload, EP_LIT("jti"));
	if(cause == EP_TOKEN_OK)
		cause = text_get(&out->wwsf, payload, issuer->claim_wwsf);
	if(cause == EP_TOKEN_OK)
		cause = text_get(&out->waf, payload, issuer->claim_waf);
	if(cause == EP_TOKEN_OK)
		cause = client_get(out, payload, issuer);
	if(cause == EP_TOKEN_OK)
		cause = list_get(&out->aud, ep_json_get(payload, EP_LIT("aud")), arena);
	if(cause == EP_TOKEN_OK)
		cause = scope_get(out, payload, issuer, arena);
	return cause;
}
