// SPDX-License-Identifier: BSD-2-Clause
// rtpengine-iq is killed in the middle of calls: media flows on, the next
// process finds the calls, and what was repeated meanwhile does no harm.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { Ng, encode } from './support/ng.mjs';
import { Gateway, NORTH, RTPENGINE, Raw, answerOf, deleteOf, golden, later, offerOf, startIq, startRtpengine,
	until } from './support/daemon.mjs';

async function withRtpengine(t, conf) {
	const rtpengine = await startRtpengine();
	const iq = await startIq(conf);
	const ng = await Ng.open(NORTH);
	const direct = await Ng.open(RTPENGINE);
	const context = { rtpengine, iq, ng, direct };
	t.after(async () => { ng.close(); direct.close(); await context.iq.end(); await rtpengine.end('SIGKILL'); });
	await iq.wrote(/in service/);
	return context;
}

/** The calls that are there, without those that rtpengine-iq tries things out with. */
const listed = async (direct) => (await direct.ask({ command: 'list', limit: 1000 })).calls
	.filter((id) => !id.startsWith('rtpengine-iq-probe-')).sort();

/** A call of plain RTP between two sockets of the test. */
async function plainCall(ng, callId) {
	const ends = await Promise.all([0, 1].map(async () => {
		const socket = dgram.createSocket('udp4');
		await new Promise((done) => { socket.bind(0, '127.0.0.1', done); });
		const end = { socket, got: 0 };
		socket.on('message', () => { end.got++; });
		return end;
	}));
	const sdp = ({ socket }) => `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n`
		+ `m=audio ${socket.address().port} RTP/AVP 0\r\n`;
	const keys = { 'call-id': callId, 'from-tag': 'from', direction: ['ims', 'ims'], flags: ['trust-address'] };
	const offer = await ng.ask({ command: 'offer', ...keys, sdp: sdp(ends[0]) });
	const answer = await ng.ask({ command: 'answer', ...keys, 'to-tag': 'to', sdp: sdp(ends[1]) });
	const portOf = (text) => Number(/^m=audio (\d+)/m.exec(text)[1]);
	ends[1].to = portOf(offer.sdp);
	ends[0].to = portOf(answer.sdp);
	let seq = 0;
	const timer = setInterval(() => {
		for (const end of ends) {
			const packet = Buffer.alloc(172);
			packet.writeUInt16BE(0x8000, 0);
			packet.writeUInt16BE(seq & 0xffff, 2);
			packet.writeUInt32BE(seq * 160, 4);
			end.socket.send(packet, end.to, RTPENGINE.host);
		}
		seq++;
	}, 20);
	return { ends, close: () => { clearInterval(timer); for (const { socket } of ends) socket.close(); } };
}

test('restart_fifty_live_calls_go_on_and_can_be_hung_up', async (t) => {
	const context = await withRtpengine(t);
	const { ng, direct, iq } = context;
	const live = await plainCall(ng, 'live');
	t.after(() => live.close());
	const ids = Array.from({ length: 50 }, (_, i) => `call${i}`);
	for (const id of ids) {
		assert.equal((await ng.ask(offerOf(id))).result, 'ok');
		assert.equal((await ng.ask(answerOf(id))).result, 'ok');
	}
	await until('media', () => live.ends.every(({ got }) => got > 5));
	await iq.end('SIGKILL');
	const before = live.ends.map(({ got }) => got);
	await until('media without it', () => live.ends.every(({ got }, i) => got > before[i] + 10));
	context.iq = await startIq();
	await context.iq.wrote(/rtpengine has 51 calls, 51 of them new here/);
	const after = live.ends.map(({ got }) => got);
	await until('media with the next', () => live.ends.every(({ got }, i) => got > after[i] + 10));
	assert.equal((await listed(direct)).length, 51);
	for (const id of [...ids, 'live'])
		assert.equal((await ng.ask(deleteOf(id))).result, 'ok');
	assert.deepEqual(await listed(direct), []);
});

