/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "base/sipframe.h"

#define VIA "Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks\r\n"
#define FROM "From: \"Alice A.\" <sip:alice@example.com>;tag=asdyka899\r\n"
#define TO "To: <sip:alice@example.com>\r\n"
#define CALL_ID "Call-ID: asidkj3ss@x.invalid\r\n"
#define REGISTER "REGISTER sip:example.com SIP/2.0\r\n"
#define COMMON FROM TO CALL_ID "CSeq: 1 REGISTER\r\n"
#define TOKEN "Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln\r\n"
#define END "Content-Length: 3\r\n\r\nabc"

static const char whole[] = REGISTER VIA
		"Max-Forwards: 70\r\n" COMMON
		"Contact: <sip:x@df7jal23ls0d.invalid;transport=ws>;expires=600\r\n"
		"X-Folded: one\r\n two\r\n\tthree\r\nSubject:\r\n" TOKEN END;

static enum ep_sipframe_flaw check_z(const char *text)
{
	return ep_sipframe_check(ep_view_z(text));
}

static void is(enum ep_sipframe_flaw want, const char *text)
{
	enum ep_sipframe_flaw got = check_z(text);

	ck_assert_msg(got == want, "%s instead of %s:\n%s",
			ep_sipframe_flaw_text(got), ep_sipframe_flaw_text(want), text);
}

/* A request whose headers are good but for the given lines. */
static void header_is(
		enum ep_sipframe_flaw want, const char *lines, const char *of)
{
	static const char *const good[] = {VIA, FROM, TO, CALL_ID,
			"CSeq: 1 REGISTER\r\n", "Content-Length: 3\r\n"};
	char text[2048] = REGISTER;
	size_t i;

	for(i = 0; i < sizeof(good) / sizeof(*good); i++)
		strcat(text, strncmp(good[i], of, strlen(of)) ? good[i] : lines);
	strcat(text, TOKEN "\r\nabc");
	is(want, text);
}

START_TEST(sipframe_takes_what_clients_send)
{
	is(EP_SIPFRAME_OK, whole);
	is(EP_SIPFRAME_OK, "\r\n\r\n" REGISTER VIA COMMON "\r\n");
	is(EP_SIPFRAME_OK, "SIP/2.0 200 OK\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_OK, "SIP/2.0 180 \r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_OK,
			"ACK sip:bob@h;transport=ws SIP/2.0\r\nv: SIP/2.0/WS "
			"x.invalid;branch=z9hG4bK1\r\nf: sip:a@b;tag=1\r\n"
			"t: B <sip:b@b>;tag=\"2\";x\r\ni: 1\r\nCSEQ: 0 ACK\r\n"
			"l: 0\r\n\r\n");
}
END_TEST

START_TEST(sipframe_takes_keep_alives)
{
	is(EP_SIPFRAME_OK, "");
	is(EP_SIPFRAME_OK, "\r\n");
	is(EP_SIPFRAME_OK, "\r\n\r\n");
	is(EP_SIPFRAME_LINE_END, "\n");
	is(EP_SIPFRAME_NO_END, "\r");
	ck_assert_int_eq(ep_sipframe_check(ep_view_none()), EP_SIPFRAME_OK);
}
END_TEST

START_TEST(sipframe_start_line)
{
	static const char *const bad[] = {"REGISTER sip:a SIP/9.0", "REGISTER",
			"REGISTER sip:a", "REGISTER  sip:a SIP/2.0", " R sip:a SIP/2.0",
			"REGISTER sip:a  SIP/2.0", "REGISTER sip:a SIP/2.0 ",
			"REGISTER sip:a b SIP/2.0", "REGISTER  SIP/2.0",
			"RE(G sip:a SIP/2.0", VIA "REGISTER sip:a SIP/2.0", "SIP/2.0 200",
			"SIP/2.0 20 OK", "SIP/2.0 099 x", "SIP/2.0 700 x",
			"SIP/2.0 2000 OK", "GET / HTTP/1.1", "HTTP/1.1 200 OK"};
	char text[1024];
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "%s\r\n" VIA COMMON "\r\n", bad[i]);
		is(EP_SIPFRAME_START_LINE, text);
	}
}
END_TEST

