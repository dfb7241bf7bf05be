/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * The name a WIC with a lent identity (one of its WWSF's pool, TS 33.203
 * X.4.2.3) goes by: the identity that was registered, and no other.
 *
 * Where From is replaced, the other end knows the caller by the identity, and
 * the page by what it wrote: whoever applies the plan puts From back in
 * answers, and the page's text into To of what comes later in the dialog. The
 * tag is the same on both sides.
 */
#ifndef EP_TNA_FROM_H
#define EP_TNA_FROM_H

#include "base/hdredit.h"
#include "tna/binding.h"
#include "tna/cause.h"

enum ep_tna_from_rule
{
	EP_TNA_FROM_KEEP,
	EP_TNA_FROM_REPLACE,
	EP_TNA_FROM_REFUSE
};

/* Leaves the binding one public identity: the registered one, or the default
 * when that is barred; none when the set is empty. *one is its memory. */
void ep_tna_from_narrow(struct ep_binding *b, struct ep_view *one);

/* Does the message name nobody but `identity`: no display name in From and
 * P-Preferred-Identity, and no other URI? Causes: OK, MALFORMED,
 * FROM_REFUSED. */
enum ep_tna_cause ep_tna_from_check(
		const struct ep_msg *m, struct ep_view identity);

/* The name-addr of From or To, and what stands behind it. */
struct ep_tna_name
{
	struct ep_view value;  /* the header's, as it stands */
	struct ep_view name;   /* display name and URI, without parameters */
	struct ep_view params; /* with the first ';'; or empty */
};
/* `header`: From or To. Causes: OK, MALFORMED. */
enum ep_tna_cause ep_tna_name_get(
		struct ep_tna_name *out, const struct ep_msg *m, struct ep_view header);
/* The edit that makes the one `header` of `m` read `name`, with its own
 * parameters. Causes: OK, MALFORMED, INTERNAL. */
enum ep_tna_cause ep_tna_name_plan(struct ep_hdredits *l,
		const struct ep_msg *m, struct ep_view header, struct ep_view name);
/* `<uri>`; absent without memory. */
struct ep_view ep_tna_name_of(struct ep_view uri, struct ep_arena *arena);

#endif
