/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Which WAFs and WWSFs nobody comes in through any more, until an operator
 * says otherwise: in both roles, a file that outlives a restart, and the other
 * nodes over dmq (lib/tna/barred.h is the list).
 *
 * The list is in shared memory under one lock, a leaf. From the moment
 * tna_barred_put() returns nobody new comes in. What is there already ends by
 * tna_barred_end(), or within a second when another node said so.
 */
#ifndef EP_TNA_BARRED_GLUE_H
#define EP_TNA_BARRED_GLUE_H

#include <stdbool.h>

#include "core/rpc.h"

#include "base/err.h"
#include "base/view.h"
#include "tna/barred.h"

/* The modparams, until mod_init. */
struct tna_barred_params
{
	int max;             /* entries, lifted ones included */
	char *file;          /* where the list is kept; NULL: nowhere */
	int dmq;             /* 1: the list is shared with the other nodes */
	char *node;          /* this node's name among them; no default */
	char *node_key_file; /* the key they share; no default */
	int node_skew;       /* s: how old what they say may be */
};
extern struct tna_barred_params tna_barred_params;

/* mod_init: reads the file. 0, or -1 with the reason in the log. */
int tna_barred_init(void);
int tna_barred_child_init(int rank);
void tna_barred_destroy(void);

/* Is one of them barred? Absent views are not. Any process, never waits. */
bool tna_barred(struct ep_view waf, struct ep_view wwsf);
/* As that; with `wwsf` absent the one whose page opened the connection. */
bool tna_barred_page(struct ep_view waf, struct ep_view wwsf, int conid);

/* What an operator asks for: gets its at_ms here, later than that of what it
 * replaces. The name as ep_barred_name() writes it. EP_OK, EP_ENOSPC. */
enum ep_err tna_barred_put(const struct ep_barred_entry *entry);
/* EP_OK; EP_ENOENT: not barred; EP_ENOSPC. */
enum ep_err tna_barred_lift(enum ep_barred_kind kind, struct ep_view name);

struct tna_barred_ended
{
	unsigned registrations;
	unsigned calls; /* a call between two of them is one */
};
/* Behind tna_barred_put(): ends what is there. Registrations are ended when
 * this returns, the rest is done by the module's own process. */
void tna_barred_end(struct tna_barred_ended *out, enum ep_barred_kind kind,
		struct ep_view name);

/* Calls `fn` for each entry, with the lock held. */
void tna_barred_walk(
		void (*fn)(const struct ep_barred_entry *entry, void *ctx), void *ctx);
/* Is the list, as it is now, on the disk? Waits a moment for it, but not in a
 * process that serves SIP. False without modparam barred_file. */
bool tna_barred_saved(void);

/* barred_rpc.c: tna.bar, tna.unbar, tna.barred. */
void tna_rpc_bar(rpc_t *rpc, void *ctx);
void tna_rpc_unbar(rpc_t *rpc, void *ctx);
void tna_rpc_barred(rpc_t *rpc, void *ctx);

#endif
