/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Places for those who wait for an issuer's answer, shared so that one issuer
 * that does not answer leaves some to each other.
 *
 * Half of all places are divided among the issuers and nobody else's; the other
 * half is who comes first's. An issuer that is alone has all of them; of two
 * each has a quarter for sure and may have three.
 */
#ifndef EP_TOKEN_SHARE_H
#define EP_TOKEN_SHARE_H

#include "base/view.h"

/* Issuers that have a place at a time. Beyond, the rest count as one. */
#define EP_SHARE_ISSUERS 64

/* Zeroed: nobody has a place. Whoever shares it locks it. */
struct ep_share
{
	unsigned n; /* all together */
	struct
	{
		uint64_t who; /* hash of the issuer's name */
		unsigned n;   /* 0: nobody's */
	} v[EP_SHARE_ISSUERS];
};

/* One more for this issuer, of `max` among `issuers_n` (at least 1). False:
 * none is left for it. Both may change between two calls. */
bool ep_share_take(struct ep_share *share, struct ep_view issuer, unsigned max,
		unsigned issuers_n);
/* Gives one back that was taken for this issuer. */
void ep_share_give(struct ep_share *share, struct ep_view issuer);

#endif
