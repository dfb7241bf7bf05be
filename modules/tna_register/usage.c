/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "usage.h"

/* How long a REGISTER may be on its way (64 * T1). */
#define PENDING_S 32
#define IMPU_MAX 512

struct place
{
	struct place *next;
	int conid;
	uint64_t impu; /* hash of the identity */
	uint64_t until_s;
};

struct tna_usage
{
	struct tna_usage *next;
	struct ep_tna_usage n;
	struct place *places;
	volatile unsigned max_call_s;
	volatile int used_up;
	size_t wwsf_len;
	char wwsf[];
};

static struct
{
	gen_lock_t lock;
	struct tna_usage *first; /* grows at the end only */
} * usages;

int tna_usage_init(void)
{
	usages = shm_malloc(sizeof(*usages));
	if(usages == NULL)
		return -1;
	usages->first = NULL;
	lock_init(&usages->lock);
	return 0;
}

static void places_free(struct tna_usage *u)
{
	struct place *p, *next;

	for(p = u->places; p != NULL; p = next) {
		next = p->next;
		shm_free(p);
	}
}

void tna_usage_destroy(void)
{
	struct tna_usage *u, *next;

	if(usages == NULL)
		return;
	for(u = usages->first; u != NULL; u = next) {
		next = u->next;
		places_free(u);
		shm_free(u);
	}
	shm_free(usages);
	usages = NULL;
}

static struct tna_usage *usage_new(struct ep_view wwsf)
{
	struct tna_usage *u = shm_malloc(sizeof(*u) + wwsf.len);

	if(u == NULL) {
		LM_ERR("out of shared memory\n");
		return NULL;
	}
	memset(u, 0, sizeof(*u));
	u->wwsf_len = wwsf.len;
	memcpy(u->wwsf, wwsf.p, wwsf.len);
	return u;
}

struct tna_usage *tna_usage_of(struct ep_view wwsf)
{
	struct tna_usage **at, *u;

	if(wwsf.len == 0)
		return NULL;
	lock_get(&usages->lock);
	for(at = &usages->first; *at != NULL; at = &(*at)->next)
		if(ep_view_eq(ep_view_of((*at)->wwsf, (*at)->wwsf_len), wwsf))
			break;
	if(*at == NULL)
		*at = usage_new(wwsf);
	u = *at;
	lock_release(&usages->lock);
	return u;
}

/* --- registrations --- */

void tna_usage_registered(struct tna_usage *u)
{
	if(u == NULL)
		return;
	lock_get(&usages->lock);
	u->n.registrations++;
	lock_release(&usages->lock);
}

void tna_usage_unregistered(struct tna_usage *u)
{
	if(u == NULL)
		return;
	lock_get(&usages->lock);
	u->n.registrations--;
	lock_release(&usages->lock);
}

/* Never 0: that is all of a connection's. A page that finds two with one hash
 * saves a place for as long as a REGISTER takes. */
