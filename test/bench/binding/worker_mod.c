/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * A Kamailio module that is never installed: tna_register's binding table in
 * the shared memory of a real Kamailio, worked on by its SIP workers.
 *
 *   bench_binding("<what>.<n>.<from>.<count>")   in $rc: microseconds, or a
 *                                                count; negative: wrong
 *
 * `n` bindings are there, or meant: the k-th has an id, a connection k + 1 and
 * three public identities of its own.
 *
 *   bind     makes `count` from the `from`-th on, counts `from` in
 *   conn     `count` random look-ups by connection
 *   impu     by public identity
 *   get      copies and unpacks records
 *   expire   lets the time come for all, until the table is empty
 *   tables   KiB of the table when it is empty
 *   mem      KiB that shared memory has given away
 *   meet     waits for `n` others, then 0
 *   mix      `count` random changes of bindings over which all fight
 *   bind8, conn8   as bind and conn, when eight have come together
 *   check    looks for all of them by every key: how many are not found
 *            exactly once by each, or found by one and not by another
 *   count    how many the table says there are
 *   settle   drops the ended ones that owe an answer to a late 200 OK
 *   clear    ends and drops all
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/mem/shm_mem.h"
#include "core/mod_fix.h"
#include "core/sr_module.h"

#include "modules/tna_register/store.h"
#include "modules/tna_register/usage.h"

MODULE_VERSION

#define START_S 1000000u
#define SPREAD_S 3600u
#define BATCH 1024
#define FIGHT_CONNS 4

webrtc_auth_api_t tna_auth; /* usage.c asks it only for limits */

static int max = 1000000;
static long tables_kib;

static const struct ep_binding_policy policy = {.hold_s = 30};

/* How many have come to `meet`, over all times. */
static unsigned *met;

/* --- the k-th binding --- */

struct subject
{
	char impi[32], impu[3][40], contact[64], source[24], jti[24];
	struct ep_view impus[3], route;
	struct ep_binding b;
};

static const char route[] =
		"<sip:orig@scscf-01.ims.mnc001.mcc262.3gppnetwork.org:5060;lr>";

static uint64_t mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* Random in front, as those of the module are; the number behind. */
static void id_of(unsigned char *id, uint64_t k)
{
	uint64_t front = mixed(k);

	memcpy(id, &front, 8);
	memcpy(id + 8, &k, 8);
}

static bool is_of(const unsigned char *id, uint64_t k)
{
	return memcmp(id + 8, &k, 8) == 0;
}

static void impu_of(char out[40], uint64_t k, unsigned which)
{
	static const char *const forms[] = {"sip:user%07llu@home1.net",
			"tel:+4930%07llu", "sip:alias%07llu@home1.net"};

	snprintf(out, 40, forms[which], (unsigned long long)k);
}

static void subject_make(struct subject *s, uint64_t k)
{
	unsigned long long n = k;
	unsigned i;

	memset(&s->b, 0, sizeof(s->b));
	id_of(s->b.id, k);
	snprintf(s->impi, sizeof(s->impi), "user%07llu@home1.net", n);
	for(i = 0; i < 3; i++) {
		impu_of(s->impu[i], k, i);
		s->impus[i] = ep_view_z(s->impu[i]);
	}
	snprintf(s->contact, sizeof(s->contact),
			"sip:%08llu@k3v9a%07llu.invalid;transport=ws", n, n);
	snprintf(s->source, sizeof(s->source), "192.0.2.%llu:%llu", n % 250,
			n % 60000 + 1024);
	snprintf(s->jti, sizeof(s->jti), "4711-%07llu", n);
	s->route = ep_view_head(ep_view_z(route), 60);
	s->b.impi = ep_view_z(s->impi);
	s->b.impu = s->impus[0];
	s->b.contact = ep_view_z(s->contact);
	s->b.instance = EP_LIT("<urn:uuid:0f5b3c1e-1c7a-4c2e-9c3f-0123456789ab>");
	s->b.reg_id = EP_LIT("1");
	s->b.waf = EP_LIT("waf@home1.net");
	s->b.wwsf = EP_LIT("shop");
	s->b.issuer = EP_LIT("home");
	s->b.jti = ep_view_z(s->jti);
	s->b.sub = ep_view_z(s->jti);
	s->b.source = ep_view_z(s->source);
	s->b.token_end_s = START_S + SPREAD_S;
	s->b.impus = (struct ep_impus){s->impus, 3};
	s->b.service_route = (struct ep_impus){&s->route, 1};
}

