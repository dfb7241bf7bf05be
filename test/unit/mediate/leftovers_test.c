/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * No line of WebRTC's survives towards the core: for every description that
 * is recorded (test/golden, and ../shared/sdp where it is there) and for
 * 10,000 mutants of them, always the same ones.
 *
 * Here the gateway is a model that is worse than any real one: it changes
 * addresses and the transport as it was told, and hands back all else, once
 * of what it was given and once of what the browser wrote.
 *
 *   leftovers_test pipe <mutants>
 *
 * is the same with a gateway at the other end of stdin and stdout, one
 * exchange a case (test/int/media/leftovers.test.mjs has a real rtpengine
 * there):
 *
 *   out  gw <name> <octets of flags> <octets of SDP>\n flags SDP
 *   in   <octets>\n SDP          0: the gateway refuses
 *   out  end <mediated> <refused before> <refused by the gateway or behind>\n
 *
 * A leftover is said on stderr, and the exit status is 1.
 */
#include <dirent.h>
#include <stdlib.h>
#include "base/buf.h"
#include "mediate/leftovers.h"
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "support.h"

#define SEED UINT64_C(0x5eed0fed6e)
#define MUTANTS 10000
#define MUTATIONS_MAX 4
#define ORIGINALS_MAX 128

/* Outside of a test there is nobody to tell. */
static void must(bool ok, const char *what)
{
	if(!ok) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

struct original
{
	char name[256];
	struct ep_view text;
	struct ep_view offer; /* it is an answer, and this its offer */
};

static struct original originals[ORIGINALS_MAX];
static size_t originals_n;
static size_t goldens_n; /* the first ones, by name */

static struct ep_view file_get(const char *path)
{
	FILE *f = fopen(path, "rb");

	if(!f)
		return ep_view_none();
	char *p = malloc(1 << 16);
	size_t n = fread(p, 1, 1 << 16, f);
	fclose(f);
	return ep_view_of(p, n);
}

static void original_add(const char *path, struct ep_view offer)
{
	struct ep_view text = file_get(path);

	if(!ep_view_starts(text, EP_LIT("v=0"))) {
		free((char *)text.p);
		return;
	}
	must(originals_n < ORIGINALS_MAX, "too many originals");
	struct original *o = &originals[originals_n++];
	snprintf(o->name, sizeof o->name, "%s", path);
	o->text = text;
	o->offer = offer;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct original *)a)->name,
			((const struct original *)b)->name);
}

/* Texts of pages: offers of theirs, and their answers to the core's. */
static void goldens_add(void)
{
	DIR *d = opendir("test/golden");
	struct dirent *e;
	char path[512];

	must(d != NULL, "no test/golden");
	while((e = readdir(d))) {
		snprintf(path, sizeof path, "test/golden/%s/about.txt", e->d_name);
		struct ep_view about = file_get(path);
		if(!about.p)
			continue;
		bool wic = ep_view_starts(about, EP_LIT("offer-from: wic"));
		free((char *)about.p);
		snprintf(path, sizeof path, "test/golden/%s/1-offer.sdp", e->d_name);
		if(wic) {
			original_add(path, ep_view_none());
			continue;
		}
		struct ep_view offer = file_get(path);
		snprintf(path, sizeof path, "test/golden/%s/5-answer.sdp", e->d_name);
		original_add(path, offer);
	}
	closedir(d);
}

/* EP_SHARED: where it is, if not beside the tree. */
static void shared_add(const char *name)
{
	const char *shared = getenv("EP_SHARED");
	struct dirent *e;
	char dir[256], path[512];
	DIR *d;

	snprintf(dir, sizeof dir, "%s/sdp/%s", shared ? shared : "../shared", name);
	d = opendir(dir);

	while(d && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if(ep_view_ends(ep_view_z(path), EP_LIT(".sdp")))
			original_add(path, ep_view_none());
	}
	if(d)
		closedir(d);
}

static void originals_find(void)
{
	if(originals_n)
		return;
	goldens_add();
	goldens_n = originals_n;
	qsort(originals, goldens_n, sizeof *originals, by_name);
	shared_add("browser");
	shared_add("datachannel");
	qsort(originals + goldens_n, originals_n - goldens_n, sizeof *originals,
			by_name);
}

/* Mutants are the same where ../shared is not: of the goldens alone. */
static const struct original *golden_of(uint64_t *seed)
{
	return &originals[mutate_rand(seed) % goldens_n];
}

static const char *const profiles[] = {"name=a", "name=b;video=yes;core=avpf",
		"name=c;video=yes;core=avp", "name=d;core=avpf"};

