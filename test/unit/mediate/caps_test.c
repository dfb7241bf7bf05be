/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/caps.h"
#include "mediate/warning.h"
#include "support.h"

START_TEST(caps_follow_the_version)
{
	static const struct
	{
		const char *version;
		bool bundle;
		bool fragment;
		bool tls_id;
	} cases[] = {{"10.5", false, false, false},
			{"10.5.3.5", false, false, false}, {"11.2", false, false, false},
			{"11.3", false, false, true}, {"12.5.1.31", false, false, true},
			{"13.5.1.25", false, false, true}, {"14", true, false, true},
			{"mr14.0.1.1", true, false, true}, {"26.0.1.26", true, true, true}};
	struct ep_mediate_caps c;

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_msg(ep_mediate_caps_parse(&c, ep_view_z(cases[i].version)),
				"%zu", i);
		ck_assert_msg(
				c.bundle == cases[i].bundle && c.fragment == cases[i].fragment
						&& c.tls_id == cases[i].tls_id,
				"%zu", i);
	}
}
END_TEST

START_TEST(caps_of_no_version_are_none)
{
	static const char *const bad[] = {"", "unknown", "mr", ".", "14.", "14.x",
			"-14", "14 ", "99999", "14.0~git", "14..1"};
	struct ep_mediate_caps c;

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		c = (struct ep_mediate_caps){true, true, true};
		ck_assert_msg(!ep_mediate_caps_parse(&c, ep_view_z(bad[i])), "%zu", i);
		ck_assert_msg(!c.bundle && !c.fragment && !c.tls_id, "%zu", i);
	}
	ck_assert(!ep_mediate_caps_parse(&c, ep_view_none()));
}
END_TEST

/* Names are words: counters, scripts and commas stand around them. */
START_TEST(caps_warnings_have_names)
{
	for(int i = 0; i <= EP_MEDIATE_WARNING_N; i++) {
		const struct ep_mediate_warning_info *w =
				ep_mediate_warning_get((enum ep_mediate_warning)i);
		ck_assert(ep_view_z(w->name).len && ep_view_z(w->text).len);
		ck_assert(ep_view_only(ep_view_z(w->name), ""));
		for(int k = 0; k < i; k++)
			ck_assert_str_ne(w->name,
					ep_mediate_warning_get((enum ep_mediate_warning)k)->name);
	}
}
END_TEST

UNIT_MAIN("mediate/caps", caps_follow_the_version, caps_of_no_version_are_none,
		caps_warnings_have_names)
