/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Cx messages as the check needs them (TS 29.228 6.1.2, 6.1.3 and 6.6, TS
 * 29.229), over Kamailio's cdp.
 */
#ifndef EP_TNA_SCSCF_CX_H
#define EP_TNA_SCSCF_CX_H

#include "modules/cdp/cdp_load.h"

#include "base/arena.h"
#include "base/err.h"

enum tna_sar
{
	TNA_SAR_NO_ASSIGNMENT = 0,
	TNA_SAR_REGISTRATION = 1,
	TNA_SAR_USER_DEREGISTRATION = 5
};

enum tna_cx_result
{
	TNA_CX_SUCCESS,      /* 2001 */
	TNA_CX_NOT_ASSIGNED, /* 5012: to NO_ASSIGNMENT, the user is not ours */
	TNA_CX_REFUSED,      /* an Experimental-Result: the HSS says no */
	TNA_CX_FAILED        /* anything else */
};

/* What is read of a SAA or a PPR. Views into the message or the arena. */
struct tna_cx_read
{
	enum tna_cx_result result; /* of an answer */
	unsigned code;             /* Result-Code or Experimental-Result-Code */
	struct ep_view impi;       /* User-Name; or absent */
	struct ep_view list;       /* data of AVP 656; absent: no such AVP */
	bool profile;              /* User-Data is there */
};

/* mod_init: binds cdp, whose handlers then are `answer` (of every answer) and
 * `request`. 0, or -1 with the reason in the log. */
int tna_cx_init(AAAResponseHandler_f *answer, AAARequestHandler_f *request);

/* EP_OK, EP_ENOMEM. */
enum ep_err tna_cx_read(
		struct tna_cx_read *out, AAAMessage *m, struct ep_arena *arena);
bool tna_cx_is(const AAAMessage *m, unsigned command);

/* A SAR; NULL without memory. Its endtoendId is its name among all that wait.
 * It is cdp's after tna_cx_send(). */
AAAMessage *tna_cx_sar(
		struct ep_view impi, struct ep_view impu, enum tna_sar type);
/* False: no peer, or the peer is gone. `done` is called with `id` as its
 * parameter, also after false perhaps, when its time is over. Never with a
 * lock held that `done` takes; never from `done` itself on a time-out, which
 * runs under cdp's own lock. */
bool tna_cx_send(AAAMessage *sar, AAATransactionCallback_f *done, uint32_t id);
void tna_cx_free(AAAMessage *m);

/* The answer to a request of the HSS with a Result-Code; NULL: no memory. */
AAAMessage *tna_cx_answer(AAAMessage *request, unsigned code);

#endif
