/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What is known of the issuers, in shared memory: their JWKS texts, and how
 * the last exchanges with them went. Written by the worker process (and about
 * introspection answers by who reads them), read by all.
 *
 * One record per issuer, named by the issuer's section and by where its text
 * came from (URL, path, or discovery from its iss): a text from another source
 * is never used, also not for the moment between a reload and the first fetch.
 */
#ifndef EP_WEBRTC_AUTH_KEYSTORE_H
#define EP_WEBRTC_AUTH_KEYSTORE_H

#include <time.h>

#include "base/err.h"
#include "token/config.h"

/* Longest part of a URL and of a reason that is kept, for kamcmd. */
#define EP_KEYSTORE_URL_MAX 512
#define EP_KEYSTORE_ERROR_MAX 160

struct ep_keystore_state
{
	unsigned generation; /* of the text; 0: there is none */
	time_t ok_s;         /* when the source last gave a good set; 0: never */
	time_t tried_s;      /* when it was last asked; 0: never */
	/* why it did not, the last time; "" when it did; so below */
	char error[EP_KEYSTORE_ERROR_MAX];
	char jwks[EP_KEYSTORE_URL_MAX];       /* discovered; "" */
	char introspect[EP_KEYSTORE_URL_MAX]; /* discovered; "" */
	time_t metadata_ok_s;                 /* 0: never */
	char metadata_error[EP_KEYSTORE_ERROR_MAX];
	time_t introspect_ok_s; /* 0: never */
	char introspect_error[EP_KEYSTORE_ERROR_MAX];
};

/* Before fork. EP_OK or EP_ENOMEM. */
enum ep_err ep_keystore_init(void);
void ep_keystore_fini(void);

/* Changes whenever anything in the store does. Cheap. */
unsigned ep_keystore_generation(void);

/* EP_OK or EP_ENOENT. */
enum ep_err ep_keystore_get(
		struct ep_keystore_state *out, const struct ep_issuer *issuer);
/* The text as a pkg block (the caller frees text->p's block: *block) and its
 * generation. EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err ep_keystore_text(char **block, struct ep_view *text,
		unsigned *generation, const struct ep_issuer *issuer);

/* The worker's: a good set came, or did not. The same text again keeps its
 * generation. EP_OK or EP_ENOMEM. */
enum ep_err ep_keystore_put(
		const struct ep_issuer *issuer, struct ep_view text, time_t now_s);
enum ep_err ep_keystore_fail(
		const struct ep_issuer *issuer, const char *error, time_t now_s);
/* The worker's: what discovery found, absent if not; or why nothing (`error`
 * not NULL): what was found before stays. EP_OK or EP_ENOMEM. */
enum ep_err ep_keystore_discovered(const struct ep_issuer *issuer,
		struct ep_view jwks, struct ep_view introspect, const char *error,
		time_t now_s);
/* Introspection was answered, or not (`error` not NULL). True: that is a
 * change, which is worth a log line. */
bool ep_keystore_introspected(
		const struct ep_issuer *issuer, const char *error, time_t now_s);
/* Removes the records that no issuer of this policy has any more. */
void ep_keystore_prune(const struct ep_token_policy *policy);

enum ep_keystore_want
{
	EP_WANT_NOTHING,
	EP_WANT_KEYS,    /* there is a kid that nobody knows */
	EP_WANT_METADATA /* that too: an operator asks */
};

/* From any process: the set has no key of this kid. True: that is known to be
 * so, for somebody asked for it before, and the set that is there now was asked
 * for behind that and less than window_s ago. False: it may be newer than the
 * set, and somebody has to look (ep_keystore_want()). However many kids are
 * asked for: of one that is about to appear true is never said. */
bool ep_keystore_kid_absent(const struct ep_issuer *issuer, struct ep_view kid,
		time_t now_s, int window_s);
/* The worker's: it begins to ask for the set that the next put() brings. */
void ep_keystore_begin(const struct ep_issuer *issuer);

/* From any process: somebody needs newer ones of this issuer; "" for all. */
void ep_keystore_want(struct ep_view issuer, enum ep_keystore_want what);
/* The worker's: what was said since the last time? */
enum ep_keystore_want ep_keystore_wanted(struct ep_view issuer);

#endif
