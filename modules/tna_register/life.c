/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/action.h"
#include "core/dprint.h"
#include "core/events.h"
#include "core/fmsg.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/receive.h"
#include "core/route.h"
#include "core/sr_module.h"
#include "core/timer_proc.h"

#include "common/mem.h"
#include "common/view.h"
#include "calls.h"
#include "dereg.h"
#include "life.h"
#include "limits.h"
#include "store.h"

#define TICK_US 100000
/* REGISTERs of our own in one tick: a burst over UDP would be lost in the
 * core's buffers, again and again. */
#define TICK_DEREGISTERS 100
#define TICKS_PER_SWEEP 10
#define SWEEP_IDS 64
#define REVOKED_IDS 512

struct job
{
	struct job *next;
	unsigned char id[EP_FLOW_ID_LEN];
	enum tna_event event;
	unsigned actions;
	int conid;
	enum tna_end_cause cause;
	size_t callid_len; /* not 0: end this call, nothing else */
	char callid[];
};

static struct
{
	gen_lock_t lock;
	struct job *first, *last;
	bool revoked; /* something was: the bindings are to be looked through */
} * queue;

/* Kamailio's scanner takes no '_' before the ':' of an event route's name. */
static const char *const event_names[TNA_EVENTS_N] = {
		[TNA_EVENT_BOUND] = "tna:bound",
		[TNA_EVENT_LOST] = "tna:lost",
		[TNA_EVENT_EXPIRED] = "tna:expired",
		[TNA_EVENT_ENDED] = "tna:ended",
};

static const unsigned char *event_id;

const unsigned char *tna_life_event_id(void)
{
	return event_id;
}

/* --- the queue --- */

static enum ep_err enqueue(const struct job *job, struct ep_view callid)
{
	struct job *j = shm_malloc(sizeof(*j) + callid.len);

	if(j == NULL) {
		LM_ERR("out of shared memory: a binding's end is delayed\n");
		return EP_ENOMEM;
	}
	*j = *job;
	j->next = NULL;
	j->callid_len = callid.len;
	if(callid.len > 0)
		memcpy(j->callid, callid.p, callid.len);
	lock_get(&queue->lock);
	if(queue->last != NULL)
		queue->last->next = j;
	else
		queue->first = j;
	queue->last = j;
	lock_release(&queue->lock);
	return EP_OK;
}

/* All that wait, the oldest first. */
static struct job *dequeue(void)
{
	struct job *j;

	lock_get(&queue->lock);
	j = queue->first;
	queue->first = queue->last = NULL;
	lock_release(&queue->lock);
	return j;
}

enum ep_err tna_life_queue(const unsigned char *id, enum tna_event event,
		unsigned actions, int conid, enum tna_end_cause cause)
{
	struct job j = {
			.event = event, .actions = actions, .conid = conid, .cause = cause};

	memcpy(j.id, id, EP_FLOW_ID_LEN);
	return enqueue(&j, ep_view_none());
}

enum ep_err tna_life_queue_call(struct ep_view callid, enum tna_end_cause cause)
{
	struct job j = {.cause = cause};

	return enqueue(&j, callid);
}

/* --- what happens to a binding --- */

/* One event through the state machine, its actions into the queue. */
static enum ep_err happen(const unsigned char *id, int conid,
		enum ep_binding_event what, enum tna_event event,
		enum tna_end_cause cause)
{
	struct tna_stepped s;

	if(tna_store_step(&s, id, conid, &tna_set.policy, what, tna_now_s())
			!= EP_OK)
		return EP_ENOENT;
	if(s.step.life.state == s.before && s.step.actions == 0)
		return EP_OK;
	/* A timer that came early: its new deadline stands in the record. */
	if(s.step.life.state == s.before
			&& s.step.actions == EP_BINDING_DO_SET_TIMER)
		return EP_OK;
	if(s.step.life.state != s.before)
		tna_count(event == TNA_EVENT_LOST      ? TNA_N_LOST
				  : event == TNA_EVENT_EXPIRED ? TNA_N_EXPIRED
											   : TNA_N_ENDED);
	return tna_life_queue(id, event, s.step.actions, s.conid, cause);
}

enum ep_err tna_life_end(const unsigned char *id, enum tna_end_cause cause)
{
	return happen(id, 0, EP_BINDING_REVOKED, TNA_EVENT_ENDED, cause);
}

void tna_life_lost(const unsigned char *id, int conid)
{
	happen(id, conid, EP_BINDING_CONNECTION_LOST, TNA_EVENT_LOST, TNA_END_LOST);
}

