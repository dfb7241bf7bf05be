/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "msg_text.h"
#include "support.h"
#include "tna/regevent.h"

#define NOW 1000000u
#define END (NOW + 600)
#define OWN "sip:abc@x1.invalid;transport=ws"

static const struct ep_tna_cfg cfg = {
		.own_host = {"pcscf.home1.net:5060", 20},
		.ioi = {"home1.net", 9},
};
static const struct ep_view impus[] = {
		{"sip:alice@home1.net", 19}, {"tel:+15551234", 13}};
static const struct ep_view wildcards[] = {{"sip:list!.*!@home1.net", 22}};
static const struct ep_binding binding = {.impu = {"sip:second@home1.net", 20},
		.contact = {OWN, sizeof(OWN) - 1},
		.impus = {impus, 2},
		.wildcards = {wildcards, 1}};

/* --- SUBSCRIBE --- */

START_TEST(regevent_headers_are_the_documented_ones)
{
	struct ep_tna_cfg with = cfg;
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_view_eq(ep_regevent_headers(&cfg, EP_LIT("TOKEN"), EP_LIT("1f"),
							  604800, &arena),
			"Max-Forwards: 70\r\n"
			"Contact: <sip:TOKEN@pcscf.home1.net:5060>\r\n"
			"Event: reg\r\nAccept: application/reginfo+xml\r\n"
			"Expires: 604800\r\n"
			"P-Asserted-Identity: <sip:pcscf.home1.net:5060>\r\n"
			"P-Charging-Vector: icid-value=\"1f\";orig-ioi=\"Type "
			"1home1.net\"\r\n");
	with.own_params = EP_LIT("transport=tcp");
	ck_assert_uint_ne(
			ep_view_find(ep_regevent_headers(
								 &with, EP_LIT("T"), EP_LIT("1"), 0, &arena),
					EP_LIT("Contact: <sip:T@pcscf.home1.net:5060;transport=tcp>"
						   "\r\n")),
			SIZE_MAX);
	ck_assert_view_eq(
			ep_regevent_own_uri(&cfg, &arena), "sip:pcscf.home1.net:5060");
	ep_arena_fini(&arena);
}
END_TEST

static enum ep_err headers_made(struct ep_arena *arena, void *ctx)
{
	(void)ctx;
	return ep_regevent_headers(&cfg, EP_LIT("T"), EP_LIT("icid"), 600, arena).p
						   != NULL
				   ? EP_OK
				   : EP_ENOMEM;
}

/* --- messages --- */

static const char notify[] =
		"NOTIFY sip:TOKEN@pcscf:5060 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP a\r\n"
		"Record-Route: <sip:b;lr>, <sip:a;lr>\r\n"
		"From: \"x;tag=no\" <sip:alice@home1.net>;tag=f1\r\n"
		"To: <sip:pcscf>;tag=t1\r\n"
		"Call-ID: c1\r\n"
		"CSeq: 12 NOTIFY\r\n"
		"Contact: <sip:scscf:6060>\r\n"
		"Record-Route: <sip:c;lr>\r\n"
		"o: Reg;id=1\r\n"
		"Subscription-State: terminated ;reason=Probation;retry-after=7\r\n"
		"c: application/reginfo+xml;charset=utf-8\r\n"
		"\r\n<x/>";

static struct msg_text t;

static const struct ep_msg *msg(const char *text)
{
	ck_assert(msg_parse(&t, ep_view_z(text)));
	return &t.m;
}

