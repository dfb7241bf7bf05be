/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The passwords with which the eP-CSCF answers a core that does not know
 * Trusted Node Authentication (answer.h), as a file has them, one a line:
 *
 *   IMPI:REALM:HA1                 one user; HA1 = H(IMPI:REALM:password) in
 *                                  hex: 32 digits MD5, 64 digits SHA-256. One
 *                                  line of each kind is allowed for a user.
 *   IMPI*PATTERN:REALM:password:SECRET   a pool whose IMPIs share a password:
 *                                  one '*', which stands for any octets
 *
 * Empty lines and lines that begin with '#' do not count. A user's own line
 * counts before a pool's. A password for one user is refused (HA1 is enough),
 * and so is a HA1 for a pool (it is made of one IMPI), and two patterns of one
 * realm that could both match.
 */
#ifndef EP_TNA_CREDENTIALS_H
#define EP_TNA_CREDENTIALS_H

#include "base/crypto.h"
#include "base/err.h"
#include "base/view.h"

#define EP_PASSWORD_MAX 128

struct ep_credential
{
	struct ep_view impi; /* or a pattern */
	struct ep_view realm;
	struct ep_view password; /* of a pool; absent: `ha1` */
	enum ep_hash hash;       /* of `ha1` */
	unsigned char ha1[EP_HASH_LEN_MAX];
};

/* Users in order, then pools as written. */
struct ep_credentials
{
	struct ep_credential *v;
	size_t users;
	size_t pools;
};

/* Octets of the one block that holds what `text` says. */
size_t ep_credentials_size(struct ep_view text);
/* Fills the block of at least ep_credentials_size() octets, aligned for any
 * type. It points into itself and nowhere else: good for every process that
 * sees it at the same address. NULL, or what is wrong with line *line: words
 * that hold nothing of the line. */
const char *ep_credentials_parse(struct ep_credentials *out, void *block,
		struct ep_view text, unsigned *line);

/* What is known of one user. */
struct ep_secret
{
	bool has[2]; /* by enum ep_hash */
	unsigned char ha1[2][EP_HASH_LEN_MAX];
};

/* Copies it. False: nobody knows this user, or the crypto library failed. The
 * caller ends with ep_cleanse(). */
bool ep_credentials_find(struct ep_secret *out, const struct ep_credentials *c,
		struct ep_view impi, struct ep_view realm);

#endif
