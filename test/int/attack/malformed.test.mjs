// SPDX-License-Identifier: BSD-2-Clause
// Headers that have crashed parsers (CVE-2018-8828, CVE-2018-14767,
// CVE-2018-16657, CVE-2023-28098) and their kin, at the eP-CSCF as shipped:
// from a registered page and from one that is nobody yet. No process of
// Kamailio dies, everybody else is served, and no token gets into the log.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { Client } from '../webrtc_auth/support/client.mjs';

const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
const METHODS = ['REGISTER', 'INVITE', 'MESSAGE', 'SUBSCRIBE', 'FOO'];
let lab, witness, origin, pids, c, seed = 4711;
const tokens = [];

test.before(async () => {
	lab = await Lab.start('lab-malformed');
	origin = new URL(lab.urls.page).origin;
	witness = await registered('user2');
	await later(500);
	pids = processes();
});
test.after(async () => {
	witness?.end();
	c?.end();
	await lab?.stop();
});

const processes = () => lab.kamcmd('core.psx').match(/PID: \d+/g);
// Each from an address of its own: too many failures of one are not listened to.
let address = 0;
const open = () => Client.open(lab, { origin, from: `127.1.${++address >> 8}.${address & 255}` });
async function registered(user) {
	const p = await open();
	Object.assign(p, { aor: `sip:${user}@home1.net`, token: await lab.mint(user) });
	p.socket.on('error', () => {});
	tokens.push(p.token);
	assert.equal((await p.register(p.token, { to: p.aor })).status, 200);
	return p;
}

async function unharmed(what) {
	const { status } = await witness.ask('OPTIONS', { to: 'sip:home1.net', from: witness.aor, uri: 'sip:home1.net', headers: [`Authorization: Bearer ${witness.token}`] });
	assert.equal(status, 200, what);
	const now = new Set(processes());
	assert.deepEqual(pids.filter((pid) => !now.has(pid)), [], `${what}: a process died`);
}

// Sends them all, on connections that are opened again when one is shown out.
async function send(texts) {
	for (const text of texts) {
		if (!c || c.socket.destroyed || c.over) {
			c = await registered('user1');
			const own = c;
			c.closed.then(() => { own.over = true; });
			c.ended.then(() => { own.over = true; });
		}
		c.sendText(text(c));
		await later(3);
	}
}

const plain = (p, method, headers = [`Authorization: Bearer ${p.token}`]) => p.request(method, { to: p.aor, uri: method === 'REGISTER' ? 'sip:home1.net' : 'sip:user4@home1.net', headers });
const put = (text, name, value) => (new RegExp(`^${name}: `, 'm').test(text) ? text.replace(new RegExp(`^${name}: .*$`, 'm'), () => `${name}: ${value}\r`) : text.replace('Max-Forwards', () => `${name}: ${value}\r\nMax-Forwards`));

const ADDRESSES = ['', ' ', ';', ',', '<', '>', '<>', '<<>>', '"', '""', '"\\', '"\\"', '""""<sip:a@b>', 'sip', 'sip:', '<sip:', '<sip:>', '<sip:@>', '<sip:a@>', '<sip:@b>', '<sip:a@b', 'sip:a@b>', '<sip:a:b:c@d>', '<sip:a@b:>', '<sip:a@b:x>',
	'<sip:a@b:99999999999999999999>', '<sip:a@[::1>', '<sip:a@[]>', `<sip:a@[${':'.repeat(2000)}]>`, '<sip:a@b;>', '<sip:a@b;;;=;=x;x=>', '<sip:a@b?>', '<sip:a@b?a>', '<sip:a@b?a=%>', '<sip:%@b>', '<sip:%0@b>', '<sip:a@b>;', '<sip:a@b>;tag', '<sip:a@b>;tag=',
	'<sip:a@b>;tag="', '<sip:a@b>;tag=;tag=', '<sip:a@b>;=;=', '<sip:a@b>;tag=x;tag=y', '<tel:>', '<tel:+>', '<urn:>', '<x:>', '*', '(', '((((((((((', `<sip:${'a'.repeat(8000)}@b>`, `<sip:a@${'b.'.repeat(3000)}>`, `"${'\\"'.repeat(3000)}" <sip:a@b>`,
	`<sip:a@b>${';x=y'.repeat(2000)}`, '\x01\x02\x7f', '\xff\xfe\xfd', '<sip:a@b>\t;\ttag\t=\tx', '<sip:a@b>,<sip:c@d>', '<sip:a@b>,', ',<sip:a@b>'];
