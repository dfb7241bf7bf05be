/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/cfg/cfg_struct.h"
#include "core/config.h"
#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/receive.h"

#include "sdp_mediate/inject.h"
#include "sdp_mediate/iq.h"

/* This process's message on its way. */
static struct
{
	char text[BUF_SIZE + 1];
	const struct ep_inject *with; /* NULL: none */
} now;

bool ep_inject_push(void (*exec)(void *param), void *param)
{
	async_task_t *task = shm_malloc(sizeof(*task));

	if(task == NULL)
		return false;
	memset(task, 0, sizeof(*task));
	task->exec = exec;
	task->param = param;
	/* Kamailio frees it when it was run. */
	if(ep_iq_push(task))
		return true;
	shm_free(task);
	return false;
}

void ep_inject_run(const receive_info_t *rcv, struct ep_view text,
		const struct ep_inject *with)
{
	receive_info_t r = *rcv;

	if(text.len > BUF_SIZE) {
		LM_ERR("a message of %lu octets is lost\n", (unsigned long)text.len);
		return;
	}
	cfg_update();
	memcpy(now.text, text.p, text.len);
	now.text[text.len] = '\0';
	r.rflags |= RECV_F_INTERNAL;
	now.with = with;
	receive_msg(now.text, (unsigned)text.len, &r);
	now.with = NULL;
}

const struct ep_inject *ep_inject_of(const sip_msg_t *msg)
{
	return now.with != NULL && msg->buf == now.text ? now.with : NULL;
}
