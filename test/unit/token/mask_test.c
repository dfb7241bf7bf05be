/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include "support.h"
#include "token/bearer.h"
#include "token/mask.h"

#define HEAD "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid\r\n"
#define END "\r\n\r\nAuthorization: Bearer body-is-not-touched\r\n"
#define JWT                                                                    \
	"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
#define MASKED                                                                 \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Masks a copy of `text`; counts the spans that are credentials. */
static char *masked(const char *text, size_t n, size_t *credentials)
{
	struct ep_mask_span span;
	struct ep_mask_walk w;
	size_t end = 0;
	char *copy = malloc(n + 1);

	memcpy(copy, text, n);
	copy[n] = '\0';
	*credentials = 0;
	ep_mask_walk_init(&w, ep_view_of(copy, n));
	while(ep_mask_walk_next(&span, &w)) {
		ck_assert(span.at >= end && span.len > 0 && span.keep < span.len);
		ck_assert(span.len <= n && span.at <= n - span.len);
		end = span.at + span.len;
		*credentials += span.kind == EP_MASK_CREDENTIALS;
		ep_mask_write(copy, &span);
	}
	return copy;
}

static void becomes(const char *line, const char *want, size_t credentials)
{
	char text[1024], wanted[1024], *got;
	size_t n;

	snprintf(text, sizeof(text), HEAD "%s" END, line);
	snprintf(wanted, sizeof(wanted), HEAD "%s" END, want);
	got = masked(text, strlen(text), &n);
	ck_assert_str_eq(got, wanted);
	ck_assert_uint_eq(n, credentials);
	free(got);
}

static void stays(const char *line)
{
	becomes(line, line, 0);
}

START_TEST(mask_bearer_in_every_spelling)
{
	becomes("Authorization: Bearer abc.def", "Authorization: Bearer *******",
			1);
	becomes("AUTHORIZATION \t:  bEARER\t a", "AUTHORIZATION \t:  bEARER\t *",
			1);
	becomes("Proxy-authorization:Bearer access_token=\"a.b\" , x=y",
			"Proxy-authorization:Bearer ****************** * ***", 1);
	becomes("authorization:\r\n Bearer\r\n\tabc\r\n  def",
			"authorization:\r\n Bearer\r\n\t***\r\n  ***", 1);
	becomes("Authorization: Bearer a\r\nX: y\r\nAuthorization: Bearer bc",
			"Authorization: Bearer *\r\nX: y\r\nAuthorization: Bearer **", 2);
	stays("Authorization:");
	stays("Authorization: \r\n ");
	stays("X-Authorization: Bearer a");
}
END_TEST

START_TEST(mask_whatever_is_not_clearly_digest)
{
	static const char *const values[] = {"Basic YTpi", "Bearer", "Bearer,a",
			"Bearer=a b", "Bearerx a", "eyJhbGc", "Digest",
			"Digestusername=\"a\"", "Digest eyJhbGc",
			"Digest username=\"a\" eyJ", "Digest username=\"a",
			"Digest username=\"a\\\"", "Digest username=", "Digest ,username=a",
			"Digest username=a,,b=c", "Digest username=a;b=c",
			"Digest username=a b", "\"Digest\" username=a", "\xc3\xa4 \x01"};
	char line[256], want[256];
	size_t i, n;

	for(i = 0; i < sizeof(values) / sizeof(*values); i++) {
		n = (size_t)snprintf(line, sizeof(line), "Authorization: ");
		memcpy(want, line, n);
		snprintf(line + n, sizeof(line) - n, "%s", values[i]);
		for(; line[n] != '\0'; n++)
			want[n] = line[n] == ' ' ? ' ' : EP_MASK_CHR;
		want[n] = '\0';
		becomes(line, want, 1);
	}
}
END_TEST

START_TEST(mask_leaves_digest)
{
	stays("Authorization: Digest username=\"a@h\", realm=\"h\", nonce=\"\", "
		  "uri=\"sip:h\", response=\"\"");
	stays("Authorization:  dIGEST\r\n username=\"a\\\"b,c\" ,algorithm=AKAv1-MD5, "
		  "qop=auth,nc=00000001,cnonce=\"x\",opaque=\"y\",auts=\"z\", "
		  "userhash=true, integrity-protected=\"yes\"");
	stays("Authorization: Digest username=a");
	becomes("Authorization: Digest username=\"a\", access_token=\"abc\", nc=1",
			"Authorization: Digest username=\"a\", access_token=\"xxx\", nc=1",
			0);
	becomes("Authorization: Digest username=\"" JWT "\", foo=bar,bar=\"\"",
			"Authorization: Digest username=\"" MASKED
			"\", "
			"foo=xxx,bar=\"\"",
			0);
}
END_TEST

