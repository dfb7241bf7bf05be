/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/notice.h"

#include "base/buf.h"

#define DEPTH_MAX 8

struct reader
{
	struct ep_view text;
	size_t at;
	struct ep_arena *arena;
};

/* ---- JSON ---- */

static char peek(struct reader *r)
{
	while(r->at < r->text.len && memchr(" \t\r\n", r->text.p[r->at], 4) != NULL)
		r->at++;
	return r->at < r->text.len ? r->text.p[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
	if(peek(r) != c)
		return false;
	r->at++;
	return true;
}

/* As UTF-8; halves of a pair stand alone, as what rtpengine would write. */
static void utf8_put(struct ep_buf *b, unsigned c)
{
	if(c < 0x80) {
		ep_buf_put_chr(b, (char)c);
	} else if(c < 0x800) {
		ep_buf_put_chr(b, (char)(0xc0 | (c >> 6)));
		ep_buf_put_chr(b, (char)(0x80 | (c & 0x3f)));
	} else {
		ep_buf_put_chr(b, (char)(0xe0 | (c >> 12)));
		ep_buf_put_chr(b, (char)(0x80 | ((c >> 6) & 0x3f)));
		ep_buf_put_chr(b, (char)(0x80 | (c & 0x3f)));
	}
}

static bool hex4(unsigned *out, struct reader *r)
{
	if(r->text.len - r->at < 4)
		return false;
	*out = 0;
	for(int i = 0; i < 4; i++) {
		int digit = ep_chr_hex(r->text.p[r->at++]);
		if(digit < 0)
			return false;
		*out = *out << 4 | (unsigned)digit;
	}
	return true;
}

static bool escape_read(struct ep_buf *b, struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned c;

	if(r->at == r->text.len)
		return false;
	char e = r->text.p[r->at++];
	if(e == 'u') {
		if(!hex4(&c, r))
			return false;
		utf8_put(b, c);
		return true;
	}
	const char *at = e ? strchr(from, e) : NULL;
	if(at)
		ep_buf_put_chr(b, to[at - from]);
	return at != NULL;
}

/* The string at r->at; with its escapes undone, in the arena. */
static enum ep_err string_read(struct ep_view *out, struct reader *r)
{
	struct ep_buf b;
	size_t end;

	if(!take(r, '"'))
		return EP_ESYNTAX;
	/* No longer than it is written. */
	for(end = r->at; end < r->text.len && r->text.p[end] != '"'; end++)
		end += r->text.p[end] == '\\';
	if(end >= r->text.len)
		return EP_ESYNTAX;
	char *p = ep_arena_get(r->arena, end - r->at + 1);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&b, p, end - r->at + 1);
	while(r->at < end) {
		char c = r->text.p[r->at++];
		if((unsigned char)c < 0x20)
			return EP_ESYNTAX;
		if(c != '\\')
			ep_buf_put_chr(&b, c);
		else if(!escape_read(&b, r))
			return EP_ESYNTAX;
	}
	if(r->at != end || b.overflow)
		return EP_ESYNTAX;
	r->at++;
	*out = ep_view_of(b.p, b.len);
	return EP_OK;
}

/* A number, true, false, null: as it is written. */
static enum ep_err word_read(struct ep_view *out, struct reader *r)
{
	peek(r);
	size_t from = r->at;
	while(r->at < r->text.len
			&& (ep_chr_is_alnum(r->text.p[r->at])
					|| memchr("+-.", r->text.p[r->at], 3) != NULL))
		r->at++;
	*out = ep_view_of(r->text.p + from, r->at - from);
	return out->len ? EP_OK : EP_ESYNTAX;
}

/* A value that is not asked for; *out is set of strings and words. */
static enum ep_err value_read(
		struct ep_view *out, struct reader *r, unsigned depth)
{
	struct ep_view inner;
	enum ep_err err;
	char open = peek(r), close = open == '{' ? '}' : ']';

	*out = ep_view_none();
	if(open == '"')
		return string_read(out, r);
	if(open != '{' && open != '[')
		return word_read(out, r);
	if(depth == DEPTH_MAX)
		return EP_ESYNTAX;
	r->at++;
	if(take(r, close))
		return EP_OK;
	do {
		if(open == '{') {
			err = string_read(&inner, r);
			if(err)
				return err;
			if(!take(r, ':'))
				return EP_ESYNTAX;
		}
		err = value_read(&inner, r, depth + 1);
		if(err)
			return err;
	} while(take(r, ','));
	return take(r, close) ? EP_OK : EP_ESYNTAX;
}

