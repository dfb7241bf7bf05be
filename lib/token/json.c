/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Our own reader, not jansson: jansson 2.14 reports a failed allocation as
 * "invalid token", so out of memory would become a verdict on somebody's
 * token, and its hooks to tell them apart are global to the process. The tests
 * compare this reader with jansson.
 */
#include "token/json.h"

/* Digits before the point, and decimal exponent: 10^18 fits 64 bits, and
 * 10^(18 + 280) a double. */
#define INTEGER_DIGITS_MAX 18
#define EXPONENT_MAX 280

struct reader
{
	const char *p;
	const char *end;
	const struct ep_json_limits *limits;
	struct ep_arena *arena;
	size_t depth; /* levels that may still be entered */
};

static enum ep_token_cause value_read(struct reader *r, struct ep_json *node);

static void skip_space(struct reader *r)
{
	while(r->p < r->end
			&& (*r->p == ' ' || *r->p == '\t' || *r->p == '\n'
					|| *r->p == '\r'))
		r->p++;
}

static bool take_chr(struct reader *r, char c)
{
	if(r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool is_cont(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Octets of the well-formed UTF-8 sequence at `p` (Unicode table 3-7: no
 * overlong forms, no surrogates, nothing above U+10FFFF); 0: there is none. */
static size_t utf8_len(const char *text, const char *end)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = (size_t)(end - text);

	if(p[0] < 0x80)
		return 1;
	if(p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if(left < 2 || !is_cont(p[1]))
		return 0;
	if(p[0] < 0xe0)
		return 2;
	if((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
			|| (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	if(left < 3 || !is_cont(p[2]))
		return 0;
	if(p[0] < 0xf0)
		return 3;
	return left >= 4 && is_cont(p[3]) ? 4 : 0;
}

/* What stands between two quotes, and whether it has escapes. */
static enum ep_token_cause string_scan(
		struct reader *r, struct ep_view *raw, bool *escaped)
{
	const char *from;

	if(!take_chr(r, '"'))
		return EP_TOKEN_JSON_SYNTAX;
	from = r->p;
	*escaped = false;
	while(r->p < r->end && *r->p != '"') {
		unsigned char c = (unsigned char)*r->p;
		size_t n = 1;

		if(c == '\0')
			return EP_TOKEN_JSON_TEXT;
		if(c < ' ')
			return EP_TOKEN_JSON_SYNTAX;
		if(c == '\\') {
			*escaped = true;
			n = 2;
			if(r->end - r->p < 2)
				return EP_TOKEN_JSON_SYNTAX;
		} else if(c >= 0x80) {
			n = utf8_len(r->p, r->end);
			if(n == 0)
				return EP_TOKEN_JSON_TEXT;
		}
		r->p += n;
	}
	if(r->p == r->end)
		return EP_TOKEN_JSON_SYNTAX;
	*raw = ep_view_of(from, (size_t)(r->p++ - from));
	return EP_TOKEN_OK;
}

/* Four hexadecimal digits at `p`, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t n = 0;

	if(end - p < 4)
		return -1;
	for(int i = 0; i < 4; i++) {
		char c = p[i];

		n <<= 4;
		if(c >= '0' && c <= '9')
			n |= c - '0';
		else if((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n |= (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return n;
}

static size_t utf8_put(char *out, uint32_t cp)
{
	if(cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if(cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 63));
		return 2;
	}
	if(cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 63));
		out[2] = (char)(0x80 | (cp & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 63));
	out[2] = (char)(0x80 | (cp >> 6 & 63));
	out[3] = (char)(0x80 | (cp & 63));
	return 4;
}

/* \uXXXX, or two of them as a surrogate pair; *p stands behind the 'u'. */
static enum ep_token_cause unicode_escape(
		uint32_t *cp, const char **p, const char *end)
{
	int32_t high = hex4(*p, end);
	int32_t low;

	if(high < 0)
		return EP_TOKEN_JSON_SYNTAX;
	*p += 4;
	*cp = (uint32_t)high;
	if(high == 0 || (high >= 0xdc00 && high <= 0xdfff))
		return EP_TOKEN_JSON_TEXT;
	if(high < 0xd800 || high > 0xdbff)
		return EP_TOKEN_OK;
	if(end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return EP_TOKEN_JSON_TEXT;
	low = hex4(*p + 2, end);
	if(low < 0xdc00 || low > 0xdfff)
		return EP_TOKEN_JSON_TEXT;
	*p += 6;
	*cp = 0x10000 + (((uint32_t)high - 0xd800) << 10)
		  + ((uint32_t)low - 0xdc00);
	return EP_TOKEN_OK;
}

/* An escape never gets longer, so raw.len octets are enough. */
static enum ep_token_cause string_unescape(
		struct ep_view *out, struct ep_view raw, struct ep_arena *arena)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *p = raw.p;
	const char *end = raw.p + raw.len;
	char *text = ep_arena_get(arena, raw.len);
	size_t n = 0;

	if(text == NULL)
		return EP_TOKEN_NO_MEMORY;
	while(p < end) {
		const char *known;

		if(*p != '\\') {
			text[n++] = *p++;
			continue;
		}
		p++;
		if(*p == 'u') {
			uint32_t cp;
			enum ep_token_cause cause;

			p++;
			cause = unicode_escape(&cp, &p, end);
			if(cause != EP_TOKEN_OK)
				return cause;
			n += utf8_put(text + n, cp);
			continue;
		}
		known = *p != '\0' ? strchr(from, *p) : NULL;
		if(known == NULL)
			return EP_TOKEN_JSON_SYNTAX;
		text[n++] = to[known - from];
		p++;
	}
	*out = ep_view_of(text, n);
	return EP_TOKEN_OK;
}

static enum ep_token_cause string_read(struct reader *r, struct ep_view *out)
{
	struct ep_view raw;
	bool escaped;
	enum ep_token_cause cause = string_scan(r, &raw, &escaped);

	if(cause != EP_TOKEN_OK)
		return cause;
	if(escaped)
		return string_unescape(out, raw, r->arena);
	*out = raw;
	return EP_TOKEN_OK;
}

static size_t skip_digits(struct reader *r)
{
	const char *from = r->p;

	while(r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return (size_t)(r->p - from);
}

/* The decimal exponent's value, as far as it matters. */
static int exponent_of(struct ep_view digits, bool minus)
{
	uint64_t n;

	if(!ep_view_u64(&n, digits, 9999))
		n = 9999;
	return minus ? -(int)n : (int)n;
}

/* The exponent part, if there is one: its value in *exponent. */
static enum ep_token_cause exponent_read(
		struct reader *r, bool *there, int *exponent)
{
	const char *digits;
	bool minus = false;

	*there = take_chr(r, 'e') || take_chr(r, 'E');
	if(!*there)
		return EP_TOKEN_OK;
	if(!take_chr(r, '+'))
		minus = take_chr(r, '-');
	digits = r->p;
	if(skip_digits(r) == 0)
		return EP_TOKEN_JSON_SYNTAX;
	*exponent = exponent_of(ep_view_of(digits, (size_t)(r->p - digits)), minus);
	return EP_TOKEN_OK;
}

/* RFC 8259 6: number = [ minus ] int [ frac ] [ exp ]. What neither 64 bits
 * nor a double hold is refused: other readers of the same token refuse it, or
 * make different numbers of it. */
static enum ep_token_cause number_read(struct reader *r, struct ep_json *node)
{
	const char *from = r->p;
	bool minus = take_chr(r, '-');
	struct ep_view digits = ep_view_of(r->p, 0);
	bool fraction, exponential;
	int exponent = 0;
	uint64_t n;

	if(!take_chr(r, '0') && skip_digits(r) == 0)
		return EP_TOKEN_JSON_SYNTAX;
	digits.len = (size_t)(r->p - digits.p);
	fraction = take_chr(r, '.');
	if(fraction && skip_digits(r) == 0)
		return EP_TOKEN_JSON_SYNTAX;
	if(exponent_read(r, &exponential, &exponent) != EP_TOKEN_OK)
		return EP_TOKEN_JSON_SYNTAX;
	if(digits.len > INTEGER_DIGITS_MAX || exponent > EXPONENT_MAX)
		return EP_TOKEN_JSON_LIMIT;
	node->type = EP_JSON_NUMBER;
	if(!fraction && !exponential
			&& ep_view_u64(&n, digits, UINT64_C(1) << 53)) {
		node->num = minus ? -(int64_t)n : (int64_t)n;
		node->type = EP_JSON_INT;
	}
	node->str = ep_view_of(from, (size_t)(r->p - from));
	return EP_TOKEN_OK;
}

static enum ep_token_cause word_read(struct reader *r, struct ep_json *node,
		struct ep_view word, enum ep_json_type type)
{
	if(!ep_view_starts(ep_view_of(r->p, (size_t)(r->end - r->p)), word))
		return EP_TOKEN_JSON_SYNTAX;
	r->p += word.len;
	node->type = type;
	return EP_TOKEN_OK;
}

static bool has_name(const struct ep_json *first, struct ep_view name)
{
	for(; first != NULL; first = first->next)
		if(first->name.len == name.len
				&& memcmp(first->name.p, name.p, name.len) == 0)
			return true;
	return false;
}

/* A member's name and colon; `first` are the members before it. */
static enum ep_token_cause name_read(
		struct reader *r, const struct ep_json *first, struct ep_json *child)
{
	enum ep_token_cause cause;

	skip_space(r);
	cause = string_read(r, &child->name);
	if(cause != EP_TOKEN_OK)
		return cause;
	if(has_name(first, child->name))
		return EP_TOKEN_JSON_DUPLICATE;
	skip_space(r);
	return take_chr(r, ':') ? EP_TOKEN_OK : EP_TOKEN_JSON_SYNTAX;
}

/* The children of an array or object, up to `close`; the opening is read. */
static enum ep_token_cause children_read(
		struct reader *r, struct ep_json *node, char close)
{
	const struct ep_json **tail = &node->first;
	size_t left = close == ']' && r->limits->elements != 0 ? r->limits->elements
														   : r->limits->members;

	skip_space(r);
	if(take_chr(r, close))
		return EP_TOKEN_OK;
	for(;;) {
		struct ep_json *child;
		enum ep_token_cause cause;

		if(left-- == 0)
			return EP_TOKEN_JSON_LIMIT;
		child = ep_arena_get(r->arena, sizeof(*child));
		if(child == NULL)
			return EP_TOKEN_NO_MEMORY;
		if(close == '}') {
			cause = name_read(r, node->first, child);
			if(cause != EP_TOKEN_OK)
				return cause;
		}
		cause = value_read(r, child);
		if(cause != EP_TOKEN_OK)
			return cause;
		*tail = child;
		tail = &child->next;
		skip_space(r);
		if(take_chr(r, close))
			return EP_TOKEN_OK;
		if(!take_chr(r, ','))
			return EP_TOKEN_JSON_SYNTAX;
	}
}

static enum ep_token_cause nested_read(struct reader *r, struct ep_json *node)
{
	bool object = *r->p++ == '{';
	enum ep_token_cause cause;

	node->type = object ? EP_JSON_OBJECT : EP_JSON_ARRAY;
	if(r->depth == 0)
		return EP_TOKEN_JSON_LIMIT;
	r->depth--;
	cause = children_read(r, node, object ? '}' : ']');
	r->depth++;
	return cause;
}

static enum ep_token_cause value_read(struct reader *r, struct ep_json *node)
{
	skip_space(r);
	if(r->p == r->end)
		return EP_TOKEN_JSON_SYNTAX;
	switch(*r->p) {
		case '{':
		case '[':
			return nested_read(r, node);
		case '"':
			node->type = EP_JSON_STRING;
			return string_read(r, &node->str);
		case 't':
			return word_read(r, node, EP_LIT("true"), EP_JSON_TRUE);
		case 'f':
			return word_read(r, node, EP_LIT("false"), EP_JSON_FALSE);
		case 'n':
			return word_read(r, node, EP_LIT("null"), EP_JSON_NULL);
		default:
			return number_read(r, node);
	}
}

enum ep_token_cause ep_json_parse(const struct ep_json **out,
		struct ep_view text, const struct ep_json_limits *limits,
		struct ep_arena *arena)
{
	struct reader r = {text.p, text.p + text.len, limits, arena, limits->depth};
	struct ep_json *node;
	enum ep_token_cause cause;

	if(text.len > limits->size)
		return EP_TOKEN_JSON_LIMIT;
	node = ep_arena_get(arena, sizeof(*node));
	if(node == NULL)
		return EP_TOKEN_NO_MEMORY;
	cause = value_read(&r, node);
	if(cause != EP_TOKEN_OK)
		return cause;
	skip_space(&r);
	if(r.p != r.end)
		return EP_TOKEN_JSON_SYNTAX;
	*out = node;
	return EP_TOKEN_OK;
}

const struct ep_json *ep_json_get(
		const struct ep_json *object, struct ep_view name)
{
	if(object == NULL || object->type != EP_JSON_OBJECT)
		return NULL;
	for(const struct ep_json *m = object->first; m != NULL; m = m->next)
		if(ep_view_eq(m->name, name))
			return m;
	return NULL;
}

enum ep_token_cause ep_json_text(
		struct ep_view *out, const struct ep_json *object, struct ep_view name)
{
	const struct ep_json *member = ep_json_get(object, name);

	*out = ep_view_none();
	if(member == NULL)
		return EP_TOKEN_OK;
	if(member->type != EP_JSON_STRING)
		return EP_TOKEN_CLAIM_TYPE;
	for(size_t i = 0; i < member->str.len; i++)
		if((unsigned char)member->str.p[i] < ' ' || member->str.p[i] == 0x7f)
			return EP_TOKEN_CLAIM_VALUE;
	if(member->str.len == 0)
		return EP_TOKEN_CLAIM_VALUE;
	*out = member->str;
	return EP_TOKEN_OK;
}
