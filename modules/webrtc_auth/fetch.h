/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Gets the issuers' JWKS, by HTTPS or from files, into keystore.h. Only in the
 * worker process, and no call into libcurl happens anywhere else.
 */
#ifndef EP_WEBRTC_AUTH_FETCH_H
#define EP_WEBRTC_AUTH_FETCH_H

/* 0 or -1. After the fork. */
int ep_fetch_init(void);

/* Starts what is due, moves what is under way, and sleeps at most `max_ms`, or
 * until wake_fd can be read. */
void ep_fetch_step(int wake_fd, int max_ms);

#endif
