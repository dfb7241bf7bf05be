/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/from.h"
#include "tna/build.h"

void ep_tna_from_narrow(struct ep_binding *b, struct ep_view *one)
{
	*one = ep_impus_find(b->impus, b->impu);
	if(one->p == NULL)
		*one = ep_impus_default(b->impus);
	b->impus = (struct ep_impus){one, one->p != NULL ? 1 : 0};
	b->wildcards = (struct ep_impus){NULL, 0};
}

static bool is_plain(const struct ep_nameaddr *na, struct ep_view identity)
{
	return na->display.len == 0 && ep_impu_eq(na->uri, identity);
}

enum ep_tna_cause ep_tna_from_check(
		const struct ep_msg *m, struct ep_view identity)
{
	struct ep_view name = EP_LIT("P-Preferred-Identity"), rest;
	struct ep_nameaddr na;
	size_t i;

	if(!ep_msg_one_nameaddr(&na, m, EP_LIT("From")))
		return EP_TNA_MALFORMED;
	if(!is_plain(&na, identity))
		return EP_TNA_FROM_REFUSED;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		rest = m->hdrs[i].value;
		while(ep_nameaddr_next(&na, &rest) == EP_OK)
			if(!is_plain(&na, identity))
				return EP_TNA_FROM_REFUSED;
	}
	return EP_TNA_OK;
}

enum ep_tna_cause ep_tna_name_get(
		struct ep_tna_name *out, const struct ep_msg *m, struct ep_view header)
{
	struct ep_nameaddr na;

	/* What cannot be put back is not taken in. */
	if(!ep_msg_one_nameaddr(&na, m, header)
			|| memchr(na.all.p, '\0', na.all.len) != NULL)
		return EP_TNA_MALFORMED;
	out->value = na.all;
	out->name = na.all;
	out->params = EP_LIT("");
	/* `params` is behind the first ';' of the header's own. */
	if(na.params.p != NULL) {
		size_t at = na.params.p - na.all.p;

		while(at > 0 && na.all.p[--at] != ';')
			;
		out->name = ep_view_trim(ep_view_head(na.all, at));
		out->params = ep_view_from(na.all, at);
	}
	return EP_TNA_OK;
}

enum ep_tna_cause ep_tna_name_plan(struct ep_hdredits *l,
		const struct ep_msg *m, struct ep_view header, struct ep_view name)
{
	struct ep_tna_name is;
	struct ep_view parts[2], value;
	enum ep_tna_cause cause = ep_tna_name_get(&is, m, header);

	if(cause != EP_TNA_OK)
		return cause;
	if(ep_view_eq(is.name, name))
		return EP_TNA_OK;
	parts[0] = name;
	parts[1] = is.params;
	value = ep_build_join(l->arena, parts, 2);
	if(value.p == NULL)
		return EP_TNA_INTERNAL;
	return ep_tna_cause_of(
			ep_hdredits_replace(l, ep_msg_find(m, header, 0), value));
}

struct ep_view ep_tna_name_of(struct ep_view uri, struct ep_arena *arena)
{
	const struct ep_view parts[] = {EP_LIT("<"), uri, EP_LIT(">")};

	return ep_build_join(arena, parts, 3);
}
