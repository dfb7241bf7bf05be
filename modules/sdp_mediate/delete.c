/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "sdp_mediate/ask.h"
#include "sdp_mediate/command.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/delete.h"
#include "sdp_mediate/iq.h"
#include "sdp_mediate/node.h"

/* So long a gateway that hangs, or is started again, is told. */
#define TIMEOUT_MS 30000
#define FIRST_MS 150
#define MOST_MS 2000
/* More than this at once is not asked: gateways forget by themselves, later. */
#define ASKS_MAX 20000

struct delete
{
	struct ep_iq_job job; /* first */
	int node;
	unsigned left; /* the Iq process's: requests in flight */
	size_t len;
	char body[];
};

/* A gateway that does not know the call says so: that is done, too. */
static void on_done(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	struct delete *d = ctx;

	if(how != EP_ASKED_ANSWER)
		counter_inc(ep_counters.deletes_failed);
	if(--d->left == 0)
		shm_free(d);
}

static void tell(struct delete *d, int node)
{
	const struct ep_ask_spec spec = {
			.node = node,
			.body = {d->body, d->len},
			.first_ms = FIRST_MS,
			.most_ms = MOST_MS,
			.timeout_ms = TIMEOUT_MS,
			.is_command = true,
			.done = on_done,
			.ctx = d,
	};

	if(ep_asks_count() < ASKS_MAX && ep_ask_start(&spec) != NULL)
		d->left++;
	else
		counter_inc(ep_counters.deletes_failed);
}

static void run(struct ep_iq_job *job)
{
	struct delete *d = (struct delete *)job;
	int i;

	d->left = 1; /* ours */
	if(d->node != EP_NODE_NONE)
		tell(d, d->node);
	else
		for(i = 0; i < (int)ep_nodes_n(); i++)
			tell(d, i);
	if(--d->left == 0)
		shm_free(d);
}

bool ep_delete_post(int node, struct ep_view name)
{
	const struct ep_command_call call = {.name = name};
	size_t room = name.len + 128;
	struct delete *d = shm_malloc(sizeof(*d) + room);
	struct ep_buf out;

	if(d == NULL) {
		SHM_MEM_ERROR;
		return false;
	}
	ep_buf_init(&out, d->body, room);
	ep_command_put_call(&out, "delete", &call);
	d->job.run = run;
	d->node = node;
	d->len = out.len;
	ep_iq_post(&d->job);
	return true;
}
