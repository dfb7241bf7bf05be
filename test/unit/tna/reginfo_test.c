/* SPDX-License-Identifier: BSD-2-Clause */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "tna/reginfo.h"

#define HEAD                                                                   \
	"<?xml version=\"1.0\"?>\n<reginfo "                                       \
	"xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"7\" "                  \
	"state=\"full\">\n"
#define REGISTRATION                                                           \
	"<registration aor=\"sip:alice@home1.net\" id=\"a1\" state=\"active\">"
#define TAIL "</registration></reginfo>\n"

static const char whole[] = HEAD REGISTRATION
		"<contact id=\"c1\" state=\"active\" event=\"shortened\""
		" expires=\" 61 \" callid=\"x@y\" cseq=\"9\" q=\"0.500\">"
		"<uri> sip:a&amp;b@x.invalid;transport=ws\n</uri>"
		"<display-name>Alice</display-name>"
		"<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:1&gt;\""
		"</unknown-param></contact>"
		"<contact id=\"c2\" state=\"terminated\" event=\"rejected\">"
		"<uri><![CDATA[sip:old@y.invalid]]></uri></contact></registration>"
		"<registration aor=\"tel:+1555\" id=\"a2\" state=\"terminated\"/>"
		"</reginfo>";

static struct ep_reginfo doc;

static enum ep_err parse(const char *text)
{
	static char mem[1 << 18];
	struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	return ep_reginfo_parse(&doc, ep_view_z(text), &arena);
}

START_TEST(reginfo_reads_a_whole_document)
{
	const struct ep_reg_registration *r;
	const struct ep_reg_contact *c;

	ck_assert_int_eq(parse(whole), EP_OK);
	ck_assert_uint_eq(doc.version, 7);
	ck_assert(doc.full);
	r = doc.registrations;
	ck_assert_view_eq(r->aor, "sip:alice@home1.net");
	ck_assert_view_eq(r->id, "a1");
	ck_assert_int_eq(r->state, EP_REG_ACTIVE);
	c = r->contacts;
	ck_assert_view_eq(c->uri, "sip:a&b@x.invalid;transport=ws");
	ck_assert(c->active && c->has_expires && c->has_cseq);
	ck_assert_int_eq(c->event, EP_REG_SHORTENED);
	ck_assert_uint_eq(c->expires_s, 61);
	ck_assert_uint_eq(c->cseq, 9);
	ck_assert_view_eq(c->callid, "x@y");
	ck_assert_view_eq(c->params->name, "+sip.instance");
	ck_assert_view_eq(c->params->value, "\"<urn:uuid:1>\"");
	ck_assert_ptr_null(c->params->next);
	c = c->next;
	ck_assert_view_eq(c->uri, "sip:old@y.invalid");
	ck_assert(!c->active && !c->has_expires && !c->has_cseq);
	ck_assert_int_eq(c->event, EP_REG_REJECTED);
	ck_assert_ptr_null(c->next);
	r = r->next;
	ck_assert_int_eq(r->state, EP_REG_TERMINATED);
	ck_assert_view_eq(r->aor, "tel:+1555");
	ck_assert_ptr_null(r->contacts);
	ck_assert_ptr_null(r->next);
}
END_TEST

START_TEST(reginfo_reads_what_kamailio_writes)
{
	ck_assert_int_eq(
			parse("<?xml version=\"1.0\"?>\n"
				  "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\""
				  " version=\"2\" state=\"full\">\n"
				  "\t<registration aor=\"sip:u@home1.net\" id=\"0x7f\""
				  " state=\"terminated\">\n\t</registration>\n</reginfo>"),
			EP_OK);
	ck_assert_int_eq(doc.registrations->state, EP_REG_TERMINATED);
}
END_TEST

