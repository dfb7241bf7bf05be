/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/trickle.h"
#include "support.h"
#include "../tna/msg_text.h"

#define START                                                                  \
	"INFO sip:b@home1.net SIP/2.0\r\nVia: SIP/2.0/WSS x;branch=z9hG4bK1\r\n"   \
	"To: <sip:b@home1.net>;tag=b\r\nFrom: <sip:a@home1.net>;tag=a\r\n"         \
	"Call-ID: c\r\nCSeq: 2 INFO\r\n"
#define PACKAGE "Info-Package: trickle-ice\r\n"
#define TYPE "Content-Type: application/trickle-ice-sdpfrag\r\n"
#define LEVEL                                                                  \
	"a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"                 \
	"m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
#define HOST "a=candidate:1 1 UDP 2130706432 192.0.2.1 5000 typ host\r\n"
#define NAME "a=candidate:2 1 udp 1 0f3a.local 5000 typ host\r\n"
#define END "a=end-of-candidates\r\n"

static const struct ep_mediate_caps able = {.fragment = true};
static const struct ep_mediate_caps old = {.fragment = false};

static struct msg_text in;
static struct ep_arena arena;

static bool is_trickle(const char *text)
{
	ck_assert(msg_parse(&in, ep_view_z(text)));
	return ep_mediate_trickle_is(&in.m);
}

START_TEST(trickle_is_known_by_package_or_body)
{
	ck_assert(is_trickle(START PACKAGE TYPE "\r\n" LEVEL));
	ck_assert(is_trickle(START "info-package : Trickle-ICE ;x=1\r\n\r\n"));
	ck_assert(is_trickle(
			START "c: Application/Trickle-Ice-Sdpfrag;charset=x\r\n\r\n"));
	ck_assert(!is_trickle(START "Info-Package: infoDtmf\r\n\r\n"));
	ck_assert(!is_trickle(START "\r\n"));
	ck_assert(!is_trickle("INVITE sip:b SIP/2.0\r\n" PACKAGE "\r\n"));
}
END_TEST

static enum ep_mediate_cause plan(struct ep_view *out, const char *text,
		enum ep_mediate_from from, const struct ep_mediate_caps *caps)
{
	ck_assert(msg_parse(&in, ep_view_z(text)));
	plain_arena_init(&arena);
	return ep_mediate_trickle_plan(out, &in.m, from, caps, &arena);
}

static void gives(const char *text, const struct ep_mediate_caps *caps,
		enum ep_mediate_cause cause, const char *want)
{
	struct ep_view out;

	ck_assert_int_eq(plan(&out, text, EP_MEDIATE_FROM_WIC, caps), cause);
	ck_assert_view_eq(out, want);
	ep_arena_fini(&arena);
}

START_TEST(trickle_gives_the_gateway_addresses_only)
{
	gives(START PACKAGE TYPE "\r\n" LEVEL HOST NAME END, &able, EP_MEDIATE_OK,
			LEVEL HOST END);
	/* That there are no more is news, too. */
	gives(START PACKAGE TYPE "\r\n" LEVEL NAME END, &able, EP_MEDIATE_OK,
			LEVEL END);
	gives(START PACKAGE TYPE "\r\n" LEVEL NAME, &able, EP_MEDIATE_OK, NULL);
	gives(START PACKAGE TYPE "\r\n" LEVEL, &able, EP_MEDIATE_OK, NULL);
}
END_TEST

START_TEST(trickle_gives_an_old_gateway_nothing)
{
	gives(START PACKAGE TYPE "\r\n" LEVEL HOST, &old, EP_MEDIATE_OK, NULL);
	gives(START PACKAGE TYPE "\r\nm=\r\n", &old, EP_MEDIATE_EFRAGMENT, NULL);
}
END_TEST

