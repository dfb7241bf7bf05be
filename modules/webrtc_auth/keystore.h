/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * JWKS texts in shared memory: written by the worker process, read by all.
 *
 * One record per issuer, named by the issuer's section and by the source (URL
 * or path) its text came from: a text from another source is never used, also
 * not for the moment between a reload and the first fetch.
 */
#ifndef EP_WEBRTC_AUTH_KEYSTORE_H
#define EP_WEBRTC_AUTH_KEYSTORE_H

#include <time.h>

#include "base/err.h"
#include "base/view.h"

struct ep_keystore_state
{
	unsigned generation; /* of the text; 0: there is none */
	time_t ok_s;         /* when the source last gave a good set; 0: never */
	time_t tried_s;      /* when it was last asked; 0: never */
	char error[160];     /* why it did not, the last time; "" when it did */
};

/* Before fork. EP_OK or EP_ENOMEM. */
enum ep_err ep_keystore_init(void);
void ep_keystore_fini(void);

/* Changes whenever anything in the store does. Cheap. */
unsigned ep_keystore_generation(void);

/* EP_OK or EP_ENOENT. */
enum ep_err ep_keystore_get(struct ep_keystore_state *out,
		struct ep_view issuer, struct ep_view source);
/* The text as a pkg block (the caller frees text->p's block: *block) and its
 * generation. EP_OK, EP_ENOENT, EP_ENOMEM. */
enum ep_err ep_keystore_text(char **block, struct ep_view *text,
		unsigned *generation, struct ep_view issuer, struct ep_view source);

/* The worker's: a good set came, or did not. The same text again keeps its
 * generation. EP_OK or EP_ENOMEM. */
enum ep_err ep_keystore_put(struct ep_view issuer, struct ep_view source,
		struct ep_view text, time_t now_s);
enum ep_err ep_keystore_fail(struct ep_view issuer, struct ep_view source,
		const char *error, time_t now_s);
/* Removes the records that `keep` says no to. */
void ep_keystore_prune(
		bool (*keep)(struct ep_view issuer, struct ep_view source, void *ctx),
		void *ctx);

/* From any process: somebody needs newer keys of this issuer; "" for all. */
void ep_keystore_want(struct ep_view issuer);
/* The worker's: was that said since the last time? */
bool ep_keystore_wanted(struct ep_view issuer);

#endif
