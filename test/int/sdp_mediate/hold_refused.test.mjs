// SPDX-License-Identifier: BSD-2-Clause
// A gateway that does not answer, or whose answer is of no use: the caller
// hears a refusal in time, and nobody at the other end is left in a call.
import test from 'node:test';
import assert from 'node:assert/strict';
import { core, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

let s, page;
test.before(async () => { s = await Site.start({ wt: 300, params: 'modparam("sdp_mediate", "agw_timeout_ms", 600)' }); page = await s.page(); });
test.after(() => s?.stop());
test.afterEach(() => { s.gateway.clear(); assert.deepEqual(s.raw(), []); });

const answersOf = (callId) => (c) => c.callId === callId && c.command === 'answer';
const within = (ms, since) => assert.ok(Date.now() - since < ms, `${Date.now() - since} ms`);

test('hold_refused_gateway_that_never_answers_a_200', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.gateway.gate(answersOf(sent.callId), { never: true });
	const since = Date.now();
	const text = s.core.reply(invite, 200, { body: core() });
	const final = await page.inbox.reply('INVITE', (st) => st >= 300, of);
	within(2000, since);
	assert.equal(final.body, '');
	assert.equal(final.get('Contact'), undefined);
	await until('failure_route', () => s.log.includes(`failure of ${sent.callId}`));
	const bye = await s.core.inbox.request('BYE', of);
	assert.equal(bye.toTag, 'core');
	assert.equal(bye.fromTag, sent.fromTag);
	assert.ok(bye.cseq > invite.cseq);
	assert.equal(bye.uri, s.core.contact);
	assert.match(bye.get('Reason'), /^SIP;cause=\d{3};text="/);
	assert.deepEqual(bye.all('Route'), []);
	s.core.reply(bye, 200);
	const own = (m) => of(m) && m.uri === s.core.contact;
	assert.equal((await s.core.inbox.request('ACK', own)).cseq, invite.cseq);
	s.core.send(text); // it did not hear the ACK
	await s.core.inbox.request('ACK', own);
	await s.core.inbox.none('second BYE', (m) => of(m) && m.method === 'BYE' && !m.status, 100);
	await until('the gateway to forget it', () => s.gateway.of(sent.callId, 'delete').length > 0);
});

test('hold_refused_route_set_of_the_callee', async () => {
	const { sent, invite } = await s.fromPage(page, { headers: ['Record-Route: <sip:127.0.0.9:5060;lr>'] }), of = (m) => m.callId === sent.callId;
	const next = await s.udp('next', 5077);
	s.gateway.gate(answersOf(sent.callId), { never: true });
	// Two proxies stand between us and the callee; the first is the core's own.
	const rr = ['<sip:127.0.0.8:5099;lr>', '<sip:127.0.0.1:5077;lr>', ...invite.list('Record-Route')];
	s.core.send(s.core.reply({ ...invite, all: (n) => (n === 'Record-Route' ? [] : invite.all(n)), get: (n) => invite.get(n), callId: invite.callId, toTag: invite.toTag }, 200, { body: core(), more: rr.map((r) => `Record-Route: ${r}`) }));
	const bye = await next.inbox.request('BYE', of);
	assert.deepEqual(bye.list('Route'), ['<sip:127.0.0.1:5077;lr>', '<sip:127.0.0.8:5099;lr>']);
	assert.equal(bye.uri, s.core.contact);
	next.reply(bye, 200);
});

test('hold_refused_page_is_hung_up_on_its_connection', async () => {
	for (const secure of [false, true]) {
		const callee = await s.page(secure ? 'wss' : 'ws', { secure });
		const { sent, invite } = await s.toPage(callee), of = (m) => m.callId === sent.callId;
		s.gateway.gate(answersOf(sent.callId), { never: true });
		callee.reply(invite, 200, { body: web(3, 'active') });
		const final = await s.core.inbox.reply('INVITE', (st) => st >= 300, of);
		assert.equal(final.body, '');
		const bye = await callee.inbox.request('BYE', of);
		assert.equal(bye.uri, callee.contact);
		await callee.inbox.request('ACK', (m) => of(m) && m.uri === callee.contact);
		callee.reply(bye, 200);
		s.gateway.clear();
	}
});

test('hold_refused_183_goes_on_without_sdp_and_the_200_is_tried', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	const gate = s.gateway.gate(answersOf(sent.callId), { never: true });
	const text = s.core.reply(invite, 183, { body: core() });
	const early = await page.inbox.reply('INVITE', 183, of);
	assert.equal(early.body, '');
	assert.equal(early.get('Content-Type'), undefined);
	gate.open = true;
	s.core.send(text); // absorbed: the page has it
	s.core.reply(invite, 200, { body: core() });
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.match(ok.body, /a=fingerprint/);
	assert.equal(page.inbox.seen.filter((m) => of(m) && m.status === 183).length, 1);
	page.send(page.ack(invite, ok));
});

