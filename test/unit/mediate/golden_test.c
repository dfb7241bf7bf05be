/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Golden cases: test/golden/<case>/. about.txt begins with two lines
 *   offer-from: wic|core
 *   profile: <profile>
 * and then says the situation, the expected change and the clause. The files
 * are a session description's way through the plan:
 *   1-offer  2-offer-to-gateway  3-offer-from-gateway  4-offer-out
 *   5-answer 6-answer-to-gateway 7-answer-from-gateway 8-answer-out
 * or, when the offer (answer) is refused, the cause's name in refused.txt
 * (answer-refused.txt). 3 and 7 are what a real rtpengine said (record.mjs).
 * An answer that no gateway has to do with has no 6 and 7.
 * fork/ in a case is another answer to its offer, behind the first.
 * again/ in a case is what comes later in the same call, of the same form.
 * With EP_GOLDEN_UPDATE set, 2, 4, 6, 8 and the flags are written, not
 * compared.
 *
 * `golden_test pipe` mediates for another program (see pipe_run()).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "support.h"

#define DIR_ "test/golden"
#define CASES_MIN 12

static char path_text[512];

static const char *path_of(const char *name, const char *file)
{
	snprintf(path_text, sizeof path_text, DIR_ "/%s/%s", name, file);
	return path_text;
}

/* Absent when there is no such file. The caller frees it. */
static struct ep_view file_get(const char *name, const char *file)
{
	FILE *f = fopen(path_of(name, file), "rb");
	if(!f)
		return ep_view_none();
	char *p = malloc(1 << 16);
	size_t n = fread(p, 1, 1 << 16, f);
	fclose(f);
	return ep_view_of(p, n);
}

static void file_free(struct ep_view v)
{
	free((char *)v.p);
}

/* Compares with the file, or writes it. */
static void expect(const char *name, const char *file, struct ep_view v)
{
	if(getenv("EP_GOLDEN_UPDATE")) {
		FILE *f = fopen(path_of(name, file), "wb");
		ck_assert_msg(f != NULL, "%s", path_text);
		fwrite(v.p, 1, v.len, f);
		fclose(f);
		return;
	}
	struct ep_view want = file_get(name, file);
	ck_assert_msg(want.p != NULL, "%s/%s is missing", name, file);
	ck_assert_msg(ep_view_eq(v, want), "%s/%s: got\n%.*s\nwanted\n%.*s", name,
			file, EP_FMT(v), EP_FMT(want));
	file_free(want);
}

struct about
{
	enum ep_mediate_from from;
	struct ep_mediate_profile profile;
	struct ep_view text;
};

static void about_read(struct about *a, const char *name)
{
	a->text = file_get(name, "about.txt");
	ck_assert_msg(a->text.p != NULL, "%s has no about.txt", name);
	struct ep_view rest = a->text;
	struct ep_view from = ep_view_cut(&rest, '\n');
	struct ep_view profile = ep_view_cut(&rest, '\n');
	ck_assert_msg(ep_view_starts(from, EP_LIT("offer-from: ")), "%s", name);
	ck_assert_msg(ep_view_starts(profile, EP_LIT("profile: ")), "%s", name);
	ck_assert_msg(ep_view_trim(rest).len > 20, "%s says nothing", name);
	a->from = ep_view_ends(from, EP_LIT("wic")) ? EP_MEDIATE_FROM_WIC
												: EP_MEDIATE_FROM_CORE;
	ck_assert_int_eq(ep_mediate_profile_parse(
							 &a->profile, NULL, ep_view_from(profile, 9)),
			EP_OK);
}

/* True: the plan was refused, as the file says. */
static bool refused(
		const char *name, const char *file, enum ep_mediate_cause cause)
{
	const char *got = ep_mediate_cause_get(cause)->name;
	struct ep_view want = file_get(name, file);
	if(!want.p) {
		ck_assert_msg(!cause, "%s: refused: %s", name, got);
		return false;
	}
	ck_assert_msg(ep_view_eq(ep_view_trim(want), ep_view_z(got)),
			"%s: cause %s, not %.*s", name, got, EP_FMT(want));
	file_free(want);
	return true;
}

