/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Answers of a page before tm sees them. tm finds a transaction by values the
 * page itself chose, and a final answer cannot be dropped any more once tm has
 * it: what must not count, or cannot be cleaned, ends here.
 */
#include "core/dprint.h"
#include "core/script_cb.h"

#include "tna/check.h"
#include "message.h"
#include "route.h"

static enum ep_tna_cause answer_check(struct tna_work *w)
{
	struct ep_binding none = {.auth_done = false};
	struct ep_hdredits edits;

	/* Nobody registers with a page: it would be answering itself. */
	if(ep_view_ieq(w->m.method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	return ep_tna_answer_plan(&edits, &w->m, &none, &w->arena);
}

static int guard(sip_msg_t *msg, unsigned int flags, void *param)
{
	struct tna_work w;
	enum ep_tna_cause cause;

	if(tna_route_conid(msg) == 0)
		return 1;
	cause = tna_work_begin(&w, msg);
	if(cause == EP_TNA_OK)
		cause = answer_check(&w);
	return tna_work_end(&w, cause) == 1;
}

int tna_guard_init(void)
{
	return register_script_cb(guard, PRE_SCRIPT_CB | ONREPLY_CB, NULL);
}
