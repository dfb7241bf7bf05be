/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include <sys/random.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_to.h"
#include "core/socket_info.h"
#include "core/sr_module.h"
#include "modules/ims_usrloc_scscf/usrloc.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "common/view.h"
#include "regs_send.h"

#define KEY_LEN 32
#define MAC_LEN 16
#define HEX(n) (2 * (n))
#define NAME_LEN HEX(sizeof(struct named))
#define CALLID_LEN (NAME_LEN + 1 + HEX(MAC_LEN))
#define HEADERS_MAX 8192

/* Which record a REGISTER is about; without padding. */
struct named
{
	uint64_t id;
	uint64_t random;
	uint64_t hash;
};

static unsigned char key[KEY_LEN]; /* made before fork */

static usrloc_api_t usrloc;

int tna_regs_send_init(void)
{
	bind_usrloc_t bind;

	bind = (bind_usrloc_t)(void (*)(void))find_export("ul_bind_usrloc", 1, 0);
	if(bind == NULL || bind(&usrloc) != 0) {
		LM_ERR("role scscf: load ims_usrloc_scscf before this module\n");
		return -1;
	}
	return getrandom(key, sizeof(key), 0) == sizeof(key) ? 0 : -1;
}

/* The registrar of 5.6.3 answers 500 to the end of a contact it does not have,
 * and keeps a lock: no such thing is sent. */
bool tna_regs_is_there(const struct tna_reg *reg)
{
	str uri = ep_str_view(reg->contact), callid = STR_NULL;
	struct ucontact *c = NULL;
	bool there;

	if(usrloc.get_ucontact(&uri, &callid, NULL, 0, &c) != 0 || c == NULL)
		return false;
	there = VALID_CONTACT(c, time(NULL));
	usrloc.release_ucontact(c);
	return there;
}

/* --- knowing our own --- */

/* What the MAC is over. */
struct said
{
	struct ep_view name, impu, contact, authorization;
};

static bool mac_print(struct ep_buf *out, const struct said *s)
{
	unsigned char mac[EP_SHA256_LEN];
	struct ep_view lf = EP_LIT("\n");
	struct ep_view parts[] = {
			s->name, lf, s->impu, lf, s->contact, lf, s->authorization};

	if(ep_hmac_sha256(mac, ep_view_of((const char *)key, KEY_LEN), parts, 7)
			!= EP_OK)
		return false;
	ep_buf_put_hex(out, ep_view_of((const char *)mac, MAC_LEN));
	return !out->overflow;
}

