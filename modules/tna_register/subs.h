/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Dialogs of pages that no INVITE made, or that outlive their call: those of
 * SUBSCRIBE and REFER, both ways (RFC 6665, RFC 3515, RFC 5057).
 *
 * The dialog module knows calls only; here stands one small shared record per
 * dialog, whole in one block that is replaced when it changes. A record names
 * its binding, so a page that comes back on a new connection keeps it. It
 * lives as long as the messages that pass say (lib/tna/subscription.h), and
 * never longer than its binding. A request whose dialog is not known yet has
 * a record without the other end's tag: each end that answers or notifies,
 * by then or later, gets one of its own (forks).
 *
 * Owner: subtab.c. Lock: one per bucket (hash of the binding id), a leaf but
 * for shared memory's own. Any process may call any function after
 * tna_subs_init().
 */
#ifndef EP_TNA_SUBS_H
#define EP_TNA_SUBS_H

#include "dialog.h"

/* Ends that may answer one request. */
#define TNA_SUB_FORKS_MAX 8

/* mod_init. At most `max` records, and `max_each` of one binding (half of
 * them for dialogs that others began). 0 or -1. */
int tna_subs_init(unsigned size, unsigned max, unsigned max_each);
void tna_subs_destroy(void);

/* SUBSCRIBE or REFER `w->m` without a To tag begins something: of the page
 * `mark->id`, or towards it. Causes: OK, SUBS_FULL, MALFORMED, INTERNAL. */
enum ep_tna_cause tna_subs_begin(
		struct tna_work *w, const struct tna_mark *mark);
/* A request within dialog `d`, of the page `id` or towards it, passes. One
 * that begins a subscription within a call makes a record beside the call's.
 * Causes as above. */
enum ep_tna_cause tna_subs_within(struct tna_work *w, const unsigned char *id,
		const struct tna_dialog *d, bool from_wic);
/* An answer passes: of the page, or to a request of it. */
void tna_subs_answer(struct tna_work *w, bool from_wic);

/* Fills *d by its Call-ID and tags; kind NONE: there is none. `from_wic`: for
 * a request of the page. Causes: OK, INTERNAL. */
enum ep_tna_cause tna_subs_get(struct tna_dialog *d, struct ep_arena *arena,
		const unsigned char *id, bool from_wic);
/* Is there one of the binding `id`? */
bool tna_subs_is(const unsigned char *id, struct ep_view callid,
		struct ep_view local_tag, struct ep_view peer_tag);

unsigned tna_subs_count(const unsigned char *id);
unsigned tna_subs_total(void);
/* The binding is over. */
void tna_subs_drop(const unsigned char *id);
/* Once a second, in the module's own process. */
void tna_subs_sweep(uint64_t now_s);

#endif
