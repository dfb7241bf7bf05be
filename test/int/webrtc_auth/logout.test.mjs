// SPDX-License-Identifier: BSD-2-Clause
// OpenID Connect Back-Channel Logout 1.0: the WAF says who has left.
import test from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { configOf, Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { b64, claimsOf, makeKey, now, signWith, tokenOf } from './support/waf.mjs';

const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const withLogout = (text) => text.replace('[issuer:home]', '[issuer:home]\nlogout_aud = epcscf-client');
const route = (text) => text.replace('	if($Rp == 8080)', '	if($hu == "/logout") { webrtc_auth_logout(); exit; }\n	if($Rp == 8080)');

let site;
test.before(async () => {
	site = await Site.start({ edit: route, params: 'modparam("webrtc_auth", "logout_rate", 40)' });
	site.writeConfig(withLogout(configOf(site)));
	await site.rpc('webrtc_auth.reload');
	await until('the keys', () => site.hasKeys('home'));
});
test.after(() => site?.stop());

function logoutToken(more = {}, header = {}, key = site.keys.es) {
	const claims = { iss: 'https://waf.home1.net', aud: 'epcscf-client', iat: now(), exp: now() + 120, jti: randomUUID(), events: event, ...more };
	const input = `${b64({ alg: key.alg, kid: key.kid, typ: 'logout+jwt', ...header })}.${b64(claims)}`;
	return `${input}.${b64(signWith(key, input))}`;
}

function post(body, { method = 'POST', type = 'application/x-www-form-urlencoded', s = site } = {}) {
	return new Promise((ok, bad) => {
		const req = http.request({ host: '127.0.0.1', port: s.ports.rpc, path: '/logout', method, agent: false,
			headers: { ...(type && { 'Content-Type': type }), 'Content-Length': Buffer.byteLength(body) } }, (res) => {
			let text = '';
			res.on('data', (d) => { text += d; });
			res.on('end', () => ok({ status: res.statusCode, headers: res.headers, text, json: text ? JSON.parse(text) : undefined }));
		});
		req.on('error', bad);
		req.end(body);
	});
}

const logout = (token, options) => post(`logout_token=${token}`, options);

async function client(t, more) {
	const c = await Client.open(site);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(site.keys.es, claimsOf(more)))).status, 200);
	return c;
}

async function refused(answer, status = 400) {
	const a = await answer;
	assert.equal(a.status, status, a.text);
	assert.equal(a.headers['cache-control'], 'no-store');
	assert.match(a.headers['content-type'], /^application\/json/);
	assert.equal(a.json.error, { 400: 'invalid_request', 405: 'invalid_request', 503: 'temporarily_unavailable' }[status]);
	return a.json.error_description;
}

test('logout_of_a_user_ends_what_was_issued_until_then', async (t) => {
	const c = await client(t, { sub: 'leaver' }), other = await client(t, { sub: 'stayer' });
	const from = Date.now();
	const a = await logout(logoutToken({ sub: 'leaver' }));
	assert.equal(a.status, 200);
	assert.equal(a.text, '');
	assert.equal(a.headers['cache-control'], 'no-store');
	const end = await c.closed;
	assert.equal(end.code, 4003);
	assert.ok(end.at - from < 1000, `${end.at - from} ms`);
	assert.equal((await other.ask('MESSAGE')).status, 401, 'is still there');
	const entry = (await site.rpc('webrtc_auth.revoked')).find((e) => e.kind === 'sub');
	assert.deepEqual([entry.issuer, entry.value, entry.by], ['home', 'leaver', 'logout']);
	assert.ok(Math.abs(entry.issued - now()) <= 2);
	assert.ok(entry.seconds_left > 80000, 'modparam revoke_seconds');
	await sleep(1100);
	await client(t, { sub: 'leaver', iat: now() });
});

test('logout_of_a_session_spares_the_others', async (t) => {
	const a = await client(t, { sub: 'two', sid: 's1' }), b = await client(t, { sub: 'two', sid: 's2' });
	assert.equal((await logout(logoutToken({ sub: 'two', sid: 's1' }))).status, 200);
	assert.equal((await a.closed).code, 4003);
	assert.equal((await b.ask('MESSAGE')).status, 401);
	const again = await Client.open(site);
	t.after(() => again.end());
	assert.equal((await again.register(tokenOf(site.keys.es, claimsOf({ sub: 'two', sid: 's1', iat: now() })))).status, 403);
});

