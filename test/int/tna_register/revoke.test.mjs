// SPDX-License-Identifier: BSD-2-Clause
// A revocation ends what is there: the call on both sides, the registration at
// the core, the WebSocket with 4003, all within a second; and what was on its
// way when it came.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

async function page(t, user, claims = {}, options = {}) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	p.token = site.token(user, claims);
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}

const revoke = (...args) => site.rpc('webrtc_auth.revoke', ...args);
const unrevoke = (...args) => site.rpc('webrtc_auth.unrevoke', ...args);
const gone = (user) => site.registers.find((r) => r.get('To').includes(`sip:${user}@`) && r.get('Expires') === '0');

// The end of a page in a call, with its times in ms from the revocation on.
async function ends(p, user, callId, from) {
	const times = {};
	const stamp = (name) => (x) => { times[name] = Date.now() - from; return x; };
	const toPage = p.inbox.request('BYE', (m) => m.callId === callId).then(stamp('page'));
	const toCore = site.inbox.request('BYE', (m) => m.callId === callId).then(stamp('core'));
	const dereg = until('the end of the registration', () => gone(user)).then(stamp('dereg'));
	const closed = p.closed.then(stamp('closed'));
	const b = await toPage;
	p.send(answer(b, 200));
	const c = await toCore;
	site.reply(c, 200);
	for (const m of [b, c]) assert.match(m.get('Reason'), /SIP;cause=403/);
	await dereg;
	assert.equal((await closed).code, 4003);
	for (const [what, ms] of Object.entries(times)) assert.ok(ms < 1000, `${what} after ${ms} ms`);
	assert.ok(times.page <= times.closed, 'the BYE comes before the end of the WebSocket');
	await until('the binding to go', () => site.show(`sip:${user}@home1.net`).then(() => false, () => true));
	return times;
}

const ways = [
	['jti', (u) => `home/jti-${u}`], ['sub', (u) => `home/${u}`], ['sid', (u) => `home/sid-${u}`],
	['impi', (u) => `${u}_private@home1.net`], ['impu', (u) => `SIP:${u}@HOME1.net;user=phone`],
	['impu', (u) => `sip:alias-${u}@home1.net`],
];
ways.forEach(([kind, value], i) => {
	test(`revoke_${kind}_${i}_ends_call_registration_and_connection`, async (t) => {
		const user = `w${i}`;
		const p = await page(t, user, { jti: `jti-${user}`, sid: `sid-${user}` });
		const other = await page(t, `o${i}`, { jti: `jti-o${i}` });
		const { invite } = await site.callOut(p);
		const from = Date.now();
		const said = await revoke(kind, value(user), 60);
		// Alias: only the core's answer named it, the token did not.
		assert.equal(said.connections, i === 5 ? 0 : 1);
		await ends(p, user, invite.callId, from);
		assert.equal(other.ws.readyState, 1, 'others stay');
		assert.equal((await other.register()).status, 200);
		const back = await Page.open(site, { user });
		t.after(() => back.drop());
		const text = back.register({ token: site.token(user, { jti: `jti-${user}`, sid: `sid-${user}` }) });
		if (i !== 5) assert.equal((await text).status, 403);
		assert.equal((await back.closed).code, 4003);
		await unrevoke(kind, value(user));
		const again = await page(t, user);
		again.drop();
	});
});

test('revoke_ends_a_call_to_the_page', async (t) => {
	const p = await page(t, 'mt');
	const { ok } = await site.callIn(p);
	const from = Date.now();
	await revoke('sub', 'home/mt', 60);
	await ends(p, 'mt', ok.callId, from);
});

test('revoke_waf_ends_all_its_users_and_no_others', async (t) => {
	const theirs = await Promise.all([0, 1, 2].map((i) => page(t, `waf${i}`, { iss: 'https://waf.partner.net' })));
	const ours = await page(t, 'notwaf');
	assert.equal((await revoke('waf', 'waf@partner.net', 60)).connections, 3);
	for (const p of theirs) assert.equal((await p.closed).code, 4003);
	assert.equal((await ours.register()).status, 200);
	await unrevoke('waf', 'waf@partner.net');
});

test('revoke_reaches_a_held_binding', async (t) => {
	const p = await page(t, 'held');
	const { invite } = await site.callOut(p);
	p.drop();
	await until('the hold', async () => (await site.show('sip:held@home1.net')).status === 'held');
	const from = Date.now();
	assert.equal((await revoke('sub', 'home/held', 60)).connections, 0);
	const bye = await site.inbox.request('BYE', (m) => m.callId === invite.callId);
	site.reply(bye, 200);
	await until('the end of the registration', () => gone('held'));
	assert.ok(Date.now() - from < 1000);
});

test('revoke_issued_spares_a_newer_token', async (t) => {
	const iat = Math.floor(Date.now() / 1000);
	const old = await page(t, 'iat', { iat: iat - 60 });
	const fresh = await page(t, 'iat', { iat }, {});
	assert.equal((await revoke('sub', 'home/iat', 60, String(iat - 30))).connections, 1);
	assert.equal((await old.closed).code, 4003);
	assert.equal((await fresh.register()).status, 200);
	assert.equal(fresh.ws.readyState, 1);
});

