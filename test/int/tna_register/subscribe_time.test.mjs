// SPDX-License-Identifier: BSD-2-Clause
// What subscriptions leave behind when their time is over: nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, until } from './support/site.mjs';
import * as subs from './support/subs.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

test('subscribe_time_is_over_for_records_and_memory', async (t) => {
	const p = await subs.page(t, site, 'timed'), count = async () => (await site.show(p.aor)).subscriptions, before = await site.ownShm();
	const kept = await subs.subscribe(site, p, { event: 'reg' });
	const [half] = [await subs.ask(site, p, 'SUBSCRIBE', { headers: ['Event: presence', 'Expires: 3600'] })];
	const over = await subs.subscribe(site, p, { event: 'dialog', expires: 1 });
	const ended = await subs.subscribe(site, p);
	await subs.within(site, p, 'SUBSCRIBE', ended.d, { headers: ['Event: message-summary', 'Expires: 0'], more: ['Expires: 0'] });
	await subs.notify(site, p, ended.req, ended.e, 'message-summary', 'terminated;reason=timeout');
	assert.equal(await count(), 7, 'four that were asked for, three that stand');
	assert.equal(half.method, 'SUBSCRIBE');
	await p.inbox.reply('SUBSCRIBE', 408, undefined, 8000);
	await until('all but the one that goes on to be over', async () => (await count()) === 1, 45000);
	for (const gone of [over, ended])
		assert.equal((await p.ask('SUBSCRIBE', { ...gone.d, headers: [`Event: ${gone.event}`, 'Expires: 600'] })).status, 481);
	await subs.within(site, p, 'SUBSCRIBE', kept.d, { headers: ['Event: reg', 'Expires: 600'], more: ['Expires: 600'] });
	await site.rpc('tna.terminate', p.aor);
	await until('the binding to go', () => site.show(p.aor).then(() => false, () => true));
	const q = await subs.page(t, site, 'timed');
	assert.equal((await site.show(q.aor)).subscriptions, 0);
	await until('the memory', async () => Math.abs(await site.ownShm() - before) < 200);
});