START_TEST(reginfo_reads_over_extensions)
{
	ck_assert_int_eq(
			parse("<r:reginfo xmlns:r=\"urn:ietf:params:xml:ns:reginfo\""
				  " xmlns:g=\"urn:ietf:params:xml:ns:gruuinfo\""
				  " xmlns:e=\"urn:3gpp:ns:extRegExp:1.0\""
				  " version=\"0\" state=\"partial\"><g:x><r:registration"
				  " aor=\"sip:no@x\" id=\"n\" state=\"active\"/></g:x>"
				  "<r:registration aor=\"sip:u@x\" id=\"i\" state=\"active\">"
				  "<e:wildcardedIdentity>sip:l!.*!@x</e:wildcardedIdentity>"
				  "<g:y><r:contact id=\"z\" state=\"terminated\"/></g:y>"
				  "<r:contact id=\"c\" state=\"active\" event=\"odd\">"
				  "<g:pub-gruu uri=\"sip:g\"><r:uri>sip:bad@x</r:uri></"
				  "g:pub-gruu>"
				  "<r:uri>sip:c@x<g:z>evil</g:z></r:uri></r:contact>"
				  "</r:registration></r:reginfo>"),
			EP_OK);
	ck_assert(!doc.full);
	ck_assert_ptr_null(doc.registrations->next);
	ck_assert_view_eq(doc.registrations->aor, "sip:u@x");
	ck_assert_view_eq(doc.registrations->wildcard, "sip:l!.*!@x");
	ck_assert_view_eq(doc.registrations->contacts->uri, "sip:c@x");
	ck_assert_ptr_null(doc.registrations->contacts->next);
	ck_assert_int_eq(doc.registrations->contacts->event, EP_REG_EVENT_OTHER);
}
END_TEST

