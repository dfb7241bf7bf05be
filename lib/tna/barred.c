/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"
#include "base/word.h"
#include "tna/barred.h"

static const char *const kind_names[EP_BARRED_KIND_N] = {"waf", "wwsf"};
static const char *const by_names[EP_BARRED_BY_N] = {"rpc", "file", "node"};

const char *ep_barred_kind_name(enum ep_barred_kind kind)
{
	return (unsigned)kind < EP_BARRED_KIND_N ? kind_names[kind] : "?";
}

const char *ep_barred_by_name(enum ep_barred_by by)
{
	return (unsigned)by < EP_BARRED_BY_N ? by_names[by] : "?";
}

enum ep_barred_kind ep_barred_kind_find(struct ep_view name)
{
	return (enum ep_barred_kind)ep_word_find(
			kind_names, EP_BARRED_KIND_N, name);
}

/* --- names --- */

static size_t find_end(struct ep_view name, size_t from)
{
	while(from < name.len && name.p[from] != '/' && name.p[from] != '?'
			&& name.p[from] != ';')
		from++;
	return from;
}

/* Behind the last '@' of name[from..end), or `from`. */
static size_t behind_at(struct ep_view name, size_t from, size_t end)
{
	while(end > from)
		if(name.p[--end] == '@')
			return end + 1;
	return from;
}

/* Where the host stands: name[*from..*to). */
static void host_find(size_t *from, size_t *to, struct ep_view name)
{
	size_t scheme = ep_view_find(name, EP_LIT("://"));

	if(scheme != SIZE_MAX) {
		*to = find_end(name, scheme + 3);
		*from = behind_at(name, scheme + 3, *to);
		return;
	}
	*from = behind_at(name, 0, name.len);
	*to = find_end(name, *from);
}

enum ep_err ep_barred_name(struct ep_buf *out, struct ep_view name)
{
	size_t from, to, i;

	if(name.p == NULL || name.len == 0 || name.len > EP_BARRED_NAME_MAX)
		return EP_ERANGE;
	host_find(&from, &to, name);
	for(i = 0; i < name.len; i++) {
		char c = name.p[i];

		if(i >= from && i < to && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		ep_buf_put_chr(out, c);
	}
	return out->overflow ? EP_ENOSPC : EP_OK;
}

static bool is_canonical(struct ep_view name)
{
	char text[EP_BARRED_NAME_MAX];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	return ep_barred_name(&b, name) == EP_OK
		   && ep_view_eq(ep_buf_view(&b), name);
}

/* --- the text of one --- */

static void put_number(struct ep_buf *out, int64_t n)
{
	ep_buf_put_chr(out, ' ');
	ep_buf_put_u64(out, n > 0 ? (uint64_t)n : 0);
}

enum ep_err ep_barred_entry_print(
		struct ep_buf *out, const struct ep_barred_entry *e)
{
	ep_buf_put_z(out, ep_barred_kind_name(e->kind));
	ep_buf_put_chr(out, ' ');
	ep_word_put(out, e->name);
	put_number(out, e->until_s);
	put_number(out, e->at_ms);
	ep_buf_put_z(out, e->lifted ? " lifted " : " barred ");
	ep_buf_put_z(out, ep_barred_by_name(e->by));
	return out->overflow ? EP_ENOSPC : EP_OK;
}

enum ep_err ep_barred_entry_parse(struct ep_barred_entry *out,
		struct ep_view line, struct ep_arena *arena)
{
	struct ep_barred_entry e = {.kind = EP_BARRED_WAF};
	struct ep_view f[6], rest = line;
	enum ep_err err;
	size_t i;

