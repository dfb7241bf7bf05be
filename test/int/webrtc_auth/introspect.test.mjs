// SPDX-License-Identifier: BSD-2-Clause
// Opaque tokens: what a WAF says of them, and what it must not get away with.
import test from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { sleep, until } from './support/site.mjs';
import { assertNoToken, refused } from './support/refused.mjs';
import { askedFor, opaque, opaqueSite, page, SECRET, TIMEOUT_MS } from './support/opaque.mjs';
import { activeOf, claimsOf, now, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await opaqueSite(); });
test.after(async () => {
	if (!site) return;
	try {
		assertNoToken(site, site.used);
		for (const secret of [SECRET, encodeURIComponent(SECRET), Buffer.from(`ep+cscf:${SECRET}`).toString('base64')])
			assert.ok(!site.log.includes(secret), 'the secret is in the log');
	} finally { await site.stop(); }
});
const wauth = (text) => /^X-Wauth: (.*?)\r$/m.exec(text)[1].split('|');

test('introspect_good_token_registers_and_fills_wauth', async (t) => {
	const c = await page(t, site);
	const said = activeOf();
	const token = opaque(site, said);
	assert.equal((await c.register(token)).status, 200);
	const [sent, ...more] = site.sentOn(c);
	assert.equal(more.length, 0);
	assert.match(sent, /^X-Resumed: yes/m);
	assert.deepEqual(wauth(sent), ['1', 'ok', 'user1@home1.net', 'sip:user1@home1.net', 'waf@home1.net', 'shop', '0', '<null>', 'home', 'alice', String(said.exp)]);
	const asked = site.waf.asked.find((a) => a.token === token);
	assert.equal(asked.method, 'POST');
	assert.equal(asked.headers['content-type'], 'application/x-www-form-urlencoded');
	assert.equal(asked.form.get('token_type_hint'), 'access_token');
	const enc = (x) => encodeURIComponent(x).replace(/%20/g, '+');
	assert.equal(asked.headers.authorization, `Basic ${Buffer.from(`${enc('ep cscf')}:${enc(SECRET)}`).toString('base64')}`);
	assert.equal(asked.headers.cookie, undefined);
});

test('introspect_jwt_is_not_asked_about', async (t) => {
	const c = await page(t, site);
	const token = tokenOf(site.keys.es);
	assert.equal((await c.register(token)).status, 200);
	assert.equal(askedFor(site, token), 0);
	assert.doesNotMatch(site.sentOn(c)[0], /X-Resumed/);
});

test('introspect_inactive_is_401_and_known_for_a_while', async (t) => {
	const token = opaque(site, null);
	const before = (await site.stats()).introspect_inactive;
	const c = await page(t, site);
	await refused(site, c, token, { status: 401, error: 'invalid_token', cause: 'token_inactive' });
	await refused(site, c, token, { status: 401, error: 'invalid_token', cause: 'token_inactive' });
	assert.equal(askedFor(site, token), 1);
	assert.equal((await site.stats()).introspect_inactive, before + 2);
	assert.equal((await c.register(opaque(site))).status, 200, 'the connection stays');
	site.waf.tokens.set(token, activeOf());
	await sleep(2100);
	assert.equal((await c.register(token)).status, 200);
	assert.equal(askedFor(site, token), 2);
});

test('introspect_cache_answers_at_once', async (t) => {
	const token = opaque(site);
	const before = await site.stats();
	for (let i = 0; i < 5; i++) {
		const c = await page(t, site);
		assert.equal((await c.register(token)).status, 200);
	}
	const after = await site.stats();
	assert.equal(askedFor(site, token), 1);
	assert.equal(after.introspect_cache, before.introspect_cache + 4);
	assert.equal(after.introspect_asked, before.introspect_asked + 1);
	assert.equal(after.introspect_answered, before.introspect_answered + 1);
});

test('introspect_cache_ends_with_the_token', async (t) => {
	const c = await page(t, site);
	const token = opaque(site, activeOf({ exp: now() + 2 }));
	assert.equal((await c.register(token)).status, 200);
	await sleep(2500);
	await c.register(token);
	assert.equal(askedFor(site, token), 2);
});

// Each with its own cause. code: the connection is closed.
const lies = [
	['another_client', () => activeOf({ client_id: 'other' }), { status: 403, code: 4004, cause: 'wwsf_unknown' }],
	['another_audience', () => activeOf({ aud: 'somebody' }), { status: 401, code: 4001, error: 'invalid_token', cause: 'audience_wrong' }],
	['another_issuer', () => activeOf({ iss: 'https://waf.partner.net' }), { status: 401, code: 4001, error: 'invalid_token', cause: 'issuer_unknown' }],
	['a_foreign_identity', () => activeOf({ impi: 'x@partner.net' }), { status: 403, code: 4002, cause: 'impi_refused' }],
	['no_scope', () => activeOf({ scope: 'openid' }), { status: 403, code: 4005, error: 'insufficient_scope', cause: 'scope_too_small' }],
	['an_expired_one', () => activeOf({ exp: now() - 100, iat: now() - 200 }), { status: 401, error: 'invalid_token', cause: 'token_expired' }],
	['a_refresh_token', () => activeOf({ token_use: 'refresh_token' }), { status: 401, code: 4001, error: 'invalid_token', cause: 'typ_refused' }],
	['active_as_a_text', () => activeOf({ active: 'true' }), { status: 503, cause: 'introspect_answer' }],
	['no_active', () => ({ ...claimsOf() }), { status: 503, cause: 'introspect_answer' }],
];
for (const [what, said, answer] of lies)
	test(`introspect_waf_tells_of_${what}`, async (t) => {
		const c = await page(t, site);
		await refused(site, c, opaque(site, said()), answer);
	});

