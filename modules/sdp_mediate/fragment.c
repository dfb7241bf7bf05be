/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/mem/shm_mem.h"

#include "mediate/plan.h"
#include "sdp_mediate/ask.h"
#include "sdp_mediate/command.h"
#include "sdp_mediate/counters.h"
#include "sdp_mediate/fragment.h"
#include "sdp_mediate/iq.h"

/* Candidates that come later than this are of no use: checks went on without
 * them. */
#define TIMEOUT_MS 3000
#define FIRST_MS 150
#define MOST_MS 1000
/* Far from what delete.c may have: a flood of candidates leaves room for it. */
#define ASKS_MAX 4000

struct fragment
{
	struct ep_iq_job job; /* first */
	int node;
	size_t len;
	char body[];
};

/* Does the answer say that all is well? */
static bool answer_ok(struct ep_view answer)
{
	return ep_view_find(answer, EP_LIT("6:result2:ok")) != SIZE_MAX;
}

static void on_done(
		void *ctx, int node, enum ep_asked how, struct ep_view answer)
{
	if(how != EP_ASKED_ANSWER || !answer_ok(answer))
		counter_inc(ep_counters.fragments_failed);
	shm_free(ctx);
}

static void run(struct ep_iq_job *job)
{
	struct fragment *f = (struct fragment *)job;
	const struct ep_ask_spec spec = {
			.node = f->node,
			.body = {f->body, f->len},
			.first_ms = FIRST_MS,
			.most_ms = MOST_MS,
			.timeout_ms = TIMEOUT_MS,
			.give_up_when_down = true,
			.is_command = true,
			.done = on_done,
			.ctx = f,
	};

	if(ep_asks_count() < ASKS_MAX && ep_ask_start(&spec) != NULL)
		return;
	counter_inc(ep_counters.fragments_failed);
	shm_free(f);
}

bool ep_fragment_post(int node, struct ep_view name, struct ep_view fragment)
{
	const struct ep_command_call call = {.name = name,
			.from_tag = ep_mediate_side(EP_MEDIATE_FROM_WIC),
			.to_tag = ep_mediate_side(EP_MEDIATE_FROM_CORE)};
	size_t room = name.len + fragment.len + 256;
	struct ep_mediate_command flags = {.items_n = 0};
	struct fragment *f = shm_malloc(sizeof(*f) + room);
	struct ep_buf out;

	if(f == NULL) {
		SHM_MEM_ERROR;
		return false;
	}
	ep_mediate_command_add(
			&flags, EP_MEDIATE_FLAG, ep_view_none(), EP_LIT("fragment"));
	ep_buf_init(&out, f->body, room);
	ep_command_put_sdp(&out, "offer", &call, fragment, &flags);
	if(out.overflow) {
		shm_free(f);
		return false;
	}
	f->job.run = run;
	f->node = node;
	f->len = out.len;
	ep_iq_post(&f->job);
	return true;
}
