// SPDX-License-Identifier: BSD-2-Clause
// What the eP-CSCF answers to a core's challenges, and what it does not
// (modparam core=digest). The registrar is a script that computes the digests.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseChallenge } from '../../lab/numbers/digest.mjs';
import { answer } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { Site, until } from '../tna_register/support/site.mjs';

const REALM = 'home1.net', URI = 'sip:registrar.home1.net';
const H = { MD5: (t) => createHash('md5').update(t).digest('hex'), 'SHA-256': (t) => createHash('sha256').update(t).digest('hex') };
const impiOf = (user) => `${user}_private@home1.net`;
const ha1 = (hash, user, password) => H[hash](`${impiOf(user)}:${REALM}:${password}`);
const POOL = 'shared: secret of the pool';
const FILE = ['# passwords', `${impiOf('both')}:${REALM}:${ha1('MD5', 'both', 'pw')}`, `${impiOf('both')}:${REALM}:${ha1('SHA-256', 'both', 'pw').toUpperCase()}`,
	`${impiOf('plain')}:${REALM}:${ha1('MD5', 'plain', 'pw')}`, '', `pool*_private@home1.net:${REALM}:password:${POOL}`,
	`${impiOf('elsewhere')}:other.net:${H.MD5(`${impiOf('elsewhere')}:other.net:pw`)}`, ''].join('\n');

let site;
test.before(async () => {
	site = await Site.start({ answer: true, files: { credentials: FILE }, params: `
modparam("tna_register", "core", "digest")
modparam("tna_register", "credentials", "DIR/credentials")
modparam("tna_register", "core_integrity", "tls-yes")` });
});
test.after(() => site.stop());
test.afterEach(() => { delete site.registrar; });

// A registrar that wants a digest; `good` counts the right ones.
function registrar({ password = 'pw', challenge = {}, lines, stale = 0, status = 401 }) {
	const proxy = status === 407;
	const r = { seen: [], good: 0, nonces: [] };
	const ask = (req, more = '') => {
		r.nonces.push(randomBytes(12).toString('base64'));
		const c = { realm: REALM, nonce: r.nonces.at(-1), qop: 'auth,auth-int', ...challenge };
		const own = `Digest ${Object.entries(c).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}=${['algorithm', 'stale'].includes(k) ? v : `"${v}"`}`).join(', ')}${more}`;
		return answer(req, status, { tag: 'x', more: (lines?.(own) ?? [own]).map((l) => `${proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate'}: ${l}`) });
	};
	site.registrar = (req) => {
		const header = req.get(proxy ? 'Proxy-Authorization' : 'Authorization');
		const d = header ? parseChallenge(header) : {};
		r.seen.push(req);
		if (!d.response) return ask(req);
		const h = H[(d.algorithm ?? 'MD5').replace('-sess', '')];
		let a1 = h(`${d.username}:${d.realm}:${password}`);
		if (/-sess$/.test(d.algorithm ?? '')) a1 = h(`${a1}:${d.nonce}:${d.cnonce}`);
		const a2 = h(`REGISTER:${d.uri}`);
		const want = d.qop ? h(`${a1}:${d.nonce}:${d.nc}:${d.cnonce}:${d.qop}:${a2}`) : h(`${a1}:${d.nonce}:${a2}`);
		if (d.nonce !== r.nonces.at(-1) || d.uri !== URI || want !== d.response) return ask(req);
		if (stale-- > 0) return ask(req, ', stale=true');
		r.good += 1;
		return Site.prototype.registrar.call(site, req);
	};
	return r;
}

async function page(t, user) {
	const p = await Page.open(site, { user });
	t.after(() => p.drop());
	return p;
}

const hidden = (r) => {
	assert.equal(r.status, 500, r.text);
	assert.doesNotMatch(r.text, /Digest|nonce|Authenticate/i);
};

