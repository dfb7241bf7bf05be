// SPDX-License-Identifier: BSD-2-Clause
// What W2 answers by credentials (TS 24.371 7.2.1, RFC 8898, RFC 6750), for
// every method, where no registration stands behind the connection. With one:
// answers_bound.test.mjs.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { assertNoToken, refused } from './support/refused.mjs';
import { claimsOf, now, tokenOf } from './support/waf.mjs';

let site;
const used = [];
test.before(async () => { site = await Site.start({ params: 'modparam("webrtc_auth", "max_failures", 0)' }); });
test.after(async () => { try { assertNoToken(site, used); } finally { await site.stop(); } });

const token = (more) => { const t = tokenOf(site.keys.es, claimsOf(more)); used.push(t); return t; };
const bearer = (t) => ({ headers: [`Authorization: Bearer ${t}`] });
async function client(t) {
	const c = await Client.open(site);
	t.after(() => c.end());
	return c;
}
async function registered(t) {
	const c = await client(t);
	c.token = token();
	assert.equal((await c.register(c.token)).status, 200);
	return c;
}

const METHODS = ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'OPTIONS', 'UPDATE', 'PRACK', 'BYE', 'INFO', 'NOTIFY', 'FOO'];
// INFO and NOTIFY are closed by this site's script once they are let in.
const QUIET = METHODS.filter((m) => m !== 'INFO' && m !== 'NOTIFY');
const expired = () => token({ iat: now() - 600, exp: now() - 60 });

test('answers_401_to_every_method_without_a_token', async (t) => {
	const c = await registered(t);
	for (const method of ['REGISTER', ...METHODS]) {
		const answer = await refused(site, c, undefined, { status: 401, ask: () => c.ask(method) });
		assert.equal(answer.header('WWW-Authenticate').includes('error'), false, 'RFC 6750 3.1: no error where none was tried');
		assert.equal(answer.header('Proxy-Authenticate'), undefined);
	}
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200, 'and the connection stays');
});

test('answers_401_to_every_method_with_an_expired_token', async (t) => {
	const c = await registered(t);
	for (const method of ['REGISTER', ...METHODS]) {
		const old = expired();
		await refused(site, c, old, { status: 401, cause: 'token_expired', error: 'invalid_token', ask: () => c.ask(method, bearer(old)) });
	}
	assert.equal((await c.ask('MESSAGE', bearer(c.token))).status, 200, 'and the connection stays');
});

test('answers_403_and_the_end_to_every_method_with_another_users_token', async (t) => {
	for (const method of METHODS) {
		const c = await registered(t);
		const other = token({ sub: 'bob', impi: 'user2@home1.net', impu: ['sip:user2@home1.net'] });
		const answer = await refused(site, c, other, { status: 403, code: 4002, cause: 'user_changed', ask: () => c.ask(method, bearer(other)) });
		assert.equal(answer.header('WWW-Authenticate'), undefined, 'another token of his own would be no better');
	}
});

test('answers_200_to_every_method_with_another_token_of_the_same_user', async (t) => {
	const c = await registered(t);
	for (const method of QUIET) assert.equal((await c.ask(method, bearer(token()))).status, 200, method);
	assert.equal((await c.register(token())).status, 200);
});

test('answers_401_and_the_end_to_every_method_with_a_forged_token', async (t) => {
	for (const method of METHODS) {
		const c = await registered(t);
		const forged = `${c.token.slice(0, -8)}AAAAAAAA`;
		await refused(site, c, forged, { status: 401, code: 4001, error: 'invalid_token', cause: 'signature_wrong', ask: () => c.ask(method, bearer(forged)) });
	}
});

