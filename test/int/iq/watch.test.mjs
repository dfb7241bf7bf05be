// SPDX-License-Identifier: BSD-2-Clause
// Watching costs no more than it may, forgets nobody, and after a restart
// tells what happens from then on and nothing that was before.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Gateway, NORTH, counters, later, startIq, startRtpengine, until } from './support/daemon.mjs';
import { Ims } from './support/ims.mjs';
import { Ng } from './support/ng.mjs';
import { Subscriber } from './support/subscriber.mjs';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
const media = (packets) => ({ index: 1, type: 'audio', flags: ['initialized', 'send', 'recv'],
	streams: [{ 'local port': 30000, flags: ['RTP', 'filled'], stats: { packets, bytes: 0, errors: 0 } }] });
/** An answer to `query` of plain RTP that flows, or does not. */
const flowing = (packets) => ({ created: 1, 'last signal': 1, SSRC: {}, result: 'ok',
	tags: { a: { tag: 'a', medias: [media(packets)] }, b: { tag: 'b', medias: [media(packets)] } } });

async function callUp(ng, id, sdps = [SDP, SDP]) {
	const keys = { 'call-id': id, 'from-tag': 'a', direction: ['ims', 'ims'], flags: ['trust-address'] };
	const offer = await ng.ask({ command: 'offer', ...keys, sdp: sdps[0] });
	const answer = await ng.ask({ command: 'answer', ...keys, 'to-tag': 'b', sdp: sdps[1] });
	assert.deepEqual([offer.result, answer.result], ['ok', 'ok']);
	return [offer.sdp, answer.sdp];
}

async function withGateway(t, conf, says) {
	const gateway = await Gateway.open(says);
	// The gateway is this process, which has its hands full.
	const iq = await startIq({ rtpengine_timeout_ms: 2000, ...conf }), ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); await iq.end(); gateway.close(); });
	return { gateway, iq, ng };
}

const perCall = (gateway, from = 0) => gateway.of('query').slice(from).reduce((n, { dict }) => n.set(dict['call-id'], (n.get(dict['call-id']) ?? 0) + 1), new Map());

test('watch_stays_in_its_budget_and_forgets_nobody', async (t) => {
	let packets = 0;
	const { gateway, ng } = await withGateway(t, { query_per_s: 100, query_interval_ms: 100, media_lost_ms: 500 },
		({ command }) => (command === 'query' ? flowing(packets++) : { result: 'ok' }));
	const ids = Array.from({ length: 200 }, (_, i) => `call${i}`);
	for (const id of ids) await callUp(ng, id);
	const from = Date.now(), before = gateway.of('query').length;
	await later(4000);
	const seconds = (Date.now() - from) / 1000, n = gateway.of('query').length - before;
	// 200 calls want 800 a second.
	assert.ok(n <= seconds * 100 + 15, `${n} queries in ${seconds} s`);
	assert.ok(n >= seconds * 50, `${n} queries in ${seconds} s: the budget is for use`);
	const counts = perCall(gateway, before);
	assert.deepEqual(ids.filter((id) => !counts.has(id)), []);
	assert.ok(Math.max(...counts.values()) <= Math.min(...counts.values()) + 3, `even: ${[...counts.values()].sort((a, b) => a - b)}`);
});

test('watch_calls_without_an_answer_leave_with_rtpengine', async (t) => {
	// As rtpengine does it: a deleted call is there for some time (delete-delay).
	const gone = new Set();
	const { gateway, iq, ng } = await withGateway(t, { media_lost_ms: 500, http_listen: '127.0.0.8:8080' }, ({ command, 'call-id': id }) => {
		if (command === 'query') return gone.has(id) ? { result: 'error', 'error-reason': 'Unknown call-ID' } : flowing(0);
		return { result: 'ok' };
	});
	const calls = async () => Number(/^rtpengine_iq_calls (\d+)$/m.exec(await (await fetch('http://127.0.0.8:8080/metrics')).text())[1]);
	for (const id of ['rings', 'refused', 'lives'])
		await ng.ask({ command: 'offer', 'call-id': id, 'from-tag': 'a', sdp: SDP });
	await ng.ask({ command: 'delete', 'call-id': 'refused', 'from-tag': 'a', 'to-tag': 'b' });
	assert.equal(await calls(), 3);
	await until('all to be asked about', () => perCall(gateway).size === 3);
	assert.equal(await calls(), 3, 'rtpengine still has them');
	gone.add('rings').add('refused');
	await until('two to leave', async () => await calls() === 1);
	await ng.ask({ command: 'answer', 'call-id': 'lives', 'from-tag': 'a', 'to-tag': 'b', sdp: SDP });
	await until('it to be watched', () => perCall(gateway).get('lives') > 3);
	assert.equal(await calls(), 1);
	// Nobody was told: no media was lost.
	assert.equal((await counters()).events, 0);
	assert.equal(iq.ended, undefined);
});

