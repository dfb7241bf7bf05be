// SPDX-License-Identifier: BSD-2-Clause
// Media safety: what strangers can do to a call's media through the eP-CSCF as
// shipped and the installed rtpengine. The browser is a scripted one (ice.mjs),
// so that each step can be left out, be late, or be somebody else's; the far
// side is a phone of the core. Where rtpengine itself fails, the test says so
// and would notice when it does not any more.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { begin, burst, call, connect, end, flows, heard, lab, sleep } from './calls.mjs';
import { Dtls, Endpoint, Identity, Srtp, attribute, kind, rtp, stun } from './ice.mjs';

const VERSION = /(\d+)\.(\d+)\.(\d+)/.exec(execFileSync('sh', ['-c', 'rtpengine --version 2>&1'], { encoding: 'utf8' }));
// Before mr11.5 any ClientHello begins the handshake, whoever sent it.
const ANSWERS_STRANGERS = Number(VERSION[1]) < 11;

test.before(() => begin({ MEDIA_PROFILE: 'video=no;core=avp;access_if=web;core_if=ims;core_source=strict' }));
test.after(end);

// Somebody else's ClientHello, with a certificate of his own.
async function hello(t, wic, bind) {
	const identity = new Identity(), d = await Dtls.start({ identity, peer: wic.peer, bind });
	t.after(async () => { await d.end(); identity.remove(); });
	await d.said(/<<< /, 1200);
	return { answered: d.text.includes('<<< '), keys: /Keying material/.test(d.text), d };
}

test('safety_media_flows_with_the_right_peer', async (t) => {
	const c = await connect(await call(t));
	assert.deepEqual(await flows(c), [true, true]);
	assert.equal(c.wic.peer.setup, 'passive');
});

for (const [when, ready] of [['before_ice', async () => {}], ['after_ice', async (wic) => { assert.ok(await wic.ice()); }]])
	for (const [who, bind] of [['another_host', '127.0.0.66:7100'], ['another_port', '127.0.0.30:7100']])
		test(`safety_client_hello_of_${who}_${when}`, async (t) => {
			const c = await call(t);
			await ready(c.wic);
			const him = await hello(t, c.wic, bind);
			t.diagnostic(`rtpengine ${VERSION[0]} ${him.answered ? 'answers' : 'does not answer'} him`);
			assert.ok(await c.wic.ice());
			const keys = await c.wic.secure({ ms: 2500 });
			// Neither keys nor media are his, ever.
			assert.ok(!him.keys && !/Keying material/.test(him.d.text));
			const media = keys ? await flows(c) : [false, false];
			assert.ok(!him.d.text.includes('Application Data'));
			// But an old rtpengine answers him, and the right one comes too late.
			assert.equal(him.answered, ANSWERS_STRANGERS);
			assert.deepEqual(media, [!ANSWERS_STRANGERS, !ANSWERS_STRANGERS]);
			// The next call is a call.
			await c.close();
			if (ANSWERS_STRANGERS) assert.deepEqual(await flows(await connect(await call(t))), [true, true]);
		});

test('safety_client_hello_after_the_handshake_is_not_answered', async (t) => {
	const c = await connect(await call(t));
	assert.deepEqual(await flows(c), [true, true]);
	for (const bind of ['127.0.0.66:7100', '127.0.0.30:7100']) assert.equal((await hello(t, c.wic, bind)).answered, false);
	assert.deepEqual(await flows(c, 100), [true, true]);
});

test('safety_wrong_fingerprint_has_no_media', async (t) => {
	const c = await call(t, { fingerprint: Array(32).fill('AB').join(':') });
	assert.ok(await c.wic.ice());
	await c.wic.secure({ ms: 2500 });
	t.diagnostic(`rtpengine ${VERSION[0]}: ${c.wic.dtls.alerted ? 'an alert' : 'no alert'}, handshake ${c.wic.out ? 'ends for the client' : 'does not end'}`);
	assert.deepEqual(await flows(c), [false, false]);
	assert.equal(c.wic.got.filter((p) => p.kind === 'rtp').length, 0, 'media towards the wrong one');
	assert.match(lab.parts.rtpengine ? execFileSync('cat', [lab.parts.rtpengine.log], { encoding: 'latin1' }) : '', /fingerprint mismatch/);
});

