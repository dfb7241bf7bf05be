/* SPDX-License-Identifier: BSD-2-Clause */
#include "token/share.h"

/* FNV-1a: the names are the operator's. */
static uint64_t name_hash(struct ep_view name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for(size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The issuer's, else a free one, else the last, which the rest share. */
static size_t slot_find(const struct ep_share *share, uint64_t who)
{
	size_t unused = EP_SHARE_ISSUERS - 1;

	for(size_t i = EP_SHARE_ISSUERS; i-- > 0;) {
		if(share->v[i].n == 0)
			unused = i;
		else if(share->v[i].who == who)
			return i;
	}
	return unused;
}

bool ep_share_take(struct ep_share *share, struct ep_view issuer, unsigned max,
		unsigned issuers_n)
{
	uint64_t who = name_hash(issuer);
	size_t slot = slot_find(share, who);
	unsigned own = issuers_n > 1 ? max / 2 / issuers_n : 0;
	unsigned others = 0;

	if(share->n >= max)
		return false;
	/* What stands beyond their own, of the part that is everybody's. */
	for(size_t i = 0; i < EP_SHARE_ISSUERS; i++)
		if(share->v[i].n > own)
			others += share->v[i].n - own;
	if(share->v[slot].n >= own && others >= max - own * issuers_n)
		return false;
	if(share->v[slot].n++ == 0)
		share->v[slot].who = who;
	share->n++;
	return true;
}

void ep_share_give(struct ep_share *share, struct ep_view issuer)
{
	size_t slot = slot_find(share, name_hash(issuer));

	/* One that found no slot of its own may meet a free one by now. */
	if(share->v[slot].n == 0)
		slot = EP_SHARE_ISSUERS - 1;
	if(share->v[slot].n > 0)
		share->v[slot].n--;
	if(share->n > 0)
		share->n--;
}