static void finish(const char *name, const struct ep_mediate_plan *plan,
		const char *from_gateway, const char *result)
{
	struct ep_view gw = file_get(name, from_gateway);
	struct ep_view out;

	if(!gw.p && getenv("EP_GOLDEN_UPDATE"))
		return; /* not recorded yet */
	ck_assert_msg(gw.p != NULL, "%s/%s is missing", name, from_gateway);
	enum ep_mediate_cause cause = ep_mediate_finish(&out, plan, gw);
	if(cause && getenv("EP_GOLDEN_UPDATE")) {
		file_free(gw);
		return; /* a recording of an earlier plan */
	}
	ck_assert_msg(!cause, "%s: %s: %s", name, from_gateway,
			ep_mediate_cause_get(cause)->name);
	expect(name, result, out);
	file_free(gw);
}

static void expect_command(
		const char *name, const char *file, const struct ep_mediate_plan *plan)
{
	char text[EP_MEDIATE_COMMAND_MAX];
	struct ep_buf words;

	ep_buf_init(&words, text, sizeof text);
	ep_mediate_command_print(&words, &plan->command);
	ck_assert(!words.overflow);
	expect(name, file, ep_buf_view(&words));
}

static void answer_check(const char *name, const struct ep_mediate_plan *plan)
{
	struct ep_view out;

	if(plan->gateway_idle) {
		ck_assert(!ep_mediate_finish(&out, plan, plan->sdp));
		expect(name, "8-answer-out.sdp", out);
		return;
	}
	expect(name, "6-answer-to-gateway.sdp", plan->sdp);
	expect_command(name, "6-answer-flags.txt", plan);
	finish(name, plan, "7-answer-from-gateway.sdp", "8-answer-out.sdp");
}

static void offer_run(
		const char *name, const struct about *about, struct ep_view offer)
{
	struct ep_mediate_plan plan;
	struct ep_arena arena;

	plain_arena_init(&arena);
	if(!refused(name, "refused.txt",
			   ep_mediate_offer_plan(&plan, about->from, offer, &about->profile,
					   &about->profile.caps, &arena))) {
		expect(name, "2-offer-to-gateway.sdp", plan.sdp);
		expect_command(name, "2-offer-flags.txt", &plan);
		finish(name, &plan, "3-offer-from-gateway.sdp", "4-offer-out.sdp");
	}
	ep_arena_fini(&arena);
}

/* A case without an answer is one, too. */
static void answer_run(
		const char *name, const struct about *about, struct ep_view offer)
{
	enum ep_mediate_from back = about->from == EP_MEDIATE_FROM_WIC
										? EP_MEDIATE_FROM_CORE
										: EP_MEDIATE_FROM_WIC;
	struct ep_view answer = file_get(name, "5-answer.sdp");
	struct ep_mediate_plan plan;
	struct ep_arena arena;

	plain_arena_init(&arena);
	if(answer.p
			&& !refused(name, "answer-refused.txt",
					ep_mediate_answer_plan(&plan, back, answer, offer,
							&about->profile, &about->profile.caps, &arena)))
		answer_check(name, &plan);
	ep_arena_fini(&arena);
	file_free(answer);
}

static bool has_about(const char *name)
{
	struct ep_view about = file_get(name, "about.txt");

	file_free(about);
	return about.p != NULL;
}

/* The case, another answer to its offer, and what comes later. */
static unsigned chain_run(const char *name)
{
	struct about about;
	char next[256];
	unsigned n = 1;

	about_read(&about, name);
	struct ep_view offer = file_get(name, "1-offer.sdp");
	ck_assert_msg(offer.p != NULL, "%s has no offer", name);
	offer_run(name, &about, offer);
	answer_run(name, &about, offer);
	snprintf(next, sizeof next, "%s/fork", name);
	if(has_about(next)) {
		answer_run(next, &about, offer);
		n++;
	}
	snprintf(next, sizeof next, "%s/again", name);
	if(has_about(next))
		n += chain_run(next);
	file_free(offer);
	file_free(about.text);
	return n;
}

