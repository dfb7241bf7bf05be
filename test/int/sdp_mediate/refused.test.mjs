// SPDX-License-Identifier: BSD-2-Clause
// A gateway's error: what is the description's fault is not tried at all of
// them, what is the gateway's own goes on to the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_ANSWER, CORE_OFFER, PAGE_OFFER, until } from './support/asite.mjs';
import { withScripted } from './support/scripted.mjs';

const error = (reason) => ({ result: 'error', 'error-reason': reason });

async function withFour(t) {
	let says = () => null;
	const c = await withScripted(t, Array.from({ length: 4 }, () => ({ offer: (d) => says(d), answer: (d) => says(d) })));
	const asked = (callId, command = 'offer') => c.gateways.reduce((n, g) => n + new Set(g.of(command).filter((h) => h.dict['call-id'] === callId).map((h) => h.cookie)).size, 0);
	const deleted = (callId) => c.gateways.filter((g) => g.of('delete').some((h) => h.dict['call-id'] === callId)).length;
	const call = async (callId, answer) => {
		says = answer;
		c.page.send(c.page.request('INVITE', { callId, body: PAGE_OFFER }));
		return c.page.inbox.final('INVITE');
	};
	const count = async (what) => (await Promise.all(['a', 'b', 'c', 'd'].map((n) => c.site.counter(`node_${n}_${what}`)))).reduce((x, y) => x + y);
	return { ...c, asked, deleted, call, count, say: (f) => { says = f; } };
}

test('refused_a_description_is_refused_by_one_for_all', async (t) => {
	const c = await withFour(t);
	for (const [i, reason] of ['Failed to parse SDP', 'Incomplete SDP specification', "SDP doesn't start with a valid session definition", 'the command is too long'].entries()) {
		const final = await c.call(`sdp${i}`, () => error(reason));
		assert.equal(final.status, 488, reason);
		assert.equal(c.asked(`sdp${i}`), 1, reason);
		await until('the delete', () => c.deleted(`sdp${i}`) === 1);
	}
	assert.equal(await c.site.counter('result_refused'), 4);
	assert.equal(await c.count('errors'), 0, 'no gateway is to blame');
	assert.equal(await c.count('failovers'), 0);
	await c.site.nodes('up');
	assert.equal((await c.site.rpc('sdp_mediate.stats')).under_way, 0);
	assert.equal((await c.site.rpc('sdp_mediate.stats')).calls, 0);
});

test('refused_for_an_unknown_reason_one_more_is_asked', async (t) => {
	const c = await withFour(t);
	const final = await c.call('why', () => error('a reason of its own'));
	assert.equal(final.status, 503);
	assert.equal(c.asked('why'), 2);
	assert.equal(await c.count('errors'), 2);
	assert.equal(await c.count('failovers'), 1);
	await until('the deletes', () => c.deleted('why') === 2);
});

test('refused_for_the_gateways_own_reason_all_are_asked', async (t) => {
	const c = await withFour(t);
	for (const [i, says] of [{ result: 'load limit' }, error('Ran out of ports'), error('Parallel session limit reached'), error('rtpengine is out of service'), error('rtpengine did not answer')].entries()) {
		assert.equal((await c.call(`own${i}`, () => says)).status, 503);
		assert.equal(c.asked(`own${i}`), 4, JSON.stringify(says));
	}
	// And the last one takes it.
	let n = 0;
	c.say(() => (++n < 4 ? { result: 'load limit' } : { result: 'ok', sdp: CORE_OFFER }));
	c.page.send(c.page.request('INVITE', { callId: 'taken', body: PAGE_OFFER }));
	const invite = await c.site.inbox.request('INVITE');
	assert.equal(n, 4);
	c.site.reply(invite, 486);
	await c.page.inbox.final('INVITE');
});

test('refused_an_answer_ends_the_call_on_both_sides', async (t) => {
	const c = await withFour(t);
	c.say((d) => (d.command === 'offer' ? { result: 'ok', sdp: CORE_OFFER } : error('Failed to parse SDP')));
	c.page.send(c.page.request('INVITE', { callId: 'callee', body: PAGE_OFFER }));
	const invite = await c.site.inbox.request('INVITE');
	c.site.reply(invite, 200, { body: CORE_ANSWER });
	assert.equal((await c.page.inbox.final('INVITE')).status, 488);
	await c.site.inbox.request('ACK');
	c.site.reply(await c.site.inbox.request('BYE'), 200);
	assert.equal(c.asked('callee', 'answer'), 1);
	await until('the delete', () => c.deleted('callee') >= 1);
	assert.equal(await c.count('errors'), 0);
});
