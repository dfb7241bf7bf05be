/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/seal.h"

#define MAGIC "EPSEAL1"
/* base64url of 32 octets */
#define MAC_TEXT 43
#define NUMBER_MAX ((uint64_t)1 << 53)

const char *ep_seal_err_text(enum ep_seal_err err)
{
	static const char *const texts[EP_SEAL_ERR_N] = {"ok", "malformed",
			"forged", "our own name", "too old", "replayed", "too many nodes",
			"crypto library failure"};

	return (unsigned)err < EP_SEAL_ERR_N ? texts[err] : "?";
}

bool ep_seal_node_ok(struct ep_view node)
{
	return node.len > 0 && node.len <= EP_SEAL_NODE_MAX
		   && ep_view_only(node, "._-");
}

enum ep_err ep_seal_keys_parse(struct ep_seal_keys *out, struct ep_view text)
{
	struct ep_view rest = text, line;

	*out = (struct ep_seal_keys){.key = ep_view_none()};
	while(rest.p != NULL) {
		line = ep_view_trim(ep_view_cut(&rest, '\n'));
		if(line.len == 0 || line.p[0] == '#')
			continue;
		if(memchr(line.p, '\0', line.len) != NULL)
			return EP_ESYNTAX;
		if(line.len < EP_SEAL_KEY_MIN || out->previous.p != NULL)
			return EP_ERANGE;
		if(out->key.p == NULL)
			out->key = line;
		else
			out->previous = line;
	}
	return out->key.p != NULL ? EP_OK : EP_ERANGE;
}

static enum ep_err mac_of(struct ep_buf *out, struct ep_view key,
		struct ep_view purpose, struct ep_view head, struct ep_view payload)
{
	/* No octet of a head is LF, so that the parts cannot run together. */
	const struct ep_view parts[] = {
			purpose, EP_LIT("\n"), head, EP_LIT("\n"), payload};
	unsigned char mac[EP_SHA256_LEN];
	enum ep_err err = ep_hmac_sha256(mac, key, parts, 5);

	if(err == EP_OK)
		ep_buf_put_b64url(out, ep_view_of((const char *)mac, sizeof(mac)));
	return err;
}

enum ep_err ep_seal_print(struct ep_buf *out, const struct ep_seal *s,
		struct ep_view purpose, const struct ep_seal_keys *keys)
{
	size_t from = out->len;
	enum ep_err err;
	struct ep_view head;

	if(!ep_seal_node_ok(s->node) || s->epoch_ms > NUMBER_MAX
			|| s->number > NUMBER_MAX || s->at_s > NUMBER_MAX)
		return EP_ERANGE;
	ep_buf_put_z(out, MAGIC " ");
	ep_buf_put(out, s->node);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_u64(out, s->epoch_ms);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_u64(out, s->number);
	ep_buf_put_chr(out, ' ');
	ep_buf_put_u64(out, s->at_s);
	if(out->overflow)
		return EP_ENOSPC;
	head = ep_view_of(out->p + from, out->len - from);
	ep_buf_put_chr(out, ' ');
	err = mac_of(out, keys->key, purpose, head, s->payload);
	if(err != EP_OK)
		return err;
	ep_buf_put_chr(out, '\n');
	ep_buf_put(out, s->payload);
	return out->overflow ? EP_ENOSPC : EP_OK;
}

static bool number_get(uint64_t *out, struct ep_view v)
{
	return ep_view_u64(out, v, NUMBER_MAX) && (v.len == 1 || v.p[0] != '0');
}

static enum ep_seal_err mac_check(struct ep_view mac, struct ep_view key,
		struct ep_view purpose, struct ep_view head, struct ep_view payload)
{
	char text[MAC_TEXT];
	struct ep_buf b;

	if(key.p == NULL)
		return EP_SEAL_FORGED;
	ep_buf_init(&b, text, sizeof(text));
	if(mac_of(&b, key, purpose, head, payload) != EP_OK)
		return EP_SEAL_CRYPTO;
	return ep_memeq_const(ep_buf_view(&b), mac) ? EP_SEAL_OK : EP_SEAL_FORGED;
}

