/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Registration information documents: application/reginfo+xml (RFC 3680 5,
 * with the wildcardedIdentity of TS 24.229 7.10). Other extensions (GRUU,
 * actions, policies, display names) are read over.
 *
 * libxml2 splits the text; what it allocates is gone when the call returns.
 * A document type declaration is refused (so there is no entity but XML's
 * own), nothing is fetched, the encoding is UTF-8 whatever the text says.
 */
#ifndef EP_TNA_REGINFO_H
#define EP_TNA_REGINFO_H

#include "base/arena.h"
#include "base/err.h"

#define EP_REGINFO_TEXT_MAX 65536 /* octets of a document */
#define EP_REGINFO_DEPTH_MAX 16   /* elements within elements */
#define EP_REGINFO_ITEMS_MAX 1024 /* registrations, contacts and parameters */
#define EP_REGINFO_CHARS_MAX 2048 /* octets of one URI or parameter */

enum ep_reg_event
{
	EP_REG_EVENT_OTHER, /* absent, or not in RFC 3680 */
	EP_REG_REGISTERED,
	EP_REG_CREATED,
	EP_REG_REFRESHED,
	EP_REG_SHORTENED,
	EP_REG_EXPIRED,
	EP_REG_DEACTIVATED,
	EP_REG_PROBATION,
	EP_REG_UNREGISTERED,
	EP_REG_REJECTED
};

struct ep_reg_param
{
	const struct ep_reg_param *next;
	struct ep_view name, value; /* of unknown-param; value trimmed */
};

struct ep_reg_contact
{
	const struct ep_reg_contact *next;
	struct ep_view id;
	struct ep_view uri;    /* trimmed, entities resolved */
	struct ep_view callid; /* or absent */
	bool active;           /* state: "active", else "terminated" */
	enum ep_reg_event event;
	bool has_expires;
	uint32_t expires_s;
	bool has_cseq;
	uint32_t cseq;
	const struct ep_reg_param *params;
};

enum ep_reg_state
{
	EP_REG_INIT,
	EP_REG_ACTIVE,
	EP_REG_TERMINATED
};

struct ep_reg_registration
{
	const struct ep_reg_registration *next;
	struct ep_view aor;
	struct ep_view id;
	struct ep_view wildcard; /* wildcardedIdentity; or absent */
	enum ep_reg_state state;
	const struct ep_reg_contact *contacts;
};

/* In document order; all text is the arena's. */
struct ep_reginfo
{
	uint32_t version;
	bool full; /* state: "full", else "partial" */
	const struct ep_reg_registration *registrations;
};

/* EP_OK; EP_ESYNTAX: not well-formed, a DOCTYPE, or no reginfo document
 * (what RFC 3680 requires is missing or has another value); EP_ERANGE: beyond
 * a limit above; EP_ENOMEM. *out is only written with EP_OK. */
enum ep_err ep_reginfo_parse(
		struct ep_reginfo *out, struct ep_view text, struct ep_arena *arena);

#endif
