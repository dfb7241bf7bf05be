/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Which WAFs and WWSFs are barred: a bounded list of names, and the question
 * whether one of them is in it (TS 33.203 X.3.2.3 and X.4.2.3 step 6: an
 * authorization entity that is barred, known by O&M).
 *
 * Nodes put their entries together without an order: of two for one name the
 * one made later counts, and every node comes to the same list. What is lifted
 * or over is remembered for EP_BARRED_KEEP_S, so that an older entry that
 * arrives late changes nothing.
 *
 * Names. Letter case does not count in the host: behind the last "@"
 * ("User@Host"), behind "://" ("https://Host/Path"), or everywhere when there
 * is neither, and there up to the first "/", "?" or ";". Elsewhere every octet
 * counts. In the list, and in its lines, hosts are in small letters.
 */
#ifndef EP_TNA_BARRED_H
#define EP_TNA_BARRED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Longest name. */
#define EP_BARRED_NAME_MAX 255
/* Longest line that ep_barred_entry_print() writes, without a line end. */
#define EP_BARRED_LINE_MAX (3 * EP_BARRED_NAME_MAX + 96)
/* How long what counts no more is remembered, since it was made. */
#define EP_BARRED_KEEP_S (30 * 86400)

enum ep_barred_kind
{
	EP_BARRED_WAF,
	EP_BARRED_WWSF,
	EP_BARRED_KIND_N
};

enum ep_barred_by
{
	EP_BARRED_BY_RPC,
	EP_BARRED_BY_FILE,
	EP_BARRED_BY_NODE,
	EP_BARRED_BY_N
};

struct ep_barred_entry
{
	enum ep_barred_kind kind;
	struct ep_view name; /* as ep_barred_name() writes it */
	bool lifted;
	int64_t until_s;      /* the last second; 0: for ever. 0 when lifted */
	int64_t at_ms;        /* when it was made; the later one counts */
	enum ep_barred_by by; /* how it came here; not part of the comparison */
};

/* waf, wwsf; rpc, file, node; "?" for a value out of range. */
const char *ep_barred_kind_name(enum ep_barred_kind kind);
const char *ep_barred_by_name(enum ep_barred_by by);
/* EP_BARRED_KIND_N: no such kind. */
enum ep_barred_kind ep_barred_kind_find(struct ep_view name);

/* The name as the list has it. EP_OK; EP_ERANGE: empty or too long;
 * EP_ENOSPC. */
enum ep_err ep_barred_name(struct ep_buf *out, struct ep_view name);

/* One line without its end, words separated by one SP:
 *   kind name until at barred|lifted by
 * the name as base/word.h writes it. EP_ENOSPC. */
enum ep_err ep_barred_entry_print(
		struct ep_buf *out, const struct ep_barred_entry *entry);
/* Exactly what ep_barred_entry_print() writes: EP_ESYNTAX, EP_ERANGE,
 * EP_ENOMEM. The name is in the arena. */
enum ep_err ep_barred_entry_parse(struct ep_barred_entry *out,
		struct ep_view line, struct ep_arena *arena);

/* Does it bar at `now_s`? */
bool ep_barred_entry_in_force(
		const struct ep_barred_entry *entry, int64_t now_s);
/* The last second in which it must be remembered. */
int64_t ep_barred_entry_kept_s(const struct ep_barred_entry *entry);
/* A number that two lists with the same entries have in common: the sum of
 * this over all entries. */
uint64_t ep_barred_entry_sum(const struct ep_barred_entry *entry);

/* --- the list --- */

/* One block of the caller, which may be in shared memory; it never grows. The
 * caller locks. */
struct ep_barred_list;

/* `max` entries at most, lifted ones included; 1..2^20. */
size_t ep_barred_list_size(size_t max);
/* `key`: random, against chosen collisions. */
struct ep_barred_list *ep_barred_list_init(
		void *block, size_t max, const unsigned char key[16]);
/* Entries, lifted ones included. */
size_t ep_barred_list_count(const struct ep_barred_list *list);
/* Entries that may bar somebody. Without a lock: 0 means "ask no more". */
size_t ep_barred_list_live(const struct ep_barred_list *list);

/* Puts a copy in, in place of an older entry for the name. *changed: the list
 * is another than before (not for a copy, an older one, or one that need not
 * be remembered). A full list forgets the oldest entry that bars nobody any
 * more for one that does. EP_OK, EP_ENOSPC, EP_ERANGE (kind, or a name that is
 * not as ep_barred_name() writes it). */
enum ep_err ep_barred_list_put(bool *changed, struct ep_barred_list *list,
		const struct ep_barred_entry *entry, int64_t now_s);
/* What the list has for the name, in force or not; NULL. Valid until the list
 * changes. */
const struct ep_barred_entry *ep_barred_list_find(
		const struct ep_barred_list *list, enum ep_barred_kind kind,
		struct ep_view name);
/* Is the name, in any spelling, barred? An absent one is not. */
bool ep_barred_list_match(const struct ep_barred_list *list,
		enum ep_barred_kind kind, struct ep_view name, int64_t now_s);

/* Places, for walks that give the lock back in between: an entry never moves.
 * *entry is NULL for an empty place. False behind the last place. */
bool ep_barred_list_at(const struct ep_barred_entry **entry,
		const struct ep_barred_list *list, size_t place);
/* Forgets what need not be remembered any more. Returns how many. */
size_t ep_barred_list_sweep(struct ep_barred_list *list, int64_t now_s);

#endif
