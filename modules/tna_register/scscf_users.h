/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What the S-CSCF remembers of a private identity: the list of allowed WAFs
 * and WWSFs as the HSS gave it, and when somebody registered. One shared block
 * a user, buckets with a lock each, capped: the least used goes first.
 *
 * Every lock is a leaf but for tna_users_undo(), which sends under its
 * bucket's lock: it must not be called from cdp's time-out callback (scscf.c
 * of the check asks nothing there either).
 */
#ifndef EP_TNA_SCSCF_USERS_H
#define EP_TNA_SCSCF_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Octets of an AVP 656 that are kept. */
#define TNA_LIST_MAX 8192

enum tna_listed
{
	TNA_LISTED_UNKNOWN, /* the HSS said nothing yet */
	TNA_LISTED_NONE,    /* it has no list for this user */
	TNA_LISTED_LIST
};

struct tna_allowed
{
	enum tna_listed listed;
	bool fresh;          /* need not be asked for again: the HSS tells us what
							changes, because the user is registered here */
	bool stale;          /* it may say something else by now */
	uint64_t age_ms;     /* since the HSS said so */
	struct ep_view list; /* data of AVP 656, with TNA_LISTED_LIST */
};

/* 0 or -1. `fresh_ms`: how long what the HSS said is fresh. */
int tna_users_init(unsigned max, uint64_t fresh_ms);
void tna_users_destroy(void);
unsigned tna_users_count(void);

/* The list of this user; a copy in the arena. EP_OK, EP_ENOMEM. */
enum ep_err tna_users_get(
		struct tna_allowed *out, struct ep_view impi, struct ep_arena *arena);
/* What the HSS says; TNA_LISTED_LIST comes with `list`. EP_OK, EP_ENOMEM, or
 * EP_ERANGE for a list over TNA_LIST_MAX. */
enum ep_err tna_users_put(
		struct ep_view impi, enum tna_listed listed, struct ep_view list);
/* The HSS does not tell us any more what changes: ask again next time. */
void tna_users_stale(struct ep_view impi);

/* A REGISTER of this user goes to the registrar now, or may do so. It lasts
 * `registered_s`; 0: we cannot say. */
void tna_users_touch(struct ep_view impi, uint32_t registered_s);
/* The registrar's own SAR was answered with success. */
void tna_users_registered(struct ep_view impi);

enum tna_undo
{
	TNA_UNDO_DONE,  /* `send` was called */
	TNA_UNDO_LATER, /* somebody may be about to register: ask again */
	TNA_UNDO_NEVER  /* the user came in another way meanwhile */
};

/* May a registration at the HSS be taken back that our question of `since_ms`
 * made? If so, calls `send` before anybody else is let in. */
enum tna_undo tna_users_undo(struct ep_view impi, uint64_t since_ms,
		void (*send)(void *ctx), void *ctx);

/* Forgets who was not seen for long; a part of the table at each call. */
void tna_users_sweep(void);

#endif
