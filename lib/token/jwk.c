/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "token/jwk.h"
#include "token/jws.h"

const struct ep_jwk_limits ep_jwk_limits_default = {64 * 1024, 64};

/* Members of one key; an x5c chain is an array of few long strings. */
#define MEMBERS_MAX 64
/* The set, its keys array, a key, an array in it (key_ops, x5c), and one more
 * for members that mean nothing to us. */
#define DEPTH_MAX 6

static struct ep_view text_of(const struct ep_json *key, const char *name)
{
	const struct ep_json *member = ep_json_get(key, ep_view_z(name));

	if(member == NULL || member->type != EP_JSON_STRING)
		return ep_view_none();
	return member->str;
}

/* RFC 7517 4.2, 4.3: may it verify? */
static bool may_verify(const struct ep_json *key)
{
	const struct ep_json *use = ep_json_get(key, EP_LIT("use"));
	const struct ep_json *ops = ep_json_get(key, EP_LIT("key_ops"));

	if(use != NULL
			&& (use->type != EP_JSON_STRING
					|| !ep_view_eq(use->str, EP_LIT("sig"))))
		return false;
	if(ops == NULL)
		return true;
	for(ops = ops->first; ops != NULL; ops = ops->next)
		if(ops->type == EP_JSON_STRING
				&& ep_view_eq(ops->str, EP_LIT("verify")))
			return true;
	return false;
}

/* The octets of a base64url member; absent if missing or malformed. */
static enum ep_token_cause octets_get(struct ep_view *out,
		const struct ep_json *key, const char *name, struct ep_arena *arena)
{
	struct ep_view text = text_of(key, name);
	size_t cap = text.len / 4 * 3 + 2;
	unsigned char *octets;
	size_t n;

	*out = ep_view_none();
	if(text.p == NULL || text.len == 0)
		return EP_TOKEN_OK;
	octets = ep_arena_get(arena, cap);
	if(octets == NULL)
		return EP_TOKEN_NO_MEMORY;
	if(ep_b64url_decode(octets, cap, &n, text) == EP_OK)
		*out = ep_view_of((const char *)octets, n);
	return EP_TOKEN_OK;
}

static struct ep_view no_zeros(struct ep_view v)
{
	while(v.len > 0 && v.p[0] == '\0')
		v = ep_view_from(v, 1);
	return v.len > 0 ? v : ep_view_none();
}

static enum ep_token_cause parts_get(
		struct ep_jwk *out, const struct ep_json *key, struct ep_arena *arena)
{
	enum ep_token_cause cause;

	if(out->kty == EP_JWK_RSA) {
		cause = octets_get(&out->n, key, "n", arena);
		if(cause == EP_TOKEN_OK)
			cause = octets_get(&out->e, key, "e", arena);
		out->n = no_zeros(out->n);
		out->e = no_zeros(out->e);
		if(out->n.p == NULL || out->e.p == NULL)
			out->state = EP_JWK_BAD;
		return cause;
	}
	cause = octets_get(&out->x, key, "x", arena);
	if(cause == EP_TOKEN_OK && out->kty == EP_JWK_EC)
		cause = octets_get(&out->y, key, "y", arena);
	if(out->x.p == NULL || (out->kty == EP_JWK_EC && out->y.p == NULL))
		out->state = EP_JWK_BAD;
	return cause;
}

static enum ep_jwk_kty kty_of(const struct ep_json *key)
{
	struct ep_view kty = text_of(key, "kty");

	if(ep_view_eq(kty, EP_LIT("EC")))
		return EP_JWK_EC;
	if(ep_view_eq(kty, EP_LIT("RSA")))
		return EP_JWK_RSA;
	if(ep_view_eq(kty, EP_LIT("OKP")))
		return EP_JWK_OKP;
	return EP_JWK_OTHER;
}

static bool is_text_or_absent(const struct ep_json *key, const char *name)
{
	const struct ep_json *member = ep_json_get(key, ep_view_z(name));

	return member == NULL || member->type == EP_JSON_STRING;
}

static enum ep_token_cause key_read(
		struct ep_jwk *out, const struct ep_json *key, struct ep_arena *arena)
{
	*out = (struct ep_jwk){.kty = kty_of(key),
			.kid = text_of(key, "kid"),
			.alg = text_of(key, "alg"),
			.crv = text_of(key, "crv")};
	if(key->type != EP_JSON_OBJECT || !is_text_or_absent(key, "alg")
			|| !is_text_or_absent(key, "kid")
			|| (out->kid.p != NULL && !ep_kid_ok(out->kid))) {
		out->state = EP_JWK_BAD;
		out->kid = ep_view_none();
		return EP_TOKEN_OK;
	}
	if(out->kty == EP_JWK_OTHER) {
		out->state = EP_JWK_KTY;
		return EP_TOKEN_OK;
	}
	if(!may_verify(key)) {
		out->state = EP_JWK_USE;
		return EP_TOKEN_OK;
	}
	return parts_get(out, key, arena);
}

static bool kid_known(const struct ep_jwks *set, struct ep_view kid)
{
	for(size_t i = 0; i < set->n; i++)
		if(kid.p != NULL && ep_view_eq(set->v[i].kid, kid))
			return true;
	return false;
}

static size_t count(const struct ep_json *array)
{
	size_t n = 0;

	for(const struct ep_json *c = array->first; c != NULL; c = c->next)
		n++;
	return n;
}

/* { "keys": [ ... ] }: the array, or NULL. */
static const struct ep_json *keys_of(const struct ep_json *set)
{
	const struct ep_json *keys = ep_json_get(set, EP_LIT("keys"));

	return keys != NULL && keys->type == EP_JSON_ARRAY ? keys : NULL;
}

enum ep_token_cause ep_jwks_parse(struct ep_jwks *out, struct ep_view text,
		const struct ep_jwk_limits *limits, struct ep_arena *arena)
{
	struct ep_json_limits json_limits = {limits->size, DEPTH_MAX,
			limits->keys > MEMBERS_MAX ? limits->keys : MEMBERS_MAX};
	struct ep_jwks set = {0};
	const struct ep_json *root;
	const struct ep_json *keys;
	enum ep_token_cause cause = ep_json_parse(&root, text, &json_limits, arena);

	if(cause != EP_TOKEN_OK)
		return cause;
	keys = keys_of(root);
	if(keys == NULL)
		return EP_TOKEN_JSON_SYNTAX;
	if(count(keys) > limits->keys)
		return EP_TOKEN_JSON_LIMIT;
	set.v = ep_arena_array(arena, count(keys), sizeof(*set.v));
	if(set.v == NULL)
		return EP_TOKEN_NO_MEMORY;
	for(const struct ep_json *key = keys->first; key; key = key->next) {
		struct ep_jwk *jwk = &set.v[set.n];

		cause = key_read(jwk, key, arena);
		if(cause != EP_TOKEN_OK)
			return cause;
		if(kid_known(&set, jwk->kid))
			jwk->state = EP_JWK_REPEATED;
		if(jwk->state != EP_JWK_USABLE)
			set.unusable_n++;
		set.n++;
	}
	*out = set;
	return EP_TOKEN_OK;
}
