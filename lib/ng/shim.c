/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/shim.h"

bool ep_ng_sdp_from_browser(struct ep_view sdp)
{
	struct ep_view rest = sdp;
	bool dtls = false, ice = false;

	while(rest.len && !(dtls && ice)) {
		const char *end = memchr(rest.p, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.p) : rest.len;
		struct ep_view line = ep_view_of(rest.p, n);
		rest = ep_view_of(
				rest.p + n + (end != NULL), rest.len - n - (end != NULL));
		if(n < 3 || line.p[0] != 'a')
			continue;
		dtls |= line.p[2] == 'f'
				&& ep_view_starts(line, EP_LIT("a=fingerprint:"));
		ice |= line.p[2] == 'i' && ep_view_starts(line, EP_LIT("a=ice-ufrag:"));
	}
	return dtls && ice;
}

/* Kamailio's module writes `BUNDLE-accept` into the flags, and `bundle=accept`
 * as a pair. */
static bool bundle_word(struct ep_view v)
{
	return ep_view_istarts(v, EP_LIT("bundle-"))
		   || ep_view_istarts(v, EP_LIT("bundle="));
}

static bool list_has_bundle(const struct ep_ng_val *list)
{
	for(const struct ep_ng_val *v = ep_ng_first(list); v; v = v->next)
		if(v->type == EP_NG_STR && bundle_word(v->str))
			return true;
	return false;
}

static bool bundle_key(struct ep_view key)
{
	return ep_view_ieq(key, EP_LIT("bundle"));
}

static bool says_bundle(const struct ep_ng_message *msg)
{
	const struct ep_ng_val *flags = ep_ng_get(msg->dict, EP_LIT("flags"));

	if(flags && flags->type == EP_NG_LIST && list_has_bundle(flags))
		return true;
	for(const struct ep_ng_val *k = ep_ng_first(msg->dict); k;
			k = k->next->next)
		if(bundle_key(k->str))
			return true;
	return false;
}

static bool says_fragment(const struct ep_ng_message *msg)
{
	return ep_ng_list_has(
			ep_ng_get(msg->dict, EP_LIT("flags")), EP_LIT("fragment"));
}

static void offer_plan(struct ep_ng_shim *out, const struct ep_ng_message *msg,
		const struct ep_ng_shim_ctx *ctx)
{
	out->add_dtls_reverse =
			out->from_browser && !ep_ng_get(msg->dict, EP_LIT("DTLS-reverse"));
	if(ctx->xmlrpc_callback.p && ctx->xmlrpc_callback.len < EP_NG_SHIM_MORE - 64
			&& !ep_ng_get(msg->dict, EP_LIT("xmlrpc-callback"))) {
		out->add_xmlrpc_callback = true;
		out->xmlrpc_callback = ctx->xmlrpc_callback;
	}
}

void ep_ng_shim_plan(struct ep_ng_shim *out, const struct ep_ng_message *msg,
		const struct ep_ng_shim_ctx *ctx)
{
	bool offer = ep_view_eq(msg->command, EP_LIT("offer"));
	bool answer = ep_view_eq(msg->command, EP_LIT("answer"));

	memset(out, 0, sizeof *out);
	if(!offer && !answer)
		return;
	if(says_fragment(msg) && !ep_ng_version_fragment(ctx->version)) {
		out->refuse = "fragment does harm in this version of rtpengine";
		return;
	}
	out->from_browser =
			ep_ng_sdp_from_browser(ep_ng_get_str(msg->dict, EP_LIT("sdp")));
	/* What tells a bundle from none tells ICE's end, too. */
	out->blank_sdp =
			out->from_browser && !ep_ng_version_bundle(ctx->version)
			&& ep_ng_sdp_blank_changes(ep_ng_get_str(msg->dict, EP_LIT("sdp")));
	out->add_tls_id = out->from_browser && ep_ng_version_tls_id(ctx->version)
					  && ep_ng_sdp_tls_id(out->tls_id,
							  ep_ng_get_str(msg->dict, EP_LIT("sdp")));
	out->drop_bundle = !ep_ng_version_bundle(ctx->version) && says_bundle(msg);
	if(offer)
		offer_plan(out, msg, ctx);
	else
		out->drop_dtls =
				!ctx->dtls_reverse && !ep_ng_version_late_passive(ctx->version)
				&& ep_view_ieq(ep_ng_get_str(msg->dict, EP_LIT("DTLS")),
						EP_LIT("passive"));
}

