/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"
#include "modules/dialog/dlg_hash.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "common/view.h"
#include "calls.h"

struct call
{
	struct call *next;
	unsigned hash; /* of the binding id */
	unsigned char id[EP_FLOW_ID_LEN];
	unsigned h_entry, h_id;    /* the dialog */
	unsigned t_index, t_label; /* transaction of the INVITE, if has_t */
	bool has_t;
	bool ended;
	uint64_t start_s; /* answered then; 0: not yet */
	struct tna_known known;
	char *to_tag; /* own block, from the 2xx on */
	size_t to_tag_len;
	struct ep_view callid, from_tag; /* in this block */
};

struct bucket
{
	gen_lock_t lock;
	struct call *first;
};

static struct
{
	unsigned size;
	struct bucket *buckets;
} * table;

/* An INVITE of this process that was marked before its dialog was made. */
static struct
{
	unsigned msg_id;
	int pid;
	bool from_wic;
	unsigned char id[EP_FLOW_ID_LEN];
	char icid[64];
	size_t icid_len;
} marked;

static unsigned hash_id(const unsigned char *id)
{
	unsigned h;

	memcpy(&h, id, sizeof(h));
	return h;
}

static struct bucket *bucket_of(unsigned hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

static struct call *find(
		struct bucket *b, const unsigned char *id, unsigned entry, unsigned h)
{
	struct call *c;

	for(c = b->first; c != NULL; c = c->next)
		if(c->h_entry == entry && c->h_id == h
				&& memcmp(c->id, id, EP_FLOW_ID_LEN) == 0)
			return c;
	return NULL;
}

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

static void on_destroy(const struct ref *ref)
{
	struct bucket *b = bucket_of(hash_id(ref->id));
	struct call **at, *c = NULL;

	lock_get(&b->lock);
	for(at = &b->first; *at != NULL; at = &(*at)->next)
		if((*at)->h_entry == ref->h_entry && (*at)->h_id == ref->h_id) {
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
	struct bucket *b = bucket_of(hash_id(ref->id));
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
		copy = NULL;
	}
	lock_release(&b->lock);
	if(copy != NULL)
		shm_free(copy);
}

/* --- where the page's requests go within the call --- */

/* Puts `uri` in front unless it stands there already; whole elements leave at
 * the end to make room. */
static void uris_put(struct tna_uris *list, struct ep_view uri)
{
	struct ep_view rest = ep_view_of(list->text, list->n);
	struct tna_uris now = {.n = 0};
	struct ep_nameaddr na;

	if(uri.len + 3 > sizeof(now.text))
		return;
	now.text[now.n++] = '<';
	memcpy(now.text + now.n, uri.p, uri.len);
	now.n += uri.len;
	memcpy(now.text + now.n, ">,", 2);
	now.n += 2;
	while(list->n > 0 && ep_nameaddr_next(&na, &rest) == EP_OK) {
		size_t n = na.all.len + 1;

		if(ep_view_eq(na.uri, uri) || now.n + n > sizeof(now.text))
			continue;
		memcpy(now.text + now.n, na.all.p, n);
		now.n += n;
	}
	*list = now;
}

enum
{
	ROUTES_MAX = 32
};

/* The Record-Route URIs of `msg`, from the last to the first; how many. */
static unsigned record_routes(struct ep_view *out, sip_msg_t *msg)
{
	struct ep_view all[ROUTES_MAX], rest;
	struct ep_nameaddr na;
	struct hdr_field *h;
	unsigned n = 0, i;

	for(h = msg->headers; h != NULL; h = h->next) {
		if(h->type != HDR_RECORDROUTE_T)
			continue;
		rest = ep_view_str(&h->body);
		while(n < ROUTES_MAX && ep_nameaddr_next(&na, &rest) == EP_OK)
			all[n++] = na.uri;
	}
	for(i = 0; i < n; i++)
		out[i] = all[n - 1 - i];
	return n;
}

static void learn_routes(struct tna_uris *list, sip_msg_t *msg)
{
	struct ep_view uris[ROUTES_MAX];
	unsigned n = record_routes(uris, msg), i;

	/* The page's order is that of a request's list, and the reverse of an
	 * answer's; each goes in front of those before. */
	for(i = 0; i < n; i++)
		uris_put(list,
				uris[msg->first_line.type == SIP_REQUEST ? i : n - 1 - i]);
}

static void learn_target(struct tna_uris *list, sip_msg_t *msg)
{
	struct ep_view rest;
	struct ep_nameaddr na;
	struct hdr_field *h;

	for(h = msg->headers; h != NULL; h = h->next)
		if(h->type == HDR_CONTACT_T) {
			rest = ep_view_str(&h->body);
			if(ep_nameaddr_next(&na, &rest) == EP_OK && !na.star)
				uris_put(list, na.uri);
			return;
		}
}

/* `from_leg` sent `msg`; the page itself teaches nothing. */
static void learn(
		const struct ref *ref, int type, unsigned from_leg, sip_msg_t *msg)
{
	struct bucket *b = bucket_of(hash_id(ref->id));
	struct call *c;

	if(msg == NULL || msg == FAKED_REPLY || parse_headers(msg, HDR_EOH_F, 0) < 0
			|| (msg->first_line.type == SIP_REPLY && msg->REPLY_STATUS >= 300))
		return;
	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL && c->known.wic_leg != from_leg) {
		learn_target(&c->known.targets, msg);
		if(type == DLGCB_CONFIRMED_NA)
			c->known.routes.n = 0;
		if(type == DLGCB_CONFIRMED_NA || type == DLGCB_EARLY)
			learn_routes(&c->known.routes, msg);
	}
	lock_release(&b->lock);
}