static bool named_read(struct named *out, struct ep_view hex)
{
	unsigned char *p = (unsigned char *)out;
	size_t i;

	for(i = 0; i < sizeof(*out); i++) {
		int high = ep_chr_hex(hex.p[2 * i]), low = ep_chr_hex(hex.p[2 * i + 1]);

		if(high < 0 || low < 0)
			return false;
		p[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

/* The only one of its name; absent: none, or several. */
static struct ep_view only(const sip_msg_t *msg, int type)
{
	struct ep_view body = ep_view_none();
	struct hdr_field *h;

	for(h = msg->headers; h != NULL; h = h->next) {
		if(h->type != type)
			continue;
		if(body.p != NULL)
			return ep_view_none();
		body = ep_view_trim(ep_view_str(&h->body));
	}
	return body;
}

bool tna_regs_is_own(sip_msg_t *msg)
{
	struct ep_view callid;
	struct said said;
	struct named named;
	char text[HEX(MAC_LEN)];
	struct ep_buf mac;

	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->to == NULL
			|| get_to(msg) == NULL)
		return false;
	callid = only(msg, HDR_CALLID_T);
	said = (struct said){.name = ep_view_head(callid, NAME_LEN),
			.impu = ep_view_str(&get_to(msg)->uri),
			.contact = only(msg, HDR_CONTACT_T),
			.authorization = only(msg, HDR_AUTHORIZATION_T)};
	if(callid.p == NULL || callid.len != CALLID_LEN || said.contact.p == NULL
			|| said.authorization.p == NULL || !named_read(&named, said.name))
		return false;
	ep_buf_init(&mac, text, sizeof(text));
	return mac_print(&mac, &said)
		   && ep_memeq_const(
				   ep_buf_view(&mac), ep_view_from(callid, NAME_LEN + 1))
		   && tna_regs_is_sent((unsigned)named.hash, named.id);
}

/* --- sending one --- */

struct texts
{
	char contact[4096], authorization[4096];
	char headers[HEADERS_MAX + 512];
	char callid[CALLID_LEN], home[512], hop[256];
};

/* The domain of the registrar: ours, or that of the IMPU. */
static struct ep_view domain_of(struct ep_view impu)
{
	size_t at = ep_view_find_chr(impu, '@');

	if(tna_set.cfg.home_domain.len > 0)
		return tna_set.cfg.home_domain;
	return ep_view_cut(
			&(struct ep_view){impu.p + at + 1, impu.len - at - 1}, ';');
}

/* This node, as the next hop. */
static bool hop_print(struct ep_buf *out)
{
	struct socket_info *si = udp_listen;

#ifdef USE_TCP
	if(si == NULL)
		si = tcp_listen;
#endif
	if(si == NULL)
		return false;
	ep_buf_put_z(out, "sip:");
	ep_buf_put(out, ep_view_str(&si->address_str));
	ep_buf_put_chr(out, ':');
	ep_buf_put(out, ep_view_str(&si->port_no_str));
	if(si->proto == PROTO_TCP)
		ep_buf_put_z(out, ";transport=tcp");
	return !out->overflow;
}

static void headers_print(struct ep_buf *out, struct ep_view contact,
		struct ep_view authorization)
{
	ep_buf_put_z(out, "Max-Forwards: 10\r\nExpires: 0\r\nContact: ");
	ep_buf_put(out, contact);
	ep_buf_put_z(out, "\r\nAuthorization: ");
	ep_buf_put(out, authorization);
	ep_buf_put_z(out, "\r\n");
}

static void authorization_print(
		struct ep_buf *out, struct ep_view impi, struct ep_view domain)
{
	ep_buf_put_z(out, "Digest username=\"");
	ep_buf_put(out, impi);
	ep_buf_put_z(out, "\",realm=\"");
	ep_buf_put(out, domain);
	ep_buf_put_z(out, "\",nonce=\"\",uri=\"sip:");
	ep_buf_put(out, domain);
	ep_buf_put_z(out, "\",response=\"\",integrity-protected=\"auth-done\"");
}

static bool callid_print(
		struct ep_buf *out, struct said *said, unsigned hash, uint64_t id)
{
	struct named named = {.id = id, .hash = hash};

	if(getrandom(&named.random, sizeof(named.random), 0)
			!= sizeof(named.random))
		return false;
	ep_buf_put_hex(out, ep_view_of((const char *)&named, sizeof(named)));
	ep_buf_put_chr(out, '.');
	said->name = ep_view_of(out->p, NAME_LEN);
	return mac_print(out, said);
}

/* Through tm: what names the record. */
struct answer
{
	unsigned hash;
	uint64_t id;
};

static void on_answer(struct cell *t, int type, struct tmcb_params *p)
{
	struct answer *a = *p->param;

	if(a == NULL)
		return;
	*p->param = NULL;
	tna_regs_answered(a->hash, a->id, p->code >= 200 && p->code < 300);
	shm_free(a);
}

static bool request_send(struct texts *t, const struct tna_reg *reg,
		struct ep_view headers, struct ep_view callid, struct answer *a)
{
	str method = str_init("REGISTER"), who = ep_str_view(reg->impu);
	str text = ep_str_view(headers), id = ep_str_view(callid), uri, hop;
	uac_req_t request;
	struct ep_buf b;

	ep_buf_init(&b, t->hop, sizeof(t->hop));
	if(!hop_print(&b))
		return false;
	hop = ep_str_view(ep_buf_view(&b));
	ep_buf_init(&b, t->home, sizeof(t->home));
	ep_buf_put_z(&b, "sip:");
	ep_buf_put(&b, domain_of(reg->impu));
	if(b.overflow)
		return false;
	uri = ep_str_view(ep_buf_view(&b));
	set_uac_req(&request, &method, &text, NULL, NULL, TMCB_LOCAL_COMPLETED,
			on_answer, a);
	request.callid = &id;
	return tna_tm.t_request(&request, &uri, &who, &who, &hop) >= 0;
}

bool tna_regs_send(const struct tna_reg *reg, unsigned hash, uint64_t id)
{
	static struct texts t;
	struct ep_buf contact, authorization, headers, callid;
	struct said said;
	struct answer *a;

	ep_buf_init(&contact, t.contact, sizeof(t.contact));
	ep_buf_put_chr(&contact, '<');
	ep_buf_put(&contact, reg->contact);
	ep_buf_put_z(&contact, ">;expires=0");
	ep_buf_init(&authorization, t.authorization, sizeof(t.authorization));
	authorization_print(&authorization, reg->impi, domain_of(reg->impu));
	ep_buf_init(&callid, t.callid, sizeof(t.callid));
	ep_buf_init(&headers, t.headers, sizeof(t.headers));
	headers_print(&headers, ep_buf_view(&contact), ep_buf_view(&authorization));
	said = (struct said){.impu = reg->impu,
			.contact = ep_buf_view(&contact),
			.authorization = ep_buf_view(&authorization)};
	if(contact.overflow || authorization.overflow || headers.overflow
			|| !callid_print(&callid, &said, hash, id))
		return false;
	a = shm_malloc(sizeof(*a));
	if(a == NULL)
		return false;
	*a = (struct answer){hash, id};
	if(request_send(&t, reg, ep_buf_view(&headers), ep_buf_view(&callid), a))
		return true;
	shm_free(a);
	return false;
}
