// SPDX-License-Identifier: BSD-2-Clause
// Limits an operator sets.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

let site;
test.before(async () => {
	site = await Site.start({ params: `
modparam("tna_register", "max_call_s", 2)
modparam("tna_register", "max_bindings", 2)
modparam("tna_register", "max_expires_s", 120)
modparam("tna_register", "hold_s", 0)` });
});
test.after(() => site.stop());

async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	return p;
}

test('limits_longest_call', async (t) => {
	const p = await page(t, 'long');
	await p.register();
	const { invite } = await site.callOut(p);
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId, 5000);
	assert.match(bye.get('Reason'), /Longest duration/);
	site.reply(bye, 200);
	p.send(answer(await p.inbox.request('BYE'), 200));
	assert.equal((await site.show(p.aor)).status, 'bound');
	await p.register({ expires: 0 });
});

test('limits_expires', async (t) => {
	const p = await page(t, 'expires');
	const ok = await p.register({ expires: 3600 });
	assert.match(ok.get('Contact'), /expires=120/);
	assert.match(site.registers.at(-1).get('Contact'), /expires=120/);
	await p.register({ expires: 0 });
});

test('limits_number_of_bindings', async (t) => {
	const pages = [await page(t, 'n1'), await page(t, 'n2'), await page(t, 'n3')];
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0);
	for (const [i, status] of [200, 200, 500].entries()) assert.equal((await pages[i].register()).status, status);
	assert.equal((await site.rpc('tna.stats')).bindings, 2);
	assert.equal((await pages[0].register()).status, 200, 'a refresh needs no room');
});

test('limits_no_hold_time', async (t) => {
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 6000);
	const p = await page(t, 'nohold');
	await p.register();
	p.drop();
	await until('the end', async () => (await site.rpc('tna.stats')).bindings === 0, 4000);
});