for (const [what, user, options, check] of [
	['md5', 'plain', {}, (d) => { assert.equal(d.algorithm, undefined); assert.equal(d.qop, 'auth'); assert.equal(d.nc, '00000001'); }],
	['md5_named', 'plain', { challenge: { algorithm: 'MD5', opaque: 'o"p'.replace('"', '') } }, (d) => { assert.equal(d.algorithm, 'MD5'); assert.equal(d.opaque, 'op'); }],
	['md5_sess', 'plain', { challenge: { algorithm: 'MD5-sess' } }, (d) => assert.equal(d.algorithm, 'MD5-sess')],
	['sha_256', 'both', { challenge: { algorithm: 'SHA-256' } }, (d) => assert.equal(d.response.length, 64)],
	['no_qop', 'plain', { challenge: { qop: undefined } }, (d) => { assert.equal(d.qop, undefined); assert.equal(d.cnonce, undefined); }],
	['pool', 'pool7', { password: POOL, challenge: { algorithm: 'SHA-256' } }, (d) => assert.equal(d.username, impiOf('pool7'))],
	['first_of_several', 'both', { lines: (own) => ['Digest realm="other.net", nonce="1"', 'Digest realm="home1.net", nonce="2", algorithm=AKAv1-MD5',
		'Bearer realm="home1.net"', own, 'Digest realm="home1.net", nonce="3", algorithm=SHA-256'] }, (d) => assert.equal(d.algorithm, undefined)],
	['the_one_there_is_a_password_for', 'plain', { lines: (own) => ['Digest realm="home1.net", nonce="3", algorithm=SHA-256', own] }, (d) => assert.equal(d.algorithm, undefined)],
])
	test(`answer_${what}`, async (t) => {
		const p = await page(t, user);
		const r = registrar(options);
		const ok = await p.register();
		assert.equal(ok.status, 200, ok.text);
		assert.equal(r.good, 1);
		assert.equal(r.seen.length, 2);
		const [first, second] = r.seen;
		assert.deepEqual(first.all('Authorization'), [`Digest username="${impiOf(user)}", realm="home1.net", nonce="", uri="${URI}", response=""`]);
		assert.equal(second.all('Authorization').length, 1);
		const d = parseChallenge(second.get('Authorization'));
		assert.equal(d['integrity-protected'], 'tls-yes');
		check(d);
		for (const m of r.seen) assert.doesNotMatch(m.text, /Bearer|auth-done|authorization-entity/);
		assert.notEqual(/branch=([^;]+)/.exec(first.get('Via'))[1], /branch=([^;]+)/.exec(second.get('Via'))[1]);
		for (const name of ['Call-ID', 'CSeq', 'Path', 'P-Charging-Vector', 'Contact', 'Expires']) assert.deepEqual(second.all(name), first.all(name), name);
		assert.doesNotMatch(ok.text, /Authenticate|nonce/i);
		assert.equal((await site.show(p.aor)).auth, 'token');
		r.seen.length = 0;
		assert.equal((await p.register()).status, 200, 'a refresh is answered anew');
		assert.ok(r.seen[1].cseq > first.cseq);
	});

test('answer_stale_nonce_is_answered_once_more', async (t) => {
	const p = await page(t, 'plain');
	const r = registrar({ stale: 1 });
	assert.equal((await p.register()).status, 200);
	assert.equal(r.seen.length, 3);
	assert.equal(new Set(r.seen.slice(1).map((m) => parseChallenge(m.get('Authorization')).nonce)).size, 2);
});

test('answer_not_to_a_challenge_that_comes_again', async (t) => {
	const p = await page(t, 'pool-again');
	const r = registrar({ password: POOL, challenge: { stale: 'true' } });
	const normal = site.registrar;
	let challenge;
	site.registrar = (req) => {
		const reply = normal(req);
		if (/^SIP\/2.0 401/.test(reply)) return challenge = reply;
		for (let i = 0; i < 3; i++) site.send(challenge);
		setTimeout(() => site.send(answer(req, 403, { tag: 'late' })), 200);
		return undefined;
	};
	const refused = async () => (await site.rpc('stats.fetch', 'tna_register:'))['tna_register.challenged'];
	const before = await refused();
	assert.ok(Number(before) >= 0);
	assert.equal((await p.register()).status, 403, 'what the core says of our answer');
	assert.equal(r.seen.length, 2);
	assert.equal(await refused(), before);
});

test('answer_no_more_than_twice', async (t) => {
	const p = await page(t, 'pool-stale');
	const r = registrar({ password: POOL, stale: 99 });
	hidden(await p.register());
	assert.equal(r.seen.length, 3);
	await assert.rejects(site.show(p.aor));
});

test('answer_wrong_password_is_tried_once', async (t) => {
	const p = await page(t, 'plain');
	const r = registrar({ password: 'changed at the HSS' });
	hidden(await p.register());
	assert.equal(r.seen.length, 2);
});

