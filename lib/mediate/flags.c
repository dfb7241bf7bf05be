/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/flags.h"

static void flag(struct ep_mediate_plan *plan, const char *name)
{
	ep_mediate_command_add(
			&plan->command, EP_MEDIATE_FLAG, ep_view_none(), ep_view_z(name));
}

static void scalar(
		struct ep_mediate_plan *plan, const char *key, const char *value)
{
	ep_mediate_command_add(&plan->command, EP_MEDIATE_SCALAR, ep_view_z(key),
			ep_view_z(value));
}

static void list(
		struct ep_mediate_plan *plan, const char *key, const char *value)
{
	ep_mediate_command_add(
			&plan->command, EP_MEDIATE_LIST, ep_view_z(key), ep_view_z(value));
}

static void codec(
		struct ep_mediate_plan *plan, const char *key, struct ep_view name)
{
	ep_mediate_command_add(
			&plan->command, EP_MEDIATE_CODEC, ep_view_z(key), name);
}

/* Addresses in the SDP count, not where the SIP message came from. The
 * gateway's own stand everywhere (topology hiding), and its count of versions
 * in o=: an ICE restart of a browser makes another SDP of the browser's, but
 * none towards the core. */
static void always_fill(struct ep_mediate_plan *plan)
{
	flag(plan, "trust-address");
	list(plan, "replace", "origin");
	/* Newer ones do it unasked, and complain. */
	if(!plan->caps.bundle)
		list(plan, "replace", "session-connection");
	list(plan, "replace", "sdp-version");
}

/* Suites that TS 33.328 and RFC 4568 6.2 have; rtpengine would offer a dozen,
 * without encryption among them. 10.5 can only be told which ones not. */
static void sdes_fill(struct ep_mediate_plan *plan)
{
	static const char *const not_these[] = {"no-AEAD_AES_256_GCM",
			"no-AEAD_AES_128_GCM", "no-AES_256_CM_HMAC_SHA1_80",
			"no-AES_256_CM_HMAC_SHA1_32", "no-AES_192_CM_HMAC_SHA1_80",
			"no-AES_192_CM_HMAC_SHA1_32", "no-F8_128_HMAC_SHA1_80",
			"no-F8_128_HMAC_SHA1_32", "no-NULL_HMAC_SHA1_80",
			"no-NULL_HMAC_SHA1_32"};

	for(size_t i = 0; i < sizeof not_these / sizeof *not_these; i++)
		list(plan, "SDES", not_these[i]);
}

static void to_core_fill(struct ep_mediate_plan *plan)
{
	scalar(plan, "ICE", "remove");
	scalar(plan, "DTLS", "off");
	list(plan, "rtcp-mux", "demux");
	flag(plan, "no-rtcp-attribute");
}

static void to_wic_fill(struct ep_mediate_plan *plan)
{
	scalar(plan, "ICE", "force");
	scalar(plan, "transport-protocol", "UDP/TLS/RTP/SAVPF");
	list(plan, "SDES", "off");
	flag(plan, "generate-mid");
	/* Of the core's side, whose description this is. A browser is known by ICE
	 * and by its keys, and may move. */
	if(plan->profile->strict)
		flag(plan, "strict-source");
}

/* What is offered to the core; one for all sections is all that the gateway
 * can be told, and AVPF is only AVP with more (lines.c takes care). */
static const char *offered_proto(const struct ep_mediate_plan *plan)
{
	bool f = false;

	for(size_t i = 0; i < plan->in.media_n; i++)
		f |= plan->live[i] && ep_mediate_feedback(plan, i);
	if(plan->profile->srtp)
		return f ? "RTP/SAVPF" : "RTP/SAVP";
	return f ? "RTP/AVPF" : "RTP/AVP";
}

/* The gateway must be DTLS server towards the browser from the first moment:
 * it begins with ICE while it still handles the offer, and a browser that met
 * a ClientHello before the answer says a=setup:passive never sends its own.
 * Passive in the answer alone is late. (An offer of a=setup:passive makes it
 * the client all the same.) */
