/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "support.h"
#include "tna/tel.h"

static const struct ep_view home = {"home1.net", 9};
static struct ep_arena arena;

static struct ep_view sip_of(const char *tel)
{
	return ep_tel_to_sip(ep_view_z(tel), home, &arena);
}

START_TEST(tel_becomes_a_sip_uri)
{
	static const char *const pairs[][2] = {
			{"tel:+4930", "sip:+4930@home1.net;user=phone"},
			{"TEL:+49-(30).1", "sip:+49301@home1.net;user=phone"},
			{"tel:112;phone-context=+49",
					"sip:112;phone-context=+49@home1.net;user=phone"},
			{"tel:+1;Zed;b=C;ISUB=7;phone-context=Home1.NET",
					"sip:+1;isub=7;phone-context=home1.net;b=c;zed@home1.net;"
					"user=phone"},
			{"tel:+1;x=a[b]:c%2F/&+$",
					"sip:+1;x=a%5Bb%5D%3Ac%2f/&+$@home1.net;user=phone"},
			{"tel:*21#;phone-context=h",
					"sip:*21%23;phone-context=h@home1.net;user=phone"},
			{"tel:0A;phone-context=h",
					"sip:0A;phone-context=h@home1.net;user=phone"}};
	struct ep_uri u;
	size_t i;

	plain_arena_init(&arena);
	for(i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct ep_view sip = sip_of(pairs[i][0]);

		ck_assert(ep_tel_is(ep_view_z(pairs[i][0])));
		ck_assert_view_eq(sip, pairs[i][1]);
		ck_assert_int_eq(ep_uri_parse(&u, sip), EP_OK);
		ck_assert_view_eq(u.host, "home1.net");
		ck_assert_view_eq(u.params, "user=phone");
	}
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(tel_leaves_the_rest_alone)
{
	static const char *const others[] = {"sip:+49@home1.net;user=phone",
			"sips:a@b", "urn:service:sos", "tel:", "tel:abcx", "tel:+1;", "",
			"mailto:a@b", "tel:+1 2"};
	size_t i;

	plain_arena_init(&arena);
	for(i = 0; i < sizeof(others) / sizeof(*others); i++)
		ck_assert_msg(sip_of(others[i]).p == NULL, "%s", others[i]);
	/* more parameters than anybody writes */
	ck_assert_ptr_null(sip_of("tel:+1;a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q").p);
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err convert(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_tel_to_sip(EP_LIT("tel:+49;ext=1"), home, a).p != NULL
				   ? EP_OK
				   : EP_ENOMEM;
}

START_TEST(tel_without_memory)
{
	ck_assert_uint_gt(every_alloc_failure(convert, NULL), 1);
}
END_TEST

static void cut_tel(struct ep_view cut, void *ctx)
{
	struct ep_uri u;
	struct ep_view sip = ep_tel_to_sip(cut, home, ctx);

	ck_assert(sip.p == NULL || ep_uri_parse(&u, sip) == EP_OK);
}

START_TEST(tel_every_cut)
{
	plain_arena_init(&arena);
	every_cut(EP_LIT("tel:+49-30.1;isub=x%2F;phone-context=+1;a=b"), cut_tel,
			&arena);
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("tna/tel", tel_becomes_a_sip_uri, tel_leaves_the_rest_alone,
		tel_without_memory, tel_every_cut)
