// SPDX-License-Identifier: BSD-2-Clause
// Every method, in and out of a dialog, from the page and towards it: who it
// is from, where it goes, what may not pass, and the body octet for octet
// (TS 24.229 5.2.6.3, 5.2.6.4; RFC 3325; RFC 3428 with a binary SMS).
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Site, until, uriOf } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

const page = (t, user, o) => subs.page(t, site, user, o);
const service = () => `<sip:orig@127.0.0.1:${site.ports.core};lr>`, scscf = () => `<sip:scscf@127.0.0.1:${site.ports.core};lr>`;
const extra = { SUBSCRIBE: ['Event: presence', 'Expires: 600'], PUBLISH: ['Event: presence', 'Expires: 600'], REFER: ['Refer-To: <sip:carol@home1.net>'], NOTIFY: ['Event: presence', 'Subscription-State: active;expires=60'],
	PRACK: ['RAck: 1 1 INVITE'] };
const EVIL = ['P-Asserted-Identity: <sip:boss@home1.net>', 'p-asserted-identity :\r\n <tel:+1>', 'P-Charging-Vector: icid-value=evil', 'P-Charging-Function-Addresses: ccf=evil', 'P-Access-Network-Info: evil', 'P-Served-User: <sip:boss@home1.net>',
	'P-Visited-Network-ID: evil', 'Record-Route: <sip:evil.example;lr>', 'Path: <sip:evil.example>', 'Feature-Caps: *;+evil', 'P-User-Database: <aaa://evil>', 'History-Info: <sip:boss@home1.net>;index=1'];
const SECRET = ['P-Charging-Vector: icid-value=secret', 'P-Charging-Function-Addresses: ccf=secret', 'P-Charge-Info: <sip:secret@x>', 'P-Access-Network-Info: secret', 'P-Served-User: <sip:secret@home1.net>', 'P-User-Database: <aaa://secret>'];
const OUT = ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'OPTIONS', 'INFO', 'REFER', 'NOTIFY', 'FOO'];
const WITHIN = ['INVITE', 'UPDATE', 'INFO', 'MESSAGE', 'OPTIONS', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'FOO', 'BYE'];
const makesDialog = (method) => ['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY'].includes(method);
const hop = (m) => m.all('Route');

