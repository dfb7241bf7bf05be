/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/target.h"
#include "base/buf.h"
#include "base/sipuri.h"
#include "tna/build.h"

static void put(struct ep_tna_targets *out, struct ep_view uri,
		const struct ep_binding *binding)
{
	if(ep_impus_find(binding->impus, uri).p == NULL)
		out->v[out->n++] = uri;
}

static bool has_user(struct ep_view text)
{
	struct ep_uri uri;

	return ep_uri_parse(&uri, text) != EP_OK || uri.scheme == EP_URI_OTHER
		   || uri.user.p != NULL;
}

/* Without the headers of an attended transfer (RFC 3891): they choose a call
 * there, not a place. Any other header may, and stays. */
static struct ep_view without_replaces(struct ep_view uri)
{
	struct ep_view rest, name;
	struct ep_uri u;

	if(ep_uri_parse(&u, uri) != EP_OK || u.headers.p == NULL)
		return uri;
	for(rest = u.headers; rest.p != NULL;) {
		struct ep_view one = ep_view_cut(&rest, '&');

		name = ep_view_cut(&one, '=');
		if(!ep_view_ieq(name, EP_LIT("Replaces"))
				&& !ep_view_ieq(name, EP_LIT("Require")))
			return uri;
	}
	return ep_view_head(uri, (size_t)(u.headers.p - uri.p) - 1);
}

static enum ep_tna_cause refer_put(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding)
{
	struct ep_nameaddr to;

	if(!ep_msg_one_nameaddr(&to, m, EP_LIT("Refer-To")))
		return EP_TNA_MALFORMED;
	put(out, without_replaces(to.uri), binding);
	return EP_TNA_OK;
}

enum ep_tna_cause ep_tna_targets_get(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding)
{
	out->n = 0;
	if(!ep_view_eq(m->method, EP_LIT("OPTIONS")) || has_user(m->ruri))
		put(out, m->ruri, binding);
	return ep_view_eq(m->method, EP_LIT("REFER")) ? refer_put(out, m, binding)
												  : EP_TNA_OK;
}

enum ep_tna_cause ep_tna_refer_get(struct ep_tna_targets *out,
		const struct ep_msg *m, const struct ep_binding *binding)
{
	out->n = 0;
	return refer_put(out, m, binding);
}

/* Kamailio would route by it (ep_tna_contacts_clean()). */
static bool has_alias(const struct ep_nameaddr *na)
{
	struct ep_uri uri;

	return ep_param_get(NULL, na->params, EP_LIT("alias"))
		   || ep_uri_parse(&uri, na->uri) != EP_OK
		   || ep_param_get(NULL, uri.params, EP_LIT("alias"));
}

/* In place of what is planned for that line already. */
static enum ep_err put_line(
		struct ep_hdredits *l, size_t index, struct ep_view line)
{
	size_t i;

	for(i = 0; i < l->n; i++)
		if(l->v[i].op == EP_HDR_REPLACE && l->v[i].index == index)
			l->v[i--] = l->v[--l->n];
	return line.len > 0 ? ep_hdredits_replace(l, index, line)
						: ep_hdredits_del(l, index);
}

/* The elements of one line that stay; empty: none; absent: no memory. */
static struct ep_view contacts_left(struct ep_view line,
		bool (*permits)(void *ctx, struct ep_view uri), void *ctx,
		struct ep_arena *arena, size_t *left, size_t *gone)
{
	char *p = ep_arena_get(arena, 2 * line.len + 1);
	struct ep_nameaddr na;
	struct ep_buf out;
	enum ep_err err;

	if(p == NULL)
		return ep_view_none();
	ep_buf_init(&out, p, 2 * line.len + 1);
	while((err = ep_nameaddr_next(&na, &line)) == EP_OK) {
		if(na.star || has_alias(&na) || !permits(ctx, na.uri)) {
			++*gone;
			continue;
		}
		if(out.len > 0)
			ep_buf_put_z(&out, ", ");
		ep_buf_put(&out, na.all);
		++*left;
	}
	*gone += err != EP_ENOENT;
	return ep_buf_view(&out);
}

enum ep_err ep_tna_redirect_plan(struct ep_hdredits *l, const struct ep_msg *m,
		bool (*permits)(void *ctx, struct ep_view uri), void *ctx, size_t *left,
		size_t *gone)
{
	struct ep_view name = EP_LIT("Contact"), line;
	enum ep_err err = EP_OK;
	size_t i, before;

	*left = *gone = 0;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX && !err;
			i = ep_msg_find(m, name, i + 1)) {
		before = *gone;
		line = contacts_left(
				m->hdrs[i].value, permits, ctx, l->arena, left, gone);
		if(line.p == NULL)
			return EP_ENOMEM;
		if(*gone == before)
			continue;
		err = put_line(l, i, line);
	}
	return err;
}