const VIAS = ['', ' ', ';', ',', 'SIP', 'SIP/', 'SIP/2.0', 'SIP/2.0/', 'SIP/2.0/WSS', 'SIP/2.0/WSS ', 'SIP/2.0/WSS ;', 'SIP/2.0/WSS :', 'SIP/2.0/WSS a:', 'SIP/2.0/WSS a:99999999', 'SIP/2.0/WSS a;branch', 'SIP/2.0/WSS a;branch=', 'SIP/2.0/WSS a;branch=z9hG4bK',
	'SIP/2.0/WSS a;received=;rport=', 'SIP/2.0/WSS a;rport=x', 'SIP/2.0/WSS a;i=', 'SIP/2.0/WSS a;alias', 'SIP/2.0/WSS a(', 'SIP/2.0/WSS a (x', 'SIP/2.0/WSS [', 'SIP/2.0/WSS [::', `SIP/2.0/WSS a;branch=z9hG4bK${'b'.repeat(9000)}`,
	`SIP/2.0/WSS a${';x'.repeat(3000)}`, 'SIP/2.0/WSS a,', ',SIP/2.0/WSS a', 'SIP/2.0/WSS a;branch="', 'sip / 2.0 / wss a', `SIP/2.0/${'T'.repeat(2000)} a`];
const CREDENTIALS = ['', ' ', ',', 'D', 'Digest', 'Digest ', 'Digest,', 'Digest ,', 'Digest =', 'Digest =,', 'Digest a', 'Digest a=', 'Digest a="', 'Digest a="\\', 'Digest a="\\"', 'Digest username', 'Digest username=', 'Digest username=,', 'Digest username="",', 'Digest username="a" realm="b"',
	'Digest username="a",,,realm="b"', 'Digest username="a"nonce="b"', 'Digest nc=', 'Digest nc=zzzzzzzz', 'Digest qop=', 'Digest qop="', 'Digest response=', `Digest response="${'0'.repeat(9000)}"`, `Digest ${'a=b,'.repeat(2000)}`, `Digest ${'a'.repeat(9000)}`, `Digest username="${'\\'.repeat(4001)}"`,
	'Digest algorithm=AKAv1-MD5, nonce="===="', 'Digest auts="', 'Digest username="a", username="b"', 'Bearer', 'Bearer ', 'Bearer ,', 'Bearer =', 'Bearer access_token', 'Bearer access_token=', 'Bearer access_token="', 'Bearer "', `Bearer ${'a'.repeat(9000)}`, `Bearer ${'.'.repeat(5000)}`, 'Bearer a.b.c.d.e', 'Bearer \x01', 'Basic =', 'NTLM x', '\xff'];
const NUMBERS = ['', ' ', '-1', '+1', '0x10', '1e9', '4294967295', '4294967296', '99999999999999999999', '1 2', '1;', ';', 'x', '\xff', '1'.repeat(5000)];
const WORDS = ['', ' ', ',', ',,', ';', '=', '"', '"\\', 'a=', '=a', 'a;', 'a;=', 'a;b=', 'a;b="', '<', '>', '(', '*', '%', '\x01', '\xff', 'a'.repeat(8000), 'a,'.repeat(4000), 'a;b=c;'.repeat(1000)];

const HEADERS = {
	From: ADDRESSES, To: ADDRESSES, Contact: ADDRESSES, Route: ADDRESSES, 'Record-Route': ADDRESSES, 'P-Preferred-Identity': ADDRESSES, 'Refer-To': ADDRESSES, Path: ADDRESSES, Via: VIAS, Authorization: CREDENTIALS, 'Proxy-Authorization': CREDENTIALS,
	'Max-Forwards': NUMBERS, Expires: NUMBERS, CSeq: [...NUMBERS, ...NUMBERS.map((n) => `${n} MESSAGE`)], 'Content-Length': NUMBERS, 'Session-Expires': NUMBERS, RSeq: NUMBERS, 'Call-ID': WORDS, 'Content-Type': WORDS, Supported: WORDS, Require: WORDS, 'Proxy-Require': WORDS, Privacy: WORDS, Event: WORDS,
	'P-Charging-Vector': WORDS, 'P-Associated-URI': ADDRESSES, Allow: WORDS, Reason: WORDS, Replaces: WORDS, Identity: WORDS, 'Security-Client': WORDS,
};

