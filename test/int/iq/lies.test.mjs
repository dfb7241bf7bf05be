// SPDX-License-Identifier: BSD-2-Clause
// An rtpengine that lies, octet by octet: the proxy gets its answer in time,
// and nothing of it counts for another command.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Gateway, HTTP, NORTH, counters, deleteOf, offerOf, startIq, until } from './support/daemon.mjs';
import { Ng, encode } from './support/ng.mjs';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
const ok = encode({ result: 'ok', sdp: SDP });
const READ = /cannot be read/, NONE = /did not answer/;
const rows = [
	['no cookie', () => ok, NONE],
	['another cookie', (c) => `${c.slice(0, -1)}x ${ok}`, NONE],
	['one of a process before', (c) => `iq${'0'.repeat(c.length - 2)} ${ok}`, NONE],
	['one of its own commands', (c) => `own${c.slice(3)} ${ok}`, NONE],
	['a cookie alone', (c) => c, NONE],
	['a cookie and a space', (c) => `${c} `, READ],
	['nothing', () => '', NONE],
	['no dictionary', (c) => `${c} 5:hello`, READ],
	['a cut', (c) => `${c} ${ok.slice(0, 40)}`, READ],
	['more behind it', (c) => `${c} ${ok}e`, READ],
	['a length beyond all', (c) => `${c} d6:result99999999999999999999:ok`, READ],
	['a length beyond its end', (c) => `${c} d6:result2:ok3:sdp65000:v=0e`, READ],
	['a depth', (c) => `${c} ${'l'.repeat(60000)}`, READ],
	['a breadth', (c) => `${c} d1:al${'i0e'.repeat(21000)}ee`, null],
	['many keys', (c) => `${c} d${Array.from({ length: 4000 }, (_, i) => `6:k${String(i).padStart(5, '0')}0:`).join('')}e`, READ],
	['a key twice', (c) => `${c} d6:result2:ok6:result2:oke`, READ],
	['more than the proxy can get', (c) => `${c} d1:a65461:${'x'.repeat(65461)}e`, /too long/],
	['an event', () => `ev1 ${encode({ command: 'event', event: 'media-lost' })}`, NONE],
	['a command', () => `x ${encode({ command: 'delete', 'call-id': 'x' })}`, NONE],
];

test('lies_of_every_kind_are_one_error_and_no_more', async (t) => {
	let lie;
	const gateway = await Gateway.open(({ command }) => (command === 'offer' ? undefined : { result: 'ok' }));
	const { received } = Gateway.prototype;
	gateway.received = async (text, from) => {
		await received.call(gateway, text, from);
		if (!lie || !text.includes('7:command5:offer') || text.includes('rtpengine-iq-probe-')) return;
		for (const octets of [lie(text.slice(0, text.indexOf(' ')))].flat()) gateway.socket.send(Buffer.from(octets, 'latin1'), from.port, from.address);
	};
	const iq = await startIq({ ...HTTP, rtpengine_timeout_ms: 60, rtpengine_retries: 1 }), ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); gateway.close(); await iq.end(); });
	for (const [i, [what, text, why]] of rows.entries()) {
		lie = text;
		const since = Date.now(), answer = await ng.ask(offerOf(`lie${i}`));
		if (why) {
			assert.equal(answer.result, 'error', what);
			assert.match(answer['error-reason'], why, what);
		}
		assert.ok(Date.now() - since < 1000, `${what}: ${Date.now() - since} ms`);
		assert.equal((await ng.ask({ command: 'ping' })).result, 'pong', `${what}: it stays in service`);
	}
	// The truth behind lies, twice: once.
	lie = (c) => [`x${c} ${ok}`, `${c} ${ok}`, `${c} ${ok}`, `${c} ${encode({ result: 'error' })}`];
	assert.equal((await ng.ask(offerOf('truth'))).result, 'ok');
	assert.equal((await ng.ask(deleteOf('truth'))).result, 'ok');
	await until('no command under way', async () => /^rtpengine_iq_inflight 0$/m.test(await (await fetch('http://127.0.0.8:8080/metrics')).text()));
	assert.ok((await counters()).south_broken >= 8);
	assert.equal((await counters()).events, 0);
});
