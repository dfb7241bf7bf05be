/* ep_maptable_parse, ep_maptable_find; and ep_policy_destination_print for the
 * first line. SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "base/sipuri.h"
#include "token/maptable.h"
#include "token/policy.h"

/* The key of a line that was taken, as a reader of the format would see it;
 * false: a comment, or empty. */
static bool key_of(char *out, size_t *n, struct ep_view line)
{
	*n = 0;
	line = ep_view_trim(line);
	if(line.len == 0 || line.p[0] == '#')
		return false;
	if(line.p[0] != '"') {
		struct ep_view key = ep_view_trim(ep_view_cut(&line, ','));

		memcpy(out, key.p, key.len);
		*n = key.len;
		return true;
	}
	for(size_t i = 1; line.p[i] != '"'; i++) {
		i += line.p[i] == '\\';
		out[(*n)++] = line.p[i];
	}
	return true;
}

static void row_check(const struct ep_map_row *row)
{
	need(ep_policy_impi_ok(row->impi));
	need(row->impus_n > 0 && row->impus_n <= EP_CLAIM_LIST_MAX);
	for(size_t i = 0; i < row->impus_n; i++)
		need(ep_policy_impu_ok(row->impus[i]));
}

/* Every line that is a row is found by its key, and by no prefix of it that
 * is not a row itself. */
static void rows_check(const struct ep_maptable *table, struct ep_view text)
{
	char *key = malloc(text.len + 1);
	struct ep_map_row row;
	size_t rows = 0, n;

	need(key != NULL);
	while(text.p != NULL) {
		struct ep_view line = ep_view_cut(&text, '\n');

		if(!key_of(key, &n, line))
			continue;
		rows++;
		need(ep_maptable_find(&row, table, ep_view_of(key, n)) == EP_OK);
		row_check(&row);
		/* what was found is this line's */
		need(row.impi.p >= table->text.p);
		key[n] = '\n';
		need(ep_maptable_find(&row, table, ep_view_of(key, n + 1))
				== EP_ENOENT);
	}
	need(rows == table->rows_n);
	free(key);
}

/* Its canonical form is a fixed point, and matches itself. */
static void destination_check(struct ep_view target)
{
	static const struct ep_view impi = {"*@home1.net", 11};
	struct ep_wwsf wwsf = {.impi = {&impi, 1}, .impu = {&impi, 1}};
	char text[512], again_text[512]; /* as ep_policy_destination_ok() has */
	struct ep_buf out, again;
	struct ep_view canonical;

	ep_buf_init(&out, text, sizeof(text));
	if(ep_policy_destination_print(&out, &wwsf, target) != EP_OK)
		return;
	canonical = ep_buf_view(&out);
	ep_buf_init(&again, again_text, sizeof(again_text));
	need(ep_policy_destination_print(&again, &wwsf, canonical) == EP_OK);
	need(ep_view_eq(canonical, ep_buf_view(&again)));
	wwsf.destination.v = &canonical;
	wwsf.destination.n = 1;
	need(ep_policy_destination_ok(&wwsf, target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_view text = ep_view_of((const char *)data, size), rest = text;
	const struct ep_maptable *table = NULL;
	struct ep_config_error error;
	struct ep_arena arena;
	enum ep_err err;

	ep_arena_init(&arena, NULL, 0, &heap, 1 << 26);
	err = ep_maptable_parse(&table, text, &arena, &error);
	need(err != EP_ENOMEM && (table != NULL) == (err == EP_OK));
	if(err == EP_OK)
		rows_check(table, text);
	else
		need(error.text[0] != '\0' && error.line > 0);
	ep_arena_fini(&arena);
	destination_check(ep_view_cut(&rest, '\n'));
	return 0;
}
