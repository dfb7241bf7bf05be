/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/message.h"
#include "support.h"

static struct ep_arena arena;
static struct ep_ng_message msg;

static enum ep_err decode(struct ep_view text)
{
	plain_arena_init(&arena);
	return ep_ng_message_decode(&msg, text, &arena);
}

static void done(void)
{
	ep_arena_fini(&arena);
}

START_TEST(message_reads_a_request)
{
	ck_assert_int_eq(decode(EP_LIT("12_3 d7:command4:pinge")), EP_OK);
	ck_assert_view_eq(msg.cookie, "12_3");
	ck_assert_view_eq(msg.command, "ping");
	ck_assert_ptr_null(msg.result.p);
	done();
}
END_TEST

START_TEST(message_reads_an_answer)
{
	ck_assert_int_eq(decode(EP_LIT("c d6:result4:ponge")), EP_OK);
	ck_assert_view_eq(msg.result, "pong");
	ck_assert_ptr_null(msg.command.p);
	done();
}
END_TEST

/* What can be answered has a cookie, what cannot has none. */
START_TEST(message_names_the_cookie_of_a_broken_one)
{
	static const struct
	{
		const char *text, *cookie;
	} bad[] = {{"", NULL}, {" d1:a1:be", NULL}, {"c", "c"}, {"c ", "c"},
			{"c d", "c"}, {"c i1e", "c"}, {"c de x", "c"},
			{"a\tb d1:a1:be", NULL}, {"c\x80 de", NULL}};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(decode(ep_view_z(bad[i].text)) == EP_ESYNTAX, "%s",
				bad[i].text);
		if(bad[i].cookie)
			ck_assert_view_eq(msg.cookie, bad[i].cookie);
		else
			ck_assert_ptr_null(msg.cookie.p);
		ck_assert_ptr_null(msg.dict);
		done();
	}
}
END_TEST

START_TEST(message_cookie_limit)
{
	char text[EP_NG_COOKIE_MAX + 4];

	for(size_t n = EP_NG_COOKIE_MAX; n <= EP_NG_COOKIE_MAX + 1; n++) {
		memset(text, 'c', n);
		memcpy(text + n, " de", 3);
		ck_assert_int_eq(decode(ep_view_of(text, n + 3)),
				n <= EP_NG_COOKIE_MAX ? EP_OK : EP_ESYNTAX);
		done();
	}
}
END_TEST

static void cut_fn(struct ep_view cut, void *ctx)
{
	size_t *whole = ctx;

	ck_assert_int_eq(decode(cut), cut.len == *whole ? EP_OK : EP_ESYNTAX);
	done();
}

START_TEST(message_every_cut)
{
	static const char text[] = "abc d7:command6:delete7:call-id1:xe";
	size_t whole = sizeof text - 1;

	every_cut(ep_view_of(text, whole), cut_fn, &whole);
}
END_TEST

static enum ep_err alloc_fn(struct ep_arena *a, void *ctx)
{
	struct ep_ng_message m;

	(void)ctx;
	return ep_ng_message_decode(&m, EP_LIT("c d1:al1:b1:cee"), a);
}

START_TEST(message_every_alloc_failure)
{
	every_alloc_failure(alloc_fn, NULL);
}
END_TEST

START_TEST(message_writes_results)
{
	char text[80];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_message_put_result(&b, EP_LIT("c"), "pong", ep_view_none());
	ck_assert_view_eq(ep_buf_view(&b), "c d6:result4:ponge");
	ep_buf_init(&b, text, sizeof text);
	ep_ng_message_put_result(&b, EP_LIT("c"), "error", EP_LIT("why"));
	ck_assert_int_eq(decode(ep_buf_view(&b)), EP_OK);
	ck_assert_view_eq(msg.result, "error");
	ck_assert_view_eq(ep_ng_get_str(msg.dict, EP_LIT("error-reason")), "why");
	done();
}
END_TEST

UNIT_MAIN("ng/message", message_reads_a_request, message_reads_an_answer,
		message_names_the_cookie_of_a_broken_one, message_cookie_limit,
		message_every_cut, message_every_alloc_failure, message_writes_results)
