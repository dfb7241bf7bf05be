/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/metadata.h"

/* Lists of everything a server can do; deeper only in what is not ours. */
static const struct ep_json_limits limits = {EP_METADATA_MAX, 6, 256};

/* Octets a URL may have (RFC 3986 2), without '#'. */
static bool is_url_text(struct ep_view v)
{
	return ep_view_only(v, "-._~:/?[]@!$&'()*+,;=%");
}

/* https://host..., nobody's name before the host. *path: what stands behind
 * the authority. */
static bool https_split(
		struct ep_view *authority, struct ep_view *path, struct ep_view url)
{
	struct ep_view rest = ep_view_from(url, 8);
	size_t n = 0;

	if(url.len > EP_METADATA_URL_MAX || !is_url_text(url)
			|| !ep_view_istarts(url, EP_LIT("https://")))
		return false;
	while(n < rest.len && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	*authority = ep_view_head(rest, n);
	*path = ep_view_from(rest, n);
	return n > 0 && ep_view_find_chr(*authority, '@') == SIZE_MAX;
}

enum ep_err ep_metadata_url_print(
		struct ep_buf *out, const struct ep_issuer *issuer)
{
	struct ep_view authority;
	struct ep_view path;

	if(issuer->discovery == EP_DISCOVERY_NO)
		return EP_ENOENT;
	if(!https_split(&authority, &path, issuer->iss)
			|| ep_view_find_chr(path, '?') != SIZE_MAX)
		return EP_ESYNTAX;
	if(ep_view_ends(path, EP_LIT("/")))
		path = ep_view_head(path, path.len - 1);
	ep_buf_put_z(out, "https://");
	ep_buf_put(out, authority);
	if(issuer->discovery == EP_DISCOVERY_OAUTH)
		ep_buf_put_z(out, "/.well-known/oauth-authorization-server");
	ep_buf_put(out, path);
	if(issuer->discovery == EP_DISCOVERY_OPENID)
		ep_buf_put_z(out, "/.well-known/openid-configuration");
	return out->overflow ? EP_ENOSPC : EP_OK;
}

static enum ep_token_cause url_get(
		struct ep_view *out, const struct ep_json *root, struct ep_view name)
{
	struct ep_view authority;
	struct ep_view path;
	enum ep_token_cause cause = ep_json_text(out, root, name);

	if(cause != EP_TOKEN_OK || out->p == NULL)
		return cause;
	return https_split(&authority, &path, *out) ? EP_TOKEN_OK
												: EP_TOKEN_CLAIM_VALUE;
}

/* RFC 8414 3.3: else somebody else's document could be put in its place. */
static enum ep_token_cause issuer_check(
		const struct ep_json *root, const struct ep_issuer *issuer)
{
	const struct ep_json *said = ep_json_get(root, EP_LIT("issuer"));

	if(said == NULL)
		return EP_TOKEN_ISSUER_MISSING;
	if(said->type != EP_JSON_STRING)
		return EP_TOKEN_CLAIM_TYPE;
	return ep_view_eq(said->str, issuer->iss) ? EP_TOKEN_OK
											  : EP_TOKEN_ISSUER_UNKNOWN;
}

enum ep_token_cause ep_metadata_decode(struct ep_metadata *out,
		const struct ep_issuer *issuer, struct ep_view text,
		struct ep_arena *arena)
{
	const struct ep_json *root;
	struct ep_metadata found;
	struct ep_view copy;
	enum ep_token_cause cause;

	if(text.p == NULL)
		return EP_TOKEN_JSON_SYNTAX;
	if(text.len > limits.size)
		return EP_TOKEN_JSON_LIMIT;
	copy = ep_arena_copy(arena, text);
	if(copy.p == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = ep_json_parse(&root, copy, &limits, arena);
	if(cause == EP_TOKEN_OK && root->type != EP_JSON_OBJECT)
		cause = EP_TOKEN_JSON_SYNTAX;
	if(cause == EP_TOKEN_OK)
		cause = issuer_check(root, issuer);
	if(cause == EP_TOKEN_OK)
		cause = url_get(&found.jwks_uri, root, EP_LIT("jwks_uri"));
	if(cause == EP_TOKEN_OK)
		cause = url_get(&found.introspection_endpoint, root,
				EP_LIT("introspection_endpoint"));
	if(cause == EP_TOKEN_OK)
		*out = found;
	return cause;
}
