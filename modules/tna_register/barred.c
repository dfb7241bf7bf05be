/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>
#include <time.h>

#include "core/atomic_ops.h"
#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/pt.h"

#include "common/clock.h"
#include "common/ending.h"
#include "common/keeper.h"
#include "common/listfile.h"
#include "common/replica.h"
#include "barred.h"
#include "life.h"
#include "regs.h"
#include "tna_register.h"

#define MAX_MAX 100000
#define IDLE_MS 1000
/* How long an RPC waits for the disk. */
#define DISK_MS 500
#define SWEEP_S 60

struct tna_barred_params tna_barred_params = {.max = 1000, .node_skew = 60};

static struct
{
	gen_lock_t lock;
	atomic_t generation;
	struct ep_barred_list *list;
} * store;

static struct ep_keeper keeper = EP_KEEPER_NONE;
static int my_rank;

/* --- the list --- */

static int store_init(void)
{
	size_t max = (size_t)tna_barred_params.max;
	unsigned char key[16];
	void *block = shm_malloc(ep_barred_list_size(max));

	store = shm_malloc(sizeof(*store));
	if(store == NULL || block == NULL
			|| getrandom(key, sizeof(key), 0) != sizeof(key)) {
		if(block != NULL)
			shm_free(block);
		if(store != NULL)
			shm_free(store);
		store = NULL;
		return -1;
	}
	memset(store, 0, sizeof(*store));
	lock_init(&store->lock);
	atomic_set(&store->generation, 1);
	store->list = ep_barred_list_init(block, max, key);
	return 0;
}

static unsigned generation(void)
{
	return (unsigned)atomic_get(&store->generation);
}

static bool is_barred(enum ep_barred_kind kind, struct ep_view name)
{
	bool barred;

	if(name.p == NULL)
		return false;
	lock_get(&store->lock);
	barred = ep_barred_list_match(store->list, kind, name, time(NULL));
	lock_release(&store->lock);
	return barred;
}

bool tna_barred(struct ep_view waf, struct ep_view wwsf)
{
	if(ep_barred_list_live(store->list) == 0)
		return false;
	return is_barred(EP_BARRED_WAF, waf) || is_barred(EP_BARRED_WWSF, wwsf);
}

bool tna_barred_page(struct ep_view waf, struct ep_view wwsf, int conid)
{
	char text[WEBRTC_AUTH_WWSF_MAX];
	struct ep_buf of_conn;

	if(ep_barred_list_live(store->list) == 0)
		return false;
	ep_buf_init(&of_conn, text, sizeof(text));
	if(wwsf.p == NULL && tna_auth.conn_wwsf(&of_conn, conid) == EP_OK)
		wwsf = ep_buf_view(&of_conn);
	return tna_barred(waf, wwsf);
}

/* Never 0. Lock held. */
static void changed_now(void)
{
	if(atomic_get(&store->generation) == -1)
		atomic_set(&store->generation, 1);
	else
		atomic_inc(&store->generation);
}

/* A new entry counts more than what it replaces, whatever the clocks of the
 * node that made that one said. Lock held. */
static void stamp(struct ep_barred_entry *e)
{
	const struct ep_barred_entry *old =
			ep_barred_list_find(store->list, e->kind, e->name);

	e->at_ms = ep_clock_unix_ms();
	if(old != NULL && old->at_ms >= e->at_ms)
		e->at_ms = old->at_ms + 1;
}

static enum ep_err put(bool *changed, struct ep_barred_entry *e)
{
	enum ep_err err;

	lock_get(&store->lock);
	if(e->by == EP_BARRED_BY_RPC)
		stamp(e);
	err = ep_barred_list_put(changed, store->list, e, time(NULL));
	if(*changed)
		changed_now();
	lock_release(&store->lock);
	if(*changed && e->by != EP_BARRED_BY_FILE)
		ep_keeper_ring(&keeper);
	if(err == EP_ENOSPC)
		LM_ERR("max_barred is reached: nothing more can be barred\n");
	return err;
}

void tna_barred_walk(
		void (*fn)(const struct ep_barred_entry *entry, void *ctx), void *ctx)
{
	const struct ep_barred_entry *e;
	size_t place;

	lock_get(&store->lock);
	for(place = 0; ep_barred_list_at(&e, store->list, place); place++)
		if(e != NULL)
			fn(e, ctx);
	lock_release(&store->lock);
}

/* --- the list as lines --- */

static enum ep_err line_take(
		bool *changed, struct ep_view line, enum ep_lines_from from)
{
	struct ep_barred_entry e;
	struct ep_arena arena;
	char first[2048];
	enum ep_err err;

	*changed = false;
	ep_arena_init(&arena, first, sizeof(first), NULL, 0);
	err = ep_barred_entry_parse(&e, line, &arena);
	if(err != EP_OK)
		return err;
	e.by = from == EP_LINES_FILE ? EP_BARRED_BY_FILE : EP_BARRED_BY_NODE;
	return put(changed, &e);
}

static bool lines_print(struct ep_lines_out *out, size_t place)
{
	const struct ep_barred_entry *e;
	size_t from = out->text.len;
	bool there;

	lock_get(&store->lock);
	there = ep_barred_list_at(&e, store->list, place);
	if(e != NULL) {
		ep_barred_entry_print(&out->text, e);
		ep_lines_end(out, from);
	}
	lock_release(&store->lock);
	return there;
}

static bool lines_sum(struct ep_lines_sum *s, size_t place)
{
	const struct ep_barred_entry *e;
	bool there;

	lock_get(&store->lock);
	there = ep_barred_list_at(&e, store->list, place);
	if(e != NULL && ep_barred_entry_kept_s(e) > s->until_s) {
		s->n++;
		s->sum += ep_barred_entry_sum(e);
	}
	lock_release(&store->lock);
	return there;
}

