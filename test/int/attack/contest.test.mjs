// SPDX-License-Identifier: BSD-2-Clause
// Who owns a connection and an identity: two connections for one IMPU, methods
// without a binding, a connection that was revoked a moment ago, and numbers of
// connections that come again after a restart.
import test from 'node:test';
import assert from 'node:assert/strict';
import { rand } from '../tna_register/support/sip.mjs';
import { Page } from '../tna_register/support/page.mjs';
import { Site, sleep, until } from '../tna_register/support/site.mjs';

const METHODS = ['INVITE', 'ACK', 'BYE', 'OPTIONS', 'UPDATE', 'PRACK', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'REFER', 'INFO', 'CANCEL', 'FOO'];
let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

async function open(t, user, instance) {
	const p = await Page.open(site, { user, ...(instance && { instance }) });
	t.after(() => p.drop());
	p.token = site.token(user);
	return p;
}
async function registered(t, user, instance) {
	const p = await open(t, user, instance);
	assert.equal((await p.register()).status, 200);
	p.path = site.path();
	return p;
}
const sizes = (user) => site.bindings().then((all) => all.filter((b) => b.impi === `${user}_private@home1.net`));
const invite = async (path, to, callId = rand()) => {
	site.send(site.request('INVITE', { uri: to.contact, to: to.aor, routes: [path], callId, body: 'v=0\r\n' }));
	return callId;
};

test('contest_two_connections_of_one_impu_have_a_flow_each', async (t) => {
	const a = await registered(t, 'twice'), b = await registered(t, 'twice');
	assert.equal((await sizes('twice')).length, 2);
	assert.notEqual(a.path, b.path);
	for (const [own, other] of [[a, b], [b, a]]) {
		const callId = await invite(own.path, own);
		await own.inbox.request('INVITE', (m) => m.callId === callId);
		assert.ok(!other.inbox.seen.some((m) => m.callId === callId), 'the other connection got it');
	}
});

test('contest_two_connections_fight_for_one_instance', async (t) => {
	const instance = `urn:uuid:${rand(16)}`, user = 'fight';
	const all = [];
	for (let round = 0; round < 10; round++) {
		const [a, b] = await Promise.all([open(t, user, instance), open(t, user, instance)]);
		all.push(a, b);
		a.send(a.registerText());
		b.send(b.registerText());
		await Promise.all([a, b].map((p) => Promise.race([p.inbox.final('REGISTER').catch(() => {}), p.closed])));
	}
	// One is left, and it is one of the two that came last.
	const [left] = await until('one binding', async () => { const now = await sizes(user); return now.length === 1 && now; });
	const open2 = all.filter((p) => p.ws.readyState === 1);
	await until('the others to be closed', () => all.filter((p) => p.ws.readyState === 1).length === 1);
	const winner = all.find((p) => p.ws.readyState === 1);
	assert.ok(open2.includes(winner) && all.slice(-2).includes(winner), 'an earlier one survived');
	winner.send(winner.request('MESSAGE', { uri: 'sip:peer@home1.net' }));
	site.reply(await site.inbox.request('MESSAGE'), 200);
	assert.equal((await winner.inbox.final('MESSAGE')).status, 200);
	for (const p of all.filter((x) => x !== winner)) assert.equal((await p.closed).code, 4409);
	assert.equal(left.status, 'bound');
	// The Paths that lost lead nowhere or to the winner, never to another.
	for (const path of new Set(site.registers.filter((r) => r.get('To').includes(`sip:${user}@`)).map((r) => r.get('Path')))) {
		const callId = await invite(path, winner);
		const got = await Promise.race([winner.inbox.request('INVITE', (m) => m.callId === callId).then(() => 'winner'),
			site.inbox.reply('INVITE', (s) => s >= 300, (m) => m.callId === callId).then((m) => m.status)]);
		assert.ok(['winner', 403, 430, 480].includes(got), String(got));
	}
});

for (const method of METHODS)
	test(`contest_no_binding_no_${method}`, async (t) => {
		const p = await open(t, `nobody-${method.toLowerCase()}`), victim = await registered(t, `victim-${method.toLowerCase()}`);
		const before = new Set(site.inbox.seen);
		// Outside a dialog, inside a made-up one, and along the way of somebody else.
		const ways = [{}, { toTag: 'x' }, { toTag: 'x', routes: [victim.path] }, { routes: [victim.path] }, { from: victim.aor }, { headers: [`P-Preferred-Identity: <${victim.aor}>`] }];
		for (const way of ways) {
			const callId = rand();
			p.send(p.request(method, { uri: 'sip:peer@home1.net', callId, ...way }));
			if (method === 'ACK' || method === 'CANCEL') continue;
			const r = await p.inbox.reply(method, (s) => s >= 400, (m) => m.callId === callId);
			assert.ok([403, 481].includes(r.status), r.first);
		}
		await site.inbox.none(method, (m) => !m.status && m.method === method, 150);
		// Not what the eP-CSCF still says of pages that are gone.
		const mine = new RegExp(`(nobody|victim)-${method.toLowerCase()}\\b`);
		assert.deepEqual(site.inbox.seen.filter((m) => !before.has(m) && mine.test(m.text)).map((m) => m.text), [], 'something reached the core');
		assert.equal((await sizes(victim.user)).length, 1);
	});

for (const method of METHODS)
	test(`contest_revoked_a_moment_ago_no_${method}`, async (t) => {
		const user = `late-${method.toLowerCase()}`, p = await registered(t, user), n = site.inbox.seen.length;
		await site.rpc('webrtc_auth.revoke', 'impi', `${user}_private@home1.net`);
		// These are not held against the token: they may still end a call until the binding is gone, within the second.
		if (['ACK', 'BYE', 'PRACK', 'CANCEL'].includes(method)) await until('the mark', async () => !(await sizes(user)).some((b) => b.status === 'bound'));
		for (let i = 0; i < 10; i++) p.send(p.request(method, { uri: 'sip:peer@home1.net', ...(i % 2 && { toTag: 'x' }) }));
		assert.equal((await p.closed).code, 4003);
		await sleep(100);
		assert.deepEqual(site.inbox.seen.slice(n).filter((m) => !m.status && m.get('From').includes(user)).map((m) => m.first), []);
		assert.deepEqual((await sizes(user)).filter((b) => b.status === 'bound'), []);
	});

test('contest_flow_token_of_an_earlier_start_leads_nowhere', async (t) => {
	// Everybody's connection before, so that numbers come again.
	const before = await Promise.all(Array.from({ length: 8 }, (_, i) => registered(t, `before${i}`)));
	const paths = site.registers.slice(-8).map((r) => r.get('Path'));
	const { invite: call } = await site.callOut(before[0]);
	const recorded = call.all('Record-Route')[0];
	await site.stop();
	site = await Site.start();
	const after = await Promise.all(Array.from({ length: 8 }, (_, i) => registered(t, `after${i}`)));
	for (const path of paths) {
		for (const p of after) {
			const callId = await invite(path, p);
			assert.equal((await site.inbox.reply('INVITE', (s) => s >= 300, (m) => m.callId === callId)).status, 430);
			site.send(site.request('BYE', { uri: p.contact, to: p.aor, toTag: 'x', routes: [recorded], callId }));
			assert.ok([403, 430, 481].includes((await site.inbox.reply('BYE', (s) => s >= 300, (m) => m.callId === callId)).status));
		}
	}
	for (const p of after) assert.deepEqual(p.inbox.seen.filter((m) => !m.status), [], 'a page got what was for another');
});
