/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/data_lump.h"
#include "core/dset.h"
#include "core/mem/mem.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_hname2.h"

#include "common/msg.h"
#include "common/view.h"

/* NUL, or CR without LF: another reader may see a second header there. */
static bool line_is_split(const hdr_field_t *h)
{
	struct ep_view rest = ep_view_of(h->name.s, h->len);

	if(ep_view_find_chr(rest, '\0') != SIZE_MAX)
		return true;
	while(ep_view_cut(&rest, '\r').p != NULL && rest.p != NULL)
		if(rest.len == 0 || rest.p[0] != '\n')
			return true;
	return false;
}

enum ep_err ep_msg_view(
		struct ep_msg *out, sip_msg_t *msg, struct ep_arena *arena)
{
	struct ep_hdr *hdrs;
	hdr_field_t *h;
	size_t n = 0;

	if(parse_headers(msg, HDR_EOH_F, 0) != 0)
		return EP_ESYNTAX;
	for(h = msg->headers; h != NULL; h = h->next, n++)
		if(line_is_split(h))
			return EP_ESYNTAX;
	hdrs = ep_arena_array(arena, n ? n : 1, sizeof(*hdrs));
	if(hdrs == NULL)
		return EP_ENOMEM;
	*out = (struct ep_msg){.hdrs = hdrs, .hdrs_n = n};
	for(h = msg->headers; h != NULL; h = h->next, hdrs++) {
		hdrs->name = ep_view_trim(ep_view_str(&h->name));
		hdrs->value = ep_view_trim(ep_view_str(&h->body));
	}
	if(msg->first_line.type == SIP_REQUEST) {
		out->method = ep_view_str(&msg->first_line.u.request.method);
		out->ruri = ep_view_str(GET_RURI(msg));
	} else {
		out->status = msg->first_line.u.reply.statuscode;
		if(msg->cseq != NULL && msg->cseq->parsed != NULL)
			out->method = ep_view_str(&get_cseq(msg)->method);
	}
	out->body.p = get_body(msg);
	if(out->body.p != NULL)
		out->body.len = msg->buf + msg->len - out->body.p;
	return EP_OK;
}

static hdr_field_t *header_at(sip_msg_t *msg, size_t index)
{
	hdr_field_t *h = msg->headers;

	while(h != NULL && index-- > 0)
		h = h->next;
	return h;
}

/* A lump's text in its own pkg block, "a" + "b" + "c" + "d". */
static char *lump_text(const struct ep_view part[4], int *len)
{
	size_t i, n = 0;
	char *text, *p;

	for(i = 0; i < 4; i++)
		n += part[i].len;
	text = pkg_malloc(n ? n : 1);
	if(text == NULL)
		return NULL;
	for(i = 0, p = text; i < 4; p += part[i].len, i++)
		if(part[i].len > 0)
			memcpy(p, part[i].p, part[i].len);
	*len = (int)n;
	return text;
}

static enum ep_err insert(
		struct lump *anchor, int before, const struct ep_view part[4])
{
	int len;
	char *text;

	if(anchor == NULL)
		return EP_ENOMEM;
	text = lump_text(part, &len);
	if(text == NULL)
		return EP_ENOMEM;
	if((before ? insert_new_lump_before(anchor, text, len, 0)
			   : insert_new_lump_after(anchor, text, len, 0))
			== NULL) {
		pkg_free(text);
		return EP_ENOMEM;
	}
	return EP_OK;
}

/* A header that a script or an earlier plan removed already stays removed:
 * a second deletion of the same octets would make Kamailio drop both. */
static int is_deleted(sip_msg_t *msg, const hdr_field_t *h)
{
	unsigned int offset = h->name.s - msg->buf;
	struct lump *l;

	for(l = msg->add_rm; l != NULL; l = l->next)
		if(l->op == LUMP_DEL && l->u.offset <= offset
				&& l->u.offset + l->len >= offset + h->len)
			return 1;
	return 0;
}

static enum ep_err hdr_del(sip_msg_t *msg, size_t index)
{
	hdr_field_t *h = header_at(msg, index);

	if(h == NULL)
		return EP_ENOENT;
	if(is_deleted(msg, h))
		return EP_OK;
	return del_lump(msg, h->name.s - msg->buf, h->len, 0) ? EP_OK : EP_ENOMEM;
}

static enum ep_err hdr_replace(
		sip_msg_t *msg, size_t index, struct ep_view value)
{
	hdr_field_t *h = header_at(msg, index);

	if(h == NULL)
		return EP_ENOENT;
	/* Two values in the place of one would stand behind each other. */
	if(is_deleted(msg, h))
		return EP_OK;
	return insert(del_lump(msg, h->name.s - msg->buf, h->len, 0), 0,
			(struct ep_view[4]){ep_view_trim(ep_view_str(&h->name)),
					EP_LIT(": "), value, EP_LIT("\r\n")});
}

/* Above the first header of that name, or above all headers. */
static enum ep_err hdr_prepend(
		sip_msg_t *msg, const struct ep_msg *m, const struct ep_hdredit *e)
{
	size_t index = ep_msg_find(m, e->name, 0);
	hdr_field_t *h = header_at(msg, index == SIZE_MAX ? 0 : index);

	if(h == NULL)
		return EP_ENOENT;
	return insert(anchor_lump(msg, h->name.s - msg->buf, 0, 0), 1,
			(struct ep_view[4]){
					e->name, EP_LIT(": "), e->value, EP_LIT("\r\n")});
}

static enum ep_err hdr_append(sip_msg_t *msg, const struct ep_hdredit *e)
{
	return insert(anchor_lump(msg, msg->unparsed - msg->buf, 0, 0), 1,
			(struct ep_view[4]){
					e->name, EP_LIT(": "), e->value, EP_LIT("\r\n")});
}

static enum ep_err edit_one(
		sip_msg_t *msg, const struct ep_msg *m, const struct ep_hdredit *e)
{
	str uri;

	switch(e->op) {
		case EP_HDR_DEL:
			return hdr_del(msg, e->index);
		case EP_HDR_REPLACE:
			return hdr_replace(msg, e->index, e->value);
		case EP_HDR_PREPEND:
			return hdr_prepend(msg, m, e);
		case EP_HDR_APPEND:
			return hdr_append(msg, e);
		case EP_RURI_SET:
			uri = ep_str_view(e->value);
			return rewrite_uri(msg, &uri) == 1 ? EP_OK : EP_ENOMEM;
	}
	return EP_ESYNTAX;
}

enum ep_err ep_msg_edit(
		sip_msg_t *msg, const struct ep_msg *m, const struct ep_hdredits *plan)
{
	enum ep_err err;
	size_t i;

	for(i = 0; i < plan->n; i++) {
		err = edit_one(msg, m, &plan->v[i]);
		if(err != EP_OK)
			return err;
	}
	return EP_OK;
}

enum ep_err ep_msg_body_set(sip_msg_t *msg, struct ep_view body)
{
	struct lump *anchor;
	char *old = get_body(msg);

	if(old == NULL || old >= msg->buf + msg->len)
		return EP_ENOENT;
	anchor = del_lump(msg, old - msg->buf, msg->buf + msg->len - old, 0);
	return insert(anchor, 0,
			(struct ep_view[4]){body, EP_LIT(""), EP_LIT(""), EP_LIT("")});
}
