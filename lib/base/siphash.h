/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * SipHash-2-4 (Aumasson, Bernstein 2012): a short hash under a secret key, for
 * tables whose keys strangers choose.
 */
#ifndef EP_BASE_SIPHASH_H
#define EP_BASE_SIPHASH_H

#include "base/view.h"

#define EP_SIPHASH_KEY_LEN 16

uint64_t ep_siphash(
		const unsigned char key[EP_SIPHASH_KEY_LEN], struct ep_view v);

#endif
