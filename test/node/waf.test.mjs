// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { after, before, test } from 'node:test';
import * as jose from 'jose';
import { Waf } from '../lab/waf/waf.mjs';
import { makeCa } from './ca.mjs';
import { basic, Client, signIn } from './http.mjs';
import { freePort } from './site.mjs';

const AUDIENCE = 'sip:epcscf.home1.net';
const SCOPE = 'webrtc-ims-client-access-to-ims';
const CALLBACK = 'https://wwsf.home1.net/callback';
const USERS = [
	{ sub: 'alice', password: 'wonder', name: 'Alice', impi: 'alice_private@home1.net',
		impu: ['sip:alice@home1.net', 'tel:+15551001'] },
	{ sub: 'pool{n}', from: 1, to: 3, impi: 'pool{n}_private@home1.net', impu: ['sip:pool{n}@home1.net'] },
];

let ca, told, server;
const wafs = {};

// Takes log-out tokens as an eP-CSCF does.
async function startReceiver() {
	told = [];
	server = createServer({ cert: readFileSync(ca.cert), key: readFileSync(ca.key) }, async (req, res) => {
		let body = '';
		for await (const chunk of req) body += chunk;
		told.push({ url: req.url, type: req.headers['content-type'], form: new URLSearchParams(body) });
		res.end();
	});
	await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
	return `https://127.0.0.1:${server.address().port}/backchannel`;
}

async function startWaf(alg, wafId, clients) {
	const port = await freePort();
	const issuer = `https://127.0.0.1:${port}`;
	return Waf.start({
		listen: { host: '127.0.0.1', port }, issuer, waf_id: wafId, alg,
		tls: { cert: ca.cert, key: ca.key }, control: { port: 0 }, users: USERS, clients,
		trust: readFileSync(ca.caFile),
		resources: [{ audience: AUDIENCE, scope: SCOPE, lifetime_s: 120 }],
	}, () => {});
}

before(async () => {
	ca = makeCa();
	const receiver = await startReceiver();
	wafs.own = await startWaf('ES256', 'waf@home1.net', [
		{ client_id: 'wwsf1', client_secret: 's1', wwsf: 'wwsf1.home1.net', redirect_uris: [CALLBACK],
			grants: ['authorization_code', 'refresh_token'], backchannel_logout: receiver },
		{ client_id: 'opaque1', client_secret: 's2', wwsf: 'wwsf2.home1.net', format: 'opaque',
			grants: ['client_credentials'], impi_patterns: ['pool*_private@home1.net'] },
		{ client_id: 'epcscf', client_secret: 's3', introspect: true },
	]);
	wafs.third = await startWaf('RS256', 'webrtc_authserver1@thirdparty.net', [
		{ client_id: 'wwsf3', client_secret: 's4', wwsf: 'www.thirdparty.net', lifetime_s: 30,
			grants: ['client_credentials'], impi_patterns: ['pool1_*', 'pool2_private@home1.net', 'ghost_*'] },
		{ client_id: 'epcscf', client_secret: 's3', introspect: true },
	]);
});

after(async () => {
	for (const waf of Object.values(wafs)) await waf.stop();
	server.close();
	server.closeAllConnections();
	ca.remove();
});

const issuerOf = (waf) => waf.config.issuer;
const client = () => new Client(ca.ca);

function control(waf, action, order = {}) {
	const { port } = waf.control.address();
	return client().post(`http://127.0.0.1:${port}/${action}`, { json: order });
}

async function verify(waf, token) {
	const { text } = await client().send(`${issuerOf(waf)}/jwks`);
	const keys = jose.createLocalJWKSet(JSON.parse(text));
	return jose.jwtVerify(token, keys, { issuer: issuerOf(waf), audience: AUDIENCE, typ: 'at+jwt' });
}

async function lend(waf, id, secret, form = {}) {
	return client().post(`${issuerOf(waf)}/token`, { headers: basic(id, secret),
		form: { grant_type: 'client_credentials', scope: SCOPE, resource: AUDIENCE, ...form } });
}

function introspect(waf, token, id = 'epcscf', secret = 's3') {
	return client().post(`${issuerOf(waf)}/token/introspection`, {
		headers: basic(id, secret), form: { token } });
}

function authUrl(challenge, more = {}) {
	return `${issuerOf(wafs.own)}/auth?${new URLSearchParams({
		client_id: 'wwsf1', response_type: 'code', redirect_uri: CALLBACK, state: 'st', nonce: 'no',
		scope: `openid ${SCOPE}`, resource: AUDIENCE,
		...(challenge && { code_challenge: challenge, code_challenge_method: 'S256' }), ...more })}`;
}