START_TEST(reginfo_refuses_what_is_none)
{
	static const char *const bad[] = {"", "   ", "reginfo", "<reginfo/>",
			"<a/>",
			"<reginfo xmlns=\"urn:other\" version=\"1\" state=\"full\"/>",
			"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" state=\"full\"/>",
			"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"1\"/>",
			"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"-1\""
			" state=\"full\"/>",
			"<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"1\""
			" state=\"half\"/>",
			HEAD "<registration id=\"i\" state=\"active\"/></reginfo>",
			HEAD "<registration aor=\"sip:a\" id=\"i\" state=\"x\"/></reginfo>",
			HEAD REGISTRATION "<contact id=\"c\" state=\"active\"/>" TAIL,
			HEAD REGISTRATION
			"<contact id=\"c\"><uri>sip:x</uri></contact>" TAIL,
			HEAD REGISTRATION TAIL "<more/>", HEAD REGISTRATION "&no;" TAIL,
			HEAD REGISTRATION "\xff" TAIL, "\xff\xfe<\0r\0", "\xfe\xff\0<\0r"};
	size_t i;

	for(i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(parse(bad[i]) == EP_ESYNTAX, "%s", bad[i]);
}
END_TEST

START_TEST(reginfo_refuses_a_doctype_and_its_entities)
{
	ck_assert_int_eq(
			parse("<!DOCTYPE reginfo>" HEAD REGISTRATION TAIL), EP_ESYNTAX);
	ck_assert_int_eq(parse("<?xml version=\"1.0\"?><!DOCTYPE reginfo ["
						   "<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
						   "\"&a;&a;&a;\">]><reginfo xmlns=\"urn:ietf:params:"
						   "xml:ns:reginfo\" version=\"1\" state=\"full\">"
						   "&b;</reginfo>"),
			EP_ESYNTAX);
	ck_assert_int_eq(
			parse("<!DOCTYPE reginfo SYSTEM \"file:///etc/passwd\"><reginfo/>"),
			EP_ESYNTAX);
}
END_TEST

START_TEST(reginfo_ignores_the_encoding_it_names)
{
	ck_assert_int_eq(
			parse("<?xml version=\"1.0\" encoding=\"UTF-16\"?><reginfo"
				  " xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"1\""
				  " state=\"full\"/>"),
			EP_OK);
}
END_TEST

START_TEST(reginfo_keeps_its_limits)
{
	static char text[EP_REGINFO_TEXT_MAX + 2];
	size_t at = (size_t)sprintf(text, "%s%s", HEAD, REGISTRATION), i;

	for(i = 0; i < EP_REGINFO_DEPTH_MAX; i++)
		at += (size_t)sprintf(text + at, "<x>");
	ck_assert_int_eq(parse(text), EP_ERANGE);
	at = (size_t)sprintf(text, "%s", HEAD);
	for(i = 0; i <= EP_REGINFO_ITEMS_MAX; i++)
		at += (size_t)sprintf(
				text + at, "<registration aor=\"a\" id=\"b\" state=\"init\"/>");
	sprintf(text + at, "</reginfo>");
	ck_assert_int_eq(parse(text), EP_ERANGE);
	at = (size_t)sprintf(
			text, HEAD REGISTRATION "<contact id=\"c\" state=\"active\"><uri>");
	memset(text + at, 'u', EP_REGINFO_CHARS_MAX + 1);
	sprintf(text + at + EP_REGINFO_CHARS_MAX + 1, "</uri></contact>" TAIL);
	ck_assert_int_eq(parse(text), EP_ERANGE);
	memset(text, ' ', sizeof(text) - 1);
	ck_assert_int_eq(parse(text), EP_ERANGE);
}
END_TEST

static void cut_is_no_document(struct ep_view cut, void *ctx)
{
	struct ep_arena arena;
	struct ep_reginfo got;

	(void)ctx;
	plain_arena_init(&arena);
	ck_assert_int_eq(ep_reginfo_parse(&got, cut, &arena),
			cut.len == sizeof(whole) - 1 ? EP_OK : EP_ESYNTAX);
	ep_arena_fini(&arena);
}

START_TEST(reginfo_refuses_every_cut)
{
	every_cut(ep_view_z(whole), cut_is_no_document, NULL);
}
END_TEST

static enum ep_err parse_whole(struct ep_arena *arena, void *ctx)
{
	struct ep_reginfo got;

	(void)ctx;
	return ep_reginfo_parse(&got, ep_view_z(whole), arena);
}

START_TEST(reginfo_survives_every_arena_failure)
{
	ck_assert_uint_gt(every_alloc_failure(parse_whole, NULL), 5);
}
END_TEST

/* libxml2's own allocations. */
static size_t fail_at, allocated;
static long live;

static void *may_fail(void *p, size_t n)
{
	if(allocated++ >= fail_at)
		return NULL;
	live += p == NULL;
	return realloc(p, n);
}

static void *xml_malloc(size_t n)
{
	return may_fail(NULL, n);
}

static void xml_free(void *p)
{
	live -= p != NULL;
	free(p);
}

static char *xml_strdup(const char *s)
{
	char *p = may_fail(NULL, strlen(s) + 1);

	return p != NULL ? strcpy(p, s) : NULL;
}

static void silent(void *ctx, const char *text, ...)
{
	(void)ctx, (void)text;
}

START_TEST(reginfo_survives_every_failure_in_libxml2)
{
	size_t runs = 0;
	enum ep_err err;
	long before;

	/* What it keeps for the process comes first. */
	ck_assert_int_eq(
			xmlMemSetup(xml_free, xml_malloc, may_fail, xml_strdup), 0);
	fail_at = SIZE_MAX;
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, silent);
	ck_assert_int_eq(parse(whole), EP_OK);
	xmlResetLastError();
	before = live;
	do {
		fail_at = runs++;
		allocated = 0;
		err = parse(whole);
		ck_assert_msg(err == EP_OK || err == EP_ENOMEM, "run %zu: %d", runs,
				(int)err);
		if(err == EP_OK) {
			ck_assert_view_eq(doc.registrations->contacts->uri,
					"sip:a&b@x.invalid;transport=ws");
			ck_assert_view_eq(doc.registrations->next->aor, "tel:+1555");
		}
		fail_at = SIZE_MAX;
		xmlResetLastError();
		ck_assert_int_eq(live, before);
	} while(runs <= allocated);
	ck_assert_int_eq(err, EP_OK);
	ck_assert_uint_gt(runs, 20);
}
END_TEST

START_TEST(reginfo_keeps_nothing_of_an_entity)
{
	long before;

	ck_assert_int_eq(
			xmlMemSetup(xml_free, xml_malloc, may_fail, xml_strdup), 0);
	fail_at = SIZE_MAX;
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, silent);
	parse(whole);
	xmlResetLastError();
	before = live;
	/* No name, so the parser goes on to what is declared. */
	ck_assert_int_eq(parse("<!DOCTYPE re\xe7inf [<!ENTITY a \"b\"fo. "
						   "version=\"1\" state=\"full\">&a;</reginf<"),
			EP_ESYNTAX);
	xmlResetLastError();
	ck_assert_int_eq(live, before);
}
END_TEST

UNIT_MAIN("tna/reginfo", reginfo_reads_a_whole_document,
		reginfo_reads_what_kamailio_writes, reginfo_reads_over_extensions,
		reginfo_refuses_what_is_none,
		reginfo_refuses_a_doctype_and_its_entities,
		reginfo_ignores_the_encoding_it_names, reginfo_keeps_its_limits,
		reginfo_refuses_every_cut, reginfo_survives_every_arena_failure,
		reginfo_survives_every_failure_in_libxml2,
		reginfo_keeps_nothing_of_an_entity)
