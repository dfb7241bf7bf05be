// SPDX-License-Identifier: BSD-2-Clause
// one_connection: a token serves one connection, where the WWSF asks for it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Site, configOf, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

let site, n = 0;
test.before(async () => {
	site = await Site.start();
	writeFileSync(site.config, configOf(site, '[global]\nsource_failures_per_minute = 0\n').replace('client_id = shop\n', 'client_id = shop\none_connection = yes\n'));
	await site.rpc('webrtc_auth.reload');
});
test.after(() => site?.stop());

// One try at a time, until the token registers on a new connection.
const freed = (token) => until('the token to be free again', async () => {
	const next = await Client.open(site);
	const { status } = await next.register(token);
	if (status !== 200) await next.ended;
	return status === 200;
}, 15000);
const fresh = () => tokenOf(site.keys.es, claimsOf({ jti: `replay-${++n}` }));

test('replay_of_a_token_on_a_second_connection_is_refused', async () => {
	const token = fresh(), owner = await Client.open(site), thief = await Client.open(site);
	assert.equal((await owner.register(token)).status, 200);
	await refused(site, thief, token, { status: 401, code: 4001, error: 'invalid_token', cause: 'token_replayed' });
	assert.equal((await owner.register(token)).status, 200, 'the owner may refresh with it');
	const again = await Client.open(site);
	assert.equal((await again.register(fresh())).status, 200, 'another token of the same user is no replay');
});

// Whoever has an ECDSA signature can write it in a second way: n - s.
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
function respelt(token) {
	const parts = token.split('.'), sig = Buffer.from(parts[2], 'base64url');
	const s = N - BigInt(`0x${sig.toString('hex', 32)}`);
	parts[2] = Buffer.from(sig.toString('hex', 0, 32) + s.toString(16).padStart(64, '0'), 'hex').toString('base64url');
	return parts.join('.');
}

test('replay_with_the_signature_in_another_spelling_is_refused', async () => {
	const token = fresh(), owner = await Client.open(site), thief = await Client.open(site);
	assert.equal((await owner.register(token)).status, 200);
	await refused(site, thief, respelt(token), { status: 401, code: 4001, error: 'invalid_token', cause: 'token_replayed' });
	assert.equal((await owner.register(respelt(token))).status, 200);
	const late = await Client.open(site);
	await refused(site, late, token, { status: 401, code: 4001, error: 'invalid_token', cause: 'token_replayed' });
});

test('replay_ends_with_the_connection', async () => {
	const token = fresh(), first = await Client.open(site);
	assert.equal((await first.register(token)).status, 200);
	first.socket.destroy();
	await first.ended;
	await freed(token);
});

test('replay_ends_with_another_token_of_the_owner', async () => {
	const token = fresh(), owner = await Client.open(site);
	assert.equal((await owner.register(token)).status, 200);
	assert.equal((await owner.register(fresh())).status, 200);
	await freed(token);
});

test('replay_of_many_at_once_lets_one_in', async () => {
	const token = fresh();
	const clients = await Promise.all(Array.from({ length: 20 }, () => Client.open(site)));
	const statuses = await Promise.all(clients.map((c) => c.register(token).then((r) => r.status)));
	assert.equal(statuses.filter((s) => s === 200).length, 1, statuses.join(' '));
});

test('replay_is_allowed_where_the_wwsf_does_not_ask', async () => {
	const token = tokenOf(site.keys.partner, claimsOf({ iss: 'https://waf.partner.net', client_id: 'app', impi: 'a@partner.net', impu: ['sip:a@partner.net'] }));
	for (let i = 0; i < 2; i++) {
		const c = await Client.open(site, { origin: 'https://app.partner.net' });
		assert.equal((await c.register(token, { to: 'sip:a@partner.net' })).status, 200);
	}
});
