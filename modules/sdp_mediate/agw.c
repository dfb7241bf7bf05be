/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "core/dprint.h"
#include "core/route.h"

#include "common/kemi.h"
#include "common/view.h"
#include "sdp_mediate/agw.h"
#include "sdp_mediate/params.h"

typedef int (*rtpengine_f)(sip_msg_t *msg, str *flags);

static rtpengine_f do_offer;
static rtpengine_f do_answer;
static rtpengine_f do_delete;

/* The exchange that goes on in this process; msg NULL: none. */
static struct
{
	const sip_msg_t *msg;
	unsigned int msg_id;
	const struct ep_mediate_plan *plan;
	struct ep_view out;
} now;

static rtpengine_f find(const char *name)
{
	static const int types[6] = {SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE,
			SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE};
	sr_kemi_t *f = ep_kemi_find("rtpengine", name, types);

	return f != NULL ? (rtpengine_f)f->func : NULL;
}

int ep_agw_init(void)
{
	do_offer = find("rtpengine_offer");
	do_answer = find("rtpengine_answer");
	do_delete = find("rtpengine_delete");
	if(do_offer == NULL || do_answer == NULL || do_delete == NULL) {
		LM_ERR("rtpengine.so must be loaded\n");
		return -1;
	}
	return 0;
}

/* Which call of the gateway's is meant; absent members: rtpengine.so takes
 * them from the message. */
struct call
{
	struct ep_view callid;
	struct ep_view leg;
};

/* Two legs of one call (both ends are WICs here, or a fork rings two of them)
 * have one Call-ID, and must be two calls for the gateway. False: the Call-ID
 * is none, and would be read as flags. */
static bool call_get(struct call *c, sip_msg_t *msg)
{
	*c = (struct call){.leg = ep_leg_get(msg)};
	if(c->leg.p == NULL)
		return true;
	c->callid = ep_view_trim(ep_view_str(&msg->callid->body));
	return ep_word_check(c->callid);
}

/* `words` with the call's name and the sides (plan.h), NUL-terminated behind
 * their end. An empty `from` is what deletes a call whole. */
static struct ep_view flags_get(const struct call *c, struct ep_view words,
		struct ep_view from, struct ep_view to, struct ep_arena *arena)
{
	struct ep_view parts[10];
	struct ep_view whole;
	size_t n = 0;

	parts[n++] = words;
	if(c->callid.p != NULL) {
		parts[n++] = EP_LIT(" call-id=");
		parts[n++] = c->callid;
	}
	if(c->leg.p != NULL) {
		parts[n++] = EP_LIT("~");
		parts[n++] = c->leg;
	}
	if(to.p != NULL) {
		parts[n++] = EP_LIT(" to-tag=");
		parts[n++] = to;
	}
	parts[n++] = EP_LIT(" from-tag=");
	parts[n++] = from;
	parts[n++] = (struct ep_view){"", 1};
	whole = ep_arena_join(arena, parts, n);
	if(whole.p != NULL)
		whole.len--;
	return whole;
}

/* The command in the words of rtpengine.so. */
static struct ep_view plan_flags_get(
		const struct call *c, const struct ep_mediate_plan *plan)
{
	char text[EP_MEDIATE_COMMAND_MAX];
	struct ep_buf words;

	ep_buf_init(&words, text, sizeof(text));
	ep_mediate_command_print(&words, &plan->command);
	if(words.overflow)
		return ep_view_none();
	return flags_get(
			c, ep_buf_view(&words), plan->from_tag, plan->to_tag, plan->arena);
}

enum ep_mediate_cause ep_agw_mediate(struct ep_view *out, sip_msg_t *msg,
		bool is_offer, const struct ep_mediate_plan *plan)
{
	struct call call;
	struct ep_view text;
	str flags;
	int ret;

	if(!call_get(&call, msg))
		return EP_MEDIATE_ESYNTAX;
	text = plan_flags_get(&call, plan);
	flags = ep_str_view(text);
	if(text.p == NULL)
		return EP_MEDIATE_EINTERNAL;
	now.msg = msg;
	now.msg_id = msg->id;
	now.plan = plan;
	now.out = ep_view_none();
	ret = (is_offer ? do_offer : do_answer)(msg, &flags);
	now.msg = NULL;
	if(ret < 0)
		return EP_MEDIATE_EGWDOWN;
	if(now.out.p == NULL) {
		LM_ERR("rtpengine's modparams read_sdp_pv and write_sdp_pv must be "
			   "$sdpm(in) and $sdpm(out)\n");
		return EP_MEDIATE_EINTERNAL;
	}
	*out = now.out;
	return EP_MEDIATE_OK;
}

bool ep_agw_fragment(
		sip_msg_t *msg, struct ep_view fragment, struct ep_arena *arena)
{
	struct ep_mediate_plan *plan = ep_arena_get(arena, sizeof(*plan));
	struct ep_view out;

	if(plan == NULL)
		return false;
	plan->sdp = fragment;
	plan->arena = arena;
	plan->from_tag = ep_mediate_side(EP_MEDIATE_FROM_WIC);
	plan->to_tag = ep_mediate_side(EP_MEDIATE_FROM_CORE);
	ep_mediate_command_add(&plan->command, EP_MEDIATE_FLAG, ep_view_none(),
			EP_LIT("fragment"));
	return ep_agw_mediate(&out, msg, true, plan) == EP_MEDIATE_OK;
}

bool ep_agw_delete(sip_msg_t *msg, struct ep_arena *arena)
{
	struct call call;
	struct ep_view text;
	str flags;

	if(!call_get(&call, msg))
		return false;
	if(get_route_type() == LOCAL_ROUTE
			&& ep_dialog_callid(&call.callid, msg, arena) == EP_ENOMEM)
		return false;
	text = flags_get(&call, EP_LIT(""), EP_LIT(""), ep_view_none(), arena);
	flags = ep_str_view(text);
	return text.p != NULL && do_delete(msg, &flags) > 0;
}

static bool ours(const sip_msg_t *msg)
{
	return now.msg != NULL && now.msg == msg && now.msg_id == msg->id;
}

struct ep_view ep_agw_in(const sip_msg_t *msg)
{
	return ours(msg) ? now.plan->sdp : ep_view_none();
}

int ep_agw_out_set(const sip_msg_t *msg, struct ep_view sdp)
{
	if(!ours(msg))
		return -1;
	now.out = ep_arena_copy(now.plan->arena, sdp);
	return now.out.p != NULL ? 0 : -1;
}
