/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/scscf.h"
#include "tna/auth.h"

#define VENDOR_3GPP 10415
#define AVP_WAF_NAME 657
#define AVP_WWSF_NAME 658

/* --- the claim --- */

/* Octets that two readers could take for another value. */
static bool is_plain(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if(v.p[i] == '\\' || v.p[i] == '"' || (unsigned char)v.p[i] < ' '
				|| v.p[i] == 0x7f)
			return false;
	return true;
}

static bool contains(struct ep_view v, struct ep_view word)
{
	size_t i;

	if(word.len == 0)
		return false;
	for(i = 0; i + word.len <= v.len; i++)
		if(ep_view_istarts(ep_view_from(v, i), word))
			return true;
	return false;
}

/* Does it speak of what only a trusted node may say, in whatever place? */
static bool is_claiming(struct ep_view value, struct ep_view wwsf_param)
{
	return contains(value, EP_LIT("auth-done"))
		   || contains(value, EP_LIT("integrity-protected"))
		   || contains(value, EP_LIT("authorization-entity"))
		   || contains(value, wwsf_param);
}

struct digest
{
	struct ep_param v[EP_DIGEST_PARAMS_MAX];
	size_t n;
};

/* The value of parameter `name` without quotes; absent if it is not there. */
static struct ep_view value_of(const struct digest *d, struct ep_view name)
{
	size_t i;

	for(i = 0; i < d->n; i++)
		if(ep_view_ieq(d->v[i].name, name))
			return ep_unquote(d->v[i].value);
	return ep_view_none();
}

static bool is_empty(const struct digest *d, struct ep_view name)
{
	struct ep_view v = value_of(d, name);

	return v.p && v.len == 0;
}

/* What an answer to a challenge has, and auth-done has not. */
static bool answers_challenge(const struct digest *d)
{
	static const char *const names[] = {
			"algorithm", "qop", "cnonce", "nc", "opaque", "auts"};
	size_t i;

	for(i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if(value_of(d, ep_view_z(names[i])).p)
			return true;
	return !is_empty(d, EP_LIT("nonce")) || !is_empty(d, EP_LIT("response"));
}

static bool is_name(struct ep_view v)
{
	return v.len > 0 && v.len <= EP_SCSCF_NAME_MAX;
}

/* An absent one is right, too. */
static bool may_be_name(struct ep_view v)
{
	return !v.p || is_name(v);
}

static bool all_plain(const struct digest *d)
{
	size_t i;

	for(i = 0; i < d->n; i++)
		if(!is_plain(ep_unquote(d->v[i].value)))
			return false;
	return true;
}

static void auth_done_read(struct ep_scscf_claim *out, const struct digest *d,
		struct ep_view wwsf_param)
{
	struct ep_scscf_claim c = {.kind = EP_SCSCF_AUTH_DONE,
			.impi = value_of(d, EP_LIT("username")),
			.entity = value_of(d, EP_LIT("authorization-entity"))};

	if(wwsf_param.len > 0)
		c.wwsf = value_of(d, wwsf_param);
	if(!all_plain(d) || answers_challenge(d) || !is_name(c.impi)
			|| ep_view_find_chr(c.impi, '@') == SIZE_MAX
			|| !may_be_name(c.entity) || !may_be_name(c.wwsf)
			|| value_of(d, EP_LIT("realm")).len == 0
			|| value_of(d, EP_LIT("uri")).len == 0)
		return;
	*out = c;
}

/* The only credentials of the message. `out` is AMBIGUOUS. */
static void single_read(struct ep_scscf_claim *out, const struct ep_hdr *h,
		struct ep_view wwsf_param)
{
	struct ep_view done = EP_LIT("auth-done"), is;
	struct digest d;

	if(ep_digest_params(d.v, EP_DIGEST_PARAMS_MAX, &d.n, h->value) != EP_OK) {
		if(!is_claiming(h->value, wwsf_param))
			out->kind = EP_SCSCF_NO_CLAIM;
		return;
	}
	is = value_of(&d, EP_LIT("integrity-protected"));
	if(ep_view_eq(is, done)) {
		if(ep_view_ieq(ep_view_trim(h->name), EP_LIT("Authorization")))
			auth_done_read(out, &d, wwsf_param);
		return;
	}
	/* Escaped, or in other letters; or an entity that nobody vouches for. */
	if((is.p && (!is_plain(is) || ep_view_ieq(is, done)))
			|| value_of(&d, EP_LIT("authorization-entity")).p)
		return;
	out->kind = is.p ? EP_SCSCF_OTHER_CLAIM : EP_SCSCF_NO_CLAIM;
	out->impi = value_of(&d, EP_LIT("username"));
}

/* Are these Digest, whether they can be read or not? */
static bool is_digest(struct ep_view value)
{
	return ep_view_istarts(ep_view_trim(value), EP_LIT("Digest"));
}

void ep_scscf_claim_read(struct ep_scscf_claim *out, const struct ep_msg *m,
		struct ep_view wwsf_param)
{
	const struct ep_hdr *digest = NULL, *h;
	size_t i, n = 0, digests = 0;
	bool claims = false;

	*out = (struct ep_scscf_claim){.kind = EP_SCSCF_AMBIGUOUS};
	for(i = 0; i < m->hdrs_n; i++) {
		h = &m->hdrs[i];
		if(!ep_auth_is_credentials(h))
			continue;
		n++;
		claims = claims || is_claiming(h->value, wwsf_param);
		if(is_digest(h->value)) {
			digests++;
			digest = h;
		} else if(!digest)
			digest = h;
	}
	if(n == 0)
		out->kind = EP_SCSCF_NO_CLAIM;
	else if(digests <= 1 && (n == 1 || !claims))
		single_read(out, digest, wwsf_param);
}

/* --- the list --- */

static uint32_t u24(const unsigned char *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static uint32_t u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | u24(p + 1);
}

struct avp
{
	uint32_t code, vendor;
	struct ep_view data;
};

/* Cuts the first AVP off (RFC 6733 4.1); padding may be missing at the end. */
static enum ep_err avp_next(struct avp *out, struct ep_view *rest)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t len, head;

	if(rest->len < 8)
		return EP_ESYNTAX;
	len = u24(p + 5);
	head = p[4] & 0x80 ? 12 : 8;
	if(len < head || len > rest->len)
		return EP_ESYNTAX;
	out->code = u32(p);
	out->vendor = head == 12 ? u32(p + 8) : 0;
	out->data = ep_view_of(rest->p + head, len - head);
	*rest = ep_view_from(*rest, (len + 3) & ~(size_t)3);
	return EP_OK;
}

