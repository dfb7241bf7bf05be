/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Contact and Expires of REGISTER and of its 200 OK: reading them, limiting
 * how long they say, and taking `;alias=` out (Kamailio would route by it).
 * RFC 3261 10.2.1.1, 20.10, 20.19; RFC 5626 4.1.
 */
#ifndef EP_TNA_CONTACT_H
#define EP_TNA_CONTACT_H

#include "base/hdredit.h"
#include "tna/cause.h"

#define EP_TNA_CONTACTS_MAX 16

struct ep_tna_contact
{
	struct ep_view uri;      /* without `alias` */
	struct ep_view instance; /* +sip.instance without its quotes; or absent */
	struct ep_view reg_id;   /* or absent */
	uint32_t expires_s;      /* that counts for it, limited */
};

struct ep_tna_contacts
{
	struct ep_tna_contact *v;
	size_t n;
	bool star; /* `Contact: *`, n is 0 then */
};

/* The expiry `text` of a contact or an Expires header: digits, no more than
 * 2^32-1 (as RFC 3261 allows); anything else counts as 3600 s. */
uint32_t ep_expires_parse(struct ep_view text);

/* Adds to `edits` what makes every expiry of REGISTER `m` at most `limit_s`:
 * 0 stays 0, one that is absent everywhere becomes an Expires header with the
 * smaller of `default_s` and `limit_s`; removes `alias`.
 * EP_TNA_OK, MALFORMED, CONTACTS ('*' with another contact or without
 * "Expires: 0", or more than EP_TNA_CONTACTS_MAX), INTERNAL. */
enum ep_tna_cause ep_tna_contacts_plan(struct ep_tna_contacts *out,
		struct ep_hdredits *edits, const struct ep_msg *m, uint32_t default_s,
		uint32_t limit_s, struct ep_arena *arena);

/* Adds to `edits` what takes `alias` out of every Contact of any message.
 * EP_TNA_OK, MALFORMED, INTERNAL. */
enum ep_tna_cause ep_tna_contacts_clean(struct ep_hdredits *edits,
		const struct ep_msg *m, struct ep_arena *arena);

/* The same as ep_tna_contacts_plan for a 200 OK: only the contact `sent` is
 * limited and told (other devices of the user keep theirs, and may be odd);
 * *expires_s is its expiry. When it is not in the list: 0 if it was sent with
 * 0, else the longest of the list, else of the Expires header, else 0. `sent`
 * is NULL when none or '*' was sent. */
enum ep_tna_cause ep_tna_contacts_reply_plan(uint32_t *expires_s,
		struct ep_hdredits *edits, const struct ep_msg *m,
		const struct ep_tna_contact *sent, uint32_t limit_s,
		struct ep_arena *arena);

#endif
