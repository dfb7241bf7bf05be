// SPDX-License-Identifier: BSD-2-Clause
// What is revoked: who is not let in, who is thrown out, what a restart keeps.
import test from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Site, sleep, until } from './support/site.mjs';
import { Client } from './support/client.mjs';
import { claimsOf, now, tokenOf } from './support/waf.mjs';

let site;
test.before(async () => {
	site = await Site.start({ params: 'modparam("webrtc_auth", "max_revoked", 50)' });
});
test.after(() => site?.stop());

const token = (more) => tokenOf(site.keys.es, claimsOf(more));
const revoke = (...args) => site.rpc('webrtc_auth.revoke', ...args);
const unrevoke = (...args) => site.rpc('webrtc_auth.unrevoke', ...args);

async function client(t, text) {
	const c = await Client.open(site);
	t.after(() => c.end());
	if (text) assert.equal((await c.register(text)).status, 200);
	return c;
}

async function refused(t, text, cause) {
	const before = (await site.stats())[cause] ?? 0;
	const c = await client(t);
	const answer = await c.register(text);
	assert.equal(answer.status, 403);
	assert.equal((await c.closed).code, 4003);
	await c.ended;
	assert.equal((await site.stats())[cause], before + 1, cause);
}

const kinds = [
	['jti', 'home/j/1', 'token_revoked'], ['sub', 'home/alice', 'user_revoked'], ['sid', 'home/s 1', 'token_revoked'],
	['impi', 'user1@home1.net', 'user_revoked'], ['impu', 'sip:alias1@HOME1.NET:5060;user=phone', 'user_revoked'],
	['wwsf', 'shop', 'wwsf_revoked'], ['waf', 'waf@home1.net', 'waf_revoked'], ['issuer', 'home', 'issuer_revoked'],
];
for (const [kind, value, cause] of kinds) {
	test(`revoke_${kind}_closes_and_refuses_until_lifted`, async (t) => {
		const text = token({ jti: 'j/1', sid: 's 1' });
		const c = await client(t, text);
		const from = Date.now();
		const said = await revoke(kind, value, 60);
		assert.ok(said.connections >= 1);
		assert.ok(Math.abs(said.until - now() - 60) <= 1);
		const end = await c.closed;
		assert.equal(end.code, 4003);
		assert.ok(end.at - from < 1000, `${end.at - from} ms`);
		await c.ended;
		await refused(t, text, cause);
		const [entry] = await site.rpc('webrtc_auth.revoked');
		assert.equal(entry.kind, kind);
		assert.equal(entry.by, 'rpc');
		assert.equal(entry.issued, -1);
		assert.ok(entry.seconds_left > 50 && entry.seconds_left <= 60);
		assert.deepEqual((await unrevoke(kind, value)).lifted, 1);
		assert.deepEqual(await site.rpc('webrtc_auth.revoked'), []);
		await client(t, text);
	});
}

