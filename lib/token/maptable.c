/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/config_keys.h"
#include "token/maptable.h"
#include "token/policy.h"

/* A line taken apart. */
struct row
{
	struct ep_view key; /* escapes left in */
	bool quoted;
	struct ep_map_row value;
};

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* Takes `"..."` off *rest; false: no end, or something else behind it. */
static bool quoted_take(struct ep_view *key, struct ep_view *rest)
{
	size_t end = 1;

	while(end < rest->len && rest->p[end] != '"') {
		if(is_control(rest->p[end]))
			return false;
		if(rest->p[end] == '\\') {
			end++;
			if(end == rest->len
					|| (rest->p[end] != '"' && rest->p[end] != '\\'))
				return false;
		}
		end++;
	}
	if(end >= rest->len)
		return false;
	*key = ep_view_head(ep_view_from(*rest, 1), end - 1);
	*rest = ep_view_trim(ep_view_from(*rest, end + 1));
	if(!ep_view_starts(*rest, EP_LIT(",")))
		return false;
	*rest = ep_view_from(*rest, 1);
	return true;
}

static bool plain_ok(struct ep_view key)
{
	for(size_t i = 0; i < key.len; i++)
		if(key.p[i] <= ' ' || key.p[i] >= 0x7f || key.p[i] == '"'
				|| key.p[i] == '\\')
			return false;
	return true;
}

/* The next octet of a key, escapes resolved; false at its end. */
static bool key_next(char *c, struct ep_view *key, bool quoted)
{
	size_t n = quoted && key->len > 1 && key->p[0] == '\\' ? 2 : 1;

	if(key->len == 0)
		return false;
	*c = key->p[n - 1];
	*key = ep_view_from(*key, n);
	return true;
}

static bool key_eq(const struct row *row, struct ep_view key)
{
	struct ep_view rest = row->key;
	size_t n = 0;
	char c;

	for(; key_next(&c, &rest, row->quoted); n++)
		if(n == key.len || key.p[n] != c)
			return false;
	return n == key.len;
}

/* FNV-1a. The keys that are looked up are strangers', but what stands in the
 * table, and where, is the operator's alone. */
static uint32_t hash_add(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * UINT32_C(16777619);
}

static uint32_t hash_of(struct ep_view key, bool quoted, size_t *len)
{
	uint32_t hash = UINT32_C(2166136261);
	char c;

	*len = 0;
	for(; key_next(&c, &key, quoted); ++*len)
		hash = hash_add(hash, c);
	return hash ^ hash >> 15;
}

/* What is wrong with the key, or NULL. */
static const char *key_take(struct row *row, struct ep_view *rest)
{
	row->quoted = ep_view_starts(*rest, EP_LIT("\""));
	if(row->quoted)
		return quoted_take(&row->key, rest)
					   ? NULL
					   : "quotes, escapes or comma of the key";
	row->key = ep_view_trim(ep_view_cut(rest, ','));
	if(rest->p == NULL)
		return "expected key, IMPI, IMPU";
	return plain_ok(row->key) ? NULL : "a key like this needs quotes";
}

/* The line's parts without a look at the identities' own form. What is wrong
 * with it, or NULL. */
static const char *row_split(struct row *row, struct ep_view line)
{
	struct ep_view rest = line;
	const char *wrong = key_take(row, &rest);

	if(wrong != NULL)
		return wrong;
	if(row->key.len == 0)
		return "key is empty";
	row->value.impi = ep_view_trim(ep_view_cut(&rest, ','));
	if(rest.p == NULL)
		return "expected key, IMPI, IMPU";
	for(row->value.impus_n = 0; rest.p != NULL; row->value.impus_n++) {
		if(row->value.impus_n == EP_CLAIM_LIST_MAX)
			return "too many IMPUs";
		row->value.impus[row->value.impus_n] =
				ep_view_trim(ep_view_cut(&rest, ','));
	}
	return NULL;
}

static const char *identities_wrong(const struct ep_map_row *value)
{
	if(!ep_policy_impi_ok(value->impi))
		return "IMPI is not well-formed";
	for(size_t i = 0; i < value->impus_n; i++)
		if(!ep_policy_impu_ok(value->impus[i]))
			return "IMPU is not well-formed";
	return NULL;
}

