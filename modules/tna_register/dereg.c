/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "tna/request.h"
#include "base/buf.h"
#include "common/view.h"
#include "dereg.h"
#include "message.h"
#include "route.h"
#include "store.h"

/* tm writes To and From itself. */
static bool is_header_of_ours(const struct ep_hdredit *e)
{
	return (e->op == EP_HDR_APPEND || e->op == EP_HDR_PREPEND)
		   && !ep_view_ieq(e->name, EP_LIT("To"))
		   && !ep_view_ieq(e->name, EP_LIT("From"));
}

static struct ep_view headers_of(
		const struct ep_hdredits *edits, struct ep_arena *arena)
{
	size_t i, n = 32;
	struct ep_buf text;
	char *p;

	for(i = 0; i < edits->n; i++)
		n += edits->v[i].name.len + edits->v[i].value.len + 4;
	p = ep_arena_get(arena, n);
	if(p == NULL)
		return ep_view_none();
	ep_buf_init(&text, p, n);
	ep_buf_put_z(&text, "Max-Forwards: 70\r\n");
	for(i = 0; i < edits->n; i++) {
		if(!is_header_of_ours(&edits->v[i]))
			continue;
		ep_buf_put(&text, edits->v[i].name);
		ep_buf_put_z(&text, ": ");
		ep_buf_put(&text, edits->v[i].value);
		ep_buf_put_z(&text, "\r\n");
	}
	return ep_buf_view(&text);
}

static enum ep_tna_cause plan(struct ep_hdredits *edits,
		const struct ep_binding *b, struct ep_arena *arena)
{
	struct ep_tna_identity identity = {.impi = b->impi,
			.impus = b->impus,
			.waf = b->waf,
			.wwsf = b->wwsf,
			.add_entity = b->add_entity,
			.token_end_s = b->token_end_s};
	struct ep_view flow = tna_flow_print(EP_FLOW_PATH, b->id, arena);
	struct ep_view icid = tna_icid_new(arena);

	if(flow.p == NULL || icid.p == NULL)
		return EP_TNA_INTERNAL;
	return ep_tna_deregister_plan(edits, &tna_set.cfg, &identity, b->impu,
			b->contact, b->instance, b->reg_id, flow, icid, arena);
}

static int send_register(const struct ep_binding *b, struct ep_view headers)
{
	str method = str_init("REGISTER");
	str text = ep_str_view(headers), hop = ep_str_view(tna_set.icscf_uri);
	str uri = ep_str_view(tna_set.cfg.home_uri), who = ep_str_view(b->impu);
	uac_req_t request;

	set_uac_req(&request, &method, &text, NULL, NULL, 0, NULL, NULL);
	return tna_tm.t_request(&request, &uri, &who, &who, &hop);
}

void tna_deregister(const unsigned char *id)
{
	struct ep_arena arena;
	struct ep_hdredits edits;
	struct ep_view headers = ep_view_none();
	struct tna_copy c;
	char first[8192];

	if(tna_set.icscf_uri.len == 0)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(tna_store_get(&c, id, &arena) == EP_OK && c.b.auth_done) {
		if(plan(&edits, &c.b, &arena) == EP_TNA_OK)
			headers = headers_of(&edits, &arena);
		if(headers.p == NULL || send_register(&c.b, headers) < 0)
			LM_ERR("a registration could not be ended at the core\n");
	}
	ep_arena_fini(&arena);
}
