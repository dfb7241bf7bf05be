/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "support.h"
#include "tna/msg_text.h"
#include "tna/subscription.h"

static struct msg_text in;
static struct ep_subs subs;
static uint64_t now;

static const struct ep_msg *msg(const char *text)
{
	ck_assert(msg_parse(&in, ep_view_z(text)));
	return &in.m;
}

#define DIALOG "Call-ID: c1\r\nFrom: <sip:a@h>;tag=f\r\nTo: <sip:b@h>;tag=t\r\n"

static struct ep_sub_news news_of(const char *text, bool from_wic)
{
	struct ep_sub_news news;

	ep_sub_news_get(&news, msg(text), from_wic);
	return news;
}

/* A message passes; what is left lasts until then, 0: nothing is left. */
static uint64_t pass(const char *text, bool from_wic)
{
	struct ep_sub_news news = news_of(text, from_wic);

	ep_subs_step(&subs, &news, now);
	return ep_subs_end_s(&subs);
}

static void fresh(void)
{
	subs = (struct ep_subs){.n = 0};
	now = 1000;
}

#define SUBSCRIBE(cseq, more)                                                  \
	"SUBSCRIBE sip:b@h SIP/2.0\r\n" DIALOG "CSeq: " cseq " SUBSCRIBE\r\n" more \
	"\r\n"
#define REFER(cseq)                                                            \
	"REFER sip:b@h SIP/2.0\r\n" DIALOG "CSeq: " cseq " REFER\r\n\r\n"
#define NOTIFY(cseq, event, state)                                             \
	"NOTIFY sip:b@h SIP/2.0\r\n" DIALOG "CSeq: " cseq                          \
	" NOTIFY\r\nEvent: " event "\r\nSubscription-State: " state "\r\n\r\n"
#define ANSWER(status, cseq, more)                                             \
	"SIP/2.0 " status " X\r\n" DIALOG "CSeq: " cseq "\r\n" more "\r\n"

START_TEST(subscription_dialog_of_a_message)
{
	static const char *const bad[] = {
			"From: <sip:a@h>;tag=f\r\nTo: <sip:b@h>\r\n",
			"Call-ID: x\r\nTo: <sip:b@h>\r\n",
			"Call-ID: x\r\nFrom: <sip:a@h>;tag=f\r\n",
			"Call-ID: x\r\ni: y\r\nFrom: <sip:a@h>;tag=f\r\nTo: <sip:b@h>\r\n",
			"Call-ID: x\r\nFrom: <sip:a@h>\r\nf: <sip:a@h>\r\nTo: <sip:b@h>\r\n",
			"Call-ID:\r\nFrom: <sip:a@h>\r\nTo: <sip:b@h>\r\n",
	};
	struct ep_dialog_key key;
	char text[256];
	size_t i;

	ck_assert_int_eq(ep_dialog_key_get(
							 &key, msg("INFO sip:x SIP/2.0\r\ni: c@d\r\nf: "
									   "\"A;tag=no\" <sip:a@h;tag=no>;tag=f\r\n"
									   "t: sip:b@h;tag=t\r\n\r\n")),
			EP_TNA_OK);
	ck_assert_view_eq(key.callid, "c@d");
	ck_assert_view_eq(key.from_tag, "f");
	ck_assert_view_eq(key.to_tag, "t");
	ck_assert_int_eq(
			ep_dialog_key_get(&key, msg("INFO sip:x SIP/2.0\r\nCall-ID: c\r\n"
										"From: <sip:a@h>\r\nTo: <sip:b@h>\r\n"
										"\r\n")),
			EP_TNA_OK);
	ck_assert_ptr_null(key.from_tag.p);
	ck_assert_ptr_null(key.to_tag.p);
	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "INFO sip:x SIP/2.0\r\n%s\r\n", bad[i]);
		ck_assert_int_eq(ep_dialog_key_get(&key, msg(text)), EP_TNA_MALFORMED);
	}
}
END_TEST

