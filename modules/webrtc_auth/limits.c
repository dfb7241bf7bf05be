/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "token/policy.h"
#include "webrtc_auth/limits.h"
#include "webrtc_auth/policy.h"

/* Set in mod_init, before fork. */
static webrtc_auth_admit_f admit_f;

void ep_limits_on_register(webrtc_auth_admit_f admit)
{
	admit_f = admit;
}

static const struct ep_wwsf *wwsf_find(struct ep_view wwsf)
{
	const struct ep_token_policy *policy = ep_policy_get();

	return policy != NULL ? ep_policy_wwsf_find(policy, wwsf) : NULL;
}

static enum webrtc_auth_from from_of(enum ep_from_rule rule)
{
	switch(rule) {
		case EP_FROM_KEEP:
			return WEBRTC_AUTH_FROM_KEEP;
		case EP_FROM_REPLACE:
			return WEBRTC_AUTH_FROM_REPLACE;
		default:
			return WEBRTC_AUTH_FROM_REFUSE;
	}
}

enum ep_err ep_limits_get(struct webrtc_auth_limits *out, struct ep_view wwsf)
{
	const struct ep_wwsf *w = wwsf_find(wwsf);

	*out = (struct webrtc_auth_limits){.from = WEBRTC_AUTH_FROM_REFUSE};
	if(w == NULL)
		return EP_ENOENT;
	*out = (struct webrtc_auth_limits){
			.max_registrations = w->max_registrations,
			.max_calls = w->max_calls,
			.max_call_s = w->max_call_s,
			.call_s_per_day = w->call_s_per_day,
			.from = from_of(w->from)};
	return EP_OK;
}

bool ep_limits_permits(struct ep_view wwsf, struct ep_view target)
{
	const struct ep_wwsf *w = wwsf_find(wwsf);

	return w != NULL && ep_policy_destination_ok(w, target);
}

bool ep_limits_pool(struct ep_view wwsf, struct ep_view impi)
{
	const struct ep_wwsf *w = wwsf_find(wwsf);

	return w != NULL && ep_policy_pool_has(w, impi);
}

bool ep_limits_admit(sip_msg_t *msg, struct ep_view wwsf, struct ep_view impi)
{
	static bool told;
	struct webrtc_auth_limits limits;

	if(ep_limits_get(&limits, wwsf) != EP_OK)
		return false;
	if(limits.max_registrations == 0)
		return true;
	if(admit_f == NULL) {
		if(!told)
			LM_WARN("max_registrations is counted by tna_register, which is"
					" not loaded: no limit\n");
		told = true;
		return true;
	}
	return admit_f(msg, wwsf, impi, limits.max_registrations);
}