static void offer_to_core_fill(struct ep_mediate_plan *plan)
{
	to_core_fill(plan);
	scalar(plan, "DTLS-reverse", "passive");
	scalar(plan, "transport-protocol", offered_proto(plan));
	if(plan->profile->srtp)
		sdes_fill(plan);
	else
		list(plan, "SDES", "off");
}

/* The gateway answers with the transport that was offered to it, section by
 * section, so it is told none. */
static void answer_to_core_fill(struct ep_mediate_plan *plan)
{
	to_core_fill(plan);
	if(plan->has_offer && !ep_mediate_core_srtp(plan))
		list(plan, "SDES", "off");
}

/* Adds the names of `names` as codecs to transcode to, with the events of
 * RFC 4733, which no codec is complete without. */
static void transcode_fill(struct ep_mediate_plan *plan, struct ep_view names)
{
	struct ep_view rest = names;

	while(rest.p)
		codec(plan, "transcode", ep_view_cut(&rest, ','));
	if(!ep_mediate_names_has(names, EP_LIT("telephone-event")))
		codec(plan, "transcode", EP_LIT("telephone-event"));
}

/* Towards the core: the profile's codecs; and what only the browser is to
 * hear is hidden there. Towards the browser opus, behind what the core has: a
 * codec both have is better than any transcoder. */
static void codecs_fill(struct ep_mediate_plan *plan)
{
	const struct ep_mediate_profile *p = plan->profile;

	if(!p->transcode.p)
		return;
	if(plan->kind == EP_MEDIATE_C2W_OFFER) {
		transcode_fill(plan, EP_LIT("opus"));
		return;
	}
	transcode_fill(plan, p->transcode);
	for(size_t i = 0; ep_mediate_codec_transcoded(i).p; i++) {
		struct ep_view name = ep_mediate_codec_transcoded(i);
		if(!ep_mediate_codec_wanted(p, name))
			codec(plan, "mask", name);
	}
}

/* Interface names go from who is asking to who is asked. */
static void interfaces_fill(struct ep_mediate_plan *plan)
{
	const struct ep_mediate_profile *p = plan->profile;
	bool to_core = ep_mediate_case_to_core(plan->kind);
	unsigned ip = to_core ? p->core_ip : p->access_ip;

	if(p->access_if.p) {
		struct ep_view from = to_core ? p->access_if : p->core_if;
		struct ep_view to = to_core ? p->core_if : p->access_if;
		ep_mediate_command_add(
				&plan->command, EP_MEDIATE_LIST, EP_LIT("direction"), from);
		ep_mediate_command_add(
				&plan->command, EP_MEDIATE_LIST, EP_LIT("direction"), to);
	}
	if(ip)
		scalar(plan, "address-family", ip == 6 ? "IP6" : "IP4");
}

void ep_mediate_flags_fill(struct ep_mediate_plan *plan)
{
	plan->command = (struct ep_mediate_command){.items_n = 0};
	always_fill(plan);
	switch(plan->kind) {
		case EP_MEDIATE_W2C_OFFER:
			offer_to_core_fill(plan);
			break;
		case EP_MEDIATE_C2W_ANSWER:
			to_wic_fill(plan);
			/* Newer ones know from the offer, and complain. */
			if(!plan->caps.bundle)
				scalar(plan, "DTLS", "passive");
			list(plan, "rtcp-mux", "accept");
			break;
		case EP_MEDIATE_C2W_OFFER:
			to_wic_fill(plan);
			/* Browsers' rtcpMuxPolicy is "require". */
			list(plan, "rtcp-mux", "require");
			break;
		default:
			answer_to_core_fill(plan);
			break;
	}
	if(ep_mediate_bundles(plan))
		list(plan, "BUNDLE",
				plan->kind == EP_MEDIATE_C2W_OFFER ? "offer" : "accept");
	if(ep_mediate_case_offer(plan->kind))
		codecs_fill(plan);
	interfaces_fill(plan);
}