START_TEST(subscription_news_of_messages)
{
	struct ep_sub_news a, b;

	a = news_of(SUBSCRIBE("7", "Event: Presence\r\nExpires: 60\r\n"), true);
	ck_assert_int_eq(a.kind, EP_SUB_ASKED);
	ck_assert(a.by_wic && a.has_s && a.s == 60 && a.cseq == 7 && a.id == 0);
	b = news_of(NOTIFY("1", "presence", "active;expires=50"), false);
	ck_assert_int_eq(b.kind, EP_SUB_NOTIFIED);
	ck_assert(b.by_wic && b.has_s && b.s == 50 && !b.over);
	ck_assert_uint_eq(a.event, b.event);
	b = news_of(NOTIFY("1", "presence.winfo", "pending"), false);
	ck_assert_uint_ne(a.event, b.event);
	ck_assert(!b.has_s && !b.over);
	b = news_of(NOTIFY("1", "presence;id=x", "Terminated ;reason=a"), true);
	ck_assert(!b.by_wic && b.over && b.id != 0);
	a = news_of(REFER("93"), false);
	b = news_of(NOTIFY("1", "refer;id=93", "active;expires=1"), true);
	ck_assert_int_eq(a.kind, EP_SUB_ASKED);
	ck_assert(a.event == b.event && a.id == b.id && !a.by_wic && !b.by_wic);
	a = news_of(ANSWER("202", "93 REFER", "Refer-Sub: False\r\n"), true);
	ck_assert(a.kind == EP_SUB_ANSWERED && !a.by_wic && a.over && !a.notify);
	a = news_of(ANSWER("481", "1 NOTIFY", ""), true);
	ck_assert(a.kind == EP_SUB_ANSWERED && a.by_wic && a.notify);
	a = news_of(ANSWER("200", "1 SUBSCRIBE", "Expires: 4294967295\r\n"), false);
	ck_assert(a.by_wic && a.has_s && a.s == UINT32_MAX);
}
END_TEST