test('safety_rtp_of_strangers_is_not_injected_and_steals_nothing', async (t) => {
	const c = await connect(await call(t));
	const { wic, phone, stranger, gw } = c;
	const samePort = await Endpoint.open('127.0.0.67', 6000), sameHost = await Endpoint.open('127.0.0.20', 6500);
	t.after(() => { samePort.close(); sameHost.close(); });
	const evil = (at) => Promise.all([[stranger, 1], [samePort, 2], [sameHost, 3]].map(([e, k]) => burst((p) => e.send(p, gw), 0xe0 + k, { seq: at, ssrc: 0xbad0 + k })));
	const theirs = () => [0xe1, 0xe2, 0xe3].map((o) => heard(wic, o));
	const stolen = () => [stranger, samePort, sameHost].map((e) => e.got.length);
	// Before the right one said anything, and while nobody else does.
	await evil(1);
	await burst((p) => wic.talk(p), 0xa1);
	assert.deepEqual([theirs(), stolen(), heard(phone, 0xa1)], [[0, 0, 0], [0, 0, 0], 10]);
	// Just behind its first packets, with its sequence and source.
	await burst((p) => phone.send(p, gw), 0xb1);
	await burst((p) => stranger.send(p, gw), 0xe1, { seq: 11 });
	await evil(500);
	await burst((p) => wic.talk(p), 0xa2, { seq: 11 });
	// Long after: what rtpengine learns, it learns within 3 s.
	await burst((p) => phone.send(p, gw), 0xb2, { n: 320, seq: 600 });
	await evil(1200);
	await burst((p) => wic.talk(p), 0xa3, { seq: 21 });
	await sleep(100);
	assert.deepEqual([theirs(), stolen()], [[0, 0, 0], [0, 0, 0]]);
	assert.deepEqual([heard(wic, 0xb1), heard(wic, 0xb2), heard(phone, 0xa2), heard(phone, 0xa3)], [10, 320, 10, 10]);
});

test('safety_rtcp_of_strangers_is_not_followed', async (t) => {
	const c = await connect(await call(t));
	await burst((p) => c.phone.send(p, c.gw), 0xb4);
	const bye = Buffer.from([0x81, 203, 0, 1, 0x12, 0x34, 0xab, 0xcd]);
	for (let i = 0; i < 10; i++) await c.stranger.send(bye, c.gwRtcp);
	await sleep(200);
	assert.equal(c.wic.got.filter((p) => p.kind === 'rtcp').length, 0, 'a stranger\'s RTCP');
	assert.equal(c.stranger.got.length, 0);
	assert.deepEqual(await flows(c, 50), [true, true]);
});

test('safety_srtp_needs_the_key', async (t) => {
	const c = await connect(await call(t));
	const { wic, phone, stranger } = c, other = new Srtp(Buffer.alloc(16, 7), Buffer.alloc(14, 7));
	await burst((p) => wic.talk(p), 0xa4);
	await burst((p) => stranger.send(p, wic.peer), 0xe4, { seq: 50 });
	await burst((p) => wic.send(p, wic.peer), 0xe5, { seq: 50 });
	await burst((p) => stranger.send(other.protect(p), wic.peer), 0xe6, { seq: 50 });
	await burst((p) => wic.send(other.protect(p), wic.peer), 0xe7, { seq: 50 });
	const bent = wic.out.protect(rtp(0xe8, { seq: 60 }));
	bent[20] ^= 1;
	await wic.send(bent, wic.peer);
	await sleep(100);
	assert.equal(heard(phone, 0xa4), 10);
	assert.equal(phone.got.filter((p) => kind(p.data) === 'rtp').length, 10, 'something that was not encrypted by the browser');
	assert.equal(stranger.got.length, 0);
	assert.deepEqual(await flows(c, 100), [true, true]);
});

