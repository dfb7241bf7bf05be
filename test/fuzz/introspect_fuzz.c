/* ep_introspect_decide, ep_introspect_confirm.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is an answer. jansson reads it too: what we accept is an object
 * whose "active" is true, with our audience, scope and client in it, and no
 * later end than it says. About a JWT that is good it gives nothing that the
 * JWT did not give. */
#include <jansson.h>
#include "heap.h"
#include "token/introspect.h"

#define NOW_S INT64_C(1800000000)

static const char config[] =
		"[issuer:home]\niss = https://waf.home1.net\njwks = /etc/waf.jwks\n"
		"aud = epcscf\nwaf = waf@home1.net\ndomain = operator\n"
		"introspect = https://waf.home1.net/introspect\n"
		"introspect_client = epcscf\nintrospect_secret_file = /etc/secret\n"
		"[wwsf:shop]\norigin = https://shop.example\nissuer = home\n"
		"client_id = shop\nimpi = *@home1.net\nimpu = sip:*@home1.net\n";

static const struct ep_token_policy *policy;

static void init(void)
{
	static struct ep_arena arena;
	struct ep_config_error error;

	if(policy != NULL)
		return;
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	need(ep_token_config_parse(&policy, ep_view_z(config), &arena, &error)
			== EP_OK);
}

static bool is_text(const json_t *value, const char *text)
{
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static void accepted(const struct ep_token_result *r, struct ep_view answer)
{
	json_error_t error;
	json_t *root = json_loadb(answer.p, answer.len,
			JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	json_t *exp = json_object_get(root, "exp");
	json_t *aud = json_object_get(root, "aud");

	need(json_is_object(root));
	need(json_is_true(json_object_get(root, "active")));
	need(json_is_array(aud) || is_text(aud, "epcscf"));
	need(exp == NULL ? r->exp_s == NOW_S + 60
					 : json_integer_value(exp) == r->exp_s);
	need(r->exp_s > NOW_S - 31);
	need(json_object_get(root, "iss") == NULL
			|| is_text(json_object_get(root, "iss"), "https://waf.home1.net"));
	need(ep_view_eq(r->wwsf, EP_LIT("shop")));
	need(ep_view_eq(r->client_id, EP_LIT("shop")));
	need(ep_view_ends(r->impi, EP_LIT("@home1.net")));
	need(r->impus_n > 0);
	json_decref(root);
}

static bool is_text_or_absent(
		const json_t *root, const char *name, const char *text)
{
	const json_t *value = json_object_get(root, name);

	return value == NULL || is_text(value, text);
}

static void confirm(struct ep_view answer, struct ep_arena *arena)
{
	struct ep_view impus[] = {
			EP_LIT("sip:alice@home1.net"), EP_LIT("sip:bob@home1.net")};
	struct ep_token_result token = {.sub = EP_LIT("alice"),
			.client_id = EP_LIT("shop"),
			.impi = EP_LIT("alice@home1.net"),
			.wwsf = EP_LIT("shop"),
			.impus = impus,
			.impus_n = 2,
			.exp_s = NOW_S + 300,
			.iat_s = NOW_S};
	enum ep_token_cause cause = ep_introspect_confirm(
			&token, &policy->issuers[0], answer, NOW_S, arena);
	json_error_t error;
	json_t *root;

	need(cause < EP_TOKEN_CAUSE_N && cause != EP_TOKEN_NO_MEMORY);
	if(cause != EP_TOKEN_OK)
		return;
	root = json_loadb(answer.p, answer.len,
			JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	need(json_is_true(json_object_get(root, "active")));
	need(is_text_or_absent(root, "iss", "https://waf.home1.net"));
	need(is_text_or_absent(root, "sub", "alice"));
	need(is_text_or_absent(root, "client_id", "shop"));
	need(is_text_or_absent(root, "impi", "alice@home1.net"));
	need(token.exp_s <= NOW_S + 300 && token.exp_s > NOW_S - 31);
	need(ep_view_eq(token.impi, EP_LIT("alice@home1.net")));
	need(token.impus_n == 1 || token.impus_n == 2);
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view answer = ep_view_of((const char *)data, size);
	struct ep_token_result result;
	struct ep_arena arena;
	enum ep_token_cause cause;

	init();
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_introspect_decide(&result, policy, &policy->issuers[0], answer,
			EP_LIT("shop"), NOW_S, &arena);
	need(cause < EP_TOKEN_CAUSE_N);
	need(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	/* Faults of the answer's form are not told as the token's. */
	need(cause < EP_TOKEN_TOO_LONG || cause > EP_TOKEN_SIGNATURE_WRONG
			|| cause == EP_TOKEN_TYP_REFUSED);
	need(cause != EP_TOKEN_CLAIM_TYPE && cause != EP_TOKEN_TIME_TYPE);
	if(cause == EP_TOKEN_OK)
		accepted(&result, answer);
	confirm(answer, &arena);
	ep_arena_fini(&arena);
	return 0;
}
