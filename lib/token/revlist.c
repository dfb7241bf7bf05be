/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "token/revoke.h"

static bool length_ok(struct ep_view v)
{
	return v.p != NULL && v.len > 0 && v.len <= EP_REVOKE_VALUE_MAX;
}

/* The text at *to; *to moves on. */
static struct ep_view text_move(char **to, struct ep_view v)
{
	struct ep_view copy = ep_view_of(*to, v.len);

	memcpy(*to, v.p, v.len);
	*to += v.len;
	return copy;
}

static void put_int(struct ep_buf *out, int64_t n)
{
	ep_buf_put_u64(out, n > 0 ? (uint64_t)n : 0);
	ep_buf_put_chr(out, ' ');
}

struct node
{
	struct node *next;
	uint64_t hash;
	struct ep_revoke_entry e; /* its texts behind it, in the same block */
};

struct ep_revoke_list
{
	uint64_t seed;
	size_t max;
	size_t n;
	size_t live;
	int64_t swept_s; /* when all chains were last swept to make room */
	/* Entries that may cover something, by kind and only_issued: what is 0
	 * here is not looked for. */
	size_t by_kind[EP_REVOKE_KIND_N][2];
	size_t mask;
	struct node *chains[];
};

static size_t chains_for(size_t max)
{
	size_t n = 64;

	while(n < max / 2 && n < (size_t)1 << 24)
		n <<= 1;
	return n;
}

size_t ep_revoke_list_size(size_t max)
{
	return sizeof(struct ep_revoke_list)
		   + chains_for(max) * sizeof(struct node *);
}

struct ep_revoke_list *ep_revoke_list_init(
		void *block, size_t max, uint64_t seed)
{
	struct ep_revoke_list *list = block;

	memset(block, 0, ep_revoke_list_size(max));
	list->seed = seed;
	list->max = max;
	list->mask = chains_for(max) - 1;
	return list;
}

size_t ep_revoke_list_count(const struct ep_revoke_list *list)
{
	return list->n;
}

size_t ep_revoke_list_live(const struct ep_revoke_list *list)
{
	return list->live;
}

