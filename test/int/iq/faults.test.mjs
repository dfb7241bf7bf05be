// SPDX-License-Identifier: BSD-2-Clause
// A dead, a hung and a restarting rtpengine: commands fail in time, and it is
// used again by itself.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ng } from './support/ng.mjs';
import { Gateway, NORTH, ROOT, answerOf, deleteOf, offerOf, startIq, startRtpengine, until } from './support/daemon.mjs';

// What is measured has to do with how busy the machine is; what is configured has not.
const BUSY_ms = 400;
const PATIENCE_ms = 600 + BUSY_ms;

test('faults_the_examples_patience_is_longer', () => {
	const epcscf = readFileSync(path.join(ROOT, 'cfg-examples/epcscf/epcscf.cfg'), 'utf8');
	const sample = readFileSync(path.join(ROOT, 'cfg-examples/rtpengine/rtpengine-iq.conf'), 'utf8');
	const of = (text, pattern) => Number(pattern.exec(text)[1]);
	const proxy = of(epcscf, /"rtpengine_tout_ms", (\d+)/) * of(epcscf, /"rtpengine_retr", (\d+)/);
	const ours = of(sample, /rtpengine_timeout_ms = (\d+)/) * (1 + of(sample, /rtpengine_retries = (\d+)/));
	assert.ok(ours + 100 <= proxy, `${ours} ms, ${proxy} ms`);
	assert.ok(proxy + BUSY_ms <= PATIENCE_ms);
});

async function both(t, conf) {
	const rtpengine = await startRtpengine();
	const iq = await startIq(conf);
	const ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); await iq.end(); await rtpengine.end('SIGKILL'); });
	await iq.wrote(/in service/);
	return { rtpengine, iq, ng };
}

async function timed(promise) {
	const since = process.hrtime.bigint();
	const value = await promise;
	return { value, ms: Number(process.hrtime.bigint() - since) / 1e6 };
}

test('faults_a_hung_rtpengine_costs_less_than_the_proxys_patience', async (t) => {
	const { rtpengine, iq, ng } = await both(t);
	assert.equal((await ng.ask(offerOf('h1'))).result, 'ok');
	await rtpengine.hang();
	const { value, ms } = await timed(ng.ask(answerOf('h1')));
	assert.equal(value.result, 'error');
	assert.match(value['error-reason'], /rtpengine did not answer|out of service/);
	assert.ok(ms < PATIENCE_ms, `${ms} ms`);
	await iq.wrote(/out of service: pings are not answered/);
	// From now on at once.
	const again = await timed(ng.ask(offerOf('h2')));
	assert.deepEqual(again.value, { 'error-reason': 'rtpengine is out of service', result: 'error' });
	assert.ok(again.ms < 50 + BUSY_ms, `${again.ms} ms`);
	assert.equal((await ng.ask({ command: 'ping' })).result, 'error');
	rtpengine.signal('SIGCONT');
	await iq.wrote(/out of service[^]*in service/);
	assert.equal((await ng.ask({ command: 'ping' })).result, 'pong');
	// The call was hung with it, and goes on.
	assert.equal((await ng.ask(answerOf('h1', { 'to-tag': 'again' }))).result, 'ok');
	assert.equal((await ng.ask(deleteOf('h1'))).result, 'ok');
});

test('faults_a_hundred_commands_under_way_when_it_hangs', async (t) => {
	const { rtpengine, iq, ng } = await both(t);
	assert.equal((await ng.ask(offerOf('before'))).result, 'ok');
	await rtpengine.hang();
	const all = await Promise.all(Array.from({ length: 100 }, (_, i) => timed(ng.ask(offerOf(`x${i}`)))));
	assert.ok(all.every(({ value }) => value.result === 'error'));
	assert.ok(Math.max(...all.map(({ ms }) => ms)) < PATIENCE_ms, `${Math.max(...all.map(({ ms }) => ms))} ms`);
	assert.equal((await ng.ask({ command: 'ping' })).result, 'error');
	// It wakes up and does all of it, and nobody wants it any more.
	rtpengine.signal('SIGCONT');
	await iq.wrote(/out of service[^]*in service/);
	await until('only what was before', async () => (await ng.ask({ command: 'list', limit: 200 })).calls
		?.filter((id) => !id.startsWith('rtpengine-iq-probe-')).join() === 'before');
});

test('faults_a_dead_rtpengine_is_told_at_once_and_the_next_is_found', async (t) => {
	const { rtpengine, iq, ng } = await both(t);
	assert.equal((await ng.ask(offerOf('d1'))).result, 'ok');
	await rtpengine.end('SIGKILL');
	const { value, ms } = await timed(ng.ask(answerOf('d1')));
	assert.equal(value.result, 'error');
	assert.ok(ms < PATIENCE_ms, `${ms} ms`);
	await iq.wrote(/out of service: nobody listens/);
	const next = await startRtpengine();
	t.after(() => next.end('SIGKILL'));
	await iq.wrote(/out of service[^]*in service/);
	assert.equal((await ng.ask(offerOf('d2'))).result, 'ok');
	assert.equal((await ng.ask(deleteOf('d2'))).result, 'ok');
});

test('faults_it_starts_before_rtpengine', async (t) => {
	const iq = await startIq();
	t.after(() => iq.end());
	const ng = await Ng.open(NORTH);
	t.after(() => ng.close());
	await iq.wrote(/out of service/);
	assert.equal((await ng.ask(offerOf('b1'))).result, 'error');
	const rtpengine = await startRtpengine();
	t.after(() => rtpengine.end('SIGKILL'));
	await iq.wrote(/in service/);
	assert.equal((await ng.ask(offerOf('b2'))).result, 'ok');
});

test('faults_a_lost_datagram_is_repeated', async (t) => {
	const seen = new Map();
	const gateway = await Gateway.open((dict) => {
		const n = (seen.get(dict['call-id']) ?? 0) + 1;
		seen.set(dict['call-id'], n);
		return n < 3 ? undefined : { result: 'ok', n };
	});
	const iq = await startIq();
	const ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); gateway.close(); await iq.end(); });
	const { value, ms } = await timed(ng.ask({ command: 'query', 'call-id': 'lost' }, { repeat_ms: 5000 }));
	assert.deepEqual(value, { result: 'ok', n: 3 });
	assert.ok(ms < PATIENCE_ms, `${ms} ms`);
});

test('faults_too_many_under_way_are_told_so', async (t) => {
	const gateway = await Gateway.open(() => undefined);
	const iq = await startIq({ inflight_max: 10, rtpengine_timeout_ms: 300 });
	const ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); gateway.close(); await iq.end(); });
	await iq.wrote(/in service/);
	const all = await Promise.all(Array.from({ length: 15 }, (_, i) => ng.ask(offerOf(`f${i}`))));
	assert.equal(all.filter((a) => a.result === 'load limit').length, 5);
	assert.equal(all.filter((a) => a.result === 'error').length, 10);
	assert.equal((await ng.ask(offerOf('later'))).result, 'error', 'there is room again');
});