static void cut_off(const unsigned char *id, int conid)
{
	happen(id, conid, EP_BINDING_REVOKED, TNA_EVENT_ENDED, TNA_END_REVOKED);
}

/* Somebody asked for the end of the connection (a bad token, revocation):
 * nothing comes back on it, so nothing is waited for. One that is merely gone
 * is unknown to webrtc_auth. */
static bool is_cut_off(int conid)
{
	char text[WEBRTC_AUTH_WWSF_MAX];
	struct ep_buf wwsf;

	ep_buf_init(&wwsf, text, sizeof(text));
	return tna_auth.conn_wwsf(&wwsf, conid) == EP_OK
		   && tna_auth.conn_revoked(conid);
}

/* SREV_TCP_WS_CLOSE, in websocket's timer process. */
static int closed(sr_event_param_t *evp)
{
	unsigned char id[EP_FLOW_ID_LEN];
	int conid = evp->rcv != NULL ? evp->rcv->proto_reserved1 : 0;

	if(conid != 0)
		tna_usage_unreserve(conid);
	if(conid == 0 || !tna_store_by_conn(id, conid))
		return 0;
	if(is_cut_off(conid))
		cut_off(id, conid);
	else
		tna_life_lost(id, conid);
	return 0;
}

/* Called before webrtc_auth's mod_init, so that our callback comes first:
 * its own forgets the connection, and whether it was cut off. */
int tna_life_register(void)
{
	return sr_event_register_cb(SREV_TCP_WS_CLOSE, closed);
}

/* --- revocation --- */

bool tna_life_is_revoked(const struct ep_binding *b)
{
	struct webrtc_auth_grant grant = {.issuer = b->issuer,
			.jti = b->jti,
			.sub = b->sub,
			.sid = b->sid,
			.impi = b->impi,
			.impus = b->impus.v,
			.impus_n = b->impus.n,
			.waf = b->waf,
			.wwsf = b->wwsf,
			.iat_s = b->iat_s};

	return tna_auth.is_revoked(&grant);
}

/* In the process that took a revocation. */
static void on_revoked(void)
{
	lock_get(&queue->lock);
	queue->revoked = true;
	lock_release(&queue->lock);
}

static bool take_revoked(void)
{
	bool was;

	lock_get(&queue->lock);
	was = queue->revoked;
	queue->revoked = false;
	lock_release(&queue->lock);
	return was;
}

static void end_if_revoked(const struct tna_found *found)
{
	struct ep_arena arena;
	struct tna_copy c;
	char first[4096];
	enum ep_err err;

	if(found->state == EP_BINDING_ENDED)
		return;
	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	err = tna_store_get(&c, found->id, &arena);
	if(err == EP_ENOMEM)
		on_revoked(); /* again, with the next tick */
	if(err == EP_OK && tna_life_is_revoked(&c.b))
		tna_life_end(found->id, TNA_END_REVOKED);
	ep_arena_fini(&arena);
}

/* Bindings without a connection, too. */
static void end_revoked(void)
{
	struct tna_found found[REVOKED_IDS];
	unsigned at = 0;
	size_t n, i;

	while(tna_store_walk(found, &n, REVOKED_IDS, &at, tna_now_s()))
		for(i = 0; i < n; i++)
			end_if_revoked(&found[i]);
}

/* --- the process --- */

static void run_event(const struct job *j)
{
	sr_kemi_eng_t *engine = sr_kemi_eng_get();
	run_act_ctx_t ctx;
	str name, callback = ep_str_view(tna_set.event_callback);
	sip_msg_t *msg;
	int route, backup;

	if(j->event == TNA_EVENT_NONE)
		return;
	name.s = (char *)event_names[j->event];
	name.len = strlen(name.s);
	route = route_lookup(&event_rt, name.s);
	if(route >= 0 && event_rt.rlist[route] == NULL)
		route = -1;
	if(route < 0 && (engine == NULL || callback.len == 0))
		return;
	msg = faked_msg_next();
	backup = get_route_type();
	set_route_type(EVENT_ROUTE);
	event_id = j->id;
	init_run_actions_ctx(&ctx);
	if(route >= 0)
		run_top_route(event_rt.rlist[route], msg, &ctx);
	else
		sr_kemi_route(engine, msg, EVENT_ROUTE, &callback, &name);
	event_id = NULL;
	set_route_type(backup);
	ksr_msg_env_reset();
}

static void close_connection(int conid, enum tna_end_cause cause)
{
	tna_auth.conn_bind(conid, NULL);
	tna_auth.conn_close(
			conid, tna_end_close_code(cause), ep_view_z(tna_end_text(cause)));
}

