/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Inside the Iq process: requests to media gateways over UDP, repeated until
 * they are answered, or their time is over. One connected socket a node, so
 * that nobody else is heard, and a port where nobody listens is noticed.
 */
#ifndef EP_SDPM_ASK_H
#define EP_SDPM_ASK_H

#include <poll.h>

#include "base/view.h"

enum ep_asked
{
	EP_ASKED_ANSWER,
	EP_ASKED_TIMEOUT, /* all its time, and no answer */
	EP_ASKED_DOWN     /* the node went out of service meanwhile */
};

struct ep_ask;

/* The end of a request, once, unless it was cancelled. `answer` is the whole
 * datagram, valid during the call. May start others. */
typedef void (*ep_ask_done_f)(
		void *ctx, int node, enum ep_asked how, struct ep_view answer);

struct ep_ask_spec
{
	int node;
	struct ep_view body; /* the dictionary; must live until the end */
	unsigned first_ms;   /* until it is repeated; then 2, 4, 8 times that */
	unsigned most_ms;    /* ... but never more than this between two */
	unsigned timeout_ms; /* in all */
	bool give_up_when_down;
	/* Counted among the node's commands (node.h). */
	bool is_command;
	ep_ask_done_f done;
	void *ctx;
};

/* A datagram that is no answer to anything: a request of the node's own. */
typedef void (*ep_ask_other_f)(int node, struct ep_view datagram);

/* mod_init. 0 or -1. */
int ep_asks_init(void);
/* In the process, before anything is asked. */
void ep_asks_open(ep_ask_other_f other);

/* NULL: no memory, `done` is not called. */
struct ep_ask *ep_ask_start(const struct ep_ask_spec *spec);
/* `done` is not called any more. */
void ep_ask_cancel(struct ep_ask *ask);
/* Something that is not repeated and has no answer. */
void ep_ask_send(int node, struct ep_view datagram);
/* Ends what gives up when a node is out of service. */
void ep_asks_down(int node);

size_t ep_asks_count(void);
/* One entry a node. */
void ep_asks_poll(struct pollfd *fds);
/* Takes all that node `i` sent. */
void ep_asks_read(int i);
/* Repeats and ends what is due. Milliseconds until the next is, at most
 * `max_ms`. */
int ep_asks_step(int max_ms);

int64_t ep_now_ms(void);

#endif