START_TEST(regevent_reads_a_notify)
{
	struct ep_regevent_peer p;
	struct ep_arena arena;
	enum ep_err err;

	ck_assert_int_eq(ep_regevent_notify_read(&p, msg(notify)), EP_TNA_OK);
	ck_assert_view_eq(p.call_id, "c1");
	ck_assert_view_eq(p.from_tag, "f1");
	ck_assert_view_eq(p.to_tag, "t1");
	ck_assert_view_eq(p.target, "sip:scscf:6060");
	ck_assert_uint_eq(p.cseq, 12);
	ck_assert(p.said.terminated && p.said.has_retry_after);
	ck_assert(!p.said.has_expires);
	ck_assert_int_eq(p.said.reason, EP_REGSUB_PROBATION);
	ck_assert_uint_eq(p.said.retry_after_s, 7);
	plain_arena_init(&arena);
	ck_assert_view_eq(ep_regevent_routes(&err, &t.m, false, &arena),
			"<sip:b;lr>, <sip:a;lr>, <sip:c;lr>");
	ck_assert_view_eq(ep_regevent_routes(&err, &t.m, true, &arena),
			"<sip:c;lr>, <sip:a;lr>, <sip:b;lr>");
	ck_assert_int_eq(err, EP_OK);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(regevent_refuses_other_notifies)
{
#define LINES                                                                  \
	"NOTIFY sip:t@p SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c>;tag=2\r\n" \
	"Call-ID: i\r\nCSeq: 1 NOTIFY\r\n"
	static const struct
	{
		const char *text;
		enum ep_tna_cause cause;
	} rows[] = {
			{LINES "Event: reg\r\nSubscription-State: active\r\n\r\n",
					EP_TNA_OK},
			{LINES "Event: reg\r\nSubscription-State: active;expires=9\r\n\r\n",
					EP_TNA_OK},
			{LINES "Event: reg\r\n\r\n", EP_TNA_MALFORMED},
			{LINES "Event: reg\r\nSubscription-State: ;x\r\n\r\n",
					EP_TNA_MALFORMED},
			{LINES "Event: regx\r\nSubscription-State: active\r\n\r\n",
					EP_TNA_BAD_EVENT},
			{LINES "Subscription-State: active\r\n\r\n", EP_TNA_BAD_EVENT},
			{LINES "Event: reg\r\nSubscription-State: active\r\n\r\n<x/>",
					EP_TNA_BODY_TYPE},
			{LINES "Event: reg\r\nSubscription-State: active\r\n"
				   "Content-Type: text/xml\r\n\r\n<x/>",
					EP_TNA_BODY_TYPE},
			{"NOTIFY sip:t@p SIP/2.0\r\nEvent: reg\r\n\r\n", EP_TNA_MALFORMED},
			{"NOTIFY sip:t@p SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\n"
			 "To: <sip:c>\r\nCall-ID: i\r\nCSeq: 99999999999 NOTIFY\r\n"
			 "Event: reg\r\nSubscription-State: active\r\n\r\n",
					EP_TNA_MALFORMED},
	};
	struct ep_regevent_peer p;
	size_t i;

	for(i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(
				ep_regevent_notify_read(&p, msg(rows[i].text)) == rows[i].cause,
				"%zu", i);
}
END_TEST

START_TEST(regevent_reads_an_answer)
{
	struct ep_regevent_peer p;

	ck_assert_int_eq(
			ep_regevent_answer_read(&p,
					msg("SIP/2.0 503 No\r\nFrom: <sip:a@b>;tag=1\r\nTo: "
						"<sip:c>;tag=2\r\nCall-ID: i\r\nCSeq: 1 SUBSCRIBE\r\n"
						"Retry-After: 5 (soon);duration=3\r\nExpires: 77\r\n"
						"Contact: *\r\n\r\n")),
			EP_TNA_OK);
	ck_assert_uint_eq(p.said.status, 503);
	ck_assert(p.said.has_retry_after && p.said.has_expires);
	ck_assert_uint_eq(p.said.retry_after_s, 5);
	ck_assert_uint_eq(p.said.expires_s, 77);
	ck_assert_ptr_null(p.target.p);
	ck_assert_int_eq(
			ep_regevent_answer_read(&p, msg("SIP/2.0 200 OK\r\nX: y\r\n\r\n")),
			EP_TNA_MALFORMED);
	ck_assert_uint_eq(p.said.status, 200);
}
END_TEST

START_TEST(regevent_refuses_routes_it_cannot_use)
{
	static char many[2048];
	struct ep_arena arena;
	enum ep_err err;
	size_t at, i;

	plain_arena_init(&arena);
	ep_regevent_routes(&err,
			msg("NOTIFY sip:t@p SIP/2.0\r\nRecord-Route: <sip:a;lr>, <:>\r\n"
				"\r\n"),
			true, &arena);
	ck_assert_int_eq(err, EP_ESYNTAX);
	ck_assert_ptr_null(ep_regevent_routes(
			&err, msg("NOTIFY sip:t@p SIP/2.0\r\nX: y\r\n\r\n"), true, &arena)
							   .p);
	ck_assert_int_eq(err, EP_OK);
	at = (size_t)sprintf(
			many, "NOTIFY sip:t@p SIP/2.0\r\nRecord-Route: <sip:a>");
	for(i = 0; i < 16; i++)
		at += (size_t)sprintf(many + at, ",<sip:b>");
	sprintf(many + at, "\r\n\r\n");
	ep_regevent_routes(&err, msg(many), true, &arena);
	ck_assert_int_eq(err, EP_ESYNTAX);
	ep_arena_fini(&arena);
}
END_TEST

static void cut_reads(struct ep_view cut, void *ctx)
{
	static struct msg_text got;
	struct ep_regevent_peer p;
	struct ep_arena arena;
	enum ep_err err;

	(void)ctx;
	if(!msg_parse(&got, cut))
		return;
	plain_arena_init(&arena);
	ep_regevent_notify_read(&p, &got.m);
	ep_regevent_answer_read(&p, &got.m);
	ep_regevent_routes(&err, &got.m, true, &arena);
	ep_arena_fini(&arena);
}

START_TEST(regevent_survives_every_cut)
{
	every_cut(ep_view_z(notify), cut_reads, NULL);
}
END_TEST

static enum ep_err routes_made(struct ep_arena *arena, void *ctx)
{
	enum ep_err err;

	(void)ctx;
	ep_regevent_routes(&err, &t.m, true, arena);
	return err;
}

START_TEST(regevent_survives_every_alloc_failure)
{
	every_alloc_failure(headers_made, NULL);
	msg(notify);
	every_alloc_failure(routes_made, NULL);
}
END_TEST

/* --- decisions --- */

static struct ep_reg_contact contacts[4];
static struct ep_reg_registration regs[4];

/* `n` registrations one after the other; of each its one contact. */
static struct ep_reginfo doc_of(bool full, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++) {
		regs[i].next = i + 1 < n ? &regs[i + 1] : NULL;
		regs[i].contacts = contacts[i].uri.p != NULL ? &contacts[i] : NULL;
		contacts[i].next = NULL;
	}
	return (struct ep_reginfo){
			.version = 1, .full = full, .registrations = n > 0 ? regs : NULL};
}

static void set(size_t i, const char *aor, enum ep_reg_state state,
		const char *contact, bool active)
{
	regs[i] = (struct ep_reg_registration){
			.aor = ep_view_z(aor), .id = EP_LIT("i"), .state = state};
	contacts[i] = (struct ep_reg_contact){
			.uri = ep_view_z(contact), .active = active};
}

static struct ep_regevent_decision decided;

static enum ep_regevent_verdict decide(bool full, size_t n, bool settled)
{
	struct ep_reginfo doc = doc_of(full, n);

	ep_regevent_decide(&decided, &doc, &binding, END, settled, NOW);
	return decided.verdict;
}

/* Settled: the verdict; else it is put to question. */
#define ck_decides(full, n, what)                                              \
	do {                                                                       \
		ck_assert_int_eq(decide(full, n, true), what);                         \
		ck_assert_int_eq(decide(full, n, false),                               \
				what == EP_REGEVENT_END ? EP_REGEVENT_UNSURE : what);          \
	} while(0)

START_TEST(regevent_own_contact_decides)
{
	set(0, "sip:alice@home1.net", EP_REG_ACTIVE, OWN, true);
	ck_decides(true, 1, EP_REGEVENT_KEEP);
	set(0, "sip:alice@home1.net", EP_REG_ACTIVE, OWN, false);
	ck_decides(true, 1, EP_REGEVENT_END);
	ck_decides(false, 1, EP_REGEVENT_END);
	/* Written otherwise by the registrar. */
	set(0, "sip:alice@HOME1.net:5060", EP_REG_ACTIVE, "sip:abc@X1.invalid",
			false);
	ck_decides(false, 1, EP_REGEVENT_END);
	set(0, "sip:alice@home1.net", EP_REG_ACTIVE, "sip:other@x2.invalid", false);
	ck_decides(false, 1, EP_REGEVENT_KEEP);
	ck_decides(true, 1, EP_REGEVENT_END);
}
END_TEST

START_TEST(regevent_terminated_registration_ends)
{
	set(0, "sip:alice@home1.net", EP_REG_TERMINATED, NULL, false);
	ck_decides(true, 1, EP_REGEVENT_END);
	ck_decides(false, 1, EP_REGEVENT_END);
	set(0, "sip:second@home1.net", EP_REG_TERMINATED, NULL, false);
	ck_decides(false, 1, EP_REGEVENT_END);
	set(0, "sip:bob@home1.net", EP_REG_TERMINATED, OWN, false);
	ck_decides(false, 1, EP_REGEVENT_KEEP);
}
END_TEST

START_TEST(regevent_missing_counts_in_a_full_document_only)
{
	ck_decides(true, 0, EP_REGEVENT_END);
	ck_decides(false, 0, EP_REGEVENT_KEEP);
	set(0, "sip:bob@home1.net", EP_REG_ACTIVE, OWN, true);
	ck_decides(true, 1, EP_REGEVENT_END);
	ck_decides(false, 1, EP_REGEVENT_KEEP);
}
END_TEST

START_TEST(regevent_own_identities_outweigh_the_others)
{
	set(0, "tel:+1-555-1234", EP_REG_TERMINATED, NULL, false);
	ck_decides(false, 1, EP_REGEVENT_END);
	set(1, "sip:alice@home1.net", EP_REG_ACTIVE, OWN, true);
	ck_decides(false, 2, EP_REGEVENT_KEEP);
	set(0, "sip:alice@home1.net", EP_REG_TERMINATED, NULL, false);
	set(1, "tel:+15551234", EP_REG_ACTIVE, OWN, true);
	ck_decides(true, 2, EP_REGEVENT_END);
	set(0, "sip:list1@home1.net", EP_REG_ACTIVE, OWN, false);
	ck_decides(false, 1, EP_REGEVENT_KEEP);
	regs[0].wildcard = EP_LIT("sip:list!.*!@home1.net");
	ck_decides(false, 1, EP_REGEVENT_END);
	/* The old one of two with that URI. */
	set(0, "sip:alice@home1.net", EP_REG_ACTIVE, OWN, false);
	set(1, "sip:second@home1.net", EP_REG_ACTIVE, OWN, true);
	ck_decides(true, 2, EP_REGEVENT_KEEP);
}
END_TEST

START_TEST(regevent_earlier_end_shortens)
{
	set(0, "sip:alice@home1.net", EP_REG_ACTIVE, OWN, true);
	contacts[0].has_expires = true;
	contacts[0].expires_s = 30;
	ck_assert_int_eq(decide(true, 1, true), EP_REGEVENT_SHORTEN);
	ck_assert_uint_eq(decided.end_s, NOW + 30);
	/* It may be from before our renewal, unless it says it is not. */
	ck_assert_int_eq(decide(true, 1, false), EP_REGEVENT_KEEP);
	contacts[0].event = EP_REG_SHORTENED;
	ck_assert_int_eq(decide(true, 1, false), EP_REGEVENT_UNSURE);
	contacts[0].expires_s = 600 - EP_REGEVENT_SLACK_S;
	ck_assert_int_eq(decide(true, 1, true), EP_REGEVENT_KEEP);
	contacts[0].expires_s = UINT32_MAX;
	ck_assert_int_eq(decide(true, 1, true), EP_REGEVENT_KEEP);
	contacts[0].expires_s = 0;
	ck_assert_int_eq(decide(true, 1, true), EP_REGEVENT_SHORTEN);
	ck_assert_uint_eq(decided.end_s, NOW);
}
END_TEST

START_TEST(regevent_versions_in_order)
{
	struct ep_reginfo full = {.version = 5, .full = true};
	struct ep_reginfo part = {.version = 5};

	ck_assert_int_eq(ep_regevent_order(false, 9, &full), EP_REGEVENT_NEXT);
	ck_assert_int_eq(ep_regevent_order(false, 9, &part), EP_REGEVENT_GAP);
	ck_assert_int_eq(ep_regevent_order(true, 5, &full), EP_REGEVENT_STALE);
	ck_assert_int_eq(ep_regevent_order(true, 6, &part), EP_REGEVENT_STALE);
	ck_assert_int_eq(ep_regevent_order(true, 4, &part), EP_REGEVENT_NEXT);
	ck_assert_int_eq(ep_regevent_order(true, 3, &part), EP_REGEVENT_GAP);
	ck_assert_int_eq(ep_regevent_order(true, 3, &full), EP_REGEVENT_NEXT);
}
END_TEST

UNIT_MAIN("tna/regevent", regevent_headers_are_the_documented_ones,
		regevent_reads_a_notify, regevent_refuses_other_notifies,
		regevent_reads_an_answer, regevent_refuses_routes_it_cannot_use,
		regevent_survives_every_cut, regevent_survives_every_alloc_failure,
		regevent_own_contact_decides, regevent_terminated_registration_ends,
		regevent_missing_counts_in_a_full_document_only,
		regevent_own_identities_outweigh_the_others,
		regevent_earlier_end_shortens, regevent_versions_in_order)
