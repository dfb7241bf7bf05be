/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/query.h"
#include "ng/walk.h"

/* Most calls have no more sections than that. */
#define FIRST_N 8

/* An answer has hundreds of values, and this wants a few: it walks over them,
 * as they are written, without a tree. */
struct reader
{
	struct ep_ng_query *out;
	struct ep_arena *arena;
	size_t cap;
	uint64_t ports[EP_NG_MEDIAS_MAX]; /* of each media */
};

static uint64_t count_of(struct ep_view raw)
{
	int64_t n = ep_ng_walk_int(raw, 0);

	return n > 0 ? (uint64_t)n : 0;
}

/* 0.0.0.0, ::, or 0:0:0:0:0:0:0:0 */
static bool address_blank(struct ep_view address)
{
	if(!address.len)
		return true;
	for(size_t i = 0; i < address.len; i++)
		if(address.p[i] != '0' && address.p[i] != '.' && address.p[i] != ':')
			return false;
	return true;
}

struct endpoint
{
	struct ep_view address;
	uint64_t port;
};

static struct endpoint endpoint_of(struct ep_view raw)
{
	static const struct ep_view keys[] = {{"address", 7}, {"port", 4}};
	struct ep_view got[2];

	ep_ng_walk_pick(got, keys, 2, raw);
	return (struct endpoint){ep_ng_walk_str(got[0]), count_of(got[1])};
}

static void endpoints_read(
		struct ep_ng_media *m, struct ep_view now_raw, struct ep_view said_raw)
{
	struct endpoint now = endpoint_of(now_raw), said = endpoint_of(said_raw);

	m->blank = address_blank(said.address);
	m->moved = now.port && !address_blank(now.address)
			   && (now.port != said.port
					   || !ep_view_eq(now.address, said.address));
}

/* Which of the words a list has: bit i for words[i]. */
static unsigned words_of(
		struct ep_view list, const struct ep_view *words, unsigned n)
{
	struct ep_ng_walk w;
	struct ep_view raw;
	unsigned bits = 0;

	if(!list.len || list.p[0] != 'l')
		return 0;
	ep_ng_walk_begin(&w, list);
	while((raw = ep_ng_walk_next(&w)).p) {
		struct ep_view word = ep_ng_walk_str(raw);
		for(unsigned i = 0; i < n; i++)
			if(word.len == words[i].len && ep_view_eq(word, words[i]))
				bits |= 1u << i;
	}
	return bits;
}

/* Sections of one side on one port are one transport; a bundle's later ones
 * have neither ICE nor DTLS of their own. */
static unsigned transport_of(
		const struct reader *r, const struct ep_ng_media *m, uint64_t port)
{
	for(size_t i = 0; port && i < r->out->media_n; i++) {
		const struct ep_ng_media *other = r->out->media + i;
		if(ep_view_eq(other->tag, m->tag) && r->ports[i] == port)
			return other->index;
	}
	return m->index;
}

static struct ep_view first_of(struct ep_view list)
{
	struct ep_ng_walk w;

	ep_ng_walk_begin(&w, list);
	return ep_ng_walk_next(&w);
}

static void stream_read(
		struct reader *r, struct ep_ng_media *m, struct ep_view stream)
{
	enum
	{
		PORT,
		NOW,
		SAID,
		FLAGS,
		STATS,
		KEYS_N
	};
	static const struct ep_view keys[KEYS_N] = {{"local port", 10},
			{"endpoint", 8}, {"advertised endpoint", 19}, {"flags", 5},
			{"stats", 5}};
	static const struct ep_view words[] = {
			{"DTLS fingerprint verified", 25}, {"confirmed", 9}};
	static const struct ep_view counts[] = {{"packets", 7}, {"errors", 6}};
	struct ep_view got[KEYS_N], count[2];