for (const method of OUT) {
	test(`methods_${method}_of_the_page`, async (t) => {
		const p = await page(t, `o-${method.toLowerCase()}`), alias = `<sip:alias-o-${method.toLowerCase()}@home1.net>`, own = `<${p.aor}>`;
		const cases = [[[], own], [[`P-Preferred-Identity: ${alias}`], alias], [['P-Preferred-Identity: <sip:boss@home1.net>'], own], [[`P-Preferred-Identity: <sip:boss@home1.net>, "Me" ${alias}`], alias], [['Privacy: id;critical'], own]];
		const icids = new Set();
		for (const [headers, asserted] of cases) {
			p.send(p.request(method, { uri: 'sip:peer@home1.net', routes: ['<sip:evil.example;lr>', '<sip:192.0.2.66>'], headers: [...EVIL, ...headers, ...(extra[method] ?? [])], body: method === 'INVITE' ? 'v=0\r\n' : '' }));
			const m = await site.inbox.request(method);
			assert.deepEqual(m.all('P-Asserted-Identity'), [asserted]);
			assert.deepEqual(hop(m), [service()]);
			assert.equal(m.uri, 'sip:peer@home1.net');
			assert.equal(m.get('Privacy'), headers.find((h) => h.startsWith('Privacy'))?.slice(9));
			for (const n of ['P-Preferred-Identity', 'Authorization', 'Path', 'History-Info']) assert.equal(m.get(n), undefined, n);
			assert.ok(!/evil|boss|Bearer/.test(m.text), m.text);
			assert.equal(m.all('P-Charging-Vector').length, 1);
			icids.add(subs.icidOf(m));
			assert.equal(m.all('Record-Route').length, makesDialog(method) ? 1 : 0);
			site.reply(m, 486, { more: [...SECRET, 'P-Asserted-Identity: <sip:peer@home1.net>'] });
			const no = await p.inbox.final(method);
			assert.ok(!no.text.includes('secret'), no.text);
			assert.deepEqual(no.all('P-Asserted-Identity'), ['<sip:peer@home1.net>']);
		}
		assert.equal(icids.size, cases.length, 'each request that begins something has its own charging id');
	});

	test(`methods_${method}_towards_the_page`, async (t) => {
		const p = await page(t, `i-${method.toLowerCase()}`);
		for (const [privacy, seen] of [[undefined, ['<sip:peer@home1.net>']], ['none', ['<sip:peer@home1.net>']], ['id', []], ['header; id', []], ['user', ['<sip:peer@home1.net>']]]) {
			site.send(site.request(method, { uri: p.contact, to: p.aor, routes: [p.path], headers: [...SECRET, 'P-Asserted-Identity: <sip:peer@home1.net>', 'P-Called-Party-ID: <sip:x@home1.net>', ...(privacy ? [`Privacy: ${privacy}`] : []), ...(extra[method] ?? [])], body: method === 'INVITE' ? 'v=0\r\n' : '' }));
			const m = await p.inbox.request(method);
			assert.ok(!m.text.includes('secret'), m.text);
			assert.deepEqual(m.all('P-Asserted-Identity'), seen, privacy);
			assert.equal(m.get('Privacy'), privacy);
			assert.deepEqual(hop(m), []);
			assert.equal(m.uri, p.contact);
			p.send(answer(m, 200, { tag: 'page', more: [...EVIL, `Contact: <${p.contact}>`, `P-Preferred-Identity: <sip:alias-i-${method.toLowerCase()}@home1.net>`] }));
			const ok = await site.inbox.final(method);
			assert.ok(!/evil|boss/.test(ok.text), ok.text);
			assert.deepEqual(ok.all('P-Asserted-Identity'), [`<sip:alias-i-${method.toLowerCase()}@home1.net>`]);
		}
	});
}

test('methods_that_begin_nothing_are_481', async (t) => {
	const p = await page(t, 'nothing');
	for (const method of ['BYE', 'PRACK', 'UPDATE'])
		assert.equal((await p.ask(method, { uri: 'sip:peer@home1.net', headers: extra[method] ?? [] })).status, 481, method);
	await site.inbox.none('request', (m) => ['BYE', 'PRACK', 'UPDATE'].includes(m.method) && !m.status);
});

const within = async (p, method, d, icid, cseq) => {
	p.send(p.request(method, { ...d, cseq, headers: [...EVIL, 'P-Preferred-Identity: <sip:boss@home1.net>', 'Privacy: id', ...(extra[method] ?? [])], body: method === 'INVITE' ? 'v=0\r\n' : '' }));
	const m = await site.inbox.request(method);
	assert.ok(!/evil|boss|Bearer/.test(m.text), m.text);
	assert.deepEqual(hop(m), [scscf()], method);
	assert.equal(subs.icidOf(m), icid, `${method}: the charging id of the dialog`);
	assert.equal(m.all('P-Charging-Vector').length, 1, method);
	assert.equal(m.get('Privacy'), 'id');
	for (const n of ['P-Preferred-Identity', 'Authorization', 'P-Asserted-Identity']) assert.equal(m.get(n), undefined, `${method} ${n}`);
	site.reply(m, 200, { more: SECRET, body: method === 'INVITE' ? 'v=0\r\n' : '' });
	const r = await p.inbox.final(method);
	assert.equal(r.status, 200, method);
	assert.ok(!r.text.includes('secret'), r.text);
	if (method !== 'INVITE') return;
	p.send(p.request('ACK', { ...d, cseq, contact: false }));
	assert.equal((await site.inbox.request('ACK')).get('Authorization'), undefined);
};