START_TEST(sipframe_lines_end_with_crlf_only)
{
	static const char with_nul[] = REGISTER VIA COMMON "X: a\0b\r\n\r\n";

	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON
			"X-A: b\rP-Asserted-Identity: <sip:c@d>\r\n"
			"\r\n");
	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON "X-A: b\r\r\n\r\n");
	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON "X-A: b\n\r\n");
	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON "\n");
	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON "X: a\r\n b\n\r\n");
	is(EP_SIPFRAME_LINE_END, "REGISTER sip:a SIP/2.0\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_LINE_END, REGISTER VIA COMMON "\rX");
	ck_assert_int_eq(
			ep_sipframe_check(ep_view_of(with_nul, sizeof(with_nul) - 1)),
			EP_SIPFRAME_LINE_END);
	is(EP_SIPFRAME_NO_END, REGISTER VIA COMMON);
	is(EP_SIPFRAME_NO_END, REGISTER VIA COMMON "\r");
	is(EP_SIPFRAME_NO_END, REGISTER VIA COMMON TOKEN "X");
}
END_TEST

START_TEST(sipframe_header_names)
{
	is(EP_SIPFRAME_HEADER_NAME, REGISTER "Bad Header\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_HEADER_NAME, REGISTER "Bad Header: x\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_HEADER_NAME, REGISTER ": x\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_HEADER_NAME, REGISTER "\xc3\xa4: x\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_HEADER_NAME, REGISTER " X: y\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_HEADER_NAME, REGISTER "X\r\n : y\r\n" VIA COMMON "\r\n");
	is(EP_SIPFRAME_OK, REGISTER "X-A \t: y\r\n" VIA COMMON "\r\n");
}
END_TEST

START_TEST(sipframe_via)
{
	static const char *const good[] = {
			"SIP/2.0/WSS a.invalid;branch=z9hG4bK1;rport",
			"SIP/2.0/TCP [2001:db8::1]:5060;branch=1;received=[::1];rport=9",
			"SIP/2.0/UDP h:1 ; branch = 1 ;x=\"y z\", SIP/2.0/UDP i;alias",
			"sip/2.0/XYZ h"};
	static const char *const bad[] = {"garbage", "", "SIP/2.0/WSS",
			"SIP/2.0/WSS ", "SIP/1.0/WSS h", "SIP/2.0/ h",
			"SIP/2.0/WSS h:", "SIP/2.0/WSS h:0", "SIP/2.0/WSS h:65536",
			"SIP/2.0/WSS h:5x", "SIP/2.0/WSS [::1", "SIP/2.0/WSS []",
			"SIP/2.0/WSS [x]", "SIP/2.0/WSS h;", "SIP/2.0/WSS h;;x",
			"SIP/2.0/WSS h;branch",
			"SIP/2.0/WSS h;branch=", "SIP/2.0/WSS h;branch=\"a\"",
			"SIP/2.0/WSS h;alias=1", "SIP/2.0/WSS h;x=\"a", "SIP/2.0/WSS h;=a",
			"SIP/2.0/WSS h;x=\"a,b\"", "SIP/2.0/WSS h;x=\"a\\\"b\"",
			"SIP/2.0/WSS h,", "SIP/2.0/WSS h;x ,SIP/2.0/WSS h",
			"SIP/2.0/WSS h h", "SIP/2.0/WSS h (c)", "SIP/2.0/WSS h;a=b=c",
			"SIP/2.0/WSS h,,SIP/2.0/WSS h", "SIP/2.0/WSS\r\n h"};
	char text[256];
	size_t i;

	for(i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text), "Via: %s\r\n", good[i]);
		header_is(EP_SIPFRAME_OK, text, "Via");
	}
	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "Via: %s\r\n", bad[i]);
		header_is(EP_SIPFRAME_VIA, text, "Via");
		snprintf(text, sizeof(text), VIA "v: %s\r\n", bad[i]);
		header_is(EP_SIPFRAME_VIA, text, "Via");
	}
	header_is(EP_SIPFRAME_VIA, "", "Via");
}
END_TEST

START_TEST(sipframe_cseq)
{
	static const char *const bad[] = {"", "CSeq:\r\n", "CSeq: x y z\r\n",
			"CSeq: 1\r\n", "CSeq: 1REGISTER\r\n", "CSeq: 1 INVITE\r\n",
			"CSeq: 1 register\r\n", "CSeq: 2147483648 REGISTER\r\n",
			"CSeq: -1 REGISTER\r\n", "CSeq: 1 REGISTER x\r\n",
			"CSeq: 1\r\n REGISTER\r\n",
			"CSeq: 1 REGISTER\r\nCSeq: 1 REGISTER\r\n"};
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		header_is(EP_SIPFRAME_CSEQ, bad[i], "CSeq");
	header_is(EP_SIPFRAME_OK, "cseq:2147483647 \t REGISTER \r\n", "CSeq");
	is(EP_SIPFRAME_OK,
			"SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 1 ANY\r\n\r\n");
	is(EP_SIPFRAME_CSEQ,
			"SIP/2.0 200 OK\r\n" VIA FROM TO CALL_ID "CSeq: 1 A(\r\n\r\n");
}
END_TEST

