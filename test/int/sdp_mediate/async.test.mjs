// SPDX-License-Identifier: BSD-2-Clause
// Requests in asynchronous mode, with real rtpengines: what is suspended, what
// comes of it, and that nothing is left behind.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway, Scripted } from './support/nodes.mjs';
import { CORE_ANSWER, CORE_OFFER, Page, PAGE_OFFER, Site, sleep, until } from './support/asite.mjs';
import { answer, rand } from '../tna_register/support/sip.mjs';

let a, b, site, page, mute;

// Set 1 is a gateway that is in service and answers no offer.
before(async () => {
	[a, b] = await Promise.all([Gateway.start('127.0.0.7:2223'), Gateway.start('127.0.0.8:2223', { min: 35000, max: 39999 })]);
	mute = await Scripted.start('127.0.0.9:2223', (d) => ({ ping: { result: 'pong' }, capabilities: { result: 'error' }, delete: { result: 'ok' } })[d.command]);
	site = await Site.start({ agw: ['name=a;address=127.0.0.7:2223', 'name=b;address=127.0.0.8:2223', 'name=mute;address=127.0.0.9:2223;set=1'],
		params: `modparam("sdp_mediate", "profile", "name=mute")
modparam("sdp_mediate", "agw_set", "mute=1")
modparam("sdp_mediate", "leg", "$avp(leg)")
` });
	await site.nodes('up');
	page = await Page.open();
});
after(async () => {
	page?.drop();
	await site?.stop();
	await Promise.all([a?.down(), b?.down()]);
	mute?.stop();
});

const where = async (callId) => [await a.has(callId), await b.has(callId)];
const gone = (callId) => until(`no gateway to have ${callId}`, async () => !(await where(callId)).some(Boolean));

test('async_an_invite_of_a_page_goes_on_with_the_gateways_offer', async () => {
	page.send(page.request('INVITE', { callId: 'one', body: PAGE_OFFER }));
	await page.inbox.reply('INVITE', 100);
	const invite = await site.inbox.request('INVITE');
	assert.match(invite.body, /^m=audio (3[0-9]{4}) RTP\/AVP /m);
	assert.doesNotMatch(invite.body, /fingerprint|ice-ufrag|msid/);
	assert.equal((await where('one')).filter(Boolean).length, 1);
	const known = [await site.rpc('sdp_mediate.show', 'one')].flat()[0];
	assert.equal(known.node, (await a.has('one')) ? 'a' : 'b');
	site.reply(invite, 486);
	assert.equal((await page.inbox.final('INVITE')).status, 486);
	await gone('one');
	await assert.rejects(site.rpc('sdp_mediate.show', 'one'), /not known/);
});

test('async_an_offer_of_the_core_gets_what_a_browser_needs', async () => {
	site.send(site.request('INVITE', { uri: page.contact, callId: 'mt', body: CORE_OFFER }));
	const invite = await page.inbox.request('INVITE');
	assert.match(invite.body, /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m);
	assert.match(invite.body, /^a=fingerprint:sha-256 /m);
	page.send(answer(invite, 480, { tag: 'page' }));
	assert.equal((await site.inbox.final('INVITE')).status, 480);
	await gone('mt');
});

