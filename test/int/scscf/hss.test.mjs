// SPDX-License-Identifier: BSD-2-Clause
// While the HSS is asked: it is slow, silent or gone; REGISTERs come again, in
// crowds, and at the same time for one user.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { authorize } from '../../lab/phones/sipmessage.mjs';
import { startPart, stopPart } from '../../lab/lab.mjs';
import { Core, FOREIGN, OTHER, digest, later, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN], wwsf: [] };
let core, direct;
test.before(async () => {
	core = await Core.start();
	// At the I-CSCF's address: what it would send on, without its own timers.
	direct = await core.ue(core.lab.nodes.icscf.address, { port: 5066, to: 'scscf' });
});
test.after(() => core.stop());

const fault = (t, values) => {
	t.after(() => core.hss({ cmd: 'fault', request: 'SAR', times: 0 }));
	return core.hss({ cmd: 'fault', request: 'SAR', ...values });
};
const timed = async (promise) => {
	const since = Date.now();
	return { response: await promise, ms: Date.now() - since };
};

test('hss_slow_is_waited_for', async (t) => {
	const user = await core.user(LISTED);
	await fault(t, { delay_ms: 400, times: 2 });
	const { response, ms } = await timed(core.register(user, { waf: FOREIGN }));
	assert.equal(response.status, 200);
	assert.ok(ms >= 800, `${ms} ms`);
});

test('hss_slow_holds_no_worker', async (t) => {
	const slow = await Promise.all(Array.from({ length: 20 }, () => core.user(LISTED)));
	await fault(t, { delay_ms: 1000, times: slow.length });
	const waiting = slow.map((user) => core.register(user, { waf: FOREIGN, from: direct }));
	await until('all wait', async () => await core.number(/pending: (\d+)/, 'tna.scscf') === slow.length);
	const other = await core.ue('127.0.0.3', { port: 5067, to: 'scscf' });
	const { response, ms } = await timed(other.transact('OPTIONS', 'sip:scscf.home1.net:15060',
		[['From', '<sip:x@home1.net>;tag=1'], ['To', '<sip:scscf.home1.net>'], ['Call-ID', 'o1']]));
	assert.equal(response.status, 200);
	assert.ok(ms < 200, `${ms} ms`);
	for (const answered of await Promise.all(waiting))
		assert.equal(answered.status, 200);
});

test('hss_too_slow_gets_500_and_what_it_did_is_undone', async (t) => {
	const user = await core.user(LISTED);
	await fault(t, { delay_ms: 1200, times: 2 });
	const { response, ms } = await timed(core.register(user, { waf: FOREIGN, from: direct }));
	assert.equal(response.status, 500);
	assert.ok(ms > 1400 && ms < 2200, `${ms} ms`);
	// The registration that was under way is answered later, and taken back.
	await core.quiet();
	assert.deepEqual(core.sars(user), [0, 1, 5]);
	assert.equal(await core.state(user), 'not registered');
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
});

test('hss_answering_after_cdp_gave_up_is_undone', async (t) => {
	const user = await core.user(LISTED);
	await fault(t, { delay_ms: 200, times: 1 });
	const waiting = core.register(user, { waf: FOREIGN, from: direct });
	await until('the question is there', () => core.sars(user).length === 1);
	await fault(t, { delay_ms: 8500, times: 1 });
	assert.equal((await waiting).status, 500);
	await until('it is taken back', () => core.sars(user).includes(5), 14000);
	await core.quiet();
	assert.equal(await core.state(user), 'not registered');
	assert.deepEqual(core.sars(user), [0, 1, 5]);
});

test('hss_silent_gets_500_and_nothing_is_left', async (t) => {
	const user = await core.user(LISTED);
	const failed = await core.counter('scscf_hss_failed');
	await fault(t, { drop: true, times: 1 });
	const { response, ms } = await timed(core.register(user, { waf: FOREIGN, from: direct }));
	assert.equal(response.status, 500);
	assert.ok(ms < 2200, `${ms} ms`);
	assert.equal(await core.counter('scscf_hss_failed'), failed + 1);
	assert.deepEqual(core.sars(user), [0]);
	assert.equal(await core.state(user), 'not registered');
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	await core.quiet();
});

