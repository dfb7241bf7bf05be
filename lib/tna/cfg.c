/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/cfg.h"
#include "base/sipuri.h"
#include "tna/build.h"

/* Printable ASCII that may stand between quotes as it is. */
static bool is_plain(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if(v.p[i] < ' ' || v.p[i] > '~' || v.p[i] == '"' || v.p[i] == '\\')
			return false;
	return true;
}

/* Is "sip:" + v + ";" + params a URI with a host and nothing else? */
static bool is_own(struct ep_view host, struct ep_view params)
{
	char text[256];
	struct ep_buf buf;
	struct ep_uri uri;

	ep_buf_init(&buf, text, sizeof(text));
	ep_buf_put_z(&buf, "sip:");
	ep_buf_put(&buf, host);
	if(params.len) {
		ep_buf_put_chr(&buf, ';');
		ep_buf_put(&buf, params);
	}
	return !buf.overflow && ep_uri_parse(&uri, ep_buf_view(&buf)) == EP_OK
		   && !uri.user.p && !uri.headers.p
		   && !(params.len == 0 && uri.params.p);
}

static bool is_home(struct ep_view text)
{
	struct ep_uri uri;

	return ep_uri_parse(&uri, text) == EP_OK
		   && (uri.scheme == EP_URI_SIP || uri.scheme == EP_URI_SIPS)
		   && !uri.user.p && !uri.params.p && !uri.headers.p;
}

/* A header value of the operator's: it must not end its line. */
static bool is_text(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return false;
	return true;
}

/* Credentials have these already, or give them a meaning of their own. */
static bool is_digest_param(struct ep_view name)
{
	static const char *const known[] = {"username", "realm", "nonce", "uri",
			"response", "algorithm", "cnonce", "opaque", "qop", "nc", "auts",
			"ik", "ck", "stale", "domain", "charset", "userhash",
			"integrity-protected", "authorization-entity"};
	size_t i;

	for(i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if(ep_view_ieq(name, ep_view_z(known[i])))
			return true;
	return false;
}

bool ep_tna_wwsf_param_ok(struct ep_view name)
{
	return ep_text_is_token(name) && !is_digest_param(name);
}

/* What a P-CSCF may say of a REGISTER with an answer (TS 24.229 7.2A.2). */
static bool is_integrity(struct ep_view v)
{
	static const char *const known[] = {"yes", "no", "tls-yes", "tls-pending",
			"ip-assoc-yes", "ip-assoc-pending"};
	size_t i;

	for(i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if(ep_view_eq(v, ep_view_z(known[i])))
			return true;
	return false;
}

/* RFC 6809: `*;+name;+name="value", *;...` */
static bool is_feature_caps(struct ep_view list)
{
	struct ep_view item;
	struct ep_param p;
	enum ep_err err;
	size_t n = 0;

	while((err = ep_list_next(&item, &list)) == EP_OK) {
		if(item.len < 2 || item.p[0] != '*' || item.p[1] != ';')
			return false;
		for(item = ep_view_from(item, 2), n++;
				(err = ep_param_next(&p, &item)) == EP_OK;)
			if(p.name.len < 2 || p.name.p[0] != '+'
					|| !ep_text_is_token(ep_view_from(p.name, 1))
					|| (p.value.p && p.value.p[0] != '"'))
				return false;
		if(err != EP_ENOENT)
			return false;
	}
	return err == EP_ENOENT && n > 0;
}

const char *ep_tna_cfg_check(const struct ep_tna_cfg *cfg)
{
	if(cfg->realm.len == 0 || !is_plain(cfg->realm))
		return "realm";
	if(!is_home(cfg->home_uri))
		return "home_uri";
	if(!is_own(cfg->own_host, ep_view_none()))
		return "own_host";
	if(!is_own(cfg->own_host, cfg->own_params))
		return "own_params";
	if(!is_plain(cfg->visited_network))
		return "visited_network";
	if(!is_plain(cfg->ioi))
		return "ioi";
	if(cfg->icid_generated_at.len
			&& !is_own(cfg->icid_generated_at, ep_view_none()))
		return "icid_generated_at";
	if(!is_text(cfg->access_network_info))
		return "access_network_info";
	if(cfg->core_digest && (!cfg->core_realm.len || !is_plain(cfg->core_realm)))
		return "core_realm";
	if(cfg->core_integrity.len && !is_integrity(cfg->core_integrity))
		return "core_integrity";
	if(cfg->wwsf_param.len && !ep_tna_wwsf_param_ok(cfg->wwsf_param))
		return "wwsf_param";
	if(cfg->feature_caps.len
			&& (!is_text(cfg->feature_caps)
					|| !is_feature_caps(cfg->feature_caps)))
		return "feature_caps";
	if(cfg->expires_max_s == 0)
		return "expires_max_s";
	if(cfg->expires_default_s == 0)
		return "expires_default_s";
	return NULL;
}
