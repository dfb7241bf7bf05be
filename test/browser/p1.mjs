// SPDX-License-Identifier: BSD-2-Clause
// The three ways to register, step by step (TS 23.228 U.2.1, TS 33.203 X.2 to
// X.4, TS 24.371 6 and A.3): what each cell of p1cells.mjs looks like on the wire.
// A story is played first with a real browser; then its capture is read.
import assert from 'node:assert/strict';
import { Wire } from './wire.mjs';
import { until } from './session.mjs';

const one = (list, what) => { assert.equal(list.length, 1, `${list.length} × ${what}`); return list[0]; };

// A line of its own in a page, and its WebSocket in the test's hand.
export async function ownSockets(client) {
	await client.page.addInitScript(() => {
		const Real = globalThis.WebSocket;
		globalThis.sockets = [];
		globalThis.WebSocket = class extends Real { constructor(...args) { super(...args); globalThis.sockets.push(this); } };
	});
}

/** A SIP message on the page's own WebSocket, past its library; resolves with the final answer's status line, or 'closed <code>'. */
export async function sendOnSocket(client, text) {
	const id = /^Call-ID: (.*)\r$/m.exec(text)[1];
	const closed = client.sockets.length;
	await client.page.evaluate((t) => globalThis.sockets.at(-1).send(t), text);
	return until('an answer', () => client.frames.find((f) => !f.sent && f.text.includes(id) && /^SIP\/2\.0 [2-6]/.test(f.text))?.text
		?? (client.sockets.length > closed && 'closed'), 8000);
}

export const registerText = ({ impu, token, callId, instance, contact = 'x', form = (t) => `Bearer ${t}` }) => ['REGISTER sip:home1.net SIP/2.0',
	`Via: SIP/2.0/WSS ${contact}.invalid;branch=z9hG4bK${callId}`, 'Max-Forwards: 70', `To: <${impu}>`, `From: <${impu}>;tag=${callId}`, `Call-ID: ${callId}`,
	'CSeq: 1 REGISTER', `Contact: <sip:${contact}@${contact}.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:${instance}>"`, 'Expires: 300',
	'Supported: path, outbound', ...(token ? [`Authorization: ${form(token)}`] : []), 'Content-Length: 0', '', ''].join('\r\n');

/** What the wire says about one registration, hop by hop. */
export class Chain {
	constructor(wire, callId, cseq) {
		const mine = (m) => m.callId === callId && (cseq === undefined || m.cseq === cseq) && m.method === 'REGISTER';
		const asked = (from, to) => wire.hop(from, to, (m) => mine(m) && m.request);
		const told = (from, to) => wire.hop(from, to, (m) => mine(m) && !m.request);
		Object.assign(this, { wire, callId, page: asked('page'), mw: asked('epcscf', 'icscf'), isc: asked('icscf', 'scscf'),
			answered: told('scscf', 'icscf'), back: told('icscf', 'epcscf'), toPage: told('epcscf', 'page') });
	}
}

export class Story {
	/** Reads the finished capture. */
	constructor(session) { Object.assign(this, { session, wire: new Wire(session) }); }

	chain(callId, cseq) { return new Chain(this.wire, callId, cseq); }

	/** A TLS session on this port where the server has a certificate and asks for none. */
	oneWayTls(port) {
		const rows = this.wire.rows(`tcp.port == ${port} && tls.handshake.type`, ['tcp.srcport', 'tls.handshake.type']);
		const from = (mine, type) => rows.filter((r) => (Number(r['tcp.srcport']) === port) === mine && r['tls.handshake.type'].split('\x1e').includes(type)).length;
		assert.ok(from(true, '11') > 0, `no certificate of the server on ${port}`);
		assert.equal(from(true, '13'), 0, 'a certificate of the client was asked for');
		assert.equal(from(false, '11'), 0, 'the client has a certificate');
	}

	/** The page and what it loads, from the WWSF. */
	pageLoaded(url) {
		const { port } = new URL(url);
		this.oneWayTls(Number(port));
		const rows = this.wire.rows(`tcp.port == ${port} && http.response`, ['http.response.code', 'http.content_type', 'http.response_for.uri']);
		for (const [file, type] of [['', 'text/html'], ['epcscf.js', 'text/javascript'], ['jssip.js', 'text/javascript']])
			assert.ok(rows.some((r) => r['http.response.code'] === '200' && r['http.content_type'].startsWith(type)
				&& r['http.response_for.uri'].split('?')[0] === url + file), `${url}${file} was not downloaded`);
	}

