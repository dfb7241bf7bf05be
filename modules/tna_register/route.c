/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/dset.h"
#include "core/tcp_conn.h"

#include "base/sipuri.h"
#include "common/view.h"
#include "route.h"

int tna_route_conid(const sip_msg_t *msg)
{
	if(msg->rcv.proto != PROTO_WS && msg->rcv.proto != PROTO_WSS)
		return 0;
	return msg->rcv.proto_reserved1;
}

bool tna_route_peer(struct tna_peer *out, int conid)
{
	struct tcp_connection *c;
	bool alive;

	if(conid <= 0 || tna_auth.conn_revoked(conid))
		return false;
	c = tcpconn_get(conid, 0, 0, 0, 0);
	if(c == NULL)
		return false;
	alive = c->state == S_CONN_OK
			&& (c->rcv.proto == PROTO_WS || c->rcv.proto == PROTO_WSS
					|| c->type == PROTO_WS || c->type == PROTO_WSS);
	out->conid = conid;
	out->ip = c->rcv.src_ip;
	out->port = c->rcv.src_port;
	out->tls = c->rcv.proto == PROTO_WSS || c->type == PROTO_WSS;
	out->sock = c->rcv.bind_address;
	tcpconn_put(c);
	return alive;
}

static void put_address(struct ep_buf *out, const struct tna_peer *peer)
{
	struct ip_addr ip = peer->ip;

	if(ip.af == AF_INET6)
		ep_buf_put_chr(out, '[');
	ep_buf_put_z(out, ip_addr2a(&ip));
	if(ip.af == AF_INET6)
		ep_buf_put_chr(out, ']');
}

void tna_route_address(struct ep_buf *out, const struct tna_peer *peer)
{
	put_address(out, peer);
	ep_buf_put_chr(out, ':');
	ep_buf_put_u64(out, peer->port);
}

/* There is no transport=wss in a SIP URI (RFC 7118 5.2.3 has `ws` only). */
void tna_route_uri(struct ep_buf *out, const struct tna_peer *peer)
{
	ep_buf_put_z(out, "sip:");
	tna_route_address(out, peer);
	ep_buf_put_z(out, ";transport=ws");
}

void tna_route_alias(struct ep_buf *out, const struct tna_peer *peer)
{
	ep_buf_put_z(out, ";alias=");
	put_address(out, peer);
	ep_buf_put_chr(out, '~');
	ep_buf_put_u64(out, peer->port);
	ep_buf_put_chr(out, '~');
	ep_buf_put_u64(out, peer->tls ? PROTO_WSS : PROTO_WS);
}

enum ep_err tna_route_deliver(sip_msg_t *msg, const struct tna_peer *peer)
{
	char text[IP_ADDR_MAX_STR_SIZE + 64];
	struct ep_buf uri;
	str s;

	ep_buf_init(&uri, text, sizeof(text));
	tna_route_uri(&uri, peer);
	if(uri.overflow)
		return EP_ENOMEM;
	s = ep_str_view(ep_buf_view(&uri));
	if(set_dst_uri(msg, &s) < 0)
		return EP_ENOMEM;
	ruri_mark_new();
	msg->otcpid = peer->conid;
	msg->msg_flags |= FL_USE_OTCPID;
	msg->fwd_send_flags.f |= SND_F_FORCE_CON_REUSE;
	set_force_socket(msg, peer->sock);
	return EP_OK;
}

struct ep_view tna_flow_print(enum ep_flow_purpose purpose,
		const unsigned char *id, struct ep_arena *arena)
{
	struct ep_flow flow = {
			.purpose = purpose, .node = tna_set.node, .epoch = tna_set.epoch};
	struct ep_buf text;
	char *p = ep_arena_get(arena, EP_FLOW_TEXT_LEN);

	if(p == NULL)
		return ep_view_none();
	memcpy(flow.id, id, EP_FLOW_ID_LEN);
	ep_buf_init(&text, p, EP_FLOW_TEXT_LEN);
	if(ep_flow_encode(&text, &flow, &tna_set.keys) != EP_FLOW_OK)
		return ep_view_none();
	return ep_buf_view(&text);
}

