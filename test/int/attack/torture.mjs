// SPDX-License-Identifier: BSD-2-Clause
// The kinds of RFC 4475, as a registered page could send them. The messages are
// made anew: what is odd is the RFC's, who speaks to whom is the lab's.
//
//   torture(page) -> {name: {text, does}}, in the order of the RFC
//
// does: 'drop'       no answer, frames_malformed counts it, nothing goes on
//       'none'       no answer, nothing goes on (a response of no transaction)
//       a status     the eP-CSCF's own answer, nothing goes on
//       [statuses]   one of them, from wherever; what goes on is well-formed
import { rand } from '../tna_register/support/sip.mjs';

const lines = (...all) => all.flat().filter((l) => l !== undefined).join('\r\n');

// A request in an ordinary dress; `o` has what is odd about it.
function request(p, method, o = {}) {
	const callId = o.callId ?? rand(8), body = o.body ?? '';
	const h = {
		via: `Via: SIP/2.0/WSS ${p.host};branch=z9hG4bK${rand()}`, max: 'Max-Forwards: 70', to: `To: <${o.target ?? 'sip:user4@home1.net'}>`,
		from: `From: <${p.aor}>;tag=${rand(4)}`, id: `Call-ID: ${callId}`, cseq: `CSeq: ${p.cseq++} ${method}`, contact: `Contact: <${p.contact}>`,
		auth: `Authorization: Bearer ${p.token}`, more: [], length: `Content-Length: ${Buffer.byteLength(body)}`, ...o.headers };
	return { callId, text: lines(o.start ?? `${method} ${o.target ?? 'sip:user4@home1.net'} SIP/2.0`, h.via, h.max, h.to, h.from, h.id, h.cseq, h.contact, h.auth,
		h.more, h.length, '', body) };
}

function response(p, start, { headers = [], callId = rand(8), via = `Via: SIP/2.0/UDP 127.0.0.6:15060;branch=z9hG4bK${rand()}` } = {}) {
	return { callId, text: lines(start, via, `To: <${p.aor}>;tag=1`, 'From: <sip:x@home1.net>;tag=2', `Call-ID: ${callId}`, 'CSeq: 8 INVITE', ...headers, 'Content-Length: 0', '', '') };
}

const SDP = lines('v=0', 'o=mhandley 29739 7272939 IN IP4 192.0.2.3', 's=-', 'c=IN IP4 192.0.2.4', 't=0 0', 'm=audio 49217 RTP/AVP 0 12', 'm=video 3227 RTP/AVP 31', 'a=rtpmap:31 LPC', '');
const sdp = ['Content-Type: application/sdp'];
const register = (p, o = {}) => request(p, 'REGISTER', { target: p.aor, start: 'REGISTER sip:home1.net SIP/2.0', ...o });

// What the core says to what reaches it: user4 is not registered, others are nobody.
const CORE = [404, 480, 604];

