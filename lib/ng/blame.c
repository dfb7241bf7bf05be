/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/blame.h"

/* Words of rtpengine 10.5 to 26.0 and of rtpengine-iq. Of an error with both,
 * those that come first count. */
static const struct
{
	const char *word;
	enum ep_ng_blame blame;
} table[] = {
		{"of service", EP_NG_BLAME_GATEWAY},
		{"rtpengine", EP_NG_BLAME_GATEWAY},
		{"out of ports", EP_NG_BLAME_GATEWAY},
		{"session limit", EP_NG_BLAME_GATEWAY},
		{"no memory", EP_NG_BLAME_GATEWAY},
		{"SDP", EP_NG_BLAME_COMMAND},
		{"command is too long", EP_NG_BLAME_COMMAND},
};

enum ep_ng_blame ep_ng_blame_of(struct ep_view result, struct ep_view reason)
{
	/* A limit has a result of its own. */
	if(ep_view_eq(result, EP_LIT("load limit")))
		return EP_NG_BLAME_GATEWAY;
	if(reason.p == NULL)
		return EP_NG_BLAME_UNKNOWN;
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_find(reason, ep_view_z(table[i].word)) != SIZE_MAX)
			return table[i].blame;
	return EP_NG_BLAME_UNKNOWN;
}
