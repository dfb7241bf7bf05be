/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * One issuer, as the worker process fetches from it: its keys (jwks.h), its
 * metadata (discovery.h), and where its tokens are introspected
 * (introspect.h). Only in the worker process.
 */
#ifndef EP_WEBRTC_AUTH_SOURCE_H
#define EP_WEBRTC_AUTH_SOURCE_H

#include <sys/types.h>
#include <time.h>

#include "token/config.h"
#include "webrtc_auth/http.h"

struct ep_source
{
	const struct ep_issuer *issuer; /* of the policy of ep_sources_policy() */

	/* keys */
	char *keys; /* URL or path, NUL-terminated, in pkg; NULL: none known */
	time_t due_s;
	bool failed; /* the last time: a change of that is logged */
	struct ep_http *keys_http;
	struct timespec mtime; /* of the file as it was last read */
	off_t size;

	/* metadata */
	time_t metadata_due_s, metadata_tried_s;
	bool metadata_failed;
	struct ep_http *metadata_http;
	bool is_discovered; /* at least once */

	/* introspection */
	char *introspect; /* URL; NULL: none known */
	char *secret;     /* the client's; "" without one; NULL: not readable */
};

/* The policy the sources were made from, or NULL. */
const struct ep_token_policy *ep_sources_policy(void);
/* By the name of its section; NULL: there is none. */
struct ep_source *ep_source_find(struct ep_view name);
/* Is a request of ours for keys at this URL under way? */
bool ep_sources_fetch(const char *url);

/* Starts what is due. */
void ep_sources_step(void);

/* A NUL-terminated pkg copy, or NULL. */
char *ep_text_copy(struct ep_view v);
/* Puts a copy of v (absent: NULL) into *text. False: out of memory, and *text
 * is as it was. */
bool ep_text_set(char **text, struct ep_view v);
void ep_text_free(char **text);

#endif
