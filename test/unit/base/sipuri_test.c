/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "base/sipuri.h"

static struct ep_uri uri_of(const char *text)
{
	struct ep_uri uri;

	ck_assert_msg(ep_uri_parse(&uri, ep_view_z(text)) == EP_OK, "%s", text);
	return uri;
}

START_TEST(sipuri_parses_all_parts)
{
	struct ep_uri u = uri_of(
			"sips:alice;day=tue:pw@[2001:db8::1]:5071;transport=ws;lr?a=b&c=d");

	ck_assert_int_eq(u.scheme, EP_URI_SIPS);
	ck_assert_view_eq(u.user, "alice;day=tue");
	ck_assert_view_eq(u.password, "pw");
	ck_assert_view_eq(u.host, "[2001:db8::1]");
	ck_assert_uint_eq(u.port, 5071);
	ck_assert_view_eq(u.params, "transport=ws;lr");
	ck_assert_view_eq(u.headers, "a=b&c=d");
}
END_TEST

START_TEST(sipuri_leaves_absent_parts_absent)
{
	struct ep_uri u = uri_of("SIP:home1.net");

	ck_assert_int_eq(u.scheme, EP_URI_SIP);
	ck_assert_view_eq(u.host, "home1.net");
	ck_assert(!u.user.p && !u.password.p && !u.params.p && !u.headers.p);
	ck_assert_uint_eq(u.port, 0);
	u = uri_of("urn:service:sos");
	ck_assert_int_eq(u.scheme, EP_URI_OTHER);
	u = uri_of("tel:7042;phone-context=example.com");
	ck_assert_int_eq(u.scheme, EP_URI_TEL);
	ck_assert_view_eq(u.user, "7042");
	ck_assert_view_eq(u.params, "phone-context=example.com");
}
END_TEST

START_TEST(sipuri_takes_odd_users)
{
	/* RFC 4475 3.1.1.1, 3.1.1.2 and its URIs with everything in the user */
	struct ep_uri u = uri_of("sip:user;par=u%40example.net@example.com");

	ck_assert_view_eq(u.user, "user;par=u%40example.net");
	u = uri_of(
			"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,"
			"weird!*pas$wo~d_too.(doesn't-it)@example.com");
	ck_assert_view_eq(u.host, "example.com");
	ck_assert_view_eq(
			u.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
}
END_TEST

START_TEST(sipuri_refuses_what_is_none)
{
	static const char *const bad[] = {"", "sip", "sip:", "sip:@h", "sip:a@",
			"sip:a@b@c", "sip:a@h:0", "sip:a@h:65536", "sip:a@h:", "sip:a@h:5x",
			"sip:a b@h", "sip:a@h h", "sip:a@h\r\nX: y", "sip:<a@h>",
			"sip:\"a\"@h", "sip:a%4@h", "sip:a%zz@h", "sip:a@[::1",
			"sip:a@h;x=\"y\"", "sip:a@h?x=a@b", "1sip:a@h", ":a@h",
			"tel:", "tel:+", "tel:-", "tel:+49a", "tel:49+1", "tel:+49 1",
			"sip:a\x80@h", "sip:a@h\x7f", "sip:a@h%41", "sip:;lr", "sip:a@;lr",
			"sip:a@[]"};
	struct ep_uri u;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ep_uri_parse(&u, ep_view_z(bad[i])) == EP_ESYNTAX,
				"'%s' was taken", bad[i]);
	ck_assert_int_eq(ep_uri_parse(&u, ep_view_of("sip:a\0b@h", 9)), EP_ESYNTAX);
	ck_assert_int_eq(ep_uri_parse(&u, ep_view_none()), EP_ESYNTAX);
}
END_TEST

START_TEST(sipuri_finds_parameters)
{
	struct ep_uri u = uri_of("sip:t@h;transport=tcp;LR;ob");
	struct ep_view v = EP_LIT("untouched"), quoted;

	ck_assert(ep_param_get(&v, u.params, EP_LIT("lr")));
	ck_assert(!v.p);
	ck_assert(ep_param_get(NULL, u.params, EP_LIT("ob")));
	ck_assert(ep_param_get(&v, u.params, EP_LIT("Transport")));
	ck_assert_view_eq(v, "tcp");
	ck_assert(!ep_param_get(&v, u.params, EP_LIT("o")));
	quoted =
			EP_LIT("q=0.5 ; +sip.instance=\"<urn:a;ob;b=\\\"c>\" ; reg-id = 1");
	ck_assert(!ep_param_get(NULL, quoted, EP_LIT("ob")));
	ck_assert(ep_param_get(&v, quoted, EP_LIT("reg-id")));
	ck_assert_view_eq(v, "1");
	ck_assert(ep_param_get(&v, quoted, EP_LIT("+SIP.instance")));
	ck_assert_view_eq(ep_unquote(v), "<urn:a;ob;b=\\\"c>");
	ck_assert(!ep_param_get(NULL, EP_LIT("a;;ob"), EP_LIT("ob")));
	ck_assert(!ep_param_get(NULL, EP_LIT("a=\"open;ob"), EP_LIT("ob")));
	ck_assert(!ep_param_get(NULL, ep_view_none(), EP_LIT("ob")));
}
END_TEST

