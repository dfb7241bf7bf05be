/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include "support.h"
#include "tna/binding.h"

#define NOW 1000u
#define END 1600u

/* --- life --- */

static const struct ep_binding_policy keep = {.hold_s = 60,
		.token_grace_s = 20,
		.deregister_lost = true};
static const struct ep_binding_policy strict = {.hold_s = 0};
static struct ep_binding_step step;

static unsigned go(enum ep_binding_state state, enum ep_binding_event event,
		const struct ep_binding_policy *policy, uint64_t now_s)
{
	struct ep_binding_life life = {state, END, NOW + 60};

	ep_binding_step(&step, &life, policy, event, now_s, END + 100);
	return step.actions;
}

#define CALLS EP_BINDING_DO_END_CALLS
#define DEREG EP_BINDING_DO_DEREGISTER
#define CLOSE EP_BINDING_DO_CLOSE
#define CLOSE_OLD EP_BINDING_DO_CLOSE_OLD
#define TIMER EP_BINDING_DO_SET_TIMER
#define DROP EP_BINDING_DO_DROP

static void expect(enum ep_binding_state from, enum ep_binding_event event,
		uint64_t now_s, enum ep_binding_state to, unsigned actions)
{
	unsigned did = go(from, event, &keep, now_s);

	ck_assert_msg(did == actions && step.life.state == to, "%s %s: %s, 0x%x",
			ep_binding_state_name(from), ep_binding_event_name(event),
			ep_binding_state_name(step.life.state), did);
}

START_TEST(binding_lives_by_the_table)
{
	enum ep_binding_state s;
	enum ep_binding_event e;

	expect(EP_BINDING_NEW, EP_BINDING_REGISTER_OK, NOW, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 120);
	expect(EP_BINDING_NEW, EP_BINDING_CONNECTION_LOST, NOW, EP_BINDING_ENDED,
			DROP);
	expect(EP_BINDING_NEW, EP_BINDING_REVOKED, NOW, EP_BINDING_ENDED,
			DEREG | CLOSE | DROP);

	expect(EP_BINDING_BOUND, EP_BINDING_REFRESHED, NOW, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.life.end_s, END + 100);
	expect(EP_BINDING_BOUND, EP_BINDING_DEREGISTERED, NOW, EP_BINDING_ENDED,
			CALLS | DROP);
	expect(EP_BINDING_BOUND, EP_BINDING_REVOKED, NOW, EP_BINDING_ENDED,
			CALLS | DEREG | CLOSE | DROP);
	expect(EP_BINDING_BOUND, EP_BINDING_CORE_TERMINATED, NOW, EP_BINDING_ENDED,
			CALLS | CLOSE | DROP);
	expect(EP_BINDING_BOUND, EP_BINDING_CONNECTION_MOVED, NOW, EP_BINDING_BOUND,
			CLOSE_OLD | TIMER);

	expect(EP_BINDING_HELD, EP_BINDING_CONNECTION_MOVED, NOW, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 120);
	expect(EP_BINDING_HELD, EP_BINDING_DEREGISTERED, NOW, EP_BINDING_ENDED,
			CALLS | DROP);
	expect(EP_BINDING_HELD, EP_BINDING_CONNECTION_LOST, NOW, EP_BINDING_HELD,
			0);
	expect(EP_BINDING_HELD, EP_BINDING_REVOKED, NOW, EP_BINDING_ENDED,
			CALLS | DEREG | DROP);

	/* nothing leaves the end, and nothing happens twice */
	for(e = 0; e < EP_BINDING_EVENT_N; e++) {
		unsigned did = go(EP_BINDING_ENDED, e, &keep, END);

		ck_assert_int_eq(step.life.state, EP_BINDING_ENDED);
		ck_assert_uint_eq(did & ~(unsigned)DEREG, 0);
	}
	/* whoever ends is forgotten; whoever goes on has a timer or had one */
	for(s = 0; s < EP_BINDING_ENDED; s++)
		for(e = 0; e < EP_BINDING_EVENT_N; e++) {
			unsigned did = go(s, e, &keep, END);

			ck_assert_int_eq(
					(did & DROP) != 0, step.life.state == EP_BINDING_ENDED);
			if(step.life.state != s && step.life.state != EP_BINDING_ENDED)
				ck_assert_uint_ne(did & TIMER, 0);
		}
}
END_TEST

