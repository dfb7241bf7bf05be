/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX 65536

enum kind
{
	ADDR,
	LISTEN, /* may repeat */
	ALLOW,  /* may repeat */
	NUMBER,
	TEXT32
};

struct row
{
	const char *key;
	enum kind kind;
	size_t at; /* offset in struct ep_conf */
	unsigned otherwise, min, max;
};

#define AT(member) offsetof(struct ep_conf, member)
static const struct row rows[] = {
		{"listen", LISTEN, 0, 0, 0, 0},
		{"allow", ALLOW, 0, 0, 0, 0},
		{"rtpengine", ADDR, AT(rtpengine), 0, 0, 0},
		{"rtpengine_version", TEXT32, AT(rtpengine_version), 0, 0, 0},
		{"rtpengine_timeout_ms", NUMBER, AT(rtpengine_timeout_ms), 150, 10,
				10000},
		{"rtpengine_retries", NUMBER, AT(rtpengine_retries), 2, 0, 10},
		{"ping_interval_ms", NUMBER, AT(ping_interval_ms), 500, 50, 60000},
		{"ping_lost", NUMBER, AT(ping_lost), 2, 1, 20},
		{"inflight_max", NUMBER, AT(inflight_max), 8192, 1, 1000000},
		{"calls_max", NUMBER, AT(calls_max), 20000, 1, 1000000},
		{"cookie_keep_s", NUMBER, AT(cookie_keep_s), 30, 10, 600},
		{"cookie_cache_kb", NUMBER, AT(cookie_cache_kb), 32768, 64, 4194304},
		{"restore_calls_max", NUMBER, AT(restore_calls_max), 1000, 1, 100000},
		{"query_interval_ms", NUMBER, AT(query_interval_ms), 1000, 100, 60000},
		{"query_per_s", NUMBER, AT(query_per_s), 200, 1, 100000},
		{"ice_timeout_ms", NUMBER, AT(ice_timeout_ms), 10000, 500, 600000},
		{"dtls_timeout_ms", NUMBER, AT(dtls_timeout_ms), 10000, 500, 600000},
		{"media_lost_ms", NUMBER, AT(media_lost_ms), 10000, 500, 600000},
		{"subscribers_max", NUMBER, AT(subscribers_max), 16, 1, 1024},
		{"subscriber_ttl_max_s", NUMBER, AT(subscriber_ttl_max_s), 300, 5,
				86400},
		{"events_max", NUMBER, AT(events_max), 10000, 16, 10000000},
		{"http_listen", ADDR, AT(http_listen), 0, 0, 0},
		{"timeout_listen", ADDR, AT(timeout_listen), 0, 0, 0},
		{"dtmf_listen", ADDR, AT(dtmf_listen), 0, 0, 0},
		{"log_level", NUMBER, AT(log_level), 5, 3, 7},
};
#define ROWS_N (sizeof rows / sizeof *rows)

struct reader
{
	struct ep_conf *out;
	char *error;
	const char *name;
	unsigned line;
	bool seen[ROWS_N];
};

__attribute__((format(printf, 2, 3))) static bool fail(
		struct reader *r, const char *fmt, ...)
{
	char why[EP_CONF_ERROR_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	if(r->line)
		snprintf(r->error, EP_CONF_ERROR_MAX, "%.100s:%u: %s", r->name, r->line,
				why);
	else
		snprintf(r->error, EP_CONF_ERROR_MAX, "%.100s: %s", r->name, why);
	return false;
}

static bool number_set(
		struct reader *r, const struct row *row, struct ep_view value)
{
	uint64_t n;

	if(!ep_view_u64(&n, value, row->max) || n < row->min)
		return fail(r, "%s is a number from %u to %u", row->key, row->min,
				row->max);
	*(unsigned *)(void *)((char *)r->out + row->at) = (unsigned)n;
	return true;
}

static bool addr_set(
		struct reader *r, const struct row *row, struct ep_view value)
{
	struct ep_addr *addr = (void *)((char *)r->out + row->at);

	if(row->kind == LISTEN) {
		if(r->out->listen_n == EP_CONF_LISTEN_MAX)
			return fail(r, "%s stands more than %u times", row->key,
					EP_CONF_LISTEN_MAX);
		addr = &r->out->listen[r->out->listen_n++];
	}
	if(!ep_addr_parse(addr, value))
		return fail(r,
				"%s is an address and a port: 127.0.0.1:2223 or [::1]:2223",
				row->key);
	return true;
}

static bool allow_add(struct reader *r, struct ep_view value)
{
	if(r->out->allow_n == EP_CONF_ALLOW_MAX)
		return fail(r, "allow stands more than %u times", EP_CONF_ALLOW_MAX);
	if(!ep_net_parse(&r->out->allow[r->out->allow_n++], value))
		return fail(r,
				"allow is an address or a network, not of the whole "
				"world: 192.0.2.5 or 192.0.2.0/24");
	return true;
}

static bool text_set(
		struct reader *r, const struct row *row, struct ep_view value)
{
	char *text = (char *)r->out + row->at;

