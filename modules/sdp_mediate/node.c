/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>

#include "core/counters.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"
#include "core/resolve.h"
#include "core/timer.h"

#include "base/siphash.h"
#include "common/view.h"
#include "sdp_mediate/node.h"

/* Until the end of mod_init nothing is shared. */
struct line
{
	struct ep_view name;
	struct ep_view address;
	union sockaddr_union su;
	unsigned set;
	unsigned weight;
	struct ep_mediate_caps caps;
	counter_handle_t counters[EP_NODE_COUNT_N];
};

struct shared
{
	enum ep_node_state state; /* never DISABLED */
	bool is_disabled;
	bool is_iq;
	struct ep_mediate_caps caps;
	char version[EP_NODE_VERSION_MAX];
	unsigned since_s;
	unsigned long counts[EP_NODE_COUNT_N]; /* by atomic operations */
};

static struct line lines[EP_NODES_MAX];
static size_t lines_n;

static struct table
{
	gen_lock_t lock;
	struct shared v[];
} * table;

static const char *const state_names[] = {"unknown", "up", "down", "disabled"};
static const char *const count_names[EP_NODE_COUNT_N] = {
		[EP_NODE_COMMANDS] = "commands",
		[EP_NODE_REPEATS] = "repeats",
		[EP_NODE_TIMEOUTS] = "timeouts",
		[EP_NODE_ERRORS] = "errors",
		[EP_NODE_FAILOVERS] = "failovers",
		[EP_NODE_EVENTS] = "events",
};

const char *ep_node_state_name(enum ep_node_state state)
{
	return state_names[state];
}

const char *ep_node_count_name(enum ep_node_count what)
{
	return count_names[what];
}

/* --- modparam agw --- */

static bool number(unsigned *out, struct ep_view v, uint64_t max)
{
	uint64_t n;

	if(!ep_view_u64(&n, v, max))
		return false;
	*out = (unsigned)n;
	return true;
}

/* 192.0.2.1:2223, [2001:db8::1]:2223. No names: nobody waits for DNS. */
static bool address_parse(union sockaddr_union *su, struct ep_view v)
{
	struct ep_view host = v;
	struct ip_addr *ip;
	unsigned port;
	str s;

	if(ep_view_starts(v, EP_LIT("["))) {
		size_t end = ep_view_find_chr(v, ']');
		if(end == SIZE_MAX || end + 1 >= v.len || v.p[end + 1] != ':')
			return false;
		host = ep_view_head(ep_view_from(v, 1), end - 1);
		v = ep_view_from(v, end + 2);
		s = ep_str_view(host);
		ip = str2ip6(&s);
	} else {
		host = ep_view_cut(&v, ':');
		s = ep_str_view(host);
		ip = str2ip(&s);
	}
	if(ip == NULL || v.p == NULL || !number(&port, v, 65535) || port == 0)
		return false;
	return init_su(su, ip, (unsigned short)port) == 0;
}

/* Names become part of counters' names. */
static bool name_check(struct ep_view v)
{
	return v.len > 0 && v.len <= 32 && ep_view_only(v, "-_");
}

static bool field_set(struct line *l, struct ep_view key, struct ep_view value)
{
	if(ep_view_eq(key, EP_LIT("name"))) {
		l->name = value;
		return name_check(value) && ep_node_find(value) == EP_NODE_NONE;
	}
	if(ep_view_eq(key, EP_LIT("address"))) {
		l->address = value;
		return address_parse(&l->su, value);
	}
	if(ep_view_eq(key, EP_LIT("set")))
		return number(&l->set, value, 1000000);
	if(ep_view_eq(key, EP_LIT("weight")))
		return number(&l->weight, value, EP_NODE_WEIGHT_MAX);
	if(ep_view_eq(key, EP_LIT("version")))
		return ep_mediate_caps_parse(&l->caps, value);
	return false;
}

static bool line_parse(struct line *l, struct ep_view *bad, struct ep_view text)
{
	struct ep_view field, key, value;

	*l = (struct line){.weight = 1};
	while(text.p != NULL) {
		field = ep_view_trim(ep_view_cut(&text, ';'));
		if(field.len == 0)
			continue;
		*bad = value = field;
		key = ep_view_trim(ep_view_cut(&value, '='));
		if(value.p == NULL || !field_set(l, key, ep_view_trim(value)))
			return false;
	}
	*bad = EP_LIT("name and address are needed");
	return l->name.p != NULL && l->address.p != NULL;
}

int ep_node_add(struct ep_view text)
{
	struct ep_view bad = text;
	char *copy;

	if(lines_n == EP_NODES_MAX) {
		LM_ERR("more than %d gateways\n", EP_NODES_MAX);
		return -1;
	}
	copy = pkg_malloc(text.len + 1);
	if(copy == NULL) {
		PKG_MEM_ERROR;
		return -1;
	}
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	if(!line_parse(&lines[lines_n], &bad, ep_view_of(copy, text.len))) {
		LM_ERR("agw \"%s\": %.*s\n", copy, EP_FMT(bad));
		return -1;
	}
	lines_n++;
	return 0;
}

size_t ep_nodes_n(void)
{
	return lines_n;
}

/* --- the table --- */

static int counters_init(struct line *l)
{
	char name[80];
	int i;

	for(i = 0; i < EP_NODE_COUNT_N; i++) {
		snprintf(name, sizeof(name), "node_%.*s_%s", EP_FMT(l->name),
				count_names[i]);
		if(counter_register(&l->counters[i], "sdp_mediate", name, 0, 0, 0,
				   "of a media gateway", 0)
				< 0)
			return -1;
	}
	return 0;
}

