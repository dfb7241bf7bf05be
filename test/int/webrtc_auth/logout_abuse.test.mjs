// SPDX-License-Identifier: BSD-2-Clause
// Log-outs by a WAF that means no good, by strangers, and in the wrong order.
import test from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { configOf, Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { b64, claimsOf, now, signWith, tokenOf } from './support/waf.mjs';

const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const route = (text) => text.replace('	if($Rp == 8080)', '	if($hu == "/logout") { webrtc_auth_logout(); exit; }\n	if($Rp == 8080)');

async function start(t, params, globals = '') {
	const site = await Site.start({ edit: route, params });
	t.after(() => site.stop());
	site.writeConfig(`[global]\n${globals}\n${configOf(site).replace('[issuer:home]', '[issuer:home]\nlogout_aud = epcscf-client')}`);
	await site.rpc('webrtc_auth.reload');
	await until('the keys', () => site.hasKeys('home'));
	return site;
}

function logoutToken(site, more = {}) {
	const key = site.keys.es;
	const claims = { iss: 'https://waf.home1.net', aud: 'epcscf-client', iat: now(), exp: now() + 120, jti: randomUUID(), events: event, ...more };
	const input = `${b64({ alg: key.alg, kid: key.kid, typ: 'logout+jwt' })}.${b64(claims)}`;
	return `${input}.${b64(signWith(key, input))}`;
}

function logout(site, token, from) {
	const body = `logout_token=${token}`;
	return new Promise((ok, bad) => {
		const req = http.request({ host: '127.0.0.1', port: site.ports.rpc, path: '/logout', method: 'POST', agent: false, localAddress: from,
			headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length } }, (res) => {
			res.resume();
			res.on('end', () => ok(res.statusCode));
		});
		req.on('error', bad);
		req.end(body);
	});
}

test('logout_abuse_leaves_room_for_operators', async (t) => {
	const site = await start(t, 'modparam("webrtc_auth", "max_revoked", 64)\nmodparam("webrtc_auth", "logout_rate", 1000)');
	const codes = [];
	for (let i = 0; i < 70; i++) codes.push(await logout(site, logoutToken(site, { sid: `s${i}` })));
	assert.equal(codes[0], 200);
	assert.equal(codes.at(-1), 503, 'log-outs find no more room');
	assert.equal((await site.rpc('webrtc_auth.revoke', 'issuer', 'home')).connections, 0);
	const c = await Client.open(site);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 403);
});

test('logout_abuse_by_a_stranger_keeps_no_waf_out', async (t) => {
	const site = await start(t, 'modparam("webrtc_auth", "logout_rate", 40)', 'source_failures_per_minute = 10');
	const unknownKid = `${b64({ alg: 'ES256', kid: 'nobody', typ: 'logout+jwt' })}.${b64({ iss: 'https://waf.home1.net' })}.${'A'.repeat(86)}`;
	for (const [what, address] of [['x', '127.0.0.2'], [unknownKid, '127.0.0.3']]) {
		let on = true;
		const strangers = Array.from({ length: 8 }, async () => {
			while (on) await logout(site, what, address);
		});
		const from = Date.now();
		await until('the stranger to be known as one', async () => Date.now() - from > 3000, 4000);
		const codes = [];
		for (let i = 0; i < 15; i++) codes.push(await logout(site, logoutToken(site, { sub: `${address}-${i}` })));
		on = false;
		await Promise.all(strangers);
		assert.deepEqual(codes, Array(15).fill(200), codes.join());
	}
});

test('logout_abuse_of_the_order_takes_nothing_back', async (t) => {
	const site = await start(t, '');
	assert.equal(await logout(site, logoutToken(site, { sub: 'late' })), 200);
	assert.equal(await logout(site, logoutToken(site, { sub: 'late', iat: now() - 100 })), 200, 'was under way for long');
	const c = await Client.open(site);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(site.keys.es, claimsOf({ sub: 'late', iat: now() - 50 })))).status, 403);
});

test('logout_abuse_shortens_no_revocation_of_an_operator', async (t) => {
	const site = await start(t, 'modparam("webrtc_auth", "revoke_seconds", 100)');
	await site.rpc('webrtc_auth.revoke', 'sid', 'home/s1', 100000);
	assert.equal(await logout(site, logoutToken(site, { sid: 's1' })), 200);
	const entry = (await site.rpc('webrtc_auth.revoked')).find((e) => e.kind === 'sid');
	assert.ok(entry.seconds_left > 90000, `${entry.seconds_left} s left`);
});
