/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/pt.h"
#include "core/script_cb.h"
#include "core/sr_module.h"
#include "modules/dialog/dlg_hash.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "common/view.h"
#include "calltab.h"
#include "life.h"
#include "store.h"

/* An INVITE of this process that was marked before its dialog was made. */
static struct
{
	unsigned msg_id;
	int pid;
	bool from_wic;
	unsigned char id[EP_FLOW_ID_LEN];
	struct tna_usage *usage;
	struct kept
	{
		char text[TNA_NAME_MAX];
		size_t n;
	} icid, local, local_as, peer, peer_as;
} marked;

struct tna_calltab *tna_calltab;

/* --- making and forgetting --- */

/* What a callback of dialog or tm carries: the names, never a pointer. */
struct ref
{
	unsigned char id[EP_FLOW_ID_LEN];
	unsigned h_entry, h_id;
};

static void ref_free(void *p)
{
	shm_free(p);
}

static struct ref *ref_new(const unsigned char *id, const struct dlg_cell *dlg)
{
	struct ref *r = shm_malloc(sizeof(*r));

	if(r == NULL)
		return NULL;
	memcpy(r->id, id, EP_FLOW_ID_LEN);
	r->h_entry = dlg->h_entry;
	r->h_id = dlg->h_id;
	return r;
}

/* The call is over, though its record may live on: its place is free. */
static void on_over(const struct ref *ref)
{
	struct bucket *b = bucket_of(tna_hash_id(ref->id));
	struct tna_usage *usage = NULL;
	uint64_t start_s = 0;
	struct call *c;

	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL) {
		usage = c->usage;
		start_s = c->start_s;
		c->usage = NULL;
		c->over = true;
	}
	lock_release(&b->lock);
	tna_usage_over(usage, start_s);
}

static void on_destroy(const struct ref *ref)
{
	struct bucket *b = bucket_of(tna_hash_id(ref->id));
	struct call **at, *c = NULL;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if((*at)->h_entry == ref->h_entry && (*at)->h_id == ref->h_id
				&& memcmp((*at)->id, ref->id, EP_FLOW_ID_LEN) == 0) {
			c = *at;
			*at = c->next;
			break;
		}
	lock_release(&b->lock);
	if(c == NULL)
		return;
	if(c->to_tag != NULL)
		shm_free(c->to_tag);
	shm_free(c);
}

static void on_confirmed(const struct ref *ref, const struct dlg_cell *dlg)
{
	struct bucket *b = bucket_of(tna_hash_id(ref->id));
	const str *tag = &dlg->tag[DLG_CALLEE_LEG];
	struct call *c;
	char *copy;

	if(tag->len <= 0 || (copy = shm_malloc(tag->len)) == NULL)
		return;
	memcpy(copy, tag->s, tag->len);
	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL && c->to_tag == NULL) {
		c->to_tag = copy;
		c->to_tag_len = tag->len;
		c->start_s = tna_now_s();
		/* Under the lock: on_over() must find it counted. */
		tna_usage_answered(c->usage, c->start_s);
		copy = NULL;
	}
	lock_release(&b->lock);
	if(copy != NULL)
		shm_free(copy);
}

/* --- where the page's requests go within the call --- */

/* `from_leg` sent `msg`; the page itself teaches nothing. */
static void learn(
		const struct ref *ref, int type, unsigned from_leg, sip_msg_t *msg)
{
	struct bucket *b = bucket_of(tna_hash_id(ref->id));
	struct call *c;

	if(msg == NULL || msg == FAKED_REPLY || parse_headers(msg, HDR_EOH_F, 0) < 0
			|| (msg->first_line.type == SIP_REPLY && msg->REPLY_STATUS >= 300))
		return;
	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL && c->known.wic_leg != from_leg) {
		tna_learn_target(&c->known.targets, msg);
		if(type == DLGCB_CONFIRMED_NA)
			c->known.routes.n = 0;
		if(type == DLGCB_CONFIRMED_NA || type == DLGCB_EARLY)
			tna_learn_routes(&c->known.routes, msg);
	}
	lock_release(&b->lock);
}

/* The first of these is a call's end. */
#define ENDS (DLGCB_FAILED | DLGCB_TERMINATED | DLGCB_EXPIRED | DLGCB_DESTROY)

static void dialog_event(
		struct dlg_cell *dlg, int type, struct dlg_cb_params *params)
{
	const struct ref *ref = *params->param;
	unsigned from_leg = params->direction == DLG_DIR_DOWNSTREAM
								? DLG_CALLER_LEG
								: DLG_CALLEE_LEG;

