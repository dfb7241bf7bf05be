/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/matrix.h"

/* Short names, so that the table stays a table. */
#define drop EP_MEDIATE_DROP
#define keep EP_MEDIATE_KEEP
#define toagw EP_MEDIATE_TO_AGW
#define agw EP_MEDIATE_FROM_AGW
#define codec EP_MEDIATE_PT
#define fb EP_MEDIATE_FEEDBACK
#define sdes EP_MEDIATE_SDES
#define mid_in EP_MEDIATE_MIDEXT_TO_AGW
#define mid_out EP_MEDIATE_MIDEXT_FROM_AGW
#define NAME(text) text, sizeof(text) - 1

/* clang-format off */
static const struct
{
	const char *name;
	unsigned char len;
	unsigned char rule[EP_MEDIATE_CASE_N];
} table[] = {
	/* attribute                      W->C     C->W     C->W     W->C
	 *                                offer    answer   offer    answer */
	/* Streams: pass from end to end. */
	{NAME("rtpmap"),                 {codec,   codec,   codec,   codec}},
	{NAME("fmtp"),                   {codec,   codec,   codec,   codec}},
	{NAME("rtcp-fb"),                {fb,      fb,      fb,      fb}},
	{NAME("ptime"),                  {keep,    keep,    keep,    keep}},
	{NAME("maxptime"),               {keep,    keep,    keep,    keep}},
	{NAME("sendrecv"),               {keep,    keep,    keep,    keep}},
	{NAME("sendonly"),               {keep,    keep,    keep,    keep}},
	{NAME("recvonly"),               {keep,    keep,    keep,    keep}},
	{NAME("inactive"),               {keep,    keep,    keep,    keep}},
	{NAME("framerate"),              {keep,    keep,    keep,    keep}},
	{NAME("lang"),                   {keep,    keep,    keep,    keep}},
	{NAME("content"),                {keep,    keep,    keep,    keep}},
	{NAME("label"),                  {keep,    keep,    keep,    keep}},
	/* ICE (RFC 8839, 8840) ends at the gateway; it does not trickle. */
	{NAME("ice-ufrag"),              {toagw,   agw,     agw,     toagw}},
	{NAME("ice-pwd"),                {toagw,   agw,     agw,     toagw}},
	{NAME("ice-options"),            {toagw,   drop,    drop,    toagw}},
	{NAME("ice-lite"),               {toagw,   agw,     agw,     toagw}},
	{NAME("ice-pacing"),             {drop,    drop,    drop,    drop}},
	{NAME("ice-mismatch"),           {drop,    drop,    drop,    drop}},
	{NAME("candidate"),              {toagw,   agw,     agw,     toagw}},
	{NAME("remote-candidates"),      {drop,    drop,    drop,    drop}},
	{NAME("end-of-candidates"),      {toagw,   agw,     agw,     toagw}},
	/* DTLS-SRTP (RFC 5763, 8842) ends there too, and so does SDES, and the
	 * end-to-access-edge protection of native UEs (24.229 7.5.2). */
	{NAME("fingerprint"),            {toagw,   agw,     agw,     toagw}},
	{NAME("setup"),                  {toagw,   agw,     agw,     toagw}},
	{NAME("tls-id"),                 {toagw,   agw,     agw,     toagw}},
	{NAME("connection"),             {drop,    drop,    drop,    drop}},
	{NAME("crypto"),                 {sdes,    toagw,   toagw,   sdes}},
	{NAME("key-mgmt"),               {drop,    drop,    drop,    drop}},
	{NAME("zrtp-hash"),              {drop,    drop,    drop,    drop}},
	{NAME("3ge2ae"),                 {drop,    drop,    drop,    drop}},
	{NAME("identity"),               {drop,    drop,    drop,    drop}},
	/* Ports: RTCP has its own towards the core (RFC 3605, 5761). */
	{NAME("rtcp"),                   {toagw,   keep,    toagw,   toagw}},
	{NAME("rtcp-mux"),               {toagw,   agw,     agw,     toagw}},
	{NAME("rtcp-mux-only"),          {drop,    drop,    drop,    drop}},
	{NAME("rtcp-rsize"),             {drop,    drop,    drop,    drop}},
	{NAME("rtcp-xr"),                {drop,    drop,    drop,    drop}},
	{NAME("rtcp-unicast"),           {drop,    drop,    drop,    drop}},
	{NAME("source-filter"),          {drop,    drop,    drop,    drop}},
	/* Sections: what a browser calls them (RFC 5888, 9143). a=group is
	 * written anew by bundle.c. */
	{NAME("group"),                  {drop,    drop,    drop,    drop}},
	{NAME("mid"),                    {toagw,   agw,     agw,     toagw}},
	{NAME("bundle-only"),            {drop,    drop,    drop,    drop}},
	/* Sources: a transcoder's SSRC is another one than the far side's. */
	{NAME("ssrc"),                   {drop,    drop,    drop,    drop}},
	{NAME("ssrc-group"),             {drop,    drop,    drop,    drop}},
	{NAME("msid"),                   {drop,    drop,    drop,    drop}},
	{NAME("msid-semantic"),          {drop,    drop,    drop,    drop}},
	{NAME("rid"),                    {drop,    drop,    drop,    drop}},
	{NAME("simulcast"),              {drop,    drop,    drop,    drop}},
	{NAME("imageattr"),              {drop,    drop,    drop,    drop}},
	/* Header extensions are a browser's own; but a bundle is taken apart by
	 * the one that names the section (RFC 9143 9.2). */
	{NAME("extmap"),                 {mid_in,  mid_out, mid_out, mid_in}},
	{NAME("extmap-allow-mixed"),     {drop,    drop,    drop,    drop}},
	/* Data channels (RFC 8841, 8864). */
	{NAME("sctp-port"),              {drop,    drop,    drop,    drop}},
	{NAME("sctpmap"),                {drop,    drop,    drop,    drop}},
	{NAME("max-message-size"),       {drop,    drop,    drop,    drop}},
	{NAME("dcmap"),                  {drop,    drop,    drop,    drop}},
	{NAME("dcsa"),                   {drop,    drop,    drop,    drop}},
	/* Preconditions (RFC 3312): no browser has them. */
	{NAME("curr"),                   {drop,    drop,    drop,    drop}},
	{NAME("des"),                    {drop,    drop,    drop,    drop}},
	{NAME("conf"),                   {drop,    drop,    drop,    drop}},
	/* Capability negotiation (RFC 5939, 6871): browsers have none. */
	{NAME("csup"),                   {drop,    drop,    drop,    drop}},
	{NAME("creq"),                   {drop,    drop,    drop,    drop}},
	{NAME("tcap"),                   {drop,    drop,    drop,    drop}},
	{NAME("acap"),                   {drop,    drop,    drop,    drop}},
	{NAME("pcfg"),                   {drop,    drop,    drop,    drop}},
	{NAME("acfg"),                   {drop,    drop,    drop,    drop}},
	{NAME("rmcap"),                  {drop,    drop,    drop,    drop}},
	{NAME("omcap"),                  {drop,    drop,    drop,    drop}},
	{NAME("mfcap"),                  {drop,    drop,    drop,    drop}},
	{NAME("mscap"),                  {drop,    drop,    drop,    drop}},
	{NAME("lcfg"),                   {drop,    drop,    drop,    drop}},
	{NAME("sescap"),                 {drop,    drop,    drop,    drop}},
	{NAME("bcap"),                   {drop,    drop,    drop,    drop}},
	{NAME("ccap"),                   {drop,    drop,    drop,    drop}},
	{NAME("icap"),                   {drop,    drop,    drop,    drop}},
	/* Media plane optimisation (24.229 7.5.3, 7.5.4): between gateways of
	 * the core only, with addresses of the core. */
	{NAME("visited-realm"),          {drop,    drop,    drop,    drop}},
	{NAME("secondary-realm"),        {drop,    drop,    drop,    drop}},
	{NAME("omr-codecs"),             {drop,    drop,    drop,    drop}},
	{NAME("omr-m-att"),              {drop,    drop,    drop,    drop}},
	{NAME("omr-s-att"),              {drop,    drop,    drop,    drop}},
	{NAME("omr-m-bw"),               {drop,    drop,    drop,    drop}},
	{NAME("omr-s-bw"),               {drop,    drop,    drop,    drop}},
	{NAME("omr-m-cksum"),            {drop,    drop,    drop,    drop}},
	{NAME("omr-s-cksum"),            {drop,    drop,    drop,    drop}},
	{NAME("tra-contact"),            {drop,    drop,    drop,    drop}},
	{NAME("tra-m-line"),             {drop,    drop,    drop,    drop}},
	{NAME("tra-att"),                {drop,    drop,    drop,    drop}},
	{NAME("tra-bw"),                 {drop,    drop,    drop,    drop}},
	{NAME("tra-SCTP-association"),   {drop,    drop,    drop,    drop}},
	{NAME("tra-media-line-number"),  {drop,    drop,    drop,    drop}},
};
/* clang-format on */

enum ep_mediate_rule ep_mediate_matrix_get(
		enum ep_mediate_case c, struct ep_view attribute)
{
	for(size_t i = 0; i < sizeof table / sizeof *table; i++)
		if(table[i].len == attribute.len
				&& ep_view_ieq(
						attribute, ep_view_of(table[i].name, table[i].len)))
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
		case EP_MEDIATE_MIDEXT_TO_AGW:
			return step == EP_MEDIATE_IN;
		case EP_MEDIATE_FROM_AGW:
		case EP_MEDIATE_SDES:
		case EP_MEDIATE_MIDEXT_FROM_AGW:
			return step == EP_MEDIATE_OUT;
		default:
			return true;
	}
}
