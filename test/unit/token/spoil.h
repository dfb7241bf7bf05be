/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Makes good tokens in many shapes, and spoils them in many ways: in the
 * header, the claims, the JSON, the signature, the encoding, the parts. The
 * same `state` gives the same shapes; ECDSA's random numbers are OpenSSL's.
 */
#ifndef EP_UNIT_TOKEN_SPOIL_H
#define EP_UNIT_TOKEN_SPOIL_H

#include "fixture.h"

#define TEXT_MAX 6000

/* --- randomness: the same in every run --- */

static uint64_t state;

static inline uint64_t next(void)
{
	state ^= state >> 12; /* xorshift64* */
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static inline size_t below(size_t n)
{
	return (size_t)(next() >> 33) % n;
}

static inline bool one_in(size_t n)
{
	return below(n) == 0;
}

#define ONE_OF(list) ((list)[below(sizeof(list) / sizeof((list)[0]))])

struct key
{
	const char *alg;
	EVP_PKEY *pkey;
	EVP_PKEY *other; /* another key of the same kind */
	char *pem;       /* the public one, for libjwt */
};

/* --- JSON texts --- */

struct text
{
	char p[TEXT_MAX];
	size_t n;
};

static inline void put(struct text *t, const char *z)
{
	size_t n = strlen(z);

	mint_need(t->n + n < TEXT_MAX);
	memcpy(t->p + t->n, z, n + 1);
	t->n += n;
}

static inline void space(struct text *t)
{
	static const char *const spaces[] = {" ", "\t", "\n", "\r\n", "  "};

	if(one_in(12))
		put(t, ONE_OF(spaces));
}

/* A member; now and then a character of its name is escaped. */
static inline void member(struct text *t, const char *name, const char *value)
{
	char escaped[16];

	space(t);
	put(t, "\"");
	if(name[0] != '\0' && one_in(40)) {
		snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)name[0]);
		put(t, escaped);
		put(t, name + 1);
	} else {
		put(t, name);
	}
	put(t, "\"");
	space(t);
	put(t, ":");
	space(t);
	put(t, value);
	space(t);
}

struct pair
{
	const char *name;
	const char *value;
};

static inline void pairs_shuffle(struct pair *pairs, size_t n)
{
	for(size_t i = n; i > 1; i--) {
		size_t j = below(i);
		struct pair kept = pairs[i - 1];

		pairs[i - 1] = pairs[j];
		pairs[j] = kept;
	}
}

static inline void object(struct text *t, struct pair *pairs, size_t n)
{
	t->n = 0;
	space(t);
	put(t, "{");
	for(size_t i = 0; i < n; i++) {
		if(i > 0)
			put(t, ",");
		member(t, pairs[i].name, pairs[i].value);
	}
	put(t, "}");
	space(t);
}

/* Values that a claim of ours should not have, and some it may. */
static const char *const odd_values[] = {"null", "true", "0", "-1", "1.5",
		"1e3", "\"\"", "[]", "{}", "[1,\"a\"]", "\"\\u0000\"", "\"\\ud800\"",
		"\"\\ud83d\\ude00\"", "\"\xc3\xa9\"", "\"\xff\"", "9007199254740993",
		"18000036000", "\"1800003600\"", "[[[[[[[]]]]]]]", "\"a\\nb\"", "tru",
		"01", "\"x", "'x'", "1800003600", "{\"a\":1,\"a\":2}", "\"\\x41\"",
		"\"https://waf.home1.net\"", "\"epcscf.home1.net\"", "[null]"};

