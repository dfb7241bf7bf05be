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

#include "common/ending.h"
#include "common/eventroute.h"
#include "common/mem.h"
#include "common/view.h"
#include "calls.h"
#include "credentials.h"
#include "dereg.h"
#include "life.h"
#include "limits.h"
#include "regevent.h"
#include "store.h"
#include "subs.h"
#include "sweep.h"

#define TICK_US 100000
/* REGISTERs of our own in one tick: a burst over UDP would be lost in the
 * core's buffers, again and again. */
#define TICK_DEREGISTERS 100
#define TICKS_PER_SECOND 10

struct job
{
	struct job *next;
	unsigned char id[EP_FLOW_ID_LEN];
	enum tna_event event;
	unsigned actions;
	int conid;
	enum tna_end_cause cause;
	bool has_id;
	size_t callid_len; /* not 0: end this call, nothing else */
	char callid[];
};

static struct
{
	gen_lock_t lock;
	struct job *first, *last;
	struct job *later, *later_last; /* the module's own process's */
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

static void append(struct job **first, struct job **last, struct job *j)
{
	j->next = NULL;
	if(*first != NULL)
		(*last)->next = j;
	else
		*first = j;
	*last = j;
}

static enum ep_err enqueue(const struct job *job, struct ep_view callid)
{
	struct job *j = shm_malloc(sizeof(*j) + callid.len);

	if(j == NULL) {
		LM_ERR("out of shared memory: a binding's end is delayed\n");
		return EP_ENOMEM;
	}
	*j = *job;
	j->callid_len = callid.len;
	if(callid.len > 0)
		memcpy(j->callid, callid.p, callid.len);
	lock_get(&queue->lock);
	append(&queue->first, &queue->last, j);
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
	struct job j = {.event = event,
			.actions = actions,
			.conid = conid,
			.cause = cause,
			.has_id = true};
	enum ep_err err;

	memcpy(j.id, id, EP_FLOW_ID_LEN);
	err = enqueue(&j, ep_view_none());
	if(err != EP_OK)
		tna_store_owe(id, actions, tna_now_s());
	return err;
}

enum ep_err tna_life_queue_call(const unsigned char *id, struct ep_view callid,
		enum tna_end_cause cause)
{
	struct job j = {.cause = cause, .has_id = id != NULL};

	if(id != NULL)
		memcpy(j.id, id, EP_FLOW_ID_LEN);
	return enqueue(&j, callid);
}

/* --- what happens to a binding --- */

/* One event through the state machine, its actions into the queue. */
static enum ep_err happen(const unsigned char *id, int conid,
		enum ep_binding_event what, enum tna_event event,
		enum tna_end_cause cause)
{
	struct tna_stepped s;

