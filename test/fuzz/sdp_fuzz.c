// Aims at ep_sdp_parse, the attribute readers, and ep_sdp_print.
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include "heap.h"
#include "sdp/attr.h"
#include "sdp/print.h"

static bool inside(struct ep_view part, struct ep_view whole)
{
	return part.p == NULL
		   || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

static void readers_check(struct ep_view v)
{
	struct ep_sdp_rtpmap map;
	struct ep_sdp_ptval val;
	struct ep_sdp_group group;
	struct ep_sdp_fingerprint f;
	struct ep_sdp_candidate c;
	unsigned n;

	if(!v.p)
		return;
	if(ep_sdp_rtpmap_parse(&map, v))
		need(map.pt < 128 && inside(map.encoding, v) && inside(map.params, v));
	if(ep_sdp_ptval_parse(&val, v))
		need((val.pt < 128 || val.pt == EP_SDP_PT_ANY) && inside(val.rest, v));
	if(ep_sdp_group_parse(&group, v))
		need(inside(group.semantics, v) && inside(group.mids, v));
	if(ep_sdp_fingerprint_parse(&f, v))
		need(f.hex.len == f.octets_n * 3 - 1 && inside(f.hex, v));
	if(ep_sdp_candidate_parse(&c, v))
		need(c.port < 65536 && inside(c.address, v) && inside(c.type, v));
	if(ep_sdp_rtcp_parse(&n, v))
		need(n < 65536);
	ep_sdp_ptime_parse(&n, v);
	ep_sdp_setup_parse(v);
}

static void model_check(const struct ep_sdp *sdp)
{
	struct ep_sdp_attr a;
	size_t len = 0;

	for(size_t i = 0; i < sdp->lines_n; i++) {
		len += sdp->lines[i].raw.len;
		need(inside(sdp->lines[i].value, sdp->lines[i].raw));
		if(ep_sdp_attr_get(&a, &sdp->lines[i]))
			readers_check(a.value);
	}
	need(len == sdp->text.len);
	size_t at = sdp->session_end;
	for(size_t i = 0; i < sdp->media_n; i++) {
		need(sdp->media[i].first == at && sdp->media[i].end > at);
		need(inside(sdp->media[i].fmts, sdp->lines[at].value));
		at = sdp->media[i].end;
		ep_sdp_direction_get(sdp, i);
		need(inside(ep_sdp_connection_get(sdp, i), sdp->text));
	}
	need(at == sdp->lines_n);
}

/* Edits picked by the input: what comes out is again a description. */
static void edits_check(struct ep_sdp *sdp, struct ep_arena *arena,
		const uint8_t *data, size_t size)
{
	struct ep_sdp_edits e;
	struct ep_sdp again;

	need(ep_sdp_edits_init(&e, sdp, arena) == EP_OK);
	need(ep_view_eq(ep_sdp_print_arena(&e), sdp->text));
	size_t kept = sdp->lines_n;
	for(size_t i = 2; i < sdp->lines_n; i++)
		if(sdp->lines[i].type != 'm' && data[i % size] & 1) {
			ep_sdp_edits_drop(&e, i);
			kept--;
		}
	need(ep_sdp_edits_insert(&e, sdp->lines_n, EP_LIT("a=x")) == EP_OK);
	struct ep_view text = ep_sdp_print_arena(&e);
	need(text.p && text.len == ep_sdp_print_len(&e));
	enum ep_err err = ep_sdp_parse(&again, NULL, text, arena);
	need(err == EP_OK || err == EP_ERANGE);
	if(!err)
		need(again.lines_n == kept + 1 && again.media_n == sdp->media_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_arena arena;
	struct ep_sdp sdp;
	size_t at;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	struct ep_view text = ep_view_of((const char *)data, size);
	if(ep_sdp_parse(&sdp, &at, text, &arena) == EP_OK) {
		model_check(&sdp);
		/* o= stands in the second line in all that the edits may leave. */
		if(sdp.lines[1].type == 'o')
			edits_check(&sdp, &arena, data, size);
	} else {
		need(at <= size);
	}
	ep_arena_fini(&arena);
	return 0;
}
