/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Questions to tm that more than one module asks. */
#ifndef EP_COMMON_TM_H
#define EP_COMMON_TM_H

#include <stdbool.h>

#include "modules/tm/tm_load.h"

/* Is this process in the transaction with these numbers? */
static inline bool ep_tm_is_in(
		const tm_api_t *tm, unsigned index, unsigned label)
{
	const struct cell *t = tm->t_gett();

	return t != NULL && t != T_UNDEFINED && t->hash_index == index
		   && t->label == label;
}

#endif
