// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { amplitudeAt, CODECS, dominant, dtmfPair, readDtmf, rms, sequence, silence, tone } from '../lab/numbers/dsp.mjs';
import { parseChallenge } from '../lab/numbers/digest.mjs';
import { Message, parseAddress, parseUri, splitList } from '../lab/numbers/message.mjs';
import { Numbers, readBack } from '../lab/numbers/numbers.mjs';
import { Phone } from '../lab/numbers/phone.mjs';
import { agree, makeAnswer, parseSdp } from '../lab/numbers/sdp.mjs';
import { Edge } from './edge.mjs';

const HOST = '127.0.0.1';
const md5 = (text) => createHash('md5').update(text).digest('hex');
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

let edge;
let numbers;
let bob;

// The registrar's side of Digest, written from RFC 2617, not from the phone's code.
function digestRegistrar(passwords) {
	return (request) => {
		const given = parseChallenge(request.get('Authorization') ?? '') ?? {};
		const challenge = [401, 'Unauthorized', [['WWW-Authenticate',
			'Digest realm="home1.net", nonce="abc", qop="auth,auth-int", algorithm=MD5, opaque="o"']]];
		if (!given.response) return challenge;
		const ha1 = md5(`${given.username}:home1.net:${passwords[given.username]}`);
		const right = md5(`${ha1}:abc:${given.nc}:${given.cnonce}:auth:${md5(`REGISTER:${given.uri}`)}`);
		return given.response === right ? undefined : [403, 'Forbidden'];
	};
}

before(async () => {
	edge = await Edge.start({ policy: { register: digestRegistrar({
		'600@home1.net': 'p600', '601@home1.net': 'p601', '602@home1.net': 'p602', 'bob@home1.net': 'pb' }) } });
	const proxy = { host: HOST, port: edge.port };
	numbers = await Numbers.start({ listen: { host: HOST, port: 0 }, proxy, domain: 'home1.net',
		register: true, max_call_s: 20, numbers: [
			{ number: '600', does: 'echo', impi: '600@home1.net', password: 'p600' },
			{ number: '601', does: 'tone', hz: 440, impi: '601@home1.net', password: 'p601' },
			{ number: '602', does: 'digits', pause_ms: 600, impi: '602@home1.net', password: 'p602' }] }, () => {});
	bob = await Phone.start({ host: HOST, proxy, domain: 'home1.net', impu: 'sip:bob@home1.net',
		impi: 'bob@home1.net', password: 'pb' });
	while (!numbers.phones.every((phone) => phone.registered)) await wait(10);
});

after(async () => {
	await bob.stop();
	await numbers.stop();
	await edge.stop();
});

test('dsp_codecs_come_back_close', () => {
	const pcm = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
	for (const [name, { encode, decode }] of Object.entries(CODECS)) {
		const back = decode(encode(pcm));
		pcm.forEach((x, i) => assert.ok(Math.abs(x - back[i]) <= Math.max(16, Math.abs(x) / 16), `${name} ${x} ${back[i]}`));
		const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
		const again = encode(decode(codes));
		const off = codes.filter((c, i) => again[i] !== c && c !== 0x7f);
		assert.deepEqual([...off], [], name);
	}
	assert.equal(CODECS.PCMU.encode(Int16Array.of(0))[0], 0xff);
	assert.equal(CODECS.PCMA.encode(Int16Array.of(0))[0], 0xd5);
});

test('dsp_measures_tones', () => {
	for (const hz of [200, 440, 1000, 3111]) {
		const pcm = tone(hz, 5000)(4000);
		assert.ok(Math.abs(dominant(pcm).hz - hz) < 1, `${hz}`);
		assert.ok(Math.abs(rms(pcm) - 5000 / Math.SQRT2) < 50);
		assert.ok(amplitudeAt(pcm, hz) > 4900);
		assert.ok(amplitudeAt(pcm, hz * 1.2) < 400);
	}
	assert.equal(dominant(silence()(4000)), undefined);
	assert.equal(rms(silence()(100)), 0);
});

test('dsp_reads_its_own_dtmf', () => {
	const keys = '0123456789*#ABCDD';
	const pcm = readBack(keys)(keys.length * 3200);
	assert.equal(readDtmf(CODECS.PCMU.decode(CODECS.PCMU.encode(pcm))), keys);
	assert.equal(readDtmf(tone(440)(8000)), '');
	assert.deepEqual(dtmfPair('5'), [770, 1336]);
});

test('dsp_sequence_ends_once_and_exactly', () => {
	let ends = 0;
	const source = sequence([{ source: (n) => new Int16Array(n).fill(7), ms: 6.25 }],
		() => { ends++; });
	const got = [...source(40), ...source(40)];
	assert.equal(ends, 1);
	assert.deepEqual(got.slice(50), Array(30).fill(0));
	assert.equal(got[49], 7);
});

