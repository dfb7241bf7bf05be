// SPDX-License-Identifier: BSD-2-Clause
// Where keys come from, and what happens while they do not.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { makeCa } from '../../node/ca.mjs';
import { configOf, ownPorts, Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { lookedFor, refused } from './support/refused.mjs';
import { claimsOf, makeKey, tokenOf } from './support/waf.mjs';

// key_miss_window is 2 s in these sites.
const WINDOW_MS = 2000;

async function withSite(t, options) {
	const site = await Site.start({ ports: ownPorts(), ...options });
	t.after(() => site.stop());
	return site;
}
async function withClient(t, site, options) {
	const c = await Client.open(site, options);
	t.after(() => c.end());
	return c;
}
const retryUntil200 = (c, token) => until('a 200', async () => {
	const r = await c.register(token);
	assert.ok([200, 503].includes(r.status), `${r.status}`);
	if (r.status === 503) { assert.equal(r.header('Retry-After'), '1'); await sleep(200); }
	return r.status === 200;
}, 8000);

// Each has a site of its own, and most of its time is waiting.
describe('keys', { concurrency: 3 }, () => {
	test('keys_waf_down_at_the_start', async (t) => {
		const site = await withSite(t, { wafUp: false });
		const c = await withClient(t, site);
		const token = tokenOf(site.keys.es);
		await refused(site, c, token, { status: 503, cause: 'keys_absent' });
		const issuer = await until('the reason', async () => { const i = await site.issuer('home'); return i.last_error !== '-' && i; });
		assert.match(issuer.last_error, /connect/i);
		assert.equal(issuer.age, -1);
		await site.waf.start();
		await retryUntil200(c, token);
	});

	test('keys_waf_down_later_and_cached_keys_serve', async (t) => {
		const site = await withSite(t);
		await site.waf.stop();
		const c = await withClient(t, site);
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh');
		await until('the failed fetch', async () => (await site.stats()).fetch_failed > 0, 6000);
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		assert.equal((await c.register(tokenOf(site.keys.rs))).status, 200);
		assert.match((await site.issuer('home')).last_error, /connect/i);
		await until('the log to say so', () => site.log.includes('keys of issuer home'));
	});

	test('keys_too_old_are_not_used', async (t) => {
		const site = await withSite(t, { params: 'modparam("webrtc_auth", "keys_max_age", 3)' });
		const c = await withClient(t, site);
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		await site.waf.stop();
		await sleep(4200);
		await refused(site, c, tokenOf(site.keys.es), { status: 503, cause: 'keys_absent' });
		await site.waf.start();
		await retryUntil200(c, tokenOf(site.keys.es));
	});

	test('keys_rotation_both_keys_in_use', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		const next = makeKey('ES256', 'es-2');
		site.waf.keys = [site.keys.es, next];
		await sleep(WINDOW_MS + 200);
		await refused(site, c, tokenOf(next), { status: 503, cause: 'key_unknown' });
		await retryUntil200(c, tokenOf(next));
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200, 'the old key');
		site.waf.keys = [next];
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh', 'home');
		await until('the old key to go', async () => (await site.issuer('home')).keys.length === 1);
		assert.equal((await c.register(tokenOf(next))).status, 200);
		await refused(site, c, undefined, { status: 401, code: 4001, error: 'invalid_token', cause: 'kid_invalid', ask: lookedFor(tokenOf(site.keys.es)) });
	});

	test('keys_same_kid_with_another_key', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		const other = makeKey('ES256', 'es-1');
		site.waf.keys = [other];
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh');
		await until('the new set', async () => (await site.issuer('home')).keys.length === 1);
		assert.equal((await c.register(tokenOf(other))).status, 200);
		await refused(site, c, tokenOf(site.keys.es), { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong' });
	});

	test('keys_flood_of_unknown_kids_is_one_fetch_per_window', async (t) => {
		const site = await withSite(t);
		site.writeConfig(`[global]\nsource_failures_per_minute = 0\n${site.readConfig()}`);
		await site.rpc('webrtc_auth.reload');
		await sleep(WINDOW_MS + 200);
		const hits = site.waf.hits;
		const began = Date.now();
		let asked = 0, c;
		while (Date.now() - began < 3 * WINDOW_MS) {
			c ??= await Client.open(site);
			const r = await c.register(tokenOf({ ...site.keys.es, kid: `made-up-${asked++}` }));
			assert.ok([503, 401, 403].includes(r.status));
			// 403: max_failures of them on one connection.
			if (r.status !== 503) { assert.equal((await c.closed).code, r.status === 401 ? 4001 : 4006); c = undefined; }
			await sleep(5);
		}
		c?.end();
		assert.ok(asked > 50, `${asked} asked`);
		assert.ok(site.waf.hits - hits <= 4, `${site.waf.hits - hits} fetches for ${asked} tokens`);
		assert.ok(site.waf.hits - hits >= 1);
	});

	test('keys_bad_answers_keep_the_good_ones', async (t) => {
		const site = await withSite(t, { params: 'modparam("webrtc_auth", "key_miss_window", 1)' });
		const c = await withClient(t, site);
		const evil = makeKey('ES256', 'es-1');
		const cases = [
			['status', (q, r) => { r.statusCode = 500; r.end('{}'); }, /HTTP status 500/],
			['redirect', (q, r) => { r.writeHead(302, { Location: `https://127.0.0.1:${site.waf.port}/evil` }); r.end(); }, /HTTP status 302/],
			['not JSON', (q, r) => r.end('<html>'), /JSON/],
			['empty', (q, r) => r.end(''), /JSON/],
			['no keys', (q, r) => r.end('{"keys":[]}'), /no usable key/],
			['huge', (q, r) => r.end(`{"keys":[${JSON.stringify(evil.jwk)}],"x":"${'x'.repeat(200000)}"}`), /longer than/],
			['huge without length', (q, r) => { r.write('{"keys":['); for (let i = 0; i < 200; i++) r.write(' '.repeat(1024)); r.end(']}'); }, /longer than/],
			['ten thousand keys', (q, r) => r.end(`{"keys":[${Array(1000).fill('{}').join(',')}]}`), /many|limit|deep/i],
			['slow', () => {}, /timed? ?out/i],
		];
		for (const [what, answer, reason] of cases) {
			site.waf.answer = answer;
			const failed = (await site.stats()).fetch_failed;
			await site.rpc('webrtc_auth.refresh', 'home');
			await until(`the fetch of ${what}`, async () => (await site.stats()).fetch_failed > failed, 9000);
			assert.match((await site.issuer('home')).last_error, reason, what);
			assert.equal((await c.register(tokenOf(site.keys.es))).status, 200, what);
		}
		site.waf.answer = undefined;
		await until('good again', async () => (await site.issuer('home')).last_error === '-', 6000);
	});

	test('keys_tls_certificate_is_checked', async (t) => {
		const stranger = makeCa();
		t.after(() => stranger.remove());
		const site = await withSite(t, { wafUp: false });
		site.waf.ca = stranger;
		await site.waf.start();
		await site.rpc('webrtc_auth.refresh');
		const issuer = await until('the reason', async () => { const i = await site.issuer('home'); return /certificate/i.test(i.last_error) && i; }, 8000);
		assert.equal(issuer.keys, undefined);
		assert.equal(site.waf.hits, 0);
	});

	test('keys_file_is_read_again_when_it_changes', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site, { origin: 'https://app.partner.net' });
		const claims = () => claimsOf({ iss: 'https://waf.partner.net', client_id: 'app', impi: 'p1@partner.net', impu: 'sip:p1@partner.net' });
		assert.equal((await c.register(tokenOf(site.keys.partner, claims()), { to: 'sip:p1@partner.net' })).status, 200);
		const next = makeKey('ES256', 'p-2');
		writeFileSync(site.partnerFile, JSON.stringify({ keys: [next.jwk] }));
		await until('the new key', async () => (await site.issuer('partner')).keys[0].kid === 'p-2', 4000);
		assert.equal((await c.register(tokenOf(next, claims()), { to: 'sip:p1@partner.net' })).status, 200);
		writeFileSync(site.partnerFile, 'nonsense');
		await until('the reason', async () => (await site.issuer('partner')).last_error !== '-', 4000);
		assert.equal((await c.register(tokenOf(next, claims()), { to: 'sip:p1@partner.net' })).status, 200, 'the good ones stay');
	});

	test('keys_of_another_source_are_never_used', async (t) => {
		const site = await withSite(t);
		const c = await withClient(t, site);
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
		site.writeConfig(configOf(site).replace(site.waf.url, `https://127.0.0.1:${site.ports.waf + 1}/jwks`));
		await site.rpc('webrtc_auth.reload');
		await refused(site, c, tokenOf(site.keys.es), { status: 503, cause: 'keys_absent' });
		site.writeConfig(configOf(site));
		await site.rpc('webrtc_auth.reload');
		await retryUntil200(c, tokenOf(site.keys.es));
	});
});
