/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/sdp.h"

/* One line with its end; *rest goes on behind it. */
static struct ep_view line_cut(struct ep_view *rest)
{
	const char *p = rest->p;
	const char *end = rest->len ? memchr(p, '\n', rest->len) : NULL;
	size_t n = end ? (size_t)(end - p) + 1 : rest->len;

	*rest = ep_view_of(p ? p + n : NULL, rest->len - n);
	return ep_view_of(p, n);
}

/* Everything up to the next m= line. */
static struct ep_view section_cut(struct ep_view *rest)
{
	const char *from = rest->p;
	size_t len = line_cut(rest).len;

	while(rest->len
			&& (rest->p[0] != 'm' || !ep_view_starts(*rest, EP_LIT("m="))))
		len += line_cut(rest).len;
	return ep_view_of(from, len);
}

/* `start` has three octets at least. */
static bool section_has(struct ep_view section, struct ep_view start)
{
	while(section.len) {
		struct ep_view line = line_cut(&section);
		/* Most lines differ there, where they differ at all. */
		if(line.len >= start.len && line.p[2] == start.p[2]
				&& ep_view_starts(line, start))
			return true;
	}
	return false;
}

/* `m=audio 40000 UDP/TLS/RTP/SAVPF 0`: media and port, RTP and not rejected.
 * *tail begins at the blank behind the port. */
static bool port_find(
		struct ep_view *head, struct ep_view *tail, struct ep_view line)
{
	size_t a = ep_view_find_chr(line, ' ');
	struct ep_view port = ep_view_from(line, a == SIZE_MAX ? a : a + 1);
	size_t b = ep_view_find_chr(port, ' ');
	uint64_t n;

	if(a == SIZE_MAX || b == SIZE_MAX)
		return false;
	*head = ep_view_head(line, a + 1);
	*tail = ep_view_from(port, b);
	port = ep_view_head(port, b);
	return ep_view_find(*tail, EP_LIT("RTP/")) != SIZE_MAX
		   && ep_view_u64(&n, port, 65535) && n;
}

/* `c=IN IP4 192.0.2.1` */
static void connection_put(struct ep_buf *out, struct ep_view line)
{
	static const struct
	{
		struct ep_view start, blank;
	} table[] = {
			{{"c=IN IP4 ", 9}, {"0.0.0.0", 7}}, {{"c=IN IP6 ", 9}, {"::", 2}}};

	for(size_t i = 0; i < 2; i++) {
		struct ep_view rest = ep_view_from(line, table[i].start.len);
		size_t n = 0;
		if(!ep_view_starts(line, table[i].start))
			continue;
		while(n < rest.len && rest.p[n] != '\r' && rest.p[n] != '\n')
			n++;
		if(n < table[i].blank.len)
			break;
		ep_buf_put(out, table[i].start);
		ep_buf_put(out, table[i].blank);
		ep_buf_put(out, ep_view_from(rest, n));
		return;
	}
	ep_buf_put(out, line);
}

/* What is not a c= line goes together with its neighbours. */
static void lines_put(struct ep_buf *out, struct ep_view lines)
{
	const char *from = lines.p;

	while(lines.len) {
		struct ep_view line = line_cut(&lines);
		if(line.p[0] != 'c')
			continue;
		ep_buf_put(out, ep_view_of(from, (size_t)(line.p - from)));
		connection_put(out, line);
		from = lines.p;
	}
	if(from)
		ep_buf_put(out, ep_view_of(from, (size_t)(lines.p - from)));
}

static bool has_connection(struct ep_view lines)
{
	while(lines.len)
		if(line_cut(&lines).p[0] == 'c')
			return true;
	return false;
}

static void section_put(struct ep_buf *out, struct ep_view section, bool ice)
{
	struct ep_view head, tail, line = line_cut(&section);

	ice = ice || section_has(section, EP_LIT("a=ice-ufrag:"));
	if(!ice || !port_find(&head, &tail, line)) {
		ep_buf_put(out, line);
		ep_buf_put(out, section);
		return;
	}
	ep_buf_put(out, head);
	ep_buf_put_chr(out, '9');
	ep_buf_put(out, tail);
	lines_put(out, section);
}

/* The session's c= line is everybody's: only if all have ICE. */
static bool all_ice(struct ep_view rest)
{
	bool some = false;

	while(rest.len) {
		struct ep_view head, tail, section = section_cut(&rest);
		struct ep_view line = section;
		if(!port_find(&head, &tail, line_cut(&line)))
			continue;
		if(!section_has(section, EP_LIT("a=ice-ufrag:")))
			return false;
		some = true;
	}
	return some;
}

static void tls_id_put(
		struct ep_buf *out, struct ep_view session, struct ep_view tls_id)
{
	if(!tls_id.p)
		return;
	ep_buf_put_z(out, "a=tls-id:");
	ep_buf_put(out, tls_id);
	ep_buf_put_z(out, ep_view_ends(session, EP_LIT("\r\n")) ? "\r\n" : "\n");
}

void ep_ng_sdp_print(struct ep_buf *out, struct ep_view sdp, bool blank,
		struct ep_view tls_id)
{
	struct ep_view session = section_cut(&sdp);
	bool ice = section_has(session, EP_LIT("a=ice-ufrag:"));

	if(blank && has_connection(session) && (ice || all_ice(sdp)))
		lines_put(out, session);
	else
		ep_buf_put(out, session);
	/* Behind a whole line, or there is no place. */
	if(ep_view_ends(session, EP_LIT("\n")))
		tls_id_put(out, session, tls_id);
	if(!blank)
		ep_buf_put(out, sdp);
	while(blank && sdp.len)
		section_put(out, section_cut(&sdp), ice);
}

bool ep_ng_sdp_tls_id(char out[EP_NG_TLS_ID_MAX + 1], struct ep_view sdp)
{
	struct ep_view value = ep_view_none();
	size_t n = 0;

	if(section_has(sdp, EP_LIT("a=tls-id:")))
		return false;
	while(sdp.len && !value.p) {
		struct ep_view line = line_cut(&sdp);
		if(ep_view_starts(line, EP_LIT("a=fingerprint:"))) {
			value = line;
			ep_view_cut(&value, ' ');
		}
	}
	for(size_t i = 0; i < value.len && n < EP_NG_TLS_ID_MAX; i++)
		if(ep_chr_hex(value.p[i]) >= 0)
			out[n++] = value.p[i];
	out[n] = '\0';
	return n >= EP_NG_TLS_ID_MIN;
}

/* A section with a port of its own has an address of its own. */
bool ep_ng_sdp_blank_changes(struct ep_view sdp)
{
	struct ep_view session = section_cut(&sdp), head, tail;
	bool ice = section_has(session, EP_LIT("a=ice-ufrag:"));

	while(sdp.len) {
		struct ep_view section = section_cut(&sdp);
		struct ep_view rest = section, line = line_cut(&rest);
		if((ice || section_has(rest, EP_LIT("a=ice-ufrag:")))
				&& port_find(&head, &tail, line)
				&& !ep_view_eq(ep_view_head(ep_view_from(line, head.len),
									   line.len - head.len - tail.len),
						EP_LIT("9")))
			return true;
	}
	return false;
}