START_TEST(binding_holds_a_lost_connection)
{
	expect(EP_BINDING_BOUND, EP_BINDING_CONNECTION_LOST, NOW, EP_BINDING_HELD,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, NOW + 60);
	ck_assert_uint_eq(step.life.hold_end_s, NOW + 60);
	/* no longer than the registration lasts */
	expect(EP_BINDING_BOUND, EP_BINDING_CONNECTION_LOST, END - 5,
			EP_BINDING_HELD, TIMER);
	ck_assert_uint_eq(step.deadline_s, END);
	expect(EP_BINDING_HELD, EP_BINDING_HOLD_OVER, NOW + 60, EP_BINDING_ENDED,
			CALLS | DEREG | DROP);
	expect(EP_BINDING_HELD, EP_BINDING_HOLD_OVER, NOW + 59, EP_BINDING_HELD,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, NOW + 60);
	expect(EP_BINDING_HELD, EP_BINDING_TOKEN_END, END, EP_BINDING_ENDED,
			CALLS | DROP);
}
END_TEST

START_TEST(binding_does_not_hold_without_policy)
{
	ck_assert_uint_eq(
			go(EP_BINDING_BOUND, EP_BINDING_CONNECTION_LOST, &strict, NOW),
			CALLS | DROP);
	ck_assert_int_eq(step.life.state, EP_BINDING_ENDED);
	ck_assert_uint_eq(
			go(EP_BINDING_HELD, EP_BINDING_HOLD_OVER, &strict, NOW + 60),
			CALLS | DROP);
	/* nor one whose registration is over anyway */
	ck_assert_uint_eq(
			go(EP_BINDING_BOUND, EP_BINDING_CONNECTION_LOST, &keep, END),
			CALLS | DEREG | DROP);
}
END_TEST

START_TEST(binding_ends_with_the_token)
{
	ck_assert_uint_eq(go(EP_BINDING_BOUND, EP_BINDING_TOKEN_END, &strict, END),
			CALLS | DROP);
	/* the grace: everything stays as it was, then all ends */
	expect(EP_BINDING_BOUND, EP_BINDING_TOKEN_END, END, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 20);
	expect(EP_BINDING_BOUND, EP_BINDING_TOKEN_END, END + 19, EP_BINDING_BOUND,
			TIMER);
	expect(EP_BINDING_BOUND, EP_BINDING_TOKEN_END, END + 20, EP_BINDING_ENDED,
			CALLS | DROP);
	expect(EP_BINDING_BOUND, EP_BINDING_REFRESHED, END + 19, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 120);
	/* the timer of before a refresh */
	expect(EP_BINDING_BOUND, EP_BINDING_TOKEN_END, END - 1, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 20);
	/* the timer of before a return */
	expect(EP_BINDING_BOUND, EP_BINDING_HOLD_OVER, NOW, EP_BINDING_BOUND,
			TIMER);
	ck_assert_uint_eq(step.deadline_s, END + 20);
}
END_TEST

static void shorten(enum ep_binding_state state, uint64_t end_s)
{
	struct ep_binding_life life = {state, END, NOW + 60};

	ep_binding_step(&step, &life, &keep, EP_BINDING_SHORTENED, NOW, end_s);
	ck_assert_int_eq(step.life.state, state);
}

START_TEST(binding_is_shortened_and_never_prolonged)
{
	shorten(EP_BINDING_BOUND, NOW + 30);
	ck_assert_uint_eq(step.life.end_s, NOW + 30);
	ck_assert_uint_eq(step.actions, TIMER);
	ck_assert_uint_eq(step.deadline_s, NOW + 50);
	shorten(EP_BINDING_BOUND, END + 1);
	ck_assert_uint_eq(step.life.end_s, END);
	shorten(EP_BINDING_HELD, NOW + 30);
	ck_assert_uint_eq(step.deadline_s, NOW + 30);
	shorten(EP_BINDING_HELD, NOW + 90);
	ck_assert_uint_eq(step.deadline_s, NOW + 60);
	ck_assert_uint_eq(step.life.hold_end_s, NOW + 60);
	shorten(EP_BINDING_ENDED, NOW);
	ck_assert_uint_eq(step.life.end_s, END);
	ck_assert_uint_eq(step.actions, 0);
}
END_TEST

START_TEST(binding_undoes_an_answer_after_the_end)
{
	expect(EP_BINDING_ENDED, EP_BINDING_REGISTER_OK, NOW, EP_BINDING_ENDED,
			DEREG);
	expect(EP_BINDING_ENDED, EP_BINDING_REFRESHED, NOW, EP_BINDING_ENDED,
			DEREG);
}
END_TEST

