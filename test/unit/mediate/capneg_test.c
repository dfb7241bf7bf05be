/* SPDX-License-Identifier: BSD-2-Clause */
#include "mediate/capneg.h"
#include "support.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
#define VIDEO "m=video 1 RTP/AVP 99\r\n"

static struct ep_arena arena;
static struct ep_mediate_capneg c;

static bool find(struct ep_view text, size_t media)
{
	struct ep_sdp sdp;
	bool found;

	plain_arena_init(&arena);
	found = ep_sdp_parse(&sdp, NULL, text, &arena) == EP_OK
			&& media < sdp.media_n && ep_mediate_capneg_find(&c, &sdp, media);
	ep_arena_fini(&arena);
	return found;
}

START_TEST(capneg_takes_feedback)
{
	static const struct
	{
		const char *text;
		unsigned config;
		unsigned transport;
		const char *proto;
	} good[] = {{HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=1\r\n", 1, 1,
						"RTP/AVPF"},
			/* Numbered in one line, at session level. */
			{HEAD "a=tcap:5 RTP/SAVP RTP/SAVPF RTP/AVPF\r\n" VIDEO
				  "a=pcfg:3 t=7\r\n",
					3, 7, "RTP/AVPF"},
			/* Alternatives: the first that is ours. */
			{HEAD VIDEO "a=tcap:1 UDP/TLS/RTP/SAVPF RTP/AVPF\r\n"
						"a=pcfg:1 t=1|2\r\n",
					1, 2, "RTP/AVPF"},
			/* The lower number is the better one (RFC 5939 3.5.1). */
			{HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:8 t=1\r\na=pcfg:2 t=1\r\n",
					2, 1, "RTP/AVPF"},
			{HEAD "m=video 1 RTP/SAVP 99\r\na=tcap:1 RTP/SAVPF\r\n"
				  "a=pcfg:1 t=1\r\n",
					1, 1, "RTP/SAVPF"}};

	for(size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(find(ep_view_z(good[i].text), 0), "%zu", i);
		ck_assert_uint_eq(c.config, good[i].config);
		ck_assert_uint_eq(c.transport, good[i].transport);
		ck_assert_view_eq(c.proto, good[i].proto);
	}
}
END_TEST

START_TEST(capneg_leaves_the_rest)
{
	static const char *const bad[] = {HEAD VIDEO, HEAD VIDEO "a=pcfg:1 t=1\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=2\r\n",
			HEAD VIDEO "a=tcap:2 RTP/AVPF\r\na=pcfg:1 t=1\r\n",
			HEAD VIDEO "a=tcap:1 RTP/SAVPF\r\na=pcfg:1 t=1\r\n",
			/* Keys, or any other attribute, come with it. */
			HEAD VIDEO
			"a=tcap:1 RTP/AVPF\r\na=acap:1 crypto:1 x\r\n"
			"a=pcfg:1 a=1 t=1\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=1 a=1\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:x t=1\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=\r\n",
			HEAD VIDEO "a=tcap:1 RTP/AVPF\r\na=pcfg:1 t=4294967297\r\n",
			HEAD VIDEO "a=tcap:1\r\na=pcfg:1 t=1\r\n",
			/* Another section's. */
			HEAD VIDEO
			"a=tcap:1 RTP/AVPF\r\nm=audio 1 RTP/AVP 0\r\n"
			"a=pcfg:1 t=1\r\n",
			HEAD
			"m=video 1 RTP/AVPF 99\r\na=tcap:1 RTP/AVPF\r\n"
			"a=pcfg:1 t=1\r\n"};

	for(size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!find(ep_view_z(bad[i]), 0), "%zu", i);
}
END_TEST

static void cut(struct ep_view text, void *ctx)
{
	(void)ctx;
	if(find(text, 0))
		ck_assert(c.config == 1 && c.transport >= 1);
}

START_TEST(capneg_survives_every_cut)
{
	every_cut(EP_LIT(HEAD VIDEO
					  "a=tcap:1 RTP/SAVPF RTP/AVPF\r\na=pcfg:1 t=1|2\r\n"),
			cut, NULL);
}
END_TEST

UNIT_MAIN("mediate/capneg", capneg_takes_feedback, capneg_leaves_the_rest,
		capneg_survives_every_cut)