/* One description on its way. */
struct way
{
	struct ep_arena arena;
	struct ep_mediate_profile profile;
	struct ep_mediate_plan plan;
};

static enum ep_mediate_cause way_plan(
		struct way *w, size_t number, struct ep_view text, struct ep_view offer)
{
	plain_arena_init(&w->arena);
	must(ep_mediate_profile_parse(
				 &w->profile, NULL, ep_view_z(profiles[number % 4]))
					== EP_OK,
			"profile");
	return offer.p ? ep_mediate_answer_plan(&w->plan, EP_MEDIATE_FROM_WIC, text,
				   offer, &w->profile, &w->profile.caps, &w->arena)
				   : ep_mediate_offer_plan(&w->plan, EP_MEDIATE_FROM_WIC, text,
						   &w->profile, &w->profile.caps, &w->arena);
}

/* NULL: nothing is left, or nothing goes on (*cause). */
static const char *way_finish(enum ep_mediate_cause *cause, struct way *w,
		struct ep_view gw, struct leftovers *l)
{
	struct ep_view out;

	*cause = ep_mediate_finish(&out, &w->plan, gw);
	return *cause ? NULL : leftovers_find(l, out);
}

/* The gateway that changes as little as it can: transports of sections. */
static struct ep_view echo(const struct way *w, struct ep_view text)
{
	static char room[2 * MUTANT_MAX];
	struct ep_view rest = text;
	size_t section = 0;
	struct ep_buf b;

	ep_buf_init(&b, room, sizeof room);
	while(rest.len) {
		size_t lf = ep_view_find_chr(rest, '\n');
		struct ep_view line =
				ep_view_head(rest, lf == SIZE_MAX ? rest.len : lf + 1);
		rest = ep_view_from(rest, line.len);
		size_t at = ep_view_find(line, EP_LIT("UDP/TLS/RTP/SAVPF"));
		if(!ep_view_starts(line, EP_LIT("m=")) || at == SIZE_MAX) {
			section += ep_view_starts(line, EP_LIT("m="));
			ep_buf_put(&b, line);
			continue;
		}
		struct ep_view core = section < w->plan.in.media_n
									  ? ep_mediate_core_proto(&w->plan, section)
									  : ep_view_none();
		section++;
		ep_buf_put(&b, ep_view_head(line, at));
		ep_buf_put(&b, core.p ? core : EP_LIT("RTP/AVP"));
		ep_buf_put(&b, ep_view_from(line, at + 17));
	}
	return ep_buf_view(&b);
}

struct sums
{
	size_t mediated;
	size_t refused;
	size_t refused_late;
	size_t sent; /* descriptions that were looked at */
};

static void way_check(struct sums *sums, const char *name, size_t number,
		struct ep_view text, struct ep_view offer)
{
	static struct leftovers l;
	enum ep_mediate_cause cause;
	struct way w;

	cause = way_plan(&w, number, text, offer);
	if(cause) {
		ck_assert_int_ne(cause, EP_MEDIATE_EINTERNAL);
		sums->refused++;
		ep_arena_fini(&w.arena);
		return;
	}
	const struct ep_view gws[] = {w.plan.sdp, text};
	bool sent = false;
	for(size_t i = 0; i < 2; i++) {
		const char *left = way_finish(&cause, &w, echo(&w, gws[i]), &l);
		ck_assert_msg(!left, "%s (%zu, gateway %zu): %s is left: %s", name,
				number, i, left, l.line);
		sums->sent += !cause;
		sent = sent || !cause;
	}
	sums->mediated += sent;
	sums->refused_late += !sent;
	ep_arena_fini(&w.arena);
}

static void mutant_make(struct mutant *m, const struct original *o,
		const struct original *other, uint64_t *seed)
{
	memcpy(m->text, o->text.p, o->text.len);
	m->len = o->text.len;
	for(uint64_t n = 1 + mutate_rand(seed) % MUTATIONS_MAX; n > 0; n--)
		mutate_once(m, seed, other->text);
}

