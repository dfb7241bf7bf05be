/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"

#include "common/view.h"
#include "scscf.h"
#include "scscf_cx.h"

#define AVP_ALLOWED_WAF_WWSF 656 /* TS 29.229 6.3.64; not in cdp's tables */
#define NO_STATE_MAINTAINED 1

static struct cdp_binds cdp;

int tna_cx_init(AAAResponseHandler_f *answer, AAARequestHandler_f *request)
{
	if(load_cdp_api(&cdp) != 0) {
		LM_ERR("load cdp before this module\n");
		return -1;
	}
	if(cdp.AAAAddResponseHandler(answer, NULL) != 1
			|| cdp.AAAAddRequestHandler(request, NULL) != 1) {
		LM_ERR("out of shared memory\n");
		return -1;
	}
	return 0;
}

bool tna_cx_is(const AAAMessage *m, unsigned command)
{
	return m != NULL && m->applicationId == IMS_Cx && m->commandCode == command;
}

/* --- reading --- */

static unsigned u32_of(const str *s)
{
	const unsigned char *p = (const unsigned char *)s->s;

	if(s->len != 4)
		return 0;
	return (unsigned)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static AAA_AVP *find(AAAMessage *m, AAA_AVP *behind, int code, int vendor)
{
	AAA_AVP *avp = behind != NULL ? behind->next : m->avpList.head;

	for(; avp != NULL; avp = avp->next)
		if(avp->code == code && avp->vendorId == vendor && avp->data.s != NULL)
			return avp;
	return NULL;
}

/* Experimental-Result-Code within the group; 0: not there. */
static unsigned experimental_code(const str *group)
{
	const unsigned char *p = (const unsigned char *)group->s;
	str code = {NULL, 4};
	int at = 0, len, head;

	while(at + 8 <= group->len) {
		len = p[at + 5] << 16 | p[at + 6] << 8 | p[at + 7];
		head = p[at + 4] & 0x80 ? 12 : 8;
		if(len < head || at + len > group->len)
			return 0;
		code.s = group->s + at + 4;
		if((p[at + 2] << 8 | p[at + 3]) == AVP_Experimental_Result_Code
				&& len - head == 4) {
			code.s = group->s + at + head;
			return u32_of(&code);
		}
		at += (len + 3) & ~3;
	}
	return 0;
}

static void result_read(struct tna_cx_read *out, AAAMessage *m)
{
	AAA_AVP *avp = find(m, NULL, AVP_Result_Code, 0);

	out->result = TNA_CX_FAILED;
	if(avp != NULL) {
		out->code = u32_of(&avp->data);
		if(out->code == AAA_SUCCESS)
			out->result = TNA_CX_SUCCESS;
		else if(out->code == AAA_UNABLE_TO_COMPLY)
			out->result = TNA_CX_NOT_ASSIGNED;
		return;
	}
	avp = find(m, NULL, AVP_Experimental_Result, 0);
	if(avp == NULL)
		return;
	out->code = experimental_code(&avp->data);
	if(out->code >= 5000 && out->code < 6000)
		out->result = TNA_CX_REFUSED;
}

/* The data of all AVPs 656 as if they were one: each padded. */
static enum ep_err list_read(
		struct tna_cx_read *out, AAAMessage *m, struct ep_arena *arena)
{
	AAA_AVP *avp = NULL;
	size_t n = 0;
	char *p;

	while((avp = find(m, avp, AVP_ALLOWED_WAF_WWSF, IMS_vendor_id_3GPP)))
		n += (avp->data.len + 3) & ~3;
	if(n == 0)
		return EP_OK;
	p = ep_arena_get(arena, n);
	if(p == NULL)
		return EP_ENOMEM;
	out->list = ep_view_of(p, n);
	while((avp = find(m, avp, AVP_ALLOWED_WAF_WWSF, IMS_vendor_id_3GPP))) {
		memcpy(p, avp->data.s, avp->data.len);
		p += (avp->data.len + 3) & ~3;
	}
	return EP_OK;
}

enum ep_err tna_cx_read(
		struct tna_cx_read *out, AAAMessage *m, struct ep_arena *arena)
{
	AAA_AVP *avp;

	*out = (struct tna_cx_read){.result = TNA_CX_FAILED};
	result_read(out, m);
	avp = find(m, NULL, AVP_User_Name, 0);
	if(avp != NULL)
		out->impi = ep_view_str(&avp->data);
	out->profile =
			find(m, NULL, AVP_IMS_User_Data_Cx, IMS_vendor_id_3GPP) != NULL;
	return list_read(out, m, arena);
}

/* --- writing --- */

static bool add(AAAMessage *m, int code, int vendor, struct ep_view data)
{
	str d = ep_str_view(data);
	int flags = AAA_AVP_FLAG_MANDATORY;
	AAA_AVP *avp;

	if(vendor != 0)
		flags |= AAA_AVP_FLAG_VENDOR_SPECIFIC;
	avp = cdp.AAACreateAVP(code, flags, vendor, d.s, d.len, AVP_DUPLICATE_DATA);
	if(avp == NULL)
		return false;
	if(cdp.AAAAddAVPToMessage(m, avp, m->avpList.tail) == AAA_ERR_SUCCESS)
		return true;
	cdp.AAAFreeAVP(&avp);
	return false;
}

static void put_u32(char *p, unsigned n)
{
	p[0] = (char)(n >> 24);
	p[1] = (char)(n >> 16);
	p[2] = (char)(n >> 8);
	p[3] = (char)n;
}

static bool add_u32(AAAMessage *m, int code, int vendor, unsigned n)
{
	char p[4];

	put_u32(p, n);
	return add(m, code, vendor, ep_view_of(p, 4));
}

/* One AVP of 12 octets, mandatory, without vendor. */
static void put_avp_u32(char *p, unsigned code, unsigned n)
{
	put_u32(p, code);
	put_u32(p + 4, 0x40000000 | 12);
	put_u32(p + 8, n);
}

/* Vendor-Specific-Application-Id and Auth-Session-State of every Cx message. */
static bool add_cx(AAAMessage *m)
{
	char group[24];

	put_avp_u32(group, AVP_Vendor_Id, IMS_vendor_id_3GPP);
	put_avp_u32(group + 12, AVP_Auth_Application_Id, IMS_Cx);
	return add(m, AVP_Vendor_Specific_Application_Id, 0,
				   ep_view_of(group, sizeof(group)))
		   && add_u32(m, AVP_Auth_Session_State, 0, NO_STATE_MAINTAINED);
}

static AAAMessage *sar_begin(void)
{
	AAASession *session = cdp.AAACreateSession(NULL);
	AAAMessage *m;

	if(session == NULL)
		return NULL;
	m = cdp.AAACreateRequest(IMS_Cx, IMS_SAR, Flag_Proxyable, session);
	/* It gave its Session-Id, and that is all it is for. */
	cdp.AAADropSession(session);
	return m;
}

AAAMessage *tna_cx_sar(
		struct ep_view impi, struct ep_view impu, enum tna_sar type)
{
	const int v = IMS_vendor_id_3GPP;
	AAAMessage *m = sar_begin();

	if(m == NULL)
		return NULL;
	if(add(m, AVP_Destination_Realm, 0, tna_scscf_set.hss_realm) && add_cx(m)
			&& add(m, AVP_IMS_Public_Identity, v, impu)
			&& add(m, AVP_IMS_Server_Name, v, tna_scscf_set.name)
			&& add(m, AVP_User_Name, 0, impi)
			&& add_u32(m, AVP_IMS_Server_Assignment_Type, v, type)
			&& add_u32(m, AVP_IMS_User_Data_Already_Available, v,
					AVP_IMS_SAR_USER_DATA_NOT_AVAILABLE))
		return m;
	cdp.AAAFreeMessage(&m);
	return NULL;
}

bool tna_cx_send(AAAMessage *sar, AAATransactionCallback_f *done, uint32_t id)
{
	return cdp.AAASendMessage(sar, done, (void *)(uintptr_t)id) == 1;
}

void tna_cx_free(AAAMessage *m)
{
	cdp.AAAFreeMessage(&m);
}

AAAMessage *tna_cx_answer(AAAMessage *request, unsigned code)
{
	AAAMessage *m = cdp.AAACreateResponse(request);

	if(m == NULL)
		return NULL;
	if(add_cx(m) && add_u32(m, AVP_Result_Code, 0, code))
		return m;
	cdp.AAAFreeMessage(&m);
	return NULL;
}
