/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The REGISTER with Expires 0 that an S-CSCF sends to itself (regs.h).
 *
 * Its Call-ID is <record and random, hex>.<MAC, hex>: a MAC of this run of
 * Kamailio over the first part, To, Contact and Authorization. It counts while
 * its record waits for the answer: a copy does nothing else, and later nothing.
 */
#ifndef EP_TNA_REGS_SEND_H
#define EP_TNA_REGS_SEND_H

#include "regs.h"

/* mod_init. 0 or -1. */
int tna_regs_send_init(void);
/* Does the registrar (ims_usrloc_scscf) have the contact? */
bool tna_regs_is_there(const struct tna_reg *reg);
/* From the module's own process. False: it did not go out. */
bool tna_regs_send(const struct tna_reg *reg, unsigned hash, uint64_t id);
/* regs_end.c: does the record wait for its answer? */
bool tna_regs_is_sent(unsigned hash, uint64_t id);
/* regs_end.c: its final answer, in any process; good: 200. */
void tna_regs_answered(unsigned hash, uint64_t id, bool good);

#endif