static unsigned port_of(const struct ep_uri *u)
{
	if(u->port)
		return u->port;
	return u->scheme == EP_URI_SIPS ? 5061 : 5060;
}

bool tna_host_eq(const struct ep_uri *a, const struct ep_uri *b)
{
	return port_of(a) == port_of(b) && ep_view_ieq(a->host, b->host);
}

enum ep_err tna_host_parse(struct ep_uri *out, struct ep_view host)
{
	/* ep_uri_parse wants a whole URI; the views in *out point into `host`. */
	char text[256];
	struct ep_buf buf;
	struct ep_uri uri;

	ep_buf_init(&buf, text, sizeof(text));
	ep_buf_put_z(&buf, "sip:");
	ep_buf_put(&buf, host);
	if(buf.overflow || ep_uri_parse(&uri, ep_buf_view(&buf)) != EP_OK
			|| uri.user.p != NULL || uri.params.p != NULL
			|| uri.headers.p != NULL)
		return EP_ESYNTAX;
	*out = (struct ep_uri){.scheme = EP_URI_SIP,
			.host = ep_view_head(host, uri.host.len),
			.port = uri.port};
	return EP_OK;
}

bool tna_host_own(const struct ep_uri *u)
{
	struct ep_uri own;

	return tna_host_parse(&own, tna_set.cfg.own_host) == EP_OK
		   && tna_host_eq(u, &own);
}

static bool is_core_host(const struct ep_uri *u)
{
	struct ep_view rest = tna_set.core_hosts;
	struct ep_uri host;

	while(rest.p != NULL)
		if(tna_host_parse(&host, ep_view_trim(ep_view_cut(&rest, ','))) == EP_OK
				&& tna_host_eq(u, &host))
			return true;
	return false;
}

bool tna_host_core(const struct ep_uri *u, const struct ep_binding *b)
{
	struct ep_nameaddr na;
	struct ep_uri hop;
	size_t i;

	if(is_core_host(u))
		return true;
	for(i = 0; i < b->service_route.n; i++)
		if(ep_nameaddr_parse(&na, b->service_route.v[i]) == EP_OK
				&& ep_uri_parse(&hop, na.uri) == EP_OK && tna_host_eq(u, &hop))
			return true;
	return false;
}

enum ep_err tna_route_next(
		struct ep_uri *uri, const struct ep_msg *m, struct tna_walk *walk)
{
	struct ep_nameaddr na;
	enum ep_err err;

	for(;;) {
		if(walk->rest.p == NULL) {
			walk->at = ep_msg_find(m, EP_LIT("Route"), walk->at);
			if(walk->at == SIZE_MAX)
				return EP_ENOENT;
			walk->rest = m->hdrs[walk->at++].value;
		}
		err = ep_nameaddr_next(&na, &walk->rest);
		if(err == EP_OK)
			return ep_uri_parse(uri, na.uri);
		if(err != EP_ENOENT)
			return err;
		walk->rest = ep_view_none();
	}
}

enum ep_tna_cause tna_flow_of_uri(
		struct ep_flow *out, bool *found, const struct ep_uri *uri)
{
	*found = false;
	if(!tna_host_own(uri) || uri->user.p == NULL)
		return EP_TNA_OK;
	switch(ep_flow_decode(
			out, uri->user, &tna_set.keys, tna_set.node, tna_set.epoch)) {
		case EP_FLOW_OK:
			*found = true;
			return EP_TNA_OK;
		case EP_FLOW_OTHER_NODE:
		case EP_FLOW_OTHER_EPOCH:
			return EP_TNA_FLOW_FAILED;
		case EP_FLOW_NOT_A_TOKEN:
		case EP_FLOW_BAD_MAC:
			return EP_TNA_FLOW_TAMPERED;
		default:
			return EP_TNA_INTERNAL;
	}
}

enum ep_tna_cause tna_flow_of_route(
		struct ep_flow *out, bool *found, const struct ep_msg *m)
{
	struct tna_walk walk = {.at = 0};
	struct ep_uri uri;

	*found = false;
	switch(tna_route_next(&uri, m, &walk)) {
		case EP_OK:
			return tna_flow_of_uri(out, found, &uri);
		case EP_ENOENT:
			return EP_TNA_OK;
		default:
			return EP_TNA_MALFORMED;
	}
}
