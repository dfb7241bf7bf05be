// SPDX-License-Identifier: BSD-2-Clause
// One browser with several public identities: each is registered over the
// same WebSocket, and has a binding of its own.
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, sleep, until, uriOf } from './support/site.mjs';

let site;
test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());

const of = (user, n) => Array.from({ length: n }, (_, i) => `sip:${user}${i ? `.${i}` : ''}@home1.net`);
const show = (who) => site.show(who).catch((e) => { if (e.code !== 404) throw e; });
const gone = (who) => until(`the end of ${who}`, async () => !(await show(who)));

// A page that has registered the first n of its identities.
async function page(t, user, n, { all = n, ...options } = {}) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	p.impus = of(user, all);
	p.token = site.token(user, { impu: p.impus });
	p.paths = [];
	for (const to of p.impus.slice(0, n)) {
		assert.equal((await p.register({ to })).status, 200);
		p.paths.push(site.path());
	}
	return p;
}

test('several_identities_are_bindings_of_one_connection', async (t) => {
	const p = await page(t, 'one', 3);
	const all = [];
	for (const who of p.impus) all.push(await site.show(who));
	assert.equal(new Set(all.map((b) => b.binding)).size, 3);
	assert.equal(new Set(all.map((b) => b.conid)).size, 1);
	assert.deepEqual(all.map((b) => b.impu), p.impus);
	for (const b of all) {
		assert.equal(b.impi, 'one_private@home1.net');
		assert.match(b.source, /^127\.0\.0\.1:\d+$/);
	}
	assert.equal(new Set(p.paths).size, 3);
	// A refresh is of the one it names, under any name of its set.
	assert.equal((await p.register({ to: p.impus[1] })).status, 200);
	assert.equal(site.path(), p.paths[1]);
	assert.equal((await site.show(p.impus[1])).binding, all[1].binding);
	assert.equal((await site.bindings()).filter((b) => b.impi === 'one_private@home1.net').length, 3);
});

test('several_requests_are_of_the_identity_they_name', async (t) => {
	const p = await page(t, 'names', 3);
	const asserted = async (options) => {
		p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', ...options }));
		const m = await site.inbox.request('MESSAGE');
		site.reply(m, 200);
		await p.inbox.final('MESSAGE');
		return m.get('P-Asserted-Identity');
	};
	assert.equal(await asserted({ headers: [`P-Preferred-Identity: <${p.impus[1]}>`] }), `<${p.impus[1]}>`);
	assert.equal(await asserted({ headers: [`P-Preferred-Identity: <sip:alias-names.2@home1.net>`] }), '<sip:alias-names.2@home1.net>');
	assert.equal(await asserted({ headers: ['P-Preferred-Identity: <sip:boss@home1.net>'], from: p.impus[2] }), `<${p.impus[2]}>`);
	assert.equal(await asserted({ from: p.impus[1] }), `<${p.impus[1]}>`);
	assert.equal(await asserted({ from: 'sip:anonymous@anonymous.invalid' }), `<${p.impus[0]}>`);
});

test('several_answers_are_of_the_identity_that_was_called', async (t) => {
	const p = await page(t, 'called', 2);
	for (const i of [1, 0]) {
		p.path = p.paths[i];
		p.aor = p.impus[i];
		const { ok, dialog, invite } = await site.callIn(p);
		assert.equal(ok.get('P-Asserted-Identity'), `<${p.impus[i]}>`);
		assert.equal((await site.show(p.impus[i])).calls, 1);
		p.send(p.request('BYE', { uri: uriOf(invite.get('Contact')), to: 'sip:peer@home1.net', toTag: invite.fromTag, fromTag: 'page', callId: dialog.callId, routes: invite.list('Record-Route') }));
		const bye = await site.inbox.request('BYE');
		site.reply(bye, 200);
		assert.equal((await p.inbox.reply('BYE', 200)).status, 200);
	}
});

test('several_requests_in_a_call_are_of_its_identity', async (t) => {
	const p = await page(t, 'incall', 2);
	const { invite, ok } = await site.callOut(p, { headers: [`P-Preferred-Identity: <${p.impus[1]}>`] });
	assert.equal(invite.get('P-Asserted-Identity'), `<${p.impus[1]}>`);
	assert.equal((await site.show(p.impus[1])).calls, 1);
	assert.equal((await site.show(p.impus[0])).calls, 0);
	// From is the first identity: the call is the second one's all the same.
	const d = { uri: uriOf(ok.get('Contact')), to: uriOf(ok.get('To')), toTag: ok.toTag, fromTag: ok.fromTag, callId: ok.callId, routes: ok.list('Record-Route').reverse() };
	p.send(p.request('BYE', { ...d, cseq: 50 }));
	const bye = await site.inbox.request('BYE');
	site.reply(bye, 200);
	await p.inbox.reply('BYE', 200);
});

