// SPDX-License-Identifier: BSD-2-Clause
// A call without an offer in its INVITE: the 200 brings it, the ACK the answer
// (RFC 3264 with RFC 3261 13.2.1). Both are held.
import test from 'node:test';
import assert from 'node:assert/strict';
import { core, ofBrowser, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

let s, page;
test.before(async () => { s = await Site.start({ params: 'modparam("sdp_mediate", "agw_timeout_ms", 600)' }); page = await s.page(); });
test.after(() => s?.stop());
test.afterEach(() => { s.gateway.clear(); assert.deepEqual(s.raw(), []); });

const commands = (callId) => s.gateway.of(callId).map((c) => `${c.command} ${c.fromTag} ${c.toTag ?? ''}`);

test('hold_ack_answer_of_the_core_reaches_the_page', async () => {
	const { sent, invite } = await s.toPage(page, { body: '' }), of = (m) => m.callId === sent.callId;
	page.reply(invite, 200, { body: web(4) });
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	assert.match(ok.body, /RTP\/AVP/);
	const gate = s.gateway.gate((c) => c.callId === sent.callId && c.command === 'answer');
	const text = s.core.ack(invite, ok, { body: core(), headers: [`X-Port: ${page.port}`] });
	s.core.send(text);
	await gate.arrived;
	s.core.send(text);
	gate.release();
	const ack = await page.inbox.request('ACK', of);
	assert.match(ack.body, /a=fingerprint/);
	assert.deepEqual(commands(sent.callId), ['offer wic core', 'answer wic core']);
	s.core.send(text); // the page did not hear it, and repeated its 200
	const again = await page.inbox.request('ACK', of);
	assert.equal(again.body, ack.body);
	assert.equal(page.inbox.seen.filter((m) => of(m) && m.method === 'ACK').length, 2);
});

test('hold_ack_answer_of_a_page_reaches_the_core', async () => {
	const { sent, invite } = await s.fromPage(page, { body: '' }), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 200, { body: core() });
	const ok = await page.inbox.reply('INVITE', 200, of);
	assert.match(ok.body, /a=fingerprint/);
	page.send(page.ack(invite, ok, { body: web(5, 'active') }));
	const ack = await s.core.inbox.request('ACK', of);
	assert.ok(ack.body && !ofBrowser.test(ack.body), ack.body);
});

test('hold_ack_without_media_tells_the_script', async () => {
	const { sent, invite } = await s.toPage(page, { body: '' }), of = (m) => m.callId === sent.callId;
	page.reply(invite, 200, { body: web(4) });
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	s.gateway.gate((c) => c.callId === sent.callId && c.command === 'answer', { never: true });
	s.core.send(s.core.ack(invite, ok, { body: core(), headers: [`X-Port: ${page.port}`] }));
	const ack = await page.inbox.request('ACK', of);
	assert.equal(ack.body, '');
	await until('the script', () => s.log.includes(`ACK of ${sent.callId} without media: gwdown`));
});

test('hold_ack_that_nobody_waits_for_loses_its_sdp', async () => {
	const { sent, invite } = await s.toPage(page), of = (m) => m.callId === sent.callId;
	page.reply(invite, 200, { body: web(4, 'active') });
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	s.core.send(s.core.ack(invite, ok, { body: core(), headers: [`X-Port: ${page.port}`] }));
	assert.equal((await page.inbox.request('ACK', of)).body, '');
});

// RFC 3262 5: the offer in a reliable 183, the answer in its PRACK.
test('hold_ack_prack_answers_a_reliable_183', async () => {
	const { sent, invite } = await s.fromPage(page, { body: '', headers: ['Supported: 100rel'] }), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 183, { body: core(), more: ['Require: 100rel', 'RSeq: 5'] });
	const early = await page.inbox.reply('INVITE', 183, of);
	assert.match(early.body, /a=fingerprint/);
	page.send(page.request('PRACK', { uri: s.core.contact, toTag: early.toTag, fromTag: sent.fromTag, callId: sent.callId, cseq: 2, headers: ['RAck: 5 1 INVITE'],
		routes: early.list('Record-Route').reverse(), body: web(6, 'active') }));
	const prack = await s.core.inbox.request('PRACK', of);
	assert.ok(prack.body && !ofBrowser.test(prack.body), prack.body);
	s.core.reply(prack, 200);
	await page.inbox.reply('PRACK', 200, of);
	s.core.reply(invite, 200);
	page.send(page.ack(invite, await page.inbox.reply('INVITE', 200, of)));
	await s.core.inbox.request('ACK', of);
	assert.deepEqual(commands(sent.callId), ['offer core wic', 'answer core wic']);
});