/* Trimmed; empty for a comment. */
static struct ep_view line_take(struct ep_view *rest)
{
	struct ep_view line = ep_view_trim(ep_view_cut(rest, '\n'));

	return ep_view_starts(line, EP_LIT("#")) ? ep_view_head(line, 0) : line;
}

static struct row row_at(const struct ep_maptable *table, size_t offset)
{
	struct ep_view rest = ep_view_from(table->text, offset);
	struct row row = {.quoted = false};

	row_split(&row, ep_view_trim(ep_view_cut(&rest, '\n')));
	return row;
}

/* The slot of `key`: its own (*found), or the free one where it would be. At
 * least half of the slots are free. */
static size_t slot_of(const struct ep_maptable *table, struct ep_view key,
		uint32_t hash, struct row *found)
{
	size_t mask = table->slots_n - 1;
	size_t i = hash & mask;

	for(; table->slots[i] != 0; i = (i + 1) & mask) {
		*found = row_at(table, table->slots[i] - 1);
		if(key_eq(found, key))
			break;
	}
	return i;
}

static size_t rows_count(struct ep_view text)
{
	size_t n = 0;

	while(text.p != NULL)
		n += line_take(&text).len > 0;
	return n;
}

static const char *row_add(
		struct ep_maptable *table, uint32_t *slots, struct ep_view line)
{
	char text[EP_MAPTABLE_KEY_MAX];
	struct row row = {.quoted = false};
	const char *wrong = row_split(&row, line);
	struct row other;
	uint32_t hash;
	size_t len, slot, n = 0;
	char c;

	if(wrong == NULL)
		wrong = identities_wrong(&row.value);
	if(wrong != NULL)
		return wrong;
	hash = hash_of(row.key, row.quoted, &len);
	if(len > sizeof(text))
		return "key is too long";
	for(struct ep_view rest = row.key; key_next(&c, &rest, row.quoted);)
		text[n++] = c;
	slot = slot_of(table, ep_view_of(text, n), hash, &other);
	if(slots[slot] != 0)
		return "key is repeated";
	slots[slot] = (uint32_t)(line.p - table->text.p) + 1;
	table->rows_n++;
	return NULL;
}

enum ep_err ep_maptable_parse(const struct ep_maptable **out,
		struct ep_view text, struct ep_arena *arena,
		struct ep_config_error *error)
{
	struct ep_view rest = text;
	struct ep_maptable *table;
	uint32_t *slots;
	unsigned line_n = 0;
	size_t rows_n;

	*error = (struct ep_config_error){0};
	if(text.p == NULL)
		return ep_config_fail(error, 0, EP_ESYNTAX, text, "no text");
	if(text.len > EP_MAPTABLE_TEXT_MAX)
		return ep_config_fail(
				error, 0, EP_ERANGE, ep_view_none(), "table is too long");
	table = ep_arena_get(arena, sizeof(*table));
	if(table == NULL)
		return EP_ENOMEM;
	table->text = text;
	rows_n = rows_count(text);
	for(table->slots_n = 8; table->slots_n < 2 * rows_n;)
		table->slots_n *= 2;
	slots = ep_arena_array(arena, table->slots_n, sizeof(*slots));
	if(slots == NULL)
		return EP_ENOMEM;
	table->slots = slots;
	while(rest.p != NULL) {
		struct ep_view line = line_take(&rest);
		const char *wrong = line.len > 0 ? row_add(table, slots, line) : NULL;

		line_n++;
		if(wrong != NULL)
			return ep_config_fail(
					error, line_n, EP_ESYNTAX, ep_view_none(), wrong);
	}
	*out = table;
	return EP_OK;
}

enum ep_err ep_maptable_find(struct ep_map_row *out,
		const struct ep_maptable *table, struct ep_view key)
{
	struct row found;
	uint32_t hash;
	size_t len;

	if(key.p == NULL)
		return EP_ENOENT;
	hash = hash_of(key, false, &len);
	if(table->slots[slot_of(table, key, hash, &found)] == 0)
		return EP_ENOENT;
	*out = found.value;
	return EP_OK;
}
