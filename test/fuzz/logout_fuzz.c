/* ep_logout_verify, ep_token_verify on the same token.
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The first octet chooses: '0' the rest is a token; else it is header LF
 * payload, which are encoded and signed here with the issuer's own key, so that
 * the fuzzer gets behind the signature. No token passes for both kinds. */
#include "heap.h"
#include "token/logout.h"
#include "token/mint.h"
#include "token/verify.h"

#define NOW_S INT64_C(1800000000)

static const char config[] =
		"[issuer:home]\niss = https://waf.home1.net\njwks = /etc/waf.jwks\n"
		"alg = EdDSA\naud = epcscf\nlogout_aud = epcscf\n"
		"waf = waf@home1.net\ndomain = operator\n"
		"[wwsf:shop]\norigin = https://shop.example\nissuer = home\n"
		"client_id = shop\nimpi = *@home1.net\nimpu = sip:*@home1.net\n";

static EVP_PKEY *key;
static const struct ep_token_policy *policy;
static struct ep_keyset set;
static const struct ep_keyset *sets[1] = {&set};
static const struct ep_keyring ring = {sets, 1};

static void init(void)
{
	static struct ep_arena arena;
	struct ep_config_error error;
	char *jwks;

	if(policy != NULL)
		return;
	ep_arena_init(&arena, NULL, 0, &heap, 1 << 20);
	need(ep_token_config_parse(&policy, ep_view_z(config), &arena, &error)
			== EP_OK);
	key = mint_key(mint_pem_ed);
	jwks = mint_cat("{\"keys\":[", mint_jwk(key, ",\"kid\":\"ed\""));
	need(ep_keyset_load(&set, ep_view_z(mint_cat(jwks, "]}")),
				 &policy->issuers[0], &ep_jwk_limits_default, &arena)
			== EP_TOKEN_OK);
	need(set.usable_n == 1);
}

static void token_try(struct ep_view token)
{
	struct ep_arena arena;
	struct ep_logout out;
	struct ep_token_result result;
	enum ep_token_cause cause;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 22);
	cause = ep_logout_verify(&out, policy, &ring, token, NOW_S, &arena);
	need(cause < EP_TOKEN_CAUSE_N);
	need(cause != EP_TOKEN_NO_MEMORY && cause != EP_TOKEN_CRYPTO_FAILED);
	if(cause == EP_TOKEN_OK) {
		need(ep_view_eq(out.issuer, EP_LIT("home")));
		need(out.jti.len > 0 && (out.sub.len > 0 || out.sid.len > 0));
		need(out.iat_s <= NOW_S + 30 && out.exp_s > NOW_S);
		need(out.exp_s <= out.iat_s + EP_LOGOUT_AGE_MAX_S + 30);
	}
	if(ep_token_verify(&result, policy, &ring, token, EP_LIT("shop"), NOW_S,
			   NULL, &arena)
			== EP_TOKEN_OK)
		need(cause != EP_TOKEN_OK);
	ep_arena_fini(&arena);
}

static void signed_try(struct ep_view payload)
{
	struct ep_view header = ep_view_cut(&payload, '\n');
	size_t cap = (header.len + payload.len) * 2 + 200;
	char *token = malloc(cap);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[64];
	size_t n = sizeof(sig);
	struct ep_buf b;

	ep_buf_init(&b, token, cap);
	ep_buf_put_b64url(&b, header);
	ep_buf_put_chr(&b, '.');
	ep_buf_put_b64url(&b, payload);
	need(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1
			&& EVP_DigestSign(ctx, sig, &n, (const unsigned char *)b.p, b.len)
					   == 1);
	EVP_MD_CTX_free(ctx);
	ep_buf_put_chr(&b, '.');
	ep_buf_put_b64url(&b, ep_view_of((char *)sig, n));
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
	else
		signed_try(rest);
	return 0;
}
