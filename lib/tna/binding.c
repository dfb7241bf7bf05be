/* SPDX-License-Identifier: BSD-2-Clause */
#include "tna/binding.h"

#define CALLS EP_BINDING_DO_END_CALLS
#define DEREG EP_BINDING_DO_DEREGISTER
#define CLOSE EP_BINDING_DO_CLOSE
#define CLOSE_OLD EP_BINDING_DO_CLOSE_OLD
#define TIMER EP_BINDING_DO_SET_TIMER
#define DROP EP_BINDING_DO_DROP

/* What decides between a row's two outcomes. */
enum guard
{
	ALWAYS,
	END_CAME,   /* registration's end is now or past; else: wait on */
	GRACE_CAME, /* the same for end and grace time */
	HOLD_CAME,  /* hold time's end is now or past; else: wait on */
	MAY_HOLD    /* policy lets a lost connection stay away for a while */
};

struct row
{
	enum ep_binding_state next, otherwise;
	unsigned actions, otherwise_actions;
	enum guard guard;
};

#define NEW EP_BINDING_NEW
#define BOUND EP_BINDING_BOUND
#define HELD EP_BINDING_HELD
#define ENDED EP_BINDING_ENDED
#define GO(next, actions)                                                      \
	{                                                                          \
		next, next, actions, actions, ALWAYS                                   \
	}
#define IF(guard, next, actions, otherwise, otherwise_actions)                 \
	{                                                                          \
		next, otherwise, actions, otherwise_actions, guard                     \
	}

/* The life of a binding. DEREG in a row of a lost connection is subject to
 * deregister_lost; see policy_mask(). */
static const struct row rows[EP_BINDING_STATE_N][EP_BINDING_EVENT_N] = {
		/* clang-format off */
[NEW] = {
	[EP_BINDING_REGISTER_OK] = GO(BOUND, TIMER),
	[EP_BINDING_REFRESHED] = GO(BOUND, TIMER),
	[EP_BINDING_DEREGISTERED] = GO(ENDED, DROP),
	[EP_BINDING_TOKEN_END] = GO(NEW, 0),
	[EP_BINDING_CONNECTION_LOST] = GO(ENDED, DROP),
	[EP_BINDING_HOLD_OVER] = GO(NEW, 0),
	[EP_BINDING_REVOKED] = GO(ENDED, DEREG | CLOSE | DROP),
	[EP_BINDING_CORE_TERMINATED] = GO(ENDED, CLOSE | DROP),
	[EP_BINDING_CONNECTION_MOVED] = GO(BOUND, TIMER),
	[EP_BINDING_SHORTENED] = GO(NEW, 0),
},
[BOUND] = {
	[EP_BINDING_REGISTER_OK] = GO(BOUND, TIMER),
	[EP_BINDING_REFRESHED] = GO(BOUND, TIMER),
	[EP_BINDING_DEREGISTERED] = GO(ENDED, CALLS | DROP),
	[EP_BINDING_TOKEN_END] = IF(GRACE_CAME, ENDED, CALLS | DROP, BOUND, TIMER),
	[EP_BINDING_CONNECTION_LOST] = IF(MAY_HOLD, HELD, TIMER, ENDED, CALLS | DEREG | DROP),
	[EP_BINDING_HOLD_OVER] = GO(BOUND, TIMER),
	[EP_BINDING_REVOKED] = GO(ENDED, CALLS | DEREG | CLOSE | DROP),
	[EP_BINDING_CORE_TERMINATED] = GO(ENDED, CALLS | CLOSE | DROP),
	[EP_BINDING_CONNECTION_MOVED] = GO(BOUND, CLOSE_OLD | TIMER),
	[EP_BINDING_SHORTENED] = GO(BOUND, TIMER),
},
[HELD] = {
	[EP_BINDING_REGISTER_OK] = GO(BOUND, TIMER),
	[EP_BINDING_REFRESHED] = GO(BOUND, TIMER),
	[EP_BINDING_DEREGISTERED] = GO(ENDED, CALLS | DROP),
	[EP_BINDING_TOKEN_END] = IF(END_CAME, ENDED, CALLS | DROP, HELD, TIMER),
	[EP_BINDING_CONNECTION_LOST] = GO(HELD, 0),
	[EP_BINDING_HOLD_OVER] = IF(HOLD_CAME, ENDED, CALLS | DEREG | DROP, HELD, TIMER),
	[EP_BINDING_REVOKED] = GO(ENDED, CALLS | DEREG | DROP),
	[EP_BINDING_CORE_TERMINATED] = GO(ENDED, CALLS | DROP),
	[EP_BINDING_CONNECTION_MOVED] = GO(BOUND, TIMER),
	[EP_BINDING_SHORTENED] = GO(HELD, TIMER),
},
[ENDED] = { /* an answer that comes too late is undone at the core */
	[EP_BINDING_REGISTER_OK] = GO(ENDED, DEREG),
	[EP_BINDING_REFRESHED] = GO(ENDED, DEREG),
	[EP_BINDING_DEREGISTERED] = GO(ENDED, 0),
	[EP_BINDING_TOKEN_END] = GO(ENDED, 0),
	[EP_BINDING_CONNECTION_LOST] = GO(ENDED, 0),
	[EP_BINDING_HOLD_OVER] = GO(ENDED, 0),
	[EP_BINDING_REVOKED] = GO(ENDED, 0),
	[EP_BINDING_CORE_TERMINATED] = GO(ENDED, 0),
	[EP_BINDING_CONNECTION_MOVED] = GO(ENDED, DEREG),
	[EP_BINDING_SHORTENED] = GO(ENDED, 0),
},
		/* clang-format on */
};

