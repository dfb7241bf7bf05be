/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/identity.h"

static const struct ep_view members[] = {{"tel:+49-301", 11},
		{"sip:Alice@home1.net", 19}, {"sip:alias@home1.net;x=y", 23}};
static const struct ep_impus set = {members, 3};
static const struct ep_view wild[] = {{"sip:chat!.*!@home1.net", 22}};
static const struct ep_impus wildcards = {wild, 1};
static const struct ep_impus none = {NULL, 0};

START_TEST(identity_finds_members_in_their_own_spelling)
{
	ck_assert_view_eq(ep_impus_find(set, EP_LIT("sip:alias@HOME1.net:5060")),
			"sip:alias@home1.net;x=y");
	ck_assert_view_eq(ep_impus_find(set, EP_LIT("tel:+49301")), "tel:+49-301");
	ck_assert(!ep_impus_find(set, EP_LIT("sip:alice@home1.net")).p);
	ck_assert(!ep_impus_find(set, ep_view_none()).p);
	ck_assert(!ep_impus_find(none, EP_LIT("sip:alias@home1.net")).p);
}
END_TEST

START_TEST(identity_default_is_the_first_sip_uri)
{
	struct ep_impus tel = {members, 1};

	ck_assert_view_eq(ep_impus_default(set), "sip:Alice@home1.net");
	ck_assert_view_eq(ep_impus_default(tel), "tel:+49-301");
	ck_assert(!ep_impus_default(none).p);
}
END_TEST

static bool match(const char *wildcard, const char *impu)
{
	return ep_impu_wildcard_match(ep_view_z(wildcard), ep_view_z(impu));
}

START_TEST(identity_matches_wildcards)
{
	ck_assert(match("sip:chat!.*!@home1.net", "SIP:chat@HOME1.net:5060"));
	ck_assert(match("sip:chat!.*!@home1.net", "sip:chat-7@home1.net;user=x"));
	ck_assert(match("SIP:c!.*!x@Home1.net", "sip:cabcx@home1.net"));
	ck_assert(match("sip:c![0-9]+!@h", "sip:c42@h"));
	ck_assert(match("sip:c!a?b+[^x-z]!@h", "sip:cbbb1@h"));
	ck_assert(match("sip:c!\\.!@h", "sip:c.@h"));
	ck_assert(match("sip:c![]a]*!@h", "sip:caa@h"));
	ck_assert(match("tel:+4930!.*!", "tel:+49-30-1"));
	ck_assert(match("sip:c!!@h", "sip:c@h"));
}
END_TEST

START_TEST(identity_matches_nothing_else)
{
	ck_assert(!match("sip:chat!.*!@home1.net", "sip:cha@home1.net"));
	ck_assert(!match("sip:chat!.*!@home1.net", "sip:chat@home2.net"));
	ck_assert(!match("sip:chat!.*!@home1.net", "sip:chat@x.home1.net"));
	ck_assert(!match("sip:chat!.*!@home1.net", "sips:chat@home1.net"));
	ck_assert(!match("sip:chat!.*!@home1.net", "sip:CHAT@home1.net"));
	ck_assert(!match("sip:chat!.*!@home1.net", "sip:chat@home1.net:5061"));
	ck_assert(!match("sip:chat!.*!", "sip:chat@home1.net"));
	ck_assert(!match("sip:!.*!", "sip:home1.net@evil.net"));
	ck_assert(!match("!.*!", "sip:a@h"));
	ck_assert(!match("sip:c![0-9]+!@h", "sip:c@h"));
	ck_assert(!match("sip:c![0-9]+!@h", "sip:c4x@h"));
	ck_assert(!match("sip:c!a{2}!@h", "sip:caa@h"));
	ck_assert(!match("sip:c!(a|b)!@h", "sip:ca@h"));
	ck_assert(!match("sip:c![a!@h", "sip:ca@h"));
	ck_assert(!match("sip:c!a\\!@h", "sip:ca@h"));
	ck_assert(!match("sip:c!.!x@h", "sip:cx@h"));
	ck_assert(!match("sip:a@h", "sip:a@h"));
	ck_assert(!match("sip:!a@h", "sip:!a@h"));
	ck_assert(!match("sip:a@!.*!", "sip:a@h"));
	ck_assert(!match("tel:+4930!.*!", "sip:+49301@h"));
	ck_assert(!match("sip:c!.*!@h", "not a uri"));
}
END_TEST

