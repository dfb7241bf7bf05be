/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a command needs to do no harm in the version of rtpengine it goes to.
 * Everything else passes octet for octet. docs/iq-protocol.md has the table.
 */
#ifndef EP_NG_SHIM_H
#define EP_NG_SHIM_H

#include "ng/message.h"
#include "ng/sdp.h"
#include "ng/version.h"

struct ep_ng_shim_ctx
{
	const struct ep_ng_version *version;
	/* Of an answer: the call's offer named the gateway DTLS server. */
	bool dtls_reverse;
	/* Added to an offer that has none of its own; absent: nothing. */
	struct ep_view xmlrpc_callback;
};

struct ep_ng_shim
{
	const char *refuse;    /* NULL, or why it cannot be done (error-reason) */
	bool from_browser;     /* its SDP has DTLS and ICE */
	bool add_dtls_reverse; /* an offer from a browser that lacks it */
	bool drop_dtls;        /* an answer that says passive too late */
	bool drop_bundle;      /* words that this version does not know */
	bool blank_sdp;        /* a browser's SDP: sdp.h says why */
	bool add_tls_id;       /* the same */
	char tls_id[EP_NG_TLS_ID_MAX + 1];
	bool add_xmlrpc_callback;
	struct ep_view xmlrpc_callback;
};

/* Of any command; those without SDP are never changed. */
void ep_ng_shim_plan(struct ep_ng_shim *out, const struct ep_ng_message *msg,
		const struct ep_ng_shim_ctx *ctx);
bool ep_ng_shim_changes(const struct ep_ng_shim *shim);
/* The dictionary as it is to be sent; absent (out->overflow) without room. */
void ep_ng_shim_print(struct ep_buf *out, const struct ep_ng_message *msg,
		const struct ep_ng_shim *shim);
/* The most that ep_ng_shim_print() adds. */
#define EP_NG_SHIM_MORE 512

/* Does a session description come from a browser (DTLS and ICE in it)? */
bool ep_ng_sdp_from_browser(struct ep_view sdp);

#endif
