/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* SUBSCRIBE requests: who gets one, and what the answers say. */
#include "core/dprint.h"
#include "core/parser/parse_rr.h"

#include "common/mem.h"
#include "common/msg.h"
#include "common/view.h"
#include "life.h"
#include "message.h"
#include "regevent.h"
#include "regsubs.h"
#include "route.h"
#include "store.h"

/* In one tick (100 ms), and awaiting an answer: as many users as register at
 * once, the core gets no more of ours than this. */
#define TICK_REQUESTS 20
#define IN_FLIGHT_MAX 200
/* Ended bindings are looked for in every bucket once a second. */
#define SLICES 10

#define SPACING_MS 2000
#define CHECK_MS 15000
#define RETRY_MIN_MS 4000
#define RETRY_MAX_MS 300000
/* A little more than 64*T1: tm says first that nobody answers. */
#define ANSWER_MS 33000

int tna_regevent_init(void)
{
	struct ep_regsub_policy policy = {.expires_s = tna_set.reg_event_expires_s,
			.spacing_ms = SPACING_MS,
			.retry_min_ms = RETRY_MIN_MS,
			.retry_max_ms = RETRY_MAX_MS,
			.check_ms = CHECK_MS,
			.answer_ms = ANSWER_MS};

	if(!tna_set.reg_event)
		return 0;
	if(tna_regsubs_init(tna_buckets(), tna_set.max_bindings, &policy) != 0) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	return 0;
}

void tna_regevent_destroy(void)
{
	tna_regsubs_destroy();
}

/* --- whose --- */

void tna_regevent_bound(const unsigned char *id)
{
	struct ep_arena arena;
	struct tna_copy c;
	struct ep_view impu;
	char first[4096];
	enum ep_err err;

	if(!tna_set.reg_event)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	err = tna_store_get(&c, id, &arena);
	if(err == EP_OK) {
		impu = ep_impus_default(c.b.impus);
		if(impu.p == NULL)
			impu = c.b.impu;
		err = tna_regsubs_watch(impu, id, tna_now_ms());
	}
	if(err == EP_ENOMEM || err == EP_ERANGE)
		LM_ERR("no room for a subscription: the network cannot end this"
			   " registration\n");
	ep_arena_fini(&arena);
}

/* --- answers --- */

static void end_all(const unsigned char *ids, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(tna_life_core_terminated(
				   ids + i * EP_FLOW_ID_LEN, TNA_END_DEREGISTERED)
				== EP_OK)
			tna_count(TNA_N_REG_ENDED);
}

/* tm calls this once for each request: with the final answer, or with 408 and
 * no message. */
static void answered(struct cell *t, int type, struct tmcb_params *ps)
{
	uint64_t key = (uintptr_t)*ps->param;
	bool there = ps->rpl != NULL && ps->rpl != FAKED_REPLY, read = false;
	struct ep_regevent_peer peer;
	struct ep_view routes = ep_view_none();
	unsigned char *ids = NULL;
	size_t n = 0;
	struct ep_arena arena;
	char first[8192];
	struct ep_msg m;
	enum ep_err err = EP_OK;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(there && ep_msg_view(&m, ps->rpl, &arena) == EP_OK) {
		read = ep_regevent_answer_read(&peer, &m) == EP_TNA_OK;
		routes = ep_regevent_routes(&err, &m, true, &arena);
	}
	if(ps->code / 100 != 2)
		tna_count(TNA_N_REG_SUBSCRIBE_FAILED);
	if(tna_regsubs_answered(key, (unsigned)ps->code,
			   read && err == EP_OK ? &peer : NULL, routes, tna_now_ms(), &ids,
			   &n, &arena))
		LM_INFO("the core refuses a subscription to the registration event:"
				" %d\n",
				ps->code);
	end_all(ids, n);
	ep_arena_fini(&arena);
}

/* --- requests --- */

static int send_in_dialog(const struct tna_regsub_request *q, str *headers,
		struct ep_view own, bool wants_answer)
{
	str method = str_init("SUBSCRIBE");
	uac_req_t request;
	dlg_t d = {.loc_seq = {.value = q->cseq - 1, .is_set = 1},
			.state = DLG_CONFIRMED};
	int ret = -1;

