/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Header values that the plans of this library build, and the reading they
 * share. A value is absent when there is no memory.
 */
#ifndef EP_TNA_BUILD_H
#define EP_TNA_BUILD_H

#include "base/hdredit.h"
#include "base/sipuri.h"
#include "tna/cause.h"
#include "tna/cfg.h"
#include "tna/identity.h"

/* Like ep_arena_join, but absent as soon as one part is. */
struct ep_view ep_build_join(
		struct ep_arena *arena, const struct ep_view *parts, size_t n);
/* As a quoted-string; absent also when `v` cannot stand in one. */
struct ep_view ep_build_quoted(struct ep_arena *arena, struct ep_view v);
struct ep_view ep_build_u64(struct ep_arena *arena, uint64_t n);

/* `<sip:FLOW@own_host;lr[;own_params][;ob]>` */
struct ep_view ep_build_own_route(const struct ep_tna_cfg *cfg,
		struct ep_view flow, bool ob, struct ep_arena *arena);
/* `icid-value="..."[;icid-generated-at=...][;orig-ioi="Type 1..."]`
 * (RFC 7315 5.6, TS 24.229 7.2A.5.2) */
struct ep_view ep_build_charging_vector(const struct ep_tna_cfg *cfg,
		struct ep_view icid, struct ep_arena *arena);
/* RFC 3261 25.1 token */
bool ep_text_is_token(struct ep_view v);
/* A token as it is, anything else quoted (RFC 7315 5.3). */
struct ep_view ep_build_visited_network(
		const struct ep_tna_cfg *cfg, struct ep_arena *arena);
/* The members one after the other, with ", ". */
struct ep_view ep_build_list(struct ep_arena *arena, struct ep_impus list);

/* PREPEND or APPEND a value that may be absent for lack of memory. */
enum ep_err ep_build_prepend(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value);
enum ep_err ep_build_append(
		struct ep_hdredits *l, struct ep_view name, struct ep_view value);

/* The one header `name` (From, To); false when there is none, more than one,
 * or it does not parse as a name-addr with a URI. */
bool ep_msg_one_nameaddr(
		struct ep_nameaddr *out, const struct ep_msg *m, struct ep_view name);
/* urn:service:sos and what is below it (RFC 5031 4.2). */
bool ep_uri_is_emergency(struct ep_view uri);
/* Is `tag` in a comma separated list of tokens in any header `name`? */
bool ep_msg_has_token(
		const struct ep_msg *m, struct ep_view name, struct ep_view tag);
/* Takes option tags that end at the eP-CSCF out of every header `name`. */
enum ep_err ep_options_clean(
		struct ep_hdredits *l, const struct ep_msg *m, struct ep_view name);

/* Seconds until a token that ends at `end_s` (UINT64_MAX: never) must not be
 * relied on any more; 0: it is as good as over. */
uint64_t ep_token_left_s(uint64_t end_s, uint32_t skew_s, uint64_t now_s);

/* What a plan says for a failed edit. */
enum ep_tna_cause ep_tna_cause_of(enum ep_err err);

#endif
