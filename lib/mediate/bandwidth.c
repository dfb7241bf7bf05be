/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* <bwtype>:<bandwidth>, of a type that somebody knows (RFC 8866 5.8, RFC 3890,
 * RFC 3556), in 32 bits. */
bool ep_mediate_bandwidth_check(struct ep_view value)
{
	static const char *const types[] = {"AS", "CT", "TIAS", "RS", "RR"};
	struct ep_view rest = value;
	struct ep_view type = ep_view_cut(&rest, ':');
	uint64_t n;

	if(!rest.p || !ep_view_u64(&n, rest, UINT32_MAX))
		return false;
	for(size_t i = 0; i < sizeof types / sizeof *types; i++)
		if(ep_view_eq(type, ep_view_z(types[i])))
			return true;
	return false;
}

/* Kilobit a second of one stream, one frame of 20 ms in a packet, with the
 * headers of RTP, UDP and IPv6 (which AS counts): TS 26.114 6.2.5, 12.7.
 * Speech only: what a picture takes nobody can say here. */
static const struct
{
	const char *encoding;
	unsigned kbps;
} table[] = {{"PCMU", 88}, {"PCMA", 88}, {"G722", 88}, {"opus", 64},
		{"EVS", 42}, {"AMR-WB", 41}, {"AMR", 30}, {"G729", 32}};

#define KBPS_UNKNOWN 88

static unsigned kbps_of(struct ep_view encoding)
{
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_ieq(encoding, ep_view_z(table[i].encoding)))
			return table[i].kbps;
	return KBPS_UNKNOWN;
}

static unsigned kbps_most(const struct ep_mediate_codecs *codecs,
		const struct ep_sdp *sdp, size_t media)
{
	unsigned from = 0;
	unsigned most = 0;
	struct ep_view name;

	while((name = ep_mediate_codecs_next(&from, codecs, sdp, media)).p)
		if(kbps_of(name) > most)
			most = kbps_of(name);
	return most;
}

/* Line of b=<type> in a section, SIZE_MAX without. */
static size_t bandwidth_find(
		const struct ep_sdp *sdp, size_t media, struct ep_view type)
{
	const struct ep_sdp_media *m = &sdp->media[media];

	for(size_t i = m->first; i < m->end; i++)
		if(sdp->lines[i].type == 'b'
				&& ep_view_starts(sdp->lines[i].value, type))
			return i;
	return SIZE_MAX;
}

/* b= stands behind c= and in front of k= and a= (RFC 8866 5). */
static size_t bandwidth_place(const struct ep_sdp *sdp, size_t media)
{
	const struct ep_sdp_media *m = &sdp->media[media];
	size_t i = m->first + 1;

	while(i < m->end
			&& (sdp->lines[i].type == 'i' || sdp->lines[i].type == 'c'))
		i++;
	return i;
}

static enum ep_err as_insert(
		struct ep_mediate_edit *e, size_t media, unsigned kbps)
{
	char digits[20];
	struct ep_buf number;

	ep_buf_init(&number, digits, sizeof digits);
	ep_buf_put_u64(&number, kbps);
	const struct ep_view parts[] = {EP_LIT("b=AS:"), ep_buf_view(&number)};
	struct ep_view line = ep_arena_join(e->plan->arena, parts, 2);
	if(!line.p)
		return EP_ENOMEM;
	return ep_sdp_edits_insert(&e->edits, bandwidth_place(e->sdp, media), line);
}

/* What a stream takes at least, without headers: 64 kbit/s of what has no other
 * rate, 6 of opus (RFC 7587 3.1.1). A browser refuses the whole answer for a
 * limit below that (but 0, which it takes for none). */
#define KBPS_LEAST 64
#define KBPS_LEAST_OPUS 6

static unsigned kbps_least(const struct ep_mediate_codecs *codecs,
		const struct ep_sdp *sdp, size_t media)
{
	unsigned from = 0;
	struct ep_view name;

	while((name = ep_mediate_codecs_next(&from, codecs, sdp, media)).p)
		if(!ep_view_ieq(name, EP_LIT("opus")))
			return KBPS_LEAST;
	return KBPS_LEAST_OPUS;
}

/* In an answer to a browser: drops a limit that speech cannot keep. */
static enum ep_err small_drop(
		struct ep_mediate_edit *e, size_t line, size_t name_len, uint64_t least)
{
	uint64_t n;

	if(line == SIZE_MAX
			|| !ep_view_u64(&n,
					ep_view_from(e->sdp->lines[line].value, name_len),
					UINT32_MAX)
			|| n == 0 || n >= least)
		return EP_OK;
	return ep_sdp_edits_drop(&e->edits, line);
}

enum ep_err ep_mediate_bandwidth_plan(struct ep_mediate_edit *e, size_t media,
		const struct ep_mediate_codecs *codecs)
{
	const struct ep_mediate_plan *plan = e->plan;
	bool to_core = ep_mediate_case_to_core(plan->kind);
	bool audio = ep_view_eq(e->sdp->media[media].kind, EP_LIT("audio"));
	size_t as = bandwidth_find(e->sdp, media, EP_LIT("AS:"));
	size_t tias = bandwidth_find(e->sdp, media, EP_LIT("TIAS:"));
	enum ep_err err = EP_OK;

	if(plan->profile->transcode.p
			&& ep_mediate_codecs_differ(codecs, e->sdp, &plan->in, media)) {
		if(as != SIZE_MAX)
			err = ep_sdp_edits_drop(&e->edits, as);
		if(!err && tias != SIZE_MAX)
			err = ep_sdp_edits_drop(&e->edits, tias);
		as = SIZE_MAX;
	}
	if(!err && plan->kind == EP_MEDIATE_C2W_ANSWER && audio) {
		unsigned least = kbps_least(codecs, e->sdp, media);
		err = small_drop(e, as, 3, least);
		if(!err)
			err = small_drop(e, tias, 5, 1000 * (uint64_t)least);
	}
	if(err || !to_core || !audio || as != SIZE_MAX)
		return err;
	return as_insert(e, media, kbps_most(codecs, e->sdp, media));
}
