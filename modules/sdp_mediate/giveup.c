/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_uri.h"
#include "modules/tm/t_cancel.h"
#include "modules/tm/tm_load.h"

#include "base/buf.h"
#include "base/sipcut.h"
#include "base/sipuri.h"
#include "common/view.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/giveup.h"
#include "sdp_mediate/params.h"

/* A caller may have sent requests within the early dialog that nobody here
 * counted; the BYE must have a higher number (RFC 3261 12.2.2). */
#define CSEQ_AHEAD 1000
#define ROUTES_MAX 32

static struct tm_binds tmb;

int ep_giveup_init(void)
{
	if(load_tm_api(&tmb) == 0)
		return 0;
	LM_ERR("tm.so must be loaded\n");
	return -1;
}

/* --- the transaction --- */

/* tm looks transactions up by making them the one at hand. */
struct was
{
	tm_cell_t *t;
	int branch;
};

static tm_cell_t *cell_get(struct was *was, const struct ep_hold *h)
{
	tm_cell_t *t = NULL;

	*was = (struct was){tmb.t_gett(), tmb.t_gett_branch()};
	if(tmb.t_lookup_ident(&t, h->tm_index, h->tm_label) >= 0 && t != NULL)
		return t;
	tmb.t_sett(was->t, was->branch);
	return NULL;
}

static void cell_put(tm_cell_t *t, const struct was *was)
{
	tmb.unref_cell(t);
	tmb.t_sett(was->t, was->branch);
}

/* Status of the last reply sent; -1: there is no such transaction. */
static int status_of(const struct ep_hold *h)
{
	struct was was;
	tm_cell_t *t = cell_get(&was, h);
	int status;

	if(t == NULL)
		return -1;
	status = t->uas.status;
	cell_put(t, &was);
	return status;
}

bool ep_giveup_is_refused(const struct ep_hold *h)
{
	return status_of(h) >= 300;
}

bool ep_giveup_is_done(const struct ep_hold *h)
{
	int status = status_of(h);

	return status < 0 || status >= 200;
}

void ep_giveup_cancel(const struct ep_hold *h, uint32_t branch)
{
	struct cancel_info info;
	struct was was;
	tm_cell_t *t = cell_get(&was, h);

	if(t == NULL)
		return;
	init_cancel_info(&info);
	if((int)branch < t->nr_of_outgoings
			&& prepare_cancel_branch(t, (int)branch, 1)) {
		info.cancel_bitmap = 1u << branch;
		tmb.cancel_uacs(t, &info, F_CANCEL_B_FORCE_C);
	}
	cell_put(t, &was);
}

/* --- requests of our own --- */

/* What a 2xx says of its dialog. */
struct said
{
	struct ep_nameaddr from, to, contact;
	struct ep_view from_tag, to_tag, callid;
	uint64_t cseq;
	struct ep_view routes[ROUTES_MAX];
	size_t routes_n;
};

static struct ep_view header(
		struct ep_view reply, const char *name, char compact)
{
	size_t at = 0;

	return ep_sipcut_find(reply, ep_view_z(name), compact, &at);
}

static bool cseq_read(uint64_t *out, struct ep_view v)
{
	struct ep_view number = ep_view_cut(&v, ' ');

	return ep_view_u64(out, ep_view_trim(number), INT32_MAX);
}

/* All Record-Routes, of all lines. False: there is one that is none. */
static bool routes_read(struct said *s, struct ep_view reply)
{
	struct ep_view line, item;
	enum ep_err err;
	size_t at = 0;

	for(;;) {
		line = ep_sipcut_find(reply, EP_LIT("Record-Route"), '\0', &at);
		if(line.p == NULL)
			return true;
		while((err = ep_list_next(&item, &line)) == EP_OK) {
			if(s->routes_n == ROUTES_MAX)
				return false;
			s->routes[s->routes_n++] = item;
		}
		if(err != EP_ENOENT)
			return false;
	}
}

static bool said_read(struct said *s, struct ep_view reply)
{
	struct ep_view contacts = header(reply, "Contact", 'm');

	*s = (struct said){.callid = header(reply, "Call-ID", 'i')};
	return s->callid.p != NULL
		   && ep_nameaddr_parse(&s->from, header(reply, "From", 'f')) == EP_OK
		   && ep_nameaddr_parse(&s->to, header(reply, "To", 't')) == EP_OK
		   && ep_param_get(&s->from_tag, s->from.params, EP_LIT("tag"))
		   && ep_param_get(&s->to_tag, s->to.params, EP_LIT("tag"))
		   && contacts.p != NULL
		   && ep_nameaddr_next(&s->contact, &contacts) == EP_OK
		   && cseq_read(&s->cseq, header(reply, "CSeq", '\0'))
		   && routes_read(s, reply);
}

static bool is_ours(struct ep_view route)
{
	struct ep_nameaddr na;
	sip_uri_t uri;
	str text;

	if(ep_nameaddr_parse(&na, route) != EP_OK)
		return false;
	text = ep_str_view(na.uri);
	return parse_uri(text.s, text.len, &uri) == 0
		   && check_self(&uri.host, uri.port_no, 0) == 1;
}

