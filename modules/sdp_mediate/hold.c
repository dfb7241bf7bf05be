/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_to.h"
#include "core/pt.h"
#include "core/script_cb.h"
#include "core/timer.h"
#include "modules/tm/tm_load.h"

#include "base/sipcut.h"
#include "base/sipuri.h"
#include "common/view.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/giveup.h"
#include "sdp_mediate/hold.h"
#include "sdp_mediate/holdread.h"
#include "sdp_mediate/inject.h"
#include "sdp_mediate/iq.h"
#include "sdp_mediate/message.h"
#include "sdp_mediate/release.h"
#include "sdp_mediate/result.h"

/* An exchange ends by itself so long before; this is for one that got lost. */
#define LOST_S 10

/* What a script callback says. */
enum
{
	DROP = 0,
	PASS = 1
};

struct ep_hold_params ep_hold_params = {.calls_max = 20000,
		.memory_mb = 32,
		.keep_s = 35};

static struct tm_binds tmb;

/* The message of this process that a callback here has been through with. */
static struct
{
	unsigned int id; /* 0: none yet */
	enum ep_mediate_cause cause;
} through;

static void seen(const sip_msg_t *msg, enum ep_mediate_cause cause)
{
	through.id = msg->id;
	through.cause = cause;
	ep_result_set(msg, cause);
}

bool ep_hold_is_through(enum ep_mediate_cause *cause, const sip_msg_t *msg)
{
	*cause = through.cause;
	/* A message that another process began has that one's number. */
	return through.id != 0 && through.id == msg->id && msg->pid == my_pid();
}

/* --- what is expected --- */

static void on_destroy(tm_cell_t *t, int type, struct tmcb_params *p)
{
	struct ep_hold *h = *p->param;

	/* Kamailio ends: the table went before tm. */
	if(h == NULL || !ep_holdtab_exists())
		return;
	*p->param = NULL;
	/* Nothing of this call is left but what the gateway has of it. */
	if(h->initial && h->was_refused && !h->was_answered)
		ep_exchange_delete(h->callid, h->leg);
	ep_hold_over(h);
	ep_hold_unref(h);
}

static unsigned routes_count(struct ep_view message)
{
	struct ep_view line, item;
	unsigned n = 0;
	size_t at = 0;

	for(;;) {
		line = ep_sipcut_find(message, EP_LIT("Record-Route"), '\0', &at);
		if(line.p == NULL)
			return n;
		while(ep_list_next(&item, &line) == EP_OK)
			n++;
	}
}

static void request_read(struct ep_hold *of, const tm_cell_t *t)
{
	const sip_msg_t *request = t->uas.request;
	struct ep_view text = ep_view_of(request->buf, request->len);
	struct ep_nameaddr to;
	size_t at = 0;

	of->is_invite = is_invite(t);
	of->initial =
			ep_nameaddr_parse(&to, ep_sipcut_find(text, EP_LIT("To"), 't', &at))
					== EP_OK
			&& !ep_param_get(NULL, to.params, EP_LIT("tag"));
	of->upstream_n = routes_count(text);
	of->method = ep_view_str(&t->method);
}

static uint64_t replies_key(const char *id)
{
	struct ep_view v = ep_view_of(id, EP_TMBRANCH_ID_LEN);

	return ep_holdtab_key(EP_HOLD_REPLIES, &v, 1);
}

static bool is_there(const struct ep_hold *of)
{
	struct ep_hold *h = ep_holdtab_get(EP_HOLD_REPLIES, of->key);
	bool same;

	if(h == NULL)
		return false;
	same = h->tm_index == of->tm_index && h->tm_label == of->tm_label;
	ep_hold_unref(h);
	return same;
}

enum ep_mediate_cause ep_hold_expect(const struct ep_hold_call *call)
{
	struct ep_hold of = {.kind = EP_HOLD_REPLIES,
			.tm_index = call->tm_index,
			.tm_label = call->tm_label,
			.request_from = call->request_from,
			.known = call->known,
			.had_offer = call->had_offer,
			.profile = call->profile,
			.callid = call->callid,
			.leg = call->leg,
			.offer = call->offer};
	tm_cell_t *t = tmb.t_gett();
	struct ep_hold *h;

