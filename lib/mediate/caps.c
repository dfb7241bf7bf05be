/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/caps.h"

/* First release with BUNDLE, and first one whose `fragment` was seen to leave
 * the media alone (14.x was not looked at). */
#define BUNDLE_FROM 14
#define FRAGMENT_FROM 26
#define TLS_ID_FROM_MAJOR 11
#define TLS_ID_FROM_MINOR 3

bool ep_mediate_caps_parse(struct ep_mediate_caps *out, struct ep_view version)
{
	struct ep_view rest = version;
	uint64_t major = 0;
	uint64_t minor = 0;
	uint64_t n;

	*out = (struct ep_mediate_caps){0};
	if(ep_view_starts(rest, EP_LIT("mr")))
		rest = ep_view_from(rest, 2);
	if(!ep_view_u64(&major, ep_view_cut(&rest, '.'), 9999))
		return false;
	if(rest.p && !ep_view_u64(&minor, ep_view_cut(&rest, '.'), UINT32_MAX))
		return false;
	while(rest.p)
		if(!ep_view_u64(&n, ep_view_cut(&rest, '.'), UINT32_MAX))
			return false;
	out->bundle = major >= BUNDLE_FROM;
	out->fragment = major >= FRAGMENT_FROM;
	out->tls_id = major > TLS_ID_FROM_MAJOR
				  || (major == TLS_ID_FROM_MAJOR && minor >= TLS_ID_FROM_MINOR);
	return true;
}
