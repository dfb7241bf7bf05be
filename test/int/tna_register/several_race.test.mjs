// SPDX-License-Identifier: BSD-2-Clause
// REGISTERs of one connection that are on their way at the same moment.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until } from './support/site.mjs';

let site, normal;
async function start(t, options) {
	site = await Site.start(options);
	normal = site.registrar;
	t.after(() => site.stop());
}

// Until all n are there the core answers none.
function together(n) {
	const waiting = [];
	site.registrar = function (req) {
		waiting.push(req);
		if (waiting.length < n) return undefined;
		delete site.registrar;
		for (const r of waiting.slice(0, -1)) site.send(normal.call(this, r));
		return normal.call(this, req);
	};
}
async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	return p;
}
const finals = (p, n) => Promise.all(Array.from({ length: n }, () => p.inbox.final('REGISTER')));

test('several_race_each_takes_a_place_of_its_web_site', async (t) => {
	await start(t, { wwsf: 'max_registrations = 2\n' });
	const p = await page(t, 'place'), all = Array.from({ length: 5 }, (_, i) => `sip:place.${i}@home1.net`);
	p.token = site.token('place', { impu: all });
	together(2);
	for (const to of all) p.send(p.registerText({ to, callId: rand() }));
	const got = (await finals(p, 5)).map((r) => r.status).sort();
	assert.deepEqual(got, [200, 200, 503, 503, 503]);
	assert.equal((await site.usage()).registrations, 2);
	p.drop();
	await until('none', async () => (await site.usage()).registrations === 0, 8000);
	assert.equal((await site.usage()).pending, 0);
});

test('several_race_a_refused_one_keeps_no_place', async (t) => {
	await start(t, { wwsf: 'max_registrations = 1\n' });
	const p = await page(t, 'keep'), q = await page(t, 'other');
	const no = await p.register({ headers: ['Contact: <sip:x@y.invalid;sos>'] });
	assert.ok(no.status >= 400, no.text);
	assert.equal((await q.register()).status, 200);
});

test('several_race_two_logins_are_not_on_one_connection', async (t) => {
	await start(t, { digest: true, params: 'modparam("tna_register", "sip_digest", 1)' });
	const p = await page(t, 'mixa'), q = { user: 'mixb' };
	const digest = `Authorization: Digest username="${q.user}_private@home1.net", realm="home1.net", nonce="abc", uri="sip:registrar.home1.net", response="0123456789abcdef0123456789abcdef"`;
	together(2);
	p.send(p.registerText({ token: null, to: 'sip:mixb@home1.net', callId: rand(), headers: [digest] }));
	p.send(p.registerText({ token: site.token('mixa'), callId: rand(), headers: ['X-Check: 1'] }));
	await finals(p, 2);
	await until('one of them to end', async () => (await site.bindings()).filter((b) => /^mix/.test(b.impi)).length < 2);
	const left = (await site.bindings()).filter((b) => /^mix/.test(b.impi));
	assert.ok(left.length <= 1, JSON.stringify(left));
});
