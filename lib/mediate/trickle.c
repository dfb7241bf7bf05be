/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/trickle.h"
#include "mediate/section.h"
#include "sdp/frag.h"

#define PACKAGE EP_LIT("trickle-ice")
#define MEDIA_TYPE EP_LIT("application/trickle-ice-sdpfrag")

/* A header's value without its parameters. */
static struct ep_view bare_of(struct ep_view value)
{
	return ep_view_trim(ep_view_cut(&value, ';'));
}

static bool header_says(
		const struct ep_msg *m, struct ep_view name, struct ep_view value)
{
	for(size_t i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1))
		if(ep_view_ieq(bare_of(m->hdrs[i].value), value))
			return true;
	return false;
}

static bool body_is_fragment(const struct ep_msg *m)
{
	return header_says(m, EP_LIT("Content-Type"), MEDIA_TYPE);
}

bool ep_mediate_trickle_is(const struct ep_msg *m)
{
	return ep_view_eq(m->method, EP_LIT("INFO"))
		   && (header_says(m, EP_LIT("Info-Package"), PACKAGE)
				   || body_is_fragment(m));
}

/* Is there news for a gateway? */
static bool worth(const struct ep_sdp_frag *f)
{
	struct ep_sdp_candidate c;
	struct ep_sdp_attr a;

	for(size_t i = 0; i < f->sdp.media_n; i++) {
		size_t at = 0;
		if(f->media[i].ended)
			return true;
		while((at = ep_sdp_attr_find(&a, &f->sdp, i, EP_LIT("candidate"), at))
				!= SIZE_MAX) {
			at++;
			if(ep_sdp_candidate_parse(&c, a.value)
					&& ep_mediate_candidate_serves(&c))
				return true;
		}
	}
	return false;
}

enum ep_mediate_cause ep_mediate_trickle_plan(struct ep_view *out,
		const struct ep_msg *m, enum ep_mediate_from from,
		const struct ep_mediate_caps *caps, struct ep_arena *arena)
{
	struct ep_sdp_frag f;

	*out = ep_view_none();
	if(from == EP_MEDIATE_FROM_CORE)
		return EP_MEDIATE_EPACKAGE;
	if(!header_says(m, EP_LIT("Info-Package"), PACKAGE) || !body_is_fragment(m))
		return EP_MEDIATE_EFRAGMENT;
	enum ep_err err = ep_sdp_frag_parse(&f, NULL, m->body, arena);
	if(err)
		return err == EP_ENOMEM ? EP_MEDIATE_EINTERNAL : EP_MEDIATE_EFRAGMENT;
	if(!caps->fragment || !worth(&f))
		return EP_MEDIATE_OK;
	*out = ep_sdp_frag_print_arena(&f, ep_mediate_candidate_serves, arena);
	return out->p ? EP_MEDIATE_OK : EP_MEDIATE_EINTERNAL;
}

/* Trickle ICE; and where `bare`, of preconditions too. */
static bool ends_here(struct ep_view tag, bool bare)
{
	return ep_view_ieq(tag, PACKAGE)
		   || (bare && ep_view_ieq(tag, EP_LIT("precondition")));
}

/* `value`, a list separated by commas, without the elements that end here.
 * Absent: there was none of them. Empty: there is nothing else. */
static enum ep_err list_without(struct ep_view *out, struct ep_view value,
		bool bare, struct ep_arena *arena)
{
	struct ep_view rest = value;
	struct ep_buf left;
	bool found = false;

	*out = ep_view_none();
	char *p = ep_arena_get(arena, value.len + 1);
	if(!p)
		return EP_ENOMEM;
	ep_buf_init(&left, p, value.len + 1);
	while(rest.p) {
		struct ep_view item = ep_view_trim(ep_view_cut(&rest, ','));
		if(ends_here(bare_of(item), bare)) {
			found = true;
			continue;
		}
		if(!item.len)
			continue;
		if(left.len)
			ep_buf_put_chr(&left, ',');
		ep_buf_put(&left, item);
	}
	if(found)
		*out = ep_buf_view(&left);
	return EP_OK;
}

static enum ep_err header_clean(struct ep_hdredits *out, const struct ep_msg *m,
		struct ep_view name, bool bare)
{
	enum ep_err err = EP_OK;

	for(size_t i = ep_msg_find(m, name, 0); i != SIZE_MAX && !err;
			i = ep_msg_find(m, name, i + 1)) {
		struct ep_view left;
		err = list_without(&left, m->hdrs[i].value, bare, out->arena);
		if(err || !left.p)
			continue;
		err = left.len ? ep_hdredits_replace(out, i, left)
					   : ep_hdredits_del(out, i);
	}
	return err;
}

enum ep_err ep_mediate_trickle_headers(struct ep_hdredits *out,
		const struct ep_msg *m, enum ep_mediate_from from, bool announce)
{
	const struct ep_view names[] = {EP_LIT("Supported"), EP_LIT("Require"),
			EP_LIT("Proxy-Require"), EP_LIT("Recv-Info")};
	/* With a description those of preconditions go with its lines. */
	bool bare = from == EP_MEDIATE_FROM_CORE && !m->body.len;
	enum ep_err err = EP_OK;

	for(size_t i = 0; i < sizeof names / sizeof *names && !err; i++)
		err = header_clean(out, m, names[i], bare);
	if(err || !announce || from == EP_MEDIATE_FROM_WIC
			|| !ep_view_eq(m->method, EP_LIT("INVITE"))
			|| (m->status && (m->status <= 100 || m->status >= 300)))
		return err;
	err = ep_hdredits_append(out, EP_LIT("Supported"), PACKAGE);
	return err ? err : ep_hdredits_append(out, EP_LIT("Recv-Info"), PACKAGE);
}
