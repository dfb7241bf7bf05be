/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/codec.h"

#define PT_N 128

struct name_of_pt
{
	struct ep_view encoding; /* absent: the section does not say */
	unsigned clock_hz;
	bool twice;
};

/* RFC 3551 table 4: what needs no rtpmap. */
static const struct
{
	unsigned pt;
	const char *encoding;
	unsigned clock_hz;
} well_known[] = {{0, "PCMU", 8000}, {3, "GSM", 8000}, {4, "G723", 8000},
		{8, "PCMA", 8000}, {9, "G722", 8000}, {13, "CN", 8000},
		{15, "G728", 8000}, {18, "G729", 8000}, {34, "H263", 90000}};

static bool never(struct ep_view encoding)
{
	static const char *const names[] = {"red", "rtx", "ulpfec", "CN"};

	for(size_t i = 0; i < sizeof names / sizeof *names; i++)
		if(ep_view_ieq(encoding, ep_view_z(names[i])))
			return true;
	return ep_view_istarts(encoding, EP_LIT("flexfec"));
}

static bool tel_event(struct ep_view encoding)
{
	return ep_view_ieq(encoding, EP_LIT("telephone-event"));
}

bool ep_mediate_pt_parse(unsigned *pt, struct ep_view word)
{
	uint64_t n;

	if(!ep_view_u64(&n, word, PT_N - 1))
		return false;
	*pt = (unsigned)n;
	return true;
}

/* The section's payload types by name. One that two a=rtpmap claim has none:
 * who reads the second one would hear another codec. */
static void names_get(
		struct name_of_pt names[PT_N], const struct ep_sdp *sdp, size_t media)
{
	struct ep_sdp_attr a;
	struct ep_sdp_rtpmap map;
	struct ep_sdp_ptval v;
	size_t at = 0;

	memset(names, 0, PT_N * sizeof *names);
	while((at = ep_sdp_attr_find(&a, sdp, media, EP_LIT("rtpmap"), at))
			!= SIZE_MAX) {
		at++;
		if(!ep_sdp_ptval_parse(&v, a.value) || v.pt >= PT_N)
			continue;
		/* What is no name to this reader may be one to the next. */
		bool known = names[v.pt].encoding.p || names[v.pt].twice;
		if(!ep_sdp_rtpmap_parse(&map, a.value))
			map.encoding = ep_view_none();
		names[v.pt] = (struct name_of_pt){map.encoding, map.clock_hz,
				.twice = known || !map.encoding.p};
	}
	for(size_t i = 0; i < sizeof well_known / sizeof *well_known; i++) {
		struct name_of_pt *n = &names[well_known[i].pt];
		if(!n->encoding.p && !n->twice)
			*n = (struct name_of_pt){
					ep_view_z(well_known[i].encoding), well_known[i].clock_hz};
	}
}

bool ep_mediate_codecs_has(const struct ep_mediate_codecs *c, unsigned pt)
{
	return pt < PT_N && (c->kept[pt / 64] >> (pt % 64) & 1);
}

bool ep_mediate_codecs_take(struct ep_mediate_codecs *c, unsigned pt)
{
	if(!ep_mediate_codecs_has(c, pt))
		return false;
	c->kept[pt / 64] &= ~(UINT64_C(1) << (pt % 64));
	return true;
}

static void add(struct ep_mediate_codecs *c, unsigned pt)
{
	c->kept[pt / 64] |= UINT64_C(1) << (pt % 64);
}

/* Is there a codec with this clock among those kept so far? */
static bool clock_kept(const struct ep_mediate_codecs *c,
		const struct name_of_pt names[PT_N], unsigned clock_hz)
{
	for(unsigned pt = 0; pt < PT_N; pt++)
		if(ep_mediate_codecs_has(c, pt) && names[pt].clock_hz == clock_hz
				&& !tel_event(names[pt].encoding))
			return true;
	return false;
}

struct ep_view ep_mediate_codec_transcoded(size_t i)
{
	static const struct ep_view names[] = {
			{"opus", 4}, {"G722", 4}, {"PCMU", 4}, {"PCMA", 4}};

	return i < sizeof names / sizeof *names ? names[i] : ep_view_none();
}

bool ep_mediate_codec_wanted(
		const struct ep_mediate_profile *p, struct ep_view encoding)
{
	return ep_mediate_names_has(p->codecs, encoding)
		   || ep_mediate_names_has(p->transcode, encoding)
		   || (p->transcode.p && tel_event(encoding));
}

