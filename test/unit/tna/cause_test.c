/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"
#include "tna/cause.h"

START_TEST(cause_has_a_whole_row_for_each)
{
	const struct ep_tna_cause_info *a, *b;
	int i, k;

	for(i = 0; i < EP_TNA_CAUSE_N; i++) {
		a = ep_tna_cause_info((enum ep_tna_cause)i);
		ck_assert_msg(a->name && a->name[0] && a->text && a->text[0]
							  && a->reason && a->status,
				"row %d", i);
		ck_assert_uint_eq(strspn(a->name, "abcdefghijklmnopqrstuvwxyz_"),
				strlen(a->name));
		if(i == EP_TNA_OK)
			ck_assert(a->script == 1 && a->status == 200);
		else
			ck_assert(a->status >= 300 && a->status < 700);
		/* 0 ends the script: the request goes on in another route. */
		if(i == EP_TNA_PENDING)
			ck_assert_int_eq(a->script, 0);
		else if(i != EP_TNA_OK)
			ck_assert_int_lt(a->script, -1);
		for(k = 0; k < i; k++) {
			b = ep_tna_cause_info((enum ep_tna_cause)k);
			ck_assert_int_ne(a->script, b->script);
			ck_assert_str_ne(a->name, b->name);
		}
	}
}
END_TEST

START_TEST(cause_tells_an_unknown_value_as_internal)
{
	ck_assert_ptr_eq(ep_tna_cause_info(EP_TNA_CAUSE_N),
			ep_tna_cause_info(EP_TNA_INTERNAL));
	ck_assert_ptr_eq(ep_tna_cause_info((enum ep_tna_cause) - 1),
			ep_tna_cause_info(EP_TNA_INTERNAL));
}
END_TEST

START_TEST(cause_answers_as_documented)
{
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_TOKEN_ENDING)->status, 401);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_TO_FOREIGN)->status, 403);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_FLOW_FAILED)->status, 430);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_FLOW_TAMPERED)->status, 403);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_EMERGENCY)->status, 380);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_CORE_CHALLENGED)->status, 500);
	ck_assert_uint_eq(ep_tna_cause_info(EP_TNA_NO_DIALOG)->status, 481);
	ck_assert_int_eq(ep_tna_cause_info(EP_TNA_NO_DIALOG)->script, -20);
}
END_TEST

UNIT_MAIN("tna/cause", cause_has_a_whole_row_for_each,
		cause_tells_an_unknown_value_as_internal, cause_answers_as_documented)
