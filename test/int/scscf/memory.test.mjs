// SPDX-License-Identifier: BSD-2-Clause
// What thousands of good and refused REGISTERs leave behind in the S-CSCF's
// memory: nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { startPart, stopPart } from '../../lab/lab.mjs';
import { Core, FOREIGN, OTHER, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN], wwsf: [] };
let core, direct;
test.before(async () => {
	// What is over is looked at seven times, and stays for 5 s where nothing is said.
	core = await Core.start({ edit: (cfg) => cfg.replace(/^modparam\("tm"/m, 'modparam("tm", "wt_timer", 500)\n$&') });
	direct = await core.ue(core.lab.nodes.icscf.address, { port: 5066, to: 'scscf' });
});
test.after(() => core.stop());

/** Shared memory, when everything that was begun is over. */
async function used() {
	await core.quiet();
	await until('no transaction is left', async () => await core.number(/current: (\d+)/, 'tm.stats') === 0, 20000);
	return core.number(/real_used: (\d+)/, 'core.shmmem');
}

test('memory_stays_the_same', async () => {
	const good = [], bad = [];
	for (let i = 0; i < 50; i++) {
		good.push(await core.user(LISTED));
		bad.push(await core.user({ waf: [OTHER], wwsf: [] }));
	}
	const round = async () => {
		for (let n = 0; n < 4; n++) {
			const answers = await Promise.all([...good.map((user) => core.register(user, { waf: FOREIGN, from: direct })),
				...bad.map((user) => core.register(user, { waf: FOREIGN, from: direct, callId: `m${n}` }))]);
			assert.deepEqual([...new Set(answers.slice(0, 50).map((a) => a.status))], [200]);
			assert.deepEqual([...new Set(answers.slice(50).map((a) => a.status))], [403]);
		}
		return used();
	};
	await round();
	const first = await round(), second = await round();
	// 800 REGISTERs between the two: one block lost in each would be 80 kB.
	assert.ok(Math.abs(second - first) < 8192, `${first} then ${second} octets of shared memory`);
	const own = (text) => [...text.matchAll(/entry: \d+[^]*?pid: (\d+)[^]*?used: (\d+)/g)].map(([, , n]) => Number(n));
	const before = own(await core.rpc('pkg.stats'));
	await round();
	const after = own(await core.rpc('pkg.stats'));
	assert.equal(after.length, before.length);
	for (const [i, n] of after.entries())
		assert.ok(n - before[i] < 16384, `process ${i}: ${before[i]} then ${n} octets of its own`);
});

test('memory_stays_the_same_without_an_hss', async () => {
	const users = [];
	for (let i = 0; i < 100; i++)
		users.push(await core.user(LISTED));
	const round = async () => {
		const answers = await Promise.all(users.map((user) => core.register(user, { waf: FOREIGN, from: direct })));
		assert.deepEqual([...new Set(answers.map((a) => a.status))], [500]);
		return used();
	};
	await stopPart(core.lab, 'hss');
	await round();
	const first = await round(), second = await round();
	assert.ok(Math.abs(second - first) < 4096, `${first} then ${second} octets of shared memory`);
	await startPart(core.lab, 'hss');
});
