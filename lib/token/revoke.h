/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What was revoked before its time: a bounded list of entries, and the
 * question whether one of them covers a permission (TS 33.203 X.4.2.3, OpenID
 * Connect Back-Channel Logout 1.0 2.6).
 *
 * Entries of several nodes are put together without an order: of two with the
 * same key the one made later counts, and every node comes to the same list.
 * A lifted entry stays until its time is over, so that an older copy of it
 * cannot come back.
 */
#ifndef EP_TOKEN_REVOKE_H
#define EP_TOKEN_REVOKE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "token/cause.h"

enum ep_revoke_kind
{
	EP_REVOKE_JTI,    /* one token, of an issuer */
	EP_REVOKE_SUB,    /* a user, as an issuer calls him */
	EP_REVOKE_SID,    /* a session at an issuer */
	EP_REVOKE_ALONE,  /* a user, in permissions that name no session */
	EP_REVOKE_IMPI,   /* private identity, octet for octet */
	EP_REVOKE_IMPU,   /* public identity, as ep_impu_eq() compares */
	EP_REVOKE_WWSF,   /* id of its section */
	EP_REVOKE_WAF,    /* identity of a WAF */
	EP_REVOKE_ISSUER, /* name of its section */
	EP_REVOKE_LOGOUT, /* the jti of a log-out token that was obeyed: covers
						 nothing, and is not taken a second time */
	EP_REVOKE_KIND_N
};

enum ep_revoke_by
{
	EP_REVOKE_BY_RPC,
	EP_REVOKE_BY_LOGOUT,
	EP_REVOKE_BY_FILE,
	EP_REVOKE_BY_NODE,
	EP_REVOKE_BY_N
};

/* Longest value or issuer; of an IMPU, of its canonical text. */
#define EP_REVOKE_VALUE_MAX 512
/* Longest line that ep_revoke_entry_print() writes, without a line end. */
#define EP_REVOKE_LINE_MAX (2 * 3 * EP_REVOKE_VALUE_MAX + 128)

struct ep_revoke_entry
{
	enum ep_revoke_kind kind;
	struct ep_view
			issuer; /* name of its section; JTI, SUB, SID, ALONE, LOGOUT */
	struct ep_view value; /* not empty */
	bool only_issued;     /* covers only what was issued at or before
							 issued_s, or nobody knows when */
	bool lifted;          /* covers nothing any more */
	int64_t issued_s;     /* 0 without only_issued */
	int64_t until_s;      /* the last second in which it counts */
	int64_t at_ms;        /* when it was made; the later one counts */
	enum ep_revoke_by by; /* how it came here; not part of the comparison */
};

/* Who holds a permission; absent views are not known. */
struct ep_revoke_grant
{
	struct ep_view issuer, jti, sub, sid, impi, waf, wwsf;
	const struct ep_view *impus;
	size_t impus_n;
	int64_t iat_s; /* -1: not known */
};

/* jti, sub, ...; NULL-terminated, "?" for a value out of range. */
const char *ep_revoke_kind_name(enum ep_revoke_kind kind);
const char *ep_revoke_by_name(enum ep_revoke_by by);
/* EP_REVOKE_KIND_N: no such kind. */
enum ep_revoke_kind ep_revoke_kind_find(struct ep_view name);
bool ep_revoke_kind_has_issuer(enum ep_revoke_kind kind);

/* From what an operator writes: kind and value, which with an issuer is
 * issuer/value. An IMPU becomes canonical; texts are in the arena. The other
 * fields are zero. EP_OK, EP_ESYNTAX, EP_ERANGE (too long), EP_ENOMEM. */
enum ep_err ep_revoke_entry_make(struct ep_revoke_entry *out,
		enum ep_revoke_kind kind, struct ep_view value, struct ep_arena *arena);

/* One line without its end:
 *   kind issuer|- value until issued|* at revoked|lifted by
 * separated by one SP; octets of issuer and value other than 0x21..0x7e, and
 * %, as %XX (a "-" alone as %2D). EP_ENOSPC. */
enum ep_err ep_revoke_entry_print(
		struct ep_buf *out, const struct ep_revoke_entry *entry);
