/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * What of WebRTC is left in a description towards the core. A reader of its
 * own, which shares nothing with the parser under test: CR and LF each end a
 * line here, names count in any case and with white space around.
 */
#ifndef EP_UNIT_LEFTOVERS_H
#define EP_UNIT_LEFTOVERS_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/view.h"

#define LEFTOVER_LINE_MAX 20000

struct leftovers
{
	bool live;          /* in a section with a port */
	bool avpf;          /* of that section */
	bool named[128];    /* payload types with an rtpmap in it */
	unsigned pts[1024]; /* in its m= line */
	size_t pts_n;
	const char *what; /* the first violation, NULL: none */
	char line[LEFTOVER_LINE_MAX];
};

static inline void leftover(struct leftovers *l, const char *what)
{
	if(l->what == NULL)
		l->what = what;
}

/* `a=name` or `a=name:…`, in any case, with blanks anywhere a sloppy reader
 * may skip them; *value is what stands behind the colon. */
static inline bool leftover_is(
		const char *line, const char *name, const char **value)
{
	const char *p = line;

	if(tolower((unsigned char)*p++) != 'a')
		return false;
	p += strspn(p, " \t");
	if(*p++ != '=')
		return false;
	p += strspn(p, " \t");
	if(strncasecmp(p, name, strlen(name)) != 0)
		return false;
	p += strlen(name);
	p += strspn(p, " \t");
	if(*p != '\0' && *p != ':')
		return false;
	*value = *p == ':' ? p + 1 + strspn(p + 1, " \t") : p;
	return true;
}

/* Dynamic payload types say what they are, or somebody reads rtx there. */
static inline void leftover_section_end(struct leftovers *l)
{
	for(size_t i = 0; l->live && i < l->pts_n; i++)
		if(l->pts[i] >= 96 && l->pts[i] < 128 && !l->named[l->pts[i]])
			leftover(l, "a payload type without a name");
}

static inline void leftover_section_begin(struct leftovers *l, const char *line)
{
	char kind[32] = "", port[32] = "", proto[64] = "";
	int at = 0;

	leftover_section_end(l);
	memset(l->named, 0, sizeof l->named);
	l->pts_n = 0;
	sscanf(line + 2, "%31s %31s %63s%n", kind, port, proto, &at);
	l->live = strcmp(port, "0") != 0;
	l->avpf = strcasecmp(proto, "RTP/AVPF") == 0
			  || strcasecmp(proto, "RTP/SAVPF") == 0;
	if(!l->live)
		return;
	if(strcasecmp(kind, "application") == 0)
		leftover(l, "m=application");
	if(strncasecmp(proto, "RTP/", 4) != 0)
		leftover(l, "a transport of WebRTC");
	for(const char *p = line + 2 + at; l->pts_n < 1024;) {
		unsigned pt;
		int n = 0;
		if(sscanf(p, " %u%n", &pt, &n) != 1)
			return;
		l->pts[l->pts_n++] = pt;
		p += n;
	}
}

static inline void leftover_codec(struct leftovers *l, const char *value)
{
	static const char *const never[] = {
			"red", "rtx", "ulpfec", "flexfec", "CN"};
	char name[64] = "";
	unsigned pt;

	if(sscanf(value, "%u %63[^/ ]", &pt, name) != 2)
		return;
	if(pt < 128)
		l->named[pt] = true;
	for(size_t i = 0; i < sizeof never / sizeof *never; i++)
		if(strcasecmp(name, never[i]) == 0)
			leftover(l, never[i]);
	if(strncasecmp(name, "flexfec", 7) == 0)
		leftover(l, "flexfec");
}

static inline bool leftover_has(const char *text, const char *word)
{
	for(; *text; text++)
		if(strncasecmp(text, word, strlen(word)) == 0)
			return true;
	return false;
}

static inline void leftover_feedback(struct leftovers *l, const char *value)
{
	if(!l->avpf)
		leftover(l, "rtcp-fb without AVPF");
	if(leftover_has(value, "goog-remb") || leftover_has(value, "transport-cc"))
		leftover(l, "feedback of a browser");
}

static inline void leftover_line(struct leftovers *l)
{
	/* facts: the list "leftovers violating", and what ICE, DTLS and BUNDLE
	 * leave. */
	static const char *const never[] = {"mid", "msid", "msid-semantic", "ssrc",
			"ssrc-group", "extmap-allow-mixed", "rid", "simulcast",
			"rtcp-rsize", "rtcp-mux", "rtcp-mux-only", "bundle-only", "group",
			"candidate", "remote-candidates", "end-of-candidates", "ice-ufrag",
			"ice-pwd", "ice-options", "ice-lite", "ice-pacing", "fingerprint",
			"setup", "tls-id", "sctp-port", "sctpmap", "max-message-size",
			"dcmap", "dcsa", "identity", "imageattr"};
	const char *value;

	if(strncasecmp(l->line, "m=", 2) == 0)
		leftover_section_begin(l, l->line);
	for(size_t i = 0; i < sizeof never / sizeof *never; i++)
		if(leftover_is(l->line, never[i], &value))
			leftover(l, never[i]);
	/* TS 26.114 knows one header extension. */
	if(leftover_is(l->line, "extmap", &value)
			&& strstr(value, " urn:3gpp:video-orientation") == NULL)
		leftover(l, "extmap");
	if(leftover_is(l->line, "rtpmap", &value))
		leftover_codec(l, value);
	if(leftover_is(l->line, "rtcp-fb", &value))
		leftover_feedback(l, value);
}