	_Static_assert(sizeof(uintptr_t) >= sizeof(uint64_t), "a key in a pointer");
	d.id.call_id = ep_str_view(q->call_id);
	d.id.loc_tag = ep_str_view(q->local_tag);
	d.loc_uri = ep_str_view(own);
	d.rem_uri = ep_str_view(q->impu);
	if(q->begin) {
		d.rem_target = ep_str_view(q->impu);
		d.dst_uri = ep_str_view(tna_set.icscf_uri);
	} else {
		d.id.rem_tag = ep_str_view(q->remote_tag);
		d.rem_target = ep_str_view(q->target);
	}
	if(q->routes.len > 0
			&& parse_rr_body((char *)(uintptr_t)q->routes.p, q->routes.len,
					   &d.route_set)
					   < 0)
		return -1;
	set_uac_req(&request, &method, headers, NULL, &d,
			wants_answer ? TMCB_LOCAL_COMPLETED : 0,
			wants_answer ? answered : NULL,
			(void *)(uintptr_t)tna_regsub_key(q->dialog));
	ret = tna_tm.t_request_within(&request);
	if(d.route_set != NULL)
		free_rr(&d.route_set);
	return ret;
}

static bool send_one(const struct tna_regsub_request *q, bool wants_answer,
		struct ep_arena *arena)
{
	struct ep_view own = ep_regevent_own_uri(&tna_set.cfg, arena);
	struct ep_view token = tna_flow_print(EP_FLOW_EVENT, q->dialog, arena);
	struct ep_view icid = tna_icid_new(arena), text;
	str headers;

	if(own.p == NULL || token.p == NULL || icid.p == NULL)
		return false;
	text = ep_regevent_headers(&tna_set.cfg, token, icid, q->expires_s, arena);
	if(text.p == NULL)
		return false;
	headers = ep_str_view(text);
	tna_count(TNA_N_REG_SUBSCRIBES);
	return send_in_dialog(q, &headers, own, wants_answer) >= 0;
}

static void send_todo(
		const struct tna_regsub_todo *todo, struct ep_arena *arena)
{
	unsigned char *ids;
	size_t n;

	if(todo->has_end && !send_one(&todo->end, false, arena))
		LM_ERR("a subscription could not be ended\n");
	if(todo->has_send && !send_one(&todo->send, true, arena)) {
		LM_ERR("a SUBSCRIBE could not be sent\n");
		tna_count(TNA_N_REG_SUBSCRIBE_FAILED);
		tna_regsubs_answered(tna_regsub_key(todo->send.dialog), 500, NULL,
				ep_view_none(), tna_now_ms(), &ids, &n, arena);
	}
}

/* False: no more in this tick. */
static bool work_bucket(unsigned bucket, uint64_t now_ms, unsigned *budget)
{
	struct tna_regsub_todo todo;
	struct ep_arena arena;
	char first[8192];
	bool due = true;

	while(due && *budget > 0) {
		ep_arena_init(
				&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
		due = tna_regsubs_next(&todo, bucket, now_ms, &arena);
		if(due) {
			send_todo(&todo, &arena);
			(*budget)--;
		}
		ep_arena_fini(&arena);
	}
	return *budget > 0;
}

void tna_regevent_tick(void)
{
	static unsigned slice, at;
	unsigned budget = TICK_REQUESTS, waiting, n, i;
	uint64_t now_ms;

	if(!tna_set.reg_event)
		return;
	now_ms = tna_now_ms();
	n = tna_regsubs_buckets();
	for(i = slice; i < n; i += SLICES)
		tna_regsubs_prune(i, now_ms);
	slice = (slice + 1) % SLICES;
	waiting = tna_regsubs_in_flight();
	if(waiting >= IN_FLIGHT_MAX || !tna_regsubs_due(now_ms))
		return;
	if(budget > IN_FLIGHT_MAX - waiting)
		budget = IN_FLIGHT_MAX - waiting;
	/* Goes on where the last tick stopped, so that none waits for ever. */
	for(i = 0; i < n && work_bucket(at, now_ms, &budget); i++)
		at = (at + 1) % n;
	if(i < n)
		tna_regsubs_again();
}

/* --- RPC --- */

void tna_regevent_rpc(rpc_t *rpc, void *ctx)
{
	struct tna_regsub_shown shown;
	unsigned i, nth;
	void *st;
	str impu;

	for(i = 0; tna_set.reg_event && i < tna_regsubs_buckets(); i++)
		for(nth = 0; tna_regsubs_show(&shown, i, nth); nth++) {
			impu = ep_str_view(shown.impu);
			if(rpc->add(ctx, "{", &st) < 0)
				return;
			rpc->struct_add(st, "Ssdd", "impu", &impu, "status",
					ep_regsub_state_name(shown.state), "bindings",
					(int)shown.bindings, "expires_s", (int)shown.expires_s);
		}
}
