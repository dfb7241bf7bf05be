/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * SIP, SIPS and tel URIs, name-addr header values, and equality of public
 * identities. Everything is views into the caller's text; nothing is
 * allocated, nothing is unescaped in place.
 *
 * RFC 3261 19.1 and 25.1, RFC 3966, TS 23.003 13.4.
 */
#ifndef EP_BASE_SIPURI_H
#define EP_BASE_SIPURI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

enum ep_uri_scheme
{
	EP_URI_OTHER, /* only `all` is set: any other well-formed scheme */
	EP_URI_SIP,
	EP_URI_SIPS,
	EP_URI_TEL
};

/* Absent parts are absent views. */
struct ep_uri
{
	enum ep_uri_scheme scheme;
	struct ep_view all;      /* the whole text */
	struct ep_view user;     /* sip: escapes left in; tel: the number */
	struct ep_view password; /* behind the first ':' of the userinfo */
	struct ep_view host;     /* with the brackets of an IPv6 address */
	unsigned port;           /* 0: none written */
	struct ep_view params;   /* behind the first ';', without it */
	struct ep_view headers;  /* behind '?', without it */
};

/* EP_ESYNTAX also for two '@', an empty user or host, a port outside
 * 1..65535, white space, controls and octets from 0x80 up. */
enum ep_err ep_uri_parse(struct ep_uri *out, struct ep_view text);

/* Next item of `a;b=c;d="e;f"`. Quoted values (header parameters) keep their
 * quotes; see ep_unquote. White space around ';' and '=' is allowed. */
struct ep_param
{
	struct ep_view name;
	struct ep_view value; /* absent without '=' */
};
/* EP_OK, EP_ENOENT at the end, EP_ESYNTAX (an open quote, an empty name). */
enum ep_err ep_param_next(struct ep_param *out, struct ep_view *rest);
/* Is the parameter `name` (any case) there? `value` (may be NULL) as in
 * struct ep_param; of two the first counts. */
bool ep_param_get(
		struct ep_view *value, struct ep_view params, struct ep_view name);
/* Without surrounding quotes; quoted pairs inside are left as they are. */
struct ep_view ep_unquote(struct ep_view v);

/* Next element of a comma separated header value, trimmed: commas in quoted
 * strings and in <...> do not separate. Empty elements are skipped.
 * EP_OK, EP_ENOENT at the end, EP_ESYNTAX (open quote or bracket). */
enum ep_err ep_list_next(struct ep_view *item, struct ep_view *rest);

/* One name-addr or addr-spec with header parameters (RFC 3261 20.10: without
 * brackets all parameters belong to the header). */
struct ep_nameaddr
{
	struct ep_view all;     /* the list element, trimmed */
	struct ep_view display; /* as written, quotes included; or absent */
	struct ep_view uri;     /* not checked further: see ep_uri_parse */
	struct ep_view params;  /* behind the first ';' of the header's own */
	bool bracketed;
	bool star; /* `*`: Contact of a full deregistration; no uri then */
};
/* EP_ESYNTAX when `value` is not exactly one. */
enum ep_err ep_nameaddr_parse(struct ep_nameaddr *out, struct ep_view value);
/* From a list (Contact, Route, Path, Service-Route, P-Associated-URI):
 * EP_OK, EP_ENOENT at the end, EP_ESYNTAX. */
enum ep_err ep_nameaddr_next(struct ep_nameaddr *out, struct ep_view *rest);

/* Do two URIs name the same public identity?
 *
 * sip, sips: canonical form of RFC 3261 10.3 step 5: parameters (`user=phone`
 * too) and headers do not count, escapes of unreserved characters equal the
 * character, the user is case-sensitive, the host is not, the default port
 * equals no port. sip and sips differ. A host with a final dot differs from
 * one without: where DNS would call two names the same but a registrar's
 * table would not, "different" is the safe answer.
 * tel: visual separators do not count; phone-context, ext and isub do
 * (RFC 3966 5), other parameters do not.
 * A sip and a tel URI differ even if one was made from the other (19.1.6):
 * both are in the registered set when the user owns both.
 * What does not parse, and any other scheme, equals nothing. */
bool ep_impu_eq(struct ep_view a, struct ep_view b);
/* The canonical text: equal for two identities exactly when ep_impu_eq says
 * so; good as a key. EP_ESYNTAX for what equals nothing, EP_ENOSPC. */
enum ep_err ep_impu_print(struct ep_buf *out, struct ep_view impu);

#endif
