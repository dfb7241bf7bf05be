// Aims at ep_ng_message_decode, the readers of answers, the version reader and
// the shim: what goes on to rtpengine is again a message, and differs from
// what came in just what was planned.
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "ng/blame.h"
#include "ng/sdp.h"
#include "ng/shim.h"

static char text[1 << 17];

static const char *const versions[] = {
		"", "10.5.3.5", "12.5.1.31", "14.0.1.1", "26.0.1.26"};

static size_t pairs_n(const struct ep_ng_val *dict)
{
	size_t n = 0;

	for(const struct ep_ng_val *k = ep_ng_first(dict); k; k = k->next->next)
		n++;
	return n;
}

/* Is this the line that was to be added? */
static bool added(struct ep_view line, const struct ep_ng_shim *shim)
{
	return shim->add_tls_id && ep_view_starts(line, EP_LIT("a=tls-id:"))
		   && ep_view_eq(ep_view_trim(ep_view_from(line, 9)),
				   ep_view_z(shim->tls_id));
}

/* Line by line what it was, but for addresses and one line more; blanked, it
 * is so for good. */
static void sdp_check(
		struct ep_view to, struct ep_view from, const struct ep_ng_shim *shim)
{
	size_t more = 0;

	need(to.len <= from.len + 9 + EP_NG_TLS_ID_MAX + 2);
	need(!shim->blank_sdp || !ep_ng_sdp_blank_changes(to));
	while(from.p) {
		struct ep_view was = ep_view_cut(&from, '\n');
		struct ep_view is = ep_view_cut(&to, '\n');
		/* No line of the input is one: then nothing would be added. */
		if(added(is, shim)) {
			more++;
			is = ep_view_cut(&to, '\n');
		}
		need(ep_view_eq(was, is)
				|| (shim->blank_sdp
						&& (ep_view_starts(was, EP_LIT("m="))
								|| ep_view_starts(was, EP_LIT("c=")))));
		need((from.p == NULL) == (to.p == NULL));
	}
	need(more <= 1);
}

static void again(const struct ep_ng_message *msg,
		const struct ep_ng_shim *shim, struct ep_arena *arena)
{
	struct ep_ng_val *to;
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	ep_ng_shim_print(&b, msg, shim);
	need(!b.overflow && b.len <= msg->dict->raw.len + EP_NG_SHIM_MORE);
	if(!ep_ng_shim_changes(shim))
		need(ep_view_eq(ep_buf_view(&b), msg->dict->raw));
	enum ep_err err = ep_ng_decode(&to, ep_buf_view(&b), arena);
	/* A pair more can be one too many. */
	need(err == EP_OK || err == EP_ERANGE || err == EP_ENOMEM);
	if(err)
		return;
	sdp_check(ep_ng_get_str(to, EP_LIT("sdp")),
			ep_ng_get_str(msg->dict, EP_LIT("sdp")), shim);
	need(ep_view_eq(ep_ng_get_str(to, EP_LIT("call-id")),
			ep_ng_get_str(msg->dict, EP_LIT("call-id"))));
	if(shim->add_dtls_reverse)
		need(ep_view_eq(
				ep_ng_get_str(to, EP_LIT("DTLS-reverse")), EP_LIT("passive")));
	if(shim->drop_dtls)
		need(!ep_ng_get(to, EP_LIT("DTLS")));
	need(pairs_n(to) + 3 >= pairs_n(msg->dict));
}

static void shim_check(const struct ep_ng_message *msg, struct ep_arena *arena)
{
	struct ep_ng_version version;
	struct ep_ng_shim_ctx ctx = {.version = &version};
	struct ep_ng_shim shim;

	for(size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		ep_ng_version_parse(&version, ep_view_z(versions[i]));
		ctx.dtls_reverse = i & 1;
		ctx.xmlrpc_callback = i & 2 ? EP_LIT("127.0.0.8:99") : ep_view_none();
		ep_ng_shim_plan(&shim, msg, &ctx);
		if(!shim.refuse)
			again(msg, &shim, arena);
	}
}

/* Nobody is blamed without a word of it. */
static void blame_check(const struct ep_ng_message *msg)
{
	struct ep_view why = ep_ng_get_str(msg->dict, EP_LIT("error-reason"));
	enum ep_ng_blame blame = ep_ng_blame_of(msg->result, why);

	need(blame != EP_NG_BLAME_COMMAND || why.len >= 3);
	need(blame == EP_NG_BLAME_UNKNOWN || why.p
			|| ep_view_eq(msg->result, EP_LIT("load limit")));
	need(blame != EP_NG_BLAME_COMMAND
			|| ep_view_find(why, EP_LIT("SDP")) != SIZE_MAX
			|| ep_view_find(why, EP_LIT("too long")) != SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view in = ep_view_of((const char *)data, size);
	struct ep_ng_version version;
	struct ep_ng_message msg;
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 25);
	enum ep_err err = ep_ng_message_decode(&msg, in, &arena);
	if(err == EP_OK) {
		need(msg.cookie.len && msg.cookie.len <= EP_NG_COOKIE_MAX);
		need(msg.cookie.len + 1 + msg.dict->raw.len == size);
		blame_check(&msg);
		shim_check(&msg, &arena);
	} else {
		need(!msg.dict && !msg.command.p && !msg.result.p);
	}
	need(ep_ng_version_parse(&version, in) == version.known);
	ep_ng_sdp_from_browser(in);
	ep_arena_fini(&arena);
	return 0;
}
