/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Makes OpenSSL's per-thread state per process.
 *
 * tls.so gives OpenSSL Kamailio's shared memory to allocate from. What OpenSSL
 * 3 keeps per thread (error queue, random generators) is made by the main
 * process before the fork, so all children go on with one and the same copy of
 * it in shared memory, without a lock: freed twice and overwritten as soon as
 * two of them do TLS handshakes at a time. Kamailio before 5.7.4 has no cure,
 * later ones the setting tls_threads_mode=2, which does no harm beside this.
 */
#ifndef EP_WEBRTC_AUTH_FORKS_H
#define EP_WEBRTC_AUTH_FORKS_H

/* In mod_init. Every child forgets what it inherited and makes its own. 0 or
 * -1 with the reason logged. */
int ep_forks_init(void);

#endif