	if(value.len > 31 || !ep_view_only(value, ".-+~_"))
		return fail(r, "%s is a word", row->key);
	memcpy(text, value.p, value.len);
	return true;
}

static bool row_set(struct reader *r, const struct row *row, struct ep_view v)
{
	if(!v.len)
		return fail(r, "%s has no value", row->key);
	switch(row->kind) {
		case NUMBER:
			return number_set(r, row, v);
		case ALLOW:
			return allow_add(r, v);
		case TEXT32:
			return text_set(r, row, v);
		case ADDR:
		case LISTEN:
		default:
			return addr_set(r, row, v);
	}
}

static bool line_read(struct reader *r, struct ep_view line)
{
	struct ep_view rest = line;
	struct ep_view value = ep_view_trim(ep_view_cut(&rest, '#'));

	if(!value.len)
		return true;
	struct ep_view key = ep_view_trim(ep_view_cut(&value, '='));
	if(!value.p)
		return fail(r, "not `key = value`");
	for(size_t i = 0; i < ROWS_N; i++) {
		if(!ep_view_eq(key, ep_view_z(rows[i].key)))
			continue;
		bool repeats = rows[i].kind == LISTEN || rows[i].kind == ALLOW;
		if(r->seen[i] && !repeats)
			return fail(r, "%s stands twice", rows[i].key);
		r->seen[i] = true;
		return row_set(r, &rows[i], ep_view_trim(value));
	}
	return fail(r, "there is no key \"%.*s\"",
			(int)(key.len < 40 ? key.len : 40), key.p);
}

static void defaults_set(struct ep_conf *out)
{
	memset(out, 0, sizeof *out);
	for(size_t i = 0; i < ROWS_N; i++)
		if(rows[i].kind == NUMBER)
			*(unsigned *)(void *)((char *)out + rows[i].at) = rows[i].otherwise;
}

/* An address that others than this machine reach. */
static bool open_check(
		struct reader *r, const char *key, const struct ep_addr *addr)
{
	char text[EP_ADDR_TEXT_MAX];

	if(!addr->len || ep_addr_loopback(addr) || r->out->allow_n)
		return true;
	return fail(r, "%s = %s is no loopback address: say with `allow` who may",
			key, ep_addr_print(text, addr));
}

/* The same address; or every address, and so rtpengine's on this machine. */
static bool is_own(
		const struct ep_addr *listen, const struct ep_addr *rtpengine)
{
	struct ep_addr any = *rtpengine;

	if(ep_addr_eq(listen, rtpengine))
		return true;
	if(any.sa.sa_family == AF_INET6)
		any.in6.sin6_addr = in6addr_any;
	else
		any.in.sin_addr.s_addr = INADDR_ANY;
	return ep_addr_loopback(rtpengine) && ep_addr_eq(listen, &any);
}

static bool whole_check(struct reader *r)
{
	struct ep_conf *c = r->out;

	r->line = 0;
	if(!c->listen_n)
		return fail(r, "no `listen`");
	if(!c->rtpengine.len)
		return fail(r, "no `rtpengine`");
	for(size_t i = 0; i < c->listen_n; i++) {
		if(!open_check(r, "listen", &c->listen[i]))
			return false;
		if(is_own(&c->listen[i], &c->rtpengine))
			return fail(r, "`listen` and `rtpengine` are the same address");
	}
	return open_check(r, "http_listen", &c->http_listen)
		   && open_check(r, "timeout_listen", &c->timeout_listen)
		   && open_check(r, "dtmf_listen", &c->dtmf_listen);
}

bool ep_conf_parse(struct ep_conf *out, char error[EP_CONF_ERROR_MAX],
		const char *name, struct ep_view text)
{
	struct reader r = {.out = out, .error = error, .name = name};
	struct ep_view rest = text;

	defaults_set(out);
	while(rest.p) {
		r.line++;
		if(!line_read(&r, ep_view_cut(&rest, '\n')))
			return false;
	}
	return whole_check(&r);
}

bool ep_conf_read(
		struct ep_conf *out, char error[EP_CONF_ERROR_MAX], const char *path)
{
	FILE *f = fopen(path, "re");

	if(!f) {
		snprintf(error, EP_CONF_ERROR_MAX, "%.200s: %s", path, strerror(errno));
		return false;
	}
	char *text = malloc(FILE_MAX + 1);
	size_t n = text ? fread(text, 1, FILE_MAX + 1, f) : 0;
	bool ok = text && !ferror(f) && n <= FILE_MAX;
	fclose(f);
	if(ok)
		ok = ep_conf_parse(out, error, path, ep_view_of(text, n));
	else
		snprintf(error, EP_CONF_ERROR_MAX, "%.200s: cannot be read, or is long",
				path);
	free(text);
	return ok;
}

bool ep_conf_allows(const struct ep_conf *conf, const struct ep_addr *from)
{
	if(ep_addr_loopback(from))
		return true;
	for(size_t i = 0; i < conf->allow_n; i++)
		if(ep_net_has(&conf->allow[i], from))
			return true;
	return false;
}
