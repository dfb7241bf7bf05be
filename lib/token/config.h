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

/* [map:name]: web identity -> IMS identities. */
struct ep_map
{
	struct ep_view name;
	unsigned line;
	struct ep_template impi;
	const struct ep_template *impus;
	size_t impus_n;
};

/* [issuer:name]: a WAF whose tokens are accepted. */
struct ep_issuer
{
	struct ep_view name;
	unsigned line;
	size_t index; /* in ep_token_policy.issuers, and in a keyring */
	struct ep_view iss;
	struct ep_view jwks; /* an https URL, or a file's path */
	bool jwks_is_file;
	struct ep_view jwks_ca_file; /* absent: the system's */
	uint32_t jwks_refresh_s;
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
	struct ep_view claim_client; /* absent: client_id, else azp */
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
};

/* Holds pointers into its arena and text only: with an arena in shared memory
 * all processes may read it. */
struct ep_token_policy
{
	uint32_t max_token_len;
	uint32_t max_jwks_len;
	uint32_t max_jwks_keys;
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
	char text[160]; /* English, NUL-terminated, values cut short */
};

/* EP_OK; EP_ESYNTAX, EP_ERANGE or EP_ENOENT (a name that no section has) with
 * *error filled; EP_ENOMEM. `text` is copied into the arena. */
enum ep_err ep_token_config_parse(const struct ep_token_policy **out,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error);

#endif
