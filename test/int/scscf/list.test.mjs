// SPDX-License-Identifier: BSD-2-Clause
// Through which WAF a user may come: the HSS's list, asked before the
// registration, kept, pushed (TS 33.203 X.3.2.3 step 6.2, TS 29.228 6.6).
import test from 'node:test';
import assert from 'node:assert/strict';
import { Core, FOREIGN, HOME, OTHER, until } from './support/core.mjs';

let core;
test.before(async () => { core = await Core.start(); });
test.after(() => core.stop());

const LISTED = { waf: [FOREIGN], wwsf: ['wwsf.thirdparty.net'] };

test('list_with_the_entity_lets_in', async () => {
	const user = await core.user(LISTED);
	const response = await core.register(user, { waf: FOREIGN });
	assert.equal(response.status, 200);
	assert.match(response.header('P-Associated-URI'), new RegExp(user.impu));
	assert.ok(response.header('Service-Route'));
	// Ours without an assignment, ours with one, the registrar's.
	assert.deepEqual(core.sars(user), [0, 1, 1]);
	assert.equal(await core.state(user), 'registered');
	const known = await core.rpc('tna.allowed', user.impi);
	assert.match(known, /list: list/);
	assert.match(known, /fresh: yes/);
	assert.ok(known.includes(FOREIGN));
	await core.reaches(user);
	await core.quiet();
	assert.deepEqual(core.sars(user), [0, 1, 1]);
});

test('list_without_the_entity_refuses', async () => {
	const user = await core.user(LISTED);
	await core.refused(user, { waf: OTHER });
	assert.deepEqual(core.sars(user), [0, 1, 5]);
});

test('list_that_is_empty_refuses', async () => {
	const user = await core.user({ waf: [], wwsf: [] });
	const from = core.mark();
	await core.refused(user, { waf: FOREIGN });
	assert.deepEqual(core.sars(user), [0, 1, 5]);
	assert.ok(core.log().slice(from).some((m) => m.message === 'SAA' && m['User-Name'] === user.impi
		&& m['Allowed-WAF-WWSF-Identities']), 'the HSS sent a list');
	assert.match(await core.rpc('tna.allowed', user.impi), /list: list/);
});

test('list_of_wwsfs_alone_refuses_a_waf', async () => {
	const user = await core.user({ waf: [], wwsf: [FOREIGN] });
	await core.refused(user, { waf: FOREIGN });
});

test('list_missing_refuses_by_default', async () => {
	const user = await core.user(null);
	await core.refused(user, { waf: FOREIGN });
	assert.deepEqual(core.sars(user), [0, 1, 5]);
	assert.match(await core.rpc('tna.allowed', user.impi), /list: none/);
});

test('list_is_not_asked_for_without_an_entity', async () => {
	for (const allowed of [null, { waf: [], wwsf: [] }, LISTED]) {
		const user = await core.user(allowed);
		assert.equal((await core.register(user)).status, 200);
		assert.deepEqual(core.sars(user), [1]);
		assert.equal(await core.state(user), 'registered');
	}
});

test('list_does_not_count_for_our_own_waf', async () => {
	const user = await core.user({ waf: [], wwsf: [] });
	assert.equal((await core.register(user, { waf: HOME })).status, 200);
	assert.deepEqual(core.sars(user), [1]);
});

test('list_is_kept_for_a_registration_again', async () => {
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	const from = core.mark();
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	assert.deepEqual(core.sars(user, from), [2], 'the registrar asks, we do not');
	assert.equal((await core.register(user, { waf: OTHER })).status, 403);
	assert.deepEqual(core.sars(user, from), [2]);
});

test('list_is_asked_for_again_when_the_user_was_gone', async () => {
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	assert.equal((await core.register(user, { waf: FOREIGN, expires: 0 })).status, 200);
	// Nobody is told what changes for a user that is not registered.
	await core.hss({ cmd: 'set', impi: user.impi, values: { allowed: { waf: [OTHER], wwsf: [] } } });
	await core.refused(user, { waf: FOREIGN });
	assert.equal((await core.register(user, { waf: OTHER })).status, 200);
	await core.hss({ cmd: 'rtr', impi: user.impi });
	await core.hss({ cmd: 'set', impi: user.impi, values: { allowed: LISTED } });
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
});

test('refusal_leaves_a_registration_that_came_another_way', async () => {
	const user = await core.user({ waf: [OTHER], wwsf: [] });
	assert.equal((await core.register(user, { contact: 'tab-a' })).status, 200);
	const from = core.mark();
	for (let i = 0; i < 3; i++) {
		const response = await core.register(user, { waf: FOREIGN, contact: 'tab-b', callId: `x${i}` });
		assert.equal(response.status, 403);
	}
	await core.quiet();
	assert.deepEqual(core.sars(user, from).filter((type) => type !== 0), [], 'nothing but a question');
	assert.equal(await core.state(user), 'registered');
	await core.reaches(user, 'tab-a');
	// And it can register again.
	assert.equal((await core.register(user, { contact: 'tab-a' })).status, 200);
});

