/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/tmbranch.h"

#define DIGITS_MAX 8

/* Lowest digit first; no zero behind the highest one, but "0" itself. */
static bool number_read(uint32_t *out, struct ep_view v)
{
	uint32_t n = 0;
	size_t i;

	if(v.len == 0 || v.len > DIGITS_MAX || (v.len > 1 && v.p[v.len - 1] == '0'))
		return false;
	for(i = v.len; i-- > 0;) {
		int digit = ep_chr_hex(v.p[i]);

		if(digit < 0 || (v.p[i] >= 'A' && v.p[i] <= 'F'))
			return false;
		n = n << 4 | (uint32_t)digit;
	}
	*out = n;
	return true;
}

bool ep_tmbranch_parse(struct ep_tmbranch *out, struct ep_view branch)
{
	static const char cookie[] = "z9hG4bK";
	struct ep_view rest, index;

	*out = (struct ep_tmbranch){0};
	if(!ep_view_starts(branch, ep_view_z(cookie)))
		return false;
	rest = ep_view_from(branch, sizeof(cookie) - 1);
	index = ep_view_cut(&rest, '.');
	out->id = ep_view_cut(&rest, '.');
	if(rest.p == NULL || out->id.len != EP_TMBRANCH_ID_LEN)
		return false;
	out->canonical =
			number_read(&out->index, index) && number_read(&out->branch, rest);
	return true;
}
