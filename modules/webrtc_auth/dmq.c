/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_content.h"
#include "core/timer.h"
#include "modules/dmq/bind_dmq.h"

#include "base/seal.h"
#include "common/view.h"
#include "webrtc_auth/counters.h"
#include "webrtc_auth/dmq.h"
#include "webrtc_auth/keeper.h"
#include "webrtc_auth/params.h"
#include "webrtc_auth/revoke.h"

#define PURPOSE EP_LIT("webrtc_auth")
#define ENTRIES "entries\n"
#define WANT "want\n"
#define SUM "sum "
/* Nodes that one node hears. */
#define PEERS_MAX 64
/* A payload is sent when it is as long as this; one more chain fits in. */
#define PAYLOAD_FULL 6000
#define PAYLOAD_MAX 60000
#define KEYS_MAX 4096
/* Between two sums, and between two times all is sent. */
#define SUM_S 30
#define ALL_S 2
/* Between two payloads of many: a burst is lost in buffers. */
#define PACE_US 2000
/* What ends that soon is not in a sum: one node may have swept it already. */
#define SUM_MARGIN_S 10

struct line
{
	struct line *next;
	size_t len;
	char text[];
};

static struct
{
	gen_lock_t lock;
	struct line *first, *last; /* to be told */
	bool all_wanted;           /* somebody asked for everything */
	bool ask;                  /* we do */
	struct ep_seal_peer peers[PEERS_MAX];
	size_t peers_n;
} * shared;

static dmq_api_t dmq;
static dmq_peer_t *peer;
static struct ep_seal_keys keys;
static struct ep_view own;
static uint64_t epoch_ms;

static str content_type = str_init("application/octet-stream");

/* --- receiving: a process of dmq --- */

/* At most one line a second and process. */
static void log_refused(const char *why, const struct ep_seal *s)
{
	static ticks_t last;
	ticks_t now = get_ticks();

	if(now == last)
		return;
	last = now;
	LM_WARN("KDMQ refused: %s, of node %.*s\n", why,
			s->node.p != NULL ? (int)s->node.len : 1,
			s->node.p != NULL ? s->node.p : "?");
}

static enum ep_seal_err unseal(struct ep_seal *out, struct ep_view body)
{
	enum ep_seal_err err = ep_seal_open(out, body, PURPOSE, &keys);

	if(err != EP_SEAL_OK)
		return err;
	lock_get(&shared->lock);
	err = ep_seal_accept(shared->peers, &shared->peers_n, PEERS_MAX, out, own,
			time(NULL), ep_params()->node_skew);
	lock_release(&shared->lock);
	return err;
}

static void take_entries(struct ep_view rest)
{
	bool changed, any = false;
	struct ep_revoke_entry e;
	struct ep_arena arena;
	char first[8192];

	while(rest.p != NULL && rest.len > 0) {
		struct ep_view line = ep_view_cut(&rest, '\n');

		ep_arena_init(&arena, first, sizeof(first), NULL, 0);
		if(ep_revoke_entry_parse(&e, line, &arena) != EP_OK) {
			counter_inc(ep_counters.node_refused);
			continue;
		}
		e.by = EP_REVOKE_BY_NODE;
		if(ep_revoke_put(&changed, &e) == EP_OK && changed)
			any = true;
	}
	if(any)
		ep_revoke_enforce_later();
}

static void wish(bool *what)
{
	lock_get(&shared->lock);
	*what = true;
	lock_release(&shared->lock);
	ep_keeper_wake();
}

/* What a list amounts to, of entries that count after `until_s`. */
struct sum
{
	int64_t until_s;
	uint64_t n;
	uint64_t sum;
};

static void sum_add(const struct ep_revoke_entry *e, void *ctx)
{
	struct sum *s = ctx;

	if(e->until_s <= s->until_s)
		return;
	s->n++;
	s->sum += ep_revoke_entry_sum(e);
}

static void sum_make(struct sum *s, int64_t until_s)
{
	size_t chain = 0;

	*s = (struct sum){.until_s = until_s};
	while(ep_revoke_walk(chain, sum_add, s))
		chain++;
}

static void take_sum(struct ep_view rest)
{
	struct ep_view line = ep_view_cut(&rest, '\n');
	uint64_t until_s, n, sum;
	struct sum mine;

	if(!ep_view_u64(&until_s, ep_view_cut(&line, ' '), (uint64_t)1 << 53)
			|| !ep_view_u64(&n, ep_view_cut(&line, ' '), UINT64_MAX)
			|| !ep_view_u64(&sum, line, UINT64_MAX))
		return;
	sum_make(&mine, (int64_t)until_s);
	if(mine.n != n || mine.sum != sum)
		wish(&shared->ask);
}

