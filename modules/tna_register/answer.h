/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Cores that cannot do Trusted Node Authentication (modparam core=digest): the
 * S-CSCF's Digest challenge to a REGISTER of ours is answered here, with
 * what the credentials file says of the user.
 *
 * A page's REGISTER: tna_reply() hides the challenge (the answer to the page
 * would be a 500) and leaves the credentials with the transaction; tna_answer()
 * in failure_route sends the REGISTER again with them. So a script that forgets
 * tna_answer() shows nothing of the core to a page.
 */
#ifndef EP_TNA_ANSWER_GLUE_H
#define EP_TNA_ANSWER_GLUE_H

#include "tna/answer.h"
#include "message.h"

/* The answer to the challenge `m` for this user. As ep_answer_plan(), and
 * NO_CREDENTIALS for a user that is not in the file. */
enum ep_tna_cause tna_answer_make(struct ep_answer *out, const struct ep_msg *m,
		struct ep_view impi, bool again, struct ep_arena *arena);

/* In an onreply_route, for a 401 or 407: leaves the answer for tna_answer().
 * Causes as above. */
enum ep_tna_cause tna_answer_leave(struct tna_work *w, struct ep_view impi);

/* Is this reply to a REGISTER that was sent again since? A challenge that comes
 * once more over UDP is not the core's opinion of our answer. */
bool tna_answer_is_late(void);

/* In failure_route. 1: the REGISTER is to be relayed once more, and the
 * credentials are in it. -1: there is nothing to answer. */
int tna_ki_answer(sip_msg_t *msg);

#endif
