/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/hdredit.h"
#include "base/buf.h"

void ep_hdredits_init(struct ep_hdredits *l, struct ep_arena *arena)
{
	*l = (struct ep_hdredits){.arena = arena};
}

static enum ep_err edit_add(struct ep_hdredits *l, struct ep_hdredit edit)
{
	if(l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct ep_hdredit *v = ep_arena_array(l->arena, cap, sizeof(*v));

		if(v == NULL)
			return EP_ENOMEM;
		if(l->n > 0)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = edit;
	return EP_OK;
}

/* May `v` stand in a header value? A line end is only folding: CRLF (or the
 * bare LF or CR that parsers put up with) and then SP or HTAB. */
static bool value_ok(struct ep_view v)
{
	if(v.p == NULL)
		return false;
	for(size_t i = 0; i < v.len; i++) {
		if(v.p[i] == '\0')
			return false;
		if(v.p[i] != '\r' && v.p[i] != '\n')
			continue;
		if(v.p[i] == '\r' && i + 1 < v.len && v.p[i + 1] == '\n')
			i++;
		if(i + 1 == v.len || (v.p[i + 1] != ' ' && v.p[i + 1] != '\t'))
			return false;
	}
	return true;
}

/* token of RFC 3261 25.1. */
static bool name_ok(struct ep_view v)
{
	return v.len > 0 && ep_view_only(v, "-.!%*_+`'~");
}

/* A Request-URI has neither white space nor line ends at all. */
static bool ruri_ok(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if((unsigned char)v.p[i] <= ' ' || v.p[i] == 0x7f)
			return false;
	return v.len > 0;
}

enum ep_err ep_hdredits_del(struct ep_hdredits *l, size_t index)
{
	return edit_add(l, (struct ep_hdredit){.op = EP_HDR_DEL, .index = index});
}

enum ep_err ep_hdredits_replace(
		struct ep_hdredits *l, size_t index, struct ep_view value)
{
	if(!value_ok(value))
		return EP_ESYNTAX;
	return edit_add(
			l, (struct ep_hdredit){
					   .op = EP_HDR_REPLACE, .index = index, .value = value});
}

static enum ep_err line_add(struct ep_hdredits *l, enum ep_hdredit_op op,
		struct ep_view name, struct ep_view value)
{
	if(!name_ok(name) || !value_ok(value))
		return EP_ESYNTAX;
	return edit_add(
			l, (struct ep_hdredit){.op = op, .name = name, .value = value});
}

enum ep_err ep_hdredits_prepend(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value)
{
	return line_add(l, EP_HDR_PREPEND, name, value);
}

enum ep_err ep_hdredits_append(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value)
{
	return line_add(l, EP_HDR_APPEND, name, value);
}

enum ep_err ep_hdredits_ruri(struct ep_hdredits *l, struct ep_view uri)
{
	if(!ruri_ok(uri))
		return EP_ESYNTAX;
	return edit_add(l, (struct ep_hdredit){.op = EP_RURI_SET, .value = uri});
}

/* IANA "Header Fields" registry of SIP, the rows with a compact form. */
static const struct
{
	char compact;
	const char *name;
} compact_forms[] = {
		{'a', "Accept-Contact"},
		{'b', "Referred-By"},
		{'c', "Content-Type"},
		{'d', "Request-Disposition"},
		{'e', "Content-Encoding"},
		{'f', "From"},
		{'i', "Call-ID"},
		{'j', "Reject-Contact"},
		{'k', "Supported"},
		{'l', "Content-Length"},
		{'m', "Contact"},
		{'n', "Identity-Info"},
		{'o', "Event"},
		{'r', "Refer-To"},
		{'s', "Subject"},
		{'t', "To"},
		{'u', "Allow-Events"},
		{'v', "Via"},
		{'x', "Session-Expires"},
		{'y', "Identity"},
};

static struct ep_view long_form(struct ep_view name)
{
	size_t n = sizeof(compact_forms) / sizeof(compact_forms[0]);

