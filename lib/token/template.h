/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Text with the values of claims in it: sip:{preferred_username}@home1.net
 *
 * Parsed once, when the configuration is read; expanded for each token.
 */
#ifndef EP_TOKEN_TEMPLATE_H
#define EP_TOKEN_TEMPLATE_H

#include "base/err.h"
#include "token/json.h"

/* Literal text, then (if present) a claim's name. */
struct ep_template_part
{
	struct ep_view literal;
	struct ep_view claim; /* absent in the last part */
};

struct ep_template
{
	const struct ep_template_part *v; /* in the arena, views into `text` */
	size_t n;                         /* 0: no template */
};

/* EP_ESYNTAX: a brace without its partner, an empty name, no claim at all
 * (every user would get the same identity). EP_ENOMEM. */
enum ep_err ep_template_parse(
		struct ep_template *out, struct ep_view text, struct ep_arena *arena);

/* EP_TOKEN_OK; EP_TOKEN_MAPPING_MISSING: no such claim, so this web identity
 * has no IMS identity; EP_TOKEN_CLAIM_TYPE: not a string;
 * EP_TOKEN_CLAIM_VALUE: empty, or with an octet other than letters, digits and
 * -._~!*+ (what else could end the user part, a URI or a quoted string);
 * EP_TOKEN_NO_MEMORY. */
enum ep_token_cause ep_template_expand(struct ep_view *out,
		const struct ep_template *template, const struct ep_json *claims,
		struct ep_arena *arena);

#endif
