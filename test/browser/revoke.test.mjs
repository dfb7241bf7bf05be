// SPDX-License-Identifier: BSD-2-Clause
// Access revoked in mid-call, by the operator's RPC or because the user signs
// out at the WAF, which then posts a log-out token: within a second the call is
// over on both sides, the media, the registration and the WebSocket are gone,
// and nothing of the other user's.
import test from 'node:test';
import assert from 'node:assert/strict';
import { ask } from '../lab/hss/control.mjs';
import { bearersOf, filesBelow, leaks } from '../demo/leaks.mjs';
import { Session, MICROPHONE_HZ, until } from './session.mjs';

const LIMIT_MS = 1000;
const VICTIM = 'user1', OTHER = 'user2';
let session, other;
const tokens = [];

test.before(async () => {
	session = await Session.begin('revoke', { capture: true });
	other = await session.signedIn(OTHER);
});
test.after(async () => {
	tokens.push(...bearersOf(other?.frames ?? []));
	const found = leaks(tokens, filesBelow(`${session.dir}/log`, session.captureFile));
	await session.end();
	assert.deepEqual(found, [], 'a token is in a log or in the capture');
});

const bindings = () => session.rpc('epcscf', 'tna.list');
const hss = async (user) => {
	const { hss: { address: host, control: port } } = session.lab.nodes;
	return (await ask({ host, port }, { cmd: 'show', impi: session.lab.users[user].impi })).state;
};

async function hears(client, who) {
	const heard = await client.heard(1000);
	assert.ok(heard.level > 0.02 && Math.abs(heard.hz - MICROPHONE_HZ) < 15, `${who} hears ${heard.hz} Hz, ${heard.level}`);
}

/** Two users in a call, the first of them from a page of his own. */
async function inCall(t) {
	const victim = await session.signedIn(VICTIM);
	t.after(async () => {
		tokens.push(...bearersOf(victim.frames));
		await victim.page.evaluate(() => globalThis.line?.stop());
		await until('no binding left', () => !bindings().includes(session.lab.users[VICTIM].impi));
		await victim.close();
	});
	await victim.page.evaluate(() => {
		globalThis.states = [];
		globalThis.line.on('status', (s) => globalThis.states.push({ ...s, t: Date.now() }));
		globalThis.line.on('call', ({ state }) => { if (state === 'ended') globalThis.callEnded = Date.now(); });
	});
	await victim.dial(OTHER);
	await other.callState('incoming');
	await other.page.click('#answer');
	await Promise.all([victim.callState('connected'), other.callState('connected')]);
	await hears(victim, VICTIM);
	await hears(other, OTHER);
	assert.equal(await session.mediaSessions() > 0, true, 'rtpengine holds no call');
	assert.equal(await hss(VICTIM), 'registered');
	return victim;
}

/** Revoked for as long as the test runs. */
function revoke(t, kind, value) {
	t.after(() => { try { session.rpc('epcscf', 'webrtc_auth.unrevoke', kind, value); } catch { /* the test did it */ } });
	return session.rpc('epcscf', 'webrtc_auth.revoke', kind, value);
}

/** Everything that has to end, timed from the moment of `act`, or from the one that it tells. */
async function endsWithin(t, victim, act) {
	let began = Date.now();
	const times = {};
	// A page in the background is asked late, but notes the time itself.
	const timed = (what, promise, at = () => Date.now()) => promise.then(async () => { times[what] = await at(); },
		(error) => { throw new Error(`${what}: ${error.message}`); });
	const byes = other.frames.length;
	await Promise.all([
		act().then((at) => { if (at > began) began = at; }),
		timed('call at the revoked page', victim.callState('ended'), () => victim.page.evaluate(() => globalThis.callEnded)),
		timed('call at the other page', other.callState('ended')),
		timed('BYE at the other page', until('a BYE', () => other.frames.slice(byes).some((f) => !f.sent && /^BYE /.test(f.text)))),
		timed('media', session.noMedia()),
		timed('binding', until('no binding', () => !bindings().includes(session.lab.users[VICTIM].impi))),
		timed('registration', until('deregistered at the HSS', async () => await hss(VICTIM) !== 'registered')),
		timed('WebSocket', until('the close', () => victim.sockets.length > 0)),
		timed('page', victim.page.waitForFunction(() => globalThis.line?.state === 'stopped', null, { timeout: 10000 }),
			() => victim.page.evaluate(() => globalThis.states.at(-1).t)),
	]);
	const ended = Object.fromEntries(Object.entries(times).map(([what, at]) => [what, at - began]));
	t.diagnostic(Object.entries(ended).map(([what, ms]) => `${what} ${ms} ms`).join(', '));
	for (const [what, ms] of Object.entries(ended)) assert.ok(ms < LIMIT_MS, `${what} ended ${ms} ms after the request`);
	const last = await victim.page.evaluate(() => globalThis.states.at(-1));
	assert.equal(last.code, 4003, JSON.stringify(last));
	assert.equal(last.why, 'banned');
	assert.match(await victim.status(), /access was revoked/i);
	assert.equal(await victim.page.isVisible('#again'), false, 'the page offers another try');
	// Nobody else: registered still, on the same WebSocket, and able to call.
	assert.ok(await other.page.evaluate(() => globalThis.line.registered), await other.status());
	assert.ok(bindings().includes(session.lab.users[OTHER].impi));
	assert.equal(await hss(OTHER), 'registered');
	assert.deepEqual(other.sockets, []);
	await other.dial('601');
	await other.callState('connected');
	await other.hangup();
	await other.callState('ended');
	await session.noMedia();
}

