/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/logout.h"
#include "token/signed.h"

#define EVENT "http://schemas.openid.net/event/backchannel-logout"

/* 2.4: SHOULD be logout+jwt; RFC 8725 3.11. */
static bool typ_ok(struct ep_view typ)
{
	if(ep_view_istarts(typ, EP_LIT("application/")))
		typ = ep_view_from(typ, 12);
	return typ.p == NULL || ep_view_ieq(typ, EP_LIT("JWT"))
		   || ep_view_ieq(typ, EP_LIT("logout+jwt"));
}

/* 2.6: the member whose name is the event, with a JSON object as its value;
 * and no nonce, so that an ID token cannot be used as a log-out token. */
static enum ep_token_cause kind_check(const struct ep_json *payload)
{
	const struct ep_json *events = ep_json_get(payload, EP_LIT("events"));
	const struct ep_json *event = ep_json_get(events, EP_LIT(EVENT));

	if(ep_json_get(payload, EP_LIT("nonce")) != NULL)
		return EP_TOKEN_TYP_REFUSED;
	if(events == NULL)
		return EP_TOKEN_CLAIM_MISSING;
	if(events->type != EP_JSON_OBJECT)
		return EP_TOKEN_CLAIM_TYPE;
	if(event == NULL)
		return EP_TOKEN_TYP_REFUSED;
	return event->type == EP_JSON_OBJECT ? EP_TOKEN_OK : EP_TOKEN_CLAIM_TYPE;
}

/* A string, or an array of strings of which one is ours (RFC 7519 4.1.3). */
static enum ep_token_cause audience_check(
		const struct ep_json *payload, const struct ep_strlist *ours)
{
	const struct ep_json *aud = ep_json_get(payload, EP_LIT("aud"));
	bool found = false;

	if(aud == NULL)
		return EP_TOKEN_AUDIENCE_WRONG;
	if(aud->type == EP_JSON_STRING)
		return ep_strlist_has(ours, aud->str) ? EP_TOKEN_OK
											  : EP_TOKEN_AUDIENCE_WRONG;
	if(aud->type != EP_JSON_ARRAY)
		return EP_TOKEN_CLAIM_TYPE;
	for(aud = aud->first; aud != NULL; aud = aud->next) {
		if(aud->type != EP_JSON_STRING)
			return EP_TOKEN_CLAIM_TYPE;
		found = found || ep_strlist_has(ours, aud->str);
	}
	return found ? EP_TOKEN_OK : EP_TOKEN_AUDIENCE_WRONG;
}

/* *out: -1 if there is none. */
static enum ep_token_cause time_get(
		int64_t *out, const struct ep_json *payload, struct ep_view name)
{
	const struct ep_json *claim = ep_json_get(payload, name);

	*out = claim != NULL ? claim->num : -1;
	if(claim != NULL && (claim->type != EP_JSON_INT || claim->num < 0))
		return EP_TOKEN_TIME_TYPE;
	return EP_TOKEN_OK;
}

/* 2.6: iat as in an ID token. exp is REQUIRED since the final text, and not
 * written by some who follow a draft; the age limits those. */
static enum ep_token_cause time_check(struct ep_logout *out,
		const struct ep_json *payload, int64_t skew_s, int64_t now_s)
{
	enum ep_token_cause cause = time_get(&out->iat_s, payload, EP_LIT("iat"));

	if(cause == EP_TOKEN_OK)
		cause = time_get(&out->exp_s, payload, EP_LIT("exp"));
	if(cause != EP_TOKEN_OK)
		return cause;
	if(out->iat_s < 0)
		return EP_TOKEN_IAT_MISSING;
	if(out->iat_s > now_s + skew_s)
		return EP_TOKEN_ISSUED_IN_FUTURE;
	if(out->exp_s < 0 || out->exp_s > out->iat_s + EP_LOGOUT_AGE_MAX_S)
		out->exp_s = out->iat_s + EP_LOGOUT_AGE_MAX_S;
	out->exp_s += skew_s;
	return now_s < out->exp_s ? EP_TOKEN_OK : EP_TOKEN_EXPIRED;
}

static enum ep_token_cause subject_get(
		struct ep_logout *out, const struct ep_json *payload)
{
	enum ep_token_cause cause = ep_json_text(&out->sub, payload, EP_LIT("sub"));

	if(cause == EP_TOKEN_OK)
		cause = ep_json_text(&out->sid, payload, EP_LIT("sid"));
	if(cause == EP_TOKEN_OK)
		cause = ep_json_text(&out->jti, payload, EP_LIT("jti"));
	if(cause != EP_TOKEN_OK)
		return cause;
	if(out->jti.p == NULL || (out->sub.p == NULL && out->sid.p == NULL))
		return EP_TOKEN_CLAIM_MISSING;
	return EP_TOKEN_OK;
}

enum ep_token_cause ep_logout_verify(struct ep_logout *out,
		const struct ep_token_policy *policy, const struct ep_keyring *keyring,
		struct ep_view token, int64_t now_s, struct ep_arena *arena)
{
	struct ep_signed jwt;
	enum ep_token_cause cause;

	*out = (struct ep_logout){.issuer_index = SIZE_MAX};
	if(token.p == NULL || token.len == 0)
		return EP_TOKEN_ABSENT;
	cause = ep_signed_read(&jwt, policy, token, arena);
	if(cause != EP_TOKEN_OK)
		return cause;
	out->issuer_index = jwt.issuer->index;
	out->kid = jwt.jws.kid;
	out->issuer = ep_arena_copy(arena, jwt.issuer->name);
	if(out->issuer.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = ep_signed_check(&jwt, typ_ok(jwt.jws.typ), keyring, NULL);
	if(cause == EP_TOKEN_OK)
		cause = kind_check(jwt.payload);
	if(cause == EP_TOKEN_OK)
		cause = audience_check(jwt.payload, &jwt.issuer->logout_aud);
	if(cause == EP_TOKEN_OK)
		cause = time_check(out, jwt.payload, jwt.issuer->skew_s, now_s);
	if(cause == EP_TOKEN_OK)
		cause = subject_get(out, jwt.payload);
	return cause;
}