static void dialog_event(
		struct dlg_cell *dlg, int type, struct dlg_cb_params *params)
{
	const struct ref *ref = *params->param;
	unsigned from_leg = params->direction == DLG_DIR_DOWNSTREAM
								? DLG_CALLER_LEG
								: DLG_CALLEE_LEG;

	if(type == DLGCB_DESTROY) {
		on_destroy(ref);
		return;
	}
	if(type == DLGCB_CONFIRMED_NA)
		on_confirmed(ref, dlg);
	learn(ref, type, from_leg,
			type == DLGCB_REQ_WITHIN ? params->req : params->rpl);
}

/* The INVITE goes out: its transaction has a name now, by which another
 * process can cancel it. */
static void forwarded(struct cell *t, int type, struct tmcb_params *params)
{
	const struct ref *ref = *params->param;
	struct bucket *b = bucket_of(hash_id(ref->id));
	struct call *c;

	lock_get(&b->lock);
	c = find(b, ref->id, ref->h_entry, ref->h_id);
	if(c != NULL) {
		c->t_index = t->hash_index;
		c->t_label = t->label;
		c->has_t = true;
	}
	lock_release(&b->lock);
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
	c->hash = hash_id(id);
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

static void dialog_vars(struct dlg_cell *dlg)
{
	char text[2 * EP_FLOW_ID_LEN];
	struct ep_buf hex;

	ep_buf_init(&hex, text, sizeof(text));
	ep_buf_put_hex(&hex, ep_view_of((const char *)marked.id, EP_FLOW_ID_LEN));
	dialog_var(dlg,
			marked.from_wic ? TNA_DLG_CALLER_BINDING : TNA_DLG_CALLEE_BINDING,
			ep_buf_view(&hex));
	dialog_var(dlg, TNA_DLG_ICID, ep_view_of(marked.icid, marked.icid_len));
}

/* The dialog of the marked INVITE. */
static void link_call(struct dlg_cell *dlg, sip_msg_t *msg)
{
	const unsigned char *id = marked.id;
	struct bucket *b = bucket_of(hash_id(id));
	struct ref *events, *sent;
	struct call *c;

	if(tna_calls_of(dlg, id))
		return;
	c = call_new(id, dlg, marked.from_wic);
	events = ref_new(id, dlg);
	sent = ref_new(id, dlg);
	if(c == NULL || events == NULL || sent == NULL
			|| tna_dlg.register_dlgcb(dlg,
					   DLGCB_EARLY | DLGCB_CONFIRMED_NA | DLGCB_REQ_WITHIN
							   | DLGCB_RESPONSE_WITHIN | DLGCB_DESTROY,
					   dialog_event, events, ref_free)
					   != 0)
		goto nomem;
	events = NULL;
	if(!marked.from_wic && parse_headers(msg, HDR_EOH_F, 0) == 0) {
		learn_target(&c->known.targets, msg);
		learn_routes(&c->known.routes, msg);
	}
	lock_get(&b->lock);
	c->next = b->first;
	b->first = c;
	lock_release(&b->lock);
	dialog_vars(dlg);
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
		link_call(dlg, msg);
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

void tna_calls_mark(sip_msg_t *msg, const unsigned char *id, bool from_wic,
		struct ep_view icid)
{
	struct dlg_cell *dlg;

	if(!tna_has_dlg)
		return;
	marked.msg_id = msg->id;
	marked.pid = my_pid();
	marked.from_wic = from_wic;
	memcpy(marked.id, id, EP_FLOW_ID_LEN);
	marked.icid_len = icid.len <= sizeof(marked.icid) ? icid.len : 0;
	if(marked.icid_len > 0)
		memcpy(marked.icid, icid.p, marked.icid_len);
	dlg = tna_dlg.get_dlg(msg);
	if(dlg == NULL)
		return;
	if(!from_wic || !is_taken(dlg))
		link_call(dlg, msg);
	tna_dlg.release_dlg(dlg);
}

int tna_calls_init(unsigned size)
{
	unsigned n = 16, i;

	if(!tna_has_dlg)
		return 0;
	while(n < size && n < (1u << 20))
		n <<= 1;
	table = shm_malloc(sizeof(*table) + n * sizeof(struct bucket));
	if(table == NULL)
		return -1;
	table->size = n;
	table->buckets = (struct bucket *)(table + 1);
	for(i = 0; i < n; i++) {
		lock_init(&table->buckets[i].lock);
		table->buckets[i].first = NULL;
	}
	return tna_dlg.register_dlgcb(
			NULL, DLGCB_CREATED, dialog_created, NULL, NULL);
}

/* --- asking --- */

struct dlg_cell *tna_calls_dialog(sip_msg_t *msg)
{
	return tna_has_dlg ? tna_dlg.get_dlg(msg) : NULL;
}

bool tna_calls_of(const struct dlg_cell *dlg, const unsigned char *id)
{
	struct bucket *b = bucket_of(hash_id(id));
	bool there;

	lock_get(&b->lock);
	there = find(b, id, dlg->h_entry, dlg->h_id) != NULL;
	lock_release(&b->lock);
	return there;
}

bool tna_calls_known(struct tna_known *out, const struct dlg_cell *dlg,
		const unsigned char *id)
{
	struct bucket *b = bucket_of(hash_id(id));
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
	b = bucket_of(hash_id(id));
	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next)
		n += memcmp(c->id, id, EP_FLOW_ID_LEN) == 0;
	lock_release(&b->lock);
	return n;
}

/* --- taking one that is to end --- */

static bool is_meant(const struct call *c, const struct tna_calls_which *w)
{
	if(c->ended)
		return false;
	if(w->id != NULL)
		return memcmp(c->id, w->id, EP_FLOW_ID_LEN) == 0;
	if(w->callid.p != NULL)
		return ep_view_eq(c->callid, w->callid);
	return c->start_s != 0 && c->start_s <= w->begun_by_s;
}

/* The texts one after the other in one pkg block. */
static bool taken_fill(struct tna_taken *out, const struct call *c)
{
	size_t n = c->callid.len + c->from_tag.len + c->to_tag_len + 1;
	char *p = pkg_malloc(n);

	if(p == NULL)
		return false;
	memcpy(out->id, c->id, EP_FLOW_ID_LEN);
	out->h_entry = c->h_entry;
	out->h_id = c->h_id;
	out->has_t = c->has_t;
	out->t_index = c->t_index;
	out->t_label = c->t_label;
	memcpy(p, c->callid.p, c->callid.len);
	out->callid = (str){p, c->callid.len};
	memcpy(p += c->callid.len, c->from_tag.p, c->from_tag.len);
	out->from_tag = (str){p, c->from_tag.len};
	p += c->from_tag.len;
	/* The dialog module wants some To tag; before there is one it looks at
	 * the others only. */
	*p = '-';
	out->to_tag = (str){p, 1};
	if(c->to_tag_len > 0) {
		memcpy(p, c->to_tag, c->to_tag_len);
		out->to_tag.len = c->to_tag_len;
	}
	return true;
}

static bool take_in(struct tna_taken *out, struct bucket *b,
		const struct tna_calls_which *which)
{
	struct call *c;
	bool taken = false;

	lock_get(&b->lock);
	for(c = b->first; c != NULL; c = c->next)
		if(is_meant(c, which)) {
			taken = c->ended = taken_fill(out, c);
			break;
		}
	lock_release(&b->lock);
	return taken;
}

bool tna_calls_take(struct tna_taken *out, const struct tna_calls_which *which,
		unsigned *at)
{
	if(!tna_has_dlg)
		return false;
	if(which->id != NULL)
		return take_in(out, bucket_of(hash_id(which->id)), which);
	for(; *at < table->size; (*at)++)
		if(take_in(out, &table->buckets[*at], which))
			return true;
	return false;
}