START_TEST(sipuri_unquotes_only_pairs)
{
	ck_assert_view_eq(ep_unquote(EP_LIT("\"a\"")), "a");
	ck_assert_view_eq(ep_unquote(EP_LIT("\"\"")), "");
	ck_assert_view_eq(ep_unquote(EP_LIT("\"")), "\"");
	ck_assert_view_eq(ep_unquote(EP_LIT("a\"")), "a\"");
}
END_TEST

START_TEST(sipuri_splits_lists)
{
	struct ep_view rest =
			EP_LIT(" , \"A, B\" <sip:a,b@h;x=1,2>;q=\",\" ,,"
				   "\r\n sip:c@d ,");
	struct ep_nameaddr na;

	ck_assert_int_eq(ep_nameaddr_next(&na, &rest), EP_OK);
	ck_assert_view_eq(na.display, "\"A, B\"");
	ck_assert_view_eq(na.uri, "sip:a,b@h;x=1,2");
	ck_assert_view_eq(na.params, "q=\",\"");
	ck_assert(na.bracketed);
	ck_assert_int_eq(ep_nameaddr_next(&na, &rest), EP_OK);
	ck_assert_view_eq(na.uri, "sip:c@d");
	ck_assert(!na.bracketed && !na.display.p && !na.params.p);
	ck_assert_int_eq(ep_nameaddr_next(&na, &rest), EP_ENOENT);
	ck_assert_int_eq(ep_nameaddr_next(&na, &rest), EP_ENOENT);
}
END_TEST

START_TEST(sipuri_gives_header_the_params_of_a_bare_uri)
{
	struct ep_nameaddr na;

	ck_assert_int_eq(
			ep_nameaddr_parse(&na, EP_LIT("sip:a@h ;tag=1;lr")), EP_OK);
	ck_assert_view_eq(na.uri, "sip:a@h");
	ck_assert_view_eq(na.params, "tag=1;lr");
	ck_assert_int_eq(
			ep_nameaddr_parse(&na, EP_LIT("Al Ice\t<sip:a@h;lr> ; tag=1")),
			EP_OK);
	ck_assert_view_eq(na.display, "Al Ice");
	ck_assert_view_eq(na.uri, "sip:a@h;lr");
	ck_assert(!ep_param_get(NULL, na.params, EP_LIT("lr")));
	ck_assert(ep_param_get(NULL, na.params, EP_LIT("tag")));
	ck_assert_int_eq(ep_nameaddr_parse(&na, EP_LIT(" * ")), EP_OK);
	ck_assert(na.star);
}
END_TEST

START_TEST(sipuri_refuses_odd_nameaddrs)
{
	static const char *const bad[] = {"", "<>", "<sip:a@h", "sip:a@h>",
			"\"A <sip:a@h>", "\"A\" B <sip:a@h>", "A \"B\" <sip:a@h>",
			"<sip:a@h> x", "<sip:a@h><sip:b@h>", "<sip:a<b@h>",
			"sip:a@h <sip:b@h>", "a;b=<sip:a@h>", "<sip:a@h>, <sip:b@h>",
			"<sip:a@h>;x=\"y\" <z>", "<sip:a@h>;x>y", "sip:a@h;x>y",
			"sip:a@h sip:b@h", "\"A\\\" <sip:a@h>", ";tag=1"};
	struct ep_nameaddr na;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ep_nameaddr_parse(&na, ep_view_z(bad[i])) == EP_ESYNTAX,
				"'%s' was taken", bad[i]);
}
END_TEST

/* Says what ep_impu_eq says, after it made sure that it says the same the
 * other way round and that the printed forms agree. */
static bool same(const char *a, const char *b)
{
	char ta[256], tb[256];
	struct ep_buf ba, bb;
	enum ep_err ea, eb;
	bool eq = ep_impu_eq(ep_view_z(a), ep_view_z(b));

	ep_buf_init(&ba, ta, sizeof(ta));
	ep_buf_init(&bb, tb, sizeof(tb));
	ea = ep_impu_print(&ba, ep_view_z(a));
	eb = ep_impu_print(&bb, ep_view_z(b));
	ck_assert_int_eq(eq, ep_impu_eq(ep_view_z(b), ep_view_z(a)));
	ck_assert_msg(
			eq
					== (!ea && !eb
							&& ep_view_eq(ep_buf_view(&ba), ep_buf_view(&bb))),
			"%s %s", a, b);
	return eq;
}