static uint64_t later(uint64_t time_s, uint32_t by_s)
{
	return time_s > UINT64_MAX - by_s ? UINT64_MAX : time_s + by_s;
}

static bool guard_holds(enum guard guard, const struct ep_binding_life *life,
		const struct ep_binding_policy *policy, uint64_t now_s)
{
	switch(guard) {
		case END_CAME:
			return now_s >= life->end_s;
		case GRACE_CAME:
			return now_s >= later(life->end_s, policy->token_grace_s);
		case HOLD_CAME:
			return now_s >= life->hold_end_s || now_s >= life->end_s;
		case MAY_HOLD:
			return policy->hold_s != 0 && now_s < life->end_s;
		default:
			return true;
	}
}

/* The actions that the policy takes away. */
static unsigned policy_mask(
		const struct ep_binding_policy *policy, enum ep_binding_event event)
{
	if((event == EP_BINDING_HOLD_OVER || event == EP_BINDING_CONNECTION_LOST)
			&& !policy->deregister_lost)
		return DEREG;
	return 0;
}

static bool brings_end(enum ep_binding_event event)
{
	return event == EP_BINDING_REGISTER_OK || event == EP_BINDING_REFRESHED
		   || event == EP_BINDING_CONNECTION_MOVED;
}

void ep_binding_step(struct ep_binding_step *out,
		const struct ep_binding_life *life,
		const struct ep_binding_policy *policy, enum ep_binding_event event,
		uint64_t now_s, uint64_t end_s)
{
	const struct row *row = &rows[life->state][event];
	bool holds = guard_holds(row->guard, life, policy, now_s);

	*out = (struct ep_binding_step){.life = *life};
	out->life.state = holds ? row->next : row->otherwise;
	out->actions = holds ? row->actions : row->otherwise_actions;
	out->actions &= ~policy_mask(policy, event);
	if(out->life.state == BOUND && brings_end(event))
		out->life.end_s = end_s;
	if(event == EP_BINDING_SHORTENED && out->actions & TIMER
			&& end_s < life->end_s)
		out->life.end_s = end_s;
	if(out->life.state == HELD && life->state != HELD)
		out->life.hold_end_s = later(now_s, policy->hold_s);
	if(out->actions & TIMER) {
		out->deadline_s = out->life.state == BOUND ? later(
								  out->life.end_s, policy->token_grace_s)
												   : out->life.end_s;
		if(out->life.state == HELD && out->life.hold_end_s < out->deadline_s)
			out->deadline_s = out->life.hold_end_s;
	}
}

const char *ep_binding_state_name(enum ep_binding_state state)
{
	static const char *const names[] = {"new", "bound", "held", "ended"};

	return (unsigned)state < EP_BINDING_STATE_N ? names[state] : "?";
}

const char *ep_binding_event_name(enum ep_binding_event event)
{
	static const char *const names[] = {"register_ok", "refreshed",
			"deregistered", "token_end", "connection_lost", "hold_over",
			"revoked", "core_terminated", "connection_moved", "shortened"};

	return (unsigned)event < EP_BINDING_EVENT_N ? names[event] : "?";
}

bool ep_binding_is_of(const struct ep_binding *b, struct ep_view instance,
		struct ep_view reg_id, struct ep_view contact)
{
	if(b->instance.p || instance.p)
		return ep_view_eq(b->instance, instance)
			   && ep_view_eq(b->reg_id, reg_id);
	return contact.p && ep_view_eq(b->contact, contact);
}
