/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/view.h"

void ep_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;

	if(!len || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if(fd < 0)
		return;
	memcpy(to.sun_path, path, len);
	if(path[0] == '@')
		to.sun_path[0] = 0; /* the abstract name space */
	/* Best effort: the manager has time limits of its own. */
	ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
			(struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)n;
	close(fd);
}

static struct
{
	struct ep_loop_timer timer;
	uint64_t every_ms;
} watchdog;

static void watchdog_due(void *ctx)
{
	struct ep_iq *iq = ctx;

	ep_notify("WATCHDOG=1");
	ep_loop_timer_set(iq->loop, &watchdog.timer, watchdog.every_ms);
}

void ep_notify_watchdog(struct ep_iq *iq)
{
	const char *us = getenv("WATCHDOG_USEC");
	uint64_t n;

	if(!us || !ep_view_u64(&n, ep_view_z(us), UINT64_MAX / 2) || n < 2000)
		return;
	watchdog.every_ms = n / 2000;
	ep_loop_timer_init(&watchdog.timer, watchdog_due, iq);
	ep_loop_timer_set(iq->loop, &watchdog.timer, watchdog.every_ms);
}
