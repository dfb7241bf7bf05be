/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/answer.h"
#include "tna/auth.h"
#include "tna/build.h"

/* One Digest challenge; texts without their quotes, escapes left in: what is
 * hashed is what is sent back. */
struct challenge
{
	struct ep_view realm, nonce, opaque, algorithm, qop;
	bool has_qop, stale;
	enum ep_hash hash;
	bool sess;
};

static bool algorithm_read(struct challenge *c)
{
	static const struct
	{
		const char *name;
		enum ep_hash hash;
		bool sess;
	} known[] = {{"MD5", EP_HASH_MD5, false}, {"MD5-sess", EP_HASH_MD5, true},
			{"SHA-256", EP_HASH_SHA256, false},
			{"SHA-256-sess", EP_HASH_SHA256, true}};
	size_t i;

	if(!c->algorithm.p)
		return true; /* RFC 2617 3.2.1: MD5 */
	for(i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if(ep_view_ieq(c->algorithm, ep_view_z(known[i].name))) {
			c->hash = known[i].hash;
			c->sess = known[i].sess;
			return true;
		}
	return false;
}

static bool qop_has_auth(struct ep_view list)
{
	struct ep_view item;

	while(ep_list_next(&item, &list) == EP_OK)
		if(ep_view_ieq(item, EP_LIT("auth")))
			return true;
	return false;
}

/* Where a parameter goes; NULL: one that says nothing to us. */
static struct ep_view *field_of(struct challenge *c, struct ep_view name)
{
	if(ep_view_ieq(name, EP_LIT("realm")))
		return &c->realm;
	if(ep_view_ieq(name, EP_LIT("nonce")))
		return &c->nonce;
	if(ep_view_ieq(name, EP_LIT("opaque")))
		return &c->opaque;
	if(ep_view_ieq(name, EP_LIT("algorithm")))
		return &c->algorithm;
	return ep_view_ieq(name, EP_LIT("qop")) ? &c->qop : NULL;
}

/* False for what is no Digest challenge, or one that cannot be answered. */
static bool challenge_read(struct challenge *c, struct ep_view value)
{
	struct ep_param p;
	struct ep_view *field;
	enum ep_err err;

	*c = (struct challenge){.hash = EP_HASH_MD5};
	if(!ep_auth_scheme_is(&value, EP_LIT("Digest")))
		return false;
	while((err = ep_auth_param_next(&p, &value)) == EP_OK) {
		field = field_of(c, p.name);
		if(field && field->p)
			return false; /* twice: which one was meant? */
		if(field)
			*field = ep_unquote(p.value);
		else if(ep_view_ieq(p.name, EP_LIT("stale")))
			c->stale = ep_view_ieq(ep_unquote(p.value), EP_LIT("true"));
	}
	c->has_qop = c->qop.p != NULL;
	return err == EP_ENOENT && c->realm.len && c->nonce.len && algorithm_read(c)
		   && (c->has_qop ? qop_has_auth(c->qop) : !c->sess);
}

/* --- the answer --- */

/* A digest as hex digits. */
struct hex
{
	char text[2 * EP_HASH_LEN_MAX];
	size_t len;
};

static struct ep_view hex_view(const struct hex *h)
{
	return ep_view_of(h->text, h->len);
}

static void hex_of(struct hex *out, enum ep_hash hash, const unsigned char *v)
{
	struct ep_buf buf;

	ep_buf_init(&buf, out->text, sizeof(out->text));
	ep_buf_put_hex(&buf, ep_view_of((const char *)v, ep_hash_len(hash)));
	out->len = buf.len;
}

static bool hex_hash(struct hex *out, enum ep_hash hash,
		const struct ep_view *parts, size_t n)
{
	unsigned char v[EP_HASH_LEN_MAX];
	bool ok = ep_hash_parts(v, hash, parts, n) == EP_OK;

	if(ok)
		hex_of(out, hash, v);
	ep_cleanse(v, sizeof(v));
	return ok;
}

#define NC "00000001"

/* RFC 7616 3.4.2: H(user), or the session's key made of it. */
static bool a1_of(struct hex *out, const struct challenge *c,
		const struct ep_answer_ask *ask)
{
	hex_of(out, c->hash, ask->secret->ha1[c->hash]);
	if(!c->sess)
		return true;
	{
		const struct ep_view parts[] = {
				hex_view(out), EP_LIT(":"), c->nonce, EP_LIT(":"), ask->cnonce};

		return hex_hash(out, c->hash, parts, 5);
	}
}

static bool response_of(struct hex *out, const struct challenge *c,
		const struct ep_tna_cfg *cfg, const struct ep_answer_ask *ask)
{
	const struct ep_view a2_parts[] = {EP_LIT("REGISTER:"), cfg->home_uri};
	struct hex a1, a2;
	bool ok = a1_of(&a1, c, ask) && hex_hash(&a2, c->hash, a2_parts, 2);

	if(ok && c->has_qop) {
		const struct ep_view parts[] = {hex_view(&a1), EP_LIT(":"), c->nonce,
				EP_LIT(":" NC ":"), ask->cnonce, EP_LIT(":auth:"),
				hex_view(&a2)};

		ok = hex_hash(out, c->hash, parts, 7);
	} else if(ok) {
		const struct ep_view parts[] = {hex_view(&a1), EP_LIT(":"), c->nonce,
				EP_LIT(":"), hex_view(&a2)};

		ok = hex_hash(out, c->hash, parts, 5);
	}
	ep_cleanse(&a1, sizeof(a1));
	return ok;
}

/* `, name="value"`, or nothing. */
static void put_param(struct ep_buf *b, const char *name, struct ep_view value,
		const char *quote)
{
	if(!value.p)
		return;
	ep_buf_put_z(b, ", ");
	ep_buf_put_z(b, name);
	ep_buf_put_z(b, quote);
	ep_buf_put(b, value);
	if(quote[1])
		ep_buf_put_chr(b, '"');
}

static enum ep_tna_cause value_build(struct ep_view *out,
		const struct challenge *c, const struct ep_tna_cfg *cfg,
		const struct ep_answer_ask *ask, struct ep_arena *arena)
{
	size_t cap = 512 + ask->impi.len + c->realm.len + c->nonce.len
				 + c->opaque.len + cfg->home_uri.len + ask->cnonce.len;
	char *mem = ep_arena_get(arena, cap);
	struct hex response;
	struct ep_buf b;

	if(!mem || !response_of(&response, c, cfg, ask))
		return EP_TNA_INTERNAL;
	ep_buf_init(&b, mem, cap);
	ep_buf_put_z(&b, "Digest username=\"");
	ep_buf_put(&b, ask->impi);
	ep_buf_put_chr(&b, '"');
	put_param(&b, "realm", c->realm, "=\"");
	put_param(&b, "nonce", c->nonce, "=\"");
	put_param(&b, "uri", cfg->home_uri, "=\"");
	put_param(&b, "response", hex_view(&response), "=\"");
	put_param(&b, "algorithm", c->algorithm, "=");
	put_param(&b, "opaque", c->opaque, "=\"");
	if(c->has_qop) {
		put_param(&b, "qop", EP_LIT("auth"), "=");
		put_param(&b, "nc", EP_LIT(NC), "=");
		put_param(&b, "cnonce", ask->cnonce, "=\"");
	}
	if(cfg->core_integrity.len)
		put_param(&b, "integrity-protected", cfg->core_integrity, "=\"");
	*out = ep_buf_view(&b);
	return out->p ? EP_TNA_OK : EP_TNA_INTERNAL;
}

enum ep_tna_cause ep_answer_plan(struct ep_answer *out, const struct ep_msg *m,
		const struct ep_tna_cfg *cfg, const struct ep_answer_ask *ask,
		struct ep_arena *arena)
{
	bool proxy = m->status == 407;
	struct ep_view name =
			proxy ? EP_LIT("Proxy-Authenticate") : EP_LIT("WWW-Authenticate");
	enum ep_tna_cause cause = EP_TNA_CORE_CHALLENGED;
	struct challenge c;
	size_t i;

	*out = (struct ep_answer){.name = proxy ? EP_LIT("Proxy-Authorization")
											: EP_LIT("Authorization")};
	if((m->status != 401 && m->status != 407)
			|| !ep_view_eq(m->method, EP_LIT("REGISTER")))
		return EP_TNA_METHOD;
	for(i = ep_msg_find(m, name, 0); i != SIZE_MAX;
			i = ep_msg_find(m, name, i + 1)) {
		if(!challenge_read(&c, m->hdrs[i].value)
				|| !ep_view_eq(c.realm, cfg->core_realm)
				|| (ask->again && !c.stale))
			continue;
		if(ask->secret->has[c.hash]) {
			out->hash = c.hash;
			return value_build(&out->value, &c, cfg, ask, arena);
		}
		cause = EP_TNA_NO_CREDENTIALS;
	}
	return cause;
}