	/* dialog is destroyed behind us. Nobody is left who counts, and our locks
	 * may be held by the dead. */
	if(destroy_modules_phase())
		return;
	if(type & ENDS) {
		on_over(ref);
		if(type == DLGCB_DESTROY)
			on_destroy(ref);
		return;
	}
	if(type == DLGCB_CONFIRMED_NA)
		on_confirmed(ref, dlg);
	learn(ref, type, from_leg,
			type == DLGCB_REQ_WITHIN ? params->req : params->rpl);
}

static void end_later(const unsigned char *id)
{
	tna_life_queue(id, TNA_EVENT_NONE, EP_BINDING_DO_END_CALLS, 0,
			TNA_END_DEREGISTERED);
}

/* The INVITE goes out: its transaction has a name now, by which another
 * process can cancel it. */
static void forwarded(struct cell *t, int type, struct tmcb_params *params)
{
	const struct ref *ref = *params->param;
	struct bucket *b = bucket_of(tna_hash_id(ref->id));
	struct call *c;
	bool late = false;

	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL) {
		c->t_index = t->hash_index;
		c->t_label = t->label;
		c->has_t = true;
		late = c->ended;
		c->ended = false;
	}
	lock_release(&b->lock);
	/* Ended before anything could be cancelled: once more. */
	if(late)
		end_later(ref->id);
}