static enum ep_err name_add(struct ep_view *v, size_t *n, struct ep_view name)
{
	if(name.len == 0)
		return EP_OK;
	if(*n == EP_SCSCF_LIST_MAX)
		return EP_ERANGE;
	v[(*n)++] = name;
	return EP_OK;
}

enum ep_err ep_scscf_list_decode(
		struct ep_scscf_list *out, struct ep_view group)
{
	enum ep_err err = EP_OK;
	struct avp avp;

	out->there = true;
	out->waf_n = out->wwsf_n = 0;
	while(!err && group.len > 0) {
		err = avp_next(&avp, &group);
		if(err || avp.vendor != VENDOR_3GPP)
			continue;
		if(avp.code == AVP_WAF_NAME)
			err = name_add(out->waf, &out->waf_n, avp.data);
		else if(avp.code == AVP_WWSF_NAME)
			err = name_add(out->wwsf, &out->wwsf_n, avp.data);
	}
	return err;
}

/* --- the verdict --- */

bool ep_scscf_name_eq(struct ep_view a, struct ep_view b)
{
	size_t at = ep_view_find_chr(a, '@');

	if(at != ep_view_find_chr(b, '@'))
		return false;
	if(at == SIZE_MAX)
		return ep_view_ieq(a, b);
	return ep_view_eq(ep_view_head(a, at), ep_view_head(b, at))
		   && ep_view_ieq(ep_view_from(a, at), ep_view_from(b, at));
}

static bool is_among(const struct ep_view *v, size_t n, struct ep_view name)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(ep_scscf_name_eq(v[i], name))
			return true;
	return false;
}

bool ep_scscf_needs_list(
		const struct ep_scscf_policy *policy, const struct ep_scscf_claim *c)
{
	return c->entity.p
		   && !is_among(policy->home_waf.v, policy->home_waf.n, c->entity);
}

enum ep_tna_cause ep_scscf_decide(const struct ep_scscf_policy *policy,
		const struct ep_scscf_claim *c, bool barred,
		const struct ep_scscf_list *list)
{
	if(barred)
		return EP_TNA_BARRED;
	if(!ep_scscf_needs_list(policy, c))
		return EP_TNA_OK;
	if(!list || !list->there)
		return policy->no_list_allow ? EP_TNA_OK : EP_TNA_NO_LIST;
	if(!is_among(list->waf, list->waf_n, c->entity)
			|| (c->wwsf.p && !is_among(list->wwsf, list->wwsf_n, c->wwsf)))
		return EP_TNA_NOT_ALLOWED;
	return EP_TNA_OK;
}