/* Of a browser, what may go on, or what the gateway may turn into that. */
static bool to_core_passes(const struct ep_mediate_profile *p,
		enum ep_mediate_step step, struct ep_view encoding)
{
	if(ep_mediate_codec_wanted(p, encoding))
		return true;
	if(step != EP_MEDIATE_IN || !p->transcode.p)
		return false;
	for(size_t i = 0; ep_mediate_codec_transcoded(i).p; i++)
		if(ep_view_ieq(encoding, ep_mediate_codec_transcoded(i)))
			return true;
	return false;
}

void ep_mediate_codecs_get(struct ep_mediate_codecs *out,
		const struct ep_sdp *sdp, size_t media, enum ep_mediate_case c,
		enum ep_mediate_step step, const struct ep_mediate_profile *profile)
{
	struct name_of_pt names[PT_N];
	bool to_core = ep_mediate_case_to_core(c);
	unsigned pt;

	memset(out, 0, sizeof *out);
	names_get(names, sdp, media);

	/* Codecs first: which telephone-event stays depends on them. */
	for(int events = 0; events < 2; events++) {
		struct ep_view rest = sdp->media[media].fmts;
		struct ep_view word;
		while((word = ep_sdp_word_cut(&rest)).p) {
			if(!ep_mediate_pt_parse(&pt, word) || !names[pt].encoding.p
					|| names[pt].twice
					|| tel_event(names[pt].encoding) != (events == 1)
					|| never(names[pt].encoding)
					|| ep_mediate_codecs_has(out, pt))
				continue;
			if(to_core && !to_core_passes(profile, step, names[pt].encoding))
				continue;
			if(to_core && events && names[pt].clock_hz != 8000
					&& !clock_kept(out, names, names[pt].clock_hz))
				continue;
			add(out, pt);
			out->streams_n += !events;
		}
	}
}

/* names_get() of what the m= line lists, and of nothing else. */
static void listed_get(
		struct name_of_pt names[PT_N], const struct ep_sdp *sdp, size_t media)
{
	struct ep_mediate_codecs listed = {.streams_n = 0};
	struct ep_view rest = sdp->media[media].fmts;
	struct ep_view word;
	unsigned pt;

	names_get(names, sdp, media);
	while((word = ep_sdp_word_cut(&rest)).p)
		if(ep_mediate_pt_parse(&pt, word))
			add(&listed, pt);
	for(pt = 0; pt < PT_N; pt++)
		if(!ep_mediate_codecs_has(&listed, pt))
			names[pt].encoding = ep_view_none();
}

static bool same_codec(const struct name_of_pt *a, const struct name_of_pt *b)
{
	return a->encoding.p && b->encoding.p
		   && ep_view_ieq(a->encoding, b->encoding)
		   && a->clock_hz == b->clock_hz;
}

void ep_mediate_codecs_match(struct ep_mediate_codecs *c,
		const struct ep_sdp *sdp, const struct ep_sdp *other, size_t media)
{
	struct name_of_pt mine[PT_N];
	struct name_of_pt theirs[PT_N];

	names_get(mine, sdp, media);
	listed_get(theirs, other, media);
	for(unsigned pt = 0; pt < PT_N; pt++) {
		if(!ep_mediate_codecs_has(c, pt) || same_codec(&mine[pt], &theirs[pt]))
			continue;
		ep_mediate_codecs_take(c, pt);
		c->streams_n -= !tel_event(mine[pt].encoding);
	}
}

bool ep_mediate_codecs_differ(const struct ep_mediate_codecs *c,
		const struct ep_sdp *sdp, const struct ep_sdp *other, size_t media)
{
	struct name_of_pt mine[PT_N];
	struct name_of_pt theirs[PT_N];

	names_get(mine, sdp, media);
	listed_get(theirs, other, media);
	for(unsigned pt = 0; pt < PT_N; pt++) {
		bool found =
				!ep_mediate_codecs_has(c, pt) || tel_event(mine[pt].encoding);
		for(unsigned i = 0; i < PT_N && !found; i++)
			found = same_codec(&mine[pt], &theirs[i]);
		if(!found)
			return true;
	}
	return false;
}

struct ep_view ep_mediate_codecs_next(unsigned *from,
		const struct ep_mediate_codecs *c, const struct ep_sdp *sdp,
		size_t media)
{
	struct name_of_pt names[PT_N];

	names_get(names, sdp, media);
	while(*from < PT_N) {
		unsigned pt = (*from)++;
		if(ep_mediate_codecs_has(c, pt) && !tel_event(names[pt].encoding))
			return names[pt].encoding;
	}
	return ep_view_none();
}