bool ep_ng_shim_changes(const struct ep_ng_shim *shim)
{
	return shim->add_dtls_reverse || shim->drop_dtls || shim->drop_bundle
		   || shim->add_xmlrpc_callback || shim->blank_sdp || shim->add_tls_id;
}

static unsigned digits_of(size_t n)
{
	unsigned digits = 1;

	while(n /= 10)
		digits++;
	return digits;
}

/* A string's length stands before it: so it is written behind a place for as
 * many digits as the old one's had, and moved where those are not as many. */
static void sdp_print(
		struct ep_buf *out, struct ep_view sdp, const struct ep_ng_shim *shim)
{
	struct ep_view tls_id = ep_view_z(shim->add_tls_id ? shim->tls_id : NULL);
	size_t head = digits_of(sdp.len) + 1, room = out->cap - out->len;
	struct ep_buf text;

	if(out->overflow || room < head) {
		out->overflow = true;
		return;
	}
	ep_buf_init(&text, out->p + out->len + head, room - head);
	ep_ng_sdp_print(&text, sdp, shim->blank_sdp, tls_id);
	size_t needed = digits_of(text.len) + 1;
	if(text.overflow || room < needed + text.len) {
		out->overflow = true;
		return;
	}
	if(needed != head)
		memmove(out->p + out->len + needed, text.p, text.len);
	ep_buf_put_u64(out, text.len);
	ep_buf_put_chr(out, ':');
	out->len += text.len;
}

static void flags_print(struct ep_buf *out, const struct ep_ng_val *flags)
{
	ep_ng_list_open(out);
	for(const struct ep_ng_val *v = flags->first; v; v = v->next)
		if(v->type != EP_NG_STR || !bundle_word(v->str))
			ep_ng_put_val(out, v);
	ep_ng_close(out);
}

static bool pair_drops(
		const struct ep_ng_shim *shim, const struct ep_ng_val *key)
{
	return (shim->drop_dtls && ep_view_eq(key->str, EP_LIT("DTLS")))
		   || (shim->drop_bundle && bundle_key(key->str));
}

void ep_ng_shim_print(struct ep_buf *out, const struct ep_ng_message *msg,
		const struct ep_ng_shim *shim)
{
	if(!ep_ng_shim_changes(shim)) {
		ep_ng_put_val(out, msg->dict);
		return;
	}
	ep_ng_dict_open(out);
	for(const struct ep_ng_val *k = ep_ng_first(msg->dict); k;
			k = k->next->next) {
		if(pair_drops(shim, k))
			continue;
		ep_ng_put_val(out, k);
		if(shim->drop_bundle && ep_view_eq(k->str, EP_LIT("flags"))
				&& k->next->type == EP_NG_LIST)
			flags_print(out, k->next);
		else if((shim->blank_sdp || shim->add_tls_id)
				&& ep_view_eq(k->str, EP_LIT("sdp")))
			sdp_print(out, k->next->str, shim);
		else
			ep_ng_put_val(out, k->next);
	}
	if(shim->add_dtls_reverse)
		ep_ng_put_pair(out, "DTLS-reverse", EP_LIT("passive"));
	if(shim->add_xmlrpc_callback)
		ep_ng_put_pair(out, "xmlrpc-callback", shim->xmlrpc_callback);
	ep_ng_close(out);
}
