/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/cause.h"

/* Script values are part of the modules' documented interface: a new cause
 * takes the next free one, none is ever used again for another meaning. */
static const struct ep_tna_cause_info causes[EP_TNA_CAUSE_N] = {
		[EP_TNA_OK] = {"ok", "accepted", 200, "OK", 1},
		[EP_TNA_INTERNAL] = {"internal",
				"no memory, or a setting that cannot be used", 500,
				"Server Internal Error", -2},
		[EP_TNA_MALFORMED] = {"malformed",
				"a header that had to be read does not parse", 400,
				"Bad Request", -3},
		[EP_TNA_CREDENTIALS] = {"credentials",
				"Digest credentials that do not parse, or more than one", 400,
				"Bad Request", -4},
		[EP_TNA_FOREIGN_HOME] = {"foreign_home",
				"the REGISTER is for a domain that is not our home", 403,
				"Forbidden", -5},
		[EP_TNA_TO_FOREIGN] = {"to_foreign",
				"To is none of the identities of the token", 403, "Forbidden",
				-6},
		[EP_TNA_FROM_NOT_TO] = {"from_not_to",
				"a REGISTER on behalf of somebody else", 403, "Forbidden", -7},
		[EP_TNA_IMPI_FOREIGN] = {"impi_foreign",
				"the Digest username is not the one of this connection", 403,
				"Forbidden", -8},
		[EP_TNA_TOKEN_ENDING] = {"token_ending",
				"the token ends too soon for a registration", 401,
				"Unauthorized", -9},
		[EP_TNA_CONTACTS] = {"contacts",
				"too many Contacts, or '*' where it may not be", 400,
				"Bad Request", -10},
		[EP_TNA_CORE_CHALLENGED] = {"core_challenged",
				"the core challenged a registration we vouched for", 500,
				"Server Internal Error", -11},
		[EP_TNA_CORE_MALFORMED] = {"core_malformed",
				"the answer of the core does not parse", 500,
				"Server Internal Error", -19},
		[EP_TNA_FROM_FOREIGN] = {"from_foreign",
				"From is none of the registered identities", 403, "Forbidden",
				-12},
		[EP_TNA_METHOD] = {"method",
				"this function is not for a message of this kind", 500,
				"Server Internal Error", -13},
		[EP_TNA_EMERGENCY] = {"emergency",
				"emergency sessions are not for WebRTC access", 380,
				"Alternative Service", -14},
		[EP_TNA_SOS_REGISTER] = {"sos_register",
				"emergency registration is not for WebRTC access", 403,
				"Forbidden", -15},
		[EP_TNA_FLOW_TAMPERED] = {"flow_tampered",
				"the flow token was not made by us", 403, "Forbidden", -16},
		[EP_TNA_FLOW_FAILED] = {"flow_failed", "the flow is gone", 430,
				"Flow Failed", -17},
		[EP_TNA_NOT_BOUND] = {"not_bound",
				"no registration came over this connection", 403, "Forbidden",
				-18},
		[EP_TNA_NO_DIALOG] = {"no_dialog",
				"a To tag, but no call of this registration", 481,
				"Call/Transaction Does Not Exist", -20},
};

const struct ep_tna_cause_info *ep_tna_cause_info(enum ep_tna_cause cause)
{
	if((unsigned)cause >= EP_TNA_CAUSE_N)
		cause = EP_TNA_INTERNAL;
	return &causes[cause];
}
