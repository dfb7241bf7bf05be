/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/section.h"

/* m=<kind> <port> <proto> <fmts> in the place of the section's m= line. */
enum ep_err ep_mediate_mline_set(struct ep_mediate_edit *e, size_t media,
		unsigned port, struct ep_view proto, struct ep_view fmts)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	char digits[20];
	struct ep_buf number;

	ep_buf_init(&number, digits, sizeof digits);
	ep_buf_put_u64(&number, port);
	const struct ep_view parts[] = {EP_LIT("m="), m->kind, EP_LIT(" "),
			ep_buf_view(&number), EP_LIT(" "), proto, EP_LIT(" "), fmts};
	struct ep_view line =
			ep_arena_join(e->plan->arena, parts, sizeof parts / sizeof *parts);
	if(!line.p)
		return EP_ENOMEM;
	/* Lines that nothing touches stay the very octets. */
	if(ep_view_eq(ep_view_from(line, 2), e->sdp->lines[m->first].value)
			&& ep_view_ends(e->sdp->lines[m->first].raw, EP_LIT("\r\n")))
		return EP_OK;
	return ep_sdp_edits_replace(&e->edits, m->first, line);
}

enum ep_err ep_mediate_mline_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, const struct ep_mediate_codecs *codecs)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	struct ep_view rest = m->fmts;
	struct ep_view word;
	struct ep_mediate_codecs left = *codecs; /* each payload type once */
	struct ep_buf kept;
	unsigned pt;

	char *p = ep_arena_get(e->plan->arena, m->fmts.len + 1);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&kept, p, m->fmts.len + 1);
	while((word = ep_sdp_word_cut(&rest)).p) {
		if(!ep_mediate_pt_parse(&pt, word)
				|| !ep_mediate_codecs_take(&left, pt))
			continue;
		if(kept.len)
			ep_buf_put_chr(&kept, ' ');
		ep_buf_put(&kept, word);
	}
	/* Port 0 with a=bundle-only is no refusal (RFC 9143 6), but it is one for
	 * the gateway, which knows the form without: port 9, no candidates. */
	unsigned port = m->port ? m->port : 9;
	return ep_mediate_mline_set(e, media, port, proto, ep_buf_view(&kept));
}

static enum ep_err insert(
		struct ep_mediate_edit *e, size_t line, struct ep_view text)
{
	return text.p ? ep_sdp_edits_insert(&e->edits, line, text) : EP_ENOMEM;
}

enum ep_err ep_mediate_attr_plan(struct ep_mediate_edit *e, size_t media,
		const char *name, struct ep_view value)
{
	const struct ep_view parts[] = {
			EP_LIT("a="), ep_view_z(name), EP_LIT(":"), value};
	size_t first;
	size_t end;

	ep_sdp_section_get(&first, &end, e->sdp, media);
	return insert(
			e, end, ep_arena_join(e->plan->arena, parts, value.p ? 4 : 2));
}

enum ep_err ep_mediate_reject_plan(struct ep_mediate_edit *e, size_t media,
		struct ep_view proto, struct ep_view fmts, struct ep_view mid)
{
	const struct ep_sdp_media *m = &e->sdp->media[media];
	enum ep_err err = ep_mediate_mline_set(e, media, 0, proto, fmts);

	for(size_t i = m->first + 1; i < m->end && !err; i++)
		err = ep_sdp_edits_drop(&e->edits, i);
	if(!err && !ep_sdp_connection_get(e->sdp, EP_SDP_SESSION).p)
		err = insert(e, m->end, EP_LIT("c=IN IP4 0.0.0.0"));
	if(!err && mid.len)
		err = ep_mediate_attr_plan(e, media, "mid", mid);
	return err;
}

static bool address_none(struct ep_view address)
{
	return ep_view_eq(address, EP_LIT("0.0.0.0"))
		   || ep_view_eq(address, EP_LIT("::"));
}

static bool sends(enum ep_sdp_direction d)
{
	return d == EP_SDP_SENDRECV || d == EP_SDP_SENDONLY;
}

static bool receives(enum ep_sdp_direction d)
{
	return d == EP_SDP_SENDRECV || d == EP_SDP_RECVONLY;
}

static enum ep_sdp_direction direction_of(bool send, bool receive)
{
	if(send)
		return receive ? EP_SDP_SENDRECV : EP_SDP_SENDONLY;
	return receive ? EP_SDP_RECVONLY : EP_SDP_INACTIVE;
}

/* The direction that a section means. */
static enum ep_sdp_direction meant(
		const struct ep_sdp *sdp, size_t media, bool of_core)
{
	enum ep_sdp_direction d = ep_sdp_direction_get(sdp, media);

	return of_core && address_none(ep_sdp_connection_get(sdp, media))
				   ? direction_of(sends(d), false)
				   : d;
}

enum ep_err ep_mediate_direction_plan(struct ep_mediate_edit *e, size_t media)
{
	static const char *const names[] = {[EP_SDP_SENDRECV] = "sendrecv",
			[EP_SDP_SENDONLY] = "sendonly",
			[EP_SDP_RECVONLY] = "recvonly",
			[EP_SDP_INACTIVE] = "inactive"};
	const struct ep_mediate_plan *plan = e->plan;
	const struct ep_sdp_media *m = &e->sdp->media[media];
	bool of_core = !ep_mediate_case_to_core(plan->kind);
	enum ep_sdp_direction want = meant(e->sdp, media, of_core);
	struct ep_sdp_attr a;
	enum ep_sdp_direction d;
	enum ep_err err = EP_OK;

