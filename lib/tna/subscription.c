/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/subscription.h"
#include "base/sipuri.h"
#include "tna/build.h"

enum ep_tna_cause ep_dialog_key_get(
		struct ep_dialog_key *out, const struct ep_msg *m)
{
	struct ep_view name = EP_LIT("Call-ID");
	size_t at = ep_msg_find(m, name, 0);
	struct ep_nameaddr from, to;

	if(at == SIZE_MAX || m->hdrs[at].value.len == 0
			|| ep_msg_find(m, name, at + 1) != SIZE_MAX
			|| !ep_msg_one_nameaddr(&from, m, EP_LIT("From"))
			|| !ep_msg_one_nameaddr(&to, m, EP_LIT("To")))
		return EP_TNA_MALFORMED;
	*out = (struct ep_dialog_key){.callid = m->hdrs[at].value};
	ep_param_get(&out->from_tag, from.params, EP_LIT("tag"));
	ep_param_get(&out->to_tag, to.params, EP_LIT("tag"));
	return EP_TNA_OK;
}

/* --- what a message says --- */

/* FNV-1a: a page that finds two events with one hash mixes up its own. */
static uint64_t hash_of(struct ep_view v, bool any_case)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for(i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if(any_case && c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		h = (h ^ c) * 0x100000001b3u;
	}
	return h ? h : 1;
}

static struct ep_view value_of(const struct ep_msg *m, struct ep_view name)
{
	size_t at = ep_msg_find(m, name, 0);

	return at != SIZE_MAX ? m->hdrs[at].value : ep_view_none();
}

