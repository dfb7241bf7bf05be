/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Tokens with a good signature and one thing wrong in the header or the claims:
 * one test a row, each with its own cause.
 */
#include "fixture.h"
#include <openssl/err.h>

/* Signed by the right key, with this header and one claim changed. */
static enum ep_token_cause home(
		const char *header, const char *name, const char *value)
{
	struct fixture f;
	char *token;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = mint_token(strstr(header, "RS256") ? f.rsa : f.ec, header,
			payload_of(home_claims, name, value));
	cause = verify_text(&f, ep_view_z(token), "shop");
	ck_assert_uint_eq(ERR_peek_error(), 0);
	fixture_fini(&f);
	return cause;
}

static enum ep_token_cause partner(
		const char *header, const char *name, const char *value)
{
	struct fixture f;
	char *token;
	enum ep_token_cause cause;

	fixture_init(&f);
	token = mint_token(f.ec, header, payload_of(partner_claims, name, value));
	cause = verify_text(&f, ep_view_z(token), "bank");
	fixture_fini(&f);
	return cause;
}

static enum ep_token_cause claim(const char *name, const char *value)
{
	return home(es_header, name, value);
}

/* --- one test a row: name, cause, header or claim --- */

#define ROW(name, want, got)                                                   \
	START_TEST(attacks_##name)                                                 \
	{                                                                          \
		ck_assert_cause(got, want);                                            \
	}                                                                          \
	END_TEST

#define ES(more) home("{\"alg\":\"ES256\",\"kid\":\"es\"," more "}", NULL, NULL)
#define ALG(alg) home("{\"alg\":" alg ",\"kid\":\"es\"}", NULL, NULL)
#define KID(kid) home("{\"alg\":\"ES256\",\"kid\":" kid "}", NULL, NULL)

ROW(refuses_alg_none, EP_TOKEN_ALG_NONE, ALG("\"none\""))
ROW(refuses_alg_None, EP_TOKEN_ALG_NONE, ALG("\"None\""))
ROW(refuses_alg_nOnE, EP_TOKEN_ALG_NONE, ALG("\"nOnE\""))
ROW(refuses_alg_missing, EP_TOKEN_ALG_MISSING,
		home("{\"kid\":\"es\"}", NULL, NULL))
ROW(refuses_alg_empty, EP_TOKEN_ALG_MISSING, ALG("\"\""))
ROW(refuses_alg_number, EP_TOKEN_HEADER_TYPE, ALG("256"))
ROW(refuses_alg_unknown, EP_TOKEN_ALG_UNKNOWN, ALG("\"ES257\""))
ROW(refuses_alg_other_case, EP_TOKEN_ALG_UNKNOWN, ALG("\"es256\""))
ROW(refuses_alg_of_another_family, EP_TOKEN_KEY_ALG,
		home("{\"alg\":\"RS256\",\"kid\":\"es\"}", NULL, NULL))
ROW(refuses_alg_not_of_the_issuer, EP_TOKEN_ALG_REFUSED,
		partner("{\"alg\":\"RS256\",\"kid\":\"rs\",\"typ\":\"at+jwt\"}", NULL,
				NULL))
ROW(refuses_key_of_another_alg, EP_TOKEN_KEY_ALG, KID("\"other-alg\""))
ROW(refuses_key_for_encryption, EP_TOKEN_KEY_USE, KID("\"enc\""))
ROW(refuses_key_without_verify_op, EP_TOKEN_KEY_USE, KID("\"ops\""))
ROW(refuses_oct_key, EP_TOKEN_KEY_TYPE, KID("\"oct\""))
ROW(refuses_key_off_the_curve, EP_TOKEN_KEY_TYPE, KID("\"bad\""))
ROW(refuses_kid_unknown, EP_TOKEN_KEY_UNKNOWN, KID("\"es2\""))
ROW(refuses_kid_prefix, EP_TOKEN_KEY_UNKNOWN, KID("\"e\""))
ROW(refuses_kid_missing, EP_TOKEN_KID_MISSING,
		home("{\"alg\":\"ES256\"}", NULL, NULL))
ROW(refuses_kid_repeated, EP_TOKEN_JSON_DUPLICATE, ES("\"kid\":\"es\""))
ROW(refuses_kid_empty, EP_TOKEN_KID_INVALID, KID("\"\""))
ROW(refuses_kid_number, EP_TOKEN_HEADER_TYPE, KID("1"))
ROW(refuses_kid_with_nul, EP_TOKEN_JSON_TEXT, KID("\"es\\u0000\""))
ROW(refuses_kid_like_a_path, EP_TOKEN_KID_INVALID, KID("\"../../dev/null\""))
ROW(refuses_kid_like_an_absolute_path, EP_TOKEN_KID_INVALID,
		KID("\"/dev/null\""))
ROW(refuses_kid_like_sql, EP_TOKEN_KID_INVALID, KID("\"x' OR 1=1 --\""))
ROW(refuses_jku, EP_TOKEN_HEADER_KEY, ES("\"jku\":\"https://evil.example\""))
ROW(refuses_x5u, EP_TOKEN_HEADER_KEY, ES("\"x5u\":\"https://evil.example\""))
ROW(refuses_x5c, EP_TOKEN_HEADER_KEY, ES("\"x5c\":[\"AAAA\"]"))
ROW(refuses_jwk, EP_TOKEN_HEADER_KEY, ES("\"jwk\":{\"kty\":\"EC\"}"))
ROW(refuses_crit, EP_TOKEN_HEADER_CRIT, ES("\"crit\":[\"x\"],\"x\":1"))
ROW(refuses_crit_empty, EP_TOKEN_HEADER_CRIT, ES("\"crit\":[]"))
ROW(refuses_b64_false, EP_TOKEN_HEADER_B64, ES("\"b64\":false"))
ROW(refuses_zip, EP_TOKEN_HEADER_ZIP, ES("\"zip\":\"DEF\""))
ROW(refuses_nested, EP_TOKEN_HEADER_NESTED, ES("\"cty\":\"JWT\""))
ROW(refuses_typ_of_an_id_token, EP_TOKEN_TYP_REFUSED,
		partner("{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}", NULL,
				NULL))
ROW(refuses_typ_missing_where_asked, EP_TOKEN_TYP_REFUSED,
		partner(es_header, NULL, NULL))
ROW(refuses_typ_of_a_logout_token, EP_TOKEN_TYP_REFUSED,
		ES("\"typ\":\"logout+jwt\""))
ROW(accepts_typ_with_application, EP_TOKEN_OK,
		partner("{\"alg\":\"ES256\",\"kid\":\"es\","
				"\"typ\":\"Application/AT+JWT\"}",
				NULL, NULL))

ROW(refuses_exp_missing, EP_TOKEN_EXP_MISSING, claim("exp", NULL))
ROW(refuses_exp_float, EP_TOKEN_TIME_TYPE, claim("exp", "1800003600.5"))
ROW(refuses_exp_exponent, EP_TOKEN_TIME_TYPE, claim("exp", "18e8"))
ROW(refuses_exp_negative, EP_TOKEN_TIME_TYPE, claim("exp", "-1800003600"))
ROW(refuses_exp_string, EP_TOKEN_TIME_TYPE, claim("exp", "\"1800003600\""))
ROW(refuses_exp_beyond_2_53, EP_TOKEN_TIME_TYPE,
		claim("exp", "9007199254740993"))
ROW(refuses_exp_huge, EP_TOKEN_JSON_LIMIT,
		claim("exp", "99999999999999999999999999"))
ROW(refuses_exp_null, EP_TOKEN_TIME_TYPE, claim("exp", "null"))
ROW(refuses_nbf_float, EP_TOKEN_TIME_TYPE, claim("nbf", "1.0"))
ROW(refuses_nbf_negative, EP_TOKEN_TIME_TYPE, claim("nbf", "-1"))
ROW(refuses_nbf_string, EP_TOKEN_TIME_TYPE, claim("nbf", "\"1\""))
ROW(refuses_nbf_beyond_2_53, EP_TOKEN_TIME_TYPE,
		claim("nbf", "9007199254740993"))
ROW(refuses_nbf_missing_where_required, EP_TOKEN_CLAIM_MISSING,
		partner(at_header, "nbf", NULL))
ROW(refuses_iat_missing, EP_TOKEN_IAT_MISSING, claim("iat", NULL))
ROW(refuses_iat_float, EP_TOKEN_TIME_TYPE, claim("iat", "1799999990.0"))
ROW(refuses_iat_negative, EP_TOKEN_TIME_TYPE, claim("iat", "-5"))
ROW(refuses_iat_string, EP_TOKEN_TIME_TYPE, claim("iat", "\"1799999990\""))
ROW(refuses_iat_beyond_2_53, EP_TOKEN_TIME_TYPE,
		claim("iat", "9007199254740993"))
ROW(accepts_exp_within_the_skew, EP_TOKEN_OK, claim("exp", "1799999971"))
ROW(refuses_exp_past_the_skew, EP_TOKEN_EXPIRED, claim("exp", "1799999970"))
ROW(accepts_nbf_within_the_skew, EP_TOKEN_OK, claim("nbf", "1800000030"))
ROW(refuses_nbf_in_the_future, EP_TOKEN_NOT_YET_VALID,
		claim("nbf", "1800000031"))
ROW(refuses_iat_in_the_future, EP_TOKEN_ISSUED_IN_FUTURE,
		claim("iat", "1800000031"))
ROW(accepts_the_longest_lifetime, EP_TOKEN_OK, claim("exp", "1800007190"))
ROW(refuses_a_longer_lifetime, EP_TOKEN_LIFETIME_TOO_LONG,
		claim("exp", "1800007191"))

ROW(accepts_aud_string, EP_TOKEN_OK, claim("aud", "\"epcscf.home1.net\""))
ROW(refuses_aud_string_without_us, EP_TOKEN_AUDIENCE_WRONG,
		claim("aud", "\"account\""))
ROW(refuses_aud_array_without_us, EP_TOKEN_AUDIENCE_WRONG,
		claim("aud", "[\"account\",\"epcscf.home1.net.evil.example\"]"))
ROW(refuses_aud_empty_array, EP_TOKEN_AUDIENCE_WRONG, claim("aud", "[]"))
ROW(refuses_aud_missing, EP_TOKEN_AUDIENCE_WRONG, claim("aud", NULL))
ROW(refuses_aud_object, EP_TOKEN_CLAIM_TYPE, claim("aud", "{}"))
ROW(refuses_iss_missing, EP_TOKEN_ISSUER_MISSING, claim("iss", NULL))
ROW(refuses_iss_number, EP_TOKEN_CLAIM_TYPE, claim("iss", "1"))
ROW(refuses_iss_with_a_slash, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://waf.home1.net/\""))
ROW(refuses_iss_prefix, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://waf.home1.ne\""))
ROW(refuses_iss_with_our_prefix, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://waf.home1.net.evil.example\""))
ROW(refuses_iss_other_case, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://WAF.home1.net\""))
ROW(refuses_iss_look_alike, EP_TOKEN_ISSUER_UNKNOWN,
		claim("iss", "\"https://w\\u0430f.home1.net\""))
ROW(refuses_sub_missing, EP_TOKEN_USER_ABSENT, claim("sub", NULL))
ROW(refuses_scope_substring, EP_TOKEN_SCOPE_TOO_SMALL,
		claim("scope", "\"xwebrtc-ims-client-access-to-ims\""))
ROW(refuses_scope_prefix, EP_TOKEN_SCOPE_TOO_SMALL,
		claim("scope", "\"webrtc-ims-client-access-to-ims2 openid\""))
ROW(refuses_scope_missing, EP_TOKEN_SCOPE_TOO_SMALL, claim("scope", NULL))
ROW(refuses_scope_empty, EP_TOKEN_SCOPE_TOO_SMALL, claim("scope", "\"\""))
ROW(refuses_scope_number, EP_TOKEN_CLAIM_TYPE, claim("scope", "5"))
ROW(refuses_client_missing, EP_TOKEN_CLIENT_MISSING, claim("client_id", NULL))
ROW(refuses_client_unknown, EP_TOKEN_WWSF_UNKNOWN,
		claim("client_id", "\"Shop\""))
ROW(refuses_client_of_another_wwsf, EP_TOKEN_WWSF_WRONG,
		claim("client_id", "\"bank\""))
ROW(refuses_another_client_of_the_wwsf_claim, EP_TOKEN_WWSF_CLIENT,
		partner(at_header, "client_id", "\"shop\""))
ROW(refuses_wwsf_claim_unknown, EP_TOKEN_WWSF_UNKNOWN,
		partner(at_header, "wwsf", "\"nobody\""))
ROW(refuses_wwsf_claim_missing, EP_TOKEN_CLAIM_MISSING,
		partner(at_header, "wwsf", NULL))
ROW(refuses_wwsf_without_this_issuer, EP_TOKEN_WWSF_ISSUER,
		partner(at_header, "wwsf", "\"shop\""))
ROW(refuses_waf_claim_of_another, EP_TOKEN_WAF_WRONG,
		partner(at_header, "waf", "\"waf@home1.net\""))
ROW(refuses_waf_claim_missing, EP_TOKEN_CLAIM_MISSING,
		partner(at_header, "waf", NULL))
ROW(refuses_at_jwt_without_jti, EP_TOKEN_CLAIM_MISSING,
		partner(at_header, "jti", NULL))
ROW(refuses_cnf, EP_TOKEN_CONFIRMATION, claim("cnf", "{\"jkt\":\"x\"}"))
ROW(refuses_impi_missing, EP_TOKEN_IMPI_MISSING, claim("impi", NULL))
ROW(refuses_impi_array, EP_TOKEN_CLAIM_TYPE,
		claim("impi", "[\"alice@home1.net\"]"))
ROW(refuses_impi_outside_the_pattern, EP_TOKEN_IMPI_REFUSED,
		claim("impi", "\"alice@bank.home1.net\""))
ROW(refuses_impi_behind_the_pattern, EP_TOKEN_IMPI_REFUSED,
		claim("impi", "\"alice@home1.net.evil.example\""))
ROW(refuses_impi_with_a_quote, EP_TOKEN_CLAIM_VALUE,
		claim("impi", "\"a\\\",realm=\\\"x@home1.net\""))
ROW(refuses_impi_with_a_line_end, EP_TOKEN_CLAIM_VALUE,
		claim("impi", "\"a\\r\\nX: y@home1.net\""))
ROW(refuses_impu_missing, EP_TOKEN_IMPU_MISSING, claim("impu", NULL))
ROW(refuses_impu_empty_array, EP_TOKEN_IMPU_MISSING, claim("impu", "[]"))
ROW(refuses_impu_outside_the_pattern, EP_TOKEN_IMPU_REFUSED,
		claim("impu", "[\"sip:alice@home1.net\",\"sip:alice@evil.example\"]"))
ROW(refuses_impu_escaped_around_the_pattern, EP_TOKEN_IMPU_REFUSED,
		claim("impu", "\"sip:x%40home1.net@evil.example\""))
ROW(refuses_impu_with_brackets, EP_TOKEN_CLAIM_VALUE,
		claim("impu", "\"sip:a@home1.net>;x=<sip:b@home1.net\""))
ROW(refuses_impu_that_is_no_uri, EP_TOKEN_CLAIM_VALUE,
		claim("impu", "\"alice@home1.net\""))
ROW(refuses_impu_number, EP_TOKEN_CLAIM_TYPE, claim("impu", "[1]"))
ROW(refuses_template_break_out, EP_TOKEN_CLAIM_VALUE,
		partner(at_header, "preferred_username", "\"bob@evil.example;x\""))
ROW(refuses_template_without_claim, EP_TOKEN_MAPPING_MISSING,
		partner(at_header, "preferred_username", NULL))
ROW(refuses_claims_repeated, EP_TOKEN_JSON_DUPLICATE,
		claim("exp", "1800003600,\"exp\":1900003600"))
ROW(refuses_claims_repeated_by_escape, EP_TOKEN_JSON_DUPLICATE,
		claim("exp", "1800003600,\"\\u0065xp\":1900003600"))
ROW(refuses_claims_too_deep, EP_TOKEN_JSON_LIMIT,
		claim("x", "[[[[[[[[[[]]]]]]]]]]"))
ROW(refuses_claims_not_utf8, EP_TOKEN_JSON_TEXT, claim("x", "\"\xff\xfe\""))
ROW(refuses_claims_overlong_utf8, EP_TOKEN_JSON_TEXT,
		claim("x", "\"\xc0\xaf\""))
ROW(refuses_claims_with_nul, EP_TOKEN_JSON_TEXT, claim("sub", "\"a\\u0000\""))
ROW(refuses_sub_with_controls, EP_TOKEN_CLAIM_VALUE, claim("sub", "\"a\\nb\""))

START_TEST(attacks_refuses_impus_too_many)
{
	char *list = mint_cat(NULL, "[\"sip:a@home1.net\"");

	for(int i = 0; i < EP_CLAIM_LIST_MAX; i++)
		list = mint_cat(list, ",\"sip:a@home1.net\"");
	ck_assert_cause(claim("impu", mint_cat(list, "]")), EP_TOKEN_IMPU_TOO_MANY);
}
END_TEST

START_TEST(attacks_refuses_claims_too_many)
{
	char *list = mint_cat(NULL, "{\"m\":0");
	char name[32];

	for(int i = 0; i < EP_PAYLOAD_MEMBERS; i++) {
		snprintf(name, sizeof(name), ",\"m%d\":0", i);
		list = mint_cat(list, name);
	}
	ck_assert_cause(claim("x", mint_cat(list, "}")), EP_TOKEN_JSON_LIMIT);
}
END_TEST

/* As many as Entra ID writes, and more; an array is not compared with itself.
 */
START_TEST(attacks_accepts_many_groups_and_no_more)
{
	ck_assert_cause(
			claim("groups", fixture_array(EP_PAYLOAD_ELEMENTS)), EP_TOKEN_OK);
	ck_assert_cause(claim("groups", fixture_array(EP_PAYLOAD_ELEMENTS + 1)),
			EP_TOKEN_JSON_LIMIT);
}
END_TEST

START_TEST(attacks_refuses_kid_very_long)
{
	char kid[EP_KID_MAX + 1 + 1];
	char header[300];

	memset(kid, 'a', sizeof(kid));
	kid[EP_KID_MAX] = '\0';
	snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
	ck_assert_cause(home(header, NULL, NULL), EP_TOKEN_KEY_UNKNOWN);
	kid[EP_KID_MAX] = 'a';
	kid[EP_KID_MAX + 1] = '\0';
	snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
	ck_assert_cause(home(header, NULL, NULL), EP_TOKEN_KID_INVALID);
}
END_TEST

UNIT_MAIN("token/attacks", attacks_refuses_alg_none, attacks_refuses_alg_None,
		attacks_refuses_alg_nOnE, attacks_refuses_alg_missing,
		attacks_refuses_alg_empty, attacks_refuses_alg_number,
		attacks_refuses_alg_unknown, attacks_refuses_alg_other_case,
		attacks_refuses_alg_of_another_family,
		attacks_refuses_alg_not_of_the_issuer,
		attacks_refuses_key_of_another_alg, attacks_refuses_key_for_encryption,
		attacks_refuses_key_without_verify_op, attacks_refuses_oct_key,
		attacks_refuses_key_off_the_curve, attacks_refuses_kid_unknown,
		attacks_refuses_kid_prefix, attacks_refuses_kid_missing,
		attacks_refuses_kid_repeated, attacks_refuses_kid_empty,
		attacks_refuses_kid_number, attacks_refuses_kid_with_nul,
		attacks_refuses_kid_like_a_path,
		attacks_refuses_kid_like_an_absolute_path, attacks_refuses_kid_like_sql,
		attacks_refuses_jku, attacks_refuses_x5u, attacks_refuses_x5c,
		attacks_refuses_jwk, attacks_refuses_crit, attacks_refuses_crit_empty,
		attacks_refuses_b64_false, attacks_refuses_zip, attacks_refuses_nested,
		attacks_refuses_typ_of_an_id_token,
		attacks_refuses_typ_missing_where_asked,
		attacks_refuses_typ_of_a_logout_token,
		attacks_accepts_typ_with_application, attacks_refuses_exp_missing,
		attacks_refuses_exp_float, attacks_refuses_exp_exponent,
		attacks_refuses_exp_negative, attacks_refuses_exp_string,
		attacks_refuses_exp_beyond_2_53, attacks_refuses_exp_huge,
		attacks_refuses_exp_null, attacks_refuses_nbf_float,
		attacks_refuses_nbf_negative, attacks_refuses_nbf_string,
		attacks_refuses_nbf_beyond_2_53,
		attacks_refuses_nbf_missing_where_required, attacks_refuses_iat_missing,
		attacks_refuses_iat_float, attacks_refuses_iat_negative,
		attacks_refuses_iat_string, attacks_refuses_iat_beyond_2_53,
		attacks_accepts_exp_within_the_skew, attacks_refuses_exp_past_the_skew,
		attacks_accepts_nbf_within_the_skew, attacks_refuses_nbf_in_the_future,
		attacks_refuses_iat_in_the_future, attacks_accepts_the_longest_lifetime,
		attacks_refuses_a_longer_lifetime, attacks_accepts_aud_string,
		attacks_refuses_aud_string_without_us,
		attacks_refuses_aud_array_without_us, attacks_refuses_aud_empty_array,
		attacks_refuses_aud_missing, attacks_refuses_aud_object,
		attacks_refuses_iss_missing, attacks_refuses_iss_number,
		attacks_refuses_iss_with_a_slash, attacks_refuses_iss_prefix,
		attacks_refuses_iss_with_our_prefix, attacks_refuses_iss_other_case,
		attacks_refuses_iss_look_alike, attacks_refuses_sub_missing,
		attacks_refuses_scope_substring, attacks_refuses_scope_prefix,
		attacks_refuses_scope_missing, attacks_refuses_scope_empty,
		attacks_refuses_scope_number, attacks_refuses_client_missing,
		attacks_refuses_client_unknown, attacks_refuses_client_of_another_wwsf,
		attacks_refuses_another_client_of_the_wwsf_claim,
		attacks_refuses_wwsf_claim_unknown, attacks_refuses_wwsf_claim_missing,
		attacks_refuses_wwsf_without_this_issuer,
		attacks_refuses_waf_claim_of_another, attacks_refuses_waf_claim_missing,
		attacks_refuses_at_jwt_without_jti, attacks_refuses_cnf,
		attacks_refuses_impi_missing, attacks_refuses_impi_array,
		attacks_refuses_impi_outside_the_pattern,
		attacks_refuses_impi_behind_the_pattern,
		attacks_refuses_impi_with_a_quote, attacks_refuses_impi_with_a_line_end,
		attacks_refuses_impu_missing, attacks_refuses_impu_empty_array,
		attacks_refuses_impu_outside_the_pattern,
		attacks_refuses_impu_escaped_around_the_pattern,
		attacks_refuses_impu_with_brackets, attacks_refuses_impu_that_is_no_uri,
		attacks_refuses_impu_number, attacks_refuses_template_break_out,
		attacks_refuses_template_without_claim, attacks_refuses_claims_repeated,
		attacks_refuses_claims_repeated_by_escape,
		attacks_refuses_claims_too_deep, attacks_refuses_claims_not_utf8,
		attacks_refuses_claims_overlong_utf8, attacks_refuses_claims_with_nul,
		attacks_refuses_sub_with_controls, attacks_refuses_impus_too_many,
		attacks_refuses_claims_too_many,
		attacks_accepts_many_groups_and_no_more, attacks_refuses_kid_very_long)
