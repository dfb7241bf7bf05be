// SPDX-License-Identifier: BSD-2-Clause
// Events of a gateway (docs/iq-protocol.md): subscribed to, each taken once,
// acknowledged, and run in event_route[sdpm:media-event]. The gateway is
// scripted: it repeats, renumbers and is restarted as the tests want.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Page, Site, sleep, until } from './support/asite.mjs';
import { Scripted } from './support/nodes.mjs';

let node, site, epoch = 'e1', last = 0, caps, acks;

const EVENT = `event_route[sdpm:media-event] {
	xlog("L_WARN", "EVENT $sdpm(event)|$sdpm(callid)|$sdpm(leg)|$sdpm(tag)|$sdpm(media)|$sdpm(detail)|$sdpm(node)\\n");
}`;

before(async () => {
	caps = { result: 'ok', gateway: 'rtpengine', version: '10.5.3.5', iq: 1, 'in-service': 1, bundle: 1, fragment: 0, transcode: [], events: [], calls: 0 };
	node = await Scripted.start('127.0.0.9:2223', (d) => {
		switch (d.command) {
			case 'ping': return caps['in-service'] ? { result: 'pong' } : { result: 'error', 'error-reason': 'rtpengine is gone' };
			case 'capabilities': return { ...caps, epoch };
			case 'subscribe-events': return { result: 'ok', epoch, seq: last, ttl: d.ttl };
			default: return null;
		}
	});
	acks = new Map();
	node.socket.on('message', (d) => {
		const at = d.indexOf(' ');
		if (!d.includes('7:command')) acks.set(d.subarray(0, at).toString(), d.subarray(at + 1).toString());
	});
	const answer = node.answer;
	node.answer = (d, c) => (d.command ? answer(d, c) : null);
	site = await Site.start({ agw: ['name=iq;address=127.0.0.9:2223'], event: EVENT, params: 'modparam("sdp_mediate", "leg", "$avp(leg)")\nmodparam("sdp_mediate", "subscriber", "here")\n' });
	await site.nodes('up');
	await until('the subscription', () => node.of('subscribe-events').length > 0);
});
after(async () => {
	await site?.stop();
	node?.stop();
});

const seen = () => site.log.split('\n').filter((l) => l.includes('EVENT ')).map((l) => l.slice(l.indexOf('EVENT ') + 6));
let cookies = 0;
const tell = (seq, more, cookie = `c${++cookies}`) => { node.send(cookie, { command: 'event', epoch, seq, time: Date.now(), ...more }); return cookie; };
const acked = (cookie) => until(`an acknowledgement of ${cookie}`, () => acks.get(cookie));

test('events_are_subscribed_to_by_name', async () => {
	const [{ dict }] = node.of('subscribe-events');
	assert.equal(dict.subscriber, 'here');
	assert.equal(dict.epoch, undefined);
	assert.equal(dict.ttl, 30);
	const [known] = [await site.rpc('sdp_mediate.nodes')].flat();
	assert.equal(known.kind, 'rtpengine-iq');
	assert.equal(known.version, '10.5.3.5');
	assert.equal(known.bundle, 1);
	assert.ok(seen().some((e) => e.startsWith('gateway-in-service|')), 'the gateway itself is an event');
});

test('events_run_the_route_with_what_is_known', async () => {
	const c = tell(++last, { event: 'ice-failed', 'call-id': 'x~leg1', tag: 'abc', media: 1, detail: { 'after-ms': 5000, why: 'a;b=c' } });
	assert.match(await acked(c), /6:result2:ok/);
	await until('the route', () => seen().includes('ice-failed|x|leg1|abc|1|after-ms=5000;why=a_b_c|iq'));
	tell(++last, { event: 'media-lost', 'call-id': 'plain' });
	await until('the route', () => seen().includes('media-lost|plain|<null>|<null>|<null>|<null>|iq'));
});

test('events_that_come_again_are_acknowledged_and_not_run_again', async () => {
	const more = { event: 'dtmf', 'call-id': 'again', detail: { digit: '5' } };
	const seq = ++last;
	for (const c of [tell(seq, more), tell(seq, more), tell(seq, more, 'other')]) await acked(c);
	await until('the route', () => seen().some((e) => e.startsWith('dtmf|again')));
	await sleep(200);
	assert.equal(seen().filter((e) => e.startsWith('dtmf|again')).length, 1);
});

test('events_of_a_restarted_gateway_begin_again', async () => {
	epoch = 'e2';
	last = 0;
	await acked(tell(++last, { event: 'media-started', 'call-id': 'fresh' }));
	await until('the route', () => seen().some((e) => e.startsWith('media-started|fresh')));
	const before = node.of('subscribe-events').length;
	// Renewed at a third of its life: and says how far it has come.
	await until('the next subscription', () => node.of('subscribe-events').length > before, 12000);
	const { dict } = node.of('subscribe-events').at(-1);
	assert.equal(dict.epoch, 'e2');
	assert.equal(dict.seq, last);
});

test('events_a_gateway_that_says_it_is_out_of_service_gets_no_new_calls', async () => {
	caps['in-service'] = 0;
	await acked(tell(++last, { event: 'gateway-out-of-service' }));
	await site.nodes('down');
	await until('the route', () => seen().some((e) => e.startsWith('gateway-out-of-service|')));
	const page = await Page.open();
	page.send(page.request('INVITE', { callId: 'no', body: (await import('./support/asite.mjs')).PAGE_OFFER }));
	const since = Date.now();
	assert.equal((await page.inbox.final('INVITE')).status, 503);
	assert.ok(Date.now() - since < 500, 'at once');
	page.drop();
	caps['in-service'] = 1;
	await acked(tell(++last, { event: 'gateway-in-service' }));
	await site.nodes('up');
});

test('events_nonsense_does_no_harm', async () => {
	for (const text of ['', 'x', 'x ', 'x d', 'x de', 'x d7:command5:evente', 'x i1e', `x ${'d'.repeat(5000)}`, 'x d7:command5:event3:seqi-1e5:epoch1:ee'])
		node.socket.send(text, node.from.port, node.from.address);
	await acked(tell(++last, { event: 'dtls-failed', 'call-id': 'after' }));
	await until('the route', () => seen().some((e) => e.startsWith('dtls-failed|after')));
	assert.doesNotMatch(site.log, /CRITICAL/);
});
