/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The largest offer of a browser that is recorded: read, planned and printed
 * for the gateway (ep_mediate_offer_plan), beside libre, which reads and
 * writes the same text and decides nothing about it.
 *
 * libre's session is set up before the clock starts, with every section, every
 * format and every attribute of the offer as its own, so that it writes all it
 * has read: what is timed is sdp_decode() and sdp_encode() alone. What a proxy
 * would have to do besides (a session, its media and attributes for each
 * message) is measured too, as `libre_session_us`, and is in no ratio.
 *
 * Allocations of both are counted in malloc itself.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "mediate/offer.h"
/* Wants ours (and stdint.h) above it. */
#include <re/re.h>

#define SLICES 21
#define SLICE_S 0.1
#define SHARED "../shared/sdp/browser"
#define SAMPLE "test/golden/mo-audio-no-mux/1-offer.sdp"

/* ---- malloc, counted ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
static size_t mallocs;

void *malloc(size_t n)
{
	mallocs++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	mallocs++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	mallocs++;
	return __libc_realloc(p, n);
}

static void need(bool ok, const char *what)
{
	if(!ok) {
		fprintf(stderr, "bench: %s\n", what);
		exit(1);
	}
}

/* ---- the text ---- */

static char text[65536];
static size_t text_len;
static char text_name[512] = "";

static void text_take(const char *path)
{
	static char other[sizeof text];
	FILE *f = fopen(path, "rb");

	if(!f)
		return;
	size_t n = fread(other, 1, sizeof other, f);
	fclose(f);
	if(n <= text_len)
		return;
	memcpy(text, other, n);
	text_len = n;
	snprintf(text_name, sizeof text_name, "%s", path);
}

static void text_find(void)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	text_take(SAMPLE);
	d = opendir(SHARED);
	while(d && (e = readdir(d))) {
		struct ep_view name = ep_view_z(e->d_name);
		if(!ep_view_ends(name, EP_LIT(".sdp")))
			continue;
		snprintf(path, sizeof path, SHARED "/%s", e->d_name);
		text_take(path);
	}
	if(d)
		closedir(d);
	need(text_len > 0, "no offer to read");
}

/* ---- ours ---- */

static struct ep_mediate_profile profile;
static char room[256 * 1024];
static size_t room_used;

static void run_ours(void)
{
	struct ep_mediate_plan plan;
	struct ep_arena arena;

	ep_arena_init(&arena, room, sizeof room, NULL, 0);
	need(ep_mediate_offer_plan(&plan, EP_MEDIATE_FROM_WIC,
				 ep_view_of(text, text_len), &profile, &profile.caps, &arena)
					== EP_MEDIATE_OK,
			"the offer is refused");
	need(plan.sdp.len > 0 && plan.live[0], "nothing is left of the offer");
	room_used = (size_t)(arena.p - room);
	ep_arena_fini(&arena);
}

/* ---- libre ---- */

static struct sdp_session *kept;

/* A local section as the text has it: formats by rtpmap and fmtp, all other
 * attributes as they are (but those that libre writes by itself). */
struct section
{
	struct sdp_media *m;
	const struct ep_sdp *sdp;
	size_t i;
};

static void format_add(struct section *s, struct ep_view id)
{
	struct ep_sdp_rtpmap map = {.encoding = EP_LIT(""), .clock_hz = 0};
	struct ep_view params = ep_view_none();
	struct ep_sdp_ptval v;
	struct ep_sdp_attr a;
	uint64_t pt = 128, channels = 1;
	size_t at = 0;
	char z[3][512];

	if(!ep_view_u64(&pt, id, 127))
		pt = 128;
	while((at = ep_sdp_attr_find(&a, s->sdp, s->i, EP_LIT("rtpmap"), at))
			!= SIZE_MAX) {
		struct ep_sdp_rtpmap other;
		at++;
		if(ep_sdp_rtpmap_parse(&other, a.value) && other.pt == pt)
			map = other;
	}
	at = 0;
	while((at = ep_sdp_attr_find(&a, s->sdp, s->i, EP_LIT("fmtp"), at))
			!= SIZE_MAX) {
		at++;
		if(ep_sdp_ptval_parse(&v, a.value) && v.pt == pt)
			params = v.rest;
	}
	if(map.params.p)
		ep_view_u64(&channels, map.params, 255);
	snprintf(z[0], sizeof z[0], "%.*s", EP_FMT(id));
	snprintf(z[1], sizeof z[1], "%.*s", EP_FMT(map.encoding));
	snprintf(z[2], sizeof z[2], "%.*s", EP_FMT(params));
	need(!sdp_format_add(NULL, s->m, false, z[0], z[1][0] ? z[1] : NULL,
				 map.clock_hz, (uint8_t)channels, NULL, NULL, NULL, false,
				 params.p ? "%s" : NULL, z[2]),
			"sdp_format_add");
}

