// SPDX-License-Identifier: BSD-2-Clause
// A new partner without a restart; a bad file changes nothing.
import test from 'node:test';
import assert from 'node:assert/strict';
import { configOf, Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

const third = (s) => `
[issuer:third]
iss = https://waf.third.net
jwks = ${s.waf.url}
jwks_ca_file = ${s.ca.caFile}
aud = epcscf
waf = waf@third.net
domain = third-party

[wwsf:third]
origin = https://third.example
issuer = third
client_id = third
impi = *@third.net
impu = sip:*@third.net
`;

test('reload_adds_a_partner_and_touches_no_connection', async (t) => {
	const old = await Client.open(site);
	t.after(() => old.end());
	assert.equal((await old.register(tokenOf(site.keys.es))).status, 200);
	const stranger = await Client.open(site, { origin: 'https://third.example' });
	assert.equal(stranger.status, 403);
	site.writeConfig(configOf(site, third(site)));
	assert.match(await site.rpc('webrtc_auth.reload'), /^generation 2$/);
	await until('the keys', () => site.hasKeys('third'));
	const fresh = await Client.open(site, { origin: 'https://third.example' });
	t.after(() => fresh.end());
	assert.equal(fresh.status, 101);
	const token = tokenOf(site.keys.es, claimsOf({ iss: 'https://waf.third.net', client_id: 'third', impi: 'x@third.net', impu: 'sip:x@third.net' }));
	assert.equal((await fresh.register(token, { to: 'sip:x@third.net' })).status, 200);
	assert.equal((await old.register(tokenOf(site.keys.es))).status, 200);
});

for (const [what, text, line, word] of [
	['an unknown key', (s) => `${configOf(s)}nonsense = 1\n`, (t) => t.split('\n').length - 1, /nonsense/],
	['a section nobody knows', (s) => `[what:ever]\n${configOf(s)}`, () => 1, /./],
	['a WWSF of an unknown issuer', (s) => configOf(s).replace('issuer = partner', 'issuer = parnter'), (t) => t.split('\n').indexOf('[wwsf:partner]') + 1, /issuer/],
	['an empty file', () => '', undefined, /./],
]) {
	test(`reload_refuses_${what.replace(/\W+/g, '_')}_and_keeps_the_old`, async (t) => {
		const before = (await site.stats()).generation;
		const bad = text(site);
		site.writeConfig(bad);
		const error = await site.rpc('webrtc_auth.reload').then(() => undefined, (e) => e);
		assert.ok(error, 'it was taken');
		assert.match(error.message, /^line \d+: /);
		if (line) assert.equal(Number(/^line (\d+)/.exec(error.message)[1]), line(bad), error.message);
		assert.match(error.message, word);
		assert.equal((await site.stats()).generation, before);
		const c = await Client.open(site);
		t.after(() => c.end());
		assert.equal((await c.register(tokenOf(site.keys.es))).status, 200);
	});
}

test('reload_file_gone', async () => {
	const { rmSync } = await import('node:fs');
	rmSync(site.config);
	await assert.rejects(site.rpc('webrtc_auth.reload'), /cannot open/);
	site.writeConfig(configOf(site));
	await site.rpc('webrtc_auth.reload');
});

test('reload_start_is_refused_with_the_line', async () => {
	const { spawnSync } = await import('node:child_process');
	const good = site.readConfig();
	site.writeConfig(`${good}oops\n`);
	// It gives up in mod_init, before it would want the ports.
	const r = spawnSync('kamailio', ['-DD', '-E', '-f', site.cfg, '-Y', site.dir], { encoding: 'utf8', timeout: 10000 });
	site.writeConfig(good);
	const all = r.stdout + r.stderr;
	assert.equal(r.error, undefined, 'it started');
	assert.notEqual(r.status, 0);
	assert.ok(all.includes(`${site.config}, line ${good.split('\n').length}: `), all);
	assert.ok(!all.includes('already in use'), all);
});