test('several_one_is_deregistered_the_others_stay', async (t) => {
	const p = await page(t, 'dereg', 2);
	assert.equal((await p.register({ to: p.impus[1], expires: 0 })).status, 200);
	await gone(p.impus[1]);
	assert.equal((await site.show(p.impus[0])).status, 'bound');
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', from: p.impus[0] }));
	site.reply(await site.inbox.request('MESSAGE'), 200);
	assert.equal((await p.inbox.final('MESSAGE')).status, 200);
	// And a revocation still finds the connection bound: it ends with calls.
	const { invite } = await site.callOut(p);
	await site.rpc('webrtc_auth.revoke', 'sub', 'home/dereg', 5);
	const bye = await p.inbox.request('BYE', (m) => m.callId === invite.callId);
	p.send(answer(bye, 200));
	assert.equal((await p.closed).code, 4003);
});

test('several_connection_lost_loses_all', async (t) => {
	const p = await page(t, 'lost', 3);
	p.drop();
	for (const who of p.impus) await until(`${who} to be held`, async () => (await site.show(who)).status === 'held');
	for (const who of p.impus) await gone(who);
	assert.equal(site.log.split('event lost sip:lost').length - 1, 3);
});

test('several_move_one_by_one_with_their_calls', async (t) => {
	const p = await page(t, 'moves', 2);
	const { invite } = await site.callOut(p, { headers: [`P-Preferred-Identity: <${p.impus[1]}>`] });
	const before = await site.show(p.impus[1]);
	const q = await page(t, 'moves', 1, { all: 2, instance: p.instance });
	assert.equal((await site.show(p.impus[0])).conid === before.conid, false);
	assert.equal((await site.show(p.impus[1])).conid, before.conid);
	await sleep(300);
	assert.equal(p.ws.readyState, 1, 'the old connection has one left');
	assert.equal((await q.register({ to: p.impus[1] })).status, 200);
	const after = await site.show(p.impus[1]);
	assert.equal(after.binding, before.binding);
	assert.notEqual(after.conid, before.conid);
	assert.equal(after.calls, 1);
	assert.deepEqual(await p.closed, { code: 4409, reason: 'replaced by a new connection' });
	site.send(site.request('BYE', { uri: uriOf(invite.get('Contact')), to: p.aor, toTag: invite.fromTag, fromTag: 'core', callId: invite.callId, routes: invite.list('Record-Route'), cseq: 7 }));
	const bye = await q.inbox.request('BYE');
	q.send(answer(bye, 200));
	await site.inbox.reply('BYE', 200);
});

test('several_end_one_by_one_and_the_connection_with_the_last', async (t) => {
	const p = await page(t, 'ends', 2);
	await site.rpc('tna.terminate', p.impus[0]);
	await gone(p.impus[0]);
	await sleep(300);
	assert.equal(p.ws.readyState, 1);
	p.send(p.request('MESSAGE', { uri: 'sip:peer@home1.net', from: p.impus[1] }));
	site.reply(await site.inbox.request('MESSAGE'), 200);
	assert.equal((await p.inbox.final('MESSAGE')).status, 200);
	await site.rpc('tna.terminate', p.impus[1]);
	assert.equal((await p.closed).code, 4403);
});

test('several_revocation_ends_all_and_closes_once', async (t) => {
	const p = await page(t, 'revoked', 3);
	assert.equal((await site.rpc('webrtc_auth.revoke', 'sub', 'home/revoked', 5)).connections, 1);
	assert.equal((await p.closed).code, 4003);
	for (const who of p.impus) await gone(who);
	const told = () => site.registers.filter((r) => r.get('Expires') === '0').map((r) => uriOf(r.get('To')));
	await until('the core to be told', () => p.impus.every((who) => told().includes(who)));
});

test('several_but_not_more_than_eight', async (t) => {
	const p = await page(t, 'eight', 8, { all: 9 });
	const n = site.registers.length;
	assert.equal((await p.register({ to: p.impus[8] })).status, 403);
	assert.equal(site.registers.length, n);
	await until('the reason', () => site.log.includes('too many public identities on one connection'));
	assert.equal((await p.register({ to: p.impus[7], expires: 0 })).status, 200);
	assert.equal((await p.register({ to: p.impus[8] })).status, 200);
});

test('several_not_of_another_user', async (t) => {
	const p = await page(t, 'mine', 1);
	assert.equal((await p.register({ to: 'sip:yours@home1.net' })).status, 403);
	assert.equal(await show('sip:yours@home1.net'), undefined);
	// Who tries ends with all he has.
	await p.closed;
	await gone(p.impus[0]);
});
