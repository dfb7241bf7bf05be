/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The table file of a [map:name] section: web identity -> IMS identities.
 *
 *   # key,             IMPI,              IMPU[, IMPU ...]
 *   248289761001,      alice@home1.net,   sip:alice@home1.net
 *   auth0|6507c,       bob@home1.net,     sip:bob@home1.net, tel:+15550100
 *   "with, or \"odd",  carol@home1.net,   sip:carol@home1.net
 *
 * One row a line. A line that begins with '#' is a comment. A key in double
 * quotes is UTF-8 or any other octets but controls, with \" and \\ for the two
 * that need it; without quotes it is printable ASCII without white space,
 * comma, quote and backslash, and does not begin with '#'. Identities are
 * those that ep_policy_impi_ok() and ep_policy_impu_ok() take.
 *
 * The table keeps 8..16 octets a row besides the text, and no pointer but into
 * its arena and the text: with both in shared memory every process may read
 * it.
 */
#ifndef EP_TOKEN_MAPTABLE_H
#define EP_TOKEN_MAPTABLE_H

#include "token/claims.h"
#include "token/config.h"

#define EP_MAPTABLE_TEXT_MAX (32 * 1024 * 1024)
/* Octets of a key, unescaped. */
#define EP_MAPTABLE_KEY_MAX 512

struct ep_maptable
{
	struct ep_view text;   /* the caller's */
	const uint32_t *slots; /* offset of a row's line plus 1; 0: free */
	size_t slots_n;        /* a power of 2 */
	size_t rows_n;
};

/* Views into the table's text. */
struct ep_map_row
{
	struct ep_view impi;
	size_t impus_n;
	struct ep_view impus[EP_CLAIM_LIST_MAX];
};

/* `text` has to live as long as the table. EP_OK, also for a table without a
 * row; EP_ESYNTAX or EP_ERANGE with *error filled, which never has a key in
 * it; EP_ENOMEM. */
enum ep_err ep_maptable_parse(const struct ep_maptable **out,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error);

/* The row of `key`, compared octet for octet. EP_OK, EP_ENOENT. Looks at a few
 * rows, however many there are. */
enum ep_err ep_maptable_find(struct ep_map_row *out,
		const struct ep_maptable *table, struct ep_view key);

#endif
