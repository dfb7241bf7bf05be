// SPDX-License-Identifier: BSD-2-Clause
// Leaving through a WAF that is barred, or not in the user's list, ends what
// came through that WAF and nothing else; a list that is pushed while a
// REGISTER waits counts.
import test from 'node:test';
import assert from 'node:assert/strict';
import { random } from '../../lab/phones/sipmessage.mjs';
import { Core, FOREIGN, HOME, OTHER, digest, mw, tna, until } from './support/core.mjs';

const LISTED = { waf: [FOREIGN, OTHER], wwsf: [] };
let core;
test.before(async () => {
	core = await Core.start();
	// What the HSS answered waits a while before its REGISTER goes on.
	await core.restart('scscf', { edit: (cfg) => cfg
		.replace('loadmodule "htable.so"', '$&\nloadmodule "cfgutils.so"\nmodparam("htable", "htable", "slow=>size=4;autoexpire=60;")')
		.replace('tna_scscf_check("REGISTER");', `if($hdr(X-Slow) != $null) {
		if($sht(slow=>$ci) == 1) usleep(1500000);
		$sht(slow=>$ci) = 1;
	}
	$&`) });
});
test.after(() => core.stop());
test.afterEach(() => Promise.all([FOREIGN, HOME].map((waf) => core.rpc('tna.unbar', 'waf', waf).catch(() => {}))));

const at = (user, tab) => `${user.name}-${tab}`;
const contacts = (user) => core.contacts(user);
/** `Contact: *` through this WAF. */
function star(user, waf) {
	return core.epcscf.transact('REGISTER', 'sip:registrar.home1.net', [['From', `<${user.impu}>;tag=${random(4)}`], ['To', `<${user.impu}>`],
		['Call-ID', random(8)], ['Expires', '0'], ['Contact', '*'], ['Authorization', tna(user.impi, { waf })], ...mw]);
}
const end = (user, tab, waf) => core.register(user, { waf, contact: at(user, tab), expires: 0, callId: random(8) });

for (const [what, prepare] of Object.entries({
	barred: async () => { const user = await core.user(LISTED); await core.rpc('tna.bar', 'waf', FOREIGN); return user; },
	unlisted: () => core.user({ waf: [OTHER], wwsf: [] }),
})) {
	test(`leave_through_a_waf_that_is_${what}_ends_nothing_of_others`, async () => {
		const user = await prepare();
		assert.equal((await core.register(user, { waf: OTHER, contact: at(user, 'a') })).status, 200);
		assert.equal((await core.register(user, { contact: at(user, 'b') })).status, 200);
		assert.equal((await star(user, FOREIGN)).status, 403, 'every contact');
		for (const tab of ['a', 'b'])
			assert.equal((await end(user, tab, FOREIGN)).status, 403, tab);
		await core.quiet();
		assert.equal(await core.state(user), 'registered');
		assert.deepEqual(await contacts(user), [at(user, 'a'), at(user, 'b')]);
		// Who is not there is gone already.
		assert.equal((await end(user, 'c', FOREIGN)).status, 200);
		assert.equal((await end(user, 'a', OTHER)).status, 200);
		assert.equal((await end(user, 'b')).status, 200);
		await until('the HSS to know', async () => await core.state(user) === 'not registered');
	});
}

test('leave_through_a_waf_that_is_unlisted_ends_no_phone', async () => {
	const user = await core.user({ waf: [], wwsf: [] });
	const phone = await core.ue('127.0.0.22', { to: 'pcscf', user });
	assert.equal((await phone.register()).status, 200);
	assert.equal((await star(user, FOREIGN)).status, 403);
	await core.quiet();
	assert.equal(await core.state(user), 'registered');
	assert.equal((await phone.register({ expires: 0 })).status, 200);
});

test('leave_through_a_waf_that_is_listed_ends_all', async () => {
	const user = await core.user(LISTED);
	assert.equal((await core.register(user, { waf: OTHER, contact: at(user, 'a') })).status, 200);
	assert.equal((await star(user, FOREIGN)).status, 200);
	await until('the HSS to know', async () => await core.state(user) === 'not registered');
});

test('leave_list_pushed_while_a_register_waits_counts', async () => {
	const user = await core.user(LISTED);
	const from = core.mark();
	const waiting = core.register(user, { waf: FOREIGN, contact: at(user, 'b'), headers: [['X-Slow', '1'], ...mw] });
	const listed = (m) => m.message === 'SAA' && m['User-Name'] === user.impi && m['Result-Code'] === 2001;
	await until('the list', () => core.log().slice(from).some(listed));
	await core.hss({ cmd: 'set', impi: user.impi, values: { allowed: { waf: [OTHER], wwsf: [] } } });
	assert.equal((await core.hss({ cmd: 'ppr', impi: user.impi })).result, 2001);
	assert.equal((await waiting).status, 403);
	await core.quiet();
	await until('the HSS to know', async () => await core.state(user) === 'not registered');
	assert.deepEqual(await contacts(user), []);
	assert.ok(!core.sars(user, from).includes(2));
});

test('leave_contact_of_another_user_is_not_taken', async () => {
	const user = await core.user(LISTED), thief = await core.user(LISTED);
	const path = (who) => [...mw.slice(0, 2), ['Path', `<sip:${who}@epcscf.home1.net:15060;lr>`]];
	const register = (of, options) => core.register(of, { contact: at(user, 'a'), headers: path(of.name), ...options });
	assert.equal((await register(user)).status, 200);
	for (const waf of [undefined, FOREIGN])
		assert.equal((await register(thief, { waf })).status, 403);
	const auth = [['Authorization', digest(thief.impi).replace(/realm="[^"]*"/, 'realm="home1.net"')]];
	assert.equal((await register(thief, { auth })).status, 403, 'by a password');
	assert.equal((await register(thief, { auth, contact: at(thief, 'a') })).status, 401);
	await core.quiet();
	assert.equal(await core.state(thief), 'not registered');
	// The user's own: again, of a WAF, and when it was granted more than asked for.
	assert.equal((await register(user)).status, 200);
	assert.equal((await register(user, { waf: FOREIGN, expires: 1 })).status, 200);
	const ringing = core.epcscf.answer();
	const from = await core.ue(core.lab.nodes.scscf.address, { port: 5088 });
	from.user = { impi: 'carol@home1.net' };
	from.aor = 'sip:carol@home1.net';
	const [invite] = await Promise.all([ringing, from.call(user.impu)]);
	assert.match(invite.headers.filter(([name]) => name === 'Route').join(), new RegExp(`sip:${user.name}@epcscf`));
	await new Promise((done) => { setTimeout(done, 4000); });
	assert.equal((await core.rpc('tna.bar', 'waf', FOREIGN)).match(/registrations: (\d+)/)[1], '1', 'min_expires');
	await until('its end', async () => await core.state(user) === 'not registered');
	await core.rpc('tna.unbar', 'waf', FOREIGN);
	assert.equal((await register(thief)).status, 200, 'it is free');
	assert.equal((await register(thief, { expires: 0 })).status, 200);
	assert.equal((await register(user)).status, 200);
});