test('answer_407_by_proxy_authorization', async (t) => {
	const p = await page(t, 'plain');
	const r = registrar({ status: 407 });
	assert.equal((await p.register()).status, 200);
	assert.equal(r.seen[1].all('Proxy-Authorization').length, 1);
});

for (const [what, user, options] of [
	['another_realm', 'plain', { challenge: { realm: 'evil.net' } }], ['aka', 'plain', { challenge: { algorithm: 'AKAv1-MD5' } }],
	['aka_v2', 'plain', { challenge: { algorithm: 'AKAv2-SHA-256' } }], ['unknown_algorithm', 'plain', { challenge: { algorithm: 'SHA-512-256' } }],
	['auth_int_alone', 'plain', { challenge: { qop: 'auth-int' } }], ['sess_without_qop', 'plain', { challenge: { qop: undefined, algorithm: 'MD5-sess' } }],
	['no_nonce', 'plain', { challenge: { nonce: undefined } }], ['a_nonce_twice', 'plain', { lines: (own) => [`${own}, nonce="x"`] }],
	['two_in_one_line', 'plain', { lines: (own) => [`${own}, ${own}`] }], ['open_quote', 'plain', { lines: (own) => [`${own}, opaque="x`] }],
	['nothing', 'plain', { lines: () => [] }], ['no_password_for_the_algorithm', 'plain', { challenge: { algorithm: 'SHA-256' } }],
	['no_password', 'stranger', {}], ['a_password_of_another_realm', 'elsewhere', {}],
])
	test(`answer_not_to_${what}`, async (t) => {
		const p = await page(t, user);
		const r = registrar(options);
		hidden(await p.register());
		assert.equal(r.seen.length, 1);
	});

test('answer_a_later_refusal_is_what_the_page_hears', async (t) => {
	const p = await page(t, 'plain');
	for (const [status, reason] of [[403, /403/], [480, /480/]]) {
		registrar({});
		const normal = site.registrar;
		site.registrar = (req) => (parseChallenge(req.get('Authorization')).response ? answer(req, status, { tag: 'x' }) : normal(req));
		const no = await p.register();
		assert.match(no.first, reason);
		assert.doesNotMatch(no.text, /nonce/);
	}
});

test('answer_ends_a_registration_for_the_page', async (t) => {
	for (const stale of [0, 1]) {
		const p = await page(t, `pool-end${stale}`);
		registrar({ password: POOL, challenge: { algorithm: 'SHA-256' } });
		assert.equal((await p.register()).status, 200);
		const r = registrar({ password: POOL, challenge: { algorithm: 'SHA-256' }, stale });
		await site.rpc('tna.terminate', p.aor);
		await until('the core to be told', () => r.good === 1);
		assert.equal(r.seen.length, 2 + stale);
		assert.equal(new Set(r.seen.map((m) => m.callId)).size, 1);
		assert.deepEqual(r.seen.map((m) => m.cseq), [1, 2, 3].slice(0, 2 + stale));
		for (const m of r.seen) {
			assert.equal(m.all('Authorization').length, 1);
			assert.match(m.get('Contact'), /expires=0/);
		}
		await until('the binding to go', async () => !(await site.bindings()).some((b) => b.impi === impiOf(p.user)));
	}
});

test('answer_ends_a_registration_once_when_the_password_is_wrong', async (t) => {
	const p = await page(t, 'pool-once');
	registrar({ password: POOL });
	assert.equal((await p.register()).status, 200);
	const r = registrar({ password: 'other' });
	await site.rpc('tna.terminate', p.aor);
	await until('both tries', () => r.seen.length === 2);
	await new Promise((ok) => { setTimeout(ok, 500); });
	assert.equal(r.seen.length, 2);
});

test('answer_of_terminated_registrations_leaks_nothing', async (t) => {
	const cycle = async () => {
		const p = await page(t, 'pool-leak');
		const r = registrar({ password: POOL });
		assert.equal((await p.register()).status, 200);
		await site.rpc('tna.terminate', p.aor);
		await until('the core to be told', () => r.good === 2);
		p.drop();
	};
	for (let i = 0; i < 3; i++) await cycle();
	const own = () => site.ownShm();
	await until('the bindings to go', async () => (await site.rpc('tna.stats')).bindings === 0);
	const before = await own();
	for (let i = 0; i < 10; i++) await cycle();
	await until('shared memory to be what it was', async () => (await own()) <= before + 512, 8000);
});

