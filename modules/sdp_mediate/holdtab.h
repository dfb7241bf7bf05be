/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What is known of transactions whose messages are held (hold.h), in shared
 * memory: the transaction, its lanes, and what each message of them came to.
 *
 * One lock a bucket of transactions; a leaf. Who gets a record has a reference
 * to it, and gives it back; what it says of lanes and entries is read and
 * written under its lock only, but `result` of an entry, and what names the
 * call, never change once they are set.
 */
#ifndef EP_SDPM_HOLDTAB_H
#define EP_SDPM_HOLDTAB_H

#include "core/ip_addr.h"
#include "core/locking.h"
#include "core/timer_ticks.h"
#include "base/tmbranch.h"
#include "mediate/answers.h"
#include "sdp_mediate/hold.h"

/* Messages that one lane, and one record, know at most. A branch has a few: a
 * 183, a 200, one more of each for every fork behind it. */
#define EP_HOLD_LANE_ENTRIES_MAX 16
#define EP_HOLD_ENTRIES_MAX 64
/* More branches than tm has: none of them is somebody else's to take. */
#define EP_HOLD_LANES_MAX 32
/* Of both, what 1xx leave for others: who announces without end can answer. */
#define EP_HOLD_SPARE 4
/* Later offers that an INVITE keeps; what comes behind is not repeated. */
#define EP_HOLD_LATER_MAX 8

/* A message as it came. One shm block. */
struct ep_held
{
	receive_info_t rcv;
	size_t len;
	char text[];
};

enum ep_hold_state
{
	EP_HOLD_WAITS,  /* the gateway is being asked */
	EP_HOLD_OK,     /* `result` takes the place of the SDP */
	EP_HOLD_FAILED, /* `cause` */
	EP_HOLD_PLAIN   /* nothing to do but to keep the order */
};

/* What a message is, for what becomes of it when it cannot be mediated. */
enum ep_hold_class
{
	EP_HOLD_1XX,
	EP_HOLD_1XX_RELIABLE,
	EP_HOLD_2XX,
	EP_HOLD_ACK
};

struct ep_hold_entry
{
	struct ep_hold_entry *next;  /* in its record */
	struct ep_hold_entry *after; /* in its lane's queue */
	uint64_t key;
	struct ep_hold_lane *lane;
	enum ep_hold_class class;
	enum ep_hold_state state;
	enum ep_mediate_cause cause;
	ticks_t since;
	struct ep_held *held; /* until it goes on */
	/* With SDP: */
	struct ep_hold_entry *next_ask;
	struct ep_view sdp; /* in held->text */
	struct ep_mediate_said said;
	int64_t end_ms;        /* of its exchange, whenever that begins */
	struct ep_view result; /* a block of its own */
};

struct ep_hold_lane
{
	struct ep_hold_lane *next;
	uint32_t branch;
	unsigned entries_n;
	bool is_running; /* a worker lets its messages go on */
	bool is_dead;    /* what was refused here: a 2xx is hung up */
	bool is_final;   /* a 2xx has come */
	struct ep_hold_entry *first, *last;
};

enum ep_hold_kind
{
	EP_HOLD_REPLIES, /* of a transaction; `id` is tm's part of the branch */
	EP_HOLD_ACKS,    /* of a dialog whose 2xx made the offer */
	EP_HOLD_PRACKS   /* of one whose reliable 1xx did; never held */
};

/* An offer that came later, in another dialog of the call. One shm block. */
struct ep_hold_later
{
	struct ep_hold_later *next;
	size_t len;
	char text[];
};

struct ep_hold
{
	struct ep_hold *next;
	size_t bucket;
	enum ep_hold_kind kind;
	uint64_t key;
	unsigned refs;
	bool is_over;  /* tm has forgotten the transaction */
	ticks_t until; /* of use until then, once it is over */

	/* Never changed. */
	char id[EP_TMBRANCH_ID_LEN];
	unsigned tm_index, tm_label;
	enum ep_mediate_from request_from;
	bool had_offer;
	bool initial; /* the request was outside a dialog */
	bool known;   /* within one that is known here (exchange.h) */
	bool is_invite;
	unsigned upstream_n; /* Record-Routes in the request as it came */
	const struct ep_mediate_profile *profile;
	struct ep_view method, callid, leg;

	struct ep_view offer; /* a block of its own; not read when it is over */
	/* The newest first; who has a reference may read it without the lock. */
	struct ep_hold_later *later;
	unsigned later_n;
	struct ep_mediate_answers answers;
	struct ep_hold_entry *final;  /* the 2xx that has the media; NULL: none */
	struct ep_hold_entry *asking; /* asked for, until it is sent on */
	struct ep_hold_entry *ask_first, *ask_last; /* who waits for that */
	bool was_answered;                          /* a 2xx went on with its SDP */
	bool was_refused;                           /* one did not */
	unsigned lanes_n;
	struct ep_hold_lane *lanes;
	unsigned entries_n;
	struct ep_hold_entry *entries;
};

/* mod_init. 0 or -1. */
int ep_holdtab_init(unsigned records_max, size_t octets_max, unsigned keep_s);
void ep_holdtab_fini(void);
bool ep_holdtab_exists(void);

/* The key of texts that strangers chose. */
uint64_t ep_holdtab_hash(struct ep_view v);
uint64_t ep_holdtab_key(
		enum ep_hold_kind kind, const struct ep_view *parts, size_t n);

/* A new one, with a reference for the caller, in the place of an older one of
 * that key. `of` has what never changes, and the texts; they are copied. NULL:
 * no memory, or too many. */
struct ep_hold *ep_holdtab_put(const struct ep_hold *of);
struct ep_hold *ep_holdtab_get(enum ep_hold_kind kind, uint64_t key);
void ep_hold_ref(struct ep_hold *h); /* locked */
void ep_hold_unref(struct ep_hold *h);
void ep_hold_lock(const struct ep_hold *h);
void ep_hold_unlock(const struct ep_hold *h);
/* It is of use for keep_s from now on. Takes no reference. */
void ep_hold_over(struct ep_hold *h);

/* All locked. NULL: too many, or no memory. */
struct ep_hold_lane *ep_hold_lane(struct ep_hold *h, uint32_t branch);
struct ep_hold_entry *ep_hold_find(struct ep_hold *h, uint64_t key);
/* At the end of its lane's queue. The text is copied. */
struct ep_hold_entry *ep_hold_queue(struct ep_hold *h,
		struct ep_hold_lane *lane, uint64_t key, enum ep_hold_class class,
		const receive_info_t *rcv, struct ep_view text);
void ep_held_free(struct ep_held *held);
/* False: no memory. */
bool ep_hold_result_set(struct ep_hold_entry *e, struct ep_view sdp);

/* An UPDATE or PRACK with an offer was answered: an INVITE of the same side that
 * still rings is told, for its gateway has heard of it (release.c). */
void ep_holdtab_follow(const struct ep_hold *request);

/* Do its replies answer an offer that several may answer? */
bool ep_hold_is_answered(const struct ep_hold *h);

/* Each second: frees what is of no more use, and calls `stuck` (locked no
 * more, with a reference that it has to give back) for records with a message
 * that nobody lets go on; one that waited for `lost_s` has failed. */
void ep_holdtab_sweep(unsigned lost_s, void (*stuck)(struct ep_hold *h));

unsigned ep_holdtab_records(void);
unsigned ep_holdtab_waiting(void);
size_t ep_holdtab_octets(void);

#endif
