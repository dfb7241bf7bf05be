/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "common/view.h"
#include "common/ending.h"
#include "common/mem.h"
#include "mediate/answer.h"
#include "mediate/offer.h"
#include "ng/blame.h"
#include "ng/message.h"
#include "sdp_mediate/command.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/delete.h"
#include "sdp_mediate/events.h"
#include "sdp_mediate/exchange.h"
#include "sdp_mediate/fragment.h"
#include "sdp_mediate/exchange_iq.h"
#include "sdp_mediate/legs.h"
#include "sdp_mediate/node.h"
#include "sdp_mediate/params.h"

/* A command has besides SDP, names and tags: the flags, and keys. */
#define COMMAND_MORE 4096
/* Of a call's name at the gateway: two words and what stands between. */
#define NAME_MAX_LEN (2 * EP_WORD_MAX + 1)
/* A datagram of UDP over IPv4, and in front of it the cookie (ask.c). */
#define COMMAND_MAX_LEN (65507 - 48)
/* With less time left, nobody is asked any more. */
#define LEFT_MIN_MS 50

/* In shared memory: how many are under way. */
static unsigned *under_way;
/* In an async worker, while done() runs. */
static unsigned warnings;

int ep_exchange_init(void)
{
	const struct ep_async_params *p = ep_async_params();

	if(!ep_exchange_enabled())
		return 0;
	under_way = shm_malloc(sizeof(*under_way));
	if(under_way == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	*under_way = 0;
	if(ep_nodes_init() != 0
			|| ep_legs_init((unsigned)p->max_calls, (unsigned)p->call_expire)
					   != 0
			|| ep_events_init(p->subscriber, p->event_callback) != 0
			|| ep_iq_init(p->async_group) != 0)
		return -1;
	register_procs(1);
	cfg_register_child(1);
	return 0;
}

int ep_exchange_fork(void)
{
	return ep_exchange_enabled() ? ep_iq_fork() : 0;
}

void ep_exchange_fini(void)
{
	ep_iq_fini();
	ep_legs_fini();
	ep_nodes_fini();
	if(under_way != NULL)
		shm_free(under_way);
	under_way = NULL;
}

bool ep_exchange_enabled(void)
{
	return ep_nodes_n() > 0;
}

unsigned ep_exchange_count(void)
{
	return __atomic_load_n(under_way, __ATOMIC_RELAXED);
}

unsigned ep_exchange_warnings(void)
{
	return warnings;
}

unsigned ep_exchange_timeout_ms(void)
{
	return (unsigned)ep_async_params()->timeout_ms;
}

/* --- the block --- */

static bool may_move(const struct ep_exchange *x)
{
	return x->spec.is_offer && x->spec.initial;
}

static void exchange_free(struct ep_exchange *x)
{
	if(x->body != NULL)
		shm_free(x->body);
	if(x->reply != NULL)
		shm_free(x->reply);
	if(x->task != NULL)
		shm_free(x->task);
	shm_free(x);
	__atomic_sub_fetch(under_way, 1, __ATOMIC_RELAXED);
}

static struct ep_exchange *exchange_new(const struct ep_exchange_spec *s)
{
	size_t name_len = s->callid.len + (s->leg.p != NULL ? 1 + s->leg.len : 0);
	struct ep_exchange *x =
			shm_malloc(sizeof(*x) + s->sdp.len + s->offer.len + s->later.len
					   + s->callid.len + name_len + 1);
	struct ep_buf name;
	char *at;

	if(x == NULL)
		return NULL;
	*x = (struct ep_exchange){.spec = *s, .node = EP_NODE_NONE};
	at = x->text;
	x->spec.sdp = ep_view_place(&at, s->sdp);
	x->spec.offer = ep_view_place(&at, s->offer);
	x->spec.later = ep_view_place(&at, s->later);
	x->spec.callid = ep_view_place(&at, s->callid);
	x->spec.leg = ep_view_none(); /* it is in the name */
	ep_buf_init(&name, at, name_len);
	ep_command_put_name(&name, s->callid, s->leg);
	x->name = ep_buf_view(&name);
	return x;
}

/* --- what the gateway is told --- */

static enum ep_mediate_cause plan_get(struct ep_mediate_plan *plan,
		const struct ep_exchange *x, struct ep_arena *arena)
{
	const struct ep_exchange_spec *s = &x->spec;

	if(s->is_offer)
		return ep_mediate_offer_plan(
				plan, s->from, s->sdp, s->profile, &x->caps, arena);
	return ep_mediate_answer_plan(
			plan, s->from, s->sdp, s->offer, s->profile, &x->caps, arena);
}

static bool body_new(struct ep_exchange *x, size_t room)
{
	if(x->body != NULL)
		shm_free(x->body);
	x->body = shm_malloc(room);
	return x->body != NULL;
}

/* As it was planned when it came: from the other side. */
static enum ep_mediate_cause again_plan_get(struct ep_mediate_plan *plan,
		const struct ep_exchange *x, struct ep_arena *arena)
{
	const struct ep_exchange_spec *s = &x->spec;
	struct ep_view offer = ep_mediate_offer_follows(s->later, s->offer, arena)
								   ? s->later
								   : s->offer;

	return ep_mediate_offer_plan(plan,
			s->from == EP_MEDIATE_FROM_WIC ? EP_MEDIATE_FROM_CORE
										   : EP_MEDIATE_FROM_WIC,
			offer, s->profile, &x->caps, arena);
}

static enum ep_mediate_cause command_make(struct ep_exchange *x,
		const char *verb, const struct ep_mediate_plan *plan)
{
	const struct ep_command_call call = {x->name, plan->from_tag, plan->to_tag};
	size_t room = plan->sdp.len + x->name.len + call.from_tag.len
				  + call.to_tag.len + COMMAND_MORE;
	struct ep_buf out;

	if(!body_new(x, room))
		return EP_MEDIATE_EINTERNAL;
	ep_buf_init(&out, x->body, room);
	ep_command_put_sdp(&out, verb, &call, plan->sdp, &plan->command);
	x->body_len = out.len;
	if(out.overflow)
		return EP_MEDIATE_EINTERNAL;
	return out.len > COMMAND_MAX_LEN ? EP_MEDIATE_ELIMIT : EP_MEDIATE_OK;
}

static enum ep_mediate_cause query_make(struct ep_exchange *x)
{
	const struct ep_command_call call = {.name = x->name};
	size_t room = x->name.len + 128;
	struct ep_buf out;

	if(!body_new(x, room))
		return EP_MEDIATE_EINTERNAL;
	ep_buf_init(&out, x->body, room);
	ep_command_put_call(&out, "query", &call);
	x->body_len = out.len;
	return EP_MEDIATE_OK;
}

static enum ep_mediate_cause plan_and_command(struct ep_exchange *x)
{
	const struct ep_exchange_spec *s = &x->spec;
	struct ep_mediate_plan plan;
	struct ep_arena arena;
	char first[16384];
	enum ep_mediate_cause cause;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	cause = plan_get(&plan, x, &arena);
	x->is_idle = cause == EP_MEDIATE_OK && plan.gateway_idle;
	x->is_again = s->repeats_offer && s->offer.p != NULL && !x->had_again
				  && !x->is_idle;
	if(cause == EP_MEDIATE_OK && x->is_again)
		cause = again_plan_get(&plan, x, &arena);
	if(cause == EP_MEDIATE_OK && !x->is_idle)
		cause = command_make(
				x, s->is_offer || x->is_again ? "offer" : "answer", &plan);
	ep_arena_fini(&arena);
	return cause;
}

static unsigned set_of(const struct ep_exchange *x)
{
	return ep_profile_set(x->spec.profile);
}

/* How long this gateway gets: all there is, or half of it when there is
 * another one that may be asked after it. */
static unsigned share_ms(const struct ep_exchange *x, int64_t left_ms)
{
	if(may_move(x)
			&& ep_node_pick(set_of(x), x->spec.callid, x->tried)
					   != EP_NODE_NONE)
		return (unsigned)(left_ms / 2);
	return (unsigned)left_ms;
}

static enum ep_mediate_cause node_take(struct ep_exchange *x, int node)
{
	struct ep_node_view v;

	if(!ep_node_get(&v, node))
		return EP_MEDIATE_EGWDOWN;
	x->node = node;
	x->caps = v.caps;
	x->tried |= UINT64_C(1) << node;
	return EP_MEDIATE_OK;
}

/* All that the Iq process needs to go on. OK: it can be given to it. */
static enum ep_mediate_cause ready_for(struct ep_exchange *x, int node)
{
	enum ep_mediate_cause cause = node_take(x, node);
	int64_t left_ms = x->end_ms - ep_exchange_now_ms();

	if(cause == EP_MEDIATE_OK && left_ms < LEFT_MIN_MS)
		cause = EP_MEDIATE_EGWDOWN;
	if(cause == EP_MEDIATE_OK)
		cause = plan_and_command(x);
	if(cause != EP_MEDIATE_OK)
		return cause;
	x->is_query = false;
	x->share_ms = share_ms(x, left_ms);
	if(x->spec.is_offer) {
		ep_legs_set(x->name, node);
		x->is_known = true;
	}
	return EP_MEDIATE_OK;
}

/* --- async worker --- */

static void finish(
		struct ep_exchange *x, enum ep_mediate_cause cause, struct ep_view sdp)
{
	if(cause != EP_MEDIATE_OK && may_move(x)) {
		/* A call that will not be is forgotten now, not at a time-out. */
		ep_legs_del(x->name);
		ep_delete_post(x->node, x->name);
	}
	x->done(x->ctx, cause, sdp);
	warnings = 0;
	exchange_free(x);
}

static struct ep_iq_task *task_new(struct ep_exchange *x)
{
	struct ep_iq_task *t = shm_malloc(sizeof(*t));

	if(t != NULL)
		*t = (struct ep_iq_task){.task = {ep_exchange_step, x}};
	return t;
}

static void go_on(struct ep_exchange *x, int node)
{
	enum ep_mediate_cause cause = EP_MEDIATE_EGWDOWN;

	if(node != EP_NODE_NONE)
		cause = ready_for(x, node);
	if(cause == EP_MEDIATE_OK) {
		x->task = task_new(x);
		if(x->task == NULL)
			cause = EP_MEDIATE_EINTERNAL;
	}
	if(cause != EP_MEDIATE_OK)
		finish(x, cause, ep_view_none());
	else
		ep_exchange_go(x);
}

/* To the next one, if it may. */
static void failed(struct ep_exchange *x)
{
	int next = EP_NODE_NONE;

	if(may_move(x))
		next = ep_node_pick(set_of(x), x->spec.callid, x->tried);
	if(next == EP_NODE_NONE) {
		finish(x, EP_MEDIATE_EGWDOWN, ep_view_none());
		return;
	}
	ep_node_count(x->node, EP_NODE_FAILOVERS);
	/* It may have done it, and nobody heard of it. */
	ep_delete_post(x->node, x->name);
	go_on(x, next);
}

/* A gateway that was found has the call. One that all have forgotten is made
 * again by an offer; an answer alone is of no use. */
static void located(struct ep_exchange *x)
{
	int node = x->node;

	if(node == EP_NODE_NONE && x->spec.is_offer && !x->spec.known) {
		/* 481 would end a dialog that one who is silent may have. */
		finish(x, x->is_unsure ? EP_MEDIATE_EGWDOWN : EP_MEDIATE_ENOCALL,
				ep_view_none());
		return;
	}
	if(node == EP_NODE_NONE && x->spec.is_offer)
		node = ep_node_pick(set_of(x), x->spec.callid, 0);
	else if(node != EP_NODE_NONE)
		ep_legs_set(x->name, node);
	go_on(x, node);
}

static void finish_with(
		struct ep_exchange *x, struct ep_view gw, struct ep_arena *arena)
{
	struct ep_mediate_plan plan;
	struct ep_view out = ep_view_none();
	enum ep_mediate_cause cause = plan_get(&plan, x, arena);

	if(cause == EP_MEDIATE_OK && x->is_idle)
		gw = plan.sdp;
	if(cause == EP_MEDIATE_OK)
		cause = gw.p != NULL ? ep_mediate_finish(&out, &plan, gw)
							 : EP_MEDIATE_EGATEWAY;
	warnings = cause == EP_MEDIATE_OK ? plan.warnings : 0;
	finish(x, cause, cause == EP_MEDIATE_OK ? out : ep_view_none());
}

/* What it says to the offer has been sent on already. */
static void answered_again(struct ep_exchange *x)
{
	x->is_again = false;
	x->had_again = true;
	go_on(x, x->node);
}

/* No gateway would take that description; and who does not say whose fault it
 * is may be right as well: one more is asked, not all. */
static void refused(struct ep_exchange *x, const struct ep_ng_message *m)
{
	struct ep_view why = ep_ng_get_str(m->dict, EP_LIT("error-reason"));
	enum ep_ng_blame blame = ep_ng_blame_of(m->result, why);
	bool again = blame == EP_NG_BLAME_UNKNOWN && x->was_refused;

	why = ep_view_head(why, 200);
	if(ep_log_may())
		LM_NOTICE("gateway's error, call %.*s: %.*s\n", EP_FMT(x->spec.callid),
				EP_FMT(why));
	if(blame != EP_NG_BLAME_COMMAND)
		ep_node_count(x->node, EP_NODE_ERRORS);
	x->was_refused = true;
	if(blame == EP_NG_BLAME_COMMAND)
		finish(x, EP_MEDIATE_EREFUSED, ep_view_none());
	else if(again)
		finish(x, EP_MEDIATE_EGWDOWN, ep_view_none());
	else
		failed(x);
}

static void answered(struct ep_exchange *x, struct ep_arena *arena)
{
	struct ep_ng_message m = {0};

	if(ep_ng_message_decode(&m, ep_view_of(x->reply, x->reply_len), arena)
					== EP_OK
			&& ep_view_eq(m.result, EP_LIT("ok"))) {
		if(x->is_again)
			answered_again(x);
		else
			finish_with(x, ep_ng_get_str(m.dict, EP_LIT("sdp")), arena);
	} else {
		refused(x, &m);
	}
}

/* The core frees the task behind this; the exchange goes on, or ends here. */
void ep_exchange_step(void *p)
{
	struct ep_exchange *x = p;
	struct ep_arena arena;
	char first[16384];

	ep_ending_stop_here();
	cfg_update();
	x->task = NULL;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	if(x->is_query)
		located(x);
	else if(x->is_idle)
		finish_with(x, ep_view_none(), &arena);
	else if(x->how != EP_ASKED_ANSWER)
		failed(x);
	else if(x->reply == NULL)
		finish(x, EP_MEDIATE_EINTERNAL, ep_view_none());
	else
		answered(x, &arena);
	ep_arena_fini(&arena);
}

/* --- SIP worker --- */

/* Where it goes first. NONE without `is_query`: nowhere. */
static enum ep_mediate_cause first_step(struct ep_exchange *x)
{
	int node = ep_legs_find(x->name);
	struct ep_node_view v;

	/* The INVITE once more (another branch, another try): where it was, if
	 * that is still of use. */
	if(may_move(x) && (!ep_node_get(&v, node) || v.state != EP_NODE_UP))
		node = ep_node_pick(set_of(x), x->spec.callid, 0);
	else if(node == EP_NODE_NONE) {
		x->is_query = true;
		x->share_ms = (unsigned)ep_async_params()->timeout_ms / 2;
		return query_make(x);
	}
	return node != EP_NODE_NONE ? ready_for(x, node) : EP_MEDIATE_EGWDOWN;
}

enum ep_mediate_cause ep_exchange_prepare(struct ep_exchange **out,
		const struct ep_exchange_spec *spec, ep_exchange_done_f done, void *ctx)
{
	const struct ep_async_params *p = ep_async_params();
	enum ep_mediate_cause cause;
	struct ep_exchange *x;

	if(!ep_word_check(spec->callid))
		return EP_MEDIATE_ESYNTAX;
	if(!ep_iq_is_ready())
		return EP_MEDIATE_EGWDOWN;
	if(__atomic_add_fetch(under_way, 1, __ATOMIC_RELAXED)
					> (unsigned)p->max_pending
			|| (x = exchange_new(spec)) == NULL) {
		__atomic_sub_fetch(under_way, 1, __ATOMIC_RELAXED);
		return EP_MEDIATE_EGWDOWN;
	}
	x->done = done;
	x->ctx = ctx;
	x->end_ms = spec->end_ms != 0 ? spec->end_ms
								  : ep_exchange_now_ms() + p->timeout_ms;
	x->task = task_new(x);
	cause = x->task != NULL ? first_step(x) : EP_MEDIATE_EINTERNAL;
	if(cause != EP_MEDIATE_OK) {
		ep_exchange_drop(x);
		return cause;
	}
	*out = x;
	return EP_MEDIATE_OK;
}

void ep_exchange_go(struct ep_exchange *x)
{
	x->job.run = ep_exchange_send;
	ep_iq_post(&x->job);
}

void ep_exchange_drop(struct ep_exchange *x)
{
	if(x->is_known && may_move(x))
		ep_legs_del(x->name);
	exchange_free(x);
}

enum ep_mediate_cause ep_exchange_start(
		const struct ep_exchange_spec *spec, ep_exchange_done_f done, void *ctx)
{
	struct ep_exchange *x;
	enum ep_mediate_cause cause = ep_exchange_prepare(&x, spec, done, ctx);

	if(cause == EP_MEDIATE_OK)
		ep_exchange_go(x);
	return cause;
}

bool ep_exchange_delete(struct ep_view callid, struct ep_view leg)
{
	char text[NAME_MAX_LEN];
	struct ep_buf name;
	int node;

	ep_buf_init(&name, text, sizeof(text));
	ep_command_put_name(&name, callid, leg);
	if(name.overflow || !ep_word_check(callid))
		return false;
	node = ep_legs_find(ep_buf_view(&name));
	ep_legs_del(ep_buf_view(&name));
	return ep_delete_post(node, ep_buf_view(&name));
}

/* The node that has a leg; *out is what it is called there, in `room`. */
static int leg_node(struct ep_view *out, struct ep_buf *room,
		struct ep_view callid, struct ep_view leg)
{
	ep_command_put_name(room, callid, leg);
	*out = ep_buf_view(room);
	return out->p != NULL && ep_word_check(callid) ? ep_legs_find(*out)
												   : EP_NODE_NONE;
}

struct ep_mediate_caps ep_exchange_caps(
		struct ep_view callid, struct ep_view leg)
{
	struct ep_node_view node;
	struct ep_view called;
	struct ep_buf name;
	char text[NAME_MAX_LEN];
	int i;

	ep_buf_init(&name, text, sizeof(text));
	i = leg_node(&called, &name, callid, leg);
	if(i == EP_NODE_NONE || !ep_node_get(&node, i))
		return (struct ep_mediate_caps){0};
	return node.caps;
}

bool ep_exchange_fragment(
		struct ep_view callid, struct ep_view leg, struct ep_view fragment)
{
	struct ep_view called;
	struct ep_buf name;
	char text[NAME_MAX_LEN];
	int node;

	ep_buf_init(&name, text, sizeof(text));
	node = leg_node(&called, &name, callid, leg);
	return node != EP_NODE_NONE && ep_fragment_post(node, called, fragment);
}
