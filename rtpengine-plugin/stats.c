/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
#include "stats.h"

static const struct
{
	const char *name, *help;
} table[] = {
#define X(name, help) {#name, help},
		EP_STATS(X)
#undef X
};

const char *ep_stat_name(enum ep_stat s)
{
	return table[s].name;
}

const char *ep_stat_help(enum ep_stat s)
{
	return table[s].help;
}