static struct call *call_new(
		const unsigned char *id, const struct dlg_cell *dlg, bool from_wic)
{
	const str *tag = &dlg->tag[DLG_CALLER_LEG];
	struct call *c = shm_malloc(sizeof(*c) + dlg->callid.len + tag->len);
	char *p = (char *)(c + 1);

	if(c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->hash = tna_hash_id(id);
	memcpy(c->id, id, EP_FLOW_ID_LEN);
	c->h_entry = dlg->h_entry;
	c->h_id = dlg->h_id;
	c->known.wic_leg = from_wic ? DLG_CALLER_LEG : DLG_CALLEE_LEG;
	memcpy(p, dlg->callid.s, dlg->callid.len);
	c->callid = ep_view_of(p, dlg->callid.len);
	memcpy(p + dlg->callid.len, tag->s, tag->len);
	c->from_tag = ep_view_of(p + dlg->callid.len, tag->len);
	return c;
}

static void dialog_var(
		struct dlg_cell *dlg, const char *name, struct ep_view value)
{
	str key = {(char *)name, strlen(name)}, s = ep_str_view(value);

	if(value.len > 0)
		tna_dlg.set_dlg_var(dlg, &key, &s);
}

static void dialog_kept(
		struct dlg_cell *dlg, const char *name, const struct kept *k)
{
	dialog_var(dlg, name, ep_view_of(k->text, k->n));
}

static void dialog_vars(struct dlg_cell *dlg)
{
	char text[2 * EP_FLOW_ID_LEN];
	struct ep_buf hex;

	ep_buf_init(&hex, text, sizeof(text));
	ep_buf_put_hex(&hex, ep_view_of((const char *)marked.id, EP_FLOW_ID_LEN));
	dialog_var(dlg,
			marked.from_wic ? TNA_DLG_CALLER_BINDING : TNA_DLG_CALLEE_BINDING,
			ep_buf_view(&hex));
	dialog_kept(dlg, marked.from_wic ? TNA_DLG_ICID : TNA_DLG_ICID_IN,
			&marked.icid);
	dialog_kept(
			dlg, marked.from_wic ? TNA_DLG_FROM : TNA_DLG_TO, &marked.local);
	dialog_kept(dlg, marked.from_wic ? TNA_DLG_FROM_AS : TNA_DLG_TO_AS,
			&marked.local_as);
	dialog_kept(dlg, TNA_DLG_PEER, &marked.peer);
	dialog_kept(dlg, TNA_DLG_PEER_AS, &marked.peer_as);
}

/* The dialog of the marked INVITE; `fresh`: it was made this moment. */
static void link_call(struct dlg_cell *dlg, sip_msg_t *msg, bool fresh)
{
	const unsigned char *id = marked.id;
	struct bucket *b = bucket_of(tna_hash_id(id));
	struct ref *events, *sent;
	struct call *c;

	/* Of a new one, all calls of the page would be looked through in vain. */
	if(!fresh && tna_calls_of(dlg, id))
		return;
	c = call_new(id, dlg, marked.from_wic);
	events = ref_new(id, dlg);
	sent = ref_new(id, dlg);
	if(c == NULL || events == NULL || sent == NULL
			|| tna_dlg.register_dlgcb(dlg,
					   DLGCB_EARLY | DLGCB_CONFIRMED_NA | DLGCB_REQ_WITHIN
							   | DLGCB_RESPONSE_WITHIN | ENDS,
					   dialog_event, events, ref_free)
					   != 0)
		goto nomem;
	events = NULL;
	if(!marked.from_wic && parse_headers(msg, HDR_EOH_F, 0) == 0) {
		tna_learn_target(&c->known.targets, msg);
		tna_learn_routes(&c->known.routes, msg);
	}
	c->usage = marked.usage;
	marked.usage = NULL;
	lock_get(&b->lock);
	c->next = b->first;
	b->first = c;
	lock_release(&b->lock);
	dialog_vars(dlg);
	/* Its binding ended while the INVITE was on its way through the script:
	 * who ended it did not see this call. */
	if(tna_store_is_ended(id))
		end_later(id);
	if(tna_tm.register_tmcb(
			   msg, NULL, TMCB_REQUEST_FWDED, forwarded, sent, ref_free)
			<= 0) {
		LM_ERR("no callback for the INVITE: it cannot be cancelled from"
			   " here while it rings\n");
		shm_free(sent);
	}
	return;
nomem:
	LM_ERR("out of memory: a call is not linked to its binding\n");
	if(c != NULL)
		shm_free(c);
	if(events != NULL)
		shm_free(events);
	if(sent != NULL)
		shm_free(sent);
}

static void dialog_created(
		struct dlg_cell *dlg, int type, struct dlg_cb_params *params)
{
	sip_msg_t *msg = params->req;

	if(msg != NULL && marked.pid == my_pid() && marked.msg_id == msg->id)
		link_call(dlg, msg, true);
}

/* A page's INVITE begins a dialog. One that stands already, by the Call-ID and
 * From tag, is somebody else's: who copies them gets no part in it. */
static bool is_taken(struct dlg_cell *dlg)
{
	static const char *const names[] = {
			TNA_DLG_CALLER_BINDING, TNA_DLG_CALLEE_BINDING};
	unsigned i;

	for(i = 0; i < 2; i++) {
		str name = {(char *)names[i], strlen(names[i])}, value = STR_NULL;

		if(tna_dlg.get_dlg_vardup(dlg, &name, &value) == 0 && value.s != NULL) {
			pkg_free(value.s);
			return true;
		}
	}
	return false;
}

static void keep(struct kept *out, struct ep_view v)
{
	out->n = v.len <= sizeof(out->text) ? v.len : 0;
	if(out->n > 0)
		memcpy(out->text, v.p, out->n);
}

/* A script that ended without a dialog has made no call. */
static int mark_drop(struct sip_msg *msg, unsigned int flags, void *param)
{
	if(marked.pid == my_pid() && marked.usage != NULL) {
		tna_usage_over(marked.usage, 0);
		marked.usage = NULL;
	}
	return 1;
}

void tna_calls_mark(sip_msg_t *msg, const struct tna_mark *mark)
{
	struct dlg_cell *dlg;

	if(!tna_has_dlg)
		return;
	mark_drop(msg, 0, NULL);
	marked.msg_id = msg->id;
	marked.pid = my_pid();
	marked.from_wic = mark->from_wic;
	memcpy(marked.id, mark->id, EP_FLOW_ID_LEN);
	marked.usage = mark->usage;
	keep(&marked.icid, mark->icid);
	keep(&marked.local, mark->names.local);
	keep(&marked.local_as, mark->names.local_as);
	keep(&marked.peer, mark->names.peer);
	keep(&marked.peer_as, mark->names.peer_as);
	dlg = tna_dlg.get_dlg(msg);
	if(dlg == NULL)
		return;
	if(!mark->from_wic || !is_taken(dlg))
		link_call(dlg, msg, false);
	tna_dlg.release_dlg(dlg);
}

static bool is_over(const struct dlg_cell *dlg, const unsigned char *id)
{
	struct bucket *b = bucket_of(tna_hash_id(id));
	struct call *c;
	bool over;

	lock_get(&b->lock);
	c = find(b, id, dlg->h_entry, dlg->h_id);
	over = c != NULL && c->over;
	lock_release(&b->lock);
	return over;
}

enum tna_calls_there tna_calls_there(sip_msg_t *msg, const unsigned char *id)
{
	struct dlg_cell *dlg = tna_calls_dialog(msg);
	enum tna_calls_there there = TNA_CALL_FOREIGN;

	if(dlg == NULL)
		return TNA_CALL_NONE;
	if(dlg->state == DLG_STATE_DELETED || is_over(dlg, id))
		there = TNA_CALL_NONE;
	else if(tna_calls_of(dlg, id))
		there = TNA_CALL_OWN;
	tna_dlg.release_dlg(dlg);
	return there;
}

int tna_calls_init(unsigned size)
{
	unsigned n, i;

	if(!tna_has_dlg)
		return 0;
	n = tna_hash_buckets(size);
	tna_calltab = shm_malloc(sizeof(*tna_calltab) + n * sizeof(struct bucket));
	if(tna_calltab == NULL)
		return -1;
	tna_calltab->size = n;
	tna_calltab->buckets = (struct bucket *)(tna_calltab + 1);
	for(i = 0; i < n; i++) {
		lock_init(&tna_calltab->buckets[i].lock);
		tna_calltab->buckets[i].first = NULL;
	}
	if(register_script_cb(mark_drop, POST_SCRIPT_CB | REQUEST_CB, NULL) < 0)
		return -1;
	return tna_dlg.register_dlgcb(
			NULL, DLGCB_CREATED, dialog_created, NULL, NULL);
}

/* --- asking --- */

struct dlg_cell *tna_calls_dialog(sip_msg_t *msg)
{
	return tna_has_dlg ? tna_dlg.get_dlg(msg) : NULL;
}

/* The To tag of the page's answered call with this Call-ID and From tag. */
static bool to_tag_get(struct ep_buf *out, const unsigned char *id,
		struct ep_view callid, struct ep_view from_tag)
{
	struct bucket *b = bucket_of(tna_hash_id(id));
	struct call *c;

	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next)
		if(memcmp(c->id, id, EP_FLOW_ID_LEN) == 0 && c->to_tag != NULL
				&& c->known.wic_leg == DLG_CALLER_LEG
				&& ep_view_eq(c->callid, callid)
				&& ep_view_eq(c->from_tag, from_tag)) {
			ep_buf_put(out, ep_view_of(c->to_tag, c->to_tag_len));
			break;
		}
	lock_release(&b->lock);
	return c != NULL && !out->overflow;
}