static uint64_t hash_of(struct ep_view impu)
{
	char text[IMPU_MAX];
	uint64_t h = 0xcbf29ce484222325u;
	struct ep_buf buf;
	size_t i;

	ep_buf_init(&buf, text, sizeof(text));
	if(ep_impu_print(&buf, impu) != EP_OK)
		return 1;
	for(i = 0; i < buf.len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h > 1 ? h : 2;
}

/* Gives up the place of `conid` (0: nobody's) and `impu`, and those whose time
 * is over; how many are left. Locked. */
static unsigned places_clean(
		struct tna_usage *u, int conid, uint64_t impu, uint64_t now_s)
{
	struct place **at = &u->places, *p;
	unsigned n = 0;

	while((p = *at) != NULL) {
		if((p->conid != conid || (impu != 0 && p->impu != impu))
				&& p->until_s > now_s) {
			at = &p->next;
			n++;
			continue;
		}
		*at = p->next;
		shm_free(p);
	}
	return n;
}

bool tna_usage_reserve(
		struct tna_usage *u, int conid, struct ep_view impu, unsigned max)
{
	struct place *p;
	uint64_t now_s = tna_now_s(), hash = hash_of(impu);
	bool ok;

	if(u == NULL || (p = shm_malloc(sizeof(*p))) == NULL)
		return false;
	*p = (struct place){
			.conid = conid, .impu = hash, .until_s = now_s + PENDING_S};
	lock_get(&usages->lock);
	ok = places_clean(u, conid, hash, now_s) + u->n.registrations < max;
	if(ok) {
		p->next = u->places;
		u->places = p;
	}
	lock_release(&usages->lock);
	if(!ok)
		shm_free(p);
	return ok;
}

static void unreserve(int conid, uint64_t impu)
{
	struct tna_usage *u;

	lock_get(&usages->lock);
	for(u = usages->first; u != NULL; u = u->next)
		if(u->places != NULL)
			places_clean(u, conid, impu, 0);
	lock_release(&usages->lock);
}

void tna_usage_unreserve(int conid, struct ep_view impu)
{
	unreserve(conid, hash_of(impu));
}

void tna_usage_unreserve_all(int conid)
{
	unreserve(conid, 0);
}

/* --- calls --- */

enum ep_tna_cause tna_usage_call(
		struct tna_usage *u, const struct webrtc_auth_limits *limits)
{
	enum ep_tna_cause cause = EP_TNA_OK;

	if(u == NULL)
		return EP_TNA_OK;
	lock_get(&usages->lock);
	if(limits->call_s_per_day > 0
			&& ep_tna_usage_today_s(&u->n, tna_now_s())
					   >= limits->call_s_per_day)
		cause = EP_TNA_CALL_TIME;
	else if(limits->max_calls > 0 && u->n.calls >= limits->max_calls)
		cause = EP_TNA_CALLS_FULL;
	else
		ep_tna_usage_call(&u->n);
	lock_release(&usages->lock);
	return cause;
}

void tna_usage_answered(struct tna_usage *u, uint64_t now_s)
{
	if(u == NULL)
		return;
	lock_get(&usages->lock);
	ep_tna_usage_answer(&u->n, now_s);
	lock_release(&usages->lock);
}

void tna_usage_over(struct tna_usage *u, uint64_t start_s)
{
	if(u == NULL)
		return;
	lock_get(&usages->lock);
	ep_tna_usage_over(&u->n, start_s, tna_now_s());
	lock_release(&usages->lock);
}

/* --- the sweep --- */

/* webrtc_auth is asked without our lock; the list only grows at its end. */
static struct tna_usage *usage_next(struct tna_usage *u)
{
	lock_get(&usages->lock);
	u = u != NULL ? u->next : usages->first;
	lock_release(&usages->lock);
	return u;
}

unsigned tna_usage_refresh(void)
{
	struct webrtc_auth_limits limits;
	struct tna_usage *u = NULL;
	unsigned found = 0;
	bool used_up;

	while((u = usage_next(u)) != NULL) {
		if(u->max_call_s > 0)
			found |= TNA_USAGE_TIMED;
		/* Of a WWSF that is gone, calls go on as they could. */
		if(tna_auth.wwsf_limits(&limits, ep_view_of(u->wwsf, u->wwsf_len))
				!= EP_OK)
			continue;
		u->max_call_s = limits.max_call_s;
		if(limits.max_call_s > 0)
			found |= TNA_USAGE_TIMED;
		lock_get(&usages->lock);
		used_up = limits.call_s_per_day > 0 && u->n.calls > 0
				  && ep_tna_usage_today_s(&u->n, tna_now_s())
							 >= limits.call_s_per_day;
		lock_release(&usages->lock);
		u->used_up = used_up;
		if(used_up)
			found |= TNA_USAGE_USED_UP;
	}
	return found;
}

unsigned tna_usage_max_call_s(const struct tna_usage *u)
{
	return u != NULL ? u->max_call_s : 0;
}

bool tna_usage_used_up(const struct tna_usage *u)
{
	return u != NULL && u->used_up;
}

bool tna_usage_show(struct tna_usage_shown *out, unsigned nth)
{
	struct tna_usage *u = usage_next(NULL);
	struct place *p;

	while(u != NULL && nth-- > 0)
		u = usage_next(u);
	if(u == NULL)
		return false;
	*out = (struct tna_usage_shown){.wwsf = ep_view_of(u->wwsf, u->wwsf_len)};
	out->gone = tna_auth.wwsf_limits(&out->limits, out->wwsf) != EP_OK;
	lock_get(&usages->lock);
	places_clean(u, 0, 0, tna_now_s());
	for(p = u->places; p != NULL; p = p->next)
		out->pending++;
	out->today_s = ep_tna_usage_today_s(&u->n, tna_now_s());
	out->n = u->n;
	lock_release(&usages->lock);
	return true;
}