START_TEST(binding_hold_does_not_wrap)
{
	struct ep_binding_life life = {EP_BINDING_BOUND, UINT64_MAX, 0};

	ep_binding_step(
			&step, &life, &keep, EP_BINDING_CONNECTION_LOST, UINT64_MAX - 5, 0);
	ck_assert_int_eq(step.life.state, EP_BINDING_HELD);
	ck_assert_uint_eq(step.deadline_s, UINT64_MAX);
}
END_TEST

START_TEST(binding_names_are_all_different)
{
	int i;

	for(i = 0; i < EP_BINDING_EVENT_N; i++)
		ck_assert_str_ne(
				ep_binding_event_name(i), ep_binding_event_name(i + 1));
	for(i = 0; i < EP_BINDING_STATE_N; i++)
		ck_assert_str_ne(
				ep_binding_state_name(i), ep_binding_state_name(i + 1));
	ck_assert_str_eq(ep_binding_event_name(EP_BINDING_EVENT_N), "?");
	ck_assert_str_eq(ep_binding_state_name(-1), "?");
}
END_TEST

/* --- data --- */

static const struct ep_view impus[] = {
		{"sip:alice@home1.net", 19}, {"tel:+4930", 9}};
static const struct ep_view routes[] = {
		{"<sip:orig@s1;lr>", 16}, {"", 0}, {"<sip:s2;lr>", 11}};
static const struct ep_binding full = {
		.id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255},
		.impi = {"alice@home1.net", 15},
		.impu = {"sip:alice@home1.net", 19},
		.contact = {"sip:u@x.invalid;transport=ws", 28},
		.instance = {"<urn:uuid:1>", 12},
		.reg_id = {"1", 1},
		.waf = {"waf", 3},
		.wwsf = {"", 0},
		.term_ioi = {"home1.net", 9},
		.issuer = {"home", 4},
		.jti = {"4711", 4},
		.sub = {"alice", 5},
		.sid = {"s-1", 3},
		.source = {"192.0.2.1:4711", 14},
		.iat_s = 1700000000,
		.auth_done = true,
		.token_end_s = UINT64_MAX - 1,
		.impus = {impus, 2},
		.service_route = {routes, 3},
};

START_TEST(binding_is_of_its_page)
{
	struct ep_view none = ep_view_none(), uri = full.contact;
	struct ep_binding bare = {.contact = full.contact};

	ck_assert(
			ep_binding_is_of(&full, EP_LIT("<urn:uuid:1>"), EP_LIT("1"), none));
	ck_assert(
			!ep_binding_is_of(&full, EP_LIT("<urn:uuid:1>"), EP_LIT("2"), uri));
	ck_assert(
			!ep_binding_is_of(&full, EP_LIT("<urn:uuid:2>"), EP_LIT("1"), uri));
	ck_assert(!ep_binding_is_of(&full, none, none, uri));
	ck_assert(
			!ep_binding_is_of(&bare, EP_LIT("<urn:uuid:1>"), EP_LIT("1"), uri));
	ck_assert(ep_binding_is_of(&bare, none, none, uri));
	ck_assert(!ep_binding_is_of(&bare, none, none, EP_LIT("sip:v@x")));
	bare.contact = none;
	ck_assert(!ep_binding_is_of(&bare, none, none, none));
}
END_TEST

static void list_eq(struct ep_impus a, struct ep_impus b)
{
	size_t i;

	ck_assert_uint_eq(a.n, b.n);
	for(i = 0; i < a.n; i++)
		ck_assert(ep_view_eq(a.v[i], b.v[i]));
}

static void binding_eq(const struct ep_binding *a, const struct ep_binding *b)
{
	ck_assert_mem_eq(a->id, b->id, sizeof(a->id));
	ck_assert(ep_view_eq(a->impi, b->impi) && ep_view_eq(a->impu, b->impu));
	ck_assert(ep_view_eq(a->contact, b->contact));
	ck_assert(ep_view_eq(a->instance, b->instance));
	ck_assert(ep_view_eq(a->reg_id, b->reg_id) && ep_view_eq(a->waf, b->waf));
	ck_assert(ep_view_eq(a->wwsf, b->wwsf));
	ck_assert(ep_view_eq(a->charging, b->charging));
	ck_assert(ep_view_eq(a->term_ioi, b->term_ioi));
	ck_assert(ep_view_eq(a->issuer, b->issuer) && ep_view_eq(a->jti, b->jti));
	ck_assert(ep_view_eq(a->source, b->source));
	ck_assert(ep_view_eq(a->sub, b->sub) && ep_view_eq(a->sid, b->sid));
	ck_assert(a->iat_s == b->iat_s);
	ck_assert(a->auth_done == b->auth_done && a->add_entity == b->add_entity);
	ck_assert(a->token_end_s == b->token_end_s);
	list_eq(a->impus, b->impus);
	list_eq(a->wildcards, b->wildcards);
	list_eq(a->service_route, b->service_route);
}

