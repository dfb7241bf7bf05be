// SPDX-License-Identifier: BSD-2-Clause
// The lab's services, against a stand-in core: what they answer, and when a
// subscription to them ends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { SMS } from '../lab/services/behaviours.mjs';
import { Services } from '../lab/services/services.mjs';
import { Message } from '../lab/numbers/message.mjs';
import { Phone } from '../lab/numbers/phone.mjs';
import { Edge } from './edge.mjs';

const HOST = '127.0.0.1';
const NAMES = { voicemail: 'mailbox', conference: 'conference', sms: 'messages', switchboard: 'switchboard' };
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
let edge;
let services;
let bob;
const logged = [];

const config = (names) => ({ listen: { host: HOST, port: 0 }, proxy: { host: HOST, port: edge.port }, domain: 'home1.net',
	register: true, services: names.map((name) => ({ name, does: NAMES[name], impi: `${name}@home1.net`,
		transfer_to: 'sip:bob@home1.net' })) });

async function started(names) {
	const all = await Services.start(config(names), (event, fields) => logged.push({ event, ...fields }));
	while (!all.phones.every((phone) => phone.registered)) await wait(10);
	return all;
}

before(async () => {
	edge = await Edge.start();
	services = await started(Object.keys(NAMES));
	bob = await Phone.start({ host: HOST, proxy: { host: HOST, port: edge.port }, domain: 'home1.net',
		impu: 'sip:bob@home1.net', impi: 'bob@home1.net' });
	await bob.register();
});

beforeEach(() => { logged.length = 0; });

after(async () => {
	await bob.stop();
	await services.stop();
	await edge.stop();
});

const EVENTS = { voicemail: ['message-summary', 'application/simple-message-summary'],
	conference: ['conference', 'application/conference-info+xml'] };

/** bob's side: {response, notifies, next(n), send(expires_s)}. */
async function subscribe(to, expires_s, headers = {}) {
	const notifies = [];
	const waiting = [];
	const [event, type] = EVENTS[to];
	const receive = (request, tx) => {
		notifies.push(request);
		tx.respond(200, 'OK');
		for (const look of waiting) look();
	};
	// The NOTIFY may come before the answer: whatever dialog it is in.
	bob.dialogs.get = () => ({ receive });
	const response = await bob.send('SUBSCRIBE', `sip:${to}@home1.net`, { headers: { Event: event, Accept: type,
		Contact: bob.contact, Expires: String(expires_s), ...headers } });
	const first = edge.requests('SUBSCRIBE').at(-1);
	const next = (n) => new Promise((done) => {
		const look = () => { if (notifies.length >= n) done(notifies[n - 1]); };
		waiting.push(look);
		look();
	});
	let cseq = 1;
	const send = (again_s) => {
		const request = new Message(`SUBSCRIBE ${/<([^>]*)>/.exec(response.get('Contact'))[1]} SIP/2.0`);
		request.add('Max-Forwards', '70').add('Route', ...response.all('Record-Route').reverse())
			.add('From', first.get('From')).add('To', response.get('To')).add('Call-ID', first.get('Call-ID'))
			.add('CSeq', `${++cseq} SUBSCRIBE`).add('Contact', bob.contact).add('Event', event).add('Expires', String(again_s));
		return bob.endpoint.request(request, { direct: true });
	};
	return { response, notifies, next, send, end: () => { delete bob.dialogs.get; } };
}

test('services_mailbox_notifies_at_once_at_a_refresh_and_at_the_end', async () => {
	const sub = await subscribe('voicemail', 60);
	assert.equal(sub.response.get('Expires'), '60');
	const first = await sub.next(1);
	assert.match(first.get('Subscription-State'), /^active;expires=(59|60)$/);
	assert.match(first.body, /^Messages-Waiting: yes\r\nMessage-Account: sip:voicemail@home1\.net\r\nVoice-Message: 2\/8 \(0\/0\)\r\n$/);
	assert.equal((await sub.send(30)).status, 200);
	assert.match((await sub.next(2)).get('Subscription-State'), /^active;expires=(29|30)$/);
	await bob.send('MESSAGE', 'sip:voicemail@home1.net', { headers: { 'Content-Type': 'text/plain' }, body: 'hello' });
	assert.match((await sub.next(3)).body, /Voice-Message: 3\/8/);
	assert.equal((await sub.send(0)).status, 200);
	assert.equal((await sub.next(4)).get('Subscription-State'), 'terminated;reason=timeout');
	await wait(0);
	assert.equal((await sub.send(30)).status, 481);
	sub.end();
});

test('services_subscription_that_nobody_refreshes_ends', async () => {
	const sub = await subscribe('voicemail', 5);
	await sub.next(1);
	assert.equal((await sub.next(2)).get('Subscription-State'), 'terminated;reason=timeout');
	assert.ok(logged.some((l) => l.event === 'subscription-ended'));
	sub.end();
});

test('services_refuse_what_they_do_not_have', async () => {
	const refused = async (headers, status, name, value) => {
		const error = await subscribe('voicemail', headers.Expires ?? 60, headers).then(() => assert.fail('accepted'), (e) => e);
		assert.equal(error.status, status);
		assert.equal(error.response.get(name), value);
	};
	await refused({ Event: 'presence' }, 489, 'Allow-Events', 'message-summary');
	await refused({ Event: 'message-summaryx' }, 489, 'Allow-Events', 'message-summary');
	await refused({ Expires: '4' }, 423, 'Min-Expires', '5');
	await refused({ Accept: 'text/plain' }, 406, 'Accept', 'application/simple-message-summary');
	const strange = await bob.send('MESSAGE', 'sip:sms@home1.net', { headers: { 'Content-Type': 'image/png' }, body: 'x' })
		.then(() => undefined, (e) => e);
	assert.equal(strange.status, 415);
});

test('services_sms_peer_gets_and_sends_any_octets', async () => {
	const octets = Buffer.concat([Buffer.from('\r\n\r\n\0'), Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))]);
	const came = new Promise((done) => {
		bob.methods.MESSAGE = (request, tx) => {
			tx.respond(200, 'OK');
			done(request);
		};
	});
	const answer = await bob.send('MESSAGE', 'sip:sms@home1.net', { headers: { 'Content-Type': SMS }, body: octets });
	assert.equal(answer.status, 202);
	const back = await came;
	assert.equal(back.get('Content-Type'), SMS);
	assert.deepEqual(back.octets, Buffer.from(octets).reverse());
	assert.equal(logged.find((l) => l.event === 'message').sha256, createHash('sha256').update(octets).digest('hex'));
	bob.methods.MESSAGE = undefined;
});

test('services_conference_is_a_focus_and_knows_who_is_there', async () => {
	const sub = await subscribe('conference', 60);
	assert.match((await sub.next(1)).body, /<user-count>0<\/user-count>/);
	const call = await bob.call('sip:conference@home1.net');
	assert.match(call.answer200.get('Contact'), />;isfocus$/);
	assert.match((await sub.next(2)).body, /<user-count>1<[^]*entity="sip:bob@home1\.net"/);
	const { dominant_hz: hz } = await call.listen(500);
	assert.ok(Math.abs(hz - 620) < 10, `${hz} Hz`);
	sub.end();
	await call.hangup();
});

test('services_end_their_subscriptions_when_they_stop', async () => {
	const own = await started(['voicemail']);
	const sub = await subscribe('voicemail', 60);
	await sub.next(1);
	await own.stop();
	assert.equal((await sub.next(2)).get('Subscription-State'), 'terminated;reason=noresource');
	sub.end();
});
