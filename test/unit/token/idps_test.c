/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads as well-known servers issue them by default, against the sections
 * that cfg-examples shows for them. Run from the top of the tree. */
#include <stdio.h>
#include "token/maptable.h"
#include "token/policy.h"
#include "fixture.h"

#define EXAMPLE "cfg-examples/epcscf/webrtc_auth-idps.cfg"
#define TENANT "9122040d-6c67-4c5b-b112-36a304b66dad"
#define API "6e74172b-be56-4843-9ff4-e66a39bb12e3"
#define OFFICE "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define USER "b1c2a3d4-5e6f-4a1b-8c9d-0e1f2a3b4c5d"

static const char auth0_map[] =
		"# sub, IMPI, IMPUs\n"
		"auth0|6553da60a54af58e29493993, bob@shop.home1.net, "
		"sip:bob@shop.home1.net, sip:shop@shop.home1.net\n"
		"\"google-oauth2|1072 3\", eve@shop.home1.net, "
		"sip:eve@shop.home1.net\n";

static const char keycloak[] =
		"{\"exp\":1800000300,\"iat\":1800000000,\"auth_time\":1799999999,"
		"\"jti\":\"onrtac:d58f5dc8-fd8f-462b-8a19-716f8f83985b\","
		"\"iss\":\"https://keycloak.example/realms/home\","
		"\"aud\":\"account\",\"sub\":\"36fa0f91-f94d-4a0c-afed-6b7d952e47da\","
		"\"typ\":\"Bearer\",\"azp\":\"portal\","
		"\"sid\":\"2a88c258-f73a-4103-b862-e1fbd8f4e04e\",\"acr\":\"1\","
		"\"allowed-origins\":[\"https://portal.home1.net\"],"
		"\"realm_access\":{\"roles\":[\"default-roles-home\","
		"\"offline_access\",\"uma_authorization\"]},"
		"\"resource_access\":{\"account\":{\"roles\":[\"manage-account\","
		"\"manage-account-links\",\"view-profile\"]}},"
		"\"scope\":\"openid webrtc-ims-client-access-to-ims email profile\","
		"\"email_verified\":true,\"name\":\"Alice Adams\","
		"\"preferred_username\":\"alice\",\"given_name\":\"Alice\","
		"\"family_name\":\"Adams\",\"email\":\"alice@home1.net\"}";

static const char hydra[] =
		"{\"aud\":[],\"client_id\":\"1f5a7c3e-4d0b-4b6e-9a53-0c6a8d2f7b11\","
		"\"exp\":1800003600,\"ext\":{},\"iat\":1800000000,"
		"\"iss\":\"https://hydra.example\","
		"\"jti\":\"c0a3fdbb-8f0d-4c55-8b8e-0f6b4b1d6a77\",\"nbf\":1800000000,"
		"\"scp\":[\"openid\",\"webrtc-ims-client-access-to-ims\"],"
		"\"sub\":\"alice\"}";

static const char auth0[] =
		"{\"iss\":\"https://home1.eu.auth0.com/\","
		"\"sub\":\"auth0|6553da60a54af58e29493993\","
		"\"aud\":[\"https://epcscf.home1.net\","
		"\"https://home1.eu.auth0.com/userinfo\"],"
		"\"iat\":1800000000,\"exp\":1800086400,"
		"\"scope\":\"openid profile webrtc-ims-client-access-to-ims\","
		"\"azp\":\"K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja\"}";

static const char entra_v2[] =
		"{\"aud\":\"" API
		"\","
		"\"iss\":\"https://login.microsoftonline.com/" TENANT
		"/v2.0\","
		"\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800004500,"
		"\"aio\":\"AXQAi/8TAAAA\",\"azp\":\"" OFFICE
		"\",\"azpacr\":\"0\","
		"\"name\":\"Alice Adams\",\"oid\":\"" USER
		"\","
		"\"preferred_username\":\"alice@office.example\","
		"\"rh\":\"0.ARoA\",\"scp\":\"webrtc-ims-client-access-to-ims\","
		"\"sub\":\"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ\","
		"\"tid\":\"" TENANT
		"\",\"uti\":\"fqiBqXLPj0eQa82S-IYFAA\","
		"\"ver\":\"2.0\"}";

static const char entra_v1[] =
		"{\"aud\":\"api://" API
		"\","
		"\"iss\":\"https://sts.windows.net/" TENANT
		"/\","
		"\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800004500,"
		"\"acr\":\"1\",\"aio\":\"AXQAi/8TAAAA\",\"amr\":[\"pwd\",\"mfa\"],"
		"\"appid\":\"" OFFICE
		"\",\"appidacr\":\"0\","
		"\"family_name\":\"Adams\",\"given_name\":\"Alice\","
		"\"ipaddr\":\"192.0.2.7\",\"name\":\"Alice Adams\","
		"\"oid\":\"" USER
		"\",\"rh\":\"0.ARoA\","
		"\"scp\":\"webrtc-ims-client-access-to-ims user_impersonation\","
		"\"sub\":\"5_J9rSss8-jvt_Icu6ueRNL8xXb8LF4Fsg_KooC2RJQ\","
		"\"tid\":\"" TENANT
		"\",\"unique_name\":\"alice@office.example\","
		"\"upn\":\"alice@office.example\","
		"\"uti\":\"FTBKaWsVxk6tNNNnFt8XAA\",\"ver\":\"1.0\"}";