/* --- time and chance --- */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t chance_at;

static uint64_t chance(uint64_t below)
{
	return mixed(chance_at++) % below;
}

/* --- what is measured --- */

struct order
{
	char what[16];
	long n, from, count;
};

static bool put(uint64_t k, int conid)
{
	struct tna_stepped out;
	struct subject s;

	subject_make(&s, k);
	return tna_store_put(&out, &s.b, conid, true, &policy, START_S,
				   START_S + 1 + k % SPREAD_S)
		   == EP_OK;
}

static long do_bind(const struct order *o)
{
	uint64_t from = now_us();
	long k;

	for(k = o->from; k < o->from + o->count; k++)
		if(!put((uint64_t)k, (int)k + 1))
			return -10;
	return (long)(now_us() - from);
}

static long do_conn(const struct order *o)
{
	static unsigned keys[BATCH];
	tna_id_t id;
	uint64_t us = 0, from;
	long done, i;

	for(done = 0; done < o->count; done += BATCH) {
		for(i = 0; i < BATCH; i++)
			keys[i] = (unsigned)chance((uint64_t)o->n);
		from = now_us();
		for(i = 0; i < BATCH; i++)
			if(!tna_store_by_conn(id, (int)keys[i] + 1, 0)
					|| !is_of(id, keys[i]))
				return -11;
		us += now_us() - from;
	}
	return (long)us;
}

static long do_impu(const struct order *o)
{
	static struct
	{
		char text[40];
		unsigned k;
	} keys[BATCH];
	tna_id_t id;
	uint64_t us = 0, from;
	long done, i;

	for(done = 0; done < o->count; done += BATCH) {
		for(i = 0; i < BATCH; i++) {
			keys[i].k = (unsigned)chance((uint64_t)o->n);
			impu_of(keys[i].text, keys[i].k, (unsigned)i % 3);
		}
		from = now_us();
		for(i = 0; i < BATCH; i++)
			if(!tna_store_by_impu(id, ep_view_z(keys[i].text), 0)
					|| !is_of(id, keys[i].k))
				return -12;
		us += now_us() - from;
	}
	return (long)us;
}

static void *heap_get(void *ctx, size_t n)
{
	return malloc(n);
}

static void heap_put(void *ctx, void *p)
{
	free(p);
}

static const struct ep_alloc heap = {heap_get, heap_put, NULL};

static enum ep_err get(struct tna_copy *c, uint64_t k, char first[4096],
		struct ep_arena *arena)
{
	tna_id_t id;

	id_of(id, k);
	ep_arena_init(arena, first, 4096, &heap, 1 << 20);
	return tna_store_get(c, id, arena);
}

static long do_get(const struct order *o)
{
	char first[4096];
	struct ep_arena arena;
	struct tna_copy c;
	uint64_t us = 0, from = 0, k;
	bool ok;
	long i;

	for(i = 0; i < o->count; i++) {
		k = chance((uint64_t)o->n);
		from = i % BATCH == 0 ? now_us() : from;
		ok = get(&c, k, first, &arena) == EP_OK && is_of(c.b.id, k)
			 && c.b.impus.n == 3 && c.b.service_route.n == 1;
		ep_arena_fini(&arena);
		if(!ok)
			return -13;
		if(i % BATCH == BATCH - 1 || i == o->count - 1)
			us += now_us() - from;
	}
	return (long)us;
}

static bool expire(const unsigned char *id, uint64_t now_s)
{
	struct tna_stepped s;

	if(tna_store_step(&s, id, 0, &policy, EP_BINDING_TOKEN_END, now_s, 0)
					!= EP_OK
			|| s.step.life.state != EP_BINDING_ENDED)
		return false;
	tna_store_drop_ended(id);
	return true;
}

