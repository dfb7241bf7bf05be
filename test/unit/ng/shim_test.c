/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/shim.h"
#include <stdio.h>
#include "support.h"

#define WEB                                                                    \
	"v=0\r\na=fingerprint:sha-256 AA\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"     \
	"a=ice-ufrag:x\r\n"
#define CORE "v=0\r\nm=audio 9 RTP/AVP 0\r\n"

static struct ep_arena arena;
static struct ep_ng_message msg;
static struct ep_ng_version version;
static struct ep_ng_shim shim;
static char text[4096], out[4096];

/* `more`: pairs in bencode. */
static void message_of(const char *command, const char *sdp, const char *more)
{
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof text);
	ep_ng_message_open(&b, EP_LIT("c"));
	ep_buf_put_z(&b, more);
	ep_ng_put_pair(&b, "command", ep_view_z(command));
	ep_ng_put_pair(&b, "sdp", ep_view_z(sdp));
	ep_ng_close(&b);
	plain_arena_init(&arena);
	ck_assert_int_eq(
			ep_ng_message_decode(&msg, ep_buf_view(&b), &arena), EP_OK);
}

/* What goes to a rtpengine of that version. */
static struct ep_view planned(const char *v, bool dtls_reverse)
{
	struct ep_ng_shim_ctx ctx = {
			.version = &version, .dtls_reverse = dtls_reverse};
	struct ep_buf b;

	ep_ng_version_parse(&version, ep_view_z(v));
	ep_ng_shim_plan(&shim, &msg, &ctx);
	ep_buf_init(&b, out, sizeof out);
	ep_ng_shim_print(&b, &msg, &shim);
	return ep_buf_view(&b);
}

static bool same(const char *v)
{
	return ep_view_eq(planned(v, false), msg.dict->raw)
		   && !ep_ng_shim_changes(&shim);
}

static bool has(struct ep_view whole, const char *part)
{
	return ep_view_find(whole, ep_view_z(part)) != SIZE_MAX;
}

