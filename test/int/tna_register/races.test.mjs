// SPDX-License-Identifier: BSD-2-Clause
// What crosses on its way: answers of the core, ends of connections,
// revocations, two connections of one page. The core answers when it is told.
// (A connection gone before the first 200: register.test.mjs.)
import test from 'node:test';
import assert from 'node:assert/strict';
import { answer, rand } from './support/sip.mjs';
import { Page } from './support/page.mjs';
import { Site, until, uriOf } from './support/site.mjs';

let site, registrar;
test.before(async () => { site = await Site.start({ params: 'modparam("tna_register", "deregister_lost", 1)\nmodparam("tm", "fr_timer", 10000)' }); registrar = site.registrar; });
test.after(() => site?.stop());

const show = (who) => site.show(who).catch((e) => { if (e.code !== 404) throw e; });
const gone = (who) => until(`the end of ${who}`, async () => !(await show(who)));
const deregisters = (user) => site.registers.filter((r) => r.get('Expires') === '0' && uriOf(r.get('To')) === `sip:${user}@home1.net`);

async function open(t, user, options) {
	const p = await Page.open(site, { user, ...options });
	t.after(() => p.drop());
	return p;
}

// The core keeps its answers to REGISTER back (not to those that end one);
// the function returned waits for the nth of them and gives its answer.
function held(t) {
	const all = [];
	site.registrar = (req) => {
		if (req.get('Expires') === '0') return registrar.call(site, req);
		if (!all.some((r) => r.get('CSeq') === req.get('CSeq') && r.callId === req.callId)) all.push(req);
		return undefined;
	};
	t.after(() => { site.registrar = registrar; });
	return async (n) => {
		const req = await until(`REGISTER ${n}`, () => all[n]);
		return () => site.send(registrar.call(site, req));
	};
}

test('races_refresh_crosses_the_end_of_its_connection', async (t) => {
	const p = await open(t, 'close');
	assert.equal((await p.register()).status, 200);
	const nth = held(t);
	p.send(p.registerText());
	const say = await nth(0);
	p.drop();
	await until('the hold', async () => (await site.show(p.aor)).status === 'held');
	say();
	await until('the second hold', () => site.log.split('event lost sip:close@home1.net held').length === 3);
	await gone(p.aor);
	await until('the core to know', () => deregisters('close').length === 1);
});

test('races_refresh_crosses_a_revocation', async (t) => {
	const p = await open(t, 'revoked');
	assert.equal((await p.register()).status, 200);
	const nth = held(t);
	p.send(p.registerText());
	const say = await nth(0);
	await site.rpc('webrtc_auth.revoke', 'sub', 'home/revoked', 3);
	await gone(p.aor);
	const before = deregisters('revoked').length;
	say();
	await until('what the core made of the answer to be undone', () => deregisters('revoked').length > before, 8000);
	await gone(p.aor);
});

test('races_first_200_crosses_a_revocation', async (t) => {
	const p = await open(t, 'early');
	const nth = held(t);
	p.send(p.registerText());
	const say = await nth(0);
	await site.rpc('webrtc_auth.revoke', 'sub', 'home/early', 3);
	say();
	await until('what the core made to be undone', () => deregisters('early').length === 1, 8000);
	await gone(p.aor);
	assert.ok(!site.log.includes('event bound sip:early@'), 'it never was bound');
});

// The answer finds the record that has ended a moment ago, or none any more.
for (const [name, wait] of [['at_once', 0], ['later', 400]])
	test(`races_refresh_crosses_an_operator_${name}`, async (t) => {
		const user = `op${wait}`;
		const p = await open(t, user);
		assert.equal((await p.register()).status, 200);
		const nth = held(t);
		p.send(p.registerText());
		const say = await nth(0);
		await site.rpc('tna.terminate', p.aor);
		if (wait) await p.closed;
		say();
		assert.equal((await p.closed).code, 4403);
		await gone(p.aor);
		await until('what the core made to be undone', () => deregisters(user).length >= 2, 8000);
		assert.equal((await site.bindings()).filter((b) => b.impi === `${user}_private@home1.net`).length, 0);
	});

test('races_refresh_of_the_old_connection_crosses_the_move', async (t) => {
	const p = await open(t, 'move');
	assert.equal((await p.register()).status, 200);
	const nth = held(t);
	p.send(p.registerText());
	const old = await nth(0);
	const q = await open(t, 'move', { instance: p.instance });
	q.send(q.registerText());
	(await nth(1))();
	assert.equal((await q.inbox.final('REGISTER')).status, 200);
	assert.equal((await p.closed).code, 4409);
	const b = await site.show(q.aor);
	old();
	const m = 'sip:peer@home1.net';
	for (let i = 0; i < 10; i++) {
		q.send(q.request('MESSAGE', { uri: m }));
		site.reply(await site.inbox.request('MESSAGE'), 200);
		assert.equal((await q.inbox.final('MESSAGE')).status, 200);
	}
	assert.deepEqual({ ...(await site.show(q.aor)), expires_s: 0, bound_s: 0 }, { ...b, expires_s: 0, bound_s: 0 });
	assert.equal(q.ws.readyState, 1);
});

for (const [name, order] of [['older', [0, 1]], ['newer', [1, 0]]])
	test(`races_two_connections_for_one_page_${name}_first`, async (t) => {
		const p = await open(t, name), nth = held(t);
		p.send(p.registerText());
		const say = [await nth(0)];
		const q = await open(t, name, { instance: p.instance });
		q.send(q.registerText());
		say.push(await nth(1));
		for (const i of order) {
			say[i]();
			assert.equal((await [p, q][i].inbox.final('REGISTER')).status, 200);
		}
		assert.equal((await p.closed).code, 4409, 'the older connection');
		const all = await until('one of them', async () => {
			const l = (await site.bindings()).filter((b) => b.impi === `${name}_private@home1.net`);
			return l.length === 1 && l;
		});
		q.path = site.registers.filter((r) => r.get('Contact').includes(q.contact)).at(-1).get('Path');
		site.send(site.request('MESSAGE', { uri: q.contact, to: q.aor, routes: [q.path] }));
		q.send(answer(await q.inbox.request('MESSAGE'), 200));
		await site.inbox.reply('MESSAGE', 200);
		assert.equal(all[0].status, 'bound');
		assert.equal(q.ws.readyState, 1);
		assert.equal(deregisters(name).length, 0, 'what the core has is the contact that stays');
	});

test('races_connection_ids_start_again_with_kamailio', { timeout: 30000 }, async (t) => {
	const p = await open(t, 'before');
	assert.equal((await p.register()).status, 200);
	const { conid } = await site.show(p.aor), path = site.path();
	await site.stop();
	site = await Site.start();
	const pages = [];
	for (let at = 0; at < conid;) {
		const q = await open(t, `after${pages.length}`);
		assert.equal((await q.register()).status, 200);
		at = (await site.show(q.aor)).conid;
		pages.push(q);
	}
	site.send(site.request('MESSAGE', { uri: p.contact, to: p.aor, routes: [path], callId: rand() }));
	await site.inbox.reply('MESSAGE', 430);
	for (const q of pages) await q.inbox.none('MESSAGE', (m) => m.method === 'MESSAGE' && !m.status, 50);
});
