/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "base/sipcut.h"

#define HEAD                                                                   \
	"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nVia: SIP/2.0/WSS b.invalid\r\n"     \
	"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: c\r\n"           \
	"CSeq: 1 INVITE\r\n"
#define SESSION                                                                \
	"m: <sip:b@c>\r\nRecord-Route: <sip:p;lr>,\r\n <sip:q;lr>\r\n"             \
	"RECORD-ROUTE: <sip:r;lr>\r\nRSeq: 1\r\nRequire: 100rel\r\n"               \
	"x: 90\r\nContact: <sip:d@e>\r\n"
#define BODY                                                                   \
	"c: application/sdp\r\nContent-Disposition: session;\r\n\thandling=x\r\n"  \
	"MIME-Version: 1.0\r\nContent-Encoding: z\r\nl : 5\r\n"
#define KEPT "X-Content-Type: y\r\nServer: s\r\n z\r\n"

static const char reply[] =
		"SIP/2.0 200 OK\r\n" HEAD SESSION BODY KEPT "\r\nv=0\r\n";

static char room[4096];

static struct ep_buf new_buf(size_t cap)
{
	struct ep_buf b;

	ep_buf_init(&b, room, cap);
	return b;
}

START_TEST(sipcut_body_goes_with_what_speaks_of_it)
{
	struct ep_buf b = new_buf(sizeof(room));

	ck_assert_int_eq(ep_sipcut_body(&b, ep_view_z(reply)), EP_OK);
	ck_assert_view_eq(ep_buf_view(&b),
			"SIP/2.0 200 OK\r\n" HEAD SESSION KEPT "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(sipcut_body_of_a_request)
{
	struct ep_buf b = new_buf(sizeof(room));

	ck_assert_int_eq(
			ep_sipcut_body(&b, EP_LIT("ACK sip:x SIP/2.0\r\nTo: x\r\n\r\nxyz")),
			EP_OK);
	ck_assert_view_eq(ep_buf_view(&b),
			"ACK sip:x SIP/2.0\r\nTo: x\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(sipcut_skips_lines_before_the_first)
{
	struct ep_view m = EP_LIT("\r\n\r\nSIP/2.0 200 OK\r\nTo: x\r\n\r\nxyz");
	struct ep_buf b = new_buf(sizeof(room));
	size_t at = 0;

	ck_assert_int_eq(ep_sipcut_body(&b, m), EP_OK);
	ck_assert_view_eq(ep_buf_view(&b),
			"SIP/2.0 200 OK\r\nTo: x\r\nContent-Length: 0\r\n\r\n");
	b = new_buf(sizeof(room));
	ck_assert_int_eq(ep_sipcut_refuse(&b, m, 500, EP_LIT("No")), EP_OK);
	ck_assert_view_eq(ep_buf_view(&b),
			"SIP/2.0 500 No\r\nTo: x\r\nContent-Length: 0\r\n\r\n");
	ck_assert_view_eq(ep_sipcut_find(m, EP_LIT("To"), 't', &at), "x");
}
END_TEST

START_TEST(sipcut_refuse_leaves_no_session)
{
	struct ep_buf b = new_buf(sizeof(room));

	ck_assert_int_eq(ep_sipcut_refuse(&b, ep_view_z(reply), 488,
							 EP_LIT("Not Acceptable Here")),
			EP_OK);
	ck_assert_view_eq(ep_buf_view(&b),
			"SIP/2.0 488 Not Acceptable Here\r\n" HEAD KEPT
			"Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(sipcut_refuses_what_it_cannot_cut)
{
	static const char *const bad[] = {"", "SIP/2.0 200 OK",
			"SIP/2.0 200 OK\r\n", "SIP/2.0 200 OK\r\nTo: x\r\n",
			"SIP/2.0 200 OK\r\nTo: x\r\n ",
			"INVITE x SIP/2.0\r\nTo: x\r\n\r\n"};
	struct ep_buf b;
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		b = new_buf(sizeof(room));
		ck_assert_int_eq(
				ep_sipcut_refuse(&b, ep_view_z(bad[i]), 500, EP_LIT("x")),
				EP_ESYNTAX);
	}
	for(i = 0; i < 3; i++) {
		b = new_buf(sizeof(room));
		ck_assert_int_eq(ep_sipcut_refuse(&b, ep_view_z(reply),
								 (unsigned[]){200, 299, 700}[i], EP_LIT("x")),
				EP_ESYNTAX);
	}
}
END_TEST

START_TEST(sipcut_without_room)
{
	size_t need, cap;
	struct ep_buf b = new_buf(sizeof(room));

	ck_assert_int_eq(ep_sipcut_body(&b, ep_view_z(reply)), EP_OK);
	need = b.len;
	for(cap = 0; cap < need; cap++) {
		b = new_buf(cap);
		ck_assert_int_eq(ep_sipcut_body(&b, ep_view_z(reply)), EP_ENOSPC);
	}
}
END_TEST

START_TEST(sipcut_find_by_name_and_letter)
{
	struct ep_view m = ep_view_z(reply);
	size_t at = 0;

	ck_assert_view_eq(
			ep_sipcut_find(m, EP_LIT("contact"), 'm', &at), "<sip:b@c>");
	ck_assert_view_eq(
			ep_sipcut_find(m, EP_LIT("contact"), 'm', &at), "<sip:d@e>");
	ck_assert(ep_sipcut_find(m, EP_LIT("contact"), 'm', &at).p == NULL);
	at = 0;
	ck_assert_view_eq(ep_sipcut_find(m, EP_LIT("Record-Route"), '\0', &at),
			"<sip:p;lr>,\r\n <sip:q;lr>");
	ck_assert_view_eq(
			ep_sipcut_find(m, EP_LIT("Record-Route"), '\0', &at), "<sip:r;lr>");
	at = 0; /* none in the body */
	ck_assert(ep_sipcut_find(EP_LIT("x\r\nTo: a\r\n\r\nSubject: b\r\n\r\n"),
					  EP_LIT("Subject"), 's', &at)
					  .p
			  == NULL);
}
END_TEST

static void cut_check(struct ep_view cut, void *ctx)
{
	struct ep_buf b = new_buf(sizeof(room));
	size_t at = 0;
	bool whole = cut.len >= *(const size_t *)ctx;

	ck_assert_int_eq(ep_sipcut_body(&b, cut), whole ? EP_OK : EP_ESYNTAX);
	ep_sipcut_find(cut, EP_LIT("Server"), '\0', &at);
	ck_assert_uint_le(at, cut.len);
}

START_TEST(sipcut_every_cut)
{
	size_t least = sizeof(reply) - 1 - strlen("v=0\r\n");

	every_cut(ep_view_z(reply), cut_check, &least);
}
END_TEST

UNIT_MAIN("base/sipcut", sipcut_body_goes_with_what_speaks_of_it,
		sipcut_body_of_a_request, sipcut_skips_lines_before_the_first,
		sipcut_refuse_leaves_no_session, sipcut_refuses_what_it_cannot_cut,
		sipcut_without_room, sipcut_find_by_name_and_letter, sipcut_every_cut)
