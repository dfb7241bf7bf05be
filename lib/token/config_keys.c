/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config_keys.h"
#include "token/policy.h"
#include "token/sig.h"

enum ep_err ep_strlist_add(
		struct ep_strlist *list, struct ep_view item, struct ep_arena *arena)
{
	size_t n = list->n;
	struct ep_view *v;

	if(n == EP_CONFIG_LIST_MAX)
		return EP_ERANGE;
	if((n & (n - 1)) != 0) { /* room is there: capacities are powers of 2 */
		v = (struct ep_view *)(uintptr_t)list->v;
		v[list->n++] = item;
		return EP_OK;
	}
	v = ep_arena_array(arena, n ? 2 * n : 1, sizeof(*v));
	if(v == NULL)
		return EP_ENOMEM;
	if(n > 0)
		memcpy(v, list->v, n * sizeof(*v));
	v[n] = item;
	*list = (struct ep_strlist){v, n + 1};
	return EP_OK;
}

/* --- setters --- */

static enum ep_err set_text(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	(void)arena;
	*(struct ep_view *)field = value;
	return value.len > 0 ? EP_OK : EP_ESYNTAX;
}

/* Text without white space, as a scope word has to be (RFC 6749 3.3). */
static enum ep_err set_plain(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	for(size_t i = 0; i < value.len; i++)
		if(value.p[i] == ' ' || value.p[i] == '\t' || value.p[i] == '"'
				|| value.p[i] == '\\')
			return EP_ESYNTAX;
	return set_text(key, field, value, arena);
}

static enum ep_err set_number(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	uint64_t n;

	(void)arena;
	if(!ep_view_u64(&n, value, key->max) || n < key->min)
		return EP_ERANGE;
	*(uint32_t *)field = (uint32_t)n;
	return EP_OK;
}

/* Enumerations are stored as int, which is what gcc makes of these enums. */
static enum ep_err set_word(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)arena;
	for(unsigned i = 0; key->words[i] != NULL; i++)
		if(ep_view_eq(value, ep_view_z(key->words[i]))) {
			memcpy(field, &i, sizeof(i));
			return EP_OK;
		}
	return EP_ESYNTAX;
}

/* Calls `add` for each element of a comma separated value. */
static enum ep_err each_item(void *field, struct ep_view value,
		struct ep_arena *arena,
		enum ep_err (*add)(void *, struct ep_view, struct ep_arena *))
{
	while(value.p != NULL) {
		struct ep_view item = ep_view_trim(ep_view_cut(&value, ','));
		enum ep_err err = item.len > 0 ? add(field, item, arena) : EP_ESYNTAX;

		if(err != EP_OK)
			return err;
	}
	return EP_OK;
}

static enum ep_err add_text(
		void *field, struct ep_view item, struct ep_arena *arena)
{
	return ep_strlist_add(field, item, arena);
}

static enum ep_err set_list(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	return each_item(field, value, arena, add_text);
}

static enum ep_err add_alg(
		void *field, struct ep_view item, struct ep_arena *arena)
{
	if(ep_sig_alg_find(item) == NULL)
		return EP_ESYNTAX;
	return ep_strlist_add(field, item, arena);
}

static enum ep_err set_algs(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	return each_item(field, value, arena, add_alg);
}

static enum ep_err add_origin(
		void *field, struct ep_view item, struct ep_arena *arena)
{
	size_t cap = item.len + 1;
	char *text = ep_arena_get(arena, cap);
	struct ep_buf out;

	if(text == NULL)
		return EP_ENOMEM;
	ep_buf_init(&out, text, cap);
	if(ep_origin_print(&out, item) != EP_OK)
		return EP_ESYNTAX;
	return ep_strlist_add(field, ep_buf_view(&out), arena);
}

static enum ep_err set_origins(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	return each_item(field, value, arena, add_origin);
}