test('message_parses_what_it_must', () => {
	const text = 'INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h:5;branch=z9hG4bKx;rport, SIP/2.0/TCP [::1]\r\n'
		+ 'f: "A, \\"B\\" <x>" <sip:c@d;x=1>;tag=t\r\nt: <sip:a@b>\r\ni: 1\r\nCSeq: 3 INVITE\r\n'
		+ 'Route: <sip:r1;lr>,\r\n <sip:r2;lr>\r\nl: 2\r\n\r\nhi';
	const m = Message.parse(Buffer.from(text));
	assert.equal(m.all('Via').length, 2);
	assert.deepEqual([m.via.host, m.via.port, m.via.params.branch], ['h', 5, 'z9hG4bKx']);
	assert.equal(m.fromTag, 't');
	assert.equal(parseAddress(m.get('From')).uri, 'sip:c@d;x=1');
	assert.deepEqual(m.all('Route'), ['<sip:r1;lr>', '<sip:r2;lr>']);
	assert.equal(m.body, 'hi');
	assert.deepEqual(Message.parse(Buffer.from(m.toString())).fields.length, m.fields.length);
	assert.deepEqual(splitList('a, "b,c", <d,e>'), ['a', '"b,c"', '<d,e>']);
	assert.deepEqual(parseUri('sip:u@[::1]:5070;transport=udp').port, 5070);
	for (const bad of ['', 'hello\r\n\r\n', 'INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
		assert.equal(Message.parse(Buffer.from(bad)), undefined);
	}
});

test('sdp_takes_one_audio_and_refuses_the_rest', () => {
	const sections = parseSdp(['v=0', 'c=IN IP4 1.2.3.4', 'm=video 9 RTP/AVP 96', 'm=audio 10 RTP/SAVP 0',
		'm=audio 20 RTP/AVP 96 8 101', 'a=rtpmap:96 AMR/8000', 'a=rtpmap:101 telephone-event/8000',
		'a=sendonly', 'm=message 30 TCP/MSRP *', ''].join('\r\n'));
	const agreed = agree(sections);
	assert.deepEqual({ ...agreed }, { index: 2, host: '1.2.3.4', port: 20, codec: 'PCMA', pt: 8, eventPt: 101,
		send: false, direction: 'sendonly' });
	const answer = makeAnswer(sections, agreed, HOST, 4000, 1);
	assert.deepEqual(answer.split('\r\n').filter((l) => l.startsWith('m=')),
		['m=video 0 RTP/AVP 96', 'm=audio 0 RTP/SAVP 0', 'm=audio 4000 RTP/AVP 8 101', 'm=message 0 TCP/MSRP *']);
	assert.ok(answer.includes('a=recvonly'));
	assert.equal(agree(parseSdp('v=0\r\nm=audio 10 RTP/AVP 18\r\n')), undefined);
});

test('phone_registers_by_digest_as_an_ims_ue', async () => {
	const response = await bob.register();
	assert.equal(response.status, 200);
	const first = edge.requests('REGISTER').filter((r) => r.get('From').includes('bob'))[0];
	assert.match(first.get('Authorization'), /username="bob@home1.net".*nonce="", response=""/);
	const wrong = await Phone.start({ ...bob.config, password: 'bad' });
	await assert.rejects(wrong.register(), { status: 403 });
	await wrong.stop();
});

test('numbers_600_echoes', async () => {
	const call = await bob.call('sip:600@home1.net', { tone_hz: 1000 });
	await call.listen(200);
	const heard = await call.listen(600);
	assert.ok(heard.packets_n >= 25, `${heard.packets_n} packets`);
	assert.ok(Math.abs(heard.dominant_hz - 1000) < 5, `${heard.dominant_hz}`);
	assert.ok(heard.rms > 4000);
	await call.hangup();
});

test('numbers_601_plays_440_hz', async () => {
	for (const codec of ['PCMU', 'PCMA']) {
		const call = await bob.call('sip:601@home1.net', { codecs: [codec] });
		assert.equal(call.media.codec, codec);
		const heard = await call.listen(600);
		assert.ok(Math.abs(heard.dominant_hz - 440) < 5, `${heard.dominant_hz}`);
		assert.ok(heard.amplitudeAt(440) > 5000);
		await call.hangup();
	}
});

test('numbers_602_reads_digits_back', async () => {
	const call = await bob.call('sip:602@home1.net');
	await call.digits('147*0#2');
	const heard = await call.listen(600 + 7 * 400 + 400);
	assert.equal(heard.dtmf, '147*0#2');
	await call.hangup();
});

test('numbers_route_in_dialog_requests_and_answer_reinvite_and_update', async () => {
	edge.seen.length = 0;
	const call = await bob.call('sip:601@home1.net');
	assert.deepEqual(call.routes, [`<sip:127.0.0.1:${edge.port};lr>`]);
	await call.offer('INVITE', 'recvonly');
	await call.listen(100);
	assert.ok((await call.listen(200)).packets_n > 5);
	await call.offer('UPDATE', 'sendonly');
	await call.listen(100);
	assert.equal((await call.listen(200)).packets_n, 0);
	await call.offer('UPDATE');
	assert.ok((await call.listen(300)).packets_n > 5);
	await call.hangup();
	assert.equal(edge.requests('ACK').length, 2);
	assert.equal(edge.requests('BYE').length, 1);
	assert.equal(numbers.phones[1].calls.size, 0);
});

test('phone_takes_calls_cancel_and_hangup', async () => {
	await bob.register();
	const carol = await Phone.start({ host: HOST, proxy: bob.config.proxy, domain: 'home1.net', impu: 'sip:carol@home1.net' });
	const coming = bob.nextCall();
	const dialing = carol.call('sip:bob@home1.net', { tone_hz: 600 });
	const theirs = await coming;
	await theirs.answer({ tone_hz: 700 });
	const mine = await dialing;
	assert.ok(mine.provisionals.includes(180));
	const [a, b] = await Promise.all([mine.listen(500), theirs.listen(500)]);
	assert.ok(Math.abs(a.dominant_hz - 700) < 5 && Math.abs(b.dominant_hz - 600) < 5);
	await theirs.hangup();
	assert.equal(await mine.ended, 'hung up by the other side');

	const again = bob.nextCall();
	const cancelled = carol.call('sip:bob@home1.net', { onDialing: (call) => again.then(() => call.cancel()) });
	await assert.rejects(cancelled, { status: 487 });
	assert.equal(await (await again).ended, 'cancelled');

	const left = bob.nextCall();
	const gone = carol.call('sip:bob@home1.net').catch((error) => error.status);
	await left;
	await Promise.all([...carol.calls.values()].map((call) => call.hangup()));
	assert.equal(await gone, 487);

	const third = bob.nextCall();
	third.then((call) => call.reject(486));
	await assert.rejects(carol.call('sip:bob@home1.net'), { status: 486 });
	await assert.rejects(carol.call('sip:nobody@home1.net'), { status: 404 });
	await carol.stop();
});

test('phone_offers_when_the_invite_has_none', async () => {
	const before_ = numbers.phones[1].endpoint.sentBy;
	const dave = await Phone.start({ host: HOST, domain: 'home1.net', impu: 'sip:dave@home1.net' });
	const call = await dave.call(`sip:601@${before_}`);
	await call.hangup();
	const invite = Message.parse(Buffer.from(call.invite.toString()));
	invite.fields = invite.fields.filter(([n]) => !/^(Via|Content-Type|Call-ID)$/.test(n));
	invite.add('Call-ID', 'late-offer');
	invite.body = '';
	const response = await dave.endpoint.request(invite, { direct: true });
	assert.equal(response.status, 200);
	assert.equal(agree(parseSdp(response.body)).codec, 'PCMA');
	await dave.stop();
});

test('phone_refuses_unknown_extensions_and_dialogs', async () => {
	const target = numbers.phones[0].endpoint.sentBy;
	const dave = await Phone.start({ host: HOST, domain: 'home1.net', impu: 'sip:dave@home1.net' });
	const ask = (method, fields = []) => {
		const m = new Message(`${method} sip:600@${target} SIP/2.0`).add('From', '<sip:d@x>;tag=1')
			.add('To', '<sip:600@x>').add('Call-ID', `${method}${Math.random()}`).add('CSeq', `1 ${method}`);
		for (const [n, v] of fields) m.set(n, v);
		return dave.endpoint.request(m, { direct: true });
	};
	const bad = await ask('INVITE', [['Require', 'precondition']]);
	assert.deepEqual([bad.status, bad.get('Unsupported')], [420, 'precondition']);
	assert.equal((await ask('OPTIONS')).status, 200);
	assert.equal((await ask('BYE', [['To', '<sip:600@x>;tag=gone']])).status, 481);
	assert.equal((await ask('SUBSCRIBE')).status, 405);
	assert.equal((await ask('MESSAGE')).status, 200);
	await dave.stop();
});

test('numbers_end_calls_after_their_limit', async () => {
	const one = await Numbers.start({ listen: { host: HOST }, domain: 'home1.net', max_call_s: 0.3,
		numbers: [{ number: '601', does: 'tone' }] }, () => {});
	const dave = await Phone.start({ host: HOST, domain: 'home1.net', impu: 'sip:dave@home1.net' });
	const call = await dave.call(`sip:601@${one.phones[0].endpoint.sentBy}`);
	assert.equal(await call.ended, 'hung up by the other side');
	await dave.stop();
	await one.stop();
});