// What is no answer at all: 503, the connection stays, nothing is kept.
const failures = [
	['status_500', (req, res) => { res.statusCode = 500; res.end('{"active":true}'); }, 'introspect_failed', /HTTP status 500/],
	['status_401', (req, res) => { res.statusCode = 401; res.end(); }, 'introspect_failed', /HTTP status 401/],
	['a_redirect', (req, res) => { res.writeHead(307, { Location: `${site.waf.base}/introspect` }); res.end(); }, 'introspect_failed', /HTTP status 307/],
	['text_that_is_not_JSON', (req, res) => res.end('<html>active</html>'), 'introspect_answer', /cannot be used/],
	['nothing', (req, res) => res.end(), 'introspect_answer', /cannot be used/],
	['a_member_twice', (req, res) => res.end('{"active":false,"active":true}'), 'introspect_answer', /cannot be used/],
	['too_much', (req, res) => { res.setHeader('Content-Length', 10e6); res.write('{"active":'); }, 'introspect_failed', /longer/],
	['too_much_without_a_length', (req, res) => { for (let i = 0; i < 80; i++) res.write(' '.repeat(1024)); res.end('{}'); }, 'introspect_failed', /longer/],
	['silence', () => {}, 'introspect_failed', /timed out/],
	['one_octet_at_a_time', (req, res) => {
		res.writeHead(200);
		const drip = setInterval(() => res.write(' '), 100);
		res.on('close', () => clearInterval(drip));
	}, 'introspect_failed', /timed out/],
	['half_an_answer', (req, res) => { res.writeHead(200, { 'Content-Length': 1000 }); res.write('{"active":true'); setTimeout(() => req.socket.destroy(), 20); }, 'introspect_failed', /./],
	['a_reset', () => { for (const s of site.waf.sockets) s.resetAndDestroy(); }, 'introspect_failed', /./],
];
for (const [what, answer, cause, reason] of failures)
	test(`introspect_waf_gives_${what}`, async (t) => {
		const c = await page(t, site);
		const token = opaque(site);
		const plain = site.waf.introspect;
		t.after(() => { site.waf.introspect = plain; });
		site.waf.introspect = (which, req, res) => (which === token ? void answer(req, res) : plain(which));
		const began = Date.now();
		await refused(site, c, token, { status: 503, cause });
		assert.ok(Date.now() - began < TIMEOUT_MS + 1000, `${Date.now() - began} ms`);
		assert.match((await site.issuer('home')).introspect_error, reason);
		site.waf.introspect = plain;
		assert.equal((await c.register(token)).status, 200);
		const issuer = await site.issuer('home');
		assert.equal(issuer.introspect_error, '-');
		assert.ok(issuer.introspect_age >= 0 && issuer.introspect_age < 5);
	});

test('introspect_failure_is_logged_once', async (t) => {
	const plain = site.waf.introspect;
	t.after(() => { site.waf.introspect = plain; });
	const c = await page(t, site);
	assert.equal((await c.register(opaque(site))).status, 200);
	const logged = site.log.length;
	site.waf.introspect = (token, req, res) => { res.statusCode = 500; res.end(); };
	for (let i = 0; i < 5; i++) assert.equal((await c.register(opaque(site))).status, 503);
	site.waf.introspect = plain;
	assert.equal((await c.register(opaque(site))).status, 200);
	await until('the end of it', () => /introspection at issuer home: good again/.test(site.log.slice(logged)));
	assert.equal(site.log.slice(logged).match(/introspection at issuer home: HTTP status 500/g).length, 1);
});

test('introspect_one_request_for_many_pages', async (t) => {
	const token = opaque(site);
	const plain = site.waf.introspect;
	t.after(() => { site.waf.introspect = plain; });
	site.waf.introspect = async (which) => { await sleep(300); return plain(which); };
	const pages = await Promise.all(Array.from({ length: 12 }, () => page(t, site)));
	const answers = await Promise.all(pages.map((c) => c.register(token)));
	assert.deepEqual(answers.map((a) => a.status), Array(12).fill(200));
	assert.equal(askedFor(site, token), 1);
});

