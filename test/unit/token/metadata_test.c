/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/metadata.h"
#include <stdio.h>
#include <stdlib.h>
#include "support.h"

static const struct ep_issuer issuer = {
		.iss = {"https://waf.home1.net/realms/ims", 32}};

static const char good[] =
		"{\"issuer\":\"https://waf.home1.net/realms/ims\","
		"\"jwks_uri\":\"https://waf.home1.net/realms/ims/certs?x=1\","
		"\"introspection_endpoint\":\"https://waf.home1.net:8443/introspect\","
		"\"mtls_endpoint_aliases\":{\"token_endpoint\":\"x\"},"
		"\"scopes_supported\":[\"openid\"]}";

static const char *url(const char *iss, enum ep_discovery discovery)
{
	static char text[256];
	struct ep_issuer i = {.iss = ep_view_z(iss), .discovery = discovery};
	struct ep_buf out;

	ep_buf_init(&out, text, sizeof(text) - 1);
	if(ep_metadata_url_print(&out, &i) != EP_OK)
		return "(refused)";
	text[out.len] = '\0';
	return text;
}

START_TEST(metadata_url_of_rfc8414)
{
	/* RFC 8414 3.1 */
	ck_assert_str_eq(url("https://example.com", EP_DISCOVERY_OAUTH),
			"https://example.com/.well-known/oauth-authorization-server");
	ck_assert_str_eq(url("https://example.com/", EP_DISCOVERY_OAUTH),
			"https://example.com/.well-known/oauth-authorization-server");
	ck_assert_str_eq(url("https://example.com/issuer1", EP_DISCOVERY_OAUTH),
			"https://example.com/.well-known/oauth-authorization-server/"
			"issuer1");
	ck_assert_str_eq(url("https://example.com:8443/a/b/", EP_DISCOVERY_OAUTH),
			"https://example.com:8443/.well-known/oauth-authorization-server/"
			"a/b");
}
END_TEST

START_TEST(metadata_url_of_openid)
{
	/* OpenID Connect Discovery 1.0 4.1 */
	ck_assert_str_eq(url("https://example.com", EP_DISCOVERY_OPENID),
			"https://example.com/.well-known/openid-configuration");
	ck_assert_str_eq(url("https://example.com/issuer1/", EP_DISCOVERY_OPENID),
			"https://example.com/issuer1/.well-known/openid-configuration");
}
END_TEST

START_TEST(metadata_url_refuses_what_is_no_https_url)
{
	static const char *const bad[] = {"", "x", "http://example.com", "https://",
			"https:///x", "https://a@example.com", "https://example.com?x",
			"https://example.com/a?x=1", "https://example.com/#x",
			"https://exa mple.com", "https://example.com/\r\nX: y",
			"https://ex\xc3\xa4mple.com"};

	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_str_eq(url(bad[i], EP_DISCOVERY_OAUTH), "(refused)");
		ck_assert_str_eq(url(bad[i], EP_DISCOVERY_OPENID), "(refused)");
	}
	ck_assert_str_eq(url("https://example.com", EP_DISCOVERY_NO), "(refused)");
}
END_TEST

START_TEST(metadata_url_needs_room)
{
	struct ep_issuer i = {.iss = EP_LIT("https://a.example/b"),
			.discovery = EP_DISCOVERY_OAUTH};
	char text[100];
	struct ep_buf out;

	for(size_t cap = 0; cap < 58; cap++) {
		ep_buf_init(&out, text, cap);
		ck_assert_int_eq(ep_metadata_url_print(&out, &i), EP_ENOSPC);
	}
	ep_buf_init(&out, text, 58);
	ck_assert_int_eq(ep_metadata_url_print(&out, &i), EP_OK);
}
END_TEST

static enum ep_token_cause decode(const char *text)
{
	struct ep_metadata m;
	struct ep_arena arena;
	enum ep_token_cause cause;

	plain_arena_init(&arena);
	cause = ep_metadata_decode(&m, &issuer, ep_view_z(text), &arena);
	ep_arena_fini(&arena);
	return cause;
}

START_TEST(metadata_decodes_the_two_urls)
{
	struct ep_metadata m;
	struct ep_arena arena;
	struct ep_view text = block_of(ep_view_z(good));

	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_metadata_decode(&m, &issuer, text, &arena), EP_TOKEN_OK);
	block_free(text); /* nothing points into it */
	ck_assert_view_eq(m.jwks_uri, "https://waf.home1.net/realms/ims/certs?x=1");
	ck_assert_view_eq(
			m.introspection_endpoint, "https://waf.home1.net:8443/introspect");
	ck_assert_int_eq(ep_metadata_decode(&m, &issuer,
							 EP_LIT("{\"issuer\":"
									"\"https://waf.home1.net/realms/ims\"}"),
							 &arena),
			EP_TOKEN_OK);
	ck_assert_ptr_null(m.jwks_uri.p);
	ck_assert_ptr_null(m.introspection_endpoint.p);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(metadata_refuses_another_issuer)
{
	ck_assert_int_eq(decode("{}"), EP_TOKEN_ISSUER_MISSING);
	ck_assert_int_eq(decode("{\"issuer\":1}"), EP_TOKEN_CLAIM_TYPE);
	ck_assert_int_eq(decode("{\"issuer\":\"https://waf.home1.net/\"}"),
			EP_TOKEN_ISSUER_UNKNOWN);
	ck_assert_int_eq(
			decode("{\"issuer\":\"https://waf.home1.net/realms/ims/\"}"),
			EP_TOKEN_ISSUER_UNKNOWN);
	ck_assert_int_eq(
			decode("{\"issuer\":\"https://WAF.home1.net/realms/ims\"}"),
			EP_TOKEN_ISSUER_UNKNOWN);
	ck_assert_int_eq(decode("{\"issuer\":\"\"}"), EP_TOKEN_ISSUER_UNKNOWN);
}
END_TEST

