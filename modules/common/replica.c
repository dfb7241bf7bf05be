/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_content.h"

#include "common/clock.h"
#include "common/replica.h"
#include "common/view.h"

#define ENTRIES "entries\n"
#define WANT "want\n"
#define SUM "sum "
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

struct ep_replica_line
{
	struct ep_replica_line *next;
	size_t len;
	char text[];
};

struct ep_replica_shared
{
	gen_lock_t lock;
	struct ep_replica_line *first, *last; /* to be told */
	bool all_wanted;                      /* somebody asked for everything */
	bool ask;                             /* we do */
	struct ep_seal_peer peers[EP_REPLICA_PEERS_MAX];
	size_t peers_n;
};

static struct ep_view purpose(const struct ep_replica *r)
{
	return ep_view_z(r->name);
}

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

static enum ep_seal_err unseal(
		struct ep_replica *r, struct ep_seal *out, struct ep_view body)
{
	enum ep_seal_err err = ep_seal_open(out, body, purpose(r), &r->keys);

	if(err != EP_SEAL_OK)
		return err;
	lock_get(&r->shared->lock);
	err = ep_seal_accept(r->shared->peers, &r->shared->peers_n,
			EP_REPLICA_PEERS_MAX, out, r->node, time(NULL), r->skew_s);
	lock_release(&r->shared->lock);
	return err;
}

static void take_entries(struct ep_replica *r, struct ep_view rest)
{
	bool changed, any = false;
	enum ep_err err;

	while(rest.p != NULL && rest.len > 0) {
		err = r->list->take(&changed, ep_view_cut(&rest, '\n'), EP_LINES_NODE);
		if(err == EP_ESYNTAX || err == EP_ERANGE)
			r->count(EP_REPLICA_REFUSED);
		else if(err == EP_OK && changed)
			any = true;
	}
	if(any)
		r->changed();
}

static void wish(struct ep_replica *r, bool *what)
{
	lock_get(&r->shared->lock);
	*what = true;
	lock_release(&r->shared->lock);
	r->wake();
}

static void sum_make(
		struct ep_replica *r, struct ep_lines_sum *s, int64_t until_s)
{
	size_t chain = 0;

	*s = (struct ep_lines_sum){.until_s = until_s};
	while(r->list->sum(s, chain))
		chain++;
}

static void take_sum(struct ep_replica *r, struct ep_view rest)
{
	struct ep_view line = ep_view_cut(&rest, '\n');
	uint64_t until_s, n, sum;
	struct ep_lines_sum mine;

	if(!ep_view_u64(&until_s, ep_view_cut(&line, ' '), (uint64_t)1 << 53)
			|| !ep_view_u64(&n, ep_view_cut(&line, ' '), UINT64_MAX)
			|| !ep_view_u64(&sum, line, UINT64_MAX))
		return;
	sum_make(r, &mine, (int64_t)until_s);
	if(mine.n != n || mine.sum != sum)
		wish(r, &r->shared->ask);
}

static void take(struct ep_replica *r, struct ep_view payload)
{
	if(ep_view_starts(payload, EP_LIT(ENTRIES)))
		take_entries(r, ep_view_from(payload, strlen(ENTRIES)));
	else if(ep_view_eq(payload, EP_LIT(WANT)))
		wish(r, &r->shared->all_wanted);
	else if(ep_view_starts(payload, EP_LIT(SUM)))
		take_sum(r, ep_view_from(payload, strlen(SUM)));
}

static struct ep_view body_of(struct sip_msg *msg)
{
	int len;

	if(parse_headers(msg, HDR_EOH_F, 0) != 0 || msg->content_length == NULL)
		return ep_view_none();
	len = get_content_length(msg);
	if(len <= 0 || get_body(msg) == NULL
			|| get_body(msg) + len > msg->buf + msg->len)
		return ep_view_none();
	return ep_view_of(get_body(msg), len);
}

int ep_replica_message(
		struct ep_replica *r, struct sip_msg *msg, peer_reponse_t *resp)
{
	static str good = str_init("OK"), bad = str_init("Forbidden");
	struct ep_view body = body_of(msg);
	struct ep_seal s = {.number = 0};
	enum ep_seal_err err = EP_SEAL_MALFORMED;