test('safety_srtp_heard_on_the_way_moves_nothing_when_it_is_said_again', async (t) => {
	const c = await connect(await call(t));
	const { wic, phone, stranger } = c;
	const packets = Array.from({ length: 10 }, (_, i) => wic.out.protect(rtp(0xa5, { seq: 1 + i })));
	for (const p of packets) await wic.send(p, wic.peer);
	for (const p of packets) await stranger.send(p, wic.peer);
	await sleep(100);
	// rtpengine keeps no list of what it had (RFC 3711 3.3.2): they go on, as
	// the very packets that they are, and the far side has had them.
	const seen = phone.got.filter((p) => p.data[12] === 0xa5);
	t.diagnostic(`${seen.length - 10} of 10 said again by a stranger were passed on`);
	assert.equal(new Set(seen.map((p) => p.data.toString('hex'))).size, 10);
	assert.equal(stranger.got.length, 0);
	assert.deepEqual(await flows(c, 100), [true, true]);
	assert.equal(stranger.got.length, 0, 'the phone\'s media goes to him');
});

test('safety_ice_needs_the_password', async (t) => {
	const c = await connect(await call(t));
	assert.equal(await c.wic.check(true, c.stranger, { pwd: 'x'.repeat(24) }), undefined);
	assert.equal(await c.wic.check(true, c.stranger, { pwd: c.wic.pwd }), undefined);
	assert.deepEqual(await flows(c), [true, true]);
	assert.equal(c.stranger.got.filter((p) => kind(p.data) === 'rtp').length, 0);
});

// STUN and RTCP whose lengths lie, of everybody to every port.
function* liars() {
	let seed = 0x5eed;
	const r = (n) => { seed = (seed * 1103515245 + 12345) >>> 0; return (seed >>> 8) % n; };
	const lengths = [0, 1, 3, 4, 20, 0x7fff, 0x8000, 0xfffc, 0xffff];
	const id = Buffer.alloc(12, 9);
	for (const type of [0x0001, 0x0101, 0x0111, 0x0011])
		for (const a of [0x0001, 0x0006, 0x0008, 0x0009, 0x0014, 0x0020, 0x0024, 0x0025, 0x8022, 0x8028, 0x8029, 0x802a])
			for (const n of lengths) {
				yield stun(type, id, [attribute(a, Buffer.alloc(8, 0x41), n)]);
				const m = stun(type, id, [attribute(a, Buffer.alloc(8, 0x41))]);
				m.writeUInt16BE(n, 2);
				yield m;
				yield m.subarray(0, 20 + r(8));
			}
	for (const type of [200, 201, 202, 203, 204, 205, 206, 207])
		for (const count of [0, 1, 31])
			for (const n of lengths) {
				const b = Buffer.alloc(4 + 4 * r(12), r(256));
				b[0] = 0x80 | count;
				b[1] = type;
				b.writeUInt16BE(n, 2);
				yield b;
				yield Buffer.concat([Buffer.from([0x80, 201, 0, 1, 0x12, 0x34, 0xab, 0xcd]), b]);
			}
	for (let i = 0; i < 500; i++) yield Buffer.from(Array.from({ length: 1 + r(60) }, (_, k) => (k ? r(256) : [0x80, 0x81, 0x9f, 0x00, 0x16, 0x90][r(6)])));
}

test('safety_lengths_that_lie_hurt_nobody', async (t) => {
	const c = await connect(await call(t));
	const { wic, phone, stranger, gw, gwRtcp } = c;
	let n = 0;
	for (const lie of liars()) {
		await Promise.all([stranger.send(lie, wic.peer), wic.send(lie, wic.peer), phone.send(lie, gw), phone.send(lie, gwRtcp), stranger.send(lie, gw)]);
		// Behind the right key, where it is read.
		if (lie.length >= 8 && kind(lie) === 'rtcp') await wic.send(wic.out.protectRtcp(lie), wic.peer);
		// So few at once that rtpengine loses none: 10.5 never reads a socket again
		// whose buffer was full when it stopped in between (every 50 packets).
		if (++n % 8 === 0) assert.ok(await wic.check(false), 'ICE is answered');
	}
	t.diagnostic(`${n} messages`);
	assert.deepEqual(await flows(c, 2000), [true, true]);
	assert.equal(stranger.got.filter((p) => kind(p.data) === 'rtp').length, 0);
	await c.close();
	assert.deepEqual(await flows(await connect(await call(t))), [true, true]);
});
