// SPDX-License-Identifier: BSD-2-Clause
// A call that goes to the next gateway: with a plan for what that one can do,
// and the first is told to forget it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { golden, Page, Site, until } from './support/asite.mjs';
import { Gateway, Scripted } from './support/nodes.mjs';

const OFFER = golden('mo-two-audio', '1-offer.sdp');
const caps = (bundle) => ({ result: 'ok', gateway: 'rtpengine', version: bundle ? '26.0' : '10.5', iq: 1, epoch: 'e', 'in-service': 1, bundle, fragment: 0, calls: 0 });
const says = { silent: () => null, error: () => ({ result: 'error', 'error-reason': 'no' }), busy: () => ({ result: 'load limit' }) };
let old, young, site, page, mood = 'silent';

before(async () => {
	const node = (bundle) => (d) => ({ ping: () => ({ result: 'pong' }), capabilities: () => caps(bundle), 'subscribe-events': () => ({ result: 'ok', epoch: 'e', seq: 0, ttl: 30 }),
		delete: () => ({ result: 'ok' }), offer: says[mood] })[d.command]?.();
	[old, young] = [await Scripted.start('127.0.0.7:2223', node(0)), await Scripted.start('127.0.0.8:2223', node(1))];
	site = await Site.start({ agw: ['name=old;address=127.0.0.7:2223', 'name=young;address=127.0.0.8:2223'] });
	await site.nodes('up');
	page = await Page.open();
});
after(async () => {
	page?.drop();
	await site?.stop();
	old?.stop();
	young?.stop();
});

const offers = (node, callId) => node.of('offer').filter((h) => h.dict['call-id'] === callId);

// Calls until one began at `first`; the 503 of all, and in what time.
async function callThatBeginsAt(first, prefix) {
	for (let i = 0; ; i++) {
		const callId = `${prefix}${i}`;
		await site.nodes('up');
		const since = Date.now();
		page.send(page.request('INVITE', { callId, body: OFFER }));
		const final = await page.inbox.final('INVITE');
		assert.equal(final.status, 503);
		const at = [old, young].map((n) => offers(n, callId)[0]?.at ?? Infinity);
		if ((at[0] < at[1]) === (first === old)) return { callId, ms: Date.now() - since };
	}
}

test('failover_the_next_gateway_gets_a_plan_for_what_it_can', async () => {
	const { callId, ms } = await callThatBeginsAt(old, 'caps');
	const [before, then] = [offers(old, callId)[0].dict, offers(young, callId)[0].dict];
	assert.equal(JSON.stringify(before).includes('bundle'), false, 'nothing that the old one does not know');
	assert.match(JSON.stringify({ ...then, sdp: '' }), /bundle/i);
	assert.ok(ms < 1500, `${ms} ms for both`);
	await until('the deletes', () => [old, young].every((n) => n.of('delete').some((h) => h.dict['call-id'] === callId)));
});

test('failover_an_error_goes_to_the_next_at_once', async () => {
	for (mood of ['error', 'busy']) {
		const { callId, ms } = await callThatBeginsAt(old, mood);
		assert.equal(offers(young, callId).length, 1);
		assert.ok(ms < 400, `${ms} ms`);
	}
	mood = 'silent';
});

test('failover_counts_what_it_did', async () => {
	const stats = await site.rpc('sdp_mediate.stats');
	assert.equal(stats.under_way, 0);
	assert.ok(await site.counter('node_old_failovers') > 0);
	assert.ok(await site.counter('node_old_timeouts') > 0);
	assert.ok(await site.counter('node_young_errors') > 0);
	assert.ok(await site.counter('result_gwdown') > 0);
});

test('failover_a_real_one_takes_over', async () => {
	old.stop();
	const real = await Gateway.start('127.0.0.7:2223');
	try {
		await site.nodes('up', ['old']);
		for (let i = 0; i < 6; i++) {
			await site.nodes('up');
			page.send(page.request('INVITE', { callId: `real${i}`, body: golden('mo-audio', '1-offer.sdp') }));
			const invite = await site.inbox.request('INVITE');
			assert.match(invite.body, /RTP\/AVP/);
			site.reply(invite, 486);
			await page.inbox.final('INVITE');
		}
	} finally {
		await real.down();
		old = null;
	}
});
