/* ep_answer_plan, ep_credentials_parse, ep_credentials_find. Input: the core's
 * answer to a REGISTER; or the file with the passwords. */
/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "../unit/tna/msg_text.h"
#include "base/sipuri.h"
#include "tna/answer.h"
#include "tna/auth.h"

static struct ep_tna_cfg cfg = {
		.realm = {"registrar.home1.net", 19},
		.home_uri = {"sip:registrar.home1.net", 23},
		.core_digest = true,
		.core_realm = {"home1.net", 9},
		.core_integrity = {"tls-yes", 7},
};

static char mem[1 << 20];

/* Credentials that a registrar reads in one way only: one of each parameter,
 * for our realm and our user, and no word of a trusted node. */
static void value_holds(struct ep_view value, const struct ep_answer *out)
{
	static const char *const once[] = {
			"username", "realm", "nonce", "uri", "response"};
	struct ep_param p;
	size_t n[5] = {0}, i;
	enum ep_err err;

	for(i = 0; i < value.len; i++)
		need(value.p[i] != '\r' && value.p[i] != '\n' && value.p[i] != '\0');
	need(ep_auth_scheme_is(&value, EP_LIT("Digest")));
	while((err = ep_auth_param_next(&p, &value)) == EP_OK) {
		for(i = 0; i < 5; i++)
			n[i] += ep_view_ieq(p.name, ep_view_z(once[i]));
		if(ep_view_ieq(p.name, EP_LIT("realm")))
			need(ep_view_eq(p.value, EP_LIT("\"home1.net\"")));
		if(ep_view_ieq(p.name, EP_LIT("username")))
			need(ep_view_eq(p.value, EP_LIT("\"u@home1.net\"")));
		if(ep_view_ieq(p.name, EP_LIT("response")))
			need(p.value.len == 2 * ep_hash_len(out->hash) + 2);
		if(ep_view_ieq(p.name, EP_LIT("integrity-protected")))
			need(ep_view_eq(p.value, EP_LIT("\"tls-yes\"")));
		need(!ep_view_ieq(p.name, EP_LIT("authorization-entity")));
		need(!ep_view_istarts(p.name, EP_LIT("aut")));
	}
	need(err == EP_ENOENT);
	for(i = 0; i < 5; i++)
		need(n[i] == 1);
}

static void answer_holds(const struct ep_msg *m, bool md5, bool sha, bool again)
{
	struct ep_secret secret = {.has = {md5, sha}};
	struct ep_answer_ask ask = {.impi = EP_LIT("u@home1.net"),
			.secret = &secret,
			.cnonce = EP_LIT("0a4f113b"),
			.again = again};
	struct ep_answer out;
	struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	if(ep_answer_plan(&out, m, &cfg, &ask, &arena) != EP_TNA_OK)
		return;
	need(m->status == 401 || m->status == 407);
	need(secret.has[out.hash]);
	value_holds(out.value, &out);
}

/* Whoever has a line of his own is found, and so is whoever a pool is for. */
static void credentials_hold(struct ep_view text)
{
	struct ep_credentials c;
	struct ep_secret s;
	unsigned line;
	size_t i;
	void *block = malloc(ep_credentials_size(text));

	need(block != NULL);
	if(!ep_credentials_parse(&c, block, text, &line)) {
		for(i = 0; i < c.users; i++) {
			need(ep_credentials_find(&s, &c, c.v[i].impi, c.v[i].realm));
			need(s.has[c.v[i].hash]
					&& !memcmp(
							s.ha1[c.v[i].hash], c.v[i].ha1, EP_HASH_LEN_MAX));
		}
		for(; i < c.users + c.pools; i++)
			need(ep_credentials_find(&s, &c, c.v[i].impi, c.v[i].realm));
	}
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct msg_text t;
	struct ep_view text = ep_view_of((const char *)data, n);
	unsigned i;

	if(n > 16384)
		return 0;
	credentials_hold(text);
	if(!msg_parse(&t, text))
		return 0;
	for(i = 0; i < 8; i++)
		answer_holds(&t.m, i & 1, i & 2, i & 4);
	return 0;
}
