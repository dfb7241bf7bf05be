/* ep_scscf_claim_read, ep_scscf_decide, ep_scscf_list_decode, ep_digest_params,
 * ep_trusted_parse. Input: a SIP message, the data of an AVP 656, or a node. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "../unit/tna/msg_text.h"
#include "tna/auth.h"
#include "tna/scscf.h"
#include "tna/trusted.h"

/* How often the text has `name` followed by '=', outside quotes: counted in
 * the simplest way, not by the parser that is under test. */
static size_t times(struct ep_view text, struct ep_view name)
{
	bool quoted = false;
	size_t i, at, n = 0;

	for(i = 0; i < text.len; i++) {
		if(text.p[i] == '"')
			quoted = !quoted;
		if(quoted || !ep_view_istarts(ep_view_from(text, i), name)
				|| (i > 0
						&& (ep_chr_is_alnum(text.p[i - 1])
								|| memchr("-.!%*_+`'~", text.p[i - 1], 10))))
			continue;
		for(at = i + name.len;
				at < text.len && memchr(" \t\r\n", text.p[at], 4); at++)
			;
		n += at < text.len && text.p[at] == '=';
	}
	return n;
}

static bool is_credentials(const struct ep_hdr *h)
{
	return ep_view_ieq(ep_view_trim(h->name), EP_LIT("Authorization"))
		   || ep_view_ieq(ep_view_trim(h->name), EP_LIT("Proxy-Authorization"));
}

/* Whoever is believed said it once, alone, and in one way. */
static void done_holds(const struct ep_msg *m, const struct ep_scscf_claim *c)
{
	static const char *const once[] = {"username", "realm", "uri", "nonce",
			"response", "integrity-protected"};
	static const char *const never[] = {
			"algorithm", "qop", "cnonce", "nc", "opaque", "auts"};
	const struct ep_hdr *only = NULL;
	size_t i, n = 0;

	for(i = 0; i < m->hdrs_n; i++)
		if(is_credentials(&m->hdrs[i])) {
			only = &m->hdrs[i];
			n++;
		}
	need(n == 1);
	need(ep_view_ieq(ep_view_trim(only->name), EP_LIT("Authorization")));
	need(!memchr(only->value.p, '\\', only->value.len));
	for(i = 0; i < 6; i++)
		need(times(only->value, ep_view_z(once[i])) == 1);
	for(i = 0; i < 6; i++)
		need(times(only->value, ep_view_z(never[i])) == 0);
	need(times(only->value, EP_LIT("authorization-entity"))
			== (c->entity.p ? 1 : 0));
	need(times(only->value, EP_LIT("wwsf-id")) == (c->wwsf.p ? 1 : 0));
	need(c->impi.len > 0 && c->impi.len <= EP_SCSCF_NAME_MAX);
	need(!c->entity.p || c->entity.len > 0);
}

static void claim_holds(const struct ep_msg *m)
{
	static const struct ep_view home[] = {{"waf@home1.net", 13}};
	const struct ep_scscf_policy policy = {.home_waf = {home, 1}};
	struct ep_scscf_list empty = {.there = true};
	struct ep_scscf_claim c, without;

	ep_scscf_claim_read(&c, m, EP_LIT("wwsf-id"));
	if(c.kind != EP_SCSCF_AUTH_DONE)
		need(!c.entity.p && !c.wwsf.p);
	if(c.kind == EP_SCSCF_AMBIGUOUS)
		need(!c.impi.p);
	if(c.kind != EP_SCSCF_AUTH_DONE)
		return;
	done_holds(m, &c);
	/* A list without the entity lets nobody in. */
	need((ep_scscf_decide(&policy, &c, false, &empty) == EP_TNA_OK)
			== !ep_scscf_needs_list(&policy, &c));
	need(ep_scscf_decide(&policy, &c, true, &empty) == EP_TNA_BARRED);
	ep_scscf_claim_read(&without, m, ep_view_none());
	need(without.kind == EP_SCSCF_AUTH_DONE && !without.wwsf.p);
}

static void list_holds(struct ep_view group)
{
	static struct ep_scscf_list l;
	size_t i, sum = 0;

	if(ep_scscf_list_decode(&l, group) != EP_OK)
		return;
	need(l.there && l.waf_n <= EP_SCSCF_LIST_MAX
			&& l.wwsf_n <= EP_SCSCF_LIST_MAX);
	for(i = 0; i < l.waf_n; i++)
		sum += l.waf[i].len + 12;
	for(i = 0; i < l.wwsf_n; i++)
		sum += l.wwsf[i].len + 12;
	need(sum <= group.len);
}

static void trusted_holds(struct ep_view text)
{
	struct ep_trusted t;

	if(ep_trusted_parse(&t, text, false) != EP_OK)
		return;
	need(t.addr_len == 4 || t.addr_len == 16);
	need(t.prefix > 0 && t.prefix <= 8 * t.addr_len);
	need(t.transports != 0);
	need(!t.name.p || t.transports == EP_TRUSTED_TLS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ep_view in = ep_view_of((const char *)data, n);
	static struct msg_text t;

	if(n > 16384)
		return 0;
	list_holds(in);
	trusted_holds(in);
	if(msg_parse(&t, in))
		claim_holds(&t.m);
	return 0;
}
