/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The configuration file of webrtc_auth -> an immutable policy.
 *
 *   # a comment
 *   [global]
 *   max_token_len = 8192
 *
 *   [issuer:home]
 *   iss  = https://waf.home1.net
 *   jwks = https://waf.home1.net/jwks
 *   alg  = ES256, RS256
 *   aud  = epcscf.home1.net
 *   waf  = waf@home1.net
 *   domain = operator
 *
 *   [wwsf:shop]
 *   origin = https://shop.example
 *   issuer = home
 *   client_id = shop
 *   impi = *@home1.net
 *   impu = sip:*@home1.net
 *
 *   [map:staff]
 *   impi = {preferred_username}@home1.net
 *   impu = sip:{preferred_username}@home1.net
 *
 *   [map:partner]
 *   key = sub
 *   table = /etc/kamailio/partner.map
 *
 * One `key = value` a line. `#` at the start of a line or behind white space
 * begins a comment; a value in double quotes is taken as it stands. Lists are
 * separated by commas, and list keys may be repeated.
 * All keys with their limits: the table in config_keys.c.
 */
#ifndef EP_TOKEN_CONFIG_H
#define EP_TOKEN_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "token/template.h"

struct ep_strlist
{
	const struct ep_view *v;
	size_t n;
};

/* Is it one of them, octet for octet? */
bool ep_strlist_has(const struct ep_strlist *list, struct ep_view item);

struct ep_maptable;

enum ep_issuer_domain
{
	EP_DOMAIN_OPERATOR,
	EP_DOMAIN_THIRD_PARTY
};

/* When the REGISTER towards the core names the WAF (TS 33.203 X.3.2.3 step
 * 5.2: for a third party; TS 24.371 A.3.2 step 5 says so without condition). */
enum ep_entity_rule
{
	EP_ENTITY_THIRD_PARTY,
	EP_ENTITY_ALWAYS,
	EP_ENTITY_NEVER
};

/* A token bound to a key of its holder (RFC 7800): SIP over WebSocket has no
 * way to prove the possession. */
enum ep_cnf_rule
{
	EP_CNF_REFUSE,
	EP_CNF_IGNORE
};

/* Where an issuer's metadata stand (RFC 8414 3, 5). */
enum ep_discovery
{
	EP_DISCOVERY_NO,
	EP_DISCOVERY_OAUTH, /* /.well-known/oauth-authorization-server */
	EP_DISCOVERY_OPENID /* /.well-known/openid-configuration */
};

/* Is a token without an audience one for us? One with another never is. */
enum ep_aud_rule
{
	EP_AUD_REQUIRED,
	EP_AUD_OPTIONAL
};

/* Which tokens an issuer is asked about (RFC 7662). */
enum ep_introspect_rule
{
	EP_INTROSPECT_OPAQUE,
	EP_INTROSPECT_ALL /* JWTs too, behind the check of their signature */
};

/* How we authenticate there (RFC 6749 2.3.1). */
enum ep_introspect_auth
{
	EP_INTROSPECT_BASIC,
	EP_INTROSPECT_POST
};

/* What becomes of the name that a pool user writes into From. */
enum ep_from_rule
{
	EP_FROM_KEEP,
	EP_FROM_REPLACE, /* by the registered identity, without display name */
	EP_FROM_REFUSE
};

enum ep_yes_no
{
	EP_NO,
	EP_YES
};

/* [map:name]: web identity -> IMS identities, by templates over the claims, or
 * by a table file (maptable.h). */
struct ep_map
{
	struct ep_view name;
	unsigned line;
	struct ep_template impi;
	const struct ep_template *impus;
	size_t impus_n;
	struct ep_view table; /* absolute path; absent: templates */
	struct ep_view key;   /* the claim that is looked up in the table */
	/* The table's content, set by who read the file; NULL: not read. */
	const struct ep_maptable *content;
};

