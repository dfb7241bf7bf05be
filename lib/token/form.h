/* SPDX-License-Identifier: BSD-2-Clause */
/* A body of type application/x-www-form-urlencoded (HTML 4.01, 17.13.4). */
#ifndef EP_TOKEN_FORM_H
#define EP_TOKEN_FORM_H

#include "base/arena.h"
#include "base/err.h"

/* The value of field `name` (unreserved characters only), decoded; it points
 * into `body` or the arena. EP_OK; EP_ENOENT: not there; EP_ESYNTAX: there
 * twice, or its escapes are broken; EP_ENOMEM. */
enum ep_err ep_form_get(struct ep_view *out, struct ep_view body,
		struct ep_view name, struct ep_arena *arena);

#endif
