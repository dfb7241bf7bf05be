/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/data_lump_rpl.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/parser/parse_content.h"
#include "core/timer.h"
#include "modules/xhttp/api.h"

#include "common/mem.h"
#include "common/msg.h"
#include "common/ret.h"
#include "common/view.h"
#include "token/form.h"
#include "token/logout.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/keystore.h"
#include "webrtc_auth/logout.h"
#include "webrtc_auth/logoutkeep.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"
#include "webrtc_auth/revoke.h"
#include "webrtc_auth/script.h"
#include "webrtc_auth/worker.h"

/* How long a token waits for its key: until the next fetch may begin, and then
 * for that. */
#define KEEP_S 10

static xhttp_api_t xhttp;
static bool has_xhttp;

/* Signatures cost: so many requests a second are looked at, on this node. */
static struct
{
	gen_lock_t lock;
	ticks_t second;
	int n;
	int bad_n; /* of addresses with too many failures */
} * rate;

int ep_logout_init(void)
{
	rate = shm_malloc(sizeof(*rate));
	if(rate == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(rate, 0, sizeof(*rate));
	lock_init(&rate->lock);
	if(ep_logout_keep_init() != 0)
		return -1;
	if(find_export("bind_xhttp", 0, 0) != NULL)
		has_xhttp = xhttp_load_api(&xhttp) == 0;
	return 0;
}

void ep_logout_fini(void)
{
	ep_logout_keep_fini();
	if(rate != NULL)
		shm_free(rate);
	rate = NULL;
}

/* Whoever sends what is refused, again and again, leaves the other half to
 * those who do not: a stranger does not keep a WAF out. */
static bool rate_allows(const struct receive_info *rcv)
{
	bool allowed, is_bad = ep_source_wait_s(rcv) != 0;
	int max = ep_params()->logout_rate;
	ticks_t now = get_ticks();

	lock_get(&rate->lock);
	if(rate->second != now) {
		rate->second = now;
		rate->n = rate->bad_n = 0;
	}
	allowed = rate->n < max && (!is_bad || rate->bad_n < max / 2);
	if(allowed) {
		rate->n++;
		rate->bad_n += is_bad;
	}
	lock_release(&rate->lock);
	return allowed;
}

/* --- the answer (2.8) --- */

enum verdict
{
	TAKEN,
	TAKEN_BEFORE, /* the same, when its key had come */
	REFUSED,      /* 400 invalid_request */
	NOT_POST,     /* 405 */
	NOT_YET,      /* 503: keys are being fetched, or too many requests */
	NO_KEY,       /* 503: the one it names is not there yet, if it ever is */
	NO_PLACE,     /* 503: the list is full */
	NO_MEMORY     /* 500 */
};

static const struct
{
	int code;
	const char *reason;
	const char *error; /* NULL: no body */
	int ret;
} answers[] = {
		[TAKEN] = {200, "OK", NULL, EP_RET_OK},
		[TAKEN_BEFORE] = {200, "OK", NULL, EP_RET_OK},
		[REFUSED] = {400, "Bad Request", "invalid_request", EP_RET_LOGOUT},
		[NOT_POST] = {405, "Method Not Allowed", "invalid_request",
				EP_RET_LOGOUT},
		[NOT_YET] = {503, "Service Unavailable", "temporarily_unavailable",
				EP_RET_LOGOUT_LATER},
		[NO_KEY] = {503, "Service Unavailable", "temporarily_unavailable",
				EP_RET_LOGOUT_LATER},
		[NO_PLACE] = {503, "Service Unavailable", "temporarily_unavailable",
				EP_RET_LOGOUT_LATER},
		[NO_MEMORY] = {500, "Internal Server Error", "server_error",
				EP_RET_INTERNAL},
};

static int answer(sip_msg_t *msg, enum verdict v, const char *why)
{
	static const char headers[] = "Cache-Control: no-store\r\n";
	static const char later[] = "Cache-Control: no-store\r\nRetry-After: 2\r\n";
	static const char allow[] = "Cache-Control: no-store\r\nAllow: POST\r\n";
	const char *h = v == NOT_POST            ? allow
					: answers[v].code == 503 ? later
											 : headers;
	str reason = ep_str_view(ep_view_z(answers[v].reason));
	str type = str_init("application/json"), body = str_init("");
	char text[256];

	if(answers[v].error != NULL) {
		body.s = text;
		body.len = snprintf(text, sizeof(text),
				"{\"error\":\"%s\",\"error_description\":\"%s\"}\n",
				answers[v].error, why);
	} else {
		type.len = 0;
	}
	if(v != TAKEN_BEFORE)
		counter_inc(v == TAKEN ? ep_counters.logout_ok
							   : ep_counters.logout_refused);
	if(add_lump_rpl(msg, (char *)h, (int)strlen(h), LUMP_RPL_HDR) == NULL
			|| xhttp.reply(msg, answers[v].code, &reason, &type, &body) < 0)
		return EP_RET_INTERNAL;
	return answers[v].ret;
}

/* --- the request (2.5) --- */

/* media-type without its parameters */
static bool is_form(const struct ep_msg *m)
{
	size_t i = ep_msg_find(m, EP_LIT("Content-Type"), 0);
	struct ep_view type;

	if(i == SIZE_MAX)
		return false;
	type = m->hdrs[i].value;
	type = ep_view_trim(ep_view_cut(&type, ';'));
	return ep_view_ieq(type, EP_LIT("application/x-www-form-urlencoded"));
}

static struct ep_view body_of(sip_msg_t *msg)
{
	char *body;
	int len;

	if(msg->content_length == NULL)
		return ep_view_none();
	len = get_content_length(msg);
	body = get_body(msg);
	if(body == NULL || len <= 0 || body + len > msg->buf + msg->len)
		return ep_view_none();
	return ep_view_of(body, len);
}

/* How long tokens of this issuer may live. */
static int64_t tokens_end_s(
		const struct ep_token_policy *policy, size_t issuer, int64_t now_s)
{
	uint32_t longest = 0, skew = 0;

	if(issuer < policy->issuers_n) {
		longest = policy->issuers[issuer].max_lifetime_s;
		skew = policy->issuers[issuer].skew_s;
	}
	return now_s
		   + (longest != 0 ? (int64_t)longest + skew
						   : (int64_t)ep_params()->revoke_seconds);
}

/* A user: what was issued until he left, by the WAF's own clock; he may come
 * back with a new token. */
static enum ep_err user_revoke(
		const struct ep_logout *l, enum ep_revoke_kind kind, int64_t until_s)
{
	struct ep_revoke_entry e = {.kind = kind,
			.issuer = l->issuer,
			.value = l->sub,
			.only_issued = true,
			.issued_s = l->iat_s,
			.until_s = until_s,
			.by = EP_REVOKE_BY_LOGOUT};
	bool changed;

	return ep_revoke_put(&changed, &e);
}

/* A session by its sid: all of it, whenever issued. Tokens that name no session
 * may be of this one: they go too, where the user is named. */
static enum ep_err session_revoke(const struct ep_logout *l, int64_t until_s)
{
	struct ep_revoke_entry e = {.kind = EP_REVOKE_SID,
			.issuer = l->issuer,
			.value = l->sid,
			.until_s = until_s,
			.by = EP_REVOKE_BY_LOGOUT};
	enum ep_err err;
	bool changed;

	if(l->sid.p == NULL)
		return user_revoke(l, EP_REVOKE_SUB, until_s);
	err = ep_revoke_put(&changed, &e);
	if(err == EP_OK && l->sub.p != NULL)
		err = user_revoke(l, EP_REVOKE_ALONE, until_s);
	return err;
}

static enum verdict verdict_of(enum ep_err err)
{
	switch(err) {
		case EP_OK:
			return TAKEN;
		case EP_ENOMEM:
			return NO_MEMORY;
		case EP_ENOSPC:
			return NO_PLACE;
		default:
			return REFUSED;
	}
}

/* The session counts first, then the jti: a request that failed in between
 * may be repeated. Of two at the same time both revoke, one is refused. */
static enum verdict obey(
		const struct ep_logout *l, int64_t until_s, const char **why)
{
	struct ep_revoke_entry key = {
			.kind = EP_REVOKE_LOGOUT, .issuer = l->issuer, .value = l->jti};
	enum ep_err err;

	*why = "the list of revocations is full";
	if(l->jti.len > EP_REVOKE_VALUE_MAX || l->sub.len > EP_REVOKE_VALUE_MAX
			|| l->sid.len > EP_REVOKE_VALUE_MAX) {
		*why = "a claim is too long";
		return REFUSED;
	}
	if(ep_revoke_logout_seen(&key)) {
		*why = "jti was used before";
		return REFUSED;
	}
	err = session_revoke(l, until_s);
	if(err == EP_OK) {
		ep_revoke_enforce_later();
		err = ep_revoke_logout_once(l->issuer, l->jti, l->exp_s);
		if(err == EP_ERANGE)
			*why = "jti was used before";
	}
	return verdict_of(err);
}

/* A kid that is not there: no key of the issuer's, or somebody has to look. */
static enum verdict key_missing(const struct ep_logout *l,
		const struct ep_token_policy *policy, enum ep_token_cause cause,
		unsigned keys_seen, int64_t now_s)
{
	const struct ep_issuer *issuer;

	if(l->issuer_index >= policy->issuers_n)
		return REFUSED;
	issuer = &policy->issuers[l->issuer_index];
	if(cause == EP_TOKEN_KEY_UNKNOWN
			&& ep_keystore_kid_absent(
					issuer, l->kid, now_s, ep_params()->key_miss_window)
			/* Else the set that has it may have come behind our look at it. */
			&& keys_seen == ep_keystore_generation())
		return REFUSED;
	ep_keystore_want(issuer->name, EP_WANT_KEYS);
	return cause == EP_TOKEN_KEY_UNKNOWN ? NO_KEY : NOT_YET;
}

/* Its issuer's log-out tokens are not for us. */
static bool is_nobodys(
		const struct ep_logout *l, const struct ep_token_policy *policy)
{
	return l->issuer_index < policy->issuers_n
		   && policy->issuers[l->issuer_index].logout_aud.n == 0;
}

static enum verdict token_judge(
		struct ep_view token, struct ep_arena *arena, const char **why)
{
	unsigned keys_seen = ep_keystore_generation();
	const struct ep_token_policy *policy;
	enum ep_token_cause cause;
	struct ep_keyring ring;
	struct ep_logout l;
	int64_t now_s = time(NULL);

	*why = "out of memory";
	policy = ep_policy_keys_get(&ring, now_s);
	if(policy == NULL)
		return NO_MEMORY;
	cause = ep_logout_verify(&l, policy, &ring, token, now_s, arena);
	if(is_nobodys(&l, policy))
		cause = EP_TOKEN_AUDIENCE_WRONG; /* whatever its key will say */
	*why = ep_token_cause_get(cause)->text;
	switch(cause) {
		case EP_TOKEN_OK:
			return obey(&l, tokens_end_s(policy, l.issuer_index, now_s), why);
		case EP_TOKEN_NO_MEMORY:
		case EP_TOKEN_CRYPTO_FAILED:
			return NO_MEMORY;
		case EP_TOKEN_KEY_UNKNOWN:
		case EP_TOKEN_KEYS_ABSENT:
			return key_missing(&l, policy, cause, keys_seen, now_s);
		default:
			return REFUSED;
	}
}

static void refused_say(struct ep_view token, const char *what, const char *why)
{
	char print[9];

	ep_token_fingerprint(print, token);
	LM_INFO("log-out token %s %s: %s\n", print, what, why);
}

static enum verdict token_take(
		struct ep_view token, struct ep_arena *arena, const char **why)
{
	unsigned char hash[EP_SHA256_LEN];
	enum verdict v;

	*why = "crypto library failure";
	if(ep_sha256(hash, token) != EP_OK)
		return NO_MEMORY;
	if(ep_logout_kept_get(hash) == EP_LOGOUT_OBEYED)
		return TAKEN_BEFORE;
	v = token_judge(token, arena, why);
	if(v == REFUSED)
		refused_say(token, "refused", *why);
	if(v != NOT_YET && v != NO_KEY)
		return v;
	if(ep_logout_keep(
			   hash, token, (unsigned)ep_params()->key_miss_window + KEEP_S))
		ep_worker_wake_fetch();
	else
		refused_say(token, "not kept until its key comes", "too many are");
	return v;
}

/* --- what waits for its key --- */

static enum ep_logout_kept kept_judge(struct ep_view token, bool last)
{
	struct ep_arena arena;
	const char *why;
	char first[8192];
	enum verdict v;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	v = token_judge(token, &arena, &why);
	ep_arena_fini(&arena);
	if(v == TAKEN) {
		counter_inc(ep_counters.logout_ok);
		return EP_LOGOUT_OBEYED;
	}
	if(!last
			&& (v == NOT_YET || v == NO_KEY || v == NO_MEMORY || v == NO_PLACE))
		return EP_LOGOUT_WAITING;
	refused_say(token, "dropped", why);
	return EP_LOGOUT_NOT_KEPT;
}

/* Other keys, or a second later: what has no key yet costs no signature. */
void ep_logout_step(void)
{
	static unsigned keys_seen;
	static ticks_t looked_s;

	if(ep_logout_kept_count() == 0)
		return;
	if(keys_seen == ep_keystore_generation() && looked_s == get_ticks())
		return;
	keys_seen = ep_keystore_generation();
	looked_s = get_ticks();
	ep_logout_kept_walk(kept_judge);
}

static enum verdict request_take(
		sip_msg_t *msg, struct ep_arena *arena, const char **why)
{
	struct ep_view token;
	struct ep_msg m;

	*why = "POST only";
	if(!ep_view_eq(
			   ep_view_str(&msg->first_line.u.request.method), EP_LIT("POST")))
		return NOT_POST;
	*why = "too many requests";
	if(!rate_allows(&msg->rcv))
		return NOT_YET;
	*why = "out of memory";
	if(ep_msg_view(&m, msg, arena) != EP_OK)
		return NO_MEMORY;
	*why = "not a form";
	if(!is_form(&m))
		return REFUSED;
	*why = "logout_token is missing, or there are two";
	switch(ep_form_get(&token, body_of(msg), EP_LIT("logout_token"), arena)) {
		case EP_OK:
			return token_take(token, arena, why);
		case EP_ENOMEM:
			return NO_MEMORY;
		default:
			return REFUSED;
	}
}

int ep_logout_request(sip_msg_t *msg)
{
	struct ep_arena arena;
	const char *why;
	char first[8192];
	enum verdict v;

	if(!has_xhttp) {
		LM_ERR("xhttp is not there: load it before this module\n");
		return EP_RET_INTERNAL;
	}
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	v = request_take(msg, &arena, &why);
	ep_arena_fini(&arena);
	if(v == REFUSED || v == NO_KEY)
		ep_source_failed(&msg->rcv, EP_TOKEN_CREDENTIALS_MALFORMED);
	return answer(msg, v, why);
}
