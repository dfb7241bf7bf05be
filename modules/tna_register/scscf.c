/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* tna_scscf_check(): the verdict on a REGISTER at the S-CSCF. */
#include "core/dprint.h"
#include "core/async_task.h"
#include "core/kemi.h"
#include "core/pt.h"
#include "core/route.h"

#include "base/sipuri.h"
#include "common/ret.h"
#include "common/view.h"
#include "barred.h"
#include "message.h"
#include "regs.h"
#include "regs_send.h"
#include "scscf_ask.h"
#include "scscf_users.h"
#include "tna/build.h"
#include "tna/contact.h"

#define CONTACT_EXPIRES_S 3600 /* RFC 3261 10.3 step 7 */

/* --- what the message at hand says --- */

static struct
{
	unsigned msg_id;
	int pid;
	struct tna_scscf_said said;
	char text[3 * EP_SCSCF_NAME_MAX + 1024];
} last;

static struct ep_view keep(struct ep_buf *b, struct ep_view v)
{
	size_t at = b->len;

	if(v.p == NULL)
		return v;
	ep_buf_put(b, v);
	return b->overflow ? ep_view_none() : ep_view_of(b->p + at, v.len);
}

static void say(
		sip_msg_t *msg, const struct ep_scscf_claim *c, struct ep_view impu)
{
	struct ep_buf b;

	ep_buf_init(&b, last.text, sizeof(last.text));
	last.msg_id = msg->id;
	last.pid = my_pid();
	last.said.impi = keep(&b, c->impi);
	last.said.waf = keep(&b, c->entity);
	last.said.wwsf = keep(&b, c->wwsf);
	last.said.impu = keep(&b, impu);
}

bool tna_scscf_said(struct tna_scscf_said *out, sip_msg_t *msg)
{
	if(last.pid != my_pid() || last.msg_id != msg->id)
		return false;
	*out = last.said;
	return true;
}

/* --- one REGISTER --- */

struct check
{
	struct tna_work w;
	struct ep_scscf_claim claim;
	struct ep_tna_contacts contacts;
	struct ep_view impu;
	struct tna_ask_resume resume;
	bool authenticate; /* nobody vouches: the script goes on to Digest */
	bool resumed;      /* the HSS was asked about it, and this is: */
	enum ep_tna_cause verdict;
};

/* Every contact goes, so nobody comes in. */
static bool is_leaving(const struct ep_tna_contacts *c)
{
	size_t i;

	for(i = 0; i < c->n; i++)
		if(c->v[i].expires_s != 0)
			return false;
	return c->star || c->n > 0;
}

static uint32_t longest_s(const struct ep_tna_contacts *c)
{
	uint32_t max = 0;
	size_t i;

	for(i = 0; i < c->n; i++)
		if(c->v[i].expires_s > max)
			max = c->v[i].expires_s;
	return max;
}

static enum ep_tna_cause register_read(struct check *c)
{
	struct ep_hdredits unused;
	struct ep_nameaddr to;
	size_t i;

	if(!ep_msg_one_nameaddr(&to, &c->w.m, EP_LIT("To")))
		return EP_TNA_MALFORMED;
	/* The identity as the registrar and the HSS take it. */
	for(i = 0; i < to.uri.len && to.uri.p[i] != ';' && to.uri.p[i] != '?'; i++)
		;
	c->impu = ep_view_head(to.uri, i);
	ep_hdredits_init(&unused, &c->w.arena);
	return ep_tna_contacts_plan(&c->contacts, &unused, &c->w.m,
			CONTACT_EXPIRES_S, UINT32_MAX, &c->w.arena);
}

/* False: barring would not find a contact of it. */
static bool remember(const struct check *c)
{
	uint64_t now = tna_now_s();
	struct tna_reg reg = {.impi = c->claim.impi,
			.impu = c->impu,
			.waf = c->claim.entity,
			.wwsf = c->claim.wwsf};
	size_t i;

	if(c->contacts.star) {
		reg.contact = EP_LIT("*");
		tna_regs_put(&reg);
	}
	for(i = 0; i < c->contacts.n; i++) {
		reg.contact = c->contacts.v[i].uri;
		reg.end_s = c->contacts.v[i].expires_s == 0
							? 0
							: now + c->contacts.v[i].expires_s;
		if(tna_regs_put(&reg) != EP_OK) {
			LM_ERR("no room for a contact (max_bindings), or it is none that"
				   " could be ended again\n");
			return false;
		}
	}
	return true;
}

