// SPDX-License-Identifier: BSD-2-Clause
// Pools and anonymous users (TS 33.203 X.4.2.3), the name of the WAF, and the
// status of identity and scope violations.
import test from 'node:test';
import assert from 'node:assert/strict';
import { configOf, Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

const POOL = 'pool = pool*@partner.net\n';
const OPEN = `${POOL}anonymous = yes\n`;

async function use(text) {
	site.writeConfig(text);
	await site.rpc('webrtc_auth.reload');
	await until('the keys', async () => await site.hasKeys('home') && site.hasKeys('partner'));
}

async function open(t, origin = 'https://app.partner.net') {
	const c = await Client.open(site, { origin });
	assert.equal(c.status, 101);
	t.after(() => c.end());
	return c;
}

const partner = (user, more) => tokenOf(site.keys.partner, claimsOf({ iss: 'https://waf.partner.net', client_id: 'app',
	impi: `${user}@partner.net`, impu: `sip:${user}@partner.net`, ...more }));
const to = (user) => ({ to: `sip:${user}@partner.net` });
// impi, third_party, entity as the script sees them
async function seen(c, token, user) {
	assert.equal((await c.register(token, to(user))).status, 200);
	const f = /X-Wauth: (.*)\r\n/.exec(site.sentOn(c).at(-1))[1].split('|');
	return { impi: f[2], third: f[6], entity: f[7] };
}

for (const [rule, pool, elsewhere] of [['third-party', '<null>', 'waf@partner.net'], ['always', 'waf@partner.net', 'waf@partner.net'], ['never', '<null>', '<null>']]) {
	test(`policy_entity_${rule}_for_the_own_pool_and_elsewhere`, async (t) => {
		await use(configOf(site, OPEN).replace('waf = waf@partner.net', `waf = waf@partner.net\nentity = ${rule}`));
		const c = await open(t);
		assert.deepEqual(await seen(c, partner('pool1'), 'pool1'), { impi: 'pool1@partner.net', third: '1', entity: pool });
		const d = await open(t);
		assert.deepEqual(await seen(d, partner('bob'), 'bob'), { impi: 'bob@partner.net', third: '1', entity: elsewhere });
	});
}

test('policy_without_a_pool_the_waf_is_named', async (t) => {
	await use(configOf(site));
	assert.equal((await seen(await open(t), partner('pool1'), 'pool1')).entity, 'waf@partner.net');
});

for (const [what, sub] of [['no sub', undefined], ['the client as sub', 'app']]) {
	const name = what.replace(/\W+/g, '_');
	test(`policy_anonymous_${name}_gets_a_pool_identity`, async (t) => {
		await use(configOf(site, OPEN));
		assert.equal((await seen(await open(t), partner('pool1', { sub }), 'pool1')).entity, '<null>');
	});
	test(`policy_anonymous_${name}_gets_no_other_identity`, async (t) => {
		await use(configOf(site, OPEN));
		await refused(site, await open(t), partner('bob', { sub }), { status: 403, code: 4002, cause: 'user_absent', ...to('bob') });
	});
	test(`policy_anonymous_${name}_is_refused_where_users_are_asked_for`, async (t) => {
		await use(configOf(site, POOL));
		await refused(site, await open(t), partner('pool1', { sub }), { status: 403, code: 4002, cause: 'user_absent', ...to('pool1') });
	});
}

const scope = () => tokenOf(site.keys.es, claimsOf({ scope: 'openid' }));
const impi = () => tokenOf(site.keys.es, claimsOf({ impi: 'user1@elsewhere.net' }));

test('policy_identity_status_403_is_the_default', async (t) => {
	await use(configOf(site));
	const a = await refused(site, await open(t, 'https://shop.example'), impi(), { status: 403, code: 4002, cause: 'impi_refused' });
	assert.equal(a.header('WWW-Authenticate'), undefined);
	await refused(site, await open(t, 'https://shop.example'), scope(), { status: 403, code: 4005, cause: 'scope_too_small', error: 'insufficient_scope' });
});

test('policy_identity_status_401_says_why_in_the_challenge', async (t) => {
	await use(`[global]\nidentity_status = 401\n${configOf(site)}`);
	await refused(site, await open(t, 'https://shop.example'), impi(), { status: 401, code: 4002, cause: 'impi_refused', error: 'invalid_token' });
	await refused(site, await open(t, 'https://shop.example'), scope(), { status: 401, code: 4005, cause: 'scope_too_small', error: 'insufficient_scope' });
	// Other families keep their status.
	const wrong = await open(t, 'https://shop.example');
	await refused(site, wrong, partner('bob'), { status: 403, code: 4004, cause: 'wwsf_wrong' });
});