	if(!ep_iq_is_ready() || t == NULL || t == T_UNDEFINED
			|| t->uas.request == NULL || t->hash_index != call->tm_index
			|| t->label != call->tm_label)
		return EP_MEDIATE_EINTERNAL;
	memcpy(of.id, t->md5, sizeof(of.id));
	of.key = replies_key(of.id);
	request_read(&of, t);
	if(is_there(&of))
		return EP_MEDIATE_OK;
	h = ep_holdtab_put(&of);
	if(h == NULL) {
		counter_inc(ep_counters.hold_full);
		return EP_MEDIATE_EINTERNAL;
	}
	if(tmb.register_tmcb(NULL, t, TMCB_DESTROY, on_destroy, h, NULL) > 0)
		return EP_MEDIATE_OK; /* the transaction has the reference */
	ep_hold_over(h);
	ep_hold_unref(h);
	return EP_MEDIATE_EINTERNAL;
}

static bool is_offer(const struct ep_hold *h)
{
	return h->kind == EP_HOLD_REPLIES && h->is_invite && !h->had_offer;
}

/* A reliable reply has the offer: the ACK or the PRACK will have the answer. */
static bool answer_expect(const struct ep_hold *h, const struct ep_hold_read *r,
		enum ep_hold_kind kind)
{
	struct ep_hold of = {.kind = kind,
			.key = ep_hold_dialog_key(kind, r),
			.request_from = h->request_from,
			.profile = h->profile,
			.callid = h->callid,
			.leg = h->leg,
			.offer = r->sdp};
	struct ep_hold *a = ep_holdtab_put(&of);

	if(a == NULL)
		return false;
	ep_hold_over(a);
	ep_hold_unref(a);
	return true;
}

static bool answers_expect(
		const struct ep_hold *h, const struct ep_hold_read *r)
{
	if(!is_offer(h))
		return true;
	switch(ep_hold_class_of(r)) {
		case EP_HOLD_2XX:
			return answer_expect(h, r, EP_HOLD_ACKS);
		case EP_HOLD_1XX_RELIABLE:
			return answer_expect(h, r, EP_HOLD_PRACKS);
		default:
			return true;
	}
}

bool ep_hold_prack(
		struct ep_view *offer, sip_msg_t *msg, struct ep_arena *arena)
{
	struct ep_hold_read r;
	struct ep_hold *h;

	if(msg->REQ_METHOD != METHOD_PRACK || !ep_hold_read(&r, msg))
		return false;
	h = ep_holdtab_get(EP_HOLD_PRACKS, ep_hold_dialog_key(EP_HOLD_PRACKS, &r));
	if(h == NULL)
		return false;
	*offer = ep_arena_copy(arena, h->offer);
	ep_hold_unref(h);
	return true;
}

/* --- the second pass --- */

static int go_on(sip_msg_t *msg, const struct ep_inject *with)
{
	struct ep_job job = {0};

	seen(msg, with->cause);
	if(!with->replaces)
		return PASS;
	if(parse_headers(msg, HDR_EOH_F, 0) != 0)
		return DROP;
	job.sdp = ep_message_sdp(msg);
	if(job.sdp.p == NULL || ep_message_sdp_set(msg, &job, with->sdp) != EP_OK) {
		LM_ERR("out of memory: a message is lost\n");
		return DROP;
	}
	return PASS;
}

/* --- the first pass --- */

static void ask(struct ep_hold *h, const struct ep_hold_read *r)
{
	counter_inc(ep_counters.held);
	/* Else the answer is withheld when it comes. */
	if(!answers_expect(h, r))
		counter_inc(ep_counters.hold_full);
	ep_release_ask(h);
}

static int full(struct ep_hold *h)
{
	ep_hold_unlock(h);
	counter_inc(ep_counters.hold_full);
	return DROP;
}

static struct ep_mediate_said said(const struct ep_hold_read *r)
{
	return (struct ep_mediate_said){
			.is_final = r->status >= 200,
			.tag = ep_holdtab_hash(r->to_tag),
			.sdp = ep_holdtab_hash(r->sdp),
	};
}

/* Unlocks. */
static int first_time(sip_msg_t *msg, struct ep_hold *h,
		struct ep_hold_lane *lane, uint64_t key, const struct ep_hold_read *r)
{
	enum ep_hold_class class = ep_hold_class_of(r);
	struct ep_hold_entry *e;
	bool has_sdp = r->sdp.p != NULL;
	bool hang_up = lane->is_dead && class == EP_HOLD_2XX;