test('revoke_nobody_else', async (t) => {
	const c = await client(t, token({ jti: 'mine', sid: 'mine' }));
	for (const [kind, value] of [['jti', 'home/other'], ['jti', 'partner/mine'], ['sub', 'partner/alice'], ['sub', 'home/alic'], ['sid', 'home/MINE'],
		['impi', 'user2@home1.net'], ['impu', 'sips:user1@home1.net'], ['wwsf', 'partner'], ['waf', 'waf@home1.ne'], ['issuer', 'partner']])
		assert.equal((await revoke(kind, value, 2)).connections, 0, `${kind} ${value}`);
	assert.equal((await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${token({ jti: 'mine' })}`] })).status, 200);
	await until('the end of them', async () => (await site.rpc('webrtc_auth.revoked')).length === 0);
});

test('revoke_ends_by_itself', async (t) => {
	const text = token({ sub: 'short' });
	await revoke('sub', 'home/short', 1);
	await refused(t, text, 'user_revoked');
	await sleep(2100);
	await client(t, text);
});

test('revoke_issued_covers_the_older_ones', async (t) => {
	const iat = now();
	const old = await client(t, token({ sub: 'iat', iat: iat - 60 }));
	const fresh = await client(t, token({ sub: 'iat', iat }));
	assert.equal((await revoke('sub', 'home/iat', 60, iat - 1)).connections, 1);
	assert.equal((await old.closed).code, 4003);
	assert.equal((await fresh.ask('MESSAGE', { headers: [`Authorization: Bearer ${token({ sub: 'iat', iat })}`] })).status, 200);
	await refused(t, token({ sub: 'iat', iat: iat - 1 }), 'user_revoked');
	assert.equal((await revoke('sub', 'home/iat', 60, 'now')).connections, 1);
	assert.equal((await fresh.closed).code, 4003);
	await unrevoke('sub', 'home/iat');
});

test('revoke_another_token_of_a_request', async (t) => {
	const c = await client(t, token({ jti: 'first' }));
	await revoke('jti', 'home/second', 60);
	const answer = await c.ask('MESSAGE', { headers: [`Authorization: Bearer ${token({ jti: 'second' })}`] });
	assert.equal(answer.status, 403);
	assert.equal((await c.closed).code, 4003);
	await unrevoke('jti', 'home/second');
});

test('revoke_is_said_wrong', async () => {
	const bad = async (code, ...args) => assert.rejects(revoke(...args), { code }, args.join(' '));
	await bad(400);
	await bad(400, 'jti');
	await bad(400, 'user', 'x');
	await bad(400, 'logout', 'home/x');
	await bad(400, 'jti', 'x');
	await bad(400, 'jti', 'home/');
	await bad(400, 'jti', '/x');
	await bad(404, 'sub', 'nobody/x');
	await bad(404, 'issuer', 'nobody');
	await bad(404, 'wwsf', 'nobody');
	await bad(400, 'impu', 'not a uri');
	await bad(400, 'impi', 'x'.repeat(513));
	await bad(400, 'impi', 'x', 0);
	await bad(400, 'impi', 'x', 315360001);
	await bad(400, 'impi', 'x', 60, 'yesterday');
	await assert.rejects(unrevoke('impi', 'x'), { code: 404 });
	assert.deepEqual(await site.rpc('webrtc_auth.revoked'), []);
});

test('revoke_as_kamcmd_says_it', () => {
	assert.match(site.kamcmd('webrtc_auth.revoke', 'impi', 'k@home1.net', '60', '1700000000'), /connections: 0/);
	assert.match(site.kamcmd('webrtc_auth.revoked'), /kind: impi[^]*value: k@home1.net[^]*issued: 1700000000/);
	assert.match(site.kamcmd('webrtc_auth.unrevoke', 'impi', 'k@home1.net'), /lifted: 1/);
	assert.match(site.kamcmd('webrtc_auth.revoke', 'jti', 'home/12345', '1'), /connections: 0/);
});

test('revoke_list_is_bounded_and_paged', async () => {
	await until('an empty list', async () => (await site.rpc('webrtc_auth.revoked')).length === 0);
	let n = 0, full;
	for (; !full && n < 60; n++) await revoke('jti', `home/${n}`, 3).catch((e) => { full = e; });
	assert.equal(full?.code, 507);
	const all = await site.rpc('webrtc_auth.revoked', 0, 1000);
	assert.equal(all.length, n - 1);
	const paged = [];
	for (let from = 0; from < n; from += 7) paged.push(...await site.rpc('webrtc_auth.revoked', from, 7));
	assert.deepEqual(paged.map((e) => e.value).sort(), all.map((e) => e.value).sort());
	await sleep(4200);
	await revoke('jti', 'home/again', 1);
	for (const part of all.map((e) => e.value)) await assert.rejects(unrevoke('jti', `home/${part}`), { code: 404 });
});

// Everything that is kept, over the whole way to the disk.
test('revoke_survives_a_kill', { timeout: 60000 }, async (t) => {
	const file = (s) => join(s.dir, 'revoked');
	let own;
	const start = () => Site.start({ ports: { wss: 8444, rpc: 8081, sip: 5062, core: 5072, waf: 9444 }, pairs: site.keys,
		edit: (text, s) => `${text}\nmodparam("webrtc_auth", "revoked_file", "${file(s)}")\n` });
	own = await start();
	t.after(() => own.stop());
	const kill = async () => {
		const pids = (await own.rpc('core.psx')).map((p) => p.PID);
		const said = own.kamcmd('webrtc_auth.revoke', 'sub', 'home/killed', '600');
		for (const pid of pids) process.kill(pid, 'SIGKILL');
		assert.match(said, /saved: 1/);
		await own.exited;
	};
	assert.match(own.kamcmd('webrtc_auth.revoke', 'impu', 'sip:a%20b@home1.net', '600', 'now'), /saved: 1/);
	assert.match(own.kamcmd('webrtc_auth.revoke', 'sid', 'home/a b%\u00e9', '600'), /saved: 1/);
	assert.match(own.kamcmd('webrtc_auth.revoke', 'impi', 'lifted', '600'), /saved: 1/);
	assert.match(own.kamcmd('webrtc_auth.unrevoke', 'impi', 'lifted'), /saved: 1/);
	assert.match(own.kamcmd('webrtc_auth.revoke', 'impi', 'soon', '1'), /saved: 1/);
	// Over HTTP a SIP worker answers, which waits for no disk.
	assert.equal((await own.rpc('webrtc_auth.revoke', 'impi', 'soon', 1)).saved, 0);
	await kill();
	const text = readFileSync(file(own), 'utf8');
	assert.match(text, /^# webrtc_auth revoked 1\n/);
	assert.match(text, /\nend 5\n$/);
	assert.ok(!existsSync(`${file(own)}.new`));
	await sleep(2100); // whole seconds, and the last one counts
	await own.kamailio();
	const list = await own.rpc('webrtc_auth.revoked');
	assert.deepEqual(list.map((e) => `${e.kind} ${e.value} ${e.by}`).sort(), ['impu sip:a%2520b@home1.net file', 'sid a%20b%25%C3%A9 file', 'sub killed file']);
	await until('the keys', () => own.hasKeys('home'));
	const c = await Client.open(own);
	t.after(() => c.end());
	assert.equal((await c.register(tokenOf(own.keys.es, claimsOf({ sub: 'killed' })))).status, 403);
	assert.equal((await c.closed).code, 4003);
	await kill();
	// Any damage keeps Kamailio from starting, and says where.
	const good = readFileSync(file(own), 'utf8'), lines = good.split('\n');
	const broken = [
		[good.slice(0, -1), /line \d+: cut off/], [lines.slice(0, -2).join('\n') + '\n', /line \d+: cut off/], ['', /line 1: cut off/],
		[good.replace(/end \d+/, 'end 1'), /the number of entries is another/], [lines.filter((_, i) => i !== 1).join('\n'), /the number of entries is another/],
		[good + 'x\n', /something behind the end/], [good.replace('sub home', 'sup home'), /line \d+: not an entry/],
		[good.replace(/\n/, ' \n'), /line 1: not a list/], [good.replace('killed', 'kill\u0000ed'), /not an entry/], [good.replace(/\d{10} \*/, '99 99 *'), /not an entry/],
	];
	for (const [damaged, why] of broken) {
		writeFileSync(file(own), damaged);
		own.log = '';
		await assert.rejects(own.kamailio(), /Kamailio ended/);
		assert.match(own.log, why);
		assert.match(own.log, /revoked_file .*, line \d+/);
	}
	writeFileSync(file(own), good);
	own.log = '';
	await own.kamailio();
	assert.equal((await own.rpc('webrtc_auth.revoked')).length, 3);
});

test('revoke_file_that_cannot_be_written_is_said', async (t) => {
	const own = await Site.start({ ports: { wss: 8444, rpc: 8081, sip: 5062, core: 5072, waf: 9444 }, wafUp: false,
		edit: (text, s) => `${text}\nmodparam("webrtc_auth", "revoked_file", "${s.dir}/absent/revoked")\n` });
	t.after(() => own.stop());
	assert.match(own.kamcmd('webrtc_auth.revoke', 'impi', 'x', '600'), /saved: 0/);
	assert.ok((await own.stats()).revoked_file_failed > 0);
	assert.match(own.log, /cannot be written/);
});

test('revoke_leaves_no_shared_memory_behind', { timeout: 60000 }, async (t) => {
	const site = await Site.start({ ports: { wss: 8444, rpc: 8081, sip: 5062, core: 5072, waf: 9444 }, params: 'modparam("webrtc_auth", "max_revoked", 50)' });
	t.after(() => site.stop());
	const own = () => site.rpc('mod.stats', 'webrtc_auth', 'shm').then((l) => l.find((x) => typeof x === 'object').Total);
	const round = async () => {
		const all = await Promise.all(Array.from({ length: 20 }, () => Client.open(site)));
		await Promise.all(all.map((c, i) => c.register(tokenOf(site.keys.es, claimsOf({ sub: 'many', jti: `${randomUUID()}-${i}` })))));
		await site.rpc('webrtc_auth.revoke', 'sub', 'home/many', 1);
		for (const c of all) { assert.equal((await c.closed).code, 4003); await c.ended; }
		await until('an empty table', async () => (await site.stats()).connections === 0, 15000);
		await until('an empty list', async () => (await site.stats()).revoked_entries === 0, 15000);
	};
	await round();
	const before = await own();
	for (let i = 0; i < 3; i++) await round();
	assert.equal(await own(), before);
});