test('watch_of_quiet_calls_is_rare_and_spread', async (t) => {
	let packets = 0;
	const at = [];
	const { ng } = await withGateway(t, { media_lost_ms: 4000, query_per_s: 1000 }, ({ command }) => {
		if (command !== 'query') return { result: 'ok' };
		at.push(Date.now());
		return flowing(++packets);
	});
	for (let i = 0; i < 60; i++) await callUp(ng, `call${i}`);
	await until('all have been asked', () => at.length >= 60);
	await later(1000); // the first round is over
	at.length = 0;
	const from = Date.now();
	await later(4000);
	// Each every 2 s, a quarter to and fro.
	assert.ok(at.length >= 60 && at.length <= 180, `${at.length} queries of 60 calls in 4 s`);
	const tenths = Array.from({ length: 40 }, (_, i) => at.filter((ms) => Math.floor((ms - from) / 100) === i).length);
	assert.ok(Math.max(...tenths) <= 20, `spread: ${tenths}`);
});

test('watch_asks_no_more_when_a_call_is_over_or_rtpengine_away', async (t) => {
	let packets = 0;
	const { gateway, ng } = await withGateway(t, { query_interval_ms: 100, media_lost_ms: 500, ping_interval_ms: 100 },
		({ command }) => (command === 'query' ? flowing(packets++) : { result: 'ok' }));
	await callUp(ng, 'one');
	await callUp(ng, 'two');
	await until('queries', () => perCall(gateway).size === 2);
	assert.equal((await ng.ask({ command: 'delete', 'call-id': 'one', 'from-tag': 'a' })).result, 'ok');
	const ended = perCall(gateway).get('one');
	await until('more of the other', () => perCall(gateway).get('two') > 8);
	assert.ok(perCall(gateway).get('one') <= ended + 1);
	gateway.hung = true;
	await until('it is noticed', async () => (await ng.ask({ command: 'capabilities' }))['in-service'] === 0);
	const away = gateway.of('query').length;
	await later(700);
	assert.ok(gateway.of('query').length <= away, 'only pings');
});

test('watch_once_unknown_is_no_news', async (t) => {
	let unknown = 0;
	const { ng } = await withGateway(t, { query_interval_ms: 100, media_lost_ms: 500 }, ({ command }) => {
		if (command !== 'query') return { result: 'ok' };
		// The second answer only: as if a delete had been under way.
		return ++unknown === 2 ? { result: 'error', 'error-reason': 'Unknown call-id' } : flowing(unknown);
	});
	const sub = await Subscriber.open();
	t.after(() => sub.close());
	await sub.subscribe({ ttl: 60 });
	await callUp(ng, 'x');
	await until('some more', () => unknown > 6);
	assert.equal(sub.all('media-lost').length, 0);
});

test('watch_after_a_restart', async (t) => {
	const rtpengine = await startRtpengine();
	const conf = { media_lost_ms: 1000, query_interval_ms: 200 };
	const c = { iq: await startIq(conf), ng: await Ng.open(NORTH), sub: await Subscriber.open(), ims: [await Ims.open(), await Ims.open()] };
	t.after(async () => {
		for (const x of [c.ng, c.sub, ...c.ims]) x.close();
		await c.iq.end();
		await rtpengine.end();
	});
	await c.sub.subscribe({ ttl: 60 });
	const [a, b] = c.ims;
	const [toB, toA] = await callUp(c.ng, 'live', [a.sdp(), b.sdp()]);
	a.toward(toA);
	b.toward(toB);
	a.talk();
	b.talk();
	for (const tag of ['a', 'b']) await c.sub.got('media-started', { tag });
	await c.iq.end('SIGKILL');
	c.iq = await startIq(conf);
	await c.iq.wrote(/rtpengine has 1 calls, 1 of them new here/);
	c.sub.events = [];
	await c.sub.subscribe({ ttl: 60 });
	await later(1500);
	assert.deepEqual(c.sub.names(), '', 'what was before is no news');
	b.silent();
	await c.sub.got('media-lost', { 'call-id': 'live', tag: 'b' });
	assert.equal(c.sub.all('media-lost', { tag: 'a' }).length, 0);
	// Ended by hand in rtpengine, unknown to us: found out.
	const direct = await Ng.open({ host: '127.0.0.7', port: 2223 });
	t.after(() => direct.close());
	assert.equal((await direct.ask({ command: 'delete', 'call-id': 'live', 'from-tag': 'a' })).result, 'ok');
	const gone = await until('the end', () => c.sub.all('media-lost').find((e) => e.detail['call-deleted']));
	assert.equal(gone['call-id'], 'live');
	assert.equal((await c.ng.ask({ command: 'capabilities' })).calls, 0);
});
