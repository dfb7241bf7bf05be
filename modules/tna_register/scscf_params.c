/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* modparams of the role scscf, and the nodes it trusts. */
#include "core/dprint.h"
#include "core/mem/mem.h"

#include "common/view.h"
#include "scscf.h"
#include "tna/auth.h"
#include "tna/build.h"
#include "tna/trusted.h"

#define TRUSTED_MAX 64
#define HOME_WAF_MAX 32
#define TLS_NAMES 3

struct tna_scscf_settings tna_scscf_set;

str tna_scscf_name = STR_NULL;
str tna_scscf_no_list = str_init("refuse");
str tna_scscf_hss_realm = STR_NULL;
str tna_scscf_async_group = str_init("tna");
int tna_scscf_trusted_udp = 0;
int tna_scscf_hss_timeout_ms = 1500;
int tna_scscf_max_pending = 1000;
int tna_scscf_list_ttl_s = 3600;
int tna_scscf_max_users = 100000;
int tna_scscf_list_in_no_assignment = 1;

/* As given; read when trusted_udp is known. */
static struct ep_view trusted_texts[TRUSTED_MAX];
static size_t trusted_texts_n;
static struct ep_trusted trusted[TRUSTED_MAX];
static struct ep_view home_waf[HOME_WAF_MAX];
static size_t home_waf_n;

/* Of the tls module: who the peer of this connection is. */
static pv_spec_t tls_verified, tls_names[TLS_NAMES];
static bool tls_names_wanted;

/* The items of a comma separated list, in pkg memory for good. */
static int list_add(
		struct ep_view *v, size_t *n, size_t max, struct ep_view text)
{
	char *copy = pkg_malloc(text.len + 1);
	struct ep_view rest, item;

	if(copy == NULL)
		return -1;
	memcpy(copy, text.p, text.len);
	for(rest = ep_view_of(copy, text.len); rest.p != NULL;) {
		item = ep_view_trim(ep_view_cut(&rest, ','));
		if(item.len == 0)
			continue;
		if(*n == max) {
			LM_ERR("more than %d nodes or names\n", (int)max);
			return -1;
		}
		v[(*n)++] = item;
	}
	return 0;
}

int tna_scscf_trusted_add(modparam_t type, void *val)
{
	return list_add(
			trusted_texts, &trusted_texts_n, TRUSTED_MAX, ep_view_z(val));
}

int tna_scscf_home_waf_add(modparam_t type, void *val)
{
	return list_add(home_waf, &home_waf_n, HOME_WAF_MAX, ep_view_z(val));
}

static int trusted_init(void)
{
	size_t i;

	for(i = 0; i < trusted_texts_n; i++) {
		if(ep_trusted_parse(
				   &trusted[i], trusted_texts[i], tna_scscf_trusted_udp != 0)
				!= EP_OK) {
			LM_ERR("trusted: cannot use '%.*s'\n", EP_FMT(trusted_texts[i]));
			return -1;
		}
		if(trusted[i].name.p != NULL)
			tls_names_wanted = true;
	}
	if(trusted_texts_n == 0)
		LM_WARN("trusted: no node, so auth-done is always refused\n");
	return 0;
}

static int tls_pv(pv_spec_t *pv, const char *name)
{
	str text = {(char *)name, strlen(name)};

	return pv_parse_spec(&text, pv) != NULL && pv->type != PVT_NONE ? 0 : -1;
}

static int tls_init(void)
{
	if(!tls_names_wanted)
		return 0;
	if(find_module_by_name("tls") == NULL
			|| tls_pv(&tls_verified, "$tls_peer_verified") != 0
			|| tls_pv(&tls_names[0], "$tls_peer_san_hostname") != 0
			|| tls_pv(&tls_names[1], "$tls_peer_san_uri") != 0
			|| tls_pv(&tls_names[2], "$tls_peer_subject_cn") != 0) {
		LM_ERR("trusted: a TLS peer's name needs tls.so, loaded before\n");
		return -1;
	}
	return 0;
}