struct members
{
	struct ep_view call_id, tag, type, event, duration;
};

static void member_set(
		struct members *m, struct ep_view name, struct ep_view value)
{
	if(ep_view_eq(name, EP_LIT("callid")))
		m->call_id = value;
	else if(ep_view_eq(name, EP_LIT("source_tag")))
		m->tag = value;
	else if(ep_view_eq(name, EP_LIT("type")))
		m->type = value;
	else if(ep_view_eq(name, EP_LIT("event")))
		m->event = value;
	else if(ep_view_eq(name, EP_LIT("duration")))
		m->duration = value;
}

static enum ep_err members_read(struct members *m, struct reader *r)
{
	struct ep_view name, value;
	enum ep_err err;

	if(!take(r, '{'))
		return EP_ESYNTAX;
	if(!take(r, '}')) {
		do {
			err = string_read(&name, r);
			if(err)
				return err;
			if(!take(r, ':'))
				return EP_ESYNTAX;
			err = value_read(&value, r, 0);
			if(err)
				return err;
			member_set(m, name, value);
		} while(take(r, ','));
		if(!take(r, '}'))
			return EP_ESYNTAX;
	}
	peek(r);
	return r->at == r->text.len ? EP_OK : EP_ESYNTAX;
}

enum ep_err ep_ng_key_decode(
		struct ep_ng_key *out, struct ep_view json, struct ep_arena *arena)
{
	struct reader r = {.text = json, .arena = arena};
	struct members m = {{0}};
	uint64_t event, duration = 0;
	enum ep_err err = members_read(&m, &r);

	if(err)
		return err;
	if(!ep_view_eq(m.type, EP_LIT("DTMF")) || !m.call_id.len || !m.event.p)
		return EP_ENOENT;
	if(!ep_view_u64(&event, m.event, 15))
		return EP_ERANGE;
	ep_view_u64(&duration, m.duration, UINT32_MAX);
	*out = (struct ep_ng_key){.call_id = m.call_id,
			.tag = m.tag,
			.digit = "0123456789*#ABCD"[event],
			.duration_ms = (uint32_t)duration};
	return EP_OK;
}

/* ---- XML-RPC ---- */

static bool entity_put(struct ep_buf *b, struct ep_view *text)
{
	static const struct
	{
		struct ep_view entity;
		char c;
	} table[] = {{{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'}, {{"&gt;", 4}, '>'},
			{{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''}};

	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_starts(*text, table[i].entity)) {
			ep_buf_put_chr(b, table[i].c);
			*text = ep_view_from(*text, table[i].entity.len);
			return true;
		}
	return false;
}

/* rtpengine from 12 on writes Call-IDs as they are, before it did it in XML:
 * what is no entity stands for itself. */
static struct ep_view text_undo(struct ep_arena *arena, struct ep_view text)
{
	struct ep_buf b;
	char *p = ep_arena_get(arena, text.len + 1);

	if(!p)
		return ep_view_none();
	ep_buf_init(&b, p, text.len + 1);
	while(text.len)
		if(!entity_put(&b, &text)) {
			ep_buf_put_chr(&b, *text.p);
			text = ep_view_from(text, 1);
		}
	return ep_view_of(b.p, b.len);
}

enum ep_err ep_ng_silence_decode(
		struct ep_ng_silence *out, struct ep_view xml, struct ep_arena *arena)
{
	struct ep_view part[3] = {{0}};
	size_t n = 0, at;

	if(ep_view_find(xml, EP_LIT("<methodCall>")) == SIZE_MAX)
		return EP_ESYNTAX;
	/* Format 0 names no call, but a place in another program. */
	if(ep_view_find(xml, EP_LIT("<methodName>di</methodName>")) != SIZE_MAX)
		return EP_ENOENT;
	while(n < 3 && (at = ep_view_find(xml, EP_LIT("<string>"))) != SIZE_MAX) {
		xml = ep_view_from(xml, at + EP_LIT("<string>").len);
		at = ep_view_find(xml, EP_LIT("</string>"));
		if(at == SIZE_MAX)
			return EP_ESYNTAX;
		part[n] = text_undo(arena, ep_view_head(xml, at));
		if(!part[n++].p)
			return EP_ENOMEM;
		xml = ep_view_from(xml, at);
	}
	if(!part[0].len)
		return EP_ENOENT;
	*out = (struct ep_ng_silence){
			.call_id = part[0], .from_tag = part[1], .to_tag = part[2]};
	return EP_OK;
}
