/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* The inside of the table of regsubs.h: for regsubs.c and regsubsin.c. */
#ifndef EP_TNA_REGSUBTAB_H
#define EP_TNA_REGSUBTAB_H

#include "core/locking.h"

#include "regsubs.h"

struct watched
{
	struct watched *next;
	unsigned char id[EP_FLOW_ID_LEN];
	uint64_t ok_ms; /* its last 200 OK; later than the beginning of the dialog
					   exactly if it came after that */
	bool unsure;    /* a NOTIFY said that it is over */
};

/* The other half of the dialog: one block, replaced as a whole. */
struct remote
{
	size_t tag_len, target_len, routes_len;
	char text[];
};

struct sub
{
	struct sub *next;
	struct ep_regsub_life life;
	unsigned char dialog[EP_FLOW_ID_LEN];
	char local_tag[TNA_TAG_LEN];
	uint32_t cseq; /* the last one sent */
	bool has_remote_cseq, has_version, in_flight;
	uint32_t remote_cseq, version;
	struct remote *remote;
	struct watched *watched;
	size_t impu_len;
	char impu[];
};

struct bucket
{
	gen_lock_t lock;
	uint64_t due_ms; /* nothing is due before */
	struct sub *first;
};

struct subs
{
	gen_lock_t lock; /* of the numbers */
	unsigned n, in_flight;
	uint64_t due_ms; /* nothing is due in any bucket before */
	unsigned max, size;
	struct ep_regsub_policy policy;
	struct bucket buckets[];
};

extern struct subs *tna_subs;

struct bucket *tna_sub_bucket(unsigned i); /* locked */
/* Something of the table is due at that time. */
void tna_sub_due(uint64_t due_ms);
/* The record with this dialog, its bucket locked (*b); or NULL. */
struct sub *tna_sub_by_key(struct bucket **b, uint64_t key);
struct sub *tna_sub_by_dialog(struct bucket **b, const unsigned char *id);
/* Returns the actions; *refused may be NULL. */
unsigned tna_sub_step(struct bucket *b, struct sub *s,
		const struct ep_regsub_input *in, bool *refused);
void tna_sub_happen(struct bucket *b, struct sub *s, enum ep_regsub_event event,
		uint64_t now_ms);
void tna_sub_in_flight(struct sub *s, bool on);
struct watched *tna_sub_watched(struct sub *s, const unsigned char *id);
/* Forgets bindings that ended, and those judged to be another record's. */
void tna_sub_prune(struct bucket *b, struct sub *s, uint64_t now_ms,
		const struct tna_watched *judged, size_t n);
/* 0 the tag, 1 the target, 2 the route set. */
struct ep_view tna_sub_remote(const struct remote *r, unsigned nth);

#endif
