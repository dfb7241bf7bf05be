/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* rtpengine-iq: between SIP proxies and one rtpengine (iq.h). */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>
#include "calls.h"
#include "capabilities.h"
#include "cookies.h"
#include "dtmf.h"
#include "events.h"
#include "http.h"
#include "iq.h"
#include "log.h"
#include "north.h"
#include "notify.h"
#include "resync.h"
#include "service.h"
#include "south.h"
#include "watch.h"

#ifndef EP_VERSION
#define EP_VERSION "0.1"
#endif
#define CONFIG "/etc/rtpengine/rtpengine-iq.conf"

static struct ep_iq iq;
static struct ep_conf conf;

static void usage(FILE *to)
{
	fputs("usage: rtpengine-iq [--config FILE] [--check]\n"
		  "  --config FILE  read FILE (" CONFIG
		  ")\n"
		  "  --check        read the configuration, say what is wrong with it, "
		  "end\n"
		  "  --version      print the version, end\n"
		  "It stays in the foreground and logs to standard error. Exit codes: 0 "
		  "ended by\nSIGTERM or SIGINT, 64 usage, 71 the system said no, 78 "
		  "configuration.\n",
			to);
}

/* Each part, in the order of starting; ended in the opposite order. */
static const struct
{
	const char *name;
	int (*init)(struct ep_iq *iq);
	void (*fini)(struct ep_iq *iq);
} parts[] = {
		{"calls", ep_calls_init, ep_calls_fini},
		{"cookies", ep_cookies_init, ep_cookies_fini},
		{"events", ep_events_init, ep_events_fini},
		{"watch", ep_watch_init, ep_watch_fini},
		{"resync", ep_resync_init, ep_resync_fini},
		{"service", ep_service_init, ep_service_fini},
		{"north", ep_north_init, ep_north_fini},
		{"south", ep_south_init, ep_south_fini},
		{"capabilities", ep_capabilities_init, ep_capabilities_fini},
		{"dtmf", ep_dtmf_init, ep_dtmf_fini},
		{"http", ep_http_init, ep_http_fini},
};
#define PARTS_N (sizeof parts / sizeof *parts)

static void signal_ready(void *ctx, int fd, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)ctx;
	(void)events;
	if(read(fd, &info, sizeof info) != sizeof info)
		return;
	if(info.ssi_signo == SIGHUP) {
		ep_log(EP_LOG_NOTICE,
				"nothing is read anew while it runs: restart, "
				"no call minds");
		return;
	}
	ep_log(EP_LOG_NOTICE, "ends: signal %u", info.ssi_signo);
	ep_loop_stop(iq.loop);
}

static int signals_init(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if(sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -1
				  : ep_loop_fd_add(iq.loop, fd, EPOLLIN, signal_ready, NULL);
}

static int start(size_t *n)
{
	iq.conf = &conf;
	iq.epoch = (uint64_t)ep_loop_wall_ms();
	iq.loop = ep_loop_new();
	if(!iq.loop || signals_init()
			|| getrandom(iq.hash_key, sizeof iq.hash_key, 0)
					   != sizeof iq.hash_key) {
		ep_log(EP_LOG_ERROR, "cannot start: %s", strerror(errno));
		return -1;
	}
	for(*n = 0; *n < PARTS_N; ++*n)
		if(parts[*n].init(&iq)) {
			ep_log(EP_LOG_ERROR, "%s cannot start", parts[*n].name);
			++*n; /* what it began is ended, too */
			return -1;
		}
	return 0;
}

static int run(void)
{
	size_t n = 0;
	int ended = EX_OSERR;

	if(start(&n) == 0) {
		char text[EP_ADDR_TEXT_MAX];
		ep_log(EP_LOG_NOTICE, "ready, commands rtpengine at %s",
				ep_addr_print(text, &conf.rtpengine));
		ep_notify("READY=1");
		ep_notify_watchdog(&iq);
		ended = ep_loop_run(iq.loop) ? EX_OSERR : 0;
		ep_notify("STOPPING=1");
	}
	while(n)
		parts[--n].fini(&iq);
	ep_loop_free(iq.loop);
	return ended;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
			{"config", required_argument, NULL, 'c'},
			{"check", no_argument, NULL, 'k'},
			{"version", no_argument, NULL, 'v'},
			{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *path = CONFIG;
	char error[EP_CONF_ERROR_MAX];
	bool check = false;
	int c;

	while((c = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		switch(c) {
			case 'c':
				path = optarg;
				break;
			case 'k':
				check = true;
				break;
			case 'v':
				puts("rtpengine-iq " EP_VERSION);
				return 0;
			case 'h':
				usage(stdout);
				return 0;
			default:
				usage(stderr);
				return EX_USAGE;
		}
	if(optind != argc) {
		usage(stderr);
		return EX_USAGE;
	}
	if(!ep_conf_read(&conf, error, path)) {
		ep_log(EP_LOG_ERROR, "%s", error);
		return EX_CONFIG;
	}
	if(check) {
		printf("%s: ok\n", path);
		return 0;
	}
	ep_log_level_set(conf.log_level);
	/* The heap's end comes and goes with every command otherwise. */
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	return run();
}
