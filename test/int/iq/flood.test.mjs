// SPDX-License-Identifier: BSD-2-Clause
// Memory stays where it is, whatever comes: commands, calls without an end,
// cookies, broken datagrams.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Ng, encode } from './support/ng.mjs';
import { Gateway, HTTP, NORTH, Raw, counters, deleteOf, later, offerOf, startIq } from './support/daemon.mjs';

const answer = encode({ result: 'ok', sdp: 'v=0\r\n'.repeat(500) });

async function flooded(t, conf, send, n) {
	const gateway = await Gateway.open(() => answer);
	const iq = await startIq({ cookie_cache_kb: 2048, calls_max: 500, ...conf });
	const raw = await Raw.open();
	const ng = await Ng.open(NORTH);
	t.after(async () => { raw.close(); ng.close(); gateway.close(); await iq.end(); });
	const part = async (from, to) => {
		for (let i = from; i < to; i++) {
			await send(raw, i);
			if (i % 20 === 19) await raw.settled();
		}
		raw.got = [];
		gateway.requests = [];
	};
	await part(0, n / 5);
	const before = iq.rss;
	await part(n / 5, n);
	const after = iq.rss;
	assert.ok(after - before < 1500, `${before} kB, then ${after} kB`);
	assert.equal((await ng.ask({ command: 'ping' })).result, 'pong');
	return { iq, ng, raw };
}

test('flood_ten_thousand_offers_that_nobody_ends', (t) => flooded(t, {}, (raw, i) =>
	raw.send(`c${i} ${encode(offerOf(`flood${i}`))}`), 10000));

test('flood_ten_thousand_calls_that_end', (t) => flooded(t, {}, (raw, i) =>
	raw.send(`c${i} ${encode(i % 2 ? deleteOf(`end${i >> 1}`) : offerOf(`end${i >> 1}`))}`), 10000));

test('flood_broken_datagrams_and_many_keys', async (t) => {
	const junk = ['x d', 'y i1e', `z d${Array.from({ length: 6000 }, (_, i) => `5:${10000 + i}0:`).join('')}e`,
		`w ${'l'.repeat(30000)}`, `v l${'0:'.repeat(30000)}e`, `u ${'d0:'.repeat(15000)}`];
	const since = process.hrtime.bigint();
	const { iq } = await flooded(t, {}, (raw, i) => raw.send(junk[i % junk.length]), 3000);
	assert.ok(Number(process.hrtime.bigint() - since) / 1e9 < 30);
	// Each cause a line a second at most.
	await later(10);
	assert.ok(iq.text.split('\n').length < 40, iq.text.slice(0, 2000));
});

test('flood_names_that_are_books_pass_and_are_not_kept', async (t) => {
	const gateway = await Gateway.open(() => answer);
	const iq = await startIq({ ...HTTP, query_interval_ms: 1000 });
	const ng = await Ng.open(NORTH);
	t.after(async () => { ng.close(); gateway.close(); await iq.end(); });
	const book = 'x'.repeat(3000), ask = (command, keys) => ng.ask({ command, sdp: 'v=0\r\n', 'from-tag': 'a', ...keys });
	assert.equal((await ask('offer', { 'call-id': book })).result, 'ok');
	assert.equal((await ask('answer', { 'call-id': book, 'to-tag': 'b' })).result, 'ok');
	assert.equal((await ask('offer', { 'call-id': 'short', 'from-tag': book })).result, 'ok');
	// Longer than its first queries are away.
	await later(1000);
	const n = await counters();
	assert.equal(n.calls_untracked, 2);
	assert.equal(n.queries_failed, 0);
});
