/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/option.h"

static bool stripped(struct ep_view tag)
{
	return ep_view_ieq(tag, EP_LIT("precondition"));
}

static bool any_stripped(struct ep_view list)
{
	while(list.p)
		if(stripped(ep_view_trim(ep_view_cut(&list, ','))))
			return true;
	return false;
}

bool ep_mediate_options_strip(struct ep_buf *out, struct ep_view value)
{
	struct ep_view rest = value;
	bool first = true;

	if(!any_stripped(value))
		return false;
	while(rest.p) {
		struct ep_view tag = ep_view_trim(ep_view_cut(&rest, ','));
		if(!tag.len || stripped(tag))
			continue;
		if(!first)
			ep_buf_put_z(out, ", ");
		ep_buf_put(out, tag);
		first = false;
	}
	return true;
}
