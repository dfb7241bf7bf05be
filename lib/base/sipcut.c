/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipcut.h"

struct gone
{
	const char *name;
	char compact; /* '\0': none */
	bool body;    /* speaks of the body; else of the session */
};

static const struct gone gone[] = {
		{"Content-Type", 'c', true},
		{"Content-Length", 'l', true},
		{"Content-Encoding", 'e', true},
		{"Content-Disposition", '\0', true},
		{"Content-Language", '\0', true},
		{"Content-ID", '\0', true},
		{"MIME-Version", '\0', true},
		{"Contact", 'm', false},
		{"Record-Route", '\0', false},
		{"RSeq", '\0', false},
		{"Require", '\0', false},
		{"Session-Expires", 'x', false},
};

/* Length of the line at `from`, with its end; 0 behind the last. */
static size_t line_len(struct ep_view text, size_t from)
{
	size_t n = ep_view_find_chr(ep_view_from(text, from), '\n');

	return n == SIZE_MAX ? 0 : n + 1;
}

/* Where the start line begins (RFC 3261 7.5). */
static size_t lead_len(struct ep_view text)
{
	size_t n = 0;

	while(n < text.len && (text.p[n] == '\r' || text.p[n] == '\n'))
		n++;
	return n;
}

/* Where the headers begin; 0: there is no whole start line. */
static size_t fields_at(struct ep_view text)
{
	size_t lead = lead_len(text), n = line_len(text, lead);

	return n == 0 ? 0 : lead + n;
}

static bool is_folded(struct ep_view text, size_t at)
{
	return at < text.len && (text.p[at] == ' ' || text.p[at] == '\t');
}

/* The header field at `from` with its further lines, and their ends; absent:
 * there is no whole one. */
static struct ep_view field_at(struct ep_view text, size_t from)
{
	size_t n = line_len(text, from), more;

	if(n == 0)
		return ep_view_none();
	while(is_folded(text, from + n)) {
		more = line_len(text, from + n);
		if(more == 0)
			return ep_view_none();
		n += more;
	}
	return ep_view_head(ep_view_from(text, from), n);
}

static bool field_is(struct ep_view field, struct ep_view name, char compact)
{
	struct ep_view rest = field;
	struct ep_view have = ep_view_trim(ep_view_cut(&rest, ':'));

	if(rest.p == NULL)
		return false;
	return ep_view_ieq(have, name)
		   || (compact != '\0' && have.len == 1
				   && ep_view_ieq(have, ep_view_of(&compact, 1)));
}

static bool field_goes(struct ep_view field, bool refused)
{
	size_t i;

	for(i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if((gone[i].body || refused)
				&& field_is(field, ep_view_z(gone[i].name), gone[i].compact))
			return true;
	return false;
}

/* From behind the first line. */
static enum ep_err fields_put(
		struct ep_buf *out, struct ep_view text, size_t at, bool refused)
{
	struct ep_view field;

	for(;;) {
		field = field_at(text, at);
		if(field.p == NULL)
			return EP_ESYNTAX;
		if(ep_view_trim(field).len == 0)
			break;
		if(!field_goes(field, refused))
			ep_buf_put(out, field);
		at += field.len;
	}
	ep_buf_put_z(out, "Content-Length: 0\r\n\r\n");
	return out->overflow ? EP_ENOSPC : EP_OK;
}

enum ep_err ep_sipcut_body(struct ep_buf *out, struct ep_view message)
{
	size_t at = fields_at(message), lead = lead_len(message);

	if(at == 0)
		return EP_ESYNTAX;
	ep_buf_put(out, ep_view_head(ep_view_from(message, lead), at - lead));
	return fields_put(out, message, at, false);
}

enum ep_err ep_sipcut_refuse(struct ep_buf *out, struct ep_view reply,
		unsigned status, struct ep_view reason)
{
	size_t at = fields_at(reply);

	if(at == 0
			|| !ep_view_istarts(
					ep_view_from(reply, lead_len(reply)), EP_LIT("SIP/2.0 "))
			|| status < 300 || status > 699)
		return EP_ESYNTAX;
	ep_buf_put_z(out, "SIP/2.0 ");
	ep_buf_put_u64(out, status);
	ep_buf_put_chr(out, ' ');
	ep_buf_put(out, reason);
	ep_buf_put_z(out, "\r\n");
	return fields_put(out, reply, at, true);
}

struct ep_view ep_sipcut_find(
		struct ep_view message, struct ep_view name, char compact, size_t *at)
{
	struct ep_view field;
	size_t from = *at > 0 ? *at : fields_at(message);

	for(; from > 0; from += field.len) {
		field = field_at(message, from);
		if(field.p == NULL || ep_view_trim(field).len == 0)
			break;
		if(!field_is(field, name, compact))
			continue;
		*at = from + field.len;
		return ep_view_trim(
				ep_view_from(field, ep_view_find_chr(field, ':') + 1));
	}
	return ep_view_none();
}