test('async_two_legs_of_a_call_are_two_calls_at_the_gateway', async () => {
	page.send(page.request('INVITE', { callId: 'legs', headers: ['X-Leg: l1'], body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	assert.equal((await where('legs~l1')).filter(Boolean).length, 1);
	assert.equal((await where('legs')).filter(Boolean).length, 0);
	site.reply(invite, 486);
	await page.inbox.final('INVITE');
});

test('async_requests_without_sdp_pass_at_once', async () => {
	const before = await site.counter('suspended');
	page.send(page.request('INVITE', { callId: 'offerless' }));
	const invite = await site.inbox.request('INVITE');
	assert.equal(invite.body, '');
	site.reply(invite, 486);
	await page.inbox.final('INVITE');
	page.send(page.request('UPDATE', { callId: 'u0' }));
	site.reply(await site.inbox.request('UPDATE'), 200);
	assert.equal((await page.inbox.final('UPDATE')).status, 200);
	assert.equal(await site.counter('suspended'), before);
});

test('async_an_offer_that_cannot_be_is_refused_at_once', async () => {
	page.send(page.request('INVITE', { callId: 'bad', body: CORE_OFFER }));
	assert.equal((await page.inbox.final('INVITE')).status, 488);
	assert.deepEqual(await where('bad'), [false, false]);
});

test('async_a_retransmitted_invite_is_mediated_once', async () => {
	const text = site.request('INVITE', { uri: page.contact, callId: 'twice', headers: ['X-Profile: mute'], body: CORE_OFFER });
	site.send(text);
	await until('the offer', () => mute.of('offer').some((h) => h.dict['call-id'] === 'twice'));
	site.send(text);
	site.send(text);
	assert.equal((await site.inbox.final('INVITE')).status, 503);
	assert.equal(new Set(mute.of('offer').filter((h) => h.dict['call-id'] === 'twice').map((h) => h.cookie)).size, 1);
	await site.inbox.none('a second answer', (m) => m.status >= 200 && m.callId === 'twice' && m.status !== 503);
});

test('async_a_gateway_that_never_answers_is_a_503_in_time', async () => {
	const since = Date.now();
	page.send(page.request('INVITE', { callId: 'never', headers: ['X-Profile: mute'], body: PAGE_OFFER }));
	const final = await page.inbox.final('INVITE');
	assert.equal(final.status, 503);
	assert.ok(Date.now() - since < 2000, `${Date.now() - since} ms`);
	const offers = mute.of('offer').filter((h) => h.dict['call-id'] === 'never');
	assert.ok(offers.length > 2, 'repeated');
	assert.equal(new Set(offers.map((o) => o.cookie)).size, 1, 'with one cookie');
	// It may have done it: it is to forget it.
	await until('the delete', () => mute.of('delete').some((h) => h.dict['call-id'] === 'never'));
	await site.inbox.none('an INVITE', (m) => m.method === 'INVITE' && !m.status);
	// Twice in a row: out of service for new calls, until it answers a ping.
	await site.nodes('up');
});

test('async_a_cancel_meanwhile_ends_it_and_the_gateway_forgets', async () => {
	const branch = rand(), fromTag = rand();
	page.send(page.request('INVITE', { callId: 'cancelled', branch, fromTag, cseq: 70, headers: ['X-Profile: mute'], body: PAGE_OFFER }));
	await until('the offer', () => mute.of('offer').some((h) => h.dict['call-id'] === 'cancelled'));
	page.send(page.request('CANCEL', { callId: 'cancelled', branch, fromTag, cseq: 70 }));
	assert.equal((await page.inbox.final('CANCEL')).status, 200);
	assert.equal((await page.inbox.final('INVITE')).status, 487);
	// The answer comes when nobody waits for it any more.
	const offer = mute.of('offer').find((h) => h.dict['call-id'] === 'cancelled');
	mute.send(offer.cookie, { result: 'ok', sdp: CORE_OFFER });
	await until('the delete', () => mute.of('delete').some((h) => h.dict['call-id'] === 'cancelled'));
	await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
	await site.inbox.none('an INVITE', (m) => m.callId === 'cancelled');
	await site.nodes('up');
});

test('async_a_transaction_is_suspended_once_only', async () => {
	page.send(page.request('INVITE', { callId: 'again', headers: ['X-Again: 1'], body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	assert.match(invite.body, /RTP\/AVP/);
	await until('the log', () => /again -94/.test(site.log));
	site.reply(invite, 486);
	await page.inbox.final('INVITE');
});

// A call, as far as its ACK.
async function call(callId) {
	const fromTag = rand();
	page.send(page.request('INVITE', { callId, fromTag, body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 200, { body: CORE_ANSWER });
	const ok = await page.inbox.reply('INVITE', 200);
	assert.match(ok.body, /a=fingerprint/);
	const dialog = { uri: 'sip:peer@127.0.0.1:5070', to: 'sip:peer@home1.net', callId, fromTag, toTag: 'core', routes: ok.list('Record-Route').reverse() };
	page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
	await site.inbox.request('ACK');
	return { invite, dialog, back: { uri: page.contact, to: 'sip:page@home1.net', callId, fromTag: 'core', toTag: fromTag, routes: invite.list('Record-Route') } };
}

test('async_a_reinvite_and_an_update_go_to_the_gateway_of_the_call', async () => {
	const { dialog, back } = await call('dialog');
	const { node } = [await site.rpc('sdp_mediate.show', 'dialog')].flat()[0];
	page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
	const re = await site.inbox.request('INVITE');
	assert.match(re.body, /RTP\/AVP/);
	site.reply(re, 488);
	assert.equal((await page.inbox.final('INVITE')).status, 488);
	await sleep(50);
	// A refused re-INVITE: the gateway keeps the call.
	assert.equal((await where('dialog')).filter(Boolean).length, 1);
	page.send(page.request('UPDATE', { ...dialog, body: PAGE_OFFER }));
	const update = await site.inbox.request('UPDATE');
	assert.match(update.body, /RTP\/AVP/);
	site.reply(update, 200);
	assert.equal((await page.inbox.final('UPDATE')).status, 200);
	// From the side that was called.
	site.send(site.request('UPDATE', { ...back, cseq: 9, body: CORE_OFFER }));
	const from = await page.inbox.request('UPDATE');
	assert.match(from.body, /UDP\/TLS\/RTP\/SAVPF/);
	page.send(answer(from, 200));
	assert.equal((await site.inbox.final('UPDATE')).status, 200);
	const at = node === 'a' ? a : b;
	const tags = Object.keys((await at.ask({ command: 'query', 'call-id': 'dialog' })).tags);
	assert.deepEqual(tags.sort(), ['core', 'wic']);
	assert.deepEqual(await where('dialog'), node === 'a' ? [true, false] : [false, true]);
	page.send(page.request('BYE', dialog));
	site.reply(await site.inbox.request('BYE'), 200);
	await page.inbox.final('BYE');
	await gone('dialog');
});

test('async_an_answer_that_refuses_everything_needs_no_gateway', async () => {
	page.send(page.request('INVITE', { callId: 'nothing', body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	const { node } = [await site.rpc('sdp_mediate.show', 'nothing')].flat()[0], at = { a, b }[node];
	at.signal('SIGSTOP');
	site.reply(invite, 200, { body: CORE_OFFER.replace(/^m=audio \d+/m, 'm=audio 0') });
	const ok = await page.inbox.reply('INVITE', 200).finally(() => at.signal('SIGCONT'));
	assert.match(ok.body, /^m=audio 0 UDP\/TLS\/RTP\/SAVPF/m);
	const dialog = { uri: 'sip:peer@127.0.0.1:5070', to: 'sip:peer@home1.net', callId: 'nothing', fromTag: ok.fromTag, toTag: 'core', routes: ok.list('Record-Route').reverse() };
	page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
	await site.inbox.request('ACK');
	page.send(page.request('BYE', dialog));
	site.reply(await site.inbox.request('BYE'), 200);
	await page.inbox.final('BYE');
	await gone('nothing');
});

test('async_a_disabled_gateway_keeps_its_calls_and_gets_no_new_ones', async () => {
	const { dialog } = await call('kept');
	const { node } = [await site.rpc('sdp_mediate.show', 'kept')].flat()[0];
	await site.rpc('sdp_mediate.node_disable', node);
	for (let i = 0; i < 6; i++) {
		page.send(page.request('INVITE', { callId: `other${i}`, body: PAGE_OFFER }));
		const invite = await site.inbox.request('INVITE');
		assert.notEqual([await site.rpc('sdp_mediate.show', `other${i}`)].flat()[0].node, node);
		site.reply(invite, 486);
		await page.inbox.final('INVITE');
	}
	page.send(page.request('UPDATE', { ...dialog, body: PAGE_OFFER }));
	const update = await site.inbox.request('UPDATE');
	site.reply(update, 200);
	assert.equal((await page.inbox.final('UPDATE')).status, 200);
	await site.rpc('sdp_mediate.node_enable', node);
	page.send(page.request('BYE', dialog));
	site.reply(await site.inbox.request('BYE'), 200);
	await page.inbox.final('BYE');
	await gone('kept');
	await assert.rejects(site.rpc('sdp_mediate.node_disable', 'nobody'), /no such/);
});

test('async_new_calls_are_spread_over_the_gateways', async () => {
	const seen = { a: 0, b: 0 };
	for (let i = 0; i < 24; i++) {
		page.send(page.request('INVITE', { callId: `spread-${i}`, body: PAGE_OFFER }));
		const invite = await site.inbox.request('INVITE');
		seen[[await site.rpc('sdp_mediate.show', `spread-${i}`)].flat()[0].node]++;
		site.reply(invite, 486);
		await page.inbox.final('INVITE');
	}
	assert.ok(seen.a >= 3 && seen.b >= 3, JSON.stringify(seen));
});
