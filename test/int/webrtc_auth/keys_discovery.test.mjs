// SPDX-License-Identifier: BSD-2-Clause
// Where an issuer's keys and introspection endpoint are, asked of itself
// (RFC 8414, OpenID Connect Discovery), and how long what it says is kept.
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { configOf, ownPorts, Site, sleep, until } from './support/site.mjs';
import { refused } from './support/refused.mjs';
import { askedFor, opaque, opaqueConfig, opaqueSite, page } from './support/opaque.mjs';
import { claimsOf, makeKey, tokenOf } from './support/waf.mjs';

const WINDOW_MS = 2000; // key_miss_window of these sites

// Issuer home is known by its iss only, which is the WAF's address.
const discovering = (kind, introspected = false, path = '') => (s) => {
	const text = introspected ? opaqueConfig({ endpoint: 'discovery' })(s) : configOf(s);
	return text.replace(/^iss = .*$/m, `iss = ${s.waf.base}${path}\ndiscovery = ${kind}`).replace(/^jwks = https.*$/m, '');
};
const said = (s, more = {}) => ({ issuer: s.waf.base, jwks_uri: s.waf.url, introspection_endpoint: `${s.waf.base}/introspect`, ...more });

async function withSite(t, { kind = 'oauth', introspected = false, metadata = (s) => said(s), path = '' } = {}) {
	const seen = [];
	// The WAF is there before it is asked for the first time.
	const config = (s) => {
		s.waf.metadata = (req, res, at) => { seen.push(at); return metadata(s, req, res); };
		return discovering(kind, introspected, path)(s);
	};
	const site = await opaqueSite({ keys: false, ports: ownPorts(), config });
	t.after(() => site.stop());
	site.seen = seen;
	return site;
}
const mine = (site, more) => claimsOf({ iss: site.waf.base, ...more });
const error = (site, re) => until('the reason', async () => { const i = await site.issuer('home'); return re.test(i.metadata_error) && i; }, 8000);

