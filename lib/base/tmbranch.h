/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The Via branch that Kamailio's tm gives to what it sends:
 *
 *   z9hG4bK <hash index> . <32 octets that stand for the request> . <branch>
 *
 * The numbers are hexadecimal, lowest digit first. tm reads more spellings of
 * a number than it writes (upper case, zeros behind, overflow), and an answer
 * comes from a stranger: who looks up by the middle part must refuse what tm
 * would not have written, or one branch has many names.
 */
#ifndef EP_BASE_TMBRANCH_H
#define EP_BASE_TMBRANCH_H

#include "base/view.h"

#define EP_TMBRANCH_ID_LEN 32

struct ep_tmbranch
{
	struct ep_view id; /* EP_TMBRANCH_ID_LEN octets */
	bool canonical;    /* as tm writes it; the numbers are set only then */
	uint32_t index;
	uint32_t branch;
};

/* False: tm takes it for none of its own, however it is read. */
bool ep_tmbranch_parse(struct ep_tmbranch *out, struct ep_view branch);

#endif
