// SPDX-License-Identifier: BSD-2-Clause
// Tokens that live 40 s (the S-CSCF takes none of less than 30): the page renews by itself, in mid-call, on the
// same WebSocket, before they end. A WAF that fails meanwhile costs no more
// than it must, and nobody has to press anything when it is back.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Session, MICROPHONE_HZ, PHONE_HZ, until } from './session.mjs';
import { header } from './frames.mjs';

const LIFETIME_S = 40;
let session, page, alice;

test.before(async () => {
	session = await Session.begin('renew');
	await session.waf('lifetime', { seconds: LIFETIME_S });
	alice = await session.phone('alice');
	page = await session.signedIn('user1');
	alice.autoAnswer();
});
test.after(() => session?.end());

const registersOf = (client) => client.frames.filter((f) => f.sent && /^REGISTER /.test(f.text));
const answersOf = (client, status) => client.frames.filter((f) => !f.sent && f.text.startsWith(`SIP/2.0 ${status} `)
	&& /^CSeq:\s*\d+ REGISTER/im.test(f.text));
const tokenOf = ({ text }) => header(text, 'Authorization').replace(/^Bearer\s+/, '');
const endOf_ms = (frame) => JSON.parse(Buffer.from(tokenOf(frame).split('.')[1], 'base64url')).exp * 1000;
const stateOf = (client) => client.page.evaluate(() => globalThis.line.currentCall?.state);
const at = (time_ms) => new Promise((done) => { setTimeout(done, time_ms - Date.now()); });

async function heardAtBothEnds(when) {
	const here = await page.heard(1000);
	assert.ok(here.level > 0.05 && Math.abs(here.hz - PHONE_HZ) < 15, `${when} the page hears ${here.hz} Hz, ${here.level}`);
	const there = await alice.heard({ atLeast_s: 1 });
	assert.ok(there.rms > 0.05 && Math.abs(there.frequency - MICROPHONE_HZ) < 15, `${when} the phone hears ${there.frequency} Hz, ${there.rms}`);
}

async function call(client, phone, name) {
	phone.clear();
	await client.dial(name);
	await client.callState('connected');
	await phone.event('CALL_ESTABLISHED');
}

test('renewed_by_itself_in_mid_call_again_and_again', async () => {
	await call(page, alice, 'alice');
	await heardAtBothEnds('at first');
	for (let n = 1; n <= 2; n++) {
		await until(`renewal ${n}`, () => answersOf(page, 200).length > n, LIFETIME_S * 1000);
		const [before, now] = registersOf(page).slice(-2);
		assert.notEqual(tokenOf(now), tokenOf(before), 'the same token again');
		assert.equal(header(now.text, 'Call-ID'), header(before.text, 'Call-ID'));
		assert.ok(now.t < endOf_ms(before) - 5000, `only ${(endOf_ms(before) - now.t) / 1000} s before the end`);
		await heardAtBothEnds(`after renewal ${n}`);
	}
	assert.equal(registersOf(page).length, answersOf(page, 200).length, 'a REGISTER was refused');
	assert.deepEqual(page.sockets, [], 'the WebSocket was closed');
	assert.equal(await stateOf(page), 'connected');
});

// The page's words while nobody can renew, and the calls: one that a phone ends
// meanwhile, one that outlasts it and that the page ends later.
test('waf_gone_over_the_end_of_the_token_and_back', async () => {
	const other = await session.signedIn('user2');
	const bob = await session.phone('bob');
	bob.autoAnswer();
	await call(other, bob, 'bob');
	await session.waf('pause', { mode: 'error' });
	await at(Math.max(...[page, other].map((client) => endOf_ms(registersOf(client).at(-1)))) + 2000);
	await until('the page to say so', async () => /the registration ended: no new token yet/i.test(await page.status()), 12000);
	assert.equal(await stateOf(page), 'connected', 'the call ended with the token');
	await heardAtBothEnds('without a token');
	await bob.hangup();
	await other.callState('ended');
	await session.waf('resume');
	await page.registered(20000);
	await heardAtBothEnds('after the return');
	alice.clear();
	await page.hangup();
	await alice.event('CALL_CLOSED');
	await session.noMedia();
	assert.deepEqual([page.sockets, other.sockets], [[], []], 'a WebSocket was closed');
	await other.close();
});

test('expired_token_401_then_a_fresh_one_on_the_same_connection', async () => {
	const mint = (more) => session.waf('mint', { user: 'user3', client_id: 'portal', ...more });
	const [expired, fresh] = [await mint({ expires_in: -600 }), await mint({ expires_in: 300 })];
	const other = await session.open();
	await other.page.evaluate(async ([tokens, about, url]) => {
		const { connect } = await import('/epcscf.js');
		globalThis.line = await connect({ url, probe: '', token: async () => ({ ...about, access_token: tokens.shift() }) });
	}, [[expired.access_token, fresh.access_token], { expires_in: 300, impi: fresh.claims.impi, impu: fresh.claims.impu }, session.lab.urls.wss]);
	await other.registered();
	assert.deepEqual(registersOf(other).map(tokenOf), [expired.access_token, fresh.access_token]);
	const [refusal] = answersOf(other, 401);
	assert.match(header(refusal.text, 'WWW-Authenticate'), /^Bearer .*error="invalid_token"/);
	assert.deepEqual(other.sockets, [], 'the connection was closed');
	await other.close();
});

test('the_pages_saw_no_script_error', () => {
	assert.deepEqual(page.errors, []);
});
