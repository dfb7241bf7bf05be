// SPDX-License-Identifier: BSD-2-Clause
// The end of a connection: mark, answer, close frame, TCP.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

const bearer = (token) => ({ headers: [`Authorization: Bearer ${token}`] });
const forged = () => `${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`;

test('close_frames_behind_a_bad_token_are_not_processed', async () => {
	const c = await Client.open(site, { echo: false });
	const before = await site.stats();
	c.sendText(c.request('REGISTER', bearer(forged())),
		c.request('REGISTER', bearer(tokenOf(site.keys.es))),
		c.request('MESSAGE', bearer(tokenOf(site.keys.es))));
	await c.closed;
	for (let i = 0; i < 10; i++) { c.sendText(c.request('REGISTER', bearer(tokenOf(site.keys.es)))); await sleep(20); }
	await c.ended;
	assert.deepEqual(c.replies.map((r) => r.status), [401]);
	assert.equal(site.sentOn(c).length, 0);
	const after = await site.stats();
	assert.equal(after.ok ?? 0, before.ok ?? 0);
	assert.ok(after.dropped - before.dropped >= 2, `${after.dropped - before.dropped} dropped`);
});

test('close_of_a_client_that_does_not_answer_is_forced', async () => {
	const c = await Client.open(site, { echo: false });
	const answer = await c.register(forged());
	const closed = await c.closed;
	const end = await c.ended;
	assert.equal(answer.status, 401);
	assert.equal(closed.code, 4001);
	assert.ok(end - closed.at >= 400 && end - closed.at < 1000, `${end - closed.at} ms`);
});

test('close_of_a_client_that_answers_is_quick', async () => {
	const c = await Client.open(site);
	await c.register(forged());
	const closed = await c.closed;
	const end = await c.ended;
	assert.ok(end - closed.at < 400, `${end - closed.at} ms`);
});

test('close_the_answer_comes_before_the_close_frame', async () => {
	for (let i = 0; i < 20; i++) {
		const c = await Client.open(site);
		let answered = false;
		const ask = c.register(forged()).then(() => { answered = true; });
		await c.closed;
		await ask;
		assert.ok(answered);
		c.end();
	}
});

for (const [method, code, reason] of [['INFO', 4100, 'by INFO'], ['NOTIFY', 4101, 'by id']]) {
	test(`close_by_script_${method}`, async () => {
		const c = await Client.open(site);
		const token = tokenOf(site.keys.es);
		assert.equal((await c.register(token)).status, 200);
		assert.equal((await c.ask(method, bearer(token))).status, 403);
		const closed = await c.closed;
		assert.deepEqual([closed.code, closed.reason], [code, reason]);
		await c.ended;
	});
}

test('close_by_rpc', async () => {
	const c = await Client.open(site);
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	const mine = (await site.rpc('webrtc_auth.conns')).filter((x) => x.state === 'authenticated');
	assert.equal(mine.length, 1);
	assert.equal(mine[0].wwsf, 'shop');
	await site.rpc('webrtc_auth.close', mine[0].conid, 4321, 'maintenance\r\nnow');
	assert.deepEqual((({ code, reason }) => ({ code, reason }))(await c.closed), { code: 4321, reason: 'maintenance??now' });
	await c.ended;
	await until('the entry to go', async () => (await site.stats()).connections === 0, 8000);
});

test('close_by_rpc_says_what_is_wrong', async () => {
	await assert.rejects(site.rpc('webrtc_auth.close', 999999), { message: 'no such connection' });
	await assert.rejects(site.rpc('webrtc_auth.close'), { message: 'needs a connection id' });
	const c = await Client.open(site);
	await c.register(tokenOf(site.keys.es));
	const [mine] = (await site.rpc('webrtc_auth.conns')).filter((x) => x.state === 'authenticated');
	await assert.rejects(site.rpc('webrtc_auth.close', mine.conid, 999), { message: 'code is not in 1000..4999' });
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	c.end();
});

test('close_of_many_at_once', async () => {
	const clients = await Promise.all(Array.from({ length: 60 }, (_, i) => Client.open(site, { echo: i % 2 === 0 })));
	const asked = Date.now();
	const ends = await Promise.all(clients.map(async (c) => {
		await c.register(forged());
		assert.equal((await c.closed).code, 4001);
		return c.ended;
	}));
	assert.ok(Math.max(...ends) - asked < 3000);
	await until('all entries to go', async () => (await site.stats()).connections === 0, 10000);
});
