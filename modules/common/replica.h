/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * A list to and from the other nodes, over Kamailio's dmq.
 *
 * KDMQ authenticates nobody, so every payload is sealed (base/seal.h) with a
 * key the nodes share. A payload is one of
 *   entries LF <entry LF>...   lines of the list
 *   want LF                    "send me all you have"
 *   sum <until> <n> <sum> LF   what I have that counts after <until>
 * A node that joins asks for everything and tells everything; whoever hears a
 * sum that is not his own asks its sender.
 */
#ifndef EP_COMMON_REPLICA_H
#define EP_COMMON_REPLICA_H

#include "core/locking.h"
#include "core/timer.h"
#include "modules/dmq/bind_dmq.h"

#include "base/seal.h"
#include "common/lines.h"

/* Nodes that one node hears. */
#define EP_REPLICA_PEERS_MAX 64

enum ep_replica_count
{
	EP_REPLICA_TAKEN,       /* payloads of other nodes */
	EP_REPLICA_REFUSED,     /* that no node of ours sent as they came */
	EP_REPLICA_REPLAYED,    /* old, or a second time */
	EP_REPLICA_UNDELIVERED, /* that another node did not take */
};

struct ep_replica_line;
struct ep_replica_shared;

/* The module's own; the first part it sets before ep_replica_init(). */
struct ep_replica
{
	const char *name; /* of the peer at dmq, and what the seal is for */
	const struct ep_lines *list;
	peer_callback_t on_message; /* calls ep_replica_message() */
	init_callback_t on_joined;  /* calls ep_replica_joined() */
	void (*changed)(void);      /* another node changed the list */
	void (*wake)(void);         /* the keeper process */
	void (*count)(enum ep_replica_count what);

	struct ep_replica_shared *shared; /* NULL: modparam dmq is not set */
	dmq_api_t dmq;
	dmq_peer_t *peer;
	struct ep_seal_keys keys;
	struct ep_view node;
	uint64_t skew_s;
	uint64_t epoch_ms;
	dmq_resp_cback_t answer;
	/* The keeper's. */
	uint64_t number;
	ticks_t sum_at, all_at, ask_at;
	struct ep_lines_out payload;
};

/* mod_init, with modparam dmq: `node` and `key_file` are what the operator
 * wrote, or NULL. 0, or -1 with the reason in the log. */
int ep_replica_init(struct ep_replica *r, const char *node,
		const char *key_file, uint64_t skew_s);
void ep_replica_fini(struct ep_replica *r);

/* A line's text, from any process, for the others to hear. Without memory they
 * hear of it by the next sum. Nothing without modparam dmq. */
void ep_replica_tell(struct ep_replica *r, struct ep_view line);

/* What dmq calls. */
int ep_replica_message(
		struct ep_replica *r, struct sip_msg *msg, peer_reponse_t *resp);
int ep_replica_joined(struct ep_replica *r);

/* Only in the keeper process. */
void ep_replica_step(struct ep_replica *r);

#endif
