/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config.h"
#include "fixture.h"

#define ISSUER                                                                 \
	"[issuer:a]\niss = x\njwks = /f\naud = u\nwaf = w@x\n"                     \
	"domain = operator\n"
#define WWSF                                                                   \
	"[wwsf:s]\norigin = https://s.example\nissuer = a\n"                       \
	"client_id = c\nimpi = *\nimpu = *\n"

/* An issuer without keys, one that is asked, a second one, WWSFs of these. */
#define KEYLESS "[issuer:a]\niss = x\naud = u\nwaf = w@x\ndomain = operator\n"
#define ASKED(where)                                                           \
	"introspect = " where                                                      \
	"\nintrospect_client = c\n"                                                \
	"introspect_secret_file = /s\n"
#define OTHER                                                                  \
	"# b\n[issuer:b]\niss = y\njwks = /f\naud = u\nwaf = w@x\n"                \
	"domain = operator\n\n\n\n"
#define WWSF2                                                                  \
	"[wwsf:s]\norigin = https://s.example\nissuer = a, b\n"                    \
	"client_id = c\nimpi = *\nimpu = *\n"
#define POOL(id, impi, pool)                                                   \
	"[wwsf:" id "]\norigin = https://" id                                      \
	"\nissuer = a\n"                                                           \
	"client_id = " id "\nimpi = " impi "\nimpu = *\npool = " pool "\n"

static enum ep_err parse(const struct ep_token_policy **policy,
		const char *text, struct ep_arena *arena, struct ep_config_error *error)
{
	return ep_token_config_parse(policy, ep_view_z(text), arena, error);
}

