/* ep_tna_reply_plan, ep_tna_contacts_reply_plan, ep_auth_challenge_clean.
 * Input: an answer to a REGISTER. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "../unit/tna/msg_text.h"
#include "base/sipuri.h"
#include "tna/binding.h"
#include "tna/reply.h"
#include "tna/trust.h"

#define NOW 1000000u

static const struct ep_tna_cfg cfg = {
		.realm = {"home1.net", 9},
		.home_uri = {"sip:home1.net", 13},
		.own_host = {"pcscf:4060", 10},
		.expires_default_s = 600000,
		.expires_max_s = 600000,
		.token_skew_s = 10,
};
static const struct ep_tna_contact contact = {.uri = {"sip:u@x.invalid", 15},
		.expires_s = 600};

static char mem[1 << 20];
static struct msg_after after;

static void trust_holds(void)
{
	struct ep_view name;
	unsigned ways;
	size_t i;

	for(i = 0; (name = ep_trust_name(i, &ways)).p; i++)
		need(!(ways & EP_TRUST_TO_WIC) || msg_count(&after.t.m, name) == 0);
}

/* No AKA key leaves in a Digest challenge that a client could read. */
static void keys_hold(void)
{
	struct ep_view value, item;
	size_t k;

	for(k = 0; (value = msg_value(&after.t.m, EP_LIT("WWW-Authenticate"), k)).p;
			k++) {
		if(!ep_view_istarts(value, EP_LIT("Digest ")))
			continue;
		value = ep_view_from(value, 7);
		while(ep_list_next(&item, &value) == EP_OK)
			need(!ep_param_get(NULL, item, EP_LIT("ik"))
					|| !ep_view_istarts(item, EP_LIT("ik")));
	}
}

/* What was read fits into a binding and comes back. */
static void binding_holds(
		const struct ep_tna_reply *plan, struct ep_arena *arena)
{
	struct ep_binding b = {.impus = plan->impus,
							  .wildcards = plan->wildcards,
							  .service_route = plan->service_route,
							  .charging = plan->charging,
							  .term_ioi = plan->term_ioi},
					  got;
	size_t n = ep_binding_size(&b), i;
	void *block = malloc(n);

	need(block != NULL && ep_binding_pack(block, n, &b) == EP_OK);
	if(ep_binding_unpack(&got, block, n, arena) == EP_OK) {
		need(got.impus.n == plan->impus.n);
		for(i = 0; i < got.impus.n; i++)
			need(ep_view_eq(got.impus.v[i], plan->impus.v[i]));
		need(ep_view_eq(got.charging, plan->charging));
	}
	free(block);
}

static void reply_holds(const struct ep_msg *m, bool auth_done, uint64_t end_s)
{
	struct ep_tna_sent sent = {.auth_done = auth_done,
			.impu = EP_LIT("sip:alice@home1.net"),
			.contact = &contact,
			.token_end_s = end_s};
	struct ep_tna_reply plan;
	struct ep_arena arena;
	struct ep_buf buf;
	enum ep_tna_cause cause;
	size_t i;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	cause = ep_tna_reply_plan(&plan, m, &cfg, &sent, NOW, &arena);
	if(cause == EP_TNA_TOKEN_ENDING)
		need(auth_done && m->status == 423);
	else if(cause != EP_TNA_OK)
		return;
	need(!auth_done || (m->status != 401 && m->status != 407));
	ep_buf_init(&buf, after.text, sizeof(after.text));
	if(ep_hdredits_render(&buf, m, &plan.edits) == EP_OK
			&& msg_parse(&after.t, ep_buf_view(&buf))) {
		trust_holds();
		keys_hold();
		need(m->status / 100 != 3
				|| msg_count(&after.t.m, EP_LIT("Contact")) == 0);
		need(cause == EP_TNA_OK
				|| msg_count(&after.t.m, EP_LIT("Min-Expires")) == 0);
	}
	if(m->status / 100 != 2)
		return;
	need(plan.expires_s <= (end_s == UINT64_MAX ? 600000 : 100));
	need(plan.impus.n > 0);
	for(i = 0; i < plan.impus.n; i++)
		need(ep_impu_eq(plan.impus.v[i], plan.impus.v[i]));
	for(i = 0; i < plan.wildcards.n; i++)
		need(ep_impu_is_wildcard(plan.wildcards.v[i]));
	binding_holds(&plan, &arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct msg_text t;

	if(n > 16384 || !msg_parse(&t, ep_view_of((const char *)data, n)))
		return 0;
	reply_holds(&t.m, true, NOW + 110);
	reply_holds(&t.m, false, UINT64_MAX);
	return 0;
}
