/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/accept.h"
#include "token/introspect.h"
#include "base/sipuri.h"
#include "token/signed.h"

/* --- the question --- */

/* Where encoded octets go: as they are, or through base64 (RFC 4648 4, with
 * padding), so that a secret needs no memory of its own. */
struct sink
{
	struct ep_buf *out;
	bool base64;
	uint32_t bits;
	unsigned n; /* octets in `bits` */
};

static void base64_flush(struct sink *sink)
{
	static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = sink->bits << 8 * (3 - sink->n);

	if(sink->n == 0)
		return;
	for(unsigned i = 0; i < 4; i++)
		ep_buf_put_chr(sink->out,
				i <= sink->n ? digits[bits >> (18 - 6 * i) & 63] : '=');
	sink->bits = 0;
	sink->n = 0;
}

static void sink_put(struct sink *sink, char c)
{
	if(!sink->base64) {
		ep_buf_put_chr(sink->out, c);
		return;
	}
	sink->bits = sink->bits << 8 | (unsigned char)c;
	if(++sink->n == 3)
		base64_flush(sink);
}

/* RFC 6749 appendix B: what HTML's form encoding leaves alone. */
static bool is_plain(char c)
{
	return ep_chr_is_alnum(c) || (c != '\0' && strchr("*-._", c) != NULL);
}

static void form_put(struct sink *sink, struct ep_view v)
{
	static const char hex[] = "0123456789ABCDEF";

	for(size_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if(is_plain(v.p[i])) {
			sink_put(sink, v.p[i]);
		} else if(c == ' ') {
			sink_put(sink, '+');
		} else {
			sink_put(sink, '%');
			sink_put(sink, hex[c >> 4]);
			sink_put(sink, hex[c & 15]);
		}
	}
}

static void field_put(struct ep_buf *out, const char *name, struct ep_view v)
{
	struct sink sink = {.out = out};

	ep_buf_put_z(out, name);
	form_put(&sink, v);
}

enum ep_err ep_introspect_request_print(struct ep_buf *out,
		const struct ep_issuer *issuer, struct ep_view secret,
		struct ep_view token)
{
	field_put(out, "token=", token);
	ep_buf_put_z(out, "&token_type_hint=access_token");
	if(issuer->introspect_auth == EP_INTROSPECT_POST
			&& issuer->introspect_client.p != NULL) {
		field_put(out, "&client_id=", issuer->introspect_client);
		field_put(out, "&client_secret=", secret);
	}
	return out->overflow ? EP_ENOSPC : EP_OK;
}

enum ep_err ep_introspect_basic_print(struct ep_buf *out,
		const struct ep_issuer *issuer, struct ep_view secret)
{
	struct sink sink = {.out = out, .base64 = true};

	if(issuer->introspect_auth != EP_INTROSPECT_BASIC
			|| issuer->introspect_client.p == NULL)
		return EP_ENOENT;
	ep_buf_put_z(out, "Basic ");
	form_put(&sink, issuer->introspect_client);
	sink_put(&sink, ':');
	form_put(&sink, secret);
	base64_flush(&sink);
	return out->overflow ? EP_ENOSPC : EP_OK;
}

/* --- the answer --- */

/* Faults of whoever wrote the answer, not of the token. */
static enum ep_token_cause answer_cause(enum ep_token_cause cause)
{
	switch(cause) {
		case EP_TOKEN_JSON_SYNTAX:
		case EP_TOKEN_JSON_DUPLICATE:
		case EP_TOKEN_JSON_LIMIT:
		case EP_TOKEN_JSON_TEXT:
		case EP_TOKEN_CLAIM_TYPE:
		case EP_TOKEN_TIME_TYPE:
			return EP_TOKEN_INTROSPECT_ANSWER;
		default:
			return cause;
	}
}

static enum ep_token_cause answer_read(const struct ep_json **out,
		struct ep_view answer, struct ep_arena *arena)
{
	static const struct ep_json_limits limits = {EP_INTROSPECT_ANSWER_MAX,
			EP_PAYLOAD_DEPTH, EP_PAYLOAD_MEMBERS, EP_PAYLOAD_ELEMENTS};
	struct ep_view text;

	if(answer.p == NULL || answer.len > limits.size)
		return EP_TOKEN_INTROSPECT_ANSWER;
	text = ep_arena_copy(arena, answer);
	if(text.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	return answer_cause(ep_json_parse(out, text, &limits, arena));
}

/* RFC 7662 2.2: `active` is REQUIRED, and a boolean. */
static enum ep_token_cause active_check(const struct ep_json *said)
{
	const struct ep_json *active = ep_json_get(said, EP_LIT("active"));

	if(active == NULL)
		return EP_TOKEN_INTROSPECT_ANSWER;
	if(active->type == EP_JSON_FALSE)
		return EP_TOKEN_INACTIVE;
	return active->type == EP_JSON_TRUE ? EP_TOKEN_OK
										: EP_TOKEN_INTROSPECT_ANSWER;
}

/* RFC 7662 2.2: token_type is that of RFC 6749 5.1. Some write what the token
 * is for there, or into token_use: it has to be an access token. */
static enum ep_token_cause kind_check(const struct ep_json *said)
{
	struct ep_view type;
	struct ep_view use;
	enum ep_token_cause cause = ep_json_text(&type, said, EP_LIT("token_type"));

