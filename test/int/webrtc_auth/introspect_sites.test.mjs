// SPDX-License-Identifier: BSD-2-Clause
// Opaque tokens with other settings than introspect.test.mjs has.
import test from 'node:test';
import assert from 'node:assert/strict';
import { makeCa } from '../../node/ca.mjs';
import { refused } from './support/refused.mjs';
import { askedFor, opaque, opaqueConfig, opaqueSite, page, SECRET } from './support/opaque.mjs';
import { activeOf, claimsOf, now, tokenOf } from './support/waf.mjs';

test('introspect_post_authentication_and_all_tokens', async (t) => {
	const other = await opaqueSite({ more: 'introspect_auth = post\nintrospect_for = all' });
	t.after(() => other.stop());
	const c = await page(t, other);
	const claims = claimsOf();
	const jwt = tokenOf(other.keys.es, claims);
	other.waf.tokens.set(jwt, { active: true, ...claims });
	assert.equal((await c.register(jwt)).status, 200);
	assert.equal((await c.register(jwt)).status, 200);
	assert.equal(askedFor(other, jwt), 1);
	const [asked] = other.waf.asked;
	assert.equal(asked.headers.authorization, undefined);
	assert.equal(asked.form.get('client_id'), 'ep cscf');
	assert.equal(asked.form.get('client_secret'), SECRET);
	// The WAF took it back; its signature is still good.
	await refused(other, c, tokenOf(other.keys.es), { status: 401, error: 'invalid_token', cause: 'token_inactive' });
	// A wrong signature never gets as far as the WAF.
	const bad = `${tokenOf(other.keys.es).slice(0, -8)}AAAAAAAA`;
	await refused(other, c, bad, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong' });
	assert.equal(askedFor(other, bad), 0);
	// One that speaks of somebody else there.
	const d = await page(t, other);
	const liar = tokenOf(other.keys.es);
	other.waf.tokens.set(liar, activeOf({ impi: 'user2@home1.net', impu: 'sip:user1@home1.net' }));
	await refused(other, d, liar, { status: 503, cause: 'introspect_answer' });
});

// RFC 7662 2.2: every member but active is optional.
test('introspect_all_tokens_needs_no_more_than_active', async (t) => {
	const other = await opaqueSite({ more: 'introspect_for = all' });
	t.after(() => other.stop());
	const c = await page(t, other);
	const exp = now() + 120;
	const jwt = tokenOf(other.keys.es, claimsOf({ exp }));
	other.waf.tokens.set(jwt, { active: true });
	for (let i = 0; i < 2; i++) {
		assert.equal((await c.register(jwt)).status, 200);
		const sent = other.sentOn(c)[i];
		assert.ok(sent.includes('|user1@home1.net|sip:user1@home1.net|waf@home1.net|shop|'), sent);
		assert.ok(sent.includes(`|alice|${exp}\r\n`), 'the end is the token\'s, not that of the cache');
	}
	assert.equal(askedFor(other, jwt), 1);
	for (const [said, answer] of [
		[{ sub: 'eve' }, { status: 503, cause: 'introspect_answer' }],
		[{ client_id: 'other' }, { status: 503, cause: 'introspect_answer' }],
		[{ iss: 'https://waf.partner.net' }, { status: 401, code: 4001, error: 'invalid_token', cause: 'issuer_unknown' }],
		[{ scope: 'openid' }, { status: 403, code: 4005, error: 'insufficient_scope', cause: 'scope_too_small' }],
		[{ aud: 'other' }, { status: 401, code: 4001, error: 'invalid_token', cause: 'audience_wrong' }],
	]) {
		const token = tokenOf(other.keys.es), d = await page(t, other);
		other.waf.tokens.set(token, { active: true, ...said });
		await refused(other, d, token, answer);
	}
});

test('introspect_tls_certificate_is_checked', async (t) => {
	const stranger = makeCa();
	t.after(() => stranger.remove());
	const other = await opaqueSite({ wafUp: false });
	t.after(() => other.stop());
	other.waf.ca = stranger;
	await other.waf.start();
	const c = await page(t, other);
	await refused(other, c, opaque(other), { status: 503, cause: 'introspect_failed' });
	assert.match((await other.issuer('home')).introspect_error, /certificate/i);
	assert.equal(other.waf.asked.length, 0);
});

test('introspect_secret_missing_asks_nobody', async (t) => {
	const other = await opaqueSite({ secret: null });
	t.after(() => other.stop());
	const c = await page(t, other);
	await refused(other, c, opaque(other), { status: 503, cause: 'introspect_failed' });
	assert.match((await other.issuer('home')).introspect_error, /secret/);
	assert.equal(other.waf.asked.length, 0);
	assert.equal((await c.register(tokenOf(other.keys.es))).status, 200, 'JWTs are no business of it');
});

test('introspect_issuer_without_keys', async (t) => {
	const other = await opaqueSite({ keys: false, config: (s) => opaqueConfig()(s).replace(/^jwks = https.*$/m, '') });
	t.after(() => other.stop());
	const c = await page(t, other);
	assert.equal((await c.register(opaque(other))).status, 200);
	const claims = claimsOf();
	const jwt = tokenOf(other.keys.es, claims);
	other.waf.tokens.set(jwt, { active: true, ...claims });
	assert.equal((await c.register(jwt)).status, 200);
	assert.equal(askedFor(other, jwt), 1);
	assert.equal(other.waf.hits, 0);
});