static bool libre_writes_it(struct ep_view name)
{
	enum ep_sdp_direction d;

	return ep_view_eq(name, EP_LIT("rtpmap"))
		   || ep_view_eq(name, EP_LIT("fmtp"))
		   || ep_view_eq(name, EP_LIT("rtcp"))
		   || ep_sdp_direction_parse(&d, name);
}

static void level_add(
		struct sdp_session *session, struct section *s, size_t level)
{
	struct ep_sdp_attr a;
	size_t first, end;
	char name[128], value[1024];

	ep_sdp_section_get(&first, &end, s->sdp, level);
	for(size_t k = first; k < end; k++) {
		if(!ep_sdp_attr_get(&a, &s->sdp->lines[k]) || libre_writes_it(a.name))
			continue;
		snprintf(name, sizeof name, "%.*s", EP_FMT(a.name));
		snprintf(value, sizeof value, "%.*s", EP_FMT(a.value));
		const char *form = a.value.p ? "%s" : NULL;
		need(!(level == EP_SDP_SESSION ? sdp_session_set_lattr(
					   session, false, name, form, value)
									   : sdp_media_set_lattr(
											   s->m, false, name, form, value)),
				"lattr");
	}
}

static struct sdp_session *libre_session(const struct ep_sdp *sdp)
{
	struct sdp_session *session;
	struct section s = {.sdp = sdp};
	struct sa address;

	sa_set_str(&address, "127.0.0.1", 0);
	need(!sdp_session_alloc(&session, &address), "sdp_session_alloc");
	level_add(session, &s, EP_SDP_SESSION);
	for(s.i = 0; s.i < sdp->media_n; s.i++) {
		const struct ep_sdp_media *m = &sdp->media[s.i];
		struct ep_view rest = m->fmts, id;
		char kind[32], proto[64];
		snprintf(kind, sizeof kind, "%.*s", EP_FMT(m->kind));
		snprintf(proto, sizeof proto, "%.*s", EP_FMT(m->proto));
		need(!sdp_media_add(&s.m, session, kind, (uint16_t)m->port, proto),
				"sdp_media_add");
		while((id = ep_sdp_word_cut(&rest)).p)
			format_add(&s, id);
		level_add(session, &s, s.i);
	}
	return session;
}

static struct mbuf *libre_pass(struct sdp_session *session)
{
	struct mbuf in = {.buf = (uint8_t *)text,
			.size = text_len,
			.pos = 0,
			.end = text_len};
	struct mbuf *out = NULL;

	need(!sdp_decode(session, &in, true), "sdp_decode");
	need(!sdp_encode(&out, session, true), "sdp_encode");
	return out;
}

static void run_libre(void)
{
	mem_deref(libre_pass(kept));
}

static struct ep_sdp parsed;

static void run_libre_session(void)
{
	struct sdp_session *session = libre_session(&parsed);

	mem_deref(libre_pass(session));
	mem_deref(session);
}

/* ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double slice_us(void (*run)(void))
{
	double from = now(), t;
	unsigned n = 0;

	do {
		for(int i = 0; i < 50; i++, n++)
			run();
		t = now() - from;
	} while(t < SLICE_S);
	return t / n * 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, SLICES, sizeof *v, by_size);
	return v[SLICES / 2];
}

static size_t mallocs_of(void (*run)(void))
{
	size_t before = mallocs;

	run();
	return mallocs - before;
}

/* How many lines of the text stand in what libre wrote, too. */
static size_t lines_written(size_t *of)
{
	struct mbuf *out = libre_pass(kept);
	struct ep_view whole = ep_view_of((const char *)out->buf, out->end);
	size_t n = 0;

	for(size_t i = 0; i < parsed.lines_n; i++)
		n += ep_view_find(whole, parsed.lines[i].raw) != SIZE_MAX;
	*of = parsed.lines_n;
	mem_deref(out);
	return n;
}