/* [issuer:name]: a WAF whose tokens are accepted. */
struct ep_issuer
{
	struct ep_view name;
	unsigned line;
	size_t index; /* in ep_token_policy.issuers, and in a keyring */
	struct ep_view iss;
	enum ep_discovery discovery;
	struct ep_view jwks; /* an https URL, or a file's path; absent: by
							discovery, or no key at all (opaque tokens) */
	bool jwks_is_file;
	uint32_t jwks_refresh_s;   /* between two fetches, when the answer's
								  Cache-Control says nothing */
	struct ep_view ca_file;    /* for all HTTPS to this issuer; absent: the
								  system's */
	uint32_t http_timeout_ms;  /* of one request to it */
	bool is_introspected;      /* introspect is set */
	struct ep_view introspect; /* an https URL; absent though is_introspected:
								  by discovery */
	enum ep_introspect_rule introspect_for;
	enum ep_introspect_auth introspect_auth;
	struct ep_view introspect_client;
	struct ep_view introspect_secret_file; /* absolute path */
	uint32_t introspect_cache_s;           /* longest use of a good answer */
	uint32_t introspect_negative_s;        /* of active:false */
	struct ep_strlist logout_aud;          /* aud of log-out tokens (OpenID
											  back-channel); empty: none accepted */
	enum ep_aud_rule aud_rule;
	struct ep_strlist alg;     /* names that ep_sig_alg_find() knows */
	struct ep_strlist aud;     /* one of them must be in the token */
	struct ep_view typ;        /* absent: see ep_policy_typ_check() */
	struct ep_strlist require; /* claims that must be there besides */
	enum ep_cnf_rule cnf;
	struct ep_view waf;
	enum ep_issuer_domain domain;
	enum ep_entity_rule entity;
	struct ep_view scope;
	uint32_t skew_s;
	uint32_t max_lifetime_s; /* 0: no limit */
	struct ep_view claim_impi;
	struct ep_view claim_impu;
	struct ep_view claim_wwsf;   /* absent: the client names the WWSF */
	struct ep_view claim_waf;    /* absent: not looked at */
	struct ep_view claim_client; /* absent: client_id, else azp,
								  else appid */
	struct ep_view claim_scope;  /* absent: scope, else scp */
	struct ep_view map_name;
	const struct ep_map *map; /* NULL: from the claims */
};

/* [wwsf:id]: a web server whose pages may connect. */
struct ep_wwsf
{
	struct ep_view id;
	unsigned line;
	struct ep_strlist origin; /* as ep_origin_print() writes them */
	struct ep_strlist issuer; /* names of issuer sections */
	struct ep_strlist client_id;
	struct ep_strlist impi; /* globs over the IMPI */
	struct ep_strlist impu; /* globs over the canonical IMPU */
	/* Globs over the IMPI that are this WWSF's alone (TS 33.203 X.4.2.3 NOTE
	 * 8): its pool, whose identities it lends. Each lies within one of `impi`,
	 * and meets no `impi` of another WWSF. */
	struct ep_strlist pool;
	enum ep_yes_no anonymous; /* tokens that speak for no user are taken, for
								 pool identities only */
	enum ep_yes_no one_connection; /* a token serves one connection */
	uint32_t max_registrations;    /* connections at once; 0: no limit, as in
									  the three below */
	uint32_t max_calls;            /* at once */
	uint32_t max_call_s;           /* longest call */
	uint32_t call_s_per_day;       /* of all calls together, UTC days */
	struct ep_strlist destination; /* globs over the canonical target of an
									  initial request; empty: all */
	enum ep_from_rule from;        /* for identities of its pool */
};

/* Holds pointers into its arena and text only: with an arena in shared memory
 * all processes may read it. */
struct ep_token_policy
{
	uint32_t max_token_len;
	uint32_t max_jwks_len;
	uint32_t max_jwks_keys;
	uint32_t cache_s;     /* longest use of a verified JWT's result; 0: none */
	uint32_t max_pending; /* introspections at once; beyond: 503 */
	uint32_t source_failures_per_minute; /* refused tokens of one source
											(IPv4, IPv6 /64); 0: no limit */
	uint32_t source_cost_ms;  /* signature time per second that one source may
								 cost before it has shown a good token; 0: no
								 limit */
	uint32_t identity_status; /* 401 or 403: identity and scope violations */
	const struct ep_issuer *issuers;
	size_t issuers_n;
	const struct ep_wwsf *wwsfs;
	size_t wwsfs_n;
	const struct ep_map *maps;
	size_t maps_n;
};

#define EP_CONFIG_TEXT_MAX (1024 * 1024)

/* Where and why a configuration was refused. */
struct ep_config_error
{
	unsigned line;  /* from 1; 0: the file as a whole */
	char text[320]; /* English, NUL-terminated, values cut short */
};

/* EP_OK; EP_ESYNTAX, EP_ERANGE or EP_ENOENT (a name that no section has) with
 * *error filled; EP_ENOMEM. `text` is copied into the arena. */
enum ep_err ep_token_config_parse(const struct ep_token_policy **out,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error);
/* Gives maps[i] of a policy that was just parsed its table's content, which
 * has to live as long. A policy with a map whose table was not given answers
 * for none of its users (EP_TOKEN_NO_MEMORY). */
void ep_token_config_table(const struct ep_token_policy *policy, size_t i,
		const struct ep_maptable *content);

#endif
