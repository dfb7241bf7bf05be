/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/profile.h"

/* Values land in the gateway's flags and in SDP: tokens and commas only. */
static bool value_check(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if(v.p[i] <= ' ' || v.p[i] >= 0x7f || v.p[i] == '=')
			return false;
	return v.len > 0;
}

static bool choice(bool *out, struct ep_view v, const char *yes, const char *no)
{
	*out = ep_view_ieq(v, ep_view_z(yes));
	return *out || ep_view_ieq(v, ep_view_z(no));
}

static bool field_set(
		struct ep_mediate_profile *p, struct ep_view key, struct ep_view value)
{
	if(!value_check(value))
		return false;
	if(ep_view_eq(key, EP_LIT("core")))
		return choice(&p->avpf, value, "avpf", "avp");
	if(ep_view_eq(key, EP_LIT("video")))
		return choice(&p->video, value, "yes", "no");
	struct ep_view *field = NULL;
	if(ep_view_eq(key, EP_LIT("name")))
		field = &p->name;
	else if(ep_view_eq(key, EP_LIT("codecs")))
		field = &p->codecs;
	else if(ep_view_eq(key, EP_LIT("access_if")))
		field = &p->access_if;
	else if(ep_view_eq(key, EP_LIT("core_if")))
		field = &p->core_if;
	else
		return false;
	*field = value;
	return true;
}

enum ep_err ep_mediate_profile_parse(struct ep_mediate_profile *out,
		struct ep_view *bad, struct ep_view text)
{
	struct ep_view rest = text;

	*out = (struct ep_mediate_profile){.codecs = EP_LIT(EP_MEDIATE_CODECS)};
	if(bad)
		*bad = text;
	while(rest.p) {
		struct ep_view field = ep_view_trim(ep_view_cut(&rest, ';'));
		struct ep_view value = field;
		struct ep_view key = ep_view_trim(ep_view_cut(&value, '='));
		if(!field.len)
			continue;
		if(bad)
			*bad = field;
		if(!value.p || !field_set(out, key, ep_view_trim(value)))
			return EP_ESYNTAX;
	}
	/* The gateway takes both names or none. */
	if(!out->name.p || !out->access_if.p != !out->core_if.p)
		return EP_ESYNTAX;
	return EP_OK;
}

bool ep_mediate_profile_keeps(
		const struct ep_mediate_profile *p, struct ep_view encoding)
{
	struct ep_view rest = p->codecs;

	while(rest.p)
		if(ep_view_ieq(ep_view_cut(&rest, ','), encoding))
			return true;
	return false;
}