test('methods_of_the_page_within_its_call', async (t) => {
	const p = await page(t, 'caller');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	const more = [`Record-Route: ${scscf()}`, `Record-Route: ${invite.get('Record-Route')}`, `Contact: <sip:peer@127.0.0.1:${site.ports.core}>`];
	site.send(answer(invite, 200, { tag: 'core', more, body: 'v=0\r\n' }));
	const ok = await p.inbox.final('INVITE');
	const d = { uri: uriOf(ok.get('Contact')), to: 'sip:peer@home1.net', toTag: 'core', fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	p.send(p.request('ACK', { ...d, cseq: ok.cseq, contact: false }));
	await site.inbox.request('ACK');
	for (const [i, method] of WITHIN.entries()) await within(p, method, d, subs.icidOf(invite), 20 + i);
});

test('methods_PRACK_before_the_answer_both_ways', async (t) => {
	const p = await page(t, 'prack'), rr = [`Record-Route: ${scscf()}`];
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.send(answer(invite, 183, { tag: 'core', more: [...rr, `Record-Route: ${invite.get('Record-Route')}`, `Contact: <sip:peer@127.0.0.1:${site.ports.core}>`, 'RSeq: 1', 'Require: 100rel'] }));
	const early = await p.inbox.reply('INVITE', 183);
	await within(p, 'PRACK', { uri: uriOf(early.get('Contact')), to: 'sip:peer@home1.net', toTag: 'core', fromTag: early.fromTag, callId: early.callId, routes: early.list('Record-Route').reverse() }, subs.icidOf(invite), 20);
	site.reply(invite, 486);
	await p.inbox.final('INVITE');
	site.send(site.request('INVITE', { uri: p.contact, to: p.aor, fromTag: 'far', routes: [p.path], headers: rr, body: 'v=0\r\n' }));
	const ringing = await p.inbox.request('INVITE');
	p.send(answer(ringing, 183, { tag: 'page', more: [...ringing.all('Record-Route').map((r) => `Record-Route: ${r}`), `Contact: <${p.contact}>`, 'RSeq: 1'] }));
	const r = await site.inbox.reply('INVITE', 183);
	site.send(site.request('PRACK', { uri: p.contact, to: p.aor, toTag: 'page', fromTag: 'far', callId: r.callId, cseq: 2, routes: r.list('Record-Route'), headers: [...extra.PRACK, ...SECRET] }));
	const prack = await p.inbox.request('PRACK');
	assert.ok(!prack.text.includes('secret'), prack.text);
	p.send(answer(prack, 200));
	assert.equal((await site.inbox.final('PRACK')).status, 200);
	p.send(answer(ringing, 486, { tag: 'page' }));
	await site.inbox.final('INVITE');
});

test('methods_of_the_page_within_a_call_to_it', async (t) => {
	const p = await page(t, 'callee');
	const { invite } = await site.callIn(p, { headers: ['P-Charging-Vector: icid-value="in;1";orig-ioi=x'] });
	const d = { uri: uriOf(invite.get('Contact')), to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId: invite.callId, routes: invite.list('Record-Route') };
	for (const [i, method] of WITHIN.entries()) {
		p.send(p.request(method, { ...d, cseq: 20 + i, headers: extra[method] ?? [], body: method === 'INVITE' ? 'v=0\r\n' : '' }));
		const m = await site.inbox.request(method);
		assert.match(m.get('P-Charging-Vector'), /icid-value="in;1"/, method);
		assert.deepEqual(hop(m), [scscf()], method);
		site.reply(m, method === 'INVITE' ? 488 : 200);
		await p.inbox.final(method);
	}
});

test('methods_towards_the_page_within_a_call', async (t) => {
	for (const outgoing of [true, false]) {
		const p = await page(t, outgoing ? 'w-out' : 'w-in');
		const call = outgoing ? await site.callOut(p) : await site.callIn(p);
		const d = outgoing ? { uri: p.contact, to: p.aor, toTag: call.invite.fromTag, fromTag: 'core', callId: call.invite.callId, routes: call.invite.list('Record-Route') } : call.dialog;
		for (const [i, method] of WITHIN.entries()) {
			site.send(site.request(method, { ...d, cseq: 20 + i, headers: [...SECRET, ...(extra[method] ?? [])], body: method === 'INVITE' ? 'v=0\r\n' : '' }));
			const m = await p.inbox.request(method);
			assert.ok(!m.text.includes('secret'), m.text);
			assert.deepEqual(hop(m), []);
			p.send(answer(m, method === 'INVITE' ? 488 : 200, { more: [...EVIL, `Contact: <${p.contact}>`] }));
			const r = await site.inbox.final(method);
			assert.ok(!/evil|boss/.test(r.text), r.text);
			if (method === 'INVITE') site.send(site.request('ACK', { ...d, cseq: 20 + i, via: `Via: ${r.get('Via')}` }));
		}
	}
});

// 3GPP TS 24.341: an SMS is a binary body.
const sms = Buffer.from([...Array(256).keys(), 0, 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0xff, 0xc3, 0x28, 0xf0, 0x9f]);
const withBody = (text, type, body) => Buffer.concat([Buffer.from(text.replace(/Content-Length: 0\r\n/, `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n`)), body]);
const bodyOf = (raw) => raw.subarray(raw.indexOf('\r\n\r\n') + 4);
const bodies = { sms: ['application/vnd.3gpp.sms', sms], text: ['text/plain;charset=UTF-8', Buffer.from('Grüße, 你好 🙂')], empty: ['text/plain', Buffer.alloc(0)], large: ['application/octet-stream', Buffer.alloc(12000, 0xa5)] };

test('methods_bodies_pass_octet_for_octet', async (t) => {
	const p = await page(t, 'sms');
	const { invite, ok } = await site.callOut(p);
	const d = { uri: uriOf(ok.get('Contact')), to: 'sip:peer@home1.net', toTag: 'core', fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	const inward = { uri: p.contact, to: p.aor, toTag: invite.fromTag, fromTag: 'core', callId: invite.callId, routes: invite.list('Record-Route') };
	let cseq = 30;
	for (const [what, [type, body]] of Object.entries(bodies)) {
		for (const dialog of [false, true]) {
			const atCore = new Promise((r) => { site.udp.on('message', function got(raw) { if (raw.toString('latin1').startsWith('MESSAGE ')) { site.udp.off('message', got); r(raw); } }); });
			p.send(withBody(p.request('MESSAGE', dialog ? d : { uri: 'sip:peer@home1.net' }), type, body));
			const raw = await atCore;
			assert.ok(bodyOf(raw).equals(body), `${what} to the core`);
			const m = await site.inbox.request('MESSAGE');
			assert.equal(m.get('Content-Type'), type);
			assert.equal(Number(m.get('Content-Length')), body.length);
			site.reply(m, 202);
			assert.equal((await p.inbox.final('MESSAGE')).status, 202);
			const atPage = new Promise((r) => { p.ws.on('message', function got(raw) { if (raw.toString('latin1').startsWith('MESSAGE ')) { p.ws.off('message', got); r(raw); } }); });
			site.send(withBody(site.request('MESSAGE', dialog ? { ...inward, cseq: ++cseq } : { uri: p.contact, to: p.aor, from: 'tel:+1', routes: [p.path] }), type, body));
			assert.ok(bodyOf(await atPage).equals(body), `${what} to the page`);
			p.send(answer(await p.inbox.request('MESSAGE'), 200, { tag: 'page' }));
			assert.equal((await site.inbox.final('MESSAGE')).status, 200);
		}
	}
});

test('methods_towards_a_page_that_is_gone_are_430', async (t) => {
	const p = await page(t, 'gone');
	const { core: c } = await subs.subscribed(site, p);
	const call = await site.callOut(p);
	p.drop();
	await until('held', async () => (await site.show(p.aor)).status === 'held', 4000);
	for (const method of OUT) {
		site.send(site.request(method, { uri: p.contact, to: p.aor, routes: [p.path], headers: extra[method] ?? [] }));
		assert.equal((await site.inbox.final(method)).status, 430, method);
	}
	site.send(site.request('SUBSCRIBE', { ...c, cseq: 2, headers: extra.SUBSCRIBE }));
	assert.equal((await site.inbox.final('SUBSCRIBE')).status, 430, 'in a subscription');
	site.send(site.request('INFO', { uri: p.contact, to: p.aor, toTag: call.invite.fromTag, fromTag: 'core', callId: call.invite.callId, routes: call.invite.list('Record-Route') }));
	assert.equal((await site.inbox.final('INFO')).status, 430, 'in a call');
});
