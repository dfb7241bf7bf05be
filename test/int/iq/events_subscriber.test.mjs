// SPDX-License-Identifier: BSD-2-Clause
// How events reach subscribers: acknowledged, repeated, in order, none lost
// unseen. The events are those of a gateway that stops answering and comes
// back, and keys told by UDP: both can be caused as often as one likes.
import test from 'node:test';
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { Gateway, NORTH, RTPENGINE, later, startIq, startRtpengine, until } from './support/daemon.mjs';
import { Ng } from './support/ng.mjs';
import { Subscriber } from './support/subscriber.mjs';

const DTMF = { host: '127.0.0.8', port: 2224 };
const CONF = { dtmf_listen: `${DTMF.host}:${DTMF.port}`, http_listen: '127.0.0.8:8080',
	// The gateway is this process: late pongs are no events here.
	ping_interval_ms: 20000 };

/** A daemon before a gateway of ours, one subscriber, and a way to cause events. */
async function setUp(t, conf = {}) {
	const c = { gateway: await Gateway.open(), notices: dgram.createSocket('udp4') };
	c.iq = await startIq({ ...CONF, ...conf });
	c.sub = await Subscriber.open();
	await new Promise((done) => { c.notices.bind(0, RTPENGINE.host, done); });
	// What rtpengine sends when a key was pressed; the duration numbers them.
	c.key = (n, { callid = 'c1', event = n % 10 } = {}) => c.notices.send(JSON.stringify({ callid, source_tag: 'w', tags: ['w', 'i'],
		type: 'DTMF', timestamp: 1, source_ip: '127.0.0.1', event, duration: n, volume: 10 }), DTMF.port, DTMF.host);
	t.after(async () => {
		c.sub.close();
		c.notices.close();
		await c.iq.end();
		c.gateway.close();
	});
	return c;
}

const numbers = (events) => events.filter((e) => e.event === 'dtmf').map((e) => e.detail['duration-ms']);
const upTo = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const metric = async (name) => Number((await (await fetch('http://127.0.0.8:8080/metrics')).text())
	.match(new RegExp(`^rtpengine_iq_${name} (\\d+)$`, 'm'))[1]);

test('events_subscriber_gets_all_in_order_and_once', async (t) => {
	const { sub, key } = await setUp(t);
	const { epoch, seq, ttl, result } = await sub.subscribe({ ttl: 60 });
	assert.equal(result, 'ok');
	assert.equal(seq, 0);
	assert.equal(ttl, 60);
	assert.match(epoch, /^\d{13}$/);
	for (const n of upTo(1, 200)) key(n);
	await until('200 events', () => sub.events.length === 200);
	assert.deepEqual(sub.events.map((e) => e.seq), upTo(1, 200));
	assert.deepEqual(numbers(sub.events), upTo(1, 200));
	assert.ok(sub.events.every((e) => e.epoch === epoch && e.subscriber === 'proxy'));
	assert.equal(sub.came.length, 200, 'acknowledged ones are not repeated');
	assert.deepEqual(sub.events[4].detail, { digit: '5', 'duration-ms': 5 });
	assert.equal(sub.events[4]['call-id'], 'c1');
	assert.equal(sub.events[4].tag, 'w');
});

test('events_subscriber_keys_of_one_call_drown_nobody', async (t) => {
	const { sub, key } = await setUp(t), ng = await Ng.open(NORTH);
	t.after(() => ng.close());
	assert.equal((await ng.ask({ command: 'offer', 'call-id': 'drummer', 'from-tag': 'w', sdp: 'v=0\r\n' })).result, 'ok');
	await sub.subscribe({ ttl: 60 });
	for (const n of upTo(1, 300)) key(n, { callid: 'drummer' });
	key(1000, { callid: 'other' });
	await until('the other call', () => numbers(sub.events).includes(1000));
	const n = numbers(sub.events).length - 1;
	assert.ok(n >= 20 && n <= 40, `${n}`); // a second may end amid them
	assert.equal(await metric('dtmf_flooded_total'), 300 - n);
});

