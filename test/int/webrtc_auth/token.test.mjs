// SPDX-License-Identifier: BSD-2-Clause
// REGISTER with good and bad tokens (TS 33.203 X.3.2.3 step 4, RFC 8898 2.2).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken, refused } from './support/refused.mjs';
import { b64, claimsOf, macTokenOf, makeKey, now, signWith, tokenOf } from './support/waf.mjs';

let site;
const used = [];
test.before(async () => { site = await Site.start(); });
test.after(async () => {
	try { assertNoToken(site, used); } finally { await site.stop(); }
});

// A connection for one test, and its token for the look into the log.
async function withClient(t, options) {
	const c = await Client.open(site, options);
	assert.equal(c.status, 101);
	t.after(() => c.end());
	return c;
}
const remember = (token) => { used.push(token); return token; };

test('token_good_es256_and_what_the_script_sees', async (t) => {
	const c = await withClient(t);
	const claims = claimsOf();
	assert.equal((await c.register(remember(tokenOf(site.keys.es, claims)))).status, 200);
	const sent = site.sentOn(c)[0];
	assert.ok(sent.includes(`X-Wauth: 1|ok|user1@home1.net|sip:user1@home1.net|waf@home1.net|shop|0|<null>|home|alice|${claims.exp}\r\n`), sent);
	assert.ok(sent.includes('X-Impus: sip:user1@home1.net,sip:alias1@home1.net\r\n'));
	assert.ok(sent.includes('X-Xavp: sip:alias1@home1.net\r\n'));
});

const good = {
	rs256: () => [`Authorization: Bearer ${remember(tokenOf(site.keys.rs))}`],
	'3gpp form': () => [`Authorization: Bearer access_token="${remember(tokenOf(site.keys.es))}"`],
	'proxy authorization': () => [`Proxy-Authorization: Bearer ${remember(tokenOf(site.keys.es))}`],
	'odd spelling': () => [`aUTHORIZATION :  bEARER   ${remember(tokenOf(site.keys.es))}  `],
	'folded line': () => [`Authorization: Bearer\r\n  ${remember(tokenOf(site.keys.es))}`],
	'beside Digest': () => ['Authorization: Digest username="x", realm="y", nonce="z", uri="sip:a", response="b"', `Authorization: Bearer ${remember(tokenOf(site.keys.es))}`],
	'Digest behind it': () => [`Authorization: Bearer ${remember(tokenOf(site.keys.es))}`, 'Proxy-Authorization: Digest username="x", realm="y", nonce="z", uri="sip:a", response="b"'],
	'audience among others': () => [`Authorization: Bearer ${remember(tokenOf(site.keys.es, claimsOf({ aud: ['other', 'epcscf'] })))}`],
};
for (const [what, headers] of Object.entries(good)) {
	test(`token_good_${what.replace(/\W+/g, '_')}`, async (t) => {
		const c = await withClient(t);
		assert.equal((await c.register(undefined, { headers: headers() })).status, 200);
		assert.equal(site.sentOn(c).length, 1);
	});
}

test('token_second_identity_of_the_token', async (t) => {
	const c = await withClient(t);
	assert.equal((await c.register(remember(tokenOf(site.keys.es)), { to: 'sip:alias1@home1.net' })).status, 200);
});

