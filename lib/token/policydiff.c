/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config_keys.h"
#include "token/glob.h"
#include "token/maptable.h"
#include "token/policydiff.h"

/* Three octets are kept for the dots. */
static bool put(struct ep_buf *out, const char *before, struct ep_view text)
{
	if(out->cap < 4 || out->len + strlen(before) + text.len > out->cap - 3) {
		out->cap = out->cap < 4 ? 0 : out->len + 3;
		ep_buf_put_z(out, "...");
		out->cap = out->len;
		return false;
	}
	ep_buf_put_z(out, before);
	ep_buf_put(out, text);
	return true;
}

/* One kind of sections, as an array of records. */
struct sections
{
	enum ep_config_section kind;
	const char *title;
	size_t size;
	size_t name; /* offset of its name */
	const char *v;
	size_t n;
};

static void sections_get(
		struct sections all[3], const struct ep_token_policy *policy)
{
	all[0] = (struct sections){EP_SECTION_ISSUER, "issuers",
			sizeof(struct ep_issuer), offsetof(struct ep_issuer, name),
			(const char *)policy->issuers, policy->issuers_n};
	all[1] = (struct sections){EP_SECTION_WWSF, "wwsfs", sizeof(struct ep_wwsf),
			offsetof(struct ep_wwsf, id), (const char *)policy->wwsfs,
			policy->wwsfs_n};
	all[2] = (struct sections){EP_SECTION_MAP, "maps", sizeof(struct ep_map),
			offsetof(struct ep_map, name), (const char *)policy->maps,
			policy->maps_n};
}

static struct ep_view name_of(const struct sections *s, size_t i)
{
	return *(
			const struct ep_view *)(const void *)(s->v + i * s->size + s->name);
}

static const void *find(const struct sections *s, struct ep_view name)
{
	for(size_t i = 0; i < s->n; i++)
		if(ep_view_eq(name_of(s, i), name))
			return s->v + i * s->size;
	return NULL;
}

static struct ep_view table_text(const void *map)
{
	const struct ep_maptable *content = ((const struct ep_map *)map)->content;

	return content != NULL ? content->text : ep_view_none();
}

static bool same(enum ep_config_section kind, const void *a, const void *b)
{
	for(size_t i = 0; i < ep_config_keys_n; i++)
		if(ep_config_keys[i].section == kind
				&& !ep_config_key_same(&ep_config_keys[i], a, b))
			return false;
	return kind != EP_SECTION_MAP || ep_view_eq(table_text(a), table_text(b));
}

struct list
{
	struct ep_buf *out;
	const char *title;
	bool begun; /* the title stands there */
	bool any;   /* something of another kind does */
	bool full;
};

static void list_add(struct list *l, const char *mark, struct ep_view name)
{
	if(!l->begun)
		l->full = l->full || (l->any && !put(l->out, "; ", EP_LIT("")))
				  || !put(l->out, l->title, EP_LIT(":"));
	l->begun = l->any = true;
	l->full = l->full || !put(l->out, mark, name);
}

static void kind_print(
		struct list *l, const struct sections *old, const struct sections *now)
{
	l->title = now->title;
	l->begun = false;
	for(size_t i = 0; i < now->n; i++) {
		const void *before = find(old, name_of(now, i));

		if(before == NULL)
			list_add(l, " +", name_of(now, i));
		else if(!same(now->kind, before, now->v + i * now->size))
			list_add(l, " ~", name_of(now, i));
	}
	for(size_t i = 0; i < old->n; i++)
		if(find(now, name_of(old, i)) == NULL)
			list_add(l, " -", name_of(old, i));
}

void ep_policy_diff_print(struct ep_buf *out, const struct ep_token_policy *old,
		const struct ep_token_policy *now)
{
	struct list l = {.out = out};
	struct sections before[3];
	struct sections after[3];

	sections_get(before, old);
	sections_get(after, now);
	for(size_t i = 0; i < 3; i++)
		kind_print(&l, &before[i], &after[i]);
	if(!same(EP_SECTION_GLOBAL, old, now)) {
		l.full = l.full || !put(out, l.any ? "; " : "", EP_LIT("global"));
		l.any = true;
	}
	if(!l.any)
		put(out, "nothing", EP_LIT(""));
}

static bool lists_overlap(
		const struct ep_strlist *a, const struct ep_strlist *b)
{
	for(size_t i = 0; i < a->n; i++)
		for(size_t j = 0; j < b->n; j++)
			if(ep_glob_overlap(a->v[i], b->v[j]))
				return true;
	return false;
}

bool ep_policy_shared_print(
		struct ep_buf *out, const struct ep_token_policy *policy)
{
	bool any = false;

	for(size_t i = 0; i < policy->wwsfs_n; i++)
		for(size_t j = 0; j < i; j++) {
			const struct ep_wwsf *a = &policy->wwsfs[j];
			const struct ep_wwsf *b = &policy->wwsfs[i];

			if(!lists_overlap(&a->impi, &b->impi))
				continue;
			if(!put(out, any ? ", " : "", a->id) || !put(out, " and ", b->id))
				return true;
			any = true;
		}
	return any;
}
