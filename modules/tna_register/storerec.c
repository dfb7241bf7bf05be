/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* A record of the table of store.h: its one block, and what leads to it by
 * connection and by identity. */
#include "core/mem/shm_mem.h"

#include "base/buf.h"
#include "base/sipuri.h"
#include "storetab.h"

/* A canonical text may be this much longer than the text it comes from. */
#define IMPU_MORE 16

/* --- making a record --- */

/* What a name of `len` octets takes. */
static size_t name_size(size_t len)
{
	return (sizeof(struct name) + len + 7) & ~(size_t)7;
}

/* One block: record, names, packed binding. */
static struct record *block_new(const struct ep_binding *b, size_t *names)
{
	size_t packed = ep_binding_size(b), i;
	struct record *r;

	*names = 0;
	for(i = 0; i < b->impus.n; i++)
		*names += name_size(b->impus.v[i].len + IMPU_MORE);
	if(packed == 0)
		return NULL;
	r = shm_malloc(sizeof(*r) + *names + packed);
	if(r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->names = (struct name *)(r + 1);
	r->packed = (char *)(r + 1) + *names;
	r->packed_len = packed;
	if(ep_binding_pack(r->packed, packed, b) == EP_OK)
		return r;
	shm_free(r);
	return NULL;
}

static struct name *name_next(const struct name *n)
{
	return (struct name *)((char *)n + name_size(n->len));
}

struct record *tna_storerec_new(const struct ep_binding *b, int conid)
{
	size_t names, i;
	struct record *r = block_new(b, &names);
	struct ep_buf text;
	struct name *n;

	if(r == NULL)
		return NULL;
	memcpy(r->id, b->id, EP_FLOW_ID_LEN);
	r->conid = conid;
	for(i = 0, n = r->names; i < b->impus.n; i++) {
		ep_buf_init(&text, n->text, b->impus.v[i].len + IMPU_MORE);
		if(ep_impu_print(&text, b->impus.v[i]) != EP_OK)
			continue;
		memcpy(n->id, b->id, EP_FLOW_ID_LEN);
		n->hash = hash_impu(ep_buf_view(&text));
		n->len = (unsigned)text.len;
		n = name_next(n);
		r->names_n++;
	}
	return r;
}

/* --- its links; the record's bucket by id is locked --- */

bool tna_storerec_conn_add(struct record *r, struct record *old)
{
	struct bucket *b = bucket_lock(BY_CONN, hash_conid(r->conid));
	struct record **at;
	unsigned n = 0;

	if(old != NULL && old->conid != r->conid)
		old = NULL;
	for(at = &b->first.rec; *at != NULL && *at != old; at = &(*at)->conn_next)
		n += (*at)->conid == r->conid;
	if(*at != NULL) {
		r->conn_next = old->conn_next;
		old->conn_linked = false;
	}
	r->conn_linked = *at != NULL || n < TNA_CONN_BINDINGS;
	if(r->conn_linked)
		*at = r;
	lock_release(&b->lock);
	return r->conn_linked;
}

void tna_storerec_conn_del(struct record *r)
{
	struct bucket *b;
	struct record **at;

	if(!r->conn_linked)
		return;
	b = bucket_lock(BY_CONN, hash_conid(r->conid));
	for(at = &b->first.rec; *at != r; at = &(*at)->conn_next)
		;
	*at = r->conn_next;
	lock_release(&b->lock);
	r->conn_linked = false;
}

void tna_storerec_names_add(struct record *r)
{
	struct name *n = r->names;
	struct bucket *b;
	unsigned i;

	for(i = 0; i < r->names_n; i++, n = name_next(n)) {
		b = bucket_lock(BY_IMPU, n->hash);
		n->next = b->first.name;
		b->first.name = n;
		lock_release(&b->lock);
	}
}

void tna_storerec_names_del(struct record *r)
{
	struct name *n = r->names, **at;
	struct bucket *b;
	unsigned i;

	for(i = 0; i < r->names_n; i++, n = name_next(n)) {
		b = bucket_lock(BY_IMPU, n->hash);
		for(at = &b->first.name; *at != n; at = &(*at)->next)
			;
		*at = n->next;
		lock_release(&b->lock);
	}
}
