/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/query.h"

struct reader
{
	struct ep_ng_query *out;
	size_t cap;
	const struct ep_ng_val *streams[EP_NG_MEDIAS_MAX]; /* of each media */
};

static uint64_t count_of(const struct ep_ng_val *dict, const char *key)
{
	int64_t n = ep_ng_get_int(dict, ep_view_z(key), 0);

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

static void endpoints_read(
		struct ep_ng_media *m, const struct ep_ng_val *stream)
{
	const struct ep_ng_val *now = ep_ng_get(stream, EP_LIT("endpoint"));
	const struct ep_ng_val *said =
			ep_ng_get(stream, EP_LIT("advertised endpoint"));
	struct ep_view address = ep_ng_get_str(now, EP_LIT("address"));
	uint64_t port = count_of(now, "port");

	m->blank = address_blank(ep_ng_get_str(said, EP_LIT("address")));
	m->moved = port && !address_blank(address)
			   && (port != count_of(said, "port")
					   || !ep_view_eq(address,
							   ep_ng_get_str(said, EP_LIT("address"))));
}

/* Sections of one side on one port are one transport; a bundle's later ones
 * have neither ICE nor DTLS of their own. */
static unsigned transport_of(
		const struct reader *r, const struct ep_ng_media *m, uint64_t port)
{
	for(size_t i = 0; port && i < r->out->media_n; i++) {
		const struct ep_ng_media *other = r->out->media + i;
		if(ep_view_eq(other->tag, m->tag)
				&& count_of(r->streams[i], "local port") == port)
			return other->index;
	}
	return m->index;
}

static void media_read(struct reader *r, struct ep_view tag,
		const struct ep_ng_val *media, unsigned place)
{
	const struct ep_ng_val *flags = ep_ng_get(media, EP_LIT("flags"));
	/* The first stream is RTP (and RTCP with it, where they are one). */
	const struct ep_ng_val *stream =
			ep_ng_first(ep_ng_get(media, EP_LIT("streams")));
	const struct ep_ng_val *stats, *has;
	struct ep_ng_media *m = r->out->media + r->out->media_n;

	if(r->out->media_n == r->cap || !stream
			|| !ep_ng_list_has(flags, EP_LIT("initialized")))
		return;
	has = ep_ng_get(stream, EP_LIT("flags"));
	stats = ep_ng_get(stream, EP_LIT("stats"));
	m->tag = tag;
	int64_t index = ep_ng_get_int(media, EP_LIT("index"), 0);
	m->index = index > 0 && index <= EP_NG_MEDIAS_MAX ? (unsigned)index : place;
	m->transport = transport_of(r, m, count_of(stream, "local port"));
	m->recv = ep_ng_list_has(flags, EP_LIT("recv"));
	m->dtls = ep_ng_list_has(flags, EP_LIT("DTLS-SRTP"));
	m->ice = ep_ng_list_has(flags, EP_LIT("ICE"));
	m->verified = ep_ng_list_has(has, EP_LIT("DTLS fingerprint verified"));
	m->confirmed = ep_ng_list_has(has, EP_LIT("confirmed"));
	m->packets = count_of(stats, "packets");
	m->errors = count_of(stats, "errors");
	endpoints_read(m, stream);
	r->streams[r->out->media_n++] = stream;
}

static const struct ep_ng_val *medias_of(const struct ep_ng_val *tag)
{
	return ep_ng_first(ep_ng_get(tag, EP_LIT("medias")));
}

enum ep_err ep_ng_query_decode(struct ep_ng_query *out,
		const struct ep_ng_val *answer, struct ep_arena *arena)
{
	const struct ep_ng_val *tags = ep_ng_get(answer, EP_LIT("tags"));
	const struct ep_ng_val *t, *m;
	struct reader r = {.out = out};

	*out = (struct ep_ng_query){
			.created_s = ep_ng_get_int(answer, EP_LIT("created"), 0),
			.last_signal_s = ep_ng_get_int(answer, EP_LIT("last signal"), 0)};
	if(!tags || tags->type != EP_NG_DICT)
		return EP_ENOENT;
	for(t = ep_ng_first(tags); t; t = t->next->next)
		for(m = medias_of(t->next); m; m = m->next)
			r.cap += r.cap < EP_NG_MEDIAS_MAX;
	if(!r.cap)
		return EP_OK;
	out->media = ep_arena_array(arena, r.cap, sizeof *out->media);
	if(!out->media)
		return EP_ENOMEM;
	for(t = ep_ng_first(tags); t; t = t->next->next) {
		unsigned place = 0;
		for(m = medias_of(t->next); m; m = m->next)
			media_read(&r, t->str, m, ++place);
	}
	return EP_OK;
}