test('hold_refused_reliable_183_fails_the_call', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.gateway.gate(answersOf(sent.callId), { never: true });
	s.core.reply(invite, 183, { body: core(), more: ['Require: 100rel', 'RSeq: 9'] });
	const final = await page.inbox.reply('INVITE', (st) => st >= 300, of);
	assert.equal(final.get('RSeq'), undefined);
	assert.equal(final.get('Require'), undefined);
	const cancel = await s.core.inbox.request('CANCEL', of);
	s.core.reply(cancel, 200);
	// It answered before it heard the CANCEL.
	s.core.reply(invite, 200, { body: core() });
	const bye = await s.core.inbox.request('BYE', of);
	s.core.reply(bye, 200);
	assert.ok(!page.inbox.seen.some((m) => of(m) && m.status === 200));
});

test('hold_refused_branch_leaves_the_other_branch', async () => {
	const other = await s.udp('other', 5078);
	const { sent, invite } = await s.fromPage(page, { headers: ['X-Fork: 5078'] }), of = (m) => m.callId === sent.callId;
	const second = await other.inbox.request('INVITE', of);
	s.gateway.gate((c) => answersOf(sent.callId)(c) && c.sdp.includes('raw-core 2001'), { never: true });
	s.core.reply(invite, 200, { body: core(1) });
	const bye = await s.core.inbox.request('BYE', of);
	s.core.reply(bye, 200);
	assert.ok(!page.inbox.seen.some((m) => of(m) && m.status >= 300), 'the other still rings');
	other.reply(second, 200, { body: core(2) });
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.equal(ok.toTag, 'other');
	page.send(page.ack(second, ok));
	await other.inbox.request('ACK', of);
	await new Promise((r) => setTimeout(r, 1500)); // tm forgets it
	assert.equal(s.gateway.of(sent.callId, 'delete').length, 0, 'the call that lives keeps its media');
});

test('hold_refused_update_is_refused_and_the_call_goes_on', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 200, { body: core() });
	const ok = await page.inbox.reply('INVITE', 200, of);
	page.send(page.ack(invite, ok));
	s.gateway.gate((c) => answersOf(sent.callId)(c) && c.sdp.includes('raw-core 2005'), { never: true });
	page.send(page.request('UPDATE', { uri: s.core.contact, toTag: ok.toTag, fromTag: sent.fromTag, callId: sent.callId, routes: ok.list('Record-Route').reverse(), cseq: 2, body: web(2) }));
	const update = await s.core.inbox.request('UPDATE', of);
	s.core.reply(update, 200, { body: core(5) });
	const final = await page.inbox.final('UPDATE');
	assert.ok(final.status >= 400 && final.body === '');
	await s.core.inbox.none('BYE', (m) => of(m) && m.method === 'BYE', 100);
});

test('hold_refused_by_its_own_text', async () => {
	for (const body of ['v=0\r\n', core().replace('RTP/AVP', 'X/Y'), core() + 'm=audio 9 RTP/AVP 0\r\n']) {
		const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		s.core.reply(invite, 200, { body });
		await page.inbox.reply('INVITE', (st) => st >= 300, of);
		s.core.reply(await s.core.inbox.request('BYE', of), 200);
	}
});

// RFC 3261 14.1: a re-INVITE that fails leaves the session as it was.
test('hold_refused_reinvite_leaves_the_call', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 200, { body: core() });
	const ok = await page.inbox.reply('INVITE', 200, of);
	page.send(page.ack(invite, ok));
	await s.core.inbox.request('ACK', of);
	s.gateway.gate((c) => answersOf(sent.callId)(c) && c.sdp.includes('raw-core 2006'), { never: true });
	page.send(page.request('INVITE', { uri: s.core.contact, toTag: ok.toTag, fromTag: sent.fromTag, callId: sent.callId, routes: ok.list('Record-Route').reverse(), cseq: 2, body: web(2) }));
	const again = await s.core.inbox.request('INVITE', of);
	s.core.reply(again, 200, { body: core(6) });
	await page.inbox.reply('INVITE', (st) => st >= 300, of);
	assert.equal((await s.core.inbox.request('ACK', (m) => of(m) && m.uri === s.core.contact)).cseq, 2);
	await s.core.inbox.none('BYE', (m) => of(m) && m.method === 'BYE', 100);
	await new Promise((r) => setTimeout(r, 1000)); // tm forgets it
	assert.equal(s.gateway.of(sent.callId, 'delete').length, 0, 'the call keeps its media');
});

test('hold_refused_callee_over_tcp', async () => {
	const tcp = await s.tcp('tcpcore', 5071);
	const { sent, invite } = await s.fromPage(page, { at: tcp, headers: ['X-Transport: tcp'] }), of = (m) => m.callId === sent.callId;
	s.gateway.gate(answersOf(sent.callId), { never: true });
	tcp.reply(invite, 200, { body: core() });
	await page.inbox.reply('INVITE', (st) => st >= 300, of);
	const bye = await tcp.inbox.request('BYE', of);
	assert.match(bye.get('Via'), /^SIP\/2\.0\/TCP/);
	tcp.reply(bye, 200);
	await tcp.inbox.request('ACK', of);
});