test('events_subscriber_that_does_not_acknowledge_is_told_again', async (t) => {
	const { sub, key } = await setUp(t);
	await sub.subscribe({ ttl: 60 });
	sub.acks = false;
	key(1);
	key(2);
	await until('five tries', () => sub.came.length === 5, 6000);
	assert.ok(sub.came.every(({ dict }) => dict.seq === 1), 'the second waits for the first');
	const gaps = sub.came.slice(1).map(({ at }, i) => at - sub.came[i].at);
	for (const [i, want] of [250, 500, 1000, 2000].entries())
		assert.ok(gaps[i] > want * 0.8 && gaps[i] < want * 1.6 + 300, `${gaps} ms`);
	sub.acks = true;
	await until('both', () => sub.events.length === 2, 6000);
	assert.deepEqual(numbers(sub.events), [1, 2]);
	assert.equal(await metric('events_repeated_total'), sub.came.length - 2);
});

test('events_subscriber_that_restarts_goes_on_where_it_was', async (t) => {
	const c = await setUp(t);
	const { sub, key } = c;
	await sub.subscribe({ ttl: 60 });
	key(1);
	await sub.got('dtmf');
	sub.acks = false; // dies with the second in its hands
	key(2);
	await until('the second', () => sub.came.some(({ dict }) => dict.seq === 2));
	sub.close();
	key(3);
	// The same name from another port, saying what it has.
	c.sub = await Subscriber.open();
	await c.sub.subscribe({ ttl: 60, epoch: sub.answer.epoch, seq: 1 });
	await until('the rest', () => c.sub.events.length === 2);
	assert.deepEqual(c.sub.events.map((e) => e.seq), [2, 3]);
	// One that knows nothing any more: what nobody acknowledged, no less.
	c.sub.acks = false;
	key(4);
	await until('the fourth', () => c.sub.came.some(({ dict }) => dict.seq === 4));
	c.sub.close();
	c.sub = await Subscriber.open();
	await c.sub.subscribe();
	await c.sub.got('dtmf');
	assert.deepEqual(c.sub.events.map((e) => e.seq), [4]);
	// One that acknowledges by its subscription alone.
	c.sub.acks = false;
	key(5);
	await until('the fifth', () => c.sub.came.some(({ dict }) => dict.seq === 5));
	await c.sub.subscribe({ epoch: sub.answer.epoch, seq: 5 });
	c.sub.acks = true;
	key(6);
	await until('the sixth', () => c.sub.events.some((e) => e.seq === 6));
	assert.equal(c.sub.events.some((e) => e.seq === 5), false);
});

test('events_subscriber_sees_a_restart_of_the_daemon_by_its_epoch', async (t) => {
	const c = await setUp(t);
	await c.sub.subscribe({ ttl: 60 });
	c.key(1);
	await c.sub.got('dtmf');
	const { epoch } = c.sub.answer;
	await c.iq.end('SIGKILL');
	c.iq = await startIq(CONF);
	const again = await c.sub.subscribe({ ttl: 60, epoch, seq: 1 });
	assert.notEqual(again.epoch, epoch);
	assert.equal(again.seq, 0, 'numbers begin anew: what was between is not known');
	c.key(2);
	const event = await c.sub.got('dtmf', { epoch: again.epoch });
	assert.equal(event.seq, 1);
});

test('events_subscriber_too_slow_sees_a_gap', async (t) => {
	const { sub, key } = await setUp(t, { events_max: 16 });
	await sub.subscribe({ ttl: 60 });
	sub.acks = false;
	for (const n of upTo(1, 40)) key(n);
	await until('all of them', async () => await metric('events_total') === 40);
	sub.acks = true;
	await until('the last', () => sub.events.at(-1)?.seq === 40, 8000);
	const seqs = sub.events.map((e) => e.seq);
	// The one under way was lost with the others, unless its answer was sooner.
	assert.deepEqual(seqs.filter((n) => n > 24), upTo(25, 40));
	assert.ok(seqs.length < 40, 'a gap, and it shows');
	assert.equal(await metric('events_lost_total'), 40 - seqs.length);
});

test('events_subscriber_is_forgotten_after_its_time', async (t) => {
	const { sub, key } = await setUp(t);
	assert.equal((await sub.subscribe({ ttl: 1 })).ttl, 1);
	assert.equal(await metric('subscribers'), 1);
	await until('it is gone', async () => await metric('subscribers') === 0, 4000);
	key(1);
	await until('the event', async () => await metric('events_total') === 1);
	assert.equal(sub.came.length, 0);
	await sub.subscribe({ ttl: 60 });
	await sub.got('dtmf', { seq: 1 });
	assert.equal((await sub.unsubscribe()).result, 'ok');
	key(2);
	await until('the event', async () => await metric('events_total') === 2);
	await later(300);
	assert.equal(sub.came.length, 1);
});