static bool cseq_of(uint32_t *out, const struct ep_msg *m)
{
	struct ep_view rest = value_of(m, EP_LIT("CSeq"));
	uint64_t n;
	size_t i = 0;

	while(i < rest.len && rest.p[i] >= '0' && rest.p[i] <= '9')
		i++;
	if(!ep_view_u64(&n, ep_view_head(rest, i), UINT32_MAX))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool seconds(uint32_t *out, struct ep_view v)
{
	uint64_t n;

	if(!ep_view_u64(&n, ep_view_trim(v), UINT32_MAX))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* `package;id=x` */
static bool event_of(struct ep_sub_news *out, const struct ep_msg *m)
{
	struct ep_view params = value_of(m, EP_LIT("Event")), package, id;

	if(params.p == NULL)
		return false;
	package = ep_view_trim(ep_view_cut(&params, ';'));
	if(package.len == 0)
		return false;
	out->event = hash_of(package, true);
	if(params.p != NULL && ep_param_get(&id, params, EP_LIT("id"))
			&& id.p != NULL)
		out->id = hash_of(id, false);
	return true;
}

/* `active;expires=60` */
static bool state_of(struct ep_sub_news *out, const struct ep_msg *m)
{
	struct ep_view params = value_of(m, EP_LIT("Subscription-State")), s;

	if(params.p == NULL)
		return false;
	out->over = ep_view_ieq(
			ep_view_trim(ep_view_cut(&params, ';')), EP_LIT("terminated"));
	out->has_s = params.p != NULL && ep_param_get(&s, params, EP_LIT("expires"))
				 && seconds(&out->s, s);
	return true;
}

/* RFC 3515 2.4.6: the id of a REFER's subscription is its CSeq number. */
static uint64_t refer_id(const struct ep_msg *m)
{
	struct ep_view rest = value_of(m, EP_LIT("CSeq"));
	size_t i = 0;

	while(i < rest.len && rest.p[i] >= '0' && rest.p[i] <= '9')
		i++;
	return hash_of(ep_view_head(rest, i), false);
}

static void request_read(
		struct ep_sub_news *out, const struct ep_msg *m, bool from_wic)
{
	if(ep_view_eq(m->method, EP_LIT("NOTIFY"))) {
		out->by_wic = !from_wic;
		if(event_of(out, m) && state_of(out, m))
			out->kind = EP_SUB_NOTIFIED;
		return;
	}
	out->by_wic = from_wic;
	if(ep_view_eq(m->method, EP_LIT("REFER"))) {
		out->event = hash_of(EP_LIT("refer"), true);
		out->id = refer_id(m);
		out->kind = EP_SUB_ASKED;
	} else if(ep_view_eq(m->method, EP_LIT("SUBSCRIBE"))) {
		out->has_s = seconds(&out->s, value_of(m, EP_LIT("Expires")));
		if(event_of(out, m))
			out->kind = EP_SUB_ASKED;
	}
}

void ep_sub_news_get(
		struct ep_sub_news *out, const struct ep_msg *m, bool from_wic)
{
	*out = (struct ep_sub_news){.kind = EP_SUB_NOTHING};
	if(!cseq_of(&out->cseq, m))
		return;
	if(m->status == 0) {
		request_read(out, m, from_wic);
		return;
	}
	out->notify = ep_view_eq(m->method, EP_LIT("NOTIFY"));
	if(!out->notify && !ep_view_eq(m->method, EP_LIT("SUBSCRIBE"))
			&& !ep_view_eq(m->method, EP_LIT("REFER")))
		return;
	/* Who asks gets the answer; who notifies is not who asked. */
	out->by_wic = from_wic == out->notify;
	out->status = m->status;
	out->kind = EP_SUB_ANSWERED;
	if(ep_view_eq(m->method, EP_LIT("SUBSCRIBE")))
		out->has_s = seconds(&out->s, value_of(m, EP_LIT("Expires")));
	if(ep_view_eq(m->method, EP_LIT("REFER")))
		out->over = ep_view_ieq(
				ep_view_trim(value_of(m, EP_LIT("Refer-Sub"))), /* RFC 4488 */
				EP_LIT("false"));
}

/* --- the subscriptions of a dialog --- */

static void remove_at(struct ep_subs *l, unsigned i)
{
	memmove(&l->v[i], &l->v[i + 1], (--l->n - i) * sizeof(l->v[0]));
}

static void remove_old(struct ep_subs *l, uint64_t now_s)
{
	unsigned i;

	for(i = l->n; i-- > 0;)
		if(l->v[i].end_s <= now_s)
			remove_at(l, i);
}

static struct ep_sub *add(struct ep_subs *l)
{
	unsigned i, first = 0;

	if(l->n == EP_SUBS_MAX) {
		for(i = 1; i < l->n; i++)
			if(l->v[i].end_s < l->v[first].end_s)
				first = i;
		remove_at(l, first);
	}
	l->v[l->n] = (struct ep_sub){.event = 0};
	return &l->v[l->n++];
}

static struct ep_sub *find(struct ep_subs *l, const struct ep_sub_news *news)
{
	unsigned i;

	for(i = 0; i < l->n; i++)
		if(l->v[i].by_wic == news->by_wic && l->v[i].event == news->event
				&& l->v[i].id == news->id)
			return &l->v[i];
	return NULL;
}

/* Without an id it is that of the first REFER of the dialog. */
static struct ep_sub *find_notified(
		struct ep_subs *l, const struct ep_sub_news *news)
{
	struct ep_sub *s = find(l, news);
	unsigned i;

	for(i = 0; s == NULL && news->id == 0 && i < l->n; i++)
		if(l->v[i].by_wic == news->by_wic && l->v[i].event == news->event)
			s = &l->v[i];
	return s;
}

static struct ep_sub *find_answered(
		struct ep_subs *l, const struct ep_sub_news *news)
{
	unsigned i;

	for(i = 0; i < l->n; i++)
		if(l->v[i].by_wic == news->by_wic
				&& (news->notify ? l->v[i].notified : l->v[i].cseq)
						   == news->cseq)
			return &l->v[i];
	return NULL;
}

/* At least until then. */
static void lasts(struct ep_sub *s, uint64_t end_s)
{
	if(s->end_s < end_s)
		s->end_s = end_s;
}

static void asked(
		struct ep_subs *l, const struct ep_sub_news *news, uint64_t now_s)
{
	struct ep_sub *s = find(l, news);

	if(s == NULL) {
		s = add(l);
		s->event = news->event;
		s->id = news->id;
		s->by_wic = news->by_wic;
	}
	s->cseq = news->cseq;
	s->asked_s = news->has_s ? news->s : EP_SUB_ASKED_S;
	lasts(s, now_s + EP_SUB_ASKED_S);
}

static void notified(
		struct ep_subs *l, const struct ep_sub_news *news, uint64_t now_s)
{
	struct ep_sub *s = find_notified(l, news);

	if(s == NULL)
		return;
	s->notified = news->cseq;
	s->stands = true;
	if(news->over)
		s->end_s = now_s + EP_SUB_LINGER_S;
	else if(news->has_s)
		s->end_s = now_s + news->s + EP_SUB_LINGER_S;
	else
		lasts(s, now_s + EP_SUB_ASKED_S);
}

/* RFC 5057 5.1, RFC 6665 4.1.2.2: answers that end the subscription. */
static bool is_fatal(unsigned status)
{
	static const unsigned fatal[] = {
			404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604};
	size_t i;

	for(i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		if(fatal[i] == status)
			return true;
	return false;
}

static void answered(
		struct ep_subs *l, const struct ep_sub_news *news, uint64_t now_s)
{
	struct ep_sub *s = find_answered(l, news);
	uint32_t n;

	if(s == NULL || news->status < 200)
		return;
	if(news->status >= 300) {
		/* Refused at once: nothing of it is left. */
		if(!news->notify && !s->stands)
			s->end_s = now_s;
		else if(is_fatal(news->status))
			s->end_s = now_s + EP_SUB_LINGER_S;
		return;
	}
	if(news->notify)
		return;
	if(news->over) {
		s->end_s = now_s;
		return;
	}
	s->stands = true;
	n = news->has_s ? news->s : s->asked_s;
	s->end_s = now_s + n + EP_SUB_LINGER_S;
}

void ep_subs_step(
		struct ep_subs *l, const struct ep_sub_news *news, uint64_t now_s)
{
	remove_old(l, now_s);
	switch(news->kind) {
		case EP_SUB_ASKED:
			asked(l, news, now_s);
			break;
		case EP_SUB_NOTIFIED:
			notified(l, news, now_s);
			break;
		case EP_SUB_ANSWERED:
			answered(l, news, now_s);
			break;
		default:
			break;
	}
	remove_old(l, now_s);
}

uint64_t ep_subs_end_s(const struct ep_subs *l)
{
	uint64_t end_s = 0;
	unsigned i;

	for(i = 0; i < l->n; i++)
		if(l->v[i].end_s > end_s)
			end_s = l->v[i].end_s;
	return end_s;
}
