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
 * With EP_GOLDEN_UPDATE set, 2, 4, 6, 8 and the flags are written, not
 * compared.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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
	ck_assert_msg(!cause, "%s: %s: %s", name, from_gateway,
			ep_mediate_cause_get(cause)->name);
	expect(name, result, out);
	file_free(gw);
}

static void case_run(const char *name)
{
	struct about about;
	struct ep_mediate_plan plan;
	struct ep_arena arena;

	about_read(&about, name);
	plain_arena_init(&arena);
	struct ep_view offer = file_get(name, "1-offer.sdp");
	ck_assert_msg(offer.p != NULL, "%s has no offer", name);
	if(!refused(name, "refused.txt",
			   ep_mediate_offer_plan(
					   &plan, about.from, offer, &about.profile, &arena))) {
		expect(name, "2-offer-to-gateway.sdp", plan.sdp);
		expect(name, "2-offer-flags.txt", plan.flags);
		finish(name, &plan, "3-offer-from-gateway.sdp", "4-offer-out.sdp");
	}
	struct ep_view answer = file_get(name, "5-answer.sdp");
	enum ep_mediate_from back = about.from == EP_MEDIATE_FROM_WIC
										? EP_MEDIATE_FROM_CORE
										: EP_MEDIATE_FROM_WIC;
	if(answer.p
			&& !refused(name, "answer-refused.txt",
					ep_mediate_answer_plan(&plan, back, answer, offer,
							&about.profile, &arena))) {
		expect(name, "6-answer-to-gateway.sdp", plan.sdp);
		expect(name, "6-answer-flags.txt", plan.flags);
		finish(name, &plan, "7-answer-from-gateway.sdp", "8-answer-out.sdp");
	}
	ep_arena_fini(&arena);
	file_free(answer);
	file_free(offer);
	file_free(about.text);
}

START_TEST(golden_cases)
{
	DIR *d = opendir(DIR_);
	struct dirent *e;
	unsigned n = 0;

	ck_assert_msg(d != NULL, "run me where " DIR_ " is");
	while((e = readdir(d))) {
		struct ep_view about = ep_view_none();
		if(e->d_name[0] != '.')
			about = file_get(e->d_name, "about.txt");
		if(!about.p)
			continue;
		file_free(about);
		case_run(e->d_name);
		n++;
	}
	closedir(d);
	ck_assert_uint_ge(n, CASES_MIN);
}
END_TEST

UNIT_MAIN("mediate/golden", golden_cases)
