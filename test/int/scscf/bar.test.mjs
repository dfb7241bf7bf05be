// SPDX-License-Identifier: BSD-2-Clause
// tna.bar at the S-CSCF: the contacts that came through a barred WAF end, and
// no other contact of the same users; who watches them is told, and the HSS
// when it was the last one.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { random } from '../../lab/phones/sipmessage.mjs';
import { Core, FOREIGN, HOME, OTHER, later, tna, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN, OTHER], wwsf: ['shop.thirdparty.net', 'club.thirdparty.net'] };
let core;
const file = () => path.join(core.dir, 'barred');
test.before(async () => {
	core = await Core.start();
	// The registrar keeps a contact that has gone in its list until its timer runs.
	await core.restart('scscf', { edit: (cfg) => cfg.replace('modparam("tna_register", "role", "scscf")', `$&
modparam("tna_register", "wwsf_param", "wwsf-id")
modparam("tna_register", "barred_file", "${file()}")
modparam("ims_usrloc_scscf", "timer_interval", 1)`) });
});
test.after(() => core.stop());

// Each test begins with nothing barred, and nothing of those before.
test.beforeEach(async () => {
	for (const waf of [FOREIGN, OTHER, HOME]) await core.rpc('tna.bar', 'waf', waf);
	for (const [, kind, id] of (await core.rpc('tna.barred')).matchAll(/kind: (\S+)\s+id: (\S+)/g))
		await core.rpc('tna.unbar', kind, id);
});

const barring = (text) => Object.fromEntries([...text.matchAll(/^\s*(\w+): (.*)$/gm)].map(([, k, v]) => [k, v]));
const bar = async (...args) => barring(await core.rpc('tna.bar', ...args));
// The registrar of 5.6.3 has one table of contacts for all users: no two may have the same.
const at = (user, tab) => `${user.name}-${tab}`;
const has = async (user, ...names) => (await core.contacts(user)).join() === [...names].sort().join();
const registered = async (user, options) => assert.equal((await core.register(user, options)).status, 200);

test('bar_ends_what_came_through_the_waf_and_nothing_else', async () => {
	const user = await core.user(LISTED);
	const phone = await core.ue('127.0.0.31', { to: 'pcscf', user });
	assert.equal((await phone.register()).status, 200);
	await registered(user, { waf: FOREIGN, contact: at(user, 'a') });
	await registered(user, { waf: OTHER, contact: at(user, 'b') });
	await registered(user, { contact: at(user, 'c') });
	const own = user.impi.split('@')[0];
	await until('four contacts', () => has(user, at(user, 'a'), at(user, 'b'), at(user, 'c'), own));
	const from = core.mark();
	const said = await bar('waf', FOREIGN.replace('thirdparty', 'THIRDparty'));
	assert.deepEqual([said.kind, said.id, said.registrations, said.until, said.saved, said.calls], ['waf', FOREIGN, '1', '0', '1', undefined]);
	await until('one of them to end', () => has(user, at(user, 'b'), at(user, 'c'), own), 3000);
	assert.deepEqual(core.sars(user, from), [], 'the HSS keeps the user');
	assert.equal(await core.state(user), 'registered');
	assert.equal((await core.register(user, { waf: FOREIGN, contact: at(user, 'a') })).status, 403);
	assert.deepEqual(core.sars(user, from), [], 'and is not asked about a barred one');
	await registered(user, { waf: OTHER, contact: at(user, 'b') });
	// Nothing of it comes back when its REGISTER is repeated.
	await later(1500);
	assert.ok(await has(user, at(user, 'b'), at(user, 'c'), own));
	assert.equal((await phone.register({ expires: 0 })).status, 200);
	await core.rpc('tna.unbar', 'waf', FOREIGN);
	await registered(user, { waf: FOREIGN, contact: at(user, 'a') });
});

test('bar_tells_the_hss_when_the_last_contact_goes', async () => {
	const user = await core.user(LISTED), other = await core.user(LISTED);
	await registered(user, { waf: FOREIGN, contact: at(user, 'a') });
	await registered(user, { waf: FOREIGN, contact: at(user, 'b') });
	await registered(other, { waf: OTHER });
	const from = core.mark();
	assert.equal((await bar('waf', FOREIGN, '60')).registrations, '2');
	await until('the HSS to know', async () => await core.state(user) === 'not registered', 3000);
	assert.deepEqual(core.sars(user, from), [5]);
	assert.deepEqual(core.sars(other, from), []);
	assert.equal((await bar('waf', FOREIGN, '60')).registrations, '0');
	assert.equal(await core.state(other), 'registered');
});

test('bar_of_a_wwsf', async () => {
	const of = (name) => `, wwsf-id="${name}"`;
	const user = await core.user(LISTED);
	await registered(user, { waf: FOREIGN, contact: at(user, 'a'), more: of('shop.thirdparty.net') });
	await registered(user, { waf: FOREIGN, contact: at(user, 'b'), more: of('club.thirdparty.net') });
	assert.equal((await bar('wwsf', 'Shop.ThirdParty.NET')).registrations, '1');
	await until('one of them to end', () => has(user, at(user, 'b')), 3000);
	assert.equal((await core.register(user, { waf: FOREIGN, more: of('SHOP.thirdparty.net') })).status, 403);
});

