/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sipuri.h"
#include "token/policy.h"

/* Octets of the longest target that is looked at. */
#define TARGET_MAX 512

/* Every escape as the octet it stands for. False for one that is none, and
 * where that octet is no printable ASCII. */
static bool put_decoded(struct ep_buf *out, struct ep_view v)
{
	for(size_t i = 0; i < v.len; i++) {
		char c = v.p[i];

		if(c == '%') {
			int hi = i + 2 < v.len ? ep_chr_hex(v.p[i + 1]) : -1;
			int lo = i + 2 < v.len ? ep_chr_hex(v.p[i + 2]) : -1;

			if(hi < 0 || lo < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		}
		if(c <= ' ' || c == 0x7f)
			return false;
		ep_buf_put_chr(out, c);
	}
	return !out->overflow;
}

/* A telephone number as people write it (RFC 3966 3), without parameters. */
static bool number_ok(struct ep_view v)
{
	size_t digits = 0;

	if(ep_view_starts(v, EP_LIT("+")))
		v = ep_view_from(v, 1);
	for(size_t i = 0; i < v.len; i++) {
		bool digit = (v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '*'
					 || v.p[i] == '#';

		if(!digit && (v.p[i] == '\0' || strchr("-.()", v.p[i]) == NULL))
			return false;
		digits += digit;
	}
	return digits > 0;
}

/* A parameter that sends the call somewhere else than its number says (rn,
 * cic: RFC 4694; tgrp, trunk-context: RFC 4904), or that nobody knows, is not
 * for a user to write. */
static bool number_params_ok(struct ep_view params)
{
	static const struct ep_view known[] = {{"phone-context", 13}, {"ext", 3},
			{"isub", 4}, {"isub-encoding", 13}, {"enumdi", 6}};
	struct ep_param param;
	enum ep_err err;

	while((err = ep_param_next(&param, &params)) == EP_OK) {
		bool found = false;

		for(size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || ep_view_ieq(param.name, known[i]);
		if(!found)
			return false;
	}
	return err == EP_ENOENT;
}

/* RFC 3261 19.1.1: user=phone; RFC 4967: user=dialstring. A global number in
 * the user part is one without it, too: who routes it may take it for that. */
static bool is_number(const struct ep_uri *uri, struct ep_view user)
{
	struct ep_view value = ep_view_none();

	if(ep_param_get(&value, uri->params, EP_LIT("user")) && value.p != NULL
			&& (ep_view_ieq(value, EP_LIT("phone"))
					|| ep_view_ieq(value, EP_LIT("dialstring"))))
		return true;
	return ep_view_starts(user, EP_LIT("+"))
		   && number_ok(ep_view_cut(&user, ';'));
}

/* Digits, and parameters that no number of ours may have. */
static bool is_diverted(struct ep_view user)
{
	return number_ok(ep_view_cut(&user, ';')) && !number_params_ok(user);
}

/* Is it a host of a pattern such as *_private@home1.net or sip:*@home1.net? */
static bool is_host_of(const struct ep_strlist *globs, struct ep_view host)
{
	for(size_t i = 0; i < globs->n; i++) {
		struct ep_view realm = globs->v[i];

		if(ep_view_starts(realm, EP_LIT("tel:")))
			continue;
		for(struct ep_view rest = realm; rest.p != NULL;)
			if(ep_view_cut(&rest, '@').p != NULL && rest.p != NULL)
				realm = rest;
		if(ep_view_glob(realm, host))
			return true;
	}
	return false;
}

/* A number at another domain than the WWSF's users' is that domain's own
 * business, and no number to us: it stays a SIP URI. */
static bool is_own_host(const struct ep_wwsf *wwsf, const struct ep_uri *uri)
{
	unsigned usual = uri->scheme == EP_URI_SIPS ? 5061 : 5060;
	char text[TARGET_MAX];
	struct ep_buf host;

	if(uri->port != 0 && uri->port != usual)
		return false;
	ep_buf_init(&host, text, sizeof(text));
	for(size_t i = 0; i < uri->host.len; i++) {
		char c = uri->host.p[i];

		ep_buf_put_chr(&host, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	return !host.overflow
		   && (is_host_of(&wwsf->impi, ep_buf_view(&host))
				   || is_host_of(&wwsf->impu, ep_buf_view(&host)));
}

static enum ep_err number_print(struct ep_buf *out, struct ep_view number)
{
	char text[TARGET_MAX];
	struct ep_view rest = number;
	struct ep_buf tel;

	if(!number_ok(ep_view_cut(&rest, ';')) || !number_params_ok(rest))
		return EP_ESYNTAX;
	ep_buf_init(&tel, text, sizeof(text));
	ep_buf_put_z(&tel, "tel:");
	ep_buf_put(&tel, number);
	return tel.overflow ? EP_ENOSPC : ep_impu_print(out, ep_buf_view(&tel));
}

enum ep_err ep_policy_destination_print(
		struct ep_buf *out, const struct ep_wwsf *wwsf, struct ep_view target)
{
	char text[TARGET_MAX];
	struct ep_buf user;
	struct ep_uri uri;

	if(ep_uri_parse(&uri, target) != EP_OK || uri.scheme == EP_URI_OTHER
			|| uri.headers.p != NULL || uri.password.p != NULL)
		return EP_ESYNTAX;
	if(uri.scheme == EP_URI_TEL)
		return number_print(out, ep_view_from(target, 4));
	ep_buf_init(&user, text, sizeof(text));
	if(!put_decoded(&user, uri.user))
		return EP_ESYNTAX;
	if(!is_own_host(wwsf, &uri))
		return ep_impu_print(out, target);
	if(is_number(&uri, ep_buf_view(&user)))
		return number_print(out, ep_buf_view(&user));
	return is_diverted(ep_buf_view(&user)) ? EP_ESYNTAX
										   : ep_impu_print(out, target);
}

static bool is_named(const struct ep_strlist *globs, struct ep_view v)
{
	for(size_t i = 0; i < globs->n; i++)
		if(ep_view_glob(globs->v[i], v))
			return true;
	return false;
}

/* Digits at a home host, without a '+' and without user=phone: a user with such
 * a name, or a national number; who routes it knows. A pattern for whoever is
 * there (sip:*@...) is none for every number. *tel: "tel:" and the digits. */
static bool is_bare_number(
		struct ep_buf *tel, const struct ep_wwsf *wwsf, struct ep_view target)
{
	char text[TARGET_MAX];
	struct ep_buf user;
	struct ep_uri uri;

	ep_buf_init(&user, text, sizeof(text));
	return ep_uri_parse(&uri, target) == EP_OK
		   && (uri.scheme == EP_URI_SIP || uri.scheme == EP_URI_SIPS)
		   && put_decoded(&user, uri.user) && is_own_host(wwsf, &uri)
		   && number_print(tel, ep_buf_view(&user)) == EP_OK;
}

/* By its number, by itself, or by a pattern that begins with a part of it. */
static bool bare_number_ok(
		const struct ep_strlist *globs, struct ep_view tel, struct ep_view sip)
{
	if(is_named(globs, tel))
		return true;
	for(size_t i = 0; i < globs->n; i++) {
		struct ep_view name = globs->v[i];

		ep_view_cut(&name, ':');
		if(ep_view_eq(globs->v[i], sip)
				|| (name.len > 0 && name.p[0] != '*'
						&& ep_view_glob(globs->v[i], sip)))
			return true;
	}
	return false;
}

bool ep_policy_destination_ok(const struct ep_wwsf *wwsf, struct ep_view target)
{
	char text[TARGET_MAX], number[TARGET_MAX];
	struct ep_buf out, tel;

	if(wwsf == NULL)
		return false;
	if(wwsf->destination.n == 0)
		return true;
	ep_buf_init(&out, text, sizeof(text));
	if(ep_policy_destination_print(&out, wwsf, target) != EP_OK)
		return false;
	ep_buf_init(&tel, number, sizeof(number));
	return is_bare_number(&tel, wwsf, target)
				   ? bare_number_ok(&wwsf->destination, ep_buf_view(&tel),
						   ep_buf_view(&out))
				   : is_named(&wwsf->destination, ep_buf_view(&out));
}
