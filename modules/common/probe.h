/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/* Does an async worker run what is pushed? */
#ifndef EP_COMMON_PROBE_H
#define EP_COMMON_PROBE_H

#include <stdbool.h>

#include "core/str.h"

/* Pushes a task to the group, which sets *ready (in shared memory) when it is
 * run. To a group that does not exist a task is pushed with success, and lost:
 * nothing is to be suspended before this one came back. */
void ep_async_probe(str *group, volatile bool *ready);

#endif
