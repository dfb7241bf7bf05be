/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/profile.h"

/* Values land in the gateway's command and in SDP: tokens and commas only. */
static bool value_check(struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++)
		if(v.p[i] <= ' ' || v.p[i] >= 0x7f || v.p[i] == '=')
			return false;
	return v.len > 0;
}

/* A command has its limits (command.h); names are not that long. */
#define NAME_MAX_LEN 32

/* Names separated by single commas, not too many of them. */
static bool names_check(struct ep_view v)
{
	size_t n = 0;

	while(v.p) {
		size_t len = ep_view_cut(&v, ',').len;
		if(len == 0 || len > NAME_MAX_LEN || ++n > EP_MEDIATE_TRANSCODE_MAX)
			return false;
	}
	return true;
}

static bool choice(bool *out, struct ep_view v, const char *yes, const char *no)
{
	*out = ep_view_ieq(v, ep_view_z(yes));
	return *out || ep_view_ieq(v, ep_view_z(no));
}

static bool core_set(struct ep_mediate_profile *p, struct ep_view v)
{
	p->srtp = ep_view_istarts(v, EP_LIT("s"));
	return choice(&p->avpf, ep_view_from(v, p->srtp), "avpf", "avp");
}

static bool ip_set(unsigned *out, struct ep_view v)
{
	*out = ep_view_eq(v, EP_LIT("4")) ? 4 : ep_view_eq(v, EP_LIT("6")) ? 6 : 0;
	return *out != 0;
}

/* The keys whose value is a text. */
static struct ep_view *text_field(
		struct ep_mediate_profile *p, struct ep_view key)
{
	if(ep_view_eq(key, EP_LIT("name")))
		return &p->name;
	if(ep_view_eq(key, EP_LIT("codecs")))
		return &p->codecs;
	if(ep_view_eq(key, EP_LIT("transcode")))
		return &p->transcode;
	if(ep_view_eq(key, EP_LIT("access_if")))
		return &p->access_if;
	if(ep_view_eq(key, EP_LIT("core_if")))
		return &p->core_if;
	return NULL;
}

static bool bundle_set(struct ep_mediate_profile *p, struct ep_view value)
{
	p->bundle_needed = ep_view_ieq(value, EP_LIT("needed"));
	p->bundle = p->bundle_needed;
	return p->bundle_needed || choice(&p->bundle, value, "auto", "no");
}

static bool field_set(
		struct ep_mediate_profile *p, struct ep_view key, struct ep_view value)
{
	if(!value_check(value))
		return false;
	if(ep_view_eq(key, EP_LIT("core")))
		return core_set(p, value);
	if(ep_view_eq(key, EP_LIT("video")))
		return choice(&p->video, value, "yes", "no");
	if(ep_view_eq(key, EP_LIT("bundle")))
		return bundle_set(p, value);
	if(ep_view_eq(key, EP_LIT("no_candidates")))
		return choice(&p->max_bundle, value, "max-bundle", "balanced");
	if(ep_view_eq(key, EP_LIT("core_source")))
		return choice(&p->strict, value, "strict", "any");
	if(ep_view_eq(key, EP_LIT("gateway")))
		return ep_mediate_caps_parse(&p->caps, value);
	if(ep_view_eq(key, EP_LIT("access_ip")))
		return ip_set(&p->access_ip, value);
	if(ep_view_eq(key, EP_LIT("core_ip")))
		return ip_set(&p->core_ip, value);
	struct ep_view *field = text_field(p, key);
	if(!field || (field == &p->transcode && !names_check(value))
			|| ((field == &p->access_if || field == &p->core_if)
					&& value.len > NAME_MAX_LEN))
		return false;
	*field = value;
	return true;
}

enum ep_err ep_mediate_profile_parse(struct ep_mediate_profile *out,
		struct ep_view *bad, struct ep_view text)
{
	struct ep_view rest = text;

	*out = (struct ep_mediate_profile){
			.codecs = EP_LIT(EP_MEDIATE_CODECS), .bundle = true};
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

bool ep_mediate_names_has(struct ep_view names, struct ep_view name)
{
	while(names.p)
		if(ep_view_ieq(ep_view_cut(&names, ','), name))
			return true;
	return false;
}
