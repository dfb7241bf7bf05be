/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * At the S-CSCF: which contact was registered by auth-done, and through whom.
 * One shared record per contact; what barring a WAF ends is found here.
 *
 * A contact is ended by a REGISTER with Expires 0 that this node sends to
 * itself: so the registrar does all that belongs to it (NOTIFY to who
 * subscribed to the registration, SAR when it was the user's last contact),
 * and no other contact of the user is touched.
 *
 * The other way round, what leaves through a WAF that the user may not come
 * through takes only contacts along that came through it (scscf.c).
 *
 * Lock: one a bucket (hash of the private identity); with it held only the leaf
 * of barred.h is taken. At most modparam max_bindings records.
 */
#ifndef EP_TNA_REGS_H
#define EP_TNA_REGS_H

#include "tna_register.h"

/* A contact that tna_scscf_check() let pass. */
struct tna_reg
{
	struct ep_view impi, impu; /* Digest username; To */
	struct ep_view contact;    /* URI */
	struct ep_view waf, wwsf;  /* authorization-entity ...; or absent */
	uint64_t end_s;            /* at the latest; 0: it goes */
};

/* mod_init (a second time it does nothing), child_init. 0 or -1. */
int tna_regs_init(void);
int tna_regs_child_init(int rank);
void tna_regs_destroy(void);

/* Remembers it, replaces it, or forgets it. Any process; never waits. EP_OK,
 * EP_ENOMEM, EP_ENOSPC (max_bindings), EP_ERANGE (an octet that cannot stand
 * in a header, or too long): then the registration must not go on, barring
 * would not find it. One that was barred meanwhile ends again. The contact "*"
 * with end_s 0 is every contact of the IMPU. */
enum ep_err tna_regs_put(const struct tna_reg *reg);
/* Was this contact registered through the same WAF and WWSF? */
bool tna_regs_is_through(const struct tna_reg *reg);
/* Does the registrar have this contact, but not of this private identity?
 * ims_usrloc_scscf of 5.6.3 has one table of contacts for all users: who
 * registers another's contact, with a Path of its own, gets that one's calls,
 * and pages tell their contact to whoever they talk to. Of who comes by
 * auth-done all contacts are known here; of who comes by a password none, so
 * only those of the former are guarded against the latter. */
bool tna_regs_is_anothers(const struct tna_reg *reg, bool auth_done);
/* Ends, at this S-CSCF, every contact that came through one of these (an absent
 * view means none), and no other contact of the same users. How many. */
unsigned tna_regs_end(struct ep_view waf, struct ep_view wwsf);
/* Ends those contacts of one user that `may_stay` says no to. How many.
 * `may_stay` is called with a bucket locked: it must not lock or wait. */
unsigned tna_regs_end_unless(struct ep_view impi,
		bool (*may_stay)(const struct tna_reg *reg, void *ctx), void *ctx);
/* Another node barred something: has all records looked through. */
void tna_regs_look(void);
/* Is it a REGISTER that this node sent to itself? Nobody else can make one:
 * it is to be believed whatever its source. */
bool tna_regs_is_own(sip_msg_t *msg);
unsigned tna_regs_count(void);

#endif
