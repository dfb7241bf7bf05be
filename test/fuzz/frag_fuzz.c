// Aims at ep_sdp_frag_parse and ep_sdp_frag_print.
/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include "heap.h"
#include "sdp/frag.h"

static bool keep_literal(const struct ep_sdp_candidate *c)
{
	return ep_view_find(c->address, EP_LIT("local")) == SIZE_MAX;
}

static size_t candidates_n(const struct ep_sdp_frag *f)
{
	size_t n = 0;

	for(size_t i = 0; i < f->sdp.media_n; i++)
		n += f->media[i].candidates_n;
	return n;
}

static void model_check(const struct ep_sdp_frag *f)
{
	need((f->ufrag.p == NULL) == (f->pwd.p == NULL));
	need(f->sdp.media_n > 0 || f->ufrag.p != NULL);
	for(size_t i = 0; i < f->sdp.media_n; i++) {
		const struct ep_sdp_frag_media *m = &f->media[i];
		need(m->mid.len > 0 && m->ufrag.len >= 4 && m->pwd.len >= 22);
		need(m->ended || !f->ended);
		for(size_t k = 0; k < i; k++)
			need(!ep_view_eq(m->mid, f->media[k].mid));
	}
	for(size_t i = 0; i < f->sdp.lines_n; i++)
		need(f->sdp.lines[i].type == 'a' || f->sdp.lines[i].type == 'm');
}

/* What is printed says the same, but for the candidates left out, and is
 * printed as itself. */
static void print_check(const struct ep_sdp_frag *f, ep_sdp_frag_keep_f keep,
		struct ep_arena *arena)
{
	struct ep_sdp_frag again;
	struct ep_view one = ep_sdp_frag_print_arena(f, keep, arena);

	need(one.p != NULL);
	enum ep_err err = ep_sdp_frag_parse(&again, NULL, one, arena);
	need(err == EP_OK || (err == EP_ERANGE && one.len > EP_SDP_FRAG_LEN_MAX));
	if(err)
		return;
	model_check(&again);
	need(again.sdp.media_n == f->sdp.media_n && again.ended == f->ended);
	need(keep ? candidates_n(&again) <= candidates_n(f)
			  : candidates_n(&again) == candidates_n(f));
	for(size_t i = 0; i < f->sdp.media_n; i++) {
		need(ep_view_eq(again.media[i].mid, f->media[i].mid));
		need(ep_view_eq(again.media[i].ufrag, f->media[i].ufrag));
		need(ep_view_eq(again.media[i].pwd, f->media[i].pwd));
		need(again.media[i].ended == f->media[i].ended);
	}
	need(ep_view_eq(one, ep_sdp_frag_print_arena(&again, keep, arena)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_arena arena;
	struct ep_sdp_frag f;
	size_t at;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	enum ep_err err = ep_sdp_frag_parse(
			&f, &at, ep_view_of((const char *)data, size), &arena);
	need(err != EP_ENOMEM);
	if(err) {
		need(at <= size);
	} else {
		model_check(&f);
		print_check(&f, NULL, &arena);
		print_check(&f, keep_literal, &arena);
	}
	ep_arena_fini(&arena);
	return 0;
}
