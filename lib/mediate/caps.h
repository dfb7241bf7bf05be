/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a media gateway can do, as far as mediation depends on it. Who asks a
 * gateway (modules/sdp_mediate/node.h) fills it in; synchronous mode, which
 * cannot ask, takes it from the profile.
 */
#ifndef EP_MEDIATE_CAPS_H
#define EP_MEDIATE_CAPS_H

#include "base/view.h"

struct ep_mediate_caps
{
	/* Media of one bundle on one port towards the browser, each with its own
	 * towards the core: rtpengine mr14.0 and later. */
	bool bundle;
	/* The `fragment` command (RFC 8840) does no harm: not in 10.5. */
	bool fragment;
	/* It takes an ICE restart without a=tls-id for a new DTLS association
	 * (RFC 8842 4.3), and browsers, which have no tls-id, take it for none:
	 * mr11.3 and later. */
	bool tls_id;
};

/* What an rtpengine of that version can do: `10.5`, `12.5.1.31`, `mr26.0`.
 * False: it is no version, *out is of one that can nothing of it. */
bool ep_mediate_caps_parse(struct ep_mediate_caps *out, struct ep_view version);

#endif
