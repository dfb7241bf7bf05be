/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* What a message says about where requests of a call go (struct tna_known). */
#include "base/sipuri.h"
#include "common/view.h"
#include "calls.h"

/* Puts `uri` in front unless it stands there already; whole elements leave at
 * the end to make room. */
static void uris_put(struct tna_uris *list, struct ep_view uri)
{
	struct ep_view rest = ep_view_of(list->text, list->n);
	struct tna_uris now = {.n = 0};
	struct ep_nameaddr na;

	if(uri.len + 3 > sizeof(now.text))
		return;
	now.text[now.n++] = '<';
	memcpy(now.text + now.n, uri.p, uri.len);
	now.n += uri.len;
	memcpy(now.text + now.n, ">,", 2);
	now.n += 2;
	while(list->n > 0 && ep_nameaddr_next(&na, &rest) == EP_OK) {
		size_t n = na.all.len + 1;

		if(ep_view_eq(na.uri, uri) || now.n + n > sizeof(now.text))
			continue;
		memcpy(now.text + now.n, na.all.p, n);
		now.n += n;
	}
	*list = now;
}

enum
{
	ROUTES_MAX = 32
};

/* The Record-Route URIs of `msg`, from the last to the first; how many. */
static unsigned record_routes(struct ep_view *out, sip_msg_t *msg)
{
	struct ep_view all[ROUTES_MAX], rest;
	struct ep_nameaddr na;
	struct hdr_field *h;
	unsigned n = 0, i;

	for(h = msg->headers; h != NULL; h = h->next) {
		if(h->type != HDR_RECORDROUTE_T)
			continue;
		rest = ep_view_str(&h->body);
		while(n < ROUTES_MAX && ep_nameaddr_next(&na, &rest) == EP_OK)
			all[n++] = na.uri;
	}
	for(i = 0; i < n; i++)
		out[i] = all[n - 1 - i];
	return n;
}

void tna_learn_routes(struct tna_uris *list, sip_msg_t *msg)
{
	struct ep_view uris[ROUTES_MAX];
	unsigned n = record_routes(uris, msg), i;

	/* The page's order is that of a request's list, and the reverse of an
	 * answer's; each goes in front of those before. */
	for(i = 0; i < n; i++)
		uris_put(list,
				uris[msg->first_line.type == SIP_REQUEST ? i : n - 1 - i]);
}

void tna_learn_target(struct tna_uris *list, sip_msg_t *msg)
{
	struct ep_view rest;
	struct ep_nameaddr na;
	struct hdr_field *h;

	for(h = msg->headers; h != NULL; h = h->next)
		if(h->type == HDR_CONTACT_T) {
			rest = ep_view_str(&h->body);
			if(ep_nameaddr_next(&na, &rest) == EP_OK && !na.star)
				uris_put(list, na.uri);
			return;
		}
}