test('revoke_while_a_200_is_on_its_way', async (t) => {
	const p = await Page.open(site, { user: 'late' });
	t.after(() => p.drop());
	const plain = site.registrar;
	let held;
	site.registrar = (m) => { if (m.get('Expires') === '0') return plain.call(site, m); held = m; };
	t.after(() => { site.registrar = plain; });
	p.send(p.registerText());
	await until('the REGISTER', () => held);
	assert.equal((await revoke('sub', 'home/late', 60)).connections, 1);
	site.send(plain.call(site, held));
	assert.equal((await p.closed).code, 4003);
	await until('the core to hear of it', () => gone('late'), 3000);
	await until('no binding', () => site.show('sip:late@home1.net').then(() => false, () => true));
});

test('revoke_while_an_invite_is_ringing', async (t) => {
	const p = await page(t, 'ring');
	p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	const invite = await site.inbox.request('INVITE');
	site.reply(invite, 180);
	await p.inbox.reply('INVITE', 180);
	await revoke('impi', 'ring_private@home1.net', 60);
	const cancel = await site.inbox.request('CANCEL');
	site.send(answer(cancel, 200));
	site.send(answer(invite, 487, { tag: 'core' }));
	assert.equal((await p.inbox.final('INVITE')).status, 403);
	assert.equal((await p.closed).code, 4003);
});

// The core says 100 a moment later, as cores do, and rings for ever.
test('revoke_in_the_middle_of_a_burst_of_invites', async (t) => {
	const p = await page(t, 'burst');
	const invites = [], cancelled = new Set();
	site.inbox.put = (m) => {
		if (m.method === 'INVITE') { invites.push(m.callId); setTimeout(() => site.reply(m, 100), 20); }
		if (m.method === 'CANCEL') { cancelled.add(m.callId); site.send(answer(m, 200)); site.send(answer({ ...m, get: (n) => (n === 'CSeq' ? m.get(n).replace('CANCEL', 'INVITE') : m.get(n)), all: (n) => m.all(n), toTag: m.toTag }, 487, { tag: 'core' })); }
	};
	t.after(() => { delete site.inbox.put; });
	for (let i = 0; i < 60; i++) p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	await until('the first of them', () => invites.length > 0);
	const from = Date.now();
	await revoke('sub', 'home/burst', 60);
	for (let i = 0; i < 30; i++) p.send(p.request('INVITE', { uri: 'sip:peer@home1.net', body: 'v=0\r\n' }));
	assert.equal((await p.closed).code, 4003);
	await until('every INVITE to be cancelled', () => invites.every((c) => cancelled.has(c)));
	const ms = Date.now() - from;
	await sleep(300);
	assert.ok(invites.every((c) => cancelled.has(c)), 'and none behind them');
	t.diagnostic(`${invites.length} INVITEs got out, all cancelled after ${ms} ms`);
	assert.ok(ms < 1000);
});

test('revoke_a_moving_binding', async (t) => {
	const p = await page(t, 'move');
	const q = await Page.open(site, { user: 'move', instance: p.instance });
	t.after(() => q.drop());
	q.token = p.token;
	q.send(q.registerText());
	await revoke('sub', 'home/move', 60);
	const codes = await Promise.all([p.closed, q.closed]);
	assert.ok(codes.every((c) => [4003, 4409].includes(c.code)), JSON.stringify(codes));
	await until('no binding', () => site.show('sip:move@home1.net').then(() => false, () => true));
});

test('revoke_closes_what_the_holder_of_the_binding_does_not', async (t) => {
	const p = await page(t, 'stuck');
	const { PID } = (await site.rpc('core.psx')).find((x) => x.DSC.includes('TNA_REGISTER'));
	process.kill(PID, 'SIGSTOP');
	const from = Date.now();
	await revoke('sub', 'home/stuck', 60).finally(() => setTimeout(() => process.kill(PID, 'SIGCONT'), 1000));
	assert.equal((await p.closed).code, 4003);
	const ms = Date.now() - from;
	assert.ok(ms >= 450 && ms < 1000, `${ms} ms`);
	await until('no binding', () => site.show('sip:stuck@home1.net').then(() => false, () => true));
	await until('the core to hear of it', () => gone('stuck'));
});

test('revoke_leaves_nothing_behind', { timeout: 60000 }, async () => {
	await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 15000);
	const round = async () => {
		const pages = await Promise.all(Array.from({ length: 30 }, (_, i) => Page.open(site, { user: `n${i}` })));
		await Promise.all(pages.map((p) => p.register()));
		await revoke('issuer', 'home', 60);
		await Promise.all(pages.map((p) => p.closed));
		await until('an empty table', async () => (await site.rpc('tna.stats')).bindings === 0, 15000);
		await unrevoke('issuer', 'home');
	};
	await round();
	const before = await site.ownShm();
	for (let i = 0; i < 3; i++) await round();
	assert.equal(await site.ownShm(), before);
});
