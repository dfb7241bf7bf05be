// SPDX-License-Identifier: BSD-2-Clause
// Lengths that lie, refusals that describe a session, names that are books:
// nothing raw behind what was mediated, and nothing left behind.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Msg, rand } from '../tna_register/support/sip.mjs';
import { core, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

let s, page;
test.before(async () => { s = await Site.start({ cache: 2, wt: 200 }); page = await s.page(); });
test.after(() => s?.stop());
test.afterEach(() => { s.gateway.clear(); assert.deepEqual(s.raw(), []); });

// Says that it ends where `body` does, and goes on.
const longer = (text, more) => text + more;
const EVIL = 'a=x-evil:yes\r\nm=video 9 RTP/AVP 31\r\nc=IN IP4 198.51.100.9\r\na=candidate:1 1 udp 1 198.51.100.9 9 typ host\r\n';
const clean = (m) => {
	assert.doesNotMatch(m.text, /evil|198\.51\.100\.9/);
	assert.equal(Number(m.get('Content-Length')), Buffer.byteLength(m.text) - m.text.indexOf('\r\n\r\n') - 4);
};
const unsent = (peer, make) => { const { out } = peer; let text; peer.out = (t) => { text = t; }; make(); peer.out = out; return text; };

test('hold_lengths_reply_of_the_core_that_is_longer_than_it_says', async () => {
	for (const status of [183, 200]) {
		const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		s.core.send(longer(unsent(s.core, () => s.core.reply(invite, status, { body: core() })), EVIL));
		clean(await page.inbox.reply('INVITE', status, of));
		if (status < 200) { s.core.reply(invite, 486); await page.inbox.reply('INVITE', 486, of); }
	}
});

test('hold_lengths_reply_of_a_page_that_is_longer_than_it_says', async () => {
	const { sent, invite } = await s.toPage(page), of = (m) => m.callId === sent.callId;
	page.send(longer(unsent(page, () => page.reply(invite, 200, { body: web(4, 'active') })), EVIL));
	const ok = await s.core.inbox.reply('INVITE', 200, of);
	clean(ok);
	s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${page.port}`] }));
});

test('hold_lengths_request_that_is_longer_than_it_says', async () => {
	const callId = rand(), mine = (m) => m.callId === callId;
	s.core.send(longer(s.core.request('INVITE', { body: core(), callId, headers: [`X-Port: ${page.port}`] }), EVIL));
	const invite = await page.inbox.request('INVITE', mine);
	clean(invite);
	page.reply(invite, 486);
	await s.core.inbox.reply('INVITE', 486, mine);
	const text = longer(page.request('INVITE', { body: web() }), EVIL), { callId: other } = new Msg(text);
	page.send(text);
	const out = await s.core.inbox.request('INVITE', (m) => m.callId === other);
	clean(out);
	s.core.reply(out, 486);
	await page.inbox.reply('INVITE', 486, (m) => m.callId === other);
});

test('hold_lengths_none_and_a_session_behind_it', async () => {
	const callId = rand(), mine = (m) => m.callId === callId, none = (text) => text.replace(/Content-Length: \d+/, 'Content-Length: 0');
	s.core.send(none(s.core.request('INVITE', { body: core(), callId, headers: [`X-Port: ${page.port}`] })));
	const invite = await page.inbox.request('INVITE', mine);
	assert.match(invite.text, /a=fingerprint/);
	page.send(none(unsent(page, () => page.reply(invite, 200, { body: web(4, 'active') }))));
	const ok = await s.core.inbox.reply('INVITE', 200, mine);
	assert.doesNotMatch(ok.text, /fingerprint|ssrc/);
	s.core.send(s.core.ack(invite, ok, { headers: [`X-Port: ${page.port}`] }));
});

test('hold_lengths_offer_under_another_name', async () => {
	const types = ['Content-Type: text/plain', 'Content-Type: text/plain\r\nContent-Type: application/sdp', 'X-None: 1'];
	for (const type of types) {
		const text = page.request('INVITE', { body: web() }).replace('Content-Type: application/sdp', type), { callId } = new Msg(text), of = (m) => m.callId === callId;
		page.send(text);
		const m = await s.core.inbox.request('INVITE', of);
		assert.doesNotMatch(m.text, /fingerprint|ssrc/, m.text);
		s.core.reply(m, 486);
		await page.inbox.reply('INVITE', 486, of);
	}
});

test('hold_lengths_refusals_tell_nothing_of_a_session', async () => {
	const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
	s.core.reply(invite, 488, { body: core() });
	assert.equal((await page.inbox.reply('INVITE', 488, of)).body, '');
	const other = await s.toPage(page), mine = (m) => m.callId === other.sent.callId;
	page.reply(other.invite, 488, { body: web(4, 'active') });
	assert.equal((await s.core.inbox.reply('INVITE', 488, mine)).body, '');
});

test('hold_lengths_refusals_hide_none_either', async () => {
	const refuse = (invite, type, body) => s.core.send([`SIP/2.0 488 Test`, ...invite.all('Via').map((v) => `Via: ${v}`), `From: ${invite.get('From')}`, `To: ${invite.get('To')};tag=core`, `Call-ID: ${invite.callId}`,
		`CSeq: ${invite.get('CSeq')}`, `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
	const part = (type, text) => `--b\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
	for (const [type, body] of [['text/plain', core()], ['multipart/mixed;boundary=b', `${part('text/plain', core())}--b--\r\n`],
		['multipart/mixed;boundary=b', `${part('application/sdp', core())}${part('text/x', core())}--b--\r\n`]]) {
		const { sent, invite } = await s.fromPage(page), of = (m) => m.callId === sent.callId;
		refuse(invite, type, body);
		const no = await page.inbox.reply('INVITE', 488, of);
		assert.doesNotMatch(no.text, /m=audio/, type);
	}
	// What is no session passes.
	const { sent, invite } = await s.fromPage(page);
	refuse(invite, 'text/plain', 'a=fingerprint is not for now');
	assert.equal((await page.inbox.reply('INVITE', 488, (m) => m.callId === sent.callId)).body, 'a=fingerprint is not for now');
});

test('hold_lengths_call_id_that_is_a_book', async () => {
	const calls = async () => (await s.rpc('sdp_mediate.stats')).calls, before = await calls();
	const callId = 'x'.repeat(3000), of = (m) => m.callId === callId;
	page.send(page.request('INVITE', { body: web(), callId }));
	assert.equal((await page.inbox.final('INVITE', of)).status, 400);
	assert.equal(await calls(), before);
});

test('hold_lengths_leave_nothing', async () => {
	await until('the cache to be empty', async () => (await s.usage()).octets === 0, 15000);
});
