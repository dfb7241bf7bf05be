/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/data_lump_rpl.h"
#include "core/dprint.h"
#include "core/parser/parse_uri.h"
#include "modules/sl/sl.h"

#include "base/buf.h"
#include "common/ret.h"
#include "common/view.h"
#include "token/policy.h"
#include "webrtc_auth/challenge.h"
#include "webrtc_auth/conn.h"
#include "webrtc_auth/flood.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/policy.h"

static sl_api_t sl;

int ep_challenge_init(void)
{
	return sl_load_api(&sl);
}

static str reason_of(unsigned status)
{
	static const struct
	{
		unsigned status;
		str text;
	} reasons[] = {{400, str_init("Bad Request")},
			{401, str_init("Unauthorized")}, {403, str_init("Forbidden")},
			{500, str_init("Server Internal Error")},
			{503, str_init("Service Unavailable")}};
	size_t i;

	for(i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if(reasons[i].status == status)
			return reasons[i].text;
	return (str)str_init("Refused");
}

/* The issuer a page of this connection's WWSF gets its tokens from. */
static const struct ep_issuer *issuer_of(int conid)
{
	const struct ep_token_policy *policy = ep_policy_get();
	const struct ep_wwsf *wwsf;
	struct ep_conn conn;
	size_t i;

	if(policy == NULL || ep_conn_get(&conn, conid) != EP_OK)
		return NULL;
	wwsf = ep_policy_wwsf_find(policy, ep_view_z(conn.wwsf));
	if(wwsf == NULL || wwsf->issuer.n == 0)
		return NULL;
	for(i = 0; i < policy->issuers_n; i++)
		if(ep_view_eq(policy->issuers[i].name, wwsf->issuer.v[0]))
			return &policy->issuers[i];
	return NULL;
}

static struct ep_view realm_of(sip_msg_t *msg)
{
	if(ep_params()->realm.len > 0)
		return ep_view_str(&ep_params()->realm);
	if(parse_sip_msg_uri(msg) == 1)
		return ep_view_str(&msg->parsed_uri.host);
	return EP_LIT("ims");
}

static void put_param(struct ep_buf *b, const char *name, struct ep_view v)
{
	ep_buf_put_z(b, name);
	ep_buf_put_quoted(b, v);
}

/* Bearer challenge (RFC 8898 4). authz_server is an https URI there: an
 * issuer that is none is not named. */
static void put_bearer(
		struct ep_buf *b, sip_msg_t *msg, const char *oauth_error)
{
	const struct ep_issuer *issuer = issuer_of(msg->rcv.proto_reserved1);

	put_param(b, "WWW-Authenticate: Bearer realm=", realm_of(msg));
	if(issuer != NULL && issuer->scope.len > 0)
		put_param(b, ", scope=", issuer->scope);
	if(issuer != NULL && ep_view_starts(issuer->iss, EP_LIT("https://")))
		put_param(b, ", authz_server=", issuer->iss);
	if(oauth_error != NULL)
		put_param(b, ", error=", ep_view_z(oauth_error));
	ep_buf_put_z(b, "\r\n");
}

/* Those behind one address do not all come back in the same second. */
static unsigned retry_after_s(sip_msg_t *msg, enum ep_token_cause cause)
{
	if(cause == EP_TOKEN_REGISTRATIONS_FULL)
		return 30;
	if(cause != EP_TOKEN_SOURCE_EXCEEDED && cause != EP_TOKEN_COST_EXCEEDED)
		return 1;
	return 1 + ep_source_wait_s(&msg->rcv)
		   + (unsigned)msg->rcv.proto_reserved1 % 10;
}

int ep_challenge_send(sip_msg_t *msg, enum ep_token_cause cause)
{
	const struct ep_policy_answer answer =
			ep_policy_answer_get(ep_policy_get(), cause);
	str reason = reason_of(answer.sip_status);
	char text[2048];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	if(answer.sip_status == 401 || answer.oauth_error != NULL)
		put_bearer(&b, msg, answer.oauth_error);
	if(answer.sip_status == 503) {
		ep_buf_put_z(&b, "Retry-After: ");
		ep_buf_put_u64(&b, retry_after_s(msg, cause));
		ep_buf_put_z(&b, "\r\n");
	}
	if(b.overflow) {
		LM_ERR("the challenge does not fit\n");
		return EP_RET_INTERNAL;
	}
	if(b.len > 0 && add_lump_rpl(msg, b.p, (int)b.len, LUMP_RPL_HDR) == NULL)
		return EP_RET_INTERNAL;
	if(sl.freply(msg, (int)answer.sip_status, &reason) < 0)
		return EP_RET_INTERNAL;
	return EP_RET_OK;
}
