/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What the gateway is told besides the SDP, whatever the notation: as words
 * for Kamailio's rtpengine module (of 5.6 and later), or as members of an ng
 * dictionary.
 *
 *   form    key             value         Kamailio's module        ng
 *   FLAG    -               trust-address trust-address            in the list
 * "flags" SCALAR  ICE             remove        ICE=remove               "ICE":
 * "remove" LIST    rtcp-mux        demux         rtcp-mux-demux           in
 * the list "rtcp-mux" LIST    replace         origin        replace-origin in
 * the list "replace" LIST    direction       web           direction=web in the
 * list "direction" LIST    SDES            off           SDES-off in the list
 * "SDES" LIST    BUNDLE          accept        BUNDLE-accept            in the
 * list "BUNDLE" CODEC   transcode       AMR-WB        transcode-AMR-WB in a
 * list of the dictionary "codec" CODEC   accept          opus codec-accept-opus
 * in a list of the dictionary "codec"
 *
 * (The module puts what it does not know into the list "flags" as it stands,
 * and rtpengine reads BUNDLE-accept or codec-accept-opus there as it reads the
 * members: so both notations say the same.)
 */
#ifndef EP_MEDIATE_COMMAND_H
#define EP_MEDIATE_COMMAND_H

#include "base/buf.h"

enum ep_mediate_form
{
	EP_MEDIATE_FLAG,
	EP_MEDIATE_SCALAR,
	EP_MEDIATE_LIST,
	EP_MEDIATE_CODEC
};

struct ep_mediate_item
{
	enum ep_mediate_form form;
	struct ep_view key;   /* absent for a FLAG */
	struct ep_view value; /* a token: no SP, no control octet */
};

#define EP_MEDIATE_ITEMS_MAX 48
/* Octets that are enough for the print of any command that a profile makes. */
#define EP_MEDIATE_COMMAND_MAX 2048

struct ep_mediate_command
{
	struct ep_mediate_item items[EP_MEDIATE_ITEMS_MAX];
	size_t items_n;
	bool overflow; /* one did not fit or was no token: not usable */
};

void ep_mediate_command_add(struct ep_mediate_command *c,
		enum ep_mediate_form form, struct ep_view key, struct ep_view value);
/* Words separated by SP, as Kamailio's rtpengine module reads them. Sets
 * out->overflow when there is no room, or the command is not usable. */
void ep_mediate_command_print(
		struct ep_buf *out, const struct ep_mediate_command *c);

#endif