static const struct ep_lines lines = {.take = line_take,
		.print = lines_print,
		.sum = lines_sum,
		.generation = generation};

static void file_failed(void)
{
	tna_count(TNA_N_BARRED_FILE_FAILED);
}

static struct ep_listfile file = {.param = "barred_file",
		.limit = "more entries than max_barred",
		.head = "# tna_register barred 1",
		.list = &lines,
		.failed = file_failed};

/* --- other nodes --- */

static int on_message(
		struct sip_msg *msg, peer_reponse_t *resp, dmq_node_t *node);
static int on_joined(void);

/* In a process of dmq: others look for what is to end. */
static void on_changed(void)
{
	if(tna_set.scscf)
		tna_regs_look();
	else
		tna_life_look();
}

static void wake(void)
{
	ep_keeper_ring(&keeper);
}

static void count(enum ep_replica_count what)
{
	switch(what) {
		case EP_REPLICA_TAKEN:
			tna_count(TNA_N_NODE_TAKEN);
			break;
		case EP_REPLICA_REFUSED:
			tna_count(TNA_N_NODE_REFUSED);
			break;
		case EP_REPLICA_REPLAYED:
			tna_count(TNA_N_NODE_REPLAYED);
			break;
		case EP_REPLICA_UNDELIVERED:
			tna_count(TNA_N_NODE_UNDELIVERED);
			break;
	}
}

static struct ep_replica replica = {.name = "tna_register",
		.list = &lines,
		.on_message = on_message,
		.on_joined = on_joined,
		.changed = on_changed,
		.wake = wake,
		.count = count};

static int on_message(
		struct sip_msg *msg, peer_reponse_t *resp, dmq_node_t *node)
{
	return ep_replica_message(&replica, msg, resp);
}

static int on_joined(void)
{
	return ep_replica_joined(&replica);
}

static void tell(const struct ep_barred_entry *e)
{
	char text[EP_BARRED_LINE_MAX];
	struct ep_buf b;

	ep_buf_init(&b, text, sizeof(text));
	ep_barred_entry_print(&b, e);
	ep_replica_tell(&replica, ep_buf_view(&b));
	ep_keeper_ring(&keeper);
}

/* --- what an operator asks for --- */

enum ep_err tna_barred_put(const struct ep_barred_entry *entry)
{
	struct ep_barred_entry e = *entry;
	bool changed;
	enum ep_err err;

	e.by = EP_BARRED_BY_RPC;
	err = put(&changed, &e);
	if(err == EP_OK && changed)
		tell(&e);
	return err;
}

enum ep_err tna_barred_lift(enum ep_barred_kind kind, struct ep_view name)
{
	struct ep_barred_entry e = {.kind = kind, .name = name, .lifted = true};

	if(!is_barred(kind, name))
		return EP_ENOENT;
	return tna_barred_put(&e);
}

void tna_barred_end(struct tna_barred_ended *out, enum ep_barred_kind kind,
		struct ep_view name)
{
	struct ep_view none = ep_view_none();

	*out = (struct tna_barred_ended){.registrations = 0};
	if(tna_set.scscf)
		out->registrations = tna_regs_end(kind == EP_BARRED_WAF ? name : none,
				kind == EP_BARRED_WWSF ? name : none);
	else
		tna_life_end_barred(out);
}

bool tna_barred_saved(void)
{
	return ep_listfile_exists(&file) && my_rank <= 0
		   && ep_listfile_wait(&file, DISK_MS);
}

/* --- the keeper --- */

static bool keeper_exists(void)
{
	return ep_listfile_exists(&file) || tna_barred_params.dmq;
}

static void sweep(void)
{
	static ticks_t last;
	ticks_t now = get_ticks();

	if(now - last < SWEEP_S)
		return;
	last = now;
	lock_get(&store->lock);
	ep_barred_list_sweep(store->list, time(NULL));
	lock_release(&store->lock);
}

static void keeper_run(void)
{
	for(;;) {
		ep_ending_stop_here();
		cfg_update();
		ep_replica_step(&replica); /* first: the disk may be slow */
		ep_listfile_step(&file);
		sweep();
		ep_keeper_sleep(&keeper, IDLE_MS);
	}
}

int tna_barred_init(void)
{
	const struct tna_barred_params *p = &tna_barred_params;

	if(p->max < 1 || p->max > MAX_MAX || p->node_skew < 1) {
		LM_ERR("max_barred (1..%d) or node_skew is out of range\n", MAX_MAX);
		return -1;
	}
	if(store_init() != 0) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	if(ep_listfile_init(&file, p->file) != 0)
		return -1;
	if(p->dmq
			&& ep_replica_init(&replica, p->node, p->node_key_file,
					   (uint64_t)p->node_skew)
					   != 0)
		return -1;
	if(!keeper_exists())
		return 0;
	register_procs(1);
	cfg_register_child(1);
	return ep_keeper_open(&keeper);
}

int tna_barred_child_init(int rank)
{
	int pid;

	my_rank = rank;
	if(rank != PROC_MAIN || !keeper_exists())
		return 0;
	pid = fork_process(PROC_RPC, "tna_register keeper", 1);
	if(pid < 0)
		return -1;
	if(pid == 0) {
		if(cfg_child_init())
			return -1;
		keeper_run();
	}
	return 0;
}

void tna_barred_destroy(void)
{
	ep_replica_fini(&replica);
	ep_keeper_close(&keeper);
	ep_listfile_fini(&file);
	if(store == NULL)
		return;
	shm_free(store->list);
	shm_free(store);
	store = NULL;
}
