/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/bencode.h"
#include "ng/walk.h"

#define SLAB_N 8

struct reader
{
	const char *p, *end; /* what is left */
	size_t left;         /* values that may still come */
	struct ep_arena *arena;
	bool top; /* is all that is wanted */
	/* Values are got several at once: an answer to `query` has hundreds. */
	struct ep_ng_val *slab;
	unsigned slab_n;
};

static enum ep_err value_read(
		struct ep_ng_val **out, struct reader *r, unsigned depth);

/* The digits up to `end`, which is passed over. */
static bool digits_read(struct ep_view *out, struct reader *r, char end)
{
	const char *p = r->p;

	while(p < r->end && *p >= '0' && *p <= '9')
		p++;
	*out = ep_view_of(r->p, (size_t)(p - r->p));
	if(p == r->end || *p != end)
		return false;
	r->p = p + 1;
	return out->len == 1 || (out->len && out->p[0] != '0');
}

static enum ep_err str_read(struct ep_ng_val *v, struct reader *r)
{
	struct ep_view digits;
	uint64_t n;

	if(!digits_read(&digits, r, ':'))
		return EP_ESYNTAX;
	if(digits.len == 1)
		n = (uint64_t)(digits.p[0] - '0');
	else if(!ep_view_u64(&n, digits, SIZE_MAX))
		return EP_ESYNTAX;
	if(n > (size_t)(r->end - r->p))
		return EP_ESYNTAX;
	v->type = EP_NG_STR;
	v->str = ep_view_of(r->p, (size_t)n);
	r->p += n;
	return EP_OK;
}

static enum ep_err int_read(struct ep_ng_val *v, struct reader *r)
{
	struct ep_view digits;
	uint64_t n;

	r->p++;
	bool minus = r->p < r->end && *r->p == '-';
	r->p += minus;
	if(!digits_read(&digits, r, 'e'))
		return EP_ESYNTAX;
	if(minus && digits.p[0] == '0')
		return EP_ESYNTAX;
	if(!ep_view_u64(&n, digits, INT64_MAX))
		return EP_ERANGE;
	v->type = EP_NG_INT;
	v->num = minus ? -(int64_t)n : (int64_t)n;
	return EP_OK;
}

/* Keys that differ here differ; most that differ do. */
static uint64_t key_bit(struct ep_view key)
{
	size_t n = key.len;

	return n ? 1ull << ((n * 5 + (unsigned char)key.p[0] * 3
								+ (unsigned char)key.p[n - 1])
						& 63)
			 : 1;
}

/* A key that a dictionary has twice means two things. `seen`: the bits of
 * those before. */
static bool key_twice(const struct ep_ng_val *dict, const struct ep_ng_val *key,
		uint64_t *seen)
{
	uint64_t bit = key_bit(key->str);
	bool again = *seen & bit;

	*seen |= bit;
	for(const struct ep_ng_val *k = dict->first; again && k != key;
			k = k->next->next)
		if(ep_view_eq(k->str, key->str))
			return true;
	return false;
}

static enum ep_err members_read(
		struct ep_ng_val *v, struct reader *r, unsigned depth)
{
	struct ep_ng_val **last = &v->first;
	struct ep_ng_val *key = NULL;
	uint64_t seen = 0;
	unsigned keys_n = 0;

	if(depth == EP_NG_DEPTH_MAX)
		return EP_ERANGE;
	r->p++;
	while(r->p < r->end && *r->p != 'e') {
		enum ep_err err = value_read(last, r, depth + 1);
		if(err)
			return err;
		if(v->type == EP_NG_DICT && !key) {
			key = *last;
			if(keys_n++ == EP_NG_KEYS_MAX)
				return EP_ERANGE;
			if(key->type != EP_NG_STR || key_twice(v, key, &seen))
				return EP_ESYNTAX;
		} else {
			key = NULL;
		}
		last = &(*last)->next;
	}
	if(r->p == r->end || key)
		return EP_ESYNTAX;
	r->p++;
	return EP_OK;
}

static enum ep_err members_skip(struct reader *r)
{
	struct ep_view raw =
			ep_ng_walk_value(ep_view_of(r->p, (size_t)(r->end - r->p)));

	if(!raw.p)
		return EP_ESYNTAX;
	r->p += raw.len;
	return EP_OK;
}

/* Zeroed. A last one alone where there is no room for several. */
static struct ep_ng_val *value_get(struct reader *r)
{
	if(!r->slab_n) {
		r->slab = ep_arena_array(r->arena, SLAB_N, sizeof *r->slab);
		r->slab_n = r->slab ? SLAB_N : 1;
	}
	if(!r->slab)
		r->slab = ep_arena_get(r->arena, sizeof *r->slab);
	if(!r->slab)
		return NULL;
	r->slab_n--;
	return r->slab++;
}