test('introspect_connections_are_used_again', async (t) => {
	const c = await page(t, site);
	assert.equal((await c.register(opaque(site))).status, 200);
	const before = site.waf.connections;
	for (let i = 0; i < 50; i++) assert.equal((await c.register(opaque(site))).status, 200);
	assert.ok(site.waf.connections - before <= 1, `${site.waf.connections - before} new connections for 50 questions`);
});

test('introspect_other_requests_with_the_same_or_another_token', async (t) => {
	const c = await page(t, site);
	const [token, other, stranger] = [opaque(site), opaque(site), opaque(site, activeOf({ impi: 'user2@home1.net', impu: 'sip:user2@home1.net', sub: 'bob' }))];
	const message = (which) => c.ask('MESSAGE', { headers: [`Authorization: Bearer ${which}`] });
	assert.equal((await c.register(token)).status, 200);
	const asked = site.waf.asked.length;
	assert.equal((await message(token)).status, 200);
	await refused(site, c, other, { status: 401, error: 'invalid_token', cause: 'opaque_changed', ask: () => message(other) });
	assert.equal(site.waf.asked.length, asked, 'nobody was asked');
	const d = await page(t, site);
	assert.equal((await d.register(other)).status, 200);
	assert.equal((await message(other)).status, 200, 'known to be the same user');
	const e = await page(t, site);
	assert.equal((await e.register(stranger, { to: 'sip:user2@home1.net' })).status, 200);
	await refused(site, c, stranger, { status: 403, code: 4002, cause: 'user_changed', ask: () => message(stranger) });
});

test('introspect_other_requests_with_a_jwt', async (t) => {
	const c = await page(t, site);
	assert.equal((await c.register(opaque(site))).status, 200);
	const jwt = tokenOf(site.keys.es);
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${jwt}`] })).status, 200);
});

test('introspect_register_renews_with_another_token', async (t) => {
	const c = await page(t, site);
	const [first, second] = [opaque(site), opaque(site)];
	assert.equal((await c.register(first)).status, 200);
	assert.equal((await c.register(second)).status, 200);
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${second}`] })).status, 200);
});

test('introspect_to_and_from_count', async (t) => {
	const c = await page(t, site);
	await refused(site, c, opaque(site), { status: 403, code: 4002, cause: 'impu_not_in_token', to: 'sip:other@home1.net' });
});

test('introspect_too_long_is_not_asked_about', async (t) => {
	const c = await page(t, site);
	const token = 'x'.repeat(8193);
	const asked = site.waf.asked.length;
	await refused(site, c, token, { status: 401, code: 4001, error: 'invalid_token', cause: 'token_too_long' });
	assert.equal(site.waf.asked.length, asked);
});

test('introspect_nobody_to_ask', async (t) => {
	const c = await page(t, site, { origin: 'https://app.partner.net' });
	const asked = site.waf.asked.length;
	const answer = await c.register(opaque(site), { to: 'sip:p1@partner.net' });
	assert.equal(answer.status, 401);
	assert.match(answer.header('WWW-Authenticate'), /authz_server="https:\/\/waf\.partner\.net", error="invalid_token"/);
	assert.equal((await c.closed).code, 4001);
	await until('the log to say so', () => /refused: token_opaque, connection /.test(site.log));
	assert.equal(site.waf.asked.length, asked);
});

test('introspect_reload_reads_the_secret_again', async (t) => {
	const c = await page(t, site);
	writeFileSync(site.secretFile, 'second');
	chmodSync(site.secretFile, 0o644);
	t.after(async () => { writeFileSync(site.secretFile, `${SECRET}\n`); chmodSync(site.secretFile, 0o600); await site.rpc('webrtc_auth.reload'); });
	const logged = site.log.length;
	await site.rpc('webrtc_auth.reload');
	await until('the warning', () => /secret can be read by everybody/.test(site.log.slice(logged)));
	assert.equal((await c.register(opaque(site))).status, 200);
	const [, basic] = site.waf.asked.at(-1).headers.authorization.split(' ');
	assert.equal(Buffer.from(basic, 'base64').toString(), 'ep+cscf:second');
});

test('introspect_reload_forgets_the_answers_and_the_old_endpoint', async (t) => {
	const plain = site.waf.introspect;
	const config = site.readConfig();
	t.after(async () => { site.waf.introspect = plain; site.writeConfig(config); await site.rpc('webrtc_auth.reload'); });
	const c = await page(t, site);
	const token = opaque(site);
	assert.equal((await c.register(token)).status, 200);
	let hung;
	const asked = new Promise((resolve) => { hung = resolve; });
	site.waf.introspect = (which, req) => (req.url === '/introspect' ? void hung() : plain(which));
	const waiting = c.register(opaque(site));
	await asked;
	site.writeConfig(config.replace(/^introspect = .*$/m, `introspect = ${site.waf.base}/introspect2`));
	await site.rpc('webrtc_auth.reload');
	assert.equal((await waiting).status, 503, 'what the old endpoint says does not count');
	assert.equal((await c.register(token)).status, 200);
	assert.equal(site.waf.asked.at(-1).path, '/introspect2');
});
