// SPDX-License-Identifier: BSD-2-Clause
// A token that was checked once: what is not computed again, and what is
// looked at every time all the same.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { configOf, ownPorts, Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken, lookedFor, refused } from './support/refused.mjs';
import { claimsOf, makeKey, now, tokenOf } from './support/waf.mjs';

const WINDOW_MS = 2000; // key_miss_window of these sites

async function withSite(t, options) {
	const site = await Site.start({ ports: ownPorts(), ...options });
	t.after(() => site.stop());
	return site;
}
async function withClient(t, site, options) {
	const c = await Client.open(site, options);
	assert.equal(c.status, 101);
	t.after(() => c.end());
	return c;
}
// What the counters of the cache say more than before.
async function counted(site, run) {
	const before = await site.stats();
	await run();
	const after = await site.stats();
	return Object.fromEntries(['hit', 'miss', 'stale', 'evicted'].map((k) => [k, after[`cache_${k}`] - before[`cache_${k}`]]));
}
const seconds = async (s) => { while (now() < s) await sleep(50); };

// Each has a site of its own, and most of its time is waiting.
describe('cache', { concurrency: 3 }, () => {
	test('cache_second_register_is_a_hit_on_any_connection', async (t) => {
		const site = await withSite(t);
		const token = tokenOf(site.keys.es);
		const a = await withClient(t, site);
		assert.deepEqual(await counted(site, () => a.register(token)), { hit: 0, miss: 1, stale: 0, evicted: 0 });
		const first = site.sentOn(a)[0];
		assert.deepEqual(await counted(site, async () => assert.equal((await a.register(token)).status, 200)), { hit: 1, miss: 0, stale: 0, evicted: 0 });
		const b = await withClient(t, site);
		assert.deepEqual(await counted(site, async () => assert.equal((await b.register(token)).status, 200)), { hit: 1, miss: 0, stale: 0, evicted: 0 });
		// The script sees the same of it.
		const seen = (text) => text.split('\r\n').filter((l) => /^X-/.test(l));
		assert.equal(seen(first).length, 3);
		assert.deepEqual(seen(site.sentOn(b)[0]), seen(first));
		const stats = await site.stats();
		assert.equal(stats.cache_entries, 1);
		assert.equal(stats.cache_size, 16384);
		assert.ok(stats.cache_bytes > 16384 * 300 && stats.cache_bytes < 16384 * 700);
		assertNoToken(site, [token]);
	});

	test('cache_hit_still_compares_to_and_from', async (t) => {
		const site = await withSite(t);
		const token = tokenOf(site.keys.es);
		await (await withClient(t, site)).register(token);
		const b = await withClient(t, site);
		assert.equal((await counted(site, () => refused(site, b, token, { status: 403, code: 4002, cause: 'impu_not_in_token', to: 'sip:boss@home1.net' }))).hit, 1);
	});

	test('cache_hit_over_another_wwsfs_connection_is_refused', async (t) => {
		const site = await withSite(t);
		const token = tokenOf(site.keys.es);
		await (await withClient(t, site)).register(token);
		const other = await withClient(t, site, { origin: 'https://app.partner.net' });
		assert.equal((await counted(site, () => refused(site, other, token, { status: 403, code: 4004, cause: 'wwsf_wrong' }))).hit, 1);
		assert.equal((await (await withClient(t, site)).register(token)).status, 200, 'and it stays good where it belongs');
	});

	test('cache_refused_tokens_are_not_kept', async (t) => {
		const site = await withSite(t);
		const token = tokenOf({ ...makeKey('ES256', 'es-1') });
		const got = await counted(site, async () => {
			for (let i = 0; i < 3; i++)
				await refused(site, await withClient(t, site), token, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong' });
		});
		assert.deepEqual(got, { hit: 0, miss: 3, stale: 0, evicted: 0 });
		assert.equal((await site.stats()).cache_entries, 0);
	});

	test('cache_expired_token_is_refused', async (t) => {
		const site = await withSite(t);
		site.writeConfig(configOf(site).replace('aud = epcscf\n', 'aud = epcscf\nskew_s = 0\n'));
		await site.rpc('webrtc_auth.reload');
		const c = await withClient(t, site);
		const exp = now() + 3;
		const token = tokenOf(site.keys.es, claimsOf({ exp }));
		assert.equal((await counted(site, async () => { await c.register(token); assert.equal((await c.register(token)).status, 200); })).hit, 1);
		await seconds(exp);
		assert.equal((await counted(site, () => refused(site, c, token, { status: 401, error: 'invalid_token', cause: 'token_expired' }))).hit, 0);
	});

	test('cache_reload_makes_what_is_cached_unusable', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		await c.register(token);
		await site.rpc('webrtc_auth.reload');
		assert.deepEqual(await counted(site, async () => assert.equal((await c.register(token)).status, 200)), { hit: 1, miss: 0, stale: 1, evicted: 0 });
		// The WWSF's users change: the token was cached a moment ago.
		site.writeConfig(configOf(site).replace('impi = *@home1.net', 'impi = boss@home1.net'));
		await site.rpc('webrtc_auth.reload');
		await refused(site, c, token, { status: 403, code: 4002, cause: 'impi_refused' });
	});

	test('cache_key_that_is_dropped_drops_its_tokens', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		const other = tokenOf(site.keys.rs);
		await c.register(token);
		await c.register(other);
		site.waf.keys = [site.keys.rs];
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh', 'home');
		await until('the key to go', async () => (await site.issuer('home')).keys.length === 1);
		assert.deepEqual(await counted(site, async () => assert.equal((await c.register(other)).status, 200)), { hit: 1, miss: 0, stale: 1, evicted: 0 });
		assert.equal((await counted(site, async () => assert.equal((await c.register(other)).status, 200))).stale, 0);
		await refused(site, c, undefined, { status: 401, code: 4001, error: 'invalid_token', cause: 'kid_invalid', ask: lookedFor(token) });
	});

	test('cache_same_kid_with_another_key_drops_its_tokens', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		await c.register(token);
		site.waf.keys = [makeKey('ES256', 'es-1')];
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh', 'home');
		await until('the new set', async () => (await site.issuer('home')).keys.length === 1);
		await refused(site, c, token, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong' });
	});

	test('cache_keys_that_are_too_old_make_it_unusable', async (t) => {
		const site = await withSite(t, { params: 'modparam("webrtc_auth", "keys_max_age", 3)' });
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		await c.register(token);
		assert.equal((await counted(site, async () => assert.equal((await c.register(token)).status, 200))).stale, 0);
		await site.waf.stop();
		await sleep(4200);
		await refused(site, c, token, { status: 503, cause: 'keys_absent' });
	});

	test('cache_memory_is_taken_once', async (t) => {
		const site = await withSite(t, { params: 'modparam("webrtc_auth", "cache_size", 64)' });
		const c = await withClient(t, site);
		const before = await site.stats();
		assert.equal(before.cache_size, 64);
		const got = await counted(site, async () => {
			for (let i = 0; i < 300; i++) assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		});
		assert.equal(got.miss, 300);
		const after = await site.stats();
		assert.equal(after.cache_bytes, before.cache_bytes);
		assert.ok(after.cache_entries >= 50 && after.cache_entries < 300, `${after.cache_entries} entries`);
		assert.equal(got.evicted, 300 - after.cache_entries);
	});

	for (const [what, options, line] of [
		['by_the_modparam', { params: 'modparam("webrtc_auth", "cache_size", 0)' }, ''],
		['by_the_configuration', {}, '[global]\ncache_s = 0\n'],
	]) {
		test(`cache_switched_off_${what}`, async (t) => {
			const site = await withSite(t, options);
			if (line) { site.writeConfig(line + configOf(site)); await site.rpc('webrtc_auth.reload'); }
			const c = await withClient(t, site);
			const token = tokenOf(site.keys.es);
			const got = await counted(site, async () => {
				for (let i = 0; i < 3; i++) assert.equal((await c.register(token)).status, 200);
			});
			assert.deepEqual(got, { hit: 0, miss: 0, stale: 0, evicted: 0 });
			assert.equal((await site.stats()).cache_entries, 0);
		});
	}

	test('cache_ends_after_cache_s', async (t) => {
		const site = await withSite(t);
		site.writeConfig(`[global]\ncache_s = 2\n${configOf(site)}`);
		await site.rpc('webrtc_auth.reload');
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		await c.register(token);
		await sleep(2100);
		assert.deepEqual(await counted(site, () => c.register(token)), { hit: 0, miss: 1, stale: 0, evicted: 0 });
	});
});
