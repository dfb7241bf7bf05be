// Aims at ep_ng_key_decode, ep_ng_silence_decode, ep_ng_probe_decode and the
// blanking of SDP: what is read is a key, and never longer than it was written.
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "ng/sdp.h"
#include "ng/notice.h"
#include "ng/probe.h"

static char text[1 << 16];

static void key_check(struct ep_view in, struct ep_arena *arena)
{
	struct ep_ng_key key;

	if(ep_ng_key_decode(&key, in, arena))
		return;
	need(key.call_id.len > 0 && key.call_id.len < in.len);
	need(strchr("0123456789*#ABCD", key.digit) && key.digit);
	need(!key.tag.p || key.tag.len < in.len);
	need(in.p[ep_view_find_chr(in, '{')] == '{');
}

static void silence_check(struct ep_view in, struct ep_arena *arena)
{
	struct ep_ng_silence silence;

	if(ep_ng_silence_decode(&silence, in, arena))
		return;
	need(silence.call_id.len > 0 && silence.call_id.len < in.len);
	need(silence.from_tag.p || !silence.to_tag.p);
}

static void probe_check(struct ep_view in)
{
	struct ep_ng_probe probe;
	struct ep_ng_val val = {.type = EP_NG_DICT};
	struct ep_ng_val key = {.type = EP_NG_STR, .str = EP_LIT("sdp")};
	struct ep_ng_val sdp = {.type = EP_NG_STR, .str = in};

	val.first = &key;
	key.next = &sdp;
	need(ep_ng_probe_decode(&probe, &val) == (in.len ? EP_OK : EP_ENOENT));
	need(probe.codec_n <= EP_NG_PROBE_CODECS_MAX);
	need(!probe.bundle
			|| ep_view_find(in, EP_LIT("a=group:BUNDLE")) != SIZE_MAX);
}

static void blank_check(struct ep_view in)
{
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	ep_ng_sdp_print(&b, in, true, ep_view_none());
	need(b.overflow || b.len <= in.len);
	if(!b.overflow)
		need(!ep_ng_sdp_blank_changes(ep_buf_view(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view in = ep_view_of((const char *)data, size);
	struct ep_arena arena;

	ep_arena_init(&arena, NULL, 0, &heap, 8 << 20);
	key_check(in, &arena);
	silence_check(in, &arena);
	ep_arena_fini(&arena);
	probe_check(in);
	blank_check(in);
	return 0;
}
