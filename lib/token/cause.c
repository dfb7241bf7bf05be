/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/cause.h"

#define REQUEST "invalid_request"
#define TOKEN "invalid_token"
#define SCOPE "insufficient_scope"

/* Rows in the order of the enum; script values by family, tens apart, so that
 * a new cause never moves an old value. */
static const struct ep_token_cause_info causes[EP_TOKEN_CAUSE_N] = {
		/* clang-format off */
[EP_TOKEN_OK] = {"ok", "token accepted", 200, NULL, EP_CLOSE_NONE, 1},

[EP_TOKEN_NO_MEMORY] = {"no_memory", "out of memory", 500, NULL, EP_CLOSE_NONE, -2},
[EP_TOKEN_CRYPTO_FAILED] = {"crypto_failed", "crypto library failure", 500, NULL, EP_CLOSE_NONE, -3},

[EP_TOKEN_ABSENT] = {"token_absent", "no token", 401, NULL, EP_CLOSE_NONE, -4},
[EP_TOKEN_EXPIRED] = {"token_expired", "token expired", 401, TOKEN, EP_CLOSE_NONE, -5},
[EP_TOKEN_CREDENTIALS_MALFORMED] = {"credentials_malformed", "credentials are malformed", 400, REQUEST, EP_CLOSE_NONE, -6},
[EP_TOKEN_CREDENTIALS_REPEATED] = {"credentials_repeated", "more than one Bearer credential", 400, REQUEST, EP_CLOSE_NONE, -7},
[EP_TOKEN_KEY_UNKNOWN] = {"key_unknown", "no key of that kid yet", 503, NULL, EP_CLOSE_NONE, -8},
[EP_TOKEN_KEYS_ABSENT] = {"keys_absent", "the issuer's keys are not there yet", 503, NULL, EP_CLOSE_NONE, -9},
[EP_TOKEN_PENDING] = {"pending", "the WAF is being asked", 503, NULL, EP_CLOSE_NONE, -300},
[EP_TOKEN_INTROSPECT_BUSY] = {"introspect_busy", "too many tokens wait for their WAF", 503, NULL, EP_CLOSE_NONE, -301},
[EP_TOKEN_INTROSPECT_FAILED] = {"introspect_failed", "the WAF does not answer", 503, NULL, EP_CLOSE_NONE, -302},
[EP_TOKEN_INTROSPECT_ANSWER] = {"introspect_answer", "the WAF's answer cannot be used", 503, NULL, EP_CLOSE_NONE, -303},
[EP_TOKEN_SOURCE_EXCEEDED] = {"source_exceeded", "too many failures from this address", 503, NULL, EP_CLOSE_NONE, -304},
[EP_TOKEN_COST_EXCEEDED] = {"cost_exceeded", "too many signatures to check for this address", 503, NULL, EP_CLOSE_NONE, -305},
[EP_TOKEN_REGISTRATIONS_FULL] = {"registrations_full", "the WWSF has no registration left", 503, NULL, EP_CLOSE_NONE, -306},
[EP_TOKEN_INACTIVE] = {"token_inactive", "token is not active", 401, TOKEN, EP_CLOSE_NONE, -310},
[EP_TOKEN_OPAQUE_CHANGED] = {"opaque_changed", "another opaque token than the registered one", 401, TOKEN, EP_CLOSE_NONE, -311},

[EP_TOKEN_TOO_LONG] = {"token_too_long", "token is too long", 401, TOKEN, EP_CLOSE_TOKEN, -100},
[EP_TOKEN_PARTS] = {"token_parts", "token has not three parts", 401, TOKEN, EP_CLOSE_TOKEN, -101},
[EP_TOKEN_ENCRYPTED] = {"token_encrypted", "token is encrypted", 401, TOKEN, EP_CLOSE_TOKEN, -102},
[EP_TOKEN_BASE64] = {"token_base64", "token is not canonical base64url", 401, TOKEN, EP_CLOSE_TOKEN, -103},
[EP_TOKEN_JSON_SYNTAX] = {"json_syntax", "not a JSON object", 401, TOKEN, EP_CLOSE_TOKEN, -104},
[EP_TOKEN_JSON_DUPLICATE] = {"json_duplicate", "a JSON member is repeated", 401, TOKEN, EP_CLOSE_TOKEN, -105},
[EP_TOKEN_JSON_LIMIT] = {"json_limit", "JSON is too deep or has too many members", 401, TOKEN, EP_CLOSE_TOKEN, -106},
[EP_TOKEN_JSON_TEXT] = {"json_text", "JSON text is not clean UTF-8", 401, TOKEN, EP_CLOSE_TOKEN, -107},
[EP_TOKEN_OPAQUE] = {"token_opaque", "opaque tokens are not accepted here", 401, TOKEN, EP_CLOSE_TOKEN, -108},

[EP_TOKEN_HEADER_TYPE] = {"header_type", "a header parameter has the wrong type", 401, TOKEN, EP_CLOSE_TOKEN, -120},
[EP_TOKEN_HEADER_KEY] = {"header_key", "token brings its own key", 401, TOKEN, EP_CLOSE_TOKEN, -121},
[EP_TOKEN_HEADER_CRIT] = {"header_crit", "critical header parameters are not supported", 401, TOKEN, EP_CLOSE_TOKEN, -122},
[EP_TOKEN_HEADER_B64] = {"header_b64", "unencoded payload is not supported", 401, TOKEN, EP_CLOSE_TOKEN, -123},
[EP_TOKEN_HEADER_ZIP] = {"header_zip", "compression is not supported", 401, TOKEN, EP_CLOSE_TOKEN, -124},
[EP_TOKEN_HEADER_NESTED] = {"header_nested", "nested tokens are not supported", 401, TOKEN, EP_CLOSE_TOKEN, -125},
[EP_TOKEN_ALG_MISSING] = {"alg_missing", "token has no alg", 401, TOKEN, EP_CLOSE_TOKEN, -126},
[EP_TOKEN_ALG_NONE] = {"alg_none", "token is not signed", 401, TOKEN, EP_CLOSE_TOKEN, -127},
[EP_TOKEN_ALG_MAC] = {"alg_mac", "symmetric algorithms are not accepted", 401, TOKEN, EP_CLOSE_TOKEN, -128},
[EP_TOKEN_ALG_UNKNOWN] = {"alg_unknown", "unknown alg", 401, TOKEN, EP_CLOSE_TOKEN, -129},
[EP_TOKEN_ALG_REFUSED] = {"alg_refused", "alg is not allowed for this issuer", 401, TOKEN, EP_CLOSE_TOKEN, -130},
[EP_TOKEN_KID_MISSING] = {"kid_missing", "token has no kid", 401, TOKEN, EP_CLOSE_TOKEN, -131},
[EP_TOKEN_KID_INVALID] = {"kid_invalid", "kid is not acceptable", 401, TOKEN, EP_CLOSE_TOKEN, -132},
[EP_TOKEN_TYP_REFUSED] = {"typ_refused", "not an access token by its typ", 401, TOKEN, EP_CLOSE_TOKEN, -133},

[EP_TOKEN_KEY_USE] = {"key_use", "kid names a key that is not for signatures", 401, TOKEN, EP_CLOSE_TOKEN, -140},
[EP_TOKEN_KEY_TYPE] = {"key_type", "kid names a key that cannot be used", 401, TOKEN, EP_CLOSE_TOKEN, -141},
[EP_TOKEN_KEY_ALG] = {"key_alg", "kid names a key of another alg", 401, TOKEN, EP_CLOSE_TOKEN, -142},
[EP_TOKEN_SIGNATURE_FORM] = {"signature_form", "signature is malformed", 401, TOKEN, EP_CLOSE_TOKEN, -143},
[EP_TOKEN_SIGNATURE_WRONG] = {"signature_wrong", "signature is wrong", 401, TOKEN, EP_CLOSE_TOKEN, -144},

[EP_TOKEN_CLAIM_TYPE] = {"claim_type", "a claim has the wrong type", 401, TOKEN, EP_CLOSE_TOKEN, -160},
[EP_TOKEN_CLAIM_VALUE] = {"claim_value", "a claim has octets that are not allowed", 401, TOKEN, EP_CLOSE_TOKEN, -161},
[EP_TOKEN_CLAIM_MISSING] = {"claim_missing", "a required claim is missing", 401, TOKEN, EP_CLOSE_TOKEN, -162},
[EP_TOKEN_ISSUER_MISSING] = {"issuer_missing", "token has no iss", 401, TOKEN, EP_CLOSE_TOKEN, -163},
[EP_TOKEN_ISSUER_UNKNOWN] = {"issuer_unknown", "unknown issuer", 401, TOKEN, EP_CLOSE_TOKEN, -164},
[EP_TOKEN_AUDIENCE_WRONG] = {"audience_wrong", "token is not for us", 401, TOKEN, EP_CLOSE_TOKEN, -165},
[EP_TOKEN_TIME_TYPE] = {"time_type", "exp, nbf or iat is not a number of seconds", 401, TOKEN, EP_CLOSE_TOKEN, -166},
[EP_TOKEN_EXP_MISSING] = {"exp_missing", "token has no exp", 401, TOKEN, EP_CLOSE_TOKEN, -167},
[EP_TOKEN_IAT_MISSING] = {"iat_missing", "token has no iat", 401, TOKEN, EP_CLOSE_TOKEN, -168},
[EP_TOKEN_NOT_YET_VALID] = {"not_yet_valid", "token is not valid yet", 401, TOKEN, EP_CLOSE_TOKEN, -169},
[EP_TOKEN_ISSUED_IN_FUTURE] = {"issued_in_future", "token was issued in the future", 401, TOKEN, EP_CLOSE_TOKEN, -170},
[EP_TOKEN_LIFETIME_TOO_LONG] = {"lifetime_too_long", "token lives too long", 401, TOKEN, EP_CLOSE_TOKEN, -171},
[EP_TOKEN_CONFIRMATION] = {"confirmation", "token is bound to a proof that cannot be checked", 401, TOKEN, EP_CLOSE_TOKEN, -172},
[EP_TOKEN_WAF_WRONG] = {"waf_wrong", "token names another WAF", 401, TOKEN, EP_CLOSE_TOKEN, -173},
[EP_TOKEN_IMPI_MISSING] = {"impi_missing", "token gives no IMPI", 401, TOKEN, EP_CLOSE_TOKEN, -174},
[EP_TOKEN_IMPU_MISSING] = {"impu_missing", "token gives no IMPU", 401, TOKEN, EP_CLOSE_TOKEN, -175},
[EP_TOKEN_IMPU_TOO_MANY] = {"impu_too_many", "token gives too many IMPUs", 401, TOKEN, EP_CLOSE_TOKEN, -176},
[EP_TOKEN_CLIENT_MISSING] = {"client_missing", "token names no client", 401, TOKEN, EP_CLOSE_TOKEN, -177},

[EP_TOKEN_IMPI_REFUSED] = {"impi_refused", "IMPI is not of this WWSF", 403, NULL, EP_CLOSE_USER, -200},
[EP_TOKEN_IMPU_REFUSED] = {"impu_refused", "IMPU is not of this WWSF", 403, NULL, EP_CLOSE_USER, -201},
[EP_TOKEN_IMPU_NOT_IN_TOKEN] = {"impu_not_in_token", "identity is not one of the token's", 403, NULL, EP_CLOSE_USER, -202},
[EP_TOKEN_USER_CHANGED] = {"user_changed", "connection belongs to another user", 403, NULL, EP_CLOSE_USER, -203},
[EP_TOKEN_MAPPING_MISSING] = {"mapping_missing", "no IMS identity for this user", 403, NULL, EP_CLOSE_USER, -204},
[EP_TOKEN_USER_ABSENT] = {"user_absent", "token speaks for no user", 403, NULL, EP_CLOSE_USER, -205},

[EP_TOKEN_REVOKED] = {"token_revoked", "token was revoked", 403, NULL, EP_CLOSE_BANNED, -210},
[EP_TOKEN_REPLAYED] = {"token_replayed", "token is in use on another connection", 401, TOKEN, EP_CLOSE_TOKEN, -211},
[EP_TOKEN_USER_REVOKED] = {"user_revoked", "user is barred", 403, NULL, EP_CLOSE_BANNED, -212},
[EP_TOKEN_WWSF_REVOKED] = {"wwsf_revoked", "WWSF is barred", 403, NULL, EP_CLOSE_BANNED, -213},
[EP_TOKEN_WAF_REVOKED] = {"waf_revoked", "WAF is barred", 403, NULL, EP_CLOSE_BANNED, -214},
[EP_TOKEN_ISSUER_REVOKED] = {"issuer_revoked", "issuer is barred", 403, NULL, EP_CLOSE_BANNED, -215},

[EP_TOKEN_ORIGIN_UNKNOWN] = {"origin_unknown", "Origin is not allowed", 403, NULL, EP_CLOSE_WWSF, -220},
[EP_TOKEN_WWSF_UNKNOWN] = {"wwsf_unknown", "token names no known WWSF", 403, NULL, EP_CLOSE_WWSF, -221},
[EP_TOKEN_WWSF_ISSUER] = {"wwsf_issuer", "WWSF does not take this issuer", 403, NULL, EP_CLOSE_WWSF, -222},
[EP_TOKEN_WWSF_CLIENT] = {"wwsf_client", "token is another client's", 403, NULL, EP_CLOSE_WWSF, -223},
[EP_TOKEN_WWSF_WRONG] = {"wwsf_wrong", "token is not of this page's WWSF", 403, NULL, EP_CLOSE_WWSF, -224},

[EP_TOKEN_SCOPE_TOO_SMALL] = {"scope_too_small", "scope does not contain IMS access", 403, SCOPE, EP_CLOSE_SCOPE, -230},
[EP_TOKEN_TRIES_EXCEEDED] = {"tries_exceeded", "too many failures", 403, NULL, EP_CLOSE_TRIES, -231},
		/* clang-format on */
};

const struct ep_token_cause_info *ep_token_cause_get(enum ep_token_cause cause)
{
	if((unsigned)cause >= EP_TOKEN_CAUSE_N)
		return &causes[EP_TOKEN_CRYPTO_FAILED];
	return &causes[cause];
}