/* Each in its second, none before. */
static long do_expire(const struct order *o)
{
	tna_id_t ids[64];
	struct tna_store_stats stats;
	uint64_t from = now_us(), at, k;
	size_t n, i;

	for(at = START_S; at <= START_S + SPREAD_S; at++)
		while((n = tna_store_due(ids, 64, at)) > 0)
			for(i = 0; i < n; i++) {
				memcpy(&k, ids[i] + 8, 8);
				if(START_S + 1 + k % SPREAD_S != at || !expire(ids[i], at))
					return -14;
			}
	tna_store_stats(&stats);
	return stats.bindings == 0 ? (long)(now_us() - from) : -15;
}

static long do_mem(const struct order *o)
{
	struct mem_info mi;

	shm_info(&mi);
	return (long)(mi.real_used / 1024);
}

static long do_tables(const struct order *o)
{
	return tables_kib;
}

static long do_meet(const struct order *o)
{
	unsigned mine = __atomic_fetch_add(met, 1, __ATOMIC_SEQ_CST);
	unsigned all = (mine / (unsigned)o->n + 1) * (unsigned)o->n;
	uint64_t until = now_us() + 5000000;

	while(__atomic_load_n(met, __ATOMIC_SEQ_CST) < all)
		if(now_us() > until)
			return -16;
	return 0;
}

/* --- eight at once over the same ones --- */

static int conn_of(uint64_t k, uint64_t which, uint64_t n)
{
	return (int)(1 + k + which * n);
}

/* What workers do to a binding in the life of a page, in no order. */
static bool change(uint64_t k, uint64_t n)
{
	struct tna_stepped s;
	tna_id_t id, other;

	id_of(id, k);
	switch(chance(8)) {
		case 0:
		case 1:
		case 2:
			return put(k, conn_of(k, chance(FIGHT_CONNS), n));
		case 3:
			tna_store_step(&s, id, conn_of(k, chance(FIGHT_CONNS), n), &policy,
					EP_BINDING_CONNECTION_LOST, START_S, 0);
			return true;
		case 4:
			tna_store_step(&s, id, 0, &policy, EP_BINDING_REVOKED, START_S, 0);
			tna_store_drop_ended(id);
			return true;
		case 5:
			tna_store_step(&s, id, 0, &policy, EP_BINDING_SHORTENED, START_S,
					START_S + 1 + k % SPREAD_S);
			return true;
		default:
			return !tna_store_by_conn(other, conn_of(k, chance(4), n), 0)
				   || is_of(other, k);
	}
}

static long do_mix(const struct order *o)
{
	struct order all = {.n = 8};
	uint64_t from;
	long i;

	if(do_meet(&all) != 0)
		return -16;
	chance_at += (uint64_t)o->from << 32;
	from = now_us();
	for(i = 0; i < o->count; i++)
		if(!change(chance((uint64_t)o->n), (uint64_t)o->n))
			return -17;
	return (long)(now_us() - from);
}

static long do_bind_together(const struct order *o)
{
	struct order all = {.n = 8};

	return do_meet(&all) != 0 ? -16 : do_bind(o);
}

static long do_look_together(const struct order *o)
{
	struct order all = {.n = 8};

	chance_at += (uint64_t)o->from << 32;
	return do_meet(&all) != 0 ? -16 : do_conn(o);
}

/* Exactly once by each key, or not at all by any: then 0, else 1; -1. */
static int found(uint64_t k, uint64_t n, bool *held)
{
	char first[4096], impu[40];
	struct ep_arena arena;
	struct tna_copy c;
	tna_id_t id;
	bool there = get(&c, k, first, &arena) == EP_OK, here;
	unsigned i;

	*held = there && c.life.state == EP_BINDING_HELD;
	ep_arena_fini(&arena);
	if(there && c.life.state == EP_BINDING_ENDED)
		return -1;
	for(i = 0; i < FIGHT_CONNS; i++) {
		here = tna_store_by_conn(id, conn_of(k, i, n), 0);
		if(here != (there && c.conid == conn_of(k, i, n))
				|| (here && !is_of(id, k))
				|| tna_store_by_conn(id, conn_of(k, i, n), 1))
			return -1;
	}
	for(i = 0; i < 3; i++) {
		impu_of(impu, k, i);
		here = tna_store_by_impu(id, ep_view_z(impu), 0);
		if(here != there || (here && !is_of(id, k))
				|| tna_store_by_impu(id, ep_view_z(impu), 1))
			return -1;
	}
	return there;
}

