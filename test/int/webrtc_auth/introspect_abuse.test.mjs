// SPDX-License-Identifier: BSD-2-Clause
// Who has one good token is not to have the WAF asked without an end.
import test from 'node:test';
import assert from 'node:assert/strict';
import { until } from './support/site.mjs';
import { opaque, opaqueSite, page } from './support/opaque.mjs';

let site;
test.before(async () => { site = await opaqueSite({ params: 'modparam("webrtc_auth", "max_failures", 5)' }); });
test.after(() => site?.stop());

test('introspect_abuse_good_token_between_bad_ones', async (t) => {
	for (const method of ['REGISTER', 'OPTIONS']) {
		const c = await page(t, site);
		const good = opaque(site), headers = [`Authorization: Bearer ${good}`];
		assert.equal((await c.register(good)).status, 200);
		let n = 0, status;
		do {
			status = (await c.register(opaque(site, null))).status;
			if (status === 401) assert.equal((await c.ask(method, { headers })).status, 200);
		} while (status === 401 && ++n < 30);
		assert.equal(status, 403, `${method}: the WAF was asked ${n} times`);
		assert.equal((await c.closed).code, 4006);
	}
});

test('introspect_abuse_is_not_a_page_that_renews', async (t) => {
	const c = await page(t, site);
	for (let i = 0; i < 12; i++) {
		assert.equal((await c.register(opaque(site, null))).status, 401);
		assert.equal((await c.register(opaque(site))).status, 200);
	}
});

// What was asked for it counts, also when the connection is closed meanwhile.
test('introspect_abuse_in_one_go_counts_for_the_address', async (t) => {
	const failures = async () => (await site.rpc('webrtc_auth.sources')).find((s) => s.source === '127.0.0.1').total;
	const before = await failures(), asked = site.waf.asked.length;
	const c = await page(t, site);
	let over = false;
	c.ended.then(() => { over = true; });
	for (let i = 0; i < 60 && !over; i++) {
		const had = c.replies.length;
		for (let k = 0; k < 4; k++) c.sendText(c.request('REGISTER', { headers: [`Authorization: Bearer ${opaque(site, null)}`] }));
		await until('an answer, or the end', () => over || c.replies.length > had);
	}
	await c.ended;
	await until('the last answer', async () => (await site.stats()).introspect_pending === 0);
	const questions = site.waf.asked.length - asked, counted = await failures() - before;
	assert.ok(questions > 5, `${questions} questions`);
	assert.ok(counted >= questions, `${counted} of ${questions}`);
});
