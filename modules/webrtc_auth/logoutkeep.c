/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <string.h>

#include "core/dprint.h"
#include "core/locking.h"
#include "core/mem/shm_mem.h"
#include "core/timer.h"

#include "webrtc_auth/logoutkeep.h"

struct slot
{
	enum ep_logout_kept state;
	unsigned char hash[EP_SHA256_LEN];
	ticks_t until; /* s */
	/* While it waits; taken out by the worker while it judges. */
	char *token;
	size_t len;
};

static struct
{
	gen_lock_t lock;
	unsigned waiting; /* changed with the lock held, read without */
	struct slot slots[EP_LOGOUT_KEPT_MAX];
} * kept;

int ep_logout_keep_init(void)
{
	kept = shm_malloc(sizeof(*kept));
	if(kept == NULL) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	memset(kept, 0, sizeof(*kept));
	lock_init(&kept->lock);
	return 0;
}

static void token_free(char *token, size_t len)
{
	if(token == NULL)
		return;
	explicit_bzero(token, len);
	shm_free(token);
}

void ep_logout_keep_fini(void)
{
	if(kept == NULL)
		return;
	for(size_t i = 0; i < EP_LOGOUT_KEPT_MAX; i++)
		token_free(kept->slots[i].token, kept->slots[i].len);
	shm_free(kept);
	kept = NULL;
}

unsigned ep_logout_kept_count(void)
{
	return __atomic_load_n(&kept->waiting, __ATOMIC_RELAXED);
}

static bool is_over(const struct slot *s)
{
	return (int)(get_ticks() - s->until) >= 0;
}

/* Lock held. */
static struct slot *slot_find(const unsigned char *hash)
{
	for(size_t i = 0; i < EP_LOGOUT_KEPT_MAX; i++) {
		struct slot *s = &kept->slots[i];

		if(s->state == EP_LOGOUT_OBEYED && is_over(s))
			s->state = EP_LOGOUT_NOT_KEPT;
		if(s->state != EP_LOGOUT_NOT_KEPT
				&& memcmp(s->hash, hash, EP_SHA256_LEN) == 0)
			return s;
	}
	return NULL;
}

/* One that is free, else the memory of one that was obeyed. Lock held. */
static struct slot *slot_free_find(void)
{
	struct slot *obeyed = NULL;

	for(size_t i = 0; i < EP_LOGOUT_KEPT_MAX; i++) {
		struct slot *s = &kept->slots[i];

		if(s->state == EP_LOGOUT_NOT_KEPT)
			return s;
		if(s->state == EP_LOGOUT_OBEYED
				&& (obeyed == NULL || (int)(s->until - obeyed->until) < 0))
			obeyed = s;
	}
	return obeyed;
}

enum ep_logout_kept ep_logout_kept_get(const unsigned char *hash)
{
	enum ep_logout_kept state;
	const struct slot *s;

	lock_get(&kept->lock);
	s = slot_find(hash);
	state = s != NULL ? s->state : EP_LOGOUT_NOT_KEPT;
	lock_release(&kept->lock);
	return state;
}

bool ep_logout_keep(
		const unsigned char *hash, struct ep_view token, unsigned keep_s)
{
	char *copy = shm_malloc(token.len + 1);
	bool is_kept = false;
	struct slot *s;

	if(copy == NULL)
		return false;
	memcpy(copy, token.p, token.len);
	lock_get(&kept->lock);
	if(slot_find(hash) != NULL) {
		is_kept = true;
	} else if((s = slot_free_find()) != NULL) {
		memcpy(s->hash, hash, EP_SHA256_LEN);
		s->state = EP_LOGOUT_WAITING;
		s->until = get_ticks() + keep_s;
		s->token = copy;
		s->len = token.len;
		kept->waiting++;
		copy = NULL;
		is_kept = true;
	}
	lock_release(&kept->lock);
	token_free(copy, token.len);
	return is_kept;
}

/* --- the worker process --- */

/* The token of a slot that waits, which nobody else looks at from then on. */
static char *token_take(struct slot *s, size_t *len, bool *last)
{
	char *token = NULL;

	lock_get(&kept->lock);
	if(s->state == EP_LOGOUT_WAITING) {
		token = s->token;
		*len = s->len;
		s->token = NULL;
		*last = is_over(s);
	}
	lock_release(&kept->lock);
	return token;
}

/* A slot that waits is never given to another token. */
static void token_put(
		struct slot *s, char *token, size_t len, enum ep_logout_kept state)
{
	lock_get(&kept->lock);
	s->state = state;
	if(state == EP_LOGOUT_WAITING) {
		s->token = token;
		token = NULL;
	} else {
		kept->waiting--;
	}
	lock_release(&kept->lock);
	token_free(token, len);
}

void ep_logout_kept_walk(
		enum ep_logout_kept (*judge)(struct ep_view token, bool last))
{
	for(size_t i = 0; i < EP_LOGOUT_KEPT_MAX; i++) {
		struct slot *s = &kept->slots[i];
		size_t len;
		bool last;
		char *token = token_take(s, &len, &last);

		if(token != NULL)
			token_put(s, token, len, judge(ep_view_of(token, len), last));
	}
}
