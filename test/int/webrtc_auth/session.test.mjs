// SPDX-License-Identifier: BSD-2-Clause
// Requests after the REGISTER: a Bearer in each (TS 24.371 7.2.1), of the user
// the connection belongs to.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken, refused } from './support/refused.mjs';
import { claimsOf, now, tokenOf } from './support/waf.mjs';

let site;
const used = [];
test.before(async () => { site = await Site.start({ params: 'modparam("webrtc_auth", "max_failures", 3)' }); });
test.after(async () => { try { assertNoToken(site, used); } finally { await site.stop(); } });

async function registered(t, more) {
	const c = await Client.open(site);
	t.after(() => c.end());
	c.token = tokenOf(site.keys.es, claimsOf(more));
	used.push(c.token);
	assert.equal((await c.register(c.token)).status, 200);
	return c;
}
const bearer = (token) => ({ headers: [`Authorization: Bearer ${token}`] });

test('session_request_with_the_registered_token', async (t) => {
	const c = await registered(t);
	for (const method of ['MESSAGE', 'INVITE', 'SUBSCRIBE', 'OPTIONS'])
		assert.equal((await c.ask(method, bearer(c.token))).status, 200, method);
	assert.equal(site.sentOn(c).length, 5);
});

test('session_request_with_a_newer_token_of_the_same_user', async (t) => {
	const c = await registered(t);
	assert.equal((await c.ask('MESSAGE', bearer(tokenOf(site.keys.rs)))).status, 200);
	assert.ok(site.sentOn(c)[1].includes('X-Wauth: 1|ok|user1@home1.net|'));
});

test('session_request_without_token_is_asked_for_one', async (t) => {
	const c = await registered(t);
	await refused(site, c, undefined, { status: 401, ask: () => c.ask('MESSAGE') });
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200, 'and the connection stays');
});

test('session_request_with_an_expired_token_is_asked_for_another', async (t) => {
	const c = await registered(t);
	const old = tokenOf(site.keys.es, claimsOf({ iat: now() - 600, exp: now() - 60 }));
	await refused(site, c, old, { status: 401, cause: 'token_expired', error: 'invalid_token', ask: () => c.ask('MESSAGE', bearer(old)) });
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200);
});

test('session_registered_token_expires_while_in_use', async (t) => {
	// skew_s is 30: this token is taken for two more seconds.
	const c = await registered(t, { iat: now() - 60, exp: now() - 28 });
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200);
	await sleep(3100);
	await refused(site, c, c.token, { status: 401, cause: 'token_expired', error: 'invalid_token', ask: () => c.ask('MESSAGE', bearer(c.token)) });
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200, 'renewed on the same connection');
});

test('session_request_with_a_token_of_another_user_closes', async (t) => {
	const c = await registered(t);
	const other = tokenOf(site.keys.es, claimsOf({ impi: 'user2@home1.net', impu: ['sip:user2@home1.net'] }));
	await refused(site, c, other, { status: 403, code: 4002, cause: 'user_changed', ask: () => c.ask('MESSAGE', bearer(other)) });
});

test('session_request_with_a_forged_token_closes', async (t) => {
	const c = await registered(t);
	const forged = `${c.token.slice(0, -8)}AAAAAAAA`;
	await refused(site, c, forged, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong', ask: () => c.ask('INVITE', bearer(forged)) });
});

test('session_ack_and_cancel_are_never_refused', async (t) => {
	const c = await registered(t);
	const n = site.sentOn(c).length;
	c.sendText(c.request('ACK'));
	await until('the ACK in the core', () => site.sentOn(c).slice(n).some((m) => m.startsWith('ACK ')));
	const cancel = await c.ask('CANCEL');
	assert.equal(cancel.status, 200);
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200);
});

test('session_bye_of_an_unbound_connection_needs_a_token', async (t) => {
	const c = await registered(t);
	await refused(site, c, undefined, { status: 401, ask: () => c.ask('BYE') });
	assert.equal((await c.ask('BYE', bearer(c.token))).status, 200);
});

test('session_request_before_any_register_needs_a_good_token', async (t) => {
	const c = await Client.open(site);
	t.after(() => c.end());
	await refused(site, c, undefined, { status: 401, ask: () => c.ask('MESSAGE') });
	const forged = `${tokenOf(site.keys.es).slice(0, -8)}AAAAAAAA`;
	await refused(site, c, forged, { status: 401, code: 4001, error: 'invalid_token', ask: () => c.ask('MESSAGE', bearer(forged)) });
});

test('session_too_many_tries_close', async () => {
	const c = await Client.open(site);
	for (let i = 0; i < 3; i++) await refused(site, c, undefined, { status: 401 });
	assert.equal((await c.register(tokenOf(site.keys.es))).status, 200, 'a good one in time');
	for (let i = 0; i < 3; i++) await refused(site, c, undefined, { status: 401 });
	await refused(site, c, undefined, { status: 403, code: 4006, cause: 'tries_exceeded' });
});

test('session_counters_in_stats_fetch', async () => {
	const all = await site.rpc('stats.fetch', 'webrtc_auth:');
	const get = (name) => Number(all[`webrtc_auth.${name}`]);
	assert.equal(get('check_user_changed'), 1);
	assert.equal(get('check_signature_wrong'), 2);
	assert.equal(get('check_tries_exceeded'), 1);
	assert.equal(get('closed'), 4);
	assert.ok(get('check_ok') > 10 && get('origin_ok') > 8);
});
