/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A token's result <-> octets without pointers: for memory that processes
 * share.
 *
 * Numbers are unsigned LEB128 in their shortest form, texts a number (length
 * + 1; 0: absent) and their octets. There is one text for each result, the
 * same on every machine: what unpacks, packs to the same octets again.
 */
#ifndef EP_TOKEN_RESULTPACK_H
#define EP_TOKEN_RESULTPACK_H

#include "base/buf.h"
#include "token/verify.h"

/* More identities than this are not packed. */
#define EP_RESULTPACK_IMPUS_MAX 64

/* Appends to `out`; what does not fit sets its `overflow`. EP_OK; EP_ERANGE:
 * the result is not one that ep_token_result_unpack() would take. */
enum ep_err ep_token_result_pack(
		struct ep_buf *out, const struct ep_token_result *result);

/* Views point into `packed`; the list of IMPUs is in the arena. EP_OK;
 * EP_ESYNTAX: not what a pack wrote, with nothing in front or behind;
 * EP_ENOMEM. */
enum ep_err ep_token_result_unpack(struct ep_token_result *out,
		struct ep_view packed, struct ep_arena *arena);

#endif