/* The pairs of a good payload, in a random order. */
static inline size_t claims_make(struct pair *pairs)
{
	static const char *const auds[] = {"\"epcscf.home1.net\"",
			"[\"epcscf.home1.net\"]", "[\"account\",\"epcscf.home1.net\"]"};
	static const char *const scopes[] = {"\"webrtc-ims-client-access-to-ims\"",
			"\"openid webrtc-ims-client-access-to-ims\"",
			"\"\\u0077ebrtc-ims-client-access-to-ims\""};
	static const char *const impus[] = {"\"sip:alice@home1.net\"",
			"[\"sip:alice@home1.net\",\"tel:+441632960083\"]",
			"[ \"sip:\\u0061lice@home1.net\" ]"};
	static const struct pair more[] = {{"jti", "\"5f0c2b1e\""},
			{"nbf", "1799999990"}, {"auth_time", "1799999980"},
			{"name", "\"Zo\xc3\xab \\\"Z\\\" \\u00e9\""},
			{"realm_access", "{\"roles\":[\"a\",\"b\"],\"n\":{\"x\":[]}}"},
			{"n", "-12.5e-3"}, {"big", "9007199254740992"}, {"yes", "true"},
			{"no", "false"}, {"nil", "null"}, {"", "\"\""}, {"sid", "\"s-1\""},
			{"slash", "\"\\/\\b\\f\""}};
	struct pair good[] = {{"iss", "\"https://waf.home1.net\""},
			{"sub", "\"248289761001\""}, {"aud", ONE_OF(auds)},
			{"exp", one_in(2) ? "1800003600" : "1800000100"},
			{"iat", "1799999990"},
			{one_in(2) ? "client_id" : "azp", "\"shop\""},
			{"scope", ONE_OF(scopes)}, {"impi", "\"alice@home1.net\""},
			{"impu", ONE_OF(impus)}};
	size_t n = sizeof(good) / sizeof(good[0]);

	memcpy(pairs, good, sizeof(good));
	for(size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if(one_in(5))
			pairs[n++] = more[i];
	pairs_shuffle(pairs, n);
	return n;
}

static inline size_t header_make(struct pair *pairs, const struct key *key)
{
	static const char *const typs[] = {"\"JWT\"", "\"jwt\""};
	static char alg[16];
	size_t n = 0;

	snprintf(alg, sizeof(alg), "\"%s\"", key->alg); /* the kid too */
	pairs[n++] = (struct pair){"alg", alg};
	pairs[n++] = (struct pair){"kid", alg};
	if(one_in(2))
		pairs[n++] = (struct pair){"typ", ONE_OF(typs)};
	if(one_in(8))
		pairs[n++] = (struct pair){"x-more", "[1,{\"a\":null}]"};
	pairs_shuffle(pairs, n);
	return n;
}

/* One pair is taken away, doubled, or given another value or name. */
static inline size_t pairs_spoil(struct pair *pairs, size_t n,
		const struct pair *others, size_t others_n)
{
	size_t i = below(n);

	switch(below(5)) {
		case 0:
			pairs[i] = pairs[n - 1];
			return n - 1;
		case 1:
			pairs[n] = pairs[i];
			if(one_in(2))
				pairs[n].value = ONE_OF(odd_values);
			return n + 1;
		case 2:
			pairs[n] = others[below(others_n)];
			return n + 1;
		default:
			pairs[i].value = ONE_OF(odd_values);
			return n;
	}
}

/* --- tokens --- */

static inline void encode(struct text *t, const void *octets, size_t n)
{
	struct ep_buf out;

	mint_need(t->n + n / 3 * 4 + 4 < TEXT_MAX);
	ep_buf_init(&out, t->p + t->n, TEXT_MAX - t->n - 1);
	ep_buf_put_b64url(&out, ep_view_of(octets, n));
	t->n += out.len;
	t->p[t->n] = '\0';
}

static inline void input_make(
		struct text *t, const struct text *header, const struct text *payload)
{
	t->n = 0;
	encode(t, header->p, header->n);
	put(t, ".");
	encode(t, payload->p, payload->n);
}

static inline size_t hmac_sign(
		unsigned char *sig, const struct text *input, const char *secret)
{
	size_t n = 0;

	mint_need(EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, secret,
					  strlen(secret), (const unsigned char *)input->p, input->n,
					  sig, 1024, &n)
			  != NULL);
	return n;
}

/* n minus the big-endian number s, for the other good s (RFC 7518 3.4 does not
 * ask for the low one). */
static inline void s_flip(unsigned char *s, int len)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(
			len == 48 ? NID_secp384r1 : NID_X9_62_prime256v1);
	BIGNUM *number = BN_bin2bn(s, len, NULL);

	mint_need(BN_sub(number, EC_GROUP_get0_order(group), number)
			  && BN_bn2binpad(number, s, len) == len);
	BN_free(number);
	EC_GROUP_free(group);
}