test('events_subscribers_each_get_their_own', async (t) => {
	const { sub, key } = await setUp(t, { subscribers_max: 2 });
	const other = await Subscriber.open({ name: 'other' }), third = await Subscriber.open({ name: 'third' });
	t.after(() => { other.close(); third.close(); });
	await sub.subscribe();
	key(1);
	await sub.got('dtmf');
	await other.subscribe();
	other.acks = false;
	key(2);
	key(3);
	await until('the quick one has all', () => sub.events.length === 3);
	other.acks = true;
	await until('the slow one too', () => other.events.length === 2);
	assert.deepEqual(other.events.map((e) => e.seq), [2, 3], 'from its subscription on');
	assert.equal((await third.subscribe()).result, 'error');
	assert.equal((await Object.assign(third, { name: 'no\nname' }).subscribe()).result, 'error');
});

test('events_of_the_gateway_itself', async (t) => {
	const rtpengine = { at: await startRtpengine() };
	const iq = await startIq({ ping_interval_ms: 100 });
	const sub = await Subscriber.open(), ng = await Ng.open(NORTH);
	t.after(async () => {
		sub.close();
		ng.close();
		await iq.end();
		await rtpengine.at.end('SIGKILL');
	});
	await sub.subscribe({ ttl: 60 });
	await until('service', async () => (await ng.ask({ command: 'capabilities' })).probed === 1);
	rtpengine.at.signal('SIGSTOP');
	await sub.got('gateway-out-of-service', { seq: 1 });
	assert.equal((await ng.ask({ command: 'capabilities' }))['in-service'], 0);
	rtpengine.at.signal('SIGCONT');
	await sub.got('gateway-in-service', { seq: 2 });
	await rtpengine.at.end('SIGKILL');
	await sub.got('gateway-out-of-service', { seq: 3 });
	rtpengine.at = await startRtpengine();
	await sub.got('gateway-in-service', { seq: 4 });
	assert.equal((await ng.ask({ command: 'capabilities' }))['in-service'], 1);
});

test('events_a_restarted_gateway_lost_its_calls', async (t) => {
	const rtpengine = { at: await startRtpengine() };
	const iq = await startIq({ ping_interval_ms: 100 });
	const sub = await Subscriber.open(), ng = await Ng.open(NORTH);
	t.after(async () => {
		sub.close();
		ng.close();
		await iq.end();
		await rtpengine.at.end();
	});
	await sub.subscribe({ ttl: 60 });
	const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';
	for (const id of ['lost', 'ended']) {
		const keys = { 'call-id': id, 'from-tag': 'a', direction: ['ims', 'ims'], sdp };
		assert.equal((await ng.ask({ command: 'offer', ...keys })).result, 'ok');
		assert.equal((await ng.ask({ command: 'answer', ...keys, 'to-tag': 'b' })).result, 'ok');
	}
	assert.equal((await ng.ask({ command: 'delete', 'call-id': 'ended', 'from-tag': 'a' })).result, 'ok');
	await rtpengine.at.end('SIGKILL');
	await sub.got('gateway-out-of-service');
	rtpengine.at = await startRtpengine();
	await sub.got('gateway-in-service');
	const { detail } = await sub.got('media-lost', { 'call-id': 'lost' });
	assert.deepEqual(detail, { 'call-deleted': 1 });
	assert.equal(sub.all('media-lost', { 'call-id': 'ended' }).length, 0);
});

test('events_a_key_that_cannot_be_read_is_counted', async (t) => {
	const { sub, key, notices } = await setUp(t);
	await sub.subscribe({ ttl: 60 });
	for (const text of ['', '{', '{"callid":"x"}', '{"callid":"x","type":"DTMF","event":16}', '[]'])
		notices.send(text, DTMF.port, DTMF.host);
	key(1, { callid: 'a"\\\u00e9/' });
	const { 'call-id': id } = await sub.got('dtmf');
	assert.equal(Buffer.from(id, 'latin1').toString('utf8'), 'a"\\\u00e9/');
	assert.equal(await metric('refused_notice_total'), 5);
	assert.equal(sub.events.length, 1);
});
