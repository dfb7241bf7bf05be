// SPDX-License-Identifier: BSD-2-Clause
// Lengths at their limits, one below and one above, through the configuration
// as shipped. What has no limit of its own has the WebSocket frame's: Kamailio
// reads 16,383 octets, eight of them the frame's head.
import test from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Lab } from '../webrtc_auth/support/labpage.mjs';
import { Client } from '../webrtc_auth/support/client.mjs';

const FRAME_MAX = 16383 - 8, CONTACTS_MAX = 16;
const later = (ms) => new Promise((done) => { setTimeout(done, ms); });
let lab, witness, origin;

test.before(async () => {
	lab = await Lab.start('lab-limits');
	origin = new URL(lab.urls.page).origin;
	witness = await registered('user2');
});
test.after(async () => { witness?.end(); await lab?.stop(); });

async function registered(user = 'user1') {
	const c = await Client.open(lab, { origin });
	Object.assign(c, { user, token: await lab.mint(user), aor: `sip:${user}@home1.net` });
	assert.equal((await c.register(c.token, { to: c.aor })).status, 200);
	return c;
}

const options = (c, more = {}) => c.request('OPTIONS', { to: 'sip:home1.net', from: c.aor, uri: 'sip:home1.net', cseq: 50, headers: [`Authorization: Bearer ${c.token}`], ...more });

// What becomes of a frame: the status of an answer, 'closed', or 'silence'.
async function fate(c, send, ms = 4000) {
	send(c);
	for (const end = Date.now() + ms; Date.now() < end; await later(10)) {
		const answer = c.replies.find((r) => r.cseq === 50 && r.status >= 200);
		if (answer) return answer.status;
		if (c.socket.destroyed || c.socket.readableEnded) return 'closed';
	}
	return 'silence';
}

async function othersGoOn() {
	const { status } = await witness.ask('OPTIONS', { to: 'sip:home1.net', from: witness.aor, uri: 'sip:home1.net', headers: [`Authorization: Bearer ${witness.token}`] });
	assert.equal(status, 200);
}

// A message of exactly `size` octets, grown at one place.
const fill = (text, at, size) => { const n = size - text.length + at.length; assert.ok(n > 0); return text.replace(at, 'x'.repeat(n)); };
const PLACES = {
	header_value: (c, size) => fill(options(c, { headers: [`Authorization: Bearer ${c.token}`, 'X-Long: @@'] }), '@@', size),
	header_name: (c, size) => fill(options(c, { headers: [`Authorization: Bearer ${c.token}`, 'X-@@: y'] }), '@@', size),
	folded_value: (c, size) => { const t = options(c, { headers: [`Authorization: Bearer ${c.token}`, 'X-Long: y@@'] }); const n = size - t.length + 2; return t.replace('@@', '\r\n  '.repeat(Math.ceil(n / 4)).slice(0, n - n % 4 - 4) + `\r\n ${'z'.repeat(n % 4 + 1)}`); },
	number_of_headers: (c, size) => { const t = options(c, { headers: [`Authorization: Bearer ${c.token}`, 'X: @@'] }); const n = size - t.length + 2; return t.replace('@@', 'y'.repeat(n % 6) + '\r\nX: y'.repeat(Math.floor(n / 6))); },
	uri_parameter: (c, size) => fill(options(c, { uri: 'sip:home1.net;p=@@' }), '@@', size),
	uri_user: (c, size) => fill(options(c, { uri: 'sip:@@@home1.net' }), '@@', size),
	call_id: (c, size) => fill(options(c, { callId: '@@' }).replaceAll('@@.invalid', 'a.invalid').replace('tag=@@', 'tag=1'), '@@', size),
	branch: (c, size) => fill(options(c).replace(/branch=\w+/, 'branch=z9hG4bK@@'), '@@', size),
	from_tag: (c, size) => fill(options(c).replace(/tag=\w+/, 'tag=@@'), '@@', size),
	display_name: (c, size) => fill(options(c).replace('From: <', 'From: "@@" <'), '@@', size),
	contact: (c, size) => fill(options(c).replace(/Contact: <sip:x@/, 'Contact: <sip:@@@'), '@@', size),
	method: (c, size) => { const t = options(c).replace('OPTIONS sip', 'M@@ sip').replace('50 OPTIONS', '50 M@@'); const n = size - t.length + 4; assert.ok(n > 1); return t.replace('M@@', `M${'x'.repeat(Math.floor(n / 2))}`).replace('50 M@@', `50 M${'x'.repeat(Math.floor(n / 2))}`) + (n % 2 ? '' : ''); },
	vias: (c, size) => { const t = options(c).replace('Max-Forwards', 'Via: SIP/2.0/TCP a@@\r\nMax-Forwards'); const n = size - t.length + 2; return t.replace('@@', 'b'.repeat(n % 20) + '\r\nVia: SIP/2.0/TCP c'.repeat(Math.floor(n / 20))); },
	body: (c, size) => { const t = options(c, { headers: [`Authorization: Bearer ${c.token}`, 'Content-Type: text/plain'] }).replace('Content-Length: 0', 'Content-Length: 00000'); const n = size - t.length; return t.replace('00000', String(n).padStart(5, '0')) + 'b'.repeat(n); },
};

