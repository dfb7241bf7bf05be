/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What a library function says when it could not do it. 0 is success.
 * Causes that a peer is told about (a token's, a registration's) have tables
 * of their own beside what decides them; these are the mechanical ones.
 */
#ifndef EP_BASE_ERR_H
#define EP_BASE_ERR_H

enum ep_err
{
	EP_OK = 0,
	EP_ENOMEM,  /* the allocator said no: an internal error, never a verdict */
	EP_ENOSPC,  /* the caller's buffer or table is too small */
	EP_ESYNTAX, /* the text does not follow its grammar */
	EP_ERANGE,  /* a number, length or count is outside its limits */
	EP_ENOENT,  /* what was looked for is not there */
	EP_ECRYPTO, /* the crypto library failed (not: the signature is wrong) */
	EP_ERR_N
};

/* A short English text, never NULL. */
const char *ep_err_text(enum ep_err err);

#endif