// Each has a site of its own, and most of its time is waiting.
describe('keys and metadata', { concurrency: 3 }, () => {
	// Cache-Control (RFC 9111 5.2.2): jwks_refresh_s of home is 600 there.
	async function hitsWithin(t, headers, ms, config = configOf) {
		const site = await Site.start({ wafUp: false, config, ports: ownPorts() });
		t.after(() => site.stop());
		site.waf.headers = headers;
		await site.waf.start();
		await until('the first keys', () => site.hasKeys('home'), 8000);
		const hits = site.waf.hits;
		await sleep(ms);
		return site.waf.hits - hits;
	}
	const every = (s) => (site) => configOf(site).replace('jwks_refresh_s = 600', `jwks_refresh_s = ${s}`);

	test('keys_cache_control_is_never_below_the_floor', async (t) => {
		assert.equal(await hitsWithin(t, { 'Cache-Control': 'no-store, max-age=0' }, 4000), 0);
	});

	test('keys_cache_control_shortens_and_lengthens', async (t) => {
		assert.equal(await hitsWithin(t, { 'Cache-Control': 'public, max-age=3600' }, 12500, every(10)), 0);
	});

	test('keys_without_cache_control_after_jwks_refresh', async (t) => {
		assert.equal(await hitsWithin(t, {}, 12500, every(10)), 1);
	});

	for (const [kind, path, at] of [
		['oauth', '', '/.well-known/oauth-authorization-server'],
		['openid', '', '/.well-known/openid-configuration'],
		['oauth', '/realms/ims', '/.well-known/oauth-authorization-server/realms/ims'],
		['openid', '/realms/ims', '/realms/ims/.well-known/openid-configuration']])
		test(`discovery_${kind}${path.replaceAll('/', '_')}`, async (t) => {
			const site = await withSite(t, { kind, path, metadata: (s) => said(s, { issuer: s.waf.base + path }) });
			const issuer = await until('the keys', async () => { const i = await site.issuer('home'); return i?.keys?.length && i; }, 8000);
			assert.equal(site.seen[0], at);
			assert.equal(issuer.source, site.waf.url);
			assert.equal(issuer.metadata_error, '-');
			assert.ok(issuer.metadata_age >= 0);
			const c = await page(t, site);
			assert.equal((await c.register(tokenOf(site.keys.es, mine(site, { iss: site.waf.base + path })))).status, 200);
		});

	test('discovery_of_the_introspection_endpoint', async (t) => {
		const site = await withSite(t, { introspected: true });
		const issuer = await until('the keys', async () => { const i = await site.issuer('home'); return i?.keys?.length && i; }, 8000);
		assert.equal(issuer.introspect, `${site.waf.base}/introspect`);
		const c = await page(t, site);
		const token = opaque(site, { active: true, ...mine(site) });
		assert.equal((await c.register(token)).status, 200);
		assert.equal(askedFor(site, token), 1);
		// A reload keeps what was found.
		const hits = site.waf.metadataHits;
		await site.rpc('webrtc_auth.reload');
		assert.equal((await c.register(opaque(site, { active: true, ...mine(site) }))).status, 200);
		assert.equal(site.waf.metadataHits, hits);
	});

	test('discovery_not_yet_there', async (t) => {
		const site = await withSite(t, { introspected: true, metadata: (s, req, res) => { res.statusCode = 503; res.end(); } });
		await error(site, /HTTP status 503/);
		const c = await page(t, site);
		await refused(site, c, opaque(site), { status: 503, cause: 'introspect_failed' });
		assert.equal((await c.register(tokenOf(site.keys.es, mine(site)))).status, 503);
	});

	const bad = [
		['another_issuer', (s) => said(s, { issuer: 'https://evil.example' }), /another issuer/],
		['an_issuer_with_a_slash', (s) => said(s, { issuer: `${s.waf.base}/` }), /another issuer/],
		['no_issuer', (s) => said(s, { issuer: undefined }), /iss/],
		['a_plain_http_url', (s) => said(s, { jwks_uri: 'http://127.0.0.1:9080/jwks' }), /octets|not allowed|claim/],
		['a_file_url', (s) => said(s, { jwks_uri: 'file:///etc/passwd' }), /octets|not allowed|claim/],
		['no_jwks_uri', (s) => said(s, { jwks_uri: undefined }), /no jwks_uri/],
		['a_redirect', (s, req, res) => { res.writeHead(302, { Location: `${s.waf.base}/other` }); res.end(); }, /HTTP status 302/],
		['garbage', (s, req, res) => { res.end('<html>'); }, /JSON/],
		['too_much', (s, req, res) => { res.end(JSON.stringify({ ...said(s), x: 'x'.repeat(100000) })); }, /longer/],
	];
	for (const [what, metadata, reason] of bad)
		test(`discovery_refuses_${what}`, async (t) => {
			const site = await withSite(t, { metadata });
			const issuer = await error(site, reason);
			assert.equal(issuer.metadata_age, -1);
			assert.equal(issuer.keys, undefined);
			assert.equal(site.waf.hits, 0, 'no keys were fetched');
			await until('the log', () => site.log.includes('metadata of issuer home'));
			const c = await page(t, site);
			assert.equal((await c.register(tokenOf(site.keys.es, mine(site)))).status, 503);
			assert.equal(site.log.match(/metadata of issuer home/g).length, 1);
		});

	test('discovery_moves_the_keys_without_a_gap', async (t) => {
		let where = '/jwks';
		const site = await withSite(t, { metadata: (s) => said(s, { jwks_uri: s.waf.base + where }) });
		await until('the keys', () => site.hasKeys('home'), 8000);
		const c = await page(t, site);
		assert.equal((await c.register(tokenOf(site.keys.es, mine(site)))).status, 200);
		const next = makeKey('ES256', 'es-2');
		where = '/jwks-2';
		let up = false;
		site.waf.answer = (req, res) => {
			if (req.url !== '/jwks-2' || !up) { res.statusCode = 404; res.end(); return; }
			res.end(JSON.stringify({ keys: [site.keys.es.jwk, next.jwk] }));
		};
		await sleep(WINDOW_MS + 200);
		await site.rpc('webrtc_auth.refresh', 'home');
		await until('the new place', async () => (await site.issuer('home')).source.endsWith('/jwks-2'), 6000);
		assert.equal((await c.register(tokenOf(site.keys.es, mine(site)))).status, 200, 'the old ones serve');
		up = true;
		await until('the new key', async () => (await site.issuer('home')).keys.some((k) => k.kid === 'es-2'), 6000);
		assert.equal((await c.register(tokenOf(next, mine(site)))).status, 200);
	});
});
