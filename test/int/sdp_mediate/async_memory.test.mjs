// SPDX-License-Identifier: BSD-2-Clause
// Whatever becomes of a request that waits, shared memory is back to the byte.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answer, rand } from '../tna_register/support/sip.mjs';
import { CORE_ANSWER, CORE_OFFER, Page, PAGE_OFFER, Site, sleep, until } from './support/asite.mjs';
import { Gateway, Scripted } from './support/nodes.mjs';

let a, mute, site, page, empty;

before(async () => {
	a = await Gateway.start('127.0.0.7:2223');
	mute = await Scripted.start('127.0.0.9:2223', (d) => ({ ping: { result: 'pong' }, capabilities: { result: 'error' }, delete: { result: 'ok' } })[d.command]);
	site = await Site.start({ agw: ['name=a;address=127.0.0.7:2223', 'name=mute;address=127.0.0.9:2223;set=1'], params: `modparam("sdp_mediate", "profile", "name=mute")
modparam("sdp_mediate", "agw_set", "mute=1")
modparam("sdp_mediate", "hold_cache", 1)
modparam("sdp_mediate", "agw_timeout_ms", 400)
` });
	await site.nodes('up');
	page = await Page.open();
	await sleep(200);
	empty = await site.ownShm();
});
after(async () => {
	page?.drop();
	await site?.stop();
	await a?.down();
	mute?.stop();
});

async function backToEmpty() {
	let now;
	await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
	await until('shared memory to be as before', async () => (now = await site.ownShm()) === empty, 15000).catch((e) => { throw new Error(`${e.message}: ${empty} -> ${now}`); });
	assert.equal((await site.rpc('sdp_mediate.stats')).calls, 0);
	assert.equal((await a.calls()).length, 0);
}

test('async_memory_calls_that_go_well', async () => {
	for (let i = 0; i < 10; i++) {
		const fromTag = rand(), callId = rand();
		page.send(page.request('INVITE', { callId, fromTag, body: PAGE_OFFER }));
		const invite = await site.inbox.request('INVITE');
		assert.ok(await site.ownShm() > empty, 'a call takes some');
		site.reply(invite, 200, { body: CORE_ANSWER });
		const ok = await page.inbox.reply('INVITE', 200);
		const dialog = { uri: 'sip:peer@127.0.0.1:5070', callId, fromTag, toTag: 'core', routes: ok.list('Record-Route').reverse() };
		page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
		await site.inbox.request('ACK');
		page.send(page.request('BYE', dialog));
		site.reply(await site.inbox.request('BYE'), 200);
		await page.inbox.final('BYE');
	}
	await backToEmpty();
});

test('async_memory_calls_that_are_refused_by_anybody', async () => {
	for (let i = 0; i < 5; i++) {
		page.send(page.request('INVITE', { body: PAGE_OFFER }));
		site.reply(await site.inbox.request('INVITE'), 486);
		await page.inbox.final('INVITE');
		page.send(page.request('INVITE', { body: CORE_OFFER }));
		assert.equal((await page.inbox.final('INVITE')).status, 488);
		page.send(page.request('INVITE', { headers: ['X-Profile: nobody'], body: PAGE_OFFER }));
		assert.equal((await page.inbox.final('INVITE')).status, 500);
		page.send(page.request('INVITE', { headers: ['X-Profile: mute'], body: PAGE_OFFER }));
		assert.equal((await page.inbox.final('INVITE')).status, 503);
	}
	await site.nodes('up');
	await backToEmpty();
});

test('async_memory_calls_that_are_cancelled_while_they_wait', async () => {
	for (let i = 0; i < 5; i++) {
		const one = { callId: rand(), branch: rand(), fromTag: rand(), cseq: 900 + i };
		await site.nodes('up');
		page.send(page.request('INVITE', { ...one, headers: ['X-Profile: mute'], body: PAGE_OFFER }));
		await until('the offer', () => mute.of('offer').some((h) => h.dict['call-id'] === one.callId));
		page.send(page.request('CANCEL', one));
		assert.equal((await page.inbox.final('INVITE')).status, 487);
		if (i % 2) mute.send(mute.of('offer').find((h) => h.dict['call-id'] === one.callId).cookie, { result: 'ok', sdp: CORE_OFFER });
	}
	await site.nodes('up');
	await backToEmpty();
});

test('async_memory_a_page_that_goes_while_its_call_waits', async () => {
	for (let i = 0; i < 3; i++) {
		const gone = await Page.open(), callId = rand();
		await site.nodes('up');
		gone.send(gone.request('INVITE', { callId, headers: ['X-Profile: mute'], body: PAGE_OFFER }));
		await until('the offer', () => mute.of('offer').some((h) => h.dict['call-id'] === callId));
		gone.drop();
	}
	await until('nothing to wait', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
	await site.nodes('up');
	await backToEmpty();
});

test('async_memory_answers_of_a_gateway_that_are_nonsense', async () => {
	const sdp = CORE_OFFER, answers = [{ result: 'ok' }, { result: 'ok', sdp: '' }, { result: 'ok', sdp: 'v=0' }, { result: 'ok', sdp: sdp.repeat(3) }, { sdp }, { result: 'load limit' }, { result: 'error', 'error-reason': 'x'.repeat(3000) }];
	for (const text of answers) {
		const callId = rand();
		await site.nodes('up');
		page.send(page.request('INVITE', { callId, headers: ['X-Profile: mute'], body: PAGE_OFFER }));
		await until('the offer', () => mute.of('offer').some((h) => h.dict['call-id'] === callId));
		mute.send(mute.of('offer').find((h) => h.dict['call-id'] === callId).cookie, text);
		const { status } = await page.inbox.final('INVITE');
		assert.ok(status === 500 || status === 503, `${JSON.stringify(text).slice(0, 60)}: ${status}`);
	}
	await backToEmpty();
});

// tm itself answers what would wait for ever.
test('async_memory_a_transaction_that_ends_before_its_exchange', async () => {
	const all = await site.rpc('core.psx'), iq = all.find((p) => /sdp_mediate Iq/.test(p.DSC ?? p.desc));
	const pid = iq.PID ?? iq.pid;
	process.kill(pid, 'SIGSTOP');
	try {
		const since = Date.now();
		page.send(page.request('INVITE', { callId: 'lost', body: PAGE_OFFER }));
		const final = await page.inbox.final('INVITE');
		assert.ok(final.status >= 400, final.first);
		assert.ok(Date.now() - since < 2000, `${Date.now() - since} ms`);
		assert.equal(await a.has('lost'), false);
	} finally {
		process.kill(pid, 'SIGCONT');
	}
	// The gateway gets the offer now, and at once its end.
	await until('it to be late', async () => await site.counter('late') > 0);
	await site.nodes('up');
	await backToEmpty();
});

test('async_memory_a_page_is_called', async () => {
	site.send(site.request('INVITE', { uri: page.contact, callId: 'in', fromTag: 'f', body: CORE_OFFER }));
	const invite = await page.inbox.request('INVITE');
	page.send(answer(invite, 486, { tag: 'p' }));
	await site.inbox.final('INVITE');
	await backToEmpty();
});