/* Those that are nearer to the callee than we are, nearest to us first: the
 * lowest lines are of the proxies the request had passed before, those above
 * them our own. */
static bool routes_put(struct ep_buf *out, const struct said *s, size_t above)
{
	size_t n = s->routes_n > above ? s->routes_n - above : 0;
	size_t i;

	while(n > 0 && is_ours(s->routes[n - 1]))
		n--;
	for(i = n; i-- > 0;) {
		ep_buf_put(out, s->routes[i]);
		if(i > 0)
			ep_buf_put_z(out, ", ");
	}
	return !out->overflow;
}

static bool is_page(const receive_info_t *rcv)
{
	return rcv->proto == PROTO_WS || rcv->proto == PROTO_WSS;
}

/* A page cannot be reached but on its own connection. */
static void page_put(struct ep_buf *out, const receive_info_t *rcv)
{
	struct ip_addr ip = rcv->src_ip;

	ep_buf_put_z(out, "sip:");
	if(ip.af == AF_INET6)
		ep_buf_put_chr(out, '[');
	ep_buf_put_z(out, ip_addr2a(&ip));
	if(ip.af == AF_INET6)
		ep_buf_put_chr(out, ']');
	ep_buf_put_chr(out, ':');
	ep_buf_put_u64(out, rcv->src_port);
	ep_buf_put_z(out, ";transport=ws");
}

/* The socket that the reply came in on, if it can carry the request. */
static struct socket_info *socket_of(const receive_info_t *rcv, const str *hop)
{
	sip_uri_t uri;

	if(is_page(rcv))
		return rcv->bind_address;
	if(parse_uri(hop->s, hop->len, &uri) != 0)
		return NULL;
	return (uri.proto == PROTO_NONE ? PROTO_UDP : uri.proto) == rcv->proto
				   ? rcv->bind_address
				   : NULL;
}

static void dialog_fill(dlg_t *d, const struct said *s, uint64_t cseq)
{
	*d = (dlg_t){.state = DLG_CONFIRMED,
			.loc_seq = {.value = (unsigned)cseq, .is_set = 1},
			.id = {ep_str_view(s->callid), ep_str_view(s->to_tag),
					ep_str_view(s->from_tag)},
			.loc_uri = ep_str_view(s->from.uri),
			.rem_uri = ep_str_view(s->to.uri),
			.rem_target = ep_str_view(s->contact.uri)};
}

static bool request_send(const char *method, const char *headers, dlg_t *d)
{
	str m = {(char *)(unsigned long)method, (int)strlen(method)};
	str h = {(char *)(unsigned long)headers, (int)strlen(headers)};
	uac_req_t request;

	set_uac_req(&request, &m, &h, NULL, d, 0, NULL, NULL);
	return tmb.t_uac(&request) >= 0;
}

static bool dialog_send(const struct ep_hold *h, const receive_info_t *rcv,
		struct ep_view reply, const char *method, const char *headers,
		unsigned ahead)
{
	static char text[8192];
	struct ep_buf b;
	struct said s;
	dlg_t d;
	rr_t *routes = NULL;
	bool sent;

	if(!said_read(&s, reply))
		return false;
	ep_buf_init(&b, text, sizeof(text));
	dialog_fill(&d, &s, s.cseq + ahead);
	if(is_page(rcv)) {
		page_put(&b, rcv);
		d.dst_uri = ep_str_view(ep_buf_view(&b));
	} else if(!routes_put(&b, &s, h->upstream_n)) {
		return false;
	}
	if(!is_page(rcv) && b.len > 0
			&& parse_rr_body(b.p, (int)b.len, &routes) < 0)
		return false;
	d.route_set = routes;
	d.send_sock = socket_of(
			rcv, routes != NULL ? &routes->nameaddr.uri : &d.rem_target);
	sent = request_send(method, headers, &d);
	if(routes != NULL)
		free_rr(&routes);
	return sent;
}

void ep_giveup_ack(const struct ep_hold *h, const receive_info_t *rcv,
		struct ep_view reply)
{
	if(!dialog_send(h, rcv, reply, "ACK", "Max-Forwards: 70\r\n", 0)
			&& ep_log_may())
		LM_WARN("a 2xx that cannot go on could not be acknowledged\n");
}

void ep_giveup_bye(const struct ep_hold *h, const receive_info_t *rcv,
		struct ep_view reply, enum ep_mediate_cause cause)
{
	const struct ep_mediate_cause_info *info = ep_mediate_cause_get(cause);
	char text[256];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text) - 1);
	ep_buf_put_z(&b, "Max-Forwards: 70\r\nReason: SIP;cause=");
	ep_buf_put_u64(&b, info->status);
	ep_buf_put_z(&b, ";text=");
	ep_buf_put_quoted(&b, ep_view_z(info->text));
	ep_buf_put_z(&b, "\r\n");
	text[b.len] = '\0';
	counter_inc(ep_counters.hung_up);
	if((b.overflow || !dialog_send(h, rcv, reply, "BYE", text, CSEQ_AHEAD))
			&& ep_log_may())
		LM_WARN("a callee whose answer cannot go on could not be told so\n");
}
