/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Why a session description was not mediated, and what SIP says about it.
 * The values are stable: scripts see them negated.
 */
#ifndef EP_MEDIATE_CAUSE_H
#define EP_MEDIATE_CAUSE_H

enum ep_mediate_cause
{
	EP_MEDIATE_OK = 0,
	EP_MEDIATE_EINTERNAL,  /* no memory */
	EP_MEDIATE_ESYNTAX,    /* not a session description (RFC 8866) */
	EP_MEDIATE_ELIMIT,     /* too many lines or media sections */
	EP_MEDIATE_ETRANSPORT, /* plain RTP, or a transport that is none of ours */
	EP_MEDIATE_ESDES,      /* from a WIC: keys in a=crypto (RFC 8827 6.5) */
	EP_MEDIATE_ENOICE,     /* from a WIC: no ice-ufrag or no ice-pwd */
	EP_MEDIATE_ENODTLS,    /* from a WIC: no certificate fingerprint */
	EP_MEDIATE_EHASH,      /* from a WIC: no fingerprint of sha-256 or better */
	EP_MEDIATE_ENOCODEC,   /* no codec of the profile is left */
	EP_MEDIATE_ENOMEDIA,   /* no media section is left */
	EP_MEDIATE_EMISMATCH,  /* the answer has other sections than the offer */
	EP_MEDIATE_EGATEWAY,   /* the gateway gave something that cannot be used */
	EP_MEDIATE_EGWDOWN,    /* the gateway gave nothing, or an error */
	EP_MEDIATE_EPROFILE,   /* there is no profile of that name */
	/* trickle.h */
	EP_MEDIATE_EFRAGMENT, /* not application/trickle-ice-sdpfrag (RFC 8840 9) */
	EP_MEDIATE_EPACKAGE,  /* from the core: trickle-ice is not for it */
	EP_MEDIATE_ENOCALL,   /* candidates for a call that is not known */
	EP_MEDIATE_EREFUSED,  /* the gateway has an error for the description */
	EP_MEDIATE_CAUSE_N
};

struct ep_mediate_cause_info
{
	const char *name;   /* short, for counters and logs */
	const char *text;   /* for people, fit for a Warning's quoted text */
	unsigned status;    /* SIP status of the answer to the request */
	const char *reason; /* its reason phrase */
	unsigned warning;   /* warn-code of RFC 3261 20.43; 0: no Warning */
};

/* Never NULL; an unknown value is EP_MEDIATE_EINTERNAL's. */
const struct ep_mediate_cause_info *ep_mediate_cause_get(
		enum ep_mediate_cause cause);

#endif