START_TEST(shim_adds_the_role_to_a_browsers_offer)
{
	message_of("offer", WEB, "3:ICE6:remove");
	struct ep_view to = planned("10.5", false);
	ck_assert(has(to, "12:DTLS-reverse7:passive"));
	ck_assert(has(to, "3:ICE6:remove"));
	ck_assert(shim.from_browser);
	ck_assert(has(planned("26.2", false), "12:DTLS-reverse7:passive"));
	ep_arena_fini(&arena);
	/* Whoever says it, means it. */
	message_of("offer", WEB, "12:DTLS-reverse6:active");
	ck_assert(same("10.5"));
	ep_arena_fini(&arena);
	message_of("offer", CORE, "");
	ck_assert(same("10.5"));
	ck_assert(!shim.from_browser);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(shim_drops_a_role_that_comes_too_late)
{
	message_of("answer", CORE, "4:DTLS7:passive3:ICE5:force");
	struct ep_view to = planned("10.5", false);
	ck_assert(!has(to, "DTLS"));
	ck_assert(has(to, "3:ICE5:force"));
	planned("12.5", false);
	ck_assert(shim.drop_dtls);
	/* The offer said it already, or the version knows better. */
	planned("10.5", true);
	ck_assert(!shim.drop_dtls);
	ck_assert(same("26.0.1.26"));
	ep_arena_fini(&arena);
	message_of("answer", CORE, "4:DTLS3:off");
	ck_assert(same("10.5"));
	ep_arena_fini(&arena);
	message_of("offer", CORE, "4:DTLS7:passive");
	ck_assert(same("10.5"));
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(shim_drops_bundle_where_it_is_not_known)
{
	static const char *const more[] = {"5:flagsl13:BUNDLE-accept5:othere",
			"6:bundlel6:accepte5:flagsl5:othere",
			"6:BUNDLE6:accept5:flagsl5:othere",
			"5:flagsl5:other13:bundle=accepte"};

	for(size_t i = 0; i < sizeof more / sizeof *more; i++) {
		message_of("answer", CORE, more[i]);
		struct ep_view to = planned("13.5", false);
		ck_assert(shim.drop_bundle);
		ck_assert(has(to, "5:flagsl5:othere"));
		ck_assert(!has(to, "undle") && !has(to, "UNDLE"));
		ck_assert(same("14.0"));
		ep_arena_fini(&arena);
	}
}
END_TEST

#define ADDRESS                                                                \
	"v=0\r\na=fingerprint:sha-256 AA\r\nm=audio 40000 UDP/TLS/RTP/SAVPF "      \
	"0\r\nc=IN IP4 192.0.2.1\r\na=ice-ufrag:x\r\n"

/* Nothing else shows what ICE came to, in the versions that need it. */
START_TEST(shim_blanks_a_browsers_address)
{
	static const char *const commands[] = {"offer", "answer"};

	for(size_t i = 0; i < 2; i++) {
		message_of(commands[i], ADDRESS, "12:DTLS-reverse7:passive");
		struct ep_view to = planned("12.5", true);
		ck_assert(shim.blank_sdp);
		ck_assert(
				has(to, "3:sdp95:v=0\r\na=fingerprint:sha-256 AA\r\n"
						"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n"
						"a=ice-ufrag:x\r\ne"));
		ck_assert(same("14.0"));
		ck_assert(!shim.blank_sdp);
		ep_arena_fini(&arena);
	}
	message_of("query", ADDRESS, "");
	ck_assert(same("10.5"));
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(shim_refuses_fragments_that_do_harm)
{
	message_of("offer", "a=ice-ufrag:x\r\n", "5:flagsl8:fragmente");
	planned("10.5", false);
	ck_assert_ptr_nonnull(shim.refuse);
	planned("", false);
	ck_assert_ptr_nonnull(shim.refuse);
	ck_assert(same("26.0"));
	ck_assert_ptr_null(shim.refuse);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(shim_adds_the_callback)
{
	struct ep_ng_shim_ctx ctx = {
			.version = &version, .xmlrpc_callback = EP_LIT("127.0.0.8:99")};

	message_of("offer", CORE, "");
	ep_ng_shim_plan(&shim, &msg, &ctx);
	ck_assert(shim.add_xmlrpc_callback);
	ep_arena_fini(&arena);
	message_of("offer", CORE, "15:xmlrpc-callback1:x");
	ep_ng_shim_plan(&shim, &msg, &ctx);
	ck_assert(!ep_ng_shim_changes(&shim));
	ep_arena_fini(&arena);
	message_of("answer", CORE, "");
	ep_ng_shim_plan(&shim, &msg, &ctx);
	ck_assert(!ep_ng_shim_changes(&shim));
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(shim_leaves_other_commands)
{
	static const char *const commands[] = {
			"delete", "query", "list", "start recording", "whatever"};

	for(size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		message_of(commands[i], WEB, "4:DTLS7:passive6:bundle1:x");
		ck_assert(same("10.5"));
		ep_arena_fini(&arena);
	}
}
END_TEST

static enum ep_err alloc_fn(struct ep_arena *a, void *ctx)
{
	(void)ctx;
	return ep_ng_message_decode(&msg, EP_LIT("c d7:command5:offere"), a);
}

START_TEST(shim_stands_a_small_buffer)
{
	struct ep_ng_shim_ctx ctx = {.version = &version};
	struct ep_buf b;

	every_alloc_failure(alloc_fn, NULL);
	message_of("offer", WEB, "5:flagsl13:BUNDLE-accepte");
	size_t whole = planned("10.5", false).len;
	ck_assert_uint_le(whole, msg.dict->raw.len + EP_NG_SHIM_MORE);
	ep_ng_shim_plan(&shim, &msg, &ctx);
	for(size_t cap = 0; cap <= whole; cap++) {
		ep_buf_init(&b, out, cap);
		ep_ng_shim_print(&b, &msg, &shim);
		ck_assert_int_eq(b.overflow, cap < whole);
	}
	ep_arena_fini(&arena);
}
END_TEST

#define FINGERPRINT                                                            \
	"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:x\r\n"                \
	"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB\r\n"

/* Else an ICE restart ends SRTP. */
START_TEST(shim_adds_a_tls_id_where_it_is_known)
{
	message_of("answer", FINGERPRINT, "");
	ck_assert(same("10.5"));
	ck_assert(has(planned("11.3", false),
			"a=tls-id:00112233445566778899AABB\r\nm=audio"));
	ck_assert(shim.add_tls_id);
	ck_assert(has(planned("26.0", false), "a=tls-id:"));
	ep_arena_fini(&arena);
	message_of("answer", "a=tls-id:theirs\r\n" FINGERPRINT, "");
	ck_assert(same("26.0"));
	ep_arena_fini(&arena);
	message_of("answer", CORE, "");
	ck_assert(same("26.0"));
	ep_arena_fini(&arena);
}
END_TEST

UNIT_MAIN("ng/shim", shim_adds_a_tls_id_where_it_is_known,
		shim_blanks_a_browsers_address, shim_adds_the_role_to_a_browsers_offer,
		shim_drops_a_role_that_comes_too_late,
		shim_drops_bundle_where_it_is_not_known,
		shim_refuses_fragments_that_do_harm, shim_adds_the_callback,
		shim_leaves_other_commands, shim_stands_a_small_buffer)
