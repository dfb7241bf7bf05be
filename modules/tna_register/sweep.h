/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Looking for bindings whose time has come, that a revocation covers, or whose
 * connection went without a word. In the module's own process only.
 *
 * No tick works longer than some 50 ms at any of it: what is left goes on with
 * the next one, where it stopped.
 */
#ifndef EP_TNA_SWEEP_H
#define EP_TNA_SWEEP_H

/* Something was revoked: every binding is looked at, from now on. */
void tna_sweep_revoked(void);
/* Once every tick. */
void tna_sweep(void);

#endif