START_TEST(binding_block_comes_back_at_any_address)
{
	size_t n = ep_binding_size(&full), at;
	struct ep_binding got;
	struct ep_arena arena;

	for(at = 0; at < 9; at++) {
		char *block = malloc(n + at);

		plain_arena_init(&arena);
		ck_assert_int_eq(ep_binding_pack(block + at, n, &full), EP_OK);
		ck_assert_int_eq(ep_binding_unpack(&got, block + at, n, &arena), EP_OK);
		binding_eq(&got, &full);
		ck_assert(got.impi.p > block && got.impi.p < block + at + n);
		ep_arena_fini(&arena);
		free(block);
	}
}
END_TEST

START_TEST(binding_block_of_nothing_is_fine)
{
	struct ep_binding empty = {.add_entity = true}, got;
	char block[512];
	struct ep_arena arena;

	plain_arena_init(&arena);
	ck_assert_uint_le(ep_binding_size(&empty), sizeof(block));
	ck_assert_int_eq(ep_binding_pack(block, sizeof(block), &empty), EP_OK);
	ck_assert_int_eq(
			ep_binding_unpack(&got, block, sizeof(block), &arena), EP_OK);
	binding_eq(&got, &empty);
	ep_arena_fini(&arena);
}
END_TEST

START_TEST(binding_block_needs_its_size)
{
	size_t n = ep_binding_size(&full);
	struct ep_binding huge = full;
	char *block = malloc(n);

	ck_assert_int_eq(ep_binding_pack(block, n - 1, &full), EP_ENOSPC);
	ck_assert_int_eq(ep_binding_pack(block, n, &full), EP_OK);
	huge.impi.len = (size_t)UINT32_MAX + 1;
	ck_assert_uint_eq(ep_binding_size(&huge), 0);
	ck_assert_int_eq(ep_binding_pack(block, n, &huge), EP_ENOSPC);
	free(block);
}
END_TEST

static void cut_block(struct ep_view cut, void *ctx)
{
	struct ep_binding got;
	struct ep_arena arena;
	enum ep_err err;

	plain_arena_init(&arena);
	err = ep_binding_unpack(&got, cut.p, cut.len, &arena);
	ck_assert_int_eq(err == EP_OK, cut.len == *(size_t *)ctx);
	ep_arena_fini(&arena);
}

START_TEST(binding_block_is_checked_to_the_octet)
{
	size_t n = ep_binding_size(&full), i;
	char *block = malloc(n);
	struct ep_binding got;
	struct ep_arena arena;

	ck_assert_int_eq(ep_binding_pack(block, n, &full), EP_OK);
	every_cut(ep_view_of(block, n), cut_block, &n);
	for(i = 0; i < n; i++) {
		char was = block[i];

		block[i] = (char)0xff;
		plain_arena_init(&arena);
		if(ep_binding_unpack(&got, block, n, &arena) == EP_OK && got.impi.p)
			ck_assert(got.impi.p >= block
					  && got.impi.p + got.impi.len <= block + n);
		ep_arena_fini(&arena);
		block[i] = was;
	}
	free(block);
}
END_TEST

static enum ep_err unpack(struct ep_arena *arena, void *ctx)
{
	struct ep_binding got;

	return ep_binding_unpack(&got, ctx, ep_binding_size(&full), arena);
}

START_TEST(binding_survives_lack_of_memory)
{
	char block[1024];

	ck_assert_int_eq(ep_binding_pack(block, sizeof(block), &full), EP_OK);
	ck_assert_uint_gt(every_alloc_failure(unpack, block), 1);
}
END_TEST

UNIT_MAIN("tna/binding", binding_lives_by_the_table,
		binding_holds_a_lost_connection, binding_does_not_hold_without_policy,
		binding_ends_with_the_token, binding_is_shortened_and_never_prolonged,
		binding_undoes_an_answer_after_the_end, binding_hold_does_not_wrap,
		binding_names_are_all_different, binding_is_of_its_page,
		binding_block_comes_back_at_any_address,
		binding_block_of_nothing_is_fine, binding_block_needs_its_size,
		binding_block_is_checked_to_the_octet, binding_survives_lack_of_memory)
