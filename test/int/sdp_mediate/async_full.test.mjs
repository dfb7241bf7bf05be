// SPDX-License-Identifier: BSD-2-Clause
// Shared memory is used up by requests that wait: everybody gets an answer in
// time (but a few, whom stock tm leaves to their timers), and behind it all is as before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_OFFER, PAGE_OFFER, sleep, until } from './support/asite.mjs';
import { withScripted } from './support/scripted.mjs';

const CALLS = 1500, PAD = 'X-Pad: '.padEnd(6000, 'x');

test('async_full_shared_memory_that_is_used_up_comes_back', async (t) => {
	let mood = null;
	const { site, page, gateways: [g] } = await withScripted(t, [{ offer: () => mood }], {
		shm: 14, params: 'modparam("sdp_mediate", "hold_cache", 1)\nmodparam("sdp_mediate", "agw_timeout_ms", 1500)' });
	const stats = () => site.rpc('sdp_mediate.stats');
	// What a process takes once.
	page.send(page.request('INVITE', { callId: 'warm', body: PAGE_OFFER }));
	await page.inbox.final('INVITE');
	await sleep(3000);
	const empty = await site.ownShm();
	const since = Date.now(), heard = new Set();
	page.ws.on('message', (d) => { const m = /^SIP\/2\.0 ([2-6]\d\d)[^]*?^Call-ID: (full\d+)\r$/m.exec(d.toString()); if (m && m[1] >= 300) heard.add(m[2]); });
	for (let i = 0; i < CALLS; i++) page.send(page.request('INVITE', { callId: `full${i}`, headers: [PAD], body: PAGE_OFFER }));
	// What tm cannot copy any more when it goes on, it leaves to the page's timer.
	await until('an answer to nearly each', () => heard.size >= CALLS - 100, 15000).catch((e) => { throw new Error(`${e.message}: ${heard.size} of ${CALLS} after ${Date.now() - since} ms\n${site.log.slice(-1500)}`); });
	assert.match(site.log, /could not allocate shared memory|Free fragment not found/, 'it was used up');
	assert.ok(g.of('offer').length > 10 && new Set(g.of('offer').map((h) => h.dict['call-id'])).size < CALLS, 'some were under way, and not all');
	await until('nothing to be under way', async () => (await stats()).under_way === 0);
	let now;
	await until('shared memory to be as before', async () => (now = await site.ownShm()) === empty, 20000).catch((e) => { throw new Error(`${e.message}: ${empty} -> ${now}`); });
	assert.deepEqual(await stats().then(({ calls, expected, held, hold_octets }) => ({ calls, expected, held, hold_octets })), { calls: 0, expected: 0, held: 0, hold_octets: 0 });
	await site.nodes('up');
	mood = { result: 'ok', sdp: CORE_OFFER };
	page.send(page.request('INVITE', { callId: 'after', body: PAGE_OFFER }));
	const invite = await site.inbox.request('INVITE', (m) => m.callId === 'after');
	site.reply(invite, 486);
	assert.equal((await page.inbox.reply('INVITE', 486, (m) => m.callId === 'after')).status, 486);
});
