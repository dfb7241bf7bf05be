/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/notice.h"
#include "support.h"

/* As the two versions write it. */
#define KEY_OLD                                                                \
	"{\"callid\":\"c1\",\"source_tag\":\"i\",\"tags\":[\"i\",\"w\"],"          \
	"\"type\":\"DTMF\",\"timestamp\":1795299038,"                              \
	"\"source_ip\":\"127.0.0.1\",\"event\":5,\"duration\":100,"                \
	"\"volume\":10}"
#define KEY_NEW                                                                \
	"{\"callid\":\"c1\",\"source_tag\":\"w\",\"source_label\":\"\","           \
	"\"tags\":[\"w\",\"i\"],\"type\":\"DTMF\",\"event\":11,"                   \
	"\"duration\":80}\n"
#define XML(strings)                                                           \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodCall>\r\n"           \
	"<methodName>dlg.terminate_dlg</methodName>\r\n<params>" strings           \
	"</params></methodCall>\r\n"
#define STRING(s) "<param><value><string>" s "</string></value></param>\r\n"

static struct ep_arena arena;
static struct ep_ng_key key;
static struct ep_ng_silence silence;

static enum ep_err key_of(const char *json)
{
	plain_arena_init(&arena);
	return ep_ng_key_decode(&key, ep_view_z(json), &arena);
}

static enum ep_err silence_of(const char *xml)
{
	plain_arena_init(&arena);
	return ep_ng_silence_decode(&silence, ep_view_z(xml), &arena);
}