START_TEST(trickle_refuses_what_is_none)
{
	gives(START PACKAGE "\r\n" LEVEL HOST, &able, EP_MEDIATE_EFRAGMENT, NULL);
	gives(START TYPE "\r\n" LEVEL HOST, &able, EP_MEDIATE_EFRAGMENT, NULL);
	gives(START PACKAGE TYPE "\r\n", &able, EP_MEDIATE_EFRAGMENT, NULL);
	gives(START PACKAGE "Content-Type: application/sdp\r\n\r\n" LEVEL HOST,
			&able, EP_MEDIATE_EFRAGMENT, NULL);
	gives(START PACKAGE TYPE "\r\n" HOST, &able, EP_MEDIATE_EFRAGMENT, NULL);
}
END_TEST

START_TEST(trickle_of_the_core_is_a_bad_package)
{
	struct ep_view out;

	ck_assert_int_eq(plan(&out, START PACKAGE TYPE "\r\n" LEVEL HOST,
							 EP_MEDIATE_FROM_CORE, &able),
			EP_MEDIATE_EPACKAGE);
	ck_assert(out.p == NULL);
	ck_assert_uint_eq(ep_mediate_cause_get(EP_MEDIATE_EPACKAGE)->status, 469);
	ck_assert_uint_eq(ep_mediate_cause_get(EP_MEDIATE_EFRAGMENT)->status, 400);
	ck_assert_uint_eq(ep_mediate_cause_get(EP_MEDIATE_ENOCALL)->status, 481);
	ep_arena_fini(&arena);
}
END_TEST

/* The message after the edits. */
static void headers(const char *text, enum ep_mediate_from from, bool announce,
		const char *want)
{
	static char room[4096];
	struct ep_hdredits edits;
	struct ep_buf out;

	ck_assert(msg_parse(&in, ep_view_z(text)));
	plain_arena_init(&arena);
	ep_hdredits_init(&edits, &arena);
	ck_assert_int_eq(
			ep_mediate_trickle_headers(&edits, &in.m, from, announce), EP_OK);
	ep_buf_init(&out, room, sizeof room);
	ck_assert_int_eq(ep_hdredits_render(&out, &in.m, &edits), EP_OK);
	ck_assert_view_eq(ep_buf_view(&out), want);
	ep_arena_fini(&arena);
}

#define INVITE "INVITE sip:b@home1.net SIP/2.0\r\n"

START_TEST(trickle_headers_do_not_pass)
{
	headers(INVITE
			"Supported: 100rel, Trickle-ICE,timer\r\nk: trickle-ice\r\n"
			"Require: trickle-ice\r\nRecv-Info: infoDtmf,trickle-ice;x=1\r\n"
			"Proxy-Require: trickle-ice , a\r\nX: trickle-ice\r\n\r\n",
			EP_MEDIATE_FROM_WIC, true,
			INVITE
			"Supported: 100rel,timer\r\nRecv-Info: infoDtmf\r\n"
			"Proxy-Require: a\r\nX: trickle-ice\r\n\r\n");
	/* Untouched lines stay as they are. */
	headers(INVITE "Supported: a ,b\r\nRecv-Info:\r\n\r\n",
			EP_MEDIATE_FROM_CORE, false,
			INVITE "Supported: a ,b\r\nRecv-Info: \r\n\r\n");
}
END_TEST

/* With a description option.h takes them. */
START_TEST(trickle_headers_take_preconditions_of_what_has_no_body)
{
	static const char bare[] = INVITE
			"Supported: 100rel, precondition\r\nRequire: Precondition\r\n"
			"Unsupported: precondition\r\n\r\n";

	headers(bare, EP_MEDIATE_FROM_CORE, false,
			INVITE "Supported: 100rel\r\nUnsupported: precondition\r\n\r\n");
	headers(bare, EP_MEDIATE_FROM_WIC, false, bare);
	headers(INVITE "Supported: precondition\r\n\r\nv=0\r\n",
			EP_MEDIATE_FROM_CORE, false,
			INVITE "Supported: precondition\r\n\r\nv=0\r\n");
}
END_TEST

#define MORE "Supported: trickle-ice\r\nRecv-Info: trickle-ice\r\n"
#define REPLY(code) "SIP/2.0 " code "\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"

