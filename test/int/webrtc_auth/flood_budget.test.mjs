// SPDX-License-Identifier: BSD-2-Clause
// Bad tokens from many addresses at once: the time for their signatures is
// bounded for all together, and who has shown a good token is not kept out.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site, bad;
test.before(async () => {
	site = await Site.start({ params: 'modparam("webrtc_auth", "signature_budget", 1)' });
	bad = `${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`;
});
test.after(() => site.stop());

test('flood_budget_of_all_sources', async (t) => {
	const open = async (from) => { const c = await Client.open(site, { from }); t.after(() => c.end()); return c; };
	const good = () => tokenOf(site.keys.es);
	assert.equal((await (await open('127.0.12.1')).register(good())).status, 200);
	const strangers = await Promise.all(Array.from({ length: 60 }, (_, i) => open(`127.0.11.${i + 1}`)));
	const known = await open('127.0.12.1');
	const answers = await Promise.all(strangers.map((c) => c.register(bad)));
	const n = (s) => answers.filter((a) => a.status === s).length;
	assert.ok(n(401) >= 12, `${n(401)} were checked`);
	assert.ok(n(503) >= 10, `${n(503)} were put off`);
	assert.ok(answers.filter((a) => a.status === 503).every((a) => Number(a.header('Retry-After')) >= 1));
	assert.equal((await known.register(good())).status, 200, 'a known address');
	assert.ok(Number((await site.rpc('stats.fetch', 'webrtc_auth:check_cost_exceeded'))['webrtc_auth.check_cost_exceeded']) >= 10);
});