struct dlg_cell *tna_calls_other_answer(sip_msg_t *msg, const unsigned char *id)
{
	struct to_body *to = get_to(msg);
	str tag = to->tag_value;
	struct dlg_cell *dlg;
	struct ep_buf first;
	char text[256];

	if(!tna_has_dlg
			|| (msg->REQ_METHOD != METHOD_ACK && msg->REQ_METHOD != METHOD_BYE))
		return NULL;
	ep_buf_init(&first, text, sizeof(text));
	if(!to_tag_get(&first, id, ep_view_str(&msg->callid->body),
			   ep_view_str(&get_from(msg)->tag_value)))
		return NULL;
	/* It is found by the message alone. */
	to->tag_value = ep_str_view(ep_buf_view(&first));
	dlg = tna_dlg.get_dlg(msg);
	to->tag_value = tag;
	return dlg;
}

bool tna_calls_of(const struct dlg_cell *dlg, const unsigned char *id)
{
	struct bucket *b = bucket_of(tna_hash_id(id));
	bool there;

	lock_get(&b->lock);
	there = find(b, id, dlg->h_entry, dlg->h_id) != NULL;
	lock_release(&b->lock);
	return there;
}

bool tna_calls_known(struct tna_known *out, const struct dlg_cell *dlg,
		const unsigned char *id)
{
	struct bucket *b = bucket_of(tna_hash_id(id));
	struct call *c;

	lock_get(&b->lock);
	c = find(b, id, dlg->h_entry, dlg->h_id);
	if(c != NULL)
		*out = c->known;
	lock_release(&b->lock);
	return c != NULL;
}

unsigned tna_calls_count(const unsigned char *id)
{
	struct bucket *b;
	struct call *c;
	unsigned n = 0;

	if(!tna_has_dlg)
		return 0;
	b = bucket_of(tna_hash_id(id));
	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next)
		n += !c->over && memcmp(c->id, id, EP_FLOW_ID_LEN) == 0;
	lock_release(&b->lock);
	return n;
}

size_t tna_calls_dialogs(uint64_t *out, size_t cap, const unsigned char *id)
{
	struct bucket *b;
	struct call *c;
	size_t n = 0;

	if(!tna_has_dlg)
		return 0;
	b = bucket_of(tna_hash_id(id));
	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next) {
		if(memcmp(c->id, id, EP_FLOW_ID_LEN) != 0 || c->ended || c->over)
			continue;
		if(n < cap)
			out[n] = (uint64_t)c->h_entry << 32 | c->h_id;
		n++;
	}
	lock_release(&b->lock);
	return n;
}
