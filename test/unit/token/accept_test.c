/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/accept.h"
#include "fixture.h"

static enum ep_token_cause slow_in(
		struct fixture *f, const char *name, const char *value)
{
	return verify_text(f,
			ep_view_z(mint_token(f->ed, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
					payload_of(slow_claims, name, value))),
			"shop");
}

static enum ep_token_cause slow(const char *name, const char *value)
{
	struct fixture f;
	enum ep_token_cause cause;

	fixture_init(&f);
	cause = slow_in(&f, name, value);
	fixture_fini(&f);
	return cause;
}

START_TEST(accept_tells_sid_and_iat)
{
	struct fixture f;

	fixture_init(&f);
	ck_assert_cause(slow_in(&f, "sid", "\"s-1\""), EP_TOKEN_OK);
	ck_assert_view_eq(f.result.sid, "s-1");
	ck_assert_int_eq(f.result.iat_s, 1799999990);
	ck_assert_cause(slow_in(&f, NULL, NULL), EP_TOKEN_OK);
	ck_assert_ptr_null(f.result.sid.p);
	ck_assert_cause(slow_in(&f, "impi", NULL), EP_TOKEN_IMPI_MISSING);
	ck_assert_int_eq(f.result.iat_s, -1);
	fixture_fini(&f);
}
END_TEST

START_TEST(accept_refuses_odd_sids)
{
	ck_assert_cause(slow("sid", "1"), EP_TOKEN_CLAIM_TYPE);
	ck_assert_cause(slow("sid", "null"), EP_TOKEN_CLAIM_TYPE);
	ck_assert_cause(slow("sid", "\"\""), EP_TOKEN_CLAIM_VALUE);
	ck_assert_cause(slow("sid", "\"a\\u0001\""), EP_TOKEN_CLAIM_VALUE);
}
END_TEST

/* aud_rule = optional: none is as good as ours (some write it as []); another
 * never is. */
START_TEST(accept_takes_a_missing_audience_where_it_may)
{
	ck_assert_cause(slow("aud", NULL), EP_TOKEN_OK);
	ck_assert_cause(slow("aud", "\"other\""), EP_TOKEN_AUDIENCE_WRONG);
	ck_assert_cause(slow("aud", "[]"), EP_TOKEN_OK);
	ck_assert_cause(slow("aud", "[\"other\"]"), EP_TOKEN_AUDIENCE_WRONG);
	ck_assert_cause(slow("aud", "null"), EP_TOKEN_CLAIM_TYPE);
}
END_TEST

START_TEST(accept_refuses_an_event_about_a_user)
{
	ck_assert_cause(slow("events", "{}"), EP_TOKEN_TYP_REFUSED);
	ck_assert_cause(slow("events", "null"), EP_TOKEN_TYP_REFUSED);
}
END_TEST

UNIT_MAIN("token/accept", accept_tells_sid_and_iat, accept_refuses_odd_sids,
		accept_takes_a_missing_audience_where_it_may,
		accept_refuses_an_event_about_a_user)