// Bad tokens: each with its cause, its answer and its close code.
const T = { status: 401, code: 4001, error: 'invalid_token' };
const U = { status: 403, code: 4002 };
const W = { status: 403, code: 4004 };
const sub = (t, n, f) => t.split('.').map((p, i) => (i === n ? f(p) : p)).join('.');
const with_ = (header) => () => tokenOf(site.keys.es, claimsOf(), header);
const claims = (more, header) => () => tokenOf(site.keys.es, claimsOf(more), header);
const bad = {
	signature_wrong: [() => sub(tokenOf(site.keys.es), 2, () => b64(signWith(site.keys.es, 'x'))), T],
	'signature_wrong by another key': [() => tokenOf({ ...makeKey('ES256', 'es-1') }), { ...T, cause: 'signature_wrong' }],
	'signature_wrong payload changed': [() => sub(tokenOf(site.keys.es), 1, () => b64(claimsOf({ impi: 'boss@home1.net' }))), { ...T, cause: 'signature_wrong' }],
	signature_form: [() => sub(tokenOf(site.keys.es), 2, () => b64(Buffer.alloc(63, 1))), T],
	'signature_form zeros': [() => sub(tokenOf(site.keys.es), 2, () => b64(Buffer.alloc(64))), { ...T, cause: 'signature_form' }],
	alg_none: [with_({ alg: 'none' }), T],
	alg_mac: [() => macTokenOf(site.keys.rs.publicKey.export({ type: 'spki', format: 'pem' }), 'rs-1'), T],
	key_alg: [() => tokenOf({ ...site.keys.es, kid: 'rs-1' }), T],
	alg_unknown: [with_({ alg: 'ES999' }), T],
	'alg_unknown PS512': [with_({ alg: 'PS512' }), { ...T, cause: 'alg_unknown' }],
	'alg_refused PS256 by default': [with_({ alg: 'PS256' }), { ...T, cause: 'alg_refused' }],
	alg_refused: [claims({ iss: 'https://waf.partner.net' }, { alg: 'RS256' }), T],
	kid_missing: [with_({ kid: undefined }), T],
	'kid_invalid path': [with_({ kid: '../../etc/passwd' }), { ...T, cause: 'kid_invalid' }],
	'header_key jku': [with_({ jku: 'https://evil.example/jwks' }), { ...T, cause: 'header_key' }],
	'header_key jwk': [() => tokenOf(site.keys.es, claimsOf(), { jwk: site.keys.es.jwk }), { ...T, cause: 'header_key' }],
	header_crit: [with_({ crit: ['exp'] }), T],
	header_zip: [with_({ zip: 'DEF' }), T],
	typ_refused: [with_({ typ: 'logout+jwt' }), T],
	token_parts: [() => sub(tokenOf(site.keys.es), 1, () => ''), T],
	'token_opaque two parts': [() => tokenOf(site.keys.es).split('.').slice(0, 2).join('.'), { ...T, cause: 'token_opaque' }],
	token_encrypted: [() => `${tokenOf(site.keys.es)}.AAAA.BBBB`, T],
	token_base64: [() => sub(tokenOf(site.keys.es), 1, (p) => `${p}/`), T],
	json_duplicate: [() => {
		const input = `${b64({ alg: 'ES256', kid: 'es-1', typ: 'at+jwt' })}.${b64(JSON.stringify(claimsOf()).replace('{', '{"impi":"boss@home1.net",'))}`;
		return `${input}.${b64(signWith(site.keys.es, input))}`;
	}, T],
	token_too_long: [claims({ pad: 'x'.repeat(9000) }), T],
	issuer_missing: [claims({ iss: undefined }), T],
	'issuer_unknown slash': [claims({ iss: 'https://waf.home1.net/' }), { ...T, cause: 'issuer_unknown' }],
	audience_wrong: [claims({ aud: 'epcscf2' }), T],
	exp_missing: [claims({ exp: undefined }), T],
	'time_type string': [claims({ exp: `${now() + 300}` }), { ...T, cause: 'time_type' }],
	'time_type fraction': [claims({ exp: now() + 300.5 }), { ...T, cause: 'time_type' }],
	not_yet_valid: [claims({ nbf: now() + 300 }), T],
	issued_in_future: [claims({ iat: now() + 300 }), T],
	impi_missing: [claims({ impi: undefined }), T],
	impu_missing: [claims({ impu: [] }), T],
	confirmation: [claims({ cnf: { jkt: 'x' } }), T],
	'claim_value newline': [claims({ impi: 'a\r\nX-Evil: 1@home1.net' }), { ...T, cause: 'claim_value' }],
	impi_refused: [claims({ impi: 'user1@partner.net' }), U],
	impu_refused: [claims({ impu: ['sip:user1@home1.net', 'sip:x@partner.net'] }), U],
	impu_not_in_token: [claims({ impu: ['sip:user2@home1.net'] }), U],
	'impu_not_in_token From differs': [claims({}), { ...U, cause: 'impu_not_in_token', from: 'sip:alias1@home1.net' }],
	wwsf_unknown: [claims({ client_id: 'nobody' }), W],
	'wwsf_issuer or client of another': [claims({ client_id: 'app' }), { ...W, cause: 'wwsf_unknown' }],
	'wwsf_wrong other page': [() => tokenOf(site.keys.es), { ...W, cause: 'wwsf_wrong', origin: 'https://app.partner.net' }],
	scope_too_small: [claims({ scope: 'openid xwebrtc-ims-client-access-to-imsx' }), { status: 403, code: 4005, error: 'insufficient_scope' }],
};
for (const [what, [make, expect]] of Object.entries(bad)) {
	test(`token_bad_${what.replace(/\W+/g, '_')}`, async (t) => {
		const { origin, ...want } = expect;
		const c = await withClient(t, { origin: origin ?? 'https://shop.example' });
		await refused(site, c, remember(make()), { cause: what.split(' ')[0], ...want });
	});
}

// Not good, but the page may try again on the same connection.
const stays = {
	token_absent: [() => undefined, { status: 401, cause: undefined }],
	token_expired: [claims({ iat: now() - 600, exp: now() - 60 }), { status: 401, error: 'invalid_token' }],
	'credentials_malformed empty': [() => undefined, { status: 400, error: 'invalid_request', headers: ['Authorization: Bearer'] }],
	'credentials_malformed junk': [() => 'a b', { status: 400, error: 'invalid_request' }],
	'credentials_repeated': [() => tokenOf(site.keys.es), { status: 400, error: 'invalid_request', headers: ['Proxy-Authorization: Bearer abc'] }],
};
for (const [what, [make, expect]] of Object.entries(stays)) {
	test(`token_${what.replace(/\W+/g, '_')}_keeps_the_connection`, async (t) => {
		const c = await withClient(t);
		const token = make();
		await refused(site, c, token, { cause: what.split(' ')[0], ...expect });
		assert.equal((await c.register(remember(tokenOf(site.keys.es)))).status, 200, 'the connection is still good');
	});
}