START_TEST(leftovers_are_found_where_they_are)
{
	static const char *const bad[] = {"a=mid:0\r\n", "A= MID :0\r\n",
			"a=ssrc:1 x\n", "a=x\ra=rid:1 send\r\n", "a=extmap:1 x\r\n",
			"m=audio 1 RTP/AVP 0\r\na=rtcp-fb:0 nack\r\n",
			"m=video 1 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
			"a=rtcp-fb:96 goog-remb\r\n",
			"m=video 1 RTP/AVPF 96\r\na=rtpmap:96 RTX/90000\r\n",
			"m=video 1 RTP/AVPF 96\r\n", "m=application 1 UDP/DTLS/SCTP x\r\n",
			"m=audio 1 UDP/TLS/RTP/SAVPF 0\r\n"};
	static const char *const good[] = {"v=0\r\nm=audio 1 RTP/AVP 0 8\r\n",
			"m=application 0 UDP/DTLS/SCTP x\r\n",
			"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n",
			"m=video 1 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
			"a=rtcp-fb:96 nack pli\r\na=extmap:1 urn:3gpp:video-orientation\r\n"};
	static struct leftovers l;

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(leftovers_find(&l, ep_view_z(bad[i])), "%s", bad[i]);
	for(size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(!leftovers_find(&l, ep_view_z(good[i])), "%s: %s",
				good[i], l.what);
}
END_TEST

START_TEST(leftovers_of_no_recorded_description)
{
	struct sums sums = {0};

	originals_find();
	ck_assert_uint_ge(originals_n, 15);
	for(size_t i = 0; i < originals_n; i++)
		for(size_t p = 0; p < 4; p++)
			way_check(&sums, originals[i].name, p, originals[i].text,
					originals[i].offer);
	ck_assert_uint_ge(sums.mediated, 2 * originals_n);
}
END_TEST

START_TEST(leftovers_of_no_mutant)
{
	static struct mutant m;
	struct sums sums = {0};
	uint64_t seed = SEED;

	originals_find();
	for(size_t i = 0; i < MUTANTS; i++) {
		const struct original *o = golden_of(&seed);
		mutant_make(&m, o, golden_of(&seed), &seed);
		way_check(&sums, o->name, i, ep_view_of(m.text, m.len), o->offer);
	}
	printf("%d mutants: %zu mediated, %zu refused, %zu behind the gateway; "
		   "%zu descriptions looked at\n",
			MUTANTS, sums.mediated, sums.refused, sums.refused_late, sums.sent);
	/* A test of refusals alone would say nothing. */
	ck_assert_uint_ge(sums.mediated, MUTANTS / 3);
}
END_TEST

/* ---- with another's gateway ---- */

static void pipe_case(struct sums *sums, const char *name, size_t number,
		struct ep_view text, struct ep_view offer)
{
	static char answer[1 << 17];
	char words[EP_MEDIATE_COMMAND_MAX];
	struct ep_buf flags;
	static struct leftovers l;
	enum ep_mediate_cause cause;
	struct way w;
	size_t n;

	if(way_plan(&w, number, text, offer)) {
		sums->refused++;
		ep_arena_fini(&w.arena);
		return;
	}
	ep_buf_init(&flags, words, sizeof words);
	ep_mediate_command_print(&flags, &w.plan.command);
	printf("gw %s#%zu %zu %zu\n", name, number, flags.len, w.plan.sdp.len);
	fwrite(words, 1, flags.len, stdout);
	fwrite(w.plan.sdp.p, 1, w.plan.sdp.len, stdout);
	fflush(stdout);
	if(scanf("%zu", &n) != 1 || getchar() != '\n' || n > sizeof answer
			|| fread(answer, 1, n, stdin) != n)
		exit(2);
	const char *left = way_finish(&cause, &w, ep_view_of(answer, n), &l);
	if(left) {
		fprintf(stderr, "%s#%zu: %s is left: %s\n", name, number, left, l.line);
		exit(1);
	}
	if(cause)
		sums->refused_late++;
	else
		sums->mediated++;
	ep_arena_fini(&w.arena);
}

static int pipe_run(size_t mutants)
{
	static struct mutant m;
	struct sums sums = {0};
	uint64_t seed = SEED;

	originals_find();
	for(size_t i = 0; i < originals_n; i++)
		for(size_t p = 0; p < 4; p++)
			if(!originals[i].offer.p)
				pipe_case(&sums, originals[i].name, p, originals[i].text,
						ep_view_none());
	for(size_t i = 0; i < mutants; i++) {
		const struct original *o = golden_of(&seed);
		mutant_make(&m, o, golden_of(&seed), &seed);
		if(!o->offer.p)
			pipe_case(&sums, "mutant", i, ep_view_of(m.text, m.len),
					ep_view_none());
	}
	printf("end %zu %zu %zu\n", sums.mediated, sums.refused, sums.refused_late);
	return 0;
}

int main(int argc, char **argv)
{
	const TTest *tests[] = {leftovers_are_found_where_they_are,
			leftovers_of_no_recorded_description, leftovers_of_no_mutant};

	if(argc == 3 && strcmp(argv[1], "pipe") == 0)
		return pipe_run(strtoul(argv[2], NULL, 10));
	return unit_run("mediate/leftovers", tests, sizeof tests / sizeof *tests);
}
