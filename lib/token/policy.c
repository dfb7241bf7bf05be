/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "token/policy.h"

/* Octets of the longest public identity we deal with. */
#define IMPU_MAX 256
#define IMPI_MAX 256
#define ORIGIN_MAX 512

static bool is_all_of(struct ep_view v, const char *marks)
{
	return v.len > 0 && ep_view_only(v, marks);
}

const struct ep_issuer *ep_policy_issuer_find(
		const struct ep_token_policy *policy, struct ep_view iss)
{
	for(size_t i = 0; i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].iss, iss))
			return &policy->issuers[i];
	return NULL;
}

const struct ep_wwsf *ep_policy_wwsf_find(
		const struct ep_token_policy *policy, struct ep_view id)
{
	for(size_t i = 0; i < policy->wwsfs_n; i++)
		if(ep_view_eq(policy->wwsfs[i].id, id))
			return &policy->wwsfs[i];
	return NULL;
}

static void put_lower(struct ep_buf *out, struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++) {
		char c = v.p[i];

		ep_buf_put_chr(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
}

/* Cuts ":port" off *hostport; UINT64_MAX: there is one, but it is none. */
static uint64_t port_cut(struct ep_view *hostport, uint64_t if_none)
{
	size_t bracket = ep_view_find_chr(*hostport, ']');
	size_t from = bracket == SIZE_MAX ? 0 : bracket;
	size_t colon = ep_view_find_chr(ep_view_from(*hostport, from), ':');
	uint64_t port;

	if(colon == SIZE_MAX)
		return if_none;
	if(!ep_view_u64(&port, ep_view_from(*hostport, from + colon + 1), 65535)
			|| port == 0)
		return UINT64_MAX;
	*hostport = ep_view_head(*hostport, from + colon);
	return port;
}

static bool host_ok(struct ep_view host)
{
	if(!ep_view_starts(host, EP_LIT("[")))
		return is_all_of(host, "-._");
	return ep_view_ends(host, EP_LIT("]"))
		   && is_all_of(
				   ep_view_head(ep_view_from(host, 1), host.len - 2), ":.");
}

enum ep_err ep_origin_print(struct ep_buf *out, struct ep_view origin)
{
	size_t mark = ep_view_find(origin, EP_LIT("://"));
	struct ep_view scheme = ep_view_head(origin, mark);
	struct ep_view host;
	uint64_t usual;
	uint64_t port;

	if(mark == SIZE_MAX)
		return EP_ESYNTAX;
	if(ep_view_ieq(scheme, EP_LIT("https")))
		usual = 443;
	else if(ep_view_ieq(scheme, EP_LIT("http")))
		usual = 80;
	else
		return EP_ESYNTAX;
	host = ep_view_from(origin, mark + 3);
	port = port_cut(&host, usual);
	if(port == UINT64_MAX || !host_ok(host))
		return EP_ESYNTAX;
	put_lower(out, scheme);
	ep_buf_put_z(out, "://");
	put_lower(out, host);
	if(port != usual) {
		ep_buf_put_chr(out, ':');
		ep_buf_put_u64(out, port);
	}
	return out->overflow ? EP_ENOSPC : EP_OK;
}

const struct ep_wwsf *ep_policy_origin_find(
		const struct ep_token_policy *policy, struct ep_view origin)
{
	char text[ORIGIN_MAX];
	struct ep_buf out;

	ep_buf_init(&out, text, sizeof(text));
	if(ep_origin_print(&out, origin) != EP_OK)
		return NULL;
	for(size_t i = 0; i < policy->wwsfs_n; i++)
		if(ep_strlist_has(&policy->wwsfs[i].origin, ep_buf_view(&out)))
			return &policy->wwsfs[i];
	return NULL;
}

/* RFC 7515 4.1.9: "application/" may be left out when no other slash is. */
static struct ep_view typ_short(struct ep_view typ)
{
	if(ep_view_istarts(typ, EP_LIT("application/")))
		return ep_view_from(typ, 12);
	return typ;
}

bool ep_policy_typ_ok(const struct ep_issuer *issuer, struct ep_view typ)
{
	if(issuer->typ.p != NULL)
		return typ.p != NULL
			   && ep_view_ieq(typ_short(typ), typ_short(issuer->typ));
	return typ.p == NULL || ep_view_ieq(typ_short(typ), EP_LIT("JWT"))
		   || ep_view_ieq(typ_short(typ), EP_LIT("at+jwt"));
}

bool ep_policy_is_at_jwt(const struct ep_issuer *issuer)
{
	return ep_view_ieq(typ_short(issuer->typ), EP_LIT("at+jwt"));
}

bool ep_policy_aud_ok(
		const struct ep_issuer *issuer, const struct ep_claim_list *aud)
{
	if(aud->n == 0)
		return issuer->aud_rule == EP_AUD_OPTIONAL;
	for(size_t i = 0; i < aud->n; i++)
		if(ep_strlist_has(&issuer->aud, aud->v[i]))
			return true;
	return false;
}

bool ep_policy_scope_has(struct ep_view scope, struct ep_view word)
{
	while(scope.p != NULL)
		if(ep_view_eq(ep_view_cut(&scope, ' '), word))
			return true;
	return false;
}

enum ep_token_cause ep_policy_time_check(const struct ep_issuer *issuer,
		const struct ep_claims *claims, int64_t now_s)
{
	int64_t skew = issuer->skew_s;

	if(claims->exp_s < 0)
		return EP_TOKEN_EXP_MISSING;
	if(claims->iat_s < 0)
		return EP_TOKEN_IAT_MISSING;
	/* RFC 7519 4.1.4: on or after exp it is not accepted any more. */
	if(now_s - skew >= claims->exp_s)
		return EP_TOKEN_EXPIRED;
	if(claims->nbf_s > now_s + skew)
		return EP_TOKEN_NOT_YET_VALID;
	if(claims->iat_s > now_s + skew)
		return EP_TOKEN_ISSUED_IN_FUTURE;
	if(issuer->max_lifetime_s != 0
			&& claims->exp_s - claims->iat_s > issuer->max_lifetime_s)
		return EP_TOKEN_LIFETIME_TOO_LONG;
	return EP_TOKEN_OK;
}

/* The WWSF that has this client of this issuer; config_check.c saw to it that
 * there is one at most. */
static const struct ep_wwsf *client_find(const struct ep_token_policy *policy,
		const struct ep_issuer *issuer, struct ep_view client_id)
{
	for(size_t i = 0; i < policy->wwsfs_n; i++)
		if(ep_strlist_has(&policy->wwsfs[i].issuer, issuer->name)
				&& ep_strlist_has(&policy->wwsfs[i].client_id, client_id))
			return &policy->wwsfs[i];
	return NULL;
}

enum ep_token_cause ep_policy_token_wwsf(const struct ep_wwsf **out,
		const struct ep_token_policy *policy, const struct ep_issuer *issuer,
		const struct ep_claims *claims)
{
	const struct ep_wwsf *wwsf;

	if(issuer->claim_wwsf.p == NULL) {
		if(claims->client_id.p == NULL)
			return EP_TOKEN_CLIENT_MISSING;
		*out = client_find(policy, issuer, claims->client_id);
		return *out != NULL ? EP_TOKEN_OK : EP_TOKEN_WWSF_UNKNOWN;
	}
	if(claims->wwsf.p == NULL)
		return EP_TOKEN_CLAIM_MISSING;
	wwsf = ep_policy_wwsf_find(policy, claims->wwsf);
	if(wwsf == NULL)
		return EP_TOKEN_WWSF_UNKNOWN;
	if(!ep_strlist_has(&wwsf->issuer, issuer->name))
		return EP_TOKEN_WWSF_ISSUER;
	if(wwsf->client_id.n > 0) {
		if(claims->client_id.p == NULL)
			return EP_TOKEN_CLIENT_MISSING;
		if(!ep_strlist_has(&wwsf->client_id, claims->client_id))
			return EP_TOKEN_WWSF_CLIENT;
	}
	*out = wwsf;
	return EP_TOKEN_OK;
}

static bool globs_match(const struct ep_strlist *globs, struct ep_view v)
{
	for(size_t i = 0; i < globs->n; i++)
		if(ep_view_glob(globs->v[i], v))
			return true;
	return false;
}

bool ep_policy_is_anonymous(const struct ep_claims *claims)
{
	return claims->sub.p == NULL
		   || (claims->client_id.p != NULL
				   && ep_view_eq(claims->sub, claims->client_id));
}

bool ep_policy_pool_has(const struct ep_wwsf *wwsf, struct ep_view impi)
{
	return globs_match(&wwsf->pool, impi);
}

bool ep_policy_entity_due(const struct ep_issuer *issuer, bool pool)
{
	if(issuer->entity == EP_ENTITY_THIRD_PARTY)
		return issuer->domain == EP_DOMAIN_THIRD_PARTY && !pool;
	return issuer->entity == EP_ENTITY_ALWAYS;
}

/* TS 23.003 13.3: an NAI, user@realm. Octets that would need quoting in a
 * header, or mean something in one, are refused. */
bool ep_policy_impi_ok(struct ep_view impi)
{
	struct ep_view realm = impi;
	struct ep_view user = ep_view_cut(&realm, '@');

	return impi.len <= IMPI_MAX && realm.p != NULL
		   && is_all_of(user, "-._~!*+=$&/") && is_all_of(realm, "-.");
}

enum ep_token_cause ep_policy_impi_check(
		const struct ep_wwsf *wwsf, struct ep_view impi)
{
	if(!ep_policy_impi_ok(impi))
		return EP_TOKEN_CLAIM_VALUE;
	return globs_match(&wwsf->impi, impi) ? EP_TOKEN_OK : EP_TOKEN_IMPI_REFUSED;
}

/* TS 23.003 13.4: a SIP or tel URI. Nothing that splits a header's list or
 * leaves its angle brackets, and no header part. */
bool ep_policy_impu_ok(struct ep_view impu)
{
	struct ep_uri uri;

	if(impu.len > IMPU_MAX || ep_uri_parse(&uri, impu) != EP_OK)
		return false;
	if(uri.scheme == EP_URI_OTHER || uri.headers.p != NULL
			|| uri.password.p != NULL)
		return false;
	return is_all_of(impu, "-._~!*'()+=$&/%:;@[]");
}

enum ep_token_cause ep_policy_impu_check(
		const struct ep_wwsf *wwsf, struct ep_view impu)
{
	char text[2 * IMPU_MAX];
	struct ep_buf out;

	ep_buf_init(&out, text, sizeof(text));
	if(!ep_policy_impu_ok(impu) || ep_impu_print(&out, impu) != EP_OK)
		return EP_TOKEN_CLAIM_VALUE;
	return globs_match(&wwsf->impu, ep_buf_view(&out)) ? EP_TOKEN_OK
													   : EP_TOKEN_IMPU_REFUSED;
}

enum ep_token_cause ep_policy_identities_check(struct ep_claims *claims,
		const struct ep_issuer *issuer, const struct ep_wwsf *wwsf,
		struct ep_arena *arena)
{
	bool anonymous = ep_policy_is_anonymous(claims);
	enum ep_token_cause cause;

	if(anonymous && wwsf->anonymous != EP_YES)
		return EP_TOKEN_USER_ABSENT;
	cause = ep_claims_identities(claims, issuer, arena);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(claims->impi.p == NULL)
		return EP_TOKEN_IMPI_MISSING;
	if(claims->impus.n == 0)
		return EP_TOKEN_IMPU_MISSING;
	cause = ep_policy_impi_check(wwsf, claims->impi);
	for(size_t i = 0; i < claims->impus.n && cause == EP_TOKEN_OK; i++)
		cause = ep_policy_impu_check(wwsf, claims->impus.v[i]);
	if(cause == EP_TOKEN_OK && anonymous
			&& !ep_policy_pool_has(wwsf, claims->impi))
		cause = EP_TOKEN_USER_ABSENT;
	return cause;
}

struct ep_policy_answer ep_policy_answer_get(
		const struct ep_token_policy *policy, enum ep_token_cause cause)
{
	const struct ep_token_cause_info *info = ep_token_cause_get(cause);
	struct ep_policy_answer answer = {info->sip_status, info->oauth_error};

	if(policy == NULL
			|| (info->close != EP_CLOSE_USER && info->close != EP_CLOSE_SCOPE))
		return answer;
	answer.sip_status = policy->identity_status;
	if(answer.sip_status == 401 && answer.oauth_error == NULL)
		answer.oauth_error = "invalid_token";
	return answer;
}