	memset(resp, 0, sizeof(*resp));
	if(body.p != NULL)
		err = unseal(r, &s, body);
	resp->resp_code = err == EP_SEAL_OK ? 200 : 403;
	resp->reason = err == EP_SEAL_OK ? good : bad;
	if(err != EP_SEAL_OK) {
		r->count(err == EP_SEAL_REPLAYED || err == EP_SEAL_STALE
						 ? EP_REPLICA_REPLAYED
						 : EP_REPLICA_REFUSED);
		log_refused(ep_seal_err_text(err), &s);
		return 0;
	}
	r->count(EP_REPLICA_TAKEN);
	take(r, s.payload);
	return 0;
}

/* dmq knows the other nodes now. */
int ep_replica_joined(struct ep_replica *r)
{
	lock_get(&r->shared->lock);
	r->shared->ask = true;
	r->shared->all_wanted = true;
	lock_release(&r->shared->lock);
	r->wake();
	return 0;
}

/* --- sending: the keeper --- */

void ep_replica_tell(struct ep_replica *r, struct ep_view text)
{
	struct ep_replica_line *l;

	if(r->shared == NULL)
		return;
	l = text.p == NULL ? NULL : shm_malloc(sizeof(*l) + text.len + 1);
	if(l == NULL) {
		LM_ERR("out of memory: the other nodes hear of a change later\n");
		return;
	}
	l->next = NULL;
	l->len = text.len + 1;
	memcpy(l->text, text.p, text.len);
	l->text[text.len] = '\n';
	lock_get(&r->shared->lock);
	if(r->shared->last != NULL)
		r->shared->last->next = l;
	else
		r->shared->first = l;
	r->shared->last = l;
	lock_release(&r->shared->lock);
}

static struct ep_replica_line *line_next(struct ep_replica *r)
{
	struct ep_replica_line *l;

	lock_get(&r->shared->lock);
	l = r->shared->first;
	if(l != NULL)
		r->shared->first = l->next;
	if(r->shared->first == NULL)
		r->shared->last = NULL;
	lock_release(&r->shared->lock);
	return l;
}

static int on_answer(
		struct sip_msg *msg, int code, dmq_node_t *node, void *param)
{
	struct ep_replica *r = param;

	/* 404: a node of another kind, which has no such list. */
	if(code >= 300 && code != 404)
		r->count(EP_REPLICA_UNDELIVERED);
	return 0;
}

static void send_payload(struct ep_replica *r, struct ep_view payload)
{
	static char text[PAYLOAD_MAX + EP_SEAL_MORE];
	static str content_type = str_init("application/octet-stream");
	struct ep_seal s = {.node = r->node,
			.epoch_ms = r->epoch_ms,
			.number = ++r->number,
			.at_s = time(NULL),
			.payload = payload};
	struct ep_buf b;
	str body;

	ep_buf_init(&b, text, sizeof(text));
	if(ep_seal_print(&b, &s, purpose(r), &r->keys) != EP_OK) {
		LM_ERR("a payload for the other nodes cannot be sealed\n");
		return;
	}
	body = ep_str_view(ep_buf_view(&b));
	if(r->dmq.bcast_message(r->peer, &body, NULL, &r->answer, 1, &content_type)
			< 0)
		r->count(EP_REPLICA_UNDELIVERED);
}

static void payload_begin(struct ep_replica *r)
{
	static char room[PAYLOAD_MAX];

	r->payload = (struct ep_lines_out){.n = 0};
	ep_buf_init(&r->payload.text, room, sizeof(room));
	ep_buf_put_z(&r->payload.text, ENTRIES);
}

static void payload_flush(struct ep_replica *r)
{
	if(r->payload.text.len > strlen(ENTRIES))
		send_payload(r, ep_buf_view(&r->payload.text));
	payload_begin(r);
}

static void send_lines(struct ep_replica *r)
{
	struct ep_replica_line *l;

	payload_begin(r);
	while((l = line_next(r)) != NULL) {
		ep_buf_put(&r->payload.text, ep_view_of(l->text, l->len));
		shm_free(l);
		if(r->payload.text.len > PAYLOAD_FULL)
			payload_flush(r);
	}
	payload_flush(r);
}

