/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/cfg.h"
#include "base/sipuri.h"

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
	if(cfg->expires_max_s == 0)
		return "expires_max_s";
	if(cfg->expires_default_s == 0)
		return "expires_default_s";
	return NULL;
}
