/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <time.h>

#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/mem/shm_mem.h"

#include "common/mem.h"
#include "ng/message.h"
#include "sdp_mediate/exchange_iq.h"
#include "sdp_mediate/node.h"

#define FIRST_MS 150
#define MOST_MS 600

int64_t ep_exchange_now_ms(void)
{
	return ep_now_ms();
}

static void give_back(struct ep_exchange *x)
{
	struct ep_iq_task *t = x->task;

	/* From here on it is somebody else's. */
	ep_iq_give(t);
}

/* --- offers and answers --- */

static void on_command(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	struct ep_exchange *x = ctx;

	x->how = how;
	if(x->reply != NULL)
		shm_free(x->reply);
	x->reply = NULL;
	if(how == EP_ASKED_ANSWER) {
		x->reply = shm_malloc(answer.len + 1);
		if(x->reply != NULL)
			memcpy(x->reply, answer.p, answer.len);
		x->reply_len = answer.len;
	}
	give_back(x);
}

static void command_send(struct ep_exchange *x)
{
	const struct ep_ask_spec spec = {
			.node = x->node,
			.body = {x->body, x->body_len},
			.first_ms = FIRST_MS,
			.most_ms = MOST_MS,
			.timeout_ms = x->share_ms,
			.give_up_when_down = x->spec.is_offer && x->spec.initial,
			.is_command = true,
			.done = on_command,
			.ctx = x,
	};

	if(ep_ask_start(&spec) == NULL)
		on_command(x, x->node, EP_ASKED_TIMEOUT, ep_view_none());
}

/* --- which of them has the call? --- */

struct query
{
	struct ep_exchange *x;
	unsigned left;
	struct ep_ask *asks[EP_NODES_MAX];
};

static bool says_yes(struct ep_view answer)
{
	struct ep_ng_message m;
	struct ep_arena arena;
	char first[4096];
	bool yes;

	ep_arena_init(
			&arena, first, sizeof(first), &ep_pkg_alloc, EP_MSG_ARENA_MAX);
	yes = ep_ng_message_decode(&m, answer, &arena) == EP_OK
		  && ep_view_eq(m.result, EP_LIT("ok"));
	ep_arena_fini(&arena);
	return yes;
}

static void query_end(struct query *q, int node)
{
	int i;

	for(i = 0; i < EP_NODES_MAX; i++)
		if(q->asks[i] != NULL)
			ep_ask_cancel(q->asks[i]);
	q->x->node = node;
	give_back(q->x);
	pkg_free(q);
}

static void on_query(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	struct query *q = ctx;

	q->asks[node] = NULL;
	q->left--;
	q->x->is_unsure = q->x->is_unsure || how != EP_ASKED_ANSWER;
	if(how == EP_ASKED_ANSWER && says_yes(answer))
		query_end(q, node);
	else if(q->left == 0)
		query_end(q, EP_NODE_NONE);
}

static void query_send(struct ep_exchange *x)
{
	struct ep_ask_spec spec = {
			.body = {x->body, x->body_len},
			.first_ms = FIRST_MS,
			.most_ms = MOST_MS,
			.timeout_ms = x->share_ms,
			.give_up_when_down = true,
			.done = on_query,
	};
	struct query *q = pkg_malloc(sizeof(*q));
	int i;

	x->node = EP_NODE_NONE;
	x->is_unsure = q == NULL;
	if(q == NULL) {
		give_back(x);
		return;
	}
	*q = (struct query){.x = x};
	spec.ctx = q;
	for(i = 0; i < (int)ep_nodes_n(); i++) {
		spec.node = i;
		q->asks[i] = ep_ask_start(&spec);
		q->left += q->asks[i] != NULL;
		x->is_unsure = x->is_unsure || q->asks[i] == NULL;
	}
	if(q->left == 0)
		query_end(q, EP_NODE_NONE);
}

void ep_exchange_send(struct ep_iq_job *job)
{
	struct ep_exchange *x = (struct ep_exchange *)job;

	if(x->is_query)
		query_send(x);
	else if(x->is_idle)
		give_back(x);
	else
		command_send(x);
}