	if(!ep_mediate_case_offer(plan->kind) && plan->has_offer) {
		enum ep_sdp_direction o = meant(&plan->offer, media, !of_core);
		want = direction_of(
				sends(want) && receives(o), receives(want) && sends(o));
	}
	if(want == ep_sdp_direction_get(e->sdp, media))
		return EP_OK;
	for(size_t i = m->first; i < m->end && !err; i++)
		if(ep_sdp_attr_get(&a, &e->sdp->lines[i])
				&& ep_sdp_direction_parse(&d, a.name))
			err = ep_sdp_edits_drop(&e->edits, i);
	return err ? err
			   : ep_mediate_attr_plan(e, media, names[want], ep_view_none());
}

/* The certificate's name for the DTLS association: another one with another
 * certificate, and the same one after an ICE restart, which is what browsers
 * mean. */
static enum ep_err tls_id_plan(struct ep_mediate_edit *e, size_t media)
{
	const struct ep_mediate_plan *plan = e->plan;
	size_t line = plan->features.sections[media].fingerprint;
	struct ep_sdp_attr a;
	struct ep_sdp_fingerprint f;
	struct ep_buf id;

	if(!plan->caps.tls_id
			|| ep_mediate_transport_lookup(&a, e->sdp, media,
					plan->features.sections[media].transport, EP_LIT("tls-id"))
			|| line >= e->sdp->lines_n
			|| !ep_sdp_attr_get(&a, &e->sdp->lines[line])
			|| !ep_sdp_fingerprint_parse(&f, a.value))
		return EP_OK;
	char *p = ep_arena_get(plan->arena, f.hex.len);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&id, p, f.hex.len);
	for(size_t i = 0; i < f.hex.len; i++)
		if(f.hex.p[i] != ':')
			ep_buf_put_chr(&id, f.hex.p[i]);
	return ep_mediate_attr_plan(e, media, "tls-id", ep_buf_view(&id));
}

/* Of a section that says nothing of its transport, what another one says. */
static enum ep_err transport_copy(struct ep_mediate_edit *e, size_t media)
{
	static const char *const names[] = {
			"ice-ufrag", "ice-pwd", "ice-options", "setup", "tls-id"};
	const struct ep_mediate_section *s = &e->plan->features.sections[media];
	const struct ep_sdp_media *from = &e->sdp->media[s->transport];
	struct ep_sdp_attr a;
	enum ep_err err = EP_OK;

	if(s->transport == media)
		return EP_OK;
	for(size_t i = 0; i < sizeof names / sizeof *names && !err; i++) {
		struct ep_view name = ep_view_z(names[i]);
		if(ep_sdp_attr_find(NULL, e->sdp, media, name, 0) == SIZE_MAX
				&& ep_sdp_attr_find(&a, e->sdp, s->transport, name, 0)
						   != SIZE_MAX)
			err = ep_mediate_attr_plan(e, media, names[i], a.value);
	}
	if(err || s->fingerprint <= from->first || s->fingerprint >= from->end
			|| !ep_sdp_attr_get(&a, &e->sdp->lines[s->fingerprint]))
		return err;
	return ep_mediate_attr_plan(e, media, "fingerprint", a.value);
}

static bool level_trickles(const struct ep_sdp *sdp, size_t level)
{
	struct ep_sdp_attr a;
	size_t at = 0;

	while((at = ep_sdp_attr_find(&a, sdp, level, EP_LIT("ice-options"), at))
			!= SIZE_MAX) {
		struct ep_view word;
		at++;
		while((word = ep_sdp_word_cut(&a.value)).p)
			if(ep_view_eq(word, EP_LIT("trickle")))
				return true;
	}
	return false;
}

/* Does somebody say that candidates come later (RFC 8840 4.1.1)? What a section
 * says itself is not copied from where it has its transport. */
static bool trickles(const struct ep_sdp *sdp, size_t media, size_t transport)
{
	bool copied = ep_sdp_attr_find(NULL, sdp, media, EP_LIT("ice-options"), 0)
				  == SIZE_MAX;

	return level_trickles(sdp, media) || level_trickles(sdp, EP_SDP_SESSION)
		   || (copied && level_trickles(sdp, transport));
}

enum ep_err ep_mediate_defaults_plan(struct ep_mediate_edit *e, size_t media)
{
	const struct ep_mediate_section *s = &e->plan->features.sections[media];
	bool offer = ep_mediate_case_offer(e->plan->kind);
	struct ep_sdp_attr a;
	enum ep_err err = transport_copy(e, media);

	if(!err
			&& !ep_mediate_transport_lookup(
					&a, e->sdp, media, s->transport, EP_LIT("setup")))
		err = ep_mediate_attr_plan(e, media, "setup",
				offer ? EP_LIT("active") : EP_LIT("passive"));
	if(!err && s->mux
			&& !ep_sdp_attr_lookup(&a, e->sdp, media, EP_LIT("rtcp-mux")))
		err = ep_mediate_attr_plan(e, media, "rtcp-mux", ep_view_none());
	if(!err && address_none(ep_sdp_connection_get(e->sdp, media))
			&& !trickles(e->sdp, media, s->transport))
		err = ep_mediate_attr_plan(e, media, "ice-options", EP_LIT("trickle"));
	return err ? err : tls_id_plan(e, media);
}
