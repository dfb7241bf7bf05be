// SPDX-License-Identifier: BSD-2-Clause
// A barred WWSF's pages are out, also those that register by SIP Digest, whose
// WWSF is known by their connection's Origin alone.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Page } from './support/page.mjs';
import { Site } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start({ digest: true, params: 'modparam("tna_register", "sip_digest", 1)' }); });
test.after(() => site.stop());

const register = (p) => p.register({ token: null, headers: [`Authorization: Digest username="${p.user}_private@home1.net", realm="home1.net", nonce="abc", uri="sip:registrar.home1.net", response="0123456789abcdef0123456789abcdef"`] });

test('bar_wwsf_ends_registrations_by_digest', async (t) => {
	const p = await Page.open(site, { user: 'dig' });
	t.after(() => p.drop());
	assert.equal((await register(p)).status, 200);
	assert.equal((await site.rpc('tna.bar', 'waf', 'waf@home1.net')).registrations, 0, 'it came through no WAF');
	assert.equal((await site.rpc('tna.bar', 'wwsf', 'shop')).registrations, 1);
	assert.equal((await p.closed).code, 4003);
	const q = await Page.open(site, { user: 'dig' });
	t.after(() => q.drop());
	assert.equal((await register(q)).status, 403);
	await site.rpc('tna.unbar', 'wwsf', 'shop');
	assert.equal((await register(q)).status, 200);
});
