/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/matrix.h"

/* Short names, so that the table stays a table. */
#define drop EP_MEDIATE_DROP
#define keep EP_MEDIATE_KEEP
#define toagw EP_MEDIATE_TO_AGW
#define agw EP_MEDIATE_FROM_AGW
#define codec EP_MEDIATE_CODEC
#define fb EP_MEDIATE_FEEDBACK
#define sdes EP_MEDIATE_SDES

/* clang-format off */
static const struct
{
	const char *name;
	unsigned char rule[EP_MEDIATE_CASE_N];
} table[] = {
	/* attribute              W->C     C->W     C->W     W->C
	 *                        offer    answer   offer    answer */
	/* Streams: pass from end to end. */
	{"rtpmap",               {codec,   codec,   codec,   codec}},
	{"fmtp",                 {codec,   codec,   codec,   codec}},
	{"rtcp-fb",              {fb,      fb,      fb,      fb}},
	{"ptime",                {keep,    keep,    keep,    keep}},
	{"maxptime",             {keep,    keep,    keep,    keep}},
	{"sendrecv",             {keep,    keep,    keep,    keep}},
	{"sendonly",             {keep,    keep,    keep,    keep}},
	{"recvonly",             {keep,    keep,    keep,    keep}},
	{"inactive",             {keep,    keep,    keep,    keep}},
	{"framerate",            {keep,    keep,    keep,    keep}},
	{"lang",                 {keep,    keep,    keep,    keep}},
	{"content",              {keep,    keep,    keep,    keep}},
	{"label",                {keep,    keep,    keep,    keep}},
	/* ICE (RFC 8839, 8840) ends at the gateway; it does not trickle. */
	{"ice-ufrag",            {toagw,   agw,     agw,     toagw}},
	{"ice-pwd",              {toagw,   agw,     agw,     toagw}},
	{"ice-options",          {toagw,   drop,    drop,    toagw}},
	{"ice-lite",             {drop,    agw,     agw,     drop}},
	{"ice-pacing",           {drop,    drop,    drop,    drop}},
	{"ice-mismatch",         {drop,    drop,    drop,    drop}},
	{"candidate",            {toagw,   agw,     agw,     toagw}},
	{"remote-candidates",    {drop,    drop,    drop,    drop}},
	{"end-of-candidates",    {toagw,   agw,     agw,     toagw}},
	/* DTLS-SRTP (RFC 5763, 8842) ends there too, and so does SDES. */
	{"fingerprint",          {toagw,   agw,     agw,     toagw}},
	{"setup",                {toagw,   agw,     agw,     toagw}},
	{"tls-id",               {toagw,   agw,     agw,     toagw}},
	{"connection",           {drop,    drop,    drop,    drop}},
	{"crypto",               {drop,    drop,    toagw,   sdes}},
	{"3ge2ae",               {drop,    drop,    drop,    drop}},
	{"identity",             {drop,    drop,    drop,    drop}},
	/* Ports: RTCP has its own towards the core (RFC 3605, 5761). */
	{"rtcp",                 {toagw,   keep,    toagw,   toagw}},
	{"rtcp-mux",             {toagw,   agw,     agw,     toagw}},
	{"rtcp-mux-only",        {drop,    drop,    drop,    drop}},
	{"rtcp-rsize",           {drop,    drop,    drop,    drop}},
	{"rtcp-xr",              {drop,    drop,    drop,    drop}},
	/* Sections: what a browser calls them (RFC 5888, 9143). a=group is
	 * written anew by answer.c and offer.c. */
	{"group",                {drop,    drop,    drop,    drop}},
	{"mid",                  {toagw,   agw,     agw,     toagw}},
	{"bundle-only",          {drop,    drop,    drop,    drop}},
	/* Sources: a transcoder's SSRC is another one than the far side's. */
	{"ssrc",                 {drop,    drop,    drop,    drop}},
	{"ssrc-group",           {drop,    drop,    drop,    drop}},
	{"msid",                 {drop,    drop,    drop,    drop}},
	{"msid-semantic",        {drop,    drop,    drop,    drop}},
	{"rid",                  {drop,    drop,    drop,    drop}},
	{"simulcast",            {drop,    drop,    drop,    drop}},
	{"imageattr",            {drop,    drop,    drop,    drop}},
	{"extmap",               {drop,    drop,    drop,    drop}},
	{"extmap-allow-mixed",   {drop,    drop,    drop,    drop}},
	/* Data channels (RFC 8841, 8864). */
	{"sctp-port",            {drop,    drop,    drop,    drop}},
	{"sctpmap",              {drop,    drop,    drop,    drop}},
	{"max-message-size",     {drop,    drop,    drop,    drop}},
	{"dcmap",                {drop,    drop,    drop,    drop}},
	{"dcsa",                 {drop,    drop,    drop,    drop}},
	/* Preconditions (RFC 3312): no browser has them. */
	{"curr",                 {drop,    drop,    drop,    drop}},
	{"des",                  {drop,    drop,    drop,    drop}},
	{"conf",                 {drop,    drop,    drop,    drop}},
	/* Media plane optimisation (24.229 7.5.4): between AGWs only. */
	{"tra-contact",          {drop,    drop,    drop,    drop}},
	{"tra-m-line",           {drop,    drop,    drop,    drop}},
	{"tra-att",              {drop,    drop,    drop,    drop}},
	{"tra-bw",               {drop,    drop,    drop,    drop}},
	{"tra-SCTP-association", {drop,    drop,    drop,    drop}},
	{"tra-media-line-number", {drop,   drop,    drop,    drop}},
};
/* clang-format on */

enum ep_mediate_rule ep_mediate_matrix_get(
		enum ep_mediate_case c, struct ep_view attribute)
{
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(ep_view_ieq(attribute, ep_view_z(table[i].name)))
			return (enum ep_mediate_rule)table[i].rule[c];
	return ep_mediate_case_to_core(c) ? drop : keep;
}

bool ep_mediate_rule_passes(
		enum ep_mediate_rule rule, enum ep_mediate_step step)
{
	switch(rule) {
		case EP_MEDIATE_DROP:
			return false;
		case EP_MEDIATE_TO_AGW:
			return step == EP_MEDIATE_IN;
		case EP_MEDIATE_FROM_AGW:
			return step == EP_MEDIATE_OUT;
		default:
			return true;
	}
}