	/** WebSocket handshakes: {host, origin, protocol, status, stream}, in order. */
	upgrades() {
		const { wss } = this.session.lab.nodes.epcscf;
		const fields = ['tcp.stream', 'http.host', 'http.request.line', 'http.response.code', 'http.upgrade'];
		const rows = this.wire.rows(`tcp.port == ${wss} && http`, fields);
		return rows.filter((r) => r['http.host']).map((r) => {
			const line = (name) => r['http.request.line'].split('\x1e').map((l) => /^([^:]+):\s*(.*?)(\\r\\n)?$/.exec(l.trim())).find((m) => m?.[1].toLowerCase() === name)?.[2];
			const answer = rows.find((a) => a['http.response.code'] && a['tcp.stream'] === r['tcp.stream']);
			return { host: r['http.host'], origin: line('origin'), protocol: line('sec-websocket-protocol'), upgrade: line('upgrade'),
				authorization: line('authorization'), status: Number(answer?.['http.response.code']), stream: r['tcp.stream'] };
		});
	}

	socketOpened({ origin, stream, host = `127.0.0.1:${this.session.lab.nodes.epcscf.wss}` }) {
		this.oneWayTls(this.session.lab.nodes.epcscf.wss);
		const up = one(this.upgrades().filter((u) => u.stream === stream), 'upgrade of this connection');
		assert.deepEqual(up, { host, origin, protocol: 'sip', upgrade: 'websocket', authorization: undefined, status: 101, stream });
	}

	/** JSON bodies of HTTP on this port: {uri, status, json}. */
	answers(port, uri) {
		return this.wire.rows(`tcp.port == ${port} && http.response && json`, ['http.response_for.uri', 'http.response.code', 'http.file_data'])
			.filter((r) => r['http.response_for.uri'].endsWith(uri)).map((r) => ({ status: Number(r['http.response.code']), json: JSON.parse(r['http.file_data']) }));
	}

	/** Cx between I-/S-CSCF and HSS about this private identity: requests with their answers. */
	cx(impi) {
		const all = this.wire.diameter;
		return all.filter((d) => d.name?.endsWith('R') && d.avp('User-Name') === impi).map((d) => ({
			name: d.name.slice(0, -1), impu: d.avp('Public-Identity'), type: d.avp('Server-Assignment-Type'), frame: d.frame,
			answer: all.find((a) => a.name === `${d.name.slice(0, -1)}A` && a.session === d.session) }));
	}
}

/** Table A.3.2-2 of TS 24.371: every parameter, in its order, and no other. */
export const authDone = (impi, more = []) => [['scheme', 'Digest'], ['username', `"${impi}"`], ['realm', '"registrar.home1.net"'], ['nonce', '""'],
	['uri', '"sip:registrar.home1.net"'], ['response', '""'], ['integrity-protected', '"auth-done"'], ...more];
export const entity = (waf) => [['authorization-entity', `"${waf}"`]];