START_TEST(identity_matches_long_patterns_in_linear_time)
{
	char pattern[256] = "sip:!", impu[256] = "sip:";
	size_t i;

	for(i = 0; i < 31; i++)
		strcat(pattern, "a*");
	strcat(pattern, "!@h");
	for(i = 0; i < 200; i++)
		strcat(impu, "a");
	strcat(impu, "@h");
	ck_assert(match(pattern, impu));
	impu[100] = 'b';
	ck_assert(!match(pattern, impu));
	strcpy(pattern, "sip:!");
	for(i = 0; i < 63; i++)
		strcat(pattern, "a");
	strcat(pattern, "!@h");
	strcpy(impu, "sip:");
	for(i = 0; i < 63; i++)
		strcat(impu, "a");
	strcat(impu, "@h");
	ck_assert(match(pattern, impu));
	memmove(pattern + 6, pattern + 5, strlen(pattern + 5) + 1);
	memmove(impu + 5, impu + 4, strlen(impu + 4) + 1);
	ck_assert(!match(pattern, impu)); /* one element too many */
}
END_TEST

static struct ep_view chosen(const char *preferred, struct ep_arena *arena)
{
	char text[512];
	struct msg_text t;
	struct ep_view out;

	snprintf(text, sizeof(text), "INVITE sip:b@h SIP/2.0\r\n%s\r\n", preferred);
	ck_assert(msg_parse(&t, ep_view_z(text)));
	ck_assert_int_eq(
			ep_identity_choose(&out, set, wildcards, &t.m, arena), EP_OK);
	return out;
}

START_TEST(identity_prefers_what_is_registered)
{
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_view_eq(chosen("", &arena), "sip:Alice@home1.net");
	ck_assert_view_eq(
			chosen("P-Preferred-Identity: \"A\" <sip:alias@home1.net>\r\n",
					&arena),
			"sip:alias@home1.net;x=y");
	ck_assert_view_eq(
			chosen("P-Preferred-Identity: <sip:evil@home1.net>\r\n", &arena),
			"sip:Alice@home1.net");
	ck_assert_view_eq(chosen("P-Preferred-Identity: <sip:evil@home1.net>, "
							 "<tel:+49301>\r\n",
							  &arena),
			"tel:+49-301");
	ck_assert_view_eq(chosen("P-Preferred-Identity: \"open <x>\r\n"
							 "p-preferred-IDENTITY : tel:+49301\r\n",
							  &arena),
			"tel:+49-301");
	ck_assert_view_eq(
			chosen("P-Preferred-Identity: <sip:ch%61t7@HOME1.net;x=y>\r\n",
					&arena),
			"sip:chat7@home1.net");
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err choose_wild(struct ep_arena *arena, void *ctx)
{
	struct ep_view out;

	return ep_identity_choose(&out, set, wildcards, ctx, arena);
}

START_TEST(identity_survives_lack_of_memory)
{
	struct msg_text t;

	ck_assert(msg_parse(&t, EP_LIT("INVITE sip:b@h SIP/2.0\r\n"
								   "P-Preferred-Identity: "
								   "<sip:chat7@home1.net>\r\n\r\n")));
	ck_assert_uint_gt(every_alloc_failure(choose_wild, &t.m), 1);
}
END_TEST

static void cut_wildcard(struct ep_view cut, void *ctx)
{
	struct ep_view impu = EP_LIT("sip:cab1.@h");

	(void)ctx;
	if(ep_impu_wildcard_match(cut, impu))
		ck_assert(ep_impu_is_wildcard(cut));
	ep_impu_wildcard_match(EP_LIT("sip:c!.*!@h"), cut);
}

START_TEST(identity_reads_no_octet_too_many)
{
	every_cut(EP_LIT("sip:c!a?[^x-z]+[]0-9]*\\.!@h"), cut_wildcard, NULL);
}
END_TEST

UNIT_MAIN("tna/identity", identity_finds_members_in_their_own_spelling,
		identity_default_is_the_first_sip_uri, identity_matches_wildcards,
		identity_matches_nothing_else,
		identity_matches_long_patterns_in_linear_time,
		identity_prefers_what_is_registered, identity_survives_lack_of_memory,
		identity_reads_no_octet_too_many)
