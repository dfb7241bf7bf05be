/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/blame.h"
#include "support.h"

START_TEST(blame_reads_what_gateways_say)
{
	static const struct
	{
		const char *result, *reason;
		enum ep_ng_blame blame;
	} cases[] = {{"load limit", "Parallel session limit reached",
						 EP_NG_BLAME_GATEWAY},
			{"load limit", NULL, EP_NG_BLAME_GATEWAY},
			{"error", "Parallel session limit reached", EP_NG_BLAME_GATEWAY},
			{"error", "Ran out of ports", EP_NG_BLAME_GATEWAY},
			{"error", "rtpengine is out of service", EP_NG_BLAME_GATEWAY},
			{"error", "rtpengine did not answer", EP_NG_BLAME_GATEWAY},
			{"error", "the answer of rtpengine is too long",
					EP_NG_BLAME_GATEWAY},
			{"error", "no memory", EP_NG_BLAME_GATEWAY},
			{"error", "Failed to parse SDP", EP_NG_BLAME_COMMAND},
			{"error", "Incomplete SDP specification", EP_NG_BLAME_COMMAND},
			{"error", "No SDP body in message", EP_NG_BLAME_COMMAND},
			{"error", "the command is too long", EP_NG_BLAME_COMMAND},
			{"error", "Unknown call-id", EP_NG_BLAME_UNKNOWN},
			{"error", "", EP_NG_BLAME_UNKNOWN},
			{"error", NULL, EP_NG_BLAME_UNKNOWN},
			{NULL, NULL, EP_NG_BLAME_UNKNOWN},
			{"", "load limit", EP_NG_BLAME_UNKNOWN}};

	for(size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(ep_ng_blame_of(ep_view_z(cases[i].result),
								 ep_view_z(cases[i].reason)),
				cases[i].blame);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	enum ep_ng_blame blame = ep_ng_blame_of(EP_LIT("error"), text);

	(void)ctx;
	/* Up to the last octet of the word it is nobody's. */
	ck_assert_int_eq(
			blame, text.len < 19 ? EP_NG_BLAME_UNKNOWN : EP_NG_BLAME_COMMAND);
	blame = ep_ng_blame_of(text, ep_view_none());
	ck_assert_int_eq(blame, EP_NG_BLAME_UNKNOWN);
}

START_TEST(blame_every_cut)
{
	every_cut(EP_LIT("Failed to parse SDP"), cut, NULL);
}
END_TEST

UNIT_MAIN("ng/blame", blame_reads_what_gateways_say, blame_every_cut)
