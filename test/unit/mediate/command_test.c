/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/command.h"
#include "support.h"

static struct ep_mediate_command c;
static char text[EP_MEDIATE_COMMAND_MAX];

static void add(enum ep_mediate_form form, const char *key, const char *value)
{
	ep_mediate_command_add(
			&c, form, key ? ep_view_z(key) : ep_view_none(), ep_view_z(value));
}

static struct ep_view print(size_t cap)
{
	struct ep_buf b;

	ep_buf_init(&b, text, cap);
	ep_mediate_command_print(&b, &c);
	return ep_buf_view(&b);
}

/* As the table in command.h has it. */
START_TEST(command_prints_every_form)
{
	memset(&c, 0, sizeof c);
	ck_assert_view_eq(print(sizeof text), "");
	add(EP_MEDIATE_FLAG, NULL, "trust-address");
	add(EP_MEDIATE_SCALAR, "ICE", "remove");
	add(EP_MEDIATE_LIST, "rtcp-mux", "demux");
	add(EP_MEDIATE_LIST, "replace", "origin");
	add(EP_MEDIATE_LIST, "direction", "web");
	add(EP_MEDIATE_LIST, "SDES", "off");
	add(EP_MEDIATE_LIST, "BUNDLE", "accept");
	add(EP_MEDIATE_CODEC, "transcode", "AMR-WB");
	add(EP_MEDIATE_CODEC, "mask", "opus");
	ck_assert(!c.overflow);
	ck_assert_view_eq(print(sizeof text),
			"trust-address ICE=remove rtcp-mux-demux replace-origin "
			"direction=web SDES-off BUNDLE-accept transcode-AMR-WB "
			"codec-mask-opus");
}
END_TEST

START_TEST(command_takes_tokens_only)
{
	static const struct
	{
		enum ep_mediate_form form;
		const char *key;
		const char *value;
	} bad[] = {{EP_MEDIATE_FLAG, NULL, ""}, {EP_MEDIATE_FLAG, NULL, "a b"},
			{EP_MEDIATE_FLAG, NULL, "a=b"}, {EP_MEDIATE_FLAG, NULL, "a\n"},
			{EP_MEDIATE_SCALAR, "", "b"}, {EP_MEDIATE_SCALAR, NULL, "b"},
			{EP_MEDIATE_SCALAR, "a=", "b"}, {EP_MEDIATE_SCALAR, "a", "\x7f"},
			{EP_MEDIATE_LIST, "a", "b=c"}, {EP_MEDIATE_CODEC, "a", "b c"}};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memset(&c, 0, sizeof c);
		add(bad[i].form, bad[i].key, bad[i].value);
		ck_assert_msg(c.overflow && c.items_n == 0, "%zu", i);
		ck_assert_ptr_null(print(sizeof text).p);
	}
	memset(&c, 0, sizeof c);
	add(EP_MEDIATE_SCALAR, "a", "b=c");
	ck_assert(!c.overflow);
	ck_assert_view_eq(print(sizeof text), "a=b=c");
}
END_TEST

START_TEST(command_has_an_end)
{
	memset(&c, 0, sizeof c);
	for(size_t i = 0; i < EP_MEDIATE_ITEMS_MAX; i++)
		add(EP_MEDIATE_FLAG, NULL, "f");
	ck_assert(!c.overflow);
	add(EP_MEDIATE_FLAG, NULL, "f");
	ck_assert(c.overflow);
	ck_assert_uint_eq(c.items_n, EP_MEDIATE_ITEMS_MAX);
}
END_TEST

START_TEST(command_says_when_there_is_no_room)
{
	memset(&c, 0, sizeof c);
	add(EP_MEDIATE_SCALAR, "ICE", "force");
	add(EP_MEDIATE_CODEC, "accept", "opus");
	size_t len = print(sizeof text).len;
	for(size_t cap = 0; cap < len; cap++)
		ck_assert_ptr_null(print(cap).p);
	ck_assert_view_eq(print(len), "ICE=force codec-accept-opus");
}
END_TEST

UNIT_MAIN("mediate/command", command_prints_every_form,
		command_takes_tokens_only, command_has_an_end,
		command_says_when_there_is_no_room)
