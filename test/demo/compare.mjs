// SPDX-License-Identifier: BSD-2-Clause
// What the demo holds against the specification.

// TS 24.371 table A.3.2-2, parameter by parameter. authorization-entity stands
// in it when the WAF is a third party's (TS 33.203 X.3.2.3 step 5.2).
const TABLE = [
	['username', '"user1_private@home1.net"', /^"[^"]+@home1\.net"$/],
	['realm', '"registrar.home1.net"', /^"registrar\.home1\.net"$/],
	['nonce', '""', /^""$/],
	['uri', '"sip:registrar.home1.net"', /^"sip:registrar\.home1\.net"$/],
	['response', '""', /^""$/],
	['integrity-protected', '"auth-done"', /^"auth-done"$/],
	['authorization-entity', '"webrtc_authserver1@thirdparty.net"', /^"webrtc_authserver1@thirdparty\.net"$/],
];

export function compareTna(value, { thirdParty }) {
	const table = thirdParty ? TABLE : TABLE.slice(0, -1);
	const pairs = [...value.replace(/^Digest\s+/, '').matchAll(/([\w-]+)=("[^"]*"|[^,\s]*)/g)].map(([, n, v]) => [n, v]);
	const here = new Map(pairs);
	const rows = table.map(([name, shown, pattern]) => ({ name, table: shown, here: here.get(name) ?? 'absent', ok: pattern.test(here.get(name) ?? '') }));
	const order = table.map(([name]) => name).join(' ') === pairs.map(([name]) => name).join(' ');
	rows.push({ name: 'names and their order', table: 'as above', here: order ? 'as above' : pairs.map(([n]) => n).join(' '), ok: order && value.startsWith('Digest ') });
	return { header: value, rows };
}

const WEBRTC = ['candidate', 'end-of-candidates', 'ice-ufrag', 'ice-pwd', 'ice-options', 'ice-lite', 'fingerprint', 'setup', 'tls-id',
	'group', 'mid', 'msid', 'msid-semantic', 'ssrc', 'ssrc-group', 'extmap', 'extmap-allow-mixed', 'rtcp-mux', 'rtcp-rsize',
	'rtcp-fb', 'rtcp-xr', 'rid', 'simulcast', 'bundle-only'];

const lines = (sdp) => sdp.trim().split(/\r?\n/);
const names = (sdp) => new Set(lines(sdp).map((l) => l.match(/^a=([\w-]+)/)?.[1]).filter(Boolean));

// -> {before, after, summary, leaked}: `leaked` are WebRTC's own attributes
// that stand in `after`.
export function compareSdp(before, after, title) {
	const [was, is] = [names(before), names(after)];
	const stopped = WEBRTC.filter((n) => was.has(n) && !is.has(n));
	const added = WEBRTC.filter((n) => !was.has(n) && is.has(n));
	return { before, after, leaked: WEBRTC.filter((n) => is.has(n)),
		summary: `${title}: ${lines(before).length} lines in, ${lines(after).length} out`
			+ (stopped.length ? `; stopped: ${stopped.join(' ')}` : '') + (added.length ? `; added: ${added.join(' ')}` : '') };
}
