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

#include "common/view.h"
#include "calls.h"
#include "dereg.h"
#include "life.h"
#include "store.h"

#define TICK_US 100000
#define TICKS_PER_SWEEP 10
#define SWEEP_IDS 64

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

static struct job *dequeue(void)
{
	struct job *j;

	lock_get(&queue->lock);
	j = queue->first;
	if(j != NULL)
		queue->first = j->next;
	if(queue->first == NULL)
		queue->last = NULL;
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

static void carry_out(const struct job *j)
{
	struct tna_calls_which which = {.id = NULL};
	unsigned calls = 0;

	if(j->callid_len > 0) {
		which.callid = ep_view_of(j->callid, j->callid_len);
		tna_calls_end(&which, j->cause);
		return;
	}
	run_event(j);
	which.id = j->id;
	if(j->actions & EP_BINDING_DO_END_CALLS)
		calls = tna_calls_end(&which, j->cause);
	if(j->actions & EP_BINDING_DO_DEREGISTER)
		tna_deregister(j->id);
	if(j->actions & (EP_BINDING_DO_CLOSE | EP_BINDING_DO_CLOSE_OLD))
		close_connection(j->conid, j->cause);
	else if(j->actions & EP_BINDING_DO_DROP)
		tna_auth.conn_bind(j->conid, NULL);
	if(j->actions & EP_BINDING_DO_DROP)
		tna_store_drop_ended(j->id);
	if(calls > 0)
		LM_INFO("%u calls ended: %s\n", calls, tna_end_text(j->cause));
}

static void look_at(const struct tna_found *found)
{
	if(found->due && found->state == EP_BINDING_BOUND)
		happen(found->id, 0, EP_BINDING_TOKEN_END, TNA_EVENT_EXPIRED,
				TNA_END_EXPIRED);
	else if(found->due)
		happen(found->id, 0, EP_BINDING_HOLD_OVER, TNA_EVENT_EXPIRED,
				TNA_END_LOST);
	else if(found->state == EP_BINDING_ENDED) /* its job found no memory */
		tna_life_queue(found->id, TNA_EVENT_NONE,
				EP_BINDING_DO_END_CALLS | EP_BINDING_DO_DROP, found->conid,
				TNA_END_EXPIRED);
	else if(found->state == EP_BINDING_BOUND && is_cut_off(found->conid))
		cut_off(found->id, found->conid);
}

static void sweep(void)
{
	struct tna_found found[SWEEP_IDS];
	struct tna_calls_which old = {.id = NULL};
	unsigned at = 0;
	size_t n, i;

	if(tna_set.max_call_s > 0) {
		old.begun_by_s = tna_now_s() - tna_set.max_call_s;
		tna_calls_end(&old, TNA_END_DURATION);
	}
	while(tna_store_walk(found, &n, SWEEP_IDS, &at, tna_now_s()))
		for(i = 0; i < n; i++)
			look_at(&found[i]);
}

static void tick(unsigned int ms, void *param)
{
	static unsigned n;
	struct job *j;

	while((j = dequeue()) != NULL) {
		carry_out(j);
		shm_free(j);
	}
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
	struct job *j;

	if(queue == NULL)
		return;
	while((j = dequeue()) != NULL)
		shm_free(j);
	shm_free(queue);
	queue = NULL;
}