test('logout_of_a_session_ends_tokens_that_name_none', async (t) => {
	const a = await client(t, { sub: 'three' }), b = await client(t, { sub: 'three', sid: 's4' });
	assert.equal((await logout(logoutToken({ sub: 'three', sid: 's3' }))).status, 200);
	assert.equal((await a.closed).code, 4003);
	assert.equal((await b.ask('MESSAGE')).status, 401, 'another session of his');
});

test('logout_token_counts_once', async () => {
	const token = logoutToken({ sub: 'once' });
	assert.equal((await logout(token)).status, 200);
	assert.match(await refused(logout(token)), /jti was used before/);
	const jti = randomUUID();
	assert.equal((await logout(logoutToken({ sub: 'once', jti }))).status, 200);
	assert.match(await refused(logout(logoutToken({ sub: 'other', jti }))), /jti was used before/);
	assert.ok(!(await site.rpc('webrtc_auth.revoked')).some((e) => e.value === 'other'));
});

test('logout_refuses_what_is_no_logout_token', async () => {
	const revoked = async () => JSON.stringify((await site.rpc('webrtc_auth.revoked', 0, 1000)).filter((e) => e.kind !== 'logout').map(({ seconds_left: _, ...entry }) => entry));
	const before = await revoked();
	const own = makeKey('ES256', 'es-1');
	for (const token of [
		tokenOf(site.keys.es, claimsOf({ aud: 'epcscf-client' })), logoutToken({}), logoutToken({ sub: 'x', nonce: 'n' }), logoutToken({ sub: 'x', events: {} }),
		logoutToken({ sub: 'x', events: undefined }), logoutToken({ sub: 'x', jti: undefined }), logoutToken({ sub: 'x', iat: undefined }), logoutToken({ sub: 'x', iat: now() - 1000, exp: undefined }),
		logoutToken({ sub: 'x', aud: 'epcscf' }), logoutToken({ sub: 'x', iss: 'https://waf.partner.net' }, { kid: 'p-1' }, site.keys.partner),
		logoutToken({ sub: 'x', iss: 'https://nobody.example' }), logoutToken({ sub: 'x', exp: now() - 300 }), logoutToken({ sub: 'x' }, {}, own), logoutToken({ sub: 'x' }, { alg: 'none' }),
		logoutToken({ sub: 'x' }).slice(0, -2), 'x', ''])
		await refused(logout(token));
	for (const body of ['', 'token=x', 'logout_token', `logout_token=${logoutToken({ sub: 'x' })}&logout_token=y`, 'logout_token=%zz', '&&&==', `LOGOUT_TOKEN=${logoutToken({ sub: 'x' })}`])
		await refused(post(body));
	assert.equal(await revoked(), before);
});

test('logout_form_is_read_as_forms_are', async () => {
	await sleep(1100);
	assert.equal((await post(`a=b&logout_token=${logoutToken({ sub: 'f1' }).replaceAll('.', '%2e')}&c`)).status, 200);
	assert.equal((await logout(logoutToken({ sub: 'f2' }), { type: 'Application/X-WWW-form-urlencoded; charset=UTF-8' })).status, 200);
	await refused(logout(logoutToken({ sub: 'f3' }), { type: 'text/plain' }));
	await refused(logout(logoutToken({ sub: 'f3' }), { type: '' }));
	const a = await logout('x', { method: 'PUT' });
	assert.equal(a.status, 405);
	assert.equal(a.headers.allow, 'POST');
});

test('logout_with_a_key_that_is_not_there_yet', async () => {
	await sleep(2100); // key_miss_window
	const next = makeKey('ES256', 'es-2');
	site.waf.keys.push(next);
	const token = logoutToken({ sub: 'rotated' }, {}, next);
	const a = await logout(token);
	assert.equal(a.status, 503);
	assert.ok(a.headers['retry-after']);
	assert.equal(a.headers['cache-control'], 'no-store');
	await until('the new key', async () => (await site.issuer('home')).keys.length === 3);
	await until('it is obeyed', async () => (await site.rpc('webrtc_auth.revoked', 0, 1000)).some((e) => e.value === 'rotated'));
	assert.equal((await logout(token)).status, 200, 'a WAF that says it again hears that it was done');
});

