/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/cause.h"
#include "support.h"

START_TEST(cause_every_row_is_whole_and_distinct)
{
	for(int i = 0; i < EP_TOKEN_CAUSE_N; i++) {
		const struct ep_token_cause_info *row = ep_token_cause_get(i);

		ck_assert_msg(row->name && row->text, "row %d", i);
		for(const char *c = row->name; *c; c++)
			ck_assert((*c >= 'a' && *c <= 'z') || *c == '_' || *c == '6'
					  || *c == '4');
		for(int j = 0; j < i; j++) {
			ck_assert_str_ne(row->name, ep_token_cause_get(j)->name);
			ck_assert_str_ne(row->text, ep_token_cause_get(j)->text);
			ck_assert_int_ne(row->script, ep_token_cause_get(j)->script);
		}
	}
}
END_TEST

START_TEST(cause_script_values_are_negative_but_for_ok)
{
	ck_assert_int_eq(ep_token_cause_get(EP_TOKEN_OK)->script, 1);
	for(int i = 1; i < EP_TOKEN_CAUSE_N; i++) {
		int script = ep_token_cause_get(i)->script;

		ck_assert_int_lt(script, -1);
		ck_assert(script > -10 || script <= -100);
	}
}
END_TEST

/* The families of the table in cause.h. */
START_TEST(cause_status_word_and_close_go_together)
{
	for(int i = 1; i < EP_TOKEN_CAUSE_N; i++) {
		const struct ep_token_cause_info *row = ep_token_cause_get(i);
		const char *word = row->oauth_error ? row->oauth_error : "";

		switch(row->sip_status) {
			case 400:
				ck_assert_str_eq(word, "invalid_request");
				ck_assert_int_eq(row->close, EP_CLOSE_NONE);
				break;
			case 401:
				ck_assert_str_eq(
						word, i == EP_TOKEN_ABSENT ? "" : "invalid_token");
				ck_assert_int_eq(row->close,
						i == EP_TOKEN_ABSENT || i == EP_TOKEN_EXPIRED
										|| i == EP_TOKEN_INACTIVE
										|| i == EP_TOKEN_OPAQUE_CHANGED
								? EP_CLOSE_NONE
								: EP_CLOSE_TOKEN);
				break;
			case 403:
				ck_assert_str_eq(word, i == EP_TOKEN_SCOPE_TOO_SMALL
											   ? "insufficient_scope"
											   : "");
				ck_assert_int_ge(row->close, EP_CLOSE_USER);
				ck_assert_int_le(row->close, EP_CLOSE_TRIES);
				break;
			default:
				ck_assert(row->sip_status == 500 || row->sip_status == 503);
				ck_assert_str_eq(word, "");
				ck_assert_int_eq(row->close, EP_CLOSE_NONE);
		}
	}
}
END_TEST

START_TEST(cause_out_of_the_enum_fails_closed)
{
	ck_assert_int_lt(ep_token_cause_get(EP_TOKEN_CAUSE_N)->script, 0);
	ck_assert_int_lt(ep_token_cause_get((enum ep_token_cause) - 1)->script, 0);
}
END_TEST

UNIT_MAIN("token/cause", cause_every_row_is_whole_and_distinct,
		cause_script_values_are_negative_but_for_ok,
		cause_status_word_and_close_go_together,
		cause_out_of_the_enum_fails_closed)
