/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Binding ids as text: 32 lower-case hexadecimal digits. */
#ifndef EP_TNA_ID_H
#define EP_TNA_ID_H

#include "tna/flow.h"

static inline int tna_hex_digit(char c)
{
	if(c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool tna_id_parse(unsigned char *id, struct ep_view text)
{
	int hi, lo;
	size_t i;

	if(text.len != 2 * EP_FLOW_ID_LEN)
		return false;
	for(i = 0; i < EP_FLOW_ID_LEN; i++) {
		hi = tna_hex_digit(text.p[2 * i]);
		lo = tna_hex_digit(text.p[2 * i + 1]);
		if(hi < 0 || lo < 0)
			return false;
		id[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

#endif