	if(name.len != 1)
		return name;
	for(size_t i = 0; i < n; i++)
		if((name.p[0] | 0x20) == compact_forms[i].compact)
			return ep_view_z(compact_forms[i].name);
	return name;
}

bool ep_hdr_is(const struct ep_hdr *h, struct ep_view name)
{
	return ep_view_ieq(long_form(h->name), name);
}

size_t ep_msg_find(const struct ep_msg *m, struct ep_view name, size_t from)
{
	for(size_t i = from; i < m->hdrs_n; i++)
		if(ep_hdr_is(&m->hdrs[i], name))
			return i;
	return SIZE_MAX;
}

enum ep_err ep_hdredits_del_all(
		struct ep_hdredits *l, const struct ep_msg *m, struct ep_view name)
{
	size_t i = ep_msg_find(m, name, 0);

	for(; i != SIZE_MAX; i = ep_msg_find(m, name, i + 1)) {
		enum ep_err err = ep_hdredits_del(l, i);

		if(err != EP_OK)
			return err;
	}
	return EP_OK;
}

static void put_line(
		struct ep_buf *out, struct ep_view name, struct ep_view value)
{
	ep_buf_put(out, name);
	ep_buf_put_z(out, ": ");
	ep_buf_put(out, value);
	ep_buf_put_z(out, "\r\n");
}

static void put_start_line(
		struct ep_buf *out, const struct ep_msg *m, struct ep_view ruri)
{
	if(m->status != 0) {
		ep_buf_put_z(out, "SIP/2.0 ");
		ep_buf_put_u64(out, m->status);
		ep_buf_put_z(out, " \r\n");
		return;
	}
	ep_buf_put(out, m->method);
	ep_buf_put_chr(out, ' ');
	ep_buf_put(out, ruri);
	ep_buf_put_z(out, " SIP/2.0\r\n");
}

/* Is `name` in the message below line `i` only, so that what is prepended
 * goes above line i? */
static bool first_of_name(const struct ep_msg *m, size_t i)
{
	return ep_msg_find(m, long_form(m->hdrs[i].name), 0) == i;
}

static void put_prepends(struct ep_buf *out, const struct ep_msg *m,
		const struct ep_hdredits *l, size_t line)
{
	for(size_t e = 0; e < l->n; e++) {
		const struct ep_hdredit *edit = &l->v[e];
		bool here;

		if(edit->op != EP_HDR_PREPEND)
			continue;
		if(line == m->hdrs_n) /* new to the message: behind the last line */
			here = ep_msg_find(m, long_form(edit->name), 0) == SIZE_MAX;
		else
			here = ep_hdr_is(&m->hdrs[line], long_form(edit->name))
				   && first_of_name(m, line);
		if(here)
			put_line(out, edit->name, edit->value);
	}
}

/* The line's value after all edits; absent when the line is gone. */
static struct ep_view edited_value(
		const struct ep_msg *m, const struct ep_hdredits *l, size_t line)
{
	struct ep_view value = m->hdrs[line].value;

	for(size_t e = 0; e < l->n; e++) {
		if(l->v[e].op == EP_HDR_DEL && l->v[e].index == line)
			return ep_view_none();
		if(l->v[e].op == EP_HDR_REPLACE && l->v[e].index == line)
			value = l->v[e].value;
	}
	return value.p ? value : EP_LIT("");
}

enum ep_err ep_hdredits_render(
		struct ep_buf *out, const struct ep_msg *m, const struct ep_hdredits *l)
{
	struct ep_view ruri = m->ruri;

	for(size_t e = 0; e < l->n; e++)
		if(l->v[e].op == EP_RURI_SET)
			ruri = l->v[e].value;
	put_start_line(out, m, ruri);
	for(size_t i = 0; i < m->hdrs_n; i++) {
		struct ep_view value = edited_value(m, l, i);

		put_prepends(out, m, l, i);
		if(value.p)
			put_line(out, m->hdrs[i].name, value);
	}
	put_prepends(out, m, l, m->hdrs_n);
	for(size_t e = 0; e < l->n; e++)
		if(l->v[e].op == EP_HDR_APPEND)
			put_line(out, l->v[e].name, l->v[e].value);
	ep_buf_put_z(out, "\r\n");
	ep_buf_put(out, m->body);
	return out->overflow ? EP_ENOSPC : EP_OK;
}
