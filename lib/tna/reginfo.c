/* SPDX-License-Identifier: BSD-2-Clause */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/buf.h"
#include "tna/reginfo.h"

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

/* What the text of an open element is for. */
enum chars
{
	CHARS_NONE,
	CHARS_URI,
	CHARS_PARAM,
	CHARS_WILDCARD
};

struct reading
{
	xmlParserCtxtPtr xml;
	struct ep_arena *arena;
	enum ep_err err; /* the first; with it, the rest is read over */
	unsigned depth, items;
	bool begun;
	struct ep_reginfo doc;
	/* Open elements of ours, and the ends of their lists. */
	struct ep_reg_registration *registration, *last_registration;
	struct ep_reg_contact *contact, *last_contact;
	struct ep_reg_param *param, *last_param;
	unsigned registration_depth, contact_depth, chars_depth;
	enum chars chars;
	struct ep_buf text;
};

static struct ep_view view_of(const xmlChar *from, const xmlChar *to)
{
	return ep_view_of((const char *)from, (size_t)(to - from));
}

static struct ep_view view_z(const xmlChar *z)
{
	return ep_view_z((const char *)z);
}

/* The parser runs on to the end of the text: xmlStopParser() would free the
 * text under the attributes at hand. */
static void stop(struct reading *r, enum ep_err err)
{
	if(r->err == EP_OK)
		r->err = err;
}

/* libxml2's attributes: five pointers each. */
struct attributes
{
	const xmlChar **v;
	int n;
};

static struct ep_view attribute(
		const struct attributes *attributes, const char *name)
{
	const xmlChar **a = attributes->v;
	int i;

	for(i = 0; i < attributes->n; i++, a += 5)
		if(a[1] == NULL && ep_view_eq(view_z(a[0]), ep_view_z(name)))
			return view_of(a[3], a[4]);
	return ep_view_none();
}

static struct ep_view attribute_copy(struct reading *r,
		const struct attributes *attributes, const char *name)
{
	struct ep_view v = attribute(attributes, name), copy;

	copy = ep_arena_copy(r->arena, ep_view_trim(v));
	if(v.p != NULL && copy.p == NULL)
		stop(r, EP_ENOMEM);
	return copy;
}

