/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "tna/request.h"
#include "base/buf.h"
#include "common/view.h"
#include "answer.h"
#include "dereg.h"
#include "route.h"
#include "store.h"

/* A core that challenges gets one answer, and one more where the nonce was
 * over. The binding is gone by then: what the next REGISTER needs is in one
 * shared block, which the transaction's callback owns. */
struct later
{
	str callid, from_tag, impi, impu;
	str headers; /* without Authorization */
	unsigned cseq;
	unsigned answers;
};

/* tm writes To and From itself. */
static bool is_header_of_ours(const struct ep_hdredit *e)
{
	return (e->op == EP_HDR_APPEND || e->op == EP_HDR_PREPEND)
		   && !ep_view_ieq(e->name, EP_LIT("To"))
		   && !ep_view_ieq(e->name, EP_LIT("From"))
		   && !ep_view_ieq(e->name, EP_LIT("Authorization"));
}

static struct ep_view authorization_of(const struct ep_hdredits *edits)
{
	size_t i;

	for(i = 0; i < edits->n; i++)
		if(ep_view_ieq(edits->v[i].name, EP_LIT("Authorization")))
			return edits->v[i].value;
	return ep_view_none();
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

/* --- on the wire --- */

static void answered(struct cell *t, int type, struct tmcb_params *ps);

/* A dialog of its own, so that an answer to a challenge carries on the
 * Call-ID, the From tag and the CSeq (RFC 3261 22.2). */
static dlg_t *dialog_of(struct later *l)
{
	dlg_t *d = NULL;

	if(tna_tm.new_dlg_uac(
			   &l->callid, &l->from_tag, l->cseq, &l->impu, &l->impu, &d)
			< 0)
		return NULL;
	d->rem_target = ep_str_view(tna_set.cfg.home_uri);
	d->dst_uri = ep_str_view(tna_set.icscf_uri);
	tna_tm.calculate_hooks(d);
	return d;
}

static void dialog_free(dlg_t *d)
{
	d->rem_target = (str){NULL, 0}; /* neither was its own */
	d->dst_uri = (str){NULL, 0};
	tna_tm.free_dlg(d);
}

/* `l` is tm's from here on, and answered() frees it; false: it is not. */
static bool send_register(
		struct later *l, struct ep_answer *with, struct ep_arena *arena)
{
	const struct ep_view parts[] = {ep_view_str(&l->headers), with->name,
			EP_LIT(": "), with->value, EP_LIT("\r\n")};
	str method = str_init("REGISTER");
	str text = ep_str_view(ep_arena_join(arena, parts, 5));
	uac_req_t request;
	dlg_t *d = text.s != NULL ? dialog_of(l) : NULL;
	bool sent;

	if(d == NULL)
		return false;
	set_uac_req(&request, &method, &text, NULL, d, TMCB_LOCAL_COMPLETED,
			answered, l);
	sent = tna_tm.t_uac(&request) >= 0;
	dialog_free(d);
	return sent;
}

/* The core's challenge of a REGISTER of ours; false: that was the last one. */
static bool answer_once_more(struct later *l, sip_msg_t *reply)
{
	struct ep_answer with;
	struct ep_arena arena;
	struct ep_msg m;
	char first[4096];
	bool sent = false;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(ep_msg_view(&m, reply, &arena) == EP_OK
			&& tna_answer_make(
					   &with, &m, ep_view_str(&l->impi), l->answers > 0, &arena)
					   == EP_TNA_OK) {
		l->cseq++;
		l->answers++;
		tna_count(TNA_N_ANSWERED);
		sent = send_register(l, &with, &arena);
	}
	ep_arena_fini(&arena);
	return sent;
}

static void answered(struct cell *t, int type, struct tmcb_params *ps)
{
	struct later *l = ps->param != NULL ? *ps->param : NULL;

	if(l == NULL)
		return;
	*ps->param = NULL;
	if(tna_set.cfg.core_digest && (ps->code == 401 || ps->code == 407)
			&& ps->rpl != NULL && ps->rpl != FAKED_REPLY && l->answers < 2
			&& answer_once_more(l, ps->rpl))
		return;
	if(ps->code >= 300)
		LM_INFO("the core answers the end of a registration with %d\n",
				ps->code);
	shm_free(l);
}

/* --- the REGISTER --- */

static char *keep(str *to, char *at, struct ep_view v)
{
	*to = (str){at, (int)v.len};
	if(v.len > 0)
		memcpy(at, v.p, v.len);
	return at + v.len;
}

static struct later *later_new(const struct ep_binding *b,
		struct ep_view headers, struct ep_arena *arena)
{
	struct ep_view callid = tna_icid_new(arena), tag = tna_icid_new(arena);
	struct later *l;
	char *at;

	if(callid.p == NULL || tag.p == NULL || headers.p == NULL)
		return NULL;
	l = shm_malloc(sizeof(*l) + callid.len + tag.len + b->impi.len + b->impu.len
				   + headers.len);
	if(l == NULL)
		return NULL;
	*l = (struct later){.cseq = 1};
	at = keep(&l->callid, (char *)(l + 1), callid);
	at = keep(&l->from_tag, at, tag);
	at = keep(&l->impi, at, b->impi);
	at = keep(&l->impu, at, b->impu);
	keep(&l->headers, at, headers);
	return l;
}

static bool deregister(const struct ep_binding *b, struct ep_arena *arena)
{
	struct ep_hdredits edits;
	struct ep_answer with = {.name = EP_LIT("Authorization")};
	struct later *l;

	if(plan(&edits, b, arena) != EP_TNA_OK)
		return false;
	with.value = authorization_of(&edits);
	l = later_new(b, headers_of(&edits, arena), arena);
	if(l == NULL)
		return false;
	if(with.value.p != NULL && send_register(l, &with, arena))
		return true;
	shm_free(l);
	return false;
}

void tna_deregister(const unsigned char *id)
{
	struct ep_arena arena;
	struct tna_copy c;
	char first[8192];

	if(tna_set.icscf_uri.len == 0)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(tna_store_get(&c, id, &arena) == EP_OK && c.b.auth_done
			&& !deregister(&c.b, &arena))
		LM_ERR("a registration could not be ended at the core\n");
	ep_arena_fini(&arena);
}
