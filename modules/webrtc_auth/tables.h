/* SPDX-License-Identifier: GPL-2.0-or-later WITH OpenSSL-exception */
/**
 * The table files of [map:name] sections in shared memory: read and taken
 * apart once, by who reads the configuration; looked up by every process.
 */
#ifndef EP_WEBRTC_AUTH_TABLES_H
#define EP_WEBRTC_AUTH_TABLES_H

#include "token/config.h"
#include "token/maptable.h"

struct ep_tables;

/* Reads the tables of all maps of `policy`. EP_OK; else *error is filled, with
 * the line of the map's section; what is wrong in the table's own line is in
 * the text. Freed by ep_tables_free(), in any process. */
enum ep_err ep_tables_read(struct ep_tables **out,
		const struct ep_token_policy *policy, struct ep_config_error *error);
void ep_tables_free(struct ep_tables *tables);

/* Gives the maps of a policy, made from the same text, their content. */
void ep_tables_link(
		const struct ep_tables *tables, const struct ep_token_policy *policy);

#endif
