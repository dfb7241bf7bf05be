/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/contact.h"
#include "tna/build.h"

uint32_t ep_expires_parse(struct ep_view text)
{
	uint64_t n = 0;
	size_t i;

	text = ep_view_trim(text);
	if(text.len == 0)
		return 3600;
	for(i = 0; i < text.len; i++) {
		if(text.p[i] < '0' || text.p[i] > '9')
			return 3600;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
		if(n > UINT32_MAX)
			n = UINT32_MAX;
	}
	return (uint32_t)n;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- one Contact element --- */

/* The parameters without `drop` and with the value of `set` replaced, each
 * with its ';' before it. Either name may be absent. */
static enum ep_tna_cause params_edit(struct ep_view *out, struct ep_view params,
		struct ep_view drop, struct ep_view set, struct ep_view value,
		struct ep_arena *arena)
{
	struct ep_param p;
	struct ep_buf buf;
	size_t cap = params.len + value.len + 2;
	char *mem = ep_arena_get(arena, cap);
	enum ep_err err;

	if(!mem)
		return EP_TNA_INTERNAL;
	ep_buf_init(&buf, mem, cap);
	while((err = ep_param_next(&p, &params)) == EP_OK) {
		if(ep_view_ieq(p.name, drop))
			continue;
		if(ep_view_ieq(p.name, set)) {
			if(!value.p)
				continue; /* said twice: the first one counts */
			p.value = value;
			value = ep_view_none();
		}
		ep_buf_put_chr(&buf, ';');
		ep_buf_put(&buf, p.name);
		if(p.value.p) {
			ep_buf_put_chr(&buf, '=');
			ep_buf_put(&buf, p.value);
		}
	}
	*out = ep_buf_view(&buf);
	return err == EP_ENOENT && out->p ? EP_TNA_OK : EP_TNA_MALFORMED;
}

/* `uri` without its parameter `alias`. */
static enum ep_tna_cause uri_clean(struct ep_view *uri, struct ep_arena *arena)
{
	struct ep_uri u;
	struct ep_view parts[4] = {{NULL, 0}};
	enum ep_tna_cause cause;

	if(ep_uri_parse(&u, *uri))
		return EP_TNA_MALFORMED;
	if(!ep_param_get(NULL, u.params, EP_LIT("alias")))
		return EP_TNA_OK;
	parts[0] = ep_view_head(*uri, (size_t)(u.params.p - 1 - uri->p));
	cause = params_edit(&parts[1], u.params, EP_LIT("alias"), ep_view_none(),
			ep_view_none(), arena);
	if(cause)
		return cause;
	parts[2] = u.headers.p ? EP_LIT("?") : EP_LIT("");
	parts[3] = u.headers.p ? u.headers : EP_LIT("");
	*uri = ep_build_join(arena, parts, 4);
	return uri->p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

static void contact_read(
		struct ep_tna_contact *out, const struct ep_nameaddr *na)
{
	struct ep_view instance = ep_view_none();

	*out = (struct ep_tna_contact){.uri = na->uri};
	ep_param_get(&instance, na->params, EP_LIT("+sip.instance"));
	out->instance = ep_unquote(instance);
	ep_param_get(&out->reg_id, na->params, EP_LIT("reg-id"));
}

/* The element with another URI and other parameters. */
static struct ep_view element_build(const struct ep_nameaddr *na,
		struct ep_view uri, struct ep_view params, struct ep_arena *arena)
{
	const struct ep_view parts[] = {na->display.p ? na->display : EP_LIT(""),
			na->display.p ? EP_LIT(" <") : EP_LIT("<"), uri, EP_LIT(">"),
			params};

	return ep_build_join(arena, parts, sizeof(parts) / sizeof(parts[0]));
}

/* The first is what counts for us; a registrar may take the last. */
static size_t expiries_n(struct ep_view params)
{
	struct ep_param p;
	size_t n = 0;

	while(ep_param_next(&p, &params) == EP_OK)
		n += ep_view_ieq(p.name, EP_LIT("expires"));
	return n;
}

/* Reads one element, limits its expiry (in `c`: of the Expires header), takes
 * `alias` out; *text becomes what it is to be. */
static enum ep_tna_cause element_plan(struct ep_tna_contact *c,
		struct ep_view *text, const struct ep_nameaddr *na,
		uint32_t header_expires_s, uint32_t limit_s, struct ep_arena *arena)
{
	struct ep_view expires, params, value = ep_view_none();
	enum ep_tna_cause cause;
	bool own;

	contact_read(c, na);
	cause = uri_clean(&c->uri, arena);
	if(cause)
		return cause;
	c->expires_s = header_expires_s;
	own = ep_param_get(&expires, na->params, EP_LIT("expires"));
	if(own) {
		c->expires_s = min_u32(ep_expires_parse(ep_unquote(expires)), limit_s);
		value = ep_build_u64(arena, c->expires_s);
		if(!value.p)
			return EP_TNA_INTERNAL;
	}
	*text = na->all;
	if(ep_view_eq(c->uri, na->uri)
			&& (!own
					|| (ep_view_eq(value, expires)
							&& expiries_n(na->params) == 1))
			&& !ep_param_get(NULL, na->params, EP_LIT("alias")))
		return EP_TNA_OK;
	cause = params_edit(&params, na->params, EP_LIT("alias"),
			own ? EP_LIT("expires") : ep_view_none(), value, arena);
	if(cause)
		return cause;
	*text = element_build(na, c->uri, params, arena);
	return text->p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

/* --- REGISTER --- */

/* *expires_s: what the Expires header will say, or `absent_s`; *found: is
 * there one? More than one is none too few: the first counts. */
static enum ep_err expires_header_plan(uint32_t *expires_s, bool *found,
		struct ep_hdredits *edits, const struct ep_msg *m, uint32_t absent_s,
		uint32_t limit_s)
{
	struct ep_view name = EP_LIT("Expires"), value;
	size_t i = ep_msg_find(m, name, 0);
	enum ep_err err = EP_OK;

	*found = i != SIZE_MAX;
	*expires_s = min_u32(absent_s, limit_s);
	if(!*found)
		return EP_OK;
	*expires_s = min_u32(ep_expires_parse(m->hdrs[i].value), limit_s);
	value = ep_build_u64(edits->arena, *expires_s);
	if(!value.p)
		return EP_ENOMEM;
	if(!ep_view_eq(value, ep_view_trim(m->hdrs[i].value)))
		err = ep_hdredits_replace(edits, i, value);
	while(!err && (i = ep_msg_find(m, name, i + 1)) != SIZE_MAX)
		err = ep_hdredits_del(edits, i);
	return err;
}

/* What one pass over all Contact headers of a REGISTER carries along. */
struct pass
{
	struct ep_tna_contacts *out;
	struct ep_view text[EP_TNA_CONTACTS_MAX]; /* elements of one line */
	uint32_t header_expires_s;
	uint32_t limit_s;
	bool bare; /* a contact without an expiry of its own */
	struct ep_arena *arena;
};

static enum ep_tna_cause line_read(
		size_t *n, bool *changed, struct pass *pass, struct ep_view rest)
{
	struct ep_nameaddr na;
	enum ep_err err;
	enum ep_tna_cause cause;

	*n = 0;
	*changed = false;
	while((err = ep_nameaddr_next(&na, &rest)) == EP_OK) {
		struct ep_tna_contacts *all = pass->out;

		if(all->star || (na.star && all->n)
				|| (!na.star && all->n == EP_TNA_CONTACTS_MAX))
			return EP_TNA_CONTACTS;
		if(na.star) {
			all->star = true;
			continue;
		}
		cause = element_plan(&all->v[all->n], &pass->text[*n], &na,
				pass->header_expires_s, pass->limit_s, pass->arena);
		if(cause)
			return cause;
		pass->bare |= !ep_param_get(NULL, na.params, EP_LIT("expires"));
		*changed |= !ep_view_eq(pass->text[*n], na.all);
		all->n++;
		(*n)++;
	}
	return err == EP_ENOENT ? EP_TNA_OK : EP_TNA_MALFORMED;
}

static enum ep_tna_cause lines_plan(
		struct pass *pass, struct ep_hdredits *edits, const struct ep_msg *m)
{
	struct ep_view name = EP_LIT("Contact"), value;
	enum ep_tna_cause cause = EP_TNA_OK;
	bool changed;
	size_t i, n;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !cause;
			i = ep_msg_find(m, name, i + 1)) {
		cause = line_read(&n, &changed, pass, m->hdrs[i].value);
		if(cause || !changed)
			continue;
		value = ep_build_list(pass->arena, (struct ep_impus){pass->text, n});
		cause = ep_tna_cause_of(
				value.p ? ep_hdredits_replace(edits, i, value) : EP_ENOMEM);
	}
	return cause;
}

enum ep_tna_cause ep_tna_contacts_plan(struct ep_tna_contacts *out,
		struct ep_hdredits *edits, const struct ep_msg *m, uint32_t default_s,
		uint32_t limit_s, struct ep_arena *arena)
{
	struct pass pass = {.out = out, .limit_s = limit_s, .arena = arena};
	enum ep_tna_cause cause;
	struct ep_view value;
	bool found;

	*out = (struct ep_tna_contacts){
			.v = ep_arena_array(arena, EP_TNA_CONTACTS_MAX, sizeof(*out->v))};
	if(!out->v)
		return EP_TNA_INTERNAL;
	cause = ep_tna_cause_of(expires_header_plan(
			&pass.header_expires_s, &found, edits, m, default_s, limit_s));
	if(!cause)
		cause = lines_plan(&pass, edits, m);
	if(cause)
		return cause;
	if(out->star && (!found || pass.header_expires_s != 0))
		return EP_TNA_CONTACTS;
	if(found || !pass.bare)
		return EP_TNA_OK;
	value = ep_build_u64(arena, pass.header_expires_s);
	return ep_tna_cause_of(ep_build_append(edits, EP_LIT("Expires"), value));
}

/* --- every element of every line --- */

/* Room for every element of a Contact line. */
static struct ep_view *line_room(struct ep_view value, struct ep_arena *arena)
{
	size_t n = 1, i;

	for(i = 0; i < value.len; i++)
		n += value.p[i] == ',';
	return ep_arena_array(arena, n, sizeof(struct ep_view));
}

/* *text is what the element is to be; as it is, before. */
typedef enum ep_tna_cause (*element_fn)(struct ep_view *text,
		const struct ep_nameaddr *na, void *ctx, struct ep_arena *arena);

/* The line's value as it is to be; as it was when nothing changes. */
static enum ep_tna_cause line_edit(
		struct ep_view *value, element_fn fn, void *ctx, struct ep_arena *arena)
{
	struct ep_view *text = line_room(*value, arena), rest = *value;
	struct ep_nameaddr na;
	size_t n = 0;
	bool changed = false;
	enum ep_err err;

	if(!text)
		return EP_TNA_INTERNAL;
	for(; (err = ep_nameaddr_next(&na, &rest)) == EP_OK; n++) {
		enum ep_tna_cause cause;

		text[n] = na.all;
		cause = fn(&text[n], &na, ctx, arena);
		if(cause)
			return cause;
		changed |= !ep_view_eq(text[n], na.all);
	}
	if(err != EP_ENOENT)
		return EP_TNA_MALFORMED;
	if(changed)
		*value = ep_build_list(arena, (struct ep_impus){text, n});
	return value->p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

static enum ep_tna_cause lines_edit(struct ep_hdredits *edits,
		const struct ep_msg *m, element_fn fn, void *ctx,
		struct ep_arena *arena)
{
	struct ep_view name = EP_LIT("Contact"), value;
	enum ep_tna_cause cause = EP_TNA_OK;
	size_t i;

	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !cause;
			i = ep_msg_find(m, name, i + 1)) {
		value = m->hdrs[i].value;
		cause = line_edit(&value, fn, ctx, arena);
		if(!cause && !ep_view_eq(value, m->hdrs[i].value))
			cause = ep_tna_cause_of(ep_hdredits_replace(edits, i, value));
	}
	return cause;
}

/* --- 200 OK --- */

/* RFC 5626: one instance and reg-id is one flow of one device, whatever URI
 * it uses now. */
static bool is_sent(
		const struct ep_tna_contact *c, const struct ep_tna_contact *sent)
{
	if(!sent)
		return false;
	if(c->instance.p && sent->instance.p)
		return ep_view_eq(c->instance, sent->instance)
			   && ep_view_eq(c->reg_id, sent->reg_id);
	return ep_view_eq(c->uri, sent->uri) || ep_impu_eq(c->uri, sent->uri);
}

struct reply_pass
{
	const struct ep_tna_contact *sent;
	uint32_t header_expires_s, limit_s;
	uint32_t sent_s, longest_s;
	bool found, any;
};

static enum ep_tna_cause reply_element(struct ep_view *text,
		const struct ep_nameaddr *na, void *ctx, struct ep_arena *arena)
{
	struct reply_pass *pass = ctx;
	struct ep_tna_contact c;
	struct ep_view expires;
	enum ep_tna_cause cause = EP_TNA_OK;

	if(na->star)
		return EP_TNA_MALFORMED;
	contact_read(&c, na);
	c.expires_s = pass->header_expires_s;
	if(is_sent(&c, pass->sent)) {
		cause = element_plan(
				&c, text, na, pass->header_expires_s, pass->limit_s, arena);
		pass->found = true;
		pass->sent_s = c.expires_s;
	} else if(ep_param_get(&expires, na->params, EP_LIT("expires"))) {
		c.expires_s = ep_expires_parse(ep_unquote(expires));
	}
	pass->any = true;
	if(c.expires_s > pass->longest_s)
		pass->longest_s = c.expires_s;
	return cause;
}

enum ep_tna_cause ep_tna_contacts_reply_plan(uint32_t *expires_s,
		struct ep_hdredits *edits, const struct ep_msg *m,
		const struct ep_tna_contact *sent, uint32_t limit_s,
		struct ep_arena *arena)
{
	struct reply_pass pass = {.sent = sent, .limit_s = limit_s};
	enum ep_tna_cause cause;
	bool header;

	cause = ep_tna_cause_of(expires_header_plan(&pass.header_expires_s, &header,
			edits, m, sent ? 3600 : 0, limit_s));
	if(!cause)
		cause = lines_edit(edits, m, reply_element, &pass, arena);
	if(pass.found)
		*expires_s = pass.sent_s;
	else if(sent && sent->expires_s == 0)
		*expires_s = 0; /* it was taken out: the rest are other devices' */
	else if(pass.any)
		*expires_s = min_u32(pass.longest_s, limit_s);
	else
		*expires_s = header ? pass.header_expires_s : 0;
	return cause;
}

/* --- any message --- */

static enum ep_tna_cause element_clean(struct ep_view *text,
		const struct ep_nameaddr *na, void *ctx, struct ep_arena *arena)
{
	struct ep_view uri = na->uri, params;
	enum ep_tna_cause cause;

	(void)ctx;
	if(na->star)
		return EP_TNA_OK;
	cause = uri_clean(&uri, arena);
	if(cause)
		return cause;
	if(ep_view_eq(uri, na->uri)
			&& !ep_param_get(NULL, na->params, EP_LIT("alias")))
		return EP_TNA_OK;
	cause = params_edit(&params, na->params, EP_LIT("alias"), ep_view_none(),
			ep_view_none(), arena);
	if(cause)
		return cause;
	*text = element_build(na, uri, params, arena);
	return text->p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

enum ep_tna_cause ep_tna_contacts_clean(struct ep_hdredits *edits,
		const struct ep_msg *m, struct ep_arena *arena)
{
	return lines_edit(edits, m, element_clean, NULL, arena);
}