static long do_count(const struct order *o)
{
	struct tna_store_stats stats;

	tna_store_stats(&stats);
	return stats.bindings;
}

/* How many are not as they should be; one more if the counters are wrong. */
static long do_check(const struct order *o)
{
	struct tna_store_stats stats;
	unsigned n = 0, held = 0, bad = 0;
	bool is_held;
	long k;
	int one;

	for(k = 0; k < o->n; k++) {
		one = found((uint64_t)k, (uint64_t)o->n, &is_held);
		bad += one < 0;
		n += one > 0;
		held += is_held;
	}
	tna_store_stats(&stats);
	return bad + (stats.bindings != n || stats.held != held);
}

/* Takes what ended ones owe, and drops them. With `all` ends all before. */
static long settle(bool all)
{
	struct tna_found f[256];
	struct tna_stepped s;
	struct tna_store_stats stats;
	unsigned at = 0;
	size_t n, i;

	while(tna_store_walk(f, &n, 256, &at))
		for(i = 0; i < n; i++) {
			if(all)
				tna_store_step(&s, f[i].id, 0, &policy, EP_BINDING_REVOKED,
						START_S, 0);
			tna_store_look(&f[i], f[i].id);
			tna_store_drop_ended(f[i].id);
		}
	tna_store_stats(&stats);
	return stats.bindings + stats.held;
}

static long do_clear(const struct order *o)
{
	return settle(true);
}

static long do_settle(const struct order *o)
{
	settle(false);
	return 0;
}

static const struct
{
	const char *name;
	long (*f)(const struct order *o);
} orders[] = {{"bind", do_bind}, {"conn", do_conn}, {"impu", do_impu},
		{"get", do_get}, {"expire", do_expire}, {"mem", do_mem},
		{"tables", do_tables}, {"meet", do_meet}, {"mix", do_mix},
		{"check", do_check}, {"count", do_count}, {"clear", do_clear},
		{"settle", do_settle}, {"bind8", do_bind_together},
		{"conn8", do_look_together}};

static int w_bench(sip_msg_t *msg, char *p1, char *p2)
{
	struct order o;
	size_t i;
	str s;

	if(get_str_fparam(&s, msg, (fparam_t *)p1) != 0
			|| sscanf(s.s, "%15[a-z0-9].%ld.%ld.%ld", o.what, &o.n, &o.from,
					   &o.count)
					   != 4)
		return -2;
	for(i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if(strcmp(orders[i].name, o.what) == 0) {
			/* 0 would end the script. */
			long r = orders[i].f(&o);

			return r < 0 ? (int)r : (int)r + 1;
		}
	return -3;
}

static int mod_init(void)
{
	met = shm_malloc(sizeof(*met));
	if(met == NULL)
		return -1;
	*met = 0;
	if(tna_usage_init() != 0)
		return -1;
	tables_kib = -do_mem(NULL);
	if(tna_store_init(0, (unsigned)max) != 0)
		return -1;
	tables_kib += do_mem(NULL);
	return 0;
}

static void destroy(void)
{
	tna_store_destroy();
	tna_usage_destroy();
}

// clang-format off
static cmd_export_t cmds[] = {
	{"bench_binding", (cmd_function)w_bench, 1, fixup_spve_null, 0, ANY_ROUTE},
	{0, 0, 0, 0, 0, 0}
};

static param_export_t params[] = {
	{"max", PARAM_INT, &max},
	{0, 0, 0}
};

struct module_exports exports = {
	"bench_binding", DEFAULT_DLFLAGS, cmds, params, 0, 0, 0, mod_init, 0, destroy
};
// clang-format on
