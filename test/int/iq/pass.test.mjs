// SPDX-License-Identifier: BSD-2-Clause
// What passes: every command of rtpengine, octet for octet; each once, however
// often it comes; and what does not pass, with its answer.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Ng, decode, encode } from './support/ng.mjs';
import { Gateway, HTTP, NORTH, RTPENGINE, Raw, answerOf, counters, deleteOf, later, offerOf, startIq, startRtpengine } from './support/daemon.mjs';

/** A daemon with a gateway that the test plays. */
async function played(t, says, conf) {
	const gateway = await Gateway.open(says);
	t.after(() => gateway.close());
	const iq = await startIq(conf);
	t.after(() => iq.end());
	await iq.wrote(/in service/);
	const raw = await Raw.open();
	t.after(() => raw.close());
	return { gateway, iq, raw };
}

test('pass_every_command_octet_for_octet', async (t) => {
	// Odd, and none of it ours: integers, empty strings, nested, octets of any value.
	const strange = { command: 'whatever it is', n: -7, list: ['', ['x', { y: 0 }]], 'ÿþ': '\x00\x01\xff' };
	const answer = encode({ result: 'ok', sdp: 'v=0\r\n', more: ['\xff', { z: -1 }] });
	const { gateway, raw } = await played(t, () => answer);
	for (const dict of [strange, { command: 'query', 'call-id': 'a' }, { command: 'start recording', x: 1 },
		answerOf('a', { 'call-id': 'a' }), deleteOf('a')]) {
		await raw.send(`c${dict.command.length} ${encode(dict)}`);
		assert.equal(await raw.next(), `c${dict.command.length} ${answer}`);
		const sent = gateway.requests.pop();
		if (dict.command === 'delete') // a delete of one of several legs is followed by a query
			assert.equal(sent.dict.command, 'delete');
		assert.equal(sent.body, encode(dict));
	}
});

test('pass_the_same_command_goes_once', async (t) => {
	let release;
	const held = new Promise((done) => { release = done; });
	const { gateway, raw } = await played(t, async () => { await held; return { result: 'ok' }; }, HTTP);
	const text = `7_1 ${encode({ command: 'query', 'call-id': 'x' })}`;
	for (let i = 0; i < 3; i++) await raw.send(text);
	await raw.settled();
	// Repeated by the daemon itself meanwhile, always with the same cookie.
	release();
	assert.equal(await raw.next(), '7_1 d6:result2:oke');
	assert.equal(new Set(gateway.requests.map((r) => r.cookie)).size, 1);
	const n = gateway.requests.length;
	for (let i = 0; i < 3; i++) {
		await raw.send(text);
		assert.equal(await raw.next(), '7_1 d6:result2:oke');
	}
	await raw.settled();
	assert.deepEqual(raw.got, []);
	assert.equal(gateway.requests.length, n);
	// The cookie is the same, the command is not: Kamailio was started anew.
	await raw.send(`7_1 ${encode({ command: 'query', 'call-id': 'y' })}`);
	assert.equal(await raw.next(), '7_1 d6:result2:oke');
	assert.equal(gateway.requests.length, n + 1);
	const { absorbed, repeated } = await counters();
	assert.deepEqual([absorbed, repeated], [2, 3]);
});

test('pass_the_answer_goes_to_whom_it_was_repeated_from', async (t) => {
	let release;
	const held = new Promise((done) => { release = done; });
	const { raw } = await played(t, async () => { await held; return { result: 'ok' }; });
	const other = await Raw.open();
	t.after(() => other.close());
	const text = `8_1 ${encode({ command: 'query', 'call-id': 'x' })}`;
	await raw.send(text);
	await raw.settled();
	await other.send(text);
	await other.settled();
	release();
	assert.equal(await other.next(), '8_1 d6:result2:oke');
	assert.deepEqual(raw.got, []);
});

test('pass_over_ipv6_too', async (t) => {
	await played(t, () => ({ result: 'ok', six: 6 }), { listen: ['127.0.0.8:2223', '[::1]:2223'] });
	const raw = await Raw.open({ from: '::1', to: { host: '::1', port: 2223 } });
	t.after(() => raw.close());
	for (let i = 0; i < 2; i++) {
		await raw.send(`v6 ${encode({ command: 'query', 'call-id': 'x' })}`);
		assert.equal(await raw.next(), 'v6 d6:result2:ok3:sixi6ee');
	}
});

test('pass_broken_datagrams_get_the_documented_answer', async (t) => {
	const { gateway, raw } = await played(t, undefined, HTTP);
	const nobody = ['', ' ', 'x', '\x00\x01 de', `${'c'.repeat(129)} de`];
	for (const text of nobody.slice(1)) await raw.send(text);
	await raw.settled();
	// `x` alone is a cookie, if nothing else: it is told.
	assert.deepEqual(raw.got.splice(0).map((s) => s.split(' ')[0]), ['x']);
	for (const body of ['d', 'd7:command4:pin', 'i1e', 'd1:a1:b1:a1:ce', `${'l'.repeat(40)}${'e'.repeat(40)}`,
		`d${Array.from({ length: 600 }, (_, i) => `4:${1000 + i}0:`).join('')}e`]) {
		await raw.send(`c1 ${body}`);
		assert.deepEqual(decode((await raw.next()).slice(3)),
			{ result: 'error', 'error-reason': 'the dictionary cannot be read' });
	}
	await raw.send('c2 d4:nono4:nonoe');
	assert.deepEqual(decode((await raw.next()).slice(3)), { result: 'error', 'error-reason': 'no command' });
	await raw.send(`c3 ${encode({ command: 'query', x: 'y'.repeat(65470) })}`);
	assert.deepEqual(decode((await raw.next()).slice(3)), { result: 'error', 'error-reason': 'the command is too long' });
	assert.deepEqual(gateway.requests, []);
	// Of nobody four (an empty one is not sent), `x` among them, and six dictionaries.
	const { refused_syntax, refused_size } = await counters();
	assert.deepEqual([refused_syntax, refused_size], [10, 1]);
});

