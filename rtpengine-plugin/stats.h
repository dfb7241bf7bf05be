/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * Counters, for /metrics and the statistics in the log. A row here is all that
 * a new one needs.
 */
#ifndef EP_IQ_STATS_H
#define EP_IQ_STATS_H

#include <stdint.h>

/* name (rtpengine_iq_<name>_total), what it counts */
#define EP_STATS(X)                                                            \
	X(requests, "commands from the SIP side, repeated ones too")               \
	X(repeated, "commands that had been answered already: same answer again")  \
	X(absorbed, "commands repeated while their answer was under way")          \
	X(refused_source, "datagrams from an address that may not command")        \
	X(refused_size, "datagrams longer than there is room for")                 \
	X(refused_syntax, "datagrams that are not ng messages")                    \
	X(refused_fragment, "fragments that this rtpengine cannot take")           \
	X(refused_load, "commands over the limit of commands under way")           \
	X(out_of_service, "commands while rtpengine was not in service")           \
	X(orphans, "deletes after offers that were given up")                      \
	X(changed, "commands changed for this version of rtpengine")               \
	X(south_sent, "datagrams to rtpengine")                                    \
	X(south_repeated, "of those, repeated ones")                               \
	X(south_answers, "answers of rtpengine")                                   \
	X(south_late, "answers of rtpengine that nobody waits for")                \
	X(south_broken, "answers of rtpengine that could not be read")             \
	X(south_timeouts, "commands that rtpengine did not answer")                \
	X(south_errors, "commands that rtpengine answered with an error")          \
	X(calls_seen, "calls that were new")                                       \
	X(calls_found, "calls found in rtpengine after a start")                   \
	X(calls_untracked, "calls over the limit of the table")                    \
	X(out_of_memory, "times that there was no memory")                         \
	X(service_lost, "times that rtpengine went out of service")                \
	X(send_failed, "datagrams that could not be sent")                         \
	/* of watch, events, http: */                                              \
	X(events, "events that happened")                                          \
	X(events_sent, "events sent to subscribers, repeated ones too")            \
	X(events_repeated, "of those, repeated ones")                              \
	X(events_acknowledged, "events that a subscriber acknowledged")            \
	X(events_lost, "events that a subscriber was too slow for: lost to it")    \
	X(queries, "queries about calls")                                          \
	X(queries_failed, "of those, unanswered or unreadable ones")               \
	X(queries_late, "queries that the budget put off")                         \
	X(timeouts_told, "calls that rtpengine said it ended for silence")         \
	X(dtmf_told, "keys that rtpengine told of")                                \
	X(dtmf_flooded, "of those, over 20 a second of one call: no event")        \
	X(refused_notice, "notices of rtpengine that could not be read")

enum ep_stat
{
#define X(name, help) EP_STAT_##name,
	EP_STATS(X)
#undef X
			EP_STAT_N
};

struct ep_stats
{
	uint64_t n[EP_STAT_N];
};

#define ep_stat_inc(iq, name) ((void)(iq)->stats.n[EP_STAT_##name]++)

const char *ep_stat_name(enum ep_stat s);
const char *ep_stat_help(enum ep_stat s);

#endif
