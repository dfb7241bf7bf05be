/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/trust.h"

#define REG EP_TRUST_REGISTER
#define REQ EP_TRUST_REQUEST
#define ANS EP_TRUST_REPLY
#define WIC EP_TRUST_TO_WIC
#define FROM_WIC (REG | REQ | ANS)

/* Who may not say, or not hear, what. REG, REQ, ANS: removed from what a WIC
 * sends (REGISTER, other requests, answers). WIC: removed from what it gets.
 * Not here: Authorization (auth.h), Route, P-Preferred-Identity and the
 * Privacy rules (check.c), Contact (contact.h). */
static const struct
{
	struct ep_view name;
	unsigned ways;
} table[] = {
#define ROW(name, ways)                                                        \
	{                                                                          \
		{name, sizeof(name) - 1}, ways                                         \
	}
		/* identity: RFC 3325, RFC 6050, RFC 7315, RFC 5502, RFC 5009 */
		ROW("P-Asserted-Identity", FROM_WIC),
		ROW("P-Asserted-Service", FROM_WIC | WIC),
		ROW("P-Associated-URI", FROM_WIC),
		ROW("P-Called-Party-ID", FROM_WIC),
		ROW("P-Served-User", FROM_WIC | WIC),
		ROW("P-Profile-Key", FROM_WIC | WIC),
		ROW("P-User-Database", FROM_WIC | WIC),
		ROW("P-Private-Network-Indication", FROM_WIC | WIC),
		ROW("Additional-Identity", FROM_WIC),
		ROW("Remote-Party-ID", FROM_WIC),
		ROW("Identity", FROM_WIC),
		ROW("Attestation-Info", FROM_WIC | WIC),
		ROW("Origination-Id", FROM_WIC | WIC),
		ROW("History-Info", FROM_WIC),
		ROW("Diversion", FROM_WIC),
		/* where a user is: a browser has nothing true to say about it */
		ROW("P-Access-Network-Info", FROM_WIC | WIC),
		ROW("Cellular-Network-Info", FROM_WIC | WIC),
		ROW("P-Visited-Network-ID", FROM_WIC | WIC),
		/* charging: RFC 7315, RFC 8496 */
		ROW("P-Charging-Vector", FROM_WIC | WIC),
		ROW("P-Charging-Function-Addresses", FROM_WIC | WIC),
		ROW("P-Charge-Info", FROM_WIC | WIC),
		ROW("P-DCS-Billing-Info", FROM_WIC | WIC),
		ROW("P-DCS-LAES", FROM_WIC | WIC),
		ROW("P-DCS-OSPS", FROM_WIC | WIC),
		ROW("P-DCS-Redirect", FROM_WIC | WIC),
		ROW("P-DCS-Trace-Party-ID", FROM_WIC | WIC),
		ROW("Relayed-Charge", FROM_WIC | WIC),
		/* routing state that only proxies and registrars make */
		ROW("Path", FROM_WIC | WIC),
		ROW("Service-Route", FROM_WIC),
		ROW("Record-Route", REG | REQ),
		ROW("Feature-Caps", FROM_WIC),
		ROW("Restoration-Info", FROM_WIC | WIC),
		ROW("Service-Interact-Info", FROM_WIC | WIC),
		ROW("Response-Source", FROM_WIC),
		ROW("P-Answer-State", FROM_WIC),
		ROW("Resource-Share", FROM_WIC | WIC),
		ROW("Resource-Priority", REG | REQ),
		ROW("Priority-Share", FROM_WIC | WIC),
		ROW("P-Media-Authorization", FROM_WIC),
		/* RFC 3329 is not used over WSS: TS 24.229 table 4-1 */
		ROW("Security-Client", REG | REQ),
		ROW("Security-Verify", REG | REQ),
		ROW("Security-Server", FROM_WIC | WIC),
#undef ROW
};
#define TABLE_N (sizeof(table) / sizeof(table[0]))

bool ep_trust_removes(struct ep_view name, enum ep_trust_way way)
{
	const struct ep_hdr h = {.name = name}; /* knows the compact forms */
	size_t i;

	for(i = 0; i < TABLE_N; i++)
		if(ep_hdr_is(&h, table[i].name))
			return (table[i].ways & way) != 0;
	return false;
}

struct ep_view ep_trust_name(size_t i, unsigned *ways)
{
	if(i >= TABLE_N)
		return ep_view_none();
	*ways = table[i].ways;
	return table[i].name;
}

enum ep_err ep_trust_strip(
		struct ep_hdredits *l, const struct ep_msg *m, enum ep_trust_way way)
{
	size_t i;
	enum ep_err err = EP_OK;

	for(i = 0; i < m->hdrs_n && !err; i++)
		if(ep_trust_removes(ep_view_trim(m->hdrs[i].name), way))
			err = ep_hdredits_del(l, i);
	return err;
}