test('pass_logs_no_sdp_and_no_keys', async (t) => {
	const { iq, raw } = await played(t, () => 'no bencode', { log_level: 7 });
	const sdp = 'v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRETSECRET\r\n';
	await raw.send(`c1 ${encode({ command: 'offer', 'call-id': 'a', 'from-tag': 'f', sdp })}`);
	assert.deepEqual(decode((await raw.next()).slice(3)),
		{ result: 'error', 'error-reason': 'the answer of rtpengine cannot be read' });
	await raw.send(`c2 d3:sdp${sdp.length}:${sdp}`);
	await raw.next();
	for (const word of ['crypto', 'SECRET', '192.0.2.77', 'v=0']) assert.ok(!iq.text.includes(word), word);
	assert.match(iq.text, /an answer of rtpengine: syntax/);
});

test('pass_flags_are_right_for_the_version', async (t) => {
	for (const [version, bundle] of [['10.5.3.5', false], ['26.0.1.26', true]]) {
		await t.test(version, async (u) => {
			const { gateway, raw } = await played(u, undefined, { rtpengine_version: version });
			const ask = async (dict) => {
				await raw.send(`${Math.random()} ${encode(dict)}`);
				const text = await raw.next();
				return decode(text.slice(text.indexOf(' ') + 1));
			};
			await ask(offerOf('v', { bundle: ['accept'], flags: ['BUNDLE-accept', 'trust-address'] }));
			const [{ dict }] = gateway.of('offer');
			assert.equal(dict['DTLS-reverse'], 'passive');
			assert.equal('bundle' in dict, bundle);
			assert.equal(dict.flags.includes('BUNDLE-accept'), bundle);
			// Passive in an answer is good only behind an offer that said it.
			await ask(answerOf('v', { DTLS: 'passive' }));
			assert.equal(gateway.of('answer')[0].dict.DTLS, 'passive');
			await ask(answerOf('w', { DTLS: 'passive' }));
			assert.equal('DTLS' in gateway.of('answer')[1].dict, bundle);
			const fragment = await ask({ command: 'offer', 'call-id': 'v', 'from-tag': 'from', flags: ['fragment'],
				sdp: 'a=ice-ufrag:x\r\n' });
			assert.equal(fragment.result, bundle ? 'ok' : 'error');
			assert.equal(gateway.of('offer').length, bundle ? 2 : 1);
		});
	}
});

test('pass_a_call_of_the_real_rtpengine', async (t) => {
	const rtpengine = await startRtpengine();
	t.after(() => rtpengine.end());
	const iq = await startIq();
	t.after(() => iq.end());
	const [ng, direct] = await Promise.all([Ng.open(NORTH), Ng.open(RTPENGINE)]);
	t.after(() => { ng.close(); direct.close(); });
	assert.deepEqual(await ng.ask({ command: 'ping' }), { result: 'pong' });
	const offer = await ng.ask(offerOf('real'));
	assert.equal(offer.result, 'ok');
	assert.match(offer.sdp, /^m=audio \d+ RTP\/AVP /m);
	assert.doesNotMatch(offer.sdp, /^a=(fingerprint|ice-|candidate)/m);
	const answer = await ng.ask(answerOf('real'));
	assert.equal(answer.result, 'ok');
	assert.match(answer.sdp, /^a=fingerprint:sha-256 /m);
	assert.match(answer.sdp, /^a=setup:passive/m);
	// The same from both, but for what time changes.
	const steady = (dict) => JSON.parse(JSON.stringify(dict, (key, value) => (/last|created|^time/.test(key) ? undefined : value)));
	for (const dict of [{ command: 'query', 'call-id': 'real' }, { command: 'list' }, { command: 'query', 'call-id': 'nobody' },
		{ command: 'nonsense' }, { command: 'block media', 'call-id': 'real', 'from-tag': 'from' }])
		assert.deepEqual(steady(await ng.ask(dict)), steady(await direct.ask(dict)), dict.command);
	assert.equal((await ng.ask(deleteOf('real'))).result, 'ok');
	assert.deepEqual((await direct.ask({ command: 'list' })).calls, []);
});

test('pass_a_crowd_of_commands_at_once', async (t) => {
	const { raw } = await played(t, async (dict) => {
		await later(5 + Math.random() * 20);
		return { result: 'ok', id: dict['call-id'] };
	}, { rtpengine_timeout_ms: 400, rtpengine_retries: 10, ping_lost: 20 });
	// As a proxy would: what has no answer is sent again.
	const n = 2000, answers = new Map();
	for (let round = 0; answers.size < n && round < 20; round++) {
		for (let i = 0; i < n; i++) {
			if (answers.has(i)) continue;
			await raw.send(`k${i} ${encode({ command: 'query', 'call-id': `id${i}` })}`);
			if (i % 50 === 0) await later(1);
		}
		await later(300);
		for (const text of raw.got.splice(0)) {
			const [, i, body] = /^k(\d+) (.*)$/s.exec(text);
			answers.set(Number(i), decode(body));
		}
	}
	assert.equal(answers.size, n);
	for (const [i, answer] of answers) assert.deepEqual(answer, { result: 'ok', id: `id${i}` });
});