	if(!has_sdp && !hang_up && (lane->first == NULL || class == EP_HOLD_1XX)) {
		h->was_answered = h->was_answered || class == EP_HOLD_2XX;
		ep_hold_unlock(h);
		return PASS;
	}
	e = ep_hold_queue(
			h, lane, key, class, &msg->rcv, ep_view_of(msg->buf, msg->len));
	if(e == NULL)
		return full(h);
	e->state = has_sdp ? EP_HOLD_WAITS : EP_HOLD_PLAIN;
	if(has_sdp) {
		e->sdp = ep_view_of(e->held->text + (r->sdp.p - msg->buf), r->sdp.len);
		e->said = said(r);
		e->end_ms = ep_exchange_now_ms() + ep_exchange_timeout_ms();
	}
	if(hang_up) {
		e->state = EP_HOLD_FAILED;
		e->cause = EP_MEDIATE_EGWDOWN;
		ep_hold_ref(h);
		ep_hold_unlock(h);
		ep_release_later(h);
		return DROP;
	}
	if(has_sdp)
		ep_release_line(h, e);
	ep_hold_unlock(h);
	if(has_sdp)
		ask(h, r);
	else
		counter_inc(ep_counters.queued);
	return DROP;
}

/* Locked. Has the gateway been told of another answer since? Half of the room
 * is for what is new. */
static bool is_stale(const struct ep_hold *h, const struct ep_hold_entry *e)
{
	return ep_hold_is_answered(h) && e->sdp.p != NULL
		   && (e->class == EP_HOLD_1XX || e->class == EP_HOLD_1XX_RELIABLE)
		   && e->lane->entries_n < EP_HOLD_LANE_ENTRIES_MAX / 2
		   && h->entries_n < EP_HOLD_ENTRIES_MAX / 2
		   && ep_mediate_answers_differs(&h->answers, &e->said);
}

/* The same message once more. */
static int again(sip_msg_t *msg, struct ep_hold *h, struct ep_hold_entry *e,
		uint64_t key, const struct ep_hold_read *r)
{
	enum ep_hold_state state = e->state;
	bool on_its_way = e->held != NULL || e->lane->first == e;

	if(state == EP_HOLD_OK && !on_its_way && is_stale(h, e)) {
		e->key = ~e->key; /* found no more */
		return first_time(msg, h, e->lane, key, r);
	}
	ep_hold_unlock(h);
	if(state == EP_HOLD_WAITS || on_its_way) {
		counter_inc(ep_counters.absorbed);
		return DROP;
	}
	if(state == EP_HOLD_PLAIN)
		return PASS;
	if(state == EP_HOLD_OK) {
		const struct ep_inject with = {.replaces = true, .sdp = e->result};
		counter_inc(ep_counters.served);
		return go_on(msg, &with);
	}
	/* It has not heard our ACK. */
	if(e->class == EP_HOLD_2XX && h->is_invite)
		ep_giveup_ack(h, &msg->rcv, ep_view_of(msg->buf, msg->len));
	return DROP;
}

static int take(sip_msg_t *msg, struct ep_hold *h, uint32_t branch,
		uint64_t key, const struct ep_hold_read *r)
{
	struct ep_hold_entry *e;
	struct ep_hold_lane *lane;

	ep_hold_lock(h);
	e = ep_hold_find(h, key);
	if(e != NULL)
		return again(msg, h, e, key, r);
	lane = ep_hold_lane(h, branch);
	if(lane == NULL)
		return full(h);
	return first_time(msg, h, lane, key, r);
}

static int forged(void)
{
	counter_inc(ep_counters.forged);
	return DROP;
}

/* What a refusal says of sessions (RFC 3261 13.3.1.3) is of the network that
 * it comes from. */
static int refusal_pass(sip_msg_t *msg, const struct ep_hold_read *r)
{
	/* What hides one goes whole. */
	const struct ep_job job = {
			.sdp = r->smuggles ? ep_message_body(msg) : r->sdp};

	if(job.sdp.p == NULL
			|| ep_message_sdp_set(msg, &job, ep_view_none()) == EP_OK)
		return PASS;
	LM_ERR("out of memory: a message is lost\n");
	return DROP;
}

