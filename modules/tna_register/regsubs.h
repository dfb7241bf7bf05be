/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The table of subscriptions to the registration event: shared memory, one
 * record for each default public identity that has a binding here, however
 * many browsers of that user there are.
 *
 * A record is found by the identity's bucket: the first four octets of its
 * dialog's id are the bucket's number, so the id in our Contact leads there,
 * too. A dialog's id is its Call-ID (in hex), and what the flow token of the
 * Contact names.
 *
 * Locks: one per bucket; with it held only the store's readers and the leaf of
 * the number in flight are taken. Nothing is sent with a lock held.
 * Any process may call any function, but tna_regsubs_next() only the module's
 * own.
 */
#ifndef EP_TNA_REGSUBS_H
#define EP_TNA_REGSUBS_H

#include "tna/regevent.h"

#define TNA_CALLID_LEN (2 * EP_FLOW_ID_LEN)
#define TNA_TAG_LEN 16

/* mod_init: `size` buckets (rounded up), at most `max` subscriptions. */
int tna_regsubs_init(
		unsigned size, unsigned max, const struct ep_regsub_policy *policy);
void tna_regsubs_destroy(void);

/* Milliseconds of a clock all processes share. */
uint64_t tna_now_ms(void);

/* A 200 OK made or renewed the binding `id` of the user `impu`. EP_OK,
 * EP_ENOMEM, EP_ERANGE (the table is full). */
enum ep_err tna_regsubs_watch(
		struct ep_view impu, const unsigned char *id, uint64_t now_ms);

/* A SUBSCRIBE to be sent; views into the arena. */
struct tna_regsub_request
{
	unsigned char dialog[EP_FLOW_ID_LEN];
	bool begin;
	uint32_t expires_s;
	uint32_t cseq;
	struct ep_view impu, call_id, local_tag;
	struct ep_view remote_tag, target, routes; /* absent with `begin` */
};
struct tna_regsub_todo
{
	bool has_end, has_send; /* `end` goes first; nobody waits for its answer */
	struct tna_regsub_request end, send;
};
unsigned tna_regsubs_buckets(void);
/* Forgets bindings that ended. */
void tna_regsubs_prune(unsigned bucket, uint64_t now_ms);
/* Is anything due in any bucket? Who hears yes has to ask all buckets with
 * tna_regsubs_next() until each says no, or to call tna_regsubs_again(). */
bool tna_regsubs_due(uint64_t now_ms);
void tna_regsubs_again(void);
/* The next of this bucket that is due; false: none (or no memory: later). */
bool tna_regsubs_next(struct tna_regsub_todo *out, unsigned bucket,
		uint64_t now_ms, struct ep_arena *arena);
/* Requests whose answer is awaited. */
unsigned tna_regsubs_in_flight(void);

/* Names a dialog in a pointer-size number. */
uint64_t tna_regsub_key(const unsigned char *dialog);
/* The final answer. `peer` NULL: it could not be sent, or does not parse.
 * Returns true when the core refused a new dialog; then *ids (in the arena)
 * are the bindings of which a NOTIFY said before that they were over. */
bool tna_regsubs_answered(uint64_t key, unsigned status,
		const struct ep_regevent_peer *peer, struct ep_view routes,
		uint64_t now_ms, unsigned char **ids, size_t *ids_n,
		struct ep_arena *arena);

/* A binding that a NOTIFY may be about. */
struct tna_watched
{
	unsigned char id[EP_FLOW_ID_LEN];
	bool settled; /* as in ep_regevent_decide */
	/* The caller's, for tna_regsubs_judged(). */
	enum ep_regevent_verdict verdict;
	bool moved; /* its default identity is another one now */
};
struct tna_regsub_news
{
	bool fresh; /* false: nothing new (a retransmission, an old version) */
	struct ep_view impu;
	struct tna_watched *watched;
	size_t watched_n;
};
/* Takes a NOTIFY for the dialog `id`. `doc` NULL: without a body. EP_TNA_OK,
 * NO_DIALOG, CSEQ, MALFORMED (no Contact in what makes the dialog), INTERNAL.
 */
enum ep_tna_cause tna_regsubs_notified(struct tna_regsub_news *out,
		const unsigned char *id, const struct ep_regevent_peer *peer,
		struct ep_view routes, const struct ep_reginfo *doc, uint64_t now_ms,
		struct ep_arena *arena);
/* What was decided: with an UNSURE one the whole state is asked for. */
void tna_regsubs_judged(const unsigned char *id,
		const struct tna_watched *watched, size_t n, uint64_t now_ms);

struct tna_regsub_shown
{
	enum ep_regsub_state state;
	unsigned bindings;
	uint32_t expires_s;
	struct ep_view impu; /* in the caller's buffer */
	char text[512];
};
/* The nth of a bucket. */
bool tna_regsubs_show(
		struct tna_regsub_shown *out, unsigned bucket, unsigned nth);

#endif