/* What is left in `text`, or NULL; l->line is then where it was seen last. */
static inline const char *leftovers_find(
		struct leftovers *l, struct ep_view text)
{
	size_t n = 0;

	memset(l, 0, sizeof *l);
	for(size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.p[i] : '\n';
		if(c != '\r' && c != '\n') {
			if(n + 1 < sizeof l->line)
				l->line[n++] = c;
			continue;
		}
		l->line[n] = '\0';
		if(n > 0)
			leftover_line(l);
		if(l->what)
			return l->what;
		n = 0;
	}
	leftover_section_end(l);
	return l->what;
}

/* ---- mutants: the same ones on every machine ---- */

static inline uint64_t mutate_rand(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#define MUTANT_MAX 32768

struct mutant
{
	char text[MUTANT_MAX];
	size_t len;
};

static inline void mutant_splice(
		struct mutant *m, size_t at, size_t cut, const char *text, size_t len)
{
	if(at > m->len)
		at = m->len;
	if(cut > m->len - at)
		cut = m->len - at;
	if(m->len - cut + len > MUTANT_MAX)
		return;
	memmove(m->text + at + len, m->text + at + cut, m->len - at - cut);
	memcpy(m->text + at, text, len);
	m->len = m->len - cut + len;
}

/* A line with its end, picked at random. */
static inline struct ep_view mutant_line(struct mutant *m, uint64_t *seed)
{
	size_t from = m->len ? mutate_rand(seed) % m->len : 0, to;

	while(from > 0 && m->text[from - 1] != '\n')
		from--;
	for(to = from; to < m->len && m->text[to] != '\n';)
		to++;
	return ep_view_of(m->text + from, to + (to < m->len) - from);
}

static inline size_t mutant_at(const struct mutant *m, struct ep_view line)
{
	return (size_t)(line.p - m->text);
}

static inline void mutate_once(
		struct mutant *m, uint64_t *seed, struct ep_view other)
{
	static const char *const spice[] = {"a=mid:0\r\n", "a=MID : 0\r\n",
			"a=ssrc:1 cname:x\r\n", "a=Ssrc-Group:FID 1 2\r\n",
			"a=msid:- x\r\n",
			"a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
			"a=extmap:9/sendrecv urn:3gpp:video-orientation x\r\n",
			"a=rtcp-fb:* transport-cc\r\n", "a=rtcp-fb:* nack pli\r\n",
			"a=rtcp-fb:96 goog-remb\r\n", "a=rid:h send\r\n",
			"a=simulcast:send h;l\r\n", "a=rtcp-rsize\r\n",
			"a=rtpmap:96 rtx/90000\r\n", "a=rtpmap:111 RED/48000\r\n",
			"a=rtpmap:0 opus/48000/2\r\n", "a=rtpmap:97 flexfec-03/90000\r\n",
			"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
			"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:9\r\n",
			"m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n",
			"m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\na=bundle-only\r\na=mid:5\r\n",
			"a=group:BUNDLE 0 1 2\r\n", "a=bundle-only\r\n",
			"a=extmap-allow-mixed\r\n", "a=ice-lite\r\n", "a=rtcp-mux-only\r\n",
			"a=\r\n", "a=:mid\r\n", "b=AS:1\r\na=mid:x\r\n", "k=clear:x\r\n"};
	static const char marks[] = ":=/ \t\r\n\0a0;,.-mM";
	struct ep_view line = mutant_line(m, seed), to = mutant_line(m, seed);
	static char copy[MUTANT_MAX];
	const char *s;
	char c;

	switch(mutate_rand(seed) % 10) {
		case 0: /* a line less */
			mutant_splice(m, mutant_at(m, line), line.len, "", 0);
			break;
		case 1: /* a line twice */
			memcpy(copy, line.p, line.len);
			mutant_splice(m, mutant_at(m, line), 0, copy, line.len);
			break;
		case 2: /* a line somewhere else */
			memcpy(copy, line.p, line.len);
			mutant_splice(m, mutant_at(m, to), 0, copy, line.len);
			break;
		case 3: /* another octet */
			c = (char)mutate_rand(seed);
			mutant_splice(m, m->len ? mutate_rand(seed) % m->len : 0, 1, &c, 1);
			break;
		case 4: /* a mark more */
			c = marks[mutate_rand(seed) % (sizeof marks - 1)];
			mutant_splice(m, m->len ? mutate_rand(seed) % m->len : 0, 0, &c, 1);
			break;
		case 5: /* another case */
			for(size_t i = 2; i < line.len; i++)
				m->text[mutant_at(m, line) + i] =
						(char)toupper((unsigned char)line.p[i]);
			break;
		case 6: /* what a browser may come up with */
		case 7:
			s = spice[mutate_rand(seed) % (sizeof spice / sizeof *spice)];
			mutant_splice(m, mutant_at(m, line), 0, s, strlen(s));
			break;
		case 8: /* bare LF */
			if(line.len > 1 && line.p[line.len - 2] == '\r')
				mutant_splice(m, mutant_at(m, line) + line.len - 2, 1, "", 0);
			break;
		default: /* the sections of another one behind it */
			for(size_t i = 0; i + 2 < other.len; i++)
				if(memcmp(other.p + i, "\nm=", 3) == 0) {
					mutant_splice(
							m, m->len, 0, other.p + i + 1, other.len - i - 1);
					break;
				}
	}
}

#endif