START_TEST(config_reads_every_key)
{
	static const char text[] =
			"# all of them\r\n"
			"[global]\r\n"
			"max_token_len = 4096  # octets\r\n"
			"max_jwks_len=2048\n"
			"max_jwks_keys\t=\t3\n"
			"\n"
			"  [issuer:a.b-c_1]  # a comment\n"
			"iss = \"https://waf.example/#x\"\n"
			"jwks = https://waf.example/jwks#frag\n"
			"jwks_refresh_s = 60\n"
			"ca_file = /etc/ca.pem\n"
			"alg = RS256 , ES256\n"
			"aud = one, two\n"
			"aud = three\n"
			"typ = at+jwt\n"
			"require = nbf\n"
			"cnf = ignore\n"
			"waf = waf@example\n"
			"domain = third-party\n"
			"entity = always\n"
			"scope = s\n"
			"skew_s = 0\n"
			"max_lifetime_s = 600\n"
			"claim_impi = i\n"
			"claim_impu = u\n"
			"claim_wwsf = w\n"
			"claim_waf = f\n"
			"claim_client = c\n"
			"claim_scope = sc\n"
			"map = m\n"
			"[map:m]\n"
			"impi = {p}@h\n"
			"impu = sip:{p}@h, tel:+{n}\n"
			"impu = sip:{q}@h\n"
			"[wwsf:s]\n"
			"origin = HTTPS://S.Example:443, http://s.example:8080\n"
			"issuer = a.b-c_1\n"
			"client_id = c1, c2\n"
			"impi = *@h\n"
			"impu = sip:*@h, tel:*";
	struct ep_arena arena;
	const struct ep_token_policy *p;
	struct ep_config_error error;
	const struct ep_issuer *i;

	plain_arena_init(&arena);
	ck_assert_msg(parse(&p, text, &arena, &error) == EP_OK, "line %u: %s",
			error.line, error.text);
	ck_assert_uint_eq(p->max_token_len, 4096);
	ck_assert_uint_eq(p->max_jwks_len, 2048);
	ck_assert_uint_eq(p->max_jwks_keys, 3);
	ck_assert_uint_eq(p->issuers_n, 1);
	i = &p->issuers[0];
	ck_assert_view_eq(i->name, "a.b-c_1");
	ck_assert_uint_eq(i->line, 7);
	ck_assert_view_eq(i->iss, "https://waf.example/#x");
	ck_assert_view_eq(i->jwks, "https://waf.example/jwks#frag");
	ck_assert(!i->jwks_is_file);
	ck_assert_uint_eq(i->jwks_refresh_s, 60);
	ck_assert_view_eq(i->ca_file, "/etc/ca.pem");
	ck_assert_uint_eq(i->alg.n, 2);
	ck_assert_view_eq(i->alg.v[0], "RS256");
	ck_assert_uint_eq(i->aud.n, 3);
	ck_assert_view_eq(i->aud.v[2], "three");
	ck_assert_view_eq(i->typ, "at+jwt");
	ck_assert_uint_eq(i->require.n, 1);
	ck_assert_int_eq(i->cnf, EP_CNF_IGNORE);
	ck_assert_view_eq(i->waf, "waf@example");
	ck_assert_int_eq(i->domain, EP_DOMAIN_THIRD_PARTY);
	ck_assert_int_eq(i->entity, EP_ENTITY_ALWAYS);
	ck_assert_view_eq(i->scope, "s");
	ck_assert_uint_eq(i->skew_s, 0);
	ck_assert_uint_eq(i->max_lifetime_s, 600);
	ck_assert_view_eq(i->claim_impi, "i");
	ck_assert_view_eq(i->claim_impu, "u");
	ck_assert_view_eq(i->claim_wwsf, "w");
	ck_assert_view_eq(i->claim_waf, "f");
	ck_assert_view_eq(i->claim_client, "c");
	ck_assert_view_eq(i->claim_scope, "sc");
	ck_assert_ptr_eq(i->map, &p->maps[0]);
	ck_assert_uint_eq(i->map->impus_n, 3);
	ck_assert_view_eq(i->map->impus[2].v[0].claim, "q");
	ck_assert_uint_eq(p->wwsfs_n, 1);
	ck_assert_uint_eq(p->wwsfs[0].origin.n, 2);
	ck_assert_view_eq(p->wwsfs[0].origin.v[0], "https://s.example");
	ck_assert_view_eq(p->wwsfs[0].origin.v[1], "http://s.example:8080");
	ck_assert_uint_eq(p->wwsfs[0].client_id.n, 2);
	ck_assert_uint_eq(p->wwsfs[0].impu.n, 2);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(config_has_defaults)
{
	struct ep_arena arena;
	const struct ep_token_policy *p;
	struct ep_config_error error;
	const struct ep_issuer *i;

	plain_arena_init(&arena);
	ck_assert_int_eq(parse(&p, ISSUER WWSF, &arena, &error), EP_OK);
	i = &p->issuers[0];
	ck_assert_uint_eq(p->max_token_len, 8192);
	ck_assert(i->jwks_is_file);
	ck_assert_view_eq(i->jwks, "/f");
	ck_assert_uint_eq(i->alg.n, 2);
	ck_assert_int_eq(i->entity, EP_ENTITY_THIRD_PARTY);
	ck_assert_int_eq(i->cnf, EP_CNF_REFUSE);
	ck_assert_view_eq(i->scope, "webrtc-ims-client-access-to-ims");
	ck_assert_uint_eq(i->skew_s, 30);
	ck_assert_uint_eq(i->max_lifetime_s, 0);
	ck_assert_ptr_null(i->map);
	ck_assert_ptr_null(i->typ.p);
	ck_assert_int_eq(parse(&p, "", &arena, &error), EP_OK);
	ck_assert_uint_eq(p->issuers_n, 0);
	ep_arena_fini(&arena);
}
END_TEST

static const struct
{
	const char *text;
	unsigned line;
	const char *says;
} refused[] = {
		{"iss = x\n", 1, "before the first section"},
		{"[issuer:a]\nfoo = 1\n", 2, "unknown key"},
		{"[global]\niss = x\n", 2, "unknown key"},
		{"\n\n[nothing]\n", 3, "unknown section"},
		{"[issuer]\n", 1, "unknown section"},
		{"[issuer:]\n", 1, "a name is"},
		{"[issuer:a b]\n", 1, "a name is"},
		{"[issuer:a\n", 1, "']' is missing"},
		{"[global]\n[global]\n", 2, "section is repeated"},
		{ISSUER ISSUER, 7, "section is repeated"},
		{ISSUER WWSF WWSF, 13, "section is repeated"},
		{ISSUER "[map:m]\nimpi={a}\nimpu={a}\n[map:m]\n", 10,
				"section is repeated"},
		{ISSUER "iss = y\n", 7, "key is repeated"},
		{"[issuer:a]\niss = x\n", 3, "required key is missing: aud"},
		{"[issuer:a]\niss = x\n[global]\n", 3, "required key is missing: aud"},
		{ISSUER "[wwsf:s]\norigin = https://x\n", 9,
				"required key is missing: issuer"},
		/* maps */
		{ISSUER "[map:m]\nimpi = {a}\n", 7, "m: needs both impi and impu"},
		{ISSUER "[map:m]\nimpu = {a}\n", 7, "m: needs both impi and impu"},
		{ISSUER "[map:m]\n", 7, "m: needs table, or impi and impu"},
		{ISSUER "[map:m]\nkey = sub\n", 7, "m: key is the key of a table"},
		{ISSUER "[map:m]\ntable = /t\nimpi = {a}\n", 7, "one of both"},
		{ISSUER "[map:m]\ntable = /t\nimpu = {a}\n", 7, "one of both"},
		{ISSUER "[map:m]\ntable = t\n", 8, "an absolute path"},
		/* what an issuer needs */
		{KEYLESS, 1, "a: needs jwks, discovery or introspect"},
		{KEYLESS "discovery = oauth\n", 1, "iss that is an https URL"},
		{KEYLESS "introspect = http://x/i\n", 6, "https://... or discovery"},
		{KEYLESS "introspect = https://x/i\n", 1,
				"introspect needs introspect_client and"},
		{KEYLESS "introspect = https://x/i\nintrospect_client = c\n", 1,
				"introspect needs introspect_client and"},
		{KEYLESS "introspect = https://x/i\nintrospect_secret_file = /s\n", 1,
				"introspect needs introspect_client and"},
		{KEYLESS ASKED("discovery"), 1, "introspect = discovery needs"},
		{ISSUER ASKED("discovery"), 1, "introspect = discovery needs"},
		{ISSUER "introspect_client = c\n", 1, "need introspect"},
		{ISSUER "introspect_secret_file = /s\n", 1, "need introspect"},
		{ISSUER "introspect_for = all\n", 1, "introspect_for = all needs"},
		{KEYLESS ASKED("https://x/i") "introspect_for = all\n", 1,
				"introspect_for = all needs"},
		{KEYLESS ASKED("https://x/i") "logout_aud = x\n", 1,
				"logout_aud needs jwks"},
		{ISSUER "discovery = yes\n", 7, "no, oauth or openid"},
		{ISSUER "aud_rule = never\n", 7, "required or optional"},
		{ISSUER "introspect_cache_s = 0\n", 7, "1..86400 seconds"},
		/* what a WWSF needs */
		{ISSUER ASKED("https://x/i") OTHER ASKED("https://y/i") WWSF2, 23,
				"s: two of its issuers have introspect"},
		{ISSUER WWSF "anonymous = yes\n", 7, "anonymous = yes needs pool"},
		{ISSUER WWSF "from = replace\n", 7, "from needs pool"},
		{ISSUER "[wwsf:s]\norigin = https://s\nissuer = a\nclient_id = c\n"
				"impi = u*@h, v*@h\nimpu = *\npool = *@h\n",
				7, "pool: a pattern is not within one of impi"},
		{ISSUER POOL("s", "*@h", "p1*@h") POOL("t", "p*@h", "p*@h"), 14,
				"t: pool p*@h overlaps pool p1*@h of wwsf s"},
		{ISSUER POOL("s", "*_private@h", "*_private@h")
						POOL("t", "p*@h", "p*@h"),
				14, "t: pool p*@h overlaps pool *_private@h of wwsf s"},
		{ISSUER POOL("s", "p*@h, q*@h", "q*@h") POOL("t", "p*@h", "p*@h"), 14,
				"t: pool p*@h overlaps impi p*@h of wwsf s"},
		{ISSUER POOL("s", "p*@h", "p*@h") POOL("t", "*@h", "q*@h"), 14,
				"t: impi *@h overlaps pool p*@h of wwsf s"},
		{ISSUER WWSF "destination = alice@h\n", 7, "begins with sip:"},
		{ISSUER WWSF "destination = tel:+1, sip:+1*@h;user=phone\n", 7,
				"SIP URIs without parameters"},
		{ISSUER WWSF "destination = tel:+1-555*\n", 7, "without separators"},
		{"[global]\nidentity_status = 402\n", 2, "401 or 403"},
		{"[global]\nidentity_status = 400\n", 2, "401 or 403"},
		{"[global]\nmax_token_len = 0\n", 2, "256..65536 octets"},
		{"[global]\nmax_token_len = -1\n", 2, "256..65536 octets"},
		{"[global]\nmax_token_len = 1k\n", 2, "256..65536 octets"},
		{"[global]\nmax_token_len = 99999999999999999999\n", 2,
				"256..65536 octets"},
		{"[global]\nmax_token_len =\n", 2, "value is empty"},
		{"[global]\nmax_token_len = \"\"\n", 2, "value is empty"},
		{"[global]\nmax_token_len = \"4096\n", 2, "quotes are not in pairs"},
		{"[global]\nmax_token_len\n", 2, "expected key = value"},
		{"[global]\n= 5\n", 2, "expected key = value"},
		{"[global]\nmax_token_len = 4\x01\n", 2, "control character"},
		{ISSUER "skew_s = 61\n", 7, "0..60 seconds"},
		{ISSUER "alg = HS256\n", 7, "algorithms that are supported"},
		{ISSUER "alg = none\n", 7, "algorithms that are supported"},
		{ISSUER "alg = ES256,\n", 7, "algorithms that are supported"},
		{ISSUER "entity = sometimes\n", 7, "third-party, always or never"},
		{ISSUER "scope = a b\n", 7, "one word"},
		{ISSUER "map = nothing\n", 1, "no such map section"},
		{"[issuer:a]\njwks = http://x/\n", 2, "https://..."},
		{"[issuer:a]\njwks = relative\n", 2, "https://..."},
		{"[issuer:a]\njwks = file:relative\n", 2, "https://..."},
		{"[issuer:a]\njwks = https://\n", 2, "https://..."},
		{ISSUER "[issuer:b]\niss = x\njwks = /f\naud = u\nwaf = w\n"
				"domain = operator\n",
				7, "iss is another issuer's"},
		{ISSUER "[wwsf:s]\norigin = https://x/path\n", 8, "origins such as"},
		{ISSUER "[wwsf:s]\norigin = null\n", 8, "origins such as"},
		{ISSUER "[wwsf:s]\norigin = https://x\nissuer = b\nimpi = *\n"
				"impu = *\n",
				7, "no such issuer section"},
		{ISSUER "[wwsf:s]\norigin = https://x\nissuer = a\nimpi = *\n"
				"impu = *\n",
				7, "client_id is needed"},
		{ISSUER WWSF "[wwsf:t]\norigin = https://S.example:443\nissuer = a\n"
					 "client_id = d\nimpi = *\nimpu = *\n",
				13, "origin is another"},
		{ISSUER WWSF "[wwsf:t]\norigin = https://t\nissuer = a\n"
					 "client_id = c\nimpi = *\nimpu = *\n",
				13, "client_id is another"},
		{ISSUER "[map:m]\nimpi = all@home1.net\n", 8, "text with {claim}"},
		{ISSUER "[map:m]\nimpu = sip:{}@h\n", 8, "texts with {claim}"},
};

START_TEST(config_says_what_is_wrong_and_where)
{
	for(size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct ep_arena arena;
		const struct ep_token_policy *p = NULL;
		struct ep_config_error error;

		plain_arena_init(&arena);
		ck_assert_msg(parse(&p, refused[i].text, &arena, &error) != EP_OK,
				"taken: %s", refused[i].text);
		ck_assert_ptr_null(p);
		ck_assert_msg(error.line == refused[i].line
							  && strstr(error.text, refused[i].says) != NULL,
				"%s: line %u: %s", refused[i].text, error.line, error.text);
		ep_arena_fini(&arena);
	}
}
END_TEST

static const char *const taken[] = {
		KEYLESS ASKED("https://x/i"),
		ISSUER ASKED("https://x/i") "introspect_for = all\nlogout_aud = x\n",
		"[issuer:a]\niss = https://x\naud = u\nwaf = w\ndomain = operator\n"
		"discovery = openid\n" ASKED("discovery") "introspect_for = all\n",
		"[issuer:a]\niss = https://x/y\naud = u\nwaf = w\n"
		"domain = operator\ndiscovery = oauth\n",
		/* the same issuer twice is one */
		ISSUER ASKED("https://x/i") "[wwsf:s]\norigin = https://s\n"
									"issuer = a, a\nclient_id = c\nimpi = *\n"
									"impu = *\n",
		/* pools beside each other, users of two portals */
		ISSUER POOL("s", "p*@h, u*@h", "p*@h") POOL("t", "q*@h, u*@h", "q*@h")
				"anonymous = yes\nfrom = replace\n",
		ISSUER WWSF "destination = *, sip:*@h, sips:*, tel:+1*\n"
					"destination = tel:600;phone-context=home-1.net\n",
		ISSUER "[map:m]\ntable = /t\nkey = oid\n[map:n]\ntable = /u\n"};

START_TEST(config_takes_what_fits_together)
{
	for(size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct ep_arena arena;
		const struct ep_token_policy *p = NULL;
		struct ep_config_error error;

		plain_arena_init(&arena);
		ck_assert_msg(parse(&p, taken[i], &arena, &error) == EP_OK,
				"%s: line %u: %s", taken[i], error.line, error.text);
		if(p->maps_n == 2) {
			ck_assert_view_eq(p->maps[0].key, "oid");
			ck_assert_view_eq(p->maps[1].key, "sub");
		}
		ep_arena_fini(&arena);
	}
}
END_TEST

START_TEST(config_refuses_long_lists_and_texts)
{
	char *text = mint_cat(NULL, ISSUER "aud = x");
	struct ep_arena arena;
	const struct ep_token_policy *p;
	struct ep_config_error error;
	char *big = mint_get(EP_CONFIG_TEXT_MAX + 1);

	plain_arena_init(&arena);
	for(int i = 2; i < 256; i++)
		text = mint_cat(text, ",x");
	ck_assert_int_eq(parse(&p, text, &arena, &error), EP_OK);
	ck_assert_uint_eq(p->issuers[0].aud.n, 256);
	ck_assert_int_eq(
			parse(&p, mint_cat(text, ",x"), &arena, &error), EP_ERANGE);
	memset(big, '\n', EP_CONFIG_TEXT_MAX + 1);
	ck_assert_int_eq(
			ep_token_config_parse(&p, ep_view_of(big, EP_CONFIG_TEXT_MAX + 1),
					&arena, &error),
			EP_ERANGE);
	ck_assert_uint_eq(error.line, 0);
	ck_assert_int_eq(ep_token_config_parse(&p, ep_view_none(), &arena, &error),
			EP_ESYNTAX);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(config_errors_are_printable_and_short)
{
	struct ep_arena arena;
	const struct ep_token_policy *p;
	struct ep_config_error error;
	char *text = mint_cat(NULL, "[global]\n\xff\xfe");

	for(int i = 0; i < 500; i++)
		text = mint_cat(text, "x");
	plain_arena_init(&arena);
	ck_assert_int_eq(
			parse(&p, mint_cat(text, " = 1\n"), &arena, &error), EP_ESYNTAX);
	ck_assert_uint_lt(strlen(error.text), sizeof(error.text));
	ck_assert_ptr_nonnull(strstr(error.text, "??xxx"));
	ck_assert_ptr_nonnull(strstr(error.text, "unknown key"));
	ep_arena_fini(&arena);
}
END_TEST

static void cut_in_bounds(struct ep_view cut, void *ctx)
{
	struct ep_arena arena;
	const struct ep_token_policy *p;
	struct ep_config_error error;
	enum ep_err err;

	(void)ctx;
	plain_arena_init(&arena);
	err = ep_token_config_parse(&p, cut, &arena, &error);
	ck_assert_int_ne(err, EP_ENOMEM);
	ck_assert_int_eq(err == EP_OK, error.text[0] == '\0');
	ep_arena_fini(&arena);
}

START_TEST(config_every_cut)
{
	every_cut(ep_view_z(fixture_config), cut_in_bounds, NULL);
}
END_TEST

static enum ep_err parse_in(struct ep_arena *arena, void *ctx)
{
	const struct ep_token_policy *p;
	struct ep_config_error error;
	enum ep_err err = parse(&p, fixture_config, arena, &error);

	(void)ctx;
	if(err == EP_OK)
		ck_assert_uint_eq(p->wwsfs_n, 3);
	return err;
}

START_TEST(config_every_alloc_failure)
{
	ck_assert_uint_ge(every_alloc_failure(parse_in, NULL), 50);
}
END_TEST

UNIT_MAIN("token/config", config_reads_every_key, config_has_defaults,
		config_says_what_is_wrong_and_where, config_takes_what_fits_together,
		config_refuses_long_lists_and_texts,
		config_errors_are_printable_and_short, config_every_cut,
		config_every_alloc_failure)