enum ep_seal_err ep_seal_open(struct ep_seal *out, struct ep_view text,
		struct ep_view purpose, const struct ep_seal_keys *keys)
{
	struct ep_view rest = text, line, head, f[6];
	enum ep_seal_err err;
	size_t i;

	*out = (struct ep_seal){.number = 0};
	if(text.p == NULL)
		return EP_SEAL_MALFORMED;
	line = ep_view_cut(&rest, '\n');
	if(rest.p == NULL)
		return EP_SEAL_MALFORMED;
	out->payload = rest;
	rest = line;
	for(i = 0; i < 6; i++)
		f[i] = ep_view_cut(&rest, ' ');
	if(rest.p != NULL || f[5].p == NULL || f[5].len != MAC_TEXT
			|| !ep_view_eq(f[0], EP_LIT(MAGIC)) || !ep_seal_node_ok(f[1])
			|| !number_get(&out->epoch_ms, f[2])
			|| !number_get(&out->number, f[3]) || !number_get(&out->at_s, f[4]))
		return EP_SEAL_MALFORMED;
	out->node = f[1];
	head = ep_view_head(line, line.len - MAC_TEXT - 1);
	err = mac_check(f[5], keys->key, purpose, head, out->payload);
	if(err == EP_SEAL_FORGED)
		err = mac_check(f[5], keys->previous, purpose, head, out->payload);
	return err;
}

/* --- what was there already --- */

static struct ep_seal_peer *peer_find(
		struct ep_seal_peer *peers, size_t n, struct ep_view node)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(ep_view_eq(ep_view_of(peers[i].node, peers[i].node_len), node))
			return &peers[i];
	return NULL;
}

/* Makes `number` the top: the bits move up. */
static void window_raise(struct ep_seal_peer *p, uint64_t number)
{
	uint64_t by = number - p->top, words = by / 64;
	unsigned bits = (unsigned)(by % 64);
	size_t i, n = EP_SEAL_WINDOW / 64;

	for(i = n; i-- > 0;) {
		uint64_t v = 0;

		if(i >= words)
			v = p->seen[i - words] << bits;
		if(bits != 0 && i >= words + 1)
			v |= p->seen[i - words - 1] >> (64 - bits);
		p->seen[i] = v;
	}
	p->top = number;
}

static enum ep_seal_err window_take(struct ep_seal_peer *p, uint64_t number)
{
	uint64_t below, bit;

	if(number > p->top)
		window_raise(p, number);
	below = p->top - number;
	if(below >= EP_SEAL_WINDOW)
		return EP_SEAL_REPLAYED;
	bit = (uint64_t)1 << below % 64;
	if(p->seen[below / 64] & bit)
		return EP_SEAL_REPLAYED;
	p->seen[below / 64] |= bit;
	return EP_SEAL_OK;
}

enum ep_seal_err ep_seal_accept(struct ep_seal_peer *peers, size_t *n,
		size_t max, const struct ep_seal *s, struct ep_view own, uint64_t now_s,
		uint64_t skew_s)
{
	struct ep_seal_peer *p;

	if(ep_view_eq(s->node, own))
		return EP_SEAL_OWN;
	if(s->at_s > now_s ? s->at_s - now_s > skew_s : now_s - s->at_s > skew_s)
		return EP_SEAL_STALE;
	p = peer_find(peers, *n, s->node);
	if(p == NULL) {
		if(*n >= max || s->node.len > EP_SEAL_NODE_MAX)
			return EP_SEAL_FULL;
		p = &peers[(*n)++];
		*p = (struct ep_seal_peer){.node_len = s->node.len};
		memcpy(p->node, s->node.p, s->node.len);
	}
	if(s->epoch_ms < p->epoch_ms)
		return EP_SEAL_REPLAYED;
	if(s->epoch_ms > p->epoch_ms) {
		p->epoch_ms = s->epoch_ms;
		p->top = 0;
		memset(p->seen, 0, sizeof(p->seen));
	}
	return window_take(p, s->number);
}
