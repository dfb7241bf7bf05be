/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/binding.h"

/* The block: a head, a table of slots {offset, length}, the texts. Slots are
 * the single texts in the order of texts[], then the members of each list.
 * All numbers are in the byte order of the machine: a block does not travel.
 * An absent view has offset 0, where the head stands. */
#define MAGIC 0x334e4245u /* "EBN3" */

struct slot
{
	uint32_t at;
	uint32_t len;
};

#define LISTS_N 3

struct head
{
	uint32_t magic;
	uint32_t total; /* octets of the whole block */
	unsigned char id[EP_FLOW_ID_LEN];
	uint64_t token_end_s;
	int64_t iat_s;
	uint32_t flags;
	uint32_t list_n[LISTS_N];
};

#define FLAG_AUTH_DONE 1u
#define FLAG_ADD_ENTITY 2u

/* Where the single texts are in a struct ep_binding. */
static const size_t texts[] = {
		offsetof(struct ep_binding, impi),
		offsetof(struct ep_binding, impu),
		offsetof(struct ep_binding, contact),
		offsetof(struct ep_binding, instance),
		offsetof(struct ep_binding, reg_id),
		offsetof(struct ep_binding, waf),
		offsetof(struct ep_binding, wwsf),
		offsetof(struct ep_binding, charging),
		offsetof(struct ep_binding, term_ioi),
		offsetof(struct ep_binding, issuer),
		offsetof(struct ep_binding, jti),
		offsetof(struct ep_binding, sub),
		offsetof(struct ep_binding, sid),
		offsetof(struct ep_binding, source),
};
#define TEXTS_N (sizeof(texts) / sizeof(texts[0]))

static const size_t lists[LISTS_N] = {
		offsetof(struct ep_binding, impus),
		offsetof(struct ep_binding, wildcards),
		offsetof(struct ep_binding, service_route),
};

static struct ep_view text_of(const struct ep_binding *b, size_t i)
{
	struct ep_view v;

	memcpy(&v, (const char *)b + texts[i], sizeof(v));
	return v;
}

static struct ep_impus list_of(const struct ep_binding *b, size_t i)
{
	struct ep_impus l;

	memcpy(&l, (const char *)b + lists[i], sizeof(l));
	return l;
}

size_t ep_binding_size(const struct ep_binding *b)
{
	uint64_t n = sizeof(struct head) + TEXTS_N * sizeof(struct slot);
	size_t i, k;

	for(i = 0; i < TEXTS_N; i++) {
		n += text_of(b, i).len;
		if(n > UINT32_MAX)
			return 0;
	}
	for(i = 0; i < LISTS_N; i++) {
		struct ep_impus l = list_of(b, i);

		for(k = 0; k < l.n; k++) {
			n += sizeof(struct slot) + l.v[k].len;
			if(n > UINT32_MAX)
				return 0;
		}
	}
	return (size_t)n;
}

/* Where the next slot and the next text go. */
struct writer
{
	char *block;
	size_t slot_at;
	size_t text_at;
};

static void slot_put(struct writer *w, struct ep_view v)
{
	struct slot slot = {0, 0};

	if(v.p) {
		slot = (struct slot){(uint32_t)w->text_at, (uint32_t)v.len};
		if(v.len)
			memcpy(w->block + w->text_at, v.p, v.len);
		w->text_at += v.len;
	}
	memcpy(w->block + w->slot_at, &slot, sizeof(slot));
	w->slot_at += sizeof(slot);
}

enum ep_err ep_binding_pack(void *block, size_t cap, const struct ep_binding *b)
{
	size_t size = ep_binding_size(b), i, k;
	struct head head = {.magic = MAGIC,
			.total = (uint32_t)size,
			.token_end_s = b->token_end_s,
			.iat_s = b->iat_s,
			.flags = (b->auth_done ? FLAG_AUTH_DONE : 0)
					 | (b->add_entity ? FLAG_ADD_ENTITY : 0)};
	struct writer w = {.block = block, .slot_at = sizeof(head)};

	if(size == 0 || size > cap)
		return EP_ENOSPC;
	memcpy(head.id, b->id, EP_FLOW_ID_LEN);
	w.text_at = sizeof(head) + TEXTS_N * sizeof(struct slot);
	for(i = 0; i < LISTS_N; i++) {
		head.list_n[i] = (uint32_t)list_of(b, i).n;
		w.text_at += list_of(b, i).n * sizeof(struct slot);
	}
	memcpy(block, &head, sizeof(head));
	for(i = 0; i < TEXTS_N; i++)
		slot_put(&w, text_of(b, i));
	for(i = 0; i < LISTS_N; i++)
		for(k = 0; k < list_of(b, i).n; k++)
			slot_put(&w, list_of(b, i).v[k]);
	return EP_OK;
}

static bool slot_get(struct ep_view *out, const char *block,
		const struct head *head, size_t index)
{
	struct slot slot;

	memcpy(&slot, block + sizeof(*head) + index * sizeof(slot), sizeof(slot));
	*out = ep_view_none();
	if(slot.at == 0)
		return slot.len == 0;
	if(slot.at < sizeof(*head) || slot.at > head->total
			|| slot.len > head->total - slot.at)
		return false;
	*out = ep_view_of(block + slot.at, slot.len);
	return true;
}

static enum ep_err list_get(struct ep_binding *out, size_t list,
		const char *block, const struct head *head, size_t index,
		struct ep_arena *arena)
{
	size_t n = head->list_n[list], k;
	struct ep_view *v = ep_arena_array(arena, n ? n : 1, sizeof(*v));
	struct ep_impus l = {v, n};

	if(!v)
		return EP_ENOMEM;
	for(k = 0; k < n; k++)
		if(!slot_get(&v[k], block, head, index + k))
			return EP_ESYNTAX;
	memcpy((char *)out + lists[list], &l, sizeof(l));
	return EP_OK;
}

enum ep_err ep_binding_unpack(struct ep_binding *out, const void *block,
		size_t block_len, struct ep_arena *arena)
{
	struct head head;
	uint64_t slots = TEXTS_N;
	size_t i, index = TEXTS_N;
	enum ep_err err = EP_OK;

	*out = (struct ep_binding){.auth_done = false};
	if(block_len < sizeof(head))
		return EP_ESYNTAX;
	memcpy(&head, block, sizeof(head));
	for(i = 0; i < LISTS_N; i++)
		slots += head.list_n[i];
	if(head.magic != MAGIC || head.total > block_len
			|| head.total < sizeof(head)
			|| slots > (head.total - sizeof(head)) / sizeof(struct slot))
		return EP_ESYNTAX;
	memcpy(out->id, head.id, EP_FLOW_ID_LEN);
	out->token_end_s = head.token_end_s;
	out->iat_s = head.iat_s;
	out->auth_done = (head.flags & FLAG_AUTH_DONE) != 0;
	out->add_entity = (head.flags & FLAG_ADD_ENTITY) != 0;
	for(i = 0; i < TEXTS_N; i++) {
		struct ep_view v;

		if(!slot_get(&v, block, &head, i))
			return EP_ESYNTAX;
		memcpy((char *)out + texts[i], &v, sizeof(v));
	}
	for(i = 0; i < LISTS_N && !err; i++) {
		err = list_get(out, i, block, &head, index, arena);
		index += head.list_n[i];
	}
	return err;
}
