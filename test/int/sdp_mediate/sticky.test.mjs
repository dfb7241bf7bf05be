// SPDX-License-Identifier: BSD-2-Clause
// Requests of a call go to the gateway that has it, also after Kamailio was
// restarted in the middle of it and knows nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rand } from '../tna_register/support/sip.mjs';
import { CORE_ANSWER, Page, PAGE_OFFER, Site, until } from './support/asite.mjs';
import { Gateway } from './support/nodes.mjs';

const gateways = {};
let site, page;

before(async () => {
	[gateways.a, gateways.b] = await Promise.all([Gateway.start('127.0.0.7:2223'), Gateway.start('127.0.0.8:2223', { min: 35000, max: 39999 })]);
	site = await Site.start({ agw: ['name=a;address=127.0.0.7:2223', 'name=b;address=127.0.0.8:2223'] });
	await site.nodes('up');
	page = await Page.open();
});
after(async () => {
	page?.drop();
	await site?.stop();
	await Promise.all(Object.values(gateways).map((g) => g.down()));
});

const nodeOf = async (callId) => [await site.rpc('sdp_mediate.show', callId)].flat()[0].node;

async function call(callId) {
	const fromTag = rand();
	page.send(page.request('INVITE', { callId, fromTag, body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 200, { body: CORE_ANSWER });
	const ok = await page.inbox.reply('INVITE', 200);
	assert.match(ok.body, /a=fingerprint/);
	const dialog = { uri: 'sip:peer@127.0.0.1:5070', callId, fromTag, toTag: 'core', routes: ok.list('Record-Route').reverse() };
	page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
	await site.inbox.request('ACK');
	return dialog;
}

async function restart() {
	page.drop();
	await site.end();
	await site.kamailio();
	await site.nodes('up');
	page = await Page.open();
	page.cseq = 100;
}

// One call at each gateway.
async function twoCalls(prefix) {
	const found = {};
	for (let i = 0; Object.keys(found).length < 2; i++) {
		const dialog = await call(`${prefix}${i}`), node = await nodeOf(dialog.callId);
		if (found[node]) await bye(dialog);
		else found[node] = dialog;
	}
	return found;
}

async function bye(dialog) {
	page.send(page.request('BYE', dialog));
	site.reply(await site.inbox.request('BYE'), 200);
	await page.inbox.final('BYE');
}

test('sticky_a_reinvite_after_a_restart_goes_to_the_gateway_that_has_the_call', async () => {
	const calls = await twoCalls('r');
	const ports = {};
	for (const [node, { callId }] of Object.entries(calls)) ports[node] = (await gateways[node].ask({ command: 'query', 'call-id': callId })).created;
	await restart();
	assert.equal((await site.rpc('sdp_mediate.stats')).calls, 0, 'it knows nothing');
	for (const [node, dialog] of Object.entries(calls)) {
		page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
		const re = await site.inbox.request('INVITE');
		assert.match(re.body, /^m=audio \d+ RTP\/AVP/m);
		assert.equal(await nodeOf(dialog.callId), node);
		site.reply(re, 200, { body: CORE_ANSWER });
		const ok = await page.inbox.reply('INVITE', 200);
		assert.match(ok.body, /a=fingerprint/);
		page.send(page.request('ACK', { ...dialog, cseq: ok.cseq }));
		await site.inbox.request('ACK');
		// The same call, not another one of that name.
		assert.equal((await gateways[node].ask({ command: 'query', 'call-id': dialog.callId })).created, ports[node]);
		assert.equal(await gateways[node === 'a' ? 'b' : 'a'].has(dialog.callId), false);
	}
	for (const dialog of Object.values(calls)) await bye(dialog);
});

test('sticky_a_delete_after_a_restart_finds_its_gateway', async () => {
	const calls = await twoCalls('d');
	await restart();
	// The dialog module has lost the calls: here BYE says that they are over.
	for (const [node, dialog] of Object.entries(calls)) {
		assert.equal(await gateways[node].has(dialog.callId), true);
		page.send(page.request('BYE', { ...dialog, headers: ['X-Delete: 1'] }));
		site.reply(await site.inbox.request('BYE'), 200);
		await page.inbox.final('BYE');
		await until('the gateway to forget it', async () => !(await gateways[node].has(dialog.callId)));
	}
});

test('sticky_a_call_that_no_gateway_has_is_made_again_by_an_offer', async () => {
	const dialog = await call('lost'), forget = () => Promise.all(Object.values(gateways).map((g) => g.ask({ command: 'delete', 'call-id': 'lost' })));
	await forget();
	page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
	const re = await site.inbox.request('INVITE');
	assert.match(re.body, /RTP\/AVP/);
	assert.equal(await gateways[await nodeOf('lost')].has('lost'), true);
	site.reply(re, 488);
	await page.inbox.final('INVITE');
	// Of one that nobody knows at all, not even the dialog module, there is only the sender's word.
	await forget();
	await restart();
	page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
	assert.equal((await page.inbox.final('INVITE')).status, 481);
	for (const g of Object.values(gateways)) assert.equal(await g.has('lost'), false);
});

test('sticky_a_known_call_of_a_dead_gateway_is_refused_and_not_moved', async () => {
	const { a: dialog } = await twoCalls('k');
	await gateways.a.down();
	page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
	const final = await page.inbox.final('INVITE');
	assert.equal(final.status, 503);
	assert.equal(await gateways.b.has(dialog.callId), false);
	await site.inbox.none('a re-INVITE', (m) => m.method === 'INVITE' && !m.status);
	await site.nodes('down', ['a']);
	await gateways.a.up();
	await site.nodes('up');
	// And when it is back, an offer makes the call again there.
	page.send(page.request('INVITE', { ...dialog, body: PAGE_OFFER }));
	const re = await site.inbox.request('INVITE');
	assert.equal(await gateways.a.has(dialog.callId), true);
	site.reply(re, 488);
	await page.inbox.final('INVITE');
	await until('nothing to be under way', async () => (await site.rpc('sdp_mediate.stats')).under_way === 0);
});