/* What it read: attributes that libre can give back by name. */
static size_t formats_read(void)
{
	const struct list *media = sdp_session_medial(kept, false);
	size_t n = 0;

	for(struct le *le = list_head(media); le; le = le->next)
		n += list_count(sdp_media_format_lst(le->data, false));
	return n;
}

static void json_write(const char *path, double ours, double libre,
		double session, double ratio, size_t ours_mallocs, size_t libre_mallocs)
{
	FILE *f = fopen(path, "w");

	need(f != NULL, path);
	fprintf(f,
			"[\n"
			"  {\"name\": \"vs_libre\", \"value\": %.3f, \"unit\": \"ratio\", "
			"\"against\": \"sdp_decode and sdp_encode of libre %s, its session "
			"made before; the same %zu octets\", \"goal\": 2},\n"
			"  {\"name\": \"mallocs\", \"value\": %zu, \"unit\": \"calls\", "
			"\"against\": \"malloc, calloc and realloc in one plan, all in "
			"the caller's arena\", \"goal\": 0},\n"
			"  {\"name\": \"plan_us\", \"value\": %.3f, \"unit\": "
			"\"microseconds\", \"against\": \"\", \"goal\": null},\n"
			"  {\"name\": \"libre_us\", \"value\": %.3f, \"unit\": "
			"\"microseconds\", \"against\": \"\", \"goal\": null},\n"
			"  {\"name\": \"libre_session_us\", \"value\": %.3f, \"unit\": "
			"\"microseconds\", \"against\": \"the same with its session, media "
			"and attributes made for each text\", \"goal\": null},\n"
			"  {\"name\": \"libre_mallocs\", \"value\": %zu, \"unit\": "
			"\"calls\", \"against\": \"\", \"goal\": null},\n"
			"  {\"name\": \"arena_octets\", \"value\": %zu, \"unit\": "
			"\"octets\", \"against\": \"of the caller's, for one plan\", "
			"\"goal\": null}\n"
			"]\n",
			ratio, sys_libre_version_get(), text_len, ours_mallocs, ours, libre,
			session, libre_mallocs, room_used);
	need(fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
	static char parse_room[256 * 1024];
	double ours[SLICES], libre[SLICES], session[SLICES], ratio[SLICES];
	struct ep_arena arena;
	size_t lines, of;

	text_find();
	ep_arena_init(&arena, parse_room, sizeof parse_room, NULL, 0);
	need(ep_sdp_parse(&parsed, NULL, ep_view_of(text, text_len), &arena)
					== EP_OK,
			"the offer cannot be read");
	need(ep_mediate_profile_parse(
				 &profile, NULL, EP_LIT("name=bench;video=yes;core=avpf"))
					== EP_OK,
			"profile");
	kept = libre_session(&parsed);

	run_ours();
	size_t ours_mallocs = mallocs_of(run_ours);
	lines = lines_written(&of);
	size_t libre_mallocs = mallocs_of(run_libre);
	printf("%s: %zu octets, %zu lines, %zu sections\n", text_name, text_len, of,
			parsed.media_n);
	printf("libre read %zu formats; %zu of the lines are in what it wrote\n",
			formats_read(), lines);
	need(lines * 10 >= of * 9, "libre does not write what it reads");
	/* Side by side, so that a busy machine is busy for both. */
	for(int i = 0; i < SLICES; i++) {
		ours[i] = slice_us(run_ours);
		libre[i] = slice_us(run_libre);
		session[i] = slice_us(run_libre_session);
		ratio[i] = libre[i] / ours[i];
	}
	double m = median(ours), l = median(libre), s = median(session),
		   r = median(ratio);
	printf("%-44s %10s %10s\n", "", "us", "mallocs");
	printf("%-44s %10.2f %10zu\n", "plan and print for the gateway", m,
			ours_mallocs);
	printf("%-44s %10.2f %10zu\n", "libre: decode, encode", l, libre_mallocs);
	printf("%-44s %10.2f %10zu\n", "libre: session, decode, encode", s,
			mallocs_of(run_libre_session));
	printf("[vs_libre] %.2f (goal 2), arena %zu octets\n", r, room_used);
	if(argc > 1)
		json_write(argv[1], m, l, s, r, ours_mallocs, libre_mallocs);
	return 0;
}
