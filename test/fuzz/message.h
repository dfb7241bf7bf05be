/* A SIP message, a plan for it, and what comes of it: for the targets of the
 * header planners. SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_FUZZ_MESSAGE_H
#define TEST_FUZZ_MESSAGE_H

#include "../unit/tna/msg_text.h"

static char mem[1 << 20];
static struct msg_after after;

static struct ep_arena *fresh(void)
{
	static struct ep_arena arena;

	ep_arena_init(&arena, mem, sizeof(mem), NULL, 0);
	return &arena;
}

/* Applies the plan. False: the result outgrew what we look at. */
static bool apply(const struct ep_msg *m, const struct ep_hdredits *edits)
{
	struct ep_buf buf;

	ep_buf_init(&buf, after.text, sizeof(after.text));
	return ep_hdredits_render(&buf, m, edits) == EP_OK
		   && m->hdrs_n + edits->n < MSG_HDRS_MAX
		   && msg_parse(&after.t, ep_buf_view(&buf));
}

static size_t count(const char *name)
{
	return msg_count(&after.t.m, ep_view_z(name));
}

#endif
