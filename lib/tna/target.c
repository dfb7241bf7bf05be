/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/target.h"
#include "tna/build.h"

static void put(struct ep_tna_targets *out, struct ep_view uri,
		const struct ep_binding *binding)
{
	if(ep_impus_find(binding->impus, uri).p == NULL)
		out->v[out->n++] = uri;
}

static bool has_user(struct ep_view text)
{
	struct ep_uri uri;

	return ep_uri_parse(&uri, text) != EP_OK || uri.scheme == EP_URI_OTHER
		   || uri.user.p != NULL;
}

enum ep_tna_cause ep_tna_targets_get(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding)
{
	struct ep_nameaddr to;

	out->n = 0;
	if(!ep_view_eq(m->method, EP_LIT("OPTIONS")) || has_user(m->ruri))
		put(out, m->ruri, binding);
	if(!ep_view_eq(m->method, EP_LIT("REFER")))
		return EP_TNA_OK;
	if(!ep_msg_one_nameaddr(&to, m, EP_LIT("Refer-To")))
		return EP_TNA_MALFORMED;
	put(out, to.uri, binding);
	return EP_TNA_OK;
}
