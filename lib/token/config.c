/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "token/config_keys.h"

struct loader
{
	struct ep_arena *arena;
	struct ep_config_error *error;
	unsigned line;
	struct ep_token_policy *policy;
	struct ep_issuer *issuers; /* the same as in *policy, writable */
	struct ep_wwsf *wwsfs;
	struct ep_map *maps;
	/* the section that is being read */
	enum ep_config_section section; /* EP_SECTION_N: none yet */
	struct ep_view title;           /* issuer:home */
	void *record;
	uint64_t seen; /* rows of the key table, by number */
	bool global_seen;
};

static void put_printable(struct ep_buf *out, struct ep_view v)
{
	for(size_t i = 0; i < v.len && out->len < out->cap; i++) {
		bool printable = v.p[i] >= ' ' && v.p[i] < 0x7f;

		ep_buf_put_chr(out, printable ? v.p[i] : '?');
	}
}

enum ep_err ep_config_fail(struct ep_config_error *error, unsigned line,
		enum ep_err err, struct ep_view where, const char *what)
{
	struct ep_buf out;

	error->line = line;
	ep_buf_init(&out, error->text, sizeof(error->text) - 1);
	put_printable(&out, ep_view_head(where, 64));
	if(where.len > 0)
		ep_buf_put_z(&out, ": ");
	put_printable(&out, ep_view_z(what));
	error->text[out.len] = '\0';
	return err;
}

static enum ep_err fail_here(struct loader *l, enum ep_err err,
		struct ep_view where, const char *what)
{
	return ep_config_fail(l->error, l->line, err, where, what);
}

static size_t key_number(const struct ep_config_key *key)
{
	return (size_t)(key - ep_config_keys);
}

/* Behind a section's last line: is everything there? */
static enum ep_err section_end(struct loader *l)
{
	for(size_t i = 0; i < ep_config_keys_n; i++) {
		const struct ep_config_key *key = &ep_config_keys[i];
		char text[64];
		struct ep_buf out;

		if(key->section != l->section || !key->required
				|| (l->seen >> i & 1) != 0)
			continue;
		ep_buf_init(&out, text, sizeof(text) - 1);
		ep_buf_put_z(&out, "required key is missing: ");
		ep_buf_put_z(&out, key->name);
		text[out.len] = '\0';
		return fail_here(l, EP_ESYNTAX, l->title, text);
	}
	if(l->section == EP_SECTION_ISSUER)
		ep_config_issuer_finish(l->record);
	if(l->section == EP_SECTION_MAP)
		ep_config_map_finish(l->record);
	return EP_OK;
}

bool ep_strlist_has(const struct ep_strlist *list, struct ep_view item)
{
	for(size_t i = 0; i < list->n; i++)
		if(ep_view_eq(list->v[i], item))
			return true;
	return false;
}

static bool name_ok(struct ep_view name)
{
	return name.len > 0 && name.len <= 64 && ep_view_only(name, "-_.");
}

static bool issuer_begin(struct loader *l, struct ep_view name)
{
	struct ep_issuer *issuer = &l->issuers[l->policy->issuers_n];

	for(size_t i = 0; i < l->policy->issuers_n; i++)
		if(ep_view_eq(l->issuers[i].name, name))
			return false;
	issuer->name = name;
	issuer->line = l->line;
	issuer->index = l->policy->issuers_n++;
	ep_config_issuer_defaults(issuer);
	l->record = issuer;
	return true;
}

static bool wwsf_begin(struct loader *l, struct ep_view name)
{
	struct ep_wwsf *wwsf = &l->wwsfs[l->policy->wwsfs_n];

	for(size_t i = 0; i < l->policy->wwsfs_n; i++)
		if(ep_view_eq(l->wwsfs[i].id, name))
			return false;
	wwsf->id = name;
	wwsf->line = l->line;
	l->policy->wwsfs_n++;
	l->record = wwsf;
	return true;
}