static bool is_plain(struct ep_view value)
{
	for(size_t i = 0; i < value.len; i++)
		if((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_https(struct ep_view value)
{
	return is_plain(value) && value.len > 8
		   && ep_view_istarts(value, EP_LIT("https://"));
}

/* https://... or the word `discovery` */
static enum ep_err set_introspect(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	struct ep_issuer *issuer =
			(struct ep_issuer *)(void *)((char *)field - key->offset);

	(void)arena;
	issuer->is_introspected = true;
	if(ep_view_eq(value, EP_LIT("discovery")))
		return EP_OK;
	issuer->introspect = value;
	return is_https(value) ? EP_OK : EP_ESYNTAX;
}

static enum ep_err set_path(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	if(!ep_view_starts(value, EP_LIT("/")))
		return EP_ESYNTAX;
	return set_text(key, field, value, arena);
}

/* 401 or 403 */
static enum ep_err set_status(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	enum ep_err err = set_number(key, field, value, arena);

	if(err == EP_OK && *(uint32_t *)field == 402)
		err = EP_ERANGE;
	return err;
}

/* https://..., file:/path or /path */
static enum ep_err set_jwks(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	struct ep_issuer *issuer =
			(struct ep_issuer *)(void *)((char *)field - key->offset);

	(void)arena;
	if(!is_plain(value))
		return EP_ESYNTAX;
	if(ep_view_istarts(value, EP_LIT("https://"))) {
		issuer->jwks = value;
		return is_https(value) ? EP_OK : EP_ESYNTAX;
	}
	issuer->jwks_is_file = true;
	if(ep_view_starts(value, EP_LIT("file://")))
		value = ep_view_from(value, 7);
	else if(ep_view_starts(value, EP_LIT("file:")))
		value = ep_view_from(value, 5);
	issuer->jwks = value;
	return ep_view_starts(value, EP_LIT("/")) ? EP_OK : EP_ESYNTAX;
}

static enum ep_err set_template(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	return ep_template_parse(field, value, arena);
}

/* struct ep_map.impus and impus_n, at most EP_CLAIM_LIST_MAX */
static enum ep_err add_impu(
		void *field, struct ep_view item, struct ep_arena *arena)
{
	struct ep_map *map =
			(struct ep_map *)(void *)((char *)field
									  - offsetof(struct ep_map, impus));
	struct ep_template *v;

	if(map->impus_n == EP_CLAIM_LIST_MAX)
		return EP_ERANGE;
	v = ep_arena_array(arena, map->impus_n + 1, sizeof(*v));
	if(v == NULL)
		return EP_ENOMEM;
	if(map->impus_n > 0)
		memcpy(v, map->impus, map->impus_n * sizeof(*v));
	map->impus = v;
	return ep_template_parse(&v[map->impus_n++], item, arena);
}

static enum ep_err set_impus(const struct ep_config_key *key, void *field,
		struct ep_view value, struct ep_arena *arena)
{
	(void)key;
	return each_item(field, value, arena, add_impu);
}

/* --- the table --- */

static const char *const domain_words[] = {"operator", "third-party", NULL};
static const char *const entity_words[] = {
		"third-party", "always", "never", NULL};
static const char *const cnf_words[] = {"refuse", "ignore", NULL};
static const char *const discovery_words[] = {"no", "oauth", "openid", NULL};
static const char *const aud_words[] = {"required", "optional", NULL};
static const char *const introspect_words[] = {"opaque", "all", NULL};
static const char *const auth_words[] = {"basic", "post", NULL};
static const char *const from_words[] = {"keep", "replace", "refuse", NULL};
static const char *const yes_words[] = {"no", "yes", NULL};

#define GLOBAL(f) EP_SECTION_GLOBAL, #f
#define ISSUER(f) EP_SECTION_ISSUER, #f
#define WWSF(f) EP_SECTION_WWSF, #f
#define MAP(f) EP_SECTION_MAP, #f
#define IN_GLOBAL(f) offsetof(struct ep_token_policy, f)
#define IN_ISSUER(f) offsetof(struct ep_issuer, f)
#define IN_WWSF(f) offsetof(struct ep_wwsf, f)
#define DAY_S 86400
#define MUST true, false
#define MUST_LIST true, true
#define LIST false, true
#define ONE false, false
#define NO_NUMBER 0, 0, NULL

const struct ep_config_key ep_config_keys[] = {
		/* clang-format off */
{GLOBAL(max_token_len), set_number, IN_GLOBAL(max_token_len), ONE, 256, 65536, NULL, "256..65536 octets"},
{GLOBAL(max_jwks_len), set_number, IN_GLOBAL(max_jwks_len), ONE, 1024, 1048576, NULL, "1024..1048576 octets"},
{GLOBAL(max_jwks_keys), set_number, IN_GLOBAL(max_jwks_keys), ONE, 1, 1024, NULL, "1..1024 keys"},
{GLOBAL(cache_s), set_number, IN_GLOBAL(cache_s), ONE, 0, DAY_S, NULL, "0..86400 seconds"},
{GLOBAL(max_pending), set_number, IN_GLOBAL(max_pending), ONE, 1, 65536, NULL, "1..65536 requests"},
{GLOBAL(source_failures_per_minute), set_number, IN_GLOBAL(source_failures_per_minute), ONE, 0, 1000000, NULL, "0..1000000 refusals"},
{GLOBAL(source_cost_ms), set_number, IN_GLOBAL(source_cost_ms), ONE, 0, 10000, NULL, "0..10000 milliseconds"},
{GLOBAL(identity_status), set_status, IN_GLOBAL(identity_status), ONE, 401, 403, NULL, "401 or 403"},

{ISSUER(iss), set_text, IN_ISSUER(iss), MUST, NO_NUMBER, "the iss claim"},
{ISSUER(discovery), set_word, IN_ISSUER(discovery), ONE, 0, 0, discovery_words, "no, oauth or openid"},
{ISSUER(jwks), set_jwks, IN_ISSUER(jwks), ONE, NO_NUMBER, "https://..., file:/... or an absolute path"},
{ISSUER(jwks_refresh_s), set_number, IN_ISSUER(jwks_refresh_s), ONE, 10, 7 * DAY_S, NULL, "10..604800 seconds"},
{ISSUER(ca_file), set_path, IN_ISSUER(ca_file), ONE, NO_NUMBER, "an absolute path"},
{ISSUER(http_timeout_ms), set_number, IN_ISSUER(http_timeout_ms), ONE, 100, 30000, NULL, "100..30000 milliseconds"},
{ISSUER(introspect), set_introspect, IN_ISSUER(introspect), ONE, NO_NUMBER, "https://... or discovery"},
{ISSUER(introspect_for), set_word, IN_ISSUER(introspect_for), ONE, 0, 0, introspect_words, "opaque or all"},
{ISSUER(introspect_auth), set_word, IN_ISSUER(introspect_auth), ONE, 0, 0, auth_words, "basic or post"},
{ISSUER(introspect_client), set_text, IN_ISSUER(introspect_client), ONE, NO_NUMBER, "a client id"},
{ISSUER(introspect_secret_file), set_path, IN_ISSUER(introspect_secret_file), ONE, NO_NUMBER, "an absolute path"},
{ISSUER(introspect_cache_s), set_number, IN_ISSUER(introspect_cache_s), ONE, 1, DAY_S, NULL, "1..86400 seconds"},
{ISSUER(introspect_negative_s), set_number, IN_ISSUER(introspect_negative_s), ONE, 1, 3600, NULL, "1..3600 seconds"},
{ISSUER(logout_aud), set_list, IN_ISSUER(logout_aud), LIST, NO_NUMBER, "a list of client ids"},
{ISSUER(alg), set_algs, IN_ISSUER(alg), LIST, NO_NUMBER, "algorithms that are supported"},
{ISSUER(aud), set_list, IN_ISSUER(aud), MUST_LIST, NO_NUMBER, "a list of audiences"},
{ISSUER(aud_rule), set_word, IN_ISSUER(aud_rule), ONE, 0, 0, aud_words, "required or optional"},
{ISSUER(typ), set_plain, IN_ISSUER(typ), ONE, NO_NUMBER, "a media type"},
{ISSUER(require), set_list, IN_ISSUER(require), LIST, NO_NUMBER, "a list of claim names"},
{ISSUER(cnf), set_word, IN_ISSUER(cnf), ONE, 0, 0, cnf_words, "refuse or ignore"},
{ISSUER(waf), set_plain, IN_ISSUER(waf), MUST, NO_NUMBER, "the WAF's identity"},
{ISSUER(domain), set_word, IN_ISSUER(domain), MUST, 0, 0, domain_words, "operator or third-party"},
{ISSUER(entity), set_word, IN_ISSUER(entity), ONE, 0, 0, entity_words, "third-party, always or never"},
{ISSUER(scope), set_plain, IN_ISSUER(scope), ONE, NO_NUMBER, "one word"},
{ISSUER(skew_s), set_number, IN_ISSUER(skew_s), ONE, 0, 60, NULL, "0..60 seconds"},
{ISSUER(max_lifetime_s), set_number, IN_ISSUER(max_lifetime_s), ONE, 60, 30 * DAY_S, NULL, "60..2592000 seconds"},
{ISSUER(claim_impi), set_text, IN_ISSUER(claim_impi), ONE, NO_NUMBER, "a claim name"},
{ISSUER(claim_impu), set_text, IN_ISSUER(claim_impu), ONE, NO_NUMBER, "a claim name"},
{ISSUER(claim_wwsf), set_text, IN_ISSUER(claim_wwsf), ONE, NO_NUMBER, "a claim name"},
{ISSUER(claim_waf), set_text, IN_ISSUER(claim_waf), ONE, NO_NUMBER, "a claim name"},
{ISSUER(claim_client), set_text, IN_ISSUER(claim_client), ONE, NO_NUMBER, "a claim name"},
{ISSUER(claim_scope), set_text, IN_ISSUER(claim_scope), ONE, NO_NUMBER, "a claim name"},
{ISSUER(map), set_text, IN_ISSUER(map_name), ONE, NO_NUMBER, "the name of a map section"},

{WWSF(origin), set_origins, IN_WWSF(origin), MUST_LIST, NO_NUMBER, "origins such as https://shop.example"},
{WWSF(issuer), set_list, IN_WWSF(issuer), MUST_LIST, NO_NUMBER, "names of issuer sections"},
{WWSF(client_id), set_list, IN_WWSF(client_id), LIST, NO_NUMBER, "a list of client ids"},
{WWSF(impi), set_list, IN_WWSF(impi), MUST_LIST, NO_NUMBER, "a list of patterns"},
{WWSF(impu), set_list, IN_WWSF(impu), MUST_LIST, NO_NUMBER, "a list of patterns"},
{WWSF(pool), set_list, IN_WWSF(pool), LIST, NO_NUMBER, "a list of patterns"},
{WWSF(anonymous), set_word, IN_WWSF(anonymous), ONE, 0, 0, yes_words, "yes or no"},
{WWSF(one_connection), set_word, IN_WWSF(one_connection), ONE, 0, 0, yes_words, "yes or no"},
{WWSF(max_registrations), set_number, IN_WWSF(max_registrations), ONE, 0, 10000000, NULL, "0..10000000 registrations"},
{WWSF(max_calls), set_number, IN_WWSF(max_calls), ONE, 0, 10000000, NULL, "0..10000000 calls"},
{WWSF(max_call_s), set_number, IN_WWSF(max_call_s), ONE, 0, 7 * DAY_S, NULL, "0..604800 seconds"},
{WWSF(call_s_per_day), set_number, IN_WWSF(call_s_per_day), ONE, 0, 4000000000, NULL, "0..4000000000 seconds"},
{WWSF(destination), set_list, IN_WWSF(destination), LIST, NO_NUMBER, "a list of patterns"},
{WWSF(from), set_word, IN_WWSF(from), ONE, 0, 0, from_words, "keep, replace or refuse"},

{MAP(table), set_path, offsetof(struct ep_map, table), ONE, NO_NUMBER, "an absolute path"},
{MAP(key), set_text, offsetof(struct ep_map, key), ONE, NO_NUMBER, "a claim name"},
{MAP(impi), set_template, offsetof(struct ep_map, impi), ONE, NO_NUMBER, "text with {claim} in it"},
{MAP(impu), set_impus, offsetof(struct ep_map, impus), LIST, NO_NUMBER, "texts with {claim} in them"},
		/* clang-format on */
};

const size_t ep_config_keys_n =
		sizeof(ep_config_keys) / sizeof(ep_config_keys[0]);

_Static_assert(sizeof(ep_config_keys) / sizeof(ep_config_keys[0]) <= 64,
		"config.c notes the keys it has seen in 64 bits");

const struct ep_config_key *ep_config_key_find(
		enum ep_config_section section, struct ep_view name)
{
	for(size_t i = 0; i < ep_config_keys_n; i++)
		if(ep_config_keys[i].section == section
				&& ep_view_eq(name, ep_view_z(ep_config_keys[i].name)))
			return &ep_config_keys[i];
	return NULL;
}

static const struct ep_view default_algs[] = {{"ES256", 5}, {"RS256", 5}};

void ep_config_issuer_defaults(struct ep_issuer *issuer)
{
	issuer->jwks_refresh_s = 300;
	issuer->http_timeout_ms = 3000;
	issuer->introspect_cache_s = 60;
	issuer->introspect_negative_s = 5;
	issuer->entity = EP_ENTITY_THIRD_PARTY;
	issuer->scope = EP_LIT("webrtc-ims-client-access-to-ims");
	issuer->skew_s = 30;
	issuer->claim_impi = EP_LIT("impi");
	issuer->claim_impu = EP_LIT("impu");
}

void ep_config_issuer_finish(struct ep_issuer *issuer)
{
	if(issuer->alg.n == 0)
		issuer->alg = (struct ep_strlist){
				default_algs, sizeof(default_algs) / sizeof(default_algs[0])};
}

void ep_config_map_finish(struct ep_map *map)
{
	if(map->table.p != NULL && map->key.p == NULL)
		map->key = EP_LIT("sub");
}

void ep_config_policy_defaults(struct ep_token_policy *policy)
{
	policy->max_token_len = 8192;
	policy->max_jwks_len = (uint32_t)ep_jwk_limits_default.size;
	policy->max_jwks_keys = (uint32_t)ep_jwk_limits_default.keys;
	policy->cache_s = 300;
	policy->max_pending = 256;
	policy->source_failures_per_minute = 300;
	policy->source_cost_ms = 200;
	policy->identity_status = 403;
}

/* --- comparison --- */

static bool strlist_same(const struct ep_strlist *a, const struct ep_strlist *b)
{
	if(a->n != b->n)
		return false;
	for(size_t i = 0; i < a->n; i++)
		if(!ep_view_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool template_same(
		const struct ep_template *a, const struct ep_template *b)
{
	if(a->n != b->n)
		return false;
	for(size_t i = 0; i < a->n; i++)
		if(!ep_view_eq(a->v[i].literal, b->v[i].literal)
				|| !ep_view_eq(a->v[i].claim, b->v[i].claim))
			return false;
	return true;
}

static bool impus_same(const struct ep_map *a, const struct ep_map *b)
{
	if(a->impus_n != b->impus_n)
		return false;
	for(size_t i = 0; i < a->impus_n; i++)
		if(!template_same(&a->impus[i], &b->impus[i]))
			return false;
	return true;
}

/* What a setter stores it into tells what there is to compare. */
bool ep_config_key_same(
		const struct ep_config_key *key, const void *a, const void *b)
{
	const void *fa = (const char *)a + key->offset;
	const void *fb = (const char *)b + key->offset;

	if(key->set == set_impus)
		return impus_same(a, b);
	if(key->set == set_template)
		return template_same(fa, fb);
	if(key->set == set_list || key->set == set_algs || key->set == set_origins)
		return strlist_same(fa, fb);
	if(key->set == set_number || key->set == set_status)
		return *(const uint32_t *)fa == *(const uint32_t *)fb;
	if(key->set == set_word)
		return memcmp(fa, fb, sizeof(unsigned)) == 0;
	if(key->set == set_jwks
			&& ((const struct ep_issuer *)a)->jwks_is_file
					   != ((const struct ep_issuer *)b)->jwks_is_file)
		return false;
	if(key->set == set_introspect
			&& ((const struct ep_issuer *)a)->is_introspected
					   != ((const struct ep_issuer *)b)->is_introspected)
		return false;
	return ep_view_eq(*(const struct ep_view *)fa, *(const struct ep_view *)fb);
}
