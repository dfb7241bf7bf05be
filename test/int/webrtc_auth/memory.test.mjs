// SPDX-License-Identifier: BSD-2-Clause
// Shared memory is where it was after a thousand refusals, and after reloads.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site;
test.before(async () => {
	site = await Site.start({ params: 'modparam("webrtc_auth", "max_failures", 0)\nmodparam("tm", "wt_timer", 200)' });
	site.writeConfig(`[global]\nsource_failures_per_minute = 0\n${site.readConfig()}`);
	await site.rpc('webrtc_auth.reload');
});
test.after(() => site?.stop());

// Everything that belongs to connections and transactions has gone.
async function settled() {
	await until('no connection', async () => (await site.stats()).connections === 0, 15000);
	return site.shmSettled();
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

// What webrtc_auth itself has in shared memory, without OpenSSL's part of it.
const own = async () => {
	const said = site.kamcmd('mod.stats', 'webrtc_auth', 'shm');
	const total = /^\s*Total: (\d+)/m.exec(said);
	assert.ok(total, said);
	return Number(total[1]);
};

// Each process makes its keys anew in shared memory (OpenSSL's allocator under
// tls.so), so the sum counts, not only what is ours by name. Over connections
// that stay, and by kamcmd: Kamailio itself now and then keeps some 50 kB of a
// TLS connection that ends (see above).
test('memory_same_after_100_reloads', async (t) => {
	const pages = await Promise.all(Array.from({ length: 6 }, () => Client.open(site)));
	t.after(() => { for (const c of pages) c.end(); });
	const token = tokenOf(site.keys.es);
	const round = async (n) => {
		for (let i = 0; i < n; i++) {
			assert.match(site.kamcmd('webrtc_auth.reload'), /generation/i);
			for (const c of pages) assert.equal((await c.register(token)).status, 200);
		}
	};
	await round(20);
	const before = await site.shmSettled(), ownBefore = await own(), pkgBefore = await pkg();
	await round(100);
	const after = await site.shmSettled();
	for (const [process, used] of await pkg())
		assert.ok(used - pkgBefore.get(process) < 65536, `${process}: ${used - pkgBefore.get(process)} octets more`);
	assert.ok(await own() - ownBefore < 4096, `${await own() - ownBefore} octets more of ours`);
	assert.ok(after - before < 65536, `${after - before} octets more`);
});
