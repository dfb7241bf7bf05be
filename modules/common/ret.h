/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * What a script function of ours returns. The values of causes come from the
 * libraries' tables; these are the ones all three modules share.
 */
#ifndef EP_COMMON_RET_H
#define EP_COMMON_RET_H

enum
{
	EP_RET_OK = 1,
	/* Out of memory, or the message cannot be parsed: answer 500. Never 0,
	 * which would end the script without an answer. */
	EP_RET_INTERNAL = -1
};

#endif