/* FNV-1a, 64 bit. */
static uint64_t hash_add(uint64_t h, struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.p[i]) * UINT64_C(1099511628211);
	return (h ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t hash_key(uint64_t seed, enum ep_revoke_kind kind,
		bool only_issued, struct ep_view issuer, struct ep_view value)
{
	char head[2] = {(char)kind, only_issued};
	uint64_t h = UINT64_C(14695981039346656037) ^ seed;

	h = hash_add(h, ep_view_of(head, 2));
	h = hash_add(h, ep_revoke_kind_has_issuer(kind) ? issuer : ep_view_none());
	h = hash_add(h, value);
	return h ^ h >> 29;
}

uint64_t ep_revoke_entry_sum(const struct ep_revoke_entry *e)
{
	uint64_t h = hash_key(0, e->kind, e->only_issued, e->issuer, e->value);
	char text[4 * 21];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	put_int(&b, e->until_s);
	put_int(&b, e->issued_s);
	put_int(&b, e->at_ms);
	put_int(&b, e->lifted);
	return hash_add(h, ep_buf_view(&b));
}

static bool is_live(const struct ep_revoke_entry *e)
{
	return !e->lifted && e->kind != EP_REVOKE_LOGOUT;
}

static void count(
		struct ep_revoke_list *list, const struct ep_revoke_entry *e, bool more)
{
	size_t *n = &list->by_kind[e->kind][e->only_issued];

	if(!is_live(e))
		return;
	*n = more ? *n + 1 : *n - 1;
	list->live = more ? list->live + 1 : list->live - 1;
}

static bool is_key(const struct node *n, uint64_t hash,
		enum ep_revoke_kind kind, bool only_issued, struct ep_view issuer,
		struct ep_view value)
{
	return n->hash == hash && n->e.kind == kind
		   && n->e.only_issued == only_issued && ep_view_eq(n->e.value, value)
		   && (!ep_revoke_kind_has_issuer(kind)
				   || ep_view_eq(n->e.issuer, issuer));
}

static struct node *node_find(const struct ep_revoke_list *list,
		enum ep_revoke_kind kind, bool only_issued, struct ep_view issuer,
		struct ep_view value)
{
	uint64_t h = hash_key(list->seed, kind, only_issued, issuer, value);
	struct node *n;

	for(n = list->chains[h & list->mask]; n != NULL; n = n->next)
		if(is_key(n, h, kind, only_issued, issuer, value))
			return n;
	return NULL;
}

const struct ep_revoke_entry *ep_revoke_list_find(
		const struct ep_revoke_list *list, const struct ep_revoke_entry *key)
{
	struct node *n = node_find(
			list, key->kind, key->only_issued, key->issuer, key->value);

	return n != NULL ? &n->e : NULL;
}

/* A total order over entries of one key, the same on every node: the later
 * one, of two at the same time the one that revokes, then longer, then more. */
static bool is_newer(
		const struct ep_revoke_entry *a, const struct ep_revoke_entry *b)
{
	if(a->at_ms != b->at_ms)
		return a->at_ms > b->at_ms;
	if(a->lifted != b->lifted)
		return b->lifted;
	if(a->until_s != b->until_s)
		return a->until_s > b->until_s;
	return a->issued_s > b->issued_s;
}

static struct node *node_new(struct ep_revoke_list *list,
		const struct ep_revoke_entry *e, const struct ep_alloc *alloc)
{
	bool has_issuer = ep_revoke_kind_has_issuer(e->kind);
	size_t issuer_len = has_issuer ? e->issuer.len : 0;
	struct node *n =
			alloc->get(alloc->ctx, sizeof(*n) + issuer_len + e->value.len);
	char *text;

	if(n == NULL)
		return NULL;
	text = (char *)(n + 1);
	n->e = *e;
	n->hash =
			hash_key(list->seed, e->kind, e->only_issued, e->issuer, e->value);
	n->e.issuer = has_issuer ? text_move(&text, e->issuer) : ep_view_none();
	n->e.value = text_move(&text, e->value);
	n->next = list->chains[n->hash & list->mask];
	list->chains[n->hash & list->mask] = n;
	list->n++;
	count(list, e, true);
	return n;
}

size_t ep_revoke_list_chains(const struct ep_revoke_list *list)
{
	return list->mask + 1;
}

size_t ep_revoke_list_sweep(struct ep_revoke_list *list, size_t chain,
		int64_t now_s, const struct ep_alloc *alloc)
{
	struct node **at = &list->chains[chain], *n;
	size_t gone = 0;

	while((n = *at) != NULL) {
		if(n->e.until_s >= now_s) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		list->n--;
		count(list, &n->e, false);
		alloc->put(alloc->ctx, n);
		gone++;
	}
	return gone;
}

static size_t sweep_all(struct ep_revoke_list *list, int64_t now_s,
		const struct ep_alloc *alloc)
{
	size_t i, gone = 0;

	for(i = 0; i <= list->mask; i++)
		gone += ep_revoke_list_sweep(list, i, now_s, alloc);
	return gone;
}

void ep_revoke_list_fini(
		struct ep_revoke_list *list, const struct ep_alloc *alloc)
{
	sweep_all(list, INT64_MAX, alloc);
}

/* What a WAF says leaves some room for what operators say. */
static bool is_full(
		const struct ep_revoke_list *list, const struct ep_revoke_entry *e)
{
	size_t kept = e->by == EP_REVOKE_BY_LOGOUT ? list->max / 4 : 0;

	return list->n >= list->max - kept;
}

/* Is there room for one more? All chains are looked at once a second only: a
 * full list is not to cost more than one that is not. */
static bool room_make(struct ep_revoke_list *list,
		const struct ep_revoke_entry *e, int64_t now_s,
		const struct ep_alloc *alloc)
{
	if(is_full(list, e) && list->swept_s != now_s) {
		list->swept_s = now_s;
		sweep_all(list, now_s, alloc);
	}
	return !is_full(list, e);
}

enum ep_err ep_revoke_list_put(bool *changed, struct ep_revoke_list *list,
		const struct ep_revoke_entry *e, int64_t now_s,
		const struct ep_alloc *alloc)
{
	struct node *n;

	*changed = false;
	if((unsigned)e->kind >= EP_REVOKE_KIND_N || !length_ok(e->value)
			|| (ep_revoke_kind_has_issuer(e->kind) && !length_ok(e->issuer)))
		return EP_ERANGE;
	if(e->until_s < now_s)
		return EP_OK;
	n = node_find(list, e->kind, e->only_issued, e->issuer, e->value);
	if(n != NULL) {
		if(!is_newer(e, &n->e))
			return EP_OK;
		count(list, &n->e, false);
		n->e.lifted = e->lifted;
		n->e.issued_s = e->issued_s;
		n->e.until_s = e->until_s;
		n->e.at_ms = e->at_ms;
		n->e.by = e->by;
		count(list, &n->e, true);
		*changed = true;
		return EP_OK;
	}
	if(!room_make(list, e, now_s, alloc))
		return EP_ENOSPC;
	if(node_new(list, e, alloc) == NULL)
		return EP_ENOMEM;
	*changed = true;
	return EP_OK;
}

static bool match_one(const struct ep_revoke_list *list,
		enum ep_revoke_kind kind, struct ep_view value,
		const struct ep_revoke_grant *g, int64_t now_s)
{
	struct node *n;
	int only;

	for(only = 0; only < 2 && value.p != NULL; only++) {
		if(list->by_kind[kind][only] == 0)
			continue;
		n = node_find(list, kind, only, g->issuer, value);
		if(n != NULL && ep_revoke_entry_in_force(&n->e, g, now_s))
			return true;
	}
	return false;
}

static bool match_impus(const struct ep_revoke_list *list,
		const struct ep_revoke_grant *g, int64_t now_s)
{
	char text[EP_REVOKE_VALUE_MAX];
	struct ep_buf b;
	size_t i;

	for(i = 0; i < g->impus_n; i++) {
		ep_buf_init(&b, text, sizeof(text));
		if(ep_impu_print(&b, g->impus[i]) == EP_OK
				&& match_one(list, EP_REVOKE_IMPU, ep_buf_view(&b), g, now_s))
			return true;
	}
	return false;
}

enum ep_token_cause ep_revoke_list_match(const struct ep_revoke_list *list,
		const struct ep_revoke_grant *g, int64_t now_s)
{
	static const enum ep_revoke_kind order[] = {EP_REVOKE_IMPI, EP_REVOKE_IMPU,
			EP_REVOKE_SUB, EP_REVOKE_SID, EP_REVOKE_ALONE, EP_REVOKE_JTI,
			EP_REVOKE_WWSF, EP_REVOKE_WAF, EP_REVOKE_ISSUER};
	size_t i;

	if(list->live == 0)
		return EP_TOKEN_OK;
	for(i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		enum ep_revoke_kind k = order[i];

		if(list->by_kind[k][0] == 0 && list->by_kind[k][1] == 0)
			continue;
		if(k == EP_REVOKE_IMPU ? match_impus(list, g, now_s)
							   : match_one(list, k, ep_revoke_grant_value(g, k),
									   g, now_s))
			return ep_revoke_kind_cause(k);
	}
	return EP_TOKEN_OK;
}

void ep_revoke_list_walk(const struct ep_revoke_list *list, size_t chain,
		void (*fn)(const struct ep_revoke_entry *entry, void *ctx), void *ctx)
{
	const struct node *n;

	for(n = list->chains[chain]; n != NULL; n = n->next)
		fn(&n->e, ctx);
}