const claimsOf = (victim) => JSON.parse(Buffer.from(bearersOf(victim.frames).at(-1).split('.')[1], 'base64url'));

/** The page that was turned away does not get in again by itself or by hand. */
async function staysOut(victim, close) {
	const before = victim.frames.length;
	await victim.page.waitForTimeout(1500);
	assert.equal(victim.frames.length, before, 'the page came back by itself');
	await victim.page.reload();
	await victim.page.waitForFunction(() => globalThis.line?.state === 'stopped', null, { timeout: 10000 });
	assert.equal(victim.sockets.length > 1, true);
	assert.match(await victim.status(), close);
}

test('revoke_by_impi_ends_everything_within_a_second', async (t) => {
	const victim = await inCall(t);
	const { impi } = session.lab.users[VICTIM];
	await endsWithin(t, victim, async () => { revoke(t, 'impi', impi); });
	await staysOut(victim, /access was revoked/i);
});

test('revoke_by_jti_ends_everything_within_a_second', async (t) => {
	const victim = await inCall(t);
	const { jti } = claimsOf(victim);
	await endsWithin(t, victim, async () => { revoke(t, 'jti', `operator/${jti}`); });
	// A token is revoked, not its user: with another one he is in again.
	await victim.page.evaluate(() => fetch('/token', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"fresh":true}' }));
	await victim.page.reload();
	await victim.registered();
});

test('revoke_by_back_channel_log_out_ends_everything_within_a_second', async (t) => {
	const victim = await inCall(t);
	const { sid } = claimsOf(victim);
	assert.ok(sid, 'the token names no session');
	// Another tab of the same browser, at the WAF itself.
	const tab = await victim.page.context().newPage();
	await tab.goto(`${session.lab.urls.waf}/session/end`);
	const sent = new Promise((done) => { tab.on('request', (r) => { if (r.method() === 'POST') done(Date.now()); }); });
	await endsWithin(t, victim, () => tab.click('#sign-out').then(() => sent));
	assert.match(await tab.textContent('h1'), /Signed out/);
	await tab.close();
	// His session at the web server has no grant any more: he has to sign in.
	await victim.page.reload();
	await victim.page.evaluate(() => fetch('/token', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"fresh":true}' }));
	await victim.page.reload();
	await victim.page.waitForSelector('#sign-in', { state: 'visible' });
	await victim.signIn(VICTIM);
	await victim.registered();
});

test('revoke_by_control_of_the_waf_ends_everything_within_a_second', async (t) => {
	const victim = await inCall(t);
	await endsWithin(t, victim, async () => {
		const { told } = await session.waf('logout', { user: VICTIM });
		assert.ok(told.length > 0 && told.every((x) => !x.error), JSON.stringify(told));
	});
});

// The log-out token names the session (sid): what the user opened elsewhere stays.
test('revoke_by_log_out_of_one_browser_leaves_the_users_other_one', async (t) => {
	const [here, there] = [await session.signedIn(VICTIM), await session.signedIn(VICTIM)];
	t.after(async () => {
		tokens.push(...bearersOf([...here.frames, ...there.frames]));
		await Promise.all([here.close(), there.close()]);
	});
	assert.notEqual(claimsOf(here).sid, claimsOf(there).sid);
	const tab = await here.page.context().newPage();
	await tab.goto(`${session.lab.urls.waf}/session/end`);
	const began = Date.now();
	await tab.click('#sign-out');
	await until('the close', () => here.sockets.length > 0);
	await here.state('stopped');
	t.diagnostic(`closed ${Date.now() - began} ms after the click`);
	assert.match(await here.status(), /access was revoked/i);
	await there.page.waitForTimeout(1500);
	assert.ok(await there.page.evaluate(() => globalThis.line.registered), await there.status());
	assert.deepEqual(there.sockets, []);
	assert.equal(await hss(VICTIM), 'registered');
	await there.dial('601');
	await there.callState('connected');
	await there.hangup();
	await session.noMedia();
	await there.page.evaluate(() => globalThis.line.stop());
	await until('no binding left', () => !bindings().includes(session.lab.users[VICTIM].impi));
});

// Last, for it turns the other user away too.
test('revoke_by_wwsf_ends_all_its_pages_and_nobody_elses', async (t) => {
	const guest = await session.open(session.lab.urls.pagePartner);
	await guest.registered();
	revoke(t, 'wwsf', 'portal');
	const began = Date.now();
	await until('the close', () => other.sockets.length > 0);
	await until('no binding', () => !bindings().includes(session.lab.users[OTHER].impi));
	assert.ok(Date.now() - began < LIMIT_MS, `${Date.now() - began} ms`);
	await other.page.waitForFunction(() => globalThis.line?.state === 'stopped');
	assert.ok(await guest.page.evaluate(() => globalThis.line.registered), 'the guest of another WWSF is gone');
	assert.deepEqual(guest.sockets, []);
	session.rpc('epcscf', 'webrtc_auth.unrevoke', 'wwsf', 'portal');
	await other.page.reload();
	await other.registered();
	tokens.push(...bearersOf(guest.frames));
	await guest.close();
});
