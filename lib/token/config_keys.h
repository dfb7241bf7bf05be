/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the three files behind config.h share.
 *
 * config_keys.c: the table of keys: what may stand in which section, and how a
 * value gets into the section's struct. A new key is a new row (and a field).
 * config_check.c: what sections say about each other.
 * config.c: lines, sections, required keys.
 */
#ifndef EP_TOKEN_CONFIG_KEYS_H
#define EP_TOKEN_CONFIG_KEYS_H

#include "token/config.h"

enum ep_config_section
{
	EP_SECTION_GLOBAL,
	EP_SECTION_ISSUER,
	EP_SECTION_WWSF,
	EP_SECTION_MAP,
	EP_SECTION_N
};

/* Entries one list may have. */
#define EP_CONFIG_LIST_MAX 256

struct ep_config_key;

/* Stores `value` into `field`. EP_OK, EP_ENOMEM, EP_ESYNTAX, EP_ERANGE. */
typedef enum ep_err (*ep_config_setter)(const struct ep_config_key *key,
		void *field, struct ep_view value, struct ep_arena *arena);

struct ep_config_key
{
	enum ep_config_section section;
	const char *name;
	ep_config_setter set;
	size_t offset; /* of the field in the section's struct */
	bool required;
	bool repeats;             /* a list: may stand on several lines */
	uint32_t min, max;        /* numbers */
	const char *const *words; /* enumerations: words in the enum's order */
	const char *expected;     /* "expected ..." in an error message */
};

extern const struct ep_config_key ep_config_keys[];
extern const size_t ep_config_keys_n; /* at most 64: see config.c */

/* NULL if the section has no such key. */
const struct ep_config_key *ep_config_key_find(
		enum ep_config_section section, struct ep_view name);

/* The values where a key is left out: before the section's first line, and
 * (for lists, which lines add to) behind its last. */
void ep_config_issuer_defaults(struct ep_issuer *issuer);
void ep_config_issuer_finish(struct ep_issuer *issuer);
void ep_config_map_finish(struct ep_map *map);
void ep_config_policy_defaults(struct ep_token_policy *policy);

/* Says the key the same in two sections of one kind? */
bool ep_config_key_same(
		const struct ep_config_key *key, const void *a, const void *b);

/* Appends to a list in the arena; EP_OK, EP_ENOMEM, EP_ERANGE. */
enum ep_err ep_strlist_add(
		struct ep_strlist *list, struct ep_view item, struct ep_arena *arena);

/* A message: "where: what", made printable, `where` cut short; *error is
 * filled. Returns `err`. */
enum ep_err ep_config_fail(struct ep_config_error *error, unsigned line,
		enum ep_err err, struct ep_view where, const char *what);

/* Names of sections that other sections use, and what must not be in two
 * sections; sets ep_issuer.map. The issuers are those of `policy`. EP_OK,
 * EP_ENOENT, EP_ESYNTAX. */
enum ep_err ep_config_check(struct ep_token_policy *policy,
		struct ep_issuer *issuers, struct ep_config_error *error);

#endif