/* What the last answer of the HSS says; PENDING: it has to be asked. */
static enum ep_tna_cause by_known_list(struct check *c)
{
	struct ep_scscf_list list;
	struct tna_allowed known;
	enum ep_tna_cause cause;

	if(tna_users_get(&known, c->claim.impi, &c->w.arena) != EP_OK)
		return EP_TNA_INTERNAL;
	if(known.listed == TNA_LISTED_UNKNOWN || !known.fresh)
		return EP_TNA_PENDING;
	cause = tna_ask_list(&list, known.listed == TNA_LISTED_LIST, known.list);
	return cause != EP_TNA_OK ? cause
							  : ep_scscf_decide(&tna_scscf_set.policy,
									  &c->claim, false, &list);
}

static enum ep_tna_cause by_list(struct check *c)
{
	const struct tna_ask ask = {
			.claim = &c->claim, .impu = c->impu, .resume = c->resume};
	enum ep_tna_cause cause;

	if(c->resumed)
		return c->verdict;
	cause = by_known_list(c);
	return cause == EP_TNA_PENDING ? tna_ask(c->w.msg, &ask) : cause;
}

static enum ep_tna_cause let_in(struct check *c)
{
	/* The registrar would suspend the transaction of a REGISTER that comes
	 * again a second time, and so lose both. */
	enum ep_tna_cause cause = tna_ask_transaction(c->w.msg);

	if(cause != EP_TNA_OK)
		return cause;
	/* Whoever asks about the same user now must not undo what is to come. */
	tna_users_touch(c->claim.impi, longest_s(&c->contacts));
	if(!remember(c))
		return EP_TNA_INTERNAL;
	/* The HSS may have pushed another list since the verdict: whoever pushes
	 * now finds the contact. */
	cause = tna_ask_again(&c->claim, &c->w.arena);
	if(cause != EP_TNA_OK)
		return cause;
	if(c->resumed)
		tna_ask_taken();
	tna_count(TNA_N_SCSCF_ACCEPTED);
	return EP_TNA_OK;
}

static enum ep_tna_cause may_come(struct check *c)
{
	bool barred = tna_barred(c->claim.entity, c->claim.wwsf);

	return ep_scscf_needs_list(&tna_scscf_set.policy, &c->claim) && !barred
				   ? by_list(c)
				   : ep_scscf_decide(
						   &tna_scscf_set.policy, &c->claim, barred, NULL);
}

/* A contact that comes and is somebody else's. */
static bool takes_anothers(const struct check *c)
{
	struct tna_reg reg = {.impi = c->claim.impi};
	size_t i;

	for(i = 0; i < c->contacts.n; i++) {
		reg.contact = c->contacts.v[i].uri;
		if(c->contacts.v[i].expires_s > 0
				&& tna_regs_is_anothers(
						&reg, c->claim.kind == EP_SCSCF_AUTH_DONE))
			return true;
	}
	return false;
}

/* Would a contact end that came another way? One that is not there cannot. */
static bool ends_others(const struct check *c)
{
	struct tna_reg reg = {.impi = c->claim.impi,
			.impu = c->impu,
			.waf = c->claim.entity,
			.wwsf = c->claim.wwsf};
	size_t i;

	for(i = 0; i < c->contacts.n; i++) {
		reg.contact = c->contacts.v[i].uri;
		if(!tna_regs_is_through(&reg) && tna_regs_is_there(&reg))
			return true;
	}
	return c->contacts.star;
}

/* Nobody asks whether one's own contact may go: it is to go. */
static enum ep_tna_cause let_out(struct check *c)
{
	enum ep_tna_cause cause = tna_ask_transaction(c->w.msg);

