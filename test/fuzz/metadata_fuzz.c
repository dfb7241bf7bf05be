/* ep_metadata_decode, ep_metadata_url_print, ep_freshness_s, ep_http_date_s.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The first octet chooses: '0' the rest is a metadata document (compared with
 * jansson); '1' it is an issuer; else header values, one a line: Cache-Control,
 * Age, Expires, Date. */
#include <jansson.h>
#include "heap.h"
#include "token/freshness.h"
#include "token/metadata.h"

static void url_ok(struct ep_view url, const json_t *theirs)
{
	need((url.p == NULL) == (theirs == NULL));
	if(url.p == NULL)
		return;
	need(ep_view_istarts(url, EP_LIT("https://")) && url.len > 8);
	need(url.len <= EP_METADATA_URL_MAX);
	need(ep_view_eq(url,
			ep_view_of(json_string_value(theirs), json_string_length(theirs))));
	for(size_t i = 0; i < url.len; i++)
		need(url.p[i] > ' ' && url.p[i] < 0x7f && url.p[i] != '#'
				&& url.p[i] != '"' && url.p[i] != '\\');
}

static void document_try(struct ep_view text)
{
	static const struct ep_issuer issuer = {.iss = {"https://a.example", 17}};
	struct ep_metadata m;
	struct ep_arena arena;
	enum ep_token_cause cause;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_metadata_decode(&m, &issuer, text, &arena);
	need(cause < EP_TOKEN_CAUSE_N && cause != EP_TOKEN_NO_MEMORY);
	if(cause == EP_TOKEN_OK) {
		json_error_t error;
		json_t *root =
				json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &error);
		const char *iss = json_string_value(json_object_get(root, "issuer"));

		need(iss != NULL && strcmp(iss, "https://a.example") == 0);
		url_ok(m.jwks_uri, json_object_get(root, "jwks_uri"));
		url_ok(m.introspection_endpoint,
				json_object_get(root, "introspection_endpoint"));
		json_decref(root);
	}
	ep_arena_fini(&arena);
}

static void issuer_try(struct ep_view iss)
{
	char *room = malloc(iss.len + 50);

	for(int d = EP_DISCOVERY_NO; d <= EP_DISCOVERY_OPENID; d++) {
		struct ep_issuer issuer = {
				.iss = iss, .discovery = (enum ep_discovery)d};
		struct ep_buf out;
		enum ep_err err;

		ep_buf_init(&out, room, iss.len + 50);
		err = ep_metadata_url_print(&out, &issuer);
		need((err == EP_ENOENT) == (d == EP_DISCOVERY_NO));
		if(err != EP_OK) {
			need(err == EP_ENOENT || err == EP_ESYNTAX);
			continue;
		}
		need(ep_view_starts(ep_buf_view(&out), EP_LIT("https://")));
		need(ep_view_find(ep_buf_view(&out), EP_LIT("/.well-known/"))
				!= SIZE_MAX);
		need(out.len >= iss.len);
	}
	free(room);
}

static void headers_try(struct ep_view text)
{
	static const struct ep_freshness_limits limits = {300, 30, 86400};
	struct ep_freshness_headers h;
	int64_t date_s;
	uint32_t fresh_s;

	h.cache_control = ep_view_cut(&text, '\n');
	h.age = ep_view_cut(&text, '\n');
	h.expires = ep_view_cut(&text, '\n');
	h.date = text;
	fresh_s = ep_freshness_s(&h, &limits, INT64_C(1800000000));
	need(fresh_s >= limits.min_s && fresh_s <= limits.max_s);
	date_s = ep_http_date_s(h.expires, INT64_C(1800000000));
	need(date_s >= -1 && date_s < INT64_C(253402300861)); /* the year 9999 */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view rest;

	if(size == 0)
		return 0;
	rest = ep_view_of((const char *)data + 1, size - 1);
	if(data[0] == '0')
		document_try(rest);
	else if(data[0] == '1')
		issuer_try(rest);
	else
		headers_try(rest);
	return 0;
}
