/* ep_token_verify, ep_jws_parse, ep_json_parse (compared with jansson).
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The first octet chooses: '0' the rest is a token; '1' it is a JSON text;
 * else header LF payload, which are encoded here, so that the fuzzer gets
 * behind base64url. No key: a token that is accepted is a hole. */
#include <jansson.h>
#include "heap.h"
#include "base/buf.h"
#include "token/jws.h"
#include "token/verify.h"

static const char config[] =
		"[issuer:home]\niss = https://waf.home1.net\njwks = /etc/waf.jwks\n"
		"aud = epcscf\nwaf = waf@home1.net\ndomain = operator\n"
		"[wwsf:shop]\norigin = https://shop.example\nissuer = home\n"
		"client_id = shop\nimpi = *@home1.net\nimpu = sip:*@home1.net\n";

/* RFC 7515 A.3, whose private key is public: the fuzzer does not use it. */
static const char jwks[] =
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"es\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const struct ep_token_policy *policy;
static struct ep_keyset set;
static const struct ep_keyset *sets[1] = {&set};
static const struct ep_keyring ring = {sets, 1};

static void init(void)
{
	static struct ep_arena arena;
	struct ep_config_error error;

	if(policy != NULL)
		return;
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	need(ep_token_config_parse(&policy, ep_view_z(config), &arena, &error)
			== EP_OK);
	need(ep_keyset_load(&set, ep_view_z(jwks), &policy->issuers[0],
				 &ep_jwk_limits_default, &arena)
			== EP_TOKEN_OK);
}

static void token_try(struct ep_view token)
{
	struct ep_arena arena;
	struct ep_token_result result;
	enum ep_token_cause cause;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_token_verify(&result, policy, &ring, token, EP_LIT("shop"),
			INT64_C(1800000000), NULL, &arena);
	need(cause != EP_TOKEN_OK && cause < EP_TOKEN_CAUSE_N);
	need(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	ep_arena_fini(&arena);
}

/* What both accept means the same; what only one accepts is known why. */
static void same_value(const struct ep_json *a, json_t *b)
{
	const struct ep_json *child = a->first;
	size_t n = 0;

	switch(a->type) {
		case EP_JSON_STRING:
			need(json_is_string(b)
					&& ep_view_eq(a->str, ep_view_of(json_string_value(b),
												  json_string_length(b))));
			return;
		case EP_JSON_INT:
			need(json_is_integer(b) && json_integer_value(b) == a->num);
			return;
		case EP_JSON_NUMBER:
			need(json_is_number(b));
			return;
		case EP_JSON_ARRAY:
			for(; child != NULL; child = child->next)
				same_value(child, json_array_get(b, n++));
			need(json_array_size(b) == n);
			return;
		case EP_JSON_OBJECT:
			for(; child != NULL; child = child->next, n++) {
				char *name = calloc(1, child->name.len + 1);

				memcpy(name, child->name.p, child->name.len);
				same_value(child, json_object_get(b, name));
				free(name);
			}
			need(json_object_size(b) == n);
			return;
		default:
			need(json_typeof(b)
					== (a->type == EP_JSON_NULL       ? JSON_NULL
							: a->type == EP_JSON_TRUE ? JSON_TRUE
													  : JSON_FALSE));
	}
}

static void json_try(struct ep_view text)
{
	static const struct ep_json_limits limits = {4096, 32, 256};
	struct ep_arena arena;
	const struct ep_json *ours;
	json_error_t error;
	json_t *theirs;
	enum ep_token_cause cause;

	if(text.len == 0)
		return;
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_json_parse(&ours, text, &limits, &arena);
	theirs = json_loadb(
			text.p, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if(cause == EP_TOKEN_OK && theirs != NULL)
		same_value(ours, theirs);
	need(cause != EP_TOKEN_OK || theirs != NULL);
	/* jansson 2.14 drops a NUL behind a number. */
	if(cause != EP_TOKEN_OK)
		need(theirs == NULL || cause == EP_TOKEN_JSON_LIMIT
				|| memchr(text.p, '\0', text.len) != NULL);
	json_decref(theirs);
	ep_arena_fini(&arena);
}

static void encoded_try(struct ep_view text)
{
	size_t cap = text.len * 2 + 200;
	char *token = malloc(cap);
	struct ep_view payload = text;
	struct ep_view header = ep_view_cut(&payload, '\n');
	struct ep_buf b;

	ep_buf_init(&b, token, cap);
	ep_buf_put_b64url(&b, header);
	ep_buf_put_chr(&b, '.');
	ep_buf_put_b64url(&b, payload);
	ep_buf_put_z(&b,
			".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAA"
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAQ");
	need(!b.overflow);
	token_try(ep_buf_view(&b));
	free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view rest;

	init();
	if(size == 0)
		return 0;
	rest = ep_view_of((const char *)data + 1, size - 1);
	if(data[0] == '0')
		token_try(rest);
	else if(data[0] == '1')
		json_try(rest);
	else
		encoded_try(rest);
	return 0;
}
