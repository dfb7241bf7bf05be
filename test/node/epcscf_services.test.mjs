// SPDX-License-Identifier: BSD-2-Clause
// The library's MESSAGE and SUBSCRIBE in a real browser, against a stand-in core
// that does what a real one does only sometimes.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { makeCa } from './ca.mjs';
import { Edge } from './edge.mjs';
import { freePort, startWaf, startWwsf } from './site.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`;
let ca;
let waf;
let edge;
let guests;
let browser;
let page;

before(async () => {
	if (skip) return;
	ca = makeCa();
	const port = await freePort();
	waf = await startWaf(ca, { callback: `https://127.0.0.1:${port}/callback`, lifetime_s: 60 });
	edge = await Edge.start({ tls: ca });
	guests = await startWwsf(ca, waf, edge, { port, pool: 4 });
	browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--ignore-certificate-errors'] });
	page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
	await page.goto(`${guests.site.origin}/minimal.html`);
	await page.waitForFunction(() => globalThis.line?.registered);
});

after(async () => {
	await browser?.close();
	for (const part of [guests, waf, edge]) await part?.stop();
	ca?.remove();
});

const peer = () => [...edge.peers].at(-1);
const answers = (method) => edge.seen.filter(({ message }) => message.status && message.cseq.method === method).map(({ message }) => message);

async function answered(method, n) {
	while (answers(method).length < n) await new Promise((done) => { setTimeout(done, 10); });
	return answers(method)[n - 1];
}

let branch = 0;
const request = (method, fields, body = '') => [`${method} sip:x@x.invalid SIP/2.0`,
	`Via: SIP/2.0/WSS edge;branch=z9hG4bK${++branch}`, 'Max-Forwards: 70', ...fields,
	`Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');

/** To the page's own contact, from a core that is there only for this. */
async function send(method, fields, body) {
	const contact = edge.requests('REGISTER').at(-1).get('Contact');
	return peer().send(request(method, fields, body).replace('sip:x@x.invalid', /<([^>]*)>/.exec(contact)[1]));
}

const toPage = (tag) => [`From: <sip:core@home1.net>;tag=${tag}`, 'To: <sip:pool1@home1.net>', `Call-ID: ${tag}`];

test('epcscf_services_message_is_refused_where_nobody_listens', { skip }, async () => {
	await send('MESSAGE', [...toPage('m1'), 'CSeq: 1 MESSAGE', 'Content-Type: text/plain'], 'hello');
	assert.equal((await answered('MESSAGE', 1)).status, 405);
});

test('epcscf_services_message_in_a_text_frame_keeps_its_octets', { skip }, async () => {
	await page.evaluate(() => {
		globalThis.got = new Promise((done) => { globalThis.line.on('message', ({ octets, ...m }) => done({ ...m, octets: [...octets] })); });
	});
	const body = '\ufeffgrüß\r\n\r\ndich';
	await send('MESSAGE', [...toPage('m2'), 'CSeq: 1 MESSAGE', 'Content-Type: application/octet-stream'], body);
	assert.equal((await answered('MESSAGE', 2)).status, 200);
	const got = await page.evaluate(() => globalThis.got);
	assert.deepEqual(Buffer.from(got.octets), Buffer.from(body));
	assert.equal(got.text, undefined);
	assert.equal(got.from, 'sip:core@home1.net');
});

test('epcscf_services_a_refused_token_costs_a_message_nothing', { skip }, async () => {
	let refused = 0;
	edge.policy.request = (r) => {
		if (r.method !== 'MESSAGE') return undefined;
		return refused++ ? [202, 'Accepted'] : [401, 'Unauthorized', [['WWW-Authenticate', 'Bearer realm="home1.net"']]];
	};
	edge.seen.length = 0;
	const answer = await page.evaluate(() => globalThis.line.sendMessage('alice', 'hello'));
	edge.policy.request = undefined;
	assert.deepEqual(answer, { code: 202 });
	const tokens = edge.requests('MESSAGE').map((m) => m.get('Authorization'));
	assert.equal(tokens.length, 2);
	assert.notEqual(tokens[0], tokens[1]);
	assert.equal(edge.requests('REGISTER').length, 1);
});

test('epcscf_services_a_notify_that_overtakes_the_answer_is_not_lost', { skip }, async () => {
	edge.policy.request = (r, from) => {
		if (r.method !== 'SUBSCRIBE') return undefined;
		const fields = [`From: ${r.get('To')};tag=edge`, `To: ${r.get('From')}`, `Call-ID: ${r.get('Call-ID')}`, 'CSeq: 1 NOTIFY',
			'Contact: <sip:box@127.0.0.1>', 'Event: message-summary', 'Subscription-State: active;expires=600',
			'Content-Type: application/simple-message-summary'];
		const target = /<([^>]*)>/.exec(r.get('Contact'))[1];
		from.send(request('NOTIFY', fields, 'Messages-Waiting: yes\r\nVoice-Message: 1/0\r\nFax-Message: 0/4\r\n').replace('sip:x@x.invalid', target));
		return [200, 'OK', [['Contact', '<sip:box@127.0.0.1>'], ['Expires', '600']]];
	};
	const told = await page.evaluate(() => new Promise((done) => {
		const box = globalThis.line.subscribe('box', 'message-summary', { accept: 'application/simple-message-summary' });
		box.on('notify', ({ value }) => setTimeout(() => done([value, box.state]), 0));
	}));
	edge.policy.request = undefined;
	assert.deepEqual(told, [{ waiting: true, account: undefined, classes: { 'voice-message': { new_n: 1, old_n: 0 }, 'fax-message': { new_n: 0, old_n: 4 } } }, 'active']);
	assert.equal((await answered('NOTIFY', 1)).status, 200);
});

test('epcscf_services_a_subscription_that_nobody_answers_to_end_ends_here', { skip }, async () => {
	edge.policy.request = (r) => (r.method === 'SUBSCRIBE'
		? [200, 'OK', [['Contact', '<sip:box@127.0.0.1>'], ['Expires', r.get('Expires')]]] : undefined);
	const reason = await page.evaluate(async () => {
		const box = globalThis.line.subscribe('box', 'message-summary');
		await box.unsubscribe();
		return [box.state, box.reason];
	});
	edge.policy.request = undefined;
	assert.deepEqual(reason, ['terminated', 'no answer']);
});