test('refusal_leaves_a_registration_by_password', async () => {
	const user = await core.user({ waf: [], wwsf: [] });
	const phone = await core.ue('127.0.0.21', { to: 'pcscf', user });
	assert.equal((await phone.register()).status, 200);
	assert.equal((await core.register(user, { waf: FOREIGN, contact: 'tab' })).status, 403);
	await core.quiet();
	assert.equal(await core.state(user), 'registered');
	assert.equal((await phone.register()).status, 200);
	assert.equal((await phone.register({ expires: 0 })).status, 200);
});

test('leaving_is_not_held_against_the_list', async () => {
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	// Nobody tells the S-CSCF of this.
	await core.hss({ cmd: 'set', impi: user.impi, values: { allowed: { waf: [], wwsf: [] } } });
	const from = core.mark();
	assert.equal((await core.register(user, { waf: FOREIGN, expires: 0 })).status, 200);
	assert.ok(!core.sars(user, from).includes(0));
	await until('the HSS to know', async () => await core.state(user) === 'not registered');
});

test('push_of_the_hss_changes_the_list', async () => {
	const user = await core.user(LISTED), through = (waf) => core.register(user, { waf, contact: `${user.name}-${waf === OTHER ? 'other' : 'foreign'}` });
	// Our own WAF, so that the user is registered whatever the list says.
	assert.equal((await core.register(user)).status, 200);
	const pushed = await core.counter('scscf_pushed');
	const push = async (allowed) => {
		await core.hss({ cmd: 'set', impi: user.impi, values: { allowed } });
		assert.equal((await core.hss({ cmd: 'ppr', impi: user.impi })).result, 2001);
	};
	await push({ waf: [OTHER], wwsf: [] });
	let from = core.mark();
	assert.equal((await through(FOREIGN)).status, 403);
	assert.deepEqual(core.sars(user, from), [], 'nobody asks');
	assert.equal((await through(OTHER)).status, 200);
	await push({ waf: [FOREIGN, OTHER], wwsf: [] });
	from = core.mark();
	assert.equal((await through(FOREIGN)).status, 200);
	assert.deepEqual(core.sars(user, from), [2]);
	await push({ waf: [], wwsf: [] });
	assert.equal((await through(FOREIGN)).status, 403);
	assert.equal(await core.counter('scscf_pushed'), pushed + 3);
	// A push that is about the profile alone changes nothing.
	await push(null);
	assert.equal((await through(FOREIGN)).status, 403);
	assert.equal(await core.counter('scscf_pushed'), pushed + 3);
	const ppa = core.log().filter((m) => m.message === 'PPA').at(-1);
	assert.equal(ppa['Result-Code'], 2001);
	assert.equal(ppa['Vendor-Specific-Application-Id']['Auth-Application-Id'], 16777216);
	assert.equal(ppa['Auth-Session-State'], 1);
});

test('refusal_by_the_hss_is_a_refusal', async () => {
	const user = await core.user(LISTED);
	const nobody = { ...user, impi: 'nobody_private@home1.net' };
	const direct = await core.ue(core.lab.nodes.icscf.address, { port: 5066, to: 'scscf' });
	// Another user's public identity: the I-CSCF's UAR does not see this one.
	assert.equal((await core.register(nobody, { waf: FOREIGN, from: direct })).status, 403);
	await core.quiet();
	assert.equal(await core.state(user), 'not registered');
});

test('list_missing_lets_in_where_the_site_says_so', async () => {
	await core.restart('scscf', { site: { NO_LIST: 'allow' } });
	const user = await core.user(null);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	assert.deepEqual(core.sars(user), [0, 1, 1]);
	assert.equal(await core.state(user), 'registered');
	// A list that is there still counts.
	await core.refused(await core.user({ waf: [], wwsf: [] }), { waf: FOREIGN });
});

test('wwsf_of_a_request_must_be_listed', async () => {
	await core.restart('scscf', { site: { NO_LIST: 'refuse' }, edit: (cfg) => cfg.replace(
		'modparam("tna_register", "role", "scscf")',
		'$&\nmodparam("tna_register", "wwsf_param", "wwsf-id")') });
	const of = (name) => `, wwsf-id="${name}"`;
	const user = await core.user(LISTED);
	await core.refused(user, { waf: FOREIGN, more: of('wwsf.elsewhere.net') });
	assert.equal((await core.register(user, { waf: FOREIGN, more: of('wwsf.thirdparty.net') })).status, 200);
});

test('list_of_an_hss_that_tells_it_with_assignments_only', async (t) => {
	await core.restart('scscf', { edit: (cfg) => cfg.replace('modparam("tna_register", "role", "scscf")',
		'$&\nmodparam("tna_register", "list_in_no_assignment", 0)\nmodparam("tna_register", "list_ttl_s", 0)') });
	await core.hss({ cmd: 'option', name: 'listInNoAssignment', value: false });
	t.after(() => core.hss({ cmd: 'option', name: 'listInNoAssignment', value: true }));
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	const from = core.mark();
	// Registered here: the HSS confirms that, and the list we have counts.
	assert.equal((await core.register(user, { waf: FOREIGN })).status, 200);
	assert.equal((await core.register(user, { waf: OTHER })).status, 403);
	assert.deepEqual(core.sars(user, from), [0, 2, 0]);
	assert.equal(await core.state(user), 'registered');
});