START_TEST(mask_strays)
{
	becomes("X-Token: " JWT, "X-Token: " MASKED, 0);
	becomes("Contact: <sip:a@h;x=" JWT ">;y",
			"Contact: <sip:a@h;x=" MASKED ">;y", 0);
	becomes("Referer: https://h/?a=b&access_token=secret&c=d",
			"Referer: https://h/?a=b&access_token=xxxxxx&c=d", 0);
	becomes("X: \"Access_Token\" : \"secret\", \"x\":1",
			"X: \"Access_Token\" : \"xxxxxx\", \"x\":1", 0);
	becomes("X: id_token=a;refresh_token=b;access_token%3Dabc",
			"X: id_token=x;refresh_token=x;access_token%3Dxxx", 0);
	becomes("X: Bearer 01234567890123456789, z",
			"X: Bearer xxxxxxxxxxxxxxxxxxxx, z", 0);
	becomes("X: %20" JWT, "X: %20" MASKED, 0);
	stays("Subject: bearer of bad news");
	stays("Subject: access_token is not shown");
	stays("X: access_token=");
	stays("X: eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.short");
	stays("X: ey-ey-ey.example.com");
	stays("Contact: <sip:eyes.wide.shut@h>");
}
END_TEST

START_TEST(mask_start_line_and_upgrade)
{
	static const char get[] =
			"GET /ws?x=1&access_token=abc HTTP/1.1\r\nHost: h\nupgrade : "
			"WebSocket\r\nAuthorization: Bearer abc\n\r\naccess_token=body";
	size_t n;
	char *got = masked(get, strlen(get), &n);

	ck_assert_str_eq(got,
			"GET /ws?x=1&access_token=xxx HTTP/1.1\r\nHost: h\nupgrade : "
			"WebSocket\r\nAuthorization: Bearer ***\n\r\naccess_token=body");
	ck_assert_uint_eq(n, 1);
	free(got);
	ck_assert(ep_mask_is_upgrade(ep_view_z(get)));
	ck_assert(!ep_mask_is_upgrade(
			EP_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\nUpgrade: websocket\r\n")));
	ck_assert(!ep_mask_is_upgrade(
			EP_LIT("POST / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")));
	ck_assert(!ep_mask_is_upgrade(ep_view_none()));
	got = masked("\r\n\r\nMESSAGE sip:a;access_token=b SIP/2.0", 40, &n);
	ck_assert_str_eq(got, "\r\n\r\nMESSAGE sip:a;access_token=x SIP/2.0");
	free(got);
}
END_TEST

START_TEST(mask_is_of_its_value_only)
{
	char value[] = "Bearer  a.b\r\n c";
	struct ep_view was = ep_view_of("Bearer  a.b\r\n c", sizeof(value) - 1);

	ep_mask_write(
			value, &(struct ep_mask_span){EP_MASK_CREDENTIALS, 0, was.len, 6});
	ck_assert_str_eq(value, "Bearer  ***\r\n *");
	ck_assert(ep_mask_is_of(ep_view_z(value), was, 6));
	ck_assert(!ep_mask_is_of(ep_view_z(value), was, 0));
	ck_assert(!ep_mask_is_of(was, was, 6));
	ck_assert(!ep_mask_is_of(ep_view_head(ep_view_z(value), 9), was, 6));
	ck_assert(!ep_mask_is_of(ep_view_z("Bearer  **.\r\n *"), was, 6));
}
END_TEST

/* Not one of the credentials' octets is there when the end is missing. */
static void cut_check(struct ep_view cut, void *ctx)
{
	size_t at = *(const size_t *)ctx, n, i;
	char *got = masked(cut.p, cut.len, &n);

	for(i = at; i < cut.len && i < at + 12; i++)
		ck_assert_int_eq(got[i], EP_MASK_CHR);
	ck_assert_uint_eq(n, cut.len > at - 7);
	free(got);
}

START_TEST(mask_every_cut)
{
	static const char text[] = HEAD "Authorization: Bearer abcdefghijkl" END;
	size_t at = strlen(HEAD "Authorization: Bearer ");

	every_cut(ep_view_of(text, sizeof(text) - 1), cut_check, &at);
}
END_TEST

/* What the gate reads of a mask is no token. */
START_TEST(mask_is_no_token)
{
	struct ep_view token = ep_view_none();

	ck_assert_int_eq(ep_bearer_parse(&token, EP_LIT("Bearer ******")),
			EP_BEARER_MALFORMED);
	ck_assert_int_eq(
			ep_bearer_parse(&token, EP_LIT("Bearer ************** * ***")),
			EP_BEARER_MALFORMED);
}
END_TEST

UNIT_MAIN("token/mask", mask_bearer_in_every_spelling,
		mask_whatever_is_not_clearly_digest, mask_leaves_digest, mask_strays,
		mask_start_line_and_upgrade, mask_is_of_its_value_only, mask_every_cut,
		mask_is_no_token)
