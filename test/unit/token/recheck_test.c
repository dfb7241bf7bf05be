/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/fixture.h"
#include "token/recheck.h"

static struct fixture f;

/* f.result is that of a good token. */
static char *begin(void)
{
	char *token;

	fixture_init(&f);
	token = mint_token(f.ec, es_header, payload_of(home_claims, NULL, NULL));
	ck_assert_cause(verify_text(&f, ep_view_z(token), "shop"), EP_TOKEN_OK);
	return token;
}

static enum ep_token_cause again(const char *wwsf, int64_t now_s)
{
	return ep_token_recheck(&f.result, f.policy, ep_view_z(wwsf), now_s);
}

/* At every second around its end, as the whole check says. */
START_TEST(recheck_ends_when_the_whole_check_does)
{
	char *token = begin();
	int64_t exp_s = f.result.exp_s;

	for(int64_t s = exp_s - 400; s <= exp_s + 400; s++) {
		struct ep_token_result whole;
		enum ep_token_cause cause = ep_token_verify(&whole, f.policy, &f.ring,
				ep_view_z(token), EP_LIT("shop"), s, NULL, &f.arena);

		ck_assert_cause(again("shop", s), cause);
	}
	ck_assert_cause(again("shop", exp_s + 400), EP_TOKEN_EXPIRED);
	ck_assert_cause(again("shop", exp_s - 400), EP_TOKEN_OK);
	fixture_fini(&f);
}
END_TEST

START_TEST(recheck_wants_the_tokens_own_wwsf)
{
	begin();
	ck_assert_cause(again("shop", NOW_S), EP_TOKEN_OK);
	ck_assert_cause(again("bank", NOW_S), EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(again("", NOW_S), EP_TOKEN_WWSF_WRONG);
	ck_assert_cause(again(NULL, NOW_S), EP_TOKEN_ORIGIN_UNKNOWN);
	/* time first, as in the whole check */
	ck_assert_cause(again("bank", NOW_S + 100000), EP_TOKEN_EXPIRED);
	fixture_fini(&f);
}
END_TEST

START_TEST(recheck_clock_set_back)
{
	begin();
	f.result.iat_s = NOW_S - 10;
	ck_assert_cause(again("shop", NOW_S - 100000), EP_TOKEN_ISSUED_IN_FUTURE);
	f.result.iat_s = -1;
	ck_assert_cause(again("shop", NOW_S - 100000), EP_TOKEN_OK);
	fixture_fini(&f);
}
END_TEST

START_TEST(recheck_of_no_issuer)
{
	begin();
	f.result.issuer_index = f.policy->issuers_n;
	ck_assert_cause(again("shop", NOW_S), EP_TOKEN_ISSUER_UNKNOWN);
	ck_assert_int_le(ep_token_keep_until(&f.result, f.policy, NOW_S), NOW_S);
	f.result.issuer_index = SIZE_MAX;
	ck_assert_cause(again("shop", NOW_S), EP_TOKEN_ISSUER_UNKNOWN);
	fixture_fini(&f);
}
END_TEST

START_TEST(recheck_keep_until_the_nearer_end)
{
	uint32_t cache_s;
	int64_t end_s;

	begin();
	cache_s = f.policy->cache_s;
	end_s = f.result.exp_s + f.policy->issuers[0].skew_s;
	ck_assert_uint_gt(cache_s, 0);
	ck_assert_int_eq(
			ep_token_keep_until(&f.result, f.policy, end_s - cache_s - 5),
			end_s - 5);
	ck_assert_int_eq(
			ep_token_keep_until(&f.result, f.policy, end_s - cache_s + 5),
			end_s);
	ck_assert_int_eq(ep_token_keep_until(&f.result, f.policy, end_s), end_s);
	fixture_fini(&f);
}
END_TEST

UNIT_MAIN("token/recheck", recheck_ends_when_the_whole_check_does,
		recheck_wants_the_tokens_own_wwsf, recheck_clock_set_back,
		recheck_of_no_issuer, recheck_keep_until_the_nearer_end)