export const check = {
	bearer(chain, { impu, token }) {
		const register = chain.page[0];
		assert.equal(register.field('sip.auth.scheme'), 'Bearer');
		assert.equal(register.get('Authorization'), `Bearer ${token}`);
		assert.deepEqual([register.field('sip.to.addr'), register.field('sip.from.addr')], [impu, impu]);
		assert.ok(register.over.includes('tls'), 'not over TLS');
	},

	authDone(chain, impi, more) {
		assert.ok(chain.mw.length > 0);
		for (const m of [...chain.mw, ...chain.isc]) {
			assert.deepEqual(m.parameters(), authDone(impi, more));
			for (const [, value] of m.parameters()) assert.doesNotMatch(value, /Bearer/i);
			assert.ok(!m.has('Proxy-Authorization'));
		}
	},

	/** TS 24.229 5.2.2.1: what else the eP-CSCF writes. */
	mw(chain, { uri = 'sip:registrar.home1.net', most = 300 } = {}) {
		const [asked, m] = [chain.page.at(-1), chain.mw.at(-1)];
		assert.equal(m.uri, uri);
		const path = one(m.all('Path'), 'Path');
		assert.match(path, /^<sip:[\w-]{20,}@epcscf\.home1\.net:15060;lr;ob>$/);
		assert.equal(m.field('sip.Path.host'), 'epcscf.home1.net');
		assert.ok(m.all('Require').some((v) => /\bpath\b/.test(v)));
		assert.ok(m.all('Supported').some((v) => /\boutbound\b/.test(v)));
		assert.equal(m.field('sip.P-Visited-Network-ID'), 'home1.net');
		const vector = one(m.all('P-Charging-Vector'), 'P-Charging-Vector');
		assert.match(vector, /^icid-value="[0-9a-f]{32}"/);
		assert.match(vector, /;orig-ioi="Type 1home1\.net"/);
		assert.doesNotMatch(vector, /term-ioi/);
		assert.deepEqual([m.field('sip.to.addr'), m.callId, m.cseq], [asked.field('sip.to.addr'), asked.callId, asked.cseq]);
		assert.equal(m.field('sip.contact.uri'), asked.field('sip.contact.uri'));
		for (const name of ['+sip.instance', 'reg-id'])
			assert.ok(m.get('Contact').includes(/;((\+sip.instance|reg-id)=[^;]+)/g.exec(asked.get('Contact'))[1]), name);
		assert.deepEqual(m.fields('sip.Via.transport'), ['UDP', 'WSS']);
		assert.match(m.all('Via')[1], /;received=127\.0\.0\.1/);
		assert.ok(Number(m.get('Expires')) <= most);
		assert.ok(!m.has('Security-Client') && !m.has('P-Asserted-Identity'));
	},

	noChallenge(story, chain, impi, type) {
		assert.deepEqual(chain.answered.map((m) => m.status), [200], 'the S-CSCF did not simply say 200');
		const asked = story.cx(impi).filter((c) => c.frame > chain.mw[0].frame && c.frame < chain.answered[0].frame);
		assert.ok(asked.some((c) => c.name === 'UA'), 'no UAR');
		assert.ok(!asked.some((c) => c.name === 'MA'), 'the HSS was asked for vectors');
		const sar = asked.filter((c) => c.name === 'SA' && c.type === type);
		assert.ok(sar.length > 0, `no SAR of type ${type}: ${asked.map((c) => `${c.name} ${c.type}`)}`);
		assert.equal(sar.at(-1).impu, chain.mw[0].field('sip.to.addr'));
		assert.equal(sar.at(-1).answer.avp('Result-Code'), '2001');
		return asked;
	},

	profile(asked, impus) {
		const text = asked.flatMap((c) => c.answer?.avps('Cx-User-Data') ?? []).map((hex) => Buffer.from(hex.replaceAll(':', ''), 'hex').toString('utf8')).join('');
		for (const impu of impus) assert.ok(text.includes(`<Identity>${impu}</Identity>`), `${impu} is not in the profile: ${text}`);
	},

	// most: seconds that the token lives, or were asked for.
	ok(chain, impus, most = 300) {
		const ok = chain.toPage.filter((m) => m.status === 200).at(-1);
		assert.ok(ok?.over.includes('websocket') && ok.over.includes('tls'));
		assert.deepEqual(ok.all('P-Associated-URI').flatMap((v) => [...v.matchAll(/<([^>]+)>/g)].map((x) => x[1])), impus);
		assert.match(ok.get('Service-Route'), /^<sip:orig@scscf\.home1\.net:15060;lr>$/);
		const asked = chain.page.at(-1);
		assert.equal(ok.field('sip.contact.uri'), asked.field('sip.contact.uri'));
		const expires = Number(/;expires=(\d+)/.exec(ok.get('Contact'))[1]);
		assert.ok(expires > 200 && expires <= most, `expires=${expires}`);
		for (const name of ['P-Charging-Vector', 'P-Charging-Function-Addresses', 'Path', 'P-Visited-Network-ID', 'Authorization'])
			assert.ok(!ok.has(name), `${name} reached the page`);
	},

	/** shown: tna.show while it was registered. The binding is of the page's own TCP connection, thus of its one TLS session. */
	bound(shown, chain, { impi, impus, auth }) {
		assert.equal(shown.impi, impi);
		assert.deepEqual(shown.impus, impus);
		assert.equal(shown.auth, auth);
		const register = chain.page[0];
		assert.ok(register.over.includes('tls'));
		assert.match(shown.source, new RegExp(`\\b127\\.0\\.0\\.1:${register.sport}$`));
	},

	/** Declined, the WebSocket closed with this code by the server, nothing passed on. */
	declined(story, callId, { status, error, code }) {
		const chain = story.chain(callId);
		const [register] = chain.page, answer = chain.toPage.at(-1);
		assert.equal(answer.status, status);
		if (error) assert.match(answer.get('WWW-Authenticate'), new RegExp(`^Bearer .*error="${error}"`));
		assert.deepEqual([chain.mw.length, story.wire.sip.filter((m) => m.callId === callId && !m.over.includes('websocket')).length], [0, 0], 'it went on');
		const closes = story.wire.rows(`tcp.stream == ${register.stream} && websocket.opcode == 8 && tcp.srcport == ${story.session.lab.nodes.epcscf.wss}`,
			['websocket.payload.close.status_code', 'frame.number']);
		const codes = closes.map((c) => Number(c['websocket.payload.close.status_code']));
		if (!code) return assert.deepEqual(codes.filter((c) => c >= 1002), [], 'the connection was closed');
		assert.deepEqual(codes, [code]);
		assert.ok(Number(closes[0]['frame.number']) >= answer.frame, 'closed before it was answered');
		assert.ok(story.wire.rows(`tcp.stream == ${register.stream} && (tcp.flags.fin == 1 || tcp.flags.reset == 1)`, ['frame.number']).length > 0, 'TCP stays');
	},
};

/** What `tna.show` says about a public identity that one page has registered. */
export function shownBinding(session, impu) {
	const text = session.rpc('epcscf', 'tna.show', impu);
	const get = (name) => new RegExp(`^\\s*${name}: (.*)$`, 'm').exec(text)?.[1].trim();
	const list = /\bimpus: \{([^}]*)\}/.exec(text)?.[1] ?? '';
	return { text, impi: get('impi'), auth: get('auth'), source: get('source'), impus: list.split('\n').map((l) => l.trim()).filter(Boolean) };
}