START_TEST(notice_of_a_key)
{
	ck_assert_int_eq(key_of(KEY_OLD), EP_OK);
	ck_assert_view_eq(key.call_id, "c1");
	ck_assert_view_eq(key.tag, "i");
	ck_assert_int_eq(key.digit, '5');
	ck_assert_uint_eq(key.duration_ms, 100);
	ep_arena_fini(&arena);
	ck_assert_int_eq(key_of(KEY_NEW), EP_OK);
	ck_assert_view_eq(key.tag, "w");
	ck_assert_int_eq(key.digit, '#');
	ep_arena_fini(&arena);
	ck_assert_int_eq(
			key_of("{\"callid\":\"x\",\"type\":\"DTMF\",\"event\":15}"), EP_OK);
	ck_assert_int_eq(key.digit, 'D');
	ck_assert_ptr_null(key.tag.p);
	ck_assert_uint_eq(key.duration_ms, 0);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(notice_of_a_key_undoes_escapes)
{
	ck_assert_int_eq(
			key_of(" { \"callid\" : \"a\\\"\\\\\\/\\u00e9\\u20acb\\n\" ,"
				   "\"x\":[1,{\"y\":[],\"z\":{}},null,true,-1.5e3],"
				   "\"type\":\"DTMF\",\"event\":0 } "),
			EP_OK);
	ck_assert_view_eq(key.call_id,
			"a\"\\/\xc3\xa9\xe2\x82\xac"
			"b\n");
	ck_assert_int_eq(key.digit, '0');
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(notice_of_what_is_no_key)
{
	static const struct
	{
		const char *json;
		enum ep_err err;
	} row[] = {
			{"", EP_ESYNTAX},
			{"[]", EP_ESYNTAX},
			{"{", EP_ESYNTAX},
			{"{}x", EP_ESYNTAX},
			{"{\"a\"}", EP_ESYNTAX},
			{"{\"a\":}", EP_ESYNTAX},
			{"{\"a\":1,}", EP_ESYNTAX},
			{"{\"a\":[1,]}", EP_ESYNTAX},
			{"{\"a\":\"\\x\"}", EP_ESYNTAX},
			{"{\"a\":\"\\u12g4\"}", EP_ESYNTAX},
			{"{\"a\":\"\n\"}", EP_ESYNTAX},
			{"{\"a\":[[[[[[[[[[1]]]]]]]]]]}", EP_ESYNTAX},
			{"{}", EP_ENOENT},
			{"{\"callid\":\"x\",\"event\":1}", EP_ENOENT},
			{"{\"callid\":\"x\",\"type\":\"DTMF\"}", EP_ENOENT},
			{"{\"callid\":\"\",\"type\":\"DTMF\",\"event\":1}", EP_ENOENT},
			{"{\"callid\":\"x\",\"type\":\"other\",\"event\":1}", EP_ENOENT},
			{"{\"callid\":\"x\",\"type\":\"DTMF\",\"event\":16}", EP_ERANGE},
			{"{\"callid\":\"x\",\"type\":\"DTMF\",\"event\":-1}", EP_ERANGE},
			{"{\"callid\":\"x\",\"type\":\"DTMF\",\"event\":[]}", EP_ENOENT},
	};

	for(size_t i = 0; i < sizeof row / sizeof *row; i++) {
		enum ep_err err = key_of(row[i].json);
		ck_assert_msg(
				err == row[i].err, "%s: %s", row[i].json, ep_err_text(err));
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(notice_of_a_silent_call)
{
	ck_assert_int_eq(
			silence_of(XML(STRING("c1") STRING("w") STRING("i"))), EP_OK);
	ck_assert_view_eq(silence.call_id, "c1");
	ck_assert_view_eq(silence.from_tag, "w");
	ck_assert_view_eq(silence.to_tag, "i");
	ep_arena_fini(&arena);
	ck_assert_int_eq(
			silence_of(XML(STRING("a&lt;b&amp;&gt;&quot;&apos;&x"))), EP_OK);
	ck_assert_view_eq(silence.call_id, "a<b&>\"'&x");
	ck_assert_ptr_null(silence.from_tag.p);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(notice_of_no_call)
{
	static const struct
	{
		const char *xml;
		enum ep_err err;
	} row[] = {
			{"", EP_ESYNTAX},
			{"<string>c1</string>", EP_ESYNTAX},
			{XML(""), EP_ENOENT},
			{XML(STRING("")), EP_ENOENT},
			{"<methodCall><string>c1", EP_ESYNTAX},
			{"<methodCall><methodName>di</methodName>" STRING("sbc")
							STRING("x"),
					EP_ENOENT},
	};

	for(size_t i = 0; i < sizeof row / sizeof *row; i++) {
		ck_assert_int_eq(silence_of(row[i].xml), row[i].err);
		ep_arena_fini(&arena);
	}
}
END_TEST

static void key_cut(struct ep_view cut, void *ctx)
{
	struct ep_view whole = *(struct ep_view *)ctx;

	plain_arena_init(&arena);
	ck_assert(cut.len >= whole.len - 1
			  || ep_ng_key_decode(&key, cut, &arena) == EP_ESYNTAX);
	ep_arena_fini(&arena);
}

static void silence_cut(struct ep_view cut, void *ctx)
{
	(void)ctx;
	plain_arena_init(&arena);
	ep_ng_silence_decode(&silence, cut, &arena);
	ep_arena_fini(&arena);
}

START_TEST(notice_of_every_cut)
{
	struct ep_view whole = EP_LIT(KEY_OLD);

	every_cut(whole, key_cut, &whole);
	every_cut(EP_LIT(XML(STRING("a&lt;b") STRING("w"))), silence_cut, NULL);
}
END_TEST

static enum ep_err key_reads(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_ng_key_decode(&key, EP_LIT(KEY_OLD), a);
}

static enum ep_err silence_reads(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_ng_silence_decode(
			&silence, EP_LIT(XML(STRING("c1") STRING("w"))), a);
}

START_TEST(notice_without_memory)
{
	ck_assert_uint_gt(every_alloc_failure(key_reads, NULL), 2);
	ck_assert_uint_gt(every_alloc_failure(silence_reads, NULL), 2);
}
END_TEST

UNIT_MAIN("ng/notice", notice_of_a_key, notice_of_a_key_undoes_escapes,
		notice_of_what_is_no_key, notice_of_a_silent_call, notice_of_no_call,
		notice_of_every_cut, notice_without_memory)