static bool map_begin(struct loader *l, struct ep_view name)
{
	struct ep_map *map = &l->maps[l->policy->maps_n];

	for(size_t i = 0; i < l->policy->maps_n; i++)
		if(ep_view_eq(l->maps[i].name, name))
			return false;
	map->name = name;
	map->line = l->line;
	l->policy->maps_n++;
	l->record = map;
	return true;
}

static const struct
{
	const char *prefix; /* of the title */
	enum ep_config_section section;
	bool (*begin)(struct loader *l, struct ep_view name); /* false: repeated */
} named_sections[] = {
		{"issuer:", EP_SECTION_ISSUER, issuer_begin},
		{"wwsf:", EP_SECTION_WWSF, wwsf_begin},
		{"map:", EP_SECTION_MAP, map_begin},
};
#define NAMED_N (sizeof(named_sections) / sizeof(named_sections[0]))

static enum ep_err section_begin(struct loader *l, struct ep_view title)
{
	enum ep_err err = section_end(l);

	if(err != EP_OK)
		return err;
	l->title = title;
	l->seen = 0;
	if(ep_view_eq(title, EP_LIT("global"))) {
		if(l->global_seen)
			return fail_here(l, EP_ESYNTAX, title, "section is repeated");
		l->global_seen = true;
		l->section = EP_SECTION_GLOBAL;
		l->record = l->policy;
		return EP_OK;
	}
	for(size_t i = 0; i < NAMED_N; i++) {
		struct ep_view prefix = ep_view_z(named_sections[i].prefix);

		if(!ep_view_starts(title, prefix))
			continue;
		if(!name_ok(ep_view_from(title, prefix.len)))
			return fail_here(l, EP_ESYNTAX, title,
					"a name is letters, digits, '-', '_' and '.'");
		if(!named_sections[i].begin(l, ep_view_from(title, prefix.len)))
			return fail_here(l, EP_ESYNTAX, title, "section is repeated");
		l->section = named_sections[i].section;
		return EP_OK;
	}
	return fail_here(l, EP_ESYNTAX, title, "unknown section");
}

/* "expected 0..60 seconds" */
static enum ep_err fail_value(
		struct loader *l, enum ep_err err, const struct ep_config_key *key)
{
	char text[120];
	struct ep_buf out;

	if(err == EP_ENOMEM)
		return err;
	ep_buf_init(&out, text, sizeof(text) - 1);
	ep_buf_put_z(&out, key->name);
	ep_buf_put_z(&out, ": expected ");
	ep_buf_put_z(&out, key->expected);
	text[out.len] = '\0';
	return fail_here(l, err, l->title, text);
}

static enum ep_err key_read(
		struct loader *l, struct ep_view name, struct ep_view value)
{
	const struct ep_config_key *key = ep_config_key_find(l->section, name);
	uint64_t bit;
	enum ep_err err;

	if(l->section == EP_SECTION_N)
		return fail_here(l, EP_ESYNTAX, name, "key before the first section");
	if(key == NULL)
		return fail_here(l, EP_ESYNTAX, name, "unknown key in this section");
	bit = UINT64_C(1) << key_number(key);
	if((l->seen & bit) != 0 && !key->repeats)
		return fail_here(l, EP_ESYNTAX, name, "key is repeated");
	l->seen |= bit;
	err = key->set(key, (char *)l->record + key->offset, value, l->arena);
	return err == EP_OK ? EP_OK : fail_value(l, err, key);
}

/* Up to a '#' that is outside quotes and stands behind white space. */
static struct ep_view without_comment(struct ep_view line)
{
	bool quoted = false;

