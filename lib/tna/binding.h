/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A binding: what a 200 OK to REGISTER tied to a WIC's connection
 * (TS 33.203 X.3.2.3 step 7), its life as a step function, and its data as
 * one flat block.
 */
#ifndef EP_TNA_BINDING_H
#define EP_TNA_BINDING_H

#include "base/arena.h"
#include "base/err.h"
#include "tna/flow.h"
#include "tna/identity.h"

/* --- life --- */

enum ep_binding_state
{
	EP_BINDING_NEW,   /* REGISTER is on its way, no 200 OK yet */
	EP_BINDING_BOUND, /* registered, connection up */
	EP_BINDING_HELD,  /* registered, connection gone: waiting for its return */
	EP_BINDING_ENDED, /* to be forgotten */
	EP_BINDING_STATE_N
};

enum ep_binding_event
{
	EP_BINDING_REGISTER_OK,      /* first 200 OK */
	EP_BINDING_REFRESHED,        /* 200 OK on the same connection */
	EP_BINDING_DEREGISTERED,     /* 200 OK with nothing left */
	EP_BINDING_TOKEN_END,        /* the deadline came (registration or token) */
	EP_BINDING_CONNECTION_LOST,  /* WebSocket, TLS or TCP gone */
	EP_BINDING_HOLD_OVER,        /* the deadline of a held one came */
	EP_BINDING_REVOKED,          /* token, WAF, WWSF or user barred by O&M */
	EP_BINDING_CORE_TERMINATED,  /* reg event or RTR: the network ended it */
	EP_BINDING_CONNECTION_MOVED, /* 200 OK on a new connection, same instance */
	EP_BINDING_SHORTENED,        /* reg event: the network will end it sooner */
	EP_BINDING_EVENT_N
};

/* Actions, a bit each. Calls end first, while there is a connection to say so
 * on; it is forgotten last, when nobody asks for its data any more. */
enum ep_binding_action
{
	EP_BINDING_DO_END_CALLS = 1,  /* BYE or CANCEL every dialog, both ways */
	EP_BINDING_DO_DEREGISTER = 2, /* REGISTER with Expires 0 to the core */
	EP_BINDING_DO_CLOSE = 4,      /* close its connection */
	EP_BINDING_DO_CLOSE_OLD = 8,  /* close the connection it had before */
	EP_BINDING_DO_SET_TIMER = 16, /* to `deadline_s` */
	EP_BINDING_DO_DROP = 32       /* forget it */
};

/* In the shared record; changed only by the caller, from a step's result. */
struct ep_binding_life
{
	enum ep_binding_state state;
	uint64_t end_s; /* registration ends, limited to the token's; Unix time */
	uint64_t hold_end_s; /* HELD only */
};

struct ep_binding_policy
{
	uint32_t hold_s; /* how long a lost connection may stay away; 0: not */
	uint32_t token_grace_s; /* how long a connected page that nobody refreshed
							   keeps its calls and its way into them */
	bool deregister_lost;   /* tell the core after the hold time */
};

struct ep_binding_step
{
	struct ep_binding_life life; /* what it is now */
	unsigned actions;
	uint64_t deadline_s; /* with EP_BINDING_DO_SET_TIMER: fire TOKEN_END in
							BOUND, HOLD_OVER in HELD */
};

/* `end_s` counts for REGISTER_OK, REFRESHED and CONNECTION_MOVED: the new end;
 * and for SHORTENED, which never makes it later.
 * A timer that fires early or late is harmless: a deadline that has moved is
 * set again, an event that says nothing new in a state changes nothing. A
 * 200 OK that meets an ended binding is undone at the core. `life` and `event`
 * must be in range. */
void ep_binding_step(struct ep_binding_step *out,
		const struct ep_binding_life *life,
		const struct ep_binding_policy *policy, enum ep_binding_event event,
		uint64_t now_s, uint64_t end_s);

/* A word for logs, RPC and tests; "?" for a value out of range. */
const char *ep_binding_state_name(enum ep_binding_state state);
const char *ep_binding_event_name(enum ep_binding_event event);

/* --- data --- */

struct ep_binding
{
	unsigned char id[EP_FLOW_ID_LEN]; /* named by the flow token */
	struct ep_view impi;
	struct ep_view impu;    /* that was registered (To) */
	struct ep_view contact; /* its URI, as the core knows it */
	struct ep_view instance;
	struct ep_view reg_id;
	struct ep_view waf;
	struct ep_view wwsf;
	struct ep_view charging; /* P-Charging-Function-Addresses */
	struct ep_view term_ioi;
	struct ep_view source; /* address and port of its connection */
	/* Of the token, as far as it says: what a revocation may name. */
	struct ep_view issuer; /* name of its section */
	struct ep_view jti;
	struct ep_view sub;
	struct ep_view sid;
	int64_t iat_s;        /* -1: not known */
	bool auth_done;       /* scenarios 2, 3; else Digest */
	bool add_entity;      /* authorization-entity was sent */
	uint64_t token_end_s; /* UINT64_MAX: no end */
	struct ep_impus impus;
	struct ep_impus wildcards;
	struct ep_impus service_route; /* whole elements, in order */
};

/* Is it of the page with this instance and reg-id (RFC 5626 4.1; without an
 * instance on either side: with this contact)? */
bool ep_binding_is_of(const struct ep_binding *b, struct ep_view instance,
		struct ep_view reg_id, struct ep_view contact);

/* Octets ep_binding_pack() needs; 0 when it would not fit 32 bit offsets. */
size_t ep_binding_size(const struct ep_binding *b);
/* One block without pointers: valid at any address (any alignment), in any
 * process. EP_ENOSPC when `cap` is less than ep_binding_size(). */
enum ep_err ep_binding_pack(
		void *block, size_t cap, const struct ep_binding *b);
/* Views into `block`; the lists' arrays in `arena`. Every offset is checked:
 * EP_ESYNTAX for a block that was not made by ep_binding_pack(), EP_ENOMEM. */
enum ep_err ep_binding_unpack(struct ep_binding *out, const void *block,
		size_t block_len, struct ep_arena *arena);

#endif