static void end_calls(const struct job *j)
{
	struct tna_calls_which which = {.id = NULL};
	unsigned calls = 0;

	if(j->callid_len > 0) {
		which.callid = ep_view_of(j->callid, j->callid_len);
		tna_calls_end(&which, j->cause);
		return;
	}
	which.id = j->id;
	if(j->actions & EP_BINDING_DO_END_CALLS)
		calls = tna_calls_end(&which, j->cause);
	if(calls > 0)
		LM_INFO("%u calls ended: %s\n", calls, tna_end_text(j->cause));
}

/* Some bindings that ended still wait for their turn. */
static bool postponed;

/* Whoever cannot be deregistered with this tick waits for the next, with
 * nothing left but that. False without memory. */
static bool deregister_later(const struct job *j)
{
	postponed = true;
	return tna_life_queue(j->id, TNA_EVENT_NONE,
				   j->actions & (EP_BINDING_DO_DEREGISTER | EP_BINDING_DO_DROP),
				   0, j->cause)
		   == EP_OK;
}

static void end_rest(const struct job *j, unsigned *deregister)
{
	bool wants = (j->actions & EP_BINDING_DO_DEREGISTER) != 0;

	if(j->callid_len > 0)
		return;
	if(j->conid != 0
			&& j->actions & (EP_BINDING_DO_CLOSE | EP_BINDING_DO_CLOSE_OLD))
		close_connection(j->conid, j->cause);
	else if(j->conid != 0 && j->actions & EP_BINDING_DO_DROP)
		tna_auth.conn_bind(j->conid, NULL);
	if(wants && *deregister == 0 && deregister_later(j))
		return;
	if(wants) {
		*deregister -= *deregister > 0;
		tna_deregister(j->id);
	}
	if(j->actions & EP_BINDING_DO_DROP)
		tna_store_drop_ended(j->id);
}

/* Of many that end together (a WWSF was revoked) the calls come first: who
 * talks must not go on while others are deregistered. A job is one event, so
 * that the order between jobs of one binding counts for events only. */
static void carry_out(struct job *first)
{
	unsigned deregister = TICK_DEREGISTERS;
	struct job *j;

	postponed = false;
	for(j = first; j != NULL; j = j->next) {
		if(j->callid_len == 0)
			run_event(j);
		end_calls(j);
	}
	while((j = first) != NULL) {
		first = j->next;
		end_rest(j, &deregister);
		shm_free(j);
	}
}

static void look_at(const struct tna_found *found)
{
	if(found->due && found->state == EP_BINDING_BOUND)
		happen(found->id, 0, EP_BINDING_TOKEN_END, TNA_EVENT_EXPIRED,
				TNA_END_EXPIRED);
	else if(found->due)
		happen(found->id, 0, EP_BINDING_HOLD_OVER, TNA_EVENT_EXPIRED,
				TNA_END_LOST);
	else if(found->state == EP_BINDING_ENDED && !postponed)
		/* its job found no memory */
		tna_life_queue(found->id, TNA_EVENT_NONE,
				EP_BINDING_DO_END_CALLS | EP_BINDING_DO_DROP, found->conid,
				TNA_END_EXPIRED);
	else if(found->state == EP_BINDING_BOUND && is_cut_off(found->conid))
		cut_off(found->id, found->conid);
}

static void sweep(void)
{
	struct tna_found found[SWEEP_IDS];
	unsigned at = 0;
	size_t n, i;

	tna_limits_sweep();
	while(tna_store_walk(found, &n, SWEEP_IDS, &at, tna_now_s()))
		for(i = 0; i < n; i++)
			look_at(&found[i]);
}

static void tick(unsigned int ms, void *param)
{
	static unsigned n;

	if(take_revoked())
		end_revoked();
	carry_out(dequeue());
	if(++n % TICKS_PER_SWEEP == 0)
		sweep();
}

int tna_life_init(void)
{
	queue = shm_malloc(sizeof(*queue));
	if(queue == NULL)
		return -1;
	memset(queue, 0, sizeof(*queue));
	lock_init(&queue->lock);
	if(faked_msg_init() < 0)
		return -1;
	tna_auth.on_revoked(on_revoked);
	return register_basic_timers(1);
}

int tna_life_child_init(int rank)
{
	if(rank != PROC_MAIN)
		return 0;
	return fork_basic_utimer(PROC_TIMER, "TNA_REGISTER", 1, tick, NULL, TICK_US)
						   < 0
				   ? -1
				   : 0;
}

void tna_life_destroy(void)
{
	struct job *j, *next;

	if(queue == NULL)
		return;
	for(j = dequeue(); j != NULL; j = next) {
		next = j->next;
		shm_free(j);
	}
	shm_free(queue);
	queue = NULL;
}