START_TEST(trickle_is_announced_to_pages_alone)
{
	headers(INVITE
			"Supported: trickle-ice\r\nRecv-Info: a, trickle-ice\r\n\r\n",
			EP_MEDIATE_FROM_CORE, true, INVITE "Recv-Info: a\r\n" MORE "\r\n");
	headers(INVITE "Call-ID: c\r\n\r\n", EP_MEDIATE_FROM_WIC, true,
			INVITE "Call-ID: c\r\n\r\n");
	headers("BYE sip:b SIP/2.0\r\nCall-ID: c\r\n\r\n", EP_MEDIATE_FROM_CORE,
			true, "BYE sip:b SIP/2.0\r\nCall-ID: c\r\n\r\n");
}
END_TEST

START_TEST(trickle_is_announced_in_answers_that_make_a_dialog)
{
	static const struct
	{
		unsigned status;
		bool announced;
	} rows[] = {{100, false}, {101, true}, {183, true}, {200, true},
			{299, true}, {300, false}, {486, false}};

	for(size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ep_hdredits edits;
		ck_assert(msg_parse(&in, EP_LIT(REPLY("200 OK") "\r\n")));
		in.m.status = rows[i].status;
		in.m.method = EP_LIT("INVITE");
		plain_arena_init(&arena);
		ep_hdredits_init(&edits, &arena);
		ck_assert_int_eq(ep_mediate_trickle_headers(
								 &edits, &in.m, EP_MEDIATE_FROM_CORE, true),
				EP_OK);
		ck_assert_uint_eq(edits.n, rows[i].announced ? 2 : 0);
		ep_arena_fini(&arena);
	}
}
END_TEST

static enum ep_err alloc(struct ep_arena *a, void *ctx)
{
	struct ep_hdredits edits;
	struct ep_view out;
	enum ep_mediate_cause cause;

	(void)ctx;
	cause = ep_mediate_trickle_plan(&out, &in.m, EP_MEDIATE_FROM_WIC, &able, a);
	ck_assert(cause == EP_MEDIATE_OK || cause == EP_MEDIATE_EINTERNAL);
	if(cause)
		return EP_ENOMEM;
	ep_hdredits_init(&edits, a);
	return ep_mediate_trickle_headers(
			&edits, &in.m, EP_MEDIATE_FROM_CORE, true);
}

START_TEST(trickle_without_memory_says_so)
{
	ck_assert(msg_parse(
			&in, EP_LIT(START PACKAGE TYPE
						 "Supported: a, trickle-ice\r\n\r\n" LEVEL HOST)));
	ck_assert_uint_gt(every_alloc_failure(alloc, NULL), 3);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	struct ep_hdredits edits;
	struct ep_view out;

	(void)ctx;
	if(!msg_parse(&in, text))
		return;
	plain_arena_init(&arena);
	ep_mediate_trickle_is(&in.m);
	if(ep_mediate_trickle_plan(&out, &in.m, EP_MEDIATE_FROM_WIC, &able, &arena)
			!= EP_MEDIATE_OK)
		ck_assert(out.p == NULL);
	ep_hdredits_init(&edits, &arena);
	ck_assert_int_eq(ep_mediate_trickle_headers(
							 &edits, &in.m, EP_MEDIATE_FROM_WIC, true),
			EP_OK);
	ep_arena_fini(&arena);
}

START_TEST(trickle_of_every_cut_stays_inside)
{
	every_cut(EP_LIT(START PACKAGE TYPE
					  "Supported: a, trickle-ice\r\n\r\n" LEVEL HOST END),
			cut, NULL);
}
END_TEST

UNIT_MAIN("mediate/trickle", trickle_is_known_by_package_or_body,
		trickle_gives_the_gateway_addresses_only,
		trickle_gives_an_old_gateway_nothing, trickle_refuses_what_is_none,
		trickle_of_the_core_is_a_bad_package, trickle_headers_do_not_pass,
		trickle_headers_take_preconditions_of_what_has_no_body,
		trickle_is_announced_to_pages_alone,
		trickle_is_announced_in_answers_that_make_a_dialog,
		trickle_without_memory_says_so, trickle_of_every_cut_stays_inside)