START_TEST(sipuri_knows_equal_identities)
{
	ck_assert(same("sip:a@h.net", "SIP:a@H.NET"));
	ck_assert(same("sip:a@h", "sip:a@h:5060"));
	ck_assert(same("sips:a@h", "sips:a@h:5061"));
	ck_assert(same("sip:a@h", "sip:%61@h;user=phone;transport=ws?x=y"));
	ck_assert(same("sip:a%2fb@h", "sip:a%2Fb@h"));
	ck_assert(same("sip:a%2ab@h", "sip:a*b@h"));
	ck_assert(same("tel:+49-30.(12)34", "TEL:+49301234"));
	ck_assert(same("tel:+4930;foo=bar", "tel:+4930"));
	ck_assert(same(
			"tel:70-42;phone-context=EX.com", "tel:7042;phone-context=ex.com"));
	ck_assert(same(
			"tel:7042;phone-context=+49-30", "tel:7042;phone-context=+4930"));
	ck_assert(same("tel:7042;ext=1-2;phone-context=a.b",
			"tel:7042;phone-context=a.b;ext=12"));
	ck_assert(same("sip:h", "sip:H;lr"));
}
END_TEST

START_TEST(sipuri_knows_different_identities)
{
	ck_assert(!same("sip:a@h", "sip:A@h"));
	ck_assert(!same("sip:a@h", "sips:a@h"));
	ck_assert(!same("sip:a@h", "sip:a@h:5061"));
	ck_assert(!same("sips:a@h", "sips:a@h:5060"));
	ck_assert(!same("sip:a@h", "sip:a@h."));
	ck_assert(!same("sip:a@h", "sip:a@hh"));
	ck_assert(!same("sip:a@h", "sip:ab@h"));
	ck_assert(!same("sip:a@h", "sip:a:@h"));
	ck_assert(!same("sip:a:x@h", "sip:a:y@h"));
	ck_assert(!same("sip:h", "sip:a@h"));
	ck_assert(!same("sip:a%2fb@h", "sip:a/b@h"));
	ck_assert(!same("sip:a%252fb@h", "sip:a%2fb@h"));
	ck_assert(!same("sip:+4930@h;user=phone", "tel:+4930"));
	ck_assert(!same("tel:4930", "tel:+4930"));
	ck_assert(!same("tel:7042;phone-context=a.b", "tel:7042"));
	ck_assert(!same("tel:+4930;ext=1", "tel:+4930"));
	ck_assert(!same("tel:+4930;isub=1", "tel:+4930;isub=2"));
	ck_assert(!same("urn:a:b", "urn:a:b"));
	ck_assert(!same("", ""));
	ck_assert(!same("sip:a@h ", "sip:a@h"));
}
END_TEST

START_TEST(sipuri_prints_canonical_text)
{
	char text[64];
	struct ep_buf buf;

	ep_buf_init(&buf, text, sizeof(text));
	ck_assert_int_eq(
			ep_impu_print(
					&buf, EP_LIT("SIP:%41li%2fce@Home1.NET:5060;user=phone")),
			EP_OK);
	ck_assert_view_eq(ep_buf_view(&buf), "sip:Ali%2Fce@home1.net");
	ep_buf_init(&buf, text, 5);
	ck_assert_int_eq(ep_impu_print(&buf, EP_LIT("sip:a@h")), EP_ENOSPC);
}
END_TEST

static void cut_uri(struct ep_view cut, void *ctx)
{
	struct ep_uri u;
	char text[128];
	struct ep_buf buf;

	(void)ctx;
	ep_buf_init(&buf, text, sizeof(text));
	if(ep_uri_parse(&u, cut) == EP_OK)
		ck_assert(u.all.p == cut.p);
	ck_assert_int_eq(ep_impu_eq(cut, cut), ep_impu_print(&buf, cut) == EP_OK);
}

static void cut_list(struct ep_view cut, void *ctx)
{
	struct ep_nameaddr na;
	struct ep_param p;
	enum ep_err err;
	struct ep_view params;

	(void)ctx;
	while((err = ep_nameaddr_next(&na, &cut)) == EP_OK) {
		params = na.params;
		while((err = ep_param_next(&p, &params)) == EP_OK)
			ck_assert(p.name.len > 0);
		ck_assert(err == EP_ENOENT || err == EP_ESYNTAX);
	}
	ck_assert(err == EP_ENOENT || err == EP_ESYNTAX);
}

START_TEST(sipuri_reads_no_octet_too_many)
{
	every_cut(EP_LIT("sip:al%61ice;x=%2f:p%20w@[::1]:5071;lr;t=%41?a=b"),
			cut_uri, NULL);
	every_cut(EP_LIT("tel:+49-30;ext=1%41;phone-context=+49"), cut_uri, NULL);
	every_cut(EP_LIT("\"A\\\"\\\\\" <sip:a@h;lr>;q=\"a\\\"\";r , sip:b@h;t=1"),
			cut_list, NULL);
}
END_TEST

UNIT_MAIN("base/sipuri", sipuri_parses_all_parts,
		sipuri_leaves_absent_parts_absent, sipuri_takes_odd_users,
		sipuri_refuses_what_is_none, sipuri_finds_parameters,
		sipuri_unquotes_only_pairs, sipuri_splits_lists,
		sipuri_gives_header_the_params_of_a_bare_uri,
		sipuri_refuses_odd_nameaddrs, sipuri_knows_equal_identities,
		sipuri_knows_different_identities, sipuri_prints_canonical_text,
		sipuri_reads_no_octet_too_many)
