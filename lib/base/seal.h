/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Signed, numbered payloads between the nodes of one operator, for transports
 * that authenticate nobody (KDMQ of Kamailio's dmq).
 *
 * Text of a sealed payload:
 *   EPSEAL1 <node> <epoch> <number> <seconds> <MAC>LF<payload>
 * epoch: when the sender started, in ms since 1970; number: 1, 2, ... from
 * then on; seconds: when it was sealed; MAC: base64url of HMAC-SHA-256 over
 * what it is for, all before " <MAC>", and the payload.
 *
 * A receiver takes each number of an epoch once, none of an epoch before the
 * latest, and none that is too old: what was recorded before its own restart
 * does not count for long.
 */
#ifndef EP_BASE_SEAL_H
#define EP_BASE_SEAL_H

#include "base/buf.h"
#include "base/crypto.h"

#define EP_SEAL_KEY_MIN 32
#define EP_SEAL_NODE_MAX 32
/* Octets that a seal adds to a payload, at most. */
#define EP_SEAL_MORE 160
/* Numbers that may overtake each other. */
#define EP_SEAL_WINDOW 256

/* `key` signs; both are believed. `previous` may be absent. */
struct ep_seal_keys
{
	struct ep_view key;
	struct ep_view previous;
};

struct ep_seal
{
	struct ep_view node; /* 1 to 32 of A-Z a-z 0-9 . _ - */
	uint64_t epoch_ms;
	uint64_t number;
	uint64_t at_s;
	struct ep_view payload;
};

enum ep_seal_err
{
	EP_SEAL_OK = 0,
	EP_SEAL_MALFORMED,
	EP_SEAL_FORGED,   /* no key of ours made it, or it was changed */
	EP_SEAL_OWN,      /* our own, or of a node that has our name */
	EP_SEAL_STALE,    /* too old, or from the future */
	EP_SEAL_REPLAYED, /* seen, or of an earlier life of its sender */
	EP_SEAL_FULL,     /* no place for one more sender */
	EP_SEAL_CRYPTO,   /* the crypto library failed */
	EP_SEAL_ERR_N
};
const char *ep_seal_err_text(enum ep_seal_err err);

bool ep_seal_node_ok(struct ep_view node);

/* One or two keys, one a line, the signing one first; blank lines and lines
 * with # do not count. EP_ESYNTAX; EP_ERANGE: none, too many, or one shorter
 * than EP_SEAL_KEY_MIN octets. Views into `text`. */
enum ep_err ep_seal_keys_parse(struct ep_seal_keys *out, struct ep_view text);

/* purpose: a word; what is sealed for one is nothing for another. EP_OK,
 * EP_ERANGE (node), EP_ENOSPC, EP_ECRYPTO. */
enum ep_err ep_seal_print(struct ep_buf *out, const struct ep_seal *seal,
		struct ep_view purpose, const struct ep_seal_keys *keys);
/* MALFORMED, FORGED, CRYPTO; views into `text`. Says nothing about replays. */
enum ep_seal_err ep_seal_open(struct ep_seal *out, struct ep_view text,
		struct ep_view purpose, const struct ep_seal_keys *keys);

/* What a receiver remembers of one sender. */
struct ep_seal_peer
{
	char node[EP_SEAL_NODE_MAX];
	size_t node_len;
	uint64_t epoch_ms;
	uint64_t top;                       /* greatest number */
	uint64_t seen[EP_SEAL_WINDOW / 64]; /* bit n: top - n was there */
};

/* Is an opened one to be believed now? Remembers it. `peers`: `*n` of `max`
 * are in use. OK, OWN, STALE, REPLAYED, FULL. */
enum ep_seal_err ep_seal_accept(struct ep_seal_peer *peers, size_t *n,
		size_t max, const struct ep_seal *seal, struct ep_view own,
		uint64_t now_s, uint64_t skew_s);

#endif