	if(cause == EP_TNA_OK && ends_others(c))
		cause = may_come(c);
	if(cause != EP_TNA_OK)
		return cause;
	remember(c);
	/* Perhaps the last one: then the HSS tells us no changes any more. */
	tna_users_stale(c->claim.impi);
	return EP_TNA_OK;
}

static enum ep_tna_cause auth_done_check(struct check *c)
{
	enum ep_tna_cause cause = register_read(c);

	if(cause != EP_TNA_OK)
		return cause;
	say(c->w.msg, &c->claim, c->impu);
	if(is_leaving(&c->contacts))
		return let_out(c);
	if(takes_anothers(c))
		return EP_TNA_CONTACT_TAKEN;
	cause = may_come(c);
	return cause == EP_TNA_OK ? let_in(c) : cause;
}

/* Who is to say by a password who it is: without a name it has none yet. */
static enum ep_tna_cause password_check(struct check *c)
{
	size_t n = c->claim.impi.len;
	enum ep_tna_cause cause = EP_TNA_OK;

	c->authenticate = true;
	if(n == 0 || n > EP_SCSCF_NAME_MAX)
		return EP_TNA_OK;
	/* It may become a registration as soon as it is authenticated. */
	tna_users_touch(c->claim.impi, 0);
	if(tna_regs_count() > 0)
		cause = register_read(c);
	if(cause == EP_TNA_OK && takes_anothers(c))
		cause = EP_TNA_CONTACT_TAKEN;
	c->authenticate = cause == EP_TNA_OK;
	return cause;
}

static enum ep_tna_cause register_check(struct check *c)
{
	if(!ep_view_eq(c->w.m.method, EP_LIT("REGISTER")) || c->w.m.status != 0)
		return EP_TNA_METHOD;
	ep_scscf_claim_read(&c->claim, &c->w.m, tna_scscf_set.wwsf_param);
	say(c->w.msg, &c->claim, ep_view_none());
	/* Once for a REGISTER: the connection it came over may be gone. */
	if(c->claim.kind != EP_SCSCF_NO_CLAIM && !c->resumed
			&& !tna_scscf_is_trusted(c->w.msg) && !tna_regs_is_own(c->w.msg))
		return EP_TNA_UNTRUSTED;
	switch(c->claim.kind) {
		case EP_SCSCF_AMBIGUOUS:
			return EP_TNA_AMBIGUOUS;
		case EP_SCSCF_AUTH_DONE:
			return auth_done_check(c);
		default:
			return password_check(c);
	}
}

static void count(enum ep_tna_cause cause)
{
	switch(cause) {
		case EP_TNA_UNTRUSTED:
			tna_count(TNA_N_SCSCF_UNTRUSTED);
			break;
		case EP_TNA_AMBIGUOUS:
			tna_count(TNA_N_SCSCF_AMBIGUOUS);
			break;
		case EP_TNA_NOT_ALLOWED:
		case EP_TNA_NO_LIST:
		case EP_TNA_CONTACT_TAKEN:
			tna_count(TNA_N_SCSCF_NOT_ALLOWED);
			break;
		case EP_TNA_HSS:
			tna_count(TNA_N_SCSCF_HSS);
			break;
		default:
			break;
	}
}

static int check(sip_msg_t *msg, struct tna_ask_resume resume)
{
	struct check c = {.resume = resume};
	enum ep_tna_cause cause;
	int ret;

	if(!tna_set.scscf) {
		LM_ERR("tna_scscf_check() is for role scscf\n");
		return EP_RET_INTERNAL;
	}
	c.resumed = tna_ask_verdict(&c.verdict);
	cause = tna_work_begin(&c.w, msg);
	if(cause == EP_TNA_OK)
		cause = register_check(&c);
	if(cause == EP_TNA_PENDING) {
		/* Another process may be at the transaction already. */
		ep_arena_fini(&c.w.arena);
		tna_current_of(msg)->cause = cause;
		return ep_tna_cause_info(cause)->script;
	}
	count(cause);
	ret = tna_work_end(&c.w, cause);
	/* The route of a resumed transaction is a failure route to Kamailio, and
	 * the registrar works in a request route only; tm restores the type. */
	if(c.resumed)
		set_route_type(REQUEST_ROUTE);
	return c.authenticate ? TNA_SCSCF_AUTHENTICATE : ret;
}

