// SPDX-License-Identifier: BSD-2-Clause
// Requests that only pretend to be of a call: they get no port of a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_OFFER, golden, PAGE_OFFER, until } from './support/asite.mjs';
import { withScripted } from './support/scripted.mjs';

const unknown = () => ({ result: 'error', 'error-reason': 'Unknown call-ID' });

test('async_attack_a_made_up_dialog_makes_no_call_at_a_gateway', async (t) => {
	const { site, page, gateways } = await withScripted(t, [0, 1].map(() => ({ query: unknown, offer: () => ({ result: 'ok', sdp: CORE_OFFER }) })));
	for (const method of ['INVITE', 'UPDATE', 'PRACK']) {
		for (let i = 0; i < 5; i++) page.send(page.request(method, { callId: `made-up-${method}-${i}`, toTag: `t${i}`, uri: 'sip:peer@127.0.0.1:5070', body: PAGE_OFFER }));
		for (let i = 0; i < 5; i++) assert.equal((await page.inbox.final(method)).status, 481);
	}
	for (const method of ['INVITE', 'UPDATE']) {
		site.send(site.request(method, { uri: page.contact, toTag: 'x', callId: `core-${method}`, body: CORE_OFFER }));
		assert.equal((await site.inbox.final(method)).status, 481);
	}
	assert.ok(gateways.every((g) => g.of('query').length > 0), 'a gateway may have it, and we have forgotten');
	assert.deepEqual(gateways.map((g) => g.of('offer').length), [0, 0]);
	const stats = await site.rpc('sdp_mediate.stats');
	assert.deepEqual([stats.calls, stats.under_way], [0, 0]);
	assert.equal(await site.counter('result_nocall'), 17);
});

test('async_attack_a_silent_gateway_may_have_it', async (t) => {
	const { page, gateways } = await withScripted(t, [{ query: unknown }, { query: () => null }]);
	page.send(page.request('UPDATE', { callId: 'silent', toTag: 't', uri: 'sip:peer@127.0.0.1:5070', body: PAGE_OFFER }));
	assert.equal((await page.inbox.final('UPDATE')).status, 503, 'a dialog is not ended for it');
	assert.deepEqual(gateways.map((g) => g.of('offer').length), [0, 0]);
});

test('async_attack_an_offer_in_its_answer_makes_none_either', async (t) => {
	const { site, page, gateways } = await withScripted(t, [{ query: unknown, offer: () => ({ result: 'ok', sdp: CORE_OFFER }) }]);
	page.send(page.request('INVITE', { callId: 'offerless', toTag: 't', uri: 'sip:peer@127.0.0.1:5070' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 200, { body: CORE_OFFER });
	assert.ok((await page.inbox.final('INVITE')).status >= 400);
	await site.inbox.request('ACK');
	assert.equal(gateways[0].of('offer').length, 0);
	await until('nothing to wait', async () => (await site.rpc('sdp_mediate.stats')).held === 0);
});

test('async_attack_a_dialog_of_ours_is_made_again', async (t) => {
	// No gateway has it (it was started anew), and we do not know any more which had.
	const { site, page, gateways: [g] } = await withScripted(t, [{ query: ({ 'call-id': id }, lost = g.of('answer').length > 0) => (lost ? unknown() : { result: 'ok', tags: {}, id }),
		offer: () => ({ result: 'ok', sdp: CORE_OFFER }), answer: () => ({ result: 'ok', sdp: golden('mo-audio', '7-answer-from-gateway.sdp') }) }],
	{ params: 'modparam("sdp_mediate", "max_calls", 1)' });
	page.send(page.request('INVITE', { callId: 'fills-the-table', body: PAGE_OFFER }));
	await site.inbox.request('INVITE');
	page.send(page.request('INVITE', { callId: 'ours', fromTag: 'f', body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 200, { body: CORE_OFFER });
	const ok = await page.inbox.final('INVITE');
	assert.equal(ok.status, 200);
	const dialog = { uri: 'sip:peer@127.0.0.1:5070', callId: 'ours', fromTag: 'f', toTag: ok.toTag, routes: ok.list('Record-Route').reverse() };
	page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
	await site.inbox.request('ACK');
	page.send(page.request('UPDATE', { ...dialog, body: PAGE_OFFER }));
	const update = await site.inbox.request('UPDATE');
	site.reply(update, 200);
	assert.equal((await page.inbox.final('UPDATE')).status, 200);
	assert.equal(g.of('offer').filter((h) => h.dict['call-id'] === 'ours').length, 2);
	assert.ok(g.of('query').filter((h) => h.dict['call-id'] === 'ours').length >= 2);
});