/* Nothing is sent while the list is locked. A chain that does not fit is told
 * cut off; the entries of a chain are few. */
static void send_all(struct ep_replica *r)
{
	size_t chain;

	payload_begin(r);
	for(chain = 0; r->list->print(&r->payload, chain); chain++) {
		if(r->payload.text.len <= PAYLOAD_FULL)
			continue;
		payload_flush(r);
		usleep(PACE_US);
		send_lines(r); /* what is new does not wait behind it */
	}
	payload_flush(r);
}

static void send_sum(struct ep_replica *r)
{
	char text[128];
	struct ep_lines_sum s;
	int n;

	sum_make(r, &s, time(NULL) + SUM_MARGIN_S);
	n = snprintf(text, sizeof(text), SUM "%lld %llu %llu\n",
			(long long)s.until_s, (unsigned long long)s.n,
			(unsigned long long)s.sum);
	send_payload(r, ep_view_of(text, n));
}

static bool wish_take(struct ep_replica *r, bool *what)
{
	bool was;

	lock_get(&r->shared->lock);
	was = *what;
	*what = false;
	lock_release(&r->shared->lock);
	return was;
}

void ep_replica_step(struct ep_replica *r)
{
	ticks_t now = get_ticks();

	if(r->shared == NULL)
		return;
	send_lines(r);
	if((r->ask_at == 0 || now - r->ask_at >= ALL_S)
			&& wish_take(r, &r->shared->ask)) {
		send_payload(r, EP_LIT(WANT));
		r->ask_at = now;
	}
	if((r->all_at == 0 || now - r->all_at >= ALL_S)
			&& wish_take(r, &r->shared->all_wanted)) {
		send_all(r);
		r->all_at = now;
	}
	if(now - r->sum_at >= SUM_S) {
		send_sum(r);
		r->sum_at = now;
	}
}

/* --- start and end --- */

static int keys_read(struct ep_replica *r, const char *path)
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
			|| ep_seal_keys_parse(&r->keys, ep_view_of(text, n)) != EP_OK) {
		LM_ERR("node_key_file %s: one or two lines of at least %d octets are "
			   "needed, the signing key first\n",
				path, EP_SEAL_KEY_MIN);
		return -1;
	}
	return 0;
}

static int peer_register(struct ep_replica *r)
{
	str name = ep_str_view(ep_view_z(r->name));
	dmq_peer_t p = {.peer_id = name,
			.description = name,
			.callback = r->on_message,
			.init_callback = r->on_joined};

	if(dmq_load_api(&r->dmq) != 0) {
		LM_ERR("dmq is not there: load it before this module\n");
		return -1;
	}
	r->peer = r->dmq.register_dmq_peer(&p);
	if(r->peer == NULL) {
		LM_ERR("dmq takes no peer\n");
		return -1;
	}
	return 0;
}

int ep_replica_init(struct ep_replica *r, const char *node,
		const char *key_file, uint64_t skew_s)
{

	r->node = ep_view_z(node);
	if(!ep_seal_node_ok(r->node) || key_file == NULL) {
		LM_ERR("dmq needs modparams node (up to %d of A-Z a-z 0-9 . _ -), its "
			   "own on each node, and node_key_file\n",
				EP_SEAL_NODE_MAX);
		return -1;
	}
	if(keys_read(r, key_file) != 0)
		return -1;
	r->skew_s = skew_s;
	r->answer = (dmq_resp_cback_t){on_answer, r};
	r->shared = shm_malloc(sizeof(*r->shared));
	if(r->shared == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(r->shared, 0, sizeof(*r->shared));
	lock_init(&r->shared->lock);
	r->epoch_ms = (uint64_t)ep_clock_unix_ms();
	return peer_register(r);
}

void ep_replica_fini(struct ep_replica *r)
{
	struct ep_replica_line *l, *next;

	if(r->shared == NULL)
		return;
	/* Without the lock: its last holder may be dead. */
	for(l = r->shared->first; l != NULL; l = next) {
		next = l->next;
		shm_free(l);
	}
	shm_free(r->shared);
	r->shared = NULL;
}
