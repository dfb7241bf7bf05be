// SPDX-License-Identifier: BSD-2-Clause
// A new partner without a restart; a bad file changes nothing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import assert from 'node:assert/strict';
import { configOf, Site, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { refused } from './support/refused.mjs';
import { claimsOf, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site?.stop());

const third = (s) => `
[issuer:third]
iss = https://waf.third.net
jwks = ${s.waf.url}
ca_file = ${s.ca.caFile}
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
	assert.equal(await site.rpc('webrtc_auth.reload'), 'generation 2, changed: issuers: +third; wwsfs: +third');
	await until('the log to say so', () => site.log.includes('configuration reloaded, generation 2, changed: issuers: +third; wwsfs: +third'));
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
	['a pool that is not its own', (s) => configOf(s, '[wwsf:lender]\norigin = https://l.example\nissuer = home\nclient_id = l\nimpi = pool*@home1.net\nimpu = *\npool = pool*@home1.net\n'),
		(t) => t.split('\n').indexOf('[wwsf:lender]') + 1, /lender: pool pool\*@home1\.net overlaps impi \*@home1\.net of wwsf shop$/],
	['two pools that overlap', (s) => configOf(s, 'pool = x*@partner.net\n[wwsf:lender]\norigin = https://l.example\nissuer = home\nclient_id = l\nimpi = *@partner.net\nimpu = *\npool = *1@partner.net\n'),
		(t) => t.split('\n').indexOf('[wwsf:lender]') + 1, /lender: pool \*1@partner\.net overlaps pool x\*@partner\.net of wwsf partner$/],
	['a map without its table file', (s) => `${configOf(s)}[map:m]\ntable = ${s.dir}/nothing.map\n`, (t) => t.split('\n').indexOf('[map:m]') + 1, /m: table \/.*nothing\.map: No such file/],
	['a table that is a directory', (s) => `${configOf(s)}[map:m]\ntable = ${s.dir}\n`, (t) => t.split('\n').indexOf('[map:m]') + 1, /not a regular file/],
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

const tableOf = (s) => join(s.dir, 'users.map');
const mapped = (s) => configOf(s).replace('domain = operator\n', `domain = operator\nmap = users\n`) + `
[map:users]
table = ${tableOf(s)}
`;
const bare = (sub) => { const claims = claimsOf({ sub }); delete claims.impi; delete claims.impu; return claims; };

test('reload_bad_table_is_refused_with_its_line', async (t) => {
	writeFileSync(tableOf(site), 'alice, user1@home1.net, sip:user1@home1.net\n');
	site.writeConfig(configOf(site));
	await site.rpc('webrtc_auth.reload');
	site.writeConfig(mapped(site));
	assert.match(await site.rpc('webrtc_auth.reload'), /^generation \d+, changed: issuers: ~home; maps: \+users$/);
	await until('the keys', () => site.hasKeys('home'));
	const before = (await site.stats()).generation;
	for (const [text, line, says] of [
		['# one\nalice, user1@home1.net, sip:user1@home1.net\nbob, user2@home1.net\n', 3, 'expected key, IMPI, IMPU'],
		['alice, user1@home1.net, sip:user1@home1.net\nalice, user2@home1.net, sip:user2@home1.net\n', 2, 'key is repeated'],
		['alice, user1, sip:user1@home1.net\n', 1, 'IMPI is not well-formed'],
	]) {
		writeFileSync(tableOf(site), text);
		const at = site.readConfig().split('\n').indexOf('[map:users]') + 1;
		const error = await site.rpc('webrtc_auth.reload').then(() => undefined, (e) => e);
		assert.equal(error?.message, `line ${at}: users: table ${tableOf(site)}: line ${line}: ${says}`);
	}
	assert.equal((await site.stats()).generation, before);
	// The old table goes on working, the new one replaces it.
	const c = await Client.open(site);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(site.keys.es, bare('alice')))).status, 200);
	writeFileSync(tableOf(site), 'bob, user2@home1.net, sip:user2@home1.net\n');
	assert.match(await site.rpc('webrtc_auth.reload'), /^generation \d+, changed: maps: ~users$/);
	const d = await Client.open(site);
	t.after(() => d.end());
	assert.equal((await d.register(tokenOf(site.keys.es, bare('bob')), { to: 'sip:user2@home1.net' })).status, 200);
	await refused(site, c, tokenOf(site.keys.es, bare('alice')), { status: 403, code: 4002, cause: 'mapping_missing' });
});

test('reload_many_times_takes_no_memory', async (t) => {
	writeFileSync(tableOf(site), Array.from({ length: 5000 }, (_, i) => `sub${i}, u${i}@home1.net, sip:u${i}@home1.net\n`).join(''));
	site.writeConfig(mapped(site));
	const used = [];
	// The module's own share: what Kamailio keeps of a connection is not ours.
	const own = () => Number(/Total: (\d+)/.exec(site.kamcmd('mod.stats', 'webrtc_auth', 'shm'))[1]);
	const atFirst = own(); // most of it tables of a fixed size
	for (let i = 0; i < 24; i++) {
		await site.rpc('webrtc_auth.reload');
		// Every worker takes the new one up, and lets the old one go.
		const some = await Promise.all([1, 2, 3, 4].map(() => Client.open(site)));
		for (const c of some) await c.register(tokenOf(site.keys.es, bare('sub1')), { to: 'sip:u1@home1.net' });
		for (const c of some) c.end();
		if (i % 6 === 5) await until('the connections to end', async () => (await site.stats()).connections === 0);
		used.push(own() - atFirst);
	}
	// Old tables are held by processes that have not looked since: a table is
	// 300 kB, and a handful of processes look at all.
	assert.ok(used[0] > 250_000 && Math.max(...used.slice(6)) < 8 * 330_000, `${used}`);
	assert.ok(Math.min(...used.slice(-6)) < Math.min(...used.slice(0, 6)) + 330_000, `${used}`);
	site.writeConfig(configOf(site));
	assert.match(await site.rpc('webrtc_auth.reload'), /changed: issuers: ~home; maps: -users$/);
	await until('the keys', () => site.hasKeys('home'));
});

test('reload_without_the_wwsf_of_a_live_connection', async (t) => {
	site.writeConfig(configOf(site));
	await site.rpc('webrtc_auth.reload');
	await until('the keys', () => site.hasKeys('home'));
	const claims = () => claimsOf({ iss: 'https://waf.partner.net', client_id: 'app', impi: 'x@partner.net', impu: 'sip:x@partner.net' });
	const token = tokenOf(site.keys.partner, claims());
	const gone = await Client.open(site, { origin: 'https://app.partner.net' });
	const kept = await Client.open(site);
	t.after(() => { gone.end(); kept.end(); });
	assert.equal((await gone.register(token, { to: 'sip:x@partner.net' })).status, 200);
	assert.equal((await kept.register(tokenOf(site.keys.es))).status, 200);
	const before = (await site.stats()).connections;
	site.writeConfig(configOf(site).replace(/\[wwsf:partner\][^]*$/, ''));
	assert.match(await site.rpc('webrtc_auth.reload'), /^generation \d+, changed: wwsfs: -partner$/);
	assert.equal((await site.stats()).connections, before);
	assert.ok((await site.rpc('webrtc_auth.conns')).some((c) => c.wwsf === 'partner' && c.state === 'authenticated'));
	// Nobody else gets in, and the next REGISTER is refused.
	assert.equal((await Client.open(site, { origin: 'https://app.partner.net' })).status, 403);
	assert.equal((await kept.register(tokenOf(site.keys.es))).status, 200);
	await refused(site, gone, tokenOf(site.keys.partner, claims()), { status: 403, code: 4004, cause: 'wwsf_unknown', to: 'sip:x@partner.net' });
	site.writeConfig(configOf(site));
	assert.match(await site.rpc('webrtc_auth.reload'), /changed: wwsfs: \+partner$/);
});

test('reload_nothing_changed_and_shared_patterns_are_said', async () => {
	assert.match(await site.rpc('webrtc_auth.reload'), /^generation \d+, changed: nothing$/);
	assert.match(site.kamcmd('webrtc_auth.reload'), /^generation \d+, changed: nothing\n$/);
	assert.ok(!site.log.includes('may use the same IMPIs'));
	site.writeConfig(configOf(site).replace('impi = *@partner.net', 'impi = *@partner.net, *user@home1.net'));
	assert.match(await site.rpc('webrtc_auth.reload'), /changed: wwsfs: ~partner$/);
	await until('the notice', () => site.log.includes('wwsfs that may use the same IMPIs: shop and partner'));
	assert.equal(site.log.split('may use the same IMPIs').length, 2);
	site.writeConfig(configOf(site));
	await site.rpc('webrtc_auth.reload');
});

test('reload_file_gone', async () => {
	const { rmSync } = await import('node:fs');
	rmSync(site.config);
	await assert.rejects(site.rpc('webrtc_auth.reload'), /cannot open/);
	site.writeConfig(configOf(site));
	await site.rpc('webrtc_auth.reload');
});

test('reload_start_is_refused_with_the_line_of_a_table', async () => {
	const { spawnSync } = await import('node:child_process');
	const good = site.readConfig();
	writeFileSync(tableOf(site), 'alice, user1@home1.net, sip:user1@home1.net\nbob\n');
	site.writeConfig(mapped(site));
	const r = spawnSync('kamailio', ['-DD', '-E', '-f', site.cfg, '-Y', site.dir], { encoding: 'utf8', timeout: 10000 });
	site.writeConfig(good);
	assert.notEqual(r.status, 0);
	assert.ok((r.stdout + r.stderr).includes(`users: table ${tableOf(site)}: line 2: expected key, IMPI, IMPU`), r.stdout + r.stderr);
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