static void take(struct ep_view payload)
{
	if(ep_view_starts(payload, EP_LIT(ENTRIES)))
		take_entries(ep_view_from(payload, strlen(ENTRIES)));
	else if(ep_view_eq(payload, EP_LIT(WANT)))
		wish(&shared->all_wanted);
	else if(ep_view_starts(payload, EP_LIT(SUM)))
		take_sum(ep_view_from(payload, strlen(SUM)));
}

static int on_message(
		struct sip_msg *msg, peer_reponse_t *resp, dmq_node_t *node)
{
	static str good = str_init("OK"), bad = str_init("Forbidden");
	struct ep_view body = ep_view_none();
	struct ep_seal s = {.number = 0};
	enum ep_seal_err err = EP_SEAL_MALFORMED;
	int len;

	memset(resp, 0, sizeof(*resp));
	if(parse_headers(msg, HDR_EOH_F, 0) == 0 && msg->content_length != NULL) {
		len = get_content_length(msg);
		if(len > 0 && get_body(msg) != NULL
				&& get_body(msg) + len <= msg->buf + msg->len)
			body = ep_view_of(get_body(msg), len);
	}
	if(body.p != NULL)
		err = unseal(&s, body);
	resp->resp_code = err == EP_SEAL_OK ? 200 : 403;
	resp->reason = err == EP_SEAL_OK ? good : bad;
	if(err != EP_SEAL_OK) {
		counter_inc(err == EP_SEAL_REPLAYED || err == EP_SEAL_STALE
							? ep_counters.node_replayed
							: ep_counters.node_refused);
		log_refused(ep_seal_err_text(err), &s);
		return 0;
	}
	counter_inc(ep_counters.node_taken);
	take(s.payload);
	return 0;
}

/* dmq knows the other nodes now. */
static int on_joined(void)
{
	lock_get(&shared->lock);
	shared->ask = true;
	shared->all_wanted = true;
	lock_release(&shared->lock);
	ep_keeper_wake();
	return 0;
}

/* --- sending: the keeper --- */

void ep_dmq_send(const struct ep_revoke_entry *entry)
{
	char text[EP_REVOKE_LINE_MAX + 1];
	struct ep_buf b;
	struct line *l;

	if(shared == NULL)
		return;
	ep_buf_init(&b, text, sizeof(text));
	ep_revoke_entry_print(&b, entry);
	ep_buf_put_chr(&b, '\n');
	l = b.overflow ? NULL : shm_malloc(sizeof(*l) + b.len);
	if(l == NULL) {
		LM_ERR("out of memory: the other nodes hear of a revocation later\n");
		return;
	}
	l->next = NULL;
	l->len = b.len;
	memcpy(l->text, text, b.len);
	lock_get(&shared->lock);
	if(shared->last != NULL)
		shared->last->next = l;
	else
		shared->first = l;
	shared->last = l;
	lock_release(&shared->lock);
}

static struct line *line_next(void)
{
	struct line *l;

	lock_get(&shared->lock);
	l = shared->first;
	if(l != NULL)
		shared->first = l->next;
	if(shared->first == NULL)
		shared->last = NULL;
	lock_release(&shared->lock);
	return l;
}

static int on_answer(
		struct sip_msg *msg, int code, dmq_node_t *node, void *param)
{
	if(code >= 300)
		counter_inc(ep_counters.node_undelivered);
	return 0;
}

static void send_payload(struct ep_view payload)
{
	static dmq_resp_cback_t answer = {on_answer, NULL};
	static char text[PAYLOAD_MAX + EP_SEAL_MORE];
	static uint64_t number;
	struct ep_seal s = {.node = own,
			.epoch_ms = epoch_ms,
			.number = ++number,
			.at_s = time(NULL),
			.payload = payload};
	struct ep_buf b;
	str body;

	ep_buf_init(&b, text, sizeof(text));
	if(ep_seal_print(&b, &s, PURPOSE, &keys) != EP_OK) {
		LM_ERR("a payload for the other nodes cannot be sealed\n");
		return;
	}
	body = ep_str_view(ep_buf_view(&b));
	if(dmq.bcast_message(peer, &body, NULL, &answer, 1, &content_type) < 0)
		counter_inc(ep_counters.node_undelivered);
}

static char room[PAYLOAD_MAX];
static struct ep_buf payload;

static void payload_begin(void)
{
	ep_buf_init(&payload, room, sizeof(room));
	ep_buf_put_z(&payload, ENTRIES);
}