static int reply_take(
		sip_msg_t *msg, struct ep_hold *h, const struct ep_tmbranch *b)
{
	struct ep_hold_read r;

	if(!b->canonical || b->index != h->tm_index
			|| b->branch >= EP_HOLD_LANES_MAX || !ep_hold_read(&r, msg))
		return forged();
	/* tm's own CANCEL has the branch of its INVITE. */
	if(!ep_view_eq(r.method, h->method))
		return ep_view_eq(r.method, EP_LIT("CANCEL")) && r.sdp.p == NULL
							   && !r.smuggles
					   ? PASS
					   : forged();
	if(r.status >= 300)
		return refusal_pass(msg, &r);
	if(r.status <= 100)
		return PASS;
	if(r.smuggles || r.from_page == (h->request_from == EP_MEDIATE_FROM_WIC))
		return forged();
	return take(msg, h, b->branch, ep_hold_reply_key(&r, b->branch), &r);
}

static int on_reply(sip_msg_t *msg, unsigned int flags, void *param)
{
	const struct ep_inject *with = ep_inject_of(msg);
	struct ep_tmbranch b;
	struct ep_hold *h;
	int verdict;

	if(with != NULL)
		return go_on(msg, with);
	if(msg->via1 == NULL || msg->via1->branch == NULL
			|| !ep_tmbranch_parse(&b, ep_view_str(&msg->via1->branch->value)))
		return PASS;
	h = ep_holdtab_get(EP_HOLD_REPLIES, replies_key(b.id.p));
	if(h == NULL)
		return PASS;
	verdict = reply_take(msg, h, &b);
	ep_hold_unref(h);
	return verdict;
}

static int ack_take(
		sip_msg_t *msg, struct ep_hold *h, const struct ep_hold_read *r)
{
	struct ep_view parts[] = {r->sdp};

	if(r->smuggles || r->from_page != (h->request_from == EP_MEDIATE_FROM_WIC))
		return forged();
	return take(msg, h, 0, ep_holdtab_key(EP_HOLD_ACKS, parts, 1), r);
}

static int on_request(sip_msg_t *msg, unsigned int flags, void *param)
{
	const struct ep_inject *with = ep_inject_of(msg);
	struct ep_hold_read r;
	struct ep_hold *h;
	int verdict;

	if(with != NULL)
		return go_on(msg, with);
	if(msg->REQ_METHOD != METHOD_ACK || !ep_hold_read(&r, msg)
			|| (r.sdp.p == NULL && !r.smuggles))
		return PASS;
	h = ep_holdtab_get(EP_HOLD_ACKS, ep_hold_dialog_key(EP_HOLD_ACKS, &r));
	if(h == NULL)
		return PASS;
	verdict = ack_take(msg, h, &r);
	ep_hold_unref(h);
	return verdict;
}

/* --- the module's --- */

static void on_timer(unsigned int ticks, void *param)
{
	ep_holdtab_sweep(
			LOST_S + ep_exchange_timeout_ms() / 1000, ep_release_later);
}

void ep_hold_usage(struct ep_hold_usage *out)
{
	*out = (struct ep_hold_usage){
			ep_holdtab_records(), ep_holdtab_waiting(), ep_holdtab_octets()};
}

static int params_check(void)
{
	const struct ep_hold_params *p = &ep_hold_params;

	if(p->calls_max < 1 || p->memory_mb < 1 || p->memory_mb > 65536
			|| p->keep_s < 1 || p->keep_s > 3600) {
		LM_ERR("hold_calls, hold_memory or hold_cache is out of range\n");
		return -1;
	}
	return 0;
}

int ep_hold_init(void)
{
	const struct ep_hold_params *p = &ep_hold_params;

	if(params_check() != 0 || ep_giveup_init() != 0)
		return -1;
	if(load_tm_api(&tmb) != 0) {
		LM_ERR("tm.so must be loaded\n");
		return -1;
	}
	if(ep_holdtab_init((unsigned)p->calls_max, (size_t)p->memory_mb << 20,
			   (unsigned)p->keep_s)
			!= 0)
		return -1;
	if(register_script_cb(on_reply, PRE_SCRIPT_CB | ONREPLY_CB, NULL) < 0
			|| register_script_cb(on_request, PRE_SCRIPT_CB | REQUEST_CB, NULL)
					   < 0
			|| register_timer(on_timer, NULL, 1) < 0) {
		LM_ERR("no place for a callback\n");
		return -1;
	}
	return 0;
}

void ep_hold_fini(void)
{
	ep_holdtab_fini();
}
