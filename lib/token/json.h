/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A strict JSON reader (RFC 8259) for what strangers send.
 *
 * Refused: duplicate member names (after unescaping), octets behind the value,
 * numbers of more than 18 digits before the point or an exponent above 280,
 * text that is not UTF-8, NUL in any string (also as \u0000), lone surrogates,
 * anything over the limits. Size is looked at before the first octet is read;
 * depth before a level is entered.
 */
#ifndef EP_TOKEN_JSON_H
#define EP_TOKEN_JSON_H

#include "base/arena.h"
#include "token/cause.h"

enum ep_json_type
{
	EP_JSON_NULL,
	EP_JSON_FALSE,
	EP_JSON_TRUE,
	EP_JSON_INT,    /* no fraction, no exponent, |n| <= 2^53 */
	EP_JSON_NUMBER, /* every other number: only its text is kept */
	EP_JSON_STRING,
	EP_JSON_ARRAY,
	EP_JSON_OBJECT
};

/* A value. Nodes and unescaped strings are in the arena; strings without
 * escapes are views into the text that was parsed. */
struct ep_json
{
	enum ep_json_type type;
	struct ep_view name; /* of an object's member; else absent */
	struct ep_view str;  /* STRING: unescaped; INT, NUMBER: as written */
	int64_t num;         /* INT */
	const struct ep_json *first; /* ARRAY, OBJECT: first child, or NULL */
	const struct ep_json *next;  /* next sibling, or NULL */
};

struct ep_json_limits
{
	size_t size;     /* octets of the text */
	size_t depth;    /* of arrays and objects in each other; 1: no nesting */
	size_t members;  /* of one object: each is compared with all before it */
	size_t elements; /* of one array; 0: as many as members */
};

/* EP_TOKEN_OK; EP_TOKEN_JSON_SYNTAX, _DUPLICATE, _LIMIT, _TEXT;
 * EP_TOKEN_NO_MEMORY. *out is untouched unless EP_TOKEN_OK. */
enum ep_token_cause ep_json_parse(const struct ep_json **out,
		struct ep_view text, const struct ep_json_limits *limits,
		struct ep_arena *arena);

/* The member `name`; NULL if there is none or `object` is no object. */
const struct ep_json *ep_json_get(
		const struct ep_json *object, struct ep_view name);

/* The string member `name` as *out, absent if there is none: EP_TOKEN_OK;
 * EP_TOKEN_CLAIM_TYPE: no string; EP_TOKEN_CLAIM_VALUE: empty, or with control
 * characters, which would reach headers and logs. */
enum ep_token_cause ep_json_text(
		struct ep_view *out, const struct ep_json *object, struct ep_view name);

#endif
