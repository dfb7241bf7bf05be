/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "tna/build.h"
#include "tna/regevent.h"

/* Route elements of one dialog. */
#define ROUTES_MAX 16

/* --- SUBSCRIBE --- */

struct ep_view ep_regevent_own_uri(
		const struct ep_tna_cfg *cfg, struct ep_arena *arena)
{
	const struct ep_view parts[] = {EP_LIT("sip:"), cfg->own_host};

	return ep_arena_join(arena, parts, 2);
}

struct ep_view ep_regevent_headers(const struct ep_tna_cfg *cfg,
		struct ep_view token, struct ep_view icid, uint32_t expires_s,
		struct ep_arena *arena)
{
	bool more = cfg->own_params.len > 0;
	const struct ep_view parts[] = {
			EP_LIT("Max-Forwards: 70\r\nContact: <sip:"),
			token,
			EP_LIT("@"),
			cfg->own_host,
			more ? EP_LIT(";") : EP_LIT(""),
			more ? cfg->own_params : EP_LIT(""),
			EP_LIT(">\r\nEvent: reg\r\nAccept: application/reginfo+xml\r\n"
				   "Expires: "),
			ep_build_u64(arena, expires_s),
			EP_LIT("\r\nP-Asserted-Identity: <sip:"),
			cfg->own_host,
			EP_LIT(">\r\nP-Charging-Vector: "),
			ep_build_charging_vector(cfg, icid, arena),
			EP_LIT("\r\n"),
	};

	if(token.p == NULL || parts[7].p == NULL || parts[11].p == NULL)
		return ep_view_none();
	return ep_arena_join(arena, parts, sizeof(parts) / sizeof(*parts));
}

/* --- what comes --- */

static struct ep_view header(const struct ep_msg *m, struct ep_view name)
{
	size_t i = ep_msg_find(m, name, 0);

	return i == SIZE_MAX ? ep_view_none() : m->hdrs[i].value;
}

static bool tag_of(
		struct ep_view *out, const struct ep_msg *m, struct ep_view name)
{
	struct ep_nameaddr n;

	*out = ep_view_none();
	if(ep_nameaddr_parse(&n, header(m, name)) != EP_OK)
		return false;
	if(ep_param_get(out, n.params, EP_LIT("tag")))
		*out = ep_view_trim(*out);
	return true;
}

/* The digits in front: CSeq has a method, Retry-After parameters and a comment
 * behind them. */
