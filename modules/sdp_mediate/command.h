/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Dictionaries of ng for the Iq process to send: what stands behind the
 * cookie and its SP. Text in, text out.
 */
#ifndef EP_SDPM_COMMAND_H
#define EP_SDPM_COMMAND_H

#include "base/buf.h"
#include "mediate/command.h"

struct ep_command_call
{
	struct ep_view name;             /* call-id */
	struct ep_view from_tag, to_tag; /* absent: none, the call as a whole */
};

/* The name of a call at the gateway: `<Call-ID>`, or `<Call-ID>~<leg>`. */
void ep_command_put_name(
		struct ep_buf *out, struct ep_view callid, struct ep_view leg);

/* `verb` is offer or answer. Sets out->overflow when there is no room. */
void ep_command_put_sdp(struct ep_buf *out, const char *verb,
		const struct ep_command_call *call, struct ep_view sdp,
		const struct ep_mediate_command *flags);
/* delete, query: the call's name and, if there is one, the tag. */
void ep_command_put_call(
		struct ep_buf *out, const char *verb, const struct ep_command_call *c);
/* ping, capabilities. */
void ep_command_put(struct ep_buf *out, const char *verb);

#endif