int tna_w_scscf_check(sip_msg_t *msg, char *route, char *p2)
{
	return check(msg, (struct tna_ask_resume){.route = (int)(intptr_t)route});
}

int tna_ki_scscf_check(sip_msg_t *msg, str *function)
{
	struct tna_ask_resume resume = {
			.route = -1, .function = ep_view_str(function)};

	if(sr_kemi_eng_get() == NULL) {
		resume.route = route_lookup(&main_rt, function->s);
		if(resume.route < 0 || main_rt.rlist[resume.route] == NULL)
			return EP_RET_INTERNAL;
	}
	return check(msg, resume);
}

/* The name of a route becomes its number. */
int tna_scscf_check_fixup(void **param, int n)
{
	int route = route_lookup(&main_rt, *param);

	if(route < 0 || main_rt.rlist[route] == NULL) {
		LM_ERR("tna_scscf_check: no route %s\n", (char *)*param);
		return -1;
	}
	*param = (void *)(intptr_t)route;
	return 0;
}

/* --- RPC --- */

static void add_names(rpc_t *rpc, void *st, const char *name,
		const struct ep_view *v, size_t n)
{
	void *array;
	size_t i;
	str s;

	if(rpc->struct_add(st, "[", name, &array) < 0)
		return;
	for(i = 0; i < n; i++) {
		s = ep_str_view(v[i]);
		rpc->array_add(array, "S", &s);
	}
}

void tna_rpc_allowed(rpc_t *rpc, void *ctx)
{
	static const char *const listed[] = {"unknown", "none", "list"};
	struct ep_scscf_list list = {.there = false};
	struct tna_allowed known;
	struct ep_arena arena;
	str impi;
	void *st;

	if(!tna_set.scscf || rpc->scan(ctx, "S", &impi) < 1) {
		rpc->fault(ctx, 400, "role scscf, and a private identity");
		return;
	}
	ep_arena_init(&arena, NULL, 0, &ep_pkg_alloc, 2 * TNA_LIST_MAX);
	if(tna_users_get(&known, ep_view_str(&impi), &arena) == EP_OK
			&& rpc->add(ctx, "{", &st) >= 0) {
		if(known.listed == TNA_LISTED_LIST)
			tna_ask_list(&list, true, known.list);
		rpc->struct_add(st, "ssd", "list", listed[known.listed], "fresh",
				known.fresh ? "yes" : "no", "age_s",
				(int)(known.age_ms / 1000));
		add_names(rpc, st, "waf", list.waf, list.waf_n);
		add_names(rpc, st, "wwsf", list.wwsf, list.wwsf_n);
	}
	ep_arena_fini(&arena);
}

void tna_rpc_scscf(rpc_t *rpc, void *ctx)
{
	struct tna_ask_stats s;
	void *st;

	if(!tna_set.scscf) {
		rpc->fault(ctx, 400, "role scscf");
		return;
	}
	tna_ask_stats(&s);
	if(rpc->add(ctx, "{", &st) >= 0)
		rpc->struct_add(st, "dddds", "pending", (int)s.pending, "questions",
				(int)s.jobs, "users", (int)tna_users_count(), "max_users",
				(int)tna_scscf_set.max_users, "async_workers",
				s.ready ? "ready" : "none");
}

/* --- the module's life --- */

int tna_scscf_init(void)
{
	if(tna_scscf_params_init() != 0)
		return -1;
	if(!async_task_workers_active()) {
		LM_ERR("role scscf needs async_workers_group (or async_workers)\n");
		return -1;
	}
	if(tna_users_init(tna_scscf_set.max_users,
			   (uint64_t)tna_scscf_set.list_ttl_s * 1000)
					!= 0
			|| tna_regs_init() != 0) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	return tna_ask_init();
}

int tna_scscf_child_init(int rank)
{
	return tna_ask_child_init(rank);
}

void tna_scscf_destroy(void)
{
	tna_ask_destroy();
	tna_regs_destroy();
	tna_users_destroy();
}