	for(size_t i = 0; i < line.len; i++) {
		if(line.p[i] == '"')
			quoted = !quoted;
		if(line.p[i] == '#' && !quoted
				&& (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return ep_view_trim(ep_view_head(line, i));
	}
	return line;
}

/* Takes the quotes off a quoted value; false: there is half a pair. */
static bool value_unquote(struct ep_view *value)
{
	if(!ep_view_starts(*value, EP_LIT("\"")))
		return true;
	if(value->len < 2 || !ep_view_ends(*value, EP_LIT("\"")))
		return false;
	*value = ep_view_head(ep_view_from(*value, 1), value->len - 2);
	return ep_view_find_chr(*value, '"') == SIZE_MAX;
}

static bool has_controls(struct ep_view line)
{
	for(size_t i = 0; i < line.len; i++)
		if(((unsigned char)line.p[i] < ' ' && line.p[i] != '\t')
				|| line.p[i] == 0x7f)
			return true;
	return false;
}

static enum ep_err line_read(struct loader *l, struct ep_view line)
{
	struct ep_view name;
	struct ep_view value;

	line = without_comment(ep_view_trim(line));
	if(line.len == 0)
		return EP_OK;
	if(has_controls(line))
		return fail_here(l, EP_ESYNTAX, EP_LIT(""), "control character");
	if(line.p[0] == '[') {
		if(!ep_view_ends(line, EP_LIT("]")))
			return fail_here(l, EP_ESYNTAX, EP_LIT(""), "']' is missing");
		line = ep_view_head(ep_view_from(line, 1), line.len - 2);
		return section_begin(l, ep_view_trim(line));
	}
	value = line;
	name = ep_view_trim(ep_view_cut(&value, '='));
	if(value.p == NULL || name.len == 0)
		return fail_here(l, EP_ESYNTAX, EP_LIT(""), "expected key = value");
	value = ep_view_trim(value);
	if(!value_unquote(&value))
		return fail_here(l, EP_ESYNTAX, name, "quotes are not in pairs");
	if(value.len == 0)
		return fail_here(l, EP_ESYNTAX, name, "value is empty");
	return key_read(l, name, value);
}

/* Lines that may begin a section; more than there are does no harm. */
static size_t sections_count(struct ep_view text, const char *prefix)
{
	size_t n = 0;

	while(text.p != NULL) {
		struct ep_view line = ep_view_trim(ep_view_cut(&text, '\n'));

		if(!ep_view_starts(line, EP_LIT("[")))
			continue;
		line = ep_view_trim(ep_view_from(line, 1));
		n += ep_view_starts(line, ep_view_z(prefix));
	}
	return n;
}

static bool loader_init(struct loader *l, struct ep_view text)
{
	l->policy = ep_arena_get(l->arena, sizeof(*l->policy));
	l->issuers = ep_arena_array(
			l->arena, sections_count(text, "issuer:"), sizeof(*l->issuers));
	l->wwsfs = ep_arena_array(
			l->arena, sections_count(text, "wwsf:"), sizeof(*l->wwsfs));
	l->maps = ep_arena_array(
			l->arena, sections_count(text, "map:"), sizeof(*l->maps));
	if(!l->policy || !l->issuers || !l->wwsfs || !l->maps)
		return false;
	ep_config_policy_defaults(l->policy);
	l->policy->issuers = l->issuers;
	l->policy->wwsfs = l->wwsfs;
	l->policy->maps = l->maps;
	return true;
}

enum ep_err ep_token_config_parse(const struct ep_token_policy **out,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error)
{
	struct loader l = {.arena = arena, .error = error, .section = EP_SECTION_N};
	enum ep_err err;

	*error = (struct ep_config_error){0};
	if(text.p == NULL)
		return ep_config_fail(error, 0, EP_ESYNTAX, text, "no text");
	if(text.len > EP_CONFIG_TEXT_MAX)
		return ep_config_fail(
				error, 0, EP_ERANGE, ep_view_none(), "file is too long");
	text = ep_arena_copy(arena, text);
	if(text.p == NULL || !loader_init(&l, text))
		return EP_ENOMEM;
	while(text.p != NULL) {
		l.line++;
		err = line_read(&l, ep_view_cut(&text, '\n'));
		if(err != EP_OK)
			return err;
	}
	err = section_end(&l);
	if(err == EP_OK)
		err = ep_config_check(l.policy, l.issuers, error);
	if(err == EP_OK)
		*out = l.policy;
	return err;
}

void ep_token_config_table(const struct ep_token_policy *policy, size_t i,
		const struct ep_maptable *content)
{
	struct ep_map *maps = (struct ep_map *)(uintptr_t)policy->maps;

	maps[i].content = content;
}