test('answers_400_to_what_cannot_be_read', async (t) => {
	const c = await registered(t);
	const one = c.token, two = token();
	const malformed = [['Authorization: Bearer'], ['Authorization: Bearer ,'], [`Authorization: Bearer ${one} ${two}`],
		['Authorization: Bearer access_token=""'], [`Authorization: Bearer access_token="${one}`], ['Proxy-Authorization: Bearer a b']];
	const repeated = [[`Authorization: Bearer ${one}`, `Authorization: Bearer ${one}`], [`Authorization: Bearer ${one}`, `Proxy-Authorization: Bearer ${one}`],
		[`Authorization: Bearer ${one}`, `Proxy-Authorization: Bearer ${two}`]];
	for (const method of ['REGISTER', 'MESSAGE', 'BYE'])
		for (const [cause, list] of [['credentials_malformed', malformed], ['credentials_repeated', repeated]])
			for (const headers of list) {
				const answer = await refused(site, c, undefined, { status: 400, cause, error: 'invalid_request', ask: () => c.ask(method, { headers }) });
				assert.match(answer.header('WWW-Authenticate'), /^Bearer realm="home1\.net"/, 'RFC 6750 3: with 400, too');
			}
	assert.equal((await c.ask('MESSAGE', bearer(one))).status, 200, 'and the connection stays');
});

test('answers_by_proxy_authorization_alone', async (t) => {
	const c = await client(t);
	const headers = [`Proxy-Authorization: Bearer ${token()}`];
	assert.equal((await c.ask('REGISTER', { headers })).status, 200);
	for (const method of QUIET) assert.equal((await c.ask(method, { headers })).status, 200, method);
	const old = expired();
	const answer = await refused(site, c, old, { status: 401, cause: 'token_expired', error: 'invalid_token', ask: () => c.ask('MESSAGE', { headers: [`Proxy-Authorization: Bearer ${old}`] }) });
	assert.equal(answer.header('Proxy-Authenticate'), undefined);
});

test('answers_by_the_bearer_among_other_schemes', async (t) => {
	const c = await client(t);
	const good = token();
	const digest = 'Digest username="user2@home1.net", realm="home1.net", nonce="x", uri="sip:home1.net", response="0"';
	for (const headers of [[`Authorization: ${digest}`, `Authorization: Bearer ${good}`], [`Authorization: Bearer ${good}`, `Authorization: ${digest}`],
		[`Authorization: Bearer ${good}`, `Proxy-Authorization: ${digest}`], [`Proxy-Authorization: Bearer ${good}`, `Authorization: Basic eDp5`],
		[`authorization : bEARER ${good}`], [`Authorization: Bearer access_token="${good}"`]]) {
		assert.equal((await c.ask('REGISTER', { headers })).status, 200, headers[0].slice(0, 30));
		assert.equal((await c.ask('MESSAGE', { headers })).status, 200);
	}
	await refused(site, c, undefined, { status: 401, ask: () => c.ask('MESSAGE', { headers: [`Authorization: ${digest}`] }) });
	await refused(site, c, undefined, { status: 401, ask: () => c.ask('REGISTER', { headers: [`Authorization: ${digest}`] }) });
});

test('answers_nothing_to_ACK_and_nothing_bad_to_CANCEL', async (t) => {
	for (const c of [await client(t), await registered(t)]) {
		for (const headers of [[], [`Authorization: Bearer ${expired()}`], ['Authorization: Bearer a.b.c'], ['Authorization: Bearer']]) {
			const n = site.sentOn(c).length, replies = c.replies.length;
			c.sendText(c.request('ACK', { headers }));
			await until('the ACK in the core', () => site.sentOn(c).slice(n).some((m) => m.startsWith('ACK ')));
			assert.equal(c.replies.length, replies, 'an ACK was answered');
			assert.equal((await c.ask('CANCEL', { headers })).status, 200);
		}
		assert.equal((await c.ask('OPTIONS', bearer(token()))).status, 200);
	}
});

test('answers_BYE_and_PRACK_of_an_unbound_connection_like_any_other', async (t) => {
	const c = await client(t);
	for (const method of ['BYE', 'PRACK']) {
		await refused(site, c, undefined, { status: 401, ask: () => c.ask(method) });
		assert.equal((await c.ask(method, bearer(token()))).status, 200);
	}
});
