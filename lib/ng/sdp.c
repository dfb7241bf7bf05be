/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng/sdp.h"

/* One line with its end; *rest goes on behind it. */
static struct ep_view line_cut(struct ep_view *rest)
{
	size_t at = ep_view_find_chr(*rest, '\n');
	struct ep_view line = ep_view_head(*rest, at == SIZE_MAX ? at : at + 1);

	*rest = ep_view_from(*rest, line.len);
	return line;
}

/* Everything up to the next m= line. */
static struct ep_view section_cut(struct ep_view *rest)
{
	const char *from = rest->p;
	size_t len = line_cut(rest).len;

	while(rest->len && !ep_view_starts(*rest, EP_LIT("m=")))
		len += line_cut(rest).len;
	return ep_view_of(from, len);
}

static bool section_has(struct ep_view section, struct ep_view start)
{
	while(section.len)
		if(ep_view_starts(line_cut(&section), start))
			return true;
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
	while(section.len)
		connection_put(out, line_cut(&section));
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
	struct ep_view session = section_cut(&sdp), lines = session;
	bool ice = section_has(session, EP_LIT("a=ice-ufrag:"));

	if(blank && (ice || all_ice(sdp)))
		while(lines.len)
			connection_put(out, line_cut(&lines));
	ep_buf_put(out, lines);
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