test('restart_a_command_repeated_over_it_is_done_once', async (t) => {
	const context = await withRtpengine(t);
	const raw = await Raw.open();
	t.after(() => raw.close());
	const text = `99_7 ${encode(offerOf('twice'))}`;
	await raw.send(text);
	const first = await raw.next();
	await context.iq.end('SIGKILL');
	context.iq = await startIq();
	await raw.send(text);
	// rtpengine's own memory: the very same answer, not a second offer's.
	assert.equal(await raw.next(), first);
	const bye = `99_8 ${encode(deleteOf('twice'))}`;
	await raw.send(bye);
	const done = await raw.next();
	assert.match(done, /6:result2:ok/);
	await context.iq.end('SIGKILL');
	context.iq = await startIq();
	await raw.send(bye);
	assert.equal(await raw.next(), done);
	assert.deepEqual(await listed(context.direct), []);
});

test('restart_a_command_in_the_gap_is_taken_up', async (t) => {
	const context = await withRtpengine(t);
	await context.iq.end('SIGKILL');
	const asked = context.ng.ask(offerOf('gap'), { repeat_ms: 100 });
	await later(250);
	context.iq = await startIq();
	assert.equal((await asked).result, 'ok');
	assert.deepEqual(await listed(context.direct), ['gap']);
});

test('restart_reads_calls_within_its_budget', async (t) => {
	const ids = Array.from({ length: 300 }, (_, i) => `budget${i}`);
	const gateway = await Gateway.open((dict) => (dict.command === 'query'
		? { result: 'ok', created: 1, tags: { a: { tag: 'a', medias: [] }, b: { tag: 'b', medias: [] } } } : { result: 'ok' }));
	const received = gateway.received.bind(gateway), limits = [];
	gateway.received = (text, from) => {
		if (!text.includes('7:command4:list')) return received(text, from);
		limits.push(/5:limiti(\d+)e/.exec(text)[1]);
		return gateway.answer(text.slice(0, text.indexOf(' ')), { calls: ids, result: 'ok' }, from);
	};
	const iq = await startIq({ query_per_s: 100, restore_calls_max: 500, query_interval_ms: 60000 });
	t.after(async () => { gateway.close(); await iq.end(); });
	await iq.wrote(/rtpengine has 300 calls, 300 of them new here/);
	const since = Date.now();
	await until('a query for each', () => new Set(gateway.of('query').map(({ dict }) => dict['call-id'])).size === 300, 10000);
	const took_ms = Date.now() - since;
	assert.ok(took_ms > 2000, `300 queries in ${took_ms} ms, at 100 a second`);
	assert.deepEqual(limits, ['500']);
});

test('restart_reads_some_when_all_are_too_many_for_a_datagram', async (t) => {
	const ids = Array.from({ length: 600 }, (_, i) => `${'long'.repeat(30)}${i}`);
	const gateway = await Gateway.open((dict) => (dict.command === 'query'
		? { result: 'ok', created: 1, tags: { a: { tag: 'a', medias: [] } } } : { result: 'ok' }));
	const received = gateway.received.bind(gateway), limits = new Set();
	gateway.received = (text, from) => {
		if (!text.includes('7:command4:list')) return received(text, from);
		const limit = Number(/5:limiti(\d+)e/.exec(text)[1]), answer = encode({ calls: ids.slice(0, limit), result: 'ok' });
		limits.add(limit);
		// As rtpengine: what does not fit is not sent.
		return answer.length < 65000 ? gateway.answer(text.slice(0, text.indexOf(' ')), answer, from) : undefined;
	};
	const iq = await startIq({ rtpengine_timeout_ms: 800, rtpengine_retries: 0 });
	t.after(async () => { gateway.close(); await iq.end(); });
	await iq.wrote(/rtpengine has 500 calls, 500 of them new here/);
	assert.deepEqual([...limits], [1000, 500]);
	await until('a query for each', () => new Set(gateway.of('query').map(({ dict }) => dict['call-id'])).size === 500, 10000);
});

test('restart_of_rtpengine_ends_what_it_had', async (t) => {
	const context = await withRtpengine(t);
	assert.equal((await context.ng.ask(offerOf('old'))).result, 'ok');
	await context.rtpengine.end('SIGKILL');
	await context.iq.wrote(/out of service/);
	const next = await startRtpengine();
	t.after(() => next.end('SIGKILL'));
	await context.iq.wrote(/out of service[^]*in service/);
	// The same call again is a new one, with DTLS decided anew.
	assert.match((await context.ng.ask(offerOf('old', { sdp: golden('mo-audio', '2-offer-to-gateway.sdp') }))).result, /ok/);
	assert.equal((await context.ng.ask(deleteOf('old'))).result, 'ok');
});