#define ISS "{\"issuer\":\"https://waf.home1.net/realms/ims\","

START_TEST(metadata_refuses_other_urls)
{
	static const char *const bad[] = {"http://waf.home1.net/certs", "ftp://x/y",
			"file:///etc/passwd", "//waf.home1.net/x", "certs", "https://",
			"https:///x", "https://u:p@waf.home1.net/",
			"https://waf.home1.net/#x", "https://waf.home1.net/a b",
			"https://waf.home1.net/\\u000d\\u000aX: y", "", "\\u00e4"};

	for(size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), ISS "\"jwks_uri\":\"%s\"}", bad[i]);
		ck_assert_msg(decode(text) == EP_TOKEN_CLAIM_VALUE, "%s", text);
		snprintf(text, sizeof(text), ISS "\"introspection_endpoint\":\"%s\"}",
				bad[i]);
		ck_assert_msg(decode(text) == EP_TOKEN_CLAIM_VALUE, "%s", text);
	}
	ck_assert_int_eq(decode(ISS "\"jwks_uri\":1}"), EP_TOKEN_CLAIM_TYPE);
	ck_assert_int_eq(decode(ISS "\"jwks_uri\":null}"), EP_TOKEN_CLAIM_TYPE);
	ck_assert_int_eq(
			decode(ISS "\"introspection_endpoint\":[]}"), EP_TOKEN_CLAIM_TYPE);
}
END_TEST

START_TEST(metadata_refuses_a_url_too_long)
{
	char text[EP_METADATA_URL_MAX + 200];
	int at = snprintf(text, sizeof(text), ISS "\"jwks_uri\":\"https://");
	size_t fill = EP_METADATA_URL_MAX - 8;

	memset(text + at, 'a', fill + 1);
	strcpy(text + at + fill, "\"}");
	ck_assert_int_eq(decode(text), EP_TOKEN_OK);
	memset(text + at, 'a', fill + 1);
	strcpy(text + at + fill + 1, "\"}");
	ck_assert_int_eq(decode(text), EP_TOKEN_CLAIM_VALUE);
}
END_TEST

START_TEST(metadata_refuses_what_is_no_document)
{
	char *large = malloc(EP_METADATA_MAX + 2);

	ck_assert_int_eq(decode("[]"), EP_TOKEN_JSON_SYNTAX);
	ck_assert_int_eq(decode("<html>"), EP_TOKEN_JSON_SYNTAX);
	ck_assert_int_eq(decode(""), EP_TOKEN_JSON_SYNTAX);
	ck_assert_int_eq(decode(NULL), EP_TOKEN_JSON_SYNTAX);
	ck_assert_int_eq(decode(ISS "\"issuer\":\"x\"}"), EP_TOKEN_JSON_DUPLICATE);
	ck_assert_int_eq(
			decode(ISS
					"\"jwks_uri\":\"https://a\",\"jwks_uri\":\"https://b\"}"),
			EP_TOKEN_JSON_DUPLICATE);
	ck_assert_int_eq(decode(ISS "\"x\":[[[[[[]]]]]]}"), EP_TOKEN_JSON_LIMIT);
	memset(large, ' ', EP_METADATA_MAX + 1);
	large[EP_METADATA_MAX + 1] = '\0';
	ck_assert_int_eq(decode(large), EP_TOKEN_JSON_LIMIT);
	free(large);
}
END_TEST

static void cut_is_refused(struct ep_view cut, void *ctx)
{
	struct ep_metadata m;
	struct ep_arena arena;

	(void)ctx;
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_metadata_decode(&m, &issuer, cut, &arena),
			cut.len == sizeof(good) - 1 ? EP_TOKEN_OK : EP_TOKEN_JSON_SYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(metadata_every_cut)
{
	every_cut(ep_view_z(good), cut_is_refused, NULL);
}
END_TEST

static enum ep_err decode_in(struct ep_arena *arena, void *ctx)
{
	struct ep_metadata m;
	enum ep_token_cause cause =
			ep_metadata_decode(&m, &issuer, ep_view_z(good), arena);

	(void)ctx;
	if(cause == EP_TOKEN_NO_MEMORY)
		return EP_ENOMEM;
	ck_assert_int_eq(cause, EP_TOKEN_OK);
	return EP_OK;
}

START_TEST(metadata_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(decode_in, NULL), 10);
}
END_TEST

UNIT_MAIN("token/metadata", metadata_url_of_rfc8414, metadata_url_of_openid,
		metadata_url_refuses_what_is_no_https_url, metadata_url_needs_room,
		metadata_decodes_the_two_urls, metadata_refuses_another_issuer,
		metadata_refuses_other_urls, metadata_refuses_a_url_too_long,
		metadata_refuses_what_is_no_document, metadata_every_cut,
		metadata_every_alloc_failure)
