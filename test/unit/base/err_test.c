/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

START_TEST(err_every_value_has_its_text)
{
	for(int i = 0; i < EP_ERR_N; i++) {
		ck_assert_ptr_nonnull(ep_err_text(i));
		for(int j = 0; j < i; j++)
			ck_assert_str_ne(ep_err_text(i), ep_err_text(j));
	}
	ck_assert_str_eq(ep_err_text(EP_ERR_N), "unknown error");
	ck_assert_str_eq(ep_err_text((enum ep_err) - 1), "unknown error");
}
END_TEST

UNIT_MAIN("base/err", err_every_value_has_its_text)
