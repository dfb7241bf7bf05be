/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "mediate/cause.h"
#include "mediate/profile.h"
#include "support.h"

static struct ep_mediate_profile p;

static enum ep_err parse(const char *text)
{
	struct ep_view bad;
	return ep_mediate_profile_parse(&p, &bad, ep_view_z(text));
}

START_TEST(profile_has_defaults)
{
	ck_assert_int_eq(parse("name=default"), EP_OK);
	ck_assert_view_eq(p.name, "default");
	ck_assert(!p.avpf);
	ck_assert(!p.video);
	ck_assert(ep_mediate_names_has(p.codecs, EP_LIT("OPUS")));
	ck_assert(ep_mediate_names_has(p.codecs, EP_LIT("telephone-event")));
	ck_assert(!ep_mediate_names_has(p.codecs, EP_LIT("opu")));
	ck_assert(!ep_mediate_names_has(p.codecs, EP_LIT("speex")));
	ck_assert_ptr_null(p.access_if.p);
}
END_TEST

START_TEST(profile_reads_fields)
{
	ck_assert_int_eq(parse(" name = v ; core=AVPF;video=yes; codecs=PCMA,opus;"
						   "access_if=w;core_if=ims;"),
			EP_OK);
	ck_assert_view_eq(p.name, "v");
	ck_assert(p.avpf);
	ck_assert(p.video);
	ck_assert(ep_mediate_names_has(p.codecs, EP_LIT("pcma")));
	ck_assert(!ep_mediate_names_has(p.codecs, EP_LIT("PCMU")));
	ck_assert_view_eq(p.access_if, "w");
	ck_assert_view_eq(p.core_if, "ims");
}
END_TEST

START_TEST(profile_refuses_the_rest)
{
	static const char *const bad[] = {"", "core=avp", "name=", "name=a b",
			"name=a;core=tls", "name=a;video=1", "name=a;colour=red",
			"name=a;access_if=w", "name=a;core_source=x", "name=a;video",
			"name=a;codecs=a=b",
			"name=a;core=s", "name=a;core=xavp", "name=a;gateway=new",
			"name=a;gateway=", "name=a;bundle=yes", "name=a;access_ip=5",
			"name=a;core_ip=46", "name=a;no_candidates=no",
			"name=a;transcode=a,,b",
			"name=a;transcode=a,b23456789012345678901234567890123",
			"name=a;core_if=c;access_if=a23456789012345678901234567890123",
			"name=a;transcode=,",
			"name=a;transcode=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
	struct ep_view part;

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(parse(bad[i]) == EP_ESYNTAX, "%s", bad[i]);
	ep_mediate_profile_parse(&p, &part, EP_LIT("name=a; video=1 ;core=avp"));
	ck_assert_view_eq(part, "video=1");
}
END_TEST

START_TEST(profile_says_what_the_core_is_offered)
{
	static const struct
	{
		const char *core;
		bool avpf;
		bool srtp;
	} cases[] = {{"core=avp", false, false}, {"core=avpf", true, false},
			{"core=savp", false, true}, {"core=SAVPF", true, true}};
	char text[64];

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "name=a;%s", cases[i].core);
		ck_assert_int_eq(parse(text), EP_OK);
		ck_assert_msg(
				p.avpf == cases[i].avpf && p.srtp == cases[i].srtp, "%zu", i);
	}
}
END_TEST

START_TEST(profile_says_what_the_gateway_does)
{
	ck_assert_int_eq(parse("name=a"), EP_OK);
	ck_assert(p.bundle && !p.max_bundle && !p.caps.bundle && !p.transcode.p);
	ck_assert(p.access_ip == 0 && p.core_ip == 0);
	ck_assert_int_eq(
			parse("name=a;gateway=26.0.1;bundle=no;transcode=AMR-WB,"
				  "PCMA;no_candidates=max-bundle;access_ip=4;core_ip=6"),
			EP_OK);
	ck_assert(!p.bundle && p.max_bundle && p.caps.bundle && p.caps.fragment);
	ck_assert(ep_mediate_names_has(p.transcode, EP_LIT("amr-wb")));
	ck_assert(!ep_mediate_names_has(p.transcode, EP_LIT("AMR")));
	ck_assert(p.access_ip == 4 && p.core_ip == 6);
	ck_assert(!ep_mediate_names_has(ep_view_none(), EP_LIT("AMR")));
	ck_assert_int_eq(parse("name=a;transcode=1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
						   "15,16"),
			EP_OK);
	ck_assert_int_eq(parse("name=a;bundle=needed"), EP_OK);
	ck_assert(p.bundle && p.bundle_needed);
	ck_assert_int_eq(parse("name=a;bundle=needed;bundle=auto"), EP_OK);
	ck_assert(p.bundle && !p.bundle_needed);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	(void)ctx;
	if(ep_mediate_profile_parse(&p, NULL, text) == EP_OK)
		ck_assert(p.name.len > 0);
}

START_TEST(profile_survives_every_cut)
{
	every_cut(EP_LIT("name=d;core=savpf;video=yes;codecs=a,b;core_if=x;"
					 "access_if=y;gateway=26.0;transcode=AMR,PCMA;bundle=no;"
					 "no_candidates=balanced;access_ip=4;core_ip=6"),
			cut, NULL);
}
END_TEST

START_TEST(cause_table_is_complete)
{
	for(int c = 0; c < EP_MEDIATE_CAUSE_N; c++) {
		const struct ep_mediate_cause_info *i =
				ep_mediate_cause_get((enum ep_mediate_cause)c);
		ck_assert(i->name && i->text && i->reason);
		ck_assert(i->status >= 200 && i->status < 700);
		ck_assert_ptr_null(strpbrk(i->text, "\"\\\r\n"));
		for(int d = 0; d < c; d++)
			ck_assert_str_ne(i->name,
					ep_mediate_cause_get((enum ep_mediate_cause)d)->name);
	}
	ck_assert_ptr_eq(ep_mediate_cause_get((enum ep_mediate_cause)999),
			ep_mediate_cause_get(EP_MEDIATE_EINTERNAL));
	ck_assert_uint_eq(ep_mediate_cause_get(EP_MEDIATE_ENODTLS)->status, 488);
	ck_assert_uint_eq(ep_mediate_cause_get(EP_MEDIATE_EGWDOWN)->status, 503);
}
END_TEST

UNIT_MAIN("mediate/profile", profile_has_defaults, profile_reads_fields,
		profile_says_what_the_core_is_offered,
		profile_says_what_the_gateway_does, profile_refuses_the_rest,
		profile_survives_every_cut, cause_table_is_complete)