static enum ep_err value_read(
		struct ep_ng_val **out, struct reader *r, unsigned depth)
{
	const char *from = r->p;
	enum ep_err err;

	if(from == r->end)
		return EP_ESYNTAX;
	if(!r->left--)
		return EP_ERANGE;
	struct ep_ng_val *v = value_get(r);
	if(!v)
		return EP_ENOMEM;
	switch(*from) {
		case 'i':
			err = int_read(v, r);
			break;
		case 'l':
		case 'd':
			v->type = *from == 'l' ? EP_NG_LIST : EP_NG_DICT;
			err = r->top && depth ? members_skip(r) : members_read(v, r, depth);
			break;
		default:
			err = str_read(v, r);
	}
	v->raw = ep_view_of(from, (size_t)(r->p - from));
	*out = v;
	return err;
}

static enum ep_err text_read(struct ep_ng_val **out, struct ep_view text,
		struct ep_arena *arena, bool top)
{
	struct reader r = {.left = EP_NG_VALUES_MAX, .arena = arena, .top = top};

	if(!text.len)
		return EP_ESYNTAX;
	r.p = text.p;
	r.end = text.p + text.len;
	enum ep_err err = value_read(out, &r, 0);
	if(!err && r.p != r.end)
		return EP_ESYNTAX;
	return err;
}

enum ep_err ep_ng_decode(
		struct ep_ng_val **out, struct ep_view text, struct ep_arena *arena)
{
	return text_read(out, text, arena, false);
}

enum ep_err ep_ng_decode_top(
		struct ep_ng_val **out, struct ep_view text, struct ep_arena *arena)
{
	return text_read(out, text, arena, true);
}

const struct ep_ng_val *ep_ng_first(const struct ep_ng_val *v)
{
	return v && (v->type == EP_NG_LIST || v->type == EP_NG_DICT) ? v->first
																 : NULL;
}

const struct ep_ng_val *ep_ng_get(
		const struct ep_ng_val *dict, struct ep_view key)
{
	if(!dict || dict->type != EP_NG_DICT)
		return NULL;
	for(const struct ep_ng_val *k = dict->first; k; k = k->next->next)
		if(k->str.len == key.len && ep_view_eq(k->str, key))
			return k->next;
	return NULL;
}

struct ep_view ep_ng_get_str(const struct ep_ng_val *dict, struct ep_view key)
{
	const struct ep_ng_val *v = ep_ng_get(dict, key);

	return v && v->type == EP_NG_STR ? v->str : ep_view_none();
}

int64_t ep_ng_get_int(
		const struct ep_ng_val *dict, struct ep_view key, int64_t otherwise)
{
	const struct ep_ng_val *v = ep_ng_get(dict, key);
	uint64_t n;

	if(v && v->type == EP_NG_INT)
		return v->num;
	if(v && v->type == EP_NG_STR && ep_view_u64(&n, v->str, INT64_MAX))
		return (int64_t)n;
	return otherwise;
}

bool ep_ng_list_has(const struct ep_ng_val *list, struct ep_view str)
{
	if(!list || list->type != EP_NG_LIST)
		return false;
	for(const struct ep_ng_val *v = list->first; v; v = v->next)
		if(v->str.len == str.len && v->type == EP_NG_STR
				&& ep_view_eq(v->str, str))
			return true;
	return false;
}

void ep_ng_put_str(struct ep_buf *out, struct ep_view str)
{
	ep_buf_put_u64(out, str.len);
	ep_buf_put_chr(out, ':');
	ep_buf_put(out, str);
}

void ep_ng_put_int(struct ep_buf *out, int64_t num)
{
	ep_buf_put_chr(out, 'i');
	if(num < 0)
		ep_buf_put_chr(out, '-');
	ep_buf_put_u64(out, num < 0 ? -(uint64_t)num : (uint64_t)num);
	ep_buf_put_chr(out, 'e');
}

void ep_ng_put_val(struct ep_buf *out, const struct ep_ng_val *v)
{
	ep_buf_put(out, v->raw);
}

void ep_ng_dict_open(struct ep_buf *out)
{
	ep_buf_put_chr(out, 'd');
}

void ep_ng_list_open(struct ep_buf *out)
{
	ep_buf_put_chr(out, 'l');
}

void ep_ng_close(struct ep_buf *out)
{
	ep_buf_put_chr(out, 'e');
}

void ep_ng_put_key(struct ep_buf *out, const char *key)
{
	ep_ng_put_str(out, ep_view_z(key));
}

void ep_ng_put_pair(struct ep_buf *out, const char *key, struct ep_view str)
{
	if(!str.p)
		return;
	ep_ng_put_key(out, key);
	ep_ng_put_str(out, str);
}

void ep_ng_put_pair_int(struct ep_buf *out, const char *key, int64_t num)
{
	ep_ng_put_key(out, key);
	ep_ng_put_int(out, num);
}