START_TEST(golden_cases)
{
	DIR *d = opendir(DIR_);
	struct dirent *e;
	unsigned n = 0;

	ck_assert_msg(d != NULL, "run me where " DIR_ " is");
	while((e = readdir(d))) {
		if(e->d_name[0] != '.' && has_about(e->d_name))
			n += chain_run(e->d_name);
	}
	closedir(d);
	ck_assert_uint_ge(n, CASES_MIN);
}
END_TEST

/* ---- for others, who have a gateway ---- */

static struct ep_view pipe_get(size_t n)
{
	char *p = malloc(n + 1);

	if(fread(p, 1, n, stdin) != n)
		exit(2);
	return ep_view_of(p, n);
}

static void pipe_put(const char *what, struct ep_view v)
{
	printf("%s %zu\n", what, v.len);
	fwrite(v.p, 1, v.len, stdout);
	fflush(stdout);
}

static void pipe_refused(enum ep_mediate_cause cause)
{
	printf("refused %s\n", ep_mediate_cause_get(cause)->name);
	fflush(stdout);
}

static void pipe_finish(const struct ep_mediate_plan *plan)
{
	char text[EP_MEDIATE_COMMAND_MAX];
	struct ep_view gw = plan->sdp;
	struct ep_buf words;
	struct ep_view out;
	size_t n;

	ep_buf_init(&words, text, sizeof text);
	ep_mediate_command_print(&words, &plan->command);
	printf("plan %d %u %zu ", plan->gateway_idle, plan->warnings, words.len);
	pipe_put("", plan->sdp);
	fwrite(words.p, 1, words.len, stdout);
	fflush(stdout);
	if(!plan->gateway_idle) {
		if(scanf("%zu", &n) != 1 || getchar() != '\n')
			exit(2);
		gw = pipe_get(n);
	}
	enum ep_mediate_cause cause = ep_mediate_finish(&out, plan, gw);
	if(cause)
		pipe_refused(cause);
	else
		pipe_put("out", out);
	if(!plan->gateway_idle)
		file_free(gw);
}

/* In:  offer|answer wic|core <lengths of profile, SDP, its offer>, the three;
 * out: refused <cause>, or plan <idle> <warnings> <length of the command>
 *      <that of the SDP>, SDP, command;
 * in, unless idle: <length>, the gateway's SDP;
 * out: refused <cause>, or out <length>, what is sent on. */
static int pipe_run(void)
{
	char op[8];
	char from[8];
	size_t len[3];

	while(scanf("%7s %7s %zu %zu %zu", op, from, len, len + 1, len + 2) == 5) {
		enum ep_mediate_from side = strcmp(from, "wic") ? EP_MEDIATE_FROM_CORE
														: EP_MEDIATE_FROM_WIC;
		struct ep_mediate_profile profile;
		struct ep_mediate_plan plan;
		enum ep_mediate_cause cause;
		struct ep_view part[3];
		struct ep_arena arena;

		getchar();
		for(size_t i = 0; i < 3; i++)
			part[i] = pipe_get(len[i]);
		if(ep_mediate_profile_parse(&profile, NULL, part[0]))
			return 2;
		plain_arena_init(&arena);
		if(strcmp(op, "offer") == 0)
			cause = ep_mediate_offer_plan(
					&plan, side, part[1], &profile, &profile.caps, &arena);
		else
			cause = ep_mediate_answer_plan(&plan, side, part[1],
					len[2] ? part[2] : ep_view_none(), &profile, &profile.caps,
					&arena);
		if(cause)
			pipe_refused(cause);
		else
			pipe_finish(&plan);
		ep_arena_fini(&arena);
		for(size_t i = 0; i < 3; i++)
			file_free(part[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const TTest *tests[] = {golden_cases};

	if(argc == 2 && strcmp(argv[1], "pipe") == 0)
		return pipe_run();
	return unit_run("mediate/golden", tests, sizeof tests / sizeof *tests);
}