function pkce() {
	const verifier = randomBytes(32).toString('base64url');
	return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

const atCallback = (url) => url.startsWith(CALLBACK);

async function code(browser, challenge, more) {
	const page = await browser.follow(authUrl(challenge, more), atCallback);
	const done = page.stoppedAt ? page : await signIn(browser, page, 'alice', 'wonder', atCallback);
	return new URL(done.stoppedAt).searchParams;
}

const exchange = (form) => client().post(`${issuerOf(wafs.own)}/token`, {
	headers: basic('wwsf1', 's1'), form: { redirect_uri: CALLBACK, ...form } });

test('waf_code_flow_gives_a_token_with_the_ims_claims', async () => {
	const { verifier, challenge } = pkce();
	const back = await code(client(), challenge);
	assert.equal(back.get('state'), 'st');
	const answer = await exchange({ grant_type: 'authorization_code', code: back.get('code'),
		code_verifier: verifier });
	assert.equal(answer.status, 200, answer.text);
	const tokens = answer.json();
	const { payload, protectedHeader } = await verify(wafs.own, tokens.access_token);
	assert.equal(protectedHeader.alg, 'ES256');
	assert.equal(protectedHeader.typ, 'at+jwt');
	assert.equal(payload.aud, AUDIENCE);
	assert.equal(payload.scope, SCOPE);
	assert.equal(payload.client_id, 'wwsf1');
	assert.equal(payload.sub, 'alice');
	assert.equal(payload.impi, 'alice_private@home1.net');
	assert.deepEqual(payload.impu, ['sip:alice@home1.net', 'tel:+15551001']);
	assert.equal(payload.wwsf, 'wwsf1.home1.net');
	assert.equal(payload.waf, 'waf@home1.net');
	assert.equal(payload.exp - payload.iat, 120);
	assert.ok(payload.jti);
	const id = jose.decodeJwt(tokens.id_token);
	assert.equal(id.nonce, 'no');
	assert.deepEqual(id.impu, payload.impu);
	const again = await exchange({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
	assert.equal(again.status, 200, again.text);
	const renewed = await verify(wafs.own, again.json().access_token);
	assert.equal(renewed.payload.impi, payload.impi);
	assert.notEqual(renewed.payload.jti, payload.jti);
});

test('waf_code_flow_needs_pkce', async () => {
	const none = await client().follow(authUrl(undefined), atCallback);
	assert.equal(new URL(none.stoppedAt).searchParams.get('error'), 'invalid_request');
	const plain = await client().follow(authUrl('x'.repeat(43), { code_challenge_method: 'plain' }), atCallback);
	assert.equal(new URL(plain.stoppedAt).searchParams.get('error'), 'invalid_request');
	const back = await code(client(), pkce().challenge);
	const wrong = await exchange({ grant_type: 'authorization_code', code: back.get('code'),
		code_verifier: pkce().verifier });
	assert.equal(wrong.status, 400);
	assert.equal(wrong.json().error, 'invalid_grant');
});

test('waf_prompt_none_is_silent_only_when_signed_in', async () => {
	const browser = client();
	const before_ = await code(browser, pkce().challenge, { prompt: 'none' });
	assert.equal(before_.get('error'), 'login_required');
	await code(browser, pkce().challenge);
	const { verifier, challenge } = pkce();
	const silent = await code(browser, challenge, { prompt: 'none' });
	const answer = await exchange({ grant_type: 'authorization_code', code: silent.get('code'),
		code_verifier: verifier });
	assert.equal((await verify(wafs.own, answer.json().access_token)).payload.sub, 'alice');
});

test('waf_signin_refuses_wrong_password_and_foreign_form', async () => {
	const browser = client();
	const page = await browser.follow(authUrl(pkce().challenge), atCallback);
	const wrong = await signIn(browser, page, 'alice', 'x', atCallback);
	assert.equal(wrong.status, 401);
	const pool = await signIn(browser, page, 'pool1', '', atCallback);
	assert.equal(pool.status, 401);
	const forged = await browser.post(page.url, { form: { form: 'x', user: 'alice', password: 'wonder' } });
	assert.equal(forged.status, 403);
	const form = /name="form" value="([^"]+)"/.exec(page.text)[1];
	const foreign = await browser.post(page.url, { headers: { origin: 'https://evil.example' },
		form: { form, user: 'alice', password: 'wonder' } });
	assert.equal(foreign.status, 403);
	const stranger = await client().post(page.url, { form: { form, user: 'alice', password: 'wonder' } });
	assert.equal(stranger.status, 400);
});

test('waf_signin_gives_up_after_five_wrong_passwords', async () => {
	const browser = client();
	const page = await browser.follow(authUrl(pkce().challenge), atCallback);
	for (let i = 0; i < 4; i++) {
		assert.equal((await signIn(browser, page, 'alice', 'x', atCallback)).status, 401);
	}
	const last = await signIn(browser, page, 'alice', 'x', atCallback);
	assert.equal(new URL(last.stoppedAt).searchParams.get('error'), 'access_denied');
});

test('waf_client_credentials_lend_only_the_clients_pool', async () => {
	const good = await lend(wafs.third, 'wwsf3', 's4', { impi: 'pool2_private@home1.net' });
	assert.equal(good.status, 200, good.text);
	const { payload, protectedHeader } = await verify(wafs.third, good.json().access_token);
	assert.equal(protectedHeader.alg, 'RS256');
	assert.equal(payload.impi, 'pool2_private@home1.net');
	assert.deepEqual(payload.impu, ['sip:pool2@home1.net']);
	assert.equal(payload.waf, 'webrtc_authserver1@thirdparty.net');
	assert.equal(payload.wwsf, 'www.thirdparty.net');
	assert.equal(payload.exp - payload.iat, 30);
	const cases = [
		[{}, 400, 'invalid_request'],
		[{ impi: 'alice_private@home1.net' }, 400, 'access_denied'],
		[{ impi: 'pool3_private@home1.net' }, 400, 'access_denied'],
		[{ impi: 'ghost_1@home1.net' }, 400, 'access_denied'],
		[{ impi: 'pool2_private@home1.net', resource: 'sip:other.home1.net' }, 400, 'invalid_target'],
	];
	for (const [form, status, error] of cases) {
		const answer = await lend(wafs.third, 'wwsf3', 's4', form);
		assert.equal(answer.status, status, JSON.stringify(form));
		assert.equal(answer.json().error, error);
	}
	assert.equal((await lend(wafs.third, 'wwsf3', 'bad', { impi: 'pool2_private@home1.net' })).status, 401);
});

test('waf_introspection_tells_jwt_and_opaque', async () => {
	const jwt = (await lend(wafs.third, 'wwsf3', 's4', { impi: 'pool1_private@home1.net' })).json().access_token;
	const told = (await introspect(wafs.third, jwt)).json();
	assert.equal(told.active, true);
	assert.equal(told.impi, 'pool1_private@home1.net');
	assert.equal(told.client_id, 'wwsf3');
	const opaque = (await lend(wafs.own, 'opaque1', 's2', { impi: 'pool1_private@home1.net' })).json().access_token;
	assert.ok(!opaque.includes('.'));
	const more = (await introspect(wafs.own, opaque)).json();
	assert.equal(more.active, true);
	assert.deepEqual(more.impu, ['sip:pool1@home1.net']);
	assert.equal(more.aud, AUDIENCE);
	assert.equal(more.scope, SCOPE);
	assert.deepEqual((await introspect(wafs.own, jwt)).json(), { active: false });
	assert.deepEqual((await introspect(wafs.own, opaque, 'opaque1', 's2')).json(), { active: false });
	assert.equal((await introspect(wafs.own, opaque, 'epcscf', 'no')).status, 401);
});

test('waf_revocation_makes_tokens_inactive', async () => {
	const jwt = (await lend(wafs.third, 'wwsf3', 's4', { impi: 'pool1_private@home1.net' })).json().access_token;
	const opaque = (await lend(wafs.own, 'opaque1', 's2', { impi: 'pool1_private@home1.net' })).json().access_token;
	for (const [waf, token] of [[wafs.third, jwt], [wafs.own, opaque]]) {
		assert.equal((await control(waf, 'revoke', {})).status, 400);
		await control(waf, 'revoke', { impi: 'pool1_private@home1.net' });
		assert.equal((await introspect(waf, token)).json().active, false);
		await control(waf, 'unrevoke');
		assert.equal((await introspect(waf, token)).json().active, true);
	}
});

test('waf_rotation_keeps_old_keys_until_retired', async () => {
	const get = async () => (await lend(wafs.third, 'wwsf3', 's4',
		{ impi: 'pool1_private@home1.net' })).json().access_token;
	const first = await get();
	await control(wafs.third, 'rotate');
	const second = await get();
	assert.notEqual(jose.decodeProtectedHeader(first).kid, jose.decodeProtectedHeader(second).kid);
	await verify(wafs.third, first);
	await verify(wafs.third, second);
	await control(wafs.third, 'retire');
	await verify(wafs.third, second);
	await assert.rejects(verify(wafs.third, first), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('waf_jwks_shows_no_private_part', async () => {
	for (const waf of Object.values(wafs)) {
		const { keys } = (await client().send(`${issuerOf(waf)}/jwks`)).json();
		for (const key of keys) {
			assert.deepEqual(Object.keys(key).filter((k) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(k)), []);
			assert.equal(key.use, 'sig');
		}
	}
});

test('waf_mint_makes_tokens_to_order', async () => {
	const mint = async (order) => (await control(wafs.own, 'mint', { user: 'alice', ...order })).json().access_token;
	await verify(wafs.own, await mint({}));
	await assert.rejects(verify(wafs.own, await mint({ expires_in: -10 })), { code: 'ERR_JWT_EXPIRED' });
	await assert.rejects(verify(wafs.own, await mint({ claims: { aud: 'sip:x' } })), { claim: 'aud' });
	await assert.rejects(verify(wafs.own, await mint({ claims: { iss: 'https://x' } })), { claim: 'iss' });
	await assert.rejects(verify(wafs.own, await mint({ sign: 'foreign' })),
		{ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
	await assert.rejects(verify(wafs.own, await mint({ sign: 'none' })));
	await assert.rejects(verify(wafs.own, await mint({ sign: 'hs256' })));
	const odd = await mint({ claims: { scope: 'other', exp: null }, header: { kid: null, typ: 'JWT' } });
	assert.equal(jose.decodeJwt(odd).scope, 'other');
	assert.equal('exp' in jose.decodeJwt(odd), false);
	assert.deepEqual(jose.decodeProtectedHeader(odd), { alg: 'ES256', typ: 'JWT' });
	assert.equal((await control(wafs.own, 'mint', { user: 'nobody' })).status, 400);
});

test('waf_lifetime_of_tokens_to_come', async () => {
	const lifeOf = async () => {
		const { claims } = (await control(wafs.own, 'mint', { user: 'alice' })).json();
		return claims.exp - claims.iat;
	};
	const lentFor = async () => (await lend(wafs.third, 'wwsf3', 's4', { impi: 'pool1_private@home1.net' })).json().expires_in;
	const [before, lent] = [await lifeOf(), await lentFor()];
	await control(wafs.own, 'lifetime', { seconds: 17 });
	assert.equal(await lifeOf(), 17);
	assert.equal((await control(wafs.own, 'lifetime', { seconds: 0 })).status, 400);
	await control(wafs.own, 'lifetime', { seconds: before });
	assert.equal(await lifeOf(), before);
	// A client's own goes before it.
	await control(wafs.third, 'lifetime', { seconds: 17 });
	assert.equal(await lentFor(), lent);
	await control(wafs.third, 'lifetime', { seconds: before });
});

test('waf_pause_in_each_way_and_resume', async () => {
	const jwks = () => client().send(`${issuerOf(wafs.third)}/jwks`);
	await control(wafs.third, 'pause', { mode: 'error' });
	assert.equal((await jwks()).status, 500);
	await control(wafs.third, 'pause', { mode: 'drop' });
	await assert.rejects(jwks(), { code: 'ECONNRESET' });
	await control(wafs.third, 'pause', { mode: 'refuse' });
	await assert.rejects(jwks(), { code: 'ECONNREFUSED' });
	await control(wafs.third, 'pause', { mode: 'hang' });
	const hung = await Promise.race([jwks().catch(() => 'failed'),
		new Promise((resolve) => { setTimeout(resolve, 300, 'silent').unref(); })]);
	assert.equal(hung, 'silent');
	await control(wafs.third, 'resume');
	assert.equal((await jwks()).status, 200);
	assert.ok((await control(wafs.third, 'state')).json().counters.jwks >= 3);
});

async function signedIn(browser) {
	const { verifier, challenge } = pkce();
	const back = await code(browser, challenge);
	return (await exchange({ grant_type: 'authorization_code', code: back.get('code'), code_verifier: verifier })).json();
}

async function checkLogoutToken({ url, type, form }, sid) {
	assert.equal(url, '/backchannel');
	assert.match(type, /^application\/x-www-form-urlencoded/);
	const { text } = await client().send(`${issuerOf(wafs.own)}/jwks`);
	const { payload, protectedHeader } = await jose.jwtVerify(form.get('logout_token'),
		jose.createLocalJWKSet(JSON.parse(text)), { issuer: issuerOf(wafs.own), audience: 'wwsf1' });
	assert.equal(protectedHeader.typ, 'logout+jwt');
	assert.equal(payload.sub, 'alice');
	assert.equal(payload.sid, sid);
	assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
	assert.ok(payload.jti && payload.iat && !('nonce' in payload));
}

test('waf_sign_out_posts_a_log_out_token', async () => {
	const browser = client();
	const tokens = await signedIn(browser);
	const { sid } = jose.decodeJwt(tokens.access_token);
	assert.ok(sid, 'no sid in the access token');
	assert.equal(jose.decodeJwt(tokens.id_token).sid, sid);
	told.length = 0;
	const ask = await browser.follow(`${issuerOf(wafs.own)}/session/end`);
	assert.match(ask.text, /<h1>Sign out<\/h1>/);
	const [, action, xsrf] = /action="([^"]+)".*?name="xsrf" value="([^"]+)"/.exec(ask.text);
	assert.equal(told.length, 0, 'told before the user said yes');
	const answer = await browser.post(action, { form: { xsrf, logout: 'yes' } });
	const end = answer.location ? await browser.follow(answer.location) : answer;
	assert.match(end.text, /Signed out/);
	assert.equal(told.length, 1);
	await checkLogoutToken(told[0], sid);
	assert.equal((await exchange({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token })).json().error, 'invalid_grant');
	assert.equal((await code(browser, pkce().challenge, { prompt: 'none' })).get('error'), 'login_required');
});

test('waf_control_logs_a_user_out_everywhere', async () => {
	const sids = [];
	for (const browser of [client(), client()]) sids.push(jose.decodeJwt((await signedIn(browser)).access_token).sid);
	assert.notEqual(sids[0], sids[1]);
	told.length = 0;
	const answer = (await control(wafs.own, 'logout', { user: 'alice' })).json();
	for (const sid of sids) assert.ok(answer.told.some((t) => t.sid === sid && t.client_id === 'wwsf1' && !t.error));
	for (const sid of sids) await checkLogoutToken(told.find((t) => jose.decodeJwt(t.form.get('logout_token')).sid === sid), sid);
	assert.equal((await control(wafs.own, 'logout', { user: 'nobody' })).status, 400);
	assert.deepEqual((await control(wafs.own, 'logout', { user: 'alice' })).json().told, []);
});

test('waf_metadata_under_both_names', async () => {
	for (const name of ['openid-configuration', 'oauth-authorization-server']) {
		const { status, json } = await client().send(`${issuerOf(wafs.own)}/.well-known/${name}`);
		assert.equal(status, 200, name);
		const metadata = json();
		assert.equal(metadata.issuer, issuerOf(wafs.own));
		assert.equal(metadata.jwks_uri, `${issuerOf(wafs.own)}/jwks`);
		assert.equal(metadata.introspection_endpoint, `${issuerOf(wafs.own)}/token/introspection`);
		assert.equal(metadata.revocation_endpoint, `${issuerOf(wafs.own)}/token/revocation`);
		assert.equal(metadata.backchannel_logout_supported, true);
		assert.equal(metadata.backchannel_logout_session_supported, true);
	}
});

test('waf_format_of_tokens_to_come', async () => {
	await control(wafs.own, 'format', { client_id: 'wwsf1', format: 'opaque' });
	const { access_token: opaque } = await signedIn(client());
	assert.ok(!opaque.includes('.'));
	const told_ = (await introspect(wafs.own, opaque)).json();
	assert.equal(told_.impi, 'alice_private@home1.net');
	assert.equal(told_.client_id, 'wwsf1');
	assert.ok(told_.sid);
	await control(wafs.own, 'format', { client_id: 'wwsf1', format: 'jwt' });
	assert.ok((await signedIn(client())).access_token.includes('.'));
	assert.equal((await control(wafs.own, 'format', { client_id: 'wwsf1', format: 'x' })).status, 400);
});

test('waf_revocation_endpoint_takes_both_forms', async () => {
	const revoke = (waf, token, id, secret) => client().post(`${issuerOf(waf)}/token/revocation`,
		{ headers: basic(id, secret), form: { token } });
	for (const [waf, id, secret] of [[wafs.third, 'wwsf3', 's4'], [wafs.own, 'opaque1', 's2']]) {
		const token = (await lend(waf, id, secret, { impi: 'pool1_private@home1.net' })).json().access_token;
		const other = (await lend(waf, id, secret, { impi: 'pool1_private@home1.net' })).json().access_token;
		await revoke(waf, token, 'epcscf', 's3');
		assert.equal((await introspect(waf, token)).json().active, true, 'revoked by another client');
		assert.equal((await revoke(waf, token, id, secret)).status, 200);
		assert.equal((await introspect(waf, token)).json().active, false);
		assert.equal((await introspect(waf, other)).json().active, true);
		await control(waf, 'unrevoke');
	}
});