static bool header_number(
		uint32_t *out, const struct ep_msg *m, struct ep_view name)
{
	struct ep_view v = ep_view_trim(header(m, name));
	size_t n = 0;
	uint64_t value;

	while(n < v.len && v.p[n] >= '0' && v.p[n] <= '9')
		n++;
	if(!ep_view_u64(&value, ep_view_head(v, n), UINT32_MAX))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* Where requests of the dialog go: only what can be sent to. */
static struct ep_view target_of(const struct ep_msg *m)
{
	struct ep_view value = header(m, EP_LIT("Contact"));
	struct ep_nameaddr n;
	struct ep_uri uri;

	if(value.p == NULL || ep_nameaddr_next(&n, &value) != EP_OK || n.star
			|| ep_uri_parse(&uri, n.uri) != EP_OK
			|| (uri.scheme != EP_URI_SIP && uri.scheme != EP_URI_SIPS))
		return ep_view_none();
	return n.uri;
}

static bool dialog_of(struct ep_regevent_peer *out, const struct ep_msg *m)
{
	out->call_id = ep_view_trim(header(m, EP_LIT("Call-ID")));
	out->target = target_of(m);
	return tag_of(&out->from_tag, m, EP_LIT("From"))
		   && tag_of(&out->to_tag, m, EP_LIT("To"))
		   && header_number(&out->cseq, m, EP_LIT("CSeq"));
}

enum ep_tna_cause ep_regevent_answer_read(
		struct ep_regevent_peer *out, const struct ep_msg *m)
{
	*out = (struct ep_regevent_peer){.said.status = m->status};
	if(!dialog_of(out, m))
		return EP_TNA_MALFORMED;
	out->said.has_expires =
			header_number(&out->said.expires_s, m, EP_LIT("Expires"));
	out->said.has_retry_after =
			header_number(&out->said.retry_after_s, m, EP_LIT("Retry-After"));
	return EP_TNA_OK;
}

static enum ep_regsub_reason reason_of(struct ep_view word)
{
	/* as enum ep_regsub_reason */
	static const char *const names[] = {"deactivated", "probation", "rejected",
			"timeout", "giveup", "noresource", "invariant"};
	size_t i;

	for(i = 0; i < sizeof(names) / sizeof(*names); i++)
		if(ep_view_ieq(word, ep_view_z(names[i])))
			return (enum ep_regsub_reason)(i + 1);
	return EP_REGSUB_NO_REASON;
}

static bool number_of(uint32_t *out, struct ep_view params, const char *name)
{
	struct ep_view v;
	uint64_t n;

	if(!ep_param_get(&v, params, ep_view_z(name))
			|| !ep_view_u64(&n, ep_view_trim(v), UINT32_MAX))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool state_read(struct ep_regsub_input *said, struct ep_view params)
{
	struct ep_view word = ep_view_trim(ep_view_cut(&params, ';')), reason;

	said->terminated = ep_view_ieq(word, EP_LIT("terminated"));
	if(word.len == 0)
		return false;
	if(params.p == NULL)
		return true;
	said->has_expires = number_of(&said->expires_s, params, "expires");
	said->has_retry_after =
			number_of(&said->retry_after_s, params, "retry-after");
	if(ep_param_get(&reason, params, EP_LIT("reason")))
		said->reason = reason_of(ep_view_trim(reason));
	return true;
}

/* Without its parameters. */
static struct ep_view word_of(const struct ep_msg *m, struct ep_view name)
{
	struct ep_view v = header(m, name);

	return v.p == NULL ? v : ep_view_trim(ep_view_cut(&v, ';'));
}

enum ep_tna_cause ep_regevent_notify_read(
		struct ep_regevent_peer *out, const struct ep_msg *m)
{
	struct ep_view event = word_of(m, EP_LIT("Event"));

	*out = (struct ep_regevent_peer){.cseq = 0};
	if(!dialog_of(out, m))
		return EP_TNA_MALFORMED;
	if(!ep_view_ieq(event, EP_LIT("reg")))
		return EP_TNA_BAD_EVENT;
	if(!state_read(&out->said, header(m, EP_LIT("Subscription-State"))))
		return EP_TNA_MALFORMED;
	if(m->body.len > 0
			&& !ep_view_ieq(word_of(m, EP_LIT("Content-Type")),
					EP_LIT("application/reginfo+xml")))
		return EP_TNA_BODY_TYPE;
	return EP_TNA_OK;
}

/* All elements into v; how many, or SIZE_MAX. */
static size_t routes_get(struct ep_view *v, const struct ep_msg *m)
{
	struct ep_view name = EP_LIT("Record-Route"), rest;
	struct ep_nameaddr element;
	struct ep_uri uri;
	size_t i, n = 0;
	enum ep_err err;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while((err = ep_nameaddr_next(&element, &rest)) == EP_OK) {
			if(n == ROUTES_MAX || element.star
					|| ep_uri_parse(&uri, element.uri) != EP_OK)
				return SIZE_MAX;
			v[n++] = element.all;
		}
		if(err != EP_ENOENT)
			return SIZE_MAX;
	}
	return n;
}

struct ep_view ep_regevent_routes(enum ep_err *err, const struct ep_msg *m,
		bool reverse, struct ep_arena *arena)
{
	struct ep_view found[ROUTES_MAX], parts[2 * ROUTES_MAX], joined;
	size_t n = routes_get(found, m), i;

	*err = n == SIZE_MAX ? EP_ESYNTAX : EP_OK;
	if(n == 0 || n == SIZE_MAX)
		return ep_view_none();
	for(i = 0; i < n; i++) {
		parts[2 * i] = i == 0 ? EP_LIT("") : EP_LIT(", ");
		parts[2 * i + 1] = found[reverse ? n - 1 - i : i];
	}
	joined = ep_arena_join(arena, parts, 2 * n);
	if(joined.p == NULL)
		*err = EP_ENOMEM;
	return joined;
}

/* --- what a document means --- */

enum ep_regevent_order ep_regevent_order(
		bool has_last, uint32_t last, const struct ep_reginfo *doc)
{
	if(has_last && doc->version <= last)
		return EP_REGEVENT_STALE;
	if(doc->full || (has_last && doc->version == last + 1))
		return EP_REGEVENT_NEXT;
	return EP_REGEVENT_GAP;
}

/* How much a registration has to say about the binding. */
enum weight
{
	WEIGHT_NONE,
	WEIGHT_OTHER, /* of another of its identities */
	WEIGHT_OWN
};

static bool has_wildcard(
		const struct ep_binding *b, const struct ep_reg_registration *r)
{
	size_t i;

	for(i = 0; r->wildcard.p != NULL && i < b->wildcards.n; i++)
		if(ep_view_eq(r->wildcard, b->wildcards.v[i]))
			return true;
	return false;
}

static enum weight weight_of(
		const struct ep_binding *b, const struct ep_reg_registration *r)
{
	if(ep_impu_eq(r->aor, b->impu)
			|| ep_impu_eq(r->aor, ep_impus_default(b->impus)))
		return WEIGHT_OWN;
	if(ep_impus_find(b->impus, r->aor).p != NULL || has_wildcard(b, r))
		return WEIGHT_OTHER;
	return WEIGHT_NONE;
}

/* Both were written by the registrar from what the REGISTER said. */
static bool is_contact(
		const struct ep_binding *b, const struct ep_reg_contact *c)
{
	return b->contact.len > 0
		   && (ep_view_eq(c->uri, b->contact)
				   || ep_impu_eq(c->uri, b->contact));
}

struct found
{
	enum weight weight;
	bool alive, terminated;
	const struct ep_reg_contact *longest; /* active, of the latest end; or no
											 contact that says when */
	bool open_end;
	bool shortened;
};

static void contact_count(struct found *f, const struct ep_reg_contact *c)
{
	if(!c->active) {
		f->terminated = true;
		return;
	}
	f->alive = true;
	f->shortened = f->shortened || c->event == EP_REG_SHORTENED;
	if(!c->has_expires)
		f->open_end = true;
	else if(f->longest == NULL || c->expires_s > f->longest->expires_s)
		f->longest = c;
}

static void registration_count(struct found *f, const struct ep_binding *b,
		const struct ep_reg_registration *r)
{
	const struct ep_reg_contact *c;
	enum weight weight = weight_of(b, r);

	if(weight == WEIGHT_NONE || weight < f->weight)
		return;
	if(weight > f->weight)
		*f = (struct found){.weight = weight};
	if(r->state == EP_REG_TERMINATED) {
		f->terminated = true;
		return;
	}
	for(c = r->contacts; c != NULL; c = c->next)
		if(is_contact(b, c))
			contact_count(f, c);
}

static void decide_end(struct ep_regevent_decision *out, bool settled)
{
	out->verdict = settled ? EP_REGEVENT_END : EP_REGEVENT_UNSURE;
}

/* The end it names is earlier than ours. Every document says how much is left;
 * one from before a renewal says too little. */
static void decide_alive(struct ep_regevent_decision *out,
		const struct found *f, uint64_t end_s, bool settled, uint64_t now_s)
{
	uint64_t there_s;

	if(f->open_end || f->longest == NULL)
		return;
	there_s = now_s + f->longest->expires_s;
	if(end_s <= there_s || end_s - there_s <= EP_REGEVENT_SLACK_S)
		return;
	out->end_s = there_s;
	if(settled)
		out->verdict = EP_REGEVENT_SHORTEN;
	else if(f->shortened)
		out->verdict = EP_REGEVENT_UNSURE;
}

void ep_regevent_decide(struct ep_regevent_decision *out,
		const struct ep_reginfo *doc, const struct ep_binding *b,
		uint64_t end_s, bool settled, uint64_t now_s)
{
	const struct ep_reg_registration *r;
	struct found f = {.weight = WEIGHT_NONE};

	*out = (struct ep_regevent_decision){.verdict = EP_REGEVENT_KEEP};
	for(r = doc->registrations; r != NULL; r = r->next)
		registration_count(&f, b, r);
	if(f.alive)
		decide_alive(out, &f, end_s, settled, now_s);
	else if(f.terminated || doc->full)
		decide_end(out, settled);
}
