// SPDX-License-Identifier: BSD-2-Clause
// The network ends a registration: the HSS sends RTR to the S-CSCF, which says
// so to the eP-CSCF by NOTIFY (TS 24.229 5.4.1.5, 5.2.5.2). Call, media, binding
// and WebSocket of the user are gone within a second, and nothing of others.
import test from 'node:test';
import assert from 'node:assert/strict';
import { ask } from '../lab/hss/control.mjs';
import { startPart, stopPart } from '../lab/lab.mjs';
import { Session, until } from './session.mjs';

const VICTIM = 'user1', OTHER = 'user2';
let session, other;

test.before(async () => {
	session = await Session.begin('rtr', { capture: true });
	other = await session.signedIn(OTHER);
});
test.after(() => session.end());

const control = (order) => {
	const { hss: { address: host, control: port } } = session.lab.nodes;
	return ask({ host, port }, order);
};
const impiOf = (user) => session.lab.users[user].impi;
const bindings = () => session.rpc('epcscf', 'tna.list');
const bindingOf = (user) => new RegExp(`binding: ([0-9a-f]{32})\\s+impi: ${impiOf(user)}`).exec(bindings())?.[1];
const subscriptions = () => session.rpc('epcscf', 'tna.regevent');
const active = () => (subscriptions().match(/status: active/g) ?? []).length;

test('rtr_ends_call_binding_and_websocket_of_that_user_alone', async (t) => {
	const victim = await session.signedIn(VICTIM);
	t.after(() => victim.close());
	await until('both subscriptions', () => active() === 2);
	await victim.dial(OTHER);
	await other.callState('incoming');
	await other.page.click('#answer');
	await Promise.all([victim.callState('connected'), other.callState('connected')]);
	const binding = bindingOf(VICTIM), kept = bindingOf(OTHER), seen = other.frames.length;
	assert.ok(binding && kept, bindings());
	const began = Date.now(), times = {};
	const timed = (what, promise) => promise.then(() => { times[what] = Date.now() - began; });
	await Promise.all([
		control({ cmd: 'rtr', impi: impiOf(VICTIM), reason: 0 }).then(({ result }) => assert.equal(Number(result), 2001)),
		timed('binding', until('the binding gone', () => !bindings().includes(binding))),
		timed('call at the page', victim.callState('ended')),
		timed('call at the other page', other.callState('ended')),
		timed('BYE to the page', until('a BYE', () => victim.messages(/^BYE /, false).length > 0)),
		timed('BYE to the other page', until('a BYE', () => other.frames.slice(seen).some((f) => !f.sent && /^BYE /.test(f.text)))),
		timed('media', session.noMedia()),
		timed('WebSocket', until('the close', () => victim.sockets.length > 0)),
	]);
	t.diagnostic(Object.entries(times).map(([what, ms]) => `${what} ${ms} ms`).join(', '));
	for (const [what, ms] of Object.entries(times)) assert.ok(ms < 2000, `${what}: ${ms} ms`);
	assert.match(session.rpc('epcscf', 'stats.fetch', 'tna_register:reg_ended'), /reg_ended: 1\n/);
	// Nobody else's.
	assert.equal(bindingOf(OTHER), kept);
	assert.deepEqual(other.sockets, []);
	assert.ok(await other.page.evaluate(() => globalThis.line.registered), await other.status());
	await other.dial('601');
	await other.callState('connected');
	await other.hangup();
	await other.callState('ended');
	await session.noMedia();
	t.diagnostic(`the page: ${await victim.status()}`);
	// On Mw: RTR's consequence is a NOTIFY in our dialog, answered 200; and no
	// REGISTER of ours that ends what the core has ended.
	await session.stopCapture();
	const sip = await session.core();
	const texts = sip.map((m) => m.text);
	assert.ok(texts.some((x) => /^NOTIFY sip:[A-Za-z0-9_-]{50}@/.test(x) && /state="terminated"/.test(x)), 'the NOTIFY');
	assert.ok(!texts.some((x) => /^REGISTER /.test(x) && /^Expires: 0\r?$/m.test(x)), 'a REGISTER with Expires 0');
});

/** A page of the user, whose end is waited for. */
async function page(t, user = VICTIM) {
	const client = await session.signedIn(user);
	t.after(async () => {
		await client.page.evaluate(() => globalThis.line?.stop());
		await until('no binding left', () => !bindingOf(user));
		await client.close();
	});
	await until('the subscription', () => new RegExp(`impu: ${session.lab.users[user].impus[0]}\\s+status: active`).test(subscriptions()));
	return client;
}

async function isEnded(client, binding) {
	await until('the close', () => client.sockets.length > 0, 8000);
	await until('the binding gone', () => !bindings().includes(binding));
	assert.ok(bindingOf(OTHER), 'the other user');
	assert.deepEqual(other.sockets, []);
}

test('rtr_right_behind_a_renewal_ends_it_too', async (t) => {
	const client = await page(t);
	const binding = bindingOf(VICTIM);
	const done = () => client.messages(/^SIP\/2\.0 200 [^]*?CSeq:\s*\d+ REGISTER/i, false).length, before = done();
	await client.page.evaluate(() => globalThis.line.renew());
	await until('the 200 OK', () => done() > before);
	await control({ cmd: 'rtr', impi: impiOf(VICTIM), reason: 0 });
	await isEnded(client, binding);
});

test('rtr_by_the_operator_at_the_scscf', async (t) => {
	const client = await page(t);
	const binding = bindingOf(VICTIM);
	session.rpc('scscf', 'regscscf.dereg_impu', session.lab.users[VICTIM].impus[0]);
	await isEnded(client, binding);
});

test('rtr_after_a_restart_of_the_scscf', async (t) => {
	const client = await page(t);
	const binding = bindingOf(VICTIM);
	const failed = () => Number(/reg_subscribe_failed: (\d+)/.exec(session.rpc('epcscf', 'stats.fetch', 'tna_register:reg_subscribe_failed'))[1]);
	const failures = failed();
	await stopPart(session.lab, 'scscf');
	await startPart(session.lab, 'scscf');
	// It has forgotten both. With the registration the subscription is made new.
	await until('the page registered again', () => client.page.evaluate(() => globalThis.line.renew().then(() => globalThis.line.registered)), 30000);
	const before = client.sockets.length;
	await until('a new subscription', async () => {
		await client.page.evaluate(() => globalThis.line.renew());
		return failed() > failures
			&& new RegExp(`impu: ${session.lab.users[VICTIM].impus[0]}\\s+status: active`).test(subscriptions());
	}, 40000);
	assert.equal(client.sockets.length, before);
	assert.equal(bindingOf(VICTIM), binding);
	await control({ cmd: 'rtr', impi: impiOf(VICTIM), reason: 0 });
	await until('the close', () => client.sockets.length > before, 8000);
	await until('the binding gone', () => !bindings().includes(binding));
});