for (const [place, make] of Object.entries(PLACES))
	test(`limits_frame_full_of_${place}`, async () => {
		for (const [size, good] of [[FRAME_MAX - 1, true], [FRAME_MAX, true], [FRAME_MAX + 1, false]]) {
			const c = await registered(), text = make(c, size);
			assert.ok(Math.abs(Buffer.byteLength(text) - size) <= (place === 'method' ? 1 : 0), `${Buffer.byteLength(text)} is not ${size}`);
			const got = await fate(c, () => c.sendText(text));
			if (good || Buffer.byteLength(text) <= FRAME_MAX) assert.ok(got === 200 || (got >= 400 && got < 700), `${size}: ${got}`);
			else assert.equal(got, 'closed', String(size));
			c.end();
			await othersGoOn();
		}
	});

test('limits_contacts_of_a_register', async () => {
	for (const [n, status] of [[CONTACTS_MAX - 1, 200], [CONTACTS_MAX, 200], [CONTACTS_MAX + 1, 400]]) {
		const c = await registered();
		const contacts = Array.from({ length: n }, (_, i) => `<sip:x@a${i}.invalid;transport=ws>`);
		const text = c.request('REGISTER', { to: c.aor, cseq: 50, headers: [`Authorization: Bearer ${c.token}`] }).replace(/Contact: .*\r\n/, `Contact: ${contacts.join(', ')}\r\n`);
		// What the S-CSCF holds of one user is the core's to say.
		const got = await fate(c, () => c.sendText(text));
		assert.ok(got === status || (status === 200 && got >= 400 && got < 600 && got !== 400), `${n}: ${got}`);
		c.end();
	}
	await othersGoOn();
});

for (const [n, good] of [[8191, true], [8192, true], [8193, false]])
	test(`limits_token_of_${n}_octets`, async () => {
		const c = await Client.open(lab, { origin });
		const parts = (await lab.mint('user1')).split('.');
		// Too long is known before it is read; what is not too long is a bad signature.
		const token = `${parts[0]}.${parts[1]}.${'A'.repeat(n - parts[0].length - parts[1].length - 2)}`;
		const before = causes();
		assert.equal((await c.register(token)).status, 401);
		assert.equal((causes().token_too_long ?? 0) - (before.token_too_long ?? 0), good ? 0 : 1);
		c.end();
	});
const causes = () => Object.fromEntries([...lab.kamcmd('stats.fetchn', 'webrtc_auth:').matchAll(/check_(\w+): (\d+)/g)].map(([, k, v]) => [k, Number(v)]));

// RFC 6455 5.4: fragments make one message; what is no such thing ends the
// connection or is not read, and nobody else notices.
const head = (first, opcode, n, { mask = true, fin = false } = {}) => Buffer.from([(fin ? 0x80 : 0) | (first ? opcode : 0), (mask ? 0x80 : 0) | n]);
const fragment = (payload, { first = false, opcode = 1, fin = false, mask = true } = {}) => Buffer.concat([head(first, opcode, payload.length, { fin, mask }), ...(mask ? [Buffer.alloc(4)] : []), payload]);
const rss = () => lab.kamcmd('core.shmmem').match(/real_used: (\d+)/)?.[1] ?? lab.kamcmd('core.shmmem').match(/used: (\d+)/)[1];

for (const [what, flood] of Object.entries({
	of_one_octet: (c) => { const text = Buffer.from(options(c)); for (let i = 0; i < text.length; i++) c.socket.write(fragment(text.subarray(i, i + 1), { first: i === 0, fin: i === text.length - 1 })); },
	that_never_end: (c) => { for (let i = 0; i < 20000; i++) c.socket.write(fragment(Buffer.alloc(100, 0x41), { first: i === 0 })); },
	of_nothing: (c) => { for (let i = 0; i < 20000; i++) c.socket.write(fragment(Buffer.alloc(0), { first: i === 0 })); },
	without_a_beginning: (c) => { for (let i = 0; i < 1000; i++) c.socket.write(fragment(Buffer.from('x'))); },
	with_a_new_beginning_each: (c) => { for (let i = 0; i < 1000; i++) c.socket.write(fragment(Buffer.from('OPTIONS'), { first: true })); },
	between_pings: (c) => { const text = Buffer.from(options(c)); for (let i = 0; i < text.length; i += 10) { c.socket.write(fragment(text.subarray(i, i + 10), { first: i === 0, fin: i + 10 >= text.length })); c.socket.write(fragment(Buffer.from('p'), { first: true, opcode: 9, fin: true })); } },
	without_a_mask: (c) => { for (let i = 0; i < 1000; i++) c.socket.write(fragment(Buffer.from('x'), { first: i === 0, mask: false })); },
	of_a_reserved_kind: (c) => { for (let i = 0; i < 1000; i++) c.socket.write(fragment(Buffer.from('x'), { first: true, opcode: 3 + i % 5, fin: true })); },
	of_random_octets: (c) => { for (let i = 0; i < 200; i++) c.socket.write(randomBytes(1000)); },
	as_a_flood_of_pings: (c) => { for (let i = 0; i < 20000; i++) c.socket.write(fragment(Buffer.alloc(100), { first: true, opcode: 9, fin: true })); },
}))
	test(`limits_fragments_${what}`, async () => {
		const before = Number(rss());
		const c = await registered();
		c.socket.on('error', () => {});
		flood(c);
		await othersGoOn();
		const got = await fate(c, () => {}, 1500);
		assert.ok([200, 'closed', 'silence'].includes(got), String(got));
		await othersGoOn();
		c.end();
		assert.ok(Number(rss()) - before < 4 << 20, `${Number(rss()) - before} octets of shared memory`);
	});
