// SPDX-License-Identifier: BSD-2-Clause
// The commands as kamcmd prints them: complete, and without a secret.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Site } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

test('rpc_keys', () => {
	const text = site.kamcmd('webrtc_auth.keys');
	for (const word of ['issuer: home', `source: ${site.waf.url}`, 'kid: es-1', 'alg: ES256', 'kid: rs-1', 'alg: RS256', 'state: usable', 'last_error: -', 'issuer: partner', 'kid: p-1'])
		assert.ok(text.includes(word), `${word} in\n${text}`);
	assert.ok(!text.includes(site.keys.es.jwk.x));
});

test('rpc_conns_and_stats_have_no_token', async (t) => {
	const c = await Client.open(site);
	t.after(() => c.end());
	const token = tokenOf(site.keys.es);
	assert.equal((await c.register(token)).status, 200);
	const text = site.kamcmd('webrtc_auth.conns') + site.kamcmd('webrtc_auth.stats');
	for (const word of ['wwsf: shop', 'state: authenticated', 'binding: -', 'connections: 1', 'ok: 1'])
		assert.ok(text.includes(word), `${word} in\n${text}`);
	for (const part of token.split('.')) assert.ok(!text.includes(part));
	const second = await Client.open(site);
	t.after(() => second.end());
	const count = (...args) => site.kamcmd('webrtc_auth.conns', ...args).split('\n').filter((l) => l.includes('conid')).length;
	assert.deepEqual([count(), count('1')], [2, 1]);
});

test('rpc_reload_and_refresh', () => {
	assert.match(site.kamcmd('webrtc_auth.reload'), /^generation 2, changed: nothing$/m);
	assert.doesNotMatch(site.kamcmd('webrtc_auth.refresh'), /error/);
	assert.doesNotMatch(site.kamcmd('webrtc_auth.refresh', 'home'), /error/);
	assert.match(site.kamcmd('webrtc_auth.refresh', 'nobody'), /404/);
	const good = site.readConfig();
	site.writeConfig(good.replace('aud = epcscf', 'aud ='));
	const text = site.kamcmd('webrtc_auth.reload');
	site.writeConfig(good);
	assert.match(text, /400 - line \d+: /);
});
