/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The media gateways of asynchronous mode (modparam agw, any number of them):
 * their address, set and weight, whether they are in service, what they can
 * do. In shared memory; the Iq process writes, all read.
 *
 *   modparam("sdp_mediate", "agw",
 * "name=a;address=127.0.0.8:2223;set=0;weight=1")
 *
 * A node is a rtpengine-iq, or a bare rtpengine (it then has no events, and
 * what it can do is what `version` of its agw line says, 10.5 without).
 */
#ifndef EP_SDPM_NODE_H
#define EP_SDPM_NODE_H

#include "core/ip_addr.h"
#include "mediate/caps.h"
#include "base/view.h"

#define EP_NODES_MAX 64
#define EP_NODE_NONE (-1)
#define EP_NODE_WEIGHT_MAX 1000

enum ep_node_state
{
	EP_NODE_UNKNOWN, /* not heard of yet */
	EP_NODE_UP,
	EP_NODE_DOWN,    /* pings or commands unanswered, or it said so itself */
	EP_NODE_DISABLED /* by RPC: keeps its calls, gets no new ones */
};

/* What was counted of a node. Every one is in shared memory, and a counter of
 * Kamailio's too (`node_<name>_<what>`). */
enum ep_node_count
{
	EP_NODE_COMMANDS,  /* offers, answers and deletes sent, without repeats */
	EP_NODE_REPEATS,   /* of those, sent once more */
	EP_NODE_TIMEOUTS,  /* of those, never answered */
	EP_NODE_ERRORS,    /* of those, answered with an error */
	EP_NODE_FAILOVERS, /* calls that went to another node instead */
	EP_NODE_EVENTS,    /* taken */
	EP_NODE_COUNT_N
};

#define EP_NODE_VERSION_MAX 32

struct ep_node_view
{
	struct ep_view name;    /* lives as long as Kamailio */
	struct ep_view address; /* as it was configured; so does this */
	unsigned set;
	unsigned weight;
	enum ep_node_state state;
	bool in_service; /* up, whether disabled or not */
	bool is_iq;      /* a rtpengine-iq: it has events */
	struct ep_mediate_caps caps;
	char version[EP_NODE_VERSION_MAX]; /* it says; empty: it says nothing */
	unsigned since_s;                  /* ticks: of the last change of state */
	unsigned long counts[EP_NODE_COUNT_N];
};

/* modparam agw; 0, or -1 with the reason in the log. */
int ep_node_add(struct ep_view text);
size_t ep_nodes_n(void);
/* mod_init: the table in shared memory. 0 or -1. */
int ep_nodes_init(void);
void ep_nodes_fini(void);

/* True: there is a node `i`, *out is how it stands now. */
bool ep_node_get(struct ep_node_view *out, int i);
int ep_node_find(struct ep_view name);
const char *ep_node_state_name(enum ep_node_state state);
const char *ep_node_count_name(enum ep_node_count what);
/* For a new call: rendezvous hashing over weight of the nodes of a set that
 * are in service, so that every process and every restart picks the same one.
 * One that was not heard of yet is taken where there is no other.
 * `not_nodes`: bits of nodes that were tried. EP_NODE_NONE: there is none. */
int ep_node_pick(unsigned set, struct ep_view callid, uint64_t not_nodes);

/* By RPC. */
void ep_node_disable(int i, bool disabled);
void ep_node_count(int i, enum ep_node_count what);

/* --- the Iq process's --- */

const union sockaddr_union *ep_node_address(int i);
/* UNKNOWN, UP, DOWN. True: that is a change. */
bool ep_node_state_set(int i, enum ep_node_state state);
/* What it says it can do; `caps` NULL: what its agw line says. */
void ep_node_caps_set(int i, bool is_iq, const struct ep_mediate_caps *caps,
		struct ep_view version);

#endif