	if(line.p == NULL)
		return EP_ESYNTAX;
	for(i = 0; i < 6; i++)
		f[i] = ep_view_cut(&rest, ' ');
	if(rest.p != NULL || f[5].p == NULL)
		return EP_ESYNTAX;
	e.kind = ep_barred_kind_find(f[0]);
	e.by = (enum ep_barred_by)ep_word_find(by_names, EP_BARRED_BY_N, f[5]);
	e.lifted = ep_view_eq(f[4], EP_LIT("lifted"));
	if(e.kind == EP_BARRED_KIND_N || !ep_word_number(&e.until_s, f[2])
			|| !ep_word_number(&e.at_ms, f[3]) || e.by == EP_BARRED_BY_N
			|| (!e.lifted && !ep_view_eq(f[4], EP_LIT("barred")))
			|| (e.lifted && e.until_s != 0))
		return EP_ESYNTAX;
	err = ep_word_get(&e.name, f[1], EP_BARRED_NAME_MAX, arena);
	if(err != EP_OK)
		return err;
	/* One in another spelling would not be found. */
	if(!is_canonical(e.name))
		return EP_ESYNTAX;
	*out = e;
	return EP_OK;
}

/* --- one entry --- */

bool ep_barred_entry_in_force(const struct ep_barred_entry *e, int64_t now_s)
{
	return !e->lifted && (e->until_s == 0 || e->until_s >= now_s);
}

int64_t ep_barred_entry_kept_s(const struct ep_barred_entry *e)
{
	int64_t kept_s = e->at_ms / 1000 + EP_BARRED_KEEP_S;

	if(e->lifted)
		return kept_s;
	if(e->until_s == 0)
		return INT64_MAX;
	return e->until_s > kept_s ? e->until_s : kept_s;
}

uint64_t ep_barred_entry_sum(const struct ep_barred_entry *e)
{
	static const unsigned char key[EP_SIPHASH_KEY_LEN];
	char text[EP_BARRED_LINE_MAX];
	struct ep_barred_entry same = *e;
	struct ep_buf b;

	same.by = EP_BARRED_BY_RPC;
	ep_buf_init(&b, text, sizeof(text));
	ep_barred_entry_print(&b, &same);
	return ep_siphash(key, ep_view_of(b.p, b.len));
}

/* A total order over entries of one name, the same on every node: the later
 * one, of two at the same time the one that bars, then the longer one. */
static bool is_newer(
		const struct ep_barred_entry *a, const struct ep_barred_entry *b)
{
	if(a->at_ms != b->at_ms)
		return a->at_ms > b->at_ms;
	if(a->lifted != b->lifted)
		return b->lifted;
	if(a->until_s == 0 || b->until_s == 0)
		return a->until_s == 0 && b->until_s != 0;
	return a->until_s > b->until_s;
}

/* --- the list --- */

#define NOWHERE UINT32_MAX

struct place
{
	uint32_t next; /* of its chain; or the next free one */
	bool used;
	struct ep_barred_entry e; /* its name is `name` */
	char name[EP_BARRED_NAME_MAX];
};

struct ep_barred_list
{
	unsigned char key[EP_SIPHASH_KEY_LEN];
	size_t max, n, live;
	size_t mask;
	uint32_t free;
	struct place *places;
	uint32_t chains[];
};

static size_t chains_for(size_t max)
{
	size_t n = 16;

	while(n < max)
		n <<= 1;
	return n;
}

static size_t head_size(size_t max)
{
	size_t n =
			sizeof(struct ep_barred_list) + chains_for(max) * sizeof(uint32_t);

	return (n + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
}

size_t ep_barred_list_size(size_t max)
{
	return head_size(max) + max * sizeof(struct place);
}

struct ep_barred_list *ep_barred_list_init(
		void *block, size_t max, const unsigned char key[16])
{
	struct ep_barred_list *list = block;
	size_t i;

	memset(block, 0, ep_barred_list_size(max));
	memcpy(list->key, key, sizeof(list->key));
	list->max = max;
	list->mask = chains_for(max) - 1;
	list->places = (struct place *)(void *)((char *)block + head_size(max));
	for(i = 0; i <= list->mask; i++)
		list->chains[i] = NOWHERE;
	for(i = 0; i < max; i++)
		list->places[i].next = i + 1 < max ? (uint32_t)(i + 1) : NOWHERE;
	list->free = 0;
	return list;
}

size_t ep_barred_list_count(const struct ep_barred_list *list)
{
	return list->n;
}

size_t ep_barred_list_live(const struct ep_barred_list *list)
{
	return list->live;
}

static size_t chain_of(const struct ep_barred_list *list,
		enum ep_barred_kind kind, struct ep_view name)
{
	return (ep_siphash(list->key, name) + (unsigned)kind) & list->mask;
}

static struct place *find(const struct ep_barred_list *list,
		enum ep_barred_kind kind, struct ep_view name)
{
	uint32_t at = list->chains[chain_of(list, kind, name)];

	for(; at != NOWHERE; at = list->places[at].next)
		if(list->places[at].e.kind == kind
				&& ep_view_eq(list->places[at].e.name, name))
			return &list->places[at];
	return NULL;
}

static void forget(struct ep_barred_list *list, struct place *p)
{
	uint32_t *at = &list->chains[chain_of(list, p->e.kind, p->e.name)];

	while(&list->places[*at] != p)
		at = &list->places[*at].next;
	*at = p->next;
	p->next = list->free;
	list->free = (uint32_t)(p - list->places);
	p->used = false;
	list->n--;
	list->live -= !p->e.lifted;
}

size_t ep_barred_list_sweep(struct ep_barred_list *list, int64_t now_s)
{
	size_t i, gone = 0;

	for(i = 0; i < list->max; i++)
		if(list->places[i].used
				&& ep_barred_entry_kept_s(&list->places[i].e) < now_s) {
			forget(list, &list->places[i]);
			gone++;
		}
	return gone;
}

/* Room for what bars now: what was made first of all that bars nobody. */
static void evict(struct ep_barred_list *list, int64_t now_s)
{
	struct place *oldest = NULL;
	size_t i;

	for(i = 0; i < list->max; i++) {
		struct place *p = &list->places[i];

		if(p->used && !ep_barred_entry_in_force(&p->e, now_s)
				&& (oldest == NULL || p->e.at_ms < oldest->e.at_ms))
			oldest = p;
	}
	if(oldest != NULL)
		forget(list, oldest);
}

static struct place *place_new(struct ep_barred_list *list,
		const struct ep_barred_entry *e, int64_t now_s)
{
	uint32_t at;
	struct place *p;
	size_t chain = chain_of(list, e->kind, e->name);

	if(list->free == NOWHERE)
		ep_barred_list_sweep(list, now_s);
	if(list->free == NOWHERE && ep_barred_entry_in_force(e, now_s))
		evict(list, now_s);
	at = list->free;
	if(at == NOWHERE)
		return NULL;
	p = &list->places[at];
	list->free = p->next;
	p->used = true;
	memcpy(p->name, e->name.p, e->name.len);
	p->e = *e;
	p->e.name = ep_view_of(p->name, e->name.len);
	p->next = list->chains[chain];
	list->chains[chain] = at;
	list->n++;
	list->live += !e->lifted;
	return p;
}

enum ep_err ep_barred_list_put(bool *changed, struct ep_barred_list *list,
		const struct ep_barred_entry *e, int64_t now_s)
{
	struct place *p;

	*changed = false;
	if((unsigned)e->kind >= EP_BARRED_KIND_N || !is_canonical(e->name))
		return EP_ERANGE;
	if(ep_barred_entry_kept_s(e) < now_s)
		return EP_OK;
	p = find(list, e->kind, e->name);
	if(p == NULL) {
		*changed = place_new(list, e, now_s) != NULL;
		return *changed ? EP_OK : EP_ENOSPC;
	}
	if(!is_newer(e, &p->e))
		return EP_OK;
	list->live -= !p->e.lifted;
	p->e.lifted = e->lifted;
	p->e.until_s = e->until_s;
	p->e.at_ms = e->at_ms;
	p->e.by = e->by;
	list->live += !p->e.lifted;
	*changed = true;
	return EP_OK;
}

const struct ep_barred_entry *ep_barred_list_find(
		const struct ep_barred_list *list, enum ep_barred_kind kind,
		struct ep_view name)
{
	struct place *p = find(list, kind, name);

	return p != NULL ? &p->e : NULL;
}

bool ep_barred_list_match(const struct ep_barred_list *list,
		enum ep_barred_kind kind, struct ep_view name, int64_t now_s)
{
	char text[EP_BARRED_NAME_MAX];
	struct place *p;
	struct ep_buf b;

	if(list->live == 0)
		return false;
	ep_buf_init(&b, text, sizeof(text));
	if(ep_barred_name(&b, name) != EP_OK)
		return false;
	p = find(list, kind, ep_buf_view(&b));
	return p != NULL && ep_barred_entry_in_force(&p->e, now_s);
}

bool ep_barred_list_at(const struct ep_barred_entry **entry,
		const struct ep_barred_list *list, size_t place)
{
	*entry = NULL;
	if(place >= list->max)
		return false;
	if(list->places[place].used)
		*entry = &list->places[place].e;
	return true;
}