// WAFs such as oidc-provider say it once.
test('logout_right_behind_a_rotation_is_obeyed', async (t) => {
	const c = await client(t, { sub: 'rotated2' }), other = await client(t, { sub: 'rotated3' });
	await sleep(2100); // key_miss_window
	const next = makeKey('ES256', 'es-3');
	site.waf.keys = [next, site.keys.rs];
	t.after(async () => {
		site.waf.keys = [site.keys.es, site.keys.rs];
		await site.rpc('webrtc_auth.refresh');
		await until('the old key', async () => (await site.issuer('home')).keys.some((k) => k.kid === 'es-1'), 8000);
	});
	const { logout_ok: before } = await site.stats();
	const from = Date.now();
	assert.equal((await logout(logoutToken({ sub: 'rotated2' }, {}, next))).status, 503);
	const end = await c.closed;
	assert.equal(end.code, 4003);
	assert.ok(end.at - from < 2000, `${end.at - from} ms`);
	assert.equal((await site.stats()).logout_ok, before + 1);
	assert.equal((await other.ask('MESSAGE')).status, 401, 'is still there');
});

test('logout_kept_with_a_key_that_never_comes_is_dropped', async () => {
	await sleep(2100);
	const own = makeKey('ES256', 'nobody-1');
	const hits = site.waf.hits;
	const tokens = Array.from({ length: 35 }, (_, i) => logoutToken({ sub: `nobody${i}` }, { kid: `nobody-${i}` }, own));
	for (const token of tokens) await refused(logout(token), 503);
	const said = (what) => (site.log.match(new RegExp(`log-out token [0-9a-f]{8} ${what}`, 'g')) ?? []).length;
	await until('what was kept is dropped', () => said('dropped') + said('not kept') === tokens.length, 15000);
	assert.ok(site.waf.hits > hits && site.waf.hits - hits < 10, 'the WAF was not asked for each of them');
	assert.ok(!(await site.rpc('webrtc_auth.revoked', 0, 1000)).some((e) => e.value.startsWith('nobody')));
	for (const token of tokens) assert.ok(!site.log.includes(token.split('.')[2]));
	await sleep(1100);
	assert.equal((await logout(logoutToken({ sub: 'later' }))).status, 200, 'there is room again');
});

test('logout_flood_is_bounded', async () => {
	await sleep(1100);
	const token = logoutToken({ sub: 'x', aud: 'other' });
	const codes = [];
	await Promise.all(Array.from({ length: 150 }, async () => codes.push((await logout(token)).status)));
	assert.ok(codes.includes(503), 'some wait');
	assert.ok(codes.every((c) => c === 503 || c === 400));
	await sleep(1100);
	assert.equal((await logout(logoutToken({ sub: 'behind' }))).status, 200);
});

test('logout_leaves_no_token_in_the_log', async () => {
	await sleep(1100);
	const token = logoutToken({ sub: 'x', aud: 'other' });
	await refused(logout(token));
	for (const part of token.split('.')) assert.ok(!site.log.includes(part));
	const stats = await site.stats();
	assert.ok(stats.logout_ok >= 6 && stats.logout_refused > 20);
});

const script = (s) => `
function ksr_request_route() { return 1; }
function ksr_xhttp_event(name) {
	if (KSR.pv.get("$hu") == "/logout") { KSR.info("logout says " + KSR.webrtc_auth.logout() + "\\n"); return 1; }
	KSR.jsonrpcs.dispatch();
	return 1;
}
`;

test('logout_by_kemi', async (t) => {
	const s = await Site.start({ kemi: script, pairs: site.keys, ports: { wss: 8444, rpc: 8081, sip: 5062, core: 5072, waf: 9444 } });
	t.after(() => s.stop());
	s.writeConfig(withLogout(configOf(s)));
	await s.rpc('webrtc_auth.reload');
	await until('the keys', () => s.hasKeys('home'));
	assert.equal((await logout(logoutToken({ sub: 'kemi' }), { s })).status, 200);
	await refused(logout('x', { s }));
	assert.ok((await s.rpc('webrtc_auth.revoked')).some((e) => e.kind === 'sub' && e.value === 'kemi'));
});