static void payload_flush(void)
{
	if(payload.len > strlen(ENTRIES))
		send_payload(ep_buf_view(&payload));
	payload_begin();
}

static void send_lines(void)
{
	struct line *l;

	payload_begin();
	while((l = line_next()) != NULL) {
		ep_buf_put(&payload, ep_view_of(l->text, l->len));
		shm_free(l);
		if(payload.len > PAYLOAD_FULL)
			payload_flush();
	}
	payload_flush();
}

/* With the list locked: no sending in here. A chain that does not fit is told
 * cut off; the entries of a chain are few. */
static void put_entry(const struct ep_revoke_entry *e, void *ctx)
{
	size_t len = payload.len;

	ep_revoke_entry_print(&payload, e);
	ep_buf_put_chr(&payload, '\n');
	if(payload.overflow) {
		payload.len = len;
		payload.overflow = false;
	}
}

static void send_all(void)
{
	size_t chain;

	payload_begin();
	for(chain = 0; ep_revoke_walk(chain, put_entry, NULL); chain++) {
		if(payload.len <= PAYLOAD_FULL)
			continue;
		payload_flush();
		usleep(PACE_US);
		send_lines(); /* what is new does not wait behind it */
	}
	payload_flush();
}

static void send_sum(void)
{
	char text[128];
	struct sum s;
	int n;

	sum_make(&s, time(NULL) + SUM_MARGIN_S);
	n = snprintf(text, sizeof(text), SUM "%lld %llu %llu\n",
			(long long)s.until_s, (unsigned long long)s.n,
			(unsigned long long)s.sum);
	send_payload(ep_view_of(text, n));
}

static bool wish_take(bool *what)
{
	bool was;

	lock_get(&shared->lock);
	was = *what;
	*what = false;
	lock_release(&shared->lock);
	return was;
}

void ep_dmq_step(void)
{
	static ticks_t sum_at, all_at, ask_at;
	ticks_t now = get_ticks();

	if(shared == NULL)
		return;
	send_lines();
	if((ask_at == 0 || now - ask_at >= ALL_S) && wish_take(&shared->ask)) {
		send_payload(EP_LIT(WANT));
		ask_at = now;
	}
	if((all_at == 0 || now - all_at >= ALL_S)
			&& wish_take(&shared->all_wanted)) {
		send_all();
		all_at = now;
	}
	if(now - sum_at >= SUM_S) {
		send_sum();
		sum_at = now;
	}
}

/* --- start and end --- */

static int keys_read(const char *path)
{
	static char text[KEYS_MAX];
	FILE *f = fopen(path, "r");
	size_t n;

	if(f == NULL) {
		LM_ERR("node_key_file %s cannot be read\n", path);
		return -1;
	}
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	if(n == sizeof(text)
			|| ep_seal_keys_parse(&keys, ep_view_of(text, n)) != EP_OK) {
		LM_ERR("node_key_file %s: one or two lines of at least %d octets are "
			   "needed, the signing key first\n",
				path, EP_SEAL_KEY_MIN);
		return -1;
	}
	return 0;
}

static int peer_register(void)
{
	dmq_peer_t p = {.peer_id = str_init("webrtc_auth"),
			.description = str_init("webrtc_auth"),
			.callback = on_message,
			.init_callback = on_joined};

	if(dmq_load_api(&dmq) != 0) {
		LM_ERR("dmq is not there: load it before this module\n");
		return -1;
	}
	peer = dmq.register_dmq_peer(&p);
	if(peer == NULL) {
		LM_ERR("dmq takes no peer\n");
		return -1;
	}
	return 0;
}

int ep_dmq_init(void)
{
	const struct ep_params *p = ep_params();
	struct timeval now;

	if(!p->dmq)
		return 0;
	own = ep_view_z(p->node);
	if(!ep_seal_node_ok(own) || p->node_key_file == NULL) {
		LM_ERR("dmq needs modparams node (up to %d of A-Z a-z 0-9 . _ -), its "
			   "own on each node, and node_key_file\n",
				EP_SEAL_NODE_MAX);
		return -1;
	}
	if(keys_read(p->node_key_file) != 0)
		return -1;
	shared = shm_malloc(sizeof(*shared));
	if(shared == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(shared, 0, sizeof(*shared));
	lock_init(&shared->lock);
	gettimeofday(&now, NULL);
	epoch_ms = (uint64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
	return peer_register();
}

void ep_dmq_fini(void)
{
	struct line *l;

	if(shared == NULL)
		return;
	while((l = line_next()) != NULL)
		shm_free(l);
	shm_free(shared);
	shared = NULL;
}
