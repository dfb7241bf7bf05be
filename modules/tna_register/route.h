/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Which connection a message goes out on, and flow tokens as this node makes
 * and reads them.
 */
#ifndef EP_TNA_ROUTE_H
#define EP_TNA_ROUTE_H

#include "core/ip_addr.h"

#include "base/sipuri.h"
#include "tna_register.h"

/* The other end of a live WebSocket. */
struct tna_peer
{
	int conid;
	struct ip_addr ip;
	unsigned short port;
	bool tls;
	struct socket_info *sock; /* where it connected to */
};

/* The connection id of a message that came over a WebSocket; 0: it did not. */
int tna_route_conid(const sip_msg_t *msg);
/* False when the connection is gone, revoked or no WebSocket. */
bool tna_route_peer(struct tna_peer *out, int conid);
/* `ADDRESS:PORT`, as in a URI. */
void tna_route_address(struct ep_buf *out, const struct tna_peer *peer);
/* `sip:ADDRESS:PORT;transport=ws`, and `;alias=` as Kamailio's dialog reads
 * it: both into the caller's buffer. */
void tna_route_uri(struct ep_buf *out, const struct tna_peer *peer);
void tna_route_alias(struct ep_buf *out, const struct tna_peer *peer);
/* Makes `msg` go to exactly this connection, or nowhere. EP_OK, EP_ENOMEM. */
enum ep_err tna_route_deliver(sip_msg_t *msg, const struct tna_peer *peer);

/* The text of a flow token of this node; absent without memory. */
struct ep_view tna_flow_print(enum ep_flow_purpose purpose,
		const unsigned char *id, struct ep_arena *arena);
/* The token in the user part of the first Route. `found` false: that is none
 * of ours, or there is no Route. Causes: OK (with `found` or without),
 * FLOW_TAMPERED, FLOW_FAILED (of another node or start), INTERNAL. */
enum ep_tna_cause tna_flow_of_route(
		struct ep_flow *out, bool *found, const struct ep_msg *m);

/* The same of any Route element. */
enum ep_tna_cause tna_flow_of_uri(
		struct ep_flow *out, bool *found, const struct ep_uri *uri);

/* Next Route element over all Route headers; `walk` starts as {.at = 0}.
 * EP_OK, EP_ENOENT, EP_ESYNTAX. */
struct tna_walk
{
	size_t at;
	struct ep_view rest;
};
enum ep_err tna_route_next(
		struct ep_uri *uri, const struct ep_msg *m, struct tna_walk *walk);

/* `host[:port]` as the host and port of a URI; views into it. EP_OK,
 * EP_ESYNTAX. */
enum ep_err tna_host_parse(struct ep_uri *out, struct ep_view host);
/* The same host and port, as written: no DNS. */
bool tna_host_eq(const struct ep_uri *a, const struct ep_uri *b);
bool tna_host_own(const struct ep_uri *u);
/* A host of the binding's Service-Route or of the modparam core_hosts. */
bool tna_host_core(const struct ep_uri *u, const struct ep_binding *b);

#endif
