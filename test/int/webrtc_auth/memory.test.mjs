// SPDX-License-Identifier: BSD-2-Clause
// Shared memory is where it was after a thousand refusals, and after reloads.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

// Everything that belongs to connections and transactions has gone.
async function settled() {
	await until('no connection', async () => (await site.stats()).connections === 0, 15000);
	await sleep(6500);
	let low = await site.shmUsed();
	for (let i = 0; i < 10; i++) { await sleep(100); low = Math.min(low, await site.shmUsed()); }
	return low;
}

async function refusals(n) {
	const one = async () => {
		const c = await Client.open(site);
		const r = await c.register(`${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`);
		assert.equal(r.status, 401);
		await c.ended;
	};
	for (let i = 0; i < n; i += 20) await Promise.all(Array.from({ length: Math.min(20, n - i) }, one));
}

async function absents(n) {
	const c = await Client.open(site);
	for (let i = 0; i < n; i++) assert.equal((await c.ask('MESSAGE')).status, 401);
	c.end();
}

// Private memory of every process, by its rank and name.
const pkg = async () => {
	const all = await site.rpc('pkg.stats');
	assert.ok(all.length > 8 && all.every((p) => p.used > 0));
	return new Map(all.map((p) => [`${p.entry} ${p.desc}`, p.used]));
};

test('memory_same_after_1000_refused_registers', async () => {
	await refusals(200);
	await absents(100);
	const before = await settled();
	await refusals(1000);
	await absents(500);
	const after = await settled();
	// Once in several runs some 75 kB stay, about one TLS connection: by its
	// source, Kamailio frees nothing when a tcpconn_put() happens to be the last
	// one. What a refusal of ours would leave behind counts a thousandfold.
	assert.ok(after - before < 160000, `${after - before} octets more`);
});

test('memory_same_after_100_reloads', async () => {
	const use = async () => {
		const c = await Client.open(site);
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		c.end();
	};
	const round = async (n) => { for (let i = 0; i < n; i++) { await site.rpc('webrtc_auth.reload'); await use(); } };
	await round(20);
	const before = await settled();
	const pkgBefore = await pkg();
	await round(100);
	const after = await settled();
	for (const [process, used] of await pkg())
		assert.ok(used - pkgBefore.get(process) < 65536, `${process}: ${used - pkgBefore.get(process)} octets more`);
	// Each process makes its keys anew in shared memory (OpenSSL's allocator
	// under tls.so): not all have done so at the same time.
	assert.ok(after - before < 65536, `${after - before} octets more`);
});
