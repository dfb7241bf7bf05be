/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/version.h"
#include "support.h"

static struct ep_ng_version of(const char *text)
{
	struct ep_ng_version v;

	ck_assert_int_eq(ep_ng_version_parse(&v, ep_view_z(text)), v.known);
	return v;
}

START_TEST(version_reads_what_rtpengine_says)
{
	static const struct
	{
		const char *text;
		bool known;
		unsigned part[4];
	} cases[] = {{"10.5.3.5-1+deb12u1", true, {10, 5, 3, 5}},
			{"Version: 12.5.1.31-1", true, {12, 5, 1, 31}},
			{"mr14.0.1.1", true, {14, 0, 1, 1}}, {"10.5", true, {10, 5, 0, 0}},
			{"26.0.1", true, {26, 0, 1, 0}},
			{"git-master 5 of 26.1.", true, {26, 1, 0, 0}},
			{"1.2.3.4.5", true, {1, 2, 3, 4}}, {"", false, {0}},
			{"26", false, {26}}, {"unknown", false, {0}}, {"1.x", false, {0}},
			{"99999.1", false, {0}}, {".5", false, {0}}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ep_ng_version v = of(cases[i].text);
		ck_assert_msg(v.known == cases[i].known, "%s", cases[i].text);
		if(!v.known)
			continue;
		ck_assert_uint_eq(v.major, cases[i].part[0]);
		ck_assert_uint_eq(v.minor, cases[i].part[1]);
		ck_assert_uint_eq(v.patch, cases[i].part[2]);
		ck_assert_uint_eq(v.build, cases[i].part[3]);
	}
}
END_TEST

START_TEST(version_stands_for_what_it_can)
{
	static const struct
	{
		const char *text;
		bool bundle, fragment, late_passive;
	} cases[] = {{"", false, false, false}, {"10.5.3.5", false, false, false},
			{"12.5.1.31", false, false, false}, {"13.5", false, false, false},
			{"14.0.1.1", true, true, false}, {"26.0.1.22", true, true, false},
			{"26.0.1.26", true, true, true}, {"26.0.2.1", true, true, true},
			{"26.2.1.1", true, true, true}, {"27.0", true, true, true}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ep_ng_version v = of(cases[i].text);
		ck_assert_int_eq(ep_ng_version_bundle(&v), cases[i].bundle);
		ck_assert_int_eq(ep_ng_version_fragment(&v), cases[i].fragment);
		ck_assert_int_eq(ep_ng_version_late_passive(&v), cases[i].late_passive);
	}
}
END_TEST

static void cut_fn(struct ep_view cut, void *ctx)
{
	struct ep_ng_version v;

	(void)ctx;
	ck_assert_int_eq(ep_ng_version_parse(&v, cut), cut.len >= 13);
}

START_TEST(version_every_cut)
{
	every_cut(EP_LIT("Version: 10.5.3.5"), cut_fn, NULL);
}
END_TEST

UNIT_MAIN("ng/version", version_reads_what_rtpengine_says,
		version_stands_for_what_it_can, version_every_cut)
