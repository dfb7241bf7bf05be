/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Keeps Kamailio's account of its shared memory true in a process that opens
 * many TLS connections by libcurl.
 *
 * tls.so gives OpenSSL Kamailio's shared memory to allocate from, and refuses
 * every TLS operation when Kamailio's account says that little is left.
 * q_malloc, the default manager, gives a block that is made smaller back, but
 * not in its account (qm_realloc() in 5.6 and 6.0 takes split_frag()'s 0 for a
 * failure). Each SSL_CTX_new() makes a block of 17 kB smaller, and libcurl
 * makes an SSL_CTX per connection: after some 2,500 connections to WAFs a
 * Kamailio with 64 MB would let no browser in.
 */
#ifndef EP_WEBRTC_AUTH_SHMFIX_H
#define EP_WEBRTC_AUTH_SHMFIX_H

/* In this process blocks in shared memory are not made smaller from now on:
 * they keep their size until they are freed. */
void ep_shmfix_begin(void);

#endif