	if(tna_store_step(&s, id, conid, &tna_set.policy, what, tna_now_s(), 0)
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

enum ep_err tna_life_core_terminated(
		const unsigned char *id, enum tna_end_cause cause)
{
	return happen(id, 0, EP_BINDING_CORE_TERMINATED, TNA_EVENT_ENDED, cause);
}

enum ep_err tna_life_replaced(const unsigned char *id)
{
	struct tna_stepped s;

	if(tna_store_step(&s, id, 0, &tna_set.policy, EP_BINDING_DEREGISTERED,
			   tna_now_s(),
			   0) != EP_OK
			|| s.before == EP_BINDING_ENDED)
		return EP_ENOENT;
	tna_count(TNA_N_ENDED);
	return tna_life_queue(id, TNA_EVENT_ENDED,
			s.step.actions | EP_BINDING_DO_CLOSE_OLD, s.conid,
			TNA_END_REPLACED);
}

enum ep_err tna_life_shorten(const unsigned char *id, uint64_t end_s)
{
	struct tna_stepped s;

	return tna_store_step(&s, id, 0, &tna_set.policy, EP_BINDING_SHORTENED,
			tna_now_s(), end_s);
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

void tna_life_lost(const unsigned char *id, int conid)
{
	if(is_cut_off(conid))
		happen(id, conid, EP_BINDING_REVOKED, TNA_EVENT_ENDED, TNA_END_REVOKED);
	else
		happen(id, conid, EP_BINDING_CONNECTION_LOST, TNA_EVENT_LOST,
				TNA_END_LOST);
}

/* Everything that the page had on its connection. */
static void all_lost(int conid)
{
	tna_id_t ids[TNA_CONN_BINDINGS];
	size_t n = tna_store_of_conn(ids, conid), i;

	for(i = 0; i < n; i++)
		tna_life_lost(ids[i], conid);
}

/* SREV_TCP_WS_CLOSE, in websocket's timer process. */
static int closed(sr_event_param_t *evp)
{
	int conid = evp->rcv != NULL ? evp->rcv->proto_reserved1 : 0;

	if(tna_set.scscf || conid == 0)
		return 0;
	tna_usage_unreserve_all(conid);
	all_lost(conid);
	return 0;
}

/* Two may end at once, and another one begin meanwhile: so the answer is
 * looked for once more behind the deed. */
void tna_life_unbind(int conid)
{
	tna_id_t id;

	if(tna_store_by_conn(id, conid, 0))
		return;
	tna_auth.conn_bind(conid, NULL);
	if(tna_store_by_conn(id, conid, 0))
		tna_auth.conn_bind(conid, id);
}

void tna_life_due(const unsigned char *id)
{
	struct tna_found f;

	if(tna_store_look(&f, id) != EP_OK)
		return;
	if(f.owed != 0)
		tna_life_queue(id, TNA_EVENT_NONE, f.owed, f.conid, TNA_END_EXPIRED);
	else if(f.state == EP_BINDING_BOUND)
		happen(id, 0, EP_BINDING_TOKEN_END, TNA_EVENT_EXPIRED, TNA_END_EXPIRED);
	else
		happen(id, 0, EP_BINDING_HOLD_OVER, TNA_EVENT_EXPIRED, TNA_END_LOST);
}

/* Called before webrtc_auth's mod_init, so that our callback comes first:
 * its own forgets the connection, and whether it was cut off. */
int tna_life_register(void)
{
	return sr_event_register_cb(SREV_TCP_WS_CLOSE, closed);
}

/* --- revocation --- */

bool tna_life_is_revoked(const struct ep_binding *b, int conid)
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

	return tna_auth.is_revoked(&grant)
		   || tna_barred_page(b->waf, b->wwsf, conid);
}

/* In the process that took a revocation. */
void tna_life_look(void)
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

/* --- the process --- */

static void run_event(const struct job *j)
{
	if(j->event == TNA_EVENT_NONE)
		return;
	event_id = j->id;
	ep_event_route_run(
			event_names[j->event], tna_set.event_callback);
	event_id = NULL;
}

/* What else the page has on it goes on: who ends all of it closes with the
 * last one. */
static void close_connection(int conid, enum tna_end_cause cause)
{
	tna_id_t other;

	tna_life_unbind(conid);
	if(tna_store_by_conn(other, conid, 0))
		return;
	tna_auth.conn_close(
			conid, tna_end_close_code(cause), ep_view_z(tna_end_text(cause)));
}

static void end_calls(const struct job *j)
{
	struct tna_calls_which which = {.id = j->has_id ? j->id : NULL};
	unsigned calls = 0;

	if(j->callid_len > 0) {
		which.callid = ep_view_of(j->callid, j->callid_len);
		tna_calls_end(&which, j->cause);
		return;
	}
	if(j->actions & EP_BINDING_DO_END_CALLS)
		calls = tna_calls_end(&which, j->cause);
	if(calls > 0)
		LM_INFO("%u calls ended: %s\n", calls, tna_end_text(j->cause));
}

static void forget(const struct job *j)
{
	if(!(j->actions & EP_BINDING_DO_DROP))
		return;
	tna_subs_drop(j->id);
	tna_store_drop_ended(j->id);
}

static void end_rest(const struct job *j)
{
	if(j->conid != 0
			&& j->actions & (EP_BINDING_DO_CLOSE | EP_BINDING_DO_CLOSE_OLD))
		close_connection(j->conid, j->cause);
	else if(j->conid != 0 && j->actions & EP_BINDING_DO_DROP)
		tna_life_unbind(j->conid);
	forget(j);
}

/* Whoever cannot be deregistered with this tick waits for the next: nothing
 * but that and its record is left of it. */
static void deregister_some(void)
{
	unsigned n;
	struct job *j;

	for(n = 0; n < TICK_DEREGISTERS && (j = queue->later) != NULL; n++) {
		queue->later = j->next;
		tna_deregister(j->id);
		forget(j);
		shm_free(j);
	}
}

/* Of many that end together (a WWSF was revoked) the calls come first, then
 * the connections: who talks must not go on while others are deregistered. A
 * job is one event, so that the order between jobs of one binding counts for
 * events only. */
static void carry_out(struct job *first)
{
	struct job *j;

	for(j = first; j != NULL; j = j->next) {
		if(j->callid_len == 0)
			run_event(j);
		end_calls(j);
	}
	while((j = first) != NULL) {
		bool deregister = (j->actions & EP_BINDING_DO_DEREGISTER) != 0;

		first = j->next;
		if(deregister && j->callid_len == 0) {
			unsigned drop = j->actions & EP_BINDING_DO_DROP;

			j->actions &= ~drop;
			end_rest(j);
			j->actions |= drop;
			append(&queue->later, &queue->later_last, j);
			continue;
		}
		if(j->callid_len == 0)
			end_rest(j);
		shm_free(j);
	}
}

static void tick(unsigned int ms, void *param)
{
	static unsigned n;

	ep_ending_stop_here();
	if(take_revoked())
		tna_sweep_revoked();
	tna_sweep();
	carry_out(dequeue());
	deregister_some();
	tna_regevent_tick();
	tna_credentials_tick();
	if(++n % TICKS_PER_SECOND == 0)
		tna_limits_sweep();
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
	tna_auth.on_revoked(tna_life_look);
	tna_auth.on_closing(all_lost);
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
	/* Without the lock: its last holder may be dead. */
	for(j = queue->first; j != NULL; j = next) {
		next = j->next;
		shm_free(j);
	}
	for(j = queue->later; j != NULL; j = next) {
		next = j->next;
		shm_free(j);
	}
	shm_free(queue);
	queue = NULL;
}