for (const [name, values] of Object.entries(HEADERS))
	test(`malformed_${name.replace(/-/g, '_')}`, async () => {
		await send(values.flatMap((value, i) => [METHODS[i % METHODS.length], 'REGISTER'].map((method) => (p) => put(plain(p, method), name, value))));
		await unharmed(name);
	});

// What the four were about, as far as it was told.
const CVE = {
	'2018_8828_long_branch_and_tags': [(p) => put(put(put(plain(p, 'REGISTER'), 'Via', `SIP/2.0/WSS a;branch=z9hG4bK${'x'.repeat(255)}`), 'From', `<${p.aor}>;tag=${'y'.repeat(255)}`), 'Call-ID', 'z'.repeat(255)),
		...[1, 2, 16, 64, 127, 128, 129, 256, 512, 1024, 2048, 4096].map((n) => (p) => put(put(put(plain(p, 'INVITE'), 'Via', `SIP/2.0/WSS a;branch=z9hG4bK${'x'.repeat(n)}`), 'From', `<${p.aor}>;tag=${'y'.repeat(n)}`), 'Call-ID', 'z'.repeat(n)))],
	'2018_14767_two_to_and_an_empty_tag': [(p) => plain(p, 'INVITE').replace(/^To: .*$/m, (l) => `${l.trim()};tag=\r\nTo: <sip:x@home1.net>;tag=\r`), (p) => plain(p, 'INVITE').replace(/^To: .*$/m, (l) => `${l.trim()};tag=\r`), (p) => plain(p, 'CANCEL').replace(/^To: .*$/m, (l) => `${l.trim()};tag\r`)],
	'2018_16657_invalid_via': VIAS.map((v) => (p) => plain(p, 'REGISTER').replace(/^Via: .*$/m, (l) => `${l.trim()}\r\nVia: ${v}\r`)),
	'2023_28098_digest_that_ends_early': CREDENTIALS.flatMap((v) => ['Authorization', 'Proxy-Authorization'].map((h) => (p) => plain(p, 'REGISTER', [`Authorization: Bearer ${p.token}`, `${h}: ${v}`]))),
};
for (const [name, texts] of Object.entries(CVE))
	test(`malformed_cve_${name}`, async () => {
		await send(texts);
		await unharmed(name);
	});

// Every octet of a good message changed or cut at random, by a fixed seed.
const random = (n) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % n; };
test('malformed_two_thousand_spoilt_at_random', { timeout: 60000 }, async () => {
	const spoil = [(t) => t.slice(0, random(t.length)), (t) => { const at = random(t.length); return t.slice(0, at) + String.fromCharCode(random(256)) + t.slice(at + 1); },
		(t) => { const at = random(t.length); return t.slice(0, at) + t.slice(at + random(40)); }, (t) => { const at = random(t.length), n = random(60); return t.slice(0, at) + t.slice(at, at + n).repeat(2 + random(30)) + t.slice(at + n); },
		(t) => { const lines = t.split('\r\n'); lines.splice(1 + random(lines.length - 2), 0, lines[1 + random(lines.length - 2)]); return lines.join('\r\n'); }];
	await send(Array.from({ length: 2000 }, (_, i) => (p) => { let t = plain(p, METHODS[i % METHODS.length]); for (let k = random(3); k >= 0; k--) t = spoil[random(spoil.length)](t); return t.slice(0, 16000) || 'x'; }));
	await unharmed('random');
});

test('malformed_before_anybody_is_registered', async () => {
	const strange = [...ADDRESSES.map((v) => ['From', v]), ...VIAS.map((v) => ['Via', v]), ...CREDENTIALS.map((v) => ['Authorization', v])];
	let p;
	for (const [name, value] of strange) {
		if (!p || p.socket.destroyed || p.over) {
			p = await open();
			const own = Object.assign(p, { aor: 'sip:user1@home1.net', token: 'e.y.x' });
			p.socket.on('error', () => {});
			p.closed.then(() => { own.over = true; });
			p.ended.then(() => { own.over = true; });
		}
		p.sendText(put(plain(p, 'REGISTER'), name, value));
		await later(3);
	}
	p.end();
	await unharmed('strangers');
});

test('malformed_leaves_no_token_in_the_log', () => {
	const log = lab.log();
	assert.doesNotMatch(log, /CRITICAL|BUG:|core was generated/);
	for (const token of new Set(tokens)) assert.ok(!log.includes(token.slice(-40)), 'a token is in the log');
});