static inline size_t signature_spoil(
		unsigned char *sig, size_t n, const struct text *input, struct key *key)
{
	bool ec = EVP_PKEY_is_a(key->pkey, "EC");
	unsigned char kept[64];

	switch(below(10)) {
		case 0:
			return below(n);
		case 1:
			memset(sig + n, 0, 8);
			return n + 1 + below(8);
		case 2:
			memset(sig, 0, one_in(2) ? n : n / 2);
			return n;
		case 3:
			memset(sig + n / 2, one_in(2) ? 0 : 0xff, n / 2);
			return n;
		case 4:
			memcpy(kept, sig, n / 2 > 64 ? 64 : n / 2);
			memmove(sig, sig + n / 2, n / 2);
			memcpy(sig + n / 2, kept, n / 2 > 64 ? 64 : n / 2);
			return n;
		case 5:
			return mint_signature(sig, key->other, input->p);
		case 6:
			return hmac_sign(sig, input, key->pem);
		case 7: /* a leading zero taken away or put before */
			if(sig[0] == 0 || one_in(2)) {
				memmove(sig, sig + 1, n - 1);
				return n - 1;
			}
			memmove(sig + 1, sig, n);
			sig[0] = 0;
			return n + 1;
		case 8:
			if(ec)
				s_flip(sig + n / 2, (int)(n / 2));
			return n;
		default:
			sig[below(n)] ^= (unsigned char)(1 << below(8));
			return n;
	}
}

static inline void sign_append(struct text *t, struct key *key, bool spoil)
{
	unsigned char sig[1040];
	size_t n = mint_signature(sig, key->pkey, t->p);

	if(spoil)
		n = signature_spoil(sig, n, t, key);
	put(t, ".");
	encode(t, sig, n);
}

/* Any octet of a text replaced, taken away, doubled, or another put in. */
static inline void octets_spoil(struct text *t)
{
	static const char odd[] = "\"\\{}[]:,.0eE+-/= \t\r\nuUaAzZ_-\x80\xff\x01";
	size_t times = 1 + below(3);

	while(times-- > 0 && t->n > 1) {
		size_t at = below(t->n);
		size_t run;

		switch(below(5)) {
			case 0:
				memmove(t->p + at, t->p + at + 1, t->n - at);
				t->n--;
				break;
			case 1:
				mint_need(t->n + 2 < TEXT_MAX);
				memmove(t->p + at + 1, t->p + at, t->n - at + 1);
				t->p[at] = odd[below(sizeof(odd) - 1)];
				t->n++;
				break;
			case 2:
				t->p[at] = odd[below(sizeof(odd) - 1)];
				break;
			case 3:
				run = 1 + below(t->n - at < 20 ? t->n - at : 20);
				if(t->n + run + 1 >= TEXT_MAX)
					break;
				memmove(t->p + at + run, t->p + at, t->n - at + 1);
				t->n += run;
				break;
			default:
				t->p[at] = (char)(t->p[at] ^ 1 << below(7));
				if(t->p[at] == '\0')
					t->p[at] = '0';
				break;
		}
	}
}

/* What decoders forgive each other. */
static inline void base64_spoil(struct text *t)
{
	static const char *const tails[] = {
			"=", "==", "\n", " ", "A", ".", "%3D", "\r\n"};
	char *at;

	switch(below(6)) {
		case 0:
			put(t, ONE_OF(tails));
			return;
		case 1:
			for(at = t->p; (at = strpbrk(at, "-_")) != NULL; at++)
				*at = *at == '-' ? '+' : '/';
			return;
		case 2: /* stray bits at the end of a part */
			at = strchr(t->p, '.');
			at = one_in(2) && at != NULL ? at - 1 : t->p + t->n - 1;
			*at = (char)(*at + 1);
			return;
		case 3: /* padding before a dot */
			at = strchr(t->p, '.');
			mint_need(at != NULL && t->n + 2 < TEXT_MAX);
			memmove(at + 1, at, strlen(at) + 1);
			*at = '=';
			t->n++;
			return;
		case 4:
			mint_need(t->n + 2 < TEXT_MAX);
			at = t->p + below(t->n);
			memmove(at + 1, at, strlen(at) + 1);
			*at = "\n \t\r"[below(4)];
			t->n++;
			return;
		default:
			at = t->p + below(t->n);
			*at = *at == '-' ? '+' : *at == '_' ? '/' : '=';
			return;
	}
}

/* Parts of this and the last token together. */
static inline void parts_mix(struct text *t, const char *last)
{
	char ours[TEXT_MAX], other[TEXT_MAX];
	char *part[2][3] = {{0}};

	strcpy(ours, t->p);
	strcpy(other, last);
	for(size_t side = 0; side < 2; side++) {
		char *at = side ? other : ours;

		for(size_t i = 0; i < 3; i++) {
			part[side][i] = at;
			at = strchr(at, '.');
			if(at == NULL)
				break;
			*at++ = '\0';
		}
		for(size_t i = 0; i < 3; i++)
			if(part[side][i] == NULL)
				return;
	}
	t->n = 0;
	switch(below(4)) {
		case 0: /* one behind the other */
			for(size_t i = 0; i < 6; i++) {
				if(i > 0)
					put(t, i == 3 && one_in(2) ? "" : ".");
				put(t, part[i / 3][i % 3]);
			}
			return;
		case 1: /* a part more, or two: a JWE by the looks */
			for(size_t i = 0; i < 4 + below(2); i++) {
				if(i > 0)
					put(t, ".");
				put(t, part[i / 3][i % 3]);
			}
			return;
		default:
			for(size_t i = 0; i < 3; i++) {
				if(i > 0)
					put(t, ".");
				put(t, part[below(2)][i]);
			}
	}
}