START_TEST(subscription_nothing_in_the_rest)
{
	static const char *const texts[] = {"INVITE sip:b@h SIP/2.0\r\n" DIALOG
										"CSeq: 1 INVITE\r\n\r\n",
			SUBSCRIBE("1", ""), SUBSCRIBE("x", "Event: e\r\n"),
			SUBSCRIBE("4294967296", "Event: e\r\n"),
			SUBSCRIBE("1", "Event: ;id=1\r\n"),
			"NOTIFY sip:b@h SIP/2.0\r\n" DIALOG
			"CSeq: 1 NOTIFY\r\nEvent: e\r\n\r\n",
			"REFER sip:b@h SIP/2.0\r\n" DIALOG "\r\n",
			ANSWER("200", "1 INVITE", ""), ANSWER("200", "SUBSCRIBE", "")};
	size_t i;

	for(i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		ck_assert_msg(
				news_of(texts[i], true).kind == EP_SUB_NOTHING, "%s", texts[i]);
}
END_TEST

START_TEST(subscription_life)
{
	fresh();
	ck_assert_uint_eq(
			pass(SUBSCRIBE("1", "Event: p\r\nExpires: 600\r\n"), true),
			now + EP_SUB_ASKED_S);
	ck_assert_uint_eq(pass(ANSWER("100", "1 SUBSCRIBE", ""), false),
			now + EP_SUB_ASKED_S);
	ck_assert_uint_eq(
			pass(ANSWER("200", "1 SUBSCRIBE", "Expires: 300\r\n"), false),
			now + 300 + EP_SUB_LINGER_S);
	now += 10;
	ck_assert_uint_eq(pass(NOTIFY("1", "p", "active;expires=290"), false),
			now + 290 + EP_SUB_LINGER_S);
	/* a refresh that is refused for now changes nothing */
	pass(SUBSCRIBE("2", "Event: p\r\nExpires: 600\r\n"), true);
	ck_assert_uint_eq(pass(ANSWER("500", "2 SUBSCRIBE", ""), false),
			now + 290 + EP_SUB_LINGER_S);
	/* one that finds nothing ends it */
	pass(SUBSCRIBE("3", "Event: p\r\nExpires: 600\r\n"), true);
	ck_assert_uint_eq(pass(ANSWER("481", "3 SUBSCRIBE", ""), false),
			now + EP_SUB_LINGER_S);
	now += EP_SUB_LINGER_S;
	ck_assert_uint_eq(pass(NOTIFY("2", "p", "active;expires=290"), false), 0);
	ck_assert_uint_eq(subs.n, 0);
}
END_TEST

START_TEST(subscription_ends)
{
	fresh();
	pass(SUBSCRIBE("1", "Event: p\r\nExpires: 600\r\n"), true);
	ck_assert_uint_eq(pass(ANSWER("489", "1 SUBSCRIBE", ""), false), 0);
	fresh();
	pass(SUBSCRIBE("1", "Event: p\r\nExpires: 0\r\n"), true);
	ck_assert_uint_eq(pass(ANSWER("200", "1 SUBSCRIBE", ""), false),
			now + EP_SUB_LINGER_S);
	fresh();
	pass(SUBSCRIBE("1", "Event: p\r\n"), true);
	pass(ANSWER("200", "1 SUBSCRIBE", "Expires: 60\r\n"), false);
	ck_assert_uint_eq(
			pass(NOTIFY("9", "p", "terminated"), false), now + EP_SUB_LINGER_S);
	fresh();
	pass(SUBSCRIBE("1", "Event: p\r\n"), false);
	pass(ANSWER("200", "1 SUBSCRIBE", "Expires: 60\r\n"), true);
	pass(NOTIFY("9", "p", "active;expires=60"), true);
	ck_assert_uint_eq(pass(ANSWER("500", "9 NOTIFY", ""), false),
			now + 60 + EP_SUB_LINGER_S);
	ck_assert_uint_eq(pass(ANSWER("481", "8 NOTIFY", ""), false),
			now + 60 + EP_SUB_LINGER_S);
	ck_assert_uint_eq(
			pass(ANSWER("481", "9 NOTIFY", ""), false), now + EP_SUB_LINGER_S);
	fresh();
	pass(REFER("1"), true);
	ck_assert_uint_eq(
			pass(ANSWER("202", "1 REFER", "Refer-Sub: false\r\n"), false), 0);
	fresh();
	pass(REFER("1"), true);
	ck_assert_uint_eq(pass(ANSWER("202", "1 REFER", ""), false),
			now + EP_SUB_ASKED_S + EP_SUB_LINGER_S);
}
END_TEST

START_TEST(subscription_several_in_one_dialog)
{
	fresh();
	pass(REFER("1"), true);
	pass(REFER("2"), true);
	pass(SUBSCRIBE("3", "Event: p;id=a\r\n"), true);
	pass(SUBSCRIBE("3", "Event: p;id=a\r\n"), false); /* of the other end */
	ck_assert_uint_eq(subs.n, 4);
	pass(NOTIFY("1", "refer;id=2", "active;expires=500"), false);
	ck_assert_uint_eq(ep_subs_end_s(&subs), now + 500 + EP_SUB_LINGER_S);
	/* without an id it is the first one's */
	pass(NOTIFY("2", "refer", "terminated"), false);
	ck_assert_uint_eq(ep_subs_end_s(&subs), now + 500 + EP_SUB_LINGER_S);
	pass(NOTIFY("3", "refer;id=2", "terminated"), false);
	ck_assert_uint_eq(ep_subs_end_s(&subs), now + EP_SUB_ASKED_S);
	pass(NOTIFY("4", "unknown", "active;expires=9999"), false);
	ck_assert_uint_eq(ep_subs_end_s(&subs), now + EP_SUB_ASKED_S);
}
END_TEST

START_TEST(subscription_list_is_bounded)
{
	char text[256];
	unsigned i;

	fresh();
	for(i = 0; i < 3 * EP_SUBS_MAX; i++) {
		snprintf(text, sizeof(text),
				SUBSCRIBE("%u", "Event: e%u\r\nExpires: 60\r\n"), i, i);
		now++;
		ck_assert_uint_eq(pass(text, true), now + EP_SUB_ASKED_S);
		ck_assert_uint_le(subs.n, EP_SUBS_MAX);
	}
	/* the newest are left */
	ck_assert_uint_eq(pass(NOTIFY("1", "e23", "active;expires=700"), false),
			now + 700 + EP_SUB_LINGER_S);
}
END_TEST

static void cut_news(struct ep_view cut, void *ctx)
{
	static struct msg_text t;
	struct ep_sub_news news;
	struct ep_dialog_key key;

	(void)ctx;
	if(!msg_parse(&t, cut))
		return;
	ep_dialog_key_get(&key, &t.m);
	ep_sub_news_get(&news, &t.m, true);
	ep_subs_step(&subs, &news, now);
}

START_TEST(subscription_every_cut)
{
	fresh();
	every_cut(ep_view_z(SUBSCRIBE("1", "Event: p;id=1\r\nExpires: 60\r\n")),
			cut_news, NULL);
	every_cut(ep_view_z(NOTIFY("1", "p;id=1", "active;expires=60")), cut_news,
			NULL);
	every_cut(ep_view_z(ANSWER("202", "1 REFER", "Refer-Sub: false\r\n")),
			cut_news, NULL);
}
END_TEST

UNIT_MAIN("tna/subscription", subscription_dialog_of_a_message,
		subscription_news_of_messages, subscription_nothing_in_the_rest,
		subscription_life, subscription_ends,
		subscription_several_in_one_dialog, subscription_list_is_bounded,
		subscription_every_cut)
