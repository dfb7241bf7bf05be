/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_to.h"
#include "core/ut.h"
#include "modules/tm/tm_load.h"

#include "base/siphash.h"
#include "common/view.h"
#include "sdp_mediate/answers.h"

struct record
{
	struct record *next, **link; /* those of all transactions */
	uint64_t call;               /* hash of its Call-ID */
	enum ep_mediate_from from;   /* who answers */
	bool is_invite;
	struct ep_mediate_answers answers;
	char *later; /* the offer that came later in its call (shm) */
	size_t later_len;
	char *result; /* what the first 2xx became (shm); NULL: not yet */
	size_t result_len;
	bool sent; /* it is on the wire */
};

/* A gateway that does not answer (rtpengine_tout_ms, _retr) is out by then. */
#define SENT_MS 1000

static struct tm_binds tmb;
static gen_lock_t *lock;
static struct record **records;

int ep_answers_init(void)
{
	if(load_tm_api(&tmb) != 0) {
		LM_ERR("tm.so must be loaded\n");
		return -1;
	}
	lock = lock_alloc();
	records = shm_mallocxz(sizeof(*records));
	if(lock == NULL || records == NULL || lock_init(lock) == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	return 0;
}

static uint64_t hash_of(struct ep_view v)
{
	static const unsigned char key[EP_SIPHASH_KEY_LEN];

	return ep_siphash(key, v);
}

static struct ep_mediate_said said(sip_msg_t *msg, const struct ep_job *job)
{
	return (struct ep_mediate_said){
			.is_final = msg->first_line.u.reply.statuscode >= 200,
			.tag = hash_of(ep_view_str(&get_to(msg)->tag_value)),
			.sdp = hash_of(job->sdp),
	};
}

static void event(struct cell *t, int type, struct tmcb_params *params)
{
	struct record *r = *params->param;

	if(type == TMCB_RESPONSE_OUT && params->code >= 200 && params->code < 300)
		__atomic_store_n(&r->sent, true, __ATOMIC_RELEASE);
}

static void record_free(struct record *r)
{
	if(r->result != NULL)
		shm_free(r->result);
	if(r->later != NULL)
		shm_free(r->later);
	shm_free(r);
}

static void release(void *param)
{
	struct record *r = param;

	lock_get(lock);
	*r->link = r->next;
	if(r->next != NULL)
		r->next->link = r->link;
	lock_release(lock);
	record_free(r);
}

static tm_cell_t *transaction(const sip_msg_t *msg)
{
	tm_cell_t *t = msg->first_line.type == SIP_REPLY ? tmb.t_gett() : NULL;

	return t != T_UNDEFINED ? t : NULL;
}

/* The transaction's record: the parameter of a callback of ours. Locked. */
static struct record *find(const tm_cell_t *t)
{
	volatile struct tm_callback *cb;

	for(cb = t->tmcb_hl.first; cb != NULL; cb = cb->next)
		if(cb->callback == event)
			return cb->param;
	return NULL;
}

static struct record *find_or_make(
		tm_cell_t *t, sip_msg_t *msg, const struct ep_job *job)
{
	struct record *r = find(t);

	if(r != NULL)
		return r;
	r = shm_mallocxz(sizeof(*r));
	if(r == NULL)
		return NULL;
	r->call = hash_of(ep_view_trim(ep_view_str(&msg->callid->body)));
	r->from = job->from;
	r->is_invite = get_cseq(msg)->method_id == METHOD_INVITE;
	if(tmb.register_tmcb(
			   NULL, t, TMCB_DESTROY | TMCB_RESPONSE_OUT, event, r, release)
			<= 0) {
		record_free(r);
		return NULL;
	}
	r->next = *records;
	if(r->next != NULL)
		r->next->link = &r->next;
	r->link = records;
	*records = r;
	return r;
}

/* An UPDATE or PRACK was answered: an INVITE of the same side that still rings
 * is told of its offer. Locked. */
static void follow(const struct record *request, struct ep_view offer)
{
	struct record *r;
	char *copy;

	for(r = *records; r != NULL; r = r->next) {
		if(!r->is_invite || r->call != request->call || r->from != request->from
				|| (copy = shm_malloc(offer.len + 1)) == NULL)
			continue;
		memcpy(copy, offer.p, offer.len);
		if(r->later != NULL)
			shm_free(r->later);
		r->later = copy;
		r->later_len = offer.len;
	}
}

struct ep_view ep_answers_later(const sip_msg_t *msg, struct ep_arena *arena)
{
	tm_cell_t *t = transaction(msg);
	struct ep_view later = ep_view_none();
	struct record *r;

	if(t == NULL)
		return later;
	lock_get(lock);
	r = find(t);
	if(r != NULL && r->later != NULL)
		later = ep_arena_copy(arena, ep_view_of(r->later, r->later_len));
	lock_release(lock);
	return later;
}

/* tm sends after it has given up its lock, and who comes second may overtake:
 * the browser would take the wrong one for its call. Rare, and short: another
 * worker is at it. */
static void first_wait(const tm_cell_t *t, struct record *r)
{
	int ms;

	/* Behind a refusal tm sends none of them. */
	for(ms = 0; ms < SENT_MS && t->uas.status < 300
				&& !__atomic_load_n(&r->sent, __ATOMIC_ACQUIRE);
			ms++)
		sleep_us(1000);
	/* What did not come now does not come: nobody else waits for it. */
	__atomic_store_n(&r->sent, true, __ATOMIC_RELEASE);
}

enum ep_mediate_verdict ep_answers_look(struct ep_view *result, sip_msg_t *msg,
		const struct ep_job *job, struct ep_arena *arena)
{
	tm_cell_t *t = transaction(msg);
	enum ep_mediate_verdict verdict = EP_MEDIATE_ANSWER_FIRST;
	struct ep_mediate_said s;
	struct record *r;

	*result = ep_view_none();
	if(t == NULL)
		return verdict;
	s = said(msg, job);
	lock_get(lock);
	r = find_or_make(t, msg, job);
	if(r != NULL)
		verdict = ep_mediate_answers_next(&r->answers, &s);
	if(verdict == EP_MEDIATE_ANSWER_LOST) {
		lock_release(lock);
		first_wait(t, r); /* the record lives as long as the transaction */
		lock_get(lock);
		if(r->result != NULL)
			*result =
					ep_arena_copy(arena, ep_view_of(r->result, r->result_len));
	}
	lock_release(lock);
	return verdict;
}

/* Of the first 2xx, for those that come behind it. */
static void result_keep(struct record *r, struct ep_view result)
{
	r->result = shm_malloc(result.len + 1);
	if(r->result == NULL) {
		SHM_MEM_ERROR;
		return;
	}
	memcpy(r->result, result.p, result.len);
	r->result_len = result.len;
}

void ep_answers_note(sip_msg_t *msg, const struct ep_job *job, bool ok,
		struct ep_view result)
{
	tm_cell_t *t = transaction(msg);
	struct ep_mediate_said s;
	struct record *r;

	if(t == NULL)
		return;
	s = said(msg, job);
	lock_get(lock);
	r = find(t);
	/* A 2xx that failed goes on all the same, without SDP: it keeps its place.
	 */
	if(r != NULL && !ok)
		ep_mediate_answers_failed(&r->answers, &s, false);
	else if(r != NULL && s.is_final && r->result == NULL)
		result_keep(r, result);
	if(r != NULL && ok && s.is_final && !r->is_invite && job->offer.p != NULL)
		follow(r, job->offer);
	lock_release(lock);
}