static const struct pair header_more[] = {{"crit", "[\"exp\"]"},
		{"b64", "false"}, {"jku", "\"https://evil.example\""},
		{"jwk", "{\"kty\":\"oct\",\"k\":\"AA\"}"}, {"zip", "\"DEF\""},
		{"x5c", "[]"}, {"cty", "\"JWT\""}, {"typ", "\"JOSE\""},
		{"kid", "\"ES256\""}, {"kid", "\"RS256\""}, {"alg", "\"none\""},
		{"alg", "\"HS256\""}, {"alg", "\"RS256\""}, {"alg", "\"ES256\""},
		{"alg", "\"ES384\""}, {"alg", "\"es256\""}, {"alg", "\"PS256\""},
		{"alg", "\"RS512\""}, {"x5t", "\"AAAA\""}};

static const struct pair claims_more[] = {{"cnf", "{\"jkt\":\"x\"}"},
		{"exp", "1"}, {"exp", "18000036000"}, {"nbf", "1900000000"},
		{"aud", "\"other\""}, {"events", "{}"}, {"scp", "[\"a\"]"},
		{"iss", "\"https://waf.home1.net/\""}, {"n", "1.5"},
		{"x", "\"\\ud83d\\ude00\""}, {"x", "[[[[1]]]]"}};

/* Another alg in the header, as if all keys were of it. */
static inline void alg_swap(struct pair *header, size_t n)
{
	static const char *const algs[] = {"\"none\"", "\"HS256\"", "\"HS384\"",
			"\"RS256\"", "\"ES256\"", "\"ES384\"", "\"PS256\"", "\"RS384\"",
			"\"ES512\"", "\"\"", "\"None\"", "\"hs256\"", "1", "null"};

	for(size_t i = 0; i < n; i++)
		if(strcmp(header[i].name, one_in(4) ? "kid" : "alg") == 0)
			header[i].value = ONE_OF(algs);
}

enum spoil
{
	NOTHING,
	HEADER,
	ALG,
	CLAIMS,
	JSON_OCTETS,
	SIGNATURE,
	TOKEN_OCTETS,
	BASE64,
	PARTS,
	SPOIL_N
};

/* A token of this key, mostly spoiled in one way. `last` is one that was not,
 * to mix parts with; TEXT_MAX octets. */
static inline void token_make(struct text *t, struct key *key, char *last)
{
	static const enum spoil kinds[] = {NOTHING, HEADER, ALG, CLAIMS,
			JSON_OCTETS, SIGNATURE, TOKEN_OCTETS, BASE64, PARTS};
	enum spoil kind = ONE_OF(kinds);
	struct pair header[16], claims[48];
	size_t header_n = header_make(header, key);
	size_t claims_n = claims_make(claims);
	struct text header_text, payload_text;

	if(kind == HEADER)
		header_n = pairs_spoil(header, header_n, header_more,
				sizeof(header_more) / sizeof(header_more[0]));
	if(kind == ALG)
		alg_swap(header, header_n);
	if(kind == CLAIMS)
		claims_n = pairs_spoil(claims, claims_n, claims_more,
				sizeof(claims_more) / sizeof(claims_more[0]));
	object(&header_text, header, header_n);
	object(&payload_text, claims, claims_n);
	if(kind == JSON_OCTETS)
		octets_spoil(one_in(3) ? &header_text : &payload_text);
	input_make(t, &header_text, &payload_text);
	if(kind == ALG && one_in(2)) {
		unsigned char mac[1024];
		size_t n = hmac_sign(mac, t, key->pem);

		put(t, ".");
		encode(t, mac, one_in(4) ? 0 : n);
	} else {
		sign_append(t, key, kind == SIGNATURE);
	}
	if(kind == TOKEN_OCTETS)
		octets_spoil(t);
	if(kind == BASE64)
		base64_spoil(t);
	if(kind == PARTS)
		parts_mix(t, last);
	if(kind == NOTHING || one_in(50))
		strcpy(last, t->p);
}

#endif