test('bar_is_told_to_who_watches', async () => {
	const user = await core.user(LISTED);
	await registered(user, { waf: FOREIGN, contact: at(user, 'a') });
	await registered(user, { waf: OTHER, contact: at(user, 'b') });
	const node = core.lab.nodes.epcscf;
	const first = core.epcscf.next('NOTIFY');
	const answer = await core.epcscf.transact('SUBSCRIBE', user.impu, [['From', `<sip:epcscf.home1.net>;tag=${random(4)}`], ['To', `<${user.impu}>`],
		['Call-ID', random(8)], ['Contact', `<sip:${node.address}:${node.sip}>`], ['Event', 'reg'], ['Expires', '600'],
		['P-Asserted-Identity', '<sip:epcscf.home1.net>']], { to: core.node('scscf') });
	assert.equal(answer.status, 200);
	core.epcscf.reply(await first, 200, 'OK');
	const next = core.epcscf.next('NOTIFY'), since = Date.now();
	assert.equal((await bar('waf', FOREIGN)).registrations, '1');
	const notify = await next;
	assert.ok(Date.now() - since < 1000, `${Date.now() - since} ms`);
	core.epcscf.reply(notify, 200, 'OK');
	const body = notify.body ?? notify.text;
	const ended = [...body.matchAll(/<contact [^>]*state="(\w+)"[^>]*>\s*<uri>sip:([\w-]+)@/g)].map(([, state, name]) => `${name} ${state}`);
	assert.ok(ended.includes(`${at(user, 'a')} terminated`), body);
	assert.ok(!ended.includes(`${at(user, 'b')} terminated`), body);
});

test('bar_while_a_registration_is_on_its_way', { timeout: 60000 }, async (t) => {
	const user = await core.user(LISTED);
	await registered(user, { waf: OTHER, contact: at(user, 'b') });
	await registered(user, { waf: FOREIGN, contact: at(user, 'a') });
	// Let pass, then barred while the registrar waits for the HSS.
	t.after(() => core.hss({ cmd: 'fault', request: 'SAR', times: 0 }));
	await core.hss({ cmd: 'fault', request: 'SAR', delay_ms: 1500, times: 1 });
	const from = core.mark();
	const answered = () => core.log().slice(from).some((m) => m.message === 'SAA' && m['User-Name'] === user.impi);
	const waiting = core.register(user, { waf: FOREIGN, contact: at(user, 'late'), callId: random(8) });
	await until('the registrar to ask', () => core.sars(user, from).length === 1);
	assert.ok(!answered());
	assert.equal((await bar('waf', FOREIGN)).registrations, '2');
	await waiting;
	await until('the HSS to answer', answered);
	await until('both to be gone', () => has(user, at(user, 'b')), 6000);
	await later(1500);
	assert.ok(await has(user, at(user, 'b')));
	assert.deepEqual(core.sars(user, from), [2], 'and the HSS keeps the user');
});

test('bar_own_register_is_nobody_elses', async () => {
	const user = await core.user(LISTED);
	await registered(user, { waf: HOME, contact: at(user, 'a') });
	const stranger = await core.ue('127.0.0.5', { port: 5099, to: 'scscf' });
	for (const callId of [random(16), `${random(16)}.${random(16)}`, `${'0'.repeat(32)}.${'0'.repeat(32)}`]) {
		const response = await stranger.transact('REGISTER', 'sip:home1.net', [['From', `<${user.impu}>;tag=1`], ['To', `<${user.impu}>`], ['Call-ID', callId],
			['Contact', `<sip:${at(user, 'a')}@${core.lab.nodes.epcscf.address}:${core.lab.nodes.epcscf.sip}>;expires=0`], ['Expires', '0'],
			['Authorization', tna(user.impi)]]);
		assert.equal(response.status, 403, callId);
	}
	assert.ok(await has(user, at(user, 'a')));
});

test('bar_survives_a_restart', async () => {
	assert.equal((await bar('waf', FOREIGN)).saved, '1');
	assert.match(readFileSync(file(), 'utf8'), new RegExp(`^waf ${FOREIGN} 0 \\d+ barred rpc$`, 'm'));
	await core.restart('scscf');
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 403);
	await registered(user, { waf: OTHER });
});

test('bar_many_at_once_and_nothing_is_left', { timeout: 60000 }, async () => {
	const users = await Promise.all(Array.from({ length: 60 }, () => core.user(LISTED)));
	const held = async () => [...(await core.rpc('mod.stats', 'tna_register', 'shm')).matchAll(/(record_new|tna_regs_send)\(\d+\): (\d+)/g)].map(([, , n]) => Number(n)).reduce((a, n) => a + n, 0);
	const round = async () => {
		for (const user of users) await registered(user, { waf: FOREIGN });
		assert.equal((await bar('waf', FOREIGN)).registrations, '60');
		for (const user of users) await until('its end', async () => await core.state(user) === 'not registered', 5000);
		await core.rpc('tna.unbar', 'waf', FOREIGN);
	};
	await round();
	await round();
	// Records stay until a REGISTER that crossed could not come any more.
	await until('no record', async () => await held() === 0, 20000);
});