test('hss_gone_gets_500_at_once', async () => {
	const [user, home] = [await core.user(LISTED), await core.user(null)];
	await stopPart(core.lab, 'hss');
	try {
		for (let i = 0; i < 5; i++) {
			const { response, ms } = await timed(core.register(user, { waf: FOREIGN, from: direct }));
			assert.equal(response.status, 500);
			assert.ok(ms < 200, `${ms} ms`);
		}
		assert.match(await core.rpc('tna.scscf'), /pending: 0\n\s*questions: 0/);
	} finally {
		await startPart(core.lab, 'hss');
	}
	await until('Diameter', async () => (await core.hss({ cmd: 'peers' })).every((p) => p.state === 'open'));
	await core.hss({ cmd: 'set', impi: home.impi, values: { impus: home.impus } });
	await core.hss({ cmd: 'set', impi: user.impi, values: { impus: user.impus, allowed: LISTED } });
	// The I-CSCF's and the S-CSCF's cdp may still send to the connection that ended.
	await until('the way to the HSS', async () => (await core.register(home)).status === 200);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
});

test('register_again_while_it_waits_is_one_question', async (t) => {
	const user = await core.user(LISTED);
	await fault(t, { delay_ms: 1200, times: 1 });
	// The sender retransmits after 500 ms, and once more.
	assert.equal((await core.register(user, { waf: FOREIGN, from: direct })).status, 200);
	const sent = direct.trace.filter((m) => m.out && m.text.includes(user.impi)).length;
	assert.ok(sent >= 3, `sent ${sent} times`);
	assert.deepEqual(core.sars(user), [0, 1, 1]);
});

test('register_again_while_the_registrar_waits_is_one_registration', async (t) => {
	const user = await core.user(LISTED);
	await fault(t, { delay_ms: 1200, times: 1 });
	assert.equal((await core.register(user, { from: direct })).status, 200);
	assert.deepEqual(core.sars(user), [1]);
	await fault(t, { delay_ms: 1200, times: 1 });
	assert.equal((await core.register(user, { from: direct, expires: 0 })).status, 200);
	assert.deepEqual(core.sars(user), [1, 5]);
	// A transaction that was suspended twice would stay for ever.
	await until('no transaction is left', async () => await core.number(/current: (\d+)/, 'tm.stats') === 0, 15000);
});

test('burst_of_500_registers', async () => {
	const users = [];
	for (let i = 0; i < 500; i++)
		users.push(await core.user(i % 5 ? LISTED : { waf: [OTHER], wwsf: [] }));
	const answers = await Promise.all(users.map((user) => core.register(user, { waf: FOREIGN, from: direct })));
	for (const [i, { status }] of answers.entries())
		assert.equal(status, i % 5 ? 200 : 403, users[i].name);
	await core.quiet();
	const states = await core.hss({ cmd: 'show' });
	for (const [i, user] of users.entries())
		assert.equal(states.find((s) => s.impi === user.impi).state, i % 5 ? 'registered' : 'not registered', user.name);
	assert.match(await core.rpc('tna.scscf'), /pending: 0/);
});

/** Answers a challenge, once. */
async function byPassword(user) {
	const uri = 'sip:registrar.home1.net';
	let credentials = digest(user.impi).replace('realm="registrar.', 'realm="');
	for (let cseq = 1; ; cseq++) {
		const response = await core.register(user, { contact: 'good', from: direct, callId: `d${user.name}`,
			headers: [], cseq, auth: [['Authorization', credentials]] });
		if (response.status !== 401 || cseq > 1)
			return response;
		credentials = authorize(response.header('WWW-Authenticate'),
			{ username: user.impi, password: user.password }, { method: 'REGISTER', uri });
	}
}

test('good_and_bad_register_of_one_user_at_once', async () => {
	const users = [];
	for (let i = 0; i < 60; i++)
		users.push(await core.user(LISTED));
	// Good ones: without an entity, through the WAF of the list, by password.
	const ways = [
		(user) => core.register(user, { contact: `${user.name}-good`, from: direct }),
		(user) => core.register(user, { contact: `${user.name}-good`, waf: FOREIGN, from: direct }),
		byPassword,
	];
	await Promise.all(users.map(async (user, i) => {
		const bad = (n) => core.register(user, { contact: `bad${n}`, waf: OTHER, from: direct, callId: `b${n}${user.name}`, cseq: 1 });
		const first = i % 2 ? bad(1) : null;
		await later(i % 7);
		const good = ways[i % 3](user);
		await later(i % 5);
		const answers = await Promise.all([first ?? bad(1), bad(2), good]);
		assert.deepEqual(answers.map((a) => a.status), [403, 403, 200], user.name);
	}));
	await core.quiet();
	const states = await core.hss({ cmd: 'show' });
	const lost = users.filter((user) => states.find((s) => s.impi === user.impi).state !== 'registered');
	assert.deepEqual(lost.map((u) => u.name), []);
	await core.reaches(users[0], `${users[0].name}-good`);
});

test('log_of_the_scscf_has_no_complaint', () => {
	const log = readFileSync(core.lab.parts.scscf.log, 'utf8');
	assert.ok(!/BUG:|segfault|core was|signal 11|out of shared|out of mem|no more free/.test(log), 'see the log');
});