struct idps
{
	struct ep_arena arena;
	const struct ep_token_policy *policy;
};

static void idps_init(struct idps *f)
{
	char *text = mint_get(64 * 1024);
	FILE *file = fopen(EXAMPLE, "r");
	const struct ep_maptable *table;
	struct ep_config_error error;
	size_t n;

	ck_assert_msg(file != NULL, "no %s here", EXAMPLE);
	n = fread(text, 1, 64 * 1024, file);
	fclose(file);
	plain_arena_init(&f->arena);
	ck_assert_msg(ep_token_config_parse(
						  &f->policy, ep_view_of(text, n), &f->arena, &error)
						  == EP_OK,
			"line %u: %s", error.line, error.text);
	ck_assert_int_eq(
			ep_maptable_parse(&table, ep_view_z(auth0_map), &f->arena, &error),
			EP_OK);
	for(size_t i = 0; i < f->policy->maps_n; i++)
		if(f->policy->maps[i].table.p != NULL)
			ep_token_config_table(f->policy, i, table);
}

/* All that follows the signature. */
static enum ep_token_cause accept(struct idps *f, struct ep_claims *claims,
		const struct ep_wwsf **wwsf, const char *text)
{
	static const struct ep_json_limits limits = {8192, 6, 128};
	const struct ep_issuer *issuer;
	const struct ep_json *payload;
	struct ep_view iss;
	enum ep_token_cause cause =
			ep_json_parse(&payload, ep_view_z(text), &limits, &f->arena);

	ck_assert_cause(cause, EP_TOKEN_OK);
	ck_assert_cause(ep_claims_iss(&iss, payload), EP_TOKEN_OK);
	issuer = ep_policy_issuer_find(f->policy, iss);
	ck_assert_ptr_nonnull(issuer);
	ck_assert(ep_policy_typ_ok(issuer, EP_LIT("JWT")));
	cause = ep_claims_decode(claims, payload, issuer, &f->arena);
	ck_assert_cause(cause, EP_TOKEN_OK);
	cause = ep_policy_time_check(issuer, claims, NOW_S + 5);
	ck_assert_cause(cause, EP_TOKEN_OK);
	ck_assert(ep_policy_aud_ok(issuer, &claims->aud));
	ck_assert(ep_policy_scope_has(claims->scope, issuer->scope));
	ck_assert(!ep_policy_is_anonymous(claims));
	cause = ep_policy_token_wwsf(wwsf, f->policy, issuer, claims);
	if(cause == EP_TOKEN_OK)
		cause = ep_policy_identities_check(claims, issuer, *wwsf, &f->arena);
	return cause;
}

#define IDP(name, text, wwsf_id, impi_is, impus_are, impu_is)                  \
	START_TEST(idps_##name##_token_without_ims_claims)                         \
	{                                                                          \
		const struct ep_wwsf *wwsf = NULL;                                     \
		struct ep_claims claims;                                               \
		struct idps f;                                                         \
                                                                               \
		idps_init(&f);                                                         \
		ck_assert_cause(accept(&f, &claims, &wwsf, text), EP_TOKEN_OK);        \
		ck_assert_view_eq(wwsf->id, wwsf_id);                                  \
		ck_assert_view_eq(claims.impi, impi_is);                               \
		ck_assert_uint_eq(claims.impus.n, impus_are);                          \
		ck_assert_view_eq(claims.impus.v[0], impu_is);                         \
		ep_arena_fini(&f.arena);                                               \
	}                                                                          \
	END_TEST

IDP(keycloak, keycloak, "keycloak-portal", "alice_private@home1.net", 1,
		"sip:alice@home1.net")
IDP(hydra, hydra, "hydra-portal", "alice@hydra.home1.net", 1,
		"sip:alice@home1.net")
IDP(auth0, auth0, "auth0-shop", "bob@shop.home1.net", 2,
		"sip:bob@shop.home1.net")
IDP(entra_v2, entra_v2, "entra-office", USER "@entra.home1.net", 1,
		"sip:" USER "@entra.home1.net")
IDP(entra_v1, entra_v1, "entra-office", USER "@entra.home1.net", 1,
		"sip:" USER "@entra.home1.net")

START_TEST(idps_auth0_user_without_a_row)
{
	const struct ep_wwsf *wwsf = NULL;
	char *text = mint_cat(NULL, auth0);
	struct ep_claims claims;
	struct idps f;

	idps_init(&f);
	memcpy(strstr(text, "auth0|655"), "auth0|999", 9);
	ck_assert_cause(accept(&f, &claims, &wwsf, text), EP_TOKEN_MAPPING_MISSING);
	ep_arena_fini(&f.arena);
}
END_TEST

UNIT_MAIN("token/idps", idps_keycloak_token_without_ims_claims,
		idps_hydra_token_without_ims_claims,
		idps_auth0_token_without_ims_claims,
		idps_entra_v2_token_without_ims_claims,
		idps_entra_v1_token_without_ims_claims, idps_auth0_user_without_a_row)