static bool number(
		uint32_t *out, const struct attributes *attributes, const char *name)
{
	uint64_t n;

	if(!ep_view_u64(&n, ep_view_trim(attribute(attributes, name)), UINT32_MAX))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* The index of `v` in `words`, or `n`. */
static size_t word(struct ep_view v, const char *const *words, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(ep_view_eq(ep_view_trim(v), ep_view_z(words[i])))
			break;
	return i;
}

static void *item(struct reading *r, size_t size)
{
	void *p;

	if(++r->items > EP_REGINFO_ITEMS_MAX) {
		stop(r, EP_ERANGE);
		return NULL;
	}
	p = ep_arena_get(r->arena, size);
	if(p == NULL)
		stop(r, EP_ENOMEM);
	return p;
}

static void begin_document(struct reading *r, const struct attributes *a)
{
	static const char *const states[] = {"full", "partial"};
	size_t state = word(attribute(a, "state"), states, 2);

	r->begun = true;
	r->doc.full = state == 0;
	if(state == 2 || !number(&r->doc.version, a, "version"))
		stop(r, EP_ESYNTAX);
}

static void begin_registration(struct reading *r, const struct attributes *a)
{
	static const char *const states[] = {"init", "active", "terminated"};
	struct ep_reg_registration *g = item(r, sizeof(*g));
	size_t state = word(attribute(a, "state"), states, 3);

	if(g == NULL)
		return;
	g->aor = attribute_copy(r, a, "aor");
	g->id = attribute_copy(r, a, "id");
	g->state = (enum ep_reg_state)state;
	if(state == 3 || g->aor.len == 0 || g->id.p == NULL) {
		stop(r, EP_ESYNTAX);
		return;
	}
	if(r->last_registration != NULL)
		r->last_registration->next = g;
	else
		r->doc.registrations = g;
	r->registration = r->last_registration = g;
	r->registration_depth = r->depth;
	r->last_contact = NULL;
}

static void begin_contact(struct reading *r, const struct attributes *a)
{
	static const char *const states[] = {"active", "terminated"};
	/* as enum ep_reg_event */
	static const char *const events[] = {"", "registered", "created",
			"refreshed", "shortened", "expired", "deactivated", "probation",
			"unregistered", "rejected"};
	struct ep_reg_contact *c = item(r, sizeof(*c));
	size_t state = word(attribute(a, "state"), states, 2);
	size_t event = word(attribute(a, "event"), events, 10);

	if(c == NULL)
		return;
	c->id = attribute_copy(r, a, "id");
	c->callid = attribute_copy(r, a, "callid");
	c->active = state == 0;
	c->event = event < 10 ? (enum ep_reg_event)event : EP_REG_EVENT_OTHER;
	c->has_expires = number(&c->expires_s, a, "expires");
	c->has_cseq = number(&c->cseq, a, "cseq");
	if(state == 2) {
		stop(r, EP_ESYNTAX);
		return;
	}
	if(r->last_contact != NULL)
		r->last_contact->next = c;
	else
		r->registration->contacts = c;
	r->contact = r->last_contact = c;
	r->contact_depth = r->depth;
	r->last_param = NULL;
}

static void begin_param(struct reading *r, const struct attributes *a)
{
	struct ep_reg_param *p = item(r, sizeof(*p));

	if(p == NULL)
		return;
	p->name = attribute_copy(r, a, "name");
	if(r->last_param != NULL)
		r->last_param->next = p;
	else
		r->contact->params = p;
	r->param = r->last_param = p;
}

static void begin_chars(struct reading *r, enum chars what)
{
	char *p;

	/* Taken once, and used again. */
	if(r->text.p == NULL) {
		p = ep_arena_get(r->arena, EP_REGINFO_CHARS_MAX);
		if(p == NULL) {
			stop(r, EP_ENOMEM);
			return;
		}
		ep_buf_init(&r->text, p, EP_REGINFO_CHARS_MAX);
	}
	r->text.len = 0;
	r->chars = what;
	r->chars_depth = r->depth;
}

/* Children of an element we know; what is in elements we do not know, or in
 * one whose text we take, is read over. */
static void begin_ours(
		struct reading *r, struct ep_view name, const struct attributes *a)
{
	if(r->contact != NULL) {
		if(r->depth != r->contact_depth + 1 || r->chars != CHARS_NONE)
			return;
		if(ep_view_eq(name, EP_LIT("uri"))) {
			begin_chars(r, CHARS_URI);
		} else if(ep_view_eq(name, EP_LIT("unknown-param"))) {
			begin_param(r, a);
			begin_chars(r, CHARS_PARAM);
		}
		return;
	}
	if(r->registration != NULL) {
		if(r->depth == r->registration_depth + 1
				&& ep_view_eq(name, EP_LIT("contact")))
			begin_contact(r, a);
		return;
	}
	if(r->depth == 2 && ep_view_eq(name, EP_LIT("registration")))
		begin_registration(r, a);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
		const xmlChar *uri, int namespaces_n, const xmlChar **namespaces,
		int attributes_n, int defaulted_n, const xmlChar **attributes)
{
	struct reading *r = ctx;
	struct attributes a = {attributes, attributes_n};
	bool ours =
			ep_view_eq(view_z(uri), EP_LIT("urn:ietf:params:xml:ns:reginfo"));

	(void)prefix, (void)namespaces_n, (void)namespaces, (void)defaulted_n;
	if(r->err != EP_OK)
		return;
	if(++r->depth > EP_REGINFO_DEPTH_MAX)
		stop(r, EP_ERANGE);
	else if(r->depth > 1 && ours)
		begin_ours(r, view_z(name), &a);
	else if(r->depth > 1 && r->registration != NULL && r->contact == NULL
			&& r->depth == r->registration_depth + 1
			&& ep_view_eq(view_z(name), EP_LIT("wildcardedIdentity")))
		begin_chars(r, CHARS_WILDCARD);
	else if(r->depth > 1)
		return;
	else if(ours && ep_view_eq(view_z(name), EP_LIT("reginfo")))
		begin_document(r, &a);
	else
		stop(r, EP_ESYNTAX);
}

static void end_chars(struct reading *r)
{
	struct ep_view text = ep_view_trim(ep_buf_view(&r->text));
	struct ep_view copy = ep_arena_copy(r->arena, text);

	if(copy.p == NULL) {
		stop(r, EP_ENOMEM);
		return;
	}
	if(r->chars == CHARS_URI)
		r->contact->uri = copy;
	else if(r->chars == CHARS_PARAM)
		r->param->value = copy;
	else
		r->registration->wildcard = copy;
	r->chars = CHARS_NONE;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
		const xmlChar *uri)
{
	struct reading *r = ctx;

	(void)name, (void)prefix, (void)uri;
	if(r->err != EP_OK)
		return;
	if(r->chars != CHARS_NONE && r->depth == r->chars_depth)
		end_chars(r);
	if(r->contact != NULL && r->depth == r->contact_depth) {
		if(r->contact->uri.len == 0)
			stop(r, EP_ESYNTAX);
		r->contact = NULL;
	} else if(r->registration != NULL && r->depth == r->registration_depth) {
		r->registration = NULL;
	}
	r->depth--;
}

static void on_chars(void *ctx, const xmlChar *text, int n)
{
	struct reading *r = ctx;

	if(r->err != EP_OK || r->chars == CHARS_NONE || r->depth != r->chars_depth)
		return;
	ep_buf_put(&r->text, view_of(text, text + n));
	if(r->text.overflow)
		stop(r, EP_ERANGE);
}

/* Comes before anything the declaration says is read. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
		const xmlChar *system)
{
	struct reading *r = ctx;

	(void)name, (void)external, (void)system;
	stop(r, EP_ESYNTAX);
	xmlStopParser(r->xml);
}

/* Without this, libxml2 would write to stderr. */
static void on_error(void *ctx, error_ptr error)
{
	struct reading *r = ctx;

	if(r != NULL && r->err == EP_OK && error->code == XML_ERR_NO_MEMORY)
		r->err = EP_ENOMEM;
}

static void read_all(struct reading *r)
{
	xmlParserCtxtPtr xml = r->xml;

	memset(xml->sax, 0, sizeof(*xml->sax));
	xml->sax->initialized = XML_SAX2_MAGIC;
	xml->sax->startElementNs = on_start;
	xml->sax->endElementNs = on_end;
	xml->sax->characters = on_chars;
	xml->sax->cdataBlock = on_chars;
	xml->sax->internalSubset = on_doctype;
	xml->sax->serror = on_error;
	xmlCtxtUseOptions(xml, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	xml->userData = r;
	xmlParseDocument(xml);
	if(r->err == EP_OK && xml->errNo == XML_ERR_NO_MEMORY)
		r->err = EP_ENOMEM;
	if(r->err == EP_OK && (!xml->wellFormed || !r->begun))
		r->err = EP_ESYNTAX;
}

/* The first octets decide the encoding: only what UTF-8 starts with. */
static bool is_utf8_text(struct ep_view text)
{
	if(ep_view_starts(text, EP_LIT("\xef\xbb\xbf")))
		text = ep_view_from(text, 3);
	text = ep_view_trim(text);
	return text.len > 0 && text.p[0] == '<'
		   && ep_view_find_chr(text, '\0') == SIZE_MAX;
}

enum ep_err ep_reginfo_parse(
		struct ep_reginfo *out, struct ep_view text, struct ep_arena *arena)
{
	struct reading r = {.arena = arena};

	if(text.len > EP_REGINFO_TEXT_MAX)
		return EP_ERANGE;
	if(!is_utf8_text(text))
		return EP_ESYNTAX;
	r.xml = xmlCreateMemoryParserCtxt(text.p, (int)text.len);
	if(r.xml == NULL)
		return EP_ENOMEM;
	read_all(&r);
	/* An entity that is declared before the parser stops makes one. */
	if(r.xml->myDoc != NULL)
		xmlFreeDoc(r.xml->myDoc);
	xmlFreeParserCtxt(r.xml);
	if(r.err == EP_OK)
		*out = r.doc;
	return r.err;
}