static int numbers_init(void)
{
	struct tna_scscf_settings *set = &tna_scscf_set;

	if(tna_scscf_hss_timeout_ms < 100 || tna_scscf_max_pending < 1
			|| tna_scscf_list_ttl_s < 0 || tna_scscf_max_users < 1) {
		LM_ERR("a time or a limit that cannot be used\n");
		return -1;
	}
	set->hss_timeout_ms = tna_scscf_hss_timeout_ms;
	set->max_pending = tna_scscf_max_pending;
	set->list_ttl_s = tna_scscf_list_ttl_s;
	set->max_users = tna_scscf_max_users;
	set->list_in_no_assignment = tna_scscf_list_in_no_assignment != 0;
	return 0;
}

static int no_list_init(void)
{
	struct ep_view v = ep_view_str(&tna_scscf_no_list);

	tna_scscf_set.policy.no_list_allow = ep_view_eq(v, EP_LIT("allow"));
	if(!tna_scscf_set.policy.no_list_allow
			&& !ep_view_eq(v, EP_LIT("refuse"))) {
		LM_ERR("no_list: refuse or allow\n");
		return -1;
	}
	return 0;
}

int tna_scscf_params_init(void)
{
	struct tna_scscf_settings *set = &tna_scscf_set;

	if(tna_set.cfg.home_domain.len == 0 || tna_scscf_name.len <= 0) {
		LM_ERR("role scscf: home_domain or scscf_name is not set\n");
		return -1;
	}
	if(numbers_init() != 0 || no_list_init() != 0 || trusted_init() != 0
			|| tls_init() != 0)
		return -1;
	set->name = ep_view_str(&tna_scscf_name);
	set->hss_realm = tna_scscf_hss_realm.len > 0
							 ? ep_view_str(&tna_scscf_hss_realm)
							 : tna_set.cfg.home_domain;
	set->async_group = tna_scscf_async_group;
	set->policy.home_waf = (struct ep_scscf_names){home_waf, home_waf_n};
	set->wwsf_param = ep_view_none();
	if(tna_set.cfg.wwsf_param.len > 0)
		set->wwsf_param = tna_set.cfg.wwsf_param;
	if(set->wwsf_param.p != NULL && !ep_tna_wwsf_param_ok(set->wwsf_param)) {
		LM_ERR("wwsf_param cannot be used\n");
		return -1;
	}
	return 0;
}

static unsigned transport_of(const sip_msg_t *msg)
{
	switch(msg->rcv.proto) {
		case PROTO_UDP:
			return EP_TRUSTED_UDP;
		case PROTO_TCP:
			return EP_TRUSTED_TCP;
		case PROTO_TLS:
			return EP_TRUSTED_TLS;
		default:
			return 0;
	}
}

/* Names in the certificate of the peer, if somebody we trust signed it. The
 * texts are the tls module's, until its next use. */
static size_t tls_peer_names(
		struct ep_view *names, char *room, size_t room_len, sip_msg_t *msg)
{
	pv_value_t v;
	size_t i, n = 0, at = 0;

	if(pv_get_spec_value(msg, &tls_verified, &v) != 0 || (v.flags & PV_VAL_NULL)
			|| !(v.flags & PV_VAL_INT) || v.ri != 1)
		return 0;
	for(i = 0; i < TLS_NAMES; i++) {
		if(pv_get_spec_value(msg, &tls_names[i], &v) != 0
				|| (v.flags & PV_VAL_NULL) || !(v.flags & PV_VAL_STR)
				|| v.rs.len <= 0 || at + v.rs.len > room_len)
			continue;
		memcpy(room + at, v.rs.s, v.rs.len);
		names[n++] = ep_view_of(room + at, v.rs.len);
		at += v.rs.len;
	}
	return n;
}

bool tna_scscf_is_trusted(sip_msg_t *msg)
{
	struct ep_view names[TLS_NAMES];
	char room[1024];
	struct ep_trusted_peer peer = {
			.addr = msg->rcv.src_ip.u.addr,
			.addr_len = msg->rcv.src_ip.len,
			.transport = transport_of(msg),
			.names = names,
	};

	if(tls_names_wanted && peer.transport == EP_TRUSTED_TLS)
		peer.names_n = tls_peer_names(names, room, sizeof(room), msg);
	return ep_trusted_match(trusted, trusted_texts_n, &peer);
}
