/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Bencode, the notation of rtpengine's ng protocol: byte strings, integers,
 * lists and dictionaries.
 *
 * Reading makes a tree whose strings point into the text. Writing is a
 * sequence of puts into an ep_buf: what is opened must be closed.
 */
#ifndef EP_NG_BENCODE_H
#define EP_NG_BENCODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define EP_NG_DEPTH_MAX 16
#define EP_NG_VALUES_MAX 65536
/* Each key is compared with all before it: this bounds the work. */
#define EP_NG_KEYS_MAX 512

enum ep_ng_type
{
	EP_NG_STR,
	EP_NG_INT,
	EP_NG_LIST,
	EP_NG_DICT
};

struct ep_ng_val
{
	enum ep_ng_type type;
	struct ep_view str; /* STR; else absent */
	union
	{
		int64_t num; /* INT */
		/* LIST: members; DICT: key, value, key, value */
		struct ep_ng_val *first;
	};
	struct ep_ng_val *next; /* the next member of what this is in */
	struct ep_view raw;     /* the value as it was written */
};

/* The whole of `text` is one value. EP_ESYNTAX (also: a key that is no
 * string, a key twice, a leading zero, a minus zero), EP_ERANGE (a limit
 * above, an integer over 63 bits), EP_ENOMEM. */
enum ep_err ep_ng_decode(
		struct ep_ng_val **out, struct ep_view text, struct ep_arena *arena);

/* The same of which only the top is wanted: lists and dictionaries inside it
 * have no members, only `raw` (walk.h), and count as read when their brackets
 * and lengths fit. */
enum ep_err ep_ng_decode_top(
		struct ep_ng_val **out, struct ep_view text, struct ep_arena *arena);

/* The value of a key; NULL without it, and when `dict` is NULL or none. */
const struct ep_ng_val *ep_ng_get(
		const struct ep_ng_val *dict, struct ep_view key);
/* The string of a key; absent without it or when it is something else. */
struct ep_view ep_ng_get_str(const struct ep_ng_val *dict, struct ep_view key);
/* The integer of a key, or `otherwise`. A string of digits counts as one:
 * Kamailio's module writes those. */
int64_t ep_ng_get_int(
		const struct ep_ng_val *dict, struct ep_view key, int64_t otherwise);
/* Is this string a member of the list? False when `list` is none. */
bool ep_ng_list_has(const struct ep_ng_val *list, struct ep_view str);

/* Loop: for(v = ep_ng_first(list); v; v = v->next). Of a dictionary the first
 * key; its value is key->next, the next key key->next->next. NULL of anything
 * else. */
const struct ep_ng_val *ep_ng_first(const struct ep_ng_val *v);

void ep_ng_put_str(struct ep_buf *out, struct ep_view str);
void ep_ng_put_int(struct ep_buf *out, int64_t num);
/* A value that was read, as it was written. */
void ep_ng_put_val(struct ep_buf *out, const struct ep_ng_val *v);
void ep_ng_dict_open(struct ep_buf *out);
void ep_ng_list_open(struct ep_buf *out);
void ep_ng_close(struct ep_buf *out);
/* Key and value. An absent `str` puts nothing. */
void ep_ng_put_key(struct ep_buf *out, const char *key);
void ep_ng_put_pair(struct ep_buf *out, const char *key, struct ep_view str);
void ep_ng_put_pair_int(struct ep_buf *out, const char *key, int64_t num);

#endif