const KINDS = {
	// 3.1.1: valid, and hard to read.
	'3.1.1.1_short_tortuous': (p) => [request(p, 'INVITE', { start: 'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0', body: SDP, headers: {
		to: 'TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n', from: `From   : "J Rosenberg \\\\\\""       <${p.aor}>\r\n  ;\r\n  tag = 98asjd8`,
		max: 'MaX-fOrWaRdS: 0068', cseq: 'cseq: 0009\r\n  INVITE', via: 'Via  : SIP  /   2.0\r\n /WSS\r\n    192.0.2.2;branch=390skdjuw', more: ['s :', 'NewFangledHeader:   newfangled value\r\n continued newfangled value',
			'UnknownHeaderWithUnusualValue: ;;,,;;,;', 'Content-Type: application/sdp', 'v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239'] } }), 'drop'],
	// The same without folding where two readers could differ.
	'3.1.1.1_short_tortuous_on_one_line_each': (p) => [request(p, 'MESSAGE', { body: 'x', headers: { max: 'MaX-fOrWaRdS: 0068', to: 'TO :   <sip:user4@home1.net>', from: `From   : "J Rosenberg \\\\\\""       <${p.aor}>  ;  tag = 98asjd8`,
		more: ['s :', 'NewFangledHeader:   newfangled value\r\n continued newfangled value', 'UnknownHeaderWithUnusualValue: ;;,,;;,;', 'c: text/plain'] } }), CORE],
	'3.1.1.2_wide_range_of_characters': (p) => [request(p, "!interesting-Method0123456789_*+`.%indeed'~", { headers: { more: ["extensionHeader-!.%*+_`'~:\u{fe10}\u{4f60}\u{597d}"],
		from: `From: "BEL:\\\x07 NUL:\\\x01 DEL:\\\x7f" <${p.aor}>;tag=_token~1'+\`*%!-.` } }), 'drop'],
	// The same but for the name of the header, where sipframe.h takes fewer
	// characters; and tshark reads methods of 16 octets.
	'3.1.1.2_wide_range_of_characters_in_values': (p) => [request(p, "!Me-th0d_*+`.%'~", { headers: { more: ["extensionHeader-._+~: \u{fe10}\u{4f60}\u{597d}"],
		from: `From: "BEL:\\\x07 NUL:\\\x01 DEL:\\\x7f" <${p.aor}>;tag=_token~1'+\`*%!-.` } }), CORE],
	'3.1.1.3_percent_escapes': (p) => [request(p, 'MESSAGE', { target: 'sip:user%34@home1.net', body: 'x', headers: { more: ['Content-Type: text/plain'] } }), CORE],
	'3.1.1.4_escaped_nulls': (p) => [register(p, { headers: { to: 'To: <sip:null-%00-null@home1.net>', from: 'From: <sip:null-%00-null@home1.net>;tag=839923423', contact: 'Contact: <sip:%00@host5.example.com>\r\nContact: <sip:%00%00@host5.example.com>' } }), 403],
	'3.1.1.5_percent_that_is_no_escape': (p) => [request(p, 'RE%47IST%45R'), CORE],
	'3.1.1.6_no_space_behind_the_display_name': (p) => [request(p, 'OPTIONS', { headers: { from: `From: caller<${p.aor}>;tag=323` } }), CORE],
	'3.1.1.7_long_values': (p) => [request(p, 'MESSAGE', { body: 'x', headers: { from: `From: "I have a user name of ${'extreme'.repeat(60)} proportion" <${p.aor}>;tag=${'f'.repeat(300)}`,
		more: [`Unknown-${'Long'.repeat(60)}-Name: unknown-${'long'.repeat(60)}-value; unknown-${'long'.repeat(40)}-parameter-name = ${'x'.repeat(200)}`, 'Content-Type: text/plain',
			`Via: SIP/2.0/TCP sip33.example.com`, ...Array.from({ length: 20 }, (_, i) => `v: SIP/2.0/TCP sip${i}.example.com`)] } }), CORE],
	'3.1.1.8_octets_behind_the_message': (p) => { const first = register(p); return [{ ...first, text: `${first.text}INVITE sip:joe@example.com SIP/2.0\r\nt: sip:joe@example.com\r\n\r\n` }, 400]; },
	'3.1.1.9_parameters_in_the_user_part': (p) => [request(p, 'OPTIONS', { target: 'sip:user;par=u%40example.net@home1.net' }), CORE],
	'3.1.1.10_unknown_transports': (p) => [request(p, 'OPTIONS', { headers: { more: ['Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bK1', 'Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2', 'Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bK3', 'Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK4'] } }), CORE],
	'3.1.1.11_multipart': (p) => [request(p, 'MESSAGE', { body: '--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\xff\r\n--7a9cbec02ceef655--\r\n',
		headers: { more: ['Content-Type: multipart/mixed;boundary=7a9cbec02ceef655'] } }), CORE],
	'3.1.1.12_unusual_reason': (p) => [response(p, 'SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e'), 'none'],
	'3.1.1.13_empty_reason': (p) => [response(p, 'SIP/2.0 100 '), 'none'],
	// 3.1.2: invalid.
	'3.1.2.1_extra_separators': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: ['Content-Type: application/sdp'], contact: `Contact: "Joe" <${p.contact}>;;;;`, via: `Via: SIP/2.0/WSS ${p.host};branch=z9hG4bK1;;,;,,` } }), 'drop'],
	'3.1.2.2_length_beyond_the_message': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: sdp, length: 'Content-Length: 9999' } }), 'drop'],
	'3.1.2.3_length_negative': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: sdp, length: 'Content-Length: -999' } }), 'drop'],
	'3.1.2.4_overlarge_numbers': (p) => [register(p, { headers: { cseq: 'CSeq: 36893488147419103232 REGISTER', max: 'Max-Forwards: 300', contact: `Contact: <${p.contact}>;expires=280297596632815`, more: ['Expires: 10000000000000'] } }), 'drop'],
	'3.1.2.4_overlarge_expiry_alone': (p) => [register(p, { headers: { contact: `Contact: <${p.contact}>;expires=280297596632815`, more: ['Expires: 10000000000000'] } }), [200, 400]],
	'3.1.2.4_overlarge_max_forwards_alone': (p) => [request(p, 'OPTIONS', { headers: { max: 'Max-Forwards: 300' } }), [400, 483, ...CORE]],
	'3.1.2.5_overlarge_numbers_of_a_response': (p) => [response(p, 'SIP/2.0 503 Service Unavailable', { headers: ['Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"'] }), 'drop'],
	'3.1.2.6_open_quote_in_to': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: sdp, to: 'To: "Mr. J. User <sip:j.user@example.com>' } }), 'drop'],
	'3.1.2.7_brackets_around_the_uri': (p) => [request(p, 'INVITE', { start: 'INVITE <sip:user4@home1.net> SIP/2.0', body: SDP, headers: { more: sdp } }), 400],
	'3.1.2.8_space_in_the_uri': (p) => [request(p, 'INVITE', { start: 'INVITE sip:user4@home1.net; lr SIP/2.0', body: SDP, headers: { more: sdp } }), 'drop'],
	'3.1.2.9_spaces_in_the_first_line': (p) => [request(p, 'INVITE', { start: 'INVITE  sip:user4@home1.net  SIP/2.0', body: SDP, headers: { more: sdp } }), 'drop'],
	'3.1.2.10_space_behind_the_first_line': (p) => [request(p, 'OPTIONS', { start: 'OPTIONS sip:user4@home1.net SIP/2.0  ' }), 'drop'],
	'3.1.2.11_headers_in_the_uri': (p) => [request(p, 'INVITE', { target: 'sip:user4@home1.net?Route=%3Csip:example.com%3E', body: SDP, headers: { more: sdp, to: 'To: <sip:user4@home1.net>' } }), [400, 403, 488, ...CORE]],
	'3.1.2.12_date_with_a_time_zone': (p) => [request(p, 'OPTIONS', { headers: { more: ['Date: Fri, 01 Jan 2010 16:00:00 EST'] } }), [400, ...CORE]],
	'3.1.2.13_contact_without_brackets': (p) => [register(p, { headers: { contact: 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E' } }), [200, 400, 403]],
	'3.1.2.14_spaces_in_an_address': (p) => [request(p, 'OPTIONS', { headers: { to: 'To: "Watson, Thomas" < sip:t.watson@example.org >' } }), 'drop'],
	'3.1.2.15_display_name_that_is_no_token': (p) => [request(p, 'OPTIONS', { headers: { to: 'To: Bell, Alexander <sip:a.g.bell@example.com>' } }), 'drop'],
	'3.1.2.16_unknown_version': (p) => [request(p, 'OPTIONS', { start: 'OPTIONS sip:user4@home1.net SIP/7.0' }), 'drop'],
	'3.1.2.17_cseq_of_another_method': (p) => [request(p, 'OPTIONS', { headers: { cseq: 'CSeq: 8 INVITE' } }), 'drop'],
	'3.1.2.18_unknown_method_and_cseq_of_another': (p) => [request(p, 'NEWMETHOD', { headers: { cseq: 'CSeq: 8 INVITE' } }), 'drop'],
	'3.1.2.19_overlarge_status': (p) => [response(p, 'SIP/2.0 4294967301 better not break the receiver'), 'drop'],
	// 3.2: transactions.
	'3.2.1_branch_of_the_cookie_alone': (p) => [request(p, 'OPTIONS', { headers: { via: `Via: SIP/2.0/WSS ${p.host};branch=z9hG4bK` } }), [400, ...CORE]],
	// 3.3: meaning.
	'3.3.1_headers_missing': (p) => { const id = rand(8); return [{ callId: id, text: lines('INVITE sip:user4@home1.net SIP/2.0', 'CSeq: 193942 INVITE', `Via: SIP/2.0/WSS ${p.host};branch=z9hG4bKkdj.insuf`, `Authorization: Bearer ${p.token}`,
		...sdp, `X-Id: ${id}`, `l: ${SDP.length}`, '', SDP) }, 'drop']; },
	'3.3.2_unknown_scheme': (p) => [request(p, 'OPTIONS', { start: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0' }), [400, 416]],
	'3.3.3_known_but_unusual_scheme': (p) => [request(p, 'OPTIONS', { start: 'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0' }), [400, 416]],
	'3.3.4_unknown_schemes_in_headers': (p) => [register(p, { headers: { to: 'To: <isbn:2983792873>', from: 'From: <http://www.example.com>;tag=3234233', contact: 'Contact: <name:John_Smith>' } }), 400],
	'3.3.5_require_and_proxy_require': (p) => [request(p, 'OPTIONS', { headers: { more: ['Require: nothingSupportsThis, nothingSupportsThisEither', 'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis'] } }), 420],
	'3.3.6_unknown_content_type': (p) => [request(p, 'INVITE', { body: '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n', headers: { more: ['Content-Type: application/unknownformat'] } }), [415, 488, ...CORE]],
	'3.3.7_unknown_credentials': (p) => [register(p, { headers: { auth: 'Authorization: NoOneKnowsThisScheme opaque-data=here' } }), 401],
	'3.3.8_single_headers_twice': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: ['CSeq: 59 INVITE', 'Call-ID: multi01.98asdh@192.0.2.2', 'From: <sip:other@example.com>;tag=2', 'To: <sip:other@example.com>', 'Max-Forwards: 5', ...sdp] } }), 'drop'],
	'3.3.9_two_lengths': (p) => [request(p, 'OPTIONS', { body: 'There is no way to know how many octets are supposed to be here.\r\n', headers: { more: ['Content-Length: 13', 'Content-Type: text/plain'], length: 'Content-Length: 5' } }), 'drop'],
	'3.3.10_response_to_a_broadcast_address': (p) => [response(p, 'SIP/2.0 200 OK', { via: 'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23' }), 'none'],
	'3.3.11_max_forwards_of_zero': (p) => [request(p, 'OPTIONS', { headers: { max: 'Max-Forwards: 0' } }), 483],
	'3.3.12_unknown_contact_parameter': (p) => [register(p, { headers: { contact: `Contact: <${p.contact}>;unknownparam` } }), [200]],
	'3.3.13_unknown_uri_parameter': (p) => [register(p, { headers: { contact: `Contact: <${p.contact};unknownparam>` } }), [200]],
	'3.3.14_header_in_the_contact': (p) => [register(p, { headers: { contact: `Contact: <${p.contact}?Route=%3Csip:sip.example.com%3E>` } }), [200, 400, 403]],
	'3.3.15_accept_without_sdp': (p) => [request(p, 'INVITE', { body: SDP, headers: { more: [...sdp, 'Accept: text/nobodyKnowsThis'] } }), [488, ...CORE]],
	'3.4.1_of_rfc_2543': (p) => [request(p, 'INVITE', { body: SDP, headers: { via: `Via: SIP/2.0/WSS ${p.host}`, from: `From: ${p.aor}`, max: undefined, contact: undefined, more: sdp } }), [400, 488]],
};

export function torture(page) {
	const p = { ...page, cseq: 1 };
	return Object.fromEntries(Object.entries(KINDS).map(([name, make]) => { const [message, does] = make(p); return [name, { ...message, does }]; }));
}
export const KIND_NAMES = Object.keys(KINDS);