/* Exactly what ep_revoke_entry_print() writes, nothing else: EP_ESYNTAX,
 * EP_ERANGE, EP_ENOMEM. Texts are in the arena. */
enum ep_err ep_revoke_entry_parse(struct ep_revoke_entry *out,
		struct ep_view line, struct ep_arena *arena);

/* What the grant has of a kind; absent for IMPU, of which it has several. */
struct ep_view ep_revoke_grant_value(
		const struct ep_revoke_grant *grant, enum ep_revoke_kind kind);
/* Does the entry count at `now_s`, for something issued when the grant was? */
bool ep_revoke_entry_in_force(const struct ep_revoke_entry *entry,
		const struct ep_revoke_grant *grant, int64_t now_s);
/* Does this one entry cover the grant at `now_s`? */
bool ep_revoke_entry_covers(const struct ep_revoke_entry *entry,
		const struct ep_revoke_grant *grant, int64_t now_s);
/* EP_TOKEN_REVOKED, USER_REVOKED, ... */
enum ep_token_cause ep_revoke_kind_cause(enum ep_revoke_kind kind);

/* --- a grant as one block with pointers into itself --- */

size_t ep_revoke_grant_size(const struct ep_revoke_grant *grant);
/* `block`: aligned for any object, ep_revoke_grant_size() octets. */
struct ep_revoke_grant *ep_revoke_grant_copy(
		void *block, const struct ep_revoke_grant *grant);

/* --- the list (revlist.c) --- */

/* Lives in one block of the caller, its entries in blocks of an allocator; so
 * all of it may be in shared memory. The caller locks. */
struct ep_revoke_list;

/* `max` entries at most. `seed`: random, against chosen collisions. */
size_t ep_revoke_list_size(size_t max);
struct ep_revoke_list *ep_revoke_list_init(
		void *block, size_t max, uint64_t seed);
void ep_revoke_list_fini(
		struct ep_revoke_list *list, const struct ep_alloc *alloc);
/* All entries, lifted ones too. */
size_t ep_revoke_list_count(const struct ep_revoke_list *list);
/* Entries that may cover something. Without a lock: 0 means "ask no more". */
size_t ep_revoke_list_live(const struct ep_revoke_list *list);

/* Puts an entry in, in place of an older one of the same key: kind, issuer,
 * value and only_issued. *changed: the list is another than before (not for a
 * copy, an older one, or one whose time is over). EP_OK, EP_ENOSPC (full, also
 * without what is over; by log-out, which leaves a quarter to operators,
 * already at three quarters), EP_ERANGE (a text too long or empty), EP_ENOMEM.
 */
enum ep_err ep_revoke_list_put(bool *changed, struct ep_revoke_list *list,
		const struct ep_revoke_entry *entry, int64_t now_s,
		const struct ep_alloc *alloc);
/* The entry with the key of `key`, lifted or over as it may be; NULL. */
const struct ep_revoke_entry *ep_revoke_list_find(
		const struct ep_revoke_list *list, const struct ep_revoke_entry *key);
/* EP_TOKEN_OK, or the cause of the first entry that covers the grant, users
 * before tokens before servers. */
enum ep_token_cause ep_revoke_list_match(const struct ep_revoke_list *list,
		const struct ep_revoke_grant *grant, int64_t now_s);

/* Chains, for walks that give the lock back in between: an entry never moves
 * to another chain. */
size_t ep_revoke_list_chains(const struct ep_revoke_list *list);
/* Calls `fn` for every entry of a chain; it must not change the list. */
void ep_revoke_list_walk(const struct ep_revoke_list *list, size_t chain,
		void (*fn)(const struct ep_revoke_entry *entry, void *ctx), void *ctx);
/* Removes the entries of a chain whose time is over. Returns how many. */
size_t ep_revoke_list_sweep(struct ep_revoke_list *list, size_t chain,
		int64_t now_s, const struct ep_alloc *alloc);

/* A number that two lists with the same entries have in common: the sum of
 * this over all entries. */
uint64_t ep_revoke_entry_sum(const struct ep_revoke_entry *entry);

#endif
