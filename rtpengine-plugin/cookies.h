/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Who repeats a command gets the answer of the first. A command is the same
 * when address, cookie and every octet behind it are: Kamailio's cookies begin
 * anew with each of its starts.
 *
 * The cookie towards rtpengine is made of just these, so that a command that
 * is repeated over our own restart meets rtpengine's cookies instead.
 */
#ifndef EP_IQ_COOKIES_H
#define EP_IQ_COOKIES_H

#include "north.h"
#include "south.h"

struct ep_cookie_id
{
	uint64_t h[2];
};

enum ep_cookie_state
{
	EP_COOKIE_NEW,
	EP_COOKIE_INFLIGHT,
	EP_COOKIE_ANSWERED,
	EP_COOKIE_FULL /* too many under way, or no memory */
};

struct ep_cookie
{
	struct ep_cookie_id id;
	struct ep_peer peer;   /* of the last that came */
	struct ep_view cookie; /* as the peer wrote it */
	char *answer;          /* the whole datagram; NULL: in flight */
	size_t answer_len;
	uint64_t until_ms;
	struct ep_cookie *next_hash, *next_done;
};

int ep_cookies_init(struct ep_iq *iq);
void ep_cookies_fini(struct ep_iq *iq);

void ep_cookie_id_make(struct ep_cookie_id *out, const struct ep_peer *from,
		struct ep_view cookie, struct ep_view dict);
/* The cookie for rtpengine, with its NUL. */
void ep_cookie_south(
		char out[EP_SOUTH_COOKIE_LEN + 1], const struct ep_cookie_id *id);

/* *out: unless FULL. A NEW one is in flight from now on. */
enum ep_cookie_state ep_cookies_begin(struct ep_cookie **out, struct ep_iq *iq,
		const struct ep_cookie_id *id, const struct ep_peer *from,
		struct ep_view cookie);
/* Keeps the answer (as far as there is room). `c` may be gone after it. */
void ep_cookies_end(
		struct ep_iq *iq, struct ep_cookie *c, struct ep_view answer);
size_t ep_cookies_inflight_n(const struct ep_iq *iq);
size_t ep_cookies_bytes(const struct ep_iq *iq);

#endif
