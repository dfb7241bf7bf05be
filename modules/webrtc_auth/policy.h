/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The configuration and the keys, as this process uses them.
 *
 * The configuration's text and the tables of its maps stand in shared memory
 * under a generation number; each process parses the text for itself, and makes
 * its own keys from keystore.h, when it sees another generation, at its next
 * use. The tables are taken apart once, for all. No OpenSSL object is ever
 * shared.
 */
#ifndef EP_WEBRTC_AUTH_POLICY_H
#define EP_WEBRTC_AUTH_POLICY_H

#include <time.h>

#include "base/buf.h"
#include "token/config.h"
#include "token/keyset.h"

/* The file is read and checked. Before fork: text only, no key is touched.
 * 0, or -1 with the reason logged. */
int ep_policy_init(const char *path);
void ep_policy_fini(void);

/* Reads the file and its tables again, checks them, and only then puts them in
 * the place of the old ones. EP_OK, and `changes` (may be NULL) says what is
 * different (ep_policy_diff_print()); else the old ones stay, and *error says
 * why. */
enum ep_err ep_policy_reload(
		struct ep_config_error *error, struct ep_buf *changes);
unsigned ep_policy_generation(void);

/* This process's policy, brought up to date; NULL when there is no memory for
 * it: an old one is never used on. Valid until the next call in this process.
 */
const struct ep_token_policy *ep_policy_get(void);
/* Does it have an issuer's section of this name? */
bool ep_policy_has_issuer(struct ep_view name);
/* The same with keys: ring->sets[i] is NULL while there are none for issuer i,
 * or when those there are older than modparam keys_max_age. Valid until the
 * next call of either function. */
const struct ep_token_policy *ep_policy_keys_get(
		struct ep_keyring *ring, time_t now_s);
/* Generations of what these last gave to this process: of the configuration,
 * which is an older one where the newest did not fit in memory; and of the
 * text that one issuer's keys were made from (0: none). */
unsigned ep_policy_used_generation(void);
unsigned ep_policy_keys_generation(size_t issuer_index);

#endif