	ep_ng_walk_pick(got, keys, KEYS_N, stream);
	ep_ng_walk_pick(count, counts, 2, got[STATS]);
	unsigned has = words_of(got[FLAGS], words, 2);
	uint64_t port = count_of(got[PORT]);
	m->transport = transport_of(r, m, port);
	m->verified = has & 1;
	m->confirmed = has & 2;
	m->packets = count_of(count[0]);
	m->errors = count_of(count[1]);
	endpoints_read(m, got[NOW], got[SAID]);
	r->ports[r->out->media_n] = port;
}

/* False: no memory. */
static bool room_make(struct reader *r)
{
	struct ep_ng_query *q = r->out;

	if(q->media_n < r->cap)
		return true;
	size_t cap = r->cap ? EP_NG_MEDIAS_MAX : FIRST_N;
	struct ep_ng_media *media = ep_arena_array(r->arena, cap, sizeof *media);
	if(!media)
		return false;
	if(q->media_n)
		memcpy(media, q->media, q->media_n * sizeof *media);
	q->media = media;
	r->cap = cap;
	return true;
}

static enum ep_err media_read(struct reader *r, struct ep_view tag,
		struct ep_view raw, unsigned place)
{
	enum
	{
		INDEX,
		FLAGS,
		STREAMS,
		KEYS_N
	};
	static const struct ep_view keys[KEYS_N] = {
			{"index", 5}, {"flags", 5}, {"streams", 7}};
	static const struct ep_view words[] = {
			{"initialized", 11}, {"recv", 4}, {"DTLS-SRTP", 9}, {"ICE", 3}};
	struct ep_view got[KEYS_N];

	if(r->out->media_n == EP_NG_MEDIAS_MAX)
		return EP_OK;
	ep_ng_walk_pick(got, keys, KEYS_N, raw);
	unsigned has = words_of(got[FLAGS], words, 4);
	/* The first stream is RTP (and RTCP with it, where they are one). */
	struct ep_view stream = first_of(got[STREAMS]);
	if(!stream.p || !(has & 1))
		return EP_OK;
	if(!room_make(r))
		return EP_ENOMEM;
	struct ep_ng_media *m = r->out->media + r->out->media_n;
	m->tag = tag;
	int64_t index = ep_ng_walk_int(got[INDEX], 0);
	m->index = index > 0 && index <= EP_NG_MEDIAS_MAX ? (unsigned)index : place;
	m->recv = has & 2;
	m->dtls = has & 4;
	m->ice = has & 8;
	stream_read(r, m, stream);
	r->out->media_n++;
	return EP_OK;
}

static enum ep_err tag_read(
		struct reader *r, struct ep_view tag, struct ep_view raw)
{
	static const struct ep_view key = {"medias", 6};
	struct ep_view medias, media;
	struct ep_ng_walk w;
	unsigned place = 0;

	ep_ng_walk_pick(&medias, &key, 1, raw);
	ep_ng_walk_begin(&w, medias);
	while((media = ep_ng_walk_next(&w)).p) {
		enum ep_err err = media_read(r, tag, media, ++place);
		if(err)
			return err;
	}
	return EP_OK;
}

enum ep_err ep_ng_query_decode(struct ep_ng_query *out,
		const struct ep_ng_val *answer, struct ep_arena *arena)
{
	const struct ep_ng_val *tags = ep_ng_get(answer, EP_LIT("tags"));
	struct reader r = {.out = out, .arena = arena};
	struct ep_view tag, value;
	struct ep_ng_walk w;

	*out = (struct ep_ng_query){
			.created_s = ep_ng_get_int(answer, EP_LIT("created"), 0),
			.last_signal_s = ep_ng_get_int(answer, EP_LIT("last signal"), 0)};
	if(!tags || tags->type != EP_NG_DICT)
		return EP_ENOENT;
	ep_ng_walk_begin(&w, tags->raw);
	while((tag = ep_ng_walk_next(&w)).p && (value = ep_ng_walk_next(&w)).p) {
		struct ep_view name = ep_ng_walk_str(tag);
		enum ep_err err = name.p ? tag_read(&r, name, value) : EP_OK;
		if(err)
			return err;
	}
	return EP_OK;
}
