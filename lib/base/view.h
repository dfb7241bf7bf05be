/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A view: bytes that belong to somebody else.
 *
 * Two words, passed by value. It owns nothing, is never freed, is not
 * NUL-terminated, and is valid only as long as the buffer it points into.
 * An absent value has p == NULL; an empty one has p != NULL and len == 0.
 */
#ifndef EP_BASE_VIEW_H
#define EP_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ep_view
{
	const char *p;
	size_t len;
};

/* A view of a string literal. */
#define EP_LIT(s) ((struct ep_view){"" s, sizeof(s) - 1})

/* printf("%.*s", EP_FMT(v)): only where the length is known to fit an int. */
#define EP_FMT(v) (int)(v).len, ((v).p ? (v).p : "")

static inline struct ep_view ep_view_of(const char *p, size_t len)
{
	return (struct ep_view){p, len};
}

static inline struct ep_view ep_view_z(const char *z)
{
	return (struct ep_view){z, z ? strlen(z) : 0};
}

static inline struct ep_view ep_view_none(void)
{
	return (struct ep_view){NULL, 0};
}

/* Octets equal. Two absent views are equal; an absent view
 * and an empty one are not. */
bool ep_view_eq(struct ep_view a, struct ep_view b);
/* Equal without regard to ASCII case (SIP tokens, header names). */
bool ep_view_ieq(struct ep_view a, struct ep_view b);
bool ep_view_starts(struct ep_view v, struct ep_view prefix);
bool ep_view_istarts(struct ep_view v, struct ep_view prefix);
bool ep_view_ends(struct ep_view v, struct ep_view suffix);

/* From `from` to the end; empty if `from` is past the end. */
struct ep_view ep_view_from(struct ep_view v, size_t from);
/* The first `n` octets, or all. */
struct ep_view ep_view_head(struct ep_view v, size_t n);
/* Without SP, HTAB, CR and LF at both ends (a folded header line counts as
 * white space: RFC 3261 7.3.1). */
struct ep_view ep_view_trim(struct ep_view v);

/* ASCII letters and digits, whatever the locale. */
static inline bool ep_chr_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		   || (c >= '0' && c <= '9');
}
/* What a hexadecimal digit stands for; -1: it is none. */
int ep_chr_hex(char c);
/* Nothing but letters, digits and `marks` (true of an empty one, too). */
bool ep_view_only(struct ep_view v, const char *marks);

/* Index of the first `c` (or of `needle`), or SIZE_MAX. */
size_t ep_view_find_chr(struct ep_view v, char c);
size_t ep_view_find(struct ep_view v, struct ep_view needle);

/* Cuts *rest at the first `sep`: returns what stands before it and leaves
 * in *rest what stands behind it; without a `sep` returns all and leaves
 * *rest absent. Loop: while(rest.p) { item = ep_view_cut(&rest, ','); } */
struct ep_view ep_view_cut(struct ep_view *rest, char sep);

/* Decimal digits only, 0..max. False (and *out untouched) for an empty view,
 * a sign, white space, any other octet, or a value above max. */
bool ep_view_u64(uint64_t *out, struct ep_view v, uint64_t max);

/* Anchored glob: `*` stands for any run of octets (also none), everything
 * else for itself. No other wildcard, no escape. Linear in time. */
bool ep_view_glob(struct ep_view pattern, struct ep_view v);

#endif