int ep_nodes_init(void)
{
	size_t i, n = sizeof(*table) + lines_n * sizeof(table->v[0]);

	if(lines_n == 0)
		return 0;
	table = shm_malloc(n);
	if(table == NULL || lock_init(&table->lock) == NULL) {
		SHM_MEM_ERROR;
		return -1;
	}
	memset(table->v, 0, lines_n * sizeof(table->v[0]));
	for(i = 0; i < lines_n; i++) {
		table->v[i].caps = lines[i].caps;
		if(counters_init(&lines[i]) != 0)
			return -1;
	}
	return 0;
}

void ep_nodes_fini(void)
{
	if(table == NULL)
		return;
	lock_destroy(&table->lock);
	shm_free(table);
	table = NULL;
}

static bool is_node(int i)
{
	return table != NULL && i >= 0 && (size_t)i < lines_n;
}

bool ep_node_get(struct ep_node_view *out, int i)
{
	struct shared s;
	int k;

	if(!is_node(i))
		return false;
	lock_get(&table->lock);
	s = table->v[i];
	lock_release(&table->lock);
	*out = (struct ep_node_view){
			.name = lines[i].name,
			.address = lines[i].address,
			.set = lines[i].set,
			.weight = lines[i].weight,
			.state = s.is_disabled ? EP_NODE_DISABLED : s.state,
			.in_service = s.state == EP_NODE_UP,
			.is_iq = s.is_iq,
			.caps = s.caps,
			.since_s = s.since_s,
	};
	memcpy(out->version, s.version, sizeof(out->version));
	for(k = 0; k < EP_NODE_COUNT_N; k++)
		out->counts[k] =
				__atomic_load_n(&table->v[i].counts[k], __ATOMIC_RELAXED);
	return true;
}

int ep_node_find(struct ep_view name)
{
	size_t i;

	for(i = 0; i < lines_n; i++)
		if(ep_view_eq(lines[i].name, name))
			return (int)i;
	return EP_NODE_NONE;
}

/* -log2 of (h + 1) / 2^64, times 2^24: never zero for a real draw. */
static uint64_t neg_log2(uint64_t h)
{
	unsigned shift, i;
	uint64_t m, out;

	if(h == 0)
		h = 1;
	shift = (unsigned)__builtin_clzll(h);
	m = (h << shift) >> 32; /* 1.0 is 2^31 */
	out = (uint64_t)(shift + 1) << 24;
	for(i = 1; i <= 24; i++) {
		m = (m * m) >> 31;
		if(m >= UINT64_C(1) << 32) {
			m >>= 1;
			out -= UINT64_C(1) << (24 - i);
		}
	}
	return out + 1;
}

/* Weighted rendezvous: of exponential draws with the weights as rates, the
 * smallest. The hash is no secret and the same everywhere, for ever. */
static uint64_t score(const struct line *l, struct ep_view callid)
{
	unsigned char key[EP_SIPHASH_KEY_LEN] = {0};
	uint64_t h = ep_siphash(key, l->name);

	memcpy(key, &h, sizeof(h));
	return (neg_log2(ep_siphash(key, callid)) << 16) / l->weight;
}

static int pick(enum ep_node_state state, unsigned set, struct ep_view callid,
		uint64_t not_nodes)
{
	uint64_t s, least = UINT64_MAX;
	int i, best = EP_NODE_NONE;

	for(i = 0; (size_t)i < lines_n; i++) {
		if(lines[i].set != set || lines[i].weight == 0
				|| (not_nodes >> i & 1) != 0 || table->v[i].is_disabled
				|| table->v[i].state != state)
			continue;
		s = score(&lines[i], callid);
		if(best == EP_NODE_NONE || s < least) {
			least = s;
			best = i;
		}
	}
	return best;
}

int ep_node_pick(unsigned set, struct ep_view callid, uint64_t not_nodes)
{
	int i;

	if(table == NULL)
		return EP_NODE_NONE;
	i = pick(EP_NODE_UP, set, callid, not_nodes);
	return i != EP_NODE_NONE ? i
							 : pick(EP_NODE_UNKNOWN, set, callid, not_nodes);
}

void ep_node_disable(int i, bool disabled)
{
	if(!is_node(i))
		return;
	lock_get(&table->lock);
	if(table->v[i].is_disabled != disabled)
		table->v[i].since_s = get_ticks();
	table->v[i].is_disabled = disabled;
	lock_release(&table->lock);
}

void ep_node_count(int i, enum ep_node_count what)
{
	if(!is_node(i))
		return;
	__atomic_add_fetch(&table->v[i].counts[what], 1, __ATOMIC_RELAXED);
	counter_inc(lines[i].counters[what]);
}

const union sockaddr_union *ep_node_address(int i)
{
	return &lines[i].su;
}

bool ep_node_state_set(int i, enum ep_node_state state)
{
	bool is_change;

	lock_get(&table->lock);
	is_change = table->v[i].state != state;
	table->v[i].state = state;
	if(is_change)
		table->v[i].since_s = get_ticks();
	lock_release(&table->lock);
	return is_change;
}

void ep_node_caps_set(int i, bool is_iq, const struct ep_mediate_caps *caps,
		struct ep_view version)
{
	struct shared *s = &table->v[i];

	version = ep_view_head(version, EP_NODE_VERSION_MAX - 1);
	lock_get(&table->lock);
	s->is_iq = is_iq;
	s->caps = caps != NULL ? *caps : lines[i].caps;
	memset(s->version, 0, sizeof(s->version));
	if(version.len > 0)
		memcpy(s->version, version.p, version.len);
	lock_release(&table->lock);
}