START_TEST(sipframe_from_to_and_call_id)
{
	static const char *const bad[] = {"", ": \"a\r\n", ": <sip:a\r\n",
			": *\r\n", ":\r\n", ": <sip:a@b> x\r\n", ": a;b <sip:a@b>\r\n",
			": \"a\\\r\n", ": <sip:a@b>;\r\n", ": <sip:a@b>;t=\"x\r\n",
			": <sip:a@b>,<sip:a@b>\r\n", ": alice\r\n", ": <sip:a b>\r\n",
			": <sip:a@b>\r\n ;tag=1\r\n"};
	char text[256];
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "%s%s", bad[i][0] ? "From" : "", bad[i]);
		header_is(EP_SIPFRAME_FROM, text, "From");
		snprintf(text, sizeof(text), "%s%s", bad[i][0] ? "To" : "", bad[i]);
		header_is(EP_SIPFRAME_TO, text, "To");
	}
	header_is(EP_SIPFRAME_FROM, FROM FROM, "From");
	header_is(EP_SIPFRAME_TO, TO "t: <sip:a@b>\r\n", "To");
	header_is(EP_SIPFRAME_CALL_ID, "", "Call-ID");
	header_is(EP_SIPFRAME_CALL_ID, "i:\r\n", "Call-ID");
	header_is(EP_SIPFRAME_CALL_ID, "i: a b\r\n", "Call-ID");
	header_is(EP_SIPFRAME_CALL_ID, CALL_ID CALL_ID, "Call-ID");
	header_is(EP_SIPFRAME_OK,
			"From: Anonymous One <sip:a@b;x=y>;tag=a=b;lr ; q=\"\\\"\"\r\n",
			"From");
}
END_TEST

START_TEST(sipframe_numbers)
{
	static const char *const bad[] = {"Content-Length: -1\r\n",
			"Content-Length:\r\n", "Content-Length: 4\r\n", "l: 3 3\r\n",
			"Content-Length: 99999999999999999999999\r\n",
			"Content-Length: 3\r\nl: 3\r\n", "Content-Length: 3;a\r\n",
			"Content-Length:\r\n 3\r\n"};
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		header_is(EP_SIPFRAME_CONTENT_LENGTH, bad[i], "Content-Length");
	header_is(EP_SIPFRAME_OK, "", "Content-Length");
	header_is(EP_SIPFRAME_OK, "Content-Length: 2 \r\n", "Content-Length");
	header_is(EP_SIPFRAME_MAX_FORWARDS,
			VIA "Max-Forwards: 1\r\nMAX-FORWARDS: 1\r\n", "Via");
	header_is(EP_SIPFRAME_RETRY_AFTER, VIA "Retry-After: x\r\n", "Via");
	header_is(EP_SIPFRAME_OK, VIA "Retry-After: 5 (later);a=b\r\n", "Via");
}
END_TEST

static void cut_check(struct ep_view cut, void *ctx)
{
	enum ep_sipframe_flaw flaw = ep_sipframe_check(cut);

	if(cut.len == 0 || cut.len == *(const size_t *)ctx)
		ck_assert_int_eq(flaw, EP_SIPFRAME_OK);
	else
		ck_assert_msg(flaw != EP_SIPFRAME_OK, "%zu octets", cut.len);
}

START_TEST(sipframe_every_cut)
{
	size_t n = sizeof(whole) - 1;

	every_cut(ep_view_of(whole, n), cut_check, &n);
}
END_TEST

START_TEST(sipframe_every_flaw_has_a_text)
{
	int i;

	for(i = 0; i < EP_SIPFRAME_FLAW_N; i++)
		ck_assert(strlen(ep_sipframe_flaw_text((enum ep_sipframe_flaw)i)) > 1);
	ck_assert_str_eq(ep_sipframe_flaw_text(EP_SIPFRAME_FLAW_N), "unknown");
}
END_TEST

UNIT_MAIN("base/sipframe", sipframe_takes_what_clients_send,
		sipframe_takes_keep_alives, sipframe_start_line,
		sipframe_lines_end_with_crlf_only, sipframe_header_names, sipframe_via,
		sipframe_cseq, sipframe_from_to_and_call_id, sipframe_numbers,
		sipframe_every_cut, sipframe_every_flaw_has_a_text)