	if(cause == EP_TOKEN_OK)
		cause = ep_json_text(&use, said, EP_LIT("token_use"));
	if(cause != EP_TOKEN_OK)
		return EP_TOKEN_INTROSPECT_ANSWER;
	if(type.p != NULL && !ep_view_ieq(type, EP_LIT("Bearer"))
			&& !ep_view_eq(type, EP_LIT("access_token")))
		return EP_TOKEN_TYP_REFUSED;
	if(use.p != NULL && !ep_view_eq(use, EP_LIT("access_token")))
		return EP_TOKEN_TYP_REFUSED;
	return EP_TOKEN_OK;
}

static enum ep_token_cause issuer_check(
		const struct ep_json *said, const struct ep_issuer *issuer)
{
	struct ep_view iss;

	if(ep_json_text(&iss, said, EP_LIT("iss")) != EP_TOKEN_OK)
		return EP_TOKEN_INTROSPECT_ANSWER;
	return iss.p == NULL || ep_view_eq(iss, issuer->iss)
				   ? EP_TOKEN_OK
				   : EP_TOKEN_ISSUER_UNKNOWN;
}

/* An answer that says: active, an access token, of this issuer. */
static enum ep_token_cause active_read(const struct ep_json **said,
		const struct ep_issuer *issuer, struct ep_view answer,
		struct ep_arena *arena)
{
	enum ep_token_cause cause = answer_read(said, answer, arena);

	if(cause == EP_TOKEN_OK)
		cause = active_check(*said);
	if(cause == EP_TOKEN_OK)
		cause = issuer_check(*said, issuer);
	return cause == EP_TOKEN_OK ? kind_check(*said) : cause;
}

/* What an answer may leave out and a JWT may not, put before what it says. */
struct completed
{
	struct ep_json object;
	struct ep_json iss;
	struct ep_json exp;
};

static const struct ep_json *complete(struct completed *c,
		const struct ep_json *said, const struct ep_issuer *issuer,
		int64_t now_s)
{
	c->object = *said;
	c->iss = (struct ep_json){
			.type = EP_JSON_STRING, .name = EP_LIT("iss"), .str = issuer->iss};
	c->exp = (struct ep_json){.type = EP_JSON_INT,
			.name = EP_LIT("exp"),
			.num = now_s + issuer->introspect_cache_s};
	if(ep_json_get(said, EP_LIT("iss")) == NULL) {
		c->iss.next = c->object.first;
		c->object.first = &c->iss;
	}
	if(ep_json_get(said, EP_LIT("exp")) == NULL) {
		c->exp.next = c->object.first;
		c->object.first = &c->exp;
	}
	return &c->object;
}

static enum ep_token_cause active_accept(struct ep_token_result *out,
		struct ep_accept *what, struct ep_arena *arena)
{
	struct completed completed;

	what->claims = complete(&completed, what->said, what->issuer, what->now_s);
	return answer_cause(ep_accept(out, what, arena));
}

enum ep_token_cause ep_introspect_decide(struct ep_token_result *out,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer,
		struct ep_view answer, struct ep_view conn_wwsf, int64_t now_s,
		struct ep_arena *arena)
{
	struct ep_accept what = {.policy = policy,
			.issuer = issuer,
			.is_answer = true,
			.conn_wwsf = conn_wwsf,
			.now_s = now_s};
	enum ep_token_cause cause;

	*out = (struct ep_token_result){.issuer_index = issuer->index, .iat_s = -1};
	out->issuer = ep_arena_copy(arena, issuer->name);
	if(out->issuer.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = active_read(&what.said, issuer, answer, arena);
	if(cause == EP_TOKEN_OK)
		cause = active_accept(out, &what, arena);
	return cause;
}

/* --- the answer about a JWT that is good --- */

struct confirm
{
	struct ep_token_result *token;
	const struct ep_issuer *issuer;
	const struct ep_json *said;
	struct ep_claims claims; /* of `said` */
	struct ep_view sid;
	int64_t now_s;
};

static bool differs(struct ep_view said, struct ep_view ours)
{
	return said.p != NULL && !ep_view_eq(said, ours);
}

/* What the token does not say, the answer may. */
static bool contradicts(struct ep_view said, struct ep_view ours)
{
	return ours.p != NULL && differs(said, ours);
}

/* A token for no user is not made one for somebody here. */
static enum ep_token_cause subject_confirm(const struct confirm *c)
{
	const struct ep_token_result *token = c->token;

	if(differs(c->claims.sub, token->sub)
			|| contradicts(c->claims.client_id, token->client_id)
			|| contradicts(c->claims.jti, token->jti)
			|| contradicts(c->sid, token->sid)
			|| differs(c->claims.wwsf, token->wwsf))
		return EP_TOKEN_INTROSPECT_ANSWER;
	return differs(c->claims.waf, c->issuer->waf) ? EP_TOKEN_WAF_WRONG
												  : EP_TOKEN_OK;
}

static enum ep_token_cause time_confirm(struct confirm *c)
{
	struct ep_token_result *token = c->token;

