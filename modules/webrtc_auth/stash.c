/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/config.h"

#include "token/mask.h"
#include "webrtc_auth/stash.h"

/* Two would be one too many already (more than one Bearer is refused). */
#define VALUES_MAX 8

struct kept
{
	size_t at; /* in `text` */
	size_t len;
	size_t keep; /* octets that were not masked */
};

/* The websocket module takes no message of BUF_SIZE octets or more: all of
 * its values have room. */
static struct
{
	const char *buf; /* the message; NULL: nothing is kept */
	int conid;
	struct kept v[VALUES_MAX];
	size_t n;
	size_t used;
	char text[BUF_SIZE];
} stash;

void ep_stash_clear(void)
{
	if(stash.buf == NULL)
		return;
	explicit_bzero(stash.text, stash.used);
	stash.buf = NULL;
	stash.n = stash.used = 0;
}

/* One that finds no room stays masked: credentials nobody can read. */
static void keep(const char *value, const struct ep_mask_span *span)
{
	if(stash.n == VALUES_MAX || span->len > sizeof(stash.text) - stash.used)
		return;
	memcpy(stash.text + stash.used, value, span->len);
	stash.v[stash.n++] = (struct kept){stash.used, span->len, span->keep};
	stash.used += span->len;
}

void ep_stash_take(char *buf, size_t len, const struct receive_info *rcv)
{
	struct ep_mask_span span;
	struct ep_mask_walk walk;

	ep_stash_clear();
	stash.buf = buf;
	stash.conid = rcv->proto_reserved1;
	ep_mask_walk_init(&walk, ep_view_of(buf, len));
	while(ep_mask_walk_next(&span, &walk)) {
		if(span.kind == EP_MASK_CREDENTIALS)
			keep(buf + span.at, &span);
		ep_mask_write(buf, &span);
	}
}

void ep_stash_mask_upgrade(char *buf, size_t len)
{
	struct ep_mask_span span;
	struct ep_mask_walk walk;

	if(!ep_mask_is_upgrade(ep_view_of(buf, len)))
		return;
	ep_mask_walk_init(&walk, ep_view_of(buf, len));
	while(ep_mask_walk_next(&span, &walk))
		ep_mask_write(buf, &span);
}

static bool is_within(const sip_msg_t *msg, struct ep_view value)
{
	return value.p >= msg->buf && value.p + value.len <= msg->buf + msg->len;
}

struct ep_view ep_stash_value(const sip_msg_t *msg, struct ep_view value)
{
	struct ep_view was;
	size_t i;

	if(stash.buf == NULL || value.p == NULL || msg->buf != stash.buf
			|| msg->rcv.proto_reserved1 != stash.conid
			|| !is_within(msg, value))
		return value;
	for(i = 0; i < stash.n; i++) {
		was = ep_view_of(stash.text + stash.v[i].at, stash.v[i].len);
		if(ep_mask_is_of(value, was, stash.v[i].keep))
			return was;
	}
	return value;
}
