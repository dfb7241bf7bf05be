/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Why a registration or a request of a WIC does not go on: one value a cause,
 * with its name, text, SIP answer and script value in one table.
 */
#ifndef EP_TNA_CAUSE_H
#define EP_TNA_CAUSE_H

#include <stdbool.h>

enum ep_tna_cause
{
	EP_TNA_OK = 0,
	EP_TNA_INTERNAL,     /* no memory, crypto failed, unusable setting */
	EP_TNA_MALFORMED,    /* a header we must read does not parse */
	EP_TNA_CREDENTIALS,  /* Digest credentials: unreadable or more than one */
	EP_TNA_FOREIGN_HOME, /* Request-URI of a REGISTER is not our home domain */
	EP_TNA_TO_FOREIGN,   /* To is none of the identities of the token */
	EP_TNA_FROM_NOT_TO,  /* REGISTER for somebody else (third-party) */
	EP_TNA_IMPI_FOREIGN, /* Digest username is not the connection's IMPI */
	EP_TNA_TOKEN_ENDING, /* the token ends before a registration is worth it */
	EP_TNA_CONTACTS,     /* too many Contacts, or '*' where it may not be */
	EP_TNA_CORE_CHALLENGED, /* the core does not trust us: it sent 401 or 407
							   after "auth-done" */
	EP_TNA_CORE_MALFORMED,  /* the core's answer does not parse */
	EP_TNA_FROM_FOREIGN,    /* From is none of the registered identities */
	EP_TNA_METHOD,          /* a REGISTER where none may be, or the reverse */
	EP_TNA_EMERGENCY,       /* emergency sessions: not for a WIC (TS 22.228) */
	EP_TNA_SOS_REGISTER,    /* emergency registration (`sos` in a Contact) */
	EP_TNA_FLOW_TAMPERED,   /* Route or Request-URI: token made by another */
	EP_TNA_FLOW_FAILED,     /* RFC 5626: the flow named is gone */
	EP_TNA_NOT_BOUND,       /* no binding for this connection */
	EP_TNA_NO_DIALOG,       /* within a dialog that is none of the binding's */
	EP_TNA_DESTINATION,     /* the WWSF's pages may not go there */
	EP_TNA_CALLS_FULL,      /* the WWSF's max_calls */
	EP_TNA_CALL_TIME,       /* the WWSF's call_s_per_day */
	EP_TNA_FROM_REFUSED,    /* a lent identity with a name of its own */
	EP_TNA_WWSF_GONE,       /* the configuration has that WWSF no more */
	EP_TNA_MERGED,          /* INVITE into a call that goes on, by a page */
	EP_TNA_BARRED,          /* its WAF or WWSF is barred by O&M */
	EP_TNA_NO_CREDENTIALS,  /* the core challenges, and we have no password */
	EP_TNA_CONN_FULL,       /* a connection with bindings enough */
	EP_TNA_OTHER_LOGIN, /* a token where the connection is bound by Digest, or
						   the reverse */
	EP_TNA_REGISTRATIONS_FULL, /* the WWSF's max_registrations */
	/* At the S-CSCF. */
	EP_TNA_UNTRUSTED,   /* auth-done of a node that is not trusted */
	EP_TNA_AMBIGUOUS,   /* credentials that can be read in more than one way */
	EP_TNA_NOT_ALLOWED, /* WAF or WWSF is not in the list of the user */
	EP_TNA_NO_LIST,     /* the HSS has no list of the user */
	EP_TNA_HSS,         /* the HSS cannot be asked, or does not answer */
	EP_TNA_NOT_OURS,    /* a NOTIFY, but not to our own subscription */
	EP_TNA_BAD_EVENT,   /* NOTIFY of another event than we asked for */
	EP_TNA_BODY_TYPE,   /* NOTIFY with a body that is no reginfo document */
	EP_TNA_CSEQ,        /* NOTIFY behind a later one of its dialog */
	EP_TNA_PENDING,     /* not a refusal: the HSS was asked */
	/* Requests of pages, and towards them. */
	EP_TNA_SUBS_FULL,     /* too many subscriptions at once */
	EP_TNA_BINDING_CALLS, /* one page with calls enough */
	/* The S-CSCF. */
	EP_TNA_CONTACT_TAKEN, /* a contact that somebody else registered */
	EP_TNA_CAUSE_N
};

struct ep_tna_cause_info
{
	const char *name;   /* for RPC, $tna(cause) and counters: a-z and '_' */
	const char *text;   /* for the log: one English sentence */
	unsigned status;    /* SIP status to answer with */
	const char *reason; /* its reason phrase */
	int script;         /* what the script function returns: 1, or < 0 */
	bool tell;          /* the text is for the user, too: a Warning (RFC 3261
						   20.43) goes with the answer */
};

/* Never NULL; an unknown value is told as EP_TNA_INTERNAL. */
const struct ep_tna_cause_info *ep_tna_cause_info(enum ep_tna_cause cause);

#endif
