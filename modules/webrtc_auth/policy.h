/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The configuration and the keys, as this process uses them.
 *
 * The configuration's text stands in shared memory under a generation number;
 * each process parses it for itself, and makes its own keys from keystore.h,
 * when it sees another generation, at its next use. No OpenSSL object is ever
 * shared.
 */
#ifndef EP_WEBRTC_AUTH_POLICY_H
#define EP_WEBRTC_AUTH_POLICY_H

#include <time.h>

#include "token/config.h"
#include "token/keyset.h"

/* The file is read and checked. Before fork: text only, no key is touched.
 * 0, or -1 with the reason logged. */
int ep_policy_init(const char *path);
void ep_policy_fini(void);

/* Reads the file again, checks it, and only then puts it in the place of the
 * old one. EP_OK; else the old one stays, and *error says why. */
enum ep_err ep_policy_reload(struct ep_config_error *error);
unsigned ep_policy_generation(void);

/* This process's policy, brought up to date; NULL when it could not be made
 * even once (memory). Valid until the next call in this process. */
const struct ep_token_policy *ep_policy_get(void);
/* The same with keys: ring->sets[i] is NULL while there are none for issuer i,
 * or when those there are older than modparam keys_max_age. Valid until the
 * next call of either function. */
const struct ep_token_policy *ep_policy_keys_get(
		struct ep_keyring *ring, time_t now_s);

#endif