	if(token->exp_s > c->claims.exp_s)
		token->exp_s = c->claims.exp_s;
	c->claims.exp_s = token->exp_s;
	c->claims.iat_s = token->iat_s >= 0 ? token->iat_s : c->now_s;
	return ep_policy_time_check(c->issuer, &c->claims, c->now_s);
}

static bool says_scope(const struct confirm *c)
{
	if(c->issuer->claim_scope.p != NULL)
		return ep_json_get(c->said, c->issuer->claim_scope) != NULL;
	return ep_json_get(c->said, EP_LIT("scope")) != NULL
		   || ep_json_get(c->said, EP_LIT("scp")) != NULL;
}

static enum ep_token_cause rights_confirm(const struct confirm *c)
{
	if(ep_json_get(c->said, EP_LIT("aud")) != NULL
			&& !ep_policy_aud_ok(c->issuer, &c->claims.aud))
		return EP_TOKEN_AUDIENCE_WRONG;
	if(says_scope(c) && !ep_policy_scope_has(c->claims.scope, c->issuer->scope))
		return EP_TOKEN_SCOPE_TOO_SMALL;
	if(c->issuer->cnf == EP_CNF_REFUSE
			&& ep_json_get(c->said, EP_LIT("cnf")) != NULL)
		return EP_TOKEN_CONFIRMATION;
	return EP_TOKEN_OK;
}

static bool says_impu(const struct confirm *c, struct ep_view impu)
{
	for(size_t i = 0; i < c->claims.impus.n; i++)
		if(ep_impu_eq(c->claims.impus.v[i], impu))
			return true;
	return false;
}

/* Identities of which the answer does not say enough are not asked for. */
static enum ep_token_cause identities_said(
		struct confirm *c, struct ep_arena *arena)
{
	const struct ep_map *map = c->issuer->map;
	enum ep_token_cause cause;

	if(map != NULL && map->table.p != NULL
			&& ep_json_get(c->said, map->key) == NULL)
		return EP_TOKEN_OK;
	cause = ep_claims_identities(&c->claims, c->issuer, arena);
	if(cause != EP_TOKEN_MAPPING_MISSING || map == NULL || map->table.p != NULL)
		return cause;
	c->claims.impus.n = 0;
	return EP_TOKEN_OK;
}

static enum ep_token_cause identities_confirm(
		struct confirm *c, struct ep_arena *arena)
{
	struct ep_token_result *token = c->token;
	enum ep_token_cause cause = identities_said(c, arena);
	size_t n = 0;

	if(cause != EP_TOKEN_OK)
		return cause;
	if(differs(c->claims.impi, token->impi))
		return EP_TOKEN_INTROSPECT_ANSWER;
	if(c->claims.impus.n == 0)
		return EP_TOKEN_OK;
	for(size_t i = 0; i < token->impus_n; i++)
		if(says_impu(c, token->impus[i]))
			token->impus[n++] = token->impus[i];
	token->impus_n = n;
	return n > 0 ? EP_TOKEN_OK : EP_TOKEN_INTROSPECT_ANSWER;
}

static enum ep_token_cause said_decode(
		struct confirm *c, struct ep_arena *arena)
{
	struct completed completed;
	enum ep_token_cause cause = ep_claims_decode(&c->claims,
			complete(&completed, c->said, c->issuer, c->now_s), c->issuer,
			arena);

	c->claims.all = c->said;
	if(ep_json_get(c->said, EP_LIT("exp")) == NULL)
		c->claims.exp_s = c->token->exp_s;
	return cause == EP_TOKEN_OK ? ep_json_text(&c->sid, c->said, EP_LIT("sid"))
								: cause;
}

static enum ep_token_cause said_confirm(
		struct confirm *c, struct ep_arena *arena)
{
	enum ep_token_cause cause = said_decode(c, arena);

	if(cause == EP_TOKEN_OK)
		cause = time_confirm(c);
	if(cause == EP_TOKEN_OK)
		cause = rights_confirm(c);
	if(cause == EP_TOKEN_OK)
		cause = subject_confirm(c);
	if(cause == EP_TOKEN_OK)
		cause = identities_confirm(c, arena);
	return answer_cause(cause);
}

enum ep_token_cause ep_introspect_confirm(struct ep_token_result *token,
		const struct ep_issuer *issuer, struct ep_view answer, int64_t now_s,
		struct ep_arena *arena)
{
	struct confirm c = {.token = token, .issuer = issuer, .now_s = now_s};
	enum ep_token_cause cause = active_read(&c.said, issuer, answer, arena);

	if(cause == EP_TOKEN_OK)
		cause = said_confirm(&c, arena);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(token->jti.p == NULL)
		token->jti = c.claims.jti;
	if(token->sid.p == NULL)
		token->sid = c.sid;
	return EP_TOKEN_OK;
}
