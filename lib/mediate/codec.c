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
	size_t at = 0;

	memset(names, 0, PT_N * sizeof *names);
	while((at = ep_sdp_attr_find(&a, sdp, media, EP_LIT("rtpmap"), at))
			!= SIZE_MAX) {
		at++;
		if(!ep_sdp_rtpmap_parse(&map, a.value))
			continue;
		names[map.pt] = (struct name_of_pt){map.encoding, map.clock_hz,
				.twice = names[map.pt].encoding.p != NULL};
	}
	for(size_t i = 0; i < sizeof well_known / sizeof *well_known; i++) {
		struct name_of_pt *n = &names[well_known[i].pt];
		if(!n->encoding.p)
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

void ep_mediate_codecs_get(struct ep_mediate_codecs *out,
		const struct ep_sdp *sdp, size_t media, enum ep_mediate_case c,
		const struct ep_mediate_profile *profile)
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
			if(to_core
					&& !ep_mediate_profile_keeps(profile, names[pt].encoding))
				continue;
			if(to_core && events && names[pt].clock_hz != 8000
					&& !clock_kept(out, names, names[pt].clock_hz))
				continue;
			add(out, pt);
			out->streams_n += !events;
		}
	}
}
