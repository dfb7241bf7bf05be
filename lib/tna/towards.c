/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/check.h"
#include "tna/build.h"
#include "tna/trust.h"

/* Does a Privacy header ask for `word`? RFC 3323 4.2 puts ';' between the
 * words; ',' is in use as well. */
static bool privacy_has(const struct ep_msg *m, struct ep_view word)
{
	struct ep_view name = EP_LIT("Privacy"), line, item;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		line = m->hdrs[i].value;
		while(line.p) {
			item = ep_view_cut(&line, ';');
			while(item.p)
				if(ep_view_ieq(ep_view_trim(ep_view_cut(&item, ',')), word))
					return true;
		}
	}
	return false;
}

enum ep_tna_cause ep_tna_towards_plan(
		struct ep_hdredits *out, const struct ep_msg *m, struct ep_arena *arena)
{
	enum ep_err err;

	ep_hdredits_init(out, arena);
	err = ep_trust_strip(out, m, EP_TRUST_TO_WIC);
	if(!err && privacy_has(m, EP_LIT("id")))
		err = ep_hdredits_del_all(out, m, EP_LIT("P-Asserted-Identity"));
	if(!err
			&& (privacy_has(m, EP_LIT("history"))
					|| privacy_has(m, EP_LIT("header"))
					|| privacy_has(m, EP_LIT("session"))))
		err = ep_hdredits_del_all(out, m, EP_LIT("History-Info"));
	return err ? EP_TNA_INTERNAL : EP_TNA_OK;
}