// --- the file ---

const file = () => join(site.dir, 'credentials');
const shown = () => site.rpc('tna.credentials');

async function reload(text, mode = 0o600) {
	writeFileSync(file(), text);
	chmodSync(file(), mode);
	await site.rpc('tna.credentials_reload');
	return until('it to be read', async () => { const c = await shown(); return c.reload !== 'waits' && c; });
}

test('answer_reload_takes_a_good_file_and_no_other', async (t) => {
	t.after(() => reload(FILE));
	const all = await shown();
	assert.deepEqual([all.users, all.pools, all.reload], [4, 1, 'done']);
	for (const [bad, line] of [[`${FILE}broken`, 8], [`${impiOf('x')}:${REALM}:password:secret1`, 1], [`x*:${REALM}:${'0'.repeat(32)}`, 1],
		[`a*:${REALM}:password:p\na*b:${REALM}:password:q`, 2], [`${impiOf('x')}:${REALM}:${'0'.repeat(31)}`, 1]]) {
		const c = await reload(bad);
		assert.equal(c.reload, 'refused', bad);
		assert.equal(c.line, line, c.why);
		assert.equal(c.users, 4, 'what was there stays');
	}
	const p = await page(t, 'plain');
	registrar({});
	assert.equal((await p.register()).status, 200);
	assert.equal((await reload(`${impiOf('plain')}:${REALM}:${ha1('MD5', 'plain', 'new')}\n`)).users, 1);
	registrar({ password: 'new' });
	assert.equal((await p.register()).status, 200);
	assert.doesNotMatch(site.log, /secret1|0000000/);
});

test('answer_reload_refuses_a_file_that_others_may_read', async (t) => {
	t.after(() => reload(FILE));
	for (const mode of [0o604, 0o602, 0o620, 0o644, 0o666]) assert.equal((await reload(FILE, mode)).reload, 'refused', mode.toString(8));
	assert.equal((await reload(FILE, 0o640)).reload, 'done');
	rmSync(file());
	symlinkSync('/etc/passwd', file());
	await site.rpc('tna.credentials_reload');
	await until('the link to be refused', async () => (await shown()).why === 'is a link');
	rmSync(file());
});

test('answer_start_is_refused_with_a_file_that_cannot_be_used', async () => {
	const cfg = readFileSync(join(site.dir, 'kamailio.cfg'), 'utf8');
	const bad = join(site.dir, 'bad');
	const tries = (change, text, mode = 0o600) => {
		writeFileSync(bad, text ?? '');
		chmodSync(bad, mode);
		if (text === null) rmSync(bad);
		writeFileSync(`${bad}.cfg`, change(cfg.replaceAll(`${site.dir}/credentials`, bad)));
		return spawnSync('kamailio', ['-DD', '-E', '-f', `${bad}.cfg`, '-Y', site.dir], { encoding: 'utf8', timeout: 5000 });
	};
	for (const [change, text, mode, why] of [
		[(c) => c, 'broken', 0o600, /line 1: not IMPI:REALM:HA1/], [(c) => c, FILE, 0o644, /open to others/], [(c) => c, null, 0, /cannot be read/],
		[(c) => c.replace('"core_integrity", "tls-yes"', '"core_integrity", "auth-done"'), FILE, 0o600, /core_integrity/],
		[(c) => c.replace(/modparam\("tna_register", "credentials".*/, ''), FILE, 0o600, /go together/],
		[(c) => c.replace('"core", "digest"', '"core", "other"'), FILE, 0o600, /tna or digest/],
	]) {
		const r = tries(change, text, mode);
		assert.ok(r.status > 0, why.source);
		assert.match(r.stderr, why);
		assert.ok(!r.stderr.includes(POOL));
	}
	assert.ok(!existsSync('core'));
});

test('answer_no_secret_in_the_log', () => {
	for (const secret of [POOL, ha1('MD5', 'plain', 'pw'), ha1('MD5', 'both', 'pw'), ha1('SHA-256', 'both', 'pw')]) assert.ok(!site.log.includes(secret));
	assert.doesNotMatch(site.log, /CRITICAL/);
});
