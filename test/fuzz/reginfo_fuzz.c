/* ep_reginfo_parse, ep_regevent_decide, ep_regevent_order.
 * Input: a reginfo document. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/sipuri.h"
#include "tna/regevent.h"

#define NOW 1000000u
#define END (NOW + 600)

static const struct ep_view impus[] = {
		{"sip:alice@home1.net", 19}, {"tel:+15551234", 13}};
static const struct ep_binding binding = {.impu = {"sip:alice@home1.net", 19},
		.contact = {"sip:abc@x1.invalid;transport=ws", 31},
		.impus = {impus, 2}};
/* A user and a page that no document of the corpus names. */
static const struct ep_view others[] = {{"sip:nobody@else.example", 23}};
static const struct ep_binding stranger = {
		.impu = {"sip:nobody@else.example", 23},
		.contact = {"sip:unnamed@y9.invalid", 22},
		.impus = {others, 1}};

static char mem[1 << 20], again[1 << 20];

static bool names(
		const struct ep_reg_registration *r, const struct ep_binding *b)
{
	return ep_impu_eq(r->aor, b->impu)
		   || ep_impus_find(b->impus, r->aor).p != NULL;
}

static bool is_contact(
		const struct ep_reg_contact *c, const struct ep_binding *b)
{
	return ep_view_eq(c->uri, b->contact) || ep_impu_eq(c->uri, b->contact);
}

/* Is there a word in the document that could end or shorten `b`? */
static bool speaks_of(const struct ep_reginfo *doc, const struct ep_binding *b)
{
	const struct ep_reg_registration *r;
	const struct ep_reg_contact *c;

	for(r = doc->registrations; r != NULL; r = r->next) {
		if(!names(r, b))
			continue;
		if(r->state == EP_REG_TERMINATED)
			return true;
		for(c = r->contacts; c != NULL; c = c->next)
			if(is_contact(c, b))
				return true;
	}
	return false;
}

static void decisions_hold(
		const struct ep_reginfo *doc, const struct ep_binding *b)
{
	struct ep_regevent_decision sure, unsure;
	struct ep_reginfo part = *doc;

	ep_regevent_decide(&sure, doc, b, END, true, NOW);
	ep_regevent_decide(&unsure, doc, b, END, false, NOW);
	need(sure.verdict != EP_REGEVENT_UNSURE);
	need(sure.verdict != EP_REGEVENT_SHORTEN
			|| (sure.end_s >= NOW && sure.end_s < END));
	/* Never at once on the word of what may be old; and a question only where
	 * the answer matters. */
	need(unsure.verdict == EP_REGEVENT_KEEP
			|| unsure.verdict == EP_REGEVENT_UNSURE);
	need(unsure.verdict == EP_REGEVENT_KEEP
			|| sure.verdict != EP_REGEVENT_KEEP);
	/* Only who is named, or missing where all must be named. */
	part.full = false;
	ep_regevent_decide(&unsure, &part, b, END, true, NOW);
	need(unsure.verdict == EP_REGEVENT_KEEP || speaks_of(doc, b));
	need(sure.verdict != EP_REGEVENT_SHORTEN || speaks_of(doc, b));
	need(sure.verdict != EP_REGEVENT_END || doc->full || speaks_of(doc, b));
}

static void document_holds(const struct ep_reginfo *doc)
{
	const struct ep_reg_registration *r;
	const struct ep_reg_contact *c;
	size_t n = 0;

	for(r = doc->registrations; r != NULL; r = r->next) {
		need(r->aor.len > 0 && r->id.p != NULL);
		for(c = r->contacts; c != NULL; c = c->next) {
			need(c->uri.len > 0 && c->uri.len <= EP_REGINFO_CHARS_MAX);
			n++;
		}
		need(++n <= EP_REGINFO_ITEMS_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view text = ep_view_of((const char *)data, n);
	struct ep_reginfo doc, twice;
	struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	if(ep_reginfo_parse(&doc, text, &arena) != EP_OK)
		return 0;
	need(n <= EP_REGINFO_TEXT_MAX);
	need(ep_view_find(text, EP_LIT("<!DOCTYPE")) == SIZE_MAX
			|| ep_view_find(text, EP_LIT("<!--")) != SIZE_MAX
			|| ep_view_find(text, EP_LIT("<![CDATA[")) != SIZE_MAX
			|| ep_view_find(text, EP_LIT("<?")) != SIZE_MAX);
	document_holds(&doc);
	decisions_hold(&doc, &binding);
	decisions_hold(&doc, &stranger);
	/* Nothing is left behind by the first. */
	ep_arena_init(&arena, again, sizeof(again), NULL, 0);
	need(ep_reginfo_parse(&twice, text, &arena) == EP_OK);
	need(twice.version == doc.version && twice.full == doc.full);
	need(ep_regevent_order(true, doc.version, &twice) == EP_REGEVENT_STALE);
	return 0;
}
