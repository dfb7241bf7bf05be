// SPDX-License-Identifier: BSD-2-Clause
// Many pages that come, move, go and are thrown out at the same time.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

// What one page does: register, refresh, perhaps come back on another
// connection, then go by one of four ways.
async function life(i) {
	const user = `u${i % 40}`;
	let p = await Page.open(site, { user });
	assert.equal((await p.register()).status, 200);
	assert.equal((await p.register()).status, 200);
	if (i % 3 === 0) {
		const q = await Page.open(site, { user, instance: p.instance });
		const answer = await q.register();
		assert.ok(answer.status === 200, answer.first);
		p.drop();
		p = q;
	}
	if (i % 4 === 0) await p.register({ expires: 0 });
	if (i % 4 === 1) p.drop();
	if (i % 4 === 2) { p.send(p.registerText()); p.drop(); }
	if (i % 4 === 3) await site.rpc('tna.terminate', (await site.show(p.aor)).binding).catch(() => {});
	setTimeout(() => p.drop(), 500);
}

test('many_pages_leave_nothing_behind', { timeout: 120000 }, async () => {
	const round = async (from, n) => {
		for (let i = from; i < from + n; i += 20) await Promise.allSettled(Array.from({ length: 20 }, (_, k) => life(i + k)));
		await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 15000);
	};
	await round(0, 20); // the record of what their WWSF uses stays
	const before = await site.ownShm();
	for (const from of [0, 200, 400]) await round(from, 200);
	assert.equal(await site.ownShm(), before, 'shared memory to the octet');
	const p = await Page.open(site, { user: 'last' });
	assert.equal((await p.register()).status, 200);
	p.drop();
});
