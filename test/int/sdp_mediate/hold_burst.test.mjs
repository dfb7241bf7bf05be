// SPDX-License-Identifier: BSD-2-Clause
// Bursts: 500 calls, each with a 183 and its 200 at once. Every call is made,
// in order, none raw, and the memory comes back to the octet.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Msg, rand } from '../tna_register/support/sip.mjs';
import { core, web } from './support/sdp.mjs';
import { Site, until } from './support/site.mjs';

const CALLS = 500;
let s, page;
test.before(async () => { s = await Site.start({ cache: 9, wt: 200, params: 'modparam("sdp_mediate", "agw_timeout_ms", 8000)' }); page = await s.page(); });
test.after(() => s?.stop());

// One call as it ends in nothing but the cache.
async function call(n) {
	const text = page.request('INVITE', { body: web(n % 1000) }), sent = new Msg(text), of = (m) => m.callId === sent.callId;
	page.send(text);
	const invite = await s.core.inbox.request('INVITE', of, 60000);
	s.core.reply(invite, 183, { body: core(n % 1000) });
	// Two datagrams at once are two workers': their order is nobody's any more.
	await s.gateway.saw((c) => c.callId === sent.callId && c.command === 'answer');
	const final = s.core.reply(invite, 200, { body: core(n % 1000) });
	if (n % 3 === 0) s.core.send(final);
	const ok = await page.inbox.reply('INVITE', 200, of, 60000);
	page.send(page.ack(invite, ok));
	// Like any callee, until it is acknowledged.
	for (let tries = 0; !await s.core.inbox.request('ACK', of, 1000).catch(() => tries === 7); tries++) s.core.send(final);
	page.send(page.request('BYE', { uri: s.core.contact, toTag: ok.toTag, fromTag: sent.fromTag, callId: sent.callId, cseq: 2, routes: ok.list('Record-Route').reverse() }));
	s.core.reply(await s.core.inbox.request('BYE', of, 60000), 200);
	await page.inbox.reply('BYE', 200, of, 60000);
	return sent.callId;
}

const empty = () => until('the cache to be empty', async () => (await s.usage()).octets === 0, 20000);

test('hold_burst_of_500_calls_in_order_none_raw', async () => {
	await call(0); // what a process takes once
	await empty();
	const shm = await s.ownShm();
	const ids = await Promise.all(Array.from({ length: CALLS }, (_, i) => call(i + 1)));
	assert.deepEqual(s.raw(), []);
	const seen = new Map(ids.map((id) => [id, []]));
	for (const m of page.inbox.seen) if (m.status > 100 && m.method === 'INVITE') seen.get(m.callId)?.push(m.status);
	for (const [id, list] of seen) assert.deepEqual([...new Set(list)], [183, 200], `${id}: ${list}`);
	assert.ok(await s.counter('held') >= 2 * CALLS);
	await empty();
	assert.deepEqual(await s.usage(), { calls: 0, waiting: 0, octets: 0 });
	await until('the gateway to be told', async () => (await s.rpc('sdp_mediate.stats')).calls === 0);
	assert.equal(await s.ownShm(), shm);
});
