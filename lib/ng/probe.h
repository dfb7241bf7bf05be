/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What an rtpengine can do, found out by an offer that is nobody's call: no
 * command of it names its version or its codecs, in any version.
 *
 * The offer asks for a bundle and for every codec that may be needed, and has
 * a tls-id. What comes back has `a=group:BUNDLE` if it can bundle (from 14 on),
 * has no tls-id any more if it knows that (from 11.3 on), and has those codecs
 * that it can both decode and encode. Measured with 10.5, 12.5, 26.0.
 */
#ifndef EP_NG_PROBE_H
#define EP_NG_PROBE_H

#include "ng/bencode.h"

#define EP_NG_PROBE_CODECS_MAX 16
#define EP_NG_PROBE_TAG "probe"

struct ep_ng_probe
{
	bool bundle;
	bool tls_id; /* it knows the attribute: does not pass it on */
	size_t codec_n;
	const char *codec[EP_NG_PROBE_CODECS_MAX]; /* encoding names */
};

/* The offer's dictionary, whole. */
void ep_ng_probe_put(struct ep_buf *out, struct ep_view call_id);
/* The `delete` that ends it: at once, and also if it never began. */
void ep_ng_probe_put_end(struct ep_buf *out, struct ep_view call_id);
/* Reads the answer to the offer. EP_ENOENT: it has no SDP (an error). */
enum ep_err ep_ng_probe_decode(
		struct ep_ng_probe *out, const struct ep_ng_val *answer);

#endif
