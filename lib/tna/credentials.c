/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/credentials.h"

/* --- one line --- */

/* A name that stands between quotes as it is. */
static bool is_name(struct ep_view v)
{
	size_t i;

	for(i = 0; i < v.len; i++)
		if(v.p[i] <= ' ' || v.p[i] > '~' || v.p[i] == '"' || v.p[i] == '\\')
			return false;
	return v.len > 0;
}

static size_t stars_n(struct ep_view v)
{
	size_t i, n = 0;

	for(i = 0; i < v.len; i++)
		n += v.p[i] == '*';
	return n;
}

static bool ha1_read(struct ep_credential *c, struct ep_view hex)
{
	size_t i;

	if(hex.len != 2 * EP_MD5_LEN && hex.len != 2 * EP_SHA256_LEN)
		return false;
	c->hash = hex.len == 2 * EP_MD5_LEN ? EP_HASH_MD5 : EP_HASH_SHA256;
	for(i = 0; i < hex.len; i += 2) {
		int high = ep_chr_hex(hex.p[i]), low = ep_chr_hex(hex.p[i + 1]);

		if(high < 0 || low < 0)
			return false;
		c->ha1[i / 2] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static const char *line_read(struct ep_credential *c, struct ep_view line)
{
	struct ep_view secret = EP_LIT("password:");

	*c = (struct ep_credential){.hash = EP_HASH_MD5};
	c->impi = ep_view_cut(&line, ':');
	c->realm = ep_view_cut(&line, ':');
	if(!line.p)
		return "not IMPI:REALM:HA1";
	if(!is_name(c->impi) || !is_name(c->realm))
		return "an identity or a realm that cannot be used";
	if(!ep_view_starts(line, secret)) {
		if(stars_n(c->impi))
			return "a HA1 for a pool: only a password can be shared";
		return ha1_read(c, line) ? NULL : "a HA1 of neither 32 nor 64 digits";
	}
	c->password = ep_view_from(line, secret.len);
	if(stars_n(c->impi) != 1)
		return "a password belongs to a pool, with one '*'";
	if(c->password.len == 0 || c->password.len > EP_PASSWORD_MAX)
		return "a password of no length that can be used";
	return NULL;
}

/* The next line that says something, trimmed; false behind the last. */
static bool line_next(
		struct ep_view *line, unsigned *number, struct ep_view *rest)
{
	while(rest->p) {
		*line = ep_view_trim(ep_view_cut(rest, '\n'));
		(*number)++;
		if(line->len > 0 && line->p[0] != '#')
			return true;
	}
	return false;
}

static size_t lines_n(struct ep_view text)
{
	struct ep_view line;
	unsigned number = 0;
	size_t n = 0;

	while(line_next(&line, &number, &text))
		n++;
	return n;
}

/* --- order --- */

static int view_cmp(struct ep_view a, struct ep_view b)
{
	int order = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	if(order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int user_cmp(const struct ep_credential *a, struct ep_view impi,
		struct ep_view realm, enum ep_hash hash)
{
	int order = view_cmp(a->impi, impi);

	if(!order)
		order = view_cmp(a->realm, realm);
	return order ? order : (int)a->hash - (int)hash;
}

static void sift(struct ep_credential *v, size_t at, size_t n)
{
	struct ep_credential c = v[at];
	size_t child;

	for(; (child = 2 * at + 1) < n; at = child) {
		if(child + 1 < n
				&& user_cmp(&v[child + 1], v[child].impi, v[child].realm,
						   v[child].hash)
						   > 0)
			child++;
		if(user_cmp(&v[child], c.impi, c.realm, c.hash) <= 0)
			break;
		v[at] = v[child];
	}
	v[at] = c;
	ep_cleanse(&c, sizeof(c));
}

static void sort(struct ep_credential *v, size_t n)
{
	struct ep_credential c;
	size_t i;

	for(i = n / 2; i-- > 0;)
		sift(v, i, n);
	for(i = n; i-- > 1;) {
		c = v[0];
		v[0] = v[i];
		v[i] = c;
		sift(v, 0, i);
	}
	ep_cleanse(&c, sizeof(c));
}

/* --- patterns --- */

/* "a*b" and "c*d" have a name in common exactly when one beginning begins the
 * other and one end ends the other. */
static bool patterns_meet(struct ep_view a, struct ep_view b)
{
	struct ep_view a_end = a, b_end = b;
	struct ep_view a_begin = ep_view_cut(&a_end, '*');
	struct ep_view b_begin = ep_view_cut(&b_end, '*');

	return (ep_view_starts(a_begin, b_begin)
				   || ep_view_starts(b_begin, a_begin))
		   && (ep_view_ends(a_end, b_end) || ep_view_ends(b_end, a_end));
}

static bool pool_is_new(const struct ep_credential *c,
		const struct ep_credential *pools, size_t n)
{
	size_t i;

	for(i = 0; i < n; i++)
		if(ep_view_eq(pools[i].realm, c->realm)
				&& patterns_meet(pools[i].impi, c->impi))
			return false;
	return true;
}

/* --- all of it --- */

/* The copy of the text stands behind the records. */
size_t ep_credentials_size(struct ep_view text)
{
	return lines_n(text) * sizeof(struct ep_credential) + text.len + 1;
}

/* Users from the beginning, pools from the end, so that one array holds both.
 */
static const char *all_read(struct ep_credentials *out, struct ep_view text,
		size_t n, unsigned *number)
{
	struct ep_credential c;
	struct ep_view line;
	const char *why = NULL;

	while(!why && line_next(&line, number, &text)) {
		why = line_read(&c, line);
		if(why)
			break;
		if(!c.password.p)
			out->v[out->users++] = c;
		else if(!pool_is_new(&c, out->v + n - out->pools, out->pools))
			why = "a pattern that meets another one";
		else
			out->v[n - ++out->pools] = c;
	}
	ep_cleanse(&c, sizeof(c));
	return why;
}

const char *ep_credentials_parse(struct ep_credentials *out, void *block,
		struct ep_view text, unsigned *line)
{
	size_t n = lines_n(text), i;
	char *copy = (char *)block + n * sizeof(struct ep_credential);
	const char *why;

	*line = 0;
	*out = (struct ep_credentials){.v = block};
	if(text.len)
		memcpy(copy, text.p, text.len);
	why = all_read(out, ep_view_of(copy, text.len), n, line);
	if(why)
		return why;
	sort(out->v, out->users);
	for(i = 1; i < out->users; i++)
		if(user_cmp(&out->v[i - 1], out->v[i].impi, out->v[i].realm,
				   out->v[i].hash)
				== 0) {
			*line = 0;
			return "a user with two lines of one kind";
		}
	return NULL;
}

static const struct ep_credential *user_find(const struct ep_credentials *c,
		struct ep_view impi, struct ep_view realm, enum ep_hash hash)
{
	size_t low = 0, high = c->users;

	while(low < high) {
		size_t mid = low + (high - low) / 2;
		int order = user_cmp(&c->v[mid], impi, realm, hash);

		if(order == 0)
			return &c->v[mid];
		if(order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool ha1_make(struct ep_secret *out, const struct ep_credential *pool,
		struct ep_view impi, enum ep_hash hash)
{
	const struct ep_view parts[] = {
			impi, EP_LIT(":"), pool->realm, EP_LIT(":"), pool->password};

	return ep_hash_parts(out->ha1[hash], hash, parts, 5) == EP_OK;
}

static bool pool_find(struct ep_secret *out, const struct ep_credentials *c,
		struct ep_view impi, struct ep_view realm)
{
	size_t i;
	enum ep_hash hash;

	for(i = c->users; i < c->users + c->pools; i++) {
		if(!ep_view_eq(c->v[i].realm, realm)
				|| !ep_view_glob(c->v[i].impi, impi))
			continue;
		for(hash = EP_HASH_MD5; hash <= EP_HASH_SHA256; hash++)
			out->has[hash] = ha1_make(out, &c->v[i], impi, hash);
		return out->has[EP_HASH_MD5] || out->has[EP_HASH_SHA256];
	}
	return false;
}

bool ep_credentials_find(struct ep_secret *out, const struct ep_credentials *c,
		struct ep_view impi, struct ep_view realm)
{
	const struct ep_credential *one;
	enum ep_hash hash;

	*out = (struct ep_secret){.has = {false, false}};
	/* A name that needs an escape would be hashed as one, and sent as
	 * another. */
	if(!is_name(impi) || !is_name(realm))
		return false;
	for(hash = EP_HASH_MD5; hash <= EP_HASH_SHA256; hash++) {
		one = user_find(c, impi, realm, hash);
		if(!one)
			continue;
		out->has[hash] = true;
		memcpy(out->ha1[hash], one->ha1, EP_HASH_LEN_MAX);
	}
	return out->has[EP_HASH_MD5] || out->has[EP_HASH_SHA256]
		   || pool_find(out, c, impi, realm);
}
